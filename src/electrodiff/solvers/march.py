"""Steps in time of a discrete problem: adaptive, with the error of every step below a tolerance.

Times are in units of L^2 / D of the problem's scales (see `units.Scales.time`); states are as in `fvm`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from electrodiff.fvm.borders import kept
from electrodiff.fvm.kernels.arrays import AMOUNT, BALANCE, Chain, Floats
from electrodiff.fvm.kernels.factors import Factors, Jacobian, fill_flows
from electrodiff.fvm.kernels.points import Points
from electrodiff.fvm.kernels.rosenbrock import finish, step_point_ions, step_sized_ions
from electrodiff.fvm.kernels.stages import Given, Work
from electrodiff.fvm.problem import Problem, own_arrays
from electrodiff.solvers.rodas import ORDER, STAGES, TABLEAU, WEIGHTS

# A step may be this much longer or shorter than the last one; what is tried aims at this part of the tolerance.
LONGEST_GROWTH = 6.0
SHORTEST_CUT = 0.1
AIM = 0.9
# The proportional-integral control of K. Gustafsson, ACM Trans. Math. Software 17 (1991) 533.
PROPORTIONAL = 0.7 / ORDER
INTEGRAL = 0.4 / ORDER
# After a step that could not be taken at all.
FAILED_CUT = 0.25
# A step this much shorter than the time it starts from does not move it.
STUCK = 1e-14


@dataclass(frozen=True)
class Ends:
    """What is given at the ends at any time, of a problem with m unknowns a node.

    `at(times)`: targets (T, 2, m) of the first and the last node, surface charges (T, 2) there, and net currents (T,).
    """

    at: Callable[[Floats], tuple[Floats, Floats, Floats]]
    is_constant: bool


@dataclass(frozen=True)
class Moment:
    """A moment of a march: everything that going on from it takes."""

    time: float
    state: Floats
    """(N, m)"""
    gate: Floats
    """(p,) open fractions of the gates and rates of the transporters; 1 for the other border unknowns."""
    content: Floats
    """(N, n) of every ion at every node."""
    passed: Floats
    """(3, n) what has passed the first face, one in the most resistive layer, and the last, from left to right."""
    step: float
    """The step to try next."""
    last_error: float = 1.0
    """Of the last step, over the tolerance."""
    steps: int = 0
    rejected: int = 0


@dataclass(frozen=True)
class Step:
    """A step that was taken."""

    start: Moment
    end: Moment
    stages: Floats
    """(s, N, m) for what lies between; only until the march goes on, which then needs the memory for the next step."""


class StuckError(Exception):
    """Steps have become too short to move on; `args` are the moment and the place of the largest error."""


@dataclass(frozen=True)
class MarchOptions:
    """tolerance: the error of a step, of potentials in RT/F and of activities relative to themselves; an activity below
    `activity_floor` of the largest anywhere counts as that.
    """

    tolerance: float = 1e-4
    activity_floor: float = 1e-6


def free_amounts(problem: Problem) -> Problem:
    """The problem without border unknowns for what compartments hold, which in time follows from what they held before."""
    keep = ~np.isin(problem.border.kind, (AMOUNT, BALANCE))
    free = problem.chain.free.copy()
    free[problem.border.node[~keep], problem.border.row[~keep]] = 1.0
    border = kept(problem.border, keep)
    return replace(problem, chain=problem.chain._replace(free=free), border=border)


def contents(chain: Chain, state: Floats) -> Floats:
    """(N, m) what every node holds of each ion, and in the last column its charge."""
    flow, content = np.zeros_like(state), np.zeros_like(state)
    fill_flows(chain, state, flow, content)
    return content


def watched_faces(problem: Problem) -> np.ndarray:
    """The first face, the middle one of the most resistive layer, and the last."""
    mesh = problem.mesh
    start, stop = mesh.boundaries[mesh.resistive_layer : mesh.resistive_layer + 2]
    return np.array([0, (start + stop) // 2, mesh.nodes - 2], dtype=np.int64)


def march(
    problem: Problem,
    ends: Ends,
    moment: Moment,
    until: float,
    options: MarchOptions = MarchOptions(),
    meet: Callable[[Moment], float] | None = None,
) -> Iterator[Step]:
    """Steps from a moment to a time, which the last one meets exactly; on the way none passes `meet` of its start.

    Raises StuckError.
    """
    chain = own_arrays(problem.chain)
    work = _work(problem)
    step = step_sized_ions if chain.packing.any() else step_point_ions
    given = _given(problem, ends, moment.time, 0.0)
    while moment.time < until:
        stop = until if meet is None else min(meet(moment), until)
        dt = min(moment.step, stop - moment.time)
        if moment.time + 1.01 * dt > stop:  # no sliver left
            dt = stop - moment.time
        if not dt > STUCK * moment.time:
            raise StuckError(moment, _worst(work, moment.state))
        if not ends.is_constant:
            given = _given(problem, ends, moment.time, dt)
        now, ungated = moment, problem.chain.conductance
        error, end = math.inf, moment
        if step(chain, problem.border, ungated, TABLEAU, given, dt, now.state, now.gate, now.content, work):
            error, end = _end(problem, moment, dt, stop, options, work)
        if not error <= 1:
            cut = max(AIM * error ** (-1 / ORDER), SHORTEST_CUT) if math.isfinite(error) else FAILED_CUT
            moment = replace(moment, step=dt * cut, rejected=moment.rejected + 1)
            continue
        yield Step(moment, end, work.k)
        moment = end


def _end(
    problem: Problem, start: Moment, dt: float, stop: float, options: MarchOptions, work: Work
) -> tuple[float, Moment]:
    """The error of a step over the tolerance, and the moment at its end."""
    state, content, passed, gate = (
        np.empty_like(part) for part in (start.state, start.content, start.passed, start.gate)
    )
    error = finish(
        problem.border,
        bool(problem.chain.packing.any()),
        WEIGHTS,
        options.tolerance,
        options.activity_floor,
        start.state,
        start.content,
        start.passed,
        start.gate,
        work,
        state,
        content,
        passed,
        gate,
    )
    growth = AIM * max(error, 1e-8) ** -PROPORTIONAL * start.last_error**INTEGRAL
    proposed = dt * min(max(growth, SHORTEST_CUT), LONGEST_GROWTH)
    return error, Moment(
        # Exactly where it was to be.
        time=stop if dt == stop - start.time else start.time + dt,
        state=state,
        gate=gate,
        content=content,
        passed=passed,
        # A step that was cut to meet a time says little about the next.
        step=max(proposed, start.step) if dt < start.step else proposed,
        last_error=max(error, 1e-4),
        steps=start.steps + 1,
        rejected=start.rejected,
    )


def _given(problem: Problem, ends: Ends, time: float, dt: float) -> Given:
    """What is given at the times of the stages, and its rate at the start."""
    # Of a rate by a difference over this part of the step, the error is as small.
    ahead = 1e-6 * dt
    times = time + np.append(TABLEAU.time * dt, ahead)
    targets, charges, currents = (values.copy() for values in ends.at(times))
    for values in (targets, charges, currents):
        values[-1] = (values[-1] - values[0]) / ahead if ahead > 0 else 0.0
    return Given(targets, charges, currents, watched_faces(problem))


def _work(problem: Problem) -> Work:
    chain = problem.chain
    nodes, m = chain.free.shape
    p = problem.border.kind.size

    def block(*shape: int) -> Floats:
        return np.zeros(shape)

    square = (nodes, m, m)
    return Work(
        jacobian=Jacobian(block(*square), block(*square), block(*square)),
        factors=Factors(block(*square), block(*square), block(*square), block(nodes, m)),
        stage=block(nodes, m),
        points=_points(chain),
        flow=block(nodes, m),
        content=block(nodes, m),
        source=block(nodes, m),
        given=block(3, 2, m),
        update=block(nodes, m),
        by_border=block(p, nodes, m),
        through=block(p, nodes, m),
        k=block(STAGES, nodes, m),
        stored=block(STAGES, nodes, m - 1),
        gate=block(STAGES, p),
        displaced=block(STAGES, p),
        passed=block(STAGES, 3, m - 1),
    )


def _points(chain: Chain) -> Points:
    """What the nodes hold of point ions."""
    nodes, m = chain.free.shape
    volume, fixed = np.zeros((nodes, m - 1)), chain.surface_charge.copy()
    for side, half in ((slice(None, -1), chain.volume_left), (slice(1, None), chain.volume_right)):
        volume[side] += half[:, None] * chain.partition
        fixed[side] += half * chain.fixed_charge
    return Points(volume, fixed, np.zeros((nodes, 2, m)), np.zeros(nodes))


def _worst(work: Work, state: Floats) -> tuple[int, int]:
    """Node and row of the largest error of the last step that was tried."""
    relative = np.abs(work.k[-1])
    relative[:, :-1] /= np.abs(state[:, :-1]) + 1e-300
    node, row = np.unravel_index(int(np.nanargmax(relative)), relative.shape)
    return int(node), int(row)
