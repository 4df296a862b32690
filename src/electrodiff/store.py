"""Results on disk: one NetCDF file a run, written whole or not at all."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

import electrodiff
from electrodiff.case import case_text, parse_case
from electrodiff.current_voltage import CurrentVoltage
from electrodiff.dataset import PROFILES, Variable, tables, write_netcdf
from electrodiff.errors import ResultError, shown_names
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
from electrodiff.whole import written_whole

if TYPE_CHECKING:
    import xarray

KIND = "electrodiff steady solution"

# Bytes of numbers for each byte of a file, and beside that: names are stored once and are many objects in memory.
MOST_UNPACKED, LEAST_SIZE = 20, 10_000_000

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
    with written_whole(path) as partial:
        write_netcdf({**coordinates, **variables}, partial, attributes)
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


def result_file(path: str | Path) -> Path:
    """The file that holds a result: the path itself, or `solution.nc` in it if it is a folder."""
    path = Path(path)
    return path / "solution.nc" if path.is_dir() else path


def load_solution(path: str | Path) -> Result:
    """Read a stored result, or that of a folder: a Solution, a Transient, an Impedance, a CurrentVoltage or a Sweep.

    Raises ResultError if there is none, or if the file is not one of this program's.
    """
    path = result_file(path)
    dataset = _dataset(path)
    form = next((form for form in FORMS if form.kind == dataset.attrs.get("kind")), None)
    if form is None:
        raise ResultError(f"{path}: this NetCDF file was not written by 'electrodiff run'; give a solution.nc")
    try:
        # What a number that was changed leads to is told by what is checked, not by warnings.
        with np.errstate(all="ignore"):
            result = form.read(dataset)
            _check_names(form, result, dataset)
    except Exception as error:  # a file may hold anything, and lead to anything
        raise ResultError(f"{path}: the stored solution is damaged ({_reason(error)}); run the case again") from None
    return result


def _dataset(path: Path) -> xarray.Dataset:
    """Everything that a file holds.  Raises ResultError if that is no NetCDF, or claims to hold more than it can."""
    import xarray

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what another program wrote
            with xarray.open_dataset(path, engine="h5netcdf") as dataset:
                # What we write is not packed: more than there are bytes is a few bytes that say they are terabytes.
                if dataset.nbytes > LEAST_SIZE + MOST_UNPACKED * path.stat().st_size:
                    raise ValueError(f"it claims to hold {dataset.nbytes:,} bytes")
                dataset.load()
    except FileNotFoundError:
        raise ResultError(f"{path}: there is no such file; 'electrodiff run CASE' writes one") from None
    except Exception as error:  # of the NetCDF library, on a file that may hold anything
        raise ResultError(
            f"{path}: this is not a readable NetCDF file ({_reason(error)}); run the case again, and give the solution.nc "
            "that it writes"
        ) from None
    return dataset


def _reason(error: Exception) -> str:
    """What an error says, in short."""
    text = str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
    lines = text.splitlines() or [type(error).__name__]
    return f"{lines[0][:77]}..." if len(lines[0]) > 80 else lines[0]


def _check_names(form: Form, result: Result, dataset: xarray.Dataset) -> None:
    """The case is one of what the file holds: its study, ions and layers."""
    case = result.case
    if case.study.kind != form.study and form.study != "steady":
        raise ValueError(f"its case asks for a {case.study.kind} study")
    for name, expected in (("ion", case.ion_names), ("layer_name", case.layer_names)):
        if name in dataset.variables and tuple(map(str, dataset[name].to_numpy())) != expected:
            raise ValueError(f"{name} names others than its case")


def _from_dataset(dataset: xarray.Dataset) -> Solution:
    """The steady solution that the dataset holds."""
    errors = [f"{name}_error" for name in (*EXTRAPOLATED, *QUANTITIES)]
    needed = ("x", "layer", *PROFILES, *QUANTITIES, *errors, "mesh_activity", "mesh_potential", "mesh_border")
    missing = [name for name in needed if name not in dataset.variables]
    if missing:
        raise ValueError(f"it lacks {shown_names(missing)}")
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
    study: str
    """What its case asks for; that of a steady state may ask for more, of which this is a part."""


FORMS = (
    Form(KIND, Solution, tables, _attributes, _from_dataset, lambda result: result.nodes, "steady"),
    Form(
        "electrodiff transient",
        Transient,
        time_tables,
        time_attributes,
        read_transient,
        lambda result: result.frames[0].nodes,
        "transient",
    ),
    Form(
        "electrodiff impedance",
        Impedance,
        frequency_tables,
        _impedance_attributes,
        _read_impedance,
        lambda result: result.steady.nodes,
        "impedance",
    ),
    Form(
        "electrodiff current-voltage curve",
        CurrentVoltage,
        stored_tables,
        voltage_attributes,
        read_voltage,
        lambda result: result.nodes,
        "iv",
    ),
    Form("electrodiff sweep", Sweep, sweep_tables, sweep_attributes, read_sweep, lambda result: result.nodes, "sweep"),
)
