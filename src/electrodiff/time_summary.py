"""A transient in a few numbers: the JSON summary, its expectations, its balances, and a table of its series."""

from __future__ import annotations

import csv
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

import electrodiff
from electrodiff.account import as_data
from electrodiff.cell_ledger import cell_account
from electrodiff.dataset import member_names
from electrodiff.profiles import Floats
from electrodiff.quantities import QUANTITIES, members
from electrodiff.summary import Met, by_key, column_name, expected_of, without_nan
from electrodiff.transient import Transient

CSV_NAME = "series.csv"

# What a sound run keeps to is 1e-8 of the largest current and 1e-12 of an amount: a hundred times that is something else.
DOUBTFUL_SPREAD = 1e-6
DOUBTFUL_AMOUNT = 1e-10


@dataclass(frozen=True)
class Balances:
    """The largest residuals of the balances of charge and ions over any step, and at any output time."""

    current_spread: float
    """Deviation of the total current density along x [A/m^2]."""
    relative_spread: float | None
    """The same over the largest total current density; None if there is none."""
    current_time: float
    """When the current deviated most [s]."""
    amount_residual: dict[str, float]
    """What was made or lost of each ion, over what there was at the start."""
    amount_time: dict[str, float]
    """When that was most [s]."""


def balances(transient: Transient) -> Balances:
    """The largest residuals of a transient."""
    steps, ions = transient.steps, transient.case.ion_names
    times = np.concatenate([transient.time, steps.time])
    spreads = np.abs(np.concatenate([transient.current_spread, steps.current_spread]))
    residuals = np.abs(np.concatenate([transient.amount_residual, steps.amount_residual]))
    spread = float(spreads.max())
    largest = float(np.abs(np.concatenate([transient.total_current_density, steps.total_current_density])).max())
    return Balances(
        spread,
        spread / largest if largest > spread else None,
        float(times[spreads.argmax()]),
        dict(zip(ions, residuals.max(axis=0).tolist(), strict=True)),
        dict(zip(ions, times[residuals.argmax(axis=0)].tolist(), strict=True)),
    )


def warnings(transient: Transient) -> list[str]:
    """What makes a transient doubtful; one sentence each."""
    found = balances(transient)
    sentences = []
    if (found.relative_spread or 0.0) > DOUBTFUL_SPREAD:
        sentences.append(
            f"the total current density differs along x by up to {found.relative_spread:.1g} of its largest value; it "
            "should be the same everywhere: try a smaller study.tolerance"
        )
    for ion, lost in found.amount_residual.items():
        if lost > DOUBTFUL_AMOUNT:
            sentences.append(
                f"up to {lost:.1g} of all {ion} was made or lost, and none should be: try a smaller study.tolerance"
            )
    return sentences


@dataclass(frozen=True)
class Largest:
    """The largest estimated error of a series."""

    quantity: str
    error: float
    """SI units."""
    relative: float | None
    """The same over the largest absolute value of the series; None if that is no larger."""
    time: float
    """When [s]."""


def largest_errors(transient: Transient) -> list[Largest]:
    """The largest estimated errors of potential and current, if they were estimated."""
    found = []
    for name in ("membrane_potential", "total_current_density"):
        error = transient.error.get(name, np.array([]))
        if np.isfinite(error).any():
            worst = int(np.nanargmax(error))
            size, largest = float(error[worst]), float(np.nanmax(np.abs(transient.scalar(name))))
            relative = size / largest if largest > size else None
            found.append(Largest(name, size, relative, float(transient.time[worst])))
    return found


def expectations(transient: Transient) -> list[Met]:
    """Each expectation of the case, met or missed at the last output time; none of a run that did not get there."""
    if not transient.converged:
        return []
    errors = {name: float(error[-1]) for name, error in transient.error.items() if error.ndim == 1}
    return expected_of(transient.case, transient.frames[-1].scalars(), errors)


def summary(transient: Transient, wall_s: float) -> dict[str, Any]:
    """The object that `run --json` prints and summary.json holds; `wall_s` is the time of the run [s]."""
    last, found = transient.frames[-1], balances(transient)
    account = cell_account(transient)
    return {
        "title": transient.case.title,
        "converged": transient.converged,
        "message": transient.message,
        "iterations": transient.steps.time.size + transient.rejected,
        "nodes": last.nodes,
        "steps": transient.steps.time.size,
        "rejected": transient.rejected,
        "time_s": transient.time.tolist(),
        "membrane_potential_V": without_nan(transient.membrane_potential.tolist()),
        "total_current_density_A_m2": without_nan(transient.total_current_density.tolist()),
        "ion_flux_mol_m2_s": _by_ion(transient, transient.ion_flux),
        "largest_current_spread_A_m2": without_nan(found.current_spread),
        "largest_relative_current_spread": without_nan(found.relative_spread),
        "largest_current_spread_time_s": found.current_time,
        "largest_amount_residual": without_nan(found.amount_residual),
        "largest_amount_residual_time_s": found.amount_time,
        "error_estimate": _series_errors(transient) if transient.error else None,
        "largest_error": [asdict(found) for found in largest_errors(transient)],
        "last": by_key({name: getattr(last, name) for name in QUANTITIES}),
        **({} if account is None else {"cell": without_nan(as_data(account))}),
        "last_error_estimate": _last_errors(transient) if transient.error else None,
        "expect": [without_nan(asdict(entry)) for entry in expectations(transient)],
        "wall_s": wall_s,
        "version": electrodiff.__version__,
        "warnings": warnings(transient),
    }


def _series_errors(transient: Transient) -> dict[str, Any]:
    """The estimated errors of the series, under their keys."""
    error = transient.error
    return {
        "membrane_potential_V": without_nan(error["membrane_potential"].tolist()),
        "total_current_density_A_m2": without_nan(error["total_current_density"].tolist()),
        "ion_flux_mol_m2_s": _by_ion(transient, error["ion_flux"]),
    }


def _last_errors(transient: Transient) -> dict[str, Any]:
    """The estimated errors of the quantities at the last output time, by JSON key."""
    last = {name: float(error[-1]) for name, error in transient.error.items() if error.ndim == 1}
    return by_key({name: members(name, last) if quantity.per else last[name] for name, quantity in QUANTITIES.items()})


def _by_ion(transient: Transient, values: Floats) -> dict[str, Any]:
    """(T, n) values as one list for each ion."""
    return {ion: without_nan(row.tolist()) for ion, row in zip(transient.case.ion_names, values.T, strict=True)}


def write_csv(transient: Transient, path: Path) -> Path:
    """Every series as a table, one row an output time, SI units in the header; the profiles are in solution.nc alone."""
    ions, error = transient.case.ion_names, transient.error
    columns: dict[str, Floats] = {
        "time_s": transient.time,
        "total_current_density_A_m2": transient.total_current_density,
        "current_spread_A_m2": transient.current_spread,
        **{f"ion_flux_{ion}_mol_m2_s": row for ion, row in zip(ions, transient.ion_flux.T, strict=True)},
        **{f"amount_residual_{ion}": row for ion, row in zip(ions, transient.amount_residual.T, strict=True)},
    }
    errors: dict[str, Floats] = {}
    if error:
        errors["total_current_density_error_A_m2"] = error["total_current_density"]
        errors |= {f"ion_flux_{ion}_error_mol_m2_s": row for ion, row in zip(ions, error["ion_flux"].T, strict=True)}
    for quantity in QUANTITIES.values():
        for full in member_names(quantity, transient.frames[0]):
            columns[column_name(full)] = transient.scalar(full)
            if full in error:
                errors[column_name(full, "_error")] = error[full]
    columns |= errors
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
    return path
