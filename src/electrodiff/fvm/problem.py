"""The discrete problem: a case on a mesh as the flat, dimensionless arrays that the kernels take."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from electrodiff import materials
from electrodiff.checks import SIDES
from electrodiff.derived import once_per_case
from electrodiff.ends import Reservoir, Wall
from electrodiff.fields import Profile
from electrodiff.fvm.borders import border_unknowns, pin_absent, with_border
from electrodiff.fvm.kernels.arrays import Border, Chain, Floats
from electrodiff.fvm.kernels.border import place_borders
from electrodiff.grid.mesh import Mesh
from electrodiff.layers import Layer
from electrodiff.model import Case
from electrodiff.units import AVOGADRO, FARADAY, VACUUM_PERMITTIVITY, Scales

# Four Gauss points integrate exp(W) of a barrier that changes by 3 kT in a cell to 1e-5 of it.
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(4)


@dataclass(frozen=True)
class Problem:
    """A case, its mesh, the scales, and what the kernels see of them."""

    case: Case
    mesh: Mesh
    scales: Scales
    chain: Chain
    border: Border


def build_problem(case: Case, mesh: Mesh) -> Problem:
    """The discrete problem of a case on a mesh."""
    scales = Scales(case.temperature)
    chain = _chain(case, mesh, scales)
    pin_absent(chain)
    pin_ends(case, chain, scales)
    unknowns = border_unknowns(case, mesh, chain, scales)
    chain, border = with_border(chain, unknowns)
    return Problem(case, mesh, scales, chain, border)


def own_arrays(chain: Chain) -> Chain:
    """The chain with copies of the arrays that the border unknowns overwrite."""
    return chain._replace(
        target=chain.target.copy(), conductance=chain.conductance.copy(), carried=chain.carried.copy()
    )


def placed(problem: Problem, gate: Floats, state: Floats) -> Chain:
    """The chain with the border unknowns in it: `gate` (p,) open fractions and rates, the others as in `state` (N, m).

    Without any it is the problem's own.
    """
    if not problem.border.kind.size:
        return problem.chain
    chain = own_arrays(problem.chain)
    place_borders(problem.border, problem.chain.conductance, gate, state, chain)
    return chain


class _Layers(NamedTuple):
    """What the layers and the ends of a case have on every mesh, in the units of its `Scales`."""

    valence: tuple[float, ...]
    partition: Floats
    """(layers, n)"""
    mobility: Floats
    """(layers, n) harmonic mean of D beta"""
    permittivity: Floats
    """(layers,)"""
    fixed_charge: Floats
    """(layers,) [mol/m^3]; NaN where it is a profile, or given as a whole"""
    surface_charge: Floats
    """(layers + 1,) of the left wall, every interface and the right wall [C/m^2]"""
    packing: Floats
    """(n,) of a concentration of 1"""
    reservoirs: dict[str, Floats]
    """(2, n) concentrations and Davies' coefficients of the reservoir on each side that has one"""


@once_per_case
def _layers(case: Case) -> _Layers:
    own, scales = materials.materials_of(case), Scales(case.temperature)
    inner = [case.surface_charge(*pair) for pair in pairwise(case.layer_names)]
    walls = [(end.surface_charge or 0.0) if isinstance(end, Wall) else 0.0 for end in (case.left, case.right)]
    fixed = [
        math.nan
        if isinstance(layer.fixed_charge, Profile) or layer.total_fixed_charge is not None
        else layer.fixed_charge
        for layer in case.layers
    ]
    return _Layers(
        valence=tuple(own.valence.tolist()),
        partition=own.partition,
        mobility=own.thickness[:, None] * np.exp(-own.log_resistance) / scales.diffusivity,
        permittivity=VACUUM_PERMITTIVITY * own.relative_permittivity / scales.permittivity,
        fixed_charge=np.array(fixed, dtype=float),
        surface_charge=np.array([walls[0], *inner, walls[1]]),
        packing=np.array([_packing(case, ion) for ion in case.ions]) * scales.concentration,
        reservoirs={
            side: _reservoir(case, side, scales) for side in SIDES if isinstance(getattr(case, side), Reservoir)
        },
    )


def _reservoir(case: Case, side: str, scales: Scales) -> Floats:
    """(2, n) concentrations of a reservoir and Davies' coefficients."""
    given = case.concentrations("left" if side == "left" else "right")
    davies = [materials.reservoir_activity_coefficient(case, side, ion) for ion in case.ions]
    return np.array([np.array(list(given.values())) / scales.concentration, davies])


def _chain(case: Case, mesh: Mesh, scales: Scales) -> Chain:
    layers = _layers(case)
    partition, conductance = _ions(case, mesh, scales)
    packing = layers.packing
    smallest = packing[packing > 0].min() if packing.any() else 1.0
    shape = (mesh.nodes, len(case.ions) + 1)
    return Chain(
        valence=layers.valence,
        partition=partition,
        conductance=conductance,
        permittivity=layers.permittivity[mesh.layer] * (mesh.area_over_distance * scales.length),
        volume_left=mesh.volume_left / scales.length,
        volume_right=mesh.volume_right / scales.length,
        fixed_charge=_fixed_charge(case, mesh) / scales.concentration,
        surface_charge=_surface_charge(case, mesh) / scales.surface_charge,
        free=np.ones(shape),
        target=np.zeros(shape),
        packing=packing,
        exponent=packing / smallest,
        carried=np.zeros_like(partition),
    )


def _ions(case: Case, mesh: Mesh, scales: Scales) -> tuple[Floats, Floats]:
    """beta and D beta A/h of every ion on every face, (N-1, n) each, dimensionless."""
    layers = _layers(case)
    partition, mobility = layers.partition[mesh.layer], layers.mobility[mesh.layer]
    for index, column in materials.materials_of(case).varying:
        layer, ion = case.layers[index], case.ion_names[column]
        faces = slice(*mesh.boundaries[index : index + 2])
        x = mesh.x[faces.start : faces.stop + 1] - mesh.x[faces.start]
        partition[faces, column] = materials.partition(case, layer, ion, (x[:-1] + x[1:]) / 2)
        mobility[faces, column] = _mean_mobility(case, layer, ion, x) / scales.diffusivity
    return partition, mobility * (mesh.area_over_distance * scales.length)[:, None]


def _mean_mobility(case: Case, layer: Layer, ion: str, x: Floats) -> Floats:
    """D beta of the faces between nodes x of a layer: the harmonic mean, of which the flux through a barrier is made."""
    at = (x[:-1, None] + np.diff(x)[:, None] * (1 + _NODES) / 2).ravel()
    energy = materials.energy(case, layer, ion, at).reshape(-1, _NODES.size)
    inverse = 1 / materials.diffusivity(case, layer, ion, at).reshape(-1, _NODES.size)
    lowest = energy.min(axis=1)
    mean = (inverse * np.exp(energy - lowest[:, None])) @ _WEIGHTS / 2
    return np.asarray(np.exp(-lowest) / mean)


def _packing(case: Case, ion: str) -> float:
    """v = N_A d^3 [m^3/mol] of an ion; 0 for a point."""
    diameter = case.ions[ion].diameter
    return AVOGADRO * diameter**3 if case.steric is not None and diameter is not None else 0.0


def _fixed_charge(case: Case, mesh: Mesh) -> Floats:
    """X [mol/m^3] on every face."""
    uniform = _layers(case).fixed_charge
    charge = uniform[mesh.layer]
    for index in np.flatnonzero(np.isnan(uniform)):
        layer, (start, stop) = case.layers[index], mesh.boundaries[index : index + 2]
        faces = slice(start, stop)
        if layer.total_fixed_charge is None:
            middle = (mesh.x[:-1] + mesh.x[1:])[faces] / 2 - mesh.x[start]
            charge[faces] = materials.fixed_charge(layer, middle)
            continue
        volume = (mesh.volume_left + mesh.volume_right)[faces].sum() * mesh.reference_area
        charge[faces] = layer.total_fixed_charge / FARADAY / volume
    return charge


def _surface_charge(case: Case, mesh: Mesh) -> Floats:
    """Surface charge times relative area [C/m^2] of each node; every interface has its own node, and so has a wall."""
    charge = np.zeros(mesh.nodes)
    charge[mesh.boundaries] = _layers(case).surface_charge
    return charge * mesh.area


def pin_ends(case: Case, chain: Chain, scales: Scales) -> None:
    """Pin what the ends of the case give: all unknowns at a reservoir, the potential at a metal wall."""
    n = len(case.ions)
    for node, face, side, end in ((0, 0, "left", case.left), (-1, -1, "right", case.right)):
        if isinstance(end, Reservoir):
            chain.free[node] = 0
            # In a layer that an ion cannot enter, the reservoir's concentration of it has no part.
            present = chain.conductance[face] > 0
            chain.target[node, :n] = np.where(present, reservoir_activities(case, side, chain), 0)
        if not isinstance(end, Reservoir | Wall) or end.potential is None:
            continue
        chain.free[node, n] = 0
        chain.target[node, n] = 0 if end.potential == "floating" else float(end.potential) / scales.potential


def reservoir_activities(case: Case, side: str, chain: Chain) -> Floats:
    """(n,) activities gamma c of a reservoir: steric and Davies' coefficients times its concentrations."""
    concentrations, davies = _layers(case).reservoirs[side]
    activities = concentrations * davies
    if not chain.packing.any():
        return np.asarray(activities)
    void = 1 - chain.packing @ concentrations
    return np.asarray(activities * void ** (-chain.exponent))
