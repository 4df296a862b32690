"""Ions that charge a membrane round a sphere or a cylinder: how many, and what share of those inside.

Regime: a membrane much thinner than the radius, whose capacitance per area is that of a flat one, and a space inside much
wider than its Debye length.

Signs: V_m = phi(inside) - phi(outside), and a charge has its sign; numbers and shares of ions are those that must
cross the membrane, in whichever direction their valence asks for, and are positive.
"""

from __future__ import annotations

import numpy as np

from electrodiff.theory._types import (
    CAPACITANCE,
    CONCENTRATION,
    LENGTH,
    FloatLike,
    require_charged,
    require_positive,
)
from electrodiff.units import AVOGADRO, ELEMENTARY_CHARGE


def sphere_charge(voltage: FloatLike, radius: FloatLike, capacitance: FloatLike) -> FloatLike:
    """Charge inside a spherical cell at a membrane potential [C].

        Q = 4 pi r^2 C V_m

    voltage V_m [V], radius r [m], capacitance C per area of the membrane [F/m^2]; -8.796e-13 C for -70 mV, 10 um and
    1 uF/cm^2.  Raises CaseError unless radius and capacitance are positive.

    Source: B. Hille, Ion Channels of Excitable Membranes, 3rd edition (2001), chapter 1.
    """
    require_positive("radius", radius, LENGTH)
    require_positive("capacitance", capacitance, CAPACITANCE)
    return 4.0 * np.pi * radius**2 * capacitance * voltage


def sphere_charging_ions(
    voltage: FloatLike, radius: FloatLike, capacitance: FloatLike, valence: FloatLike = 1
) -> FloatLike:
    """Number of ions that cross the membrane of a spherical cell to charge it.

        n = |Q| / (|z| e)

    Q of `sphere_charge`, whose other arguments, errors and source it shares; valence z of the ion, not 0.  5.490e6 for
    -70 mV, 10 um and 1 uF/cm^2.
    """
    return _ions(sphere_charge(voltage, radius, capacitance), valence)


def sphere_charging_fraction(
    voltage: FloatLike, radius: FloatLike, capacitance: FloatLike, concentration: FloatLike, valence: FloatLike = 1
) -> FloatLike:
    """Ions that cross the membrane of a spherical cell to charge it, as a share of those inside.

        3 C |V_m| / (r |z| F c)

    concentration c of the ion inside [mol/m^3], above 0; the others as for `sphere_charging_ions`.
    """
    return _share(sphere_charge(voltage, radius, capacitance), 4.0 / 3.0 * np.pi * radius**3, concentration, valence)


def cylinder_charge(
    voltage: FloatLike, radius: FloatLike, capacitance: FloatLike, length: FloatLike = 1.0
) -> FloatLike:
    """Charge inside a cylindrical cell, such as an axon, at a membrane potential [C].

        Q = 2 pi r l C V_m

    voltage V_m [V], radius r [m], capacitance C per area of the membrane [F/m^2], length l [m] without the ends
    (1 m, for the charge per metre).  Raises CaseError unless radius, capacitance and length are positive.

    Source: as for `sphere_charge`.
    """
    require_positive("radius", radius, LENGTH)
    require_positive("capacitance", capacitance, CAPACITANCE)
    require_positive("length", length, LENGTH)
    return 2.0 * np.pi * radius * length * capacitance * voltage


def cylinder_charging_ions(
    voltage: FloatLike, radius: FloatLike, capacitance: FloatLike, length: FloatLike = 1.0, valence: FloatLike = 1
) -> FloatLike:
    """Number of ions that cross the membrane of a cylindrical cell to charge it.

        n = |Q| / (|z| e)

    Q of `cylinder_charge`, whose other arguments, errors and source it shares; valence z of the ion, not 0.
    """
    return _ions(cylinder_charge(voltage, radius, capacitance, length), valence)


def cylinder_charging_fraction(
    voltage: FloatLike, radius: FloatLike, capacitance: FloatLike, concentration: FloatLike, valence: FloatLike = 1
) -> FloatLike:
    """Ions that cross the membrane of a cylindrical cell to charge it, as a share of those inside.

        2 C |V_m| / (r |z| F c)

    concentration c of the ion inside [mol/m^3], above 0; the others as for `cylinder_charging_ions`.  2e-7 of the
    potassium of a squid axon (400 mol/m^3, radius 0.25 mm, 1 uF/cm^2) a spike of 100 mV.
    """
    return _share(cylinder_charge(voltage, radius, capacitance), np.pi * radius**2, concentration, valence)


def _ions(charge: FloatLike, valence: FloatLike) -> FloatLike:
    """Number of ions of a valence that carry a charge."""
    require_charged(valence)
    result: FloatLike = np.abs(charge) / (np.abs(valence) * ELEMENTARY_CHARGE)
    return result


def _share(charge: FloatLike, volume: FloatLike, concentration: FloatLike, valence: FloatLike) -> FloatLike:
    """Ions of a valence that carry a charge [C], over those that a volume [m^3] holds."""
    require_positive("concentration", concentration, CONCENTRATION)
    return _ions(charge, valence) / (AVOGADRO * concentration * volume)
