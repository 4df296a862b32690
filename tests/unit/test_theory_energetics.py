"""What transport costs: ATP, free energy stored and lost."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from electrodiff.errors import CaseError
from electrodiff.theory import (
    atp_free_energy,
    atp_rate_from_leak,
    atp_rate_from_pump_current,
    dissipation,
    electrochemical_potential_difference,
    ghk_flux,
    pump_efficiency,
    pump_free_energy,
)

GAS_CONSTANT, FARADAY = 8.31446261815324, 96485.33212331  # SI 2019


def test_atp_of_an_erythrocyte_is_worth_52_kilojoules() -> None:
    # Lehninger (2005), worked example 13-2: ATP 2.25, ADP 0.25, P_i 1.65 mM at 25 degC give -30.5 - 21 = -52 kJ/mol.
    assert atp_free_energy(2.25, 0.25, 1.65, 298.15) == pytest.approx(-52e3, abs=0.5e3)


def test_atp_is_worth_its_standard_free_energy_at_one_molar_and_nothing_at_equilibrium() -> None:
    assert atp_free_energy(1000.0, 1000.0, 1000.0, 310.0, -30e3) == -30e3
    adp = 1e3 * math.exp(30e3 / (GAS_CONSTANT * 310.0))  # the equilibrium constant, with ATP and P_i at 1 mol/L
    assert atp_free_energy(1000.0, adp, 1000.0, 310.0, -30e3) == pytest.approx(0.0, abs=1e-10)  # round-off of 30 kJ/mol


def test_a_faraday_of_net_pump_current_costs_a_mole_of_atp() -> None:
    assert atp_rate_from_pump_current(FARADAY) == pytest.approx(1.0, rel=1e-12)  # printed digits of F
    assert atp_rate_from_pump_current(np.array([0.0, 0.005])) == pytest.approx([0.0, 5.1821e-8], rel=1e-4)  # as printed


def test_leaks_of_three_sodium_in_and_two_potassium_out_cost_one_atp() -> None:
    assert atp_rate_from_leak(-3e-7) == pytest.approx(1e-7, rel=1e-15)
    assert atp_rate_from_leak(2e-7, -2.0) == pytest.approx(1e-7, rel=1e-15)
    assert atp_rate_from_leak(np.array([-3e-7, 3e-7])) == pytest.approx([1e-7, -1e-7], rel=1e-15)


concentrations = st.floats(1e-2, 1e3)


@given(st.sampled_from([-2, -1, 1, 2]), concentrations, concentrations, st.floats(-0.2, 0.2))
def test_leaks_never_gain_free_energy(valence: int, inside: float, outside: float, voltage: float) -> None:
    flux = ghk_flux(1e-7, valence, inside, outside, voltage, 310.0)
    difference = electrochemical_potential_difference(valence, inside, outside, voltage, 310.0)
    # At equilibrium both are round-off, of 1e-7 * 1e3 * 16 and of 7e4, in sign too.
    assert dissipation([flux], [difference]) >= -1e-26 * 1e3 * 7e4


def test_dissipation_sums_over_the_ions_by_name_or_in_order() -> None:
    named = dissipation({"Na": -2e-7, "K": 1e-7}, {"K": 3e3, "Na": -1.4e4})
    assert named == pytest.approx(2.8e-3 + 3e-4, rel=1e-15)
    assert dissipation([-2e-7, 1e-7], [-1.4e4, 3e3]) == named


def test_turnover_of_a_pump_stores_three_sodium_and_two_potassium() -> None:
    # Na 12|145, K 140|4 mM at -70 mV and 310 K:
    # 3 (2.5775 ln(145/12) + 6.754) + 2 (2.5775 ln(140/4) - 6.754) = 3 * 13.177 + 2 * 2.410 = 44.35 kJ/mol
    sodium = electrochemical_potential_difference(1, 12.0, 145.0, -0.07, 310.0)
    potassium = electrochemical_potential_difference(1, 140.0, 4.0, -0.07, 310.0)
    stored = pump_free_energy(sodium, potassium)
    assert stored == pytest.approx(44.35e3, abs=0.01e3)
    # Counted ion by ion with the voltage apart: one net charge leaves against 70 mV.
    chemical = GAS_CONSTANT * 310.0 * (3.0 * math.log(145.0 / 12.0) + 2.0 * math.log(140.0 / 4.0))
    assert stored == pytest.approx(chemical + FARADAY * 0.07, rel=1e-12)  # round-off, and digits of F
    assert pump_efficiency(stored, -55.4375e3) == pytest.approx(0.8, abs=2e-4)  # 44.35 / 55.4375


def test_pump_between_equal_solutions_stores_nothing() -> None:
    assert pump_free_energy(0.0, 0.0) == 0.0
    assert pump_efficiency(np.array([0.0, 25e3]), -50e3) == pytest.approx([0.0, 0.5], abs=1e-15)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: atp_free_energy(0.0, 1.0, 1.0, 310.0), r"atp is 0\.0"),
        (lambda: atp_free_energy(1.0, math.nan, 1.0, 310.0), "adp is nan"),
        (lambda: atp_free_energy(1.0, 1.0, -1.0, 310.0), r"phosphate is -1\.0"),
        (lambda: atp_free_energy(1.0, 1.0, 1.0, 0.0), r"temperature is 0\.0"),
        (lambda: atp_rate_from_leak(1.0, 0.0), r"pumped_per_atp is 0\.0"),
        (lambda: pump_efficiency(1.0, 5e4), r"atp_energy is 50000\.0; expected below zero"),
        (lambda: dissipation({"Na": 1.0}, {"K": 1.0}), "differences has no value for Na"),
    ],
)
def test_values_out_of_range_are_refused(make, message: str) -> None:
    with pytest.raises(CaseError, match=message):
        make()
