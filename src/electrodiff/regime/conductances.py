"""The conductances of the ions of a membrane, and the limit of a circuit in which they are fixed."""

from __future__ import annotations

import math

from electrodiff.regime import words
from electrodiff.regime.interior import Interior
from electrodiff.regime.records import Limit, Outlook
from electrodiff.regime.scene import Scene
from electrodiff.regime.sides import terms_of
from electrodiff.theory.ghk_conductance import (
    ghk_conductance_chord,
    ghk_conductance_equilibrium,
    ghk_conductance_slope,
)
from electrodiff.theory.nernst import nernst_potential

# An ion that carries less of the conductance than this moves the whole by less than "holds" asks.
_NEGLIGIBLE = words.HOLDS


def conductance_shares(interior: Interior) -> dict[str, float]:
    """Share of each ion that passes in the slope conductance at rest, or at V_m where there is no rest."""
    rest = interior.resting_potential
    return _shares(interior.conductances(interior.voltage if rest is None else rest, ghk_conductance_slope))


def pulls(interior: Interior) -> dict[str, float]:
    """Share of each ion that passes in the pull on the resting potential: its chord conductance there.

    The resting potential is the mean of the Nernst potentials, weighted with these; an ion that is on one side only has none.
    """
    rest = interior.resting_potential
    return _shares(interior.conductances(interior.voltage if rest is None else rest, ghk_conductance_chord))


def main_ion(interior: Interior) -> str | None:
    """The ion with the largest conductance at rest; None where there is no rest, or where it has no Nernst potential."""
    shares = conductance_shares(interior)
    if interior.resting_potential is None or not shares:
        return None
    ion = max(shares, key=shares.__getitem__)
    if 0 in (interior.inside[ion], interior.outside[ion]):
        return None
    chords = pulls(interior)
    return max(chords, key=chords.__getitem__)


def _shares(parts: dict[str, float]) -> dict[str, float]:
    total = math.fsum(parts.values())
    return {name: part / total if total else 0.0 for name, part in parts.items()}


def relevant_ions(interior: Interior) -> list[str]:
    """The ions that count in the conductance."""
    return [ion for ion, share in conductance_shares(interior).items() if share > _NEGLIGIBLE]


def nernst(interior: Interior, ion: str) -> float:
    """Nernst potential of an ion between the two solutions [V]; infinite for one that is on one side only."""
    m = interior.membrane
    return float(nernst_potential(m.valences[ion], interior.inside[ion], interior.outside[ion], m.case.temperature))


def linear_conductances(scene: Scene) -> Limit | None:
    """Chord circuit: each conductance at V_m is that at the ion's Nernst potential."""
    interior = scene.junction
    if interior is None or not interior.membrane.permeant:
        return None
    outlook, because, short = _linearity(interior)
    return Limit("linear_conductances", "fixed conductances (chord circuit)", outlook, because, short)


def _linearity(interior: Interior) -> tuple[Outlook, str, str]:
    """The mean change of the conductances, weighted with the currents."""
    V, ions = interior.voltage, relevant_ions(interior)
    if lone := [ion for ion in ions if 0 in (interior.inside[ion], interior.outside[ion])]:
        verb = "has no Nernst potential" if len(lone) == 1 else "have no Nernst potentials"
        short = f"{words.listed(lone)} {verb}"
        return "fails", f"{short}, being on one side of the membrane only", short
    chord = interior.conductances(V, ghk_conductance_chord)
    shares = _shares({ion: abs(chord[ion] * (V - nernst(interior, ion))) for ion in ions})
    gains = {ion: chord[ion] / _at_equilibrium(interior, ion) * _uneven_gain(interior, ion) for ion in ions}
    changes = {ion: share * abs(gains[ion] - 1) for ion, share in shares.items()}
    error, ion = math.fsum(changes.values()), max(changes, key=changes.__getitem__)
    at = f"at {words.millivolts(V)}"
    if error > words.HOLDS:
        short = f"{at} the conductance of {ion} is {words.number(gains[ion])} times that at its Nernst potential"
        because = f"{short}, {_rectifies(interior, ion, gains[ion])}"
    elif all(abs(V - nernst(interior, each)) < words.HOLDS * interior.volt for each in ions):
        because = short = f"{at} the ions are at their Nernst potentials"
    else:
        short = f"{at} each ion has the conductance of its Nernst potential"
        because = f"{short}, to {words.percent(error)}" if error > words.NOTHING else short
    return words.outlook(error), because, short


def _at_equilibrium(interior: Interior, ion: str) -> float:
    """Conductance of an ion at its Nernst potential, with the gates as they are at V_m [S/m^2]."""
    m, P = interior.membrane, interior.permeability(interior.voltage)
    left, right = interior.faces
    return float(ghk_conductance_equilibrium(P[ion], m.valences[ion], left[ion], right[ion], m.case.temperature))


def _uneven_gain(interior: Interior, ion: str) -> float:
    """What uneven resistance adds to the change of a conductance from the Nernst potential to V_m."""
    if not interior.is_uneven:
        return 1.0
    return interior.ghk_ratio(ion, nernst(interior, ion)) / interior.ghk_ratio(ion, interior.voltage)


def _rectifies(interior: Interior, ion: str, gain: float) -> str:
    """What makes the conductance of an ion change with the voltage: uneven resistance, or its concentrations."""
    if 2 * abs(math.log(_uneven_gain(interior, ion))) > abs(math.log(gain)):
        return "since resistance is spread unevenly over the membrane"
    inside, outside = (words.concentration(side[ion]) for side in (interior.inside, interior.outside))
    terms = terms_of(interior.membrane)
    return f"with {inside} {terms.left} and {outside} {terms.right}"
