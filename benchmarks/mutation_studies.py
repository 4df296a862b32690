"""Mutations of what is computed of a case: its kind, the axes of a sweep, and the changes of a course in time."""

from __future__ import annotations

from random import Random
from typing import Any

from mutation_trees import Mutation, Tree
from mutation_words import KINDS, NAMES, NUMBERS, UNITS, slip


def another_study(random: Random, tree: Tree) -> None:
    """The study, or an end, called after another kind."""
    table = tree.get(random.choice(["study", "left", "right"]))
    (table if isinstance(table, dict) else tree.setdefault("study", {}))["kind"] = random.choice(KINDS)


def _path_of(random: Random, tree: Tree) -> str:
    """A key path of the tree, or one that leads nowhere."""
    node, parts = tree, []
    while isinstance(node, dict | list) and node and random.random() < 0.9:
        key: Any = random.choice([*node]) if isinstance(node, dict) else random.randrange(len(node))
        node = node[key]
        parts.append(str(node["name"]) if isinstance(node, dict) and "name" in node else str(key))
    path = ".".join(parts)
    return random.choice([path] * 6 + [slip(random, path), *random.sample(NAMES, 2), "study.axes", "study.kind", "."])


def _value_for(random: Random) -> Any:
    quantities = ("1 mM", "4 mM", "-70 mV", "80 mV", "37 degC", "5 nm", "0 nm", "1e-9 m^2/s", "2 kT")
    others: tuple[Any, ...] = (1e-4, 0, 1, -1, 1e308, float("nan"), True, "floating", "steady", "K", "", {}, [], [1, 2])
    return random.choice([*quantities, *others, f"{random.choice(NUMBERS)} {random.choice(UNITS)}"])


def _axis(random: Random, tree: Tree) -> Tree:
    axis: Tree = {"key": _path_of(random, tree)}
    if random.random() < 0.5:
        axis["values"] = [_value_for(random) for _ in range(random.choice([0, 1, 2, 3, 40]))]
    else:
        axis |= {
            "from": _value_for(random),
            "to": _value_for(random),
            "points": random.choice([3, 1, 0, 5000, 10**7, 10**9]),
        }
    extra: Tree = {
        "keys": [_path_of(random, tree) for _ in range(random.randint(0, 3))],
        "name": random.choice([*NAMES, "flux.K", "point", "voltage"]),
        "scale": random.choice(["log", "linear", "logarithmic"]),
        "points": random.choice([-1, 2.5, "3", 100]),
    }
    for key in random.sample([*extra], random.choice([0, 0, 1, 2])):
        axis[key] = extra[key]
    return axis


def wrong_axes(random: Random, tree: Tree) -> None:
    """A sweep over keys and values that mostly do not fit."""
    sweep: Tree = {"kind": "sweep", "axes": [_axis(random, tree) for _ in range(random.choice([1, 1, 2, 3, 0]))]}
    extra: Tree = {
        "design": random.choice(["zip", "random", "sobol", "grid"]),
        "points": random.choice([10, 0, -1, 10**7, 10**12, 1.5]),
        "seed": random.choice([1, -1, 2**70, "a"]),
        "quantities": random.sample(["flux", "flux.K", "membrane_potential", "fluxx", "", "ghk_potential"], 2),
        "point": random.choice([{"kind": "iv", "potentials": ["-80 mV", "80 mV"]}, {"kind": "transient"}, {}, 5]),
    }
    for key in random.sample([*extra], random.choice([0, 1, 2])):
        sweep[key] = extra[key]
    tree["study"] = sweep
    if random.random() < 0.7:
        tree.pop("expect", None)


def wrong_protocol(random: Random, tree: Tree) -> None:
    """A course in time whose changes mostly do not fit."""
    changes = []
    for _ in range(random.choice([1, 1, 2, 5])):
        action = random.choice(["set", "ramp", "sine", "step"])
        sine = {"amplitude": _value_for(random), "frequency": random.choice(["1 kHz", "0 Hz", "1 rad/s", 5, "-1 Hz"])}
        change: Tree = {action: {_path_of(random, tree): sine if action == "sine" else _value_for(random)}}
        extra: dict[str, list[Any]] = {
            "at": ["1 us", "-1 s", "1 ks", 5],
            "over": ["1 us", "0 s", 1],
            "until": ["2 us", "0 s", "x"],
        }
        for key in random.sample([*extra], random.choice([0, 1, 1, 2])):
            change[key] = random.choice(extra[key])
        changes.append(change)
    study: Tree = {"kind": "transient", "end": random.choice(["10 us", "1 s", "0 s", "1e30 s", 5]), "protocol": changes}
    extra_study: Tree = {
        "start": random.choice(["initial", "steady", "../x/solution.nc", "nowhere.nc", "\x00/", "steadi", ""]),
        "tolerance": random.choice([1e-4, 0, 1, "1e-4", float("nan")]),
        "output": random.choice(
            [{"points": 10**9}, {"from": "0 s"}, {"times": []}, {"times": ["1 s"]}, {"to": "1 ns"}, []]
        ),
    }
    for key in random.sample([*extra_study], random.choice([0, 1, 2])):
        study[key] = extra_study[key]
    tree["study"] = study
    tree.pop("expect", None)


STUDY_MUTATIONS: tuple[Mutation, ...] = (another_study, wrong_axes, wrong_protocol)
