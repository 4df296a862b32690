"""The ladder of a living cell: its predictions are those of the closed forms, and its sentences those of its numbers."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

import numpy as np
import pytest
from scipy import constants
from scipy.optimize import brentq

import electrodiff as ed
from electrodiff.ladder import Ladder, Rung, compare
from electrodiff.ladder.living import MODELS, find_living

FARADAY = constants.N_A * constants.e
VOLT = constants.R * 310.0 / FARADAY
Z = {"K": 1, "Na": 1, "Cl": -1}
CELLS = ["resting_cell", "chloride_passive", "chloride_kcc2", "chloride_nkcc1", "hyperkalemia"]


@pytest.fixture(scope="module")
def ladder_of() -> Callable[[str], Ladder]:
    """The ladder of a bundled case, solved once."""
    found: dict[str, Ladder] = {}

    def of(name: str) -> Ladder:
        if name not in found:
            found[name] = compare(ed.load_case(ed.bundled_case(name)), MODELS)
        return found[name]

    return of


def row(ladder: Ladder, model: str, quantity: str = "resting_potential") -> Rung:
    (found,) = (each for each in ladder.rungs if (each.model, each.quantity) == (model, quantity))
    return found


def millivolts(text: str) -> list[float]:
    """The potentials that a sentence tells [mV]."""
    return [float(found) for found in re.findall(r"(-?[\d.]+(?:e-?\d+)?) mV", text)]


def permeability(ladder: Ladder) -> dict[str, float]:
    """P of each ion by the case, per area of the inner face [m/s]."""
    case = ladder.case
    slab, radius = case.layers[1], case.layers[0].thickness
    return {ion: (1 + slab.thickness / radius) * slab.permeability[ion] for ion in Z}


def ends(ladder: Ladder) -> tuple[dict[str, float], dict[str, float]]:
    """PNP's concentrations at both ends [mol/m^3]."""
    names, c = ladder.case.ion_names, ladder.solution.concentration
    inside, outside = ({ion: float(c[names.index(ion), end]) for ion in Z} for end in (0, -1))
    return inside, outside


def goldman(ladder: Ladder, pump_current: float) -> float:
    """V_m at which the currents of Goldman, Hodgkin and Katz and of a pump add up to nothing [V]."""
    P, (inside, outside) = permeability(ladder), ends(ladder)

    def current(V: float) -> float:
        total = pump_current
        for ion, z in Z.items():
            u = z * V / VOLT
            total += z * FARADAY * P[ion] * u * (inside[ion] - outside[ion] * math.exp(-u)) / -math.expm1(-u)
        return total

    return brentq(current, -0.3, -1e-3, xtol=1e-14)


def pump_current(ladder: Ladder) -> float:
    """Three sodium out and two potassium in: one charge a cycle [A/m^2]."""
    return FARADAY * ladder.solution.transporter_rate["sodium pump"]


@pytest.mark.parametrize("name", CELLS)
def test_goldman_rows_are_the_rests_with_and_without_the_charge_of_the_pump(
    ladder_of: Callable[[str], Ladder], name: str
) -> None:
    ladder = ladder_of(name)
    bare, pumped = goldman(ladder, 0.0), goldman(ladder, pump_current(ladder))
    # Both roots are found to 1e-14 V; 1e-10 allows for the estimate by which the rates are extrapolated.
    assert row(ladder, "ghk").predicted == pytest.approx(bare, abs=1e-10)
    assert row(ladder, "ghk_pumped").predicted == pytest.approx(pumped, abs=1e-10)
    # What the sentence says is left out is the difference of the two.
    assert millivolts(row(ladder, "ghk").reason)[0] == pytest.approx(1e3 * abs(pumped - bare), rel=5e-3)
    assert "more negative" in row(ladder, "ghk").reason


@pytest.mark.parametrize("name", CELLS)
def test_circuit_rows_are_the_weighted_means_of_the_batteries(ladder_of: Callable[[str], Ladder], name: str) -> None:
    ladder = ladder_of(name)
    P, (inside, outside) = permeability(ladder), ends(ladder)
    ions = [ion for ion in Z if P[ion] > 0]
    E = {ion: VOLT / Z[ion] * math.log(outside[ion] / inside[ion]) for ion in ions}
    # Slope of the GHK current where it is zero: F P / (RT/F) c_in c_out ln(c_out/c_in) / (c_out - c_in).
    g = {
        ion: FARADAY * P[ion] / VOLT * inside[ion] * outside[ion]
        * math.log(outside[ion] / inside[ion]) / (outside[ion] - inside[ion])
        for ion in ions
    }  # fmt: skip
    whole, pulled = sum(g.values()), sum(g[ion] * E[ion] for ion in ions)
    current = pump_current(ladder)
    assert row(ladder, "chord_circuit").predicted == pytest.approx(pulled / whole, abs=1e-10)
    pumped = (pulled - current) / whole
    assert row(ladder, "chord_circuit_pumped").predicted == pytest.approx(pumped, abs=1e-10)
    # What is left to GHK is what the sentence gives to the conductances that change with the voltage.
    told = millivolts(row(ladder, "chord_circuit_pumped").reason)
    assert told[1] == pytest.approx(1e3 * abs(goldman(ladder, current) - pumped), rel=5e-3)


def test_curves_of_the_rivals_have_the_current_of_the_pump_and_cross_zero_where_their_rows_say() -> None:
    ladder = compare(ed.load_case(ed.bundled_case("electrogenic_pump")), MODELS)
    curve = ladder.curve
    assert curve is not None
    rivals = {"PNP": ladder.solution.membrane_potential, "GHK + pump": row(ladder, "ghk_pumped").predicted}
    rivals["chord circuit + pump"] = row(ladder, "chord_circuit_pumped").predicted
    assert set(curve.current_density) == set(rivals)
    V = np.array(curve.potential)
    for title, rest in rivals.items():
        # A parabola through the three points around the zero; the grid is of some mV, and without the pump it is 0.3 mV off.
        nearest = np.argsort(np.abs(V - rest))[:3]
        parabola = np.polyfit(V[nearest] - rest, np.array(curve.current_density[title])[nearest], 2)
        roots = np.roots(parabola)
        assert np.abs(roots).min() < 1e-5


def test_models_of_leaks_alone_say_why_they_do_not_apply() -> None:
    absent = {each.model: each.reason for each in compare(ed.load_case(ed.bundled_case("resting_cell")), MODELS).absent}
    for model in ("ghk_faces", "planck", "henderson"):
        assert "the sodium pump" in absent[model]


def test_debye_layers_of_a_charged_face_are_told_apart_from_the_conductances() -> None:
    case = ed.load_case(ed.bundled_case("resting_cell"))
    face = {"between": ["membrane", "outside"], "surface_charge": -0.02}
    ladder = compare(case.changed({"interfaces": [face], "transporters.sodium pump.senses": "face"}), MODELS)
    off = ladder.solution.membrane_potential - goldman(ladder, pump_current(ladder))
    # A face of -0.02 C/m^2 is tens of mV below its bath, and each row says what that does, apart from the rest.
    assert abs(off) > 1e-3
    for model in ("ghk", "ghk_pumped", "chord_circuit", "chord_circuit_pumped", "pump_leak"):
        reason = row(ladder, model).reason
        assert "the debye layers change what the faces of the membrane see" in reason.lower()
        assert millivolts(reason)[-1] == pytest.approx(1e3 * abs(off), rel=0.05)
    assert "the sodium pump sees the faces" in row(ladder, "pump_leak").reason
    # Exact in any field, since chloride is passive: expected, and found.
    assert row(ladder, "mullins_noda").outlook == "holds"
    # To the accuracy that a case asks for, in RT/F.
    assert row(ladder, "mullins_noda").difference == pytest.approx(0.0, abs=1e-6 * VOLT)


def test_a_cell_with_kcc2_alone_is_at_equilibrium_and_every_model_finds_it() -> None:
    case = ed.load_case(ed.bundled_case("chloride_kcc2")).changed({"expect": []})
    kcc2 = {"name": "KCC2", "layer": "membrane", "stoichiometry": {"K": 1, "Cl": 1}, "law": "affinity", "rate": 5e-8}
    ladder = compare(case.replace("transporters", [kcc2]), MODELS)
    donnan = -VOLT * math.asinh(142.0 / 298.0)
    for rung in ladder.rungs:
        if rung.quantity == "resting_potential":
            # The Debye layer takes a few parts in a million of the anions out of the bulk.
            assert rung.predicted == pytest.approx(donnan, abs=1e-6)
            assert rung.verdict == "agrees"
    assert "passive" in row(ladder, "nernst.K").reason
    assert "carry no net charge" in row(ladder, "ghk").reason


@pytest.mark.parametrize("name", CELLS)
def test_mullins_noda_row_is_their_formula(ladder_of: Callable[[str], Ladder], name: str) -> None:
    ladder = ladder_of(name)
    P, (inside, outside) = permeability(ladder), ends(ladder)
    into = 1.5 * P["K"] * outside["K"] + P["Na"] * outside["Na"] + P["Cl"] * inside["Cl"]
    out = 1.5 * P["K"] * inside["K"] + P["Na"] * inside["Na"] + P["Cl"] * outside["Cl"]
    assert row(ladder, "mullins_noda").predicted == pytest.approx(VOLT * math.log(into / out), abs=1e-12)


@pytest.mark.parametrize("name", ["resting_cell", "chloride_passive", "chloride_kcc2", "hyperkalemia"])
def test_mullins_noda_holds_where_nothing_but_the_pump_carries_charge_that_leaks(
    ladder_of: Callable[[str], Ladder], name: str
) -> None:
    rung = row(ladder_of(name), "mullins_noda")
    # 1e-6 mV: exact for cations in any field, and for anions at equilibrium.
    assert rung.predicted == pytest.approx(rung.pnp, abs=1e-9)
    assert "brings in as much K as leaks out" in rung.reason


def test_mullins_noda_misses_a_cell_whose_potassium_another_carrier_moves(ladder_of: Callable[[str], Ladder]) -> None:
    ladder = ladder_of("chloride_nkcc1")
    rung, solution = row(ladder, "mullins_noda"), ladder.solution
    assert abs(rung.difference) > 1e-4
    ratio = 2 * solution.transporter_rate["sodium pump"] / solution.passive_flux["K"]
    assert f"brings in {ratio:.3g} times the K that leaks out" in rung.reason
    assert "NKCC1 carries K too" in rung.reason
    off = VOLT * math.log(ends(ladder)[0]["Cl"] / ends(ladder)[1]["Cl"]) - rung.pnp
    assert millivolts(rung.reason)[0] == pytest.approx(1e3 * abs(off), rel=5e-3)


@pytest.mark.parametrize("name", CELLS)
def test_pump_leak_finds_the_cell_of_pnp_but_for_its_debye_layers(
    ladder_of: Callable[[str], Ladder], name: str
) -> None:
    ladder = ladder_of(name)
    rung = row(ladder, "pump_leak")
    # The faces of the membrane differ from the bulk by 1 %, a part of which does not cancel in the potential.
    assert rung.predicted == pytest.approx(rung.pnp, abs=0.1e-3)
    assert rung.predicted != rung.pnp
    inside, _ = ends(ladder)
    for ion in Z:
        found = row(ladder, "pump_leak", f"concentration.{ion}")
        assert found.pnp == inside[ion]
        assert found.predicted == pytest.approx(inside[ion], rel=0.02)


@pytest.mark.parametrize("name", CELLS)
def test_donnan_of_the_blocked_pump_is_that_of_its_anions(ladder_of: Callable[[str], Ladder], name: str) -> None:
    rung = row(ladder_of(name), "donnan.blocked")
    cations = sum(c for ion, c in ends(ladder_of(name))[1].items() if Z[ion] > 0)
    assert rung.predicted == pytest.approx(-VOLT * math.asinh(142.0 / (2 * cations)), abs=1e-12)
    assert millivolts(rung.reason)[-1] == pytest.approx(1e3 * abs(rung.difference), rel=5e-3)


@pytest.mark.parametrize("name", [*CELLS, "electrogenic_pump"])
def test_nernst_rows_tell_what_leaks_and_what_is_carried(ladder_of: Callable[[str], Ladder], name: str) -> None:
    ladder = ladder_of(name)
    for ion, z in Z.items():
        rung = row(ladder, f"nernst.{ion}")
        leak = 100 * FARADAY * abs(ladder.solution.passive_flux[ion])
        inside, outside = ends(ladder)
        assert rung.predicted == pytest.approx(VOLT / z * math.log(outside[ion] / inside[ion]), abs=1e-12)
        told = [float(each) for each in re.findall(r"([\d.]+) uA/cm\^2 of it leaks", rung.reason)]
        assert told == (
            [pytest.approx(leak, rel=5e-3)] if "leaks out" in rung.reason or "leaks in" in rung.reason else []
        )
        if rung.verdict == "differs":
            assert f"{1e3 * abs(rung.difference):.3g} mV from equilibrium" in rung.reason


def test_pump_current_over_conductance_shifts_the_potential(ladder_of: Callable[[str], Ladder]) -> None:
    ladder = ladder_of("electrogenic_pump")
    # 0.16 uA/cm^2 over slopes of 0.5 mS/cm^2.
    assert row(ladder, "ghk").predicted - row(ladder, "ghk_pumped").predicted == pytest.approx(0.32e-3, abs=2e-6)
    (absent,) = (each for each in ladder.absent if each.model == "pump_leak")
    assert "concentrations on both sides" in absent.reason


def test_blocked_pump_has_the_rows_of_a_case_without_transporters() -> None:
    case = ed.load_case(ed.bundled_case("resting_cell"))
    blocked = case.replace("transporters.sodium pump.scale", 0.0)
    assert not compare(blocked, MODELS).rungs
    (donnan,) = (each for each in compare(blocked).rungs if each.model == "donnan.compartment")
    assert donnan.predicted == pytest.approx(-VOLT * math.asinh(142.0 / 298.0), abs=1e-12)


@pytest.mark.parametrize("name", [*CELLS, "electrogenic_pump"])
def test_reasons_are_sentences(ladder_of: Callable[[str], Ladder], name: str) -> None:
    for each in (*ladder_of(name).rungs, *ladder_of(name).absent):
        assert re.fullmatch(r"[A-Z0-9].*[^.]\.", each.reason), each.reason
        assert "nan" not in each.reason.lower().split()


def test_steps_from_goldman_to_pnp_add_up(ladder_of: Callable[[str], Ladder]) -> None:
    ladder = ladder_of("chloride_kcc2")
    found = find_living(ladder.setting)
    assert found is not None
    assert sum(found.steps.values()) == pytest.approx(-row(ladder, "ghk_pumped").difference, abs=1e-12)
    # A closed cell has no net flux, so that its solutions take no part of the voltage; the steps are of the finest mesh,
    # and the potential is extrapolated, which differ by the error of that mesh, below 1e-5 RT/F.
    assert found.steps["baths"] == pytest.approx(0.0, abs=1e-5 * VOLT)
