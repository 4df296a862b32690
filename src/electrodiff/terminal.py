"""What a person reads in the terminal: a solution as tables, in the units of the field."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from electrodiff.cell_ledger import cell_account
from electrodiff.cell_tables import cell_parts
from electrodiff.checks import SIDES
from electrodiff.ends import Reservoir
from electrodiff.quantities import QUANTITIES, quantity_of
from electrodiff.solution import Solution
from electrodiff.summary import Met, activity_deviation, expectations, mesh_layers
from electrodiff.tables import SHOWN, add_cells, number_parts, short, shown_in, titled_table

__all__ = [
    "SHOWN",
    "add_cells",
    "closing_line",
    "expectation_lines",
    "mesh_tables",
    "short",
    "shown",
    "shown_in",
    "summary_tables",
    "titled_table",
]

# Width of most errors: "+- 4e-10".
_ERROR_WIDTH = 8

# What most cases have no use for: left out where it is not defined.
_SPECIAL = ("current", "electrode_charge")

# What a fallback of the solver is, in words.
_FALLBACKS = {
    "relaxation": "potential and activities in turns",
    "search": "a search for the floating potential among clamped ones",
    "ramp": "a ramp of voltages and charges",
}


def summary_tables(solution: Solution) -> Group:
    """The summary of a steady solution: membrane, ions, layers and Debye layers, expectations, warnings.

    Every computed number stands beside its estimated error.  Of a cell with pumps, its account instead of the tables.
    """
    account = cell_account(solution)
    parts: list[RenderableType] = [Text(solution.case.title, style="bold")]
    if account is None:
        parts += [_headline(solution), _ions(solution), _layers(solution)]
        parts += [_debye_layers(solution)] if solution.debye_layers else []
    else:
        name = "membrane_potential"
        parts += cell_parts(account, solution.case, shown(name, solution.scalars[name], solution.error[name]))
    if solution.case.activity:
        parts.append(_activity(solution))
    if solution.case.expect:
        parts.append(expectation_lines(expectations(solution)))
    return Group(*parts, *_end(solution))


def mesh_tables(solution: Solution) -> Group:
    """The mesh of a solution, layer by layer, and how it was come by."""
    columns = ("layer", "nodes", "smallest [nm]", "largest [nm]", "Debye length [nm]", "nodes per Debye length")
    table = titled_table("Finest mesh, with the smallest and largest spacing of each layer", *columns)
    for row in mesh_layers(solution):
        spacings = [f"{row[key] * 1e9:.3g}" for key in ("smallest_spacing_m", "largest_spacing_m")]
        screening = [
            _or_none(row[key], size) for key, size in (("debye_length_m", 1e-9), ("nodes_per_debye_length", 1))
        ]
        add_cells(table, row["name"], str(row["nodes"]), *spacings, *screening)
    return Group(Text(solution.case.title, style="bold"), table, *_end(solution))


def _or_none(value: float | None, size: float) -> str:
    return "-" if value is None else f"{value / size:.3g}"


def _end(solution: Solution) -> list[RenderableType]:
    """The warnings, and one line on iterations, meshes, accuracy and fallbacks."""
    warnings: list[RenderableType] = [Text(f"warning: {text}", style="yellow") for text in solution.warnings]
    return [*warnings, Text(closing_line(solution), style="dim")]


def closing_line(solution: Solution) -> str:
    """How the solution was found, on which meshes, and whether it is as accurate as was wanted."""
    if not solution.converged:
        return solution.message
    meshes = ", ".join(map(str, solution.meshes))
    facts = [f"converged after {solution.iterations} Newton steps on meshes of {meshes} nodes"]
    if solution.reached is not None:
        verdict = (
            "reached" if solution.reached else f"missed by {len(solution.missed)} of {len(solution.scalars)} values"
        )
        facts.append(f"accuracy {short(solution.case.mesh.accuracy)} {verdict}")
    facts += [f"with {_FALLBACKS.get(name, name)}" for name in solution.fallbacks]
    return "; ".join(facts)


def shown(name: str, value: float | None, error: float | None = None) -> str:
    """A reported scalar with its unit as the field writes it, and its error: `-71.46 mV +- 2e-7`."""
    return "not defined" if value is None else shown_in(quantity_of(name).dimension, value, error)


def _headline(solution: Solution) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2))
    rows = {
        "membrane potential, left - right": "membrane_potential",
        "current density, to the right": "current_density",
        "current through the whole area, to the right": "current",
        **{f"charge of the {side} wall": f"electrode_charge.{side}" for side in SIDES},
        "capacitance, charge / potential": "capacitance",
        **{f"field ratio at {name}": f"field_ratio.{name}" for name in solution.field_ratio},
        **{f"open fraction of {name}": f"open_fraction.{name}" for name in solution.open_fraction},
        "largest charge of the bulk / its ions": "bulk_charge_imbalance",
    }
    for label, name in rows.items():
        value = solution.scalars[name]
        if value is not None or name.partition(".")[0] not in _SPECIAL:
            why = f": {solution.readings.why_no_capacitance}" if name == "capacitance" and value is None else ""
            add_cells(table, label, shown(name, value, solution.error[name]) + why)
    return table


def _with_error(solution: Solution, name: str) -> str:
    """The cell of a named scalar and its error, in the unit of the field; the errors of a column begin at one place."""
    _, size = SHOWN[QUANTITIES[name.partition(".")[0]].dimension.unit]
    return cell_with_error(solution.scalars[name], solution.error[name], size)


def cell_with_error(value: float | None, error: float | None, size: float) -> str:
    """The cell of a number in a unit of this size and its error; the errors of a column begin at one place."""
    number, plus_minus = number_parts(value, error, size)
    return f"{number} {plus_minus:<{_ERROR_WIDTH}}" if plus_minus else number


def _ions(solution: Solution) -> Table:
    table = titled_table("Ions", "ion", "left [mM]", "right [mM]", "flux [pmol/cm^2/s]", "current [uA/cm^2]")
    left, right = (solution.case.concentrations(side) for side in ("left", "right"))
    baths = [isinstance(end, Reservoir) for end in (solution.case.left, solution.case.right)]
    for ion in solution.case.ion_names:
        ends = [f"{side[ion]:.5g}" if is_bath else "" for side, is_bath in zip((left, right), baths, strict=True)]
        add_cells(table, ion, *ends, *(_with_error(solution, f"{name}.{ion}") for name in ("flux", "ion_current")))
    return table


def _layers(solution: Solution) -> Table:
    table = titled_table("Layers", "layer", "thickness [nm]", "Debye length [nm]", "potential drop [mV]")
    for layer, length in zip(solution.case.layers, solution.debye_lengths, strict=True):
        drop = _with_error(solution, f"layer_drop.{layer.name}")
        add_cells(table, layer.name, f"{layer.thickness * 1e9:.4g}", f"{length * 1e9:.4g}", drop)
    return table


def _debye_layers(solution: Solution) -> Table:
    columns = ("interface", "in layer", "charge [uC/cm^2]", "potential drop [mV]")
    table = titled_table("Charge beside each interface", *columns)
    for name, pair in solution.debye_layers.items():
        for part in pair:
            held = [_with_error(solution, f"{kind}.{name}.{part.side}") for kind in ("charge_beside", "drop_beside")]
            add_cells(table, name, part.layer, *held)
    return table


def _activity(solution: Solution) -> Text:
    moved = activity_deviation(solution)
    key = QUANTITIES["membrane_potential"].json_key
    by, error = moved["deviation_from_ideal"][key], (moved["error_estimate"] or {}).get(key)
    return Text(f"activity coefficients move the potential by {shown('membrane_potential', by, error)}")


def expectation_lines(results: Iterable[Met]) -> Group:
    """One line an expectation; a table would be wider than a terminal."""
    lines = [Text("Expectations", style="italic")]
    for entry in results:
        verdict = ("met   ", "green") if entry.passed else ("MISSED", "bold red")
        computed = shown(entry.quantity, entry.computed, entry.error)
        expected, tolerance = (shown(entry.quantity, value) for value in (entry.expected, entry.tolerance))
        number = expected.split(" ")[0]
        lines.append(
            Text.assemble(verdict, f" {entry.quantity} {computed}, expected {number} +- {tolerance}: {entry.source}")
        )
    return Group(*lines)
