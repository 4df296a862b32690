"""Charged and metal walls: Grahame, Gouy-Chapman, Stern, ion-free layers in series, and planes of symmetry."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import constants
from scipy.optimize import brentq

import electrodiff as ed
from electrodiff import theory

FARADAY = constants.N_A * constants.e
TEMPERATURE = 298.15
THERMAL_VOLTAGE = constants.R * TEMPERATURE / FARADAY
WATER = 80.0
SALTS = {"1:1": {"Na": 150.0, "Cl": 150.0}, "2:1": {"Ca": 50.0, "Cl": 100.0}}
VALENCES = {"Na": 1, "Ca": 2, "Cl": -1}
DEBYE_LENGTH = math.sqrt(WATER * constants.epsilon_0 * THERMAL_VOLTAGE / (2 * FARADAY * 150))  # both salts: I = 150 mM


def electrode(wall: dict[str, object], salt: str = "1:1", nodes: int = 2001, **changes: object) -> ed.Case:
    """A wall, 25 Debye lengths of water, and a reservoir at 0 V."""
    concentrations = SALTS[salt]
    case = {
        "temperature": TEMPERATURE,
        "ions": {ion: {} for ion in concentrations},
        "layers": [{"name": "water", "thickness": 25 * DEBYE_LENGTH, "relative_permittivity": WATER}],
        "left": {"kind": "wall", **wall},
        "right": {"concentrations": concentrations, "potential": 0.0},
        "mesh": {"nodes": nodes},
    }
    return ed.Case(**{**case, **changes})


def grahame(potential: float, salt: str) -> float:
    """Charge of a wall [C/m^2], written out: sigma^2 = 2 eps R T sum c (exp(-z psi) - 1)."""
    terms = [c * math.expm1(-VALENCES[ion] * potential / THERMAL_VOLTAGE) for ion, c in SALTS[salt].items()]
    pressure = 2 * WATER * constants.epsilon_0 * constants.R * TEMPERATURE * math.fsum(terms)
    return math.copysign(math.sqrt(max(pressure, 0.0)), potential)


def grahame_inverse(charge: float, salt: str) -> float:
    return float(brentq(lambda psi: grahame(psi, salt) - charge, -0.5, 0.5, xtol=1e-13))


# ---- one wall -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("salt", SALTS)
@pytest.mark.parametrize("charge", [0.001, -0.01, 0.03, -0.1, 0.1, -0.3, 0.3])
def test_potential_of_a_charged_wall_is_that_of_grahame(salt, charge):
    # 1e-5: second order, 2000 cells over ln(25 lengths / first cell) of the graded line.
    solution = ed.solve(electrode({"surface_charge": charge}, salt))
    assert solution.membrane_potential == pytest.approx(grahame_inverse(charge, salt), rel=1e-5)
    assert solution.electrode_charge["left"] == charge
    assert solution.electrode_charge["right"] is None


@pytest.mark.parametrize("salt", SALTS)
@pytest.mark.parametrize("charge", [0.001, -0.01, 0.03, -0.1, 0.1, -0.3, 0.3])
def test_charge_of_a_metal_wall_is_that_of_grahame(salt, charge):
    # 1e-5 on four times as many nodes: the error of the charge is that of the potential times 1 + psi / 2 and more, and
    # it is largest for divalent counter-ions, which are packed in 1/30 of the Debye length.
    solution = ed.solve(electrode({"potential": grahame_inverse(charge, salt)}, salt, nodes=8001))
    assert solution.electrode_charge["left"] == pytest.approx(charge, rel=1e-5)


def test_error_of_the_wall_potential_is_of_second_order_and_of_fourth_when_extrapolated_once():
    """Second order on each mesh; once extrapolated from the last two of three nested meshes, fourth."""
    charge, counts = -0.1, (129, 257, 513, 1025)
    exact = grahame_inverse(charge, "1:1")
    solutions = [ed.solve(electrode({"surface_charge": charge}, nodes=nodes)) for nodes in counts]
    on_one_mesh, extrapolated = (
        [abs(reading.membrane_potential / exact - 1) for reading in readings]
        for readings in ([solution.readings for solution in solutions], solutions)
    )
    for errors, expected in ((on_one_mesh, 2), (extrapolated, 4)):
        order = -np.polyfit(np.log([nodes - 1 for nodes in counts]), np.log(errors), 1)[0]
        assert order == pytest.approx(expected, abs=0.1)


@pytest.mark.parametrize("charge", [-0.3, 0.05])
def test_profile_of_the_potential_is_that_of_gouy_and_chapman(charge):
    # 1e-5 of the wall's potential everywhere, and of the charge density at the wall; e^-25 of it is cut off.
    solution = ed.solve(electrode({"surface_charge": charge}))
    wall = grahame_inverse(charge, "1:1")
    expected = theory.gouy_chapman_potential(solution.x, wall, 150.0, WATER, TEMPERATURE)
    np.testing.assert_allclose(solution.potential, expected, rtol=0, atol=1e-5 * abs(wall))
    density = theory.gouy_chapman_charge_density(solution.x, wall, 150.0, WATER, TEMPERATURE)
    np.testing.assert_allclose(solution.charge_density, density, rtol=0, atol=1e-4 * np.abs(density).max())


def test_charge_of_the_liquid_balances_that_of_the_wall():
    # 1e-9: the whole liquid holds it but for e^-25, and Gauss's law telescopes over its cells.
    solution = ed.solve(electrode({"surface_charge": -0.1}))
    mesh, density = solution.problem.mesh, solution.readings.charge_density
    liquid = density[:-1] @ mesh.volume_left + density[1:] @ mesh.volume_right
    assert liquid == pytest.approx(0.1, rel=1e-9)


@pytest.mark.parametrize("potential", [0.0, -0.05, 0.1])
def test_capacitance_of_the_diffuse_layer_is_the_slope_of_its_charge(potential):
    # 1e-5: that of the charges; central differences of 1 mV add (0.04)^2 / 24 = 6e-5 of cosh'' / cosh, so 0.1 mV: 6e-7.
    step = 1e-4
    above, below = (
        ed.solve(electrode({"potential": potential + sign * step})).electrode_charge["left"] for sign in (1, -1)
    )
    expected = theory.diffuse_layer_capacitance(potential, 150.0, WATER, TEMPERATURE)
    assert (above - below) / (2 * step) == pytest.approx(expected, rel=2e-5)


def test_wall_at_the_right_is_the_mirror_image_of_a_wall_at_the_left():
    case = electrode({"potential": 0.08})
    swapped = case.changed({"left": case.right.model_dump(), "right": case.left.model_dump()})
    solution, image = ed.solve(case), ed.solve(swapped)
    assert image.electrode_charge["right"] == pytest.approx(solution.electrode_charge["left"], rel=1e-9)
    assert image.electrode_charge["left"] is None
    np.testing.assert_allclose(image.potential[::-1], solution.potential, atol=1e-11)


def test_uncharged_wall_leaves_the_bath_as_it_is():
    solution = ed.solve(electrode({}))
    np.testing.assert_allclose(solution.potential, 0, atol=1e-15)
    np.testing.assert_allclose(solution.concentration, 150.0, rtol=1e-12)
    assert solution.electrode_charge["left"] == 0


# ---- layers without ions ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("potential", [-0.6, -0.05, 0.2, 1.0])
def test_stern_layer_is_in_series_with_the_diffuse_layer(potential):
    """V = sigma d / eps + psi(sigma).  1e-5: that of the diffuse layer, whose share falls with the voltage."""
    thickness, permittivity = 0.35e-9, 10.0

    def excess(psi: float) -> float:
        return grahame(psi, "1:1") * thickness / (permittivity * constants.epsilon_0) + psi - potential

    psi = brentq(excess, -0.5, 0.5, xtol=1e-15)
    stern = {"thickness": thickness, "relative_permittivity": permittivity}
    solution = ed.solve(electrode({"potential": potential, "stern": stern}))
    assert solution.electrode_charge["left"] == pytest.approx(grahame(psi, "1:1"), rel=1e-5)
    assert solution.layer_drop["water"] == pytest.approx(psi, rel=1e-5)
    assert solution.layer_drop["left stern"] == pytest.approx(potential - psi, rel=1e-5)
    assert (solution.concentration[:, solution.layer_entries[0]] == 0).all()


def test_stern_layer_is_an_ion_free_layer_and_nothing_else():
    stern = {"thickness": 0.35e-9, "relative_permittivity": 10.0}
    sugar = electrode({"potential": 0.2, "stern": stern})
    layers = [{"name": "left stern", **stern, "partition": {"Na": 0, "Cl": 0}}, sugar.layers[1].model_dump()]
    written = electrode({"potential": 0.2}, layers=layers)
    np.testing.assert_array_equal(ed.solve(sugar).potential, ed.solve(written).potential)


def test_stern_layer_at_the_right_wall():
    stern = {"thickness": 0.35e-9, "relative_permittivity": 10.0}
    case = electrode({"potential": 0.2, "stern": stern})
    wall = {"kind": "wall", "potential": 0.2, "stern": stern}
    swapped = electrode({}, left=case.right.model_dump(), right=wall)
    assert swapped.layer_names == ("water", "right stern")
    charge = ed.solve(swapped).electrode_charge["right"]
    assert charge == pytest.approx(ed.solve(case).electrode_charge["left"], rel=1e-9)


def plates(voltage: float) -> ed.Case:
    """5 nm of water and 5 nm of lipid, both without ions, between two metal plates."""
    nothing = {"Na": 0, "Cl": 0}
    layers = [
        {"name": "water", "thickness": 5e-9, "relative_permittivity": 80, "partition": nothing},
        {"name": "lipid", "thickness": 5e-9, "relative_permittivity": 2, "partition": nothing},
    ]
    left, right = {"kind": "wall", "potential": voltage}, {"kind": "wall", "potential": 0.0}
    return electrode({}, layers=layers, left=left, right=right, mesh={"nodes": 21})


def test_voltage_over_water_and_lipid_in_series_is_shared_as_one_to_forty():
    # 1e-11: the potential is linear in either layer, which the scheme reproduces to the round-off of twenty cells.
    solution = ed.solve(plates(-0.065))
    assert solution.layer_drop["lipid"] / solution.layer_drop["water"] == pytest.approx(40, rel=1e-11)
    water = np.unique(solution.electric_field[solution.layer_entries[0]].round(-2))
    assert water == pytest.approx(-0.065 / 41 / 5e-9, rel=1e-4)
    expected = -0.065 / (5e-9 / (80 * constants.epsilon_0) + 5e-9 / (2 * constants.epsilon_0))
    assert solution.electrode_charge["left"] == pytest.approx(expected, rel=1e-11)
    assert solution.electrode_charge["right"] == pytest.approx(-expected, rel=1e-11)


def test_same_voltage_over_5_nm_of_water_or_of_lipid_makes_the_same_field_and_a_fortieth_of_the_charge():
    charges = []
    for permittivity in (80, 2):
        case = plates(0.065).changed({"layers.water.relative_permittivity": permittivity})
        solution = ed.solve(case.changed({"layers.lipid.relative_permittivity": permittivity}))
        np.testing.assert_allclose(solution.electric_field, 0.065 / 10e-9, rtol=1e-10)
        charges.append(solution.electrode_charge["left"])
    assert charges[0] / charges[1] == pytest.approx(40, rel=1e-11)


# ---- symmetry -----------------------------------------------------------------------------------------------------


def slit(whole: bool) -> ed.Case:
    """Earthed metal walls with a charged interface before each of them, in full or up to the plane of symmetry."""
    edge = {"thickness": 2e-9, "relative_permittivity": 20, "initial": {"Na": 60.0, "Cl": 60.0}}
    middle = {"name": "middle", "relative_permittivity": 80, "initial": {"Na": 60.0, "Cl": 60.0}}
    layers = [{"name": "edge", **edge}, {**middle, "thickness": 6e-9 if whole else 3e-9}]
    faces = [{"between": ["edge", "middle"], "surface_charge": -0.02}]
    wall = {"kind": "wall", "potential": 0.0}
    if whole:
        layers.append({"name": "other edge", **edge})
        faces.append({"between": ["middle", "other edge"], "surface_charge": -0.02})
    nodes = {"nodes": 801 if whole else 401}
    right = wall if whole else {"kind": "closed"}
    return electrode({}, layers=layers, interfaces=faces, left=wall, right=right, mesh=nodes)


def test_closed_end_is_a_plane_of_symmetry():
    # 2e-5: the same slit on two meshes of 0.01 of its Debye length or finer.
    whole, half = ed.solve(slit(True)), ed.solve(slit(False))
    assert half.electrode_charge["left"] == pytest.approx(whole.electrode_charge["left"], rel=2e-5)
    assert half.layer_drop["edge"] == pytest.approx(whole.layer_drop["edge"], rel=2e-5)
    assert half.membrane_potential == pytest.approx(
        whole.potential[0] - np.interp(5e-9, whole.x, whole.potential), rel=2e-5
    )
    assert half.electric_field[-1] == pytest.approx(0, abs=1e-9 * np.abs(half.electric_field).max())
    assert whole.electrode_charge["left"] == pytest.approx(whole.electrode_charge["right"], rel=1e-9)


def test_closed_end_and_wall_without_field_are_the_same_in_a_plane():
    closed = ed.solve(slit(False))
    wall = ed.solve(slit(False).changed({"right": {"kind": "wall"}}))
    # The line is graded towards a wall and not towards a plane of symmetry: 1e-5 of discretisation.
    assert wall.electrode_charge["left"] == pytest.approx(closed.electrode_charge["left"], rel=2e-5)


# ---- what is refused ----------------------------------------------------------------------------------------------


def test_stack_without_a_potential_anywhere_is_refused():
    with pytest.raises(ed.CaseError, match=r"neither end gives a potential.*potential = \"0 mV\""):
        electrode({"potential": 0.0}).changed({"left": {"kind": "closed"}, "right": {"kind": "closed"}})


def test_two_charged_walls_without_a_potential_are_refused():
    wall = {"kind": "wall", "surface_charge": 0.01}
    with pytest.raises(ed.CaseError, match="neither end gives a potential"):
        electrode({"potential": 0.0}).changed({"left": wall, "right": wall})


def test_wall_with_potential_and_charge_is_refused():
    with pytest.raises(ed.CaseError, match="drop one of them"):
        electrode({}).changed({"left": {"kind": "wall", "potential": 0.0, "surface_charge": 0.01}})
