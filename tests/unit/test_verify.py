"""The built-in validation: its rows are there, can fail, expect nothing from the solver, and pass."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import electrodiff as ed
from electrodiff.errors import ConvergenceError
from electrodiff.units import POTENTIAL
from electrodiff.verify import GROUPS, ROWS, SOURCES, Check, Reading, Row, disagreements, runner, selected, verify
from electrodiff.verify.discrepancies import DISCREPANCIES
from electrodiff.verify.report import verify_json
from electrodiff.verify_page import validation_page
from electrodiff.verify_tables import number, unit_of, verify_tables

PAGE = Path(__file__).parents[2] / "docs" / "validation.md"
NAMES = {row.name: row for row in ROWS}


def row(**keys: object) -> Row:
    """A row of 2 V that is expected to 0.1 V."""
    settings: dict[str, object] = {
        "group": "theory",
        "name": "two",
        "quantity": "two volts",
        "dimension": POTENTIAL,
        "case": None,
        "read": lambda _: Reading(2.0),
        "expected": 2.0,
        "tolerance": 0.1,
        "reason": "a test",
        "source": "nernst1889",
    }
    return Row(**{**settings, **keys})  # type: ignore[arg-type]


# ---- the rows -------------------------------------------------------------------------------------------------------


def test_there_are_rows_enough_in_every_group():
    assert (
        *(
            "equilibrium",
            "membrane",
            "junction",
            "fixed-charge",
            "time",
            "frequency",
            "living-cell",
            "steric",
            "theory",
        ),
    ) == GROUPS
    assert len(ROWS) >= 60
    assert len(NAMES) == len(ROWS)
    # No row is hidden by a group of its name.
    assert not {*NAMES} & {*GROUPS}


# Name and value [SI] of what has to be there: numbers of publications, and of the limits that the program was built for.
PUBLISHED = {
    "ng-barry-NaCl-KCl-50": -4.3e-3,
    "ng-barry-NaCl-KCl-150": -4.3e-3,
    "ng-barry-NaCl-CsCl": -4.9e-3,
    "ng-barry-NaCl-MgCl2": 10.0e-3,
    "ng-barry-CaCl2-MgCl2": 0.6e-3,
    "harper-NaCl": -15.6e-3,
    "harper-HCl": 55.5e-3,
    "harper-CaCl2": -35e-3,
    "harper-ZnSO4": -8.1e-3,
    "marino": 20.796e-3,
    "marino-collocation": 20.813e-3,
    "duesterwald-K": -95.10e-3,
    "duesterwald-Na": 62.47e-3,
    "duesterwald-Cl": -83.85e-3,
    "pods-K": -82.89e-3,
    "pods-Na": 51.06e-3,
    "pods-capacitance": 0.354e-2,
    "pump-leak-voltage": -97.302e-3,
    "pump-leak-sodium": 20.464,
    "pump-leak-potassium": 129.536,
    "pump-leak-chloride": 3.673,
    "mullins-noda-textbook": -71.01e-3,
    "tms0": 12.27e-3,
    "tms-10": 1.06e-3,
    "tms-100": -42.17e-3,
    "tms-1000": -58.78e-3,
    "tms+10": 22.34e-3,
    "tms+100": 50.72e-3,
    "tms+1000": 58.99e-3,
    "nernst-potassium": -95e-3,
    "nernst-sodium": 67e-3,
    "capacitor-face": 40.0,
    "capacitor-dry": 0.354e-2,
    "capacitor-with-layers": 0.351e-2,
    "ghk-voltage": -71.46e-3,
    "kcl-0.001": -43.87e-3,
    "kcl-0.1": -48.8e-3,
    "kcl-1": -49.3e-3,
    "kcl-full": -50.33e-3,
    "lewis-sargent": -26.85e-3,
    "electroneutral-20": 2e-11,
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_row_of_a_published_number_expects_it(name):
    # 1 %: what is rounded most above, 67 mV and 2e-11.
    assert NAMES[name].expected_value == pytest.approx(PUBLISHED[name], rel=0.01)


def test_charge_of_the_bulk_is_below_1e_6_at_10_debye_lengths():
    assert 0 < NAMES["electroneutral-10"].expected_value < 1e-6


@pytest.mark.parametrize("kind", ["bazant-", "macdonald-", "kilic-", "grahame-", "donnan", "thin-film", "barrier"])
def test_laws_that_need_several_numbers_have_several_rows(kind):
    assert sum(name.startswith(kind) for name in NAMES) >= (2 if kind != "barrier" else 1)


def test_every_row_says_where_its_number_is_from_and_why_its_tolerance_is_what_it_is():
    for one in (*ROWS, *DISCREPANCIES):
        assert one.origin is SOURCES[one.source]
        assert one.reason.strip()
    for one in ROWS:
        assert one.tolerance > 0
        assert one.signs
    assert {one.source for one in (*ROWS, *DISCREPANCIES)} <= {*SOURCES}


def test_tolerances_are_tight():
    """Nothing is allowed more than 2 % of itself, but for printed numbers, which have few digits."""
    for one in ROWS:
        allowed = one.tolerance if one.relative else one.tolerance / abs(one.expected_value)
        assert allowed <= 0.021 or one.source in ("ng1995", "harper1985"), one.name


def test_expected_values_do_not_use_the_solver():
    """In a process that has no solvers, every expected value is there."""
    code = """
import sys, types
stub = types.ModuleType("electrodiff.solvers.studies")
stub.solve_study = None
sys.modules[stub.__name__] = stub
from electrodiff.verify import ROWS
values = [row.expected_value for row in ROWS]
print(len(values), sorted(m for m in sys.modules if m.startswith("electrodiff.solvers.") and m != stub.__name__))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"{len(ROWS)} []"


# ---- what becomes of them -------------------------------------------------------------------------------------------


def test_quick_rows_pass():
    checks = verify(selected(quick=True))
    assert [(check.row.name, check.computed, check.message) for check in checks if not check.passed] == []
    assert len(checks) >= 60


@pytest.mark.slow
def test_slow_rows_pass():
    slow = [one for one in ROWS if one.slow]
    assert slow
    assert [check.row.name for check in verify(slow) if not check.passed] == []


def test_number_beyond_the_tolerance_fails():
    (near,), (far,) = verify([row(expected=2.09)]), verify([row(expected=2.11)])
    assert (near.passed, far.passed) == (True, False)
    assert far.difference == pytest.approx(-0.11)
    (part,) = verify([row(expected=2.11, tolerance=0.06, relative=True)])
    assert part.passed
    assert part.tolerance == pytest.approx(0.06 * 2.11)


def test_nothing_and_no_number_fail():
    for value in (math.nan, math.inf):
        (check,) = verify([row(read=lambda _, value=value: Reading(value))])
        assert not check.passed
        assert verify_json([check])[0]["computed"] is None


@pytest.mark.parametrize(("value", "digits"), [(2.0, 15.95), (2.002, 3.0), (1.0, 0.301), (20.0, 0.0)])
def test_digits_are_those_of_the_relative_difference(value, digits):
    assert Check(row(), value, None, 2.0).digits == pytest.approx(digits, abs=1e-3)
    assert Check(row(), value, None, 0.0).digits is None
    assert Check(row(), None, None, 2.0).digits is None


def test_case_that_cannot_be_solved_fails_with_its_message(monkeypatch):
    def refuse(_: ed.Case) -> None:
        raise ConvergenceError("no steady state was found")

    monkeypatch.setattr(runner, "solve_study", refuse)
    (check,) = verify([NAMES["nernst-potassium"]])
    assert (check.passed, check.computed, check.message) == (False, None, "no steady state was found")


def warmer(solve: Callable) -> Callable:
    """A solver that takes every case to be one kelvin warmer than it is."""
    return lambda case: solve(case.changed({"temperature": case.temperature + 1.0}))


def test_rows_see_a_solver_that_is_wrong(monkeypatch):
    """A kelvin is 0.3 % of every thermal voltage: all potentials and charges that are known better are off."""
    rows = [one for one in ROWS if one.group in ("equilibrium", "fixed-charge") and one.case and not one.slow]
    monkeypatch.setattr(runner, "solve_study", warmer(runner.solve_study))
    passed = {check.row.name for check in verify(rows) if check.passed}
    assert len(rows) > 40
    # What has no temperature in it, or is printed to few digits.
    dry = {"capacitor-face", "capacitor-dry", "capacitor-series", "capacitor-sphere", "pods-capacitance"}
    assert passed <= {*dry, "donnan-counter-ions", "co-ion-flux", "tms-10", "tms-10-closed-form"}


def test_case_that_several_rows_read_is_solved_once(monkeypatch):
    solved: list[ed.Case] = []
    solve = runner.solve_study
    monkeypatch.setattr(runner, "solve_study", lambda case: (solved.append(case), solve(case))[1])
    verify([NAMES["capacitor-face"], NAMES["capacitor-with-layers"], NAMES["lewis-sargent"]])
    assert len(solved) == 2


def test_rows_are_chosen_by_name_and_by_group():
    assert [one.name for one in selected(["marino", "grahame-charge"])] == ["grahame-charge", "marino"]
    assert {one.group for one in selected(["steric", "time"])} == {"steric", "time"}
    assert len(selected()) == len(ROWS)
    slow = next(one for one in ROWS if one.slow)
    assert slow not in selected(quick=True)
    assert slow in selected([slow.name], quick=True)
    with pytest.raises(ed.CaseError, match=r"no row and no group called 'stericc'.*'steric'"):
        selected(["stericc"])


def test_published_numbers_that_are_not_reproduced_stand_apart():
    found = {one.discrepancy.name: one for one in disagreements()}
    assert "thin-film-share" in found
    for one in found.values():
        # They are no rows by another name: what is published is really not what comes out.
        assert one.computed is not None
        assert abs(one.computed / one.discrepancy.published - 1) > 0.005
    assert 0.7 < found["thin-film-share"].computed < 0.8


# ---- how they are shown ---------------------------------------------------------------------------------------------


def test_table_fits_into_100_columns():
    from rich.console import Console

    checks = [Check(one, one.expected_value, 1e-9, one.expected_value) for one in ROWS]
    console = Console(width=100, record=True, file=open("/dev/null", "w"))  # noqa: SIM115, PTH123
    console.print(verify_tables(checks))
    lines = console.export_text().splitlines()
    assert max(map(len, lines)) <= 100
    # Two lines a row and no more, but for the longest.
    assert len(lines) < 2.2 * len(ROWS)
    console.file.close()


def test_page_of_the_documentation_is_that_of_the_rows():
    """Names and expected values; what is computed may differ in its last digits from machine to machine."""
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    cells = [line.replace("\\|", "/").split(" | ") for line in lines]
    assert [cell[0].removeprefix("| ").strip("`") for cell in cells] == [one.name for one in ROWS]
    for cell, one in zip(cells, ROWS, strict=True):
        unit, size = unit_of(one.dimension)
        assert (cell[5], cell[7]) == (number(one.expected_value, size), unit), one.name
        assert cell[1] == one.quantity.replace("|", "/")
        assert cell[-1] == "pass |"


def test_page_names_every_source_and_every_discrepancy():
    page = PAGE.read_text(encoding="utf-8")
    for source in SOURCES.values():
        assert f"### {source.key}\n\n{source.citation}: " in page
        assert f"](#{source.key})" in page, source.key
    for entry in DISCREPANCIES:
        assert f"- `{entry.name}`" in page
    assert "**fail**" in validation_page([replace(Check(ROWS[0], 1.0, None, 2.0))], [])
