"""Lengths, times, conductances and dimensionless numbers of a case."""

from __future__ import annotations

import math
from collections.abc import Iterable

from electrodiff.checks import SIDES
from electrodiff.ends import Reservoir
from electrodiff.layers import Layer
from electrodiff.membrane import Membrane, is_charged
from electrodiff.regime.baths import Bath, mean_diffusivity, screening_length
from electrodiff.regime.matter_limits import most_crowded
from electrodiff.regime.records import Group, LayerScales, Neutrality, Times
from electrodiff.regime.scene import Scene
from electrodiff.theory.capacitor import series_capacitance

Solution = dict[str, float]


def layer_scales(scene: Scene) -> tuple[LayerScales, ...]:
    """Lengths and times of each layer, from left to right."""
    return tuple(_layer_scales(scene, index) for index in range(len(scene.case.layers)))


def _layer_scales(scene: Scene, index: int) -> LayerScales:
    case, layer = scene.case, scene.case.layers[index]
    held = [None if side is None else _held(scene, index, side) for side in _solutions(scene, index)]
    lengths = [None if each is None else _debye_length(scene, layer, each) for each in held]
    known = [length for length in lengths if length is not None]
    fills = [each for each in held if each is not None]
    slowest = _slowest(scene, layer, fills)
    return LayerScales(
        layer.name,
        layer.thickness,
        case.relative_permittivity(layer),
        (lengths[0], lengths[1]),
        layer.thickness / min(known, default=math.inf),
        None if slowest is None else slowest[1] or None,
        None if slowest is None else layer.thickness**2 / slowest[0],
        max(filter(None, (_debye_time(scene, layer, each) for each in fills)), default=None),
    )


def _solutions(scene: Scene, index: int) -> tuple[Solution | None, Solution | None]:
    """What the left and the right solution would fill a layer from; None where it has no such neighbour."""
    interior, m = scene.interior, scene.membrane
    if interior is None or m is None:
        bath = next(iter(scene.baths), None)
        return (None if bath is None else bath.concentrations, None)
    left = interior.inside if index <= m.last and any(interior.inside.values()) else None
    right = interior.outside if index >= m.first and any(interior.outside.values()) else None
    return left, right


def _held(scene: Scene, index: int, solution: Solution) -> Solution:
    """What a layer holds at equilibrium with a solution: Donnan's if it is charged, else beta c [mol/m^3]."""
    case, m, interior = scene.case, scene.membrane, scene.interior
    if m is not None and interior is not None and m.first <= index <= m.last and is_charged(case.layers[index]):
        part = scene.parts[index - m.first]
        return part.donnan[0 if solution is interior.inside else 1].held
    # A layer by itself has the same mean partition as a membrane has.
    partition = Membrane(case, index, index).partition
    return {ion: partition[ion] * c for ion, c in solution.items()}


def _debye_length(scene: Scene, layer: Layer, held: Solution) -> float:
    strength = math.fsum(scene.case.valence(ion) ** 2 * c for ion, c in held.items()) / 2
    return screening_length(strength, scene.case.relative_permittivity(layer), scene.case.temperature)


def _slowest(scene: Scene, layer: Layer, held: list[Solution]) -> tuple[float, str] | None:
    """The smallest diffusivity of the ions that enter a layer [m^2/s], and whose it is; "" if all have the same."""
    present = {ion for each in held for ion, c in each.items() if c > 0 and scene.case.valence(ion)}
    rows = sorted((mean_diffusivity(scene.case, layer, ion), ion) for ion in present)
    if not rows:
        return None
    return rows[0] if rows[0][0] < rows[-1][0] else (rows[0][0], "")


def _debye_time(scene: Scene, layer: Layer, held: Solution) -> float | None:
    """lambda^2 / D, which is eps over the conductivity [s]; None without ions."""
    D, length = _conducting_diffusivity(scene, layer, held), _debye_length(scene, layer, held)
    return None if D is None else length**2 / D


def _conducting_diffusivity(scene: Scene, layer: Layer, held: Solution) -> float | None:
    """Mean D weighted with z^2 c [m^2/s]; None without ions."""
    weights = {ion: scene.case.valence(ion) ** 2 * c for ion, c in held.items() if c > 0}
    total = math.fsum(weights.values())
    if total == 0:
        return None
    return math.fsum(weight * mean_diffusivity(scene.case, layer, ion) for ion, weight in weights.items()) / total


def times(scene: Scene) -> Times:
    """Characteristic times of the baths and the membrane."""
    interior, m = scene.interior, scene.membrane
    conducts = interior is not None and m is not None and not m.is_junction and membrane_conductance(scene)
    return Times(
        debye=_largest(_debye_time(scene, bath.face, bath.concentrations) for bath in scene.baths),
        diffusion_baths=_largest(_diffusion_time(scene, bath) for bath in scene.baths),
        diffusion_membrane=_membrane_diffusion_time(scene),
        charging_membrane=interior.capacitance / interior.conductance if interior is not None and conducts else None,
        charging_baths=_largest(_bath_charging_time(scene, bath) for bath in scene.baths),
        run_down=_run_down(scene),
    )


def _largest(values: Iterable[float | None]) -> float | None:
    return max((value for value in values if value is not None), default=None)


def _diffusion_time(scene: Scene, bath: Bath) -> float | None:
    """L^2 / D of its layers one after the other [s]."""
    slowest = [_slowest(scene, layer, [bath.concentrations]) for layer in bath.layers]
    parts = [layer.thickness**2 / each[0] for layer, each in zip(bath.layers, slowest, strict=True) if each is not None]
    return math.fsum(parts) if parts else None


def _membrane_diffusion_time(scene: Scene) -> float | None:
    m = scene.membrane
    if m is None or not m.permeant:
        return None
    slowest = min(mean_diffusivity(scene.case, layer, ion) for layer in m.layers for ion in m.permeant)
    return m.thickness**2 / slowest


def _bath_charging_time(scene: Scene, bath: Bath) -> float | None:
    D = _conducting_diffusivity(scene, bath.face, bath.concentrations)
    return None if D is None else bath.debye_length * bath.thickness / D


def _run_down(scene: Scene) -> float | None:
    """Time in which the most permeant ion could empty a compartment, or else the smaller bath: volume / (area P) [s]."""
    interior = scene.interior
    if interior is None or not interior.membrane.permeant or not scene.baths or not interior.joins_solutions:
        return None
    P = interior.permeability(interior.voltage)
    fastest = max(float(P[ion]) for ion in interior.membrane.permeant)
    closed = [bath for bath in scene.baths if bath.is_closed]
    return min(bath.volume for bath in closed or scene.baths) / fastest


def membrane_conductance(scene: Scene) -> float | None:
    """Slope conductance by GHK of a membrane between two solutions, at V_m [S/m^2]."""
    interior = scene.interior
    return interior.conductance if interior is not None and interior.joins_solutions else None


def bath_conductances(scene: Scene) -> tuple[float | None, float | None]:
    """F^2 / (R T) sum z^2 D c / L of the left and the right bath of a membrane [S/m^2]."""
    if scene.membrane is None:
        return None, None
    left, right = (scene.bath(side) for side in SIDES)
    return None if left is None else left.conductance, None if right is None else right.conductance


def groups(scene: Scene) -> tuple[Group, ...]:
    """The dimensionless numbers that the limits turn on."""
    return (*_membrane_groups(scene), *_solution_groups(scene))


def _membrane_groups(scene: Scene) -> list[Group]:
    interior = scene.interior
    if interior is None:
        return []
    m = interior.membrane
    # That of a charged membrane is set by its charge.
    charged = [face.debye_length for face in interior.reservoirs if interior.is_charged]
    ratio = m.thickness / min(charged, default=m.debye_length)
    found = [Group("thickness_over_debye_length", "membrane thickness / its Debye length", ratio)]
    if scene.junction is not None:
        # The charge of all its ions, F sum |z| beta c, would bend its potential by the first; what is left of it at a
        # constant field, by the second.
        found += [
            Group("constant_field_parameter", "(thickness / Debye length)^2 / 8", ratio**2 / 8),
            Group("bend", "bend of the potential in the membrane / (RT/F)", interior.field.bend / scene.volt),
        ]
    found.append(Group("voltage", "membrane potential / (RT/F)", interior.voltage / scene.volt))
    conducting, G = [each for each in bath_conductances(scene) if each], membrane_conductance(scene)
    if conducting and G is not None:
        series = G * math.fsum(1 / each for each in conducting)
        found.append(Group("conductance_ratio", "conductance of membrane / baths in series", series))
    if interior.layer_capacitances and not m.is_junction:
        value = interior.bare_capacitance / float(series_capacitance(*interior.layer_capacitances))
        found.append(Group("capacitance_ratio", "capacitance of membrane / its Debye layers", value))
    return found + [_charge_group(scene, layer) for layer in m.layers if is_charged(layer)]


def _charge_group(scene: Scene, layer: Layer) -> Group:
    """Mean fixed charge of a layer over the ionic strength of the more dilute solution."""
    part = next(each for each in scene.parts if each.membrane.layers[0] is layer)
    strengths = [bath.ionic_strength for bath in scene.baths if bath.ionic_strength > 0]
    value = part.membrane.fixed_charge / min(strengths) if strengths else None
    return Group(f"fixed_charge.{layer.name}", f"fixed charge of {layer.name} / ionic strength", value)


def _solution_groups(scene: Scene) -> list[Group]:
    found = []
    if scene.baths:
        widths = min(bath.width / bath.debye_length for bath in scene.baths)
        found.append(Group("bath_over_debye_length", "thickness of bath / its Debye length, the smaller", widths))
    face = scene.largest_drop
    if face is not None and face.potential is not None:
        found.append(Group("face_potential", "largest potential of a face / (RT/F)", face.potential / scene.volt))
    place = most_crowded(scene)
    if place is not None:
        found.append(Group("crowding", "largest share of space that ions fill", place.filled))
    return found


def neutrality(scene: Scene) -> tuple[Neutrality, ...]:
    """How neutral each reservoir is."""
    found = []
    for side in SIDES:
        end = getattr(scene.case, side)
        if isinstance(end, Reservoir):
            c = scene.case.concentrations(side)
            gross = math.fsum(abs(scene.case.valence(ion)) * each for ion, each in c.items())
            net = math.fsum(scene.case.valence(ion) * each for ion, each in c.items())
            found.append(Neutrality(side, net / gross if gross else 0.0, end.neutralise))
    return tuple(found)
