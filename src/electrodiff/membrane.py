"""A case as the textbook models see it: two solutions, and the membrane between them.

Nothing here is solved.  Signs: x runs from left (inside) to right (outside), V_m = phi(left) - phi(right).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from electrodiff import materials
from electrodiff.ends import Reservoir, Wall
from electrodiff.grid.mesh import Floats, layer_areas, reference_layer
from electrodiff.grid.scales import spread_fixed_charge
from electrodiff.layers import Layer
from electrodiff.model import Case
from electrodiff.theory.double_layer import debye_length, ionic_strength

# Positions in a layer at which a profile is averaged: piecewise linear, and no number of the ladder needs more than 1e-3.
_SAMPLES = 401


@dataclass(frozen=True)
class Membrane:
    """The stretch of the stack that holds back ions or has a charge of its own, with baths on both sides.

    Porous layers beside a tight one belong to the baths.  A stack of nothing but water is all membrane: a liquid
    junction.
    """

    case: Case
    first: int
    """Index of the leftmost layer of the membrane."""
    last: int
    """Index of the rightmost one."""

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The layers of the membrane, from left to right."""
        return self.case.layers[self.first : self.last + 1]

    @property
    def is_gated(self) -> bool:
        """Whether the voltage opens and closes any way through it."""
        return any(materials.gates(self.case, layer, ion) for layer in self.layers for ion in self.case.ions)

    @property
    def left_bath(self) -> tuple[Layer, ...]:
        """The layers left of the membrane."""
        return self.case.layers[: self.first]

    @property
    def right_bath(self) -> tuple[Layer, ...]:
        """The layers right of the membrane."""
        return self.case.layers[self.last + 1 :]

    @property
    def is_junction(self) -> bool:
        """Whether the stack is nothing but water between two reservoirs."""
        return not (self.left_bath or self.right_bath) and not any(map(holds_back_or_is_charged, self.layers))

    @property
    def name(self) -> str:
        """The names of its layers."""
        return " | ".join(layer.name for layer in self.layers)

    @property
    def thickness(self) -> float:
        """d [m]."""
        return math.fsum(layer.thickness for layer in self.layers)

    @property
    def relative_permittivity(self) -> float:
        """That of a slab of the same capacitance: d / sum of d_k / eps_k."""
        series = math.fsum(layer.thickness / self.case.relative_permittivity(layer) for layer in self.layers)
        return self.thickness / series

    @cached_property
    def permeability(self) -> dict[str, float]:
        """P of each ion [m/s] per reference area of the case; 0 if it cannot pass.

            1 / P = sum over layers of (A_ref / A) integral of dx / (D beta)

        A: the mean area of the layer, its thickness over the integral of dx / A.
        """
        return {ion: self._series(ion) for ion in self.case.ions}

    def _series(self, ion: str) -> float:
        """P of layers in series; formed from logarithms, since a barrier may make one smaller than any number."""
        areas = layer_areas(self.case)[self.first : self.last + 1]
        _, reference = reference_layer(self.case)
        logs = [
            materials.log_resistance(self.case, layer, ion) + math.log(reference / area)
            for layer, area in zip(self.layers, areas, strict=True)
        ]
        return math.exp(-float(np.logaddexp.reduce(logs)))

    @property
    def permeant(self) -> tuple[str, ...]:
        """The charged ions that pass the membrane and are there to pass it."""
        inside, outside = self.inside, self.outside
        return tuple(
            ion
            for ion, P in self.permeability.items()
            if P > 0 and self.case.valence(ion) and max(inside[ion], outside[ion]) > 0
        )

    @property
    def inside(self) -> dict[str, float]:
        """Concentrations of the left reservoir [mol/m^3]; 0 where the left end is none."""
        return self.case.concentrations("left")

    @property
    def outside(self) -> dict[str, float]:
        """Concentrations of the right reservoir [mol/m^3]; 0 where the right end is none."""
        return self.case.concentrations("right")

    @property
    def valences(self) -> dict[str, int]:
        """z of each ion."""
        return {ion: self.case.valence(ion) for ion in self.case.ions}

    @property
    def joins_reservoirs(self) -> bool:
        """Whether there is a reservoir at both ends."""
        return isinstance(self.case.left, Reservoir) and isinstance(self.case.right, Reservoir)

    @property
    def voltage(self) -> float | None:
        """V_m [V] if the case gives it; None where it is unknown."""
        ends = self.case.left, self.case.right
        potentials = [end.potential for end in ends if isinstance(end, Reservoir) and end.potential != "floating"]
        return float(potentials[0]) - float(potentials[1]) if len(potentials) == len(ends) else None

    @property
    def surface_charges(self) -> tuple[float, float]:
        """sigma on its left and right face [C/m^2]; 0 where there is no bath beside it."""
        names = self.case.layer_names
        faces = [self.case.surface_charge(left, right) for left, right in pairwise(names)]
        left = faces[self.first - 1] if self.left_bath else 0.0
        return left, faces[self.last] if self.right_bath else 0.0

    @cached_property
    def partition(self) -> dict[str, float]:
        """Mean beta of each ion over the thickness; 0 if it cannot pass."""
        return {ion: self._mean_partition(ion) if P > 0 else 0.0 for ion, P in self.permeability.items()}

    def _mean_partition(self, ion: str) -> float:
        return self._mean(lambda layer, x: materials.partition(self.case, layer, ion, x))

    @cached_property
    def fixed_charge(self) -> float:
        """Mean X over the thickness [mol/m^3 of elementary charges]."""
        return self._mean(self._fixed_charge)

    def _fixed_charge(self, layer: Layer, x: Floats) -> Floats:
        spread = spread_fixed_charge(self.case, layer)
        return materials.fixed_charge(layer, x) if spread is None else np.full(x.shape, spread)

    def _mean(self, of: Callable[[Layer, Floats], Floats]) -> float:
        """Mean over the thickness of a function that is smooth, or piecewise linear, in each layer."""
        integral = 0.0
        for layer in self.layers:
            values = of(layer, np.linspace(0.0, layer.thickness, _SAMPLES))
            integral += float(np.mean((values[:-1] + values[1:]) / 2)) * layer.thickness
        return integral / self.thickness

    @property
    def ionic_strengths(self) -> tuple[float, float]:
        """I = sum z^2 beta c / 2 of the mobile ions inside the membrane, as its left and its right bath alone would fill it
        [mol/m^3]."""
        charges = list(self.valences.values())
        sides = [[self.partition[ion] * c for ion, c in bath.items()] for bath in (self.inside, self.outside)]
        left, right = (float(ionic_strength(charges, side)) for side in sides)
        return left, right

    @property
    def debye_length(self) -> float:
        """Debye length of the mobile ions inside the membrane, at the larger of the two ionic strengths [m]; inf without."""
        strength = max(self.ionic_strengths)
        if strength == 0:
            return math.inf
        return float(debye_length(strength, self.relative_permittivity, self.case.temperature))


def find_membrane(case: Case) -> Membrane | None:
    """The membrane of a case; None where there is nothing to cross: a wall at an end, or water at a plane of symmetry."""
    if isinstance(case.left, Wall) or isinstance(case.right, Wall):
        return None
    for is_membrane in _SIGNS:
        marked = [index for index, layer in enumerate(case.layers) if is_membrane(layer)]
        if marked:
            return _tight_part(Membrane(case, marked[0], marked[-1]))
    joins = isinstance(case.left, Reservoir) and isinstance(case.right, Reservoir)
    return Membrane(case, 0, len(case.layers) - 1) if joins else None


def holds_back_or_is_charged(layer: Layer) -> bool:
    """Whether a layer has partition coefficients, or a charge of its own."""
    return bool(layer.partition_tables) or is_charged(layer)


def _is_slower(layer: Layer) -> bool:
    """Whether ions have diffusivities of their own in a layer: a porous film, if nothing else is a membrane."""
    return bool(layer.diffusivity)


# What tells a membrane from water, the plainest sign first: slow water beside a membrane is still a bath.
_SIGNS = (holds_back_or_is_charged, _is_slower)


def is_charged(layer: Layer) -> bool:
    """Whether a layer has a fixed charge."""
    return layer.total_fixed_charge is not None or layer.fixed_charge != 0


# Share of the resistance to an ion that counts as all of it: what is left moves its flux by no more than 1 %.
_ALL = 0.99


def _tight_part(membrane: Membrane) -> Membrane:
    """The membrane without the porous layers at its ends."""
    first, last = membrane.first, membrane.last
    while last > first and _is_porous(membrane.case, first, last - 1, last):
        last -= 1
    while last > first and _is_porous(membrane.case, first + 1, last, first):
        first += 1
    return Membrane(membrane.case, first, last)


def _is_porous(case: Case, first: int, last: int, end: int) -> bool:
    """Whether a layer is no obstacle beside the others from `first` to `last`: a piece of the bath.

    It has no charge, lets ions of both signs in, which keep it neutral, and adds to the resistance of none that passes.
    """
    layer = case.layers[end]
    entering = {np.sign(case.valence(ion)) for ion in case.ions if materials.largest_partition(case, layer, ion) > 0}
    if is_charged(layer) or not {-1, 1} <= entering:
        return False
    rest = Membrane(case, first, last).permeability
    whole = Membrane(case, min(first, end), max(last, end)).permeability
    return all(_ALL * rest[ion] <= whole[ion] for ion in case.ions if case.valence(ion))
