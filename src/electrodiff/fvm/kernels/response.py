"""The linear response to a potential that oscillates at the left end, at several frequencies: one in each lane.

The equations and the elimination are those of `factors` with rate = i omega, on the derivatives at one steady state.

The elimination has y = da + z a dphi as unknowns, of which little is stored where many ions hardly move: where omega times
the time of diffusion over a cell and over the stack is 1e12, it is good to four digits only.  So it is repeated on what is
still missing, which is found from da itself.  A lane whose response is settled is left as it is, so that its numbers do not
depend on those beside it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from electrodiff.fvm.kernels.arrays import Floats
from electrodiff.fvm.kernels.border import solve_dense
from electrodiff.fvm.kernels.compiler import kernel, kernel_part
from electrodiff.fvm.kernels.response_factors import (
    factor_point_ions,
    factor_sized_ions,
    held,
    size_times,
    solve_point_ions,
    solve_sized_ions,
    times,
)
from electrodiff.fvm.kernels.response_records import Linear, Memory, Responses, Turn, any_less
from electrodiff.fvm.kernels.scratch import borrowed
from electrodiff.fvm.kernels.vectors import fill, larger, load, size_of, store, vector_lines_of, where_less

# Turns by which the rounding of the elimination is put right, and the relative correction that is none.
MOST_TURNS = 6
SETTLED = 1e-13
EPSILON = float(np.finfo(np.float64).eps)


@kernel_part
def change_lanes(linear: Linear, active: Any, turn: Turn, out_change: Floats) -> None:
    """Add to a change (N, 2, m, LANES) what a turn has found, in the lanes that are `active` 1 and not 0; the turn's update
    becomes that of the whole change."""
    n = len(linear.chain.valence)
    for k in range(out_change.shape[0]):
        for part in range(2):
            update, change = turn.update[k, part], out_change[k, part]
            correction = active * load(update[n])
            potential = load(change[n]) + correction
            store(potential, change[n])
            store(potential, update[n])
            for i in range(n):
                own = linear.chain.valence[i] * linear.state[k, i]
                activity = load(change[i]) + (active * load(update[i]) - own * correction)
                store(activity, change[i])
                store(activity + own * potential, update[i])


@kernel
def sense(linear: Linear, b: int, update: Floats, lane: int, part: int) -> float:
    """By how much an update (N, 2, m, LANES) changes gate or rate b."""
    total = 0.0
    for side in range(2):
        for r in range(len(linear.chain.valence) + 1):
            total += linear.by_sensed[b, side, r] * update[linear.sensed[b, side], part, r, lane]
    return total


@kernel
def open_gates(linear: Linear, by_border: Floats, update: Floats, out_opened: Floats) -> None:
    """By how much gates and rates change with an update, `out_opened` (p, 2, LANES), if one unit of each does what
    `by_border` (p, N, 2, m, LANES) says; and the update with what they do.

    The complex system of p equations of each lane as a real one of 2 p.
    """
    p = len(by_border)
    nodes, _, m, lanes = update.shape
    matrix, right = np.empty((2 * p, 2 * p)), np.empty(2 * p)
    for lane in range(lanes):
        for b in range(p):
            for part in range(2):
                right[2 * b + part] = sense(linear, b, update, lane, part)
            for c in range(p):
                same = 1.0 if b == c else 0.0
                real, imag = sense(linear, b, by_border[c], lane, 0), sense(linear, b, by_border[c], lane, 1)
                matrix[2 * b, 2 * c], matrix[2 * b, 2 * c + 1] = same - real, imag
                matrix[2 * b + 1, 2 * c], matrix[2 * b + 1, 2 * c + 1] = -imag, same - real
        solve_dense(matrix, right)
        for b in range(p):
            out_opened[b, 0, lane], out_opened[b, 1, lane] = right[2 * b], right[2 * b + 1]
    for b in range(p):
        for k in range(nodes):
            for r in range(m):
                for lane in range(lanes):
                    x, y = out_opened[b, 0, lane], out_opened[b, 1, lane]
                    s, t = by_border[b, k, 0, r, lane], by_border[b, k, 1, r, lane]
                    update[k, 0, r, lane] += x * s - y * t
                    update[k, 1, r, lane] += x * t + y * s


@kernel_part
def fill_face(linear: Linear, k: int, is_full: bool, turn: Turn, opened: Floats) -> None:
    """By how much the update alters the flows through face k, with what gates and rates `opened` (p, 2, LANES)."""
    valence = linear.chain.valence
    outflow, inflow = linear.jacobian.outflow[k], linear.jacobian.inflow[k]
    for part in range(2):
        here, there = turn.update[k, part], turn.update[k + 1, part]
        for r in range(len(valence) + 1):
            total = times(valence, outflow, r, is_full, here) + times(valence, inflow, r, is_full, there)
            for b in range(len(opened)):
                total += linear.through[b, k, r] * load(opened[b, part])
            store(total, turn.flow[k, part, r])


@kernel_part
def face_rounding(linear: Linear, k: int, is_full: bool, update: Floats) -> tuple[Any, Any]:
    """Sizes of the terms of the current of the ions through face k, and of the displacement: |re| + |im| for each."""
    valence = linear.chain.valence
    n = len(valence)
    outflow, inflow = linear.jacobian.outflow[k], linear.jacobian.inflow[k]
    sizes = vector_lines_of(valence, 2)
    for side in range(2):
        for r in range(n + 1):
            store(size_of(load(update[k + side, 0, r])) + size_of(load(update[k + side, 1, r])), sizes[side, r])
    of_ions = fill(0.0)
    for i in range(n):
        size = size_times(valence, outflow, i, is_full, sizes[0]) + size_times(valence, inflow, i, is_full, sizes[1])
        of_ions += abs(valence[i]) * size
    of_field = size_times(valence, outflow, n, is_full, sizes[0]) + size_times(valence, inflow, n, is_full, sizes[1])
    return of_ions, of_field


@kernel_part
def fill_missing(linear: Linear, k: int, is_full: bool, rate: Any, change: Floats, out_source: Floats) -> None:
    """The sources of node k, 1 at the potential of the left end, less what a change (2, m, LANES) stores, or is, of them."""
    valence = linear.chain.valence
    n = len(valence)
    storage, free = linear.jacobian.storage[k], linear.chain.free[k]
    x, y = fill(0.0), fill(0.0)
    for i in range(n):
        s, t = held(valence, storage, i, is_full, change[0]), held(valence, storage, i, is_full, change[1])
        x += valence[i] * s
        y += valence[i] * t
        store(rate * t if free[i] > 0.0 else -load(change[0, i]), out_source[0, i])
        store(-(rate * s) if free[i] > 0.0 else -load(change[1, i]), out_source[1, i])
    drive = 1.0 if k == 0 else 0.0
    store(x if free[n] > 0.0 else drive - load(change[0, n]), out_source[0, n])
    store(y if free[n] > 0.0 else -load(change[1, n]), out_source[1, n])


@kernel_part
def read_lanes(
    linear: Linear,
    is_full: bool,
    rate: Any,
    node: int,
    is_first: bool,
    opened: Floats,
    change: Floats,
    turn: Turn,
    totals: Floats,
    out_total: Floats,
    out_parts: Floats,
    out_read_at: Floats,
    out_rounding: Floats,
) -> None:
    """What flows by a change and its update, and what is missing.

    `totals` (N, 2, LANES) has the total current at every node, from the change before and then from this one; `out_total`
    (2, 2, LANES) that at the node where its rounding is the smallest, from this change and from the one before.  The flow of
    each ion there is in `out_parts` (2, m, LANES), with the displacement at `node`.

    Of the first turn, which is never the last, the totals are enough.

    At a node there flows what flows through the face at its right, and what the half cell in between stores; at the last
    node through the face at its left.
    """
    valence = linear.chain.valence
    n = len(valence)
    last = len(change) - 1
    ions = vector_lines_of(valence, 2)
    of_ions, of_field = fill(0.0), fill(0.0)
    store(fill(np.inf), out_rounding)
    store(fill(-1.0), out_read_at)
    for part in range(2):
        for r in range(n + 1):
            store(fill(0.0), turn.flow[last, part, r])
            store(fill(np.nan), out_parts[part, r])
        store(fill(np.nan), out_total[0, part])
    for k in range(last + 1):
        fill_missing(linear, k, is_full, rate, change[k], turn.source[k])
        flow, half, sign, passes = turn.flow[k], linear.right[k], 1.0, 1.0
        if k < last:
            fill_face(linear, k, is_full, turn, opened)
            if not is_first:
                of_ions, of_field = face_rounding(linear, k, is_full, turn.update)
        else:
            flow, half, sign, passes = turn.flow[k - 1], linear.jacobian.storage[k], -1.0, linear.open_ends[1]
        if k == 0:
            passes = linear.open_ends[0]
        charge_x, charge_y, x, y = fill(0.0), fill(0.0), fill(0.0), fill(0.0)
        for i in range(n):
            s = sign * held(valence, half, i, is_full, change[k, 0])
            t = sign * held(valence, half, i, is_full, change[k, 1])
            u, v = passes * (load(flow[0, i]) - rate * t), passes * (load(flow[1, i]) + rate * s)
            store(u, ions[0, i])
            store(v, ions[1, i])
            x += valence[i] * u
            y += valence[i] * v
            charge_x += valence[i] * s
            charge_y += valence[i] * t
        field_x, field_y = rate * (charge_y - load(flow[1, n])), rate * (load(flow[0, n]) - charge_x)
        x += field_x
        y += field_y
        before_x, before_y = load(totals[k, 0]), load(totals[k, 1])
        store(x, totals[k, 0])
        store(y, totals[k, 1])
        if is_first:
            continue
        if k == node:
            store(field_x, out_parts[0, n])
            store(field_y, out_parts[1, n])
        rounding, least = EPSILON * (passes * of_ions + rate * of_field), load(out_rounding)
        for i in range(n):
            for part in range(2):
                best = where_less(rounding, least, load(ions[part, i]), load(out_parts[part, i]))
                store(best, out_parts[part, i])
        store(where_less(rounding, least, x, load(out_total[0, 0])), out_total[0, 0])
        store(where_less(rounding, least, y, load(out_total[0, 1])), out_total[0, 1])
        store(where_less(rounding, least, before_x, load(out_total[1, 0])), out_total[1, 0])
        store(where_less(rounding, least, before_y, load(out_total[1, 1])), out_total[1, 1])
        store(where_less(rounding, least, fill(1.0 * k), load(out_read_at)), out_read_at)
        store(where_less(rounding, least, rounding, least), out_rounding)


@kernel
def settle(total: Floats, out_moved: Floats, out_active: Floats, out_corrected: Floats) -> bool:
    """Whether no lane is active any more, each (LANES,), by the total currents (2, 2, LANES) of this turn and the last.

    A turn that moves the current by a part r of what the turn before has moved it leaves about a part r of that.
    """
    is_settled = True
    for lane in range(out_active.size):
        if out_active[lane] > 0.0:
            x, y = total[0, 0, lane], total[0, 1, lane]
            moved = np.hypot(x - total[1, 0, lane], y - total[1, 1, lane])
            # The first turn has moved it from 0.
            before = out_moved[lane] if out_moved[lane] > 0.0 else np.hypot(total[1, 0, lane], total[1, 1, lane])
            out_corrected[lane] = moved * (moved / before) if moved < before else moved
            out_moved[lane] = moved
            if out_corrected[lane] <= SETTLED * np.hypot(x, y):
                out_active[lane] = 0.0
            else:
                is_settled = False
    return is_settled


@kernel_part
def split(linear: Linear, is_full: bool, rate: Any, node: int, change: Floats, read_at: Any, out_parts: Floats) -> None:
    """The current of each ion at `node` from its flow where the total is read, and what the cells between the two take up."""
    valence = linear.chain.valence
    n = len(valence)
    first, stop = where_less(read_at, 1.0 * node, read_at, 1.0 * node), larger(read_at, fill(1.0 * node))
    # What is stored to the right of the node has come through it; what is to its left has not.
    by = where_less(1.0 * node, read_at, rate, -rate)
    for k in range(len(change) - 1):
        middle = fill(k + 0.5)
        between = where_less(first, middle, where_less(middle, stop, by, fill(0.0)), fill(0.0))
        if any_less(first, middle) and any_less(middle, stop):
            right, whole, rest = linear.right[k], linear.jacobian.storage[k + 1], linear.right[k + 1]
            for i in range(n):
                x = held(valence, right, i, is_full, change[k, 0]) + held(valence, whole, i, is_full, change[k + 1, 0])
                y = held(valence, right, i, is_full, change[k, 1]) + held(valence, whole, i, is_full, change[k + 1, 1])
                x -= held(valence, rest, i, is_full, change[k + 1, 0])
                y -= held(valence, rest, i, is_full, change[k + 1, 1])
                store(load(out_parts[0, i]) - between * y, out_parts[0, i])
                store(load(out_parts[1, i]) + between * x, out_parts[1, i])
    for part in range(2):
        for i in range(n):
            store(valence[i] * load(out_parts[part, i]), out_parts[part, i])


def response_for(is_full: bool) -> Callable[..., None]:
    """The kernel `respond` for ions with or without a size; see `newton_for`."""

    @kernel
    def respond(owned: Linear, rates: Floats, node: int, memory: Memory, responses: Responses) -> None:
        """The responses at angular frequencies > 0 (G, LANES), with the parts of the current at `node`."""
        linear, out = borrowed(owned), borrowed(responses)
        factors, turn, by_border, opened, totals, total, moved, active = borrowed(memory)
        p, nodes, _, m, lanes = by_border.shape
        for g in range(len(rates)):
            rate = load(rates[g])
            change = out.change[g]
            if is_full:
                factor_sized_ions(linear, rates[g], factors)
            else:
                factor_point_ions(linear, rates[g], factors)
            change[:] = 0.0
            turn.flow[:] = 0.0
            turn.source[:] = 0.0
            totals[:] = 0.0
            moved[:] = 0.0
            active[:] = 1.0
            # At first what gates and rates do, one after the other; then the turns.
            for number in range(-p, MOST_TURNS):
                if number < 0:
                    for k in range(nodes):
                        for r in range(m):
                            store(fill(linear.through[p + number, k, r]), turn.flow[k, 0, r])
                elif number == 0:
                    turn.flow[:] = 0.0
                    store(fill(1.0), turn.source[0, 0, m - 1])
                if is_full:
                    solve_sized_ions(linear, factors, turn)
                else:
                    solve_point_ions(linear, factors, turn)
                if number < 0:
                    by_border[p + number] = turn.update
                    continue
                if p > 0:
                    open_gates(linear, by_border, turn.update, opened)
                change_lanes(linear, load(active), turn, change)
                for b in range(p):
                    for part in range(2):
                        for lane in range(lanes):
                            opened[b, part, lane] = sense(linear, b, turn.update, lane, part)
                read_lanes(
                    linear,
                    is_full,
                    rate,
                    node,
                    number == 0,
                    opened,
                    change,
                    turn,
                    totals,
                    total,
                    out.parts[g],
                    out.read_at[g],
                    out.rounding[g],
                )
                if number > 0 and settle(total, moved, active, out.corrected[g]):
                    break
            split(linear, is_full, rate, node, change, load(out.read_at[g]), out.parts[g])

    return respond


respond_point_ions = response_for(is_full=False)
respond_sized_ions = response_for(is_full=True)
