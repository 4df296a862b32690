"""Donnan potentials and the potential across a charged layer between two baths."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import constants
from scipy.integrate import quad

from electrodiff.errors import CaseError
from electrodiff.theory import (
    donnan_equilibrium,
    donnan_potential,
    donnan_potential_symmetric,
    nernst_potential,
    planck_single_salt_potential,
    teorell_meyer_sievers_potential,
)

THERMAL = constants.R * 298.15 / (constants.N_A * constants.e)

concentrations = st.floats(1e-3, 1e3)
charges = st.floats(-1e4, 1e4)
SODIUM, CHLORIDE = 1.334e-9, 2.032e-9


@given(charges, concentrations, st.integers(1, 3))
def test_donnan_potential_of_a_mixture_is_the_closed_form_for_one_salt(X: float, c: float, z: int) -> None:
    # abs: asinh of an X that is round-off beside c, in units of 25 mV.
    mixture = donnan_potential(X, [z, -z], [c, c], 298.15)
    assert mixture == pytest.approx(donnan_potential_symmetric(X, c, 298.15, z), rel=1e-12, abs=1e-17)


@given(charges, concentrations, concentrations)
def test_donnan_potential_makes_the_layer_neutral(X: float, calcium: float, potassium: float) -> None:
    valences = {"Ca": 2, "K": 1, "Cl": -1}
    bath = {"Ca": calcium, "K": potassium, "Cl": 2 * calcium + potassium}
    beta = {"Ca": 0.1, "K": 1.0, "Cl": 0.5}
    y = donnan_potential(X, valences, bath, 298.15, beta) / THERMAL
    parts = [X, *(valences[ion] * beta[ion] * bath[ion] * math.exp(-valences[ion] * y) for ion in bath)]
    # y is known to a few roundings of itself, and each part changes by twice that at most.
    assert math.fsum(parts) == pytest.approx(0.0, abs=1e-14 * (1 + abs(y)) * max(map(abs, parts)))


def test_donnan_potential_has_the_sign_of_the_fixed_charge() -> None:
    # X/2c = 2.5: 25.693 mV * asinh(2.5) = 42.32 mV
    assert donnan_potential_symmetric(50.0, 10.0, 298.15) == pytest.approx(42.32e-3, abs=0.01e-3)
    assert donnan_potential_symmetric(-50.0, 10.0, 298.15) == -donnan_potential_symmetric(50.0, 10.0, 298.15)
    assert donnan_potential(0.0, [1, -1], [10.0, 10.0], 298.15) == 0.0


def test_fixed_charge_equal_to_the_salt_makes_12_millivolts() -> None:
    # 25.693 mV * asinh(1/2), to the digits printed.
    assert donnan_potential_symmetric(10.0, 10.0, 298.15) == pytest.approx(12.3636e-3, abs=0.00005e-3)
    assert donnan_potential(10.0, [1, -1], [10.0, 10.0], 298.15) == pytest.approx(12.3636e-3, abs=0.00005e-3)


@given(charges, concentrations, st.floats(0.0, 1e3))
def test_donnan_equilibrium_of_one_salt_is_its_closed_form(X: float, c: float, impermeant: float) -> None:
    """c+ c- = c^2 and c+ - c- = -X, so c+ + c- = sqrt(X^2 + 4 c^2); pressure R T (c+ + c- + c_X - 2 c)."""
    cell = donnan_equilibrium(X, {"K": 1, "Cl": -1}, {"K": c, "Cl": c}, 310.0, impermeant)
    both = math.hypot(X, 2.0 * c)
    # The potential is good to an eps of itself, which moves the ions by 20 of them; the scarcer ion is a difference here.
    assert cell.concentrations == pytest.approx([(both - X) / 2.0, (both + X) / 2.0], rel=1e-14, abs=1e-14 * both)
    gain = X**2 / (both + 2.0 * c)  # sqrt(X^2 + 4 c^2) - 2 c without cancellation
    # The gain of one ion and the loss of the other cancel to second order in X: round-off of X remains.
    pressure, unit = constants.R * 310.0 * (gain + impermeant), constants.R * 310.0
    assert cell.osmotic_pressure == pytest.approx(pressure, rel=1e-14, abs=1e-14 * unit * abs(X))
    assert cell.ions == ("K", "Cl")


@given(charges, concentrations, concentrations)
def test_donnan_equilibrium_of_a_mixture_is_neutral_with_equal_electrochemical_potentials(
    X: float, calcium: float, potassium: float
) -> None:
    z, bath = np.array([2, 1, -1, -2]), np.array([calcium, potassium, 2.0 * calcium + potassium - 1e-4, 0.5e-4])
    beta = np.array([1e-2, 1.0, 0.5, 0.3])
    gel = donnan_equilibrium(X, z, bath, 298.15, partitions=beta)
    assert gel.potential == donnan_potential(X, z, bath, 298.15, beta)
    charge = [X, *(z * gel.concentrations)]
    y = gel.potential / THERMAL
    # y is known to a few roundings of itself, and each part changes by twice that at most.
    assert math.fsum(charge) == pytest.approx(0.0, abs=1e-14 * (1 + abs(y)) * max(map(abs, charge)))
    assert gel.concentrations == pytest.approx(beta * bath * np.exp(-z * y), rel=1e-13)
    pressure = constants.R * 298.15 * (math.fsum(gel.concentrations) - math.fsum(bath))
    largest = constants.R * 298.15 * (math.fsum(gel.concentrations) + math.fsum(bath))
    assert gel.osmotic_pressure == pytest.approx(pressure, abs=1e-14 * largest)


def test_cell_with_impermeant_anions_takes_up_potassium_and_water() -> None:
    """100 mol/m^3 of anions of valence -1.2 in 150 mol/m^3 of KCl at 310 K.

    asinh(-120 / 300) = -0.39004, so -10.42 mV; ions inside sqrt(120^2 + 300^2) = 323.11 mol/m^3, so
    R T (323.11 + 100 - 300) = 8.3145 * 310 * 123.11 = 317.3 kPa.
    """
    cell = donnan_equilibrium(-120.0, {"K": 1, "Cl": -1}, {"K": 150.0, "Cl": 150.0}, 310.0, impermeant=100.0)
    # The digits printed.
    assert cell.potential == pytest.approx(-10.42e-3, abs=0.005e-3)
    assert cell.concentrations == pytest.approx([221.555, 101.555], abs=0.005)
    assert cell.osmotic_pressure == pytest.approx(317.3e3, abs=0.05e3)


def test_weakly_charged_gel_keeps_the_digits_of_its_pressure() -> None:
    # R T X^2 / (4 c) (1 - (X / 4 c)^2): X / c = 1e-4; sums of 300 mol/m^3 would round at 1e-7 of the difference.
    gel = donnan_equilibrium(0.015, [1, -1], [150.0, 150.0], 298.15)
    assert gel.osmotic_pressure == pytest.approx(constants.R * 298.15 * 0.015**2 / 600.0, rel=2e-9)


def test_ions_that_enter_unequally_make_a_distribution_potential_without_fixed_charge() -> None:
    # beta+ e^-y = beta- e^y
    potential = donnan_potential(0.0, {"K": 1, "Cl": -1}, {"K": 10.0, "Cl": 10.0}, 298.15, {"K": 1e-3, "Cl": 1e-5})
    assert potential == pytest.approx(THERMAL / 2.0 * math.log(100.0), rel=1e-14)


def test_potential_of_a_layer_that_one_ion_enters_is_that_of_this_ion() -> None:
    # X + c e^-y = 0
    potential = donnan_potential(-50.0, [1, -1], [10.0, 10.0], 298.15, [1.0, 0.0])
    assert potential == pytest.approx(-THERMAL * math.log(5.0), rel=1e-14)


@pytest.mark.parametrize(
    ("X", "millivolts"),
    [(0.0, 12.27), (-10, 1.06), (-100, -42.17), (-1000, -58.78), (10, 22.34), (100, 50.72), (1000, 58.99)],
)
def test_sodium_chloride_across_charged_layers(X: float, millivolts: float) -> None:
    """NaCl 10|100 mM, potential right minus left, as printed to 0.01 mV."""
    potential = teorell_meyer_sievers_potential(X, SODIUM, CHLORIDE, 10.0, 100.0, 298.15)
    assert -1e3 * potential == pytest.approx(millivolts, abs=0.005)


@pytest.mark.parametrize("valence", [1, 2])
@pytest.mark.parametrize("X", [-300.0, -20.0, 7.0, 150.0])
def test_potential_across_a_charged_layer_is_the_quadrature_through_it(X: float, valence: int) -> None:
    """Donnan at either face, and between them phi' = -(z D+ c+' - z D- c-') / (z^2 (D+ c+ + D- c-)) F/RT, no current."""
    left, right = 10.0, 100.0
    faces = []
    for bath in (left, right):
        y = math.asinh(X / (2 * valence * bath))
        faces.append((bath * math.exp(-y), y / valence))
    (start, y_left), (stop, y_right) = faces

    def slope(cation: float) -> float:
        anion = cation + X / valence
        return -(SODIUM - CHLORIDE) / (valence * (SODIUM * cation + CHLORIDE * anion))

    inside, _ = quad(slope, start, stop, epsrel=1e-12)
    expected = -THERMAL * (y_left + inside - y_right)  # left minus right
    potential = teorell_meyer_sievers_potential(X, SODIUM, CHLORIDE, left, right, 298.15, valence)
    assert potential == pytest.approx(expected, rel=1e-10)


@given(concentrations, concentrations)
def test_uncharged_layer_has_the_diffusion_potential(left: float, right: float) -> None:
    expected = planck_single_salt_potential(SODIUM, CHLORIDE, left, right, 298.15)
    assert teorell_meyer_sievers_potential(0.0, SODIUM, CHLORIDE, left, right, 298.15) == pytest.approx(
        expected, rel=1e-13, abs=1e-16
    )


@given(charges, concentrations, concentrations)
def test_layer_that_passes_one_ion_is_its_nernst_electrode_at_any_charge(X: float, left: float, right: float) -> None:
    # 1e-11 of ln c of up to 14: the two Donnan potentials cancel against the diffusion potential.
    cation_only = teorell_meyer_sievers_potential(X, 1e-9, 0.0, left, right, 298.15)
    anion_only = teorell_meyer_sievers_potential(X, 0.0, 1e-9, left, right, 298.15)
    assert cation_only == pytest.approx(nernst_potential(1, left, right, 298.15), rel=1e-11, abs=1e-14)
    assert anion_only == pytest.approx(nernst_potential(-1, left, right, 298.15), rel=1e-11, abs=1e-14)


@pytest.mark.parametrize("sign", [1, -1])
def test_strongly_charged_layer_passes_the_counter_ion_alone(sign: int) -> None:
    # The share of the co-ion is (c / X)^2 = 1e-8.
    potential = teorell_meyer_sievers_potential(sign * 1e6, SODIUM, CHLORIDE, 10.0, 100.0, 298.15)
    assert potential == pytest.approx(nernst_potential(-sign, 10.0, 100.0, 298.15), rel=1e-6)


def test_potential_across_a_charged_layer_takes_a_sweep() -> None:
    X = np.array([-100.0, 0.0, 100.0])
    potentials = teorell_meyer_sievers_potential(X, SODIUM, CHLORIDE, 10.0, 100.0, 298.15)
    alone = [teorell_meyer_sievers_potential(float(x), SODIUM, CHLORIDE, 10.0, 100.0, 298.15) for x in X]
    assert potentials == pytest.approx(alone, rel=1e-15)


@given(charges, concentrations, concentrations)
def test_potential_changes_sign_when_the_baths_are_swapped(X: float, left: float, right: float) -> None:
    there = teorell_meyer_sievers_potential(X, SODIUM, CHLORIDE, left, right, 298.15)
    back = teorell_meyer_sievers_potential(X, SODIUM, CHLORIDE, right, left, 298.15)
    assert there == pytest.approx(-back, rel=1e-12, abs=1e-15)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: donnan_potential(math.nan, [1, -1], [1.0, 1.0], 298.0), "fixed_charge is nan"),
        (lambda: donnan_potential(-1.0, [1, -1], [1.0, -1.0], 298.0), "concentration of ion 1"),
        (lambda: donnan_potential(-1.0, [1, -1], [1.0, 1.0], 0.0), "temperature is 0.0"),
        (lambda: donnan_potential(-1.0, [1, -1], [1.0, 1.0], 298.0, [-1.0, 1.0]), "partition of ion 0"),
        (lambda: donnan_potential(-1.0, [1, -1], [1.0, 1.0], 298.0, [0.0, 1.0]), "give an ion of the other sign"),
        (lambda: donnan_potential(0.0, [1, -1], [0.0, 0.0], 298.0), "give an ion of the other sign"),
        (lambda: donnan_potential(1.0, [1], [1.0], 298.0), "give an ion of the other sign"),
        (lambda: donnan_equilibrium(-1.0, [1, -1], [1.0, 1.0], 298.0, -1.0), "impermeant is -1.0"),
        (lambda: donnan_equilibrium(-1.0, [1], [0.0], 298.0), "give an ion of the other sign"),
        (lambda: donnan_potential_symmetric(1.0, 0.0, 298.0), "concentration is 0.0"),
        (lambda: donnan_potential_symmetric(1.0, 1.0, 298.0, -1), "valence is -1"),
        (lambda: teorell_meyer_sievers_potential(1.0, 0.0, 0.0, 1.0, 1.0, 298.0), r"D_cation \+ D_anion is 0.0"),
        (lambda: teorell_meyer_sievers_potential(1.0, -1.0, 2.0, 1.0, 1.0, 298.0), "D_cation is -1.0"),
        (lambda: teorell_meyer_sievers_potential(1.0, 1.0, 1.0, 0.0, 1.0, 298.0), "left is 0.0"),
        (lambda: teorell_meyer_sievers_potential(1.0, 1.0, 1.0, 1.0, math.nan, 298.0), "right is nan"),
    ],
)
def test_values_out_of_range_are_refused(call, message: str) -> None:
    with pytest.raises(CaseError, match=message):
        call()
