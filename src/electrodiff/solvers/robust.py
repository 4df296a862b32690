"""Newton's method, and what is done where it does not arrive by itself.

In this order, each from the last good state: plain Newton; potentials and activities in turns (`gummel`), then Newton; for
a floating end a search for its potential among clamped ones; a ramp of voltages, charges and sizes, each step of which may
need the others.  An answer counts only if its activities are those that its potential demands in closed form (`exact`):
an elimination that loses an ion behind a barrier cannot pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from electrodiff.fvm.kernels.arrays import CURRENT, Border, Floats
from electrodiff.fvm.problem import Problem
from electrodiff.solvers.exact import exact_activities, net_current
from electrodiff.solvers.gummel import gummel
from electrodiff.solvers.guess import first_gates, first_guess
from electrodiff.solvers.newton import NewtonOptions, NewtonResult, Status, solve_newton
from electrodiff.solvers.ramp import scaled

# Largest relative deviation of an activity from its closed form: the elimination is good to 1e-12, Newton to 1e-9.
CONSISTENT = 1e-7
# A ramp that needs smaller steps than this will not arrive: something else is wrong.
SMALLEST_STEP = 1e-3
# Widest search for a floating potential [RT/F]: 10 V.
WIDEST = 400.0


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
    start = first_guess(problem) if guess is None else guess
    tried: list[NewtonResult] = []
    for name, attempt in _ways(problem, start, options):
        result = _checked(problem, attempt())
        tried.append(result)
        if result.status is Status.CONVERGED:
            return Attempt(_with_history(result, tried), (name,) if name else ())
    result, reached = _ramped(problem, options, tried)
    if reached == 1.0:
        return Attempt(_with_history(result, tried), ("ramp",))
    return Attempt(_with_history(tried[0], tried), ("ramp",), reached)


def _ways(
    problem: Problem, start: Floats, options: NewtonOptions
) -> Iterator[tuple[str, Callable[[], NewtonResult]]]:
    """The ways to a solution from a start, by name; the plain one has none."""
    yield "", lambda: solve_newton(problem, start, options)
    if (problem.border.kind == CURRENT).any():
        yield "search", lambda: _searched(problem, start, options)
    else:
        yield "relaxation", lambda: solve_newton(problem, gummel(problem, start, first_gates(problem, start)), options)


def _with_history(result: NewtonResult, tried: list[NewtonResult]) -> NewtonResult:
    """The result with the steps of all attempts."""
    return replace(
        result,
        residuals=np.concatenate([attempt.residuals for attempt in tried]),
        updates=np.concatenate([attempt.updates for attempt in tried]),
    )


def _checked(problem: Problem, result: NewtonResult) -> NewtonResult:
    """A converged result with its activities in their closed form, or as inconsistent if they are far from it."""
    if result.status is not Status.CONVERGED:
        return result
    exact = exact_activities(problem, result.state, result.gate)
    found, demanded = result.state[:, :-1], exact[:, :-1]
    off = np.abs(found - demanded) > CONSISTENT * demanded
    if not off.any():
        return result
    # Where a deep depletion was still falling by KEEP a step, far below anything that matters, the closed form is right.
    charge = np.abs(found - demanded)[off] / found.max()
    if charge.max() < 1e-12:
        return replace(result, state=exact)
    worst = np.unravel_index(int(np.argmax(np.where(off, np.abs(found - demanded), 0.0))), found.shape)
    return replace(result, status=Status.INCONSISTENT, worst=(int(worst[0]), int(worst[1])))


def _searched(problem: Problem, start: Floats, options: NewtonOptions) -> NewtonResult:
    """A floating potential by bracketing: clamped solutions on either side of the wanted current, then Newton."""
    b = int(np.flatnonzero(problem.border.kind == CURRENT)[0])
    node, wanted = int(problem.border.node[b]), float(problem.border.value[b])
    rising = 1.0 if node == 0 else -1.0
    state = start

    def excess(potential: float) -> float:
        nonlocal state
        clamp = clamped(problem, node, potential)
        state = state.copy()
        state[node, -1] = potential
        attempt = solve_newton(clamp, state, options)
        if attempt.status is not Status.CONVERGED:
            attempt = solve_newton(clamp, gummel(clamp, state, first_gates(clamp, state)), options)
        if attempt.status is not Status.CONVERGED:
            return np.nan
        state = attempt.state
        return rising * (net_current(clamp, attempt.state, attempt.gate) - wanted)

    low = high = float(start[node, -1])
    value = excess(low)
    step = 1.0
    below, above = value, value
    while np.isfinite(value) and below > 0 and low > -WIDEST:
        low -= step
        step *= 2
        below = value = excess(low)
    while np.isfinite(value) and above < 0 and high < WIDEST:
        high += step
        step *= 2
        above = value = excess(high)
    result = solve_newton(problem, state, options)
    for _ in range(80):
        if result.status is Status.CONVERGED or not np.isfinite(value) or high - low < 1e-12:
            break
        middle = (low + high) / 2
        value = excess(middle)
        low, high = (middle, high) if value < 0 else (low, middle)
        if high - low < 1.0:
            result = solve_newton(problem, state, options)
    return result


def clamped(problem: Problem, node: int, potential: float) -> Problem:
    """The problem with the potential of a floating end given."""
    keep = problem.border.kind != CURRENT
    target = problem.chain.target.copy()
    target[node, -1] = potential
    border = Border(*(array[keep] for array in problem.border))
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
