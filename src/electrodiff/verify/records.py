"""The records of the built-in validation: a row, where its expected value is from, and what came of it.  SI units."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from electrodiff.model import Case
from electrodiff.units import Dimension
from electrodiff.verify.sources import SOURCES, Source

# Digits of a double: an exact result is not known to more.
MOST_DIGITS = 15.95


class Reading(NamedTuple):
    """A computed number and its estimated error [SI]; None without an estimate."""

    value: float
    estimate: float | None = None


Reader = Callable[[Any], Reading]
"""Takes the number of a row from the result of its case; from None in a row without a case."""


@dataclass(frozen=True)
class Row:
    """One number that the program must give."""

    group: str
    name: str
    quantity: str
    """In words, with its direction where it has one."""
    dimension: Dimension
    case: Callable[[], Case] | None
    """What is solved; None where a closed form of `electrodiff.theory` is checked itself."""
    read: Reader
    expected: float | Callable[[], float]
    """[SI] Published, or a closed form or quadrature that does not use the solver."""
    tolerance: float
    """[SI], or a part of the expected value."""
    reason: str
    """Why the tolerance is what it is."""
    source: str
    """Key of `SOURCES`."""
    relative: bool = False
    """Whether the tolerance is a part of the expected value."""
    convention: str = ""
    """Signs of this number, where they are not those of its source as a whole."""
    slow: bool = False
    """Whether it is left out of a quick run."""

    @property
    def expected_value(self) -> float:
        """The expected value [SI]."""
        return float(self.expected() if callable(self.expected) else self.expected)

    @property
    def origin(self) -> Source:
        """Where the expected value is from."""
        return SOURCES[self.source]

    @property
    def signs(self) -> str:
        """The sign convention of the number."""
        return self.convention or self.origin.convention


@dataclass(frozen=True)
class Check:
    """What came of a row [SI]."""

    row: Row
    computed: float | None
    """None where the case could not be solved."""
    estimate: float | None
    expected: float
    message: str = ""
    """Why there is no number."""

    @property
    def tolerance(self) -> float:
        """Allowed absolute difference [SI]."""
        return self.row.tolerance * (abs(self.expected) if self.row.relative else 1.0)

    @property
    def difference(self) -> float | None:
        """computed - expected [SI]."""
        return None if self.computed is None else self.computed - self.expected

    @property
    def passed(self) -> bool:
        """Whether the number lies within the tolerance; NaN does not."""
        return self.difference is not None and abs(self.difference) <= self.tolerance

    @property
    def digits(self) -> float | None:
        """How many digits of the expected value are right: -log10 of the relative difference, at least 0.

        None where nothing was computed, or nothing but zero is expected.
        """
        if self.difference is None or self.expected == 0 or math.isnan(self.difference):
            return None
        off = abs(self.difference / self.expected)
        return MOST_DIGITS if off == 0 else min(max(-math.log10(off), 0.0), MOST_DIGITS)


@dataclass(frozen=True)
class Discrepancy:
    """A published number that the program does not give, and why."""

    name: str
    quantity: str
    dimension: Dimension
    published: float
    """[SI]"""
    case: Callable[[], Case]
    read: Reader
    reason: str
    source: str
    """Key of `SOURCES`."""

    @property
    def origin(self) -> Source:
        """Who published it."""
        return SOURCES[self.source]


@dataclass(frozen=True)
class Disagreement:
    """A discrepancy with what the program gives [SI]; None where that could not be computed."""

    discrepancy: Discrepancy
    computed: float | None
    estimate: float | None
    message: str = ""
