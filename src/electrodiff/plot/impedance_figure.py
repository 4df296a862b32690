"""The figures of an impedance: Bode, Nyquist, and the parts of the admittance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from electrodiff.plot import stack
from electrodiff.plot.drawing import styled
from electrodiff.plot.labels import text_width, write_title
from electrodiff.plot.scale import Ladder, linear_limits, log_limits
from electrodiff.plot.sheet import CLOSE, HEAD, LEGEND_LINE, TITLE, Row, sheet, size_mm
from electrodiff.plot.style import MINUS, SOLUTION, ion_style, line_height, number
from electrodiff.plot.ticks import Tick, chosen_ticks, log_axis

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from electrodiff.impedance import Impedance
    from electrodiff.solution import Solution

Floats = NDArray[np.float64]
Complex = NDArray[np.complex128]

RESISTANCE = Ladder(0.0, (("Ω·m²", 1.0), ("mΩ·m²", 1e3), ("µΩ·m²", 1e6), ("nΩ·m²", 1e9), ("pΩ·m²", 1e12)))
CAPACITANCE = Ladder(0.0, (("F/m²", 1.0), ("mF/m²", 1e3), ("µF/m²", 1e6)))
# Heights of the panels of a Bode figure, and of the two others [mm].
_MAGNITUDE, _PHASE, _CAPACITANCE, _NYQUIST, _PARTS = 52.0, 34.0, 40.0, 92.0, 56.0
# Ratio of the smallest to the largest from which a logarithmic axis is worth it, and how many decades it shows at most.
_WIDE, _DEPTH = 5.0, 12.0
# An arc at high frequencies smaller than this part of the whole has a panel of its own.
_SMALL_ARC = 0.2
# Degrees between labels of the phase.
_DEGREES = 30.0
_DOTS: dict[str, Any] = {**SOLUTION, "marker": "o", "markersize": 3.5, "linewidth": 1.4}
_ASYMPTOTE: dict[str, Any] = {"color": "0.4", "linestyle": (0, (4, 2.5)), "linewidth": 1.3}
_TOTAL: dict[str, Any] = {"color": "black", "linewidth": 1.4}
_DISPLACEMENT: dict[str, Any] = {"color": "0.55", "linestyle": (0, (5, 2)), "linewidth": 2.2}
# From a point to what is written beside it [mm]; what round-off a decade may have.
_BESIDE, _ROUNDED = 2.0, 1e-6
# Points along a curve for each of its own, to see whether it runs through a text.
_POINTS = 50
# A Nyquist panel goes so far beyond the largest resistance: there is room for a frequency beside it.
_BEYOND = 1.13
_PREFIXES = {-6: "µ", -3: "m", 0: "", 3: "k", 6: "M", 9: "G", 12: "T"}


@styled
def bode(impedance: Impedance, given: Sequence[Axes] = ()) -> Figure:
    """abs(Z) [ohm m^2], the phase of Z [degrees] and the capacitance Im(1/Z)/omega [F/m^2] against log frequency.

    Dashed, what the dielectrics of the layers alone would do: at the highest frequencies the ions have no time to move.
    """
    with np.errstate(invalid="ignore"):  # an impedance that was not found is NaN
        asymptote = Line2D([], [], label="dielectrics of the layers alone", **_ASYMPTOTE)
        line = Line2D([], [], label="Poisson-Nernst-Planck", **SOLUTION)
        rows = [Row(_MAGNITUDE, 0.0), Row(_PHASE, CLOSE), Row(_CAPACITANCE, CLOSE)]
        figure, axes = sheet(rows, HEAD + LEGEND_LINE, given)
        _title(impedance, figure)
        stack.legend(figure, [line, asymptote])
        magnitude, phase, capacitance = (row[0] for row in axes)
        frequency_axis(impedance.frequency, [magnitude, phase, capacitance])
        geometric = geometric_capacitance(impedance)
        alone = 1.0 / (2.0 * math.pi * impedance.frequency * geometric)
        _draw_log(magnitude, impedance, impedance.magnitude, alone, RESISTANCE, "|Z|")
        _draw_phase(phase, impedance)
        constant = np.full_like(impedance.frequency, geometric)
        _draw_log(capacitance, impedance, impedance.capacitance, constant, CAPACITANCE, "capacitance")
        return figure


def geometric_capacitance(impedance: Impedance) -> float:
    """Capacitance per reference area of the dielectrics of all layers in series [F/m^2]: eps/d of a plane layer."""
    problem = impedance.steady.problem
    unit = problem.scales.surface_charge / problem.scales.potential
    return float(unit / (1.0 / problem.chain.permittivity).sum())


def _draw_log(ax: Axes, impedance: Impedance, values: Floats, guide: Floats, ladder: Ladder, name: str) -> None:
    """Positive values and a guide over frequency, logarithmic if they span much; what is not positive is not drawn."""
    finite = np.isfinite(values) & (values > 0)
    unit = ladder.unit(values[finite])
    ax.plot(impedance.frequency, guide * unit.factor, label="_guide", **_ASYMPTOTE)
    shown = np.where(finite, values, np.nan) * unit.factor
    ax.plot(impedance.frequency, shown, **SOLUTION)
    ax.set_ylabel(f"{name} [{unit.name}]")
    if not finite.any():
        return
    low, high = float(np.nanmin(shown)), float(np.nanmax(shown))
    if high > _WIDE * low:
        ax.set_yscale("log")
        ax.set_ylim(log_limits(max(low, high * 10.0**-_DEPTH), high))
        log_axis(ax.yaxis)
    else:
        ax.set_ylim(linear_limits(shown, 0.0, with_zero=True))


def _draw_phase(ax: Axes, impedance: Impedance) -> None:
    degrees = np.degrees(impedance.phase)
    ax.plot(impedance.frequency, degrees, **SOLUTION)
    ax.set_ylabel("phase of Z [°]")
    seen = degrees[np.isfinite(degrees)]
    low = _DEGREES * math.floor(min(float(seen.min(initial=0.0)), -90.0) / _DEGREES)
    high = _DEGREES * math.ceil(max(float(seen.max(initial=0.0)), 0.0) / _DEGREES)
    ax.set_ylim(low - 5.0, high + 5.0)
    ticks = np.arange(low, high + 1.0, _DEGREES)
    ax.set_yticks(ticks.tolist(), [f"{tick:g}".replace("-", MINUS) for tick in ticks])


def frequency_axis(frequency: Floats, axes: Sequence[Axes]) -> None:
    """Make axes under each other into panels over log frequency, labelled `1 Hz`, `1 kHz`, ..."""
    for ax in axes:
        ax.set_xscale("log")
        low, high = float(frequency[0]), float(frequency[-1])
        ax.set_xlim((low, high) if high > low else (low / 10.0, high * 10.0))
        logs = np.log10(ax.get_xlim())
        ticks = chosen_ticks(_frequency_ticks(*logs), size_mm(ax)[0] / float(logs[1] - logs[0]), is_upright=False)
        ax.set_xticks([10.0**place for place, _ in ticks], [text for _, text in ticks])
        ax.set_xticks(10.0 ** np.arange(math.ceil(logs[0] - 1e-9), math.floor(logs[1] + 1e-9) + 1), minor=True)
        ax.tick_params(axis="x", which="minor", labelbottom=False)
        ax.tick_params(axis="x", which="major", labelbottom=ax is axes[-1])
        ax.set_xlabel("frequency")
        ax.xaxis.label.set_visible(ax is axes[-1])


def _frequency_ticks(low: float, high: float) -> list[list[Tick]]:
    """Places and labels between two decimal logarithms: powers of a thousand, or of a million; then all powers of ten."""
    ticks = [(float(e), frequency_text(10.0**e)) for e in range(math.ceil(low - 1e-9), math.floor(high + 1e-9) + 1)]
    return [[tick for tick in ticks if tick[0] % step == 0] for step in (3, 6, 1)]


def frequency_text(frequency: float) -> str:
    """`10 mHz`, `1 Hz`, `100 kHz`."""
    exponent = 3 * math.floor(math.log10(frequency * (1 + 1e-9)) / 3)
    exponent = min(max(exponent, min(_PREFIXES)), max(_PREFIXES))
    value = frequency / 10.0**exponent
    return f"{number(value) if value < 1e-3 else f'{value:.3g}'} {_PREFIXES[exponent]}Hz"


# ---- Nyquist ------------------------------------------------------------------------------------------------------


@styled
def nyquist(impedance: Impedance, given: Sequence[Axes] = ()) -> Figure:
    """-Im Z against Re Z [ohm m^2] on equal axes, decades of frequency marked; a small arc at high ones magnified.

    Of a blocking cell the line that rises without end leaves the panel, which is as wide as the real part.
    """
    with np.errstate(invalid="ignore"):  # an impedance that was not found is NaN
        windows = _windows(impedance)
        figure, (axes,) = sheet(
            [Row(_NYQUIST, TITLE if len(windows) > 1 else 0.0, len(windows), len(windows))], given=given
        )
        _title(impedance, figure)
        for (name, points), ax in zip(windows.items(), axes, strict=True):
            _draw_nyquist(impedance, points, ax)
            ax.set_title(name, parse_math=False)
        return figure


def _windows(impedance: Impedance) -> dict[str, Complex]:
    """The points of each panel by its title: all of them, and those of a small arc at the highest frequencies."""
    all_of_it = impedance.impedance[np.isfinite(impedance.impedance)]
    windows = {"": all_of_it}
    size = -all_of_it.imag
    dips = np.flatnonzero((size[1:-1] < size[:-2]) & (size[1:-1] <= size[2:])) + 1
    if dips.size:
        arc = all_of_it[dips[-1] :]
        extent = float(arc.real.max())
        if 0 < extent < _SMALL_ARC * float(all_of_it.real.max()):
            from_ = frequency_text(float(impedance.frequency[dips[-1]]))
            windows = {"all frequencies": all_of_it, f"from {from_} on": arc}
    return windows


def _draw_nyquist(impedance: Impedance, points: Complex, ax: Axes) -> None:
    width, height = size_mm(ax)
    high = float(points.real.max(initial=0.0)) * _BEYOND or 1.0
    unit = RESISTANCE.unit(np.array([high]))
    whole = impedance.impedance * unit.factor
    ax.plot(whole.real, -whole.imag, **_DOTS)
    ax.axhline(0.0, color="0.7", linewidth=0.8, zorder=-1)
    low = min(float(points.real.min(initial=0.0)), 0.0) * _BEYOND
    ax.set_xlim(low * unit.factor, high * unit.factor)
    span = (high - low) * unit.factor * height / width
    bottom = min(1.15 * float((-points.imag).min(initial=0.0)) * unit.factor, -0.04 * span)
    ax.set_ylim(bottom, bottom + span)
    ax.set_xlabel(f"Re Z [{unit.name}]")
    ax.set_ylabel(f"{MINUS}Im Z [{unit.name}]")
    _mark_decades(impedance, ax, whole)
    _say_what_is_above(impedance, ax, whole)


def _mark_decades(impedance: Impedance, ax: Axes, whole: Complex) -> None:
    """Mark decades of the frequency and write them beside, the largest impedances first, where they have room.

    Off the curve if there is room for that.
    """
    width, height = size_mm(ax)
    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    x, y = (whole.real - left) / (right - left) * width, (-whole.imag - bottom) / (top - bottom) * height
    curve = _filled(x, y)
    taken: list[Box] = []
    for index in np.argsort(-np.abs(whole)):
        decade = math.log10(impedance.frequency[index])
        is_inside = 0.0 <= x[index] <= width and 0.0 <= y[index] <= height - _line()
        if abs(decade - round(decade)) > _ROUNDED or not is_inside:
            continue
        text = frequency_text(float(impedance.frequency[index]))
        boxes = [
            box for box in _beside(float(x[index]), float(y[index]), text_width(text)) if 0 <= box[0] <= box[2] <= width
        ]
        boxes = [box for box in boxes if box[1] > 0 and not any(_meet(box, other) for other in taken)]
        if not boxes:
            continue
        box = min(boxes, key=lambda box: _inside(curve, box))
        taken.append(box)
        ax.plot([whole[index].real], [-whole[index].imag], marker="o", markersize=6.0, color="black", label="_decade")
        ax.text(left + box[0] / width * (right - left), bottom + box[1] / height * (top - bottom), text)


Box = tuple[float, float, float, float]
"""Left, bottom, right and top in a panel [mm]."""


def _beside(x: float, y: float, room: float) -> list[Box]:
    """Places for a text so wide beside a point, the most wanted first: at its right and left, a little above or below it."""
    starts, feet = (x + _BESIDE, x - _BESIDE - room), (y + 0.8, y - _line())
    return [(start, foot, start + room, foot + _line() - 1.0) for foot in feet for start in starts]


def _line() -> float:
    """Height of a line of text with some space [mm]."""
    return line_height() + 0.6


def _meet(one: Box, other: Box) -> bool:
    """Whether two texts are closer than 1 mm."""
    return all(one[k] < other[k + 2] + 1.0 and other[k] < one[k + 2] + 1.0 for k in (0, 1))


def _inside(points: Floats, box: Box) -> int:
    """How many of the points (K, 2) lie in a box."""
    return int(np.all((points > box[:2]) & (points < box[2:]), axis=1).sum())


def _filled(x: Floats, y: Floats) -> Floats:
    """(K, 2) points along a line through given ones, close to each other as texts see it."""
    at = np.linspace(0.0, len(x) - 1.0, _POINTS * len(x))
    return np.stack([np.interp(at, np.arange(len(x)), part) for part in (x, y)], axis=1)


def _say_what_is_above(impedance: Impedance, ax: Axes, whole: Complex) -> None:
    """Write beside a line that leaves the panel at its top how far down in frequency it goes on."""
    top = ax.get_ylim()[1]
    above = np.flatnonzero(-whole.imag > top)
    if not above.size:
        return
    text = f"↑ down to {frequency_text(float(impedance.frequency[above[0]]))}"
    left, right = ax.get_xlim()
    place = (float(whole[above[-1]].real) - left) / (right - left)
    x, align = (
        (place - _BESIDE / size_mm(ax)[0], "right") if place > 0.5 else (place + _BESIDE / size_mm(ax)[0], "left")
    )
    ax.text(x, 1.0, text, transform=ax.transAxes, ha=align, va="top")


# ---- admittance ---------------------------------------------------------------------------------------------------


@styled
def admittance(impedance: Impedance, given: Sequence[Axes] = ()) -> Figure:
    """abs of the admittance [S/m^2], and of what each ion and the displacement carry of it, against log frequency.

    Split in the middle of the most resistive layer, where the parts add up to the whole, with their phases.
    """
    with np.errstate(invalid="ignore"):  # an impedance that was not found is NaN
        parts = {"total": _TOTAL, "displacement": _DISPLACEMENT}
        more = [Line2D([], [], label=label, **style) for label, style in parts.items()]
        of_case = cast("Solution", impedance)  # the legend asks for nothing but the case
        drawn = np.flatnonzero((np.abs(impedance.ion_admittance) > 0).any(axis=0)).tolist()
        figure, ((ax,),) = sheet([Row(_PARTS, TITLE)], stack.ion_head(of_case, more, drawn), given)
        _title(impedance, figure)
        stack.ion_legend(of_case, figure, more, drawn)
        frequency_axis(impedance.frequency, [ax])
        values = [impedance.admittance, impedance.displacement_admittance, *impedance.ion_admittance.T]
        styles = [_TOTAL, _DISPLACEMENT, *(ion_style(index) for index in range(len(impedance.case.ions)))]
        sizes = np.array([np.abs(value) for value in values])
        for size, style in zip(sizes, styles, strict=True):
            ax.plot(impedance.frequency, np.where(size > 0, size, np.nan), **style)
        seen = sizes[np.isfinite(sizes) & (sizes > 0)]
        if seen.size:
            ax.set_yscale("log")
            ax.set_ylim(log_limits(max(float(seen.min()), float(seen.max()) * 10.0**-_DEPTH), float(seen.max())))
            log_axis(ax.yaxis)
        ax.set_ylabel("|admittance| [S/m²]")
        ax.set_title(f"{_layer_at(impedance)}, x = {impedance.position * 1e9:.4g} nm", loc="left", parse_math=False)
        return figure


def _layer_at(impedance: Impedance) -> str:
    """Name of the layer at the middle of which the current is split."""
    mesh = impedance.steady.problem.mesh
    return impedance.case.layer_names[mesh.resistive_layer]


def _title(impedance: Impedance, figure: Figure) -> None:
    facts = f"about V = {number(impedance.steady.membrane_potential * 1e3, 4)} mV"
    facts += "" if impedance.converged else " (not converged)"
    write_title(figure, impedance.case.title, facts)
