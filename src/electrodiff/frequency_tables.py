"""What a person reads in the terminal of an impedance: a dozen of its frequencies, and the steady state beneath."""

from __future__ import annotations

import math

from rich.console import Group, RenderableType
from rich.text import Text

from electrodiff.frequency_summary import expectations, warnings
from electrodiff.impedance import Impedance
from electrodiff.quantities import rounded_up
from electrodiff.terminal import SHOWN, add_cells, closing_line, expectation_lines, shown, titled_table
from electrodiff.time_tables import chosen

_FREQUENCIES = {"THz": 1e12, "GHz": 1e9, "MHz": 1e6, "kHz": 1e3, "Hz": 1.0, "mHz": 1e-3, "uHz": 1e-6}

# ohm cm^2 in ohm m^2
_OHM_CM2 = 1e-4


def frequency_text(hertz: float) -> str:
    """A frequency in the unit of its size: 1 mHz, 3.162 kHz."""
    unit = next((unit for unit, size in _FREQUENCIES.items() if hertz >= size * (1 - 1e-9)), "uHz")
    return f"{hertz / _FREQUENCIES[unit]:.4g} {unit}"


def summary_tables(result: Impedance) -> Group:
    """The summary of an impedance: size, phase and capacitance at a dozen frequencies, expectations, warnings."""
    steady = result.steady
    bias = " at ".join(
        shown(name, steady.scalars[name], steady.error[name]) for name in ("membrane_potential", "current_density")
    )
    parts: list[RenderableType] = [Text(result.case.title, style="bold"), Text(f"about the steady state of {bias}")]
    if result.converged:
        parts.append(_spectrum(result))
    met = expectations(result)
    if met:
        parts.append(expectation_lines(met))
    parts += [Text(f"warning: {text}", style="yellow") for text in (*steady.warnings, *warnings(result))]
    return Group(*parts, Text(f"{closing_line(steady)}; {result.message}", style="dim"))


def _spectrum(result: Impedance) -> RenderableType:
    columns = ("frequency", "abs(Z) [ohm cm^2]", "relative error", "phase [deg]", "capacitance [uF/cm^2]")
    table = titled_table("Impedance", *columns)
    for index in chosen(result.frequency):
        relative = result.relative_error[index]
        add_cells(
            table,
            frequency_text(result.frequency[index]),
            f"{result.magnitude[index] / _OHM_CM2:.5g}",
            "" if math.isnan(relative) else rounded_up(float(relative)),
            f"{math.degrees(result.phase[index]):.2f}",
            f"{result.capacitance[index] / SHOWN['F/m^2'][1]:.5g}",
        )
    return table
