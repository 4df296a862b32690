"""Where a course in time leads, and what is known of it on the way: steady states, diffusion, junctions, a whole cell."""

from __future__ import annotations

import math

import numpy as np
import pytest
from references_tools import FARADAY, ROOM, VACUUM, thermal_voltage
from scipy.integrate import solve_ivp
from scipy.special import erfc
from time_tools import VT, run, step

import electrodiff as ed
from electrodiff.solvers.transient import solve_transient, transient_mesh
from electrodiff.transient import Transient

# ---- to infinity ----------------------------------------------------------------------------------------------------

# The case, what happens to it at t = 0, and a time by which the slowest of it is gone: e^-25 of it is left, or less.
TO_INFINITY = {
    "clamped_membrane": (step("left.potential", 0.02), 1e-4),
    "resting_potential": (step("right.concentrations", {"K": 20.0, "Na": 129.0, "Cl": 149.0}), 1e-2),
    "inward_rectifier": (step("left.current", 0.1), 1.0),
    "charged_membrane": (step("left.potential", -0.02), 1e-4),
    "steric_electrode": (step("left.potential", 0.1), 1e-5),
    "stern_electrode": (step("left.potential", -0.2), 1e-5),
    "debye_layer": (step("left.surface_charge", 0.1), 1e-5),
    "donnan_layer": (step("layers.1.fixed_charge", -50.0), 1e-4),
    "liquid_junction": (step("left.concentrations", {"H": 10.0, "Cl": 10.0}), 1e-2),
    "kcsa_channel": (step("left.potential", -0.05), 1e-5),
}


def change_of(case: ed.Case, change: dict[str, object]) -> ed.Case:
    return case.changed({**change["set"], "expect": []})  # type: ignore[dict-item]


@pytest.mark.parametrize("name", TO_INFINITY)
def test_transient_to_infinity_is_the_steady_state(case_of, name):
    """On the same mesh.  1e-9 of RT/F, and of each concentration; below 1e-6 of the largest, of that."""
    change, end = TO_INFINITY[name]
    case = case_of(name, {"mesh.accuracy": 1e-6, "mesh.nodes": 201, "expect": []})
    result = run(case, end, change, tolerance=1e-6, output={"times": [end]})
    last, before = result.frames[-1], result.frames[0]
    steady = ed.solve(change_of(case, change), mesh=transient_mesh(case))
    potential = steady.problem.scales.potential
    assert np.abs(last.potential - steady.potential).max() < 1e-9 * potential
    scale = steady.concentration + 1e-6 * steady.concentration.max()
    assert (np.abs(last.concentration - steady.concentration) / scale).max() < 1e-9
    # And it has come a long way.
    assert (np.abs(before.concentration - steady.concentration) / scale).max() > 1e-2


@pytest.mark.parametrize("name", ["clamped_membrane", "resting_potential", "inward_rectifier", "ion_exchange_membrane"])
def test_a_steady_state_stays_without_changes(case_of, name):
    case = case_of(name, {"mesh.nodes": 201, "expect": []})
    result = run(case, 1.0, tolerance=1e-6)
    # Ions that cannot move yet fix the potential by their charge, whose last digit is worth eps (L / lambda)^2 of RT/F.
    # Some of these add up.
    last_digit = (
        4 * np.finfo(float).eps * max(layer.thickness_over_debye_length**2 for layer in ed.case_regime(case).layers)
    )
    assert np.ptp(result.potential, axis=0).max() < (1e-8 + last_digit) * VT
    assert (
        np.abs(result.total_current_density - ed.solve(case).current_density).max()
        < 1e-4 * abs(ed.solve(case).current_density) + 1e-9
    )


# ---- diffusion ------------------------------------------------------------------------------------------------------

D_NA, D_CL = 1.334e-9, 2.032e-9
LENGTH = 40e-6


def salt_column(**keys: object) -> ed.Case:
    """100 mM NaCl over 40 um, 40,000 Debye lengths, between reservoirs, one of which floats."""
    salt = {"Na": 100.0, "Cl": 100.0}
    return ed.Case(
        temperature=ROOM,
        ions={"Na": {"diffusivity": D_NA}, "Cl": {"diffusivity": D_CL}},
        layers=[{"name": "water", "thickness": LENGTH, "relative_permittivity": 80.0}],
        left={"concentrations": salt, "potential": "floating"},
        right={"concentrations": salt, "potential": 0.0},
        mesh={"nodes": 2001},
    ).changed(keys)


def test_free_diffusion_of_a_salt_follows_the_ambipolar_error_function():
    """c = c0 + (c1 - c0) erfc(x / 2 sqrt(D t)), D = 2 D+ D- / (D+ + D-), whatever the step; and the potential its logarithm.

    From the far end comes erfc(5), 1e-12; what is not neutral is (Debye length / sqrt(D t))^2 = 2e-7 of the salt.
    """
    low, high = 100.0, 300.0
    times = [2e-3, 5e-3, 10e-3]
    change = step("left.concentrations", {"Na": high, "Cl": high})
    result = run(salt_column(), times[-1], change, tolerance=1e-6, output={"times": times})
    ambipolar = 2 * D_NA * D_CL / (D_NA + D_CL)
    for index, time in enumerate(result.time[1:], start=1):
        expected = low + (high - low) * erfc(result.x / (2 * math.sqrt(ambipolar * time)))
        for row in (0, 1):
            np.testing.assert_allclose(result.concentration[index, row], expected, atol=2e-5 * (high - low))
        share = (D_NA - D_CL) / (D_NA + D_CL)
        expected = -share * VT * np.log(expected / low)
        np.testing.assert_allclose(result.potential[index], expected, atol=2e-5 * VT)


def test_flux_through_the_middle_of_a_salt_column_is_the_slope_of_the_error_function():
    """J = dc sqrt(D / pi t) exp(-x^2 / 4 D t) of both ions."""
    high, time = 110.0, 30e-3
    change = step("left.concentrations", {"Na": high, "Cl": high})
    result = run(salt_column(), time, change, tolerance=1e-6, output={"times": [time]})
    ambipolar = 2 * D_NA * D_CL / (D_NA + D_CL)
    mesh = result.frames[0].problem.mesh
    middle = mesh.x[-1] / 2
    front = math.exp(-(middle**2) / (4 * ambipolar * time))
    expected = 10.0 * math.sqrt(ambipolar / (math.pi * time)) * front
    np.testing.assert_allclose(result.ion_flux[-1], expected, rtol=1e-4)


# ---- junctions ------------------------------------------------------------------------------------------------------


def henderson_start(case: ed.Case) -> float:
    """Potential of a sharp junction that widens as sqrt(t): the similarity solution of electroneutral diffusion [V].

    With s = x / sqrt(t), -s/2 c_i' = (D_i (c_i' + z_i c_i phi'))', sum z_i c_i = 0: integrated by shooting would be stiff;
    here by the method of lines in ln-time of the electroneutral equations on a grid of s, until it no longer changes.
    """
    d = np.array([case.free_diffusivity(ion) for ion in case.ions]) / 1e-9
    z = np.array(case.valences)
    s = np.linspace(-14.0, 14.0, 701)
    h = s[1] - s[0]
    left, right = (np.array(list(case.concentrations(side).values())) for side in ("left", "right"))

    def field(c: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        slope, mean = np.diff(c, axis=0) / h, (c[1:] + c[:-1]) / 2
        return -(slope @ (z * d)) / (mean @ (z**2 * d)), slope

    def rate(_t: float, flat: np.ndarray) -> np.ndarray:
        c = np.vstack([left, flat.reshape(-1, len(d)), right])
        phi, slope = field(c)
        flux = -d * (slope + z * (c[1:] + c[:-1]) / 2 * phi[:, None])
        central = (c[2:] - c[:-2]) / (2 * h)
        return np.asarray((-np.diff(flux, axis=0) / h + 0.5 * s[1:-1, None] * central).ravel())

    start = np.where(s[1:-1, None] < 0, left, right)
    end = solve_ivp(rate, (0.0, 12.0), start.ravel(), method="LSODA", lband=5, uband=5, rtol=1e-7, atol=1e-7).y[:, -1]
    phi, _ = field(np.vstack([left, end.reshape(-1, len(d)), right]))
    return float(-phi.sum() * h) * thermal_voltage(case.temperature)


@pytest.fixture(scope="module")
def junction(case_of) -> Transient:
    return solve_transient(case_of("junction_build_up"))


def test_junction_builds_up_to_the_steady_one(junction):
    """Lewis and Sargent: (RT/F) ln((D_H + D_Cl) / (D_K + D_Cl))."""
    d = {ion: junction.case.free_diffusivity(ion) for ion in junction.case.ions}
    expected = -VT * math.log((d["H"] + d["Cl"]) / (d["K"] + d["Cl"]))
    assert junction.membrane_potential[-1] == pytest.approx(expected, abs=1e-8)
    current = FARADAY * np.array(junction.case.valences) @ junction.ion_flux[-1]
    assert abs(current) < 1e-9 * FARADAY * np.abs(junction.ion_flux[-1]).max()


def test_junction_that_widens_freely_has_the_potential_of_the_similarity_solution(junction):
    """While it is much wider than a Debye length and much narrower than the stack: from 0.1 us to 1 us."""
    potential = np.interp([2e-7, 5e-7, 1e-6], junction.time, junction.membrane_potential)
    # 0.02 mV: (Debye length / width)^2 is 1e-3 at 0.2 us; the finite differences of the similarity solution 1e-4.
    assert potential == pytest.approx([henderson_start(junction.case)] * 3, abs=2e-5)


def test_junction_starts_without_a_potential_and_makes_it_in_some_debye_times(junction):
    assert junction.membrane_potential[0] == pytest.approx(0, abs=1e-12)
    share = junction.membrane_potential / junction.membrane_potential[-1]
    debye_time = 0.9e-18 / 4e-9
    assert share[junction.time < 0.1 * debye_time].max() < 0.1
    assert share[(junction.time > 100 * debye_time)].min() > 0.98


# ---- a whole cell ---------------------------------------------------------------------------------------------------


def lumped_cell(case: ed.Case, times: list[float]) -> tuple[np.ndarray, np.ndarray]:
    """V_m [V] and concentrations inside, (T,) and (T, n), of a well-stirred cell with GHK's fluxes and a capacitor.

    Of concentric spheres: the fluxes see 4 pi r (r + d) for an area, and so does the membrane's capacitance, in series
    with two flat Debye layers.
    """
    vt = thermal_voltage(case.temperature)
    radius, width = case.layers[0].thickness, case.layers[1].thickness
    outside = np.array(list(case.concentrations("right").values()))
    inside = np.array([case.layers[0].initial[ion] for ion in case.ions])
    z = np.array(case.valences, dtype=float)
    beta_d = [case.layers[1].partition[ion] * case.layers[1].diffusivity.get(ion, 0.0) for ion in case.ions]
    area = 4 * math.pi * radius * (radius + width)
    permeability = np.array(beta_d) / width
    strengths = [(z**2 @ inside, radius), (z**2 @ outside, radius + width)]
    layers = [math.sqrt(80 * VACUUM * vt / (FARADAY * s)) / (80 * VACUUM * 4 * math.pi * r**2) for s, r in strengths]
    capacitance = 1 / (width / (2 * VACUUM * area) + sum(layers))
    volume = 4 / 3 * math.pi * radius**3

    def rate(_t: float, y: np.ndarray) -> np.ndarray:
        c, u = y[:-1], z * (y[-1] / vt + 1e-12)
        flux = permeability * area * u * (c - outside * np.exp(-u)) / -np.expm1(-u)
        return np.append(-flux / volume, -FARADAY * (z @ flux) / capacitance)

    start = np.append(inside, 0.0)
    y = solve_ivp(rate, (0.0, times[-1]), start, method="Radau", t_eval=times, rtol=1e-9, atol=1e-11).y
    return y[-1], y[:-1].T


def test_cell_charges_and_runs_down_as_a_well_stirred_one_with_ghk_fluxes(case_of):
    """To 0.1 mV, of 71: Debye layers that are not flat capacitors, and slab ions that GHK leaves out."""
    case = case_of("cell_from_picoseconds_to_days")
    times = [0.05, 0.1, 1.0, 1e5, 1e6]
    result = solve_transient(case.changed({"study.output": {"times": times}}))
    potential, inside = lumped_cell(case, times)
    assert result.membrane_potential[1:] == pytest.approx(potential, abs=1e-4)
    np.testing.assert_allclose(result.concentration[1:, :, 0], inside, rtol=5e-3)
    # The trial that the case was made from.
    trial = [-0.034, -0.049, -0.0714, -0.053]
    assert result.membrane_potential[1:5] == pytest.approx(trial, abs=6e-4)


def test_cell_ends_in_the_donnan_state_of_its_anions(case_of):
    """Every permeant ion at its Nernst potential V, and neutral inside: (K + Na) e^-v - Cl e^v = A, v = F V / RT."""
    result = solve_transient(case_of("cell_from_picoseconds_to_days", {"study.end": "1e8 s"}))
    v = -math.asinh(142.0 / (2 * 149.0))
    vt = thermal_voltage(result.case.temperature)
    assert vt * v == pytest.approx(-12.29e-3, abs=5e-6)
    assert result.membrane_potential[-1] == pytest.approx(vt * v, abs=2e-7)
    expected = [4 * math.exp(-v), 145 * math.exp(-v), 149 * math.exp(v), 142.0]
    np.testing.assert_allclose(result.concentration[-1, :, 0], expected, rtol=1e-5)


# ---- another integrator ---------------------------------------------------------------------------------------------


def test_step_response_is_that_of_another_integrator_on_equations_written_out(case_of):
    """-65 mV on the clamped membrane, by scipy's Radau, with the potential eliminated by a dense inverse of Poisson."""
    case = case_of("clamped_membrane", {"left.potential": 0.0, "mesh.nodes": 25, "expect": []})
    times = [1e-12, 1e-9, 1e-8, 1e-7, 1e-6]
    ours = run(case, times[-1], step("left.potential", -0.065), tolerance=1e-7, output={"times": times})
    assert ours.total_current_density[1:] == pytest.approx(by_radau(ours, -0.065, times), rel=3e-6)


def by_radau(ours: Transient, voltage: float, times: list[float]) -> list[float]:
    """Total current density at times, from the concentrations of the first frame [A/m^2]."""
    case, mesh = ours.case, ours.frames[0].problem.mesh
    vt, z, h = thermal_voltage(case.temperature), np.array(case.valences), np.diff(mesh.x)[:, None]
    permittivity = VACUUM * np.array([layer.relative_permittivity for layer in case.layers])[mesh.layer]
    beta = np.array([[(layer.partition or {}).get(ion, 1.0) for ion in case.ions] for layer in case.layers])[mesh.layer]
    diffusivity = [
        [layer.diffusivity.get(ion, 0.0 if layer.partition else case.free_diffusivity(ion)) for ion in case.ions]
        for layer in case.layers
    ]
    conductance = np.array(diffusivity)[mesh.layer] * beta / h
    volume = np.zeros((mesh.nodes, len(z)))
    volume[:-1] += beta * h / 2
    volume[1:] += beta * h / 2
    springs = permittivity / h[:, 0]
    poisson = np.diag(np.append(springs, 0) + np.insert(springs, 0, 0)) - np.diag(springs, 1) - np.diag(springs, -1)
    inverse = np.linalg.inv(poisson[1:-1, 1:-1])
    free = volume > 0
    free[[0, -1]] = False
    frame = ours.frames[0]
    activity = frame.state[:, :-1] * frame.problem.scales.concentration

    def potential(charge: np.ndarray, end: float) -> np.ndarray:
        inner = inverse @ (charge[1:-1] - poisson[1:-1, 0] * end)
        return np.concatenate([[end], inner, [0.0]])

    def fluxes(a: np.ndarray) -> np.ndarray:
        u = np.diff(potential(FARADAY * (volume * a) @ z, voltage))[:, None] * z / vt + 1e-14
        forward = u / np.expm1(u)
        return np.asarray(conductance * (forward * a[:-1] - (forward + u) * a[1:]))

    def rates(a: np.ndarray) -> np.ndarray:
        flux = fluxes(a)
        change = np.zeros_like(a)
        change[:-1] -= flux
        change[1:] += flux
        return np.divide(change, volume, out=np.zeros_like(a), where=free)

    def placed(flat: np.ndarray) -> np.ndarray:
        a = activity.copy()
        a[free] = flat
        return a

    found = solve_ivp(
        lambda _t, flat: rates(placed(flat))[free],
        (0.0, times[-1]),
        activity[free],
        method="Radau",
        t_eval=times,
        rtol=1e-9,
        atol=1e-11,
    )
    totals = []
    for flat in found.y.T:
        a = placed(flat)
        charging = potential(FARADAY * (volume * rates(a)) @ z, 0.0)
        totals.append(float(np.mean(FARADAY * fluxes(a) @ z - springs * np.diff(charging))))
    return totals
