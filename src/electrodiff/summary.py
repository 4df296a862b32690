"""A solution in a few numbers: the JSON summary, its expectations, and a table of the profiles."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

import electrodiff
from electrodiff import materials
from electrodiff.account import as_data
from electrodiff.cell_ledger import cell_account
from electrodiff.checks import SIDES
from electrodiff.ends import Wall
from electrodiff.model import Case
from electrodiff.profiles import Floats
from electrodiff.quantities import QUANTITIES, quantity_of
from electrodiff.solution import Solution
from electrodiff.solvers.steady import solve_steady

CSV_NAME = "profiles.csv"


@dataclass(frozen=True)
class Met:
    """An `[[expect]]` entry of a case beside what the solution gives, in SI units."""

    quantity: str
    computed: float | None
    error: float | None
    """Estimated error of the computed value; None without an estimate."""
    expected: float
    tolerance: float
    source: str
    passed: bool


def expectations(solution: Solution) -> list[Met]:
    """Each expectation of the case, met or missed."""
    return expected_of(solution.case, solution.scalars, solution.error)


def expected_of(
    case: Case, scalars: Mapping[str, float | None], errors: Mapping[str, float | None] = MappingProxyType({})
) -> list[Met]:
    """Each expectation of a case, met or missed by scalars of these full names, with their estimated errors if known."""
    results = []
    for entry in case.expect:
        computed, error = scalars[entry.quantity], errors.get(entry.quantity)
        passed = computed is not None and abs(computed - entry.value_si) <= entry.tolerance_si
        results.append(Met(entry.quantity, computed, error, entry.value_si, entry.tolerance_si, entry.source, passed))
    return results


def summary(solution: Solution, wall_s: float) -> dict[str, Any]:
    """The object that `run --json` prints and summary.json holds; `wall_s` is the time of the solve [s]."""
    account = cell_account(solution)
    return {
        "title": solution.case.title,
        "converged": solution.converged,
        "iterations": solution.iterations,
        "nodes": solution.nodes,
        **by_key(solution.quantities()),
        "error_estimate": by_key(solution.errors()) if solution.has_estimates else None,
        "accuracy": accuracy(solution),
        "fallbacks": list(solution.fallbacks),
        **({"activity": activity_deviation(solution)} if solution.case.activity else {}),
        "expect": [without_nan(asdict(entry)) for entry in expectations(solution)],
        **({} if account is None else {"cell": without_nan(as_data(account))}),
        "residual_history": without_nan(solution.residuals.tolist()),
        "wall_s": wall_s,
        "version": electrodiff.__version__,
        "warnings": solution.warnings,
    }


def accuracy(solution: Solution) -> dict[str, Any]:
    """What accuracy was wanted, whether it was reached, what misses it, and the nodes of all meshes solved on."""
    return {
        "wanted": solution.wanted_accuracy,
        "reached": solution.reached,
        "missed": list(solution.missed),
        "meshes": list(solution.meshes),
    }


def by_key(quantities: dict[str, Any]) -> dict[str, Any]:
    """Quantities, or their errors, by JSON key."""
    return {QUANTITIES[name].json_key: without_nan(value) for name, value in quantities.items()}


def activity_deviation(solution: Solution) -> dict[str, Any]:
    """Activity coefficients of both reservoirs, and by how much they move potential and current from the ideal ones.

    The estimated error of a difference is the sum of those of its two terms.
    """
    case = solution.case
    coefficients = {
        side: {ion: materials.reservoir_activity_coefficient(case, side, ion) for ion in case.ions} for side in SIDES
    }
    mesh = None if solution.has_estimates else solution.problem.mesh
    ideal = solve_steady(case.replace("activity", None), mesh=mesh, throw=False)
    names = ("membrane_potential", "current_density")
    deviation = {name: _combined(solution.scalars[name], ideal.scalars[name], -1) for name in names}
    error = {name: _combined(solution.error[name], ideal.error[name], 1) for name in names}
    return {
        "coefficients": coefficients,
        "deviation_from_ideal": by_key(deviation if ideal.converged else dict.fromkeys(names)),
        "error_estimate": by_key(error) if ideal.converged and ideal.has_estimates else None,
    }


def _combined(first: float | None, second: float | None, sign: int) -> float | None:
    return None if first is None or second is None else first + sign * second


def mesh_layers(solution: Solution) -> list[dict[str, Any]]:
    """For each layer: name, nodes on it, smallest and largest spacing [m], Debye length [m], nodes per Debye length."""
    rows = []
    for index, (name, length) in enumerate(zip(solution.case.layer_names, solution.debye_lengths, strict=True)):
        x = solution.x[solution.layer_entries[index]]
        spacing = np.diff(x)
        rows.append(
            {
                "name": name,
                "nodes": x.size,
                "smallest_spacing_m": float(spacing.min()),
                "largest_spacing_m": float(spacing.max()),
                "debye_length_m": length if math.isfinite(length) else None,
                "nodes_per_debye_length": _nodes_per_length(x - x[0], length, _charged_faces(solution, index)),
            }
        )
    return rows


def _charged_faces(solution: Solution, index: int) -> tuple[bool, bool]:
    """Whether there is an interface or a wall at the left and right face of a layer: where its Debye layers are."""
    last = len(solution.case.layers) - 1
    left = index > 0 or isinstance(solution.case.left, Wall)
    right = index < last or isinstance(solution.case.right, Wall)
    return (left, right) if left or right else (True, True)


def _nodes_per_length(x: Floats, length: float, faces: tuple[bool, bool]) -> float | None:
    """Cells per Debye length over the first one from a face, or over the layer if it is thinner; the fewest of both."""
    if not math.isfinite(length):
        return None
    depth = min(length, float(x[-1]))
    cells = np.arange(x.size)
    counts = (np.interp(depth, x, cells), cells[-1] - np.interp(x[-1] - depth, x, cells))
    return min(float(count) * length / depth for count, is_face in zip(counts, faces, strict=True) if is_face)


def mesh_summary(solution: Solution) -> dict[str, Any]:
    """The object that `mesh --json` prints: the finest mesh, layer by layer, and how it was come by."""
    return {
        "title": solution.case.title,
        "converged": solution.converged,
        "nodes": solution.nodes,
        "layers": mesh_layers(solution),
        "accuracy": accuracy(solution),
        "fallbacks": list(solution.fallbacks),
        "version": electrodiff.__version__,
        "warnings": solution.warnings,
    }


def without_nan(value: Any) -> Any:
    """JSON has no NaN: what is not defined is null."""
    if isinstance(value, dict):
        return {name: without_nan(item) for name, item in value.items()}
    if isinstance(value, list):
        return [without_nan(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def to_json(data: dict[str, Any] | list[dict[str, Any]]) -> str:
    """One JSON object or list, indented."""
    return json.dumps(data, indent=2, allow_nan=False, ensure_ascii=False)


def write_csv(solution: Solution, path: Path) -> Path:
    """The profiles as a table, one row an entry, SI units in the header; an interface has two rows."""
    columns = {
        "x_m": solution.x,
        "layer": [solution.case.layer_names[index] for index in solution.layer],
        **_columns(solution, solution.extrapolated),
        **_by_ion(solution, "electrochemical_potential_{}_J_mol", solution.electrochemical_potential),
        **_columns(solution, solution.profile_error, "_error"),
    }
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
    return path


def column_name(full: str, suffix: str = "") -> str:
    """The header of the column of a scalar, or with suffix "_error" of its errors: `flux_K_mol_m2_s`."""
    quantity = quantity_of(full)
    unit = quantity.json_key.removeprefix(quantity.name)
    return f"{quantity.name}{full.removeprefix(quantity.name).replace('.', '_', 1)}{suffix}{unit}"


def _columns(solution: Solution, profiles: Mapping[str, Floats], suffix: str = "") -> dict[str, Floats]:
    """Profiles, or their errors, by the headers of their columns."""
    return {
        f"potential{suffix}_V": profiles["potential"],
        f"electric_field{suffix}_V_m": profiles["electric_field"],
        f"charge_density{suffix}_C_m3": profiles["charge_density"],
        **_by_ion(solution, f"concentration_{{}}{suffix}_mol_m3", profiles["concentration"]),
    }


def _by_ion(solution: Solution, header: str, rows: Floats) -> dict[str, Floats]:
    return {header.format(ion): row for ion, row in zip(solution.case.ion_names, rows, strict=True)}
