"""A Newton step in lanes: elimination, back substitution, update (see `lanes` and `chain`).

The elimination is that of `chain` in its second form; whether that lost digits is seen afterwards, from the activities
that the potential demands in closed form (see `lane_readings`).  A lane that has converged is left as it is, so that its
numbers do not depend on those beside it.
"""

from __future__ import annotations

from electrodiff.fvm.kernels.arrays import Floats
from electrodiff.fvm.kernels.compiler import kernel, kernel_part
from electrodiff.fvm.kernels.flux import FLUX, LEFT, PHI_LEFT, PHI_RIGHT, RIGHT
from electrodiff.fvm.kernels.lanes import Lanes, Stacks, face_vectors, invert_vectors
from electrodiff.fvm.kernels.newton import KEEP
from electrodiff.fvm.kernels.vectors import (
    fill,
    larger,
    load,
    size_of,
    store,
    vector_lines_of,
    vector_square_of,
    where_less,
)


@kernel_part
def arriving_vectors(
    valence: tuple[float, ...], before: Floats, upper: Floats, solved: Floats, out_block: Floats, out_right: Floats
) -> None:
    """E and t of a node, from the face at its left and W and s of the node there."""
    n = len(valence)
    m = n + 1
    for r in range(m):
        own, drift = load(before[LEFT, r]), load(before[PHI_LEFT, r])
        for j in range(m):
            store(own * load(upper[r, j]) + drift * load(upper[n, j]), out_block[r, j])
        store(load(before[FLUX, r]) + own * load(solved[r]) + drift * load(solved[n]), out_right[r])
    for r in range(m):
        store(load(out_block[r, r]) - load(before[RIGHT, r]), out_block[r, r])
    for i in range(n):
        store(load(out_block[i, n]) - load(before[PHI_RIGHT, i]), out_block[i, n])


@kernel_part
def keep_current(valence: tuple[float, ...], block: Floats, right: Floats, out_arriving: Floats) -> None:
    """Of the net current that arrives, t - E x, the sums over the ions of z E (m,) and of z t, in `out_arriving` (m + 1,)."""
    n = len(valence)
    m = n + 1
    for j in range(m):
        total = fill(0.0)
        for i in range(n):
            total += valence[i] * load(block[i, j])
        store(total, out_arriving[j])
    total = fill(0.0)
    for i in range(n):
        total += valence[i] * load(right[i])
    store(total, out_arriving[m])


@kernel_part
def add_node(
    valence: tuple[float, ...],
    left: tuple[Floats, Floats, Floats],
    right: tuple[Floats, Floats, Floats],
    state: Floats,
    out_block: Floats,
    out_right: Floats,
) -> None:
    """Add Q and q of a node, from 1/width, partition (n, LANES) and fixed charge of the faces at its left and its right."""
    n = len(valence)
    at_left, at_right = 0.5 / load(left[0]), 0.5 / load(right[0])
    charge = at_left * load(left[2]) + at_right * load(right[2])
    by_phi = fill(0.0)
    for i in range(n):
        z = valence[i]
        held = at_left * load(left[1][i]) + at_right * load(right[1][i])
        by_activity = z * held
        own = by_activity * load(state[i])
        charge += own
        by_phi += z * own
        store(load(out_block[n, i]) - by_activity, out_block[n, i])
    store(load(out_block[n, n]) + by_phi, out_block[n, n])
    store(load(out_right[n]) + charge, out_right[n])


@kernel_part
def add_face(valence: tuple[float, ...], after: Floats, out_block: Floats, out_right: Floats) -> None:
    """Add O and take J of the face at the right of a node."""
    n = len(valence)
    for r in range(n + 1):
        store(load(out_right[r]) - load(after[FLUX, r]), out_right[r])
        store(load(out_block[r, r]) + load(after[LEFT, r]), out_block[r, r])
    for i in range(n):
        store(load(out_block[i, n]) + load(after[PHI_LEFT, i]), out_block[i, n])


@kernel_part
def pin_absent_ions(lanes: Lanes, place: int, state: Floats, out_block: Floats, out_right: Floats) -> None:
    """The equation a = 0 for every ion that is absent at a node."""
    n = len(lanes.valence)
    for i in range(n):
        if lanes.free[place, i] == 0.0:
            for j in range(n + 1):
                store(fill(0.0), out_block[i, j])
            store(fill(1.0), out_block[i, i])
            store(-load(state[i]), out_right[i])


@kernel_part
def carry_vectors(valence: tuple[float, ...], after: Floats, inverse: Floats, out_upper: Floats) -> None:
    """W of a node, its inverse block times I of the face at its right."""
    n = len(valence)
    for r in range(n + 1):
        total = load(inverse[r, n]) * load(after[RIGHT, n])
        for j in range(n):
            entry = load(inverse[r, j])
            total += entry * load(after[PHI_RIGHT, j])
            store(entry * load(after[RIGHT, j]), out_upper[r, j])
        store(total, out_upper[r, n])


@kernel
def eliminate_lanes(
    lanes: Lanes,
    stacks: Stacks,
    g: int,
    c: int,
    stride: int,
    per_width: Floats,
    state: Floats,
    out_upper: Floats,
    out_solved: Floats,
    out_arriving: Floats,
) -> None:
    """First half of a Newton step: W in `out_upper` (N, m, m, LANES) and s in `out_solved` (N, m, LANES); see `chain`.

    stride: every how many nodes of the finest mesh there is one of this mesh, whose faces have the widths 1 / `per_width`
    (N-1, LANES).  If the potential floats, `out_arriving` receives what `keep_current` says of face `middle`.
    """
    valence = lanes.valence
    m = len(valence) + 1
    nodes = state.shape[0]
    after = vector_lines_of(valence, 5)
    block, upper = vector_square_of(valence), vector_square_of(valence)
    solved, right = vector_lines_of(valence, 1)[0], vector_lines_of(valence, 1)[0]
    middle = lanes.middle // stride if lanes.middle >= 0 else -1
    # An index of four parts at every node would cost as much as the elimination.
    mobility, permittivity = stacks.mobility[g, c], stacks.permittivity[g, c]
    partition, fixed_charge = stacks.partition[g, c], stacks.fixed_charge[g, c]
    surface_charge = stacks.surface_charge[g, c]
    # The left end has its values already: nothing changes there.
    for r in range(m):
        store(fill(0.0), solved[r])
        store(fill(0.0), out_solved[0, r])
        for j in range(m):
            store(fill(0.0), upper[r, j])
            store(fill(0.0), out_upper[0, r, j])
    for k in range(nodes - 1):
        place = k * stride
        layer = lanes.layer[place]
        face_vectors(valence, mobility[layer], permittivity[layer], per_width[k], state[k], state[k + 1], after)
        if k > 0:
            before = lanes.layer[place - 1]
            add_node(
                valence,
                (per_width[k - 1], partition[before], fixed_charge[before]),
                (per_width[k], partition[layer], fixed_charge[layer]),
                state[k],
                block,
                right,
            )
            if lanes.interface[place] >= 0:
                store(load(right[m - 1]) + load(surface_charge[lanes.interface[place]]), right[m - 1])
            add_face(valence, after, block, right)
            pin_absent_ions(lanes, place, state[k], block, right)
            invert_vectors(block, right)
            carry_vectors(valence, after, block, upper)
            for r in range(m):
                store(load(right[r]), solved[r])
                store(load(right[r]), out_solved[k, r])
                for j in range(m):
                    store(load(upper[r, j]), out_upper[k, r, j])
        arriving_vectors(valence, after, upper, solved, block, right)
        if k == middle:
            keep_current(valence, block, right, out_arriving)


@kernel_part
def substitute(valence: tuple[float, ...], upper: Floats, solved: Floats, share: float, out_x: Floats) -> None:
    """x_k = `share` s_k - W_k x_(k+1), with x_(k+1) in `out_x` (m, LANES) at the start and x_k at the end."""
    m = len(valence) + 1
    x = vector_lines_of(valence, 1)[0]
    for r in range(m):
        total = share * load(solved[r])
        for j in range(m):
            total -= load(upper[r, j]) * load(out_x[j])
        store(total, x[r])
    for r in range(m):
        store(load(x[r]), out_x[r])


@kernel_part
def floating_step(
    lanes: Lanes,
    stride: int,
    wanted: Floats,
    state: Floats,
    upper: Floats,
    solved: Floats,
    arriving: Floats,
    out_x: Floats,
) -> None:
    """Add to the update `out_x` (m, LANES) of the right end the change of its potential that makes the current `wanted`.

    Behind face `middle` the update is that without the change, plus the change times what a change of 1 does.
    """
    valence = lanes.valence
    n = len(valence)
    m = n + 1
    last = state.shape[0] - 1
    end = state[last]
    without, by = vector_lines_of(valence, 1)[0], vector_lines_of(valence, 1)[0]
    for r in range(m):
        store(load(out_x[r]), without[r])
    for i in range(n):
        store(valence[i] * load(end[i]), by[i])
    store(fill(1.0), by[n])
    for k in range(last - 1, lanes.middle // stride, -1):
        substitute(valence, upper[k], solved[k], 1.0, without)
        substitute(valence, upper[k], solved[k], 0.0, by)
    missing = load(arriving[m]) - load(wanted)
    slope = fill(0.0)
    for j in range(m):
        missing -= load(arriving[j]) * load(without[j])
        slope += load(arriving[j]) * load(by[j])
    change = missing / slope
    for i in range(n):
        store(load(out_x[i]) + valence[i] * load(end[i]) * change, out_x[i])
    store(load(out_x[n]) + change, out_x[n])


@kernel
def update_lanes(
    lanes: Lanes,
    stacks: Stacks,
    g: int,
    c: int,
    stride: int,
    upper: Floats,
    solved: Floats,
    arriving: Floats,
    active: Floats,
    out_state: Floats,
    out_size: Floats,
) -> None:
    """Second half of a Newton step: back substitution, and the update of the lanes that are `active` (LANES,).

    `out_size` (2, LANES) receives the size of the update (see `apply_update`) and the sum of all its parts, which is not
    finite if any of them is not.
    """
    valence = lanes.valence
    n = len(valence)
    m = n + 1
    last = out_state.shape[0] - 1
    x = vector_lines_of(valence, 1)[0]
    moves, floor = load(active), load(stacks.floor[g, c])
    for r in range(m):
        store(load(stacks.ends[g, c, 1, r]) - load(out_state[last, r]), x[r])
    if lanes.middle >= 0:
        store(fill(0.0), x[n])
    for i in range(n):
        store(load(x[i]) + valence[i] * load(out_state[last, i]) * load(x[n]), x[i])
    if lanes.middle >= 0:
        floating_step(lanes, stride, stacks.current[g, c], out_state, upper, solved, arriving, x)
    size, total_size = fill(0.0), fill(0.0)
    for k in range(last, -1, -1):
        if k < last:
            substitute(valence, upper[k], solved[k], 1.0, x)
        change_phi = load(x[n])
        largest = fill(1.0)
        for i in range(n):
            largest = larger(largest, load(out_state[k, i]))
        least = floor * largest
        for i in range(n):
            old = load(out_state[k, i])
            change = load(x[i]) - valence[i] * old * change_phi
            new = larger(old + change, KEEP * old)
            store(where_less(0.5, moves, new, old), out_state[k, i])
            part = size_of(change / larger(old, least))
            size = larger(size, part)
            total_size += part
        phi = load(out_state[k, n])
        store(where_less(0.5, moves, phi + change_phi, phi), out_state[k, n])
        part = size_of(change_phi)
        size = larger(size, part)
        total_size += part
    store(size, out_size[0])
    store(total_size, out_size[1])
