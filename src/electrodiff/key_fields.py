"""What kind of value stands at a key path of a case: the field that knows its dimension and its bounds."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator
from typing import Annotated, Any, NamedTuple, Union

from pydantic import BaseModel

from electrodiff.errors import CaseError
from electrodiff.fields import SI, nearest


class _Place(NamedTuple):
    """A part of a record: what it may be, what is known of that, and what it is."""

    kind: Any
    metadata: tuple[Any, ...]
    value: Any


def field_at(record: BaseModel, key: str) -> SI | None:
    """The field of the number at a key path such as `layers.membrane.thickness`; None where there is no such number.

    Items of lists are found by their names or numbers.  Raises CaseError if the key leads nowhere.
    """
    place = _Place(type(record), (), record)
    parts = key.split(".")
    for depth, part in enumerate(parts):
        place = _inside(place, part, ".".join(parts[:depth]), key)
    return next((item for _, metadata in _branches(place) for item in metadata if isinstance(item, SI)), None)


def _branches(place: _Place) -> Iterator[tuple[Any, tuple[Any, ...]]]:
    """The kinds that a part may be, with their metadata; of a union every one."""
    origin = typing.get_origin(place.kind)
    if origin is Annotated:
        kind, *metadata = typing.get_args(place.kind)
        yield from _branches(_Place(kind, (*place.metadata, *metadata), place.value))
    elif origin in (Union, types.UnionType):
        for kind in typing.get_args(place.kind):
            yield from _branches(_Place(kind, place.metadata, place.value))
    else:
        yield place.kind, place.metadata


def _inside(place: _Place, part: str, path: str, key: str) -> _Place:
    """What a part of a key path leads to."""
    kinds = [kind for kind, _ in _branches(place)]
    records = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)]
    if records:
        own = type(place.value)
        return _member(own if own in records else records[0], place.value, part, path, key)
    for kind in kinds:
        origin, arguments = typing.get_origin(kind), typing.get_args(kind)
        if origin is dict:
            return _Place(arguments[1], (), (place.value or {}).get(part))
        if origin is tuple:
            return _Place(arguments[0], (), _item(place.value, part, path, key))
    raise CaseError(f"{key}: '{path}' is a value, not a table; shorten the key")


def _member(kind: type[BaseModel], value: Any, part: str, path: str, key: str) -> _Place:
    field = kind.model_fields.get(part)
    if field is None:
        known = ", ".join(kind.model_fields)
        where = f"'{path}' has" if path else "a case has"
        raise CaseError(f"{key}: {where} no key '{part}'{nearest(part, kind.model_fields)}; known are {known}")
    return _Place(field.annotation, tuple(field.metadata), getattr(value, part, None))


def _item(items: Any, part: str, path: str, key: str) -> Any:
    names = [getattr(item, "name", "") for item in items or ()]
    if part in names:
        return items[names.index(part)]
    if part.isdecimal() and int(part) < len(names):
        return items[int(part)]
    known = ", ".join(name for name in names if name) or f"{len(names)} of them, numbered from 0"
    raise CaseError(f"{key}: {path} has no item '{part}'{nearest(part, names)}; it has {known}")
