"""Rows for cases that have what they need: images of ions in a thin slab, the way into a pore, and a voltage sensor.

Signs: V_m = phi(left) - phi(right), currents outward; a sensor sees phi(left face) - phi(right face).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from electrodiff import materials
from electrodiff.grid.geometry import case_geometry
from electrodiff.grid.mesh import Floats
from electrodiff.ions import water_relative_permittivity
from electrodiff.ladder.charge_rows import Reading, computed, expected, left_edge, read, total_error
from electrodiff.ladder.rung import Absent, Model, Rung, Setting
from electrodiff.ladder.slab import Face, find_faces, let_through
from electrodiff.layers import Layer
from electrodiff.membrane import Membrane
from electrodiff.model import Case
from electrodiff.regime.interior import FloatLike
from electrodiff.regime.words import concentration, length, millivolts, number, outlook, percent, worst
from electrodiff.theory.born import born_energy, image_energy
from electrodiff.theory.channels import access_resistance, gating_shift
from electrodiff.theory.double_layer import grahame_potential_mixture
from electrodiff.units import ELEMENTARY_CHARGE, FARADAY, GAS_CONSTANT, NUMBER, POTENTIAL, Dimension, thermal_voltage

RESISTANCE = Dimension("resistance", "ohm", "1e9 ohm")

# Gauss points over a slab: the image energy changes by some RT, smoothly but for its faces, where it counts for nothing.
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(64)


# ---- images ----------------------------------------------------------------------------------------------------------


def born_images(setting: Setting) -> Iterator[Rung | Absent]:
    """Permeability of a layer with Born energies if the images of an ion in both its faces count too."""
    case = setting.case
    for layer in case.layers:
        for ion, radius in layer.born_radius.items():
            reading = read(
                setting, f"log_permeability.{layer.name}.{ion}", f"log10 of P of {ion} in {layer.name} [m/s]"
            )
            if reading is None or case.valence(ion) == 0:
                continue
            if not 2 * radius < layer.thickness:
                reason = f"{ion}, of radius {length(radius)}, does not fit into {layer.name}."
                yield Absent(f"born_image.{ion}", f"Born with images, {ion}", reason)
                continue
            gain = _image_gain(case, layer, ion)
            # A logarithm is off by the part by which the permeability is.
            decades = Reading(
                reading.quantity, reading.label, NUMBER, reading.value, reading.error, scale=1 / math.log(10)
            )
            yield decades.row(
                f"born_image.{ion}",
                f"Born with images, {ion}",
                reading.value + gain,
                expected(setting, "continuum"),
                _why_images(case, layer, ion, gain),
            )


def _image_gain(case: Case, layer: Layer, ion: str) -> float:
    """log10 of the factor by which images raise the permeability: 1 / mean of exp(W / RT) over the slab."""
    share = (1 + _NODES) / 2
    x = share * layer.thickness
    energies = _image_energy(case, layer, ion, x) / (GAS_CONSTANT * case.temperature)
    return -math.log10(float(_WEIGHTS @ np.exp(energies)) / 2)


def _image_energy(case: Case, layer: Layer, ion: str, x: FloatLike) -> Floats:
    water = water_relative_permittivity(case.temperature)
    permittivity = case.relative_permittivity(layer)
    return np.asarray(image_energy(case.valence(ion), x, layer.thickness, permittivity, water))


def _why_images(case: Case, layer: Layer, ion: str, gain: float) -> str:
    water, permittivity = water_relative_permittivity(case.temperature), case.relative_permittivity(layer)
    born = float(born_energy(case.valence(ion), layer.born_radius[ion], permittivity, water))
    middle = abs(float(_image_energy(case, layer, ion, layer.thickness / 2)))
    return (
        f"In a slab of {length(layer.thickness)} the images of {ion} in the water on both sides take {number(middle / 1e3)} "
        f"of its {number(born / 1e3)} kJ/mol in the middle, and more elsewhere: P is {number(10**gain)} times as large."
    )


# ---- pores -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Pore:
    """A membrane that is one pore of a given cross section, between baths that widen."""

    setting: Setting
    membrane: Membrane

    @cached_property
    def mouths(self) -> tuple[tuple[int, float, float], ...]:
        """Of each mouth with one layer of bath before it: index of that, radius of the mouth [m], conductivity [S/m]."""
        case, m = self.setting.case, self.membrane
        edges = np.array([left_edge(case, m.first), left_edge(case, m.last + 1)])
        radii = np.sqrt(case_geometry(case).area(edges) / math.pi).tolist()
        sides = ((0, m.left_bath, m.inside), (len(case.layers) - 1, m.right_bath, m.outside))
        return tuple(
            (index, radius, self.conductivity(bath[0], concentrations))
            for radius, (index, bath, concentrations) in zip(radii, sides, strict=True)
            if len(bath) == 1
        )

    @property
    def resistance(self) -> float:
        """Without the access, if the left bath fills it [ohm]: sum over layers of d / (kappa A)."""
        m = self.membrane
        layers = zip(m.layers, range(m.first, m.last + 1), strict=True)
        return math.fsum(float(self.over_area(k).sum()) / self.conductivity(layer, m.inside) for layer, k in layers)

    @property
    def mean_concentration(self) -> float:
        """Of all ions in it, by PNP [mol/m^3]."""
        solution, m = self.setting.solution, self.membrane
        start, stop = solution.layer_entries[m.first].start, solution.layer_entries[m.last].stop
        x, area = solution.x[start:stop], case_geometry(self.setting.case).area(solution.x[start:stop])
        ions = solution.concentration[:, start:stop].sum(axis=0)
        return float(np.trapezoid(ions * area, x) / np.trapezoid(area, x))

    @property
    def charge(self) -> float:
        """Fixed charge in it [C]."""
        case, m = self.setting.case, self.membrane
        edges = [left_edge(case, index) for index in range(m.first, m.last + 2)]
        volumes = case_geometry(case).volume(np.array(edges[:-1]), np.array(edges[1:]))
        means = [Membrane(case, index, index).fixed_charge for index in range(m.first, m.last + 1)]
        return FARADAY * float(np.dot(means, volumes))

    def conductivity(self, layer: Layer, concentrations: Mapping[str, float]) -> float:
        """kappa = F^2 / (R T) sum z^2 beta D c of a layer filled by a bath [S/m]."""
        case = self.setting.case
        mobile = (
            case.valence(ion) ** 2 * materials.permeance(case, layer, ion) * layer.thickness * c
            for ion, c in concentrations.items()
        )
        return FARADAY**2 / (GAS_CONSTANT * case.temperature) * math.fsum(mobile)

    def over_area(self, index: int) -> Floats:
        """Integral of dx / A over the cells of PNP's mesh in a layer [1/m]."""
        x = self.setting.solution.x[self.setting.solution.layer_entries[index]]
        layer = np.full(x.size - 1, index)
        return 1 / case_geometry(self.setting.case).inverse_resistance(x[:-1], x[1:], layer)

    def bath_resistance(self, index: int) -> float:
        """Of a layer of the bath, with PNP's concentrations [ohm]: integral of dx / (kappa A)."""
        solution, case = self.setting.solution, self.setting.case
        entries, layer = solution.layer_entries[index], case.layers[index]
        within = solution.x[entries] - left_edge(case, index)
        D = np.array([materials.diffusivity(case, layer, ion, within) for ion in case.ions])
        content = np.square(case.valences) @ (D * solution.concentration[:, entries])
        resistivity = GAS_CONSTANT * case.temperature / (FARADAY**2 * content)
        return float(self.over_area(index) @ (resistivity[:-1] + resistivity[1:]) / 2)


def find_pore(setting: Setting) -> Pore | None:
    """The pore of a case with a profile of its cross section; None without one, or without a bath on both sides."""
    membrane, mesh = setting.membrane, setting.case.mesh
    is_channel = mesh.area is not None or mesh.radius is not None
    if membrane is None or not is_channel or not (membrane.left_bath and membrane.right_bath):
        return None
    return Pore(setting, membrane) if membrane.joins_reservoirs else None


def access(setting: Setting) -> Iterator[Rung | Absent]:
    """Hall's access resistance at both mouths of a pore, against that of the bath beside it."""
    pore = find_pore(setting)
    if pore is None:
        return
    for index, radius, kappa in pore.mouths:
        name = setting.case.layer_names[index]
        value = pore.bath_resistance(index)
        reading = computed(
            setting, f"access_resistance.{name}", f"resistance of the bath, {name}", RESISTANCE, value, None
        )
        predicted = float(access_resistance(radius, kappa))
        reason = _why_access(pore, index, kappa, radius, value)
        yield reading.row("access", "Hall, access resistance", predicted, expected(setting, "continuum"), reason)


def _why_access(pore: Pore, index: int, kappa: float, radius: float, value: float) -> str:
    """Two things differ: the shape of the field beside the mouth, and what stands in the bath there."""
    flat = float(pore.over_area(index).sum()) / kappa
    shape, ions = flat / float(access_resistance(radius, kappa)), value / flat - 1
    return (
        f"In one dimension the current spreads over flat fronts, which resist {number(shape)} times as much as the round "
        f"ones before a mouth of {length(radius)}; the ions that PNP has there make that {percent(abs(ions))} "
        f"{'more' if ions > 0 else 'less'}."
    )


def ohmic_pore(setting: Setting) -> Iterator[Rung | Absent]:
    """The current through a pore full of bath, with access to it, between equal baths."""
    pore = find_pore(setting)
    if pore is None:
        return
    m, title = pore.membrane, "ohmic pore with access"
    reading = read(setting, "current", "current through the pore")
    if m.inside != m.outside:
        yield Absent("ohmic_pore", title, "Its baths differ, and a resistance alone knows nothing of their gradients.")
        return
    if not m.voltage or reading is None:
        return
    resistance = pore.resistance + sum(float(access_resistance(radius, kappa)) for _, radius, kappa in pore.mouths)
    predicted, known = m.voltage / resistance, expected(setting, "continuum")
    yield reading.row("ohmic_pore", title, predicted, known, _why_pore(pore, reading.value / predicted))


def _why_pore(pore: Pore, ratio: float) -> str:
    bath, found = sum(pore.membrane.inside.values()), pore.mean_concentration
    walls = f" for the {number(pore.charge / ELEMENTARY_CHARGE)} e of its walls" if pore.charge else ""
    return (
        f"It fills the pore with bath, {concentration(bath)} of ions; PNP has {concentration(found)} on average{walls}, "
        f"and {number(ratio)} times the current."
    )


# ---- what a voltage sensor sees --------------------------------------------------------------------------------------


def voltage_sensor(setting: Setting) -> Iterator[Rung | Absent]:
    """The voltage inside a membrane with charged faces: V_m, and V_m with Grahame's potentials of the faces."""
    faces, membrane = find_faces(setting), setting.membrane
    if faces is None or membrane is None or not any(face.charge for face in faces):
        return
    reading = _slab_voltage(setting, membrane)
    drops = [face.drop for face in faces]
    if any(drop is None for drop in drops):
        return
    V, thermal = setting.solution.membrane_potential, thermal_voltage(setting.case.temperature)
    # Of the faces against their own baths, by PNP and by Grahame.
    found = [face.outward * drop.value for face, drop in zip(faces, drops, strict=True) if drop is not None]
    psi = [_surface_potential(face) for face in faces]
    change = reading.value - V
    at = f"the faces at {millivolts(found[0])} and {millivolts(found[1])} against their baths"
    reason = (
        f"The charges of the membrane put {at}: a sensor inside sees a voltage {millivolts(abs(change))} "
        f"more {'positive' if change > 0 else 'negative'} than the membrane potential."
    )
    shift = float(gating_shift(psi[1], psi[0]))
    yield reading.row("sensor", "membrane potential alone", V, outlook(abs(shift) / thermal), reason)
    reason = (
        f"PNP has {at}; Grahame's walls, which know of nothing but their own charge, are at {millivolts(psi[0])} and "
        f"{millivolts(psi[1])}."
    )
    known = worst(expected(setting, "gouy_chapman"), let_through(setting, psi[0], psi[1]))
    yield reading.row("gating_shift", "with Grahame's potentials", V - shift, known, reason)


def _slab_voltage(setting: Setting, membrane: Membrane) -> Reading:
    """PNP's drop over the membrane from face to face."""
    names = [layer.name for layer in membrane.layers]
    words = f"voltage from face to face of {membrane.name}, as a sensor sees it"
    single = read(setting, f"layer_drop.{names[0]}", words) if len(names) == 1 else None
    if single is not None:
        return single
    drops, errors = setting.solution.layer_drop, setting.solution.error
    error = total_error(*(errors[f"layer_drop.{name}"] for name in names))
    return computed(setting, "slab_voltage", words, POTENTIAL, math.fsum(drops[name] for name in names), error)


def _surface_potential(face: Face) -> float:
    bulk = face.bulk
    water = (bulk.relative_permittivity, bulk.temperature)
    return grahame_potential_mixture(face.charge, bulk.valences, bulk.concentrations, *water)


MODELS: tuple[Model, ...] = (born_images, access, ohmic_pore, voltage_sensor)
