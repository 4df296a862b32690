"""Where ions as ideal points in a continuum are in doubt, and with them every model here, PNP included.

Each takes the scene and returns a limit, or None where the case has nothing to do with it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from electrodiff.checks import is_absent
from electrodiff.grid.geometry import case_geometry, has_area
from electrodiff.ions import is_liquid_water, water_relative_permittivity
from electrodiff.regime import words
from electrodiff.regime.films import boltzmann
from electrodiff.regime.interior import Interior
from electrodiff.regime.records import Face, Limit, Outlook
from electrodiff.regime.scene import Scene
from electrodiff.regime.sides import terms_of
from electrodiff.theory.activity import davies_coefficient
from electrodiff.theory.double_layer import ionic_strength
from electrodiff.units import AVOGADRO

# Diameter of an ion that has none [m]: a small ion with part of its water, between bare (0.2 to 0.4) and hydrated (0.7).
ION_DIAMETER = 0.5e-9
# Ions in a row, or abreast, below which a mean concentration means little: one fills the space, two can just pass.
_FEWEST, _FEW = 1.0, 2.0
# A potential that an electrode tells from none [V].
_FELT = 5e-5
_THIN: dict[Outlook, str] = {"nearly": "it is hardly two of them deep", "fails": "it is thinner than one"}
_NARROW: dict[Outlook, str] = {"nearly": "they hardly pass one another", "fails": "they move in single file"}


@dataclass(frozen=True)
class Place:
    """Where ions gather."""

    where: str
    """With its preposition: "at inside|membrane", "in the gel"."""
    most: str
    """The most concentrated ion there: "885 mM of K"."""
    filled: float
    """Share of the space that the ions fill."""
    bulk: float
    """The same of the solution that they come from."""


def most_crowded(scene: Scene) -> Place | None:
    """The place that ions as points fill most beyond what they fill of their solution: a face, or a charged layer."""
    places = [*_crowded_faces(scene), *_crowded_layers(scene)]
    return max(places, key=lambda place: place.filled - place.bulk, default=None)


def point_ions(scene: Scene) -> Limit | None:
    """Ions fill little of the space, at the faces and in charged layers."""
    place = most_crowded(scene)
    if place is None:
        return None
    # Of the energy ln(1 - filled) that it takes to insert an ion, what the bulk does not have too.
    error, bulk = max(place.filled - place.bulk, 0.0), words.percent(place.bulk)
    sized, share = f"ions of {_diameters(scene)}", words.percent(place.filled)
    if place.filled > 1:
        times = words.number(place.filled)
        because = f"they reach {place.most} {place.where}, {times} times what fits of {sized}"
    elif error > words.HOLDS / 10:
        because = f"{place.most} {place.where} fills {share} of the space with {sized}, its solution {bulk}"
    else:
        because = f"no place is more crowded than its solution, where {sized} fill {bulk} of the space"
    if scene.case.steric is not None:
        because += "; the case counts their size"
    return Limit("point_ions", "ions as points", words.outlook(error), because)


def _diameters(scene: Scene) -> str:
    sizes = sorted({_diameter(scene, ion) for ion in scene.case.ions})
    ends = [words.length(size) for size in sizes]
    return ends[0] if len(ends) == 1 else f"{ends[0]} to {ends[-1]}"


def _diameter(scene: Scene, ion: str) -> float:
    return scene.case.ions[ion].diameter or ION_DIAMETER


def _filled(scene: Scene, concentrations: Mapping[str, float]) -> float:
    """Share of the space that ions fill as cubes of their diameter."""
    return math.fsum(AVOGADRO * _diameter(scene, ion) ** 3 * c for ion, c in concentrations.items())


def _crowded_faces(scene: Scene) -> list[Place]:
    """Each face with a known potential."""
    return [_crowded_face(scene, face) for face in scene.faces if face.potential is not None]


def _crowded_face(scene: Scene, face: Face) -> Place:
    bath = scene.bath_of(face)
    psi = (face.potential or 0.0) / scene.volt
    there = {ion: c * boltzmann(scene.case.valence(ion), psi) for ion, c in bath.concentrations.items()}
    return Place(f"at {words.the(face.name)}", _most(there), _filled(scene, there), _filled(scene, bath.concentrations))


def _most(concentrations: Mapping[str, float]) -> str:
    ion = max(concentrations, key=lambda each: concentrations[each])
    return f"{words.concentration(concentrations[ion])} of {ion}"


def _crowded_layers(scene: Scene) -> list[Place]:
    """Each charged layer of the membrane, at Donnan equilibrium with either solution."""
    places = []
    for part in scene.parts:
        if not part.is_charged:
            continue
        for solution, donnan in zip((part.inside, part.outside), part.donnan, strict=True):
            held = donnan.held
            places.append(
                Place(f"in the {part.membrane.name}", _most(held), _filled(scene, held), _filled(scene, solution))
            )
    return places


def ideal_solution(scene: Scene) -> Limit | None:
    """Activity coefficients move no Nernst potential: Davies' equation for both reservoirs."""
    interior = scene.junction
    # Davies' equation is about water.
    if interior is None or not is_liquid_water(scene.case.temperature):
        return None
    case = scene.case
    sides = [_davies(scene, solution) for solution in (interior.inside, interior.outside)]
    shifts = {
        ion: scene.volt / case.valence(ion) * math.log(sides[1][ion] / sides[0][ion]) for ion in _batteries(interior)
    }
    ion = max(shifts, key=lambda each: abs(shifts[each]))
    terms, (left, right) = terms_of(interior.membrane), (words.number(side[ion]) for side in sides)
    because = f"the activity coefficients of {ion} (Davies) are {left} {terms.left} and {right} {terms.right}"
    if abs(shifts[ion]) >= _FELT:
        counted = " (the case counts them)" if case.activity is not None else ""
        because += f", which moves its Nernst potential by {words.millivolts(shifts[ion])}{counted}"
    return Limit("ideal_solution", "ideal solutions", words.outlook(abs(shifts[ion]) / scene.volt), because)


def _batteries(interior: Interior) -> tuple[str, ...]:
    """The ions to be asked for their Nernst potential: those that pass and have one, or as many as there are."""
    m, inside, outside = interior.membrane, interior.inside, interior.outside
    charged = tuple(ion for ion, z in m.valences.items() if z)
    passing = m.permeant or charged
    both = tuple(ion for ion in passing if min(inside[ion], outside[ion]) > 0)
    return both or passing


def _davies(scene: Scene, solution: Mapping[str, float]) -> dict[str, float]:
    """Activity coefficient of each ion in a solution."""
    case = scene.case
    strength = float(ionic_strength(case.valences, [solution[ion] for ion in case.ions]))
    water = water_relative_permittivity(case.temperature)
    return {ion: float(davies_coefficient(case.valence(ion), strength, water, case.temperature)) for ion in case.ions}


def continuum(scene: Scene) -> Limit | None:
    """Layers that ions enter are wider than a few ions, and so is the pore if there is one."""
    case = scene.case
    entered = [layer for layer in case.layers if not all(is_absent(case, layer, ion) for ion in case.ions)]
    if not entered:
        return None
    size = max(_diameter(scene, ion) for ion in case.ions)
    thinnest = min(entered, key=lambda layer: layer.thickness)
    thin = f"the thinnest layer, {thinnest.name}, is {words.length(thinnest.thickness)} thick"
    doubts: list[tuple[float, str, dict[Outlook, str]]] = [(thinnest.thickness / size, thin, _THIN)]
    radius = _smallest_radius(scene)
    if radius is not None:
        doubts.append((radius / size, f"the pore is {words.length(radius)} in radius", _NARROW))
    ratio, because, says = min(doubts, key=lambda doubt: doubt[0])
    outlook: Outlook = "holds" if ratio > _FEW else "nearly" if ratio > _FEWEST else "fails"
    if outlook != "holds":
        because += f", and ions are about {words.length(size)}: {says[outlook]}"
    return Limit("continuum", "continuum", outlook, because)


def _smallest_radius(scene: Scene) -> float | None:
    """Smallest radius of a pore [m]; None in a geometry without one."""
    if not has_area(scene.case) or scene.case.mesh.geometry != "planar":
        return None
    x = np.linspace(0.0, math.fsum(layer.thickness for layer in scene.case.layers), 1001)
    return math.sqrt(float(case_geometry(scene.case).area(x).min()) / math.pi)
