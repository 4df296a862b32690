"""Activity coefficients against published constants."""

from __future__ import annotations

import math

import pytest

from electrodiff.theory import davies_coefficient, debye_hueckel_constant


def test_debye_hueckel_constant_of_water_is_the_published_one():
    # A = 0.509 in log10 for mol/l at 25 degC (eps 78.4), as printed in textbooks to three digits
    constant = debye_hueckel_constant(78.4, 298.15) * math.sqrt(1000) / math.log(10)
    assert constant == pytest.approx(0.509, abs=0.002)


@pytest.mark.parametrize(("z", "strength", "bracket"), [(1, 0.1, 0.2102531), (-2, 0.01, 0.0879091)])
def test_davies_coefficient_is_ten_to_the_minus_half_z_squared_times_its_bracket(z, strength, bracket):
    # bracket = sqrt(I)/(1 + sqrt(I)) - 0.3 I by hand; 0.5 % from the three digits of A
    expected = 10 ** (-0.509 * z**2 * bracket)
    assert davies_coefficient(z, 1000 * strength, 78.4, 298.15) == pytest.approx(expected, rel=5e-3)


def test_solute_without_charge_and_infinite_dilution_are_ideal():
    assert davies_coefficient(0, 150.0, 78.4, 298.15) == 1
    assert davies_coefficient(1, 0.0, 78.4, 298.15) == 1
