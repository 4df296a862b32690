"""A current-voltage curve in a few numbers: the JSON summary, its expectation, its warnings, and its table."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

import electrodiff
from electrodiff.current_voltage import CurrentVoltage
from electrodiff.dataset import member_names
from electrodiff.profiles import Floats
from electrodiff.quantities import CURVE_QUANTITIES, QUANTITIES, quantity_of
from electrodiff.summary import Met, column_name, expected_of, without_nan

CSV_NAME = "iv.csv"

# The numbers of a curve that are one for each potential.
SERIES = ("current_density", *(name for name in CURVE_QUANTITIES if name != "reversal_potential"))

_NUMBER = re.compile(r"[-+]?\d[\d.]*(e[-+]?\d+)?")


@dataclass(frozen=True)
class Largest:
    """The largest estimated error of a number of the curve."""

    quantity: str
    error: float
    """SI units."""
    relative: float | None
    """The same over the largest absolute value on the curve; None if that is no larger."""
    potential: float
    """At which membrane potential [V]."""


def expectations(result: CurrentVoltage) -> list[Met]:
    """Each expectation of the case, met or missed; none of a curve that is not whole."""
    if not result.converged:
        return []
    value, error = (_or_none(x) for x in (result.reversal_potential, result.reversal_potential_error))
    return expected_of(result.case, {"reversal_potential": value}, {"reversal_potential": error})


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def series(result: CurrentVoltage, suffix: str = "") -> dict[str, Floats]:
    """(V,) each number of the curve, or with suffix "_error" its estimated error, by name."""
    current = result.error("current_density") if suffix else result.current_density
    return {name: current if name == "current_density" else getattr(result, f"{name}{suffix}") for name in SERIES}


def largest_errors(result: CurrentVoltage) -> list[Largest]:
    """The largest estimated errors of current and conductances, if they were estimated."""
    found = []
    values, errors = series(result), series(result, "_error")
    for name in ("current_density", "slope_conductance", "chord_conductance"):
        error = errors[name]
        if np.isfinite(error).any():
            worst = int(np.nanargmax(error))
            size, largest = float(error[worst]), float(np.nanmax(np.abs(values[name])))
            found.append(Largest(name, size, size / largest if largest > size else None, float(result.voltage[worst])))
    return found


def summary(result: CurrentVoltage, wall_s: float) -> dict[str, Any]:
    """The object that `run --json` prints and summary.json holds; `wall_s` is the time of all solves [s]."""
    return {
        "title": result.case.title,
        "converged": result.converged,
        "message": result.message,
        "iterations": result.iterations,
        "nodes": result.nodes,
        "potential_V": result.voltage.tolist(),
        **_numbers(result, "", result.ion_current),
        "error_estimate": _numbers(result, "_error", result.ion_current_error) if has_estimates(result) else None,
        "largest_error": [asdict(found) for found in largest_errors(result)],
        "accuracy": {"wanted": result.solutions[0].wanted_accuracy, "reached": result.reached},
        "expect": [without_nan(asdict(entry)) for entry in expectations(result)],
        "wall_s": wall_s,
        "version": electrodiff.__version__,
        "warnings": warnings(result),
    }


def has_estimates(result: CurrentVoltage) -> bool:
    """Whether there is an estimate of the error of any current: it takes two meshes or more."""
    return bool(np.isfinite(result.error("current_density")).any())


def _numbers(result: CurrentVoltage, suffix: str, ion_current: Floats) -> dict[str, Any]:
    """The numbers of the curve, or their errors, by JSON key."""
    table = {
        quantity_of(name).json_key: without_nan(values.tolist()) for name, values in series(result, suffix).items()
    }
    ions = {ion: without_nan(row.tolist()) for ion, row in zip(result.case.ion_names, ion_current.T, strict=True)}
    return {
        **table,
        QUANTITIES["ion_current"].json_key: ions,
        quantity_of("reversal_potential").json_key: without_nan(float(getattr(result, f"reversal_potential{suffix}"))),
    }


def warnings(result: CurrentVoltage) -> list[str]:
    """What makes the steady states doubtful; what is said of several of them, but for its numbers, once."""
    found: dict[str, list[tuple[float, str]]] = {}
    for voltage, solution in zip(result.voltage, result.solutions, strict=True):
        for text in solution.warnings:
            found.setdefault(_NUMBER.sub("#", text), []).append((float(voltage), text))
    return [_at(places, len(result.solutions)) for places in found.values()]


def _at(places: list[tuple[float, str]], of: int) -> str:
    """A warning, and at which potentials it holds."""
    voltage, text = places[len(places) // 2]
    where = f"at {1e3 * voltage:.4g} mV"
    if len(places) > 1:
        where += f", and the like at {len(places) - 1} more of {of} potentials"
    return text if len(places) == of and len({text for _, text in places}) == 1 else f"{where}: {text}"


def write_csv(result: CurrentVoltage, path: Path) -> Path:
    """The curve and every other quantity as a table, one row a potential, SI units in the header."""
    curve = {name: (values, series(result, "_error")[name]) for name, values in series(result).items()}
    others = {
        full: (result.scalar(full), result.error(full))
        for quantity in QUANTITIES.values()
        for full in member_names(quantity, result.solutions[0])
    }
    columns = {"potential_V": result.voltage, **_columns({**curve, **others})}
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
    return path


def _columns(table: Mapping[str, tuple[Floats, Floats]]) -> dict[str, Floats]:
    """Values by the headers of their columns, and then their errors."""
    values = {column_name(full): pair[0] for full, pair in table.items()}
    return {**values, **{column_name(full, "_error"): pair[1] for full, pair in table.items()}}
