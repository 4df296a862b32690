"""Steps in time of a discrete problem: adaptive, with the error of every step below a tolerance.

Times are in units of L^2 / D of the problem's scales (see `units.Scales.time`); states are as in `fvm`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from electrodiff.ends import Reservoir
from electrodiff.fvm.borders import kept
from electrodiff.fvm.kernels import arrivals
from electrodiff.fvm.kernels.arrays import AMOUNT, BALANCE, CURRENT, Chain, Floats, Integers
from electrodiff.fvm.kernels.arrivals import Held, arrive
from electrodiff.fvm.kernels.factors import Factors, Jacobian, fill_flows
from electrodiff.fvm.kernels.points import CARRIED, Points
from electrodiff.fvm.kernels.rosenbrock import step_point_ions, step_sized_ions
from electrodiff.fvm.kernels.stages import Given, Work, listed_course
from electrodiff.fvm.problem import Problem, own_arrays
from electrodiff.solvers.rodas import ORDER, STAGES, TABLEAU

# A step may be this much longer or shorter than the last one; what is tried aims at this part of the tolerance.
LONGEST_GROWTH = 6.0
SHORTEST_CUT = 0.1
AIM = 0.9
# Where a course slows down, as most do after a change, each step can be longer than the error of the last one says: by how
# much, that of the last two tells (K. Gustafsson, ACM Trans. Math. Software 20 (1994) 496); it is believed between these.
TREND = (0.7, 1.3)
# Below this an error over the tolerance is taken for it: LONGEST_GROWTH is reached long before.
LEAST_ERROR = 1e-8
# The tolerance of the total current, over that of the state: its error is overestimated by five to ten times, as it is that
# of the embedded method, whose order is lower, and of the interpolation in the middle of a step, where it is largest.
CURRENT_TOLERANCE = 5.0
# A current below this part of the largest since the last change counts as that: it decays over six decades to be followed.
CURRENT_FLOOR = 1e-6
# What differs along x is not known of a current: an error below so many times that is none.
ROUNDINGS = 10.0
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
    last_step: float = 0.0
    """Its length; 0 if there was none since the last change."""
    current: float = 0.0
    """Mean total current density of the last step."""
    largest_current: float = 0.0
    """Of all steps since the last change."""
    steps: int = 0
    rejected: int = 0


@dataclass(frozen=True)
class Step:
    """A step that was taken."""

    start: Moment
    end: Moment
    stages: Floats
    """(s, N, m) for what lies between; only until the march goes on, which then needs the memory for the next step."""
    current_spread: float
    """The largest deviation along x of the mean total current density of the step, `end.current`."""
    amount: Floats
    """(n,) what is held at the end in the part that is watched, less what has come in: constant, but for errors."""


class StuckError(Exception):
    """Steps have become too short to move on; `args` are the moment and the place of the largest error."""


@dataclass(frozen=True)
class MarchOptions:
    """tolerance: the error of a step, of potentials in RT/F and of activities relative to themselves; an activity below
    `activity_floor` of the largest anywhere counts as that.

    Where the potentials of both ends are given, that of the total current density relative to itself is below
    CURRENT_TOLERANCE times the tolerance; and so it is amidst each step from which something is to be interpolated.
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


def watched_part(problem: Problem) -> tuple[Integers, Floats]:
    """The nodes [first, behind the last) whose amounts are watched, and how much of what passes the watched faces is to be
    added to these to keep them as they were.

    Between a closed end and the most resistive layer, or else all of the chain: in baths that end in reservoirs the flux is
    what is left of two much larger ones.
    """
    nodes, inner = problem.mesh.nodes, int(watched_faces(problem)[1])
    closed = [not isinstance(end, Reservoir) for end in (problem.case.left, problem.case.right)]
    part, brought = (1, nodes - 1), (-1.0, 0.0, 1.0)
    if closed[0]:
        part, brought = (0, inner + 1), (0.0, 1.0, 0.0)
    elif closed[1]:
        part, brought = (inner + 1, nodes), (0.0, -1.0, 0.0)
    return np.array(part, dtype=np.int64), np.array(brought)


def current_is_free(problem: Problem) -> bool:
    """Whether both ends are at given potentials, so that the total current is what the stack makes of them."""
    return bool((problem.chain.free[[0, -1], -1] == 0).all()) and CURRENT not in problem.border.kind


def march(
    problem: Problem,
    ends: Ends,
    moment: Moment,
    until: float,
    options: MarchOptions = MarchOptions(),
    meet: Callable[[Moment], float] | None = None,
    is_asked: Callable[[float, float], bool] | None = None,
) -> Iterator[Step]:
    """Steps from a moment to a time, which the last one meets exactly; on the way none passes `meet` of its start.

    is_asked(start, end): whether something between these times will be interpolated.  Raises StuckError.
    """
    chain = own_arrays(problem.chain)
    work = _work(problem)
    courses = listed_course(chain, problem.border, problem.chain.conductance, TABLEAU, work)
    is_sized = bool(chain.packing.any())
    step = step_sized_ions if is_sized else step_point_ions
    given = _given(problem, ends, moment.time, 0.0)
    is_free = current_is_free(problem)
    while moment.time < until:
        stop = until if meet is None else min(meet(moment), until)
        dt = min(moment.step, stop - moment.time)
        if moment.time + 1.01 * dt > stop:  # no sliver left
            dt = stop - moment.time
        if not dt > STUCK * moment.time:
            raise StuckError(moment, _worst(work, moment.state))
        if not ends.is_constant:
            given = _given(problem, ends, moment.time, dt)
        now = moment
        taken: Step | None = None
        error = math.inf
        if step(courses, given, dt, now.state, now.gate, now.content):
            end, out = _empty(moment), np.empty(arrivals.AMOUNT + moment.content.shape[1])
            is_inside = is_free and is_asked is not None and is_asked(moment.time, moment.time + dt)
            start = Held(now.state, now.content, now.passed, now.gate)
            arrive(courses, is_sized, given, dt, options.activity_floor, is_inside, start, end, out)
            error = _error(moment, out.tolist(), options.tolerance, is_free)
            # Exactly where it was to be.
            time = stop if dt == stop - moment.time else moment.time + dt
            taken = _taken(moment, time, dt, error, end, out, work)
        if taken is None or not error <= 1:
            cut = max(AIM * error ** (-1 / ORDER), SHORTEST_CUT) if math.isfinite(error) else FAILED_CUT
            moment = replace(moment, step=dt * cut, rejected=moment.rejected + 1)
            continue
        yield taken
        moment = taken.end


def _empty(moment: Moment) -> Held:
    """Room for what a step from this moment arrives at."""
    state, content, passed, gate = moment.state, moment.content, moment.passed, moment.gate
    return Held(np.empty_like(state), np.empty_like(content), np.empty_like(passed), np.empty_like(gate))


def _error(start: Moment, found: list[float], tolerance: float, is_free: bool) -> float:
    """The error of a step over the tolerance."""
    error = found[arrivals.ERROR] / tolerance
    if not is_free or not math.isfinite(error):
        return error
    of_current = max(found[arrivals.CURRENT_ERROR], found[arrivals.INSIDE_ERROR])
    current = abs(found[arrivals.CURRENT])
    # Between that of this step and that of the last: in one of the two it may have just changed its sign.
    size = max((current + abs(start.current)) / 2, CURRENT_FLOOR * max(start.largest_current, current))
    allowed = CURRENT_TOLERANCE * tolerance * size + ROUNDINGS * found[arrivals.SPREAD]
    return max(error, of_current / allowed if allowed > 0 else math.inf) if of_current > 0 else error


def _taken(start: Moment, time: float, dt: float, error: float, end: Held, out: Floats, work: Work) -> Step:
    """A step that ends at a time, with the length of the next one."""
    size = max(error, LEAST_ERROR)
    growth = AIM * size ** (-1 / ORDER)
    if start.last_step > 0:
        trend = dt / start.last_step * (start.last_error / size) ** (1 / ORDER)
        growth *= min(max(trend, TREND[0]), TREND[1])
    proposed = dt * min(max(growth, SHORTEST_CUT), LONGEST_GROWTH)
    current = float(out[arrivals.CURRENT])
    moment = Moment(
        time=time,
        state=end.state,
        gate=end.gate,
        content=end.content,
        passed=end.passed,
        # A step that was cut to meet a time says little about the next.
        step=max(proposed, start.step) if dt < start.step else proposed,
        last_error=size,
        last_step=dt,
        current=current,
        largest_current=max(start.largest_current, abs(current)),
        steps=start.steps + 1,
        rejected=start.rejected,
    )
    return Step(start, moment, work.k, float(out[arrivals.SPREAD]), out[arrivals.AMOUNT :])


def _given(problem: Problem, ends: Ends, time: float, dt: float) -> Given:
    """What is given at the times of the stages, and its rate at the start."""
    # Of a rate by a difference over this part of the step, the error is as small.
    ahead = 1e-6 * dt
    times = time + np.append(TABLEAU.time * dt, ahead)
    targets, charges, currents = (values.copy() for values in ends.at(times))
    for values in (targets, charges, currents):
        values[-1] = (values[-1] - values[0]) / ahead if ahead > 0 else 0.0
    return Given(targets, charges, currents, watched_faces(problem), *watched_part(problem))


def _work(problem: Problem) -> Work:
    chain = problem.chain
    nodes, m = chain.free.shape
    p = problem.border.kind.size

    def block(*shape: int) -> Floats:
        return np.zeros(shape)

    # What the other kind of ions takes is left empty.
    sized = nodes if chain.packing.any() else 0
    square = (nodes, m, m)
    return Work(
        jacobian=Jacobian(block(*square), block(*square), block(sized, m, m)),
        factors=Factors(block(sized, m, m), block(sized, m, m), block(sized, m, m), block(sized, m)),
        stage=block(nodes, m),
        points=_points(chain, 0 if sized else meeting(problem), _faces_to_watch(problem)),
        flow=block(nodes, m),
        content=block(nodes, m),
        source=block(nodes, m),
        given=block(3, 2, m),
        update=block(nodes, m),
        conducted=block(nodes),
        by_border=block(p, nodes, m),
        through=block(p, nodes, m),
        k=block(STAGES, nodes, m),
        stored=block(STAGES, sized, m - 1),
        gate=block(STAGES, p),
        displaced=block(STAGES, p),
        passed=block(STAGES, 3, m - 1),
    )


def meeting(problem: Problem) -> int:
    """The node where an elimination from both ends meets (see `points`): amidst them, or behind what a compartment holds."""
    if problem.mesh.nodes < 3:
        raise ValueError(f"a mesh of {problem.mesh.nodes} nodes; a course in time takes 3 at least")
    middle, inner = problem.mesh.nodes // 2, int(watched_faces(problem)[1])
    closed = [not isinstance(end, Reservoir) for end in (problem.case.left, problem.case.right)]
    # What an end is given is not known to the node where they meet, which is therefore none of them.
    if closed == [True, False]:
        return min(max(middle, inner + 1), problem.mesh.nodes - 2)
    if closed == [False, True]:
        return max(min(middle, inner), 1)
    return middle


def _faces_to_watch(problem: Problem) -> Integers:
    """The faces whose flows are asked for: to count what passes, and at ends with a given current."""
    border = problem.border
    return np.concatenate([watched_faces(problem), border.first[border.kind == CURRENT]])


def _points(chain: Chain, meeting: int, watched: Integers) -> Points:
    """The chain in pairs that meet at a node; 0 for none."""
    nodes, m = chain.free.shape
    places = max(meeting, nodes - 1 - meeting) if meeting else 0
    # A place has a face of either side.
    at = np.arange(places)
    is_watched = np.isin(at, watched) | np.isin(nodes - 2 - at, watched)
    volume, fixed = np.zeros((nodes, m - 1)), chain.surface_charge.copy()
    for side, half in ((slice(None, -1), chain.volume_left), (slice(1, None), chain.volume_right)):
        volume[side] += half[:, None] * chain.partition
        fixed[side] += half * chain.fixed_charge
    lines = (
        np.column_stack([volume, fixed]),
        chain.free,
        np.column_stack([chain.conductance, chain.permittivity]),
        np.column_stack([chain.carried, np.zeros(nodes - 1)]),
    )
    pairs = np.stack([np.stack([line[:places], line[::-1][:places]], axis=-1) for line in lines], axis=1)
    pairs[:, CARRIED, :, 1] *= -1.0
    return Points(
        meeting,
        pairs=np.ascontiguousarray(pairs).reshape(places, 8 * m),
        factors=np.zeros((places, 8 * m + 2 * m * m)),
        upper=np.zeros((places, 2 * m * m)),
        middle=np.zeros((2, m, m)),
        bound=np.zeros((places, 2 * m * m + 2 * m)),
        is_loose=np.zeros(places),
        is_watched=is_watched.astype(float),
        volume=volume,
        fixed=fixed,
    )


def _worst(work: Work, state: Floats) -> tuple[int, int]:
    """Node and row of the largest error of the last step that was tried."""
    relative = np.abs(work.k[-1])
    relative[:, :-1] /= np.abs(state[:, :-1]) + 1e-300
    # Nothing is worse than no number, and all of them may be none.
    node, row = np.unravel_index(int(np.argmax(np.where(np.isnan(relative), np.inf, relative))), relative.shape)
    return int(node), int(row)
