"""The figure of a living membrane: the profile across it, and beside it leaks, transporters and driving forces as bars."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from electrodiff.plot import stack
from electrodiff.plot.debye import DEPTH
from electrodiff.plot.labels import Label, draw_labels, shortened, text_width
from electrodiff.plot.scale import CONCENTRATION, NANOMETRE, POTENTIAL, Ladder, linear_limits, log_limits
from electrodiff.plot.sheet import AXIS, CLOSE, INCH, LEFT, RIGHT, TITLE, WIDTH, hide_x_labels, size_mm
from electrodiff.plot.style import DPI, GUIDE, MINUS, SOLUTION, ion_label, ion_style, log_tick, number, shade, styled
from electrodiff.units import thermal_voltage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from electrodiff.model import Case
    from electrodiff.readings import Readings
    from electrodiff.solution import Solution
    from electrodiff.transporters import Transporter

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

FLUX = Ladder(0.0, (("pmol/cm²/s", 1e8), ("fmol/cm²/s", 1e11), ("amol/cm²/s", 1e14)))
"""Units of fluxes per area."""
NOTHING = 1e-6
"""What is below this part of its scale is shown as none: errors may be as large as that."""

# Width of the profile and of the names of the bars, least height of all panels, and height of a bar's row [mm].
_PROFILE, _NAMES, _LEAST, _ROW = 52.0, 46.0, 78.0, 6.2
# Of that, the names of the ions; space above the rows of a panel, between ions, beside a number [mm].
_IONS, _ABOVE, _BETWEEN, _BESIDE = 10.0, 1.5, 2.2, 1.2
# From the profile to the names.
_APART = 5.0
# Above the driving forces, for the name of the line at Vm [mm].
_LINE_NAME = 5.5
# Part of a row that its bar fills.
_BAR = 0.66
# Least part of an axis that the membrane potential must span to be marked by an arrow.
_MARKED = 0.3
# Distance of that arrow from the right edge, as a part of the width.
_ARROW_INSET = 0.06
# Least span of the axis of potentials [V]: nobody's equilibrium is known better than that.
_LEAST_SPAN = 2e-3
# Least concentration shown, relative to the largest.
_TRACE = 1e-7
# Of a logarithmic axis that would span less than this ratio.
_LEAST_RATIO = 10.0
_VOLTAGE = "Vₘ"
_LINE: dict[str, Any] = {"color": "black", "linewidth": 1.2}
_BAND: dict[str, Any] = {"color": "0.955", "linewidth": 0.0, "zorder": -2}
_ARROW: dict[str, Any] = {"arrowstyle": "<->", "shrinkA": 0.0, "shrinkB": 0.0, "linewidth": 1.0, "color": "0.25"}


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


@styled
def cell(solution: Solution) -> Figure:
    """What leaks through a membrane with transporters, what they carry, and what drives the ions.

    Left: potential [mV] and concentrations [mM] across the membrane and some Debye lengths on either side of it.  Right:
    for each ion its passive flux ("leak": through lipid and pathways, filled) and the flux that each transporter carries
    (hatched), positive outward [pmol/(cm^2 s)], which cancel in a resting cell; and its driving force Vm - E [mV], a bar
    from Vm to its Nernst potential E.  An ion that nothing moves has no bar.

    Raises ValueError for a case without transporters.
    """
    if not solution.case.transporters:
        raise ValueError("the case has no transporters, whose fluxes this figure shows")
    fluxes, forces = flux_bars(solution), force_bars(solution)
    head = stack.ion_head(solution) + TITLE
    inner = max(fluxes.height + AXIS + TITLE + forces.height, _LEAST)
    figure = Figure(figsize=(WIDTH / INCH, (head + inner + AXIS) / INCH), dpi=DPI)
    stack.title(solution, figure)
    stack.ion_legend(solution, figure)
    half, left = (inner - CLOSE) / 2.0, LEFT + _PROFILE + _NAMES
    top, bottom = (_place(figure, below, LEFT, _PROFILE, half) for below in (head, head + half + CLOSE))
    _draw_profile(solution, top, bottom)
    below = head
    for panel, height in ((fluxes, inner - forces.height - AXIS - TITLE), (forces, forces.height)):
        _draw_bars(solution, panel, _place(figure, below, left, WIDTH - RIGHT - left, height))
        below = head + inner - forces.height
    return figure


def _place(figure: Figure, below: float, left: float, width: float, height: float) -> Axes:
    """Axes at a distance below the top of a figure and from its left edge [mm]."""
    total = float(figure.get_size_inches()[1]) * INCH
    ax = figure.add_axes((left / WIDTH, 1.0 - (below + height) / total, width / WIDTH, height / total))
    ax.yaxis.set_label_coords(-(LEFT - 5.5) / width, 0.5)
    return ax


# ---- the profile --------------------------------------------------------------------------------------------------


def shown_span(solution: Solution) -> tuple[float, float]:
    """Where the profile begins and ends [m]: five Debye lengths from the membrane, or its thickness, if that is more."""
    edges, index = solution.problem.mesh.x[solution.problem.mesh.boundaries], solution.readings.transporting_layer
    left, right = float(edges[index]), float(edges[index + 1])

    def beside(other: int) -> float:
        length = solution.debye_lengths[other] if 0 <= other < len(solution.case.layers) else 0.0
        return max(right - left, DEPTH * length if math.isfinite(length) else 0.0)

    return max(left - beside(index - 1), float(edges[0])), min(right + beside(index + 1), float(edges[-1]))


def _draw_profile(solution: Solution, top: Axes, bottom: Axes) -> None:
    edges = solution.problem.mesh.x[solution.problem.mesh.boundaries]
    origin = float(edges[solution.readings.transporting_layer])
    first, last = ((x - origin) * NANOMETRE for x in shown_span(solution))
    x = (solution.x - origin) * NANOMETRE
    seen = (x >= first) & (x <= last)
    labels = []
    for layer, (left, right) in zip(solution.case.layers, pairwise((edges - origin) * NANOMETRE), strict=True):
        if left < last and right > first:
            start, stop = max(float(left), first), min(float(right), last)
            labels.append(Label(layer.name, (start + stop) / 2.0, stop - start))
            for ax in (top, bottom):
                shade(ax, start, stop, solution.case, layer)
    for ax in (top, bottom):
        ax.set_xlim(first, last)
        ax.set_xlabel("distance from the inner face [nm]")
        ax.xaxis.set_major_locator(MaxNLocator("auto", steps=[1, 2, 5, 10]))
    hide_x_labels([top])
    headroom = draw_labels(top, labels) / size_mm(top)[1]
    _draw_potential(solution, top, x, seen, headroom)
    _draw_concentrations(solution, bottom, x, seen)


def _draw_potential(solution: Solution, ax: Axes, x: Floats, seen: Mask, headroom: float) -> None:
    unit = POTENTIAL.unit(solution.potential[seen])
    ax.plot(x, solution.potential * unit.factor, **SOLUTION)
    ax.set_ylabel(f"potential [{unit.name}]")
    ends = solution.potential[[0, -1]] * unit.factor
    low, high = linear_limits(np.append(solution.potential[seen] * unit.factor, ends), unit.floor, headroom)
    ax.set_ylim(low, high)
    inside, outside = map(float, ends)
    if abs(inside - outside) < _MARKED * (high - low):
        return
    first, last = ax.get_xlim()
    place = last - _ARROW_INSET * (last - first)
    ax.plot([first, last], [inside, inside], label="_inside", linestyle=":", zorder=1, **GUIDE)
    ax.annotate("", (place, inside), (place, outside), arrowprops=_ARROW)
    ax.text(place, (inside + outside) / 2.0, f"{_VOLTAGE} ", ha="right", va="center", parse_math=False)


def _draw_concentrations(solution: Solution, ax: Axes, x: Floats, seen: Mask) -> None:
    """The concentrations beside the membrane; within it, where they are those of its lipid, if there is nothing else."""
    within = solution.layer == solution.readings.transporting_layer
    outside = np.where(within & ~within.all(), np.nan, solution.concentration)
    unit = CONCENTRATION.unit(outside)
    drawn = np.where(outside > 0, outside, np.nan) * unit.factor
    for index, values in enumerate(drawn):
        ax.plot(x, values, label=f"_{index}", **ion_style(index))
    ax.set_ylabel(f"concentration [{unit.name}]")
    shown = drawn[:, seen]
    shown = shown[np.isfinite(shown)]
    high = float(shown.max(initial=0.0)) or 1.0
    low = min(max(float(shown.min(initial=high)), _TRACE * high), high / _LEAST_RATIO)
    ax.set_yscale("log")
    ax.set_ylim(log_limits(low, high))
    ax.yaxis.set_major_formatter(log_tick)
    ax.minorticks_off()


# ---- the bars -----------------------------------------------------------------------------------------------------


def moved_ions(frame: Readings) -> dict[int, str]:
    """The ions that can cross the membrane or are carried, by their places in the case."""
    case, leaks = frame.case, frame.exchange_flux
    return {index: ion for index, ion in enumerate(case.ion_names) if leaks[ion] > 0 or _carriers(case, ion)}


def _carriers(case: Case, ion: str) -> list[Transporter]:
    """The transporters that carry an ion through the layer of the first one."""
    return [one for one in case.transporters if one.layer == case.transporters[0].layer and ion in one.stoichiometry]


def flux_bars(solution: Solution) -> Bars:
    """Passive flux of every ion that something moves, and what each transporter carries of it."""
    scales = solution.readings.scales()

    def size(name: str, value: float) -> float:
        return value if abs(value) > NOTHING * scales[name] else 0.0

    found: list[tuple[int, str, float, bool]] = []
    for index, ion in moved_ions(solution.readings).items():
        found.append((index, "leak", size(f"passive_flux.{ion}", solution.passive_flux[ion]), True))
        for one in _carriers(solution.case, ion):
            rate = size(f"transporter_rate.{one.name}", solution.transporter_rate[one.name])
            found.append((index, one.name, rate * one.stoichiometry[ion], False))
    unit = FLUX.unit(np.array([value for _, _, value, _ in found]))
    bars = tuple(
        Bar(index, name, value * unit.factor, _signed(value * unit.factor), is_leak)
        for index, name, value, is_leak in found
    )
    return Bars(bars, 0.0, "", "Fluxes, outward to the right", f"flux [{unit.name}]")


def force_bars(solution: Solution) -> Bars:
    """Driving force of every ion that something moves and that has a Nernst potential E: a bar from Vm to E."""
    voltage, table = solution.membrane_potential, solution.nernst_potential
    nernst = {index: value for index, ion in moved_ions(solution.readings).items() if (value := table[ion]) is not None}
    unit = POTENTIAL.unit(np.array([voltage, *nernst.values()]))
    bars = []
    for index, value in nernst.items():
        # An ion at equilibrium has no bar, whatever the last digits say.
        end = voltage if abs(voltage - value) <= NOTHING * thermal_voltage(solution.case.temperature) else value
        force, name = (voltage - end) * unit.factor, f"E = {number(value * unit.factor)}"
        bars.append(Bar(index, name, end * unit.factor, _signed(force)))
    title = f"Driving forces {_VOLTAGE} {MINUS} E [{unit.name}]"
    axis, least = f"potential [{unit.name}]", _LEAST_SPAN * unit.factor
    return Bars(tuple(bars), voltage * unit.factor, _VOLTAGE, title, axis, least)


def _signed(value: float) -> str:
    """`+2.25`, `−1.12`, `0`."""
    return "0" if value == 0 else ("+" if value > 0 else "") + number(value)


def _draw_bars(solution: Solution, panel: Bars, ax: Axes) -> None:
    width, height = size_mm(ax)
    low, high = panel.limits(width)
    # The rows of a panel that is higher than it needs to be stand in its middle.
    middles = panel.middles + (height - panel.height) / 2.0
    ax.set_ylim(height, 0.0)
    ax.set_xlim(low, high)
    ax.xaxis.set_major_locator(MaxNLocator("auto", steps=[1, 2, 5, 10]))
    ax.set_title(panel.title, loc="left", parse_math=False)
    ax.set_xlabel(panel.label)
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0.0, pad=4.0)
    ax.set_yticks(middles.tolist(), [shortened(bar.name, _NAMES - _APART - _IONS - 2.5) for bar in panel.bars])
    for label in ax.get_yticklabels():
        label.set_parse_math(False)
    for bar, middle in zip(panel.bars, middles, strict=True):
        ax.barh(middle, bar.value - panel.line, _BAR * _ROW, panel.line, zorder=2.5, **bar.look)
        x = bar.value + panel.side(bar) * _BESIDE * (high - low) / width
        ax.text(x, middle, bar.text, ha="left" if panel.side(bar) > 0 else "right", va="center", parse_math=False)
    ax.axvline(panel.line, ymax=1.0 - (panel.above - 0.8) / height, zorder=3, **_LINE)
    ax.text(panel.line, 0.2, panel.line_name, ha="center", va="top", parse_math=False)
    _name_ions(solution, panel, ax, middles)


def _name_ions(solution: Solution, panel: Bars, ax: Axes, middles: Floats) -> None:
    """Write the name of every ion in front of its rows, in its colour; a pale band behind every second ion."""
    case, width = solution.case, size_mm(ax)[0]
    start = -(_NAMES - _APART) / width
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
