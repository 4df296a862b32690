"""Newton's method, and what is done where it does not arrive by itself.

In this order, each from the last good state: plain Newton; potentials and activities in turns (`gummel`), then Newton; for
a floating end a search for its potential among clamped ones; a ramp of voltages, charges and sizes, each step of which may
need the others.  An answer counts only if its activities are those that its potential demands in closed form (`exact`):
an elimination that loses an ion behind a barrier cannot pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np

from electrodiff.fvm.borders import kept
from electrodiff.fvm.kernels.arrays import AMOUNT, BALANCE, CURRENT, GATING, RATE, Floats
from electrodiff.fvm.kernels.exact import LARGEST_LOG, deviations
from electrodiff.fvm.problem import Problem
from electrodiff.solvers.exact import net_current, settled_activities
from electrodiff.solvers.exhaustion import exhausted, one_way, tied
from electrodiff.solvers.guess import first_gates, first_guess, with_pinned
from electrodiff.solvers.gummel import gummel, poisson_defect, polished
from electrodiff.solvers.newton import NewtonOptions, NewtonResult, Status, solve_newton
from electrodiff.solvers.ramp import scaled

# Largest relative deviation of an activity from its closed form: the elimination is good to 1e-12, Newton to 1e-9.
CONSISTENT = 1e-7
# Largest net current that is none, over the largest unidirectional one: an error of the potential of as much [RT/F].
BALANCED = 1e-10
# Where rounding keeps the turns of `gummel` from settling, as with a potential that hardly anything holds, they have
# arrived when they move it by less than this [RT/F]; the error estimates then say how much that matters.
ACCEPTED = 1e-3
# A ramp that needs smaller steps than this will not arrive: something else is wrong.
SMALLEST_STEP = 1e-3
# Widest search for a floating potential [RT/F]: 10 V.
WIDEST = 400.0


# Sized ions crowd against a charge at concentrations that are numbers still when their activities are none.
LARGEST_ACTIVITY = np.exp(LARGEST_LOG) * (1 - 1e-12)

# What no other way would change.
ANSWERS = (Status.CONVERGED, Status.OUT_OF_RANGE, Status.RUNS_OUT)
# Rates that change by less than this part of themselves are what they will be.
SETTLED_RATE = 1e-3
# And they are about that below this part: an ion that has been used up in every turn until then will be so in the end.
NEARLY_SETTLED = 0.1
# Rates settle in a few turns where they depend little on what they carry; where not, Newton takes over.
MOST_RATE_TURNS = 6


@dataclass(frozen=True)
class Attempt:
    """The result of Newton's method, and what it needed beyond itself."""

    result: NewtonResult
    fallbacks: tuple[str, ...] = ()
    reached: float = 1.0
    """Fraction of the voltages and charges that was reached; below 1 only if all fallbacks failed."""

    @property
    def converged(self) -> bool:
        """Whether there is a solution."""
        return self.result.status is Status.CONVERGED


def solve_robustly(problem: Problem, guess: Floats | None, options: NewtonOptions) -> Attempt:
    """Solve a problem from a guess (N, m), or from none."""
    hopeless = _hopeless(problem)
    if hopeless is not None:
        return Attempt(hopeless)
    tried: list[NewtonResult] = []
    for given in [None] if guess is None else [guess, None]:
        start = first_guess(problem) if given is None else given
        for name, attempt in _ways(problem, start, options):
            result = _checked(problem, attempt())
            tried.append(result)
            if result.status in ANSWERS:
                return Attempt(_with_history(result, tried), (name,) if name else ())
    result, reached = _ramped(problem, options, tried)
    if reached == 1.0:
        return Attempt(_with_history(result, tried), ("ramp",))
    for result in tried:
        if result.status is Status.BEYOND_NUMBERS:
            return Attempt(_with_history(result, tried), ("ramp",), reached)
    return Attempt(_with_history(tried[0], tried), ("ramp",), reached)


def _ways(problem: Problem, start: Floats, options: NewtonOptions) -> Iterator[tuple[str, Callable[[], NewtonResult]]]:
    """The ways to a solution from a start, by name; the plain one has none."""
    yield "", lambda: solve_newton(problem, start, options)
    if (problem.border.kind == CURRENT).any():
        yield "search", lambda: _searched(problem, start, options)
    else:
        yield "relaxation", lambda: _relaxed(problem, start, options)


def _with_history(result: NewtonResult, tried: list[NewtonResult]) -> NewtonResult:
    """The result with the steps of all attempts."""
    if len(tried) == 1:
        return result
    return replace(
        result,
        residuals=np.concatenate([attempt.residuals for attempt in tried]),
        updates=np.concatenate([attempt.updates for attempt in tried]),
    )


def _hopeless(problem: Problem) -> NewtonResult | None:
    """The answer to a problem that has no steady state, or no single one, for a reason that can be seen at once."""
    if not problem.border.kind.size:
        return None
    alone = one_way(problem)
    status = Status.ONE_WAY if alone else Status.TIED if tied(problem) else None
    if status is None:
        return None
    state = first_guess(problem)
    return NewtonResult(state, first_gates(problem, state), status, np.ones(1), np.ones(1), alone or (0, 0))


def _relaxed(problem: Problem, start: Floats, options: NewtonOptions) -> NewtonResult:
    """Potentials and activities in turns, then Newton; at equilibrium the turns alone arrive."""
    start = with_pinned(problem, start.copy())
    state, kinds = start, problem.border.kind
    used_up = set()
    for _ in range(MOST_RATE_TURNS if (kinds == RATE).any() else 1):
        gate = first_gates(problem, state)
        state, change = gummel(problem, state, gate)
        empty = exhausted(problem, gate, state[:, :-1])
        used_up.add(empty)
        moved = np.abs(first_gates(problem, state) - gate)
        settled = bool((moved <= SETTLED_RATE * np.abs(gate)).all())
        if settled:
            break
    result = solve_newton(problem, state, options)
    if result.status is Status.CONVERGED:
        return result
    nearly = len(used_up) == 1 and bool((moved <= NEARLY_SETTLED * np.abs(gate)).all())
    if empty is not None and (settled or nearly):
        return replace(result, state=start, status=Status.RUNS_OUT, worst=empty)
    if change < ACCEPTED and not np.isin(kinds, (GATING, RATE, BALANCE)).any():
        return replace(result, state=state, gate=gate, status=Status.CONVERGED)
    return result


def _checked(problem: Problem, result: NewtonResult) -> NewtonResult:
    """A converged result with its activities in closed form, or as inconsistent if its potential does not bear them out."""
    if result.status is not Status.CONVERGED:
        return result
    exact = settled_activities(problem, result.state, result.gate)
    places = np.empty((2, 2), dtype=np.int64)
    demanded, found, off = deviations(result.state, exact, CONSISTENT, places)
    if demanded >= LARGEST_ACTIVITY:
        return replace(result, status=Status.BEYOND_NUMBERS, worst=tuple(places[0].tolist()))
    if not _carries_what_it_should(problem, exact, result.gate):
        return replace(result, status=Status.INCONSISTENT)
    # A deep depletion may still be falling by KEEP a step, far below anything that matters.
    if not off <= 1e-12 * found:
        return replace(result, status=Status.INCONSISTENT, worst=tuple(places[1].tolist()))
    missing, kinds = poisson_defect(problem.chain, exact), problem.border.kind
    # However little it is: over a Debye layer of very many nodes it adds up to ten thousand times as much.
    if missing.max() > 0 or AMOUNT in kinds:
        with np.errstate(over="ignore", invalid="ignore"):
            exact = polished(problem, exact, result.gate)
        missing = poisson_defect(problem.chain, exact)
    if not missing.max() <= CONSISTENT:
        return replace(result, status=Status.INCONSISTENT, worst=(int(np.argmax(missing)), exact.shape[1] - 1))
    if CURRENT in kinds:
        floating = np.flatnonzero(kinds == CURRENT)[0]
        wanted = float(problem.border.value[floating])
        if abs(net_current(problem, exact, result.gate, wanted)) > BALANCED:
            node = int(problem.border.node[floating])
            return replace(result, status=Status.INCONSISTENT, worst=(node, exact.shape[1] - 1))
    return replace(result, state=with_pinned(problem, exact))


def _carries_what_it_should(problem: Problem, state: Floats, gate: Floats) -> bool:
    """Whether open fractions and rates are those of a state, and balances are met."""
    border, demanded = problem.border, first_gates(problem, state)
    if not gate.size:
        return True
    constant = np.where(border.kind == RATE, np.abs(border.value), 0.0)
    if not (np.abs(gate - demanded) <= CONSISTENT * np.maximum(np.abs(demanded), constant)).all():
        return False
    rates, constants = (np.where(border.kind == RATE, each, 0.0) for each in (gate, constant))
    carried = border.stoichiometry[:, border.row[border.kind == BALANCE]]
    return bool((np.abs(rates @ carried) <= CONSISTENT * (constants @ np.abs(carried))).all())


def _searched(problem: Problem, start: Floats, options: NewtonOptions) -> NewtonResult:
    """A floating potential from clamped solutions: bracketed, closed in on, then Newton on everything.

    Where no current worth a number can flow, Newton's own equation of the current is empty; the clamped solution at the
    potential where the current changes sign is then the answer.
    """
    # Here, as it takes as long to import as a solve.
    from scipy.optimize import brentq

    search = _Search(problem, start, options)
    low, high = search.bracket(float(start[search.node, -1]))
    result = search.last
    if search.is_out_of_range:
        return replace(result, gate=first_gates(problem, result.state), status=Status.OUT_OF_RANGE)
    if low < high:
        with suppress(_LostError, ValueError):
            search.excess(brentq(search.excess, low, high, xtol=1e-15, rtol=1e-15))
        result = search.last
    free = _checked(problem, solve_newton(problem, search.state, options))
    if free.status is Status.CONVERGED:
        return free
    if not low < high:
        return free if search.beyond is None else replace(search.beyond, gate=free.gate)
    gate = first_gates(problem, result.state)
    gate[problem.border.kind != CURRENT] = result.gate
    return replace(result, gate=gate)


class _LostError(Exception):
    """A clamped problem that was not solved."""


class _Search:
    """Net current of the clamped problem as a function of the potential of the floating end."""

    def __init__(self, problem: Problem, start: Floats, options: NewtonOptions) -> None:
        b = int(np.flatnonzero(problem.border.kind == CURRENT)[0])
        self.problem, self.options = problem, options
        self.node, self.wanted = int(problem.border.node[b]), float(problem.border.value[b])
        self.rising = 1.0 if self.node == 0 else -1.0
        self.state = start
        self.is_out_of_range = False
        """Whether the current has the wrong sign as far as the search goes: no smaller potential gives the wanted one."""
        self.last = NewtonResult(start, np.ones(0), Status.MAX_ITERATIONS, np.zeros(0), np.zeros(0), (0, 0))
        self.beyond: NewtonResult | None = None
        """A clamped solution with an activity that is no number."""

    def excess(self, potential: float, halvings: int = 8) -> float:
        """Net current less the wanted one, over the largest unidirectional one; rises with the potential.

        A potential that is not reached from the last one is approached by halves.
        """
        problem = clamped(self.problem, self.node, potential)
        before = float(self.state[self.node, -1])
        state = self.state.copy()
        state[self.node, -1] = potential
        self.last = _checked(problem, solve_newton(problem, state, self.options))
        if self.last.status is not Status.CONVERGED:
            self.last = _checked(problem, _relaxed(problem, state, self.options))
        if self.last.status is Status.BEYOND_NUMBERS:
            self.beyond = self.last
        if self.last.status is not Status.CONVERGED:
            if halvings == 0 or before == potential:
                raise _LostError
            self.excess((before + potential) / 2, halvings - 1)
            return self.excess(potential, halvings - 1)
        self.state = self.last.state
        return self.rising * net_current(problem, self.last.state, self.last.gate, self.wanted)

    def bracket(self, start: float) -> tuple[float, float]:
        """Potentials on either side of the wanted current; equal ones if none were found."""
        with suppress(_LostError):
            low = high = start
            value, step = self.excess(start), 1.0
            while value > 0 and low > -WIDEST:
                high, low = low, low - step
                value, step = self.excess(low), 2 * step
            if low < high or value == 0:
                self.is_out_of_range = value > 0
                return (low, high) if value <= 0 else (start, start)
            while value < 0 and high < WIDEST:
                low, high = high, high + step
                value, step = self.excess(high), 2 * step
            self.is_out_of_range = value < 0
            return (low, high) if value >= 0 else (start, start)
        return start, start


def clamped(problem: Problem, node: int, potential: float) -> Problem:
    """The problem with the potential of a floating end given."""
    keep = problem.border.kind != CURRENT
    target = problem.chain.target.copy()
    target[node, -1] = potential
    border = kept(problem.border, keep)
    return replace(problem, chain=problem.chain._replace(target=target), border=border)


def _ramped(problem: Problem, options: NewtonOptions, tried: list[NewtonResult]) -> tuple[NewtonResult, float]:
    """Turn up voltages, charges, sizes and gates, halving the step where none of the ways leads on."""
    tamed = scaled(problem, 0.0)
    good = _any_way(tamed, first_guess(tamed), options, tried)
    reached, step = 0.0, 0.25
    while good.status is Status.CONVERGED and reached < 1 and step > SMALLEST_STEP:
        fraction = min(reached + step, 1.0)
        attempt = _any_way(scaled(problem, fraction), good.state, options, tried)
        if attempt.status is Status.CONVERGED:
            good, reached, step = attempt, fraction, 2 * step
        else:
            step /= 2
    return good, reached


def _any_way(problem: Problem, start: Floats, options: NewtonOptions, tried: list[NewtonResult]) -> NewtonResult:
    for _, attempt in _ways(problem, start, options):
        result = _checked(problem, attempt())
        tried.append(result)
        if result.status is Status.CONVERGED:
            break
    return result
