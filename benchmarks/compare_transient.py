"""Time the march and SUNDIALS IDA side by side on one voltage step:  python benchmarks/compare_transient.py

The membrane of `clamped_membrane` is steady at 0 mV; at t = 0 its left end is stepped to -65 mV, and the total current
density is wanted at 61 times from 1 ps to 1 us.  Each solver has the loosest of its tolerances that keeps the error below
1e-4, in its fastest setting; they take turns, so that a noisy machine disturbs both alike.

SUNDIALS comes with scikit-sundae, which is no dependency of the project:  make bench-peers
"""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from electrodiff.fvm.kernels.arrays import Floats
from electrodiff.fvm.kernels.arrivals import AMOUNT, Held, arrive, fill_currents
from electrodiff.fvm.kernels.points import factor_points, stage_backward
from electrodiff.fvm.kernels.rosenbrock import step_point_ions
from electrodiff.fvm.kernels.stages import listed_course
from electrodiff.solvers import march as marching
from electrodiff.solvers.rodas import STAGES, TABLEAU
from ida_peer import HOW_TO_GET, IS_INSTALLED, IdaPeer, Tolerances, fill_band, fill_residual
from work_precision_tasks import Effort, Task, constant_ends, solve_ours, voltage_step

DEMANDED = 1e-4
# What the errors are measured against: a run with a hundredth of the tolerance of the best of ours, or tighter.
REFERENCE = (1e-9, 0.25)
# What IDA is asked for, to show that both solve the same equations, and how closely they must agree.
STRICT, AGREEMENT = Tolerances(1e-11, 1e-13, 1e-14), 1e-6
SECONDS = 20.0
# Of each setting that keeps the error, to find the fastest.
TRIALS = 3
# Repetitions of one part of a step.
COUNT = 200
ALL = "all of the compiled step"
BALANCE = "total current of the step along x, and its error"
END = "end, error, and current amidst the step"

# The march: tolerances, and the part of a step from which on it ends at the next output instead of interpolating it.
OURS = tuple(
    itertools.product((1e-3, 5e-4, 3e-4, 2e-4, 1.5e-4, 1e-4, 7e-5, 5e-5, 3e-5), (0.25, 0.4, 0.5, 0.6, 0.7, 0.8))
)
# IDA: of the unknowns the potential asks for the most, as the current in the baths hangs on its small differences.
PEERS = tuple(
    Tolerances(*each)
    for each in itertools.product(
        (1e-5, 3e-6, 1e-6, 3e-7, 1e-7), (1e-4, 1e-6, 1e-8), (1e-9, 3e-10, 1e-10, 3e-11), (0.25, 0.1)
    )
)

Solver = Callable[[], Effort]


class Entry(NamedTuple):
    """A solver in its fastest setting that keeps the error."""

    name: str
    setting: str
    solve: Solver
    error: float


def best_setting(name: str, solvers: dict[str, Solver], task: Task, reference: Floats) -> Entry:
    """The fastest of the settings of a solver that keep the error.  Raises RuntimeError if none does."""
    found: list[tuple[float, Entry]] = []
    for setting, solve in solvers.items():
        error = task.error(solve().values, reference)
        if error < DEMANDED:
            found.append((min(processor_time(solve) for _ in range(TRIALS)), Entry(name, setting, solve, error)))
    if not found:
        raise RuntimeError(f"{name}: no setting keeps the error below {DEMANDED:.0e}")
    return min(found, key=lambda one: one[0])[1]


def our_entry(task: Task, reference: Floats) -> Entry:
    """Ours."""

    def solver(tolerance: float, close: float) -> Solver:
        return lambda: solve_ours(task, tolerance, close)

    solvers = {f"tolerance {one:.0e}, outputs met from {close} of a step on": solver(one, close) for one, close in OURS}
    return best_setting("electrodiff", solvers, task, reference)


def solve_peer(task: Task, peer: IdaPeer, tolerances: Tolerances) -> Effort:
    """The values by SUNDIALS IDA."""
    course = peer.run(tolerances, task.times)
    return Effort(task.values(course.states), course.steps, course.factorisations, course.evaluations)


def peer_entry(task: Task, reference: Floats) -> Entry:
    """SUNDIALS IDA.  Raises RuntimeError if it solves other equations than we do."""
    solvers: dict[str, Solver] = {}

    def solver(peer: IdaPeer, tolerances: Tolerances) -> Solver:
        return lambda: solve_peer(task, peer, tolerances)

    for name, has_lapack in (("own band solver", False), ("LAPACK", True)):
        peer = IdaPeer(task.problem, task.moment.state, has_lapack)
        difference = task.error(solve_peer(task, peer, STRICT).values, reference)
        print(f"SUNDIALS IDA with {name}: differs by {difference:.1e} at relative tolerance {STRICT.relative:.0e}")
        if not difference < AGREEMENT:
            raise RuntimeError(f"SUNDIALS IDA differs by {difference:.1e}; expected less than {AGREEMENT:.0e}")
        for one in PEERS:
            solvers[f"{name}, " + ", ".join(f"{key} {value:.3g}" for key, value in one._asdict().items())] = solver(
                peer, one
            )
    return best_setting("SUNDIALS IDA", solvers, task, reference)


def processor_time(solve: Callable[[], object]) -> float:
    """Of one call [s]."""
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


def shares(task: Task) -> dict[str, float]:
    """Processor time [s] of each part of one step of the march, by repetition."""
    problem, moment = task.problem, task.moment
    chain, state, dt = problem.chain, moment.state, 1e3 * moment.step
    work = marching._work(problem)
    courses = listed_course(chain, problem.border, chain.conductance, TABLEAU, work)
    given = marching._given(problem, constant_ends(problem), 0.0, dt)
    rate, found = 1.0 / (TABLEAU.gamma * dt), np.empty(AMOUNT + moment.content.shape[1])
    start, end = Held(state, moment.content, moment.passed, moment.gate), marching._empty(moment)

    def stages(part: Callable[[int], object]) -> None:
        for i in range(STAGES):
            part(i)

    parts: dict[str, Callable[[], object]] = {
        ALL: lambda: step_point_ions(courses, given, dt, state, moment.gate, moment.content),
        "factors of the Jacobian": lambda: factor_points(chain, state, rate, work.points),
        "stages, back substitution": lambda: stages(
            lambda i: stage_backward(chain.valence, work.points, state, work.update, work.k[i])
        ),
        BALANCE: lambda: fill_currents(chain, problem.border, False, TABLEAU, dt, state, work, found),
        END: lambda: arrive(courses, False, given, dt, 1e-6, True, start, end, found),
    }
    times = {}
    for name, part in parts.items():
        part()  # compiled
        times[name] = processor_time(lambda p=part: [p() for _ in range(COUNT)]) / COUNT  # type: ignore[misc]
    rest = times[ALL] - times["factors of the Jacobian"] - times["stages, back substitution"]
    times["stages, forward: states, flows, elimination"] = rest
    times[END] -= times[BALANCE]
    return times


def print_shares(task: Task, entry: Entry, total: float) -> None:
    """Where our time goes: the parts of the compiled steps, and what is left to Python and to the outputs."""
    effort = entry.solve()
    times = {name: one * effort.factorisations for name, one in shares(task).items()}
    compiled = times.pop(ALL) + times[END] + times[BALANCE]
    values = processor_time(lambda: [task.observe(task.problem, task.moment.state) for _ in task.times])
    times[f"{task.times.size} currents"] = values
    times["Python around the steps, and interpolation"] = total - compiled - values
    print(f"\nOf {1e3 * total:.1f} ms of electrodiff, {effort.factorisations} steps:")
    for name, one in sorted(times.items(), key=lambda row: -row[1]):
        print(f"{1e3 * one:8.2f} ms {one / total:5.0%}   {name}")


def print_peer_shares(task: Task, entry: Entry, total: float) -> None:
    """What of IDA's time is not its own: residuals, Jacobians, and what Python takes to call it and to read its answers."""
    effort = entry.solve()
    peer = IdaPeer(task.problem, task.moment.state)
    band = np.zeros((peer.start.size, 3 * peer.band + 1))
    out, states = np.zeros_like(peer.start), np.zeros((task.times.size, *task.moment.state.shape))
    parts: dict[str, tuple[int, Callable[[], object]]] = {
        "residuals": (effort.evaluations, lambda: fill_residual(peer.net, peer.start, peer.rates, out)),
        "Jacobians": (effort.factorisations, lambda: fill_band(peer.net, peer.band, peer.start, 1.0, band)),
        "calls from Python": (task.times.size, lambda: peer.count("NumSteps")),
        f"{task.times.size} currents": (1, lambda: task.values(states)),
    }
    peer.run(STRICT, task.times[:1])
    print(f"\nOf {1e3 * total:.1f} ms of SUNDIALS IDA:")
    for name, (times, part) in parts.items():
        part()
        each = processor_time(lambda p=part: [p() for _ in range(COUNT)]) / COUNT  # type: ignore[misc]
        print(f"{1e3 * each * times:8.2f} ms {each * times / total:5.0%}   {name}")


def main() -> None:
    """Print the table."""
    task = voltage_step()
    reference = solve_ours(task, *REFERENCE).values
    nodes = task.problem.mesh.nodes
    print(f"Step to -65 mV on clamped_membrane, {nodes} nodes, currents at {task.times.size} times from 1 ps to 1 us")
    print("A/m^2 at 10^(-12, -9, -8, -7, -6) s:", ", ".join(f"{reference[k]:.4g}" for k in (0, 30, 40, 50, 60)))
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
    print_shares(task, entries[0], ours[1])
    for peer in entries[1:]:
        print_peer_shares(task, peer, medians[peer.name][1])


if __name__ == "__main__":
    main()
