"""The runs that `faults` kills and interrupts: small cases, each in a process of its own that says what it does.

The process is that of the command, but for two things: chunks and checkpoints are as frequent as a short run needs, and a
file says what is done: a letter for each start, for each piece of work that is begun, for each checkpoint.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray

CASE = """\
title = "Membrane to be killed, µ"
temperature = "310 K"
[ions.K]
[ions.A]
valence = -1
diffusivity = "2e-9 m^2/s"
[[layers]]
name = "inside"
thickness = "10 nm"
relative_permittivity = 80
[[layers]]
name = "membrane"
thickness = "5 nm"
relative_permittivity = 2
partition = { K = 1e-4, A = 2e-4 }
diffusivity = { K = "1e-11 m^2/s", A = "1e-11 m^2/s" }
[[layers]]
name = "outside"
thickness = "10 nm"
relative_permittivity = 80
[left]
concentrations = { K = "150 mM", A = "150 mM" }
potential = "-65 mV"
[right]
concentrations = { K = "150 mM", A = "150 mM" }
potential = "0 mV"
[mesh]
nodes = 61
"""

# One more chain makes one more chunk of 16 points; a sine never lets the steps grow.
STUDIES = {
    "sweep": """
[study]
kind = "sweep"
quantities = ["current_density", "flux"]
[[study.axes]]
key = "left.potential"
from = "-100 mV"
to = "100 mV"
points = {points}
""",
    "transient": """
[study]
kind = "transient"
end = "{end} us"
tolerance = 1e-6
output = { from = "1 ps", per_decade = 5 }
[[study.protocol]]
at = "1 ns"
sine = { "left.potential" = { amplitude = "30 mV", frequency = "10 MHz" } }
""",
}

START, BEGUN, KEPT, STEP = "|", "b", "k", "s"
"""What the file says: a process starts, a chunk is begun, a checkpoint is written, a step of the run is done."""

CHUNK = 16
"""Points in a chunk."""

_CHILD = """
import os, sys
from electrodiff import __main__, interrupts
interrupts.watch()
log = os.open(sys.argv.pop(1), os.O_WRONLY | os.O_APPEND | os.O_CREAT)
ready = int(sys.argv.pop(1))
os.write(log, b"|")
if ready:
    os.write(ready, b"r")
if "run" in sys.argv[:2]:
    from electrodiff import checkpoint, cli_transient
    from electrodiff.solvers import points, sweep
    # A chain is the least that a chunk can be.
    points.CHUNK = 1
    checkpoint.INTERVAL, checkpoint.SHARE = 0.1, 0.5
    solve, step, save = sweep.solve_points, cli_transient._Watcher.__call__, checkpoint.save_checkpoint
    def solve_told(*given):
        os.write(log, b"b")
        return solve(*given)
    def step_told(watcher, run):
        os.write(log, b"s")
        step(watcher, run)
    def save_told(run, path):
        save(run, path)
        os.write(log, b"k")
    sweep.solve_points, cli_transient._Watcher.__call__, checkpoint.save_checkpoint = solve_told, step_told, save_told
sys.argv[0] = "electrodiff"
__main__.main()
"""


def write_case(path: Path, kind: str, points: int = 480, end: float = 8.0) -> Path:
    """The case of a kind, with so many points, or so long [us], as a file."""
    study = STUDIES[kind].replace("{points}", str(points)).replace("{end}", str(end))
    path.write_text(CASE + study, encoding="utf-8")
    return path


def started(log: Path, *arguments: str, ready: int = 0, **options: Any) -> subprocess.Popen[bytes]:
    """A command, started; `ready` is where it says that from now on it stops when it is interrupted."""
    command = [sys.executable, "-c", _CHILD, str(log), str(ready), *arguments]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL}
    passed = {"pass_fds": (ready,)} if ready else {}
    return subprocess.Popen(command, **{**pipes, **passed, **options})


@dataclass(frozen=True)
class Ended:
    """A process that has ended."""

    code: int
    stdout: str
    stderr: str
    seconds: float
    processor: float = 0.0
    """Time of the processor that it took [s]."""


def ended(process: subprocess.Popen[bytes], since: float, patience: float = 600.0) -> Ended:
    """Wait for the end of a process that was started, or told to stop, at a time."""
    before = _processor_of_children()
    stdout, stderr = (data.decode("utf-8", "replace") for data in process.communicate(timeout=patience))
    seconds = time.perf_counter() - since
    return Ended(process.returncode, stdout, stderr, seconds, _processor_of_children() - before)


def _processor_of_children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def wait_until_used(process: subprocess.Popen[bytes], moment: float) -> bool:
    """Wait until a process has had so much time of the processor [s]; whether it is not over by then.

    Unlike the time of a clock that does not depend on what else the machine does.
    """
    ticks = os.sysconf("SC_CLK_TCK")
    while process.poll() is None:
        fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
        if (int(fields[11]) + int(fields[12])) / ticks >= moment:
            # Within the tick.
            return True
        time.sleep(0.002)
    return False


def run_whole(log: Path, *arguments: str, **options: Any) -> Ended:
    """A command from its start to its end."""
    start = time.perf_counter()
    return ended(started(log, *arguments, **options), start)


def news(text: str) -> list[str]:
    """The lines of stderr that are not about how far a run is, nor a Dask cluster's own."""
    return [line for line in text.splitlines() if not _is_progress(line)]


def _is_progress(line: str) -> bool:
    is_known = line.startswith(("compiling", "the page is for")) or " - distributed." in line
    return is_known or line.partition(" ")[2].startswith("%: ")


def said(log: Path) -> str:
    """What a process has said so far."""
    return log.read_text() if log.exists() else ""


def steps_after_checkpoints(log: str) -> int:
    """The steps that processes had done since their last checkpoint when they were killed: all but the last process."""
    killed = log.split(START)[1:-1]
    return sum(each.rpartition(KEPT)[2].count(STEP) for each in killed)


# ---- folders ------------------------------------------------------------------------------------------------------


def files(folder: Path) -> set[str]:
    """All files and folders in a folder, hidden ones too."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*")} if folder.is_dir() else set()


def contents(folder: Path) -> dict[str, bytes]:
    """All files in a folder with their bytes."""
    return {name: (folder / name).read_bytes() for name in files(folder) if (folder / name).is_file()}


def differences(one: Path, other: Path) -> list[str]:
    """What differs between two stored results, to the last bit: variables, attributes."""
    with xarray.open_dataset(one) as first, xarray.open_dataset(other) as second:
        found = [name for name in {*first.attrs} | {*second.attrs} if first.attrs.get(name) != second.attrs.get(name)]
        for name in {*first.variables} | {*second.variables}:
            if name not in first.variables or name not in second.variables:
                found.append(str(name))
                continue
            a, b = first[name].to_numpy(), second[name].to_numpy()
            is_same = a.shape == b.shape and a.dtype == b.dtype and (a.dtype == object or a.tobytes() == b.tobytes())
            if not is_same or (a.dtype == object and not np.array_equal(a, b)):
                found.append(str(name))
    return sorted(map(str, found))


def whole_chunks(folder: Path) -> int:
    """How many chunks are kept, each of which can be read."""
    kept = sorted((folder / "chunks").glob("*.npz"))
    for path in kept:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            if len(stored["values"]) != CHUNK:
                raise ValueError(f"{path} has {len(stored['values'])} points")
    return len(kept)


def left_processes(marker: str) -> list[int]:
    """The processes whose environment has a text: those that a process which is gone has left."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and int(entry.name) != os.getpid():
            try:
                environment = (entry / "environ").read_bytes()
            except OSError:
                continue
            if marker.encode() in environment:
                found.append(int(entry.name))
    return found
