"""Ions of finite size, by Bikerman's model: what they change in fluxes, charges and Jacobian.

    c_i = beta_i a_i / gamma_i,    1/gamma_i = s^(k_i),    s = 1 - sum_j v_j c_j,    k_i = v_i / v_0

A flux then depends on the activities of all ions, but only through the void fraction s at either end of its face, so
the blocks of the Jacobian have a part beside their arrow: (dJ_i/d ln s)(d ln s/dy_j) in row i and column j, in
proportion to the flux.

Where an ion fills nearly all space its concentration hardly follows its activity, and the two ways by which it does, itself
and through s, cancel: d ln c_i/d ln a_i = 1 + k_i a_i d(ln s)/da_i.  That sum is formed from positive terms.

These are kernels of their own, called where the ions have a size: inlined, they would slow the rows of point ions.
"""

from __future__ import annotations

import math

from electrodiff.fvm.kernels.arrays import Chain, Floats
from electrodiff.fvm.kernels.bernoulli import bernoulli
from electrodiff.fvm.kernels.compiler import kernel, kernel_part
from electrodiff.fvm.kernels.flux import (
    CHARGE_LEFT,
    CHARGE_RIGHT,
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
    displacement,
    flux_scharfetter_gummel,
)

# Newton on ln(F + 1) as a function of ln s, which is convex, rises, and is nearly straight where one ion rules: it needs
# a handful of steps at any packing that a double can hold.
STEPS = 60


@kernel_part
def log_void_fraction(chain: Chain, state: Floats, k: int, face: int) -> float:
    """ln s at node k on the side of a face.

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
    return log_s


@kernel_part
def void_fraction(
    chain: Chain, state: Floats, k: int, face: int, out_factor: Floats, out_gradient: Floats, out_charge: Floats
) -> float:
    """ln s at node k on the side of a face, with what follows from it, in a line of the face each.

    factor_i = 1/gamma_i = s^(k_i)
    gradient_j = d(ln s)/da_j = -v_j beta_j s^(k_j) / S,    S = s + sum_i k_i v_i c_i
    gradient_phi = -sum_j z_j a_j gradient_j
    charge_j = d(sum_i z_i c_i)/da_j / beta_j = z_j factor_j own_j + sum_(i != j) z_i k_i c_i gradient_j / beta_j
    own_j = d(ln c_j)/d(ln a_j) = (S - k_j v_j c_j) / S
    """
    n = len(chain.valence)
    log_s = log_void_fraction(chain, state, k, face)
    s = math.exp(log_s)
    total = s
    spread = 0.0  # sum_i z_i k_i factor_i beta_i a_i
    for i in range(n):
        factor = math.exp(chain.exponent[i] * log_s)
        content = chain.partition[face, i] * factor * state[k, i]
        out_factor[i] = factor
        total += chain.exponent[i] * chain.packing[i] * content
        spread += chain.valence[i] * chain.exponent[i] * content
    by_phi = 0.0
    for j in range(n):
        own = s
        rest = 0.0
        for i in range(n):
            if i != j:
                content = chain.exponent[i] * chain.partition[face, i] * out_factor[i] * state[k, i]
                own += chain.packing[i] * content
                rest += chain.valence[i] * content
        by_filling = chain.packing[j] * out_factor[j] / total
        out_charge[j] = chain.valence[j] * out_factor[j] * own / total - rest * by_filling
        out_gradient[j] = -by_filling * chain.partition[face, j]
        by_phi -= chain.valence[j] * state[k, j] * out_gradient[j]
    out_gradient[n] = by_phi
    result: float = log_s
    return result


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

    As for point ions (see `flux`), but psi_i = z_i phi + ln gamma_i takes the place of z_i phi.
    """
    n = len(chain.valence)
    step = state[k + 1, n] - state[k, n]
    log_left = void_fraction(chain, state, k, k, out_face[FACTOR_LEFT], out_face[GRADIENT_LEFT], out_face[CHARGE_LEFT])
    log_right = void_fraction(
        chain, state, k + 1, k, out_face[FACTOR_RIGHT], out_face[GRADIENT_RIGHT], out_face[CHARGE_RIGHT]
    )
    for i in range(n):
        z, exponent = chain.valence[i], chain.exponent[i]
        plus, minus, share = bernoulli(z * step + exponent * (log_left - log_right))
        left = chain.conductance[k, i] * plus * out_face[FACTOR_LEFT, i]
        right = chain.conductance[k, i] * minus * out_face[FACTOR_RIGHT, i]
        flux = left * state[k, i] - right * state[k + 1, i]
        out_face[FLUX, i] = flux + chain.carried[k, i]
        out_face[LEFT, i] = left
        out_face[RIGHT, i] = -right
        out_face[PHI_LEFT, i] = -z * flux * share
        out_face[PHI_RIGHT, i] = -z * flux * (1.0 - share)
        out_face[VOID_LEFT, i] = exponent * flux * share
        out_face[VOID_RIGHT, i] = exponent * flux * (1.0 - share)
    out_face[VOID_LEFT, n] = 0.0
    out_face[VOID_RIGHT, n] = 0.0
    displacement(chain, state, k, out_face)


@kernel
def flux_of_ions(chain: Chain, state: Floats, k: int, out_face: Floats) -> None:
    """Flux of each ion through face k, whether it has a size or not: all lines of `out_face`."""
    if is_steric(chain):
        flux_of_sized_ions(chain, state, k, out_face)
        return
    flux_scharfetter_gummel(chain, state, k, out_face)
    for line in range(VOID_LEFT, FACE_LINES):
        for r in range(out_face.shape[1]):
            out_face[line, r] = 1.0 if line in (FACTOR_LEFT, FACTOR_RIGHT) else 0.0
    for i in range(len(chain.valence)):
        out_face[CHARGE_LEFT, i] = chain.valence[i]
        out_face[CHARGE_RIGHT, i] = chain.valence[i]


@kernel
def sized_face(chain: Chain, state: Floats, k: int, out_faces: Floats) -> None:
    """The fluxes of face k into their place in `out_faces` (see `chain.next_face`); zeros beyond the last face."""
    if k < chain.permittivity.size:
        flux_of_sized_ions(chain, state, k, out_faces[k % 2])
    else:
        out_faces[k % 2] = 0.0


@kernel
def sized_charge(chain: Chain, state: Floats, k: int, faces: Floats, out_by: Floats) -> float:
    """Mobile charge at node k; adds its derivatives by y and phi to `out_by` (m,)."""
    n = len(chain.valence)
    total = 0.0
    for side in range(2):
        face = k - 1 + side
        if face < 0 or face == chain.permittivity.size:
            continue
        # The node is the right end of the face before it and the left end of the face after it.
        volume = chain.volume_right[face] if side == 0 else chain.volume_left[face]
        factor, by_activity = (FACTOR_RIGHT, CHARGE_RIGHT) if side == 0 else (FACTOR_LEFT, CHARGE_LEFT)
        lines = faces[face % 2]
        for i in range(n):
            z = chain.valence[i]
            content = volume * chain.partition[face, i]
            total += float(z * content * lines[factor, i] * state[k, i])
            out_by[i] += content * lines[by_activity, i]
            out_by[n] -= content * lines[by_activity, i] * z * state[k, i]
    return total


@kernel
def add_void_block(chain: Chain, k: int, faces: Floats, out_block: Floats) -> None:
    """Add to the block of node k what its outflow has beside the arrow."""
    n = len(chain.valence)
    after = faces[k % 2]
    for r in range(n):
        for c in range(n + 1):
            out_block[r, c] += chain.free[k, r] * after[VOID_LEFT, r] * after[GRADIENT_LEFT, c]


@kernel
def add_void_upper(chain: Chain, k: int, faces: Floats, inverse: Floats, out_upper: Floats) -> None:
    """Add the part beside the arrow of the upper block of node k, times the inverse of its diagonal block."""
    n = len(chain.valence)
    after = faces[k % 2]
    for r in range(n + 1):
        total = 0.0
        for i in range(n):
            total += inverse[r, i] * chain.free[k, i] * after[VOID_RIGHT, i]
        for c in range(n + 1):
            out_upper[r, c] += total * after[GRADIENT_RIGHT, c]


@kernel
def void_inflow(k: int, r: int, faces: Floats, solved: Floats) -> float:
    """What face k brings to row r of node k + 1 beside the arrow; `solved` (m,) is the eliminated right side of node k."""
    after = faces[k % 2]
    total = 0.0
    for j in range(solved.size):
        total += after[GRADIENT_LEFT, j] * solved[j]
    result: float = after[VOID_LEFT, r] * total
    return result


@kernel
def add_void_flow(
    k: int, faces: Floats, upper: Floats, solved: Floats, out_bound: Floats, out_arriving: Floats
) -> None:
    """Add what face k brings to the block and the right side of node k + 1 beside the arrow (see `chain`).

    `upper` (m, m) and `solved` (m,) are W and s of node k.
    """
    after = faces[k % 2]
    m = solved.size
    for c in range(m):
        total = 0.0
        for j in range(m):
            total += after[GRADIENT_LEFT, j] * upper[j, c]
        for r in range(m - 1):
            out_bound[r, c] += after[VOID_LEFT, r] * total - after[VOID_RIGHT, r] * after[GRADIENT_RIGHT, c]
    for r in range(m - 1):
        out_arriving[r] += void_inflow(k, r, faces, solved)
