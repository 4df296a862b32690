"""What is computed of a case: its steady state, its course in time, or its impedance.  Times in s, frequencies in Hz."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import (
    ConfigDict,
    Discriminator,
    Field,
    SerializerFunctionWrapHandler,
    Tag,
    model_serializer,
    model_validator,
)

from electrodiff.changes import Change, related, tidy, within
from electrodiff.fields import Duration, Frequency, PositiveNumber, Potential, Record, Time, nearest, problem

# A stored profile of 1000 nodes and five unknowns takes 40 kB: this many fill 0.4 GB.
MOST_POINTS = 10_000

# What a scale has that does not say: this many numbers for each decade, over this many decades before the end.
PER_DECADE, DECADES = 10, 6


# What a transient may start from, beside a stored result.
STARTS = ("steady", "initial")


class SteadyStudy(Record):
    """A study of the steady state."""

    kind: Literal["steady"] = "steady"
    """`"steady"`."""


class Spacing(Record):
    """Numbers between two others, `from` and `to`, both included: evenly spaced, or so many for each decade."""

    model_config = ConfigDict(populate_by_name=True)

    per_decade: int | None = Field(None, strict=True, ge=1, le=1000)
    """Number in each decade, evenly spaced in the logarithm."""
    points: int | None = Field(None, strict=True, ge=2, le=MOST_POINTS)
    """How many there are, evenly spaced."""

    @model_serializer(mode="wrap")
    def _write(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        # `from` is a word of Python's own, so that the field is called `from_`, but only there.
        return {"from" if key == "from_" else key: value for key, value in write(self).items()}

    def _spaced(self, first: float, last: float) -> list[float]:
        if self.points is not None:
            return [tidy(first + (last - first) * k / (self.points - 1)) for k in range(self.points)]
        density = self.per_decade or PER_DECADE
        return [tidy(first * 10 ** (k / density)) for k in range(_steps(first, last, density))] + [tidy(last)]

    def _check_span(self, first: float, last: float, unit: str) -> None:
        if self.points is not None and self.per_decade is not None:
            raise problem("points", self.points, "per_decade is given too, and each says how many; drop one of them")
        if not first < last:
            raise problem("to", f"{last:g} {unit}", f"it must be greater than from, which is {first:g} {unit}")
        if self.points is not None:
            return
        if not first > 0:
            remedy = "so many for each decade cannot start from zero; start above it, or give points instead"
            raise problem("from", f"{first:g} {unit}", remedy)
        number = _steps(first, last, self.per_decade or PER_DECADE) + 1
        if number > MOST_POINTS:
            raise problem("per_decade", self.per_decade, f"that makes {number} points; ask for {MOST_POINTS} at most")


def _steps(first: float, last: float, density: int) -> int:
    """Steps of 1/density decades; a whole number of them but for round-off is whole."""
    return math.ceil(math.log10(last / first) * density - 1e-9)


class OutputTimes(Spacing):
    """When a transient is looked at, beside its start and its end."""

    from_: Time | None = Field(None, alias="from")
    """[s]; if left out, 0 with `points`, else a millionth of `to`."""
    to: Time | None = None
    """[s]; the end of the study if left out."""
    times: tuple[Time, ...] | None = Field(None, min_length=1)
    """[s] of each, instead."""

    def values(self, end: float) -> list[float]:
        """Times [s] of a study that runs to `end` [s]."""
        return list(self.times) if self.times is not None else self._spaced(*self._span(end))

    def _span(self, end: float) -> tuple[float, float]:
        last = end if self.to is None else self.to
        first = 0.0 if self.points is not None else last / 10**DECADES
        return first if self.from_ is None else self.from_, last

    def check(self, end: float) -> None:
        """Raise an error about these as times of a study that runs to `end` [s]."""
        beyond = f"the study ends at {end:g} s; ask for earlier times, or let study.end be later"
        for index, time in enumerate(self.times or ()):
            if tidy(time) > tidy(end):
                raise problem(f"times[{index}]", f"{time:g} s", beyond)
        if self.times is not None:
            return self._check_alone()
        first, last = self._span(end)
        if tidy(last) > tidy(end):
            raise problem("to", f"{last:g} s", beyond)
        return self._check_span(first, last, "s")

    def _check_alone(self) -> None:
        others = {"from": self.from_, "to": self.to, "per_decade": self.per_decade, "points": self.points}
        for key, value in others.items():
            if value is not None:
                raise problem(key, value, "study.output.times says already which they are; drop one of them")


class FrequencyRange(Spacing):
    """Frequencies between two others."""

    from_: Frequency = Field(alias="from")
    """[Hz]"""
    to: Frequency
    """[Hz]"""

    @model_validator(mode="after")
    def _check(self) -> FrequencyRange:
        self._check_span(self.from_, self.to, "Hz")
        return self

    def values(self) -> list[float]:
        """Frequencies [Hz] from the lowest to the highest."""
        return self._spaced(self.from_, self.to)


def _form(value: Any) -> str | None:
    return "list" if isinstance(value, list | tuple) else "range" if isinstance(value, dict | FrequencyRange) else None


Frequencies = Annotated[
    Annotated[tuple[Frequency, ...], Field(min_length=1), Tag("list")] | Annotated[FrequencyRange, Tag("range")],
    Discriminator(
        _form,
        custom_error_type="frequencies",
        custom_error_message='expected a list such as ["1 Hz", "1 kHz"], or { from = "1 Hz", to = "1 MHz" }',
    ),
]


class ImpedanceStudy(Record):
    """A study of the impedance about the steady state."""

    kind: Literal["impedance"]
    """`"impedance"`."""
    frequencies: Frequencies
    """[Hz]"""

    def frequency_values(self) -> tuple[float, ...]:
        """Frequencies [Hz], each once, from the lowest to the highest."""
        given = self.frequencies
        return tuple(sorted({*(given.values() if isinstance(given, FrequencyRange) else given)}))


class PotentialRange(Spacing):
    """Membrane potentials between two others, evenly spaced."""

    from_: Potential = Field(alias="from")
    """[V]"""
    to: Potential
    """[V]"""
    points: int = Field(strict=True, ge=2, le=MOST_POINTS)

    @model_validator(mode="after")
    def _check(self) -> PotentialRange:
        if self.per_decade is not None:
            raise problem("per_decade", self.per_decade, "potentials are evenly spaced; give points")
        self._check_span(self.from_, self.to, "V")
        return self

    def values(self) -> list[float]:
        """Potentials [V] from the lowest to the highest."""
        # What is left of a span where it passes through 0 is rounding.
        size = max(abs(self.from_), abs(self.to))
        return [0.0 if abs(value) < 1e-12 * size else value for value in self._spaced(self.from_, self.to)]


def _potentials(value: Any) -> str | None:
    return "list" if isinstance(value, list | tuple) else "range" if isinstance(value, dict | PotentialRange) else None


Potentials = Annotated[
    Annotated[tuple[Potential, ...], Field(min_length=1), Tag("list")] | Annotated[PotentialRange, Tag("range")],
    Discriminator(
        _potentials,
        custom_error_type="potentials",
        custom_error_message='expected a list like ["-80 mV", "0 mV"], or { from = "-120 mV", to = "80 mV", points = 101 }',
    ),
]


class IVStudy(Record):
    """A study of the current at given membrane potentials, V = phi(left) - phi(right)."""

    kind: Literal["iv"]
    """`"iv"`."""
    potentials: Potentials
    """[V]"""

    def potential_values(self) -> tuple[float, ...]:
        """Potentials [V], each once, from the lowest to the highest."""
        given = self.potentials
        return tuple(sorted({*(given.values() if isinstance(given, PotentialRange) else given)}))


class TransientStudy(Record):
    """A study of the course in time."""

    kind: Literal["transient"]
    """`"transient"`."""
    start: str = Field("steady", examples=["steady", "initial", "results/my/solution.nc"])
    """The steady state before the protocol, the `initial` concentrations of the layers, or a stored result."""
    end: Duration
    """[s]"""
    output: OutputTimes | None = None
    """When the state is kept beside 0 and the end; None for 10 times in each of the last 6 decades."""
    protocol: tuple[Change, ...] = ()
    """What changes, and when."""
    tolerance: PositiveNumber = 1e-4
    """Local error of potentials in RT/F and of concentrations relative to themselves."""
    error_estimates: bool = Field(True, strict=True)
    """Whether the error of every number is estimated, by marches on coarser meshes after the run."""

    @model_validator(mode="after")
    def _check(self) -> TransientStudy:
        if not 1e-12 <= self.tolerance <= 0.1:
            raise problem("tolerance", self.tolerance, "it must lie between 1e-12 and 0.1, such as 1e-4")
        is_path = self.start.endswith(".nc") or "/" in self.start.replace("\\", "/")
        if self.start not in STARTS and not is_path:
            remedy = "expected 'steady', 'initial' or the path of a stored result, such as 'results/my/solution.nc'"
            raise problem("start", self.start, f"{remedy}{nearest(self.start, STARTS)}")
        output = self.output
        if output is not None:
            within("output", output, lambda: output.check(self.end))
        self._check_protocol()
        return self

    def _check_protocol(self) -> None:
        for index, change in enumerate(self.protocol):
            if change.start >= tidy(self.end):
                remedy = f"the study ends at {self.end:g} s; let study.end be later, or drop the change"
                raise problem(f"protocol[{index}].at", f"{change.at:g} s", remedy)
        at_work: list[int] = []
        for index in sorted(range(len(self.protocol)), key=lambda index: self.protocol[index].start):
            at_work = [other for other in at_work if self.protocol[other].stop >= self.protocol[index].start]
            for other in at_work:
                self._check_apart(other, index)
            at_work.append(index)

    def _check_apart(self, before: int, after: int) -> None:
        """No two changes are at work on the same key at the same time."""
        first, second = self.protocol[before], self.protocol[after]
        if not first.overlaps(second):
            return
        span = f"at {first.at:g} s" if first.action == "set" else f"from {first.start:g} s to {first.stop:g} s"
        for key, value in second.targets.items():
            if any(related(key, other) for other in first.targets):
                rule = "changes of one key may not overlap"
                remedy = f"protocol[{before}] changes it {span}, and {rule}; let one begin later, or drop it"
                raise problem(f"protocol[{after}].{second.action}.{key}", value, remedy)

    def output_times(self) -> tuple[float, ...]:
        """Times [s] at which the course is looked at: from 0, just after the changes there, to the end, both included."""
        times = (self.output or OutputTimes()).values(self.end)
        return tuple(sorted({0.0, self.end, *map(self._moment, times)}))

    def corner_times(self) -> tuple[float, ...]:
        """Times [s] at which a change starts or is over, from 0 to the end, both included."""
        times = (self._moment(time) for change in self.protocol for time in (change.start, change.stop))
        return tuple(sorted({0.0, self.end, *(time for time in times if time < self.end)}))

    def jump_times(self) -> tuple[float, ...]:
        """Times [s] between start and end at which something is stepped: an output at one is of the moment before."""
        return tuple(sorted({change.start for change in self.protocol if change.set and 0 < change.start < self.end}))

    def _moment(self, time: float) -> float:
        """The time [s] without its round-off, or the end of the study if that is the same."""
        return self.end if tidy(time) == tidy(self.end) else tidy(time)


def with_kind(value: Any) -> Any:
    """A study without a kind is steady."""
    return {"kind": "steady", **value} if isinstance(value, dict) and "kind" not in value else value
