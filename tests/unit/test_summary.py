"""The JSON summary, the expectations, and the table of profiles."""

import csv
import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import electrodiff as ed
from electrodiff.grid.line import layered_line
from electrodiff.quantities import QUANTITIES, members
from electrodiff.summary import expectations, mesh_layers, mesh_summary, summary, to_json, write_csv


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
    assert (data["wall_s"], data["version"]) == (0.25, ed.__version__)
    assert data["warnings"] == solution.warnings
    assert data["fallbacks"] == []


# ---- errors ------------------------------------------------------------------------------------------------------


def test_every_number_has_an_error_estimate_of_the_same_name(solution: ed.Solution) -> None:
    data = json.loads(to_json(summary(solution, 0.0)))
    errors = data["error_estimate"]
    assert set(errors) == {quantity.json_key for quantity in QUANTITIES.values()}
    for name, quantity in QUANTITIES.items():
        values, own = data[quantity.json_key], errors[quantity.json_key]
        if quantity.per:
            assert own == members(name, solution.error)
            assert {key: value is None for key, value in own.items()} == {key: x is None for key, x in values.items()}
        else:
            assert own == solution.error[name]
            assert (own is None) == (values is None)
    assert errors["flux_mol_m2_s"]["K"] > 0


def test_an_error_estimate_covers_the_difference_to_a_finer_solution(solution: ed.Solution) -> None:
    finer = summary(ed.solve(solution.case.replace("mesh.nodes", 801)), 0.0)
    data = summary(solution, 0.0)
    for key, value in data["flux_mol_m2_s"].items():
        assert abs(value - finer["flux_mol_m2_s"][key]) <= data["error_estimate"]["flux_mol_m2_s"][key]
    assert abs(data["capacitance_F_m2"] - finer["capacitance_F_m2"]) <= data["error_estimate"]["capacitance_F_m2"]


def test_one_mesh_has_no_estimate(solution: ed.Solution) -> None:
    alone = ed.solve(solution.case, mesh=layered_line(solution.case).mesh())
    data = json.loads(to_json(summary(alone, 0.0)))
    assert data["error_estimate"] is None
    assert data["accuracy"] == {"wanted": None, "reached": None, "missed": [], "meshes": [101]}
    assert data["membrane_potential_V"] == pytest.approx(-0.065, rel=1e-14)
    assert [text for text in data["warnings"] if "errors are not estimated" in text]


def test_the_accuracy_that_was_wanted_and_reached_is_reported(solution: ed.Solution) -> None:
    case = solution.case.replace("mesh.nodes", None)
    met = summary(ed.solve(case), 0.0)["accuracy"]
    assert (met["wanted"], met["reached"], met["missed"]) == (1e-6, True, [])
    assert met["meshes"] == sorted(met["meshes"])
    assert met["meshes"][-1] == ed.solve(case).nodes
    assert summary(solution, 0.0)["accuracy"] == {
        "wanted": None,
        "reached": None,
        "missed": [],
        "meshes": [26, 51, 101],
    }


def test_an_accuracy_out_of_reach_is_said_to_be_missed(solution: ed.Solution) -> None:
    """A ratio of fields loses digits to rounding: eps phi / h / E, 1e-9 of it here; no mesh gives it to 1e-12."""
    case = solution.case.changed({"mesh.nodes": None, "mesh.accuracy": 1e-12})
    solved = ed.solve(case)
    data = json.loads(to_json(summary(solved, 0.0)))
    assert data["accuracy"]["reached"] is False
    assert data["accuracy"]["missed"] == list(solved.missed)
    assert "field_ratio.cytosol|membrane" in data["accuracy"]["missed"]
    (warning,) = data["warnings"]
    assert "field_ratio" in warning
    assert "wanted 1e-12" in warning


def test_activity_coefficients_are_compared_at_the_same_accuracy(solution: ed.Solution) -> None:
    case = solution.case.changed({"activity": {"model": "davies"}, "left.potential": "floating", "expect": []})
    davies, ideal = ed.solve(case), ed.solve(case.replace("activity", None))
    data = summary(davies, 0.0)["activity"]
    moved = data["deviation_from_ideal"]["membrane_potential_V"]
    assert moved == davies.membrane_potential - ideal.membrane_potential
    errors = (davies.error["membrane_potential"], ideal.error["membrane_potential"])
    assert data["error_estimate"]["membrane_potential_V"] == sum(errors)
    # Davies at 0.15 M and 310 K: gamma of about 0.75 on both sides, so the ratios hardly move.
    assert 1e-6 < abs(moved) < 1e-3


def test_the_activity_of_a_given_mesh_is_compared_on_that_mesh(solution: ed.Solution) -> None:
    case = solution.case.changed({"activity": {"model": "davies"}, "expect": []})
    mesh = layered_line(case).mesh()
    davies, ideal = ed.solve(case, mesh=mesh), ed.solve(case.replace("activity", None), mesh=mesh)
    data = summary(davies, 0.0)["activity"]
    assert data["deviation_from_ideal"]["current_density_A_m2"] == davies.current_density - ideal.current_density
    assert data["error_estimate"] is None


# ---- the mesh ----------------------------------------------------------------------------------------------------


def test_the_mesh_is_described_layer_by_layer(solution: ed.Solution) -> None:
    rows = mesh_layers(solution)
    assert [row["name"] for row in rows] == ["cytosol", "membrane", "outside"]
    # The two nodes on interfaces belong to both of their layers.
    assert sum(row["nodes"] for row in rows) == 101 + 2
    for row, entries in zip(rows, solution.layer_entries, strict=True):
        spacing = np.diff(solution.x[entries])
        assert (row["smallest_spacing_m"], row["largest_spacing_m"]) == (spacing.min(), spacing.max())


def test_nodes_per_debye_length_are_counted_from_the_interface(solution: ed.Solution) -> None:
    (cytosol, membrane, _) = mesh_layers(solution)
    x = solution.problem.mesh.x
    inside = int(np.sum((x > 20e-9 - cytosol["debye_length_m"]) & (x < 20e-9)))
    assert inside <= cytosol["nodes_per_debye_length"] <= inside + 1
    # The membrane is thinner than its Debye length: as many as there would be at its mean spacing.
    share = membrane["debye_length_m"] / 5e-9
    assert membrane["nodes_per_debye_length"] == pytest.approx((membrane["nodes"] - 1) * share, rel=1e-12)


def test_a_layer_without_ions_has_no_debye_length() -> None:
    solution = ed.solve(ed.load_case(ed.bundled_case("capacitor")))
    data = json.loads(to_json(mesh_summary(solution)))
    assert data["nodes"] == solution.nodes
    assert data["accuracy"]["meshes"] == list(solution.meshes)
    assert [row["debye_length_m"] is None for row in data["layers"]] == [False, True, False]
    assert [row["nodes_per_debye_length"] is None for row in data["layers"]] == [False, True, False]


# ---- history, failure, CSV ---------------------------------------------------------------------------------------


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
    nothing = dict.fromkeys(solution.scalars)
    state = solution.state * math.nan
    broken = replace(
        expecting(solution, "-65 mV", "1 mV"), state=state, scalars=nothing, error=nothing, converged=False
    )
    data = json.loads(to_json(summary(broken, 0.0)))
    assert data["membrane_potential_V"] is None
    assert data["error_estimate"] is None
    assert data["accuracy"]["reached"] is None
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
    assert [float(row["potential_error_V"]) for row in rows] == solution.profile_error["potential"].tolist()
    assert {f"concentration_{ion}_error_mol_m3" for ion in ("K", "Na", "Cl", "A")} <= set(rows[0])
