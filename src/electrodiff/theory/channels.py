"""Channels: conductance and noise of many, gating of one, its sensor's surface potential, and the way into its pore.

Regime: independent channels of one kind; wide pores, whose walls do not select.

Signs: inside = left, V_m = phi(inside) - phi(outside); a surface potential is that of a face relative to its own bath.
"""

from __future__ import annotations

import math

import numpy as np

from electrodiff.errors import CaseError
from electrodiff.theory._bath import wall_bath
from electrodiff.theory._roots import rising_root
from electrodiff.theory._types import (
    DIFFUSIVITY,
    LENGTH,
    SURFACE_CHARGE,
    TEMPERATURE,
    FloatLike,
    PerIon,
    ion_names,
    ion_values,
    require_finite,
    require_non_negative,
    require_positive,
)
from electrodiff.theory.circuit import boltzmann_gate
from electrodiff.units import thermal_voltage

_PROBABILITY = "a probability of at most 1, such as 0.3"
_NUMBER = "a number of channels, or channels per area in 1/m^2, such as 1e12"
_CONDUCTIVITY = "a conductivity in S/m, such as 1.5"


def _require_probability(open_probability: FloatLike) -> None:
    """Raise CaseError unless every value is from 0 to 1."""
    if not np.all((np.asarray(open_probability) >= 0.0) & (np.asarray(open_probability) <= 1.0)):
        raise CaseError(f"open_probability is {open_probability}; expected from 0 to 1: {_PROBABILITY}")


def channel_conductance(number: FloatLike, open_probability: FloatLike, single_conductance: FloatLike) -> FloatLike:
    """Mean conductance of channels of one kind [S], or [S/m^2] if their number is per area.

        g = N p gamma

    number N [1 or 1/m^2], open_probability p, single_conductance gamma of an open channel [S].
    Raises CaseError when N or gamma is negative, or p not within 0 and 1.
    Source: B. Hille, Ion Channels of Excitable Membranes (2001) ch. 12.
    """
    require_non_negative("number", number, _NUMBER)
    _require_probability(open_probability)
    require_non_negative("single_conductance", single_conductance, "a conductance in S, such as 20e-12")
    return number * open_probability * single_conductance


def channel_noise(number: FloatLike, open_probability: FloatLike) -> FloatLike:
    """Standard deviation of the current of N independent channels, relative to its mean.

        sigma_I / I = sqrt((1 - p) / (N p))

    number N of channels, open_probability p above 0; dimensionless.  Raises CaseError when N is not positive or p not
    above 0 and at most 1.
    Source: F. J. Sigworth, J. Physiol. 307 (1980) 97.
    """
    require_positive("number", number, "a number of channels, such as 1000")
    _require_probability(open_probability)
    require_positive("open_probability", open_probability, _PROBABILITY)
    result: FloatLike = np.sqrt((1.0 - np.asarray(open_probability)) / (np.multiply(number, open_probability)))
    return result


def open_probability(
    voltage: FloatLike, half_voltage: FloatLike, gating_charge: FloatLike, temperature: float
) -> FloatLike:
    """Probability that a channel of two states, closed and open, is open at equilibrium.

        p = 1 / (1 + exp(-z_g F (V_m - V_half) / (R T)))

    voltage V_m [V], half_voltage V_half [V] at which p = 1/2, gating_charge z_g that crosses the membrane outward when the
    channel opens [elementary charges] (negative: hyperpolarisation opens it).  Raises CaseError unless T is positive.
    Source: A. L. Hodgkin, A. F. Huxley, J. Physiol. 117 (1952) 500.
    """
    require_positive("temperature", temperature, TEMPERATURE)
    # The gate of `boltzmann_gate` on the scale of z_g V_m, so that a channel without gating charge is one too.
    return boltzmann_gate(gating_charge * (voltage - half_voltage), 0.0, thermal_voltage(temperature))


def surface_potential_stern(
    surface_charge: float,
    valences: PerIon,
    concentrations: PerIon,
    relative_permittivity: float,
    temperature: float,
    binding: PerIon | None = None,
) -> float:
    """Potential of a charged face that binds ions of its bath, after Gouy, Chapman and Stern [V].

        sigma(psi) = (sigma_0 / s) (s + sum_i (s + z_i) K_i a_i) / (1 + sum_i K_i a_i),    a_i = c_i exp(-z_i F psi / (R T))
        sigma(psi) = sigma_Grahame(psi)

    surface_charge sigma_0 of the bare face [C/m^2], made of sites of one elementary charge s, its sign, each of which
    binds one ion; valences z_i and bath concentrations c_i [mol/m^3] of a neutral bath, association constants K_i =
    `binding` [m^3/mol] (0 if left out, for an ion or all), temperature T [K].  Bound ions lie in the plane of the
    charge.  The charge falls and `grahame_charge` rises with psi, so that the only root is found, to round-off.  Without
    binding that of `grahame_potential_mixture`.
    Raises CaseError when the charge is not finite, and for the bath and values as `grahame_charge`.

    Source: O. Stern, Z. Elektrochem. 30 (1924) 508; S. McLaughlin, N. Mulrine, T. Gresalfi, G. Vaio, A. McLaughlin,
    J. Gen. Physiol. 77 (1981) 445.
    """
    require_finite("surface_charge", surface_charge, SURFACE_CHARGE)
    ions = ion_names(concentrations)
    constants = [0.0] * len(ions) if binding is None else ion_values("binding", binding, ions, missing=0.0)
    for ion, constant in zip(ions, constants, strict=True):
        require_non_negative(f"binding of ion {ion}", constant, "an association constant in m^3/mol, such as 1e-3")
    bath = wall_bath(valences, concentrations, relative_permittivity, temperature)
    site, z, affinity = math.copysign(1.0, surface_charge), np.array(bath.valences), np.array(constants, dtype=float)

    def excess(y: float) -> float:
        """Charge that the liquid takes less that of the face, at y R T / F; rises with y."""
        bound = affinity * bath.face(y)
        face = abs(surface_charge) * (site + float((site + z) @ bound)) / (1.0 + float(bound.sum()))
        return bath.wall_charge(y) - face

    step = min(abs(surface_charge) / bath.capacitance, 1.0)
    return thermal_voltage(temperature) * rising_root(excess, 0.0, step, step)


def gating_shift(outer_potential: FloatLike, inner_potential: FloatLike = 0.0) -> FloatLike:
    """Shift of the half-activation voltage of a channel by the surface potentials of its two faces [V].

        V_half = V_half(no surface charge) + psi_out - psi_in

    outer_potential psi_out and inner_potential psi_in [V], from `surface_potential_stern` or `grahame_potential`: the
    sensor feels V_m + psi_in - psi_out.  Negative outer charge shifts gating to negative voltages; calcium, which
    screens it and binds to it, shifts it back.  The sensor lies between the faces and the whole drop falls on it.
    Source: B. Frankenhaeuser, A. L. Hodgkin, J. Physiol. 137 (1957) 218.
    """
    return outer_potential - inner_potential


def access_resistance(radius: FloatLike, conductivity: FloatLike) -> FloatLike:
    """Resistance from a bath to one mouth of a pore [ohm].

        R = 1 / (4 kappa a)

    radius a of the pore [m], conductivity kappa of the bath [S/m]: the mouth is a disc at one potential in an insulating
    wall.  Raises CaseError unless both are positive.
    Source: J. E. Hall, J. Gen. Physiol. 66 (1975) 531.
    """
    require_positive("radius", radius, LENGTH)
    require_positive("conductivity", conductivity, _CONDUCTIVITY)
    return np.divide(0.25, np.multiply(conductivity, radius))


def pore_resistance(
    radius: FloatLike, length: FloatLike, conductivity: FloatLike, pore_conductivity: FloatLike | None = None
) -> FloatLike:
    """Resistance of a cylindrical pore with the access from both baths [ohm].

        R = l / (kappa_p pi a^2) + 2 / (4 kappa a)

    radius a and length l [m], conductivity kappa of both baths and kappa_p = pore_conductivity of the pore [S/m] (that of
    the baths if left out).  Length 0 is a hole in a film.  Raises CaseError when the length is negative, or the radius or
    a conductivity not positive.
    Source: as for `access_resistance`.
    """
    require_non_negative("length", length, LENGTH)
    within = conductivity if pore_conductivity is None else pore_conductivity
    require_positive("pore_conductivity", within, _CONDUCTIVITY)
    return np.divide(length, within * np.pi * np.square(radius)) + 2.0 * access_resistance(radius, conductivity)


def pore_permeability(density: FloatLike, radius: FloatLike, length: FloatLike, diffusivity: FloatLike) -> FloatLike:
    """Permeability of a membrane with cylindrical pores to a small molecule [m/s].

        P = n pi a^2 D / (l + pi a / 2)

    density n of open pores [1/m^2], radius a and length l [m], diffusivity D [m^2/s] in pore and baths; pi a / 2 is the
    access from both sides, as in `pore_resistance`.  Molecule much smaller than the pore, pores far apart.
    Raises CaseError when density or length is negative, or radius or diffusivity not positive.
    Source: as for `access_resistance`.
    """
    require_non_negative("density", density, "open pores per area in 1/m^2, such as 1e12")
    require_positive("diffusivity", diffusivity, DIFFUSIVITY)
    return density * diffusivity / pore_resistance(radius, length, 1.0)
