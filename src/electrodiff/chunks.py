"""What is done of a sweep, on disk: a file for each chunk that is finished, whole or not there at all."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from electrodiff.sweep_result import PointResults
from electrodiff.whole import npz, write_whole

FOLDER = "chunks"
"""In the folder of the results."""

_ARRAYS = ("values", "errors", "converged", "iterations", "nodes", "route")


class ChunkStore:
    """The finished chunks of one sweep in a folder."""

    def __init__(self, folder: Path, fingerprint: str) -> None:
        """folder: of the results; fingerprint: what tells this sweep from any other."""
        self.folder = folder / FOLDER
        self._fingerprint = fingerprint

    def exists(self) -> bool:
        """Whether there is anything of a sweep that was not finished."""
        return self.folder.is_dir()

    def keep(self, index: int, results: PointResults) -> None:
        """Write a finished chunk; it appears whole, and is on the disk."""
        reasons = sorted(results.reasons.items())
        arrays = {
            "fingerprint": np.array(self._fingerprint),
            "names": np.array(results.names),
            "failed": np.array([place for place, _ in reasons], dtype=np.int64),
            "reasons": np.array([reason for _, reason in reasons], dtype=np.str_),
            **{name: getattr(results, name) for name in _ARRAYS},
        }
        write_whole(self._path(index), npz(arrays))

    def has(self, index: int) -> bool:
        """Whether there is a file of a chunk."""
        return self._path(index).exists()

    def finished(
        self, sizes: Callable[[int], int], count: int, warn: Callable[[str], None]
    ) -> Iterator[tuple[int, PointResults]]:
        """The chunks that are there: number and results.

        sizes: points of each of the `count` chunks; warn: is told of a file that is damaged, or of another sweep.
        """
        for path in sorted(self.folder.glob("*.npz")):
            index = int(path.stem) if path.stem.isdecimal() else count
            found = self._read(path) if index < count else "is no chunk of this sweep"
            if isinstance(found, str):
                warn(f"{path.name} {found}; its points are solved again")
            elif found.converged.size != sizes(index):
                warn(f"{path.name} has {found.converged.size} points, not {sizes(index)}; they are solved again")
            else:
                yield index, found

    def _read(self, path: Path) -> PointResults | str:
        """The results in a file, or what is wrong with it."""
        try:
            # Opened here, as numpy leaves a broken file open.
            with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
                data = {name: stored[name] for name in stored.files}
            if str(data["fingerprint"]) != self._fingerprint:
                return "is of another case, another sweep or another version of the program"
            reasons = dict(zip(data["failed"].tolist(), data["reasons"].tolist(), strict=True))
            results = PointResults(
                names=tuple(data["names"].tolist()), reasons=reasons, **{name: data[name] for name in _ARRAYS}
            )
        except Exception:  # a file may hold anything
            return "cannot be read"
        return results if _is_whole(results) else "is damaged"

    def drop(self) -> None:
        """Remove all of them."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _path(self, index: int) -> Path:
        return self.folder / f"{index:08d}.npz"


def _is_whole(results: PointResults) -> bool:
    """Whether all arrays are of the same points, and of numbers."""
    shape = (results.converged.size, len(results.names))
    arrays = [np.asarray(getattr(results, name)) for name in _ARRAYS]
    is_whole = all(array.shape == shape[: max(array.ndim, 1)] and array.dtype.kind in "fiub" for array in arrays)
    return is_whole and all(isinstance(place, int) and 0 <= place < shape[0] for place in results.reasons)
