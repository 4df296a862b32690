"""A figure as rows of panels with sizes in millimetres: fixed places cost nothing and never overlap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from electrodiff.plot.style import DPI

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


def sheet(rows: Sequence[Row], head: float = HEAD) -> tuple[Figure, list[list[Axes]]]:
    """A figure and the axes of each row, under a head of this height [mm]."""
    total = head + sum(row.above + row.height for row in rows) + AXIS
    figure = Figure(figsize=(WIDTH / INCH, total / INCH), dpi=DPI)
    axes = []
    top = total - head
    for row in rows:
        top -= row.above + row.height
        axes.append(_row(figure, row, top, total))
    return figure, axes


def _row(figure: Figure, row: Row, bottom: float, total: float) -> list[Axes]:
    width = (WIDTH - LEFT - RIGHT - (row.columns - 1) * COLUMN_GAP) / row.columns
    lefts = [LEFT + column * (width + COLUMN_GAP) for column in range(row.panels)]
    places = [(left / WIDTH, bottom / total, width / WIDTH, row.height / total) for left in lefts]
    axes = [figure.add_axes(place) for place in places]
    for ax in axes:
        for axis in (ax.xaxis, ax.yaxis):
            axis.set_major_locator(MaxNLocator("auto", steps=[1, 2, 5, 10]))
        ax.yaxis.set_label_coords(-(LEFT - 5.5) / width, 0.5)
    return axes


def size_mm(ax: Axes) -> tuple[float, float]:
    """Width and height of an axes [mm]."""
    return float(ax.bbox.width) / DPI * INCH, float(ax.bbox.height) / DPI * INCH


def hide_x_labels(axes: Sequence[Axes]) -> None:
    """For panels over one that shares their x axis."""
    for ax in axes:
        ax.tick_params(labelbottom=False)
        ax.xaxis.label.set_visible(False)
