"""Slope, chord and equilibrium conductance of the Goldman-Hodgkin-Katz current."""

import decimal
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from electrodiff.errors import CaseError
from electrodiff.theory import (
    ghk_conductance_chord,
    ghk_conductance_equilibrium,
    ghk_conductance_slope,
    ghk_current,
    ghk_permeability_from_chord,
    ghk_permeability_from_equilibrium,
    ghk_permeability_from_slope,
    nernst_potential,
)

GAS_CONSTANT, FARADAY = 8.31446261815324, 96485.33212331  # SI 2019
VOLT = FARADAY / (GAS_CONSTANT * 310.0)  # 1 V in units of R T / F at 310 K
UNIT = 1.0 / (FARADAY * VOLT)  # the permeability for which P F^2 / (R T) is 1

concentrations = st.floats(1e-3, 1e3)
valences = st.sampled_from([-3, -2, -1, 1, 2, 3])
voltages = st.floats(-0.3, 0.3)


def fall_with_400_digits(u: float) -> float:
    """-B'(u) = (u e^u - e^u + 1) / (e^u - 1)^2."""
    with decimal.localcontext(prec=400):  # more than the 240 that the numerator loses at u = 1e-120
        exact = decimal.Decimal(u)
        return float((exact * exact.exp() - exact.exp() + 1) / (exact.exp() - 1) ** 2)


@pytest.mark.parametrize("size", [1e-120, 1e-20, 1e-9, 1e-3, 0.1, 0.39, 0.41, 0.5, 1.0, 3.0, 30.0, 40.0, 300.0, 690.0])
def test_slope_conductance_keeps_all_digits_at_any_voltage(size: float) -> None:
    """An ion on the outside only has the slope conductance -B'(u), for a permeability of R T / F^2."""
    for u in (size, -size):
        slope = ghk_conductance_slope(UNIT, 1, 0.0, 1.0, u / VOLT, 310.0)
        # The argument is rounded twice, which the exponential turns into |u| eps; the cancellation left costs 10 eps.
        assert slope == pytest.approx(fall_with_400_digits(u), rel=(10 + 2 * size) * np.finfo(float).eps)


@given(valences, concentrations, concentrations, voltages)
def test_slope_conductance_is_the_difference_of_the_current(
    valence: int, inside: float, outside: float, voltage: float
) -> None:
    h = 1e-5
    near, far = (
        ghk_current(1.0, valence, inside, outside, voltage + step, 310.0)
        - ghk_current(1.0, valence, inside, outside, voltage - step, 310.0)
        for step in (h, 2 * h)
    )
    slope = ghk_conductance_slope(1.0, valence, inside, outside, voltage, 310.0)
    # Differences of fourth order: (3 h VOLT)^4 / 30 = 5e-14; and round-off of the current, which is below z F (u + 1) c,
    # over h: eps (u + 1) / (h VOLT) of the conductance of the larger concentration, 2e-11 at u = 34.
    largest = valence**2 * FARADAY * VOLT * max(inside, outside)
    assert (8 * near - far) / (12 * h) == pytest.approx(slope, abs=1e-10 * largest)


def test_slope_conductance_without_voltage_is_that_of_the_mean_concentration() -> None:
    slope = ghk_conductance_slope(2e-7, 2, 140.0, 4.0, 0.0, 310.0)
    assert slope == pytest.approx(2e-7 * 4 * FARADAY * VOLT * 72.0, rel=1e-14)


@pytest.mark.parametrize("valence", [-2, -1, 1, 2])
def test_ghk_current_rectifies_by_the_ratio_of_the_concentrations(valence: int) -> None:
    # At 2 V the other side counts u exp(-u) = 1e-31 or less, and B(-u) - u as much.
    outward, inward = (ghk_conductance_slope(1.0, valence, 140.0, 4.0, V, 310.0) for V in (2.0, -2.0))
    assert outward / inward == pytest.approx((140.0 / 4.0) ** (1 if valence > 0 else -1), rel=1e-14)
    extreme = ghk_conductance_slope(1.0, valence, 140.0, 4.0, np.array([np.inf, -np.inf, 1e6]), 310.0)
    assert extreme == pytest.approx([outward, inward, outward], rel=1e-14)


@given(valences, concentrations, concentrations, voltages)
def test_current_is_the_chord_conductance_times_the_driving_force(
    valence: int, inside: float, outside: float, voltage: float
) -> None:
    force = voltage - nernst_potential(valence, inside, outside, 310.0)
    chord = ghk_conductance_chord(1.0, valence, inside, outside, voltage, 310.0)
    current = ghk_current(1.0, valence, inside, outside, voltage, 310.0)
    # Round-off of the two one-way currents, each below z F (u + 1) c, with arguments u and w of up to 50.
    one_way = FARADAY * abs(valence) * (abs(valence * voltage) * VOLT + 1.0) * max(inside, outside)
    assert chord * force == pytest.approx(current, abs=1e-13 * one_way)


@given(valences, concentrations, concentrations)
def test_slope_and_chord_agree_at_equilibrium(valence: int, inside: float, outside: float) -> None:
    E = nernst_potential(valence, inside, outside, 310.0)
    equilibrium = ghk_conductance_equilibrium(3e-8, valence, inside, outside, 310.0)
    # z E F / R T of up to 14 is rounded three times: 42 eps.
    assert ghk_conductance_chord(3e-8, valence, inside, outside, E, 310.0) == pytest.approx(equilibrium, rel=2e-14)
    # w(-u) c_in + w(u) c_out are equal parts but for a factor u; both see the rounding of u.
    assert ghk_conductance_slope(3e-8, valence, inside, outside, E, 310.0) == pytest.approx(equilibrium, rel=2e-14)


def test_equilibrium_conductance_of_potassium_by_hand() -> None:
    # P F^2 / (R T) = 2e-7 * 96485.33 / 0.02671364 = 0.722367; 140 * 4 * ln(35) / 136 = 14.63961; product 10.5752 S/m^2.
    assert ghk_conductance_equilibrium(2e-7, 1, 140.0, 4.0, 310.0) == pytest.approx(10.5752, abs=5e-4)


def test_equilibrium_conductance_of_equal_baths_is_that_of_their_concentration() -> None:
    assert ghk_conductance_equilibrium(2e-7, -2, 30.0, 30.0, 310.0) == pytest.approx(
        2e-7 * 4 * FARADAY * VOLT * 30.0, rel=1e-14
    )


def test_ion_absent_from_one_side_has_a_slope_but_neither_chord_nor_equilibrium() -> None:
    assert ghk_conductance_slope(1e-7, 1, 140.0, 0.0, -0.065, 310.0) > 0.0
    assert ghk_conductance_chord(1e-7, 1, 140.0, 0.0, -0.065, 310.0) == 0.0
    assert ghk_conductance_equilibrium(1e-7, 1, 0.0, 140.0, 310.0) == 0.0
    for inverse, at in (
        (ghk_permeability_from_chord, (-0.065, 310.0)),
        (ghk_permeability_from_equilibrium, (310.0,)),
    ):
        with pytest.raises(CaseError, match=r"conductance per permeability is 0\.0; .* present on both sides"):
            inverse(1.0, 1, 140.0, 0.0, *at)


@given(valences, concentrations, concentrations, voltages, st.floats(1e-12, 1e-3))
def test_permeability_comes_back_from_each_conductance(
    valence: int, inside: float, outside: float, voltage: float, permeability: float
) -> None:
    # One multiplication and one division by the same number: a few eps.
    ion, at = (valence, inside, outside), (voltage, 310.0)
    slope = ghk_conductance_slope(permeability, *ion, *at)
    assert ghk_permeability_from_slope(slope, *ion, *at) == pytest.approx(permeability, rel=1e-14)
    chord = ghk_conductance_chord(permeability, *ion, *at)
    assert ghk_permeability_from_chord(chord, *ion, *at) == pytest.approx(permeability, rel=1e-14)
    equilibrium = ghk_conductance_equilibrium(permeability, *ion, 310.0)
    assert ghk_permeability_from_equilibrium(equilibrium, *ion, 310.0) == pytest.approx(permeability, rel=1e-14)


def test_conductances_broadcast_and_scalars_give_scalars() -> None:
    V = np.linspace(-0.1, 0.1, 5)
    potassium = np.array([[4.0], [20.0]])
    for conductance in (ghk_conductance_slope, ghk_conductance_chord):
        assert np.shape(conductance(1e-7, 1, 140.0, potassium, V, 310.0)) == (2, 5)
        assert isinstance(conductance(1e-7, 1, 140.0, 4.0, -0.065, 310.0), float)
    assert np.shape(ghk_conductance_equilibrium(1e-7, 1, 140.0, potassium, 310.0)) == (2, 1)
    assert isinstance(ghk_conductance_equilibrium(1e-7, 1, 140.0, 4.0, 310.0), float)


@pytest.mark.parametrize("conductance", [ghk_conductance_slope, ghk_conductance_chord])
@pytest.mark.parametrize("position", [0, 2, 3, 5])
def test_conductances_refuse_negative_values(conductance, position: int) -> None:
    arguments = [1e-7, 1, 140.0, 4.0, -0.065, 310.0]
    arguments[position] = -1.0
    with pytest.raises(CaseError, match=r"is -1\.0; expected"):
        conductance(*arguments)


def test_permeability_refuses_a_negative_conductance_and_an_uncharged_molecule() -> None:
    with pytest.raises(CaseError, match=r"conductance is -1\.0; expected"):
        ghk_permeability_from_slope(-1.0, 1, 140.0, 4.0, -0.065, 310.0)
    with pytest.raises(CaseError, match="expected above zero: a charged ion"):
        ghk_permeability_from_slope(1.0, 0, 140.0, 4.0, -0.065, 310.0)
    with pytest.raises(CaseError, match="valence is 0"):
        ghk_conductance_chord(1e-7, 0, 140.0, 4.0, -0.065, 310.0)
    assert math.isfinite(ghk_conductance_slope(1e-7, 0, 140.0, 4.0, -0.065, 310.0))
