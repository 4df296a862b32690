"""Conductances of the Goldman-Hodgkin-Katz current: what a permeability is worth in siemens, and back.

Two conductances belong to a current I that is not proportional to V - E: the slope dI/dV, which a small step of the
voltage sees, and the chord I / (V - E), which an equivalent circuit is drawn with.  They agree at V = E only.

Regime: as for `ghk`.  Signs: V_m = phi(left) - phi(right) = inside - outside, positive currents go outward.
"""

from __future__ import annotations

import numpy as np

from electrodiff.theory._types import (
    CONCENTRATION,
    CONDUCTANCE,
    PERMEABILITY,
    TEMPERATURE,
    FloatLike,
    require_non_negative,
    require_positive,
)
from electrodiff.theory.ghk import bernoulli
from electrodiff.theory.nernst import nernst_potential
from electrodiff.units import FARADAY, thermal_voltage

# B_2n / (2n - 1)! of the Bernoulli numbers: the odd powers of -B'(u) - 1/2.  Below |u| = 0.4 the first omitted term is
# below 1e-17; above, u - 1 + e^-u has lost no more than three bits.
_SERIES = (1 / 6, -1 / 180, 1 / 5040, -1 / 151200, 1 / 4790016, -691 / 108972864000, 7 / 37362124800)
_NEAR_ZERO = 0.4


def _bernoulli_fall(u: FloatLike) -> FloatLike:
    """-B'(u) = (u e^u - e^u + 1) / (e^u - 1)^2, from 1 at u = -inf through 1/2 at 0 to 0 at inf, without cancellation."""
    size = np.abs(u)
    near, far = np.minimum(size, _NEAR_ZERO), np.maximum(size, _NEAR_ZERO)
    series = np.zeros_like(near)
    for coefficient in reversed(_SERIES):
        series = series * near**2 + coefficient
    decay = np.exp(-far)
    # At 800 the exponential is 0, and so is the product, which would not be a number at inf.
    tail = ((np.minimum(far, 800.0) - 1.0) * decay + decay**2) / np.expm1(-far) ** 2
    fall = np.where(size < _NEAR_ZERO, 0.5 - series * near, tail)
    result: FloatLike = np.where(np.asarray(u) < 0.0, 1.0 - fall, fall)[()]
    return result


def _scale(permeability: FloatLike, valence: FloatLike, temperature: float) -> FloatLike:
    """P z^2 F^2 / (R T), a conductance per concentration [S m/mol]."""
    require_non_negative("permeability", permeability, PERMEABILITY)
    require_positive("temperature", temperature, TEMPERATURE)
    return permeability * np.square(valence) * FARADAY / thermal_voltage(temperature)


def ghk_conductance_slope(
    permeability: FloatLike,
    valence: FloatLike,
    inside: FloatLike,
    outside: FloatLike,
    voltage: FloatLike,
    temperature: float,
) -> FloatLike:
    """Slope conductance of the GHK current [S/m^2].

        dI/dV = (P z^2 F^2 / (R T)) (w(-u) c_in + w(u) c_out),    u = z F V_m / (R T)
        w(u) = -B'(u) = (u e^u - e^u + 1) / (e^u - 1)^2

    permeability P [m/s], valence z, concentrations [mol/m^3], voltage V_m [V], temperature T [K].  Never negative;
    tends to (P z^2 F^2 / (R T)) c of the side that the current comes from, so that a cation rectifies outward by
    c_in / c_out and an anion by c_out / c_in.  Regime: see the head of the module.
    Raises CaseError when T is not positive, or P or a concentration is negative.

    Source: the derivative of `ghk_current`.
    """
    require_non_negative("inside", inside, CONCENTRATION)
    require_non_negative("outside", outside, CONCENTRATION)
    scale = _scale(permeability, valence, temperature)
    u = valence * voltage / thermal_voltage(temperature)
    return scale * (_bernoulli_fall(-u) * inside + _bernoulli_fall(u) * outside)


def ghk_conductance_chord(
    permeability: FloatLike,
    valence: FloatLike,
    inside: FloatLike,
    outside: FloatLike,
    voltage: FloatLike,
    temperature: float,
) -> FloatLike:
    """Chord conductance of the GHK current, from the Nernst potential E to a voltage [S/m^2].

        I / (V_m - E) = (P z^2 F^2 / (R T)) c_out B(u) / B(w),    u = z F V_m / (R T),    w = z F (V_m - E) / (R T)

    permeability P [m/s], valence z, concentrations [mol/m^3], voltage V_m [V], temperature T [K]; B is `bernoulli`.
    A quotient without a zero, so that V_m = E is a voltage like any other; positive, and 0 for an ion that is absent
    from one side, whose E is infinite.  Regime: see the head of the module.
    Raises CaseError when z = 0, T is not positive, P or a concentration is negative, or both concentrations are 0.

    Source: A. L. Hodgkin, A. F. Huxley, J. Physiol. 116 (1952) 449, for the chord; the quotient from `ghk_current`.
    """
    scale = _scale(permeability, valence, temperature)
    u = valence * voltage / thermal_voltage(temperature)
    w = u - valence * nernst_potential(valence, inside, outside, temperature) / thermal_voltage(temperature)
    # The same with the sides exchanged, c_in B(-u) / B(-w), where w > 0: the divisor is then never below 1.
    source, downhill = np.where(w > 0.0, inside, outside), np.where(w > 0.0, -u, u)
    result: FloatLike = (scale * source * bernoulli(downhill) / bernoulli(-np.abs(w)))[()]
    return result


def ghk_conductance_equilibrium(
    permeability: FloatLike, valence: FloatLike, inside: FloatLike, outside: FloatLike, temperature: float
) -> FloatLike:
    """Conductance of the GHK current at the Nernst potential, where slope and chord agree [S/m^2].

        G(E) = (P z^2 F^2 / (R T)) c_in c_out ln(c_out / c_in) / (c_out - c_in)

    permeability P [m/s], valence z, concentrations [mol/m^3], temperature T [K]; (P z^2 F^2 / (R T)) c where both are c,
    0 where one is 0.  Regime: see the head of the module.
    Raises CaseError as `ghk_conductance_chord` does.

    Source: A. L. Hodgkin, P. Horowicz, J. Physiol. 148 (1959) 127, for potassium.
    """
    scale = _scale(permeability, valence, temperature)
    u = valence * nernst_potential(valence, inside, outside, temperature) / thermal_voltage(temperature)
    result: FloatLike = scale * np.maximum(inside, outside) * bernoulli(np.abs(u))
    return result


def ghk_permeability_from_slope(
    conductance: FloatLike,
    valence: FloatLike,
    inside: FloatLike,
    outside: FloatLike,
    voltage: FloatLike,
    temperature: float,
) -> FloatLike:
    """Permeability of an ion from its slope conductance at a voltage [m/s].

        P = G / (dI/dV of P = 1)

    conductance G [S/m^2]; the inverse of `ghk_conductance_slope`, whose other arguments, regime and source it shares.
    Raises CaseError as that does, and when G is negative or the ion has no conductance (z = 0, or absent).
    """
    unit = ghk_conductance_slope(1.0, valence, inside, outside, voltage, temperature)
    return _permeability(conductance, unit)


def ghk_permeability_from_chord(
    conductance: FloatLike,
    valence: FloatLike,
    inside: FloatLike,
    outside: FloatLike,
    voltage: FloatLike,
    temperature: float,
) -> FloatLike:
    """Permeability of an ion from its chord conductance at a voltage [m/s].

        P = G / (I / (V_m - E) of P = 1)

    conductance G [S/m^2]; the inverse of `ghk_conductance_chord`, whose other arguments, regime and source it shares.
    Raises CaseError as that does, and when G is negative or the ion is absent from one side.
    """
    unit = ghk_conductance_chord(1.0, valence, inside, outside, voltage, temperature)
    return _permeability(conductance, unit)


def ghk_permeability_from_equilibrium(
    conductance: FloatLike, valence: FloatLike, inside: FloatLike, outside: FloatLike, temperature: float
) -> FloatLike:
    """Permeability of an ion from its conductance at the Nernst potential [m/s].

        P = (G R T / (z^2 F^2)) (c_out - c_in) / (c_in c_out ln(c_out / c_in))

    conductance G [S/m^2]; the inverse of `ghk_conductance_equilibrium`, whose other arguments, regime and source it
    shares.
    Raises CaseError as that does, and when G is negative or the ion is absent from one side.
    """
    unit = ghk_conductance_equilibrium(1.0, valence, inside, outside, temperature)
    return _permeability(conductance, unit)


def _permeability(conductance: FloatLike, unit: FloatLike) -> FloatLike:
    """The permeability at which a conductance that is `unit` for 1 m/s has a given value."""
    require_non_negative("conductance", conductance, CONDUCTANCE)
    require_positive("conductance per permeability", unit, "a charged ion that is present on both sides")
    return conductance / unit
