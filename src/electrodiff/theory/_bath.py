"""A neutral bath beside a wall: its table of ions, and its diffuse layer for one number at a time.

`double_layer` has the same for arrays, a hundred times slower for each number, which the roots of `ghk_layers` and
`channels` would feel.  Potentials y are relative to the bulk, in units of R T / F.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from electrodiff.theory._roots import rising_root
from electrodiff.theory._types import (
    CONCENTRATION,
    PERMITTIVITY,
    TEMPERATURE,
    FloatLike,
    PerIon,
    ion_names,
    ion_values,
    require_neutral,
    require_non_negative,
    require_positive,
)
from electrodiff.units import GAS_CONSTANT, VACUUM_PERMITTIVITY

# exp(709.8) is the largest double; a wall that needs more has no charge that anybody gives it.
_OVERFLOW = 709.0
# The charge of a wall is linear in its potential to round-off here, where the square of the latter would underflow.
_LINEAR = 1e-100


def bath_rows(valences: PerIon, concentrations: PerIon, side: str = "") -> list[tuple[FloatLike, FloatLike]]:
    """Valence and concentration of each ion, in the order of `concentrations`; CaseError if one is negative."""
    ions = ion_names(concentrations)
    z, c = ion_values("valences", valences, ions), ion_values("concentrations", concentrations, ions)
    for ion, concentration in zip(ions, c, strict=True):
        require_non_negative(f"{side}concentration of ion {ion}", concentration, CONCENTRATION)
    return list(zip(z, c, strict=True))


@dataclass(frozen=True)
class WallBath:
    """A neutral bath beside a wall, from `wall_bath`."""

    valences: tuple[float, ...]
    concentrations: tuple[float, ...]
    pressure: float
    """2 eps R T."""
    capacitance: float
    """d(charge)/dy of the wall at y = 0 [C/m^2]."""

    def wall_charge(self, y: float) -> float:
        """The Grahame charge [C/m^2] of a wall at potential y, as `grahame_charge` has it for arrays."""
        if abs(y) < _LINEAR:
            return self.capacitance * y
        terms = (c * _excess_exponential(-z * y) for z, c in zip(self.valences, self.concentrations, strict=True))
        return math.copysign(math.sqrt(self.pressure * math.fsum(terms)), y)

    def wall_potential(self, charge: float) -> float:
        """The potential y of a wall of given charge [C/m^2]."""
        # Few layers need more than the linear guess, and none much more than an exponential one.
        step = min(abs(charge) / self.capacitance, 1.0)
        return rising_root(lambda y: self.wall_charge(y) - charge, 0.0, step, step)

    def face(self, y: float) -> tuple[float, ...]:
        """Concentrations at potential y [mol/m^3]."""
        return tuple(c * math.exp(-z * y) for z, c in zip(self.valences, self.concentrations, strict=True))


def wall_bath(
    valences: PerIon, concentrations: PerIon, relative_permittivity: float, temperature: float, side: str = ""
) -> WallBath:
    """A bath of valences z_i and concentrations c_i [mol/m^3], in the order of `concentrations`.

    Raises CaseError when it is not neutral or a value is out of range; `side` is as for `require_neutral`.
    """
    require_positive("temperature", temperature, TEMPERATURE)
    require_positive("relative_permittivity", relative_permittivity, PERMITTIVITY)
    rows = bath_rows(valences, concentrations, side)
    z, c = (tuple(map(float, column)) for column in zip(*rows, strict=True)) if rows else ((), ())
    require_neutral(z, c, side)
    pressure = 2.0 * VACUUM_PERMITTIVITY * relative_permittivity * GAS_CONSTANT * temperature
    ionic_strength = 0.5 * math.fsum(zi**2 * ci for zi, ci in zip(z, c, strict=True))
    return WallBath(z, c, pressure, math.sqrt(pressure * ionic_strength))


def _excess_exponential(x: float) -> float:
    """e^x - 1 - x without cancellation near 0."""
    if x > _OVERFLOW:
        return math.inf
    if abs(x) > 1.0:
        return math.expm1(x) - x
    term = result = x * x / 2.0
    for power in range(3, 19):  # the first omitted term is 1e-17 of the first
        term *= x / power
        result += term
    return result
