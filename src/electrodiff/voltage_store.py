"""A current-voltage curve in a NetCDF file: beside its variables, all of the steady states, one after the other.

Every steady state has a mesh of its own.  Their profiles are joined along `entry`, what lies on faces along `face_entry`
and the Newton steps along `step_entry`; `entry_count(voltage)`, ... say how many belong to each potential.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from electrodiff.case import parse_case
from electrodiff.current_voltage import CurrentVoltage
from electrodiff.dataset import Variable, tables
from electrodiff.model import Case
from electrodiff.solution import Solution
from electrodiff.steady_store import steady_attributes, stored_solution
from electrodiff.voltage_dataset import voltage_tables

if TYPE_CHECKING:
    import xarray

JOINED = {"x": "entry", "x_face": "face_entry", "iteration": "step_entry"}
"""The dimension along which the steady states are joined, by what it is in each of them."""

# What a file of one steady state says in attributes, here along voltage.
_FOUND = "steady_"


_CURVES = ("voltage", "slope_conductance", "slope_conductance_error")


def stored_tables(result: CurrentVoltage) -> tuple[dict[str, Variable], dict[str, Variable]]:
    """The variables and the coordinates of the file of a current-voltage curve."""
    variables, coordinates = voltage_tables(result)
    return {**variables, **_states(result), **_found(result)}, coordinates


def voltage_attributes(_: CurrentVoltage) -> dict[str, Any]:
    """What the file says of a current-voltage curve beside what it says of every result: nothing."""
    return {}


def _states(result: CurrentVoltage) -> dict[str, Variable]:
    """The profiles and states of all steady states, joined, and how many of them each has."""
    parts = [{**variables, **coordinates} for variables, coordinates in map(tables, result.solutions)]
    table = {}
    for name, entry in parts[0].items():
        values = [part[name].values for part in parts]
        if name == "mesh_border":
            table[name] = entry._replace(dimensions=("voltage", "border"), values=np.array(values))
        axis = next((axis for axis, dimension in enumerate(entry.dimensions) if dimension in JOINED), None)
        if axis is not None:
            dimensions = tuple(JOINED.get(dimension, dimension) for dimension in entry.dimensions)
            table[name] = entry._replace(dimensions=dimensions, values=np.concatenate(values, axis))
    sizes = {"x": "x", "x_face": "x_face", "iteration": "residuals"}
    for dimension, name in sizes.items():
        counts = np.array([len(part[name].values) for part in parts])
        text = f"how many of {JOINED[dimension]} belong to each potential"
        table[f"{JOINED[dimension]}_count"] = Variable(("voltage",), counts, "1", text)
    return table


def _found(result: CurrentVoltage) -> dict[str, Variable]:
    """How each steady state was found."""
    rows = [
        {"solver": solution.message, "converged": str(int(solution.converged)), **steady_attributes(solution)}
        for solution in result.solutions
    ]
    text = "of the steady state at each potential"
    return {
        f"{_FOUND}{name}": Variable(("voltage",), [row[name] for row in rows], "", f"{name} {text}") for name in rows[0]
    }


def read_voltage(dataset: xarray.Dataset) -> CurrentVoltage:
    """The current-voltage curve that a dataset holds."""
    case = parse_case(str(dataset.attrs["case"]), "stored case")
    if not dataset["voltage"].size or any(dataset[name].dims != ("voltage",) for name in _CURVES):
        raise ValueError("it has no curve")
    return CurrentVoltage(
        case=case,
        voltage=dataset["voltage"].to_numpy(),
        solutions=tuple(_solutions(case, dataset)),
        slope_conductance=dataset["slope_conductance"].to_numpy(),
        slope_conductance_error=dataset["slope_conductance_error"].to_numpy(),
        reversal_potential=float(dataset["reversal_potential"]),
        reversal_potential_error=float(dataset["reversal_potential_error"]),
        message=str(dataset.attrs["solver"]),
    )


def _solutions(case: Case, dataset: xarray.Dataset) -> Iterator[Solution]:
    # Here, as a steady result is loaded without the solvers.
    from electrodiff.solvers.iv import clamped_at

    data = {str(name): variable.to_numpy() for name, variable in dataset.variables.items()}
    dimensions = {str(name): variable.dims for name, variable in dataset.variables.items()}
    ends = {name: np.cumsum(data[f"{name}_count"].astype(np.int64)) for name in JOINED.values()}
    for index, voltage in enumerate(data["voltage"]):
        spans = {
            name: slice(int(end[index] - data[f"{name}_count"][index]), int(end[index])) for name, end in ends.items()
        }
        own = {name: _part(values, dimensions[name], index, spans) for name, values in data.items()}
        found = {name.removeprefix(_FOUND): own[name] for name in own if name.startswith(_FOUND)}
        yield stored_solution(clamped_at(case, float(voltage)), own, {**found, "converged": int(found["converged"])})


def _part(values: NDArray[Any], dimensions: tuple[Any, ...], index: int, spans: dict[str, slice]) -> Any:
    """What belongs to one potential."""
    return values[tuple(index if name == "voltage" else spans.get(name, slice(None)) for name in dimensions)]
