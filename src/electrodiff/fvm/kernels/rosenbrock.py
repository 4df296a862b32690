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
from numba.typed import List

from electrodiff.fvm.kernels.arrays import Floats
from electrodiff.fvm.kernels.border import place_flows
from electrodiff.fvm.kernels.compiler import kernel
from electrodiff.fvm.kernels.factors import factor, fill_flows, fill_jacobian, solve
from electrodiff.fvm.kernels.points import (
    factor_points,
    fold_flows,
    keep_points,
    solve_points,
    stage_backward,
    stage_forward,
)
from electrodiff.fvm.kernels.scratch import borrowed
from electrodiff.fvm.kernels.stages import (
    Course,
    Given,
    add_border,
    add_conducted,
    add_stages,
    fill_faces,
    keep_faces,
    keep_sized,
    place_column,
    place_given,
    place_stage,
    place_sum,
    stage_source,
)


def step_for(steric: bool) -> Callable[..., bool]:
    """The kernel `step` for ions with or without a size: who needs one of them does not wait for the other to compile."""

    @kernel
    def step(courses: List[Course], given: Given, dt: float, state: Floats, gate: Floats, content: Floats) -> bool:
        """The stages of a step of the only course from a state (N, m), gates (p,) and contents (N, n), into its work; False
        if it failed.
        """
        chain, border, ungated, tableau, work = borrowed(courses[0])
        p = border.kind.size
        rate = 1.0 / (tableau.gamma * dt)
        small = np.zeros((p, p))
        work.conducted[:] = 0.0
        wanted = np.zeros(p)
        stage_gate = np.zeros(p)
        place_flows(border, ungated, gate, chain)
        if steric:
            fill_jacobian(chain, state, work.jacobian)
            failed = factor(chain, state, work.jacobian, rate, work.factors)
        else:
            fill_faces(chain, border, given.watched, state, work.jacobian)
            if p > 0:
                fold_flows(chain, work.points.pairs)
            failed = factor_points(chain, state, rate, work.points)
        if failed >= 0:
            return False
        if p > 0:
            fill_flows(chain, state, work.flow, work.content)
            for b in range(p):
                place_column(chain, border, b, gate, work.flow, work)
                if steric:
                    solve(chain, work.factors, work.through[b], work.source, work.by_border[b])
                else:
                    solve_points(chain, work.points, work.through[b], work.source, work.by_border[b])
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
            add_stages(tableau.a[i], first, i, work.k, work.stage)
            if steric:
                fill_flows(chain, work.stage, work.flow, work.content)
                add_conducted(chain.valence, tableau.flow_weight[i], work.flow, work.conducted)
                stage_source(chain, tableau, i, dt, content, work)
                solve(chain, work.factors, work.flow, work.source, work.update)
            else:
                if p > 0:
                    fold_flows(chain, work.points.pairs)
                place_sum(tableau.c[i] / dt, i, work.k, work.source)
                stage_forward(
                    chain,
                    work.points,
                    work.stage,
                    work.source,
                    work.given,
                    tableau.flow_weight[i],
                    work.flow,
                    work.update,
                    work.conducted,
                )
                stage_backward(chain.valence, work.points, state, work.update, work.k[i])
            if p > 0 and not add_border(chain, border, state, stage_gate, rate, wanted, work, small, work.gate[i]):
                return False
            if steric:
                keep_sized(chain.valence, work.jacobian.storage, work.update, work.stored[i])
            if steric or p > 0:
                keep_points(chain.valence, state, work.update, work.k[i])
            keep_faces(chain, border, tableau, given, dt, i, work)
        return True

    return step


step_point_ions = step_for(steric=False)
step_sized_ions = step_for(steric=True)
