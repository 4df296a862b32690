"""A figure as rows of panels with sizes in millimetres: fixed places cost nothing and never overlap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from electrodiff.plot.style import PAPER, STYLES, font_size

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INCH = 25.4
"""mm per inch."""
WIDTH = 180.0
"""Width of every figure [mm]."""
LEFT, RIGHT = 21.0, 6.0
"""Space for the labels of the y axis, and at the right edge [mm]."""
COLUMN_GAP = 23.0
"""Between the panels of a row: the labels of the next y axis [mm]."""
CLOSE = 3.5
"""Above a panel that shares the x axis of the one over it [mm]."""
AXIS = 13.0
"""Below a panel, for the labels of its x axis [mm]."""
TITLE = 7.0
"""Above a panel with a title [mm]."""
HEAD = 8.0
"""For the title of the figure [mm]."""
LEGEND_LINE = 6.0
"""For each line of a legend under it [mm]."""


@dataclass(frozen=True)
class Row:
    """Panels side by side."""

    height: float
    """[mm]"""
    above: float
    """Space over it [mm]."""
    columns: int = 1
    panels: int = 1
    """At most `columns`; the places at the right stay empty."""


def sheet(rows: Sequence[Row], head: float = HEAD, given: Sequence[Axes] = ()) -> tuple[Figure, list[list[Axes]]]:
    """A figure and the axes of each row, under a head of this height [mm].

    Axes that are given take the places of the first ones, row by row; the figure, with all the rest, is then shown to nobody.
    Rows are as much higher as text is larger than on paper: labels beside them are as long.
    """
    rows = [replace(row, height=row.height * growth()) for row in rows]
    total = head + sum(row.above + row.height for row in rows) + AXIS
    figure = Figure(figsize=(WIDTH / INCH, total / INCH))
    axes = []
    top = total - head
    for row in rows:
        top -= row.above + row.height
        axes.append(_row(figure, row, top, total))
    return figure, with_given(axes, given)


def with_given(axes: Sequence[Sequence[Axes]], given: Sequence[Axes]) -> list[list[Axes]]:
    """Rows of axes, the first of which are replaced by those that are given.  Raises ValueError if there are too many."""
    panels = sum(len(row) for row in axes)
    if len(given) > panels:
        raise ValueError(f"{len(given)} axes were given; this figure has {panels} panel{'s' if panels != 1 else ''}")
    guests = iter(given)
    return [[_prepared(next(guests, ax), ax) for ax in row] for row in axes]


def _prepared(ax: Axes, own: Axes) -> Axes:
    """Axes with the ticks of our own."""
    if ax is not own:
        set_ticks(ax)
    return ax


def set_ticks(ax: Axes) -> None:
    """Ticks at steps of 1, 2 and 5."""
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(MaxNLocator("auto", steps=[1, 2, 5, 10]))


def growth() -> float:
    """Size of the text over that on paper."""
    return font_size() / STYLES[PAPER].font_size


def _row(figure: Figure, row: Row, bottom: float, total: float) -> list[Axes]:
    # Half of the label of the last tick reaches into the space at the right, those of the y axis into that at the left.
    width = (WIDTH - LEFT - RIGHT * growth() - (row.columns - 1) * COLUMN_GAP) / row.columns
    lefts = [LEFT + column * (width + COLUMN_GAP) for column in range(row.panels)]
    places = [(left / WIDTH, bottom / total, width / WIDTH, row.height / total) for left in lefts]
    axes = [figure.add_axes(place) for place in places]
    for ax in axes:
        set_ticks(ax)
        ax.yaxis.set_label_coords(-(LEFT - 5.5 / growth()) / width, 0.5)
    return axes


def size_mm(ax: Axes) -> tuple[float, float]:
    """Width and height of an axes [mm]."""
    dpi = float(ax.figure.dpi)
    return float(ax.bbox.width) / dpi * INCH, float(ax.bbox.height) / dpi * INCH


def hide_x_labels(axes: Sequence[Axes]) -> None:
    """For panels over one that shares their x axis."""
    for ax in axes:
        ax.tick_params(labelbottom=False)
        ax.xaxis.label.set_visible(False)
