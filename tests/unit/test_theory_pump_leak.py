"""The pump-leak model: steady states, transients, stability, cost, and what is left when the pump stops."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from scipy.optimize import brentq, fsolve

from electrodiff.errors import CaseError, ConvergenceError
from electrodiff.theory import (
    GhkLeak,
    LinearLeak,
    PumpLeakBath,
    PumpLeakCell,
    PumpLeakState,
    SodiumPump,
    atp_rate_from_leak,
    dissipation,
    donnan_potential,
    electrochemical_potential_difference,
    ghk_current,
    ghk_voltage_pumped,
    nernst_potential,
    pump_free_energy,
    pump_leak_atp_rate,
    pump_leak_donnan,
    pump_leak_eigenvalues,
    pump_leak_fluxes,
    pump_leak_state,
    pump_leak_steady,
    pump_leak_steady_linear,
    pump_leak_transient,
    pump_voltage_contribution,
)
from electrodiff.theory.pump_leak import VALENCES
from electrodiff.theory.pump_leak_dynamics import WATER_MOLAR_VOLUME

GAS_CONSTANT, FARADAY = 8.31446261815324, 96485.33212331  # SI 2019
T = 310.15
VOLT = GAS_CONSTANT * T / FARADAY

BATH = PumpLeakBath(sodium=147.0, potassium=3.0, chloride=140.0, temperature=T, impermeant=10.0)
LINEAR = LinearLeak(sodium=0.1, potassium=3.0, chloride=0.2)
GHK = GhkLeak(sodium=1e-9, potassium=3e-8, chloride=1e-8)
CELL = PumpLeakCell(LINEAR, SodiumPump(0.005), impermeant=1e-4, water_permeability=1e-5)
"""The cell of the reference: linear leaks, a constant pump, volume."""
KEPT = replace(CELL, water_permeability=0.0)
THREE = replace(KEPT, leak=LinearLeak(0.1, 3.0))
"""The model of Na, K and an impermeant anion."""
CUBIC = SodiumPump(0.5, sodium_order=3.0)
FULL = replace(CELL, leak=GHK, pump=CUBIC, kcc2=0.5, nkcc1=0.02)

FIELDS = ("voltage", "sodium", "potassium", "chloride", "impermeant", "volume")


def values(state: PumpLeakState) -> list[float]:
    return [float(getattr(state, name)) for name in FIELDS]


def start(cell: PumpLeakCell, bath: PumpLeakBath = BATH) -> PumpLeakState:
    return pump_leak_state(cell, bath, 8e-7, 30.0, 12.0 if cell.moves_chloride else 0.0)


def charge(cell: PumpLeakCell, state: PumpLeakState) -> float:
    return float(VALENCES @ state.ions + cell.impermeant_valence * state.impermeant)


def last(state: PumpLeakState) -> PumpLeakState:
    return PumpLeakState(**{name: float(getattr(state, name)[-1]) for name in FIELDS})


# The closed form.


def test_steady_state_of_the_reference_cell() -> None:
    # Given with the model: 37 degC, g 0.1, 3 and 0.2 S/m^2, p 0.005 A/m^2, printed to 0.001 mV and 0.001 mM.
    state = pump_leak_steady_linear(CELL, BATH)
    assert 1e3 * float(state.voltage) == pytest.approx(-97.302, abs=0.0005)
    assert state.ions == pytest.approx([20.464, 129.536, 3.673], abs=0.0005)


leaks = st.builds(LinearLeak, st.floats(0.01, 1.0), st.floats(0.1, 10.0), st.floats(0.01, 10.0))
baths = st.builds(
    lambda sodium, potassium, impermeant, z: PumpLeakBath(
        sodium, potassium, sodium + potassium + z * impermeant, T, impermeant, z
    ),
    st.floats(50.0, 300.0),
    st.floats(1.0, 20.0),
    st.floats(0.5, 40.0),
    st.sampled_from([-1.0, 0.0]),
)
cells = st.builds(
    lambda leak, pump, z, water: PumpLeakCell(leak, SodiumPump(pump), 1e-4, z, water_permeability=water),
    leaks,
    st.floats(0.0, 0.01),
    st.sampled_from([-2.5, -1.0, -0.7, 0.0, 1.0, 1.5]),
    st.sampled_from([0.0, 1e-5]),
)


def linear_steady(cell: PumpLeakCell, bath: PumpLeakBath) -> PumpLeakState:
    """The closed form, of cells that have one whose volume is within 1000 times the smallest."""
    try:
        state = pump_leak_steady_linear(cell, bath, None if cell.water_permeability else 7e-7)
    except CaseError:
        assume(False)
    assume(min(values(state)[1:5]) > 1e-3 * bath.osmolarity)
    return state


@given(cells, baths)
def test_closed_form_balances_each_ion_the_charge_and_the_osmolarity(cell: PumpLeakCell, bath: PumpLeakBath) -> None:
    state = linear_steady(cell, bath)
    leak, p = cell.leak, cell.pump.rate
    for ion, g, z, pumped in (
        ("sodium", leak.sodium, 1, 3),
        ("potassium", leak.potassium, 1, -2),
        ("chloride", 1, -1, 0),
    ):
        reversal = nernst_potential(z, getattr(state, ion), getattr(bath, ion), T)
        # Differences of potentials of up to 0.5 V, rounded a few times: 1e-15 V.
        assert float(state.voltage) - reversal == pytest.approx(-pumped * p / g, abs=4e-15)
    # Round-off of the sums; the root of the quadratic is free of cancellation.
    assert abs(charge(cell, state)) < 1e-12 * (bath.osmolarity + abs(cell.impermeant_valence) * state.impermeant)
    if cell.water_permeability:
        assert state.osmolarity == pytest.approx(bath.osmolarity, rel=1e-13)
    assert state.impermeant * state.volume == pytest.approx(cell.impermeant, rel=1e-14)
    assert np.all(state.ions > 0.0)


def test_three_equation_model_against_its_three_equations() -> None:
    """3 p + g_Na (V - E_Na) = 0, -2 p + g_K (V - E_K) = 0, Na + K = X, solved as one equation for V."""
    volume = 7e-7
    X = 1e-4 / volume

    def excess(v: float) -> float:
        return 147.0 * math.exp(-(v + 0.15) / VOLT) + 3.0 * math.exp(-(v - 0.01 / 3.0) / VOLT) - X

    v = brentq(excess, -0.3, 0.1, xtol=1e-16)
    state = pump_leak_steady_linear(THREE, BATH, volume)
    assert state.voltage == pytest.approx(v, abs=1e-15)  # round-off of a root of 0.1 V
    assert state.sodium + state.potassium == pytest.approx(X, rel=1e-14)
    assert state.chloride == 0.0


def test_pump_of_twice_the_rate_in_a_cell_of_twice_the_leak_changes_nothing() -> None:
    doubled = replace(CELL, leak=LinearLeak(0.2, 6.0, 0.9), pump=SodiumPump(0.01), impermeant=3e-4)
    state, reference = pump_leak_steady_linear(doubled, BATH), pump_leak_steady_linear(CELL, BATH)
    # Chloride is passive, so its conductance does not count; the volume goes with the amount of impermeants (Kay 2017).
    assert values(state)[:5] == pytest.approx(values(reference)[:5], rel=1e-13)
    assert state.volume == pytest.approx(3.0 * float(reference.volume), rel=1e-13)


@pytest.mark.parametrize("rate", [0.0, 0.5])
def test_cell_without_impermeants_outside_swells_without_limit_when_the_pump_is_too_slow_or_too_fast(
    rate: float,
) -> None:
    bath = PumpLeakBath(147.0, 3.0, 150.0, T)
    cell = replace(CELL, pump=SodiumPump(rate))
    with pytest.raises(CaseError, match="no steady state: it swells without limit"):
        pump_leak_steady_linear(cell, bath)
    assert pump_leak_steady_linear(CELL, bath).volume > 0.0


def test_blocked_cell_without_impermeants_outside_keeps_swelling() -> None:
    bath = PumpLeakBath(147.0, 3.0, 150.0, T)
    blocked = replace(CELL, pump=SodiumPump(0.0))
    transient = pump_leak_transient(blocked, bath, start(blocked, bath), [0.0, 1e4, 1e6, 1e8])
    assert np.all(np.diff(transient.state.volume) > 0.5 * transient.state.volume[:-1])  # it is far from levelling off
    with pytest.raises(ConvergenceError, match="it swells without limit, its volume being"):
        pump_leak_steady(blocked, bath, start(blocked, bath))


# Steady states of any cell.


@settings(deadline=None, max_examples=25)
@given(cells, baths, st.floats(0.2, 0.8), st.floats(0.02, 0.2))
def test_any_start_of_a_linear_cell_comes_to_the_closed_form_which_is_stable(
    cell: PumpLeakCell, bath: PumpLeakBath, sodium: float, chloride: float
) -> None:
    """Mori (2012): with linear leaks there is at most one steady state, and every start comes to it."""
    expected = linear_steady(cell, bath)
    volume = 7e-7
    anions = chloride * bath.chloride - cell.impermeant_valence * cell.impermeant / volume
    assume(anions > 1.0)
    begin = pump_leak_state(cell, bath, volume, sodium * anions, chloride * bath.chloride)
    # Both are found to round-off; Newton's last step is below 1e-11 of the amounts.
    assert values(pump_leak_steady(cell, bath, begin)) == pytest.approx(values(expected), rel=1e-9, abs=1e-11)
    assert np.all(pump_leak_eigenvalues(cell, bath, expected).real < 0.0)


@pytest.mark.parametrize(
    ("kcc2", "nkcc1", "pump"),
    [(0.5, 0.0, CUBIC), (0.0, 0.05, CUBIC), (0.5, 0.05, CUBIC), (0.5, 0.05, SodiumPump(0.01))],
)
def test_cotransporters_against_the_equations_written_out(kcc2: float, nkcc1: float, pump: SodiumPump) -> None:
    """Conductances, cotransporters and volume: five equations for V, Na, K, Cl and X by another solver."""
    cell = replace(CELL, kcc2=kcc2, nkcc1=nkcc1, pump=pump)
    state = pump_leak_steady(cell, BATH, start(cell))

    def equations(unknowns: np.ndarray) -> list[float]:
        v, na, k, cl, x = unknowns[0], *np.exp(unknowns[1:])
        p = pump.rate * (na / 147.0) ** pump.sodium_order
        n, q, c = math.log(na / 147.0), math.log(k / 3.0), math.log(cl / 140.0)
        kcc = kcc2 * VOLT * (q + c)
        nkcc = nkcc1 * VOLT * (n + q + 2.0 * c)
        return [
            0.1 * VOLT * (v + n) + 3.0 * p + nkcc,
            3.0 * VOLT * (v + q) - 2.0 * p + kcc + nkcc,
            -0.2 * VOLT * (v - c) + kcc + 2.0 * nkcc,  # outward chloride: minus its current
            (na + k - cl - x) / 300.0,
            (na + k + cl + x) / 300.0 - 1.0,
        ]

    guess = [float(state.voltage) / VOLT, *np.log([*state.ions, state.impermeant])]
    assert equations(np.array(guess)) == pytest.approx([0.0] * 5, abs=1e-13)  # round-off of terms of up to 1
    v, *logs = fsolve(equations, np.array(guess) + 0.05, xtol=1e-13)
    # fsolve stops at 1e-13 of each unknown; the equations amplify their round-off by a hundred.
    assert [v * VOLT, *np.exp(logs)] == pytest.approx(
        [float(state.voltage), *state.ions, float(state.impermeant)], rel=1e-10
    )


@pytest.mark.parametrize("cell", [FULL, replace(FULL, water_permeability=0.0), replace(FULL, leak=LINEAR)])
def test_steady_state_of_a_cell_with_everything_is_at_rest_neutral_and_isosmotic(cell: PumpLeakCell) -> None:
    state = pump_leak_steady(cell, BATH, start(cell))
    fluxes = pump_leak_fluxes(cell, BATH, state)
    # Newton ends at 1e-11 of the amounts, and so the fluxes at 1e-11 of the largest one-way flux or so.
    assert fluxes.total == pytest.approx(np.zeros(3), abs=1e-11 * np.max(np.abs(fluxes.leak)))
    assert abs(charge(cell, state)) < 1e-13 * float(state.osmolarity)  # potassium is what makes it neutral
    if cell.water_permeability:
        assert state.osmolarity == pytest.approx(300.0, rel=1e-11)
    assert np.all(pump_leak_eigenvalues(cell, BATH, state).real < 0.0)


def test_kcc2_takes_chloride_toward_potassium_equilibrium_and_nkcc1_above_the_voltage() -> None:
    def reversal(kcc2: float, nkcc1: float) -> tuple[float, float, float]:
        cell = replace(CELL, kcc2=kcc2, nkcc1=nkcc1)
        state = pump_leak_steady(cell, BATH, start(cell))
        chloride = nernst_potential(-1, float(state.chloride), 140.0, T)
        return float(state.voltage), chloride, nernst_potential(1, float(state.potassium), 3.0, T)

    voltage, chloride, potassium = reversal(0.1, 0.0)
    assert potassium < chloride < voltage
    voltage, chloride, potassium = reversal(1e4, 0.0)
    # The two differ by the current of chloride over the strength of KCC2: 0.2 / 1e4 of 3 mV.
    assert chloride == pytest.approx(potassium, abs=1e-7)
    voltage, chloride, _ = reversal(0.0, 0.01)
    assert chloride > voltage


# Transients.


@pytest.mark.parametrize("cell", [THREE, KEPT, CELL, FULL])
def test_transient_reaches_the_steady_state_and_stays_neutral(cell: PumpLeakCell) -> None:
    steady = pump_leak_steady(cell, BATH, start(cell))
    slowest = -1.0 / pump_leak_eigenvalues(cell, BATH, steady)[0].real
    transient = pump_leak_transient(cell, BATH, start(cell), np.linspace(0.0, 40.0 * slowest, 30))
    # e^-40 is left of the start; each step errs by 1e-8, and the decay forgets the steps before the last few.
    assert values(last(transient.state)) == pytest.approx(values(steady), rel=1e-6)
    imbalance = VALENCES @ transient.state.ions + cell.impermeant_valence * transient.state.impermeant
    assert np.max(np.abs(imbalance)) < 1e-12 * 300.0  # round-off
    assert np.all(transient.state.impermeant * transient.state.volume == pytest.approx(1e-4, rel=1e-14))


def test_transient_begins_at_the_start_and_its_rates_are_the_fluxes() -> None:
    begin = start(FULL)
    h = 0.01
    transient = pump_leak_transient(FULL, BATH, begin, [0.0, h, 2.0 * h], rtol=1e-12)
    state = transient.state
    assert [float(getattr(state, name)[0]) for name in FIELDS] == pytest.approx(values(begin), rel=1e-14)
    amounts = np.array([*(state.ions * state.volume), state.volume])
    slope = (-3.0 * amounts[:, 0] + 4.0 * amounts[:, 1] - amounts[:, 2]) / (2.0 * h)
    swelling = 1e-5 * WATER_MOLAR_VOLUME * (float(begin.osmolarity) - 300.0)
    expected = [*(-pump_leak_fluxes(FULL, BATH, begin).total), swelling]
    # h^2 times rates of 0.1/s squared is 1e-6; the integrator's 1e-12 over h is 1e-10 of the amounts.
    assert slope == pytest.approx(expected, rel=1e-4)


def test_transient_against_a_cell_with_a_capacitance() -> None:
    """Kay (2017): the voltage is the charge inside over the capacitance, no current balance is imposed."""
    capacitance = 1e-4  # F/m^2, a hundredth of a membrane's, so that its charge is 1e-6 of the ions
    begin = start(CELL)

    def rates(_: float, y: np.ndarray) -> list[float]:
        na, k, cl, volume = y
        v = FARADAY * (na + k - cl - 1e-4) / capacitance
        inside = y[:3] / volume
        reversal = VOLT * np.log([147.0 / inside[0], 3.0 / inside[1], inside[2] / 140.0])
        current = np.array([0.1, 3.0, 0.2]) * (v - reversal) + np.array([0.015, -0.010, 0.0])
        swelling = 1e-5 * WATER_MOLAR_VOLUME * ((na + k + cl + 1e-4) / volume - 300.0)
        return [*(-current / (np.array([1.0, 1.0, -1.0]) * FARADAY)), swelling]

    amounts = begin.ions * begin.volume
    amounts[1] += capacitance * float(begin.voltage) / FARADAY
    times = [0.0, 10.0, 100.0, 1000.0]
    other = solve_ivp(rates, (0.0, 1000.0), [*amounts, float(begin.volume)], "Radau", times, rtol=1e-9, atol=1e-18)
    state = pump_leak_transient(CELL, BATH, begin, times).state
    # The charge of the membrane, C V / F = 1e-10 of 1e-4 mol/m^2: 1e-6 of the ions, some times that of chloride.
    assert np.array([*(state.ions * state.volume), state.volume]) == pytest.approx(other.y, rel=3e-5)


def test_late_transient_decays_with_the_slowest_eigenvalue() -> None:
    steady = pump_leak_steady_linear(CELL, BATH)
    rate = pump_leak_eigenvalues(CELL, BATH, steady)[0].real
    t = 6.0 / abs(rate)
    transient = pump_leak_transient(CELL, BATH, start(CELL), [0.0, t, t + 1.0 / abs(rate)], rtol=1e-11)
    distance = np.log(transient.state.volume[1:] / float(steady.volume))
    # What is left of the nonlinearity is e^-6, 3e-3, of the rate.
    assert math.log(distance[1] / distance[0]) == pytest.approx(-1.0, abs=5e-3)


def test_eigenvalue_of_the_three_equation_model_in_closed_form() -> None:
    """dI_Na/dNa at Na + K = X: two conductances in series, (R T / F) g_Na g_K / (g_Na + g_K) (1/Na + 1/K)."""
    volume = 7e-7
    state = pump_leak_steady_linear(THREE, BATH, volume)
    series = 0.1 * 3.0 / 3.1
    expected = -VOLT * series * (1.0 / float(state.sodium) + 1.0 / float(state.potassium)) / (FARADAY * volume)
    eigenvalues = pump_leak_eigenvalues(THREE, BATH, state)
    assert len(eigenvalues) == 1
    assert eigenvalues[0] == pytest.approx(expected, rel=1e-8)  # central differences, 4e-11 and their round-off


# The pump blocked.


@pytest.mark.parametrize("leak", [LINEAR, GHK])
@pytest.mark.parametrize("water", [0.0, 1e-5])
def test_blocked_cell_relaxes_to_its_donnan_state(leak: LinearLeak | GhkLeak, water: float) -> None:
    cell = replace(FULL, leak=leak, water_permeability=water)
    alive = pump_leak_steady(cell, BATH, start(cell))
    blocked = replace(cell, pump=SodiumPump(0.0))
    slowest = -1.0 / pump_leak_eigenvalues(blocked, BATH, pump_leak_donnan(blocked, BATH, alive))[0].real
    transient = pump_leak_transient(blocked, BATH, alive, [0.0, 10.0 * slowest, 60.0 * slowest])
    end = last(transient.state)
    # The integrator's 1e-8 a step, of voltages of 1 to 50 mV: 1e-9 V.
    assert values(end) == pytest.approx(values(pump_leak_donnan(blocked, BATH, alive)), rel=1e-6, abs=1e-9)
    if water:  # Na + K + Cl + X = 300 and Na + K = Cl + X: the cations are 150 as in the bath, V = 0, and X = 10
        assert end.impermeant == pytest.approx(10.0, rel=1e-6)
    else:
        expected = donnan_potential(-float(end.impermeant), [1, 1, -1], [147.0, 3.0, 140.0], T)
        assert end.voltage == pytest.approx(expected, abs=1e-9)


def test_donnan_state_with_volume_and_another_valence_against_a_root() -> None:
    cell = replace(CELL, impermeant_valence=-1.7)
    state = pump_leak_donnan(cell, BATH, start(cell))

    def excess(v: float) -> float:
        cations, chloride = 150.0 * math.exp(-v / VOLT), 140.0 * math.exp(v / VOLT)
        return cations - chloride - 1.7 * (300.0 - cations - chloride)

    voltage = brentq(excess, -0.004, -1e-6, xtol=1e-16)
    assert state.voltage == pytest.approx(voltage, rel=1e-11)  # 1 mV of terms of 300, whose round-off is 1e-14
    assert charge(cell, state) == pytest.approx(0.0, abs=1e-11)


def test_chloride_that_cannot_cross_counts_as_impermeant() -> None:
    cell = replace(CELL, leak=LinearLeak(0.1, 3.0), pump=SodiumPump(0.0))
    begin = pump_leak_state(cell, BATH, 8e-7, 30.0, 12.0)
    donnan, rest = pump_leak_donnan(cell, BATH, begin), pump_leak_steady(cell, BATH, begin)
    assert values(rest) == pytest.approx(values(donnan), rel=1e-9, abs=1e-12)  # Newton's last step, 1e-11
    assert donnan.chloride * donnan.volume == pytest.approx(12.0 * 8e-7, rel=1e-14)
    assert donnan.osmolarity == pytest.approx(300.0, rel=1e-13)
    assert charge(cell, donnan) == pytest.approx(0.0, abs=1e-11)


def test_cotransporters_stop_at_the_donnan_state_and_run_down_their_affinity_elsewhere() -> None:
    blocked = replace(FULL, pump=SodiumPump(0.0))
    begin = start(blocked)
    rest = pump_leak_fluxes(blocked, BATH, pump_leak_donnan(blocked, BATH, begin))
    moving = pump_leak_fluxes(blocked, BATH, begin)
    assert rest.kcc2 == pytest.approx(np.zeros(3), abs=1e-13 * np.max(np.abs(moving.kcc2)))  # round-off of logarithms
    assert rest.nkcc1 == pytest.approx(np.zeros(3), abs=1e-12 * np.max(np.abs(moving.nkcc1)))
    assert VALENCES @ moving.kcc2 == 0.0
    assert VALENCES @ moving.nkcc1 == 0.0
    assert moving.kcc2[1] > 0.0  # K Cl is 12 * 95 inside and 3 * 140 outside
    assert moving.nkcc1[0] < 0.0  # Na K Cl^2 is 2e-3 of that outside


# The voltage that the pump adds.


def test_pump_adds_ten_millivolts_at_most_which_it_nears_as_chloride_becomes_few() -> None:
    ceiling = GAS_CONSTANT * 310.0 / FARADAY * math.log(1.5)
    assert ceiling == pytest.approx(10.83e-3, abs=0.005e-3)  # as printed
    # Potassium outside and sodium inside count for 1e-4 of what the other ion does.
    bath = PumpLeakBath(150.0, 1e-5, 140.00001, 310.0, 10.0)
    contributions = []
    for ratio in (1.0, 1e-2, 1e-6):
        leak = GhkLeak(1e-11, 1e-8, ratio * 1e-8)
        cell = PumpLeakCell(leak, SodiumPump(0.01, 3.0), 1e-4)
        state = pump_leak_steady(cell, bath, pump_leak_state(cell, bath, 7e-7, 10.0, 1.0))
        contributions.append(-pump_voltage_contribution(cell, bath, state))
    assert np.all(np.diff(contributions) > 0.0)
    assert contributions[0] < 0.6 * ceiling
    assert contributions[-1] == pytest.approx(ceiling, rel=1e-3)  # 1e-4 over ln(3/2)
    assert contributions[-1] < ceiling


@settings(deadline=None, max_examples=25)
@given(st.floats(1e-3, 1.0), st.just(0.0) | st.floats(1e-3, 10.0), st.floats(0.1, 50.0), st.floats(1e-3, 1.0))
def test_ghk_cell_has_the_mullins_noda_voltage_and_a_pump_below_the_ceiling(
    sodium: float, chloride: float, potassium_outside: float, rate: float
) -> None:
    bath = PumpLeakBath(150.0, potassium_outside, 140.0 + potassium_outside, T, 10.0)
    leak = GhkLeak(1e-8 * sodium, 1e-8, 1e-8 * chloride)
    cell = PumpLeakCell(leak, SodiumPump(rate, 3.0), 1e-4)
    begin = pump_leak_state(cell, bath, 7e-7, 30.0, 5.0 if cell.moves_chloride else 0.0)
    state = pump_leak_steady(cell, bath, begin)
    inside, outside = [state.sodium, state.potassium], [150.0, potassium_outside]
    expected = ghk_voltage_pumped([sodium, 1.0], [1, 1], inside, outside, T, imported=1)
    # Newton's last step is 1e-11 of the amounts, and so 1e-11 R T / F of the voltage, times the ratio of rates.
    assert state.voltage == pytest.approx(expected, abs=1e-11)
    assert -VOLT * math.log(1.5) <= pump_voltage_contribution(cell, bath, state) <= 0.0


def test_pump_of_a_linear_cell_adds_its_current_over_the_conductance() -> None:
    state = start(CELL)
    assert pump_voltage_contribution(CELL, BATH, state) == pytest.approx(-0.005 / 3.3, rel=1e-12)  # 1.5 of 90 mV


def test_voltage_of_a_ghk_cell_carries_no_net_current() -> None:
    for pump in (SodiumPump(0.0), SodiumPump(0.005), SodiumPump(5.0)):
        cell = replace(FULL, pump=pump)
        state = start(cell)
        P = [1e-9, 3e-8, 1e-8]
        currents = ghk_current(P, VALENCES, state.ions, BATH.ions, float(state.voltage), T)
        # Round-off of one-way currents of F P c |u|, some A/m^2 at the 400 mV of the strongest pump.
        assert float(currents.sum()) == pytest.approx(-pump.rate, abs=1e-14 * (1.0 + pump.rate * 10.0))


# What it costs.


def test_atp_pays_for_the_leaks_and_all_it_stores_is_dissipated() -> None:
    state = pump_leak_steady(FULL, BATH, start(FULL))
    fluxes = pump_leak_fluxes(FULL, BATH, state)
    atp = pump_leak_atp_rate(FULL, BATH, state)
    assert atp == pytest.approx(0.5 * (float(state.sodium) / 147.0) ** 3 / FARADAY, rel=1e-14)
    passive = fluxes.leak + fluxes.kcc2 + fluxes.nkcc1
    # The steady state is found to 1e-11.
    assert atp_rate_from_leak(passive[0]) == pytest.approx(atp, rel=1e-9)
    assert atp_rate_from_leak(passive[1], -2.0) == pytest.approx(atp, rel=1e-9)
    differences = electrochemical_potential_difference(VALENCES, state.ions, BATH.ions, state.voltage, T)
    stored = atp * pump_free_energy(differences[0], differences[1])
    assert stored > 0.0
    assert dissipation(passive, differences) == pytest.approx(stored, rel=1e-9)
    assert dissipation(fluxes.pump, differences) == pytest.approx(-stored, rel=1e-12)
    for each in (fluxes.leak, fluxes.kcc2, fluxes.nkcc1):
        assert dissipation(each, differences) > 0.0


def test_pump_current_follows_the_power_of_sodium() -> None:
    assert SodiumPump(2.0).current(5.0, 10.0) == 2.0
    assert SodiumPump(2.0, 3.0).current(np.array([5.0, 10.0]), 10.0) == pytest.approx([0.25, 2.0], rel=1e-15)


# What is refused.


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: replace(BATH, chloride=150.0), "the bath carries -10 mol/m"),
        (lambda: replace(BATH, potassium=0.0), r"potassium of the bath is 0\.0"),
        (lambda: replace(BATH, sodium=math.nan), "sodium of the bath is nan"),
        (lambda: replace(BATH, impermeant=-1.0), r"impermeant of the bath is -1\.0"),
        (lambda: replace(BATH, temperature=0.0), r"temperature is 0\.0"),
        (lambda: LinearLeak(0.0, 1.0), r"sodium of the leak is 0\.0; .*conductance"),
        (lambda: GhkLeak(1.0, -1.0), r"potassium of the leak is -1\.0; .*permeability"),
        (lambda: LinearLeak(1.0, 1.0, -1.0), r"chloride of the leak is -1\.0"),
        (lambda: SodiumPump(-1.0), r"rate of the pump is -1\.0"),
        (lambda: SodiumPump(1.0, -1.0), r"sodium_order of the pump is -1\.0"),
        (lambda: replace(CELL, impermeant=0.0), r"impermeant of the cell is 0\.0"),
        (lambda: replace(CELL, impermeant_valence=math.inf), "impermeant_valence is inf"),
        (lambda: replace(CELL, kcc2=-1.0), r"kcc2 is -1\.0"),
        (lambda: replace(CELL, nkcc1=math.nan), "nkcc1 is nan"),
        (lambda: replace(CELL, water_permeability=-1.0), r"water_permeability is -1\.0"),
        (lambda: pump_leak_state(CELL, BATH, 0.0, 10.0, 5.0), r"volume is 0\.0"),
        (lambda: pump_leak_state(CELL, BATH, 1e-6, 0.0, 5.0), r"sodium is 0\.0"),
        (lambda: pump_leak_state(CELL, BATH, 1e-6, 10.0), "a cell that moves it needs both above 0"),
        (lambda: pump_leak_state(CELL, BATH, 1e-6, 110.0, 5.0), "potassium would have to be -5 mol"),
        (lambda: pump_leak_steady_linear(FULL, BATH), "use pump_leak_steady, which takes any"),
        (lambda: pump_leak_steady_linear(KEPT, BATH), "give a volume to a cell that keeps it"),
        (lambda: pump_leak_steady_linear(CELL, BATH, 1e-6), "and none to a cell that exchanges water"),
        (lambda: pump_leak_steady_linear(KEPT, BATH, -1e-6), r"volume is -1e-06"),
        (
            lambda: pump_leak_steady_linear(replace(THREE, impermeant_valence=1.0), BATH, 1e-6),
            "lacks cations or anions",
        ),
        (lambda: pump_leak_steady_linear(replace(CELL, pump=SodiumPump(1e4)), BATH), "change the rate of the pump"),
        (lambda: pump_leak_transient(CELL, BATH, start(CELL), [1.0, 0.0]), "times do not rise"),
        (lambda: pump_leak_transient(CELL, BATH, start(CELL), [0.0]), "times do not rise"),
    ],
)
def test_values_out_of_range_are_refused(make, message: str) -> None:
    with pytest.raises(CaseError, match=message):
        make()


def test_pump_that_outruns_the_largest_leak_of_sodium_is_reported() -> None:
    """A GHK leak is bounded, so that a constant pump beyond it empties the cell of sodium."""
    cell = replace(FULL, pump=SodiumPump(0.5))
    with pytest.raises(ConvergenceError, match="An ion may have run out; try a lower rate"):
        pump_leak_steady(cell, BATH, start(cell))
