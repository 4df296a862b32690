"""The discrete problem: a case on a mesh as the flat, dimensionless arrays that the kernels take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from electrodiff.fvm.kernels.arrays import CURRENT, Border, Chain, Floats
from electrodiff.grid.mesh import Mesh
from electrodiff.model import Case
from electrodiff.units import VACUUM_PERMITTIVITY, Scales


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
    return Problem(case, mesh, scales, _chain(case, mesh, scales), _border(case, mesh))


def _chain(case: Case, mesh: Mesh, scales: Scales) -> Chain:
    ions = case.ion_names
    partition = np.array([[case.partition(layer, ion) for ion in ions] for layer in case.layers])
    diffusivity = np.array([[case.diffusivity(layer, ion) for ion in ions] for layer in case.layers])
    permittivity = VACUUM_PERMITTIVITY * np.array([case.relative_permittivity(layer) for layer in case.layers])
    fixed_charge = np.array([layer.fixed_charge for layer in case.layers])
    area_over_distance = mesh.area_over_distance * scales.length
    face_partition = partition[mesh.layer]
    conductance = diffusivity[mesh.layer] / scales.diffusivity * face_partition * area_over_distance[:, None]
    free, target = _pinned(case, mesh, scales, conductance)
    return Chain(
        valence=tuple(float(z) for z in case.valences),
        partition=face_partition,
        conductance=conductance,
        permittivity=permittivity[mesh.layer] / scales.permittivity * area_over_distance,
        volume_left=mesh.volume_left / scales.length,
        volume_right=mesh.volume_right / scales.length,
        fixed_charge=fixed_charge[mesh.layer] / scales.concentration,
        surface_charge=_surface_charge(case, mesh) / scales.surface_charge,
        free=free,
        target=target,
        packing=np.zeros(len(ions)),
        exponent=np.zeros(len(ions)),
    )


def _pinned(case: Case, mesh: Mesh, scales: Scales, conductance: Floats) -> tuple[Floats, Floats]:
    """`free` and `target` of every unknown: reservoirs pin all of theirs, and an ion is pinned to 0 where absent."""
    n = len(case.ions)
    free = np.zeros((mesh.nodes, n + 1))
    target = np.zeros((mesh.nodes, n + 1))
    present = conductance > 0
    free[:-1, :n] += present
    free[1:, :n] += present
    free[:, n] = 1
    np.minimum(free, 1, out=free)
    for node, side, face in ((0, case.left, 0), (-1, case.right, -1)):
        concentrations = case.concentrations("left" if node == 0 else "right")
        free[node] = 0
        # In a layer that an ion cannot enter, the reservoir's concentration of it has no part.
        target[node, :n] = np.where(present[face], np.array(list(concentrations.values())) / scales.concentration, 0)
        target[node, n] = 0 if side.is_floating else float(side.potential) / scales.potential
    return free, target


def _surface_charge(case: Case, mesh: Mesh) -> Floats:
    """Surface charge [C/m^2] of each node; every interface has its own node."""
    charge = np.zeros(mesh.nodes)
    names = case.layer_names
    for index, node in enumerate(mesh.boundaries[1:-1]):
        charge[node] = case.surface_charge(names[index], names[index + 1])
    return charge


def _border(case: Case, mesh: Mesh) -> Border:
    """Border unknowns: a floating end, with zero net current through the middle of the most resistive layer."""
    start, end = mesh.boundaries[(layer := most_resistive_layer(case)) : layer + 2]
    # Any face would do; there the fluxes are free of the round-off that they have in the baths.
    face = int(start + end) // 2
    nodes = [node for node, end in ((0, case.left), (mesh.nodes - 1, case.right)) if end.is_floating]
    entries = [BorderUnknown(CURRENT, node, len(case.ions), face, face, 0.0) for node in nodes]
    return as_border(entries)


class BorderUnknown(NamedTuple):
    """One border unknown; see `Border` for the meaning of its parts."""

    kind: int
    node: int
    row: int
    first: int
    last: int
    value: float
    slope: float = 1.0


_TYPES: tuple[type, ...] = (np.int64, np.int64, np.int64, np.int64, np.int64, np.float64, np.float64)


def as_border(unknowns: Sequence[BorderUnknown]) -> Border:
    """Border unknowns as flat arrays."""
    columns = zip(*unknowns, strict=True) if unknowns else [()] * len(BorderUnknown._fields)
    return Border(*(np.array(column, dtype=kind) for column, kind in zip(columns, _TYPES, strict=True)))


def most_resistive_layer(case: Case) -> int:
    """Index of the layer with the largest ohmic resistance d / (sum z^2 D beta c) among the ions that cross it."""
    left, right = case.concentrations("left"), case.concentrations("right")

    def conductance(index: int) -> float:
        layer = case.layers[index]
        total = sum(
            case.valence(ion) ** 2
            * case.diffusivity(layer, ion)
            * case.partition(layer, ion)
            * (left[ion] + right[ion])
            for ion in case.ions
        )
        return total / layer.thickness

    return min(range(len(case.layers)), key=conductance)
