"""The references themselves: that there are enough, that their quantities exist, and that they agree with one another.

None of these tests solves anything; rtol 1e-12 is the round-off of roots and quadratures of a few thousand terms.
"""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
import references_tools as tools
from references import REFERENCES
from references_closed import riccati_constant
from references_curved import Round
from references_films import film_of
from references_flux import exponential_integral
from references_goldman import goldman
from references_tools import FARADAY, ROOM, VACUUM, WATER, debye_length, grahame_charge, grahame_potential, integral
from references_traces import excess
from references_unipolar import Unipolar, unipolar_profile
from references_walls import bikerman_charge, gouy_width, hydration_layer
from scipy.special import airy, ellipkinc

import electrodiff as ed

VT = tools.thermal_voltage(ROOM)
NACL, CACL2 = {"Na": 150.0, "Cl": 150.0}, {"Ca": 50.0, "Cl": 100.0}
RTOL = 1e-12


@pytest.fixture(scope="module")
def expected() -> dict[str, dict[str, float]]:
    """The values of every reference, by its name."""
    return {reference.name: reference.expected() for reference in REFERENCES}


@pytest.fixture(scope="module")
def cases() -> dict[str, ed.Case]:
    """The case of every reference, by its name."""
    return {reference.name: reference.case() for reference in REFERENCES}


# ---- the table ----------------------------------------------------------------------------------------------------


def test_there_are_many_references_each_of_its_own_name():
    assert len(REFERENCES) >= 100
    assert len({reference.name for reference in REFERENCES}) == len(REFERENCES)
    assert all(reference.source for reference in REFERENCES)


def test_every_quantity_is_one_that_its_case_reports(expected, cases):
    missing = {name: set(values) - set(cases[name].scalar_names()) for name, values in expected.items()}
    assert not any(missing.values())


def test_every_value_is_a_number_and_not_zero(expected):
    for values in expected.values():
        assert values
        assert all(math.isfinite(value) and value != 0 for value in values.values())


def test_twice_the_points_of_quadrature_change_nothing(expected, monkeypatch):
    monkeypatch.setattr(tools, "PANELS", 2 * tools.PANELS)
    for reference in REFERENCES:
        assert reference.expected() == pytest.approx(expected[reference.name], rel=RTOL), reference.name


def test_drops_of_the_layers_add_up_to_the_voltage(expected, cases):
    for name, values in expected.items():
        drops = [values.get(f"layer_drop.{layer}") for layer in cases[name].layer_names]
        ends = [getattr(end, "potential", None) for end in (cases[name].left, cases[name].right)]
        if None in drops or not all(isinstance(end, float) for end in ends):
            continue
        # 1e-14 V: round-off of drops of which some are far larger than their sum.
        assert math.fsum(drops) == pytest.approx(ends[0] - ends[1], rel=RTOL, abs=1e-14), name


def test_charges_of_two_baths_and_of_what_is_between_them_add_up_to_nothing(expected, cases):
    tried = 0
    for name, values in expected.items():
        case = cases[name]
        between_baths = case.left.kind == case.right.kind == "reservoir" and "surface_charge.left" in values
        if not between_baths or any(has_ions(layer) for layer in case.layers[1:-1]):
            continue
        sheets = math.fsum(case.surface_charge(*pair) for pair in pairwise(case.layer_names))
        fixed = math.fsum(FARADAY * layer.thickness * mean_charge(layer.fixed_charge) for layer in case.layers)
        total = values["surface_charge.left"] + values["surface_charge.right"] + sheets + fixed
        assert total == pytest.approx(0, abs=1e-15), name
        tried += 1
    assert tried >= 8


def has_ions(layer: ed.Layer) -> bool:
    return layer.partition is None or any(layer.partition.values())


def mean_charge(fixed: float | ed.Profile) -> float:
    return float(np.mean(fixed.value)) if isinstance(fixed, ed.Profile) else fixed


# ---- diffuse layers -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("charge", [1e-4, -0.02, 0.3])
def test_root_of_grahames_equation_is_the_inverse_sinh_for_a_symmetric_salt(charge):
    unit = math.sqrt(8 * WATER * VACUUM * tools.GAS_CONSTANT * ROOM * 150.0)
    assert grahame_potential(charge, NACL) == pytest.approx(2 * math.asinh(charge / unit), rel=RTOL)


@pytest.mark.parametrize("y", [-4.0, 3.0])
def test_charge_of_a_2_to_1_wall_factors(y):
    """sum c (e^(-z y) - 1) = c (1 - e^y)^2 (1 + 2 e^y) e^(-2 y)."""
    squared = 50.0 * (1 - math.exp(y)) ** 2 * (1 + 2 * math.exp(y)) * math.exp(-2 * y)
    expected = math.sqrt(2 * WATER * VACUUM * tools.GAS_CONSTANT * ROOM * squared)
    assert abs(grahame_charge(y, CACL2)) == pytest.approx(expected, rel=RTOL)


def test_ions_of_bikerman_without_a_size_are_points():
    sizes = {"Na": 1e-13, "Cl": 1e-13}
    # 1e-7: digits of the logarithm of 1 + 1e-8.
    assert bikerman_charge(6.0, NACL, sizes) == pytest.approx(grahame_charge(6.0, NACL), rel=1e-7)


@pytest.mark.parametrize(("k", "y"), [(0.3, 2.0), (1.7, 0.5), (2.5, 4.0)])
def test_width_of_a_thin_bath_is_an_elliptic_integral(k, y):
    """With sinh t = tan(angle): F(angle | 1 - (k/2)^2)."""
    angle = math.atan(2 * math.sinh(y / 2) / k)
    assert gouy_width(k, y) == pytest.approx(ellipkinc(angle, 1 - k * k / 4), rel=RTOL)


def test_hydration_layer_of_water_is_no_layer():
    same = hydration_layer("water", 0.05, CACL2, 1e-9, WATER, {"Ca": 1.0, "Cl": 1.0})
    assert same.expected()["membrane_potential"] == pytest.approx(VT * grahame_potential(0.05, CACL2), rel=RTOL)


def test_face_of_a_donnan_film_has_its_contact_value():
    salt = {"K": 10.0, "Cl": 10.0}
    donnan = math.asinh(5.0)
    assert film_of(salt, 100.0).donnan == pytest.approx(donnan, rel=RTOL)
    assert film_of(salt, 100.0).face(donnan, salt) == pytest.approx(donnan - math.tanh(donnan / 2), rel=RTOL)


def test_thin_weak_film_is_that_of_debye_and_hueckel():
    salt = {"K": 10.0, "Cl": 10.0}
    peak = film_of(salt, 2e-3).peak(0.6 * debye_length(salt), salt)
    # 1e-7: the square of the potential.
    assert peak == pytest.approx(-math.expm1(-0.6) * 1e-4, rel=1e-7)


def test_counter_ions_between_neutral_planes_obey_k_tan_k():
    k = math.sqrt(riccati_constant(-3.0, 0.0, 1.0) / 2)
    assert 2 * k * math.tan(k) == pytest.approx(3.0, rel=RTOL)


@pytest.mark.parametrize(("start", "length"), [(-4.0, 2.0), (1.2, 2.8), (1.9, 0.01)])
def test_constant_of_riccatis_equation_fits_its_length(start, length):
    """The integral of dH / (H^2/2 + C)."""
    c = riccati_constant(start, 2.0, length)
    assert integral(lambda h: 1 / (h * h / 2 + c), start, 2.0, panels=2000) == pytest.approx(length, rel=1e-10)


@pytest.mark.parametrize("geometry", ["cylindrical", "spherical"])
def test_linear_solutions_around_a_centre_have_their_wronskian(geometry):
    solutions = Round(geometry, 1.3)
    wronskian = 1.3**solutions.power * solutions.f(1.3) * solutions.g(1.3) * (solutions.rise + solutions.fall)
    assert wronskian == pytest.approx(1, rel=RTOL)


# ---- fluxes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("z", [-2, -1, 1, 2])
@pytest.mark.parametrize("y", [-3.0, 1.5])
def test_excess_of_a_trace_in_a_diffuse_layer_is_its_integral(z, y):
    """The integral of (e^(z y) - 1) dy / (2 sinh(y/2))."""
    quadrature = integral(lambda psi: np.expm1(z * psi) / (2 * np.sinh(psi / 2)), 0.0, y)
    assert excess(z, y) == pytest.approx(quadrature, rel=RTOL)


def test_integral_of_a_piecewise_exponential_is_its_quadrature():
    x, w = [0.0, 1.0, 1.0 + 1e-9, 3.0], [2.0, -3.0, -3.0, 5.0]
    parts = [integral(lambda at: np.exp(np.interp(at, x, w)), *ends) for ends in pairwise(x)]
    assert exponential_integral(x, w) == pytest.approx(math.fsum(parts), rel=RTOL)


@pytest.mark.parametrize("drop", [-3.0, 2.0])
def test_ions_of_one_valence_that_do_not_crowd_obey_goldman(drop):
    resistance = Unipolar(1e-14, 1e-15, drop).resistance()
    assert resistance == pytest.approx((math.exp(drop) * 1e-14 - 1e-15) / goldman(drop, 1e-14, 1e-15), rel=RTOL)


@pytest.mark.parametrize(("left", "right", "drop"), [(7.0, 5.0, -2.0), (25.0, 2.0, -4.0)])
def test_field_of_ions_of_one_valence_is_that_of_airys_functions(left, right, drop):
    profile = Unipolar(left, right, drop)
    field, j = profile.solve()
    # The flux by Nernst and Planck from end to end is the j of the profile.
    assert (left * math.exp(drop) - right) / profile.resistance() == pytest.approx(j, rel=1e-11)
    # w'' = (j x - C) w / 2 with Ai and Bi of (j/2)^(1/3) (x - C/j), |C/j| below 10.
    stretch, shift = np.cbrt(j / 2), (left - field**2 / 2) / j
    start, stop = (np.array(airy(stretch * (x - shift))) for x in (0.0, 1.0))
    matrix = np.array([start[[0, 2]], stretch * start[[1, 3]]])
    w = np.linalg.solve(matrix, [1.0, -field / 2]) @ stop[[0, 2]]
    assert w == pytest.approx(unipolar_profile(field, j, left, np.array([1.0]))[0][0], rel=1e-9)


def test_two_cations_at_rest_have_the_voltage_of_goldman_hodgkin_and_katz(expected):
    """With one valence the profile drops out of the ratio of the fluxes."""
    ratio = (2.0 * 30.0 + 0.7 * 90.0) / (2.0 * 140.0 + 0.7 * 12.0)
    voltage = expected["two cations at rest"]["membrane_potential"]
    assert voltage == pytest.approx(tools.thermal_voltage(tools.BODY) * math.log(ratio), rel=RTOL)


def test_traces_at_rest_have_the_voltage_of_goldman_hodgkin_and_katz(expected):
    ratio = (1e-15 * 4 + 4e-17 * 145 + 4.5e-16 * 152) / (1e-15 * 140 + 4e-17 * 12 + 4.5e-16 * 149)
    voltage = expected["Goldman, traces at rest"]["membrane_potential"]
    assert voltage == pytest.approx(tools.thermal_voltage(tools.BODY) * math.log(ratio), rel=RTOL)
