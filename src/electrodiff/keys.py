"""Key paths of a case (`layers.membrane.partition.K`), and errors that name them."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError

from electrodiff.errors import CaseError
from electrodiff.fields import nearest
from electrodiff.quantities import CURVE_QUANTITIES
from electrodiff.studies import STUDIES

# What pydantic's own errors say in terms of a case file.
_REMEDIES = {
    "model_type": "expected a table of keys",
    "model_attributes_type": "expected a table of keys",
    "dict_type": "expected a table of keys",
    "tuple_type": "expected a list, such as [[layers]]",
    "too_short": "expected at least one entry",
    "too_long": "expected the names of two neighbouring layers",
    "string_pattern_mismatch": "it must not contain dots, bars, brackets or control characters",
    "int_type": "expected a whole number",
    "int_from_float": "expected a whole number",
    "string_type": "expected text in quotes",
    "bool_type": "expected true or false",
    "bool_parsing": "expected true or false",
}

RecordType = TypeVar("RecordType", bound=BaseModel)


def replaced(record: RecordType, values: Mapping[str, Any]) -> RecordType:
    """A new record with the given keys changed, validated as a whole.  Raises CaseError."""
    tree = record.model_dump(exclude_unset=True)
    for key, value in values.items():
        set_key(tree, key, value)
    return validated(type(record), tree, "case")


def validated(kind: type[RecordType], tree: Any, where: str, from_file: bool = False) -> RecordType:
    """The record described by a tree of plain values.  Raises CaseError, whose text starts with `where`."""
    try:
        return kind.model_validate(tree, context={"from_file": from_file})
    except ValidationError as error:
        raise CaseError(f"{where}: {_describe(error, tree, kind)}") from None


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


class Mistake(NamedTuple):
    """What is wrong in a tree: key, what is the matter there, and what to do."""

    path: str
    matter: str
    remedy: str


def mistakes(error: ValidationError, tree: Any, kind: type[BaseModel]) -> tuple[Mistake, int]:
    """The first mistake that an error is about, and how many more there are."""
    errors = error.errors(include_url=False)
    # A misspelt key often also leaves the right one missing; the spelling is the better message.
    first = next((item for item in errors if item["type"] == "extra_forbidden"), errors[0])
    paths = {_path(item["loc"], item["type"], tree) for item in errors}
    # A list of which an item is wrong is reported too; that is no mistake of its own.
    places = {path for path in paths if not any(other.startswith((f"{path}[", f"{path}.")) for other in paths)}
    return _mistake(dict(first), tree, kind), len(places) - 1


def _describe(error: ValidationError, tree: Any, kind: type[BaseModel]) -> str:
    """One sentence for the first error - key, value, remedy - and how many more there are."""
    mistake, others = mistakes(error, tree, kind)
    more = f" ({others} more after this)" if others else ""
    return f"{mistake.path} {mistake.matter}; {mistake.remedy}{more}"


def _mistake(item: dict[str, Any], tree: Any, kind: type[BaseModel]) -> Mistake:
    path = _path(item["loc"], item["type"], tree)
    if item["type"] == "case":
        context = item["ctx"]
        inner = str(context["path"])
        value = context["value"] if inner else item["input"]
        path = ".".join(part for part in (path, inner) if part)
        return Mistake(path, "is missing" if value is None else _is(value), context["remedy"])
    if item["type"] == "extra_forbidden":
        key = str(item["loc"][-1])
        known = _fields(kind, item["loc"][:-1])
        return Mistake(
            path,
            f"is not a known key{nearest(key, known)}",
            f"known here are {', '.join(known)}{_elsewhere(item, key)}",
        )
    if item["type"] == "union_tag_invalid":
        return Mistake(f"{path}.kind", _is(item["input"]["kind"]), f"expected one of {item['ctx']['expected_tags']}")
    if item["type"] == "missing":
        return Mistake(path, "is missing", "add it")
    remedy = _REMEDIES.get(item["type"], item["msg"][0].lower() + item["msg"][1:])
    return Mistake(path, _is(item["input"]), remedy)


def _is(value: Any) -> str:
    shown = repr(value)
    return f"is {shown if len(shown) <= 80 else shown[:77] + '...'}"


def _elsewhere(item: dict[str, Any], key: str) -> str:
    """Which kind of study has a key that this one has not."""
    kinds = [name for name, kind in STUDIES.items() if key in kind.model_fields]
    is_study = item["loc"][0] == "study" and len(item["loc"]) == 3
    return f'; set study.kind = "{kinds[0]}" to use it' if is_study and kinds else ""


def _path(loc: tuple[int | str, ...], kind: str, tree: Any) -> str:
    """`layers[1].thickness`; what pydantic appends for the branches of a union is left out."""
    text, node = "", tree
    for depth, part in enumerate(loc):
        is_item = isinstance(node, list | tuple) and isinstance(part, int) and part < len(node)
        is_missing = kind == "missing" and depth == len(loc) - 1
        # The key paths of a protocol may be tables in tables.
        is_key = isinstance(node, dict) and (part in node or is_missing or "." in str(part))
        if is_item or is_key:
            text += f"[{part}]" if is_item else f".{part}"
            node = node[part] if is_item or part in node else functools.reduce(_child, str(part).split("."), node)
    return text.lstrip(".")


def _fields(kind: type[BaseModel], loc: tuple[int | str, ...]) -> list[str]:
    """Names of the fields of the record at `loc`."""
    schema = kind.model_json_schema()
    node = schema
    for part in loc:
        mapping = node.get("discriminator", {}).get("mapping", {})
        inner = node.get("properties", {}).get(part) or node.get("items") or node.get("additionalProperties")
        # What is no part of a schema is the branch of a union that was taken.
        node = {"$ref": mapping[part]} if part in mapping else inner if isinstance(inner, dict) else node
        for option in [*node.get("anyOf", []), *([] if "discriminator" in node else node.get("oneOf", []))]:
            node = option if "$ref" in option else node
        if "$ref" in node:
            node = schema["$defs"][node["$ref"].rsplit("/", 1)[-1]]
    return list(node.get("properties", {}))
