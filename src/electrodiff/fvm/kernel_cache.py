"""Compiled kernels on disk that are damaged, or that cannot be kept: they are compiled again, with a warning.

numba reads what it has stored without a check: of a file that is cut or of noise it makes an exception of pickle's, and of
machine code with a wrong byte whatever that does.  Here every file ends with a digest of what stands before it.  What ends
otherwise is from before there were digests, and only has to be readable.
"""

from __future__ import annotations

import hashlib
import os
import warnings
from collections.abc import Callable
from functools import cache, wraps
from pathlib import Path
from typing import Any

from numba.core.caching import FunctionCache, IndexDataCacheFile

from electrodiff.fvm.kernels import compiler

_MARK = b"electrodiff sha256 "
# What has been told of in this process.
_told: set[str] = set()
_LENGTH = len(_MARK) + hashlib.sha256().digest_size


class KernelCacheWarning(UserWarning):
    """Compiled kernels are damaged or cannot be kept; they are compiled anew."""


class _DigestedFile(IndexDataCacheFile):
    """The files of one kernel, each of compiled code with a digest at its end, which pickle does not look at."""

    def _dump(self, obj: Any) -> bytes:
        data: bytes = super()._dump(obj)
        return data + _MARK + hashlib.sha256(data).digest()

    def _load_data(self, name: str) -> Any:
        data = Path(self._data_path(name)).read_bytes()
        if data[-_LENGTH:].startswith(_MARK) and data[-_LENGTH:] != _MARK + hashlib.sha256(data[:-_LENGTH]).digest():
            raise ValueError("its digest is another")
        return super()._load_data(name)


class CarefulCache(FunctionCache):
    """What numba keeps of a kernel; a failure to read or to write it is a warning."""

    def __init__(self, kept: FunctionCache) -> None:
        """kept: what numba has made of a kernel, for the folder that was set then."""
        vars(self).update(vars(kept))
        self._cache_file = _DigestedFile(kept._cache_path, kept._impl.filename_base, kept._cache_file._source_stamp)

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The compiled code for the types of some arguments; None if there is none that can be used."""
        try:
            return super().load_overload(sig, target_context)
        except Exception as error:  # a file may hold anything
            _warn_of_damage(f"{self._py_func.__name__}: {_reason(error)}")
            self._forget()
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep compiled code, if that can be done."""
        try:
            super().save_overload(sig, data)
        except OSError as error:
            warn_of_loss(_reason(error))

    def _forget(self) -> None:
        """Remove what cannot be read, so that it is written anew."""
        try:
            os.unlink(self._cache_file._index_path)  # noqa: PTH108 - a text of numba's
        except OSError as error:
            warn_of_loss(_reason(error))
            self.disable()


def careful(kernel: Callable[..., Any]) -> Callable[..., Any]:
    """A decorator that compiles and keeps kernels, made to keep them like this."""

    @wraps(kernel)
    def decorate(function: Callable[..., Any]) -> Any:
        made: Any = kernel(function)
        if isinstance(getattr(made, "_cache", None), FunctionCache):
            made._cache = CarefulCache(made._cache)
        elif hasattr(made, "py_func") and not compiler._cache_is_writable():
            warn_of_loss("the folder cannot be written")
        return made

    return decorate


def lenient(note: Callable[[int], None]) -> Callable[[int], None]:
    """A note on disk that does without if it cannot be written: the next run only says once more that it compiles."""

    @cache
    def try_to_note(ions: int) -> None:
        try:
            note(ions)
        except OSError as error:
            warn_of_loss(_reason(error))

    return try_to_note


def warn_of_loss(reason: str) -> None:
    """Say that compiled code cannot be kept; once, whatever the kernels."""
    if _is_first("loss"):
        _warn(
            f"compiled kernels cannot be kept ({reason}), so every run compiles them anew, for 30 s or longer",
            "make room there or make it writable, or set NUMBA_CACHE_DIR to a folder that is",
        )


def _warn_of_damage(reason: str) -> None:
    """Say that compiled code cannot be read."""
    if _is_first("damage"):
        _warn(
            f"compiled kernels are damaged ({reason}), and are compiled again, for some seconds",
            "if this is told every time, remove the folder",
        )


def _is_first(matter: str) -> bool:
    """Whether a matter has not been told of: a thousand files may be damaged at a time."""
    is_first = matter not in _told
    _told.add(matter)
    return is_first


def _warn(what: str, remedy: str) -> None:
    warnings.warn(f"{compiler.cache_directory()}: {what}; {remedy}", KernelCacheWarning, stacklevel=2)


def _reason(error: Exception) -> str:
    text = (error.strerror if isinstance(error, OSError) else str(error)) or type(error).__name__
    return text.splitlines()[0][:80]
