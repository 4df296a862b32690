"""A membrane between two liquids, as the closed forms of charge see it: its faces, and the capacitor between them.

Charges are per reference area of the case, that of the left face of the membrane, unless they are said to be a face's
own.  Signs: V_m = phi(left) - phi(right); the displacement D = eps E points right.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from electrodiff.grid.geometry import case_geometry
from electrodiff.grid.mesh import layer_areas, reference_layer
from electrodiff.ladder.charge_rows import Bulk, Reading, computed, find_bulk, is_charged, left_edge, read
from electrodiff.ladder.rung import Setting
from electrodiff.membrane import Membrane
from electrodiff.regime.records import Outlook
from electrodiff.regime.words import concentration, length, outlook
from electrodiff.theory.capacitor import series_capacitance, slab_capacitance
from electrodiff.theory.ghk_layers import GhkSlab, ghk_slab
from electrodiff.units import SURFACE_CHARGE, VACUUM_PERMITTIVITY, thermal_voltage


@dataclass(frozen=True)
class Face:
    """One face of a membrane, with the liquid beside it."""

    setting: Setting
    side: str
    bulk: Bulk
    charge: float
    """sigma on the face itself [C/m^2]."""
    area: float
    """Relative to the reference area."""

    @property
    def interface(self) -> str:
        """Its name, "left layer|right layer"."""
        names = self.setting.case.layer_names
        first = self.bulk.layer - (self.side == "right")
        return f"{names[first]}|{names[first + 1]}"

    @property
    def liquid(self) -> str:
        """Name of the layer of the liquid."""
        return self.setting.case.layer_names[self.bulk.layer]

    @property
    def is_thin(self) -> bool:
        """Whether the liquid is thinner than its Debye length."""
        return self.bulk.debye_length > self.bulk.thickness

    @property
    def is_outermost(self) -> bool:
        """Whether it is the first interface of the stack from this side, whose Debye layer is that of the end."""
        return self.bulk.layer in (0, len(self.setting.case.layers) - 1)

    def scalar(self, of_end: str, beside: str) -> str:
        """The name of a scalar of its Debye layer, in the family of the ends or of the interfaces."""
        return f"{of_end}.{self.side}" if self.is_outermost else f"{beside}.{self.interface}.{self.side}"

    @property
    def liquid_charge(self) -> Reading | None:
        """Charge of the Debye layer beside it."""
        name = self.scalar("surface_charge", "charge_beside")
        return read(self.setting, name, f"charge of the Debye layer, {self.liquid}")

    @property
    def drop(self) -> Reading | None:
        """phi(left) - phi(right) over this Debye layer."""
        name = self.scalar("debye_drop", "drop_beside")
        return read(self.setting, name, f"potential drop of the Debye layer, {self.liquid}")

    @property
    def membrane_permittivity(self) -> float:
        """eps_r of the layer of the membrane at this face."""
        return self.setting.case.relative_permittivity(self.setting.case.layers[self.bulk.layer - self.outward])

    @property
    def outward(self) -> int:
        """1 if the liquid lies to the right of the membrane, -1 if to the left."""
        return 1 if self.side == "right" else -1


@dataclass(frozen=True)
class Slab:
    """A membrane without fixed charge between two liquids, as a capacitor."""

    setting: Setting
    membrane: Membrane
    left: Face
    right: Face

    @property
    def voltage(self) -> float:
        """From bulk to bulk [V]: V_m less what lies beyond."""
        return self.left.bulk.potential - self.right.bulk.potential

    @cached_property
    def flat_capacitance(self) -> float:
        """eps / d of a plane with the area of the left face [F/m^2]."""
        flat = slab_capacitance(self.membrane.thickness, self.membrane.relative_permittivity)
        return float(flat) * self.left.area

    @cached_property
    def capacitance(self) -> float:
        """Of the membrane as it is curved [F/m^2]."""
        return shell_capacitance(self.membrane) / reference_layer(self.setting.case)[1]

    @cached_property
    def linear_displacement(self) -> float:
        """D between Debye layers that take sigma lambda / eps [C/m^2]."""
        layers = [_debye_capacitance(face) for face in (self.left, self.right)]
        offsets = [face.charge * face.area / layer for face, layer in zip((self.left, self.right), layers, strict=True)]
        series = float(series_capacitance(self.capacitance, *layers))
        return series * (self.voltage + offsets[0] - offsets[1])

    @cached_property
    def between_layers(self) -> GhkSlab:
        """The slab between two Gouy-Chapman layers, per area of the left face.

        A Debye layer holds sqrt(eps c) times a function of its drop, so that one on a larger area, or in a liquid of
        another permittivity, is one of more concentrated liquid.
        """
        left, right = self.left.bulk, self.right.bulk
        area = self.right.area / self.left.area
        stronger = right.relative_permittivity / left.relative_permittivity * area**2
        permittivity = self.membrane.relative_permittivity
        return ghk_slab(
            permeabilities={},
            valences=left.valences,
            inside=left.concentrations,
            outside={ion: stronger * c for ion, c in right.concentrations.items()},
            voltage=self.voltage,
            thickness=VACUUM_PERMITTIVITY * permittivity / (self.capacitance / self.left.area),
            relative_permittivity=permittivity,
            water_relative_permittivity=left.relative_permittivity,
            temperature=left.temperature,
            left_surface_charge=self.left.charge,
            right_surface_charge=self.right.charge * area,
        )

    @property
    def displacement(self) -> float:
        """D of the slab between Gouy-Chapman layers, per reference area [C/m^2]."""
        return self.between_layers.displacement * self.left.area

    @cached_property
    def charge(self) -> Reading | None:
        """PNP's charge left of the slab: of the Debye layer, and of the face if that is charged."""
        beside = self.left.liquid_charge
        if beside is None or self.left.charge == 0:
            return beside
        label = f"charge of the face and its Debye layer, {self.left.liquid}"
        value = beside.value + self.left.charge * self.left.area
        return computed(self.setting, "slab_charge.left", label, SURFACE_CHARGE, value, beside.error)

    @property
    def inner_share(self) -> float:
        """Charge of the ions in the slab, by PNP, as a share of that left of it."""
        names = (f"{self.left.interface}.right", f"{self.right.interface}.left")
        inner = max(abs(self.setting.solution.charge_beside[name]) for name in names)
        return inner / abs(self.charge.value) if self.charge is not None and self.charge.value else math.inf

    @property
    def inner_debye_length(self) -> float:
        """Shortest Debye length in the slab, by PNP [m]."""
        return min(self.setting.solution.debye_lengths[self.membrane.first : self.membrane.last + 1])

    @property
    def is_charged(self) -> bool:
        """Whether a face carries a charge."""
        return self.left.charge != 0 or self.right.charge != 0


def _debye_capacitance(face: Face) -> float:
    bulk = face.bulk
    return float(slab_capacitance(bulk.debye_length, bulk.relative_permittivity)) * face.area


def shell_capacitance(membrane: Membrane) -> float:
    """Capacitance of a membrane as it is curved [F], per length of the axis in a cylinder [F/m], per area of a plane.

    1 / C = sum over layers of d / (eps A),    A: d over the integral of dx / A
    """
    case = membrane.case
    areas = layer_areas(case)[membrane.first : membrane.last + 1]
    layers = zip(membrane.layers, areas, strict=True)
    each = (float(slab_capacitance(k.thickness, case.relative_permittivity(k))) * area for k, area in layers)
    return float(series_capacitance(*each))


def let_through(setting: Setting, left: float | None, right: float | None) -> Outlook:
    """What a wall that lets no field through costs, by the regime: against a slab between two Debye layers.

    Of the potential of one face against its bath [V], or of the difference of two; None for a face that is not asked for.
    """
    asked = {"left": left, "right": right}
    known = dict(zip(asked, (face.potential for face in setting.regime.faces), strict=False))
    off = {side: alone - (known.get(side) or 0.0) for side, alone in asked.items() if alone is not None}
    if any(known.get(side) is None for side in off):
        return "fails"
    return outlook(abs(off.get("left", 0.0) - off.get("right", 0.0)) / thermal_voltage(setting.case.temperature))


def find_faces(setting: Setting) -> tuple[Face, Face] | None:
    """The two faces of the membrane of a case; None if it has none, or no liquid with ions on both sides."""
    membrane, case = setting.membrane, setting.case
    if membrane is None or not (membrane.left_bath and membrane.right_bath):
        return None
    edges = np.array([left_edge(case, membrane.first), left_edge(case, membrane.last + 1)])
    _, reference = reference_layer(case)
    left_area, right_area = (float(area) / reference for area in case_geometry(case).area(edges))
    left, right = (find_bulk(setting.solution, layer) for layer in (membrane.first - 1, membrane.last + 1))
    if left is None or right is None:
        return None
    charges = membrane.surface_charges
    return Face(setting, "left", left, charges[0], left_area), Face(setting, "right", right, charges[1], right_area)


def find_slab(setting: Setting) -> Slab | None:
    """The membrane of a case as a capacitor; None if it is none: see `why_no_capacitor`."""
    membrane, faces = setting.membrane, find_faces(setting)
    if membrane is None or faces is None or why_no_capacitor(membrane, faces):
        return None
    return Slab(setting, membrane, *faces)


def inner_charge(membrane: Membrane) -> str:
    """The charges that a membrane has inside, in words; empty without any."""
    if any(map(is_charged, membrane.layers)):
        return f"{concentration(membrane.fixed_charge)} of fixed charge"
    names = membrane.case.layer_names[membrane.first : membrane.last + 1]
    return "a surface charge" if any(membrane.case.surface_charge(*pair) for pair in pairwise(names)) else ""


def why_no_capacitor(membrane: Membrane, faces: tuple[Face, Face]) -> str:
    """Why a membrane is no capacitor; empty if it may be one."""
    mesh, charge = membrane.case.mesh, inner_charge(membrane)
    if mesh.area is not None or mesh.radius is not None:
        return "The case is a pore: what its voltage charges is the membrane around it, which the case leaves out."
    if charge:
        return f"There is {charge} in the membrane, with counter-ions beside it at any voltage."
    if any(face.is_thin for face in faces):
        thin = max(faces, key=lambda face: face.bulk.debye_length / face.bulk.thickness).bulk
        return (
            f"The liquid beside the membrane is {length(thin.thickness)} thick and its Debye length "
            f"{length(thin.debye_length)}: no layer of charge fits into it."
        )
    return ""
