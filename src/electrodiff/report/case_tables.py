"""A case as tables, from what stands in its file, with numbers in the units of the field."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from electrodiff.model import Case
from electrodiff.plot.style import ion_label
from electrodiff.report.blocks import Grid, grid
from electrodiff.report.typesetting import Typesetter

# Units in which a number of an SI unit is read, the largest in which it is 1 or more; the first if it is less.
_READ_IN: dict[str, tuple[tuple[str, float], ...]] = {
    "m": (("nm", 1e-9), ("um", 1e-6), ("mm", 1e-3), ("m", 1.0)),
    "m^2": (("nm^2", 1e-18), ("um^2", 1e-12), ("mm^2", 1e-6), ("m^2", 1.0)),
    "s": (("ps", 1e-12), ("ns", 1e-9), ("us", 1e-6), ("ms", 1e-3), ("s", 1.0)),
    "Hz": (("mHz", 1e-3), ("Hz", 1.0), ("kHz", 1e3), ("MHz", 1e6), ("GHz", 1e9)),
    "V": (("mV", 1e-3),),
    "mol/m^3": (("mM", 1.0),),
    "J/mol": (("kJ/mol", 1e3),),
}
_QUANTITY = re.compile(r"(-?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?) (\S.*)")

# So many values are listed one by one.
_MOST = 12

# What has tables of its own.
_APART = ("title", "ions", "layers", "left", "right", "interfaces", "pathways", "transporters", "expect")
_SIDES = ("left", "right")


def case_grids(case: Case) -> list[Grid]:
    """Conditions, ions, layers, what each ion meets in them, ends, and whatever else the case has."""
    tree = case.model_dump(mode="json", exclude_unset=True, exclude_none=True)
    set_text = Typesetter(names_of(case))
    study = tree.get("study", {})
    protocol = study.pop("protocol", []) if isinstance(study, dict) else []
    found = [
        _conditions(tree),
        _ions(case, tree),
        _layers(tree["layers"]),
        _in_layers(case, tree["layers"]),
        _ends(tree),
        *(_listed(title, tree.get(title.lower(), [])) for title in ("Interfaces", "Pathways", "Transporters")),
        _listed("Protocol", [{"name": f"change {index}", **each} for index, each in enumerate(protocol, 1)]),
    ]
    return [_set(each, set_text) for each in found if each.rows]


def names_of(case: Case) -> list[str]:
    """What a case has given names to."""
    ways = (pathway.name for pathway in case.pathways)
    return [*case.ion_names, *case.layer_names, *case.transporter_names, *ways, case.title]


def _set(table: Grid, set_text: Typesetter) -> Grid:
    rows = [[set_text(cell.spans[0].text) for cell in row] for row in table.rows]
    return grid(table.title, [set_text(name) for name in table.header], rows, table.numeric)


def readable(value: Any) -> str:
    """A value of a case file for a reader: `5e-09 m` as `5 nm`, a profile as its ends, a table as `key value, ...`."""
    if isinstance(value, str):
        found = _QUANTITY.fullmatch(value)
        return _scaled(float(found[1]), found[2]) if found else value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return _short(value)
    if isinstance(value, Mapping):
        return _profile(value) if {*value} == {"x", "value"} else ", ".join(f"{k} {v}" for k, v in _flat(value))
    if isinstance(value, Sequence):
        return _listing([readable(each) for each in value])
    return str(value)


def _scaled(number: float, unit: str) -> str:
    units = _READ_IN.get(unit, ((unit, 1.0),))
    # A part in 1e9 less than a unit is one of it but for round-off.
    fitting = [each for each in units if abs(number) >= each[1] * (1 - 1e-9)] or [units[0]]
    name, size = fitting[-1]
    return f"{_short(number / size)} {name}"


def _short(number: float) -> str:
    """Six digits at most: a case file has no more that matter, and binary fractions add their own."""
    if not math.isfinite(number):
        return "∞"
    mantissa, _, exponent = f"{number:.6g}".partition("e")
    return f"{mantissa}e{int(exponent)}" if exponent else mantissa


def _profile(value: Mapping[str, Any]) -> str:
    points, x = [readable(each) for each in value["value"]], value["x"]
    return f"profile from x = {readable(x[0])} to {readable(x[-1])}: {_listing(points)}"


def _listing(texts: Sequence[str]) -> str:
    """All of them, or of many the ends: the case file, which has them all, is on the page too."""
    if len(texts) <= _MOST:
        return ", ".join(texts)
    return f"{', '.join(texts[:3])}, ..., {texts[-1]} ({len(texts)} of them)"


def _flat(table: Mapping[str, Any], parent: str = "") -> Iterator[tuple[str, str]]:
    """Words and values of a table and of those in it."""
    for key, value in table.items():
        name = f"{parent}{key.replace('_', ' ')}"
        if isinstance(value, Mapping) and {*value} != {"x", "value"}:
            yield from _flat(value, f"{name} ")
        elif isinstance(value, list) and value and all(isinstance(each, Mapping) for each in value):
            for index, each in enumerate(value, 1):
                yield from _flat(each, f"{name} {index} ")
        else:
            yield name, readable(value)


def _conditions(tree: Mapping[str, Any]) -> Grid:
    rows = _flat({key: value for key, value in tree.items() if key not in _APART})
    return grid("Conditions", ("", ""), [*rows], (False, False))


def _ions(case: Case, tree: Mapping[str, Any]) -> Grid:
    sides = [side for side in _SIDES if getattr(case, side).kind == "reservoir"]
    baths = {side: case.concentrations(side) for side in sides}  # type: ignore[arg-type]
    sizes = any("diameter" in ion for ion in tree["ions"].values())
    rows = [
        [
            ion_label(name, case.valence(name)),
            f"{case.valence(name):+d}".replace("+0", "0"),
            f"{_short(case.free_diffusivity(name))}",
            *(_short(baths[side][name]) for side in sides),
            *([readable(given.get("diameter", "a point"))] if sizes else []),
        ]
        for name, given in tree["ions"].items()
    ]
    columns = ("ion", "valence", "diffusivity in water [m^2/s]", *(f"{side} bath [mM]" for side in sides))
    return grid("Ions", (*columns, *(["diameter"] if sizes else [])), rows)


def _layers(layers: list[dict[str, Any]]) -> Grid:
    """What is one value for each layer, a column for each that any layer has."""
    keys = dict.fromkeys(key for layer in layers for key, value in layer.items() if not _is_by_ion(value))
    rows = [[readable(layer[key]) if key in layer else "" for key in keys] for layer in layers]
    return grid("Layers, from left to right", [_COLUMNS.get(key, key.replace("_", " ")) for key in keys], rows)


_COLUMNS = {"name": "layer", "relative_permittivity": "relative permittivity"}


def _is_by_ion(value: Any) -> bool:
    return isinstance(value, Mapping) and {*value} != {"x", "value"}


def _in_layers(case: Case, layers: list[dict[str, Any]]) -> Grid:
    """What a layer is to each ion; the rows of one layer follow each other."""
    rows = [
        [layer["name"], key.replace("_", " "), *(_of_ion(table, name) for name in case.ion_names)]
        for layer in layers
        for key, table in layer.items()
        if _is_by_ion(table)
    ]
    labels = [ion_label(name, case.valence(name)) for name in case.ion_names]
    return grid("Ions in the layers; elsewhere they are as in water", ("layer", "", *labels), rows)


def _of_ion(table: Mapping[str, Any], ion: str) -> str:
    return readable(table[ion]) if ion in table else "\N{EN DASH}"


def _ends(tree: Mapping[str, Any]) -> Grid:
    """What each end is, without the concentrations, which stand beside the ions."""
    rows = []
    for side in _SIDES:
        end = {key: value for key, value in tree[side].items() if key not in ("concentrations", "kind")}
        kind = tree[side].get("kind", "reservoir")
        rows.append([side, kind, "; ".join(f"{key} {value}" for key, value in _flat(end))])
    return grid("Ends", ("end", "kind", "given"), rows, (False, False, False))


def _listed(title: str, items: list[dict[str, Any]]) -> Grid:
    """What there may be any number of: each with its keys."""
    rows = [[_name(item), "; ".join(f"{key} {value}" for key, value in _flat(_without_name(item)))] for item in items]
    return grid(title, ("name", "given"), rows, (False, False))


def _name(item: Mapping[str, Any]) -> str:
    return str(item["name"]) if "name" in item else " | ".join(item.get("between", ()))


def _without_name(item: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in item.items() if key not in ("name", "between")}
