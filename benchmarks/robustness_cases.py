"""Random physical cases, each reproducible from (seed, index) alone.

Numbers are log-uniform over the whole of the ranges below, with zeros where a range has them.  A case is drawn anew only
if its own validation refuses it (CaseError) or one of the rules of `robustness_rules` does; what refused it is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

import robustness_rules as rules
from electrodiff import Case, CaseError
from electrodiff.keys import validated
from electrodiff.units import FARADAY

# (smallest, largest), SI units and mM.  Of the charges, potentials and concentrations these are the sizes that are not 0.
LAYERS = (1, 5)
VALENCES = (-3, 3)
TEMPERATURE = (273.15, 373.15)
THICKNESS = (0.3e-9, 100e-6)
PERMITTIVITY = (1.0, 120.0)
PARTITION = (1e-30, 10.0)
DIFFUSIVITY = (1e-15, 1e-8)
CONCENTRATION = (1e-6, 5000.0)
FIXED_CHARGE = (1e-3, 2000.0)
SURFACE_CHARGE = (1e-6, 0.5)
POTENTIAL = (1e-3, 2.0)
DIAMETER = (0.2e-9, 0.8e-9)
INNER_RADIUS = (0.3e-9, 100e-6)
CHANNEL_RADIUS = (0.3e-9, 30e-9)
# Of what a floating end can carry by a low estimate (`rules.current_scale`).
CURRENT = (1e-6, 1e-2)
# Nobody can send less through a membrane [A/m^2]: a few charges a second through a square millimetre.  A smaller one is 0.
LEAST_CURRENT = 1e-12

# Probabilities.
IONS = {1: 0.08, 2: 0.2, 3: 0.2, 4: 0.2, 5: 0.16, 6: 0.16}
STERIC = 0.3
POINT_ION = 0.15
OPPOSITE_PAIR = 0.95
WATER = 0.35
ION_FREE = 0.1
ABSENT = 0.2
UNIT_PARTITION = 0.1
OWN_DIFFUSIVITY = 0.5
NO_FIXED_CHARGE = 0.6
NO_SURFACE_CHARGE = 0.6
NO_POTENTIAL = 0.25
NO_CONCENTRATION = 0.15
NOTHING_TRAPPED = 0.15
CHARGED_POCKET = 0.3

GEOMETRIES = {"planar": 0.4, "cylindrical": 0.2, "spherical": 0.2, "channel": 0.2}
CENTRE = 0.5

# Kinds of ends; "given", "floating" and "current" are reservoirs.
ENDS = {
    ("given", "given"): 0.3,
    ("given", "floating"): 0.14,
    ("given", "current"): 0.1,
    ("given", "metal"): 0.09,
    ("given", "charged"): 0.09,
    ("given", "bare"): 0.06,
    ("given", "closed"): 0.09,
    ("metal", "metal"): 0.05,
    ("metal", "charged"): 0.04,
    ("metal", "bare"): 0.02,
    ("metal", "closed"): 0.02,
}
ENDS_OF_CENTRE = {"given": 0.75, "metal": 0.25}

# A charge below this part of those that it is the sum of is round-off.
NEUTRAL = 1e-12

# The two rules that take a solution to tell, in the words of the solver: the net current keeps its sign from one end of
# 20 V to the other; a crowd of sized ions has an activity that no number holds.
TOLD = ("no floating potential within 10 V", "an activity above e^700")
OUT_OF_RANGE = " or ".join(TOLD)

# More than this in a row would be a mistake in this file.
MOST_DRAWS = 1000

Tree = dict[str, Any]
Random = np.random.Generator


@dataclass(frozen=True)
class Drawn:
    """A case, and what refused the ones drawn before it: the rule, or the key that the validation names."""

    index: int
    case: Case
    refused: tuple[str, ...]


def draw_case(seed: int, index: int, passed_over: int = 0) -> Drawn:
    """Case `index` of a seed; the first of its draws that no rule refuses, or a later one if some are passed over."""
    random = np.random.default_rng([seed, index])
    refused: list[str] = []
    while len(refused) < MOST_DRAWS:
        try:
            case = _draw(random)
            reason = rules.objection(case)
        except CaseError as error:
            reason = f"CaseError: {_rule_of(str(error))}"
        if reason is None and refused.count(OUT_OF_RANGE) == passed_over:
            return Drawn(index, case, tuple(refused))
        refused.append(reason or OUT_OF_RANGE)
    raise RuntimeError(f"seed {seed}, case {index}: {MOST_DRAWS} draws refused, the last because of {refused[-1]}")


def _rule_of(message: str) -> str:
    """What a CaseError says without the numbers of its case."""
    known = ("would fill", "goes from one reservoir", "no ion has a size", "not electroneutral", "gives a potential")
    return next((rule for rule in known if rule in message), message)


# ---- numbers ------------------------------------------------------------------------------------------------------


def log_uniform(random: Random, bounds: tuple[float, float]) -> float:
    """A number between the bounds."""
    return float(np.exp(random.uniform(*np.log(bounds))))


def signed(random: Random, zero: float, bounds: tuple[float, float]) -> float:
    """0 with probability `zero`, else a number of this size and either sign."""
    size = log_uniform(random, bounds) * (1 if random.random() < 0.5 else -1)
    return 0.0 if random.random() < zero else size


def pick(random: Random, weights: dict[Any, float]) -> Any:
    """A key of the table, by its weight."""
    keys, shares = list(weights), np.array(list(weights.values()))
    return keys[int(random.choice(len(keys), p=shares / shares.sum()))]


def balanced(random: Random, amounts: dict[str, float], valence: dict[str, int], fixed: float) -> dict[str, float]:
    """Concentrations made neutral, with a fixed charge, by more of one counter-ion.

    Where there is no counter-ion, those of the other sign are left out; where too much of it would be needed, everything is
    diluted.
    """
    amounts = dict(amounts)
    charge = sum(valence[ion] * c for ion, c in amounts.items()) + fixed
    if abs(charge) <= NEUTRAL * (sum(abs(valence[ion]) * c for ion, c in amounts.items()) + abs(fixed)):
        return amounts
    counters = [ion for ion in amounts if valence[ion] * charge < 0]
    if not counters:
        fewer = {ion: 0.0 if valence[ion] * charge > 0 else c for ion, c in amounts.items()}
        return fewer if fewer == amounts else balanced(random, fewer, valence, fixed)
    counter = counters[int(random.integers(len(counters)))]
    others = sum(valence[ion] * c for ion, c in amounts.items() if ion != counter) + fixed
    amounts[counter] = -others / valence[counter]
    if amounts[counter] <= CONCENTRATION[1]:
        return amounts
    return balanced(random, {ion: _diluted(c) for ion, c in amounts.items()}, valence, fixed)


def _diluted(concentration: float) -> float:
    return max(concentration / 4, CONCENTRATION[0]) if concentration > 0 else 0.0


# ---- the parts of a case ------------------------------------------------------------------------------------------


def _draw(random: Random) -> Case:
    """One case; raises CaseError."""
    tree = _ions(random)
    valence = {ion: each["valence"] for ion, each in tree["ions"].items()}
    tree["layers"] = [_layer(random, valence, f"layer {number}") for number in range(_count(random, LAYERS))]
    tree["interfaces"] = _interfaces(random, tree["layers"], valence)
    tree["mesh"], has_centre = _geometry(random, sum(layer["thickness"] for layer in tree["layers"]))
    tree["left"], tree["right"] = _ends(random, has_centre, valence)
    _fill_pockets(random, tree)
    case = validated(Case, {**tree, **{side: _without(tree[side], "sign") for side in ("left", "right")}}, "case")
    for side in ("left", "right"):
        if "sign" in tree[side]:
            case = _with_current(random, case, side, tree[side]["sign"])
    return case


def _without(table: Tree, key: str) -> Tree:
    return {name: value for name, value in table.items() if name != key}


def _with_current(random: Random, case: Case, side: str, sign: float) -> Case:
    """A current of this sign that the stack can carry."""
    size = log_uniform(random, CURRENT) * rules.current_scale(case, sign)
    return case.changed({f"{side}.current": sign * size if size >= LEAST_CURRENT else 0.0})


def _count(random: Random, bounds: tuple[int, int]) -> int:
    return int(random.integers(bounds[0], bounds[1] + 1))


def _ions(random: Random) -> Tree:
    """Temperature, ions and their sizes."""
    is_steric = random.random() < STERIC
    valences = [_count(random, VALENCES) for _ in range(pick(random, IONS))]
    if len(valences) > 1 and random.random() < OPPOSITE_PAIR:
        first = int(random.integers(1, VALENCES[1] + 1))
        valences[:2] = [first, -int(random.integers(1, VALENCES[1] + 1))]
    ions: Tree = {}
    for number, valence in enumerate(valences):
        ion = {"valence": valence, "diffusivity": log_uniform(random, DIFFUSIVITY)}
        if is_steric and (number == 0 or random.random() > POINT_ION):
            ion["diameter"] = log_uniform(random, DIAMETER)
        ions[f"i{number}"] = ion
    tree = {"temperature": float(random.uniform(*TEMPERATURE)), "ions": ions}
    return {**tree, "steric": {"model": "bikerman"}} if is_steric else tree


def _layer(random: Random, valence: dict[str, int], name: str) -> Tree:
    layer: Tree = {
        "name": name,
        "thickness": log_uniform(random, THICKNESS),
        "relative_permittivity": log_uniform(random, PERMITTIVITY),
    }
    if random.random() > WATER:
        is_ion_free = random.random() < ION_FREE
        layer["partition"] = {ion: 0.0 if is_ion_free else _partition(random) for ion in valence}
    own = {ion: log_uniform(random, DIFFUSIVITY) for ion in valence if random.random() < OWN_DIFFUSIVITY}
    if own:
        layer["diffusivity"] = own
    fixed = signed(random, NO_FIXED_CHARGE, FIXED_CHARGE)
    return {**layer, "fixed_charge": _with_counter_ions(fixed, [layer], valence)}


def _with_counter_ions(charge: float, layers: list[Tree], valence: dict[str, int]) -> float:
    """The charge, with the other sign if the layers admit ions of its own sign only."""
    products = [charge * z for ion, z in valence.items() for layer in layers if _admits(layer, ion)]
    return (
        -charge if any(product > 0 for product in products) and not any(product < 0 for product in products) else charge
    )


def _admits(layer: Tree, ion: str) -> bool:
    return bool(layer.get("partition", {}).get(ion, 1.0) > 0)


def _partition(random: Random) -> float:
    share = random.random()
    if share < ABSENT:
        return 0.0
    return 1.0 if share < ABSENT + UNIT_PARTITION else log_uniform(random, PARTITION)


def _interfaces(random: Random, layers: list[Tree], valence: dict[str, int]) -> list[Tree]:
    found = []
    for pair in pairwise(layers):
        charge = signed(random, NO_SURFACE_CHARGE, SURFACE_CHARGE)
        if charge:
            sign = _with_counter_ions(charge, list(pair), valence)
            found.append({"between": [layer["name"] for layer in pair], "surface_charge": sign})
    return found


def _geometry(random: Random, length: float) -> tuple[Tree, bool]:
    """The `mesh` of a case, and whether its left end is an axis or a centre."""
    kind = pick(random, GEOMETRIES)
    if kind == "planar":
        return {}, False
    if kind == "channel":
        return _channel(random, length), False
    if random.random() < CENTRE:
        return {"geometry": kind}, True
    return {"geometry": kind, "inner_radius": log_uniform(random, INNER_RADIUS)}, False


def _channel(random: Random, length: float) -> Tree:
    """A cross section, or a radius, that is constant or changes between two to four points."""
    radii = [log_uniform(random, CHANNEL_RADIUS) for _ in range(_count(random, (1, 4)))]
    is_area = random.random() < 0.5
    values = [float(np.pi * radius**2) if is_area else radius for radius in radii]
    inner = sorted(float(random.uniform(0.02, 0.98)) * length for _ in radii[2:])
    key = "area" if is_area else "radius"
    return {key: values[0] if len(values) == 1 else {"x": [0.0, *inner, length], "value": values}}


def _ends(random: Random, has_centre: bool, valence: dict[str, int]) -> tuple[Tree, Tree]:
    if has_centre:
        kinds = ["closed", pick(random, ENDS_OF_CENTRE)]
    else:
        kinds = list(pick(random, ENDS))
        kinds = kinds[::-1] if random.random() < 0.5 else kinds
    left, right = (_end(random, kind, valence) for kind in kinds)
    return left, right


def _end(random: Random, kind: str, valence: dict[str, int]) -> Tree:
    if kind == "closed":
        return {"kind": "closed"}
    if kind == "bare":
        return {"kind": "wall"}
    if kind == "charged":
        return {"kind": "wall", "surface_charge": signed(random, 0.0, SURFACE_CHARGE)}
    potential = signed(random, NO_POTENTIAL, POTENTIAL)
    if kind == "metal":
        return {"kind": "wall", "potential": potential}
    amounts = {ion: _concentration(random) for ion in valence}
    bath = {"kind": "reservoir", "concentrations": balanced(random, amounts, valence, 0.0), "potential": potential}
    if kind == "given":
        return bath
    sign = {"sign": 1.0 if random.random() < 0.5 else -1.0} if kind == "current" else {}
    return {**bath, "potential": "floating", **sign}


def _concentration(random: Random) -> float:
    return 0.0 if random.random() < NO_CONCENTRATION else log_uniform(random, CONCENTRATION)


# ---- what is trapped ----------------------------------------------------------------------------------------------


def _fill_pockets(random: Random, tree: Tree) -> None:
    """Fill what an ion cannot leave: each layer neutral with its fixed charge, or with a charge like that of a surface."""
    contents: list[dict[str, float]] = [{} for _ in tree["layers"]]
    for ion in tree["ions"]:
        for run in _closed_runs(tree, ion):
            is_empty = random.random() < NOTHING_TRAPPED
            for index in run:
                contents[index][ion] = 0.0 if is_empty else _concentration(random)
    valence = {ion: each["valence"] for ion, each in tree["ions"].items()}
    for layer, content in zip(tree["layers"], contents, strict=True):
        if content:
            content = balanced(random, content, valence, layer["fixed_charge"])
            if random.random() < CHARGED_POCKET:
                _charge(random, content, valence, layer["thickness"])
            layer["initial"] = content


def _closed_runs(tree: Tree, ion: str) -> list[list[int]]:
    """The stretches of layers in which an ion is, and from which it reaches no reservoir."""
    layers = tree["layers"]
    found: list[list[int]] = [[]]
    for index, layer in enumerate(layers):
        if _admits(layer, ion):
            found[-1].append(index)
        else:
            found.append([])
    ends = {index for index, side in ((0, "left"), (len(layers) - 1, "right")) if tree[side]["kind"] == "reservoir"}
    return [run for run in found if run and not ends & set(run)]


def _charge(random: Random, content: dict[str, float], valence: dict[str, int], thickness: float) -> None:
    """Add to the ions of one sign what makes a charge like that of a surface."""
    charge = signed(random, 0.0, SURFACE_CHARGE) / (FARADAY * thickness)
    ions = [ion for ion in content if valence[ion] * charge > 0]
    if ions:
        ion = ions[int(random.integers(len(ions)))]
        content[ion] = min(content[ion] + charge / valence[ion], CONCENTRATION[1])
