"""Bikerman's charge and capacitance: limits, quadrature of the first integral, and numbers."""

import math

import numpy as np
import pytest
from scipy import constants
from scipy.integrate import quad
from scipy.optimize import minimize_scalar

from electrodiff.errors import CaseError
from electrodiff.theory import (
    bikerman_capacitance,
    bikerman_charge,
    bikerman_packing,
    debye_length,
    diffuse_layer_capacitance,
    grahame_charge_symmetric,
)

THERMAL = constants.R * 298.15 / (constants.N_A * constants.e)
SALT = (150.0, 0.66e-9, 80.0, 298.15)
POTENTIALS = THERMAL * np.array([-20.0, -5.0, -0.3, 1e-6, 1.0, 8.0, 20.0])


def test_ions_of_066_nm_at_150_millimolar_fill_5_percent() -> None:
    # 2 * 6.022e23 / mol * (0.66e-9 m)^3 * 150 mol/m^3
    assert bikerman_packing(150.0, 0.66e-9) == pytest.approx(0.05194, abs=5e-6)


@pytest.mark.parametrize("valence", [1, 2])
@pytest.mark.parametrize("psi", [1e-3, 0.05, 0.2, 0.5])
def test_charge_is_the_first_integral_of_poisson_boltzmann(valence: int, psi: float) -> None:
    """(eps/2) E^2 = integral of -rho d(phi), with the crowded Boltzmann distribution."""
    concentration, diameter, _, temperature = SALT
    permittivity = 80.0 * constants.epsilon_0
    packing = 2.0 * constants.N_A * diameter**3 * concentration

    def minus_charge_density(phi: float) -> float:
        u = valence * phi / THERMAL
        bulk = 2.0 * valence * constants.N_A * constants.e * concentration
        return bulk * math.sinh(u) / (1.0 - packing + packing * math.cosh(u))

    integral, _ = quad(minus_charge_density, 0.0, psi, epsrel=1e-12, limit=200)
    expected = math.sqrt(2.0 * permittivity * integral)
    charge = bikerman_charge(psi, concentration, diameter, 80.0, temperature, valence)
    assert charge == pytest.approx(expected, rel=1e-9)  # the quadrature's tolerance, with a margin


@pytest.mark.parametrize("valence", [1, 2])
def test_charge_and_capacitance_of_points_are_those_of_gouy_and_chapman(valence: int) -> None:
    # The filled share w = 2 nu sinh^2 is 1e-26 * e^40 / 2 = 1e-9 at the highest potential.
    potentials = POTENTIALS / valence
    args = (150.0, 80.0, 298.15, valence)
    small = (150.0, 4e-18, 80.0, 298.15, valence)
    assert bikerman_charge(potentials, *small) == pytest.approx(grahame_charge_symmetric(potentials, *args), rel=1e-8)
    assert bikerman_capacitance(potentials, *small) == pytest.approx(
        diffuse_layer_capacitance(potentials, *args), rel=1e-8
    )


@pytest.mark.parametrize("diameter", [0.1e-9, 0.66e-9, 1.2e-9])
def test_capacitance_is_the_derivative_of_the_charge(diameter: float) -> None:
    # 1e-7: central differences with a step of 1e-4 of R T / F are good to its square.
    step = 1e-4 * THERMAL
    args = (150.0, diameter, 80.0, 298.15)
    slope = (bikerman_charge(POTENTIALS + step, *args) - bikerman_charge(POTENTIALS - step, *args)) / (2.0 * step)
    assert bikerman_capacitance(POTENTIALS, *args) == pytest.approx(slope, rel=1e-7)


def test_capacitance_at_zero_potential_is_that_of_the_debye_length() -> None:
    expected = 80.0 * constants.epsilon_0 / debye_length(150.0, 80.0, 298.15)
    assert bikerman_capacitance(0.0, *SALT) == pytest.approx(expected, rel=1e-13)
    assert bikerman_charge(0.0, *SALT) == 0.0


def test_charge_far_beyond_the_packing_grows_as_the_square_root_of_the_potential() -> None:
    # sigma^2 = 2 eps F (|psi| - (R T / F) ln(2 / nu)) / (N_A a^3): the rest is e^-u; finite where sinh overflows.
    for volts in (1.0, 100.0):
        packing = bikerman_packing(150.0, 0.66e-9)
        beyond = volts - THERMAL * math.log(2.0 / packing)
        expected = math.sqrt(2.0 * 80.0 * constants.epsilon_0 * constants.e * beyond / 0.66e-9**3)
        assert bikerman_charge(volts, *SALT) == pytest.approx(expected, rel=1e-12)
    assert bikerman_capacitance(100.0, *SALT) == pytest.approx(bikerman_capacitance(25.0, *SALT) / 2.0, rel=1e-2)


def peak(packing: float) -> float:
    """Potential of the largest capacitance [R T / F] for a share `packing` of the bulk that is filled."""
    concentration = 100.0
    diameter = (packing / (2.0 * constants.N_A * concentration)) ** (1.0 / 3.0)
    found = minimize_scalar(
        lambda u: -bikerman_capacitance(u * THERMAL, concentration, diameter, 80.0, 298.15),
        bounds=(0.0, 30.0),
        method="bounded",
        options={"xatol": 1e-9},
    )
    return float(found.x)


@pytest.mark.parametrize("packing", [1e-4, 1e-2, 0.3])
def test_capacitance_of_a_dilute_bath_has_a_hump_on_either_side(packing: float) -> None:
    # (ln C)' by hand: coth u - nu sinh u (1 + 1 / (2 ln(1 + w))) / (1 + w), with w' = nu sinh u.
    u = peak(packing)
    assert u > 0.1
    w = 2.0 * packing * math.sinh(u / 2.0) ** 2
    slope = 1.0 / math.tanh(u) - packing * math.sinh(u) / (1.0 + w) * (1.0 + 0.5 / math.log1p(w))
    assert slope == pytest.approx(0.0, abs=1e-6)


def test_peak_capacitance_of_a_bath_that_is_filled_by_a_twentieth() -> None:
    """nu = 0.05: C / C_0 = cosh(u/2) / ((1 + w) sqrt(ln(1 + w) / w)) peaks at 2.0613 for u = 4.458."""
    # The digits printed; the peak is flat, and a search finds it to the root of round-off, 1e-8 of u.
    u, concentration = peak(0.05), 100.0
    assert u == pytest.approx(4.458, abs=0.0005)
    diameter = (0.05 / (2.0 * constants.N_A * concentration)) ** (1.0 / 3.0)
    potentials = np.array([u * THERMAL, 0.0])
    highest, at_zero = bikerman_capacitance(potentials, concentration, diameter, 80.0, 298.15)
    assert highest / at_zero == pytest.approx(2.0613, abs=0.00005)


@pytest.mark.parametrize("packing", [0.34, 0.6, 0.99])
def test_capacitance_of_a_crowded_bath_has_its_peak_at_zero(packing: float) -> None:
    # The curvature of C at 0 is proportional to 1 - 3 nu.
    assert peak(packing) < 1e-3


def test_charge_is_odd_and_takes_arrays() -> None:
    charges = bikerman_charge(POTENTIALS, *SALT)
    assert charges == pytest.approx(-bikerman_charge(-POTENTIALS, *SALT), rel=1e-15)
    assert bikerman_capacitance(POTENTIALS, *SALT) == pytest.approx(bikerman_capacitance(-POTENTIALS, *SALT), rel=1e-15)


@pytest.mark.parametrize("function", [bikerman_charge, bikerman_capacitance])
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0.1, 150.0, 0.0, 80.0, 298.15), "diameter is 0.0"),
        ((0.1, 150.0, math.nan, 80.0, 298.15), "diameter is nan"),
        ((0.1, -1.0, 1e-9, 80.0, 298.15), "concentration is -1.0"),
        ((0.1, 1000.0, 1e-9, 80.0, 298.15), "expected less than 1: smaller or fewer ions"),
        ((0.1, 150.0, 1e-10, 0.0, 298.15), "relative_permittivity is 0.0"),
        ((0.1, 150.0, 1e-10, 80.0, 0.0), "temperature is 0.0"),
        ((0.1, 150.0, 1e-10, 80.0, 298.15, 0), "valence is 0"),
    ],
)
def test_values_out_of_range_are_refused(function, arguments: tuple[float, ...], message: str) -> None:
    with pytest.raises(CaseError, match=message):
        function(*arguments)
