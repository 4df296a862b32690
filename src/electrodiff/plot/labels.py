"""Labels in a row along the top of an axes, spread so that none overlaps, with leader lines where they moved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path
from numpy.typing import ArrayLike, NDArray

from electrodiff.plot.sheet import INCH, LEFT, RIGHT, WIDTH, size_mm
from electrodiff.plot.style import FONT_FAMILY, GUIDE, MM_PER_POINT, font_size, line_height

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = NDArray[np.float64]

# Free space between neighbours and above the row, and height of the leader lines [mm].
_GAP, _PAD, _LEADER = 2.5, 0.8, 3.0
# From the top of a line down to its baseline, of its height.
_ASCENT = 0.76
# A label further than this from its target [mm], or wider than this many times what it names, has a leader line.
_NEAR, _OVERHANG = 0.5, 1.4


@dataclass(frozen=True)
class Label:
    """A text of one or more lines that belongs to the position `target` and, if it fits, to the width `room`."""

    text: str
    target: float
    """Position on the x axis, in its units."""
    room: float = 0.0
    """Width of what is labelled, in the units of the x axis; a much wider text gets a leader line."""


def text_width(text: str, weight: str = "normal") -> float:
    """Width of a text of our font size [mm]; that of its longest line."""
    font = FontProperties(family=FONT_FAMILY, size=font_size(), weight=weight)
    widths = [text_to_path.get_text_width_height_descent(line, font, ismath=False)[0] for line in text.split("\n")]
    return max(widths) * MM_PER_POINT


def shortened(text: str, width: float, weight: str = "normal") -> str:
    """The text, or as much of it as fits into a width [mm] and an ellipsis."""
    if text_width(text, weight) <= width:
        return text
    length = len(text)
    while length > 1 and text_width(text[:length].rstrip() + "…", weight) > width:
        length -= 1
    return text[:length].rstrip() + "…"


def write_title(figure: Figure, name: str, facts: str) -> None:
    """Write a name, as much of it as fits, over a figure, and facts at its right."""
    y = 1.0 - 1.5 / (figure.get_size_inches()[1] * INCH)
    name = shortened(name, WIDTH - LEFT - RIGHT - text_width(facts) - 4.0, "bold")
    figure.text(LEFT / WIDTH, y, name, ha="left", va="top", weight="bold", parse_math=False)
    figure.text(1.0 - RIGHT / WIDTH, y, facts, ha="right", va="top", parse_math=False)


def spread(centres: ArrayLike, widths: ArrayLike, length: float) -> Floats:
    """Centres of intervals of these widths, moved as little as possible so that they are disjoint in 0 .. length.

    In order from left to right.  With the widths to the left taken off, disjoint means not decreasing: the
    least-squares answer pools neighbours that are out of order into their mean.
    """
    extents = np.asarray(widths, dtype=np.float64)
    offsets = np.cumsum(extents) - extents / 2.0
    pools: list[tuple[float, int]] = []
    for value in np.asarray(centres) - offsets:
        mean, count = float(value), 1
        while pools and pools[-1][0] > mean:
            before, members = pools.pop()
            mean, count = (before * members + mean * count) / (members + count), members + count
        pools.append((mean, count))
    pooled = np.repeat([mean for mean, _ in pools], [count for _, count in pools])
    result: Floats = np.clip(pooled, 0.0, max(length - float(extents.sum()), 0.0)) + offsets
    return result


def stagger(centres: Sequence[float], widths: Sequence[float], length: float) -> list[Floats]:
    """Rows of labels, from the top down: row r of k holds the labels r, r + k, ...; as few rows as they fit in.

    Each row gives positions for its own labels and for the leader lines from the rows above, NaN for the rest.
    """
    count = len(centres)
    for rows in range(1, count + 1):
        row_of = np.arange(count) % rows
        spaces = [np.where(row_of == row, widths, 0.0) + _GAP for row in range(rows)]
        members = [np.flatnonzero(row_of <= row) for row in range(rows)]
        if rows == count or all(space[member].sum() <= length for space, member in zip(spaces, members, strict=True)):
            break
    placed = []
    for space, member in zip(spaces, members, strict=True):
        row = np.full(count, np.nan)
        row[member] = spread(np.asarray(centres)[member], space[member], length)
        placed.append(row)
    return placed


def fit_in_a_row(ax: Axes, labels: Sequence[Label]) -> bool:
    """Whether the labels fit beside each other along an axes."""
    return sum(text_width(label.text) + _GAP for label in labels) <= size_mm(ax)[0]


def draw_labels(ax: Axes, labels: Sequence[Label]) -> float:
    """Write the labels along the top of an axes whose x limits are set; return the height they need [mm]."""
    if not labels:
        return 0.0
    width, height = size_mm(ax)
    low, high = ax.get_xlim()
    per_mm = (high - low) / width
    texts = [shortened(label.text, width - _GAP) for label in labels]
    widths = [text_width(text) for text in texts]
    targets = np.array([(label.target - low) / per_mm for label in labels])
    rows = stagger(targets.tolist(), widths, width)
    line = line_height() * (1 + max(text.count("\n") for text in texts))
    bottom = _PAD + len(rows) * line
    led = False
    for index, (label, text) in enumerate(zip(labels, texts, strict=True)):
        own = index % len(rows)
        x = rows[own][index]
        top = _PAD + own * line
        _write(ax, text.split("\n"), low + x * per_mm, top)
        if abs(x - targets[index]) > _NEAR or widths[index] > _OVERHANG * label.room / per_mm:
            path = _path([row[index] for row in rows[own:]], top, line)
            path.insert(0, (path[0][0], top + line_height() * (1 + text.count("\n"))))
            path.append((float(targets[index]), bottom + _LEADER))
            _lead(ax, [(low + a * per_mm, 1.0 - b / height) for a, b in path])
            led = True
    return bottom + (_LEADER if led else 0.0) + _PAD


def name_above(ax: Axes, lines: Sequence[str], x: float, within: tuple[float, float]) -> float:
    """Write lines of text along the top of an axes, over the position x but `within` two others.

    Returns the share of the height of the axes that they take.
    """
    width, height = size_mm(ax)
    low, high = ax.get_xlim()
    half = (max(text_width(line) for line in lines) / 2.0 + _PAD) / width * abs(high - low)
    centre = min(max(x, min(within) + half), max(within) - half)
    _write(ax, lines, centre, 0.0)
    return (len(lines) * line_height() + _PAD) / height


def _path(stations: Sequence[float], top: float, line: float) -> list[tuple[float, float]]:
    """The way of a leader line down from under its label and between those of the rows below: (x, depth) [mm]."""
    path = [(float(stations[0]), top + line)]
    for row, x in enumerate(stations[1:], start=1):
        path += [(float(x), top + row * line + _PAD), (float(x), top + (row + 1) * line)]
    return path


def _write(ax: Axes, lines: Sequence[str], x: float, top: float) -> None:
    """Write lines of text centred on x, from a distance [mm] under the top of the axes on; baselines are aligned."""
    transform, height = ax.get_xaxis_transform(), size_mm(ax)[1]
    for index, line in enumerate(lines):
        y = 1.0 - (top + index * line_height() + _ASCENT * line_height()) / height
        ax.text(x, y, line, transform=transform, ha="center", va="baseline", parse_math=False)


def _lead(ax: Axes, path: Sequence[tuple[float, float]]) -> None:
    xs, ys = zip(*path, strict=True)
    (line,) = ax.plot(xs, ys, transform=ax.get_xaxis_transform(), label="_leader", **GUIDE)
    line.set(marker="o", markersize=2.5, markevery=[len(xs) - 1])
