"""What a random case must satisfy beyond its own validation to be a physical one, and the currents that it can carry.

Each rule is an estimate in closed form from the case alone; nothing here solves anything.
"""

from __future__ import annotations

import math

import numpy as np

from electrodiff import Case, Profile, Reservoir
from electrodiff.checks import crosses
from electrodiff.fields import largest
from electrodiff.units import AVOGADRO, FARADAY, VACUUM_PERMITTIVITY, thermal_voltage
from robustness_charges import crowded_charge, unscreened_potential
from robustness_stack import (
    POINTS,
    areas,
    boundaries,
    face_charges,
    fed_ions,
    fixed_charge,
    layer_charges,
    partition,
    volumes_and_lengths,
)

# Charges that no ion screens may make this potential [V]: five times the largest one that is drawn.  Without a limit,
# 2 M of fixed charge in 100 um of an ion-free layer would make 1e11 V, which no matter stands.
HIGHEST_POTENTIAL = 10.0

# The largest surface charge that is drawn [C/m^2].  A channel that narrows a thousandfold would gather more on its end.
LARGEST_SURFACE_CHARGE = 0.5

# ln of the largest factor by which an ion is held to be kept out of a layer.
LARGEST_EXCLUSION = 500.0


def objection(case: Case) -> str | None:
    """The rule that a case breaks, or None."""
    if unscreened_potential(case) > HIGHEST_POTENTIAL:
        return f"unscreened charge makes more than {HIGHEST_POTENTIAL:g} V"
    if not _has_room(case):
        return "no room for the counter-ions of a fixed charge"
    if crowded_charge(case) > LARGEST_SURFACE_CHARGE:
        return f"the net charge of a pocket is more than {LARGEST_SURFACE_CHARGE:g} C/m2 where the stack is narrowest"
    if _is_floating(case) and not _turns(case):
        return "no floating potential: the current has one sign only"
    return None


def _has_room(case: Case) -> bool:
    """Whether the counter-ions of every fixed charge fit in beside what is trapped there."""
    if case.steric is None:
        return True
    volume = {ion: AVOGADRO * (record.diameter or 0.0) ** 3 for ion, record in case.ions.items()}
    for index, (layer, fed) in enumerate(zip(case.layers, fed_ions(case), strict=True)):
        fixed = fixed_charge(case, index)
        needs = [volume[ion] * abs(fixed / case.valence(ion)) for ion in fed if case.valence(ion) * fixed < 0]
        filled = sum(volume[ion] * largest(concentration) for ion, concentration in layer.initial.items())
        if filled + min(needs, default=0.0) >= 1:
            return False
    return True


# ---- currents -----------------------------------------------------------------------------------------------------


def _is_floating(case: Case) -> bool:
    return any(isinstance(end, Reservoir) and end.is_floating for end in (case.left, case.right))


def _turns(case: Case) -> bool:
    """Whether the current through the stack changes its sign with the potential, so that each current has one.

    As V grows, it is carried by cations from the left and anions from the right, and as V falls by the others; with one of
    the two alone no potential makes it zero.
    """
    return current_scale(case, 1.0) > 0 and current_scale(case, -1.0) > 0


def current_scale(case: Case, sign: float) -> float:
    """Current density [A/m^2] of one sign that some RT/F drive through the stack, at least: sum of F |z| P c.

    P in series, less the exclusion of the ion from where it is excluded most; c that of the reservoir from which it comes.
    """
    _, lengths = volumes_and_lengths(case)
    total = 0.0
    for ion in (ion for ion in case.ions if case.valence(ion) and crosses(case, ion)):
        feed = case.concentrations("left" if case.valence(ion) * sign > 0 else "right")[ion]
        series = sum(length / _mobility(case, index, ion) for index, length in enumerate(lengths))
        excluded = max(_log_exclusion(case, index, ion) for index in range(len(lengths)))
        total += FARADAY * abs(case.valence(ion)) * feed / series * math.exp(-min(excluded, LARGEST_EXCLUSION))
    return total / float(areas(case, np.linspace(0.0, float(boundaries(case)[-1]), POINTS)).max())


def _mobility(case: Case, index: int, ion: str) -> float:
    """D beta of an ion in a layer [m^2/s]."""
    given = case.layers[index].diffusivity.get(ion)
    diffusivity = case.free_diffusivity(ion) if given is None or isinstance(given, Profile) else given
    return diffusivity * partition(case, index, ion)


def _log_exclusion(case: Case, index: int, ion: str) -> float:
    """ln of the factor by which an ion is at most kept out of a layer: by a charge of its sign, and by its own."""
    volumes, lengths = volumes_and_lengths(case)
    faces, sign = face_charges(case), math.copysign(1.0, case.valence(ion))
    permittivity = VACUUM_PERMITTIVITY * case.relative_permittivity(case.layers[index])
    charge = sign * (layer_charges(case)[index] + faces[index] + faces[index + 1])
    # Which of two reservoirs fills a layer depends on the resistances between: the lesser one, to be safe.
    fed = fed_ions(case, min)[index]
    content = {other: case.valence(other) * partition(case, index, other) * c for other, c in fed.items()}
    counters = {other: abs(amount) for other, amount in content.items() if amount * sign < 0}
    # Donnan's potential [RT/F], at most that at which any one counter-ion balances the charge, and that of a capacitor.
    thermal = thermal_voltage(case.temperature)
    bounds = [
        math.log(max(charge / (FARADAY * volumes[index]) / amount, 1.0)) / abs(case.valence(other))
        for other, amount in counters.items()
    ]
    donnan = max(min([charge * lengths[index] / permittivity / thermal, *bounds]), 0.0)
    # Ions of one sign alone come in until their own charge keeps them out, at a Debye length like the thickness.
    own = sum(amount for amount in map(abs, content.values())) - sum(counters.values())
    alone = 8 * permittivity * thermal / (FARADAY * case.layers[index].thickness ** 2)
    room = alone + sum(counters.values()) + max(-charge, 0.0) / (FARADAY * volumes[index])
    return abs(case.valence(ion)) * donnan + math.log(max(own / room, 1.0))
