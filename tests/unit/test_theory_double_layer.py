"""Diffuse double layers: Debye, Grahame, Gouy-Chapman."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from electrodiff.errors import CaseError
from electrodiff.theory import (
    debye_hueckel_charge_density,
    debye_length,
    diffuse_layer_capacitance,
    gouy_chapman_charge_density,
    gouy_chapman_length,
    gouy_chapman_potential,
    grahame_charge,
    grahame_charge_symmetric,
    grahame_potential,
    grahame_potential_mixture,
    ionic_strength,
)

GAS_CONSTANT, FARADAY, EPSILON_0 = 8.31446261815324, 96485.33212331, 8.8541878188e-12  # SI 2019, CODATA 2022
THERMAL = GAS_CONSTANT * 298.15 / FARADAY
WATER = 80.0 * EPSILON_0
SALT = (150.0, 80.0, 298.15)  # concentration, relative permittivity, temperature
SALT_IONS = ({"Na": 1, "Cl": -1}, {"Na": 150.0, "Cl": 150.0}, 80.0, 298.15)
LENGTH = math.sqrt(WATER * GAS_CONSTANT * 298.15 / (2 * FARADAY**2 * 150.0))

# rtol of numbers that carry epsilon_0, whose last CODATA adjustment (2022 against 2018) was 7e-11; half under a root.
CODATA = 1e-9

potentials = st.floats(-0.5, 0.5)
salts = st.tuples(st.floats(0.01, 2000.0), st.floats(2.0, 100.0), st.floats(270.0, 350.0), st.integers(1, 3))


def test_ionic_strength_counts_the_square_of_the_valence() -> None:
    # 2:1 salt: I = (4 c + 2 c) / 2 = 3 c; 2:2 salt: 4 c.
    assert ionic_strength({"Ca": 2, "Cl": -1}, {"Ca": 10.0, "Cl": 20.0}) == 30.0
    assert ionic_strength([2, -2], [10.0, 10.0]) == 40.0
    assert np.array_equal(ionic_strength([1, -1], [np.array([1.0, 2.0])] * 2), [1.0, 2.0])


def test_an_ion_that_is_not_in_the_bath_does_not_count_in_the_ionic_strength() -> None:
    assert ionic_strength({"Na": 1, "Cl": -1, "Ca": 2}, {"Na": 5.0, "Cl": 5.0}) == 5.0


def test_debye_length_of_physiological_saline() -> None:
    assert debye_length(*SALT) == pytest.approx(0.7929e-9, abs=0.00005e-9)  # the digits printed
    # The rule of every textbook, 0.304 nm / sqrt(c / (mol/L)) in water at 25 degC, to its three digits.
    assert debye_length(1000.0, 78.54, 298.15) == pytest.approx(0.304e-9, abs=0.0005e-9)


def test_debye_length_falls_as_the_root_of_the_concentration() -> None:
    lengths = debye_length(np.array([1.0, 4.0, 100.0]), 80.0, 298.15)
    assert lengths[0] / lengths == pytest.approx([1.0, 2.0, 10.0], rel=1e-15)


def test_gouy_chapman_length_is_where_half_of_the_counter_ions_sit() -> None:
    """Counter-ions alone: n = 2 eps R T / (F^2 (x + b)^2), whose integral to x = b is half of sigma / F."""
    sigma = 0.1
    b = gouy_chapman_length(-sigma, 80.0, 298.15)
    half, _ = quad(lambda s: 2.0 * WATER * THERMAL / (b * (s + 1.0) ** 2), 0.0, 1.0)  # F n dx, s = x / b
    assert half == pytest.approx(sigma / 2.0, rel=CODATA)


def test_gouy_chapman_length_is_infinite_at_an_uncharged_wall_and_halves_for_divalent_ions() -> None:
    assert gouy_chapman_length(0.0, 80.0, 298.15) == math.inf
    monovalent, divalent = (gouy_chapman_length(0.1, 80.0, 298.15, z) for z in (1, 2))
    assert divalent == pytest.approx(monovalent / 2.0, rel=1e-15)


@pytest.mark.parametrize(("psi", "sigma"), [(0.025, 0.023225), (0.050, 0.052056), (0.100, 0.157412)])
def test_grahame_charge_has_its_reference_values_in_both_forms(psi: float, sigma: float) -> None:
    # The reference numbers are printed to 1e-6 C/m^2.
    assert grahame_charge(psi, *SALT_IONS) == pytest.approx(sigma, abs=0.51e-6)
    assert grahame_charge_symmetric(psi, *SALT) == pytest.approx(sigma, abs=0.51e-6)
    assert grahame_potential(sigma, *SALT) == pytest.approx(psi, abs=1e-6)


MIXTURE = ({"K": 1, "Ca": 2, "Cl": -1, "SO4": -2}, {"K": 100.0, "Ca": 5.0, "Cl": 100.0, "SO4": 5.0}, 80.0, 298.15)


@pytest.mark.parametrize("sigma", [-1.0, -0.05, -1e-6, -1e-120, 0.0, 1e-15, 1e-3, 0.3])
def test_potential_of_a_wall_in_a_mixture_is_the_inverse_of_its_grahame_charge(sigma: float) -> None:
    psi = grahame_potential_mixture(sigma, *MIXTURE)
    # Round-off of a potential of 8 R T / F; below 1e-150 C/m^2 the square of a charge is not a number.
    assert abs(sigma) < 1e-100 or grahame_charge(psi, *MIXTURE) == pytest.approx(sigma, rel=1e-14)
    linear = sigma * debye_length(ionic_strength(*MIXTURE[:2]), 80.0, 298.15) / WATER
    assert abs(sigma) > 1e-10 or psi == pytest.approx(linear, rel=1e-9)  # u / 3 and less is the next term


def test_potential_of_a_wall_in_a_symmetric_salt_is_the_closed_form() -> None:
    for sigma in (-0.2, 1e-4, 0.05):
        expected = grahame_potential(sigma, *SALT)
        assert grahame_potential_mixture(sigma, *SALT_IONS) == pytest.approx(expected, rel=1e-14)


def test_potential_of_a_wall_in_a_mixture_refuses_what_cannot_be() -> None:
    with pytest.raises(CaseError, match="surface_charge is nan; expected a finite number"):
        grahame_potential_mixture(math.nan, *MIXTURE)
    with pytest.raises(CaseError, match=r"net charge of 10\.0"):
        grahame_potential_mixture(0.1, {"K": 1, "Cl": -1}, {"K": 110.0, "Cl": 100.0}, 80.0, 298.15)
    with pytest.raises(CaseError, match=r"sum of .valence. . concentration is 0"):
        grahame_potential_mixture(0.1, {}, {}, 80.0, 298.15)


@given(potentials, salts)
def test_grahame_charge_of_a_mixture_is_the_symmetric_form_for_a_symmetric_salt(
    psi: float, salt: tuple[float, float, float, int]
) -> None:
    c, permittivity, temperature, z = salt
    mixture = grahame_charge(psi, [z, -z], [c, c], permittivity, temperature)
    # exp of an argument of up to 65 turns its round-off into 65 eps.
    symmetric = grahame_charge_symmetric(psi, c, permittivity, temperature, z)
    assert mixture == pytest.approx(symmetric, rel=1e-13)


@pytest.mark.parametrize("psi", [-0.2, -0.05, -1e-3, -1e-9, -1e-15, 1e-15, 1e-9, 1e-3, 0.0256, 0.0257, 0.05, 0.2])
def test_grahame_charge_of_a_two_to_one_salt_is_its_closed_form(psi: float) -> None:
    """c (e^-2y - 1) + 2 c (e^y - 1) = c e^-2y (e^y - 1)^2 (2 e^y + 1), whose root keeps all digits at y = 0."""
    y, c = psi / THERMAL, 100.0
    root = math.expm1(y) * math.exp(-y) * math.sqrt(2.0 * math.exp(y) + 1.0)
    expected = math.sqrt(2.0 * WATER * GAS_CONSTANT * 298.15 * c) * root
    charge = grahame_charge(psi, {"Ca": 2, "Cl": -1}, {"Ca": c, "Cl": 2.0 * c}, 80.0, 298.15)
    assert charge == pytest.approx(expected, rel=CODATA)


def test_grahame_charge_near_zero_potential_is_that_of_the_debye_capacitor() -> None:
    # sigma = eps psi / lambda (1 + O(psi^2)): 1e-8 V is 4e-7 R T / F, whose square is below round-off.
    assert grahame_charge(1e-8, *SALT_IONS) == pytest.approx(WATER / LENGTH * 1e-8, rel=CODATA)
    assert grahame_charge(0.0, *SALT_IONS) == 0.0


def test_grahame_charge_takes_arrays_of_potentials() -> None:
    psi = np.linspace(-0.1, 0.1, 5)
    charges = grahame_charge(psi, *SALT_IONS)
    assert charges == pytest.approx(grahame_charge_symmetric(psi, *SALT), rel=1e-14)
    assert charges == pytest.approx(-charges[::-1], rel=1e-14)


@given(potentials, salts)
def test_grahame_potential_is_the_inverse_of_the_charge(psi: float, salt: tuple[float, float, float, int]) -> None:
    charge = grahame_charge_symmetric(psi, *salt)
    assert grahame_potential(charge, *salt) == pytest.approx(psi, rel=1e-14)  # well conditioned: a few eps


def test_grahame_charge_refuses_a_bath_that_is_not_neutral() -> None:
    with pytest.raises(CaseError, match=r"net charge of 10\.0 mol/m\^3; .* add the missing counter-ion"):
        grahame_charge(0.05, [1, -1], [150.0, 140.0], 80.0, 298.15)
    with pytest.raises(CaseError, match="expected above zero"):
        grahame_charge(0.05, [1, -1], [0.0, 0.0], 80.0, 298.15)


def test_grahame_charge_takes_a_bath_that_is_neutral_to_the_tolerance_of_a_solver() -> None:
    nearly = grahame_charge(0.05, [1, -1], [150.0, 150.0 * (1.0 + 1e-10)], 80.0, 298.15)
    assert nearly == pytest.approx(grahame_charge(0.05, *SALT_IONS), rel=1e-9)  # changes by about the imbalance


@pytest.mark.parametrize("surface_potential", [-0.1, 0.01, 0.1])
@pytest.mark.parametrize("valence", [1, 2])
def test_gouy_chapman_potential_satisfies_poisson_boltzmann(surface_potential: float, valence: int) -> None:
    """eps psi'' = -rho by central differences."""
    h = LENGTH / 10000.0
    x = np.linspace(2.0 * h, 5.0 * LENGTH, 40)
    left, middle, right = (
        gouy_chapman_potential(x + shift, surface_potential, *SALT, valence) for shift in (-h, 0.0, h)
    )
    source = gouy_chapman_charge_density(x, surface_potential, *SALT, valence)
    # h^2 psi''''/ 12 is at most h^2 / (2 b^2) = 1e-5 of psi'', by the Gouy-Chapman length b = lambda / 50 of the
    # steepest wall (2:2 salt, 0.1 V); round-off is eps (lambda / h)^2 = 2e-8.
    assert WATER * (right - 2.0 * middle + left) / h**2 == pytest.approx(-source, rel=1e-4)


@given(potentials, salts)
def test_gouy_chapman_potential_starts_at_the_wall_and_decays_in_the_bulk(
    psi: float, salt: tuple[float, float, float, int]
) -> None:
    # 65 eps of the wall: exp(-w) of an argument of up to 65.
    assert gouy_chapman_potential(0.0, psi, *salt) == pytest.approx(psi, rel=1e-13)
    assert gouy_chapman_potential(math.inf, psi, *salt) == 0.0


def test_gouy_chapman_tail_is_that_of_the_tanh_formula() -> None:
    """psi -> (4 R T / F) tanh(psi_0 F / (4 R T)) exp(-x / lambda), to all digits far out."""
    expected = 4.0 * THERMAL * math.tanh(0.1 / (4.0 * THERMAL)) * math.exp(-40.0)
    assert gouy_chapman_potential(40.0 * LENGTH, 0.1, *SALT) == pytest.approx(expected, rel=40 * CODATA)


@pytest.mark.parametrize("surface_potential", [-0.2, -0.025, 1e-6, 0.05, 0.1])
@pytest.mark.parametrize("valence", [1, 2])
def test_gouy_chapman_charge_integrates_to_minus_the_grahame_charge(surface_potential: float, valence: int) -> None:
    def density(s: float) -> float:
        """Charge density times dx/ds; x = lambda (e^s - 1) / 1e4 spreads out the steep layer at the wall."""
        x = LENGTH * math.expm1(s) * 1e-4
        return LENGTH * math.exp(s) * 1e-4 * gouy_chapman_charge_density(x, surface_potential, *SALT, valence)

    # To x = 50 lambda, where exp(-50) = 2e-22 is left.
    diffuse, _ = quad(density, 0.0, math.log1p(50e4), epsabs=0.0, epsrel=1e-11, limit=200)
    wall = grahame_charge_symmetric(surface_potential, *SALT, valence)
    assert diffuse == pytest.approx(-wall, rel=1e-10)  # the tolerance of the quadrature


def test_debye_hueckel_charge_is_minus_that_of_the_wall_and_the_weak_limit_of_gouy_chapman() -> None:
    total, _ = quad(lambda s: LENGTH * debye_hueckel_charge_density(s * LENGTH, 0.01, LENGTH), 0.0, 50.0)
    assert total == pytest.approx(-0.01, rel=1e-10)
    # At psi_0 = 1e-6 V the nonlinear terms are (psi_0 F / R T)^2 = 1.5e-9.
    x, psi = np.linspace(0.0, 5.0, 11) * LENGTH, 1e-6
    linear = debye_hueckel_charge_density(x, grahame_charge_symmetric(psi, *SALT), LENGTH)
    assert linear == pytest.approx(gouy_chapman_charge_density(x, psi, *SALT), rel=1e-8)


@pytest.mark.parametrize("psi", [-0.1, 0.0, 0.03, 0.15])
@pytest.mark.parametrize("valence", [1, 2])
def test_diffuse_layer_capacitance_is_the_slope_of_the_grahame_charge(psi: float, valence: int) -> None:
    h = 1e-5
    high, low = (grahame_charge_symmetric(psi + step, *SALT, valence) for step in (h, -h))
    # h^2 sigma'''/6 is (z F h / 2 R T)^2 / 6 = 2.5e-8 of the slope at most.
    assert diffuse_layer_capacitance(psi, *SALT, valence) == pytest.approx((high - low) / (2.0 * h), rel=1e-7)


def test_diffuse_layer_capacitance_is_228_microfarad_at_the_minimum_in_1_molar_salt() -> None:
    # Bard and Faulkner, Electrochemical Methods, 2nd edition, section 13.3.2: 228 z sqrt(c / M) uF/cm^2 at 25 degC
    # in water (permittivity 78.49), printed to three digits.
    assert diffuse_layer_capacitance(0.0, 1000.0, 78.49, 298.15) == pytest.approx(2.28, abs=0.01)


@pytest.mark.parametrize("position", range(3))
@pytest.mark.parametrize(
    "function", [grahame_charge_symmetric, grahame_potential, diffuse_layer_capacitance, gouy_chapman_potential]
)
def test_salt_permittivity_and_temperature_must_be_positive(function, position: int) -> None:
    salt = list(SALT)
    salt[position] = 0.0
    leading = (0.0, 0.05) if function is gouy_chapman_potential else (0.05,)
    with pytest.raises(CaseError, match=r"is 0\.0; expected above zero"):
        function(*leading, *salt)
    with pytest.raises(CaseError, match="valence is -1; expected above zero"):
        function(*leading, *SALT, -1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: debye_length(0.0, 80.0, 298.15), "ionic_strength is 0.0"),
        (lambda: debye_length(math.nan, 80.0, 298.15), "ionic_strength is nan"),
        (lambda: gouy_chapman_potential(-1e-9, 0.1, *SALT), "distance is -1e-09"),
        (lambda: debye_hueckel_charge_density(0.0, 0.1, 0.0), "debye_length is 0.0"),
        (lambda: debye_hueckel_charge_density(-1.0, 0.1, 1e-9), "distance is -1.0"),
        (lambda: gouy_chapman_length(0.1, 80.0, 0.0), "temperature is 0.0"),
        (lambda: ionic_strength({"K": 1}, {"K": -1.0}), "concentration of ion K is -1.0"),
        (lambda: ionic_strength({"K": 1}, {"Cl": 1.0}), "valences has no value for Cl"),
    ],
)
def test_values_out_of_range_are_refused(call, message: str) -> None:
    with pytest.raises(CaseError, match=message):
        call()
