"""Energy barriers: partition from W, Born energies down to e^-600, and profiles that filter."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from scipy import constants
from scipy.integrate import quad

import electrodiff as ed
from electrodiff import theory
from electrodiff.grid.line import layered_line

FARADAY = constants.N_A * constants.e
TEMPERATURE = 310.0
RT = constants.R * TEMPERATURE
THERMAL_VOLTAGE = RT / FARADAY
LIPID, THICKNESS, DIFFUSIVITY = 2.0, 5e-9, 1e-11
INSIDE = {"K": 140.0, "Ca": 5.0, "Cl": 150.0}
OUTSIDE = {"K": 10.0, "Ca": 2.0, "Cl": 14.0}
VALENCE = {"K": 1, "Ca": 2, "Cl": -1}


def membrane(potential: float | str = -0.05, nodes: int = 401, **layer: object) -> ed.Case:
    """A slab of lipid in baths; `layer` says how the ions enter it."""
    bath = {"thickness": 20e-9, "relative_permittivity": "water"}
    slab = {
        "name": "slab",
        "thickness": THICKNESS,
        "relative_permittivity": LIPID,
        "diffusivity": dict.fromkeys(VALENCE, DIFFUSIVITY),
        **layer,
    }
    return ed.Case(
        temperature=TEMPERATURE,
        ions={ion: {} for ion in VALENCE},
        layers=[{"name": "inside", **bath}, slab, {"name": "outside", **bath}],
        left={"concentrations": INSIDE, "potential": potential},
        right={"concentrations": OUTSIDE, "potential": 0.0},
        mesh={"nodes": nodes},
    )


def flux_at_faces(solution: ed.Solution, ion: str, permeability: float) -> float:
    """Constant-field flux from activities and voltage at the faces of the slab, written out here.

    The permeability is a factor of its own, so that e^-600 stays a number.
    """
    entries = solution.layer_entries[1]
    left, right = (solution.activity[list(VALENCE).index(ion), i] for i in (entries.start, entries.stop - 1))
    u = VALENCE[ion] * solution.layer_drop["slab"] / THERMAL_VOLTAGE
    return permeability * u * (left - right * math.exp(-u)) / -math.expm1(-u)


# ---- one number for a layer ---------------------------------------------------------------------------------------


def test_barrier_is_a_partition_coefficient_of_its_boltzmann_factor():
    # 1e-13: the exponential of a barrier of 24 kT, rounded, and nothing else.
    energies = {"K": 23e3, "Ca": 60e3, "Cl": 25e3}
    by_barrier = ed.solve(membrane(barrier={"K": "23 kJ/mol", "Ca": "60 kJ/mol", "Cl": "25 kJ/mol"}))
    by_partition = ed.solve(membrane(partition={ion: math.exp(-w / RT) for ion, w in energies.items()}))
    np.testing.assert_allclose(by_barrier.potential, by_partition.potential, atol=1e-13)
    for ion in VALENCE:
        assert by_barrier.flux[ion] == pytest.approx(by_partition.flux[ion], rel=1e-12)


def test_barrier_in_kt_is_the_same_at_any_temperature_and_one_in_kilojoules_is_not():
    by_kt, by_energy = (
        membrane(barrier={"K": K, "Ca": "20 kT", "Cl": "20 kT"}) for K in ("9 kT", f"{9 * RT / 1e3!r} kJ/mol")
    )
    warm = {"temperature": 320.0}
    assert ed.solve(by_kt).flux["K"] == pytest.approx(ed.solve(by_energy).flux["K"], rel=1e-11)
    hot_kt, hot_energy = (ed.solve(case.changed(warm)).log_permeability["slab.K"] for case in (by_kt, by_energy))
    assert hot_kt == pytest.approx(math.log10(DIFFUSIVITY / THICKNESS) - 9 / math.log(10), abs=1e-12)
    assert hot_energy - hot_kt == pytest.approx(9 * (1 - 310 / 320) / math.log(10), abs=1e-11)


@pytest.mark.parametrize("exponent", [-1.0, 0.0, 3.0, 20.0, 68.0, 300.0, 600.0])
def test_partition_works_down_to_e_to_the_minus_600(exponent):
    """beta = e^-W for potassium alone: its flux is P times the constant-field one, to 1e-9 of round-off; P to 1e-12."""
    barrier = {"K": f"{exponent} kT", "Ca": "700 kT", "Cl": "700 kT"}
    if exponent < 5:
        barrier = dict.fromkeys(VALENCE, f"{exponent} kT")
    solution = ed.solve(membrane(barrier=barrier))
    log_permeability = math.log(DIFFUSIVITY / THICKNESS) - exponent
    assert solution.log_permeability["slab.K"] == pytest.approx(log_permeability / math.log(10), rel=1e-13)
    if exponent > 10:  # where the slab is empty
        expected = flux_at_faces(solution, "K", math.exp(log_permeability))
        assert solution.flux["K"] == pytest.approx(expected, rel=1e-8)
        assert solution.flux["K"] != 0


def test_ions_of_very_different_barriers_do_not_disturb_each_other():
    """e^-25, e^-70 and e^-411 side by side: each flux is that of its own permeability, though all unlike in size."""
    barrier = {"K": "70 kT", "Ca": "411 kT", "Cl": "25 kT"}
    solution = ed.solve(membrane(barrier=barrier))
    for ion, energy in (("K", 70), ("Ca", 411), ("Cl", 25)):
        expected = flux_at_faces(solution, ion, math.exp(-energy) * DIFFUSIVITY / THICKNESS)
        assert solution.flux[ion] == pytest.approx(expected, rel=1e-8)  # the slab holds 1e-11 of a bath's charge


# ---- Born energies ------------------------------------------------------------------------------------------------


def born_exponent(z: int, radius: float, water: float) -> float:
    """W / RT from the radius, written out: (z e)^2 / (8 pi eps_0 r k T) (1/eps_m - 1/eps_w)."""
    coulomb = (z * constants.e) ** 2 / (8 * math.pi * constants.epsilon_0 * radius * constants.k * TEMPERATURE)
    return coulomb * (1 / LIPID - 1 / water)


def test_born_barriers_of_bare_lipid_give_their_fluxes():
    """0.2 nm: e^-65 at 310 K; calcium of 0.13 nm: e^-400.  The solver takes them and gives those fluxes."""
    radii = {"K": 0.2e-9, "Ca": 0.13e-9, "Cl": 0.181e-9}
    case = membrane(born_radius=radii)
    water = case.relative_permittivity(case.layers[0])
    solution = ed.solve(case)
    for ion, radius in radii.items():
        exponent = born_exponent(VALENCE[ion], radius, water)
        energy = theory.born_energy(VALENCE[ion], radius, LIPID, water)
        assert energy / RT == pytest.approx(exponent, rel=1e-9)
        log_permeability = math.log(DIFFUSIVITY / THICKNESS) - exponent
        assert solution.log_permeability[f"slab.{ion}"] == pytest.approx(log_permeability / math.log(10), rel=1e-9)
        # 1e-7 of the exponent's digits: CODATA's k N_A = R and e N_A = F are exact, so what is left is round-off.
        expected = flux_at_faces(solution, ion, math.exp(log_permeability))
        assert solution.flux[ion] == pytest.approx(expected, rel=1e-7)
    assert born_exponent(1, 0.2e-9, water) == pytest.approx(65.6, abs=0.3)
    assert born_exponent(2, 0.13e-9, water) == pytest.approx(403.5, abs=2)


def test_born_barrier_of_e_to_the_minus_68_solves_and_gives_that_flux():
    water = membrane(born_radius=dict.fromkeys(VALENCE, 0.2e-9))
    permittivity = water.relative_permittivity(water.layers[0])
    radius = 0.2e-9 * born_exponent(1, 0.2e-9, permittivity) / 68
    solution = ed.solve(membrane(born_radius={"K": radius, "Ca": 1e-9, "Cl": radius}))
    for ion in ("K", "Cl"):
        expected = flux_at_faces(solution, ion, math.exp(-68) * DIFFUSIVITY / THICKNESS)
        assert solution.flux[ion] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("lift", [0, 40])
def test_floating_potential_of_bare_lipid_depends_on_the_ratio_of_the_permeabilities_alone(lift):
    """At e^-68 for K and e^-70 for Cl it is the GHK voltage of the faces, as it is at one e^40 times larger."""
    barrier = {"K": f"{68 - lift} kT", "Ca": "411 kT", "Cl": f"{70 - lift} kT"}
    solution = ed.solve(membrane("floating", barrier=barrier))
    entries, ratio = solution.layer_entries[1], math.exp(-2)
    (k_left, _, cl_left), (k_right, _, cl_right) = (solution.activity[:, i] for i in (entries.start, entries.stop - 1))
    expected = THERMAL_VOLTAGE * math.log((k_right + ratio * cl_left) / (k_left + ratio * cl_right))
    # 1e-9 V: the slab holds 1e-12 of a bath's charge, or nothing.
    assert solution.layer_drop["slab"] == pytest.approx(expected, abs=1e-9)


def test_permeability_is_the_partition_that_gives_it():
    given = {"K": 2e-7, "Ca": 1e-12, "Cl": 5e-9}
    case = membrane(permeability=given)
    solution = ed.solve(case)
    for ion, permeability in given.items():
        assert solution.log_permeability[f"slab.{ion}"] == pytest.approx(math.log10(permeability), rel=1e-12)
    partition = {ion: p * THICKNESS / DIFFUSIVITY for ion, p in given.items()}
    by_partition = ed.solve(membrane(partition=partition))
    for ion in VALENCE:
        assert solution.flux[ion] == pytest.approx(by_partition.flux[ion], rel=1e-12)


def test_ions_may_take_their_partition_from_different_tables():
    solution = ed.solve(membrane(partition={"K": 1e-4}, barrier={"Ca": "30 kT"}, permeability={"Cl": 1e-9}))
    expected = ed.solve(membrane(partition={"K": 1e-4, "Ca": math.exp(-30), "Cl": 1e-9 * THICKNESS / DIFFUSIVITY}))
    for ion in VALENCE:
        assert solution.flux[ion] == pytest.approx(expected.flux[ion], rel=1e-11)


# ---- profiles -----------------------------------------------------------------------------------------------------

# A filter: 6 kT at both mouths, 1 kT less than water in the middle.
PEAKS = {"x": ["0 nm", "1 nm", "2.5 nm", "4 nm", "5 nm"], "value": ["0 kT", "6 kT", "-1 kT", "6 kT", "0 kT"]}


def barrier_at(x: float, profile: dict[str, list[str]] = PEAKS) -> float:
    """W/RT at a position [m]."""
    points = [float(text.split()[0]) * 1e-9 for text in profile["x"]]
    return float(np.interp(x, points, [float(text.split()[0]) for text in profile["value"]]))


def solute(layer: dict[str, object], nodes: int) -> ed.Case:
    """An uncharged solute: no field, so that J = (a_L - a_R) / integral of dx / (D beta) and nothing else."""
    return ed.Case(
        temperature=TEMPERATURE,
        ions={"sugar": {"valence": 0, "diffusivity": 1e-9}},
        layers=[{"name": "slab", "thickness": THICKNESS, "relative_permittivity": 20, **layer}],
        left={"concentrations": {"sugar": 10.0}, "potential": 0.0},
        right={"concentrations": {"sugar": 1.0}, "potential": 0.0},
        mesh={"nodes": nodes},
    )


def resistance(mobility, power: float = 0.0) -> float:
    """Integral of e^(power x/d) dx / (D beta) by quadrature between the points of the profiles."""
    points = np.array([0.0, 1.0, 2.5, 4.0, 5.0]) * 1e-9
    parts = [
        quad(lambda x: math.exp(power * x / THICKNESS) / mobility(x), low, high, epsrel=1e-12)[0]
        for low, high in pairwise(points)
    ]
    return math.fsum(parts)


@pytest.mark.parametrize("nodes", [101, 401])
def test_flux_through_a_barrier_profile_is_the_quadrature_of_its_resistance(nodes):
    """Faces carry the harmonic mean of D beta, so the flux of a solute is exact but for faces that straddle a point.

    There the slope jumps by 10 kT / nm, a tenth of a kT on a face of 1/100 of the layer, to second order of that.
    """
    solution = ed.solve(solute({"barrier": {"sugar": PEAKS}}, nodes))
    expected = resistance(lambda x: 1e-9 * math.exp(-barrier_at(x)))
    assert solution.flux["sugar"] == pytest.approx(9.0 / expected, rel=5e-2 / (nodes / 10) ** 2)
    assert 10 ** solution.log_permeability["slab.sugar"] == pytest.approx(1 / expected, rel=1e-11)


def test_profiles_of_partition_and_diffusivity_multiply():
    partition = {"x": [0.0, 2.5e-9, 5e-9], "value": [1.0, 0.1, 0.5]}
    diffusivity = {"x": [0.0, 4e-9, 5e-9], "value": [1e-9, 2e-10, 2e-10]}
    solution = ed.solve(solute({"partition": {"sugar": partition}, "diffusivity": {"sugar": diffusivity}}, 401))

    def mobility(x: float) -> float:
        beta, D = (np.interp(x, table["x"], table["value"]) for table in (partition, diffusivity))
        return float(beta * D)

    expected = resistance(mobility)
    assert solution.flux["sugar"] == pytest.approx(9.0 / expected, rel=1e-5)  # second order, 400 cells
    assert solution.log_permeability["slab.sugar"] == pytest.approx(-math.log10(expected), rel=1e-9)


@pytest.mark.parametrize("ion", ["K", "Ca", "Cl"])
def test_flux_of_an_ion_through_a_barrier_profile_is_that_of_nernst_and_planck(ion):
    """J = [a_L e^(z V) - a_R] / integral of e^(z phi) dx / (D beta), in the constant field of a slab that stays empty."""
    high = {"x": PEAKS["x"], "value": ["20 kT", "26 kT", "19 kT", "26 kT", "20 kT"]}
    barrier = {other: high if other == ion else "50 kT" for other in VALENCE}
    solution = ed.solve(membrane(barrier=barrier, nodes=1601))
    entries = solution.layer_entries[1]
    left, right = (solution.activity[list(VALENCE).index(ion), i] for i in (entries.start, entries.stop - 1))
    u = VALENCE[ion] * solution.layer_drop["slab"] / THERMAL_VOLTAGE
    # z phi runs from u at the left face to 0 at the right one.
    whole = math.exp(u) * resistance(lambda x: DIFFUSIVITY * math.exp(-barrier_at(x, high)), -u)
    expected = (left * math.exp(u) - right) / whole
    assert solution.flux[ion] == pytest.approx(expected, rel=1e-4)  # faces that straddle a point of the profile


def test_filter_that_is_dehydration_less_coordination_selects_by_its_highest_barrier():
    """7 kT more at the top make potassium a thousand times more permeant: e^7 = 1097 where the top rules."""
    top = {"x": PEAKS["x"], "value": ["0 kT", "13 kT", "-1 kT", "13 kT", "0 kT"]}
    case = membrane(barrier={"K": PEAKS, "Ca": "60 kT", "Cl": top})
    logarithms = ed.solve(case).log_permeability
    ratio = math.exp(math.log(10) * (logarithms["slab.K"] - logarithms["slab.Cl"]))

    # integral of e^W between the points: sum of (e^W2 - e^W1) / slope
    def integral(profile: dict[str, list[str]]) -> float:
        x = [float(text.split()[0]) for text in profile["x"]]
        w = [float(text.split()[0]) for text in profile["value"]]
        return math.fsum(
            (math.exp(w[i + 1]) - math.exp(w[i])) * (x[i + 1] - x[i]) / (w[i + 1] - w[i]) for i in range(4)
        )

    assert ratio == pytest.approx(integral(top) / integral(PEAKS), rel=1e-10)
    assert 400 < ratio < 1100


def test_profile_of_equal_values_is_a_number():
    flat = {"x": ["0 nm", "2 nm", "5 nm"], "value": ["12 kT"] * 3}
    other = {"Ca": "30 kT", "Cl": "14 kT"}
    case = membrane(barrier={"K": flat, **other})
    # On one mesh: the line has a knot at 2 nm, where the profile has a point.
    mesh = layered_line(case).mesh()
    by_profile = ed.solve(case, mesh=mesh)
    by_number = ed.solve(membrane(barrier={"K": "12 kT", **other}), mesh=mesh)
    np.testing.assert_allclose(by_profile.potential, by_number.potential, atol=1e-13)
    assert by_profile.flux["K"] == pytest.approx(by_number.flux["K"], rel=1e-11)


def test_profile_is_the_mirror_image_seen_from_the_other_side():
    slope = {"x": ["0 nm", "5 nm"], "value": ["10 kT", "14 kT"]}
    mirrored = {"x": ["0 nm", "5 nm"], "value": ["14 kT", "10 kT"]}
    case = membrane(barrier={"K": slope, "Ca": "30 kT", "Cl": "14 kT"})
    image = membrane(barrier={"K": mirrored, "Ca": "30 kT", "Cl": "14 kT"}).changed(
        {"left": case.right.model_dump(), "right": case.left.model_dump()}
    )
    assert ed.solve(image).flux["K"] == pytest.approx(-ed.solve(case).flux["K"], rel=1e-9)


# ---- what is refused ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (
            {"barrier": {"K": {"x": ["0 nm", "3 nm", "2 nm"], "value": ["0 kT"] * 3}, "Ca": "1 kT", "Cl": "1 kT"}},
            "its points are out of order; x must increase from point to point",
        ),
        (
            {"barrier": {"K": {"x": ["0 nm", "3 nm"], "value": ["0 kT"]}, "Ca": "1 kT", "Cl": "1 kT"}},
            "x and value need the same number of points",
        ),
        (
            {"partition": {"K": 1.0, "Ca": 1.0, "Cl": 1.0}, "barrier": {"K": "1 kT"}},
            "give one of the two",
        ),
        ({"barrier": {"K": "1 kT"}}, "leaves out Ca, Cl; name every ion"),
        ({"barrier": {"K": "23 nm", "Ca": "1 kT", "Cl": "1 kT"}}, "expected a molar energy with a unit"),
        ({"born_radius": {"K": 0.0, "Ca": 1e-10, "Cl": 1e-10}}, "must be greater than zero"),
        (
            {"partition": {"K": {"x": [0.0, 1e-9], "value": [1.0, 0.0]}, "Ca": 1.0, "Cl": 1.0}},
            "where the ion is absent, make a layer of its own",
        ),
        (
            {"fixed_charge": {"x": ["0 nm", "0 nm"], "value": ["1 mM", "2 mM"]}},
            "its points are out of order",
        ),
    ],
)
def test_barriers_that_make_no_sense_are_refused(layer, message):
    with pytest.raises(ed.CaseError, match=message):
        membrane().changed({f"layers.slab.{key}": value for key, value in layer.items()})
