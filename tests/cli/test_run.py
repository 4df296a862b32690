"""`run`: what it writes, what it prints, and its exit codes."""

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray

from electrodiff import NewtonOptions, load_solution, parse_case
from electrodiff.quantities import QUANTITIES
from electrodiff.solvers import robust

FARADAY = 96485.33212331  # C/mol, SI 2019


@pytest.fixture
def case(folder: Path, case_text: str) -> str:
    """The small case as a file in the working directory."""
    (folder / "my.toml").write_text(case_text)
    return "my.toml"


@pytest.fixture
def run(electrodiff: Callable, case: str) -> Callable:
    """`run(*options)` runs the small case without figures."""
    return lambda *options: electrodiff("run", case, "--no-plots", *options)


def with_expectation(case: str, value: str) -> None:
    """Add an expectation of the membrane potential, clamped at -65 mV, to the case file."""
    entry = f'\n[[expect]]\nquantity = "membrane_potential"\nvalue = "{value}"\ntolerance = "1 mV"\nsource = "a test"\n'
    path = Path(case)
    path.write_text(path.read_text() + entry)


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


# ---- what it writes ----------------------------------------------------------------------------------------------


def test_results_go_to_a_folder_named_after_the_case(run: Callable, folder: Path) -> None:
    result = run()
    assert result.exit_code == 0, result.stderr
    assert files(folder) == {"my.toml", "results/my/solution.nc", "results/my/summary.json"}


def test_results_go_where_out_says(run: Callable, folder: Path) -> None:
    assert run("--out", "here/and there").exit_code == 0
    assert files(folder) == {"my.toml", "here/and there/solution.nc", "here/and there/summary.json"}


def test_a_second_run_replaces_the_first(run: Callable) -> None:
    run("--out", "r")
    assert run("--out", "r", "--set", "left.potential=-30 mV").exit_code == 0
    # Clamped: the potential is the one that was set, to the round-off of the scaling.
    assert load_solution("r/solution.nc").membrane_potential == pytest.approx(-0.030, rel=1e-14)


def test_a_bundled_case_runs_by_its_name(electrodiff: Callable, folder: Path) -> None:
    result = electrodiff("run", "capacitor", "--no-plots", "--set", "mesh.nodes=101", "--quiet")
    assert result.exit_code in (0, 4), result.stderr  # the coarse mesh may miss an expectation
    assert files(folder) == {"results/capacitor/solution.nc", "results/capacitor/summary.json"}


def test_a_folder_does_not_hide_the_bundled_case_of_its_name(electrodiff: Callable, folder: Path) -> None:
    (folder / "capacitor").mkdir()
    result = electrodiff("run", "capacitor", "--no-plots", "--set", "mesh.nodes=101", "--out", "capacitor")
    assert result.exit_code in (0, 4), result.stderr


def test_a_file_hides_the_bundled_case_of_its_name(electrodiff: Callable, folder: Path, case_text: str) -> None:
    (folder / "capacitor").write_text(case_text)
    assert electrodiff("run", "capacitor", "--no-plots", "--out", "r").exit_code == 0
    assert load_solution("r/solution.nc").case.title == "Test membrane"


def test_csv_holds_the_stored_profiles(run: Callable, folder: Path) -> None:
    result = run("--csv", "--out", "r")
    assert result.exit_code == 0, result.stderr
    assert files(folder / "r") == {"solution.nc", "summary.json", "profiles.csv"}
    with (folder / "r/profiles.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    with xarray.open_dataset(folder / "r/solution.nc") as stored:
        # Text of a float is exact in Python, and the file keeps doubles.
        assert [float(row["x_m"]) for row in rows] == stored["x"].values.tolist()
        assert [float(row["potential_V"]) for row in rows] == stored["potential"].values.tolist()
        potassium = stored["concentration"].sel(ion="K").values.tolist()
        assert [float(row["concentration_K_mol_m3"]) for row in rows] == potassium
    assert {row["layer"] for row in rows} == {"inside", "membrane", "outside"}


def test_figures_are_drawn_in_the_formats_asked_for(electrodiff: Callable, case: str, folder: Path) -> None:
    pytest.importorskip("electrodiff.plot.output", exc_type=ImportError)
    result = electrodiff("run", case, "--out", "r", "--quiet", "--format", "svg", "--format", "pdf")
    assert result.exit_code == 0, result.stderr
    drawn = {Path(name).suffix for name in files(folder / "r")} - {".nc", ".json"}
    assert drawn == {".svg", ".pdf"}
    assert all(path.read_bytes().startswith(b"%PDF") for path in (folder / "r").glob("*.pdf"))
    assert all(b"<svg" in path.read_bytes() for path in (folder / "r").glob("*.svg"))


def test_figures_are_png_by_default(electrodiff: Callable, case: str, folder: Path) -> None:
    pytest.importorskip("electrodiff.plot.output", exc_type=ImportError)
    result = electrodiff("run", case, "--out", "r")
    assert result.exit_code == 0, result.stderr
    figures = list((folder / "r").glob("*.png"))
    assert figures
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in figures)
    assert all(path.name in result.stdout for path in figures)


# ---- --set -------------------------------------------------------------------------------------------------------


def test_several_keys_are_set_at_once(run: Callable) -> None:
    overrides = ("left.potential=-30 mV", "layers.membrane.thickness=4 nm", "layers.membrane.partition.K=2e-4")
    result = run("--out", "r", *(word for override in overrides for word in ("--set", override)))
    assert result.exit_code == 0, result.stderr
    case = load_solution("r/solution.nc").case
    assert case.left.potential == -0.030
    assert case.layers[1].thickness == 4e-9
    assert case.layers[1].partition == {"K": 2e-4, "A": 2e-4}


def test_keys_that_are_only_right_together_may_be_set_together(run: Callable) -> None:
    # Each change alone leaves a reservoir that is not neutral.
    keys = ("left.concentrations.K", "left.concentrations.A")
    assert run("--set", f"{keys[0]}=100 mM").exit_code == 2
    assert run("--set", f"{keys[0]}=100 mM", "--set", f"{keys[1]}=100 mM").exit_code == 0


def test_the_last_of_two_settings_of_a_key_holds(run: Callable) -> None:
    run("--out", "r", "--set", "left.potential=-30 mV", "--set", "left.potential=-40 mV")
    assert load_solution("r/solution.nc").case.left.potential == -0.040


@pytest.mark.parametrize("value", ["-30 mV", '"-30 mV"', "'-30 mV'", " -30 mV "])
def test_quotes_and_blanks_around_a_set_value_may_be_left_out(run: Callable, value: str) -> None:
    assert run("--out", "r", "--set", f"left.potential={value}").exit_code == 0
    assert load_solution("r/solution.nc").case.left.potential == -0.030


@pytest.mark.parametrize(
    ("override", "key"),
    [
        ("mesh.nodes=41", "nodes"),
        ("mesh={ nodes = 41 }", "nodes"),
    ],
)
def test_numbers_and_tables_can_be_set(run: Callable, override: str, key: str) -> None:
    assert run("--out", "r", "--set", override).exit_code == 0
    assert getattr(load_solution("r/solution.nc").case.mesh, key) == 41


def test_a_set_key_is_in_the_stored_case_and_not_in_the_file(run: Callable, case_text: str) -> None:
    run("--out", "r", "--set", "left.potential=-30 mV")
    with xarray.open_dataset("r/solution.nc") as stored:
        assert parse_case(stored.attrs["case"]).left.potential == -0.030
    assert Path("my.toml").read_text() == case_text


# ---- what it prints ----------------------------------------------------------------------------------------------

PROMISED: dict[str, Any] = {
    "converged": bool,
    "iterations": int,
    "nodes": int,
    "membrane_potential_V": float,
    "current_density_A_m2": float,
    "flux_mol_m2_s": dict,
    "error_estimate": dict,
    "accuracy": dict,
    "fallbacks": list,
    "wall_s": float,
    "version": str,
    "warnings": list,
}


def only_json(stdout: str) -> dict[str, Any]:
    """The one JSON object that is all of stdout."""
    result = json.loads(stdout, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    assert isinstance(result, dict)
    return result


def test_json_is_one_object_with_the_promised_keys_and_nothing_else(run: Callable) -> None:
    result = run("--json")
    assert result.exit_code == 0, result.stderr
    summary = only_json(result.stdout)
    assert {key: type(summary[key]) for key in PROMISED} == PROMISED
    assert summary["converged"] is True
    assert summary["nodes"] == 61
    assert set(summary["flux_mol_m2_s"]) == {"K", "A"}
    assert summary["wall_s"] > 0


def test_json_reports_the_current_that_the_fluxes_carry(run: Callable) -> None:
    summary = only_json(run("--json").stdout)
    flux = summary["flux_mol_m2_s"]
    # A sum of two products: a few units of round-off.
    assert summary["current_density_A_m2"] == pytest.approx(FARADAY * (flux["K"] - flux["A"]), rel=1e-9)
    assert summary["membrane_potential_V"] == pytest.approx(-0.065, rel=1e-14)


def test_json_has_an_error_estimate_for_every_reported_scalar(run: Callable, case_text: str) -> None:
    summary = only_json(run("--json").stdout)
    assert set(summary["error_estimate"]) == {quantity.json_key for quantity in QUANTITIES.values()}
    for name in parse_case(case_text).scalar_names():
        family, _, member = name.partition(".")
        value, error = (table[QUANTITIES[family].json_key] for table in (summary, summary["error_estimate"]))
        value, error = (value[member], error[member]) if member else (value, error)
        assert (value is None) == (error is None), name
        assert error is None or error >= 0


def test_json_says_whether_the_wanted_accuracy_was_reached(run: Callable) -> None:
    given = only_json(run("--json").stdout)["accuracy"]
    assert given == {"wanted": None, "reached": None, "missed": [], "meshes": [16, 31, 61]}
    for wanted, reached in ((1e-4, True), (1e-12, False)):
        accuracy = only_json(run("--json", "--set", f"mesh={{ accuracy = {wanted} }}").stdout)["accuracy"]
        assert (accuracy["wanted"], accuracy["reached"]) == (wanted, reached)
        assert bool(accuracy["missed"]) != reached


def test_an_accuracy_out_of_reach_is_warned_about_and_no_failure(run: Callable) -> None:
    result = run("--set", "mesh={ accuracy = 1e-12 }")
    assert result.exit_code == 0
    assert "warning: the relative error of " in result.stdout
    assert "accuracy 1e-12 missed by" in result.stdout


def test_the_fallback_that_was_needed_is_reported(run: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    newton = robust.solve_newton
    few = replace(NewtonOptions(), max_iterations=2)
    monkeypatch.setattr(robust, "solve_newton", lambda problem, guess, *_: newton(problem, guess, few))
    assert "with potential and activities in turns" in run().stdout
    assert only_json(run("--json").stdout)["fallbacks"] == ["relaxation"]


def test_summary_file_is_what_json_prints(run: Callable) -> None:
    printed = only_json(run("--json", "--out", "r").stdout)
    assert json.loads(Path("r/summary.json").read_text()) == printed


def test_json_has_every_reported_scalar_by_its_documented_name(run: Callable, case_text: str) -> None:
    summary = only_json(run("--json").stdout)
    for name in parse_case(case_text).scalar_names():
        family, _, member = name.partition(".")
        key = QUANTITIES[family].json_key
        assert key in summary
        assert not member or member in summary[key]


def test_json_stays_alone_on_stdout_when_there_is_more_to_say(run: Callable, case: str) -> None:
    with_expectation(case, "-60 mV")
    result = run("--json", "--set", "layers.inside.thickness=2 nm")
    assert result.exit_code == 4
    summary = only_json(result.stdout)
    assert len(summary["warnings"]) == 1
    assert [entry["passed"] for entry in summary["expect"]] == [False]


def test_quiet_prints_nothing(run: Callable) -> None:
    result = run("--quiet", "--set", "layers.inside.thickness=2 nm")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")


def test_the_summary_is_for_a_person(run: Callable) -> None:
    result = run("--out", "r")
    for text in ("Test membrane", "-65 mV", "inside", "membrane", "outside", "K", "converged after", "r"):
        assert text in result.stdout
    assert "warning" not in result.stdout
    assert result.stderr == ""


def test_a_thin_bath_is_warned_about(run: Callable) -> None:
    # 150 mM at 310 K and permittivity 80: the Debye length is 0.81 nm, so 10 of them are 8.1 nm.
    assert only_json(run("--json").stdout)["warnings"] == []
    thin = ("--set", "layers.outside.thickness=7.5 nm")
    (warning,) = only_json(run("--json", *thin).stdout)["warnings"]
    assert "'outside'" in warning
    assert "9.3 Debye lengths" in warning
    assert warning in " ".join(run(*thin).stdout.split())


def test_a_charged_end_is_warned_about(run: Callable) -> None:
    # 1e-3 of the charge of 150 mM of both ions is 0.3 mM.
    charge = "layers.outside.fixed_charge={} mM"
    assert only_json(run("--json", "--set", charge.format(0.2)).stdout)["warnings"] == []
    (warning,) = only_json(run("--json", "--set", charge.format(20)).stdout)["warnings"]
    assert "right end is not neutral" in warning
    assert "+20 mM" in warning


def test_the_first_run_ever_says_that_it_compiles(run: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("electrodiff.fvm.kernels.compiler.is_compiled", lambda _: False)
    result = run("--json")
    only_json(result.stdout)
    (line,) = result.stderr.splitlines()
    assert "compiling" in line
    assert run("--quiet").stderr == ""


# ---- exit codes --------------------------------------------------------------------------------------------------


def test_an_expectation_that_is_met_has_exit_code_0(run: Callable, case: str) -> None:
    with_expectation(case, "-65.5 mV")
    result = run()
    assert result.exit_code == 0
    assert "met" in result.stdout
    assert "MISSED" not in result.stdout


@pytest.mark.parametrize("option", [(), ("--json",), ("--quiet",)])
def test_an_expectation_that_is_missed_has_exit_code_4_and_the_files_are_there(
    run: Callable, case: str, folder: Path, option: tuple[str, ...]
) -> None:
    with_expectation(case, "-63 mV")
    result = run("--out", "r", *option)
    assert result.exit_code == 4
    assert files(folder / "r") == {"solution.nc", "summary.json"}
    (line,) = result.stderr.splitlines()
    for text in ("expectation missed", "membrane_potential", "-65 mV", "-63 mV"):
        assert text in line


def test_a_solve_that_fails_has_exit_code_3_and_says_what_where_and_what_to_try(
    run: Callable, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newton = robust.solve_newton
    one_step = replace(NewtonOptions(), max_iterations=1)
    monkeypatch.setattr(robust, "solve_newton", lambda problem, guess, *_: newton(problem, guess, one_step))
    monkeypatch.setattr(robust, "gummel", lambda *arguments: (arguments[1], np.inf))
    result = run()
    assert (result.exit_code, result.stdout) == (3, "")
    (line,) = result.stderr.splitlines()
    # One step of the first attempt and one after the turns; the same at the start of the ramp.
    assert line.startswith("error: did not converge after 4 Newton steps")
    assert "a ramp reached 0 %" in line
    assert "the potential" in line or "the concentration of" in line
    assert " nm (layer '" in line
    assert "try " in line
    assert files(folder) == {"my.toml"}


@pytest.mark.parametrize(
    "override",
    [
        "layers.membrane.thickness=1e300 nm",
        "layers.membrane.thickness=1e-300 nm",
        "layers.membrane.partition.K=1e300",
        "layers.membrane.fixed_charge=1e300 M",
        "interfaces.0.surface_charge=1e9 C/m^2",
        "left.potential=1e300 V",
        "ions.A.diffusivity=1e300 m^2/s",
    ],
)
def test_an_absurd_number_ends_in_one_message(run: Callable, folder: Path, override: str) -> None:
    """Finite and of the right sign, so no rule refuses it; whatever becomes of it, it is one sentence."""
    result = run("--set", override)
    assert result.exit_code in (2, 3), repr(result.exception)
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith("error: ")
    assert files(folder) == {"my.toml"}


def test_a_title_with_a_control_character_ends_in_one_message_or_a_result(run: Callable, case: str) -> None:
    """TOML allows "\\u0000"; NetCDF does not."""
    path = Path(case)
    path.write_text(path.read_text().replace("Test membrane", "Test\\u0000membrane"))
    result = run("--quiet")
    assert result.exit_code in (0, 2), repr(result.exception)
    assert len(result.stderr.splitlines()) == (result.exit_code == 2)


@pytest.mark.parametrize("option", [(), ("--json",), ("--quiet",)])
def test_an_interrupt_has_exit_code_130_and_leaves_nothing(
    run: Callable, folder: Path, monkeypatch: pytest.MonkeyPatch, option: tuple[str, ...]
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(robust, "solve_newton", interrupted)
    result = run(*option)
    assert (result.exit_code, result.stdout) == (130, "")
    assert result.stderr.splitlines() == ["interrupted"]
    assert files(folder) == {"my.toml"}


def test_an_interrupt_while_writing_leaves_no_half_file(
    run: Callable, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_: object, path: Path, *__: object) -> None:
        path.write_bytes(b"half of a solution")
        raise KeyboardInterrupt

    monkeypatch.setattr("electrodiff.store.write_netcdf", interrupted)
    assert run().exit_code == 130
    assert files(folder) == {"my.toml"}


def test_a_full_disk_is_one_message(run: Callable, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: object, path: Path, *__: object) -> None:
        path.write_bytes(b"half of a solution")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("electrodiff.store.write_netcdf", full)
    result = run("--out", "r")
    assert (result.exit_code, result.stdout) == (2, "")
    (line,) = result.stderr.splitlines()
    assert "r: cannot be written (No space left on device)" in line
    assert files(folder) == {"my.toml"}


def test_a_solution_without_a_field_is_reported_without_a_field_ratio(run: Callable, case: str) -> None:
    """The same solution on both sides at the same potential: nothing to divide by, and JSON has no NaN."""
    path = Path(case)
    entry = '[[expect]]\nquantity = "field_ratio.inside|membrane"\nvalue = 40\ntolerance = 1\nsource = "a test"\n'
    path.write_text(path.read_text() + entry)
    result = run("--json", "--set", "left.potential=0 mV", "--set", "layers.membrane.partition.A=1e-4")
    assert result.exit_code == 4, result.exception
    summary = only_json(result.stdout)
    assert summary["capacitance_F_m2"] is None
    assert set(summary["field_ratio"].values()) == {None}
    assert summary["expect"][0]["passed"] is False


def test_equal_ends_at_equal_potential_are_at_rest(run: Callable) -> None:
    summary = only_json(run("--json", "--set", "left.potential=0 mV").stdout)
    # Exactly nothing drives a flux: what is left is below the round-off of the one-way fluxes, P c = 3e-5 mol/(m^2 s).
    assert max(abs(flux) for flux in summary["flux_mol_m2_s"].values()) <= 3e-5 * np.finfo(float).eps * 10
