"""What of a case becomes a border: floating potentials, amounts in closed compartments, gates, rates of transporters."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from electrodiff import materials
from electrodiff.checks import SIDES
from electrodiff.ends import Reservoir
from electrodiff.fvm.kernels.arrays import AMOUNT, BALANCE, CURRENT, GATING, RATE, Border, Chain, Floats
from electrodiff.fvm.kernels.rates import AFFINITY, HALF, HILL, POWER, SATURATING
from electrodiff.grid.mesh import Mesh
from electrodiff.model import Case
from electrodiff.pathways import working_transporters
from electrodiff.transporters import Transporter
from electrodiff.units import FARADAY, Scales

PINNED_KINDS = (CURRENT, AMOUNT, BALANCE)
"""The kinds whose unknown is an entry of the state."""
FREE_KINDS = (GATING, RATE)
"""The others."""


class BorderUnknown(NamedTuple):
    """One border unknown of n ions; see `Border` for the meaning of its parts."""

    kind: int
    node: int
    row: int
    first: int
    last: int
    value: float
    slope: float = 1.0
    share: float = 1.0
    rest: float = 0.0
    stoichiometry: Floats | None = None
    law: int = 0
    sensed: tuple[int, int] | None = None
    """None is at `first` and `last`."""
    terms: Floats | None = None
    by_voltage: tuple[float, float] = (0.0, 0.0)


def as_border(unknowns: Sequence[BorderUnknown], ions: int) -> Border:
    """Border unknowns as flat arrays."""
    if not unknowns:
        return _no_border(ions)
    complete = [
        unknown._replace(
            stoichiometry=np.zeros(ions) if unknown.stoichiometry is None else unknown.stoichiometry,
            sensed=unknown.sensed or (unknown.first, unknown.last),
            terms=np.zeros((2, 3, ions)) if unknown.terms is None else unknown.terms,
        )
        for unknown in unknowns
    ]
    arrays: list[Any] = [
        np.array([getattr(unknown, name) for unknown in complete], dtype=none.dtype).reshape(-1, *none.shape[1:])
        for name, none in zip(Border._fields, _no_border(ions), strict=True)
    ]
    return Border(*arrays)


def kept(border: Border, keep: np.ndarray) -> Border:
    """The border with those of its unknowns for which `keep` (p,) is true."""
    arrays: list[Any] = [array[keep] for array in border]
    return Border(*arrays)


@functools.cache
def _no_border(ions: int) -> Border:
    """No border unknowns, as arrays of the right kinds and shapes."""
    integers = {"kind", "node", "row", "first", "last", "law", "sensed"}
    inner = {"stoichiometry": (ions,), "sensed": (2,), "terms": (2, 3, ions), "by_voltage": (2,)}
    arrays: list[Any] = [
        np.empty((0, *inner.get(name, ())), dtype=np.int64 if name in integers else np.float64)
        for name in Border._fields
    ]
    return Border(*arrays)


def border_unknowns(case: Case, mesh: Mesh, chain: Chain, scales: Scales) -> list[BorderUnknown]:
    """All border unknowns of a case; an ion that its compartment has none of is pinned to 0 in `chain`."""
    return [
        *_floating(case, mesh, scales),
        *_amounts(case, mesh, chain, scales),
        *_gates(case, mesh, scales),
        *_rates(case, mesh, scales),
    ]


def with_border(chain: Chain, unknowns: Sequence[BorderUnknown]) -> tuple[Chain, Border]:
    """The chain with the unknowns pinned that belong to the border, and the border."""
    for unknown in unknowns:
        if unknown.kind in PINNED_KINDS:
            chain.free[unknown.node, unknown.row] = 0
    return chain, as_border(unknowns, len(chain.valence))


def pin_absent(chain: Chain) -> None:
    """Pin every ion to 0 where neither face of a node lets it in."""
    n = len(chain.valence)
    present = chain.conductance > 0
    chain.free[0, :n], chain.free[-1, :n] = present[0], present[-1]
    np.logical_or(present[:-1], present[1:], out=chain.free[1:-1, :n])


def _floating(case: Case, mesh: Mesh, scales: Scales) -> Iterator[BorderUnknown]:
    """A floating end, with a given net current through the middle of the most resistive layer."""
    for node, end in ((0, case.left), (mesh.nodes - 1, case.right)):
        if isinstance(end, Reservoir) and end.is_floating:
            start, stop = mesh.boundaries[mesh.resistive_layer : mesh.resistive_layer + 2]
            # Any face would do; there the fluxes are free of the round-off that they have in the baths.
            face = int(start + stop) // 2
            current = (end.current or 0.0) / (FARADAY * scales.flux)
            yield BorderUnknown(CURRENT, node, len(case.ions), face, face, current)


def _amounts(case: Case, mesh: Mesh, chain: Chain, scales: Scales) -> Iterator[BorderUnknown]:
    """The amount of each ion in every stretch that it cannot leave, from the initial concentrations of its layers."""
    open_ends = (isinstance(case.left, Reservoir), isinstance(case.right, Reservoir))
    present = chain.conductance > 0
    runs = present[0] + (present[1:] > present[:-1]).sum(axis=0)
    enclosed = runs > np.add(present[0] & open_ends[0], present[-1] & open_ends[1], dtype=int)
    if not enclosed.any():
        return
    left = right = np.zeros_like(chain.conductance)
    if any(layer.initial for layer in case.layers):
        left, right = initial_contents(case, mesh, chain, scales)
    for row in np.flatnonzero(enclosed).tolist():
        ion, content = case.ion_names[row], (left + right)[:, row]
        for first, last in stretches(present[:, row]):
            carried = _carried_across(case, mesh, ion, first, last)
            if (first == 0 and open_ends[0]) or (last == mesh.nodes - 1 and open_ends[1]):
                continue
            inside = slice(first, last)
            amount = float(content[inside].sum())
            if carried is not None:
                # What the transporters bring and take is all that it exchanges with the rest.
                yield BorderUnknown(BALANCE, carried[0] if carried[0] >= first else carried[1], row, *carried, 0.0)
                continue
            if amount == 0:
                chain.free[first : last + 1, row] = 0
                continue
            # Pinned where most of it is to be found at the start, so that its activity there is not vanishing.
            node = first + int(np.argmax(content[inside] > 0.5 * content[inside].max()))
            yield BorderUnknown(AMOUNT, node, row, first, last, amount)


def _carried_across(case: Case, mesh: Mesh, ion: str, first: int, last: int) -> tuple[int, int] | None:
    """The faces of a layer beside a stretch across which transporters carry an ion that cannot pass otherwise."""
    for transporter in working_transporters(case):
        index = case.layer_names.index(transporter.layer)
        left, right = (int(node) for node in mesh.boundaries[index : index + 2])
        if ion in transporter.stoichiometry and (left == last or right == first):
            return left, right
    return None


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
    """The open fraction of every gated conductance, in the order of `Case.gate_names`."""
    if not case.gate_names:
        return
    own = [(layer, ion) for layer in case.layers for ion in case.ions]
    found = {
        name: (layer, ion, gated) for layer, ion in own for name, gated in materials.gates(case, layer, ion).items()
    }
    for name in case.gate_names:
        layer, ion, gated = found[name]
        index = case.layer_names.index(layer.name)
        first, last = (int(node) for node in mesh.boundaries[index : index + 2])
        half, slope = gated.gate.half_potential / scales.potential, gated.gate.slope / scales.potential
        row = case.ion_names.index(ion)
        yield BorderUnknown(GATING, first, row, first, last, half, slope, gated.share, gated.rest)


def _rates(case: Case, mesh: Mesh, scales: Scales) -> Iterator[BorderUnknown]:
    """The rate of every transporter."""
    for transporter in case.transporters:
        index = case.layer_names.index(transporter.layer)
        first, last = (int(node) for node in mesh.boundaries[index : index + 2])
        dependence = transporter.voltage_dependence
        slope = scales.potential / dependence.scale if dependence else 0.0
        by_voltage = (0.0, slope) if dependence and dependence.kind == "exponential" else (slope, 0.0)
        yield BorderUnknown(
            RATE,
            first,
            0,
            first,
            last,
            transporter.largest_rate / scales.flux,
            stoichiometry=np.array([transporter.stoichiometry.get(ion, 0.0) for ion in case.ions]),
            law=AFFINITY if transporter.law == "affinity" else SATURATING,
            sensed=(first, last) if transporter.senses == "face" else (0, mesh.nodes - 1),
            terms=_terms(case, transporter, scales),
            by_voltage=by_voltage,
        )


def _terms(case: Case, transporter: Transporter, scales: Scales) -> Floats:
    """(2, 3, n) what the rate law of a transporter takes of every ion on both sides; see `kernels.rates`."""
    terms = np.zeros((2, 3, len(case.ions)))
    for side, end in enumerate(SIDES):
        for ion, half in transporter.half_saturation.get(end, {}).items():
            column = case.ion_names.index(ion)
            terms[side, HALF, column] = half / scales.concentration
            terms[side, HILL, column] = transporter.hill.get(end, {}).get(ion, 1.0)
    if transporter.law == "cubic_sodium":
        terms[:, POWER, case.ion_names.index("Na")] = 3.0, -3.0
    return terms
