"""What the public names of the package are, and what their docstrings say, read from the modules themselves."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from types import ModuleType
from typing import Any

from pydantic import BaseModel
from sphinx.pycode import ModuleAnalyzer

PACKAGE = "electrodiff"
NAMESPACES = ("", "theory", "plot", "report")
"""The package itself and the modules that it makes public."""


@dataclass(frozen=True)
class Member:
    """A field, a property or a method of a public class."""

    name: str
    kind: str
    """Directive of Sphinx: `attribute`, `property` or `method`."""
    annotation: str
    default: str
    """As it would be written; empty if there is none."""
    doc: str
    signature: str = ""


@dataclass(frozen=True)
class Name:
    """A public name of the package."""

    name: str
    path: str
    """How it is reached from `electrodiff`: `theory.ghk_flux`."""
    home: str
    """The module that it is from, without the package."""
    value: Any

    @property
    def kind(self) -> str:
        """Directive of Sphinx."""
        if inspect.isclass(self.value):
            return "exception" if issubclass(self.value, Exception) else "class"
        return "function" if callable(self.value) else "data"

    @property
    def doc(self) -> str:
        """Docstring, of a constant the one beneath it."""
        if self.kind != "data":
            return inspect.cleandoc(self.value.__doc__ or "")
        return _attribute_docs(f"{PACKAGE}.{self.home}").get(("", self.name), "")

    @property
    def signature(self) -> str:
        """Parameters with their types as written in the source; empty for what is not called."""
        return signature_of(self.value) if self.kind == "function" else ""

    @cached_property
    def members(self) -> tuple[Member, ...]:
        """Public fields, properties and methods, of classes of the package that it inherits from too."""
        return tuple(_members(self.value)) if self.kind == "class" else ()


def signature_of(function: Any) -> str:
    """Parameters and result of a function as its source writes them, without `self`."""
    signature = inspect.signature(function)
    kept = [each for each in signature.parameters.values() if each.name != "self"]
    return str(signature.replace(parameters=kept)).replace("'", "")


def public_names(namespace: str) -> tuple[Name, ...]:
    """The public names of the package, or of one of its public modules."""
    module = importlib.import_module(f"{PACKAGE}.{namespace}" if namespace else PACKAGE)
    prefix = f"{namespace}." if namespace else ""
    homes: dict[str, str] = getattr(module, "_HOME", None) or _homes(module)
    return tuple(
        Name(name, prefix + name, home if home.startswith(prefix) else prefix + home, getattr(module, name))
        for name, home in sorted(homes.items(), key=lambda item: item[0].lower())
    )


def _homes(module: ModuleType) -> dict[str, str]:
    names: list[str] = module.__all__
    return {name: getattr(module, name).__module__.removeprefix(f"{PACKAGE}.") for name in names}


@cache
def _attribute_docs(module: str) -> dict[tuple[str, str], str]:
    """Docstrings beneath attributes, by class (empty for the module) and name."""
    found = ModuleAnalyzer.for_module(module).find_attr_docs()
    return {key: "\n".join(lines).strip() for key, lines in found.items()}


def attribute_doc(owner: type, name: str) -> str:
    """The docstring beneath a field of a class of the package, or of one that it inherits from."""
    docs = (_attribute_docs(each.__module__).get((each.__name__, name), "") for each in _lineage(owner))
    return next(filter(None, docs), "")


def _lineage(owner: type) -> list[type]:
    """The classes of the package from which a class is made, itself first."""
    return [each for each in owner.__mro__ if each.__module__.startswith(f"{PACKAGE}.")]


def _members(owner: type) -> Iterator[Member]:
    seen = {"model_config"}
    for each in _lineage(owner):
        for name in [*vars(each).get("__annotations__", {}), *vars(each)]:
            if name.startswith("_") or name in seen:
                continue
            seen.add(name)
            if (member := _member(owner, each, name)) is not None:
                yield member


def _member(owner: type, home: type, name: str) -> Member | None:
    value = inspect.getattr_static(home, name, None)
    if isinstance(value, property | cached_property):
        function = value.fget if isinstance(value, property) else value.func
        annotation = str(getattr(function, "__annotations__", {}).get("return", ""))
        return Member(name, "property", annotation, "", inspect.cleandoc(value.__doc__ or ""))
    if inspect.isroutine(value):
        function = getattr(value, "__func__", value)
        doc = inspect.cleandoc(function.__doc__ or "")
        return Member(name, "method", "", "", doc, signature_of(function))
    annotation = str(home.__annotations__.get(name, ""))
    if not annotation or annotation.startswith("ClassVar"):
        return None
    return Member(name, "attribute", annotation, _default(owner, name), attribute_doc(owner, name))


def _default(owner: type, name: str) -> str:
    """How the default of a field would be written; empty if it must be given or is made anew."""
    if issubclass(owner, BaseModel):
        field = owner.model_fields[name]
        return "" if field.is_required() or field.default_factory else _shown(field.default)
    for field_ in dataclasses.fields(owner) if dataclasses.is_dataclass(owner) else ():
        if field_.name == name and field_.default is not dataclasses.MISSING:
            return _shown(field_.default)
    return ""


def _shown(value: Any) -> str:
    text = repr(value)
    return "" if len(text) > 60 or " at 0x" in text else text
