"""Key paths of a case (`layers.membrane.partition.K`): what they lead to, and changes of what is there."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from electrodiff.errors import CaseError, shown_value
from electrodiff.fields import nearest
from electrodiff.mistakes import described
from electrodiff.quantities import CURVE_QUANTITIES
from electrodiff.studies import STUDIES

RecordType = TypeVar("RecordType", bound=BaseModel)


def replaced(record: RecordType, values: Mapping[str, Any]) -> RecordType:
    """A new record with the given keys changed, validated as a whole.  Raises CaseError."""
    tree = record.model_dump(exclude_unset=True)
    for key, value in key_values(values):
        set_key(tree, key, value)
    return validated(type(record), tree, "case")


def validated(kind: type[RecordType], tree: Any, where: str, from_file: bool = False) -> RecordType:
    """The record described by a tree of plain values.  Raises CaseError, whose text starts with `where`."""
    try:
        return kind.model_validate(tree, context={"from_file": from_file})
    except ValidationError as error:
        raise CaseError(f"{where}: {described(error, tree, kind)}") from None


def key_values(values: Any) -> list[tuple[str, Any]]:
    """What is to be set, one key after the other.  Raises CaseError if that is no table of key paths and values."""
    if not isinstance(values, Mapping):
        raise CaseError(
            f"what is to be changed is {shown_value(values)}; expected keys and values, such as {{'temperature': '310 K'}}"
        )
    for key, value in values.items():
        if not isinstance(key, str):
            raise CaseError(
                f"the key of the value {shown_value(value)} is {shown_value(key)}; expected text, such as 'mesh.nodes'"
            )
        if isinstance(value, str) and not value.isascii() and not _is_unicode(value):
            raise CaseError(f"{key} is set to bytes that are not UTF-8; write it as UTF-8 text")
    return list(values.items())


def _is_unicode(text: str) -> bool:
    """Whether no half of a surrogate pair, as which Python reads bytes that are not UTF-8, is in it."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def set_key(tree: dict[str, Any], key: str, value: Any) -> None:
    """Set one key of a tree of plain values in place; lists are entered by the `name` of their items or by number.

    Tables that are not there yet are made.  Another kind of study drops what it has no use for, expectations too; so does a
    sweep that is changed, with those of its points.
    Raises CaseError if the path leads through something else.
    """
    *parents, last = key.split(".")
    node: Any = tree
    for depth, part in enumerate(parents):
        node = _enter(node, part, ".".join(parents[:depth]), key)
    if isinstance(node, list):
        node[_position(node, last, ".".join(parents), key)] = value
    elif isinstance(node, dict):
        node[last] = value
    else:
        raise CaseError(f"{key}: '{'.'.join(parents)}' is a value, not a table; shorten the key")
    if key == "study.kind" and isinstance(value, str) and value in STUDIES:
        others = {name for kind in STUDIES.values() for name in kind.model_fields} - {*STUDIES[value].model_fields}
        tree["study"] = {name: item for name, item in tree["study"].items() if name not in others}
    if key.partition(".")[0] == "study" and isinstance(tree.get("expect"), list | tuple):
        family = _family(tree["study"])
        if family == "sweep":
            tree["expect"] = []  # they were of points of the sweep as it was, or of another study
        elif key in ("study", "study.kind"):
            tree["expect"] = [entry for entry in tree["expect"] if _meant_for(entry) == family]


def _family(study: Any) -> str:
    """What kind of expectations a study, as a record or a table, may have."""
    kind = study.get("kind") if isinstance(study, dict) else getattr(study, "kind", None)
    return kind if kind in ("iv", "sweep") else "steady"


def _meant_for(expectation: Any) -> str:
    """The same of an expectation: one at a point of a sweep, one that only a current-voltage curve has, or another."""
    quantity = expectation.get("quantity") if isinstance(expectation, dict) else None
    if isinstance(expectation, dict) and expectation.get("at"):
        return "sweep"
    return "iv" if isinstance(quantity, str) and quantity.partition(".")[0] in CURVE_QUANTITIES else "steady"


def value_at(tree: Any, key: str) -> Any:
    """What stands at a key of a tree in which it is known to be."""
    return functools.reduce(_child, key.split("."), tree)


def numbered(tree: Any, key: str) -> str:
    """The key with the items of lists by number, as they are in the errors about a tree."""
    parts, node = [], tree
    for part in key.split("."):
        parts.append(str(_position(node, part, "", key)) if isinstance(node, list) else part)
        node = _child(node, part)
    return ".".join(parts)


def _child(node: Any, part: str) -> Any:
    if isinstance(node, list | tuple):
        return node[_position(node, part, "", part)]
    return node.get(part) if isinstance(node, dict) else None


def _enter(node: Any, part: str, path: str, key: str) -> Any:
    if isinstance(node, list | tuple):
        return node[_position(node, part, path, key)]
    if not isinstance(node, dict):
        raise CaseError(f"{key}: '{path}' is a value, not a table; shorten the key")
    child = node.setdefault(part, {})
    if isinstance(child, tuple):
        child = node[part] = list(child)
    if child is None:
        child = node[part] = {}
    return child


def _position(items: Any, part: str, path: str, key: str) -> int:
    names = [item.get("name", "") if isinstance(item, dict) else "" for item in items]
    if part in names:
        return names.index(part)
    if part.isdecimal() and int(part) < len(items):
        return int(part)
    known = ", ".join(name for name in names if name) or f"0 to {len(items) - 1}"
    raise CaseError(f"{key}: {path} has no item '{part}'{nearest(part, names)}; it has {known}")
