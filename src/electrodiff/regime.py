"""Which limits hold for a case, and why, before anything is solved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from electrodiff.membrane import Membrane
from electrodiff.model import Case

Outlook = Literal["holds", "nearly", "fails"]


@dataclass(frozen=True)
class Limit:
    """A textbook limit, and whether the case is in it."""

    name: str
    """Stable name, such as "constant_field"."""
    title: str
    """For a reader: "constant field (GHK)"."""
    outlook: Outlook
    because: str
    """A clause with its numbers: "its Debye length, 18 nm, is 3.7 times its thickness"."""


@dataclass(frozen=True)
class Regime:
    """Lengths, times, dimensionless groups and limits of a case."""

    case: Case
    membrane: Membrane | None
    limits: tuple[Limit, ...]

    def limit(self, name: str) -> Limit | None:
        """The limit of this name; None where the case has nothing to do with it."""
        return next((limit for limit in self.limits if limit.name == name), None)
