"""A case in time: its start, its segments between changes, and the moments of its output."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from electrodiff.errors import CaseError, ConvergenceError
from electrodiff.fvm.kernels.arrays import Floats
from electrodiff.fvm.problem import Problem, build_problem
from electrodiff.grid.line import Line, layered_line
from electrodiff.grid.mesh import Mesh
from electrodiff.model import Case
from electrodiff.profiles import Profiles
from electrodiff.readings import Readings
from electrodiff.solvers.currents import total_currents
from electrodiff.solvers.drive import end_rates, problem_at, segment_ends
from electrodiff.solvers.exhaustion import LEFT, exhausted, why_exhausted
from electrodiff.solvers.guess import first_gates
from electrodiff.solvers.march import (
    Ends,
    MarchOptions,
    Moment,
    Step,
    StuckError,
    current_is_free,
    free_amounts,
    march,
    watched_part,
)
from electrodiff.solvers.newton import NewtonOptions
from electrodiff.solvers.robust import solve_robustly
from electrodiff.solvers.rodas import ORDER, interpolated
from electrodiff.solvers.schedule import Segment, case_at_start, segments
from electrodiff.solvers.starts import after_jump, initial_state, start_of, state_like
from electrodiff.solvers.time_errors import with_estimates
from electrodiff.study import STARTS, TransientStudy
from electrodiff.transient import StepRecord, Transient
from electrodiff.units import FARADAY, Scales

# Of a case that says no number of nodes, the coarsest line is divided in eight: second order, so 1e-4 or so of a current.
REFINED = 8
# See `Pace.close`: where the error of what is interpolated is kept small, and where it is not.
CLOSE, CLOSER = 0.7, 0.25
# The tolerance for which `starts.first_step` is made.
USUAL_TOLERANCE = 1e-4


@dataclass(frozen=True)
class Pace:
    """How a run takes its steps."""

    tolerance: float
    close: float | None = None
    """A step ends at the first output beyond this part of it; the outputs before that are interpolated.  None: CLOSE where
    the march keeps the error of the total current amidst a step, else CLOSER."""


@dataclass
class Run:
    """A march through the segments of a case, as far as it has come: all that going on takes, and all that was found."""

    case: Case
    mesh: Mesh
    segment: int
    """Index of the segment that the moment lies in, or at the end of."""
    moment: Moment
    """Its time counts from the start of its segment, so that a short step after a late corner is no rounding; its `passed`
    counts from the start of the run."""
    amounts: Floats
    """(n,) of every ion at the start, in the part that is watched (see `_watched_amounts`)."""
    time: list[float] = field(default_factory=list)
    """[s] of each output so far."""
    segments: list[int] = field(default_factory=list)
    """Index of the segment of each output."""
    states: list[Floats] = field(default_factory=list)
    gates: list[Floats] = field(default_factory=list)
    totals: list[tuple[float, float]] = field(default_factory=list)
    """Total current density of each output, and its largest deviation along x [A/m^2]."""
    residuals: list[Floats] = field(default_factory=list)
    steps: list[tuple[float, float, float]] = field(default_factory=list)
    """End [s], size [s] and error over the tolerance of each step."""
    step_totals: list[tuple[float, float]] = field(default_factory=list)
    """Mean total current density of each step, and its largest deviation along x [A/m^2]."""
    step_residuals: list[Floats] = field(default_factory=list)
    """(n,) at the end of each step."""


Watch = Callable[[Run], None]
"""Called after every step; what it is given changes with the next."""


def solve_transient(
    case: Case,
    *,
    start: Profiles | None = None,
    mesh: Mesh | None = None,
    resume: Run | None = None,
    watch: Watch | None = None,
    watch_errors: Watch | None = None,
    throw: bool = True,
) -> Transient:
    """Solve a case in time, by a method of order 5 whose steps keep the tolerance of the study.

    start: the profiles to start from, where `study.start` names a stored result; mesh: one to use instead of that which
    the case asks for, without error estimates; resume: a run of this case to go on with; watch: called after every step;
    watch_errors: the same, of the marches that estimate the errors of the run when it is over.  Raises CaseError if the
    study is not one in time, and ConvergenceError, whose text names the place, the time and a remedy, if the steps become
    too short to go on or the steady state to start from is not found; with throw=False what was computed until then is
    returned.
    """
    study = case.study
    if not isinstance(study, TransientStudy):
        raise CaseError(f"study.kind is '{study.kind}'; expected 'transient'")
    is_estimated = study.error_estimates and mesh is None
    if study.start not in STARTS and start is None and (is_estimated or resume is None):
        raise CaseError(
            f"study.start is '{study.start}'; load this result and pass it on: solve_transient(case, start=...)"
        )
    line = transient_line(case)
    run = _start(case, mesh or line.mesh(), study, start) if resume is None else resume
    result = _marched(run, Pace(study.tolerance), watch, throw)
    # A run that goes on may have begun on a mesh that was given.
    if not (is_estimated and result.converged and np.array_equal(run.mesh.x, line.mesh().x)):
        return result

    def again(coarser: Line, factor: float) -> Transient:
        # See `time_errors` on the steps of C and D.
        pace = Pace(factor * study.tolerance, None if factor == 1 else math.inf)
        return _marched(_start(case, coarser.mesh(), study, start), pace, watch_errors)

    return with_estimates(result, line, again)


def transient_line(case: Case) -> Line:
    """The line of a case in time: with as many nodes as it asks for, or a fine one of its own."""
    line = layered_line(case)
    return line if case.mesh.nodes is not None else line.refined(REFINED)


def transient_mesh(case: Case) -> Mesh:
    """The mesh of a case in time, that of its line."""
    return transient_line(case).mesh()


def transient_problem(case: Case, mesh: Mesh) -> Problem:
    """The discrete problem of a case in time: the amounts that nothing changes are no unknowns of it."""
    return free_amounts(build_problem(case, mesh))


def _start(case: Case, mesh: Mesh, study: TransientStudy, start: Profiles | None) -> Run:
    """The run before its first step, and before anything has changed."""
    before = case_at_start(case)
    problem = transient_problem(before, mesh)
    if study.start == "steady":
        attempt = solve_robustly(build_problem(before, mesh), None, NewtonOptions())
        if not attempt.converged:
            raise ConvergenceError(
                f"the steady state to start from was not found (it {attempt.result.status.value}); set study.start to "
                "'initial' and give the layers initial concentrations"
            )
        state = attempt.result.state
    elif study.start == "initial":
        state = initial_state(problem)
    else:
        assert start is not None, "checked before"
        state = state_like(problem, start)
    moment = start_of(problem, state)
    return Run(case, mesh, 0, moment, _watched_amounts(problem, moment))


def _marched(run: Run, pace: Pace, watch: Watch | None, throw: bool = True) -> Transient:
    """The result of a run, from where it is to its end."""
    parts = segments(run.case)
    message = ""
    try:
        for index in range(run.segment, len(parts)):
            _go(run, parts, index, pace, watch)
    except StuckError as stuck:
        message = _stuck(run, parts[run.segment], *stuck.args)
        if throw:
            raise ConvergenceError(message) from None
    return transient_of(run, parts, message)


def _go(run: Run, parts: tuple[Segment, ...], index: int, pace: Pace, watch: Watch | None) -> None:
    """March through one segment, from where the run is."""
    part = parts[index]
    first = transient_problem(part.first, run.mesh)
    unit = first.scales.time
    ends = segment_ends(part, first, transient_problem(part.last, run.mesh) if part.last is not part.first else first)
    problem = replace(first, chain=first.chain._replace(target=first.chain.target.copy()))
    if index > run.segment or not run.time:
        if index > 0:
            run.moment = _rescaled(run.moment, parts[index - 1].last.temperature / part.first.temperature)
        run.segment = index
        run.moment = replace(run.moment, time=0.0)
        run.moment = _with_first_step(after_jump(problem_at(problem, ends, 0.0), run.moment), pace.tolerance)
        if part.start == 0:
            _keep(run, problem, ends, run.moment, 0.0)
    study = run.case.study
    assert isinstance(study, TransientStudy), "a run is one of a transient"
    outputs = [time for time in study.output_times() if part.start < time <= part.end]
    local = [(time - part.start) / unit for time in outputs]
    until = (part.end - part.start) / unit

    close = (CLOSE if current_is_free(problem) else CLOSER) if pace.close is None else pace.close

    def meet(moment: Moment) -> float:
        ahead = moment.time + close * moment.step
        return next((time for time in local if time >= ahead), until)

    def is_asked(start: float, end: float) -> bool:
        return bisect_right(local, start) < bisect_left(local, end)

    options = MarchOptions(tolerance=pace.tolerance)
    for step in march(problem, ends, run.moment, until, options, meet, is_asked):
        run.moment = step.end
        _note_step(run, step, part.start, first.scales)
        for time, at in zip(outputs, local, strict=True):
            # Of a step that was to end at it, but for round-off; and once.
            if run.time[-1] < time and at <= step.end.time * (1 + 1e-12):
                _keep(run, problem, ends, _moment_at(step, at), time)
        if watch is not None:
            watch(run)


def _note_step(run: Run, step: Step, start: float, scales: Scales) -> None:
    """Note a step of a segment, with its balances.  start: of the segment [s]."""
    end, size = step.end.time * scales.time, (step.end.time - step.start.time) * scales.time
    unit = FARADAY * scales.flux
    run.steps.append((start + end, size, step.end.last_error))
    run.step_totals.append((step.end.current * unit, step.current_spread * unit))
    run.step_residuals.append(_residual(run, step.amount))


def _with_first_step(moment: Moment, tolerance: float) -> Moment:
    """The moment after a jump with a first step that is shorter for a smaller tolerance, as are the later ones.

    Else runs with different tolerances would take the same steps until these have grown, and not tell what they lack.
    """
    return replace(moment, step=moment.step * (tolerance / USUAL_TOLERANCE) ** (1 / ORDER))


def _rescaled(moment: Moment, factor: float) -> Moment:
    """The moment with its potentials in units of another RT/F."""
    state = moment.state.copy()
    state[:, -1] *= factor
    return replace(moment, state=state)


def _moment_at(step: Step, time: float) -> Moment:
    """The moment at a time within a step: its end, or interpolated."""
    fraction = (time - step.start.time) / (step.end.time - step.start.time)
    if fraction > 1 - 1e-12:
        return step.end
    state = interpolated(fraction, step.start.state, step.end.state, step.stages)
    return replace(step.end, time=time, state=state)


def _keep(run: Run, problem: Problem, ends: Ends, moment: Moment, time: float) -> None:
    """Keep an output."""
    at = problem_at(problem, ends, moment.time)
    # Not those of the moment, which are those of the end of the step where the state is interpolated.
    gate = first_gates(at, moment.state)
    unit = FARADAY * problem.scales.flux
    wanted = float(ends.at(np.array([moment.time]))[2][0])
    currents = total_currents(at, moment.state, gate, end_rates(ends, moment), wanted) * unit
    weight = 1 / problem.chain.permittivity
    total = float(weight @ currents / weight.sum())
    run.time.append(time)
    run.segments.append(run.segment)
    run.states.append(moment.state)
    run.gates.append(gate)
    run.totals.append((total, float(np.abs(currents - total).max())))
    # Of an interpolated output that of the end of its step: the balance is one of steps.
    run.residuals.append(_residual(run, _watched_amounts(problem, moment)))


def _watched_amounts(problem: Problem, moment: Moment) -> Floats:
    """(n,) of every ion in the watched part, less what has come in (see `march.watched_part`): constant, but for errors."""
    (start, stop), brought = watched_part(problem)
    return np.asarray(moment.content[start:stop].sum(axis=0) + brought @ moment.passed)


def _residual(run: Run, amounts: Floats) -> Floats:
    """(n,) what was made or lost of each ion since the start, over what there was."""
    return np.asarray((amounts - run.amounts) / np.where(run.amounts > 0, run.amounts, 1.0))


def transient_of(run: Run, parts: tuple[Segment, ...], message: str) -> Transient:
    """The result of a run, as far as it has come.  parts: the segments of its case; message: why it went no further."""
    problems = [transient_problem(part.first, run.mesh) for part in parts]
    frames = tuple(
        Readings(problems[index], state, gate)
        for index, state, gate in zip(run.segments, run.states, run.gates, strict=True)
    )
    steps = np.array(run.steps).reshape(-1, 3)
    totals, step_totals = (np.array(pairs).reshape(-1, 2) for pairs in (run.totals, run.step_totals))
    columns = [column.copy() for column in np.column_stack([steps, step_totals]).T]
    return Transient(
        case=run.case,
        time=np.array(run.time),
        frames=frames,
        total_current_density=totals[:, 0].copy(),
        current_spread=totals[:, 1].copy(),
        ion_flux=np.array([_middle_flux(frame) for frame in frames]),
        amount_residual=np.array(run.residuals),
        steps=StepRecord(
            *(columns[0], columns[1], columns[2], columns[3], columns[4]),
            amount_residual=np.array(run.step_residuals).reshape(-1, run.amounts.size),
        ),
        rejected=run.moment.rejected,
        converged=not message,
        message=message
        or f"reached {parts[-1].end:.6g} s after {run.moment.steps} steps on {run.mesh.nodes} nodes, "
        f"{run.moment.rejected} rejected",
        error={},
    )


def _middle_flux(frame: Readings) -> Floats:
    """(n,) through the middle of the most resistive layer [mol/(m^2 s)]: of the face there, or of the two beside its node."""
    mesh = frame.problem.mesh
    start, stop = mesh.boundaries[mesh.resistive_layer : mesh.resistive_layer + 2]
    faces = [(start + stop - 1) // 2, (start + stop) // 2]
    return np.asarray(frame.face_flux[faces].mean(axis=0))


def _stuck(run: Run, part: Segment, moment: Moment, place: tuple[int, int]) -> str:
    """One sentence on a march that came to a halt."""
    at = f"at {run.steps[-1][0] if run.steps else 0.0:.6g} s, after {moment.steps} steps"
    problem = transient_problem(part.first, run.mesh)
    empty = exhausted(problem, moment.gate, moment.state[:, :-1], LEFT)
    if empty is not None:
        return f"could not go on {at}: {why_exhausted(problem, *empty)}"
    node, row = place
    case, mesh = part.first, run.mesh
    unknown = "the potential" if row == len(case.ions) else f"the concentration of {case.ion_names[row]}"
    layer = case.layers[mesh.layer[min(node, mesh.layer.size - 1)]].name
    return (
        f"the steps became too short to go on {at}; the largest error was in {unknown} at x = {mesh.x[node] * 1e9:.4g} nm "
        f"(layer '{layer}'): try a larger study.tolerance, or more nodes with mesh.nodes"
    )
