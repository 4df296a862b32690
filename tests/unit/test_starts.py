"""Where a march starts: what is held stays, and the potential is that of what is held."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import constants

import electrodiff as ed
from electrodiff import CaseError
from electrodiff.fvm.problem import Problem
from electrodiff.solvers.march import contents
from electrodiff.solvers.starts import (
    after_jump,
    first_step,
    initial_state,
    start_of,
    state_like,
    with_contents,
    with_poisson,
)
from electrodiff.solvers.transient import transient_mesh, transient_problem

CaseOf = Callable[..., ed.Case]


def problem_of(case: ed.Case, like: Problem | None = None) -> Problem:
    """On its own mesh, or on that of another problem."""
    return transient_problem(case, transient_mesh(case) if like is None else like.mesh)


@pytest.fixture
def membrane(case_of: CaseOf) -> ed.Case:
    return case_of("clamped_membrane", {"mesh.nodes": 129, "expect": []})


def poisson_defect(problem: Problem, state: np.ndarray) -> float:
    """Largest charge that the displacement does not account for, at the nodes whose potential is free."""
    charge = contents(problem.chain, state)[:, -1]
    flow = -problem.chain.permittivity * np.diff(state[:, -1])
    defect = np.append(flow, 0) - np.insert(flow, 0, 0) - charge
    return float(np.abs(defect * problem.chain.free[:, -1]).max())


# ---- jumps ----------------------------------------------------------------------------------------------------------


def test_after_a_jump_contents_are_as_before_and_the_potential_is_theirs(membrane: ed.Case) -> None:
    before = problem_of(membrane)
    moment = start_of(before, ed.solve(membrane, mesh=before.mesh).state)
    changes = {"left.potential": 0.02, "layers.membrane.partition.K": 1e-3, "layers.membrane.fixed_charge": 3.0}
    problem = problem_of(membrane.changed(changes), before)
    after = after_jump(problem, moment)
    np.testing.assert_allclose(after.content[1:-1], moment.content[1:-1], rtol=1e-13, atol=1e-30)
    assert poisson_defect(problem, after.state) < 1e-12
    assert after.state[0, -1] * problem.scales.potential == pytest.approx(0.02, rel=1e-14)
    assert (after.passed == moment.passed).all()


def test_a_jump_of_the_potential_is_shared_like_dielectrics_in_series(membrane: ed.Case) -> None:
    before = problem_of(membrane)
    moment = start_of(before, ed.solve(membrane, mesh=before.mesh).state)
    after = after_jump(problem_of(membrane.changed({"left.potential": -0.045}), before), moment)
    extra = (after.state - moment.state)[:, -1] * before.scales.potential
    at = before.mesh.boundaries
    drops = -np.diff(extra[at])
    shares = np.array([20 / 80, 5 / 2, 20 / 80])
    np.testing.assert_allclose(drops, 0.02 * shares / shares.sum(), rtol=1e-10)


def test_a_floating_potential_does_not_jump_with_what_is_dissolved(case_of: CaseOf) -> None:
    """Nothing has flowed yet: the displacement, and with it the membrane potential, is as it was."""
    case = case_of("resting_potential", {"mesh.nodes": 129, "expect": []})
    before = problem_of(case)
    moment = start_of(before, ed.solve(case, mesh=before.mesh).state)
    changed = case.changed({"right.concentrations": {"K": 20.0, "Na": 129.0, "Cl": 149.0}})
    after = after_jump(problem_of(changed, before), moment)
    assert after.state[0, -1] == pytest.approx(moment.state[0, -1], abs=1e-10)
    assert after.state[-1, 0] == pytest.approx(20.0 / before.scales.concentration)


def test_first_step_is_a_thousandth_of_the_shortest_debye_time() -> None:
    """eps / sigma, sigma = F^2 sum z^2 D c / R T, of a uniform salt."""
    d, c = 1e-9, 50.0
    case = ed.Case(
        temperature=298.15,
        ions={"K": {"diffusivity": d}, "Cl": {"diffusivity": d}},
        layers=[{"name": "water", "thickness": 20e-9, "relative_permittivity": 80.0}],
        left={"concentrations": {"K": c, "Cl": c}, "potential": 0.0},
        right={"concentrations": {"K": c, "Cl": c}, "potential": 0.0},
        mesh={"nodes": 33},
    )
    problem = problem_of(case)
    faraday = constants.N_A * constants.e
    debye_time = 80 * constants.epsilon_0 * constants.R * 298.15 / (faraday**2 * 2 * d * c)
    found = first_step(problem, ed.solve(case, mesh=problem.mesh).state) * problem.scales.time
    assert found == pytest.approx(1e-3 * debye_time, rel=1e-9)


# ---- contents to activities -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("sizes", [None, ("0.6 nm", "0.6 nm"), ("0.4 nm", "0.7 nm")], ids=["points", "alike", "unlike"])
def test_activities_that_contents_demand_hold_these_contents(case_of: CaseOf, sizes: tuple[str, str] | None) -> None:
    """From a guess that has nothing to do with them, at up to half of space."""
    keys: dict[str, object] = {"mesh.nodes": 65, "expect": [], "steric": None, "ions.K.diameter": None}
    keys["ions.Cl.diameter"] = None
    if sizes is not None:
        keys |= {"ions.K.diameter": sizes[0], "ions.Cl.diameter": sizes[1], "steric": {"model": "bikerman"}}
    problem = problem_of(case_of("steric_electrode", keys))
    chain = problem.chain
    width = np.append(chain.volume_left, 0) + np.insert(chain.volume_right, 0, 0)
    rng = np.random.default_rng(3)
    content = width[:, None] * rng.uniform(0.0, 15.0 if sizes is not None else 60.0, (width.size, 2))
    content[3] = 0.0  # a node may be empty
    state = with_contents(chain, content, np.zeros((width.size, 3)))
    free = chain.free[:, :-1] > 0
    np.testing.assert_allclose(contents(chain, state)[:, :-1][free], content[free], rtol=1e-12)
    assert (state[:, :-1][free] >= 0).all()


def test_poisson_is_solved_at_the_activities_given(membrane: ed.Case) -> None:
    problem = problem_of(membrane)
    state = ed.solve(membrane, mesh=problem.mesh).state.copy()
    state[5:9, 0] *= 1.3
    assert poisson_defect(problem, state) > 1e-3
    mended = with_poisson(problem, state)
    # Round-off of eps / h times potentials of a few RT/F.
    assert poisson_defect(problem, mended) < 1e-12
    np.testing.assert_array_equal(mended[:, :-1], state[:, :-1])


# ---- initial concentrations -----------------------------------------------------------------------------------------


def test_initial_state_holds_the_concentrations_of_the_layers_and_no_charge_of_their_own(case_of: CaseOf) -> None:
    case = case_of("cell_from_picoseconds_to_days", {"mesh.nodes": 101})
    problem = problem_of(case)
    state = initial_state(problem)
    concentration = state[:, :-1] * problem.scales.concentration
    inside, outside = (case.layers[index].initial for index in (0, 2))
    last = problem.mesh.boundaries[1]
    for row, ion in enumerate(case.ions):
        assert concentration[: last - 1, row] == pytest.approx(inside[ion], rel=1e-12)
        assert concentration[problem.mesh.boundaries[2] + 1 :, row] == pytest.approx(outside.get(ion, 0.0), rel=1e-12)
    assert np.abs(state[:, -1]).max() < 1e-6  # the sides of the membrane are neutral each


def test_amounts_at_the_start_are_concentrations_times_volumes(case_of: CaseOf) -> None:
    case = case_of("junction_build_up", {"mesh.nodes": 101})
    problem = problem_of(case)
    total = contents(problem.chain, initial_state(problem)).sum(axis=0)
    unit = problem.scales.concentration * problem.scales.length
    half = 100.0 * 0.5e-6
    # The reservoirs' nodes hold what they pin: here the same.
    assert total[:3] * unit == pytest.approx([half, half, 2 * half], rel=1e-12)


# ---- a stored result ------------------------------------------------------------------------------------------------


def test_a_start_from_profiles_on_the_same_mesh_is_their_state(membrane: ed.Case) -> None:
    problem = problem_of(membrane)
    solution = ed.solve(membrane, mesh=problem.mesh)
    np.testing.assert_allclose(state_like(problem, solution), solution.state, rtol=1e-9, atol=1e-11)


def test_a_start_from_profiles_on_another_mesh_is_close_to_its_steady_state(membrane: ed.Case) -> None:
    solution = ed.solve(membrane.changed({"mesh.nodes": 801}))
    problem = problem_of(membrane)
    state = state_like(problem, solution)
    own = ed.solve(membrane, mesh=problem.mesh).state
    assert np.abs(state[:, -1] - own[:, -1]).max() < 5e-3
    assert poisson_defect(problem, state) < 1e-12


def test_a_start_from_other_ions_or_layers_is_refused(membrane: ed.Case, case_of: CaseOf) -> None:
    with pytest.raises(CaseError, match=r"study\.start has the ions K, Cl and layers electrolyte; expected"):
        state_like(problem_of(membrane), ed.solve(case_of("steric_electrode", {"mesh.nodes": 65})))


def test_a_start_from_a_stack_of_another_thickness_is_refused(membrane: ed.Case) -> None:
    solution = ed.solve(membrane.changed({"layers.membrane.thickness": 6e-9}))
    with pytest.raises(CaseError, match=r"a layer 'membrane' of 6 nm; expected that of the case, 5 nm"):
        state_like(problem_of(membrane), solution)


# ---- initial profiles ------------------------------------------------------------------------------------------------

LENGTH = 40e-6
MEAN, SLANT = 100.0, 30.0


def slanted_column(**study: object) -> ed.Case:
    """A salt of equal diffusivities, 1e-9 m^2/s, from 130 to 70 mM over 40 um between two closed ends."""
    profile = {"x": [0.0, LENGTH], "value": [MEAN + SLANT, MEAN - SLANT]}
    return ed.Case(
        temperature=298.15,
        ions={ion: {"diffusivity": 1e-9} for ion in ("K", "Cl")},
        layers=[
            {
                "name": "water",
                "thickness": LENGTH,
                "relative_permittivity": 80.0,
                "initial": {"K": profile, "Cl": profile},
            }
        ],
        left={"kind": "wall", "potential": 0.0},
        right={"kind": "wall", "potential": 0.0},
        mesh={"nodes": 801},
        study={"kind": "transient", "start": "initial", "error_estimates": False, **study},
    )


def test_a_slanted_profile_levels_out_as_its_cosines_do() -> None:
    """c = mean + slant sum over odd k of 8/(pi k)^2 cos(k pi x / L) e^(-(k pi / L)^2 D t)."""
    times = [0.01 * LENGTH**2 / 1e-9, 0.1 * LENGTH**2 / 1e-9]
    result = ed.solve_transient(slanted_column(end=times[-1], tolerance=1e-6, output={"times": times}))
    odd = np.arange(1, 400, 2)[:, None]
    for time, concentration in zip(times, result.concentration[1:], strict=True):
        decayed = np.exp(-((odd * np.pi / LENGTH) ** 2) * 1e-9 * time)
        wave = (8 / (np.pi * odd) ** 2 * np.cos(odd * np.pi * result.x / LENGTH) * decayed).sum(axis=0)
        np.testing.assert_allclose(concentration, np.tile(MEAN + SLANT * wave, (2, 1)), atol=2e-3 * SLANT)
    assert np.abs(result.amount_residual).max() < 1e-12


def test_what_is_trapped_is_the_integral_of_its_initial_profile() -> None:
    case = slanted_column(end=1e-6).changed({"study": {"kind": "steady"}})
    assert ed.solve(case).concentration[:, 0] == pytest.approx(np.full(2, MEAN), rel=1e-9)


def test_an_initial_profile_runs_through_its_whole_layer() -> None:
    short = {"x": [0.0, LENGTH / 2], "value": [MEAN, MEAN]}
    with pytest.raises(ed.CaseError, match=r"layers\[0\].initial.K .*so must its profile"):
        slanted_column(end=1e-6).replace("layers.water.initial.K", short)
