"""The figure of a living membrane over time: what transporters do, what leaks, and where the equilibria of the ions are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from electrodiff.plot import time_axis
from electrodiff.plot.cell_figure import FLUX, moved_ions
from electrodiff.plot.drawing import styled
from electrodiff.plot.labels import shortened
from electrodiff.plot.scale import POTENTIAL, linear_limits
from electrodiff.plot.sheet import CLOSE, TITLE, Row, sheet, size_mm
from electrodiff.plot.style import COLOURS, LINE_STYLES, ion_style
from electrodiff.plot.symlog import fit_y_axis
from electrodiff.plot.time_axis import TimeAxis
from electrodiff.plot.time_series import head

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from electrodiff.transient import Transient

Floats = NDArray[np.float64]

# Heights of the panels [mm].
_RATES, _LEAKS, _POTENTIALS = 36.0, 44.0, 50.0
# The membrane potential, over the curves of the ions.
_VOLTAGE: dict[str, Any] = {"color": "black", "linewidth": 3.0, "zorder": 3.0}


@styled
def transport(transient: Transient, given: Sequence[Axes] = ()) -> Figure:
    """Transporters, leaks and equilibria against time, logarithmic from the first output on.

    The rate of every transporter [pmol/(cm^2 s)]; the passive flux of each ion through lipid and pathways, positive outward;
    and the membrane potential between the Nernst potentials of the ions [mV]: an ion is at equilibrium where they meet.

    Raises ValueError for a case without transporters.
    """
    if not transient.case.transporters:
        raise ValueError("the case has no transporters, whose rates this figure shows")
    rows = [Row(_RATES, TITLE), Row(_LEAKS, TITLE + CLOSE), Row(_POTENTIALS, TITLE + CLOSE)]
    moved = moved_ions(transient.frames[-1])
    figure, axes = sheet(rows, time_axis.ion_head(transient, moved), given)
    time_axis.title(transient, figure)
    time_axis.ion_legend(transient, figure, moved)
    rates, leaks, potentials = (row[0] for row in axes)
    axis = TimeAxis.of(transient)
    axis.draw_frames([rates, leaks, potentials])
    _draw_rates(transient, axis, rates)
    _draw_leaks(transient, axis, leaks)
    _draw_potentials(transient, axis, potentials)
    return figure


def _draw_rates(transient: Transient, axis: TimeAxis, ax: Axes) -> None:
    names = transient.case.transporter_names
    values = np.array([[frame.transporter_rate[name] for frame in transient.frames] for name in names])
    unit = FLUX.unit(values)
    # From the end of the colours: those at the start are of ions.
    for index, (name, series) in enumerate(zip(names, values, strict=True)):
        style = {"color": COLOURS[-1 - index % len(COLOURS)], "linestyle": LINE_STYLES[index % len(LINE_STYLES)]}
        axis.draw_curve(ax, series * unit.factor, label=shortened(name, size_mm(ax)[0] / (1 + len(names))), **style)
    ax.set_ylim(linear_limits(values * unit.factor, 0.0, with_zero=True))
    ax.set_ylabel(f"rate [{unit.name}]")
    head(ax, f"Cycles of the {names[0]}" if len(names) == 1 else "Cycles")


def _draw_leaks(transient: Transient, axis: TimeAxis, ax: Axes) -> None:
    names = transient.case.ion_names
    values = np.array([[frame.passive_flux[name] for frame in transient.frames] for name in names])
    unit = FLUX.unit(values)
    for index in moved_ions(transient.frames[-1]):
        axis.draw_curve(ax, values[index] * unit.factor, label=f"_{index}", **ion_style(index))
    ax.axhline(0.0, color="0.8", linewidth=0.8, zorder=-2)
    fit_y_axis(ax, values * unit.factor, 0.0)
    ax.set_ylabel(f"flux [{unit.name}]")
    head(ax, "Leak of each ion, outward positive")


def _draw_potentials(transient: Transient, axis: TimeAxis, ax: Axes) -> None:
    voltage = transient.membrane_potential
    moved = moved_ions(transient.frames[-1])
    table = [frame.nernst_potential for frame in transient.frames]
    nernst = {index: np.array([row[ion] for row in table], dtype=np.float64) for index, ion in moved.items()}
    known = {index: series for index, series in nernst.items() if np.isfinite(series).any()}
    unit = POTENTIAL.unit(np.array([voltage, *known.values()]))
    for index, series in known.items():
        axis.draw_curve(ax, series * unit.factor, label=f"_{index}", **ion_style(index))
    axis.draw_curve(ax, voltage * unit.factor, label="_voltage", **_VOLTAGE)
    ax.set_ylim(linear_limits(np.array([voltage, *known.values()]) * unit.factor, unit.floor))
    ax.set_ylabel(f"potential [{unit.name}]")
    head(ax, f"{time_axis.potential_name(transient)} (black) and the Nernst potential of each ion")
