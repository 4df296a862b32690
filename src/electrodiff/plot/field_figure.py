"""The figure of the field: the electric field on a linear and a logarithmic axis, and the displacement."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from electrodiff.plot import stack
from electrodiff.plot.drawing import styled
from electrodiff.plot.labels import Label, fit_in_a_row
from electrodiff.plot.scale import DISPLACEMENT, FIELD, NANOMETRE, Unit, log_limits
from electrodiff.plot.sheet import CLOSE, Row, sheet
from electrodiff.plot.style import SOLUTION, number
from electrodiff.plot.ticks import log_axis
from electrodiff.units import VACUUM_PERMITTIVITY

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from electrodiff.solution import Solution

Floats = NDArray[np.float64]

# Heights of the panels [mm].
_LINEAR, _LOGARITHMIC, _DISPLACEMENT = 44.0, 56.0, 38.0
# Depth of the logarithmic axis below the largest field, at most: enough for ten Debye lengths (e^-10) beyond a 40-fold
# jump; and at least, for a field that hardly varies.
_DECADES, _LEAST_DECADES = 6.0, 1.0


@styled
def field(solution: Solution, given: Sequence[Axes] = ()) -> Figure:
    """Electric field [MV/m] against x [nm] over the whole domain, the layers shaded and named; three panels.

    The field with its sign; its magnitude on a logarithmic axis, on which the field of a Debye layer is a straight
    line, with the ratio of the two sides where the permittivities alone make it; and the displacement eps E [mC/m^2],
    which is continuous but for the charge on an interface, written there.
    """
    figure, axes = sheet([Row(_LINEAR, 0.0), Row(_LOGARITHMIC, CLOSE), Row(_DISPLACEMENT, CLOSE)], given=given)
    linear, logarithmic, displacement = (row[0] for row in axes)
    stack.title(solution, figure)
    stack.panels(solution, [linear, logarithmic, displacement])
    headroom = stack.name_layers(solution, linear)
    unit = stack.curve(solution, linear, solution.electric_field, FIELD, "electric field", headroom, **SOLUTION)
    _draw_magnitude(solution, logarithmic, unit)
    labels = _charge_labels(solution)
    headroom = stack.write_labels(displacement, labels) if labels else 0.0
    stack.curve(solution, displacement, _displacement(solution), DISPLACEMENT, "displacement", headroom, **SOLUTION)
    return figure


def _displacement(solution: Solution) -> Floats:
    """(M,) eps E [C/m^2]."""
    case = solution.case
    permittivity = np.array([case.relative_permittivity(layer) for layer in case.layers]) * VACUUM_PERMITTIVITY
    result: Floats = permittivity[solution.layer] * solution.electric_field
    return result


def _draw_magnitude(solution: Solution, ax: Axes, unit: Unit) -> None:
    magnitude = np.abs(solution.electric_field) * unit.factor
    ax.set_yscale("log")
    ax.plot(stack.broken(solution, solution.x) * NANOMETRE, stack.broken(solution, magnitude), **SOLUTION)
    ax.set_ylabel(f"|electric field| [{unit.name}]")
    labels = _ratio_labels(solution, with_names=True)
    if not fit_in_a_row(ax, labels):
        labels = _ratio_labels(solution, with_names=False)
    headroom = stack.write_labels(ax, labels)
    ax.set_ylim(log_limits(*_shown_magnitudes(magnitude, unit.floor), headroom))
    log_axis(ax.yaxis)


def _shown_magnitudes(magnitude: Floats, floor: float) -> tuple[float, float]:
    """The ends of the logarithmic axis: the least and the largest magnitude, neither too close nor too far apart."""
    largest = float(magnitude.max()) if magnitude.max() > floor else 1.0
    least = np.clip(magnitude.min(), largest * 10.0**-_DECADES, largest * 10.0**-_LEAST_DECADES)
    return float(least), largest


def _charge_labels(solution: Solution) -> list[Label]:
    """The surface charge of each interface that has one: by how much the displacement jumps there."""
    case, labels = solution.case, []
    for index, (left, right) in enumerate(pairwise(case.layers)):
        charge = case.surface_charge(left.name, right.name)
        if charge:
            unit = DISPLACEMENT.unit(np.array([charge]))
            entry = solution.layer_entries[index].stop - 1
            text = f"σ {number(charge * unit.factor)} {unit.name}"
            labels.append(Label(text, float(solution.x[entry]) * NANOMETRE))
    return labels


def _ratio_labels(solution: Solution, with_names: bool) -> list[Label]:
    """The ratio of the fields at each interface, low-permittivity side first, and the names of its sides.

    Only between different permittivities and without surface charge, where Gauss's law gives it.
    """
    case = solution.case
    labels = []
    for index, (left, right) in enumerate(pairwise(case.layers)):
        permittivities = {case.relative_permittivity(layer) for layer in (left, right)}
        if len(permittivities) == 1 or case.surface_charge(left.name, right.name) != 0:
            continue
        entry = solution.layer_entries[index].stop - 1
        fields = solution.electric_field[entry : entry + 2]
        ratio = solution.field_ratio[f"{left.name}|{right.name}"] if np.abs(fields).max() > FIELD.zero else np.nan
        left_is_lower = case.relative_permittivity(left) < case.relative_permittivity(right)
        over, under = (left.name, right.name) if left_is_lower else (right.name, left.name)
        names = f"{over} : {under}\n" if with_names else ""
        labels.append(Label(names + _ratio_text(ratio), float(solution.x[entry]) * NANOMETRE))
    return labels


def _ratio_text(ratio: float | None) -> str:
    """`40.0 : 1`."""
    return "no field" if ratio is None or np.isnan(ratio) else f"{number(ratio)} : 1"
