"""Panels that magnify one Debye layer: distance from its interface or wall in nm, one Debye length marked.

A layer left of its interface is drawn with the distance growing to the left, as it lies in the stack; the strip
beyond distance 0 is the layer on the other side, or the wall.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from electrodiff.ends import Wall
from electrodiff.plot.labels import name_above, shortened, text_width
from electrodiff.plot.scale import CHARGE_DENSITY, NANOMETRE
from electrodiff.plot.sheet import RIGHT, hide_x_labels, size_mm
from electrodiff.plot.style import GUIDE, WALL_SHADE, number, shade
from electrodiff.readings import BULK_DEBYE_LENGTHS
from electrodiff.theory.double_layer import debye_length, ionic_strength

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from electrodiff.profiles import DebyeLayer
    from electrodiff.solution import Solution

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# With fewer Debye lengths than this between an interface and the bath, or the middle of the layer, there is no bulk.
SCREENED = 4.0
# Growth of the cross section over one Debye length up to which a layer counts as flat: a sphere of 20 Debye lengths.
_FLAT = 0.105
# Depth of a panel in Debye lengths: e^-5 = 0.7 % of the charge density at the interface.
DEPTH = 5.0
# Width of the strip of the neighbouring layer, as a share of the depth.
_STRIP = 0.05


@dataclass(frozen=True)
class DebyePanel:
    """What the panels of one Debye layer show."""

    solution: Solution
    layer: DebyeLayer
    neighbour: str | None
    """Name of the layer on the other side of the interface; None for a wall."""

    @property
    def interface(self) -> int:
        """Entry of the profiles at its interface."""
        return self.layer.stop if self.layer.side == "left" else self.layer.start

    @property
    def bulk(self) -> int:
        """Entry of the profiles that stands for the bulk beside it: ten Debye lengths away, or where its layer ends.

        Not the far end of a wide bath, to which a current may have a gradient of its own.
        """
        return int(self._within(BULK_DEBYE_LENGTHS * self.layer.debye_length)[-1])

    @cached_property
    def debye_length(self) -> float:
        """Debye length of that bulk [m]."""
        case, bulk = self.solution.case, self.bulk
        strength = ionic_strength(np.array(case.valences), self.solution.concentration[:, bulk])
        permittivity = case.relative_permittivity(case.layers[self.solution.layer[bulk]])
        return float(debye_length(strength, permittivity, case.temperature))

    @cached_property
    def entries(self) -> Integers:
        """Entries of the profiles in the panel, from the interface on, one beyond its depth."""
        return self._within(DEPTH * self.debye_length)

    def _within(self, distance: float) -> Integers:
        """Entries from the interface to the first one beyond a distance [m], or to the last."""
        entries = np.arange(self.layer.start, self.layer.stop + 1)
        if self.layer.side == "left":
            entries = entries[::-1]
        x = self.solution.x[entries]
        return entries[: int(np.searchsorted(np.abs(x - x[0]), distance)) + 1]

    @property
    def is_flat(self) -> bool:
        """Whether the cross section is that of a plane: constant in a channel, hardly growing around a sphere."""
        mesh, settings = self.solution.problem.mesh, self.solution.case.mesh
        growth = np.abs(mesh.area[self.solution.node[self.entries]] / mesh.area[self.solution.node[self.interface]] - 1)
        if settings.geometry == "planar":
            return bool(np.all(growth < 1e-9))
        return bool(np.interp(self.debye_length, self.distance, growth) <= _FLAT)

    @property
    def distance(self) -> Floats:
        """Distance of its entries from the interface [m]."""
        x = self.solution.x[self.entries]
        distance: Floats = np.abs(x - x[0])
        return distance

    @property
    def depth(self) -> float:
        """Largest distance shown [m]."""
        return min(DEPTH * self.debye_length, float(self.distance[-1]))


def debye_panels(solution: Solution) -> list[DebyePanel]:
    """The Debye layers worth magnifying, from left to right.

    Their layers hold ions and are thick enough to screen, and their charge density fades away from the interface: it
    does not beside an interface that only feels the charge of another.
    """
    sides = [side for pair in solution.debye_layers.values() for side in (pair, pair[::-1])]
    panels = [DebyePanel(solution, layer, other.layer) for layer, other in sides] or _beside_walls(solution)
    depth = [abs(float(solution.x[panel.layer.stop] - solution.x[panel.layer.start])) for panel in panels]
    screened = [panel for panel, room in zip(panels, depth, strict=True) if room >= SCREENED * panel.layer.debye_length]
    density = np.abs(solution.charge_density)
    return [panel for panel in screened if density[panel.bulk] <= density[panel.interface] + CHARGE_DENSITY.zero]


def _beside_walls(solution: Solution) -> list[DebyePanel]:
    """The Debye layers of a single layer, beside the ends that are charged walls."""
    ends = {"left": solution.case.left, "right": solution.case.right}
    return [
        DebyePanel(solution, layer, None)
        for side, layer in solution.end_debye_layers.items()
        if isinstance(end := ends[side], Wall) and (end.potential is not None or end.surface_charge)
    ]


def draw_frames(panel: DebyePanel, axes: Sequence[Axes]) -> None:
    """Make axes under each other into panels over the distance from the interface [nm], the first with a title."""
    depth = panel.depth * NANOMETRE
    case = panel.solution.case
    layers = {layer.name: layer for layer in case.layers}
    for ax in axes:
        ends = (-_STRIP * depth, depth)
        ax.set_xlim(ends if panel.layer.side == "right" else ends[::-1])
        shade(ax, 0.0, depth, case, layers[panel.layer.layer])
        if panel.neighbour is None:
            ax.axvspan(-_STRIP * depth, 0.0, color=WALL_SHADE, linewidth=0, zorder=-2)
        else:
            shade(ax, -_STRIP * depth, 0.0, case, layers[panel.neighbour])
        ax.axvline(0.0, zorder=-1, **{**GUIDE, "linewidth": 0.6})
        ax.set_xlabel(f"distance from the {'wall' if panel.neighbour is None else 'interface'} [nm]")
    hide_x_labels(axes[:-1])
    space = size_mm(axes[0])[0] + 2.0 * (RIGHT - 1.0)
    name, neighbour = panel.layer.layer, panel.neighbour or "the wall"
    title = f"{name}, next to {neighbour}"
    if text_width(title) > space:
        # The neighbour tells the two sides of a layer apart; if there is no room, rather the layer is cut.
        place = f" at {shortened(neighbour, 0.6 * space)}"
        title = shortened(name, space - text_width(place)) + place
    axes[0].set_title(shortened(title, space), parse_math=False)


def mark_debye_length(panel: DebyePanel, axes: Sequence[Axes], facts: str = "") -> float:
    """Mark one Debye length by a dotted line, named over its upper end in the first of the axes, under other facts.

    Returns the share of the height of the first axes that the names take.
    """
    length = panel.debye_length * NANOMETRE
    lines = facts.splitlines()
    lines.append(f"Debye length {number(length)} nm")
    headroom = name_above(axes[0], lines, length, (0.0, panel.depth * NANOMETRE))
    for ax, top in zip(axes, (1.0 - headroom, 1.0), strict=False):
        ax.axvline(length, ymax=top, linestyle=":", zorder=-1, label="_debye", **GUIDE)
    return headroom
