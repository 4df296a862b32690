"""Files that appear whole or not at all: they are written beside their place, and moved there."""

from __future__ import annotations

import errno
import io
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from electrodiff.interrupts import on_leaving, undivided

# What a process that was killed leaves of a file or of several; the number is that of the process.
_PARTIAL = ".*.partial*"


@contextmanager
def written_whole(path: Path, ending: str = "") -> Iterator[Path]:
    """A path to write to, which takes the place of a file if the block ends without an error.

    ending: of its name, for writers that go by it.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial{ending}")
    with on_leaving(lambda: partial.unlink(missing_ok=True)):
        try:
            yield partial
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)


def write_whole(path: Path, data: bytes) -> None:
    """Write a file, which appears when it is on the disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(path) as partial, partial.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def npz(arrays: dict[str, Any]) -> bytes:
    """Arrays as a file of numpy; in memory, as what numpy says of a full disk is not what is the matter."""
    import numpy as np

    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    # Not a view, which an error would hold on to: Python 3.13 tells of what it then cannot free.
    return buffer.getvalue()


@contextmanager
def staged(folder: Path) -> Iterator[Path]:
    """A folder to write files into, all of which are moved into another if the block ends without an error.

    So what was there before stays as it was if one of them cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    stage = folder / f".{os.getpid()}.partial"
    with on_leaving(lambda: shutil.rmtree(stage, ignore_errors=True)):
        stage.mkdir(exist_ok=True)
        try:
            yield stage
            moves = [(file, folder / file.name) for file in sorted(stage.iterdir())]
            for _, target in moves:
                if target.is_dir():
                    raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(target))
            with undivided():
                for file, target in moves:
                    file.replace(target)
        finally:
            shutil.rmtree(stage, ignore_errors=True)


def drop_partial(folder: Path) -> None:
    """Remove from a folder what processes that were killed left half written."""
    for path in folder.glob(_PARTIAL):
        with suppress(OSError):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
