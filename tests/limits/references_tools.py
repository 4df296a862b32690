"""What the references share: the record, constants, quadrature and roots to round-off, and the parts of a case.

Nothing here comes from the solver, nor from `electrodiff.theory`.  Potentials y are in R T / F relative to the bulk of
a bath, concentrations in mol/m^3.  Signs as everywhere: x from left to right, a displacement D [C/m^2] points right.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy import constants
from scipy.optimize import brentq

import electrodiff as ed

FARADAY = constants.N_A * constants.e
GAS_CONSTANT = constants.R
AVOGADRO = constants.N_A
VACUUM = constants.epsilon_0
ROOM, BODY = 298.15, 310.0
WATER = 80.0
VALENCE = {"Na": 1, "K": 1, "Ca": 2, "Mg": 2, "Cl": -1, "SO4": -2}

# A bath this many Debye lengths thick ends in its bulk: its charge and drop lack e^-80, integrals along it e^-40 = 4e-18.
BATH_LENGTHS = 40.0

Floats = NDArray[np.float64]
Salt = Mapping[str, float]
Values = dict[str, float]


@dataclass(frozen=True)
class Reference:
    """A problem with an exact answer."""

    name: str
    case: Callable[[], ed.Case]
    expected: Callable[[], Values]
    """Quantities by name, as `Solution.scalar` takes it, in SI units."""
    source: str
    """The equation that gives them."""


# ---- numbers ------------------------------------------------------------------------------------------------------

# 24 panels of 16 Gauss points: round-off for what is smooth on the scale of a few panels; a test doubles them.
PANELS = 24
_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(16)


def integral(function: Callable[[Floats], Floats], start: float, stop: float, panels: int | None = None) -> float:
    """Integral of a smooth function of an array."""
    edges = np.linspace(start, stop, (panels or PANELS) + 1)
    half = np.diff(edges)[:, None] / 2
    return math.fsum((half * _WEIGHTS * function(edges[:-1, None] + half * (1 + _POINTS))).ravel())


def root(function: Callable[[float], float], low: float, high: float) -> float:
    """The zero of a function between two points of unlike sign, to round-off."""
    return float(brentq(function, low, high, xtol=1e-300, rtol=4 * np.finfo(float).eps, maxiter=1000))


def thermal_voltage(temperature: float) -> float:
    """R T / F [V]."""
    return GAS_CONSTANT * temperature / FARADAY


def water_permittivity(temperature: float) -> float:
    """eps_r of water by Patek et al., J. Phys. Chem. Ref. Data 38 (2009) 21."""
    powers = ((-43.7527, -0.05), (299.504, -1.47), (-399.364, -2.11), (221.327, -2.31))
    return math.fsum(a * (temperature / 300.0) ** b for a, b in powers)


# ---- diffuse layers -----------------------------------------------------------------------------------------------


def debye_length(salt: Salt, permittivity: float = WATER, temperature: float = ROOM) -> float:
    """sqrt(eps R T / (F^2 sum z^2 c)) [m]."""
    strength = sum(VALENCE[ion] ** 2 * c for ion, c in salt.items())
    return math.sqrt(permittivity * VACUUM * thermal_voltage(temperature) / (FARADAY * strength))


def osmotic_excess(y: float, salt: Salt) -> float:
    """sum c (e^(-z y) - 1) of a neutral salt, without its linear part, which is zero [mol/m^3]."""
    return math.fsum(c * (math.expm1(-VALENCE[ion] * y) + VALENCE[ion] * y) for ion, c in salt.items())


def grahame_charge(y: float, salt: Salt, permittivity: float = WATER, temperature: float = ROOM) -> float:
    """sigma [C/m^2] of a wall at y: sigma^2 = 2 eps R T sum c (e^(-z y) - 1)."""
    pressure = GAS_CONSTANT * temperature * max(osmotic_excess(y, salt), 0.0)
    return math.copysign(math.sqrt(2 * permittivity * VACUUM * pressure), y)


def grahame_potential(charge: float, salt: Salt, permittivity: float = WATER, temperature: float = ROOM) -> float:
    """y of a wall of this charge."""
    return root(lambda y: grahame_charge(y, salt, permittivity, temperature) - charge, -80.0, 80.0)


# ---- parts of a case ----------------------------------------------------------------------------------------------


def lazy_case(ions: Mapping[str, object] | tuple[str, ...], **tree: object) -> Callable[[], ed.Case]:
    """The case with these keys, built when it is asked for; known ions need their names only."""
    table = dict(ions) if isinstance(ions, Mapping) else {ion: {} for ion in ions}
    return partial(ed.Case, **{"temperature": ROOM, "ions": table, **tree})


def layer(name: str, thickness: float, permittivity: float = WATER, **keys: object) -> dict[str, object]:
    """A layer [m]."""
    return {"name": name, "thickness": thickness, "relative_permittivity": permittivity, **keys}


def bath(name: str, salt: Salt, permittivity: float = WATER, temperature: float = ROOM) -> dict[str, object]:
    """A layer of electrolyte that ends in its bulk."""
    return layer(name, BATH_LENGTHS * debye_length(salt, permittivity, temperature), permittivity)


def reservoir(concentrations: Salt, potential: float | str = 0.0, **keys: object) -> dict[str, object]:
    return {"concentrations": dict(concentrations), "potential": potential, **keys}


def metal(potential: float, **keys: object) -> dict[str, object]:
    return {"kind": "wall", "potential": potential, **keys}


def charged(charge: float, **keys: object) -> dict[str, object]:
    return {"kind": "wall", "surface_charge": charge, **keys}


CLOSED = {"kind": "closed"}


def sheet(left: str, right: str, charge: float) -> dict[str, object]:
    """A surface charge [C/m^2] between two layers."""
    return {"between": [left, right], "surface_charge": charge}


def none_of(*salts: Salt) -> dict[str, float]:
    """The partition of a layer that none of these ions enters."""
    return {ion: 0.0 for salt in salts for ion in salt}
