"""What a fitted case predicts between the measurements, for figures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from electrodiff.fit_data import Floats, Measurements
from electrodiff.fit_result import Fit
from electrodiff.solvers.predict import Points, predictor

# Straight lines between so many points look like a curve.
POINTS = 41
# A condition that varies by more than this factor is shown on a logarithmic axis.
WIDE = 5.0


@dataclass(frozen=True)
class FittedCurve:
    """The measurements of one set of conditions, and what the fitted case says along one axis."""

    conditions: dict[str, float]
    """What sets this curve apart from the others, by key [SI]."""
    indices: tuple[int, ...]
    """Its measurements."""
    x: Floats
    """Positions along the axis [SI]."""
    y: Floats
    """What the case predicts there [SI]."""


def axis_of(data: Measurements) -> str:
    """What measurements are drawn against: `potential`, the one condition that varies, or nothing."""
    if data.potential is not None:
        return "potential"
    varied = varied_conditions(data)
    return varied[0] if len(varied) == 1 else ""


def is_wide(data: Measurements, axis: str) -> bool:
    """Whether an axis is logarithmic."""
    if axis in ("", "potential"):
        return False
    values = data.values[:, data.conditions.index(axis)]
    return bool(values.min() > 0 and values.max() > WIDE * values.min())


def varied_conditions(data: Measurements) -> list[str]:
    """The conditions that are not the same for all measurements."""
    return [key for key, column in zip(data.conditions, data.values.T, strict=True) if np.ptp(column) > 0]


def fitted_curves(fit: Fit) -> list[FittedCurve]:
    """A curve for each set of conditions; none where several conditions vary and there is no axis."""
    axis = axis_of(fit.data)
    if axis == "potential":
        return _currents(fit)
    return [_potentials(fit, axis)] if axis else []


def _currents(fit: Fit) -> list[FittedCurve]:
    data, varied = fit.data, varied_conditions(fit.data)
    assert data.potential is not None
    groups: dict[tuple[float, ...], list[int]] = {}
    for index, values in enumerate(map(tuple, data.values.tolist())):
        groups.setdefault(values, []).append(index)
    x = {
        key: np.linspace(data.potential[rows].min(), data.potential[rows].max(), POINTS) for key, rows in groups.items()
    }
    base = fit.points.values[0, 0] - data.potential[0]
    rows = np.vstack([np.column_stack([base + grid, np.tile(key, (POINTS, 1))]) for key, grid in x.items()])
    y = _predicted(fit, rows).reshape(len(groups), POINTS)
    return [
        FittedCurve(
            {key: value for key, value in zip(data.conditions, own, strict=True) if key in varied},
            tuple(at),
            x[own],
            line,
        )
        for (own, at), line in zip(groups.items(), y, strict=True)
    ]


def _potentials(fit: Fit, axis: str) -> FittedCurve:
    data, column = fit.data, fit.data.conditions.index(axis)
    own = data.values[:, column]
    spaced = np.geomspace if is_wide(data, axis) else np.linspace
    rows = np.tile(data.values[0], (POINTS, 1))
    rows[:, column] = spaced(own.min(), own.max(), POINTS)
    return FittedCurve({}, tuple(range(data.size)), rows[:, column], _predicted(fit, rows))


def _predicted(fit: Fit, rows: Floats) -> Floats:
    """The fitted case at other values of the same conditions."""
    keys = [key for key in fit.parameters if key not in fit.points.conditions]
    numbers = dict(zip(fit.parameters, fit.value.tolist(), strict=True))
    values = np.column_stack([rows, np.tile([numbers[key] for key in keys], (len(rows), 1))])
    points = Points(fit.points.case, fit.points.quantity, (*fit.points.conditions, *keys), values)
    return predictor(points, ()).predict(np.zeros(0)).value
