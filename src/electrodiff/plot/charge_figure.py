"""The figure of the charge: over the whole domain, and in each Debye layer beside the closed form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from electrodiff.plot import debye, stack
from electrodiff.plot.drawing import styled
from electrodiff.plot.scale import CHARGE_DENSITY, DISPLACEMENT, NANOMETRE, linear_limits
from electrodiff.plot.sheet import AXIS, HEAD, LEGEND_LINE, TITLE, Row, sheet
from electrodiff.plot.style import SOLUTION, number
from electrodiff.theory.double_layer import (
    debye_hueckel_charge_density,
    gouy_chapman_charge_density,
    ionic_strength,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    from electrodiff.solution import Solution

Floats = NDArray[np.float64]

GOUY_CHAPMAN = "Gouy-Chapman"
DEBYE_HUECKEL = "Debye-Hückel (linear)"

ANALYTIC: dict[str, dict[str, Any]] = {
    GOUY_CHAPMAN: {"color": "black", "linestyle": (0, (4, 2.5)), "linewidth": 1.3},
    DEBYE_HUECKEL: {"color": "black", "linestyle": (0, (1, 1.5)), "linewidth": 1.5},
}
"""How each closed form is drawn over the solution."""

# Heights of the panels [mm].
_WHOLE, _MAGNIFIED = 44.0, 46.0
# Multiple of the largest charge density up to which a closed form that does not fit is drawn.
_FAR_OFF = 1.5
# Net charge of a bulk, relative to its ions, up to which it counts as a neutral electrolyte.
_NEUTRAL = 1e-3


@styled
def charge(solution: Solution, given: Sequence[Axes] = ()) -> Figure:
    """Charge density, mobile and fixed [MC/m^3], against x [nm] over the whole domain, the layers shaded and named.

    Below, each Debye layer (as in `profiles`) against the distance from its interface [nm], with the charge per area
    that it holds [mC/m^2] and the closed form drawn over it: Gouy-Chapman if its bulk is a neutral electrolyte of
    monovalent ions, which screens like one salt of the same ionic strength, else Debye-Hueckel from the charge held;
    none for ions of finite size, nor where the cross section varies, because both are of points before a plane.
    """
    magnified = debye.debye_panels(solution)
    pairs = [magnified[first : first + 2] for first in range(0, len(magnified), 2)]
    rows = [Row(_MAGNIFIED, AXIS + TITLE, min(len(magnified), 2), len(pair)) for pair in pairs]
    compares = any(closed_form(panel) for panel in magnified)
    figure, axes = sheet([Row(_WHOLE, 0.0), *rows], HEAD + (LEGEND_LINE if compares else 0.0), given)
    stack.title(solution, figure)
    whole = axes[0][0]
    stack.panels(solution, [whole])
    headroom = stack.name_layers(solution, whole)
    stack.curve(solution, whole, solution.charge_density, CHARGE_DENSITY, "charge density", headroom, **SOLUTION)
    drawn: dict[str, Line2D] = {}
    for index, panel in enumerate(magnified):
        lines = _draw_debye_layer(panel, axes[1 + index // 2][index % 2])
        drawn.update({str(line.get_label()): line for line in lines})
    if compares:
        stack.legend(figure, list(drawn.values()))
    return figure


def closed_form(panel: debye.DebyePanel) -> tuple[str, Floats] | None:
    """Name and charge density [C/m^3], at the distances of the panel, of the closed form that fits its bulk.

    None where there is none: for ions of finite size, and where the cross section varies.
    """
    solution, bulk = panel.solution, panel.bulk
    if solution.case.steric is not None or not panel.is_flat:
        return None
    valences, concentrations = np.array(solution.case.valences), solution.concentration[:, bulk]
    present = concentrations > 0
    ions, net = np.abs(valences) @ concentrations, valences @ concentrations
    if np.all(np.abs(valences[present]) == 1) and abs(net) <= _NEUTRAL * ions:
        record = solution.case.layers[solution.layer[bulk]]
        density = gouy_chapman_charge_density(
            panel.distance,
            float(solution.potential[panel.interface] - solution.potential[bulk]),
            ionic_strength(valences, concentrations),
            solution.case.relative_permittivity(record),
            solution.case.temperature,
        )
        return GOUY_CHAPMAN, np.asarray(density)
    return DEBYE_HUECKEL, np.asarray(
        debye_hueckel_charge_density(panel.distance, -panel.layer.charge, panel.debye_length)
    )


def _draw_debye_layer(panel: debye.DebyePanel, ax: Axes) -> list[Line2D]:
    debye.draw_frames(panel, [ax])
    held = DISPLACEMENT.unit(np.array([panel.layer.charge]))
    headroom = debye.mark_debye_length(panel, [ax], f"holds {number(panel.layer.charge * held.factor)} {held.name}")
    return draw_charge(panel, ax, headroom)


def draw_charge(panel: debye.DebyePanel, ax: Axes, headroom: float) -> list[Line2D]:
    """Draw the charge density, a share `headroom` of the height free at the top, and the closed form over it.

    Returns the lines for the legend: the solution and, if there is one, the closed form.
    """
    density = panel.solution.charge_density[panel.entries]
    unit = CHARGE_DENSITY.unit(density)
    distance = panel.distance * NANOMETRE
    shown = density
    lines = ax.plot(distance, density * unit.factor, label="Poisson-Nernst-Planck", **SOLUTION)
    if form := closed_form(panel):
        name, analytic = form
        near = np.where(np.abs(analytic) <= _FAR_OFF * np.abs(density).max(), analytic, np.nan)
        lines += ax.plot(distance, near * unit.factor, label=name, **ANALYTIC[name])
        shown = np.append(density, near)
    ax.set_ylabel(f"charge density [{unit.name}]")
    ax.set_ylim(linear_limits(shown * unit.factor, unit.floor, headroom, with_zero=True))
    return lines
