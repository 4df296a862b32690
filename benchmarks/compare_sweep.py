"""Time sweeps against the numpy baseline, after their answers have been compared:  python benchmarks/compare_sweep.py

1. 101 voltages of `clamped_membrane`, net current to 1e-6 of itself or of its scale: points in lanes beside numpy and
   solve_banded, which gets the fewest nodes that are enough, the same graded mesh, warm starts, a loose stop of Newton's
   method, one preparation for all voltages, and LAPACK called directly if that is faster.
2. The lanes alone: time per node, Newton step and case.
3. Many points with concentrations, partition coefficients and potentials drawn at random, to 1e-5, on two threads; 200 of
   them are solved again one by one.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np

from baseline import Baseline, Floats, Method
from electrodiff import Case, NewtonOptions, bundled_case, load_case, solve
from electrodiff.fvm.kernels import lane_levels
from electrodiff.fvm.problem import Problem, build_problem
from electrodiff.grid.line import layered_line
from electrodiff.solvers.batch.solve import BatchResult, chain_points, solve_batch
from electrodiff.solvers.batch.stacks import Points, points_of
from electrodiff.solvers.guess import first_guess
from electrodiff.units import FARADAY

VOLTAGES = np.linspace(-0.12, 0.08, 101)
ACCURACY = 1e-6
# An update of this size is applied and leaves its square: enough for 1e-6.
LOOSE = NewtonOptions(tolerance=1e-4)
# Points of a chunk, as in `electrodiff run`.
CHUNK = 4096
RANDOM_ACCURACY = 1e-5
CHECKED = 200


class Curve(NamedTuple):
    """The baseline on one mesh, prepared for all voltages."""

    problem: Problem
    baseline: Baseline
    guess: Floats

    def currents(self) -> Floats:
        """Net current density at every voltage [A/m^2], each state the first guess of the next."""
        state, last = self.guess, self.baseline.pinned_target.size
        left = int(np.flatnonzero(self.baseline.pinned_state == self.problem.chain.free[:, 0].size * self._ions)[0])
        found = np.empty(VOLTAGES.size)
        for index, potential in enumerate(VOLTAGES / self.problem.scales.potential):
            self.baseline.pinned_target[left] = potential
            state = state.copy()
            state[0, -1] = potential
            state, _ = self.baseline.solve(state)
            found[index] = _current(self.problem, state)
        assert last
        return found

    @property
    def _ions(self) -> int:
        return len(self.problem.chain.valence)


def _current(problem: Problem, state: Floats) -> float:
    """The net current density [A/m^2]: for each ion (w(first) - w(last)) / R, w = a e^(z phi), R the sum over the faces."""
    z = np.array(problem.chain.valence)
    step = np.diff(state[:, -1])[:, None] * z
    size = np.abs(step)
    small = size < 1e-5
    safe = np.where(small, 1.0, size)
    plus = np.where(small, 1 - size / 2, safe / np.expm1(safe))
    bernoulli = np.where(step < 0, plus + size, plus)
    factor = np.exp((state[:, -1:] - state[0, -1]) * z)
    with np.errstate(divide="ignore"):
        resistance = (factor[:-1] / (problem.chain.conductance * bernoulli)).sum(axis=0)
    flux = (state[0, :-1] - state[-1, :-1] * factor[-1]) / resistance
    return float(flux @ z * FARADAY * problem.scales.flux)


def baseline_curve(case: Case, nodes: int, method: Method) -> Curve:
    """The baseline with so many nodes."""
    own = case.changed({"mesh.nodes": nodes, "left.potential": float(VOLTAGES[0])})
    problem = build_problem(own, layered_line(own).mesh())
    return Curve(problem, Baseline(problem, LOOSE, method), first_guess(problem))


def ours(points: Points) -> Floats:
    """The same in lanes, with error estimates."""
    return solve_batch(points, ["current_density"], range(0, points.count, chain_points(points.count))).values[:, 0]


def _points(case: Case) -> Points:
    points = points_of(case, ["left.potential"], VOLTAGES[:, None])
    if points is None:
        raise RuntimeError("the case has no place in lanes")
    return points


def fewest_nodes(case: Case, exact: Floats, scale: Floats) -> int:
    """The fewest nodes, in steps of a tenth, with which the baseline is as accurate as asked for at every voltage."""
    nodes = 101
    while True:
        error = np.abs(baseline_curve(case, nodes, "solve_banded").currents() - exact)
        if (error <= ACCURACY * scale).all():
            return nodes
        nodes = int(nodes * 1.1)


def compare_curves(seconds: float) -> None:
    """Part 1."""
    case = load_case(bundled_case("clamped_membrane")).changed({"expect": [], "mesh.accuracy": ACCURACY})
    exact = ours(_points(case.replace("mesh.accuracy", 1e-10)))
    scales = [solve(case.replace("left.potential", float(v))).readings.scales() for v in VOLTAGES[::25]]
    scale = np.maximum(np.abs(exact), min(each["current_density"] for each in scales))
    nodes = fewest_nodes(case, exact, scale)
    points = _points(case)
    contestants: dict[str, Callable[[], Floats]] = {
        f"numpy + solve_banded, {nodes} nodes": baseline_curve(case, nodes, "solve_banded").currents,
        f"numpy + LAPACK gbsv, {nodes} nodes": baseline_curve(case, nodes, "gbsv").currents,
        "lanes": lambda: ours(points),
    }
    times: dict[str, list[float]] = {name: [] for name in contestants}
    stop = time.perf_counter() + seconds
    while time.perf_counter() < stop:
        for name, contestant in contestants.items():
            start = time.perf_counter()
            found = contestant()
            times[name].append(time.perf_counter() - start)
            if not (np.abs(found - exact) <= ACCURACY * scale).all():
                raise RuntimeError(f"{name} misses the accuracy")
    medians = {name: statistics.median(each) for name, each in times.items()}
    print(f"101 voltages, net current to {ACCURACY:g} (medians of {len(times['lanes'])} turns)")
    for name, contestant in contestants.items():
        error = float((np.abs(contestant() - exact) / scale).max())
        ratio = medians[name] / medians["lanes"]
        print(f"  {name:40s} {1e3 * medians[name]:8.2f} ms   {ratio:6.1f} x   largest error {error:.1e}")


def time_lanes(seconds: float) -> None:
    """Part 2: the whole kernel on one thread, cold starts on one mesh of 1001 nodes and on the nested ones of part 1."""
    case = load_case(bundled_case("clamped_membrane")).changed({"expect": [], "mesh.accuracy": ACCURACY})
    points = points_of(case, ["left.potential"], np.linspace(-0.12, 0.08, 256)[:, None])
    assert points is not None
    kernel = lane_levels.solve_lanes
    costs: list[float] = []

    def timed(*arguments: Any) -> None:
        start = time.perf_counter()
        kernel(*arguments)
        wall = time.perf_counter() - start
        x, levels, steps = arguments[1].x, arguments[2], arguments[-1]
        nodes = (x.shape[2] - 1) // 2 ** np.arange(levels)[::-1] + 1
        # What all lanes take is what the slowest takes.
        costs.append(wall / float((steps.max(axis=3) * nodes).sum() * x.shape[3]))

    lane_levels.solve_lanes = timed
    stop = time.perf_counter() + seconds
    while time.perf_counter() < stop:
        solve_batch(points, ["current_density"], range(256))
    lane_levels.solve_lanes = kernel
    print(
        f"lanes, 4 ions: {1e9 * statistics.median(costs):.1f} ns per node, Newton step and case (best {1e9 * min(costs):.1f})"
    )


def random_points(count: int, seed: int = 1) -> tuple[Case, list[str], Floats]:
    """A case, keys, and their values (count, keys): log-random but for the potential."""
    case = load_case(bundled_case("clamped_membrane")).changed(
        {"expect": [], "mesh.accuracy": RANDOM_ACCURACY, "left.neutralise": "A", "right.neutralise": "Cl"}
    )
    ranges = {
        "left.concentrations.K": (10.0, 500.0),
        "left.concentrations.Na": (1.0, 100.0),
        "right.concentrations.K": (1.0, 100.0),
        "right.concentrations.Na": (10.0, 500.0),
        "layers.membrane.partition.K": (1e-6, 1e-2),
        "layers.membrane.partition.Na": (1e-6, 1e-2),
        "layers.membrane.partition.Cl": (1e-6, 1e-2),
    }
    rng = np.random.default_rng(seed)
    low, high = np.log(np.array(list(ranges.values()))).T
    values = np.exp(low + rng.random((count, low.size)) * (high - low))
    potentials = rng.uniform(-0.15, 0.15, (count, 1))
    return case, [*ranges, "left.potential"], np.concatenate([values, potentials], axis=1)


def solve_random(count: int, threads: int) -> tuple[float, list[BatchResult]]:
    """Seconds for so many random points, and the results of their chunks."""
    case, keys, values = random_points(count)
    names = ["current_density", *(f"flux.{ion}" for ion in case.ions)]

    def chunk(first: int) -> BatchResult:
        points = points_of(case, keys, values[first : first + CHUNK])
        assert points is not None
        return solve_batch(points, names, range(points.count))

    start = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        results = list(pool.map(chunk, range(0, count, CHUNK)))
    return time.perf_counter() - start, results


def time_random(count: int, threads: int) -> None:
    """Part 3."""
    wall, results = solve_random(count, threads)
    done = np.concatenate([result.done for result in results])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    print(
        f"{count} random points to {RANDOM_ACCURACY:g} on {threads} threads: {wall:.2f} s, {count / wall:.0f} a second, "
        f"{int((~done).sum())} left to the full solver, peak memory of the process {peak:.2f} GB"
    )
    return _check(count, results)


def _check(count: int, results: list[BatchResult]) -> None:
    """Solve some of the points again, one by one."""
    case, keys, values = random_points(count)
    found = np.concatenate([result.values for result in results])
    worst = 0.0
    for index in np.random.default_rng(2).choice(count, min(CHECKED, count), replace=False):
        one = solve(case.changed(dict(zip(keys, values[index].tolist(), strict=True))))
        scales = one.readings.scales()
        for value, name in zip(found[index], results[0].names, strict=True):
            scale = max(abs(one.scalars[name] or 0.0), scales[name])
            if scale == 0.0:
                # Of an ion that cannot cross.
                continue
            worst = max(worst, abs(value - (one.scalars[name] or 0.0)) / scale)
    print(f"  {min(CHECKED, count)} of them one by one: largest difference {worst:.1e} of the value or its scale")


def main() -> None:
    """Print all three parts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10.0, help="for each of the first two parts")
    parser.add_argument("--points", type=int, nargs="+", default=[100_000], help="of the third part, one run each")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    compare_curves(arguments.seconds)
    time_lanes(arguments.seconds / 2)
    for count in arguments.points:
        time_random(count, arguments.threads)


if __name__ == "__main__":
    main()
