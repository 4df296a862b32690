"""Is the refusal of a case one that helps?  Judged by rules, from the message and the file alone.

A refusal is exit code 2 and one line on stderr.  It names the file, then the place - a key path that the file has, or
would have, or the line of what is no TOML -, then the value that stands there, and it ends with what to do.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from typing import Any

from electrodiff.case_tree import MOST_BYTES
from electrodiff.errors import shown_key, shown_value

# Nobody reads more than a screen.
LONGEST_MESSAGE = 1500

# What stands in the place of the key path of a file that is no table of keys.
_OF_FILES = re.compile(
    r"this is not TOML: .*\(at (line \d+, column \d+|the end, line \d+)\); .+"
    r"|byte \d+ is not UTF-8; .+"
    r"|byte 0 begins a result .*; .+"
    r"|the file is longer than [\d,]+ bytes; .+"
    r"|this cannot be read: .*; .+"
    r"|the tables are nested too deeply; .+"
    r"|line \d+ has a key of more than \d+ parts; .+"
    r"|the file has [\d,]+ entries; .+"
)

# What is the matter at a key path, then the remedy.
_MATTER = re.compile(
    r"is missing; (?P<missing>.+)|is not a known key(?: \(did you mean '.+'\?\))?; (?P<key>.+)|"
    r"has [\d,]+ entries; (?P<many>.+)|is nested more than \d+ levels deep; (?P<deep>.+)|is (?P<is>.+)",
    re.DOTALL,
)

# A remedy is an order, or says what there is to choose from.
_ORDERS = (
    "expected|give|drop|set|choose|write|name|add|keep|let|say|such as|change|make|save|shorten|mend|take|ask for|start|"
    "leave|put|look|use|run|neutralise|must|describe|split|sweep|step|check|fewer|needs?"
)
_CHOICES = "known here are|known are|it has|there are|the layers are|its ions are|they change|the order is|it keeps"
_REMEDY = re.compile(rf"\b({_ORDERS}|{_CHOICES})\b")

MISSING = object()


def faults_of_refusal(file: str, data: bytes, exit_code: int, stdout: str, stderr: str) -> list[str]:
    """What is wrong with how a file was refused, one phrase each; `file` is its name on the command line."""
    faults = list(_faults_of_form(file, exit_code, stdout, stderr))
    return faults or list(_faults_of_content(stderr.removeprefix(f"error: {file}: ").rstrip("\n"), data))


def _faults_of_form(file: str, exit_code: int, stdout: str, stderr: str) -> Iterator[str]:
    if exit_code != 2:
        yield f"exit code {exit_code}"
    if stdout:
        yield f"something on stdout: {stdout[:80]!r}"
    if "Traceback" in stderr:
        yield "a traceback"
    lines = stderr.split("\n")
    if len(lines) != 2 or lines[-1]:
        yield f"{len(lines) - 1} lines on stderr"
    if not stderr.startswith((f"error: {file}: ", "error: --set ")):
        yield "the message does not start with the name of the file"
    if len(stderr) > LONGEST_MESSAGE:
        yield f"a message of {len(stderr)} letters"
    odd = sorted({letter for letter in stderr.rstrip("\n") if not letter.isprintable()})
    if odd:
        yield f"letters that cannot be printed: {odd[:5]}"


def _faults_of_content(message: str, data: bytes) -> Iterator[str]:
    if message.startswith("error: --set "):
        return  # that is no KEY=VALUE at all
    if _OF_FILES.fullmatch(message):
        if not _REMEDY.search(message.rpartition("; ")[2]):
            yield "no remedy"
        return
    tree = _parsed(data)
    if tree is None:
        yield "it names no line of the file"
        return
    # A key that is set and leads nowhere: the key, why, and where it could lead.
    if re.fullmatch(r"[^:]+: .+; (it has|shorten) .+", message):
        return
    path, node, rest = place_in(tree, message)
    if not path:
        yield "it names no key"
        return
    matter = _MATTER.fullmatch(rest.lstrip())
    if matter is None:
        yield f"after the key path '{path}' it does not say what is the matter"
        return
    text = next(filter(None, matter.groups()))
    if matter["is"]:
        if node is MISSING:
            yield f"the file has no '{path}'"
        elif not isinstance(node, dict | list) and not text.startswith(shown_value(node)):
            yield f"it does not give the value of {path}"
        _, _, text = text.partition("; ")
    if matter["missing"] and node is not MISSING:
        yield f"'{path}' is not missing"
    if matter["key"] and node is MISSING:
        yield f"the file has no key '{path}'"
    if not _REMEDY.search(text):
        yield "no remedy"


def _parsed(data: bytes) -> Any:
    """The tree of a file, or None if it is no TOML."""
    if len(data) > MOST_BYTES:
        return None
    try:
        return tomllib.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None


def place_in(tree: Any, message: str) -> tuple[str, Any, str]:
    """The key path that a message starts with, what stands there in a tree, and the rest of the message."""
    node, path = tree, ""
    while True:
        names = _items(node)
        found = next((name for name in names if _starts(message, path + name)), None)
        if found is None:
            break
        path, node = path + found, names[found]
    rest = message[len(path) :]
    # A key that is not there ends where the matter starts.
    more = re.match(r"[.\[]?[^ ]*(?= is missing)|[.]?[^ ]+(?= is )", rest)
    if more and more[0]:
        return path + more[0], MISSING, rest[len(more[0]) :]
    return path, node, rest


def _items(node: Any) -> dict[str, Any]:
    """What stands in a table or a list, by how it goes on in a key path; the longest names first."""
    if isinstance(node, list):
        return {f"[{index}]": value for index, value in enumerate(node)}
    if not isinstance(node, dict):
        return {}
    named = {shown_key(name): value for name, value in node.items()}
    # The first of a key path has no dot before it.
    both = {**named, **{f".{name}": value for name, value in named.items()}}
    return dict(sorted(both.items(), key=lambda item: -len(item[0])))


def _starts(message: str, path: str) -> bool:
    return message.startswith(path) and message[len(path) : len(path) + 1] in (".", "[", " ")
