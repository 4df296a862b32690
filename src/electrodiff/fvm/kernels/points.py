"""Factors and stages of point ions, from both ends of the chain at once, with the numbers of `factors`.

Of point ions the blocks are arrows, and what a node stores of an ion is its volume times the activity,

    S_k = [V_i, - z_i V_i a_i],    O_k and I_k of the four lines of a face in `flux`.

The elimination of `factors` goes from the left end to the middle and, in the same registers, from the right end, where what
flows towards the middle is counted as positive: there the equations are the same.  Place k of an array of pairs has node k
and node N - 1 - k, and their faces towards the middle.  The node where they meet is given what arrives from both sides,

    (E_left + E_right + Q) x = t_left + t_right + source,

and its x goes back to both ends.  From an end that is closed to ions no flow is lost up to there, from one at a reservoir
some are, by rounding (see `factors`); so whoever counts what a compartment holds has them meet behind it.  The shorter side
goes on beyond the node where they meet, and what is found for it there is not used.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from electrodiff.fvm.kernels.arrays import Chain, Floats
from electrodiff.fvm.kernels.bernoulli import SMALL, bernoulli_pair, bernoulli_series
from electrodiff.fvm.kernels.blocks import invert
from electrodiff.fvm.kernels.chain import LOOSE
from electrodiff.fvm.kernels.compiler import kernel, kernel_part
from electrodiff.fvm.kernels.factors import Jacobian
from electrodiff.fvm.kernels.flux import LEFT, PHI_LEFT, PHI_RIGHT, RIGHT, flux_scharfetter_gummel
from electrodiff.fvm.kernels.pairs import (
    first,
    pair_at,
    pair_lines_of,
    pair_square_of,
    put_pair,
    second,
    together,
    where_less,
)
from electrodiff.fvm.kernels.scratch import lines_of, square_of
from electrodiff.fvm.kernels.vectors import size_of

# Lines of what the ends are given in a stage, of every row of the first and the last node:
TARGET = 0  # the value of what is pinned
CHARGE = 1  # what the source has more than that of the chain: surface charge
PINNED = 2  # 1 where what is pinned obeys the target, 0 where a border does it

# Lines of the slopes of a place: what flows through its face towards the middle, by the outer and by the inner node.
OUTER, OUTER_PHI, INNER, INNER_PHI = 0, 1, 2, 3


class Points(NamedTuple):
    """Point ions on the chain in H pairs: node k and node N - 1 - k, and the faces from them towards the middle.

    A row of an array (H, ...) has lines of m pairs: numbers of the ions, and one of the potential in the last column.
    """

    meeting: int
    """The node where both sides meet, at least 1 and at most N - 2: H = max(meeting, N - 1 - meeting)."""
    pairs: Floats
    """(H, 8 m) lines HELD, FREE, CONDUCTANCE and CARRIED"""
    factors: Floats
    """(H, 8 m + 2 m^2) lines OUTER ... INNER_PHI of the slopes, then (E + Q + O)^-1, of its free columns alone at all places
    but the first"""
    upper: Floats
    """(H, 2 m^2) W = (E + Q + O)^-1 I"""
    middle: Floats
    """(2, m, m) E_left + E_right + Q of the node in the middle, and its inverse"""
    bound: Floats
    """(H, 2 m^2 + 2 m) E + Q of the places that have a row of the first form, and a line of 1 in such rows"""
    is_loose: Floats
    """(H,) 1 where a row of the place has the first form"""
    is_watched: Floats
    """(H,) 1 where the flows of a stage through a face of the place are asked for"""
    volume: Floats
    """(N, n) V_i, volume times partition coefficient, of every node"""
    fixed: Floats
    """(N,) charge of every node that is not of ions"""


# Lines of the chain in pairs:
HELD = 0  # V_i of the nodes, and their charge that is not of ions
FREE = 1
CONDUCTANCE = 2  # and the permittivity
CARRIED = 3  # what transporters carry towards the middle


@kernel
def fold_flows(chain: Chain, out_pairs: Floats) -> None:
    """Put what gates and transporters change of the chain into the pairs."""
    m = len(chain.valence) + 1
    last = chain.conductance.shape[0] - 1
    for k in range(out_pairs.shape[0]):
        for i in range(m - 1):
            put_pair(
                together(chain.conductance[k, i], chain.conductance[last - k, i]), out_pairs, k, CONDUCTANCE * m + i
            )
            put_pair(together(chain.carried[k, i], -chain.carried[last - k, i]), out_pairs, k, CARRIED * m + i)


@kernel_part
def fill_valence(valence: tuple[float, ...], out: Floats) -> float:
    """The valences in an array, as to look one up in a tuple takes a branch; returns the largest of their sizes."""
    largest = 0.0
    for i in range(len(valence)):
        out[i] = valence[i]
        largest = max(largest, abs(valence[i]))
    out[len(valence)] = 0.0
    return largest


@kernel_part
def fill_bernoulli(n: int, z: Floats, largest: float, step: Any, out: Any) -> None:
    """B(u), B(-u) and the left share at u = z `step` of every ion, into three lines of pairs."""
    if abs(first(step)) * largest < SMALL and abs(second(step)) * largest < SMALL:
        for i in range(n):
            plus, minus, share = bernoulli_series(z[i] * step)
            out[0, i] = plus
            out[1, i] = minus
            out[2, i] = share
    else:
        last = 0.0
        plus, minus, share = together(1.0, 1.0), together(1.0, 1.0), together(0.5, 0.5)
        for i in range(n):
            # Ions of equal or opposite valence share one exponential.
            if z[i] == -last:
                other = plus
                plus = minus
                minus = other
                share = 1.0 - share
            elif z[i] != last:
                plus, minus, share = bernoulli_pair(z[i] * step)
            last = z[i]
            out[0, i] = plus
            out[1, i] = minus
            out[2, i] = share


@kernel_part
def fill_slopes(
    n: int, z: Floats, points: Points, k: int, here: Any, there: Any, bernoulli: Any, out_slopes: Any
) -> None:
    """The slopes of both faces of place k, lines of pairs, as `flux_scharfetter_gummel` has them, from the states of its
    outer and its inner nodes.
    """
    line = CONDUCTANCE * (n + 1)
    for i in range(n):
        conductance, share = pair_at(points.pairs, k, line + i), bernoulli[2, i]
        outer, inner = conductance * bernoulli[0, i], -(conductance * bernoulli[1, i])
        pull = z[i] * (outer * here[i] + inner * there[i])
        out_slopes[OUTER, i] = outer
        out_slopes[INNER, i] = inner
        out_slopes[OUTER_PHI, i] = -(pull * share)
        out_slopes[INNER_PHI, i] = -(pull * (1.0 - share))
    eps = pair_at(points.pairs, k, line + n)
    out_slopes[OUTER, n] = eps
    out_slopes[INNER, n] = -eps
    out_slopes[OUTER_PHI, n] = together(0.0, 0.0)
    out_slopes[INNER_PHI, n] = together(0.0, 0.0)


@kernel_part
def note_loose(m: int, k: int, slopes: Any, block: Any, points: Points) -> bool:
    """Which rows of place k have the first form, from its E + Q, which is kept for them; whether any has."""
    count = 0.0
    for r in range(m):
        limit = LOOSE * (pair_at(points.pairs, k, FREE * m + r) * size_of(slopes[OUTER, r]))
        loose = where_less(size_of(block[r, r]), limit, 1.0, 0.0)
        put_pair(loose, points.bound, k, m * m + r)
        count += first(loose) + second(loose)
    any_loose = count > 0.0
    points.is_loose[k] = 1.0 if any_loose else 0.0
    if any_loose:
        for r in range(m):
            for c in range(m):
                put_pair(block[r, c], points.bound, k, r * m + c)
    return any_loose


@kernel_part
def carry_on(m: int, k: int, any_loose: bool, slopes: Any, upper: Any, points: Points, out_block: Any) -> None:
    """E of the next place: -I + O W or, in rows of the first form, -(E + Q) W."""
    for r in range(m):
        own, drift = slopes[OUTER, r], slopes[OUTER_PHI, r]
        for c in range(m):
            out_block[r, c] = own * upper[r, c] + drift * upper[m - 1, c]
    for r in range(m):
        out_block[r, r] -= slopes[INNER, r]
        out_block[r, m - 1] -= slopes[INNER_PHI, r]
    if any_loose:
        for r in range(m):
            loose = pair_at(points.bound, k, m * m + r)
            for c in range(m):
                total = together(0.0, 0.0)
                for j in range(m):
                    total -= pair_at(points.bound, k, r * m + j) * upper[j, c]
                out_block[r, c] = where_less(0.0, loose, total, out_block[r, c])


@kernel_part
def save_ends(m: int, is_left: bool, is_right: bool, block: Any, out_left: Floats, out_right: Floats) -> None:
    """What a side has found when it arrives where they meet."""
    for r in range(m):
        for c in range(m):
            if is_left:
                out_left[r, c] = first(block[r, c])
            if is_right:
                out_right[r, c] = second(block[r, c])


@kernel
def factor_middle(
    chain: Chain, state: Floats, rate: float, points: Points, from_left: Floats, from_right: Floats
) -> bool:
    """The inverse of the node in the middle from the two E (m, m); False if a pivot was zero or not finite."""
    n = len(chain.valence)
    m = n + 1
    k = points.meeting
    block, unused = square_of(chain.valence), lines_of(chain.valence, 1)[0]
    for r in range(m):
        unused[r] = 0.0
        for c in range(m):
            block[r, c] = from_left[r, c] + from_right[r, c]
    for i in range(n):
        z, volume = chain.valence[i], points.volume[k, i]
        block[i, i] += rate * volume
        block[i, n] -= rate * z * volume * state[k, i]
        block[n, i] -= z * volume
        block[n, n] += z * z * volume * state[k, i]
    for r in range(m):
        free = chain.free[k, r]
        for c in range(m):
            block[r, c] *= free
        block[r, r] += 1.0 - free
        if r < n:
            block[r, n] -= (1.0 - free) * chain.valence[r] * state[k, r]
    for r in range(m):
        for c in range(m):
            points.middle[0, r, c] = block[r, c]
    last: float = invert(block, unused)
    for r in range(m):
        for c in range(m):
            points.middle[1, r, c] = block[r, c]
    return bool(np.isfinite(last))


@kernel
def factor_points(chain: Chain, state: Floats, rate: float, points: Points) -> int:
    """Factor the Jacobian at a state (N, m); returns -1, or a node whose pivot was zero or not finite."""
    n = len(chain.valence)
    m = n + 1
    nodes = state.shape[0]
    left, right = points.meeting, nodes - 1 - points.meeting
    places = max(left, right)
    pairs, free_line, inverse_at = points.pairs, FREE * m, 4 * m
    z = lines_of(chain.valence, 1)[0]
    largest = fill_valence(chain.valence, z)
    here, there = pair_lines_of(chain.valence, 1)[0], pair_lines_of(chain.valence, 1)[0]
    slopes, bernoulli = pair_lines_of(chain.valence, 4), pair_lines_of(chain.valence, 3)
    block, upper = pair_square_of(chain.valence), pair_square_of(chain.valence)
    unused = pair_lines_of(chain.valence, 1)[0]
    from_left, from_right = np.empty((m, m)), np.empty((m, m))
    for r in range(m):
        here[r] = together(state[0, r], state[nodes - 1, r])
        for c in range(m):
            block[r, c] = together(0.0, 0.0)
    for k in range(places):
        j: int = nodes - 1 - k
        for r in range(m):
            there[r] = together(state[k + 1, r], state[j - 1, r])
        if k in (left, right):
            save_ends(m, k == left, k == right, block, from_left, from_right)
        fill_bernoulli(n, z, largest, there[n] - here[n], bernoulli)
        fill_slopes(n, z, points, k, here, there, bernoulli, slopes)
        # block <- E + Q
        for i in range(n):
            volume = pair_at(pairs, k, HELD * m + i)
            pull = z[i] * volume * here[i]
            block[i, i] += rate * volume
            block[i, n] -= rate * pull
            block[n, i] -= z[i] * volume
            block[n, n] += z[i] * pull
        any_loose = note_loose(m, k, slopes, block, points)
        # block <- E + Q + O, but for the pinned rows
        for r in range(m):
            free = pair_at(pairs, k, free_line + r)
            for c in range(m):
                block[r, c] *= free
            block[r, r] += free * slopes[OUTER, r] + (1.0 - free)
        for i in range(n):
            free = pair_at(pairs, k, free_line + i)
            block[i, n] += free * slopes[OUTER_PHI, i] - (1.0 - free) * (z[i] * here[i])
        for r in range(m):
            unused[r] = together(0.0, 0.0)
        last = invert(block, unused)
        if k < left and not np.isfinite(first(last)):
            return k
        if k < right and not np.isfinite(second(last)):
            return j
        for r in range(m):
            total = block[r, n] * (slopes[INNER, n] * pair_at(pairs, k, free_line + n))
            for c in range(n):
                part = block[r, c] * pair_at(pairs, k, free_line + c)
                total += part * slopes[INNER_PHI, c]
                upper[r, c] = part * slopes[INNER, c]
            upper[r, n] = total
        for r in range(m):
            for line in range(4):
                put_pair(slopes[line, r], points.factors, k, line * m + r)
            for c in range(m):
                # Only at the ends does what is pinned have a right side other than 0.
                part = block[r, c] * pair_at(pairs, k, free_line + c) if k > 0 else block[r, c]
                put_pair(part, points.factors, k, inverse_at + r * m + c)
                put_pair(upper[r, c], points.upper, k, r * m + c)
        carry_on(m, k, any_loose, slopes, upper, points, block)
        for r in range(m):
            here[r] = there[r]
    save_ends(m, left == places, right == places, block, from_left, from_right)
    return -1 if factor_middle(chain, state, rate, points, from_left, from_right) else points.meeting


@kernel_part
def pass_on(
    m: int, points: Points, k: int, flow: Any, source: Any, right: Any, ahead: Any, out_x: Any, arriving: Any
) -> None:
    """x of place k from its right side, and what arrives at the next one, lines of pairs; `ahead` is scratch."""
    for r in range(m):
        total = pair_at(points.factors, k, 4 * m + r * m) * right[0]
        for c in range(1, m):
            total += pair_at(points.factors, k, 4 * m + r * m + c) * right[c]
        out_x[r] = total
    for r in range(m):
        ahead[r] = flow[r] + pair_at(points.factors, k, OUTER * m + r) * out_x[r]
        if r < m - 1:
            ahead[r] += pair_at(points.factors, k, OUTER_PHI * m + r) * out_x[m - 1]
    if points.is_loose[k] > 0.0:
        for r in range(m):
            total = arriving[r] + source[r]
            for c in range(m):
                total -= pair_at(points.bound, k, r * m + c) * out_x[c]
            ahead[r] = where_less(0.0, pair_at(points.bound, k, m * m + r), total, ahead[r])
    for r in range(m):
        arriving[r] = ahead[r]


@kernel_part
def save_arrived(m: int, is_left: bool, is_right: bool, arriving: Any, out_arrived: Floats) -> None:
    """What has arrived from a side where they meet."""
    for r in range(m):
        if is_left:
            out_arrived[0, r] = first(arriving[r])
        if is_right:
            out_arrived[1, r] = second(arriving[r])


@kernel_part
def place_nodes(m: int, k: int, is_left: bool, j: int, is_right: bool, x: Any, out: Floats) -> None:
    """The pairs x (m,) to node k, if it is of the left side, and to node j, if that is of the right one."""
    if is_left:
        for r in range(m):
            out[k, r] = first(x[r])
    if is_right:
        for r in range(m):
            out[j, r] = second(x[r])


@kernel_part
def place_middle(chain: Chain, points: Points, arrived: Floats, source: Floats, scratch: Floats, out_x: Floats) -> None:
    """x of the node in the middle, from what has `arrived` from both sides (2, m); `scratch` has two lines of m numbers.

    A flow that is lost here arrives nowhere else, so that what the equations miss at their first solution is solved for.
    """
    m = len(chain.valence) + 1
    right, rest = scratch[0], scratch[1]
    for r in range(m):
        right[r] = chain.free[points.meeting, r] * (arrived[0, r] + arrived[1, r] + source[r])
        out_x[r] = 0.0
    for _ in range(2):
        for r in range(m):
            missing = right[r]
            for c in range(m):
                missing -= points.middle[0, r, c] * out_x[c]
            rest[r] = missing
        for r in range(m):
            for c in range(m):
                out_x[r] += points.middle[1, r, c] * rest[c]


@kernel
def stage_forward(
    chain: Chain,
    points: Points,
    stage: Floats,
    sources: Floats,
    given: Floats,
    flow_weight: float,
    out_flow: Floats,
    out_update: Floats,
    out_conducted: Floats,
) -> None:
    """The first half of a stage from its state (N, m): the part of its flows in the current, and x of every node as far as
    what arrives from its end says.

    `out_flow` (N, m) receives the flows at the places that are watched, which are to agree to the last bit with those of the
    elimination.  `sources` (N, m): what the stages before it add to each ion, over what a node holds at an activity of 1.
    `given` (3, 2, m): what the first and the last node are given.
    """
    valence = chain.valence
    n = len(valence)
    m = n + 1
    nodes = stage.shape[0]
    left, right_side = points.meeting, nodes - 1 - points.meeting
    places = max(left, right_side)
    here, there = pair_lines_of(valence, 1)[0], pair_lines_of(valence, 1)[0]
    source, flow = pair_lines_of(valence, 1)[0], pair_lines_of(valence, 1)[0]
    right, x = pair_lines_of(valence, 1)[0], pair_lines_of(valence, 1)[0]
    arriving, ahead = pair_lines_of(valence, 1)[0], pair_lines_of(valence, 1)[0]
    bernoulli = pair_lines_of(valence, 3)
    pairs, held, free_line, conductance, carried = points.pairs, HELD * m, FREE * m, CONDUCTANCE * m, CARRIED * m
    z = lines_of(valence, 1)[0]
    largest = fill_valence(valence, z)
    arrived, middle, scratch = lines_of(valence, 2), lines_of(valence, 1)[0], lines_of(valence, 2)
    for r in range(m):
        arriving[r] = together(0.0, 0.0)
        here[r] = together(stage[0, r], stage[nodes - 1, r])
    for k in range(places):
        j = nodes - 1 - k
        is_left, is_right = k < left, k < right_side
        if k in (left, right_side):
            save_arrived(m, k == left, k == right_side, arriving, arrived)
        charge = pair_at(pairs, k, held + n)
        for r in range(n):
            volume = pair_at(pairs, k, held + r)
            source[r] = volume * together(sources[k, r], sources[j, r])
            charge += z[r] * volume * here[r]
        source[n] = charge
        for r in range(m):
            there[r] = together(stage[k + 1, r], stage[j - 1, r])
        step = there[n] - here[n]
        fill_bernoulli(n, z, largest, step, bernoulli)
        current = together(0.0, 0.0)
        for r in range(n):
            net = bernoulli[0, r] * here[r] - bernoulli[1, r] * there[r]
            flow[r] = pair_at(pairs, k, conductance + r) * net + pair_at(pairs, k, carried + r)
            current += z[r] * flow[r]
        flow[n] = -(pair_at(pairs, k, conductance + n) * step)
        if points.is_watched[k] > 0.0:
            for r in range(m):
                if is_left:
                    out_flow[k, r] = first(flow[r])
                if is_right:
                    out_flow[j - 1, r] = -second(flow[r])
        if is_left:
            out_conducted[k] += flow_weight * first(current)
        if is_right:
            out_conducted[j - 1] -= flow_weight * second(current)
        if k == 0:
            for r in range(m):
                source[r] += pair_at(pairs, 0, free_line + r) * together(given[CHARGE, 0, r], given[CHARGE, 1, r])
        for r in range(m):
            right[r] = arriving[r] + (source[r] - flow[r])
        if k == 0:
            for r in range(m):
                right[r] *= pair_at(pairs, 0, free_line + r)
                is_pinned = (1.0 - pair_at(pairs, 0, free_line + r)) * together(
                    given[PINNED, 0, r], given[PINNED, 1, r]
                )
                right[r] += is_pinned * (together(given[TARGET, 0, r], given[TARGET, 1, r]) - here[r])
        pass_on(m, points, k, flow, source, right, ahead, x, arriving)
        place_nodes(m, k, is_left, j, is_right, x, out_update)
        for r in range(m):
            here[r] = there[r]
    save_arrived(m, left == places, right_side == places, arriving, arrived)
    charge_there = points.fixed[left]
    for r in range(n):
        middle[r] = points.volume[left, r] * sources[left, r]
        charge_there += z[r] * points.volume[left, r] * stage[left, r]
    middle[n] = charge_there
    place_middle(chain, points, arrived, middle, scratch, out_update[left])


@kernel
def solve_points(chain: Chain, points: Points, flow: Floats, source: Floats, out: Floats) -> None:
    """The update x (N, m) for the flows J (N, m) through the face to the right of each node, and sources (N, m), as `solve`
    of `factors`; beyond the ends what is pinned has none.
    """
    valence = chain.valence
    m = len(valence) + 1
    nodes = source.shape[0]
    left, right_side = points.meeting, nodes - 1 - points.meeting
    places = max(left, right_side)
    at, leaving = pair_lines_of(valence, 1)[0], pair_lines_of(valence, 1)[0]
    right, x = pair_lines_of(valence, 1)[0], pair_lines_of(valence, 1)[0]
    arriving, ahead = pair_lines_of(valence, 1)[0], pair_lines_of(valence, 1)[0]
    arrived, scratch = lines_of(valence, 2), lines_of(valence, 2)
    for r in range(m):
        arriving[r] = together(0.0, 0.0)
    for k in range(places):
        j = nodes - 1 - k
        if k in (left, right_side):
            save_arrived(m, k == left, k == right_side, arriving, arrived)
        for r in range(m):
            at[r] = together(source[k, r], source[j, r])
            leaving[r] = together(flow[k, r], -flow[j - 1, r])
            right[r] = arriving[r] - leaving[r] + at[r]
        if k == 0:
            for r in range(m):
                right[r] = pair_at(points.pairs, 0, FREE * m + r) * (arriving[r] - leaving[r]) + at[r]
        pass_on(m, points, k, leaving, at, right, ahead, x, arriving)
        place_nodes(m, k, k < left, j, k < right_side, x, out)
    save_arrived(m, left == places, right_side == places, arriving, arrived)
    place_middle(chain, points, arrived, source[left], scratch, out[left])
    go_back(valence, points, out)


@kernel_part
def step_back(m: int, points: Points, k: int, after: Any, x: Any, update: Floats) -> None:
    """x of place k, which goes into `after`, in which that of place k + 1 is; `x` is scratch."""
    j = update.shape[0] - 1 - k
    is_left, is_right = k < points.meeting, j > points.meeting
    for r in range(m):
        total = together(update[k, r], update[j, r])
        for c in range(m):
            total -= pair_at(points.upper, k, r * m + c) * after[c]
        x[r] = total
    if not (is_left and is_right):
        # The shorter side has not begun: it still waits for the middle.
        for r in range(m):
            x[r] = together(first(x[r]) if is_left else first(after[r]), second(x[r]) if is_right else second(after[r]))
    place_nodes(m, k, is_left, j, is_right, x, update)
    for r in range(m):
        after[r] = x[r]


@kernel
def go_back(valence: tuple[float, ...], points: Points, out_update: Floats) -> None:
    """The second half of a solution: the update x_k -= W_k x_(k+1), from the middle to both ends."""
    m = len(valence) + 1
    middle = points.meeting
    places = max(middle, out_update.shape[0] - 1 - middle)
    after, x = pair_lines_of(valence, 1)[0], pair_lines_of(valence, 1)[0]
    for r in range(m):
        after[r] = together(out_update[middle, r], out_update[middle, r])
    for k in range(places - 1, -1, -1):
        step_back(m, points, k, after, x, out_update)


@kernel
def stage_backward(
    valence: tuple[float, ...], points: Points, state: Floats, out_update: Floats, out_k: Floats
) -> None:
    """The same of a stage, and what `keep_points` makes of it."""
    n = len(valence)
    middle = points.meeting
    places = max(middle, out_update.shape[0] - 1 - middle)
    after, x = pair_lines_of(valence, 1)[0], pair_lines_of(valence, 1)[0]
    for r in range(n + 1):
        after[r] = together(out_update[middle, r], out_update[middle, r])
    keep_node(valence, state[middle], out_update[middle], out_k[middle])
    for k in range(places - 1, -1, -1):
        j = out_update.shape[0] - 1 - k
        step_back(n + 1, points, k, after, x, out_update)
        for r in range(n):
            x[r] = after[r] - valence[r] * together(state[k, r], state[j, r]) * after[n]
        x[n] = after[n]
        place_nodes(n + 1, k, k < middle, j, j > middle, x, out_k)


@kernel_part
def keep_node(valence: tuple[float, ...], state: Floats, update: Floats, out_k: Floats) -> None:
    """The changes of the activities and the potential of a node, (m,), of an update."""
    n = len(valence)
    for r in range(n):
        out_k[r] = update[r] - valence[r] * state[r] * update[n]
    out_k[n] = update[n]


@kernel
def keep_points(valence: tuple[float, ...], state: Floats, update: Floats, out_k: Floats) -> None:
    """Those of all nodes, (N, m)."""
    for k in range(state.shape[0]):
        keep_node(valence, state[k], update[k], out_k[k])


@kernel
def fill_face(chain: Chain, state: Floats, k: int, out: Jacobian) -> None:
    """O and I of one face, whose other entries are zero already."""
    n = len(chain.valence)
    face = np.empty((5, n + 1))
    flux_scharfetter_gummel(chain, state, k, face)
    for r in range(n + 1):
        out.outflow[k, r, n] = face[PHI_LEFT, r]
        out.inflow[k, r, n] = face[PHI_RIGHT, r]
        out.outflow[k, r, r] = face[LEFT, r]
        out.inflow[k, r, r] = face[RIGHT, r]
