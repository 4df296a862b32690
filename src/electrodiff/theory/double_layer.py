"""Diffuse double layers at one wall: Debye-Hueckel, Gouy-Chapman and Grahame.

Regime: ideal point ions at equilibrium beside a flat wall, one permittivity, a bath much wider than the Debye length;
real ions crowd above about 0.1 C/m^2.  `concentration` is that of a z:z salt in the bulk.

Signs: potentials are relative to the bulk, `distance` is from the wall into the liquid, `surface_charge` is that of
the wall.  The charge of the liquid per area is minus the charge of the wall.
"""

from __future__ import annotations

import numpy as np

from electrodiff.theory._bath import bath_rows, wall_bath
from electrodiff.theory._types import (
    CONCENTRATION,
    LENGTH,
    PERMITTIVITY,
    SALT_VALENCE,
    SURFACE_CHARGE,
    TEMPERATURE,
    FloatLike,
    PerIon,
    require_finite,
    require_neutral,
    require_non_negative,
    require_positive,
    total,
)
from electrodiff.units import FARADAY, GAS_CONSTANT, VACUUM_PERMITTIVITY, thermal_voltage

# 1/2!, 1/3!, ..., 1/18!: the Taylor series of (e^x - 1 - x) / x^2.  The first omitted term is 1e-17 of the first
# for |x| <= 1.
_SERIES = tuple(float(1.0 / np.prod(np.arange(1.0, k + 1.0))) for k in range(2, 19))


def _excess_exponential(x: FloatLike) -> FloatLike:
    """e^x - 1 - x without cancellation near 0."""
    near = np.clip(x, -1.0, 1.0)
    series = np.zeros_like(near)
    for coefficient in reversed(_SERIES):
        series = series * near + coefficient
    result: FloatLike = np.where(np.abs(x) <= 1.0, series * near**2, np.expm1(x) - x)
    return result


def _permittivity(relative_permittivity: FloatLike) -> FloatLike:
    """Permittivity [F/m]; raises CaseError unless it is positive."""
    require_positive("relative_permittivity", relative_permittivity, PERMITTIVITY)
    return VACUUM_PERMITTIVITY * relative_permittivity


def salt_debye_length(
    concentration: FloatLike, relative_permittivity: FloatLike, temperature: float, valence: FloatLike
) -> FloatLike:
    """Debye length of a z:z salt [m], whose ionic strength is z^2 c.  Errors as for `grahame_charge_symmetric`."""
    require_positive("concentration", concentration, CONCENTRATION)
    require_positive("valence", valence, SALT_VALENCE)
    return debye_length(np.square(valence) * concentration, relative_permittivity, temperature)


def ionic_strength(valences: PerIon, concentrations: PerIon) -> FloatLike:
    """Ionic strength of a mixture [mol/m^3].

        I = 1/2 sum_i z_i^2 c_i

    valences z_i and concentrations c_i [mol/m^3], both as mappings by ion name or both as sequences.
    Raises CaseError when an ion has no valence or a concentration is negative.

    Source: G. N. Lewis, M. Randall, J. Am. Chem. Soc. 43 (1921) 1112.
    """
    rows = bath_rows(valences, concentrations)
    return 0.5 * total(z**2 * c for z, c in rows)


def debye_length(ionic_strength: FloatLike, relative_permittivity: FloatLike, temperature: float) -> FloatLike:
    """Length over which a dilute electrolyte screens charge [m].

        lambda_D = sqrt(eps R T / (2 F^2 I))

    ionic_strength I [mol/m^3], relative_permittivity eps / eps_0, temperature T [K]; 0.7929 nm at 150 mol/m^3,
    permittivity 80 and 298.15 K.  Potentials well below R T / F, or as the decay length far from any wall.
    Raises CaseError unless all three are positive.

    Source: P. Debye, E. Hueckel, Phys. Z. 24 (1923) 185.
    """
    require_positive("ionic_strength", ionic_strength, CONCENTRATION)
    require_positive("temperature", temperature, TEMPERATURE)
    numerator = _permittivity(relative_permittivity) * (GAS_CONSTANT * temperature)
    result: FloatLike = np.sqrt(numerator / (2.0 * FARADAY**2 * ionic_strength))
    return result


def gouy_chapman_length(
    surface_charge: FloatLike, relative_permittivity: FloatLike, temperature: float, valence: FloatLike = 1
) -> FloatLike:
    """Distance from a charged wall within which half of its counter-ions sit, without other salt [m].

        b = 2 eps R T / (z F |sigma|)

    surface_charge sigma [C/m^2], temperature T [K], valence z of the counter-ion; inf for an uncharged wall.
    The length that a mesh must resolve where it is below the Debye length.
    Raises CaseError when permittivity, temperature or valence is not positive.

    Source: D. Andelman, Handbook of Biological Physics 1 (1995) 603.
    """
    require_positive("temperature", temperature, TEMPERATURE)
    require_positive("valence", valence, SALT_VALENCE)
    numerator = 2.0 * _permittivity(relative_permittivity) * thermal_voltage(temperature)
    with np.errstate(divide="ignore"):  # an uncharged wall does not gather ions at any distance
        result: FloatLike = np.divide(numerator, valence * np.abs(surface_charge))
    return result


def grahame_charge(
    surface_potential: FloatLike,
    valences: PerIon,
    concentrations: PerIon,
    relative_permittivity: FloatLike,
    temperature: float,
) -> FloatLike:
    """Charge of a wall at a given potential in any mixture of ions [C/m^2].

        sigma = sign(psi) sqrt(2 eps R T sum_i c_i (exp(-z_i F psi / (R T)) - 1))

    surface_potential psi [V], valences z_i, bulk concentrations c_i [mol/m^3] of a neutral bath, temperature T [K].
    Because the bath is neutral, each term is taken as e^x - 1 - x, which keeps all digits near psi = 0.
    Raises CaseError when the bath is not neutral to 1e-9 of its ions or has none, and for values out of range.

    Source: D. C. Grahame, Chem. Rev. 41 (1947) 441.
    """
    require_positive("temperature", temperature, TEMPERATURE)
    rows = bath_rows(valences, concentrations)
    require_neutral((z for z, _ in rows), (c for _, c in rows))
    psi = surface_potential / thermal_voltage(temperature)
    osmotic = total(c * _excess_exponential(-z * psi) for z, c in rows)
    pressure = 2.0 * _permittivity(relative_permittivity) * (GAS_CONSTANT * temperature) * osmotic
    result: FloatLike = np.sign(psi) * np.sqrt(pressure)
    return result


def grahame_potential_mixture(
    surface_charge: float,
    valences: PerIon,
    concentrations: PerIon,
    relative_permittivity: float,
    temperature: float,
) -> float:
    """Potential of a wall of given charge in any mixture of ions, relative to the bulk [V].

        sigma = sign(psi) sqrt(2 eps R T sum_i c_i (exp(-z_i F psi / (R T)) - 1))

    surface_charge sigma [C/m^2]; the inverse of `grahame_charge`, whose other arguments and source it shares, scalars
    only.  The charge rises with psi, so that there is one root; it is found to round-off.
    Raises CaseError as `grahame_charge` does, and when the charge is not finite.
    """
    require_finite("surface_charge", surface_charge, SURFACE_CHARGE)
    bath = wall_bath(valences, concentrations, relative_permittivity, temperature)
    return thermal_voltage(temperature) * bath.wall_potential(surface_charge)


def grahame_charge_symmetric(
    surface_potential: FloatLike,
    concentration: FloatLike,
    relative_permittivity: FloatLike,
    temperature: float,
    valence: FloatLike = 1,
) -> FloatLike:
    """Charge of a wall at a given potential in a z:z salt [C/m^2].

        sigma = sqrt(8 eps R T c) sinh(z F psi / (2 R T))

    surface_potential psi [V], bulk concentration c [mol/m^3], temperature T [K], valence z of the cation.
    Raises CaseError when concentration, permittivity, temperature or valence is not positive.

    Source: as for `grahame_charge`.
    """
    scale, voltage = _grahame_scales(concentration, relative_permittivity, temperature, valence)
    result: FloatLike = scale * np.sinh(surface_potential / voltage)
    return result


def grahame_potential(
    surface_charge: FloatLike,
    concentration: FloatLike,
    relative_permittivity: FloatLike,
    temperature: float,
    valence: FloatLike = 1,
) -> FloatLike:
    """Potential of a wall of given charge in a z:z salt, relative to the bulk [V].

        psi = (2 R T / (z F)) asinh(sigma / sqrt(8 eps R T c))

    surface_charge sigma [C/m^2]; the inverse of `grahame_charge_symmetric`, whose arguments, errors and source it
    shares.
    """
    scale, voltage = _grahame_scales(concentration, relative_permittivity, temperature, valence)
    result: FloatLike = voltage * np.arcsinh(surface_charge / scale)
    return result


def _grahame_scales(
    concentration: FloatLike, relative_permittivity: FloatLike, temperature: float, valence: FloatLike
) -> tuple[FloatLike, FloatLike]:
    """sqrt(8 eps R T c) [C/m^2], which is 2 eps / lambda_D times R T / (z F), and 2 R T / (z F) [V]."""
    length = salt_debye_length(concentration, relative_permittivity, temperature, valence)
    voltage = 2.0 * thermal_voltage(temperature) / valence
    return _permittivity(relative_permittivity) / length * voltage, voltage


def gouy_chapman_potential(
    distance: FloatLike,
    surface_potential: FloatLike,
    concentration: FloatLike,
    relative_permittivity: FloatLike,
    temperature: float,
    valence: FloatLike = 1,
) -> FloatLike:
    """Potential at a distance from a wall in a z:z salt, relative to the bulk [V].

        tanh(z F psi(x) / (4 R T)) = tanh(z F psi(0) / (4 R T)) exp(-x / lambda_D)

    distance x >= 0 [m], surface_potential psi(0) [V], bulk concentration [mol/m^3], temperature T [K], valence z of
    the cation.  Solved as psi = (2 R T / (z F)) log1p(2 g t / (1 - g t)), g = exp(-x / lambda_D), t = tanh, with
    1 - g t free of cancellation, so that a wall of any potential and the farthest tail keep their digits.
    Raises CaseError when the distance is negative, or concentration, permittivity, temperature or valence is not
    positive.

    Source: G. Gouy, J. Phys. (Paris) 9 (1910) 457; D. L. Chapman, Phil. Mag. 25 (1913) 475.
    """
    require_non_negative("distance", distance, LENGTH)
    length = salt_debye_length(concentration, relative_permittivity, temperature, valence)
    voltage = 2.0 * thermal_voltage(temperature) / valence
    w = np.abs(surface_potential) / voltage
    decay, from_wall = np.exp(-distance / length), -np.expm1(-distance / length)
    tanh = -np.expm1(-w) / (1.0 + np.exp(-w))
    one_minus_tanh = 2.0 * np.exp(-w) / (1.0 + np.exp(-w))
    psi = np.log1p(2.0 * decay * tanh / (from_wall + decay * one_minus_tanh))
    result: FloatLike = np.sign(surface_potential) * voltage * psi
    return result


def gouy_chapman_charge_density(
    distance: FloatLike,
    surface_potential: FloatLike,
    concentration: FloatLike,
    relative_permittivity: FloatLike,
    temperature: float,
    valence: FloatLike = 1,
) -> FloatLike:
    """Charge density of the liquid at a distance from a wall in a z:z salt [C/m^3].

        rho(x) = -2 z F c sinh(z F psi(x) / (R T))

    psi(x) from `gouy_chapman_potential`, whose arguments, errors and source it shares.  Of the sign opposite to
    psi(0); its integral over x is minus the charge of the wall.
    """
    psi = gouy_chapman_potential(
        distance, surface_potential, concentration, relative_permittivity, temperature, valence
    )
    scaled = valence * psi / thermal_voltage(temperature)
    result: FloatLike = -2.0 * FARADAY * valence * concentration * np.sinh(scaled)
    return result


def debye_hueckel_charge_density(distance: FloatLike, surface_charge: FloatLike, debye_length: FloatLike) -> FloatLike:
    """Charge density of the liquid at a distance from a weakly charged wall [C/m^3].

        rho(x) = -(sigma / lambda_D) exp(-x / lambda_D)

    distance x >= 0 [m], surface_charge sigma of the wall [C/m^2], debye_length lambda_D [m].  The diffuse charge
    (the integral of rho) is minus the wall charge: to start from a diffuse charge, pass its negative.  Holds for
    psi(0) = sigma lambda_D / eps well below R T / F.
    Raises CaseError when the distance is negative or the Debye length is not positive.

    Source: as for `debye_length`.
    """
    require_non_negative("distance", distance, LENGTH)
    require_positive("debye_length", debye_length, LENGTH)
    result: FloatLike = -(surface_charge / debye_length) * np.exp(-distance / debye_length)
    return result


def diffuse_layer_capacitance(
    surface_potential: FloatLike,
    concentration: FloatLike,
    relative_permittivity: FloatLike,
    temperature: float,
    valence: FloatLike = 1,
) -> FloatLike:
    """Differential capacitance of a diffuse layer in a z:z salt [F/m^2].

        C = d(sigma)/d(psi) = (eps / lambda_D) cosh(z F psi / (2 R T))

    Arguments, errors and source as for `grahame_charge_symmetric`; eps / lambda_D at psi = 0.
    """
    length = salt_debye_length(concentration, relative_permittivity, temperature, valence)
    half = valence * surface_potential / (2.0 * thermal_voltage(temperature))
    result: FloatLike = _permittivity(relative_permittivity) / length * np.cosh(half)
    return result
