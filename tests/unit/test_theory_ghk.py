"""Goldman-Hodgkin-Katz flux, current and voltages."""

import decimal
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from electrodiff.errors import CaseError
from electrodiff.theory import (
    bernoulli,
    ghk_current,
    ghk_flux,
    ghk_flux_from_faces,
    ghk_reversal_potential,
    ghk_voltage,
    nernst_potential,
)

GAS_CONSTANT, FARADAY = 8.31446261815324, 96485.33212331  # SI 2019
VOLT = FARADAY / (GAS_CONSTANT * 310.0)  # 1 V in units of R T / F at 310 K

SQUID = {
    "permeabilities": {"K": 1.0, "Na": 0.04, "Cl": 0.45},
    "valences": {"K": 1, "Na": 1, "Cl": -1},
    "inside": {"K": 400.0, "Na": 50.0, "Cl": 52.0},
    "outside": {"K": 20.0, "Na": 440.0, "Cl": 560.0},
    "temperature": 293.15,
}

concentrations = st.floats(1e-3, 1e3)
permeabilities = st.floats(1e-4, 1e4)
monovalent_ion = st.tuples(permeabilities, st.sampled_from([-1, 1]), concentrations, concentrations)
any_ion = st.tuples(permeabilities, st.sampled_from([-3, -2, -1, 1, 2, 3]), concentrations, concentrations)


def columns(ions: list[tuple[float, int, float, float]]) -> tuple[list[float], ...]:
    """Permeabilities, valences, inside and outside of a list of ions."""
    return tuple(list(column) for column in zip(*ions, strict=True))


def bernoulli_with_400_digits(u: float) -> float:
    with decimal.localcontext(prec=400):  # more than the 300 that e^u - 1 loses at u = 1e-300
        exact = decimal.Decimal(u)
        return float(exact / (exact.exp() - 1)) if u else 1.0


@pytest.mark.parametrize("size", [1e-300, 1e-20, 1e-9, 1e-3, 0.5, 1.0, 3.0, 30.0, 36.5, 40.0, 300.0, 700.0])
def test_bernoulli_keeps_all_digits_at_any_size_and_sign(size: float) -> None:
    # 4 eps: one rounding each of expm1, exp, the quotient and the product.
    for u in (size, -size):
        assert bernoulli(u) == pytest.approx(bernoulli_with_400_digits(u), rel=4 * np.finfo(float).eps)


@given(st.floats(-1e3, 1e3))
def test_bernoulli_of_minus_u_is_bernoulli_of_u_plus_u(u: float) -> None:
    assert bernoulli(-u) == pytest.approx(bernoulli(u) + u, rel=1e-14, abs=1e-13 * abs(u))


def test_bernoulli_has_its_limits_at_zero_and_infinity_in_arrays_too() -> None:
    u = np.array([0.0, -0.0, np.inf, -np.inf, 1e6, -1e6, np.nan])
    assert np.array_equal(bernoulli(u), [1.0, 1.0, 0.0, np.inf, 0.0, 1e6, np.nan], equal_nan=True)
    assert isinstance(bernoulli(0.0), float)
    assert np.shape(bernoulli(np.zeros((2, 3)))) == (2, 3)


@pytest.mark.parametrize("valence", [-2, -1, 1, 2])
@pytest.mark.parametrize("voltage", [-0.2, -0.065, -1e-6, 1e-3, 0.1])
def test_ghk_flux_is_the_quadrature_of_nernst_planck_in_a_constant_field(valence: int, voltage: float) -> None:
    """J times the integral of exp(z phi) over the slab is P (c_in exp(z phi_in) - c_out exp(z phi_out))."""
    permeability, inside, outside = 3e-8, 140.0, 4.0
    u = valence * voltage * VOLT
    resistance, _ = quad(lambda s: math.exp(u * (1.0 - s)), 0.0, 1.0, epsabs=0.0, epsrel=1e-13)
    expected = permeability * (inside * math.exp(u) - outside) / resistance
    # rtol 1e-12: round-off of the quadrature; nothing cancels more than tenfold at these values.
    assert ghk_flux(permeability, valence, inside, outside, voltage, 310.0) == pytest.approx(expected, rel=1e-12)


def test_ghk_flux_without_voltage_or_without_charge_is_fick() -> None:
    assert ghk_flux(2e-7, 1, 140.0, 4.0, 0.0, 310.0) == pytest.approx(2e-7 * 136.0, rel=1e-15)
    assert ghk_flux(2e-7, 0, 140.0, 4.0, -0.5, 310.0) == pytest.approx(2e-7 * 136.0, rel=1e-15)
    assert ghk_current(2e-7, 0, 140.0, 4.0, -0.5, 310.0) == 0.0


def test_ghk_flux_is_continuous_through_zero_voltage() -> None:
    # J = P [(c_in - c_out) + u (c_in + c_out) / 2 + ...]; at u = 4e-8 the next term is 1e-16 of the first.
    u = 1e-9 * VOLT
    expected = 136.0 + 0.5 * u * 144.0
    assert ghk_flux(1.0, 1, 140.0, 4.0, 1e-9, 310.0) == pytest.approx(expected, rel=1e-15)


def test_ghk_flux_at_large_voltage_is_drift_of_the_side_it_comes_from() -> None:
    # The other side counts exp(-|u|), below 1e-16 of the first at 1.5 V (u = 56).
    u = 1.5 * VOLT
    assert ghk_flux(1.0, 1, 140.0, 4.0, 1.5, 310.0) == pytest.approx(u * 140.0, rel=1e-14)
    assert ghk_flux(1.0, 1, 140.0, 4.0, -1.5, 310.0) == pytest.approx(-u * 4.0, rel=1e-14)
    assert ghk_flux(1.0, -1, 140.0, 4.0, 1.5, 310.0) == pytest.approx(-u * 4.0, rel=1e-14)
    assert math.isfinite(ghk_flux(1.0, 1, 140.0, 4.0, -1e6, 310.0))


@given(any_ion)
def test_ghk_flux_vanishes_at_the_nernst_potential(ion: tuple[float, int, float, float]) -> None:
    permeability, valence, inside, outside = ion
    voltage = nernst_potential(valence, inside, outside, 310.0)
    u = valence * voltage * VOLT
    one_way = permeability * bernoulli(-u) * inside
    # The argument, up to 14, is rounded twice: 14 eps of the one-way flux, and a few more for the rest.
    assert abs(ghk_flux(permeability, valence, inside, outside, voltage, 310.0)) <= 1e-14 * one_way


def test_ghk_current_is_the_charge_of_the_flux() -> None:
    voltages = np.linspace(-0.1, 0.1, 5)
    flux = ghk_flux(1e-8, -2, 5.0, 50.0, voltages, 310.0)
    assert ghk_current(1e-8, -2, 5.0, 50.0, voltages, 310.0) == pytest.approx(-2 * FARADAY * flux, rel=1e-14)


def test_flux_from_faces_and_from_the_bulk_differ_by_the_debye_layers_only() -> None:
    """Layers in equilibrium keep the electrochemical potential of the bulk at the face of the slab.

    So with face values the flux still vanishes at the Nernst potential of the bulk, whatever the layers take.
    """
    left_drop, right_drop = 0.003, -0.002  # phi(face) - phi(bulk) [V]
    voltage = nernst_potential(1, 140.0, 4.0, 310.0)
    left_face, right_face = 140.0 * math.exp(-left_drop * VOLT), 4.0 * math.exp(-right_drop * VOLT)
    slab_voltage = voltage + left_drop - right_drop
    flux = ghk_flux_from_faces(1.0, 1, left_face, right_face, slab_voltage, 310.0)
    assert abs(flux) < 1e-12  # round-off of a one-way flux of 15
    assert flux != ghk_flux_from_faces(1.0, 1, left_face, right_face, voltage, 310.0)
    assert ghk_flux_from_faces(1.0, 1, 140.0, 4.0, voltage, 310.0) == ghk_flux(1.0, 1, 140.0, 4.0, voltage, 310.0)


def test_ghk_voltage_of_the_squid_axon() -> None:
    # Hodgkin and Katz (1949) ratios 1 : 0.04 : 0.45 at 20 degC: 25.2616 mV * ln((20 + 17.6 + 23.4) / (400 + 2 + 252)),
    # printed to 0.01 mV.
    assert ghk_voltage(**SQUID) == pytest.approx(-59.93e-3, abs=0.005e-3)


def test_ghk_voltage_of_a_mammalian_cell() -> None:
    # R T / F ln((5 + 0.05 * 145) / (140 + 0.05 * 10)) = 26.7267 mV * ln(12.25 / 140.5), printed to 0.001 mV.
    voltage = ghk_voltage([1.0, 0.05, 0.0], [1, 1, -1], [140, 10, 10], [5, 145, 110], 310.15)
    assert voltage == pytest.approx(-65.205e-3, abs=0.0005e-3)


def test_sequences_arrays_and_mappings_give_the_same_ghk_voltage() -> None:
    tables = [SQUID[name] for name in ("permeabilities", "valences", "inside", "outside")]
    lists = [list(table.values()) for table in tables]
    arrays = [np.array(values) for values in lists]
    assert ghk_voltage(*lists, 293.15) == ghk_voltage(*arrays, 293.15) == ghk_voltage(**SQUID)


def test_ghk_voltage_takes_a_sweep_of_one_concentration() -> None:
    potassium = np.array([2.0, 20.0, 200.0])
    swept = ghk_voltage(**(SQUID | {"outside": {"K": potassium, "Na": 440.0, "Cl": 560.0}}))
    assert np.shape(swept) == (3,)
    assert swept[1] == ghk_voltage(**SQUID)
    assert np.all(np.diff(swept) > 0.0)


def test_ion_without_permeability_does_not_count_and_a_missing_one_is_absent() -> None:
    more = SQUID | {
        "inside": SQUID["inside"] | {"A": 345.0},
        "valences": SQUID["valences"] | {"A": -1, "Ca": 2},
        "outside": SQUID["outside"] | {"Ca": 10.0},
    }
    assert ghk_voltage(**more) == ghk_voltage(**SQUID)
    impermeant = more | {"permeabilities": SQUID["permeabilities"] | {"Ca": 0.0, "A": 0.0}}
    assert ghk_voltage(**impermeant) == ghk_voltage(**SQUID)


def test_a_permeant_neutral_molecule_does_not_change_the_voltages() -> None:
    glucose = {
        "permeabilities": SQUID["permeabilities"] | {"glucose": 100.0},
        "valences": SQUID["valences"] | {"glucose": 0},
        "outside": SQUID["outside"] | {"glucose": 5.0},
    }
    assert ghk_voltage(**(SQUID | glucose)) == ghk_voltage(**SQUID)
    assert ghk_reversal_potential(**(SQUID | glucose)) == ghk_reversal_potential(**SQUID)


@given(st.lists(monovalent_ion, min_size=1, max_size=4))
def test_ghk_voltage_lies_between_the_nernst_potentials(ions: list[tuple[float, int, float, float]]) -> None:
    potentials = [nernst_potential(z, inside, outside, 310.0) for _, z, inside, outside in ions]
    voltage = ghk_voltage(*columns(ions), 310.0)
    assert min(potentials) - 1e-15 <= voltage <= max(potentials) + 1e-15  # round-off of up to 0.4 V


@given(st.lists(monovalent_ion, min_size=1, max_size=4), st.floats(1e-12, 1e12))
def test_ghk_voltage_does_not_change_when_all_permeabilities_are_scaled(
    ions: list[tuple[float, int, float, float]], factor: float
) -> None:
    P, z, inside, outside = columns(ions)
    scaled = ghk_voltage([factor * p for p in P], z, inside, outside, 310.0)
    assert scaled == pytest.approx(ghk_voltage(P, z, inside, outside, 310.0), abs=1e-16)  # a few eps of R T / F


@given(st.lists(monovalent_ion, min_size=1, max_size=4))
def test_ghk_voltage_changes_sign_when_the_sides_are_swapped(
    ions: list[tuple[float, int, float, float]],
) -> None:
    P, z, inside, outside = columns(ions)
    swapped = ghk_voltage(P, z, outside, inside, 310.0)
    assert swapped == pytest.approx(-ghk_voltage(P, z, inside, outside, 310.0), rel=1e-14, abs=1e-16)


@settings(deadline=None)  # the first call imports scipy.optimize
@given(st.lists(monovalent_ion, min_size=1, max_size=4))
def test_reversal_potential_of_monovalent_ions_is_the_ghk_voltage(
    ions: list[tuple[float, int, float, float]],
) -> None:
    reversal = ghk_reversal_potential(*columns(ions), 310.0)
    # The current is round-off over some eps R T / F of voltage, more where permeabilities are 1e8 apart.
    assert reversal == pytest.approx(ghk_voltage(*columns(ions), 310.0), rel=1e-13, abs=1e-15)


@settings(deadline=None)
@given(st.lists(any_ion, min_size=1, max_size=4))
def test_total_current_vanishes_at_the_reversal_potential_of_any_valences(
    ions: list[tuple[float, int, float, float]],
) -> None:
    voltage = ghk_reversal_potential(*columns(ions), 310.0)
    currents = [ghk_current(*ion, voltage, 310.0) for ion in ions]
    one_way = sum(FARADAY * abs(z) * P * bernoulli(-z * voltage * VOLT) * inside for P, z, inside, _ in ions)
    one_way += sum(FARADAY * abs(z) * P * bernoulli(z * voltage * VOLT) * outside for P, z, _, outside in ions)
    potentials = [nernst_potential(z, inside, outside, 310.0) for _, z, inside, outside in ions]
    assert abs(math.fsum(currents)) <= 1e-13 * one_way  # arguments of up to 42 are rounded: 42 eps
    assert min(potentials) - 1e-15 <= voltage <= max(potentials) + 1e-15


def test_reversal_potential_of_calcium_and_potassium_is_the_root_of_a_quadratic() -> None:
    """With K inside and Ca outside only, x = exp(V F / R T) obeys P_K [K] x (x + 1) = 4 P_Ca [Ca].

    From z u / (1 - e^-zu) for both ions; a quadratic in x (Lewis, J. Physiol. 286 (1979) 417).
    """
    P_K, potassium, P_Ca, calcium = 1.0, 140.0, 3.0, 2.0
    ratio = 4.0 * P_Ca * calcium / (P_K * potassium)
    x = (-1.0 + math.sqrt(1.0 + 4.0 * ratio)) / 2.0
    reversal = ghk_reversal_potential(
        {"K": P_K, "Ca": P_Ca}, {"K": 1, "Ca": 2}, {"K": potassium}, {"Ca": calcium}, 310.0
    )
    assert reversal == pytest.approx(math.log(x) / VOLT, rel=1e-13)  # round-off


@pytest.mark.parametrize("absent_side", [0.0, 1e-250])
def test_reversal_potential_far_outside_the_finite_nernst_potentials_is_found(absent_side: float) -> None:
    # K leaves and very little Na enters: V = R T / F ln(P_Na Na / (P_K K)), -700 R T / F or so.
    reversal = ghk_reversal_potential([1.0, 1e-200], [1, 1], [140.0, absent_side], [0.0, 1e-100], 310.0)
    expected = (math.log(1e-200) + math.log(1e-100) - math.log(140.0)) / VOLT
    assert reversal == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize("voltage", [ghk_voltage, ghk_reversal_potential])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"permeabilities": {"K": 0.0}}, "no ion carries a current; give"),
        ({"permeabilities": {"K": 1.0}, "outside": {}}, "in one direction only"),
        ({"permeabilities": {"K": 1.0}, "inside": {}}, "in one direction only"),
        ({"permeabilities": {"Cl": 1.0}, "inside": {}}, "in one direction only"),
        ({"permeabilities": {"Cl": 1.0}, "outside": {}}, "in one direction only"),
        ({"permeabilities": {"K": -1.0}}, "permeability of ion K is -1.0"),
        ({"permeabilities": {"K": math.nan}}, "permeability of ion K is nan"),
        ({"inside": {"K": -1.0}}, "inside of ion K is -1.0"),
        ({"outside": {"Na": math.nan}}, "outside of ion Na is nan"),
        ({"permeabilities": {"K": 1.0, "Rb": 1.0}}, "valences has no value for Rb; give"),
        ({"inside": [400.0, 50.0, 52.0]}, "mappings and sequences mixed"),
        ({"permeabilities": [1.0, 0.04, 0.45]}, "mappings and sequences mixed"),
        ({"temperature": 0.0}, "temperature is 0.0"),
    ],
)
def test_voltages_refuse_what_they_cannot_answer(voltage, change: dict[str, object], message: str) -> None:
    with pytest.raises(CaseError, match=message):
        voltage(**(SQUID | change))


def test_sequences_of_different_length_are_refused() -> None:
    with pytest.raises(CaseError, match="outside has 1 values for 2 ions; give one for every ion"):
        ghk_voltage([1.0, 1.0], [1, 1], [1.0, 2.0], [1.0], 310.0)


def test_ghk_voltage_refuses_a_permeant_divalent_ion_and_names_the_remedy() -> None:
    divalent = SQUID | {"valences": {"K": 1, "Na": 2, "Cl": -1}}
    with pytest.raises(CaseError, match=r"valence of ion Na is 2; .* use ghk_reversal_potential"):
        ghk_voltage(**divalent)
    assert math.isfinite(ghk_reversal_potential(**divalent))


@pytest.mark.parametrize("position", range(4))
def test_ghk_flux_refuses_negative_permeability_and_concentrations_and_zero_temperature(position: int) -> None:
    arguments = [1.0, 140.0, 4.0, 310.0]
    arguments[position] = -1.0
    permeability, inside, outside, temperature = arguments
    with pytest.raises(CaseError, match=r"is -1\.0; expected"):
        ghk_flux(permeability, 1, inside, outside, 0.0, temperature)
