"""What flows through one face: each ion, and the displacement; with the derivatives.

An update of the unknowns is given by the changes y_i = a_i d(ln a_i + z_i phi) = da_i + z_i a_i dphi of the activities at
constant electrochemical potential, and dphi.  In these the flux of an ion is coupled to the potential by the flux itself,

    dJ_i = (D_i beta_i A/h) [B(u_i) y_i(left) - B(-u_i) y_i(right)] - z_i J_i [p dphi(left) + (1 - p) dphi(right)],

where p(u) is the left share (see `bernoulli`).  In da and dphi it would be coupled by D beta a, and where an ion is near
equilibrium behind a barrier or in a deep pocket, the small net of two large terms would be lost.
"""

from __future__ import annotations

from electrodiff.fvm.kernels.arrays import Chain, Floats
from electrodiff.fvm.kernels.bernoulli import bernoulli
from electrodiff.fvm.kernels.compiler import kernel_part

# Lines of a face; columns 0 ... n-1 are the ions, column n the displacement.
FLUX = 0  # J_i; -(eps A/h) (phi(right) - phi(left))
LEFT = 1  # dJ_i/dy_i(left); of the displacement by phi(left)
RIGHT = 2  # dJ_i/dy_i(right); of the displacement by phi(right)
PHI_LEFT = 3  # dJ_i/dphi(left) at constant y; 0 of the displacement
PHI_RIGHT = 4  # dJ_i/dphi(right) at constant y; 0 of the displacement
# Lines of ions of finite size only (see `steric`), s being the void fraction:
VOID_LEFT = 5  # dJ_i/d(ln s) at the left node, at constant y and phi
VOID_RIGHT = 6  # the same at the right node
GRADIENT_LEFT = 7  # d(ln s) at the left node by y_0 ... y_(n-1) and phi there
GRADIENT_RIGHT = 8  # the same at the right node
FACTOR_LEFT = 9  # 1/gamma_i = s^(k_i) at the left node
FACTOR_RIGHT = 10  # the same at the right node
CHARGE_LEFT = 11  # d(sum_i z_i c_i / beta_j)/da_j at the left node
CHARGE_RIGHT = 12  # the same at the right node
FACE_LINES = 13


@kernel_part
def displacement(chain: Chain, state: Floats, k: int, out_face: Floats) -> None:
    """Displacement through face k and its derivatives, into the last column of `out_face`."""
    n = len(chain.valence)
    eps = chain.permittivity[k]
    out_face[FLUX, n] = -eps * (state[k + 1, n] - state[k, n])
    out_face[LEFT, n] = eps
    out_face[RIGHT, n] = -eps
    out_face[PHI_LEFT, n] = 0.0
    out_face[PHI_RIGHT, n] = 0.0


@kernel_part
def flux_scharfetter_gummel(chain: Chain, state: Floats, k: int, out_face: Floats) -> None:
    """Flux of each point ion through face k, and its derivatives, into the first five lines of `out_face`.

        J_i = (D_i beta_i A/h) [B(u_i) a_i(left) - B(-u_i) a_i(right)],    u_i = z_i (phi(right) - phi(left))

    and what transporters carry.  Scharfetter and Gummel, IEEE Trans. Electron Devices 16 (1969) 64.
    """
    n = len(chain.valence)
    step = state[k + 1, n] - state[k, n]
    last_u = 0.0
    plus, minus, share = 1.0, 1.0, 0.5
    for i in range(n):
        z = chain.valence[i]
        u = z * step
        # Ions of equal or opposite valence share one exponential, which is most of the cost of a face.
        if u == -last_u:
            plus, minus, share = minus, plus, 1.0 - share
        elif u != last_u:
            plus, minus, share = bernoulli(u)
        last_u = u
        conductance = chain.conductance[k, i]
        flux = conductance * (plus * state[k, i] - minus * state[k + 1, i])
        out_face[FLUX, i] = flux + chain.carried[k, i]
        out_face[LEFT, i] = conductance * plus
        out_face[RIGHT, i] = -conductance * minus
        out_face[PHI_LEFT, i] = -z * flux * share
        out_face[PHI_RIGHT, i] = -z * flux * (1.0 - share)
    displacement(chain, state, k, out_face)
