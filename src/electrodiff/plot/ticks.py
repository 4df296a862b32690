"""Ticks whose labels are texts of their own, as many as there is room for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator

from electrodiff.plot.labels import text_width
from electrodiff.plot.sheet import size_mm
from electrodiff.plot.style import line_height, log_tick

if TYPE_CHECKING:
    from matplotlib.axis import Axis

Tick = tuple[float, str]
"""Place on an axis, and label."""

# Least gap between labels side by side [mm].
_GAP = 1.2
# Decades up to which a logarithmic axis has labels at 2 and 5 besides, if they have room; the longest of them.
_FEW_DECADES, _LONGEST = 2.5, "0.05"


def log_axis(axis: Axis, with_minor: bool = False) -> None:
    """Label the x or y axis of an axes, which is logarithmic and has its limits: at powers of ten, and between a few."""
    low, high = sorted(axis.get_view_interval())
    decades, is_upright = math.log10(high / low), axis is axis.axes.yaxis
    room = size_mm(axis.axes)[is_upright] * math.log10(2.0)
    needed = line_height() if is_upright else text_width(_LONGEST) + _GAP
    is_fine = decades <= _FEW_DECADES and decades * needed <= room
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if is_fine else (1.0,), numticks=None))
    axis.set_major_formatter(FuncFormatter(log_tick))
    axis.set_minor_formatter(NullFormatter())
    if not with_minor:
        axis.set_minor_locator(NullLocator())


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
