"""The figure of several results of one kind: each quantity of all of them, and beside it by how much they differ."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from electrodiff.current_voltage import CurrentVoltage
from electrodiff.impedance import Impedance
from electrodiff.plot import stack
from electrodiff.plot.differences import Panel, with_unit
from electrodiff.plot.drawing import styled
from electrodiff.plot.impedance_figure import frequency_axis
from electrodiff.plot.labels import shortened, text_width
from electrodiff.plot.overlaid import Several, checked_kind, common_axis, overlaid
from electrodiff.plot.overlaid_sweeps import is_map, sweep_lines
from electrodiff.plot.overlay_maps import draw_maps
from electrodiff.plot.scale import NANOMETRE, Unit, linear_limits, log_limits
from electrodiff.plot.sheet import (
    CLOSE,
    HEAD,
    LEFT,
    LEGEND_LINE,
    RIGHT,
    TITLE,
    WIDTH,
    Row,
    growth,
    hide_x_labels,
    sheet,
    size_mm,
)
from electrodiff.plot.style import COLOURS, GUIDE, LINE_STYLES, MINUS, PAPER
from electrodiff.plot.ticks import log_axis
from electrodiff.solution import Solution
from electrodiff.sweep_result import Sweep
from electrodiff.transient import Transient

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from electrodiff.store import Result

Floats = NDArray[np.float64]

# Height of a row, and of one that shares the sheet with many [mm].
_HEIGHT, _LOW = 46.0, 40.0
_MANY = 3
# By how much a row is higher than the name beside it is long [mm].
_MARGIN = 2.0
# Longest name of a result in the legend [mm].
_NAME = 60.0
# Dots show the points of a series as long as there are no more than this.
_MOST_DOTS = 60


def overlay(
    *results: Result,
    names: Sequence[str] = (),
    ax: Axes | None = None,
    axes: Sequence[Axes] = (),
    style: str = PAPER,
) -> Figure:
    """Each quantity of several results of one kind in one panel, and at its right the differences from the first result.

    Steady states: potential, charge density and the concentrations of ions that all have, against x.  Courses in time:
    potential and total current density.  Impedances: size, phase and capacitance; differences of size and capacitance in
    percent.  Current-voltage curves: net current density and that of each ion that all have.  Sweeps over the same axis:
    every quantity that all have kept; over the same two: a map of each of the first three for the first sweep, and maps of
    the differences.  Differences are drawn over the range that both have, at the points of the one that has fewer.

    names: what the results are called, by default the titles of their cases, if these differ.  axes: panels row by row,
    each quantity before its differences.  Raises ValueError for one result alone, for different kinds, and for results that
    have no range in common; for sweeps whose points were drawn at random.
    """
    chosen = tuple(names) or _names(results)
    if len(chosen) != len(results):
        raise ValueError(f"{len(results)} results were given, and {len(chosen)} names")
    checked_kind(results, chosen)
    draw = draw_maps if isinstance(results[0], Sweep) and is_map(results[0]) else _draw
    return draw(Several(results, chosen), ax=ax, axes=axes, style=style)


def _names(results: Sequence[Result]) -> tuple[str, ...]:
    """The titles of their cases, or numbers where these do not tell results apart."""
    titles = tuple(result.case.title for result in results)
    is_clear = all(titles) and len(set(titles)) == len(titles)
    return titles if is_clear else tuple(f"result {k}" for k in range(1, len(results) + 1))


def result_style(index: int) -> dict[str, Any]:
    """Colour, line style and width of a result; coinciding curves show by their widths."""
    return {
        "color": COLOURS[index % len(COLOURS)],
        "linestyle": LINE_STYLES[index % len(LINE_STYLES)],
        "linewidth": max(2.8 - 0.7 * index, 1.2),
    }


@styled
def _draw(several: Several, given: Sequence[Axes] = ()) -> Figure:
    results = several.results
    with np.errstate(invalid="ignore"):  # what was not found is NaN
        panels = overlaid(results)
    handles = [Line2D([], [], label=shortened(name, _NAME), **result_style(k)) for k, name in enumerate(several.names)]
    rows = [Row(_height(panels, panel), CLOSE if index else TITLE, 2, 2) for index, panel in enumerate(panels)]
    lines = stack.legend_lines([str(handle.get_label()) for handle in handles])
    figure, axes = sheet(rows, HEAD + lines * LEGEND_LINE, given)
    _title(several, figure)
    stack.legend(figure, handles)
    left, right = ([row[column] for row in axes] for column in (0, 1))
    framed = _FRAMES[type(results[0])](results, left, right)
    _head(left[0], "values")
    _head(right[0], f"difference from {several.names[0]}")
    for index, (panel, one, other) in enumerate(zip(panels, left, right, strict=True)):
        _draw_values(panel, one, framed, framed.headroom if index == 0 else 0.0)
        _draw_differences(panel, other, framed)
    return figure


def _height(panels: Sequence[Panel], panel: Panel) -> float:
    """Of the row of a panel [mm]: the less the more there are, but that of the name beside it."""
    name = with_unit(panel.name, panel.ladder.units[0][0])
    return max(_HEIGHT if len(panels) <= _MANY else _LOW, text_width(name) / growth() + _MARGIN)


def _title(several: Several, figure: Figure) -> None:
    y = 1.0 - 1.5 / (figure.get_size_inches()[1] * 25.4)
    titles = list(dict.fromkeys(result.case.title for result in several.results))
    text = shortened("; ".join(titles), WIDTH - LEFT - RIGHT, "bold")
    figure.text(LEFT / WIDTH, y, text, ha="left", va="top", weight="bold", parse_math=False)


def _head(ax: Axes, text: str) -> None:
    ax.set_title(shortened(text, size_mm(ax)[0]), loc="left", parse_math=False)


# ---- the curves ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Framed:
    """How points get their places on the x axis that all panels share, and what is taken at the top of the first."""

    place: Callable[[Floats], Floats]
    headroom: float = 0.0
    start: int = 0
    """The first point of a line; those before are dots."""
    has_dots: bool = False
    has_lines: bool = True


def _draw_values(panel: Panel, ax: Axes, framed: Framed, headroom: float) -> None:
    everything = np.concatenate([values for _, values in panel.curves])
    unit = panel.ladder.unit(everything)
    for k, curve in enumerate(panel.curves):
        _plot(ax, framed, curve, unit, result_style(k))
    ax.set_ylabel(with_unit(panel.name, unit.name))
    seen = everything[np.isfinite(everything)] * unit.factor
    if panel.is_logarithmic and seen.size and (seen := seen[seen > 0]).size and seen.max() > 2.0 * seen.min():
        ax.set_yscale("log")
        ax.set_ylim(log_limits(float(seen.min()), float(seen.max()), headroom))
        log_axis(ax.yaxis)
    else:
        ax.set_ylim(linear_limits(seen, unit.floor, headroom))


def _draw_differences(panel: Panel, ax: Axes, framed: Framed) -> None:
    everything = np.concatenate([values for _, values in panel.differences])
    unit = panel.difference_ladder.unit(everything)
    for k, curve in enumerate(panel.differences, start=1):
        _plot(ax, framed, curve, unit, result_style(k))
    ax.axhline(0.0, color="0.7", linewidth=0.8, zorder=-1)
    ax.set_ylabel(with_unit("difference", unit.name))
    ax.set_ylim(linear_limits(everything * unit.factor, unit.floor, with_zero=True))


def _plot(ax: Axes, framed: Framed, curve: tuple[Floats, Floats], unit: Unit, style: dict[str, Any]) -> None:
    places, values = framed.place(curve[0]), curve[1] * unit.factor
    dots: dict[str, Any] = {"marker": "o", "markersize": 3.0} if framed.has_dots and places.size <= _MOST_DOTS else {}
    if not framed.has_lines:
        dots = {"linestyle": "", "marker": "o", "markersize": 6.0}
    ax.plot(places[framed.start :], values[framed.start :], label="_result", **{**style, **dots})
    if framed.start:
        dot = {**style, "linestyle": "", "marker": "o", "markersize": 4.0}
        ax.plot(places[: framed.start], values[: framed.start], clip_on=False, label="_start", **dot)


# ---- the x axes ---------------------------------------------------------------------------------------------------


def _over_x(results: Sequence[Solution], left: Sequence[Axes], right: Sequence[Axes]) -> Framed:
    first = results[0]
    spans = [stack.shown_span(solution) for solution in results]
    headroom = 0.0
    for axes in (left, right):
        stack.panels(first, axes)
        for ax in axes:
            ax.set_xlim(min(low for low, _ in spans) * NANOMETRE, max(high for _, high in spans) * NANOMETRE)
            for solution in results[1:]:
                _mark_edges(first, solution, ax)
    headroom = stack.name_layers(first, left[0])
    return Framed(lambda x: x * NANOMETRE, headroom)


def _mark_edges(first: Solution, solution: Solution, ax: Axes) -> None:
    """Dotted, the interfaces and the end of a stack where they are not those of the first."""
    own, known = (each.problem.mesh.x[each.problem.mesh.boundaries] for each in (solution, first))
    for edge in own[1:]:
        if np.abs(known - edge).min() > 1e-6 * known[-1]:
            ax.axvline(float(edge) * NANOMETRE, zorder=-1, linestyle=":", label="_other", **GUIDE)


def _over_time(results: Sequence[Transient], left: Sequence[Axes], right: Sequence[Axes]) -> Framed:
    axis = common_axis(results)
    for axes in (left, right):
        axis.draw_frames(axes)
    return Framed(axis.place, start=1 if axis.is_logarithmic else 0)


def _over_frequency(results: Sequence[Impedance], left: Sequence[Axes], right: Sequence[Axes]) -> Framed:
    frequency = np.unique(np.concatenate([each.frequency for each in results]))
    for axes in (left, right):
        frequency_axis(frequency, axes)
    return Framed(lambda values: values)


def _over_potential(results: Sequence[CurrentVoltage], left: Sequence[Axes], right: Sequence[Axes]) -> Framed:
    voltages = np.concatenate([curve.voltage for curve in results]) * 1e3
    low, high = float(voltages.min()), float(voltages.max())
    for axes in (left, right):
        for ax in axes:
            ax.set_xlim((low, high) if high > low else (low - 1.0, high + 1.0))
            ax.set_xlabel(f"potential, left {MINUS} right [mV]")
        hide_x_labels(axes[:-1])
    return Framed(lambda voltage: voltage * 1e3, has_dots=True)


def _over_axis(results: Sequence[Sweep], left: Sequence[Axes], right: Sequence[Axes]) -> Framed:
    lines = sweep_lines(results)
    line = replace(lines[0], values=np.unique(np.concatenate([each.values for each in lines])))
    for axes in (left, right):
        for ax in axes:
            ax.set_xlim(linear_limits(line.values, 0.0))
            line.dress(ax, "x")
        hide_x_labels(axes[:-1])
    return Framed(lambda values: values, has_dots=True, has_lines=not line.names)


_FRAMES: dict[type, Callable[[Any, Sequence[Axes], Sequence[Axes]], Framed]] = {
    Solution: _over_x,
    Transient: _over_time,
    Impedance: _over_frequency,
    CurrentVoltage: _over_potential,
    Sweep: _over_axis,
}
