"""Results of one kind beside each other: their curves, and the differences from the first where both are known.

A difference is taken at the points of the one that has fewer of them, where the other is interpolated by monotone cubics -
over x in each layer, time or its logarithm, potential, and logarithmic frequency - so that it is the difference of the
results and not that of their points.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from electrodiff.current_voltage import CurrentVoltage
from electrodiff.impedance import Impedance
from electrodiff.plot import stack
from electrodiff.plot.impedance_figure import CAPACITANCE, RESISTANCE
from electrodiff.plot.scale import CHARGE_DENSITY, CONCENTRATION, POTENTIAL, Ladder
from electrodiff.plot.style import ion_label
from electrodiff.plot.time_axis import TimeAxis
from electrodiff.plot.time_series import CURRENT_DENSITY, total_current
from electrodiff.solution import Solution
from electrodiff.transient import Transient

if TYPE_CHECKING:
    from electrodiff.model import Case

Floats = NDArray[np.float64]
Curve = tuple[Floats, Floats]
"""x and y [SI units]; NaN where it breaks."""

CURRENT = Ladder(CURRENT_DENSITY.zero, (("kA/m²", 1e-3), *CURRENT_DENSITY.units))
PERCENT = Ladder(0.0, (("%", 100.0),))
ANGLE = Ladder(1e-9, (("°", 180.0 / np.pi),))
# Edges of layers that are closer than this part of the stack are one.
_SAME = 1e-9


@dataclass(frozen=True)
class Panel:
    """One quantity of all results."""

    name: str
    ladder: Ladder
    curves: tuple[Curve, ...]
    """Of each result."""
    differences: tuple[Curve, ...]
    """Of each but the first: it minus the first."""
    difference_ladder: Ladder
    is_relative: bool = False
    """Whether differences are relative to the first."""
    is_logarithmic: bool = False
    """Whether the values are drawn on a logarithmic axis."""

    @property
    def is_seen(self) -> bool:
        """Whether any value is more than round-off, such as the current of an ion that nothing lets through."""
        return any(bool(np.nanmax(np.abs(values), initial=0.0) > self.ladder.zero) for _, values in self.curves)


_CAN = "steady states, courses in time, impedances and current-voltage curves can"


def checked_kind(results: Sequence[Any], names: Sequence[str]) -> type:
    """The kind that all results have.  Raises ValueError if there is but one, or if they differ."""
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
    low, high = _common(edges[0], edges[1], "x")
    cuts = np.unique(np.concatenate([each[(each > low) & (each < high)] for each in edges]))
    cuts = _apart(np.concatenate([[low], cuts, [high]]), _SAME * (high - low))
    x, y = [], []
    for start, stop in pairwise(cuts):
        own, others = (
            _in_layer(solution, values, (start + stop) / 2.0) for solution, values in ((first, one), (second, other))
        )
        points = _points(own[0], others[0], (start, stop))
        x.append(np.append(points, np.nan))
        y.append(np.append(_interpolated(points, *others) - _interpolated(points, *own), np.nan))
    return np.concatenate(x)[:-1], np.concatenate(y)[:-1]


def _in_layer(solution: Solution, values: Floats, x: float) -> Curve:
    """The part of a profile in the layer in which a position lies."""
    edges = solution.problem.mesh.x[solution.problem.mesh.boundaries]
    layer = int(np.clip(np.searchsorted(edges, x) - 1, 0, edges.size - 2))
    entries = solution.layer_entries[layer]
    return solution.x[entries], values[entries]


def _points(one: Floats, other: Floats, ends: tuple[float, float] | None = None) -> Floats:
    """The points of the series that has fewer of them in the range of both, or within ends, which are points then too."""
    low, high = ends or (max(one[0], other[0]), min(one[-1], other[-1]))
    inside = [points[(points >= low) & (points <= high)] for points in (one, other)]
    fewer = min((points for points in inside if points.size or ends), key=len, default=np.array([low, high]))
    return fewer if ends is None else _apart(np.array([low, *fewer, high]), _SAME * (high - low))


def _interpolated(at: Floats, x: Floats, y: Floats) -> Floats:
    """Values of a series at points in its range; NaN beside one that is NaN."""
    known = np.isfinite(y)
    if known.sum() < 2:
        return np.where(np.isin(at, x[known]), y[known][0] if known.any() else np.nan, np.nan)
    values = PchipInterpolator(x[known], y[known])(np.clip(at, x[known][0], x[known][-1]))
    return np.where(np.interp(at, x, ~known) > 0, np.nan, values)


def _apart(values: Floats, least: float) -> Floats:
    """Rising values without those that follow another too closely; the last one stays."""
    kept = [float(values[0])]
    for value in values[1:-1]:
        if value - kept[-1] > least and values[-1] - value > least:
            kept.append(float(value))
    return np.array([*kept, float(values[-1])])


def _common(one: Floats, other: Floats, name: str) -> tuple[float, float]:
    """The range in which two rising series of points both lie."""
    low, high = max(float(one[0]), float(other[0])), min(float(one[-1]), float(other[-1]))
    if not low < high:
        raise ValueError(f"the results have no range of {name} in common, so that they have no difference")
    return low, high


# ---- series -------------------------------------------------------------------------------------------------------


def series_difference(one: Curve, other: Curve, place: Callable[[Floats], Floats], name: str) -> Curve:
    """The second series minus the first, at the points of one of them that lie in the range of both.

    place: where a point lies on the axis along which the other is interpolated.
    """
    _common(one[0], other[0], name)
    points = _points(one[0], other[0])
    at = place(points)
    return points, _interpolated(at, place(other[0]), other[1]) - _interpolated(at, place(one[0]), one[1])


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
        ("total current", CURRENT, total_current),
    )
    return [
        _series(name, ladder, [(each.time, np.asarray(of(each))) for each in results], place, "time")
        for name, ladder, of in rows
    ]


def _curves(results: Sequence[CurrentVoltage]) -> list[Panel]:
    case = results[0].case

    def panel(name: str, values: Sequence[Floats]) -> Panel:
        curves = [(curve.voltage, own) for curve, own in zip(results, values, strict=True)]
        return _series(name, CURRENT, curves, lambda voltage: voltage, "potential")

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
}
"""What can be overlaid, in words."""
_PANELS: dict[type, Callable[[Sequence[Any]], list[Panel]]] = {
    Solution: _steady,
    Transient: _transient,
    Impedance: _impedance,
    CurrentVoltage: _curves,
}
