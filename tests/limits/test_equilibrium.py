"""Equilibria and electrostatics: Nernst, the capacitor, electroneutral bulk, zero flux at Boltzmann equilibrium."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from scipy import constants

import electrodiff as ed
from electrodiff.fvm.kernels.faces import face_values
from electrodiff.fvm.problem import build_problem
from electrodiff.grid.line import layered_line

FARADAY = constants.N_A * constants.e
THERMAL_VOLTAGE = constants.R * 310.0 / FARADAY
DEBYE_LENGTH = math.sqrt(80 * constants.epsilon_0 * constants.R * 310.0 / (2 * FARADAY**2 * 150))


@pytest.mark.parametrize(
    ("ion", "expected"),
    [("K", math.log(4 / 140)), ("Na", math.log(145 / 12)), ("Cl", -math.log(149 / 10))],
)
def test_floating_potential_is_the_nernst_potential_of_the_only_permeant_ion(case_of, ion, expected):
    # 1e-6 mV: equilibrium is exact in the scheme; what is left is round-off and the stopping rule of Newton.
    none = {f"layers.membrane.partition.{other}": 0 for other in ("K", "Na", "Cl", "A")}
    case = case_of("nernst_potassium", {**none, f"layers.membrane.partition.{ion}": 1e-4})
    assert ed.solve(case).membrane_potential == pytest.approx(THERMAL_VOLTAGE * expected, abs=1e-9)


def test_nernst_potential_does_not_depend_on_the_membrane(case_of):
    changes = {
        "layers.membrane.thickness": "2 nm",
        "layers.membrane.relative_permittivity": 10,
        "layers.membrane.partition.K": 0.3,
    }
    case = case_of("nernst_potassium", changes)
    assert ed.solve(case).membrane_potential == pytest.approx(THERMAL_VOLTAGE * math.log(4 / 140), abs=1e-9)


def slab_capacitance_in_series_with_debye_layers() -> float:
    slab, debye = 2 * constants.epsilon_0 / 5e-9, 80 * constants.epsilon_0 / DEBYE_LENGTH
    return 1 / (1 / slab + 2 / debye)


def test_capacitance_is_that_of_the_slab_in_series_with_two_debye_layers(case_of):
    # 1e-5: (h / Debye length)^2 / 12 of the Debye layers' 0.8 % is below 1e-6, their nonlinearity psi^2/24 below 1e-7.
    solution = ed.solve(case_of("capacitor", {"mesh.nodes": 1001}))
    assert solution.capacitance == pytest.approx(slab_capacitance_in_series_with_debye_layers(), rel=1e-5)
    assert solution.surface_charge["left"] == pytest.approx(-solution.surface_charge["right"], rel=1e-12)


def one_sided_slope(x: np.ndarray, y: np.ndarray) -> float:
    """dy/dx at x[0] of the parabola through the first three points: second order, and not the program's own field."""
    (x0, x1, x2), (y0, y1, y2) = x[:3], y[:3]
    first, second = (y1 - y0) / (x1 - x0), (y2 - y1) / (x2 - x1)
    return float(first - (second - first) * (x1 - x0) / (x2 - x0))


def field_ratio_from_profile(solution: ed.Solution) -> float:
    water, slab = solution.layer_entries[:2]
    in_water = one_sided_slope(solution.x[water][::-1], solution.potential[water][::-1])
    in_slab = one_sided_slope(solution.x[slab], solution.potential[slab])
    return in_slab / in_water


def test_field_jumps_by_the_ratio_of_the_permittivities_at_the_face(case_of):
    """From differences of the potential's profile: 40 to 1e-3, and closer on finer meshes."""
    errors = []
    for nodes in (201, 401, 801):
        solution = ed.solve(case_of("capacitor", {"mesh.nodes": nodes}))
        errors.append(abs(field_ratio_from_profile(solution) / 40 - 1))
        # The reported ratio comes from Gauss's law on the half cells and is exact up to the round-off of the potential
        # difference over the finest cell, eps phi / (dphi) = 1e-16 / 1e-4 before the ratio of two of them.
        assert solution.field_ratio["inside|membrane"] == pytest.approx(40, rel=1e-9)
    assert errors[-1] < 1e-3
    assert all(finer < coarser / 3 for coarser, finer in pairwise(errors))  # second order: a quarter


def test_bulk_is_electroneutral_ten_debye_lengths_from_an_uncharged_membrane(clamped):
    assert 0 < clamped.bulk_charge_imbalance < 1e-6


def test_charge_of_the_bath_decays_as_the_exponential_of_the_distance_over_the_debye_length(clamped):
    # 1 % of the slope: the flux through the bath tilts the concentrations, and beyond 15 lengths round-off sets in.
    bath = clamped.layer_entries[0]
    distance = clamped.x[bath][-1] - clamped.x[bath]
    used = (distance > 2 * DEBYE_LENGTH) & (distance < 12 * DEBYE_LENGTH)
    slope = np.polyfit(distance[used], np.log(np.abs(clamped.charge_density[bath][used])), 1)[0]
    ionic_strength = 0.5 * sum(clamped.case.concentrations("left").values())
    debye_length = math.sqrt(80 * constants.epsilon_0 * constants.R * 310 / (2 * FARADAY**2 * ionic_strength))
    assert -1 / slope == pytest.approx(debye_length, rel=0.01)


def test_flux_vanishes_to_round_off_at_boltzmann_equilibrium(case_of):
    """Any potential, a = c exp(-z phi): each face's flux is at most a few roundings of eps D c / h."""
    case = case_of("clamped_membrane", {"mesh.nodes": 101})
    problem = build_problem(case, layered_line(case).mesh())
    phi = np.random.default_rng(1).normal(scale=3, size=problem.mesh.nodes)
    z = np.array(case.valences)
    state = np.column_stack([np.exp(-np.outer(phi, z)), phi])
    flux, *others = np.empty((4, problem.mesh.nodes - 1, z.size))
    face_values(problem.chain, state, flux, *others)
    step = np.abs(np.diff(phi))[:, None]
    scale = problem.chain.conductance * np.maximum(state[1:, :-1], state[:-1, :-1]) * (1 + step)
    # exp(-z phi) is itself rounded, relative to phi: |phi| eps, and so is the difference of two phi.
    assert (np.abs(flux) <= 30 * np.finfo(float).eps * scale).all()
    assert np.abs(flux).max() > 0  # the test sees the round-off that it allows


def test_concentrations_are_never_negative(case_of):
    for voltage in (-0.5, 0.2, 1.0):
        solution = ed.solve(case_of("clamped_membrane", {"left.potential": voltage}))
        assert (solution.concentration >= 0).all()
        assert (solution.activity[:3] > 0).all()


def test_an_ion_with_partition_zero_is_exactly_absent(clamped):
    anion = clamped.case.ion_names.index("A")
    membrane = clamped.layer_entries[1]
    assert (clamped.concentration[anion, membrane] == 0).all()
    assert clamped.flux["A"] == 0
    assert clamped.concentration[anion, membrane.start - 1] > 100  # and present up to the face
