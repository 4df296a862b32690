"""The flux of every ion through one face, with its derivatives."""

from __future__ import annotations

from electrodiff.fvm.kernels.arrays import Chain, Floats
from electrodiff.fvm.kernels.bernoulli import bernoulli
from electrodiff.fvm.kernels.compiler import kernel_part

FLUX = 0  # J_i
LEFT = 1  # dJ_i/da_i(left)
RIGHT = 2  # dJ_i/da_i(right)
DRIFT = 3  # dJ_i/du_i


@kernel_part
def flux_scharfetter_gummel(chain: Chain, state: Floats, k: int, out_face: Floats) -> None:
    """Flux of each ion through face k, and its derivatives: `out_face` (4, n), lines FLUX, LEFT, RIGHT, DRIFT.

        J_i = (D_i beta_i A/h) [B(u_i) a_i(left) - B(-u_i) a_i(right)],    u_i = z_i (phi(right) - phi(left))

    Scharfetter and Gummel, IEEE Trans. Electron Devices 16 (1969) 64.
    """
    n = len(chain.valence)
    step = state[k + 1, n] - state[k, n]
    last_u = 0.0
    plus, minus, slope = 1.0, 1.0, -0.5
    for i in range(n):
        u = chain.valence[i] * step
        # Ions of equal or opposite valence share one exponential, which is most of the cost of a face.
        if u == -last_u:
            plus, minus, slope = minus, plus, -1.0 - slope
        elif u != last_u:
            plus, minus, slope = bernoulli(u)
        last_u = u
        conductance = chain.conductance[k, i]
        left = state[k, i]
        right = state[k + 1, i]
        out_face[FLUX, i] = conductance * (plus * left - minus * right)
        out_face[LEFT, i] = conductance * plus
        out_face[RIGHT, i] = -conductance * minus
        out_face[DRIFT, i] = conductance * (slope * left - (1.0 + slope) * right)
