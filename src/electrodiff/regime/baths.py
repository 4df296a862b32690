"""The solutions on both sides of a membrane, or before a wall: what is in them, how they screen and conduct."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from itertools import dropwhile, takewhile

import numpy as np

from electrodiff import materials
from electrodiff.checks import NEUTRAL, is_absent
from electrodiff.ends import Reservoir
from electrodiff.errors import CaseError
from electrodiff.grid.geometry import case_geometry
from electrodiff.grid.mesh import layer_areas, reference_layer
from electrodiff.layers import Layer
from electrodiff.membrane import Membrane, holds_back_or_is_charged
from electrodiff.model import Case, Side
from electrodiff.theory.donnan import donnan_equilibrium
from electrodiff.theory.double_layer import debye_length, grahame_charge, ionic_strength
from electrodiff.units import FARADAY, thermal_voltage

# A bath that narrows to nothing within a Debye length has no Debye layer to speak of.
_LEAST_CAPACITY = 0.1


@dataclass(frozen=True)
class Bath:
    """Layers between one face of a membrane, or a wall, and an end of the stack, and the solution that fills them."""

    case: Case
    side: Side
    """The end it reaches to."""
    first: int
    """Index of its leftmost layer."""
    last: int
    """Index of its rightmost layer."""
    concentrations: dict[str, float]
    """Of each ion, far from everything [mol/m^3]."""
    is_closed: bool
    """Whether it is a compartment with a wall or a plane of symmetry at its end, and no reservoir."""

    @property
    def layers(self) -> tuple[Layer, ...]:
        """Its layers, from left to right."""
        return self.case.layers[self.first : self.last + 1]

    @property
    def face(self) -> Layer:
        """The layer at the membrane, or at the wall."""
        return self.layers[-1 if self.side == "left" else 0]

    @property
    def thickness(self) -> float:
        """L [m]."""
        return math.fsum(layer.thickness for layer in self.layers)

    @property
    def width(self) -> float:
        """Thickness of the water at the face [m]: up to the next layer that holds back ions or is charged, or to the end."""
        width = 0.0
        for layer in self.layers if self.side == "right" else self.layers[::-1]:
            if width > 0 and holds_back_or_is_charged(layer):
                break
            width += layer.thickness
        return width

    @property
    def relative_permittivity(self) -> float:
        """That of the layer at the face."""
        return self.case.relative_permittivity(self.face)

    @cached_property
    def ionic_strength(self) -> float:
        """I of the solution [mol/m^3]."""
        ions = self.case.ions
        return float(ionic_strength(self.case.valences, [self.concentrations[ion] for ion in ions]))

    @property
    def is_neutral(self) -> bool:
        """Whether there are ions, and they balance: what Grahame's equation asks for."""
        charges = [self.case.valence(ion) * c for ion, c in self.concentrations.items()]
        return any(charges) and abs(math.fsum(charges)) <= NEUTRAL * math.fsum(map(abs, charges))

    @property
    def debye_length(self) -> float:
        """lambda at the face [m]; inf without ions."""
        return screening_length(self.ionic_strength, self.relative_permittivity, self.case.temperature)

    @cached_property
    def opening(self) -> float:
        """lambda A' / (2 A) at the face, A' along the way from it: lambda / r outside a sphere, half of it outside a
        cylinder.

        The Debye layer of a sphere holds 1 + this times the charge of a flat one, at low potentials.
        """
        if not math.isfinite(self.debye_length):
            return 0.0
        away = -1.0 if self.side == "left" else 1.0
        position = math.fsum(layer.thickness for layer in self.case.layers[: self.last + 1 if away < 0 else self.first])
        step = 1e-3 * min(self.debye_length, self.thickness)
        near, far = case_geometry(self.case).area(np.array([position, position + away * step]))
        return self.debye_length * float(far - near) / step / (2 * float(near)) if near > 0 else 0.0

    def grahame_charge(self, potential: float) -> float:
        """Charge of a flat face at a potential against the bulk, of ions as points [C/m^2]; for a neutral bath."""
        salt = self.case.valences, [self.concentrations[ion] for ion in self.case.ions]
        return float(grahame_charge(potential, *salt, self.relative_permittivity, self.case.temperature))

    @property
    def capacity(self) -> float:
        """Charge of the Debye layer at the face over that of a flat one, at low potentials."""
        return max(1 + self.opening, _LEAST_CAPACITY)

    @cached_property
    def permeance(self) -> dict[str, float]:
        """D / L of each ion [m/s] per reference area of the case; 0 where a layer keeps it out."""
        return Membrane(self.case, self.first, self.last).permeability

    @property
    def conductance(self) -> float:
        """F^2 / (R T) sum z^2 D c / L [S/m^2]."""
        return conductance(self.case, self.permeance, self.concentrations)

    @cached_property
    def volume(self) -> float:
        """Volume over the reference area of the case [m]."""
        faces = np.cumsum([0.0, *(layer.thickness for layer in self.case.layers)])
        ends = faces[[self.first, self.last + 1]]
        return float(case_geometry(self.case).volume(ends[0], ends[1])) / reference_layer(self.case)[1]


def screening_length(strength: float, relative_permittivity: float, temperature: float) -> float:
    """Debye length [m] at an ionic strength [mol/m^3]; inf at 0."""
    if strength == 0:
        return math.inf
    return float(debye_length(strength, relative_permittivity, temperature))


def conductance(case: Case, permeance: dict[str, float], concentrations: dict[str, float]) -> float:
    """F^2 / (R T) sum z^2 P c [S/m^2]."""
    terms = (case.valence(ion) ** 2 * permeance[ion] * concentrations[ion] for ion in case.ions)
    return FARADAY / thermal_voltage(case.temperature) * math.fsum(terms)


def slab_areas(case: Case) -> list[float]:
    """Mean area of each layer over the reference area of the case."""
    reference = reference_layer(case)[1]
    return [area / reference for area in layer_areas(case)]


def bath_beside(membrane: Membrane, side: Side) -> Bath | None:
    """The bath left or right of a membrane; None where the stack ends with the membrane."""
    case = membrane.case
    first, last = (0, membrane.first - 1) if side == "left" else (membrane.last + 1, len(case.layers) - 1)
    if last < first:
        return None
    if isinstance(getattr(case, side), Reservoir):
        return Bath(case, side, first, last, case.concentrations(side), is_closed=False)
    return Bath(case, side, first, last, _closed_concentrations(membrane, side, first, last), is_closed=True)


def _closed_concentrations(membrane: Membrane, side: Side, first: int, last: int) -> dict[str, float]:
    """What a closed compartment holds at equilibrium: ions that cannot leave, and Donnan's share of those that can."""
    case = membrane.case
    trapped = {
        ion: 0.0 if membrane.permeability[ion] > 0 else _mean_initial(case, ion, first, last) for ion in case.ions
    }
    beyond = membrane.outside if side == "left" else membrane.inside
    mobile = {ion: beyond[ion] if membrane.permeability[ion] > 0 else 0.0 for ion in case.ions}
    charge = math.fsum(case.valence(ion) * trapped[ion] for ion in case.ions)
    try:
        inside = donnan_equilibrium(charge, membrane.valences, mobile, case.temperature)
    except CaseError:  # nothing that passes can make it neutral: it is charged, or holds the trapped ions alone
        return trapped
    return {ion: trapped[ion] + float(c) for ion, c in zip(case.ions, inside.concentrations, strict=True)}


def _mean_initial(case: Case, ion: str, first: int, last: int) -> float:
    """Initial concentration of an ion [mol/m^3], averaged over the volume of layers."""
    faces = np.cumsum([0.0, *(layer.thickness for layer in case.layers)])
    geometry = case_geometry(case)
    volumes = [float(geometry.volume(faces[index], faces[index + 1])) for index in range(first, last + 1)]
    return math.fsum(initial_amount(case, index, ion) for index in range(first, last + 1)) / math.fsum(volumes)


def initial_amount(case: Case, index: int, ion: str) -> float:
    """What a layer holds of an ion at the start: the integral of c A dx [mol, or per reference area or length]."""
    layer = case.layers[index]
    edges = np.linspace(0.0, layer.thickness, 401)
    start = sum(before.thickness for before in case.layers[:index])
    volumes = case_geometry(case).volume(start + edges[:-1], start + edges[1:])
    return float(volumes @ materials.initial(layer, ion, (edges[:-1] + edges[1:]) / 2))


def wall_bath_of(case: Case) -> Bath | None:
    """The solution of a stack without a membrane, from the reservoir if there is one, else of what is there at the start.

    It fills the layers that ions of both signs enter, from the end with the reservoir to the first that they do not.
    """
    side: Side = "left" if isinstance(case.left, Reservoir) else "right"
    order = range(len(case.layers)) if side == "left" else reversed(range(len(case.layers)))
    within = dropwhile(lambda index: not _lets_in_both_signs(case, case.layers[index]), order)
    run = list(takewhile(lambda index: _lets_in_both_signs(case, case.layers[index]), within))
    if not run:
        return None
    first, last = min(run), max(run)
    if isinstance(getattr(case, side), Reservoir):
        return Bath(case, side, first, last, case.concentrations(side), is_closed=False)
    initial = {ion: _mean_initial(case, ion, first, last) for ion in case.ions}
    return Bath(case, side, first, last, initial, is_closed=True)


def _lets_in_both_signs(case: Case, layer: Layer) -> bool:
    return {-1, 1} <= {np.sign(case.valence(ion)) for ion in case.ions if not is_absent(layer, ion)}


def mean_diffusivity(case: Case, layer: Layer, ion: str) -> float:
    """Mean D of an ion over a layer [m^2/s]."""
    x = np.linspace(0.0, layer.thickness, 101)
    return float(np.mean(materials.diffusivity(case, layer, ion, x)))
