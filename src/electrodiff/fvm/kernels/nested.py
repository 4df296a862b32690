"""A whole steady solve in one call: Newton's method on nested meshes, and what the states say.

For problems whose meshes, arrays and first guess have been prepared; plain Newton only, from the first guess.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba.typed import List

from electrodiff.fvm.kernels.arrays import Floats, Integers
from electrodiff.fvm.kernels.compiler import kernel
from electrodiff.fvm.kernels.constant_flux import Stretch, fill_recursion, newton_constant_flux
from electrodiff.fvm.kernels.lane_readings import DEVIATION, IONS, NEGLIGIBLE
from electrodiff.fvm.kernels.newton import CONVERGED
from electrodiff.fvm.kernels.scratch import borrowed
from electrodiff.fvm.kernels.vectors import LANES, fill, larger, load, size_of, store, vector_lines_of


class Nest(NamedTuple):
    """A problem on one of nested meshes, and how its state is read."""

    stretch: Stretch
    boundaries: Integers
    """(layers + 1,) nodes where layers begin and end"""
    fixed_charge: Floats
    """(F,) of each face"""
    left_share: Floats
    """(n, F) z times partition times volume of the half cell at the left of each face"""
    right_share: Floats
    """(n, F) the same at the right"""
    passed: Floats
    """(F,) scratch"""
    rest: Floats
    """(F,) scratch"""


@kernel
def listed(nests: tuple[Nest, ...]) -> List[Nest]:
    """The same problems in a list that stays compiled: to hand over a hundred arrays one by one takes 15 us a call."""
    result = List()
    for level in range(len(nests)):
        result.append(nests[level])
    return result


@kernel
def to_midpoints(coarse: Stretch, fine: Stretch) -> None:
    """The state on a mesh with twice the cells: means of potentials, geometric means of activities."""
    n = len(coarse.valence)
    last = coarse.nodes - 1
    for i in range(n + 1):
        source, out = coarse.state[i], fine.state[i]
        for k in range(last):
            left, right = source[k], source[k + 1]
            out[2 * k] = left
            out[2 * k + 1] = 0.5 * (left + right) if i == n else np.sqrt(left * right)
        out[2 * last] = source[last]


@kernel
def read_ions(nest: Nest, least: float, is_finest: bool, out_table: Floats) -> None:
    """Fluxes of the ions, and on the finest mesh how far their activities are from their closed form.

    With the gains g and series resistances r of the faces (see `constant_flux`), an activity goes on as
    a(k+1) = g a(k) - r J, and so

        a(k) = G(k) a(0) - P(k) J,    G(k+1) = g G(k),    P(k+1) = g P(k) + r,    J = (G a(0) - a) / P at the right end.

    G(k) a(0) - P(k) J would cancel; what it is compared with is a(0) G(k) times the part of the resistances r / G(k+1) that
    is at the right, plus the activity at the right end times P(k) / P: positive terms only.  Of an ion that some layer keeps
    out r is 0 or, there, 1 for P, and the first part is the whole: a(0) G(k) before the layer, and a at the right end times
    P(k) / P behind it, which is Boltzmann's distribution on either side.
    """
    stretch = nest.stretch
    n = len(stretch.valence)
    last = stretch.nodes - 1
    fill_recursion(stretch)
    deviation, total = fill(0.0), fill(0.0)
    for i in range(n):
        state, gain, series = stretch.state[i], stretch.gain[i], stretch.series[i]
        carried, passed, rest = stretch.update[i], nest.passed, nest.rest
        carried[0], passed[0] = 1.0, 0.0
        for k in range(last):
            carried[k + 1] = gain[k] * carried[k]
            passed[k + 1] = gain[k] * passed[k] + abs(series[k])
        arriving, end, whole = state[0] * carried[last], state[last], passed[last]
        out_table[IONS + i] = stretch.crosses[i] * (arriving - end) / whole
        out_table[IONS + n + i] = stretch.crosses[i] * max(arriving, end) / whole
        if not is_finest:
            continue
        by_rest = state[0]
        rest[:] = 1.0
        if stretch.crosses[i] > 0.0:
            for k in range(last):
                rest[k] = series[k] / carried[k + 1]
            rest[last] = 0.0
            for k in range(last - 1, -1, -1):
                rest[k] += rest[k + 1]
            by_rest /= rest[0]
        for k in range(0, stretch.nodes, LANES):
            here = slice(k, k + LANES)
            expected = by_rest * load(carried[here]) * load(rest[here]) + end / whole * load(passed[here])
            off = size_of(load(state[here]) - expected) / larger(expected, fill(least))
            off = load(stretch.free[i, here]) * off
            deviation = larger(deviation, off)
            total += off
    if is_finest:
        both = vector_lines_of(stretch.valence, 1)[0]
        store(deviation, both[0])
        store(total, both[1])
        # What is not a number is larger than nothing.
        out_table[DEVIATION] = both[0].max() if np.isfinite(both[1].sum()) else np.inf


@kernel
def read_layers(nest: Nest, out_table: Floats) -> None:
    """The charge of every layer and the potential of every boundary, as lines of `out_table` (2 layers + 1,)."""
    stretch, boundaries = nest.stretch, nest.boundaries
    n = len(stretch.valence)
    layers = boundaries.size - 1
    charge = nest.rest
    for k in range(0, stretch.nodes - 1, LANES):
        here, there = slice(k, k + LANES), slice(k + 1, k + 1 + LANES)
        total = load(nest.fixed_charge[here])
        for i in range(n):
            total += load(nest.left_share[i, here]) * load(stretch.state[i, here])
            total += load(nest.right_share[i, here]) * load(stretch.state[i, there])
        store(total, charge[here])
    for layer in range(layers):
        held = 0.0
        for k in range(boundaries[layer], boundaries[layer + 1]):
            held += charge[k]
        out_table[layer] = held
    for boundary in range(layers + 1):
        out_table[layers + boundary] = stretch.state[n, boundaries[boundary]]


@kernel
def solve_nest(
    nests: List[Nest],
    guess: Floats,
    floats: bool,
    wanted: float,
    tolerance: float,
    activity_floor: float,
    max_iterations: int,
    out_tables: Floats,
    out_iterations: Integers,
) -> int:
    """Solve on all meshes, coarsest first, from a guess (m, N) on the first; each state is the guess of the next.

    floats: the potential of the right end is such that the net current is `wanted`.  `out_tables` (levels, 1 + 2 n +
    2 layers + 1) receives what the states say, in the lines of `read_lanes`, and `out_iterations` (levels,) the steps.
    Returns how many meshes were solved on before Newton's method failed.
    """
    out_iterations[:] = 0
    for level in range(len(nests)):
        nest = borrowed(nests[level])
        stretch = nest.stretch
        if level == 0:
            stretch.state[:, : stretch.nodes] = guess
        else:
            to_midpoints(nests[level - 1].stretch, stretch)
        status, steps = newton_constant_flux(stretch, floats, wanted, tolerance, activity_floor, max_iterations)
        out_iterations[level] = steps
        if status != CONVERGED:
            return level
        table = out_tables[level]
        read_ions(nest, NEGLIGIBLE * activity_floor, level == len(nests) - 1, table)
        read_layers(nest, table[IONS + 2 * len(stretch.valence) :])
    return len(nests)
