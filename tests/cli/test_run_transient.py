"""`run` of a case in time or of its impedance: results, checkpoints, interrupts, and runs that go on."""

import csv
import json
import math
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray
from typer.testing import CliRunner

import electrodiff as ed
from electrodiff import checkpoint, cli_progress, cli_transient
from electrodiff.cli import app
from electrodiff.cli_progress import fraction, steps_left
from electrodiff.solvers.march import StuckError
from electrodiff.solvers.transient import Run

STEP = """
[study]
kind = "transient"
end = "1 us"
output = { from = "1 ps", per_decade = 2 }
[[study.protocol]]
set = { "left.potential" = "0 mV" }
"""

# A sine never lets the steps grow: thousands of them, seconds.
SINE = """
[study]
kind = "transient"
end = "25 us"
tolerance = 1e-6
output = { from = "1 ps", per_decade = 5 }
[[study.protocol]]
at = "1 ns"
sine = { "left.potential" = { amplitude = "30 mV", frequency = "10 MHz" } }
[[study.protocol]]
at = "10 us"
set = { "right.potential" = "5 mV" }
"""

IMPEDANCE = 'study={kind="impedance", frequencies={from="1 Hz", to="1 MHz", per_decade=2}}'

# Checkpoints as often as can be, so that a short test sees many.
OFTEN = (
    "from electrodiff import checkpoint, cli; checkpoint.INTERVAL = 0.1; checkpoint.SHARE = 0.5; "
    "import sys; sys.argv[0] = 'electrodiff'; cli.main()"
)


@pytest.fixture(scope="module", autouse=True)
def compiled_in_time(tmp_path_factory: pytest.TempPathFactory, case_text: str) -> None:
    """The kernels of these studies are compiled before the first test, so that no run has to say that it compiles them."""
    path = tmp_path_factory.mktemp("compiled") / "step.toml"
    path.write_text(case_text + STEP)
    for options in ((), ("--set", IMPEDANCE)):
        CliRunner().invoke(app, ["run", str(path), "--no-plots", "--quiet", "--out", str(path.parent), *options])


@pytest.fixture
def step(folder: Path, case_text: str) -> str:
    """A step of the potential as a case file in the working directory."""
    (folder / "step.toml").write_text(case_text + STEP)
    return "step.toml"


@pytest.fixture
def sine(folder: Path, case_text: str) -> str:
    """A long run as a case file in the working directory."""
    (folder / "sine.toml").write_text(case_text + SINE)
    return "sine.toml"


@pytest.fixture
def run(electrodiff: Callable, step: str) -> Callable:
    """`run(*options)` runs the step into the folder r, without figures."""
    return lambda *options: electrodiff("run", step, "--no-plots", "--out", "r", *options)


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def arrays(path: Path) -> dict[str, np.ndarray]:
    """Everything that a stored result holds."""
    with xarray.open_dataset(path) as dataset:
        return {name: dataset[name].values for name in dataset.variables}


def assert_identical(path: Path, other: Path) -> None:
    """Two stored results are the same to the last bit."""
    one, two = arrays(path), arrays(other)
    assert set(one) == set(two)
    for name, values in one.items():
        np.testing.assert_array_equal(values, two[name], err_msg=name)


# ---- a run that reaches its end ----------------------------------------------------------------------------------


def test_a_transient_writes_its_results_and_leaves_no_checkpoint(run: Callable) -> None:
    result = run()
    assert result.exit_code == 0, result.stderr
    assert files(Path("r")) == {"solution.nc", "summary.json"}
    assert result.stderr == ""


def test_what_is_stored_is_what_solve_transient_gives(run: Callable, step: str) -> None:
    run()
    stored, solved = ed.load_solution("r/solution.nc"), ed.solve_transient(ed.load_case(step))
    assert isinstance(stored, ed.Transient)
    np.testing.assert_array_equal(stored.time, solved.time)
    np.testing.assert_array_equal(stored.total_current_density, solved.total_current_density)
    np.testing.assert_array_equal(stored.potential, solved.potential)


def test_json_has_the_promised_series(run: Callable, step: str) -> None:
    result = run("--json")
    assert result.exit_code == 0, result.stderr
    data = json.loads(result.stdout)
    outputs = len(ed.load_case(step).study.output_times())
    for key in ("time_s", "membrane_potential_V", "total_current_density_A_m2"):
        assert len(data[key]) == outputs
    # What is kept at 0 is just after the step to 0 mV.
    assert data["membrane_potential_V"] == pytest.approx([0.0] * outputs, abs=1e-15)
    assert data["time_s"][0] == 0
    assert data["time_s"][-1] == 1e-6
    assert isinstance(data["steps"], int)
    # 1e-8, and in the first steps, of less than a picosecond, what rounding of the charges makes of it.
    assert data["largest_relative_current_spread"] < 1e-7
    assert max(data["largest_amount_residual"].values()) < 1e-12
    assert json.loads(Path("r/summary.json").read_text()) == data


def test_csv_has_one_row_for_each_output(run: Callable) -> None:
    assert run("--csv").exit_code == 0
    assert files(Path("r")) == {"solution.nc", "summary.json", "series.csv"}
    with Path("r/series.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    stored = ed.load_solution("r/solution.nc")
    assert [float(row["time_s"]) for row in rows] == stored.time.tolist()
    assert [float(row["total_current_density_A_m2"]) for row in rows] == stored.total_current_density.tolist()
    assert [float(row["flux_K_mol_m2_s"]) for row in rows] == stored.scalar("flux.K").tolist()


def test_the_summary_is_for_a_person(run: Callable) -> None:
    result = run()
    for text in ("Test membrane", "1 ps", "1 us", "total current", "ions made or lost", "reached 1e-06 s", "r/"):
        assert text in result.stdout
    # A title and a header, at most a dozen times, and a few lines on balances and files.
    assert len(result.stdout.splitlines()) < 25
    assert "+-" in result.stdout
    assert "estimated errors: membrane potential within" in result.stdout


def test_an_expectation_is_one_of_the_last_output_time(run: Callable, step: str) -> None:
    entry = '[[expect]]\nquantity = "membrane_potential"\nvalue = "{}"\ntolerance = "1 mV"\nsource = "a test"\n'
    path = Path(step)
    text = path.read_text()
    path.write_text(text + entry.format("0 mV"))
    assert run().exit_code == 0
    path.write_text(text + entry.format("-65 mV"))
    result = run()
    assert result.exit_code == 4
    assert "expectation missed: membrane_potential" in result.stderr


def test_figures_are_drawn(electrodiff: Callable, step: str) -> None:
    result = electrodiff("run", step, "--out", "r", "--quiet", "--format", "svg")
    assert result.exit_code == 0, result.stderr
    assert {".svg"} <= {path.suffix for path in Path("r").iterdir()}


# ---- where a run starts ------------------------------------------------------------------------------------------


def test_a_run_goes_on_from_a_stored_steady_state(electrodiff: Callable, run: Callable) -> None:
    """Started from the steady state at -65 mV, and nothing changed, nothing happens."""
    rest = ("--set", "study.kind=steady")
    assert run(*rest, "--out", "rest").exit_code == 0
    still = electrodiff(
        "run",
        "step.toml",
        "--no-plots",
        "--json",
        "--set",
        'study={kind="transient", end="1 us", start="rest/solution.nc"}',
    )
    assert still.exit_code == 0, still.stderr
    steady = ed.load_solution("rest/solution.nc")
    # The stored state is extrapolated and so off by the mesh's own error, 1e-3 of the current on 61 nodes.
    currents = json.loads(still.stdout)["total_current_density_A_m2"]
    assert currents[-1] == pytest.approx(steady.current_density, rel=2e-2)


def test_a_run_goes_on_from_the_last_output_of_another(electrodiff: Callable, run: Callable) -> None:
    assert run().exit_code == 0
    study = 'study={kind="transient", end="1 ps", start="r/solution.nc"}'
    after = electrodiff(
        "run", "step.toml", "--no-plots", "--out", "after", "--set", study, "--set", "left.potential=0 mV"
    )
    assert after.exit_code == 0, after.stderr
    one, two = (ed.load_solution(f"{name}/solution.nc") for name in ("r", "after"))
    # To the round-off of solving Poisson's equation once more.
    assert two.potential[0] == pytest.approx(one.potential[-1], abs=1e-12)
    assert two.concentration[0] == pytest.approx(one.concentration[-1], rel=1e-12)


@pytest.mark.parametrize("path", ["nowhere/solution.nc", "step.toml/x.nc"])
def test_a_start_that_is_not_there_is_refused(run: Callable, path: str) -> None:
    result = run("--set", f'study={{kind="transient", end="1 us", start="{path}"}}')
    assert result.exit_code == 2
    assert path in result.stderr
    assert not Path("r").exists()


# ---- interrupts --------------------------------------------------------------------------------------------------


def interrupting(after: int) -> Callable:
    """A watcher's `keep` that presses Ctrl-C after a number of steps."""

    def keep(_: checkpoint.Checkpoints, run: Run) -> None:
        if len(run.steps) == after:
            os.kill(os.getpid(), signal.SIGINT)

    return keep


def test_an_interrupted_run_keeps_what_was_computed_and_goes_on(run: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("--out", "whole").exit_code == 0
    with monkeypatch.context() as patch:
        patch.setattr(checkpoint.Checkpoints, "keep", interrupting(20))
        result = run("--json")
    assert (result.exit_code, result.stdout) == (130, "")
    assert "interrupted: at " in result.stderr
    assert "--resume" in result.stderr
    assert files(Path("r")) == {"solution.nc", "summary.json", "checkpoint.npz"}
    part, whole = ed.load_solution("r/solution.nc"), ed.load_solution("whole/solution.nc")
    assert not part.converged
    assert 1 < part.time.size < whole.time.size
    np.testing.assert_array_equal(part.potential, whole.potential[: part.time.size])
    assert run("--resume").exit_code == 0
    assert files(Path("r")) == {"solution.nc", "summary.json"}
    assert_identical(Path("r/solution.nc"), Path("whole/solution.nc"))


@pytest.fixture
def interrupted_estimates(run: Callable, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The result of a run in r that is stopped while its errors are estimated."""

    def press(_: cli_progress.TimeProgress, companion: Run, what: str = "") -> None:
        if what and len(companion.steps) == 5:
            os.kill(os.getpid(), signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr(cli_progress.TimeProgress, "show", press)
        return run("--json")


def test_an_interrupt_while_errors_are_estimated_keeps_the_run(interrupted_estimates: Any, run: Callable) -> None:
    result = interrupted_estimates
    assert (result.exit_code, result.stdout) == (130, "")
    assert "interrupted: reached 1e-06 s" in result.stderr
    assert "error estimates" in result.stderr
    assert "--resume" in result.stderr
    assert files(Path("r")) == {"solution.nc", "summary.json", "checkpoint.npz"}
    assert run("--out", "whole").exit_code == 0
    part, whole = ed.load_solution("r/solution.nc"), ed.load_solution("whole/solution.nc")
    assert part.converged
    assert part.error == {}
    assert whole.error
    np.testing.assert_array_equal(part.potential, whole.potential)
    assert run("--resume").exit_code == 0
    assert files(Path("r")) == {"solution.nc", "summary.json"}
    assert_identical(Path("r/solution.nc"), Path("whole/solution.nc"))


@pytest.mark.usefixtures("interrupted_estimates")
def test_estimates_may_be_interrupted_again(run: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run takes no step of its own then."""

    def press(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr(cli_progress.TimeProgress, "show", press)
        # Before the first companion has taken its second step.
        result = run("--resume")
    assert result.exit_code == 130
    assert "interrupted: reached 1e-06 s" in result.stderr
    assert ed.load_solution("r/solution.nc").converged


@pytest.mark.usefixtures("interrupted_estimates")
def test_a_run_whose_estimates_were_interrupted_may_go_on_without_them(run: Callable) -> None:
    assert run("--resume", "--set", "study.error_estimates=false").exit_code == 0
    assert ed.load_solution("r/solution.nc").error == {}


def test_the_handler_of_interrupts_is_put_back(run: Callable) -> None:
    before = signal.getsignal(signal.SIGINT)
    run()
    assert signal.getsignal(signal.SIGINT) is before


def test_an_interrupt_before_the_first_step_writes_nothing(run: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(1)

    monkeypatch.setattr(cli_transient, "solve_transient", interrupted)
    result = run()
    assert (result.exit_code, result.stdout, result.stderr) == (130, "", "interrupted\n")
    assert not Path("r").exists()


def test_a_run_that_fails_stores_what_it_has(run: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    def stuck(_: checkpoint.Checkpoints, run: Run) -> None:
        if len(run.steps) == 20:
            raise StuckError(run.moment, (3, 0))

    monkeypatch.setattr(checkpoint.Checkpoints, "keep", stuck)
    result = run()
    assert (result.exit_code, result.stdout) == (3, "")
    assert "error: the steps became too short" in result.stderr
    part = ed.load_solution("r/solution.nc")
    assert part.time.size > 1
    assert not part.converged
    assert files(Path("r")) == {"solution.nc", "summary.json"}


# ---- checkpoints -------------------------------------------------------------------------------------------------


def started(case: str, out: str, *options: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", OFTEN, "run", case, "--no-plots", "--quiet", "--out", out, *options]
    return subprocess.Popen(command)


def test_a_run_that_is_killed_at_ten_moments_gives_the_same_answer_to_the_last_bit(sine: str) -> None:
    assert started(sine, "whole").wait() == 0
    moments = random.Random(6)
    kept = Path("killed/checkpoint.npz")
    kills = 0
    for _ in range(10):
        before = kept.stat().st_mtime_ns if kept.exists() else 0
        process = started(sine, "killed", "--resume")
        while process.poll() is None and not (kept.exists() and kept.stat().st_mtime_ns > before):
            time.sleep(0.005)
        time.sleep(moments.uniform(0.0, 0.1))
        kills += process.poll() is None
        process.kill()
        process.wait()
    assert kills == 10, "the run is too short to be killed"
    assert not Path("killed/solution.nc").exists()
    last = started(sine, "killed", "--resume")
    assert last.wait() == 0
    assert files(Path("killed")) == {"solution.nc", "summary.json"}
    assert_identical(Path("killed/solution.nc"), Path("whole/solution.nc"))


def test_a_run_that_is_killed_while_its_errors_are_estimated_gives_the_same_estimates(sine: str) -> None:
    """Its checkpoint is then one of the whole run, as it is on the last step here."""
    killing = OFTEN.replace(
        "import sys;",
        "from electrodiff import cli_transient as c; import os, sys; checkpoint.INTERVAL = 0.0; checkpoint.SHARE = 1e9; "
        "estimating = c._Watcher.estimating; c._Watcher.estimating = lambda watcher, run: "
        "os.kill(os.getpid(), 9) if len(run.steps) > 3 else estimating(watcher, run);",
    )
    options = ["run", sine, "--no-plots", "--quiet", "--set", "study.end=0.1 us", "--set", "study.protocol=[]"]
    assert subprocess.run([sys.executable, "-c", killing, *options, "--out", "killed"], check=False).returncode == -9
    assert files(Path("killed")) == {"checkpoint.npz"}
    kept = checkpoint.load_checkpoint(
        Path("killed/checkpoint.npz"), ed.load_case(sine).changed({"study.end": 1e-7, "study.protocol": []})
    )
    assert kept.steps[-1][0] == 1e-7
    for out in ("killed", "whole"):
        again = [sys.executable, "-c", OFTEN, *options, "--out", out, "--resume"]
        assert subprocess.run(again, check=False).returncode == 0
    assert ed.load_solution("whole/solution.nc").error
    assert_identical(Path("killed/solution.nc"), Path("whole/solution.nc"))


@pytest.fixture
def interrupted(run: Callable, monkeypatch: pytest.MonkeyPatch) -> Callable:
    """`interrupted(*options)` runs the step and stops it after 20 steps; its checkpoint is in r."""

    def stop(*options: str) -> Any:
        with monkeypatch.context() as patch:
            patch.setattr(checkpoint.Checkpoints, "keep", interrupting(20))
            return run(*options)

    return stop


def test_without_a_checkpoint_resume_starts_from_the_beginning(run: Callable) -> None:
    result = run("--resume")
    assert result.exit_code == 0
    assert "starting from the beginning" in result.stderr


def test_without_resume_a_run_starts_from_the_beginning(interrupted: Callable, run: Callable) -> None:
    interrupted()
    assert run().exit_code == 0
    assert run("--out", "whole").exit_code == 0
    assert_identical(Path("r/solution.nc"), Path("whole/solution.nc"))


@pytest.mark.parametrize("key", ["layers.membrane.thickness=4 nm", "study.end=2 us", "mesh.nodes=41"])
def test_a_checkpoint_of_another_case_is_refused(interrupted: Callable, run: Callable, key: str) -> None:
    interrupted()
    result = run("--resume", "--set", key)
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    assert "another case" in line
    assert "without --resume" in line
    assert Path("r/checkpoint.npz").exists()


def test_a_checkpoint_of_the_same_case_by_other_words_is_taken(interrupted: Callable, run: Callable, step: str) -> None:
    interrupted()
    path = Path(step)
    path.write_text("# a comment\n" + path.read_text().replace('"150 mM"', '"0.150 M"'))
    assert run("--resume").exit_code == 0


def test_a_checkpoint_of_a_case_that_was_set_is_taken(interrupted: Callable, run: Callable) -> None:
    interrupted("--set", "left.potential=-30 mV")
    assert run("--resume").exit_code == 2
    assert run("--resume", "--set", "left.potential=-30 mV").exit_code == 0


def test_a_checkpoint_of_another_version_is_refused(
    interrupted: Callable, run: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted()
    monkeypatch.setattr(ed, "__version__", "0.0.1")
    result = run("--resume")
    assert result.exit_code == 2
    assert "version" in result.stderr


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 nothing", "cut", "lacks"])
def test_a_damaged_checkpoint_is_refused(interrupted: Callable, run: Callable, damage: bytes | str) -> None:
    interrupted()
    path = Path("r/checkpoint.npz")
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:-1000])
    elif damage == "lacks":
        with np.load(path) as file:
            np.savez(path, **{name: file[name] for name in file.files if name != "moment_state"})
    else:
        assert isinstance(damage, bytes)
        path.write_bytes(damage)
    result = run("--resume")
    assert result.exit_code == 2
    assert "checkpoint" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_checkpoint_holds_no_pickled_objects(interrupted: Callable) -> None:
    interrupted()
    with np.load("r/checkpoint.npz", allow_pickle=False) as file:
        assert all(file[name].dtype != object for name in file.files)


def test_only_a_transient_can_be_resumed(run: Callable) -> None:
    result = run("--resume", "--set", "study.kind=steady")
    assert result.exit_code == 2
    assert "--resume" in result.stderr


def test_checkpoints_take_at_most_a_tenth_of_the_time(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Of a clock on which a step takes 0.1 s and a checkpoint 3 s."""
    now, written = [0.0], []

    def save(run: object, path: Path) -> None:
        now[0] += 3.0
        written.append((run, path))

    monkeypatch.setattr(checkpoint, "save_checkpoint", save)
    kept = checkpoint.Checkpoints(tmp_path / "x.npz", lambda: now[0])
    for _ in range(10_000):
        now[0] += 0.1
        kept.keep(None)  # type: ignore[arg-type]
    assert 3.0 * len(written) == pytest.approx(now[0] / 11, rel=0.02)


# ---- progress ----------------------------------------------------------------------------------------------------


def test_progress_rises_to_the_end_on_a_logarithmic_scale(step: str) -> None:
    shares: list[float] = []
    times: list[float] = []

    def watch(run: Run) -> None:
        shares.append(fraction(run))
        times.append(run.steps[-1][0])

    ed.solve_transient(ed.load_case(step), watch=watch)
    assert np.all(np.diff(shares) > 0)
    assert shares[-1] == pytest.approx(1.0, abs=1e-12)
    # A decade is as much anywhere.
    slope = np.diff(shares) / np.diff(np.log(times))
    assert slope[1:] == pytest.approx(slope[-1], rel=1e-9)


def test_progress_never_falls_at_a_corner(case_text: str) -> None:
    shares: list[float] = []
    text = case_text + STEP + '[[study.protocol]]\nat = "100 ns"\nset = { "left.potential" = "10 mV" }\n'
    ed.solve_transient(ed.parse_case(text), watch=lambda run: shares.append(fraction(run)))
    assert np.all(np.diff(shares) >= 0)
    # Two segments, which count alike.
    assert np.min(np.abs(np.array(shares) - 0.5)) < 1e-9
    assert shares[-1] == pytest.approx(1.0, abs=1e-12)


SWING = {"sine": {"left.potential": {"amplitude": "1 mV", "frequency": "1 Hz"}}}


@pytest.mark.parametrize(
    ("sizes", "protocol", "known"),
    [
        # Steps that grow with time: 7 for each of the 10 doublings that are left, with or without a sine.
        ([2 ** (k / 7) for k in range(70)], [], 70),
        ([2 ** (k / 7) for k in range(70)], [SWING], 70),
        # Steps of one size: under a sine as many as fit; else for a decade, and then as many in a doubling as in its last.
        ([1.0] * 64, [SWING], 64 * (2**10 - 1)),
        ([1.0] * 64, [], 64 * (10 - 1) + 32 * 10 * (10 - math.log2(10))),
    ],
)
def test_the_steps_that_are_left_follow_from_how_the_steps_grow(
    case_text: str, sizes: list[float], protocol: list[Any], known: float
) -> None:
    times = np.cumsum(sizes) if sizes[-1] == 1 else np.array(sizes)
    end = float(times[-1]) * 2**10
    case = ed.parse_case(case_text).replace("study", {"kind": "transient", "end": end, "protocol": protocol})
    steps = [(time, size, 1.0) for time, size in zip(times.tolist(), sizes, strict=True)]
    run = Run(case, None, 0, None, np.zeros(2), steps=steps)  # type: ignore[arg-type]
    # A whole number of steps lies in a doubling, or one less.
    assert steps_left(run) == pytest.approx(known, rel=0.2)


def test_a_log_says_now_and_then_how_far_the_run_is(run: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli_progress, "LINE", 0.0)
    lines = run().stderr.splitlines()
    assert len(lines) > 10
    assert all(" %: " in line and ", step " in line for line in lines)
    estimating = [": estimating errors, march " in line for line in lines]
    assert [" of 1 us, step " in line for line in lines] == [not is_estimating for is_estimating in estimating]
    # First the run, then its companions.
    assert estimating.index(True) > 10
    assert all(estimating[estimating.index(True) :])
    marches = [line.partition("march ")[2][0] for line in lines if "march " in line]
    assert list(dict.fromkeys(marches)) == ["1", "2", "3"]
    assert lines[-2].endswith(" left")
    assert run("--quiet").stderr == ""


# ---- impedance ---------------------------------------------------------------------------------------------------


def test_an_impedance_is_solved_written_and_printed(run: Callable) -> None:
    result = run("--set", IMPEDANCE, "--json", "--csv")
    assert result.exit_code == 0, result.stderr
    data = json.loads(result.stdout)
    assert files(Path("r")) == {"solution.nc", "summary.json", "impedance.csv"}
    stored = ed.load_solution("r/solution.nc")
    assert isinstance(stored, ed.Impedance)
    assert data["frequency_Hz"] == stored.frequency.tolist()
    assert data["impedance_real_ohm_m2"] == stored.impedance.real.tolist()
    assert data["impedance_imag_ohm_m2"] == stored.impedance.imag.tolist()
    assert data["membrane_potential_V"] == pytest.approx(-0.065, rel=1e-14)


def test_the_table_of_an_impedance_is_for_a_person(run: Callable) -> None:
    result = run("--set", IMPEDANCE)
    assert result.exit_code == 0, result.stderr
    for text in ("1 Hz", "1 MHz", "abs(Z)", "phase", "capacitance", "about the steady state of -65 mV"):
        assert text in result.stdout


def test_other_commands_say_what_to_do_with_a_study_in_time(electrodiff: Callable, step: str) -> None:
    result = electrodiff("mesh", step)
    assert result.exit_code == 2
    assert "solve_transient" in result.stderr
    assert "study.kind" in result.stderr
