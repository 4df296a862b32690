"""The reference of the case file, from its JSON Schema and the docstrings beneath the fields of its records."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from typing import Any

from api_pages import escaped, markdown
from electrodiff.model import Case, case_schema
from members import attribute_doc

Schema = dict[str, Any]
INTRODUCTION = """# Keys of the case file

Every table of a case file with every key that it takes, from the JSON Schema that `electrodiff schema` prints; an editor
that knows JSON Schema checks a case with it while you write. How the tables go together, with examples, stands in
[case files](../case-file.md). A key that is not here is an error, and the nearest known one is named.

A number with a dimension is text with its unit, as in the examples; in Python an SI number does as well.
"""


def schema_page() -> str:
    """The page, in Markdown."""
    schema = case_schema()
    records = {"Case": schema, **schema["$defs"]}
    places = _places(records)
    return "\n".join([INTRODUCTION, *(_section(name, record, places) for name, record in records.items())])


def record_class(name: str) -> type:
    """The class of a record, which the schema names."""
    return next(each for each in _records(Case) if each.__name__ == name)


def _records(record: Any) -> Iterator[type]:
    """All records that are reached from one, itself included."""
    seen: list[type] = []
    waiting = [record]
    while waiting:
        each = waiting.pop()
        if each in seen:
            continue
        seen.append(each)
        for field in each.model_fields.values():
            waiting += [found for found in _classes(field.annotation) if found not in seen]
    yield from seen


def _classes(annotation: Any) -> Iterator[type]:
    if inspect.isclass(annotation) and hasattr(annotation, "model_fields"):
        yield annotation
    for part in getattr(annotation, "__args__", ()):
        yield from _classes(part)


def _places(records: Schema) -> dict[str, str]:
    """Where each record stands in a file: `[[layers]]`, `[study]`, `gating.ION` of `[[layers]]`."""
    places = {"Case": "the top of the file"}
    waiting = ["Case"]
    while waiting:
        owner = waiting.pop(0)
        for key, value in records[owner]["properties"].items():
            for target, form in _references(value):
                if target not in places:
                    where = form.format(key=key) if owner == "Case" else f"`{key}` of {places[owner]}"
                    places[target] = f"`{where}`" if owner == "Case" else where
                    waiting.append(target)
    return places


def _references(value: Schema) -> Iterator[tuple[str, str]]:
    """The records that a key holds, and how it is written at the top of a file."""
    if "$ref" in value:
        yield value["$ref"].rpartition("/")[2], "[{key}]"
    for part in (*value.get("anyOf", ()), *value.get("oneOf", ())):
        yield from _references(part)
    if isinstance(value.get("items"), dict):
        yield from ((name, "[[{key}]]") for name, _ in _references(value["items"]))
    if isinstance(value.get("additionalProperties"), dict):
        yield from ((name, "[{key}.NAME]") for name, _ in _references(value["additionalProperties"]))


def _section(name: str, record: Schema, places: dict[str, str]) -> str:
    kind = record["properties"].get("kind", {}).get("const")
    title = "The case" if name == "Case" else _words(name)
    where = f'{places[name]}, with `kind = "{kind}"`' if kind else places[name]
    told = markdown(record.get("description", ""))
    lines = [f"({_anchor(name)})=", f"## {title[0].upper()}{title[1:]}", "", f"Stands at {where}.", "", told, ""]
    lines += ["| key | value | default | meaning |", "|---|---|---|---|"]
    lines += [_row(name, key, value, record.get("required", ())) for key, value in record["properties"].items()]
    return "\n".join([*lines, ""])


def _row(name: str, key: str, value: Schema, required: Any) -> str:
    attribute = f"{key}_" if key == "from" else key
    meaning = escaped(" ".join(attribute_doc(record_class(name), attribute).split()))
    default = "required" if key in required else _default(value)
    cells = [f"`{key}`", _value(value), default, meaning]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _default(value: Schema) -> str:
    default = value.get("default")
    if default is None or default in ([], {}) or isinstance(default, dict):
        return ""
    in_si = " (SI)" if isinstance(default, float) and value.get("type") == "string" and default else ""
    return f"`{json.dumps(default)}`{in_si}"


def _value(value: Schema) -> str:
    """What a key takes, in words."""
    if "$ref" in value:
        name = value["$ref"].rpartition("/")[2]
        return f"[{_words(name)}](#{_anchor(name)})"
    for union in ("anyOf", "oneOf"):
        if union in value:
            parts = [_value(part) for part in value[union] if part.get("type") != "null"]
            return " or ".join(dict.fromkeys(parts))
    if "const" in value:
        return f"`{json.dumps(value['const'])}`"
    if "enum" in value:
        return ", ".join(f"`{json.dumps(each)}`" for each in value["enum"])
    return _typed(value)


def _typed(value: Schema) -> str:
    example = "".join(f", `{json.dumps(each)}`" for each in value.get("examples", ())[:3])
    match value.get("type"):
        case "array":
            inside = value.get("items") or {}
            return f"list of: {_value(inside)}" if inside else "list" if "prefixItems" not in value else "two names"
        case "object" if "properties" in value:
            return "profile `{ x = [...], value = [...] }`"
        case "object":
            inside = value.get("additionalProperties")
            named = ", ".join(value.get("propertyNames", {}).get("enum", ()))
            of = _value(inside) if isinstance(inside, dict) else "value"
            return f"table of {named}: {of}" if named else f"table of names: {of}"
        case "string":
            return f"{value.get('description', 'text')}{example}"
        case "number" | "integer":
            return _number(value)
        case "boolean":
            return "`true` or `false`"
    return f"{value.get('description', 'any value')}{example}"


_BOUNDS = {
    "minimum": "at least",
    "exclusiveMinimum": "above",
    "maximum": "at most",
    "exclusiveMaximum": "below",
}


def _number(value: Schema) -> str:
    kind = "whole number" if value["type"] == "integer" else "number"
    bounds = [f"{words} {value[key]:g}" for key, words in _BOUNDS.items() if key in value]
    return ", ".join([kind, *bounds])


def _anchor(name: str) -> str:
    return f"key-{name.lower()}"


def _words(name: str) -> str:
    """`ImpedanceStudy` as `impedance study`, `IVStudy` as `IV study`."""
    spaced = "".join(
        f" {each}" if each.isupper() and not name[i - 1].isupper() else each for i, each in enumerate(name)
    )
    text = spaced.strip().replace("IVS", "IV S")
    return " ".join(word if word.isupper() and len(word) > 1 else word.lower() for word in text.split())
