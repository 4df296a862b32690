"""What a person reads in the terminal: a solution as tables, in the units of the field."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from electrodiff.ends import Reservoir
from electrodiff.quantities import QUANTITIES
from electrodiff.solution import Solution
from electrodiff.summary import Met, activity_deviation, expectations

# What is shown for an SI unit: another unit, and its size in SI.
_SHOWN = {
    "V": ("mV", 1e-3),
    "A": ("pA", 1e-12),
    "A/m^2": ("uA/cm^2", 1e-2),
    "mol/m^2/s": ("pmol/cm^2/s", 1e-8),
    "C/m^2": ("uC/cm^2", 1e-2),
    "F/m^2": ("uF/cm^2", 1e-2),
    "": ("", 1.0),
}


def summary_tables(solution: Solution) -> Group:
    """The summary of a steady solution: membrane, ions, layers and Debye layers, expectations, warnings."""
    parts: list[RenderableType] = [
        Text(solution.case.title, style="bold"),
        _headline(solution),
        _ions(solution),
        _layers(solution),
    ]
    if solution.debye_layers:
        parts.append(_debye_layers(solution))
    if solution.case.activity:
        moved = activity_deviation(solution)["deviation_from_ideal"]["membrane_potential_V"]
        parts.append(Text(f"activity coefficients move the potential by {shown('membrane_potential', moved)}"))
    if solution.case.expect:
        parts.append(_expectations(expectations(solution)))
    parts += [Text(f"warning: {text}", style="yellow") for text in solution.warnings]
    parts.append(Text(f"{solution.message}, {solution.nodes} nodes", style="dim"))
    return Group(*parts)


def shown(name: str, value: float | None) -> str:
    """A reported scalar with its unit as the field writes it: `-71.46 mV`."""
    if value is None:
        return "not defined"
    unit, size = _SHOWN[QUANTITIES[name.partition(".")[0]].dimension.unit]
    return f"{value / size:.5g} {unit}".rstrip()


def _table(title: str, *columns: str) -> Table:
    """A table whose first column is text and whose numbers are aligned at the right."""
    table = Table(title=title, title_justify="left", title_style="italic", box=None, pad_edge=False, padding=(0, 1))
    for index, column in enumerate(columns):
        # As Text, since "[mM]" would be taken for markup.
        table.add_column(Text(column), justify="left" if index == 0 else "right", overflow="fold")
    return table


def _add_row(table: Table, *cells: str) -> None:
    """A row of plain text: in a str, rich would take the "[a]" of a name for a style."""
    table.add_row(*(Text(cell) for cell in cells))


def _headline(solution: Solution) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2))
    rows = {
        "membrane potential, left - right": shown("membrane_potential", solution.membrane_potential),
        "current density, outward": shown("current_density", solution.current_density),
        "capacitance, charge / potential": shown("capacitance", solution.capacitance),
        **{f"field ratio at {name}": shown("field_ratio", ratio) for name, ratio in solution.field_ratio.items()},
        **{f"open fraction of {name}": shown("open_fraction", part) for name, part in solution.open_fraction.items()},
        "largest charge of the bulk / its ions": shown("bulk_charge_imbalance", solution.bulk_charge_imbalance),
    }
    for label, text in rows.items():
        _add_row(table, label, text)
    return table


def _ions(solution: Solution) -> Table:
    table = _table("Ions", "ion", "left [mM]", "right [mM]", "flux [pmol/cm^2/s]", "current [uA/cm^2]")
    left, right = (solution.case.concentrations(side) for side in ("left", "right"))
    baths = [isinstance(end, Reservoir) for end in (solution.case.left, solution.case.right)]
    for ion in solution.case.ion_names:
        ends = [f"{side[ion]:.5g}" if is_bath else "" for side, is_bath in zip((left, right), baths, strict=True)]
        _add_row(table, ion, *ends, f"{solution.flux[ion] / 1e-8:.5g}", f"{solution.ion_current[ion] / 1e-2:.5g}")
    return table


def _layers(solution: Solution) -> Table:
    table = _table("Layers", "layer", "thickness [nm]", "Debye length [nm]", "potential drop [mV]")
    for layer, length in zip(solution.case.layers, solution.debye_lengths, strict=True):
        drop = solution.layer_drop[layer.name]
        _add_row(table, layer.name, f"{layer.thickness * 1e9:.4g}", f"{length * 1e9:.4g}", f"{drop * 1e3:.5g}")
    return table


def _debye_layers(solution: Solution) -> Table:
    table = _table("Charge beside each interface", "interface", "in layer", "charge [uC/cm^2]", "potential drop [mV]")
    for name, pair in solution.debye_layers.items():
        for part in pair:
            _add_row(table, name, part.layer, f"{part.charge / 1e-2:.5g}", f"{part.drop * 1e3:.5g}")
    return table


def _expectations(results: Iterable[Met]) -> Group:
    """One line an expectation; a table would be wider than a terminal."""
    lines = [Text("Expectations", style="italic")]
    for entry in results:
        verdict = ("met   ", "green") if entry.passed else ("MISSED", "bold red")
        computed, expected, tolerance = (
            shown(entry.quantity, value) for value in (entry.computed, entry.expected, entry.tolerance)
        )
        number = expected.split(" ")[0]
        lines.append(
            Text.assemble(verdict, f" {entry.quantity} {computed}, expected {number} +- {tolerance}: {entry.source}")
        )
    return Group(*lines)
