"""The lengths over which a solution varies, estimated from the case before it is solved."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from electrodiff.derived import once_per_case
from electrodiff.ends import Closed, Reservoir, Wall
from electrodiff.fields import Profile, largest
from electrodiff.grid.geometry import case_geometry
from electrodiff.grid.mesh import Floats
from electrodiff.materials import energy, materials_of
from electrodiff.model import Case, Layer
from electrodiff.theory.double_layer import debye_length, gouy_chapman_length, grahame_charge_symmetric
from electrodiff.units import AVOGADRO, FARADAY, VACUUM_PERMITTIVITY, thermal_voltage


@once_per_case
def ionic_strengths(case: Case) -> Floats:
    """(layers,) largest ionic strength that the reservoirs and the fixed charge can hold in each layer [mol/m^3].

        I = (sum_i z_i^2 beta_i c_i + |X|) / 2

    c_i is the largest concentration of the ion anywhere: in the reservoirs, or at the start in a layer.
    """
    own, largest = materials_of(case), np.array(list(largest_concentrations(case).values()))
    mobile = (own.valence**2 * own.partition * largest).sum(axis=1)
    return np.asarray((mobile + [largest_fixed_charge(case, layer) for layer in case.layers]) / 2)


def largest_fixed_charge(case: Case, layer: Layer) -> float:
    """Largest size of the fixed charge in a layer [mol/m^3 of elementary charges]."""
    spread = spread_fixed_charge(case, layer)
    if spread is not None:
        return abs(spread)
    fixed = layer.fixed_charge
    return max(map(abs, fixed.value if isinstance(fixed, Profile) else (fixed,)))


def spread_fixed_charge(case: Case, layer: Layer) -> float | None:
    """X [mol/m^3] of a layer with a `total_fixed_charge`, spread over its volume; None for another."""
    if layer.total_fixed_charge is None:
        return None
    start = sum(before.thickness for before in case.layers[: case.layers.index(layer)])
    ends = np.array([start, start + layer.thickness])
    return layer.total_fixed_charge / FARADAY / float(case_geometry(case).volume(ends[0], ends[1]))


def largest_concentrations(case: Case) -> dict[str, float]:
    """Largest concentration of every ion in the reservoirs and at the start [mol/m^3]."""
    ends = [case.concentrations("left"), case.concentrations("right")]
    return {
        ion: max(*(end[ion] for end in ends), *(largest(layer.initial.get(ion, 0.0)) for layer in case.layers))
        for ion in case.ions
    }


@once_per_case
def debye_lengths(case: Case) -> Floats:
    """(layers,) Debye length of each layer at its largest ionic strength [m]; infinite without ions."""
    strength, permittivity = ionic_strengths(case), materials_of(case).relative_permittivity
    known = np.where(strength > 0, strength, 1.0)
    return np.where(strength > 0, debye_length(known, permittivity, case.temperature), math.inf)


def boundary_charges(case: Case) -> list[float]:
    """Charge per area [C/m^2] that the diffuse layers at each boundary have to face, both ends included.

    What is given on the boundary, and what the voltage puts there: across an ion-free layer eps V/d, on a metal wall in an
    electrolyte Grahame's charge.
    """
    voltage = _voltage(case)
    given = [case.surface_charge(left, right) for left, right in pairwise(case.layer_names)]
    charges = [_wall_charge(case, case.left, 0, voltage), *given, _wall_charge(case, case.right, -1, voltage)]
    for index, layer in enumerate(case.layers):
        if ionic_strengths(case)[index] == 0:
            capacitance = VACUUM_PERMITTIVITY * case.relative_permittivity(layer) / layer.thickness
            for boundary in (index, index + 1):
                charges[boundary] = abs(charges[boundary]) + capacitance * voltage
    return charges


def _voltage(case: Case) -> float:
    """Largest difference of the potentials that the ends give [V]; one that is not given counts as 0."""
    potentials = [getattr(end, "potential", None) for end in (case.left, case.right)]
    left, right = (0.0 if given in (None, "floating") else float(given) for given in potentials)
    return abs(left - right)


def _wall_charge(case: Case, end: Reservoir | Wall | Closed, position: int, voltage: float) -> float:
    """Charge of an end [C/m^2]: as given, or by Grahame's equation at its potential; 0 if it is not a wall."""
    if not isinstance(end, Wall):
        return 0.0
    strength = float(ionic_strengths(case)[position])
    # Of all salts of one ionic strength the one whose ions all have the largest valence has the largest charge.
    valence = max(abs(case.valence(ion)) for ion in case.ions)
    if end.potential is None or strength == 0 or valence == 0:
        return end.surface_charge or 0.0
    # Beyond 60 RT/F its thickness is below any spacing that a position can be told from the next with.
    highest = min(voltage, 60 * thermal_voltage(case.temperature))
    permittivity = float(materials_of(case).relative_permittivity[position])
    salt = strength / valence**2
    charge = float(grahame_charge_symmetric(highest, salt, permittivity, case.temperature, valence))
    return min(charge, _crowded_charge(case, permittivity, highest))


def _crowded_charge(case: Case, permittivity: float, voltage: float) -> float:
    """Largest charge of ions of finite size at a voltage [C/m^2], sqrt(2 eps rho V) of layers full of them; inf of points.

    rho is that of the smallest ion with the largest valence.
    """
    diameters = [ion.diameter for ion in case.ions.values()]
    if case.steric is None or not all(diameters):
        return math.inf
    valence = max(abs(case.valence(ion)) for ion in case.ions)
    density = FARADAY * valence / (AVOGADRO * min(diameter or 0.0 for diameter in diameters) ** 3)
    return math.sqrt(2 * VACUUM_PERMITTIVITY * permittivity * density * voltage)


def boundary_scales(case: Case, index: int, surface_charges: Sequence[float]) -> list[float]:
    """Length over which the potential varies in layer `index` next to boundaries with these surface charges [m].

    The smallest of the layer's thickness, its Debye length and the Gouy-Chapman length of the charge.
    """
    own = materials_of(case)
    scale = float(min(own.thickness[index], debye_lengths(case)[index]))
    permittivity = float(own.relative_permittivity[index])
    return [
        min(scale, float(gouy_chapman_length(charge, permittivity, case.temperature))) if charge else scale
        for charge in surface_charges
    ]


def energy_step(case: Case, index: int, points: Floats) -> Floats:
    """Length over which the standard free energy of an ion changes by RT, the shortest of any ion, at points of a layer.

    Infinite where no energy varies.  Between the points the energies are smooth.
    """
    length = np.full(points.size, math.inf)
    own, layer = materials_of(case), case.layers[index]
    ions = [case.ion_names[row] for at, row in own.varying if at == index and own.partition[index, row] > 0]
    edges = np.concatenate([[0.0], points, [layer.thickness]])
    for ion in ions:
        change = np.abs(np.diff(energy(case, layer, ion, edges)))
        with np.errstate(divide="ignore"):
            beside = np.diff(edges) / change
        length = np.minimum(length, np.minimum(beside[:-1], beside[1:]))
    return length
