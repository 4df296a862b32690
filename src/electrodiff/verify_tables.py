"""The validation as a person reads it in the terminal: the rows of every group, then what is not reproduced."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import NamedTuple

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from electrodiff.quantities import rounded_up
from electrodiff.tables import SHOWN, short
from electrodiff.units import Dimension
from electrodiff.verify import Check, Disagreement

# Digits of a value: with these, a difference in the eighth is not shown, which is what the column of digits is for.
_DIGITS = 7
# Columns of a line: what stands in them, and how wide they are.  All together 98 characters.
_WIDTHS = {"row": -26, "computed": 14, "+-": 7, "expected": 14, "within": 8, "unit": -12, "digits": 6}
_INDENT = 5


class Shown(NamedTuple):
    """The numbers of a check as text, in the unit of the field."""

    computed: str
    estimate: str
    expected: str
    tolerance: str
    unit: str
    digits: str


def shown_check(check: Check) -> Shown:
    """The numbers of a check in the unit of the field."""
    unit, size = unit_of(check.row.dimension)
    return Shown(
        number(check.computed, size),
        "" if check.estimate is None else rounded_up(check.estimate / size),
        number(check.expected, size),
        short(float(f"{check.tolerance / size:.2g}")),
        unit,
        "" if check.digits is None else f"{check.digits:.1f}",
    )


def unit_of(dimension: Dimension) -> tuple[str, float]:
    """The unit in which a dimension is shown, and its size in SI."""
    return SHOWN.get(dimension.unit, (dimension.unit, 1.0))


def number(value: float | None, size: float) -> str:
    """A number in a unit of this size; "none" where there is none."""
    if value is None:
        return "none"
    mantissa, sign, exponent = f"{value / size:.{_DIGITS}g}".partition("e")
    return f"{mantissa}e{int(exponent)}" if sign else mantissa


def verify_tables(checks: Sequence[Check], disagreements: Iterable[Disagreement] = ()) -> Group:
    """A block for each group, two lines a row: its numbers; what it is and where its expected value is from."""
    parts: list[RenderableType] = []
    for group, members in groupby(checks, lambda check: check.row.group):
        found = list(members)
        passed = sum(check.passed for check in found)
        parts += [Text(f"{group}: {passed} of {len(found)} passed", style="bold"), _line("    ", _WIDTHS, "italic")]
        parts += [part for check in found for part in _lines(check)]
        parts.append(Text())
    return Group(*parts, *_not_reproduced(disagreements), Text(closing_line(checks)))


def closing_line(checks: Sequence[Check]) -> str:
    """How many rows there are, and how many passed."""
    return f"{sum(check.passed for check in checks)} of {len(checks)} rows passed"


def _lines(check: Check) -> list[RenderableType]:
    numbers = shown_check(check)
    verdict, colour = ("ok  ", "green") if check.passed else ("FAIL", "bold red")
    row = check.row
    first = Text.assemble((verdict, colour), _line("", (row.name, *numbers)))
    about = f"{row.quantity}; {row.origin.short}"
    lines: list[RenderableType] = [first, _below(about, "dim")]
    return [*lines, _below(check.message, "red")] if check.message else lines


def _line(start: str, cells: Iterable[str], style: str = "") -> Text:
    """A line of cells: numbers at the right of their columns, words at the left."""
    text = "".join(
        f" {cell:<{-width}}" if width < 0 else f" {cell:>{width}}"
        for cell, width in zip(cells, _WIDTHS.values(), strict=True)
    )
    return Text(start + text.rstrip(), style=style)


def _below(text: str, style: str = "") -> Padding:
    return Padding(Text(text, style=style), (0, 0, 0, _INDENT), expand=False)


def _not_reproduced(disagreements: Iterable[Disagreement]) -> list[RenderableType]:
    """Published numbers that the program does not give: both numbers, and the reason under them."""
    parts: list[RenderableType] = []
    for found in disagreements:
        entry = found.discrepancy
        unit, size = unit_of(entry.dimension)
        published, computed = number(entry.published, size), number(found.computed, size)
        text = f"{entry.name}: published {published} {unit}".rstrip() + f", computed {computed} {unit}".rstrip()
        parts += [Text(text), _below(f"{entry.quantity}; {entry.origin.short}", "dim"), _below(entry.reason)]
    heading = Text("discrepancies: published numbers that are not reproduced; they fail nothing", style="bold")
    return [heading, *parts, Text()] if parts else []
