"""Charges of a random case that no ion screens: the potential that they make, and how they crowd where it is narrow.

Estimates in closed form from the case alone; nothing here solves anything.
"""

from __future__ import annotations

import math
from itertools import groupby, takewhile

import numpy as np

from electrodiff import Case, Wall
from electrodiff.units import FARADAY, VACUUM_PERMITTIVITY
from robustness_stack import (
    POINTS,
    areas,
    boundaries,
    face_charges,
    fed_ions,
    fixed_charge,
    held,
    layer_charges,
    pockets,
    trapped_runs,
    volumes_and_lengths,
)


def unscreened_potential(case: Case) -> float:
    """Potential [V] by the charges for which no reservoir offers counter-ions: charge times distance over permittivity."""
    return max(_unscreened(case, sign) for sign in (1.0, -1.0))


def _unscreened(case: Case, sign: float) -> float:
    """Of the charges of one sign: what lies in layers without counter-ions, over the capacitances of these in series.

    A pocket with enough counter-ions of its own conducts: no potential across it, and its net charge is felt outside.
    """
    charges, faces, lengths = layer_charges(case), face_charges(case), volumes_and_lengths(case)[1]
    conductors = [pocket for pocket in pockets(case) if _conducts(case, sign, pocket, charges, faces)]
    screened = [any(case.valence(ion) * sign < 0 for ion in fed) for fed in fed_ions(case)]
    for pocket in conductors:
        net = _net_charge(pocket, charges, faces)
        reached = _reached(case, sign, pocket, max(sign * net, 0.0))
        grounded = _grounded(case, sign, pocket, reached, faces, sign * net)
        screened = [old or index in grounded for index, old in enumerate(screened)]
        for index in reached:
            lengths[index] = 0.0
        for index in pocket:
            charges[index] = net / len(pocket)
        inside = _inside(pocket, charges)
        faces[inside] = [0.0] * len(faces[inside])
    return max((_series(case, sign, layers, charges, faces, lengths) for layers in _exposed(screened)), default=0.0)


def _exposed(screened: list[bool]) -> list[list[int]]:
    """Stretches of layers without counter-ions."""
    groups = groupby(range(len(screened)), key=screened.__getitem__)
    return [list(layers) for is_screened, layers in groups if not is_screened]


def _series(
    case: Case, sign: float, layers: list[int], charges: list[float], faces: list[float], lengths: list[float]
) -> float:
    """Potential [V] by the charges of one sign in these layers: at most all of them times all of the distance."""
    # A face beside a layer with counter-ions is screened from there; an end belongs to its layer.
    held = [*(charges[index] for index in layers), *faces[_inside(layers, charges)]]
    permittivity = [VACUUM_PERMITTIVITY * case.relative_permittivity(case.layers[index]) for index in layers]
    series = sum(lengths[index] / eps for index, eps in zip(layers, permittivity, strict=True))
    return series * sum(max(sign * charge, 0.0) for charge in held)


def _net_charge(pocket: list[int], charges: list[float], faces: list[float]) -> float:
    """Charge [C] of a pocket, with that of the faces inside it and of a wall at its end."""
    return sum(charges[index] for index in pocket) + sum(faces[_inside(pocket, charges)])


def _inside(layers: list[int], charges: list[float]) -> slice:
    """The faces that belong to a stretch of layers: those between them, and an end of the stack."""
    first = layers[0] + (layers[0] > 0)
    return slice(first, layers[-1] + (layers[-1] == len(charges) - 1) + 1)


def _conducts(case: Case, sign: float, pocket: list[int], charges: list[float], faces: list[float]) -> bool:
    """Whether the trapped counter-ions of a pocket outweigh what it holds of charge of the given sign, at each place."""
    volumes = volumes_and_lengths(case)[0]
    places = [({index}, FARADAY * fixed_charge(case, index) * volumes[index]) for index in pocket]
    places += [({index - 1, index} & set(pocket), faces[index]) for index in range(pocket[0], pocket[-1] + 2)]
    needs = [(layers, max(sign * charge, 0.0)) for layers, charge in places]
    total = sum(charge for _, charge in needs) + abs(_net_charge(pocket, charges, faces))
    return _counter(case, sign, set(pocket)) > total and all(_counter(case, sign, at) >= need for at, need in needs)


def _counter(case: Case, sign: float, layers: set[int]) -> float:
    """Charge [C] of the trapped counter-ions that can enter one of these layers."""
    return sum(
        held(case, ion, run)
        for ion, stretches in trapped_runs(case).items()
        for run in stretches
        if case.valence(ion) * sign < 0 and layers & set(run)
    )


def _reached(case: Case, sign: float, pocket: list[int], charge: float) -> set[int]:
    """The layers of a pocket that trapped ions of the given sign can enter, of which there are enough for its net charge."""
    return {
        index
        for ion, stretches in trapped_runs(case).items()
        for run in stretches
        for index in run
        if case.valence(ion) * sign > 0 and index in pocket and held(case, ion, run) > charge
    }


def _grounded(
    case: Case, sign: float, pocket: list[int], reached: set[int], faces: list[float], net: float
) -> set[int]:
    """The layers of a pocket whose net charge of the given sign is screened from a metal wall.

    All of them, if what is next to the wall can hold that charge, and trapped counter-ions from there can neutralise the
    rest; else those that reached ions can leave for the wall.
    """
    last = len(case.layers) - 1
    grounded: set[int] = set()
    for end, inward in ((case.left, range(last + 1)), (case.right, range(last, -1, -1))):
        if _is_metal(end) and inward[0] in pocket:
            within = takewhile(pocket.__contains__, inward)
            beside = set(takewhile(lambda index: index in reached or sign * fixed_charge(case, index) > 0, within))
            rest = set(pocket) - beside
            holds = max(sign * _bound(case, beside, faces), 0.0) + _spanning(case, sign, beside, rest)
            needs = sign * _bound(case, rest, faces) - _spanning(case, -sign, beside, rest)
            grounded |= set(pocket) if holds > net and needs < 0 else set(takewhile(reached.__contains__, inward))
    return grounded


def _bound(case: Case, layers: set[int], faces: list[float]) -> float:
    """Charge [C] that cannot leave these layers: fixed, on the faces between them, and of ions trapped inside."""
    volumes = volumes_and_lengths(case)[0]
    fixed = sum(FARADAY * fixed_charge(case, index) * volumes[index] for index in layers)
    between = sum(faces[index] for index in layers if index - 1 in layers)
    runs = [(ion, run) for ion, found in trapped_runs(case).items() for run in found if set(run) <= layers]
    return fixed + between + sum(math.copysign(held(case, ion, run), case.valence(ion)) for ion, run in runs)


def _spanning(case: Case, sign: float, here: set[int], there: set[int]) -> float:
    """Size of the charge [C] of the trapped ions of a sign that can be in either of two sets of layers."""
    return sum(
        held(case, ion, run)
        for ion, found in trapped_runs(case).items()
        for run in found
        if case.valence(ion) * sign > 0 and here & set(run) and there & set(run)
    )


def _is_metal(end: object) -> bool:
    return isinstance(end, Wall) and end.potential is not None


def crowded_charge(case: Case) -> float:
    """The largest net charge of a pocket, and of a wall that ends it, over the smallest cross section [C/m^2]."""
    charges, faces = layer_charges(case), face_charges(case)
    x = np.linspace(0.0, float(boundaries(case)[-1]), POINTS)
    at = areas(case, x)
    smallest = float(at[at > 0].min())
    return max((abs(_net_charge(pocket, charges, faces)) / smallest for pocket in pockets(case)), default=0.0)
