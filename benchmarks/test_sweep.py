"""Benchmarks of curves and sweeps, each of answers that have been proved first."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

import electrodiff as ed
from compare_sweep import ACCURACY, VOLTAGES, baseline_curve, ours, random_points
from electrodiff.solvers.batch.solve import solve_batch
from electrodiff.solvers.batch.stacks import points_of

RANDOM = 4096
CHECKED = 10


def _membrane() -> ed.Case:
    return ed.load_case(ed.bundled_case("clamped_membrane")).changed({"expect": [], "mesh.accuracy": ACCURACY})


@pytest.mark.benchmark(group="iv")
def test_time_of_101_voltages_in_lanes(benchmark: BenchmarkFixture) -> None:
    """Numpy's baseline, of second order, gives the same from its values on two meshes."""
    case = _membrane()
    points = points_of(case, ["left.potential"], VOLTAGES[:, None])
    assert points is not None
    found = benchmark(ours, points)
    coarse, fine = (baseline_curve(case, nodes, "gbsv") for nodes in (401, 801))
    # Of their own numbers of nodes, which are not in the ratio 2.
    ratio = ((fine.problem.mesh.nodes - 1) / (coarse.problem.mesh.nodes - 1)) ** 2
    currents = coarse.currents(), fine.currents()
    expected = currents[1] + (currents[1] - currents[0]) / (ratio - 1)
    scale = np.maximum(np.abs(expected), np.abs(expected).max() / 10)
    assert (np.abs(found - expected) <= 2 * ACCURACY * scale).all()


@pytest.mark.benchmark(group="iv")
def test_time_of_an_iv_study(benchmark: BenchmarkFixture) -> None:
    """The whole call with its reversal potential, which is where the current of a floating end is zero."""
    case = ed.load_case(ed.bundled_case("iv_curve")).replace("expect", [])
    pedantic: Any = benchmark.pedantic
    curve = pedantic(ed.solve_iv, (case,), rounds=3, warmup_rounds=1)
    benchmark.extra_info.update(voltages=curve.voltage.size)
    floating = ed.solve(case.changed({"study": {"kind": "steady"}, "left.potential": "floating"}))
    assert curve.reversal_potential == pytest.approx(floating.membrane_potential, abs=2e-8)


@pytest.mark.benchmark(group="sweep")
def test_time_of_random_points_in_lanes(benchmark: BenchmarkFixture) -> None:
    """Some of them solved again one by one."""
    case, keys, values = random_points(RANDOM)
    points = points_of(case, keys, values)
    assert points is not None
    names = ["current_density"]
    result = benchmark(solve_batch, points, names, range(points.count))
    benchmark.extra_info.update(points=points.count, nodes=int(result.nodes.max()))
    assert result.done.all()
    for index in np.random.default_rng(3).choice(points.count, CHECKED, replace=False):
        one = ed.solve(case.changed(dict(zip(keys, values[index].tolist(), strict=True))))
        scale = max(abs(one.current_density), one.readings.scales()["current_density"])
        assert abs(result.values[index, 0] - one.current_density) <= 2 * case.mesh.accuracy * scale
