"""The figure of a fit: measurements, what the fitted case says, and what is left over."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from electrodiff.fit_curves import FittedCurve, axis_of, fitted_curves, is_wide
from electrodiff.key_numbers import number_at
from electrodiff.plot import stack
from electrodiff.plot.drawing import styled
from electrodiff.plot.labels import write_title
from electrodiff.plot.ladder_curves import current_unit
from electrodiff.plot.scale import linear_limits
from electrodiff.plot.sheet import CLOSE, HEAD, LEGEND_LINE, Row, hide_x_labels, sheet
from electrodiff.plot.style import COLOURS, GUIDE, number
from electrodiff.plot.sweep_axes import key_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from electrodiff.fit_result import Fit

# Heights of the two panels [mm].
_DATA, _RESIDUALS = 80.0, 32.0
_MARKERS = ("o", "s", "^", "D", "v", "P", "X")
# More curves than this cannot be told apart.
_MOST = len(_MARKERS)
# What conditions are shown in, and its size in SI.
_UNITS = {"V": ("mV", 1e-3), "mol/m^3": ("mM", 1.0), "m": ("nm", 1e-9)}
# Standard deviations within which 95 of 100 residuals are.
_USUAL = 1.96


@styled
def fit(result: Fit, given: Sequence[Axes] = ()) -> Figure:
    """Measurements with their standard deviations and the fitted curves, over the residuals in standard deviations.

    A curve for each set of conditions; where several conditions vary and there is no potential, measured against fitted.
    """
    curves = fitted_curves(result)
    handles = [_handle(index, curve) for index, curve in enumerate(curves)] if 1 < len(curves) <= _MOST else []
    lines = stack.legend_lines([str(handle.get_label()) for handle in handles]) if handles else 0
    rows = [Row(_DATA, 0.0), Row(_RESIDUALS, CLOSE)]
    figure, ((above,), (below,)) = sheet(rows, HEAD + lines * LEGEND_LINE, given)
    write_title(figure, result.case.title, _facts(result))
    stack.legend(figure, handles)
    _draw(result, curves, above, below)
    hide_x_labels([above])
    return figure


def _facts(result: Fit) -> str:
    count = f"{result.data.size} measurements"
    reduced = result.reduced_chi_square
    return count if reduced is None else f"{count}, reduced χ² = {number(reduced)}"


def _look(index: int) -> dict[str, Any]:
    return {"color": COLOURS[index % len(COLOURS)], "marker": _MARKERS[index % _MOST], "markersize": 4.5}


def _handle(index: int, curve: FittedCurve) -> Line2D:
    return Line2D([], [], label=_name(curve), **_look(index))


def _name(curve: FittedCurve) -> str:
    """What sets a curve apart: `right: K 4 mM, Na 145 mM`."""
    parts: list[str] = []
    before = ""
    for key, value in curve.conditions.items():
        side, is_of_bath, ion = key.partition(".concentrations.")
        first = f"{side}: " if side != before else ""
        parts.append(f"{first}{ion} {value:.4g} mM" if is_of_bath else f"{_short(key)} {value:.4g}")
        before = side if is_of_bath else ""
    return ", ".join(parts)


def _short(key: str) -> str:
    """A key in few words."""
    return " ".join(part for part in key.split(".") if part not in ("concentrations", "layers", "ions"))


def _draw(result: Fit, curves: Sequence[FittedCurve], above: Axes, below: Axes) -> None:
    data = result.data
    unit, size = ("mV", 1e-3) if data.quantity == "membrane_potential" else current_unit(data.measured.tolist())
    x, label, scale = _abscissa(result, size, unit)
    if is_wide(data, axis_of(data)):
        for ax in (above, below):
            _logarithmic(ax)
    groups: list[tuple[tuple[int, ...], FittedCurve | None]] = [(curve.indices, curve) for curve in curves]
    groups = groups or [(tuple(range(data.size)), None)]
    sigma = result.sigma if np.isfinite(result.sigma).all() else None
    for index, (places, curve) in enumerate(groups):
        rows = list(places)
        look = _look(index)
        error = None if sigma is None else sigma[rows] / size
        above.errorbar(
            x[rows],
            data.measured[rows] / size,
            yerr=error,
            linestyle="none",
            capsize=2.0,
            zorder=3,
            label="_data",
            **look,
        )
        if curve is not None:
            above.plot(curve.x / scale, curve.y / size, color=look["color"], linewidth=1.4, zorder=2, label="_fit")
        if sigma is not None:
            below.plot(x[rows], (result.residual / sigma)[rows], linestyle="none", zorder=3, label="_residuals", **look)
    if not curves:
        ends = [float(x.min()), float(x.max())]
        above.plot(ends, ends, zorder=0, label="_equal", **GUIDE)
    elif data.potential is not None:
        above.axhline(0.0, zorder=0, **GUIDE)
        above.axvline(0.0, zorder=0, **GUIDE)
    above.set_ylabel(f"{'potential' if data.quantity == 'membrane_potential' else 'current density'} [{unit}]")
    _residual_axis(below, [] if sigma is None else (result.residual / sigma).tolist(), result.data.sigma is not None)
    below.set_xlabel(label)
    if not is_wide(data, axis_of(data)):
        for ax in (above, below):
            ax.set_xlim(linear_limits(x, 0.0))


def _abscissa(result: Fit, size: float, unit: str) -> tuple[np.ndarray, str, float]:
    """Positions of the measurements, the label of their axis, and the size of its unit."""
    data, axis = result.data, axis_of(result.data)
    if axis == "potential":
        assert data.potential is not None
        return data.potential * 1e3, "membrane potential, left minus right [mV]", 1e-3
    if not axis:
        return result.predicted / size, f"fitted potential [{unit}]", size
    si = number_at(result.case, axis).field.dimension.unit
    name, scale = _UNITS.get(si, (si, 1.0))
    words = key_words(result.case, axis)
    return (
        data.values[:, data.conditions.index(axis)] / scale,
        f"{words} [{name}]" if name else words,
        scale,
    )


def _logarithmic(ax: Axes) -> None:
    ax.set_xscale("log")
    ax.xaxis.set_major_locator(LogLocator(10, subs=(1.0, 2.0, 5.0)))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.xaxis.set_minor_formatter(NullFormatter())


def _residual_axis(ax: Axes, residuals: Sequence[float], is_given: bool) -> None:
    """Residuals with a band that holds 95 of 100."""
    ax.axhspan(-_USUAL, _USUAL, color="0.93", linewidth=0, zorder=-1)
    ax.axhline(0.0, zorder=0, **GUIDE)
    largest = max([3.0, *map(abs, residuals)])
    ax.set_ylim(-1.1 * largest, 1.1 * largest)
    ax.set_ylabel("residual / σ" if is_given else "residual / estimated σ")
    if math.isfinite(largest) and largest == 3.0:
        ax.set_yticks([-2, 0, 2])
