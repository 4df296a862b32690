"""Sweeps over the same two axes: a map of the first, and maps of what the others add to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from electrodiff.plot.differences import common_range, interpolated, points_in_common, with_unit
from electrodiff.plot.drawing import styled
from electrodiff.plot.labels import shortened, write_title
from electrodiff.plot.overlaid import Several
from electrodiff.plot.overlaid_sweeps import shared_quantities, sweep_ladders, sweep_lines
from electrodiff.plot.sheet import TITLE, Row, hide_x_labels, sheet, size_mm
from electrodiff.plot.style import MINUS
from electrodiff.plot.sweep_axes import Line
from electrodiff.plot.sweep_figure import MOST_MAPS, draw_bar, draw_map, make_room, table_of
from electrodiff.plot.sweep_words import words_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from electrodiff.plot.scale import Unit

Floats = NDArray[np.float64]
Map = tuple[Line, Line, Floats]
"""Rising values down and across, and the quantity at them (n, m)."""

# Height of a map [mm].
_HEIGHT = 64.0


@styled
def draw_maps(several: Several, given: Sequence[Axes] = ()) -> Figure:
    """Each quantity that all sweeps have kept: a map of the first, and under it the differences of the others from it."""
    results, names = several.results, several.names
    downs, acrosses = (sweep_lines(results, index) for index in (0, 1))
    shown = shared_quantities(results)[:MOST_MAPS]
    rows = [Row(_HEIGHT, TITLE if not index else TITLE + 2.0) for index in range(len(shown) * len(results))]
    figure, axes = sheet(rows, given=given)
    write_title(figure, "; ".join(dict.fromkeys(result.case.title for result in results)), "")
    panels = [row[0] for row in axes]
    for first, name in zip(range(0, len(panels), len(results)), shown, strict=True):
        tables = (table_of(result, name) for result in results)
        maps = [rising(*each) for each in zip(downs, acrosses, tables, strict=True)]
        differences = [map_difference(maps[0], other) for other in maps[1:]]
        ladders = sweep_ladders(name, *([(each[1].values, each[2]) for each in group] for group in (maps, differences)))
        unit, finer = (ladder.unit(maps[0][2]) for ladder in ladders)
        words = words_of(results[0], [name])
        _draw(panels[first], maps[0], unit, words, f"{words}: {names[0]}", given)
        for ax, other, table in zip(panels[first + 1 :], names[1:], differences, strict=False):
            _draw(ax, table, finer, "difference", f"{words}: {other} {MINUS} {names[0]}", given)
    if not given:
        hide_x_labels(panels[:-1])
    return figure


def _draw(ax: Axes, table: Map, unit: Unit, words: str, title: str, given: Sequence[Axes]) -> None:
    down, across, values = table
    across.dress(ax, "x")
    down.dress(ax, "y")
    place = None if ax in given else make_room(ax)
    # What is round-off is shown as the nothing that it is.
    colours = draw_map(
        ax, across, down, np.where(np.abs(values * unit.factor) <= unit.floor, 0.0, values * unit.factor)
    )
    if colours is not None:
        draw_bar(ax, colours, place, shortened(with_unit(words, unit.name), size_mm(ax)[1] + TITLE))
    ax.set_title(shortened(title, size_mm(ax)[0]), loc="left", parse_math=False)


def rising(down: Line, across: Line, values: Floats) -> Map:
    """A map in the order of its values, each once."""
    (rows, first), (columns, second) = (np.unique(line.values, return_index=True) for line in (down, across))
    return replace(down, values=rows), replace(across, values=columns), values[np.ix_(first, second)]


def map_difference(one: Map, other: Map) -> Map:
    """The second map minus the first, where both are known, at the points of the one that has fewer of them.

    Raises ValueError where they have none in common.
    """
    lines = [_shared(one[index], other[index]) for index in (0, 1)]  # type: ignore[arg-type]
    values = [_at(each, *lines) for each in (one, other)]
    return lines[0], lines[1], values[1] - values[0]


def _shared(one: Line, other: Line) -> Line:
    """The points along an axis at which maps are compared."""
    if one.names:
        points = np.intersect1d(one.values, other.values)
        if not points.size:
            raise ValueError(f"the results have no choice of {one.label} in common, so that they have no difference")
        return replace(one, values=points)
    common_range(one.values, other.values, one.label.partition(" [")[0])
    return replace(one, values=points_in_common(one.values, other.values))


def _at(table: Map, down: Line, across: Line) -> Floats:
    """Values of a map at other points in its range, interpolated along one axis after the other."""
    rows, columns, values = table
    along = np.array([interpolated(_places(across), _places(columns), row) for row in values])
    return np.array([interpolated(_places(down), _places(rows), column) for column in along.T]).T


def _places(line: Line) -> Floats:
    return np.log(line.values) if line.is_log else line.values
