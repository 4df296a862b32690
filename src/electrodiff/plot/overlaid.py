"""Results of one kind beside each other: their curves, and the differences from the first where both are known.

A difference is taken at the points of the one that has fewer of them, where the other is interpolated by monotone cubics -
over x in each layer, time or its logarithm, potential, logarithmic frequency, and the axis of a sweep - so that it is the
difference of the results and not that of their points.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from electrodiff.current_voltage import CurrentVoltage
from electrodiff.impedance import Impedance
from electrodiff.plot import stack
from electrodiff.plot.differences import (
    SAME,
    Curve,
    Panel,
    apart,
    common_range,
    interpolated,
    points_in_common,
    series_difference,
)
from electrodiff.plot.impedance_figure import CAPACITANCE, RESISTANCE
from electrodiff.plot.overlaid_sweeps import check_sweeps, sweep_panels
from electrodiff.plot.scale import CHARGE_DENSITY, CONCENTRATION, POTENTIAL, Ladder
from electrodiff.plot.style import ion_label
from electrodiff.plot.time_axis import TimeAxis
from electrodiff.plot.time_series import CURRENT_DENSITY, total_current
from electrodiff.solution import Solution
from electrodiff.sweep_result import Sweep
from electrodiff.transient import Transient

if TYPE_CHECKING:
    from electrodiff.model import Case

Floats = NDArray[np.float64]

PERCENT = Ladder(0.0, (("%", 100.0),))
ANGLE = Ladder(1e-9, (("°", 180.0 / np.pi),))
_CAN = "steady states, courses in time, impedances, current-voltage curves and sweeps can"


@dataclass(frozen=True)
class Several:
    """Results of one kind with the names by which they are told apart."""

    results: tuple[Any, ...]
    names: tuple[str, ...]

    @property
    def case(self) -> Case:
        """Of the first."""
        case: Case = self.results[0].case
        return case


def checked_kind(results: Sequence[Any], names: Sequence[str]) -> type:
    """The kind that all results have.  Raises ValueError if there is but one, if they differ, or for sweeps over others."""
    if len(results) < 2:
        raise ValueError("an overlay takes two results or more")
    kinds = [type(result) for result in results]
    for name, kind in zip(names, kinds, strict=True):
        if kind not in KINDS:
            raise ValueError(f"{name} is the result of a {kind.__name__.lower()}, which cannot be overlaid; {_CAN}")
        if kind is not kinds[0]:
            raise ValueError(
                f"{names[0]} is {KINDS[kinds[0]]} and {name} is {KINDS[kind]}; only results of one kind can be overlaid"
            )
    if kinds[0] is Sweep:
        check_sweeps(results, names)
    return kinds[0]


def overlaid(results: Sequence[Any]) -> list[Panel]:
    """The quantities of results of one kind.  Raises ValueError where they have no range in common."""
    first, *others = _PANELS[type(results[0])](results)
    return [first, *(panel for panel in others if panel.is_seen)]


def shared_ions(results: Sequence[Any]) -> list[str]:
    """Ions that all results have, in the order of the first."""
    cases: list[Case] = [result.case for result in results]
    return [ion for ion in cases[0].ion_names if all(ion in case.ions for case in cases)]


def _ion(case: Case, ion: str) -> str:
    return ion_label(ion, case.valence(ion))


# ---- along x ------------------------------------------------------------------------------------------------------


def _steady(results: Sequence[Solution]) -> list[Panel]:
    case = results[0].case
    rows: list[tuple[str, Ladder, list[Floats]]] = [
        ("potential", POTENTIAL, [solution.potential for solution in results]),
        ("charge density", CHARGE_DENSITY, [solution.charge_density for solution in results]),
    ]
    for ion in shared_ions(results):
        own = [solution.concentration[solution.case.ion_names.index(ion)] for solution in results]
        rows.append((f"c({_ion(case, ion)})", CONCENTRATION, own))
    return [
        Panel(
            name,
            ladder,
            tuple(
                (stack.broken(solution, solution.x), stack.broken(solution, values))
                for solution, values in zip(results, profiles, strict=True)
            ),
            tuple(
                profile_difference(results[0], profiles[0], solution, values)
                for solution, values in zip(results[1:], profiles[1:], strict=True)
            ),
            ladder,
        )
        for name, ladder, profiles in rows
    ]


def profile_difference(first: Solution, one: Floats, second: Solution, other: Floats) -> Curve:
    """A profile (M,) of the second solution minus one of the first, where both stacks are; broken at all interfaces."""
    edges = [solution.problem.mesh.x[solution.problem.mesh.boundaries] for solution in (first, second)]
    low, high = common_range(edges[0], edges[1], "x")
    cuts = np.unique(np.concatenate([each[(each > low) & (each < high)] for each in edges]))
    cuts = apart(np.concatenate([[low], cuts, [high]]), SAME * (high - low))
    x, y = [], []
    for start, stop in pairwise(cuts):
        own, others = (
            _in_layer(solution, values, (start + stop) / 2.0) for solution, values in ((first, one), (second, other))
        )
        points = points_in_common(own[0], others[0], (start, stop))
        x.append(np.append(points, np.nan))
        y.append(np.append(interpolated(points, *others) - interpolated(points, *own), np.nan))
    return np.concatenate(x)[:-1], np.concatenate(y)[:-1]


def _in_layer(solution: Solution, values: Floats, x: float) -> Curve:
    """The part of a profile in the layer in which a position lies."""
    edges = solution.problem.mesh.x[solution.problem.mesh.boundaries]
    layer = int(np.clip(np.searchsorted(edges, x) - 1, 0, edges.size - 2))
    entries = solution.layer_entries[layer]
    return solution.x[entries], values[entries]


# ---- series -------------------------------------------------------------------------------------------------------


def _series(
    name: str, ladder: Ladder, curves: Sequence[Curve], place: Callable[[Floats], Floats], over: str, **more: bool
) -> Panel:
    differences = tuple(series_difference(curves[0], curve, place, over) for curve in curves[1:])
    return Panel(name, ladder, tuple(curves), differences, ladder, **more)


def common_axis(results: Sequence[Transient]) -> TimeAxis:
    """An axis for the times of all."""
    axes = [TimeAxis.of(transient) for transient in results]
    changes, jumps = (
        tuple(sorted({time for axis in axes for time in getattr(axis, name)})) for name in ("changes", "jumps")
    )
    return TimeAxis(np.unique(np.concatenate([axis.time for axis in axes])), changes, jumps)


def _transient(results: Sequence[Transient]) -> list[Panel]:
    place = common_axis(results).place
    rows = (
        ("potential", POTENTIAL, lambda transient: transient.membrane_potential),
        ("total current", CURRENT_DENSITY, total_current),
    )
    return [
        _series(name, ladder, [(each.time, np.asarray(of(each))) for each in results], place, "time")
        for name, ladder, of in rows
    ]


def _curves(results: Sequence[CurrentVoltage]) -> list[Panel]:
    case = results[0].case

    def panel(name: str, values: Sequence[Floats]) -> Panel:
        curves = [(curve.voltage, own) for curve, own in zip(results, values, strict=True)]
        return _series(name, CURRENT_DENSITY, curves, lambda voltage: voltage, "potential")

    panels = [panel("net current", [curve.current_density for curve in results])]
    for ion in shared_ions(results):
        own = [curve.ion_current[:, curve.case.ion_names.index(ion)] for curve in results]
        panels.append(panel(f"current of {_ion(case, ion)}", own))
    return panels


def _impedance(results: Sequence[Impedance]) -> list[Panel]:
    def curves(of: Callable[[Impedance], Floats]) -> list[Curve]:
        return [(each.frequency, of(each)) for each in results]

    def relative(name: str, ladder: Ladder, of: Callable[[Impedance], Floats]) -> Panel:
        values = curves(of)
        logarithms = [(frequency, np.log(np.where(own > 0, own, np.nan))) for frequency, own in values]
        found = [series_difference(logarithms[0], other, np.log, "frequency") for other in logarithms[1:]]
        differences = tuple((frequency, np.expm1(change)) for frequency, change in found)
        return Panel(name, ladder, tuple(values), differences, PERCENT, is_relative=True, is_logarithmic=True)

    return [
        relative("|Z|", RESISTANCE, lambda each: each.magnitude),
        _series("phase of Z", ANGLE, curves(lambda each: each.phase), np.log, "frequency"),
        relative("capacitance", CAPACITANCE, lambda each: each.capacitance),
    ]


KINDS: dict[type, str] = {
    Solution: "a steady state",
    Transient: "a course in time",
    Impedance: "an impedance",
    CurrentVoltage: "a current-voltage curve",
    Sweep: "a sweep",
}
"""What can be overlaid, in words."""
_PANELS: dict[type, Callable[[Sequence[Any]], list[Panel]]] = {
    Solution: _steady,
    Transient: _transient,
    Impedance: _impedance,
    CurrentVoltage: _curves,
    Sweep: sweep_panels,
}
