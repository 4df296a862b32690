"""`report`: where the page goes, and what is said of a file that is no result."""

from collections.abc import Callable
from pathlib import Path

import pytest
import xarray

import electrodiff as ed


@pytest.fixture
def result(folder: Path, case_text: str) -> Path:
    """A stored result in a folder of its own."""
    (folder / "r").mkdir()
    return ed.save_solution(ed.solve(ed.parse_case(case_text)), folder / "r" / "solution.nc")


@pytest.mark.parametrize("given", ["r", "r/solution.nc"])
def test_the_page_is_written_beside_the_result(electrodiff: Callable, result: Path, given: str) -> None:
    answer = electrodiff("report", given)
    assert (answer.exit_code, answer.stdout, answer.stderr) == (0, f"wrote {Path('r', 'report.html')}\n", "")
    text = (result.parent / "report.html").read_text(encoding="utf-8")
    assert "<h1>Test membrane</h1>" in text
    assert text.count(f"electrodiff {ed.__version__}") >= 2, "what solved it, and what made the page"


def test_out_names_the_page_and_its_folder_is_made(electrodiff: Callable, result: Path, folder: Path) -> None:
    assert electrodiff("report", str(result), "--out", "pages/my.html").exit_code == 0
    assert (folder / "pages" / "my.html").is_file()
    assert not (result.parent / "report.html").exists()


def test_a_page_does_not_say_where_on_the_disk_its_result_lies(
    electrodiff: Callable, result: Path, folder: Path
) -> None:
    electrodiff("report", str(result.absolute()), "--out", "my.html")
    assert str(result.parent.absolute()) not in (folder / "my.html").read_text(encoding="utf-8")


def test_a_page_is_the_same_bytes_in_every_run(electrodiff: Callable, result: Path, folder: Path) -> None:
    for name in ("a.html", "b.html"):
        electrodiff("report", str(result), "--out", name)
    assert (folder / "a.html").read_bytes() == (folder / "b.html").read_bytes()


def refused(electrodiff: Callable, *arguments: str) -> str:
    """The message of a `report` that writes nothing."""
    answer = electrodiff("report", *arguments)
    assert (answer.exit_code, answer.stdout) == (2, "")
    assert not [*Path().rglob("*.html")]
    assert answer.stderr.startswith("error: ")
    return answer.stderr


@pytest.mark.usefixtures("folder")
def test_a_result_that_is_not_there(electrodiff: Callable) -> None:
    assert "there is no such file; 'electrodiff run CASE' writes one" in refused(electrodiff, "nowhere.nc")


def test_a_folder_without_a_result(electrodiff: Callable, folder: Path) -> None:
    (folder / "empty").mkdir()
    assert f"{Path('empty', 'solution.nc')}: there is no such file" in refused(electrodiff, "empty")


@pytest.mark.parametrize("part", [0.0, 0.3, 0.9])
def test_a_truncated_result(electrodiff: Callable, result: Path, part: float) -> None:
    whole = result.read_bytes()
    result.write_bytes(whole[: int(part * len(whole))])
    assert "solution.nc: this is not a readable NetCDF file" in refused(electrodiff, "r")


def test_a_file_of_another_program(electrodiff: Callable, folder: Path) -> None:
    xarray.Dataset({"temperature": ("x", [1.0, 2.0])}).to_netcdf(folder / "other.nc", engine="h5netcdf")
    assert "was not written by 'electrodiff run'" in refused(electrodiff, "other.nc")
    (folder / "case.toml").write_text("title = 'a case'")
    assert "this is not a readable NetCDF file" in refused(electrodiff, "case.toml")


@pytest.mark.usefixtures("result")
def test_out_that_cannot_be_a_page(electrodiff: Callable, folder: Path) -> None:
    assert "this is a folder, not a file; give a name" in refused(electrodiff, "r", "--out", "r")
    (folder / "file").write_text("")
    assert "is a file, not a folder" in refused(electrodiff, "r", "--out", "file/my.html")
