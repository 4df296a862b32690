"""The account of a cell as records, as JSON, and as what a person reads on one screen."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest
from rich.console import Console

import electrodiff as ed
from electrodiff.account import CellAccount, as_data
from electrodiff.cell_ledger import cell_account
from electrodiff.cell_tables import cell_parts
from electrodiff.summary import summary, to_json
from electrodiff.terminal import summary_tables

FARADAY, AVOGADRO = 96485.33212331, 6.02214076e23  # SI 2019


@pytest.fixture(scope="module")
def cell(case_of) -> ed.Solution:
    return ed.solve(case_of("resting_cell"))


@pytest.fixture(scope="module")
def account(cell) -> CellAccount:
    found = cell_account(cell)
    assert found is not None
    return found


def screen(parts, width: int = 100) -> str:
    console = Console(width=width, highlight=False, color_system=None)
    with console.capture() as capture:
        for part in parts:
            console.print(part)
    return capture.get()


# ---- records ------------------------------------------------------------------------------------------------------------


def test_membrane_without_transporters_has_no_account(clamped):
    assert cell_account(clamped) is None
    assert "cell" not in summary(clamped, 0.0)


def test_driving_force_is_the_potential_less_that_of_nernst(account):
    for ion in account.ions[:3]:
        nernst = 8.31446261815324 * 310 / FARADAY / ion.valence * math.log(ion.outside / ion.inside)
        assert ion.nernst_potential == pytest.approx(nernst, abs=1e-12)
        assert ion.driving_force == pytest.approx(account.membrane_potential - nernst, abs=1e-12)


def test_leaks_carry_back_what_the_pump_carries_and_share_its_current_three_to_two(account):
    leaks = {ion.name: ion for ion in account.ions}
    rate = account.transporters[0].rate
    assert leaks["Na"].passive_flux == pytest.approx(-3 * rate, rel=1e-10)
    assert leaks["K"].passive_flux == pytest.approx(2 * rate, rel=1e-10)
    assert leaks["Na"].transported_flux == {"sodium pump": 3 * rate}
    assert [leaks[ion].share for ion in ("Na", "K")] == pytest.approx([0.6, 0.4], rel=1e-9)
    assert sum(ion.current for ion in account.ions) == pytest.approx(-account.pump_current, rel=1e-10)


def test_ions_are_told_by_where_they_stand(account):
    standing = {ion.name: ion.standing for ion in account.ions}
    assert standing == {"K": "accumulated", "Na": "extruded", "Cl": "passive", "A": "impermeant"}


def test_cotransporters_move_chloride_off_its_equilibrium(case_of):
    """NKCC1 brings it in, KCC2 takes it out."""
    found = {name: cell_account(ed.solve(case_of(name))) for name in ("chloride_nkcc1", "chloride_kcc2")}
    standing = {name: each.ions[2].standing for name, each in found.items() if each is not None}
    assert standing == {"chloride_nkcc1": "accumulated", "chloride_kcc2": "extruded"}


def test_excess_ions_are_the_charge_of_the_debye_layers(cell, account):
    """sum z F excess = the charge of the same Debye layer on the same mesh, but for what lies further out: e^-20, and 4e-8
    of it since cells wider than a Debye length cannot let it fall as fast."""
    area = 4 * math.pi * 10e-6**2
    for side, name in (("left", "cytosol|membrane"), ("right", "membrane|outside")):
        parts = [one for one in account.excess if one.side == side]
        charge = FARADAY * sum(cell.case.valence(one.ion) * one.amount for one in parts)
        assert charge == pytest.approx(cell.readings.charge_beside[f"{name}.{side}"], rel=1e-7)
        for one in parts:
            assert one.count == pytest.approx(one.amount * area * AVOGADRO, rel=1e-12)


def test_excess_of_a_cell_is_a_part_of_what_it_holds(account):
    """Against concentration times the volume of the sphere, but for that excess itself: 1e-5."""
    for one in account.excess:
        if one.side == "right":
            assert one.fraction is None
            continue
        inside = next(ion.inside for ion in account.ions if ion.name == one.ion)
        assert one.fraction == pytest.approx(one.amount / (inside * 10e-6 / 3), rel=1e-5)
        assert abs(one.fraction) < 1e-5


# ---- JSON ---------------------------------------------------------------------------------------------------------------


def test_json_has_the_account_in_si_with_units_in_its_names(cell, account):
    found = json.loads(to_json(summary(cell, 0.0)))["cell"]
    assert found["pump_potential_V"] == account.pump_potential
    assert found["atp_rate_of_cell_per_s"] == account.atp_rate_of_cell
    assert [ion["inside_mol_m3"] for ion in found["ions"]] == [ion.inside for ion in account.ions]
    assert found["transporters"][0]["work_W_m2"] == account.work
    assert found["transporters"][0]["efficiency"] == account.transporters[0].efficiency
    assert found["ions"][0]["transported_flux_mol_m2_s"] == account.ions[0].transported_flux
    assert found["ions"][3]["nernst_potential_V"] is None


def test_every_number_with_a_unit_says_so_in_its_name(account):
    plain = {"valence", "share", "efficiency", "count", "fraction"}

    def numbers(data, name):
        if isinstance(data, dict):
            for key, value in data.items():
                yield from numbers(value, name if name.startswith("transported_flux") else key)
        elif isinstance(data, list):
            for value in data:
                yield from numbers(value, name)
        elif isinstance(data, int | float):
            yield name

    unnamed = {name for name in numbers(as_data(account), "") if not name.endswith(("_V", "_m3", "_m2", "_s"))}
    assert unnamed == plain


# ---- the screen -----------------------------------------------------------------------------------------------------------


def test_resting_cell_says_what_rests_who_pays_and_how_much_on_one_screen(cell):
    lines = screen(cell_parts(cell_account(cell), cell.case, "-70.532 mV")).splitlines()
    assert len(lines) <= 24
    text = " ".join(" ".join(lines).split())
    assert "rests at -70.532 mV" in text
    assert "ATP/s for the whole cell" in text
    assert "sodium pump" in text
    assert "Na leak" in text
    assert max(map(len, lines)) <= 100


def test_summary_of_a_cell_shows_its_account_instead_of_fluxes_that_are_zero(cell):
    text = screen([summary_tables(cell)])
    assert "accumulated" in text
    assert "+- " in text
    assert "current density" not in text


@pytest.mark.parametrize("name", ["resting_cell", "chloride_nkcc1", "electrogenic_pump", "cell_without_pump"])
def test_no_cell_of_a_table_is_folded_at_eighty_columns(case_of, name):
    solution = ed.solve(case_of(name))
    lines = screen([summary_tables(solution)], 80).splitlines()
    standing = [ion.standing for ion in cell_account(solution).ions]
    rows = [line.split() for line in lines if line.rstrip().endswith(tuple(standing))]
    assert [row[0] for row in rows] == list(solution.case.ion_names)
    assert [row[-1] for row in rows] == standing


def test_percentages_are_those_of_the_account(account, cell):
    text = screen(cell_parts(account, cell.case, "-70.532 mV"), 1000)
    assert f"the ions get {100 * account.work / account.fuel:.3g} %" in text
    for ion in account.ions[:2]:
        assert f"{ion.name} leak {100 * ion.dissipation / account.dissipation:.3g} %" in text


def test_cell_that_runs_down_says_so_and_by_how_much(account, cell):
    """1.5e-3 W/m^2 of leaks, half of them paid for."""
    half = replace(account, work=account.work / 2, stored=-account.dissipation / 2)
    text = screen(cell_parts(half, cell.case, "-70 mV"), 1000)
    assert "rests" not in text
    assert f"run down by {account.dissipation / 2 / 1e-5:.3g} nW/cm^2" in text


def test_shift_of_a_pump_between_reservoirs_is_not_laid_on_concentrations(case_of, cell):
    """They are given there, and found in a closed cell."""
    open_one = ed.solve(case_of("electrogenic_pump"))
    texts = [screen(cell_parts(cell_account(one), one.case, ""), 1000) for one in (open_one, cell)]
    assert ["by way of the concentrations" in text for text in texts] == [False, True]
    assert "solutions at the ends" in texts[0]


def test_where_nothing_flows_but_rounding_nothing_is_said_to_be_lost(case_of):
    """Potassium alone, at its Nernst potential, beside a pump that stands still; sodium would leave if it could."""
    changes = {"transporters.sodium pump.scale": 0, "pathways.leak.scale": 0, "expect": []}
    solution = ed.solve(case_of("electrogenic_pump").changed(changes))
    found = cell_account(solution)
    assert {ion.name: ion.standing for ion in found.ions}["Na"] == "extruded"
    assert [ion.share for ion in found.ions] == [None] * 4
    text = screen(cell_parts(found, solution.case, ""), 1000)
    assert "Nothing flows." in text
    assert "rests" in text
    for word in ("lose", "run down", "%"):
        assert word not in text
    # A nanovolt away from there potassium flows: less would not be told from rounding, this is.
    near = ed.solve(solution.case.replace("left.potential", solution.membrane_potential + 1e-9))
    assert cell_account(near).ions[0].share == pytest.approx(1.0)


def test_exchange_is_what_goes_either_way(account):
    """GHK's one-way flux of sodium inward, P c_out u / (e^u - 1) with u = V / (RT/F), per area of the inner face."""
    u = account.membrane_potential / (8.31446261815324 * 310 / FARADAY)
    inward = 2.5e-10 * (1 + 5e-9 / 10e-6) * 145.0 * u / math.expm1(u)
    # 2 % for the Debye layers, which GHK leaves out.
    assert account.ions[1].exchange_flux == pytest.approx(inward, rel=0.02)


def test_gates_are_listed_with_what_is_open_of_them(case_of):
    gate = {"half_potential": "-70 mV", "slope": "5 mV"}
    case = case_of("electrogenic_pump").changed({"pathways.potassium channels.gating": gate, "expect": []})
    solution = ed.solve(case)
    V = solution.readings.layer_drop["membrane"]  # of the finest mesh, as all of the account
    part = 1 / (1 + math.exp(-(V + 0.070) / 0.005))
    found = cell_account(solution)
    assert found.open_fraction == {"potassium channels.K": pytest.approx(part, rel=1e-6)}
    assert f"Gates open: potassium channels.K {100 * part:.3g} %" in screen(cell_parts(found, case, ""), 1000)


def test_what_no_atp_could_pay_for_is_told(account, cell):
    """44.2 kJ/mol for a cycle: 80 % of 55, 110 % of 40."""
    assert "No ATP pays" not in screen(cell_parts(account, cell.case, ""), 1000)
    poor = ed.solve(cell.case.replace("atp_free_energy", "-40 kJ/mol"))
    text = screen(cell_parts(cell_account(poor), cell.case, ""), 1000)
    assert "the ions get 110 %" in text
    assert "No ATP pays for more than 100 %: by its law sodium pump" in text


def test_shift_of_a_membrane_that_is_held_is_what_it_would_be(case_of):
    held = ed.solve(case_of("electrogenic_pump").changed({"left.potential": -0.065, "expect": []}))
    text = screen(cell_parts(cell_account(held), held.case, ""), 1000)
    assert "is held at" in text
    assert "would shift it by" in text


def test_loss_without_bound_is_said_to_be_one(account, cell):
    ions = (replace(account.ions[0], dissipation=math.inf), *account.ions[1:])
    text = screen(cell_parts(replace(account, ions=ions), cell.case, ""), 1000)
    assert "no bound" in text
    assert "nan" not in text
