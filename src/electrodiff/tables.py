"""Numbers in the units of the field, and tables of them: what all summaries in the terminal are made of."""

from __future__ import annotations

import math

from rich.table import Table
from rich.text import Text

from electrodiff.quantities import rounded_up
from electrodiff.units import Dimension

SHOWN = {
    "V": ("mV", 1e-3),
    "A": ("pA", 1e-12),
    "A/m^2": ("uA/cm^2", 1e-2),
    "mol/m^2/s": ("pmol/cm^2/s", 1e-8),
    "mol/m^3": ("mM", 1.0),
    "C/m^2": ("uC/cm^2", 1e-2),
    "F/m^2": ("uF/cm^2", 1e-2),
    "S/m^2": ("mS/cm^2", 10.0),
    "ohm": ("Gohm", 1e9),
    "W/m^2": ("nW/cm^2", 1e-5),
    "": ("", 1.0),
}
"""What is shown for an SI unit: another unit, and its size in SI."""

# Digits of a value; fewer where its error says so.
_DIGITS = 5


def short(number: float) -> str:
    """A number in as few characters as it takes: 1e-6."""
    mantissa, sign, exponent = f"{number:g}".partition("e")
    return f"{mantissa}e{int(exponent)}" if sign else mantissa


def shown_in(dimension: Dimension, value: float, error: float | None = None) -> str:
    """A number of this dimension with the unit of the field, and its error; an SI unit if the field has no other."""
    unit, size = SHOWN.get(dimension.unit, (dimension.unit, 1.0))
    number, plus_minus = number_parts(value, error, size)
    return " ".join(filter(None, (number, unit, plus_minus)))


def number_parts(value: float | None, error: float | None, size: float) -> tuple[str, str]:
    """A number in a unit of this size, and "+- ..." if there is an estimate; no digit is far below its error."""
    if value is None:
        return "", ""
    digits, value = _DIGITS, value / size
    if error and math.isfinite(error) and value:
        known = math.floor(math.log10(abs(value))) - math.floor(math.log10(error / size)) + 2
        digits = min(max(known, 2), _DIGITS)
    return f"{value:.{digits}g}", "" if error is None else f"+- {rounded_up(error / size)}"


def titled_table(title: str, *columns: str) -> Table:
    """A table whose first column is text and whose numbers are aligned at the right."""
    # As Text, since "[mM]" would be taken for markup.
    heading = Text(title, style="italic")
    table = Table(title=heading, title_justify="left", box=None, pad_edge=False, padding=(0, 1))
    for index, column in enumerate(columns):
        table.add_column(Text(column), justify="left" if index == 0 else "right", overflow="fold")
    return table


def add_cells(table: Table, *cells: str) -> None:
    """A row of plain text: in a str, rich would take the "[a]" of a name for a style."""
    table.add_row(*(Text(cell) for cell in cells))
