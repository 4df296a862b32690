"""The rate laws of transporters: their values, their zeros, and their derivatives."""

from __future__ import annotations

import math

import numpy as np
import pytest
from newton_system import by_update, differences, rate_by_hand

from electrodiff.fvm.borders import BorderUnknown, as_border
from electrodiff.fvm.kernels.arrays import RATE, Border
from electrodiff.fvm.kernels.rates import AFFINITY, HALF, HILL, POWER, SATURATING, rate
from electrodiff.theory.transport import saturation, transport_affinity
from electrodiff.units import thermal_voltage

VALENCE = (1.0, 1.0, -1.0, 2.0)
IONS = ("K", "Na", "Cl", "Ca")
NODES, LEFT, RIGHT = 6, 1, 4


def border_of(law: int, **keys: object) -> Border:
    """One transporter across nodes 2 to 3 that looks at nodes 1 and 4."""
    return as_border([BorderUnknown(RATE, 2, 0, 2, 3, 1.7, law=law, sensed=(LEFT, RIGHT), **keys)], len(VALENCE))


def terms_of(**tables: dict[tuple[int, int], float]) -> np.ndarray:
    """(2, 3, n) by name of the number and (side, ion)."""
    terms = np.zeros((2, 3, len(VALENCE)))
    for name, table in tables.items():
        for (side, ion), value in table.items():
            terms[side, {"half": HALF, "hill": HILL, "power": POWER}[name], ion] = value
    return terms


PUMP = terms_of(half={(0, 1): 0.1, (1, 0): 0.015}, hill={(0, 1): 3.0, (1, 0): 2.0})
CUBIC = terms_of(power={(0, 1): 3.0, (1, 1): -3.0})
MIXED = terms_of(
    half={(0, 1): 0.4, (1, 2): 2.0, (1, 3): 0.3}, hill={(0, 1): 3.0, (1, 2): 0.5, (1, 3): 1.0}, power={(0, 3): 2.0}
)
LAWS = {
    "constant": border_of(SATURATING),
    "saturating": border_of(SATURATING, terms=PUMP),
    "linear in V": border_of(SATURATING, terms=PUMP, by_voltage=(0.2, 0.0)),
    "exponential in V": border_of(SATURATING, terms=PUMP, by_voltage=(0.0, -0.3)),
    "cubic": border_of(SATURATING, terms=CUBIC),
    "everything": border_of(SATURATING, terms=MIXED, by_voltage=(0.1, 0.2)),
    "affinity": border_of(AFFINITY, stoichiometry=np.array([-1.0, -1.0, -2.0, 0.0])),
    "affinity with charge": border_of(AFFINITY, stoichiometry=np.array([2.0, 0.0, 1.0, -1.0])),
}


def state_of(seed: int) -> np.ndarray:
    generator = np.random.default_rng(seed)
    state = np.exp(generator.normal(size=(NODES, len(VALENCE) + 1)))
    state[:, -1] = generator.normal(scale=2.0, size=NODES)
    return state


def rate_and_derivatives(border: Border, state: np.ndarray) -> tuple[float, np.ndarray]:
    by = np.full((2, state.shape[1]), np.nan)
    return rate(VALENCE, border, 0, state, by), by


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", LAWS)
def test_rate_is_that_of_its_law(name, seed):
    state = state_of(seed)
    expected = rate_by_hand(LAWS[name], 0, VALENCE, state)
    # 1e-13: a few roundings, of logarithms and powers
    assert rate_and_derivatives(LAWS[name], state)[0] == pytest.approx(expected, rel=1e-13, abs=1e-14)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", LAWS)
def test_derivatives_are_those_of_the_rate_at_the_sensed_nodes_and_nowhere_else(name, seed):
    state, border = state_of(seed), LAWS[name]
    numerical = differences(lambda at: rate_and_derivatives(border, at)[0], state, 1e-6).reshape(state.shape)

    class Valence:
        valence = VALENCE

    exact = np.zeros_like(state)
    exact[[LEFT, RIGHT]] = rate_and_derivatives(border, state)[1]
    # 1e-8 of the largest: central differences
    expected = by_update(Valence, state, numerical)
    np.testing.assert_allclose(exact, expected, rtol=1e-7, atol=1e-8 * max(1.0, np.abs(expected).max()))


def test_saturation_and_affinity_are_those_of_the_theory():
    """The kernels in RT/F and 100 mM, the theory in SI."""
    state, temperature = state_of(5), 310.0
    inside, outside = (dict(zip(IONS, 100 * state[node, :-1], strict=True)) for node in (LEFT, RIGHT))
    voltage = (state[LEFT, -1] - state[RIGHT, -1]) * thermal_voltage(temperature)
    pumped, _ = rate_and_derivatives(LAWS["saturating"], state)
    assert pumped == pytest.approx(
        1.7 * saturation(inside["Na"], 10.0, 3.0) * saturation(outside["K"], 1.5, 2.0), rel=1e-12
    )
    nu = {"K": 2.0, "Cl": 1.0, "Ca": -1.0}
    force = transport_affinity(nu, dict(zip(IONS, VALENCE, strict=True)), inside, outside, voltage, temperature)
    carried, _ = rate_and_derivatives(LAWS["affinity with charge"], state)
    assert carried == pytest.approx(1.7 * force, rel=1e-12)


def test_affinity_vanishes_at_equal_electrochemical_potentials():
    state = state_of(1)
    state[RIGHT, :-1] = state[LEFT, :-1] * np.exp(np.array(VALENCE) * (state[LEFT, -1] - state[RIGHT, -1]))
    for name in ("affinity", "affinity with charge"):
        # 1e-14: logarithms of the order of 1 to 10
        assert abs(rate_and_derivatives(LAWS[name], state)[0]) < 1e-14 * 100


def test_neutral_cotransport_does_not_see_the_voltage():
    state = state_of(2)
    kcc2 = border_of(AFFINITY, stoichiometry=np.array([1.0, 0.0, 1.0, 0.0]))
    before, _ = rate_and_derivatives(kcc2, state)
    state[LEFT, -1] += 3.0
    assert rate_and_derivatives(kcc2, state)[0] == pytest.approx(before, rel=1e-13)


def test_linear_dependence_stops_the_pump_and_does_not_turn_it():
    state, border = state_of(3), LAWS["linear in V"]
    state[LEFT, -1] = state[RIGHT, -1] - 5.0 + 1e-9
    just_before, _ = rate_and_derivatives(border, state)
    assert 0 < just_before < 1e-9
    state[LEFT, -1] -= 1.0
    stopped, by = rate_and_derivatives(border, state)
    assert stopped == 0
    assert (by == 0).all()


def test_half_of_the_sites_are_taken_at_half_saturation():
    state = state_of(4)
    state[LEFT, 1], state[RIGHT, 0] = 0.1, 0.015
    assert rate_and_derivatives(LAWS["saturating"], state)[0] == pytest.approx(1.7 * 0.5**3 * 0.5**2, rel=1e-14)


@pytest.mark.parametrize("name", LAWS)
def test_ion_that_is_not_there_makes_no_infinity(name):
    """A transporter that waits for an ion stands still; what is driven by its logarithm is driven far, but not for ever."""
    state = state_of(0)
    state[LEFT, :-1] = 0.0
    value, by = rate_and_derivatives(LAWS[name], state)
    assert math.isfinite(value)
    assert np.isfinite(by).all()
    if name in ("saturating", "cubic", "everything"):
        assert value == 0
