"""What a person reads in the terminal of a current-voltage curve: a dozen of its potentials, its reversal, its errors."""

from __future__ import annotations

import numpy as np
from rich.console import Group, RenderableType
from rich.text import Text

from electrodiff.current_voltage import CurrentVoltage
from electrodiff.quantities import quantity_of, rounded_up
from electrodiff.terminal import SHOWN, add_cells, expectation_lines, short, shown, titled_table
from electrodiff.time_tables import ROWS
from electrodiff.voltage_summary import expectations, largest_errors, warnings


def summary_tables(result: CurrentVoltage) -> Group:
    """The summary of a curve: currents and conductance at a dozen potentials, reversal potential, rectification, errors."""
    parts: list[RenderableType] = [Text(result.case.title, style="bold"), _curve(result), Text(_reversal(result))]
    parts += [Text(text) for text in (_rectification(result), _errors(result)) if text]
    met = expectations(result)
    if met:
        parts.append(expectation_lines(met))
    parts += [Text(f"warning: {text}", style="yellow") for text in warnings(result)]
    return Group(*parts, Text(closing_line(result), style="dim"))


def chosen(size: int, rows: int = ROWS) -> list[int]:
    """The indices of a few evenly spaced ones of a list of this length, the first and the last among them."""
    return sorted({round(place) for place in np.linspace(0, size - 1, rows)})


def _curve(result: CurrentVoltage) -> RenderableType:
    ions = [ion for ion, row in zip(result.case.ion_names, result.ion_current.T, strict=True) if np.any(row != 0)]
    (current, size), (conductance, siemens) = SHOWN["A/m^2"], SHOWN["S/m^2"]
    title = f"Current density [{current}] and slope conductance dI/dV [{conductance}]"
    table = titled_table(title, "V [mV]", "net", *ions, "dI/dV")
    columns = [
        result.current_density / size,
        *(result.scalar(f"ion_current.{ion}") / size for ion in ions),
        result.slope_conductance / siemens,
    ]
    for index in chosen(result.voltage.size):
        add_cells(table, f"{1e3 * result.voltage[index]:.5g}", *(_cell(column[index]) for column in columns))
    return table


def _cell(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.5g}"


def _reversal(result: CurrentVoltage) -> str:
    if np.isnan(result.reversal_potential):
        return "reversal potential: none"
    error = None if np.isnan(result.reversal_potential_error) else result.reversal_potential_error
    return f"reversal potential {shown('reversal_potential', result.reversal_potential, error)}"


def _rectification(result: CurrentVoltage) -> str:
    """One sentence on the largest potential that the curve has with both signs."""
    known = np.flatnonzero(np.isfinite(result.rectification) & (result.voltage > 0))
    if not known.size:
        return ""
    last = int(known[-1])
    millivolts, ratio = 1e3 * result.voltage[last], result.rectification[last]
    return f"rectification: the current at {millivolts:.4g} mV is {ratio:.4g} times that at -{millivolts:.4g} mV"


def _errors(result: CurrentVoltage) -> str:
    """One sentence on the largest estimated errors of current and slope conductance."""
    parts = []
    for found in largest_errors(result):
        if found.quantity == "chord_conductance" or found.error == 0:
            continue  # the one is in the files alone, the other of a current that is exactly nothing
        unit, size = SHOWN[quantity_of(found.quantity).dimension.unit]
        name = found.quantity.replace("_", " ").removesuffix(" density")
        text = f"{name} within {rounded_up(found.error / size)} {unit}"
        relative = "" if found.relative is None else f" ({rounded_up(100 * found.relative)} % of the largest)"
        parts.append(f"{text}{relative}, worst at {1e3 * found.potential:.4g} mV")
    return f"estimated errors: {'; '.join(parts)}" if parts else ""


def closing_line(result: CurrentVoltage) -> str:
    """How the curve was found, and whether it is as accurate as was wanted."""
    if not result.converged or result.reached is None:
        return result.message
    verdict = "reached" if result.reached else "missed"
    return f"{result.message}; accuracy {short(result.case.mesh.accuracy)} {verdict}"
