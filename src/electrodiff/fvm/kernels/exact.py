"""Activities in closed form, from the potential alone; `solvers.exact` says by which equations.

Everything is positive and done in logarithms, of which minus infinity is that of 0.
"""

from __future__ import annotations

import math

import numpy as np

from electrodiff.fvm.kernels.arrays import AMOUNT, Border, Chain, Floats, Integers
from electrodiff.fvm.kernels.compiler import kernel
from electrodiff.fvm.kernels.steric import log_void_fraction

# Beyond this a double overflows; an activity of e^700 is no solution of anything.
LARGEST_LOG = 700.0

# Below this the logarithm of Bernoulli's function is -u/2 to round-off.
SMALL = 1e-8

LOG_2 = math.log(2.0)

# Lines of the work of one ion, each with an entry for every node; where an entry belongs to a face, for that at its right.
LOG_W = 0  # ln w = ln a + z phi
BEFORE = 1  # ln of the sums of r from the first node to each
AFTER = 2  # ln of the sums of r from each node to the last
ADDED = 3  # ln of what transporters add to w
TAKEN = 4  # ln of what they take from it
CONTENT = 5  # ln of what a node holds at w = 1
LINES = 6


@kernel
def log_of(x: float) -> float:
    """ln x, minus infinity of 0."""
    if x == 0.0:
        return -math.inf
    return math.log(x)


@kernel
def log_sum(a: float, b: float) -> float:
    """ln(e^a + e^b)."""
    if a == b:
        return a + LOG_2
    if a > b:
        return a + math.log1p(math.exp(b - a))
    if a < b:
        return b + math.log1p(math.exp(a - b))
    return math.nan


@kernel
def log_difference(a: float, b: float) -> float:
    """ln(e^a - e^b), minus infinity where nothing is left."""
    if b == -math.inf:
        return a
    if b >= a:
        return -math.inf
    difference: float = a + log_of(-math.expm1(b - a))
    return difference


@kernel
def log_bernoulli(u: float) -> float:
    """ln B(u) of B(u) = u/(e^u - 1)."""
    size = abs(u)
    if size < SMALL:
        return -0.5 * u
    return math.log(size) - max(u, 0.0) - math.log(-math.expm1(-size))


@kernel
def log_voids(chain: Chain, state: Floats, out_log_void: Floats) -> None:
    """ln of the void fraction at the left and at the right end of every face, into `out_log_void` (2, N-1)."""
    for k in range(out_log_void.shape[1]):
        out_log_void[0, k] = log_void_fraction(chain, state, k, k)
        out_log_void[1, k] = log_void_fraction(chain, state, k + 1, k)


@kernel
def log_resistances(chain: Chain, state: Floats, log_void: Floats, out_log_r: Floats) -> None:
    """ln r of every ion on every face, (N-1, n); infinite where the ion cannot pass."""
    n = len(chain.valence)
    for k in range(out_log_r.shape[0]):
        for i in range(n):
            left = chain.valence[i] * state[k, n]
            log_gamma = -chain.exponent[i] * log_void[0, k]
            u = chain.valence[i] * state[k + 1, n] - left - chain.exponent[i] * log_void[1, k] - log_gamma
            out_log_r[k, i] = left + log_gamma - log_of(chain.conductance[k, i]) - log_bernoulli(u)


@kernel
def fill_sums(chain: Chain, i: int, first: int, last: int, log_r: Floats, out_work: Floats) -> bool:
    """The sums of r from both ends of a stretch, the lines BEFORE and AFTER; returns whether transporters carry anything."""
    carries = False
    out_work[BEFORE, first] = -math.inf
    out_work[AFTER, last] = -math.inf
    for k in range(first, last):
        out_work[BEFORE, k + 1] = log_sum(out_work[BEFORE, k], log_r[k, i])
        carries |= chain.carried[k, i] != 0.0
    for k in range(last - 1, first - 1, -1):
        out_work[AFTER, k] = log_sum(out_work[AFTER, k + 1], log_r[k, i])
    return carries


@kernel
def add_carried(
    chain: Chain, i: int, first: int, last: int, ends: tuple[bool, bool], log_r: Floats, out_work: Floats
) -> None:
    """What transporters add to w and take from it, the lines ADDED and TAKEN, on a stretch whose `ends` w is known at.

    Nothing at known ends.  With both known the flux is J = sum r T / sum r, so that at each node

        what is added = sum over the faces to the left of r T, times the share of r to the right,
                        less sum over those to the right of r T, times the share of r to the left;

    with one or none J = 0, and only the sum from that end counts; from the left one of none.
    """
    whole = out_work[BEFORE, last]
    for k in range(first, last + 1):
        out_work[ADDED, k] = -math.inf
        out_work[TAKEN, k] = -math.inf
    if ends[0] or not ends[1]:
        more, less = -math.inf, -math.inf
        for k in range(first + 1, last + 1):
            carried = chain.carried[k - 1, i]
            more = log_sum(more, log_r[k - 1, i] + log_of(max(carried, 0.0)))
            less = log_sum(less, log_r[k - 1, i] + log_of(max(-carried, 0.0)))
            share = out_work[AFTER, k] - whole if ends[1] else 0.0
            out_work[ADDED, k] = more + share
            out_work[TAKEN, k] = less + share
    if ends[1]:
        more, less = -math.inf, -math.inf
        for k in range(last - 1, first - 1, -1):
            carried = chain.carried[k, i]
            more = log_sum(more, log_r[k, i] + log_of(max(-carried, 0.0)))
            less = log_sum(less, log_r[k, i] + log_of(max(carried, 0.0)))
            share = out_work[BEFORE, k] - whole if ends[0] else 0.0
            out_work[ADDED, k] = log_sum(out_work[ADDED, k], more + share)
            out_work[TAKEN, k] = log_sum(out_work[TAKEN, k], less + share)


@kernel
def log_content(chain: Chain, i: int, k: int, first: int, last: int, log_void: Floats, exponent: float) -> float:
    """ln of what node k of a stretch holds of ion i at w = 1."""
    held = -math.inf
    if k < last:
        volume = chain.partition[k, i] * chain.volume_left[k]
        held = log_of(volume) + chain.exponent[i] * log_void[0, k]
    if k > first:
        volume = chain.partition[k - 1, i] * chain.volume_right[k - 1]
        held = log_sum(held, log_of(volume) + chain.exponent[i] * log_void[1, k - 1])
    return held - exponent


@kernel
def log_holding(log_amount: float, first: int, last: int, carries: bool, work: Floats) -> float:
    """ln of the constant w with which a stretch holds an amount, beside what is added and taken."""
    whole, more, less = -math.inf, -math.inf, -math.inf
    for k in range(first, last + 1):
        whole = log_sum(whole, work[CONTENT, k])
        if carries:
            more = log_sum(more, work[CONTENT, k] + work[ADDED, k])
            less = log_sum(less, work[CONTENT, k] + work[TAKEN, k])
    log_w: float = log_difference(log_sum(log_amount, less), more) - whole
    return log_w


@kernel
def fill_stretch(
    chain: Chain,
    border: Border,
    i: int,
    first: int,
    last: int,
    state: Floats,
    log_void: Floats,
    log_r: Floats,
    out_work: Floats,
    out_state: Floats,
) -> None:
    """The activities of ion i on the nodes from `first` to `last`, between which it passes all faces."""
    n = len(chain.valence)
    z = chain.valence[i]
    amount = -1
    for b in range(border.kind.size):
        if border.kind[b] == AMOUNT and border.row[b] == i and border.first[b] == first:
            amount = b
    known, place = 0, first
    for k in range(first, last + 1):
        out_work[LOG_W, k] = log_of(state[k, i]) + z * state[k, n]
        if chain.free[k, i] == 0.0 and amount < 0:
            known += 1
            place = k
    both = known > 1
    carries = fill_sums(chain, i, first, last, log_r, out_work)
    if carries:
        is_first = known == 0 or place == first
        add_carried(chain, i, first, last, (both or is_first, both or not is_first), log_r, out_work)
    if amount >= 0:
        for k in range(first, last + 1):
            out_work[CONTENT, k] = log_content(chain, i, k, first, last, log_void, z * state[k, n])
    at_left, at_right, whole = out_work[LOG_W, first], out_work[LOG_W, last], out_work[BEFORE, last]
    log_w = out_work[LOG_W, place]
    if amount >= 0:
        log_w = log_holding(math.log(border.value[amount]), first, last, carries, out_work)
    for k in range(first, last + 1):
        if chain.free[k, i] == 0.0 and amount < 0:
            continue
        if both:
            log_w = log_sum(at_left + out_work[AFTER, k] - whole, at_right + out_work[BEFORE, k] - whole)
        elif known == 0 and amount < 0:
            log_w = out_work[LOG_W, k]
        changed = log_w
        if carries:
            changed = log_difference(log_sum(log_w, out_work[ADDED, k]), out_work[TAKEN, k])
        log_a = changed - z * state[k, n]
        out_state[k, i] = math.exp(LARGEST_LOG if log_a > LARGEST_LOG else log_a)


@kernel
def closed_activities(chain: Chain, border: Border, state: Floats, log_void: Floats, out_state: Floats) -> None:
    """The activities that a potential demands, into `out_state` (N, m), which has the pinned ones and the potential already.

    `log_void` (2, N-1) is ln of the void fractions, and the chain has the border unknowns in it.
    """
    faces, n = chain.conductance.shape
    log_r = np.empty((faces, n))
    log_resistances(chain, state, log_void, log_r)
    work = np.empty((LINES, faces + 1))
    for i in range(n):
        first = 0
        for k in range(faces + 1):
            if k < faces and chain.conductance[k, i] > 0.0:
                continue
            if k > first:
                fill_stretch(chain, border, i, first, k, state, log_void, log_r, work, out_state)
            first = k + 1


@kernel
def deviations(found: Floats, demanded: Floats, tolerance: float, out_places: Integers) -> tuple[float, float, float]:
    """The largest activity that is demanded, the largest that was found, and their largest difference.

    Of two states (N, m); differences within `tolerance` of what is demanded count as none, and what is no number as infinite.
    `out_places` (2, 2) receives node and row of the first of the three and of the last.
    """
    highest, largest, off = 0.0, 0.0, 0.0
    out_places[:] = 0
    for k in range(found.shape[0]):
        for i in range(found.shape[1] - 1):
            largest = max(largest, found[k, i])
            if demanded[k, i] > highest:
                highest = demanded[k, i]
                out_places[0, 0], out_places[0, 1] = k, i
            difference = abs(found[k, i] - demanded[k, i])
            if not difference <= tolerance * demanded[k, i]:
                difference = difference if np.isfinite(difference) else math.inf
                if difference > off:
                    off = difference
                    out_places[1, 0], out_places[1, 1] = k, i
    return highest, largest, off
