"""A charged wall or electrode, and the charges and potentials that each part of it makes.

A wall may have a diffuse layer, ions that crowd nonlinearly into it, a Stern layer in front of it, and a size of its ions.

Signs: potentials are those of the wall, or of the face of the diffuse layer, against the bulk; charges are the wall's.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from electrodiff.checks import SIDES, is_absent
from electrodiff.ends import Wall
from electrodiff.ladder.charge_rows import Bulk, Reading, computed, find_bulk, is_charged, read
from electrodiff.ladder.rung import Absent, Setting
from electrodiff.theory._roots import rising_root
from electrodiff.theory.capacitor import series_capacitance, slab_capacitance
from electrodiff.theory.double_layer import grahame_charge, grahame_potential_mixture
from electrodiff.theory.double_layer_capacitance import stern_diffuse_potential
from electrodiff.theory.steric import bikerman_charge
from electrodiff.units import POTENTIAL, thermal_voltage

Features = frozenset[str]

# Below this part of RT/F a wall is at the potential of its bulk, but for rounding.
_NO_VOLTAGE = 1e-6

DIFFUSE, NONLINEAR, STERN, SIZE = "diffuse", "nonlinear", "stern", "size"


@dataclass(frozen=True)
class Electrode:
    """A wall, the ion-free layers in front of it, and the liquid behind them."""

    setting: Setting
    side: str
    wall: Wall
    stern: tuple[int, ...]
    """Indices of the ion-free layers."""
    bulk: Bulk

    @property
    def features(self) -> Features:
        """What it has, and closed forms can tell."""
        has = {DIFFUSE, NONLINEAR, *([STERN] if self.stern else []), *([SIZE] if self.diameter else [])}
        return Features(has)

    @cached_property
    def diameter(self) -> float | None:
        """Of the ions [m], where all have one and make one z:z salt, which is what Bikerman's closed form is for."""
        case = self.setting.case
        sizes = {case.ions[ion].diameter for ion, c in self.bulk.concentrations.items() if c > 0}
        if case.steric is None or self.bulk.salt is None or len(sizes) > 1:
            return None
        return sizes.pop()

    @cached_property
    def stern_capacitance(self) -> float:
        """Of the ion-free layers in series [F/m^2]; infinite without."""
        case = self.setting.case
        layers = [case.layers[index] for index in self.stern]
        each = [float(slab_capacitance(layer.thickness, case.relative_permittivity(layer))) for layer in layers]
        return float(series_capacitance(*each)) if each else math.inf

    @property
    def debye_capacitance(self) -> float:
        """Of a linear diffuse layer [F/m^2]."""
        return float(slab_capacitance(self.bulk.debye_length, self.bulk.relative_permittivity))

    @property
    def voltage(self) -> float | None:
        """Of the wall against the bulk [V], where the case gives it."""
        return None if self.wall.potential is None else self.wall.potential - self.bulk.potential

    # ---- the models --------------------------------------------------------------------------------------------------

    def predicted(self, has: Features) -> float:
        """Charge of the wall at its voltage [C/m^2], or its voltage at its charge [V]."""
        V = self.voltage
        if V is None:
            return self._potential(self.wall.surface_charge or 0.0, has)
        if DIFFUSE not in has:
            return V * self.stern_capacitance
        return self._diffuse_charge(self.face(V, has), has)

    def face(self, V: float, has: Features) -> float:
        """Potential at which the diffuse layer begins, where the wall is at V [V]."""
        if STERN not in has:
            return V
        C = self.stern_capacitance
        if NONLINEAR not in has:
            return V * C / (C + self.debye_capacitance)
        if SIZE in has:
            return rising_root(lambda psi: self._diffuse_charge(psi, has) - C * (V - psi), 0.0, abs(V), abs(V))
        return stern_diffuse_potential(V, C, *self._grahame)

    def _potential(self, charge: float, has: Features) -> float:
        """Potential of the wall at a charge [V]."""
        across = charge / self.stern_capacitance if STERN in has else 0.0
        return across + (self._face_of_charge(charge, has) if DIFFUSE in has else 0.0)

    def _face_of_charge(self, charge: float, has: Features) -> float:
        linear = charge / self.debye_capacitance
        if NONLINEAR not in has:
            return linear
        if SIZE in has:
            return rising_root(lambda psi: self._diffuse_charge(psi, has) - charge, 0.0, abs(linear), abs(linear))
        return grahame_potential_mixture(charge, *self._grahame)

    def _diffuse_charge(self, psi: float, has: Features) -> float:
        """Charge of a wall whose diffuse layer begins at psi [C/m^2]."""
        if NONLINEAR not in has:
            return self.debye_capacitance * psi
        if SIZE in has and self.diameter is not None and self.bulk.salt is not None:
            salt, valence = self.bulk.salt
            water = (self.bulk.relative_permittivity, self.bulk.temperature)
            return float(bikerman_charge(psi, salt, self.diameter, *water, valence=valence))
        return float(grahame_charge(psi, *self._grahame))

    @property
    def _grahame(self) -> tuple[dict[str, int], dict[str, float], float, float]:
        bulk = self.bulk
        return bulk.valences, bulk.concentrations, bulk.relative_permittivity, bulk.temperature

    def face_with(self, has: Features) -> float:
        """Potential at which the diffuse layer begins, at what the case gives [V]."""
        V = self.voltage
        return self._face_of_charge(self.wall.surface_charge or 0.0, has) if V is None else self.face(V, has)

    @property
    def full_face(self) -> float:
        """The same with everything that the wall has [V]."""
        return self.face_with(self.features)

    @property
    def full_voltage(self) -> float:
        """Potential of the wall, given or with everything that it has [V]."""
        return self.predicted(self.features) if self.voltage is None else self.voltage

    # ---- PNP ---------------------------------------------------------------------------------------------------------

    @property
    def reading(self) -> Reading | None:
        """PNP's charge of the wall at a given potential, or its potential at a given charge."""
        setting, side = self.setting, self.side
        if self.voltage is not None:
            return read(setting, f"electrode_charge.{side}", f"charge of the {side} wall")
        words = f"potential of the {side} wall against the bulk"
        if not self.faces_a_wall:
            return read(setting, "membrane_potential", words)
        at_wall = float(setting.solution.potential[0 if side == "left" else -1])
        return computed(setting, f"wall_potential.{side}", words, POTENTIAL, at_wall - self.bulk.potential, None)

    @property
    def faces_a_wall(self) -> bool:
        """Whether the other end is a wall too."""
        return isinstance(self.setting.case.left, Wall) and isinstance(self.setting.case.right, Wall)

    @property
    def sign(self) -> int:
        """That of the wall's potential in V_m: 1 at the left, or facing another wall, where it is not compared as V_m."""
        return 1 if self.side == "left" or self.faces_a_wall else -1

    def drop(self, layer: int, words: str) -> Reading | None:
        """PNP's potential drop over a layer."""
        return read(self.setting, f"layer_drop.{self.setting.case.layer_names[layer]}", words)


def find_electrodes(setting: Setting) -> Iterator[Electrode | Absent]:
    """The walls of a case that hold a charge, or why one is more than a wall in water."""
    case = setting.case
    for side in SIDES:
        wall = getattr(case, side)
        if not isinstance(wall, Wall) or (wall.potential is None and not wall.surface_charge):
            continue
        order = [*range(len(case.layers))] if side == "left" else [*reversed(range(len(case.layers)))]
        free = [index for index in order if all(is_absent(case, case.layers[index], ion) for ion in case.ions)]
        stern = order[: len(free)]
        rest = order[len(free) :]
        plain = sorted(free) == sorted(stern) and not any(map(is_charged, case.layers))
        if len(rest) > 1 or not plain or case.interfaces:
            reason = f"Before the {side} wall there is more than ion-free layers and one layer of water."
            yield Absent("gouy_chapman", "Gouy-Chapman", reason)
            continue
        bulk = find_bulk(setting.solution, rest[0]) if rest else None
        if bulk is None:
            reason = f"Before the {side} wall there are not ions of both signs, so that there is no bulk to refer to."
            yield Absent("gouy_chapman", "Gouy-Chapman", reason)
            continue
        electrode = Electrode(setting, side, wall, tuple(stern), bulk)
        volt = thermal_voltage(case.temperature)
        if electrode.voltage is None or abs(electrode.voltage) > _NO_VOLTAGE * volt:
            yield electrode
