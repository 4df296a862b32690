"""What the closed forms of the rows share.  From the constants of nature; nothing here comes from the solver.  SI units."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from scipy import constants
from scipy.optimize import brentq

FARADAY: float = constants.N_A * constants.e
GAS_CONSTANT: float = constants.R
VACUUM: float = constants.epsilon_0
ROOM, BODY = 298.15, 310.0
WATER, LIPID = 80.0, 2.0
# Units in which numbers are printed.
MILLIVOLT, MILLISECOND, NANOMETRE, MICROMETRE = 1e-3, 1e-3, 1e-9, 1e-6
MICROFARAD_PER_CM2 = 1e-2


def thermal(temperature: float) -> float:
    """R T / F [V]."""
    return GAS_CONSTANT * temperature / FARADAY


def water_permittivity(temperature: float) -> float:
    """Relative permittivity of water by J. Patek et al., J. Phys. Chem. Ref. Data 38 (2009) 21."""
    terms = ((-43.7527, -0.05), (299.504, -1.47), (-399.364, -2.11), (221.327, -2.31))
    return math.fsum(a * (temperature / 300.0) ** b for a, b in terms)


def debye(concentration: float, temperature: float = ROOM, valence: int = 1, permittivity: float = WATER) -> float:
    """Debye length of a z:z salt [m]: sqrt(eps R T / (2 z^2 F^2 c))."""
    return math.sqrt(permittivity * VACUUM * thermal(temperature) / (2 * valence**2 * FARADAY * concentration))


def nernst(valence: int, inside: float, outside: float, temperature: float) -> float:
    """(R T / z F) ln(outside / inside) [V], inside less outside."""
    return thermal(temperature) / valence * math.log(outside / inside)


def goldman_flux(permeability: float, valence: int, left: float, right: float, voltage: float, T: float) -> float:
    """P u (c_L - c_R e^-u) / (1 - e^-u), u = z F V / R T [mol/(m^2 s)]."""
    u = valence * voltage / thermal(T)
    return permeability * u * (left - right * math.exp(-u)) / -math.expm1(-u)


def grahame(
    potential: float, concentrations: Mapping[str, float], valences: Mapping[str, int], temperature: float = ROOM
) -> float:
    """Charge of a wall [C/m^2]: sigma^2 = 2 eps R T sum c (exp(-z psi) - 1), with the sign of psi."""
    v = potential / thermal(temperature)
    pressure = math.fsum(c * math.expm1(-valences[ion] * v) for ion, c in concentrations.items())
    square = 2 * WATER * VACUUM * GAS_CONSTANT * temperature * pressure
    return math.copysign(math.sqrt(max(square, 0.0)), potential)


def root(function: Callable[[float], float], low: float, high: float) -> float:
    """The zero of a function between two arguments, to round-off."""
    return float(brentq(function, low, high, xtol=1e-300, rtol=1e-14))
