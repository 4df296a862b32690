"""The validation as a page of the documentation: Markdown tables of all rows, the discrepancies, and the sources."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from electrodiff.verify import SOURCES, Check, Disagreement
from electrodiff.verify.report import case_line
from electrodiff.verify.sources import OURS, Source
from electrodiff.verify_tables import closing_line, number, shown_check, unit_of

_HEAD = """\
# Validation

Written by `electrodiff verify --markdown docs/validation.md`; do not edit. {count}.

Expected values are published, or closed forms, quadrature, collocation and transforms with scipy; none is from the solver.
A row passes if computed and expected differ by no more than the tolerance, whose reason is below each table. Beside a
computed number stands its estimated error; a closed form of `electrodiff.theory` has none, nor has a number made of several
readings. *Digits* are the correct ones, -log10 of the relative difference, at most 15.9. `electrodiff verify NAME` checks one
row or group; with `--json`, in SI units.

Signs of the program: {signs}. Those of each source are said with it, and those of single numbers below the tables.
"""
_COLUMNS = ("row", "quantity", "case", "computed", "+-", "expected", "tolerance", "unit", "digits", "source", "")
_ALIGNED = ("", "", "", ":", ":", ":", ":", "", ":", "", "")


def validation_page(checks: Sequence[Check], disagreements: Iterable[Disagreement]) -> str:
    """The page of all checks."""
    parts = [_HEAD.format(count=closing_line(checks), signs=OURS)]
    for group, members in groupby(checks, lambda check: check.row.group):
        found = list(members)
        parts.append(f"## {group}\n\n{_table(found)}\n{_reasons(found)}")
    parts += [_discrepancies(disagreements), _sources()]
    return "\n".join(parts).rstrip("\n") + "\n"


def _table(checks: Iterable[Check]) -> str:
    lines = [_cells(_COLUMNS), _cells(f"---{mark}" for mark in _ALIGNED)]
    for check in checks:
        shown, row = shown_check(check), check.row
        numbers = (shown.computed, shown.estimate, shown.expected, shown.tolerance, shown.unit, shown.digits)
        verdict = "pass" if check.passed else "**fail**"
        lines.append(
            _cells(
                (
                    f"`{row.name}`",
                    row.quantity,
                    case_line(row),
                    *numbers,
                    f"[{row.origin.short}](#{row.source})",
                    verdict,
                )
            )
        )
    return "\n".join(lines) + "\n"


def _cells(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _reasons(checks: Iterable[Check]) -> str:
    """Why the tolerances are what they are, and the signs where they are not those of the source."""
    by_reason: dict[str, list[str]] = {}
    for check in checks:
        by_reason.setdefault(check.row.reason, []).append(f"`{check.row.name}`")
    lines = [f"- {', '.join(names)}: {reason}." for reason, names in by_reason.items()]
    return "Tolerances:\n\n" + "\n".join(lines) + "\n" + _conventions(checks)


def _conventions(checks: Iterable[Check]) -> str:
    signs: dict[str, list[str]] = {}
    for check in checks:
        if check.row.convention:
            signs.setdefault(check.row.convention, []).append(f"`{check.row.name}`")
    lines = [f"- {', '.join(names)}: {convention}." for convention, names in signs.items()]
    return "\nSigns, where they are not those of the source:\n\n" + "\n".join(lines) + "\n" if lines else ""


def _discrepancies(disagreements: Iterable[Disagreement]) -> str:
    parts = [
        "## discrepancies\n\nPublished numbers that the program does not give. They are no rows, and fail nothing.\n"
    ]
    for found in disagreements:
        entry = found.discrepancy
        unit, size = unit_of(entry.dimension)
        numbers = (
            f"{word} {number(value, size)} {unit}".rstrip()
            for word, value in (("published", entry.published), ("computed", found.computed))
        )
        source = f"[{entry.origin.short}](#{entry.source})"
        parts.append(f"- `{entry.name}`, {entry.quantity}: {', '.join(numbers)} ({source}). {entry.reason}")
    return "\n".join(parts) + "\n"


def _sources() -> str:
    """Every source with what it states and its signs, under a heading of its key, to which the tables link."""
    entries = sorted(SOURCES.values(), key=lambda source: source.key)
    lines = [f"### {one.key}\n\n{one.citation}: {one.states}. Signs: {_signs(one)}.\n" for one in entries]
    return "## sources\n\n" + "\n".join(lines) + "\n"


def _signs(source: Source) -> str:
    return "those of the program" if source.convention == OURS else source.convention
