"""What the quantities of a sweep are called in figures, and the units in which they are shown."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from electrodiff.plot.style import ion_label, power_of_ten
from electrodiff.plot.sweep_axes import pretty_unit
from electrodiff.quantities import quantity_of
from electrodiff.sweep_result import shown_unit, unit_of

if TYPE_CHECKING:
    from electrodiff.sweep_result import Sweep

Floats = NDArray[np.float64]

# What is written beside a curve for a family of quantities.
_SHORT = {
    "membrane_potential": "membrane potential",
    "ghk_potential": "GHK",
    "planck_potential": "Planck",
    "ghk_difference": "PNP less GHK",
    "planck_difference": "PNP less Planck",
    "nernst_potential": "Nernst",
    "flux": "",
    "ion_current": "",
    "transporter_rate": "rate of the",
}
# Whose curves are called by their ions alone.
_OF_IONS = ("flux", "ion_current")
# Numbers from this size on, or below its inverse, are shown with a power of ten in their unit.
_LARGE = 1e4


def shown_quantities(result: Sweep) -> list[str]:
    """The quantities that are drawn: those that are not nothing but their errors everywhere, or all of them."""
    seen = []
    for name in result.quantities:
        values, errors = np.abs(result.scalar(name)), np.nan_to_num(result.error(name))
        if np.isfinite(values).any() and (np.nan_to_num(values) > errors).any():
            seen.append(name)
    return seen or list(result.quantities)


def quantity_name(result: Sweep, name: str) -> str:
    """What a quantity is called beside its curve."""
    family, _, member = name.partition(".")
    case = result.case
    who = ion_label(member, case.valence(member)) if member in case.ions else member
    words = _SHORT.get(family, family.replace("_", " "))
    return " ".join(filter(None, (words, who)))


@dataclass(frozen=True)
class Shown:
    """In what a panel or a map shows its quantities."""

    unit: str
    size: float
    """Of the unit [SI]."""

    @classmethod
    def of(cls, result: Sweep, names: Sequence[str]) -> Shown:
        """The unit of the field, times a power of ten if numbers would be long in it."""
        return cls.fitting(names[0], np.concatenate([result.scalar(name).ravel() for name in names]))

    @classmethod
    def fitting(cls, name: str, values: Floats) -> Shown:
        """That in which values [SI] of a quantity are no long numbers."""
        unit, size = shown_unit(unit_of(name))
        largest = float(np.max(np.abs(values[np.isfinite(values)]), initial=0.0)) / size
        if largest == 0 or 1 / _LARGE <= largest < _LARGE:
            return cls(pretty_unit(unit), size)
        power = math.floor(math.log10(largest))
        return cls(f"{power_of_ten(power)} {pretty_unit(unit)}".rstrip(), size * 10.0**power)

    def label(self, result: Sweep, names: Sequence[str]) -> str:
        """What stands beside the y axis of a panel, or the colours of a map."""
        words = words_of(result, names)
        return f"{words} [{self.unit}]" if self.unit else words


def words_of(result: Sweep, names: Sequence[str]) -> str:
    """What quantities that share a panel are called."""
    families = {name.partition(".")[0] for name in names}
    family = names[0].partition(".")[0].replace("_", " ")
    if len(names) == 1:
        own = quantity_name(result, names[0])
        return f"{family} of {own}" if names[0].split(".")[0] in _OF_IONS else own
    return family if len(families) == 1 else quantity_of(names[0]).dimension.name
