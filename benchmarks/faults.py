"""Runs that are killed and interrupted at random moments:  python benchmarks/faults.py --count 50 --interrupts 50

Each round of the first kind starts a sweep or a transient, kills it (SIGKILL) at a moment that is uniform over the time of
the processor that an undisturbed run takes, from the first import to the last file, kills one in three runs that go on once
more, and lets the last one go on to its end (`--resume`).  Then every number and attribute of its solution.nc must be that
of the undisturbed run to the last bit; no file may be there that the undisturbed run does not leave; and what was done twice
is counted: of a sweep at most the chunks in hand, of a transient only the steps after the last checkpoint.  One sweep in ten
is that of a Dask cluster, whose processes must be gone.

Each round of the second kind presses Ctrl-C (SIGINT) in one of the commands: it must end within a second, with exit code 130
and one line, leave no file of its own, and what was there before as it was.  Exits with 1 if there was a failure.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import secrets
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from faults_interrupts import LONGEST, Interrupt, interrupt_round, prepare
from faults_runs import (
    BEGUN,
    CHUNK,
    STEP,
    Ended,
    differences,
    files,
    left_processes,
    news,
    run_whole,
    said,
    started,
    steps_after_checkpoints,
    wait_until_used,
    whole_chunks,
    write_case,
)

KILLS, INTERRUPTS = 50, 50
WRITTEN = "written"
# A process that outlives its parent has so long to notice [s].
ORPHANED = 20.0
# One sweep in so many is that of a Dask cluster.
DASK = 10
_PLAIN = ("--no-plots", "--json", "--csv")


@dataclass(frozen=True)
class Whole:
    """An undisturbed run."""

    kind: str
    case: Path
    folder: Path
    seconds: float
    """Of the processor."""
    pieces: int
    """Of work: the chunks of a sweep, the steps of a transient."""

    @property
    def files(self) -> set[str]:
        """What it leaves."""
        return files(self.folder)


@dataclass(frozen=True)
class Killed:
    """What became of a run that was killed."""

    kind: str
    engine: str
    moments: tuple[float, ...]
    """At which it was killed [s]."""
    kills: int
    """That came before its end."""
    when: str
    """What there was of it at the first kill."""
    again: int
    """Pieces of work that were done twice."""
    allowed: int
    strays: tuple[str, ...]
    """Files that the kills left, and that the run which went on removed."""
    faults: tuple[str, ...]


def undisturbed(home: Path, kind: str, points: int, end: float) -> Whole:
    """A run to its end, twice: the first may compile."""
    case = write_case(home / f"{kind}.toml", kind, points, end)
    folder, log = home / f"whole-{kind}", home / f"whole-{kind}.log"
    for _ in range(2):
        log.unlink(missing_ok=True)
        done = run_whole(log, "run", str(case), *_PLAIN, "--out", str(folder))
        if done.code:
            raise SystemExit(f"the undisturbed {kind} failed: {done.stderr}")
    return Whole(kind, case, folder, done.processor, said(log).count(BEGUN if kind == "sweep" else STEP))


def kill_round(home: Path, whole: Whole, index: int, draw: random.Random) -> Killed:
    """Kill a run, perhaps twice, let it go on, and look at what it gives."""
    folder, log = home / f"killed-{index}", home / f"killed-{index}.log"
    is_dask = whole.kind == "sweep" and index % (2 * DASK) == DASK
    threads = 1 + index // 2 % 2
    engine = ("--engine", "dask", "--threads", "1") if is_dask else ("--threads", str(threads))
    options = (*_PLAIN, "--out", str(folder), *(engine if whole.kind == "sweep" else ()))
    moments = tuple(draw.uniform(0, whole.seconds) for _ in range(1 + (draw.random() < 1 / 3)))
    kept, kills, strays, faults = 0, 0, set[str](), list[str]()
    states: list[str] = []
    for number, moment in enumerate(moments):
        resume = ("--resume",) if number else ()
        if not _killed(log, whole.case, (*options, *resume), moment, f"faults-{index}-{number}", faults):
            continue
        kills += 1
        states.append(_state(folder, said(log), whole))
        kept = _kept_pieces(folder, said(log), kept, faults)
        strays |= {name for name in files(folder) if ".partial" in name}
    done = run_whole(log, "run", str(whole.case), *options, "--resume")
    faults += _faults_of_end(done, folder, whole)
    # Where the results were written, what was kept on the way to them may be gone.
    again, allowed = (0, 0) if WRITTEN in states else _done_twice(said(log), whole, kills, 1 if is_dask else threads)
    if again > allowed:
        faults.append(f"{again} pieces of work were done twice, and {allowed} were in hand")
    name = "dask" if is_dask else f"{threads} threads" if whole.kind == "sweep" else "-"
    return Killed(
        whole.kind,
        name,
        moments,
        kills,
        states[0] if states else "over",
        again,
        allowed,
        tuple(sorted(strays)),
        tuple(faults),
    )


def _killed(log: Path, case: Path, options: tuple[str, ...], moment: float, marker: str, faults: list[str]) -> bool:
    """Start a run and kill it at a moment; whether it was not over by then."""
    process = started(log, "run", str(case), *options, env={**os.environ, "FAULTS": marker})
    is_running = wait_until_used(process, moment)
    process.kill()
    for pipe in (process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()
    process.wait()
    until = time.perf_counter() + ORPHANED
    while (left := left_processes(f"FAULTS={marker}")) and time.perf_counter() < until:
        time.sleep(0.1)
    if left:
        faults.append(f"{len(left)} processes outlived it")
    return is_running


def _state(folder: Path, log: str, whole: Whole) -> str:
    """How far a run was when it was killed, by what it left."""
    there = files(folder)
    if whole.files <= there:
        return WRITTEN
    if any(".partial" in name for name in there):
        return "writing"
    if "checkpoint.npz" in there or any(name.endswith(".npz") for name in there):
        return "solving, some kept"
    return "solving" if {BEGUN, STEP} & {*log} else "starting"


def _kept_pieces(folder: Path, log: str, before: int, faults: list[str]) -> int:
    """The chunks that are kept, all of which must be whole; never fewer than before."""
    try:
        kept = whole_chunks(folder)
    except (OSError, ValueError) as error:
        faults.append(f"a chunk that is not whole: {error}")
        return before
    if kept < before and not (folder / "solution.nc").exists():
        faults.append(f"{before} chunks were kept, and {kept} are: {log}")
    return kept


def _faults_of_end(done: Ended, folder: Path, whole: Whole) -> list[str]:
    """What is wrong with a run that went on to its end."""
    if done.code:
        return [f"exit code {done.code}: {done.stderr[:300]!r}"]
    faults = [f"stray: {name}" for name in sorted(files(folder) - whole.files)]
    faults += [f"missing: {name}" for name in sorted(whole.files - files(folder))]
    if faults:
        return faults
    faults += [f"{name} differs" for name in differences(folder / "solution.nc", whole.folder / "solution.nc")]
    table = "sweep.csv" if whole.kind == "sweep" else "series.csv"
    if (folder / table).read_bytes() != (whole.folder / table).read_bytes():
        faults.append(f"{table} differs")
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    if json.loads(done.stdout) != summary:
        faults.append("what is printed is not what is written")
    if len(news(done.stderr)) > 1 or "Traceback" in done.stderr:
        faults.append(f"more than a line on stderr: {done.stderr[:300]!r}")
    return faults


def _done_twice(log: str, whole: Whole, kills: int, threads: int) -> tuple[int, int]:
    """How many pieces of work were done twice, and how many that may be."""
    if whole.kind == "sweep":
        # Handed out and not kept: one in the hand of each thread, and one that it has done, which is being written.
        return max(log.count(BEGUN) - whole.pieces, 0), kills * 2 * threads
    again = max(log.count(STEP) - whole.pieces, 0)
    return again, steps_after_checkpoints(log)


# ---- telling ------------------------------------------------------------------------------------------------------


def kills_table(rounds: list[Killed]) -> str:
    """What became of the runs that were killed, for Markdown."""
    head = "| run | rounds | kills | done twice at most | half a file left | failures |\n|---|---|---|---|---|---|\n"
    rows = []
    for kind, what in (("sweep", f"chunks of {CHUNK} points"), ("transient", "steps")):
        own = [each for each in rounds if each.kind == kind]
        rows.append(
            f"| {kind} | {len(own)} | {sum(each.kills for each in own)} | "
            f"{max((each.again for each in own), default=0)} {what} | {sum(bool(each.strays) for each in own)} | "
            f"{sum(bool(each.faults) for each in own)} |"
        )
    states = sorted({each.when for each in rounds if each.when})
    moments = ", ".join(f"{state}: {sum(each.when == state for each in rounds)}" for state in states)
    return head + "\n".join(rows) + f"\n\nFirst killed while {moments}\n"


def interrupts_table(rounds: list[Interrupt]) -> str:
    """What became of the commands that were interrupted, for Markdown."""
    head = "| command | interrupts | before its end | longest [s] | failures |\n|---|---|---|---|---|\n"
    rows = []
    for name in dict.fromkeys(each.name for each in rounds):
        own = [each for each in rounds if each.name == name]
        early = [each for each in own if each.is_early]
        slowest = max((each.seconds for each in early), default=0.0)
        rows.append(
            f"| {name} | {len(own)} | {len(early)} | {slowest:.2f} | {sum(bool(each.faults) for each in own)} |"
        )
    return head + "\n".join(rows) + "\n"


def kill_rounds(home: Path, seed: int, count: int, points: int, end: float) -> Iterator[Killed]:
    """So many rounds of kills, sweeps and transients in turns."""
    wholes = [undisturbed(home, kind, points, end) for kind in ("sweep", "transient")]
    for whole in wholes:
        print(f"undisturbed {whole.kind}: {whole.seconds:.1f} s, {whole.pieces} pieces of work", flush=True)
    for index in range(count):
        yield kill_round(home, wholes[index % 2], index, random.Random(f"{seed}-kill-{index}"))


def main(arguments: list[str] | None = None) -> int:
    """Run them; returns 1 if there was a failure."""
    options = _options(arguments)
    seed = secrets.randbelow(2**32) if options.seed == "random" else int(options.seed)
    print(f"seed {seed}", flush=True)
    killed: list[Killed] = []
    interrupted: list[Interrupt] = []
    with tempfile.TemporaryDirectory(prefix="faults-") as name:
        home = Path(name)
        for one in kill_rounds(home, seed, options.count, options.points, options.end) if options.count else ():
            killed.append(one)
            _tell(f"{len(killed)} {one.kind} ({one.engine}), killed at {one.moments}, {one.when}", one.faults)
        targets = prepare(home) if options.interrupts else []
        for index in range(options.interrupts):
            draw = random.Random(f"{seed}-interrupt-{index}")
            other = interrupt_round(home, targets[index % len(targets)], index, draw, options.longest)
            interrupted.append(other)
            _tell(f"{index + 1} {other.name} after {other.moment:.2f} s: {other.seconds:.2f} s", other.faults)
    tables = [kills_table(killed)] * bool(killed) + [interrupts_table(interrupted)] * bool(interrupted)
    print("\n".join([f"\nSeed {seed}:\n", *tables]))
    return int(any(one.faults for one in killed) or any(other.faults for other in interrupted))


def _tell(what: str, faults: tuple[str, ...]) -> None:
    print(f"{'FAILED' if faults else 'passed'} {what}", *faults, sep="\n    ", flush=True)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=KILLS, help=f"runs that are killed [{KILLS}]")
    parser.add_argument("--interrupts", type=int, default=INTERRUPTS, help=f"commands interrupted [{INTERRUPTS}]")
    parser.add_argument("--seed", default="12", help="a whole number, or 'random' [12]")
    parser.add_argument("--points", type=int, default=320, help="of the sweep, 16 in a chunk [320]")
    parser.add_argument("--end", type=float, default=4.0, help="of the transient [us] [4]")
    parser.add_argument("--longest", type=float, default=LONGEST, help=f"for an interrupt [s] [{LONGEST}]")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
