"""Diffusion potentials of one salt and of mixtures."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from electrodiff.errors import CaseError
from electrodiff.theory import (
    henderson_potential,
    lewis_sargent_potential,
    nernst_potential,
    planck_single_salt_potential,
)

GAS_CONSTANT, FARADAY = 8.31446261815324, 96485.33212331  # SI 2019
THERMAL = GAS_CONSTANT * 298.15 / FARADAY

concentrations = st.floats(1e-3, 1e3)
diffusivities = st.floats(1e-12, 1e-8)


def test_potassium_chloride_with_slow_chloride_gives_minus_50_millivolts() -> None:
    # 26.7135 mV * (0.9 / 1.1) * ln(1 / 10) = -50.33 mV, printed to 0.01 mV.
    assert planck_single_salt_potential(1.0, 0.1, 150.0, 15.0, 310.0) == pytest.approx(-50.33e-3, abs=0.005e-3)


@pytest.mark.parametrize("valence", [1, 2])
@pytest.mark.parametrize("power", [0.5, 1.0, 3.0])
def test_planck_potential_of_one_salt_does_not_depend_on_the_profile(valence: int, power: float) -> None:
    """No current: z phi' = -(D+ - D-) / (D+ + D-) c'/c at every x; integrated over three profiles of c."""
    D_cation, D_anion, left, right = 1.957e-9, 0.5e-9, 3.0, 200.0

    def minus_gradient(s: float) -> float:
        x = s**2  # the square takes the singular slope of the root at x = 0 away
        c = left + (right - left) * x**power
        slope = (right - left) * power * x ** (power - 1.0) * 2.0 * s if s else 0.0
        return (D_cation - D_anion) / (D_cation + D_anion) * slope / c

    integral, _ = quad(minus_gradient, 0.0, 1.0, epsrel=1e-11, limit=200)
    expected = THERMAL / valence * integral
    potential = planck_single_salt_potential(D_cation, D_anion, left, right, 298.15, valence)
    assert potential == pytest.approx(expected, rel=1e-9)  # the tolerance of the quadrature, with a margin


@given(concentrations, concentrations)
def test_one_mobile_ion_makes_the_junction_a_nernst_electrode(left: float, right: float) -> None:
    cation_only = planck_single_salt_potential(1e-9, 0.0, left, right, 310.0)
    anion_only = planck_single_salt_potential(0.0, 1e-9, left, right, 310.0)
    assert cation_only == pytest.approx(nernst_potential(1, left, right, 310.0), rel=1e-15)
    assert anion_only == pytest.approx(nernst_potential(-1, left, right, 310.0), rel=1e-15)


def test_the_faster_ion_charges_the_dilute_side_with_its_sign() -> None:
    # Concentrated on the left: a faster cation runs ahead to the right, which becomes positive.
    assert planck_single_salt_potential(2e-9, 1e-9, 100.0, 10.0, 298.15) < 0.0
    assert planck_single_salt_potential(1e-9, 2e-9, 100.0, 10.0, 298.15) > 0.0
    assert planck_single_salt_potential(1e-9, 1e-9, 100.0, 10.0, 298.15) == 0.0


def test_planck_potential_takes_a_sweep_of_concentrations() -> None:
    potentials = planck_single_salt_potential(2e-9, 1e-9, np.array([1.0, 10.0]), 10.0, 298.15)
    assert np.shape(potentials) == (2,)
    assert potentials[1] == 0.0


@given(diffusivities, diffusivities, concentrations, concentrations, st.integers(1, 3))
def test_henderson_and_planck_agree_for_one_salt(
    D_cation: float, D_anion: float, left: float, right: float, valence: int
) -> None:
    planck = planck_single_salt_potential(D_cation, D_anion, left, right, 310.0, valence)
    henderson = henderson_potential([valence, -valence], [D_cation, D_anion], [left, left], [right, right], 310.0)
    # Both subtract D+ and D-, or D+ c and D- c; abs: round-off of that in units of R T / F times ln c of up to 14.
    assert henderson == pytest.approx(planck, rel=1e-13, abs=1e-15)


def test_henderson_is_lewis_and_sargent_for_a_common_ion_at_one_concentration() -> None:
    """0.1 M HCl against 0.1 M KCl: (R T / F) ln(Lambda_KCl / Lambda_HCl) = -26.85 mV from limiting conductivities.

    The measured value is 26.78 mV (Bard and Faulkner, Electrochemical Methods, 2nd edition, table 2.3.2).
    """
    conductivity = {"H": 349.65, "K": 73.48, "Cl": 76.31}  # S cm^2/mol, proportional to D for monovalent ions
    potential = henderson_potential(
        {"H": 1, "K": 1, "Cl": -1}, conductivity, {"H": 100.0, "Cl": 100.0}, {"K": 100.0, "Cl": 100.0}, 298.15
    )
    assert potential == pytest.approx(THERMAL * math.log((73.48 + 76.31) / (349.65 + 76.31)), rel=1e-14)
    assert potential == pytest.approx(-26.78e-3, abs=0.2e-3)  # ideal against measured


def test_lewis_and_sargent_from_limiting_conductivities() -> None:
    # The numbers of the test above; conductivities of monovalent ions are proportional to D.
    potential = lewis_sargent_potential(349.65, 73.48, 76.31, 298.15)
    assert potential == pytest.approx(THERMAL * math.log((73.48 + 76.31) / (349.65 + 76.31)), rel=1e-14)
    # With the cation in common the sign turns.
    assert lewis_sargent_potential(349.65, 73.48, 76.31, 298.15, -1, 1) == -potential
    assert lewis_sargent_potential(2.0, 2.0, 1.0, 298.15) == 0.0


@pytest.mark.parametrize(("z", "common"), [(1, -1), (2, -1), (1, -2), (-1, 2), (-3, 2)])
def test_lewis_and_sargent_stops_the_current_in_a_constant_field(z: int, common: int) -> None:
    """z (D_L c B(-z v) - D_R c B(z v)) of GHK, and z_c D c (z_c v) for the common ion, add up to zero."""
    D_left, D_right, D_common = 0.8, 2.0, 1.1
    v = lewis_sargent_potential(D_left, D_right, D_common, 298.15, z, common) / THERMAL
    c, c_common = abs(common), abs(z)
    exchanged = c * z * v * (D_left * math.exp(z * v) - D_right) / math.expm1(z * v)
    # Roundings of terms of order 1.
    assert z * exchanged + common * D_common * c_common * common * v == pytest.approx(0.0, abs=1e-14)


def test_lewis_and_sargent_takes_a_sweep() -> None:
    sweep = lewis_sargent_potential(np.array([1.0, 2.0]), 2.0, 1.0, 298.15)
    assert sweep == pytest.approx([THERMAL * math.log(1.5), 0.0], rel=1e-14)


@pytest.mark.parametrize("right_sodium", [145.0, 0.0, 29.0])
def test_henderson_is_the_quadrature_over_the_linear_mixture(right_sodium: float) -> None:
    """d(phi) = -(R T / F) sum z D dc / sum z^2 D c without current, for a composition linear in x."""
    z, D = np.array([1, 1, 2, -1]), np.array([1.957, 1.334, 0.792, 2.032])
    left, right = np.array([140.0, 12.0, 0.0, 152.0]), np.array([4.0, right_sodium, 1.0, right_sodium + 6.0])
    integral, _ = quad(lambda s: (z * D) @ (right - left) / ((z**2 * D) @ (left + s * (right - left))), 0.0, 1.0)
    potential = henderson_potential(z, D, left, right, 298.15)
    assert potential == pytest.approx(THERMAL * integral, rel=1e-12)  # round-off of quad on a smooth function


@pytest.mark.parametrize("excess", [0.0, 1e-15, 1e-9])
def test_henderson_keeps_its_digits_where_both_sides_conduct_alike(excess: float) -> None:
    # (R T / F) (D_1 - D_2) c / G with G = (D_2 + D_3) c = 4 c on both sides: D_1 = D_2 up to the excess, so ~0; and
    # with unequal valences a finite one: K 2 c on the left, Ca c on the right with half its D, same conductance.
    left, right = {"K": 2.0, "Cl": 2.0}, {"Ca": 1.0 + excess, "Cl": 2.0}
    D = {"K": 1.0, "Ca": 0.5, "Cl": 1.0}
    potential = henderson_potential({"K": 1, "Ca": 2, "Cl": -1}, D, left, right, 298.15)
    # sum z D dc = 2 * 0.5 - 2 * 1 = -1; G = 4.  The excess changes both by about itself.
    assert potential == pytest.approx(-THERMAL / 4.0, rel=1e-14 + 2.0 * excess)


def test_henderson_changes_sign_when_the_sides_are_swapped() -> None:
    tables = ([1, 1, -1], [1.957, 1.334, 2.032])
    left, right = [140.0, 12.0, 152.0], [4.0, 145.0, 149.0]
    there, back = henderson_potential(*tables, left, right, 310.0), henderson_potential(*tables, right, left, 310.0)
    assert there == pytest.approx(-back, rel=1e-14)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: planck_single_salt_potential(-1.0, 1.0, 1.0, 1.0, 298.0), "D_cation is -1.0"),
        (lambda: planck_single_salt_potential(0.0, 0.0, 1.0, 1.0, 298.0), r"D_cation \+ D_anion is 0.0"),
        (lambda: planck_single_salt_potential(1.0, 1.0, 0.0, 1.0, 298.0), "left is 0.0"),
        (lambda: planck_single_salt_potential(1.0, 1.0, 1.0, math.nan, 298.0), "right is nan"),
        (lambda: planck_single_salt_potential(1.0, 1.0, 1.0, 1.0, 0.0), "temperature is 0.0"),
        (lambda: planck_single_salt_potential(1.0, 1.0, 1.0, 1.0, 298.0, 0), "valence is 0"),
        (lambda: lewis_sargent_potential(1.0, -1.0, 1.0, 298.0), "D_right is -1.0"),
        (lambda: lewis_sargent_potential(0.0, 1.0, 0.0, 298.0), r"left sum of .valence. \* D is 0.0"),
        (lambda: lewis_sargent_potential(1.0, 1.0, 1.0, 298.0, 1, 1), r"-valence \* common_valence is -1"),
        (lambda: lewis_sargent_potential(1.0, 1.0, 1.0, 0.0), "temperature is 0.0"),
        (lambda: henderson_potential([1, -1], [1, 1], [0, 0], [1, 1], 298.0), "left sum of z.2 D c is 0"),
        (lambda: henderson_potential([1, -1], [-1, 1], [1, 1], [1, 1], 298.0), "diffusivity of ion 0 is -1"),
        (lambda: henderson_potential([1, -1], [1, 1], [1, 1], [1, -1], 298.0), "right concentration of ion 1"),
        (
            lambda: henderson_potential({"K": 1}, {"K": 1.0}, {"K": 1.0}, {"Na": 1.0}, 298.0),
            "valences has no value for Na",
        ),
    ],
)
def test_values_out_of_range_are_refused(call, message: str) -> None:
    with pytest.raises(CaseError, match=message):
        call()
