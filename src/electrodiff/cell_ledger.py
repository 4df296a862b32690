"""The account of a membrane with transporters, from a state: who moves, who pays, and how much.

All of it is of one mesh, the finest, so that its balances hold to round-off.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

import numpy as np

from electrodiff.account import CellAccount, ExcessIons, IonAccount, TransporterAccount
from electrodiff.checks import SIDES
from electrodiff.ends import Reservoir
from electrodiff.energy import face_dissipation, left_fluxes, node_potentials, supplied_power, transporter_work
from electrodiff.grid.geometry import has_area
from electrodiff.model import Side
from electrodiff.pathways import charge_per_cycle
from electrodiff.profiles import Floats
from electrodiff.pump_potential import BATH_DEBYE_LENGTHS, pump_potential
from electrodiff.readings import Readings
from electrodiff.solution import Solution
from electrodiff.transient import Transient
from electrodiff.units import AVOGADRO, FARADAY

# An ion whose electrochemical potentials differ by less than this counts as passive [V]: no electrode would tell.
SAME_POTENTIAL = 1e-4


def cell_account(result: Solution | Transient, output: int = -1) -> CellAccount | None:
    """The account of a steady state, or of a transient at one of its outputs, the last if none is named.

    None for a case without transporters.
    """
    if not result.case.transporters:
        return None
    if isinstance(result, Transient):
        readings, total_current = result.frames[output], float(result.total_current_density[output])
        return _account(readings, supplied_power(readings, left_fluxes(readings), total_current))
    readings = result.readings
    # In a steady state the flux is the same everywhere; in the membrane it is known without the round-off of the baths.
    flux = np.array(list(readings.flux.values()))
    return _account(readings, supplied_power(readings, flux, readings.current_density))


def _account(readings: Readings, supplied: float) -> CellAccount:
    transporters = tuple(_transporters(readings))
    ions = tuple(_ions(readings))
    atp_rate = math.fsum(one.atp_rate for one in transporters)
    # Not fsum, which has no sum of infinite terms: an ion that flows to where there is none of it loses any amount.
    lost, work = sum(ion.dissipation for ion in ions), sum(one.work for one in transporters)
    return CellAccount(
        membrane_potential=readings.membrane_potential,
        ions=ions,
        transporters=transporters,
        pump_current=math.fsum(one.current for one in transporters),
        pump_potential=pump_potential(readings) if any(one.current for one in transporters) else 0.0,
        atp_rate=atp_rate,
        atp_rate_of_cell=_over_area(readings, atp_rate),
        dissipation=lost,
        work=work,
        supplied=supplied,
        stored=work + supplied - lost,
        fuel=math.fsum(one.fuel for one in transporters),
        excess=tuple(excess_ions(readings)),
        open_fraction=readings.open_fraction,
    )


def _over_area(readings: Readings, amount: float) -> float | None:
    """A number of particles, from an amount per area [mol/m^2]; None where the geometry has no area."""
    area = readings.problem.mesh.reference_area
    return amount * area * AVOGADRO if has_area(readings.case) else None


# ---- transporters ---------------------------------------------------------------------------------------------------


def _transporters(readings: Readings) -> Iterator[TransporterAccount]:
    work = transporter_work(readings)
    for transporter in readings.case.transporters:
        rate = readings.transporter_rate[transporter.name]
        atp_rate = transporter.atp * rate
        fuel = -readings.case.atp_free_energy * atp_rate
        yield TransporterAccount(
            name=transporter.name,
            rate=rate,
            current=FARADAY * charge_per_cycle(readings.case, transporter) * rate,
            atp_rate=atp_rate,
            work=work[transporter.name],
            fuel=fuel,
            efficiency=work[transporter.name] / fuel if fuel else None,
        )


# ---- ions -----------------------------------------------------------------------------------------------------------


def _ions(readings: Readings) -> Iterator[IonAccount]:
    case, voltage, exchanged = readings.case, readings.membrane_potential, readings.exchange_flux
    currents = {ion: FARADAY * case.valence(ion) * flux + 0.0 for ion, flux in readings.passive_flux.items()}
    gross = math.fsum(map(abs, currents.values()))
    lost = face_dissipation(readings).sum(axis=0).tolist()
    for row, ion in enumerate(case.ions):
        nernst = readings.nernst_potential[ion]
        account = IonAccount(
            name=ion,
            valence=case.valence(ion),
            inside=float(readings.concentration[row, 0]),
            outside=float(readings.concentration[row, -1]),
            nernst_potential=nernst,
            driving_force=None if nernst is None else voltage - nernst,
            passive_flux=readings.passive_flux[ion],
            exchange_flux=exchanged[ion],
            transported_flux={
                one.name: one.stoichiometry[ion] * readings.transporter_rate[one.name]
                for one in case.transporters
                if ion in one.stoichiometry
            },
            current=currents[ion],
            share=abs(currents[ion]) / gross if gross else None,
            dissipation=lost[row],
            standing=_standing(readings, row),
        )
        yield account if account.is_flowing else replace(account, share=None)


def _standing(readings: Readings, row: int) -> Literal["passive", "accumulated", "extruded", "impermeant"]:
    """Whether an ion stands at equilibrium across the stack, above it inside, or below."""
    faces = readings.problem.mesh.layer == readings.transporting_layer
    chain = readings.problem.chain
    ion = readings.case.ion_names[row]
    is_carried = any(ion in transporter.stoichiometry for transporter in readings.case.transporters)
    if not is_carried and not (chain.conductance[faces, row] > 0).all():
        return "impermeant"
    inside, outside = node_potentials(readings)[[0, -1], row]
    if inside == outside or abs(inside - outside) <= SAME_POTENTIAL * FARADAY:
        return "passive"
    return "accumulated" if inside > outside else "extruded"


# ---- Debye layers ---------------------------------------------------------------------------------------------------


def excess_ions(readings: Readings) -> Iterator[ExcessIons]:
    """What the Debye layers beside the membrane hold of each ion beyond what their bulk would.

    Out to 20 Debye lengths from the membrane, or half of the layer if it is thinner; the bulk is what is found there.
    """
    for side in SIDES:
        layer = _debye_layer(readings, side)
        if layer is None:
            continue
        content, volume = _contents(readings, layer)
        excess = content - readings.concentration[:, layer.start if side == "left" else layer.stop - 1] * volume
        is_open = isinstance(getattr(readings.case, side), Reservoir)
        for row, ion in enumerate(readings.case.ions):
            amount, whole = float(excess[row]), 0.0 if is_open else _amount(readings, side, row)
            fraction = amount / whole if whole else None
            yield ExcessIons(side, ion, amount, _over_area(readings, amount), fraction)


def _debye_layer(readings: Readings, side: Side) -> slice | None:
    """The entries of the profiles in the Debye layer on one side of the membrane; None where the stack ends there."""
    names, index = readings.case.layer_names, readings.transporting_layer
    beside = index - 1 if side == "left" else index + 1
    if not 0 <= beside < len(names):
        return None
    left = min(index, beside)
    part = readings.debye_layers[f"{names[left]}|{names[left + 1]}"][SIDES.index(side)]
    x, reach = readings.x[part.entries], BATH_DEBYE_LENGTHS * part.debye_length
    # To the first entry beyond, since the mesh is coarse there.
    if side == "left":
        return slice(part.start + max(int(np.searchsorted(x, x[-1] - reach, "right")) - 1, 0), part.stop + 1)
    return slice(part.start, min(part.start + int(np.searchsorted(x, x[0] + reach)), part.stop) + 1)


def _contents(readings: Readings, entries: slice) -> tuple[Floats, float]:
    """(n,) amounts of the half cells between entries of one layer [mol/m^2], and their volume per reference area [m]."""
    chain, length = readings.problem.chain, readings.problem.scales.length
    faces = slice(int(readings.node[entries.start]), int(readings.node[entries.stop - 1]))
    left, right = chain.volume_left[faces] * length, chain.volume_right[faces] * length
    held = readings.concentration[:, entries]
    return held[:, :-1] @ left + held[:, 1:] @ right, float(left.sum() + right.sum())


def _amount(readings: Readings, side: Side, row: int) -> float:
    """Amount of an ion on one side of the membrane [mol/m^2]."""
    index = readings.transporting_layer
    layers = readings.layer_entries[:index] if side == "left" else readings.layer_entries[index + 1 :]
    return math.fsum(float(_contents(readings, entries)[0][row]) for entries in layers)
