"""GHK, GHK with face values, and the chord circuit, on the crossing of a membrane.

Signs: V_m = phi(left) - phi(right), currents outward, from left to right.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial

from electrodiff.errors import CaseError
from electrodiff.ladder.crossing import Crossing, Flow, nearest_rest
from electrodiff.regime.interior import FloatLike
from electrodiff.theory.circuit import (
    Channel,
    CurrentLaw,
    VoltageLaw,
    circuit_resting_potential_chord,
    circuit_resting_potentials,
)
from electrodiff.theory.ghk import ghk_current, ghk_reversal_potential, ghk_voltage
from electrodiff.theory.ghk_conductance import ghk_conductance_equilibrium
from electrodiff.theory.ghk_layers import ghk_slab, ghk_slab_reversal_potential
from electrodiff.units import FARADAY


def ghk(crossing: Crossing, voltage: float | None) -> Flow:
    """GHK: independent ions in a constant field, between the bulk concentrations of both sides."""
    laws = {ion: partial(_goldman_current, crossing, ion) for ion in crossing.ions}
    rest = _ghk_rest(crossing, laws) if voltage is None else voltage
    return Flow(rest, {ion: float(law(rest)) for ion, law in laws.items()})


def _goldman_current(crossing: Crossing, ion: str, voltage: FloatLike) -> FloatLike:
    P, z = crossing.permeability(ion, voltage), crossing.valences[ion]
    return ghk_current(P, z, crossing.inside[ion], crossing.outside[ion], voltage, crossing.temperature)


def _ghk_rest(crossing: Crossing, laws: Mapping[str, CurrentLaw]) -> float:
    """V_m without current [V]: in closed form for monovalent ions, else as the root of the currents."""
    if crossing.gates:
        return nearest_rest(circuit_resting_potentials(list(laws.values())), crossing)
    monovalent = all(abs(z) == 1 for z in crossing.valences.values())
    rest = ghk_voltage if monovalent else ghk_reversal_potential
    sides = _present(crossing, crossing.inside), _present(crossing, crossing.outside)
    return float(rest(crossing.full_permeability, crossing.valences, *sides, crossing.temperature))


def _present(crossing: Crossing, concentrations: Mapping[str, float]) -> dict[str, float]:
    return {ion: concentrations[ion] for ion in crossing.ions}


def ghk_between_layers(crossing: Crossing, voltage: float | None) -> Flow:
    """GHK with the concentrations and the voltage at the faces of the slab, behind two Debye layers at equilibrium."""
    case, membrane = crossing.membrane.case, crossing.membrane
    open_permeability = {ion: float(crossing.permeability(ion, crossing.profile.slab_voltage)) for ion in crossing.ions}
    tables = (open_permeability, membrane.valences, crossing.inside, crossing.outside)
    slab = membrane.thickness, membrane.relative_permittivity
    water = case.relative_permittivity(membrane.left_bath[-1])
    faces = (*slab, water, case.temperature, *membrane.surface_charges)
    rest = ghk_slab_reversal_potential(*tables, *faces) if voltage is None else voltage
    flux = ghk_slab(*tables, rest, *faces).flux
    return Flow(rest, {ion: FARADAY * crossing.valences[ion] * flux[ion] for ion in crossing.ions})


def no_slab(crossing: Crossing) -> str | None:
    """Why there is no slab between two Debye layers; None if there is one."""
    membrane, case = crossing.membrane, crossing.membrane.case
    if not (membrane.left_bath and membrane.right_bath):
        return "There is no bath on either side for a Debye layer to be in."
    if case.mesh.geometry != "planar" or case.mesh.area is not None or case.mesh.radius is not None:
        return "Its Debye layers are those of flat faces, and the baths here are not flat."
    if case.activity is not None or case.steric is not None:
        return "Its Debye layers are of ideal point ions, and the case has others."
    if len(membrane.layers) > 1:
        return f"The membrane is a stack of {len(membrane.layers)} layers, and the model has one slab."
    if crossing.is_charged:
        return "The membrane has fixed charge, and the model has none in its slab."
    beside = membrane.left_bath[-1], membrane.right_bath[0]
    if any(bath.partition_tables for bath in beside):
        return "Its Debye layers are in water, and there is another layer beside the membrane."
    if len({case.relative_permittivity(bath) for bath in beside}) > 1:
        return "The baths differ in permittivity, and the model has one for both."
    return None


def chord_circuit(crossing: Crossing, voltage: float | None) -> Flow:
    """Batteries E and constant conductances in parallel, those that GHK gives each ion at its own equilibrium.

    An ion that is absent from one side has neither, and carries nothing.
    """
    batteries = {ion: crossing.nernst(ion) for ion in crossing.ions if math.isfinite(crossing.nernst(ion))}
    if not batteries:
        raise CaseError("no ion that passes is present on both sides, so that none has a battery")
    laws = {ion: Channel(_conductance(crossing, ion), E) for ion, E in batteries.items()}
    rest = _chord_rest(crossing, batteries) if voltage is None else voltage
    return Flow(rest, {ion: float(laws[ion](rest)) if ion in laws else 0.0 for ion in crossing.ions})


def _chord_rest(crossing: Crossing, batteries: Mapping[str, float]) -> float:
    """V_m without current [V]: the mean of the batteries, weighted with the conductances."""
    if crossing.gates:
        laws = [Channel(_conductance(crossing, ion), E) for ion, E in batteries.items()]
        return nearest_rest(circuit_resting_potentials(laws), crossing)
    conductances = {ion: _conductance_at(crossing, ion, 0.0) for ion in batteries}
    return float(circuit_resting_potential_chord(conductances, batteries))


def _conductance(crossing: Crossing, ion: str) -> VoltageLaw:
    """g of an ion [S/m^2]: a number, or a function of V where it is gated."""
    g = partial(_conductance_at, crossing, ion)
    return g if ion in crossing.gates else g(0.0)


def _conductance_at(crossing: Crossing, ion: str, voltage: FloatLike) -> FloatLike:
    P, z = crossing.permeability(ion, voltage), crossing.valences[ion]
    return ghk_conductance_equilibrium(P, z, crossing.inside[ion], crossing.outside[ion], crossing.temperature)
