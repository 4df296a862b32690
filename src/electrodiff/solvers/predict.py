"""What measurements a case predicts, and by how much its parameters change them: many points on one set of meshes.

A point is the case with some conditions: potentials, concentrations, or anything else with a number.  All points share the
topology of three nested lines; each is solved from the coarsest to the finest of them, from its own states at the parameters
before, or the first time from those of the point before.  Values are extrapolated from the lines, and so are the
derivatives, which come from the solved equations (see `tangent`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from electrodiff.errors import CaseError
from electrodiff.extrapolation import extrapolate
from electrodiff.fluxes import Fluxes
from electrodiff.fvm.kernels.arrays import Floats
from electrodiff.fvm.moving import moved_problem, with_ends_of
from electrodiff.fvm.problem import Problem, build_problem
from electrodiff.grid.geometry import has_area
from electrodiff.grid.line import Line, layered_line
from electrodiff.key_numbers import KeyNumber, moved, number_at
from electrodiff.model import Case
from electrodiff.solvers.guess import with_pinned
from electrodiff.solvers.levels import Level, prolonged
from electrodiff.solvers.newton import NewtonOptions, Status, solve_newton
from electrodiff.solvers.robust import Attempt, solve_robustly
from electrodiff.solvers.steady import describe
from electrodiff.solvers.tangent import Explicit, Tangent, derivative, explicit, linearised, tangent
from electrodiff.units import FARADAY

# Part of the usual step of a difference.  Without extrapolation it leaves 1e-5 of what changes as the twentieth power of a
# parameter, and nothing of what is linear in it: enough to lead downhill and to say how wide an interval is.
FINE = 1 / 16
# Keys of what the ends give, which in the arrays of a problem is nothing but its targets.
_OF_ENDS = re.compile(r"(left|right)\.(potential|current|concentrations\.[^.]+)")

READ = ("current_density", "membrane_potential")
"""The quantities that can be predicted."""


@dataclass(frozen=True)
class Points:
    """P points: the case with C conditions, and the quantity that is measured there."""

    case: Case
    quantity: str
    """One of `READ`."""
    conditions: tuple[str, ...]
    """Key paths."""
    values: Floats
    """(P, C) [SI]"""

    def numbers(self, index: int) -> dict[str, float]:
        """The conditions of a point by key."""
        return dict(zip(self.conditions, self.values[index].tolist(), strict=True))


@dataclass(frozen=True)
class Prediction:
    """What P points give with K parameters; NaN where a point was not solved."""

    value: Floats
    """(P,) [SI]"""
    error: Floats
    """(P,) its estimated discretisation error"""
    jacobian: Floats
    """(P, K) derivatives by the parameters"""
    states: dict[int, list[Floats]]
    """State on every line of each point that was solved: where the next prediction starts."""
    failures: dict[int, str] = field(default_factory=dict)
    """Why a point was not solved."""


@dataclass(frozen=True)
class Predictor:
    """Points, parameters, and the lines on which they are solved."""

    points: Points
    parameters: tuple[KeyNumber, ...]
    lines: tuple[Line, ...]
    """Nested, from the coarsest."""

    def refined(self) -> Predictor:
        """The same with twice the cells on every line."""
        return replace(self, lines=tuple(line.refined() for line in self.lines))

    @cached_property
    def base(self) -> list[Problem]:
        """The problem of the lines' own point at the first parameters on each of them; those of all others lie beside it."""
        return [build_problem(line.case, line.mesh()) for line in self.lines]

    @cached_property
    def is_separable(self) -> bool:
        """Whether the conditions are nothing but targets, so that all points share the other arrays of their problems."""
        case = self.points.case
        plain = case.mesh.geometry == "planar" and not has_area(case) and case.activity is None
        given = not any(pathway.conductances for pathway in case.pathways)
        return plain and given and all(map(_OF_ENDS.fullmatch, self.points.conditions))

    @cached_property
    def has_fixed_ends(self) -> bool:
        """Whether what the ends give is the same for all parameters."""
        return self.is_separable and not any(_OF_ENDS.fullmatch(number.key) for number in self.parameters)

    @cached_property
    def ends(self) -> dict[tuple[int, int], Problem]:
        """Where that is so, a problem with the ends of each point on each line, once it has been made."""
        return {}

    def predict(self, values: Floats, before: Prediction | None = None, careful: bool = False) -> Prediction:
        """What the points give with parameters (K,), from the states of a prediction before.

        careful: check the states on the finest line against their closed forms, as a single solve does, and extrapolate the
        derivatives too.
        """
        return _Pass(self, values).run(before, careful)


def predictor(points: Points, parameters: Sequence[str]) -> Predictor:
    """The points with lines for the one of them that needs the most nodes.  Raises CaseError about a parameter."""
    if points.quantity not in READ:
        raise CaseError(f"'{points.quantity}' cannot be predicted here; take one of {', '.join(READ)}")
    numbers = tuple(number_at(points.case, key) for key in parameters)
    case = points.case.replace("mesh.nodes", None)
    found = (layered_line(moved(case, points.numbers(index))) for index in range(len(points.values)))
    return Predictor(points, numbers, tuple(max(found, key=lambda line: line.nodes).nested()))


class _Pass:
    """One prediction: the problems at one set of parameters, shared as far as they can be."""

    def __init__(self, own: Predictor, values: Floats) -> None:
        self.own, self.points = own, own.points
        self.at = {number.key: float(value) for number, value in zip(own.parameters, values, strict=True)}
        self._built: dict[tuple[int, str, float, int], Problem] = {}
        self._cases: dict[tuple[int, str, float], Case] = {}

    def run(self, before: Prediction | None, careful: bool) -> Prediction:
        """Solve all points, one after the other."""
        count, lines, keys = len(self.points.values), len(self.own.lines), len(self.at)
        values, slopes = np.full((lines, count), np.nan), np.full((lines, count, keys), np.nan)
        states: dict[int, list[Floats]] = {}
        failures: dict[int, str] = {}
        last: Level | None = None
        for index in range(count):
            known = before.states.get(index) if before is not None else None
            try:
                levels = self._solved(index, known, last, careful)
            except CaseError as reason:
                failures[index] = str(reason)
                continue
            if not levels[-1].converged:
                failures[index] = describe(levels[-1])
                continue
            last, states[index] = levels[0], [level.result.state for level in levels]
            for number, level in enumerate(levels):
                values[number, index] = _reading(level, self.points.quantity)
                if careful or number == lines - 1:
                    slopes[number, index] = self._slopes(index, number, level)
        value, error = extrapolate(list(values))
        # Those of the finest line, good to 1e-3, lead down as well.
        jacobian = extrapolate(list(slopes))[0] if careful else slopes[-1]
        return Prediction(value, error, jacobian, states, failures)

    def _solved(self, index: int, known: list[Floats] | None, neighbour: Level | None, careful: bool) -> list[Level]:
        """The point on every line, up to the first on which it fails."""
        levels: list[Level] = []
        for number, _ in enumerate(self.own.lines):
            problem = self._of_point(index, number)
            guess: Floats | None = None
            if known is not None:
                guess = known[number] if self.own.has_fixed_ends else with_pinned(problem, known[number].copy())
            elif levels or neighbour is not None:
                guess = prolonged(levels[-1] if levels else neighbour, problem)  # type: ignore[arg-type]
            is_last = number == len(self.own.lines) - 1
            levels.append(Level(problem, _attempt(problem, guess, careful and is_last), None))
            if not levels[-1].converged:
                break
        return levels

    def _of_point(self, index: int, number: int) -> Problem:
        """The problem of a point on a line."""
        problem = self._material(index, number, "", 0.0)
        if not self.own.is_separable:
            return problem
        case = self._case(index, "", 0.0)
        if not self.own.has_fixed_ends:
            return with_ends_of(problem, case)
        if (index, number) not in self.own.ends:
            self.own.ends[index, number] = with_ends_of(problem, case)
        known = self.own.ends[index, number]
        chain = problem.chain._replace(target=known.chain.target)
        return Problem(case, problem.mesh, problem.scales, chain, problem.border._replace(value=known.border.value))

    def _beside(self, index: int, number: int, key: str, distance: float) -> Problem:
        """The same with one parameter moved; of a parameter that is no target the targets may be those of another point."""
        if self.own.is_separable and _OF_ENDS.fullmatch(key):
            return with_ends_of(self._material(index, number, "", 0.0), self._case(index, key, distance))
        return self._material(index, number, key, distance)

    def _material(self, index: int, number: int, key: str, distance: float) -> Problem:
        """The problem with one parameter moved, with the ends of the first point where all points share the rest."""
        owner = 0 if self.own.is_separable else index
        place = (owner, key, distance, number)
        if place not in self._built:
            self._built[place] = moved_problem(self.own.base[number], self._case(owner, key, distance))
        return self._built[place]

    def _case(self, index: int, key: str, distance: float) -> Case:
        """The case of a point with one parameter moved."""
        place = (index, key, distance)
        if place not in self._cases:
            numbers = {own: value + (distance if own == key else 0.0) for own, value in self.at.items()}
            self._cases[place] = moved(self.points.case, {**self.points.numbers(index), **numbers})
        return self._cases[place]

    def _slopes(self, index: int, number: int, level: Level) -> Floats:
        """(K,) derivatives of the quantity on one line."""
        problem, result = level.problem, level.result
        linear = linearised(problem, result.state, result.gate)
        slopes = np.full(len(self.at), np.nan)
        if linear is None:
            return slopes
        for place, (key, value) in enumerate(self.at.items()):
            step = replace(self.own.parameters[place], value=value).step

            def moved_equations(distance: float, key: str = key) -> Explicit:
                return explicit(self._beside(index, number, key, distance), result.state, result.gate)

            given, _ = derivative(moved_equations, FINE * step, columns=1)
            with suppress(np.linalg.LinAlgError):  # at a fold there is none
                slopes[place] = _slope(problem, tangent(linear, Explicit(*given)), self.points.quantity)
        return slopes


def _attempt(problem: Problem, guess: Floats | None, careful: bool) -> Attempt:
    """Plain Newton from a good guess, or all that there is."""
    if guess is not None and not careful:
        result = solve_newton(problem, guess)
        if result.status is Status.CONVERGED:
            return Attempt(result)
    return solve_robustly(problem, guess, NewtonOptions())


def _reading(level: Level, quantity: str) -> float:
    """The quantity on one line [SI]."""
    problem, state = level.problem, level.result.state
    if quantity == "membrane_potential":
        return float((state[0, -1] - state[-1, -1]) * problem.scales.potential)
    return Fluxes(problem, state, level.result.gate).current_density


def _slope(problem: Problem, change: Tangent, quantity: str) -> float:
    """Its derivative along a tangent; of the current through a face of the most resistive layer, where it is not rounded."""
    if quantity == "membrane_potential":
        return float((change.state[0, -1] - change.state[-1, -1]) * problem.scales.potential)
    start, stop = problem.mesh.boundaries[problem.mesh.resistive_layer :][:2]
    flow = change.flow[int(start + stop) // 2, :-1]
    return float(flow @ np.array(problem.chain.valence) * problem.scales.flux * FARADAY)
