"""Measurements that a case is fitted to: a table of currents or reversal potentials, with units in its header.

One row a measurement.  A column is called after what it holds, and its unit stands in brackets or, with `_` for `/`, at its
end: `current_density [uA/cm^2]` or `current_density_uA_cm2`.

    potential          membrane potential, left minus right, at which the current was measured
    current_density    net current density, positive from left to right
    reversal_potential or membrane_potential
    sigma              standard deviation of what was measured
    any key path       what a condition was, such as `right.concentrations.K [mM]`
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodiff.errors import CaseError
from electrodiff.fields import nearest
from electrodiff.key_numbers import number_at
from electrodiff.model import Case
from electrodiff.quantities import CURVE_QUANTITIES, QUANTITIES
from electrodiff.summary import column_name
from electrodiff.units import CURRENT_DENSITY, POTENTIAL, Dimension, UnitError, to_si

Floats = NDArray[np.float64]

_MEASURED = {
    "current_density": ("current_density", CURRENT_DENSITY),
    "reversal_potential": ("membrane_potential", POTENTIAL),
    "membrane_potential": ("membrane_potential", POTENTIAL),
}
"""Quantity and dimension of what may be measured, by the name of its column; the first that is there is fitted."""
_POTENTIALS = ("left.potential", "right.potential")
_BRACKETS = re.compile(r"(.*\S)\s*[\[(]\s*(.*?)\s*[\])]")
_EXAMPLE = "'potential [mV]', 'current_density [uA/cm^2]', 'sigma [uA/cm^2]', 'right.concentrations.K [mM]'"


@dataclass(frozen=True, repr=False)
class Measurements:
    """P measured values with C conditions each, in SI units."""

    quantity: str
    """`current_density` [A/m^2] or `membrane_potential` [V]"""
    measured: Floats
    """(P,)"""
    sigma: Floats | None
    """(P,) their standard deviations, in the same SI units; None where they are not known"""
    potential: Floats | None
    """(P,) membrane potential at which each current was measured [V]; None of potentials"""
    conditions: tuple[str, ...]
    """Key paths of what else was set."""
    values: Floats
    """(P, C)"""
    source: str
    """Where they are from, as errors name it."""
    lines: tuple[int, ...]
    """(P,) line of each in its file, or its row from 0."""
    unused: tuple[str, ...] = ()
    """Columns that are no part of it."""

    def __repr__(self) -> str:
        conditions = ", ".join(self.conditions) or "no conditions"
        return f"<Measurements {self.source!r}: {self.size} of {self.quantity}, with {conditions}>"

    @property
    def size(self) -> int:
        """Number of measurements."""
        return self.measured.size

    def row(self, index: int) -> dict[str, float]:
        """The conditions of one measurement by key, in SI units."""
        return dict(zip(self.conditions, self.values[index].tolist(), strict=True))

    def where(self, index: int) -> str:
        """Where a measurement stands, for errors."""
        return f"{self.source}:{self.lines[index]}"


@dataclass(frozen=True)
class _Column:
    name: str
    unit: str
    header: str


def read_measurements(path: Path, case: Case) -> Measurements:
    """The measurements in a CSV file; lines that start with # say what they are.

    Columns are parted by commas, semicolons or tabs.  Raises CaseError with file, line, column, value and remedy.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CaseError(f"{path}: byte {error.start} is not UTF-8; save the file as UTF-8 text") from None
    except OSError as error:
        reason = (error.strerror or "no reason given").lower()
        raise CaseError(f"{path}: the file cannot be read ({reason}); check the path") from None
    rows = list(_rows(text))
    if not rows:
        raise CaseError(f"{path}: the file is empty; expected a header such as {_EXAMPLE}, and one row a measurement")
    (line, header), *body = rows
    if not body:
        raise CaseError(f"{path}:{line}: there is a header and no measurement below it; add one row a measurement")
    for number, cells in body:
        if len(cells) != len(header):
            raise CaseError(f"{path}:{number}: there are {len(cells)} cells, and {len(header)} columns in the header")
    columns = {name: [cells[place] for _, cells in body] for place, name in enumerate(header)}
    if len(columns) < len(header):
        twice = next(name for name in header if header.count(name) > 1)
        raise CaseError(f"{path}:{line}: column '{twice}' is there twice; drop one of them")
    return _measurements(columns, case, str(path), [number for number, _ in body])


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Line number and cells of every line that is neither empty nor a comment."""
    lines = [(number, line) for number, line in enumerate(text.splitlines(), start=1)]
    own = [(number, line) for number, line in lines if line.strip() and not line.lstrip().startswith("#")]
    first = own[0][1] if own else ""
    delimiter = next((mark for mark in (";", "\t") if mark in first), ",")
    for number, line in own:
        yield number, [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter))]


def as_measurements(data: Any, case: Case) -> Measurements:
    """Measurements from a path, a table by column, or an xarray Dataset such as that of a current-voltage curve.

    Columns of a table are called as in a file; without a unit they hold SI numbers.  Raises CaseError.
    """
    if isinstance(data, Measurements):
        return data
    if isinstance(data, str | Path):
        return read_measurements(Path(data), case)
    table = _of_dataset(data) if hasattr(data, "data_vars") else data
    if not isinstance(table, Mapping):
        raise CaseError(
            f"data is a {type(data).__name__}; expected the path of a CSV file, a dict of columns, or a Dataset"
        )
    columns = {str(name): np.atleast_1d(np.asarray(values)).tolist() for name, values in table.items()}
    sizes = {len(values) for values in columns.values()}
    largest = max(sizes, default=0)
    columns = {name: values * largest if len(values) == 1 else values for name, values in columns.items()}
    if largest == 0 or any(len(values) != largest for values in columns.values()):
        raise CaseError("data has columns of different lengths, or none; give one number a measurement in each")
    return _measurements(columns, case, "data", list(range(largest)), units_needed=False)


def _of_dataset(data: Any) -> dict[str, Any]:
    """The columns of a dataset; the axis of a current-voltage curve is its potential."""
    names = [*data.coords, *data.data_vars]
    wanted = [str(name) for name in names if data[name].ndim <= 1 and data[name].dtype.kind in "fiu"]
    size = max((data[name].size for name in wanted), default=0)
    return {
        ("potential" if name == "voltage" else name): data[name].values
        for name in wanted
        if data[name].size in (1, size)
    }


def _measurements(
    table: Mapping[str, Sequence[Any]], case: Case, source: str, lines: Sequence[int], units_needed: bool = True
) -> Measurements:
    columns = [_column(header, case, source) for header in table]
    names = _by_name(columns, source)
    measured = _measured(names, table, source)
    quantity, dimension = _MEASURED[measured]
    kinds = {measured: dimension, "sigma": dimension, "potential": POTENTIAL}
    beside = [name for name in _MEASURED if name != measured and name in names]
    keys = [name for name in names if name not in kinds and name not in beside]
    dimensions = {**kinds, **{key: number_at(case, key).field.dimension for key in keys}}
    numbers = {
        name: _numbers(names[name], kind, table, source, lines, units_needed)
        for name, kind in dimensions.items()
        if name in names
    }
    _check_sigma(numbers.get("sigma"), names, source, lines)
    return Measurements(
        quantity=quantity,
        measured=numbers[measured],
        sigma=numbers.get("sigma"),
        potential=numbers.get("potential"),
        conditions=tuple(keys),
        values=np.array([numbers[key] for key in keys]).reshape(len(keys), len(lines)).T,
        source=source,
        lines=tuple(lines),
        unused=tuple(column.header for column in columns if not column.name or column.name in beside),
    )


def _measured(names: Mapping[str, _Column], table: Mapping[str, Sequence[Any]], source: str) -> str:
    """The name of the column that was measured.  Raises CaseError if there is none, or if potentials do not go with it."""
    measured = next((name for name in _MEASURED if name in names), None)
    if measured is None:
        there = ", ".join(table)
        raise CaseError(
            f"{source}: there is no column of what was measured, current_density or reversal_potential; there are {there}"
        )
    has_potential = "potential" in names
    if measured == "current_density" and not has_potential:
        raise CaseError(f"{source}: at which potential was each current measured? add the column 'potential'")
    if measured != "current_density" and has_potential:
        raise CaseError(
            f"{source}: currents are measured at a 'potential', and there are none; add the column current_density, or "
            "drop it"
        )
    for key in _POTENTIALS:
        if key in names:
            remedy = "the column 'potential' says it" if has_potential else "the potential is what was measured"
            raise CaseError(f"{source}: column '{names[key].header}' is one too many: {remedy}; drop it")
    return measured


def _check_sigma(sigma: Floats | None, names: Mapping[str, _Column], source: str, lines: Sequence[int]) -> None:
    if sigma is not None and not (sigma > 0).all():
        line = lines[int(np.flatnonzero(~(sigma > 0))[0])]
        raise CaseError(
            f"{source}:{line}: column '{names['sigma'].header}' is not greater than zero; a measurement without error would "
            "count for everything"
        )


def _by_name(columns: Sequence[_Column], source: str) -> dict[str, _Column]:
    names: dict[str, _Column] = {}
    for column in columns:
        if column.name in names:
            headers = f"'{names[column.name].header}' and '{column.header}'"
            raise CaseError(f"{source}: columns {headers} are the same; drop one of them")
        if column.name:
            names[column.name] = column
    return names


def _column(header: str, case: Case, source: str) -> _Column:
    """Name and unit of a column; no name of one that the program writes beside what it is about."""
    bracketed = _BRACKETS.fullmatch(header)
    pairs = [(bracketed[1], bracketed[2])] if bracketed else list(_splits(header))
    if any(unit.partition("/")[0] == "error" for _, unit in pairs):
        return _Column("", "", header)
    for name, unit in pairs:
        if name in (*_MEASURED, "potential", "sigma", *_POTENTIALS):
            return _Column(name, unit, header)
    for name, unit in pairs:
        if _is_number(case, name):
            return _Column(name, unit, header)
    name = pairs[0][0]
    if name in (*QUANTITIES, *CURVE_QUANTITIES) or header in map(
        column_name, [*case.scalar_names(), *CURVE_QUANTITIES]
    ):
        return _Column("", "", header)
    if "." in name:
        try:
            number_at(case, name if bracketed else pairs[-1][0])
        except CaseError as error:
            raise CaseError(f"{source}: column '{header}': {error}") from None
    known = [*_MEASURED, "potential", "sigma"]
    raise CaseError(
        f"{source}: column '{header}' is not known{nearest(name, known)}; expected a header like {_EXAMPLE}"
    )


def _splits(header: str) -> Iterator[tuple[str, str]]:
    """The ways to part a header into name and unit, the longest name first: `potential_mV`, `sigma_uA_cm2`."""
    parts = header.split("_")
    for count in range(len(parts), 0, -1):
        yield "_".join(parts[:count]), "/".join(parts[count:])


def _is_number(case: Case, key: str) -> bool:
    try:
        number_at(case, key)
    except CaseError:
        return False
    return True


def _numbers(
    column: _Column,
    dimension: Dimension,
    table: Mapping[str, Sequence[Any]],
    source: str,
    lines: Sequence[int],
    units_needed: bool,
) -> Floats:
    """The numbers of a column [SI]."""
    where = f"{source}: column '{column.header}'"
    unit = column.unit or ("" if units_needed else dimension.unit)
    if dimension.unit and not unit:
        raise CaseError(f"{where} has no unit; write it in brackets, such as '{column.name} [{_unit(dimension)}]'")
    if unit and not dimension.unit:
        raise CaseError(f"{where} has the unit '{unit}'; {column.name} is a plain number")
    if dimension.unit:
        try:
            to_si(f"1 {unit}", dimension)
        except UnitError as error:
            reason = str(error) or f"'{unit}' is no unit"
            example = f"'{column.name} [{_unit(dimension)}]'"
            raise CaseError(f"{where}: {reason}; expected a {dimension.name}, such as {example}") from None
    found = np.empty(len(lines))
    for place, (line, cell) in enumerate(zip(lines, table[column.header], strict=True)):
        try:
            number = float(cell)
        except (TypeError, ValueError):
            number = math.nan
        if not math.isfinite(number):
            shown = f"'{cell}'" if str(cell).strip() else "empty"
            raise CaseError(f"{source}:{line}: column '{column.header}' is {shown}; expected a number, or drop the row")
        found[place] = to_si(f"{number!r} {unit}", dimension) if dimension.unit else number
    return found


def _unit(dimension: Dimension) -> str:
    return dimension.example.split(" ", 1)[1]
