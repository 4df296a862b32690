"""The Jacobian of the chain with storage, factored once and solved for many right sides: steps in time, and frequencies.

What is stored at node k is C_i = sum over its half cells of volume c_i, and with S_k = dC/dx the equations of an update x
(see `flux`) are

    rate S_k x_k + (J(k) + O_k x_k + I_k x_(k+1)) - (flow that arrives) = source_k          for each free ion
    - z . S_k x_k + (the same with the displacement)                    = source_k          for the potential
    da_i or dphi = source_k                                                                 for what is pinned

rate: 1 / (gamma dt) of a time step, or i omega.  The elimination is that of `chain`: it carries what arrives from the left
as t - E x, with E + Q bound at the node itself,

    (E + Q + O) x_k + I x_(k+1) = t + source - J,    Q = rate S in the rows of ions, and -z . S in that of the potential,

and the two forms of E and t of the next node.  In the first, where less is bound to the left than to the right, no flow is
lost: what the cells to the left give up arrives at the right, to round-off, whatever the time step.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from electrodiff.fvm.kernels.arrays import Chain, Floats
from electrodiff.fvm.kernels.chain import LOOSE
from electrodiff.fvm.kernels.compiler import kernel
from electrodiff.fvm.kernels.flux import (
    FACE_LINES,
    FACTOR_LEFT,
    FACTOR_RIGHT,
    FLUX,
    GRADIENT_LEFT,
    GRADIENT_RIGHT,
    LEFT,
    PHI_LEFT,
    PHI_RIGHT,
    RIGHT,
    VOID_LEFT,
    VOID_RIGHT,
    flux_scharfetter_gummel,
)
from electrodiff.fvm.kernels.steric import flux_of_sized_ions, is_steric


class Jacobian(NamedTuple):
    """The derivatives of the chain by the update x (see `flux`), (N, m, m) each: O, I and S of every node.

    O and I are zero at the last node.
    """

    outflow: Floats
    inflow: Floats
    storage: Floats


class Factors(NamedTuple):
    """A factored Jacobian, real or complex."""

    inverse: Floats
    """(N, m, m) (E + Q + O)^-1"""
    upper: Floats
    """(N, m, m) W = (E + Q + O)^-1 I"""
    carry: Floats
    """(N, m, m) what t of the next node takes from x: -(E + Q) in the first form, O in the second."""
    loose: Floats
    """(N, m) 1 in the rows of the first form."""


@kernel
def fill_jacobian(chain: Chain, state: Floats, out: Jacobian) -> None:
    """The derivatives at a state (N, m)."""
    n = len(chain.valence)
    m = n + 1
    nodes = state.shape[0]
    steric = is_steric(chain)
    face = np.zeros((FACE_LINES, m))
    for r in range(m):
        for c in range(m):
            out.outflow[nodes - 1, r, c] = 0.0
            out.inflow[nodes - 1, r, c] = 0.0
            out.storage[0, r, c] = 0.0
    for k in range(nodes - 1):
        for r in range(m):
            for c in range(m):
                out.outflow[k, r, c] = 0.0
                out.inflow[k, r, c] = 0.0
                out.storage[k + 1, r, c] = 0.0
        if steric:
            flux_of_sized_ions(chain, state, k, face)
            add_void_derivatives(chain, state, k, face, out)
        else:
            flux_scharfetter_gummel(chain, state, k, face)
        for i in range(n):
            out.outflow[k, i, i] += face[LEFT, i]
            out.inflow[k, i, i] += face[RIGHT, i]
            out.outflow[k, i, n] += face[PHI_LEFT, i]
            out.inflow[k, i, n] += face[PHI_RIGHT, i]
            for side in range(2):
                volume = chain.volume_left[k] if side == 0 else chain.volume_right[k]
                factor = face[FACTOR_LEFT + side, i] if steric else 1.0
                by_activity = volume * chain.partition[k, i] * factor
                out.storage[k + side, i, i] += by_activity
                out.storage[k + side, i, n] -= chain.valence[i] * by_activity * state[k + side, i]
        out.outflow[k, n, n] = face[LEFT, n]
        out.inflow[k, n, n] = face[RIGHT, n]


@kernel
def add_void_derivatives(chain: Chain, state: Floats, k: int, face: Floats, out: Jacobian) -> None:
    """What ions of finite size have beside the arrow: in the flows of face k, and in what its half cells store."""
    n = len(chain.valence)
    for i in range(n):
        for c in range(n + 1):
            out.outflow[k, i, c] += face[VOID_LEFT, i] * face[GRADIENT_LEFT, c]
            out.inflow[k, i, c] += face[VOID_RIGHT, i] * face[GRADIENT_RIGHT, c]
            for side in range(2):
                volume = chain.volume_left[k] if side == 0 else chain.volume_right[k]
                content = volume * chain.partition[k, i] * face[FACTOR_LEFT + side, i] * state[k + side, i]
                out.storage[k + side, i, c] += chain.exponent[i] * content * face[GRADIENT_LEFT + side, c]


@kernel
def factor(chain: Chain, state: Floats, jacobian: Jacobian, rate: complex, out: Factors) -> int:
    """Factor the Jacobian; returns -1, or the node whose pivot was zero or not finite.

    `rate` and the arrays of `out` are real or complex.  As in `chain`, without pivoting.
    """
    n = len(chain.valence)
    m = n + 1
    zero = 0.0 * rate
    bound = np.zeros_like(out.inverse[0])
    inverse = np.zeros_like(out.inverse[0])
    upper = np.zeros_like(out.inverse[0])
    carry = np.zeros_like(out.inverse[0])
    for k in range(state.shape[0]):
        outflow, inflow, storage = jacobian.outflow[k], jacobian.inflow[k], jacobian.storage[k]
        # bound <- E + Q
        for i in range(n):
            for c in range(m):
                bound[i, c] += rate * storage[i, c]
                bound[n, c] -= chain.valence[i] * storage[i, c]
        for r in range(m):
            free = chain.free[k, r]
            is_loose = free * LOOSE * abs(outflow[r, r]) > abs(bound[r, r])
            out.loose[k, r] = 1.0 if is_loose else 0.0
            for c in range(m):
                carry[r, c] = -bound[r, c] if is_loose else zero + outflow[r, c]
                inverse[r, c] = free * (bound[r, c] + outflow[r, c])
            inverse[r, r] += 1.0 - free
        for i in range(n):
            inverse[i, n] -= (1.0 - chain.free[k, i]) * chain.valence[i] * state[k, i]
        for c in range(m):
            pivot = 1.0 / inverse[c, c]
            if not np.isfinite(abs(pivot)):
                return k
            for j in range(m):
                inverse[c, j] *= pivot
            inverse[c, c] = pivot
            for r in range(m):
                if r != c:
                    multiple = inverse[r, c]
                    inverse[r, c] = zero
                    for j in range(m):
                        inverse[r, j] -= multiple * inverse[c, j]
        for r in range(m):
            for c in range(m):
                upper[r, c] = zero
            for j in range(m):
                part = inverse[r, j] * chain.free[k, j]
                for c in range(m):
                    upper[r, c] += part * inflow[j, c]
        # bound <- E of the next node: -(E + Q) W, or -I + O W
        for r in range(m):
            rest = 1.0 - out.loose[k, r]
            for c in range(m):
                bound[r, c] = zero - rest * inflow[r, c]
            for j in range(m):
                for c in range(m):
                    bound[r, c] += carry[r, j] * upper[j, c]
        for r in range(m):
            for c in range(m):
                out.inverse[k, r, c] = inverse[r, c]
                out.upper[k, r, c] = upper[r, c]
                out.carry[k, r, c] = carry[r, c]
    return -1


@kernel
def solve(chain: Chain, factors: Factors, flow: Floats, source: Floats, out: Floats) -> None:
    """The update x (N, m) for the flows J (N, m) through the face to the right of each node, and sources (N, m).

    Of a pinned unknown the source is its change.
    """
    m = len(chain.valence) + 1
    nodes = source.shape[0]
    arriving = np.zeros_like(out[0])
    right = np.zeros_like(out[0])
    for k in range(nodes):
        for r in range(m):
            right[r] = chain.free[k, r] * (arriving[r] - flow[k, r]) + source[k, r]
        for r in range(m):
            total = factors.inverse[k, r, 0] * right[0]
            for j in range(1, m):
                total += factors.inverse[k, r, j] * right[j]
            out[k, r] = total
        for r in range(m):
            loose = factors.loose[k, r]
            total = loose * (arriving[r] + source[k, r]) + (1.0 - loose) * flow[k, r]
            for j in range(m):
                total += factors.carry[k, r, j] * out[k, j]
            arriving[r] = total
    for k in range(nodes - 2, -1, -1):
        for r in range(m):
            total = out[k, r]
            for j in range(m):
                total -= factors.upper[k, r, j] * out[k + 1, j]
            out[k, r] = total


@kernel
def fill_flows(chain: Chain, state: Floats, out_flow: Floats, out_content: Floats) -> None:
    """J of every ion and the displacement through the face to the right of each node, (N, m), 0 at the last; and C_i of
    every ion at each node, in the last column its charge q, (N, m).
    """
    n = len(chain.valence)
    m = n + 1
    nodes = state.shape[0]
    steric = is_steric(chain)
    face = np.zeros((FACE_LINES, m))
    for r in range(m):
        out_flow[nodes - 1, r] = 0.0
        out_content[0, r] = 0.0
    for k in range(nodes - 1):
        if steric:
            flux_of_sized_ions(chain, state, k, face)
        else:
            flux_scharfetter_gummel(chain, state, k, face)
        charge_left = chain.volume_left[k] * chain.fixed_charge[k]
        charge_right = chain.volume_right[k] * chain.fixed_charge[k]
        for i in range(n):
            left = chain.volume_left[k] * chain.partition[k, i] * state[k, i]
            right = chain.volume_right[k] * chain.partition[k, i] * state[k + 1, i]
            if steric:
                left *= face[FACTOR_LEFT, i]
                right *= face[FACTOR_RIGHT, i]
            out_content[k, i] += left
            out_content[k + 1, i] = right
            charge_left += chain.valence[i] * left
            charge_right += chain.valence[i] * right
        out_content[k, n] += charge_left + chain.surface_charge[k]
        out_content[k + 1, n] = charge_right
        for r in range(m):
            out_flow[k, r] = face[FLUX, r]
    out_content[nodes - 1, n] += chain.surface_charge[nodes - 1]
