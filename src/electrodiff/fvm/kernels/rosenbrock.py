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
from typing import NamedTuple

import numpy as np

from electrodiff.fvm.kernels.arrays import CURRENT, GATING, RATE, Border, Chain, Floats, Integers
from electrodiff.fvm.kernels.border import fill_through, free_border, place_flows, solve_dense
from electrodiff.fvm.kernels.compiler import kernel
from electrodiff.fvm.kernels.factors import (
    CHARGE,
    PINNED,
    TARGET,
    Factors,
    Jacobian,
    Points,
    factor,
    factor_points,
    fill_face,
    fill_flows,
    fill_jacobian,
    keep_points,
    solve,
    stage_backward,
    stage_forward,
)


class Tableau(NamedTuple):
    """Coefficients of a method of s stages in the form without products of the Jacobian."""

    gamma: float
    a: Floats
    """(s, s) strictly lower triangular"""
    c: Floats
    """(s, s) strictly lower triangular"""
    time: Floats
    """(s,) times of the stages, in steps"""
    slope: Floats
    """(s,) weights of the time derivative"""


class Given(NamedTuple):
    """What is given from outside at the times of the stages and, as the last entry, its rate at the start: (s + 1, ...)."""

    target: Floats
    """(s + 1, 2, m) of the pinned unknowns of the first and of the last node"""
    charge: Floats
    """(s + 1, 2) surface charge of the first and of the last node"""
    current: Floats
    """(s + 1,) net current at a floating end"""
    watched: Integers
    """(3,) faces: the first, one in the most resistive layer, the last"""


class Work(NamedTuple):
    """Memory of a step on N nodes with n ions, m = n + 1, p border unknowns and s stages.

    Of point ions, `jacobian` is filled at the faces that a border or a count of what passes looks at, and `stored` is
    not used.
    """

    jacobian: Jacobian
    factors: Factors
    points: Points
    stage: Floats
    """(N, m) U"""
    flow: Floats
    """(N, m)"""
    content: Floats
    """(N, m) C(U), and its charge"""
    source: Floats
    """(N, m)"""
    given: Floats
    """(3, 2, m) what the ends are given in a stage (see `factors`)"""
    update: Floats
    """(N, m) x"""
    by_border: Floats
    """(p, N, m) x of each border unknown"""
    through: Floats
    """(p, N, m) by how much each border unknown changes the flows"""
    k: Floats
    """(s, N, m) the stages, of activities and potentials"""
    stored: Floats
    """(s, N, n) K"""
    gate: Floats
    """(s, p) the stages of the border unknowns"""
    displaced: Floats
    """(s, p) the stages of the displacement at the face of a given current"""
    passed: Floats
    """(s, 3, n) the stages of what has passed the faces that are watched"""


@kernel
def border_columns(chain: Chain, border: Border, gate: Floats, flow: Floats, work: Work) -> None:
    """The updates by one unit of each border unknown."""
    for b in range(border.kind.size):
        work.source[:] = 0.0
        if border.kind[b] == CURRENT:
            work.through[b] = 0.0
            work.source[border.node[b], border.row[b]] = 1.0
        else:
            fill_through(chain, border, gate, b, flow, work.through[b])
        solve(chain, work.factors, work.through[b], work.source, work.by_border[b])


@kernel
def face_current(chain: Chain, f: int, rate: float, x: Floats, jacobian: Jacobian) -> float:
    """Current through face f by an update x: of the ions, and of the displacement at this rate."""
    n = len(chain.valence)
    total = 0.0
    for r in range(n + 1):
        weight = rate if r == n else chain.valence[r]
        for c in range(n + 1):
            total += weight * (jacobian.outflow[f, r, c] * x[f, c] + jacobian.inflow[f, r, c] * x[f + 1, c])
    return total


@kernel
def by_sensed(border: Border, b: int, by: Floats, x: Floats) -> float:
    """The change of border unknown b, of derivatives `by` (2, m) at its sensed nodes, by an update x (N, m)."""
    total = 0.0
    for side in range(2):
        for r in range(x.shape[1]):
            total += by[side, r] * x[border.sensed[b, side], r]
    return total


@kernel
def add_border(
    chain: Chain,
    border: Border,
    state: Floats,
    gate: Floats,
    rate: float,
    wanted: Floats,
    work: Work,
    small: Floats,
    out_delta: Floats,
) -> bool:
    """Solve for the border unknowns of stage i, (p,), and add their part to the update; False if they are singular.

    `state` (N, m) is that of the start of the step; `wanted` (p,) the right side of a given current; `gate` (p,) the gates
    and rates of the stage.
    """
    n = len(chain.valence)
    p = border.kind.size
    by = np.empty((2, n + 1))
    for b in range(p):
        f = border.first[b]
        if border.kind[b] == CURRENT:
            conduction = 0.0
            for r in range(n):
                conduction += chain.valence[r] * work.flow[f, r]
            out_delta[b] = wanted[b] - conduction - face_current(chain, f, rate, work.update, work.jacobian)
            for c in range(p):
                small[b, c] = face_current(chain, f, rate, work.by_border[c], work.jacobian)
                for r in range(n):
                    small[b, c] += chain.valence[r] * work.through[c, f, r]
        else:
            # The value of the stage, but the slope of the start, as in all other equations.
            value = free_border(chain.valence, border, b, work.stage, by)
            free_border(chain.valence, border, b, state, by)
            out_delta[b] = value - gate[b] + by_sensed(border, b, by, work.update)
            for c in range(p):
                small[b, c] = -by_sensed(border, b, by, work.by_border[c])
            small[b, b] += 1.0
    if not solve_dense(small, out_delta):
        return False
    for c in range(p):
        for k in range(work.update.shape[0]):
            for r in range(n + 1):
                work.update[k, r] += out_delta[c] * work.by_border[c, k, r]
    return True


@kernel
def place_given(
    chain: Chain, border: Border, given: Given, tableau: Tableau, i: int, dt: float, out_given: Floats
) -> None:
    """What the ends are given in stage i (see `factors`)."""
    nodes, m = chain.free.shape
    last = tableau.time.size
    ahead = dt * tableau.slope[i]
    for side in range(2):
        for r in range(m):
            out_given[TARGET, side, r] = given.target[i, side, r] + ahead * given.target[last, side, r]
            out_given[CHARGE, side, r] = 0.0
            out_given[PINNED, side, r] = 1.0
        own = chain.surface_charge[side * (nodes - 1)]
        out_given[CHARGE, side, m - 1] = given.charge[i, side] - own + ahead * given.charge[last, side]
    for b in range(border.kind.size):
        if border.kind[b] == CURRENT:
            out_given[PINNED, 0 if border.node[b] == 0 else 1, border.row[b]] = 0.0


@kernel
def stage_source(chain: Chain, tableau: Tableau, i: int, dt: float, content: Floats, work: Work) -> None:
    """The sources of stage i of ions of finite size, from its state, its contents and the stages before it."""
    n = len(chain.valence)
    nodes = work.stage.shape[0]
    rate = 1.0 / (tableau.gamma * dt)
    for k in range(nodes):
        for r in range(n):
            # What the contents are ahead of those of the activities, which are not linear in them.
            missing = content[k, r] - work.content[k, r]
            total = 0.0
            for j in range(i):
                total += tableau.c[i, j] / dt * work.stored[j, k, r]
                missing += tableau.a[i, j] * work.stored[j, k, r]
            work.stored[i, k, r] = -missing
            work.source[k, r] = (total + rate * missing) * chain.free[k, r]
        work.source[k, n] = work.content[k, n] * chain.free[k, n]
    for side in range(2):
        k = side * (nodes - 1)
        for r in range(n + 1):
            if chain.free[k, r] == 0.0:
                work.source[k, r] = work.given[PINNED, side, r] * (work.given[TARGET, side, r] - work.stage[k, r])
            else:
                work.source[k, r] += work.given[CHARGE, side, r]


@kernel
def add_stages(weights: Floats, first: int, stop: int, stages: Floats, out: Floats) -> None:
    """Add the sum over some of the stages of weight times stage, (N, m), to `out`."""
    for k in range(out.shape[0]):
        for r in range(out.shape[1]):
            total = out[k, r]
            for j in range(first, stop):
                total += weights[j] * stages[j, k, r]
            out[k, r] = total


@kernel
def keep_sized(valence: tuple[float, ...], storage: Floats, update: Floats, out_stored: Floats) -> None:
    """The changes K (N, n) of contents by an update, added to what they were ahead."""
    n = len(valence)
    for k in range(update.shape[0]):
        for r in range(n):
            total = out_stored[k, r]
            for c in range(n + 1):
                total += storage[k, r, c] * update[k, c]
            out_stored[k, r] = total


@kernel
def keep_faces(chain: Chain, border: Border, tableau: Tableau, given: Given, dt: float, i: int, work: Work) -> None:
    """The displacement of stage i at a given current, and what passes the faces that are watched."""
    n = len(chain.valence)
    m = n + 1
    x, jacobian = work.update, work.jacobian
    for b in range(border.kind.size):
        work.displaced[i, b] = 0.0
        if border.kind[b] == CURRENT:
            f = border.first[b]
            for c in range(m):
                work.displaced[i, b] += jacobian.outflow[f, n, c] * x[f, c] + jacobian.inflow[f, n, c] * x[f + 1, c]
    for w in range(given.watched.size):
        f = given.watched[w]
        for r in range(n):
            total = work.flow[f, r]
            for c in range(m):
                total += jacobian.outflow[f, r, c] * x[f, c] + jacobian.inflow[f, r, c] * x[f + 1, c]
            for b in range(border.kind.size):
                total += work.gate[i, b] * work.through[b, f, r]
            for j in range(i):
                total += tableau.c[i, j] / dt * work.passed[j, w, r]
            work.passed[i, w, r] = tableau.gamma * dt * total


@kernel
def fill_faces(chain: Chain, border: Border, watched: Integers, state: Floats, out: Jacobian) -> None:
    """O and I of the faces that a border or a count of what passes looks at, of point ions."""
    for w in range(watched.size):
        fill_face(chain, state, watched[w], out)
    for b in range(border.kind.size):
        if border.kind[b] == CURRENT:
            fill_face(chain, state, border.first[b], out)


@kernel
def place_stage(a: Floats, i: int, state: Floats, out_stage: Floats) -> int:
    """The first of the stages that the state of stage i is to have added, to what `out_stage` is then."""
    # Of a stiffly accurate method each of the last stages goes on from the one before.
    goes_on = i > 1
    for j in range(i - 1):
        goes_on &= a[i, j] == a[i - 1, j]
    if goes_on:
        return i - 1
    for k in range(state.shape[0]):
        for r in range(state.shape[1]):
            out_stage[k, r] = state[k, r]
    return 0


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
