"""The JSON summary, the expectations, and the table of profiles."""

import csv
import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

import electrodiff as ed
from electrodiff.summary import expectations, summary, to_json, write_csv


@pytest.fixture(scope="module")
def solution() -> ed.Solution:
    return ed.solve(ed.load_case(ed.bundled_case("clamped_membrane"), {"mesh.nodes": "101"}))


def expecting(solution: ed.Solution, value: str, tolerance: str, quantity: str = "membrane_potential") -> ed.Solution:
    """The same solution with one expectation."""
    entry = {"quantity": quantity, "value": value, "tolerance": tolerance, "source": "a test"}
    case = solution.case.replace("expect", [entry])
    return replace(solution, problem=replace(solution.problem, case=case))


@pytest.mark.parametrize(
    ("value", "tolerance", "passed"),
    [
        ("-65 mV", "1e-9 mV", True),
        ("-64 mV", "1.0001 mV", True),
        ("-64 mV", "0.9999 mV", False),
        ("-66 mV", "1.0001 mV", True),
        ("-66 mV", "0.9999 mV", False),
        ("+65 mV", "1 mV", False),
    ],
)
def test_an_expectation_is_met_within_its_tolerance(
    solution: ed.Solution, value: str, tolerance: str, passed: bool
) -> None:
    # The membrane is clamped at -65 mV.
    (entry,) = expectations(expecting(solution, value, tolerance))
    assert entry.passed is passed
    assert entry.computed == solution.membrane_potential


def test_an_expectation_reports_si_numbers(solution: ed.Solution) -> None:
    (entry,) = expectations(expecting(solution, "100 pmol/cm^2/s", "1 pmol/cm^2/s", "flux.K"))
    assert entry.computed == solution.flux["K"]
    assert (entry.expected, entry.tolerance) == pytest.approx((1e-6, 1e-8), rel=1e-14)
    assert entry.source == "a test"


def test_what_is_not_defined_meets_no_expectation() -> None:
    case = ed.load_case(ed.bundled_case("capacitor"), {"mesh.nodes": "51", "left.potential": "0 mV"})
    resting = expecting(ed.solve(case), "0 uF/cm^2", "1e9 uF/cm^2", "capacitance")
    (entry,) = expectations(resting)
    assert entry.computed is None
    assert entry.passed is False
    assert json.loads(to_json(summary(resting, 0.0)))["capacitance_F_m2"] is None


def test_the_summary_reports_the_solution(solution: ed.Solution) -> None:
    data = summary(solution, 0.25)
    assert data["membrane_potential_V"] == solution.membrane_potential
    assert data["current_density_A_m2"] == solution.current_density
    assert data["flux_mol_m2_s"] == solution.flux
    assert data["capacitance_F_m2"] == solution.capacitance
    assert (data["converged"], data["iterations"], data["nodes"]) == (True, solution.iterations, 101)
    assert (data["wall_s"], data["version"], data["error_estimate"]) == (0.25, ed.__version__, None)
    assert data["warnings"] == solution.warnings


def test_the_residual_history_has_one_entry_a_step_and_falls(solution: ed.Solution) -> None:
    history = summary(solution, 0.0)["residual_history"]
    assert len(history) == solution.iterations
    assert history[-1] < 1e-9 < history[0]


def test_json_has_no_nan() -> None:
    assert json.loads(to_json({"µ": [1.5, None]})) == {"µ": [1.5, None]}
    for number in (math.nan, math.inf):
        with pytest.raises(ValueError, match="JSON"):
            to_json({"x": number})


def test_a_failed_solution_can_be_summarised(solution: ed.Solution) -> None:
    """NaN in the state is null in the summary, in the expectations too."""
    broken = replace(expecting(solution, "-65 mV", "1 mV"), state=solution.state * math.nan, converged=False)
    data = json.loads(to_json(summary(broken, 0.0)))
    assert data["membrane_potential_V"] is None
    assert data["expect"][0]["computed"] is None
    assert data["expect"][0]["passed"] is False


def test_csv_has_a_row_an_entry_with_units_in_the_header(solution: ed.Solution, tmp_path: Path) -> None:
    path = write_csv(solution, tmp_path / "profiles.csv")
    assert path == tmp_path / "profiles.csv"
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == solution.x.size == 103  # two interfaces have two entries each
    assert list(rows[0])[:5] == ["x_m", "layer", "potential_V", "electric_field_V_m", "charge_density_C_m3"]
    assert {f"concentration_{ion}_mol_m3" for ion in ("K", "Na", "Cl", "A")} <= set(rows[0])
    # Text of a float is exact in Python.
    assert [float(row["x_m"]) for row in rows] == solution.x.tolist()
    assert [float(row["charge_density_C_m3"]) for row in rows] == solution.charge_density.tolist()
    for ion, values in zip(solution.case.ion_names, solution.concentration, strict=True):
        assert [float(row[f"concentration_{ion}_mol_m3"]) for row in rows] == values.tolist()
    assert [row["layer"] for row in rows].count("membrane") == (solution.layer == 1).sum()
