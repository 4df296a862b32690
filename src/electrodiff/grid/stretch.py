"""Smooth maps of a uniform line to one with given spacings at its two ends.

    t(xi) = u / (A + (1 - A) u),    u(xi) = 1/2 [1 + tanh(D (xi - 1/2)) / tanh(D / 2)],    sinh(D) / D = B
    A = sqrt(s_1 / s_0),    B = 1 / sqrt(s_0 s_1),    s_0 = dt/dxi at 0,    s_1 = dt/dxi at 1

and tan for tanh, sin for sinh where B < 1.  Between end spacings much smaller than the mean one the spacing grows
geometrically from either end.  All derivatives are continuous, so that errors on nested meshes are series in even powers
of the spacing.

M. Vinokur, J. Comput. Phys. 50 (1983) 215.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Below this D the map is uniform to round-off (D^2/12 of it).
UNIFORM = 1e-6
# Newton's steps for D: five bring it to round-off from the guesses made here, and a fixed number makes the result for one
# segment the same whatever others are asked for with it.
STEPS = 8
# Both ends wider than 5 times the mean would put all nodes into the middle.
SMALLEST_B = 0.2


class Stretch(NamedTuple):
    """The maps of some segments: A, and D of sinh or of sin, the other 0."""

    skew: Floats
    grow: Floats
    shrink: Floats

    def at(self, places: Any) -> Stretch:
        """The maps at some places of their arrays."""
        return Stretch(self.skew[places], self.grow[places], self.shrink[places])


def stretch_between(first: Floats, last: Floats) -> Stretch:
    """The maps with end slopes dt/dxi `first` and `last`, of one shape."""
    stretch = np.maximum(1 / np.sqrt(first * last), SMALLEST_B)
    return Stretch(np.sqrt(last / first), _hyperbolic(stretch), _trigonometric(stretch))


def stretched(maps: Stretch, xi: Floats) -> tuple[Floats, Floats]:
    """t and 1 - t at xi in [0, 1], broadcast against the maps."""
    left, right = _symmetric(maps, xi)
    below = maps.skew * right + left
    return left / below, maps.skew * right / below


def _symmetric(maps: Stretch, xi: Floats) -> tuple[Floats, Floats]:
    """u and 1 - u, each without cancellation where it is small:  u = sinh(D xi) / (2 sinh(D/2) cosh(D (xi - 1/2)))."""
    left, right = _halves(np.sinh, np.cosh, maps.grow, xi)
    if (maps.shrink > 0).any():
        others = _halves(np.sin, np.cos, maps.shrink, xi)
        left, right = (np.where(maps.grow > 0, *pair) for pair in zip((left, right), others, strict=True))
    small = np.maximum(maps.grow, maps.shrink) < UNIFORM
    return np.where(small, xi, left), np.where(small, 1 - xi, right)


def _halves(odd: Any, even: Any, D: Floats, xi: Floats) -> tuple[Floats, Floats]:
    with np.errstate(divide="ignore", invalid="ignore"):
        below = 2 * odd(D / 2) * even(D * (xi - 0.5))
        return odd(D * xi) / below, odd(D * (1 - xi)) / below


def _hyperbolic(stretch: Floats) -> Floats:
    """D >= 0 of sinh(D)/D = B, 0 for B <= 1.  Newton on the logarithm, which is convex, from above."""
    log_b = np.log(np.maximum(stretch, 1.0))
    D = np.sqrt(6 * log_b) + log_b
    for _ in range(STEPS):
        safe = np.maximum(D, 1e-3)
        value = safe + np.log1p(-np.exp(-2 * safe)) - np.log(2 * safe) - log_b
        D = np.where(log_b > 1e-6, safe - value / (1 / np.tanh(safe) - 1 / safe), np.sqrt(6 * log_b))
    return np.asarray(D)


def _trigonometric(stretch: Floats) -> Floats:
    """D >= 0 of sin(D)/D = B, 0 for B >= 1; Newton from sqrt(6 (1 - B)), which is below the root."""
    b = np.minimum(stretch, 1.0)
    D = np.sqrt(6 * (1 - b))
    if not (b < 1).any():
        return np.asarray(D)
    for _ in range(STEPS):
        safe = np.maximum(D, 1e-3)
        slope = (np.cos(safe) - np.sin(safe) / safe) / safe
        D = np.where(1 - b > 1e-6, safe - (np.sin(safe) / safe - b) / slope, D)
    return np.asarray(D)
