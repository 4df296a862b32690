# numba and llvmlite carry no types for what is used here.
# mypy: disable-error-code="attr-defined,no-untyped-call,call-arg"
"""What the kernels of the response hand to each other, and how they hold it (see `response`)."""

from __future__ import annotations

from typing import Any, NamedTuple

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from electrodiff.fvm.kernels.arrays import Chain, Floats, Integers
from electrodiff.fvm.kernels.compiler import kernel
from electrodiff.fvm.kernels.factors import Jacobian, fill_jacobian
from electrodiff.fvm.kernels.vectors import LANES, aligned_array


class Linear(NamedTuple):
    """A problem about its steady state, with p gates and rates."""

    chain: Chain
    state: Floats
    """(N, m)"""
    jacobian: Jacobian
    right: Floats
    """(N, m, m) what the half cell to the right of each node stores, by the update there: a part of the storage"""
    through: Floats
    """(p, N, m) by how much each gate and each rate changes the flows of all faces"""
    by_sensed: Floats
    """(p, 2, m) by how much what a gate or a rate law senses changes it"""
    sensed: Integers
    """(p, 2) nodes where"""
    open_ends: Floats
    """(2,) 0 where no ion passes the left and the right end, else 1"""


class Responses(NamedTuple):
    """The responses of G groups of lanes to a unit potential."""

    change: Floats
    """(G, N, 2, m, LANES) of the activities and of the potential"""
    parts: Floats
    """(G, 2, m, LANES) z J of each ion and the displacement current at one node"""
    read_at: Floats
    """(G, LANES) node where the total current is read; -1 if the system is singular"""
    rounding: Floats
    """(G, LANES) error of the total current there by the rounding of its terms"""
    corrected: Floats
    """(G, LANES) by how much one more turn would correct it"""


class LaneFactors(NamedTuple):
    """A factored Jacobian; see `factors.Factors`.  Squares are (2, m, m, LANES)."""

    inverse: Floats
    """(N, 2, m, m, LANES)"""
    bound: Floats
    """(N, 2, m, m, LANES) E + Q in the rows of the first form"""
    loose: Floats
    """(N, m, LANES) 1 in the rows of the first form"""
    has_loose: Floats
    """(N, m) 1 where any lane has"""


class Turn(NamedTuple):
    """What a turn starts from and what it finds, (N, 2, m, LANES) each."""

    flow: Floats
    """What is missing of the flows through the face to the right of each node, and of the sources"""
    source: Floats
    update: Floats
    """What the elimination finds; then the update that belongs to the whole change"""


class Memory(NamedTuple):
    """What a call needs for the time it takes."""

    factors: LaneFactors
    turn: Turn
    by_border: Floats
    """(p, N, 2, m, LANES) the update by one unit of each gate and rate"""
    opened: Floats
    """(p, 2, LANES) by how much these change"""
    totals: Floats
    """(N, 2, LANES) total current at every node"""
    total: Floats
    """(2, 2, LANES) where it is read, of this turn and of the last"""
    moved: Floats
    """(LANES,) by how much the last turn has moved it"""
    active: Floats
    """(LANES,) 1 as long as it moves, then 0"""


def memory_for(nodes: int, m: int, borders: int) -> Memory:
    """For a problem of N nodes and p gates and rates; one for each thread."""

    def lines(*shape: int) -> Floats:
        return aligned_array((*shape, LANES))

    squares = (nodes, 2, m, m)
    return Memory(
        LaneFactors(lines(*squares), lines(*squares), lines(nodes, m), np.empty((nodes, m))),
        Turn(lines(nodes, 2, m), lines(nodes, 2, m), lines(nodes, 2, m)),
        lines(borders, nodes, 2, m),
        lines(borders, 2),
        lines(nodes, 2),
        lines(2, 2),
        lines(),
        lines(),
    )


def responses_for(groups: int, nodes: int, m: int) -> Responses:
    """Of G groups of lanes on N nodes."""

    def lines(*shape: int) -> Floats:
        return aligned_array((groups, *shape, LANES))

    return Responses(lines(nodes, 2, m), lines(2, m), lines(), lines(), lines())


@intrinsic
def _any_less(typing_context: Any, a: Any, b: Any) -> Any:  # noqa: ARG001
    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001
        left, right = arguments
        bits = builder.bitcast(builder.fcmp_ordered("<", left, right), ir.IntType(LANES))
        return builder.icmp_unsigned("!=", bits, ir.Constant(ir.IntType(LANES), 0))

    return types.boolean(a, b), code


def _any_less_of_arrays(a: Floats, b: Floats) -> bool:
    return bool(np.less(a, b).any())


any_less: Any = _any_less_of_arrays if numba.config.DISABLE_JIT else _any_less
"""Whether the first of two vectors is less than the second in any lane."""


@kernel
def linearise(chain: Chain, state: Floats, out_jacobian: Jacobian, out_right: Floats, out_scratch: Floats) -> None:
    """The derivatives at a state, and those of what the half cells to the right of the nodes store.

    `out_scratch` is (2, N, m, m).
    """
    fill_jacobian(chain, state, out_jacobian)
    halves = Chain(
        chain.valence,
        chain.partition,
        chain.conductance,
        chain.permittivity,
        chain.volume_left,
        np.zeros_like(chain.volume_right),
        chain.fixed_charge,
        chain.surface_charge,
        chain.free,
        chain.target,
        chain.packing,
        chain.exponent,
        chain.carried,
    )
    fill_jacobian(halves, state, Jacobian(out_scratch[0], out_scratch[1], out_right))
