"""Ctrl-C in a process of its own: wherever it is, it stops within a second, with exit code 130 and one line.

An exception would not do everywhere: raised amidst an import, the compiler or what a library does as it cleans up, it becomes
another one, is printed, or is lost, and compiled code does not see it at all.  So the process does what is to be done before
it is left, says one line, and is gone.  Where there is more to do, as in a run in time, a handler of its own has a moment
for it.  Only `watch`, which the command line calls, changes what Ctrl-C does; until then it is Python's own exception.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

INTERRUPTED = 130
"""The exit code."""

# Seconds in which a run may stop by itself, and that what is to be done before leaving may take: together below one second.
PATIENCE, LAST = 0.7, 0.15

_duties: list[Callable[[], object]] = []
_tellers: list[Callable[[], str]] = []
_moments: list[None] = []
_postponed: list[None] = []
_leaving = threading.Lock()


@contextmanager
def on_leaving(duty: Callable[[], object]) -> Iterator[None]:
    """What is to be done if the process is left amidst a block, such as removing what is half written."""
    _duties.append(duty)
    try:
        yield
    finally:
        _duties.remove(duty)


@contextmanager
def telling(words: Callable[[], str]) -> Iterator[None]:
    """What is told of an interrupt of a block: the line of the innermost one that has any."""
    _tellers.append(words)
    try:
        yield
    except KeyboardInterrupt as error:
        if not error.args:
            error.args = (words(),)
        raise
    finally:
        _tellers.remove(words)


@contextmanager
def undivided() -> Iterator[None]:
    """A block of milliseconds that an interrupt waits for."""
    _moments.append(None)
    try:
        yield
    finally:
        _moments.pop()
        if _postponed and not _moments:
            leave()


def watch() -> None:
    """Let Ctrl-C end this process from now on.  Where it is ignored, as of what runs in the background, it stays so."""
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        return
    mouth, ear = socket.socketpair()
    mouth.setblocking(False)
    signal.signal(signal.SIGINT, _interrupted)
    # Written to by the system at once, also while the main thread is in compiled code.
    signal.set_wakeup_fd(mouth.detach(), warn_on_full_buffer=False)
    threading.Thread(target=_watchdog, args=(ear,), name="interrupts", daemon=True).start()


def over() -> None:
    """The process is about to end by itself: nothing is to be interrupted any more."""
    if signal.getsignal(signal.SIGINT) is _interrupted:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    _leaving.acquire(blocking=False)


def leave() -> None:
    """Do what is to be done, say one line, and end the process; if another thread does so already, nothing."""
    if not _leaving.acquire(blocking=False):
        return
    for duty in reversed(_duties):
        with suppress(Exception):
            duty()
    with suppress(Exception):
        # Not through Python's stream, which may be amidst a line, and locked.
        os.write(2, f"{told()}\n".encode("utf-8", "backslashreplace"))
    os._exit(INTERRUPTED)


def told() -> str:
    """The line that is told of an interrupt now."""
    for words in reversed(_tellers):
        with suppress(Exception):
            if text := words():
                return text
    return "interrupted"


def wait_if_left() -> None:
    """Keep a thread from telling of errors that only come of another thread's leaving the process."""
    if _leaving.locked() and signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        time.sleep(PATIENCE + LAST)


def _interrupted(*_: object) -> None:
    if _moments:
        _postponed.append(None)
    else:
        leave()


def _watchdog(ear: socket.socket) -> None:
    """Leave the process after an interrupt if it has not ended by itself in time."""
    while signal.SIGINT not in ear.recv(64):
        pass  # another signal
    time.sleep(PATIENCE)
    threading.Thread(target=leave, daemon=True).start()
    time.sleep(LAST)
    os._exit(INTERRUPTED)
