"""What a stage of a step in time is made of: its memory, what the ends and the borders are given, what it leaves behind.

The method and its equations are those of `rosenbrock`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba.typed import List

from electrodiff.fvm.kernels.arrays import CURRENT, Border, Chain, Floats, Integers
from electrodiff.fvm.kernels.border import fill_through, free_border, solve_dense
from electrodiff.fvm.kernels.compiler import kernel, kernel_part
from electrodiff.fvm.kernels.factors import Factors, Jacobian
from electrodiff.fvm.kernels.points import CHARGE, PINNED, TARGET, Points, fill_face


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
    weight: Floats
    """(s,) of the stages in the solution"""
    flow_weight: Floats
    """(s,) of the flows of the stages in what passes in a step"""
    dense: Floats
    """(3, s) of the stages in the interpolation; see `arrivals.interpolate`"""


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
    part: Integers
    """(2,) the first node, and that after the last, of the part of the chain whose amounts of ions are watched"""
    brought: Floats
    """(3,) how much of what passes each watched face, from left to right, is to be added to keep the amounts as they were"""


class Work(NamedTuple):
    """Memory of a step on N nodes with n ions, m = n + 1, p border unknowns and s stages.

    Of point ions, `jacobian` is filled at the faces that a border or a count of what passes looks at, `flow` has the flows of
    the stage at these faces only, and storage, `factors` and `stored` are empty; of sized ions what `points` has of pairs is.
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
    """(3, 2, m) what the ends are given in a stage (see `points`)"""
    update: Floats
    """(N, m) x"""
    conducted: Floats
    """(N,) current of the flows of the stages through the face to the right of each node, summed with their weights"""
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


class Course(NamedTuple):
    """What all steps of a course in time have in common."""

    chain: Chain
    """Its conductance and carried flux are overwritten by those of the stages."""
    border: Border
    ungated: Floats
    """(N-1, n) the conductance without gates"""
    tableau: Tableau
    work: Work


@kernel
def listed_course(chain: Chain, border: Border, ungated: Floats, tableau: Tableau, work: Work) -> List[Course]:
    """The course in a list of numba's, which a kernel takes as it is: to hand over its seventy arrays takes 15 us a call."""
    result = List()
    result.append(Course(chain, border, ungated, tableau, work))
    return result


@kernel
def place_column(chain: Chain, border: Border, b: int, gate: Floats, flow: Floats, work: Work) -> None:
    """The flows and the sources of one unit of border unknown b."""
    work.source[:] = 0.0
    if border.kind[b] == CURRENT:
        work.through[b] = 0.0
        work.source[border.node[b], border.row[b]] = 1.0
    else:
        fill_through(chain, border, gate, b, flow, work.through[b])


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


@kernel_part
def place_given(
    chain: Chain, border: Border, given: Given, tableau: Tableau, i: int, dt: float, out_given: Floats
) -> None:
    """What the ends are given in stage i (see `points`)."""
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
    """Add the sum over some of the stages of weight times stage, (N, m), to `out`.

    In rows of all numbers and four stages at a time, which the compiler turns into vectors.
    """
    rows = stages.reshape((stages.shape[0], -1))
    total = out.reshape(-1)
    alone = first + (stop - first) % 4
    for j in range(first, alone):
        weight = weights[j]
        for i in range(total.size):
            total[i] += weight * rows[j, i]
    for j in range(alone, stop, 4):
        w0, w1, w2, w3 = weights[j], weights[j + 1], weights[j + 2], weights[j + 3]
        for i in range(total.size):
            total[i] += (w0 * rows[j, i] + w1 * rows[j + 1, i]) + (w2 * rows[j + 2, i] + w3 * rows[j + 3, i])


@kernel
def place_sum(weights: Floats, stop: int, stages: Floats, out: Floats) -> None:
    """The sum over the stages before `stop` of weight times stage, (N, m)."""
    if stop == 0:
        out[:] = 0.0
        return
    one, total = stages[0].reshape(-1), out.reshape(-1)
    weight = weights[0]
    for i in range(total.size):
        total[i] = weight * one[i]
    add_stages(weights, 1, stop, stages, out)


@kernel
def add_conducted(valence: tuple[float, ...], weight: float, flow: Floats, out_conducted: Floats) -> None:
    """Add weight times the current of the flows (N, m) through each face."""
    for k in range(flow.shape[0]):
        current = 0.0
        for r in range(len(valence)):
            current += valence[r] * flow[k, r]
        out_conducted[k] += weight * current


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


@kernel_part
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
