"""The figure of the Debye layers: potential, concentrations and charge of each, with the closed form drawn over them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from electrodiff.plot import debye, stack
from electrodiff.plot.charge_figure import ANALYTIC, GOUY_CHAPMAN, closed_form, draw_charge
from electrodiff.plot.drawing import styled
from electrodiff.plot.profiles_figure import draw_concentrations, draw_potential
from electrodiff.plot.scale import DISPLACEMENT, NANOMETRE, POTENTIAL
from electrodiff.plot.sheet import AXIS, CLOSE, TITLE, Row, sheet
from electrodiff.plot.style import number
from electrodiff.units import VACUUM_PERMITTIVITY, thermal_voltage

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from electrodiff.solution import Solution

Floats = NDArray[np.float64]

# Heights of the panels [mm].
_POTENTIAL, _CONCENTRATION, _CHARGE = 44.0, 34.0, 46.0
# Over the curves of ions, some of which are thin themselves.
_THIN: dict[str, Any] = {"linewidth": 0.9, "linestyle": (0, (3, 5))}


@styled
def debye_layers(solution: Solution, given: Sequence[Axes] = ()) -> Figure:
    """Each Debye layer against the distance from its interface [nm], those of both faces of a membrane side by side.

    Potential relative to the bulk [mV], concentrations, or their change from the bulk where that is slight [mM], and charge
    density [MC/m^3].  Over them, dashed or dotted, the closed form of the same drop or charge: Gouy-Chapman if the bulk is a
    neutral electrolyte of monovalent ions, else Debye-Hueckel; none for ions of finite size, nor where the cross section
    varies.

    Raises ValueError for a case without a Debye layer that is thick enough to be magnified.
    """
    magnified = debye.debye_panels(solution)
    if not magnified:
        raise ValueError("the case has no Debye layer that is thick enough, and charged enough, to be magnified")
    pairs = [magnified[first : first + 2] for first in range(0, len(magnified), 2)]
    rows = []
    for index, pair in enumerate(pairs):
        columns = min(len(magnified), 2)
        rows.append(Row(_POTENTIAL, TITLE + (AXIS if index else 0.0), columns, len(pair)))
        rows += [Row(height, CLOSE, columns, len(pair)) for height in (_CONCENTRATION, _CHARGE)]
    drawn = [name for name in ANALYTIC if name in {form[0] for panel in magnified if (form := closed_form(panel))}]
    more = [Line2D([], [], label=name, **ANALYTIC[name]) for name in drawn]
    figure, axes = sheet(rows, stack.ion_head(solution, more), given)
    stack.title(solution, figure)
    stack.ion_legend(solution, figure, more)
    for index, panel in enumerate(magnified):
        first, column = 3 * (index // 2), index % 2
        _draw_debye_layer(panel, [row[column] for row in axes[first : first + 3]])
    return figure


def has_debye_layers(solution: Solution) -> bool:
    """Whether there is one to magnify."""
    return bool(debye.debye_panels(solution))


def closed_potential(panel: debye.DebyePanel) -> tuple[str, Floats] | None:
    """Name and potential relative to the bulk [V], at the distances of the panel, of the closed form of its charge density.

    Both closed forms fulfil Poisson's equation: rho of Gouy-Chapman is -2 F I sinh(psi F / R T), that of Debye-Hueckel
    -eps psi / lambda^2.
    """
    form = closed_form(panel)
    if form is None:
        return None
    name, density = form
    case, bulk = panel.solution.case, panel.bulk
    permittivity = VACUUM_PERMITTIVITY * case.relative_permittivity(case.layers[panel.solution.layer[bulk]])
    linear = -density * panel.debye_length**2 / permittivity
    voltage = thermal_voltage(case.temperature)
    return name, voltage * np.arcsinh(linear / voltage) if name == GOUY_CHAPMAN else linear


def _draw_debye_layer(panel: debye.DebyePanel, axes: Sequence[Axes]) -> None:
    top, middle, bottom = axes
    debye.draw_frames(panel, axes)
    headroom = debye.mark_debye_length(panel, axes, _facts(panel))
    analytic = closed_potential(panel)
    draw_potential(panel, top, headroom)
    factor, shift = draw_concentrations(panel, middle)
    draw_charge(panel, bottom, 0.0)
    if analytic is None:
        return
    name, potential = analytic
    distance, style = panel.distance * NANOMETRE, {**ANALYTIC[name], "zorder": 3}
    unit = POTENTIAL.unit(panel.solution.potential[panel.entries] - panel.solution.potential[panel.bulk])
    _over(top, distance, potential * unit.factor, style, name)
    case = panel.solution.case
    bulk = panel.solution.concentration[:, panel.bulk]
    boltzmann = np.exp(-np.outer(case.valences, potential) / thermal_voltage(case.temperature))
    for reservoir, factors in zip(bulk, boltzmann, strict=True):
        if reservoir > 0:
            _over(middle, distance, reservoir * (factors - shift) * factor, style | _THIN, "_Boltzmann")


def _over(ax: Axes, distance: Floats, values: Floats, style: dict[str, object], label: str) -> None:
    """Draw a closed form as far as it stays in the panel: where it is wrong it would make all else small."""
    low, high = ax.get_ylim()
    ax.plot(distance, np.where((values >= low) & (values <= high), values, np.nan), label=label, **style)  # type: ignore[arg-type]


def _facts(panel: debye.DebyePanel) -> str:
    """`−1.23 mV at the interface`, `holds −1.84 mC/m²`."""
    solution = panel.solution
    drop = float(solution.potential[panel.interface] - solution.potential[panel.bulk])
    potential, charge = POTENTIAL.unit(np.array([drop])), DISPLACEMENT.unit(np.array([panel.layer.charge]))
    place = "wall" if panel.neighbour is None else "interface"
    shown = [
        f"{number(drop * potential.factor)} {potential.name} at the {place}",
        f"holds {number(panel.layer.charge * charge.factor)} {charge.name}",
    ]
    return "\n".join(shown)
