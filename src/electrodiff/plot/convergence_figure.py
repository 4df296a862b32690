"""The figure of Newton's method: how far each step went, and what was left to do before it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import MaxNLocator

from electrodiff.plot import stack
from electrodiff.plot.drawing import styled
from electrodiff.plot.scale import log_limits
from electrodiff.plot.sheet import HEAD, LEGEND_LINE, Row, sheet
from electrodiff.plot.style import COLOURS
from electrodiff.plot.ticks import log_axis

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from electrodiff.solution import Solution

# Height of the panel [mm].
_HEIGHT = 52.0


@styled
def convergence(solution: Solution, given: Sequence[Axes] = ()) -> Figure:
    """Largest relative change of the unknowns in each Newton step, on all meshes in turn, and the residual before it.

    Both on a logarithmic axis; the residual is the change of an unknown that it asks for by itself.  A new mesh starts
    with the state of the last one, so that both jump up there.
    """
    figure, ((ax,),) = sheet([Row(_HEIGHT, 0.0)], HEAD + LEGEND_LINE, given)
    stack.title(solution, figure)
    series = {"change": (solution.updates, "o", "-"), "residual": (solution.residuals, "s", "--")}
    seen = np.concatenate([values[values > 0] for values, *_ in series.values()])
    handles = []
    for (label, (values, marker, dashes)), colour in zip(series.items(), COLOURS, strict=False):
        steps = 1 + np.arange(values.size)
        # A change of exactly nothing has no place on a logarithmic axis.
        shown = np.where(values > 0, values, np.nan)
        handles += ax.plot(steps, shown, marker=marker, linestyle=dashes, color=colour, markersize=4.0, label=label)
    stack.legend(figure, handles)
    ax.set_yscale("log")
    if seen.size:
        ax.set_ylim(log_limits(float(seen.min()), float(seen.max())))
    log_axis(ax.yaxis)
    ax.set_xlim(0.5, max(solution.iterations, 1) + 0.5)
    ax.xaxis.set_major_locator(MaxNLocator("auto", integer=True, steps=[1, 2, 5, 10]))
    ax.set_xlabel("Newton step")
    ax.set_ylabel("relative size")
    return figure
