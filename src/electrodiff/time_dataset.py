"""A transient as labelled data: the variables of a steady solution along `time`, with the balances and the steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from electrodiff.dataset import (
    BORDERS,
    PROFILES,
    Floats,
    Variable,
    as_dataset,
    coordinates,
    member_names,
    series,
)
from electrodiff.quantities import QUANTITIES, Quantity

if TYPE_CHECKING:
    import xarray

    from electrodiff.transient import Transient

# The profiles that are kept at every output time; the values are the attributes of Transient of the same name.
TIME_PROFILES = ("potential", "concentration", "charge_density", "electric_field")

# name: (dimensions, unit, long name) of the series that a transient has beside the reported quantities.
SERIES: dict[str, tuple[tuple[str, ...], str, str]] = {
    "total_current_density": (("time",), "A m-2", "conduction and displacement, positive from left to right"),
    "current_spread": (("time",), "A m-2", "largest deviation of the total current density along x"),
    "ion_flux": (("time", "ion"), "mol m-2 s-1", "flux through the middle of the most resistive layer"),
    "amount_residual": (("time", "ion"), "1", "what was made or lost of the ion since the start, over what there was"),
}

# name: (attribute of StepRecord, unit, long name)
STEPS = {
    "step_end": ("time", "s", "end of each step"),
    "step_size": ("size", "s", "size of each step"),
    "step_error": ("error", "1", "estimated error of each step, over the tolerance"),
    "step_total_current_density": (
        "total_current_density",
        "A m-2",
        "conduction and displacement, mean over each step",
    ),
    "step_current_spread": ("current_spread", "A m-2", "largest deviation of that along x"),
    "step_amount_residual": (
        "amount_residual",
        "1",
        "what was made or lost of the ion until the end of each step, over what there was at the start",
    ),
}


def time_tables(transient: Transient) -> tuple[dict[str, Variable], dict[str, Variable]]:
    """The variables and the coordinates of a transient."""
    variables = {
        **{name: _profile(transient, name) for name in TIME_PROFILES},
        **{name: _plain_series(transient, name) for name in SERIES},
        **_quantities(transient),
        **_errors(transient),
        **_steps(transient),
        **_states(transient),
    }
    time = Variable(("time",), transient.time, "s", "time")
    return variables, {"time": time, **coordinates(transient.frames[0])}


def time_dataset(transient: Transient) -> xarray.Dataset:
    """The transient as an xarray dataset."""
    return as_dataset(*time_tables(transient))


def _profile(transient: Transient, name: str) -> Variable:
    dimensions, unit, long_name = PROFILES[name]
    return Variable(("time", *dimensions), getattr(transient, name), unit, long_name)


def _quantities(transient: Transient) -> dict[str, Variable]:
    """The reported quantities along time; a family lies along the dimension of its members too, and null is NaN."""
    table = {}
    for name, quantity in QUANTITIES.items():
        values = [transient.scalar(full) for full in member_names(quantity, transient.frames[0])]
        table[name] = _series(transient, quantity, values)
        if any(full in transient.error for full in member_names(quantity, transient.frames[0])):
            table[name] = table[name]._replace(error=f"{name}_error")
    return table


def _plain_series(transient: Transient, name: str) -> Variable:
    dimensions, unit, long_name = SERIES[name]
    error = f"{name}_error" if name in transient.error else ""
    return Variable(dimensions, getattr(transient, name), unit, long_name, error)


def _series(transient: Transient, quantity: Quantity, values: list[Floats]) -> Variable:
    """A quantity along time, from the series (T,) of its members."""
    return series(("time", transient.time.size), quantity, values)


def _errors(transient: Transient) -> dict[str, Variable]:
    """The estimated errors of the quantities and series that have them."""
    table, unknown = {}, np.full(transient.time.size, np.nan)
    for name, quantity in QUANTITIES.items():
        names = member_names(quantity, transient.frames[0])
        if any(full in transient.error for full in names):
            entry = _series(transient, quantity, [transient.error.get(full, unknown) for full in names])
            table[f"{name}_error"] = entry._replace(long_name=f"estimated error of {name}")
    for name, (dimensions, unit, _) in SERIES.items():
        if name in transient.error:
            table[f"{name}_error"] = Variable(dimensions, transient.error[name], unit, f"estimated error of {name}")
    return table


def _steps(transient: Transient) -> dict[str, Variable]:
    return {
        name: Variable(("step", "ion")[: values.ndim], values, unit, text)
        for name, (attribute, unit, text) in STEPS.items()
        for values in (getattr(transient.steps, attribute),)
    }


def _states(transient: Transient) -> dict[str, Variable]:
    """The states in the units of the solver, so that they are read back exactly."""
    first = transient.frames[0]
    states = np.array([frame.state for frame in transient.frames])[:, first.node]
    borders = np.array([frame.gate for frame in transient.frames])
    unit = f"{first.problem.scales.concentration!r} mol m-3"
    return {
        "mesh_activity": Variable(("time", "ion", "x"), states[..., :-1].transpose(0, 2, 1), unit, "activity"),
        "mesh_potential": Variable(("time", "x"), states[..., -1], "1", "potential over R T / F at that time"),
        "mesh_border": Variable(("time", "border"), borders, "1", BORDERS),
    }
