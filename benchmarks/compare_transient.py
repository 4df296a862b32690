"""Time the march and SUNDIALS IDA side by side on one voltage step:  python benchmarks/compare_transient.py

The membrane of `clamped_membrane` is steady at 0 mV; at t = 0 its left end is stepped to -65 mV, and the total current
density is wanted at 61 times from 1 ps to 1 us.  Each solver has the loosest of its tolerances that keeps the error below
1e-4, in its fastest setting; they take turns, so that a noisy machine disturbs both alike.

SUNDIALS comes with scikit-sundae, which is no dependency of the project:  pip install scikit-sundae
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from electrodiff import NewtonOptions, bundled_case, load_case
from electrodiff.fvm.kernels.arrays import Floats
from electrodiff.fvm.kernels.factors import fill_flows
from electrodiff.fvm.problem import Problem, build_problem
from electrodiff.grid.line import layered_line
from electrodiff.solvers.march import Ends, MarchOptions, Moment, free_amounts, march
from electrodiff.solvers.robust import solve_robustly
from electrodiff.solvers.rodas import interpolated
from electrodiff.solvers.starts import after_jump, start_of
from electrodiff.units import FARADAY
from ida_peer import HOW_TO_GET, IS_INSTALLED, IdaPeer, Tolerances

NODES = 1001
TIMES = np.logspace(-12, -6, 61)
# A current below this [A/m^2], a tenth of the steady one, need not be known better than to the same part of it.
FLOOR = 0.02
DEMANDED = 1e-4
# What the errors are measured against: a run with a hundredth of the tolerance of ours that is fast enough, or tighter.
REFERENCE = 1e-8
SECONDS = 20.0

# The march: tolerances, and the part of a step from which on it ends at the next output instead of interpolating it.
OURS = [(tolerance, close) for tolerance in (1e-2, 1e-3, 3e-4, 1e-4, 3e-5) for close in (0.25, 0.5)]
# IDA: of the unknowns the potential asks for the most, as the current in the baths hangs on its small differences.
PEERS = [
    Tolerances(relative, activity, potential)
    for relative in (1e-5, 1e-6, 3e-7, 1e-7, 1e-8)
    for activity in (1e-6, 1e-8, 1e-10)
    for potential in (1e-9, 3e-10, 1e-10, 3e-11)
]


class Effort(NamedTuple):
    """What a run took."""

    currents: Floats
    """[A/m^2] (T,)"""
    steps: int
    factorisations: int
    evaluations: int
    """Of the flows, or of the residual."""


@dataclass(frozen=True)
class VoltageStep:
    """The problem after the step, and the moment just after it."""

    problem: Problem
    moment: Moment
    times: Floats
    """(T,) of the outputs, in units of the problem."""

    def current(self, state: Floats) -> float:
        """Total current density [A/m^2]: as the ends are clamped, the mean of the conduction, each face weighted with its
        share of the potential difference in a dielectric (W. Shockley, J. Appl. Phys. 9 (1938) 635; S. Ramo, 1939)."""
        chain = self.problem.chain
        flow, content = np.empty_like(state), np.empty_like(state)
        fill_flows(chain, state, flow, content)
        weight = 1.0 / chain.permittivity
        mean = weight @ (flow[:-1, :-1] @ np.array(chain.valence)) / weight.sum()
        return float(mean * FARADAY * self.problem.scales.flux)


def voltage_step(nodes: int = NODES) -> VoltageStep:
    """The step of -65 mV, prepared."""
    case = load_case(bundled_case("clamped_membrane")).replace("mesh.nodes", nodes)
    before = case.replace("left.potential", "0 mV")
    mesh = layered_line(case).mesh()
    steady = solve_robustly(build_problem(before, mesh), None, NewtonOptions())
    problem = free_amounts(build_problem(case, mesh))
    start = start_of(free_amounts(build_problem(before, mesh)), steady.result.state)
    return VoltageStep(problem, after_jump(problem, start), TIMES / problem.scales.time)


def constant_ends(problem: Problem) -> Ends:
    """The ends as they are given in a problem, at all times."""
    target, charge = problem.chain.target[[0, -1]], problem.chain.surface_charge[[0, -1]]

    def at(times: Floats) -> tuple[Floats, Floats, Floats]:
        count = len(times)
        return np.repeat(target[None], count, axis=0), np.repeat(charge[None], count, axis=0), np.zeros(count)

    return Ends(at, is_constant=True)


def march_states(
    problem: Problem, moment: Moment, times: Floats, tolerance: float, close: float
) -> Iterable[tuple[Floats, Moment]]:
    """The states at the times, and the moment that each was found at the latest."""

    def meet(now: Moment) -> float:
        following = int(np.searchsorted(times, now.time + close * now.step))
        return float(times[min(following, times.size - 1)])

    done = 0
    for step in march(
        problem, constant_ends(problem), moment, float(times[-1]), MarchOptions(tolerance=tolerance), meet
    ):
        while done < times.size and times[done] <= step.end.time:
            fraction = (times[done] - step.start.time) / (step.end.time - step.start.time)
            if fraction < 1:
                yield interpolated(fraction, step.start.state, step.end.state, step.stages), step.end
            else:
                yield step.end.state, step.end
            done += 1


def solve_ours(task: VoltageStep, tolerance: float, close: float) -> Effort:
    """The currents by the march."""
    currents, last = [], task.moment
    for state, last in march_states(task.problem, task.moment, task.times, tolerance, close):  # noqa: B007
        currents.append(task.current(state))
    tried = last.steps + last.rejected
    return Effort(np.array(currents), last.steps, tried, 8 * tried)


def error_of(currents: Floats, reference: Floats) -> float:
    """The largest error of a current, over itself or over what counts as zero."""
    return float(np.max(np.abs(currents - reference) / np.maximum(np.abs(reference), FLOOR)))


Solver = Callable[[], Effort]


class Entry(NamedTuple):
    """A solver in its fastest setting that keeps the error."""

    name: str
    setting: str
    solve: Solver
    error: float


def best_setting(name: str, solvers: dict[str, Solver], reference: Floats) -> Entry:
    """The fastest of the settings of a solver that keep the error.  Raises RuntimeError if none does."""
    found: list[tuple[float, Entry]] = []
    for setting, solve in solvers.items():
        error = error_of(solve().currents, reference)
        if error < DEMANDED:
            found.append((min(_processor_time(solve) for _ in range(3)), Entry(name, setting, solve, error)))
    if not found:
        raise RuntimeError(f"{name}: no setting keeps the error below {DEMANDED:.0e}")
    return min(found, key=lambda one: one[0])[1]


def our_entry(task: VoltageStep, reference: Floats) -> Entry:
    """Ours."""
    solvers: dict[str, Solver] = {
        f"tolerance {tolerance:.0e}, output met from {close} of a step on": lambda t=tolerance, c=close: solve_ours(  # type: ignore[misc]
            task, t, c
        )
        for tolerance, close in OURS
    }
    return best_setting("electrodiff", solvers, reference)


def peer_entry(task: VoltageStep, reference: Floats) -> Entry:
    """SUNDIALS IDA."""
    peer = IdaPeer(task.problem, task.moment.state)

    def prepared(tolerances: Tolerances) -> Solver:
        solver = peer.solver(tolerances)
        steps = peer.steps(tolerances, float(task.times[-1]))

        def solve() -> Effort:
            course = peer.run(solver, task.times)
            currents = np.array([task.current(state) for state in course.states])
            return Effort(currents, steps, course.factorisations, course.evaluations)

        return solve

    solvers = {
        f"relative {one.relative:.0e}, activity {one.activity:.0e}, potential {one.potential:.0e}": prepared(one)
        for one in PEERS
    }
    return best_setting("SUNDIALS IDA", solvers, reference)


def reference_currents(task: VoltageStep) -> Floats:
    """By the march with a tolerance that is far below all that compete."""
    return solve_ours(task, REFERENCE, 0.25).currents


def _processor_time(solve: Solver) -> float:
    start = time.process_time()
    solve()
    return time.process_time() - start


def take_turns(entries: list[Entry], seconds: float = SECONDS) -> dict[str, tuple[float, float]]:
    """Median times [s] of every solver, by the clock and of the processor; they take turns for so many seconds."""
    times: dict[str, list[tuple[float, float]]] = {entry.name: [] for entry in entries}
    stop = time.perf_counter() + seconds
    while time.perf_counter() < stop:
        for entry in entries:
            start, start_processor = time.perf_counter(), time.process_time()
            entry.solve()
            times[entry.name].append((time.perf_counter() - start, time.process_time() - start_processor))
    return {
        name: (statistics.median(wall for wall, _ in each), statistics.median(cpu for _, cpu in each))
        for name, each in times.items()
    }


def main() -> None:
    """Print the table."""
    task = voltage_step()
    reference = reference_currents(task)
    print(f"Step to -65 mV on clamped_membrane, {NODES} nodes, currents at {TIMES.size} times from 1 ps to 1 us")
    shown = {round(float(np.log10(TIMES[k]))): f"{reference[k]:.4g}" for k in (0, 30, 40, 50, 60)}
    print("A/m^2 at 10^(-12, -9, -8, -7, -6) s:", ", ".join(shown.values()))
    entries = [our_entry(task, reference)]
    if IS_INSTALLED:
        entries.append(peer_entry(task, reference))
    else:
        print(HOW_TO_GET)
    medians = take_turns(entries)
    ours = medians[entries[0].name]
    print(f"\n{'':14}{'ms':>8}{'CPU ms':>8}{'ratio':>7}{'CPU':>6}{'steps':>7}{'factored':>10}{'flows':>7}{'error':>9}")
    for entry in entries:
        wall, cpu = medians[entry.name]
        effort = entry.solve()
        print(
            f"{entry.name:14}{1e3 * wall:8.1f}{1e3 * cpu:8.1f}{wall / ours[0]:7.2f}{cpu / ours[1]:6.2f}{effort.steps:7}"
            f"{effort.factorisations:10}{effort.evaluations:7}{entry.error:9.1e}   {entry.setting}"
        )


if __name__ == "__main__":
    main()
