"""Panels that magnify one Debye layer: distance from its interface in nm, one Debye length marked.

A layer left of its interface is drawn with the distance growing to the left, as it lies in the stack; the strip
beyond distance 0 is the layer on the other side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from electrodiff.plot.labels import name_above, shortened
from electrodiff.plot.scale import NANOMETRE
from electrodiff.plot.sheet import COLUMN_GAP, hide_x_labels, size_mm
from electrodiff.plot.style import GUIDE, layer_shade, number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from electrodiff.solution import DebyeLayer, Solution

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# A layer thinner than this many Debye lengths has no bulk between its interfaces to decay to.
SCREENED = 4.0
# Depth of a panel in Debye lengths: e^-5 = 0.7 % of the charge density at the interface.
DEPTH = 5.0
# Width of the strip of the neighbouring layer, as a share of the depth.
_STRIP = 0.05


@dataclass(frozen=True)
class DebyePanel:
    """What the panels of one Debye layer show."""

    solution: Solution
    layer: DebyeLayer
    neighbour: str
    """Name of the layer on the other side of the interface."""

    @property
    def bulk(self) -> int:
        """Entry of the profiles where it ends: the far end of an end layer, the middle of another."""
        return self.layer.start if self.layer.side == "left" else self.layer.stop

    @cached_property
    def entries(self) -> Integers:
        """Entries of the profiles in the panel, from the interface on, one beyond its depth."""
        entries = np.arange(self.layer.start, self.layer.stop + 1)
        if self.layer.side == "left":
            entries = entries[::-1]
        x = self.solution.x[entries]
        return entries[: int(np.searchsorted(np.abs(x - x[0]), DEPTH * self.layer.debye_length)) + 1]

    @property
    def distance(self) -> Floats:
        """Distance of its entries from the interface [m]."""
        x = self.solution.x[self.entries]
        distance: Floats = np.abs(x - x[0])
        return distance

    @property
    def depth(self) -> float:
        """Largest distance shown [m]."""
        return min(DEPTH * self.layer.debye_length, float(self.distance[-1]))


def debye_panels(solution: Solution) -> list[DebyePanel]:
    """The Debye layers worth magnifying, from left to right: layers with ions, thick enough to screen."""
    found = []
    thickness = {layer.name: layer.thickness for layer in solution.case.layers}
    for pair in solution.debye_layers.values():
        for layer, other in (pair, pair[::-1]):
            if thickness[layer.layer] >= SCREENED * layer.debye_length:
                found.append(DebyePanel(solution, layer, other.layer))
    return found


def draw_frames(panel: DebyePanel, axes: Sequence[Axes]) -> None:
    """Make axes under each other into panels over the distance from the interface [nm], the first with a title."""
    depth = panel.depth * NANOMETRE
    case = panel.solution.case
    shades = {layer.name: layer_shade(case, layer) for layer in case.layers}
    for ax in axes:
        ends = (-_STRIP * depth, depth)
        ax.set_xlim(ends if panel.layer.side == "right" else ends[::-1])
        ax.set_facecolor(shades[panel.layer.layer])
        ax.axvspan(-_STRIP * depth, 0.0, color=shades[panel.neighbour], linewidth=0, zorder=-2)
        ax.axvline(0.0, zorder=-1, **{**GUIDE, "linewidth": 0.6})
        ax.set_xlabel("distance from the interface [nm]")
    hide_x_labels(axes[:-1])
    title = f"{panel.layer.layer}, next to {panel.neighbour}"
    axes[0].set_title(shortened(title, size_mm(axes[0])[0] + 0.7 * COLUMN_GAP), parse_math=False)


def mark_debye_length(panel: DebyePanel, axes: Sequence[Axes], facts: str = "") -> float:
    """Mark one Debye length by a dotted line, named over its upper end in the first of the axes, under other facts.

    Returns the share of the height of the first axes that the names take.
    """
    length = panel.layer.debye_length * NANOMETRE
    lines = [facts] if facts else []
    lines.append(f"Debye length {number(length)} nm")
    headroom = name_above(axes[0], lines, length, (0.0, panel.depth * NANOMETRE))
    for ax, top in zip(axes, (1.0 - headroom, 1.0), strict=False):
        ax.axvline(length, ymax=top, linestyle=":", zorder=-1, label="_debye", **GUIDE)
    return headroom
