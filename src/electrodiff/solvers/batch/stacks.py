"""Many cases that differ in numbers only, as arrays with one row each.

What has no place here - profiles, curved geometries, ions of finite size, gates, transporters, walls - is for `ed.solve`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np

from electrodiff import materials
from electrodiff.checks import SIDES
from electrodiff.ends import Reservoir
from electrodiff.errors import CaseError
from electrodiff.fields import Profile
from electrodiff.fvm.kernels.arrays import Floats
from electrodiff.layers import Layer
from electrodiff.model import Case
from electrodiff.theory.double_layer import debye_length


@dataclass(frozen=True)
class Points:
    """P cases like `case`, whose numbers of n ions and some layers are the rows of arrays, in SI units."""

    case: Case
    thickness: Floats
    """(P, layers) [m]"""
    relative_permittivity: Floats
    """(P, layers)"""
    permeability: Floats
    """(P, layers, n) [m/s] where the case gives it, else NaN"""
    partition: Floats
    """(P, layers, n)"""
    diffusivity: Floats
    """(P, layers, n) [m^2/s]"""
    fixed_charge: Floats
    """(P, layers) [mol/m^3]"""
    surface_charge: Floats
    """(P, layers - 1) [C/m^2]"""
    concentrations: Floats
    """(P, 2, n) of the reservoirs [mol/m^3]"""
    potential: Floats
    """(P, 2) of the ends [V]; NaN where it floats"""
    current: Floats
    """(P, 1) wanted net current density if a potential floats [A/m^2]"""

    @property
    def count(self) -> int:
        """Number of points P."""
        return len(self.thickness)

    @cached_property
    def valences(self) -> Floats:
        """(n,) z of each ion."""
        return np.array(self.case.valences, dtype=float)

    @cached_property
    def debye_lengths(self) -> Floats:
        """(P, layers) Debye length at the largest ionic strength of each layer [m]; infinite without ions."""
        mobile = (self.partition * (self.concentrations.max(axis=1) * self.valences**2)[:, None]).sum(axis=2)
        strength = (mobile + np.abs(self.fixed_charge)) / 2
        known = np.where(strength > 0, strength, 1.0)
        length = debye_length(known, self.relative_permittivity, self.case.temperature)
        return np.where(strength > 0, length, np.inf)

    @cached_property
    def resistances(self) -> Floats:
        """(P, layers, n) thickness / (D beta) [s/m]; infinite where the ion is absent."""
        with np.errstate(divide="ignore"):
            return np.asarray(self.thickness[:, :, None] / (self.diffusivity * self.partition))

    @property
    def floating(self) -> str | None:
        """The end whose potential floats."""
        return next((side for side in SIDES if getattr(self.case, side).is_floating), None)

    def __getitem__(self, rows: np.ndarray | slice) -> Points:
        """Some of the points."""
        return _with(self, {name: getattr(self, name)[rows] for name in NUMBERS})


def _with(points: Points, arrays: dict[str, Floats]) -> Points:
    return Points(points.case, **arrays)


NUMBERS = tuple(field.name for field in fields(Points) if field.name != "case")
POSITIVE = ("thickness", "relative_permittivity", "diffusivity")
NOT_NEGATIVE = ("partition", "concentrations")


def is_plain(case: Case) -> bool:
    """Whether a case consists of uniform planar layers of point ions between two reservoirs, with a mesh of its own."""
    plain = not (case.steric or case.activity or case.transporters or case.pathways or case.gate_names)
    mesh = case.mesh
    plain &= mesh.geometry == "planar" and mesh.nodes is None and mesh.area is None and mesh.radius is None
    plain &= isinstance(case.left, Reservoir) and isinstance(case.right, Reservoir)
    return plain and all(_is_uniform(case, layer) for layer in case.layers) and not _has_compartment(case)


def _is_uniform(case: Case, layer: Layer) -> bool:
    profile = isinstance(layer.fixed_charge, Profile) or layer.total_fixed_charge is not None
    return not profile and not any(materials.varies(layer, ion) for ion in case.ions)


def _has_compartment(case: Case) -> bool:
    """Whether an ion is present in a layer from which absence parts it on both sides."""
    for ion in case.ions:
        present = [materials.largest_partition(case, layer, ion) > 0 for layer in case.layers]
        inner = "".join("+" if here else "-" for here in present).strip("+")
        if "+" in inner:
            return True
    return False


def fits_lanes(case: Case, keys: Collection[str]) -> bool:
    """Whether lanes have a place for a case with other numbers at these keys."""
    return is_plain(case) and set(keys) <= dict(_places(case)).keys()


def points_of(case: Case, keys: Sequence[str], values: Floats) -> Points | None:
    """The cases with `values` (P, keys) [SI] at their keys; None if the batch is no place for them.

    The last row is compared with the numbers of its own case, so that what follows from a key in a way that is not known
    here sends all of them elsewhere.
    """
    if not is_plain(case):
        return None
    if "lanes" not in case.derived:
        case.derived["lanes"] = dict(_places(case)), _of_case(case), set()
    # Of many chunks of one sweep only the first one asks whether its keys agree.
    places, one, agreeing = case.derived["lanes"]
    if not set(keys) <= places.keys() or not np.isfinite(values).all():
        return None
    arrays = {name: np.repeat(getattr(one, name), len(values), axis=0) for name in NUMBERS}
    for key, column in zip(keys, values.T, strict=True):
        name, place = places[key]
        index: Any = (slice(None), *place)
        arrays[name][index] = column
    points = _consistent(_with(one, arrays))
    if any((getattr(points, name) <= 0).any() for name in POSITIVE):
        return None
    if any((getattr(points, name) < 0).any() for name in NOT_NEGATIVE):
        return None
    if tuple(keys) not in agreeing:
        if not _agrees(points, keys, values):
            return None
        agreeing.add(tuple(keys))
    return points


def _places(case: Case) -> Iterator[tuple[str, tuple[str, tuple[int, ...]]]]:
    """The key of every number of a case that a batch may vary, with its array and its place in a row."""
    for index, layer in enumerate(case.layers):
        for name in ("thickness", "relative_permittivity", "fixed_charge"):
            yield f"layers.{layer.name}.{name}", (name, (index,))
        for row, ion in enumerate(case.ions):
            for name in ("permeability", "partition", "diffusivity"):
                yield f"layers.{layer.name}.{name}.{ion}", (name, (index, row))
    for index, interface in enumerate(case.interfaces):
        between = sorted(case.layer_names.index(name) for name in interface.between)
        yield f"interfaces.{index}.surface_charge", ("surface_charge", (between[0],))
    for index, side in enumerate(SIDES):
        yield f"{side}.potential", ("potential", (index,))
        yield f"{side}.current", ("current", (0,))
        for row, ion in enumerate(case.ions):
            yield f"{side}.concentrations.{ion}", ("concentrations", (index, row))


def _of_case(case: Case) -> Points:
    """The one case as points."""
    layers, ions = case.layers, case.ion_names
    ends = [end for end in (case.left, case.right) if isinstance(end, Reservoir)]
    potentials = [np.nan if end.is_floating else float(end.potential or 0.0) for end in ends]
    currents = [end.current for end in ends if end.current is not None]
    one = Points(
        case,
        thickness=np.array([[layer.thickness for layer in layers]]),
        relative_permittivity=np.array([[case.relative_permittivity(layer) for layer in layers]]),
        permeability=np.array([[[layer.permeability.get(ion, np.nan) for ion in ions] for layer in layers]]),
        partition=np.array([[[materials.largest_partition(case, layer, ion) for ion in ions] for layer in layers]]),
        diffusivity=np.array([[[_diffusivity(case, layer, ion) for ion in ions] for layer in layers]]),
        fixed_charge=np.array([[layer.fixed_charge for layer in layers]], dtype=float),
        surface_charge=np.array([[case.surface_charge(*pair) for pair in pairwise(case.layer_names)]]),
        concentrations=np.array(
            [[list(case.concentrations("left").values()), list(case.concentrations("right").values())]]
        ),
        potential=np.array([potentials]),
        current=np.array([[*currents, 0.0][:1]]),
    )
    return _consistent(one)


def _diffusivity(case: Case, layer: Layer, ion: str) -> float:
    return float(materials.diffusivity(case, layer, ion, np.zeros(1))[0])


def _consistent(points: Points) -> Points:
    """The points with what follows from others: partitions from permeabilities, concentrations that neutralise."""
    given = points.permeability
    followed = given * points.thickness[:, :, None] / points.diffusivity
    concentrations = points.concentrations.copy()
    for index, side in enumerate(SIDES):
        adjusted = getattr(points.case, side).neutralise
        if adjusted is not None:
            row = points.case.ion_names.index(adjusted)
            z = points.valences.copy()
            charges = concentrations[:, index] * np.where(np.arange(z.size) == row, 0.0, z)
            needed = -charges.sum(axis=1) / z[row]
            nothing = np.abs(needed) <= 1e-15 * z.size * np.abs(charges).max(axis=1)
            concentrations[:, index, row] = np.where(nothing, 0.0, needed)
    return replace(
        points, partition=np.where(np.isnan(given), points.partition, followed), concentrations=concentrations
    )


def _agrees(points: Points, keys: Sequence[str], values: Floats) -> bool:
    """Whether the last of the points has the numbers of its own case, to round-off."""
    try:
        case = points.case.changed(dict(zip(keys, values[-1].tolist(), strict=True)))
    except CaseError:
        return False
    own = _of_case(case)
    pairs = ((getattr(points, name)[-1], getattr(own, name)[0]) for name in NUMBERS)
    return is_plain(case) and all(np.allclose(a, b, rtol=1e-12, atol=0, equal_nan=True) for a, b in pairs)
