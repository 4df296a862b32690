"""Numbers and sentences of the ladder, in the units of the field; those of the regime are used where they exist."""

from __future__ import annotations

from electrodiff.regime.words import number
from electrodiff.units import CURRENT, CURRENT_DENSITY, POTENTIAL, Dimension

# What a sentence shows for an SI unit: another unit, and its size in SI.
_SHOWN = {POTENTIAL.unit: ("mV", 1e-3), CURRENT_DENSITY.unit: ("uA/cm^2", 1e-2), CURRENT.unit: ("pA", 1e-12)}


def amount(value: float, dimension: Dimension) -> str:
    """A value with its unit: "-71.5 mV", "43 uA/cm^2", "15.9 pA"."""
    unit, size = _SHOWN.get(dimension.unit, (dimension.unit, 1.0))
    return f"{number(value / size)} {unit}".rstrip()


def sentence(text: str) -> str:
    """Text with a capital at its start and a full stop at its end."""
    return text[:1].upper() + text[1:].rstrip(".") + "."
