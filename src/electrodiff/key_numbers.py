"""The numbers of a case by their key paths: what they are, in which unit, and the case with one of them moved a little."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from electrodiff import units
from electrodiff.ends import Reservoir
from electrodiff.errors import CaseError, shown_value
from electrodiff.fields import SI, FrozenTable, InKT, Profile
from electrodiff.key_fields import field_at
from electrodiff.model import Case

# Moves are this part of a number: the third column of Richardson's table is then off by its seventh power over 1e6, and
# rounding counts 500 times in a difference.
STEP = 2.0**-7
# A number of either sign that is smaller than this part of a common one of its kind is moved by a part of that instead:
# nothing happens over its own size.
SMALL = 0.1
# A common energy in kT.
KT = 10.0

# Keys of numbers that are no part of the problem, and what they are.
_NO_PART = {
    r"(study|expect|fit)(\..*)?": "what is computed, and not of the problem",
    r"mesh\.(accuracy|nodes)": "how the problem is solved, and not of the problem",
}


@dataclass(frozen=True)
class KeyNumber:
    """A number of a case."""

    key: str
    value: float
    """[SI], or in kT"""
    field: SI
    """What may stand there."""

    @property
    def unit(self) -> str:
        """The SI unit; kT of an energy that is given so, empty of a pure number."""
        return "kT" if isinstance(self.value, InKT) else self.field.dimension.unit

    @property
    def is_positive(self) -> bool:
        """Whether it cannot be negative."""
        return bool(self.field.lower_bound)

    @property
    def step(self) -> float:
        """By how much it is moved for differences."""
        size = abs(self.value)
        if not self.is_positive or size == 0:
            size = max(size, SMALL * (KT if isinstance(self.value, InKT) else _common(self.field)))
        return STEP * size


def number_at(case: Case, key: str) -> KeyNumber:
    """The number at a key path; one that is left out where the case knows it.

    Raises CaseError if there is none, or if it cannot be moved alone.
    """
    if not isinstance(key, str):
        raise CaseError(
            f"the key of a number is {shown_value(key)}; expected text, such as 'layers.membrane.thickness'"
        )
    for pattern, what in _NO_PART.items():
        if re.fullmatch(pattern, key):
            raise CaseError(f"{key} is part of {what}; name another key")
    field = field_at(case, key)
    value = functools.reduce(_child, key.split("."), case)
    if value is None or isinstance(value, str):
        value = _known(case, key, value)
    if value is None:
        case.replace(key, 1.0)  # says what is wrong with the key, if it is that
        raise CaseError(f"{key} is not given; give it a number in the case first")
    if isinstance(value, Profile):
        raise CaseError(f"{key} is a profile; only a single number can be moved")
    if field is None or not isinstance(value, float):
        shown = repr(value) if isinstance(value, str | int) else "more than a number"
        raise CaseError(f"{key} is {shown}; only a number that is given and need not be whole can be moved")
    side, _, ion = key.partition(".concentrations.")
    end = getattr(case, side) if side in ("left", "right") else None
    if isinstance(end, Reservoir) and end.neutralise == ion:
        raise CaseError(f"{key} follows from the others by {side}.neutralise = '{ion}'; move one of those, or drop it")
    return KeyNumber(key, value, field)


def checked_number(case: Case, key: str) -> KeyNumber:
    """The same; raises CaseError too if the case does not bear that it is moved."""
    number = number_at(case, key)
    inwards = number.value - math.copysign(number.step, number.value) if number.value else number.step
    case.replace(key, InKT(inwards) if isinstance(number.value, InKT) else inwards)
    return number


def moved(case: Case, values: Mapping[str, float]) -> Case:
    """The case with other numbers at some keys, unchecked: for many small moves of a case that was checked."""
    for key, value in values.items():
        case = _with(case, key.split("."), value)
    if values:
        case._text, case._derived = None, {}
    return case


def _with(node: Any, path: Sequence[str], value: float) -> Any:
    """A copy of a record, list or table with another number at the end of a path."""
    if not path:
        return InKT(value) if isinstance(node, InKT) else float(value)
    first, rest = path[0], path[1:]
    if isinstance(node, BaseModel):
        return node.model_copy(update={first: _with(getattr(node, first), rest, value)})
    if isinstance(node, tuple):
        place = _place(node, first)
        return (*node[:place], _with(node[place], rest, value), *node[place + 1 :])
    table = node or {}
    return FrozenTable({**table, first: _with(table.get(first), rest, value)})


def _place(items: Sequence[Any], part: str) -> int:
    """Position of an item of a list, which is there, by its name or number."""
    names = [getattr(item, "name", "") for item in items]
    return names.index(part) if part in names else int(part)


def _child(node: Any, part: str) -> Any:
    """What a part of a key path leads to; None where there is nothing."""
    if isinstance(node, tuple):
        return node[_place(node, part)]
    return node.get(part) if isinstance(node, dict) else getattr(node, part, None)


def _known(case: Case, key: str, given: Any) -> Any:
    """What the case knows of a number that is left out."""
    parts = key.split(".")
    if parts[-1] == "relative_permittivity" and given == "water":
        return case.relative_permittivity(case.layers[_place(case.layers, parts[1])])
    if given is not None:
        return given
    ion = parts[1] if parts[0] == "ions" and parts[2:] == ["diffusivity"] else ""
    if parts[0] == "layers" and parts[2:3] == ["diffusivity"] and len(parts) == 4:
        ion = parts[3]
    if ion in case.ions:
        return case.free_diffusivity(ion)
    end = getattr(case, parts[0]) if parts[0] in ("left", "right") else None
    if not isinstance(end, Reservoir):
        return None
    is_absent = parts[1] == "concentrations" and ".".join(parts[2:]) in case.ions
    return 0.0 if is_absent or (parts[1:] == ["current"] and end.is_floating) else None


@functools.cache
def _common(field: SI) -> float:
    """The size of a common number of a kind [SI]."""
    dimension = field.dimension
    return abs(units.to_si(dimension.example, dimension)) if dimension.unit else 1.0
