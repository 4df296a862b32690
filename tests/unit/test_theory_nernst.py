"""Nernst potential and driving forces."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from electrodiff.errors import CaseError
from electrodiff.theory import (
    driving_force,
    electrochemical_potential_difference,
    nernst_potential,
    nernst_slope_inside,
    nernst_slope_log,
    nernst_slope_outside,
)

GAS_CONSTANT, FARADAY = 8.31446261815324, 96485.33212331  # SI 2019

concentrations = st.floats(1e-6, 1e4)
valences = st.sampled_from([-3, -2, -1, 1, 2, 3])
temperatures = st.floats(270.0, 350.0)


@pytest.mark.parametrize(("inside", "outside", "expected"), [(140.0, 4.0, -0.095), (12.0, 145.0, 0.067)])
def test_nernst_potentials_of_potassium_and_sodium(inside: float, outside: float, expected: float) -> None:
    # Textbook values at 310 K, printed to 1 mV.
    assert nernst_potential(1, inside, outside, 310.0) == pytest.approx(expected, abs=0.5e-3)


def test_a_tenfold_ratio_is_59_millivolts_over_the_valence_at_25_degc() -> None:
    # 2.303 R T / F = 59.16 mV, printed to 0.01 mV in every electrochemistry text.
    for valence in (-2, -1, 1, 2):
        assert nernst_potential(valence, 10.0, 100.0, 298.15) == pytest.approx(59.16e-3 / valence, abs=0.005e-3)


@given(valences, concentrations, concentrations, temperatures)
def test_ion_at_its_nernst_potential_is_boltzmann_distributed(
    valence: int, inside: float, outside: float, temperature: float
) -> None:
    potential = nernst_potential(valence, inside, outside, temperature)
    boltzmann = inside * math.exp(valence * FARADAY * potential / (GAS_CONSTANT * temperature))
    assert boltzmann == pytest.approx(outside, rel=1e-13)  # exp turns the round-off of an argument of up to 23


@given(valences, concentrations, concentrations, st.floats(-0.3, 0.3), temperatures)
def test_electrochemical_potential_difference_is_the_driving_force_times_z_F(
    valence: int, inside: float, outside: float, voltage: float, temperature: float
) -> None:
    force = driving_force(valence, inside, outside, voltage, temperature)
    difference = electrochemical_potential_difference(valence, inside, outside, voltage, temperature)
    # Both subtract two terms of up to 1e5 J/mol, whose round-off is 1e-11.
    assert difference == pytest.approx(valence * FARADAY * force, rel=1e-12, abs=1e-9)


def test_a_neutral_molecule_feels_its_concentrations_only() -> None:
    expected = GAS_CONSTANT * 310.0 * math.log(5.0)
    for voltage in (-0.1, 0.0, 0.1):
        difference = electrochemical_potential_difference(0, 5.0, 1.0, voltage, 310.0)
        assert difference == pytest.approx(expected, rel=1e-14)


def test_a_positive_driving_force_is_outward_for_the_current_of_either_sign() -> None:
    # Above its Nernst potential every ion carries an outward current.
    assert driving_force(1, 140.0, 4.0, -0.065, 310.0) > 0.0
    assert driving_force(-1, 10.0, 150.0, -0.065, 310.0) > 0.0
    assert electrochemical_potential_difference(-1, 10.0, 150.0, -0.065, 310.0) < 0.0  # anions go inward


@pytest.mark.parametrize(("valence", "inside", "outside"), [(1, 0.0, 5.0), (-1, 5.0, 0.0), (2, 0.0, 1e-9)])
def test_ion_absent_from_one_side_has_an_infinite_potential(valence: int, inside: float, outside: float) -> None:
    assert nernst_potential(valence, inside, outside, 310.0) == math.inf
    assert nernst_potential(valence, outside, inside, 310.0) == -math.inf


def test_chloride_from_both_forms_of_the_formula() -> None:
    """(R T / (-F)) ln(out / in) is (R T / F) ln(in / out)."""
    as_anion, as_cation_reversed = nernst_potential(-1, 15.5, 150.0, 310.0), nernst_potential(1, 150.0, 15.5, 310.0)
    assert as_anion == pytest.approx(as_cation_reversed, rel=1e-15)  # one rounding of the ratio
    # 26.714 mV * ln(0.10333) = 26.714 mV * -2.2698 = -60.635 mV, printed to 0.01 mV.
    assert as_anion == pytest.approx(-60.64e-3, abs=0.006e-3)


@given(valences, concentrations, concentrations, temperatures)
def test_slopes_are_the_differences_of_the_potential(
    valence: int, inside: float, outside: float, temperature: float
) -> None:
    """A step of 0.1 % to both sides: ln(1 + h) - ln(1 - h) = 2 h (1 + h^2 / 3 + ...)."""
    h = 1e-3
    steps = [
        nernst_potential(valence, inside, (1 + h) * outside, temperature)
        - nernst_potential(valence, inside, (1 - h) * outside, temperature),
        nernst_potential(valence, (1 + h) * inside, outside, temperature)
        - nernst_potential(valence, (1 - h) * inside, outside, temperature),
    ]
    # rtol: h^2 / 3, and round-off of a logarithm of up to 23 over 2 h, 3e-12.
    log_slope = nernst_slope_log(valence, temperature)
    assert steps[0] / (2 * h) == pytest.approx(log_slope, rel=4e-7)
    assert steps[1] / (2 * h) == pytest.approx(-log_slope, rel=4e-7)
    assert steps[0] / (2 * h * outside) == pytest.approx(nernst_slope_outside(valence, outside, temperature), rel=4e-7)
    assert steps[1] / (2 * h * inside) == pytest.approx(nernst_slope_inside(valence, inside, temperature), rel=4e-7)


def test_a_decade_of_potassium_is_61_and_a_half_millivolts_at_body_temperature() -> None:
    assert math.log(10.0) * nernst_slope_log(1, 310.0) == pytest.approx(61.5e-3, abs=0.05e-3)  # printed to 0.1 mV


def test_slopes_broadcast_and_scalars_give_scalars() -> None:
    assert np.shape(nernst_slope_outside(np.array([[1], [2]]), np.array([1.0, 2.0, 4.0]), 310.0)) == (2, 3)
    assert isinstance(nernst_slope_inside(1, 140.0, 310.0), float)


@pytest.mark.parametrize("slope", [nernst_slope_inside, nernst_slope_outside])
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, 1.0, 310.0), "valence is 0; expected"),
        ((1, 0.0, 310.0), "is 0.0; expected above zero"),
        ((1, math.nan, 310.0), "is nan; expected above zero"),
        ((1, 1.0, -1.0), "temperature is -1.0; expected"),
    ],
)
def test_slopes_refuse_what_has_no_slope(slope, arguments: tuple[float, ...], message: str) -> None:
    with pytest.raises(CaseError, match=message):
        slope(*arguments)


def test_arrays_broadcast_and_scalars_give_scalars() -> None:
    potentials = nernst_potential(np.array([[1], [-1]]), np.array([1.0, 10.0, 100.0]), 10.0, 310.0)
    assert np.shape(potentials) == (2, 3)
    assert np.array_equal(potentials[0], -potentials[1])
    assert isinstance(nernst_potential(1, 1.0, 10.0, 310.0), float)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, 1.0, 1.0, 310.0), "valence is 0; expected"),
        ((1, 0.0, 0.0, 310.0), "both 0; an ion needs"),
        ((1, -1.0, 1.0, 310.0), "inside is -1.0; expected"),
        ((1, 1.0, math.nan, 310.0), "outside is nan; expected"),
        ((1, 1.0, 1.0, 0.0), "temperature is 0.0; expected"),
    ],
)
def test_nernst_refuses_what_has_no_potential(arguments: tuple[float, ...], message: str) -> None:
    with pytest.raises(CaseError, match=message):
        nernst_potential(*arguments)
