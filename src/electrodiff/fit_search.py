"""The search for the parameters of a fit: how they are scaled, and predictions as scipy's `least_squares` asks for them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from electrodiff import units
from electrodiff.errors import CaseError, ConvergenceError, shown_value
from electrodiff.fit_data import Floats, Measurements
from electrodiff.key_numbers import KeyNumber
from electrodiff.solvers.predict import Prediction, Predictor

# A positive parameter is looked for within this factor of where it starts, unless bounds say more: so far away that the
# search, which slows down towards a bound, does not feel it.
FACTOR = 1e30
# Predictions that are less well known than this part of sigma move the parameters by as much of their own intervals.
FINE_ENOUGH = 0.05
# The wanted error of predictions where sigma is not known, over their size.
ACCURACY = 1e-4
# Each refinement makes the error sixteen times smaller.
MOST_REFINEMENTS = 4
# The search ends where a step changes chi-square by less than this: it has moved the parameters by a seventh of their
# standard errors, and a next one would by a hundredth.  In a valley along which the data tell nothing it would
# go on for ever.
NOTHING = 0.02
# Or, of data that are met exactly, where a step changes the parameters by less than this part.
TOLERANCE = 1e-7
MOST_EVALUATIONS = 100


@dataclass(frozen=True)
class Scaled:
    """A parameter as the search sees it: the logarithm of it over its start, or its distance from there in common sizes."""

    number: KeyNumber
    low: float
    high: float
    size: float

    @staticmethod
    def of(number: KeyNumber, bounds: tuple[float | str, float | str] | None) -> Scaled:
        """A parameter that starts as it is in the case, within these bounds if they are given."""
        value = float(number.value)
        # The step of a difference is a part of a common size of its kind.
        size = value if number.is_positive else 128.0 * number.step
        low, high = (value / FACTOR, value * FACTOR) if number.is_positive else (-math.inf, math.inf)
        if bounds is not None:
            low, high = _ends(number, bounds)
            if not low < value < high or (number.is_positive and not low > 0):
                raise CaseError(
                    f"bounds of {number.key} are {low:g} and {high:g}; its start {value:g} must lie between them"
                    f"{', both greater than zero' if number.is_positive else ''}"
                )
        return Scaled(number, low, high, size)

    @property
    def logarithmic(self) -> bool:
        """Whether it is searched for as its logarithm."""
        return self.number.is_positive

    def value(self, x: float) -> float:
        """The parameter at a position of the search."""
        return self.size * math.exp(x) if self.logarithmic else float(self.number.value) + self.size * x

    def position(self, value: float) -> float:
        """The position of a value."""
        return math.log(value / self.size) if self.logarithmic else (value - float(self.number.value)) / self.size

    def slope(self, value: float) -> float:
        """d(value)/dx"""
        return value if self.logarithmic else self.size


def _ends(number: KeyNumber, bounds: Any) -> tuple[float, float]:
    """The lowest and the highest value that a parameter may have."""
    try:
        low, high = bounds
        return _bound(number, low), _bound(number, high)
    except (TypeError, ValueError) as error:
        if isinstance(error, CaseError):
            raise
        raise CaseError(
            f"bounds of {number.key} are {shown_value(bounds)}; expected the lowest and the highest value, two numbers"
        ) from None


def _bound(number: KeyNumber, bound: float | str) -> float:
    if isinstance(bound, str):
        try:
            return units.to_si(bound, number.field.dimension)
        except units.UnitError:
            raise CaseError(f"bounds: {number.key} has the bound '{bound}'; expected a number with a unit") from None
    return float(bound)


class Search:
    """Residuals and their derivatives for scipy, each prediction from the states of the best one before."""

    def __init__(self, data: Measurements, own: Predictor, scaled: Sequence[Scaled]) -> None:
        self.data, self.own, self.scaled = data, own, list(scaled)
        # Without sigma the size of the data does: what is left over says the rest.
        self.weight = 1 / data.sigma if data.sigma is not None else np.full(data.size, 1 / _size(data.measured))
        self.last: Prediction | None = None
        self.at: Floats | None = None
        self.evaluations = 0

    def run(self) -> tuple[Floats, Prediction, Any]:
        """Position, prediction there, and the result of scipy; on finer lines as long as they matter."""
        x = np.zeros(len(self.scaled))
        for refinements in range(MOST_REFINEMENTS + 1):
            result = self._minimised(x)
            x = np.asarray(result.x)
            best = self.own.predict(self.values(x), self.last, careful=True)
            self.evaluations += 1
            check_failures(best, self.data)
            if self._is_fine(best) or refinements == MOST_REFINEMENTS:
                break
            self.own, self.last, self.at = self.own.refined(), None, None
        return x, best, result

    def _minimised(self, x: Floats) -> Any:
        # Here, as it takes as long to import as a solve.
        from scipy.optimize import least_squares

        check_failures(self._predicted(x), self.data)
        low, high = np.array([[one.position(bound) for bound in (one.low, one.high)] for one in self.scaled]).T
        return least_squares(
            self._residuals,
            x,
            jac=self._derivatives,
            bounds=(low, high),
            x_scale="jac",
            ftol=NOTHING / self.data.size,
            xtol=TOLERANCE,
            gtol=TOLERANCE,
            max_nfev=MOST_EVALUATIONS,
        )

    def _is_fine(self, best: Prediction) -> bool:
        """Whether the discretisation errors are small beside sigma, or where that is unknown, beside the predictions."""
        if self.data.sigma is not None:
            return bool((best.error <= FINE_ENOUGH * self.data.sigma).all())
        left = float(np.sqrt(np.mean(np.square(self.data.measured - best.value))))
        return bool(best.error.max() <= max(FINE_ENOUGH * left, ACCURACY * _size(self.data.measured)))

    def values(self, x: Floats) -> Floats:
        """(K,) parameters at a position of the search."""
        return np.array([one.value(float(part)) for one, part in zip(self.scaled, x, strict=True)])

    def _predicted(self, x: Floats) -> Prediction:
        if self.last is None or self.at is None or not np.array_equal(x, self.at):
            found = self.own.predict(self.values(x), self.last)
            self.evaluations += 1
            if found.failures and self.last is not None:
                # A step too far; the states before stay where the next one starts.
                return found
            self.last, self.at = found, np.array(x)
        return self.last

    def _residuals(self, x: Floats) -> Floats:
        return (self._predicted(x).value - self.data.measured) * self.weight

    def _derivatives(self, x: Floats) -> Floats:
        prediction = self._predicted(x)
        slopes = [one.slope(value) for one, value in zip(self.scaled, self.values(x), strict=True)]
        return np.asarray(prediction.jacobian * np.array(slopes) * self.weight[:, None])


def _size(measured: Floats) -> float:
    return float(np.abs(measured).max()) or 1.0


def check_failures(prediction: Prediction, data: Measurements) -> None:
    """Raise ConvergenceError about the first measurement that has no solution, or no derivatives."""
    if prediction.failures:
        index, reason = next(iter(prediction.failures.items()))
        more = f" (and {len(prediction.failures) - 1} more)" if len(prediction.failures) > 1 else ""
        raise ConvergenceError(f"{data.where(index)}: this measurement has no solution{more}: {reason}")
    if not np.isfinite(prediction.jacobian).all():
        index = int(np.flatnonzero(~np.isfinite(prediction.jacobian).all(axis=1))[0])
        raise ConvergenceError(f"{data.where(index)}: the equations are singular there, so that it has no derivatives")
