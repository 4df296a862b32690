"""Parameters of a case from measurements, by least squares.

    minimise  sum over the measurements of ((measured - predicted) / sigma)^2

A parameter that cannot be negative is searched for as its logarithm.  Derivatives come from the solved equations
(`solvers.tangent`); no solution is differenced.  Where sigma is given, the covariance of the parameters is (J^T J)^-1, J the
derivatives over sigma, and intervals are those of a normal distribution; else sigma, the same for all, is what is left over,
and intervals are Student's.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from electrodiff.checks import SIDES
from electrodiff.ends import Reservoir
from electrodiff.errors import CaseError
from electrodiff.fields import InKT
from electrodiff.fit_data import Floats, Measurements, as_measurements
from electrodiff.fit_result import Fit
from electrodiff.fit_search import FINE_ENOUGH, Scaled, Search
from electrodiff.key_numbers import KeyNumber, checked_number
from electrodiff.model import Case
from electrodiff.solvers.iv import clamped_at
from electrodiff.solvers.predict import Points, Prediction, predictor

# Confidence of the intervals.
CONFIDENCE = 0.95
# Two parameters with a correlation above this are told together, and neither by itself: each is known seven times worse
# than if the other were known.
TIED = 0.99
# The search comes to a bound from inside, and is there at this distance: a thousandth of a positive parameter.
AT_BOUND = 1e-3
# A positive parameter that is not even known to this factor is not known.
VAGUE = 10.0
# A case that is right leaves so much in one fit of a thousand.
UNLIKELY = 1e-3


def fit(
    case: Case,
    data: Any,
    parameters: Sequence[str] | str | None = None,
    *,
    bounds: Mapping[str, tuple[float | str, float | str]] | None = None,
) -> Fit:
    """Fit numbers of a case to measured currents or reversal potentials.

    data: the path of a CSV file, a dict of columns or an xarray Dataset (see docs/fit.md).  parameters: key paths, by
    default `[fit] parameters` of the case, which holds what they start from.  bounds: lowest and highest value by key.
    Raises CaseError about data, parameters or conditions that do not fit the case, and ConvergenceError if a measurement
    has no solution at the start.
    """
    numbers = [_parameter(case, key) for key in _wanted(case, parameters)]
    measurements = as_measurements(data, case)
    if measurements.size < len(numbers):
        raise CaseError(
            f"{measurements.source}: {measurements.size} measurements cannot tell {len(numbers)} parameters; measure more, "
            "or fit fewer"
        )
    scaled = [Scaled.of(number, (bounds or {}).get(number.key)) for number in numbers]
    for key in bounds or {}:
        if key not in {number.key for number in numbers}:
            raise CaseError(f"bounds: {key} is not a parameter; fit it too, or drop its bounds")
    points = _points(case, measurements, numbers)
    search = Search(measurements, predictor(points, [number.key for number in numbers]), scaled)
    return _result(case, search, *search.run())


def _wanted(case: Case, parameters: Sequence[str] | str | None) -> list[str]:
    wanted = (
        [parameters] if isinstance(parameters, str) else list(parameters or (case.fit.parameters if case.fit else ()))
    )
    if not wanted:
        raise CaseError(
            "there is no parameter to fit; name some, such as layers.membrane.partition.K, with --parameter or in "
            "[fit] parameters"
        )
    for key in wanted:
        if wanted.count(key) > 1:
            raise CaseError(f"{key} is named twice among the parameters; drop one of them")
    return wanted


def _parameter(case: Case, key: str) -> KeyNumber:
    if key == "temperature":
        raise CaseError("temperature is no parameter: what is scaled with it would be mixed up; measure it")
    number = checked_number(case, key)
    if number.is_positive and number.value == 0:
        raise CaseError(f"{key} is 0, and where it starts it must be greater than zero; guess its order of magnitude")
    return number


def _points(case: Case, data: Measurements, numbers: Sequence[KeyNumber]) -> Points:
    """The measurements as points of a case; every set of conditions is checked."""
    known = (*data.conditions, *(() if data.potential is None else ("left.potential",)))
    for number in numbers:
        if number.key in known:
            raise CaseError(
                f"{data.source}: {number.key} is a column and a parameter; it is known or looked for, not both"
            )
    checked: set[tuple[float, ...]] = set()
    base = _base(case, data)
    for index, row in enumerate(map(tuple, data.values.tolist())):
        if row and row not in checked:
            _check_conditions(base, data, index)
            checked.add(row)
    if data.potential is None:
        return Points(base, data.quantity, data.conditions, data.values)
    right = float(base.right.potential)  # type: ignore[union-attr, arg-type]
    values = np.column_stack([right + data.potential, data.values])
    return Points(base, data.quantity, ("left.potential", *data.conditions), values)


def _check_conditions(base: Case, data: Measurements, index: int) -> None:
    try:
        base.changed(data.row(index))
    except CaseError as error:
        raise CaseError(f"{data.where(index)}: with these conditions {str(error).removeprefix('case: ')}") from None


def _base(case: Case, data: Measurements) -> Case:
    """The steady case that is measured: clamped for currents, at rest for potentials."""
    steady = {"study": {"kind": "steady"}, "expect": []}
    between = all(isinstance(getattr(case, side), Reservoir) for side in SIDES)
    if data.potential is not None:
        if not between:
            raise CaseError(
                f"{data.source}: a current is measured between two ends of kind 'reservoir'; this case has others"
            )
        return clamped_at(case, 0.0)
    floats = any(getattr(getattr(case, side), "potential", None) == "floating" for side in SIDES)
    return case.changed({**steady, "left.potential": "floating"} if between and not floats else steady)


# ---- what is known afterwards -----------------------------------------------------------------------------------


def _result(case: Case, search: Search, x: Floats, best: Prediction, found: Any) -> Fit:
    data, scaled = search.data, search.scaled
    values = search.values(x)
    left = data.measured - best.value
    freedom = data.size - len(values)
    sigma = data.sigma
    if sigma is None:
        sigma = np.full(data.size, math.sqrt(float(left @ left) / freedom) if freedom else math.nan)
    slopes = np.array([one.slope(value) for one, value in zip(scaled, values, strict=True)])
    deviation, correlation = _spread(best.jacobian * slopes, sigma)
    reach = _quantile(None if data.sigma is not None else freedom) * deviation
    interval = np.array([_interval(one, value, by) for one, value, by in zip(scaled, values, reach, strict=True)])
    keys = [one.number.key for one in scaled]
    result = Fit(
        case=case,
        # What is expected of the case is so at the start.
        fitted_case=case.changed({"expect": [], **_as_given(scaled, values)}),
        data=data,
        points=search.own.points,
        parameters=tuple(keys),
        units=tuple(one.number.unit for one in scaled),
        start=np.array([float(one.number.value) for one in scaled]),
        value=values,
        standard_error=deviation * slopes,
        interval=interval,
        correlation=correlation,
        predicted=best.value,
        prediction_error=best.error,
        sigma=sigma,
        jacobian=best.jacobian,
        evaluations=search.evaluations,
        converged=bool(found.success),
        message=_message(search, found),
        warnings=(),
    )
    return _with_warnings(result, scaled, reach)


def _as_given(scaled: Sequence[Scaled], values: Floats) -> dict[str, float]:
    """Values by key, in kT where the case has that."""
    return {
        one.number.key: InKT(value) if isinstance(one.number.value, InKT) else value
        for one, value in zip(scaled, values.tolist(), strict=True)
    }


def _spread(jacobian: Floats, sigma: Floats) -> tuple[Floats, Floats]:
    """(K,) standard deviations, infinite where nothing is told, and (K, K) correlations from derivatives (P, K)."""
    weighted = jacobian / sigma[:, None]
    if not np.isfinite(weighted).all():
        # Nothing is left over, and so nothing is known of sigma.
        unknown = np.full(jacobian.shape[1], math.nan)
        return unknown, np.diag(unknown + 1.0)
    length = np.sqrt(np.square(weighted).sum(axis=0))
    told = length > 0
    _, singular, right = np.linalg.svd(weighted / np.where(told, length, 1.0), full_matrices=False)
    # Below this, rounding is all that keeps parameters apart.
    floor = weighted.shape[0] * np.finfo(float).eps
    inverse = 1 / np.maximum(singular, floor)
    covariance = (right.T * inverse**2) @ right
    root = np.sqrt(np.diag(covariance))
    deviation = np.where(told & (root < 0.1 / floor), root / np.where(told, length, 1.0), math.inf)
    return deviation, covariance / np.outer(root, root)


def _quantile(freedom: int | None) -> float:
    """Half the width of the interval in standard deviations; freedom: of Student's distribution, None of the normal one."""
    from scipy.special import ndtri, stdtrit

    if freedom == 0:
        return math.nan
    return float(ndtri((1 + CONFIDENCE) / 2) if freedom is None else stdtrit(freedom, (1 + CONFIDENCE) / 2))


def _interval(one: Scaled, value: float, by: float) -> tuple[float, float]:
    if not one.logarithmic:
        return value - one.size * by, value + one.size * by
    # e^700 is the largest number there is.
    return value * math.exp(-by), value * math.exp(by) if not by > 700 else math.inf


def _message(search: Search, found: Any) -> str:
    nodes = search.own.lines[-1].nodes
    work = f"{search.evaluations} predictions of {search.data.size} measurements on {nodes} nodes"
    if found.success:
        return f"converged after {work}"
    return f"did not converge in {work}; start nearer to the answer, or fit fewer parameters"


def _with_warnings(result: Fit, scaled: Sequence[Scaled], reach: Floats) -> Fit:
    return replace(result, warnings=tuple(_warnings(result, scaled, reach)))


def _warnings(result: Fit, scaled: Sequence[Scaled], reach: Floats) -> Iterator[str]:
    for one, value in zip(scaled, result.value.tolist(), strict=True):
        for bound in (one.low, one.high):
            if math.isfinite(bound) and abs(one.position(value) - one.position(bound)) < AT_BOUND:
                yield f"{one.number.key} is at its bound {bound:g}; the data want it beyond: give wider bounds, or drop it"
    for one, by in zip(scaled, reach.tolist(), strict=True):
        if math.isinf(by):
            yield f"{one.number.key} changes none of the measurements; drop it, or measure where it matters"
        elif one.logarithmic and by > math.log(VAGUE):
            yield f"{one.number.key} is not known to a factor of {VAGUE:g}; drop it, or measure where it matters"
    for i, first in enumerate(result.parameters):
        for j in range(i):
            if abs(result.correlation[i, j]) > TIED:
                yield (
                    f"{result.parameters[j]} and {first} have a correlation of {result.correlation[i, j]:.4f}: the data tell "
                    "them together, and neither by itself; fix one, or measure under other conditions"
                )
    if result.p_value is not None and result.p_value < UNLIKELY:
        yield (
            f"the residuals are larger than sigma says (reduced chi-square {result.reduced_chi_square:.3g}): the case does "
            "not describe the data, or sigma is too small"
        )
    if result.degrees_of_freedom == 0:
        yield "there are as many parameters as measurements, so that nothing is left over to judge the fit by"
    if not np.isfinite(result.sigma).all() and result.degrees_of_freedom:
        yield "nothing is known of the errors of the data"
    coarse = result.prediction_error > FINE_ENOUGH * result.sigma
    if result.data.sigma is not None and coarse.any():
        worst = float((result.prediction_error / result.sigma).max())
        yield f"the discretisation error is up to {worst:.2g} of sigma"
    if result.data.unused:
        yield f"not used: {', '.join(result.data.unused)}"
