"""What textbook models say beside PNP: current-voltage curves, and the rows of the ladder.  Numbers and words, no page."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from electrodiff.ends import Reservoir
from electrodiff.errors import CaseError
from electrodiff.explore.model import steady_case
from electrodiff.grid.line import layered_line
from electrodiff.ladder.comparison import compare
from electrodiff.ladder.curves import rivals
from electrodiff.ladder.rung import Rung
from electrodiff.membrane import Membrane, find_membrane
from electrodiff.model import Case
from electrodiff.plot.ladder_curves import current_unit
from electrodiff.plot.ladder_dots import Panel, chosen
from electrodiff.plot.scale import Limits, linear_limits
from electrodiff.plot.style import MINUS, number
from electrodiff.solution import Solution
from electrodiff.solvers.iv import clamped_at
from electrodiff.solvers.steady import solve_steady

Floats = NDArray[np.float64]

# Points of a curve while a slider moves, and at rest.
_QUICK, _WHOLE = 11, 25
# The curve goes this far beyond the state shown and 0 V [V], where rectification shows, and to a whole step.
_BEYOND, _STEP = 0.05, 0.02
# Quantities of the ladder, the most telling first.
_QUANTITIES = 3


@dataclass(frozen=True)
class Curves:
    """Net current of PNP and of its rivals against the membrane potential."""

    potential: Floats
    """[mV]"""
    currents: Mapping[str, Floats]
    """By title, PNP first [unit]."""
    unit: str
    zero: float | None
    """Where PNP passes no current [mV]."""
    limits: tuple[Limits, Limits]
    """Of both axes."""


def crossing_membrane(case: Case) -> Membrane | None:
    """The membrane that ions cross from bath to bath; None if there is none, and so no current."""
    membrane = find_membrane(case)
    return membrane if membrane is not None and membrane.joins_reservoirs and membrane.permeant else None


def curves_of(case: Case, voltage: float, is_fine: bool) -> Curves | None:
    """Currents around the membrane potential that is shown [V]; None where nothing crosses.

    Each state is solved for on one mesh, the finest of those that a quick solve begins with: good to the width of a line,
    and four times as quick as with estimated errors.
    """
    if crossing_membrane(case) is None:
        return None
    quick = steady_case(case, is_fine=False)
    low = math.floor((min(0.0, voltage) - _BEYOND) / _STEP) * _STEP
    high = math.ceil((max(0.0, voltage) + _BEYOND) / _STEP) * _STEP
    solved = [_clamped(quick, float(at)) for at in np.linspace(low, high, _WHOLE if is_fine else _QUICK)]
    found = [solution for solution in solved if solution.converged]
    if len(found) < 2:
        return None
    potential = np.array([solution.membrane_potential for solution in found]) * 1e3
    net = {"PNP": tuple(solution.current_density for solution in found)}
    models = {t: values for t, values in rivals(find_membrane(quick), found).items() if "face values" not in t}
    unit, size = current_unit(list(net["PNP"]))
    currents = {title: np.array(values) / size for title, values in {**net, **models}.items()}
    zero = _rest(quick)
    limits = (
        (float(potential[0]), float(potential[-1])),
        linear_limits(np.concatenate([*currents.values()]), 0.0, with_zero=True),
    )
    return Curves(potential, currents, unit, zero, limits)


def _rest(case: Case) -> float | None:
    """The potential without net current [mV]; None if there is none."""
    try:
        floating = clamped_at(case, 0.0).replace("left.potential", "floating")
    except CaseError:  # no charged ion crosses
        return None
    rest = solve_steady(floating, throw=False)
    return 1e3 * rest.membrane_potential if rest.converged else None


def _clamped(case: Case, voltage: float) -> Solution:
    clamped = clamped_at(case, voltage)
    return solve_steady(clamped, mesh=layered_line(clamped).mesh(), throw=False)


@dataclass(frozen=True)
class Row:
    """What one model says."""

    title: str
    predicted: str
    difference: str
    verdict: str
    """"agrees", "near" or "differs"."""
    reason: str


@dataclass(frozen=True)
class Block:
    """What all models say of one quantity."""

    heading: str
    """The quantity and PNP's value of it."""
    rows: tuple[Row, ...]


def ladder_of(case: Case, is_fine: bool) -> tuple[Block, ...]:
    """The most telling quantities of the ladder.  Raises ConvergenceError if PNP has no solution."""
    panels = chosen(compare(steady_case(case, is_fine)), _QUANTITIES, math.inf)
    return tuple(_block(panel) for panel in panels)


def _block(panel: Panel) -> Block:
    first = panel.rungs[0]
    unit, size = panel.unit
    value = first.pnp if abs(first.pnp) > (first.error or 0.0) else 0.0
    label = first.label[:1].upper() + first.label[1:]
    rows = tuple(_row(rung, panel, place) for rung, place in zip(panel.rungs, panel.positions, strict=True))
    return Block(f"{label}: PNP {_value(first, value / size)} {unit}".rstrip(), rows)


def _row(rung: Rung, panel: Panel, place: float) -> Row:
    unit, size = panel.unit
    axis = panel.axis[0]
    decimals = 2 if abs(place) < 10.0 else 1
    # Below the last decimal it is no difference.
    is_none = abs(place) < 0.5 * 10.0**-decimals
    shown = f"{place:+.{decimals}f}".replace("-", MINUS) if abs(place) < 1e4 else number(place)
    return Row(
        rung.title,
        f"{_value(rung, rung.predicted / size)} {unit}".rstrip(),
        f"{'0' if is_none else shown} {axis}".rstrip(),
        rung.verdict,
        rung.reason,
    )


def _value(rung: Rung, value: float) -> str:
    if rung.dimension.unit == "V" and abs(value) < 1e4:
        return f"{value:.2f}".replace("-", MINUS)
    return number(value, 4) if value else "0"


def rest_or_clamp(case: Case) -> str:
    """What the potential that is shown is: found for no current, or given."""
    floats = any(isinstance(end, Reservoir) and end.is_floating for end in (case.left, case.right))
    return "at rest" if floats else "clamped"
