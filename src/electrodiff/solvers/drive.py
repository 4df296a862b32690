"""What is given at the ends at any time of a segment: straight from its first values to its last, and sines on top."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from electrodiff.fvm.kernels.arrays import CURRENT, Floats
from electrodiff.fvm.problem import Problem, build_problem
from electrodiff.keys import value_at
from electrodiff.solvers.march import Ends, Moment
from electrodiff.solvers.schedule import Segment, Sine

Values = tuple[Floats, Floats, Floats]


def segment_ends(segment: Segment, first: Problem, last: Problem) -> Ends:
    """The targets, charges and currents at the ends of a segment, at times since its start in the scale of its problems.

    Of ions of finite size or with activity coefficients, a sine of a concentration is one of the activity.
    """
    unit = first.scales.time
    start = _values(first)
    climb = _difference(_values(last), start)
    waves = [(one, _difference(_values(_higher(first, alike)), start)) for one, *alike in _alike(segment.sines)]
    duration = segment.end - segment.start

    def at(times: Floats) -> Values:
        seconds = np.asarray(times) * unit
        parts = [seconds / duration] if last is not first else []
        parts += [np.array([one.value(segment.start + time) for time in seconds]) / one.amplitude for one, _ in waves]
        changes = [climb] if last is not first else []
        changes += [change for _, change in waves]
        return tuple(_sum(value, parts, [change[k] for change in changes], seconds) for k, value in enumerate(start))  # type: ignore[return-value]

    return Ends(at, is_constant=last is first and not waves)


def problem_at(problem: Problem, ends: Ends, time: float) -> Problem:
    """The problem with what is given at a time."""
    targets, charges, currents = ends.at(np.array([time]))
    chain, border = problem.chain, problem.border
    target, charge = chain.target.copy(), chain.surface_charge.copy()
    target[[0, -1]] = targets[0]
    charge[[0, -1]] = charges[0]
    value = np.where(border.kind == CURRENT, currents[0], border.value)
    return replace(
        problem, chain=chain._replace(target=target, surface_charge=charge), border=border._replace(value=value)
    )


def end_rates(ends: Ends, moment: Moment) -> tuple[Floats, Floats]:
    """Rates of the potentials (2,) and of the surface charges (2,) given at the left and right end."""
    if ends.is_constant:
        return np.zeros(2), np.zeros(2)
    ahead = 1e-6 * moment.step
    targets, charges, _ = ends.at(np.array([moment.time, moment.time + ahead]))
    return (targets[1, :, -1] - targets[0, :, -1]) / ahead, (charges[1] - charges[0]) / ahead


def _sum(value: Floats, parts: list[Floats], changes: list[Floats], seconds: Floats) -> Floats:
    """value + sum of part(t) times change, (T, ...)."""
    total = np.broadcast_to(value, (seconds.size, *np.shape(value))).copy()
    for part, change in zip(parts, changes, strict=True):
        total += np.multiply.outer(part, change)
    return total


def _alike(sines: tuple[Sine, ...]) -> list[list[Sine]]:
    """Sines that go up and down together, such as those of the ions of a salt, which are neutral only together.

    The first of each list stands for its course, and is there once more with the others.
    """
    groups: dict[tuple[float, float, float], list[Sine]] = {}
    for sine in sines:
        groups.setdefault((sine.frequency, sine.phase, sine.start), []).append(sine)
    return [[group[0], *group] for group in groups.values()]


def _values(problem: Problem) -> Values:
    """Targets (2, m) and surface charges (2,) of the first and the last node, and the net current."""
    chain, border = problem.chain, problem.border
    current = border.value[border.kind == CURRENT].sum()
    return chain.target[[0, -1]].copy(), chain.surface_charge[[0, -1]].copy(), np.asarray(current)


def _difference(values: Values, start: Values) -> Values:
    return values[0] - start[0], values[1] - start[1], values[2] - start[2]


def _higher(problem: Problem, sines: list[Sine]) -> Problem:
    """The problem with given values higher by the amplitudes of their sines."""
    tree = problem.case.model_dump()
    changed = {sine.key: (value_at(tree, sine.key) or 0.0) + sine.amplitude for sine in sines}
    return build_problem(problem.case.changed(changed), problem.mesh)
