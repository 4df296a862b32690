"""A case fitted to measurements: its parameters, how well they are known, and what is left over."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from electrodiff.fit_data import Measurements
from electrodiff.model import Case
from electrodiff.solvers.predict import Points

Floats = NDArray[np.float64]


@dataclass(frozen=True, repr=False)
class Fit:
    """The K parameters of a case that fit P measurements best, by weighted least squares.

    What the data do not tell is NaN, or an interval without end.
    """

    case: Case
    """As it was given: the parameters at the start."""
    fitted_case: Case
    """The same with the fitted parameters."""
    data: Measurements
    """The measurements."""
    points: Points
    """The same as the case is solved for them."""
    parameters: tuple[str, ...]
    """Key paths."""
    units: tuple[str, ...]
    """SI unit of each, kT of an energy that is given so, empty of a pure number."""
    start: Floats
    """(K,) where the search began, in these units."""
    value: Floats
    """(K,) that fit best, in these units."""
    standard_error: Floats
    """(K,) of the values, to first order, in their SI units"""
    interval: Floats
    """(K, 2) with 95 % confidence each by itself; of a positive parameter from that of its logarithm"""
    correlation: Floats
    """(K, K) between the values, dimensionless."""
    predicted: Floats
    """(P,) of the fitted case [SI]"""
    prediction_error: Floats
    """(P,) their estimated discretisation errors [SI]"""
    sigma: Floats
    """(P,) standard deviations: as given, or the same for all, from what is left over [SI]"""
    jacobian: Floats
    """(P, K) derivatives of the predictions by the parameters [SI]"""
    evaluations: int
    """How often all measurements were predicted."""
    converged: bool
    """Whether the search has ended."""
    message: str
    """How it ended."""
    warnings: tuple[str, ...]
    """What makes the parameters doubtful."""

    def __repr__(self) -> str:
        found = ", ".join(f"{key} = {value:.4g}" for key, value in zip(self.parameters, self.value, strict=True))
        return f"<Fit {self.case.title!r}: {found}; {self.message}>"

    @property
    def residual(self) -> Floats:
        """(P,) measured less predicted [SI]."""
        return self.data.measured - self.predicted

    @property
    def degrees_of_freedom(self) -> int:
        """Measurements less parameters."""
        return self.data.size - len(self.parameters)

    @cached_property
    def chi_square(self) -> float | None:
        """Sum of the squares of the residuals over their standard deviations, a number; None where they are unknown."""
        return None if self.data.sigma is None else float(np.square(self.residual / self.sigma).sum())

    @property
    def reduced_chi_square(self) -> float | None:
        """The same over the number of degrees of freedom: near 1 where the case describes the data."""
        chi = self.chi_square
        return chi / self.degrees_of_freedom if chi is not None and self.degrees_of_freedom else None

    @cached_property
    def p_value(self) -> float | None:
        """Probability (a number) that a case that is right leaves so much or more; None if the data have no deviations."""
        if self.chi_square is None or not self.degrees_of_freedom:
            return None
        from scipy.special import chdtrc

        return float(chdtrc(self.degrees_of_freedom, self.chi_square))
