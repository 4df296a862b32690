"""A course in time for the page: computed beside it, thinned to as many moments as are played."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from electrodiff.explore.pictures import Picture, joined, picture_of
from electrodiff.model import Case
from electrodiff.plot.ladder_curves import current_unit
from electrodiff.plot.scale import Limits, linear_limits
from electrodiff.plot.time_axis import TimeAxis, time_text
from electrodiff.solvers.transient import Run, solve_transient
from electrodiff.study import TransientStudy
from electrodiff.transient import Transient

Floats = NDArray[np.float64]

# Most moments of a film: twenty seconds at ten pictures a second.
_MOMENTS = 200
# Labels along an axis of time.
_TICKS = 6

Progress = Callable[[str], None]
"""Called with what is to be said while a film is computed; raises to stop it."""


@dataclass(frozen=True)
class Film:
    """The moments of a course in time."""

    transient: Transient
    moments: tuple[int, ...]
    """Indices of its outputs that are played."""
    pictures: tuple[Picture, ...]
    """One for each."""
    limits: Mapping[str, Limits]
    """Of the axes, the same for all moments."""

    @property
    def axis(self) -> TimeAxis:
        """Where the outputs lie on an axis of time."""
        return TimeAxis.of(self.transient)

    @property
    def series(self) -> tuple[dict[str, Floats], str, tuple[Limits, Limits, Limits]]:
        """`place`, `potential` [mV] and `current` at every output, the unit of the current, and the limits of the axes.

        The currents of the first moments, which charge the membrane, may be far larger than all others: they are cut.
        """
        potential = self.transient.membrane_potential * 1e3
        total = self.transient.total_current_density
        late = np.abs(total[np.isfinite(total)][2:] if total.size > 4 else total)
        largest = float(np.quantile(late, 0.98)) if late.size else 0.0
        unit, size = current_unit([largest])
        columns = {"place": self.axis.places, "potential": potential, "current": total / size}
        shown = np.clip(total / size, -1.3 * largest / size, 1.3 * largest / size)
        bounds = linear_limits(potential, 1e-6), linear_limits(shown, 0.0, with_zero=True)
        return columns, unit, (self.axis.limits, *bounds)

    @property
    def ticks(self) -> tuple[list[tuple[float, str]], str]:
        """Places and texts along the axis of time, and what it is called."""
        axis = self.axis
        if not axis.is_logarithmic:
            name, size = axis.unit
            times = np.linspace(0.0, axis.last / size, _TICKS)
            return [(float(time), f"{time:.3g}") for time in times], f"time [{name}]"
        first, last = (math.ceil(math.log10(axis.first) - 1e-9), math.floor(math.log10(axis.last) + 1e-9))
        step = max(1, math.ceil((last - first + 1) / _TICKS))
        powers = [(float(exponent), time_text(10.0**exponent)) for exponent in range(first, last + 1, step)]
        return [(axis.edge, "0"), *powers], "time"

    def time_text(self, moment: int) -> str:
        """The time of a moment."""
        return time_text(float(self.transient.time[self.moments[moment]]))

    def place(self, moment: int) -> float:
        """Where a moment is on the axis of time."""
        return float(self.axis.places[self.moments[moment]])


def can_play(case: Case) -> bool:
    """Whether a case has a course in time."""
    return isinstance(case.study, TransientStudy)


def film_of(case: Case, say: Progress) -> Film:
    """Compute the course of a case in time, and a picture of each moment.

    Raises CaseError for a study that starts from a stored result, and ConvergenceError where it goes no further.
    """
    study = case.study
    assert isinstance(study, TransientStudy), "asked before"

    def watch(run: Run) -> None:
        reached = run.steps[-1][0] if run.steps else 0.0
        say(f"computing the course in time: {time_text(reached)} of {time_text(study.end)}, {len(run.steps)} steps")

    transient = solve_transient(case.changed({"study.error_estimates": False, "expect": []}), watch=watch)
    return film_from(transient, say)


def film_from(transient: Transient, say: Progress = lambda _: None) -> Film:
    """The film of a transient."""
    moments = _thinned(len(transient.time))
    pictures = []
    for count, index in enumerate(moments):
        say(f"drawing the course in time: {count + 1} of {len(moments)} moments")
        pictures.append(picture_of(transient.frames[index]))
    names = pictures[0].limits
    limits = {name: joined(picture.limits[name] for picture in pictures) for name in names}
    return Film(transient, moments, tuple(pictures), limits)


def _thinned(count: int) -> tuple[int, ...]:
    """Indices of so many outputs, evenly, at most as many as are played; the first and the last among them."""
    return tuple(sorted({round(place) for place in np.linspace(0, count - 1, min(count, _MOMENTS))}))
