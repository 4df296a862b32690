"""Limits of the models of a solution beside a face: double layers, Donnan, the neutral bulk.

Each takes the scene and returns a limit, or None where the case has nothing to do with it.
"""

from __future__ import annotations

import math

from electrodiff.checks import SIDES
from electrodiff.membrane import is_charged
from electrodiff.readings import BULK_DEBYE_LENGTHS
from electrodiff.regime import words
from electrodiff.regime.baths import Bath
from electrodiff.regime.interior import Interior
from electrodiff.regime.records import Face, Limit, Outlook
from electrodiff.regime.scene import Scene, common_diameter
from electrodiff.units import FARADAY, VACUUM_PERMITTIVITY

# Half as many Debye lengths as the bulk needs leave e^-5, 0.7 %, of the charge at the face.
_NEARLY_BULK = BULK_DEBYE_LENGTHS / 2


def bulk_faces(scene: Scene) -> Limit | None:
    """The concentrations at the faces of a membrane are those of the bulk: its faces have the potential of their bath."""
    face = scene.largest_drop
    if len(scene.baths) < len(SIDES) or face is None or face.potential is None:
        return None
    ratio = math.exp(abs(face.potential) / scene.volt)
    drops = [f"{words.millivolts(each.potential)} at {each.name}" for each in scene.faces if each.potential is not None]
    short = f"a monovalent ion is up to {words.exceeding(ratio, 'concentrated')} there"
    because = f"between bulk and face the potential changes by {words.listed(drops)}: {short}"
    return Limit("bulk_faces", "bulk concentrations at the faces", words.outlook(ratio - 1), because, short)


def gouy_chapman(scene: Scene) -> Limit | None:
    """Each double layer is that of one flat wall before a wide bath of point ions."""
    faces = [face for face in scene.faces if face.potential is not None and not is_charged(scene.bath_of(face).face)]
    if not faces:
        return None
    causes = [_gouy_chapman_errors(scene, face) for face in faces]
    error, because = max((cause for each in causes for cause in each), key=lambda cause: cause[0])
    return Limit("gouy_chapman", "flat diffuse layers (Gouy-Chapman, Grahame)", words.outlook(error), because)


def _gouy_chapman_errors(scene: Scene, face: Face) -> list[tuple[float, str]]:
    """What each of its assumptions costs at one face, with a reason."""
    bath = scene.bath_of(face)
    wide = bath.width / bath.debye_length
    return [
        # Of a potential that decays as exp(-x / lambda), what is left at the far end.
        (math.exp(-wide), f"{bath.face.name} is {words.number(wide)} Debye lengths wide"),
        _curvature_error(face, bath),
        _size_error(scene, face, bath),
    ]


def _curvature_error(face: Face, bath: Bath) -> tuple[float, str]:
    """By how much more or less charge a curved Debye layer holds than a flat one, at low potentials."""
    shape, size = "widens" if bath.opening > 0 else "narrows", abs(bath.opening)
    return (
        size,
        f"{bath.face.name} {shape} away from {words.the(face.name)}, by {words.percent(size)} in half a Debye length",
    )


def _size_error(scene: Scene, face: Face, bath: Bath) -> tuple[float, str]:
    """By how much the size of the ions, where the case gives it, lowers the charge of the face: Bikerman and Grahame."""
    if common_diameter(scene.case) is None or not face.potential or face.facing_charge is None:
        return 0.0, ""
    points, sized = abs(bath.grahame_charge(face.potential)), abs(face.facing_charge)
    because = (
        f"ions of the size that the case gives them hold {words.surface_charge(sized)} at {words.the(face.name)}, "
        f"points {words.surface_charge(points)}"
    )
    return 1 - sized / points, because


def debye_hueckel(scene: Scene) -> Limit | None:
    """The charge of each face is proportional to its potential."""
    face = scene.largest_drop
    if face is None or face.potential is None:
        return None
    bath = scene.bath_of(face)
    charge = face.facing_charge
    if charge is None:
        return None
    linear = VACUUM_PERMITTIVITY * bath.relative_permittivity / bath.debye_length * face.potential
    ratio = charge / linear if linear else 1.0
    because = (
        f"{words.the(face.name)} is at {words.millivolts(face.potential)} against its bulk, "
        f"{words.number(abs(face.potential) / scene.volt)} RT/F: its charge is {words.relative(ratio)} what a linear "
        "theory says"
    )
    return Limit("debye_hueckel", "low potentials (Debye-Hueckel)", words.outlook(abs(ratio - 1)), because)


def donnan(scene: Scene) -> Limit | None:
    """A charged layer, or a closed compartment, is much wider than its Debye length."""
    closed = next((bath for bath in scene.baths if bath.is_closed and scene.membrane is not None), None)
    charged = [part for part in scene.parts if part.is_charged and part.reservoirs]
    if charged:
        return _donnan_layer(max(charged, key=_undeveloped))
    return None if closed is None or scene.interior is None else _donnan_compartment(scene.interior, closed)


def _undeveloped(part: Interior) -> float:
    """Share of the Donnan potential that the middle of a layer lacks, on the worse side; 1 if it cannot be neutral."""
    ends = part.reservoirs
    if not all(face.is_neutral for face in ends):
        return 1.0
    return max(face.undeveloped(part.depth) for face in ends)


def _donnan_layer(part: Interior) -> Limit:
    error, m = _undeveloped(part), part.membrane
    length = max(face.debye_length for face in part.reservoirs)
    X, wide = words.concentration(part.field.peak_charge), words.number(m.thickness / length)
    because = (
        f"{m.name} ({X} of fixed charge) is {wide} times as wide as its Debye length: its middle has "
        f"{words.percent(1 - error)} of the Donnan potential"
    )
    return Limit("donnan", "wide charged layer (Donnan)", words.outlook(error), because)


def _donnan_compartment(interior: Interior, closed: Bath) -> Limit | None:
    """What charges the membrane is missing from the compartment: Delta psi = (R T / F) C |V| A / (F sum z^2 c volume)."""
    m = interior.membrane
    if not m.permeant or not closed.ionic_strength > 0:
        return None
    mobile = math.fsum(m.valences[ion] ** 2 * closed.concentrations[ion] for ion in m.permeant)
    charge = interior.capacitance * abs(interior.voltage)
    error = charge / (FARADAY * mobile * closed.volume) if mobile else math.inf
    because = (
        f"the compartment is {words.number(closed.thickness / closed.debye_length)} Debye lengths wide, and charging the "
        f"membrane takes {words.percent(error)} of the ions in it that can pass"
    )
    return Limit("donnan", "wide compartment (Donnan)", words.outlook(error), because)


def electroneutral_bulk(scene: Scene) -> Limit | None:
    """Each bath is wide enough for its charge to vanish."""
    baths = [bath for bath in scene.baths if bath.ionic_strength > 0]
    if not baths:
        return None
    bath = min(baths, key=lambda each: each.width / each.debye_length)
    wide = bath.width / bath.debye_length
    outlook: Outlook = "holds" if wide >= BULK_DEBYE_LENGTHS else "nearly" if wide >= _NEARLY_BULK else "fails"
    because = (
        f"{bath.face.name} is {words.number(wide)} Debye lengths wide, which leaves {words.percent(math.exp(-wide))} of the "
        "charge density at its face"
    )
    return Limit("electroneutral_bulk", "electroneutral bulk", outlook, because)
