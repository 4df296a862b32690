"""Benchmarks of the compiled kernels alone, each of an answer that has been proved first."""

from __future__ import annotations

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

import electrodiff as ed
from baseline import Baseline
from compare_steady import AGREEMENT, OPTIONS, compare_states, prepare_contest, steady_case
from electrodiff.fvm.kernels.vectors import LANES
from electrodiff.fvm.problem import build_problem
from electrodiff.grid.line import layered_line
from electrodiff.solvers.batch.solve import Batch
from electrodiff.solvers.batch.stacks import points_of
from electrodiff.solvers.guess import first_guess
from electrodiff.solvers.newton import Status, solve_newton

VOLTAGES = np.linspace(-0.12, 0.08, 4 * LANES)
ACCURACY = 1e-6


@pytest.mark.benchmark(group="kernel")
@pytest.mark.parametrize("nodes", [1001, 10_001, 100_001])
def test_time_of_newton_on_one_mesh(benchmark: BenchmarkFixture, nodes: int) -> None:
    """The state agrees with that of the numpy baseline on the same mesh."""
    contest = prepare_contest(steady_case(nodes))
    result = benchmark(solve_newton, contest.problem, contest.guess, OPTIONS)
    benchmark.extra_info.update(nodes=nodes, steps=result.iterations)
    assert result.status is Status.CONVERGED
    other, _ = contest.solvers["numpy + LAPACK gbsv"]()
    assert max(compare_states(contest.problem, result.state, other)) <= AGREEMENT


@pytest.mark.benchmark(group="kernel")
def test_time_of_newton_with_a_floating_potential(benchmark: BenchmarkFixture) -> None:
    """A border unknown.  Clamped at the potential that it finds, the numpy baseline finds the same state."""
    case = steady_case().replace("left.potential", "floating")
    problem = build_problem(case, layered_line(case).mesh())
    result = benchmark(solve_newton, problem, first_guess(problem), OPTIONS)
    benchmark.extra_info.update(nodes=problem.mesh.nodes, steps=result.iterations)
    potential = float(result.state[0, -1] - result.state[-1, -1]) * problem.scales.potential
    clamped = build_problem(case.replace("left.potential", potential), problem.mesh)
    state, _ = Baseline(clamped, OPTIONS, "gbsv").solve(first_guess(clamped))
    # The one counts from the potential of its left end, the other from that of its right end.
    found = result.state - np.append(np.zeros(len(case.ions)), result.state[-1, -1])
    difference = compare_states(clamped, state, found)
    assert max(difference.activity, difference.potential) <= AGREEMENT


@pytest.mark.benchmark(group="kernel")
def test_time_of_prepared_lanes(benchmark: BenchmarkFixture) -> None:
    """Four chains in each lane, to scalars with their estimates, which hold against meshes ten times as accurate."""
    case = steady_case().changed({"expect": [], "mesh.nodes": None, "mesh.accuracy": ACCURACY})
    batch, strict = (_batch(case.replace("mesh.accuracy", wanted)) for wanted in (ACCURACY, 1e-3 * ACCURACY))
    found, exact = benchmark(batch.solve), strict.solve()
    benchmark.extra_info.update(points=VOLTAGES.size, steps=int(found.iterations.sum()))
    assert found.done.all()
    assert exact.done.all()
    assert (np.abs(found.values - exact.values) <= 3 * found.errors + exact.errors).all()


def _batch(case: ed.Case) -> Batch:
    points = points_of(case, ["left.potential"], VOLTAGES[:, None])
    assert points is not None
    return Batch(points, ["current_density"], range(0, VOLTAGES.size, VOLTAGES.size // LANES))
