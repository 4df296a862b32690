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
    ghk_pump_ceiling,
    ghk_reversal_potential,
    ghk_voltage,
    ghk_voltage_pumped,
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

MAMMAL = {
    "permeabilities": {"K": 1.0, "Na": 0.05, "Cl": 0.0},
    "valences": {"K": 1, "Na": 1, "Cl": -1},
    "inside": {"K": 140.0, "Na": 10.0, "Cl": 10.0},
    "outside": {"K": 5.0, "Na": 145.0, "Cl": 110.0},
    "temperature": 310.15,
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


def test_ghk_current_without_voltage_is_the_charge_of_diffusion() -> None:
    for valence in (-1, 1, 2):
        current = ghk_current(3e-8, valence, 140.0, 4.0, 0.0, 310.0)
        assert current == pytest.approx(3e-8 * 136.0 * valence * FARADAY, rel=1e-15)


def test_ghk_current_between_equal_baths_is_ohmic_at_any_voltage() -> None:
    # B(-u) - B(u) = u: I = P z^2 F^2 c V / (R T).  rtol: B(-u) and B(u) of 1, whose difference is u = 4e-3 at least.
    voltages = np.array([-3.0, -0.1, -1e-4, 1e-4, 0.1, 3.0])
    for valence in (-2, 1):
        current = ghk_current(3e-8, valence, 150.0, 150.0, voltages, 310.0)
        assert current == pytest.approx(3e-8 * valence**2 * FARADAY * VOLT * 150.0 * voltages, rel=2e-13)


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
    assert ghk_voltage(**MAMMAL) == pytest.approx(-65.205e-3, abs=0.0005e-3)


def test_pump_of_three_sodium_for_two_potassium_hyperpolarises_a_mammalian_cell() -> None:
    # 26.7267 mV * ln((1.5 * 5 + 0.05 * 145) / (1.5 * 140 + 0.05 * 10)) = 26.7267 mV * ln(14.75 / 210.5).
    assert ghk_voltage_pumped(**MAMMAL) == pytest.approx(-71.046e-3, abs=0.0005e-3)  # printed to 0.001 mV
    lists = [list(MAMMAL[name].values()) for name in ("permeabilities", "valences", "inside", "outside")]
    assert ghk_voltage_pumped(*lists, 310.15, imported=0) == ghk_voltage_pumped(**MAMMAL)


def test_pumped_voltage_takes_arrays_of_concentrations_and_ratios() -> None:
    tables = ([0.04, 1.0], [1, 1], [12.0, 140.0])
    sweep = ghk_voltage_pumped(*tables, [145.0, np.array([1.0, 4.0])], 310.0, imported=1)
    assert sweep[1] == ghk_voltage_pumped(*tables, [145.0, 4.0], 310.0, imported=1)
    ratios = ghk_voltage_pumped(*tables, [145.0, 4.0], 310.0, np.array([1.5, 1.0]), imported=1)
    assert ratios.tolist() == [sweep[1], ghk_voltage(*tables, [145.0, 4.0], 310.0)]


@pytest.mark.parametrize("cell", [MAMMAL, SQUID])
def test_pumped_cell_balances_its_currents_and_its_potassium(cell: dict[str, dict[str, float]]) -> None:
    """The pump brings in the potassium that leaks out, and its current r - 1 times that closes the circuit."""
    r = 1.5
    voltage = ghk_voltage_pumped(**cell, pump_ratio=r)
    ions = [
        (cell["permeabilities"][ion], z, cell["inside"][ion], cell["outside"][ion])
        for ion, z in cell["valences"].items()
    ]
    currents = [ghk_current(*ion, voltage, cell["temperature"]) for ion in ions]
    pump = (r - 1.0) * currents[0]  # potassium is the first
    assert pump > 0.0
    assert abs(sum(currents) + pump) < 1e-14 * FARADAY * 400.0 * 5.0  # round-off of one-way currents, u < 5


@settings(max_examples=1000, deadline=None)
@given(st.lists(monovalent_ion, min_size=1, max_size=4), st.floats(0.1, 10.0), permeabilities, concentrations)
def test_pump_moves_the_potential_by_no_more_than_its_ceiling(
    ions: list[tuple[float, int, float, float]], ratio: float, permeability: float, inside: float
) -> None:
    tables = columns([(permeability, 1, inside, 1.0), *ions])
    moved = ghk_voltage_pumped(*tables, 310.0, ratio, imported=0) - ghk_voltage(*tables, 310.0)
    assert abs(moved) <= ghk_pump_ceiling(ratio, 310.0) + 4e-16  # round-off of two voltages of up to 0.4 V


def test_pump_ceiling_is_approached_by_a_cell_whose_potassium_is_all_inside() -> None:
    # R T / F ln(3/2) = 26.714 mV * 0.405465, printed to 0.01 mV.
    ceiling = ghk_pump_ceiling(1.5, 310.0)
    assert ceiling == pytest.approx(10.83e-3, abs=0.005e-3)
    tables = ([1.0, 1.0], [1, 1], [140.0, 1e-12], [1e-12, 145.0], 310.0)
    moved = ghk_voltage_pumped(*tables, imported=0) - ghk_voltage(*tables)
    assert moved == pytest.approx(-ceiling, rel=1e-12)  # what is on the wrong side counts 1e-14
    assert ghk_voltage_pumped(*tables, 1.0, imported=0) == ghk_voltage(*tables)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"pump_ratio": 0.0}, "pump_ratio is 0.0; expected"),
        ({"imported": "Cl"}, "imported is Cl; expected a permeant cation"),
        ({"imported": "Rb"}, "imported is Rb; expected a permeant cation"),
        ({"temperature": -1.0}, "temperature is -1.0"),
    ],
)
def test_pumped_voltage_refuses_a_pump_that_cannot_be(change: dict[str, object], message: str) -> None:
    with pytest.raises(CaseError, match=message):
        ghk_voltage_pumped(**(SQUID | change))


@pytest.mark.parametrize(("arguments", "message"), [((0.0, 310.0), "pump_ratio"), ((1.5, 0.0), "temperature")])
def test_pump_ceiling_refuses_what_is_not_positive(arguments: tuple[float, float], message: str) -> None:
    with pytest.raises(CaseError, match=message):
        ghk_pump_ceiling(*arguments)


def test_hyperkalaemia_moves_rest_from_near_minus_70_towards_minus_52_millivolts() -> None:
    """P_Na / P_K = 0.04, sodium 12 | 145, potassium 140 inside, 4 and then 14 mol/m^3 outside, at 310 K.

    By hand: 26.714 mV * ln((4 + 5.8) / 140.48) = -71.13 mV, and 26.714 mV * ln((14 + 5.8) / 140.48) = -52.34 mV.
    """
    potassium = np.array([4.0, 6.0, 8.0, 10.0, 12.0, 14.0])
    rest = ghk_voltage(
        {"K": 1.0, "Na": 0.04}, {"K": 1, "Na": 1}, {"K": 140.0, "Na": 12.0}, {"K": potassium, "Na": 145.0}, 310.0
    )
    assert rest[[0, -1]] == pytest.approx([-71.13e-3, -52.34e-3], abs=0.005e-3)  # printed to 0.01 mV
    assert np.all(np.diff(rest) > 0.0)
    # Less than the Nernst potential of potassium moves: sodium holds against it.
    assert np.all(np.diff(rest) < np.diff(nernst_potential(1, 140.0, potassium, 310.0)))


def test_silencing_potassium_depolarises_towards_the_other_ions() -> None:
    share = np.array([1.0, 0.3, 0.1, 0.0])
    permeabilities = MAMMAL["permeabilities"] | {"K": share}
    rest = ghk_voltage(**(MAMMAL | {"permeabilities": permeabilities}))
    assert np.all(np.diff(rest) > 0.0)
    assert rest[-1] == pytest.approx(nernst_potential(1, 10.0, 145.0, 310.15), rel=1e-15)  # sodium alone


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


@settings(max_examples=1000, deadline=None)
@given(st.lists(monovalent_ion, min_size=1, max_size=4))
def test_ghk_voltage_lies_between_the_nernst_potentials(ions: list[tuple[float, int, float, float]]) -> None:
    potentials = [nernst_potential(z, inside, outside, 310.0) for _, z, inside, outside in ions]
    voltage = ghk_voltage(*columns(ions), 310.0)
    assert min(potentials) - 1e-15 <= voltage <= max(potentials) + 1e-15  # round-off of up to 0.4 V


@settings(max_examples=1000, deadline=None)
@given(st.lists(monovalent_ion, min_size=1, max_size=4), st.floats(1e-12, 1e12))
def test_ghk_voltage_does_not_change_when_all_permeabilities_are_scaled(
    ions: list[tuple[float, int, float, float]], factor: float
) -> None:
    P, z, inside, outside = columns(ions)
    scaled = ghk_voltage([factor * p for p in P], z, inside, outside, 310.0)
    assert scaled == pytest.approx(ghk_voltage(P, z, inside, outside, 310.0), abs=2e-16)  # eps of 0.4 V, twice


@settings(max_examples=1000, deadline=None)
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
