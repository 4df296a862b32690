"""Timed changes of a case: steps of any key, and ramps and sines of what the two ends are given.

These records know key paths, numbers and times; what a change does to a case is in `protocol`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationInfo, WithJsonSchema, field_serializer, model_validator
from pydantic_core import PydanticCustomError

from electrodiff import units
from electrodiff.fields import SI, Angle, Duration, Frequency, FrozenTable, Record, Time, problem

# What an end is given, and can be given as a function of time.
_GIVEN = {
    "potential": SI(units.POTENTIAL),
    "current": SI(units.CURRENT_DENSITY),
    "surface_charge": SI(units.SURFACE_CHARGE),
    "concentrations": SI(units.CONCENTRATION, "not negative"),
}
_GIVEN_TEXT = "potential, current, surface_charge and concentrations.ION of left and right"


def given_field(key: str) -> SI | None:
    """The field of a key path that is a number which an end is given, such as left.concentrations.K; else None."""
    side, _, rest = key.partition(".")
    name, _, ion = rest.partition(".")
    is_given = side in ("left", "right") and name in _GIVEN and bool(ion) == (name == "concentrations")
    return _GIVEN[name] if is_given else None


def tidy(number: float) -> float:
    """The number to 14 digits, so that 0.1 + 0.2 is 0.3: a time that was summed is the one that would be written."""
    return float(f"{number:.14g}")


def related(first: str, second: str) -> bool:
    """Whether one of two key paths is the other or lies in it."""
    return f"{first}.".startswith(f"{second}.") or f"{second}.".startswith(f"{first}.")


class SineWave(Record):
    """amplitude sin(2 pi frequency (t - at) + phase), from the time `at` of its change."""

    amplitude: Annotated[
        Any, WithJsonSchema({"type": "string", "description": "in a unit of the key", "examples": ["10 mV"]})
    ]
    """In the SI unit of the key, once it is in a Change."""
    frequency: Frequency
    """[Hz]"""
    phase: Angle = 0.0
    """[rad]"""

    @model_validator(mode="before")
    @classmethod
    def _check_table(cls, data: Any) -> Any:
        if isinstance(data, dict | SineWave):
            return data
        raise problem("", data, 'expected a table, such as { amplitude = "10 mV", frequency = "1 kHz" }')


class Change(Record):
    """A timed change of the case: exactly one of a step, a ramp and a sine, of one key path or of several."""

    at: Time = 0.0
    """[s]"""
    set: dict[str, Any] = Field(default_factory=dict)
    """The new value of each key path, as it would stand in a case file."""
    ramp: dict[str, Any] = Field(default_factory=dict)
    """What each key path of an end becomes [SI], linearly from what it is."""
    over: Duration | None = None
    """[s] that a ramp takes."""
    sine: dict[str, SineWave] = Field(default_factory=dict)
    """What is added to each key path of an end."""
    until: Time | None = None
    """[s] at which a sine stops; None for the end of the study."""

    @model_validator(mode="before")
    @classmethod
    def _flatten(cls, data: Any) -> Any:
        """`left.potential` without quotes is a table in a table to TOML; here it is the same key path."""
        if not isinstance(data, dict):
            return data
        tables = {action: data[action] for action in ("set", "ramp", "sine") if isinstance(data.get(action), dict)}
        return {**data, **{action: flat(table) for action, table in tables.items()}}

    @model_validator(mode="after")
    def _check(self, info: ValidationInfo) -> Change:
        if sum(map(bool, (self.set, self.ramp, self.sine))) != 1:
            raise problem(
                "", None, 'give exactly one of set, ramp and sine, such as set = { "left.potential" = "0 mV" }'
            )
        self._check_span()
        for key, value in self.set.items():
            if value is None:
                raise problem(f"set.{key}", value, "give the value that it changes to")
        ramp = {key: _number(f"ramp.{key}", key, value, info) for key, value in self.ramp.items()}
        sine = {
            key: wave.model_copy(update={"amplitude": _number(f"sine.{key}.amplitude", key, wave.amplitude, info)})
            for key, wave in self.sine.items()
        }
        self.__dict__.update(ramp=FrozenTable(ramp), sine=FrozenTable(sine))
        return self

    def _check_span(self) -> None:
        if self.ramp and self.over is None:
            raise problem("over", None, 'say how long the ramp takes, such as over = "1 ms"')
        if self.over is not None and not self.ramp:
            raise problem("over", f"{self.over:g} s", "only a ramp takes time; drop it")
        if self.until is not None and not self.sine:
            raise problem("until", f"{self.until:g} s", "only a sine goes on until a time; drop it")
        if self.until is not None and not self.stop > self.start:
            raise problem("until", f"{self.until:g} s", f"the sine starts at {self.at:g} s; let it stop later")

    @field_serializer("ramp", when_used="json")
    def _write_ramp(self, ramp: dict[str, Any]) -> dict[str, Any]:
        return {key: as_text(key, number) for key, number in ramp.items()}

    @field_serializer("sine", when_used="json")
    def _write_sine(self, sine: dict[str, SineWave]) -> dict[str, Any]:
        written = {key: wave.model_dump(mode="json", exclude_unset=True) for key, wave in sine.items()}
        return {key: {**wave, "amplitude": as_text(key, wave["amplitude"])} for key, wave in written.items()}

    @property
    def action(self) -> Literal["set", "ramp", "sine"]:
        """What kind of change it is."""
        return "set" if self.set else "ramp" if self.ramp else "sine"

    @property
    def targets(self) -> dict[str, Any]:
        """The key paths that it changes, and to what."""
        table: dict[str, Any] = getattr(self, self.action)
        return table

    @property
    def start(self) -> float:
        """When it begins [s]."""
        return tidy(self.at)

    @property
    def stop(self) -> float:
        """When it is over [s]: a step at once, a sine that does not stop never."""
        if self.sine:
            return math.inf if self.until is None else tidy(self.until)
        return tidy(self.at + (self.over or 0.0))

    def overlaps(self, other: Change) -> bool:
        """Whether both are at work at the same time; a step at the start or the end of a ramp or a sine is not."""
        both_steps = self.start == self.stop == other.start == other.stop
        return both_steps or (self.start < other.stop and other.start < self.stop)


def within(path: str, value: Any, check: Callable[[], Any]) -> Any:
    """What `check` returns.  Its error is made one about `value` at `path`, or about the key that it names below `path`."""
    try:
        return check()
    except PydanticCustomError as error:
        context = error.context or {}
        where, what = (f"{path}.{context['path']}", context["value"]) if context["path"] else (path, value)
        raise problem(where, what, context["remedy"]) from None


def flat(table: dict[str, Any], parent: str = "") -> dict[str, Any]:
    """The table with tables in it as key paths; of one that is there twice, the last counts."""
    paths: dict[str, Any] = {}
    for name, value in table.items():
        key = f"{parent}{name}"
        paths.update(flat(value, f"{key}.") if _is_path(key, value) else {key: value})
    return paths


def _is_path(key: str, value: Any) -> bool:
    """Whether a value is a table of further parts of a key path, and no profile, sine or empty table."""
    wholes = ({"x", "value"}, {*SineWave.model_fields})
    return (
        isinstance(value, dict) and bool(value) and given_field(key) is None and not any(map({*value}.__le__, wholes))
    )


def _number(path: str, key: str, value: Any, info: ValidationInfo) -> float:
    """SI number of what a ramp or a sine gives an end; an amplitude may be negative where what it is added to may not."""
    field = given_field(key)
    if field is None:
        remedy = f"ramps and sines are for what the ends are given: {_GIVEN_TEXT}; use set for any other key"
        raise problem(path.removesuffix(".amplitude"), value, remedy)
    if path.endswith(".amplitude"):
        field = SI(field.dimension)
    return float(within(path, value, lambda: field.validate(value, info)))


def as_text(key: str, number: Any) -> Any:
    """The number as it stands in a case file."""
    field = given_field(key)
    return number if field is None else field.serialise(number)
