"""What follows from a case alone, and is asked for on every mesh: found once, and kept with the case."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TypeVar

from electrodiff.model import Case

Value = TypeVar("Value")


def once_per_case(function: Callable[[Case], Value]) -> Callable[[Case], Value]:
    """The function, whose value for a case is kept in `Case.derived`; nobody may change it."""
    name = f"{function.__module__}.{function.__qualname__}"

    @functools.wraps(function)
    def kept(case: Case) -> Value:
        derived = case.derived
        if name not in derived:
            derived[name] = function(case)
        value: Value = derived[name]
        return value

    return kept
