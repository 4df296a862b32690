"""The dots of the ladder: for one quantity a row a model, at the difference of its prediction from PNP."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

from electrodiff.ladder.rung import POTENTIAL_BOUNDS, RATIO_BOUNDS
from electrodiff.plot.labels import shortened, text_width
from electrodiff.plot.sheet import size_mm
from electrodiff.plot.style import MINUS, MM_PER_POINT, SOLUTION, halo, number, power_of_ten
from electrodiff.quantities import rounded_up

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from electrodiff.ladder.rung import Ladder, Rung

# What an SI unit is shown as, and its size in SI.
_UNITS = {
    "V": ("mV", 1e-3),
    "A": ("pA", 1e-12),
    "A/m^2": ("µA/cm²", 1e-2),
    "mol/m^2/s": ("pmol/cm²/s", 1e-8),
    "mol/m^3": ("mM", 1.0),
    "C/m^2": ("µC/cm²", 1e-2),
    "F/m^2": ("µF/cm²", 1e-2),
    "ohm": ("GΩ", 1e9),
}

# The most telling quantities first; any other comes after them, in the order of the ladder.
_TELLING = (
    "resting_potential",
    "membrane_potential",
    "current_density",
    "current",
    "ion_current",
    "flux",
    "surface_charge",
    "electrode_charge",
    "capacitance",
)
# Shape and colour of a dot: the shape says the same as the colour.  It is hollow where a model comes near PNP although its
# limit fails, so that an agreement by chance is not taken for one by right.
MARKERS: dict[str, dict[str, Any]] = {
    "agrees": {"marker": "o", "color": "#009E73", "markersize": 8.0},
    "near": {"marker": "D", "color": "#E69F00", "markersize": 7.0},
    "differs": {"marker": "X", "color": "#D55E00", "markersize": 9.0},
}
_AGREES_SHADE, _NEAR_SHADE = "0.85", "0.94"
FILLED: dict[str, Any] = {"markeredgecolor": "white"}

OVER = 1.2
"""From a panel to the text over it [mm]."""
TITLE_GAP = 2.0
"""From the title of a model to the panel [mm]."""
# Height of a row of one and of two lines, and from a dot to its number [mm]; how far a number may reach beyond the right
# end of its panel, and a dot lie left of the line and count as on it [mm]; free space between the labels of ticks [mm].
_ROW, _TWO_LINES = 7.0, 10.5
_BESIDE, _OVERHANG, _ON_THE_LINE, _TICK_GAP = 2.2, 2.0, 1.0, 1.5
# An axis reaches beyond its last dot, and beyond what counts as near, by this factor.
_BEYOND = 1.6
# Largest number of a tick that is written out.
_WRITTEN_OUT = 1e3


@dataclass(frozen=True)
class Panel:
    """The rows of one quantity, and what their axis measures."""

    rungs: tuple[Rung, ...]
    titles: tuple[str, ...]
    """Titles of the models, in one or two lines."""

    @property
    def height(self) -> float:
        """Of the rows [mm]."""
        return len(self.rungs) * (_TWO_LINES if any("\n" in title for title in self.titles) else _ROW)

    @property
    def unit(self) -> tuple[str, float]:
        """Unit of the quantity and its size [SI]."""
        dimension = self.rungs[0].dimension
        return _UNITS.get(dimension.unit, (dimension.unit, 1.0))

    @property
    def axis(self) -> tuple[str, float]:
        """Unit of the axis and its size [SI]: that of the quantity, or a percent of the value of PNP, with its sign."""
        first = self.rungs[0]
        if first.dimension.unit == "V" or first.relative_difference is None:
            return self.unit
        return "%", first.pnp / 100.0

    @property
    def zones(self) -> tuple[float, float]:
        """Differences up to which a prediction agrees and is near, in the unit of the axis."""
        first, (_, size) = self.rungs[0], self.axis
        agrees, near = POTENTIAL_BOUNDS if first.dimension.unit == "V" else RATIO_BOUNDS
        scale = first.scale or max(map(abs, self.positions)) * size or size
        return agrees * scale / abs(size), near * scale / abs(size)

    @property
    def positions(self) -> list[float]:
        """Of the dots, in the unit of the axis."""
        return [rung.difference / self.axis[1] for rung in self.rungs]


def chosen(ladder: Ladder, most: int, widest: float) -> list[Panel]:
    """The quantities that are drawn, the most telling first, with titles at most so wide [mm] if they have two lines."""
    drawn = [rung for rung in ladder.rungs if math.isfinite(rung.difference)]
    names = list(dict.fromkeys(rung.quantity for rung in drawn))
    families = [name.partition(".")[0] for name in names]
    ranks = [_TELLING.index(family) if family in _TELLING else len(_TELLING) for family in families]
    panels = []
    for name in [name for _, name in sorted(zip(ranks, names, strict=True), key=lambda pair: pair[0])][:most]:
        rungs = tuple(rung for rung in drawn if rung.quantity == name)
        panels.append(Panel(rungs, tuple(_in_two_lines(rung.title, widest) for rung in rungs)))
    return panels


def _in_two_lines(title: str, width: float) -> str:
    """A title that is too wide for a line in two, the second shortened if need be."""
    if text_width(title) <= width:
        return title
    characters = len(title)
    lines = [title]
    while text_width(lines[0]) > width and characters > 1:
        characters -= 1
        lines = textwrap.wrap(title, characters, break_on_hyphens=False)
    return "\n".join([lines[0], shortened(" ".join(lines[1:]), width)])


def hollow(marker: dict[str, Any]) -> dict[str, Any]:
    return {**marker, "markerfacecolor": "white", "markeredgewidth": 1.8, "markersize": marker["markersize"] - 1.0}


def draw_dots(panel: Panel, ax: Axes) -> None:
    rows = range(len(panel.rungs))
    ax.set_ylim(len(panel.rungs) - 0.5, -0.5)
    ax.set_yticks(list(rows), panel.titles)
    for label in ax.get_yticklabels():
        label.set(parse_math=False, linespacing=1.1)
    ax.tick_params(axis="y", length=0.0, pad=TITLE_GAP / MM_PER_POINT)
    ax.spines["left"].set_visible(False)
    for row in rows:
        ax.axhline(row, color="0.8", linewidth=0.6, zorder=0)
    _draw_axis(panel, ax)
    _draw_pnp(panel, ax)
    for row, (rung, x) in enumerate(zip(panel.rungs, panel.positions, strict=True)):
        marker = MARKERS[rung.verdict]
        by_chance = rung.outlook == "fails" and rung.verdict != "differs"
        look = hollow(marker) if by_chance else {**marker, **FILLED}
        ax.plot([x], [row], linestyle="", clip_on=False, zorder=4, **look)
        _write_beside(ax, x, row, number(rung.predicted / panel.unit[1], 4))


def _draw_axis(panel: Panel, ax: Axes) -> None:
    """A symmetric logarithmic axis, linear up to the decade above what counts as equal, with the zones in grey."""
    agrees, near = panel.zones
    linear = 10.0 ** math.ceil(math.log10(agrees))
    low, high = (_BEYOND * max([near, *(sign * x for x in panel.positions)]) for sign in (-1, 1))
    ax.set_xscale("symlog", linthresh=linear, linscale=1.0)
    ax.set_xlim(-low, high)
    for width, grey, zorder in ((near, _NEAR_SHADE, -2.0), (agrees, _AGREES_SHADE, -1.0)):
        ax.axvspan(-width, width, color=grey, linewidth=0, zorder=zorder)
    ticks = _decades(linear, low, high)
    labels = [_tick_label(value) for value in ticks]
    ax.xaxis.set_major_locator(FixedLocator(ticks))
    ax.xaxis.set_major_formatter(FixedFormatter(_thinned(ax, ticks, labels)))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set_xlabel(f"prediction {MINUS} PNP [{panel.axis[0]}]")


def _decades(first: float, low: float, high: float) -> list[float]:
    """Zero and the powers of ten from `first` on, up to `low` to the left and `high` to the right of it."""
    left, right = (
        [first * 10.0**power for power in range(max(math.floor(math.log10(end / first) + 1e-9) + 1, 0))]
        for end in (low, high)
    )
    return [*(-value for value in reversed(left)), 0.0, *right]


def _tick_label(value: float) -> str:
    if value and not 1.0 / _WRITTEN_OUT <= abs(value) <= _WRITTEN_OUT:
        return (MINUS if value < 0 else "") + power_of_ten(round(math.log10(abs(value))))
    return f"{value:g}".replace("-", MINUS)


def _thinned(ax: Axes, ticks: Sequence[float], labels: Sequence[str]) -> list[str]:
    """The labels from the middle outward, leaving out those for which there is no room."""
    per_mm = size_mm(ax)[0]
    places = [float(ax.transAxes.inverted().transform(ax.transData.transform((x, 0.0)))[0]) * per_mm for x in ticks]
    kept: list[int] = []
    for index in sorted(range(len(ticks)), key=lambda index: abs(ticks[index])):
        half = text_width(labels[index]) / 2
        if all(abs(places[index] - places[k]) >= half + text_width(labels[k]) / 2 + _TICK_GAP for k in kept):
            kept.append(index)
    return [label if index in kept else "" for index, label in enumerate(labels)]


def _draw_pnp(panel: Panel, ax: Axes) -> None:
    """The line of PNP with its error, and its value over it."""
    first = panel.rungs[0]
    error = (first.error or 0.0) / abs(panel.axis[1])
    ax.axvspan(-error, error, color=SOLUTION["color"], alpha=0.3, linewidth=0, zorder=1)
    ax.axvline(0.0, color=SOLUTION["color"], linewidth=1.8, zorder=2)
    unit, size = panel.unit
    # Zero to its error is zero.
    value = first.pnp if abs(first.pnp) > (first.error or 0.0) else 0.0
    text = f"PNP {number(value / size, 4)}"
    if first.error is not None:
        text += f" ± {_power(rounded_up(first.error / size))}"
    width, height = size_mm(ax)
    half = text_width(f"{text} {unit}") / 2
    start = float(ax.transAxes.inverted().transform(ax.transData.transform((0.0, 0.0)))[0]) * width
    centre = min(max(start, half), width - half) if 2 * half <= width else width - half
    y = 1.0 + OVER / height
    style: dict[str, Any] = {"transform": ax.transAxes, "va": "baseline", "parse_math": False}
    ax.text(centre / width, y, f"{text} {unit}".rstrip(), ha="center", color=SOLUTION["color"], **style)


def _power(text: str) -> str:
    """`2·10⁻⁷` for 2e-7."""
    mantissa, _, exponent = text.partition("e")
    return f"{mantissa}·{power_of_ten(int(exponent))}" if exponent else mantissa


def _write_beside(ax: Axes, x: float, row: int, text: str) -> None:
    """Write a number beside its dot: on the side away from PNP if there is room, else towards it."""
    width = size_mm(ax)[0]
    place, zero = (
        float(ax.transAxes.inverted().transform(ax.transData.transform((v, row)))[0]) * width for v in (x, 0.0)
    )
    # A dot on the line has its number at the right, whatever the sign of the rest.
    away = -1 if place < zero - _ON_THE_LINE else 1
    room = place if away < 0 else width + _OVERHANG - place
    side = away if room >= _BESIDE + text_width(text) else -away
    ax.text(
        (place + side * _BESIDE) / width,
        row,
        text,
        transform=ax.get_yaxis_transform(),
        ha="left" if side > 0 else "right",
        va="center_baseline",
        zorder=3,
        parse_math=False,
        path_effects=[halo()],
    )
