"""A fit in a few numbers: the JSON summary."""

from __future__ import annotations

from typing import Any

import numpy as np

import electrodiff
from electrodiff.fit_result import Fit
from electrodiff.quantities import quantity_of
from electrodiff.summary import without_nan


def summary(fit: Fit, wall_s: float) -> dict[str, Any]:
    """The object that `fit --json` prints and summary.json holds; `wall_s` is the time of the fit [s]."""
    found = {
        "title": fit.case.title,
        "converged": fit.converged,
        "message": fit.message,
        "evaluations": fit.evaluations,
        "parameters": [
            {
                "key": key,
                "unit": fit.units[k],
                "start": float(fit.start[k]),
                "value": float(fit.value[k]),
                "standard_error": float(fit.standard_error[k]),
                "interval_95": fit.interval[k].tolist(),
            }
            for k, key in enumerate(fit.parameters)
        ],
        "correlation": fit.correlation.tolist(),
        "chi_square": fit.chi_square,
        "reduced_chi_square": fit.reduced_chi_square,
        "degrees_of_freedom": fit.degrees_of_freedom,
        "p_value": fit.p_value,
        "sigma_is_given": fit.data.sigma is not None,
        "data": _data(fit),
        "wall_s": wall_s,
        "version": electrodiff.__version__,
        "warnings": list(fit.warnings),
    }
    return dict(without_nan(found))


def _data(fit: Fit) -> dict[str, Any]:
    data = fit.data
    return {
        "source": data.source,
        "measurements": data.size,
        "quantity": data.quantity,
        "unit": quantity_of(data.quantity).dimension.unit,
        **({} if data.potential is None else {"potential_V": data.potential.tolist()}),
        "conditions": {key: column.tolist() for key, column in zip(data.conditions, data.values.T, strict=True)},
        "measured": data.measured.tolist(),
        "sigma": fit.sigma.tolist(),
        "predicted": fit.predicted.tolist(),
        "residual": fit.residual.tolist(),
        "prediction_error": float(np.max(fit.prediction_error)),
    }
