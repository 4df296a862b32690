"""What a solved state says on its faces."""

from __future__ import annotations

import numpy as np

from electrodiff.fvm.kernels.arrays import Chain, Floats
from electrodiff.fvm.kernels.compiler import kernel
from electrodiff.fvm.kernels.flux import FLUX, LEFT, flux_scharfetter_gummel


@kernel
def face_fluxes(chain: Chain, state: Floats, out_flux: Floats, out_weight: Floats) -> None:
    """Flux of every ion through every face (N-1, n): the same flux as in the residual; and its resistance.

    `out_weight` (N-1, n) is r of each face in J_i r_i = a_i(left) e^(z phi(left)) - a_i(right) e^(z phi(right)), which
    is e^(z phi(left)) over dJ_i/da_i(left); it is scaled by the largest e^(z phi), and infinite where an ion is absent.
    """
    n = len(chain.valence)
    faces = out_flux.shape[0]
    face = np.empty((4, n))
    largest = np.empty(n)
    for i in range(n):
        largest[i] = chain.valence[i] * state[0, n]
        for k in range(1, faces + 1):
            largest[i] = max(largest[i], chain.valence[i] * state[k, n])
    for k in range(faces):
        flux_scharfetter_gummel(chain, state, k, face)
        for i in range(n):
            out_flux[k, i] = face[FLUX, i]
            out_weight[k, i] = np.exp(chain.valence[i] * state[k, n] - largest[i]) / face[LEFT, i]
