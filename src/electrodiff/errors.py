"""What can go wrong, as exceptions whose text is a sentence with a remedy."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, time
from typing import Any

# More letters of a name, or of a value, or more names, are not shown: nobody reads on.
_NAME, _VALUE, _NAMES, _TEXT = 60, 80, 40, 1300


def printable(text: str) -> str:
    """The text in one line, with what cannot be printed - control characters, half a character - as Python writes it."""
    return text if text.isprintable() else "".join(_escaped(letter) for letter in text)


def _escaped(letter: str) -> str:
    return letter if letter.isprintable() else letter.encode("unicode_escape", "surrogatepass").decode("ascii")


def shown_name(name: str) -> str:
    """A name or a key from a file as messages have it."""
    return printable(_cut(name, _NAME))


def shown_key(name: str) -> str:
    """A part of a key path as messages have it: in quotes if it would not be seen for one otherwise."""
    text = shown_name(name)
    is_plain = bool(name) and name.isprintable() and name == name.strip() and not {*"[]\"'"} & {*name}
    return text if is_plain else f'"{text}"'


def shown_value(value: Any) -> str:
    """A value from a file as messages have it."""
    if isinstance(value, date | time):
        return value.isoformat()
    try:
        return printable(_cut(repr(value), _VALUE))
    except (ValueError, RecursionError):  # a whole number of thousands of digits, or lists in lists in lists
        return "a value too large to be shown"


def shown_names(names: Iterable[str]) -> str:
    """Names to choose from, as messages have them."""
    every = [shown_name(name) for name in names]
    more = f" and {len(every) - _NAMES} more" if len(every) > _NAMES else ""
    return f"{', '.join(every[:_NAMES])}{more}"


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 3]}..."


class ElectrodiffError(Exception):
    """Anything this package raises on purpose.  Its text is one line that can be printed anywhere, of a screen at most."""

    def __str__(self) -> str:
        text = super().__str__()
        # What is wrong stands at the start, and what to do at the end.
        return printable(text if len(text) <= _TEXT else f"{text[: _TEXT - 400]} ... {text[-300:]}")


class CaseError(ElectrodiffError, ValueError):
    """A case that cannot be used: the text names where, the value, and what to write instead."""


class ConvergenceError(ElectrodiffError, RuntimeError):
    """A solve that did not converge: the text names the quantity, the place, and what to try."""


class ResultError(ElectrodiffError, ValueError):
    """A stored result that cannot be read: missing, truncated, or not written by this program."""
