"""The pump-leak model of a case, and what is expected of a living cell before anything is solved."""

from __future__ import annotations

import math
from typing import Any

import pytest
from scipy import constants

import electrodiff as ed
from electrodiff.membrane import Membrane
from electrodiff.regime import case_regime
from electrodiff.regime.living import exchange_of
from electrodiff.regime.pumped import open_permeability
from electrodiff.regime.stirred import no_steady_state, stirred_cell, stirred_state
from electrodiff.theory.ghk import ghk_flux, ghk_voltage
from electrodiff.theory.pump_leak import GhkLeak, PumpLeakBath, PumpLeakCell, SodiumPump, pump_leak_state
from electrodiff.theory.pump_leak_dynamics import pump_leak_steady

FARADAY = constants.N_A * constants.e
T = 310.0
VOLT = constants.R * T / FARADAY
RADIUS, THICKNESS = 10e-6, 5e-9
OUTSIDE = {"K": 4.0, "Na": 145.0, "Cl": 149.0}
LEAKS = {"K": 4e-9, "Na": 2.5e-10, "Cl": 2e-9, "A": 0.0}
PUMP = {"name": "sodium pump", "layer": "membrane", "stoichiometry": {"Na": 3, "K": -2}}
# Everything is per area of the inner face of the membrane, 4 pi r^2, and the mean area of a shell is 4 pi r (r + d).
SHELL = 1 + THICKNESS / RADIUS
PERMEABILITY = {ion: SHELL * P for ion, P in LEAKS.items()}
CUBIC = {**PUMP, "law": "cubic_sodium", "rate": 4e-5}
KCC2 = {"name": "KCC2", "layer": "membrane", "stoichiometry": {"K": 1, "Cl": 1}, "law": "affinity", "rate": 5e-8}


def cell(transporters: list[dict[str, Any]], leaks: dict[str, float] = LEAKS, **changes: object) -> ed.Case:
    """A round cell with 142 mM of impermeant anions in a bath of K, Na and Cl."""
    slab = {"name": "membrane", "thickness": THICKNESS, "relative_permittivity": 2, "permeability": leaks}
    water = {"relative_permittivity": 80}
    case = ed.Case(
        temperature=T,
        ions={"K": {}, "Na": {}, "Cl": {}, "A": {"valence": -1, "diffusivity": 5e-10}},
        layers=[
            {"name": "cytosol", "thickness": RADIUS, "initial": {"A": 142.0, "Cl": 10.0}, **water},
            slab,
            {"name": "outside", "thickness": 20e-9, **water},
        ],
        left={"kind": "closed"},
        right={"kind": "reservoir", "concentrations": OUTSIDE, "potential": 0.0},
        mesh={"geometry": "spherical"},
        transporters=transporters,
        study={"kind": "steady"},
    )
    return case.changed(changes)


def steady(case: ed.Case) -> Any:
    state = stirred_state(case)
    assert state is not None, no_steady_state(case)
    return state


def nernst(state: Any, ion: str, z: int) -> float:
    return VOLT / z * math.log(state.outside[ion] / state.inside[ion])


def test_stirred_cell_is_the_pump_leak_model_of_theory() -> None:
    state = steady(cell([CUBIC]))
    bath = PumpLeakBath(sodium=145.0, potassium=4.0, chloride=149.0, temperature=T)
    model = PumpLeakCell(
        GhkLeak(PERMEABILITY["Na"], PERMEABILITY["K"], PERMEABILITY["Cl"]),
        SodiumPump(FARADAY * CUBIC["rate"], 3.0),
        impermeant=142.0 * 3e-6,
    )
    start = pump_leak_state(model, bath, 3e-6, sodium=20.0, chloride=15.0)
    expected = pump_leak_steady(model, bath, start)
    # Both balance to 1e-10 of what flows; concentrations then agree to a few times that.
    assert state.voltage == pytest.approx(float(expected.voltage), rel=1e-8)
    for ion, name in {"K": "potassium", "Na": "sodium", "Cl": "chloride"}.items():
        assert state.inside[ion] == pytest.approx(float(getattr(expected, name)), rel=1e-8)
    assert state.inside["A"] == 142.0


def test_each_ion_leaks_in_what_is_carried_out_and_the_cell_is_neutral() -> None:
    state = steady(cell([CUBIC, KCC2]))
    u = state.voltage / VOLT
    pump = CUBIC["rate"] * (state.inside["Na"] / 145.0) ** 3
    kcc2 = 5e-8 * math.log(state.inside["K"] * state.inside["Cl"] / (4.0 * 149.0))
    carried = {"K": kcc2 - 2 * pump, "Na": 3 * pump, "Cl": kcc2}
    for ion, z in {"K": 1, "Na": 1, "Cl": -1}.items():
        # The flux equation of Goldman, Hodgkin and Katz, written out.
        leak = (
            PERMEABILITY[ion] * z * u * (state.inside[ion] - OUTSIDE[ion] * math.exp(-z * u)) / (1 - math.exp(-z * u))
        )
        assert leak + carried[ion] == pytest.approx(0.0, abs=1e-9 * LEAKS[ion] * OUTSIDE[ion] * abs(u))
    charge = state.inside["K"] + state.inside["Na"] - state.inside["Cl"] - 142.0
    assert charge == pytest.approx(0.0, abs=1e-7)


def test_passive_chloride_is_at_the_membrane_potential() -> None:
    state = steady(cell([CUBIC]))
    assert nernst(state, "Cl", -1) == pytest.approx(state.voltage, abs=1e-9)


def test_kcc2_alone_brings_chloride_to_potassium() -> None:
    state = steady(cell([CUBIC, KCC2], {**LEAKS, "Cl": 0.0}))
    assert nernst(state, "Cl", -1) == pytest.approx(nernst(state, "K", 1), abs=1e-9)
    assert abs(nernst(state, "Cl", -1) - state.voltage) > 0.01


def test_without_transporters_the_cell_is_at_its_donnan_potential() -> None:
    found = stirred_cell(cell([CUBIC]))
    assert found is not None
    # 2 c sinh(F V / RT) = -142 mM with c = 149 mM of cations and of anions outside.
    assert found.donnan.voltage == pytest.approx(-VOLT * math.asinh(142.0 / 298.0), rel=1e-12)


def test_a_mirrored_cell_has_the_same_ions_at_the_opposite_potential() -> None:
    here = cell([CUBIC, KCC2])
    data = here.model_dump(exclude_unset=True)
    carried = [{**each, "stoichiometry": {i: -n for i, n in each["stoichiometry"].items()}} for each in (PUMP, KCC2)]
    rates = [{"law": "constant", "rate": 5e-9}, {}]
    mirrored = ed.Case(
        **{
            **data,
            "layers": data["layers"][::-1],
            "left": data["right"],
            "right": data["left"],
            "mesh": {},
            "transporters": [{**each, **rate} for each, rate in zip(carried, rates, strict=True)],
        }
    )
    straight = here.changed({"mesh": {}, "transporters": [{**PUMP, **rates[0]}, KCC2]})
    one, other = steady(straight), steady(mirrored)
    assert other.voltage == pytest.approx(-one.voltage, rel=1e-8)
    assert other.outside["K"] == pytest.approx(one.inside["K"], rel=1e-8)


def test_a_pump_that_no_leak_can_feed_runs_a_cell_out_of_sodium() -> None:
    # 3 x 1e-6 mol/m^2/s of Na out; at most P u c = 2.5e-10 x 19 x 145 = 7e-7 leaks in at half a volt.
    case = cell([{**PUMP, "law": "constant", "rate": 1e-6}])
    assert stirred_state(case) is None
    assert "Na" in (no_steady_state(case) or "")
    limit = case_regime(case).limit("balance")
    assert limit is not None
    assert limit.outlook == "fails"
    assert "Na is carried out of it faster than it leaks in" in limit.because


def test_an_ion_that_is_pumped_and_does_not_leak_has_no_way_to_balance() -> None:
    case = cell([{**PUMP, "law": "constant", "rate": 1e-9}], {**LEAKS, "Na": 0.0})
    assert stirred_state(case) is None
    assert "Na does not leak, and nothing balances what is carried by sodium pump" in (no_steady_state(case) or "")
    # KCC2 stops by itself where its gradients balance.
    assert stirred_state(cell([CUBIC, KCC2], {**LEAKS, "Cl": 0.0})) is not None


def test_mullins_noda_is_expected_where_a_pump_feeds_cation_leaks() -> None:
    # Mullins and Noda (1963) with P 1 : 0.05, K 140 | 5 and Na 10 | 145 mM, 310.15 K; GHK without the pump.
    weighted = {out: r * 5.0 + 0.05 * 145.0 for out, r in {"pumped": 1.5, "bare": 1.0}.items()}
    held = {out: r * 140.0 + 0.05 * 10.0 for out, r in {"pumped": 1.5, "bare": 1.0}.items()}
    warm = constants.R * 310.15 / FARADAY
    pumped, bare = (warm * math.log(weighted[key] / held[key]) for key in ("pumped", "bare"))
    assert (1e3 * pumped, 1e3 * bare) == pytest.approx((-71.046, -65.205), abs=5e-4)
    # The rate at which the sodium of this cell is steady.
    rate = -float(ghk_flux(SHELL * 5e-10, 1, 10.0, 145.0, pumped, 310.15)) / 3
    case = cell([{**PUMP, "law": "constant", "rate": rate}], {"K": 1e-8, "Na": 5e-10, "Cl": 0.0, "A": 0.0})
    case = case.changed(
        {
            "temperature": 310.15,
            "layers.cytosol.initial": {"A": 150.0},
            "right.concentrations": {"K": 5.0, "Na": 145.0, "Cl": 150.0},
            "layers.membrane.permeability.Cl": 0.0,
            "layers.cytosol.initial.Cl": 0.0,
        }
    )
    state, life = steady(case), case_regime(case).living
    assert life is not None
    assert (state.inside["K"], state.inside["Na"]) == pytest.approx((140.0, 10.0), rel=1e-7)
    assert (life.mullins_noda, life.resting_potential) == pytest.approx((pumped, pumped), abs=1e-10)
    assert life.without_pump == pytest.approx(bare, abs=1e-10)
    limit = case_regime(case).limit("refilled_leak")
    assert limit is not None
    assert (limit.outlook, limit.because) == ("holds", "the sodium pump brings in as much K as leaks out")


def test_pump_current_is_the_charge_of_its_cycles_and_its_shift_that_of_the_rests() -> None:
    case = cell([CUBIC])
    life, state = case_regime(case).living, steady(case)
    assert life is not None
    assert life.pump_current == pytest.approx(FARADAY * CUBIC["rate"] * (state.inside["Na"] / 145.0) ** 3, rel=1e-12)
    z = {"K": 1, "Na": 1, "Cl": -1}
    inside = {ion: state.inside[ion] for ion in z}
    bare = ghk_voltage({ion: LEAKS[ion] for ion in z}, z, inside, OUTSIDE, T)
    assert life.without_pump == pytest.approx(float(bare), abs=1e-12)
    limit = case_regime(case).limit("pump_current")
    assert limit is not None
    assert f"{1e3 * abs(state.voltage - float(bare)):.3g} mV more negative" in limit.because


def test_run_down_is_content_over_leak() -> None:
    case = cell([CUBIC])
    life, state = case_regime(case).living, steady(case)
    assert life is not None
    # Volume of the sphere over the area of its face.
    depth = RADIUS / 3
    leak = ghk_flux(PERMEABILITY["K"], 1, state.inside["K"], 4.0, state.voltage, T)
    assert life.run_down_ion == "K"
    assert life.run_down == pytest.approx(state.inside["K"] * depth / float(leak), rel=1e-9)


def test_time_of_a_cell_is_that_of_its_compartment_and_not_of_the_film_outside() -> None:
    """Volume over inner area, r / 3, over the largest permeability, which counts r_outer / r_inner times as much."""
    times = case_regime(ed.load_case(ed.bundled_case("resting_cell"))).times
    assert times is not None
    assert times.run_down == pytest.approx(10e-6 / 3 / (4e-9 * (1 + 5e-9 / 10e-6)), rel=1e-9)


def test_gated_pathway_opens_as_boltzmann_says_beside_a_lipid_that_does_not() -> None:
    gate = {"half_potential": -0.04, "slope": 0.01}
    pathway = {"name": "channels", "layer": "membrane", "permeability": {"K": 6e-9}, "gating": gate}
    case = cell([CUBIC]).replace("pathways", [pathway])
    P = open_permeability(Membrane(case, 1, 1), -0.06)
    assert P["K"] == pytest.approx(SHELL * (4e-9 + 6e-9 / (1 + math.exp(2.0))), rel=1e-12)
    assert P["Na"] == pytest.approx(SHELL * 2.5e-10, rel=1e-12)


@pytest.mark.parametrize(
    ("transporters", "words"),
    [
        ([KCC2], "No transporter carries a net charge"),
        ([CUBIC, {**PUMP, "name": "second pump", "rate": 1e-9}], "Several transporters carry a net charge"),
        ([{**PUMP, "stoichiometry": {"Na": 3}, "rate": 1e-9}], "does not exchange one monovalent cation for another"),
    ],
)
def test_mullins_noda_needs_one_exchange_of_cations(transporters: list[dict[str, Any]], words: str) -> None:
    assert words in str(exchange_of(cell(transporters)))


def test_blocked_transporters_leave_the_report_as_without_any() -> None:
    blocked = case_regime(cell([{**CUBIC, "scale": 0.0}]))
    without = case_regime(cell([]))
    assert blocked.living is None
    assert blocked.limits == without.limits
