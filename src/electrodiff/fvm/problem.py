"""The discrete problem: a case on a mesh as the flat, dimensionless arrays that the kernels take."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from electrodiff import materials
from electrodiff.ends import Reservoir, Wall
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
    """The chain with the border unknowns in it: `gate` (p,) open fractions and rates, the others as in `state` (N, m)."""
    chain = own_arrays(problem.chain)
    place_borders(problem.border, problem.chain.conductance, gate, state, chain)
    return chain


def _chain(case: Case, mesh: Mesh, scales: Scales) -> Chain:
    permittivity = VACUUM_PERMITTIVITY * np.array([case.relative_permittivity(layer) for layer in case.layers])
    partition, conductance = _ions(case, mesh, scales)
    packing = np.array([_packing(case, ion) for ion in case.ions]) * scales.concentration
    smallest = packing[packing > 0].min() if packing.any() else 1.0
    shape = (mesh.nodes, len(case.ions) + 1)
    return Chain(
        valence=tuple(float(z) for z in case.valences),
        partition=partition,
        conductance=conductance,
        permittivity=permittivity[mesh.layer] / scales.permittivity * mesh.area_over_distance * scales.length,
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
    # beta and the harmonic mean of D beta of each layer; where they vary along it, they are filled in below.
    partition = np.array(
        [[materials.largest_partition(case, layer, ion) for ion in case.ions] for layer in case.layers]
    )
    mobility = np.array(
        [[layer.thickness * materials.permeance(case, layer, ion) for ion in case.ions] for layer in case.layers]
    )
    partition, mobility = partition[mesh.layer], mobility[mesh.layer]
    for index, layer in enumerate(case.layers):
        faces = slice(*mesh.boundaries[index : index + 2])
        for column, ion in enumerate(case.ions):
            if materials.varies(layer, ion):
                x = mesh.x[faces.start : faces.stop + 1] - mesh.x[faces.start]
                partition[faces, column] = materials.partition(case, layer, ion, (x[:-1] + x[1:]) / 2)
                mobility[faces, column] = _mean_mobility(case, layer, ion, x)
    area_over_distance = mesh.area_over_distance[:, None] * scales.length
    return partition, mobility / scales.diffusivity * area_over_distance


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
    starts = mesh.x[mesh.boundaries[:-1]]
    middle = (mesh.x[:-1] + mesh.x[1:]) / 2 - starts[mesh.layer]
    charge = np.empty(middle.size)
    for index, (layer, (start, stop)) in enumerate(zip(case.layers, pairwise(mesh.boundaries), strict=True)):
        faces = slice(start, stop)
        if layer.total_fixed_charge is None:
            charge[faces] = materials.fixed_charge(layer, middle[faces])
            continue
        volume = (mesh.volume_left + mesh.volume_right)[mesh.layer == index].sum() * mesh.reference_area
        charge[faces] = layer.total_fixed_charge / FARADAY / volume
    return charge


def _surface_charge(case: Case, mesh: Mesh) -> Floats:
    """Surface charge times relative area [C/m^2] of each node; every interface has its own node, and so has a wall."""
    charge = np.zeros(mesh.nodes)
    for node, (left, right) in zip(mesh.boundaries[1:-1], pairwise(case.layer_names), strict=True):
        charge[node] = case.surface_charge(left, right)
    for node, end in ((0, case.left), (-1, case.right)):
        if isinstance(end, Wall):
            charge[node] = end.surface_charge or 0.0
    return charge * mesh.area


def pin_ends(case: Case, chain: Chain, scales: Scales) -> None:
    """Pin what the ends of the case give: all unknowns at a reservoir, the potential at a metal wall."""
    n = len(case.ions)
    for node, face, side, end in ((0, 0, "left", case.left), (-1, -1, "right", case.right)):
        if isinstance(end, Reservoir):
            chain.free[node] = 0
            # In a layer that an ion cannot enter, the reservoir's concentration of it has no part.
            present = chain.conductance[face] > 0
            chain.target[node, :n] = np.where(present, reservoir_activities(case, side, chain, scales), 0)
        if not isinstance(end, Reservoir | Wall) or end.potential is None:
            continue
        chain.free[node, n] = 0
        chain.target[node, n] = 0 if end.potential == "floating" else float(end.potential) / scales.potential


def reservoir_activities(case: Case, side: str, chain: Chain, scales: Scales) -> Floats:
    """(n,) activities gamma c of a reservoir: steric and Davies' coefficients times its concentrations."""
    given = case.concentrations("left" if side == "left" else "right")
    concentrations = np.array(list(given.values())) / scales.concentration
    void = 1 - chain.packing @ concentrations
    davies = np.array([materials.reservoir_activity_coefficient(case, side, ion) for ion in case.ions])
    return np.asarray(concentrations * davies * void ** (-chain.exponent))
