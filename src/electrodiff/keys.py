"""Key paths of a case (`layers.membrane.partition.K`), and errors that name them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from electrodiff.ends import KINDS as END_KINDS
from electrodiff.errors import CaseError
from electrodiff.fields import nearest

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

    Tables that are not there yet are made.  Raises CaseError if the path leads through something else.
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


def _describe(error: ValidationError, tree: Any, kind: type[BaseModel]) -> str:
    """One sentence for the first error - key, value, remedy - and how many more there are."""
    errors = error.errors(include_url=False)
    # A misspelt key often also leaves the right one missing; the spelling is the better message.
    first = next((item for item in errors if item["type"] == "extra_forbidden"), errors[0])
    paths = {_path(item["loc"], item["type"], tree) for item in errors}
    # A list of which an item is wrong is reported too; that is no mistake of its own.
    places = {path for path in paths if not any(other.startswith((f"{path}[", f"{path}.")) for other in paths)}
    more = f" ({len(places) - 1} more after this)" if len(places) > 1 else ""
    return _sentence(dict(first), tree, kind) + more


def _sentence(item: dict[str, Any], tree: Any, kind: type[BaseModel]) -> str:
    path = _path(item["loc"], item["type"], tree)
    if item["type"] == "case":
        context = item["ctx"]
        inner = str(context["path"])
        value = context["value"] if inner else item["input"]
        path = ".".join(part for part in (path, inner) if part)
        return f"{path} is missing; {context['remedy']}" if value is None else _says(path, value, context["remedy"])
    if item["type"] == "extra_forbidden":
        known = _fields(kind, item["loc"][:-1])
        key = str(item["loc"][-1])
        return f"{path} is not a known key{nearest(key, known)}; known here are {', '.join(known)}"
    if item["type"] == "union_tag_invalid":
        return _says(f"{path}.kind", item["input"]["kind"], f"expected one of {', '.join(END_KINDS)}")
    if item["type"] == "missing":
        return f"{path} is missing; add it"
    remedy = _REMEDIES.get(item["type"], item["msg"][0].lower() + item["msg"][1:])
    return _says(path, item["input"], remedy)


def _says(path: str, value: Any, remedy: str) -> str:
    shown = repr(value)
    shown = shown if len(shown) <= 80 else shown[:77] + "..."
    return f"{path} is {shown}; {remedy}"


def _path(loc: tuple[int | str, ...], kind: str, tree: Any) -> str:
    """`layers[1].thickness`; what pydantic appends for the branches of a union is left out."""
    text, node = "", tree
    for part in loc:
        if part in END_KINDS and not (isinstance(node, dict) and part in node):
            continue  # the branch of a union that was taken
        inside = isinstance(node, list | tuple) and isinstance(part, int) and part < len(node)
        if not inside and not (isinstance(node, dict) and (part in node or kind == "missing")):
            break
        text += f"[{part}]" if inside else f".{part}"
        node = node[part] if inside else node.get(part)
    return text.lstrip(".")


def _fields(kind: type[BaseModel], loc: tuple[int | str, ...]) -> list[str]:
    """Names of the fields of the record at `loc`."""
    schema = kind.model_json_schema()
    node = schema
    for part in loc:
        if "discriminator" in node and part in END_KINDS:
            node = schema["$defs"][node["discriminator"]["mapping"][part].rsplit("/", 1)[-1]]
            continue
        node = node.get("properties", {}).get(part) or node.get("items") or node.get("additionalProperties") or {}
        for option in node.get("anyOf", []):
            node = option if "$ref" in option else node
        if "$ref" in node:
            node = schema["$defs"][node["$ref"].rsplit("/", 1)[-1]]
    return list(node.get("properties", {}))
