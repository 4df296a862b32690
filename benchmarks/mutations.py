"""Twenty thousand wrong case files, each refused as promised:  python benchmarks/mutations.py --count 20000 --seed 2024

Each is a shipped case with one to three mutations, from (seed, index) alone, given to the command `run` in process.  What is
still a case is only looked at by `check`, not solved, and counted apart; everything else must be refused within two seconds
of processor time by exit code 2 and one message that `mutation_check` is content with, without a warning, a traceback, or
anything written.  A sample goes through processes of its own.  Exits with 1 if there was a failure.
"""

from __future__ import annotations

import argparse
import contextlib
import multiprocessing
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
import traceback
import warnings
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

from typer.testing import CliRunner

from electrodiff import cli
from electrodiff.errors import CaseError
from electrodiff.keys import set_key
from electrodiff.model import Case
from mutation_check import faults_of_refusal
from mutation_draw import KINDS, Mutant, draw, written

SEED, COUNT = 2024, 20_000
# Nobody waits longer to be told of a slip [s of processor time, which does not depend on what else runs].
LONGEST = 2.0
# What takes longer than this is stopped [s].
MOST_PATIENT = 20.0
# One in so many goes through a process of its own.
SAMPLE = 200
FILE = "mutant.toml"
RUN = ("run", FILE, "--no-plots", "--out", "out")


@dataclass(frozen=True)
class Outcome:
    """What became of one."""

    mutant: Mutant
    is_valid: bool
    message: str
    seconds: float
    faults: tuple[str, ...]


# ---- running ------------------------------------------------------------------------------------------------------


def run_mutant(seed: int, index: int) -> Outcome:
    """Draw one and give it to the program."""
    return judged(draw(seed, index))


def judged(mutant: Mutant) -> Outcome:
    """What the program makes of a mutant, and what is wrong with that."""
    with _folder(mutant) as folder, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found: list[Case] = []
        start = time.process_time()
        with patch.object(cli, "run_study", lambda case, _: found.append(case)):
            exit_code, stdout, stderr, error = _called(*RUN, *mutant.options)
        if found:
            exit_code, stdout, stderr, error = _called("check", FILE, "--json", *mutant.options)
        seconds = time.process_time() - start
        faults = faults_of_refusal(FILE, _changed(mutant), exit_code, stdout, stderr) if exit_code or not found else []
        faults += [error] if error else []
        faults += [f"{seconds:.1f} s"] if seconds > LONGEST else []
        faults += sorted({f"warning: {each.category.__name__}: {each.message}" for each in caught})
        faults += _left_behind(folder)
    return Outcome(mutant, bool(found), stderr[:3000], seconds, tuple(faults))


def _changed(mutant: Mutant) -> bytes:
    """The file; with an override it is not the one that is complained of, of which only the place is known."""
    return mutant.data if not mutant.options else _with_override(mutant)


def _with_override(mutant: Mutant) -> bytes:
    tree = tomllib.loads(mutant.data.decode())
    key, _, value = mutant.options[1].partition("=")
    with contextlib.suppress(CaseError):
        set_key(tree, key.strip(), _value(value.strip()))
    return written(tree).encode()


def _value(text: str) -> Any:
    """What `--set` makes of a text: a value as it would stand in a file, or else a word."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (ValueError, KeyError, RecursionError):
        return text


def _called(*arguments: str) -> tuple[int, str, str, str]:
    """Exit code, stdout and stderr of a command in this process; and the exception that it should not have raised."""
    runner = CliRunner(env={"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"})
    try:
        with _time_limit(MOST_PATIENT):
            result = runner.invoke(cli.app, list(arguments))
    except _TooLongError:
        return 1, "", "", f"stopped after {MOST_PATIENT:.0f} s"
    error = result.exception
    if error is None or isinstance(error, SystemExit):
        return result.exit_code, result.stdout, result.stderr, ""
    frames = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
    return (
        result.exit_code,
        result.stdout,
        result.stderr,
        f"{type(error).__name__}: {str(error)[:100]} ({' > '.join(frames[-3:])})",
    )


class _TooLongError(BaseException):
    """Passes through every `except Exception`."""


@contextlib.contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    """Stop what takes more processor time than this, where the system has a timer."""

    def stop(*_: object) -> None:
        raise _TooLongError

    if not hasattr(signal, "SIGPROF"):
        yield
        return
    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


@contextlib.contextmanager
def _folder(mutant: Mutant) -> Iterator[Path]:
    """A working folder with nothing but the file."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory(prefix="mutation-") as name:
        folder = Path(name)
        (folder / FILE).write_bytes(mutant.data)
        os.chdir(folder)
        try:
            yield folder
        finally:
            os.chdir(before)


def _left_behind(folder: Path) -> list[str]:
    there = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.name != FILE)
    return [f"left behind: {', '.join(there)[:200]}"] if there else []


def judged_in_process(mutant: Mutant) -> Outcome:
    """The same of a mutant that is refused, through a process of its own."""
    with _folder(mutant) as folder:
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "electrodiff", *RUN, *mutant.options], capture_output=True, check=False, timeout=120
        )
        seconds = time.perf_counter() - start
        stdout, stderr = (text.decode("utf-8", "replace") for text in (done.stdout, done.stderr))
        faults = faults_of_refusal(FILE, _changed(mutant), done.returncode, stdout, stderr) + _left_behind(folder)
    return Outcome(mutant, False, stderr[:3000], seconds, tuple(f"in a process: {fault}" for fault in faults))


def _can_be_argument(mutant: Mutant) -> bool:
    return not any("\x00" in option for option in mutant.options)


def run_chunk(seed: int, index: int) -> list[Outcome]:
    """The outcome of one mutant, and now and then that of its process."""
    outcomes = [run_mutant(seed, index)]
    mutant = outcomes[0].mutant
    if index % SAMPLE == 0 and not outcomes[0].is_valid and _can_be_argument(mutant):
        outcomes.append(judged_in_process(mutant))
    # The files, of which some have ten megabytes, follow from their indices.
    return [replace(outcome, mutant=replace(mutant, data=b"")) for outcome in outcomes]


def run_all(seed: int, count: int, workers: int) -> Iterator[list[Outcome]]:
    """The outcomes of mutants 0 to `count` - 1, in order."""
    if workers == 1:
        yield from map(partial(run_chunk, seed), range(count))
        return
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(partial(run_chunk, seed), range(count), chunksize=20)


# ---- telling ------------------------------------------------------------------------------------------------------


def summary(seed: int, outcomes: list[Outcome], sample: list[Outcome]) -> str:
    """A table of what became of them, for Markdown."""
    rows = []
    for kind in KINDS:
        own = [outcome for outcome in outcomes if outcome.mutant.kinds[0] == kind]
        valid, failed = sum(each.is_valid for each in own), sum(bool(each.faults) for each in own)
        slowest = max((each.seconds for each in own), default=0.0)
        rows.append(
            f"| {kind.replace('_', ' ')} | {len(own)} | {len(own) - valid} | {valid} | {failed} | {slowest:.2f} |"
        )
    valid, failed = sum(each.is_valid for each in outcomes), sum(bool(each.faults) for each in outcomes)
    slowest = max((each.seconds for each in outcomes), default=0.0)
    rows.append(f"| all | {len(outcomes)} | {len(outcomes) - valid} | {valid} | {failed} | {slowest:.2f} |")
    broken = sum(bool(each.faults) for each in sample)
    head = "| first mutation | files | refused | still a case | failures | longest [s] |\n|---|---|---|---|---|---|\n"
    return (
        f"Seed {seed}:\n\n{head}"
        + "\n".join(rows)
        + f"\n\n{len(sample)} of the refused through processes of their own: {broken} failures.\n"
    )


def main(arguments: list[str] | None = None) -> int:
    """Run them; returns 1 if there was a failure."""
    options = _options(arguments)
    seed = secrets.randbelow(2**32) if options.seed == "random" else int(options.seed)
    if options.only is not None:
        return _tell(run_mutant(seed, options.only), options.write)
    outcomes: list[Outcome] = []
    sample: list[Outcome] = []
    kinds: Counter[str] = Counter()
    start = time.perf_counter()
    for first, *others in run_all(seed, options.count, options.workers):
        outcomes.append(first)
        sample += others
        for each in (first, *others):
            for fault in each.faults[:1]:
                kinds[fault[:60]] += 1
                if kinds[fault[:60]] <= 3:
                    print(
                        f"FAILED {each.mutant.index} ({', '.join(each.mutant.kinds)}): {fault}\n    {each.message[:300]!r}",
                        flush=True,
                    )
        if len(outcomes) % 500 == 0:
            print(f"{len(outcomes)} files, {time.perf_counter() - start:.0f} s", file=sys.stderr, flush=True)
    for fault, number in kinds.most_common(40):
        print(f"{number:6d}  {fault}")
    print(summary(seed, outcomes, sample))
    return int(any(each.faults for each in (*outcomes, *sample)))


def _tell(outcome: Outcome, write: Path | None) -> int:
    """Say everything about one, and write its file."""
    mutant = outcome.mutant
    if write is not None:
        write.write_bytes(mutant.data)
    print(f"{mutant.case}, {', '.join(mutant.kinds)}, {len(mutant.data)} bytes, options {mutant.options!r:.300}")
    print("still a case" if outcome.is_valid else "refused", f"after {outcome.seconds:.2f} s: {outcome.message!r}")
    print("\n".join(outcome.faults) or "no failure")
    return int(bool(outcome.faults))


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=COUNT, help=f"number of files [{COUNT}]")
    parser.add_argument("--seed", default=str(SEED), help=f"a whole number, or 'random' [{SEED}]")
    parser.add_argument("--workers", type=int, default=2, help="number of processes [2]")
    parser.add_argument("--only", type=int, help="run this one alone")
    parser.add_argument("--write", type=Path, help="with --only: where to write its file")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
