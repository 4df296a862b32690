"""What the page draws of a state, as arrays in the units of its axes: profiles along the stack, and Debye layers.

Of a steady solution and of one moment of a course in time alike.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Union, cast

import numpy as np
from numpy.typing import NDArray

from electrodiff.plot.charge_figure import closed_form
from electrodiff.plot.debye import DebyePanel, debye_panels
from electrodiff.plot.layer_axis import LayerAxis, length_text
from electrodiff.plot.scale import (
    CHARGE_DENSITY,
    DISPLACEMENT,
    NANOMETRE,
    POTENTIAL,
    Limits,
    linear_limits,
    log_limits,
)
from electrodiff.plot.style import fixed_charge_label, layer_shade, number
from electrodiff.solution import Solution

if TYPE_CHECKING:
    from electrodiff.readings import Readings

Floats = NDArray[np.float64]
State = Union[Solution, "Readings"]

# Layers whose thicknesses differ by less than this factor are drawn as they are; beyond, each has a share of the axis.
_ALIKE = 20.0
# How far down an axis of concentrations goes below its largest.
_TRACE = 1e-7
# Width of an axis and of a character of its ticks, and least gap between ticks, as shares of it: 440, 7 and 10 pixels.
_CHARACTER, _GAP = 7.0 / 440.0, 10.0 / 440.0
# An axis stays as it is while what it shows fits and fills this part of it, so that a curve moves and not its axis.
_FILLED = 0.5
# Multiple of the largest charge density up to which a closed form is drawn.
_FAR_OFF = 1.5


@dataclass(frozen=True)
class Stack:
    """The layers along an axis from 0 to 1, and its ticks."""

    axis: LayerAxis
    is_stretched: bool

    @classmethod
    def of(cls, state: State) -> Stack:
        """That of a state; nothing is stretched where all layers can be seen without."""
        axis = LayerAxis.of(cast("Readings", state))
        if axis.thickness.max() < _ALIKE * axis.thickness.min():
            axis = LayerAxis(axis.case, axis.x, np.full_like(axis.length, np.inf))
        return cls(axis, axis.is_stretched)

    @property
    def columns(self) -> dict[str, list[float] | list[str]]:
        """Of each layer: its ends, middle, shade and name."""
        edges = [float(edge) for edge in self.axis.edge]
        widths = np.diff(edges) / _CHARACTER
        names = []
        for layer, thickness, width in zip(self.axis.case.layers, self.axis.thickness, widths, strict=True):
            facts = [length_text(float(thickness)), fixed_charge_label(layer)]
            # A name may stick out a little; the rest must fit.
            names.append("\n".join([layer.name, *(fact for fact in facts if 0 < len(fact) <= width)]))
        return {
            "left": edges[:-1],
            "right": edges[1:],
            "middle": [(a + b) / 2.0 for a, b in pairwise(edges)],
            "shade": [_grey(layer_shade(self.axis.case, layer)) for layer in self.axis.case.layers],
            "name": names,
        }

    @property
    def label(self) -> str:
        """What the axis shows."""
        place = "interface" if len(self.axis.case.layers) > 1 else "wall"
        return f"distance from the nearest {place} [nm]" if self.is_stretched else "x [nm]"

    @property
    def ticks(self) -> list[tuple[float, str]]:
        """Places and texts, as many as there is room for, the most wanted first."""
        shown: list[tuple[float, str]] = []
        for place, text in self._stretched() if self.is_stretched else self._plain():
            apart = (abs(place - other) - _CHARACTER * (len(text) + len(name)) / 2.0 >= _GAP for other, name in shown)
            if all(apart):
                shown.append((place, text))
        return sorted(shown)

    def _plain(self) -> list[tuple[float, str]]:
        total = float(self.axis.x[-1] - self.axis.x[0]) * NANOMETRE
        step = 10.0 ** math.floor(math.log10(total / 4.0))
        step *= next(factor for factor in (5, 2, 1) if total / (factor * step) >= 4.0)
        return [(k * step / total, f"{k * step:g}") for k in range(int(total / step * (1 + 1e-9)) + 1)]

    def _stretched(self) -> list[tuple[float, str]]:
        """Interfaces, then ends, then decades from 1 nm on; of layers that are drawn as they are, their edges alone."""
        edges = self.axis.edge
        inner = range(
            0 if self.axis.magnified[0][0] else 1, edges.size if self.axis.magnified[-1][1] else edges.size - 1
        )
        zeros = [(float(edges[index]), "0") for index in inner]
        ends, decades = [], []
        for index, (left, right) in enumerate(self.axis.magnified):
            start, stop = (float(x) for x in self.axis.x[index : index + 2])
            reach = (stop - start) / (2.0 if left and right else 1.0)
            steps = [10.0**exponent * 1e-9 for exponent in range(12) if 10.0**exponent * 1e-9 < 0.99 * reach]
            for is_there, at, sign in ((left, start, 1.0), (right, stop, -1.0)):
                if is_there:
                    ends.append((self._place(index, at + sign * reach), f"{reach * NANOMETRE:.6g}"))
                    decades += [(self._place(index, at + sign * d), f"{d * NANOMETRE:.6g}") for d in steps]
        return [*zeros, *ends, *decades]

    def _place(self, index: int, x: float) -> float:
        return float(self.axis.place(index, np.array([x]))[0])


@dataclass(frozen=True)
class Zoom:
    """One Debye layer, magnified."""

    title: str
    facts: str
    is_left: bool
    """Whether the layer lies left of its interface, so that distances grow to the left."""
    depth: float
    """[nm]"""
    debye_length: float
    """[nm]"""
    unit: str
    columns: Mapping[str, Floats]
    """`distance` [nm], `density` and `closed` [unit]."""
    form: str
    """Name of the closed form; empty if there is none."""
    limits: Limits


@dataclass(frozen=True)
class Picture:
    """A state as the page draws it."""

    stack: Stack
    columns: Mapping[str, Floats]
    """`place` (0 to 1), `x` [nm], `potential` [mV], `charge` [charge_unit], `c0`, `c1`, ... [mM]."""
    charge_unit: str
    limits: Mapping[str, Limits]
    """Of the axes of `potential`, `concentration` and `charge`."""
    zooms: tuple[Zoom, ...]


def picture_of(state: State) -> Picture:
    """The picture of a solution, or of a moment in time."""
    stack = Stack.of(state)
    entries = state.layer_entries
    place = np.concatenate([stack.axis.place(i, state.x[part]) for i, part in enumerate(entries)])
    unit = CHARGE_DENSITY.unit(state.charge_density)
    raw = {
        "place": place,
        "x": (state.x - state.x[0]) * NANOMETRE,
        "potential": state.potential * 1e3,
        "charge": state.charge_density * unit.factor,
    }
    raw |= {f"c{i}": np.where(row > 0, row, np.nan) for i, row in enumerate(state.concentration)}
    starts = [part.start for part in entries[1:]]
    # A curve must not cross a jump.
    columns = {name: np.insert(values, starts, np.nan) for name, values in raw.items()}
    limits = {
        "potential": linear_limits(raw["potential"], POTENTIAL.zero * 1e3, 0.24),
        "charge": linear_limits(raw["charge"], unit.floor, with_zero=True),
        "concentration": _concentration_limits(state.concentration),
    }
    zooms = tuple(zoom_of(panel) for panel in debye_panels(cast("Solution", state)))
    return Picture(stack, columns, unit.name, limits, zooms)


def zoom_of(panel: DebyePanel) -> Zoom:
    """One Debye layer with the closed form that fits it."""
    density = panel.solution.charge_density[panel.entries]
    unit = CHARGE_DENSITY.unit(density)
    held = DISPLACEMENT.unit(np.array([panel.layer.charge]))
    form = closed_form(panel)
    closed = np.full_like(density, np.nan) if form is None else form[1]
    closed = np.where(np.abs(closed) <= _FAR_OFF * np.abs(density).max(), closed, np.nan)
    shown = np.append(density, closed) * unit.factor
    columns = {"distance": panel.distance * NANOMETRE, "density": density * unit.factor, "closed": closed * unit.factor}
    return Zoom(
        title=f"{panel.layer.layer}, next to {panel.neighbour or 'the wall'}",
        facts=f"{number(panel.layer.charge * held.factor)} {held.name}, λ = {number(panel.debye_length * NANOMETRE)} nm",
        is_left=panel.layer.side == "left",
        depth=panel.depth * NANOMETRE,
        debye_length=panel.debye_length * NANOMETRE,
        unit=unit.name,
        columns=columns,
        form="" if form is None else form[0],
        limits=linear_limits(shown, unit.floor, with_zero=True),
    )


def outer_zooms(zooms: Sequence[Zoom]) -> tuple[Zoom | None, Zoom | None]:
    """The first Debye layer and, if there is more than one, the last."""
    return (zooms[0] if zooms else None), (zooms[-1] if len(zooms) > 1 else None)


def settled(now: Limits | None, wanted: Limits, is_log: bool = False) -> Limits:
    """The limits of an axis: those it has, unless what it shows leaves them or fills too little of them."""
    if now is None:
        return wanted
    (low, high), (start, stop) = ((math.log10(a), math.log10(b)) if is_log else (a, b) for a, b in (now, wanted))
    fits = low <= start and stop <= high and stop - start >= _FILLED * (high - low)
    return now if fits else wanted


def joined(limits: Iterable[Limits]) -> Limits:
    """Limits that hold all of these."""
    lows, highs = zip(*limits, strict=True)
    return min(lows), max(highs)


def _concentration_limits(values: Floats) -> Limits:
    present = values[values > 0]
    if not present.size:
        return 0.1, 1000.0
    high = float(present.max())
    return log_limits(float(present[present > _TRACE * high].min()), high)


def _grey(shade: str) -> str:
    """matplotlib's grey "0.84" as a colour of the page."""
    level = round(255 * float(shade))
    return f"#{level:02x}{level:02x}{level:02x}"
