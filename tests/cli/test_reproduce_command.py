"""`reproduce`: every kind of result comes out again, overrides included; what does not exits with 4, foreign files with 2."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import h5netcdf
import numpy as np
import pytest

import electrodiff as ed
from electrodiff.reproduce import compare_results, rounding
from electrodiff.reproduce_tables import reproduce_json, verdict

STUDIES = {
    "steady": "",
    "iv": '[study]\nkind = "iv"\npotentials = ["-60 mV", "-30 mV", "40 mV"]\n',
    "transient": '[study]\nkind = "transient"\nend = "1 us"\noutput = { from = "1 ns", per_decade = 2 }\n'
    '[[study.protocol]]\nset = { "left.potential" = "-60 mV" }\n',
    "impedance": '[study]\nkind = "impedance"\nfrequencies = { from = "1 Hz", to = "1 MHz", per_decade = 1 }\n',
    "sweep": '[study]\nkind = "sweep"\n[[study.axes]]\nkey = "right.concentrations.K"\nvalues = ["140 mM", "150 mM"]\n',
}
CHANGED = "layers.membrane.partition.K"


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory, case_text: str) -> Path:
    """A folder with a result of every kind, each run with one key changed."""
    from typer.testing import CliRunner

    from electrodiff.cli import app

    folder = tmp_path_factory.mktemp("results")
    for kind, study in STUDIES.items():
        case = folder / f"{kind}.toml"
        case.write_text(case_text.replace("nodes = 61", "accuracy = 1e-5") + study)
        options = ["--set", f"{CHANGED}=3e-4", "--no-plots", "--quiet", "--out", str(folder / kind)]
        if kind == "sweep":
            # Both ends neutral at every point.
            options += ["--set", 'right.neutralise="A"']
        done = CliRunner().invoke(app, ["run", str(case), *options])
        assert done.exit_code == 0, done.output
    return folder


@pytest.fixture
def stored(results: Path, folder: Path) -> Callable[[str], Path]:
    """`stored(kind)`: the file of a result, copied into the working directory."""
    return lambda kind: shutil.copyfile(results / kind / "solution.nc", folder / f"{kind}.nc")


def falsify(file: Path, name: str, change: Callable[[np.ndarray], np.ndarray]) -> None:
    """Change what a file holds under a name."""
    with h5netcdf.File(file, "r+") as opened:
        values = opened.variables[name]
        values[...] = change(np.array(values[...]))


@pytest.mark.parametrize("kind", STUDIES)
def test_a_result_of_every_kind_comes_out_again(electrodiff: Callable, stored: Callable, kind: str) -> None:
    result = electrodiff("reproduce", stored(kind), "--json")
    assert result.exit_code == 0, result.output
    data = json.loads(result.stdout)
    assert (data["kind"], data["reproduced"], data["mismatches"]) == (kind, True, [])
    assert data["numbers"] > 10
    assert data["changed"] == 0
    assert data["variables"]["flux_error" if kind in ("steady", "iv") else next(iter(data["variables"]))]["beyond"] == 0


def test_overrides_are_part_of_the_stored_case(results: Path) -> None:
    for kind in STUDIES:
        case = ed.load_solution(results / kind / "solution.nc").case
        assert case.layers[1].partition["K"] == 3e-4, kind


def test_a_folder_will_do_and_the_verdict_is_one_sentence(electrodiff: Callable, results: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in results.rglob("*")}
    result = electrodiff("reproduce", results / "steady")
    assert result.exit_code == 0
    assert "are the same to the last bit" in result.stdout.splitlines()[-1]
    # Nothing in the folder of the result is touched.
    assert {path: path.stat().st_mtime_ns for path in results.rglob("*")} == before


NUMBERS = {
    "steady": ("membrane_potential", "flux", "potential", "concentration", "mesh_activity", "face_flux"),
    "iv": ("current_density", "slope_conductance", "x"),
    "transient": ("total_current_density", "concentration", "step_size"),
    "impedance": ("impedance_real", "potential_response_real"),
    "sweep": ("flux.K", "current_density"),
}


@pytest.mark.parametrize("kind", NUMBERS)
def test_numbers_that_were_changed_are_found(stored: Callable, results: Path, kind: str) -> None:
    """By a thousandth of itself, at the entry that is largest: that is beyond every estimate of 1e-5."""
    file = stored(kind)

    def change(values: np.ndarray) -> np.ndarray:
        changed = np.array(values, dtype=float)
        changed.flat[int(np.nanargmax(np.abs(changed)))] *= 1.001
        return changed

    original = results / kind / "solution.nc"
    for name in NUMBERS[kind]:
        falsify(file, name, change)
    # The file that was changed stands for what comes out, as a damaged mesh may not be read.
    comparison = compare_results(original, file)
    assert {variable.name for variable in comparison.beyond} == {*NUMBERS[kind]}
    assert {variable.beyond for variable in comparison.beyond} == {1}


def test_a_difference_beyond_the_estimate_exits_with_4(electrodiff: Callable, stored: Callable, results: Path) -> None:
    file = stored("steady")
    falsify(file, "ion_current", lambda values: values * [1.0, 1.001])
    result = electrodiff("reproduce", file)
    assert result.exit_code == 4
    row = next(line for line in result.stdout.splitlines() if line.startswith("ion_current"))
    assert row.split()[1] == "A"
    assert row.endswith("1 of 2")
    assert "error: NOT reproduced: 1 of" in result.stderr
    original = results / "steady" / "solution.nc"
    data = reproduce_json(compare_results(file, original))
    found = data["variables"]["ion_current"]
    assert (data["reproduced"], found["where"], found["beyond"], found["changed"]) == (False, "A", 1, 1)
    assert abs(found["difference"]) == pytest.approx(1e-3 * abs(found["found"]), rel=1e-6)
    assert found["allowed"] > found["estimate"] > 0


def test_a_difference_within_the_estimate_is_told_and_passes(stored: Callable, results: Path) -> None:
    file = stored("steady")
    error = ed.load_solution(file).error["current_density"]
    assert error > 0
    falsify(file, "current_density", lambda value: value + 0.9 * error)
    original = results / "steady" / "solution.nc"
    comparison = compare_results(file, original)
    assert comparison.reproduced
    assert verdict(comparison).startswith("reproduced: 1 of")
    falsify(file, "current_density", lambda value: value + 0.2 * error)
    assert not compare_results(file, original).reproduced


def test_rounding_is_relative_to_the_scale_and_not_to_a_zero(results: Path) -> None:
    """The net current of a resting membrane is rounding alone; ions deep in a slab are known relative to themselves."""
    scales = {"current_density": 2.0}
    assert rounding("current_density", np.array(1e-18), scales) == pytest.approx(2e-9)
    assert rounding("total_current_density", np.array([1e-18]), scales) == pytest.approx([2e-9])
    few = rounding("concentration", np.array([100.0, 1e-2, 1e-9]), {})
    assert few == pytest.approx([1e-7, 1e-11, 1e-13])
    assert compare_results(*[results / "steady" / "solution.nc"] * 2).changed == 0


def test_a_number_that_is_gone_is_a_difference(stored: Callable, results: Path) -> None:
    file = stored("steady")
    falsify(file, "current_density", lambda value: value * np.nan)
    comparison = compare_results(results / "steady" / "solution.nc", file)
    assert not comparison.reproduced
    assert comparison.beyond[0].name == "current_density"


def test_another_mesh_is_a_difference(electrodiff: Callable, results: Path, folder: Path) -> None:
    """The case in the file asks for other nodes than were solved with."""
    solution = ed.load_solution(results / "steady" / "solution.nc")
    coarse = ed.solve(solution.case.changed({"mesh.nodes": 41}))
    ed.save_solution(coarse, folder / "coarse.nc")
    with h5netcdf.File(folder / "coarse.nc", "r+") as file:
        file.attrs["case"] = str(file.attrs["case"]).replace("nodes = 41", "nodes = 61")
    result = electrodiff("reproduce", "coarse.nc")
    assert result.exit_code == 4
    assert "x has 43 entries in the file and 63 now" in result.stdout


@pytest.mark.parametrize("content", [b"", b"not NetCDF at all", None], ids=["empty", "text", "truncated"])
def test_a_foreign_or_damaged_file_is_refused(
    electrodiff: Callable, results: Path, folder: Path, content: bytes | None
) -> None:
    whole = (results / "steady" / "solution.nc").read_bytes()
    (folder / "solution.nc").write_bytes(whole[: len(whole) // 2] if content is None else content)
    result = electrodiff("reproduce", "solution.nc")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "not a readable NetCDF file" in result.stderr


def test_a_file_that_is_not_there_is_refused(electrodiff: Callable) -> None:
    result = electrodiff("reproduce", "nowhere")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "there is no such file" in result.stderr


def test_a_netcdf_file_of_another_program_is_refused(electrodiff: Callable, folder: Path) -> None:
    with h5netcdf.File(folder / "other.nc", "w") as file:
        file.attrs["title"] = "weather"
    result = electrodiff("reproduce", "other.nc")
    assert result.exit_code == 2
    assert "was not written by 'electrodiff run'" in result.stderr


def test_what_comes_out_is_kept_where_it_is_asked_for(electrodiff: Callable, stored: Callable, folder: Path) -> None:
    file = stored("steady")
    assert electrodiff("reproduce", file, "--out", "again").exit_code == 0
    assert ed.load_solution(folder / "again" / "solution.nc").converged
    refused = electrodiff("reproduce", file, "--out", "again")
    assert refused.exit_code == 2
    assert "choose a new folder" in refused.stderr
