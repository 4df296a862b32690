"""The figure of the ladder: how far each model is from PNP, and the current-voltage curves of those that have one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from electrodiff.ladder.rung import POTENTIAL_BOUNDS, RATIO_BOUNDS
from electrodiff.plot.labels import shortened, text_width
from electrodiff.plot.ladder_curves import draw_curve
from electrodiff.plot.ladder_dots import FILLED, LINE, MARKERS, OVER, TITLE_GAP, chosen, draw_dots, hollow
from electrodiff.plot.sheet import AXIS, HEAD, INCH, LEGEND_LINE, RIGHT, WIDTH, size_mm
from electrodiff.plot.style import DPI, MINUS, settings
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
# How far a name may go beyond the right end of its panel, towards the labels of the curves or the edge [mm].
_BEYOND = 3.5


def ladder(ladder: Ladder) -> Figure:
    """How far each model is from PNP, and current-voltage curves beside it where the case has a membrane to pass.

    Up to three quantities, the most telling first, each with a row a model: the dot is at prediction - PNP, in mV for
    a potential, else in % of PNP (in the unit of the quantity where PNP is zero), on an axis that is linear around PNP
    and logarithmic beyond; the prediction is written beside it.  The line is PNP, the band around it its estimated
    error; darker and lighter grey are what counts as equal and as near.  Beside two of them, the current density
    [uA/cm^2] of PNP and of its rivals against V_m [mV], with the potential at which PNP passes no current.  A dot is hollow
    where a model comes near PNP although its limit fails.
    """
    with settings():
        return _draw(ladder)


def _draw(ladder: Ladder) -> Figure:
    curve = ladder.curve if ladder.curve and len(ladder.curve.potential) > 1 else None
    panels = chosen(ladder, _MOST if curve is None else _MOST_BESIDE_CURVE, _WIDE_TITLES if curve is None else _TITLES)
    head = HEAD + LEGEND_LINE + 1.0
    left = sum(_ABOVE + panel.height + AXIS for panel in panels) + _BETWEEN * max(len(panels) - 1, 0)
    curve_height = max(_CURVE_HEIGHT, panels[0].height if panels else 0.0)
    below = 0.0 if curve is None else AXIS + LEGEND_LINE * len(curve.current_density)
    height = head + max(left, 0.0 if curve is None else _ABOVE + curve_height + below)
    figure = Figure(figsize=(WIDTH / INCH, height / INCH), dpi=DPI)
    _title(ladder, figure)
    _legend(ladder, figure)
    titles = max((text_width(title) for panel in panels for title in panel.titles), default=0.0)
    start = _MARGIN + titles + TITLE_GAP
    end = WIDTH - RIGHT - (0.0 if curve is None else _CURVE_WIDTH + _CURVE_GAP)
    top = height - head
    for panel in panels:
        ax = _place(figure, start, top - _ABOVE, end - start, panel.height)
        draw_dots(panel, ax)
        _heading(ax, _name(panel.rungs[0].label), _MARGIN, end + _BEYOND)
        top -= _ABOVE + panel.height + AXIS + _BETWEEN
    if curve is not None:
        ax = _place(figure, WIDTH - RIGHT - _CURVE_WIDTH, height - head - _ABOVE, _CURVE_WIDTH, curve_height)
        rest = ladder.setting.at_rest
        draw_curve(curve, ax, None if rest is None else rest.membrane_potential)
        _heading(ax, "Current-voltage curves", WIDTH - RIGHT - _CURVE_WIDTH, WIDTH - RIGHT)
    return figure


def _place(figure: Figure, left: float, top: float, width: float, height: float) -> Axes:
    """Axes at a place in mm from the lower left corner of the figure."""
    total = figure.get_size_inches()[1] * INCH
    return figure.add_axes((left / WIDTH, (top - height) / total, width / WIDTH, height / total))


def _title(ladder: Ladder, figure: Figure) -> None:
    height = figure.get_size_inches()[1] * INCH
    name = shortened(ladder.case.title, WIDTH - _MARGIN - RIGHT, "bold")
    figure.text(_MARGIN / WIDTH, 1.0 - 1.5 / height, name, ha="left", va="top", weight="bold", parse_math=False)


def _legend(ladder: Ladder, figure: Figure) -> None:
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
    height = figure.get_size_inches()[1] * INCH
    figure.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=(_MARGIN / WIDTH, 1.0 - HEAD / height),
        ncols=len(handles),
        handlelength=1.2,
        handletextpad=0.4,
        columnspacing=1.6,
        borderpad=0.0,
    )


def _name(label: str) -> str:
    """The label of a quantity as a heading, with true minus signs."""
    return label[:1].upper() + re.sub(r"-(?=\d)", MINUS, label[1:])


def _heading(ax: Axes, text: str, start: float, end: float) -> None:
    """Write the name of a panel in the upper line over it, from one place on the sheet to another [mm]."""
    width, height = size_mm(ax)
    left = (start - ax.get_position().x0 * WIDTH) / width
    y = 1.0 + (LINE + OVER) / height
    name = shortened(text, end - start, "bold")
    ax.text(left, y, name, transform=ax.transAxes, ha="left", va="baseline", weight="bold", parse_math=False)
