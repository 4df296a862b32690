"""What a person reads in the terminal of a transient: a dozen of its times, its balances, and how it was found."""

from __future__ import annotations

import numpy as np
from rich.console import Group, RenderableType
from rich.text import Text

from electrodiff.cell_ledger import cell_account
from electrodiff.cell_tables import cell_parts
from electrodiff.profiles import Floats
from electrodiff.quantities import rounded_up
from electrodiff.terminal import SHOWN, add_cells, cell_with_error, expectation_lines, shown_in, titled_table
from electrodiff.time_summary import Balances, balances, expectations, largest_errors, warnings
from electrodiff.transient import Transient
from electrodiff.units import POTENTIAL

# What is shown of the course, and the SI units.
_SHOWN_SERIES = {"membrane_potential": "V", "total_current_density": "A/m^2"}

# Rows of the table: what a terminal shows at once beside the rest.
ROWS = 12

_TIMES = {"d": 86400.0, "h": 3600.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9, "ps": 1e-12, "fs": 1e-15}


def time_text(seconds: float, digits: int = 4) -> str:
    """A time in the unit of its size, to so many significant digits: 10 ps, 3.162 us, 50 s, 11.57 d."""
    if seconds == 0:
        return "0 s"
    # Two of a unit are needed to be told in it, but for seconds and less.
    unit = next(
        (unit for unit, size in _TIMES.items() if seconds >= (2 * size if size > 1 else size * (1 - 1e-9))), "fs"
    )
    # Rounded first, so that 650 of two digits are not 6.5e+02.
    return f"{float(f'{seconds / _TIMES[unit]:.{digits}g}'):.15g} {unit}"


def summary_tables(transient: Transient) -> Group:
    """The summary of a transient: potential and current at a dozen times, balances, expectations, warnings."""
    parts: list[RenderableType] = [Text(transient.case.title, style="bold"), _course(transient)]
    last = transient.frames[-1]
    account = cell_account(transient)
    if account is not None:
        parts.append(Text("At the end", style="italic"))
        parts += cell_parts(account, last.case, shown_in(POTENTIAL, account.membrane_potential))
    parts.append(_balances(balances(transient)))
    if transient.error:
        parts.append(Text(accuracy_text(transient)))
    met = expectations(transient)
    if met:
        parts.append(expectation_lines(met))
    parts += [Text(f"warning: {text}", style="yellow") for text in warnings(transient)]
    return Group(*parts, Text(transient.message, style="dim"))


def chosen(values: Floats, rows: int = ROWS) -> list[int]:
    """The indices of a few of rising values: those nearest to evenly spaced logarithms; and that of 0 if it is there."""
    positive = np.flatnonzero(values > 0)
    picked: set[int] = {0} if values.size and values[0] == 0 else set()
    if positive.size:
        logarithms = np.log(values[positive])
        wanted = np.linspace(logarithms[0], logarithms[-1], rows - len(picked))
        picked |= {int(positive[np.argmin(np.abs(logarithms - value))]) for value in wanted}
    return sorted(picked)


def _course(transient: Transient) -> RenderableType:
    table = titled_table("Course", "time", "membrane potential [mV]", "total current [uA/cm^2]")
    columns = [
        (transient.scalar(name), transient.error.get(name), SHOWN[unit][1]) for name, unit in _SHOWN_SERIES.items()
    ]
    for index in chosen(transient.time):
        cells = [
            cell_with_error(float(values[index]), None if errors is None else float(errors[index]), size)
            for values, errors, size in columns
        ]
        add_cells(table, time_text(transient.time[index]), *cells)
    return table


def accuracy_text(transient: Transient) -> str:
    """One sentence on the largest estimated errors of potential and current."""
    parts = []
    for found in largest_errors(transient):
        unit, size = SHOWN[_SHOWN_SERIES[found.quantity]]
        text = f"{found.quantity.replace('_', ' ').removesuffix(' density')} within {rounded_up(found.error / size)} {unit}"
        relative = "" if found.relative is None else f" ({rounded_up(100 * found.relative)} % of the largest)"
        parts.append(f"{text}{relative}, worst at {time_text(found.time)}")
    return f"estimated errors: {'; '.join(parts)}"


def _balances(found: Balances) -> Text:
    """Two sentences; what is said of the ions is of the worst one."""
    unit, size = SHOWN["A/m^2"]
    spread = f"total current along x, on every step: the same to {rounded_up(found.current_spread / size)} {unit}"
    if found.relative_spread is not None:
        spread += f", {rounded_up(found.relative_spread)} of the largest"
    ion, lost = max(found.amount_residual.items(), key=lambda item: item[1])
    return Text(
        f"{spread}; worst at {time_text(found.current_time)}\n"
        f"ions made or lost, on every step: {rounded_up(lost)} of all {ion} at most, at {time_text(found.amount_time[ion])}"
    )
