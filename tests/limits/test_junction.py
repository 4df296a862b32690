"""Liquid junctions: HCl|KCl, one salt, and the approach to electroneutral diffusion as the layer grows."""

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
DIFFUSIVITY = {"H": 9.311e-9, "K": 1.957e-9, "Cl": 2.032e-9}
HCL, KCL = {"H": 100.0, "Cl": 100.0}, {"K": 100.0, "Cl": 100.0}
WATER = 78.4
DEBYE_LENGTH = math.sqrt(WATER * constants.epsilon_0 * THERMAL_VOLTAGE / (2 * FARADAY * 100))
# (R T / F) ln[(D_H + D_Cl) / (D_K + D_Cl)]: Lewis and Sargent
LEWIS_SARGENT = THERMAL_VOLTAGE * math.log((9.311 + 2.032) / (1.957 + 2.032))
LENGTHS = [10, 100, 1e3, 1e4, 1e5]


def junction(
    lengths: float, left: dict[str, float], right: dict[str, float], baths: bool = False, **changes: object
) -> ed.Case:
    """One layer of that many Debye lengths between two solutions, which may be stirred baths of 20 Debye lengths."""
    ions = {ion: {"diffusivity": D} for ion, D in DIFFUSIVITY.items() if ion in left or ion in right}
    layers: list[dict[str, object]] = [
        {"name": "junction", "thickness": lengths * DEBYE_LENGTH, "relative_permittivity": WATER}
    ]
    if baths:
        stirred = {ion: 1e6 * DIFFUSIVITY[ion] for ion in ions}
        bath = {"thickness": 20 * DEBYE_LENGTH, "relative_permittivity": WATER, "diffusivity": stirred}
        layers = [{"name": "left bath", **bath}, *layers, {"name": "right bath", **bath}]
    case = ed.Case(
        temperature=TEMPERATURE,
        ions=ions,
        layers=layers,
        left={"concentrations": left, "potential": "floating"},
        right={"concentrations": right, "potential": 0.0},
        mesh={"nodes": 601},
    )
    return case.changed(changes)


@pytest.mark.parametrize("lengths", LENGTHS)
def test_hydrochloric_acid_beside_potassium_chloride_makes_27_millivolts(lengths):
    """0.1 M HCl | 0.1 M KCl, 26.85 mV, the side of the acid negative.

    With the same chloride on both sides the field is constant and the liquid neutral at any length, so the scheme has
    no error but round-off: 1e-9 V.
    """
    solution = ed.solve(junction(lengths, HCL, KCL))
    assert pytest.approx(26.85e-3, abs=0.005e-3) == LEWIS_SARGENT
    assert solution.membrane_potential == pytest.approx(-LEWIS_SARGENT, abs=1e-9)


def test_junction_with_a_stirred_bath_at_one_side_approaches_the_same_as_it_grows():
    """The field stops at the face of a stirred bath, in a Debye layer that bends the junction's field too.

    Its drop is lambda / d of the whole, and what it changes in the sum is the square of that.
    """
    errors = []
    for lengths in LENGTHS:
        both = junction(lengths, HCL, KCL, baths=True)
        one = both.changed({"layers": [layer.model_dump() for layer in both.layers[:2]]})
        errors.append(abs(ed.solve(one).membrane_potential + LEWIS_SARGENT))
    assert errors[0] > 1e-5
    assert np.polyfit(np.log(LENGTHS), np.log(errors), 1)[0] == pytest.approx(-2, abs=0.1)
    # With a bath at either side the field is symmetric, and the potential is exact at any length.
    assert ed.solve(both).membrane_potential == pytest.approx(-LEWIS_SARGENT, abs=1e-9)
    assert ed.solve(junction(10, HCL, KCL, baths=True)).membrane_potential == pytest.approx(-LEWIS_SARGENT, abs=1e-9)


def test_junction_is_the_same_from_the_other_side():
    there, back = ed.solve(junction(100, HCL, KCL)), ed.solve(junction(100, KCL, HCL))
    assert back.membrane_potential == pytest.approx(-there.membrane_potential, abs=1e-12)


def test_acid_runs_into_the_salt_and_salt_into_the_acid_without_current():
    solution = ed.solve(junction(1e3, HCL, KCL))
    assert solution.flux["H"] > 0 > solution.flux["K"]
    assert abs(solution.current_density) < 1e-10 * abs(solution.ion_current["H"])
    # Constant field: each flux is that of Goldman, Hodgkin and Katz.
    thickness = 1e3 * DEBYE_LENGTH
    for ion, z, left, right in (("H", 1, 100.0, 0.0), ("K", 1, 0.0, 100.0), ("Cl", -1, 100.0, 100.0)):
        expected = theory.ghk_flux(
            DIFFUSIVITY[ion] / thickness, z, left, right, solution.membrane_potential, TEMPERATURE
        )
        assert solution.flux[ion] == pytest.approx(expected, rel=1e-9)


def test_one_salt_approaches_the_potential_of_planck_as_the_layer_grows():
    """10|100 mM KCl: the charge that keeps the field curved is (lambda / d)^2 of the salt, and so is the error."""
    expected = theory.planck_single_salt_potential(DIFFUSIVITY["K"], DIFFUSIVITY["Cl"], 10.0, 100.0, TEMPERATURE)
    lengths = np.array([30, 100, 300, 1000])
    errors = []
    for length in lengths:
        case = junction(length, {"K": 10.0, "Cl": 10.0}, {"K": 100.0, "Cl": 100.0}, **{"mesh.nodes": 4001})
        errors.append(abs(ed.solve(case).membrane_potential - expected))
    assert np.polyfit(np.log(lengths), np.log(errors), 1)[0] < -0.9
    assert errors[-1] < 1e-5 * THERMAL_VOLTAGE


def test_junction_of_three_ions_at_unequal_concentrations_is_that_of_planck():
    """His profile is not linear, and Henderson is wrong.  With z = 1 and C the sum of the cations, C is linear in x.

    In phi' = -E the sum of both Nernst-Planck equations gives E = (J_+ - J_-) / (2 C) with J = sum of J_i / D_i, so that
    phi falls with ln C and each ion obeys a linear equation, integrated here by quadrature for a trial of phi_R - phi_L.
    """
    left, right = {"H": 10.0, "Cl": 10.0}, {"K": 100.0, "Cl": 100.0}
    thickness = 3e4 * DEBYE_LENGTH
    start, stop = 10.0, 100.0

    def current(rise: float) -> float:
        """Current through the junction [mol/m^2/s] with phi_R - phi_L = rise R T / F."""
        power = rise / math.log(stop / start)  # e^phi = (C / C_L)^power
        total = 0.0
        for ion, z in (("H", 1), ("K", 1), ("Cl", -1)):
            resistance, _ = quad(lambda c, z=z: (c / start) ** (z * power) / (stop - start), start, stop, epsrel=1e-13)
            end = right.get(ion, 0.0) * math.exp(z * rise)
            total += z * DIFFUSIVITY[ion] / thickness * (left.get(ion, 0.0) - end) / resistance
        return total

    expected = -THERMAL_VOLTAGE * brentq(current, -5.0, 5.0, xtol=1e-14)
    solution = ed.solve(junction(3e4, left, right, **{"mesh.nodes": 4001}))
    assert solution.membrane_potential == pytest.approx(expected, abs=1e-6)
    henderson = theory.henderson_potential({"H": 1, "K": 1, "Cl": -1}, DIFFUSIVITY, left, right, TEMPERATURE)
    assert abs(expected - henderson) > 1e-3
