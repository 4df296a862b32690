"""The axis of time: logarithmic from the first output to the last, with t = 0 at its edge; or linear."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from electrodiff.ends import Wall
from electrodiff.plot import stack
from electrodiff.plot.labels import write_title
from electrodiff.plot.scale import POTENTIAL
from electrodiff.plot.sheet import size_mm
from electrodiff.plot.style import number
from electrodiff.plot.ticks import Tick, chosen_ticks
from electrodiff.study import TransientStudy

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from electrodiff.solution import Solution
    from electrodiff.transient import Transient

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# Times are drawn on a logarithmic axis if half of them are in this first part of it.
_CROWDED = 0.1
# Share of a logarithmic axis between its edge, where t = 0 stands, and the first output.
_EDGE = 0.11
_MARGIN = 0.01
# Hides the spine between t = 0 and the first output.
_BREAK: dict[str, Any] = {"color": "white", "linewidth": 3.0, "solid_capstyle": "butt", "clip_on": False, "zorder": 5}

_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86400.0
_YEAR = 365.25 * _DAY
_UNITS = (("ps", 1e-12), ("ns", 1e-9), ("µs", 1e-6), ("ms", 1e-3), ("s", 1.0))
_LONG_UNITS = (("min", _MINUTE), ("h", _HOUR), ("days", _DAY), ("years", _YEAR))


@dataclass(frozen=True)
class TimeAxis:
    """Where the outputs of a transient lie on an axis."""

    time: Floats
    """(T,) [s], rising from 0."""
    changes: tuple[float, ...] = ()
    """Times [s] between them at which something changes or has changed."""
    jumps: tuple[float, ...] = ()
    """Those at which it changes at once: an output at that time is of the moment before."""

    @classmethod
    def of(cls, transient: Transient) -> TimeAxis:
        """That of a transient."""
        study = transient.case.study
        if not isinstance(study, TransientStudy):
            return cls(transient.time)
        last = transient.time[-1]
        corners, jumps = (
            [time for time in times if 0 < time < last] for times in (study.corner_times(), study.jump_times())
        )
        return cls(transient.time, tuple(corners), tuple(jumps))

    @property
    def after_jumps(self) -> Integers:
        """Indices of the first outputs after a jump: a curve breaks before them."""
        return np.searchsorted(self.time, np.array(self.jumps), side="right")

    @cached_property
    def is_logarithmic(self) -> bool:
        """Whether it is; t = 0 then stands apart at its edge."""
        later = self.time[self.time > 0]
        return later.size > 1 and float(np.median(later)) < _CROWDED * float(later[-1])

    @property
    def first(self) -> float:
        """The earliest time but 0 [s]."""
        return float(self.time[self.time > 0][0])

    @property
    def last(self) -> float:
        """The latest time [s]."""
        return float(self.time[-1])

    @property
    def edge(self) -> float:
        """The place of t = 0."""
        if not self.is_logarithmic:
            return 0.0
        return math.log10(self.first) - _EDGE * math.log10(self.last / self.first)

    def place(self, time: Floats) -> Floats:
        """Places of times [s]: their decimal logarithms, or themselves in the unit of the axis."""
        if not self.is_logarithmic:
            return np.asarray(time / self.unit[1])
        return np.where(time > 0, np.log10(np.maximum(time, self.first)), self.edge)

    @property
    def places(self) -> Floats:
        """(T,) of the outputs."""
        return self.place(self.time)

    @property
    def unit(self) -> tuple[str, float]:
        """Name and size [s] of the unit of a linear axis."""
        return next((unit for unit in reversed((*_UNITS, *_LONG_UNITS)) if self.last >= unit[1]), _UNITS[0])

    @property
    def limits(self) -> tuple[float, float]:
        """Ends of the axis."""
        last = float(self.places[-1])
        # Of a run that was stopped at once there is nothing but its start.
        margin = _MARGIN * (last - self.edge) or 0.5
        return self.edge - margin, last + margin

    def draw_ticks(self, ax: Axes, name: str) -> None:
        """Label the x or y axis: times with their units, or, on a linear one, the unit beside the word."""
        axis = getattr(ax, f"{name}axis")
        if not self.is_logarithmic:
            axis.set_label_text(f"time [{self.unit[0]}]")
            return
        low, high = sorted(getattr(ax, f"get_{name}lim")())
        per_place = size_mm(ax)[name == "y"] / (high - low)
        ticks = chosen_ticks([[(self.edge, "0")], *_tick_groups(self.first, self.last)], per_place, name == "y")
        axis.set_ticks([place for place, _ in ticks], labels=[text for _, text in ticks])
        axis.set_ticks([float(exponent) for exponent in _powers(self.first, self.last)], minor=True)
        axis.set_label_text("time")

    def draw_frames(self, axes: Sequence[Axes]) -> None:
        """Make axes under each other into panels over time: ticks, limits, changes marked, and where t = 0 stands apart."""
        for ax in axes:
            ax.set_xlim(*self.limits)
            self.draw_ticks(ax, "x")
            for time in self.changes:
                ax.axvline(float(self.place(np.array([time]))[0]), color="0.6", linewidth=0.8, linestyle=":", zorder=-1)
            if self.is_logarithmic:
                # The gap in the axis between t = 0 and the first output.
                gap = [self.edge, math.log10(self.first)]
                start, stop = np.interp([0.3, 0.7], [0.0, 1.0], gap)
                ax.plot([start, stop], [0.0, 0.0], transform=ax.get_xaxis_transform(), label="_gap", **_BREAK)
            ax.tick_params(labelbottom=ax is axes[-1])
            ax.xaxis.label.set_visible(ax is axes[-1])

    def draw_curve(self, ax: Axes, values: Floats, **style: Any) -> None:
        """Draw a series (T,) over time: a dot at t = 0 where that stands apart, and a line from the first output on."""
        places = self.places
        start = 1 if self.is_logarithmic else 0
        breaks = self.after_jumps - start
        ax.plot(np.insert(places[start:], breaks, np.nan), np.insert(values[start:], breaks, np.nan), **style)
        if not self.is_logarithmic:
            return
        dot: dict[str, Any] = {
            "color": style.get("color"),
            "marker": "o",
            "markersize": 4.0,
            "linestyle": "",
            "label": "_start",
        }
        dot["zorder"] = style.get("zorder", 2.0)
        ax.plot(places[:1], values[:1], clip_on=False, **dot)


def _tick_groups(first: float, last: float) -> list[list[Tick]]:
    """Places and labels for times [s], the most wanted group first, each worth showing only as a whole.

    Powers of a thousand up to a second, or of a million; a day, a year, an hour, a minute, and more of them; the first
    and the last time; and the other powers of ten.
    """
    powers = _powers(first, last)
    long = [_tick(size * count) for count in (1, 10, 100) for size in (_DAY, _YEAR, _HOUR, _MINUTE)]
    ages = [_tick(_YEAR * 10.0**exponent) for exponent in range(3, 12)]
    return [
        [_tick(10.0**exponent) for exponent in powers if exponent % 3 == 0],
        [_tick(10.0**exponent) for exponent in powers if exponent % 6 == 0],
        *([tick] for tick in long + ages if math.log10(first) <= tick[0] <= math.log10(last)),
        [_tick(first)],
        [_tick(last)],
        [_tick(10.0**exponent) for exponent in powers if exponent % 3],
    ]


def _powers(first: float, last: float) -> range:
    """Exponents of the powers of ten between two times [s], up to 1 s."""
    return range(math.ceil(math.log10(first) - 1e-9), math.floor(min(math.log10(last), 0.0) + 1e-9) + 1)


def _tick(time: float) -> Tick:
    # Rounded, so that the first output and the power of ten that it is are one tick.
    return round(math.log10(time), 9), time_text(time)


def time_text(time: float, digits: int = 3) -> str:
    """`0`, `1 ps`, `12.6 ns`, `1 min`, `11.6 days`."""
    if time <= 0:
        return "0"
    # 999.6 ps is 1 ns: so many digits round up.
    whole = time * (1 + 0.5 * 10.0**-digits)
    steps = (*_UNITS, *_LONG_UNITS)
    name, size = next((step for step in reversed(steps) if whole >= step[1]), _UNITS[0])
    value = time / size
    text = f"{value:.{digits}g}"
    text = number(value, digits) if "e" in text else text
    return f"{text} {name[:-1] if text == '1' and name in ('days', 'years') else name}"


# ---- the head of a figure -----------------------------------------------------------------------------------------


def title(transient: Transient, figure: Figure, facts: str | None = None) -> None:
    """Write the title of the case over a figure, and facts at its right: by default the potential at the end."""
    if facts is None:
        last = float(transient.membrane_potential[-1])
        shown = number(last * 1e3, 4) if abs(last) > POTENTIAL.zero else "0"
        facts = f"{potential_name(transient)} = {shown} mV after {time_text(float(transient.time[-1]))}"
    facts += "" if transient.converged else " (stopped early)"
    write_title(figure, transient.case.title, facts)


def potential_name(transient: Transient) -> str:
    """`Vₘ`, or `V` where there is a wall and no membrane to speak of."""
    walls = any(isinstance(end, Wall) for end in (transient.case.left, transient.case.right))
    return "V" if walls else "Vₘ"


def ion_head(transient: Transient, drawn: Collection[int] | None = None) -> float:
    """Height of a head with a title and a legend of the ions, or of those that are drawn [mm]."""
    return stack.ion_head(_with_case(transient), drawn=drawn)


def ion_legend(transient: Transient, figure: Figure, drawn: Collection[int] | None = None) -> None:
    """Write the legend of the ions, or of those that are drawn, under the title of a figure."""
    stack.ion_legend(_with_case(transient), figure, drawn=drawn)


def _with_case(transient: Transient) -> Solution:
    # The legend of the ions asks for nothing but the case.
    return cast("Solution", transient)
