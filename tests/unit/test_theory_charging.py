"""Ions that charge a spherical cell or an axon."""

import math

import numpy as np
import pytest

from electrodiff.errors import CaseError
from electrodiff.theory import (
    cylinder_charge,
    cylinder_charging_fraction,
    cylinder_charging_ions,
    slab_capacitance,
    sphere_charge,
    sphere_charging_fraction,
    sphere_charging_ions,
)

ELEMENTARY_CHARGE, AVOGADRO = 1.602176634e-19, 6.02214076e23  # SI 2019
BIOLOGICAL = 1e-2  # 1 uF/cm^2
BILAYER = slab_capacitance(5e-9, 2.0)


@pytest.mark.parametrize(
    ("capacitance", "charge", "ions"), [(BIOLOGICAL, 8.796e-13, 5.490e6), (BILAYER, 3.115e-13, 1.944e6)]
)
def test_sphere_of_10_micrometres_at_minus_70_millivolts(capacitance: float, charge: float, ions: float) -> None:
    # 4 pi (10 um)^2 * C * 70 mV, to the four digits printed.
    assert sphere_charge(-0.07, 10e-6, capacitance) == pytest.approx(-charge, abs=0.0005e-13)
    assert sphere_charging_ions(-0.07, 10e-6, capacitance) == pytest.approx(ions, abs=0.0005e6)
    assert sphere_charging_ions(-0.07, 10e-6, capacitance, -2) == pytest.approx(ions / 2.0, abs=0.0005e6)


def test_sphere_content() -> None:
    """5.490e6 of 140 mol/m^3 in 4.189e-15 m^3, which are 3.531e11 ions: 1.555e-5."""
    content = AVOGADRO * 140.0 * 4.0 / 3.0 * math.pi * (10e-6) ** 3
    ions = 4.0 * math.pi * (10e-6) ** 2 * BIOLOGICAL * 0.07 / ELEMENTARY_CHARGE
    fraction = sphere_charging_fraction(-0.07, 10e-6, BIOLOGICAL, 140.0)
    assert fraction == pytest.approx(ions / content, rel=1e-14)  # a few roundings
    assert fraction == pytest.approx(1.555e-5, abs=0.0005e-5)
    assert sphere_charging_fraction(-0.07, 10e-6, BIOLOGICAL, 140.0, 2) == pytest.approx(fraction / 2.0, rel=1e-15)


def test_axon() -> None:
    """2 C V / (r F c) and Q = 2 pi r l C V, for a squid axon and a spike of 100 mV."""
    fraction = cylinder_charging_fraction(0.1, 0.25e-3, BIOLOGICAL, 400.0)
    faraday = AVOGADRO * ELEMENTARY_CHARGE
    # A few roundings, here and below.
    assert fraction == pytest.approx(2.0 * BIOLOGICAL * 0.1 / (0.25e-3 * faraday * 400.0), rel=1e-14)
    assert cylinder_charge(0.1, 0.25e-3, BIOLOGICAL, 2.0) == pytest.approx(math.pi * 1e-6, rel=1e-14)
    assert cylinder_charge(-0.1, 0.25e-3, BIOLOGICAL) == pytest.approx(-0.5 * math.pi * 1e-6, rel=1e-14)
    per_metre = cylinder_charging_ions(0.1, 0.25e-3, BIOLOGICAL)
    assert per_metre == pytest.approx(0.5 * math.pi * 1e-6 / ELEMENTARY_CHARGE, rel=1e-14)
    assert cylinder_charging_ions(0.1, 0.25e-3, BIOLOGICAL, 3.0, 2) == pytest.approx(1.5 * per_metre, rel=1e-14)


def test_small_cells_spend_more_of_their_ions_and_sweeps_are_allowed() -> None:
    radii = np.array([1e-7, 1e-6, 1e-5])
    sphere = sphere_charging_fraction(-0.07, radii, BIOLOGICAL, 140.0)
    cylinder = cylinder_charging_fraction(-0.07, radii, BIOLOGICAL, 140.0)
    # Roundings; surface over volume is 3/r against 2/r.
    assert sphere * radii == pytest.approx(np.full(3, sphere[0] * radii[0]), rel=1e-14)
    assert sphere / cylinder == pytest.approx(np.full(3, 1.5), rel=1e-14)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: sphere_charge(0.1, 0.0, 1e-2), "radius is 0.0"),
        (lambda: sphere_charge(0.1, 1e-5, math.nan), "capacitance is nan"),
        (lambda: sphere_charging_ions(0.1, 1e-5, 1e-2, 0), "valence is 0"),
        (lambda: sphere_charging_fraction(0.1, 1e-5, 1e-2, 0.0), "concentration is 0.0"),
        (lambda: cylinder_charge(0.1, -1.0, 1e-2), "radius is -1.0"),
        (lambda: cylinder_charge(0.1, 1e-5, 0.0), "capacitance is 0.0"),
        (lambda: cylinder_charge(0.1, 1e-5, 1e-2, 0.0), "length is 0.0"),
        (lambda: cylinder_charging_fraction(0.1, 1e-5, 1e-2, -1.0), "concentration is -1.0"),
    ],
)
def test_values_out_of_range_are_refused(call, message: str) -> None:
    with pytest.raises(CaseError, match=message):
        call()
