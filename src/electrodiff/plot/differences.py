"""The difference of two series, and what a quantity of several results is to be drawn as."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from electrodiff.plot.scale import Ladder

Floats = NDArray[np.float64]
Curve = tuple[Floats, Floats]
"""x and y [SI units]; NaN where it breaks."""

# Points that are closer than this part of their range are one.
SAME = 1e-9


def with_unit(name: str, unit: str) -> str:
    """`potential [mV]`, `debye ratio`."""
    return f"{name} [{unit}]" if unit else name


@dataclass(frozen=True)
class Panel:
    """One quantity of all results."""

    name: str
    ladder: Ladder
    curves: tuple[Curve, ...]
    """Of each result."""
    differences: tuple[Curve, ...]
    """Of each but the first: it minus the first."""
    difference_ladder: Ladder
    is_relative: bool = False
    """Whether differences are relative to the first."""
    is_logarithmic: bool = False
    """Whether the values are drawn on a logarithmic axis."""

    @property
    def is_seen(self) -> bool:
        """Whether any value is more than round-off, such as the current of an ion that nothing lets through."""
        return any(bool(np.nanmax(np.abs(values), initial=0.0) > self.ladder.zero) for _, values in self.curves)


def points_in_common(one: Floats, other: Floats, ends: tuple[float, float] | None = None) -> Floats:
    """The points of the series that has fewer of them in the range of both, or within ends, which are points then too."""
    low, high = ends or (max(one[0], other[0]), min(one[-1], other[-1]))
    inside = [points[(points >= low) & (points <= high)] for points in (one, other)]
    fewer = min((points for points in inside if points.size or ends), key=len, default=np.array([low, high]))
    return fewer if ends is None else apart(np.array([low, *fewer, high]), SAME * (high - low))


def interpolated(at: Floats, x: Floats, y: Floats) -> Floats:
    """Values of a series at points in its range; NaN beside one that is NaN."""
    known = np.isfinite(y)
    if known.sum() < 2:
        return np.where(np.isin(at, x[known]), y[known][0] if known.any() else np.nan, np.nan)
    values = PchipInterpolator(x[known], y[known])(np.clip(at, x[known][0], x[known][-1]))
    return np.where(np.interp(at, x, ~known) > 0, np.nan, values)


def apart(values: Floats, least: float) -> Floats:
    """Rising values without those that follow another too closely; the last one stays."""
    kept = [float(values[0])]
    for value in values[1:-1]:
        if value - kept[-1] > least and values[-1] - value > least:
            kept.append(float(value))
    return np.array([*kept, float(values[-1])])


def common_range(one: Floats, other: Floats, name: str) -> tuple[float, float]:
    """The range in which two rising series of points both lie."""
    low, high = max(float(one[0]), float(other[0])), min(float(one[-1]), float(other[-1]))
    if not low < high:
        raise ValueError(f"the results have no range of {name} in common, so that they have no difference")
    return low, high


def series_difference(one: Curve, other: Curve, place: Callable[[Floats], Floats], name: str) -> Curve:
    """The second series minus the first, at the points of one of them that lie in the range of both.

    place: where a point lies on the axis along which the other is interpolated.
    """
    common_range(one[0], other[0], name)
    points = points_in_common(one[0], other[0])
    at = place(points)
    return points, interpolated(at, place(other[0]), other[1]) - interpolated(at, place(one[0]), one[1])
