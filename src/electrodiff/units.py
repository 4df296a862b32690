"""Physical constants, quantities with units, and the scales of the dimensionless problem.

SI is used everywhere outside `fvm`; concentrations are in mol/m^3, which is the same number as mM.
This module is the only one that turns text with a unit into a number, and the only one that knows
the scales by which `fvm` makes the equations dimensionless.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from electrodiff.errors import ElectrodiffError

if TYPE_CHECKING:
    import pint

# Of CODATA 2022 (Mohr et al., Rev. Mod. Phys. 97 (2025) 025002), the first three exact.  scipy.constants takes 0.2 s to
# import, and its vacuum permittivity changes with the version.
AVOGADRO = 6.02214076e23
"""Avogadro constant [1/mol]."""
ELEMENTARY_CHARGE = 1.602176634e-19
"""Elementary charge [C]."""
BOLTZMANN = 1.380649e-23
"""Boltzmann constant [J/K]."""
FARADAY = AVOGADRO * ELEMENTARY_CHARGE
"""Faraday constant [C/mol], exact as the product of two exact constants."""
GAS_CONSTANT = AVOGADRO * BOLTZMANN
"""Molar gas constant R [J/(mol K)], exact as the product of two exact constants."""
VACUUM_PERMITTIVITY = 8.8541878188e-12
"""Vacuum permittivity [F/m]."""

# Units that need no look into pint, which takes 0.2 s to import, with the SI unit and the factor: what cases are mostly
# written in.  All others, and all mistakes, are pint's; a test holds these to the same numbers.
_COMMON = {
    unit: (si, factor)
    for si, of_unit in {
        "m": {"m": 1.0, "mm": 1e-3, "um": 1e-6, "nm": 1e-9},
        "K": {"K": 1.0},
        "m^2/s": {"m^2/s": 1.0, "cm^2/s": 1e-4},
        "mol/m^3": {"mol/m^3": 1.0, "M": 1e3, "mM": 1.0, "uM": 1e-3},
        "V": {"V": 1.0, "mV": 1e-3},
        "m/s": {"m/s": 1.0, "cm/s": 1e-2},
        "C/m^2": {"C/m^2": 1.0, "mC/m^2": 1e-3},
        "A/m^2": {"A/m^2": 1.0, "uA/cm^2": 1e-2},
        "mol/m^2/s": {"mol/m^2/s": 1.0},
        "J/mol": {"J/mol": 1.0, "kJ/mol": 1e3},
        "F/m^2": {"F/m^2": 1.0, "uF/cm^2": 1e-2},
        "S/m^2": {"S/m^2": 1.0, "mS/cm^2": 10.0},
        "s": {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9, "ps": 1e-12},
        "Hz": {"Hz": 1.0, "kHz": 1e3, "MHz": 1e6, "GHz": 1e9},
    }.items()
    for unit, factor in of_unit.items()
}


class UnitError(ElectrodiffError, ValueError):
    """Text that is not a finite number with a unit of the wanted dimension."""


@dataclass(frozen=True)
class Dimension:
    """A kind of quantity: its name, its SI unit, and an example that goes into error messages."""

    name: str
    unit: str
    example: str
    sensible: tuple[float, float] = (0.0, math.inf)
    """Smallest and largest size of a number that is not zero [SI]: far beyond what exists, to catch slips."""
    spelling: str = ".*"
    """What its unit must look like, where pint takes too much: to pint an angle is a pure number, so rad/s is 1 Hz."""


LENGTH = Dimension("length", "m", "5 nm", (1e-14, 1e3))
TEMPERATURE = Dimension("temperature", "K", "310 K", (1.0, 1e5))
DIFFUSIVITY = Dimension("diffusivity", "m^2/s", "1.96e-9 m^2/s", (1e-40, 1.0))
CONCENTRATION = Dimension("concentration", "mol/m^3", "150 mM", (0.0, 1e7))
POTENTIAL = Dimension("potential", "V", "-65 mV", (0.0, 1e3))
PERMEABILITY = Dimension("permeability", "m/s", "1e-7 m/s", (1e-300, 1e9))
SURFACE_CHARGE = Dimension("surface charge", "C/m^2", "-0.01 C/m^2", (0.0, 1e3))
CURRENT_DENSITY = Dimension("current density", "A/m^2", "1 uA/cm^2")
FLUX = Dimension("flux", "mol/m^2/s", "1e-6 mol/m^2/s")
AREA = Dimension("area", "m^2", "0.79 nm^2")
CHARGE = Dimension("charge", "C", "-4 e")
CURRENT = Dimension("current", "A", "1 pA")
ENERGY = Dimension("molar energy", "J/mol", "23 kJ/mol", (0.0, 1e7))
CAPACITANCE = Dimension("capacitance per area", "F/m^2", "0.35 uF/cm^2")
TIME = Dimension("time", "s", "1 us", (1e-18, 1e15))
FREQUENCY = Dimension("frequency", "Hz", "1 kHz", (1e-15, 1e18), r"[^\W\d]*([hH]z|hertz)")
ANGLE = Dimension("angle", "rad", "90 deg", (0.0, 1e3), r"°|deg(rees?)?|[munµμ]?rad(ians?)?|turns?")
DENSITY = Dimension("density", "m^-2", "1000 /um^2", (0.0, 1e21))
CONDUCTANCE_PER_AREA = Dimension("conductance per area", "S/m^2", "0.5 mS/cm^2", (0.0, 1e12))
CONDUCTANCE = Dimension("conductance", "S", "20 pS", (0.0, 1e3))
TURNOVER = Dimension("turnover", "s^-1", "100 /s", (0.0, 1e12), r"(?!.*(rad|turn|deg)).*")
POWER_PER_AREA = Dimension("power per area", "W/m^2", "1 uW/cm^2")
NUMBER = Dimension("number", "", "40", (1e-300, 1e12))
RELATIVE_PERMITTIVITY = Dimension("number", "", "40", (1e-3, 1e6))

# Unit names with whole powers of at most two digits, joined by products and quotients: pint would compute m^9^9^9.
_UNIT = re.compile(r"[^\W\d]+(?:(?:\^|\*\*)?-?\d{1,2})?(?:\s*[*/ ]\s*[^\W\d]+(?:(?:\^|\*\*)?-?\d{1,2})?)*")

# A number, then a unit that starts with a letter, a degree or a micro sign, or with the slash of "per".  Only the unit is
# handed on, and only these characters are let through, so that no text of a case file is ever evaluated as an expression.
_QUANTITY = re.compile(
    r"\s*([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)\s*((?:1 ?/|[a-zA-ZµμÅ°%/])[\w µμÅ°/*^.%-]{0,60})?\s*"
)
_POWER_WITHOUT_CARET = re.compile(r"(?<=[a-zA-Z])(?=-?\d)")


@cache
def _registry() -> pint.UnitRegistry[float]:
    import pint

    try:
        return pint.UnitRegistry(autoconvert_offset_to_baseunit=True, cache_folder=":auto:")
    except Exception:
        # Whatever is wrong with the cache of definitions (no home, read-only, half written), it only saves 0.2 s.
        return pint.UnitRegistry(autoconvert_offset_to_baseunit=True)


@cache
def _conversion(unit: str, si_unit: str) -> tuple[float, float]:
    """Factor and offset that turn a number in `unit` into one in `si_unit`."""
    known_si, known_factor = _COMMON.get(unit, ("", 0.0))
    return (known_factor, 0.0) if known_si == si_unit else _converted(unit, si_unit)


def _converted(unit: str, si_unit: str) -> tuple[float, float]:
    """The same by pint."""
    import pint

    if unit == "kT":
        raise UnitError("'kT' depends on the temperature")
    per = re.fullmatch(r"1? ?/ ?(.*)", unit)
    if not _UNIT.fullmatch((per[1] if per else unit).replace("°", "deg").replace("%", "percent")):
        raise UnitError(f"the unit '{unit}' is unknown")
    registry = _registry()
    spelled = _POWER_WITHOUT_CARET.sub("^", unit)  # cm2 is written for cm^2 throughout the field
    spelled = f"1{spelled}" if spelled.startswith("/") else spelled  # "per" alone is 1 over what follows
    try:
        zero, one = (registry.Quantity(number, spelled).to(si_unit).magnitude for number in (0.0, 1.0))
    except pint.DimensionalityError as error:
        raise UnitError(f"'{unit}' is a unit of something else") from error
    except (pint.PintError, ValueError, TypeError, AttributeError, ArithmeticError, AssertionError) as error:
        raise UnitError(f"the unit '{unit}' is unknown") from error
    factor = one - zero
    # mM to mol/m^3 comes out as 0.9999999999999998: a factor that is a short decimal up to round-off is that decimal.
    decimal = float(f"{factor:.12g}")
    return (decimal if abs(decimal - factor) < 1e-13 * abs(factor) else factor), zero


def to_si(text: str, dimension: Dimension) -> float:
    """Number in SI units of a text such as "5 nm".

    Raises UnitError, whose text says what is wrong if it is more than a missing unit, when the text is not one finite
    number with a unit of this dimension.
    """
    match = _QUANTITY.fullmatch(text)
    if match is None or match[2] is None:
        raise UnitError("")
    unit = match[2].strip()
    factor, offset = _conversion(unit, dimension.unit)
    if not re.fullmatch(dimension.spelling, unit):
        raise UnitError(f"'{unit}' is a unit of something else")
    value = float(match[1]) * factor + offset
    if not math.isfinite(value):
        raise UnitError("the number is too large")
    return value


def from_si(value: float, unit: str, dimension: Dimension) -> float:
    """The SI number `value` expressed in `unit`, for display."""
    factor, offset = _conversion(unit, dimension.unit)
    return (value - offset) / factor


def thermal_voltage(temperature: float) -> float:
    """Voltage equivalent of the thermal energy [V].

        V_T = R T / F

    temperature T [K]; 25.69 mV at 298.15 K, 26.71 mV at 310 K.
    """
    return GAS_CONSTANT * temperature / FARADAY


@dataclass(frozen=True)
class Scales:
    """The units of the dimensionless problem: length [m], concentration [mol/m^3], diffusivity [m^2/s], T [K].

    In these units the equations of `fvm` hold with R T = F = 1 and the permittivity becomes
    eps R T / (F^2 c L^2), the square of a Debye length over the length scale.
    """

    temperature: float
    length: float = 1e-9
    concentration: float = 100.0
    diffusivity: float = 1e-9

    @property
    def potential(self) -> float:
        """R T / F [V]."""
        return thermal_voltage(self.temperature)

    @property
    def time(self) -> float:
        """L^2 / D [s]."""
        return self.length**2 / self.diffusivity

    @property
    def flux(self) -> float:
        """D c / L [mol/(m^2 s)]."""
        return self.diffusivity * self.concentration / self.length

    @property
    def surface_charge(self) -> float:
        """F c L [C/m^2]."""
        return FARADAY * self.concentration * self.length

    @property
    def permittivity(self) -> float:
        """F c L^2 / (R T / F) [F/m]: the permittivity whose dimensionless value is 1."""
        return FARADAY * self.concentration * self.length**2 / self.potential
