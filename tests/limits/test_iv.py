"""Current-voltage curves: where they cross zero, how steep they are, and how they are bent."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import constants

import electrodiff as ed

FARADAY = constants.N_A * constants.e
THERMAL_VOLTAGE = constants.R * 310.0 / FARADAY
CaseOf = Callable[..., ed.Case]
Floats = NDArray[np.float64]

# P [m/s], z, inside and outside [mol/m^3] of what passes the membrane of resting_potential.
PERMEANT = {"K": (2e-7, 1, 140.0, 4.0), "Na": (8e-9, 1, 12.0, 145.0), "Cl": (9e-8, -1, 10.0, 149.0)}


def ghk_current(permeability: float, z: int, inside: float, outside: float, voltage: Floats) -> Floats:
    """The current in a constant field [A/m^2], written out here so that the test depends on no code of the program."""
    u = z * voltage / THERMAL_VOLTAGE
    return permeability * z * FARADAY * u * (inside - outside * np.exp(-u)) / -np.expm1(-u)


def ghk_slope(permeability: float, z: int, inside: float, outside: float, voltage: Floats) -> Floats:
    """Its derivative with respect to the voltage [S/m^2]."""
    u = z * voltage / THERMAL_VOLTAGE
    e = np.exp(-u)
    rising = (inside - outside * e + u * outside * e) / (1 - e) - u * e * (inside - outside * e) / (1 - e) ** 2
    return permeability * z**2 * FARADAY / THERMAL_VOLTAGE * rising


def summed(law: Callable[..., Floats], voltage: Floats) -> Floats:
    return np.sum([law(*numbers, voltage) for numbers in PERMEANT.values()], axis=0)


def curve(case: ed.Case, potentials: object) -> ed.CurrentVoltage:
    """The current-voltage curve of a case at these potentials [V]."""
    return ed.solve_iv(case.replace("study", {"kind": "iv", "potentials": potentials}))


def wide_field(case_of: CaseOf, partition: dict[str, float]) -> ed.Case:
    """The resting membrane, 5 um thick, with the same permeabilities from so few ions that its field is constant.

    The Debye layers take (eps_m / eps_w) lambda / d = 4e-6 of the voltage on each side; the slab is 0.04 of its Debye length
    thick, so that its charge bends the potential by (d / lambda)^2 / 100 = 2e-5 RT/F.
    """
    few = {ion: 1e-8 * value for ion, value in partition.items()}
    fast = dict.fromkeys(("K", "Na", "Cl"), 1.0)
    changes = {"thickness": "5 um", "partition": few, "diffusivity": fast}
    return case_of("resting_potential", {f"layers.membrane.{key}": value for key, value in changes.items()})


@pytest.fixture(scope="module")
def ghk_limit(case_of: CaseOf) -> ed.CurrentVoltage:
    """Where GHK holds, at potentials of both signs."""
    case = wide_field(case_of, {"K": 1e-4, "Na": 4e-6, "Cl": 4.5e-5, "A": 0.0})
    return curve(case, [-0.11, -0.05, 0.05, 0.11])


def test_the_slope_of_the_ghk_current_that_the_tests_use_is_its_derivative() -> None:
    voltage, step = np.array([-0.09, 0.02, 0.07]), 1e-6
    for numbers in PERMEANT.values():
        change = ghk_current(*numbers, voltage + step) - ghk_current(*numbers, voltage - step)
        # Rounding of the currents over the step: 1e-16 * 0.1 V / 1e-6 V, and the square of the step over RT/F.
        np.testing.assert_allclose(ghk_slope(*numbers, voltage), change / (2 * step), rtol=1e-8)


def test_where_ghk_holds_the_currents_and_the_slope_conductance_are_those_of_ghk(ghk_limit: ed.CurrentVoltage) -> None:
    voltage = ghk_limit.voltage
    # 8e-6 of the voltage lies in the Debye layers, which at 110 mV is 3e-5 RT/F; 2e-5 is the charge of the slab.
    np.testing.assert_allclose(ghk_limit.current_density, summed(ghk_current, voltage), rtol=5e-5)
    np.testing.assert_allclose(ghk_limit.slope_conductance, summed(ghk_slope, voltage), rtol=5e-5)


def test_where_ghk_holds_the_chord_conductance_is_that_from_its_reversal_potential(
    ghk_limit: ed.CurrentVoltage,
) -> None:
    inward, outward = 4 + 0.04 * 145 + 0.45 * 10, 140 + 0.04 * 12 + 0.45 * 149
    reversal = THERMAL_VOLTAGE * math.log(inward / outward)
    assert ghk_limit.reversal_potential == pytest.approx(reversal, abs=1e-6)
    chord = summed(ghk_current, ghk_limit.voltage) / (ghk_limit.voltage - reversal)
    np.testing.assert_allclose(ghk_limit.chord_conductance, chord, rtol=1e-4)


def test_the_reversal_potential_is_that_of_the_floating_case_and_the_curve_is_zero_there(case_of: CaseOf) -> None:
    floating = ed.solve(case_of("resting_potential"))
    case = case_of("clamped_membrane")
    result = curve(case, [floating.membrane_potential])
    assert result.reversal_potential == pytest.approx(floating.membrane_potential, abs=1e-12)
    ions = np.abs(result.ion_current).sum()
    # The error of the potential, and Newton's tolerance of 1e-9.
    assert abs(result.current_density[0]) < 1e-9 * ions
    assert result.chord_conductance[0] == result.slope_conductance[0]


@pytest.mark.parametrize("side", ["left", "right"])
def test_the_curve_is_the_same_whatever_the_ends_are_at(case_of: CaseOf, side: str) -> None:
    """Only the difference counts: neither what the left end was given, nor what the right one is at."""
    case, other = case_of("clamped_membrane"), case_of("clamped_membrane", {f"{side}.potential": "0.3 V"})
    one, two = (curve(each, [-0.065, 0.03]) for each in (case, other))
    np.testing.assert_allclose(one.current_density, two.current_density, rtol=1e-9)
    assert one.reversal_potential == pytest.approx(two.reversal_potential, abs=1e-12)


# A gate, pumps, fixed charge, ions in a slab that is full of them, and a channel between cones of water.
STEEP = [
    "clamped_membrane",
    "inward_rectifier",
    "electrogenic_pump",
    "charged_membrane",
    "selectivity_lost",
    "kcsa_channel",
]


@pytest.mark.parametrize("name", STEEP)
def test_the_slope_conductance_is_the_central_difference_of_the_currents(case_of: CaseOf, name: str) -> None:
    step, centres = 2e-4, (-0.09, -0.03, 0.04)
    result = curve(case_of(name), [v + k * step for v in centres for k in (-2, -1, 0, 1, 2)])
    before, back, _, forth, after = result.current_density.reshape(3, 5).T
    difference = (before - 8 * back + 8 * forth - after) / (12 * step)
    # Of fourth order: (step / (RT/F))^4 / 30 = 1e-10, with 5 mV of a gate instead of RT/F 1e-7 / 30.
    np.testing.assert_allclose(result.slope_conductance.reshape(3, 5)[:, 2], difference, rtol=1e-8)


@pytest.mark.parametrize("name", ["clamped_membrane", "inward_rectifier", "charged_membrane"])
def test_every_point_is_the_steady_state_at_its_potential_to_the_estimate(case_of: CaseOf, name: str) -> None:
    """Warm starts from both sides of the middle leave no trace."""
    result = curve(case_of(name), {"from": -0.12, "to": 0.08, "points": 11})
    for index in (0, 3, 7, 10):
        alone = ed.solve(case_of(name, {"left.potential": float(result.voltage[index]), "right.potential": 0.0}))
        for scalar, value in alone.scalars.items():
            point, error = result.scalar(scalar)[index], result.error(scalar)[index]
            if value is None:
                assert np.isnan(point)
            else:
                assert abs(point - value) <= error + (alone.error[scalar] or 0.0) + 1e-9 * abs(value), scalar


def test_a_membrane_for_one_ion_reverses_at_its_nernst_potential(case_of: CaseOf) -> None:
    """Whatever the membrane is made of: here it is full of potassium, and charged."""
    full = {"layers.membrane.partition.K": 0.1, "layers.membrane.fixed_charge": "-20 mM"}
    result = curve(case_of("nernst_potassium", full), [-0.08, 0.02])
    case = result.case
    inside, outside = case.concentrations("left")["K"], case.concentrations("right")["K"]
    nernst = constants.R * case.temperature / FARADAY * math.log(outside / inside)
    assert result.reversal_potential == pytest.approx(nernst, abs=1e-9)
    assert np.sign(result.current_density).tolist() == np.sign(result.voltage - nernst).tolist()


def test_the_rectification_of_one_ion_tends_to_the_ratio_of_its_concentrations(case_of: CaseOf) -> None:
    only_potassium = {"K": 1e-4, "Na": 0.0, "Cl": 0.0, "A": 0.0}
    result = curve(wide_field(case_of, only_potassium), [-0.3, -0.05, 0.05, 0.3])
    # At 300 mV a part e^-11 = 1e-5 still comes from the other side: 35 times that of what is inward.
    assert result.rectification[-1] == pytest.approx(140 / 4, rel=35 * math.exp(-0.3 / THERMAL_VOLTAGE) + 1e-4)
    assert result.rectification[0] == pytest.approx(4 / 140, rel=35 * math.exp(-0.3 / THERMAL_VOLTAGE) + 1e-4)
    at_50 = ghk_current(*PERMEANT["K"], np.array([-0.05, 0.05]))
    assert result.rectification[2] == pytest.approx(abs(at_50[1] / at_50[0]), rel=1e-4)


def test_a_symmetric_membrane_has_an_odd_curve(case_of: CaseOf) -> None:
    same = {"right.concentrations": case_of("clamped_membrane").concentrations("left")}
    result = curve(case_of("clamped_membrane", same), {"from": -0.09, "to": 0.09, "points": 7})
    error = result.error("current_density")
    assert abs(result.current_density + result.current_density[::-1]).max() <= 2 * error.max() + 1e-12
    assert result.reversal_potential == pytest.approx(0, abs=1e-12)
    np.testing.assert_allclose(np.delete(result.rectification, 3), 1, rtol=1e-6)
    assert np.isnan(result.rectification[3])
    np.testing.assert_allclose(result.slope_conductance, result.slope_conductance[::-1], rtol=1e-6)


def test_a_membrane_that_nothing_crosses_has_no_reversal_potential(case_of: CaseOf) -> None:
    result = curve(case_of("capacitor", {"right.potential": 0.0}), [-0.05, 0.05])
    assert result.converged
    assert not result.current_density.any()
    assert not result.slope_conductance.any()
    assert np.isnan(result.reversal_potential)
    assert np.isnan(result.chord_conductance).all()
    assert np.isnan(result.rectification).all()
