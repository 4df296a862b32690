"""Layers with fixed charge: the Donnan potential, and Teorell-Meyer-Sievers with a gradient of salt."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import constants
from scipy.integrate import quad
from scipy.optimize import brentq

import electrodiff as ed
from electrodiff import theory

FARADAY = constants.N_A * constants.e
TEMPERATURE = 298.15
THERMAL_VOLTAGE = constants.R * TEMPERATURE / FARADAY
SODIUM, CHLORIDE = 1.334e-9, 2.032e-9
IONS = {"Na": {"diffusivity": SODIUM}, "Cl": {"diffusivity": CHLORIDE}}
WATER = 80.0
# Stirring: baths in which diffusion is this much faster than in the film hold their concentrations up to its faces.
STIRRED = {"Na": 1e5 * SODIUM, "Cl": 1e5 * CHLORIDE}


def debye_length(concentration: float) -> float:
    return math.sqrt(WATER * constants.epsilon_0 * THERMAL_VOLTAGE / (2 * FARADAY * concentration))


def film(X: float | dict[str, object], thickness: float, left: float, right: float, **changes: object) -> ed.Case:
    """A film with fixed charge between stirred baths of NaCl."""
    bath = {"thickness": 20 * debye_length(min(left, right)), "relative_permittivity": WATER, "diffusivity": STIRRED}
    layers = [
        {"name": "left bath", **bath},
        {"name": "film", "thickness": thickness, "relative_permittivity": WATER, "fixed_charge": X},
        {"name": "right bath", **bath},
    ]
    case = ed.Case(
        temperature=TEMPERATURE,
        ions=IONS,
        layers=layers,
        left={"concentrations": {"Na": left, "Cl": left}, "potential": 0.0},
        right={"concentrations": {"Na": right, "Cl": right}, "potential": 0.0},
        mesh={"nodes": 601},
    )
    return case.changed(changes)


def middle_of(solution: ed.Solution) -> float:
    """Potential in the middle of the film."""
    entries = solution.layer_entries[1]
    x = solution.x[entries]
    return float(np.interp((x[0] + x[-1]) / 2, x, solution.potential[entries]))


# ---- equilibrium --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("X", [-1000.0, -50.0, 1.0, 50.0, 300.0])
def test_potential_in_a_thick_charged_layer_is_that_of_donnan(X):
    # 1e-9 V: the middle is 100 Debye lengths from the faces, and an even film is a solution of the discrete equations.
    solution = ed.solve(film(X, 200 * debye_length(10), 10.0, 10.0))
    expected = THERMAL_VOLTAGE * math.asinh(X / 20)
    assert middle_of(solution) == pytest.approx(expected, abs=1e-9)
    assert expected == pytest.approx(theory.donnan_potential_symmetric(X, 10.0, TEMPERATURE), rel=1e-14)


@pytest.mark.parametrize("X", [-50.0, 50.0])
def test_donnan_potential_of_a_mixture_whose_ions_enter_unequally(X):
    partition = {"Ca": 0.2, "K": 1.0, "Cl": 0.6}
    concentrations = {"Ca": 5.0, "K": 20.0, "Cl": 30.0}
    case = film(X, 100e-9, 30.0, 30.0).changed(
        {
            "ions": {ion: {} for ion in concentrations},
            "layers.left bath.diffusivity": {},
            "layers.right bath.diffusivity": {},
            "layers.film.partition": partition,
            "left.concentrations": concentrations,
            "right.concentrations": concentrations,
        }
    )
    expected = theory.donnan_potential(X, {"Ca": 2, "K": 1, "Cl": -1}, concentrations, TEMPERATURE, partition)
    assert middle_of(ed.solve(case)) == pytest.approx(expected, abs=1e-9)


def test_potential_at_the_face_of_a_thick_layer_is_the_contact_value():
    """First integral from the bath to the face, and from the face to the middle: the same field on both sides.

        2 c R T (cosh psi_0 - 1) = 2 c R T (cosh psi_0 - cosh psi_D) + X R T (psi_D - psi_0)

    so psi_0 = psi_D - 2 c (cosh psi_D - 1) / X = psi_D - tanh(psi_D / 2), written in R T / F.
    """
    X = 50.0
    solution = ed.solve(film(X, 200 * debye_length(10), 10.0, 10.0, **{"mesh.nodes": 2001}))
    donnan = math.asinh(X / 20)
    face = solution.potential[solution.layer_entries[1].start] / THERMAL_VOLTAGE
    assert face == pytest.approx(donnan - math.tanh(donnan / 2), rel=1e-5)  # second order, 2000 cells


def test_mean_potential_of_a_layer_approaches_that_of_donnan_as_one_over_its_thickness():
    # The two faces take the same amount of it, however thick the layer is; at 20 lengths and more they do not overlap.
    thicknesses = debye_length(10) * np.array([20, 40, 80, 160])
    missing = []
    for thickness in thicknesses:
        solution = ed.solve(film(50.0, thickness, 10.0, 10.0))
        entries = solution.layer_entries[1]
        mean = np.trapezoid(solution.potential[entries], solution.x[entries]) / thickness
        missing.append(1 - mean / (THERMAL_VOLTAGE * math.asinh(2.5)))
    assert np.polyfit(np.log(thicknesses), np.log(missing), 1)[0] == pytest.approx(-1, abs=0.02)


def test_thin_layer_reaches_only_a_part_of_the_donnan_potential():
    """Low X: the middle of a film of thickness d has the part 1 - exp(-d / (2 lambda)) of it (Debye and Hueckel)."""
    for lengths in (0.2, 1.0, 3.0):
        solution = ed.solve(film(0.01, lengths * debye_length(10), 10.0, 10.0))
        part = middle_of(solution) / (THERMAL_VOLTAGE * 0.01 / 20)
        assert part == pytest.approx(-math.expm1(-lengths / 2), rel=1e-4)  # second order, 200 cells in the film


@pytest.mark.parametrize("X", [20.0, 50.0, 300.0])
def test_thin_film_reaches_what_the_first_integral_says(X):
    """5 nm in a bath of 10 mM, psi_p in the middle and psi_0 at the face, in units of R T / F and of the Debye length:

    (psi')^2 / 2 = cosh psi - 1 in the bath,    cosh psi - cosh psi_p + (X / 2c) (psi_p - psi) in the film
    """
    thickness, ratio = 5e-9, X / 20

    def half_thickness(peak: float) -> float:
        face = peak - (math.cosh(peak) - 1) / ratio

        def step(t: float) -> float:
            """dx / dt with psi = psi_p - t^2."""
            half = t * t / 2
            crowd = 2 * math.sinh(peak - half) * math.sinh(half) / (t * t)
            return 2 / math.sqrt(2 * (ratio - crowd))

        return float(quad(step, 1e-12, math.sqrt(peak - face), epsrel=1e-12)[0]) * debye_length(10)

    donnan = math.asinh(ratio)
    peak = brentq(lambda psi: half_thickness(psi) - thickness / 2, 0.1 * donnan, donnan * (1 - 1e-6), xtol=1e-14)
    solution = ed.solve(film(X, thickness, 10.0, 10.0, **{"mesh.nodes": 1201}))
    face = solution.potential[solution.layer_entries[1].start]
    assert middle_of(solution) == pytest.approx(THERMAL_VOLTAGE * peak, rel=2e-5)  # second order, 400 cells in the film
    assert face == pytest.approx(THERMAL_VOLTAGE * (peak - (math.cosh(peak) - 1) / ratio), rel=2e-5)


def test_charge_of_a_thick_layer_is_balanced_inside():
    """Ions and fixed charge of film and baths add up to nothing, and the counter-ions are those of Donnan."""
    X = -50.0
    solution = ed.solve(film(X, 200 * debye_length(10), 10.0, 10.0))
    entries = solution.layer_entries[1]
    middle = (entries.start + entries.stop) // 2
    sodium, chloride = solution.concentration[:, middle]
    assert sodium * chloride == pytest.approx(100.0, rel=1e-9)
    assert sodium - chloride == pytest.approx(50.0, rel=1e-9)


def test_profile_of_fixed_charge_is_followed_where_it_varies_slowly():
    """Over 1000 Debye lengths from -10 to -100 mM: the local Donnan potential, up to (lambda / d)^2 of its curvature."""
    thickness = 1000 * debye_length(10)
    X = {"x": [0.0, thickness], "value": [-10.0, -100.0]}
    solution = ed.solve(film(X, thickness, 10.0, 10.0, **{"mesh.nodes": 4001}))
    entries = solution.layer_entries[1]
    depth = (solution.x[entries] - solution.x[entries.start]) / thickness
    inner = (depth > 0.1) & (depth < 0.9)
    expected = -THERMAL_VOLTAGE * np.arcsinh((10 + 90 * depth[inner]) / 20)
    np.testing.assert_allclose(solution.potential[entries][inner], expected, atol=2e-5 * THERMAL_VOLTAGE)


# ---- a gradient of salt -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("X", "millivolts"),
    [(0.0, 12.27), (-10, 1.06), (-100, -42.17), (-1000, -58.78), (10, 22.34), (100, 50.72), (1000, 58.99)],
)
def test_potential_across_a_thick_charged_layer_is_that_of_teorell_meyer_and_sievers(X, millivolts):
    """NaCl 10|100 mM, potential right minus left.  0.005 mV: the last digit; a Debye length is 3e-5 of the film."""
    solution = ed.solve(film(X, 100e-6, 10.0, 100.0, **{"left.potential": "floating"}))
    assert -1e3 * solution.membrane_potential == pytest.approx(millivolts, abs=0.007)
    expected = theory.teorell_meyer_sievers_potential(X, SODIUM, CHLORIDE, 10.0, 100.0, TEMPERATURE)
    assert solution.membrane_potential == pytest.approx(expected, abs=2e-6)


def test_teorell_meyer_sievers_is_approached_as_one_over_the_thickness():
    # The two Debye layers at the faces, through which the ions flow too, are a share lambda / d of the film.
    expected = theory.teorell_meyer_sievers_potential(-100.0, SODIUM, CHLORIDE, 10.0, 100.0, TEMPERATURE)
    lengths = np.array([100, 300, 1000, 3000])
    errors = []
    for length in lengths:
        case = film(
            -100.0, length * debye_length(10), 10.0, 100.0, **{"left.potential": "floating", "mesh.nodes": 2001}
        )
        errors.append(abs(ed.solve(case).membrane_potential - expected))
    assert np.polyfit(np.log(lengths), np.log(errors), 1)[0] == pytest.approx(-1, abs=0.1)


def test_flux_of_salt_through_an_ion_exchanger_is_that_of_its_co_ion():
    """Without current both ions move alike, held up by the one that is hard to find in the film: the co-ion.

    In a film with |X| >> c the co-ion has c^2 / |X| at either face, and salt crosses as D_co (c_R^2 - c_L^2) / (|X| d).
    """
    X, thickness = -5000.0, 10e-6
    solution = ed.solve(film(X, thickness, 10.0, 100.0, **{"left.potential": "floating"}))
    co_ion = [(math.hypot(2 * c, X) + X) / 2 for c in (10.0, 100.0)]
    # 2 %: the counter-ion's share of the diffusion, c_co / |X| = 4e-4 times its gradient, and 1 - D ratio of that
    assert solution.flux["Cl"] == pytest.approx(CHLORIDE * (co_ion[0] - co_ion[1]) / thickness, rel=2e-2)
    assert solution.flux["Na"] == pytest.approx(solution.flux["Cl"], rel=1e-9)


def test_donnan_film_of_sized_ions_has_the_crowded_equilibrium():
    """Bikerman in a film: c = a e^(-z y) s with s = 1 - sum v c, and neutrality; solved with brentq here."""
    X, diameter, bath = -3000.0, 0.6e-9, 100.0
    volume = constants.N_A * diameter**3
    case = film(X, 50e-9, bath, bath).changed(
        {"ions.Na.diameter": diameter, "ions.Cl.diameter": diameter, "steric": {"model": "bikerman"}}
    )
    activity = bath / (1 - 2 * volume * bath)

    def charge(y: float) -> float:
        crowded = 1 + 2 * volume * activity * math.cosh(y)
        return -2 * activity * math.sinh(y) / crowded + X

    expected = THERMAL_VOLTAGE * brentq(charge, -30, 0, xtol=1e-15)
    assert middle_of(ed.solve(case)) == pytest.approx(expected, abs=1e-9)
