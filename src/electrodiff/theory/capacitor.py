"""The membrane as a capacitor: an ion-free slab, alone and in series with its two diffuse layers.

Regime: no ion and no fixed charge in the slab, no surface charge on its faces, and the liquid at equilibrium (ion
currents too small to tilt it).

Signs: x runs from left (inside) to right (outside), V_m = phi(left) - phi(right).  A positive voltage makes the field
point right and puts a positive charge on the left.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from electrodiff.errors import CaseError
from electrodiff.theory._types import (
    CAPACITANCE,
    CONCENTRATION,
    LENGTH,
    PERMITTIVITY,
    POTENTIAL,
    SALT_VALENCE,
    TEMPERATURE,
    FloatLike,
    require_finite,
    require_positive,
    total,
)
from electrodiff.theory.double_layer import debye_length, diffuse_layer_capacitance, grahame_potential
from electrodiff.units import VACUUM_PERMITTIVITY, thermal_voltage


def slab_field(voltage: FloatLike, thickness: FloatLike) -> FloatLike:
    """Electric field in a slab without charge inside [V/m].

        E = (phi_left - phi_right) / d

    voltage between the faces [V], thickness d [m].  Positive: the field points right (outward).
    Raises CaseError unless the thickness is positive.

    Source: J. D. Jackson, Classical Electrodynamics, 3rd edition (1998), section 1.7.
    """
    require_positive("thickness", thickness, LENGTH)
    return voltage / thickness


def slab_capacitance(thickness: FloatLike, relative_permittivity: FloatLike) -> FloatLike:
    """Capacitance per area of a slab [F/m^2].

        C = eps / d

    thickness d [m], relative_permittivity eps / eps_0; 0.354 uF/cm^2 for 5 nm and 2.
    Raises CaseError unless both are positive.

    Source: as for `slab_field`.
    """
    require_positive("thickness", thickness, LENGTH)
    require_positive("relative_permittivity", relative_permittivity, PERMITTIVITY)
    return VACUUM_PERMITTIVITY * relative_permittivity / thickness


def slab_charge(voltage: FloatLike, thickness: FloatLike, relative_permittivity: FloatLike) -> FloatLike:
    """Charge per area on the left of a slab; as much of the other sign is on the right [C/m^2].

        sigma = eps (phi_left - phi_right) / d

    voltage between the faces [V], thickness d [m], relative_permittivity eps / eps_0.
    Raises CaseError unless thickness and permittivity are positive.

    Source: as for `slab_field`.
    """
    return slab_capacitance(thickness, relative_permittivity) * voltage


def slab_energy(voltage: FloatLike, thickness: FloatLike, relative_permittivity: FloatLike) -> FloatLike:
    """Energy per area of the field in a slab [J/m^2].

        w = eps (phi_left - phi_right)^2 / (2 d)

    Arguments, errors and source as for `slab_charge`.
    """
    return 0.5 * slab_charge(voltage, thickness, relative_permittivity) * voltage


def series_capacitance(*capacitances: FloatLike) -> FloatLike:
    """Capacitance of capacitors in series, in the unit of the arguments.

        1 / C = sum_i 1 / C_i

    Raises CaseError when there is none or one is not positive.

    Source: as for `slab_field`.
    """
    if not capacitances:
        raise CaseError("capacitances is empty; give at least one, such as 3.5e-3 F/m^2")
    for capacitance in capacitances:
        require_positive("capacitance", capacitance, CAPACITANCE)
    return 1.0 / total(1.0 / capacitance for capacitance in capacitances)


def slab_with_debye_layers_capacitance(
    thickness: FloatLike,
    relative_permittivity: FloatLike,
    left_debye_length: FloatLike,
    right_debye_length: FloatLike,
    water_relative_permittivity: FloatLike,
) -> FloatLike:
    """Capacitance per area of a slab in series with the Debye layers on both sides [F/m^2].

        1 / C = d / eps + (lambda_left + lambda_right) / eps_w

    thickness d [m] and relative_permittivity eps / eps_0 of the slab, Debye lengths of the baths [m], and their
    water_relative_permittivity eps_w / eps_0; 0.35138 uF/cm^2 for 5 nm, 2, 150 mol/m^3, 80, 298.15 K.  Holds while
    the drops over the layers, a share of about C lambda / eps_w of the voltage each, are well below R T / F.
    Raises CaseError unless all are positive.

    Source: P. Laeuger, W. Lesslauer, E. Marti, J. Richter, Biochim. Biophys. Acta 135 (1967) 20.
    """
    return series_capacitance(
        slab_capacitance(thickness, relative_permittivity),
        slab_capacitance(left_debye_length, water_relative_permittivity),
        slab_capacitance(right_debye_length, water_relative_permittivity),
    )


def slab_with_double_layers_charge(
    voltage: float,
    thickness: float,
    relative_permittivity: float,
    left_concentration: float,
    right_concentration: float,
    water_relative_permittivity: float,
    temperature: float,
    valence: float = 1,
) -> float:
    """Charge per area that a voltage holds across a slab between two Gouy-Chapman layers [C/m^2].

        V = sigma d / eps + psi(sigma, c_left) + psi(sigma, c_right)
        psi(sigma, c) = (2 R T / (z F)) asinh(sigma / sqrt(8 eps_w R T c))

    voltage V from bulk to bulk [V], thickness d [m] and relative_permittivity eps / eps_0 of the slab,
    concentrations of the z:z salt in the baths [mol/m^3], their water_relative_permittivity eps_w / eps_0,
    temperature T [K], valence z of the cation.  The liquid on the left holds +sigma, that on the right -sigma.
    Solved to round-off for any V; ideal point ions (see `double_layer`).
    Raises CaseError unless the voltage is finite and all the others are positive.

    Source: as for `slab_with_debye_layers_capacitance`, with the Grahame equation for the layers.
    """
    from scipy.optimize import brentq

    _check_salt_and_voltage(voltage, left_concentration, right_concentration, valence)
    require_positive("temperature", temperature, TEMPERATURE)
    slab = float(slab_capacitance(thickness, relative_permittivity))
    half_layers = [
        slab / (2.0 * float(slab_capacitance(length, water_relative_permittivity)))
        for length in (
            float(debye_length(valence**2 * concentration, water_relative_permittivity, temperature))
            for concentration in (left_concentration, right_concentration)
        )
    ]
    v = valence * abs(voltage) / thermal_voltage(temperature)
    if v == 0.0:
        return 0.0

    def missing_voltage(share: float) -> float:
        """Voltage taken at this share of the slab, less the one given, in units of the one given."""
        return share + 2.0 * math.fsum(math.asinh(ratio * share * v) for ratio in half_layers) / v - 1.0

    # The layers take less than their linear share (asinh x < x), which bounds the slab's from below; half of that
    # is clear of round-off.  The tolerances ask for all the digits of the share.
    least = 0.5 / (1.0 + 2.0 * math.fsum(half_layers))
    share = brentq(missing_voltage, least, 1.0, xtol=1e-300, rtol=4.0 * float(np.finfo(float).eps))
    return float(slab * voltage * share)


class SlabDrops(NamedTuple):
    """Parts of a voltage [V], which add up to it: left diffuse layer, slab, and right diffuse layer."""

    left: float
    slab: float
    right: float


def slab_with_double_layers_drops(
    voltage: float,
    thickness: float,
    relative_permittivity: float,
    left_concentration: float,
    right_concentration: float,
    water_relative_permittivity: float,
    temperature: float,
    valence: float = 1,
) -> SlabDrops:
    """How a voltage divides over a slab and its two Gouy-Chapman layers [V].

        left = psi(sigma, c_left),    slab = sigma d / eps,    right = psi(sigma, c_right)

    sigma of `slab_with_double_layers_charge`, whose arguments, errors and source it shares.  `slab` is what the
    constant field of `ghk` sees; at the faces an ion of valence z has exp(z F left / (R T)) times its concentration in the
    left bath, and exp(-z F right / (R T)) times that in the right one (see `ghk_flux_from_faces`).
    """
    salt = (left_concentration, right_concentration, water_relative_permittivity, temperature, valence)
    charge = slab_with_double_layers_charge(voltage, thickness, relative_permittivity, *salt)
    water = (water_relative_permittivity, temperature, valence)
    left = grahame_potential(charge, left_concentration, *water)
    right = grahame_potential(charge, right_concentration, *water)
    slab = charge / slab_capacitance(thickness, relative_permittivity)
    return SlabDrops(float(left), float(slab), float(right))


def slab_with_double_layers_capacitance(
    voltage: float,
    thickness: float,
    relative_permittivity: float,
    left_concentration: float,
    right_concentration: float,
    water_relative_permittivity: float,
    temperature: float,
    valence: float = 1,
) -> float:
    """Differential capacitance per area of a slab between two Gouy-Chapman layers at a voltage [F/m^2].

        1 / C = d V / d sigma = d / eps + 1 / C_left + 1 / C_right
        C_left = (eps_w / lambda_left) cosh(z F psi_left / (2 R T))

    Arguments, errors and source as for `slab_with_double_layers_charge`, psi of `slab_with_double_layers_drops`.
    Least at V = 0, where it is that of `slab_with_debye_layers_capacitance`; that of the bare slab at large V.
    """
    salt = (left_concentration, right_concentration, water_relative_permittivity, temperature, valence)
    drops = slab_with_double_layers_drops(voltage, thickness, relative_permittivity, *salt)
    water = (water_relative_permittivity, temperature, valence)
    layers = [
        diffuse_layer_capacitance(drops.left, left_concentration, *water),
        diffuse_layer_capacitance(drops.right, right_concentration, *water),
    ]
    return float(series_capacitance(slab_capacitance(thickness, relative_permittivity), *layers))


def _check_salt_and_voltage(voltage: float, left: float, right: float, valence: float) -> None:
    """Raise CaseError unless the voltage is finite, and concentrations and valence are positive."""
    require_finite("voltage", voltage, POTENTIAL)
    require_positive("left_concentration", left, CONCENTRATION)
    require_positive("right_concentration", right, CONCENTRATION)
    require_positive("valence", valence, SALT_VALENCE)
