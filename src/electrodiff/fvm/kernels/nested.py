"""A whole steady solve in one call: Newton's method on nested meshes, what the states say, and what that is good for.

For problems whose meshes, arrays and first guess have been prepared; plain Newton only, from the first guess.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba.typed import List

from electrodiff.fvm.kernels.arrays import Border, Chain, Floats, Integers
from electrodiff.fvm.kernels.bernoulli import bernoulli
from electrodiff.fvm.kernels.compiler import kernel
from electrodiff.fvm.kernels.lane_readings import DEVIATION, IONS, NEGLIGIBLE
from electrodiff.fvm.kernels.newton import CONVERGED, newton_point_ions


class Nest(NamedTuple):
    """A problem of point ions on one of nested meshes, with memory of its own."""

    chain: Chain
    """Its target, conductance and carried flux are overwritten if there is a border."""
    border: Border
    conductance: Floats
    """(N-1, n) without gates"""
    layer: Integers
    """(N-1,) of each face"""
    state: Floats
    """(N, m)"""


@kernel
def listed(nests: tuple[Nest, ...]) -> List[Nest]:
    """The same problems in a list that stays compiled: to hand over a hundred arrays one by one takes 15 us a call."""
    result = List()
    for level in range(len(nests)):
        result.append(nests[level])
    return result


@kernel
def to_midpoints(coarse: Floats, out_fine: Floats) -> None:
    """The state (N, m) on a mesh with twice the cells: means of potentials, geometric means of activities."""
    nodes, m = coarse.shape
    for k in range(nodes - 1):
        for r in range(m):
            left, right = coarse[k, r], coarse[k + 1, r]
            out_fine[2 * k, r] = left
            out_fine[2 * k + 1, r] = 0.5 * (left + right) if r == m - 1 else np.sqrt(left * right)
    for r in range(m):
        out_fine[2 * nodes - 2, r] = coarse[nodes - 1, r]


@kernel
def read_nest(nest: Nest, layers: int, least: float, is_finest: bool, out_table: Floats) -> None:
    """What a state says, as lines of `out_table` (1 + 2 n + 2 layers + 1,): those of `read_lanes`.

    Of the first line, the deviation, which is found on the finest mesh: in closed form w = a e^(z phi) falls from node to
    node by its resistance times the flux; of an ion that is absent somewhere it is constant on either side.  An activity
    counts as no smaller than `least`.
    """
    chain, state = nest.chain, nest.state
    n = len(chain.valence)
    faces = state.shape[0] - 1
    # e^(z phi), phi counted from the left end, and the sum of the resistances to the left, of every node.
    factor, passed = np.empty((faces + 1, n)), np.empty((faces + 1, n))
    factor[0] = 1.0
    passed[0] = 0.0
    for k in range(faces):
        step, last_u = state[k + 1, n] - state[k, n], 0.0
        plus, minus = 1.0, 1.0
        for i in range(n):
            u = chain.valence[i] * step
            if u == -last_u:
                plus, minus = minus, plus
            elif u != last_u:
                plus, minus, _ = bernoulli(u)
            last_u = u
            factor[k + 1, i] = factor[k, i] * minus / plus
            passed[k + 1, i] = passed[k, i] + factor[k, i] / (chain.conductance[k, i] * plus)
    out_table[DEVIATION] = 0.0
    for i in range(n):
        first, last, whole = state[0, i], state[faces, i] * factor[faces, i], passed[faces, i]
        out_table[IONS + i] = (first - last) / whole
        out_table[IONS + n + i] = max(first, last) / whole
        crosses, at_right = np.isfinite(whole), False
        for k in range(1, faces) if is_finest else range(0):
            w = last if at_right else first
            if crosses:
                w = (first * (whole - passed[k, i]) + last * passed[k, i]) / whole
            elif chain.free[k, i] == 0.0:
                at_right = True
                continue
            demanded = w / factor[k, i]
            off = abs(state[k, i] - demanded) / max(demanded, least)
            # Also what is not a number.
            if not off <= out_table[DEVIATION]:
                out_table[DEVIATION] = off
    charge = IONS + 2 * n
    for line in range(2 * layers + 1):
        out_table[charge + line] = 0.0
    out_table[charge + layers] = state[0, n]
    for k in range(faces):
        layer = nest.layer[k]
        total = (chain.volume_left[k] + chain.volume_right[k]) * chain.fixed_charge[k]
        for i in range(n):
            held = chain.volume_left[k] * state[k, i] + chain.volume_right[k] * state[k + 1, i]
            total += chain.valence[i] * chain.partition[k, i] * held
        out_table[charge + layer] += total
        out_table[charge + layers + 1 + layer] = state[k + 1, n]


@kernel
def solve_nest(
    nests: List[Nest],
    guess: Floats,
    layers: int,
    tolerance: float,
    activity_floor: float,
    max_iterations: int,
    out_tables: Floats,
    out_iterations: Integers,
) -> int:
    """Solve on all meshes, coarsest first, from a guess (N, m) on the first; each state is the guess of the next.

    `out_tables` (levels, lines) receives what the states say, `out_iterations` (levels,) the steps.  Returns how many
    meshes were solved on before Newton's method failed.
    """
    history, worst = np.empty((max_iterations, 2)), np.zeros(2, dtype=np.int64)
    gate = np.empty(nests[0].border.kind.size)
    for level in range(len(nests)):
        nest = nests[level]
        if level == 0:
            nest.state[:] = guess
        else:
            to_midpoints(nests[level - 1].state, nest.state)
        gate[:] = 1.0
        status, steps = newton_point_ions(
            nest.chain,
            nest.border,
            nest.conductance,
            tolerance,
            activity_floor,
            max_iterations,
            nest.state,
            gate,
            history,
            worst,
        )
        out_iterations[level] = steps
        if status != CONVERGED:
            return level
        read_nest(nest, layers, NEGLIGIBLE * activity_floor, level == len(nests) - 1, out_tables[level])
    return len(nests)
