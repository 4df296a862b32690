"""Would a line search or pseudo-time help where Newton's method does not arrive?  python benchmarks/newton_fallbacks.py

Collects, from random cases of `robustness`, every mesh on which plain Newton fails from the guess that it has there, and
tries on each: what the solver does (potential and activities in turns, or the search for a floating potential), a line
search by the largest scaled residual and by the natural monotonicity test, straight and along a curve, and pseudo-time.
An answer counts only if it passes the solver's own check.  `--extreme` draws what is hardest: 2 V at every given end, 2 M
in every charged layer, ions of finite size, ten times the charge without ions to it; of these the first mesh only.
"""

from __future__ import annotations

import argparse
import math
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from unittest.mock import patch

import numpy as np

import robustness_cases as drawing
import robustness_rules as rules
from electrodiff.fvm.borders import PINNED_KINDS
from electrodiff.fvm.kernels.arrays import Floats
from electrodiff.fvm.kernels.border import border_equations, fill_through, solve_border
from electrodiff.fvm.kernels.factors import Factors, Jacobian, factor, fill_flows, fill_jacobian, solve
from electrodiff.fvm.kernels.newton import apply_gate_update, apply_update
from electrodiff.fvm.problem import Problem, placed
from electrodiff.grid.line import layered_line
from electrodiff.solvers import robust
from electrodiff.solvers.accuracy import solve_to_accuracy
from electrodiff.solvers.guess import first_gates, first_guess
from electrodiff.solvers.levels import prolonged, solve_level
from electrodiff.solvers.newton import NewtonOptions, NewtonResult, Status, solve_newton
from electrodiff.solvers.starts import first_step

OPTIONS = NewtonOptions()
# The update from which Newton's method has never failed to finish by itself.
NEAR = 1e-2
# Of the natural monotonicity test: the next correction is smaller than this one by at least this part of the damping.
DECREASE = 1e-3
# Shorter parts of an update lead nowhere: the largest updates of a first step are 1e10 RT/F.
SHORTEST = 1e-12
MOST_ELIMINATIONS = {"search": 100, "time": 300}
# Pseudo-time: the change of a step that is aimed at, and above which it is taken again; the growth; a step that is for ever.
AIM, LARGEST, GROWTH, FOR_EVER = 1.0, 3.0, 10.0, 1e28
MOST_REJECTED = 20
# The first step is this many times the shortest Debye time; from 1e0 to 1e8 it hardly matters.
FIRST = 1e5


@dataclass(frozen=True)
class Trial:
    """A problem and a guess from which plain Newton fails."""

    problem: Problem
    start: Floats


class System:
    """The equations of Newton's method, with storage at a rate, factored at a state and solved for corrections."""

    def __init__(self, problem: Problem) -> None:
        nodes, m = problem.chain.free.shape
        p = problem.border.kind.size
        square = (nodes, m, m)
        self.problem = problem
        self.chain = problem.chain
        self.jacobian = Jacobian(np.zeros(square), np.zeros(square), np.zeros(square))
        self.factors = Factors(np.zeros(square), np.zeros(square), np.zeros(square), np.zeros((nodes, m)))
        self.flow, self.content = np.zeros((nodes, m)), np.zeros((nodes, m))
        self.columns = np.zeros((nodes, m, 1 + p))
        self.missing, self.row, self.corner = np.zeros(p), np.zeros((p, nodes, m)), np.zeros((p, p))
        self.floor = OPTIONS.activity_floor * (float(problem.chain.target[:, :-1].max()) or 1.0)
        self.eliminations = 0

    def factored(self, state: Floats, gate: Floats, rate: float = 0.0) -> bool:
        """Factor the Jacobian at a state; False if it is singular."""
        self.eliminations += 1
        border = self.problem.border
        self.chain = placed(self.problem, gate, state)
        fill_jacobian(self.chain, state, self.jacobian)
        if factor(self.chain, state, self.jacobian, rate, self.factors) >= 0:
            return False
        fill_flows(self.chain, state, self.flow, self.content)
        for b in range(border.kind.size):
            through, source, column = (np.zeros_like(self.flow) for _ in range(3))
            if border.kind[b] in PINNED_KINDS:
                source[border.node[b], border.row[b]] = 1.0
            else:
                fill_through(self.chain, border, gate, b, self.flow, through)
            solve(self.chain, self.factors, through, source, column)
            self.columns[:, :, 1 + b] = column
        if border.kind.size:
            border_equations(self.chain, border, gate, state, self.missing, self.row, self.corner)
        return True

    def _sources(self, state: Floats, gate: Floats) -> Floats:
        """Fill the flows and what the borders miss at a state; returns charges, and of what is pinned the changes."""
        chain = placed(self.problem, gate, state)
        fill_flows(chain, state, self.flow, self.content)
        if self.missing.size:
            unused = np.zeros_like(self.row), np.zeros_like(self.corner)
            border_equations(chain, self.problem.border, gate, state, self.missing, *unused)
        charge = np.zeros_like(state)
        charge[:, -1] = self.content[:, -1]
        return np.where(chain.free > 0, charge, chain.target - state)

    def correction(self, state: Floats, gate: Floats) -> tuple[Floats, Floats]:
        """The update (N, m) and that of the borders (p,) of the residual at a state, by the factors there are."""
        source = self._sources(state, gate)
        update, delta = np.empty_like(state), np.zeros(self.missing.size)
        solve(self.chain, self.factors, self.flow, source, update)
        if delta.size:
            right = self.columns.copy()
            right[:, :, 0] = update
            solvable = solve_border(self.missing.copy(), self.row, self.corner, right, delta)
            update = right[:, :, 0].copy() if solvable else np.full_like(update, np.nan)
        return update, delta

    def scaled_residual(self, state: Floats, gate: Floats) -> float:
        """The largest residual over its own diagonal where the factors are from."""
        source = self._sources(state, gate)
        own = np.einsum("krr->kr", self.jacobian.outflow).copy()
        own[1:] -= np.einsum("krr->kr", self.jacobian.inflow)[:-1]
        own[:, -1] -= self.jacobian.storage[:, :-1, -1] @ np.array(self.chain.valence)
        is_free = self.chain.free > 0
        net = self.flow - np.insert(self.flow[:-1], 0, 0.0, axis=0)
        largest = np.abs((np.where(is_free, net, 0.0) - source) / np.where(is_free, own, 1.0)).max()
        scale = np.abs(self.row).max(axis=(1, 2), initial=0.0) + np.abs(self.corner).max(axis=1, initial=0.0)
        return max(float(largest), float((np.abs(self.missing) / scale).max(initial=0.0)))

    def size(self, state: Floats, update: Floats) -> float:
        """The root mean square of an update: of potentials [RT/F], of activities relative to themselves."""
        a = state[:, :-1]
        change = update[:, :-1] - np.array(self.chain.valence) * a * update[:, -1:]
        floor = self.floor * np.maximum(a.max(axis=1, keepdims=True), 1.0)
        return float(np.sqrt(np.mean(np.column_stack([change / np.maximum(a, floor), update[:, -1]]) ** 2)))

    def moved(self, state: Floats, gate: Floats, update: Floats, delta: Floats) -> tuple[Floats, Floats, float]:
        """State and gates after an update within the limits of Newton's method, and its size."""
        new, new_gate = state.copy(), gate.copy()
        size = apply_update(self.chain.valence, update, self.floor, new, np.zeros(2, dtype=np.int64))
        return new, new_gate, max(size, apply_gate_update(delta, self.problem.border, new_gate))

    def bent(self, state: Floats, gate: Floats, update: Floats, delta: Floats) -> tuple[Floats, Floats, float]:
        """The same along the curve a = (a + y) e^(-z dphi), on which the activities answer to the potential as ions do."""
        new, new_gate, size = self.moved(state, gate, update, delta)
        a = state[:, :-1]
        answer = np.exp(np.clip(-np.array(self.chain.valence) * update[:, -1:], -600, 600))
        along = np.maximum(a + update[:, :-1], 0.1 * a) * answer
        new[:, :-1] = np.where(self.chain.free[:, :-1] > 0, along, new[:, :-1])
        return new, new_gate, size


Way = Callable[[Problem, Floats], tuple[Status, int]]


def line_search(problem: Problem, start: Floats, natural: bool, curved: bool) -> tuple[Status, int]:
    """Newton's method with every update halved until the next correction, or the residual, is smaller."""
    system = System(problem)
    move = system.bent if curved else system.moved
    state, gate, part = start.copy(), first_gates(problem, start), 1.0

    def measure(state: Floats, gate: Floats) -> float:
        return system.size(state, system.correction(state, gate)[0]) if natural else system.scaled_residual(state, gate)

    for _ in range(MOST_ELIMINATIONS["search"]):
        if not system.factored(state, gate):
            return Status.SINGULAR, system.eliminations
        update, delta = system.correction(state, gate)
        if not np.isfinite(update).all():
            return Status.SINGULAR, system.eliminations
        before, part = measure(state, gate), min(1.0, 4 * part)
        new, new_gate, size = move(state, gate, part * update, part * delta)
        while size > NEAR and not measure(new, new_gate) <= (1 - DECREASE * part) * before:
            part /= 2
            if part < SHORTEST:
                return Status.MAX_ITERATIONS, system.eliminations
            new, new_gate, size = move(state, gate, part * update, part * delta)
        state, gate = new, new_gate
        if part == 1.0 and size < NEAR:
            return _finished(system, state)
    return Status.MAX_ITERATIONS, system.eliminations


def pseudo_time(problem: Problem, start: Floats) -> tuple[Status, int]:
    """Implicit Euler with a step that grows as the change of a step falls, until it is Newton's."""
    system = System(problem)
    state, gate = start.copy(), first_gates(problem, start)
    shortest = 1e3 * first_step(problem, state)
    step, rejected = FIRST * (shortest if 0 < shortest < math.inf else 1.0), 0
    for _ in range(MOST_ELIMINATIONS["time"]):
        is_regular = system.factored(state, gate, 1 / step)
        update, delta = system.correction(state, gate) if is_regular else (np.full_like(state, np.nan), np.zeros(0))
        is_regular = bool(np.isfinite(update).all())
        new, new_gate, size = system.moved(state, gate, update, delta) if is_regular else (state, gate, math.inf)
        # A step that is not finite is never taken, one that is too long only if shorter ones are no better.
        if size > LARGEST and (rejected < MOST_REJECTED or not is_regular):
            step, rejected = step / 4, rejected + 1
            if rejected > 2 * MOST_REJECTED:
                return Status.SINGULAR, system.eliminations
            continue
        state, gate, rejected = new, new_gate, 0
        if size < NEAR and step > FOR_EVER:
            return _finished(system, state)
        step *= min(max(AIM / max(size, 1e-300), 0.25), GROWTH)
    return Status.MAX_ITERATIONS, system.eliminations


def present(problem: Problem, start: Floats) -> tuple[Status, int]:
    """What the solver does next: turns, or the search for a floating potential; eliminations of Newton's method only."""
    steps = 0

    def counted(*arguments: object) -> NewtonResult:
        nonlocal steps
        result = solve_newton(*arguments)  # type: ignore[arg-type]
        steps += result.iterations
        return result

    with patch.object(robust, "solve_newton", counted):
        _, attempt = list(robust._ways(problem, start, OPTIONS))[1]
        return robust._checked(problem, attempt()).status, steps


def _finished(system: System, state: Floats) -> tuple[Status, int]:
    result = solve_newton(system.problem, state, OPTIONS)
    return robust._checked(system.problem, result).status, system.eliminations + result.iterations


WAYS: dict[str, Way] = {
    "turns or search (what is done)": present,
    "line search, residual": lambda problem, start: line_search(problem, start, natural=False, curved=False),
    "line search, natural": lambda problem, start: line_search(problem, start, natural=True, curved=False),
    "line search, natural, curved": lambda problem, start: line_search(problem, start, natural=True, curved=True),
    "pseudo-time": pseudo_time,
}


def failures(seed: int, cases: int, every: int, first_only: bool) -> Iterator[Trial]:
    """Every so many of the problems of the cases on which plain Newton fails, with the guess that it has there.

    Of all meshes that a case is solved on, or of its first line only.
    """
    found = 0
    for index in range(cases):
        case = drawing.draw_case(seed, index).case
        line = layered_line(case)
        first = [solve_level(case, line.mesh(), line, None, OPTIONS)] if first_only else []
        solved = first or solve_to_accuracy(case, OPTIONS)[0]
        for before, level in zip([None, *solved], solved, strict=False):
            problem = level.problem
            if not (level.converged and level.attempt.fallbacks):
                continue
            start = first_guess(problem) if before is None else prolonged(before, problem)
            if robust._checked(problem, solve_newton(problem, start, OPTIONS)).status is not Status.CONVERGED:
                found += 1
                if found % every == 0:
                    yield Trial(problem, start)


@dataclass(frozen=True)
class Outcome:
    """What became of one way on one mesh."""

    is_solved: bool
    eliminations: int
    seconds: float


def tried(way: Way, trials: list[Trial]) -> list[Outcome]:
    """The outcome on every mesh."""
    outcomes = []
    with np.errstate(all="ignore"):
        for trial in trials:
            begin = time.process_time()
            status, eliminations = way(trial.problem, trial.start)
            outcomes.append(Outcome(status is Status.CONVERGED, eliminations, time.process_time() - begin))
    return outcomes


def table_row(name: str, outcomes: list[Outcome], present_ones: list[Outcome]) -> str:
    """Time spent on all meshes, and what the present way takes on those that were solved, which it would save."""
    steps = [each.eliminations for each in outcomes if each.is_solved]
    spent = sum(each.seconds for each in outcomes)
    saved = sum(other.seconds for each, other in zip(outcomes, present_ones, strict=True) if each.is_solved)
    median = f"{np.median(steps):.0f}" if steps else "-"
    return f"| {name} | {len(steps)} | {100 * len(steps) / len(outcomes):.0f} % | {median} | {spent:.2f} s | {saved:.2f} s |"


def make_extreme() -> None:
    """Draw every size at the end of its range, most ions with a volume, and allow ten times the charge without ions to it."""
    drawing.POTENTIAL, drawing.FIXED_CHARGE = (1.999, 2.001), (1999.0, 2001.0)
    drawing.SURFACE_CHARGE, drawing.STERIC = (0.1, 0.5), 1.0
    rules.HIGHEST_POTENTIAL, rules.LARGEST_SURFACE_CHARGE = 100.0, 5.0
    drawing.NO_POTENTIAL, drawing.NO_FIXED_CHARGE, drawing.NO_SURFACE_CHARGE = 0.1, 0.2, 0.4


def main() -> None:
    """Collect, try, print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cases", type=int, default=500, help="random cases to collect from [500]")
    parser.add_argument("--seed", type=int, default=2024, help="[2024]")
    parser.add_argument("--every", type=int, default=1, help="try every so many of the failures [1]")
    parser.add_argument("--extreme", action="store_true", help="draw the hardest cases only")
    options = parser.parse_args()
    if options.extreme:
        make_extreme()
    warnings.simplefilter("ignore")
    trials = list(failures(options.seed, options.cases, options.every, options.extreme))
    meshes = f"seed {options.seed}, {options.cases} cases: {len(trials)} meshes on which plain Newton fails"
    print(f"{meshes}{f' (every {options.every} of them)' if options.every > 1 else ''}\n", flush=True)
    # What compiles does so before the clock starts: a kernel for each number of ions.
    first_of_kind = list({len(trial.problem.chain.valence): trial for trial in reversed(trials)}.values())
    print("| way | solved | of all | eliminations, median | time spent on all | present time of those solved |")
    print("| --- | --- | --- | --- | --- | --- |")
    present_ones: list[Outcome] = []
    for name, way in WAYS.items():
        tried(way, first_of_kind)
        outcomes = tried(way, trials)
        present_ones = present_ones or outcomes
        print(table_row(name, outcomes, present_ones), flush=True)


if __name__ == "__main__":
    main()
