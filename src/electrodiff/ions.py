"""Known ions with the sources of their numbers, and the two properties of water that come with them.

The table gives free diffusivities in water at 25 degC; `scaled_diffusivity` takes them to another temperature by the
viscosity of water, `water_viscosity`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from electrodiff.errors import CaseError

CRC_HANDBOOK = (
    "P. Vanysek, Ionic conductivity and diffusion at infinite dilution, section 5 of the "
    "CRC Handbook of Chemistry and Physics, 87th edition (2006)"
)
"""Where the diffusivities of the table are printed."""

TABLE_TEMPERATURE = 298.15
"""Temperature of the tabulated diffusivities [K]."""

WATER_TEMPERATURES = (253.15, 383.15)
"""Range in which the correlations for liquid water hold [K]; below 273.15 K the water is supercooled."""


@dataclass(frozen=True, slots=True)
class KnownIon:
    """An ion of the table: valence [elementary charges], diffusivity in water at 25 degC [m^2/s], and their source.

    Raises CaseError when the name or the source is empty or the diffusivity is not a positive number.
    """

    name: str
    valence: int
    diffusivity: float
    source: str

    def __post_init__(self) -> None:
        if not self.name or not self.source:
            raise CaseError(f"known ion '{self.name}' lacks its name or its source; give both")
        if not 0.0 < self.diffusivity < math.inf:
            raise CaseError(
                f"known ion '{self.name}': diffusivity is {self.diffusivity}; "
                "expected a positive number in m^2/s, such as 1.957e-9"
            )


def _crc(name: str, valence: int, diffusivity: float, row: str) -> KnownIon:
    """Row of the table of the CRC Handbook, which prints the diffusivity in 1e-9 m^2/s (1e-5 cm^2/s)."""
    return KnownIon(name, valence, diffusivity * 1e-9, f"{CRC_HANDBOOK}, row {row}")


_ROWS = (
    _crc("H", +1, 9.311, "H+"),
    _crc("Li", +1, 1.029, "Li+"),
    _crc("Na", +1, 1.334, "Na+"),
    _crc("K", +1, 1.957, "K+"),
    _crc("Rb", +1, 2.072, "Rb+"),
    _crc("Cs", +1, 2.056, "Cs+"),
    _crc("Ag", +1, 1.648, "Ag+"),
    _crc("NH4", +1, 1.957, "NH4+"),
    _crc("Mg", +2, 0.706, "1/2 Mg2+"),
    _crc("Ca", +2, 0.792, "1/2 Ca2+"),
    _crc("Ba", +2, 0.847, "1/2 Ba2+"),
    _crc("Mn", +2, 0.712, "1/2 Mn2+"),
    _crc("Cu", +2, 0.714, "1/2 Cu2+"),
    _crc("Zn", +2, 0.703, "1/2 Zn2+"),
    _crc("F", -1, 1.475, "F-"),
    _crc("Cl", -1, 2.032, "Cl-"),
    _crc("Br", -1, 2.080, "Br-"),
    _crc("I", -1, 2.045, "I-"),
    _crc("OH", -1, 5.273, "OH-"),
    _crc("HCO3", -1, 1.185, "HCO3-"),
    _crc("NO3", -1, 1.902, "NO3-"),
    _crc("SO4", -2, 1.065, "1/2 SO4(2-)"),
)

KNOWN_IONS: Mapping[str, KnownIon] = MappingProxyType({ion.name: ion for ion in _ROWS})
"""The known ions by name, read-only."""

# Coefficients a_i and exponents b_i of Patek et al. (2009), equations for viscosity and static permittivity.
_VISCOSITY = ((280.68, -1.9), (511.45, -7.7), (61.131, -19.6), (0.45903, -40.0))
_PERMITTIVITY = ((-43.7527, -0.05), (299.504, -1.47), (-399.364, -2.11), (221.327, -2.31))


def _powers_of_temperature(terms: tuple[tuple[float, float], ...], temperature: float) -> float:
    """sum_i a_i (T / 300 K)^b_i; raises CaseError outside the range of the correlations."""
    coldest, hottest = WATER_TEMPERATURES
    if not is_liquid_water(temperature):
        raise CaseError(
            f"temperature is {temperature} K; the properties of liquid water are known from {coldest} K to "
            f"{hottest} K: choose a temperature in this range, or give permittivity and diffusivities yourself"
        )
    return math.fsum(a * (temperature / 300.0) ** b for a, b in terms)


def is_liquid_water(temperature: float) -> bool:
    """Whether the properties of liquid water are known at a temperature [K], by the correlations for them."""
    coldest, hottest = WATER_TEMPERATURES
    return coldest <= temperature <= hottest


def water_viscosity(temperature: float) -> float:
    """Viscosity of liquid water at 0.1 MPa [Pa s].

        eta = 1e-6 Pa s * sum_i a_i (T / 300 K)^b_i

    temperature T [K], from 253.15 K to 383.15 K; 0.8900 mPa s at 298.15 K, uncertain by 1 % there.
    Raises CaseError outside this range.

    Source: J. Patek, J. Hruby, J. Klomfar, M. Souckova, A. H. Harvey, J. Phys. Chem. Ref. Data 38 (2009) 21,
    adopted as IAPWS SR6-08.
    """
    return 1e-6 * _powers_of_temperature(_VISCOSITY, temperature)


def water_relative_permittivity(temperature: float) -> float:
    """Static relative permittivity of liquid water at 0.1 MPa.

        eps_r = sum_i a_i (T / 300 K)^b_i

    temperature T [K], from 253.15 K to 383.15 K; 78.38 at 298.15 K.  Pure water: a salt lowers it, by about 10
    for 1 mol/L.  Raises CaseError outside this range.

    Source: as for `water_viscosity`.
    """
    return _powers_of_temperature(_PERMITTIVITY, temperature)


def scaled_diffusivity(diffusivity_25: float, temperature: float) -> float:
    """Diffusivity in water at another temperature, from that at 25 degC [m^2/s].

        D(T) = D(298.15 K) * (T / 298.15 K) * eta(298.15 K) / eta(T)

    diffusivity_25 [m^2/s], temperature T [K].  Stokes-Einstein with a hydrodynamic radius that does not change:
    good to a few per cent between 0 and 50 degC for most ions, worse for H and OH, which hop.
    Raises CaseError when diffusivity_25 is not positive or the temperature is outside 253.15 K to 383.15 K.

    Source: R. A. Robinson, R. H. Stokes, Electrolyte Solutions, 2nd edition (1959), chapter 6 (Walden's rule).
    """
    if not 0.0 < diffusivity_25 < math.inf:
        raise CaseError(f"diffusivity is {diffusivity_25}; expected a positive number in m^2/s, such as 1.957e-9")
    thinning = water_viscosity(TABLE_TEMPERATURE) / water_viscosity(temperature)
    return diffusivity_25 * (temperature / TABLE_TEMPERATURE) * thinning
