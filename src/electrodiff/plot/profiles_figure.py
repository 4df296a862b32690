"""The figure of the profiles: potential and concentrations, over the whole domain and in each Debye layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from electrodiff.plot import debye, stack
from electrodiff.plot.drawing import styled
from electrodiff.plot.scale import CONCENTRATION, NANOMETRE, POTENTIAL, linear_limits, log_limits
from electrodiff.plot.sheet import AXIS, CLOSE, TITLE, Row, sheet
from electrodiff.plot.style import MINUS, SOLUTION, ion_style
from electrodiff.plot.ticks import log_axis

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from electrodiff.solution import Solution

Floats = NDArray[np.float64]

# Heights of the panels [mm].
_WHOLE, _MAGNIFIED = 44.0, 32.0
# Ratio of the largest to the smallest concentration from which the axis is logarithmic.
_WIDE = 300.0
# Least concentration shown on a logarithmic axis, relative to the largest: below it an ion is as good as absent.
_TRACE = 1e-12
# The part of its maximum in a layer down to which a concentration is followed.
_DEEP = 0.01
# Largest change of a concentration, relative to the largest concentration, that is shown as a change from the bulk:
# the concentration itself would look constant.
_SLIGHT = 0.2


@styled
def profiles(solution: Solution, given: Sequence[Axes] = ()) -> Figure:
    """Potential [mV] and concentrations [mM] against x [nm] over the whole domain, the layers shaded and named.

    Below, each Debye layer on its own axis of distance from its interface [nm]: the potential relative to the bulk
    [mV] and the concentrations [mM], or their change from the bulk where that is slight.  A Debye layer is shown if
    its layer holds ions and is at least 4 Debye lengths deep, up to the bath or its middle.  An ion is not drawn in a
    layer from which it is absent; the axis of the concentrations is logarithmic if they differ by a factor above 300,
    and ends no more than 12 decades below the largest.
    """
    magnified = debye.debye_panels(solution)
    rows = [Row(_WHOLE, 0.0), Row(_WHOLE, CLOSE)]
    for first in range(0, len(magnified), 2):
        columns, count = min(len(magnified), 2), len(magnified[first : first + 2])
        rows += [Row(_MAGNIFIED, AXIS + TITLE, columns, count), Row(_MAGNIFIED, CLOSE, columns, count)]
    figure, axes = sheet(rows, stack.ion_head(solution), given)
    stack.title(solution, figure)
    stack.ion_legend(solution, figure)
    stack.panels(solution, [axes[0][0], axes[1][0]])
    headroom = stack.name_layers(solution, axes[0][0])
    draw_whole(solution, axes[0][0], axes[1][0], headroom)
    for index, panel in enumerate(magnified):
        row, column = 2 + 2 * (index // 2), index % 2
        _draw_debye_layer(panel, axes[row][column], axes[row + 1][column])
    return figure


def draw_whole(solution: Solution, top: Axes, bottom: Axes, headroom: float) -> None:
    """Draw the potential into one panel, a share `headroom` of it free at its top, and the concentrations into another."""
    stack.curve(solution, top, solution.potential, POTENTIAL, "potential", headroom, **SOLUTION)
    unit = CONCENTRATION.unit(solution.concentration)
    drawn = np.array(stack.ion_curves(solution, bottom, unit.factor))
    bottom.set_ylabel(f"concentration [{unit.name}]")
    largest = _largest(solution, drawn)
    if largest.size and largest.max() > _WIDE * largest.min():
        bottom.set_yscale("log")
        bottom.set_ylim(log_limits(_lowest(drawn, largest), float(largest.max())))
        log_axis(bottom.yaxis)
    else:
        bottom.set_ylim(linear_limits(drawn, unit.floor, with_zero=True))


def _largest(solution: Solution, drawn: Floats) -> Floats:
    """The largest concentration of each ion in each layer that holds more than a trace of it.

    For the sake of less there would be nothing but an empty axis to see.
    """
    largest = np.array([np.nan_to_num(drawn[:, entries]).max(axis=1) for entries in solution.layer_entries]).ravel()
    held: Floats = largest[largest > _TRACE * largest.max(initial=0.0)]
    return held


def _lowest(drawn: Floats, largest: Floats) -> float:
    """The end of a logarithmic axis: the smallest concentration, but neither a trace nor far below each maximum."""
    return max(float(drawn[drawn > 0].min()), _DEEP * float(largest.min()), _TRACE * float(largest.max()))


def _draw_debye_layer(panel: debye.DebyePanel, top: Axes, bottom: Axes) -> None:
    debye.draw_frames(panel, [top, bottom])
    draw_potential(panel, top, debye.mark_debye_length(panel, [top, bottom]))
    draw_concentrations(panel, bottom)


def draw_potential(panel: debye.DebyePanel, ax: Axes, headroom: float) -> None:
    """Draw the potential relative to the bulk, a share `headroom` of the height free at the top."""
    potential = panel.solution.potential[panel.entries] - panel.solution.potential[panel.bulk]
    unit = POTENTIAL.unit(potential)
    ax.plot(panel.distance * NANOMETRE, potential * unit.factor, **SOLUTION)
    ax.set_ylabel(f"φ {MINUS} φ(bulk) [{unit.name}]")
    ax.set_ylim(linear_limits(potential * unit.factor, unit.floor, headroom, with_zero=True))


def draw_concentrations(panel: debye.DebyePanel, ax: Axes) -> tuple[float, float]:
    """Draw the concentrations, or, if none would be seen to vary, their changes from the bulk.

    Returns the factor of the unit, and what part of the bulk is taken off: 1 from changes, else 0.
    """
    shown, bulk = panel.solution.concentration[:, panel.entries], panel.solution.concentration[:, [panel.bulk]]
    name = "c"
    if float(np.abs(shown - bulk).max()) < _SLIGHT * float(bulk.max()):
        shown, name = shown - bulk, f"c {MINUS} c(bulk)"
    unit = CONCENTRATION.unit(shown)
    for index, (values, reservoir) in enumerate(zip(shown, bulk, strict=True)):
        if reservoir > 0 or values.any():
            ax.plot(panel.distance * NANOMETRE, values * unit.factor, label=f"_{index}", **ion_style(index))
    ax.set_ylabel(f"{name} [{unit.name}]")
    ax.set_ylim(linear_limits(shown * unit.factor, unit.floor, with_zero=True))
    return unit.factor, float(name != "c")
