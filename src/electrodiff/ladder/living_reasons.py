"""Why the models of a membrane with transporters agree with PNP or differ from it, each in one sentence of its numbers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from electrodiff.ladder.rung import verdict
from electrodiff.ladder.words import amount, sentence
from electrodiff.pathways import electrogenic_transporters
from electrodiff.regime.words import SAME, concentration, current_density, listed, makes, millivolts, number, refills
from electrodiff.theory.ghk_conductance import ghk_conductance_chord, ghk_conductance_equilibrium
from electrodiff.units import CURRENT_DENSITY, FARADAY

if TYPE_CHECKING:
    from electrodiff.ladder.living import LivingMembrane
    from electrodiff.regime.living import Exchange
    from electrodiff.regime.stirred import StirredCell, StirredState

# A part of what is explained that is worth a word, and a current that is none beside the largest.
_WORTH_SAYING, _NO_CURRENT = 0.1, 1e-6
# A current below this part of what goes either way is round-off, or equilibrium to all that anybody measures.
_ROUNDING = 1e-9

_WORDS = {
    "faces": "the Debye layers change what the faces of the membrane see",
    "barrier": "the barrier in the membrane is not even",
    "bend": "the ions in the membrane bend its field",
    "baths": "the solutions take a part of the voltage",
}


def nernst(found: LivingMembrane, ion: str, potential: float) -> str:
    """Why an ion is at equilibrium or not: what leaks, and what carries it back."""
    away, carriers = potential - found.voltage, _carriers(found, ion)
    leak, carried = found.leak(ion), found.carried(ion)
    distance = f"{millivolts(abs(away))} from equilibrium"
    agrees = verdict(away, found.crossing.thermal_voltage, is_potential=True) == "agrees"
    if ion not in found.crossing.ions:
        return sentence(f"{_all(carriers)} alone {_carry(carriers)} {ion}, and it stays where that stops, {distance}")
    if not _flows(found, leak) and not _flows(found, carried):
        why = "nothing is carried of it" if carriers else "nothing carries it"
        return sentence(f"{ion} is passive: {why}, so that it is where nothing of it leaks either")
    leaks = f"{amount(abs(leak), CURRENT_DENSITY)} of it leaks {_way(leak, found, ion)}"
    if not carriers:
        return sentence(f"{ion} is {distance}: {leaks}, and nothing carries it back")
    at_work = [name for name in carriers if _turns(found, name)]
    back = f"{_all(at_work)} {_carry(at_work)} {amount(abs(carried), CURRENT_DENSITY)} {_way(carried, found, ion)}"
    near = "hardly away" if agrees else distance
    return sentence(f"{ion} is {near}: {leaks}, and {back}")


def goldman_without_pump(found: LivingMembrane, without: float, pumped: float) -> str:
    """What the current of the pumps adds at the same concentrations."""
    return sentence(_left_out(found, pumped - without) + _rest(found, pumped - without))


def goldman_with_pump(found: LivingMembrane, pumped: float) -> str:
    """Whether leaks in a constant field and the pumps balance at PNP's potential; if not, what is in the way."""
    off = found.voltage - pumped
    if _agrees(found, off):
        bend = millivolts(found.crossing.profile.bend)
        return sentence(
            f"leaks in a constant field balance the transporters: in the membrane of PNP it bends by {bend} only"
        )
    return sentence(_main_cause(found))


def circuit_without_pump(found: LivingMembrane, without: float, pumped: float) -> str:
    """What the current of the pumps adds, and what the conductances do."""
    also = "" if _agrees(found, found.voltage - pumped) else f"; {_conductances(found, pumped)}"
    return sentence(_left_out(found, pumped - without) + also)


def circuit_with_pump(found: LivingMembrane, pumped: float) -> str:
    """Whether fixed conductances are those of the resting potential."""
    if _agrees(found, found.voltage - pumped):
        return sentence("at rest the leaks together conduct as they would at the Nernst potentials of their ions")
    return sentence(_conductances(found, pumped))


def mullins_noda(found: LivingMembrane, exchange: Exchange, predicted: float) -> str:
    """Whether the pump refills what leaks."""
    ion, off = exchange.imported, found.voltage - predicted
    pumped = -found.rates[exchange.name] * _per_cycle(found, exchange.name, ion)
    leaking = found.solution.passive_flux[ion]
    brings = f"{_all([exchange.name])} brings in {refills(pumped, leaking, ion)}"
    is_refilled = math.isclose(pumped, leaking, rel_tol=SAME)
    if _agrees(found, off):
        if not is_refilled:
            return sentence(f"{brings}, and the difference moves the potential by {millivolts(abs(off))} only")
        ratio = f"{number(exchange.ratio)} {exchange.exported} for each {ion}"
        return sentence(f"{brings}, so that its ratio alone counts, {ratio}")
    if is_refilled:
        return sentence(f"{brings}, as it should, but {_main_cause(found)}")
    others = [name for name in _carriers(found, ion) if name != exchange.name]
    why = f"since {_all(others)} {_carry(others)} {ion} too" if others else "since its concentrations are given"
    if found.closed_side is not None and not others:
        why = "since the cell is not steady"
    return sentence(f"it takes for granted that the pump refills the leak of {ion}; {brings}, {why}{_active(found)}")


def pump_leak(found: LivingMembrane, state: StirredState) -> str:
    """What PNP adds to stirred solutions."""
    drop = found.voltage - found.solution.layer_drop[found.crossing.membrane.name]
    adds = f"PNP adds the Debye layers, which take {millivolts(abs(drop))} of its potential"
    same = "it balances the same leaks and transporters between stirred solutions"
    if _agrees(found, state.voltage - found.voltage):
        return sentence(f"{same}; {adds}")
    face = [each.name for each in found.stirred.transporters if each.senses == "face"]
    sensed = f"; in PNP {_all(face)} {'sees' if len(face) == 1 else 'see'} the faces" if face else ""
    return sentence(f"{same}; {_main_cause(found)}{sensed}")


def concentrations(found: LivingMembrane, own: dict[str, float]) -> str:
    """What the concentrations of stirred solutions add up to."""
    held = [f"{concentration(own[ion])} {ion}" for ion in found.ions]
    return sentence(f"{listed(held)} are what the leaks and transporters of a neutral, stirred cell leave in it")


def donnan(found: LivingMembrane, cell: StirredCell, state: StirredState) -> str:
    """Where the cell would run down to, and what keeps it from it."""
    trapped = [f"{concentration(c)} {ion}" for ion, c in cell.held.items() if c > 0]
    inside = f", with {listed(trapped)} that cannot leave" if trapped else ""
    away = found.voltage - state.voltage
    ends = f"a cell without working transporters has every ion that passes at equilibrium{inside}"
    if _agrees(found, away):
        return sentence(f"{ends}: its transporters hold this one no more than {millivolts(abs(away))} away")
    names = [each.name for each in found.stirred.transporters if _turns(found, each.name)]
    return sentence(f"{ends}; {_all(names)} {'hold' if len(names) > 1 else 'holds'} it {millivolts(abs(away))} away")


# ---- parts of sentences ----------------------------------------------------------------------------------------------


def _agrees(found: LivingMembrane, difference: float) -> bool:
    return verdict(difference, found.crossing.thermal_voltage, is_potential=True) == "agrees"


def _flows(found: LivingMembrane, current: float) -> bool:
    scales, z = found.solution.readings.scales(), found.crossing.membrane.valences
    exchanged = max(FARADAY * abs(z[ion]) * scales[f"passive_flux.{ion}"] for ion in found.ions)
    largest = max(abs(found.leak(ion)) for ion in found.ions)
    return abs(current) > max(_NO_CURRENT * largest, _ROUNDING * exchanged)


def _carriers(found: LivingMembrane, ion: str) -> list[str]:
    return [each.name for each in found.stirred.transporters if ion in each.stoichiometry]


def _all(names: list[str]) -> str:
    """Names in a sentence: "the sodium pump and KCC2"."""
    return listed([f"the {name}" if name[0].islower() else name for name in names])


def _turns(found: LivingMembrane, name: str) -> bool:
    """Whether a transporter runs at rest, other than by round-off."""
    own = next(each for each in found.stirred.transporters if each.name == name)
    return abs(found.rates[name]) > _NO_CURRENT * max(own.largest_rate, *map(abs, found.rates.values()))


def _carry(names: list[str]) -> str:
    return "carry" if len(names) > 1 else "carries"


def _way(current: float, found: LivingMembrane, ion: str) -> str:
    """Where the ions of a current go: an inward current of an anion is an outward flux."""
    return "outward" if current * found.crossing.membrane.valences[ion] > 0 else "inward"


def _per_cycle(found: LivingMembrane, name: str, ion: str) -> float:
    return next(each for each in found.stirred.transporters if each.name == name).stoichiometry[ion]


def _left_out(found: LivingMembrane, added: float) -> str:
    """What a model without the current of the pumps leaves out."""
    if not _flows(found, found.pump_current):
        return "the transporters carry no net charge, so that only the concentrations tell of them"
    names = [each.name for each in electrogenic_transporters(found.setting.case)]
    return f"it leaves out the current of {_all(names)}, {current_density(found.pump_current)}, which {makes(added)}"


def no_transporters(found: LivingMembrane) -> str:
    """Why a model of the leaks alone has no row."""
    names = _all([each.name for each in found.stirred.transporters])
    return f"In it ions only diffuse and drift across the membrane; what {names} carries past them has no place in it."


def _rest(found: LivingMembrane, explained: float) -> str:
    """What is left besides, if it is worth a word."""
    off = sum(found.steps.values())
    return "" if _agrees(found, off) or abs(off) < _WORTH_SAYING * abs(explained) else f"; {_main_cause(found)}"


def _main_cause(found: LivingMembrane) -> str:
    """The largest of the steps between GHK with the pump's current and PNP."""
    cause = max(found.steps, key=lambda each: abs(found.steps[each]))
    return f"{_WORDS[cause]}, which {makes(found.steps[cause])}"


def _conductances(found: LivingMembrane, pumped: float) -> str:
    """The conductance that the voltage changes most, by its current, and what such changes do from the circuit to GHK."""
    crossing, V, T = found.crossing, found.voltage, found.crossing.temperature
    gains, weights = {}, {}
    for ion, P in crossing.full_permeability.items():
        row = P, crossing.valences[ion], crossing.inside[ion], crossing.outside[ion]
        if ion in found.ions:
            g = float(ghk_conductance_equilibrium(*row, T))
            gains[ion] = float(ghk_conductance_chord(*row, V, T)) / g
            weights[ion] = abs((gains[ion] - 1) * g * (V - found.nernst(ion)))
    ion, change = max(weights, key=weights.__getitem__), found.ghk(found.pump_current) - pumped
    gain = f"at {millivolts(V)} the conductance of {ion} is {number(gains[ion])} times that at its Nernst potential"
    does = f"conductances that change so make the potential {millivolts(abs(change))} {_sign(change)}"
    return f"{gain}; {does}{_rest(found, change)}"


def _sign(change: float) -> str:
    return "more negative" if change < 0 else "more positive"


def _active(found: LivingMembrane) -> str:
    """Anions that are not at equilibrium, since they are carried."""
    z = found.crossing.membrane.valences
    off = {
        ion: found.nernst(ion) - found.voltage for ion in found.ions if z[ion] < 0 and _flows(found, found.leak(ion))
    }
    parts = [f"{ion} is {millivolts(abs(away))} from equilibrium" for ion, away in off.items()]
    return f", and {listed(parts)}" if parts else ""
