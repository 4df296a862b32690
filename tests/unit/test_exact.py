"""Activities in closed form: against Newton's method, a linear solve by hand, and a trapped pocket."""

from __future__ import annotations

import math

import numpy as np
import pytest
from newton_system import bernoulli

import electrodiff as ed
from electrodiff.fvm.kernels.arrays import AMOUNT, CURRENT
from electrodiff.fvm.kernels.exact import log_bernoulli
from electrodiff.fvm.problem import Problem, build_problem
from electrodiff.grid.line import layered_line
from electrodiff.readings import Readings
from electrodiff.solvers.exact import exact_activities, net_current
from electrodiff.solvers.guess import first_guess
from electrodiff.solvers.newton import NewtonOptions, Status, solve_newton

NO_GATE = np.ones(0)


def problem_of(case: ed.Case) -> Problem:
    return build_problem(case, layered_line(case).mesh())


def relative(found: np.ndarray, expected: np.ndarray) -> float:
    """Largest difference relative to a value, or to 1e-9 of the largest: Newton lets what is to be 0 fall step by step."""
    return float((np.abs(found - expected) / np.maximum(np.abs(expected), 1e-9 * expected.max())).max())


# ---- against Newton's method --------------------------------------------------------------------------------------

CONVERGING = [
    "clamped_membrane",
    "resting_potential",
    "double_membrane",
    "inward_rectifier",
    "ion_exchange_membrane",
    "liquid_junction",
    "spherical_cell_potential",
    "steric_electrode",
    "stern_electrode",
]


@pytest.mark.parametrize("name", CONVERGING)
def test_activities_of_a_converged_state_are_those_that_its_potential_demands(case_of, name):
    """1e-8: Newton stops at updates of 1e-11, and the flux behind a barrier answers to them with 1/beta at the most."""
    problem = problem_of(case_of(name))
    result = solve_newton(problem, first_guess(problem), NewtonOptions(tolerance=1e-11))
    assert result.status is Status.CONVERGED
    exact = exact_activities(problem, result.state, result.gate)
    assert relative(exact[:, :-1], result.state[:, :-1]) < 1e-8
    np.testing.assert_array_equal(exact[:, -1], result.state[:, -1])


def test_a_wrong_activity_is_seen(case_of):
    problem = problem_of(case_of("clamped_membrane"))
    result = solve_newton(problem, first_guess(problem))
    state = result.state.copy()
    state[30, 0] *= 1 + 1e-6
    assert relative(exact_activities(problem, state, result.gate)[:, :-1], state[:, :-1]) > 5e-7


# ---- against a linear solve ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def membrane() -> Problem:
    """Ions of three valences, one of which the slab does not let in; a coarse mesh."""
    bath = {"thickness": "3 nm", "relative_permittivity": 80}
    slab = {
        "name": "slab",
        "thickness": "2 nm",
        "relative_permittivity": 5,
        "partition": {"Ca": 0.2, "Cl": 0.5, "SO4": 0},
    }
    case = ed.Case(
        temperature=300.0,
        ions={"Ca": {}, "Cl": {}, "SO4": {}},
        layers=({"name": "left", **bath}, slab, {"name": "right", **bath}),
        left={"concentrations": {"Ca": 40.0, "Cl": 30.0, "SO4": 25.0}, "potential": 0.02},
        right={"concentrations": {"Ca": 5.0, "Cl": 10.0}, "potential": 0.0},
        mesh={"nodes": 25},
    )
    return problem_of(case)


def with_random_potential(problem: Problem, spread: float, seed: int = 5) -> np.ndarray:
    """The pinned values, and a random potential and random activities elsewhere."""
    generator = np.random.default_rng(seed)
    state = np.exp(generator.normal(size=problem.chain.free.shape))
    state[:, -1] = generator.normal(scale=spread, size=state.shape[0])
    return np.where(problem.chain.free == 0, problem.chain.target, state)


def activities_by_hand(problem: Problem, state: np.ndarray) -> np.ndarray:
    """Constant fluxes as a dense linear system of every ion by itself."""
    chain = problem.chain
    result = state.copy()
    nodes = state.shape[0]
    for i, z in enumerate(chain.valence):
        u = z * np.diff(state[:, -1])
        out, back = chain.conductance[:, i] * bernoulli(u), chain.conductance[:, i] * bernoulli(-u)
        matrix = np.zeros((nodes, nodes))
        face = np.arange(nodes - 1)
        matrix[face, face] += out
        matrix[face, face + 1] -= back
        matrix[face + 1, face] -= out
        matrix[face + 1, face + 1] += back
        pinned = chain.free[:, i] == 0
        matrix[pinned] = np.eye(nodes)[pinned]
        result[:, i] = np.linalg.solve(matrix, np.where(pinned, chain.target[:, i], 0.0))
    return result


@pytest.mark.parametrize("spread", [1e-9, 0.3, 3.0])
def test_activities_carry_constant_fluxes_through_any_potential(membrane, spread):
    # 1e-9: the condition of the dense system is below 1e6.
    state = with_random_potential(membrane, spread)
    exact = exact_activities(membrane, state, NO_GATE)
    assert relative(exact, activities_by_hand(membrane, state)) < 1e-9
    flux = Readings(membrane, exact, NO_GATE).face_flux[:, :2]
    largest = np.abs(membrane.chain.conductance * np.maximum(exact[:-1, :-1], exact[1:, :-1])).max(axis=0)[:2]
    scale = largest * membrane.scales.flux
    assert (np.ptp(flux, axis=0) < 1e-12 * scale * (1 + spread)).all()


@pytest.mark.parametrize("spread", [10.0, 100.0])
def test_activities_are_finite_and_positive_in_fields_that_a_linear_solve_does_not_survive(membrane, spread):
    exact = exact_activities(membrane, with_random_potential(membrane, spread), NO_GATE)
    assert np.isfinite(exact).all()
    # SO4 reaches the right bath, which has none of it, from nowhere.
    assert (exact[:, :2] > 0).all()


def test_activities_of_point_ions_follow_from_the_potential_alone(membrane):
    states = [with_random_potential(membrane, 2.0, seed) for seed in (5, 6)]
    states[1][:, -1] = states[0][:, -1]
    exact = [exact_activities(membrane, state, NO_GATE) for state in states]
    np.testing.assert_allclose(exact[0], exact[1], rtol=1e-14)


def test_pinned_values_are_left_as_they_are(membrane):
    state = with_random_potential(membrane, 2.0)
    pinned = membrane.chain.free == 0
    np.testing.assert_array_equal(exact_activities(membrane, state, NO_GATE)[pinned], state[pinned])


def test_an_ion_that_reaches_one_reservoir_only_is_in_equilibrium_with_it(membrane):
    state = with_random_potential(membrane, 2.0)
    exact = exact_activities(membrane, state, NO_GATE)
    absent = membrane.chain.conductance[:, 2] == 0
    stop = int(np.argmax(absent)) + 1
    w = exact[:stop, 2] * np.exp(-2 * state[:stop, -1])
    np.testing.assert_allclose(w, w[0], rtol=1e-13)
    assert (exact[stop:, 2] == 0).all()


# ---- trapped ions -------------------------------------------------------------------------------------------------


def pocket(**changes: object) -> Problem:
    """A compartment with an anion that cannot leave it, between layers that only K and Cl pass."""
    film = {"thickness": 3e-9, "relative_permittivity": 10, "partition": {"K": 1.0, "Cl": 1.0, "A": 0.0}}
    bath = {"thickness": 5e-9, "relative_permittivity": 80}
    case = ed.Case(
        temperature=300.0,
        ions={"K": {}, "Cl": {}, "A": {"valence": -2, "diffusivity": 5e-10}},
        layers=[
            {"name": "left", **bath},
            {"name": "film", **film},
            {"name": "pocket", "thickness": 6e-9, "relative_permittivity": 80, "initial": {"A": 20.0}},
            {"name": "other film", **film},
            {"name": "right", **bath},
        ],
        left={"concentrations": {"K": 100.0, "Cl": 100.0}, "potential": 0.0},
        right={"concentrations": {"K": 100.0, "Cl": 100.0}, "potential": 0.0},
        mesh={"nodes": 101},
    )
    return problem_of(case.changed(changes))


def held(problem: Problem, state: np.ndarray) -> np.ndarray:
    """(n,) amount of each ion on the whole chain, dimensionless."""
    readings = Readings(problem, state, np.ones(problem.border.kind.size))
    c = readings.concentration / problem.scales.concentration
    chain, total = problem.chain, 0.0
    for index, entries in enumerate(readings.layer_entries):
        faces = slice(*problem.mesh.boundaries[index : index + 2])
        total = (
            total + c[:, entries][:, :-1] @ chain.volume_left[faces] + c[:, entries][:, 1:] @ chain.volume_right[faces]
        )
    return np.asarray(total)


@pytest.mark.parametrize("depth", [0.0, 5.0, -5.0, 30.0, -300.0])
def test_a_trapped_ion_has_its_amount_and_boltzmanns_distribution(depth):
    """Whatever the potential of the pocket and of its parts."""
    problem = pocket()
    state = with_random_potential(problem, 2.0)
    inside = slice(*problem.mesh.boundaries[2:4])
    state[inside, -1] += depth
    gate = np.ones(problem.border.kind.size)
    exact = exact_activities(problem, state, gate)
    (place,) = np.flatnonzero(problem.border.kind == AMOUNT)
    assert held(problem, exact)[2] == pytest.approx(problem.border.value[place], rel=1e-13)
    nodes = slice(problem.mesh.boundaries[2], problem.mesh.boundaries[3] + 1)
    log_w = np.log(exact[nodes, 2]) - 2 * state[nodes, -1]
    np.testing.assert_allclose(log_w, log_w[0], atol=1e-12 * max(1.0, abs(depth)))


def test_the_amount_of_sized_ions_is_that_of_the_given_activity_coefficients():
    """With gamma of the state: at a fixed point of the turns the amount is right, and here it is at the first one."""
    size = {"K": {"diameter": 4e-10}, "Cl": {"diameter": 4e-10}, "A": {"valence": -2, "diffusivity": 5e-10}}
    problem = pocket(ions=size, steric={"model": "bikerman"})
    result = solve_newton(problem, first_guess(problem), NewtonOptions(tolerance=1e-11))
    assert result.status is Status.CONVERGED
    exact = exact_activities(problem, result.state, result.gate)
    assert relative(exact[:, :-1], result.state[:, :-1]) < 1e-9
    assert held(problem, exact)[2] == pytest.approx(float(problem.border.value[0]), rel=1e-10)


# ---- net current --------------------------------------------------------------------------------------------------


def test_net_current_is_that_of_the_readings_over_the_largest_unidirectional_one(case_of):
    problem = problem_of(case_of("clamped_membrane"))
    result = solve_newton(problem, first_guess(problem), NewtonOptions(tolerance=1e-11))
    readings = Readings(problem, result.state, result.gate)
    relative_current = net_current(problem, result.state, result.gate, 0.0)
    unidirectional = {name: value for name, value in readings.scales().items() if name.startswith("ion_current")}
    assert relative_current == pytest.approx(readings.current_density / max(unidirectional.values()), rel=1e-9)


def test_net_current_less_a_wanted_one_vanishes_at_rest_and_under_a_current_clamp(case_of):
    for current in (0.0, 0.02):
        problem = problem_of(case_of("resting_potential", {"left.current": current}))
        result = solve_newton(problem, first_guess(problem), NewtonOptions(tolerance=1e-11))
        wanted = float(problem.border.value[problem.border.kind == CURRENT][0])
        assert net_current(problem, result.state, result.gate, wanted) == pytest.approx(0.0, abs=1e-9)
        assert abs(net_current(problem, result.state, result.gate, wanted + 1e-9)) > 1e-3


# ---- Bernoulli's function -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("u", [0.0, 1e-12, -1e-12, 1e-8, -1e-8, 1e-7, 1e-3, -0.5, 2.0, 40.0, -40.0])
def test_logarithm_of_bernoullis_function(u):
    expected = math.log(u / math.expm1(u)) if u else 0.0
    # 1e-14: the round-off of ln u, here and there.
    assert log_bernoulli(u) == pytest.approx(expected, rel=1e-14, abs=1e-14)


def test_logarithm_of_bernoullis_function_of_large_fields():
    """ln B = ln u - u for large u, ln |u| for large -u."""
    assert [log_bernoulli(u) for u in (1e4, -1e4)] == pytest.approx([math.log(1e4) - 1e4, math.log(1e4)], rel=1e-15)
