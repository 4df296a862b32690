"""Whether a stored result comes out again: every number of two files of the same case, against their estimated errors.

A difference is allowed up to the estimated error of the stored number, if it has one, and the rounding below, which is all
that other numbers may differ by: on one machine, with one version, results are the same to the last bit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from electrodiff.current_voltage import CurrentVoltage
from electrodiff.impedance import Impedance
from electrodiff.readings import Readings
from electrodiff.solution import Solution
from electrodiff.store import Result, load_solution
from electrodiff.transient import Transient

if TYPE_CHECKING:
    import xarray

Floats = NDArray[np.float64]

ROUNDING = 1e-9
"""Of the larger of a number and its scale: the tolerance of Newton's last update, as another machine may round otherwise."""

# What spans many powers of ten and is solved for relative to itself, down to this part of its largest value, as in Newton's
# `activity_floor`; all else is compared with the largest of its kind.
_POSITIVE = ("activity", "concentration", "mesh_activity")
_ACTIVITY_FLOOR = 1e-6

# The flux through one face is the difference of two terms that may be far larger; their rounding, 1e-14 of them, is this part
# of `ROUNDING`.
_FACE_TERMS = 1e-5

# The scalar whose scale is that of another variable.
_SCALED_AS = {
    "total_current_density": "current_density",
    "current_spread": "current_density",
    "ion_flux": "flux",
    "chord_conductance": "slope_conductance",
}
# Numbers that are parts of something, so that rounding is not relative to themselves.
_PARTS = ("amount_residual", "residuals", "updates", "step_error", "rectification")


@dataclass(frozen=True)
class Variable:
    """One variable of both files: its largest difference, over what is allowed."""

    name: str
    numbers: int
    """How many it has."""
    changed: int
    """How many of them are not the same to the last bit."""
    beyond: int
    """How many differ by more than is allowed."""
    where: str
    """Which one differs most over what is allowed: its labels along the dimensions."""
    stored: float
    found: float
    estimate: float | None
    """Stored estimated error of that one; None without an estimate."""
    allowed: float
    """Its estimate and its rounding together."""

    @property
    def difference(self) -> float:
        """found - stored."""
        return self.found - self.stored

    @property
    def part(self) -> float:
        """Size of the difference over what is allowed; infinite where one of both is not a number."""
        if np.isnan(self.stored) and np.isnan(self.found):
            return 0.0
        size = abs(self.difference)
        return float("inf") if np.isnan(size) else size / self.allowed if self.allowed > 0 else float(size > 0)


@dataclass(frozen=True)
class Comparison:
    """A stored result beside that of its case solved again."""

    path: Path
    kind: str
    """Of the study."""
    stored_version: str
    version: str
    variables: tuple[Variable, ...]
    """The ones that can be compared."""
    mismatches: tuple[str, ...]
    """What cannot be: a sentence each, on a variable that is not in both, or has another shape."""

    @cached_property
    def numbers(self) -> int:
        """How many numbers were compared."""
        return sum(variable.numbers for variable in self.variables)

    @cached_property
    def changed(self) -> int:
        """How many of them are not the same to the last bit."""
        return sum(variable.changed for variable in self.variables)

    @cached_property
    def beyond(self) -> tuple[Variable, ...]:
        """The variables with a number that differs by more than is allowed."""
        return tuple(variable for variable in self.variables if variable.beyond)

    @property
    def reproduced(self) -> bool:
        """Whether every number of the stored result came out again."""
        return not self.beyond and not self.mismatches


def compare_results(stored: Path, found: Path) -> Comparison:
    """Compare every number of a stored result with that of another, which solved the same case.

    Raises ResultError if the stored file is not a result.
    """
    result = load_solution(stored)
    first, second = _read(stored), _read(found)
    scales = scales_of(result)
    names = [str(name) for name in first.variables if _is_number(first[name])]
    mismatches = [*_missing(first, second), *_misshapen(first, second, names)]
    alike = [name for name in names if name in second.variables and first[name].shape == second[name].shape]
    return Comparison(
        path=stored,
        kind=result.case.study.kind,
        stored_version=str(first.attrs["version"]),
        version=str(second.attrs["version"]),
        variables=tuple(_compared(name, first, second, scales) for name in alike),
        mismatches=(*mismatches, *_renamed(first, second), *_otherwise(first.attrs, second.attrs)),
    )


def _read(path: Path) -> xarray.Dataset:
    import xarray

    with xarray.open_dataset(path, engine="h5netcdf") as dataset:
        return dataset.load()


def _is_number(variable: xarray.DataArray) -> bool:
    return variable.dtype.kind in "fiub"


def _missing(first: xarray.Dataset, second: xarray.Dataset) -> list[str]:
    there, now = ({str(name) for name in dataset.variables} for dataset in (first, second))
    lost = [f"{name} is stored, and is not there now" for name in sorted(there - now)]
    return [*lost, *(f"{name} is there now, and is not stored" for name in sorted(now - there))]


def _misshapen(first: xarray.Dataset, second: xarray.Dataset, names: Iterable[str]) -> list[str]:
    """A sentence on every dimension that has another size: all that lies along it cannot be compared."""
    along: dict[tuple[str, int, int], list[str]] = {}
    for name in names:
        if name in second.variables and first[name].shape != second[name].shape:
            sizes = [(str(one), first.sizes[one], second.sizes.get(one, 0)) for one in first[name].dims]
            key = next((each for each in sizes if each[1] != each[2]), (name, first[name].size, second[name].size))
            along.setdefault(key, []).append(name)
    return [
        f"{dimension} has {stored} entries in the file and {now} now, so that {len(lost)} variables along it are not compared"
        for (dimension, stored, now), lost in along.items()
    ]


def _renamed(first: xarray.Dataset, second: xarray.Dataset) -> list[str]:
    """A sentence on every dimension whose names are others, of ions or layers."""
    texts = [str(name) for name in first.coords if not _is_number(first[name]) and name in second.coords]
    return [
        f"{name} has other names now"
        for name in texts
        if first[name].shape == second[name].shape and (first[name].to_numpy() != second[name].to_numpy()).any()
    ]


def _otherwise(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[str]:
    """A sentence on every number in the attributes that is another, such as how many steps were rejected."""
    numbers = {name: float(value) for name, value in first.items() if isinstance(value, int | float | np.number)}
    return [
        f"{name} is {value:g} in the file and {second[name]:g} now"
        for name, value in numbers.items()
        if name in second and not abs(second[name] - value) <= ROUNDING * abs(value)
    ]


# ---- one variable ---------------------------------------------------------------------------------------------------


def _compared(name: str, first: xarray.Dataset, second: xarray.Dataset, scales: Mapping[str, float]) -> Variable:
    stored, found = (np.asarray(dataset[name].to_numpy(), dtype=float) for dataset in (first, second))
    estimate = _estimate(name, first)
    allowed = np.nan_to_num(estimate) + rounding(name, stored, scales)
    both = np.isnan(stored) & np.isnan(found)
    # What is no number in one of both alone differs by more than anything.
    size = np.where(both, 0.0, np.nan_to_num(np.abs(found - stored), nan=np.inf))
    part = np.divide(size, allowed, out=np.where(size > 0, np.inf, 0.0), where=allowed > 0)
    worst = np.unravel_index(int(np.argmax(part)), part.shape) if part.size else ()
    if not part.size:
        return Variable(name, 0, 0, 0, "", np.nan, np.nan, None, 0.0)
    one = float(estimate[worst])
    return Variable(
        name=name,
        numbers=stored.size,
        changed=int((size > 0).sum()),
        beyond=int((part > 1).sum()),
        where=_place(first[name], worst),
        stored=float(stored[worst]),
        found=float(found[worst]),
        estimate=None if np.isnan(one) else one,
        allowed=float(allowed[worst]),
    )


def _estimate(name: str, dataset: xarray.Dataset) -> Floats:
    """Stored estimated errors of a variable, NaN where there are none; those of an estimate are itself."""
    variable = dataset[name]
    known = name if name.endswith("_error") else variable.attrs.get("ancillary_variables", "")
    if known not in dataset.variables or dataset[known].shape != variable.shape:
        return np.full(variable.shape, np.nan)
    return np.asarray(np.abs(dataset[known].to_numpy().astype(float)))


def rounding(name: str, values: Floats, scales: Mapping[str, float]) -> Floats:
    """What rounding may do to each of the stored numbers of a variable: `ROUNDING` of the larger of it and its scale."""
    name = name.removesuffix("_error")
    size = np.abs(np.nan_to_num(values))
    largest = float(size.max(initial=0.0))
    if name in _POSITIVE:
        return np.asarray(ROUNDING * np.maximum(size, _ACTIVITY_FLOOR * largest))
    scale = 1.0 if name in _PARTS else scales.get(_SCALED_AS.get(name, name), 0.0)
    return np.asarray(np.full(size.shape, ROUNDING * max(largest, scale)))


def _place(variable: xarray.DataArray, index: tuple[Any, ...]) -> str:
    """Labels of one number along the dimensions of its variable: "K", "x 2.05e-08"."""
    labels = []
    for dimension, at in zip(variable.dims, index, strict=True):
        label = variable.coords[dimension].to_numpy()[at] if dimension in variable.coords else int(at)
        labels.append(str(label) if isinstance(label, str) else f"{dimension} {label:.6g}")
    return ", ".join(labels)


# ---- scales ---------------------------------------------------------------------------------------------------------


def _of_transient(result: Transient) -> list[Readings]:
    return [result.frames[0], result.frames[-1]]


_READINGS: tuple[tuple[type, Callable[[Any], list[Readings]]], ...] = (
    (Solution, lambda result: [result.readings]),
    (CurrentVoltage, lambda result: [solution.readings for solution in result.solutions]),
    (Impedance, lambda result: [result.steady.readings]),
    (Transient, _of_transient),
)


def scales_of(result: Result) -> dict[str, float]:
    """The scale of every quantity of a result, the largest of its members and states [SI]; see `Readings.scales`.

    Of fluxes through single faces it is the size of the two terms that they are the difference of.
    """
    scales: dict[str, float] = {}
    readings = next((of(result) for kind, of in _READINGS if isinstance(result, kind)), [])
    for one in readings:
        table = {**one.scales(), "face_flux": _FACE_TERMS * float(one.gross_face_flux.max(initial=0.0))}
        for name, scale in table.items():
            family = name.partition(".")[0]
            scales[family] = max(scales.get(family, 0.0), float(np.nan_to_num(scale)))
    return scales
