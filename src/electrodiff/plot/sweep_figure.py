"""The figure of a sweep: curves along one axis, maps over two, dots for points that were drawn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.colors import LogNorm, Normalize
from matplotlib.patheffects import withStroke
from matplotlib.ticker import LogLocator
from numpy.typing import NDArray

from electrodiff.plot.drawing import styled
from electrodiff.plot.labels import shortened, write_title
from electrodiff.plot.scale import linear_limits
from electrodiff.plot.sheet import LEFT, TITLE, WIDTH, Row, hide_x_labels, sheet, size_mm
from electrodiff.plot.style import GUIDE, MINUS, OVER_COLOURS, ion_style
from electrodiff.plot.sweep_axes import Line, axis_words, line_of
from electrodiff.plot.sweep_words import Shown, quantity_name, shown_quantities
from electrodiff.plot.ticks import log_axis
from electrodiff.sweep_result import Sweep, unit_of, value_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = NDArray[np.float64]

# Heights of a panel with curves and of one with a map [mm], and how many of them there are at most.
_CURVES, _MAP, MOST_MAPS = 68.0, 78.0, 3
# Told apart by the colour-blind; the second is white at zero.
_SEQUENTIAL, _DIVERGING = "viridis", "RdBu_r"
_FAILED = "0.80"
"""Where there is no value."""
# Points on a curve that are still seen one by one.
_DOTS = 40
# Dots that are told apart at all in a map.
_MOST_DOTS = 20_000
# Lines of equal value in a map.
_LEVELS = 7
# Positive values that differ by more than this factor are shown by their logarithms.
_WIDE = 30.0

RATIO = "debye_ratio"
"""The quantity whose line at 1 is drawn into the maps of others."""

# A bar of colours beside a map: the gap before it, its width, and room for its labels [mm].
_BAR_GAP, _BAR_WIDTH, _BAR_LABELS = 4.0, 3.5, 19.0


@styled
def sweep(result: Sweep, given: Sequence[Axes] = ()) -> Figure:
    """The kept quantities along the axes of a sweep, with the errors of curves as bands where they are to be seen.

    One axis: quantities of one kind as curves in one panel.  Two: a map of each of the first three, with lines of equal
    value, grey where points failed, and where the membrane is as thick as its Debye length if `debye_ratio` is kept.  More:
    the first two, the others at their middle.  Points that were drawn are dots, in colours over the first two axes.
    """
    lines = {axes[0].title: line_of(result, axes[0]) for axes in result.design.groups.values()}
    names = shown_quantities(result)
    if len(lines) == 1 or result.study.design == "zip":
        return _curves(result, names, next(iter(lines.values())), given)
    return _maps(result, [name for name in names if name != RATIO or len(names) == 1][:MOST_MAPS], lines, given)


def _title(result: Sweep, figure: Figure, more: str = "") -> None:
    failed = f", {result.failed.size:,} failed" if result.failed.size else ""
    write_title(figure, result.case.title, f"{result.points:,} points{failed}{more}")


# ---- along one axis --------------------------------------------------------------------------------------------------


def panels_of(names: Sequence[str]) -> list[list[str]]:
    """Quantities that share a panel: of one dimension, differences from models apart."""
    groups: dict[Any, list[str]] = {}
    for name in names:
        groups.setdefault((unit_of(name), name.endswith("_difference"), not unit_of(name) and name), []).append(name)
    return list(groups.values())[:MOST_MAPS]


def _curves(result: Sweep, names: Sequence[str], line: Line, given: Sequence[Axes]) -> Figure:
    panels = panels_of(names)
    figure, rows = sheet([Row(_CURVES, TITLE) for _ in panels], given=given)
    _title(result, figure)
    order = np.argsort(line.values, kind="stable")
    for (ax,), members in zip(rows, panels, strict=True):
        shown = Shown.of(result, members)
        everything = [_curve(result, ax, name, index, line, order, shown.size) for index, name in enumerate(members)]
        seen = np.concatenate(everything)
        ax.set_ylim(linear_limits(seen, 1e-9 * float(np.nanmax(np.abs(seen), initial=0.0))))
        ax.set_ylabel(shown.label(result, members))
        line.dress(ax, "x")
        if len(members) > 1:
            ax.legend(
                loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=len(members), columnspacing=1.2, handlelength=2.0
            )
    if not given:
        hide_x_labels([ax for (ax,) in rows[:-1]])
    return figure


def _curve(result: Sweep, ax: Axes, name: str, index: int, line: Line, order: Any, size: float) -> Floats:
    """Draw a quantity over the values of the axis, in a unit of this size; returns what is seen of it."""
    values, error = (table.ravel()[order] / size for table in (result.scalar(name), result.error(name)))
    x, style = line.values[order], ion_style(index)
    is_drawn = result.study.is_drawn
    if is_drawn or line.names:
        dots: dict[str, Any] = {
            "linestyle": "none",
            "marker": "o",
            "markersize": 3.5 if is_drawn else 6.0,
            "color": style["color"],
        }
        ax.plot(x, values, label=quantity_name(result, name), **dots)
    else:
        marker: dict[str, Any] = {"marker": "o", "markersize": 3.5} if x.size <= _DOTS else {}
        ax.plot(x, values, label=quantity_name(result, name), **style, **marker)
        ax.fill_between(x, values - error, values + error, color=style["color"], alpha=0.25, linewidth=0)
    return np.asarray(values)


# ---- over two axes ---------------------------------------------------------------------------------------------------


def _maps(result: Sweep, names: Sequence[str], lines: dict[str, Line], given: Sequence[Axes]) -> Figure:
    (first, down), (second, across) = list(lines.items())[:2]
    figure, rows = sheet([Row(_MAP, TITLE if index else 0.0) for index in range(len(names))], given=given)
    _title(result, figure, _elsewhere(result, (first, second)))
    for (ax,), name in zip(rows, names, strict=True):
        across.dress(ax, "x")
        down.dress(ax, "y")
        shown = Shown.of(result, [name])
        place = None if ax in given else make_room(ax)
        draw = _dots if result.study.is_drawn else _map
        colours = draw(result, ax, name, down, across, shown.size)
        if colours is not None:
            draw_bar(ax, colours, place, shown.label(result, [name]))
    if not given:
        hide_x_labels([ax for (ax,) in rows[:-1]])
    return figure


def make_room(ax: Axes) -> tuple[float, float, float, float]:
    """Narrow an axes; the place of the bar of colours at its right."""
    place, (before, _) = ax.get_position(), size_mm(ax)
    width = (before - _BAR_GAP - _BAR_WIDTH - _BAR_LABELS) / before * place.width
    ax.set_position((place.x0, place.y0, width, place.height))
    ax.yaxis.set_label_coords(-(LEFT - 5.5) / before * place.width / width, 0.5)
    per_mm = place.width / before
    return place.x0 + width + _BAR_GAP * per_mm, place.y0, _BAR_WIDTH * per_mm, place.height


def draw_bar(ax: Axes, colours: Any, place: tuple[float, float, float, float] | None, label: str) -> None:
    figure: Any = ax.figure
    where = {"ax": ax} if place is None else {"cax": figure.add_axes(place)}
    bar = figure.colorbar(colours, **where)
    bar.set_label(label)
    bar.outline.set_visible(False)
    if isinstance(colours.norm, LogNorm):
        log_axis(bar.ax.yaxis)


def _stride(result: Sweep) -> int:
    """Which part of the points that were drawn are shown: one in so many."""
    return math.ceil(result.points / _MOST_DOTS)


def _elsewhere(result: Sweep, shown: tuple[str, str]) -> str:
    """Where the axes are that the map does not show, or which of many dots it shows."""
    if result.study.is_drawn:
        return f", one in {_stride(result)} shown" if _stride(result) > 1 else ""
    texts = []
    for title, axes in result.design.groups.items():
        if title not in shown:
            values = result.design.coordinate(axes[0])
            texts.append(f"{axis_words(result.case, axes[0])} = {value_text(axes[0], values[len(values) // 2])}")
    return shortened(f", at {', '.join(texts)}", WIDTH / 2) if texts else ""


def table_of(result: Sweep, name: str) -> Floats:
    """(n, m) values of a quantity over the first two dimensions, the others at their middle [SI]."""
    values = result.scalar(name)
    middle = tuple(size // 2 for size in values.shape[2:])
    return np.asarray(values[(slice(None), slice(None), *middle)])


def _norm(values: Floats) -> tuple[Normalize, str]:
    """How values become colours: in proportion, or around zero where they are of both signs."""
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    if low > 0 and high > _WIDE * low:
        return LogNorm(low, high), _SEQUENTIAL
    if low < 0 < high:
        largest = max(-low, high)
        return Normalize(-largest, largest), _DIVERGING
    return (Normalize(low, high) if high > low else Normalize(low - 1.0, high + 1.0)), _SEQUENTIAL


def _map(result: Sweep, ax: Axes, name: str, down: Line, across: Line, size: float) -> Any:
    """Draw a quantity as colours, and where the membrane is as thick as its Debye length."""
    mesh = draw_map(ax, across, down, table_of(result, name) / size)
    if mesh is not None and _is_grid(across, down) and RATIO in result.quantities and name != RATIO:
        _debye_line(ax, across, down, table_of(result, RATIO), mesh.get_cmap().name == _SEQUENTIAL)
    return mesh


def _is_grid(across: Line, down: Line) -> bool:
    """Whether there is anything between the points of a map."""
    return min(across.values.size, down.values.size) > 2 and not (across.names or down.names)


def draw_map(ax: Axes, across: Line, down: Line, values: Floats) -> Any:
    """Draw values (n, m) as colours with lines of equal value; returns what the bar of colours is for, None for no value."""
    ax.set_facecolor(_FAILED)
    if not np.isfinite(values).any():
        return None
    norm, colours = _norm(values)
    x, y = across.edges, down.edges
    ax.set_xlim(x[0], x[-1])
    ax.set_ylim(y[0], y[-1])
    mesh = ax.pcolormesh(x, y, np.ma.masked_invalid(values), norm=norm, cmap=colours, rasterized=True)
    if _is_grid(across, down) and np.nanmax(values) > np.nanmin(values):
        _equal(ax, across, down, values, norm)
    return mesh


def _equal(ax: Axes, across: Line, down: Line, values: Floats, norm: Normalize) -> None:
    """Lines of equal value, with what it is."""
    style: dict[str, Any] = {"levels": _LEVELS, "colors": "0.25", "linewidths": 0.8, "linestyles": "-"}
    if isinstance(norm, LogNorm):
        low, high = float(np.nanmin(values)), float(np.nanmax(values))
        ticks = LogLocator(subs=(1.0, 2.0, 5.0), numticks=20).tick_values(low, high)
        style["levels"] = [tick for tick in ticks if low < tick < high]
    edge = "white"
    if np.nanmin(values) * np.nanmax(values) >= 0:  # colours from dark to light
        style, edge = {**style, "colors": "white", "linewidths": 1.0}, "0.25"
    lines = ax.contour(across.values, down.values, np.ma.masked_invalid(values), **style)
    # Their colour is ours and no data, so that a dark style may change it.
    lines.set_array(None)
    # So much space that a minus sign is not taken for the line.
    numbers = ax.clabel(lines, fmt=lambda level: f"{level:g}".replace("-", MINUS), inline_spacing=6)
    for artist in (lines, *numbers):
        artist.set_path_effects([withStroke(linewidth=2.0, foreground=edge)])
        if edge != "white":
            artist.set_label(OVER_COLOURS)


def _debye_line(ax: Axes, across: Line, down: Line, ratio: Floats, is_kept: bool) -> None:
    """Where the membrane is as thick as its Debye length; black in every style, or only on paper."""
    known = ratio[np.isfinite(ratio)]
    if not known.size or not known.min() < 1 < known.max():
        return
    style = {"colors": "black", "linewidths": 2.0, "linestyles": "--"}
    # The logarithm is what changes evenly.
    line = ax.contour(across.values, down.values, np.log(ratio), levels=[0.0], **style)  # type: ignore[arg-type]
    line.set_array(None)
    texts = ax.clabel(line, fmt="thickness = Debye length", inline_spacing=4)
    for artist in (line, *texts) if is_kept else ():
        artist.set_label(OVER_COLOURS)


def _dots(result: Sweep, ax: Axes, name: str, down: Line, across: Line, size: float) -> Any:
    """Draw points that were drawn at random: values as colours, crosses where they failed."""
    some = slice(None, None, _stride(result))
    values, x, y = result.scalar(name).ravel()[some] / size, across.values[some], down.values[some]
    known = np.isfinite(values)
    ax.plot(x[~known], y[~known], linestyle="none", marker="x", **GUIDE)
    if not known.any():
        return None
    norm, colours = _norm(values)
    edge: dict[str, Any] = {"edgecolors": "0.35", "linewidths": 0.3}
    small = 18.0 if values.size < 1000 else 5.0
    return ax.scatter(
        across.values[known], down.values[known], c=values[known], s=small, norm=norm, cmap=colours, **edge
    )
