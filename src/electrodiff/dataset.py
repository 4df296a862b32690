"""A solution as labelled data: coordinates, variables, units, long names; in memory (xarray) and on disk (NetCDF)."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from electrodiff.quantities import QUANTITIES, Quantity

if TYPE_CHECKING:
    import xarray

    from electrodiff.readings import Readings
    from electrodiff.solution import Solution


Floats = NDArray[np.float64]


class Variable(NamedTuple):
    """Values along named dimensions, with unit and long name."""

    dimensions: tuple[str, ...]
    values: Any
    units: str
    long_name: str
    error: str = ""
    """The variable that holds its estimated errors."""

    @property
    def attributes(self) -> dict[str, str]:
        """What NetCDF readers look for."""
        named = {"units": self.units, "long_name": self.long_name}
        return {**named, "ancillary_variables": self.error} if self.error else named


# name: (dimensions, unit, long name); the values are the attributes of Solution of the same name.
PROFILES: dict[str, tuple[tuple[str, ...], str, str]] = {
    "potential": (("x",), "V", "electric potential"),
    "concentration": (("ion", "x"), "mol m-3", "concentration"),
    "activity": (("ion", "x"), "mol m-3", "activity, continuous across interfaces"),
    "charge_density": (("x",), "C m-3", "charge per volume, mobile and fixed"),
    "electric_field": (("x",), "V m-1", "electric field, -dphi/dx"),
    "electrochemical_potential": (("ion", "x"), "J mol-1", "electrochemical potential relative to 1 M at 0 V"),
    "face_flux": (("x_face", "ion"), "mol m-2 s-1", "flux through each face, with its round-off"),
    "residuals": (("iteration",), "1", "largest scaled residual before each Newton step"),
    "updates": (("iteration",), "1", "largest relative change of each Newton step"),
}

DIMENSIONS = {
    "ion": "ion",
    "side": "side",
    "layer": "layer_name",
    "interface": "interface",
    "interface.side": "interface_side",
    "layer.ion": "layer_ion",
    "gate": "gate",
    "transporter": "transporter",
    "carried ion": "carried_ion",
}
"""The dimension along which the members of a family of quantities lie."""


BORDERS = (
    "open fraction of every gate, rate of every transporter in units of the solver, 1 of the other border unknowns"
)


def coordinates(solution: Solution | Readings) -> dict[str, Variable]:
    """Positions, and the names along the other dimensions."""
    nodes = solution.problem.mesh.x
    return {
        "x": Variable(("x",), solution.x, "m", "position"),
        "layer": Variable(("x",), solution.layer, "1", "index of the layer"),
        "x_face": Variable(("x_face",), (nodes[:-1] + nodes[1:]) / 2, "m", "middle of the face"),
        **member_coordinates(solution),
    }


def member_coordinates(solution: Solution | Readings) -> dict[str, Variable]:
    """The names of ions, layers, ... along the dimensions of the families of quantities."""
    names = {
        "ion": (solution.case.ion_names, "ion"),
        "layer_name": (solution.case.layer_names, "layer"),
        "side": (("left", "right"), "side of the stack"),
        "interface": (tuple(solution.field_ratio), "left layer|right layer"),
        "interface_side": (tuple(solution.charge_beside), "left layer|right layer.side of it"),
        "layer_ion": (tuple(solution.log_permeability), "layer.ion"),
        "gate": (tuple(solution.open_fraction), "layer.ion or pathway.ion of a gated conductance"),
        "transporter": (solution.case.transporter_names, "transporter"),
        "carried_ion": (tuple(solution.transported_flux), "ion of a case with transporters"),
    }
    return {name: Variable((name,), list(values), "", text) for name, (values, text) in names.items()}


def member_names(quantity: Quantity, solution: Solution | Readings) -> list[str]:
    """The full names of the scalars of a quantity, in the order of its dimension."""
    if not quantity.per:
        return [quantity.name]
    return [f"{quantity.name}.{member}" for member in getattr(solution, quantity.name)]


def series(along: tuple[str, int], quantity: Quantity, values: list[Floats]) -> Variable:
    """A quantity along a dimension of this name and size, from the series of its members."""
    dimension, size = along
    unit = netcdf_unit(quantity.dimension.unit)
    if not quantity.per:
        return Variable((dimension,), values[0], unit, quantity.meaning)
    rows = np.array(values).reshape(len(values), size)
    return Variable((dimension, DIMENSIONS[quantity.per]), rows.T, unit, quantity.meaning)


def variables(solution: Solution) -> dict[str, Variable]:
    """Profiles, face fluxes and reported quantities, with their errors; the state on the finest mesh; the history."""
    profiles = {}
    for name, (dimensions, unit, long_name) in PROFILES.items():
        entry = Variable(dimensions, getattr(solution, name), unit, long_name)
        if name in solution.profile_error:
            profiles.update(with_error(name, entry, solution.profile_error[name]))
        else:
            profiles[name] = entry
    return {**profiles, **_quantities(solution), **mesh_state(solution)}


def with_error(name: str, entry: Variable, error: Any) -> dict[str, Variable]:
    """A variable and that of its estimated errors."""
    return {
        name: entry._replace(error=f"{name}_error"),
        f"{name}_error": entry._replace(values=error, long_name=f"estimated discretisation error of {name}"),
    }


def _quantities(solution: Solution) -> dict[str, Variable]:
    """The reported quantities; a family lies along the dimension of its members, and null becomes NaN."""
    table, errors = {}, solution.errors()
    for name, value in solution.quantities().items():
        quantity = QUANTITIES[name]
        dimensions = (DIMENSIONS[quantity.per],) if quantity.per else ()
        values, error = (_numbers(given) for given in (value, errors[name]))
        entry = Variable(dimensions, values, netcdf_unit(quantity.dimension.unit), quantity.meaning)
        table.update(with_error(name, entry, error))
    return table


def _numbers(given: Any) -> Floats:
    return np.array(list(given.values()) if isinstance(given, Mapping) else given, dtype=float)  # None becomes NaN


def mesh_state(solution: Solution) -> dict[str, Variable]:
    """What the equations on the finest mesh gave, in the units of the solver, so that it is read back exactly."""
    scales, at = solution.problem.scales, solution.node
    where = "on the finest mesh, without extrapolation"
    activity, potential = solution.state[at, :-1].T, solution.state[at, -1]
    return {
        "mesh_activity": Variable(("ion", "x"), activity, f"{scales.concentration!r} mol m-3", f"activity {where}"),
        "mesh_potential": Variable(("x",), potential, f"{scales.potential!r} V", f"electric potential {where}"),
        "mesh_border": Variable(("border",), solution.gate, "1", f"{BORDERS} {where}"),
    }


def scalars_of(data: Mapping[str, NDArray[Any]], suffix: str = "") -> dict[str, float | None]:
    """The reported scalars in the variables of a file by full name, or with suffix "_error" their errors; NaN is None."""
    table: dict[str, float | None] = {}
    for name, quantity in QUANTITIES.items():
        values = np.atleast_1d(data[name + suffix]).tolist()
        names = [f"{name}.{member}" for member in data[DIMENSIONS[quantity.per]]] if quantity.per else [name]
        table.update({key: None if math.isnan(x) else x for key, x in zip(names, values, strict=True)})
    return table


def tables(solution: Solution) -> tuple[dict[str, Variable], dict[str, Variable]]:
    """The variables and the coordinates of a solution."""
    return variables(solution), coordinates(solution)


def to_dataset(solution: Solution) -> xarray.Dataset:
    """The solution as an xarray dataset."""
    return as_dataset(*tables(solution))


def as_dataset(variables: Mapping[str, Variable], coordinates: Mapping[str, Variable]) -> xarray.Dataset:
    """Variables and coordinates as an xarray dataset."""
    import xarray

    def packed(table: Mapping[str, Variable]) -> dict[str, Any]:
        return {name: (entry.dimensions, entry.values, entry.attributes) for name, entry in table.items()}

    return xarray.Dataset(packed(variables), packed(coordinates))


def write_netcdf(table: Mapping[str, Variable], path: Path, attributes: Mapping[str, Any]) -> None:
    """The same data as a NetCDF 4 file, with global attributes; without xarray, whose import takes as long as a run.

    It is made in memory: a disk that is full while HDF5 writes to it ends the process.
    """
    import h5netcdf
    import h5py

    made = io.BytesIO()
    with h5netcdf.File(made, "w") as file:
        file.attrs.update(attributes)
        for entry in table.values():
            for dimension, size in zip(entry.dimensions, np.shape(entry.values), strict=True):
                if dimension not in file.dimensions:
                    file.dimensions[dimension] = size
        for name, entry in table.items():
            text = isinstance(entry.values, list)
            values = np.array(entry.values, dtype=h5py.string_dtype() if text else None)
            variable = file.create_variable(name, entry.dimensions, dtype=values.dtype, data=values)
            variable.attrs.update(entry.attributes)
            if "x" in entry.dimensions and name not in ("x", "layer"):
                variable.attrs["coordinates"] = "layer"  # by which a reader knows it for a coordinate
    path.write_bytes(made.getvalue())


def netcdf_unit(unit: str) -> str:
    """A unit in the exponent notation of the CF conventions: A/m^2 becomes A m-2."""
    first, *below = unit.split("/")
    return " ".join([first, *(part.replace("^", "-") if "^" in part else f"{part}-1" for part in below)]) or "1"
