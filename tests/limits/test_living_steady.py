"""The steady states of living cells: leaks and transporters balance, and the potential is that of closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest
from living_tools import (
    FARADAY,
    KCC2,
    LEAKS,
    NKCC1,
    OUTSIDE,
    PUMPS,
    VT,
    between_baths,
    bulk,
    faces,
    living_cell,
    mullins_noda,
    nernst,
    pump,
    rate_by_law,
)
from scipy.optimize import brentq

import electrodiff as ed
from electrodiff import materials

GEOMETRIES = ("planar", "spherical")
NO_CHLORIDE_LEAK = {**LEAKS, "Cl": 0.0}
GATE = {"half_potential": -0.05, "slope": 0.01}


def imbalance(solution: ed.Solution) -> float:
    """Largest |leak + transport| of an ion, over the largest flux that is carried."""
    readings = solution.readings
    largest = max(abs(flux) for flux in readings.transported_flux.values())
    return max(abs(readings.passive_flux[ion] + flux) / largest for ion, flux in readings.transported_flux.items())


# ---- leaks and transporters ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("geometry", GEOMETRIES)
@pytest.mark.parametrize("senses", ["bulk", "face"])
@pytest.mark.parametrize("law", PUMPS)
def test_what_leaks_is_pumped_back_and_the_pump_follows_its_law(law, senses, geometry):
    solution = ed.solve(living_cell(pump(law, senses=senses), **{"mesh.geometry": geometry}))
    readings = solution.readings
    assert solution.converged
    # 1e-12: the leak is read in the membrane, whose faces agree to round-off.
    assert imbalance(solution) < 1e-12
    seen = bulk(readings), OUTSIDE, readings.membrane_potential
    if senses == "face":
        seen = faces(readings)
    # 1e-10: the last update of Newton's method
    assert readings.transporter_rate["pump"] == pytest.approx(rate_by_law(law, *seen), rel=1e-10)
    assert readings.membrane_potential < -0.02


def test_leaks_and_pump_do_not_balance_between_baths():
    """There the ions go from one bath to the other, and the measure of balance of these tests says so."""
    solution = ed.solve(between_baths(living_cell(pump("saturating")), "floating"))
    assert imbalance(solution) > 0.1
    assert abs(solution.current_density) < 1e-9 * FARADAY * solution.readings.transporter_rate["pump"]


@pytest.mark.parametrize("law", ["constant", "exponential"])
def test_leaks_balance_pump_and_cotransporters_beside_gated_pathways(law):
    """A pump, KCC2 and NKCC1; the leaks shared by the lipid and two pathways, of which one is gated."""
    half = {ion: leak / 2 for ion, leak in LEAKS.items()}
    pathways = [
        {"name": "delayed", "layer": "membrane", "permeability": {"K": 3e-10}, "gating": GATE},
        {"name": "open", "layer": "membrane", "permeability": {ion: half[ion] for ion in ("K", "Na", "Cl")}},
    ]
    solution = ed.solve(living_cell(pump(law), KCC2, NKCC1, leaks=half, pathways=pathways))
    readings = solution.readings
    assert imbalance(solution) < 1e-12
    _, _, voltage = faces(readings)
    expected = 1 / (1 + math.exp(-(voltage + 0.05) / 0.01))
    assert readings.open_fraction["delayed.K"] == pytest.approx(expected, rel=1e-10)
    # Thermodynamics of the cotransporters: the free energy that a cycle sets free.
    inside = bulk(readings)
    ratio = {ion: math.log(inside[ion] / OUTSIDE[ion]) for ion in ("K", "Na", "Cl")}
    kcc2 = 1e-10 * (ratio["K"] + ratio["Cl"])
    nkcc1 = -1e-10 * (ratio["Na"] + ratio["K"] + 2 * ratio["Cl"])
    assert readings.transporter_rate["KCC2"] == pytest.approx(kcc2, rel=1e-9, abs=1e-22)
    assert readings.transporter_rate["NKCC1"] == pytest.approx(nkcc1, rel=1e-9, abs=1e-22)


@pytest.mark.parametrize("keys", [{"rate": 0.0}, {"scale": 0.0}], ids=["rate", "scale"])
@pytest.mark.parametrize("law", ["constant", "saturating", "linear", "exponential"])
def test_pump_that_stands_still_is_no_pump_to_the_last_bit(law, keys):
    without, blocked = ed.solve(living_cell()), ed.solve(living_cell(pump(law, **keys)))
    assert (blocked.state == without.state).all()
    for name, value in without.scalars.items():
        assert blocked.scalars[name] == value, name


def test_cotransporter_of_rate_zero_is_none_to_the_last_bit():
    one, two = (
        ed.solve(living_cell(pump("saturating"))),
        ed.solve(living_cell(pump("saturating"), {**KCC2, "rate": 0.0})),
    )
    assert (one.state == two.state).all()


@pytest.mark.parametrize("keys", [{"rate": 0.0}, {"scale": 0.0}], ids=["rate", "scale"])
def test_cotransporter_that_stands_still_leaves_what_it_alone_could_carry(keys):
    """Chloride that only KCC2 could carry is trapped when KCC2 is blocked, to the last bit as without it."""
    one = ed.solve(living_cell(pump("saturating"), leaks=NO_CHLORIDE_LEAK))
    two = ed.solve(living_cell(pump("saturating"), {**KCC2, **keys}, leaks=NO_CHLORIDE_LEAK))
    assert (one.state == two.state).all()


@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_two_pumps_are_one_of_twice_the_rate(geometry):
    half, mesh = pump("exponential", rate=2.5e-9), {"mesh.geometry": geometry}
    one = ed.solve(living_cell(pump("exponential"), **mesh))
    two = ed.solve(living_cell(half, {**half, "name": "other"}, **mesh))
    # 1e-12 of RT/F: the same state by another elimination.
    assert two.membrane_potential == pytest.approx(one.membrane_potential, abs=1e-12 * VT)


# ---- Mullins and Noda ---------------------------------------------------------------------------------------------

CATIONS_IN = {"K": 140.0, "Na": 10.0, "Cl": 0.0, "A": 150.0}
CATIONS_OUT = {"K": 5.0, "Na": 145.0, "Cl": 150.0, "A": 0.0}
CATION_LEAKS = {"K": 1e-9, "Na": 0.05e-9, "Cl": 0.0, "A": 0.0}


def cation_cell(rate: float, **changes: object) -> ed.Case:
    """A constant 3:2 pump in a membrane that lets K and Na pass, P 1:0.05."""
    return living_cell(
        pump("constant", rate=rate), inside=CATIONS_IN, outside=CATIONS_OUT, leaks=CATION_LEAKS, **changes
    )


def assert_mullins_noda(solution: ed.Solution) -> None:
    readings = solution.readings
    expected = mullins_noda(1.5, 0.05, bulk(readings), CATIONS_OUT)
    # 1e-6 mV is asked for; it holds on every mesh, since all faces share out the fluxes alike.
    assert readings.membrane_potential == pytest.approx(expected, abs=1e-11)


@pytest.mark.parametrize("geometry", GEOMETRIES)
@pytest.mark.parametrize("rate", [1e-11, 1e-9, 6e-9])
def test_potential_of_a_constant_pump_and_two_cations_is_that_of_mullins_and_noda(rate, geometry):
    solution = ed.solve(cation_cell(rate, **{"mesh.geometry": geometry}))
    assert imbalance(solution) < 1e-12
    assert_mullins_noda(solution)


@pytest.mark.parametrize("law", PUMPS)
def test_mullins_and_noda_hold_beside_passive_chloride_whatever_the_law_of_the_pump(law):
    """Chloride at equilibrium carries nothing; KCC2 makes it carry something, and potassium more than the pump brings."""
    ratio = LEAKS["Na"] / LEAKS["K"]
    readings = ed.solve(living_cell(pump(law))).readings
    assert readings.membrane_potential == pytest.approx(mullins_noda(1.5, ratio, bulk(readings), OUTSIDE), abs=1e-11)
    readings = ed.solve(living_cell(pump(law), KCC2)).readings
    assert abs(readings.membrane_potential - mullins_noda(1.5, ratio, bulk(readings), OUTSIDE)) > 1e-5


@pytest.mark.parametrize("rate", [1e-11, 1e-10, 2e-10])
def test_mullins_and_noda_hold_in_a_field_that_is_not_constant(rate):
    """At partition 1 the slab holds as many ions as the baths, and screens the field."""
    partition = {"K": 1.0, "Na": 1.0, "Cl": 0.0, "A": 0.0}
    diffusivity = {"K": 5e-18, "Na": 0.25e-18}
    changes = {
        "layers.membrane.permeability": {},
        "layers.membrane.partition": partition,
        "layers.membrane.diffusivity": diffusivity,
    }
    solution = ed.solve(cation_cell(rate, **changes))
    assert imbalance(solution) < 1e-12
    assert_mullins_noda(solution)
    field = solution.electric_field[solution.layer_entries[1]]
    assert np.ptp(field) > 0.5 * np.abs(field).max()


def test_textbook_cell_is_at_its_mullins_noda_potential_and_not_at_that_of_goldman():
    """The pump rate at which K 140, Na 10 is steady: -71.046 mV, against -65.205 mV without the pump's share."""

    def excess(log_rate: float) -> float:
        return bulk(ed.solve(cation_cell(math.exp(log_rate))).readings)["K"] - 140.0

    rate = math.exp(brentq(excess, math.log(6.5e-9), math.log(6.95e-9), xtol=1e-9))
    readings = ed.solve(cation_cell(rate)).readings
    assert readings.membrane_potential * 1e3 == pytest.approx(-71.046, abs=1e-3)
    goldman = VT * math.log((5 + 0.05 * 145) / (140 + 0.05 * 10))
    assert goldman * 1e3 == pytest.approx(-65.205, abs=1e-3)
    # In the constant field 3 r = P u (c_out e^-u - c_in) / (1 - e^-u), by Goldman; the Debye layers take 1 % of the voltage.
    u = readings.membrane_potential / VT
    constant_field = 0.05e-9 * u * (10 - 145 * math.exp(-u)) / math.expm1(-u) / 3
    assert rate == pytest.approx(constant_field, rel=0.02)


# ---- chloride -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_passive_chloride_comes_to_equilibrium_at_the_membrane_potential(geometry):
    readings = ed.solve(living_cell(pump("saturating"), **{"mesh.geometry": geometry})).readings
    assert readings.nernst_potential["Cl"] == pytest.approx(readings.membrane_potential, abs=1e-9)


@pytest.mark.parametrize("senses", ["bulk", "face"])
@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_kcc2_alone_brings_chloride_to_the_potential_of_potassium(geometry, senses):
    case = living_cell(
        pump("saturating"), {**KCC2, "senses": senses}, leaks=NO_CHLORIDE_LEAK, **{"mesh.geometry": geometry}
    )
    readings = ed.solve(case).readings
    inside = bulk(readings)
    e_k, e_cl = nernst(1, inside["K"], OUTSIDE["K"]), nernst(-1, inside["Cl"], OUTSIDE["Cl"])
    assert e_cl == pytest.approx(e_k, abs=1e-9)
    assert e_cl < readings.membrane_potential - 1e-3
    assert readings.nernst_potential["Cl"] == pytest.approx(e_cl, abs=1e-12)
    # Nothing goes through it any more.
    assert abs(readings.transporter_rate["KCC2"]) < 1e-9 * readings.transporter_rate["pump"]


def test_nkcc1_alone_brings_chloride_where_its_driving_force_vanishes():
    case = living_cell(pump("saturating"), NKCC1, leaks=NO_CHLORIDE_LEAK)
    readings = ed.solve(case).readings
    e = {ion: nernst(z, bulk(readings)[ion], OUTSIDE[ion]) for ion, z in (("K", 1), ("Na", 1), ("Cl", -1))}
    assert 2 * e["Cl"] == pytest.approx(e["K"] + e["Na"], abs=1e-9)
    assert e["Cl"] > readings.membrane_potential + 1e-3


def test_chloride_lies_between_its_leak_and_its_cotransporter():
    kcc2 = ed.solve(living_cell(pump("saturating"), KCC2)).readings
    nkcc1 = ed.solve(living_cell(pump("saturating"), NKCC1)).readings
    assert kcc2.nernst_potential["K"] < kcc2.nernst_potential["Cl"] < kcc2.membrane_potential
    assert nkcc1.nernst_potential["Cl"] > nkcc1.membrane_potential


# ---- without a pump -----------------------------------------------------------------------------------------------


def donnan(impermeant: float, salt: float) -> float:
    """Potential of a compartment with impermeant anions against a bath of `salt` of each sign [V]."""
    return -VT * math.asinh(impermeant / (2 * salt))


@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_cell_without_a_pump_rests_at_its_donnan_state(geometry):
    case = living_cell(pump("saturating", scale=0.0), **{"mesh.geometry": geometry, "layers.cytosol.thickness": 10e-6})
    readings = ed.solve(case).readings
    # Exactly with what is in the bulk; to 1e-6 with the amounts, of which the Debye layer of 1 nm in 10 um has its part.
    assert readings.membrane_potential == pytest.approx(donnan(bulk(readings)["A"], 149.0), rel=1e-9)
    assert readings.membrane_potential == pytest.approx(donnan(142.0, 149.0), rel=1e-6)
    v = readings.membrane_potential / VT
    for ion, z in (("K", 1), ("Na", 1), ("Cl", -1)):
        assert bulk(readings)[ion] == pytest.approx(OUTSIDE[ion] * math.exp(-z * v), rel=1e-9)


def test_donnan_state_at_body_temperature_is_that_of_the_textbook():
    """142 mM of impermeant anions in 149 mM at 310 K: -12.29 mV."""
    case = living_cell(**{"temperature": 310.0, "layers.cytosol.thickness": 10e-6})
    assert ed.solve(case).membrane_potential * 1e3 == pytest.approx(-12.29, abs=5e-3)


def test_impermeant_charge_outside_takes_the_donnan_potential_away():
    outside = {"K": 4.0, "Na": 145.0, "Cl": 7.0, "A": 142.0}
    case = living_cell(outside=outside, **{"layers.cytosol.thickness": 10e-6})
    # What is left is the Debye layer's part of the amounts.
    assert abs(ed.solve(case).membrane_potential) < 1e-8


# ---- no rest ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_constant_pump_that_leaks_cannot_balance_has_no_steady_state(geometry):
    """At -100 mV and without any inside 4 nmol/(m^2 s) of sodium leak in, by Goldman; the pump takes out 120."""
    with pytest.raises(ed.ConvergenceError, match=r"'pump' carries Na away .* Na runs out in layer 'cytosol'"):
        ed.solve(living_cell(pump("constant", rate=4e-8), **{"mesh.geometry": geometry}))


def test_ion_that_runs_out_beside_a_cotransporter_and_gates_that_still_move_is_named():
    """Forty times what leaks at most, with chloride carried along and potassium channels that open ever further meanwhile."""
    gate = {"half_potential": -0.085, "slope": -0.010}
    rectifier = {"name": "rectifier", "layer": "membrane", "permeability": {"K": 2e-7}, "gating": gate}
    case = living_cell(pump("constant", rate=1.7e-7), KCC2, pathways=[rectifier])
    with pytest.raises(ed.ConvergenceError, match=r"'pump' carries Na away .* Na runs out in layer 'cytosol'"):
        ed.solve(case)


def test_largest_rate_that_leaks_can_balance_is_that_with_no_sodium_inside():
    """Cations alone: V by Mullins and Noda without sodium inside, 3 r = P u c_out e^-u / (e^-u - 1) by Goldman."""
    u = mullins_noda(1.5, 0.05, {"K": 150.0, "Na": 0.0}, CATIONS_OUT) / VT
    largest = -0.05e-9 * u * 145 * math.exp(-u) / math.expm1(-u) / 3
    # 2 % to either side: the Debye layers take 1 % of the voltage.
    solution = ed.solve(cation_cell(0.98 * largest))
    assert 0 < bulk(solution.readings)["Na"] < 0.1 * CATIONS_IN["K"]
    assert_mullins_noda(solution)
    with pytest.raises(ed.ConvergenceError, match="Na runs out"):
        ed.solve(cation_cell(1.02 * largest))


def test_pump_that_the_field_of_the_ions_in_the_membrane_starves_has_no_steady_state():
    """At partition 1 the cations charge the slab and keep each other out: the rate that is fine at a low one is too much."""
    assert ed.solve(cation_cell(1e-9)).converged
    changes = {
        "layers.membrane.permeability": {},
        "layers.membrane.partition": {"K": 1.0, "Na": 1.0, "Cl": 0.0, "A": 0.0},
        "layers.membrane.diffusivity": {"K": 5e-18, "Na": 0.25e-18},
    }
    with pytest.raises(ed.ConvergenceError, match="Na runs out"):
        ed.solve(cation_cell(1e-9, **changes))


@pytest.mark.parametrize("law", ["constant", "saturating"])
def test_pump_of_an_ion_that_cannot_come_back_has_no_steady_state(law):
    """It takes the last sodium ion out, if by ever slower cycles."""
    with pytest.raises(ed.ConvergenceError, match="Na"):
        ed.solve(living_cell(pump(law), leaks={**LEAKS, "Na": 0.0}))


def test_law_that_slows_down_has_a_steady_state_at_any_rate():
    solution = ed.solve(living_cell(pump("saturating", rate=4e-8)))
    assert imbalance(solution) < 1e-12


# ---- pathways -----------------------------------------------------------------------------------------------------


def assert_same_steady_state(one: ed.Solution, other: ed.Solution) -> None:
    # 1e-12: permeabilities that differ by a rounding.
    assert other.membrane_potential == pytest.approx(one.membrane_potential, abs=1e-12 * VT)
    np.testing.assert_allclose(other.state, one.state, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_pathways_in_parallel_are_one_membrane_with_the_sum_of_their_permeabilities(geometry):
    mesh = {"mesh.geometry": geometry}
    part = {ion: 0.25 * leak for ion, leak in LEAKS.items()}
    pathways = [
        {"name": "a", "layer": "membrane", "permeability": {ion: 0.5 * LEAKS[ion] for ion in ("K", "Na")}},
        {"name": "b", "layer": "membrane", "permeability": {ion: LEAKS[ion] for ion in ("K", "Na")}, "scale": 0.25},
        {"name": "c", "layer": "membrane", "permeability": {"Cl": 0.75 * LEAKS["Cl"]}},
    ]
    whole = ed.solve(living_cell(pump("linear"), **mesh))
    assert_same_steady_state(whole, ed.solve(living_cell(pump("linear"), leaks=part, pathways=pathways, **mesh)))


def test_pathway_beside_a_lipid_that_keeps_an_ion_out_is_its_only_way():
    pathway = {"name": "channels", "layer": "membrane", "permeability": {"Na": LEAKS["Na"]}}
    lipid = {**LEAKS, "Na": 0.0}
    diffusivity = dict.fromkeys(("K", "Na", "Cl"), 1e-11)
    case = living_cell(pump("linear"), leaks=lipid, **{"layers.membrane.diffusivity": diffusivity})
    assert_same_steady_state(ed.solve(living_cell(pump("linear"))), ed.solve(case.changed({"pathways": [pathway]})))


def test_gated_pathway_is_an_open_one_of_what_the_gate_leaves():
    gated = {"name": "delayed", "layer": "membrane", "permeability": {"K": 4e-10}, "gating": GATE}
    # A gate leaves the ions in the membrane where they are; where they move fast, they are too few to matter to the field.
    fast = {"layers.membrane.diffusivity": dict.fromkeys(("K", "Na", "Cl"), 1e-9)}
    one = ed.solve(living_cell(pump("linear"), pathways=[gated], **fast))
    fraction = one.scalars["open_fraction.delayed.K"]
    assert 0.01 < fraction < 0.9
    other = ed.solve(living_cell(pump("linear"), leaks={**LEAKS, "K": LEAKS["K"] + fraction * 4e-10}, **fast))
    # 1e-9: the fraction is extrapolated to 1e-8 of itself.
    assert other.membrane_potential == pytest.approx(one.membrane_potential, abs=1e-9)


def slope(case: ed.Case, voltage: float, ion: str) -> float:
    """dI/dV of an ion between baths [S/m^2], by clamping at voltages 20 uV on either side."""
    ends = [ed.solve(between_baths(case, voltage + sign * 2e-5)).ion_current[ion] for sign in (-1, 1)]
    return (ends[1] - ends[0]) / 4e-5


@pytest.mark.parametrize("transporters", [(), (pump("constant", rate=8e-9),)], ids=["leaks", "pumped"])
def test_pathway_given_by_its_conductance_has_this_slope_at_rest(transporters):
    """0.5 mS/cm^2 of potassium, 0.02 by channels of sodium; rest is where GHK currents and pump cancel."""
    pathways = [
        {"name": "K", "layer": "membrane", "conductance": {"K": 5.0}},
        {
            "name": "Na",
            "layer": "membrane",
            "channels": [{"ion": "Na", "density": 1e12, "conductance": 2e-12, "open_probability": 0.1}],
        },
    ]
    lipid = {"K": 0.0, "Na": 0.0, "Cl": 1e-10, "A": 0.0}
    diffusivity = dict.fromkeys(("K", "Na", "Cl"), 1e-11)
    changes = {"pathways": pathways, "layers.membrane.diffusivity": diffusivity}
    case = living_cell(*transporters, leaks=lipid, **changes)
    rest = ed.solve(between_baths(case, "floating")).membrane_potential
    # 1 %: in the constant field at the bulk concentrations it is exact; the Debye layers take 1 % of the voltage.
    assert slope(case, rest, "K") == pytest.approx(5.0, rel=0.02)
    assert slope(case, rest, "Na") == pytest.approx(0.2, rel=0.02)


# ---- what a pump adds ---------------------------------------------------------------------------------------------


def test_pump_current_over_the_conductance_of_the_membrane_is_what_it_adds():
    """0.16 uA/cm^2 over 0.5 mS/cm^2: 0.32 mV more negative at the same concentrations."""
    pathway = {"name": "leak", "layer": "membrane", "conductance": {"K": 4.5, "Na": 0.3, "Cl": 0.2}}
    diffusivity = dict.fromkeys(("K", "Na", "Cl"), 1e-11)
    changes = {"pathways": [pathway], "layers.membrane.diffusivity": diffusivity}
    cell = living_cell(pump("constant", rate=0.16e-2 / FARADAY), leaks=dict.fromkeys(LEAKS, 0.0), **changes)
    # Blocking the pump is to leave the permeabilities as they are.
    working = materials.resolved(between_baths(cell, "floating"))
    blocked = working.changed({"transporters.pump.scale": 0.0})
    pumped, silent = ed.solve(working).membrane_potential, ed.solve(blocked).membrane_potential
    # 2 %: the conductance is that of GHK at the bulk concentrations; with the slope of the PNP current half way, it is
    # exact to the curvature over 0.3 mV.
    assert pumped - silent == pytest.approx(-0.32e-3, rel=0.02)
    total = sum(slope(blocked, (pumped + silent) / 2, ion) for ion in ("K", "Na", "Cl"))
    assert pumped - silent == pytest.approx(-0.16e-2 / total, rel=1e-5)
