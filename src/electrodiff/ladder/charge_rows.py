"""What the models of charge share: PNP's side of a row, the liquid beside a face, and what a model leaves out.

Signs: x runs from left to right; drops are phi(left) - phi(right); a charge counts as given.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from electrodiff.ends import Closed, Reservoir
from electrodiff.ladder.rung import Rung, Setting
from electrodiff.layers import Layer
from electrodiff.model import Case
from electrodiff.quantities import QUANTITIES
from electrodiff.regime import Outlook
from electrodiff.regime.words import listed, percent, worst
from electrodiff.solution import Solution
from electrodiff.theory.donnan import donnan_equilibrium
from electrodiff.theory.double_layer import debye_length, ionic_strength
from electrodiff.units import Dimension, thermal_voltage


def expected(setting: Setting, *limits: str) -> Outlook:
    """What the regime says of a model that rests on these limits; one that the case has nothing to do with does no harm."""
    found = (setting.regime.limit(name) for name in limits)
    return worst("holds", *(limit.outlook for limit in found if limit is not None))


@dataclass(frozen=True)
class Reading:
    """PNP's side of a row."""

    quantity: str
    label: str
    dimension: Dimension
    value: float
    """[SI]"""
    error: float | None
    """[SI]"""
    scale: float
    """See `Rung.scale`."""

    def row(self, model: str, title: str, predicted: float, outlook: Outlook, reason: str) -> Rung:
        """This reading beside the prediction of a model."""
        return Rung(
            model=model,
            title=title,
            quantity=self.quantity,
            label=self.label,
            dimension=self.dimension,
            predicted=float(predicted),
            pnp=self.value,
            error=self.error,
            outlook=outlook,
            reason=reason,
            scale=self.scale,
        )


def read(setting: Setting, quantity: str, label: str) -> Reading | None:
    """A reported scalar of PNP; None where it is not defined."""
    value = setting.solution.scalars[quantity]
    if value is None:
        return None
    dimension = QUANTITIES[quantity.partition(".")[0]].dimension
    error = setting.solution.error[quantity]
    scale = _scale(setting, dimension, value, error, setting.solution.readings.scales().get(quantity, 0.0))
    if quantity.partition(".")[0] in _DEBYE_DROPS and abs(value) > (error or 0.0):
        scale = min(scale, abs(value))
    return Reading(quantity, label, dimension, value, error, scale)


def computed(
    setting: Setting, quantity: str, label: str, dimension: Dimension, value: float, error: float | None
) -> Reading:
    """Something of PNP's that is not among its reported scalars."""
    return Reading(quantity, label, dimension, value, error, _scale(setting, dimension, value, error, abs(value)))


# Of the voltage a Debye layer mostly takes less than 0.01 RT/F, so that any error of it would be none.
_DEBYE_DROPS = ("debye_drop", "drop_beside")


def _scale(setting: Setting, dimension: Dimension, value: float, error: float | None, unit: float) -> float:
    if dimension.unit == "V":
        return thermal_voltage(setting.case.temperature)
    return abs(value) if abs(value) > (error or 0.0) else unit


def total_error(*errors: float | None) -> float | None:
    """Estimated error of a sum; None where one is unknown."""
    return None if any(error is None for error in errors) else math.fsum(error or 0.0 for error in errors)


# ---- the liquid beside a face ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Bulk:
    """The neutral liquid to which a layer of water tends, far from its faces: what closed forms call the bulk."""

    layer: int
    """Index of the layer."""
    entry: int
    """Where the profiles of PNP tell it: at the end of the stack if that is a reservoir or closed, else in the middle."""
    concentrations: dict[str, float]
    """[mol/m^3] of each ion."""
    valences: dict[str, int]
    potential: float
    """[V]"""
    relative_permittivity: float
    temperature: float
    """[K]"""
    thickness: float
    """Of the layer [m]."""

    @property
    def debye_length(self) -> float:
        """[m]"""
        strength = ionic_strength(self.valences, self.concentrations)
        return float(debye_length(strength, self.relative_permittivity, self.temperature))

    @property
    def salt(self) -> tuple[float, int] | None:
        """Concentration [mol/m^3] and valence of the cation, if it is one z:z salt; else None."""
        charged = {ion: c for ion, c in self.concentrations.items() if c > 0 and self.valences[ion]}
        valences = sorted(self.valences[ion] for ion in charged)
        symmetric = len(valences) == 2 and valences[0] == -valences[1]
        return (max(charged.values()), valences[1]) if symmetric else None


def find_bulk(solution: Solution, layer: int) -> Bulk | None:
    """The bulk of a layer of water: neutral, and in equilibrium with what PNP has at its end or in its middle.

    None where there are not ions of both signs.
    """
    case, entry = solution.case, bulk_entry(solution, layer)
    there = dict(zip(case.ions, solution.concentration[:, entry].tolist(), strict=True))
    valences = {ion: case.valence(ion) for ion in case.ions}
    charges = [valences[ion] * c for ion, c in there.items()]
    if not min(charges) < 0 < max(charges):
        return None
    neutral = donnan_equilibrium(0.0, valences, there, case.temperature)
    return Bulk(
        layer=layer,
        entry=entry,
        concentrations=dict(zip(there, neutral.concentrations.tolist(), strict=True)),
        valences=valences,
        potential=float(solution.potential[entry]) + neutral.potential,
        relative_permittivity=case.relative_permittivity(case.layers[layer]),
        temperature=case.temperature,
        thickness=case.layers[layer].thickness,
    )


def bulk_entry(solution: Solution, layer: int) -> int:
    """The entry of the profiles that is furthest from whatever charges a layer of water."""
    entries = solution.layer_entries[layer]
    ends = [(solution.case.left, entries.start)] if layer == 0 else []
    ends += [(solution.case.right, entries.stop - 1)] if layer == len(solution.case.layers) - 1 else []
    for kind in (Reservoir, Closed):
        for end, entry in ends:
            if isinstance(end, kind):
                return int(entry)
    return entry_at(solution, layer, 0.5)


def entry_at(solution: Solution, layer: int, share: float) -> int:
    """The entry of the profiles nearest to a share of the thickness of a layer."""
    entries = solution.layer_entries[layer]
    x = solution.x[entries]
    return int(entries.start + np.argmin(np.abs(x - (x[0] + share * (x[-1] - x[0])))))


def is_charged(layer: Layer) -> bool:
    """Whether a layer has fixed charge."""
    return layer.total_fixed_charge is not None or layer.fixed_charge != 0


def left_edge(case: Case, layer: int) -> float:
    """x of the left face of a layer [m]."""
    return math.fsum(before.thickness for before in case.layers[:layer])


# ---- sentences ----------------------------------------------------------------------------------------------------------

WORTH_SAYING = 0.1
"""What moves a value by less than this part of the largest move is not worth a word."""


def leaves_out(what: str, value: float, steps: Iterable[tuple[str, float]], unit: Callable[[float], str]) -> str:
    """A sentence on what stands between a model and PNP, each with the share of PNP's value that it adds or takes.

    `what` the value is of; the steps are shares that add up to 1 - predicted / value.  Where one is more than the whole,
    all are told in the `unit` of the value.
    """
    ranked = sorted(steps, key=lambda step: -abs(step[1]))
    largest = abs(ranked[0][1])
    told = [(cause, share) for cause, share in ranked if abs(share) >= WORTH_SAYING * largest]
    parts: list[str] = []
    for cause, share in told:
        size = percent(abs(share)) if largest <= 1 else unit(abs(share * value))
        noun = "" if parts else f" {what}"
        parts.append(f"{cause} ({size} {'more' if share > 0 else 'less'}{noun})")
    return f"It leaves out {listed(parts)}."
