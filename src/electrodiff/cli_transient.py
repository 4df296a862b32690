"""What `run` does with a case in time: progress, checkpoints, and a run that is stopped or goes on."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from electrodiff.checkpoint import NAME, Checkpoints, load_checkpoint, save_checkpoint
from electrodiff.cli_checks import INTERRUPTED, NOT_CONVERGED, note, writing
from electrodiff.cli_progress import TimeProgress
from electrodiff.errors import CaseError
from electrodiff.interrupts import telling
from electrodiff.profiles import Profiles
from electrodiff.solvers.schedule import segments
from electrodiff.solvers.transient import Run, solve_transient, transient_of
from electrodiff.store import load_solution
from electrodiff.study import STARTS, TransientStudy
from electrodiff.transient import Transient

if TYPE_CHECKING:
    from electrodiff.model import Case


def _is_estimated(case: Case) -> bool:
    return isinstance(case.study, TransientStudy) and case.study.error_estimates


class _StopError(Exception):
    """Leaves the integrator between two steps."""


def run_transient(case: Case, folder: Path, resume: bool, quiet: bool) -> tuple[Transient, int]:
    """Solve a case in time, with checkpoints in the folder of its results; the exit code if it did not reach its end.

    resume: go on from the checkpoint there, if there is one.
    """
    run = _resumed(case, folder, quiet) if resume else None
    start = _stored_start(case) if run is None or _is_estimated(case) else None
    with TimeProgress(quiet) as progress:
        watcher = _Watcher(folder, progress, run)
        try:
            with telling(watcher.told), watcher.interrupts():
                result = solve_transient(
                    case, start=start, resume=run, watch=watcher, watch_errors=watcher.estimating, throw=False
                )
        except _StopError:
            return watcher.stopped(), INTERRUPTED
    return result, 0 if result.converged else NOT_CONVERGED


def _resumed(case: Case, folder: Path, quiet: bool) -> Run | None:
    path = folder / NAME
    if path.exists():
        return load_checkpoint(path, case)
    if not quiet:
        note(f"{folder} holds no checkpoint; starting from the beginning")
    return None


def _stored_start(case: Case) -> Profiles | None:
    """The profiles that `study.start` names: a steady solution, or the last of a transient."""
    study = case.study
    if not isinstance(study, TransientStudy) or study.start in STARTS:
        return None
    result = load_solution(study.start)
    if isinstance(result, Transient):
        return result.frames[-1]
    if isinstance(result, Profiles):
        return result
    raise CaseError(f"study.start is '{study.start}', which is of another study; give a steady or a transient result")


class _Watcher:
    """Called after every step."""

    def __init__(self, folder: Path, progress: TimeProgress, resumed: Run | None) -> None:
        """resumed: the run that goes on, if there is one."""
        self.run: Run | None = None
        self._resumed = resumed
        self._is_over = self._is_kept = False
        self._has_kept = resumed is not None
        self._companion: Run | None = None
        self._march = 0
        self._folder, self._progress = folder, progress
        self._checkpoints = Checkpoints(folder / NAME)
        self._is_to_stop = False
        self._at_once: Callable[[int, FrameType | None], Any] = signal.default_int_handler

    def __call__(self, run: Run) -> None:
        self.run = run
        if self._is_to_stop:
            raise _StopError
        with writing(self._folder):
            self._has_kept = self._checkpoints.keep(run) or self._has_kept
        self._progress.show(run)

    def estimating(self, companion: Run) -> None:
        """Called after every step of the marches that estimate the errors of the run, which is over."""
        # A run that was over when it was stopped takes no step of its own.
        self.run = self.run or self._resumed
        assert self.run is not None, "companions follow a run"
        self._is_over = True
        if self._is_to_stop:
            raise _StopError
        if not self._is_kept:
            with writing(self._folder):
                self._is_kept = self._checkpoints.keep(self.run)
                self._has_kept = self._has_kept or self._is_kept
        if companion is not self._companion:
            self._companion, self._march = companion, self._march + 1
        self._progress.show(companion, f"estimating errors, march {self._march}: ")

    @contextmanager
    def interrupts(self) -> Iterator[None]:
        """Let Ctrl-C stop the run between two steps, where it is whole; before the first one, and twice, at once.

        In a process that is `interrupts.watch`ed it has a moment for that, as between two steps there may be a compiler.
        """
        if threading.current_thread() is not threading.main_thread():
            yield  # only the main thread may handle signals
            return
        before = signal.getsignal(signal.SIGINT)
        self._at_once = before if callable(before) else signal.default_int_handler
        signal.signal(signal.SIGINT, self._interrupted)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    def _interrupted(self, number: int, frame: FrameType | None) -> None:
        if self.run is None or self._is_to_stop:
            self._at_once(number, frame)
        self._is_to_stop = True

    def told(self) -> str:
        """What is told of an interrupt that leaves no time to write what there is."""
        kept = f"interrupted: the run is kept in {self._folder / NAME}; go on with --resume"
        return kept if self._has_kept else ""

    def stopped(self) -> Transient:
        """What there is of the run, whose checkpoint is written."""
        run = self.run
        assert run is not None, "a run is stopped after a step"
        with writing(self._folder):
            save_checkpoint(run, self._folder / NAME)
        self._has_kept = True
        if self._is_over:
            whole = transient_of(run, segments(run.case), "")
            remedy = f"it is whole, in {self._folder}, but for its error estimates; --resume makes them"
            return replace(whole, message=f"{whole.message}; {remedy}")
        outputs = len(run.case.study.output_times()) if isinstance(run.case.study, TransientStudy) else 0
        message = (
            f"at {run.steps[-1][0]:.6g} s after {len(run.steps)} steps, with {len(run.time)} of {outputs} outputs stored in "
            f"{self._folder}; go on with --resume"
        )
        return transient_of(run, segments(run.case), message)
