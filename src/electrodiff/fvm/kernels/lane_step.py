"""A Newton step in lanes: elimination, back substitution, update, by the recursions of `constant_flux`.

A lane that has converged is left as it is, so that its numbers do not depend on those beside it.  Of every node the m rows of
y_i = Y_i v + b_i dphi and dphi = S v + w dphi(k+1) are kept, the coefficient of the potential behind those of v.
"""

from __future__ import annotations

from typing import Any

from electrodiff.fvm.kernels.arrays import Floats
from electrodiff.fvm.kernels.compiler import kernel, kernel_part
from electrodiff.fvm.kernels.lanes import Lanes, Stacks, invert_vectors, next_ion
from electrodiff.fvm.kernels.newton import KEEP
from electrodiff.fvm.kernels.scratch import borrowed
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
def face_gains(
    valence: tuple[float, ...], passes: Floats, resistivity: Floats, width: Any, step: Any, out_gains: Floats
) -> None:
    """g, p and r of every ion at a face, as lines of `out_gains` (3, n, LANES).

    passes: (n,) 1 for an ion that is present there; `resistivity` (n, LANES) as in `Stacks`; `width` of the face and the
    potential difference `step` across it.
    """
    last = 0.0
    gain, back, over, share = fill(1.0), fill(1.0), fill(1.0), fill(0.5)
    for i in range(len(valence)):
        z = valence[i]
        gain, back, over, share = next_ion(z, last, step, gain, back, over, share)
        last = z
        store(passes[i] * gain, out_gains[0, i])
        store(share, out_gains[1, i])
        own = passes[i] * (over * width) + (1.0 - passes[i])
        store(own * load(resistivity[i]), out_gains[2, i])


@kernel_part
def pass_ion(
    valence: tuple[float, ...],
    i: int,
    passes: Floats,
    gains: Floats,
    left: Floats,
    right: Floats,
    flux: Floats,
    solved: Floats,
    weight: Any,
    out_bound: Floats,
    out_by: Floats,
    out_rows: Floats,
) -> None:
    """Y and b of ion i at the node at the right of a face: row i of `out_bound`, `out_by` and `out_rows`."""
    m = len(valence) + 1
    gain, own = load(gains[0, i]), load(gains[2, i])
    net = gain * load(left[i]) - passes[i] * load(right[i])
    drift = valence[i] * net
    at_left = drift * load(gains[1, i])
    h = gain * load(out_by[i]) - at_left
    for j in range(m):
        row = gain * load(out_bound[i, j]) + h * load(solved[j])
        if j == 0:
            row += net - own * load(flux[i])
        if j == 1 + i:
            row -= own
        store(row, out_bound[i, j])
        store(row, out_rows[i, j])
    row = h * weight - (drift - at_left)
    store(row, out_by[i])
    store(row, out_rows[i, m])


@kernel_part
def pass_face(
    valence: tuple[float, ...],
    passes: Floats,
    gains: Floats,
    left: Floats,
    right: Floats,
    flux: Floats,
    solved: Floats,
    weight: Any,
    out_bound: Floats,
    out_by: Floats,
    out_rows: Floats,
) -> None:
    """Y and b of the node at the right of a face, from those of the node at its left in the same place.

    Row i of `out_bound` (m, m, LANES) is Y_i, `out_by` (m, LANES) is b; of `out_rows` (m, m + 1, LANES) the first n are both.
    passes: (n,) 1 for an ion that is present there; `left` and `right` (m, LANES) are the states; `solved` (m, LANES) and
    `weight` are S and w at the left.  The first ions are written out, so that every index is a constant and the rows can stay
    in registers.
    """
    n = len(valence)
    pass_ion(valence, 0, passes, gains, left, right, flux, solved, weight, out_bound, out_by, out_rows)
    if n > 1:
        pass_ion(valence, 1, passes, gains, left, right, flux, solved, weight, out_bound, out_by, out_rows)
    if n > 2:
        pass_ion(valence, 2, passes, gains, left, right, flux, solved, weight, out_bound, out_by, out_rows)
    if n > 3:
        pass_ion(valence, 3, passes, gains, left, right, flux, solved, weight, out_bound, out_by, out_rows)
    if n > 4:
        pass_ion(valence, 4, passes, gains, left, right, flux, solved, weight, out_bound, out_by, out_rows)
    for i in range(5, n):
        pass_ion(valence, i, passes, gains, left, right, flux, solved, weight, out_bound, out_by, out_rows)


@kernel
def eliminate_lanes(
    all_lanes: Lanes,
    stacks: Stacks,
    g: int,
    c: int,
    stride: int,
    widths: tuple[Floats, Floats, Floats],
    owned_state: Floats,
    flux: Floats,
    owned_rows: Floats,
) -> None:
    """First half of a Newton step: the rows of every node in `owned_rows` (N, m, m + 1, LANES).

    stride: every how many nodes of the finest mesh there is one of this mesh, whose faces have the `widths` (N-1, LANES),
    themselves and their inverse.  `flux` (n, LANES) is c.
    """
    lanes, (width, per_width, gains) = borrowed(all_lanes), borrowed(widths)
    state, out_rows = borrowed(owned_state), borrowed(owned_rows)
    valence = lanes.valence
    n = len(valence)
    m = n + 1
    nodes = state.shape[0]
    bound = vector_square_of(valence)
    by, solved, held = vector_lines_of(valence, 1)[0], vector_lines_of(valence, 1)[0], vector_lines_of(valence, 1)[0]
    # An index of four parts at every node would cost as much as the elimination.
    resistivity, permittivity = borrowed(stacks.resistivity[g, c]), borrowed(stacks.permittivity[g, c])
    partition, fixed_charge = borrowed(stacks.partition[g, c]), borrowed(stacks.fixed_charge[g, c])
    surface_charge = borrowed(stacks.surface_charge[g, c])
    # Apart from the recursion, which would wait for it.
    for k in range(nodes - 1):
        layer = lanes.layer[k * stride]
        rise = load(state[k + 1, n]) - load(state[k, n])
        face_gains(valence, lanes.passes[layer], resistivity[layer], load(width[k]), rise, gains[k])
    # Nothing changes at the left end, which has its values already.
    for r in range(m):
        store(fill(0.0), by[r])
        store(fill(0.0), solved[r])
        for j in range(m):
            store(fill(0.0), bound[r, j])
    layer = lanes.layer[0]
    eps, weight = load(permittivity[layer]) * load(per_width[0]), fill(0.0)
    arriving = eps
    rise = load(state[1, n]) - load(state[0, n])
    for k in range(nodes - 1):
        rows = out_rows[k + 1]
        passes = lanes.passes[layer]
        pass_face(valence, passes, gains[k], state[k], state[k + 1], flux, solved, weight, bound, by, rows)
        if k == nodes - 2:
            break
        before, eps_before, half = layer, eps, 0.5 * load(width[k])
        layer = lanes.layer[(k + 1) * stride]
        eps, half_after = load(permittivity[layer]) * load(per_width[k + 1]), 0.5 * load(width[k + 1])
        charge = half * load(fixed_charge[before]) + half_after * load(fixed_charge[layer]) - eps_before * rise
        rise = load(state[k + 2, n]) - load(state[k + 1, n])
        charge += eps * rise
        if lanes.interface[(k + 1) * stride] >= 0:
            charge += load(surface_charge[lanes.interface[(k + 1) * stride]])
        kappa = fill(0.0)
        for i in range(n):
            z = valence[i]
            share = z * (half * load(partition[before, i]) + half_after * load(partition[layer, i]))
            own = share * load(state[k + 1, i])
            charge += own
            kappa += z * own - share * load(by[i])
            store(share, held[i])
        inverse = 1.0 / (arriving + eps + kappa)
        for j in range(m):
            total = eps_before * load(solved[j])
            if j == 0:
                total += charge
            for i in range(n):
                total += load(held[i]) * load(bound[i, j])
            total = inverse * total
            store(total, solved[j])
            store(total, rows[n, j])
        weight = eps * inverse
        arriving = (arriving + kappa) * weight
        store(weight, rows[n, m])


@kernel_part
def close_lanes(lanes: Lanes, wanted: Any, end: Floats, rows: Floats, out_flux: Floats, out_v: Floats) -> Any:
    """v (m, LANES) from the rows of the right end, whose state is `end`; returns the change of its potential.

    dc is added to c in `out_flux`.  See `end_equation`.
    """
    valence = lanes.valence
    n = len(valence)
    block, right = vector_square_of(valence), vector_lines_of(valence, 1)[0]
    missing = wanted
    for i in range(n):
        z = valence[i]
        for j in range(n):
            store(load(rows[i, 1 + j]), block[i, j])
        store(load(rows[i, n + 1]) - z * load(end[i]), block[i, n])
        store(-load(rows[i, 0]), right[i])
        missing -= z * load(out_flux[i])
        store(fill(z * lanes.crosses[i] if lanes.floats else 0.0), block[n, i])
    # Either the net current is given or the potential.
    store(fill(0.0 if lanes.floats else 1.0), block[n, n])
    store(missing if lanes.floats else fill(0.0), right[n])
    invert_vectors(block, right)
    store(fill(1.0), out_v[0])
    for i in range(n):
        store(load(right[i]), out_v[1 + i])
        store(load(out_flux[i]) + lanes.crosses[i] * load(right[i]), out_flux[i])
    return load(right[n])


@kernel
def update_lanes(
    all_lanes: Lanes,
    stacks: Stacks,
    g: int,
    c: int,
    stride: int,
    owned_rows: Floats,
    active: Floats,
    out_flux: Floats,
    owned_state: Floats,
    out_size: Floats,
) -> None:
    """Second half of a Newton step: back substitution, and the update of the lanes that are `active` (LANES,).

    `out_flux` (n, LANES) is c before, and after it.  `out_size` (2, LANES) receives the size of the update (see
    `apply_update`) and the sum of all its parts, which is not finite if any of them is not.
    """
    lanes, rows, out_state = borrowed(all_lanes), borrowed(owned_rows), borrowed(owned_state)
    valence = lanes.valence
    n = len(valence)
    m = n + 1
    last = out_state.shape[0] - 1
    v = vector_lines_of(valence, 1)[0]
    moves, floor = load(active), load(stacks.floor[g, c])
    change_phi = close_lanes(lanes, load(stacks.current[g, c]), out_state[last], rows[last], out_flux, v)
    phi = load(out_state[last, n])
    store(where_less(0.5, moves, phi + change_phi, phi), out_state[last, n])
    size = size_of(change_phi)
    total_size = fill(0.0) + change_phi
    for k in range(last - 1, 0, -1):
        after = change_phi
        change_phi = load(rows[k, n, m]) * after
        for j in range(m):
            change_phi += load(rows[k, n, j]) * load(v[j])
        largest = fill(1.0)
        for i in range(n):
            largest = larger(largest, load(out_state[k, i]))
        least = floor * largest
        for i in range(n):
            if lanes.free[k * stride, i] > 0.0:
                old = load(out_state[k, i])
                change = (load(rows[k, i, m]) - valence[i] * old) * change_phi
                for j in range(m):
                    change += load(rows[k, i, j]) * load(v[j])
                new = larger(old + change, KEEP * old)
                store(where_less(0.5, moves, new, old), out_state[k, i])
                part = size_of(change) / larger(old, least)
                size = larger(size, part)
                total_size += part
        phi = load(out_state[k, n])
        store(where_less(0.5, moves, phi + change_phi, phi), out_state[k, n])
        part = size_of(change_phi)
        size = larger(size, part)
        total_size += part
    store(size, out_size[0])
    store(total_size, out_size[1])
