"""A stored result beside that of its case solved again, for a reader and as data."""

from __future__ import annotations

import math
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from electrodiff.quantities import rounded_up
from electrodiff.reproduce import ROUNDING, Comparison, Variable
from electrodiff.tables import add_cells, short, titled_table

# Variables with the largest differences that are shown; and digits of their numbers, so that the ninth is seen.
MOST_SHOWN, _DIGITS = 12, 10


def reproduce_tables(comparison: Comparison) -> Group:
    """What was compared, the largest differences over what is allowed, what could not be compared, and the verdict."""
    parts: list[RenderableType] = [Text(_heading(comparison), style="bold")]
    worst = largest(comparison)
    if worst:
        parts.append(_table(worst))
    parts += [Text(f"not compared: {sentence}", style="red") for sentence in comparison.mismatches]
    return Group(*parts, Text(verdict(comparison)))


def largest(comparison: Comparison) -> list[Variable]:
    """The variables that changed, the largest difference over what is allowed first."""
    changed = [variable for variable in comparison.variables if variable.changed]
    return sorted(changed, key=lambda variable: -variable.part)[:MOST_SHOWN]


def _heading(comparison: Comparison) -> str:
    versions = f"version {comparison.stored_version}, now {comparison.version}"
    return f"{comparison.path}, {comparison.kind}, stored by {versions}"


def _table(variables: list[Variable]) -> RenderableType:
    title = "Largest differences over what is allowed [SI]"
    table = titled_table(title, "variable", "where", "stored", "now", "difference", "estimate", "allowed", "beyond")
    for one in variables:
        estimate = "" if one.estimate is None else rounded_up(one.estimate)
        numbers = [f"{value:.{_DIGITS}g}" for value in (one.stored, one.found)]
        beyond = f"{one.beyond} of {one.numbers}" if one.beyond else ""
        add_cells(
            table, one.name, one.where, *numbers, f"{one.difference:.2g}", estimate, rounded_up(one.allowed), beyond
        )
    return table


def verdict(comparison: Comparison) -> str:
    """One sentence."""
    total = f"{comparison.numbers:,} numbers of {len(comparison.variables)} variables"
    if comparison.reproduced and not comparison.changed:
        return f"reproduced: all {total} are the same to the last bit"
    within = f"the estimated errors and a rounding of {short(ROUNDING)} of their scales"
    if comparison.reproduced:
        return f"reproduced: {comparison.changed:,} of {total} changed, all of them within {within}"
    beyond = sum(variable.beyond for variable in comparison.beyond)
    lost = f"; {len(comparison.mismatches)} could not be compared" if comparison.mismatches else ""
    return f"NOT reproduced: {beyond:,} of {total} differ by more than {within}{lost}"


def reproduce_json(comparison: Comparison) -> dict[str, Any]:
    """The comparison as one object, numbers in SI units."""
    return {
        "result": str(comparison.path),
        "kind": comparison.kind,
        "reproduced": comparison.reproduced,
        "numbers": comparison.numbers,
        "changed": comparison.changed,
        "stored_version": comparison.stored_version,
        "version": comparison.version,
        "rounding": ROUNDING,
        "mismatches": list(comparison.mismatches),
        "variables": {variable.name: _as_data(variable) for variable in comparison.variables},
    }


def _as_data(variable: Variable) -> dict[str, Any]:
    numbers = {
        "stored": variable.stored,
        "found": variable.found,
        "difference": variable.difference,
        "estimate": variable.estimate,
        "allowed": variable.allowed,
    }
    finite = {name: value if value is not None and math.isfinite(value) else None for name, value in numbers.items()}
    counts = {"numbers": variable.numbers, "changed": variable.changed, "beyond": variable.beyond}
    return {**counts, "where": variable.where, **finite}
