"""A solution as a labelled dataset: coordinates, variables, units, long names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray

from electrodiff.quantities import QUANTITIES

if TYPE_CHECKING:
    from electrodiff.solution import Solution

# name: (dimensions, unit, long name); the values are the attributes of Solution of the same name.
PROFILES: dict[str, tuple[tuple[str, ...], str, str]] = {
    "potential": (("x",), "V", "electric potential"),
    "concentration": (("ion", "x"), "mol m-3", "concentration"),
    "activity": (("ion", "x"), "mol m-3", "activity, continuous across interfaces"),
    "charge_density": (("x",), "C m-3", "charge per volume, mobile and fixed"),
    "electric_field": (("x",), "V m-1", "electric field, -dphi/dx"),
    "electrochemical_potential": (("ion", "x"), "J mol-1", "electrochemical potential relative to 1 M at 0 V"),
}

_DIMENSIONS = {"ion": "ion", "side": "side", "layer": "layer_name", "interface": "interface"}


def to_dataset(solution: Solution) -> xarray.Dataset:
    """All profiles, face fluxes, scalars and the Newton history of a solution."""
    mesh = solution.problem.mesh
    coordinates: dict[str, Any] = {
        "x": ("x", solution.x, {"units": "m", "long_name": "position"}),
        "layer": ("x", solution.layer, {"units": "1", "long_name": "index of the layer"}),
        "ion": ("ion", list(solution.case.ion_names), {"units": "", "long_name": "ion"}),
        "x_face": ("x_face", (mesh.x[:-1] + mesh.x[1:]) / 2, {"units": "m", "long_name": "middle of the face"}),
        "layer_name": ("layer_name", list(solution.case.layer_names), {"units": "", "long_name": "layer"}),
        "side": ("side", ["left", "right"], {"units": "", "long_name": "side of the stack"}),
        "interface": ("interface", list(solution.field_ratio), {"units": "", "long_name": "left layer|right layer"}),
    }
    variables: dict[str, Any] = {
        name: (dimensions, getattr(solution, name), {"units": unit, "long_name": long_name})
        for name, (dimensions, unit, long_name) in PROFILES.items()
    }
    attributes = {"units": "mol m-2 s-1", "long_name": "flux through each face, with its round-off"}
    variables["face_flux"] = (("x_face", "ion"), solution.face_flux, attributes)
    variables |= _scalars(solution)
    for name, text in (("residuals", "largest scaled residual"), ("updates", "largest relative change")):
        variables[name] = ("iteration", getattr(solution, name), {"units": "1", "long_name": f"{text} of each step"})
    return xarray.Dataset(variables, coordinates)


def _scalars(solution: Solution) -> dict[str, Any]:
    """The reported quantities; a family lies along the dimension of its members, and null becomes NaN."""
    variables: dict[str, Any] = {}
    for name, value in solution.quantities().items():
        quantity = QUANTITIES[name]
        attributes = {"units": netcdf_unit(quantity.dimension.unit), "long_name": quantity.meaning}
        if quantity.per:
            data = np.array([np.nan if item is None else item for item in value.values()])
            variables[name] = (_DIMENSIONS[quantity.per], data, attributes)
        else:
            variables[name] = ((), np.nan if value is None else value, attributes)
    return variables


def netcdf_unit(unit: str) -> str:
    """A unit in the exponent notation of the CF conventions: A/m^2 becomes A m-2."""
    first, *below = unit.split("/")
    return " ".join([first, *(part.replace("^", "-") if "^" in part else f"{part}-1" for part in below)]) or "1"
