"""Ions of finite size: Bikerman's charge, capacitance and packing limit, and the return to points."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import constants
from scipy.integrate import quad
from scipy.optimize import brentq, minimize_scalar

import electrodiff as ed
from electrodiff import theory

FARADAY = constants.N_A * constants.e
TEMPERATURE = 298.15
THERMAL_VOLTAGE = constants.R * TEMPERATURE / FARADAY
WATER = 80.0
DIAMETER = 0.66e-9
SALT = {"Na": 150.0, "Cl": 150.0}
VALENCE = {"Na": 1, "Cl": -1, "Ca": 2}
STERIC = {"model": "bikerman"}
PERMITTIVITY = WATER * constants.epsilon_0


def electrode(
    potential: float,
    diameters: dict[str, float],
    concentrations: dict[str, float] = SALT,
    nodes: int = 2001,
    **changes: object,
) -> ed.Case:
    """A metal wall, 30 nm of water, and a reservoir at 0 V; ions without a diameter are points."""
    case = {
        "temperature": TEMPERATURE,
        "ions": {ion: {"diameter": diameters[ion]} if ion in diameters else {} for ion in concentrations},
        "layers": [{"name": "water", "thickness": 30e-9, "relative_permittivity": WATER}],
        "left": {"kind": "wall", "potential": potential},
        "right": {"concentrations": concentrations, "potential": 0.0},
        "mesh": {"nodes": nodes},
    }
    if diameters:
        case["steric"] = STERIC
    return ed.Case(**{**case, **changes})


EQUAL = {"Na": DIAMETER, "Cl": DIAMETER}


# ---- charge and capacitance of a wall -----------------------------------------------------------------------------


@pytest.mark.parametrize("scaled", [-20.0, -8.0, -1.0, 0.1, 3.0, 12.0, 20.0])
def test_charge_of_a_wall_is_that_of_bikerman_up_to_20_kt(scaled):
    # 1e-5: second order on 2000 cells; the first of them is a hundredth of an ion.
    potential = scaled * THERMAL_VOLTAGE
    solution = ed.solve(electrode(potential, EQUAL))
    expected = theory.bikerman_charge(potential, 150.0, DIAMETER, WATER, TEMPERATURE)
    assert solution.electrode_charge["left"] == pytest.approx(expected, rel=1e-5)


def test_charged_wall_in_sized_ions_has_the_potential_of_bikerman():
    """The other way round: 1 C/m^2, which would need 190 mV of points and takes 1 V of ions."""
    charge = 1.0
    case = electrode(0.0, EQUAL).changed({"left": {"kind": "wall", "surface_charge": charge}})
    expected = brentq(
        lambda psi: theory.bikerman_charge(psi, 150.0, DIAMETER, WATER, TEMPERATURE) - charge, 0.0, 10.0, xtol=1e-12
    )
    assert ed.solve(case).membrane_potential == pytest.approx(expected, rel=1e-5)


def capacitance(potential: float, diameters: dict[str, float], nodes: int = 2001) -> float:
    """Slope of the wall's charge by central differences of 0.02 R T / F."""
    step = 0.02 * THERMAL_VOLTAGE
    ends = [
        ed.solve(electrode(potential + sign * step, diameters, nodes=nodes)).electrode_charge["left"]
        for sign in (1, -1)
    ]
    return (ends[0] - ends[1]) / (2 * step)


@pytest.mark.parametrize("scaled", [0.0, 2.0, 5.0, 15.0])
def test_capacitance_of_a_crowded_layer_is_that_of_kilic_bazant_and_ajdari(scaled):
    # 1e-4: the differences contribute step^2 / 6 times a third derivative of the order of C.
    potential = scaled * THERMAL_VOLTAGE
    expected = theory.bikerman_capacitance(potential, 150.0, DIAMETER, WATER, TEMPERATURE)
    assert capacitance(potential, EQUAL) == pytest.approx(expected, rel=1e-4)


def test_capacitance_peaks_where_the_wall_is_covered_and_falls_beyond():
    def negative(scaled: float) -> float:
        return -float(theory.bikerman_capacitance(scaled * THERMAL_VOLTAGE, 150.0, DIAMETER, WATER, TEMPERATURE))

    expected = minimize_scalar(negative, bounds=(1, 10), method="bounded", options={"xatol": 1e-8}).x
    # A parabola through three points half a kT apart finds the place of the peak to 2 %, and its height to 0.1 %.
    places = expected + np.array([-0.5, 0.0, 0.5])
    heights = [capacitance(place * THERMAL_VOLTAGE, EQUAL) for place in places]
    curvature, slope, _ = np.polyfit(places - expected, heights, 2)
    assert curvature < 0
    assert -slope / (2 * curvature) == pytest.approx(0, abs=0.02 * expected)
    assert max(heights) == pytest.approx(-negative(expected), rel=1e-3)
    assert max(heights) > 1.1 * capacitance(0.0, EQUAL) > capacitance(20 * THERMAL_VOLTAGE, EQUAL)


def charge_by_quadrature(potential: float, diameters: dict[str, float], concentrations: dict[str, float]) -> float:
    """Charge of a wall from the first integral (eps/2) E^2 = integral of -rho d(phi), for ions of any sizes.

    c_i = a_i exp(-z_i psi) s^(v_i/v_0) with s from sum v c = 1 - s by brentq, and a_i from the bath.
    """
    volume = {ion: constants.N_A * diameters.get(ion, 0.0) ** 3 for ion in concentrations}
    exponent = {ion: v / min(v for v in volume.values() if v > 0) for ion, v in volume.items()}
    void = 1 - sum(volume[ion] * c for ion, c in concentrations.items())
    activity = {ion: c * void ** -exponent[ion] for ion, c in concentrations.items()}

    def concentration(psi: float) -> dict[str, float]:
        points = {ion: a * math.exp(-VALENCE[ion] * psi) for ion, a in activity.items()}

        def missing(log_s: float) -> float:
            filled = sum(volume[ion] * c * math.exp(exponent[ion] * log_s) for ion, c in points.items())
            return math.exp(log_s) + filled - 1

        log_s = brentq(missing, -200, 0, xtol=1e-14, rtol=1e-14)
        return {ion: c * math.exp(exponent[ion] * log_s) for ion, c in points.items()}

    def minus_charge(psi: float) -> float:
        return -sum(VALENCE[ion] * c for ion, c in concentration(psi).items())

    scaled = potential / THERMAL_VOLTAGE
    integral, _ = quad(minus_charge, 0, scaled, epsrel=1e-10, limit=400)
    return math.copysign(math.sqrt(2 * PERMITTIVITY * constants.R * TEMPERATURE * integral), potential)


UNEQUAL = {
    "large cation": ({"Na": 0.72e-9, "Cl": 0.5e-9}, SALT),
    "small cation": ({"Na": 0.4e-9, "Cl": 0.8e-9}, SALT),
    "2:1 salt": ({"Ca": 0.82e-9, "Cl": 0.66e-9}, {"Ca": 50.0, "Cl": 100.0}),
    "point anion in a mixture": ({"Ca": 0.82e-9, "Na": 0.5e-9}, {"Ca": 20.0, "Na": 60.0, "Cl": 100.0}),
}


@pytest.mark.parametrize(
    ("salt", "scaled"),
    # A point anion does not crowd: a wall of +16 kT/e would need cells of 1e-4 nm for it.
    [(salt, scaled) for salt in UNEQUAL for scaled in (-16.0, -4.0, 4.0, 16.0) if scaled < 16 or "point" not in salt],
)
def test_charge_of_a_wall_in_ions_of_unequal_sizes_is_its_first_integral(salt, scaled):
    diameters, concentrations = UNEQUAL[salt]
    potential = scaled * THERMAL_VOLTAGE
    solution = ed.solve(electrode(potential, diameters, concentrations, nodes=4001))
    expected = charge_by_quadrature(potential, diameters, concentrations)
    assert solution.electrode_charge["left"] == pytest.approx(expected, rel=1e-5)  # second order, 4000 cells


def test_quadrature_of_equal_sizes_is_the_closed_form():
    expected = theory.bikerman_charge(0.3, 150.0, DIAMETER, WATER, TEMPERATURE)
    assert charge_by_quadrature(0.3, EQUAL, SALT) == pytest.approx(expected, rel=1e-9)


# ---- the packing limit --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("potential", [-2.0, -0.5, 1.0])
def test_concentrations_never_exceed_the_packing_limit(potential):
    solution = ed.solve(electrode(potential, EQUAL))
    limit = 1 / (constants.N_A * DIAMETER**3)
    filled = solution.concentration.sum(axis=0) / limit
    assert (filled <= 1 + 1e-13).all()  # ln s of up to 80 is rounded before its exponential is taken
    assert filled[0] > 0.999  # and the wall is packed


@pytest.mark.parametrize("potential", [-1.0, 1.0])
def test_ions_of_unequal_sizes_never_fill_more_than_all_space(potential):
    diameters = {"Na": 0.72e-9, "Cl": 0.5e-9}
    solution = ed.solve(electrode(potential, diameters))
    volumes = np.array([constants.N_A * d**3 for d in diameters.values()])
    filled = volumes @ solution.concentration
    assert (filled <= 1 + 1e-13).all()  # a rounding of k ln s before the exponential
    assert filled[0] > 0.99


def test_covered_wall_has_a_layer_of_ions_as_thick_as_its_charge_over_their_density():
    """At 40 kT/e the charge density is that of the packing up to x = sigma / (F c_max), and then falls over 3 kT/e."""
    potential = -40 * THERMAL_VOLTAGE
    solution = ed.solve(electrode(potential, EQUAL))
    limit = 1 / (constants.N_A * DIAMETER**3)
    thickness = -solution.electrode_charge["left"] / (FARADAY * limit)
    sodium = solution.concentration[0]
    half = np.interp(-0.5 * limit, -sodium, solution.x)
    assert half == pytest.approx(thickness, rel=0.1)
    assert (sodium[solution.x < 0.5 * thickness] > 0.99 * limit).all()


# ---- the way back to points ---------------------------------------------------------------------------------------


def membrane(**changes: object) -> ed.Case:
    return ed.load_case(ed.bundled_case("clamped_membrane")).changed({"mesh.nodes": 201, **changes})


def test_steric_off_is_steric_with_zero_diameter_to_the_last_bit():
    """A diameter without the model, and the model with diameters of zero."""
    point = ed.solve(membrane())
    unused = ed.solve(membrane(**{"ions.K.diameter": DIAMETER, "ions.Na.diameter": DIAMETER}))
    nothing = ed.solve(membrane(**{"ions.K.diameter": 0.0, "ions.Na.diameter": 0.0, "steric": STERIC}))
    for other in (unused, nothing):
        np.testing.assert_array_equal(other.state, point.state)
        np.testing.assert_array_equal(other.concentration, point.concentration)
        assert other.flux == point.flux


def test_steric_ions_become_points_as_the_cube_of_their_diameter():
    point = ed.solve(electrode(0.05, {})).electrode_charge["left"]
    diameters = DIAMETER / 2 ** np.arange(1, 5)
    errors = [
        abs(ed.solve(electrode(0.05, {"Na": d, "Cl": d})).electrode_charge["left"] / point - 1) for d in diameters
    ]
    assert np.polyfit(np.log(diameters), np.log(errors), 1)[0] == pytest.approx(3, abs=0.1)


def test_solver_of_sized_ions_gives_what_that_of_points_gives_for_tiny_ions():
    # Ions of 1 pm fill 1e-10 of the bath: every number agrees to 1e-8, by kernels of their own.
    tiny = {f"ions.{ion}.diameter": 1e-12 for ion in ("K", "Na", "Cl", "A")}
    point, sized = ed.solve(membrane()), ed.solve(membrane(**tiny, steric=STERIC))
    np.testing.assert_allclose(sized.potential, point.potential, atol=1e-10)
    for ion in ("K", "Na", "Cl"):
        assert sized.flux[ion] == pytest.approx(point.flux[ion], rel=1e-7)


# ---- equilibria and fluxes ----------------------------------------------------------------------------------------


def test_nernst_potential_of_sized_ions_is_that_of_their_activities():
    """(R T / F) ln(a_out / a_in) with a = c / (1 - sum v c)^(v_i / v_0).  1e-9 V: exact in the scheme."""
    diameters = {"K": 0.66e-9, "Na": 0.72e-9, "Cl": 0.66e-9, "A": 0.66e-9}
    case = ed.load_case(ed.bundled_case("nernst_potassium")).changed(
        {**{f"ions.{ion}.diameter": d for ion, d in diameters.items()}, "steric": STERIC}
    )
    volume = {ion: constants.N_A * d**3 for ion, d in diameters.items()}
    activity = []
    for side in ("left", "right"):
        concentrations = case.concentrations(side)
        void = 1 - sum(volume[ion] * c for ion, c in concentrations.items())
        activity.append(concentrations["K"] * void ** -(volume["K"] / min(volume.values())))
    expected = constants.R * case.temperature / FARADAY * math.log(activity[1] / activity[0])
    assert ed.solve(case).membrane_potential == pytest.approx(expected, abs=1e-9)


def test_bath_of_sized_ions_holds_the_concentrations_of_its_reservoir():
    solution = ed.solve(electrode(0.0, {"Na": 0.9e-9, "Cl": 0.5e-9}))
    np.testing.assert_allclose(solution.concentration, 150.0, rtol=1e-12)


def test_uncharged_sized_solute_diffuses_faster_where_it_is_crowded():
    """J = -D c d(ln a)/dx with a = c / (1 - v c), so J = (D / v d) ln[(1 - v c_R) / (1 - v c_L)]."""
    diameter, thickness, diffusivity = 1e-9, 10e-9, 1e-10
    volume = constants.N_A * diameter**3
    case = ed.Case(
        temperature=TEMPERATURE,
        ions={"sugar": {"valence": 0, "diffusivity": diffusivity, "diameter": diameter}},
        layers=[{"name": "water", "thickness": thickness, "relative_permittivity": WATER}],
        left={"concentrations": {"sugar": 1200.0}, "potential": 0.0},
        right={"concentrations": {"sugar": 100.0}, "potential": 0.0},
        steric=STERIC,
        mesh={"nodes": 401},
    )
    expected = diffusivity / (volume * thickness) * math.log((1 - volume * 100) / (1 - volume * 1200))
    assert ed.solve(case).flux["sugar"] == pytest.approx(expected, rel=1e-5)  # second order, 400 cells


def test_amounts_of_sized_ions_are_kept_in_a_closed_cell():
    initial = {"initial": SALT}
    case = electrode(0.5, EQUAL).changed({"right": {"kind": "wall", "potential": 0.0}, "layers.water.initial": SALT})
    assert initial["initial"] == case.layers[0].initial
    solution = ed.solve(case)
    mesh = solution.problem.mesh
    # The scheme's own sum, which it keeps to round-off; extrapolated concentrations add up to the integral instead.
    concentration = solution.readings.concentration
    amounts = concentration[:, :-1] @ mesh.volume_left + concentration[:, 1:] @ mesh.volume_right
    assert amounts == pytest.approx([150.0 * 30e-9] * 2, rel=1e-12)
    assert solution.electrode_charge["left"] == pytest.approx(-solution.electrode_charge["right"], rel=1e-9)


# ---- what is refused ----------------------------------------------------------------------------------------------


def test_diameters_that_overfill_a_reservoir_are_refused():
    with pytest.raises(ed.CaseError, match=r"would fill \d+ % of the space; make them smaller or fewer"):
        electrode(0.1, EQUAL).changed({"ions.Na.diameter": 2e-9, "ions.Cl.diameter": 2e-9})


def test_diameters_that_overfill_the_initial_state_are_refused():
    crowded = {"Na": 3000.0, "Cl": 3000.0}
    with pytest.raises(ed.CaseError, match=r"initial.*would fill 10\d % of the space; make them smaller or fewer"):
        electrode(0.1, EQUAL).changed({"right": {"kind": "wall", "potential": 0.0}, "layers.water.initial": crowded})
