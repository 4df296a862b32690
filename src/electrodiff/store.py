"""Results on disk: one NetCDF file a run, written whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import electrodiff
from electrodiff.case import case_text, parse_case
from electrodiff.current_voltage import CurrentVoltage
from electrodiff.dataset import PROFILES, Variable, tables, write_netcdf
from electrodiff.errors import CaseError, ResultError
from electrodiff.frequency_dataset import COMPLEX, complex_values, frequency_tables
from electrodiff.impedance import Impedance
from electrodiff.quantities import QUANTITIES
from electrodiff.solution import EXTRAPOLATED, Solution
from electrodiff.steady_store import steady_attributes, stored_solution
from electrodiff.sweep_dataset import sweep_tables
from electrodiff.sweep_result import Sweep
from electrodiff.sweep_store import read_sweep, sweep_attributes
from electrodiff.time_dataset import time_tables
from electrodiff.time_store import read_transient, time_attributes
from electrodiff.transient import Transient
from electrodiff.voltage_store import read_voltage, stored_tables, voltage_attributes

if TYPE_CHECKING:
    import xarray

KIND = "electrodiff steady solution"

Result = Solution | Transient | Impedance | CurrentVoltage | Sweep
"""What a study gives."""


def save_solution(solution: Result, path: str | Path) -> Path:
    """Write a result with its case text, program version, mesh and solver report; returns the path.

    The file appears whole: it is written beside its place and then moved there.
    """
    path = Path(path)
    form = next(form for form in FORMS if isinstance(solution, form.record))
    variables, coordinates = form.tables(solution)
    attributes = {**_common(form, solution), **form.attributes(solution)}
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        write_netcdf({**coordinates, **variables}, partial, attributes)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return path


def _common(form: Form, solution: Result) -> dict[str, Any]:
    """What every file says of its result."""
    case = solution.case
    return {
        "kind": form.kind,
        "Conventions": "CF-1.11",
        "title": case.title,
        "case": case_text(case),
        "version": electrodiff.__version__,
        "mesh": f"{form.nodes(solution)} nodes, {len(case.layers)} layers, {case.mesh.geometry}",
        "solver": solution.message,
        "converged": int(solution.converged),
    }


def _attributes(solution: Solution) -> dict[str, Any]:
    """What the file says of a steady solution beside that."""
    return {**steady_attributes(solution), **_accuracy(solution)}


def _accuracy(solution: Solution) -> dict[str, Any]:
    """The accuracy that was wanted, if one was, and whether it was reached, if that is known."""
    known = {"accuracy_wanted": solution.wanted_accuracy, "accuracy_reached": solution.reached}
    # NetCDF has no booleans.
    return {
        name: int(value) if isinstance(value, bool) else value for name, value in known.items() if value is not None
    }


def load_solution(path: str | Path) -> Result:
    """Read a stored result: a Solution, a Transient, an Impedance, a CurrentVoltage or a Sweep.

    Raises ResultError if there is none, or if the file is not one of this program's.
    """
    import xarray

    try:
        with xarray.open_dataset(path, engine="h5netcdf") as dataset:
            dataset.load()
    except FileNotFoundError:
        raise ResultError(f"{path}: there is no such file; 'electrodiff run CASE' writes one") from None
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise ResultError(f"{path}: this is not a readable NetCDF file ({reason[:80]}); run the case again") from None
    form = next((form for form in FORMS if form.kind == dataset.attrs.get("kind")), None)
    if form is None:
        raise ResultError(f"{path}: this NetCDF file was not written by 'electrodiff run'; give a solution.nc")
    try:
        return form.read(dataset)
    except (CaseError, KeyError, ValueError, IndexError, TypeError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ResultError(f"{path}: the stored solution is damaged ({reason}); run the case again") from None


def _from_dataset(dataset: xarray.Dataset) -> Solution:
    """The steady solution that the dataset holds."""
    errors = [f"{name}_error" for name in (*EXTRAPOLATED, *QUANTITIES)]
    needed = ("x", "layer", *PROFILES, *QUANTITIES, *errors, "mesh_activity", "mesh_potential", "mesh_border")
    missing = [name for name in needed if name not in dataset.variables]
    if missing:
        raise KeyError(f"it lacks {', '.join(missing)}")
    data = {str(name): variable.to_numpy() for name, variable in dataset.variables.items()}
    return stored_solution(parse_case(str(dataset.attrs["case"]), "stored case"), data, dataset.attrs)


# ---- an impedance -------------------------------------------------------------------------------------------------


def _impedance_attributes(result: Impedance) -> dict[str, Any]:
    """What the file says of an impedance: all of its steady state, and its own."""
    steady = result.steady
    return {
        **_attributes(steady),
        "steady_solver": steady.message,
        "steady_converged": int(steady.converged),
        "position": result.position,
        "response_meshes": " ".join(map(str, result.meshes)),
    }


def _read_impedance(dataset: xarray.Dataset) -> Impedance:
    attributes = dataset.attrs
    own = {"solver": attributes["steady_solver"], "converged": attributes["steady_converged"]}
    steady = _from_dataset(dataset.assign_attrs(own))
    return Impedance(
        case=steady.case,
        steady=steady,
        frequency=dataset["frequency"].to_numpy(),
        **{attribute: complex_values(dataset, name) for attribute, (name, *_) in COMPLEX.items()},
        error=dataset["impedance_error"].to_numpy(),
        position=float(attributes["position"]),
        x=dataset["x_response"].to_numpy(),
        meshes=tuple(int(nodes) for nodes in str(attributes["response_meshes"]).split()),
        converged=bool(attributes["converged"]),
        message=str(attributes["solver"]),
    )


# ---- what is stored how -------------------------------------------------------------------------------------------


class Form(NamedTuple):
    """How the results of one kind of study are stored."""

    kind: str
    record: type
    tables: Callable[[Any], tuple[Mapping[str, Variable], Mapping[str, Variable]]]
    """Variables and coordinates."""
    attributes: Callable[[Any], dict[str, Any]]
    read: Callable[[xarray.Dataset], Result]
    nodes: Callable[[Any], int]
    """Of its finest mesh."""


FORMS = (
    Form(KIND, Solution, tables, _attributes, _from_dataset, lambda result: result.nodes),
    Form(
        "electrodiff transient",
        Transient,
        time_tables,
        time_attributes,
        read_transient,
        lambda result: result.frames[0].nodes,
    ),
    Form(
        "electrodiff impedance",
        Impedance,
        frequency_tables,
        _impedance_attributes,
        _read_impedance,
        lambda result: result.steady.nodes,
    ),
    Form(
        "electrodiff current-voltage curve",
        CurrentVoltage,
        stored_tables,
        voltage_attributes,
        read_voltage,
        lambda result: result.nodes,
    ),
    Form("electrodiff sweep", Sweep, sweep_tables, sweep_attributes, read_sweep, lambda result: result.nodes),
)
