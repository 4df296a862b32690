"""Equilibrium of one ion across a membrane.

Signs: x runs from left (inside) to right (outside), V_m = phi(left) - phi(right), positive fluxes go outward.
"""

from __future__ import annotations

import numpy as np

from electrodiff.errors import CaseError
from electrodiff.theory._types import (
    CONCENTRATION,
    TEMPERATURE,
    FloatLike,
    require_charged,
    require_non_negative,
    require_positive,
)
from electrodiff.units import FARADAY, GAS_CONSTANT, thermal_voltage


def _log_ratio(outside: FloatLike, inside: FloatLike) -> FloatLike:
    """ln(outside / inside): +inf or -inf for an ion that is absent from one side; CaseError if from both."""
    require_non_negative("inside", inside, CONCENTRATION)
    require_non_negative("outside", outside, CONCENTRATION)
    if not np.all(np.maximum(inside, outside) > 0.0):
        raise CaseError("inside and outside are both 0; an ion needs a concentration on one side at least")
    with np.errstate(divide="ignore"):  # zero on one side is an infinite potential, not an accident
        result: FloatLike = np.log(np.divide(outside, inside))
    return result


def nernst_potential(valence: FloatLike, inside: FloatLike, outside: FloatLike, temperature: float) -> FloatLike:
    """Membrane potential at which an ion is in equilibrium [V].

        E = (R T / (z F)) ln(c_out / c_in)

    valence z, concentrations inside and outside [mol/m^3] (activities if they are not dilute), temperature T [K].
    An ion absent from one side gives -inf or +inf.  Holds for an ion that no pump moves, whatever the membrane.
    Raises CaseError when z = 0, T is not positive, a concentration is negative, or both are 0.

    Source: W. Nernst, Z. phys. Chem. 4 (1889) 129.
    """
    return nernst_slope_log(valence, temperature) * _log_ratio(outside, inside)


def nernst_slope_outside(valence: FloatLike, outside: FloatLike, temperature: float) -> FloatLike:
    """Change of the Nernst potential with the concentration outside [V m^3/mol].

        dE/dc_out = (R T / (z F)) / c_out

    valence z, concentration outside [mol/m^3], temperature T [K]; independent of the concentration inside.  The regime
    and the source are those of `nernst_potential`.
    Raises CaseError when z = 0, or c_out or T is not positive.
    """
    require_positive("outside", outside, CONCENTRATION)
    return nernst_slope_log(valence, temperature) / outside


def nernst_slope_inside(valence: FloatLike, inside: FloatLike, temperature: float) -> FloatLike:
    """Change of the Nernst potential with the concentration inside [V m^3/mol].

        dE/dc_in = -(R T / (z F)) / c_in

    valence z, concentration inside [mol/m^3], temperature T [K]; independent of the concentration outside.  The regime
    and the source are those of `nernst_potential`.
    Raises CaseError when z = 0, or c_in or T is not positive.
    """
    require_positive("inside", inside, CONCENTRATION)
    return -nernst_slope_log(valence, temperature) / inside


def nernst_slope_log(valence: FloatLike, temperature: float) -> FloatLike:
    """Change of the Nernst potential with the logarithm of the concentration outside [V].

        dE/d(ln c_out) = -dE/d(ln c_in) = R T / (z F)

    valence z, temperature T [K]; times ln 10 for a decade: 61.5 mV at 310 K and z = 1.  The regime and the source are
    those of `nernst_potential`.
    Raises CaseError when z = 0 or T is not positive.
    """
    require_charged(valence)
    require_positive("temperature", temperature, TEMPERATURE)
    return thermal_voltage(temperature) / valence


def electrochemical_potential_difference(
    valence: FloatLike, inside: FloatLike, outside: FloatLike, voltage: FloatLike, temperature: float
) -> FloatLike:
    """Free energy that a mole of an ion gives up on its way out, mu(inside) - mu(outside) [J/mol].

        mu_in - mu_out = R T ln(c_in / c_out) + z F V_m

    valence z (0 is allowed), concentrations [mol/m^3], voltage V_m [V], temperature T [K].  Positive: the ion is
    driven outward.  An ion absent from one side gives -inf or +inf.  Ideal solutions, or activities for c.
    Raises CaseError when T is not positive, a concentration is negative, or both are 0.

    Source: E. A. Guggenheim, J. Phys. Chem. 33 (1929) 842.
    """
    require_positive("temperature", temperature, TEMPERATURE)
    return FARADAY * valence * voltage - GAS_CONSTANT * temperature * _log_ratio(outside, inside)


def driving_force(
    valence: FloatLike, inside: FloatLike, outside: FloatLike, voltage: FloatLike, temperature: float
) -> FloatLike:
    """Voltage that drives the current of an ion, V_m - E [V].

        V_m - E = (mu_in - mu_out) / (z F)

    Arguments as for `electrochemical_potential_difference`, z not 0.  Positive: the current is outward.
    Raises CaseError when z = 0, T is not positive, a concentration is negative, or both are 0.

    Source: A. L. Hodgkin, A. F. Huxley, J. Physiol. 116 (1952) 449.
    """
    return voltage - nernst_potential(valence, inside, outside, temperature)
