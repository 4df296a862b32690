"""The Goldman-Hodgkin-Katz (GHK) limit: where the slab holds so little charge that its field is constant."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import constants

import electrodiff as ed

FARADAY = constants.N_A * constants.e
THERMAL_VOLTAGE = constants.R * 310.0 / FARADAY


def ghk_flux(permeability: float, z: int, left: float, right: float, voltage: float) -> float:
    """The constant-field flux, written out here so that the test depends on no code of the program."""
    u = z * voltage / THERMAL_VOLTAGE
    return permeability * u * (left - right * math.exp(-u)) / -math.expm1(-u)


def slab_fluxes(solution: ed.Solution, faces: bool) -> dict[str, float]:
    """GHK fluxes of the membrane from its reservoirs, or from the activities and the voltage at its own faces."""
    case = solution.case
    membrane = case.layers[1]
    entries = solution.layer_entries[1]
    left, right = entries.start, entries.stop - 1
    fluxes = {}
    for index, ion in enumerate(case.ions):
        permeability = membrane.partition[ion] * membrane.diffusivity.get(ion, 0.0) / membrane.thickness
        if permeability == 0:
            continue
        inside, outside = case.concentrations("left")[ion], case.concentrations("right")[ion]
        voltage = solution.membrane_potential
        if faces:
            inside, outside = solution.activity[index, left], solution.activity[index, right]
            voltage = solution.potential[left] - solution.potential[right]
        fluxes[ion] = ghk_flux(permeability, case.valence(ion), inside, outside, voltage)
    return fluxes


def largest_difference(solution: ed.Solution, faces: bool) -> float:
    return max(abs(solution.flux[ion] / flux - 1) for ion, flux in slab_fluxes(solution, faces).items())


def test_floating_potential_is_that_of_the_ghk_voltage_equation(case_of):
    # 0.02 mV: the slab's charge and the Debye layers shift all ions almost alike, which hardly moves the potential.
    inward, outward = 4 + 0.04 * 145 + 0.45 * 10, 140 + 0.04 * 12 + 0.45 * 149
    expected = THERMAL_VOLTAGE * math.log(inward / outward)
    assert ed.solve(case_of("resting_potential")).membrane_potential == pytest.approx(expected, abs=2e-5)


@pytest.mark.parametrize("voltage", np.linspace(-0.120, 0.080, 7))
def test_fluxes_are_those_of_ghk_and_closer_with_the_face_values(case_of, voltage):
    solution = ed.solve(case_of("clamped_membrane", {"left.potential": voltage}))
    assert largest_difference(solution, faces=False) < 0.02  # the Debye layers' share of the voltage, 0.8 %, and more
    assert largest_difference(solution, faces=True) < 4e-3  # the slab's own charge: (d / Debye length)^2 = 0.03


@pytest.mark.parametrize("voltage", [-0.120, -0.065, 0.080])
def test_fluxes_are_those_of_ghk_at_the_faces_when_the_slab_is_a_thousand_times_poorer_in_ions(case_of, voltage):
    # What is left of the slab's charge is a thousandth of 4e-3, and the scheme's own error is below 1e-6.
    case = case_of("clamped_membrane", {"left.potential": voltage, **scaled_partition(case_of, 1e-3)})
    assert largest_difference(ed.solve(case), faces=True) < 1e-5


def scaled_partition(case_of, factor: float) -> dict[str, object]:
    partition = case_of("clamped_membrane").layers[1].partition
    return {f"layers.membrane.partition.{ion}": factor * beta for ion, beta in partition.items()}


def potassium_chloride(beta: float) -> ed.Case:
    """KCl 150|15 mM across a slab in which K moves ten times faster than Cl; both have the partition `beta`."""
    bath = {"thickness": "20 nm", "relative_permittivity": 80}
    slab = {
        "name": "membrane",
        "thickness": "5 nm",
        "relative_permittivity": 2,
        "partition": {"K": beta, "Cl": beta},
        "diffusivity": {"K": "1e-11 m^2/s", "Cl": "1e-12 m^2/s"},
    }
    return ed.Case(
        temperature="310 K",
        ions={"K": {"diffusivity": "1.96e-9 m^2/s"}, "Cl": {"diffusivity": "2.03e-9 m^2/s"}},
        layers=({"name": "inside", **bath}, slab, {"name": "outside", **bath}),
        left={"concentrations": {"K": "150 mM", "Cl": "150 mM"}, "potential": "floating"},
        right={"concentrations": {"K": "15 mM", "Cl": "15 mM"}, "potential": 0.0},
    )


# From GHK with face values (plain GHK is -43.26 mV) to nearly Planck, whose -50.33 mV holds for the slab alone and is
# -50.07 mV with perfectly conducting baths.  The values are those of an independent trial of the scheme, printed to the
# digits shown; the tolerance is their last digit.
@pytest.mark.parametrize(
    ("beta", "millivolts", "tolerance"),
    [(1e-6, -43.44, 0.005), (1e-3, -43.87, 0.005), (0.1, -48.8, 0.05), (1, -49.3, 0.05)],
)
def test_potential_goes_from_ghk_to_planck_as_the_slab_fills_with_ions(beta, millivolts, tolerance):
    solution = ed.solve(potassium_chloride(beta))
    assert 1e3 * solution.membrane_potential == pytest.approx(millivolts, abs=tolerance)


def test_potential_of_an_almost_empty_slab_is_ghk_with_the_face_values():
    # 1e-9 V: at beta = 1e-6 the slab's charge is a millionth of what shifts the potential by 6 mV at beta = 1.
    solution = ed.solve(potassium_chloride(1e-6))
    entries = solution.layer_entries[1]
    (k_left, cl_left), (k_right, cl_right) = (solution.activity[:, i] for i in (entries.start, entries.stop - 1))
    slab = THERMAL_VOLTAGE * math.log((k_right + 0.1 * cl_left) / (k_left + 0.1 * cl_right))
    assert solution.layer_drop["membrane"] == pytest.approx(slab, abs=1e-6)


def test_reversal_potential_is_a_poor_test_and_the_current_a_good_one(case_of):
    """With every beta times 1e4 the field of the slab is far from constant; the potential hides it, the current not."""
    richer = scaled_partition(case_of, 1e4)
    resting = ed.solve(case_of("resting_potential", richer))
    assert 1e3 * resting.membrane_potential == pytest.approx(-71.2, abs=0.1)  # GHK: -71.46 mV
    clamped = ed.solve(case_of("clamped_membrane", richer))
    ghk = sum(clamped.case.valence(ion) * FARADAY * flux for ion, flux in slab_fluxes(clamped, faces=False).items())
    assert clamped.current_density / ghk == pytest.approx(1.05, abs=0.01)
