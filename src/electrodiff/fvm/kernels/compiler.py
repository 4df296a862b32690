"""How kernels are compiled, and where the compiled code is kept.

numba's disk cache looks at the file of a function only and would miss an edit in another file that the function
calls.  So all kernels live in this folder, and their cache directory is named after a hash of all its files.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numba
import platformdirs

FOLDER = Path(__file__).parent

# Contracting a * b + c into one rounding is safe everywhere here; reassociation is not (B(u) a_L - B(-u) a_R).
# Kernels touch no Python objects, so that threads may run them side by side.
_OPTIONS: dict[str, Any] = {"error_model": "numpy", "fastmath": {"contract"}, "nogil": True}


def sources_hash(folder: Path = FOLDER) -> str:
    """Hash of the names and contents of all Python files in `folder`."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


@cache
def cache_directory() -> Path:
    """Directory of the compiled kernels: below NUMBA_CACHE_DIR if that is set, else in the user's cache folder.

    Those that check every index (NUMBA_BOUNDSCHECK), which numba does not tell from others, have one of their own.
    """
    root = os.environ.get("NUMBA_CACHE_DIR")
    base = Path(root) if root else Path(platformdirs.user_cache_dir("electrodiff")) / "kernels"
    return base / (sources_hash() + ("-checked" if numba.config.BOUNDSCHECK else ""))  # type: ignore[attr-defined]


@cache
def _cache_is_writable() -> bool:
    """Whether compiled code can be kept; if not, kernels are compiled anew in every process."""
    try:
        cache_directory().mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(cache_directory(), os.W_OK)


def kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile `function` on its first call, and keep the result on disk."""
    if not _cache_is_writable():
        return numba.njit(**_OPTIONS)(function)  # type: ignore[no-any-return]
    # The directory is read when the function is decorated; it is put back so that nobody else's kernels move.
    before = numba.config.CACHE_DIR  # type: ignore[attr-defined]
    numba.config.CACHE_DIR = str(cache_directory())  # type: ignore[attr-defined]
    try:
        return numba.njit(cache=True, **_OPTIONS)(function)  # type: ignore[no-any-return]
    finally:
        numba.config.CACHE_DIR = before  # type: ignore[attr-defined]


def kernel_part(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile `function` into the kernels that call it, so that the lengths of its arrays are known to the compiler.

    Worth a third of the time of an elimination, whose scratch arrays are a few lines long.
    """
    return numba.njit(inline="always", **_OPTIONS)(function)  # type: ignore[no-any-return]


def _marker(ions: int) -> Path:
    return cache_directory() / f"compiled-for-{ions}-ions"


def is_compiled(ions: int) -> bool:
    """Whether the kernels of a steady solve with this number of ions are on disk."""
    return _marker(ions).exists()


@cache
def note_compiled(ions: int) -> None:
    """Leave word on disk that the kernels have been compiled for this number of ions."""
    if _cache_is_writable():
        _marker(ions).touch()
