"""What `run` does with a case: solve its study, write the results, and report them.

Heavy modules are imported inside the functions, so that `--help` is quick.
"""

from __future__ import annotations

import importlib
import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console

from electrodiff.cli_checks import INTERRUPTED, MISSED, NOT_CONVERGED, held, note, writing
from electrodiff.errors import CaseError
from electrodiff.whole import staged

if TYPE_CHECKING:
    from electrodiff.model import Case
    from electrodiff.solution import Solution

# By the kind of a study: the modules with its `summary`, `expectations` and `write_csv`, and with its `summary_tables`.
_MODULES = {
    "steady": ("summary", "terminal"),
    "transient": ("time_summary", "time_tables"),
    "impedance": ("frequency_summary", "frequency_tables"),
    "iv": ("voltage_summary", "voltage_tables"),
    "sweep": ("sweep_summary", "sweep_terminal"),
}
# Studies that leave what they have done in the folder of their results until they are over, to go on from.
_RESUMABLE = ("transient", "sweep")


@dataclass(frozen=True)
class Order:
    """What the options of `run` ask for."""

    folder: Path
    """Of the results."""
    formats: list[str]
    """Of the figures; empty for none."""
    as_json: bool
    as_csv: bool
    resume: bool
    quiet: bool
    style: str
    """Of the figures."""
    engine: str = "local"
    """Who solves the points of a sweep."""
    threads: int | None = None
    scheduler: str | None = None


def run_study(case: Case, order: Order) -> None:
    """Solve the study of a case, write its results and report them.

    Raises ConvergenceError if there is no result, and typer.Exit with its code if it is not whole - what was computed is
    written nevertheless - or misses an expectation.
    """
    _check_options(case.study.kind, order)
    with held(order.folder):
        _run_held(case, order)


def _run_held(case: Case, order: Order) -> None:
    kind = case.study.kind
    if not order.quiet:
        note_compilation(case)
    start = time.perf_counter()
    result, code = solve_ordered(case, order)
    wall_s = time.perf_counter() - start
    note_kind(len(case.ions), kind)
    # Of a sweep, points that failed are a part of the result.
    is_told = not code or kind == "sweep"
    files = _write(result, wall_s, order if is_told else replace(order, formats=[]))
    is_missed = is_told and _report(result, wall_s, files, order)
    if code != INTERRUPTED:
        _drop_leftovers(kind, order.folder)
    if code:
        note(f"{'interrupted' if code == INTERRUPTED else 'error'}: {result.message}")
    if code or is_missed:
        raise typer.Exit(code or MISSED)


def _check_options(kind: str, order: Order) -> None:
    """Options that a study has no use for are refused."""
    if order.resume and kind not in _RESUMABLE:
        raise CaseError(
            f"--resume: study.kind is '{kind}', and only a transient or a sweep leaves something to go on from; leave it out"
        )
    given = {"--engine": order.engine != "local", "--threads": order.threads, "--scheduler": order.scheduler}
    for option, value in given.items():
        if value and kind != "sweep":
            raise CaseError(
                f"{option}: study.kind is '{kind}', and only the points of a sweep are shared out; leave it out"
            )


def _drop_leftovers(kind: str, folder: Path) -> None:
    """Remove what a run that is over would have gone on from."""
    if kind == "transient":
        from electrodiff.checkpoint import drop_checkpoint

        drop_checkpoint(folder)
    elif kind == "sweep":
        from electrodiff.sweeping import drop_chunks

        drop_chunks(folder)


def note_compilation(case: Case) -> None:
    """Say that the kernels have to be compiled first."""
    from electrodiff.fvm.kernels.compiler import is_compiled

    ions = len(case.ions)
    if not is_compiled(ions):
        note(f"compiling the kernels for {ions} ions (once on this machine, about 30 s) ...")
    if case.study.kind != "steady" and not _marker(ions, case.study.kind).exists():
        note(f"compiling the kernels of {case.study.kind} studies for {ions} ions (once on this machine) ...")


def note_kind(ions: int, kind: str) -> None:
    """Leave word on disk that the kernels of a kind of study have been compiled for this number of ions."""
    with suppress(OSError):  # nowhere to keep kernels: they are compiled, and this is said, every time
        _marker(ions, kind).touch()


def _marker(ions: int, kind: str) -> Path:
    """A file beside the compiled kernels that says that there are those of this kind of study."""
    from electrodiff.fvm.kernels.compiler import cache_directory

    return cache_directory() / f"compiled-for-{ions}-ions-{kind}"


def figures(result: Any, folder: Path, formats: list[str], style: str) -> list[Path]:
    """Draw the figures of a result; returns their paths."""
    if not formats:
        return []
    from electrodiff.plot import save_figures

    return save_figures(result, folder, formats, style)


def solve_noted(case: Case, quiet: bool) -> Solution:
    """The steady state of a case."""
    from electrodiff.solvers.steady import solve

    if not quiet:
        note_compilation(case)
    return solve(case)


def _steady(case: Case, _: Order) -> tuple[Any, int]:
    from electrodiff.solvers.steady import solve

    return solve(case), 0


def _transient(case: Case, order: Order) -> tuple[Any, int]:
    from electrodiff.cli_transient import run_transient

    return run_transient(case, order.folder, order.resume, order.quiet)


def _impedance(case: Case, _: Order) -> tuple[Any, int]:
    from electrodiff.solvers.impedance import solve_impedance

    return solve_impedance(case), 0


def _iv(case: Case, order: Order) -> tuple[Any, int]:
    from electrodiff.cli_progress import CountProgress
    from electrodiff.solvers.iv import solve_iv

    with CountProgress("potentials", order.quiet) as progress:
        result = solve_iv(case, watch=progress.show, throw=False)
    return result, 0 if result.converged else NOT_CONVERGED


def _sweep(case: Case, order: Order) -> tuple[Any, int]:
    from electrodiff.engines import engine_of
    from electrodiff.sweeping import solve_kept

    engine = engine_of(order.engine, order.threads, order.scheduler)
    result = solve_kept(case, engine, order.folder, order.resume, order.quiet)
    return result, 0 if result.converged else NOT_CONVERGED


_SOLVERS: dict[str, Callable[[Case, Order], tuple[Any, int]]] = {
    "steady": _steady,
    "transient": _transient,
    "impedance": _impedance,
    "iv": _iv,
    "sweep": _sweep,
}
"""By the kind of a study: what gives its result, and the exit code if that is not whole."""


def solve_ordered(case: Case, order: Order) -> tuple[Any, int]:
    """The result of a case, with progress as it is ordered, and the exit code if it is not whole; nothing is written."""
    return _SOLVERS[case.study.kind](case, order)


def _modules(result: Any) -> tuple[ModuleType, ModuleType]:
    summary, tables = (importlib.import_module(f"electrodiff.{name}") for name in _MODULES[result.case.study.kind])
    return summary, tables


def _write(result: Any, wall_s: float, order: Order) -> list[Path]:
    from electrodiff.store import save_solution
    from electrodiff.summary import to_json

    summary, _ = _modules(result)
    folder = order.folder
    with writing(folder):
        with staged(folder) as stage:
            files = [save_solution(result, stage / "solution.nc"), stage / "summary.json"]
            files[-1].write_text(to_json(summary.summary(result, wall_s)) + "\n", encoding="utf-8")
            if order.as_csv:
                files.append(summary.write_csv(result, stage / summary.CSV_NAME))
            files += figures(result, stage, order.formats, order.style)
        return [folder / file.name for file in files]


def _report(result: Any, wall_s: float, files: list[Path], order: Order) -> bool:
    """Tell of a result; whether it misses an expectation."""
    from electrodiff.summary import to_json

    summary, tables = _modules(result)
    missed = [entry for entry in summary.expectations(result) if not entry.passed]
    if order.as_json:
        print(to_json(summary.summary(result, wall_s)))
    elif not order.quiet:
        console = Console(highlight=False, soft_wrap=not sys.stdout.isatty())
        console.print(tables.summary_tables(result))
        console.print(f"wrote {', '.join(file.name for file in files)} to {files[0].parent}{os.sep}", markup=False)
    if missed:
        from electrodiff.terminal import shown

        for entry in missed:
            computed, expected = shown(entry.quantity, entry.computed), shown(entry.quantity, entry.expected)
            note(f"expectation missed: {entry.quantity} is {computed}, expected {expected}")
    return bool(missed)
