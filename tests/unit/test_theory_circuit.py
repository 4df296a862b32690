"""The membrane as conductances in parallel: resting potentials, slope conductance and leak-likeness."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from electrodiff.errors import CaseError
from electrodiff.theory import (
    Channel,
    boltzmann_gate,
    boltzmann_gate_slope,
    circuit_current,
    circuit_resting_potential,
    circuit_resting_potential_chord,
    circuit_resting_potentials,
    circuit_slope_conductance,
    ghk_conductance_chord,
    ghk_conductance_slope,
    ghk_current,
    ghk_reversal_potential,
    leak_likeness,
    leak_likeness_boltzmann,
    nernst_potential,
)

E_K, E_NA = -0.095, 0.067
POTASSIUM, SODIUM = Channel(1.0, E_K), Channel(0.05, E_NA)
CELL = {  # permeability [m/s], valence, inside, outside
    "K": (2e-7, 1, 140.0, 4.0),
    "Na": (8e-9, 1, 12.0, 145.0),
    "Cl": (9e-8, -1, 10.0, 149.0),
    "Ca": (1e-10, 2, 1e-4, 2.0),
}

voltages = st.floats(-0.15, 0.15)
slope_factors = st.floats(2e-3, 2e-2) | st.floats(-2e-2, -2e-3)


def ghk_channel(ion: tuple[float, int, float, float]) -> Channel:
    """The GHK current of an ion as a rectifying conductance and a battery."""
    P, z, inside, outside = ion
    return Channel(
        lambda V: ghk_conductance_chord(P, z, inside, outside, V, 310.0), nernst_potential(z, inside, outside, 310.0)
    )


def test_chord_rest_is_the_mean_of_the_batteries_weighted_with_the_conductances() -> None:
    # (1 * -95 + 0.05 * 67) / 1.05 = -87.2857 mV, printed to 0.1 uV.
    rest = circuit_resting_potential_chord({"K": 1.0, "Na": 0.05}, {"K": E_K, "Na": E_NA})
    assert rest == pytest.approx(-87.2857e-3, abs=0.5e-7)
    assert circuit_resting_potential_chord([1.0, 0.05], [E_K, E_NA]) == rest
    assert circuit_resting_potential([POTASSIUM, SODIUM]) == pytest.approx(rest, rel=1e-14)  # round-off


def test_pump_current_hyperpolarises_by_its_share_of_the_conductance() -> None:
    """10 mA/m^2 outward into 1.05 S/m^2: 9.5238 mV."""
    pumped = circuit_resting_potential_chord([1.0, 0.05], [E_K, E_NA], pump_current=0.01)
    assert pumped == pytest.approx((-87.2857 - 9.5238) * 1e-3, abs=1e-7)  # both printed to 0.1 uV
    assert circuit_resting_potential([POTASSIUM, SODIUM], pump_current=0.01) == pytest.approx(pumped, rel=1e-14)
    assert circuit_current([POTASSIUM, SODIUM], pumped, 0.01) == pytest.approx(0.0, abs=1e-16)


def test_silencing_potassium_depolarises_to_what_is_left() -> None:
    conductance = np.array([1.0, 0.3, 0.1, 0.0])
    rest = circuit_resting_potential_chord({"K": conductance, "Na": 0.05}, {"K": E_K, "Na": E_NA})
    assert np.shape(rest) == (4,)
    assert np.all(np.diff(rest) > 0.0)
    assert rest[-1] == E_NA
    assert circuit_resting_potential([Channel(0.0, E_K), SODIUM]) == pytest.approx(E_NA, rel=1e-14)


def test_one_channel_type_reverses_at_its_battery_and_two_in_between() -> None:
    V = np.linspace(-0.12, 0.08, 201)
    one, two = circuit_current([POTASSIUM], V), circuit_current([POTASSIUM, SODIUM], V)
    assert one == pytest.approx(V - E_K, abs=1e-16)
    # Straight lines: interpolation between samples is exact but for round-off of 0.1 A/m^2.
    assert np.interp(0.0, one, V) == pytest.approx(E_K, abs=1e-15)
    assert np.interp(0.0, two, V) == pytest.approx(circuit_resting_potential([POTASSIUM, SODIUM]), abs=1e-15)
    assert two == pytest.approx(one + SODIUM(V), abs=1e-15)
    assert circuit_resting_potential([POTASSIUM]) == pytest.approx(E_K, rel=1e-14)


def test_rectifying_conductances_of_ghk_rest_at_the_ghk_potential() -> None:
    """With G(V) the chord conductance of each ion the circuit is GHK, for ions of any valence."""
    tables = [list(column) for column in zip(*CELL.values(), strict=True)]
    rest = circuit_resting_potential([ghk_channel(ion) for ion in CELL.values()])
    assert rest == pytest.approx(ghk_reversal_potential(*tables, 310.0), rel=1e-13)  # round-off of both
    # A current law that is no Channel does as well.
    laws = [lambda V, ion=ion: ghk_current(*ion, V, 310.0) for ion in CELL.values()]
    assert circuit_resting_potential(laws) == pytest.approx(rest, rel=1e-13)
    # The chord equation holds with the chord conductances taken at the rest itself.
    G = {ion: float(ghk_conductance_chord(*CELL[ion], rest, 310.0)) for ion in CELL}
    E = {ion: float(nernst_potential(*CELL[ion][1:], 310.0)) for ion in CELL}
    assert circuit_resting_potential_chord(G, E) == pytest.approx(rest, rel=1e-13)


def test_slope_conductance_at_rest_is_the_sum_of_those_of_ghk() -> None:
    channels = [ghk_channel(ion) for ion in CELL.values()]
    rest = circuit_resting_potential(channels)
    expected = sum(ghk_conductance_slope(*ion, rest, 310.0) for ion in CELL.values())
    # Differences: (2 h z F / R T)^4 / 30 = 1e-14 and round-off of 1 A/m^2 over h = 1e-5 V times 10 S/m^2, 1e-12.
    assert circuit_slope_conductance(channels, rest) == pytest.approx(expected, rel=1e-10)
    assert circuit_slope_conductance([POTASSIUM, SODIUM], np.array([-0.1, 0.0])) == pytest.approx(1.05, rel=1e-10)


def test_battery_that_moves_with_the_voltage_is_followed() -> None:
    """E(V) = E_0 + a V: V (G_1 (1 - a) + G_2) = G_1 E_0 + G_2 E_2, and a slope conductance of the bracket."""
    moving = Channel(1.0, lambda V: E_K + 0.2 * V)
    expected = (E_K + 0.05 * E_NA) / (0.8 + 0.05)
    assert circuit_resting_potential([moving, SODIUM]) == pytest.approx(expected, rel=1e-14)
    assert circuit_slope_conductance([moving, SODIUM], expected) == pytest.approx(0.85, rel=1e-10)


def test_membrane_with_three_rests_gives_all_of_them_and_refuses_to_choose() -> None:
    """A cubic current with known roots; the middle one is unstable."""
    roots = (-0.0853, -0.0512, 0.0104)

    def cubic(V: float) -> float:
        return 1e3 * (V - roots[0]) * (V - roots[1]) * (V - roots[2])

    rests = circuit_resting_potentials([cubic])
    assert rests == pytest.approx(roots, rel=1e-12)  # simple roots, 0.03 V apart
    slopes = [float(circuit_slope_conductance([cubic], rest)) for rest in rests]
    assert [slope > 0.0 for slope in slopes] == [True, False, True]
    with pytest.raises(CaseError, match=r"rest at -0\.0853 V, -0\.0512 V, 0\.0104 V; narrow"):
        circuit_resting_potential([cubic])
    assert circuit_resting_potential([cubic], low=-0.1, high=-0.07) == pytest.approx(roots[0], rel=1e-12)


def test_rest_that_is_a_sample_is_found_once() -> None:
    assert circuit_resting_potentials([Channel(1.0, 0.0)], low=-0.2, high=0.2) == (0.0,)
    assert circuit_resting_potentials([Channel(1.0, -0.2)]) == (-0.2,)


@settings(max_examples=1000, deadline=None)
@given(st.lists(st.tuples(st.floats(1e-3, 1e3), voltages), min_size=1, max_size=5))
def test_rest_lies_between_the_batteries_and_the_implicit_root_is_the_chord_formula(
    channels: list[tuple[float, float]],
) -> None:
    G, E = (list(column) for column in zip(*channels, strict=True))
    rest = circuit_resting_potential_chord(G, E)
    assert min(E) - 1e-16 <= rest <= max(E) + 1e-16  # eps of 0.15 V, a few times
    # eps of the larger terms of the current, 0.15 V of each conductance.
    assert circuit_resting_potential([Channel(g, e) for g, e in channels]) == pytest.approx(rest, abs=1e-15)


@given(voltages, st.floats(-0.1, 0.1), slope_factors)
def test_boltzmann_gate_is_its_formula_and_open_and_closed_add_up(V: float, half: float, k: float) -> None:
    m = boltzmann_gate(V, half, k)
    # exp turns the rounding of an argument of up to 125 into 125 eps.
    assert m == pytest.approx(1.0 / (1.0 + math.exp(-(V - half) / k)), rel=1e-13)
    assert m + boltzmann_gate(V, half, -k) == pytest.approx(1.0, rel=1e-14)


def test_boltzmann_gate_keeps_its_digits_in_both_tails() -> None:
    assert boltzmann_gate(-5.0, 0.0, 0.01) == pytest.approx(math.exp(-500.0), rel=1e-12)  # 500 eps
    assert boltzmann_gate(np.array([-1e9, 0.0, 1e9]), 0.0, 1e-3) == pytest.approx([0.0, 0.5, 1.0], rel=1e-15)
    assert isinstance(boltzmann_gate(-0.04, -0.04, 0.006), float)


@settings(max_examples=1000, deadline=None)
@given(voltages, voltages, st.floats(-0.1, 0.1), slope_factors)
def test_leak_likeness_of_a_boltzmann_gate_is_its_numerical_derivative(
    V: float, E: float, half: float, k: float
) -> None:
    """(V - E) d(ln m)/dV, differenced to fourth order from the formula of m."""
    h = abs(k) * 1e-3

    def log_gate(voltage: float) -> float:
        x = -(voltage - half) / k
        return -(max(x, 0.0) + math.log1p(math.exp(-abs(x))))

    near, far = (log_gate(V + step) - log_gate(V - step) for step in (h, 2 * h))
    numerical = (8 * near - far) / (12 * h)
    closed = leak_likeness_boltzmann(V, E, half, k)
    # In units of |V - E| / |k|: h^4 / 30 and round-off of a logarithm of up to 125 over h / k = 1e-3.  1e-300: V - E may
    # be one of the least numbers, without digits.
    assert closed == pytest.approx(abs((V - E) * numerical), abs=1e-10 * abs((V - E) / k) + 1e-300)
    m, slope = boltzmann_gate(V, half, k), boltzmann_gate_slope(V, half, k)
    assert slope == pytest.approx(m * numerical, abs=1e-10 / abs(k))
    assert leak_likeness(V, E, m, slope) == pytest.approx(closed, rel=1e-14, abs=1e-300)


def test_leak_likeness_is_the_gating_part_of_the_slope_conductance() -> None:
    """A sodium channel that opens at -40 mV: a leak where it is open, of negative slope where S > 1."""
    half, k = -0.04, 0.006
    channel = Channel(lambda V: 3.0 * boltzmann_gate(V, half, k), E_NA)
    for V in (-0.08, -0.05, -0.03, 0.0, 0.05):
        ohmic = 3.0 * boltzmann_gate(V, half, k)
        S = leak_likeness_boltzmann(V, E_NA, half, k)
        slope = circuit_slope_conductance([channel], V)
        assert slope == pytest.approx(ohmic * (1.0 - S), abs=1e-9 * 3.0)  # differences of 10 uV, against k = 6 mV
        assert (slope < 0.0) == (S > 1.0)
    assert leak_likeness_boltzmann(0.05, E_NA, half, k) < 1e-5
    assert leak_likeness_boltzmann(-0.2, E_NA, half, k) == pytest.approx(0.267 / 0.006, rel=1e-10)  # e^-27 of it


def test_leak_likeness_of_a_constant_conductance_is_zero() -> None:
    assert leak_likeness(np.array([-0.1, 0.0]), E_K, 0.7, 0.0) == pytest.approx([0.0, 0.0], abs=0.0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Channel(-1.0, 0.0), r"conductance is -1\.0; expected"),
        (lambda: Channel(math.nan, 0.0), "conductance is nan; expected"),
        (lambda: Channel(1.0, math.inf), "reversal_potential is inf; expected a finite"),
        (lambda: Channel(lambda V: V, 0.0)(-0.1), r"conductance is -0\.1; expected"),
        (lambda: Channel(1.0, lambda V: V * math.nan)(-0.1), "reversal_potential is nan; expected"),
        (lambda: circuit_resting_potential_chord({"K": -1.0}, {"K": E_K}), r"conductance of K is -1\.0"),
        (lambda: circuit_resting_potential_chord({"K": 1.0}, {"K": math.nan}), "reversal potential of K is nan"),
        (lambda: circuit_resting_potential_chord({"K": 0.0}, {"K": E_K}), r"conductances add up to 0\.0"),
        (lambda: circuit_resting_potential_chord({"K": 1.0}, {"Na": E_NA}), "conductances has no value for Na"),
        (lambda: circuit_resting_potential([Channel(0.0, E_K)]), "none at all, between -0.2 V and 0.2 V"),
        (lambda: circuit_resting_potential([lambda V: V * math.nan]), "not finite"),
        (lambda: circuit_resting_potential([POTASSIUM], low=-0.05), r"do not balance .*: 0\.045 A/m\^2 at -0\.05 V"),
        (lambda: circuit_resting_potential([], pump_current=1.0), "do not balance"),
        (lambda: circuit_resting_potentials([POTASSIUM], low=0.1, high=0.1), r"low is 0\.1 and high is 0\.1"),
        (lambda: boltzmann_gate(0.0, 0.0, 0.0), r"slope_factor is 0\.0; expected"),
        (lambda: leak_likeness_boltzmann(0.0, 0.0, 0.0, math.nan), "slope_factor is nan; expected"),
        (lambda: leak_likeness(0.0, 0.0, 0.0, 1.0), r"gate is 0\.0; expected"),
    ],
)
def test_circuit_refuses_what_cannot_be(call, message: str) -> None:
    with pytest.raises(CaseError, match=message):
        call()
