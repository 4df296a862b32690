"""A transient in a NetCDF file: what is written beside its variables, and how it is read back."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Any

import numpy as np

from electrodiff.case import parse_case
from electrodiff.dataset import member_names
from electrodiff.model import Case
from electrodiff.profiles import Floats
from electrodiff.quantities import QUANTITIES
from electrodiff.readings import Readings
from electrodiff.steady_store import check_state, stored_mesh
from electrodiff.time_dataset import SERIES, STEPS
from electrodiff.transient import StepRecord, Transient

if TYPE_CHECKING:
    import xarray


def time_attributes(transient: Transient) -> dict[str, Any]:
    """What the file says of a transient beside what it says of every result."""
    return {"rejected": transient.rejected}


def read_transient(dataset: xarray.Dataset) -> Transient:
    """The transient that a dataset holds."""
    case = parse_case(str(dataset.attrs["case"]), "stored case")
    frames = _frames(case, dataset)
    return Transient(
        case=case,
        time=dataset["time"].to_numpy(),
        frames=frames,
        **{name: dataset[name].to_numpy() for name in SERIES},
        steps=StepRecord(**{attribute: dataset[name].to_numpy() for name, (attribute, *_) in STEPS.items()}),
        rejected=int(dataset.attrs["rejected"]),
        converged=bool(dataset.attrs["converged"]),
        message=str(dataset.attrs["solver"]),
        error=_errors(frames[0], dataset),
    )


def _frames(case: Case, dataset: xarray.Dataset) -> tuple[Readings, ...]:
    """The readings at every output time, each of the case of its segment."""
    # Here, as a steady result is loaded without the integrator.
    from electrodiff.solvers.schedule import segments
    from electrodiff.solvers.transient import transient_problem

    mesh, keep = stored_mesh(case, dataset["x"].to_numpy(), dataset["layer"].to_numpy())
    parts = segments(case)
    problems = [transient_problem(part.first, mesh) for part in parts]
    activity, potential = dataset["mesh_activity"].to_numpy(), dataset["mesh_potential"].to_numpy()
    states = np.concatenate([activity.transpose(0, 2, 1), potential[..., None]], axis=2)[:, keep]
    check_state(states)
    ends = [part.end for part in parts]
    frames = []
    for time, state, border in zip(dataset["time"].to_numpy(), states, dataset["mesh_border"].to_numpy(), strict=True):
        # What is kept at a corner is the state before what jumps there.
        problem = problems[bisect_left(ends, time)]
        frames.append(Readings(problem, np.ascontiguousarray(state), border))
    return tuple(frames)


def _errors(frame: Readings, dataset: xarray.Dataset) -> dict[str, Floats]:
    """Estimated errors of the series by full name, where the file has them."""
    table = {name: dataset[f"{name}_error"].to_numpy() for name in SERIES if f"{name}_error" in dataset}
    for name, quantity in QUANTITIES.items():
        if f"{name}_error" in dataset:
            values = dataset[f"{name}_error"].to_numpy()
            names = member_names(quantity, frame)
            table.update(zip(names, values.T if quantity.per else [values], strict=True))
    return table
