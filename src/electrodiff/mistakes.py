"""What is wrong in a tree of plain values, such as a case file: key path, what is the matter there, and what to do."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError

from electrodiff.ends import stern_sides
from electrodiff.errors import shown_key, shown_names, shown_value
from electrodiff.fields import nearest
from electrodiff.studies import STUDIES

# What pydantic's own errors say in terms of a case file.
_REMEDIES = {
    "model_type": "expected a table of keys",
    "model_attributes_type": "expected a table of keys",
    "dict_type": "expected a table of keys",
    "too_short": "expected at least one entry",
    "too_long": "expected the names of two neighbouring layers",
    "int_type": "expected a whole number",
    "int_from_float": "expected a whole number",
    "int_parsing_size": "expected a whole number, and a smaller one",
    "float_type": "expected a number, or text with a unit",
    "string_type": "expected text in quotes",
    "bool_type": "expected true or false",
    "bool_parsing": "expected true or false",
}

Location = tuple[int | str, ...]


class Mistake(NamedTuple):
    """What is wrong in a tree: key, what is the matter there, and what to do."""

    path: str
    matter: str
    remedy: str


def mistakes(error: ValidationError, tree: Any, kind: type[BaseModel]) -> tuple[Mistake, int]:
    """The first mistake that an error is about, and how many more there are."""
    errors = [_as_written(item, tree) for item in error.errors(include_url=False)]
    # A misspelt key often also leaves the right one missing; the spelling is the better message.
    first = next((item for item in errors if item["type"] == "extra_forbidden"), errors[0])
    paths = {_path(item["loc"], item["type"], tree) for item in errors}
    # A list of which an item is wrong is reported too; that is no mistake of its own.
    around = {path[: end.start()] for path in paths for end in re.finditer(r"[.\[]", path)}
    return _mistake(first, tree, kind), len(paths - around) - 1


def described(error: ValidationError, tree: Any, kind: type[BaseModel]) -> str:
    """One sentence for the first error - key, value, remedy - and how many more there are."""
    mistake, others = mistakes(error, tree, kind)
    more = f" ({others} more after this)" if others > 0 else ""
    return f"{mistake.path or 'it'} {mistake.matter}; {mistake.remedy}{more}"


def _mistake(item: dict[str, Any], tree: Any, kind: type[BaseModel]) -> Mistake:
    path = _path(item["loc"], item["type"], tree)
    if item["type"] == "case":
        return _of_case(item, tree)
    if item["type"] == "extra_forbidden":
        known = _fields(kind, item["loc"][:-1])
        return _unknown_key(path, str(item["loc"][-1]), known, _elsewhere(item["loc"]))
    if item["loc"][-1:] == ("[key]",):
        return _of_key(path, item)
    if item["type"] == "union_tag_invalid":
        return Mistake(f"{path}.kind", _is(item["input"]["kind"]), f"expected one of {item['ctx']['expected_tags']}")
    if item["type"] == "missing":
        if isinstance(item["loc"][-1], int):
            return Mistake(path, _is(item["input"]), _REMEDIES["too_long"])
        return Mistake(path, "is missing", "add it")
    if item["type"] == "tuple_type":
        return Mistake(path, _is(item["input"]), _list_instead(path, item["input"]))
    text = item["msg"][0].lower() + item["msg"][1:]
    remedy = _REMEDIES.get(item["type"], re.sub("^input should be", "expected", text))
    return Mistake(path, _is(item["input"]), remedy)


def _list_instead(path: str, value: Any) -> str:
    """What a list of what was given alone would look like: of tables under double brackets, of values in single ones."""
    entry = shown_value(value) if isinstance(value, str) else f"[{path.rpartition('.')[2]}]"
    return f"expected a list, such as [{entry}]"


def _unknown_key(path: str, key: str, known: Iterable[str], elsewhere: str = "") -> Mistake:
    names = [*known]
    return Mistake(path, f"is not a known key{nearest(key, names)}", f"known here are {shown_names(names)}{elsewhere}")


def _of_key(path: str, item: dict[str, Any]) -> Mistake:
    """A mistake in a key that one may choose, such as the name of an ion or the side of a membrane."""
    if item["type"] == "literal_error":
        return Mistake(path, "is not a known key", f"expected {item['ctx']['expected']}")
    if item["type"] == "case":
        return Mistake(path, "is not a name", str(item["ctx"]["remedy"]))
    return Mistake(path, "is not a known key", item["msg"][0].lower() + item["msg"][1:])


def _of_case(item: dict[str, Any], tree: Any) -> Mistake:
    """A mistake that one of our own checks has found: at a key below that of the error, with the value as it is written."""
    context = item["ctx"]
    inner, value = str(context["path"]), context["value"]
    start = _path(item["loc"], "case", tree)
    path, written, is_there = _place(_entered(tree, item["loc"]), inner)
    if not inner:
        value = item["input"]
    elif is_there and (value is None or not isinstance(written, dict | list | tuple | BaseModel)):
        value = written
    full = f"{start}{path}".removeprefix(".")
    return Mistake(full, "is missing" if value is None else _is(value), context["remedy"])


def _is(value: Any) -> str:
    return f"is {shown_value(value)}"


def _elsewhere(loc: Location) -> str:
    """Which kind of study has a key that this one has not."""
    kinds = [name for name, kind in STUDIES.items() if loc[-1] in kind.model_fields]
    is_study = loc[0] == "study" and len(loc) == 3
    return f'; set study.kind = "{kinds[0]}" to use it' if is_study and kinds else ""


# ---- places -------------------------------------------------------------------------------------------------------


def _as_written(item: Any, tree: Any) -> dict[str, Any]:
    """An error about a case in the terms of its file, in which a Stern layer is no layer but a part of its wall."""
    sides = stern_sides(tree)
    if not sides:
        return dict(item)
    before, count = int("left" in sides), len(tree["layers"])

    def place(number: int) -> str:
        index = number - before
        return "left.stern" if index < 0 else "right.stern" if index >= count else f"layers[{index}]"

    def renamed(text: str) -> str:
        return re.sub(r"\blayers\[(\d+)\]", lambda match: place(int(match[1])), text)

    first, *rest = item["loc"] or ("",)
    if first == "layers" and rest and isinstance(rest[0], int):
        shifted = rest[0] - before
        is_layer = 0 <= shifted < count
        start = ("layers", shifted) if is_layer else ("left" if shifted < 0 else "right", "stern")
        item = {**item, "loc": (*start, *rest[1:])}
    if item["type"] == "case":
        context = item["ctx"]
        texts = {name: renamed(str(context[name])) for name in ("path", "remedy")}
        item = {**item, "ctx": {**context, **texts}}
    return dict(item)


def _path(loc: Location, kind: str, tree: Any) -> str:
    """`layers[1].thickness`; what pydantic appends for the branches of a union is left out."""
    text, node = "", tree
    for depth, part in enumerate(loc):
        if isinstance(node, list | tuple):
            if isinstance(part, int) and part < len(node):
                text, node = f"{text}[{part}]", node[part]
        elif isinstance(node, dict):
            is_missing = kind == "missing" and depth == len(loc) - 1
            if part in node:
                text, node = f"{text}.{shown_key(str(part))}", node[part]
            elif is_missing or "." in str(part):
                # The key paths of a protocol may be tables in tables.
                more, node, _ = _place(node, str(part))
                text += more
    return text.removeprefix(".")


def _entered(tree: Any, loc: Location) -> Any:
    """What stands at the place of an error, as far as the tree has it."""
    node = tree
    for part in loc:
        is_item = isinstance(node, list | tuple) and isinstance(part, int) and part < len(node)
        if is_item or (isinstance(node, dict) and part in node):
            node = node[part]
    return node


def _place(node: Any, path: str) -> tuple[str, Any, bool]:
    """A key path below a part of a tree as messages have it, what stands there, and whether anything does."""
    text, rest = "", f".{path}" if path else ""
    while rest:
        found = _step(node, rest)
        if found is None:
            return f"{text}.{shown_key(rest.removeprefix('.'))}", None, False
        step, rest, node = found
        text += step
    return text, node, True


def _step(node: Any, path: str) -> tuple[str, str, Any] | None:
    """The first step of a key path as messages have it, the rest of the path, and where it leads; None if nowhere."""
    item = re.match(r"\.?\[(\d+)\]", path)
    if item and isinstance(node, list | tuple) and int(item[1]) < len(node):
        return f"[{item[1]}]", path[item.end() :], node[int(item[1])]
    key = path.removeprefix(".")
    names = [name for name in node if f"{key}.".startswith((f"{name}.", f"{name}["))] if isinstance(node, dict) else []
    if not names:
        return None
    # A name may have a dot in it.
    name = max(names, key=len)
    return f".{shown_key(name)}", key[len(name) :], node[name]


def _fields(kind: type[BaseModel], loc: Location) -> list[str]:
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
