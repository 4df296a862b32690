"""The flux of every ion through one face, with its derivatives."""

from __future__ import annotations

from electrodiff.fvm.kernels.arrays import Chain, Floats
from electrodiff.fvm.kernels.bernoulli import bernoulli
from electrodiff.fvm.kernels.compiler import kernel_part

FLUX = 0  # J_i
LEFT = 1  # dJ_i/da_i(left) at constant void fractions
RIGHT = 2  # dJ_i/da_i(right) at constant void fractions
DRIFT = 3  # dJ_i/du_i
# Lines of ions of finite size only (see `steric`), s being the void fraction:
VOID_LEFT = 4  # dJ_i/d(ln s) at the left node
VOID_RIGHT = 5  # dJ_i/d(ln s) at the right node
GRADIENT_LEFT = 6  # d(ln s)/da_i at the left node
GRADIENT_RIGHT = 7  # d(ln s)/da_i at the right node
FACTOR_LEFT = 8  # 1/gamma_i = s^(k_i) at the left node
FACTOR_RIGHT = 9  # 1/gamma_i = s^(k_i) at the right node
OWN_LEFT = 10  # d ln c_i/d ln a_i at the left node
OWN_RIGHT = 11  # d ln c_i/d ln a_i at the right node
FACE_LINES = 12


@kernel_part
def flux_scharfetter_gummel(chain: Chain, state: Floats, k: int, out_face: Floats) -> None:
    """Flux of each point ion through face k, and its derivatives, into the first four lines of `out_face`.

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
