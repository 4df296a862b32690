"""The figure of the mesh: the spacing of the nodes over the potential and the concentrations that they carry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.lines import Line2D

from electrodiff.plot import stack
from electrodiff.plot.drawing import styled
from electrodiff.plot.profiles_figure import draw_whole
from electrodiff.plot.scale import NANOMETRE, log_limits
from electrodiff.plot.sheet import CLOSE, Row, sheet
from electrodiff.plot.style import GUIDE, SOLUTION
from electrodiff.plot.ticks import log_axis

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from electrodiff.solution import Solution

# Heights of the panels [mm].
_SPACING, _PROFILE = 52.0, 38.0
# A dot for each cell, as long as they can be told apart.
_DOTS = {**SOLUTION, "linewidth": 1.0, "marker": "o", "markersize": 3.0}
_MOST_DOTS = 400
_DEBYE = {**GUIDE, "linestyle": (0, (5, 3)), "linewidth": 1.2}


@styled
def mesh_spacing(solution: Solution, given: Sequence[Axes] = ()) -> Figure:
    """Spacing of the nodes [nm] against x [nm] on a logarithmic axis, over the potential and the concentrations.

    One dot a cell of the finest mesh, in its middle; a dashed line at the Debye length of each layer that is thicker.
    Layers are shaded and named, and x is the same in all panels.
    """
    debye = [Line2D([], [], label="Debye length", **_DEBYE)]
    rows = [Row(_SPACING, 0.0), Row(_PROFILE, CLOSE), Row(_PROFILE, CLOSE)]
    figure, axes = sheet(rows, stack.ion_head(solution, debye), given)
    spacing, potential, concentration = (row[0] for row in axes)
    stack.title(solution, figure)
    stack.panels(solution, [spacing, potential, concentration])
    stack.ion_legend(solution, figure, debye)
    _draw_spacing(solution, spacing)
    draw_whole(solution, potential, concentration, 0.0)
    return figure


def _draw_spacing(solution: Solution, ax: Axes) -> None:
    ax.set_yscale("log")
    headroom = stack.name_layers(solution, ax)
    drawn = []
    for layer, entries, length in zip(
        solution.case.layers, solution.layer_entries, solution.debye_lengths, strict=True
    ):
        x = solution.x[entries] * NANOMETRE
        style = _DOTS if solution.nodes <= _MOST_DOTS else {**_DOTS, "marker": ""}
        ax.plot((x[:-1] + x[1:]) / 2, np.diff(x), **style)
        drawn.append(np.diff(x))
        if length < layer.thickness:
            ax.plot(x[[0, -1]], [length * NANOMETRE] * 2, **_DEBYE)
            drawn.append(np.array([length * NANOMETRE]))
    values = np.concatenate(drawn)
    ax.set_ylabel("spacing [nm]")
    ax.set_ylim(log_limits(float(values.min()), float(values.max()), headroom))
    log_axis(ax.yaxis)
