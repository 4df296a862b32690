"""Panels of bars in rows: one or more for each ion, which all begin at one line, with their numbers beside them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from electrodiff.plot.labels import shortened, text_width
from electrodiff.plot.sheet import size_mm
from electrodiff.plot.style import MM_PER_POINT, PAPER, STYLES, font_size, ion_label, ion_style, number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from electrodiff.solution import Solution

Floats = NDArray[np.float64]

# Width of the names in front of the bars on paper [mm].
_NAMES = 46.0
# Of that, the names of the ions, and the space before them; height of a bar's row [mm].
_IONS, _APART, _ROW = 10.0, 5.0, 6.2
# Space above the rows of a panel, or for the name of its line; between ions; beside a number [mm].
_ABOVE, _LINE_NAME, _BETWEEN, _BESIDE = 1.5, 5.5, 2.2, 1.2
# Width of a tick with its label, in sizes of the font.
_TICK = 3.2
# Part of a row that its bar fills.
_BAR = 0.66
_LINE: dict[str, Any] = {"color": "black", "linewidth": 1.2}
_BAND: dict[str, Any] = {"color": "0.955", "linewidth": 0.0, "zorder": -2}


@dataclass(frozen=True)
class Bar:
    """One bar of an ion, in the unit of its axis."""

    ion: int
    """Its place in the case."""
    name: str
    value: float
    """Where its free end is."""
    text: str
    """What it is long, written beside it."""
    is_leak: bool = True

    @property
    def look(self) -> dict[str, Any]:
        """Filled in the colour of its ion; what a transporter carries is hatched in it."""
        colour = ion_style(self.ion)["color"]
        inside = {"facecolor": colour} if self.is_leak else {"facecolor": "white", "hatch": "////"}
        return {**inside, "edgecolor": colour, "linewidth": 1.0}


@dataclass(frozen=True)
class Bars:
    """A panel of bars in rows, those of one ion beside each other, which all begin at one line."""

    bars: tuple[Bar, ...]
    line: float
    line_name: str
    title: str
    label: str
    """Of the axis, with its unit."""
    least: float = 0.0
    """Span of the axis, at least."""

    @property
    def above(self) -> float:
        """Free space over the first row [mm]."""
        return _LINE_NAME if self.line_name else _ABOVE

    @cached_property
    def middles(self) -> Floats:
        """Distance of the middle of every row from the top [mm]."""
        ions = [bar.ion for bar in self.bars]
        changes = np.cumsum([0, *(one != other for one, other in pairwise(ions))])[: len(ions)]
        result: Floats = self.above + _ROW * (np.arange(len(ions)) + 0.5) + _BETWEEN * changes
        return result

    @property
    def height(self) -> float:
        """Of the panel [mm]."""
        return float(self.middles.max(initial=self.above)) + _ROW / 2.0 + _ABOVE

    def side(self, bar: Bar) -> int:
        """Where the number of a bar stands: beyond its free end, to the left (-1) or the right of it."""
        return -1 if bar.value < self.line else 1

    def limits(self, width: float) -> tuple[float, float]:
        """Ends of the axis of a panel of this width [mm] that leave room for a number beside every bar."""
        beside = max(_BESIDE, text_width(self.line_name) / 2.0)
        left, right = (
            [(self.line, beside)]
            + [(bar.value, text_width(bar.text) + 2.0 * _BESIDE) for bar in self.bars if self.side(bar) == side]
            for side in (-1, 1)
        )
        per_mm = max((high - low) / (width - after - before) for low, before in left for high, after in right)
        per_mm = max(per_mm, self.least / width) or 2.0 / width
        low = min(value - room * per_mm for value, room in left)
        high = max(value + room * per_mm for value, room in right)
        spare = max(width * per_mm - (high - low), 0.0) / 2.0
        return low - spare, high + spare


def names_width() -> float:
    """Width of the names in front of the bars, of ions and of what moves them [mm]: it grows with the text."""
    return _NAMES * font_size() / STYLES[PAPER].font_size


def signed(value: float) -> str:
    """A number with its sign: `+2.25`, `−1.12`, `0`."""
    return "0" if value == 0 else ("+" if value > 0 else "") + number(value)


def draw_bars(solution: Solution, panel: Bars, ax: Axes, names: float | None = None) -> None:
    """Draw a panel of bars: names and ions in front of them, numbers beside them, a line where they begin.

    names: width of the names in front [mm], by default that of `names_width`.
    """
    names = names_width() if names is None else names
    width = size_mm(ax)[0]
    height = max(size_mm(ax)[1], panel.height)
    low, high = panel.limits(width)
    # The rows of a panel that is higher than it needs to be stand in its middle.
    middles = panel.middles + (height - panel.height) / 2.0
    ax.set_ylim(height, 0.0)
    ax.set_xlim(low, high)
    most = max(int(width / (_TICK * font_size() * MM_PER_POINT)), 2)
    ax.xaxis.set_major_locator(MaxNLocator(most, steps=[1, 2, 5, 10]))
    # A title that is wider than its panel begins over the names.
    ax.set_title(panel.title, loc="left", x=min((width - text_width(panel.title)) / width, 0.0), parse_math=False)
    ax.set_xlabel(panel.label)
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0.0, pad=4.0)
    ax.set_yticks(middles.tolist(), [shortened(bar.name, names - _APART - _IONS - 2.5) for bar in panel.bars])
    for label in ax.get_yticklabels():
        label.set_parse_math(False)
    for bar, middle in zip(panel.bars, middles, strict=True):
        ax.barh(middle, bar.value - panel.line, _BAR * _ROW, panel.line, zorder=2.5, **bar.look)
        x = bar.value + panel.side(bar) * _BESIDE * (high - low) / width
        ax.text(x, middle, bar.text, ha="left" if panel.side(bar) > 0 else "right", va="center", parse_math=False)
    ax.axvline(panel.line, ymax=1.0 - (panel.above - 0.8) / height, zorder=3, **_LINE)
    ax.text(panel.line, 0.2, panel.line_name, ha="center", va="top", parse_math=False)
    _name_ions(solution, panel, ax, middles, names)


def _name_ions(solution: Solution, panel: Bars, ax: Axes, middles: Floats, names: float) -> None:
    """Write the name of every ion in front of its rows, in its colour; a pale band behind every second ion."""
    case, width = solution.case, size_mm(ax)[0]
    start = -(names - _APART) / width
    for count, ion in enumerate(dict.fromkeys(bar.ion for bar in panel.bars)):
        own = middles[[bar.ion == ion for bar in panel.bars]]
        name = ion_label(case.ion_names[ion], case.valence(case.ion_names[ion]))
        ax.text(
            start + 1.0 / width,
            float(own.mean()),
            shortened(name, _IONS, "bold"),
            transform=ax.get_yaxis_transform(),
            va="center",
            weight="bold",
            color=ion_style(ion)["color"],
            parse_math=False,
        )
        if count % 2 == 0:
            edge = (_ROW + _BETWEEN) / 2.0
            ax.axhspan(own.min() - edge, own.max() + edge, start, 1.0, clip_on=False, **_BAND)
