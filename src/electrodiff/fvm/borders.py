"""What of a case becomes a border: floating potentials, amounts in closed compartments, gates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from electrodiff import materials
from electrodiff.ends import Reservoir
from electrodiff.fvm.kernels.arrays import AMOUNT, CURRENT, GATING, Border, Chain, Floats
from electrodiff.grid.mesh import Mesh
from electrodiff.model import Case
from electrodiff.units import FARADAY, Scales


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


def border_unknowns(case: Case, mesh: Mesh, chain: Chain, scales: Scales) -> list[BorderUnknown]:
    """All border unknowns of a case; an ion that its compartment has none of is pinned to 0 in `chain`."""
    return [
        *_floating(case, mesh, scales),
        *_amounts(case, mesh, chain, scales),
        *_gates(case, mesh, scales),
    ]


def with_border(chain: Chain, unknowns: Sequence[BorderUnknown]) -> tuple[Chain, Border]:
    """The chain with the unknowns pinned that belong to the border, and the border."""
    for unknown in unknowns:
        if unknown.kind != GATING:
            chain.free[unknown.node, unknown.row] = 0
    return chain, as_border(unknowns)


def pin_absent(chain: Chain) -> None:
    """Pin every ion to 0 where neither face of a node lets it in."""
    n = len(chain.valence)
    present = chain.conductance > 0
    chain.free[:, :n] = 0
    chain.free[:-1, :n] += present
    chain.free[1:, :n] += present
    np.minimum(chain.free, 1, out=chain.free)


def _floating(case: Case, mesh: Mesh, scales: Scales) -> Iterator[BorderUnknown]:
    """A floating end, with a given net current through the middle of the most resistive layer."""
    start, stop = mesh.boundaries[mesh.resistive_layer : mesh.resistive_layer + 2]
    # Any face would do; there the fluxes are free of the round-off that they have in the baths.
    face = int(start + stop) // 2
    for node, end in ((0, case.left), (mesh.nodes - 1, case.right)):
        if isinstance(end, Reservoir) and end.is_floating:
            current = (end.current or 0.0) / (FARADAY * scales.flux)
            yield BorderUnknown(CURRENT, node, len(case.ions), face, face, current)


def _amounts(case: Case, mesh: Mesh, chain: Chain, scales: Scales) -> Iterator[BorderUnknown]:
    """The amount of each ion in every stretch that it cannot leave, from the initial concentrations of its layers."""
    left, right = initial_contents(case, mesh, chain, scales)
    open_ends = (isinstance(case.left, Reservoir), isinstance(case.right, Reservoir))
    for row in range(len(case.ions)):
        content = (left + right)[:, row]
        for first, last in stretches(chain.conductance[:, row] > 0):
            if (first == 0 and open_ends[0]) or (last == mesh.nodes - 1 and open_ends[1]):
                continue
            inside = slice(first, last)
            amount = float(content[inside].sum())
            if amount == 0:
                chain.free[first : last + 1, row] = 0
                continue
            # Pinned where most of it is to be found at the start, so that its activity there is not vanishing.
            node = first + int(np.argmax(content[inside] > 0.5 * content[inside].max()))
            yield BorderUnknown(AMOUNT, node, row, first, last, amount)


def initial_contents(case: Case, mesh: Mesh, chain: Chain, scales: Scales) -> tuple[Floats, Floats]:
    """What the left and the right half cell of every face hold of each ion at the start, (N-1, n) each."""
    starts = mesh.x[mesh.boundaries[:-1]][mesh.layer]
    width = np.diff(mesh.x)
    halves = []
    for volume, share in ((chain.volume_left, 0.25), (chain.volume_right, 0.75)):
        at = mesh.x[:-1] + share * width - starts
        concentration = np.zeros((at.size, len(case.ions)))
        for index, layer in enumerate(case.layers):
            faces = mesh.layer == index
            for column, ion in enumerate(case.ions):
                concentration[faces, column] = materials.initial(layer, ion, at[faces])
        halves.append(volume[:, None] * concentration / scales.concentration)
    return halves[0], halves[1]


def stretches(present: np.ndarray) -> list[tuple[int, int]]:
    """First and last node of each maximal run of faces that let an ion pass."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], present.astype(int), [0]])))
    return [(int(start), int(stop)) for start, stop in zip(edges[::2], edges[1::2], strict=True)]


def _gates(case: Case, mesh: Mesh, scales: Scales) -> Iterator[BorderUnknown]:
    """The open fraction of every gated ion in every layer."""
    for index, layer in enumerate(case.layers):
        first, last = (int(node) for node in mesh.boundaries[index : index + 2])
        for ion, gate in layer.gating.items():
            row = case.ion_names.index(ion)
            half, slope = gate.half_potential / scales.potential, gate.slope / scales.potential
            yield BorderUnknown(GATING, first, row, first, last, half, slope)
