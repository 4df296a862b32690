"""What the current of transporters adds to a membrane potential directly, at concentrations that stay as they are."""

from __future__ import annotations

import math
from typing import Any

from electrodiff import materials
from electrodiff.checks import SIDES
from electrodiff.errors import CaseError
from electrodiff.fields import Profile
from electrodiff.grid.scales import spread_fixed_charge
from electrodiff.layers import Layer
from electrodiff.model import Case, Side
from electrodiff.readings import Readings
from electrodiff.solvers.steady import solve_steady
from electrodiff.theory.donnan import donnan_equilibrium

# Baths of the membrane cut out of a cell: beyond them a Debye layer is gone, but for e^-20 = 2e-9 of it.
BATH_DEBYE_LENGTHS = 20


def pump_potential(readings: Readings) -> float | None:
    """V with the rates of all transporters less V with none of them, at the same bulk concentrations [V].

    Both are resting potentials of a planar piece of the membrane between reservoirs; gates follow the potential.  None
    where one of them has no rest: without pumps, nothing may be left to cross.
    """
    try:
        piece = membrane_between_baths(readings)
        pumped, bare = (_rest(piece.replace("transporters", list(kept))) for kept in (_constant(readings), ()))
    except CaseError:
        return None
    return None if pumped is None or bare is None else pumped - bare


def _rest(case: Case) -> float | None:
    solution = solve_steady(case, throw=False)
    return solution.membrane_potential if solution.converged else None


def membrane_between_baths(readings: Readings) -> Case:
    """A planar piece of the stack between reservoirs with the concentrations of its two ends, without current.

    Raises CaseError if there is no such piece.
    """
    case = materials.resolved(readings.case)
    changes: dict[str, Any] = {"study": {"kind": "steady"}, "expect": [], "mesh": {}}
    for index, layer in enumerate(case.layers):
        spread = spread_fixed_charge(case, layer)
        if spread is not None:
            changes |= {f"layers.{index}.total_fixed_charge": None, f"layers.{index}.fixed_charge": spread}
    for side, index, potential in zip(SIDES, (0, -1), ("floating", 0.0), strict=True):
        thickness = BATH_DEBYE_LENGTHS * readings.debye_lengths[index]
        if _is_bath(case.layers[index]) and math.isfinite(thickness):
            changes[f"layers.{index % len(case.layers)}.thickness"] = thickness
        concentrations = _neutral_bulk(readings, side)
        changes[side] = {"kind": "reservoir", "concentrations": concentrations, "potential": potential}
    return case.changed(changes)


def _is_bath(layer: Layer) -> bool:
    """Whether the thickness of a layer means nothing but how much of a solution is drawn."""
    profiles = (layer.fixed_charge, *layer.diffusivity.values())
    return not layer.partition_tables and not any(isinstance(given, Profile) for given in profiles)


def _neutral_bulk(readings: Readings, side: Side) -> dict[str, float]:
    """Concentrations of the neutral solution in equilibrium with one end [mol/m^3].

    Those at the end itself, but for the fixed charge of its layer and for the little charge of a layer that is no bulk.
    """
    case, entry = readings.case, 0 if side == "left" else -1
    held = dict(zip(case.ion_names, readings.concentration[:, entry].tolist(), strict=True))
    if case.layers[entry].partition_tables:
        # A reservoir is water: what is dissolved less well in the layer is more concentrated there.
        beta = readings.problem.chain.partition[entry].tolist()
        held = {ion: c / b if b > 0 else 0.0 for (ion, c), b in zip(held.items(), beta, strict=True)}
    valences = {ion: case.valence(ion) for ion in held}
    neutral = donnan_equilibrium(0.0, valences, held, case.temperature)
    return dict(zip(held, neutral.concentrations.tolist(), strict=True))


def _constant(readings: Readings) -> list[dict[str, Any]]:
    """The transporters as tables, each with a constant rate: the one that it has."""
    return [
        {
            "name": transporter.name,
            "layer": transporter.layer,
            "stoichiometry": transporter.stoichiometry,
            "rate": readings.transporter_rate[transporter.name],
        }
        for transporter in readings.case.transporters
    ]
