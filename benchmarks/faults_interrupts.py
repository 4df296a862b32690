"""Ctrl-C in every command that takes a while, at random moments: what `faults` does with SIGINT."""

from __future__ import annotations

import os
import random
import select
import shutil
import signal
import time
from dataclasses import dataclass, replace
from pathlib import Path

from faults_runs import Ended, contents, ended, files, news, run_whole, started, write_case

# Of a command that is interrupted [s].
LONGEST = 1.0
# So long a process may take to begin [s].
_BEGIN = 120.0
# How long a live page is left alone at most [s].
_PAGE = 6.0
# What a run that is stopped leaves to go on from, or to look at.
_KEPT = ("chunks", "checkpoint.npz", "solution.nc", "summary.json")


@dataclass(frozen=True)
class Target:
    """A command to interrupt."""

    name: str
    arguments: tuple[str, ...]
    """FOLDER in them is the folder of its results."""
    seconds: float
    """That it takes undisturbed."""
    is_new: bool = False
    """Whether its results go into a folder that is not there; else they replace earlier ones."""
    environment: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Interrupt:
    """What became of a command that was interrupted."""

    name: str
    moment: float
    """After the process has begun [s]."""
    seconds: float
    """Until it was gone."""
    is_early: bool
    """Whether it was not over by then."""
    faults: tuple[str, ...]


def prepare(home: Path) -> list[Target]:
    """The commands, each with the time that it takes."""
    earlier, log = home / "earlier", home / "prepare.log"
    cases = {kind: str(write_case(home / f"stop-{kind}.toml", kind, 320, 4.0)) for kind in ("sweep", "transient")}
    run_whole(log, "run", "clamped_membrane", "--no-plots", "--quiet", "--out", str(earlier))
    commands: dict[str, tuple[str, ...]] = {
        "run, steady, figures": ("run", "clamped_membrane", "--out", "FOLDER"),
        "run, sweep, 2 threads": ("run", cases["sweep"], "--no-plots", "--threads", "2", "--out", "FOLDER"),
        "run, sweep, 1 thread": ("run", cases["sweep"], "--threads", "1", "--out", "FOLDER"),
        "run, sweep, dask": ("run", cases["sweep"], "--engine", "dask", "--threads", "1", "--out", "FOLDER"),
        "run, transient": ("run", cases["transient"], "--no-plots", "--out", "FOLDER"),
        "run, transient, figures": ("run", cases["transient"], "--out", "FOLDER"),
        "plot": ("plot", str(earlier), "--out", "FOLDER"),
        "report": ("report", str(earlier), "--out", "FOLDER/report.html"),
        "check": ("check", "clamped_membrane"),
        "compare": ("compare", "clamped_membrane"),
        "reproduce": ("reproduce", str(earlier)),
    }
    targets = []
    for number, (name, command) in enumerate(commands.items()):
        done = run_whole(log, *_placed(command, home / f"before-{number}"))
        if done.code:
            raise SystemExit(f"the undisturbed {name} failed: {done.stderr}")
        targets.append(Target(name, command, done.seconds))
    page = ("explore", "clamped_membrane", "--no-browser")
    return [*targets, Target("explore", page, _PAGE), _compiling(home)]


def _compiling(home: Path) -> Target:
    """A first run: it begins to compile, which would take long, into an empty folder."""
    command = ("run", "clamped_membrane", "--no-plots", "--out", "FOLDER")
    return Target("run, compiling", command, 10.0, True, (("NUMBA_CACHE_DIR", str(home / "compiled")),))


def _placed(arguments: tuple[str, ...], folder: Path) -> tuple[str, ...]:
    return tuple(text.replace("FOLDER", str(folder)) for text in arguments)


def interrupt_round(home: Path, target: Target, index: int, draw: random.Random, longest: float) -> Interrupt:
    """Interrupt a command at a moment that is uniform over the time that it takes, and look at what it does."""
    folder = home / f"stopped-{index}"
    if not target.is_new:
        folder.mkdir()
        (folder / "solution.nc").write_bytes((home / "earlier" / "solution.nc").read_bytes())
        (folder / "summary.json").write_bytes((home / "earlier" / "summary.json").read_bytes())
    before = contents(folder)
    moment = draw.uniform(0, target.seconds)
    done, is_early = interrupted(home / "stop.log", _placed(target.arguments, folder), moment, dict(target.environment))
    faults = faults_of_interrupt(done, longest) if is_early else []
    if is_early:
        faults += faults_of_folder(folder, before, done.stderr)
    shutil.rmtree(home / "compiled", ignore_errors=True)
    return Interrupt(target.name, moment, done.seconds, is_early, tuple(faults))


def interrupted(
    log: Path, arguments: tuple[str, ...], moment: float, environment: dict[str, str]
) -> tuple[Ended, bool]:
    """Start a command, press Ctrl-C, and wait for its end; whether it was not over by then."""
    ear, mouth = os.pipe()
    process = started(log, *arguments, ready=mouth, env={**os.environ, **environment})
    os.close(mouth)
    if not select.select([ear], [], [], _BEGIN)[0] or not os.read(ear, 1):
        raise SystemExit(f"it did not begin: {ended(process, time.perf_counter())}")
    os.close(ear)
    time.sleep(moment)
    is_early = process.poll() is None
    start = time.perf_counter()
    process.send_signal(signal.SIGINT)
    process.wait(_BEGIN)
    seconds = time.perf_counter() - start
    # Workers of a cluster notice a moment later that it is gone, and hold its streams until then.
    done = replace(ended(process, start), seconds=seconds)
    # One that was at its last instruction is over, and so is one that takes no notice of it.
    return done, is_early and done.code != 0


def faults_of_interrupt(done: Ended, longest: float) -> list[str]:
    """What is wrong with how a command ended that was interrupted."""
    lines = news(done.stderr)
    faults = [f"exit code {done.code}: {done.stderr[:300]!r}"] if done.code != 130 else []
    faults += [f"{done.seconds:.2f} s"] if done.seconds > longest else []
    faults += [f"{len(lines)} lines: {done.stderr[:600]!r}"] if len(lines) != 1 else []
    faults += ["a traceback"] if "Traceback" in done.stderr else []
    if lines and not lines[-1].startswith(("interrupted", "stopped")):
        faults.append(f"its last line is {lines[-1][:200]!r}")
    return faults


def faults_of_folder(folder: Path, before: dict[str, bytes], told: str) -> list[str]:
    """What is wrong with what an interrupted command left: earlier results, or what it says that it keeps."""
    if not before and not files(folder):
        return ["an empty folder"] if folder.exists() else []
    after = contents(folder)
    strays = [f"stray: {name}" for name in sorted({*files(folder)} - {*before}) if not name.startswith(_KEPT)]
    strays += [f"stray: {name}" for name in sorted(after) if ".partial" in name]
    lost = [name for name in before if name not in after]
    changed = [name for name in before if name in after and after[name] != before[name]]
    # A run in time that is stopped writes what it has, and says so; and one may be stopped when all of its files are there.
    is_told = "stored in" in told or "error estimates" in told or {"solution.nc", "summary.json"} <= {*changed}
    faults = strays + [f"lost: {name}" for name in lost]
    return faults + [f"changed: {name}" for name in changed if not is_told]
