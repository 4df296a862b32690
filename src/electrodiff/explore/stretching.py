"""Profiles that go along when a layer becomes thicker or thinner: their points keep their places in the layer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from electrodiff.fields import Profile
from electrodiff.model import Case

_TABLES = ("partition", "barrier", "diffusivity", "initial")


def stretched_profiles(case: Case, thickness: Mapping[str, float]) -> dict[str, Any]:
    """The keys to change, with their new profiles, when layers get these thicknesses [m], by name.

    Profiles of a layer run along it, those of the cross section along the whole stack; so they must end where it ends.
    """
    changes: dict[str, Any] = {}
    for layer in case.layers:
        new = thickness.get(layer.name)
        if new is None:
            continue
        tables = {name: getattr(layer, name) or {} for name in _TABLES}
        found = {f"{name}.{ion}": value for name, table in tables.items() for ion, value in table.items()}
        for key, value in {**found, "fixed_charge": layer.fixed_charge}.items():
            if isinstance(value, Profile):
                x = tuple(position * new / layer.thickness for position in value.x)
                changes[f"layers.{layer.name}.{key}"] = Profile(x, value.value)
    return changes | dict(_cross_sections(case, thickness))


def _cross_sections(case: Case, thickness: Mapping[str, float]) -> Iterator[tuple[str, Profile]]:
    before = np.cumsum([0.0, *(layer.thickness for layer in case.layers)])
    after = np.cumsum([0.0, *(thickness.get(layer.name, layer.thickness) for layer in case.layers)])
    for key in ("area", "radius"):
        profile = getattr(case.mesh, key)
        if isinstance(profile, Profile):
            x = np.interp(profile.x, before, after)
            yield f"mesh.{key}", Profile(tuple(x.tolist()), profile.value)
