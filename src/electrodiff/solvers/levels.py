"""Solving on nested meshes: each state is the first guess of the next, and together they say how good they are."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from electrodiff.extrapolation import extrapolate, extrapolate_profile
from electrodiff.fvm.kernels.arrays import Floats
from electrodiff.fvm.kernels.entries import prolong
from electrodiff.fvm.problem import Problem, build_problem
from electrodiff.grid.line import Line, nested_meshes
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
    def numbers(self) -> Floats:
        """(scalars,) the same in order; NaN for one that is not defined."""
        return np.array(list(self.scalars.values()), dtype=float)

    def without_arrays(self) -> Level:
        """The same with its numbers, but without the arrays they were read from, which are as large as its problem."""
        assert self.numbers.size
        self.__dict__.pop("readings", None)
        return self

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
    for line, mesh in zip(lines, nested_meshes(lines), strict=True):
        start = levels[-1] if levels and levels[-1].converged else before
        level = solve_level(line.case, mesh, line, start, options)
        levels = [*levels, level] if level.converged and (not levels or levels[-1].converged) else [level]
    return levels


def prolonged(level: Level, problem: Problem) -> Floats:
    """The state of a level on the nodes of a finer mesh: potentials and logarithms of activities interpolated."""
    state = level.result.state
    guess = np.empty((problem.mesh.nodes, state.shape[1]))
    prolong(level.problem.mesh.x, problem.mesh.x, state, guess)
    return with_pinned(problem, guess)


@dataclass(frozen=True)
class Estimates:
    """Extrapolated scalars of nested levels and their estimated errors; NaN where one is not defined, or has no estimate."""

    names: Sequence[str]
    values: Floats
    """(scalars,) SI"""
    errors: Floats
    """(scalars,) SI"""
    gaps: Floats
    """(scalars,) error over the wanted accuracy times the larger of the size and the scale of each"""

    @property
    def scalars(self) -> dict[str, float | None]:
        """Values by name; None for NaN."""
        return self._table(self.values)

    @property
    def error(self) -> dict[str, float | None]:
        """Errors by name; None for NaN."""
        return self._table(self.errors)

    @property
    def largest_gap(self) -> float:
        """The largest gap; 0 without any."""
        return float(np.fmax.reduce(self.gaps, initial=0.0))

    @property
    def missed(self) -> tuple[str, ...]:
        """The scalars whose estimated error is more than what is wanted."""
        return tuple(self.names[index] for index in np.flatnonzero(self.gaps > 1).tolist())

    def _table(self, numbers: Floats) -> dict[str, float | None]:
        return {name: None if x != x else x for name, x in zip(self.names, numbers.tolist(), strict=True)}


def scalar_estimates(levels: Sequence[Level]) -> Estimates:
    """What the scalars of nested levels, coarsest first, say together."""
    last = levels[-1]
    values, errors = extrapolate([*(level.without_arrays().numbers for level in levels[:-1]), last.numbers])
    # What only the finest mesh defines has its value from there.
    values = np.where(np.isnan(values), last.numbers, values)
    errors = errors + np.array(list(last.readings.roundings().values()))
    sizes = np.fmax(np.abs(values), np.array(list(last.readings.scales().values())))
    wanted = last.problem.case.mesh.accuracy * np.maximum(sizes, sys.float_info.min)
    with np.errstate(invalid="ignore", over="ignore"):  # of a state that is no solution
        return Estimates(list(last.scalars), values, errors, errors / wanted)


class LazyProfiles(Mapping[str, Floats]):
    """Profiles that are found when one of them is first asked for."""

    def __init__(self, find: Callable[[], dict[str, Floats]]) -> None:
        self._find: Callable[[], dict[str, Floats]] | None = find
        self._found: dict[str, Floats] = {}

    @property
    def _all(self) -> dict[str, Floats]:
        if self._find is not None:
            self._found, self._find = self._find(), None
        return self._found

    def __getitem__(self, name: str) -> Floats:
        return self._all[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    def __reduce__(self) -> tuple[type[dict[str, Floats]], tuple[dict[str, Floats]]]:
        """How they are sent to another process: found."""
        return dict, (self._all,)


def lazy_profiles(levels: Sequence[Level]) -> tuple[LazyProfiles, LazyProfiles]:
    """The two tables of `profile_estimates`, which are found together."""
    both = functools.cache(lambda: profile_estimates(levels))
    return LazyProfiles(lambda: both()[0]), LazyProfiles(lambda: both()[1])


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
