"""The lengths over which a solution varies, estimated from the case before it is solved."""

from __future__ import annotations

import math

from electrodiff.model import Case, Layer
from electrodiff.theory.double_layer import debye_length, gouy_chapman_length


def layer_ionic_strength(case: Case, layer: Layer) -> float:
    """Largest ionic strength that the reservoirs and the fixed charge can hold in a layer [mol/m^3].

    I = (sum_i z_i^2 beta_i c_i + |X|) / 2,      c_i the larger of the two reservoirs' concentrations
    """
    left, right = case.concentrations("left"), case.concentrations("right")
    mobile = sum(case.valence(ion) ** 2 * case.partition(layer, ion) * max(left[ion], right[ion]) for ion in case.ions)
    return (mobile + abs(layer.fixed_charge)) / 2


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
