"""What a step of a Rosenbrock method arrives at, its errors, and what it says of the total current.

In a step of length dt from u the charge that the ions bring through a face, and with it the mean total current, is

    Q = dt sum_i b_i (z . J(U_i) + z . (O x_i(k) + I x_i(k+1))),    I = (Q + D(end) - D(start)) / dt,

summed over the stages, with the weights b of their flows (`Tableau.flow_weight`); for U_i, x_i, O and I see `rosenbrock`.
What the nodes hold and Poisson's equation make it the same through every face; it is computed from what each face lets
through, and so it is not the same if any of these fails.  The mean over the faces, each weighted with its share of the
potential difference in a dielectric, takes only what is given at the ends to be that of the displacement (Shockley 1938,
Ramo 1939).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba.typed import List

from electrodiff.fvm.kernels.arrays import GATING, RATE, Border, Chain, Floats
from electrodiff.fvm.kernels.border import place_flows
from electrodiff.fvm.kernels.compiler import kernel
from electrodiff.fvm.kernels.factors import Jacobian, fill_flows
from electrodiff.fvm.kernels.pairs import first, pair_at, pair_lines_of, second, together
from electrodiff.fvm.kernels.points import (
    CONDUCTANCE,
    INNER,
    INNER_PHI,
    OUTER,
    OUTER_PHI,
    Points,
    fill_bernoulli,
    fill_valence,
)
from electrodiff.fvm.kernels.scratch import borrowed, lines_of
from electrodiff.fvm.kernels.stages import Course, Given, Tableau, Work, add_stages, place_sum

# What is found out about a step:
ERROR = 0  # of its end, in potentials [RT/F] and in activities relative to themselves
CURRENT = 1  # mean total current density
SPREAD = 2  # the largest deviation of that through any face from it
CURRENT_ERROR = 3  # of the total current at its end
INSIDE_ERROR = 4  # of the total current of the interpolated state amidst it, or 0 if that was not asked for
AMOUNT = 5  # from here on of every ion: what the watched part holds, less what has come in


class Held(NamedTuple):
    """A moment: the state (N, m), the contents (N, n), what has passed the watched faces (3, n), and the gates (p,)."""

    state: Floats
    content: Floats
    passed: Floats
    gate: Floats


@kernel
def arrive(
    courses: List[Course],
    steric: bool,
    given: Given,
    dt: float,
    activity_floor: float,
    is_inside_asked: bool,
    start: Held,
    end: Held,
    out_found: Floats,
) -> None:
    """The moment at the end of a step of the only course, whose stages are in its work, and what is found out, (5 + n,).

    The end is that of the last stage with the last k, which is the error.
    """
    chain, border, ungated, tableau, work = borrowed(courses[0])
    place_end(border, steric, tableau.weight, start, work, end)
    n = len(chain.valence)
    for r in range(n):
        total = 0.0
        for k in range(given.part[0], given.part[1]):
            total += end.content[k, r]
        for w in range(given.watched.size):
            total += given.brought[w] * end.passed[w, r]
        out_found[AMOUNT + r] = total
    out_found[ERROR] = error_size(
        chain.valence, start.state, work.k[tableau.weight.size - 1], end.state, activity_floor
    )
    fill_currents(chain, border, steric, tableau, dt, start.state, work, out_found)
    out_found[INSIDE_ERROR] = 0.0
    if is_inside_asked:
        # The contents of what `work` has for a stage are overwritten; the stages themselves are not.
        out_found[INSIDE_ERROR] = abs(inside_error(chain, border, ungated, steric, tableau, dt, start, end, work))


@kernel
def place_end(border: Border, steric: bool, weights: Floats, start: Held, work: Work, end: Held) -> None:
    """State, contents, what has passed and gates at the end of a step."""
    nodes, m = start.state.shape
    last = weights.size - 1
    for k in range(nodes):
        for r in range(m):
            end.state[k, r] = work.stage[k, r] + work.k[last, k, r]
    if steric:
        for k in range(nodes):
            for r in range(m - 1):
                total = start.content[k, r]
                for j in range(last + 1):
                    total += weights[j] * work.stored[j, k, r]
                end.content[k, r] = total
    else:
        # Nothing but the activity changes it.
        for k in range(nodes):
            for r in range(m - 1):
                end.content[k, r] = work.points.volume[k, r] * end.state[k, r]
    for w in range(start.passed.shape[0]):
        for r in range(m - 1):
            total = start.passed[w, r]
            for j in range(last + 1):
                total += weights[j] * work.passed[j, w, r]
            end.passed[w, r] = total
    for b in range(border.kind.size):
        end.gate[b] = start.gate[b]
        if border.kind[b] in (GATING, RATE):
            for j in range(last + 1):
                end.gate[b] += weights[j] * work.gate[j, b]


@kernel
def add_passed_points(
    chain: Chain, points: Points, changes: Floats, last: Floats, state: Floats, out_conducted: Floats
) -> float:
    """Add what `changes` (N, m) bring through every face; returns what `last` (N, m) would bring through all of them, each
    over its permittivity.  Of point ions.
    """
    n = len(chain.valence)
    m = n + 1
    nodes = state.shape[0]
    z = lines_of(chain.valence, 1)[0]
    fill_valence(chain.valence, z)
    outer, inner = pair_lines_of(chain.valence, 2), pair_lines_of(chain.valence, 2)
    brought = 0.0
    left, right = points.meeting, nodes - 1 - points.meeting
    for k in range(max(left, right) + 1):
        j = nodes - 1 - k
        by_phi, last_by_phi = together(changes[k, n], changes[j, n]), together(last[k, n], last[j, n])
        inner[0, n] = by_phi
        inner[1, n] = last_by_phi
        for r in range(n):
            pull = z[r] * together(state[k, r], state[j, r])
            inner[0, r] = together(changes[k, r], changes[j, r]) + pull * by_phi
            inner[1, r] = together(last[k, r], last[j, r]) + pull * last_by_phi
        if k > 0:
            total, rest = together(0.0, 0.0), together(0.0, 0.0)
            for r in range(n):
                own, own_phi = (
                    pair_at(points.factors, k - 1, OUTER * m + r),
                    pair_at(points.factors, k - 1, OUTER_PHI * m + r),
                )
                other = pair_at(points.factors, k - 1, INNER * m + r)
                other_phi = pair_at(points.factors, k - 1, INNER_PHI * m + r)
                by = own * outer[0, r] + own_phi * outer[0, n]
                total += z[r] * (by + (other * inner[0, r] + other_phi * inner[0, n]))
                by = own * outer[1, r] + own_phi * outer[1, n]
                rest += z[r] * (by + (other * inner[1, r] + other_phi * inner[1, n]))
            rest = rest / pair_at(points.pairs, k - 1, CONDUCTANCE * m + n)
            if k <= left:
                out_conducted[k - 1] += first(total)
                brought += first(rest)
            if k <= right:
                out_conducted[j] -= second(total)
                brought -= second(rest)
        for r in range(m):
            outer[0, r] = inner[0, r]
            outer[1, r] = inner[1, r]
    return brought


@kernel
def add_passed_sized(
    chain: Chain, jacobian: Jacobian, changes: Floats, last: Floats, state: Floats, out_conducted: Floats
) -> float:
    """The same of ions of finite size."""
    n = len(chain.valence)
    brought = 0.0
    x = np.empty((2, 2, n + 1))
    for f in range(state.shape[0] - 1):
        for side in range(2):
            k = f + side
            x[0, side, n], x[1, side, n] = changes[k, n], last[k, n]
            for r in range(n):
                pull = chain.valence[r] * state[k, r]
                x[0, side, r] = changes[k, r] + pull * changes[k, n]
                x[1, side, r] = last[k, r] + pull * last[k, n]
        for r in range(n):
            for c in range(n + 1):
                left, right = chain.valence[r] * jacobian.outflow[f, r, c], chain.valence[r] * jacobian.inflow[f, r, c]
                out_conducted[f] += left * x[0, 0, c] + right * x[0, 1, c]
                brought += (left * x[1, 0, c] + right * x[1, 1, c]) / chain.permittivity[f]
    return brought


@kernel
def add_passed_borders(chain: Chain, border: Border, tableau: Tableau, work: Work) -> float:
    """The same by the border unknowns."""
    brought = 0.0
    stages = tableau.weight.size
    for b in range(border.kind.size):
        by_gate = 0.0
        for j in range(stages):
            by_gate += tableau.flow_weight[j] * work.gate[j, b]
        for f in range(chain.permittivity.size):
            through = 0.0
            for r in range(len(chain.valence)):
                through += chain.valence[r] * work.through[b, f, r]
            work.conducted[f] += through * by_gate
            brought += through * work.gate[stages - 1, b] / chain.permittivity[f]
    return brought


@kernel
def fill_currents(
    chain: Chain, border: Border, steric: bool, tableau: Tableau, dt: float, state: Floats, work: Work, out: Floats
) -> None:
    """The mean total current of a step from a state (N, m), its spread along x, and the error of the current at its end."""
    n = len(chain.valence)
    nodes = state.shape[0]
    stages = tableau.weight.size
    # Changes of the nodes by the weights of the flows, in memory that a stage has used.
    changes, last = work.source, work.k[stages - 1]
    place_sum(tableau.flow_weight, stages, work.k, changes)
    if steric:
        error = add_passed_sized(chain, work.jacobian, changes, last, state, work.conducted)
    else:
        error = add_passed_points(chain, work.points, changes, last, state, work.conducted)
    error += add_passed_borders(chain, border, tableau, work)
    per_time = 1.0 / dt
    mean, whole, before = 0.0, 0.0, 0.0
    for k in range(nodes):
        shift = 0.0
        for j in range(stages):
            shift += tableau.weight[j] * work.k[j, k, n]
        if k > 0:
            eps = chain.permittivity[k - 1]
            total = work.conducted[k - 1] - eps * (shift - before) * per_time
            work.conducted[k - 1] = total
            mean += total / eps
            whole += 1.0 / eps
        before = shift
    mean /= whole
    spread = 0.0
    for f in range(nodes - 1):
        # Also what is not a number.
        off = abs(work.conducted[f] - mean)
        if not off <= spread:
            spread = off
    out[CURRENT] = mean
    out[SPREAD] = spread
    out[CURRENT_ERROR] = abs(error / whole)


@kernel
def inside_error(
    chain: Chain,
    border: Border,
    ungated: Floats,
    steric: bool,
    tableau: Tableau,
    dt: float,
    start: Held,
    end: Held,
    work: Work,
) -> float:
    """The total current that the interpolated state has amidst a step, less the rate of what the interpolation brings
    through the first face until then: both were the same if it obeyed the equations there.
    """
    n = len(chain.valence)
    nodes = start.state.shape[0]
    count = tableau.weight.size
    fraction = 0.5
    weights, slopes = np.empty(count), np.empty(count)
    for j in range(count):
        dense = tableau.dense[:, j]
        weights[j] = fraction * (1.0 - fraction) * (dense[0] + fraction * (dense[1] + fraction * dense[2]))
        # Amidst a step the derivative of t (1 - t) is zero.
        slopes[j] = fraction * (1.0 - fraction) * (dense[1] + 2.0 * fraction * dense[2])
    gate = np.empty(border.kind.size)
    for b in range(gate.size):
        gate[b] = 0.5 * (start.gate[b] + end.gate[b])
        if border.kind[b] in (GATING, RATE):
            for j in range(count):
                gate[b] += weights[j] * work.gate[j, b]
    place_flows(border, ungated, gate, chain)
    join(0.5, start.state, end.state, work.stage)
    add_stages(weights, 0, count, work.k, work.stage)
    mean, whole = 0.0, 0.0
    for f in range(nodes - 1):
        whole += 1.0 / chain.permittivity[f]
    if steric:
        fill_flows(chain, work.stage, work.flow, work.content)
        for f in range(nodes - 1):
            for r in range(n):
                mean += chain.valence[r] * work.flow[f, r] / chain.permittivity[f] / whole
    else:
        mean = mean_conduction(chain, work.stage)
    # Rates of the potentials of both ends and of the node next to the first, and of what passes the first face.
    rates = np.empty(3)
    for place, k in enumerate((0, 1, nodes - 1)):
        rates[place] = (end.state[k, n] - start.state[k, n]) / dt
        for j in range(count):
            rates[place] += slopes[j] * work.k[j, k, n] / dt
    brought = -chain.permittivity[0] * (rates[1] - rates[0])
    for r in range(n):
        passing = (end.passed[0, r] - start.passed[0, r]) / dt
        for j in range(count):
            passing += slopes[j] * work.passed[j, 0, r] / dt
        brought += chain.valence[r] * passing
    error: float = mean - (rates[2] - rates[0]) / whole - brought
    return error


@kernel
def mean_conduction(chain: Chain, state: Floats) -> float:
    """The current of point ions through all faces, each weighted with 1 over its permittivity."""
    n = len(chain.valence)
    faces = state.shape[0] - 1
    z = lines_of(chain.valence, 1)[0]
    largest = fill_valence(chain.valence, z)
    bernoulli = pair_lines_of(chain.valence, 3)
    mean, middle = together(0.0, 0.0), together(0.0, 0.0)
    whole, in_middle = together(0.0, 0.0), together(0.0, 0.0)
    # Faces at the same place from both ends in pairs; one in the middle is with itself.
    for f in range((faces + 1) // 2):
        g = faces - 1 - f
        step = together(state[f + 1, n], state[g + 1, n]) - together(state[f, n], state[g, n])
        fill_bernoulli(n, z, largest, step, bernoulli)
        total = together(0.0, 0.0)
        for r in range(n):
            net = bernoulli[0, r] * together(state[f, r], state[g, r])
            net -= bernoulli[1, r] * together(state[f + 1, r], state[g + 1, r])
            carried = together(chain.carried[f, r], chain.carried[g, r])
            total += z[r] * (together(chain.conductance[f, r], chain.conductance[g, r]) * net + carried)
        weight = 1.0 / together(chain.permittivity[f], chain.permittivity[g])
        if f == g:
            middle, in_middle = weight * total, weight
        else:
            mean += weight * total
            whole += weight
    return (first(mean) + second(mean) + first(middle)) / (first(whole) + second(whole) + first(in_middle))


@kernel
def interpolate(fraction: float, dense: Floats, start: Floats, end: Floats, stages: Floats, out_state: Floats) -> None:
    """The state at a fraction t of a step, from its start, its end and its stages (s, N, m):

    (1 - t) start + t [end + (1 - t) (d_0 + t (d_1 + t d_2))],    d = `dense` (3, s) times the stages.
    """
    count = dense.shape[1]
    weights = np.empty(count)
    for j in range(count):
        bend = dense[0, j] + fraction * (dense[1, j] + fraction * dense[2, j])
        weights[j] = fraction * (1.0 - fraction) * bend
    join(fraction, start, end, out_state)
    add_stages(weights, 0, count, stages, out_state)


@kernel
def join(fraction: float, start: Floats, end: Floats, out: Floats) -> None:
    """What is so far on the way from start to end, (N, m)."""
    rest = 1.0 - fraction
    for k in range(start.shape[0]):
        for r in range(start.shape[1]):
            out[k, r] = rest * start[k, r] + fraction * end[k, r]


@kernel
def error_size(valence: tuple[float, ...], state: Floats, errors: Floats, new: Floats, activity_floor: float) -> float:
    """The largest of the `errors` (N, m) of a step: of potentials [RT/F], of activities relative to themselves.

    An activity below `activity_floor` of the largest anywhere counts as that: the tail of a front into an empty layer is not
    worth a step.  Infinite where one is not a number, or more negative than that: of an ion that is carried away faster
    than it can come.
    """
    n = len(valence)
    nodes = state.shape[0]
    # A column each: one largest number of all would wait for the last comparison.
    most = lines_of(valence, 1)[0]
    for r in range(n):
        most[r] = 0.0
    for k in range(nodes):
        for r in range(n):
            most[r] = max(most[r], abs(new[k, r]))
    largest = 0.0
    for r in range(n):
        largest = max(largest, most[r])
    floor = activity_floor * largest + 1e-300
    size = 0.0
    for k in range(nodes):
        for r in range(n):
            error = abs(errors[k, r])
            if not error <= size * (max(abs(state[k, r]), abs(new[k, r])) + floor):
                size = error / (max(abs(state[k, r]), abs(new[k, r])) + floor) if np.isfinite(error) else np.inf
            if new[k, r] < -floor:
                size = np.inf
        error = abs(errors[k, n])
        if not error <= size:
            size = error if np.isfinite(error) else np.inf
    return size
