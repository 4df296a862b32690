"""Where a result is from: the file, what wrote it, and with what the page is made."""

from __future__ import annotations

import hashlib
import platform
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import electrodiff

# What the numbers and the figures are made by.
_LIBRARIES = ("numpy", "scipy", "numba", "matplotlib", "xarray", "Jinja2")


@dataclass(frozen=True)
class Origin:
    """A stored result."""

    file: str
    """Its name, without a folder: where it lies is nobody's concern."""
    version: str
    """Of the program that wrote it."""
    digest: str
    """SHA-256 of the file."""


def origin_of(path: Path) -> Origin:
    """What a file that holds a result says of itself."""
    import h5py

    with h5py.File(path) as stored:
        written_by = stored.attrs.get("version", "unknown")
    if isinstance(written_by, bytes):
        written_by = written_by.decode("utf-8", "replace")
    return Origin(path.name, str(written_by), hashlib.sha256(path.read_bytes()).hexdigest())


def versions(origin: Origin | None) -> list[tuple[str, str]]:
    """What solved the case and what made the page."""
    rows = [] if origin is None else [("solved with", f"electrodiff {origin.version}")]
    return [
        *rows,
        ("page, regime and ladder made with", f"electrodiff {electrodiff.__version__}"),
        ("Python", f"{platform.python_version()} on {platform.system()} {platform.machine()}"),
        *((name, found) for name in _LIBRARIES if (found := _version(name))),
    ]


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
