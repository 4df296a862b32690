"""The estimate of errors in time, of values whose errors are known, and when there is none."""

import numpy as np
import pytest

import electrodiff as ed
from electrodiff.fvm.kernels.romberg import SAFETY
from electrodiff.solvers.time_errors import LEAST, ORDER, TOLERANCES, estimated_error
from electrodiff.solvers.transient import transient_line, transient_mesh

TIMES = np.linspace(0.0, 1.0, 11)
EXACT = np.cos(3 * TIMES)


def marches(space: np.ndarray, time: np.ndarray, order: float = 2.0) -> list[np.ndarray]:
    """What A, B, C and D say, with errors of A of this size in space and time, the first of an order in the spacing."""
    ratio, loss = 2.0**order, TOLERANCES**ORDER
    return [
        EXACT + space + time,
        EXACT + ratio * space + time,
        EXACT + ratio * space + loss * time,
        EXACT + ratio**2 * space + loss * time,
    ]


def test_error_of_second_order_in_space_is_estimated_with_its_safety_factor():
    estimate = estimated_error(*marches(np.full(11, 1e-3), np.zeros(11)))
    np.testing.assert_allclose(estimate, SAFETY * 1e-3, rtol=1e-9)


def test_error_of_first_order_in_space_is_estimated_as_well():
    """As if it were of second order it would be taken for a third of it."""
    estimate = estimated_error(*marches(np.full(11, 1e-3), np.zeros(11), order=1.0))
    np.testing.assert_allclose(estimate, SAFETY * 1e-3, rtol=1e-9)


def test_error_that_hardly_falls_is_taken_to_be_as_large_as_can_be():
    estimate = estimated_error(*marches(np.full(11, 1e-3), np.zeros(11), order=0.1))
    np.testing.assert_allclose(estimate, SAFETY * (2**0.1 - 1) * 1e-3 / (LEAST - 1), rtol=1e-9)


def test_without_the_coarsest_march_the_order_in_space_is_not_believed_in():
    three = marches(np.full(11, 1e-3), np.zeros(11))[:3]
    np.testing.assert_allclose(estimated_error(*three), SAFETY * 3e-3 / (LEAST - 1), rtol=1e-9)


def test_error_of_the_steps_is_estimated_from_a_tolerance_ten_times_as_large():
    estimate = estimated_error(*marches(np.zeros(11), np.full(11, 1e-5)))
    np.testing.assert_allclose(estimate, 1e-5, rtol=1e-9)


def test_error_that_changes_its_sign_is_not_taken_to_be_zero_there():
    space = 1e-3 * (TIMES - 0.5)
    estimate = estimated_error(*marches(space, np.zeros(11)))
    assert space[5] == 0
    assert estimate[5] == pytest.approx(SAFETY * 1e-4, rel=1e-9)
    assert (estimate >= np.abs(space)).all()


def test_what_is_not_defined_has_no_estimate_and_does_not_hide_that_of_its_neighbours():
    tables = marches(np.full(11, 1e-3), np.zeros(11))
    tables[0][3] = np.nan
    estimate = estimated_error(*tables)
    assert np.flatnonzero(np.isnan(estimate)).tolist() == [3]


def test_errors_do_not_spread_across_a_jump():
    pieces = np.repeat([0, 1], [6, 5])
    space = np.where(pieces == 0, 1e-9, 1e-3)
    np.testing.assert_allclose(estimated_error(*marches(space, 0 * space), pieces=pieces), SAFETY * space, rtol=1e-5)
    assert estimated_error(*marches(space, 0 * space))[5] == pytest.approx(SAFETY * 1e-3, rel=1e-5)


def test_a_steady_current_before_a_late_step_is_as_certain_as_without_it():
    """A picosecond after the step charge flows, which the mesh has less well; an output at the step is one before it."""
    late = {"at": 5e-7, "set": {"left.potential": 0.03}}
    times = {"times": [4e-7, 5e-7, 5.00001e-7, 6e-7]}
    runs = [ed.solve_transient(stepped(61, output=times, protocol=protocol)) for protocol in ([late], [])]
    errors = [run.error["total_current_density"] for run in runs]
    np.testing.assert_array_equal(runs[0].time[:3], [0.0, 4e-7, 5e-7])
    # 1e-3: rounding, which is counted by the steps until then.
    np.testing.assert_allclose(errors[0][:3], errors[1][:3], rtol=1e-3)
    assert errors[0][3] > 100 * errors[0][2]


def test_ions_side_by_side_do_not_mix():
    """Of (T, n) only neighbours in time count."""
    tables = [np.stack([values, 0 * values], axis=1) for values in marches(np.full(11, 1e-3), np.zeros(11))]
    estimate = estimated_error(*tables)
    np.testing.assert_allclose(estimate[:, 0], SAFETY * 1e-3, rtol=1e-9)
    assert (estimate[:, 1] == 0).all()


# ---- when there is an estimate -------------------------------------------------------------------------------------


def stepped(nodes: int, **study: object) -> ed.Case:
    case = ed.load_case(ed.bundled_case("clamped_membrane"))
    protocol = [{"set": {"left.potential": 0.0}}]
    output = {"times": [1e-9, 1e-7]}
    study = {"kind": "transient", "end": 1e-6, "output": output, "protocol": protocol, **study}
    return case.changed({"mesh.nodes": nodes, "expect": [], "study": study})


def test_every_number_of_a_transient_has_an_estimate():
    result = ed.solve_transient(stepped(61))
    assert set(result.error) == {*result.case.scalar_names(), "total_current_density", "ion_flux"}
    for name in ("total_current_density", *result.case.scalar_names()):
        values = result.scalar(name)
        assert (np.isfinite(result.error[name]) == np.isfinite(values)).all(), name
        assert (result.error[name] >= 0)[np.isfinite(values)].all(), name
    assert result.error["ion_flux"].shape == result.ion_flux.shape
    assert result.message.endswith("errors estimated from meshes of 31 and 16 nodes")


@pytest.mark.parametrize(("tolerance", "nodes"), [(0.1, 61), (1e-12, 21)])
def test_the_bounds_of_the_tolerance_leave_room_for_the_companions(tolerance: float, nodes: int):
    result = ed.solve_transient(stepped(nodes, tolerance=tolerance))
    assert np.isfinite(result.error["total_current_density"]).all()


def test_estimates_may_be_left_out():
    with_them, without = ed.solve_transient(stepped(61)), ed.solve_transient(stepped(61, error_estimates=False))
    assert without.error == {}
    assert "errors" not in without.message
    np.testing.assert_array_equal(without.potential, with_them.potential)


def test_a_mesh_that_is_given_has_no_estimates():
    case = stepped(61)
    assert ed.solve_transient(case, mesh=transient_mesh(case)).error == {}


def test_a_line_that_cannot_be_halved_says_so_and_what_to_do():
    """Two baths, and a membrane of ten segments between the points of a profile: two cells of each make 25 nodes."""
    points = [k * 0.5e-9 for k in range(11)]
    few, enough = (
        ed.solve_transient(
            stepped(nodes).changed({"layers.membrane.diffusivity.K": {"x": points, "value": [1e-11] * 11}})
        )
        for nodes in (24, 25)
    )
    assert transient_line(few.case).multiple == 1
    assert few.error == {}
    assert few.message.endswith(
        "no error estimates: 24 nodes leave no mesh of half the cells; let mesh.nodes be 25 or more"
    )
    assert enough.error
    assert enough.message.endswith("errors estimated from meshes of 13 nodes")


def test_companions_that_fail_leave_the_run_as_it_is(monkeypatch: pytest.MonkeyPatch):
    from electrodiff.errors import ConvergenceError
    from electrodiff.solvers import time_errors

    def fails(*_: object) -> None:
        raise ConvergenceError("the steps became too short")

    monkeypatch.setattr(time_errors, "error_estimates", fails)
    result = ed.solve_transient(stepped(61))
    assert result.converged
    assert result.error == {}
    assert result.message.endswith("no error estimates: on half the cells, the steps became too short")


def test_steps_of_companions_are_watched_apart():
    own: list[int] = []
    companions: list[int] = []
    result = ed.solve_transient(
        stepped(61),
        watch=lambda run: own.append(run.mesh.nodes),
        watch_errors=lambda run: companions.append(run.mesh.nodes),
    )
    assert own == [61] * result.steps.time.size
    # B, C, D
    assert [nodes for nodes, before in zip(companions, [0, *companions], strict=False) if nodes != before] == [31, 16]
