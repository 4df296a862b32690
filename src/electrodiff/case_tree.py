"""The text of a case file as a tree of plain values; what is no case is turned away before it keeps anybody busy."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from typing import Any

from electrodiff.errors import CaseError, shown_key

# A case of a hundred layers takes 30 kB; about this much is read in half a second.
MOST_BYTES = 1_000_000

# Tables and lists in each other: no case has ten.
MOST_LEVELS = 30

# Entries of a table, or of a list of tables; their mistakes are collected before the first is told.
MOST_ENTRIES = 10_000

# A key of more parts than that, quoted or not: the reader of TOML takes the square of their number.
_PART = r"""(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')\s*+"""
_DEEP = re.compile(rf"(?<![\w-])(?:{_PART}\.\s*+){{{MOST_LEVELS}}}")
# So much of a path without an end is shown.
_SHOWN = 60

_NO_PART = "take out what is no part of a case"


def parsed(text: str) -> dict[str, Any]:
    """The tables of a TOML text.  Raises CaseError, which says what is wrong in which line."""
    deep = _DEEP.search(text)
    if deep:
        line = text.count("\n", 0, deep.start()) + 1
        raise CaseError(f"line {line} has a key of more than {MOST_LEVELS} parts; {_NO_PART}")
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        what = str(error).replace("at end of document", f"at the end, line {len(text.splitlines())}")
        raise CaseError(
            f"this is not TOML: {what}; mend it there, or see an example with 'electrodiff new NAME'"
        ) from None
    except ValueError as error:  # a whole number of thousands of digits
        raise CaseError(f"this cannot be read: {str(error).partition(';')[0]}; shorten it") from None
    except RecursionError:
        raise CaseError(f"the tables are nested too deeply; {_NO_PART}") from None
    for path, node, depth in _parts(tree):
        if depth > MOST_LEVELS:
            raise CaseError(f"{path[:_SHOWN]}... is nested more than {MOST_LEVELS} levels deep; {_NO_PART}")
        if len(node) > MOST_ENTRIES and (isinstance(node, dict) or isinstance(node[0], dict)):
            remedy = f"a case has {MOST_ENTRIES:,} there at most; {_NO_PART}"
            raise CaseError(f"{path or 'the file'} has {len(node):,} entries; {remedy}")
    return tree


def _parts(tree: dict[str, Any]) -> Iterator[tuple[str, Any, int]]:
    """Key path, value and depth of every table and list; without recursion, for which they may be too deep."""
    todo: list[tuple[str, Any, int]] = [("", tree, 0)]
    while todo:
        path, node, depth = todo.pop()
        yield path, node, depth
        items = node.items() if isinstance(node, dict) else enumerate(node)
        for key, value in items:
            if isinstance(value, dict | list):
                step = f".{shown_key(str(key))}" if isinstance(node, dict) else f"[{key}]"
                todo.append((f"{path}{step}".removeprefix("."), value, depth + 1))
