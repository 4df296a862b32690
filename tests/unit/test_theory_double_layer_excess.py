"""Salt held by a diffuse layer."""

import math

import numpy as np
import pytest
from scipy import constants
from scipy.integrate import quad

from electrodiff.errors import CaseError
from electrodiff.theory import (
    debye_length,
    gouy_chapman_potential,
    grahame_charge,
    grahame_charge_symmetric,
    surface_excess,
    surface_excess_symmetric,
)

FARADAY = constants.N_A * constants.e
THERMAL = constants.R * 298.15 / FARADAY
SALT = (150.0, 80.0, 298.15)
LENGTH = debye_length(*SALT)
POTENTIALS = [-0.2, -0.05, -1e-4, 1e-9, 0.025, 0.1, 0.25]
SALINE = ({"Na": 1, "Ca": 2, "Cl": -1}, {"Na": 140.0, "Ca": 2.0, "Cl": 144.0}, 80.0, 298.15)


@pytest.mark.parametrize("psi", [-0.15, -0.025, 0.05, 0.1])
@pytest.mark.parametrize("valence", [1, 2])
def test_excess_is_the_integral_of_the_profile(psi: float, valence: int) -> None:
    def excess(s: float, sign: int) -> float:
        """c (e^(-z psi(x)) - 1) dx/ds; x = lambda (e^s - 1) / 1e4 spreads out the steep layer at the wall."""
        x = LENGTH * math.expm1(s) * 1e-4
        u = valence * gouy_chapman_potential(x, psi, *SALT, valence) / THERMAL
        return LENGTH * math.exp(s) * 1e-4 * 150.0 * math.expm1(-sign * u)

    # To x = 50 lambda of the 1:1 salt, where exp(-50) = 2e-22 is left.
    ends = (0.0, math.log1p(50e4))
    cation, anion = (quad(excess, *ends, sign, epsabs=0.0, epsrel=1e-11, limit=200)[0] for sign in (1, -1))
    result = surface_excess_symmetric(psi, *SALT, valence)
    # The tolerance of the quadrature, with a margin.
    assert (result.cation, result.anion) == pytest.approx((cation, anion), rel=1e-9)
    assert result.salt == pytest.approx((cation + anion) / 2.0, rel=1e-9)


@pytest.mark.parametrize("valence", [1, 2])
def test_charges_of_the_excess_ions_balance_the_wall(valence: int) -> None:
    psi = np.array(POTENTIALS)
    excess = surface_excess_symmetric(psi, *SALT, valence)
    charge = grahame_charge_symmetric(psi, *SALT, valence)
    # exp of an argument of up to 10 turns its round-off into 10 eps.
    assert valence * FARADAY * (excess.anion - excess.cation) == pytest.approx(charge, rel=1e-14)


def test_salt_is_taken_up_with_the_square_of_the_potential_and_then_as_half_of_the_counter_ions() -> None:
    # 4 c lambda sinh^2(u / 4) = c lambda u^2 / 4 (1 + u^2 / 48), and u = 4e-4 at 10 uV.
    weak = surface_excess_symmetric(1e-5, *SALT).salt
    assert weak == pytest.approx(150.0 * LENGTH * (1e-5 / THERMAL) ** 2 / 4.0, rel=1e-8)
    # e^(-u/2) is 6e-5 at 0.5 V: the share of the co-ions that are left, and of them in the salt.
    strong = surface_excess_symmetric(-0.5, *SALT)
    assert strong.salt == pytest.approx(strong.cation / 2.0, rel=1e-4)
    assert strong.anion == pytest.approx(-2.0 * 150.0 * LENGTH, rel=1e-4)


@pytest.mark.parametrize("psi", POTENTIALS)
@pytest.mark.parametrize("valence", [1, 2])
def test_quadrature_for_mixtures_gives_the_closed_form_for_one_salt(psi: float, valence: int) -> None:
    mixture = surface_excess(psi, [valence, -valence], [150.0, 150.0], 80.0, 298.15)
    expected = surface_excess_symmetric(psi, *SALT, valence)
    assert mixture == pytest.approx([expected.cation, expected.anion], rel=1e-10)  # promised


@pytest.mark.parametrize("psi", [*POTENTIALS, 0.0, 1e-15, -1e-200])
def test_excess_of_a_mixture_balances_the_wall(psi: float) -> None:
    excess = surface_excess(psi, *SALINE)
    charge = FARADAY * np.dot([1, 2, -1], excess)
    # The charge of the wall is the root of a square, which is 0 below 1e-154.
    assert charge == pytest.approx(-grahame_charge(psi, *SALINE), rel=1e-10, abs=1e-150)
    assert np.all(np.sign(excess) == -np.sign(psi) * np.array([1, 1, -1]))


@pytest.mark.parametrize("psi", [-0.1, 0.04, 0.2])
def test_excess_of_a_two_to_one_salt_is_its_closed_form(psi: float) -> None:
    """CaCl2, p = e^y: sigma = sqrt(2 eps R T c) (p - 1) sqrt(2 p + 1) / p (see the Grahame test), dpsi = (R T / F) dp / p.

    G_Ca = c K int_1^p (q^-2 - 1) / ((q - 1) sqrt(2 q + 1)) dq = -c K int (q + 1) / (q^2 sqrt(2 q + 1)) dq
         = c K [sqrt(2 q + 1) / q] from 1 to p,    K = (R T / F) eps / sqrt(2 eps R T c)
    G_Cl = 2 c K int_1^p 1 / sqrt(2 q + 1) dq = 2 c K [sqrt(2 q + 1)]
    """
    c, epsilon = 50.0, 80.0 * constants.epsilon_0
    K = THERMAL * epsilon / math.sqrt(2.0 * epsilon * constants.R * 298.15 * c)
    p = math.exp(psi / THERMAL)
    calcium, chloride = surface_excess(psi, [2, -1], [c, 2.0 * c], 80.0, 298.15)
    assert calcium == pytest.approx(c * K * (math.sqrt(2.0 * p + 1.0) / p - math.sqrt(3.0)), rel=1e-10)
    assert chloride == pytest.approx(2.0 * c * K * (math.sqrt(2.0 * p + 1.0) - math.sqrt(3.0)), rel=1e-10)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: surface_excess_symmetric(0.1, 0.0, 80.0, 298.15), "concentration is 0.0"),
        (lambda: surface_excess_symmetric(0.1, *SALT, 0), "valence is 0"),
        (lambda: surface_excess_symmetric(0.1, 1.0, 80.0, 0.0), "temperature is 0.0"),
        (lambda: surface_excess(math.nan, *SALINE), "surface_potential is nan"),
        (lambda: surface_excess(10.0, *SALINE), "surface_potential is 10.0"),
        (lambda: surface_excess(0.1, [1, -1], [1.0, 2.0], 80.0, 298.15), "net charge of -1"),
    ],
)
def test_values_out_of_range_are_refused(call, message: str) -> None:
    with pytest.raises(CaseError, match=message):
        call()
