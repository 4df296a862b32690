"""The checks as data: what `verify --json` prints."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from electrodiff.model import Case
from electrodiff.verify.records import Check, Row


def case_line(row: Row) -> str:
    """The case of a row in a line: its title, its layers, what is computed; "closed form" where nothing is solved."""
    if row.case is None:
        return "closed form"
    case = row.case()
    layers = " | ".join(f"{layer.name} {_width(layer.thickness)}" for layer in case.layers)
    return f"{_title(case)}{layers}; {case.study.kind}"


def _title(case: Case) -> str:
    return f"{case.title}: " if case.title else ""


def _width(thickness: float) -> str:
    """A length in nm or um."""
    return f"{thickness * 1e6:.4g} um" if thickness >= 1e-6 else f"{thickness * 1e9:.4g} nm"


def verify_json(checks: Iterable[Check]) -> list[dict[str, Any]]:
    """The checks as a list of rows, all numbers in SI units; null for what is not there."""
    return [_row(check) for check in checks]


def _row(check: Check) -> dict[str, Any]:
    row = check.row
    return {
        "name": row.name,
        "group": row.group,
        "quantity": row.quantity,
        "case": case_line(row),
        "unit": row.dimension.unit,
        "computed": _finite(check.computed),
        "estimate": _finite(check.estimate),
        "expected": _finite(check.expected),
        "digits": _finite(check.digits),
        "tolerance": _finite(check.tolerance),
        "reason": row.reason,
        "source": row.origin.citation,
        "source_key": row.source,
        "convention": row.signs,
        "passed": check.passed,
        "message": check.message,
    }


def _finite(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else value
