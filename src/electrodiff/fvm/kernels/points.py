"""Factors and stages of point ions, in a third of the time of `factors`, whose numbers they give.

Of point ions the blocks are arrows, and what a node stores of an ion is its volume times the activity,

    S_k = [V_i, - z_i V_i a_i],    O_k and I_k of the four lines of a face in `flux`,

so that `factor_points`, `stage_forward` and `stage_backward` give the numbers of `factor` and `solve` in a third of the time.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from electrodiff.fvm.kernels.arrays import Chain, Floats
from electrodiff.fvm.kernels.bernoulli import bernoulli
from electrodiff.fvm.kernels.blocks import invert
from electrodiff.fvm.kernels.chain import LOOSE
from electrodiff.fvm.kernels.compiler import kernel
from electrodiff.fvm.kernels.factors import Factors, Jacobian
from electrodiff.fvm.kernels.flux import LEFT, PHI_LEFT, PHI_RIGHT, RIGHT, flux_scharfetter_gummel
from electrodiff.fvm.kernels.scratch import lines_of, square_of

# Lines of what the ends are given in a stage, of every row of the first and the last node:
TARGET = 0  # the value of what is pinned
CHARGE = 1  # what the source has more than that of the chain: surface charge
PINNED = 2  # 1 where what is pinned obeys the target, 0 where a border does it


class Points(NamedTuple):
    """What nodes hold of point ions, and what the stages need beside the factors."""

    volume: Floats
    """(N, n) V_i, volume times partition coefficient, of every node"""
    fixed: Floats
    """(N,) charge of every node that is not of ions"""
    slopes: Floats
    """(N, 4, m) lines LEFT, PHI_LEFT, RIGHT and PHI_RIGHT of the face to the right of each node; 0 at the last"""
    is_loose: Floats
    """(N,) 1 where a row of the node has the first form"""


@kernel
def factor_points(chain: Chain, state: Floats, rate: float, all_carries: bool, points: Points, out: Factors) -> int:
    """As `factor`, of the Jacobian at a state (N, m); `all_carries`: as `solve` needs them, and not only the stages."""
    n = len(chain.valence)
    m = n + 1
    nodes = state.shape[0]
    after = lines_of(chain.valence, 5)
    before = lines_of(chain.valence, 5)
    block = square_of(chain.valence)
    upper = square_of(chain.valence)
    unused = lines_of(chain.valence, 1)[0]
    kept = np.empty((m, m))
    bound = np.empty((m, m))
    loose = np.zeros(m)
    any_loose = False
    before[:] = 0.0
    upper[:] = 0.0
    for k in range(nodes):
        if k < nodes - 1:
            flux_scharfetter_gummel(chain, state, k, after)
        else:
            after[:] = 0.0
        # block <- E
        for r in range(m):
            own, drift = before[LEFT, r], before[PHI_LEFT, r]
            for c in range(m):
                block[r, c] = own * upper[r, c] + drift * upper[n, c]
        for r in range(m):
            block[r, r] -= before[RIGHT, r]
            block[r, n] -= before[PHI_RIGHT, r]
        if any_loose:
            for r in range(m):
                if loose[r] > 0.0:
                    for c in range(m):
                        block[r, c] = kept[r, c]
        # block <- E + Q
        for i in range(n):
            z, volume = chain.valence[i], points.volume[k, i]
            block[i, i] += rate * volume
            block[i, n] -= rate * z * volume * state[k, i]
            block[n, i] -= z * volume
            block[n, n] += z * z * volume * state[k, i]
        any_loose = False
        for r in range(m):
            is_loose = chain.free[k, r] * LOOSE * abs(after[LEFT, r]) > abs(block[r, r])
            loose[r] = 1.0 if is_loose else 0.0
            any_loose |= is_loose
        points.is_loose[k] = 1.0 if any_loose else 0.0
        if any_loose or all_carries:
            for r in range(m):
                out.loose[k, r] = loose[r]
                for c in range(m):
                    bound[r, c] = block[r, c]
                    out.carry[k, r, c] = -block[r, c] if loose[r] > 0.0 else 0.0
                if loose[r] == 0.0:
                    out.carry[k, r, n] = after[PHI_LEFT, r]
                    out.carry[k, r, r] = after[LEFT, r]
        # block <- E + Q + O, but for the pinned rows
        for r in range(m):
            free = chain.free[k, r]
            for c in range(m):
                block[r, c] *= free
            block[r, r] += free * after[LEFT, r] + (1.0 - free)
        for i in range(n):
            free = chain.free[k, i]
            block[i, n] += free * after[PHI_LEFT, i] - (1.0 - free) * chain.valence[i] * state[k, i]
        unused[:] = 0.0
        if not np.isfinite(invert(block, unused)):
            return k
        for r in range(m):
            total = block[r, n] * after[RIGHT, n] * chain.free[k, n]
            for j in range(n):
                part = block[r, j] * chain.free[k, j]
                total += part * after[PHI_RIGHT, j]
                upper[r, j] = part * after[RIGHT, j]
            upper[r, n] = total
        for r in range(m):
            points.slopes[k, 0, r] = after[LEFT, r]
            points.slopes[k, 1, r] = after[PHI_LEFT, r]
            points.slopes[k, 2, r] = after[RIGHT, r]
            points.slopes[k, 3, r] = after[PHI_RIGHT, r]
            for c in range(m):
                out.inverse[k, r, c] = block[r, c]
                out.upper[k, r, c] = upper[r, c]
        if any_loose:
            for r in range(m):
                for c in range(m):
                    total = 0.0
                    for j in range(m):
                        total -= bound[r, j] * out.upper[k, j, c]
                    kept[r, c] = total
        for line in range(1, 5):
            for r in range(m):
                before[line, r] = after[line, r]
    return -1


@kernel
def stage_forward(
    chain: Chain,
    points: Points,
    factors: Factors,
    stage: Floats,
    sources: Floats,
    given: Floats,
    flow_weight: float,
    out_flow: Floats,
    out_update: Floats,
    out_conducted: Floats,
) -> None:
    """The first half of a stage from its state (N, m): its flows, with their part of the current, and what arrives from
    the left.

    `sources` (N, m): what the stages before it add to each ion, over what a node holds at an activity of 1.  `given`
    (3, 2, m): what the first and the last node are given.
    """
    n = len(chain.valence)
    m = n + 1
    nodes = stage.shape[0]
    here = lines_of(chain.valence, 1)[0]
    there = lines_of(chain.valence, 1)[0]
    ahead = lines_of(chain.valence, 1)[0]
    source = lines_of(chain.valence, 1)[0]
    flow = lines_of(chain.valence, 1)[0]
    arriving = lines_of(chain.valence, 1)[0]
    right = lines_of(chain.valence, 1)[0]
    x = lines_of(chain.valence, 1)[0]
    arriving[:] = 0.0
    for r in range(m):
        here[r] = stage[0, r]
    for k in range(nodes):
        charge = points.fixed[k]
        for r in range(n):
            source[r] = points.volume[k, r] * sources[k, r]
            charge += chain.valence[r] * points.volume[k, r] * here[r]
        source[n] = charge
        if k < nodes - 1:
            for r in range(m):
                there[r] = stage[k + 1, r]
            step = there[n] - here[n]
            last_u = 0.0
            plus, minus = 1.0, 1.0
            for r in range(n):
                u = chain.valence[r] * step
                if u == -last_u:
                    plus, minus = minus, plus
                elif u != last_u:
                    plus, minus, _ = bernoulli(u)
                last_u = u
                flow[r] = chain.conductance[k, r] * (plus * here[r] - minus * there[r]) + chain.carried[k, r]
            flow[n] = -chain.permittivity[k] * step
            current = 0.0
            for r in range(n):
                current += chain.valence[r] * flow[r]
            out_conducted[k] += flow_weight * current
        else:
            for r in range(m):
                flow[r] = 0.0
        for r in range(m):
            out_flow[k, r] = flow[r]
            right[r] = chain.free[k, r] * (arriving[r] - flow[r] + source[r])
        if k == 0 or k == nodes - 1:
            side = 0 if k == 0 else 1
            for r in range(m):
                if chain.free[k, r] == 0.0:
                    right[r] = given[PINNED, side, r] * (given[TARGET, side, r] - here[r])
                else:
                    source[r] += given[CHARGE, side, r]
                    right[r] += given[CHARGE, side, r]
        for r in range(m):
            total = factors.inverse[k, r, 0] * right[0]
            for j in range(1, m):
                total += factors.inverse[k, r, j] * right[j]
            x[r] = total
        for r in range(m):
            out_update[k, r] = x[r]
            ahead[r] = flow[r] + points.slopes[k, 0, r] * x[r]
            if r < n:
                ahead[r] += points.slopes[k, 1, r] * x[n]
        if points.is_loose[k] > 0.0:
            for r in range(m):
                if factors.loose[k, r] > 0.0:
                    total = arriving[r] + source[r]
                    for j in range(m):
                        total += factors.carry[k, r, j] * x[j]
                    ahead[r] = total
        for r in range(m):
            arriving[r] = ahead[r]
            here[r] = there[r]


@kernel
def stage_backward(valence: tuple[float, ...], upper: Floats, state: Floats, out_update: Floats, out_k: Floats) -> None:
    """The second half: the update x_k -= W_k x_(k+1), and what `keep_points` makes of it."""
    n = len(valence)
    nodes = out_update.shape[0]
    after = lines_of(valence, 1)[0]
    x = lines_of(valence, 1)[0]
    after[:] = 0.0
    for k in range(nodes - 1, -1, -1):
        # W is zero at the last node.
        for r in range(n + 1):
            total = out_update[k, r]
            for j in range(n + 1):
                total -= upper[k, r, j] * after[j]
            x[r] = total
        for r in range(n + 1):
            out_update[k, r] = x[r]
            after[r] = x[r]
        for r in range(n):
            out_k[k, r] = x[r] - valence[r] * state[k, r] * x[n]
        out_k[k, n] = x[n]


@kernel
def keep_points(valence: tuple[float, ...], state: Floats, update: Floats, out_k: Floats) -> None:
    """The changes of activities and potentials, (N, m), of an update."""
    n = len(valence)
    for k in range(state.shape[0]):
        by_phi = update[k, n]
        for r in range(n):
            out_k[k, r] = update[k, r] - valence[r] * state[k, r] * by_phi
        out_k[k, n] = by_phi


@kernel
def fill_face(chain: Chain, state: Floats, k: int, out: Jacobian) -> None:
    """O and I of one face, whose other entries are zero already."""
    n = len(chain.valence)
    face = np.empty((5, n + 1))
    flux_scharfetter_gummel(chain, state, k, face)
    for r in range(n + 1):
        out.outflow[k, r, n] = face[PHI_LEFT, r]
        out.inflow[k, r, n] = face[PHI_RIGHT, r]
        out.outflow[k, r, r] = face[LEFT, r]
        out.inflow[k, r, r] = face[RIGHT, r]
