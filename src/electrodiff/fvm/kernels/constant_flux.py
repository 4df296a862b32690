"""Newton's method where the flux of every ion is the same through all faces: point ions between two reservoirs.

In steady state what has to hold is J_i(k) = c_i at every face k, with one unknown c_i per ion, and Poisson's equation at
every node.  The update is that of Newton's method in `chain`, but no block is inverted: a node takes some 3 n m products.

With y and dphi as in `flux`, and dc the change of c, the linearised flux through face k says

    y(k+1) = g y(k) + f - r dc - l dphi(k) - t dphi(k+1),
    g = e^(-u),    r = 1/(G B(-u)),    j = g a(k) - a(k+1),    f = j - r c,    l = z p j,    t = z (1 - p) j,

where G = D beta A/h and p is the left share.  So y(k) is known from the left end on, where it is 0, as

    y_i(k) = Y_i(k) v + b_i(k) dphi(k),    v = (1, dc_1 ... dc_n),    e_0, e_i the unit vectors of v,

and Poisson's equation at node k, into which dphi(k-1) and the y(k) are put, gives the potential from that of the next node:

    dphi(k) = S(k) v + w(k) dphi(k+1),    w = eps(k) / (e + eps(k) + kappa),
    S(k) = (sum_i q_i Y_i + eps(k-1) S(k-1) + e_0 (charge + D(k-1) - D(k))) / (e + eps(k) + kappa),
    kappa = sum_i z_i q_i a_i - sum_i q_i b_i,    e(k+1) = (e + kappa) w,

with q_i = z_i times what the node holds per activity of ion i.  e is the capacitance that the part of the stack to the left
has for the displacement; it starts as eps(0), with S(0) = w(0) = 0.  The next face then gives

    h = g b - l,    Y(k+1) = g Y + h S + f e_0 - r e_i,    b(k+1) = h w - t.

At the right end da = 0, so that y = z a dphi, and dphi is 0 or makes the net current the wanted one; v follows.  Then dphi is
found from right to left, and y from left to right.

An ion that a layer keeps out has no flux.  Its place in v is for y at the first node behind the last such layer: at a face
that it cannot pass g = f = l = t = 0 and r = -1, at the others r = 0.  So one recursion has all ions, but for those that are
present between two layers that keep them out, which are nobody's here.

y from left to right is a shot: rounding grows with g, as activities of that electrochemical potential do, at most by
e^(|z V|) of the voltage over the stack.  What it is rounding of is f, which becomes small as the fluxes become constant; so
it ends in the right state, at 1 V in some steps more, and beyond about 1.5 V for an ion of valence 1 not any more.  Whether
it did is seen from what the potential demands in closed form (`nested.read_ions`, `lane_readings`).

Arrays of a mesh have the nodes or faces along their last axis, filled up to a multiple of LANES: what is done at every face
is done for LANES of them at once (see `vectors`), and the recursions have v in the lanes, at most LANES - 1 ions.  What
stands behind the right end, where eps is 0, is finite and not used.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from electrodiff.fvm.kernels.arrays import Floats
from electrodiff.fvm.kernels.blocks import invert
from electrodiff.fvm.kernels.compiler import kernel, kernel_part
from electrodiff.fvm.kernels.lanes import next_ion
from electrodiff.fvm.kernels.newton import CONVERGED, KEEP, MAX_ITERATIONS, SINGULAR
from electrodiff.fvm.kernels.scratch import lines_of, square_of
from electrodiff.fvm.kernels.vectors import LANES, fill, larger, load, size_of, store, vector_lines_of, where_less

MOST_IONS = LANES - 1


class Stretch(NamedTuple):
    """A problem on a mesh of N nodes, F of them with those that fill it up, and the memory of its Newton steps."""

    valence: tuple[float, ...]
    nodes: int
    resistance: Floats
    """(n, F) 1 / (D beta A/h) of each face; 0 of an ion that some layer keeps out, and -1 where it does"""
    passes: Floats
    """(n, F) 1 where the ion passes the face, else 0"""
    crosses: Floats
    """(n,) 1 of an ion that passes all faces, else 0"""
    held: Floats
    """(n, F) z times the volume of each node times its partition"""
    free: Floats
    """(n, F) 1 at the nodes where the activity obeys its balance, else 0"""
    permittivity: Floats
    """(F,) eps A/h of each face; 0 behind the right end"""
    fixed: Floats
    """(F,) fixed and surface charge of each node"""
    state: Floats
    """(m, F + LANES) activities and potential"""
    flux: Floats
    """(n,) c"""
    gain: Floats
    """(n, F) g"""
    pull_left: Floats
    """(n, F) l"""
    pull_right: Floats
    """(n, F) t"""
    missing: Floats
    """(n, F) f"""
    series: Floats
    """(n, F) r"""
    charge: Floats
    """(F,) charge of each node, less the displacement through the face at its right"""
    screening: Floats
    """(F,) sum over the ions of z q a"""
    solved: Floats
    """(F, LANES) S"""
    weight: Floats
    """(F,) w"""
    update: Floats
    """(m, F) y and dphi; between two steps free for other use"""


@kernel
def fill_recursion(stretch: Stretch) -> None:
    """g, f, r, l and t of every face, and charge and sum z q a of every node, at the state."""
    valence, state = stretch.valence, stretch.state
    n = len(valence)
    for k in range(0, stretch.nodes, LANES):
        here, there = slice(k, k + LANES), slice(k + 1, k + 1 + LANES)
        step = load(state[n, there]) - load(state[n, here])
        charge, screening = load(stretch.fixed[here]), fill(0.0)
        last = 0.0
        gain, back, over, share = fill(1.0), fill(1.0), fill(1.0), fill(0.5)
        for i in range(n):
            z = valence[i]
            gain, back, over, share = next_ion(z, last, step, gain, back, over, share)
            last = z
            passes, activity = load(stretch.passes[i, here]), load(state[i, here])
            net = passes * (gain * activity - load(state[i, there]))
            series = where_less(0.5, passes, over, 1.0) * load(stretch.resistance[i, here])
            at_left = z * net * share
            store(passes * gain, stretch.gain[i, here])
            store(at_left, stretch.pull_left[i, here])
            store(z * net - at_left, stretch.pull_right[i, here])
            store(net - series * stretch.flux[i], stretch.missing[i, here])
            store(series, stretch.series[i, here])
            own = load(stretch.held[i, here]) * activity
            charge += own
            screening += z * own
        store(charge + load(stretch.permittivity[here]) * step, stretch.charge[here])
        store(screening, stretch.screening[here])


@kernel
def eliminate_nodes(stretch: Stretch, out_block: Floats, out_right: Floats) -> None:
    """S and w of every node, and what the right end says of v.

    `out_block` (m, m) and `out_right` (m,) receive the equations of y at the right end: of dc, and of dphi there in the last
    column; the last row is left to the caller.
    """
    valence = stretch.valence
    n = len(valence)
    state, permittivity = stretch.state, stretch.permittivity
    last = stretch.nodes - 1
    units, bound = vector_lines_of(valence, 1)[0], vector_lines_of(valence, 1)[0]
    by = lines_of(valence, 1)[0]
    for j in range(n + 1):
        units[j] = 0.0
        units[j, j] = 1.0
        bound[j] = 0.0
        by[j] = 0.0
    one = load(units[0])
    solved = fill(0.0)
    store(solved, stretch.solved[0])
    stretch.weight[0] = 0.0
    weight, arriving = 0.0, permittivity[0]
    for k in range(last):
        eps, after = permittivity[k], permittivity[k + 1]
        # Of node k + 1: sums over q h and q t, and Poisson's equation without S of this node, which is the last to be known.
        of_left, of_right = 0.0, 0.0
        total = (stretch.charge[k + 1] - eps * (state[n, k + 1] - state[n, k])) * one
        for i in range(n):
            gain, held, right = stretch.gain[i, k], stretch.held[i, k + 1], stretch.pull_right[i, k]
            h = gain * by[i] - stretch.pull_left[i, k]
            row = gain * load(bound[i]) + (stretch.missing[i, k] * one - stretch.series[i, k] * load(units[1 + i]))
            of_left += held * h
            of_right += held * right
            total += held * row
            store(row + h * solved, bound[i])
            by[i] = h * weight - right
        kappa = stretch.screening[k + 1] + of_right - of_left * weight
        inverse = 1.0 / (arriving + after + kappa)
        solved = inverse * (total + (eps + of_left) * solved)
        weight = after * inverse
        arriving = (arriving + kappa) * weight
        store(solved, stretch.solved[k + 1])
        stretch.weight[k + 1] = weight
    for i in range(n):
        for j in range(n):
            out_block[i, j] = bound[i, 1 + j]
        out_block[i, n] = by[i] - valence[i] * state[i, last]
        out_right[i] = -bound[i, 0]


@kernel_part
def end_equation(valence: tuple[float, ...], crosses: Floats, floats: bool, wanted: float, out_block: Floats) -> float:
    """The last of the equations of v: dphi = 0 at the right end, or the sum of z dc = `wanted`; returns its right side."""
    n = len(valence)
    for i in range(n):
        out_block[n, i] = valence[i] * crosses[i] if floats else 0.0
    out_block[n, n] = 0.0 if floats else 1.0
    return wanted if floats else 0.0


@kernel
def substitute_nodes(stretch: Stretch, v: Floats, change: float) -> None:
    """dphi from right to left, from its value at the right end, and y from left to right, for v (m,)."""
    n = len(stretch.valence)
    last = stretch.nodes - 1
    update = stretch.update
    update[n, last] = change
    for k in range(last - 1, -1, -1):
        own = 0.0
        for j in range(n + 1):
            own += stretch.solved[k, j] * v[j]
        change = own + stretch.weight[k] * change
        update[n, k] = change
    for i in range(n):
        y = 0.0
        update[i, 0] = 0.0
        for k in range(last):
            pulled = stretch.pull_left[i, k] * update[n, k] + stretch.pull_right[i, k] * update[n, k + 1]
            y = stretch.gain[i, k] * y + (stretch.missing[i, k] - stretch.series[i, k] * v[1 + i] - pulled)
            update[i, k + 1] = y


@kernel
def add_update(stretch: Stretch, activity_floor: float) -> float:
    """Add the update to the state within its limits; returns its size (see `apply_update`), infinite if a part is NaN."""
    valence, state, update = stretch.valence, stretch.state, stretch.update
    n = len(valence)
    size, total = fill(0.0), fill(0.0)
    for k in range(0, stretch.nodes, LANES):
        here = slice(k, k + LANES)
        change_phi = load(update[n, here])
        largest = fill(1.0)
        for i in range(n):
            largest = larger(largest, load(state[i, here]))
        least = activity_floor * largest
        for i in range(n):
            old = load(state[i, here])
            change = load(stretch.free[i, here]) * (load(update[i, here]) - valence[i] * old * change_phi)
            store(larger(old + change, KEEP * old), state[i, here])
            part = size_of(change) / larger(old, least)
            size = larger(size, part)
            total += part
        store(load(state[n, here]) + change_phi, state[n, here])
        size = larger(size, size_of(change_phi))
        total += change_phi
    both = vector_lines_of(valence, 1)[0]
    store(size, both[0])
    store(total, both[1])
    largest_size, sum_of_all = 0.0, 0.0
    for lane in range(LANES):
        largest_size = max(largest_size, both[0, lane])
        sum_of_all += both[1, lane]
    return largest_size if np.isfinite(sum_of_all) else np.inf


@kernel
def newton_constant_flux(
    stretch: Stretch, floats: bool, wanted: float, tolerance: float, activity_floor: float, max_iterations: int
) -> tuple[int, int]:
    """Solve from the guess in `stretch.state`, whose ends have their values, in place; (status, iterations).

    floats: the potential of the right end is such that the net current is `wanted`; `newton` says the rest.
    """
    valence = stretch.valence
    n = len(valence)
    block, right, v = square_of(valence), lines_of(valence, 1)[0], lines_of(valence, 1)[0]
    stretch.flux[:] = 0.0
    for iteration in range(max_iterations):
        fill_recursion(stretch)
        eliminate_nodes(stretch, block, right)
        current_missing = wanted
        for i in range(n):
            current_missing -= valence[i] * stretch.flux[i]
        right[n] = end_equation(valence, stretch.crosses, floats, current_missing, block)
        # Without pivoting: on the diagonal are the resistances of whole ions, beside them what the potential couples.
        if not np.isfinite(invert(block, right)):
            return SINGULAR, iteration + 1
        v[0] = 1.0
        for i in range(n):
            v[1 + i] = right[i]
            stretch.flux[i] += stretch.crosses[i] * right[i]
        substitute_nodes(stretch, v, right[n])
        size = add_update(stretch, activity_floor)
        if not np.isfinite(size):
            return SINGULAR, iteration + 1
        if size <= tolerance:
            return CONVERGED, iteration + 1
    return MAX_ITERATIONS, max_iterations
