"""The root of a rising function of one number: what the implicit closed forms have in common."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable

# Values below this are none: tolerances relative to them could underflow.
_NOTHING = 1e-200
# Brent's method takes at most about the square of the 54 steps of bisection, and ten of them but for round-off.
_MOST_STEPS = 3000


def rising_root(function: Callable[[float], float], start: float, step: float, scale: float) -> float:
    """Root of a rising function, sought from `start` in doubling steps, and found to the round-off of `scale`.

    The function must have a root, and `step` be above zero.  Source: R. P. Brent, Algorithms for Minimization without
    Derivatives (1973).
    """
    from scipy.optimize import brentq

    value = function(start)
    if abs(value) < _NOTHING:
        return start
    end = start - math.copysign(step, value)
    while (function(end) > 0.0) == (value > 0.0):
        step *= 2.0
        end = start - math.copysign(step, value)
    eps = sys.float_info.epsilon
    return float(brentq(function, start, end, xtol=eps * scale, rtol=4.0 * eps, maxiter=_MOST_STEPS))
