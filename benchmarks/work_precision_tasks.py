"""The courses in time on which methods are compared: a discrete problem, the moment at which it starts, and what is watched.

All methods get the same problem, moment and output times, so that what differs between their answers is the error in time.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from electrodiff import Case, NewtonOptions, bundled_case, load_case
from electrodiff.fvm.kernels.arrays import Floats
from electrodiff.fvm.kernels.arrivals import mean_conduction
from electrodiff.fvm.problem import Problem, build_problem
from electrodiff.plot.style import MINUS
from electrodiff.solvers.march import Ends, MarchOptions, Moment, march
from electrodiff.solvers.robust import solve_robustly
from electrodiff.solvers.rodas import ORDER, interpolated
from electrodiff.solvers.schedule import case_at_start, segments
from electrodiff.solvers.starts import after_jump, initial_state, start_of
from electrodiff.solvers.transient import USUAL_TOLERANCE, transient_mesh, transient_problem
from electrodiff.study import TransientStudy
from electrodiff.units import FARADAY

Observe = Callable[[Problem, Floats], float]


class Effort(NamedTuple):
    """What a run found and took."""

    values: Floats
    """(T,) of what is watched"""
    steps: int
    factorisations: int
    evaluations: int
    """Of the flows of all faces."""


@dataclass(frozen=True)
class Task:
    """A course in time.  Its times are in units of the problem, its values in units of what is watched."""

    title: str
    problem: Problem
    moment: Moment
    times: Floats
    """(T,) of the outputs."""
    observe: Observe
    error_name: str
    """What `error` is, with its unit."""
    floor: float = field(default=1.0)
    """A value below this need not be known better than to the same part of it."""
    is_relative: bool = field(default=True)

    def values(self, states: Iterable[Floats]) -> Floats:
        """(T,) what is watched in each of the states."""
        return np.array([self.observe(self.problem, state) for state in states])

    def error(self, values: Floats, reference: Floats) -> float:
        """The largest error of the values, over themselves or over what counts as zero if it is a relative one."""
        scale = np.maximum(np.abs(reference), self.floor) if self.is_relative else np.ones_like(reference)
        return float(np.max(np.abs(values - reference) / scale))


def total_current(problem: Problem, state: Floats) -> float:
    """Total current density [A/m^2] between ends at constant potentials: the mean of the conduction, each face weighted with
    its share of the potential difference in a dielectric (W. Shockley, J. Appl. Phys. 9 (1938) 635; S. Ramo, 1939)."""
    return float(mean_conduction(problem.chain, state) * FARADAY * problem.scales.flux)


def membrane_potential(problem: Problem, state: Floats) -> float:
    """Potential [mV] of the left end, less that of the right."""
    return float(state[0, -1] - state[-1, -1]) * problem.scales.potential * 1e3


def task_of(
    case: Case, title: str, observe: Observe, error_name: str, floor: float = 1.0, relative: bool = True
) -> Task:
    """The task of a case in time whose ends are constant after t = 0."""
    study = case.study
    if not isinstance(study, TransientStudy):
        raise TypeError(f"study.kind is '{study.kind}'; expected 'transient'")
    mesh = transient_mesh(case)
    before, (course,) = case_at_start(case), segments(case)
    if study.start == "steady":
        state = solve_robustly(build_problem(before, mesh), None, NewtonOptions()).result.state
    else:
        state = initial_state(transient_problem(before, mesh))
    problem = transient_problem(course.first, mesh)
    moment = after_jump(problem, start_of(transient_problem(before, mesh), state))
    times = np.array([time for time in study.output_times() if time > 0]) / problem.scales.time
    return Task(title, problem, moment, times, observe, error_name, floor, relative)


def voltage_step(nodes: int = 1001) -> Task:
    """The step of -65 mV on `clamped_membrane`, with 61 outputs from 1 ps to 1 us."""
    case = load_case(bundled_case("clamped_membrane"))
    wanted = case.left.model_dump()["potential"]
    study = {
        "kind": "transient",
        "end": 1e-6,
        "output": {"from": 1e-12, "to": 1e-6, "per_decade": 10},
        "protocol": [{"at": 0.0, "set": {"left.potential": wanted}}],
    }
    stepped = case.changed({"left.potential": 0.0, "mesh.nodes": nodes, "study": study, "expect": []})
    # A current below 0.02 A/m^2, a tenth of the steady one, need not be known better than to the same part of that.
    return task_of(
        stepped, f"Step of {MINUS}65 mV on a membrane", total_current, "error of the current, relative", 0.02
    )


def blocking_cell() -> Task:
    """The charging of a cell between blocking electrodes, as it is shipped."""
    case = load_case(bundled_case("blocking_cell_charging"))
    return task_of(case, "Cell between blocking electrodes", total_current, "error of the current, relative")


def whole_cell() -> Task:
    """The spherical cell from picoseconds to days, as it is shipped."""
    case = load_case(bundled_case("cell_from_picoseconds_to_days"))
    return task_of(
        case, "Cell from 10 ps to 11 days", membrane_potential, "error of the potential [mV]", relative=False
    )


def constant_ends(problem: Problem) -> Ends:
    """The ends as they are given in a problem, at all times."""
    target, charge = problem.chain.target[[0, -1]], problem.chain.surface_charge[[0, -1]]

    def at(times: Floats) -> tuple[Floats, Floats, Floats]:
        count = len(times)
        return np.repeat(target[None], count, axis=0), np.repeat(charge[None], count, axis=0), np.zeros(count)

    return Ends(at, is_constant=True)


def next_output(times: Sequence[float], now: float, step: float, close: float) -> float:
    """The first of the times beyond this part of a step, at which it is to end; those before are interpolated."""
    return times[min(bisect_left(times, now + close * step), len(times) - 1)]


def solve_ours(task: Task, tolerance: float, close: float) -> Effort:
    """The values by the march of the project."""
    # As in `solve_transient`: the first step too is shorter for a smaller tolerance.
    first = replace(task.moment, step=task.moment.step * (tolerance / USUAL_TOLERANCE) ** (1 / ORDER))
    times, values, last = task.times.tolist(), list[float](), first
    course = march(
        task.problem,
        constant_ends(task.problem),
        first,
        times[-1],
        MarchOptions(tolerance=tolerance),
        lambda now: next_output(times, now.time, now.step, close),
        lambda start, end: bisect_right(times, start) < bisect_left(times, end),
    )
    for step in course:
        last = step.end
        while len(values) < len(times) and times[len(values)] <= last.time:
            fraction = (times[len(values)] - step.start.time) / (last.time - step.start.time)
            state = interpolated(fraction, step.start.state, last.state, step.stages) if fraction < 1 else last.state
            values.append(task.observe(task.problem, state))
    tried = last.steps + last.rejected
    return Effort(np.array(values), last.steps, tried, 8 * tried)
