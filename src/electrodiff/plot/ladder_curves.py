"""The panel of current-voltage curves: PNP and its rivals, and where PNP passes no current."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import Affine2D
from numpy.typing import NDArray

from electrodiff.plot.labels import text_width
from electrodiff.plot.scale import linear_limits
from electrodiff.plot.sheet import AXIS, size_mm
from electrodiff.plot.style import GUIDE, halo, ion_style, line_height, number, power_of_ten

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from electrodiff.ladder.rung import Curve

# Units of a current density, their sizes [A/m^2], and the least number that is shown in them: uA/cm^2, unless that takes
# more than three digits or zeros.
_UNITS = (
    ("A/cm²", 1e4, 1.0),
    ("mA/cm²", 10.0, 1.0),
    ("µA/cm²", 1e-2, 0.1),
    ("nA/cm²", 1e-5, 0.1),
    ("pA/cm²", 1e-8, 0.1),
)
# From the ring at the reversal to its potential, sideways and up or down [mm].
_ASIDE, _OFF = 2.2, 1.4

Floats = NDArray[np.float64]


def draw_curve(curve: Curve, ax: Axes, rest: float | None = None) -> None:
    """Current density against potential, the axes at zero, and where PNP passes no current: `rest` [V] if it is known."""
    potential = np.array(curve.potential) * 1e3
    unit, size = current_unit([value for values in curve.current_density.values() for value in values])
    currents = {title: np.array(values) / size for title, values in curve.current_density.items()}
    draw_zeros(ax)
    for index, (title, values) in enumerate(currents.items()):
        ax.plot(potential, values, label=title, **ion_style(index))
    ax.set_xlim(potential[0], potential[-1])
    ax.set_ylim(linear_limits(np.concatenate(list(currents.values())), 0.0, with_zero=True))
    ax.set_xlabel("membrane potential [mV]")
    ax.set_ylabel(f"current density [{unit}]")
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    box = ax.legend(loc="upper left", bbox_to_anchor=(0.0, -AXIS / size_mm(ax)[1]), borderaxespad=0.0, handlelength=3.5)
    for text in box.get_texts():
        text.set_parse_math(False)
    zero = reversal(curve.potential, next(iter(curve.current_density.values()))) if rest is None else rest
    if zero is not None and curve.potential[0] <= zero <= curve.potential[-1]:
        mark_reversal(ax, zero * 1e3)


def draw_zeros(ax: Axes) -> None:
    """Axes through zero."""
    for draw in (ax.axhline, ax.axvline):
        draw(0.0, zorder=0, **GUIDE)


def current_unit(currents: Sequence[float]) -> tuple[str, float]:
    """The unit of the field, a larger or smaller one where it takes long numbers, or a power of ten; its size [A/m^2]."""
    largest = max(map(abs, currents), default=0.0)
    exponent = math.floor(math.log10(largest)) if largest else 0
    rest = (f"{power_of_ten(exponent)} A/m²", 10.0**exponent) if exponent else ("µA/cm²", 1e-2)
    return next(((name, size) for name, size, least in _UNITS if largest >= least * size), rest)


def reversal(potential: Sequence[float], current: Sequence[float]) -> float | None:
    """Where a current changes its sign, between neighbours on a straight line; None if it does nowhere, or has none."""
    V, values = np.asarray(potential, dtype=float), np.asarray(current, dtype=float)
    changes = np.flatnonzero((values[:-1] < 0) != (values[1:] < 0))
    if not changes.size:
        return None
    k = int(changes[0])
    return float(V[k] - values[k] * (V[k + 1] - V[k]) / (values[k + 1] - values[k]))


def mark_reversal(ax: Axes, zero: float, unit: str = "") -> None:
    """A ring where PNP passes no current, with its potential [mV] on the side where fewer curves are in the way."""
    ax.plot([zero], [0.0], marker="o", markersize=8.0, markerfacecolor="white", markeredgecolor="black", zorder=5)
    text = f"{number(round(zero, 2), 4)}{unit}"
    width, height = size_mm(ax)
    to_mm = ax.transData + ax.transAxes.inverted() + Affine2D().scale(width, height)
    x, y = to_mm.transform((zero, 0.0))
    length = text_width(text)
    # Above and to the left, or below and to the right: a current that rises passes through neither.
    lefts, bottoms = {-1: x - _ASIDE - length, 1: x + _ASIDE}, {-1: y + _OFF, 1: y - _OFF - line_height()}
    fits = [side for side in (-1, 1) if 0.0 <= lefts[side] <= width - length] or [1]
    points = np.concatenate(
        [_dense(to_mm.transform(line.get_xydata())) for line in ax.lines if line.get_linestyle() != "None"]
    )
    side = min(fits, key=lambda side: _inside(points, lefts[side], bottoms[side], length))
    ax.text(
        lefts[side] / width,
        (bottoms[side] + 0.2 * line_height()) / height,
        text,
        transform=ax.transAxes,
        va="baseline",
        parse_math=False,
        path_effects=[halo()],
    )


def _dense(points: Floats) -> Floats:
    """Points on straight lines between those of a curve."""
    steps = np.linspace(0.0, len(points) - 1.0, 20 * len(points))
    return np.column_stack([np.interp(steps, np.arange(len(points)), column) for column in points.T])


def _inside(points: Floats, left: float, bottom: float, length: float) -> int:
    """How many points lie where a text would [mm]."""
    x, y = points.T
    return int(np.sum((x >= left) & (x <= left + length) & (y >= bottom) & (y <= bottom + line_height())))
