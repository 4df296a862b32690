"""Computing beside the page: one thread that always works on the newest case, so that a slider never waits.

A case that is replaced before its turn is never solved.  The first task, the state itself, is done for every case whose
turn comes; the others, which are dearer, take turns with it while a slider moves, and have their fill when it rests.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from electrodiff.errors import ElectrodiffError
from electrodiff.model import Case

# A slider rests when it has not moved for so long [s]: longer than between two moves of a hand or a held arrow key.
REST = 0.2
# While it moves, a dear task waits this many times as long as it took, so that most of the time is the state's.
PATIENCE = 6.0
# A page that does not answer for so long [s] is shown the next picture all the same: its tab may be hidden.
DEAF = 0.5

Task = Callable[[Case, bool], Any]
"""Computes one thing of a case, quickly or, with True, as well as the case asks for."""


class StoppedError(Exception):
    """A long task was overtaken by a newer case."""


@dataclass(frozen=True)
class Answer:
    """What came of a task."""

    task: str
    serial: int
    """Number of the case that it is of."""
    case: Case
    is_fine: bool
    value: Any
    """None if it failed."""
    failure: str
    """Why it failed, in words; else empty."""
    seconds: float


@dataclass
class _Record:
    """How far a task is: the newest case that it was done for, quickly and well, and what it took."""

    quick: int = 0
    fine: int = 0
    seconds: float = 0.0
    ended: float = 0.0


class Worker:
    """The thread of one page.  `post` is called in it with every answer."""

    def __init__(self, tasks: Mapping[str, Task], post: Callable[[Answer], None]) -> None:
        self._tasks = dict(tasks)
        self._first = next(iter(self._tasks))
        self._post = post
        self._records = {name: _Record() for name in tasks}
        self._changed = threading.Condition()
        self._case: Case | None = None
        self._serial = 0
        self._moved = 0.0
        self._shown = 0.0
        self._is_shown = True
        self._errand: tuple[int, Callable[[Case], Any]] | None = None
        self._is_over = False
        self._thread = threading.Thread(target=self._run, name="explorer", daemon=True)
        self._thread.start()

    def submit(self, case: Case) -> int:
        """Work on this case from now on; return its number."""
        with self._changed:
            self._case, self._serial, self._moved = case, self._serial + 1, time.monotonic()
            self._errand = None
            self._changed.notify()
            return self._serial

    def send(self, errand: Callable[[Case], Any]) -> None:
        """Do something long once, such as a course in time, when the state of the newest case is done.

        It asks `go_on` now and then, which stops it for a newer case.
        """
        with self._changed:
            self._errand = (self._serial, errand)
            self._changed.notify()

    def go_on(self) -> None:
        """Raise StoppedError if a newer case is there, or the page has gone."""
        if self._errand is None or self._is_over:
            raise StoppedError

    def shown(self) -> None:
        """The page has drawn the last state: it may have the next."""
        with self._changed:
            self._is_shown = True
            self._changed.notify()

    def stop(self) -> None:
        """End the thread after what it is at."""
        with self._changed:
            self._is_over = True
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                work = self._next()
                while work is None and not self._is_over:
                    self._changed.wait(self._pause())
                    work = self._next()
                if self._is_over:
                    return
                assert work is not None, "it is over, or there is work"
                assert self._case is not None, "there is no work without a case"
                case, serial = self._case, self._serial
                name, is_fine = work
                errand = self._errand
            if name == "":
                assert errand is not None, "it was chosen"
                self._do_errand(errand[1], case, serial)
            else:
                self._do(name, case, serial, is_fine)

    def _next(self) -> tuple[str, bool] | None:
        """The task to do now, and whether well; a task without a name is the errand."""
        if self._case is None:
            return None
        now, serial = time.monotonic(), self._serial
        state = self._records[self._first]
        if state.quick != serial:
            return (self._first, False) if self._is_shown or now - self._shown > DEAF else None
        rests = now - self._moved > REST
        if rests and state.fine != serial:
            return self._first, True
        if self._errand is not None:
            return "", True
        for name, record in self._records.items():
            if name == self._first:
                continue
            if rests and record.fine != serial:
                return name, True
            if record.quick != serial and record.fine != serial and now - record.ended > PATIENCE * record.seconds:
                return name, False
        return None

    def _pause(self) -> float | None:
        """How long to wait for something new [s]; None if there is nothing else to wait for."""
        done = self._case is None or all(record.fine == self._serial for record in self._records.values())
        return None if done else 0.02

    def _do(self, name: str, case: Case, serial: int, is_fine: bool) -> None:
        start = time.monotonic()
        value, failure = None, ""
        try:
            value = self._tasks[name](case, is_fine)
        except ElectrodiffError as error:
            failure = str(error)
        except Exception as error:  # a page that says so is better than one that stands still
            failure = f"this went wrong in the program itself: {type(error).__name__}: {error}"
        end = time.monotonic()
        with self._changed:
            record = self._records[name]
            record.seconds, record.ended = end - start, end
            record.quick = max(record.quick, serial)
            if is_fine:
                record.fine = serial
            if name == self._first:
                self._is_shown, self._shown = False, end
        self._post(Answer(name, serial, case, is_fine, value, failure, end - start))

    def _do_errand(self, errand: Callable[[Case], Any], case: Case, serial: int) -> None:
        start = time.monotonic()
        value, failure = None, ""
        try:
            value = errand(case)
        except StoppedError:
            return
        except ElectrodiffError as error:
            failure = str(error)
        except Exception as error:
            failure = f"this went wrong in the program itself: {type(error).__name__}: {error}"
        with self._changed:
            if self._serial == serial:
                self._errand = None
        self._post(Answer("errand", serial, case, True, value, failure, time.monotonic() - start))
