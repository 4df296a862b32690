"""An axis along the stack that shows nanometres beside interfaces and micrometres of baths at once.

Every layer has a share of the width, half of it the same for all, so that a membrane stays visible between wide baths.
Inside a layer the distance d from an interface is drawn as asinh(d / Debye length): linear in the Debye layer,
logarithmic beyond.  Where no ions screen, and towards a reservoir or a centre, nothing is stretched.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from electrodiff.ends import Wall
from electrodiff.plot.labels import Label, draw_labels, fit_in_a_row, text_width
from electrodiff.plot.scale import NANOMETRE
from electrodiff.plot.sheet import hide_x_labels, size_mm
from electrodiff.plot.style import GUIDE, log_tick, number, shade

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from electrodiff.model import Case
    from electrodiff.readings import Readings

Floats = NDArray[np.float64]

# A layer thinner than this many Debye lengths is drawn as it is.
_SCREENED = 4.0
# Least space between the labels of two ticks [mm].
_APART = 2.0
# How the lines of the interfaces are drawn over an image, dark or light.
_UNDER: dict[str, Any] = {"color": "white", "linewidth": 2.0}
_OVER: dict[str, Any] = {**GUIDE, "color": "0.2"}


@dataclass(frozen=True)
class LayerAxis:
    """Where the layers of a case lie on an axis from 0 to 1."""

    case: Case
    x: Floats
    """(L + 1,) positions of their edges [m]."""
    length: Floats
    """(L,) Debye length of each [m]."""

    @classmethod
    def of(cls, frame: Readings) -> LayerAxis:
        """That of a state."""
        mesh = frame.problem.mesh
        return cls(frame.case, mesh.x[mesh.boundaries], np.array(frame.debye_lengths))

    @cached_property
    def magnified(self) -> list[tuple[bool, bool]]:
        """Whether each layer is stretched beside its left and its right edge: at interfaces and walls, if it screens."""
        count = self.length.size
        screens = self.thickness >= _SCREENED * self.length
        left = [index > 0 or isinstance(self.case.left, Wall) for index in range(count)]
        right = [index < count - 1 or isinstance(self.case.right, Wall) for index in range(count)]
        return [(bool(s and a), bool(s and b)) for s, a, b in zip(screens, left, right, strict=True)]

    @property
    def is_stretched(self) -> bool:
        """Whether any layer is."""
        return any(side for sides in self.magnified for side in sides)

    @property
    def thickness(self) -> Floats:
        """(L,) of each layer [m]."""
        return np.diff(self.x)

    @cached_property
    def edge(self) -> Floats:
        """(L + 1,) places of the edges, from 0 to 1."""
        if not self.is_stretched:
            return np.asarray((self.x - self.x[0]) / (self.x[-1] - self.x[0]))
        span = np.array([self._span(index) for index in range(self.length.size)])
        share = 0.5 / span.size + 0.5 * span / span.sum()
        return np.insert(np.cumsum(share), 0, 0.0)

    def _span(self, index: int) -> float:
        """Width of a layer in stretched Debye lengths."""
        thickness, length = float(self.thickness[index]), float(self.length[index])
        left, right = self.magnified[index]
        if left and right:
            return 2.0 * math.asinh(thickness / 2.0 / length)
        return math.asinh(thickness / length)

    def place(self, index: int, x: Floats) -> Floats:
        """Places of positions [m] in a layer."""
        depth, thickness, length = x - self.x[index], float(self.thickness[index]), float(self.length[index])
        left, right = self.magnified[index]
        if left and right:
            near = np.arcsinh(np.minimum(depth, thickness - depth) / length)
            part = np.where(depth < thickness / 2.0, near, self._span(index) - near) / self._span(index)
        elif left:
            part = np.arcsinh(depth / length) / self._span(index)
        elif right:
            part = 1.0 - np.arcsinh((thickness - depth) / length) / self._span(index)
        else:
            part = depth / thickness
        start, stop = self.edge[index : index + 2]
        return np.asarray(start + part * (stop - start))

    # ---- drawing ------------------------------------------------------------------------------------------------

    def draw_frames(self, axes: Sequence[Axes]) -> float:
        """Make axes under each other into panels along the stack: limits, shades, names in the first, ticks in the last.

        Returns the share of the height of the first axes that the names take.
        """
        for ax in axes:
            ax.set_xlim(0.0, 1.0)
            self.draw_ticks(ax)
            for layer, (start, stop) in zip(self.case.layers, pairwise(self.edge), strict=True):
                shade(ax, float(start), float(stop), self.case, layer)
        hide_x_labels(axes[:-1])
        return self._name_layers(axes[0])

    def _name_layers(self, ax: Axes) -> float:
        texts = [
            f"{layer.name}\n{length_text(thickness)}"
            for layer, thickness in zip(self.case.layers, self.thickness, strict=True)
        ]
        labels = self._labels(texts)
        if not fit_in_a_row(ax, labels):
            labels = self._labels(self.case.layer_names)
        return draw_labels(ax, labels) / size_mm(ax)[1]

    def _labels(self, texts: Sequence[str]) -> list[Label]:
        return [
            Label(text, float(start + stop) / 2.0, float(stop - start))
            for text, (start, stop) in zip(texts, pairwise(self.edge), strict=True)
        ]

    def draw_interfaces(self, ax: Axes, low: float, high: float) -> None:
        """Draw the interfaces over an image, between two ordinates."""
        for place in self.edge[1:-1]:
            for style in (_UNDER, _OVER):
                ax.plot([place, place], [low, high], label="_interface", solid_capstyle="butt", **style)

    def draw_ticks(self, ax: Axes) -> None:
        """Ticks at distances from the nearest interface, or at positions if nothing is stretched; in nm."""
        width = size_mm(ax)[0]
        if not self.is_stretched:
            self._draw_plain_ticks(ax)
            return
        shown: list[tuple[float, str]] = []
        minor: list[float] = []
        for place, text in self._wanted_ticks():
            room = [
                abs(place - other) * width - text_width(text) / 2.0 - text_width(name) / 2.0 for other, name in shown
            ]
            if min(room, default=math.inf) >= _APART:
                shown.append((place, text))
            else:
                minor.append(place)
        ax.set_xticks([place for place, _ in shown], [text for _, text in shown])
        ax.set_xticks(minor, minor=True)
        one = "interface" if len(self.case.layers) > 1 else "wall"
        ax.set_xlabel(f"distance from the nearest {one} [nm]")

    def _draw_plain_ticks(self, ax: Axes) -> None:
        total = float(self.x[-1] - self.x[0]) * NANOMETRE
        values = np.asarray(ax.xaxis.get_major_locator().tick_values(0.0, total))
        values = values[(values >= 0.0) & (values <= total * (1 + 1e-9))]
        ax.set_xticks((values / total).tolist(), [f"{value:g}" for value in values])
        ax.set_xlabel("x [nm]")

    def _wanted_ticks(self) -> list[tuple[float, str]]:
        """Places and labels of ticks, the most wanted first: interfaces, far ends, and decades from 1 nm on."""
        stretched = [index for index, sides in enumerate(self.magnified) if any(sides)]
        zeros, ends, decades = [], [], []
        for index in stretched:
            thickness = float(self.thickness[index])
            start, stop = float(self.x[index]), float(self.x[index + 1])
            for side, at, sign in zip(self.magnified[index], (start, stop), (1.0, -1.0), strict=True):
                if not side:
                    continue
                reach = thickness / 2.0 if all(self.magnified[index]) else thickness
                zeros.append((self._one(index, at), "0"))
                ends.append((self._one(index, at + sign * reach), _nanometres(reach)))
                steps = 1e-9 * 10.0 ** np.arange(max(math.floor(math.log10(reach * NANOMETRE)) + 1, 0))
                decades += [(self._one(index, at + sign * float(d)), _nanometres(float(d))) for d in steps]
        return [*zeros, *ends, *decades]

    def _one(self, index: int, x: float) -> float:
        return float(self.place(index, np.array([x]))[0])


def _nanometres(length: float) -> str:
    value = length * NANOMETRE
    exponent = math.log10(value)
    return log_tick(value, None) if abs(exponent - round(exponent)) < 1e-9 else f"{value:.3g}"


def length_text(length: float) -> str:
    """`5 nm`, `10 µm`, `1.5 mm`."""
    name, factor = next((step for step in (("nm", 1e9), ("µm", 1e6)) if length * step[1] < 999.5), ("mm", 1e3))
    value = length * factor
    return f"{f'{value:.3g}' if 1e-3 <= value < 1e6 else number(value)} {name}"
