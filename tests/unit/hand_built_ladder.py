"""Ladders written by hand: rows with round numbers, as the tables and the figure get them, without any model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import electrodiff as ed
from electrodiff.ladder.rung import Absent, Curve, Ladder, Rung, Setting
from electrodiff.regime import Regime
from electrodiff.units import CURRENT_DENSITY, POTENTIAL, SURFACE_CHARGE, thermal_voltage

KT = thermal_voltage(310.0)

FULL = (
    "The slab is full of ions: it is 40 of its Debye lengths thick, so it is electroneutral, the field in it is not "
    "constant, and the prediction is 6.1 mV off."
)
SHORT = "Of all ions only potassium passes."


def rung(
    title: str, predicted: float, pnp: float, quantity: str = "resting_potential", reason: str = SHORT, **more: Any
) -> Rung:
    """A row, with potentials in V; the rest is what a row of this quantity has."""
    label, dimension = {
        "resting_potential": ("resting potential", POTENTIAL),
        "current_density": ("current density", CURRENT_DENSITY),
        "ion_current": ("current of K", CURRENT_DENSITY),
        "surface_charge": ("charge of the left Debye layer", SURFACE_CHARGE),
    }[quantity.partition(".")[0]]
    fields: dict[str, Any] = {
        "model": title.lower(),
        "title": title,
        "quantity": quantity,
        "label": label,
        "dimension": dimension,
        "predicted": predicted,
        "pnp": pnp,
        "error": 1.1e-10 if dimension is POTENTIAL else abs(pnp) * 1e-7,
        "outlook": "holds",
        "reason": reason,
        "scale": KT if dimension is POTENTIAL else abs(pnp) or 1e-3,
    }
    return Rung(**{**fields, **more})


RESTING = (
    rung("Nernst, K", -0.09498, -0.07146, outlook="fails"),
    rung("Nernst, Na", 0.06656, -0.07146, outlook="fails"),
    rung("GHK voltage equation", -0.07148, -0.07146, reason=FULL),
    rung("GHK with face values", -0.07146, -0.07146),
    rung("chord circuit", -0.06951, -0.07146, outlook="nearly"),
)
CURRENTS = (
    rung("GHK current equation", 0.0103, 0.01, "current_density"),
    rung("chord circuit", -0.02, 0.01, "current_density"),
    rung("circuit with fixed conductances", 5.63, 0.01, "current_density"),
    rung("GHK current equation", 0.0201, 0.02, "ion_current.K"),
)
CHARGES = (
    rung("capacitor", -2.2995e-4, -2.2970e-4, "surface_charge.left"),
    rung("Gouy-Chapman", -2.2970e-4, -2.2970e-4, "surface_charge.left"),
)
ABSENT = (
    Absent("donnan", "Donnan equilibrium", "No layer has fixed charge, and no compartment is closed."),
    Absent("pump_leak", "pump-leak", "The case has no pump."),
)

CURVE = Curve(
    (-0.12, -0.06, 0.0, 0.06),
    {
        "PNP": (-0.005, 0.001, 0.009, 0.02),
        "GHK": (-0.0049, 0.0011, 0.0088, 0.0195),
        "GHK, face values": (-0.005, 0.001, 0.009, 0.0201),
        "chord circuit": (-0.0075, 0.0015, 0.0105, 0.0195),
    },
)


def solved(name: str = "clamped_membrane", **changes: Any) -> ed.Solution:
    """A bundled case on a coarse mesh."""
    return ed.solve(ed.load_case(ed.bundled_case(name)).changed({"mesh.nodes": 101, **changes}))


def ladder_of(
    solution: ed.Solution, rungs: Sequence[Rung], absent: Sequence[Absent] = (), curve: Curve | None = None
) -> Ladder:
    """A ladder of these rows, whose curve is not computed but given."""
    setting = Setting(solution.case, solution, Regime(solution.case, None, ()), None, None)
    ladder = Ladder(setting, tuple(rungs), tuple(absent))
    ladder.__dict__["curve"] = curve
    return ladder
