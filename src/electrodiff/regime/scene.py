"""A case as the limits look at it: membrane, solutions, and where they meet."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from electrodiff.checks import SIDES
from electrodiff.ends import Reservoir, Wall
from electrodiff.layers import Layer
from electrodiff.membrane import Membrane, find_membrane, is_charged
from electrodiff.model import Case, Side
from electrodiff.regime.baths import Bath, bath_beside, wall_bath_of
from electrodiff.regime.interior import Interior
from electrodiff.regime.records import Face
from electrodiff.regime.stirred import stirred_state
from electrodiff.theory.capacitor import series_capacitance, slab_capacitance
from electrodiff.theory.double_layer import gouy_chapman_length, grahame_potential_mixture
from electrodiff.theory.double_layer_capacitance import stern_diffuse_potential
from electrodiff.theory.ghk_layers import ghk_slab
from electrodiff.theory.steric import bikerman_charge
from electrodiff.units import thermal_voltage


@dataclass(frozen=True)
class Scene:
    """What every limit may look at."""

    case: Case

    @property
    def volt(self) -> float:
        """R T / F [V]."""
        return thermal_voltage(self.case.temperature)

    @cached_property
    def membrane(self) -> Membrane | None:
        """None where there is nothing to cross."""
        return find_membrane(self.case)

    @cached_property
    def baths(self) -> tuple[Bath, ...]:
        """The solutions beside the membrane, from left to right, or the only one."""
        if self.membrane is None:
            bath = wall_bath_of(self.case)
            return () if bath is None else (bath,)
        both = (bath_beside(self.membrane, side) for side in SIDES)
        return tuple(bath for bath in both if bath is not None)

    def bath(self, side: Side) -> Bath | None:
        """The bath at one side of the membrane, or the only one."""
        return next((bath for bath in self.baths if self.membrane is None or bath.side == side), None)

    @cached_property
    def interior(self) -> Interior | None:
        """The membrane with its solutions; None without a membrane."""
        m = self.membrane
        return None if m is None else Interior(m, self.bath("left"), self.bath("right"))

    @cached_property
    def junction(self) -> Interior | None:
        """A membrane through which something may flow: between two reservoirs, or with transporters to a compartment."""
        flows = self.membrane is not None and (self.membrane.joins_reservoirs or stirred_state(self.case) is not None)
        return self.interior if flows else None

    @cached_property
    def parts(self) -> tuple[Interior, ...]:
        """Each layer of the membrane by itself, between the same solutions."""
        m = self.membrane
        if m is None:
            return ()
        single = (Membrane(self.case, index, index) for index in range(m.first, m.last + 1))
        return tuple(Interior(each, self.bath("left"), self.bath("right")) for each in single)

    @cached_property
    def faces(self) -> tuple[Face, ...]:
        """Of the membrane and of the walls, from left to right."""
        if self.interior is not None:
            return _membrane_faces(self.interior, self.parts)
        walls = ((side, getattr(self.case, side)) for side in SIDES)
        return tuple(_wall_face(self, side, wall) for side, wall in walls if isinstance(wall, Wall))

    @cached_property
    def largest_drop(self) -> Face | None:
        """The face with the largest potential against its solution; None without one that is known."""
        known = [face for face in self.faces if face.potential is not None]
        return max(known, key=lambda face: abs(face.potential or 0.0), default=None)

    def bath_of(self, face: Face) -> Bath:
        """The solution at a face."""
        return next(bath for bath in self.baths if face.layer in {layer.name for layer in bath.layers})


def _membrane_faces(interior: Interior, parts: tuple[Interior, ...]) -> tuple[Face, ...]:
    """The charge that a membrane has on its faces and behind them, and what Grahame's equation makes of it.

    Its field and its surface charges are those of a slab between two diffuse layers, its fixed charge that of a film; a
    bath that opens wider lowers the potential as it does in the linear theory.
    """
    m, baths = interior.membrane, (interior.left, interior.right)
    drops = _slab_drops(interior)
    faces = []
    for side, bath, fixed, drop in zip((0, -1), baths, m.surface_charges, drops, strict=True):
        if bath is None or not bath.is_neutral:
            continue
        # The charge of the layer at the face, or of the membrane as a whole.
        films = (each.donnan[side].at_face(each.depth) for each in (parts[side], interior))
        potential = drop / bath.capacity + max(films, key=abs)
        facing = _facing_charge(bath, potential)
        name = f"{bath.face.name}|{m.layers[0].name}" if side == 0 else f"{m.layers[-1].name}|{bath.face.name}"
        faces.append(Face(name, bath.face.name, fixed, facing, _gouy_chapman_length(bath, facing), potential))
    return tuple(faces)


def _slab_drops(interior: Interior) -> tuple[float, float]:
    """phi(face) - phi(bulk) of each bath, of the field and the surface charges of the membrane [V]."""
    m, left, right = interior.membrane, interior.left, interior.right
    if left is None or right is None or not (left.is_neutral and right.is_neutral):
        return _drop_alone(left, m.surface_charges[0]), _drop_alone(right, m.surface_charges[1])
    slab = ghk_slab(
        m.permeability,
        m.valences,
        left.concentrations,
        right.concentrations,
        interior.voltage,
        m.thickness,
        m.relative_permittivity,
        left.relative_permittivity,
        m.case.temperature,
        *m.surface_charges,
    )
    return slab.left_drop, slab.right_drop


def _drop_alone(bath: Bath | None, surface_charge: float) -> float:
    """phi(face) - phi(bulk) of a bath beside a charged face, without the field of the membrane [V]."""
    if bath is None or not bath.is_neutral:
        return 0.0
    salt = bath.case.valences, [bath.concentrations[ion] for ion in bath.case.ions]
    return grahame_potential_mixture(surface_charge, *salt, bath.relative_permittivity, bath.case.temperature)


def _facing_charge(bath: Bath, potential: float) -> float:
    """Charge of a face at a potential in a neutral bath, of ions of the size that the case gives them [C/m^2]."""
    case, c = bath.case, bath.concentrations
    diameter, present = common_diameter(case), [ion for ion in case.ions if c[ion] > 0 and case.valence(ion)]
    z = {abs(case.valence(ion)) for ion in present}
    if diameter is None or len(present) > 2 or len(z) > 1:
        return bath.grahame_charge(potential)
    salt = c[present[0]], diameter, bath.relative_permittivity, case.temperature, z.pop()
    return float(bikerman_charge(potential, *salt))


def common_diameter(case: Case) -> float | None:
    """Diameter of all ions [m], where a steric model gives them one and the same; else None."""
    diameters = {ion.diameter for ion in case.ions.values()}
    return next(iter(diameters)) if case.steric is not None and len(diameters) == 1 else None


def _gouy_chapman_length(bath: Bath, charge: float) -> float:
    return float(gouy_chapman_length(charge, bath.relative_permittivity, bath.case.temperature))


def _wall_face(scene: Scene, side: Side, wall: Wall) -> Face:
    """A wall and the solution before it, perhaps behind layers that no ion enters."""
    case, bath = scene.case, scene.bath(side)
    nearest = case.layers[0 if side == "left" else -1].name
    if bath is None or not bath.is_neutral or is_charged(bath.face):
        return Face(f"{side} wall", nearest, wall.surface_charge, None, None, None)
    liquid = bath.layers[0 if side == "left" else -1].name
    potential = _wall_potential(scene, side, wall, bath, _layers_between(case, side, bath))
    if potential is None:
        return Face(f"{side} wall", liquid, wall.surface_charge, None, None, None)
    facing = _facing_charge(bath, potential)
    charge = wall.surface_charge if wall.potential is None else facing
    return Face(f"{side} wall", liquid, charge or 0.0, facing, _gouy_chapman_length(bath, facing), potential)


def _layers_between(case: Case, side: Side, bath: Bath) -> tuple[Layer, ...]:
    return tuple(case.layers[: bath.first] if side == "left" else case.layers[bath.last + 1 :])


def _wall_potential(scene: Scene, side: Side, wall: Wall, bath: Bath, between: tuple[Layer, ...]) -> float | None:
    """Potential against the bulk of the solution where the ions begin [V]; None if the case does not give the bulk's."""
    case = scene.case
    salt = (dict(zip(case.ions, case.valences, strict=True)), bath.concentrations)
    medium = (bath.relative_permittivity, case.temperature)
    if wall.potential is None:
        return grahame_potential_mixture(wall.surface_charge or 0.0, *salt, *medium)
    bulk = _bulk_potential(scene, side)
    if bulk is None:
        return None
    if not between:
        return wall.potential - bulk
    plates = [float(slab_capacitance(layer.thickness, case.relative_permittivity(layer))) for layer in between]
    return stern_diffuse_potential(wall.potential - bulk, float(series_capacitance(*plates)), *salt, *medium)


def _bulk_potential(scene: Scene, side: Side) -> float | None:
    """Potential of the solution before a wall [V]: of the reservoir, or half-way to an opposite electrode."""
    other = scene.case.right if side == "left" else scene.case.left
    this = getattr(scene.case, side).potential
    if isinstance(other, Reservoir) and other.potential != "floating":
        return float(other.potential)
    if isinstance(other, Wall) and other.potential is not None:
        return (float(this) + other.potential) / 2
    return None
