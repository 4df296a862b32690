"""Current-voltage curves of a membrane by PNP, and by the shortcuts that have currents.

Signs: V_m = phi(left) - phi(right), currents outward, from left to right.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from electrodiff.ends import Reservoir
from electrodiff.errors import CaseError
from electrodiff.ladder.crossing import Crossing, crossing_of
from electrodiff.ladder.rung import Curve, Setting
from electrodiff.ladder.shortcut import Shortcut
from electrodiff.ladder.shortcuts import CHORD_CIRCUIT, GHK, GHK_FACES
from electrodiff.membrane import Membrane
from electrodiff.model import Case
from electrodiff.pathways import electrogenic_transporters, pump_current
from electrodiff.solution import Solution
from electrodiff.solvers.steady import solve

RIVALS: Mapping[str, Shortcut] = {"GHK": GHK, "GHK, face values": GHK_FACES, "chord circuit": CHORD_CIRCUIT}
# Those that have rows with the current of transporters.
PUMPED: Mapping[str, Shortcut] = {"GHK + pump": GHK, "chord circuit + pump": CHORD_CIRCUIT}
_POINTS = 21
# The curve goes this far beyond the rest, the clamp and 0 V [V], where rectification shows, and to a whole step.
_BEYOND, _STEP = 0.05, 0.01
# Finer than a line that is drawn is wide, and four times quicker than the default.
_ACCURACY = 1e-4


def current_voltage_curve(setting: Setting) -> Curve | None:
    """Net currents at potentials around the rest and the clamp; None where nothing crosses."""
    membrane = setting.membrane
    if membrane is None or not (membrane.joins_reservoirs and membrane.permeant):
        return None
    solved = [_clamped(setting.case, voltage) for voltage in _potentials(setting)]
    solutions = [solution for solution in solved if solution.converged]
    currents = {"PNP": tuple(solution.current_density for solution in solutions), **rivals(membrane, solutions)}
    return Curve(tuple(solution.membrane_potential for solution in solutions), currents)


def rivals(membrane: Membrane | None, solutions: Sequence[Solution]) -> dict[str, tuple[float, ...]]:
    """Net current at the voltage of each state of PNP by the shortcuts that have an answer [A/m^2], by title.

    With that of the transporters, where they carry one.
    """
    if membrane is None or not (membrane.joins_reservoirs and membrane.permeant):
        return {}
    crossings = [crossing_of(membrane, solution) for solution in solutions]
    shortcuts = PUMPED if electrogenic_transporters(membrane.case) else RIVALS
    pumped = np.array([pump_current(membrane.case, solution.transporter_rate) for solution in solutions], dtype=float)
    found = {title: _currents(shortcut, crossings) for title, shortcut in shortcuts.items()}
    return {title: tuple((np.array(values) + pumped).tolist()) for title, values in found.items() if values is not None}


def _potentials(setting: Setting) -> list[float]:
    """V_m [V], rising."""
    marks = [0.0, setting.solution.membrane_potential]
    if setting.at_rest is not None:
        marks.append(setting.at_rest.membrane_potential)
    low = np.floor((min(marks) - _BEYOND) / _STEP) * _STEP
    high = np.ceil((max(marks) + _BEYOND) / _STEP) * _STEP
    return [float(voltage) for voltage in np.linspace(low, high, _POINTS)]


def _clamped(case: Case, voltage: float) -> Solution:
    """PNP with the left reservoir held at a voltage against the right one."""
    right = case.right
    at_right = 0.0 if not isinstance(right, Reservoir) or right.is_floating else float(right.potential)
    changes: dict[str, Any] = {"mesh.accuracy": _ACCURACY, "left.potential": at_right + voltage, "left.current": None}
    if isinstance(right, Reservoir) and right.is_floating:
        changes |= {"right.potential": 0.0, "right.current": None}
    return solve(case.changed(changes), throw=False)


def _currents(shortcut: Shortcut, crossings: Sequence[Crossing]) -> tuple[float, ...] | None:
    """Net current at the voltage of each state [A/m^2]; None if the shortcut has no answer."""
    if not crossings or shortcut.absent(crossings[0]) is not None:
        return None
    try:
        return tuple(shortcut.predict(crossing, crossing.voltage).current(None) for crossing in crossings)
    except CaseError:
        return None
