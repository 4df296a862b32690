"""`run` of a sweep: results, exit codes, progress, going on after a kill or an interrupt, and bad input."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import electrodiff as ed
from electrodiff import cli_progress, engines
from electrodiff.chunks import FOLDER, ChunkStore
from electrodiff.cli_progress import SweepProgress
from electrodiff.solvers import points

STUDY = """
[study]
kind = "sweep"
quantities = ["current_density", "flux"]
[[study.axes]]
key = "left.potential"
from = "-100 mV"
to = "100 mV"
points = 3
[[study.axes]]
name = "beta"
keys = ["layers.membrane.partition.K", "layers.membrane.partition.A"]
from = 1e-6
to = 1e-2
points = 5
scale = "log"
"""


@pytest.fixture(scope="module", autouse=True)
def solved(compiled: None, case_text: str) -> None:  # noqa: ARG001 - it comes first
    """The kernels are known to be compiled before the first test."""
    from electrodiff.cli_run import note_kind

    note_kind(len(ed.parse_case(case_text + STUDY).ions), "sweep")


@pytest.fixture
def case(folder: Path, case_text: str) -> str:
    """The small case with a map of 3 x 5 points, as a file in the working directory."""
    (folder / "my.toml").write_text(case_text + STUDY)
    return "my.toml"


@pytest.fixture
def run(electrodiff: Callable, case: str) -> Callable:
    """`run(*options)` runs the case without figures, into the folder r."""
    return lambda *options: electrodiff("run", case, "--no-plots", "--out", "r", *options)


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A chunk is a row of the map."""
    monkeypatch.setattr(points, "CHUNK", 1)


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def stored(folder: str = "r") -> ed.Sweep:
    result = ed.load_solution(f"{folder}/solution.nc")
    assert isinstance(result, ed.Sweep)
    return result


def failing_at(monkeypatch: pytest.MonkeyPatch, potential: float) -> None:
    """Solves at a potential raise an error."""
    beside = points.solve_beside

    def failing(case: ed.Case, *arguments: Any) -> Any:
        if abs(case.left.potential - potential) < 1e-9:  # type: ignore[union-attr, operator]
            raise ed.ConvergenceError("did not converge, for a test")
        return beside(case, *arguments)

    monkeypatch.setattr(points, "solve_beside", failing)


def test_a_sweep_is_solved_written_and_printed(run: Callable) -> None:
    result = run("--json", "--csv")
    assert (result.exit_code, result.stderr) == (0, "")
    data = json.loads(result.stdout)
    assert files(Path("r")) == {"solution.nc", "summary.json", "sweep.csv"}
    assert json.loads(Path("r/summary.json").read_text()) == data
    assert (data["points"], data["failed"], data["converged"]) == (15, 0, True)
    assert data["points_per_s"] == pytest.approx(15 / data["wall_s"])
    assert data["routes"] == {"single": 15, "batch": 0}
    current = data["quantities"]["current_density"]
    # Like baths: the largest current is at either end, and as large at both.
    assert current["max"] == pytest.approx(-current["min"], rel=1e-9)
    assert current["max_at"]["left.potential"] == 0.1
    assert current["max"] == pytest.approx(float(stored().scalar("current_density").max()))
    with Path("r/sweep.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["left.potential_V"]) for row in rows] == pytest.approx(np.repeat([-0.1, 0, 0.1], 5), abs=1e-15)


def test_the_tables_and_what_was_written_are_told(run: Callable) -> None:
    result = run()
    assert (result.exit_code, result.stderr) == (0, "")
    for text in ("3 x 5 = 15 points", "-100 mV", "current_density [uA/cm^2]", "flux.A [pmol/cm^2/s]", "15 points in "):
        assert text in result.stdout
    assert result.stdout.splitlines()[-1].startswith("wrote solution.nc, summary.json to r")
    assert run("--quiet").stdout == ""


def test_points_on_a_line_are_told_one_by_one(run: Callable) -> None:
    result = run("--set", 'study.axes=[{key="left.potential", values=["-50 mV", "0 mV", "50 mV"]}]')
    assert result.exit_code == 0, result.stderr
    assert [line.split()[0] for line in result.stdout.splitlines() if " mV   " in line and "left" not in line] == [
        "-50",
        "0",
        "50",
    ]
    assert "\nPoints\n" in result.stdout
    many = run("--set", 'study.axes=[{key="left.potential", from="-50 mV", to="50 mV", points=21}]')
    assert "\n12 of the 21 points\n" in many.stdout


def test_the_figure_is_drawn_and_plot_draws_it_again(electrodiff: Callable, case: str) -> None:
    assert electrodiff("run", case, "--out", "r", "--format", "svg").exit_code == 0
    assert files(Path("r")) == {"solution.nc", "summary.json", "sweep.svg"}
    again = electrodiff("plot", "r", "--out", "again", "--format", "svg")
    assert again.stdout.split() == [str(Path("again/sweep.svg"))]
    assert Path("again/sweep.svg").read_bytes() == Path("r/sweep.svg").read_bytes()


def test_points_that_fail_have_exit_code_3_a_reason_and_a_place_in_the_list(
    run: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing_at(monkeypatch, 0.1)
    result = run("--json")
    assert result.exit_code == 3
    lines = result.stderr.splitlines()
    assert lines[0] == "error: 5 of 15 points failed"
    assert lines[1] == (
        "  at left.potential = 100 mV, layers.membrane.partition.K = 1e-06: did not converge, for a test"
    )
    data = json.loads(result.stdout)
    assert (data["failed"], data["converged"]) == (5, False)
    assert [failure["point"] for failure in data["failures"]] == [10, 11, 12, 13, 14]
    sweep = stored()
    assert set(sweep.results.reasons.values()) == {"did not converge, for a test"}
    assert np.isnan(sweep.scalar("current_density")).any(axis=1).tolist() == [False, False, True]
    assert "5 of 15 points failed" in run().stdout


def test_a_sweep_with_failed_points_has_its_figure(
    electrodiff: Callable, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing_at(monkeypatch, 0.0)
    assert electrodiff("run", case, "--out", "r", "--format", "svg", "--quiet").exit_code == 3
    assert "sweep.svg" in files(Path("r"))


def test_an_expectation_that_is_met_is_told_and_a_missed_one_has_exit_code_4(run: Callable, case: str) -> None:
    at = 'at = { left.potential = "0 mV", "layers.membrane.partition.K" = 1e-4 }'
    entry = '\n[[expect]]\nquantity = "current_density"\nvalue = "{}"\ntolerance = "1e-9 A/m^2"\nsource = "a test"\n'
    text = Path(case).read_text()
    Path(case).write_text(text + entry.format("0 A/m^2") + at)
    result = run()
    assert result.exit_code == 0, result.stderr
    assert "met    current_density" in result.stdout
    assert "at left.potential = 0 mV, layers.membrane.partition.K = 0.0001; a test" in result.stdout
    Path(case).write_text(text + entry.format("5 A/m^2") + at)
    result = run("--json")
    assert result.exit_code == 4
    assert json.loads(result.stdout)["expect"][0]["at"] == {
        "left.potential": "0 mV",
        "layers.membrane.partition.K": 1e-4,
    }
    assert result.stderr.startswith("expectation missed: current_density is ")


# ---- progress, interrupts, resuming ------------------------------------------------------------------------------


@pytest.mark.usefixtures("small_chunks")
def test_a_log_says_how_many_points_are_done_how_quickly_and_how_many_failed(
    run: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing_at(monkeypatch, 0.0)
    monkeypatch.setattr(cli_progress, "LINE", 0.0)
    lines = run("--threads", "1").stderr.splitlines()
    assert [line.split(", ")[0] for line in lines[:3]] == [
        "33 %: 5 of 15 points",
        "67 %: 10 of 15 points",
        "100 %: 15 of 15 points",
    ]
    assert "points/s" in lines[0]
    assert "failed" not in lines[0]
    assert "5 failed" in lines[1]
    assert lines[2].endswith("0 s left")
    assert run("--quiet", "--threads", "1").stderr.splitlines()[0].startswith("error: 5 of 15")


@pytest.mark.usefixtures("small_chunks")
def test_an_interrupt_keeps_the_chunks_and_says_how_to_go_on(run: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = run("--threads", "1")
    assert whole.exit_code == 0
    expected = stored().dataset
    show = SweepProgress.show

    def pressed(self: SweepProgress, done: int, total: int, failed: int) -> None:
        if done == 10:
            raise KeyboardInterrupt
        show(self, done, total, failed)

    with monkeypatch.context() as patch:
        patch.setattr(SweepProgress, "show", pressed)
        result = run("--threads", "1")
    assert (result.exit_code, result.stdout) == (130, "")
    assert result.stderr == "interrupted: 10 of 15 points are kept in r; go on with --resume\n"
    assert sorted(files(Path("r") / FOLDER)) == ["00000000.npz", "00000001.npz"]
    result = run("--json", "--resume", "--threads", "1")
    assert result.exit_code == 0
    assert result.stderr == "going on from 10 of 15 points in 2 of 3 chunks\n"
    assert json.loads(result.stdout)["computed"] == 5
    assert stored().dataset.identical(expected)
    assert FOLDER not in files(Path("r"))


@pytest.mark.usefixtures("small_chunks")
def test_without_resume_an_unfinished_sweep_is_begun_anew(run: Callable) -> None:
    ChunkStore(Path("r"), "of another sweep").keep(0, points.PointResults.empty(("flux.K",), 5))
    result = run("--json")
    assert result.stderr.startswith("r holds a sweep that was not finished; starting anew")
    assert json.loads(result.stdout)["computed"] == 15


@pytest.mark.usefixtures("small_chunks")
def test_a_foreign_chunk_is_told_and_solved_again(run: Callable) -> None:
    ChunkStore(Path("r"), "of another sweep").keep(0, points.PointResults.empty(("flux.K",), 5))
    result = run("--json", "--resume")
    assert result.exit_code == 0
    assert result.stderr.startswith("warning: r/chunks/00000000.npz is of another case")
    assert json.loads(result.stdout)["computed"] == 15


def test_with_nothing_to_go_on_from_it_starts_from_the_beginning(run: Callable) -> None:
    result = run("--resume")
    assert result.exit_code == 0
    assert result.stderr == "r holds no unfinished sweep; starting from the beginning\n"


# Points take long enough to be killed among them, and the folder is what the parent of the process looks at.
_CHILD = """
import sys, time
from electrodiff.solvers import points
from electrodiff.cli import app
points.CHUNK = 1
beside = points.solve_beside
def slow(*given):
    time.sleep(0.04)
    return beside(*given)
points.solve_beside = slow
app(sys.argv[1:])
"""


def started(case: str, *options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", _CHILD, "run", case, "--no-plots", "--out", "k", "--threads", "2", *options]
    study = 'study.axes=[{key="left.potential", from="-0.1 V", to="0.1 V", points=160}]'
    return subprocess.Popen([*command, "--set", study], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for_chunks(process: subprocess.Popen[str], count: int) -> int:
    """How many chunks there are, once there are that many."""
    for _ in range(6000):
        there = len(list(Path("k", FOLDER).glob("*.npz"))) if Path("k", FOLDER).is_dir() else 0
        if there >= count:
            return there
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    raise AssertionError("no chunks appeared")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_run_that_is_killed_goes_on_with_what_it_had(case: str, number: signal.Signals) -> None:
    process = started(case)
    there = wait_for_chunks(process, 3)
    os.kill(process.pid, number)
    _, told = process.communicate(timeout=60)
    assert process.returncode == (130 if number == signal.SIGINT else -signal.SIGKILL)
    kept = len(list(Path("k", FOLDER).glob("*.npz")))
    assert there <= kept < 10
    assert not Path("k/solution.nc").exists()
    if number == signal.SIGINT:
        assert (
            told.strip().splitlines()[-1]
            == f"interrupted: {16 * kept} of 160 points are kept in k; go on with --resume"
        )
    again = started(case, "--resume", "--json")
    out, told = again.communicate(timeout=120)
    assert again.returncode == 0, told
    assert f"going on from {16 * kept} of 160 points" in told
    assert json.loads(out)["computed"] == 160 - 16 * kept
    study = {"kind": "sweep", "quantities": ["current_density", "flux"]}
    axes = [{"key": "left.potential", "from": -0.1, "to": 0.1, "points": 160}]
    whole = ed.solve_sweep(ed.load_case(case).replace("study", {**study, "axes": axes}))
    # Chains are the same, whatever the chunks.
    assert stored("k").results.values.tobytes() == whole.results.values.tobytes()


# ---- what is refused ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "parts"),
    [
        (("--engine", "cloud"), ("--engine cloud", "local, dask")),
        (("--threads", "0"), ("--threads 0",)),
        (("--scheduler", "tcp://x:1"), ("--scheduler", "--engine dask")),
        (("--set", "study.axes.0.key=left.potentia"), ("my.toml: study.axes[0].key is 'left.potentia'", "'potential'")),
        (("--set", "study.axes.0.to=100"), ("my.toml: study.axes[0].to is 100", "with a unit")),
        (("--set", "study.axis=1"), ("study.axis is not a known key", "did you mean 'axes'?")),
        (("--set", "study.axes.0.point=1"), ("study.axes[0].point is not a known key", "did you mean 'points'?")),
    ],
)
def test_bad_options_and_axes_are_refused_before_anything_is_solved(
    run: Callable, options: tuple[str, ...], parts: tuple[str, ...]
) -> None:
    result = run(*options)
    assert (result.exit_code, result.stdout) == (2, "")
    (line,) = result.stderr.splitlines()
    for part in parts:
        assert part in line, line
    assert not Path("r").exists()


@pytest.mark.parametrize("option", [("--engine", "dask"), ("--threads", "2"), ("--scheduler", "tcp://x:1")])
def test_other_studies_are_not_shared_out(electrodiff: Callable, folder: Path, case_text: str, option: tuple) -> None:
    (folder / "steady.toml").write_text(case_text)
    result = electrodiff("run", "steady.toml", *option)
    assert result.exit_code == 2
    assert f"{option[0]}: study.kind is 'steady', and only the points of a sweep" in result.stderr


def test_other_commands_say_what_to_do_with_a_sweep(electrodiff: Callable, case: str) -> None:
    for command in ("mesh", "compare"):
        result = electrodiff(command, case)
        assert result.exit_code == 2
        assert "solve_sweep" in result.stderr
    assert electrodiff("check", case).exit_code == 0


def test_an_unreachable_scheduler_is_told(run: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "PATIENCE", "500ms")
    result = run("--engine", "dask", "--scheduler", "tcp://127.0.0.1:9")
    assert result.exit_code == 2
    assert "no Dask scheduler answers there" in result.stderr
