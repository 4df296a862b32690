"""What a solved state says on its faces."""

from __future__ import annotations

import numpy as np

from electrodiff.fvm.kernels.arrays import Chain, Floats
from electrodiff.fvm.kernels.chain import node_charge
from electrodiff.fvm.kernels.compiler import kernel
from electrodiff.fvm.kernels.flux import FACE_LINES, FACTOR_LEFT, FACTOR_RIGHT, FLUX, LEFT
from electrodiff.fvm.kernels.steric import flux_of_ions, is_steric, sized_face


@kernel
def face_values(
    chain: Chain, state: Floats, out_flux: Floats, out_weight: Floats, out_left: Floats, out_right: Floats
) -> None:
    """For every ion and face, (N-1, n) each: the flux of the residual, its weight, and the concentrations at both ends.

    `out_weight` is r of each face in J_i r_i = a_i(left) e^(z phi(left)) - a_i(right) e^(z phi(right)), which is
    e^(z phi(left)) over dJ_i/dy_i(left); it is scaled by the largest e^(z phi), and infinite where an ion is absent.
    `out_left` and `out_right` are c = beta a / gamma on the side of the face of its two nodes.
    """
    n = len(chain.valence)
    faces = out_flux.shape[0]
    face = np.ones((FACE_LINES, n + 1))
    largest = np.empty(n)
    for i in range(n):
        largest[i] = chain.valence[i] * state[0, n]
        for k in range(1, faces + 1):
            largest[i] = max(largest[i], chain.valence[i] * state[k, n])
    for k in range(faces):
        flux_of_ions(chain, state, k, face)
        for i in range(n):
            out_flux[k, i] = face[FLUX, i]
            out_weight[k, i] = np.exp(chain.valence[i] * state[k, n] - largest[i]) / face[LEFT, i]
            out_left[k, i] = chain.partition[k, i] * state[k, i] * face[FACTOR_LEFT, i]
            out_right[k, i] = chain.partition[k, i] * state[k + 1, i] * face[FACTOR_RIGHT, i]


@kernel
def node_charges(chain: Chain, state: Floats, out_charge: Floats, out_slope: Floats) -> None:
    """Charge of every node (N,), and minus its derivative by phi at constant electrochemical potentials (N,)."""
    n = len(chain.valence)
    faces = np.zeros((2, FACE_LINES, n + 1))
    by = np.empty(n + 1)
    steric = is_steric(chain)
    for k in range(state.shape[0]):
        if steric:
            sized_face(chain, state, k, faces)
        out_charge[k] = node_charge(chain, state, k, steric, faces, by)
        out_slope[k] = -by[n]
