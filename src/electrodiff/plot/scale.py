"""From SI numbers to axes: the unit a quantity is shown in, and limits that leave room for labels at the top."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Limits = tuple[float, float]

NANOMETRE = 1e9
"""nm per m."""
# Largest value, in a unit, that is better read in the next smaller unit: 0.05 mV is 50 uV.
_SMALL = 0.1
# Empty share of an axis beyond the curves.
_MARGIN = 0.06


@dataclass(frozen=True)
class Unit:
    """A unit of display: values [SI] times `factor` are in `name`; spans below `floor` are round-off."""

    name: str
    factor: float
    floor: float


@dataclass(frozen=True)
class Ladder:
    """The units of one quantity, the usual one first, then smaller ones for small values.

    Values that stay below `zero` [SI] are round-off of the solver and are shown as zero in the usual unit.
    """

    zero: float
    units: tuple[tuple[str, float], ...]

    def unit(self, values: Floats) -> Unit:
        """The first unit in which the values [SI] are not small."""
        largest = float(np.max(np.abs(values[np.isfinite(values)]), initial=0.0))
        name, factor = next((step for step in self.units if largest * step[1] >= _SMALL), self.units[0])
        if largest <= self.zero:
            name, factor = self.units[0]
        return Unit(name, factor, self.zero * factor)


# Newton's tolerance of 1e-9 of the scales (kT/e, 100 mM, nm), times a hundred to spare.
POTENTIAL = Ladder(2e-9, (("mV", 1e3), ("µV", 1e6), ("nV", 1e9)))
CONCENTRATION = Ladder(1e-5, (("mM", 1.0), ("µM", 1e3)))
CHARGE_DENSITY = Ladder(1.0, (("MC/m³", 1e-6), ("kC/m³", 1e-3), ("C/m³", 1.0)))
FIELD = Ladder(2.0, (("MV/m", 1e-6), ("kV/m", 1e-3), ("V/m", 1.0)))
DISPLACEMENT = Ladder(2e-9, (("mC/m²", 1e3), ("µC/m²", 1e6), ("nC/m²", 1e9)))


def linear_limits(values: Floats, floor: float, headroom: float = 0.0, with_zero: bool = False) -> Limits:
    """Limits of a linear axis around the values, with a share `headroom` of its height free at the top.

    A span below `floor` is a constant, shown in the middle of an axis two units high.
    """
    seen = np.append(values[np.isfinite(values)], [0.0] if with_zero else [])
    low, high = (float(seen.min()), float(seen.max())) if seen.size else (0.0, 0.0)
    if high - low <= floor:
        low, high = low - 1.0, high + 1.0
    margin = _MARGIN * (high - low)
    low, high = low - margin, high + margin
    return low, low + (high - low) / (1.0 - headroom)


def log_limits(low: float, high: float, headroom: float = 0.0) -> Limits:
    """Limits of a logarithmic axis from `low` to `high`, with a margin and a share `headroom` free at the top."""
    bottom, top = linear_limits(np.log10([low, high]), 0.0, headroom)
    return float(10.0**bottom), float(10.0**top)
