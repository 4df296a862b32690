"""The figure of the ladder: how far each model is from PNP, and the current-voltage curves of those that have one."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from electrodiff.ladder.rung import POTENTIAL_BOUNDS, RATIO_BOUNDS
from electrodiff.plot.drawing import styled
from electrodiff.plot.labels import shortened, text_width
from electrodiff.plot.ladder_curves import draw_curve
from electrodiff.plot.ladder_dots import FILLED, MARKERS, OVER, TITLE_GAP, chosen, draw_dots, hollow
from electrodiff.plot.sheet import AXIS, HEAD, INCH, LEGEND_LINE, RIGHT, WIDTH, size_mm, with_given
from electrodiff.plot.style import MINUS, MM_PER_POINT, font_size, line_height
from electrodiff.units import thermal_voltage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from electrodiff.ladder.rung import Ladder

# Quantities on a sheet, and beside current-voltage curves.
_MOST, _MOST_BESIDE_CURVE = 3, 2

# Places and sizes [mm]: the left edge, the widest titles of models beside curves and without, from a title to its panel,
# the lines over a panel, the gap between panels, that between dots and curves, the width and least height of the curves.
_MARGIN, _TITLES, _WIDE_TITLES = 4.0, 42.0, 62.0
_ABOVE, _BETWEEN = 12.0, 2.0
_CURVE_GAP, _CURVE_WIDTH, _CURVE_HEIGHT = 22.0, 56.0, 56.0
# In the legend, a sample, the gap after it, and that between entries, in sizes of the font.
_LEGEND_SPACES = (1.2, 0.4, 1.6)
# How far a name may go beyond the right end of its panel, towards the labels of the curves or the edge [mm].
_BEYOND = 3.5


@styled
def ladder(ladder: Ladder, given: Sequence[Axes] = ()) -> Figure:
    """How far each model is from PNP, and current-voltage curves beside it where the case has a membrane to pass.

    Up to three quantities, the most telling first, each with a row a model: the dot is at prediction - PNP, in mV for
    a potential, else in % of PNP (in the unit of the quantity where PNP is zero), on an axis that is linear around PNP
    and logarithmic beyond; the prediction is written beside it.  The line is PNP, the band around it its estimated
    error; darker and lighter grey are what counts as equal and as near.  Beside two of them, the current density
    [uA/cm^2] of PNP and of its rivals against V_m [mV], with the potential at which PNP passes no current.  A dot is hollow
    where a model comes near PNP although its limit fails.
    """
    curve = ladder.curve if ladder.curve and len(ladder.curve.potential) > 1 else None
    panels = chosen(ladder, _MOST if curve is None else _MOST_BESIDE_CURVE, _WIDE_TITLES if curve is None else _TITLES)
    handles = _legend_handles(ladder)
    lines = _legend_lines(handles)
    head = HEAD + lines * LEGEND_LINE + 1.0
    left = sum(_ABOVE + panel.height + AXIS for panel in panels) + _BETWEEN * max(len(panels) - 1, 0)
    curve_height = max(_CURVE_HEIGHT, panels[0].height if panels else 0.0)
    below = 0.0 if curve is None else AXIS + LEGEND_LINE * len(curve.current_density)
    height = head + max(left, 0.0 if curve is None else _ABOVE + curve_height + below)
    figure = Figure(figsize=(WIDTH / INCH, height / INCH))
    _title(ladder, figure)
    _legend(figure, handles, lines)
    titles = max((text_width(title) for panel in panels for title in panel.titles), default=0.0)
    start = _MARGIN + titles + TITLE_GAP
    end = WIDTH - RIGHT - (0.0 if curve is None else _CURVE_WIDTH + _CURVE_GAP)
    top = height - head
    own = []
    for panel in panels:
        own.append(_place(figure, start, top - _ABOVE, end - start, panel.height))
        top -= _ABOVE + panel.height + AXIS + _BETWEEN
    if curve is not None:
        own.append(_place(figure, WIDTH - RIGHT - _CURVE_WIDTH, height - head - _ABOVE, _CURVE_WIDTH, curve_height))
    (axes,) = with_given([own], given)
    for panel, ax in zip(panels, axes, strict=False):
        draw_dots(panel, ax)
        _heading(ax, _name(panel.rungs[0].label), None if ax in given else _MARGIN, end + _BEYOND)
    if curve is not None:
        rest = ladder.setting.at_rest
        draw_curve(curve, axes[-1], None if rest is None else rest.membrane_potential)
        _heading(axes[-1], "Current-voltage curves", None, WIDTH - RIGHT)
    return figure


def _place(figure: Figure, left: float, top: float, width: float, height: float) -> Axes:
    """Axes at a place in mm from the lower left corner of the figure."""
    total = figure.get_size_inches()[1] * INCH
    return figure.add_axes((left / WIDTH, (top - height) / total, width / WIDTH, height / total))


def _title(ladder: Ladder, figure: Figure) -> None:
    height = figure.get_size_inches()[1] * INCH
    name = shortened(ladder.case.title, WIDTH - _MARGIN - RIGHT, "bold")
    figure.text(_MARGIN / WIDTH, 1.0 - 1.5 / height, name, ha="left", va="top", weight="bold", parse_math=False)


def _legend_handles(ladder: Ladder) -> list[Line2D]:
    """What the shapes of the dots mean."""
    kT = thermal_voltage(ladder.case.temperature) * 1e3
    bounds = [f" ({kT * v:.2g} mV, {100 * r:g} %)" for v, r in zip(POTENTIAL_BOUNDS, RATIO_BOUNDS, strict=True)]
    handles = [
        Line2D([], [], linestyle="", label=f"{word}{bound}", **MARKERS[word], **FILLED)
        for word, bound in zip(MARKERS, [*bounds, ""], strict=True)
    ]
    handles.append(
        Line2D(
            [], [], linestyle="", label="hollow: yet its limit fails", **hollow({**MARKERS["agrees"], "color": "0.3"})
        )
    )
    return handles


def _legend_lines(handles: Sequence[Line2D]) -> int:
    """Lines that a legend under the title takes."""
    beside = sum(_LEGEND_SPACES) * font_size() * MM_PER_POINT
    length = sum(text_width(str(handle.get_label())) + beside for handle in handles)
    return math.ceil(length / (WIDTH - _MARGIN - RIGHT))


def _legend(figure: Figure, handles: Sequence[Line2D], lines: int) -> None:
    height = figure.get_size_inches()[1] * INCH
    sample, gap, between = _LEGEND_SPACES
    figure.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=(_MARGIN / WIDTH, 1.0 - HEAD / height),
        ncols=math.ceil(len(handles) / lines),
        handlelength=sample,
        handletextpad=gap,
        columnspacing=between,
        borderpad=0.0,
    )


def _name(label: str) -> str:
    """The label of a quantity as a heading, with true minus signs."""
    return label[:1].upper() + re.sub(r"-(?=\d)", MINUS, label[1:])


def _heading(ax: Axes, text: str, start: float | None, end: float) -> None:
    """Write the name of a panel in the upper line over it, from one place on the sheet to another [mm].

    Without a start, as long as the panel is.
    """
    width, height = size_mm(ax)
    left = 0.0 if start is None else (start - ax.get_position().x0 * WIDTH) / width
    y = 1.0 + (line_height() + OVER) / height
    name = shortened(text, width if start is None else end - start, "bold")
    ax.text(left, y, name, transform=ax.transAxes, ha="left", va="baseline", weight="bold", parse_math=False)
