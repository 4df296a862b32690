"""Ticks whose labels are texts of their own, as many as there is room for."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from electrodiff.plot.labels import text_width
from electrodiff.plot.style import line_height

Tick = tuple[float, str]
"""Place on an axis, and label."""

# Least gap between labels side by side [mm].
_GAP = 1.2


def chosen_ticks(groups: Sequence[Sequence[Tick]], per_place: float, is_upright: bool) -> list[Tick]:
    """Places and labels of the groups, the most wanted first, whose labels all have room beside those chosen before.

    per_place: mm per unit of the places; is_upright: whether labels lie over each other instead of side by side.
    """

    def are_apart(one: Tick, other: Tick) -> bool:
        needed = line_height() if is_upright else (text_width(one[1]) + text_width(other[1])) / 2.0 + _GAP
        return (other[0] - one[0]) * per_place >= needed

    shown: list[Tick] = []
    for group in groups:
        together = sorted({*shown, *group})
        if all(are_apart(one, other) for one, other in pairwise(together)):
            shown = together
    return shown
