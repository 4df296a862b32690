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

and is kept as such: a block row is the array (8, m) whose lines are named here.
"""

from __future__ import annotations

import numpy as np

from electrodiff.fvm.kernels.arrays import Chain, Floats
from electrodiff.fvm.kernels.compiler import kernel, kernel_part
from electrodiff.fvm.kernels.flux import DRIFT, FLUX, LEFT, RIGHT, flux_scharfetter_gummel

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
def potential_row(chain: Chain, state: Floats, k: int, out_row: Floats) -> None:
    """Lines of Poisson's equation at node k."""
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
def block_row(chain: Chain, state: Floats, k: int, faces: Floats, out_row: Floats) -> None:
    """Residual and Jacobian of node k: the array (LINES, m) described at the top of this file.

    `faces` (2, 4, n) holds the fluxes of the faces k-1 and k (see `flux_scharfetter_gummel`), in turn.  Those of face k
    are filled in here and those of face k-1 are still there from the row before, so that a sweep over k, started with
    zeros, computes each face once.
    """
    after = faces[k % 2]
    if k < chain.permittivity.size:
        flux_scharfetter_gummel(chain, state, k, after)
    else:
        after[:] = 0.0
    ion_rows(chain, state, k, faces[1 - k % 2], after, out_row)
    potential_row(chain, state, k, out_row)


@kernel
def eliminate(chain: Chain, state: Floats, out_upper: Floats, out_right: Floats) -> tuple[int, float]:
    """Factor the Jacobian at `state` and solve for the columns of `out_right` (N, m, 1 + p), in place.

    Column 0 is overwritten with -R first, so that it becomes the Newton update; the other columns are the caller's.
    `out_upper` (N, m, m) receives the eliminated upper blocks.  The ions are eliminated before the potential and
    without pivoting: for a given potential their rows form an M-matrix, and the Schur complement left for the potential
    is that of a screened Poisson equation.

    Returns (node, residual): node is -1, or the node whose pivot was zero or not finite; residual is the largest
    |R| over its own diagonal, which is the size of a Jacobi correction in the unit of the unknown.
    """
    n = len(chain.valence)
    m = n + 1
    nodes = state.shape[0]
    columns = out_right.shape[2]
    faces = np.zeros((2, 4, n))
    row = np.empty((LINES, m))
    # [diagonal | upper | -R]: whole lines are combined, zeros included, since lines of fixed length are vectorised.
    width = 2 * m + 1
    block = np.zeros((m, width))
    factor = np.empty((m, m))
    norm = 0.0
    for k in range(nodes):
        block_row(chain, state, k, faces, row)
        # block <- [D_k - L_k W_(k-1) | U_k | -R_k - L_k y_(k-1)]; block still holds W and y of the node before.
        for r in range(m):
            own, drift = row[LOWER_OWN, r], row[LOWER_PHI, r]
            for c in range(m):
                block[r, c] = -(own * block[r, m + c] + drift * block[n, m + c])
            block[r, 2 * m] = -(row[RESIDUAL, r] + own * block[r, 2 * m] + drift * block[n, 2 * m])
            for c in range(1, columns):
                if k > 0:
                    out_right[k, r, c] -= own * out_right[k - 1, r, c] + drift * out_right[k - 1, n, c]
            norm = max(norm, abs(row[RESIDUAL, r] / row[OWN, r]))
        for r in range(m):
            for c in range(m):
                block[r, m + c] = 0.0
            block[r, r] += row[OWN, r]
            block[r, n] += row[PHI, r]
            block[n, r] += row[CHARGE, r]
            block[r, m + r] = row[UPPER_OWN, r]
            block[r, m + n] += row[UPPER_PHI, r]
        for c in range(m):
            inverse = 1.0 / block[c, c]
            if not np.isfinite(inverse):
                return k, norm
            for j in range(width):
                block[c, j] *= inverse
            factor[c, c] = inverse
            for r in range(m):
                if r != c:
                    multiple = block[r, c]
                    factor[r, c] = multiple
                    for j in range(width):
                        block[r, j] -= multiple * block[c, j]
        for r in range(m):
            for c in range(m):
                out_upper[k, r, c] = block[r, m + c]
            out_right[k, r, 0] = block[r, 2 * m]
        for j in range(1, columns):
            for c in range(m):
                out_right[k, c, j] *= factor[c, c]
                for r in range(m):
                    if r != c:
                        out_right[k, r, j] -= factor[r, c] * out_right[k, c, j]
    substitute_back(out_upper, out_right)
    return -1, norm


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
