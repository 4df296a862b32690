"""A current-voltage curve as labelled data: every reported quantity along `voltage`, conductances, reversal potential."""

from __future__ import annotations

from typing import TYPE_CHECKING

from electrodiff.dataset import (
    Variable,
    as_dataset,
    member_coordinates,
    member_names,
    netcdf_unit,
    series,
    with_error,
)
from electrodiff.quantities import CURVE_QUANTITIES, QUANTITIES

if TYPE_CHECKING:
    import xarray

    from electrodiff.current_voltage import CurrentVoltage


def voltage_tables(result: CurrentVoltage) -> tuple[dict[str, Variable], dict[str, Variable]]:
    """The variables and the coordinates of a current-voltage curve."""
    variables = {**_quantities(result), **_curves(result)}
    voltage = Variable(("voltage",), result.voltage, "V", "membrane potential at which the membrane is held")
    return variables, {"voltage": voltage, **member_coordinates(result.solutions[0])}


def voltage_dataset(result: CurrentVoltage) -> xarray.Dataset:
    """The current-voltage curve as an xarray dataset."""
    return as_dataset(*voltage_tables(result))


def _quantities(result: CurrentVoltage) -> dict[str, Variable]:
    """The reported quantities along voltage; a family lies along the dimension of its members too, and null is NaN."""
    table: dict[str, Variable] = {}
    along = ("voltage", result.voltage.size)
    for name, quantity in QUANTITIES.items():
        names = member_names(quantity, result.solutions[0])
        entry = series(along, quantity, [result.scalar(full) for full in names])
        errors = series(along, quantity, [result.error(full) for full in names])
        table.update(with_error(name, entry, errors.values))
    return table


def _curves(result: CurrentVoltage) -> dict[str, Variable]:
    """What there is of a curve alone."""
    table: dict[str, Variable] = {}
    for name, quantity in CURVE_QUANTITIES.items():
        dimensions = () if name == "reversal_potential" else ("voltage",)
        entry = Variable(dimensions, getattr(result, name), netcdf_unit(quantity.dimension.unit), quantity.meaning)
        table.update(with_error(name, entry, getattr(result, f"{name}_error")))
    return table
