"""Border unknowns: a few scalar unknowns, each with one scalar equation, eliminated with the chain.

    [ J  b ] [ delta   ]     [ R ]         b (N, m, p): derivative of the chain's residual by the border unknowns
    [ c  e ] [ delta_s ] = - [ g ]         c (p, N, m), e (p, p): derivatives of the border equations g (p,)

delta and c are those of the update x = (y, dphi) of the chain (see `flux`).
The elimination of the chain gives y = -J^-1 R and w = -J^-1 b, one more column for each border unknown; then

    (e + c w) delta_s = -(g + c y),        delta = y + w delta_s.

The kinds of border unknowns and their equations are those of `arrays.Border`.
"""

from __future__ import annotations

import math

import numpy as np

from electrodiff.fvm.kernels.arrays import AMOUNT, BALANCE, CURRENT, GATING, RATE, Border, Chain, Floats
from electrodiff.fvm.kernels.compiler import kernel
from electrodiff.fvm.kernels.flux import (
    FACE_LINES,
    FACTOR_LEFT,
    FLUX,
    GRADIENT_LEFT,
    GRADIENT_RIGHT,
    LEFT,
    PHI_LEFT,
    PHI_RIGHT,
    RIGHT,
    VOID_LEFT,
    VOID_RIGHT,
)
from electrodiff.fvm.kernels.rates import rate
from electrodiff.fvm.kernels.steric import flux_of_ions


@kernel
def open_part(border: Border, gate: Floats, b: int) -> float:
    """The part of the conductance that all gates on the ion and the faces of border b leave: a sum of positive terms."""
    part: float = border.rest[b]
    for c in range(border.kind.size):
        if border.kind[c] == GATING and border.row[c] == border.row[b] and border.first[c] == border.first[b]:
            part += border.share[c] * gate[c]
    return part


@kernel
def place_flows(border: Border, ungated: Floats, gate: Floats, out_chain: Chain) -> None:
    """Bring what the gates leave of the conductances, and what the transporters carry, into the chain.

    `gate` (p,) holds the unknowns of the kinds GATING and RATE, `ungated` (N-1, n) the conductances of open gates.
    """
    for b in range(border.kind.size):
        if border.kind[b] == RATE:
            for k in range(border.first[b], border.last[b]):
                for i in range(border.stoichiometry.shape[1]):
                    out_chain.carried[k, i] = 0.0
    for b in range(border.kind.size):
        if border.kind[b] == GATING:
            part = open_part(border, gate, b)
            for k in range(border.first[b], border.last[b]):
                out_chain.conductance[k, border.row[b]] = part * ungated[k, border.row[b]]
        elif border.kind[b] == RATE:
            for k in range(border.first[b], border.last[b]):
                for i in range(border.stoichiometry.shape[1]):
                    out_chain.carried[k, i] += gate[b] * border.stoichiometry[b, i]


@kernel
def place_borders(border: Border, ungated: Floats, gate: Floats, state: Floats, out_chain: Chain) -> None:
    """Bring the chain's arrays up to the border unknowns: what is pinned to them, and what `place_flows` does."""
    place_flows(border, ungated, gate, out_chain)
    for b in range(border.kind.size):
        if border.kind[b] in (CURRENT, AMOUNT, BALANCE):
            out_chain.target[border.node[b], border.row[b]] = state[border.node[b], border.row[b]]


@kernel
def flow_by_border(chain: Chain, border: Border, gate: Floats, b: int, row: int, k: int, flow: float) -> float:
    """By how much one unit of border unknown b changes the flow of a row through face k, which is `flow` now."""
    if k < border.first[b] or k >= border.last[b] or row == len(chain.valence):
        return 0.0
    if border.kind[b] == RATE:
        carried: float = border.stoichiometry[b, row]
        return carried
    if border.kind[b] == GATING and row == border.row[b]:
        passive: float = (flow - chain.carried[k, row]) * border.share[b] / open_part(border, gate, b)
        return passive
    return 0.0


@kernel
def fill_through(chain: Chain, border: Border, gate: Floats, b: int, flow: Floats, out_through: Floats) -> None:
    """The same for all faces, from the flows (N, m) into `out_through` (N, m)."""
    for k in range(out_through.shape[0]):
        for r in range(out_through.shape[1]):
            out_through[k, r] = flow_by_border(chain, border, gate, b, r, k, flow[k, r])


@kernel
def border_columns(
    chain: Chain, border: Border, gate: Floats, state: Floats, out_through: Floats, out_right: Floats
) -> None:
    """What the border unknowns do to the chain, as `chain.advance_columns` takes it.

    The flows by which each of the kinds GATING and RATE changes every face into `out_through` (N, p, m); the unknowns that
    are pinned to the others into columns 1 ... p of `out_right` (N, m, 1 + p).
    """
    m = len(chain.valence) + 1
    for k in range(out_right.shape[0]):
        for b in range(border.kind.size):
            for r in range(m):
                out_through[k, b, r] = 0.0
                out_right[k, r, 1 + b] = 0.0
    face = np.zeros((FACE_LINES, m))
    for b in range(border.kind.size):
        if border.kind[b] in (CURRENT, AMOUNT, BALANCE):
            out_right[border.node[b], border.row[b], 1 + b] = 1.0
            continue
        for k in range(border.first[b], border.last[b]):
            flux_of_ions(chain, state, k, face)
            for r in range(m):
                out_through[k, b, r] = flow_by_border(chain, border, gate, b, r, k, face[FLUX, r])


@kernel
def net_current(
    chain: Chain, border: Border, gate: Floats, state: Floats, b: int, out_row: Floats, out_corner: Floats
) -> float:
    """Net current through the face of border b, with its derivatives by the update (N, m) and the border (p,)."""
    n = len(chain.valence)
    k = border.first[b]
    face = np.zeros((FACE_LINES, n + 1))
    flux_of_ions(chain, state, k, face)
    current = 0.0
    for i in range(n):
        z = chain.valence[i]
        current += z * face[FLUX, i]
        out_row[k, i] += z * face[LEFT, i]
        out_row[k + 1, i] += z * face[RIGHT, i]
        out_row[k, n] += z * face[PHI_LEFT, i]
        out_row[k + 1, n] += z * face[PHI_RIGHT, i]
        for j in range(n + 1):
            out_row[k, j] += z * face[VOID_LEFT, i] * face[GRADIENT_LEFT, j]
            out_row[k + 1, j] += z * face[VOID_RIGHT, i] * face[GRADIENT_RIGHT, j]
    for c in range(border.kind.size):
        for i in range(n):
            out_corner[c] += chain.valence[i] * flow_by_border(chain, border, gate, c, i, k, face[FLUX, i])
    return current


@kernel
def amount(chain: Chain, border: Border, state: Floats, b: int, out_row: Floats) -> float:
    """Amount of the ion of border b between its nodes, with its derivatives by the update (N, m).

    dc = (1/gamma) beta (y - z a dphi + k a d(ln s)),    c = beta a / gamma

    Summed with compensation (Kahan): a neutral pocket of 1e5 Debye lengths shows its charge in the last digits of amounts.
    """
    n = len(chain.valence)
    ion = border.row[b]
    face = np.empty((FACE_LINES, n + 1))
    total = lost = 0.0
    for k in range(border.first[b], border.last[b]):
        flux_of_ions(chain, state, k, face)
        for side in range(2):
            volume = chain.volume_left[k] if side == 0 else chain.volume_right[k]
            by_activity = face[FACTOR_LEFT + side, ion] * volume * chain.partition[k, ion]
            content = by_activity * state[k + side, ion]
            term = content - lost
            raised = total + term
            lost = (raised - total) - term
            total = raised
            out_row[k + side, ion] += by_activity
            out_row[k + side, n] -= chain.valence[ion] * content
            for j in range(n + 1):
                out_row[k + side, j] += chain.exponent[ion] * content * face[GRADIENT_LEFT + side, j]
    return total


@kernel
def free_border(valence: tuple[float, ...], border: Border, b: int, state: Floats, out_by: Floats) -> float:
    """What border unknown b, of kind GATING or RATE, is at a state; `out_by` (2, m): its derivatives at the sensed nodes."""
    n = len(valence)
    if border.kind[b] == RATE:
        result: float = rate(valence, border, b, state, out_by)
        return result
    voltage = state[border.sensed[b, 0], n] - state[border.sensed[b, 1], n]
    fraction = 1.0 / (1.0 + math.exp(-(voltage - border.value[b]) / border.slope[b]))
    for side in range(2):
        for r in range(n):
            out_by[side, r] = 0.0
    out_by[0, n] = fraction * (1.0 - fraction) / border.slope[b]
    out_by[1, n] = -out_by[0, n]
    return fraction


@kernel
def free_borders(valence: tuple[float, ...], border: Border, state: Floats, out_gate: Floats) -> None:
    """The unknowns of the kinds GATING and RATE at a state, into `out_gate` (p,); 1 for the others."""
    by = np.empty((2, len(valence) + 1))
    for b in range(border.kind.size):
        out_gate[b] = 1.0
        if border.kind[b] in (GATING, RATE):
            out_gate[b] = free_border(valence, border, b, state, by)


@kernel
def border_equations(
    chain: Chain, border: Border, gate: Floats, state: Floats, out_residual: Floats, out_row: Floats, out_corner: Floats
) -> None:
    """g (p,), c (p, N, m) and e (p, p)."""
    n = len(chain.valence)
    by = np.empty((2, n + 1))
    for b in range(border.kind.size):
        for k in range(out_row.shape[1]):
            for r in range(n + 1):
                out_row[b, k, r] = 0.0
        for c in range(border.kind.size):
            out_corner[b, c] = 0.0
    for b in range(border.kind.size):
        if border.kind[b] == CURRENT:
            current = net_current(chain, border, gate, state, b, out_row[b], out_corner[b])
            out_residual[b] = current - border.value[b]
        elif border.kind[b] == AMOUNT:
            out_residual[b] = amount(chain, border, state, b, out_row[b]) - border.value[b]
        elif border.kind[b] == BALANCE:
            out_residual[b] = 0.0
            for c in range(border.kind.size):
                if border.kind[c] == RATE and border.first[c] == border.first[b]:
                    carried = border.stoichiometry[c, border.row[b]]
                    out_residual[b] += carried * gate[c]
                    out_corner[b, c] = carried
        else:
            out_residual[b] = gate[b] - free_border(chain.valence, border, b, state, by)
            out_corner[b, b] = 1.0
            for side in range(2):
                for r in range(n + 1):
                    out_row[b, border.sensed[b, side], r] -= by[side, r]


@kernel
def solve_dense(matrix: Floats, out_right: Floats) -> bool:
    """Solve a small system (p, p) in place, with scaled rows and partial pivoting; False if it is singular.

    Its own code, since the compilation of numpy's solver takes longer than that of all border kernels together; so do
    array expressions, for which these are loops.
    """
    p = out_right.size
    # Rows are scaled by their largest entry: a current and an amount have nothing in common.
    for b in range(p):
        largest = 0.0
        for c in range(p):
            largest = max(largest, abs(matrix[b, c]))
        if not (0.0 < largest < np.inf):
            return False
        for c in range(p):
            matrix[b, c] /= largest
        out_right[b] /= largest
    for c in range(p):
        best = c
        for b in range(c + 1, p):
            if abs(matrix[b, c]) > abs(matrix[best, c]):
                best = b
        if matrix[best, c] == 0.0:
            return False
        for j in range(p):
            matrix[c, j], matrix[best, j] = matrix[best, j], matrix[c, j]
        out_right[c], out_right[best] = out_right[best], out_right[c]
        for b in range(p):
            if b != c:
                multiple = matrix[b, c] / matrix[c, c]
                for j in range(c, p):
                    matrix[b, j] -= multiple * matrix[c, j]
                out_right[b] -= multiple * out_right[c]
    for b in range(p):
        out_right[b] /= matrix[b, b]
    return True


@kernel
def solve_border(residual: Floats, row: Floats, corner: Floats, right: Floats, out_delta: Floats) -> bool:
    """Solve for the border updates and add their part to column 0 of `right`; False if the small system is singular."""
    p = residual.size
    small = np.empty((p, p))
    for b in range(p):
        for c in range(p):
            small[b, c] = corner[b, c]
        total = -residual[b]
        for k in range(right.shape[0]):
            for r in range(right.shape[1]):
                if row[b, k, r] != 0.0:
                    total -= row[b, k, r] * right[k, r, 0]
                    for c in range(p):
                        small[b, c] += row[b, k, r] * right[k, r, 1 + c]
        out_delta[b] = total
    if not solve_dense(small, out_delta):
        return False
    for k in range(right.shape[0]):
        for r in range(right.shape[1]):
            for c in range(p):
                right[k, r, 0] += right[k, r, 1 + c] * out_delta[c]
    return True
