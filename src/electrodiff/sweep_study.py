"""The study of many points: axes over keys of the case, how they are combined, and what is found out at every point.

What the values of an axis mean depends on its key, so that they are checked with the case (`sweep_checks`); there they
become SI numbers, or stay what they are: choices, such as the names of models.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    PrivateAttr,
    SerializationInfo,
    SerializerFunctionWrapHandler,
    WithJsonSchema,
    model_serializer,
    model_validator,
)

from electrodiff.fields import LONGEST_NAME, SI, Record, problem
from electrodiff.study import IVStudy, SteadyStudy, with_kind

# The coordinates, five quantities and their errors of this many points take 1.6 GB.
MOST_SWEEP_POINTS = 10_000_000

POINT = "point"
"""The dimension of a design that is no product."""

ROUTES = ("single", "batch")
"""How a point was solved, by its number in the results: by itself, or in a lane beside others."""

_EXAMPLE = 'values = ["2 mM", "4 mM"], or from = "2 mM", to = "20 mM" and points = 19'
_FREE = WithJsonSchema({"description": "a number or text, with the unit of the key", "examples": ["4 mM"]})


def _listed(value: Any) -> Any:
    """An array as the numbers that it holds."""
    return value.tolist() if isinstance(value, np.ndarray) else value


def _checked_label(name: str) -> str:
    """The name of a dimension: a file takes a slash for a group of dimensions."""
    if len(name) > LONGEST_NAME or not name.isprintable() or "/" in name:
        raise problem("", name, f"give it {LONGEST_NAME} letters at most, without slashes and control characters")
    return name


class Axis(Record):
    """Values that one key path of the case takes, or several keys together; axes of one name go side by side."""

    model_config = ConfigDict(populate_by_name=True)

    name: Annotated[str, AfterValidator(_checked_label), WithJsonSchema({"type": "string", "pattern": "^[^/]*$"})] = ""
    """Of the dimension; the key if left out."""
    key: str | None = None
    """The key path that is changed."""
    keys: tuple[str, ...] | None = Field(None, min_length=1)
    """Several of them, which all take the same value, instead."""
    values: Annotated[tuple[Any, ...] | None, BeforeValidator(_listed), Field(min_length=1)] = None
    """SI numbers, or choices, once the study is checked with its case."""
    from_: Annotated[Any, _FREE] = Field(None, alias="from")
    """The first of evenly spaced numbers [SI, once it is checked]."""
    to: Annotated[Any, _FREE] = None
    """The last of them."""
    points: int | None = Field(None, strict=True, ge=2, le=MOST_SWEEP_POINTS)
    """How many there are."""
    scale: Literal["linear", "log"] = "linear"
    """Whether the numbers, or their logarithms, are evenly spaced."""
    _field: SI | None = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _check(self) -> Axis:
        if (self.key is None) == (self.keys is None):
            remedy = (
                'give one key = "right.concentrations.K", or several that are the same as keys = [...], and not both'
            )
            raise problem("key", self.key, remedy)
        given = {"from": self.from_, "to": self.to, "points": self.points}
        there = [name for name, value in given.items() if value is not None]
        if self.values is not None and there:
            raise problem(there[0], given[there[0]], "values says already which they are; drop one of the two")
        if self.values is not None and self.scale == "log":
            raise problem("scale", self.scale, "the values are given as they are; drop it, or give from, to and points")
        if self.values is None and (self.from_ is None or self.to is None):
            raise problem("values", None, f"say which values it takes: {_EXAMPLE}")
        return self

    @model_serializer(mode="wrap")
    def _write(self, write: SerializerFunctionWrapHandler, info: SerializationInfo) -> dict[str, Any]:
        data = {"from" if key == "from_" else key: value for key, value in write(self).items()}
        return {key: self._written(key, value) for key, value in data.items()} if info.mode == "json" else data

    def _written(self, key: str, value: Any) -> Any:
        """Numbers as they stand in a case file, units and all."""
        if self._field is None or value is None or key not in ("values", "from", "to"):
            return value
        return [*map(self._field.serialise, value)] if key == "values" else self._field.serialise(value)

    @property
    def targets(self) -> tuple[str, ...]:
        """The key paths that it changes."""
        return (self.key,) if self.key is not None else self.keys or ()

    @property
    def places(self) -> tuple[str, ...]:
        """Where each of these stands in the axis."""
        return ("key",) if self.key is not None else tuple(f"keys[{index}]" for index in range(len(self.targets)))

    @property
    def title(self) -> str:
        """Its name, or its first key."""
        return self.name or self.targets[0]

    @property
    def field(self) -> SI | None:
        """The field of its keys, if its values are numbers; None of choices."""
        return self._field

    def known(self, field: SI | None, **values: Any) -> Axis:
        """The same axis with values that were checked, as numbers of a field or as choices."""
        axis = self.model_copy(update={name: value for name, value in values.items() if value is not None})
        axis._field = field
        return axis


class SweepStudy(Record):
    """A study of the same quantities at many points."""

    kind: Literal["sweep"]
    """`"sweep"`."""
    axes: tuple[Axis, ...] = Field(min_length=1)
    """The keys that change, each with its values."""
    design: Literal["product", "zip", "random", "sobol"] = "product"
    """Every combination of the axes; their first values, their second ones, ...; or points drawn between their ends."""
    points: int | None = Field(None, strict=True, ge=1, le=MOST_SWEEP_POINTS)
    """How many are drawn."""
    seed: int | None = Field(None, strict=True, ge=0)
    """Of the random numbers; 0 if left out."""
    quantities: tuple[str, ...] | None = Field(None, min_length=1)
    """What is kept of every point; by default what most people want."""
    point: Annotated[
        Annotated[SteadyStudy | IVStudy, Discriminator("kind")],
        BeforeValidator(with_kind),
    ] = SteadyStudy()
    """The study of every point."""

    @model_validator(mode="after")
    def _check(self) -> SweepStudy:
        if self.is_drawn and self.points is None:
            raise problem(
                "points", None, f"a {self.design} design draws its points; say how many, such as points = 1024"
            )
        for key in ("points", "seed"):
            if not self.is_drawn and getattr(self, key) is not None:
                remedy = (
                    f'drop it: only a "random" or "sobol" design is drawn, and a {self.design} takes those of its axes'
                )
                raise problem(key, getattr(self, key), remedy)
        for index, axis in enumerate(self.axes):
            if axis.values is None and self.is_drawn == (axis.points is not None):
                remedy = "the design says how many points there are; drop it" if self.is_drawn else f"say {_EXAMPLE}"
                raise problem(f"axes[{index}].points", axis.points, remedy)
        self._check_keys()
        return self

    def _check_keys(self) -> None:
        seen: set[str] = set()
        for index, axis in enumerate(self.axes):
            for key, place in zip(axis.targets, axis.places, strict=True):
                if key in seen:
                    remedy = "another axis, or this one, changes it too; give each key once"
                    raise problem(f"axes[{index}].{place}", key, remedy)
                seen.add(key)

    @property
    def is_drawn(self) -> bool:
        """Whether its points are drawn between the ends of the axes."""
        return self.design in ("random", "sobol")
