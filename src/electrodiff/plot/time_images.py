"""The figure of a transient in space and time: potential and charge density as images over the stack and log time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.colors import Normalize, SymLogNorm
from numpy.typing import NDArray

from electrodiff.plot.drawing import styled
from electrodiff.plot.layer_axis import LayerAxis
from electrodiff.plot.scale import CHARGE_DENSITY, POTENTIAL
from electrodiff.plot.sheet import CLOSE, INCH, LEFT, Row, sheet, size_mm
from electrodiff.plot.style import PAPER, STYLES, font_size
from electrodiff.plot.symlog import symlog_text, symlog_ticks
from electrodiff.plot.time_axis import TimeAxis, title

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

    from electrodiff.transient import Transient

Floats = NDArray[np.float64]

# Heights of the panels with and without the names of the layers, and widths beside an image [mm].
_NAMED, _HEIGHT = 67.0, 56.0
_BAR_GAP, _BAR_WIDTH, _BAR_LABELS = 4.0, 3.5, 15.0
# Both are told apart by the colour-blind; the second has white at zero, red for a positive charge, blue for a negative.
_SEQUENTIAL, _DIVERGING = "viridis", "RdBu_r"
# Decades of charge density on either side of zero, below which the colour is proportional.
_DECADES = 4


@styled
def space_time(transient: Transient, given: Sequence[Axes] = ()) -> Figure:
    """Potential [mV] and charge density [MC/m^3] as images, along the stack from left to right and in time from below.

    Time is logarithmic, with t = 0, just after the changes there, as a strip of its own at the lower edge.  Layers are
    named and shaded above the images; along x the distance from the nearest interface or wall is stretched (see
    `layer_axis`), and given in nm.  The colours of the charge are logarithmic on either side of zero.
    """
    figure, axes = sheet([Row(_NAMED, 0.0), Row(_HEIGHT, CLOSE)], given=given)
    top, bottom = (row[0] for row in axes)
    title(transient, figure)
    for ax in (top, bottom):
        _make_room(ax)
    stack_axis, time_axis = LayerAxis.of(transient.frames[-1]), TimeAxis.of(transient)
    headroom = stack_axis.draw_frames([top, bottom])
    for ax, free, values, ladder, name in (
        (top, headroom, transient.potential, POTENTIAL, "potential"),
        (bottom, 0.0, transient.charge_density, CHARGE_DENSITY, "charge density"),
    ):
        unit = ladder.unit(values)
        shown = values * unit.factor
        norm, colours = _scale(shown, unit.floor, ladder is CHARGE_DENSITY)
        image = _draw_image(transient, ax, shown, norm, colours)
        _frame(ax, stack_axis, time_axis, free)
        _draw_bar(ax, image, f"{name} [{unit.name}]", free)
    return figure


def _scale(values: Floats, floor: float, around_zero: bool) -> tuple[Normalize, str]:
    """How values become colours: in proportion, or symmetrically around zero with logarithmic sides."""
    if not around_zero:
        low, high = float(values.min()), float(values.max())
        return (Normalize(low, high) if high - low > floor else Normalize(low - 1.0, high + 1.0)), _SEQUENTIAL
    largest = float(np.abs(values).max())
    if largest <= floor:
        largest = 1.0
    linear = 10.0 ** (math.ceil(math.log10(largest)) - _DECADES)
    return SymLogNorm(linear, linscale=0.5, vmin=-largest, vmax=largest), _DIVERGING


def _make_room(ax: Axes) -> None:
    """Narrow an axes for the bar of colours at its right."""
    place, (before, _) = ax.get_position(), size_mm(ax)
    width = before - _BAR_GAP - _BAR_WIDTH - _bar_labels()
    ax.set_position((place.x0, place.y0, place.width * width / before, place.height))
    ax.yaxis.set_label_coords(-(LEFT - 4.4) / width, 0.5)


def _bar_labels() -> float:
    """Room for the labels of a bar of colours [mm]."""
    return _BAR_LABELS * font_size() / STYLES[PAPER].font_size


def _frame(ax: Axes, stack_axis: LayerAxis, time_axis: TimeAxis, headroom: float) -> None:
    """Limits and ticks of time, with a share of the height free at the top; interfaces and changes over the image."""
    low, high = _extent(time_axis)
    ax.set_ylim(low, low + (high - low) / (1.0 - headroom))
    time_axis.draw_ticks(ax, "y")
    if not time_axis.is_logarithmic:
        # None beside the names of the layers, where there is no time.
        ax.set_yticks([tick for tick in ax.get_yticks() if low <= tick <= high])
    stack_axis.draw_interfaces(ax, low, high)
    if time_axis.changes:
        ax.hlines(time_axis.place(np.array(time_axis.changes)), 0.0, 1.0, color="white", linewidth=0.8, linestyle=":")


def _extent(time_axis: TimeAxis) -> tuple[float, float]:
    """The places between which there is an image: half of the gap before the first output is the strip of t = 0."""
    places = time_axis.places
    if not time_axis.is_logarithmic:
        return float(places[0]), float(places[-1]) if places.size > 1 else 1.0
    return 1.5 * time_axis.edge - 0.5 * math.log10(time_axis.first), float(places[-1])


def _draw_image(transient: Transient, ax: Axes, values: Floats, norm: Normalize, colours: str) -> AxesImage:
    """Draw values (T, M) over places, as many as there are pixels; return an image for the scale of its colours."""
    stack_axis, time_axis = LayerAxis.of(transient.frames[-1]), TimeAxis.of(transient)
    columns, rows = (round(size / INCH * float(ax.figure.dpi)) for size in size_mm(ax))
    across = _along_stack(transient, stack_axis, values, (np.arange(columns) + 0.5) / columns)
    options: dict[str, Any] = {
        "norm": norm,
        "cmap": colours,
        "interpolation": "nearest",
        "origin": "lower",
        "aspect": "auto",
    }
    start = 0
    if time_axis.is_logarithmic:
        start = 1
        edge = time_axis.edge
        half = 0.5 * (math.log10(time_axis.first) - edge)
        ax.imshow(across[:1], extent=(0.0, 1.0, edge - half, edge + 0.6 * half), **options)
        ax.axhspan(edge + 0.6 * half, edge + 2.0 * half, color="white", linewidth=0)
    places, across = _with_jumps(time_axis, across, start)
    low, high = float(places[0]), _extent(time_axis)[1]
    height = (np.arange(rows) + 0.5) / rows * (high - low) + low
    shown = np.array([np.interp(height, places, column) for column in across.T]).T
    return ax.imshow(shown, extent=(0.0, 1.0, low, high), **options)


def _with_jumps(time_axis: TimeAxis, values: Floats, start: int) -> tuple[Floats, Floats]:
    """Places and values from an output on; a jump has a place of its own, where the values are those of the next output."""
    after = time_axis.after_jumps
    places = np.insert(time_axis.places, after, time_axis.place(np.array(time_axis.jumps)))
    return places[start:], np.insert(values, after, values[after], axis=0)[start:]


def _along_stack(transient: Transient, stack_axis: LayerAxis, values: Floats, at: Floats) -> Floats:
    """(T, columns) values at places along the stack; interpolated within each layer, so that jumps stay jumps."""
    result = np.empty((len(values), at.size))
    frame = transient.frames[0]
    for index, entries in enumerate(frame.layer_entries):
        places = stack_axis.place(index, frame.x[entries])
        inside = (at >= stack_axis.edge[index]) & (at <= stack_axis.edge[index + 1])
        for row, profile in zip(result, values[:, entries], strict=True):
            row[inside] = np.interp(at[inside], places, profile)
    return result


def _draw_bar(ax: Axes, image: AxesImage, label: str, headroom: float) -> None:
    """Draw the scale of the colours at the right of an image, as high as it is."""
    place = ax.get_position()
    per_mm = place.width / size_mm(ax)[0]
    figure = ax.figure
    bar_axes = figure.add_axes(
        (place.x1 + _BAR_GAP * per_mm, place.y0, _BAR_WIDTH * per_mm, place.height * (1.0 - headroom))
    )
    bar = figure.colorbar(image, cax=bar_axes)
    bar.outline.set_linewidth(0.6)
    bar.set_label(label)
    bar_axes.yaxis.set_label_coords((_BAR_WIDTH + _bar_labels()) / _BAR_WIDTH, 0.5)
    norm = image.norm
    if isinstance(norm, SymLogNorm):
        ticks = symlog_ticks(float(norm.vmax or 0.0), float(norm.linthresh))
        bar.set_ticks(ticks, labels=[symlog_text(tick) for tick in ticks])
        bar_axes.minorticks_off()
