"""A state as profiles, in which a node on an interface appears twice, once for each side: entry = node + layer."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from electrodiff.fvm.kernels.arrays import Chain, Floats, Integers
from electrodiff.fvm.kernels.compiler import kernel
from electrodiff.fvm.kernels.faces import face_values


class Reading(NamedTuple):
    """What a state of n ions says on N - 1 faces and in M entries."""

    flux: Floats
    """(N-1, n) of every face; see `face_values` for this and the next."""
    weight: Floats
    """(N-1, n)"""
    totals: Floats
    """(3, n) sum of weight, sum of weight times flux, and the larger a e^(z phi) of the two ends, scaled as the weights"""
    half_charge: Floats
    """(2, N-1) of the left and the right half cell of every face"""
    concentration: Floats
    """(n, M) on the side of the layer that an entry is in"""
    fixed_charge: Floats
    """(M,) likewise"""
    field: Floats
    """(M,) likewise, in RT/F per unit of the mesh"""


@kernel
def sum_faces(chain: Chain, state: Floats, flux: Floats, weight: Floats, out_totals: Floats) -> None:
    """The totals of a `Reading` (3, n)."""
    faces, n = flux.shape
    for i in range(n):
        z = chain.valence[i]
        highest = z * state[0, n]
        total, carried = 0.0, 0.0
        for k in range(faces):
            highest = max(highest, z * state[k + 1, n])
            total += weight[k, i]
            carried += weight[k, i] * flux[k, i]
        first = state[0, i] * math.exp(z * state[0, n] - highest)
        last = state[faces, i] * math.exp(z * state[faces, n] - highest)
        out_totals[0, i] = total
        out_totals[1, i] = carried
        out_totals[2, i] = max(first, last)


@kernel
def half_charges(chain: Chain, left: Floats, right: Floats, out_charge: Floats) -> None:
    """Charge of the left and the right half cell of every face, (2, N-1), from the concentrations at its ends (N-1, n)."""
    for k in range(out_charge.shape[1]):
        at_left = at_right = chain.fixed_charge[k]
        for i in range(len(chain.valence)):
            at_left += chain.valence[i] * left[k, i]
            at_right += chain.valence[i] * right[k, i]
        out_charge[0, k] = chain.volume_left[k] * at_left
        out_charge[1, k] = chain.volume_right[k] * at_right


@kernel
def read_state(
    chain: Chain, state: Floats, boundaries: Integers, area: Floats, area_over_distance: Floats, out: Reading
) -> None:
    """All that `out` holds.  `boundaries` are those of the layers, `area` (N,) and `area_over_distance` (N-1,) of the mesh.

    The field is that of Gauss's law on the half cell between the node and the middle of the face, so that eps E jumps by
    exactly the surface charge.
    """
    n = len(chain.valence)
    left, right = np.empty(out.flux.shape), np.empty(out.flux.shape)
    face_values(chain, state, out.flux, out.weight, left, right)
    sum_faces(chain, state, out.flux, out.weight, out.totals)
    half_charges(chain, left, right, out.half_charge)
    for layer in range(boundaries.size - 1):
        for node in range(boundaries[layer], boundaries[layer + 1] + 1):
            entry = node + layer
            side = 1 if node == boundaries[layer + 1] else 0
            face = node - side
            for i in range(n):
                out.concentration[i, entry] = right[face, i] if side == 1 else left[face, i]
            out.fixed_charge[entry] = chain.fixed_charge[face]
            eps, charge = chain.permittivity[face], out.half_charge[side, face]
            through = -eps * (state[face + 1, n] - state[face, n]) + (charge if side == 1 else -charge)
            # At an axis or a centre there is no area, and by symmetry no field.
            permittivity = eps / area_over_distance[face] * area[node]
            out.field[entry] = through / permittivity if area[node] > 0.0 else 0.0


@kernel
def sum_charges(half_charge: Floats, starts: Integers, stops: Integers, out_charge: Floats) -> None:
    """Charge of the half cells (2, N-1) between the nodes `starts` and `stops` (P,), into `out_charge` (P,)."""
    for part in range(starts.size):
        total = 0.0
        for k in range(starts[part], stops[part]):
            total += half_charge[0, k] + half_charge[1, k]
        out_charge[part] = total


@kernel
def largest_imbalance(x: Floats, charge: Floats, gross: Floats, start: float, stop: float) -> float:
    """Largest ln(|charge| / gross) between `start` and `stop`, of profiles on x (M,), interpolated at these two.

    NaN where there is nothing that a charge could be compared with.  Charge falls exponentially; and zero is 1e-300.
    """
    largest = -math.inf
    before = 0.0
    for k in range(x.size):
        if not gross[k] > 0.0:
            return math.nan
        here = math.log(max(abs(charge[k]) / gross[k], 1e-300))
        if k > 0:
            for end in (start, stop):
                if x[k - 1] <= end <= x[k]:
                    share = (end - x[k - 1]) / (x[k] - x[k - 1])
                    largest = max(largest, before + share * (here - before))
        if start < x[k] < stop:
            largest = max(largest, here)
        before = here
    return largest


@kernel
def prolong(coarse: Floats, fine: Floats, state: Floats, out_state: Floats) -> None:
    """A state (N, m) at nodes `coarse` (N,) on the nodes `fine` in between: ln a and phi interpolated along x.

    An ion that is absent at both ends of an interval, or at the node itself, is so in between.
    """
    n = state.shape[1] - 1
    smallest = np.finfo(np.float64).tiny
    k = 0
    for f in range(fine.size):
        while k < coarse.size - 2 and coarse[k + 1] <= fine[f]:
            k += 1
        share = min(max((fine[f] - coarse[k]) / (coarse[k + 1] - coarse[k]), 0.0), 1.0)
        out_state[f, n] = state[k, n] + share * (state[k + 1, n] - state[k, n])
        for i in range(n):
            left, right = state[k, i], state[k + 1, i]
            present = (1.0 - share) * (left > 0.0) + share * (right > 0.0) > 0.0
            log_left, log_right = math.log(max(left, smallest)), math.log(max(right, smallest))
            out_state[f, i] = math.exp(log_left + share * (log_right - log_left)) if present else 0.0
