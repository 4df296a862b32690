"""The same quantities at many points of a case: their values, their errors, and which points failed and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from electrodiff.errors import CaseError
from electrodiff.fields import nearest
from electrodiff.model import Case
from electrodiff.profiles import Floats
from electrodiff.quantities import quantity_of
from electrodiff.sweep_checks import kept_quantities
from electrodiff.sweep_design import Design
from electrodiff.sweep_study import Axis, SweepStudy
from electrodiff.tables import SHOWN

if TYPE_CHECKING:
    import xarray

Integers = NDArray[np.int64]

# Failed points that a message names; all of them are in the file.
SHOWN_FAILURES = 5


@dataclass(frozen=True)
class PointResults:
    """What was found at P points: S scalars, NaN where they are not defined or were not found."""

    names: tuple[str, ...]
    """(S,) full names of the scalars, such as `flux.K`."""
    values: Floats
    """(P, S) [SI units]."""
    errors: Floats
    """(P, S) estimated errors [SI units]."""
    converged: NDArray[np.bool_]
    """(P,) whether there is a solution."""
    iterations: Integers
    """(P,) Newton steps on all meshes."""
    nodes: Integers
    """(P,) of the finest mesh."""
    route: Integers
    """(P,) how it was solved: an index of `sweep_study.ROUTES`."""
    reasons: dict[int, str] = field(default_factory=dict)
    """Why a point failed, by its place among these."""

    @classmethod
    def empty(cls, names: Iterable[str], points: int) -> PointResults:
        """Arrays for so many points, to be filled."""
        names = tuple(names)
        unknown = np.full((points, len(names)), np.nan)
        none = np.zeros(points, dtype=np.int64)
        converged = np.zeros(points, dtype=bool)
        return cls(names, unknown, unknown.copy(), converged, none, none.copy(), none.copy())

    def put(self, places: Any, other: PointResults) -> None:
        """Fill in what was found at some places."""
        for name in ("values", "errors", "converged", "iterations", "nodes", "route"):
            getattr(self, name)[places] = getattr(other, name)
        at = np.arange(self.converged.size)[places]
        self.reasons.update({int(at[index]): reason for index, reason in other.reasons.items()})


@dataclass(frozen=True)
class Sweep:
    """The quantities of a case at every point of its study."""

    case: Case
    """What was solved, at its own values of the keys."""
    results: PointResults
    """Of all points, numbered as in the results."""
    message: str
    """How it ended; which points failed."""
    computed: int
    """How many points were solved in this run; the others are from one before."""

    @property
    def study(self) -> SweepStudy:
        """The study."""
        assert isinstance(self.case.study, SweepStudy), "the case of a sweep is one"
        return self.case.study

    @cached_property
    def design(self) -> Design:
        """The points."""
        return Design(self.study, 1, 1)

    @property
    def points(self) -> int:
        """Number of points."""
        return int(self.results.converged.size)

    @property
    def failed(self) -> Integers:
        """Numbers of the points without a solution."""
        return np.flatnonzero(~self.results.converged)

    @property
    def converged(self) -> bool:
        """Whether there is a solution at every point."""
        return bool(self.results.converged.all())

    @property
    def nodes(self) -> int:
        """Number of nodes of the largest mesh."""
        return int(self.results.nodes.max(initial=0))

    @property
    def iterations(self) -> int:
        """Number of Newton steps at all points."""
        return int(self.results.iterations.sum())

    @property
    def quantities(self) -> tuple[str, ...]:
        """Full names of the scalars that are kept of every point."""
        return self.results.names

    @property
    def shape(self) -> tuple[int, ...]:
        """Points along each of the `dimensions`."""
        return self.design.shape

    @property
    def dimensions(self) -> tuple[str, ...]:
        """Names of the dimensions."""
        return self.design.dimensions

    def scalar(self, name: str) -> Floats:
        """Values of a scalar along the dimensions [SI units]."""
        return self._column(self.results.values, name)

    def error(self, name: str) -> Floats:
        """Its estimated errors [SI units]."""
        return self._column(self.results.errors, name)

    def _column(self, table: Floats, name: str) -> Floats:
        if name not in self.quantities:
            known = ", ".join(self.quantities)
            raise CaseError(f"the sweep has not kept '{name}'{nearest(name, self.quantities)}; it has {known}")
        return table[:, self.quantities.index(name)].reshape(self.shape)

    def coordinates(self, point: int) -> dict[str, Any]:
        """The value of every key at a point: SI numbers, or choices."""
        at = np.array([point])
        return {key: self.design.coordinate(axis, at)[0] for axis in self.study.axes for key in axis.targets}

    def place_text(self, point: int) -> str:
        """Where a point is: `right.concentrations.K = 4 mM`."""
        return place_text(self.design, point)

    @cached_property
    def dataset(self) -> xarray.Dataset:
        """Every kept quantity along the axes, with errors, units and reasons (see docs/results.md)."""
        from electrodiff.sweep_dataset import sweep_dataset

        return sweep_dataset(self)

    def _repr_html_(self) -> str:
        """What a notebook shows: the dataset."""
        return str(self.dataset._repr_html_())

    def __repr__(self) -> str:
        """What it is, in one line."""
        size = " x ".join(map(str, self.shape))
        return f"<Sweep of {', '.join(self.dimensions)}: {size} points, {self.failed.size} failed>"


def place_text(design: Design, point: int) -> str:
    """Where a point is: `right.concentrations.K = 4 mM`."""
    at = np.array([point])
    axes = design.study.axes
    return ", ".join(f"{axis.targets[0]} = {value_text(axis, design.coordinate(axis, at)[0])}" for axis in axes)


def value_text(axis: Axis, value: Any) -> str:
    """A value of an axis with the unit that is shown."""
    if axis.field is None:
        return str(value)
    unit, size = shown_unit(axis.field.dimension.unit)
    return f"{value / size:.6g} {unit}".rstrip()


def message_of(design: Design, results: PointResults) -> str:
    """One line on what was solved; if points failed, a few of them with their reasons."""
    failed = np.flatnonzero(~results.converged)
    if not failed.size:
        nodes = int(results.nodes.max(initial=0))
        return f"{results.converged.size:,} points in {int(results.iterations.sum()):,} Newton steps on up to {nodes} nodes"
    lines = [f"{failed.size:,} of {results.converged.size:,} points failed"]
    lines += [
        f"  at {place_text(design, point)}: {results.reasons.get(point, 'no reason known')}"
        for point in failed[:SHOWN_FAILURES].tolist()
    ]
    if failed.size > SHOWN_FAILURES:
        lines.append(f"  and {failed.size - SHOWN_FAILURES:,} more, all in the result")
    return "\n".join(lines)


def kept_names(case: Case) -> tuple[str, ...]:
    """Full names of the scalars that a sweep keeps."""
    assert isinstance(case.study, SweepStudy), "the case of a sweep is one"
    return tuple(kept_quantities(case, case.study))


UNITS = {
    **SHOWN,
    "m": ("nm", 1e-9),
    "J/mol": ("kJ/mol", 1e3),
}
"""What is shown for an SI unit along an axis, or of a quantity: another unit, and its size in SI; else the SI unit."""


def shown_unit(unit: str) -> tuple[str, float]:
    """The unit that is shown for an SI unit, and its size."""
    return UNITS.get(unit, (unit, 1.0))


def unit_of(name: str) -> str:
    """The SI unit of a quantity."""
    return quantity_of(name).dimension.unit
