"""A sweep as labelled data: every kept quantity along the axes, with errors, and which points failed and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from electrodiff.dataset import Variable, as_dataset, netcdf_unit, with_error
from electrodiff.quantities import quantity_of
from electrodiff.study import IVStudy
from electrodiff.sweep_study import POINT, ROUTES, Axis

if TYPE_CHECKING:
    import xarray

    from electrodiff.sweep_result import Sweep

COUNTS = {
    "iterations": "Newton steps on all meshes",
    "nodes": "nodes of the finest mesh",
    "route": f"how the point was solved: {', '.join(f'{index} {name}' for index, name in enumerate(ROUTES))}",
}
"""What there is of every point beside its quantities."""

# What a quantity of a curve means where there is one for a whole curve.
_OF_CURVE = {
    "slope_conductance": "dI/dV at the reversal potential",
    "rectification": "abs(I(V) / I(-V)) at the largest V that the study has with its opposite",
}


def label(name: str) -> str:
    """A name as it stands in a file, where a slash would open a group."""
    return name.replace("/", "|")


def sweep_tables(result: Sweep) -> tuple[dict[str, Variable], dict[str, Variable]]:
    """The variables and the coordinates of a sweep."""
    return {**_quantities(result), **_found(result)}, _coordinates(result)


def sweep_dataset(result: Sweep) -> xarray.Dataset:
    """The sweep as an xarray dataset."""
    return as_dataset(*sweep_tables(result)).assign_attrs(title=result.case.title, design=result.study.design)


def _dimensions(result: Sweep) -> tuple[str, ...]:
    return tuple(map(label, result.dimensions))


def _quantities(result: Sweep) -> dict[str, Variable]:
    table: dict[str, Variable] = {}
    meanings = _OF_CURVE if isinstance(result.study.point, IVStudy) else {}
    for name in result.quantities:
        quantity = quantity_of(name)
        text = meanings.get(name, quantity.meaning)
        unit = netcdf_unit(quantity.dimension.unit)
        entry = Variable(_dimensions(result), result.scalar(name), unit, text)
        table.update(with_error(label(name), entry, result.error(name)))
    return table


def _found(result: Sweep) -> dict[str, Variable]:
    """Whether and how every point was solved."""
    results, dimensions, shape = result.results, _dimensions(result), result.shape
    reasons = np.full(result.points, "", dtype=object)
    for point, reason in results.reasons.items():
        reasons[point] = reason
    counts = {
        name: Variable(dimensions, getattr(results, name).reshape(shape), "1", text) for name, text in COUNTS.items()
    }
    converged = results.converged.astype(np.int8).reshape(shape)
    return {
        "converged": Variable(dimensions, converged, "1", "whether there is a solution at the point"),
        "reason": Variable(dimensions, reasons.reshape(shape).tolist(), "", "why there is none; empty where there is"),
        **counts,
    }


def _coordinates(result: Sweep) -> dict[str, Variable]:
    """The values of every key along its dimension; of a dimension with a name of its own those of its first key too."""
    design = result.design
    table: dict[str, Variable] = {}
    if not design.is_product:
        table[POINT] = Variable((POINT,), np.arange(result.points), "1", "number of the point")
    for axis in result.study.axes:
        values, along = design.coordinate(axis), label(axis.title) if design.is_product else POINT
        for key in axis.targets:
            table[label(key)] = _coordinate(axis, key, values, along)
        if design.is_product and along not in table:
            table[along] = _coordinate(axis, axis.targets[0], values, along)
    return table


def _coordinate(axis: Axis, key: str, values: Any, along: str) -> Variable:
    if axis.field is None:
        return Variable((along,), [str(value) for value in values], "", key)
    dimension = axis.field.dimension
    return Variable((along,), values, netcdf_unit(dimension.unit), f"{dimension.name}, {key}")
