"""What is not local: floating potentials and given currents, conserved amounts, and gates."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import constants
from scipy.optimize import brentq

import electrodiff as ed

FARADAY = constants.N_A * constants.e
THERMAL_VOLTAGE = constants.R * 310.0 / FARADAY


def amounts(solution: ed.Solution, layers: list[int] | None = None) -> np.ndarray:
    """Amount of each ion per reference area [mol/m^2], in some layers or in all, on the finest mesh.

    The scheme keeps its sum over half cells to round-off; extrapolated concentrations add up to the integral instead.
    """
    mesh = solution.problem.mesh
    total = np.zeros(len(solution.case.ions))
    for index in range(len(solution.case.layers)) if layers is None else layers:
        entries = solution.layer_entries[index]
        faces = slice(*mesh.boundaries[index : index + 2])
        c = solution.readings.concentration[:, entries]
        total += c[:, :-1] @ mesh.volume_left[faces] + c[:, 1:] @ mesh.volume_right[faces]
    return total


# ---- floating potentials and given currents -----------------------------------------------------------------------


def zero_of_the_current(case: ed.Case, low: float, high: float, current: float = 0.0) -> float:
    """Potential at which the clamped current density is `current`, from clamped solves alone."""

    def excess(voltage: float) -> float:
        return ed.solve(case.changed({"left.potential": voltage})).current_density - current

    return float(brentq(excess, low, high, xtol=1e-12, rtol=1e-12))


@pytest.mark.parametrize("name", ["resting_potential", "ion_exchange_membrane", "inward_rectifier"])
def test_floating_potential_is_the_zero_of_the_current_voltage_curve(case_of, name):
    # 1e-9 V: the current crosses zero with a slope, and is itself known to 1e-10 of its parts.
    case = case_of(name)
    floating = ed.solve(case)
    side = "left" if case.left.is_floating else "right"
    if side == "right":
        case = case.changed({"left": case.right.model_dump(), "right": case.left.model_dump()})
        case = case.changed({"layers": [layer.model_dump() for layer in reversed(case.layers)]})
    sign = 1 if side == "left" else -1
    reference = case.right.potential
    expected = zero_of_the_current(case, reference - 0.12, reference + 0.12) - reference
    assert sign * floating.membrane_potential == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("current", [0.01, -0.05, 1.0])
def test_current_clamp_returns_the_current_asked_for(case_of, current):
    # 1e-10: the border equation is solved to round-off of the ions' currents in the membrane.
    solution = ed.solve(case_of("resting_potential", {"left.current": current}))
    assert solution.current_density == pytest.approx(current, rel=1e-10, abs=1e-13)
    expected = zero_of_the_current(case_of("clamped_membrane"), -0.4, 0.4, current)
    assert solution.membrane_potential == pytest.approx(expected, abs=1e-9)


def test_current_has_a_unit_and_a_direction(case_of):
    solution = ed.solve(case_of("resting_potential", {"left.current": "1 uA/cm^2"}))
    assert solution.current_density == pytest.approx(0.01, rel=1e-10)  # A/m^2, outward
    assert solution.membrane_potential > ed.solve(case_of("resting_potential")).membrane_potential


def test_current_into_a_floating_right_end_is_counted_outward_too(case_of):
    resting = case_of("resting_potential")
    left = {**resting.left.model_dump(), "potential": 0.0}
    right = {**resting.right.model_dump(), "potential": "floating", "current": 0.01}
    solution = ed.solve(resting.changed({"left": left, "right": right}))
    at_left = ed.solve(case_of("resting_potential", {"left.current": 0.01}))
    assert solution.current_density == pytest.approx(0.01, rel=1e-10)
    assert solution.membrane_potential == pytest.approx(at_left.membrane_potential, abs=1e-10)


def test_reference_potential_changes_nothing_but_the_potential(case_of):
    low, high = (ed.solve(case_of("resting_potential", {"right.potential": level})) for level in (0.0, 0.3))
    assert high.membrane_potential == pytest.approx(low.membrane_potential, abs=1e-11)
    np.testing.assert_allclose(high.potential - 0.3, low.potential, atol=1e-11)


def test_double_membrane_of_which_one_passes_potassium_alone_is_at_its_nernst_potential(case_of):
    """No chloride crosses the inner membrane, so without current nothing does, and the outer one changes nothing."""
    outside = {"K": 15.0, "Cl": 15.0}
    case = case_of("double_membrane", {"left.potential": "floating", "right.concentrations": outside})
    solution = ed.solve(case)
    assert solution.membrane_potential == pytest.approx(THERMAL_VOLTAGE * math.log(15 / 150), abs=1e-9)
    # The Debye layer of the inner membrane has fallen to e^-8 at the outer one.
    assert solution.layer_drop["outer membrane"] == pytest.approx(0, abs=2e-6)
    assert sum(solution.layer_drop.values()) == pytest.approx(solution.membrane_potential, rel=1e-12)


# ---- conserved amounts --------------------------------------------------------------------------------------------

SALT = {"K": 100.0, "Cl": 100.0}


def cell(voltage: float, **changes: object) -> ed.Case:
    """20 nm of KCl between two metal walls."""
    water = {"name": "water", "thickness": 20e-9, "relative_permittivity": 80, "initial": SALT}
    case = ed.Case(
        temperature=310.0,
        ions={"K": {}, "Cl": {}},
        layers=[water],
        left={"kind": "wall", "potential": voltage},
        right={"kind": "wall", "potential": 0.0},
        mesh={"nodes": 401},
    )
    return case.changed(changes)


@pytest.mark.parametrize("voltage", [0.0, 0.01, -0.1, 0.5])
def test_closed_cell_keeps_its_amounts(voltage):
    solution = ed.solve(cell(voltage))
    assert amounts(solution) == pytest.approx([100.0 * 20e-9] * 2, rel=1e-12)
    # Nothing flows: the electrochemical potentials are even, to the round-off of the fluxes over the cells.
    mu = solution.readings.electrochemical_potential / (constants.R * 310.0)
    assert np.ptp(mu, axis=1) == pytest.approx(0, abs=1e-9)


def test_closed_cell_between_plates_is_that_of_debye_and_hueckel():
    """Low voltage: psi = V/2 sinh(x/lambda) / sinh(L/2 lambda) about the middle.  1e-5: second order, 400 cells."""
    voltage = 1e-3 * THERMAL_VOLTAGE
    debye = math.sqrt(80 * constants.epsilon_0 * THERMAL_VOLTAGE / (2 * FARADAY * 100))
    solution = ed.solve(cell(voltage, **{"mesh.nodes": 2001}))
    x = (solution.x - 10e-9) / debye
    shape = np.sinh(x) / math.sinh(10e-9 / debye)
    np.testing.assert_allclose(solution.potential, voltage * (1 - shape) / 2, atol=1e-5 * voltage)
    charge = 80 * constants.epsilon_0 / debye * voltage / 2 / math.tanh(10e-9 / debye)
    assert solution.electrode_charge["left"] == pytest.approx(charge, rel=1e-5)


def test_salt_of_a_charged_cell_is_taken_from_its_middle():
    """Both Debye layers take in more of one ion than they drive out of the other, and the amount is what it was."""
    solution = ed.solve(cell(0.4))
    middle = np.argmin(np.abs(solution.x - 10e-9))
    assert (solution.concentration[:, middle] < 95).all()
    left, right = amounts(ed.solve(cell(-0.4))), amounts(solution)
    assert left == pytest.approx(right, rel=1e-12)


def two_compartments(**changes: object) -> ed.Case:
    """Two compartments whose anion A stays where it is while K and Cl pass the membrane, between uncharged ends."""
    water = {"thickness": 15e-9, "relative_permittivity": 80}
    membrane = {
        "name": "membrane",
        "thickness": 4e-9,
        "relative_permittivity": 10,
        "partition": {"K": 0.1, "Cl": 0.05, "A": 0},
    }
    case = ed.Case(
        temperature=310.0,
        ions={"K": {}, "Cl": {}, "A": {"valence": -1, "diffusivity": 5e-10}},
        layers=[
            {"name": "inside", **water, "initial": {"K": 140.0, "Cl": 20.0, "A": 120.0}},
            membrane,
            {"name": "outside", **water, "initial": {"K": 100.0, "Cl": 90.0, "A": 10.0}},
        ],
        left={"kind": "wall", "potential": 0.0},
        right={"kind": "closed"},
        mesh={"nodes": 601},
    )
    return case.changed(changes)


def test_each_stretch_that_an_ion_cannot_leave_keeps_its_own_amount():
    solution = ed.solve(two_compartments())
    every = amounts(solution)
    # K and Cl are shared by all three layers; A has an amount on either side of the membrane.
    assert every[:2] == pytest.approx([240.0 * 15e-9, 110.0 * 15e-9], rel=1e-12)
    assert amounts(solution, [0])[2] == pytest.approx(120.0 * 15e-9, rel=1e-12)
    assert amounts(solution, [2])[2] == pytest.approx(10.0 * 15e-9, rel=1e-12)


def test_closed_compartments_come_to_the_donnan_equilibrium_of_gibbs():
    """K and Cl are at equilibrium across the membrane, and A keeps its sides apart: mu even, far from every face too."""
    solution = ed.solve(two_compartments()).readings
    mu = solution.electrochemical_potential[:2] / (constants.R * 310.0)
    assert np.nanmax(mu, axis=1) - np.nanmin(mu, axis=1) == pytest.approx(0, abs=1e-9)
    # Between the compartments, 8 Debye lengths from the faces: (R T / F) ln(c_out / c_in) of K.
    inside, outside = (
        solution.layer_entries[index].start
        + (side * 3 + 1) * (solution.layer_entries[index].stop - solution.layer_entries[index].start) // 5
        for index, side in ((0, 0), (2, 1))
    )
    k = solution.activity[0]
    expected = THERMAL_VOLTAGE * math.log(k[outside] / k[inside])
    assert solution.potential[inside] - solution.potential[outside] == pytest.approx(expected, abs=1e-10)


def test_cell_open_to_a_bath_on_one_side_keeps_only_what_cannot_leave():
    """A impermeant anion in a vesicle: its amount is kept, K and Cl come from the bath, and Donnan's potential rises."""
    case = two_compartments().changed(
        {
            "right": {"concentrations": {"K": 100.0, "Cl": 100.0}, "potential": 0.0},
            "left": {"kind": "closed"},
            "layers.outside.initial": {},
            "layers.inside.initial": {"A": 120.0},
            "layers.inside.thickness": 60e-9,
            "mesh.nodes": 1201,
        }
    )
    solution = ed.solve(case)
    assert amounts(solution, [0])[2] == pytest.approx(120.0 * 60e-9, rel=1e-12)
    # Deep inside: K - Cl = A and K Cl = 100^2; A there is what it would be in an even cell, but for the Debye layer.
    deep = solution.concentration[:, 0]
    assert deep[0] - deep[1] == pytest.approx(deep[2], rel=1e-6)
    expected = -THERMAL_VOLTAGE * math.asinh(deep[2] / 200)
    assert solution.membrane_potential == pytest.approx(expected, abs=1e-8)
    assert deep[2] == pytest.approx(120.0, rel=0.02)


@pytest.mark.parametrize("geometry", ["cylindrical", "spherical"])
def test_closed_ball_keeps_its_amounts(geometry):
    """A ball of salt around a charged core: 1e-12, volumes and all."""
    layers = [
        {
            "name": "core",
            "thickness": 3e-9,
            "relative_permittivity": 80,
            "fixed_charge": -200.0,
            "initial": {"K": 200.0},
        },
        {"name": "water", "thickness": 7e-9, "relative_permittivity": 80, "initial": SALT},
    ]
    case = cell(0.0).changed(
        {"layers": layers, "left": {"kind": "closed"}, "mesh": {"geometry": geometry, "nodes": 301}}
    )
    solution = ed.solve(case)
    power, factor = (2, math.pi) if geometry == "cylindrical" else (3, 4 * math.pi / 3)
    core, ball = factor * 3e-9**power, factor * 10e-9**power
    expected = np.array([200.0 * core + 100.0 * (ball - core), 100.0 * (ball - core)])
    assert amounts(solution) * solution.problem.mesh.reference_area == pytest.approx(expected, rel=1e-12)
    # Neutral as a whole, so no charge is left for the wall.
    assert solution.electrode_charge["right"] == pytest.approx(0, abs=1e-10)


# ---- gates --------------------------------------------------------------------------------------------------------

RECTIFIER = {"half_potential": -0.08, "slope": -0.01}


def gated(case_of, voltage: float, gate: dict[str, float] = RECTIFIER, **changes: object) -> ed.Case:
    return case_of("clamped_membrane", {"left.potential": voltage, "layers.membrane.gating": {"K": gate}, **changes})


def boltzmann(voltage: float, gate: dict[str, float] = RECTIFIER) -> float:
    return 1 / (1 + math.exp(-(voltage - gate["half_potential"]) / gate["slope"]))


@pytest.mark.parametrize("voltage", [-0.15, -0.08, -0.02, 0.05])
def test_open_fraction_is_that_of_boltzmann_at_the_voltage_across_its_own_layer(case_of, voltage):
    solution = ed.solve(gated(case_of, voltage))
    expected = boltzmann(solution.layer_drop["membrane"])
    assert solution.open_fraction == {"membrane.K": pytest.approx(expected, rel=1e-9)}
    # The membrane sees what the Debye layers leave of the voltage: 0.8 % less, which the fraction tells apart.
    assert abs(solution.open_fraction["membrane.K"] / boltzmann(voltage) - 1) > 1e-4


@pytest.mark.parametrize("voltage", [-0.15, -0.08, -0.02, 0.05])
def test_gated_conductance_is_the_open_fraction_of_the_ungated_one(case_of, voltage):
    """The same as a membrane in which the diffusivity of K is multiplied by the open fraction; no other ion notices."""
    solution = ed.solve(gated(case_of, voltage))
    fraction = solution.open_fraction["membrane.K"]
    slower = case_of("clamped_membrane", {"left.potential": voltage, "layers.membrane.diffusivity.K": 1e-11 * fraction})
    expected = ed.solve(slower)
    np.testing.assert_allclose(solution.potential, expected.potential, atol=1e-10)
    for ion in ("K", "Na", "Cl"):
        assert solution.flux[ion] == pytest.approx(expected.flux[ion], rel=1e-8)


def test_ungated_case_has_no_open_fractions(case_of):
    assert ed.solve(case_of("clamped_membrane")).open_fraction == {}


@pytest.mark.parametrize("slope", [-0.01, 0.01])
def test_slope_says_whether_channels_open_below_or_above_the_half_potential(case_of, slope):
    gate = {"half_potential": -0.05, "slope": slope}
    low, high = (ed.solve(gated(case_of, v, gate)).open_fraction["membrane.K"] for v in (-0.12, 0.02))
    assert (low > 0.99 and high < 0.01) if slope < 0 else (low < 0.01 and high > 0.99)


def test_gate_on_a_floating_membrane_is_consistent_with_the_voltage_it_makes(case_of):
    """Both border unknowns at once, coupled through the face whose current is taken."""
    solution = ed.solve(case_of("resting_potential", {"layers.membrane.gating": {"K": RECTIFIER}}))
    assert solution.open_fraction["membrane.K"] == pytest.approx(boltzmann(solution.layer_drop["membrane"]), rel=1e-9)
    assert abs(solution.current_density) < 1e-10 * max(map(abs, solution.ion_current.values()))


@pytest.mark.parametrize("slope", [0.03, 0.015, 0.005])
def test_two_gates_in_two_layers_each_sense_their_own(case_of, slope):
    """One membrane takes nearly all of -180 mV and is shut, the other nearly nothing, and is open."""
    gate = {"half_potential": -0.02, "slope": slope}
    membranes = ("inner membrane", "outer membrane")
    solution = ed.solve(case_of("double_membrane", {f"layers.{name}.gating": {"K": gate} for name in membranes}))
    for name in membranes:
        assert solution.open_fraction[f"{name}.K"] == pytest.approx(
            boltzmann(solution.layer_drop[name], gate), rel=1e-9
        )
    assert solution.open_fraction["inner membrane.K"] < 0.01 < 0.5 < solution.open_fraction["outer membrane.K"]


def test_gate_current_and_amount_in_one_case():
    """All three kinds: a gated vesicle's anion kept while a current is driven through it."""
    water = {"thickness": 15e-9, "relative_permittivity": 80}
    membrane = {"thickness": 4e-9, "relative_permittivity": 10, "partition": {"K": 0.1, "Cl": 0.05, "A": 0}}
    gate = {"gating": {"K": {"half_potential": 0.0, "slope": 0.02}}}
    solution = ed.solve(
        two_compartments().changed(
            {
                "layers": [
                    {"name": "left bath", **water},
                    {"name": "first", **membrane, **gate},
                    {"name": "middle", **water, "initial": {"A": 50.0}},
                    {"name": "second", **membrane},
                    {"name": "right bath", **water},
                ],
                "left": {"concentrations": SALT, "potential": "floating", "current": 1e4},
                "right": {"concentrations": SALT, "potential": 0.0},
            }
        )
    )
    assert solution.current_density == pytest.approx(1e4, rel=1e-9)
    assert amounts(solution, [2])[2] == pytest.approx(50.0 * 15e-9, rel=1e-12)
    fraction = boltzmann(solution.layer_drop["first"], {"half_potential": 0.0, "slope": 0.02})
    assert solution.open_fraction["first.K"] == pytest.approx(fraction, rel=1e-9)


# ---- what is refused ----------------------------------------------------------------------------------------------


def test_two_floating_ends_are_refused(case_of):
    with pytest.raises(ed.CaseError, match=r"both ends float; give one of them, such as \"0 mV\""):
        case_of("resting_potential", {"right.potential": "floating"})


def test_closed_compartment_without_initial_is_refused():
    with pytest.raises(ed.CaseError, match=r"K cannot leave water.*give initial = \{ K = \"140 mM\" \}"):
        cell(0.1, **{"layers.water.initial": {}})


def test_compartment_that_one_ion_cannot_leave_needs_its_initial():
    with pytest.raises(ed.CaseError, match="A cannot leave middle"):
        two_compartments().changed(
            {
                "layers.inside.initial": {},
                "layers.outside.initial": {},
                "layers.inside.name": "middle",
                "left": {"kind": "closed"},
                "right": {"concentrations": SALT, "potential": 0.0},
            }
        )


def test_current_into_a_clamped_end_is_refused(case_of):
    with pytest.raises(ed.CaseError, match='set potential = "floating" or drop it'):
        case_of("clamped_membrane", {"left.current": 0.01})


def test_floating_end_that_no_ion_can_reach_is_refused(case_of):
    with pytest.raises(ed.CaseError, match=r"no ion goes from one reservoir to another.*give a potential"):
        case_of("capacitor", {"left.potential": "floating"})


def test_gate_of_an_absent_ion_is_refused(case_of):
    with pytest.raises(ed.CaseError, match="drop the gate"):
        case_of("clamped_membrane", {"layers.membrane.gating": {"A": RECTIFIER}})


def test_gate_without_a_slope_is_refused(case_of):
    with pytest.raises(ed.CaseError, match="it must not be zero"):
        case_of("clamped_membrane", {"layers.membrane.gating": {"K": {"half_potential": 0.0, "slope": 0.0}}})
