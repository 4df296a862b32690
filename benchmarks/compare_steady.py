"""Time the numba core and the numpy baseline side by side on one membrane:  python benchmarks/compare_steady.py

They take turns, so that a noisy machine disturbs both alike and the ratio of their medians means something.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from baseline import Baseline, Floats
from electrodiff import Case, NewtonOptions, bundled_case, load_case
from electrodiff.fvm.problem import Problem, build_problem
from electrodiff.grid.line import layered_line
from electrodiff.readings import Readings
from electrodiff.solvers.guess import first_guess
from electrodiff.solvers.newton import Status, solve_newton

OPTIONS = NewtonOptions()
NODES = 1001
# Both stop after an update of at most 1e-9, which is applied, and Newton converges quadratically: round-off is left.
AGREEMENT = 1e-9
SECONDS = 10.0
# Solves in a row in one turn: enough for the caches to be the solver's own.
SOLVES = 10

Solver = Callable[[], tuple[Floats, int]]


class Difference(NamedTuple):
    """Largest differences between two states of one problem."""

    activity: float
    """Relative to itself; to the activity floor where it is below that, as in Newton's method."""
    potential: float
    """In R T / F."""
    current: float
    """Of the membrane current, relative."""


@dataclass(frozen=True)
class Contest:
    """One problem and the solvers that compete in it: each takes its first guess to its state and number of steps."""

    problem: Problem
    guess: Floats
    solvers: dict[str, Solver]
    steps: int
    """Newton steps, the same for all."""
    difference: Difference
    """The largest differences of any solver from the first."""


def steady_case(nodes: int = NODES) -> Case:
    """A membrane between two baths, clamped at -65 mV, with four ions."""
    return load_case(bundled_case("clamped_membrane")).replace("mesh.nodes", nodes)


def prepare_contest(case: Case) -> Contest:
    """The solvers of a case: prepared, compiled, and shown to agree.  Raises RuntimeError if they do not."""
    _keep_freed_memory()
    problem = build_problem(case, layered_line(case).mesh())
    guess = first_guess(problem)
    solvers = _solvers(problem, guess)
    results = [solver() for solver in solvers.values()]
    (reference, steps), *others = results
    differences = [compare_states(problem, reference, state) for state, _ in others]
    for name, (_, own_steps), difference in zip(list(solvers)[1:], others, differences, strict=True):
        if own_steps != steps or not max(difference) <= AGREEMENT:
            raise RuntimeError(f"{name}: {own_steps} steps instead of {steps}, and {difference}")
    return Contest(problem, guess, solvers, steps, Difference(*np.max(differences, axis=0).tolist()))


def _solvers(problem: Problem, guess: Floats) -> dict[str, Solver]:
    banded = Baseline(problem, OPTIONS, "solve_banded")
    lapack = Baseline(problem, OPTIONS, "gbsv")

    def core() -> tuple[Floats, int]:
        result = solve_newton(problem, guess, OPTIONS)
        if result.status is not Status.CONVERGED:
            raise RuntimeError(f"the numba core {result.status.value}")
        return result.state, result.iterations

    return {
        "numba core": core,
        "numpy + scipy.linalg.solve_banded": lambda: banded.solve(guess),
        "numpy + LAPACK gbsv": lambda: lapack.solve(guess),
    }


def compare_states(problem: Problem, state: Floats, other: Floats) -> Difference:
    """How far two states (N, m) of a problem are apart."""
    floor = OPTIONS.activity_floor * float(problem.chain.target[:, :-1].max())
    activity = np.abs(other - state)[:, :-1] / np.maximum(np.abs(state[:, :-1]), floor)
    potential = np.abs(other - state)[:, -1]
    currents = [_current(problem, each) for each in (state, other)]
    return Difference(float(activity.max()), float(potential.max()), abs(currents[1] / currents[0] - 1))


def _current(problem: Problem, state: Floats) -> float:
    return Readings(problem, state, gate=np.zeros(0)).current_density


def bytes_per_node(problem: Problem) -> float:
    """Memory of the numba core per node: the problem's arrays, the state, and Newton's arrays.

    The last are, with m = n + 1 and p border unknowns, the upper blocks (N, m, m), the right-hand sides (N, m, 1 + p),
    the rows of the border (p, N, m) and what its columns send through the faces (N, p, m); with a border also copies of
    the targets, of the conductances and of what is carried.
    """
    nodes, m = problem.chain.free.shape
    p = problem.border.kind.size
    arrays = sum(array.nbytes for array in (*problem.chain, *problem.border) if isinstance(array, np.ndarray))
    copies = m + 2 * (m - 1) if p else 0
    work = m * (m + (1 + p) + p + p)
    total: float = arrays / nodes + np.dtype(float).itemsize * (m + copies + work)
    return total


def _keep_freed_memory() -> None:
    """Have the C library keep freed arrays for the next step: the best setting of the baseline.

    Until it has seen a larger block freed, glibc may hand the megabytes that solve_banded frees in each step back to
    the system, and the next step fills new pages: 1400 page faults a solve, which double its time.
    """
    np.ones(2**21).sum()


def take_turns(contest: Contest, seconds: float = SECONDS) -> dict[str, list[float]]:
    """Times [s] of every solver; they take turns for so many seconds."""
    times: dict[str, list[float]] = {name: [] for name in contest.solvers}
    stop = time.perf_counter() + seconds
    while time.perf_counter() < stop:
        for name, solver in contest.solvers.items():
            for _ in range(SOLVES):
                start = time.perf_counter()
                solver()
                times[name].append(time.perf_counter() - start)
    return times


def main() -> None:
    """Print the table."""
    contest = prepare_contest(steady_case())
    problem, difference = contest.problem, contest.difference
    ions = len(problem.case.ions)
    print(f"clamped_membrane, {problem.mesh.nodes} nodes, {ions} ions, {contest.steps} Newton steps each")
    print(
        f"largest differences: activities {difference.activity:.1e}, potential {difference.potential:.1e} RT/F, "
        f"current {difference.current:.1e} (demanded: {AGREEMENT:.0e})"
    )
    print(f"numba core: {bytes_per_node(problem):.0f} bytes per node\n")
    medians = {name: 1e3 * statistics.median(times) for name, times in take_turns(contest).items()}
    core = next(iter(medians.values()))
    print(f"{'':34}{'median [ms]':>12}{'per step [ms]':>15}{'ratio':>8}")
    for name, median in medians.items():
        print(f"{name:34}{median:12.3f}{median / contest.steps:15.3f}{median / core:8.2f}")


if __name__ == "__main__":
    main()
