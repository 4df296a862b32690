"""Sweeps of one kind beside each other: their quantities along the axis that they share, or over the two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from electrodiff.plot.differences import Curve, Panel, series_difference
from electrodiff.plot.scale import Ladder
from electrodiff.plot.sweep_axes import Line, line_of
from electrodiff.plot.sweep_words import Shown, shown_quantities, words_of
from electrodiff.sweep_result import Sweep

# Part of the largest value of a swept quantity below which differences are round-off.
_ROUND_OFF = 1e-9


def _swept(result: Sweep) -> list[tuple[str, str]]:
    """The axes along which the points of a sweep lie: what each is called, and its SI unit."""
    axes = [group[0] for group in result.design.groups.values()]
    shown = axes if result.study.design == "product" else axes[:1]
    return [(axis.title, axis.field.dimension.unit if axis.field else "choices") for axis in shown]


def is_map(result: Sweep) -> bool:
    """Whether the quantities of a sweep are maps and not curves."""
    return len(_swept(result)) == 2


def check_sweeps(results: Sequence[Sweep], names: Sequence[str]) -> None:
    """Raises ValueError for sweeps that have no point in common, or nothing else."""
    first = _swept(results[0])
    for name, result in zip(names, results, strict=True):
        if result.study.is_drawn:
            raise ValueError(
                f"the points of {name} were drawn at random, so that no two sweeps have one in common and neither curves nor "
                "a map of their difference can be drawn; sweeps over one axis or two can be overlaid"
            )
        own = _swept(result)
        if len(own) > 2:
            raise ValueError(f"{name} goes over {len(own)} axes; sweeps over one axis or two can be overlaid")
        if own != first:
            both = [" and ".join(title for title, _ in axes) for axes in (first, own)]
            raise ValueError(
                f"{names[0]} goes over {both[0]}, {name} over {both[1]}; only sweeps over the same axes can be overlaid"
            )
    if not shared_quantities(results):
        raise ValueError("the sweeps have kept no quantity in common")


def shared_quantities(results: Sequence[Sweep]) -> list[str]:
    """Quantities that all sweeps have kept, and that are more than their errors in one of them."""
    seen = {name for result in results for name in shown_quantities(result)}
    return [name for name in results[0].quantities if name in seen and all(name in each.quantities for each in results)]


def sweep_lines(results: Sequence[Sweep], index: int = 0) -> list[Line]:
    """The values of one axis of all sweeps, choices of one name at one place; logarithmic if all are."""
    lines = [line_of(result, list(result.design.groups.values())[index][0]) for result in results]
    names = tuple(dict.fromkeys(name for line in lines for name in line.names))
    is_log = all(line.is_log for line in lines)
    return [
        replace(
            line,
            values=np.array([float(names.index(line.names[int(at)])) for at in line.values]) if names else line.values,
            names=names,
            is_log=is_log,
        )
        for line in lines
    ]


def sweep_panels(results: Sequence[Sweep]) -> list[Panel]:
    """The quantities of sweeps over one axis.  Raises ValueError where they have no value of it in common."""
    lines = sweep_lines(results)
    places = [np.unique(line.values, return_index=True) for line in lines]

    def panel(name: str) -> Panel:
        table = [result.scalar(name).ravel() for result in results]
        curves = [(x, values[at]) for (x, at), values in zip(places, table, strict=True)]
        compare = _difference_of_choices if lines[0].names else _difference_along
        differences = tuple(compare(curves[0], curve, lines[0]) for curve in curves[1:])
        ladder, finer = sweep_ladders(name, curves, differences)
        return Panel(words_of(results[0], [name]), ladder, tuple(curves), differences, finer)

    return [panel(name) for name in shared_quantities(results)]


def _difference_along(one: Curve, other: Curve, line: Line) -> Curve:
    return series_difference(one, other, np.log if line.is_log else np.asarray, line.label.partition(" [")[0])


def _difference_of_choices(one: Curve, other: Curve, line: Line) -> Curve:
    shared, own, others = np.intersect1d(one[0], other[0], return_indices=True)
    if not shared.size:
        raise ValueError(f"the results have no choice of {line.label} in common, so that they have no difference")
    return shared, other[1][others] - one[1][own]


def sweep_ladders(name: str, curves: Sequence[Curve], differences: Sequence[Curve]) -> tuple[Ladder, Ladder]:
    """In what the values of a quantity and their differences are shown."""
    values, changes = (np.concatenate([series.ravel() for _, series in each]) for each in (curves, differences))
    zero = _ROUND_OFF * float(np.nanmax(np.abs(values), initial=0.0))
    is_seen = float(np.nanmax(np.abs(changes), initial=0.0)) > zero
    shown = (Shown.fitting(name, each) for each in (values, changes if is_seen else values))
    ladder, finer = (Ladder(zero, ((each.unit, 1.0 / each.size),)) for each in shown)
    return ladder, finer
