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
from electrodiff import bundled_case, bundled_cases, load_case
from electrodiff.fvm.problem import Problem, build_problem
from electrodiff.grid.line import layered_line
from electrodiff.model import Case
from electrodiff.solution import Solution
from electrodiff.solvers.guess import first_guess
from electrodiff.solvers.newton import NewtonOptions, solve_newton

OPTIONS = NewtonOptions()
# Both stop after an update of at most 1e-9, which is applied: what is left is round-off.
AGREEMENT = 1e-9
SECONDS = 10.0
# Solves in a row in one turn: enough for the caches to be the solver's own.
TURN = 10


class Agreement(NamedTuple):
    """Largest differences between two states of one problem."""

    activity: float
    """Relative; an activity below the activity floor is compared with the floor, as in Newton's method."""
    potential: float
    """In R T / F."""
    current: float
    """Relative difference of the membrane current."""


@dataclass(frozen=True)
class Contest:
    """One problem, its first guess, and the solvers that compete: each returns state and number of Newton steps."""

    problem: Problem
    guess: Floats
    solvers: dict[str, Callable[[], tuple[Floats, int]]]


def steady_case(nodes: int = 1001) -> Case:
    """A membrane between two baths at -65 mV with four ions."""
    if "clamped_membrane" in bundled_cases():
        case = load_case(bundled_case("clamped_membrane"))
    else:
        case = load_case(bundled_case("resting_potential")).replace("left.potential", "-65 mV")
    return case.replace("mesh.nodes", nodes)


def contest(case: Case) -> Contest:
    """The solvers of a case, prepared, compiled and shown to agree.  Raises RuntimeError if they do not."""
    _keep_freed_memory()
    problem = build_problem(case, layered_line(case))
    guess = first_guess(problem)
    banded = Baseline(problem, OPTIONS, "solve_banded")
    lapack = Baseline(problem, OPTIONS, "gbsv")

    def core() -> tuple[Floats, int]:
        result = solve_newton(problem, guess, OPTIONS)
        return result.state, result.iterations

    solvers = {
        "numba core": core,
        "numpy + solve_banded": lambda: banded.solve(guess),
        "numpy + LAPACK gbsv": lambda: lapack.solve(guess),
    }
    reference = core()
    for name, solver in solvers.items():
        state, steps = solver()
        difference = agreement(problem, reference[0], state)
        if not max(difference) <= AGREEMENT or steps != reference[1]:
            raise RuntimeError(f"{name} disagrees with the numba core after {steps} steps: {difference}")
    return Contest(problem, guess, solvers)


def agreement(problem: Problem, state: Floats, other: Floats) -> Agreement:
    """How far two states (N, m) of a problem are apart."""
    activity = np.abs(other - state)[:, :-1] / np.maximum(np.abs(state[:, :-1]), OPTIONS.activity_floor)
    potential = np.abs(other - state)[:, -1]
    currents = [_current(problem, each) for each in (state, other)]
    return Agreement(float(activity.max()), float(potential.max()), abs(currents[1] / currents[0] - 1))


def _current(problem: Problem, state: Floats) -> float:
    return Solution(problem, state, True, "", np.zeros(0), np.zeros(0)).current_density


def bytes_per_node(problem: Problem) -> float:
    """Memory of the numba core per node: the problem's arrays, the state and what Newton's method allocates.

    That is, with m = n + 1 and p border unknowns: the upper blocks (N, m, m), the right-hand sides (N, m, 1 + p), the
    rows of the border (p, N, m), and a copy of the targets (N, m).
    """
    chain, border = problem.chain, problem.border
    nodes, m = chain.free.shape
    p = border.potential_node.size
    arrays = sum(array.nbytes for array in (*chain, *border) if isinstance(array, np.ndarray))
    state = chain.free.nbytes
    work = 8 * nodes * m * (m + (1 + p) + p + 1)
    return (arrays + state + work) / nodes


def _keep_freed_memory() -> None:
    """Make the C library keep freed arrays, which the baseline gains most from (a third of its time).

    glibc hands a large freed block back to the system, and the next one is filled page by page, until it has seen a still
    larger one freed.
    """
    np.zeros(2**21).fill(1.0)


def compare(entrants: Contest, seconds: float = SECONDS) -> dict[str, list[float]]:
    """Times [s] of every solver, which take turns for so many seconds."""
    times: dict[str, list[float]] = {name: [] for name in entrants.solvers}
    stop = time.perf_counter() + seconds
    while time.perf_counter() < stop:
        for name, solver in entrants.solvers.items():
            for _ in range(TURN):
                start = time.perf_counter()
                solver()
                times[name].append(time.perf_counter() - start)
    return times
