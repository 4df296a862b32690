"""The heart of a sweep: scalars of one case at many values of some of its keys.

Points that differ in numbers only are solved in lanes, several at once (see `solvers.batch`).  What has no place there or is
not done there is a case of its own for the full solver, which starts from the state of the point before in its chain.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from electrodiff.current_voltage import CurrentVoltage
from electrodiff.errors import CaseError, ElectrodiffError
from electrodiff.model import Case
from electrodiff.profiles import Floats
from electrodiff.quantities import CLOSED_FORMS
from electrodiff.rivals import closed_forms
from electrodiff.solution import Solution
from electrodiff.solvers.batch.scalars import batch_names
from electrodiff.solvers.batch.solve import chain_points, solve_batch
from electrodiff.solvers.batch.stacks import fits_lanes, points_of
from electrodiff.solvers.iv import clamped_at, slope, solve_iv, unclamped
from electrodiff.solvers.levels import Level
from electrodiff.solvers.newton import NewtonOptions
from electrodiff.solvers.steady import solve_beside
from electrodiff.study import IVStudy, SteadyStudy
from electrodiff.sweep_result import PointResults
from electrodiff.sweep_study import ROUTES

# Points of a chain: a neighbour saves half of the Newton steps of a closed cell, whose contents are unknown, and little in a
# membrane between baths; a longer chain would make larger chunks, and branches of a gated membrane depend on its start.
CHAIN = 16
# Points of a second or less: steady states of 15 ms each, and of 0.05 ms in lanes.  It is what a kill loses of every worker.
CHUNK, LANE_CHUNK = 64, 8192

Scalars = Mapping[str, tuple[float | None, float | None]]
"""Scalars by full name, each with its estimated error."""


class Point(NamedTuple):
    """What was found at one point."""

    scalars: Scalars
    converged: bool
    iterations: int
    nodes: int
    message: str
    levels: list[Level]
    """Its nested meshes, from which a neighbour starts."""


def chain_and_chunk(case: Case, keys: Collection[str], names: Collection[str], size: int) -> tuple[int, int]:
    """How many of `size` points make a chain, and how many take about a second."""
    study = case.study
    if isinstance(study, IVStudy):
        return CHAIN, max(CHUNK // (1 + len(study.potential_values())), 1) if "rectification" in names else CHUNK
    in_lanes = fits_lanes(case, keys) and set(names) - {*CLOSED_FORMS} <= {*batch_names(case)}
    if not in_lanes:
        return CHAIN, CHUNK
    # Closed forms need each case by itself.
    return chain_points(size), CHUNK if any(name in CLOSED_FORMS for name in names) else LANE_CHUNK


def solve_points(
    case: Case, keys: Sequence[str], values: Floats, names: Sequence[str], starts: Collection[int] = (0,)
) -> PointResults:
    """The scalars of these `names` at P points.

    case: what all points have in common, its study that of a point; keys: (K,) the keys that are changed, and values:
    (P, K) to what [SI]; starts: the points that do not start from the one before.  A point that fails has its reason.
    """
    results = PointResults.empty(names, len(values))
    _solve_in_lanes(case, keys, values, starts, results)
    left = np.flatnonzero(~results.converged)
    # After a point that is missing there is none to start from.
    firsts = np.flatnonzero(np.isin(left, list(starts)) | (np.diff(left, prepend=-2) > 1))
    solved = _solved(case, keys, values[left], names, firsts.tolist())
    for index, point in zip(left.tolist(), solved, strict=True):
        if isinstance(point, str):
            results.reasons[index] = point
            continue
        results.iterations[index], results.nodes[index] = point.iterations, point.nodes
        results.converged[index] = point.converged
        if not point.converged:
            results.reasons[index] = point.message
            continue
        pairs = [point.scalars[name] for name in names]
        # None becomes NaN.
        results.values[index], results.errors[index] = np.array(pairs, dtype=float).reshape(-1, 2).T
    return results


def _solve_in_lanes(
    case: Case, keys: Sequence[str], values: Floats, starts: Collection[int], results: PointResults
) -> None:
    """Fill in the points that lanes can solve."""
    names, beside = list(results.names), [name for name in results.names if name in CLOSED_FORMS]
    own = [name for name in names if name not in CLOSED_FORMS]
    if not isinstance(case.study, SteadyStudy) or not set(own) <= {*batch_names(case)}:
        return
    points = points_of(case, keys, values)
    if points is None:
        return
    found = solve_batch(points, [*own, "membrane_potential"], starts)
    done = np.flatnonzero(found.done)
    columns = np.array([names.index(name) for name in own], dtype=np.int64)
    results.values[np.ix_(done, columns)], results.errors[np.ix_(done, columns)] = (
        numbers[done, : len(own)] for numbers in (found.values, found.errors)
    )
    for index in done.tolist() if beside else ():
        one = case.changed(dict(zip(keys, values[index].tolist(), strict=True)))
        for name, (value, error) in _rivals(one, beside, found.values[index, -1], found.errors[index, -1]).items():
            results.values[index, names.index(name)], results.errors[index, names.index(name)] = value, error
    results.converged[done], results.route[done] = True, ROUTES.index("batch")
    results.iterations[done], results.nodes[done] = found.iterations[done], found.nodes[done]


def _solved(
    case: Case, keys: Sequence[str], values: Floats, names: Sequence[str], starts: Collection[int]
) -> Iterator[Point | str]:
    """Every point, or why it failed."""
    solve_one = _curve if isinstance(case.study, IVStudy) else _steady
    firsts, before = set(starts), None
    for index, row in enumerate(values.tolist()):
        before = None if index in firsts else before
        try:
            point = solve_one(case.changed(dict(zip(keys, row, strict=True))), names, before)
            before = point.levels[0] if point.converged and point.levels else None
            yield point
        except ElectrodiffError as error:
            before = None
            yield str(error)
        except Exception as error:  # the rest must not suffer from one point
            before = None
            yield f"{type(error).__name__}: {error}"


def _steady(case: Case, names: Sequence[str], before: Level | None) -> Point:
    """The steady state at one point."""
    solution, levels = solve_beside(case, NewtonOptions(), before)
    return Point(_steady_scalars(solution, names), *_facts(solution), levels)


def _facts(solution: Solution) -> tuple[bool, int, int, str]:
    return solution.converged, solution.iterations, solution.nodes, solution.message


def _steady_scalars(solution: Solution, names: Sequence[str]) -> Scalars:
    potential, error = (table.get("membrane_potential") for table in (solution.scalars, solution.error))
    known = (np.nan, np.nan) if potential is None or error is None else (potential, error)
    beside = _rivals(solution.case, [name for name in names if name in CLOSED_FORMS], *known)
    return {**{name: (value, solution.error[name]) for name, value in solution.scalars.items()}, **beside}


def _rivals(case: Case, names: Sequence[str], potential: float, error: float) -> dict[str, tuple[float, float]]:
    """Closed forms of these names, each with its error: that of the membrane potential if it is a difference from it."""
    models = closed_forms(case, names, potential) if names else {}
    return {name: (value, error if name.endswith("_difference") else 0.0) for name, value in models.items()}


# ---- a current-voltage curve at every point --------------------------------------------------------------------------


def _curve(case: Case, names: Sequence[str], before: Level | None) -> Point:
    """The scalars of a current-voltage curve; of its potentials no more are solved for than they take."""
    undefined = (np.nan, np.nan)
    try:
        resting, levels = solve_beside(unclamped(case), NewtonOptions(), before)
    except CaseError:  # no ion crosses
        return Point(dict.fromkeys(names, undefined), True, 0, 0, "", [])
    zero = resting.scalars["membrane_potential"] if resting.converged else None
    scalars: dict[str, tuple[float | None, float | None]] = {
        "reversal_potential": (zero, resting.error["membrane_potential"]),
        "slope_conductance": undefined,
    }
    facts = [_facts(resting)]
    if "slope_conductance" in names and zero is not None:
        held, found = solve_beside(clamped_at(case, zero), NewtonOptions(), levels[0])
        scalars["slope_conductance"] = slope(found) if held.converged else undefined
        facts.append(_facts(held))
    if "rectification" in names:
        curve = solve_iv(case, throw=False)
        scalars["rectification"] = _rectification(curve)
        facts.append((curve.converged, curve.iterations, curve.nodes, curve.message))
    converged, iterations, nodes, messages = zip(*facts, strict=True)
    message = next((text for ok, text in zip(converged, messages, strict=True) if not ok), "")
    return Point(scalars, not message, sum(iterations), max(nodes), message, levels)


def _rectification(curve: CurrentVoltage) -> tuple[float, float]:
    """abs(I(V) / I(-V)) at the largest V that the curve has with its opposite, and its estimated error."""
    known = np.flatnonzero(np.isfinite(curve.rectification) & (curve.voltage > 0))
    if not known.size:
        return np.nan, np.nan
    return float(curve.rectification[known[-1]]), float(curve.rectification_error[known[-1]])
