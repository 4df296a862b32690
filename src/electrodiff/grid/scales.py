"""The lengths over which a solution varies, estimated from the case before it is solved."""

from __future__ import annotations

import math

from electrodiff.fields import Profile
from electrodiff.materials import largest_partition
from electrodiff.model import Case, Layer
from electrodiff.theory.double_layer import debye_length, gouy_chapman_length


def layer_ionic_strength(case: Case, layer: Layer) -> float:
    """Largest ionic strength that the reservoirs and the fixed charge can hold in a layer [mol/m^3].

        I = (sum_i z_i^2 beta_i c_i + |X|) / 2

    c_i is the largest concentration of the ion anywhere: in the reservoirs, or at the start in a layer.
    """
    mobile = sum(
        case.valence(ion) ** 2 * largest_partition(case, layer, ion) * largest_concentration(case, ion)
        for ion in case.ions
    )
    fixed = layer.fixed_charge
    return (mobile + max(map(abs, fixed.value if isinstance(fixed, Profile) else (fixed,)))) / 2


def largest_concentration(case: Case, ion: str) -> float:
    """Largest concentration of an ion in the reservoirs and at the start [mol/m^3]."""
    initial = [layer.initial.get(ion, 0.0) for layer in case.layers]
    return max(case.concentrations("left")[ion], case.concentrations("right")[ion], *initial)


def layer_debye_length(case: Case, layer: Layer) -> float:
    """Debye length of a layer at its largest ionic strength [m]; infinite without ions."""
    strength = layer_ionic_strength(case, layer)
    if strength == 0:
        return math.inf
    return float(debye_length(strength, case.relative_permittivity(layer), case.temperature))


def boundary_scale(case: Case, layer: Layer, surface_charge: float) -> float:
    """Length over which the potential varies in a layer next to a boundary with a surface charge [m].

    The smallest of the layer's thickness, its Debye length and the Gouy-Chapman length of the charge.
    """
    scale = min(layer.thickness, layer_debye_length(case, layer))
    if surface_charge != 0:
        length = gouy_chapman_length(surface_charge, case.relative_permittivity(layer), case.temperature)
        scale = min(scale, float(length))
    return scale
