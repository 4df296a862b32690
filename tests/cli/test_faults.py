"""What the machine does to a run: kills, Ctrl-C, full and read-only disks, two runs at once, clocks and locales."""

from __future__ import annotations

import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import electrodiff as ed
from electrodiff import interrupts
from electrodiff.checkpoint import NAME
from electrodiff.claims import claimed
from electrodiff.cli_progress import SweepProgress
from electrodiff.errors import CaseError
from electrodiff.solvers import points
from electrodiff.whole import staged, write_whole

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import faults
from faults_interrupts import faults_of_folder, faults_of_interrupt, interrupted
from faults_runs import Ended, contents, differences, files, steps_after_checkpoints, write_case

# Ctrl-C is answered within a second; beside the other tests a process may wait that long for its turn.
LONGEST = 3.0
STEP = 'study={kind="transient", end="1 us", protocol=[{set={"left.potential"="0 mV"}}]}'
SWEEP = 'study={kind="sweep", axes=[{key="left.potential", from="-0.1 V", to="0.1 V", points=48}]}'


@pytest.fixture
def case(folder: Path, case_text: str) -> str:
    """The small case as a file in the working directory."""
    (folder / "my.toml").write_text(case_text)
    return "my.toml"


@pytest.fixture
def run(electrodiff: Callable, case: str) -> Callable:
    """`run(out, *options)` runs the case into a folder, without figures."""
    return lambda out, *options: electrodiff("run", case, "--no-plots", "--quiet", "--out", out, *options)


def line_of(result: Any) -> str:
    """The one line by which a run is refused or stopped."""
    assert result.exception is None or isinstance(result.exception, SystemExit), repr(result.exception)
    assert (result.exit_code, result.stdout) == (2, "")
    (line,) = result.stderr.splitlines()
    return str(line)


# ---- kills -------------------------------------------------------------------------------------------------------


def test_runs_that_are_killed_go_on_and_give_the_same_answer(tmp_path: Path) -> None:
    rounds = list(faults.kill_rounds(tmp_path, 3, 4, points=160, end=3.0))
    assert [each.faults for each in rounds] == [()] * 4
    assert any(each.kills for each in rounds)


def test_the_judge_of_killed_runs_sees_what_is_wrong(run: Callable, tmp_path: Path) -> None:
    assert run("one").exit_code == 0
    assert run("two", "--set", "left.potential=-64 mV").exit_code == 0
    assert differences(Path("one/solution.nc"), Path("one/solution.nc")) == []
    assert {"potential", "case"} <= {*differences(Path("one/solution.nc"), Path("two/solution.nc"))}
    # Of three processes the first lost two steps, the second three, and the last was not killed.
    assert steps_after_checkpoints("|sskss|sss|sskss") == 5
    assert files(tmp_path) == {"my.toml", *(f"{out}{name}" for out in ("one", "two") for name in ("", *_RESULTS))}


_RESULTS = ("/solution.nc", "/summary.json")


def test_what_a_kill_left_half_written_is_removed_by_the_next_run(run: Callable) -> None:
    Path("r/.77.partial").mkdir(parents=True)
    Path("r/.77.partial/solution.nc").write_bytes(b"half")
    Path("r/.checkpoint.npz.77.partial").write_bytes(b"half")
    Path("r/notes.partial").write_text("not ours")
    assert run("r").exit_code == 0
    assert files(Path("r")) == {"solution.nc", "summary.json", "notes.partial"}


# ---- Ctrl-C ------------------------------------------------------------------------------------------------------

_COMMANDS = {
    "steady": ("run", "clamped_membrane", "--out", "r"),
    "sweep": ("run", "sweep.toml", "--no-plots", "--threads", "2", "--out", "r"),
    "transient": ("run", "transient.toml", "--no-plots", "--out", "r"),
    "explore": ("explore", "clamped_membrane", "--no-browser"),
}


@pytest.mark.parametrize(
    ("name", "moment"),
    [("steady", 0.02), ("steady", 1.0), ("sweep", 2.5), ("transient", 3.0), ("explore", 4.0)],
)
def test_an_interrupt_is_a_clean_stop(folder: Path, name: str, moment: float) -> None:
    """Among the first imports, while solving, in threads, between steps, and in a live page."""
    for kind in ("sweep", "transient"):
        write_case(folder / f"{kind}.toml", kind, points=4800, end=200.0)
    Path("r").mkdir()
    Path("r/solution.nc").write_bytes(b"earlier")
    before = contents(Path("r"))
    done, is_early = interrupted(folder / "log", _COMMANDS[name], moment, {})
    assert is_early
    assert faults_of_interrupt(done, LONGEST) == []
    assert faults_of_folder(Path("r"), before, done.stderr) == []


def test_an_interrupt_while_kernels_are_compiled_is_a_clean_stop(folder: Path) -> None:
    """In the compiler an exception would become another one, or be lost."""
    environment = {"NUMBA_CACHE_DIR": str(folder / "compiled")}
    done, is_early = interrupted(folder / "log", ("run", "debye_layer", "--out", "r"), 3.0, environment)
    assert is_early
    assert faults_of_interrupt(done, LONGEST) == []
    assert not Path("r").exists()


def test_the_judge_of_interrupts_sees_what_is_wrong(folder: Path) -> None:
    assert faults_of_interrupt(Ended(130, "", "interrupted\n", 0.2), 1.0) == []
    for bad in (
        Ended(1, "", "interrupted\n", 0.2),
        Ended(130, "", "interrupted\n", 1.2),
        Ended(130, "", "", 0.2),
        Ended(130, "", "Traceback (most recent call last):\nKeyboardInterrupt\n", 0.2),
        Ended(130, "", "Aborted!\n", 0.2),
    ):
        assert faults_of_interrupt(bad, 1.0)
    (folder / "a").write_text("1")
    before = contents(folder)
    assert faults_of_folder(folder, before, "") == []
    (folder / ".7.partial").mkdir()
    assert faults_of_folder(folder, before, "") == ["stray: .7.partial"]
    (folder / "a").write_text("2")
    assert "changed: a" in faults_of_folder(folder, before, "")


_STUCK = """
import ctypes, os, signal, sys, threading, time
from electrodiff import interrupts
interrupts.watch()
threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
with interrupts.on_leaving(lambda: print("removed", flush=True)), interrupts.telling(lambda: "interrupted: told"):
    {stuck}
"""


@pytest.mark.parametrize(
    "stuck",
    [
        # Compiled code, which sees no exception and no handler; it lets other threads run.
        "ctypes.CDLL(None).sleep(20)",
        # A library that takes the exception for something else.
        "for _ in range(2000):\n        try: time.sleep(0.01)\n        except BaseException: pass",
    ],
)
def test_what_sees_no_exception_is_left_all_the_same(stuck: str) -> None:
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", _STUCK.format(stuck=stuck)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "removed\n", "interrupted: told\n")
    assert time.perf_counter() - start < 5 + LONGEST


def test_moves_of_files_are_not_divided_by_an_interrupt() -> None:
    child = (
        "import os, signal; from electrodiff import interrupts; interrupts.watch()\n"
        "with interrupts.undivided():\n    os.kill(os.getpid(), signal.SIGINT)\n    print('moved', flush=True)\n"
        "print('not reached')"
    )
    done = subprocess.run([sys.executable, "-c", child], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "moved\n", "interrupted\n")


def test_an_interrupt_that_is_ignored_stays_ignored() -> None:
    child = (
        "import os, signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "from electrodiff import interrupts; interrupts.watch(); os.kill(os.getpid(), signal.SIGINT); print('on')"
    )
    done = subprocess.run([sys.executable, "-c", child], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "on\n")


def test_outside_the_command_line_an_interrupt_stays_an_exception() -> None:
    def pressed() -> None:
        with interrupts.telling(lambda: "these words"):
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(1)

    with pytest.raises(KeyboardInterrupt, match=r"^these words$"):
        pressed()


# ---- two runs in one folder ----------------------------------------------------------------------------------------


def test_a_second_run_into_a_folder_is_refused_and_the_first_goes_on(run: Callable) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", "from electrodiff.claims import claimed; from pathlib import Path; import time\n"
         "with claimed(Path('r')):\n    print('held', flush=True); time.sleep(60)"],
        stdout=subprocess.PIPE,
    )  # fmt: skip
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        for options in ((), ("--set", STEP, "--resume"), ("--set", SWEEP)):
            assert line_of(run("r", *options)).startswith("error: --out r: another run is writing its results there; ")
        assert files(Path("r")) == set()
        assert run("other").exit_code == 0
        holder.kill()
    # What a dead process held is free.
    assert run("r").exit_code == 0


def test_a_sweep_from_python_holds_its_folder(case: str) -> None:
    with claimed(Path("r")), pytest.raises(CaseError, match="out r: another run"):
        ed.sweep(ed.load_case(case), {"left.potential": [0.0]}, out="r", quiet=True)


def test_a_folder_that_was_made_for_nothing_is_removed(folder: Path) -> None:
    with claimed(Path("a/b")):
        assert Path("a/b").is_dir()
    assert files(folder) == set()


# ---- full and read-only disks --------------------------------------------------------------------------------------


def mount(*arguments: str) -> None:
    """Mount or unmount something; skip the test where that cannot be done."""
    if shutil.which(arguments[0]) is None or os.geteuid() != 0:
        pytest.skip("only root may mount a small disk")
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"a small disk cannot be mounted: {done.stderr.strip()}")


@pytest.fixture
def disk(folder: Path) -> Iterator[Path]:
    """A disk of 1 MB."""
    place = folder / "disk"
    place.mkdir()
    mount("mount", "-t", "tmpfs", "-o", "size=1m", "none", str(place))
    yield Path("disk")
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill(disk: Path, room: int) -> Path:
    """Fill a disk but for some bytes."""
    free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
    path = disk / "full"
    path.write_bytes(bytes(max(free - room, 0)))
    return path


@pytest.mark.parametrize("room", [0, 20_000, 70_000])
def test_a_full_disk_is_told_and_earlier_results_stay(
    run: Callable, electrodiff: Callable, disk: Path, room: int
) -> None:
    """Full at the first file, amidst it, and at a later one."""
    assert run("disk/r", "--csv").exit_code == 0
    if not room:
        assert electrodiff("report", "disk/r").exit_code == 0
    earlier = contents(Path("disk/r"))
    size = len(earlier["solution.nc"])
    filler = fill(disk, room if room < size else size + 4096)
    line = line_of(run("disk/r", "--csv", "--set", "left.potential=-64 mV"))
    assert line == "error: disk/r: cannot be written (No space left on device); choose another with --out"
    if not room:
        report = line_of(electrodiff("report", "disk/r"))
        assert "report.html: cannot be written (No space left on device)" in report
    assert contents(Path("disk/r")) == earlier
    filler.unlink()
    assert run("disk/r", "--set", "left.potential=-64 mV").exit_code == 0


@pytest.mark.parametrize(("study", "kept"), [(SWEEP, "chunks"), (STEP, NAME)])
def test_a_disk_that_fills_up_keeps_what_was_done(
    run: Callable, disk: Path, monkeypatch: pytest.MonkeyPatch, study: str, kept: str
) -> None:
    monkeypatch.setattr(points, "CHUNK", 1)
    monkeypatch.setattr("electrodiff.checkpoint.INTERVAL", 0.0)
    monkeypatch.setattr("electrodiff.checkpoint.SHARE", 1e9)
    assert run("whole", "--set", study).exit_code == 0
    writes = iter(range(2))

    def keep(path: Path, data: bytes) -> None:
        if next(writes, None) is None and not (disk / "full").exists():
            fill(disk, 0)
        write_whole(path, data)

    with monkeypatch.context() as patch:
        patch.setattr("electrodiff.chunks.write_whole", keep)
        patch.setattr("electrodiff.checkpoint.write_whole", keep)
        options = ("--threads", "1") if study == SWEEP else ()
        line = line_of(run("disk/r", "--set", study, *options))
    assert line == "error: disk/r: cannot be written (No space left on device); choose another with --out"
    assert {name.split("/")[0] for name in files(Path("disk/r"))} == {kept}
    (disk / "full").unlink()
    assert run("disk/r", "--set", study, "--resume").exit_code == 0
    assert files(Path("disk/r")) == {"solution.nc", "summary.json"}
    assert differences(Path("disk/r/solution.nc"), Path("whole/solution.nc")) == []


def test_a_file_that_may_not_grow_is_told(case: str) -> None:
    """What a quota does; this needs no disk of its own."""
    limit = (20_000, resource.getrlimit(resource.RLIMIT_FSIZE)[1])
    done = subprocess.run(
        [sys.executable, "-m", "electrodiff", "run", case, "--no-plots", "--out", "r"],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limit),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: r: cannot be written (File too large); choose another with --out\n"
    assert not Path("r").exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("options", [("cases",), ("check", "debye_layer", "--json")])
def test_output_that_cannot_be_written_is_told(folder: Path, options: tuple[str, ...]) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "electrodiff", *options], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 2
    assert done.stderr == "error: the output: No space left on device; make room, or choose another place for it\n"
    assert files(folder) == set()


def test_a_read_only_folder_is_refused_before_anything_is_solved(
    run: Callable, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("disk/r").exit_code == 0
    earlier = contents(disk)
    mount("mount", "-o", "remount,ro", str(disk.absolute()))
    monkeypatch.setattr("electrodiff.cli_run.solve_ordered", lambda *_: pytest.fail("it was solved"))
    for out in ("disk/r", "disk/new"):
        line = line_of(run(out))
        assert re.fullmatch(rf"error: --out {out}: .*disk.* is not writable; choose another folder", line), line
    assert contents(disk) == earlier


def test_a_folder_that_becomes_read_only_keeps_what_was_done(
    run: Callable, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(points, "CHUNK", 1)
    assert run("whole", "--set", SWEEP).exit_code == 0
    with monkeypatch.context() as patch:
        remount = lambda *_: mount("mount", "-o", "remount,ro", str(disk.absolute()))  # noqa: E731 - short
        patch.setattr(SweepProgress, "show", remount)
        line = line_of(run("disk/r", "--set", SWEEP, "--threads", "1"))
    assert line == "error: disk/r: cannot be written (Read-only file system); choose another with --out"
    mount("mount", "-o", "remount,rw", str(disk.absolute()))
    assert files(Path("disk/r")) == {"chunks", "chunks/00000000.npz"}
    assert run("disk/r", "--set", SWEEP, "--resume").exit_code == 0
    assert differences(Path("disk/r/solution.nc"), Path("whole/solution.nc")) == []


def test_several_files_appear_together_or_not_at_all(folder: Path) -> None:
    def write(*names: str, is_full: bool = False) -> None:
        with staged(folder) as stage:
            for name in names:
                (stage / name).write_text("new")
            if is_full:
                raise OSError("the disk is full")

    for name in ("a", "b"):
        (folder / name).write_text("earlier")
    before = contents(folder)
    with pytest.raises(OSError, match="full"):
        write("a", is_full=True)
    assert contents(folder) == before
    (folder / "b").unlink()
    (folder / "b").mkdir()
    with pytest.raises(IsADirectoryError):
        write("a", "b")
    assert (folder / "a").read_text() == "earlier"
    (folder / "b").rmdir()
    write("a", "b")
    assert contents(folder) == {"a": b"new", "b": b"new"}


# ---- clocks and locales ------------------------------------------------------------------------------------------

_JUMPING = """
import random, sys, time
jump, clock, clock_ns = random.Random(5), time.time, time.time_ns
time.time = lambda: clock() + jump.uniform(-1e9, 1e9)
time.time_ns = lambda: clock_ns() + jump.randrange(-10**18, 10**18)
from electrodiff.__main__ import main
main()
"""
YEARS = 30 * 365 * 86400


def told(out: str) -> dict[str, Any]:
    summary: dict[str, Any] = json.loads(Path(out, "summary.json").read_text(encoding="utf-8"))
    return {name: value for name, value in summary.items() if name not in ("wall_s", "points_per_s")}


@pytest.mark.parametrize("study", [SWEEP, STEP])
def test_a_clock_that_jumps_makes_no_difference(run: Callable, case: str, study: str) -> None:
    assert run("whole", "--set", study).exit_code == 0
    options = ("run", case, "--no-plots", "--quiet", "--set", study, "--out", "r")
    done = subprocess.run([sys.executable, "-c", _JUMPING, *options], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert differences(Path("r/solution.nc"), Path("whole/solution.nc")) == []
    assert told("r") == told("whole")


def test_files_from_the_future_are_gone_on_from(run: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(points, "CHUNK", 1)
    assert run("whole", "--set", SWEEP).exit_code == 0

    def pressed(_: SweepProgress, done: int, *__: int) -> None:
        if done == 32:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(SweepProgress, "show", pressed)
        assert run("r", "--set", SWEEP, "--threads", "1").exit_code == 130
    for sign, path in zip((1, -1), sorted(Path("r/chunks").iterdir()), strict=True):
        os.utime(path, (time.time() + sign * YEARS,) * 2)
    assert run("r", "--set", SWEEP, "--resume").exit_code == 0
    assert json.loads(Path("r/summary.json").read_text())["computed"] == 16
    assert differences(Path("r/solution.nc"), Path("whole/solution.nc")) == []


@pytest.fixture(scope="module")
def comma(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A locale in which numbers have a comma."""
    place = tmp_path_factory.mktemp("locale")
    command = ["localedef", "-f", "UTF-8", "-i", "de_DE", str(place / "de_DE.UTF-8")]
    if shutil.which("localedef") is None or subprocess.run(command, capture_output=True, check=False).returncode > 1:
        pytest.skip("a locale with a decimal comma cannot be made here")
    return {"LOCPATH": str(place), "LC_ALL": "de_DE.UTF-8"}


_LOCALES = {
    "C": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "ascii": {"PYTHONIOENCODING": "ascii"},
    "none": {"LANG": "", "LC_ALL": "", "PYTHONUTF8": "0"},
}
# Set as programs written in C set it, so that a decimal comma reaches the libraries.
_IN_LOCALE = "import locale; locale.setlocale(locale.LC_ALL, ''); from electrodiff.__main__ import main; main()"


@pytest.mark.parametrize("name", [*_LOCALES, "comma"])
def test_the_locale_makes_no_difference(run: Callable, case: str, request: pytest.FixtureRequest, name: str) -> None:
    path = Path(case)
    path.write_text(path.read_text().replace("Test membrane", "Membrán, 5 µm, Ω"), encoding="utf-8")
    assert run("whole", "--csv").exit_code == 0
    extra = request.getfixturevalue("comma") if name == "comma" else _LOCALES[name]
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("LC_", "LANG"))} | extra
    command = [sys.executable, "-c", _IN_LOCALE, "run", case, "--csv", "--format", "svg", "--out", "r"]
    done = subprocess.run(command, env=environment, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"Membr" in done.stdout
    if name == "comma":
        check = "import locale; locale.setlocale(locale.LC_ALL, ''); print(locale.format_string('%.1f', 0.5))"
        shown = subprocess.run([sys.executable, "-c", check], env=environment, capture_output=True, check=True)
        assert shown.stdout.strip() == b"0,5"
    assert differences(Path("r/solution.nc"), Path("whole/solution.nc")) == []
    assert told("r") == told("whole")
    assert Path("r/profiles.csv").read_bytes() == Path("whole/profiles.csv").read_bytes()
    assert np.isfinite(ed.load_solution("r").potential).all()  # type: ignore[union-attr]
