"""The rows of the discrete equations on a chain, and their block-tridiagonal elimination.

At node k the equations are (steady state)

    R_i   = J_i(k) - J_i(k-1)                                        for each ion i that is free there
    R_phi = d(k) - d(k-1) - q(k),    d(k) = -eps_k (phi(k+1) - phi(k))
    q(k)  = sum over the two half cells of volume (sum_i z_i beta_i a_i + X), plus the surface charge
    R     = u - target                                               for each pinned unknown u

so that the Jacobian has one m x m block row (lower, diagonal, upper) a node.  Every block is an arrow,

              a_0  a_1  ...  phi
    ion 0   [  *              *  ]
    ion 1   [       *         *  ]
    phi     [  *    *    *    *  ]        (the last row of lower and upper holds its last entry only)

and is kept as such: a block row is the array (8, m) whose lines are named here.  For ions of finite size each block has
a part of rank one beside its arrow (see `steric`).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from electrodiff.fvm.kernels.arrays import Chain, Floats
from electrodiff.fvm.kernels.compiler import kernel, kernel_part
from electrodiff.fvm.kernels.flux import DRIFT, FACE_LINES, FLUX, LEFT, RIGHT, flux_scharfetter_gummel
from electrodiff.fvm.kernels.scratch import lines_of, square_of
from electrodiff.fvm.kernels.steric import (
    add_void_blocks,
    add_void_upper,
    sized_charge,
    sized_face,
    subtract_void_column,
)

RESIDUAL = 0  # R of each row
LOWER_OWN = 1  # dR/d(the row's own unknown at node k-1)
LOWER_PHI = 2  # dR_i/dphi(k-1); 0 in the row of phi
OWN = 3  # dR/d(the row's own unknown at node k)
PHI = 4  # dR_i/dphi(k); 0 in the row of phi
CHARGE = 5  # dR_phi/da_i(k); 0 in the column of phi
UPPER_OWN = 6  # dR/d(the row's own unknown at node k+1)
UPPER_PHI = 7  # dR_i/dphi(k+1); 0 in the row of phi
LINES = 8


@kernel_part
def ion_rows(chain: Chain, state: Floats, k: int, before: Floats, after: Floats, out_row: Floats) -> None:
    """Lines of the n ions at node k from the flux and its derivatives on the faces before and after it."""
    for i in range(len(chain.valence)):
        z = chain.valence[i]
        free = chain.free[k, i]
        pinned = 1.0 - free
        out_row[RESIDUAL, i] = free * (after[FLUX, i] - before[FLUX, i]) + pinned * (state[k, i] - chain.target[k, i])
        out_row[LOWER_OWN, i] = -free * before[LEFT, i]
        out_row[LOWER_PHI, i] = free * z * before[DRIFT, i]
        out_row[OWN, i] = free * (after[LEFT, i] - before[RIGHT, i]) + pinned
        out_row[PHI, i] = -free * z * (after[DRIFT, i] + before[DRIFT, i])
        out_row[UPPER_OWN, i] = free * after[RIGHT, i]
        out_row[UPPER_PHI, i] = free * z * after[DRIFT, i]


@kernel_part
def potential_row(chain: Chain, state: Floats, k: int, steric: bool, out_row: Floats) -> None:
    """Lines of Poisson's equation at node k; without the mobile charge if the ions have a size (`sized_charge`)."""
    n = len(chain.valence)
    free = chain.free[k, n]
    pinned = 1.0 - free
    charge = chain.surface_charge[k]
    displacement = eps_left = eps_right = volume_left = volume_right = 0.0
    left = right = 0
    if k > 0:
        left = k - 1
        eps_left = chain.permittivity[left]
        volume_left = chain.volume_right[left]
        charge += volume_left * chain.fixed_charge[left]
        displacement += eps_left * (state[k, n] - state[left, n])
    if k < chain.permittivity.size:
        right = k
        eps_right = chain.permittivity[right]
        volume_right = chain.volume_left[right]
        charge += volume_right * chain.fixed_charge[right]
        displacement -= eps_right * (state[k + 1, n] - state[k, n])
    for i in range(n):
        by_activity = 0.0
        if not steric:
            by_activity = chain.valence[i] * (
                volume_left * chain.partition[left, i] + volume_right * chain.partition[right, i]
            )
        charge += by_activity * state[k, i]
        out_row[CHARGE, i] = -free * by_activity
    out_row[CHARGE, n] = 0.0
    out_row[RESIDUAL, n] = free * (displacement - charge) + pinned * (state[k, n] - chain.target[k, n])
    out_row[LOWER_OWN, n] = -free * eps_left
    out_row[LOWER_PHI, n] = 0.0
    out_row[OWN, n] = free * (eps_left + eps_right) + pinned
    out_row[PHI, n] = 0.0
    out_row[UPPER_OWN, n] = -free * eps_right
    out_row[UPPER_PHI, n] = 0.0


@kernel_part
def block_row(chain: Chain, state: Floats, k: int, steric: bool, faces: Floats, out_row: Floats) -> None:
    """Residual and Jacobian of node k, but for parts of rank one: the array (LINES, m) described at the top.

    `faces` (2, FACE_LINES, n) holds the fluxes of the faces k-1 and k (see `flux`), face f at f % 2.  Those of face k
    are filled in here and those of face k-1 are still there from the row before, so that a sweep over k, started with
    zeros, computes each face once.
    """
    if steric:
        sized_face(chain, state, k, faces)
    elif k < chain.permittivity.size:
        flux_scharfetter_gummel(chain, state, k, faces[k % 2])
    else:
        faces[k % 2] = 0.0
    ion_rows(chain, state, k, faces[1 - k % 2], faces[k % 2], out_row)
    potential_row(chain, state, k, steric, out_row)
    if steric:
        sized_charge(chain, state, k, faces, out_row)


@kernel_part
def invert_step(block: Floats, right: Floats, c: int) -> float:
    """Step c of the in-place inversion of `block` (m, m) and of the solution for `right` (m,); returns 1/pivot."""
    m = right.size
    inverse: float = 1.0 / block[c, c]
    for j in range(m):
        if j != c:
            block[c, j] *= inverse
    block[c, c] = inverse
    right[c] *= inverse
    for r in range(m):
        if r != c:
            multiple = block[r, c]
            block[r, c] = -multiple * inverse
            right[r] -= multiple * right[c]
            for j in range(m):
                if j != c:
                    block[r, j] -= multiple * block[c, j]
    return inverse


@kernel_part
def invert(block: Floats, right: Floats) -> float:
    """Invert `block` (m, m) and solve for `right` (m,), in place; returns 1/(last pivot), not finite if any was zero.

    The first steps are written out, so that every index is a constant and the block can stay in registers.
    """
    m = right.size
    invert_step(block, right, 0)
    last: float = invert_step(block, right, 1)
    if m > 2:
        last = invert_step(block, right, 2)
    if m > 3:
        last = invert_step(block, right, 3)
    if m > 4:
        last = invert_step(block, right, 4)
    if m > 5:
        last = invert_step(block, right, 5)
    if m > 6:
        last = invert_step(block, right, 6)
    for c in range(7, m):
        last = invert_step(block, right, c)
    return last


@kernel_part
def solve_columns(
    chain: Chain, k: int, steric: bool, faces: Floats, row: Floats, inverse: Floats, out_right: Floats
) -> None:
    """Columns 1 ... p of `out_right` at node k: what node k-1 leaves of them, times the inverted diagonal block."""
    m = inverse.shape[0]
    n = m - 1
    right = lines_of(chain.valence, 1)[0]
    for c in range(1, out_right.shape[2]):
        for r in range(m):
            right[r] = out_right[k, r, c]
            if k > 0:
                right[r] -= row[LOWER_OWN, r] * out_right[k - 1, r, c] + row[LOWER_PHI, r] * out_right[k - 1, n, c]
        if steric and k > 0:
            subtract_void_column(chain, k, faces, out_right, c, right)
        for r in range(m):
            total = 0.0
            for j in range(m):
                total += inverse[r, j] * right[j]
            out_right[k, r, c] = total


@kernel
def substitute_back(upper: Floats, out_right: Floats) -> None:
    """Second half of the elimination: x_k = y_k - W_k x_(k+1), in place for every column."""
    nodes, m, columns = out_right.shape
    for k in range(nodes - 2, -1, -1):
        for c in range(columns):
            for r in range(m):
                total = out_right[k, r, c]
                for j in range(m):
                    total -= upper[k, r, j] * out_right[k + 1, j, c]
                out_right[k, r, c] = total


def elimination_for(steric: bool) -> Callable[..., tuple[int, float]]:
    """The kernel `eliminate` for ions with or without a size.

    Two compilations of one function, because the mere presence of the other's branches costs point ions a third of
    their speed; and who needs one of them does not wait for the other to compile.
    """

    @kernel
    def eliminate(chain: Chain, state: Floats, out_upper: Floats, out_right: Floats) -> tuple[int, float]:
        """Factor the Jacobian at `state` and solve for the columns of `out_right` (N, m, 1 + p), in place.

        Column 0 is overwritten with -R first, so that it becomes the Newton update; the other columns are the
        caller's.  `out_upper` (N, m, m) receives the eliminated upper blocks.  The ions are eliminated before the
        potential and without pivoting: for a given potential their rows form an M-matrix, and the Schur complement
        left for the potential is that of a screened Poisson equation.

        Returns (node, residual): node is -1, or the node whose pivot was zero or not finite; residual is the largest
        |R| over its own diagonal, which is the size of a Jacobi correction in the unit of the unknown.
        """
        n = len(chain.valence)
        m = n + 1
        nodes = state.shape[0]
        faces = np.zeros((2, FACE_LINES, n))
        row = lines_of(chain.valence, LINES)
        block = square_of(chain.valence)
        upper = square_of(chain.valence)  # W of the node before
        solved = lines_of(chain.valence, 1)[0]  # y of the node before
        right = lines_of(chain.valence, 1)[0]
        upper[:] = 0.0
        solved[:] = 0.0
        norm = 0.0
        for k in range(nodes):
            block_row(chain, state, k, steric, faces, row)
            # block <- D_k - L_k W_(k-1),    right <- -R_k - L_k y_(k-1)
            for r in range(m):
                own, drift = row[LOWER_OWN, r], row[LOWER_PHI, r]
                for c in range(m):
                    block[r, c] = -(own * upper[r, c] + drift * upper[n, c])
                right[r] = -(row[RESIDUAL, r] + own * solved[r] + drift * solved[n])
                norm = max(norm, abs(row[RESIDUAL, r] / row[OWN, r]))
            for r in range(m):
                block[r, r] += row[OWN, r]
                block[r, n] += row[PHI, r]
                block[n, r] += row[CHARGE, r]
            if steric:
                add_void_blocks(chain, k, faces, upper, solved, block, right)
            if not np.isfinite(invert(block, right)):
                return k, norm
            # W_k = block^-1 U_k with U_k an arrow
            for r in range(m):
                total = block[r, n] * row[UPPER_OWN, n]
                for j in range(n):
                    total += block[r, j] * row[UPPER_PHI, j]
                    upper[r, j] = block[r, j] * row[UPPER_OWN, j]
                upper[r, n] = total
                solved[r] = right[r]
                out_right[k, r, 0] = right[r]
            if steric:
                add_void_upper(chain, k, faces, block, upper)
            for r in range(m):
                for c in range(m):
                    out_upper[k, r, c] = upper[r, c]
            solve_columns(chain, k, steric, faces, row, block, out_right)
        substitute_back(out_upper, out_right)
        return -1, norm

    return eliminate


eliminate_point_ions = elimination_for(steric=False)
eliminate_sized_ions = elimination_for(steric=True)
