"""Steps in time of a discrete problem: what a march promises, whatever it marches through."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest

import electrodiff as ed
from electrodiff.fvm.kernels.arrays import AMOUNT, BALANCE, RATE
from electrodiff.fvm.problem import Problem, build_problem
from electrodiff.solvers.march import (
    LONGEST_GROWTH,
    Ends,
    MarchOptions,
    Moment,
    Step,
    StuckError,
    _worst,
    contents,
    free_amounts,
    march,
    watched_faces,
)
from electrodiff.solvers.rodas import ORDER, TABLEAU
from electrodiff.solvers.starts import after_jump, start_of
from electrodiff.solvers.transient import transient_mesh, transient_problem

SALT = {"K": 100.0, "Cl": 100.0}


def cell(**keys: object) -> ed.Case:
    """A closed gap of 20 nm between metal walls."""
    return ed.Case(
        temperature=298.15,
        ions={"K": {"diffusivity": 1e-9}, "Cl": {"diffusivity": 2e-9}},
        layers=[{"name": "water", "thickness": 20e-9, "relative_permittivity": 80.0, "initial": SALT}],
        left={"kind": "wall", "potential": 0.0},
        right={"kind": "wall", "potential": 0.0},
        mesh={"nodes": 65},
    ).changed(keys)


def constant(problem: Problem) -> Ends:
    """What the problem gives, at any time."""
    chain = problem.chain

    def at(times: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        targets = np.broadcast_to(chain.target[[0, -1]], (times.size, 2, chain.target.shape[1])).copy()
        return targets, np.zeros((times.size, 2)), np.zeros(times.size)

    return Ends(at, is_constant=True)


def charged(voltage: float = 0.1, **keys: object) -> tuple[Problem, Ends, Moment]:
    """Just after a step of the left wall."""
    case = cell(**keys)
    mesh = transient_mesh(case)
    before = transient_problem(case, mesh)
    problem = transient_problem(case.changed({"left.potential": voltage}), mesh)
    return problem, constant(problem), after_jump(problem, start_of(before, ed.solve(case, mesh=mesh).state))


def taken(until: float, tolerance: float = 1e-4, voltage: float = 0.1, **keys: object) -> list[Step]:
    problem, ends, moment = charged(voltage, **keys)
    return list(march(problem, ends, moment, until, MarchOptions(tolerance)))


# ---- the steps ------------------------------------------------------------------------------------------------------


def test_a_march_ends_at_its_time_to_the_last_bit_and_its_steps_join() -> None:
    until = 12.345678901234567
    steps = taken(until)
    assert steps[-1].end.time == until
    assert all(after.start is before.end for before, after in pairwise(steps))
    assert all(step.end.time > step.start.time for step in steps)
    assert [step.end.steps for step in steps] == list(range(1, len(steps) + 1))


def test_no_step_passes_a_time_to_be_met() -> None:
    problem, ends, moment = charged()
    wanted = [0.01, 0.5, 0.5001, 3.0]

    def meet(now: Moment) -> float:
        return next((time for time in wanted if time > now.time), np.inf)

    steps = list(march(problem, ends, moment, 10.0, meet=meet))
    assert set(wanted) <= {step.end.time for step in steps}
    # A step that was cut does not make the next one start again from small ones.
    (after,) = [step for step in steps if step.start.time == 0.5001]
    assert after.end.time - after.start.time > 1e-3


def test_no_sliver_is_left_before_the_end() -> None:
    """Of the steps to a time, none is below a hundredth of the one before it."""
    problem, ends, moment = charged()
    first = next(march(problem, ends, moment, 1.0))
    length = first.end.time - first.start.time
    steps = list(march(problem, ends, moment, first.start.time + 1.005 * length))
    assert len(steps) == 1


def test_steps_grow_by_a_limited_factor() -> None:
    sizes = np.array([step.end.time - step.start.time for step in taken(100.0)])
    assert (sizes[1:] / sizes[:-1] <= LONGEST_GROWTH * (1 + 1e-9)).all()
    assert sizes.max() / sizes.min() > 1e4


def test_every_step_that_is_taken_has_an_error_within_the_tolerance() -> None:
    steps = taken(100.0, tolerance=1e-6, voltage=0.3)
    assert all(step.end.last_error <= 1 for step in steps)
    assert max(step.end.last_error for step in steps) > 0.1  # and they are not needlessly small


def test_a_step_that_is_much_too_long_is_rejected_and_counted() -> None:
    problem, ends, moment = charged(voltage=0.5)
    steps = list(march(problem, ends, replace(moment, step=1e3), 1e3, MarchOptions(1e-6)))
    assert steps[0].end.time < 1e2
    assert steps[0].start.rejected > 3
    assert [step.end.rejected for step in steps] == [step.start.rejected for step in steps]


def test_a_tighter_tolerance_takes_more_steps_of_the_same_course() -> None:
    loose, tight = taken(10.0, 1e-3, 0.3), taken(10.0, 1e-7, 0.3)
    assert len(tight) > 2 * len(loose)
    np.testing.assert_allclose(loose[-1].end.state, tight[-1].end.state, atol=1e-3)


def test_what_cannot_be_solved_is_given_up_with_its_place() -> None:
    problem, ends, moment = charged()
    state = moment.state.copy()
    state[7, 0] = np.nan
    with pytest.raises(StuckError) as error:
        list(march(problem, ends, replace(moment, state=state, time=1.0), 2.0))
    stuck, place = error.value.args
    assert stuck.time == 1.0
    assert stuck.rejected > 10
    assert 0 <= place[0] < problem.mesh.nodes


# ---- what is kept ---------------------------------------------------------------------------------------------------


def test_an_equilibrium_stays_where_it_is() -> None:
    for step in taken(100.0, voltage=0.0):
        np.testing.assert_allclose(step.end.state, step.start.state, rtol=1e-12, atol=1e-12)


def test_what_a_node_gains_is_what_its_faces_let_through() -> None:
    """Content at the end less that at the start, left of the watched face, is what has passed it: to round-off."""
    problem, _, start = charged(voltage=0.3)
    face = int(watched_faces(problem)[1])
    for step in taken(100.0, voltage=0.3):
        gained = (step.end.content - start.content)[: face + 1].sum(axis=0)
        np.testing.assert_allclose(gained, -step.end.passed[1], atol=1e-13)
        np.testing.assert_allclose(step.end.content.sum(axis=0), start.content.sum(axis=0), rtol=1e-13)
    assert abs(gained[0]) > 1e-3 * start.content.sum()  # and it is not nothing


@pytest.mark.parametrize("sizes", [None, ("0.6 nm", "0.6 nm"), ("0.4 nm", "0.7 nm")], ids=["points", "alike", "unlike"])
def test_contents_that_are_carried_along_are_those_of_the_state(sizes: tuple[str, str] | None) -> None:
    """To round-off for points; for sized ions to a part of the error of a step."""
    keys: dict[str, object] = {}
    if sizes is not None:
        keys = {"ions.K.diameter": sizes[0], "ions.Cl.diameter": sizes[1], "steric": {"model": "bikerman"}}
    problem, _, _ = charged(voltage=0.3, **keys)
    for step in taken(100.0, voltage=0.3, **keys):
        held = contents(problem.chain, step.end.state)[:, :-1]
        np.testing.assert_allclose(step.end.content, held, rtol=1e-13 if sizes is None else 1e-5)


def test_charge_of_every_node_is_what_the_displacement_leaves_there() -> None:
    """Poisson's equation is algebraic: it holds at the end of every step, to 1e-8 of the largest charge."""
    problem, _, _ = charged(voltage=0.3)
    for step in taken(100.0, tolerance=1e-6, voltage=0.3):
        charge = contents(problem.chain, step.end.state)[:, -1]
        displacement = -problem.chain.permittivity * np.diff(step.end.state[:, -1])
        balance = (np.append(displacement, 0) - np.insert(displacement, 0, 0) - charge)[1:-1]
        assert np.abs(balance).max() < 1e-8 * np.abs(charge).max()


# ---- the problem ----------------------------------------------------------------------------------------------------


def test_confined_amounts_are_unknowns_in_steady_state_only() -> None:
    problem = build_problem(cell(), transient_mesh(cell()))
    assert (problem.border.kind == AMOUNT).sum() == 2
    free = free_amounts(problem)
    assert free.border.kind.size == 0
    assert (free.chain.free[problem.border.node, problem.border.row] == 1).all()
    assert (problem.chain.free[problem.border.node, problem.border.row] == 0).all()  # the other is as it was
    assert all(entries.size == 0 for entries in free.border)


def test_balances_of_transporters_are_unknowns_in_steady_state_only() -> None:
    """Chloride that KCC2 alone carries: what it has brought is what there is; its rate remains an unknown."""
    inside, outside = {"K": 100.0, "Cl": 100.0}, {"K": 5.0, "Cl": 5.0}
    water = {"thickness": 20e-9, "relative_permittivity": 80}
    lipid = {"name": "lipid", "thickness": 5e-9, "relative_permittivity": 2, "permeability": {"K": 1e-10, "Cl": 0.0}}
    carrier = {"name": "KCC2", "layer": "lipid", "stoichiometry": {"K": 1, "Cl": 1}, "law": "affinity", "rate": 1e-9}
    case = ed.Case(
        temperature=298.15,
        ions={"K": {}, "Cl": {}},
        layers=[{"name": "inside", **water, "initial": inside}, lipid, {"name": "outside", **water}],
        left={"kind": "closed"},
        right={"kind": "reservoir", "concentrations": outside, "potential": 0.0},
        transporters=[carrier],
    )
    problem = build_problem(case, transient_mesh(case))
    assert problem.border.kind.tolist() == [BALANCE, RATE]
    free = free_amounts(problem)
    assert free.border.kind.tolist() == [RATE]
    assert free.chain.free[problem.border.node[0], 1] == 1


def test_watched_faces_are_the_ends_and_the_middle_of_the_most_resistive_layer(case_of) -> None:
    case = case_of("clamped_membrane")
    mesh = transient_mesh(case)
    first, inner, last = watched_faces(transient_problem(case, mesh))
    assert (first, last) == (0, mesh.nodes - 2)
    assert (mesh.x[inner] + mesh.x[inner + 1]) / 2 == pytest.approx(22.5e-9, abs=0.5e-9)


def test_contents_are_volumes_times_concentrations() -> None:
    problem, _, moment = charged()
    total = contents(problem.chain, moment.state).sum(axis=0) * problem.scales.concentration * problem.scales.length
    assert total[:2] == pytest.approx([100.0 * 20e-9] * 2, rel=1e-12)
    assert total[2] == pytest.approx(0, abs=1e-18)


def test_order_of_the_control_is_that_of_the_method() -> None:
    assert ORDER == 5
    assert TABLEAU.time.size == TABLEAU.a.shape[0] == 8


@pytest.mark.parametrize("errors", [[[np.nan, 0.0], [np.nan, np.nan]], [[np.nan, 1e9], [0.0, 0.0]]])
def test_the_worst_of_errors_that_are_no_numbers_has_a_place(errors: list[list[float]]) -> None:
    """A step that gave nothing but NaN is told as a march that is stuck, not as an error of numpy's."""
    assert _worst(SimpleNamespace(k=np.array([errors])), np.ones((2, 2))) == (0, 0)
