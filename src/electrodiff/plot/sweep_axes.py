"""The axes of a sweep as axes of a figure: values in the unit that is shown, linear, logarithmic, or choices side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from electrodiff.plot.scale import log_limits
from electrodiff.plot.style import ion_label
from electrodiff.plot.ticks import log_axis
from electrodiff.sweep_result import Sweep, shown_unit

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from electrodiff.model import Case
    from electrodiff.sweep_study import Axis

Floats = NDArray[np.float64]

# Numbers whose ratios differ by less are logarithmically spaced.
_EVEN = 1e-6
# Parts of a key path that only say what kind of thing the next part is the name of.
_TABLES = frozenset({"ions", "layers", "pathways", "transporters"})
# Choices side by side whose names have room.
_MOST_NAMES = 12


def pretty_unit(unit: str) -> str:
    """`µA/cm²` for uA/cm^2."""
    raised = unit.replace("^2", "²").replace("^3", "³")
    return f"µ{raised[1:]}" if raised.startswith("u") else raised


@dataclass(frozen=True)
class Line:
    """The values of one axis, in the unit that is shown."""

    label: str
    values: Floats
    is_log: bool
    names: tuple[str, ...] = ()
    """Of choices, whose values are 0, 1, 2, ..."""

    @property
    def edges(self) -> Floats:
        """Middles between neighbours, and as far beyond the ends."""
        places = np.log(self.values) if self.is_log else self.values
        if places.size == 1:
            half = np.log(1.5) if self.is_log else 0.5
            edges = np.array([places[0] - half, places[0] + half])
        else:
            middles = (places[1:] + places[:-1]) / 2
            edges = np.concatenate([[2 * places[0] - middles[0]], middles, [2 * places[-1] - middles[-1]]])
        return np.asarray(np.exp(edges) if self.is_log else edges)

    def dress(self, ax: Axes, which: str) -> None:
        """Scale, ticks and label of the "x" or "y" axis."""
        axis = ax.xaxis if which == "x" else ax.yaxis
        if self.is_log:
            (ax.set_xscale if which == "x" else ax.set_yscale)("log")
            (ax.set_xlim if which == "x" else ax.set_ylim)(log_limits(self.values.min(), self.values.max()))
            log_axis(axis, with_minor=True)
        elif self.names:
            shown = range(0, len(self.names), 1 + len(self.names) // _MOST_NAMES)
            axis.set_ticks(list(shown), [self.names[index] for index in shown])
        (ax.set_xlabel if which == "x" else ax.set_ylabel)(self.label)


def line_of(result: Sweep, axis: Axis) -> Line:
    """The values of an axis at its points: along its dimension in a product, else one for each point."""
    values: Any = result.design.coordinate(axis)
    if axis.field is None:
        names = tuple(dict.fromkeys(map(str, values)))
        places = np.array([names.index(str(value)) for value in values], dtype=float)
        return Line(axis_words(result.case, axis), places, False, names)
    unit, size = shown_unit(axis.field.dimension.unit)
    words = axis_words(result.case, axis)
    label = f"{words} [{pretty_unit(unit)}]" if unit else words
    shown = np.asarray(values, dtype=float) / size
    return Line(label, shown, axis.scale == "log" or _is_geometric(shown))


def axis_words(case: Case, axis: Axis) -> str:
    """What an axis is called in a figure: its name, or its first key in words."""
    return axis.name or key_words(case, axis.targets[0])


def key_words(case: Case, key: str) -> str:
    """A key path for the reader: `K⁺ at the right`, `permeability of Na⁺, membrane`, `thickness, membrane`."""
    *place, last = (part for part in key.split(".") if part not in _TABLES)
    if last not in case.ions:
        return ", ".join([last.replace("_", " "), *place])
    ion, quantity = ion_label(last, case.valence(last)), place.pop() if place else ""
    if quantity == "concentrations" and place:
        return f"{ion} at the {' '.join(place)}"
    return ", ".join([f"{quantity.replace('_', ' ')} of {ion}" if quantity else ion, *place])


def _is_geometric(values: Floats) -> bool:
    """Whether values that were listed are logarithmically spaced, over more than a factor of 3."""
    if values.size < 3 or not (values > 0).all() or values.max() < 3 * values.min():
        return False
    ratios = np.diff(np.log(values))
    return bool(np.ptp(ratios) < _EVEN * np.abs(ratios).max())
