"""A random case as its physical rules see it: where each ion can be, cross sections, and the charges that lie where.

Estimates in closed form from the case alone; nothing here solves anything.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import groupby, pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from electrodiff import Case, Profile, Reservoir
from electrodiff.checks import is_absent
from electrodiff.fields import largest
from electrodiff.units import FARADAY

# Points at which the cross section of a layer is averaged; the estimates need no more than its size.
POINTS = 64

Floats = NDArray[np.float64]
Side = Literal["left", "right"]


# ---- where ions are -----------------------------------------------------------------------------------------------


def runs(case: Case, ion: str) -> list[tuple[list[int], list[str]]]:
    """The stretches of layers that an ion can roam, each with the sides of the reservoirs that it reaches."""
    last = len(case.layers) - 1
    found = []
    for absent, group in groupby(range(last + 1), key=lambda index: is_absent(case, case.layers[index], ion)):
        layers = list(group)
        at_left = ["left"] * (layers[0] == 0 and isinstance(case.left, Reservoir))
        at_right = ["right"] * (layers[-1] == last and isinstance(case.right, Reservoir))
        if not absent:
            found.append((layers, at_left + at_right))
    return found


def fed_ions(case: Case, of: Callable[..., float] = max) -> list[dict[str, float]]:
    """For each layer, the ions that a reservoir feeds into it, with the largest (or least) concentration offered."""
    offers = {"left": case.concentrations("left"), "right": case.concentrations("right")}
    fed: list[dict[str, float]] = [{} for _ in case.layers]
    for ion in case.ions:
        for layers, sides in runs(case, ion):
            offered = of((offers[side][ion] for side in sides), default=0.0)
            for index in layers:
                if offered > 0:
                    fed[index][ion] = offered
    return fed


def trapped_runs(case: Case) -> dict[str, list[list[int]]]:
    """For each ion, the stretches of layers that it cannot leave."""
    return {ion: [layers for layers, sides in runs(case, ion) if not sides] for ion in case.ions}


# ---- geometry -----------------------------------------------------------------------------------------------------


def areas(case: Case, x: Floats) -> Floats:
    """Cross section [m^2] at positions along the stack; 1 for planes, [m] per length for cylinders."""
    mesh = case.mesh
    profile = mesh.area if mesh.area is not None else mesh.radius
    if profile is not None:
        value = profile.at(x) if isinstance(profile, Profile) else np.full(x.shape, profile)
        return value if mesh.area is not None else math.pi * value**2
    power, factor = {"planar": (0, 1.0), "cylindrical": (1, 2 * math.pi), "spherical": (2, 4 * math.pi)}[mesh.geometry]
    return np.asarray(factor * ((mesh.inner_radius or 0.0) + x) ** power)


def boundaries(case: Case) -> Floats:
    """Positions of the boundaries of the layers [m], both ends included."""
    return np.concatenate([[0.0], np.cumsum([layer.thickness for layer in case.layers])])


def volumes_and_lengths(case: Case) -> tuple[list[float], list[float]]:
    """Volume of each layer, and its integral of dx/A."""
    volumes, lengths = [], []
    for index, (start, stop) in enumerate(pairwise(boundaries(case))):
        area = areas(case, start + (stop - start) * (np.arange(POINTS) + 0.5) / POINTS)
        centre = index == 0 and case.mesh.geometry != "planar" and not case.mesh.inner_radius
        volumes.append(float(stop - start) * float(area.mean()))
        # Around a centre the integral diverges, and what is felt there is the mean.
        lengths.append(float(stop - start) * float(1 / area.mean() if centre else (1 / area).mean()))
    return volumes, lengths


# ---- charges and amounts ------------------------------------------------------------------------------------------


def fixed_charge(case: Case, index: int) -> float:
    """Fixed charge of a layer [mol/m^3]; the cases drawn have no profiles of it."""
    given = case.layers[index].fixed_charge
    return 0.0 if isinstance(given, Profile) else given


def partition(case: Case, index: int, ion: str) -> float:
    """beta of an ion in a layer; the cases drawn have no profiles of it."""
    given = (case.layers[index].partition or {}).get(ion, 1.0)
    return 1.0 if isinstance(given, Profile) else given


def held(case: Case, ion: str, run: list[int]) -> float:
    """Size of the charge [C] of what is held of an ion in some layers."""
    volumes = volumes_and_lengths(case)[0]
    amount = sum(largest(case.layers[index].initial.get(ion, 0.0)) * volumes[index] for index in run)
    return FARADAY * abs(case.valence(ion)) * amount


def face_charges(case: Case) -> list[float]:
    """Charge [C] on every boundary of a layer, both ends included."""
    given = [case.surface_charge(left, right) for left, right in pairwise(case.layer_names)]
    ends = [getattr(end, "surface_charge", None) or 0.0 for end in (case.left, case.right)]
    density = np.array([ends[0], *given, ends[1]])
    return (density * areas(case, boundaries(case))).tolist()  # type: ignore[no-any-return]


def layer_charges(case: Case) -> list[float]:
    """Charge [C] of every layer: fixed, and of what is trapped there; spread evenly where what is trapped can move."""
    volumes, _ = volumes_and_lengths(case)
    charges = [FARADAY * volume * fixed_charge(case, index) for index, volume in enumerate(volumes)]
    for ion, stretches in trapped_runs(case).items():
        for index in (index for layers in stretches for index in layers):
            initial = largest(case.layers[index].initial.get(ion, 0.0))
            charges[index] += FARADAY * case.valence(ion) * initial * volumes[index]
    for pocket in pockets(case):
        mean = sum(charges[index] for index in pocket) / sum(volumes[index] for index in pocket)
        for index in pocket:
            charges[index] = mean * volumes[index]
    return charges


def pockets(case: Case) -> list[list[int]]:
    """Unions of the overlapping stretches of trapped charged ions."""
    joined = [False] * (len(case.layers) + 1)  # whether a trapped ion crosses the left face of the layer
    inside = [False] * len(case.layers)
    for ion, stretches in trapped_runs(case).items():
        for layers in stretches if case.valence(ion) else []:
            for index in layers:
                inside[index] = True
                joined[index] |= index > layers[0]
    found: list[list[int]] = []
    for index in (index for index, is_inside in enumerate(inside) if is_inside):
        if joined[index]:
            found[-1].append(index)
        else:
            found.append([index])
    return found
