"""The points of a sweep: their values as arrays, their order, and how they are cut into chains and chunks.

All of it follows from the study alone, not from who solves the points.  Points are numbered as in the results: in a product
the last axis runs fastest.  They are worked through in an `order` of their own, in which choices change slowest; a *chain*
is a run of neighbours, each the first guess of the next, and a *chunk* a whole number of chains.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from electrodiff.sweep_study import POINT, Axis, SweepStudy

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


# Values that differ by less than this part of themselves are those of the same point, but for rounding.
SAME = 1e-9


class Segment(NamedTuple):
    """Points that have all choices in common, in the order in which they are worked through."""

    points: Indices
    """(P,) their numbers."""
    values: Floats
    """(P, K) the values of the numeric keys [SI]."""
    choices: dict[str, Any]
    """The value of every other key."""
    starts: tuple[int, ...]
    """Where in it chains start."""


@dataclass(frozen=True)
class Design:
    """The points of a study."""

    study: SweepStudy
    chain: int
    """Most points of a chain."""
    chunk: int
    """About how many points are in a chunk."""

    # ---- dimensions -------------------------------------------------------------------------------------------------

    @cached_property
    def groups(self) -> dict[str, list[Axis]]:
        """The axes by the names of their dimensions; those of one name go side by side."""
        table: dict[str, list[Axis]] = {}
        for axis in self.study.axes:
            table.setdefault(axis.title, []).append(axis)
        return table

    @property
    def is_product(self) -> bool:
        """Whether every name is a dimension of the result."""
        return self.study.design == "product"

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """Points along each dimension of the result."""
        return tuple(_size(axes[0]) for axes in self.groups.values()) if self.is_product else (self.size,)

    @property
    def dimensions(self) -> tuple[str, ...]:
        """Names of the dimensions of the result."""
        return tuple(self.groups) if self.is_product else (POINT,)

    @cached_property
    def size(self) -> int:
        """Number of points."""
        if self.study.points is not None:
            return self.study.points
        sizes = [_size(axes[0]) for axes in self.groups.values()]
        return math.prod(sizes) if self.is_product else sizes[0]

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys whose values are numbers, in the order of the columns of `values`."""
        return tuple(key for axis in self.study.axes if axis.field is not None for key in axis.targets)

    # ---- values -----------------------------------------------------------------------------------------------------

    @cached_property
    def _drawn(self) -> Floats:
        """(P, G) numbers from 0 to 1 of every point, one for each name."""
        count, seed = len(self.groups), np.random.default_rng(self.study.seed or 0)
        if self.study.design == "random":
            return seed.random((self.size, count))
        from scipy.stats import qmc

        # A whole power of two, as its points are spread evenly then; the first of them are what is asked for.
        power = math.ceil(math.log2(self.size)) if self.size > 1 else 0
        drawn: Floats = qmc.Sobol(count, scramble=True, seed=seed).random_base2(power)[: self.size]
        return drawn

    def axis_values(self, axis: Axis) -> Any:
        """The values along an axis of a product or a zip: (n,) SI numbers, or a list of choices."""
        if axis.values is not None:
            return np.array(axis.values, dtype=float) if axis.field is not None else list(axis.values)
        spaced = np.geomspace if axis.scale == "log" else np.linspace
        return np.asarray(spaced(axis.from_, axis.to, axis.points or 0))

    def numbers(self, axis: Axis, points: Indices) -> Floats:
        """(P,) values of a numeric axis at points [SI]."""
        if self.study.is_drawn and axis.values is None:
            u = self._drawn[points, list(self.groups).index(axis.title)]
            low, high = float(axis.from_), float(axis.to)
            if axis.scale == "log":
                return np.asarray(np.clip(low * np.exp(u * math.log(high / low)), low, high))
            return np.asarray(low + (high - low) * u)
        values: Floats = self._along(axis)[self.places(axis, points)]
        return values

    def places(self, axis: Axis, points: Indices) -> Indices:
        """(P,) which of the values of an axis each point has."""
        group = list(self.groups).index(axis.title)
        if self.study.is_drawn:
            return np.asarray(self._drawn[points, group] * len(axis.values or ()), dtype=np.int64)
        if self.is_product:
            return np.asarray(np.unravel_index(points, self.shape)[group], dtype=np.int64)
        return points

    def _along(self, axis: Axis) -> Any:
        if axis.targets[0] not in self._tables:
            self._tables[axis.targets[0]] = self.axis_values(axis)
        return self._tables[axis.targets[0]]

    @cached_property
    def _tables(self) -> dict[str, Any]:
        return {}

    def values(self, points: Indices) -> Floats:
        """(P, K) values of the numeric keys at points [SI]."""
        columns = [
            self.numbers(axis, points) for axis in self.study.axes if axis.field is not None for _ in axis.targets
        ]
        return np.column_stack(columns) if columns else np.empty((len(points), 0))

    def coordinate(self, axis: Axis, points: Indices | None = None) -> Any:
        """What stands along a dimension for an axis: SI numbers, or a list of words."""
        if points is None and self.is_product:
            return self.axis_values(axis)
        points = np.arange(self.size) if points is None else points
        if axis.field is not None:
            return self.numbers(axis, points)
        choices = axis.values or ()
        return [choices[place] for place in self.places(axis, points).tolist()]

    def point_at(self, at: Mapping[str, Any]) -> int | None:
        """The number of the point at which keys have these values, SI numbers or choices; None without a single one."""
        points = np.arange(self.size)
        for axis in self.study.axes:
            for key in axis.targets:
                if key in at:
                    there = self.coordinate(axis, points)
                    points = points[[_is_same(value, at[key]) for value in there]]
        return int(points[0]) if points.size == 1 else None

    # ---- order ------------------------------------------------------------------------------------------------------

    @cached_property
    def _choice_axes(self) -> list[Axis]:
        return [axis for axis in self.study.axes if axis.field is None]

    @cached_property
    def order(self) -> Indices:
        """(P,) the numbers of the points in the order in which they are worked through."""
        numbers = np.arange(self.size)
        slow = {axis.title for axis in self._choice_axes}
        if not (slow and self.is_product):
            return numbers
        titles = list(self.groups)
        ranked = sorted(range(len(titles)), key=lambda place: titles[place] not in slow)
        return np.ascontiguousarray(numbers.reshape(self.shape).transpose(ranked)).ravel()

    @cached_property
    def _starts(self) -> Indices:
        """Positions in the order at which chains start: where the fastest axis does, and no more than `chain` apart."""
        positions = np.arange(self.size)
        row = 1 if self.study.is_drawn else self.size
        if self.is_product:
            titles, slow = list(self.groups), {axis.title for axis in self._choice_axes}
            fast = [place for place, title in enumerate(titles) if title not in slow]
            row = self.shape[fast[-1]] if fast else 1
        is_start = positions % row % self.chain == 0
        return np.flatnonzero(is_start | np.append(True, self._changes))

    @cached_property
    def _changes(self) -> NDArray[np.bool_]:
        """(P-1,) whether a choice changes from one point of the order to the next."""
        changes = np.zeros(max(self.size - 1, 0), dtype=bool)
        for axis in self._choice_axes:
            changes |= np.diff(self.places(axis, self.order)) != 0
        return changes

    @cached_property
    def bounds(self) -> Indices:
        """(C + 1,) positions in the order at which chunks start, and the end of the last."""
        starts = self._starts
        wanted = np.searchsorted(starts, np.arange(0, self.size, self.chunk))
        first = np.unique(starts[wanted[wanted < starts.size]])
        return np.append(first, self.size)

    @property
    def chunks(self) -> int:
        """How many chunks there are."""
        return self.bounds.size - 1

    def chunk_points(self, index: int) -> Indices:
        """The numbers of the points of a chunk, in their order."""
        return self.order[self.bounds[index] : self.bounds[index + 1]]

    def segments(self, index: int) -> Iterator[Segment]:
        """The parts of a chunk that have all choices in common, in their order."""
        start, stop = int(self.bounds[index]), int(self.bounds[index + 1])
        cuts = start + 1 + np.flatnonzero(self._changes[start : stop - 1])
        for first, last in zip([start, *cuts.tolist()], [*cuts.tolist(), stop], strict=True):
            points = self.order[first:last]
            chains = self._starts[np.searchsorted(self._starts, first) : np.searchsorted(self._starts, last)]
            yield Segment(points, self.values(points), self._choices(points[:1]), tuple((chains - first).tolist()))

    def _choices(self, point: Indices) -> dict[str, Any]:
        return {key: self.coordinate(axis, point)[0] for axis in self._choice_axes for key in axis.targets}


def _is_same(one: Any, other: Any) -> bool:
    """Whether two values are the same, numbers but for rounding."""
    if isinstance(one, float) and isinstance(other, int | float):
        return abs(one - other) <= SAME * abs(other)
    return bool(one == other)


def _size(axis: Axis) -> int:
    return len(axis.values) if axis.values is not None else axis.points or 0
