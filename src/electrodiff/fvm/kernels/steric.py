"""Ions of finite size, by Bikerman's model: what they change in fluxes, charges and Jacobian.

    c_i = beta_i a_i / gamma_i,    1/gamma_i = s^(k_i),    s = 1 - sum_j v_j c_j,    k_i = v_i / v_0

A flux then depends on the activities of all ions, but only through the void fraction s at either end of its face, so
the blocks of the Jacobian have a part beside their arrow: (dJ_i/d ln s)(d ln s/da_j) in row i and column j.

Where an ion fills nearly all space its concentration hardly follows its activity, and the two ways by which it does, itself
and through s, cancel: d ln c_i/d ln a_i = 1 + k_i a_i d(ln s)/da_i.  That sum is formed without cancellation (lines
OWN_LEFT, OWN_RIGHT) and goes to the arrow; beside it, the diagonal of the rank-one part keeps the drift only.

These are kernels of their own, called where the ions have a size: inlined, they would slow the rows of point ions.
"""

from __future__ import annotations

import math

from electrodiff.fvm.kernels.arrays import Chain, Floats
from electrodiff.fvm.kernels.bernoulli import bernoulli
from electrodiff.fvm.kernels.compiler import kernel, kernel_part
from electrodiff.fvm.kernels.flux import (
    DRIFT,
    FACE_LINES,
    FACTOR_LEFT,
    FACTOR_RIGHT,
    FLUX,
    GRADIENT_LEFT,
    GRADIENT_RIGHT,
    LEFT,
    OWN_LEFT,
    OWN_RIGHT,
    RIGHT,
    VOID_LEFT,
    VOID_RIGHT,
    flux_scharfetter_gummel,
)

# Lines of a block row, as named in `chain`.
RESIDUAL = 0
CHARGE = 5

# Newton on ln(F + 1) as a function of ln s, which is convex, rises, and is nearly straight where one ion rules: it needs
# a handful of steps at any packing that a double can hold.
STEPS = 60


@kernel_part
def void_fraction(chain: Chain, state: Floats, k: int, face: int, out_gradient: Floats, out_own: Floats) -> float:
    """ln s at node k on the side of a face, and d(ln s)/da_i and d(ln c_i)/d(ln a_i) there, (n,) each.

        s = 1 - sum_i v_i c_i,    c_i = beta_i a_i s^(k_i),    k_i = v_i / v_0

    so s is the root of F(s) = s + sum_i v_i beta_i a_i s^(k_i) - 1, which rises from -1 at 0 to its value at 1.
    """
    n = len(chain.valence)
    filled = 0.0
    for i in range(n):
        filled += chain.packing[i] * chain.partition[face, i] * state[k, i]
    # Exact for ions of one size; else a little too small, since k_i >= 1.
    log_s = -math.log1p(filled)
    for _ in range(STEPS):
        total = math.exp(log_s)
        slope = total
        for i in range(n):
            part = chain.packing[i] * chain.partition[face, i] * state[k, i] * math.exp(chain.exponent[i] * log_s)
            total += part
            slope += chain.exponent[i] * part
        change = math.log(total) * total / slope
        log_s = min(log_s - change, 0.0)
        if abs(change) < 1e-15:
            break
    # S = s + sum_j k_j v_j c_j:  d(ln s)/da_i = -v_i beta_i s^(k_i) / S,  d(ln c_i)/d(ln a_i) = (S - k_i v_i c_i) / S
    s = math.exp(log_s)
    total = s
    for i in range(n):
        out_gradient[i] = -chain.packing[i] * chain.partition[face, i] * math.exp(chain.exponent[i] * log_s)
        total -= chain.exponent[i] * out_gradient[i] * state[k, i]
    for i in range(n):
        own = s
        for j in range(n):
            if j != i:
                own -= chain.exponent[j] * out_gradient[j] * state[k, j]
        out_own[i] = own / total
    for i in range(n):
        out_gradient[i] /= total
    return log_s


@kernel_part
def is_steric(chain: Chain) -> bool:
    """Whether any ion has a size."""
    largest = 0.0
    for i in range(len(chain.valence)):
        largest = max(largest, chain.packing[i])
    return largest > 0.0


@kernel
def flux_of_sized_ions(chain: Chain, state: Floats, k: int, out_face: Floats) -> None:
    """Flux of each ion of finite size through face k, and its derivatives: all lines of `out_face`.

        J_i = (D_i beta_i A/h) [B(u_i) a_i(left) / gamma_i(left) - B(-u_i) a_i(right) / gamma_i(right)]
        u_i = z_i (phi(right) - phi(left)) + ln gamma_i(right) - ln gamma_i(left)

    The lines LEFT and RIGHT hold the derivatives through the concentration, its own effect on the void fraction included.
    """
    n = len(chain.valence)
    step = state[k + 1, n] - state[k, n]
    log_left = void_fraction(chain, state, k, k, out_face[GRADIENT_LEFT], out_face[OWN_LEFT])
    log_right = void_fraction(chain, state, k + 1, k, out_face[GRADIENT_RIGHT], out_face[OWN_RIGHT])
    for i in range(n):
        exponent = chain.exponent[i]
        conductance = chain.conductance[k, i]
        factor_left = math.exp(exponent * log_left)
        factor_right = math.exp(exponent * log_right)
        left = factor_left * state[k, i]
        right = factor_right * state[k + 1, i]
        plus, minus, slope = bernoulli(chain.valence[i] * step + exponent * (log_left - log_right))
        drift = conductance * (slope * left - (1.0 + slope) * right)
        out_face[FLUX, i] = conductance * (plus * left - minus * right)
        out_face[LEFT, i] = conductance * plus * factor_left * out_face[OWN_LEFT, i]
        out_face[RIGHT, i] = -conductance * minus * factor_right * out_face[OWN_RIGHT, i]
        out_face[DRIFT, i] = drift
        out_face[VOID_LEFT, i] = exponent * (conductance * plus * left + drift)
        out_face[VOID_RIGHT, i] = -exponent * (conductance * minus * right + drift)
        out_face[FACTOR_LEFT, i] = factor_left
        out_face[FACTOR_RIGHT, i] = factor_right


@kernel_part
def by_void_left(chain: Chain, lines: Floats, i: int, j: int) -> float:
    """dJ_i/da_j at the left node of a face beyond its line LEFT."""
    by_log = lines[VOID_LEFT, i] if i != j else chain.exponent[i] * lines[DRIFT, i]
    return by_log * lines[GRADIENT_LEFT, j]  # type: ignore[no-any-return]


@kernel_part
def by_void_right(chain: Chain, lines: Floats, i: int, j: int) -> float:
    """dJ_i/da_j at the right node of a face beyond its line RIGHT."""
    by_log = lines[VOID_RIGHT, i] if i != j else -chain.exponent[i] * lines[DRIFT, i]
    return by_log * lines[GRADIENT_RIGHT, j]  # type: ignore[no-any-return]


@kernel
def flux_of_ions(chain: Chain, state: Floats, k: int, out_face: Floats) -> None:
    """Flux of each ion through face k, whether it has a size or not: all lines of `out_face`."""
    if is_steric(chain):
        flux_of_sized_ions(chain, state, k, out_face)
        return
    flux_scharfetter_gummel(chain, state, k, out_face)
    out_face[VOID_LEFT:FACTOR_LEFT] = 0.0
    out_face[FACTOR_LEFT:FACE_LINES] = 1.0


@kernel
def sized_face(chain: Chain, state: Floats, k: int, out_faces: Floats) -> None:
    """The fluxes of face k into their place in `out_faces` (see `chain.block_row`); zeros beyond the last face."""
    if k < chain.permittivity.size:
        flux_of_sized_ions(chain, state, k, out_faces[k % 2])
    else:
        out_faces[k % 2] = 0.0


@kernel
def sized_charge(chain: Chain, state: Floats, k: int, faces: Floats, out_row: Floats) -> None:
    """Add the mobile charge to the row of Poisson's equation at node k in `out_row` (see `chain`)."""
    n = len(chain.valence)
    free = chain.free[k, n]
    for side in range(2):
        face = k - 1 + side
        if face < 0 or face == chain.permittivity.size:
            continue
        lines = faces[face % 2]
        # The node is the right end of the face before it and the left end of the face after it.
        volume = chain.volume_left[face] if side == 1 else chain.volume_right[face]
        factor, gradient, own = (
            (FACTOR_LEFT, GRADIENT_LEFT, OWN_LEFT) if side == 1 else (FACTOR_RIGHT, GRADIENT_RIGHT, OWN_RIGHT)
        )
        for i in range(n):
            by_activity = chain.valence[i] * volume * chain.partition[face, i] * lines[factor, i]
            charge = by_activity * state[k, i]
            out_row[RESIDUAL, n] -= free * charge
            out_row[CHARGE, i] -= free * by_activity * lines[own, i]
            for j in range(n):
                if j != i:
                    out_row[CHARGE, j] -= free * chain.exponent[i] * charge * lines[gradient, j]


@kernel
def add_void_blocks(
    chain: Chain, k: int, faces: Floats, upper: Floats, solved: Floats, out_block: Floats, out_right: Floats
) -> None:
    """Add the parts beside the arrow of the lower and the diagonal block of node k to `out_block` and `out_right`.

    `out_block` (m, m) and `out_right` (m,) are those of node k, `upper` (m, m) and `solved` (m,) the eliminated rows of
    node k-1.
    """
    n = len(chain.valence)
    before, after = faces[1 - k % 2], faces[k % 2]
    for r in range(n):
        free = chain.free[k, r]
        for i in range(n):
            lower = -free * by_void_left(chain, before, r, i)
            for c in range(n + 1):
                out_block[r, c] -= lower * upper[i, c]
            out_right[r] -= lower * solved[i]
            out_block[r, i] += free * (by_void_left(chain, after, r, i) - by_void_right(chain, before, r, i))


@kernel
def add_void_upper(chain: Chain, k: int, faces: Floats, inverse: Floats, out_upper: Floats) -> None:
    """Add the part beside the arrow of the upper block of node k, times the inverse of its diagonal block."""
    n = len(chain.valence)
    after = faces[k % 2]
    for r in range(n + 1):
        for i in range(n):
            for j in range(n):
                out_upper[r, j] += inverse[r, i] * chain.free[k, i] * by_void_right(chain, after, i, j)


@kernel
def subtract_void_column(chain: Chain, k: int, faces: Floats, solved: Floats, c: int, out_right: Floats) -> None:
    """Subtract the part beside the arrow of the lower block of node k, times column c of `solved` at node k-1."""
    n = len(chain.valence)
    before = faces[1 - k % 2]
    for r in range(n):
        for i in range(n):
            out_right[r] += chain.free[k, r] * by_void_left(chain, before, r, i) * solved[k - 1, i, c]
