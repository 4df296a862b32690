"""A steady solution from the variables of a NetCDF file: its own, or one of many in the file of a study."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodiff.dataset import scalars_of
from electrodiff.fvm.problem import build_problem
from electrodiff.grid.mesh import Mesh, line_mesh
from electrodiff.model import Case
from electrodiff.solution import EXTRAPOLATED, Solution

Arrays = Mapping[str, NDArray[Any]]
"""The values of variables by their names."""

LINES = ("missed", "fallbacks", "notes")
"""Attributes of Solution that are several texts, one a line of the stored one."""


def steady_attributes(solution: Solution) -> dict[str, str]:
    """What a file says of how a steady solution was found, beside how that ended."""
    return {
        "meshes": " ".join(map(str, solution.meshes)),
        **{name: "\n".join(getattr(solution, name)) for name in LINES},
    }


def stored_mesh(case: Case, x: NDArray[Any], layer: NDArray[Any]) -> tuple[Mesh, NDArray[np.bool_]]:
    """The mesh of a stored result, and which entries of its profiles are nodes: the second one of an interface is none."""
    if not (np.isfinite(x).all() and (np.diff(x) >= 0).all() and x[-1] > x[0]):
        raise ValueError("its positions do not increase")
    if not ((np.diff(layer) >= 0).all() and layer[0] == 0 and layer[-1] == len(case.layers) - 1):
        raise ValueError("its layers are not those of its case")
    layer = layer.astype(np.int64)
    keep = np.insert(np.diff(layer) == 0, 0, True)
    return line_mesh(case, x[keep], layer[1:][keep[1:]]), keep


def check_state(state: NDArray[Any]) -> None:
    """Activities and potentials that are numbers.  Raises ValueError of others."""
    if not np.isfinite(state).all():
        raise ValueError("some of its activities or potentials are no numbers")


def stored_solution(case: Case, data: Arrays, attributes: Mapping[str, Any]) -> Solution:
    """The steady solution of a case that variables and attributes hold."""
    mesh, keep = stored_mesh(case, data["x"], data["layer"])
    state = np.column_stack([data["mesh_activity"].T, data["mesh_potential"]])
    check_state(state)
    scalars = scalars_of(data)
    if {*scalars} != {*case.scalar_names()}:
        raise ValueError("its quantities are not those of its case")
    return Solution(
        problem=build_problem(case, mesh),
        state=state[keep],
        gate=data["mesh_border"],
        scalars=scalars,
        error=scalars_of(data, "_error"),
        extrapolated={name: data[name] for name in EXTRAPOLATED},
        profile_error={name: data[f"{name}_error"] for name in EXTRAPOLATED},
        converged=bool(attributes["converged"]),
        message=str(attributes["solver"]),
        residuals=data["residuals"],
        updates=data["updates"],
        meshes=tuple(int(nodes) for nodes in str(attributes["meshes"]).split()),
        **{name: tuple(str(attributes[name]).splitlines()) for name in LINES},
    )
