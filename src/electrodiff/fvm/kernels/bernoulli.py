"""The Bernoulli function of the Scharfetter-Gummel flux."""

from __future__ import annotations

import math

from electrodiff.fvm.kernels.compiler import kernel

# Below this the Taylor series to u^4 is exact to round-off: the next term of B is u^6/30240 < 4e-17.
SMALL = 0.01


@kernel
def bernoulli(u: float) -> tuple[float, float, float]:
    """B(u), B(-u) and dB/du of B(u) = u/(e^u - 1).

    Evaluated at |u| and swapped: B(-|u|) = B(|u|) + |u| adds two positive numbers, while B(|u|) = B(-|u|) - |u|
    would cancel.  The other derivative follows from B(-u) = B(u) + u:  dB(-u)/du = 1 + dB(u)/du.
    """
    v = abs(u)
    if v < SMALL:
        even = v * v * (1.0 / 12.0 - v * v / 720.0)
        plus = 1.0 - 0.5 * v + even
        minus = 1.0 + 0.5 * v + even
        slope = -0.5 + v * (1.0 / 6.0 - v * v / 180.0)
    else:
        e = math.expm1(v)
        plus = v / e
        minus = plus + v
        slope = (1.0 - minus) / e
    if u < 0.0:
        # dB/du at -v from B'(-v) = -1 - B'(v)
        return minus, plus, -1.0 - slope
    return plus, minus, slope
