"""The figure of a current-voltage curve: the net current and that of each ion, and what textbook models say instead."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from matplotlib.lines import Line2D

from electrodiff.membrane import find_membrane
from electrodiff.plot import stack
from electrodiff.plot.drawing import styled
from electrodiff.plot.labels import write_title
from electrodiff.plot.ladder_curves import current_unit, draw_zeros, mark_reversal
from electrodiff.plot.scale import linear_limits
from electrodiff.plot.sheet import Row, sheet
from electrodiff.plot.style import ion_style, number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from electrodiff.current_voltage import CurrentVoltage
    from electrodiff.solution import Solution

# Height of the panel [mm].
_HEIGHT = 92.0
_NET: dict[str, Any] = {"color": "black", "linewidth": 2.6}
# Thin, over the net current, which they may hide behind; the first is what is closest to it most often.
_THIN: tuple[dict[str, Any], ...] = (
    {"color": "#56B4E9", "linewidth": 1.2, "zorder": 3},
    {"color": "#E69F00", "linewidth": 1.2, "linestyle": (0, (5, 2)), "zorder": 3},
)


@styled
def iv(curve: CurrentVoltage, given: Sequence[Axes] = ()) -> Figure:
    """Net current density and that of each ion that carries any against the membrane potential [mV], with the reversal.

    Thin, the net current of GHK and of the chord circuit, where they have an answer; of `compare`'s models those of
    bulk concentrations, which everybody knows.
    """
    found = [solution for solution in curve.solutions if solution.converged]
    models = _models(found)
    styles = dict(zip(models, _THIN, strict=False))
    more = [Line2D([], [], label="net", **_NET), *(Line2D([], [], label=f"net, {m}", **styles[m]) for m in models)]
    of_case = cast("Solution", curve)  # the legend asks for nothing but the case
    drawn = _carriers(curve)
    figure, ((ax,),) = sheet([Row(_HEIGHT, 0.0)], stack.ion_head(of_case, more, drawn), given)
    _title(curve, figure)
    stack.ion_legend(of_case, figure, more, drawn)
    _draw(curve, ax, {title: np.array(values) for title, values in models.items()}, styles)
    return figure


def _carriers(curve: CurrentVoltage) -> list[int]:
    """Places in the case of the ions that carry a current at any potential."""
    carries: list[int] = np.flatnonzero(np.nan_to_num(curve.ion_current).any(axis=0)).tolist()
    return carries


def _models(found: list[Solution]) -> dict[str, tuple[float, ...]]:
    """Net current of the textbook models at the potentials that were found [A/m^2], by title."""
    if not found:
        return {}
    # Here, as every figure of `run` would wait for the ladder of models else.
    from electrodiff.ladder.curves import rivals

    everything = rivals(find_membrane(found[0].case), found)
    return {title: values for title, values in everything.items() if "face values" not in title}


def _draw(curve: CurrentVoltage, ax: Axes, models: dict[str, Any], styles: dict[str, dict[str, Any]]) -> None:
    potential = curve.voltage * 1e3
    everything = np.concatenate([curve.current_density, curve.ion_current.ravel()])
    seen = everything[np.isfinite(everything)]
    unit, size = current_unit(seen.tolist())
    draw_zeros(ax)
    for index in _carriers(curve):
        ax.plot(potential, curve.ion_current[:, index] / size, label=f"_{index}", **ion_style(index))
    ax.plot(potential, curve.current_density / size, label="net", **_NET)
    converged = np.array([solution.converged for solution in curve.solutions])
    for title, values in models.items():
        ax.plot(potential[converged], values / size, label=f"net, {title}", **styles[title])
    low, high = float(potential[0]), float(potential[-1])
    ax.set_xlim((low, high) if high > low else (low - 1.0, high + 1.0))
    ax.set_ylim(linear_limits(seen / size, 0.0, with_zero=True))
    ax.set_xlabel("membrane potential, left minus right [mV]")
    ax.set_ylabel(f"current density to the right [{unit}]")
    zero = curve.reversal_potential * 1e3
    if low <= zero <= high:
        mark_reversal(ax, zero, " mV")


def _title(curve: CurrentVoltage, figure: Figure) -> None:
    zero = curve.reversal_potential
    facts = "no reversal" if np.isnan(zero) else f"reversal at {number(zero * 1e3, 4)} mV"
    write_title(figure, curve.case.title, facts + ("" if curve.converged else " (not converged)"))
