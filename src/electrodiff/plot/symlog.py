"""Axes and scales that are logarithmic on either side of zero, and proportional around it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from electrodiff.plot.scale import linear_limits
from electrodiff.plot.sheet import INCH
from electrodiff.plot.style import MINUS, line_height, log_tick

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]

# Ratio of the largest value to the scale of the small ones from which an axis is logarithmic.
_WIDE = 300.0
# Decades that such an axis shows on either side of zero at most: beyond is round-off, or nobody's business.
_DEPTH = 7
# Labels that an axis has room for on either side of zero and in all.
_LABELS = 4
# Height of the proportional part, in decades, and of the margins.
_LINEAR_PART, _MARGIN = 0.6, 0.35


def symlog_ticks(largest: float, linear: float, most: int = _LABELS) -> list[float]:
    """Zero and powers of ten with either sign, from the proportional part up to the largest value, evenly chosen."""
    first, last = round(math.log10(linear)), math.floor(math.log10(largest) + 1e-9)
    step = max(math.ceil((last - first + 1) / most), 1)
    powers = [10.0**exponent for exponent in range(last, first - 1, -step)]
    return [-power for power in powers] + [0.0] + powers[::-1]


def symlog_text(value: float) -> str:
    """`−10⁴`, `0`, `0.1`."""
    if value == 0:
        return "0"
    return (MINUS if value < 0 else "") + log_tick(abs(value), None)


def linear_part(values: Floats, noise: float = 0.0) -> float | None:
    """The power of ten up to which an axis for these values is proportional; None if it should be so altogether.

    That of the values that nine in ten exceed, but not more than some decades below the largest, nor within the noise.
    """
    size = np.abs(values[np.isfinite(values)])
    size = size[size > 0]
    if not size.size:
        return None
    largest = float(size.max())
    small = max(float(np.quantile(size, 0.1)), largest * 10.0**-_DEPTH, 10.0 * noise)
    return 10.0 ** math.floor(math.log10(small)) if largest > _WIDE * small else None


def fit_y_axis(ax: Axes, values: Floats, floor: float, noise: float = 0.0) -> None:
    """Make the y axis fit values: linear, or, if they span decades, logarithmic on either side of zero.

    What is below `noise`, in the unit of the values, lies flat on the line at zero.
    """
    linear = linear_part(values, noise)
    if linear is None or float(np.nanmax(np.abs(values))) <= floor:
        ax.set_ylim(linear_limits(values, floor, with_zero=True))
        return
    ax.set_yscale("symlog", linthresh=linear, linscale=_LINEAR_PART)
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    ax.set_ylim(*(_beyond(value, linear, sign) for value, sign in ((low, -1.0), (high, 1.0))))
    ticks = symlog_ticks(max(-low, high), linear, 2 * _LABELS if low >= 0 or high <= 0 else _LABELS)
    shown = _with_room(ax, [tick for tick in ticks if ax.get_ylim()[0] <= tick <= ax.get_ylim()[1]])
    ax.set_yticks(shown, [symlog_text(tick) for tick in shown])
    ax.minorticks_off()


def _with_room(ax: Axes, ticks: list[float]) -> list[float]:
    """Zero and the largest values whose labels have room between those chosen before."""
    shown: dict[float, float] = {}
    for tick in sorted(ticks, key=lambda tick: (tick != 0, -abs(tick))):
        height = float(ax.transData.transform((0.0, tick))[1]) / float(ax.figure.dpi) * INCH
        if all(abs(height - other) >= line_height() for other in shown.values()):
            shown[tick] = height
    return sorted(shown)


def _beyond(value: float, linear: float, sign: float) -> float:
    """An end of the axis beyond a value on one side of zero, or a little beyond zero."""
    size = max(sign * value, 0.0)
    return sign * (size * 10.0**_MARGIN if size > linear else linear)
