"""Results on disk: one NetCDF file a run, written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

import electrodiff
from electrodiff.case import case_text, parse_case
from electrodiff.dataset import PROFILES, scalars_of, write_netcdf
from electrodiff.errors import CaseError, ResultError
from electrodiff.fvm.kernels.arrays import GATING
from electrodiff.fvm.problem import Problem, build_problem
from electrodiff.grid.mesh import line_mesh
from electrodiff.quantities import QUANTITIES
from electrodiff.solution import EXTRAPOLATED, Solution

if TYPE_CHECKING:
    import xarray

KIND = "electrodiff steady solution"


def save_solution(solution: Solution, path: str | Path) -> Path:
    """Write a solution with its case text, program version, mesh and solver report; returns the path.

    The file appears whole: it is written beside its place and then moved there.
    """
    path = Path(path)
    attributes = {
        "kind": KIND,
        "Conventions": "CF-1.11",
        "title": solution.case.title,
        "case": case_text(solution.case),
        "version": electrodiff.__version__,
        "mesh": f"{solution.nodes} nodes, {len(solution.case.layers)} layers, {solution.case.mesh.geometry}",
        "solver": solution.message,
        "converged": int(solution.converged),
        "meshes": " ".join(map(str, solution.meshes)),
        **_accuracy(solution),
        **{name: "\n".join(getattr(solution, name)) for name in ("missed", "fallbacks", "notes")},
    }
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        write_netcdf(solution, partial, attributes)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return path


def _accuracy(solution: Solution) -> dict[str, Any]:
    """The accuracy that was wanted, if one was, and whether it was reached, if that is known."""
    known = {"accuracy_wanted": solution.wanted_accuracy, "accuracy_reached": solution.reached}
    # NetCDF has no booleans.
    return {
        name: int(value) if isinstance(value, bool) else value for name, value in known.items() if value is not None
    }


def load_solution(path: str | Path) -> Solution:
    """Read a stored solution.  Raises ResultError if there is none, or if the file is not one of this program's."""
    import xarray

    try:
        with xarray.open_dataset(path, engine="h5netcdf") as dataset:
            dataset.load()
    except FileNotFoundError:
        raise ResultError(f"{path}: there is no such file; 'electrodiff run CASE' writes one") from None
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise ResultError(f"{path}: this is not a readable NetCDF file ({reason[:80]}); run the case again") from None
    if dataset.attrs.get("kind") != KIND:
        raise ResultError(f"{path}: this NetCDF file was not written by 'electrodiff run'; give a solution.nc")
    try:
        return _from_dataset(dataset)
    except (CaseError, KeyError, ValueError, IndexError, TypeError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ResultError(f"{path}: the stored solution is damaged ({reason}); run the case again") from None


def _gates(problem: Problem, open_fractions: NDArray[np.float64]) -> NDArray[np.float64]:
    """The factor of every border unknown, from those that are gates."""
    gate = np.ones(problem.border.kind.size)
    gate[problem.border.kind == GATING] = open_fractions
    return gate


def _from_dataset(dataset: xarray.Dataset) -> Solution:
    """The solution that the dataset holds; in its state the second entry of an interface's node is left out."""
    layer = dataset["layer"].to_numpy().astype(np.int64)
    keep = np.insert(np.diff(layer) == 0, 0, True)
    errors = [f"{name}_error" for name in (*EXTRAPOLATED, *QUANTITIES)]
    needed = ("x", "layer", *PROFILES, *QUANTITIES, *errors, "mesh_activity", "mesh_potential", "mesh_open_fraction")
    missing = [name for name in needed if name not in dataset.variables]
    if missing:
        raise KeyError(f"it lacks {', '.join(missing)}")
    case = parse_case(str(dataset.attrs["case"]), "stored case")
    problem = build_problem(case, line_mesh(case, dataset["x"].to_numpy()[keep], layer[1:][keep[1:]]))
    state = np.column_stack([dataset["mesh_activity"].to_numpy().T, dataset["mesh_potential"].to_numpy()])
    return Solution(
        problem=problem,
        state=state[keep],
        gate=_gates(problem, dataset["mesh_open_fraction"].to_numpy()),
        scalars=scalars_of(dataset),
        error=scalars_of(dataset, "_error"),
        extrapolated={name: dataset[name].to_numpy() for name in EXTRAPOLATED},
        profile_error={name: dataset[f"{name}_error"].to_numpy() for name in EXTRAPOLATED},
        converged=bool(dataset.attrs["converged"]),
        message=str(dataset.attrs["solver"]),
        residuals=dataset["residuals"].to_numpy(),
        updates=dataset["updates"].to_numpy(),
        meshes=tuple(int(nodes) for nodes in str(dataset.attrs["meshes"]).split()),
        **{name: tuple(str(dataset.attrs[name]).splitlines()) for name in ("missed", "fallbacks", "notes")},
    )
