"""Compiled kernels on disk that are damaged or cannot be kept: one warning, the right answer, and then all is well."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import pytest
from numba.core.caching import IndexDataCacheFile

from electrodiff.fvm import kernel_cache
from electrodiff.fvm.kernel_cache import KernelCacheWarning, careful, lenient
from electrodiff.fvm.kernels import compiler

SOURCE = "def twice(x):\n    return 2.0 * x\n"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for compiled code that is empty and can be written."""
    folder = tmp_path / "cache"
    folder.mkdir()
    monkeypatch.setattr(compiler, "cache_directory", lambda: folder)
    monkeypatch.setattr(compiler, "_cache_is_writable", lambda: os.access(folder, os.W_OK))
    monkeypatch.setattr(kernel_cache, "_told", set())
    return folder


@pytest.fixture
def load(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Any]:  # noqa: ARG001
    """`load()` is the kernel as a new process has it."""
    path = tmp_path / "tiny.py"
    path.write_text(SOURCE)

    def new() -> Any:
        monkeypatch.setattr(kernel_cache, "_told", set())
        spec = importlib.util.spec_from_file_location("tiny", path)
        assert spec is not None and spec.loader is not None  # noqa: PT018
        module = importlib.util.module_from_spec(spec)
        # numba 0.60 looks for it there.
        monkeypatch.setitem(sys.modules, "tiny", module)
        spec.loader.exec_module(module)
        return careful(_plain)(module.twice)

    return new


def _plain(function: Callable[..., Any]) -> Any:
    """What `compiler.kernel` does, and nothing of what this process has made of it."""
    before = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = str(compiler.cache_directory())
    try:
        return numba.njit(cache=True)(function)
    finally:
        numba.config.CACHE_DIR = before


def file_of(cache: Path, ending: str) -> Path:
    (path,) = cache.rglob(f"*.{ending}")
    return path


def empty(data: bytes) -> bytes:
    return data[:0]


def cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def noise(data: bytes) -> bytes:
    return bytes((7 * place + 3) % 256 for place in range(len(data)))


def zeroed(data: bytes) -> bytes:
    return data[: len(data) // 2] + bytes(len(data) - len(data) // 2)


def one_bit(data: bytes) -> bytes:
    place = len(data) // 2
    return data[:place] + bytes([data[place] ^ 4]) + data[place + 1 :]


def test_kernels_are_kept_and_loaded_without_a_warning(load: Callable) -> None:
    assert load()(2.0) == 4.0
    again = load()
    assert again(2.0) == 4.0
    assert sum(again.stats.cache_hits.values()) == 1


@pytest.mark.parametrize(
    ("ending", "damage"),
    [("nbi", empty), ("nbi", cut), ("nbi", noise), *(("nbc", each) for each in (empty, cut, noise, zeroed, one_bit))],
)
def test_a_damaged_file_is_told_once_and_made_anew(cache: Path, load: Callable, ending: str, damage: Callable) -> None:
    load()(2.0)
    path = file_of(cache, ending)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.warns(KernelCacheWarning, match=r"compiled kernels are damaged \(twice: .*remove the folder$") as told:
        assert load()(2.0) == 4.0
    assert len(told) == 1
    assert str(cache) in str(told[0].message)
    again = load()
    assert again(2.0) == 4.0
    assert sum(again.stats.cache_hits.values()) == 1


def test_the_digest_is_needed(cache: Path, load: Callable) -> None:
    """Without it a wrong byte in a file is taken for what was stored, wherever pickle does not see it."""
    load()(2.0)
    path = file_of(cache, "nbc")
    data = path.read_bytes()
    plain = data[: -kernel_cache._LENGTH]
    assert data[len(plain) :].startswith(kernel_cache._MARK)
    # From before there were digests: it is read as it is.
    path.write_bytes(plain)
    again = load()
    assert again(2.0) == 4.0
    assert sum(again.stats.cache_hits.values()) == 1


def test_many_damaged_files_are_one_warning(cache: Path, load: Callable) -> None:
    kernel = load()
    kernel(2.0)
    kernel(2)
    for path in cache.rglob("*.nbi"):
        path.write_bytes(b"")
    kernel = load()
    with pytest.warns(KernelCacheWarning) as told:
        assert kernel(2.0) == 4.0
    assert len(told) == 1
    file_of(cache, "nbi").write_bytes(b"noise")
    assert kernel(2) == 4.0


def test_a_full_disk_is_told_and_the_kernel_works(load: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(IndexDataCacheFile, "_save_index", full)
    with pytest.warns(KernelCacheWarning, match=r"cannot be kept \(No space left on device\).*NUMBA_CACHE_DIR"):
        assert load()(2.0) == 4.0


def test_a_cache_that_cannot_be_written_is_told_once(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiler, "_cache_is_writable", lambda: False)
    with pytest.warns(KernelCacheWarning, match=r"cannot be kept .*compiles them anew.*NUMBA_CACHE_DIR") as told:
        kernels = [careful(numba.njit)(lambda x: 2.0 * x) for _ in range(2)]
    assert kernels[1](2.0) == 4.0
    assert len(told) == 1
    assert str(cache) in str(told[0].message)


def test_a_note_that_cannot_be_left_is_no_failure(cache: Path) -> None:  # noqa: ARG001
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with pytest.warns(KernelCacheWarning, match="No space left"):
        lenient(full)(2)


def test_the_command_line_tells_it_in_one_line() -> None:
    child = (
        "from electrodiff import __main__; __main__._prepare()\n"
        "from electrodiff.fvm.kernels.compiler import kernel\n"
        "for _ in range(3): kernel(lambda x: x)\n"
    )
    environment = {**os.environ, "NUMBA_CACHE_DIR": "/dev/null/cache"}
    done = subprocess.run([sys.executable, "-c", child], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    (line,) = done.stderr.splitlines()
    assert line.startswith("warning: /dev/null/cache/")
    assert "compiled kernels cannot be kept" in line
