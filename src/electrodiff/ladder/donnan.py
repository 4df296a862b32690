"""Donnan potentials of layers with fixed charge beside a bath.

Signs: a Donnan potential is that of the layer against its bath.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from electrodiff import materials
from electrodiff.ends import Reservoir
from electrodiff.errors import CaseError
from electrodiff.grid.scales import spread_fixed_charge
from electrodiff.ladder.charge_rows import (
    WORTH_SAYING,
    Bulk,
    Reading,
    computed,
    entry_at,
    expected,
    find_bulk,
    is_charged,
    left_edge,
)
from electrodiff.ladder.rung import Absent, Model, Rung, Setting
from electrodiff.layers import Layer
from electrodiff.readings import BULK_DEBYE_LENGTHS
from electrodiff.regime.words import HOLDS, length, millivolts, number
from electrodiff.theory.donnan import donnan_equilibrium, donnan_potential
from electrodiff.theory.double_layer import debye_length, ionic_strength
from electrodiff.units import POTENTIAL


@dataclass(frozen=True)
class ChargedLayer:
    """A layer with fixed charge beside a bath that ends in a reservoir."""

    setting: Setting
    index: int
    side: str
    """Where the bath is."""
    bath: Bulk
    is_between: bool
    """Whether there is a bath on its other side too."""

    @property
    def layer(self) -> Layer:
        """Its record."""
        return self.setting.case.layers[self.index]

    @cached_property
    def entry(self) -> int:
        """The entry of the profiles where it is compared: in its middle, or nearer to this bath if there is another."""
        if not self.is_between:
            return entry_at(self.setting.solution, self.index, 0.5)
        # Far enough for what the face does to have died away, and near enough for the other bath not to tell.
        depth = min(0.5, BULK_DEBYE_LENGTHS * self._debye_length_at(0.5) / self.layer.thickness)
        return entry_at(self.setting.solution, self.index, depth if self.side == "left" else 1 - depth)

    @property
    def fixed_charge(self) -> float:
        """X there [mol/m^3 of elementary charges]."""
        return self._fixed_charge(self._depth)

    @property
    def _depth(self) -> float:
        return float(self.setting.solution.x[self.entry]) - left_edge(self.setting.case, self.index)

    def _fixed_charge(self, x: float) -> float:
        spread = spread_fixed_charge(self.setting.case, self.layer)
        return float(materials.fixed_charge(self.layer, np.array([x]))[0]) if spread is None else spread

    def _partition(self, x: float) -> dict[str, float]:
        case = self.setting.case
        return {ion: float(materials.partition(case, self.layer, ion, np.array([x]))[0]) for ion in case.ions}

    def _debye_length_at(self, share: float) -> float:
        """Debye length at equilibrium with the bath, at a share of the thickness [m]."""
        x, bath = share * self.layer.thickness, self.bath
        X, beta = self._fixed_charge(x), self._partition(x)
        inside = donnan_equilibrium(X, bath.valences, bath.concentrations, bath.temperature, partitions=beta)
        strength = ionic_strength(list(bath.valences.values()), inside.concentrations)
        return float(debye_length(strength, self.setting.case.relative_permittivity(self.layer), bath.temperature))

    @property
    def debye_length(self) -> float:
        """Debye length at equilibrium with the bath [m]."""
        return self._debye_length_at(self._depth / self.layer.thickness)

    def donnan(self, concentrations: Mapping[str, float]) -> float:
        """Donnan potential against a bath of these concentrations [V]."""
        beta = self._partition(self._depth)
        return donnan_potential(self.fixed_charge, self.bath.valences, concentrations, self.bath.temperature, beta)

    @property
    def reading(self) -> Reading:
        """PNP's potential there against the bath."""
        solution, name = self.setting.solution, self.layer.name
        error = float(solution.profile_error["potential"][self.entry])
        return computed(
            self.setting,
            f"potential.{name}.{self.side}" if self.is_between else f"potential.{name}",
            f"potential inside {name} against {self.setting.case.layer_names[self.bath.layer]}",
            POTENTIAL,
            float(solution.potential[self.entry]) - self.bath.potential,
            None if math.isnan(error) else error,
        )

    @property
    def from_flow(self) -> float:
        """What flowing ions add to PNP's potential [V]: they change the liquid that the layer is at equilibrium with."""
        solution, z = self.setting.solution, self.bath.valences
        there = dict(zip(z, solution.activity[:, self.entry].tolist(), strict=True))
        virtual = donnan_equilibrium(0.0, z, there, self.bath.temperature)
        concentrations = dict(zip(z, virtual.concentrations.tolist(), strict=True))
        potential = float(solution.potential[self.entry]) + virtual.potential
        return potential - self.bath.potential + self.donnan(concentrations) - self.donnan(self.bath.concentrations)


def find_charged_layers(setting: Setting) -> Iterator[ChargedLayer]:
    """The layers with fixed charge that are beside a bath, once for each bath."""
    layers = setting.case.layers
    ends = {0: ("left", setting.case.left), len(layers) - 1: ("right", setting.case.right)}
    for index, layer in enumerate(layers):
        beside = {
            ends[near][0]: near
            for near in (index - 1, index + 1)
            if near in ends and isinstance(ends[near][1], Reservoir) and not is_charged(layers[near])
        }
        for side, near in beside.items() if is_charged(layer) else ():
            bath = find_bulk(setting.solution, near)
            if bath is not None:
                yield ChargedLayer(setting, index, side, bath, len(beside) > 1)


def donnan_layers(setting: Setting) -> Iterator[Rung | Absent]:
    """The Donnan potential of each charged layer beside a bath, against PNP's potential inside it."""
    for charged in find_charged_layers(setting):
        title = f"Donnan, {charged.layer.name}"
        try:
            predicted = charged.donnan(charged.bath.concentrations)
        except CaseError:
            bath = setting.case.layer_names[charged.bath.layer]
            reason = f"No ion that could balance its fixed charge may enter {charged.layer.name} from {bath}."
            yield Absent("donnan", title, reason)
            continue
        reading = charged.reading
        reason = _why_layer(charged, predicted - reading.value)
        yield reading.row("donnan", title, predicted, expected(setting, "donnan"), reason)


def _why_layer(charged: ChargedLayer, difference: float) -> str:
    """Why PNP differs: the layer is thin, or ions flow; or why it does not."""
    name, screening = f"The {charged.layer.name}", charged.debye_length
    size = (
        f"{length(charged.layer.thickness)} thick, {number(charged.layer.thickness / screening)} of its Debye lengths"
    )
    flow = charged.from_flow
    thin = difference + flow
    if max(abs(thin), abs(flow)) < HOLDS * abs(charged.reading.value):
        return f"{name} is {size}, so that it is electroneutral inside."
    main, other = (thin, -flow) if abs(thin) >= abs(flow) else (-flow, thin)
    also = ""
    if abs(other) > WORTH_SAYING * abs(main):
        what = "the current, which changes the liquid at its face," if main is thin else "its counter-ions outside it"
        moves = "moves" if main is thin else "move"
        also = f"; {what} {moves} it {millivolts(abs(other))} {'further' if other * main > 0 else 'back'}"
    if main is thin:
        return f"{name} is only {size}: counter-ions outside it move its potential by {millivolts(abs(thin))}{also}."
    return (
        f"The current changes the liquid at the face of the {charged.layer.name}, which moves its potential by "
        f"{millivolts(abs(flow))}{also}."
    )


MODELS: tuple[Model, ...] = (donnan_layers,)
