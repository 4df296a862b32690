"""The Bernoulli function of the Scharfetter-Gummel flux."""

from __future__ import annotations

import math
from typing import Any

from electrodiff.fvm.kernels.compiler import kernel, kernel_part
from electrodiff.fvm.kernels.pairs import first, second, together

# Below this the Taylor series to u^4 is exact to round-off: the next term of B is u^6/30240 < 4e-17.
SMALL = 0.01


@kernel
def bernoulli(u: float) -> tuple[float, float, float]:
    """B(u), B(-u) and the left share p(u) = (1 - B(u))/u of B(u) = u/(e^u - 1).

    Evaluated at |u| and swapped: B(-|u|) = B(|u|) + |u| adds two positive numbers, while B(|u|) = B(-|u|) - |u|
    would cancel.  The share says how a flux J at given electrochemical potentials answers to the potentials at the two
    ends of its face: dJ = -J (p dpsi_left + (1 - p) dpsi_right).  It falls from 1 to 0 as u rises, and p(-u) = 1 - p(u).
    """
    v = abs(u)
    if v < SMALL:
        even = v * v * (1.0 / 12.0 - v * v / 720.0)
        plus = 1.0 - 0.5 * v + even
        minus = 1.0 + 0.5 * v + even
        share = 0.5 - v * (1.0 / 12.0 - v * v / 720.0)
    else:
        plus = v / math.expm1(v)
        minus = plus + v
        share = (1.0 - plus) / v
    if u < 0.0:
        return minus, plus, 1.0 - share
    return plus, minus, share


@kernel_part
def bernoulli_pair(u: Any) -> tuple[Any, Any, Any]:
    """The same of a pair (see `pairs`)."""
    plus_one, minus_one, share_one = bernoulli(first(u))
    plus_other, minus_other, share_other = bernoulli(second(u))
    return together(plus_one, plus_other), together(minus_one, minus_other), together(share_one, share_other)


@kernel_part
def bernoulli_series(u: Any) -> tuple[Any, Any, Any]:
    """The same of a pair below SMALL."""
    square = u * u
    bend = 1.0 / 12.0 - square * (1.0 / 720.0)
    even = 1.0 + square * bend
    return even - 0.5 * u, even + 0.5 * u, 0.5 - u * bend
