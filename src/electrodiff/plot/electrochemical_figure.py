"""The figure of the electrochemical potentials: where each ion loses its free energy, and how much there is to lose."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from electrodiff.ends import Wall
from electrodiff.plot import stack
from electrodiff.plot.bars import Bar, Bars, draw_bars, signed
from electrodiff.plot.drawing import styled
from electrodiff.plot.scale import NANOMETRE, Ladder, linear_limits
from electrodiff.plot.sheet import AXIS, RIGHT, TITLE, WIDTH, Row, sheet
from electrodiff.plot.style import MINUS, ion_style
from electrodiff.units import FARADAY, GAS_CONSTANT

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from electrodiff.solution import Solution

Floats = NDArray[np.float64]

# A ten-thousandth of R T, 2.5 uV: the errors of profiles are smaller, and nobody measures that.
_NOTHING = 1e-4
ENERGY = Ladder(_NOTHING * GAS_CONSTANT * 298.15, (("kJ/mol", 1e-3), ("J/mol", 1.0)))
# An ion is as good as absent where its activity is below this part of the largest: what is left of it is round-off.
_TRACE = 1e-15
# Height of the profiles, and width of the names of the ions [mm].
_PROFILES, _IONS = 62.0, 21.0


@styled
def electrochemical_potentials(solution: Solution, given: Sequence[Axes] = ()) -> Figure:
    """Electrochemical potential of each ion over its value at the right end [kJ/mol] against x [nm], the layers named.

    It is level where an ion moves freely or not at all, and falls where it is held up: the flux goes down the slope.  Below,
    the driving force of each ion across the stack as a bar, positive outward, if there are no walls at its ends: the
    difference between them, which is z F (V - E) of a charge with the Nernst potential E, and beside it V - E [mV].
    """
    bars = force_bars(solution)
    rows = [Row(_PROFILES, 0.0), *([Row(bars.height, AXIS + TITLE)] if bars.bars else [])]
    drawn = np.flatnonzero(np.isfinite(above_right_end(solution)).any(axis=1)).tolist()
    figure, axes = sheet(rows, stack.ion_head(solution, drawn=drawn), given)
    top = axes[0][0]
    stack.title(solution, figure)
    stack.ion_legend(solution, figure, drawn=drawn)
    stack.panels(solution, [top])
    headroom = stack.name_layers(solution, top)
    _draw_profiles(solution, top, headroom)
    if bars.bars:
        bottom = axes[1][0]
        if bottom not in given:
            place = bottom.get_position()
            bottom.set_position((_IONS / WIDTH, place.y0, 1.0 - (_IONS + RIGHT) / WIDTH, place.height))
        draw_bars(solution, bars, bottom, _IONS)
    return figure


def above_right_end(solution: Solution) -> Floats:
    """(n, M) electrochemical potential over that at the right end [J/mol]; NaN where an ion is absent."""
    activity = solution.activity
    is_there = activity > _TRACE * activity.max()
    potential = np.where(is_there, solution.electrochemical_potential, np.nan)
    result: Floats = potential - potential[:, -1:]
    return result


def _draw_profiles(solution: Solution, ax: Axes, headroom: float) -> None:
    energy = above_right_end(solution)
    unit = ENERGY.unit(energy)
    x = stack.broken(solution, solution.x) * NANOMETRE
    for index, values in enumerate(energy):
        ax.plot(x, stack.broken(solution, values) * unit.factor, label=f"_{index}", **ion_style(index))
    ax.axhline(0.0, color="0.7", linewidth=0.8, zorder=-1)
    ax.set_ylabel(f"μ {MINUS} μ(right end) [{unit.name}]")
    ax.set_ylim(linear_limits(energy * unit.factor, unit.floor, headroom, with_zero=True))


def force_bars(solution: Solution) -> Bars:
    """Difference of the electrochemical potential of each ion between the ends, for those that are at both; none at walls."""
    case = solution.case
    if any(isinstance(end, Wall) for end in (case.left, case.right)):
        return Bars((), 0.0, "", "", "")
    forces = above_right_end(solution)[:, 0]
    unit = ENERGY.unit(forces)
    bars = []
    for index, force in enumerate(forces):
        if not np.isfinite(force):
            continue
        shown = 0.0 if abs(force) <= _NOTHING * GAS_CONSTANT * case.temperature else float(force)
        valence = case.valences[index]
        text = f"V {MINUS} E = {signed(shown / valence / FARADAY * 1e3)} mV" if valence else signed(shown * unit.factor)
        bars.append(Bar(index, "", shown * unit.factor, text))
    title = f"Driving forces zF (V {MINUS} E), outward to the right"
    return Bars(tuple(bars), 0.0, "", title, f"driving force [{unit.name}]")
