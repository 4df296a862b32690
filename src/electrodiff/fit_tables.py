"""What a person reads in the terminal of a fit: the parameters, how well they are known, and what is left over."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
from rich.console import Group, RenderableType
from rich.text import Text

from electrodiff.fit_result import Fit
from electrodiff.quantities import quantity_of, rounded_up
from electrodiff.tables import SHOWN, add_cells, titled_table


def summary_tables(fit: Fit) -> Group:
    """The summary of a fit."""
    parts: list[RenderableType] = [Text(fit.case.title, style="bold"), _parameters(fit)]
    parts += [Text(text) for text in (_correlations(fit), _residuals(fit)) if text]
    parts += [Text(f"warning: {text}", style="yellow") for text in fit.warnings]
    return Group(*parts, Text(fit.message, style="dim"))


def _parameters(fit: Fit) -> RenderableType:
    title = f"Fitted to {fit.data.size} measurements: value, standard error and 95 % interval"
    table = titled_table(title, "parameter", "value", "+-", "from", "to", "unit")
    for k, key in enumerate(fit.parameters):
        # What the field writes in a unit of its own is shown in it.
        unit, size = SHOWN.get(fit.units[k], (fit.units[k], 1.0))
        value, error = float(fit.value[k]) / size, float(fit.standard_error[k]) / size
        digits = _digits(value, error)
        low, high = (_number(bound / size, digits) for bound in fit.interval[k].tolist())
        add_cells(
            table, key, _number(value, digits), rounded_up(error) if math.isfinite(error) else "none", low, high, unit
        )
    return table


def _digits(value: float, error: float) -> int:
    """As many digits as say something beside an error."""
    if not (error > 0 and math.isfinite(error) and value):
        return 4
    return min(max(math.floor(math.log10(abs(value))) - math.floor(math.log10(error)) + 2, 2), 6)


def _number(value: float, digits: int) -> str:
    if not math.isfinite(value):
        return "none"
    mantissa, sign, exponent = f"{value:.{digits}g}".partition("e")
    return f"{mantissa}e{int(exponent)}" if sign else mantissa


def _correlations(fit: Fit) -> str:
    """The correlation of each pair of parameters."""
    pairs = [
        f"{_short(fit, i)} and {_short(fit, j)} {fit.correlation[i, j]:.3f}"
        for i, j in combinations(range(len(fit.parameters)), 2)
        if np.isfinite(fit.correlation[i, j])
    ]
    return f"correlations: {', '.join(pairs)}" if pairs else ""


def _short(fit: Fit, k: int) -> str:
    """As much of a key as tells it from the other parameters."""
    parts = fit.parameters[k].split(".")
    others = [key.split(".") for n, key in enumerate(fit.parameters) if n != k]
    count = next((n for n in range(1, len(parts)) if all(parts[-n:] != other[-n:] for other in others)), len(parts))
    return ".".join(parts[-count:])


def _residuals(fit: Fit) -> str:
    """One sentence on what is left over."""
    unit, size = SHOWN[quantity_of(fit.data.quantity).dimension.unit]
    left = float(np.sqrt(np.mean(np.square(fit.residual))))
    text = f"residuals: {left / size:.3g} {unit} (root of the mean square)"
    if fit.chi_square is not None and fit.reduced_chi_square is not None:
        return (
            f"{text}; chi-square {fit.chi_square:.4g} for {fit.degrees_of_freedom} degrees of freedom, "
            f"{fit.reduced_chi_square:.3g} for each, p = {fit.p_value:.2g}"
        )
    known = float(fit.sigma[0])
    return (
        text
        if math.isnan(known)
        else f"{text}; sigma of the data, not given, is estimated as {known / size:.3g} {unit}"
    )
