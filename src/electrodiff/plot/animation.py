"""The profiles of a transient as a film: potential, concentrations and charge, one picture for each output."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import rc_context
from matplotlib.animation import FFMpegWriter, PillowWriter
from numpy.typing import NDArray

from electrodiff.errors import CaseError
from electrodiff.plot.dress import dress_figure
from electrodiff.plot.layer_axis import LayerAxis
from electrodiff.plot.scale import CHARGE_DENSITY, CONCENTRATION, POTENTIAL, Ladder, linear_limits, log_limits
from electrodiff.plot.sheet import AXIS, CLOSE, INCH, RIGHT, WIDTH, Row, sheet
from electrodiff.plot.style import PAPER, SOLUTION, ion_style, settings, style_of
from electrodiff.plot.ticks import log_axis
from electrodiff.plot.time_axis import TimeAxis, ion_head, ion_legend, time_text, title
from electrodiff.whole import written_whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

    from electrodiff.transient import Transient

Floats = NDArray[np.float64]

# Pixels an inch: fewer than of a figure, which halves the time and the size.
_DPI = 100
# Pictures a second, and how often the last one is shown, to be looked at before it starts again.
_RATE, _LAST = 12, 12
# Heights of the panels, the last with the time alone [mm].
_NAMED, _PROFILE, _TIME = 48.0, 42.0, 5.0
# Ratio of concentrations from which their axis is logarithmic, and how far down it goes.
_WIDE, _TRACE = 300.0, 1e-8

WRITERS: dict[str, type[PillowWriter | FFMpegWriter]] = {".gif": PillowWriter, ".mp4": FFMpegWriter}
"""What writes a file with each ending."""


def animate(transient: Transient, path: str | Path, style: str = PAPER) -> Path:
    """Write the profiles of a transient as a film, .gif or .mp4, and return its path; one picture for each output.

    style: "paper", "slides" (larger text, thicker lines) or "dark".  The file appears whole or not at all.  Raises
    CaseError for another ending, and for .mp4 without the program ffmpeg (see `ffmpeg`); ValueError for another style;
    OSError if it cannot be written.
    """
    look = style_of(style)
    path = Path(path)
    kind = checked_writer(path)
    with settings(look), rc_context({"animation.ffmpeg_path": ffmpeg() or "ffmpeg"}):
        writer = kind(fps=_RATE)
        film = Film(transient)
        dress_figure(film.figure, look)
        count = len(transient.time)
        with written_whole(path, path.suffix.lower()) as partial:
            writer.setup(film.figure, str(partial), _DPI)
            try:
                for index in [*range(count), *[count - 1] * _LAST]:
                    film.show(index)
                    writer.grab_frame()
            except BaseException:
                with suppress(IndexError):  # there was no picture to finish
                    writer.finish()
                raise
            writer.finish()
    return path


def checked_writer(path: Path) -> type[PillowWriter | FFMpegWriter]:
    """What writes a film into this file; CaseError if its ending is unknown, or the program for it is not there."""
    writer = WRITERS.get(path.suffix.lower())
    if writer is None:
        raise CaseError(f"{path}: expected a name that ends in {' or '.join(WRITERS)}")
    if writer is FFMpegWriter and ffmpeg() is None:
        raise CaseError(
            f"{path}: the program ffmpeg, which writes this, is not installed; install it, or pip install "
            "'electrodiff[film]', or choose a .gif file"
        )
    return writer


def ffmpeg() -> str | None:
    """The program ffmpeg: that of the system, or the one that comes with imageio-ffmpeg; None without either."""
    found = shutil.which("ffmpeg")
    if found is None:
        with suppress(ImportError, RuntimeError):
            from imageio_ffmpeg import get_ffmpeg_exe

            found = str(get_ffmpeg_exe())
    return found


class Film:
    """A figure of the profiles at one output, and what changes in it from one to the next."""

    def __init__(self, transient: Transient) -> None:
        self.transient = transient
        rows = [Row(_NAMED, 0.0), Row(_PROFILE, CLOSE), Row(_PROFILE, CLOSE), Row(_TIME, AXIS + 2.0)]
        self.figure, axes = sheet(rows, ion_head(transient))
        potential, concentration, charge, time = (row[0] for row in axes)
        ion_legend(transient, self.figure)
        title(transient, self.figure, " ")
        self._time = self.figure.text(1.0 - RIGHT / WIDTH, 1.0 - 1.5 / self._height, "", ha="right", va="top")
        self._axis = LayerAxis.of(transient.frames[-1])
        headroom = self._axis.draw_frames([potential, concentration, charge])
        for ax in (potential, concentration, charge):
            for edge in self._axis.edge[1:-1]:
                ax.axvline(
                    edge, ymax=1.0 - headroom if ax is potential else 1.0, color="0.35", linewidth=0.6, zorder=-1
                )
        self._places = self._broken(
            np.concatenate([self._axis.place(i, transient.x[e]) for i, e in enumerate(self._entries)])
        )
        self._curves: list[tuple[Line2D, Floats]] = []
        self._add(potential, transient.potential, POTENTIAL, "potential", headroom)
        self._add(charge, transient.charge_density, CHARGE_DENSITY, "charge density", 0.0)
        self._add_ions(concentration)
        self._clock, self._dot = TimeAxis.of(transient), self._draw_clock(time)

    @property
    def _height(self) -> float:
        return float(self.figure.get_size_inches()[1]) * INCH

    @property
    def _entries(self) -> list[slice]:
        return self.transient.frames[0].layer_entries

    def _broken(self, values: Floats) -> Floats:
        """Values (..., M) with NaN between layers, so that a curve does not cross a jump."""
        return np.insert(values, [entries.start for entries in self._entries[1:]], np.nan, axis=-1)

    def _add(self, ax: Axes, values: Floats, ladder: Ladder, name: str, headroom: float) -> None:
        """A curve (T, M) in the unit of its largest value at any time, with zero."""
        unit = ladder.unit(values)
        self._add_curve(ax, values * unit.factor, SOLUTION)
        ax.axhline(0.0, color="0.7", linewidth=0.8, zorder=-1)
        ax.set_ylabel(f"{name} [{unit.name}]")
        ax.set_ylim(linear_limits(values * unit.factor, unit.floor, headroom, with_zero=True))

    def _add_curve(self, ax: Axes, values: Floats, style: dict[str, Any]) -> None:
        (line,) = ax.plot(self._places, np.full(self._places.shape, np.nan), **style)
        self._curves.append((line, self._broken(values)))

    def _add_ions(self, ax: Axes) -> None:
        values = self.transient.concentration
        unit = CONCENTRATION.unit(values)
        values = np.where(values > 0, values * unit.factor, np.nan)
        for index in range(values.shape[1]):
            self._add_curve(ax, values[:, index], ion_style(index))
        ax.set_ylabel(f"concentration [{unit.name}]")
        low, high = (float(part) for part in (np.nanmin(values), np.nanmax(values)))
        if high > _WIDE * low:
            ax.set_yscale("log")
            ax.set_ylim(log_limits(max(low, _TRACE * high), high))
            log_axis(ax.yaxis)
        else:
            ax.set_ylim(linear_limits(values, unit.floor, with_zero=True))

    def _draw_clock(self, ax: Axes) -> Line2D:
        """An axis of time alone; return the dot that moves along it."""
        self._clock = TimeAxis.of(self.transient)
        self._clock.draw_frames([ax])
        ax.spines["left"].set_visible(False)
        ax.set_yticks([])
        ax.set_ylim(0.0, 1.0)
        (dot,) = ax.plot([0.0], [0.0], marker="o", markersize=9.0, color=SOLUTION["color"], clip_on=False, zorder=6)
        return dot

    def show(self, index: int) -> None:
        """Turn the figure to an output."""
        for line, values in self._curves:
            line.set_ydata(values[index])
        time = self.transient.time[index]
        self._dot.set_xdata([float(self._clock.place(np.array([time]))[0])])
        self._time.set_text(f"t = {time_text(float(time))}")
