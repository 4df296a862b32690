"""Smooth maps of a uniform line to one with given spacings at its two ends.

    t(xi) = u / (A + (1 - A) u),    u(xi) = 1/2 [1 + tanh(D (xi - 1/2)) / tanh(D / 2)],    sinh(D) / D = B
    A = sqrt(s_1 / s_0),    B = 1 / sqrt(s_0 s_1),    s_0 = dt/dxi at 0,    s_1 = dt/dxi at 1

and tan for tanh, sin for sinh where B < 1.  Between end spacings much smaller than the mean one the spacing grows
geometrically from either end.  All derivatives are continuous, so that errors on nested meshes are series in even powers
of the spacing.

M. Vinokur, J. Comput. Phys. 50 (1983) 215.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Below this D the map is uniform to round-off (D^2/12 of it).
UNIFORM = 1e-6
# Both ends wider than 5 times the mean would put all nodes into the middle.
SMALLEST_B = 0.2


def stretched(first: Floats, last: Floats, xi: Floats) -> tuple[Floats, Floats]:
    """t and 1 - t at xi in [0, 1] for end slopes dt/dxi `first` and `last`, all of one shape."""
    skew = np.sqrt(last / first)
    stretch = np.maximum(1 / np.sqrt(first * last), SMALLEST_B)
    left, right = _symmetric(stretch, xi)
    below = skew * right + left
    return left / below, skew * right / below


def _symmetric(stretch: Floats, xi: Floats) -> tuple[Floats, Floats]:
    """u and 1 - u, each without cancellation where it is small:  u = sinh(D xi) / (2 sinh(D/2) cosh(D (xi - 1/2)))."""
    grow, shrink = _hyperbolic(stretch), _trigonometric(stretch)
    small = np.maximum(grow, shrink) < UNIFORM
    with np.errstate(divide="ignore", invalid="ignore"):
        cosh = 2 * np.sinh(grow / 2) * np.cosh(grow * (xi - 0.5))
        cos = 2 * np.sin(shrink / 2) * np.cos(shrink * (xi - 0.5))
        left = np.where(grow > 0, np.sinh(grow * xi) / cosh, np.sin(shrink * xi) / cos)
        right = np.where(grow > 0, np.sinh(grow * (1 - xi)) / cosh, np.sin(shrink * (1 - xi)) / cos)
    return np.where(small, xi, left), np.where(small, 1 - xi, right)


def _hyperbolic(stretch: Floats) -> Floats:
    """D >= 0 of sinh(D)/D = B, 0 for B <= 1.  Newton on the logarithm, which is convex, from above."""
    log_b = np.log(np.maximum(stretch, 1.0))
    D = np.sqrt(6 * log_b) + log_b
    for _ in range(12):
        safe = np.maximum(D, 1e-3)
        value = safe + np.log1p(-np.exp(-2 * safe)) - np.log(2 * safe) - log_b
        D = np.where(log_b > 1e-6, safe - value / (1 / np.tanh(safe) - 1 / safe), np.sqrt(6 * log_b))
    return np.asarray(D)


def _trigonometric(stretch: Floats) -> Floats:
    """D >= 0 of sin(D)/D = B, 0 for B >= 1; Newton from sqrt(6 (1 - B)), which is below the root."""
    b = np.minimum(stretch, 1.0)
    D = np.sqrt(6 * (1 - b))
    for _ in range(12):
        safe = np.maximum(D, 1e-3)
        slope = (np.cos(safe) - np.sin(safe) / safe) / safe
        D = np.where(1 - b > 1e-6, safe - (np.sin(safe) / safe - b) / slope, D)
    return np.asarray(D)
