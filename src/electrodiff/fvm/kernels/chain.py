"""The discrete equations on a chain, and their block-tridiagonal elimination.

At node k the equations are (steady state)

    R_i   = J_i(k) - J_i(k-1)                                        for each ion i that is free there
    R_phi = d(k) - d(k-1) - q(k),    d(k) = -eps_k (phi(k+1) - phi(k))
    q(k)  = sum over the two half cells of volume (sum_i z_i beta_i a_i + X), plus the surface charge
    R     = u - target                                               for each pinned unknown u

The unknowns of an update are x = (y_0 ... y_(n-1), dphi), y_i = da_i + z_i a_i dphi (see `flux`).  With the derivatives
O_k and I_k of the flow through face k by what lies at its left and right, and Q_k those of minus the charge, all m x m,

    J(k) + O_k x_k + I_k x_(k+1) = flow after the step,        (O_k + Q_k - I_(k-1)) x_k - O_(k-1) x_(k-1) + I_k x_(k+1) = -R

and O and I are arrows (ions of finite size have a part of rank one beside them, see `steric`):

              y_0  y_1  ...  phi
    ion 0   [  *              *  ]
    ion 1   [       *         *  ]
    phi     [                 *  ]

The elimination does not form the small differences of large terms that a barrier or a deep pocket would ask for.  It
carries, for each node, E_k and t_k such that the flow arriving from the left after the step is t_k - E_k x_k, so that

    (E_k + Q_k + O_k) x_k + I_k x_(k+1) = t_k + q(k) - J(k)
    W_k = (E_k + Q_k + O_k)^-1 I_k,    s_k = (E_k + Q_k + O_k)^-1 (t_k + q(k) - J(k)),    x_k = s_k - W_k x_(k+1)
    E_(k+1) = -(E_k + Q_k) W_k      = -I_k + O_k W_k
    t_(k+1) = t_k + q(k) - (E_k + Q_k) s_k  = J(k) + O_k s_k

Of the two forms the first holds its digits where less is bound to the left than to the right (E + Q < O); the second, which
is cheaper, elsewhere and after a pinned row.  An elimination that is not `careful` uses the second form everywhere, and
reports how much that may have lost.  For one ion, E is the conductance of all faces to the left in series: positive terms
only, so that it is right to round-off whatever their ratio.  (Grassmann, Taksar and Heyman, Oper. Res. 33 (1985) 1107,
do the same for Markov chains.)
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from electrodiff.fvm.kernels.arrays import Chain, Floats
from electrodiff.fvm.kernels.blocks import invert, substitute_back
from electrodiff.fvm.kernels.compiler import kernel, kernel_part
from electrodiff.fvm.kernels.flux import (
    FACE_LINES,
    FLUX,
    LEFT,
    PHI_LEFT,
    PHI_RIGHT,
    RIGHT,
    flux_scharfetter_gummel,
)
from electrodiff.fvm.kernels.scratch import lines_of, square_of
from electrodiff.fvm.kernels.steric import (
    add_void_block,
    add_void_flow,
    add_void_upper,
    sized_charge,
    sized_face,
    void_inflow,
)


@kernel_part
def node_charge(chain: Chain, state: Floats, k: int, steric: bool, faces: Floats, out_by: Floats) -> float:
    """q(k), and in `out_by` (m,) its derivatives by y and phi."""
    n = len(chain.valence)
    charge: float = chain.surface_charge[k]
    volume_left = volume_right = 0.0
    left = right = 0
    if k > 0:
        left = k - 1
        volume_left = chain.volume_right[left]
        charge += volume_left * chain.fixed_charge[left]
    if k < chain.permittivity.size:
        right = k
        volume_right = chain.volume_left[right]
        charge += volume_right * chain.fixed_charge[right]
    by_phi = 0.0
    for i in range(n):
        by_activity = 0.0
        if not steric:
            z = chain.valence[i]
            by_activity = z * (volume_left * chain.partition[left, i] + volume_right * chain.partition[right, i])
            charge += by_activity * state[k, i]
            by_phi -= z * by_activity * state[k, i]
        out_by[i] = by_activity
    out_by[n] = by_phi
    if steric:
        charge += sized_charge(chain, state, k, faces, out_by)
    return charge


# A careful elimination uses the second form, which is cheaper, where it loses less than a part 1e-16 / LOOSE of E and t.
LOOSE = 1e-3


@kernel
def keep_digits(
    valence: tuple[float, ...],
    loose: Floats,
    bound: Floats,
    arriving: Floats,
    upper: Floats,
    solved: Floats,
    out_bound: Floats,
    out_arriving: Floats,
) -> None:
    """E and t of the next node in their first form, for the rows that are `loose` (m,), from E + Q, t + q, W and s."""
    m = len(valence) + 1
    block = square_of(valence)
    right = lines_of(valence, 1)[0]
    for j in range(m):
        right[j] = solved[j]
        for c in range(m):
            block[j, c] = upper[j, c]
    for r in range(m):
        if loose[r] > 0.0:
            total = arriving[r]
            for j in range(m):
                total -= bound[r, j] * right[j]
            out_arriving[r] = total
            for c in range(m):
                total = 0.0
                for j in range(m):
                    total -= bound[r, j] * block[j, c]
                out_bound[r, c] = total


@kernel
def advance_columns(
    chain: Chain,
    k: int,
    steric: bool,
    through: Floats,
    faces: Floats,
    loose: Floats,
    bound: Floats,
    inverse: Floats,
    arriving: Floats,
    out_right: Floats,
) -> None:
    """Columns 1 ... p of `out_right` at node k, and their t in `arriving` (p, m) for node k + 1.

    Column 1 + b has the flows `through` (N, p, m) of each face, as column 0 has J; pinned rows hold their right side in
    `out_right`.  `bound` (m, m) is E + Q of node k in the rows that are `loose` (m,).
    """
    m = inverse.shape[0]
    after = faces[k % 2]
    right = lines_of(chain.valence, 1)[0]
    for b in range(out_right.shape[2] - 1):
        solved = out_right[k, :, 1 + b]
        for r in range(m):
            right[r] = arriving[b, r] - through[k, b, r] if chain.free[k, r] > 0.0 else solved[r]
        for r in range(m):
            total = 0.0
            for j in range(m):
                total += inverse[r, j] * right[j]
            solved[r] = total
        for r in range(m):
            if loose[r] > 0.0:
                total = arriving[b, r]
                for j in range(m):
                    total -= bound[r, j] * solved[j]
            else:
                total = through[k, b, r] + after[LEFT, r] * solved[r] + after[PHI_LEFT, r] * solved[m - 1]
                if steric:
                    total += void_inflow(k, r, faces, solved)
            arriving[b, r] = total


def elimination_for(steric: bool) -> Callable[..., tuple[int, float, float]]:
    """The kernel `eliminate` for ions with or without a size.

    Two compilations of one function, because the mere presence of the other's branches costs point ions a third of
    their speed; and who needs one of them does not wait for the other to compile.
    """

    @kernel
    def eliminate(
        chain: Chain,
        state: Floats,
        through: Floats,
        careful: bool,
        out_upper: Floats,
        out_right: Floats,
    ) -> tuple[int, float, float]:
        """Factor the Jacobian at `state` and solve for the columns of `out_right` (N, m, 1 + p), in place.

        Column 0 becomes the Newton update x; the other columns have the right sides that `through` (N, p, m) and their
        pinned rows say (see `advance_columns`).  `out_upper` (N, m, m) receives W.  The ions are eliminated
        before the potential and without pivoting: for a given potential their rows form an M-matrix, and the Schur
        complement left for the potential is that of a screened Poisson equation.

        Returns (node, residual, loss): node is -1, or the node whose pivot was zero or not finite; residual is the
        largest |R| over its own diagonal, which is the size of a Jacobi correction in the unit of the unknown; loss is
        the largest factor by which a rounding error grew, if the elimination was not careful.
        """
        n = len(chain.valence)
        m = n + 1
        nodes = state.shape[0]
        faces = np.zeros((2, FACE_LINES, m))  # face f at f % 2, so that a sweep computes each face once
        arriving_columns = np.zeros((out_right.shape[2] - 1, m))
        gap = lines_of(chain.valence, 1)[0]
        local = lines_of(chain.valence, 1)[0]
        local_by = lines_of(chain.valence, 1)[0]
        error = lines_of(chain.valence, 1)[0]  # of E by the second form, in units of a rounding
        error[:] = 0.0
        local[:] = 0.0
        local_by[:] = 0.0
        block = square_of(chain.valence)
        upper = square_of(chain.valence)  # W of the node before
        solved = lines_of(chain.valence, 1)[0]  # s of the node before
        right = lines_of(chain.valence, 1)[0]
        charge_by = lines_of(chain.valence, 1)[0]
        # For the rare rows that are loose, and for columns 1 ... p.  On the heap: what other kernels see could not stay
        # in registers.
        bound, kept, inverse = np.empty((m, m)), np.empty((m, m)), np.empty((m, m))
        arriving, kept_arriving, loose = np.empty(m), np.empty(m), np.zeros(m)
        any_loose = False
        upper[:] = 0.0
        solved[:] = 0.0
        norm = 0.0
        loss = 0.0
        for k in range(nodes):
            # The flows of face k; those of face k-1 are still there.  (In a function of its own this would be slower.)
            if steric:
                sized_face(chain, state, k, faces)
            elif k < chain.permittivity.size:
                flux_scharfetter_gummel(chain, state, k, faces[k % 2])
            else:
                faces[k % 2] = 0.0
            before, after = faces[1 - k % 2], faces[k % 2]
            charge = node_charge(chain, state, k, steric, faces, charge_by)
            local[n], local_by[n] = charge, charge_by[n]
            # block <- E,    right <- t
            for r in range(m):
                own, drift = before[LEFT, r], before[PHI_LEFT, r]
                for c in range(m):
                    block[r, c] = own * upper[r, c] + drift * upper[n, c]
            for r in range(m):
                right[r] = before[FLUX, r] + before[LEFT, r] * solved[r] + before[PHI_LEFT, r] * solved[n]
                block[r, r] -= before[RIGHT, r]
                block[r, n] -= before[PHI_RIGHT, r]
            if steric:
                add_void_flow(k - 1, faces, upper, solved, block, right)
            if any_loose:
                for r in range(m):
                    if loose[r] > 0.0:
                        right[r] = kept_arriving[r]
                        for c in range(m):
                            block[r, c] = kept[r, c]
            # block <- E + Q,    right <- t + q
            for c in range(m):
                block[n, c] -= charge_by[c]
            right[n] += charge
            any_loose = False
            if careful:
                for r in range(m):
                    is_loose = chain.free[k, r] * LOOSE * after[LEFT, r] > block[r, r]
                    loose[r] = 1.0 if is_loose else 0.0
                    any_loose |= is_loose
            if any_loose:
                for r in range(m):
                    arriving[r] = right[r]
                    for c in range(m):
                        bound[r, c] = block[r, c]
            # block <- E + Q + O,    right <- t + q - J, but for the pinned rows
            for r in range(m):
                free = chain.free[k, r]
                for c in range(m):
                    block[r, c] *= free
            for r in range(m):
                free = chain.free[k, r]
                gap[r] = (1.0 - free) * (state[k, r] - chain.target[k, r])
                block[r, r] += free * after[LEFT, r] + (1.0 - free)
                right[r] = free * (right[r] - after[FLUX, r]) - gap[r]
            for i in range(n):
                free = chain.free[k, i]
                block[i, n] += free * after[PHI_LEFT, i] - (1.0 - free) * chain.valence[i] * state[k, i]
            for r in range(m):
                free = chain.free[k, r]
                own = free * (after[LEFT, r] - before[RIGHT, r] - local_by[r]) + (1.0 - free)
                norm = max(norm, abs((free * (after[FLUX, r] - before[FLUX, r] - local[r]) + gap[r]) / own))
            # E' = -I E / (E + O) for one ion alone, so that an error of E goes on as I O / (E + O)^2 of it.
            for r in range(m):
                part = chain.free[k, r] * error[r] / block[r, r]
                loss = max(loss, part)
                error[r] = -after[RIGHT, r] * (1.0 + part * after[LEFT, r] / block[r, r])
            if steric:
                add_void_block(chain, k, faces, block)
            if not np.isfinite(invert(block, right)):
                return k, norm, loss
            for r in range(m):
                total = block[r, n] * after[RIGHT, n] * chain.free[k, n]
                for j in range(n):
                    total += block[r, j] * after[PHI_RIGHT, j] * chain.free[k, j]
                    upper[r, j] = block[r, j] * after[RIGHT, j] * chain.free[k, j]
                upper[r, n] = total
                solved[r] = right[r]
                out_right[k, r, 0] = right[r]
            if steric:
                add_void_upper(chain, k, faces, block, upper)
            for r in range(m):
                for c in range(m):
                    out_upper[k, r, c] = upper[r, c]
            if any_loose:
                keep_digits(
                    chain.valence, loose, bound, arriving, out_upper[k], out_right[k, :, 0], kept, kept_arriving
                )
            if out_right.shape[2] > 1:
                for r in range(m):
                    for c in range(m):
                        inverse[r, c] = block[r, c]
                advance_columns(chain, k, steric, through, faces, loose, bound, inverse, arriving_columns, out_right)
        substitute_back(out_upper, out_right)
        return -1, norm, loss

    return eliminate


eliminate_point_ions = elimination_for(steric=False)
eliminate_sized_ions = elimination_for(steric=True)
