"""The membrane, or a junction, as an electroneutral layer: Planck, Henderson, Lewis and Sargent, Teorell-Meyer-Sievers.

Where the ions have different partition coefficients, or some stay outside, a Donnan potential on either face brings each
solution into the layer.

Signs: V_m = phi(left) - phi(right), currents outward, from left to right.  A Donnan potential is phi(layer) - phi(bath).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from electrodiff import materials
from electrodiff.errors import CaseError
from electrodiff.fields import Profile
from electrodiff.ladder.crossing import Crossing, Flow
from electrodiff.membrane import Membrane
from electrodiff.theory.donnan import donnan_equilibrium, teorell_meyer_sievers_potential
from electrodiff.theory.junction import henderson_potential, lewis_sargent_potential
from electrodiff.theory.planck import planck_layer
from electrodiff.units import FARADAY

# Positions in a layer at which it is compared with itself.
_SAMPLES = 101
# Numbers of the case that differ by less are the same but for rounding.
_SAME = 1e-9


class Inside(NamedTuple):
    """What the two solutions make of the layer at its ends."""

    left: dict[str, float]
    """Concentrations inside, at the left face [mol/m^3]."""
    right: dict[str, float]
    step: float
    """What the Donnan potentials and the baths take of V_m [V]."""


def planck(crossing: Crossing, voltage: float | None) -> Flow:
    """Planck: diffusion and drift through the electroneutral layer."""
    inside, mobility = _inside(crossing), _mobility(crossing)
    across = None if voltage is None else voltage - inside.step
    # With D / d for D and 1 for d: the fluxes are the same, and the area of the layer is in P already.
    layer = planck_layer(crossing.valences, mobility, inside.left, inside.right, crossing.temperature, 1.0, across)
    fluxes = dict(zip(layer.ions, layer.fluxes.tolist(), strict=True))
    currents = {ion: FARADAY * z * fluxes[ion] for ion, z in crossing.valences.items()}
    return Flow(layer.voltage + inside.step, currents)


def henderson(crossing: Crossing, _voltage: float | None) -> Flow:
    """Henderson: the same layer, if its composition changed linearly across it."""
    inside = _inside(crossing)
    tables = crossing.valences, _mobility(crossing), inside.left, inside.right
    return Flow(float(henderson_potential(*tables, crossing.temperature)) + inside.step, {})


def lewis_sargent(crossing: Crossing, _voltage: float | None) -> Flow:
    """Lewis and Sargent: two salts of equal concentration with an ion in common."""
    left, right, common = _two_salts(crossing)
    D, z = _mobility(crossing), crossing.valences
    potential = lewis_sargent_potential(D[left], D[right], D[common], crossing.temperature, z[left], z[common])
    return Flow(float(potential), {})


def teorell_meyer_sievers(crossing: Crossing, _voltage: float | None) -> Flow:
    """Teorell, Meyer and Sievers: one z:z salt in a layer of fixed charge, between two Donnan potentials."""
    cation, anion = sorted(crossing.ions, key=lambda ion: -crossing.valences[ion])
    D, beta = _mobility(crossing), crossing.membrane.partition[cation]
    potential = teorell_meyer_sievers_potential(
        crossing.membrane.fixed_charge,
        D[cation],
        D[anion],
        beta * crossing.inside[cation],
        beta * crossing.outside[cation],
        crossing.temperature,
        crossing.valences[cation],
    )
    return Flow(float(potential) + crossing.bath_voltage, {})


# ---- where they have no answer -------------------------------------------------------------------------------------


def no_planck_layer(crossing: Crossing) -> str | None:
    """Why there is no electroneutral layer without fixed charge."""
    if crossing.is_charged:
        return "The membrane has fixed charge, which Planck's layer has not: see Teorell, Meyer and Sievers."
    return _uneven(crossing.membrane) or _one_sign(crossing)


def no_lewis_sargent(crossing: Crossing) -> str | None:
    """Why a junction is not that of Lewis and Sargent."""
    try:
        _two_salts(crossing)
    except CaseError as error:
        return str(error)
    return None


def no_charged_layer(crossing: Crossing) -> str | None:
    """Why the theory of Teorell, Meyer and Sievers has no answer."""
    charges = [crossing.valences[ion] for ion in crossing.ions]
    if len(charges) != 2 or sum(charges) != 0:
        passing = ", ".join(crossing.ions)
        return f"The theory has one salt of two ions with equal and opposite charge, and here {passing} pass."
    betas = [crossing.membrane.partition[ion] for ion in crossing.ions]
    if max(betas) - min(betas) > _SAME * max(betas):
        return "The theory has one partition coefficient for both ions, and here they differ."
    others = [ion for ion in _present(crossing) if ion not in crossing.ions]
    if others:
        return f"The theory has no ions but those that pass, and here the baths have {', '.join(others)} too."
    return _uneven(crossing.membrane)


def _one_sign(crossing: Crossing) -> str | None:
    """Why ions that pass cannot make up a neutral layer."""
    for side, bath in (("left", crossing.inside), ("right", crossing.outside)):
        signs = {crossing.valences[ion] > 0 for ion in crossing.ions if bath[ion] > 0}
        if len(signs) < 2:
            return f"Only ions of one sign enter the membrane from the {side} bath, so it cannot be electroneutral."
    return None


def _uneven(membrane: Membrane) -> str | None:
    """Why the membrane is not one material as far as ions can tell: the theories take it as that."""
    samples = [_samples(membrane, index) for index in range(membrane.first, membrane.last + 1)]
    partition, diffusivity = (np.concatenate(parts, axis=1) for parts in zip(*samples, strict=True))
    charges = {Membrane(membrane.case, k, k).fixed_charge for k in range(membrane.first, membrane.last + 1)}
    charged_unevenly = len(charges) > 1 or any(isinstance(layer.fixed_charge, Profile) for layer in membrane.layers)
    if charged_unevenly or _varies(partition) or _varies(diffusivity / diffusivity[0]):
        several = (
            f"a stack of {len(membrane.layers)} layers" if len(membrane.layers) > 1 else "not the same all through"
        )
        return f"The membrane is {several}, and the theory is of one material."
    return None


def _samples(membrane: Membrane, index: int) -> tuple[np.ndarray, np.ndarray]:
    """beta and D of the permeant ions (n, samples) in one layer."""
    case, layer = membrane.case, membrane.case.layers[index]
    x = np.linspace(0.0, layer.thickness, _SAMPLES)
    beta, D = (
        np.array([of(case, layer, ion, x) for ion in membrane.permeant])
        for of in (materials.partition, materials.diffusivity)
    )
    return beta, D


def _varies(rows: np.ndarray) -> bool:
    return bool(np.any(np.ptp(rows, axis=1) > _SAME * np.abs(rows).max(axis=1)))


# ---- the layer -----------------------------------------------------------------------------------------------------


def _present(crossing: Crossing) -> list[str]:
    """The charged ions of both baths."""
    valences = crossing.membrane.valences
    return [ion for ion in valences if valences[ion] and max(crossing.inside[ion], crossing.outside[ion]) > 0]


def _mobility(crossing: Crossing) -> dict[str, float]:
    """D / d of each permeant ion [m/s]: P over beta, with the gates as PNP has them."""
    voltage = crossing.profile.slab_voltage
    beta = crossing.membrane.partition
    return {ion: float(crossing.permeability(ion, voltage)) / beta[ion] for ion in crossing.ions}


def _inside(crossing: Crossing) -> Inside:
    """The layer's ends at Donnan equilibrium with the two solutions."""
    left, right = (_donnan(crossing, bath) for bath in (crossing.inside, crossing.outside))
    return Inside(left[0], right[0], right[1] - left[1] + crossing.bath_voltage)


def _donnan(crossing: Crossing, bath: Mapping[str, float]) -> tuple[dict[str, float], float]:
    """Concentrations of the permeant ions in the layer [mol/m^3], and its Donnan potential [V]."""
    ions = crossing.ions
    concentrations, partitions = ({ion: of[ion] for ion in ions} for of in (bath, crossing.membrane.partition))
    equilibrium = donnan_equilibrium(0.0, crossing.valences, concentrations, crossing.temperature, 0.0, partitions)
    return dict(zip(ions, equilibrium.concentrations.tolist(), strict=True)), equilibrium.potential


def _two_salts(crossing: Crossing) -> tuple[str, str, str]:
    """The ion of the left salt, of the right one, and their common one.  Raises CaseError with the reason if it is not so."""
    baths = [{ion for ion in crossing.ions if bath[ion] > 0} for bath in (crossing.inside, crossing.outside)]
    common = baths[0] & baths[1]
    left, right = (bath - common for bath in baths)
    if not len(common) == len(left) == len(right) == 1:
        raise CaseError("It takes one salt on either side, with one ion in common and the other different.")
    (a,), (b,), (c,) = left, right, common
    if abs(crossing.inside[c] - crossing.outside[c]) > _SAME * crossing.inside[c]:
        raise CaseError("It takes two salts of the same concentration, and here they differ.")
    if crossing.valences[a] != crossing.valences[b]:
        raise CaseError("It takes two salts of the same valence, and here they differ.")
    return a, b, c
