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

from electrodiff.fvm.kernels.arrays import GATING, RATE, Border, Chain, Floats
from electrodiff.fvm.kernels.bernoulli import bernoulli
from electrodiff.fvm.kernels.border import place_flows
from electrodiff.fvm.kernels.compiler import kernel
from electrodiff.fvm.kernels.factors import fill_flows
from electrodiff.fvm.kernels.scratch import lines_of
from electrodiff.fvm.kernels.stages import Given, Tableau, Work, add_stages

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
    chain: Chain,
    border: Border,
    ungated: Floats,
    steric: bool,
    tableau: Tableau,
    given: Given,
    dt: float,
    activity_floor: float,
    is_inside_asked: bool,
    start: Held,
    work: Work,
    end: Held,
    out_found: Floats,
) -> None:
    """The moment at the end of a step whose stages are in `work`, and what is found out about it, (5 + n,).

    The end is that of the last stage with the last k, which is the error.
    """
    place_end(border, steric, tableau.weight, start, work, end)
    n = len(chain.valence)
    for r in range(n):
        total = 0.0
        for k in range(given.part[0], given.part[1]):
            total += end.content[k, r]
        for w in range(given.watched.size):
            total += given.brought[w] * end.passed[w, r]
        out_found[AMOUNT + r] = total
    out_found[ERROR] = error_size(start.state, work.k[tableau.weight.size - 1], end.state, activity_floor)
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
        for r in range(m - 1):
            if steric:
                total = start.content[k, r]
                for j in range(last + 1):
                    total += weights[j] * work.stored[j, k, r]
                end.content[k, r] = total
            else:
                # Nothing but the activity changes it.
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
def fill_currents(
    chain: Chain, border: Border, steric: bool, tableau: Tableau, dt: float, state: Floats, work: Work, out: Floats
) -> None:
    """The mean total current of a step from a state (N, m), its spread along x, and the error of the current at its end."""
    n = len(chain.valence)
    nodes = state.shape[0]
    stages = tableau.weight.size
    last = stages - 1
    # Changes of the nodes by the weights of the flows, in memory that a stage has used.
    changes = work.source
    changes[:] = 0.0
    add_stages(tableau.flow_weight, 0, stages, work.k, changes)
    # Those of a node and of the node before it; and those by the last stage.
    here = lines_of(chain.valence, 2)
    before = lines_of(chain.valence, 2)
    shift, shift_before = 0.0, 0.0
    per_time = 1.0 / dt
    error, mean, whole = 0.0, 0.0, 0.0
    for k in range(nodes):
        for r in range(n + 1):
            here[0, r] = changes[k, r]
            here[1, r] = work.k[last, k, r]
        shift = 0.0
        for j in range(stages):
            shift += tableau.weight[j] * work.k[j, k, n]
        for line in range(2):
            for r in range(n):
                here[line, r] += chain.valence[r] * state[k, r] * here[line, n]
        if k > 0:
            f = k - 1
            weight = 1.0 / chain.permittivity[f]
            total, rest = work.conducted[f], 0.0
            for r in range(n):
                z = chain.valence[r]
                if steric:
                    for c in range(n + 1):
                        out_c, in_c = z * work.jacobian.outflow[f, r, c], z * work.jacobian.inflow[f, r, c]
                        total += out_c * before[0, c] + in_c * here[0, c]
                        rest += out_c * before[1, c] + in_c * here[1, c]
                else:
                    left, left_phi = work.points.slopes[f, 0, r], work.points.slopes[f, 1, r]
                    right, right_phi = work.points.slopes[f, 2, r], work.points.slopes[f, 3, r]
                    by = left * before[0, r] + left_phi * before[0, n] + right * here[0, r] + right_phi * here[0, n]
                    total += z * by
                    by = left * before[1, r] + left_phi * before[1, n] + right * here[1, r] + right_phi * here[1, n]
                    rest += z * by
            for b in range(border.kind.size):
                by_gate = 0.0
                for j in range(stages):
                    by_gate += tableau.flow_weight[j] * work.gate[j, b]
                for r in range(n):
                    through = chain.valence[r] * work.through[b, f, r]
                    total += through * by_gate
                    rest += through * work.gate[last, b]
            total -= chain.permittivity[f] * (shift - shift_before) * per_time
            work.conducted[f] = total
            mean += weight * total
            error += weight * rest
            whole += weight
        for r in range(n + 1):
            before[0, r] = here[0, r]
            before[1, r] = here[1, r]
        shift_before = shift
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
    if steric:
        fill_flows(chain, work.stage, work.flow, work.content)
        for f in range(nodes - 1):
            for r in range(n):
                mean += chain.valence[r] * work.flow[f, r] / chain.permittivity[f]
    else:
        mean = summed_conduction(chain, work.stage)
    for f in range(nodes - 1):
        whole += 1.0 / chain.permittivity[f]
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
    error: float = (mean - (rates[2] - rates[0])) / whole - brought
    return error


@kernel
def summed_conduction(chain: Chain, state: Floats) -> float:
    """The current of point ions through all faces, each over its permittivity."""
    n = len(chain.valence)
    mean = 0.0
    for f in range(state.shape[0] - 1):
        step = state[f + 1, n] - state[f, n]
        last_u = 0.0
        plus, minus = 1.0, 1.0
        total = 0.0
        for r in range(n):
            u = chain.valence[r] * step
            if u == -last_u:
                plus, minus = minus, plus
            elif u != last_u:
                plus, minus, _ = bernoulli(u)
            last_u = u
            flow = chain.conductance[f, r] * (plus * state[f, r] - minus * state[f + 1, r]) + chain.carried[f, r]
            total += chain.valence[r] * flow
        mean += total / chain.permittivity[f]
    return mean


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
def error_size(state: Floats, k: Floats, new: Floats, activity_floor: float) -> float:
    """The largest error k (N, m) of a step: of potentials [RT/F], of activities relative to themselves.

    An activity below `activity_floor` of the largest anywhere counts as that: the tail of a front into an empty layer is not
    worth a step.  Infinite where one is not a number, or more negative than that: of an ion that is carried away faster
    than it can come.
    """
    nodes, m = state.shape
    largest = 0.0
    for node in range(nodes):
        for r in range(m - 1):
            largest = max(largest, abs(new[node, r]))
    floor = activity_floor * largest + 1e-300
    size = 0.0
    for node in range(nodes):
        for r in range(m - 1):
            scale = max(abs(state[node, r]), abs(new[node, r])) + floor
            error = abs(k[node, r])
            if not error <= size * scale:
                size = error / scale if np.isfinite(error) else np.inf
            if new[node, r] < -floor:
                size = np.inf
        error = abs(k[node, m - 1])
        if not error <= size:
            size = error if np.isfinite(error) else np.inf
    return size
