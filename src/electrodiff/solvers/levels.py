"""Solving on nested meshes: each state is the first guess of the next, and together they say how good they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from electrodiff.extrapolation import extrapolate, extrapolate_profile
from electrodiff.fvm.kernels.arrays import Floats
from electrodiff.fvm.problem import Problem, build_problem
from electrodiff.grid.line import Line
from electrodiff.grid.mesh import Mesh
from electrodiff.model import Case
from electrodiff.readings import Readings
from electrodiff.solution import EXTRAPOLATED
from electrodiff.solvers.guess import with_pinned
from electrodiff.solvers.newton import NewtonOptions, NewtonResult
from electrodiff.solvers.robust import Attempt, solve_robustly


@dataclass(frozen=True)
class Level:
    """A problem on one mesh and what became of it."""

    problem: Problem
    attempt: Attempt
    line: Line | None
    """The line whose mesh it is; None for a mesh that was given."""

    @property
    def result(self) -> NewtonResult:
        """How Newton's method ended."""
        return self.attempt.result

    @property
    def converged(self) -> bool:
        """Whether it did converge."""
        return self.attempt.converged

    @cached_property
    def readings(self) -> Readings:
        """What its state says."""
        return Readings(self.problem, self.result.state, self.result.gate)

    @cached_property
    def scalars(self) -> dict[str, float | None]:
        """Every reported scalar."""
        return self.readings.scalars()

    @cached_property
    def entries(self) -> list[slice]:
        """The entries of its profiles that belong to each segment of its line, spare nodes left out."""
        assert self.line is not None
        stops = np.cumsum(self.line.cells * self.line.multiple)
        starts = stops - self.line.cells * self.line.multiple + self.line.layer
        return [slice(int(a), int(b) + 1) for a, b in zip(starts, stops + self.line.layer, strict=True)]


def solve_level(case: Case, mesh: Mesh, line: Line | None, before: Level | None, options: NewtonOptions) -> Level:
    """Solve on one mesh, from the state on the one before if there is any."""
    problem = build_problem(case, mesh)
    guess = None if before is None else prolonged(before, problem)
    return Level(problem, solve_robustly(problem, guess, options), line)


def solve_nested(lines: Sequence[Line], before: Level | None, options: NewtonOptions) -> list[Level]:
    """Solve on nested lines, coarsest first; the last is there in any case, and those before it if they all converged."""
    levels: list[Level] = []
    for line in lines:
        start = levels[-1] if levels and levels[-1].converged else before
        level = solve_level(line.case, line.mesh(), line, start, options)
        levels = [*levels, level] if level.converged and (not levels or levels[-1].converged) else [level]
    return levels


def prolonged(level: Level, problem: Problem) -> Floats:
    """The state of a level on the nodes of a finer mesh: potentials and logarithms of activities interpolated."""
    coarse, fine = level.problem.mesh.x, problem.mesh.x
    state = level.result.state
    guess = np.empty((fine.size, state.shape[1]))
    guess[:, -1] = np.interp(fine, coarse, state[:, -1])
    smallest = np.finfo(float).tiny
    for i in range(state.shape[1] - 1):
        guess[:, i] = np.exp(np.interp(fine, coarse, np.log(np.maximum(state[:, i], smallest))))
        guess[:, i] *= np.interp(fine, coarse, (state[:, i] > 0).astype(float)) > 0
    return with_pinned(problem, guess)


def scalar_estimates(levels: Sequence[Level]) -> tuple[dict[str, float | None], dict[str, float | None]]:
    """Extrapolated scalars and their estimated errors; None where a scalar is not defined."""
    names = list(levels[-1].scalars)
    tables = [np.array([level.scalars[name] for name in names], dtype=float) for level in levels]
    values, errors = extrapolate(tables)
    # What only the finest mesh defines has its value from there.
    values = np.where(np.isnan(values), tables[-1], values)
    roundings = levels[-1].readings.roundings()
    errors = errors + np.array([roundings[name] for name in names])

    def table(numbers: Floats) -> dict[str, float | None]:
        return {name: None if np.isnan(x) else x for name, x in zip(names, numbers.tolist(), strict=True)}

    return table(values), table(errors)


def profile_estimates(levels: Sequence[Level]) -> tuple[dict[str, Floats], dict[str, Floats]]:
    """Extrapolated profiles on the finest mesh and their estimated errors."""
    last = levels[-1]
    if last.line is None:
        profiles = {name: getattr(last.readings, name) for name in EXTRAPOLATED}
        return profiles, {name: np.full_like(profile, np.nan) for name, profile in profiles.items()}
    values, errors = {}, {}
    for name, positive in EXTRAPOLATED.items():
        nested = [getattr(level.readings, name) for level in levels]
        spare = _spare_entries(last)
        nested[-1] = np.delete(nested[-1], spare, axis=-1)
        value, error = extrapolate_profile(nested, [level.entries for level in levels], positive)
        values[name], errors[name] = _with_spare(value, spare), _with_spare(error, spare)
    return values, errors


def _spare_entries(level: Level) -> list[int]:
    assert level.line is not None
    at = level.line.spare_at
    offset = int(level.problem.mesh.layer[at.start]) if at.stop > at.start else 0
    return list(range(at.start + offset, at.stop + offset))


def _with_spare(values: Floats, spare: list[int]) -> Floats:
    """Values at all entries: linear between its neighbours at a spare one."""
    if not spare:
        return values
    first, count = spare[0], len(spare)
    share = np.arange(1, count + 1) / (count + 1)
    between = values[..., first - 1, None] * (1 - share) + values[..., first, None] * share
    return np.concatenate([values[..., :first], between, values[..., first:]], axis=-1)


def cell_errors(level: Level, coarser: Level) -> Floats:
    """(C,) what each cell of the coarser of two nested meshes adds to the errors, relative to the wanted quantities.

    Its resistance and its charge there, less those of its two halves: a part of the ion's whole resistance, and of the
    charge that makes RT/F over a Debye length.
    """
    fine, coarse = level.readings, coarser.readings
    error = np.zeros(coarser.problem.mesh.nodes - 1)
    for here, there in zip(_resistance_shares(fine).T, _resistance_shares(coarse).T, strict=True):
        error += np.abs(there - here[::2] - here[1::2])
    unit = np.array(fine.unit_charges())[coarser.problem.mesh.layer]
    charge, halves = (np.add(*reading.half_charge) for reading in (coarse, fine))
    return np.asarray(error + np.abs(charge - halves[::2] - halves[1::2]) / unit)


def _resistance_shares(readings: Readings) -> Floats:
    """(N-1, n) resistance of each face over that of all, of the ions that cross; 0 of the others."""
    weight = readings.face_resistance
    total = weight.sum(axis=0)
    crosses = np.isfinite(total) & (total > 0)
    return np.where(crosses, weight, 0.0) / np.where(crosses, total, 1.0)
