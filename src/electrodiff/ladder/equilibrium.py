"""Nernst: each ion that passes, as if it were alone; and why a membrane may have no resting potential at all.

Signs: V_m = phi(left) - phi(right), currents outward, from left to right.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from electrodiff.ladder.crossing import Crossing, can_rest, crossing_at_rest
from electrodiff.ladder.reasons import equilibrium
from electrodiff.ladder.rung import Absent, Model, Rung, Setting, Verdict, verdict
from electrodiff.ladder.words import amount, sentence
from electrodiff.membrane import Membrane
from electrodiff.regime.records import Outlook
from electrodiff.regime.sides import terms_of
from electrodiff.regime.words import listed, millivolts, percent
from electrodiff.theory.ghk_conductance import ghk_conductance_chord
from electrodiff.units import CURRENT_DENSITY, POTENTIAL

# An ion with less of the conductance is a bystander: alone it would move the potential by no more than about 1 mV of 100.
_BYSTANDER = 0.01
# Shares of the conductance that are said in words rather than in numbers.
_NOTHING, _NEARLY_ALL = 1e-5, 0.9
# Two currents balance each other if no third one that would show is between them.
_SAME = 1e-3


def nernst(setting: Setting) -> Iterator[Rung | Absent]:
    """One row for each ion that passes."""
    crossing = crossing_at_rest(setting)
    if crossing is None:
        return
    shares = conductance_shares(crossing)
    for ion in crossing.ions:
        model, title = f"nernst.{ion}", f"Nernst, {ion}"
        if math.isfinite(crossing.nernst(ion)):
            yield _rung(setting, crossing, ion, shares)
        else:
            side = "left" if crossing.inside[ion] == 0 else "right"
            yield Absent(
                model, title, f"{ion} is absent from the {side} bath, so that its Nernst potential is infinite."
            )


def conductance_shares(crossing: Crossing) -> dict[str, float]:
    """The part of the membrane's conductance at rest that each ion has: its chord conductance by GHK."""
    V, T = crossing.voltage, crossing.temperature
    conductances = {
        ion: float(
            ghk_conductance_chord(crossing.permeability(ion, V), z, crossing.inside[ion], crossing.outside[ion], V, T)
        )
        for ion, z in crossing.valences.items()
    }
    whole = math.fsum(conductances.values())
    return {ion: g / whole if whole else 0.0 for ion, g in conductances.items()}


def _rung(setting: Setting, crossing: Crossing, ion: str, shares: dict[str, float]) -> Rung:
    E, V = crossing.nernst(ion) + 0.0, crossing.voltage  # + 0.0: the -0 of an anion is 0
    found = verdict(E - V, crossing.thermal_voltage, is_potential=True)
    return Rung(
        model=f"nernst.{ion}",
        title=f"Nernst, {ion}",
        quantity="resting_potential",
        label=crossing.rest_label,
        dimension=POTENTIAL,
        predicted=E,
        pnp=V,
        error=crossing.error("membrane_potential"),
        outlook=_outlook(setting, crossing, ion),
        reason=sentence(_reason(crossing, ion, shares, found)),
        scale=crossing.thermal_voltage,
    )


def _outlook(setting: Setting, crossing: Crossing, ion: str) -> Outlook:
    """The regime's for the ion that it means; no other one can hold the potential, unless all have the same."""
    limit = setting.regime.limit("one_permeant_ion")
    is_meant = ion == setting.regime.main_ion or crossing.common_rest is not None
    return limit.outlook if limit is not None and is_meant else "fails"


def _reason(crossing: Crossing, ion: str, shares: dict[str, float], found: Verdict) -> str:
    common = crossing.common_rest
    if common is not None and found == "agrees":
        return equilibrium(crossing, common)
    if found == "differs":
        return _away(crossing, ion, shares)
    distance = millivolts(abs(crossing.nernst(ion) - crossing.voltage))
    main = max(shares, key=shares.__getitem__)
    if ion != main:
        return (
            f"{ion} is {distance} from equilibrium without setting the potential: it has {_part(shares[ion])} of the "
            f"membrane's conductance, and {main} {_part(shares[main])}"
        )
    if found == "agrees":
        return f"{ion} has {_part(shares[ion])} of the membrane's conductance, so that the potential is its own"
    others = [other for other in crossing.ions if other != ion]
    take = f"{listed(others)} take{'s' if len(others) == 1 else ''}"
    return f"{ion} has {_part(shares[ion])} of the membrane's conductance: {take} the potential {distance} away"


def _part(share: float) -> str:
    """A share of the conductance in words."""
    if share > 1 - _NOTHING:
        return "all"
    if share > _NEARLY_ALL:
        return f"all but {percent(1 - share)}"
    return percent(share) if share > _NOTHING else "next to none"


def _away(crossing: Crossing, ion: str, shares: dict[str, float]) -> str:
    """Why an ion is far from equilibrium at rest."""
    currents = {other: crossing.solution.ion_current[other] for other in crossing.ions}
    if shares[ion] < _BYSTANDER:
        return (
            f"{ion} has {_part(shares[ion])} of the membrane's conductance, too little to hold the potential at its own"
        )
    against = {other: current for other, current in currents.items() if current * currents[ion] < 0}
    text = f"{ion} is not alone: at {millivolts(crossing.voltage)} it carries {_directed(crossing, currents[ion])}"
    if not against:
        return text
    largest = max(against, key=lambda other: abs(against[other]))
    carrying = f"{largest}, carrying {_directed(crossing, against[largest])},"
    if len(against) == 1 and math.isclose(against[largest], -currents[ion], rel_tol=_SAME):
        return f"{text}, and {carrying} balances it"
    opposes = "opposes it" if len(against) == 1 else "opposes it most"
    return f"{text}, and {carrying} {opposes}"


def _directed(crossing: Crossing, current: float) -> str:
    way = crossing.terms.outward if current > 0 else crossing.terms.inward
    return f"{amount(abs(current), CURRENT_DENSITY)} {way}"


def no_rest(setting: Setting) -> Iterator[Absent]:
    """Why a membrane between two reservoirs has no resting potential, if it has none."""
    membrane = setting.membrane
    if membrane is None or not membrane.joins_reservoirs or setting.at_rest is not None:
        return
    rest = terms_of(membrane).rest
    yield Absent("resting_potential", rest, _why_no_rest(membrane, rest))


def _why_no_rest(membrane: Membrane, rest: str) -> str:
    if not membrane.permeant:
        return f"No ion passes the membrane: it has no {rest}, and stays at any voltage that it is charged to."
    if not can_rest(membrane):
        return "What passes the membrane goes one way at every voltage, so that no potential stops the current."
    return "PNP was not solved without current, although the ions that pass oppose each other."


MODELS: tuple[Model, ...] = (no_rest, nernst)
