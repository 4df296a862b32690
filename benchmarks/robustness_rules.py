"""What a random case must satisfy beyond its own validation to be a physical one, and the currents that it can carry.

Each rule is an estimate in closed form from the case alone; nothing here solves anything.
"""

from __future__ import annotations

import math
from itertools import groupby, pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from electrodiff import Case, Profile, Reservoir, Wall
from electrodiff.checks import crosses, is_absent
from electrodiff.units import AVOGADRO, FARADAY, VACUUM_PERMITTIVITY, thermal_voltage

# Charges that no ion screens may make this potential [V]: five times the largest one that is drawn.  Without a limit,
# 2 M of fixed charge in 100 um of an ion-free layer would make 1e11 V, which no matter stands.
HIGHEST_POTENTIAL = 10.0

# The largest surface charge that is drawn [C/m^2].  A channel that narrows a thousandfold would gather more on its end.
LARGEST_SURFACE_CHARGE = 0.5

# Points at which the cross section of a layer is averaged; the estimates need no more than its size.
POINTS = 64

# ln of the largest factor by which an ion is held to be kept out of a layer.
LARGEST_EXCLUSION = 500.0

Floats = NDArray[np.float64]
Side = Literal["left", "right"]


def objection(case: Case) -> str | None:
    """The rule that a case breaks, or None."""
    if unscreened_potential(case) > HIGHEST_POTENTIAL:
        return f"unscreened charge makes more than {HIGHEST_POTENTIAL:g} V"
    if not _has_room(case):
        return "no room for the counter-ions of a fixed charge"
    if crowded_charge(case) > LARGEST_SURFACE_CHARGE:
        return f"a pocket's net charge is more than {LARGEST_SURFACE_CHARGE:g} C/m2 where the stack is narrowest"
    if _is_floating(case) and not _turns(case):
        return "no floating potential: the current has one sign only"
    return None


# ---- where ions are -----------------------------------------------------------------------------------------------


def runs(case: Case, ion: str) -> list[tuple[list[int], list[str]]]:
    """The stretches of layers that an ion can roam, each with the sides of the reservoirs that it reaches."""
    last = len(case.layers) - 1
    found = []
    for absent, group in groupby(range(last + 1), key=lambda index: is_absent(case.layers[index], ion)):
        layers = list(group)
        at_left = ["left"] * (layers[0] == 0 and isinstance(case.left, Reservoir))
        at_right = ["right"] * (layers[-1] == last and isinstance(case.right, Reservoir))
        if not absent:
            found.append((layers, at_left + at_right))
    return found


def _fed(case: Case) -> list[dict[str, float]]:
    """For each layer, the ions that a reservoir feeds into it, with the largest concentration that it offers."""
    offers = {"left": case.concentrations("left"), "right": case.concentrations("right")}
    fed: list[dict[str, float]] = [{} for _ in case.layers]
    for ion in case.ions:
        for layers, sides in runs(case, ion):
            offered = max((offers[side][ion] for side in sides), default=0.0)
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


def _volumes_and_lengths(case: Case) -> tuple[list[float], list[float]]:
    """Volume of each layer, and its integral of dx/A."""
    volumes, lengths = [], []
    for index, (start, stop) in enumerate(pairwise(boundaries(case))):
        area = areas(case, start + (stop - start) * (np.arange(POINTS) + 0.5) / POINTS)
        centre = index == 0 and case.mesh.geometry != "planar" and not case.mesh.inner_radius
        volumes.append(float(stop - start) * float(area.mean()))
        # Around a centre the integral diverges, and what is felt there is the mean.
        lengths.append(float(stop - start) * float(1 / area.mean() if centre else (1 / area).mean()))
    return volumes, lengths


# ---- charges that nothing screens ---------------------------------------------------------------------------------


def unscreened_potential(case: Case) -> float:
    """Potential [V] by the charges for which no reservoir offers counter-ions: charge times distance over permittivity."""
    return max(_unscreened(case, sign) for sign in (1.0, -1.0))


def _unscreened(case: Case, sign: float) -> float:
    """Of the charges of one sign: what lies in layers without counter-ions, over the capacitances of these in series.

    A pocket with enough counter-ions of its own conducts: no potential across it, and its net charge is felt outside.
    """
    charges, faces, lengths = _layer_charges(case), _face_charges(case), _volumes_and_lengths(case)[1]
    conductors = [pocket for pocket in pockets(case) if _conducts(case, sign, pocket, charges, faces)]
    screened = [any(case.valence(ion) * sign < 0 for ion in fed) for fed in _fed(case)]
    for pocket in conductors:
        net = _net_charge(pocket, charges, faces)
        reached = _reached(case, sign, pocket, max(sign * net, 0.0))
        if any(_is_metal(end) and index in reached for index, end in ((0, case.left), (len(charges) - 1, case.right))):
            screened = [old or index in pocket for index, old in enumerate(screened)]
        for index in reached:
            lengths[index] = 0.0
        for index in pocket:
            charges[index] = net / len(pocket)
        faces[pocket[0] + 1 : pocket[-1] + 1] = [0.0] * (len(pocket) - 1)
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
    first = layers[0] + (layers[0] > 0)
    last = layers[-1] + (layers[-1] == len(charges) - 1)
    held = [*(charges[index] for index in layers), *faces[first : last + 1]]
    permittivity = [VACUUM_PERMITTIVITY * case.relative_permittivity(case.layers[index]) for index in layers]
    series = sum(lengths[index] / eps for index, eps in zip(layers, permittivity, strict=True))
    return series * sum(max(sign * charge, 0.0) for charge in held)


def _net_charge(pocket: list[int], charges: list[float], faces: list[float]) -> float:
    return sum(charges[index] for index in pocket) + sum(faces[pocket[0] + 1 : pocket[-1] + 1])


def _conducts(case: Case, sign: float, pocket: list[int], charges: list[float], faces: list[float]) -> bool:
    """Whether the trapped counter-ions of a pocket outweigh what it holds of charge of the given sign, at each place."""
    volumes = _volumes_and_lengths(case)[0]
    places = [({index}, FARADAY * fixed_charge(case, index) * volumes[index]) for index in pocket]
    places += [({index - 1, index} & set(pocket), faces[index]) for index in range(pocket[0], pocket[-1] + 2)]
    needs = [(layers, max(sign * charge, 0.0)) for layers, charge in places]
    total = sum(charge for _, charge in needs) + abs(_net_charge(pocket, charges, faces))
    return _counter(case, sign, set(pocket)) > total and all(_counter(case, sign, at) >= need for at, need in needs)


def _counter(case: Case, sign: float, layers: set[int]) -> float:
    """Charge [C] of the trapped counter-ions that can enter one of these layers."""
    return sum(
        _held(case, ion, run)
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
        if case.valence(ion) * sign > 0 and index in pocket and _held(case, ion, run) > charge
    }


def _is_metal(end: object) -> bool:
    return isinstance(end, Wall) and end.potential is not None


def _held(case: Case, ion: str, run: list[int]) -> float:
    """Size of the charge [C] of what is held of an ion in some layers."""
    volumes = _volumes_and_lengths(case)[0]
    amount = sum(case.layers[index].initial.get(ion, 0.0) * volumes[index] for index in run)
    return FARADAY * abs(case.valence(ion)) * amount


def fixed_charge(case: Case, index: int) -> float:
    """Fixed charge of a layer [mol/m^3]; the cases drawn have no profiles of it."""
    given = case.layers[index].fixed_charge
    return 0.0 if isinstance(given, Profile) else given


def _face_charges(case: Case) -> list[float]:
    """Charge [C] on every boundary of a layer, both ends included."""
    given = [case.surface_charge(left, right) for left, right in pairwise(case.layer_names)]
    ends = [getattr(end, "surface_charge", None) or 0.0 for end in (case.left, case.right)]
    density = np.array([ends[0], *given, ends[1]])
    return (density * areas(case, boundaries(case))).tolist()  # type: ignore[no-any-return]


def _layer_charges(case: Case) -> list[float]:
    """Charge [C] of every layer: fixed, and of what is trapped there; spread evenly where what is trapped can move."""
    volumes, _ = _volumes_and_lengths(case)
    charges = [FARADAY * volume * fixed_charge(case, index) for index, volume in enumerate(volumes)]
    for ion, stretches in trapped_runs(case).items():
        for index in (index for layers in stretches for index in layers):
            charges[index] += FARADAY * case.valence(ion) * case.layers[index].initial.get(ion, 0.0) * volumes[index]
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


def crowded_charge(case: Case) -> float:
    """The largest net charge of a pocket over the smallest cross section of the stack [C/m^2]."""
    charges, faces = _layer_charges(case), _face_charges(case)
    x = np.linspace(0.0, float(boundaries(case)[-1]), POINTS)
    at = areas(case, x)
    smallest = float(at[at > 0].min())
    return max((abs(_net_charge(pocket, charges, faces)) / smallest for pocket in pockets(case)), default=0.0)


def _has_room(case: Case) -> bool:
    """Whether the counter-ions of every fixed charge fit in beside what is trapped there."""
    if case.steric is None:
        return True
    volume = {ion: AVOGADRO * (record.diameter or 0.0) ** 3 for ion, record in case.ions.items()}
    for index, (layer, fed) in enumerate(zip(case.layers, _fed(case), strict=True)):
        fixed = fixed_charge(case, index)
        needs = [volume[ion] * abs(fixed / case.valence(ion)) for ion in fed if case.valence(ion) * fixed < 0]
        filled = sum(volume[ion] * concentration for ion, concentration in layer.initial.items())
        if filled + min(needs, default=0.0) >= 1:
            return False
    return True


# ---- currents -----------------------------------------------------------------------------------------------------


def _is_floating(case: Case) -> bool:
    return any(isinstance(end, Reservoir) and end.is_floating for end in (case.left, case.right))


def _turns(case: Case) -> bool:
    """Whether the current through the stack changes its sign with the potential, so that each current has one.

    As V grows, it is carried by cations from the left and anions from the right, and as V falls by the others; with one of
    the two alone no potential makes it zero.
    """
    return current_scale(case, 1.0) > 0 and current_scale(case, -1.0) > 0


def current_scale(case: Case, sign: float) -> float:
    """Current density [A/m^2] of one sign that some RT/F drive through the stack, at least: sum of F |z| P c.

    P in series, less the exclusion of the ion from where it is excluded most; c that of the reservoir from which it comes.
    """
    _, lengths = _volumes_and_lengths(case)
    total = 0.0
    for ion in (ion for ion in case.ions if case.valence(ion) and crosses(case, ion)):
        feed = case.concentrations("left" if case.valence(ion) * sign > 0 else "right")[ion]
        series = sum(length / _mobility(case, index, ion) for index, length in enumerate(lengths))
        excluded = max(_log_exclusion(case, index, ion) for index in range(len(lengths)))
        total += FARADAY * abs(case.valence(ion)) * feed / series * math.exp(-min(excluded, LARGEST_EXCLUSION))
    return total / float(areas(case, np.linspace(0.0, float(boundaries(case)[-1]), POINTS)).max())


def _mobility(case: Case, index: int, ion: str) -> float:
    """D beta of an ion in a layer [m^2/s]."""
    given = case.layers[index].diffusivity.get(ion)
    diffusivity = case.free_diffusivity(ion) if given is None or isinstance(given, Profile) else given
    return diffusivity * partition(case, index, ion)


def partition(case: Case, index: int, ion: str) -> float:
    """beta of an ion in a layer; the cases drawn have no profiles of it."""
    given = (case.layers[index].partition or {}).get(ion, 1.0)
    return 1.0 if isinstance(given, Profile) else given


def _log_exclusion(case: Case, index: int, ion: str) -> float:
    """ln of the factor by which an ion is at most kept out of a layer: by a charge of its sign, and by its own."""
    volumes, lengths = _volumes_and_lengths(case)
    faces, sign = _face_charges(case), math.copysign(1.0, case.valence(ion))
    permittivity = VACUUM_PERMITTIVITY * case.relative_permittivity(case.layers[index])
    charge = sign * (_layer_charges(case)[index] + faces[index] + faces[index + 1])
    content = {other: case.valence(other) * partition(case, index, other) * c for other, c in _fed(case)[index].items()}
    counters = {other: abs(amount) for other, amount in content.items() if amount * sign < 0}
    # Donnan's potential [RT/F], at most that at which any one counter-ion balances the charge, and that of a capacitor.
    thermal = thermal_voltage(case.temperature)
    bounds = [
        math.log(max(charge / (FARADAY * volumes[index]) / amount, 1.0)) / abs(case.valence(other))
        for other, amount in counters.items()
    ]
    donnan = max(min([charge * lengths[index] / permittivity / thermal, *bounds]), 0.0)
    # Ions of one sign alone come in until their own charge keeps them out, at a Debye length like the thickness.
    own = sum(amount for amount in map(abs, content.values())) - sum(counters.values())
    alone = 8 * permittivity * thermal / (FARADAY * case.layers[index].thickness ** 2)
    room = alone + sum(counters.values()) + max(-charge, 0.0) / (FARADAY * volumes[index])
    return abs(case.valence(ion)) * donnan + math.log(max(own / room, 1.0))
