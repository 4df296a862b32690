"""Border unknowns: a few scalar unknowns, each with one scalar equation, eliminated with the chain.

    [ J  b ] [ delta   ]     [ R ]         b (N, m, p): derivative of the chain's residual by the border unknowns
    [ c  e ] [ delta_s ] = - [ g ]         c (p, N, m), e (p, p): derivatives of the border equations g (p,)

The elimination of the chain gives y = -J^-1 R and w = -J^-1 b, one more column for each border unknown; then

    (e + c w) delta_s = -(g + c y),        delta = y + w delta_s.
"""

from __future__ import annotations

import numpy as np

from electrodiff.fvm.kernels.arrays import Border, Chain, Floats
from electrodiff.fvm.kernels.compiler import kernel
from electrodiff.fvm.kernels.flux import DRIFT, FLUX, LEFT, RIGHT, flux_scharfetter_gummel


@kernel
def border_columns(border: Border, out_right: Floats) -> None:
    """Fill columns 1 ... p of `out_right` (N, m, 1 + p) with -b: each border unknown is the potential of one node."""
    potential = out_right.shape[1] - 1
    out_right[:, :, 1:] = 0.0
    for b in range(border.potential_node.size):
        out_right[border.potential_node[b], potential, 1 + b] = 1.0


@kernel
def border_equations(chain: Chain, border: Border, state: Floats, out_residual: Floats, out_row: Floats) -> None:
    """g (p,) and c (p, N, m) of "the net current through a face is the given one"."""
    n = len(chain.valence)
    face = np.empty((4, n))
    out_row[:] = 0.0
    for b in range(border.current_face.size):
        k = border.current_face[b]
        flux_scharfetter_gummel(chain, state, k, face)
        current = -border.current[b]
        for i in range(n):
            z = chain.valence[i]
            current += z * face[FLUX, i]
            out_row[b, k, i] = z * face[LEFT, i]
            out_row[b, k + 1, i] = z * face[RIGHT, i]
            out_row[b, k, n] -= z * z * face[DRIFT, i]
            out_row[b, k + 1, n] += z * z * face[DRIFT, i]
        out_residual[b] = current


@kernel
def solve_border(residual: Floats, row: Floats, right: Floats, out_delta: Floats) -> bool:
    """Solve for the border updates and add their part to column 0 of `right`; False if the small system is singular."""
    p = residual.size
    small = np.empty((p, p))
    for b in range(p):
        total = -residual[b]
        for k in range(right.shape[0]):
            for r in range(right.shape[1]):
                if row[b, k, r] != 0.0:
                    total -= row[b, k, r] * right[k, r, 0]
        out_delta[b] = total
        for c in range(p):
            total = 0.0
            for k in range(right.shape[0]):
                for r in range(right.shape[1]):
                    if row[b, k, r] != 0.0:
                        total += row[b, k, r] * right[k, r, 1 + c]
            small[b, c] = total
    if np.linalg.det(small) == 0.0:
        return False
    out_delta[:] = np.linalg.solve(small, out_delta)
    for k in range(right.shape[0]):
        for r in range(right.shape[1]):
            for c in range(p):
                right[k, r, 0] += right[k, r, 1 + c] * out_delta[c]
    return True
