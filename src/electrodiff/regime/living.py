"""What a membrane with transporters is expected to come to, and which shortcuts hold for it, before anything is solved.

Signs: inside = left, V_m = phi(inside) - phi(outside), fluxes and currents are outward.
"""

from __future__ import annotations

from dataclasses import dataclass

from electrodiff.errors import CaseError
from electrodiff.model import Case
from electrodiff.pathways import electrogenic_transporters, pump_current
from electrodiff.regime import words
from electrodiff.regime.pumped import StirredMembrane, Table, pumped_layer
from electrodiff.regime.records import Limit, Living
from electrodiff.regime.scene import Scene
from electrodiff.regime.stirred import StirredState, no_steady_state, stirred_cell
from electrodiff.theory.ghk import ghk_voltage_pumped
from electrodiff.units import FARADAY


@dataclass(frozen=True)
class Exchange:
    """The pump of Mullins and Noda: it takes out one monovalent cation and brings in another."""

    name: str
    exported: str
    imported: str
    ratio: float
    """Ions out for each ion in."""


def exchange_of(case: Case) -> Exchange | str:
    """The one transporter that carries current, if it is an exchange of cations; else one sentence on why it is none."""
    electrogenic = electrogenic_transporters(case)
    if not electrogenic:
        return "No transporter carries a net charge."
    if len(electrogenic) > 1:
        names = words.listed([each.name for each in electrogenic])
        return f"Several transporters carry a net charge, {names}, and the formula has one pump."
    pump = electrogenic[0]
    out = [ion for ion, number in pump.stoichiometry.items() if number > 0]
    into = [ion for ion, number in pump.stoichiometry.items() if number < 0]
    if len(out) != 1 or len(into) != 1 or any(case.valence(ion) != 1 for ion in (*out, *into)):
        return f"The {pump.name} does not exchange one monovalent cation for another, as that of the formula does."
    ratio = -pump.stoichiometry[out[0]] / pump.stoichiometry[into[0]]
    return Exchange(pump.name, out[0], into[0], ratio)


def mullins_noda_voltage(state: StirredState, exchange: Exchange, permeability: Table) -> float:
    """V_m by Mullins and Noda between the concentrations of a state [V]; permeability P [m/s].

    Raises CaseError where an ion that passes is not monovalent, or the imported one does not pass.
    """
    valences, T = state.membrane.layer.valences, state.membrane.case.temperature
    P = {
        ion: each
        for ion, each in permeability.items()
        if each > 0 and valences[ion] and max(state.inside[ion], state.outside[ion]) > 0
    }
    z, inside, outside = ({ion: table[ion] for ion in P} for table in (valences, state.inside, state.outside))
    return float(ghk_voltage_pumped(P, z, inside, outside, T, exchange.ratio, exchange.imported))


def expected_life(scene: Scene) -> Living | None:
    """Leaks, pumps and potentials between stirred solutions; None without working transporters."""
    state, interior = _state(scene), scene.interior
    if state is None or interior is None:
        return None
    valences = scene.case.valence
    transported = state.membrane.transported(state.rates)
    ion, time = _run_down(scene, state)
    return Living(
        inside=state.inside,
        outside=state.outside,
        voltage=state.voltage,
        resting_potential=interior.resting_potential,
        rates=state.rates,
        pump_current=pump_current(scene.case, state.rates),
        leak_current={ion: FARADAY * valences(ion) * flux for ion, flux in state.leaks.items()},
        pumped_current={ion: FARADAY * valences(ion) * flux for ion, flux in transported.items()},
        without_pump=_without_pump(state),
        mullins_noda=_mullins_noda(state),
        run_down=time,
        run_down_ion=ion,
        unsteady=no_steady_state(scene.case),
    )


def _state(scene: Scene) -> StirredState | None:
    layer, interior = pumped_layer(scene.case), scene.interior
    if layer is None or interior is None or not interior.joins_solutions:
        return None
    return StirredState(StirredMembrane(layer), interior.inside, interior.outside, interior.voltage)


def _without_pump(state: StirredState) -> float | None:
    """V_m at which the leaks alone carry no current [V]; None where there is none."""
    try:
        return state.membrane.rest(state.inside, state.outside, pumps=0.0)
    except CaseError:
        return None


def _mullins_noda(state: StirredState) -> float | None:
    exchange = exchange_of(state.membrane.case)
    if isinstance(exchange, str):
        return None
    try:
        return mullins_noda_voltage(state, exchange, state.membrane.layer.permeability)
    except CaseError:
        return None


def _run_down(scene: Scene, state: StirredState) -> tuple[str | None, float | None]:
    """The carried ion of which the compartment holds most, and how long that lasts at its leak when the pumps stop [s]."""
    cell = stirred_cell(scene.case)
    if cell is None:
        return None, None
    bath = scene.bath(cell.side)
    own = state.inside if cell.side == "left" else state.outside
    leaking = {
        ion: own[ion]
        for ion, flux in state.membrane.transported(state.rates).items()
        if flux and state.membrane.layer.permeability[ion] > 0
    }
    if bath is None or not leaking:
        return None, None
    ion = max(leaking, key=leaking.__getitem__)
    leak = abs(state.leaks[ion])
    return (ion, own[ion] * bath.volume / leak) if leak > 0 else (None, None)


# ---- limits --------------------------------------------------------------------------------------------------------


def no_pump_current(scene: Scene) -> Limit | None:
    """GHK and the circuit without a pump: its current moves the potential by far less than R T / F."""
    found = expected_life(scene)
    if found is None or found.unsteady or found.resting_potential is None or found.without_pump is None:
        return None
    added = found.resting_potential - found.without_pump
    carried = f"the transporters carry {words.current_density(found.pump_current)}"
    short = f"{carried}, which {words.makes(added)}" if found.pump_current else "the transporters carry no net charge"
    outlook = words.outlook(abs(added) / scene.volt)
    return Limit("pump_current", "no pump current (GHK, circuit)", outlook, short)


def refilled_leak(scene: Scene) -> Limit | None:
    """Mullins and Noda: the pump brings in as much of its cation as leaks out."""
    found, exchange = expected_life(scene), exchange_of(scene.case)
    if found is None or found.unsteady or isinstance(exchange, str):
        return None
    if found.mullins_noda is None or found.resting_potential is None:
        return None
    ion, off = exchange.imported, abs(found.mullins_noda - found.resting_potential)
    pumped, leaking = -found.rates[exchange.name] * _imported(scene.case, exchange), found.leak_current[ion] / FARADAY
    because = f"the {exchange.name} brings in {words.refills(pumped, leaking, ion)}"
    return Limit("refilled_leak", "pump refills the leak (Mullins-Noda)", words.outlook(off / scene.volt), because)


def _imported(case: Case, exchange: Exchange) -> float:
    """Ions that the pump takes in a cycle; negative inward."""
    return next(each for each in case.transporters if each.name == exchange.name).stoichiometry[exchange.imported]


def balance(scene: Scene) -> Limit | None:
    """Pump-leak: leaks and transporters of each ion balance at some concentrations of a closed cell."""
    cell, found = stirred_cell(scene.case), expected_life(scene)
    if cell is None or found is None:
        return None
    title = "leaks balance transporters (pump-leak)"
    if found.unsteady is not None:
        return Limit("balance", title, "fails", found.unsteady)
    own = found.inside if cell.side == "left" else found.outside
    held = [f"{words.concentration(own[ion])} {ion}" for ion in cell.mobile]
    return Limit("balance", title, "holds", f"they do with {words.listed(held)} in the compartment")
