"""`verify`: rows by name and group, as a table, JSON and Markdown; exit codes of failures and of unknown names."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import electrodiff as ed
from electrodiff.verify import ROWS, runner

KEYS = ("name", "group", "quantity", "computed", "estimate", "expected", "digits", "tolerance", "source", "passed")
NAME = "nernst-potassium"


def test_a_row_is_solved_and_told(electrodiff: Callable) -> None:
    result = electrodiff("verify", NAME)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0] == "equilibrium: 1 of 1 passed"
    assert lines[2].startswith(f"ok   {NAME} ")
    assert "-94.97662" in lines[2]
    assert lines[3].strip().endswith("Nernst 1889")
    assert lines[-1] == "1 of 1 rows passed"
    # What is not reproduced belongs to the whole.
    assert "discrepancies" not in result.stdout


def test_json_is_a_list_of_rows_in_si_units(electrodiff: Callable) -> None:
    result = electrodiff("verify", "junction", "theory", "--json")
    assert result.exit_code == 0
    data = json.loads(result.stdout)
    assert [entry["name"] for entry in data] == [row.name for row in ROWS if row.group in ("junction", "theory")]
    for entry in data:
        assert {*KEYS} <= {*entry}
        assert entry["passed"] is True
        assert abs(entry["computed"] - entry["expected"]) <= entry["tolerance"]
    first = data[0]
    assert (first["name"], first["unit"], first["source_key"]) == ("lewis-sargent", "V", "lewis1909")
    assert first["computed"] == pytest.approx(-26.85029e-3, abs=1e-8)
    assert 0 < first["estimate"] < 1e-9
    assert "steady" in first["case"]
    assert data[-1]["case"] == "closed form"


def test_a_wrong_expectation_fails_with_4(electrodiff: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = [replace(row, expected=-0.0949) if row.name == NAME else row for row in ROWS]
    monkeypatch.setattr(runner.selected, "__defaults__", ((), False, tuple(wrong)))
    result = electrodiff("verify", NAME, "nernst-sodium")
    assert result.exit_code == 4
    assert f"error: 1 of 2 rows failed: {NAME}" in result.stderr
    assert f"FAIL {NAME}" in result.stdout
    assert result.stdout.splitlines()[-1] == "1 of 2 rows passed"


def test_a_wrong_solver_fails_with_4(electrodiff: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    solve = runner.solve_study
    warmer = lambda case: solve(case.changed({"temperature": case.temperature + 0.01}))  # noqa: E731
    monkeypatch.setattr(runner, "solve_study", warmer)
    result = electrodiff("verify", NAME, "--json")
    assert result.exit_code == 4
    (entry,) = json.loads(result.stdout)
    assert entry["passed"] is False
    assert entry["digits"] == pytest.approx(4.5, abs=0.1)


def test_a_solver_that_fails_is_a_row_that_fails(electrodiff: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: ed.Case) -> None:
        raise ed.ConvergenceError("no steady state was found")

    monkeypatch.setattr(runner, "solve_study", refuse)
    result = electrodiff("verify", NAME)
    assert result.exit_code == 4
    assert "no steady state was found" in result.stdout


def test_an_unknown_name_is_refused(electrodiff: Callable) -> None:
    result = electrodiff("verify", "junctoin")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "no group called 'junctoin'" in result.stderr
    assert "'junction'" in result.stderr


def test_quiet_prints_nothing(electrodiff: Callable) -> None:
    result = electrodiff("verify", NAME, "--quiet")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")


def test_the_page_is_written_with_what_is_not_reproduced(electrodiff: Callable, folder: Path) -> None:
    result = electrodiff("verify", "junction", "--quiet", "--markdown", "pages/validation.md")
    assert result.exit_code == 0
    page = (folder / "pages" / "validation.md").read_text(encoding="utf-8")
    assert "## junction" in page
    assert "## discrepancies" in page
    assert "thin-film-share" in page
    assert page.count("| pass |") == sum(row.group == "junction" for row in ROWS)


def test_a_page_that_cannot_be_written_is_refused_before_anything_is_solved(
    electrodiff: Callable, folder: Path
) -> None:
    (folder / "file").write_text("")
    result = electrodiff("verify", NAME, "--markdown", "file/page.md")
    assert result.exit_code == 2
    assert "--markdown" in result.stderr
