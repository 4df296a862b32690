"""Wrong case files: shipped cases with one to three mutations, each from (seed, index) alone."""

from __future__ import annotations

import sys
import tomllib
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any

import tomli_w

from electrodiff.case import bundled_cases
from mutation_files import FILE_MUTATIONS
from mutation_studies import STUDY_MUTATIONS
from mutation_trees import TREE_MUTATIONS, places
from mutation_words import NAMES, NUMBERS, UNITS

_TREE_KINDS = {mutation.__name__: mutation for mutation in (*TREE_MUTATIONS, *STUDY_MUTATIONS)}
_FILE_KINDS = {f"file_{mutation.__name__}": mutation for mutation in FILE_MUTATIONS}
KINDS = (*_TREE_KINDS, *_FILE_KINDS, "override")


@dataclass(frozen=True)
class Mutant:
    """A case file that is wrong, or was meant to be."""

    index: int
    case: str
    kinds: tuple[str, ...]
    data: bytes
    options: tuple[str, ...] = ()


@cache
def shipped() -> dict[str, str]:
    """The text of every shipped case by its name."""
    return {name: path.read_text(encoding="utf-8") for name, path in bundled_cases().items()}


def draw(seed: int, index: int) -> Mutant:
    """Mutant `index` of a seed."""
    random = Random(f"{seed} {index}")
    name = random.choice([*shipped()])
    text = shipped()[name]
    kind = random.choice(KINDS)
    if kind in _FILE_KINDS:
        return Mutant(index, name, (kind,), _FILE_KINDS[kind](random, text))
    if kind == "override":
        return Mutant(index, name, (kind,), text.encode(), _override(random, text))
    kinds = [kind, *random.choices([*_TREE_KINDS], k=random.choice([0, 0, 0, 1, 2]))]
    tree = tomllib.loads(text)
    for each in kinds:
        _TREE_KINDS[each](random, tree)
    try:
        return Mutant(index, name, tuple(kinds), written(tree).encode("utf-8", "replace"))
    except RecursionError:  # a table was moved into itself, which no file can hold
        return draw(seed + 1, index)


def written(tree: dict[str, Any]) -> str:
    """The tree as TOML, whole numbers of thousands of digits too."""
    digits, depth = sys.get_int_max_str_digits(), sys.getrecursionlimit()
    sys.set_int_max_str_digits(10_000)
    sys.setrecursionlimit(20_000)
    try:
        return tomli_w.dumps(tree)
    finally:
        sys.set_int_max_str_digits(digits)
        sys.setrecursionlimit(depth)


def _override(random: Random, text: str) -> tuple[str, ...]:
    """A `--set` of some key, mostly to something that does not fit."""
    node, key = random.choice([*places(tomllib.loads(text))])
    path = random.choice(
        [str(key), f"layers.membrane.{key}", f"left.{key}", f"mesh.{key}", f"study.{key}", random.choice(NAMES)]
    )
    values = [
        "",
        "{",
        "[",
        "[]",
        "5",
        "'5 nm'",
        "nan",
        "1e400",
        "a=b",
        "\x00",
        "\u202e",
        "9" * 5000,
        "[" * 5000,
        str(node[key])[:300],
    ]
    value = random.choice([*values, f"{random.choice(NUMBERS)} {random.choice(UNITS)}", random.choice(NAMES)])
    return ("--set", f"{path}={value}")
