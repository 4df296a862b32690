"""What no step may lose: ions, the uniformity of the total current, and the direction of free energy."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from references_tools import FARADAY, ROOM
from time_tools import VT, blocking_cell, in_time, run, step

import electrodiff as ed
from electrodiff.fvm.kernels.stages import Work
from electrodiff.model import Case
from electrodiff.solvers import march
from electrodiff.solvers.transient import Run, solve_transient, transient_mesh, transient_problem
from electrodiff.transient import Transient

PLANAR = ["membrane_charging", "voltage_clamp_steps", "blocking_cell_charging"]


@pytest.fixture(scope="module")
def shipped(case_of) -> dict[str, Transient]:
    names = [*PLANAR, "junction_build_up", "cell_from_picoseconds_to_days"]
    return {name: solve_transient(case_of(name)) for name in names}


# ---- ions -----------------------------------------------------------------------------------------------------------


def test_cell_keeps_its_ions_from_picoseconds_to_days(shipped):
    """What it holds, less what has passed its membrane, to 1e-12 of what it held: over 285 steps and 17 decades."""
    cell = shipped["cell_from_picoseconds_to_days"]
    assert cell.time[-1] / cell.time[1] == pytest.approx(1e17)
    assert np.abs(cell.amount_residual).max() < 1e-12
    impermeant = cell.case.ion_names.index("A")
    assert (cell.ion_flux[:, impermeant] == 0).all()
    # And much has passed: the rest would be no test.
    inside = cell.concentration[:, :, 0]
    assert inside[-1, 0] / inside[0, 0] < 0.1


def test_contents_of_the_cell_are_what_the_integral_over_its_volume_says(shipped):
    """An amount by the trapezoidal rule in r: not the solver's own sum."""
    cell = shipped["cell_from_picoseconds_to_days"]
    entries = cell.frames[0].layer_entries[0]
    r = cell.x[entries]
    impermeant = cell.case.ion_names.index("A")
    amounts = [np.trapezoid(frame.concentration[impermeant, entries] * r**2, r) for frame in cell.frames]
    # 2e-5: what the trapezoidal rule makes of the Debye layer.
    np.testing.assert_allclose(amounts, amounts[0], rtol=2e-5)


@pytest.mark.parametrize("name", PLANAR)
def test_ions_are_conserved_in_every_shipped_case(shipped, name):
    assert np.abs(shipped[name].amount_residual).max() < 1e-12


@pytest.mark.parametrize(("diameter", "shown"), [(None, 1e-12), ("0.5 nm", 1e-6)])
def test_blocking_cell_keeps_its_ions_under_a_large_voltage(diameter, shown):
    """Contents are carried along and kept to round-off.  Where ions have a size, contents are not linear in activities,
    and those of the activities at the end of a step differ from them by a part of its error (1e-4 is allowed), which the
    next step mends.
    """
    case = blocking_cell(20e-9)
    if diameter is not None:
        sizes = {f"ions.{ion}.diameter": diameter for ion in case.ions}
        case = case.changed({**sizes, "steric": {"model": "bikerman"}})
    result = run(case, 1e-6, step("left.potential", 0.3))
    amounts = np.array([content_of(frame) for frame in result.frames])
    np.testing.assert_allclose(amounts, np.broadcast_to(amounts[0], amounts.shape), rtol=shown)
    assert np.abs(result.amount_residual).max() < 1e-12
    # The bulk is emptied into the Debye layers.
    assert result.concentration[-1, 0].min() < 0.9 * result.concentration[0, 0].min()


def content_of(frame: ed.Solution) -> np.ndarray:
    """(n,) of every ion [mol/m^2]: the sum over half cells of the concentrations beside each face."""
    mesh, c = frame.problem.mesh, frame.concentration
    left, right = c[:, :-1], c[:, 1:]  # one layer: entries are nodes
    return np.asarray(left @ mesh.volume_left + right @ mesh.volume_right)


# ---- the total current ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PLANAR)
def test_total_current_is_the_same_through_every_face(shipped, name):
    """1e-8 of its largest value is promised; round-off is far less."""
    result = shipped[name]
    assert result.current_spread.max() < 1e-8 * np.abs(result.total_current_density).max()


def test_conduction_alone_is_not_the_same_through_every_face(shipped):
    """Or else the law above would hold of itself: at first the bath conducts, and the membrane does not."""
    result = shipped["membrane_charging"]
    frame = result.frames[1]
    conduction = FARADAY * frame.face_flux @ np.array(frame.case.valences)
    assert np.ptp(conduction) > 0.5 * abs(result.total_current_density[1])


def test_no_current_flows_into_the_centre_of_a_cell(shipped):
    """Conduction and displacement cancel through every shell; each is 1e-8 of the other's size or nearer to it."""
    result = shipped["cell_from_picoseconds_to_days"]
    early = result.time < 1.0
    conduction = np.array(
        [np.abs(FARADAY * frame.face_flux @ np.array(frame.case.valences)).max() for frame in result.frames]
    )
    total = np.abs(result.total_current_density) + result.current_spread
    assert (total < 1e-8 * conduction)[early].all()


def test_no_current_flows_through_a_floating_junction(shipped):
    result = shipped["junction_build_up"]
    conduction = np.array(
        [np.abs(FARADAY * frame.face_flux * np.array(frame.case.valences)).max() for frame in result.frames]
    )
    total = np.abs(result.total_current_density) + result.current_spread
    assert (total < 1e-8 * conduction).all()


def test_charge_that_the_current_brings_is_what_the_electrode_holds(case_of):
    """The integral of the total current over time, by Gauss-Legendre points in ln t, is the charge of the wall."""
    points, weights = np.polynomial.legendre.leggauss(60)
    case = case_of("blocking_cell_charging", {"mesh.nodes": 201})
    first, last = np.log(1e-13), np.log(2.5e-7)
    times = np.exp(first + (last - first) * (1 + points) / 2)
    result = solve_transient(case.changed({"study.output": {"times": times.tolist()}, "study.tolerance": 1e-7}))
    inside = slice(1, -1)
    current = result.total_current_density[inside]
    brought = (weights * times * current).sum() * (last - first) / 2 + current[0] * 1e-13
    charge = result.scalar("electrode_charge.left")
    # 1e-6: the quadrature; the wall's charge is that of the field at its face, and its current that through any face.
    assert charge[-1] - charge[0] == pytest.approx(brought, rel=1e-6)


# ---- on every step --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PLANAR)
def test_total_current_of_every_step_is_the_same_through_every_face(shipped, name):
    """The charge that conduction and displacement bring through each face, each from what that face lets through.

    To 1e-8 of the largest current, and what rounding of the charges of all ions makes of it in a step: the first take
    femtoseconds, and no charge is known better than the last digit of its ions.
    """
    result = shipped[name]
    steps, frame = result.steps, result.frames[0]
    gross = FARADAY * np.trapezoid(np.abs(frame.case.valences) @ frame.concentration, frame.x)
    rounding = 20 * np.finfo(float).eps * gross / steps.size
    largest = np.abs(steps.total_current_density).max()
    assert steps.current_spread.shape == steps.time.shape
    assert (steps.current_spread < 1e-8 * largest + rounding).all()
    assert (steps.current_spread < 1e-8 * largest)[steps.size > 1e-11].all()


def test_ions_are_conserved_on_every_step_of_every_shipped_case(shipped):
    for result in shipped.values():
        assert result.steps.amount_residual.shape == (result.steps.time.size, len(result.case.ions))
        assert np.abs(result.steps.amount_residual).max() < 1e-12


def test_mean_currents_of_the_steps_charge_the_electrode(shipped):
    """Their sum over the steps is what the wall holds more at the end: its charge is that of the field at its face."""
    result = shipped["blocking_cell_charging"]
    charge = result.scalar("electrode_charge.left")
    brought = (result.steps.total_current_density * result.steps.size).sum()
    assert brought == pytest.approx(charge[-1] - charge[0], rel=1e-9)
    assert abs(charge[-1]) > 1e-6


def falsified(monkeypatch, falsify: Callable[[Work], None]) -> Transient:
    """A charging cell whose steps are tampered with after their stages."""
    true_step = march.step_point_ions

    def false_step(*arguments):
        is_done = true_step(*arguments)
        falsify(arguments[0][0].work)
        return is_done

    monkeypatch.setattr(march, "step_point_ions", false_step)
    return run(blocking_cell(20e-9), 1e-8, step("left.potential", 0.02))


def leave_alone(_work: Work) -> None:
    """A step as it is."""


def relative_spread(result: Transient) -> float:
    return float(result.steps.current_spread.max() / np.abs(result.steps.total_current_density).max())


def test_a_false_flux_through_one_face_is_seen_in_the_total_current(monkeypatch):
    def falsify(work: Work) -> None:
        work.conducted[30] *= 1 + 1e-5

    assert relative_spread(falsified(monkeypatch, leave_alone)) < 1e-8
    assert relative_spread(falsified(monkeypatch, falsify)) > 1e-7


def test_a_false_flux_through_a_watched_face_is_seen_in_the_amounts(monkeypatch):
    """What is watched of a closed cell is the part to the left of the face in its middle."""

    def falsify(work: Work) -> None:
        work.passed[:, 1] *= 1 + 1e-6

    true = falsified(monkeypatch, leave_alone)
    false = falsified(monkeypatch, falsify)
    assert np.abs(true.steps.amount_residual).max() < 1e-13
    assert np.abs(false.steps.amount_residual).max() > 1e-9


def test_ions_from_nowhere_are_seen_on_every_step(monkeypatch):
    def falsify(work: Work) -> None:
        work.k[-1, 10, 0] += 1e-7

    result = falsified(monkeypatch, falsify)
    made = result.steps.amount_residual[:, 0]
    assert made[0] > 1e-12
    assert (np.diff(made) > 0).all()
    assert relative_spread(result) > 1e-7


# ---- free energy ----------------------------------------------------------------------------------------------------


def closed_box(**keys: object) -> Case:
    """HCl beside KCl in a box with insulating walls, one of them earthed."""
    return ed.Case(
        temperature=ROOM,
        ions={"H": {}, "K": {}, "Cl": {}},
        layers=[
            {
                "name": name,
                "thickness": 20e-9,
                "relative_permittivity": 80.0,
                "initial": {ion: 100.0, "Cl": 100.0},
            }
            for name, ion in (("acid", "H"), ("salt", "K"))
        ],
        left={"kind": "wall"},
        right={"kind": "wall", "potential": 0.0},
    ).changed(keys)


def energy(problem, state: np.ndarray) -> tuple[float, float]:
    """Free energy and its gross size, in RT per mol of charge: sum of C (ln a - 1), and the energy of the field."""
    chain = problem.chain
    content = np.zeros_like(state[:, :-1])
    content[:-1] += chain.volume_left[:, None] * chain.partition * state[:-1, :-1]
    content[1:] += chain.volume_right[:, None] * chain.partition * state[1:, :-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        of_ions = np.where(content > 0, content * (np.log(state[:, :-1]) - 1), 0.0)
    field = 0.5 * float(chain.permittivity @ np.diff(state[:, -1]) ** 2)
    return float(of_ions.sum()) + field, float(np.abs(of_ions).sum()) + field


def test_free_energy_of_a_closed_box_never_rises_by_more_than_the_error_of_a_step():
    case = in_time(closed_box(), 1e-5, start="initial")
    found: list[tuple[float, float, float]] = []

    def watch(run: Run) -> None:
        total, gross = energy(problem, run.moment.state)
        found.append((total, gross, run.steps[-1][2] * case.study.tolerance))

    problem = transient_problem(closed_box(), transient_mesh(case))
    result = solve_transient(case, watch=watch)
    total, gross, error = np.array(found).T
    assert len(found) == result.steps.time.size > 50
    # The error of a step is one of concentrations relative to themselves; and the sum has round-off.
    allowed = gross[1:] * (error[1:] + 1e-15)
    assert (np.diff(total) <= allowed).all()
    # H and K mix, each from a half into the whole: the entropy of mixing is RT ln 2 for each.
    half = 100.0 / problem.scales.concentration * 20e-9 / problem.scales.length
    start, _ = energy(problem, result.frames[0].state)
    assert total[-1] - start == pytest.approx(-2 * half * np.log(2), rel=2e-3)


def test_field_takes_its_energy_from_the_ions():
    """The box of the test above is charged on the way, to half a millivolt and more."""
    result = run(closed_box(), 1e-5, start="initial")
    assert np.abs(result.potential).max() > 0.02 * VT
    assert np.abs(result.potential[-1]).max() < 1e-6 * VT
