"""Mutations of a case as a tree of plain values: keys, values, names and lists made wrong, in place."""

from __future__ import annotations

import copy
import datetime
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

from mutation_words import EXPRESSIONS, LOOK_ALIKE, NAMES, NO_UNITS, NUMBERS, UNITS, slip

Tree = dict[str, Any]
Mutation = Callable[[Random, Tree], None]


def places(tree: Any) -> Iterator[tuple[Any, Any]]:
    """Every table or list in a tree, and the key or number of everything in it."""
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in items:
        yield tree, key
        yield from places(value)


def chosen(random: Random, tree: Tree, is_wanted: Callable[[Any, Any], bool]) -> tuple[Any, Any]:
    """One of the places of a tree that are wanted; its first key if there is none, and a new one in an empty table."""
    found = [place for place in places(tree) if is_wanted(*place)]
    if found:
        return random.choice(found)
    tree.setdefault("title", "")
    return tree, next(iter(tree))


def _is_key(node: Any, key: Any) -> bool:  # noqa: ARG001 - as the others
    return isinstance(node, dict)


def _is_text(node: Any, key: Any) -> bool:
    return isinstance(node[key], str)


def _is_quantity(node: Any, key: Any) -> bool:
    value = node[key]
    return isinstance(value, str) and value[:1] in "+-.0123456789" and " " in value


def _is_number(node: Any, key: Any) -> bool:
    return isinstance(node[key], int | float) and not isinstance(node[key], bool)


def _is_list(node: Any, key: Any) -> bool:
    return isinstance(node[key], list)


def _is_table(node: Any, key: Any) -> bool:
    return isinstance(node[key], dict)


def _renamed(table: Tree, old: str, new: str) -> None:
    """The same key in the same place by another name."""
    items = [(new if key == old else key, value) for key, value in table.items()]
    table.clear()
    table.update(items)


# ---- keys ---------------------------------------------------------------------------------------------------------


def misspelt_key(random: Random, tree: Tree) -> None:
    """A key with a slip."""
    table, key = chosen(random, tree, _is_key)
    _renamed(table, key, slip(random, key))


def look_alike_key(random: Random, tree: Tree) -> None:
    """A key with letters of another script that look the same."""
    table, key = chosen(random, tree, _is_key)
    _renamed(table, key, "".join(LOOK_ALIKE.get(letter, letter) for letter in key))


def hostile_key(random: Random, tree: Tree) -> None:
    """A key that is a path, a control character, a tag, ..., new or instead of another."""
    table, key = chosen(random, tree, _is_key)
    if random.random() < 0.5:
        table[random.choice(NAMES)] = copy.deepcopy(table[key])
    else:
        _renamed(table, key, random.choice(NAMES))


def deleted_key(random: Random, tree: Tree) -> None:
    """A key or an item of a list that is not there."""
    node, key = chosen(random, tree, lambda *_: True)
    del node[key]


def moved_key(random: Random, tree: Tree) -> None:
    """A key in another table."""
    table, key = chosen(random, tree, _is_key)
    value = table.pop(key)
    other, name = chosen(random, tree, lambda node, at: isinstance(node[at], dict))
    (other[name] if isinstance(other[name], dict) else tree)[key] = value


def exchanged_values(random: Random, tree: Tree) -> None:
    """Two values in each other's place."""
    (one, here), (other, there) = (chosen(random, tree, lambda *_: True) for _ in range(2))
    first, second = copy.deepcopy(one[here]), copy.deepcopy(other[there])
    one[here] = second
    if there in other if isinstance(other, dict) else there < len(other):
        other[there] = first


# ---- values -------------------------------------------------------------------------------------------------------


def wrong_type(random: Random, tree: Tree) -> None:
    """A value of another type."""
    node, key = chosen(random, tree, lambda *_: True)
    own = copy.deepcopy(node[key])
    others: list[Any] = [
        *(0, 1, -3, 2.5, True, False, "", "text", "5 nm", [], [[]], {}, [own], [own, own], {"x": own}, {"value": own}),
        *(datetime.date(2024, 2, 30 - 1), datetime.datetime(2024, 1, 1, 12), datetime.time(7, 32), [1, "a", {}]),
        *({"x": ["0 nm", "5 nm"], "value": [own, own]}, {"from": own, "to": own, "points": 3}),
    ]
    node[key] = random.choice(others)


def wrong_unit(random: Random, tree: Tree) -> None:
    """A unit that there is not, or with a slip."""
    node, key = chosen(random, tree, _is_quantity)
    number, _, unit = str(node[key]).partition(" ")
    node[key] = f"{number} {random.choice([*NO_UNITS, slip(random, unit), unit + unit, unit.upper(), ''])}"


def wrong_dimension(random: Random, tree: Tree) -> None:
    """A unit of something else."""
    node, key = chosen(random, tree, _is_quantity)
    node[key] = f"{str(node[key]).partition(' ')[0]} {random.choice(UNITS)}"


def wrong_size(random: Random, tree: Tree) -> None:
    """A number that is huge, tiny, negative, zero, no number, or not written as one."""
    node, key = chosen(random, tree, _is_quantity)
    node[key] = f"{random.choice(NUMBERS)} {str(node[key]).partition(' ')[2]}"


def wrong_number(random: Random, tree: Tree) -> None:
    """The same of a number without a unit."""
    node, key = chosen(random, tree, _is_number)
    numbers = (
        0,
        -1,
        0.0,
        -0.0,
        -7,
        1e308,
        5e-324,
        1e-300,
        1e13,
        2**31,
        2**63,
        2**64,
        float("nan"),
        float("inf"),
        0.5,
        1.5,
    )
    node[key] = random.choice([*numbers, -float("inf"), 10**300, 10**400, -(10**4000), 1e-30, 3, 10_000_001])


def bare_number(random: Random, tree: Tree) -> None:
    """A number whose unit is left out, in quotes or without."""
    node, key = chosen(random, tree, _is_quantity)
    number = str(node[key]).partition(" ")[0]
    try:
        node[key] = random.choice([number, float(number)])
    except ValueError:
        node[key] = number


def expression(random: Random, tree: Tree) -> None:
    """Text that would do something if it were evaluated."""
    node, key = chosen(random, tree, _is_text)
    node[key] = random.choice(EXPRESSIONS)


def hostile_text(random: Random, tree: Tree) -> None:
    """A name or a text that is a path, a control character, a tag, ..."""
    node, key = chosen(random, tree, _is_text)
    node[key] = random.choice(NAMES)


def look_alike_text(random: Random, tree: Tree) -> None:
    """A name with letters of another script that look the same."""
    node, key = chosen(random, tree, _is_text)
    node[key] = "".join(LOOK_ALIKE.get(letter, letter) for letter in node[key])


def long_text(random: Random, tree: Tree) -> None:
    """A text of up to a million letters."""
    node, key = chosen(random, tree, _is_text)
    node[key] = random.choice(["a", "9", "ab ", "é", "5 nm ", "\t", "(", "a."]) * 10 ** random.randint(2, 5)


# ---- lists and tables -----------------------------------------------------------------------------------------------


def repeated_items(random: Random, tree: Tree) -> None:
    """Items of a list once more, twice more, a thousand times."""
    node, key = chosen(random, tree, _is_list)
    if isinstance(node[key], list) and node[key]:
        item = random.choice(node[key])
        node[key][-1:] = [copy.deepcopy(item) for _ in range(random.choice([2, 3, 30, 300, 3000, 12_000]))]


def long_list(random: Random, tree: Tree) -> None:
    """A list of very many values."""
    node, key = chosen(random, tree, lambda *_: True)
    node[key] = [random.choice([0, "0 nm", "1 mM", 1.5, "K", [], {}])] * 10 ** random.randint(2, 5)


def many_keys(random: Random, tree: Tree) -> None:
    """A table of very many keys."""
    node, key = chosen(random, tree, _is_table)
    value = random.choice([{}, 0, "1 mM", "1e-9 m^2/s", {"valence": 1, "diffusivity": "1e-9 m^2/s"}])
    count = 10 ** random.randint(1, 4)
    node[key] = {f"{random.choice(['K', 'ion', 'a'])}{number}": value for number in range(count)}


def shuffled_list(random: Random, tree: Tree) -> None:
    """A list in another order, or cut."""
    node, key = chosen(random, tree, _is_list)
    if isinstance(node[key], list):
        random.shuffle(node[key])
        node[key] = node[key][random.randint(0, 1) :]


def same_names(random: Random, tree: Tree) -> None:
    """One name for two things."""
    named = [node for node, key in places(tree) if key == "name"]
    for node in random.sample(named, min(2, len(named))):
        node["name"] = random.choice(named)["name"]


def deep_value(random: Random, tree: Tree) -> None:
    """A value so many lists or tables deep."""
    node, key = chosen(random, tree, lambda *_: True)
    value = node[key]
    for _ in range(random.choice([2, 5, 20, 35, 60])):
        value = [value] if random.random() < 0.5 else {random.choice("abx"): value}
    node[key] = value


TREE_MUTATIONS: tuple[Mutation, ...] = (
    misspelt_key,
    look_alike_key,
    hostile_key,
    deleted_key,
    moved_key,
    exchanged_values,
    wrong_type,
    wrong_unit,
    wrong_dimension,
    wrong_size,
    wrong_number,
    bare_number,
    expression,
    hostile_text,
    look_alike_text,
    long_text,
    repeated_items,
    long_list,
    many_keys,
    shuffled_list,
    same_names,
    deep_value,
)
