"""Cylinders, spheres and channels: Poisson's and Laplace's equation, diffusion, conduction, and the planar limit."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import constants
from scipy.integrate import quad
from scipy.special import i0, i1, k0, k1

import electrodiff as ed

FARADAY = constants.N_A * constants.e
TEMPERATURE = 298.15
THERMAL_VOLTAGE = constants.R * TEMPERATURE / FARADAY
WATER = 80.0
NOTHING = {"K": 0, "Cl": 0}
SALT = {"K": 100.0, "Cl": 100.0}
DEBYE_LENGTH = math.sqrt(WATER * constants.epsilon_0 * THERMAL_VOLTAGE / (2 * FARADAY * 100))
ROUND = pytest.mark.parametrize("geometry", ["cylindrical", "spherical"])


def stack(layers: list[dict[str, object]], **keys: object) -> ed.Case:
    case = {"temperature": TEMPERATURE, "ions": {"K": {}, "Cl": {}}, "layers": layers}
    return ed.Case(**{**case, **keys})


def water(thickness: float, **keys: object) -> dict[str, object]:
    return {"name": "water", "thickness": thickness, "relative_permittivity": WATER, **keys}


# ---- Poisson's equation -------------------------------------------------------------------------------------------


def shell(geometry: str, inner: float, outer: float, voltage: float) -> ed.Solution:
    """Two concentric metal walls with an ion-free medium between them."""
    return ed.solve(
        stack(
            [water(outer - inner, partition=NOTHING)],
            left={"kind": "wall", "potential": voltage},
            right={"kind": "wall", "potential": 0.0},
            mesh={"geometry": geometry, "inner_radius": inner, "nodes": 101},
        )
    )


@pytest.mark.parametrize(("inner", "outer"), [(1e-9, 1.1e-9), (1e-9, 5e-9), (1e-9, 1e-6)])
def test_potential_between_concentric_spheres_is_that_of_coulomb(inner, outer):
    # 1e-11: faces carry the exact 1 / integral of dr/r^2, so that only round-off is left.
    solution = shell("spherical", inner, outer, 0.1)
    radius = inner + solution.x
    share = (1 / radius - 1 / outer) / (1 / inner - 1 / outer)
    np.testing.assert_allclose(solution.potential, 0.1 * share, atol=1e-12)
    charge = WATER * constants.epsilon_0 * 0.1 / (1 / inner - 1 / outer)  # times 4 pi
    assert solution.electrode_charge["left"] == pytest.approx(charge / inner**2, rel=1e-11)
    assert solution.electrode_charge["right"] == pytest.approx(-charge / outer**2, rel=1e-11)
    np.testing.assert_allclose(solution.electric_field, charge / (WATER * constants.epsilon_0) / radius**2, rtol=1e-10)


@pytest.mark.parametrize(("inner", "outer"), [(1e-9, 1.1e-9), (1e-9, 5e-9), (1e-9, 1e-6)])
def test_potential_between_coaxial_cylinders_is_logarithmic(inner, outer):
    # 1e-11: as for the spheres, with the exact 1 / integral of dr/r.
    solution = shell("cylindrical", inner, outer, 0.1)
    radius = inner + solution.x
    np.testing.assert_allclose(solution.potential, 0.1 * np.log(outer / radius) / math.log(outer / inner), atol=1e-12)
    charge = WATER * constants.epsilon_0 * 0.1 / math.log(outer / inner)  # times 2 pi
    assert solution.electrode_charge["left"] == pytest.approx(charge / inner, rel=1e-11)
    assert solution.electrode_charge["right"] == pytest.approx(-charge / outer, rel=1e-11)


@pytest.mark.parametrize(("geometry", "dimension"), [("cylindrical", 2), ("spherical", 3)])
def test_potential_in_a_charged_ball_or_rod_is_parabolic(geometry, dimension):
    """phi(r) = F X (a^2 - r^2) / (2 dimension eps), from the centre, which is in the domain.

    1e-12: A(middle)/length of the faces around the centre is exact for a parabola.
    """
    radius, X = 5e-9, 30.0
    expected = FARADAY * X * radius**2 / (2 * dimension * WATER * constants.epsilon_0)
    solution = ed.solve(
        stack(
            [water(radius, partition=NOTHING, fixed_charge=X)],
            left={"kind": "closed"},
            right={"kind": "wall", "potential": 0.0},
            mesh={"geometry": geometry, "nodes": 101},
        )
    )
    assert solution.membrane_potential == pytest.approx(expected, rel=1e-12)
    # The charge on the wall is that inside, to round-off: the volumes of the cells add up to that of the ball.
    assert solution.electrode_charge["right"] == pytest.approx(-FARADAY * X * radius / dimension, rel=1e-12)


# Debye and Hueckel: phi'' + (d-1) phi'/r = phi / lambda^2, at a potential so low that sinh is linear to its square.
LOW = 1e-3 * THERMAL_VOLTAGE


@pytest.mark.parametrize("radius", [0.5e-9, 3e-9, 50e-9])
@pytest.mark.parametrize(("geometry", "curvature"), [("spherical", None), ("cylindrical", (k0, k1))])
def test_screened_potential_around_a_sphere_or_a_rod_is_that_of_debye_and_hueckel(geometry, radius, curvature):
    # 1e-5: second order with 2000 cells; e^-30 is cut off.
    solution = ed.solve(
        stack(
            [water(30 * DEBYE_LENGTH)],
            left={"kind": "wall", "potential": LOW},
            right={"concentrations": SALT, "potential": 0.0},
            mesh={"geometry": geometry, "inner_radius": radius, "nodes": 2001},
        )
    )
    r = radius + solution.x
    if curvature is None:
        profile = radius / r * np.exp(-solution.x / DEBYE_LENGTH)
        slope = 1 / radius + 1 / DEBYE_LENGTH
    else:
        profile = k0(r / DEBYE_LENGTH) / k0(radius / DEBYE_LENGTH)
        slope = k1(radius / DEBYE_LENGTH) / k0(radius / DEBYE_LENGTH) / DEBYE_LENGTH
    np.testing.assert_allclose(solution.potential / LOW, profile, atol=1e-5)
    assert solution.electrode_charge["left"] == pytest.approx(WATER * constants.epsilon_0 * LOW * slope, rel=1e-5)


@ROUND
def test_salt_that_cannot_leave_screens_nothing_but_itself(geometry):
    """Water from the centre to a charged face, an ion-free shell of low permittivity, and an earthed metal outside.

    The water stays neutral as a whole, so all of the face's charge sees the metal, and the potential inside is even.
    """
    inner, outer, charge = 2.5 * DEBYE_LENGTH, 2.5 * DEBYE_LENGTH + 2e-9, 1e-3
    solution = ed.solve(
        stack(
            [
                water(inner, initial=SALT),
                {"name": "shell", "thickness": 2e-9, "relative_permittivity": 2, "partition": NOTHING},
            ],
            interfaces=[{"between": ["water", "shell"], "surface_charge": charge}],
            left={"kind": "closed"},
            right={"kind": "wall", "potential": 0.0},
            mesh={"geometry": geometry, "nodes": 401},
        )
    )
    dimension = 2 if geometry == "cylindrical" else 3
    drop = inner * math.log(outer / inner) if dimension == 2 else inner**2 * (1 / inner - 1 / outer)
    # 1e-9: the amounts are kept to 1e-12, and the shell is exact.
    assert solution.layer_drop["shell"] == pytest.approx(charge * drop / (2 * constants.epsilon_0), rel=1e-9)
    expected = -charge * (inner / outer) ** (dimension - 1)
    assert solution.electrode_charge["right"] == pytest.approx(expected, rel=1e-9)
    assert solution.layer_drop["water"] == pytest.approx(0, abs=1e-12)
    np.testing.assert_allclose(solution.concentration[:, solution.layer_entries[0]], 100.0, rtol=1e-9)


@ROUND
def test_donnan_layer_around_the_centre_is_screened_as_by_debye_and_hueckel(geometry):
    """A weakly charged ball in a bath: inside phi = phi_D - A f(r), outside B g(r), both to first order in X.

    f = I_0 and g = K_0 for a rod, f = sinh(r)/r and g = e^-r/r for a ball (r in Debye lengths); phi and phi' continuous.
    """
    a, X = 2.0, 0.01
    if geometry == "cylindrical":
        f, df, g, dg = i0, i1, k0, lambda r: -k1(r)
    else:
        f, g = (lambda r: np.sinh(r) / r), (lambda r: np.exp(-r) / r)
        df = lambda r: (np.cosh(r) - np.sinh(r) / r) / r  # noqa: E731
        dg = lambda r: -(1 + 1 / r) * np.exp(-r) / r  # noqa: E731
    # phi_D - A f = B g and -A f' = B g' at r = a
    amplitude = dg(a) / (dg(a) * f(a) - df(a) * g(a))
    donnan = THERMAL_VOLTAGE * X / 200.0
    ball = {"name": "ball", "thickness": a * DEBYE_LENGTH, "relative_permittivity": WATER, "fixed_charge": X}
    solution = ed.solve(
        stack(
            [ball, water(25 * DEBYE_LENGTH)],
            left={"kind": "closed"},
            right={"concentrations": SALT, "potential": 0.0},
            mesh={"geometry": geometry, "nodes": 2001},
        )
    )
    inside = solution.layer_entries[0]
    r = np.maximum(solution.x[inside] / DEBYE_LENGTH, 1e-9)
    # 1e-4: second order on cells of 1/100 of the Debye length at the centre, where the line is coarsest.
    np.testing.assert_allclose(solution.potential[inside], donnan * (1 - amplitude * f(r)), rtol=1e-4)


# ---- diffusion and conduction -------------------------------------------------------------------------------------


@ROUND
def test_uncharged_solute_diffuses_through_a_shell_as_fick_says(geometry):
    """J r^(d-1) is the same everywhere: D (c_a - c_b) over the integral of dr / r^(d-1).  Exact to round-off."""
    inner, outer, diffusivity = 2e-9, 7e-9, 1e-9
    case = ed.Case(
        temperature=TEMPERATURE,
        ions={"sugar": {"valence": 0, "diffusivity": diffusivity}},
        layers=[water(outer - inner)],
        left={"concentrations": {"sugar": 10.0}, "potential": 0.0},
        right={"concentrations": {"sugar": 1.0}, "potential": 0.0},
        mesh={"geometry": geometry, "inner_radius": inner, "nodes": 51},
    )
    resistance = math.log(outer / inner) * inner if geometry == "cylindrical" else (1 / inner - 1 / outer) * inner**2
    solution = ed.solve(case)
    assert solution.flux["sugar"] == pytest.approx(diffusivity * 9.0 / resistance, rel=1e-11)  # per area at r = inner


def membrane_in_baths(geometry: str, inner_face: float) -> ed.Case:
    """A membrane of 5 nm whose inner face is at a radius, between baths of 10 nm."""
    slab = {
        "name": "membrane",
        "thickness": 5e-9,
        "relative_permittivity": 2,
        "partition": {"K": 1e-3, "Cl": 1e-4},
        "diffusivity": {"K": 1e-11, "Cl": 1e-11},
    }
    planar = geometry == "planar"
    return stack(
        [water(10e-9), slab, {**water(10e-9), "name": "outside"}],
        left={"concentrations": SALT, "potential": -0.05},
        right={"concentrations": {"K": 10.0, "Cl": 10.0}, "potential": 0.0},
        mesh={"geometry": geometry, "nodes": 301, **({} if planar else {"inner_radius": inner_face - 10e-9})},
    )


@ROUND
def test_shells_tend_to_the_plane_as_one_over_the_radius(geometry):
    flat = ed.solve(membrane_in_baths("planar", 0.0))
    radii = np.geomspace(1e-6, 1e-4, 5)
    curved = [ed.solve(membrane_in_baths(geometry, radius)) for radius in radii]
    for quantity in ("flux.K", "flux.Cl", "current_density", "surface_charge.left"):
        errors = [abs(solution.scalar(quantity) / flat.scalar(quantity) - 1) for solution in curved]
        assert errors[-1] < 1e-3
        assert -np.polyfit(np.log(radii), np.log(errors), 1)[0] == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize(("geometry", "power"), [("cylindrical", 1), ("spherical", 2)])
def test_flux_through_an_almost_empty_shell_is_the_quadrature_of_its_resistance(geometry, power):
    """J = P [a_L e^(z V) - a_R] / mean of e^(z phi) over the shell, phi that of the empty shell; 1e-4 of ions left."""
    case = membrane_in_baths(geometry, 20e-9).changed(
        {"layers.membrane.partition": {"K": 1e-7, "Cl": 1e-8}, "mesh.nodes": 801}
    )
    solution = ed.solve(case)
    entries = solution.layer_entries[1]
    first, last = entries.start, entries.stop - 1
    drop = solution.potential[first] - solution.potential[last]
    inner, outer = 20e-9, 25e-9

    def potential(r: float) -> float:
        if power == 1:
            return drop * math.log(outer / r) / math.log(outer / inner)
        return drop * (1 / r - 1 / outer) / (1 / inner - 1 / outer)

    for index, (ion, z) in enumerate((("K", 1), ("Cl", -1))):
        resistance, _ = quad(
            lambda r, z=z: math.exp(z * potential(r) / THERMAL_VOLTAGE) * (inner / r) ** power,
            inner,
            outer,
            epsrel=1e-12,
        )
        start, stop = solution.activity[index, first], solution.activity[index, last]
        mobility = 1e-11 * case.layers[1].partition[ion]
        expected = mobility * (start * math.exp(z * drop / THERMAL_VOLTAGE) - stop) / resistance
        assert solution.flux[ion] == pytest.approx(expected, rel=1e-5)  # the shell's charge is 1e-7 of a bath's


# ---- channels -----------------------------------------------------------------------------------------------------


def conductivity() -> float:
    """F^2 sum z^2 D c / (R T) of the salt [S/m]."""
    case = stack(
        [water(1e-9)], left={"kind": "wall", "potential": 0.0}, right={"concentrations": SALT, "potential": 0.0}
    )
    return FARADAY * 100.0 * sum(case.free_diffusivity(ion) for ion in SALT) / THERMAL_VOLTAGE


def channel(mesh: dict[str, object], length: float = 10e-9, **layer: object) -> ed.Case:
    return stack(
        [water(length, **layer)],
        left={"concentrations": SALT, "potential": 0.1},
        right={"concentrations": SALT, "potential": 0.0},
        mesh={"nodes": 201, **mesh},
    )


def test_uniform_channel_is_an_ohmic_cylinder():
    # 1e-11: the salt is the same everywhere and the field constant, which is a solution of the discrete equations.
    solution = ed.solve(channel({"area": {"x": [0.0, 10e-9], "value": [0.79e-18, 0.79e-18]}}))
    assert solution.current == pytest.approx(conductivity() * 0.79e-18 * 0.1 / 10e-9, rel=1e-11)
    assert solution.current_density == pytest.approx(solution.current / 0.79e-18, rel=1e-14)


def test_cone_has_the_access_resistance_of_its_two_radii():
    # R = L / (kappa pi r0 r1); 1e-9: the quadrature over each cell, whose radius changes by 1/50.
    solution = ed.solve(channel({"radius": {"x": [0.0, 10e-9], "value": [0.5e-9, 3e-9]}}))
    conductance = conductivity() * math.pi * 0.5e-9 * 3e-9 / 10e-9
    assert solution.current == pytest.approx(conductance * 0.1, rel=1e-9)
    assert solution.current_density == pytest.approx(solution.current / (math.pi * 0.5e-9**2), rel=1e-12)


def test_area_and_radius_say_the_same_for_a_cylinder():
    area = math.pi * 0.4e-9**2
    by_area = ed.solve(channel({"area": {"x": [0.0, 10e-9], "value": [area, area]}}))
    by_radius = ed.solve(channel({"radius": {"x": [0.0, 10e-9], "value": [0.4e-9, 0.4e-9]}}))
    assert by_radius.current == pytest.approx(by_area.current, rel=1e-12)


def test_channel_of_linear_area_is_the_same_as_a_cylinder_shell():
    """A = 2 pi r, per nanometre of axis: the given profile and the built-in geometry describe one shell."""
    inner, outer, axis = 5e-9, 15e-9, 1e-9
    area = {"x": [0.0, outer - inner], "value": [2 * math.pi * inner * axis, 2 * math.pi * outer * axis]}
    changes = {"layers.water.fixed_charge": -20.0}  # so that the profiles are curved
    given = ed.solve(channel({"area": area}).changed(changes))
    built_in = ed.solve(channel({"geometry": "cylindrical", "inner_radius": inner}).changed(changes))
    # 1e-8: four Gauss points for 1/A in each cell against the exact logarithm.
    np.testing.assert_allclose(given.potential, built_in.potential, atol=1e-9)
    assert given.current_density == pytest.approx(built_in.current_density, rel=1e-8)
    assert built_in.current is None  # of a cylinder, only a current per length of its axis


def test_current_of_a_sphere_is_its_density_times_its_area():
    solution = ed.solve(channel({"geometry": "spherical", "inner_radius": 5e-9}))
    assert solution.current == pytest.approx(solution.current_density * 4 * math.pi * 5e-9**2, rel=1e-13)
    # 4 pi kappa V / (1/a - 1/b), and the salt is even everywhere
    expected = 4 * math.pi * conductivity() * 0.1 / (1 / 5e-9 - 1 / 15e-9)
    assert solution.current == pytest.approx(expected, rel=1e-11)


def test_current_of_a_plane_has_no_area():
    assert ed.solve(channel({})).current is None


def test_total_fixed_charge_is_spread_over_the_volume_of_its_layer():
    radius = {"x": [0.0, 10e-9], "value": [0.5e-9, 1.5e-9]}
    volume = math.pi * 10e-9 * (0.5e-9**2 + 0.5e-9 * 1.5e-9 + 1.5e-9**2) / 3
    total = ed.solve(channel({"radius": radius}, total_fixed_charge="-4 e"))
    spread = ed.solve(channel({"radius": radius}, fixed_charge=-4 / constants.N_A / volume), mesh=total.problem.mesh)
    np.testing.assert_allclose(total.readings.potential, spread.potential, rtol=1e-10, atol=1e-15)
    # -4 e in it, as counted from the profile: 1e-12 of round-off
    mesh, chain = total.problem.mesh, total.problem.chain
    cells = (mesh.volume_left + mesh.volume_right) * mesh.reference_area
    charge = FARADAY * float(chain.fixed_charge @ cells) * total.problem.scales.concentration
    assert charge == pytest.approx(-4 * constants.e, rel=1e-12)


def test_current_is_the_same_wherever_the_most_resistive_layer_is():
    """A current in ampere does not depend on the area it is referred to; its density does."""
    narrow = {"name": "pore", "thickness": 3e-9, "relative_permittivity": WATER}
    radius = {"x": [0.0, 10e-9, 13e-9, 23e-9], "value": [10e-9, 1e-9, 1e-9, 10e-9]}
    solution = ed.solve(
        stack(
            [water(10e-9), narrow, {**water(10e-9), "name": "outside"}],
            left={"concentrations": SALT, "potential": 0.1},
            right={"concentrations": SALT, "potential": 0.0},
            mesh={"radius": radius, "nodes": 201},
        )
    )
    resistance = (2 * 10e-9 / (math.pi * 10e-9 * 1e-9) + 3e-9 / (math.pi * 1e-9**2)) / conductivity()
    # 1e-6: the radius changes by 1/10 over the longest cells of the cones, where 1/A has four Gauss points.
    assert solution.current == pytest.approx(0.1 / resistance, rel=1e-6)


# ---- what is refused ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"mesh": {"geometry": "spherical"}}, r"the centre; set left.kind = \"closed\", or give mesh.inner_radius"),
        ({"mesh": {"inner_radius": 1e-9}}, "set mesh.geometry to cylindrical or spherical"),
        ({"layers.water.total_fixed_charge": "-4 e"}, "give mesh.area or mesh.radius"),
        (
            {"mesh": {"area": {"x": [0.0, 10e-9, 5e-9], "value": [1e-18, 1e-18, 1e-18]}}},
            "its points are out of order; x must increase",
        ),
        (
            {"mesh": {"geometry": "spherical", "inner_radius": 1e-9, "area": {"x": [0.0, 1e-9], "value": [1e-18] * 2}}},
            "drop one of them",
        ),
        ({"mesh": {"area": {"x": [0.0, 10e-9], "value": [1e-18, 0.0]}}}, "must be greater than zero"),
    ],
)
def test_geometry_that_makes_no_sense_is_refused(changes, message):
    with pytest.raises(ed.CaseError, match=message):
        channel({}).changed(changes)
