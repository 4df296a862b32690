"""What transport costs: ATP, free energy stored and free energy lost.

Signs: inside = left, V_m = phi(inside) - phi(outside), positive fluxes and currents are outward, and a difference of
electrochemical potential is that inside less that outside, as in `electrochemical_potential_difference`.
"""

from __future__ import annotations

import numpy as np

from electrodiff.errors import CaseError
from electrodiff.theory._types import (
    CONCENTRATION,
    TEMPERATURE,
    FloatLike,
    PerIon,
    ion_names,
    ion_values,
    require_positive,
    total,
)
from electrodiff.units import FARADAY, GAS_CONSTANT

PUMP_SODIUM = 3.0
"""Sodium ions that the sodium pump carries out for one ATP."""
PUMP_POTASSIUM = 2.0
"""Potassium ions that the sodium pump carries in for one ATP."""

# Concentration of the biochemical standard state, 1 mol/L [mol/m^3].
_STANDARD_CONCENTRATION = 1000.0


def atp_rate_from_pump_current(pump_current: FloatLike) -> FloatLike:
    """ATP consumed by a sodium pump of this net outward current [mol/(m^2 s)].

        rate = I / ((3 - 2) F)

    pump_current I [A/m^2], or [A] for a rate in mol/s: one charge leaves for each ATP, with 3 Na out and 2 K in.
    Source: R. C. Thomas, Physiol. Rev. 52 (1972) 563.
    """
    return pump_current / ((PUMP_SODIUM - PUMP_POTASSIUM) * FARADAY)


def atp_rate_from_leak(leak_flux: FloatLike, pumped_per_atp: FloatLike = PUMP_SODIUM) -> FloatLike:
    """ATP that the pump must consume to undo the leak of an ion [mol/(m^2 s)].

        rate = -J / n

    leak_flux J, outward [mol/(m^2 s)]; pumped_per_atp n, ions that the pump carries outward for one ATP: 3 for Na, -2
    for K.  At a steady state without cotransporters both ions give the same rate.  Negative: the leak goes the way of
    the pump.  Raises CaseError when n = 0.
    Source: as for `atp_rate_from_pump_current`.
    """
    if not np.all(np.abs(pumped_per_atp) > 0.0):
        raise CaseError(
            f"pumped_per_atp is {pumped_per_atp}; expected ions carried outward for one ATP, such as 3 or -2"
        )
    return -np.divide(leak_flux, pumped_per_atp)


def atp_free_energy(
    atp: FloatLike, adp: FloatLike, phosphate: FloatLike, temperature: float, standard: FloatLike = -30.5e3
) -> FloatLike:
    """Free energy of the hydrolysis of ATP in a cell, negative [J/mol].

        Delta G = Delta G0' + R T ln([ADP] [P_i] / [ATP] / (1 mol/L))

    concentrations [mol/m^3], temperature T [K], standard Delta G0' [J/mol] at the pH and Mg of the cell: -30.5 kJ/mol at
    pH 7 and 25 degC.  Raises CaseError unless the concentrations and T are positive.
    Source: D. L. Nelson, M. M. Cox, Lehninger Principles of Biochemistry (2005) ch. 13.
    """
    require_positive("atp", atp, CONCENTRATION)
    require_positive("adp", adp, CONCENTRATION)
    require_positive("phosphate", phosphate, CONCENTRATION)
    require_positive("temperature", temperature, TEMPERATURE)
    quotient = np.divide(adp, atp) * (phosphate / _STANDARD_CONCENTRATION)
    result: FloatLike = standard + GAS_CONSTANT * temperature * np.log(quotient)
    return result


def dissipation(fluxes: PerIon, differences: PerIon) -> FloatLike:
    """Free energy that passive fluxes lose, T times the entropy they produce [W/m^2].

        T dS/dt = sum_i J_i (mu_i(inside) - mu_i(outside))

    outward fluxes J_i [mol/(m^2 s)], differences of electrochemical potential [J/mol], both as mappings by ion name or
    both as sequences.  Never negative for leaks and cotransporters; negative for a pump, whose fluxes store it.
    Raises CaseError when an ion has no value.
    Source: I. Prigogine, Introduction to Thermodynamics of Irreversible Processes (1955).
    """
    ions = ion_names(fluxes)
    return total(
        flux * difference
        for flux, difference in zip(
            ion_values("fluxes", fluxes, ions), ion_values("differences", differences, ions), strict=True
        )
    )


def pump_free_energy(sodium_difference: FloatLike, potassium_difference: FloatLike) -> FloatLike:
    """Free energy that one turnover of the sodium pump stores [J/mol].

        Delta G = -3 (mu_Na(inside) - mu_Na(outside)) + 2 (mu_K(inside) - mu_K(outside))

    the two differences [J/mol] from `electrochemical_potential_difference`.
    Source: P. De Weer, D. C. Gadsby, R. F. Rakowski, Annu. Rev. Physiol. 50 (1988) 225.
    """
    return PUMP_POTASSIUM * potassium_difference - PUMP_SODIUM * sodium_difference


def pump_efficiency(stored: FloatLike, atp_energy: FloatLike) -> FloatLike:
    """Part of the free energy of ATP that a turnover of a pump stores.

        eta = stored / (-Delta G_ATP)

    stored [J/mol] from `pump_free_energy`, atp_energy Delta G_ATP [J/mol] from `atp_free_energy`, negative.  Above 1 the
    pump would have to run backward and make ATP.  Raises CaseError unless atp_energy is negative.
    Source: as for `pump_free_energy`.
    """
    if not np.all(np.asarray(atp_energy) < 0.0):
        raise CaseError(
            f"atp_energy is {atp_energy}; expected below zero: the free energy of hydrolysis, such as -5e4 J/mol"
        )
    return np.divide(stored, np.negative(atp_energy))
