"""One run at a time in a folder: whoever writes results into it holds it until the end of the run, or of the process.

The system lets go of a folder when its process is gone, however it ended, so nothing is left that would block the next run.
Where the system knows no such locks, as on some network drives and on Windows, runs are not kept apart.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from electrodiff.errors import CaseError
from electrodiff.interrupts import on_leaving
from electrodiff.whole import drop_partial

# Where there is none, `fcntl` is None for the type checker too.
try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


@contextmanager
def claimed(folder: Path, option: str = "--out") -> Iterator[None]:
    """Hold a folder, which is made if need be, for a run; if the run leaves it empty, it is removed again.

    What processes that were killed left half written there is removed.  Raises CaseError if another run holds it, and
    OSError if it cannot be made.
    """
    made = [path for path in (folder, *folder.parents) if not path.exists()]
    lock = _held(folder, option)

    def let_go() -> None:
        drop_partial(folder)
        for path in made:
            with suppress(OSError):  # there are results in it
                path.rmdir()

    try:
        drop_partial(folder)
        with on_leaving(let_go):
            yield
    finally:
        let_go()
        if lock is not None:
            os.close(lock)


def _held(folder: Path, option: str) -> int | None:
    """The folder, open and locked; None where that cannot be done."""
    while True:
        folder.mkdir(parents=True, exist_ok=True)
        if fcntl is None:
            return None
        lock = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            raise CaseError(
                f"{option} {folder}: another run is writing its results there; wait for its end, or choose another folder"
            ) from None
        except OSError:
            os.close(lock)
            return None
        # The run before may have removed the folder, and another may have made one, since it was opened.
        with suppress(OSError):
            if os.path.samestat(os.fstat(lock), folder.stat()):
                return lock
        os.close(lock)
