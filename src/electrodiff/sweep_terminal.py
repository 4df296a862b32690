"""What a person reads in the terminal of a sweep: its axes, a dozen of its points or the range of each quantity, failures."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
from rich.console import Group, RenderableType
from rich.text import Text

from electrodiff.quantities import rounded_up
from electrodiff.sweep_result import Sweep, shown_unit, unit_of, value_text
from electrodiff.sweep_study import Axis
from electrodiff.sweep_summary import Range, expectations, ranges, warnings
from electrodiff.terminal import add_cells, expectation_lines, titled_table
from electrodiff.voltage_tables import chosen

# Columns of quantities that a terminal has room for, beside that of the axis.
_COLUMNS = 6


def summary_tables(result: Sweep) -> Group:
    """The summary of a sweep: axes, a dozen points if they lie on a line, ranges of the quantities, expectations."""
    parts: list[RenderableType] = [Text(result.case.title, style="bold"), _axes(result)]
    if len(result.shape) == 1 and not result.study.is_drawn:
        parts.append(_points(result))
    parts.append(_ranges(ranges(result)))
    met = expectations(result)
    if met:
        places = [", ".join(f"{key} = {value}" for key, value in entry.at.items()) for entry in met]
        parts.append(
            expectation_lines(
                replace(e, source=f"at {place}; {e.source}") for e, place in zip(met, places, strict=True)
            )
        )
    parts += [Text(f"warning: {text}", style="yellow") for text in warnings(result)]
    return Group(*parts, Text(result.message.splitlines()[0], style="dim"))


def _axes(result: Sweep) -> RenderableType:
    size = " x ".join(f"{n:,}" for n in result.shape)
    total = f" = {result.points:,}" if len(result.shape) > 1 else ""
    title = f"Axes: {size}{total} points ({result.study.design})"
    table = titled_table(title, "key", "from", "to", "points")
    for axis in result.study.axes:
        values = result.design.coordinate(axis)
        ends = [value_text(axis, value) for value in _ends(axis, values)]
        add_cells(table, ", ".join(axis.targets), *ends, f"{len(values):,}")
    return table


def _ends(axis: Axis, values: Any) -> tuple[Any, Any]:
    return (values[0], values[-1]) if axis.field is None else (float(np.min(values)), float(np.max(values)))


def _points(result: Sweep) -> RenderableType:
    """A dozen points, with the quantities that there is room for: those that are not nothing everywhere."""
    axis = result.study.axes[0]
    seen = [name for name in result.quantities if np.nan_to_num(result.scalar(name)).any()]
    names = (seen or list(result.quantities))[:_COLUMNS]
    units = [shown_unit(unit_of(name)) for name in names]
    # In words, so that a heading is broken between them.
    words = [name.replace("_", " ").replace(".", " ") for name in names]
    heads = [f"{name} [{unit}]" if unit else name for name, (unit, _) in zip(words, units, strict=True)]
    rows = chosen(result.points)
    title = "Points" if len(rows) == result.points else f"{len(rows)} of the {result.points:,} points"
    table = titled_table(title, axis.title, *heads)
    values = result.design.coordinate(axis)
    columns = [result.scalar(name) / size for name, (_, size) in zip(names, units, strict=True)]
    for index in rows:
        add_cells(table, value_text(axis, values[index]), *_cells(column[index] for column in columns))
    return table


def _cells(values: Iterable[float]) -> list[str]:
    return ["" if np.isnan(value) else f"{value:.5g}" for value in values]


def _ranges(found: list[Range]) -> RenderableType:
    table = titled_table("Quantities", "name", "smallest", "largest", "largest error")
    for each in found:
        unit, size = shown_unit(each.unit)
        head = f"{each.quantity} [{unit}]" if unit else each.quantity
        ends = _cells(np.nan if value is None else value / size for value in (each.min, each.max))
        error = "" if each.largest_error is None else f"+- {rounded_up(each.largest_error / size)}"
        add_cells(table, head, *ends, error)
    return table
