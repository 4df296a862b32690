"""One row of the ladder: what a model says, what PNP says, and why they differ.

Signs: V_m = phi(left) - phi(right), currents outward, from left to right.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from electrodiff.membrane import Membrane
from electrodiff.model import Case
from electrodiff.regime import Outlook, Regime
from electrodiff.solution import Solution
from electrodiff.units import Dimension

Verdict = Literal["agrees", "near", "differs"]

# Potentials that differ by less than the first count as equal, by less than the second as near, both in RT/F: 0.27 mV
# and 2.7 mV at 310 K, what a good electrode resolves and what a liquid junction may add to it.
POTENTIAL_BOUNDS = (0.01, 0.1)
# The same of everything else, relative to its size: what a plot shows, and what an experiment does.
RATIO_BOUNDS = (0.01, 0.1)


@dataclass(frozen=True)
class Setting:
    """What every model may look at."""

    case: Case
    solution: Solution
    """PNP of the case as it is."""
    regime: Regime
    membrane: Membrane | None
    """None where there is nothing to cross."""
    at_rest: Solution | None
    """PNP at the potential without current, of a membrane between two reservoirs: `solution` itself if it floats and is
    asked for no current.  None where there is no such state."""


@dataclass(frozen=True)
class Rung:
    """The prediction of one model for one quantity, beside the value of PNP.

    Quantities are those of `solution.scalars`, and `resting_potential`, the membrane potential without current.
    """

    model: str
    """Stable name, such as "ghk" or "nernst.K"."""
    title: str
    """For a reader: "GHK voltage equation", "Nernst, K"."""
    quantity: str
    """"membrane_potential", "resting_potential", "current_density", "ion_current.K", "surface_charge.left", ..."""
    label: str
    """The quantity in words: "resting potential", "charge of the left Debye layer"."""
    dimension: Dimension
    predicted: float
    """[SI]"""
    pnp: float
    """[SI]"""
    error: float | None
    """Estimated error of `pnp` [SI]; None without an estimate."""
    outlook: Outlook
    """What the regime says of the model before any solve: "holds", "nearly" or "fails"."""
    reason: str
    """One sentence: why the two agree, or why they differ.  With numbers; ends with a full stop."""
    scale: float
    """What a difference is measured against [SI]: RT/F for potentials, 1/ln 10 for decimal logarithms, else the size of
    `pnp` or the larger scale of the quantity where it vanishes.  Also the size of a drop of a Debye layer below RT/F."""

    @property
    def difference(self) -> float:
        """predicted - pnp [SI]."""
        return self.predicted - self.pnp

    @property
    def relative_difference(self) -> float | None:
        """(predicted - pnp) / pnp, negative where too little is predicted.

        None where PNP gives zero, to its error, and where a difference is not measured against its value: because that is
        too small, or a logarithm.
        """
        size = abs(self.pnp)
        is_measure = self.dimension.unit == "V" or math.isclose(self.scale, size)
        return self.difference / self.pnp if is_measure and size > (self.error or 0.0) else None

    @property
    def verdict(self) -> Verdict:
        """By the numbers alone: "agrees", "near" or "differs"."""
        return verdict(self.difference, self.scale, self.dimension.unit == "V")


def verdict(difference: float, scale: float, is_potential: bool) -> Verdict:
    """How much a difference counts against a scale."""
    equal, near = POTENTIAL_BOUNDS if is_potential else RATIO_BOUNDS
    size = abs(difference) / scale if scale > 0 else math.inf if difference else 0.0
    return "agrees" if size <= equal else "near" if size <= near else "differs"


@dataclass(frozen=True)
class Absent:
    """A model that says nothing about the case."""

    model: str
    title: str
    reason: str
    """One sentence: what the case has, or lacks."""


Model = Callable[[Setting], Iterable[Rung | Absent]]
"""A model of the ladder: its rows for a case, or why it has none; nothing where the case has nothing to do with it."""


@dataclass(frozen=True)
class Curve:
    """Current-voltage curves of PNP and of what rivals it."""

    potential: tuple[float, ...]
    """V_m [V], rising."""
    current_density: dict[str, tuple[float, ...]]
    """By title ("PNP", "GHK", "chord circuit") [A/m^2]."""


@dataclass(frozen=True)
class Ladder:
    """A case through every model."""

    setting: Setting
    rungs: tuple[Rung, ...]
    absent: tuple[Absent, ...]

    @property
    def case(self) -> Case:
        """The case."""
        return self.setting.case

    @property
    def solution(self) -> Solution:
        """PNP of the case."""
        return self.setting.solution

    @cached_property
    def curve(self) -> Curve | None:
        """Current-voltage curves, computed when they are asked for; None where there is no membrane to pass."""
        from electrodiff.ladder.curves import current_voltage_curve

        return current_voltage_curve(self.setting)
