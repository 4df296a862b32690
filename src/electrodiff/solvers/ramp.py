"""The way to a solution that Newton's method does not reach in one go: voltages, charges and gates are turned up."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from electrodiff.fvm.kernels.arrays import Floats
from electrodiff.fvm.problem import Problem
from electrodiff.solvers.guess import first_guess
from electrodiff.solvers.newton import NewtonOptions, NewtonResult, Status, solve_newton

# A ramp that needs smaller steps than this will not arrive: something else is wrong.
SMALLEST_STEP = 1e-3


def solve_with_ramp(problem: Problem, options: NewtonOptions) -> tuple[NewtonResult, float]:
    """Newton from the first guess; if that fails, a ramp.

    Returns the result and the fraction of the voltages and charges that was reached: 1 unless the ramp failed too, and
    then the result is that of the first attempt.  The histories of all attempts are joined.
    """
    first = solve_newton(problem, first_guess(problem), options)
    if first.status is Status.CONVERGED:
        return first, 1.0
    good = solve_newton(tamed := scaled(problem, 0.0), first_guess(tamed), options)
    attempts = [first, good]
    reached, step = 0.0, 0.25
    while good.status is Status.CONVERGED and reached < 1 and step > SMALLEST_STEP:
        fraction = min(reached + step, 1.0)
        attempt = solve_newton(scaled(problem, fraction), good.state, options)
        attempts.append(attempt)
        if attempt.status is Status.CONVERGED:
            good, reached, step = attempt, fraction, 2 * step
        else:
            step /= 2
    residuals = np.concatenate([attempt.residuals for attempt in attempts])
    updates = np.concatenate([attempt.updates for attempt in attempts])
    return replace(good if reached == 1 else first, residuals=residuals, updates=updates), reached


def scaled(problem: Problem, fraction: float) -> Problem:
    """The problem with a fraction of its given potentials and charges, and with gates that much less steep."""
    chain, border = problem.chain, problem.border
    target: Floats = chain.target.copy()
    target[:, -1] *= fraction
    with np.errstate(divide="ignore"):
        slope = border.slope / fraction if fraction > 0 else np.copysign(np.inf, border.slope)
    return replace(
        problem,
        chain=chain._replace(
            target=target,
            fixed_charge=fraction * chain.fixed_charge,
            surface_charge=fraction * chain.surface_charge,
        ),
        border=border._replace(slope=slope),
    )
