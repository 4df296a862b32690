"""What every command checks before it starts, and what becomes of its errors: messages and exit codes."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import typer

from electrodiff.claims import claimed
from electrodiff.errors import CaseError, ConvergenceError, ElectrodiffError, ResultError
from electrodiff.interrupts import INTERRUPTED as INTERRUPTED
from electrodiff.interrupts import wait_if_left

BAD_INPUT, NOT_CONVERGED, MISSED = 2, 3, 4
FORMATS = ("png", "svg", "pdf")
# Those of `plot.style`, which takes longer to import than help should.
STYLES = ("paper", "slides", "dark")


@contextmanager
def exit_codes() -> Iterator[None]:
    """Turn what can go wrong into one message on stderr and the promised exit code."""
    try:
        with _whole_output():
            yield
    except ConvergenceError as error:
        note(f"error: {error}")
        raise typer.Exit(NOT_CONVERGED) from None
    except ElectrodiffError as error:
        note(f"error: {error}")
        raise typer.Exit(BAD_INPUT) from None
    except KeyboardInterrupt as error:
        note(str(error) or "interrupted")
        raise typer.Exit(INTERRUPTED) from None
    except BrokenPipeError:
        _close_output()  # whoever reads it has had enough
        raise typer.Exit(0) from None
    except OSError as error:
        _close_output()
        note(f"error: {error.filename or 'the output'}: {reason_of(error)}; make room, or choose another place for it")
        raise typer.Exit(BAD_INPUT) from None


@contextmanager
def _whole_output() -> Iterator[None]:
    """What is printed is written at the end, where it can be told that it cannot be."""
    try:
        yield
    finally:
        if sys.stdout is not None:
            sys.stdout.flush()


def _close_output() -> None:
    """Keep Python from complaining of the rest of the output when it closes it."""
    with suppress(ValueError):  # it is no file
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def reason_of(error: OSError) -> str:
    """Why the system refuses something, in a few words."""
    return (error.strerror or str(error) or type(error).__name__).splitlines()[0][:80]


@contextmanager
def held(folder: Path, option: str = "--out") -> Iterator[None]:
    """Keep other runs from a folder of results, which is made if need be."""
    with ExitStack() as stack:
        with writing(folder, option):
            stack.enter_context(claimed(folder, option))
        yield


@contextmanager
def writing(target: Path, option: str = "--out") -> Iterator[None]:
    """Turn a failure to write a file or folder into an error that names it and the option to change."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise CaseError(f"{target}: cannot be written ({reason_of(error)}); choose another with {option}") from None


@contextmanager
def showing(result: Path) -> Iterator[None]:
    """Turn what damaged numbers lead to in a figure or a table into an error about their file."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            yield
    except (ElectrodiffError, OSError, typer.Exit):
        raise
    except Exception as error:  # numbers may be anything, and lead to anything
        reason = f"{type(error).__name__}: {error}".splitlines()[0][:80]
        raise ResultError(f"{result}: its numbers cannot be shown ({reason}); run the case again") from error


def checked_figure(path: Path) -> None:
    """A file for a figure: of a known format, and where it can be written."""
    if path.suffix[1:].lower() not in FORMATS:
        raise CaseError(f"--plot {path}: expected a name that ends in {', '.join(f'.{name}' for name in FORMATS)}")
    if path.is_dir():
        raise CaseError(f"--plot {path}: this is a folder, not a file; choose another name")
    checked_folder(path.parent, "--plot")


def checked_folder(folder: Path, option: str = "--out") -> Path:
    """A folder that can be made and written, checked before anything is computed."""
    existing = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
    if not existing.is_dir():
        raise CaseError(f"{option} {folder}: {existing} is a file, not a folder; choose another folder")
    if not os.access(existing, os.W_OK | os.X_OK):
        raise CaseError(f"{option} {folder}: {existing} is not writable; choose another folder")
    return folder


def checked_formats(formats: list[str] | None) -> list[str]:
    """The formats of the figures that are asked for, by default the first; each one that can be drawn."""
    wanted = formats or [FORMATS[0]]
    for name in wanted:
        if name not in FORMATS:
            raise CaseError(f"--format {name}: expected one of {', '.join(FORMATS)}")
    return wanted


def checked_style(style: str | None) -> str:
    """The style of the figures that is asked for, by default the first; one that there is."""
    if style is not None and style not in STYLES:
        raise CaseError(f"--style {style}: expected one of {', '.join(STYLES)}")
    return style or STYLES[0]


def note(text: str) -> None:
    """Tell the user something that is no result: on stderr."""
    wait_if_left()
    print(text, file=sys.stderr, flush=True)
