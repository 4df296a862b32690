"""A stored solution is the solution: state, case, numbers; and what is not one is refused with a sentence."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray

import electrodiff as ed
from electrodiff.store import KIND


@pytest.fixture(scope="module")
def solution() -> ed.Solution:
    """Four ions, one of them absent from the membrane, and a floating end."""
    return ed.solve(ed.load_case(ed.bundled_case("resting_potential"), {"mesh.nodes": "101"}))


@pytest.fixture
def stored(solution: ed.Solution, tmp_path: Path) -> Path:
    return ed.save_solution(solution, tmp_path / "solution.nc")


def assert_same(loaded: ed.Solution, solution: ed.Solution) -> None:
    for name in ("state", "gate"):
        assert np.array_equal(getattr(loaded, name), getattr(solution, name), equal_nan=True)
    for name in ("scalars", "error", "meshes", "missed", "fallbacks", "notes"):
        assert getattr(loaded, name) == getattr(solution, name)
    assert list(loaded.scalars) == list(solution.scalars)
    for name in ("extrapolated", "profile_error"):
        one, other = getattr(loaded, name), getattr(solution, name)
        assert set(one) == set(other)
        assert all(np.array_equal(one[key], other[key], equal_nan=True) for key in one)
    assert loaded.case == solution.case
    assert ed.case_text(loaded.case) == ed.case_text(solution.case)
    assert np.array_equal(loaded.problem.mesh.x, solution.problem.mesh.x)
    assert np.array_equal(loaded.problem.mesh.layer, solution.problem.mesh.layer)
    assert np.array_equal(loaded.residuals, solution.residuals)
    assert np.array_equal(loaded.updates, solution.updates)
    assert (loaded.converged, loaded.message) == (solution.converged, solution.message)


def test_what_is_stored_is_loaded(solution: ed.Solution, stored: Path) -> None:
    assert_same(ed.load_solution(stored), solution)


def test_a_loaded_solution_reports_the_same_numbers(solution: ed.Solution, stored: Path) -> None:
    loaded = ed.load_solution(str(stored))
    assert loaded.quantities() == solution.quantities()
    assert loaded.errors() == solution.errors()
    assert loaded.warnings == solution.warnings
    assert loaded.iterations == solution.iterations
    assert loaded.dataset.identical(solution.dataset)
    assert loaded.nodes == solution.nodes == 101


@pytest.mark.parametrize("name", ["capacitor", "clamped_membrane"])
def test_every_kind_of_case_survives(name: str, tmp_path: Path) -> None:
    case = ed.load_case(ed.bundled_case(name)).changed({"title": "µ 日本 \U0001f9c2\nand more", "mesh.nodes": 51})
    solution = ed.solve(case)
    assert_same(ed.load_solution(ed.save_solution(solution, tmp_path / "x.nc")), solution)


@pytest.mark.parametrize("name", ["inward_rectifier", "spherical_cell_potential", "kcsa_channel", "steric_electrode"])
def test_gates_borders_and_geometries_survive(name: str, tmp_path: Path) -> None:
    solution = ed.solve(ed.load_case(ed.bundled_case(name)))
    loaded = ed.load_solution(ed.save_solution(solution, tmp_path / "x.nc"))
    assert_same(loaded, solution)
    assert np.array_equal(loaded.face_flux, solution.face_flux)


def test_a_solution_on_a_given_mesh_survives_without_estimates(solution: ed.Solution, tmp_path: Path) -> None:
    alone = ed.solve(solution.case, mesh=solution.problem.mesh)
    loaded = ed.load_solution(ed.save_solution(alone, tmp_path / "x.nc"))
    assert_same(loaded, alone)
    assert set(loaded.error.values()) == {None}


def test_missed_accuracy_and_fallbacks_survive(solution: ed.Solution, tmp_path: Path) -> None:
    missed = replace(solution, missed=("flux.K", "field_ratio.cytosol|membrane"), fallbacks=("relaxation", "ramp"))
    assert_same(ed.load_solution(ed.save_solution(missed, tmp_path / "x.nc")), missed)


@pytest.mark.parametrize(("changes", "reached"), [({"mesh.nodes": None}, 1), ({"mesh.nodes": 51}, None)])
def test_the_file_says_whether_the_wanted_accuracy_was_reached(
    solution: ed.Solution, tmp_path: Path, changes: dict[str, object], reached: int | None
) -> None:
    solved = ed.solve(solution.case.changed(changes))
    with xarray.open_dataset(ed.save_solution(solved, tmp_path / "x.nc")) as dataset:
        assert dataset.attrs.get("accuracy_wanted") == (1e-6 if reached else None)
        assert dataset.attrs.get("accuracy_reached") == reached
        assert dataset.attrs["meshes"] == " ".join(map(str, solved.meshes))
        assert dataset.attrs["missed"] == dataset.attrs["fallbacks"] == ""


def test_one_layer_survives(tmp_path: Path) -> None:
    case = ed.load_case(ed.bundled_case("capacitor"))
    single = case.changed({"layers": case.layers[:1], "expect": [], "mesh.nodes": 21})
    solution = ed.solve(single)
    assert_same(ed.load_solution(ed.save_solution(solution, tmp_path / "x.nc")), solution)


def test_a_solution_that_did_not_converge_says_so_when_loaded(solution: ed.Solution, tmp_path: Path) -> None:
    failed = replace(solution, converged=False, message="did not converge after 3 Newton steps")
    loaded = ed.load_solution(ed.save_solution(failed, tmp_path / "x.nc"))
    assert not loaded.converged
    assert loaded.message == failed.message


def test_the_file_says_what_it_is(solution: ed.Solution, stored: Path) -> None:
    with xarray.open_dataset(stored) as dataset:
        assert dataset.attrs["version"] == ed.__version__
        assert "101 nodes" in dataset.attrs["mesh"]
        assert "3 layers" in dataset.attrs["mesh"]
        assert dataset.attrs["solver"] == solution.message
        assert dataset.attrs["title"] == solution.case.title
        assert ed.parse_case(dataset.attrs["case"]) == solution.case


def test_the_case_text_of_a_file_that_was_run_unchanged_is_that_file(tmp_path: Path) -> None:
    path = ed.bundled_case("capacitor")
    stored = ed.save_solution(ed.solve(ed.load_case(path)), tmp_path / "x.nc")
    with xarray.open_dataset(stored) as dataset:
        assert dataset.attrs["case"] == path.read_text(encoding="utf-8")


def test_a_second_save_replaces_the_first(solution: ed.Solution, stored: Path) -> None:
    ed.save_solution(replace(solution, message="again"), stored)
    assert ed.load_solution(stored).message == "again"
    assert [path.name for path in stored.parent.iterdir()] == ["solution.nc"]


def test_a_save_that_fails_leaves_what_was_there(
    solution: ed.Solution, stored: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object, path: Path, *__: object) -> None:
        path.write_bytes(b"half of a solution")
        raise OSError(28, "No space left on device")

    before = stored.read_bytes()
    monkeypatch.setattr("electrodiff.store.write_netcdf", fail)
    with pytest.raises(OSError, match="No space"):
        ed.save_solution(solution, stored)
    assert stored.read_bytes() == before
    assert [path.name for path in stored.parent.iterdir()] == ["solution.nc"]


# ---- what is not a stored solution -------------------------------------------------------------------------------


def refusal(path: Path) -> str:
    """The sentence with which the file is refused."""
    with pytest.raises(ed.ResultError) as caught:
        ed.load_solution(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    assert "electrodiff run" in refusal(tmp_path / "nowhere.nc")


def test_a_folder_stands_for_the_result_in_it(tmp_path: Path, solution: ed.Solution) -> None:
    with pytest.raises(
        ed.ResultError, match=r"solution\.nc: there is no such file; 'electrodiff run CASE' writes one$"
    ):
        ed.load_solution(tmp_path)
    ed.save_solution(solution, tmp_path / "solution.nc")
    assert_same(ed.load_solution(tmp_path), solution)


@pytest.mark.parametrize("content", [b"", b"not NetCDF", bytes(range(256)) * 40, b"\x89HDF\r\n\x1a\n"])
def test_a_foreign_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.nc").write_bytes(content)
    message = refusal(tmp_path / "x.nc")
    assert "not a readable NetCDF file" in message
    assert "give the solution.nc that it writes" in message


@pytest.mark.parametrize("part", [0.01, 0.3, 0.7, 0.99, 0.9999])
def test_a_truncated_file_is_refused(stored: Path, part: float) -> None:
    content = stored.read_bytes()
    stored.write_bytes(content[: int(part * len(content))])
    assert "run the case again" in refusal(stored)


def test_a_netcdf_file_of_another_program_is_refused(tmp_path: Path) -> None:
    xarray.Dataset({"potential": ("x", [1.0, 2.0])}).to_netcdf(tmp_path / "x.nc", engine="h5netcdf")
    assert "not written by 'electrodiff run'" in refusal(tmp_path / "x.nc")


def altered(stored: Path, change: object) -> Path:
    """The stored file after a change of its dataset."""
    with xarray.open_dataset(stored) as dataset:
        changed = change(dataset.load())  # type: ignore[operator]
    path = stored.with_name("altered.nc")
    changed.to_netcdf(path, engine="h5netcdf")
    return path


def test_the_helper_that_alters_a_file_alters_nothing_else(solution: ed.Solution, stored: Path) -> None:
    assert_same(ed.load_solution(altered(stored, lambda dataset: dataset)), solution)


NEEDED = ["x", "layer", "potential", "activity", "residuals", "updates", "flux", "flux_error", "potential_error"]


@pytest.mark.parametrize("name", [*NEEDED, "mesh_activity", "mesh_potential", "mesh_border"])
def test_a_file_that_lacks_a_variable_is_refused(stored: Path, name: str) -> None:
    assert name in refusal(altered(stored, lambda dataset: dataset.drop_vars(name)))


@pytest.mark.parametrize("name", ["kind", "case", "solver", "converged", "meshes", "missed", "fallbacks"])
def test_a_file_that_lacks_an_attribute_is_refused(stored: Path, name: str) -> None:
    def drop(dataset: xarray.Dataset) -> xarray.Dataset:
        del dataset.attrs[name]
        return dataset

    refusal(altered(stored, drop))


@pytest.mark.parametrize("text", ["", "not = = TOML", 'temperature = "5 nm"'])
def test_a_file_whose_case_is_damaged_is_refused(stored: Path, text: str) -> None:
    assert "stored case" in refusal(altered(stored, lambda dataset: dataset.assign_attrs(case=text)))


def test_a_file_cut_short_in_x_is_refused(stored: Path) -> None:
    refusal(altered(stored, lambda dataset: dataset.isel(x=slice(0, 30))))


def test_the_kind_is_written_for_people_too() -> None:
    assert "electrodiff" in KIND
