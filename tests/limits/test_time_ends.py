"""What is given in time and what is not local: floating ends, gates, sized ions, corners and steps of every kind of key."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from references_tools import FARADAY, VACUUM, thermal_voltage
from time_tools import VT, blocking_cell, in_time, run, step

import electrodiff as ed
from electrodiff.solvers.starts import start_of
from electrodiff.solvers.transient import solve_transient, transient_mesh, transient_problem
from electrodiff.transient import Transient

RELEASED = {"K": 12.0, "Na": 137.0, "Cl": 149.0}


def on_a_mesh(case_of, name: str, **keys: object) -> ed.Case:
    return case_of(name, {"mesh.nodes": 201, "expect": [], **keys})


def contents(frame) -> np.ndarray:
    """(N, n) of every ion at every node: what no jump of what is given may change."""
    return start_of(frame.problem, frame.state).content


# ---- a floating potential -------------------------------------------------------------------------------------------


def test_membrane_that_is_let_go_relaxes_to_the_potential_of_ghk(case_of):
    """Clamped at 0 mV, and then open: GHK to 0.02 mV, as in steady state."""
    case = on_a_mesh(case_of, "resting_potential", **{"left.potential": 0.0})
    result = run(case, 1e-2, step("left.potential", "floating"), tolerance=1e-6)
    p, inside, outside = {"K": 1.0, "Na": 0.04, "Cl": 0.45}, case.concentrations("left"), case.concentrations("right")
    inward = p["K"] * outside["K"] + p["Na"] * outside["Na"] + p["Cl"] * inside["Cl"]
    outward = p["K"] * inside["K"] + p["Na"] * inside["Na"] + p["Cl"] * outside["Cl"]
    ghk = thermal_voltage(case.temperature) * math.log(inward / outward)
    assert result.membrane_potential[-1] == pytest.approx(ghk, abs=2e-5)
    # Nothing flows from the moment of release: conduction is all taken up by displacement.
    clamped = ed.solve(case).current_density
    assert np.abs(result.total_current_density).max() < 1e-9 * clamped
    assert result.membrane_potential[0] == pytest.approx(0, abs=1e-11)


def test_membrane_that_is_let_go_starts_at_the_rate_of_its_clamped_current_over_its_capacitance(case_of):
    """dV/dt = -I / C, C = 0.351 uF/cm^2 of slab and Debye layers (the slab's ions add about 1 %)."""
    case = on_a_mesh(case_of, "resting_potential", **{"left.potential": 0.0})
    current = ed.solve(case).current_density
    time = 2e-8
    result = run(case, time, step("left.potential", "floating"), tolerance=1e-6, output={"times": [time / 2]})
    rate = (result.membrane_potential[2] - result.membrane_potential[1]) / (time / 2)
    vt = thermal_voltage(case.temperature)
    layers = [math.sqrt(80 * VACUUM * vt / (FARADAY * strength)) / (80 * VACUUM) for strength in (304.0, 298.0)]
    capacitance = 1 / (5e-9 / (2 * VACUUM) + sum(layers))
    assert rate == pytest.approx(-current / capacitance, rel=0.02)


def test_total_current_of_a_floating_end_is_the_one_that_is_imposed(case_of):
    """A step, a ramp and a sine of it; and the mean current charges nothing for ever: V stays bounded."""
    case = on_a_mesh(case_of, "resting_potential")
    wave = {"amplitude": 0.05, "frequency": 1e5}
    result = run(
        case,
        60e-6,
        step("left.current", 0.1),
        {"at": 10e-6, "ramp": {"left.current": -0.1}, "over": 10e-6},
        {"at": 30e-6, "sine": {"left.current": wave}},
        tolerance=1e-6,
        output={"from": 0.0, "points": 121},
    )
    t = result.time
    expected = np.where(t <= 10e-6, 0.1, np.maximum(0.1 - 0.2 * (t - 10e-6) / 10e-6, -0.1))
    expected += np.where(t > 30e-6, 0.05 * np.sin(2 * math.pi * 1e5 * (t - 30e-6)), 0.0)
    np.testing.assert_allclose(result.total_current_density, expected, atol=1e-7)
    assert result.current_spread.max() < 1e-8 * 0.1


def test_gated_membrane_opens_as_its_potential_says_at_every_moment(case_of):
    """The fraction is 1 / (1 + exp(-(V - half) / slope)) of the drop over the layer, on the way too."""
    case = on_a_mesh(case_of, "inward_rectifier")
    result = run(case, 1.0, step("left.current", 0.05), tolerance=1e-6, output={"from": 1e-8, "per_decade": 3})
    ((name, layer),) = [(layer.name, layer) for layer in case.layers if layer.gating]
    ((ion, gate),) = layer.gating.items()
    fractions = []
    for frame in result.frames:
        drop = frame.layer_drop[name]
        expected = 1 / (1 + math.exp(-(drop - gate.half_potential) / gate.slope))
        assert frame.open_fraction[f"{name}.{ion}"] == pytest.approx(expected, rel=1e-12)
        fractions.append(expected)
    assert fractions[-1] < 0.8 * fractions[0]  # the current depolarises, and the rectifier closes
    assert np.abs(result.total_current_density[1:] - 0.05).max() < 1e-7 * 0.05


def test_clamped_gated_membrane_ends_with_its_steady_current(case_of):
    case = on_a_mesh(case_of, "inward_rectifier", **{"left.potential": -0.08})
    result = run(case, 1e-2, step("left.potential", -0.11), tolerance=1e-6)
    steady = ed.solve(case.changed({"left.potential": -0.11}), mesh=transient_mesh(case))
    assert result.total_current_density[-1] == pytest.approx(steady.current_density, rel=1e-8)
    assert result.current_spread.max() < 1e-8 * np.abs(result.total_current_density).max()


# ---- the charge of a wall -------------------------------------------------------------------------------------------


def test_total_current_into_a_charged_wall_is_the_rate_of_its_charge(case_of):
    """A ramp and a sine of the surface charge; the wall passes no ions, and the total current is the same everywhere."""
    case = on_a_mesh(case_of, "debye_layer", **{"left.surface_charge": 0.0})
    rise, over, wave, frequency = 0.02, 1e-8, 1e-3, 5e7
    result = run(
        case,
        6e-8,
        {"at": 0.0, "ramp": {"left.surface_charge": rise}, "over": over},
        {"at": 2e-8, "sine": {"left.surface_charge": {"amplitude": wave, "frequency": frequency}}},
        tolerance=1e-6,
        output={"from": 0.0, "points": 61},
    )
    t, omega = result.time, 2 * math.pi * frequency
    expected = np.where(t <= over, rise / over, 0.0) + np.where(
        t > 2e-8, wave * omega * np.cos(omega * (t - 2e-8)), 0.0
    )
    # At a corner what is kept is the state just before it.
    np.testing.assert_allclose(result.total_current_density, expected, atol=1e-5 * rise / over)
    assert result.current_spread.max() < 1e-8 * rise / over


# ---- corners --------------------------------------------------------------------------------------------------------


def test_a_run_with_a_corner_is_two_runs(case_of):
    """What comes after a corner is what a run gives that starts there, from the profiles and at the time 0."""
    case = on_a_mesh(case_of, "membrane_charging", **{"study": {"kind": "steady"}})
    first, second = step("left.potential", -0.065), step("left.potential", 0.03, at=2e-9)
    both = run(case, 5e-9, first, second, tolerance=1e-6, output={"times": [2e-9]})
    one = run(case, 2e-9, first, tolerance=1e-6, output={"times": [2e-9]})
    np.testing.assert_array_equal(one.frames[-1].state, both.frames[1].state)
    stepped = in_time(
        case.changed({"left.potential": -0.065}),
        3e-9,
        step("left.potential", 0.03),
        tolerance=1e-6,
        start="stored.nc",
        output={"times": [3e-9]},
    )
    two = solve_transient(stepped, start=one.frames[-1])
    # 1e-11: the profiles pass through SI units, and the times differ by their rounding.
    np.testing.assert_allclose(two.potential[-1], both.potential[-1], atol=1e-11 * VT)
    np.testing.assert_allclose(two.concentration[-1], both.concentration[-1], rtol=1e-9, atol=1e-12)


def test_error_does_not_grow_by_corners_on_the_way(case_of):
    """Twelve corners at which nothing changes, and a run without them, against one 1000 times tighter."""
    case = on_a_mesh(case_of, "membrane_charging", **{"study": {"kind": "steady"}})
    times = [3e-10, 1e-9, 1e-8]
    idle = [step("temperature", case.temperature, at=float(t)) for t in np.geomspace(1e-11, 9e-9, 12)]

    def at(tolerance: float, *more: dict[str, object]) -> Transient:
        change = step("left.potential", -0.065)
        return run(case, times[-1], change, *more, tolerance=tolerance, output={"times": times})

    exact = at(1e-8)
    straight, cornered = at(1e-5), at(1e-5, *idle)
    errors = [np.abs(result.potential - exact.potential).max() / VT for result in (straight, cornered)]
    assert max(errors) < 1e-6
    assert errors[1] < max(3 * errors[0], 1e-9)
    for corner in np.geomspace(1e-11, 9e-9, 12):
        assert np.isclose(cornered.steps.time, corner, rtol=1e-12).any()


def test_steps_end_exactly_at_every_corner_and_output(case_of):
    case = on_a_mesh(case_of, "membrane_charging", **{"study": {"kind": "steady"}})
    times = [1e-9, 3e-9, 7.7e-9]
    result = run(
        case, 1e-8, step("left.potential", -0.02), step("left.potential", 0.02, at=5e-9), output={"times": times}
    )
    assert result.time.tolist() == [0.0, *times, 1e-8]
    assert (np.diff(result.time) > 0).all()
    assert np.isclose(result.steps.time, 5e-9, rtol=1e-14).any()
    np.testing.assert_allclose(np.cumsum(result.steps.size), result.steps.time, rtol=1e-12)


def test_every_output_is_kept_once_where_steps_end_at_it_but_for_round_off(case_of):
    case = on_a_mesh(case_of, "membrane_charging", **{"study": {"kind": "steady"}})
    output = {"from": 1e-12, "per_decade": 10}
    result = run(case, 1e-6, step("left.potential", -0.065), output=output)
    assert result.time.size == 62
    assert all(after / before == pytest.approx(10**0.1) for before, after in pairwise(result.time[1:]))


def test_outputs_do_not_change_what_is_found(case_of):
    """Of some, the state is interpolated: the same as if the run had ended there, to the tolerance."""
    case = on_a_mesh(case_of, "blocking_cell_charging", **{"study": {"kind": "steady"}})
    change, times = step("left.potential", 0.2), np.linspace(1e-8, 1e-7, 40)
    many = run(case, 1e-7, change, tolerance=1e-6, output={"times": times.tolist()})
    ends = {float(time) for time in many.steps.time}
    between = [k for k, t in enumerate(many.time) if t > 0 and not any(math.isclose(t, e, rel_tol=1e-9) for e in ends)]
    assert between  # some are
    for k in between[:: max(1, len(between) // 4)]:
        alone = run(case, float(many.time[k]), change, tolerance=1e-8)
        assert np.abs(alone.potential[-1] - many.potential[k]).max() < 1e-6 * VT
        assert many.total_current_density[k] == pytest.approx(alone.total_current_density[-1], rel=1e-5)


# ---- steps of any key -----------------------------------------------------------------------------------------------

STEPS = {
    "temperature": 300.0,
    "layers.membrane.partition.K": 1e-3,
    "layers.membrane.relative_permittivity": 4.0,
    "layers.membrane.fixed_charge": 5.0,
    "layers.membrane.diffusivity.K": 5e-11,
    "left.potential": 0.01,
    "ions.K.diffusivity": 1e-9,
}


@pytest.mark.parametrize("key", STEPS)
def test_a_step_of_any_key_leaves_the_ions_where_they_are(case_of, key):
    """Poisson's equation answers at once; contents do not."""
    case = on_a_mesh(case_of, "clamped_membrane")
    before = ed.solve(case, mesh=transient_mesh(case))
    result = run(case, 1e-4, step(key, STEPS[key]), tolerance=1e-6)
    np.testing.assert_allclose(contents(result.frames[0])[1:-1], contents(before)[1:-1], rtol=1e-13, atol=1e-25)
    interior = result.frames[0].layer_entries[1]
    inside = slice(interior.start + 1, interior.stop - 1)
    np.testing.assert_allclose(
        result.frames[0].concentration[:, inside], before.concentration[:, inside], rtol=1e-13, atol=1e-20
    )
    after = ed.solve(case.changed({key: STEPS[key]}), mesh=transient_mesh(case))
    assert np.abs(result.potential[-1] - after.potential).max() < 1e-9 * VT
    np.testing.assert_allclose(result.ion_flux[-1], list(after.flux.values()), rtol=1e-7, atol=1e-16)


def test_potential_answers_a_step_of_the_permittivity_at_once(case_of):
    """The slab's drop is that of the series of dielectrics with the ions held where they were: D d / eps."""
    case = on_a_mesh(case_of, "clamped_membrane")
    before = ed.solve(case, mesh=transient_mesh(case))
    result = run(case, 1e-9, step("layers.membrane.relative_permittivity", 4.0))
    ratio = 20e-9 / 80
    # A displacement x through all layers is added: 2 x ratio + (drop + x d ...) keeps the clamp; charges stay.
    share = 5e-9 / 4 / (2 * ratio + 5e-9 / 4)
    halved = before.layer_drop["membrane"] / 2
    expected = halved + share * before.layer_drop["membrane"] / 2
    assert result.frames[0].layer_drop["membrane"] == pytest.approx(expected, rel=1e-9)


# ---- ions of finite size --------------------------------------------------------------------------------------------


def sized(diameters: tuple[str, str]) -> ed.Case:
    case = blocking_cell(20e-9, nodes=201)
    sizes = {f"ions.{ion}.diameter": size for ion, size in zip(case.ions, diameters, strict=True)}
    return case.changed({**sizes, "steric": {"model": "bikerman"}})


@pytest.mark.parametrize("diameters", [("0.6 nm", "0.6 nm"), ("0.4 nm", "0.7 nm")], ids=["alike", "unlike"])
def test_sized_ions_end_in_their_steady_state_and_never_fill_more_than_space(diameters):
    case = sized(diameters)
    result = run(case, 1e-5, step("left.potential", 0.5), tolerance=1e-6)
    steady = ed.solve(case.changed({"left.potential": 0.5}), mesh=transient_mesh(case))
    assert np.abs(result.potential[-1] - steady.potential).max() < 1e-9 * VT
    np.testing.assert_allclose(result.concentration[-1], steady.concentration, rtol=1e-8, atol=1e-12)
    volumes = 6.02214076e23 * np.array([float(size.split()[0]) * 1e-9 for size in diameters]) ** 3
    filled = np.einsum("i,tix->tx", volumes, result.concentration)
    assert filled.max() < 1
    assert filled.max() > 0.7  # and they are crowded


def test_sized_ions_charge_as_points_do_at_a_small_voltage_in_dilute_salt():
    """100 mM of 0.2 nm fill 1e-3 of space: that much less charge, at every time."""
    points, small = blocking_cell(20e-9, nodes=201), sized(("0.2 nm", "0.2 nm"))
    change, output = step("left.potential", 1e-3 * VT), {"times": [1e-9, 1e-8, 5e-8]}
    charges = [
        run(case, 1e-7, change, tolerance=1e-8, output=output).scalar("electrode_charge.left")
        for case in (points, small)
    ]
    np.testing.assert_allclose(charges[1], charges[0], rtol=3e-3)
    assert (charges[1] != charges[0])[1:].all()


def test_free_amounts_are_no_unknowns_in_time():
    case = in_time(blocking_cell(20e-9), 1e-6)
    assert transient_problem(case, transient_mesh(case)).border.kind.size == 0


@pytest.mark.parametrize("at", [60.0, 1e3])
def test_a_voltage_step_after_a_long_time_charges_the_membrane_as_one_at_once_does(case_of, at):
    """The first steps after it are a billionth of a billionth of the time that has passed."""
    case = case_of("clamped_membrane", {"mesh.nodes": 201, "expect": []})
    times = [1e-12, 1e-9, 1e-7]
    at_once, late = (
        run(case, start + 1e-6, step("left.potential", 0.02, start), output={"times": [start + time for time in times]})
        for start in (0.0, at)
    )
    # A time that is written as 60 s and 1 ps is known to the last digit of 60 s; after a nanosecond that is nothing.
    assert late.total_current_density[2:4] == pytest.approx(at_once.total_current_density[2:4], rel=1e-3)


def test_wall_at_0_V_is_a_closed_end_to_a_neutral_box():
    """A salt levels out between the two; Gauss's law leaves no field at either, though there is a charge inside."""
    profile = '{ x = ["0 um", "0.5 um", "1 um"], value = ["10 mM", "100 mM", "20 mM"] }'
    case = ed.parse_case(
        'temperature = "298.15 K"\n[ions.Na]\n[ions.Cl]\n[[layers]]\nname = "tube"\nthickness = "1 um"\n'
        f'relative_permittivity = "water"\ninitial = {{ Na = {profile}, Cl = {profile} }}\n'
        '[left]\nkind = "wall"\npotential = "0 mV"\n[right]\nkind = "closed"\n[mesh]\nnodes = 201\n'
        '[study]\nkind = "transient"\nstart = "initial"\nend = "1 ms"\nerror_estimates = false\n'
    )
    result = ed.solve_transient(case)
    charge = np.abs(result.scalar("electrode_charge.left"))
    inside = max(float(np.trapezoid(np.abs(frame.charge_density), frame.x)) for frame in result.frames)
    assert inside > 1e-7
    assert charge.max() < 1e-9 * inside
    # (10 + 100)/4 + (100 + 20)/4 mM in the end.
    np.testing.assert_allclose(result.concentration[-1], 57.5, rtol=1e-6)
