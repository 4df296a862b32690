"""The figures of a transient over time: currents and potential, and concentrations beside the membrane and in the baths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from electrodiff.account import NO_FLUX
from electrodiff.ends import Closed, Reservoir, Wall
from electrodiff.plot import time_axis
from electrodiff.plot.drawing import styled
from electrodiff.plot.labels import shortened, text_width
from electrodiff.plot.scale import POTENTIAL, Ladder, Unit, linear_limits
from electrodiff.plot.sheet import CLOSE, TITLE, Row, sheet, size_mm
from electrodiff.plot.style import COLOURS, MINUS, SOLUTION, ion_style
from electrodiff.plot.symlog import fit_y_axis, linear_part
from electrodiff.plot.time_axis import TimeAxis
from electrodiff.units import FARADAY

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from electrodiff.transient import Transient

Floats = NDArray[np.float64]

CURRENT_DENSITY = Ladder(1e-12, (("kA/m²", 1e-3), ("A/m²", 1.0), ("mA/m²", 1e3), ("µA/m²", 1e6), ("nA/m²", 1e9)))
# On a logarithmic axis thousands take no more room than ones.
_OVER_DECADES = Ladder(CURRENT_DENSITY.zero, CURRENT_DENSITY.units[1:])
# Of concentrations whose changes are shown: rounding errors are 1e-14 of a molar one.
CHANGE = Ladder(1e-9, (("mM", 1.0), ("µM", 1e3), ("nM", 1e6), ("pM", 1e9)))
# A total current below this part of the conduction is what rounding errors leave of none.
_NO_CURRENT = 1e-9
# The part of the largest conduction up to which what is left of it beside the total is an error of the steps in time: their
# default tolerance.
_CARRIED = 1e-4
# Heights of the panels [mm].
_CURRENT, _POTENTIAL, _CONCENTRATION = 46.0, 40.0, 42.0
# Largest change of the concentrations, relative to the largest of them, that is shown as a change from the start.
_SLIGHT = 0.2

_TOTAL: dict[str, Any] = {**SOLUTION, "color": "black", "linewidth": 3.0}
_DISPLACEMENT: dict[str, Any] = {"color": "0.65", "linestyle": (0, (4, 2)), "linewidth": 1.8}
_PART: dict[str, Any] = {"color": COLOURS[1], "linestyle": "--", "linewidth": 2.2}
# The sample of a curve in a legend, and the space beside it [mm].
_SAMPLE = 15.0


@styled
def currents(transient: Transient, given: Sequence[Axes] = ()) -> Figure:
    """Currents [A/m^2] and potentials [mV] against time, logarithmic from the first output on.

    The total current density, the same at every x of planes, with the part of it that is displacement in the middle of
    the most resistive layer; the conduction there by each ion, z F J, positive from left to right; the potential across
    the stack, and across that layer.  What transporters carry counts as conduction.  The axes of currents that span decades
    are logarithmic on either side of zero.
    """
    rows = [Row(_CURRENT, TITLE), Row(_CURRENT, TITLE + CLOSE), Row(_POTENTIAL, TITLE + CLOSE)]
    carriers = np.flatnonzero(conduction(transient).any(axis=0)).tolist()
    figure, axes = sheet(rows, time_axis.ion_head(transient, carriers), given)
    time_axis.title(transient, figure)
    time_axis.ion_legend(transient, figure, carriers)
    total, parts, potential = (row[0] for row in axes)
    axis = TimeAxis.of(transient)
    axis.draw_frames([total, parts, potential])
    _draw_currents(transient, axis, total, parts)
    _draw_potentials(transient, axis, potential)
    return figure


def conduction(transient: Transient) -> Floats:
    """(T, n) current density that each ion carries through the middle of the most resistive layer [A/m^2]."""
    result: Floats = transient.ion_flux * np.array(transient.case.valences) * FARADAY
    return result


def total_current(transient: Transient) -> Floats:
    """(T,) total current density [A/m^2]; zero where it is a rounding error, as in front of a closed end."""
    carried = conduction(transient)
    total = transient.total_current_density
    none = float(np.abs(total).max()) <= _NO_CURRENT * float(np.abs(carried).max(initial=0.0))
    return np.zeros_like(total) if none else total


def _displacement(total: Floats, carried: Floats) -> Floats:
    """(T,) displacement current density [A/m^2], what ions do not carry; zero where it is an error of what they carry."""
    displacement: Floats = total - carried.sum(axis=1)
    return np.where(np.abs(displacement) <= _CARRIED * np.abs(carried).max(initial=0.0), 0.0, displacement)


def _draw_currents(transient: Transient, axis: TimeAxis, top: Axes, bottom: Axes) -> None:
    carried, total = conduction(transient), total_current(transient)
    displacement = _displacement(total, carried)
    name = _watched_layer(transient)
    parts = np.array([displacement, total])
    noise = _noise(transient)
    # Evenly in time, a displacement that has died away after a change is no reason for a logarithmic axis.
    faint = 0.0 if axis.is_logarithmic else 0.1 * float(np.quantile(np.abs(total), 0.1))
    unit = _unit(parts, max(noise, faint)) if parts.any() else _unit(carried, noise)
    axis.draw_curve(top, total * unit.factor, label="total", **_TOTAL)
    axis.draw_curve(top, displacement * unit.factor, label="displacement", **_DISPLACEMENT)
    fit_y_axis(top, parts * unit.factor, unit.floor, max(noise, faint) * unit.factor)
    top.set_ylabel(f"current density [{unit.name}]")
    unit = _unit(carried, noise)
    for index, values in enumerate(carried.T):
        if values.any():
            axis.draw_curve(bottom, values * unit.factor, label=f"_{index}", **ion_style(index))
    fit_y_axis(bottom, carried * unit.factor, unit.floor, noise * unit.factor)
    bottom.set_ylabel(f"current density [{unit.name}]")
    pumped = " and its transporters" if transient.case.transporters else ""
    titles = (f"Current through the {name}", f"Conduction by each ion through the {name}{pumped}")
    for ax, title in zip((top, bottom), titles, strict=True):
        ax.axhline(0.0, color="0.8", linewidth=0.8, zorder=-2)
        head(ax, title)


def _unit(values: Floats, noise: float) -> Unit:
    """The unit of current densities [A/m^2] on an axis that `fit_y_axis` makes fit them."""
    return (CURRENT_DENSITY if linear_part(values, noise) is None else _OVER_DECADES).unit(values)


def _noise(transient: Transient) -> float:
    """What is left of leaks and transporters that cancel [A/m^2], 0 without transporters."""
    exchanged = [frame.exchange_flux for frame in transient.frames]
    largest = max(sum(abs(transient.case.valence(ion)) * flux for ion, flux in frame.items()) for frame in exchanged)
    return FARADAY * NO_FLUX * largest


def _watched_layer(transient: Transient) -> str:
    """Name of the layer through whose middle the fluxes are counted."""
    return transient.case.layer_names[transient.frames[0].problem.mesh.resistive_layer]


def head(ax: Axes, text: str) -> None:
    """Write a title at the left over a panel, and a legend of its labelled curves, if there are any, at the right."""
    handles = [line for line in ax.lines if not str(line.get_label()).startswith("_")]
    room = size_mm(ax)[0] - sum(text_width(str(line.get_label())) + _SAMPLE for line in handles)
    ax.set_title(shortened(text, room), loc="left", parse_math=False)
    if len(handles) > 1:
        ax.legend(
            handles=handles,
            loc="lower right",
            bbox_to_anchor=(1.0, 1.0),
            ncols=len(handles),
            borderpad=0.0,
            borderaxespad=0.25,
            columnspacing=1.2,
        )


def _draw_potentials(transient: Transient, axis: TimeAxis, ax: Axes) -> None:
    values = [transient.membrane_potential]
    name, layer = time_axis.potential_name(transient), _watched_layer(transient)
    if len(transient.case.layers) > 1:
        values.append(transient.series(lambda frame: frame.layer_drop[layer]))
    unit = POTENTIAL.unit(np.array(values))
    for series, label, style in zip(values, (name, f"across the {layer} alone"), (SOLUTION, _PART), strict=False):
        axis.draw_curve(ax, series * unit.factor, label=label, **style)
    ax.set_ylim(linear_limits(np.array(values) * unit.factor, unit.floor))
    ax.set_ylabel(f"potential [{unit.name}]")
    head(ax, f"Potential, left {MINUS} right")


# ---- concentrations -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Place:
    """Somewhere along the stack."""

    name: str
    entry: int
    """Of the profiles."""


def places(transient: Transient) -> list[Place]:
    """Where concentrations are shown: the middle and the inner face of the first and the last layer that hold ions.

    If that is one layer: its middle and both of its faces.
    """
    frame = transient.frames[-1]
    partition, bounds = frame.problem.chain.partition, frame.problem.mesh.boundaries
    names = transient.case.layer_names
    holding = [index for index in range(len(names)) if partition[bounds[index] : bounds[index + 1]].any()]
    if not holding:
        return []
    first, last = holding[0], holding[-1]

    def at(index: int, side: str) -> Place:
        entries = frame.layer_entries[index]
        beside = index - 1 if side == "left" else index + 1
        other = names[beside] if 0 <= beside < len(names) else _end_name(transient, side)
        return Place(f"{names[index]}, next to {other}", entries.start if side == "left" else entries.stop - 1)

    def middle(index: int) -> Place:
        entries = frame.layer_entries[index]
        x = frame.x[entries]
        nearest = int(np.argmin(np.abs(x - (x[0] + x[-1]) / 2)))
        return Place(f"{names[index]}, middle", entries.start + nearest)

    if first == last:
        return [at(first, "left"), middle(first), at(first, "right")]
    return [at(first, "right"), at(last, "left"), middle(first), middle(last)]


def _end_name(transient: Transient, side: str) -> str:
    """What the stack ends with at a side: `the left wall`."""
    kinds = {Wall: "wall", Closed: "closed end", Reservoir: "reservoir"}
    end = transient.case.left if side == "left" else transient.case.right
    return f"the {side} {kinds[type(end)]}"


@styled
def concentrations(transient: Transient, given: Sequence[Axes] = ()) -> Figure:
    """Concentration of each ion [mM] against time, beside the membrane and in the middle of the layers around it.

    The places are those of `places`; where every change is slight, the change since the start is shown instead.
    """
    shown = places(transient)
    columns = 2 if len(shown) == 4 else 1
    pairs = [shown[first : first + columns] for first in range(0, len(shown), columns)]
    rows = [Row(_CONCENTRATION, TITLE if not index else TITLE + CLOSE, columns) for index in range(len(pairs))]
    rows = [Row(row.height, row.above, columns, columns) for row in rows]
    figure, axes = sheet(rows, time_axis.ion_head(transient), given)
    time_axis.title(transient, figure)
    time_axis.ion_legend(transient, figure)
    axis = TimeAxis.of(transient)
    for column in range(columns):
        axis.draw_frames([row[column] for row in axes])
    for pair, row in zip(pairs, axes, strict=True):
        for place, ax in zip(pair, row, strict=True):
            _draw_concentrations(transient, axis, place, ax)
    return figure


def _draw_concentrations(transient: Transient, axis: TimeAxis, place: Place, ax: Axes) -> None:
    values = transient.concentration[:, :, place.entry]
    name = "c"
    change = values - values[0]
    if float(np.abs(change).max()) < _SLIGHT * float(values.max()):
        values, name = change, f"c {MINUS} c(0)"
    unit = CHANGE.unit(values)
    for index, series in enumerate(values.T):
        if transient.concentration[:, index, place.entry].any():
            axis.draw_curve(ax, series * unit.factor, label=f"_{index}", **ion_style(index))
    ax.set_ylabel(f"{name} [{unit.name}]")
    ax.set_ylim(linear_limits(values * unit.factor, unit.floor, with_zero=True))
    ax.set_title(shortened(place.name, size_mm(ax)[0]), parse_math=False)
