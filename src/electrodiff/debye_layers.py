"""The Debye layers of a state beside its interfaces: their charges and potential drops, on top of its fluxes, in SI units.

Signs: x from left to right; a drop is phi(left) - phi(right).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from electrodiff import materials
from electrodiff.checks import SIDES
from electrodiff.derived import once_per_case
from electrodiff.ends import Reservoir
from electrodiff.fluxes import Fluxes
from electrodiff.fvm.kernels.entries import sum_charges
from electrodiff.model import Case
from electrodiff.profiles import DebyeLayer, Floats
from electrodiff.theory.double_layer import debye_length


class Part(NamedTuple):
    """The nodes from `start` to `stop` of a layer, given by its number, at one side of an interface."""

    side: str
    layer: int
    start: int
    stop: int


@dataclass(frozen=True)
class DebyeLayers(Fluxes):
    """What lies beside the interfaces of a stack."""

    @cached_property
    def layer_drop(self) -> dict[str, float]:
        """phi(left face) - phi(right face) of each layer [V]."""
        phi = self.state[self.problem.mesh.boundaries, -1] * self.problem.scales.potential
        return dict(zip(self.case.layer_names, (phi[:-1] - phi[1:]).tolist(), strict=True))

    @cached_property
    def debye_lengths(self) -> list[float]:
        """Debye length of each layer [m], at its reservoir if it has one, else in the middle; inf without ions."""
        bounds, places = self.problem.mesh.boundaries.tolist(), []
        ends = zip(pairwise(bounds), ends_in_reservoir(self.case), strict=True)
        for index, ((start, stop), (at_left, at_right)) in enumerate(ends):
            places.append(index + (start if at_left else stop if at_right else (start + stop + 1) // 2))
        squares = materials.materials_of(self.case).valence ** 2
        strength = (squares @ self.concentration[:, places] / 2).tolist()
        # Not "!= 0": an unconverged state may hold NaN, and is still to be drawn.
        lengths = zip(_unit_debye_lengths(self.case), strength, strict=True)
        return [unit / math.sqrt(own) if own > 0 else math.inf for unit, own in lengths]

    @cached_property
    def debye_layers(self) -> dict[str, tuple[DebyeLayer, DebyeLayer]]:
        """The Debye layers left and right of each interface, by the interface's name "left layer|right layer"."""
        every = [self._debye_layer(place) for place in range(2 * len(self.case.layers) - 2)]
        names = [f"{left}|{right}" for left, right in pairwise(self.case.layer_names)]
        return dict(zip(names, zip(every[::2], every[1::2], strict=True), strict=True))

    @cached_property
    def end_debye_layers(self) -> dict[str, DebyeLayer]:
        """The Debye layer next to the first interface, on its left, and next to the last one, on its right.

        Without an interface: the two halves of the only layer.
        """
        return {"left": self._debye_layer(0), "right": self._debye_layer(-1)}

    @cached_property
    def charge_beside(self) -> dict[str, float]:
        """Charge per area of the Debye layer on each side of each interface [C/m^2], by "interface.side"."""
        return dict(zip(_names_beside(self.case), self._charges_and_drops[0], strict=False))

    @cached_property
    def drop_beside(self) -> dict[str, float]:
        """phi(left) - phi(right) of the Debye layer on each side of each interface [V], by "interface.side"."""
        return dict(zip(_names_beside(self.case), self._charges_and_drops[1], strict=False))

    @property
    def surface_charge(self) -> dict[str, float]:
        """Charge per area held by the left and right Debye layer [C/m^2]; see `end_debye_layers`."""
        charges = self._charges_and_drops[0]
        return {"left": charges[0], "right": charges[-1]}

    @property
    def debye_drop(self) -> dict[str, float]:
        """phi(left) - phi(right) of the left and right Debye layer [V]; see `end_debye_layers`."""
        drops = self._charges_and_drops[1]
        return {"left": drops[0], "right": drops[-1]}

    @cached_property
    def face_charge(self) -> Floats:
        """(N-1,) charge of both half cells of every face, per reference area [C/m^2]."""
        left, right = self.half_charge
        return left + right

    @cached_property
    def debye_parts(self) -> list[Part]:
        """The Debye layers left and right of each interface in turn; without one, the two halves of the only layer."""
        bounds, last = self.problem.mesh.boundaries.tolist(), len(self.case.layers) - 1
        if last == 0:
            middle = self._middle(*bounds)
            # The left half is what lies to the right of the left end, and so on.
            return [Part("right", 0, bounds[0], middle), Part("left", 0, middle, bounds[1])]
        parts = []
        for index, (start, stop) in enumerate(pairwise(bounds)):
            at_left, at_right = ends_in_reservoir(self.case)[index]
            middle = 0 if at_left or at_right else self._middle(start, stop)
            if index > 0:
                parts.append(Part("right", index, start, stop if at_right else middle))
            if index < last:
                parts.append(Part("left", index, start if at_left else middle, stop))
        return parts

    def _middle(self, start: int, stop: int) -> int:
        """The node nearest to the middle between two others."""
        x = self.problem.mesh.x
        middle = (x[start] + x[stop]) / 2
        after = int(x.searchsorted(middle))
        return after - 1 if middle - x[after - 1] <= x[after] - middle else after

    @cached_property
    def _charges_and_drops(self) -> tuple[list[float], list[float]]:
        """Charge [C/m^2] and drop [V] of each of the parts."""
        parts, scales = self.debye_parts, self.problem.scales
        starts, stops = np.array([part[2:] for part in parts]).T.copy()
        charges, phi = np.empty(len(parts)), self.state[:, -1]
        sum_charges(self._reading.half_charge, starts, stops, charges)
        drops = (phi[starts] - phi[stops]) * scales.potential
        return (charges * scales.surface_charge).tolist(), drops.tolist()

    def _debye_layer(self, place: int) -> DebyeLayer:
        (side, index, start, stop), (charges, drops) = self.debye_parts[place], self._charges_and_drops
        name, length = self.case.layer_names[index], self.debye_lengths[index]
        return DebyeLayer(side, name, start + index, stop + index, charges[place], drops[place], length)


@once_per_case
def ends_in_reservoir(case: Case) -> list[tuple[bool, bool]]:
    """Whether there is a reservoir at the left and the right end of each layer."""
    last = len(case.layers) - 1
    left, right = (isinstance(getattr(case, side), Reservoir) for side in SIDES)
    return [(index == 0 and left, index == last and right) for index in range(last + 1)]


@once_per_case
def _unit_debye_lengths(case: Case) -> list[float]:
    """Debye length of each layer [m] at an ionic strength of 1 mol/m^3; it falls with the root of that."""
    permittivity = materials.materials_of(case).relative_permittivity
    lengths: list[float] = np.asarray(debye_length(1.0, permittivity, case.temperature)).tolist()
    return lengths


@once_per_case
def _names_beside(case: Case) -> list[str]:
    """Names of the Debye layers beside the interfaces, "left layer|right layer.side"."""
    return [f"{left}|{right}.{side}" for left, right in pairwise(case.layer_names) for side in SIDES]
