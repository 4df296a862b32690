"""The figure of a living membrane: the profile across it, and beside it leaks, transporters and driving forces as bars."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from electrodiff.plot import stack
from electrodiff.plot.bars import Bar, Bars, draw_bars, names_width, signed
from electrodiff.plot.debye import DEPTH
from electrodiff.plot.drawing import styled
from electrodiff.plot.labels import Label, draw_labels
from electrodiff.plot.scale import CONCENTRATION, NANOMETRE, POTENTIAL, Ladder, linear_limits, log_limits
from electrodiff.plot.sheet import AXIS, CLOSE, INCH, LEFT, RIGHT, TITLE, WIDTH, hide_x_labels, size_mm, with_given
from electrodiff.plot.style import GUIDE, MINUS, SOLUTION, ion_style, number, shade
from electrodiff.plot.ticks import log_axis
from electrodiff.units import thermal_voltage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from electrodiff.model import Case
    from electrodiff.readings import Readings
    from electrodiff.solution import Solution
    from electrodiff.transporters import Transporter

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

FLUX = Ladder(0.0, (("pmol/cm²/s", 1e8), ("fmol/cm²/s", 1e11), ("amol/cm²/s", 1e14)))
"""Units of fluxes per area."""
NOTHING = 1e-6
"""What is below this part of its scale is shown as none: errors may be as large as that."""

# Width of the profile, and least height of all panels [mm].
_PROFILE, _LEAST = 52.0, 78.0
# Least part of an axis that the membrane potential must span to be marked by an arrow.
_MARKED = 0.3
# Distance of that arrow from the right edge, as a part of the width.
_ARROW_INSET = 0.06
# Least span of the axis of potentials [V]: nobody's equilibrium is known better than that.
_LEAST_SPAN = 2e-3
# Least concentration shown, relative to the largest.
_TRACE = 1e-7
# Of a logarithmic axis that would span less than this ratio.
_LEAST_RATIO = 10.0
_VOLTAGE = "Vₘ"
_ARROW: dict[str, Any] = {"arrowstyle": "<->", "shrinkA": 0.0, "shrinkB": 0.0, "linewidth": 1.0, "color": "0.25"}


@styled
def cell(solution: Solution, given: Sequence[Axes] = ()) -> Figure:
    """What leaks through a membrane with transporters, what they carry, and what drives the ions.

    Left: potential [mV] and concentrations [mM] across the membrane and some Debye lengths on either side of it.  Right:
    for each ion its passive flux ("leak": through lipid and pathways, filled) and the flux that each transporter carries
    (hatched), positive outward [pmol/(cm^2 s)], which cancel in a resting cell; and its driving force Vm - E [mV], a bar
    from Vm to its Nernst potential E.  An ion that nothing moves has no bar.

    The fluxes are the first panel, the forces the second.  Raises ValueError for a case without transporters.
    """
    if not solution.case.transporters:
        raise ValueError("the case has no transporters, whose fluxes this figure shows")
    fluxes, forces = flux_bars(solution), force_bars(solution)
    head = stack.ion_head(solution) + TITLE
    inner = max(fluxes.height + AXIS + TITLE + forces.height, _LEAST)
    figure = Figure(figsize=(WIDTH / INCH, (head + inner + AXIS) / INCH))
    stack.title(solution, figure)
    stack.ion_legend(solution, figure)
    half, left = (inner - CLOSE) / 2.0, LEFT + _PROFILE + names_width()
    profile = [_place(figure, below, LEFT, _PROFILE, half) for below in (head, head + half + CLOSE)]
    bars = [
        _place(figure, below, left, WIDTH - RIGHT - left, height)
        for below, height in (
            (head, inner - forces.height - AXIS - TITLE),
            (head + inner - forces.height, forces.height),
        )
    ]
    (top, middle), (upper, lower) = with_given([bars, profile], given)
    for panel, ax in ((fluxes, top), (forces, middle)):
        draw_bars(solution, panel, ax)
    _draw_profile(solution, upper, lower)
    return figure


def _place(figure: Figure, below: float, left: float, width: float, height: float) -> Axes:
    """Axes at a distance below the top of a figure and from its left edge [mm]."""
    total = float(figure.get_size_inches()[1]) * INCH
    ax = figure.add_axes((left / WIDTH, 1.0 - (below + height) / total, width / WIDTH, height / total))
    ax.yaxis.set_label_coords(-(LEFT - 5.5) / width, 0.5)
    return ax


# ---- the profile --------------------------------------------------------------------------------------------------


def shown_span(solution: Solution) -> tuple[float, float]:
    """Where the profile begins and ends [m]: five Debye lengths from the membrane, or its thickness, if that is more."""
    edges, index = solution.problem.mesh.x[solution.problem.mesh.boundaries], solution.readings.transporting_layer
    left, right = float(edges[index]), float(edges[index + 1])

    def beside(other: int) -> float:
        length = solution.debye_lengths[other] if 0 <= other < len(solution.case.layers) else 0.0
        return max(right - left, DEPTH * length if math.isfinite(length) else 0.0)

    return max(left - beside(index - 1), float(edges[0])), min(right + beside(index + 1), float(edges[-1]))


def _draw_profile(solution: Solution, top: Axes, bottom: Axes) -> None:
    edges = solution.problem.mesh.x[solution.problem.mesh.boundaries]
    origin = float(edges[solution.readings.transporting_layer])
    first, last = ((x - origin) * NANOMETRE for x in shown_span(solution))
    x = (solution.x - origin) * NANOMETRE
    seen = (x >= first) & (x <= last)
    labels = []
    for layer, (left, right) in zip(solution.case.layers, pairwise((edges - origin) * NANOMETRE), strict=True):
        if left < last and right > first:
            start, stop = max(float(left), first), min(float(right), last)
            labels.append(Label(layer.name, (start + stop) / 2.0, stop - start))
            for ax in (top, bottom):
                shade(ax, start, stop, solution.case, layer)
    for ax in (top, bottom):
        ax.set_xlim(first, last)
        ax.set_xlabel("distance from the inner face [nm]")
        ax.xaxis.set_major_locator(MaxNLocator("auto", steps=[1, 2, 5, 10]))
    hide_x_labels([top])
    headroom = draw_labels(top, labels) / size_mm(top)[1]
    _draw_potential(solution, top, x, seen, headroom)
    _draw_concentrations(solution, bottom, x, seen)


def _draw_potential(solution: Solution, ax: Axes, x: Floats, seen: Mask, headroom: float) -> None:
    unit = POTENTIAL.unit(solution.potential[seen])
    ax.plot(x, solution.potential * unit.factor, **SOLUTION)
    ax.set_ylabel(f"potential [{unit.name}]")
    ends = solution.potential[[0, -1]] * unit.factor
    low, high = linear_limits(np.append(solution.potential[seen] * unit.factor, ends), unit.floor, headroom)
    ax.set_ylim(low, high)
    inside, outside = map(float, ends)
    if abs(inside - outside) < _MARKED * (high - low):
        return
    first, last = ax.get_xlim()
    place = last - _ARROW_INSET * (last - first)
    ax.plot([first, last], [inside, inside], label="_inside", linestyle=":", zorder=1, **GUIDE)
    ax.annotate("", (place, inside), (place, outside), arrowprops=_ARROW)
    ax.text(place, (inside + outside) / 2.0, f"{_VOLTAGE} ", ha="right", va="center", parse_math=False)


def _draw_concentrations(solution: Solution, ax: Axes, x: Floats, seen: Mask) -> None:
    """The concentrations beside the membrane; within it, where they are those of its lipid, if there is nothing else."""
    within = solution.layer == solution.readings.transporting_layer
    outside = np.where(within & ~within.all(), np.nan, solution.concentration)
    unit = CONCENTRATION.unit(outside)
    drawn = np.where(outside > 0, outside, np.nan) * unit.factor
    for index, values in enumerate(drawn):
        ax.plot(x, values, label=f"_{index}", **ion_style(index))
    ax.set_ylabel(f"concentration [{unit.name}]")
    shown = drawn[:, seen]
    shown = shown[np.isfinite(shown)]
    high = float(shown.max(initial=0.0)) or 1.0
    low = min(max(float(shown.min(initial=high)), _TRACE * high), high / _LEAST_RATIO)
    ax.set_yscale("log")
    ax.set_ylim(log_limits(low, high))
    log_axis(ax.yaxis)


# ---- the bars -----------------------------------------------------------------------------------------------------


def moved_ions(frame: Readings) -> dict[int, str]:
    """The ions that can cross the membrane or are carried, by their places in the case."""
    case, leaks = frame.case, frame.exchange_flux
    return {index: ion for index, ion in enumerate(case.ion_names) if leaks[ion] > 0 or _carriers(case, ion)}


def _carriers(case: Case, ion: str) -> list[Transporter]:
    """The transporters that carry an ion through the layer of the first one."""
    return [one for one in case.transporters if one.layer == case.transporters[0].layer and ion in one.stoichiometry]


def flux_bars(solution: Solution) -> Bars:
    """Passive flux of every ion that something moves, and what each transporter carries of it."""
    scales = solution.readings.scales()

    def size(name: str, value: float) -> float:
        return value if abs(value) > NOTHING * scales[name] else 0.0

    found: list[tuple[int, str, float, bool]] = []
    for index, ion in moved_ions(solution.readings).items():
        found.append((index, "leak", size(f"passive_flux.{ion}", solution.passive_flux[ion]), True))
        for one in _carriers(solution.case, ion):
            rate = size(f"transporter_rate.{one.name}", solution.transporter_rate[one.name])
            found.append((index, one.name, rate * one.stoichiometry[ion], False))
    unit = FLUX.unit(np.array([value for _, _, value, _ in found]))
    bars = tuple(
        Bar(index, name, value * unit.factor, signed(value * unit.factor), is_leak)
        for index, name, value, is_leak in found
    )
    return Bars(bars, 0.0, "", "Fluxes, outward to the right", f"flux [{unit.name}]")


def force_bars(solution: Solution) -> Bars:
    """Driving force of every ion that something moves and that has a Nernst potential E: a bar from Vm to E."""
    voltage, table = solution.membrane_potential, solution.nernst_potential
    nernst = {index: value for index, ion in moved_ions(solution.readings).items() if (value := table[ion]) is not None}
    unit = POTENTIAL.unit(np.array([voltage, *nernst.values()]))
    bars = []
    for index, value in nernst.items():
        # An ion at equilibrium has no bar, whatever the last digits say.
        end = voltage if abs(voltage - value) <= NOTHING * thermal_voltage(solution.case.temperature) else value
        force, name = (voltage - end) * unit.factor, f"E = {number(value * unit.factor)}"
        bars.append(Bar(index, name, end * unit.factor, signed(force)))
    title = f"Driving forces {_VOLTAGE} {MINUS} E [{unit.name}]"
    axis, least = f"potential [{unit.name}]", _LEAST_SPAN * unit.factor
    return Bars(tuple(bars), voltage * unit.factor, _VOLTAGE, title, axis, least)
