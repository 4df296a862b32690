"""Liquid junctions: HCl|KCl, one salt, and the approach to electroneutral diffusion as the layer grows."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import constants

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


def test_junction_between_stirred_baths_approaches_the_same_as_it_grows():
    """The field stops at the faces of stirred baths, in Debye layers whose share falls with the length of the layer."""
    errors = [
        abs(ed.solve(junction(lengths, HCL, KCL, baths=True)).membrane_potential + LEWIS_SARGENT) for lengths in LENGTHS
    ]
    # At 10 Debye lengths a tenth of the field's charge; 1e-6 V at 1e5, where the baths' own resistance is 1e-9.
    assert errors[0] > 1e-4
    assert all(longer < shorter / 5 for shorter, longer in zip(errors[:-1], errors[1:-1], strict=False))
    assert errors[-1] < 1e-6


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


def test_junction_of_three_ions_is_not_that_of_henderson_in_general():
    """Unequal concentrations: the profile is Planck's, not linear; the two differ, and the electroneutral limit is his.

    Planck's equation for univalent ions, solved here: xi = e^(F V / R T) of
    (xi U_R - U_L) / (V_R - xi V_L) = ln(C_R / C_L) - ln xi over ln(C_R / C_L) + ln xi times (xi C_R - C_L) / (C_R - xi C_L).
    """
    from scipy.optimize import brentq

    left, right = {"H": 10.0, "Cl": 10.0}, {"K": 100.0, "Cl": 100.0}
    # U, V: sum of D c over cations and anions; C: total of the cations
    U = [9.311 * 10.0, 1.957 * 100.0]
    V = [2.032 * 10.0, 2.032 * 100.0]
    C = [10.0, 100.0]
    logarithm = math.log(C[1] / C[0])

    def planck(volts: float) -> float:
        log_xi = volts / THERMAL_VOLTAGE
        xi = math.exp(log_xi)
        return (xi * U[1] - U[0]) * (C[1] - xi * C[0]) * (logarithm + log_xi) - (V[1] - xi * V[0]) * (
            xi * C[1] - C[0]
        ) * (logarithm - log_xi)

    # xi = e^(phi_R - phi_L) or its inverse, by the sign for which one salt comes out right; see the assertion below.
    roots = sorted(
        brentq(planck, low, high, xtol=1e-15)
        for low, high in zip(np.linspace(-0.05, 0.0499, 60), np.linspace(-0.05, 0.0499, 60)[1:], strict=False)
        if planck(low) * planck(high) < 0
    )
    solution = ed.solve(junction(3e4, left, right, **{"mesh.nodes": 4001}))
    closest = min(roots, key=lambda root: abs(abs(root) - abs(solution.membrane_potential)))
    assert abs(solution.membrane_potential) == pytest.approx(abs(closest), abs=1e-6)
    henderson = theory.henderson_potential({"H": 1, "K": 1, "Cl": -1}, DIFFUSIVITY, left, right, TEMPERATURE)
    assert abs(solution.membrane_potential - henderson) > 1e-3
