"""How far a run has come, on stderr: a bar on a terminal, else a line now and then."""

from __future__ import annotations

import math
from bisect import bisect_left
from time import perf_counter
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from electrodiff.cli_checks import note
from electrodiff.study import TransientStudy

if TYPE_CHECKING:
    from electrodiff.solvers.transient import Run

# Seconds between two pictures of the bar, which an eye sees as movement; and between two lines of a log.
BAR, LINE = 0.1, 10.0

# Doublings of the time for which steps that have stopped growing are taken to stay as they are: a decade, as a layer that
# is being charged or filled keeps them short for about that long.
LASTING = 3.3


def fraction(run: Run) -> float:
    """How much of a run is done: every segment counts alike, and in it time does on a logarithmic scale.

    The scale of a segment begins at its first step, as the steps after a jump are as short as those at the start.
    """
    if not run.steps:
        return 0.0
    start, end, later = _segment(run)
    size = run.steps[min(_steps_until(run, start), len(run.steps) - 1)][1]
    passed, span = (max(time - start, size) / size for time in (run.steps[-1][0], end))
    within = math.log(passed) / math.log(span) if span > 1 else 1.0
    return (run.segment + min(within, 1.0)) / (run.segment + 1 + later)


def steps_left(run: Run) -> float:
    """An estimate of the steps to the end, from those of the last two doublings of the time in this segment.

    A doubling takes q times the steps of the one before: q is 1 where steps grow with time, 2 where they do not grow.  That
    lasts to the end under a sine, and else for some doublings, after which steps grow again.  Later segments count as this
    one does.
    """
    start, end, later = _segment(run)
    passed = run.steps[-1][0] - start
    counts = [_steps_until(run, start + part * passed) for part in (0.0, 0.25, 0.5)]
    total = len(run.steps)
    before, last = max(counts[2] - counts[1], 1), max(total - counts[2], 1)
    q = min(max(last / before, 1.0), 2.0)
    doublings = math.log2(max(end - start, passed) / passed)
    lasting = doublings if _swings(run, start) else min(doublings, LASTING)
    growth = lasting if q - 1 < 1e-6 else q * (q**lasting - 1) / (q - 1)
    growth += q**lasting * (doublings - lasting)
    return float(last * growth + later * (total - counts[0] + last * growth))


def _segment(run: Run) -> tuple[float, float, int]:
    """Start and end of the segment of a run [s], and how many come after it."""
    study = run.case.study
    assert isinstance(study, TransientStudy), "a run is one of a transient"
    corners = study.corner_times()
    return corners[run.segment], corners[run.segment + 1], len(corners) - 2 - run.segment


def _swings(run: Run, time: float) -> bool:
    """Whether a sine is at work just after a time [s], which keeps the steps short for as long as it lasts."""
    study = run.case.study
    assert isinstance(study, TransientStudy), "a run is one of a transient"
    return any(change.sine and change.start <= time < change.stop for change in study.protocol)


def _steps_until(run: Run, time: float) -> int:
    """How many steps end at a time or before it, but for round-off."""
    return bisect_left(run.steps, time * (1 + 1e-12), key=lambda step: step[0])


class _Progress:
    """A bar on a terminal, else lines; a context, so that the bar is gone when the run is over."""

    def __init__(self, quiet: bool, console: Console | None = None) -> None:
        """quiet: show nothing; console: where to, by default stderr."""
        console = console or Console(stderr=True)
        self._quiet = quiet
        self._bar = _bar(console) if console.is_terminal and not quiet else None
        self._task = self._bar.add_task("", total=1.0) if self._bar else None
        self._start, self._shown = perf_counter(), perf_counter()

    def __enter__(self) -> Self:
        if self._bar:
            self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._bar:
            self._bar.stop()

    def _is_due(self, now: float) -> bool:
        """Whether the last picture is long enough ago."""
        return not self._quiet and now - self._shown >= (BAR if self._bar else LINE)

    def _draw(self, now: float, done: float, text: str) -> None:
        self._shown = now
        if self._bar and self._task is not None:
            self._bar.update(self._task, completed=done, description=text, refresh=True)
        else:
            note(f"{100 * done:.0f} %: {text}")


class CountProgress(_Progress):
    """Shows how many of a number of solves are done."""

    def __init__(self, what: str, quiet: bool, console: Console | None = None) -> None:
        """what: they are at, such as "potentials"."""
        super().__init__(quiet, console)
        self._what = what

    def show(self, done: int, total: int) -> None:
        """Show how many are done, if the last time is long enough ago."""
        now = perf_counter()
        if self._is_due(now):
            from electrodiff.time_tables import time_text

            left = math.ceil((now - self._start) / done * (total - done))
            self._draw(now, done / total, f"{done} of {total} {self._what}, {time_text(float(left), 2)} left")


class SweepProgress(_Progress):
    """Shows how many points of a sweep are done, how quickly, and how many failed."""

    def __init__(self, quiet: bool, before: int = 0, console: Console | None = None) -> None:
        """quiet: show nothing; before: points that were done in a run before this one; console: by default stderr."""
        super().__init__(quiet, console)
        self._before = before

    def show(self, done: int, total: int, failed: int) -> None:
        """Show how far it is, if the last time is long enough ago."""
        now = perf_counter()
        if self._is_due(now):
            from electrodiff.time_tables import time_text

            rate = (done - self._before) / (now - self._start)
            left = time_text(float(math.ceil((total - done) / rate)), 2)
            losses = f", {failed:,} failed" if failed else ""
            self._draw(now, done / total, f"{done:,} of {total:,} points, {_rate(rate)}{losses}, {left} left")


def _rate(rate: float) -> str:
    return f"{rate:,.0f} points/s" if rate >= 10 else f"{rate:.2g} points/s"


class TimeProgress(_Progress):
    """Shows a run in time."""

    def __init__(self, quiet: bool, console: Console | None = None) -> None:
        """quiet: show nothing; console: where to, by default stderr."""
        super().__init__(quiet, console)
        self._run: Run | None = None
        self._first = 0

    def show(self, run: Run, what: str = "") -> None:
        """Show how far a run is, and what it is for, if the last time is long enough ago."""
        now = perf_counter()
        if self._run is not run:
            self._run = run
            # Of a run that goes on from a checkpoint, what was done before says nothing about the speed.
            self._first, self._start = len(run.steps), now
        if self._is_due(now):
            self._draw(now, fraction(run), self._text(run, what, now))

    def _text(self, run: Run, what: str, now: float) -> str:
        from electrodiff.time_tables import time_text

        time, size, _ = run.steps[-1]
        # A terminal of 80 characters has room for the end, a word before it, or a bar: two of the three.
        end = "" if what else f" of {time_text(run.case.study.end)}"  # type: ignore[union-attr]
        text = f"{what}{time_text(time)}{end}, step {time_text(size, 2)}"
        taken = len(run.steps) - self._first
        if taken > 0:
            left = (now - self._start) / taken * steps_left(run)
            text += f", {time_text(float(math.ceil(left)), 2)} left"
        return text


def _bar(console: Console) -> Progress:
    columns = (BarColumn(bar_width=30), TextColumn("{task.percentage:3.0f} %"), TextColumn("{task.description}"))
    return Progress(*columns, console=console, transient=True, auto_refresh=False)
