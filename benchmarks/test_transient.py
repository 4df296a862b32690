"""Benchmarks in time, each of an answer that has been proved first; and what they and the comparison with peers rest on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

import electrodiff as ed
from electrodiff.fvm.problem import Problem
from electrodiff.summary import expected_of
from ida_peer import IdaPeer, Net, fill_band, fill_residual, net_of, start_rates
from work_precision_radau import (
    COMPLEX,
    ERROR,
    MATRIX,
    NODES,
    REAL,
    ROWS,
    VECTORS,
    interpolation_weights,
    solve_radau,
)
from work_precision_tasks import Task, blocking_cell, solve_ours, task_of, total_current, voltage_step, whole_cell

TASKS = {"step of -65 mV": voltage_step, "blocking cell": blocking_cell}
# The error in time that the comparison with peers demands.
DEMANDED = 1e-4
# What keeps it in both tasks: tolerance, and the part of a step from which on it ends at the next output.
SETTING = (3e-5, 0.7)


@pytest.fixture(scope="module", params=TASKS)
def task(request: pytest.FixtureRequest) -> Task:
    return TASKS[request.param]()


# ---- times ----------------------------------------------------------------------------------------------------------


@pytest.mark.benchmark(group="transient")
def test_time_of_the_march(benchmark: BenchmarkFixture, task: Task) -> None:
    """Shown right by another method on the same problem: Radau IIA, ten times closer than is demanded."""
    reference = solve_radau(task, 1e-7, 0.02).values
    effort = benchmark(solve_ours, task, *SETTING)
    benchmark.extra_info.update(nodes=task.problem.mesh.nodes, steps=effort.steps)
    assert task.error(effort.values, reference) < DEMANDED


@pytest.mark.benchmark(group="transient")
@pytest.mark.parametrize("name", ["membrane_charging", "blocking_cell_charging"])
def test_time_of_the_whole_call_without_estimates(benchmark: BenchmarkFixture, name: str) -> None:
    """Shown right by the closed forms that the case expects: GHK and capacitors in series, and a Laplace transform."""
    case = ed.load_case(ed.bundled_case(name)).replace("study.error_estimates", False)
    transient = benchmark(ed.solve_transient, case)
    benchmark.extra_info.update(nodes=transient.frames[0].problem.mesh.nodes, steps=transient.steps.time.size)
    met = expected_of(case, transient.frames[-1].scalars())
    assert [one.quantity for one in met if not one.passed] == []
    assert len(met) >= 2


# ---- what is watched ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["membrane_charging", "blocking_cell_charging"])
def test_mean_conduction_is_the_total_current_of_the_solver(name: str) -> None:
    """Which is conduction and displacement through a face; the same states give both."""
    case = ed.load_case(ed.bundled_case(name)).replace("study.error_estimates", False)
    transient = ed.solve_transient(case)
    currents = [total_current(frame.problem, frame.state) for frame in transient.frames]
    largest = np.abs(transient.total_current_density).max()
    np.testing.assert_allclose(currents, transient.total_current_density, rtol=1e-6, atol=1e-9 * largest)


def test_a_wrong_current_is_seen(task: Task) -> None:
    reference = np.full(task.times.size, 1.0)
    other = reference.copy()
    other[3] *= 1 + 2 * DEMANDED
    assert task.error(other, reference) > DEMANDED


def test_a_task_is_one_in_time() -> None:
    with pytest.raises(TypeError, match=r"study.kind is 'steady'; expected 'transient'"):
        task_of(ed.load_case(ed.bundled_case("clamped_membrane")), "", total_current, "")


# ---- Radau IIA ------------------------------------------------------------------------------------------------------


def test_radau_weights_integrate_polynomials_up_to_the_fifth_order() -> None:
    for k in range(1, 6):
        assert MATRIX[2] @ NODES ** (k - 1) == pytest.approx(1 / k, rel=1e-14)
    assert abs(MATRIX[2] @ NODES**5 - 1 / 6) > 1e-3


def test_radau_stages_integrate_polynomials_up_to_the_third_order() -> None:
    for k in range(1, 4):
        np.testing.assert_allclose(MATRIX @ NODES ** (k - 1), NODES**k / k, rtol=1e-13)


def test_radau_matrix_is_joined_again_from_its_real_and_complex_parts() -> None:
    """Z = v_0 w_0 + 2 Re(v_1 w_1), and the inverse of the matrix multiplies w by its eigenvalues."""
    stages = np.array([0.3, -1.7, 0.9])
    real, complex_ = ROWS @ stages
    np.testing.assert_allclose((VECTORS[:, 0] * real + 2 * VECTORS[:, 1] * complex_).real, stages, rtol=1e-13)
    turned = (VECTORS[:, 0] * REAL * real + 2 * VECTORS[:, 1] * COMPLEX * complex_).real
    np.testing.assert_allclose(turned, np.linalg.solve(MATRIX, stages), rtol=1e-12)


def test_radau_error_estimate_is_zero_for_cubics_and_not_beyond() -> None:
    """dt (f(0) + ERROR . Z / dt) is the derivative at the start less that of the polynomial through the stages, scaled."""
    for k in range(1, 4):
        slope = 1.0 if k == 1 else 0.0
        assert slope + ERROR @ NODES**k == pytest.approx(0.0, abs=1e-13)
    assert abs(ERROR @ NODES**4) > 1e-2


@pytest.mark.parametrize("fraction", [-0.2, 0.35, 1.0, 1.8])
def test_radau_interpolates_cubics_that_start_at_zero(fraction: float) -> None:
    weights = interpolation_weights(fraction)
    for k in range(1, 4):
        assert weights @ NODES**k == pytest.approx(fraction**k, rel=1e-12)


def test_both_methods_agree_on_the_whole_cell() -> None:
    """Seventeen decades of time: the potential to a thousandth of the 0.01 mV that the case expects."""
    cell = whole_cell()
    difference = np.abs(solve_ours(cell, 1e-5, 0.25).values - solve_radau(cell, 1e-4, 0.02).values)
    assert difference.max() < 1e-3
    assert np.ptp(solve_ours(cell, 1e-5, 0.25).values) > 70.0


# ---- the residual that IDA gets -------------------------------------------------------------------------------------


def nodes_of(net: Net, values: np.ndarray) -> np.ndarray:
    """(N m,) with the potential amidst the ions of each node."""
    m = values.shape[1]
    return np.asarray(values[:, [*range(net.middle), m - 1, *range(net.middle, m - 1)]].ravel())


@pytest.mark.parametrize("make", [lambda: voltage_step(41), blocking_cell, whole_cell])
def test_band_is_the_derivative_of_the_residual(make: Callable[[], Task]) -> None:
    """dF/dy + cj dF/dy', each column by central differences at a random state; what is outside the band is zero."""
    task = make()
    net, state = net_of(task.problem), task.moment.state
    generator = np.random.default_rng(1)
    state = np.abs(state) * generator.uniform(0.5, 1.5, state.shape) + generator.uniform(0.0, 0.1, state.shape)
    y, cj, band = nodes_of(net, state), 0.7, state.shape[1] + max(net.middle, state.shape[1] - 1 - net.middle)
    columns = np.zeros((y.size, 3 * band + 1))
    fill_band(net, band, y, cj, columns)
    assert (columns[:, :band] == 0).all()
    for column in generator.choice(y.size, 60, replace=False):
        step = 1e-6 * max(abs(y[column]), 0.1)
        ends = []
        for sign in (1, -1):
            moved, rates, out = y.copy(), np.zeros_like(y), np.zeros_like(y)
            moved[column] += sign * step
            rates[column] = sign * step * cj
            fill_residual(net, moved, rates, out)
            ends.append(out)
        expected = (ends[0] - ends[1]) / (2 * step)
        found = np.zeros_like(y)
        for row in range(max(0, column - band), min(y.size, column + band + 1)):
            found[row] = columns[column, row - column + 2 * band]
        # 1e-7: what rounding of the residual leaves of a difference over 1e-6.
        scale = np.abs(found).max() + max(np.abs(one).max() for one in ends)
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-7 * scale)


def test_start_is_consistent(task: Task) -> None:
    """F(y, y') = 0 but for rounding, with rates that are not zero."""
    net, state = net_of(task.problem), task.moment.state
    rates = start_rates(task.problem, state)
    out = np.zeros(state.size)
    fill_residual(net, nodes_of(net, state), nodes_of(net, rates), out)
    flows = np.abs(net.volume * rates[:, :-1]).max()
    assert flows > 0
    assert np.abs(out).max() < 1e-10 * max(flows, 1.0)


def test_rates_of_the_start_are_those_of_a_short_march(task: Task) -> None:
    start, dt = task.moment.state, task.times[0] * 1e-4
    states: list[np.ndarray] = []

    def keep(_problem: Problem, state: np.ndarray) -> float:
        states.append(state)
        return 0.0

    solve_ours(replace(task, times=np.array([dt]), observe=keep), 1e-10, 0.25)
    rates = start_rates(task.problem, start)
    change = (states[0] - start) / dt
    # The rates themselves change by dt over the shortest time of the problem.
    np.testing.assert_allclose(change, rates, rtol=0.0, atol=1e-2 * np.abs(rates).max())


def test_the_peer_refuses_ions_of_finite_size() -> None:
    case = ed.load_case(ed.bundled_case("steric_electrode"))
    study = {"kind": "transient", "end": 1e-9, "protocol": []}
    task = task_of(case.changed({"study": study, "expect": []}), "", total_current, "")
    with pytest.raises(ValueError, match="point ions"):
        IdaPeer(task.problem, task.moment.state)
