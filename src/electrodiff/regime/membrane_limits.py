"""Limits of the models of a membrane: Nernst, Goldman-Hodgkin-Katz, Planck and Henderson, capacitor.

Each takes the scene and returns a limit, or None where the case has nothing to do with it.
"""

from __future__ import annotations

import math

import numpy as np

from electrodiff.checks import SIDES
from electrodiff.errors import CaseError, ConvergenceError
from electrodiff.membrane import Membrane
from electrodiff.regime import words
from electrodiff.regime.conductances import conductance_shares, main_ion, nernst, pulls, relevant_ions
from electrodiff.regime.interior import Interior
from electrodiff.regime.records import Limit, Outlook
from electrodiff.regime.scene import Scene
from electrodiff.regime.sides import terms_of
from electrodiff.theory.junction import henderson_potential
from electrodiff.theory.planck import planck_potential
from electrodiff.units import FARADAY

# A change of the potential that nothing shows [V].
_UNSEEN = 1e-6
# A longer Debye length has no face [m].
_MEASURABLE = 1.0
# Ionic strengths, or Debye lengths, that differ by less read alike.
_SAME = 1e-3


def one_permeant_ion(scene: Scene) -> Limit | None:
    """Nernst: the rest is at the potential of the ion with the largest conductance, by GHK."""
    interior = scene.interior
    if interior is None or not interior.membrane.permeant or not interior.joins_solutions:
        return None
    permeant = interior.membrane.permeant
    outlook: Outlook = "holds"
    if len(permeant) == 1:
        because = f"{permeant[0]} alone passes the membrane"
    elif scene.junction is None:
        because = "nothing flows, so that every ion that passes is at its own Nernst potential"
    else:
        outlook, because = _dominant_ion(interior)
    return Limit("one_permeant_ion", "one permeant ion (Nernst)", outlook, because)


def _dominant_ion(interior: Interior) -> tuple[Outlook, str]:
    """How far the rest is from the Nernst potential of the ion with the largest conductance."""
    rest, ion = interior.resting_potential, main_ion(interior)
    if rest is None:
        return "fails", "the ions that pass carry current one way only, at every potential"
    if ion is None:
        shares = conductance_shares(interior)
        alone = max(shares, key=shares.__getitem__)
        return "fails", f"{alone} is on one side of the membrane only, and has no Nernst potential"
    shares = pulls(interior)
    if all(abs(rest - nernst(interior, each)) < words.HOLDS * interior.volt for each in interior.membrane.permeant):
        return "holds", f"all ions that pass have the same Nernst potential, {words.millivolts(rest)}"
    pull = abs(rest - nernst(interior, ion))
    because = f"{ion} has {words.percent(shares[ion])} of the conductance {terms_of(interior.membrane).at_rest}"
    if shares[ion] < 1 - words.NOTHING:
        others = [each for each in interior.membrane.permeant if each != ion]
        pulls_it = f"{others[0]} pulls" if len(others) == 1 else "the others pull"
        because += f", and {pulls_it} the potential {words.millivolts(pull)} away from its Nernst potential"
    return words.outlook(pull / interior.volt), because


def constant_field(scene: Scene) -> Limit | None:
    """GHK: the charge inside the membrane changes its potential by far less than R T / F, in it and at its faces."""
    interior = scene.junction
    if interior is None:
        return None
    change = max(interior.field.bend, *map(abs, interior.shifts))
    because, short = _field_because(interior, change)
    return Limit("constant_field", "constant field (GHK)", words.outlook(change / interior.volt), because, short)


def _field_because(interior: Interior, change: float) -> tuple[str, str]:
    """Why the field is as it is, and the same in short."""
    m, changed = interior.membrane, words.millivolts(change)
    if interior.is_charged:
        peak = words.concentration(interior.field.peak_charge)
        return f"its fixed charge, up to {peak}, changes the potential in it by about {changed}", ""
    if not m.permeant:
        return "no ion enters the membrane, and it has no charge", ""
    ratio = _length_over_thickness(interior, m.debye_length, _fuller(m.ionic_strengths), "its")
    left, right = (_total(m, side) for side in (interior.inside, interior.outside))
    same = abs(left - right) <= words.HOLDS * max(left, right)
    if m.debye_length < m.thickness and same and change < words.HOLDS * interior.volt:
        short = f"both solutions fill it with the same total of ions, {words.concentration(left)}"
        return f"{short}, which stay neutral in a constant field: this holds though {ratio}", short
    bent = f"about {changed}" if change >= _UNSEEN else f"less than {words.millivolts(_UNSEEN)}"
    return f"{ratio}: its ions bend the potential in it by {bent}", ratio


def _length_over_thickness(part: Interior, debye_length: float, side: int | None, owner: str) -> str:
    """How a Debye length compares with the thickness, and of which face it is: 0, 1, or None where both are alike."""
    where = "" if side is None or debye_length > _MEASURABLE else f" at its {SIDES[side]} face"
    ratio = words.times(debye_length / part.membrane.thickness)
    return f"{owner} Debye length, {words.length(debye_length)}{where}, is {ratio} its thickness"


def _fuller(strengths: tuple[float, float]) -> int | None:
    """The side with the larger ionic strength; None where both are the same to what a sentence shows."""
    left, right = strengths
    return None if abs(left - right) <= _SAME * max(left, right) else int(right > left)


def _total(membrane: Membrane, solution: dict[str, float]) -> float:
    """sum |z| beta c of the ions that pass [mol/m^3]."""
    return math.fsum(abs(membrane.valences[ion]) * membrane.partition[ion] * c for ion, c in solution.items())


def even_resistance(scene: Scene) -> Limit | None:
    """GHK's current equation: the resistance to an ion is spread evenly over the membrane, or the voltage is small."""
    interior = scene.junction
    if interior is None or not interior.membrane.permeant or not interior.is_uneven:
        return None
    ratios = {ion: interior.ghk_ratio(ion, interior.voltage) for ion in relevant_ions(interior)}
    ion = max(ratios, key=lambda each: abs(math.log(ratios[each])))
    short = (
        f"at {words.millivolts(interior.voltage)} the GHK current of {ion} is {words.relative(ratios[ion])} what a "
        "constant field drives through it"
    )
    outlook = words.outlook(abs(ratios[ion] - 1))
    because = short if outlook == "holds" else f"resistance is spread unevenly over the membrane, so that {short}"
    return Limit("even_resistance", "even resistance (GHK currents)", outlook, because, short)


def electroneutral_membrane(scene: Scene) -> Limit | None:
    """Planck, Teorell-Meyer-Sievers: each layer is much wider than its Debye length, on its emptier side."""
    if scene.junction is None or not scene.junction.membrane.permeant:
        return None
    outlook, because = _neutrality(scene.parts)
    title = "electroneutral membrane (Planck, Teorell-Meyer-Sievers)"
    return Limit("electroneutral_membrane", title, outlook, because)


def _neutrality(parts: tuple[Interior, ...]) -> tuple[Outlook, str]:
    charged = next((part for part in parts if not all(face.is_neutral for face in part.donnan)), None)
    if charged is not None:
        return "fails", f"nothing in the {charged.membrane.name} balances the charge of its {_only_sign(charged)}"
    part = max(parts, key=lambda each: _screening(each)[0] / each.membrane.thickness)
    length, side = _screening(part)
    owner = "its" if len(parts) == 1 else f"the {part.membrane.name}'s"
    # A Debye layer at a face is the part of the thickness that is not neutral.
    return words.outlook(length / part.membrane.thickness), _length_over_thickness(part, length, side, owner)


def _screening(part: Interior) -> tuple[float, int | None]:
    """Debye length of a layer on its emptier side; on its fuller side where even that is too long [m]; and which that is."""
    m = part.membrane
    if not part.is_charged and m.debye_length > words.NEARLY * m.thickness:
        return m.debye_length, _fuller(m.ionic_strengths)
    left, right = (face.debye_length for face in part.donnan)
    # The longer Debye length is on the emptier side.
    return max(left, right), _fuller((left, right))


def _only_sign(part: Interior) -> str:
    if part.is_charged:
        return "fixed charges"
    return "cations" if any(part.membrane.valences[ion] > 0 for ion in part.membrane.permeant) else "anions"


def henderson(scene: Scene) -> Limit | None:
    """Henderson: an electroneutral membrane without charge, whose composition varies as if it were mixed."""
    interior, neutral = scene.junction, electroneutral_membrane(scene)
    if interior is None or neutral is None:
        return None
    if {np.sign(interior.membrane.valences[ion]) for ion in interior.membrane.permeant} != {-1, 1}:
        return None
    outlook: Outlook
    title, short = "linear composition (Henderson)", ""
    if neutral.outlook == "fails":
        short = "the membrane is not electroneutral"
        outlook, because = neutral.outlook, f"{short}: {neutral.because}"
    elif interior.is_charged:
        outlook, because = "fails", "the membrane has a fixed charge, which Henderson's junction has not"
    else:
        outlook, because = _composition(interior)
    return Limit("henderson", title, outlook, because, short)


def _composition(interior: Interior) -> tuple[Outlook, str]:
    """Henderson's potential beside that of the steady state, Planck's, with what is just inside the faces."""
    m = interior.membrane
    mobility = {ion: m.permeability[ion] for ion in m.permeant}
    left, right = ({ion: face[ion] for ion in m.permeant} for face in interior.faces)
    try:
        mixed = float(henderson_potential(m.valences, mobility, left, right, m.case.temperature))
        off = abs(mixed - planck_potential(m.valences, mobility, left, right, m.case.temperature)) / interior.volt
    except (CaseError, ConvergenceError):
        return "fails", "the ions that pass the membrane do not make it neutral by themselves"
    if len(m.permeant) == 2:
        because = "one salt, whose concentration profile does not matter"
    elif off <= words.NOTHING:
        because = "the composition varies linearly"
    else:
        moved = words.millivolts(off * interior.volt)
        because = f"the steady composition is not linear, which moves the potential by {moved}"
    return words.outlook(off), because


def resistive_membrane(scene: Scene) -> Limit | None:
    """No diffusion layers: the membrane conducts far less than its baths."""
    interior = scene.junction
    baths = [bath for bath in scene.baths if bath.conductance > 0]
    if interior is None or not baths or not interior.membrane.permeant:
        return None
    G = interior.conductance
    error = math.fsum(G / bath.conductance for bath in baths)
    each = words.listed([words.conductance(bath.conductance) for bath in baths])
    short = f"the baths have {words.percent(error / (1 + error))} of the resistance"
    because = f"membrane {words.conductance(G)}, baths {each}: {short}"
    return Limit("resistive_membrane", "resistive membrane (no diffusion layers)", words.outlook(error), because, short)


def capacitor(scene: Scene) -> Limit | None:
    """The membrane holds far less charge than its faces."""
    interior = scene.interior
    if interior is None or interior.left is None or interior.right is None:
        return None
    # Where there is no voltage, the charge of one R T / F is what a capacitor is asked for.
    faces = interior.bare_capacitance * max(abs(interior.inner_voltage), scene.volt)
    fixed = FARADAY * interior.field.mean(np.abs(interior.field.fixed_charge)) * interior.membrane.thickness
    image = max(face.image(interior.membrane.thickness / 2) for face in interior.donnan)
    own = max(interior.field.own_charge + image * faces, fixed)
    if fixed > 0:
        times = words.number(fixed / faces)
        because = (
            f"its fixed charge, {words.surface_charge(fixed)}, is {times} times what its voltage puts on its faces"
        )
    elif own == 0:
        because = "nothing in the membrane is charged"
    else:
        share, on_faces = words.percent(own / faces), words.surface_charge(faces)
        because = f"the membrane holds {share} of the charge that its voltage puts on its faces, {on_faces}"
    return Limit("capacitor", "slab without charge (capacitor)", words.outlook(own / faces), because)
