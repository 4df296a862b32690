"""A solution in a few numbers: the JSON summary, its expectations, and a table of the profiles."""

from __future__ import annotations

import csv
import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import electrodiff
from electrodiff import materials
from electrodiff.checks import SIDES
from electrodiff.quantities import QUANTITIES
from electrodiff.solution import Solution
from electrodiff.solvers.steady import solve


@dataclass(frozen=True)
class Met:
    """An `[[expect]]` entry of a case beside what the solution gives, in SI units."""

    quantity: str
    computed: float | None
    expected: float
    tolerance: float
    source: str
    passed: bool


def expectations(solution: Solution) -> list[Met]:
    """Each expectation of the case, met or missed."""
    results = []
    for entry in solution.case.expect:
        computed = solution.scalar(entry.quantity)
        passed = computed is not None and abs(computed - entry.value_si) <= entry.tolerance_si
        results.append(Met(entry.quantity, computed, entry.value_si, entry.tolerance_si, entry.source, passed))
    return results


def summary(solution: Solution, wall_s: float) -> dict[str, Any]:
    """The object that `run --json` prints and summary.json holds; `wall_s` is the time of the solve [s]."""
    return {
        "title": solution.case.title,
        "converged": solution.converged,
        "iterations": solution.iterations,
        "nodes": solution.nodes,
        **{QUANTITIES[name].json_key: _without_nan(value) for name, value in solution.quantities().items()},
        "error_estimate": None,
        **({"activity": activity_deviation(solution)} if solution.case.activity else {}),
        "expect": [_without_nan(asdict(entry)) for entry in expectations(solution)],
        "residual_history": _without_nan(solution.residuals.tolist()),
        "wall_s": wall_s,
        "version": electrodiff.__version__,
        "warnings": solution.warnings,
    }


def activity_deviation(solution: Solution) -> dict[str, Any]:
    """Activity coefficients of both reservoirs, and by how much they move potential and current from the ideal ones."""
    case = solution.case
    ideal = solve(case.replace("activity", None), mesh=solution.problem.mesh)
    coefficients = {
        side: {ion: materials.reservoir_activity_coefficient(case, side, ion) for ion in case.ions} for side in SIDES
    }
    return {
        "coefficients": coefficients,
        "deviation_from_ideal": {
            QUANTITIES[name].json_key: solution.scalar(name) - ideal.scalar(name)  # type: ignore[operator]
            for name in ("membrane_potential", "current_density")
        },
    }


def _without_nan(value: Any) -> Any:
    """JSON has no NaN: what is not defined is null."""
    if isinstance(value, dict):
        return {name: _without_nan(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_without_nan(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def to_json(data: dict[str, Any]) -> str:
    """One JSON object, indented."""
    return json.dumps(data, indent=2, allow_nan=False, ensure_ascii=False)


def write_csv(solution: Solution, path: Path) -> Path:
    """The profiles as a table, one row an entry, SI units in the header; an interface has two rows."""
    ions = solution.case.ion_names
    columns = {
        "x_m": solution.x,
        "layer": [solution.case.layer_names[index] for index in solution.layer],
        "potential_V": solution.potential,
        "electric_field_V_m": solution.electric_field,
        "charge_density_C_m3": solution.charge_density,
        **{f"concentration_{ion}_mol_m3": row for ion, row in zip(ions, solution.concentration, strict=True)},
        **{
            f"electrochemical_potential_{ion}_J_mol": row
            for ion, row in zip(ions, solution.electrochemical_potential, strict=True)
        },
    }
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
    return path
