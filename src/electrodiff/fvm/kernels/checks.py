"""Whether a state is a solution: what it misses of Poisson's equation, and fluxes over several stretches."""

from __future__ import annotations

import math

import numpy as np

from electrodiff.fvm.kernels.arrays import Chain, Floats, Integers
from electrodiff.fvm.kernels.compiler import kernel
from electrodiff.fvm.kernels.faces import node_charges

TINY = 1e-300
# Of a sum of a few terms.
ROUNDING = 1e-14


@kernel
def poisson_defects(chain: Chain, state: Floats, out_defect: Floats) -> None:
    """What each row of Poisson's equation misses, less the rounding of its terms; 0 if pinned; into `out_defect` (N,).

    The smaller of the part of its terms and the change of the potential that it asks for.
    """
    nodes, m = state.shape
    charge, slope = np.empty(nodes), np.empty(nodes)
    node_charges(chain, state, charge, slope)
    for k in range(nodes):
        residual, allowed = -charge[k], slope[k]
        terms, stiffness = slope[k], slope[k]
        for side in range(2):
            face = k - 1 + side
            if 0 <= face < nodes - 1:
                eps, left, right = chain.permittivity[face], state[face, m - 1], state[face + 1, m - 1]
                flow = -eps * (right - left)
                # eps phi is rounded before the difference is taken, and every ion's charge before their sum.
                rounding = eps * (abs(left) + abs(right))
                residual += flow if side == 1 else -flow
                allowed += rounding
                terms += abs(flow) + ROUNDING * rounding
                stiffness += eps
        missing = abs(residual) - ROUNDING * allowed
        out_defect[k] = 0.0
        if chain.free[k, m - 1] > 0.0 and not missing <= 0.0:
            out_defect[k] = missing / max(max(terms, stiffness), TINY)


@kernel
def gross_fluxes(valence: tuple[float, ...], state: Floats, weight: Floats, out_gross: Floats) -> None:
    """Size of the two terms of every face's flux together, (N-1, n), from the weights of `face_values`; 0 without one."""
    faces, n = weight.shape
    for i in range(n):
        highest = valence[i] * state[0, n]
        for k in range(faces):
            highest = max(highest, valence[i] * state[k + 1, n])
        left = state[0, i] * math.exp(valence[i] * state[0, n] - highest)
        for k in range(faces):
            right = state[k + 1, i] * math.exp(valence[i] * state[k + 1, n] - highest)
            known = np.isfinite(weight[k, i]) and weight[k, i] > 0.0
            out_gross[k, i] = (left + right) / weight[k, i] if known else 0.0
            left = right


@kernel
def largest_logs(valence: tuple[float, ...], state: Floats, out_log: Floats) -> None:
    """For every face and ion, (N-1, n), the larger |z phi| + |ln a| of its two ends: what an exponential rounds with."""
    n = len(valence)
    for i in range(n):
        left = 0.0
        for k in range(state.shape[0]):
            log_a = math.log(state[k, i]) if state[k, i] > 0.0 else 0.0
            right = abs(valence[i] * state[k, n]) + abs(log_a)
            if k > 0:
                out_log[k - 1, i] = max(left, right)
            left = right


@kernel
def stretch_means(flux: Floats, weight: Floats, rounding: Floats, stretches: Integers, out: Floats) -> None:
    """Means of the fluxes (N-1, n) over stretches of faces (R, 2), each face with its weight.

    `out` (R, 3, n) receives the sum of the weights, the mean, and the root of the sum of the squares of the roundings of the
    faces (N-1, n), which is how those of many faces add up.
    """
    for s in range(stretches.shape[0]):
        start, stop = stretches[s]
        for i in range(flux.shape[1]):
            total = 0.0
            for k in range(start, stop):
                total += weight[k, i]
            mean, square = 0.0, 0.0
            for k in range(start, stop):
                share = weight[k, i] / total if total > 0.0 else 0.0
                mean += share * flux[k, i]
                square += (share * rounding[k, i]) ** 2
            out[s, 0, i] = total
            out[s, 1, i] = mean
            out[s, 2, i] = np.sqrt(square)
