"""One step of a Rosenbrock-Wanner method on the bordered chain.

With the contents C_i of the nodes as what changes in time, and the activities and potentials u as what they demand,

    dC_i/dt = -(J(k) - J(k-1)),    0 = C_i - C_i(u),    0 = D(k) - D(k-1) - q(u),    0 = u - target(t) where it is pinned,

a stage is one solution of the factored Jacobian of the start of the step, rate = 1 / (gamma dt) (see `factors`):

    U = u + sum_j a_ij k_j,    k_i by the flows J(U), the charge q(U), and the sources
        rate (C + sum_j a_ij K_j - C(U)) + sum_j (c_ij / dt) K_j,    K_i = S k_i - (C + sum_j a_ij K_j - C(U)).

The method is stiffly accurate: the last stage but one is the embedded solution, the last the solution, and the difference
of the two, which estimates the error, is the last k.  For Rosenbrock methods of differential-algebraic equations see
E. Hairer, G. Wanner, Solving Ordinary Differential Equations II, 2nd edition (1996), section VI.4.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from electrodiff.fvm.kernels.arrays import GATING, RATE, Border, Chain, Floats
from electrodiff.fvm.kernels.border import place_flows
from electrodiff.fvm.kernels.compiler import kernel
from electrodiff.fvm.kernels.factors import factor, fill_flows, fill_jacobian, solve
from electrodiff.fvm.kernels.points import factor_points, keep_points, stage_backward, stage_forward
from electrodiff.fvm.kernels.stages import (
    Given,
    Tableau,
    Work,
    add_border,
    add_stages,
    border_columns,
    fill_faces,
    keep_faces,
    keep_sized,
    place_given,
    place_stage,
    stage_source,
)


def step_for(steric: bool) -> Callable[..., bool]:
    """The kernel `step` for ions with or without a size: who needs one of them does not wait for the other to compile."""

    @kernel
    def step(
        chain: Chain,
        border: Border,
        ungated: Floats,
        tableau: Tableau,
        given: Given,
        dt: float,
        state: Floats,
        gate: Floats,
        content: Floats,
        work: Work,
    ) -> bool:
        """The stages of a step from a state (N, m), gates (p,) and contents (N, n), into `work`; False if it failed.

        The conductance and the carried flux of `chain` are overwritten by those of the stages; `ungated` (N-1, n) is
        without gates.
        """
        p = border.kind.size
        rate = 1.0 / (tableau.gamma * dt)
        small = np.zeros((p, p))
        wanted = np.zeros(p)
        stage_gate = np.zeros(p)
        place_flows(border, ungated, gate, chain)
        if steric:
            fill_jacobian(chain, state, work.jacobian)
            failed = factor(chain, state, work.jacobian, rate, work.factors)
        else:
            fill_faces(chain, border, given.watched, state, work.jacobian)
            failed = factor_points(chain, state, rate, p > 0, work.points, work.factors)
        if failed >= 0:
            return False
        if p > 0:
            fill_flows(chain, state, work.flow, work.content)
            border_columns(chain, border, gate, work.flow, work)
        for i in range(tableau.time.size):
            for b in range(p):
                stage_gate[b] = gate[b]
                wanted[b] = given.current[i] + dt * tableau.slope[i] * given.current[tableau.time.size]
                for j in range(i):
                    stage_gate[b] += tableau.a[i, j] * work.gate[j, b]
                    wanted[b] += tableau.c[i, j] / dt * work.displaced[j, b]
            place_flows(border, ungated, stage_gate, chain)
            place_given(chain, border, given, tableau, i, dt, work.given)
            first = place_stage(tableau.a, i, state, work.stage)
            if steric:
                add_stages(tableau.a[i], first, i, work.k, work.stage)
                fill_flows(chain, work.stage, work.flow, work.content)
                stage_source(chain, tableau, i, dt, content, work)
                solve(chain, work.factors, work.flow, work.source, work.update)
            else:
                stage_forward(
                    chain,
                    work.points,
                    work.factors,
                    i,
                    tableau.a[i],
                    tableau.c[i] / dt,
                    first,
                    work.given,
                    work.k,
                    work.stage,
                    work.flow,
                    work.update,
                )
                stage_backward(chain.valence, work.factors.upper, work.update)
            if p > 0 and not add_border(chain, border, state, stage_gate, rate, wanted, work, small, work.gate[i]):
                return False
            if steric:
                keep_sized(chain.valence, work.jacobian.storage, work.update, work.stored[i])
            keep_points(chain.valence, state, work.update, work.k[i])
            keep_faces(chain, border, tableau, given, dt, i, work)
        return True

    return step


step_point_ions = step_for(steric=False)
step_sized_ions = step_for(steric=True)


@kernel
def finish(
    border: Border,
    steric: bool,
    weights: Floats,
    tolerance: float,
    activity_floor: float,
    state: Floats,
    content: Floats,
    passed: Floats,
    gate: Floats,
    work: Work,
    out_state: Floats,
    out_content: Floats,
    out_passed: Floats,
    out_gate: Floats,
) -> float:
    """What a step from a state (N, m), contents (N, n), what has passed (3, n) and gates (p,) arrives at, into the `out`s.

    The end is that of the last stage with the last k, whose size over the tolerance is returned: see `error_size`.
    """
    nodes, m = state.shape
    last = weights.size - 1
    for k in range(nodes):
        for r in range(m):
            out_state[k, r] = work.stage[k, r] + work.k[last, k, r]
        for r in range(m - 1):
            total = content[k, r]
            if steric:
                for j in range(last + 1):
                    total += weights[j] * work.stored[j, k, r]
            else:
                # Nothing but the activity changes it.
                total = work.points.volume[k, r] * out_state[k, r]
            out_content[k, r] = total
    for w in range(passed.shape[0]):
        for r in range(m - 1):
            total = passed[w, r]
            for j in range(last + 1):
                total += weights[j] * work.passed[j, w, r]
            out_passed[w, r] = total
    for b in range(border.kind.size):
        out_gate[b] = gate[b]
        if border.kind[b] in (GATING, RATE):
            for j in range(last + 1):
                out_gate[b] += weights[j] * work.gate[j, b]
    error: float = error_size(state, work.k[last], out_state, tolerance, activity_floor)
    return error


@kernel
def interpolate(fraction: float, dense: Floats, start: Floats, end: Floats, stages: Floats, out_state: Floats) -> None:
    """The state at a fraction t of a step, from its start, its end and its stages (s, N, m):

    (1 - t) start + t [end + (1 - t) (d_0 + t (d_1 + t d_2))],    d = `dense` (3, s) times the stages.
    """
    rest = 1.0 - fraction
    count = dense.shape[1]
    weights = np.empty(count)
    for j in range(count):
        bend = dense[0, j] + fraction * (dense[1, j] + fraction * dense[2, j])
        weights[j] = fraction * rest * bend
    for k in range(start.shape[0]):
        for r in range(start.shape[1]):
            total = rest * start[k, r] + fraction * end[k, r]
            for j in range(count):
                total += weights[j] * stages[j, k, r]
            out_state[k, r] = total


@kernel
def error_size(state: Floats, k: Floats, new: Floats, tolerance: float, activity_floor: float) -> float:
    """The largest error k (N, m) of a step: of potentials [RT/F] over the tolerance, of activities relative to themselves.

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
        for r in range(m):
            scale = 1.0 if r == m - 1 else max(abs(state[node, r]), abs(new[node, r])) + floor
            error = abs(k[node, r])
            if not error <= size * scale:
                size = error / scale if np.isfinite(error) else np.inf
            if r < m - 1 and new[node, r] < -floor:
                size = np.inf
    return size / tolerance
