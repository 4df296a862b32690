"""Channels: conductance, noise, gating, surface potential and access."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import ellipkm1
from scipy.stats import binom

from electrodiff.errors import CaseError
from electrodiff.theory import (
    access_resistance,
    channel_conductance,
    channel_noise,
    gating_shift,
    grahame_charge,
    grahame_potential,
    open_probability,
    pore_permeability,
    pore_resistance,
    surface_potential_stern,
)

GAS_CONSTANT, FARADAY = 8.31446261815324, 96485.33212331  # SI 2019
VOLT = GAS_CONSTANT * 298.15 / FARADAY


def test_conductance_is_number_times_probability_times_unitary_conductance() -> None:
    # 60 channels per um^2, a fifth of them open, of 20 pS: 24 mS/cm^2.
    assert channel_conductance(60e12, 0.2, 20e-12) == pytest.approx(240.0, rel=1e-15)
    assert np.shape(channel_conductance(np.ones(3), 0.5, np.ones((2, 1)))) == (2, 3)


@pytest.mark.parametrize(("number", "probability"), [(1, 0.3), (7, 0.5), (200, 0.01), (1000, 1.0)])
def test_noise_is_that_of_the_binomial_distribution(number: int, probability: float) -> None:
    """Mean and variance by summing over every number of open channels."""
    opened = np.arange(number + 1)
    weight = binom.pmf(opened, number, probability)
    mean = weight @ opened
    deviation = math.sqrt(weight @ (opened - mean) ** 2)
    # pmf from logarithms of factorials: 1e-13 or so each; 1e-9 where the deviation is 0.
    assert channel_noise(number, probability) == pytest.approx(deviation / mean, rel=1e-10, abs=1e-9)


@given(st.floats(-0.2, 0.2), st.floats(-0.1, 0.1), st.floats(-8.0, 8.0), st.floats(270.0, 320.0))
def test_open_and_closed_states_are_boltzmann_distributed(
    voltage: float, half: float, gating: float, temperature: float
) -> None:
    p = open_probability(voltage, half, gating, temperature)
    closed = open_probability(voltage, half, -gating, temperature)
    energy = gating * FARADAY * (voltage - half) / (GAS_CONSTANT * temperature)
    assert p / closed == pytest.approx(math.exp(energy), rel=1e-11)  # digits of F times an exponent of up to 104
    assert p + closed == pytest.approx(1.0, rel=1e-15)


def test_open_probability_has_its_midpoint_slope_and_tails() -> None:
    assert open_probability(-0.04, -0.04, 6.0, 298.15) == 0.5
    h = 1e-5  # central difference: h^2 of (z/V_T)^2 / 12, 5e-7
    slope = (open_probability(h, 0.0, 6.0, 298.15) - open_probability(-h, 0.0, 6.0, 298.15)) / (2.0 * h)
    assert slope == pytest.approx(6.0 / (4.0 * VOLT), rel=1e-6)
    # e-fold for each R T / (z F) where few are open, with all digits.
    assert open_probability(-1.0, 0.0, 6.0, 298.15) == pytest.approx(math.exp(-6.0 / VOLT), rel=1e-9)
    assert np.array_equal(open_probability(np.array([-100.0, 100.0]), 0.0, 6.0, 298.15), [0.0, 1.0])


# Surface potential.


@pytest.mark.parametrize("surface_charge", [-0.2, -0.02, 0.0, 1e-6, 0.05])
def test_surface_without_binding_is_that_of_grahame(surface_charge: float) -> None:
    expected = grahame_potential(surface_charge, 100.0, 80.0, 298.15)
    found = surface_potential_stern(surface_charge, [1, -1], [100.0, 100.0], 80.0, 298.15)
    assert found == pytest.approx(expected, rel=1e-12)  # round-off of the charges


def test_surface_potential_balances_the_sites_of_phosphatidylserine() -> None:
    """McLaughlin et al. (1981): Na binds 1:1 with 0.6 /M, Ca with 12 /M, sites of -1/0.68 nm^2."""
    sigma = -1.602176634e-19 / 0.68e-18
    ions = {"Na": 100.0, "Ca": 2.0, "Cl": 104.0}
    z = {"Na": 1, "Ca": 2, "Cl": -1}
    psi = surface_potential_stern(sigma, z, ions, 78.4, 298.15, {"Na": 0.6e-3, "Ca": 12e-3})
    sodium = 0.6e-3 * 100.0 * math.exp(-psi / VOLT)
    calcium = 12e-3 * 2.0 * math.exp(-2.0 * psi / VOLT)
    # A site carries -1, bound to Na 0, to Ca +1.
    bound = -sigma * (-1.0 + calcium) / (1.0 + sodium + calcium)
    liquid = grahame_charge(psi, z, ions, 78.4, 298.15)
    assert bound == pytest.approx(liquid, rel=1e-9)  # digits of F times 2 psi F / R T, and cancellation in -1 + calcium
    assert -0.08 < psi < -0.03


def test_calcium_that_saturates_half_the_sites_leaves_no_charge_and_more_reverses_it() -> None:
    def potential(calcium: float) -> float:
        ions = {"Na": 100.0, "Ca": calcium, "Cl": 100.0 + 2.0 * calcium}
        return surface_potential_stern(-0.1, {"Na": 1, "Ca": 2, "Cl": -1}, ions, 80.0, 298.15, {"Ca": 0.02})

    assert potential(25.0) < 0.0 < potential(100.0)
    assert potential(50.0) == pytest.approx(0.0, abs=1e-15)  # K c = 1: as many sites at +1 as at -1


def test_calcium_outside_shifts_gating_to_positive_voltages() -> None:
    def potential(calcium: float) -> float:
        ions = [120.0, calcium, 120.0 + 2.0 * calcium]
        return surface_potential_stern(-0.05, [1, 2, -1], ions, 80.0, 298.15, [0.0, 0.01, 0.0])

    shift = gating_shift(potential(10.0)) - gating_shift(potential(2.0))
    # Frankenhaeuser and Hodgkin (1957): 10 to 15 mV for a fivefold change in squid axon; the charge here is another.
    assert 0.005 < shift < 0.025


def test_sensor_feels_the_voltage_between_the_faces() -> None:
    outer, inner = -0.03, -0.01
    shifted = gating_shift(outer, inner)
    for voltage in (-0.08, -0.02):
        bulk = open_probability(voltage, -0.02 + shifted, 4.0, 298.15)
        local = open_probability(voltage + inner - outer, -0.02, 4.0, 298.15)
        assert bulk == pytest.approx(local, rel=1e-12)  # round-off times an exponent of 10
    assert shifted == pytest.approx(-0.02, rel=1e-15)


# Access.


@pytest.mark.parametrize("place", [0.0, 0.3, 0.9])
def test_access_resistance_is_that_of_a_disc_at_one_potential(place: float) -> None:
    """Current density I / (2 pi a sqrt(a^2 - r^2)) into a half space, its potential at a place on the disc.

    A ring of current i at radius r has the potential i K(m) / (pi^2 kappa (r + s)) at s in its plane, m = 4 r s / (r + s)^2,
    being twice that in a full space.  r = a sin(t) takes the edge away.
    """

    def ring(t: float) -> float:
        r = math.sin(t)
        return r * ellipkm1(((r - place) / (r + place)) ** 2) / (math.pi**2 * (r + place))

    potential, _ = quad(ring, 0.0, math.pi / 2.0, points=[math.asin(place)], epsabs=1e-11, limit=200)
    # Logarithmic singularity at r = s: the quadrature reports 1e-9.
    assert potential == pytest.approx(access_resistance(1.0, 1.0), rel=1e-8)
    assert access_resistance(0.5e-9, 1.5) == pytest.approx(1.0 / (4.0 * 1.5 * 0.5e-9), rel=1e-15)


def test_pore_is_in_series_with_its_two_mouths() -> None:
    radius, length = 0.5e-9, 5e-9
    cylinder = length / (1.5 * math.pi * radius**2)
    assert pore_resistance(radius, length, 1.5) == pytest.approx(cylinder + 2.0 / (4.0 * 1.5 * radius), rel=1e-14)
    # Hall (1975): as if the pore were longer by pi a / 2.
    longer = (length + math.pi * radius / 2.0) / (1.5 * math.pi * radius**2)
    assert pore_resistance(radius, length, 1.5) == pytest.approx(longer, rel=1e-14)
    assert pore_resistance(radius, 0.0, 1.5) == 2.0 * access_resistance(radius, 1.5)
    assert pore_resistance(radius, length, 1e9, 1.5) == pytest.approx(cylinder, rel=1e-8)  # access 1e-9 of it


def test_permeability_of_a_long_pore_is_its_area_over_its_length() -> None:
    area = math.pi * (1e-9) ** 2
    assert pore_permeability(1e12, 1e-9, 1e-3, 2e-9) == pytest.approx(1e12 * area * 2e-9 / 1e-3, rel=2e-6)  # pi a / 2 l
    assert pore_permeability(1e12, 1e-9, 0.0, 2e-9) == pytest.approx(1e12 * 2.0 * 1e-9 * 2e-9, rel=1e-14)  # 2 D a


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: channel_conductance(-1.0, 0.5, 1e-12), r"number is -1\.0"),
        (lambda: channel_conductance(1.0, 1.5, 1e-12), r"open_probability is 1\.5; expected from 0 to 1"),
        (lambda: channel_conductance(1.0, 0.5, math.nan), "single_conductance is nan"),
        (lambda: channel_noise(0.0, 0.5), r"number is 0\.0"),
        (lambda: channel_noise(10.0, 0.0), r"open_probability is 0\.0"),
        (lambda: channel_noise(10.0, math.nan), "open_probability is nan"),
        (lambda: open_probability(0.0, 0.0, 1.0, 0.0), r"temperature is 0\.0"),
        (lambda: surface_potential_stern(math.inf, [1, -1], [1.0, 1.0], 80.0, 298.15), "surface_charge is inf"),
        (lambda: surface_potential_stern(0.1, [1, -1], [1.0, 2.0], 80.0, 298.15), "net charge"),
        (
            lambda: surface_potential_stern(0.1, [1, -1], [1.0, 1.0], 80.0, 298.15, [-1.0, 0.0]),
            "binding of ion 0 is -1",
        ),
        (lambda: access_resistance(0.0, 1.0), r"radius is 0\.0"),
        (lambda: access_resistance(1e-9, -1.0), r"conductivity is -1\.0"),
        (lambda: pore_resistance(1e-9, -1.0, 1.0), r"length is -1\.0"),
        (lambda: pore_resistance(1e-9, 1e-9, 1.0, 0.0), r"pore_conductivity is 0\.0"),
        (lambda: pore_permeability(-1.0, 1e-9, 1e-9, 1e-9), r"density is -1\.0"),
        (lambda: pore_permeability(1.0, 1e-9, 1e-9, 0.0), r"diffusivity is 0\.0"),
    ],
)
def test_values_out_of_range_are_refused(make, message: str) -> None:
    with pytest.raises(CaseError, match=message):
        make()
