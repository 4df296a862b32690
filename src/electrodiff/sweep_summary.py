"""A sweep in a few numbers: the JSON summary, its expectations, and a table with a row for every point."""

from __future__ import annotations

import csv
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

import electrodiff
from electrodiff.quantities import quantity_of
from electrodiff.summary import Met, column_name, without_nan
from electrodiff.sweep_checks import expected_point
from electrodiff.sweep_result import Sweep
from electrodiff.sweep_study import ROUTES

CSV_NAME = "sweep.csv"

# Failed points that the summary lists; all of them are in the file.
MOST_FAILURES = 100


@dataclass(frozen=True)
class Range:
    """The values of a quantity over all points [SI units]; None where there is none."""

    quantity: str
    unit: str
    min: float | None
    min_at: dict[str, Any]
    """The values of the keys there."""
    max: float | None
    max_at: dict[str, Any]
    largest_error: float | None
    """The largest estimated error."""
    undefined: int
    """Points that were solved and have no such value."""


@dataclass(frozen=True)
class PointMet(Met):
    """An expectation beside what the sweep gives at a point."""

    at: dict[str, Any] = field(default_factory=dict)
    """The values of the keys there, as in the case."""


def expectations(result: Sweep) -> list[PointMet]:
    """Each expectation of the case, met or missed; one at a point that failed is missed."""
    found = []
    for entry in result.case.expect:
        point = expected_point(result.case, result.study, entry)
        column = result.quantities.index(entry.quantity)
        computed, error = (_or_none(table[point, column]) for table in (result.results.values, result.results.errors))
        passed = computed is not None and abs(computed - entry.value_si) <= entry.tolerance_si
        numbers = (computed, error, entry.value_si, entry.tolerance_si)
        found.append(PointMet(entry.quantity, *numbers, entry.source, passed, dict(entry.at)))
    return found


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def ranges(result: Sweep) -> list[Range]:
    """Smallest and largest value, and largest error, of every quantity."""
    return [_range(result, name, column) for column, name in enumerate(result.quantities)]


def _range(result: Sweep, name: str, column: int) -> Range:
    values, errors = (table[:, column] for table in (result.results.values, result.results.errors))
    known, unit = np.isfinite(values), quantity_of(name).dimension.unit
    undefined = int((result.results.converged & ~known).sum())
    if not known.any():
        return Range(name, unit, None, {}, None, {}, None, undefined)
    low, high = int(np.nanargmin(values)), int(np.nanargmax(values))
    ends = [(float(values[point]), result.coordinates(point)) for point in (low, high)]
    worst = float(np.nanmax(errors)) if np.isfinite(errors).any() else None
    return Range(name, unit, *ends[0], *ends[1], worst, undefined)


def summary(result: Sweep, wall_s: float) -> dict[str, Any]:
    """The object that `run --json` prints and summary.json holds; `wall_s` is the time of all solves [s]."""
    failed = result.failed
    routes = np.bincount(result.results.route, minlength=len(ROUTES)).tolist()
    return {
        "title": result.case.title,
        "converged": result.converged,
        "message": result.message,
        "design": result.study.design,
        "points": result.points,
        "shape": dict(zip(result.dimensions, result.shape, strict=True)),
        "axes": [_axis(result, index) for index in range(len(result.study.axes))],
        "failed": int(failed.size),
        "failures": [_failure(result, point) for point in failed[:MOST_FAILURES].tolist()],
        "computed": result.computed,
        "points_per_s": result.computed / wall_s if wall_s > 0 else None,
        "quantities": {found.quantity: without_nan(_without_name(found)) for found in ranges(result)},
        "iterations": result.iterations,
        "nodes": result.nodes,
        "routes": dict(zip(ROUTES, routes, strict=True)),
        "expect": [without_nan(asdict(entry)) for entry in expectations(result)],
        "wall_s": wall_s,
        "version": electrodiff.__version__,
        "warnings": warnings(result),
    }


def _without_name(found: Range) -> dict[str, Any]:
    return {key: value for key, value in asdict(found).items() if key != "quantity"}


def _axis(result: Sweep, index: int) -> dict[str, Any]:
    """An axis: its dimension, its keys, their unit, its ends, and how many points lie along it."""
    axis = result.study.axes[index]
    values = result.design.coordinate(axis)
    unit = axis.field.dimension.unit if axis.field is not None else None
    ends = (values[0], values[-1]) if axis.field is None else (float(np.min(values)), float(np.max(values)))
    along = result.design.dimensions[0] if not result.design.is_product else axis.title
    return {
        "dimension": along,
        "keys": list(axis.targets),
        "unit": unit,
        "from": ends[0],
        "to": ends[1],
        "points": len(values),
    }


def _failure(result: Sweep, point: int) -> dict[str, Any]:
    return {"point": point, "at": result.coordinates(point), "reason": result.results.reasons.get(point, "")}


def warnings(result: Sweep) -> list[str]:
    """What makes the sweep doubtful."""
    found = []
    for each in ranges(result):
        if each.undefined and each.min is not None:
            found.append(f"{each.quantity} is not defined at {each.undefined:,} of {result.points:,} points")
        elif each.undefined:
            found.append(f"{each.quantity} is defined at no point")
    return found


def write_csv(result: Sweep, path: Path) -> Path:
    """A row for every point: its keys, quantities and errors, SI units in the header, and why it failed if it did."""
    results = result.results
    every = np.arange(result.points)
    keys = {
        f"{key}{_suffix(axis.field.dimension.unit if axis.field is not None else '')}": result.design.coordinate(
            axis, every
        )
        for axis in result.study.axes
        for key in axis.targets
    }
    columns = {
        "point": every,
        **keys,
        **{column_name(name): column for name, column in zip(results.names, results.values.T, strict=True)},
        **{column_name(name, "_error"): column for name, column in zip(results.names, results.errors.T, strict=True)},
        "converged": results.converged.astype(int),
        "reason": [results.reasons.get(point, "") for point in range(result.points)],
    }
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
    return path


def _suffix(unit: str) -> str:
    """A unit at the end of a column's header: `_mol_m3`."""
    return f"_{unit.replace('/', '_').replace('^', '').replace('-', '')}" if unit else ""
