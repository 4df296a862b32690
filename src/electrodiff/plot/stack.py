"""Panels over the whole domain: x in nm, layers shaded by permittivity and named, curves broken at the interfaces."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from electrodiff.ends import Wall
from electrodiff.plot.labels import Label, draw_labels, fit_in_a_row, text_width, write_title
from electrodiff.plot.scale import NANOMETRE, Ladder, Unit, linear_limits
from electrodiff.plot.sheet import HEAD, INCH, LEFT, LEGEND_LINE, RIGHT, WIDTH, hide_x_labels, size_mm
from electrodiff.plot.style import (
    GUIDE,
    MINUS,
    MM_PER_POINT,
    fixed_charge_label,
    font_size,
    ion_label,
    ion_style,
    number,
    shade,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from electrodiff.solution import Solution

Floats = NDArray[np.float64]

# Space between the entries of the legend of ions, and its line samples with their padding [mm].
_ENTRY_GAP, _SAMPLE = 4.0, 12.0
# A bath this many times as long as all other layers is cut if its curves change there by less than this part.
_LONG, _FLAT = 20.0, 3e-3
# Label by which the lines of the interfaces are found.
_INTERFACE = "_interface"


def broken(solution: Solution, values: Floats) -> Floats:
    """(M,) values along the profiles, with NaN put between layers, so that a curve does not cross a jump."""
    starts = [entries.start for entries in solution.layer_entries[1:]]
    return np.insert(values, starts, np.nan)


def shown_span(solution: Solution) -> tuple[float, float]:
    """Where panels begin and end [m]: with the stack, but of a long bath only what is beside the other layers.

    Of a cell of 10 um around a membrane of 5 nm nothing else would be seen.
    """
    edges = solution.problem.mesh.x[solution.problem.mesh.boundaries]
    first, last = float(edges[0]), float(edges[-1])
    if len(edges) < 3:
        return first, last
    left, right = last - float(edges[1]), float(edges[-2]) - first
    if edges[1] - first > _LONG * left and _is_flat(solution, solution.x < edges[1] - left):
        first = float(edges[1]) - left
    if last - edges[-2] > _LONG * right and _is_flat(solution, solution.x > edges[-2] + right):
        last = float(edges[-2]) + right
    return first, last


def _is_flat(solution: Solution, where: NDArray[np.bool_]) -> bool:
    """Whether nothing is to be seen there: potential and concentrations change by less than a line is wide."""
    curves = np.vstack([solution.potential, solution.concentration])
    seen = np.maximum(np.ptp(curves, axis=1), np.append(0.0, solution.concentration.max(axis=1)))
    return bool((np.ptp(curves[:, where], axis=1) <= _FLAT * seen).all())


def panels(solution: Solution, axes: Sequence[Axes]) -> None:
    """Make axes under each other into panels over x [nm]: shades, interfaces, shared x axis."""
    first, last = shown_span(solution)
    for ax in axes:
        _shade(solution, ax)
        ax.set_xlim(first * NANOMETRE, last * NANOMETRE)
        ax.set_xlabel("x [nm]")
    hide_x_labels(axes[:-1])


def _shade(solution: Solution, ax: Axes) -> None:
    edges = [float(x) * NANOMETRE for x in solution.problem.mesh.x[solution.problem.mesh.boundaries]]
    for layer, (left, right) in zip(solution.case.layers, pairwise(edges), strict=True):
        shade(ax, left, right, solution.case, layer)
    for edge in edges[1:-1]:
        ax.axvline(edge, zorder=-1, label=_INTERFACE, **{**GUIDE, "linewidth": 0.6})


def name_layers(solution: Solution, ax: Axes) -> float:
    """Write the names of the layers along the top of a panel; return the share of its height that they take.

    Fixed charges are written under the names if that takes no second row.
    """
    names = solution.case.layer_names
    charges = [fixed_charge_label(layer) for layer in solution.case.layers]
    labels = _layer_labels(solution, [f"{name}\n{text}".rstrip() for name, text in zip(names, charges, strict=True)])
    return write_labels(ax, labels if fit_in_a_row(ax, labels) else _layer_labels(solution, names))


def _layer_labels(solution: Solution, texts: Sequence[str]) -> list[Label]:
    edges = np.clip(solution.problem.mesh.x[solution.problem.mesh.boundaries], *shown_span(solution)) * NANOMETRE
    return [
        Label(text, float(left + right) / 2, float(right - left))
        for text, (left, right) in zip(texts, pairwise(edges), strict=True)
    ]


def write_labels(ax: Axes, labels: Sequence[Label]) -> float:
    """Write labels along the top of a panel, its interfaces ending under them; return their share of its height."""
    headroom = draw_labels(ax, labels) / size_mm(ax)[1]
    for line in ax.lines:
        if line.get_label() == _INTERFACE:
            line.set_ydata([0.0, 1.0 - headroom])
    return headroom


def curve(
    solution: Solution, ax: Axes, values: Floats, ladder: Ladder, name: str, headroom: float, **style: Any
) -> Unit:
    """Draw one profile [SI] over the whole domain on a linear axis, `name` and unit on its label; return the unit."""
    unit = ladder.unit(values)
    ax.plot(broken(solution, solution.x) * NANOMETRE, broken(solution, values) * unit.factor, **style)
    ax.set_ylabel(f"{name} [{unit.name}]")
    ax.set_ylim(linear_limits(values * unit.factor, unit.floor, headroom))
    return unit


def ion_curves(solution: Solution, ax: Axes, scale: float) -> list[Floats]:
    """Draw the concentration of each ion where it is not absent, times `scale`; return what was drawn."""
    drawn = []
    partition, bounds = solution.problem.chain.partition, solution.problem.mesh.boundaries
    for index, concentration in enumerate(solution.concentration):
        present = concentration * scale
        for entries, (first, last) in zip(solution.layer_entries, pairwise(bounds), strict=True):
            if not partition[first:last, index].any():
                present[entries] = np.nan
        drawn.append(present)
        ax.plot(
            broken(solution, solution.x) * NANOMETRE, broken(solution, present), label=f"_{index}", **ion_style(index)
        )
    return drawn


def title(solution: Solution, figure: Figure) -> None:
    """Write the title of the case and the potential across it over a figure, and whether the solution is one."""
    facts = f"{number(solution.membrane_potential * 1e3, 4)} mV"
    at_wall = any(isinstance(end, Wall) for end in (solution.case.left, solution.case.right))
    facts = f"V = {facts} (left {MINUS} right)" if at_wall else f"Vₘ = {facts}"
    facts += "" if solution.converged else " (not converged)"
    write_title(figure, solution.case.title, facts)


def legend_lines(labels: Sequence[str]) -> int:
    """Lines of a legend under the title with these labels."""
    length = sum(text_width(label) + _SAMPLE + _ENTRY_GAP for label in labels)
    return math.ceil(length / (WIDTH - LEFT - RIGHT))


def _ion_handles(solution: Solution, drawn: Collection[int] | None) -> list[Line2D]:
    case = solution.case
    return [
        Line2D([], [], label=ion_label(ion, case.valence(ion)), **ion_style(index))
        for index, ion in enumerate(case.ion_names)
        if drawn is None or index in drawn
    ]


def ion_head(solution: Solution, more: Sequence[Line2D] = (), drawn: Collection[int] | None = None) -> float:
    """Height of a figure's head with a title and a legend of the ions, or of those that are drawn, and of `more` [mm]."""
    labels = [str(handle.get_label()) for handle in (*_ion_handles(solution, drawn), *more)]
    return HEAD + legend_lines(labels) * LEGEND_LINE


def ion_legend(
    solution: Solution, figure: Figure, more: Sequence[Line2D] = (), drawn: Collection[int] | None = None
) -> None:
    """Write the legend of the ions, or of those that are drawn, and of `more` under the title of a figure."""
    legend(figure, [*_ion_handles(solution, drawn), *more])


def legend(figure: Figure, handles: Sequence[Line2D]) -> None:
    """Write a legend under the title of a figure."""
    if not handles:
        return
    lines = legend_lines([str(handle.get_label()) for handle in handles])
    height = figure.get_size_inches()[1] * INCH
    box = figure.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=(LEFT / WIDTH, 1.0 - HEAD / height),
        ncols=math.ceil(len(handles) / lines),
        columnspacing=_ENTRY_GAP / (font_size() * MM_PER_POINT),
        borderpad=0.0,
    )
    for text in box.get_texts():
        text.set_parse_math(False)
