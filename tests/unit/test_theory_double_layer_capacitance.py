"""Differential capacitance of diffuse layers of mixtures, and of Stern layers before them."""

import math

import numpy as np
import pytest
from scipy import constants

from electrodiff.errors import CaseError
from electrodiff.theory import (
    debye_length,
    diffuse_layer_capacitance,
    diffuse_layer_capacitance_mixture,
    grahame_charge,
    ionic_strength,
    stern_diffuse_capacitance,
    stern_diffuse_potential,
)

WATER = (80.0, 298.15)
SALINE = ({"Na": 1, "Ca": 2, "Cl": -1}, {"Na": 140.0, "Ca": 2.0, "Cl": 144.0})
DILUTE = ([1, -1], [1.0, 1.0])
POTENTIALS = [-0.3, -0.05, -1e-6, 1e-9, 0.02, 0.2]
STERN = 0.2


@pytest.mark.parametrize("valence", [1, 2])
def test_mixture_of_one_symmetric_salt_has_its_closed_form(valence: int) -> None:
    psi = np.array([*POTENTIALS, 0.0, 1e-300])
    mixture = diffuse_layer_capacitance_mixture(psi, [valence, -valence], [10.0, 10.0], *WATER)
    # exp of an argument of up to 24 turns its round-off into 24 eps.
    assert mixture == pytest.approx(diffuse_layer_capacitance(psi, 10.0, *WATER, valence), rel=1e-13)


@pytest.mark.parametrize("psi", POTENTIALS)
@pytest.mark.parametrize("bath", [SALINE, ([3, -1, -2], [5.0, 5.0, 5.0])])
def test_capacitance_of_a_mixture_is_the_slope_of_the_grahame_charge(psi: float, bath: tuple) -> None:
    h = 1e-5
    high, low = (grahame_charge(psi + step, *bath, *WATER) for step in (h, -h))
    # h^2/6 of the third derivative is (z F h / (2 R T))^2 / 6 = 6e-8 of the slope for z = 3; round-off is less.
    capacitance = diffuse_layer_capacitance_mixture(psi, *bath, *WATER)
    assert capacitance == pytest.approx((high - low) / (2.0 * h), rel=1e-7)


def test_capacitance_of_a_mixture_at_zero_potential_is_that_of_its_debye_length() -> None:
    expected = 80.0 * constants.epsilon_0 / debye_length(ionic_strength(*SALINE), *WATER)
    assert diffuse_layer_capacitance_mixture(0.0, *SALINE, *WATER) == pytest.approx(expected, rel=1e-14)
    # Approached linearly: C' / C is about F / (R T) = 40 / V.
    assert diffuse_layer_capacitance_mixture(1e-14, *SALINE, *WATER) == pytest.approx(expected, rel=1e-11)


@pytest.mark.parametrize("wall", [-50.0, -1.0, -0.1, -1e-3, 1e-9, 0.02, 0.5, 1e3])
@pytest.mark.parametrize("bath", [SALINE, DILUTE])
@pytest.mark.parametrize("stern", [1e-2, 0.2, 10.0])
def test_stern_and_diffuse_layer_take_the_whole_potential(wall: float, bath: tuple, stern: float) -> None:
    psi = stern_diffuse_potential(wall, stern, *bath, *WATER)
    assert 0.0 < psi / wall < 1.0
    # A rounding of psi changes sigma by z psi F / (R T) of it, up to 50 of them.
    total = psi + grahame_charge(psi, *bath, *WATER) / stern
    assert total == pytest.approx(wall, rel=1e-13)


@pytest.mark.parametrize("wall", [-1.0, -0.1, 1e-4, 0.05, 0.5])
@pytest.mark.parametrize("bath", [SALINE, DILUTE])
def test_capacitance_behind_a_stern_layer_is_the_slope_of_the_charge(wall: float, bath: tuple) -> None:
    h = 1e-5
    high, low = (
        grahame_charge(stern_diffuse_potential(wall + step, STERN, *bath, *WATER), *bath, *WATER) for step in (h, -h)
    )
    # As for the mixture alone, h^2 / 6 of the third derivative, less than 1e-7; round-off 1e-15 V / h = 1e-10.
    assert stern_diffuse_capacitance(wall, STERN, *bath, *WATER) == pytest.approx((high - low) / (2.0 * h), rel=1e-7)


def test_capacitance_goes_from_the_diffuse_layer_to_the_stern_layer() -> None:
    """Dilute salt: least at the potential of zero charge, where 1 / C = 1 / C_S + lambda / eps; C_S far from it."""
    at_rest = stern_diffuse_capacitance(0.0, STERN, *DILUTE, *WATER)
    debye = 80.0 * constants.epsilon_0 / debye_length(1.0, *WATER)
    assert at_rest == pytest.approx(1.0 / (1.0 / STERN + 1.0 / debye), rel=1e-14)
    # C_D = F sigma / (2 R T) and sigma = C_S (V - psi): C_S / C_D = 0.0514 V / (50 V - psi) = 1.04e-3.
    far = stern_diffuse_capacitance(50.0, STERN, *DILUTE, *WATER)
    assert far == pytest.approx(STERN / 1.00104, rel=1e-5)
    assert at_rest < stern_diffuse_capacitance(0.1, STERN, *DILUTE, *WATER) < far


def test_an_uncharged_wall_has_no_potential() -> None:
    assert stern_diffuse_potential(0.0, STERN, *SALINE, *WATER) == 0.0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: diffuse_layer_capacitance_mixture(0.1, [1, -1], [1.0, 2.0], *WATER), "net charge of -1"),
        (lambda: diffuse_layer_capacitance_mixture(0.1, [1, -1], [1.0, 1.0], 0.0, 298.15), "permittivity is 0.0"),
        (lambda: stern_diffuse_potential(math.nan, STERN, *SALINE, *WATER), "wall_potential is nan"),
        (lambda: stern_diffuse_potential(0.1, 0.0, *SALINE, *WATER), "stern_capacitance is 0.0"),
        (lambda: stern_diffuse_capacitance(0.1, STERN, [1, -1], [0.0, 0.0], *WATER), "sum of .valence"),
        (lambda: stern_diffuse_capacitance(0.1, STERN, *SALINE, 80.0, 0.0), "temperature is 0.0"),
    ],
)
def test_values_out_of_range_are_refused(call, message: str) -> None:
    with pytest.raises(CaseError, match=message):
        call()
