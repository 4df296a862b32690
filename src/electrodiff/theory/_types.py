"""Types of the closed forms, and the checks that all of them share.

A `FloatLike` argument is a float or an array, arrays broadcast, and scalars give a scalar (a float or np.float64).
A `PerIon` argument holds one value an ion: a mapping by the ion's name, or a sequence in the order of the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from electrodiff.errors import CaseError

Floats = NDArray[np.float64]
FloatLike = float | Floats
PerIon = Mapping[str, FloatLike] | Sequence[FloatLike] | Floats | NDArray[np.int64]

LENGTH = "a length in m, such as 5e-9"
CONCENTRATION = "a concentration in mol/m^3, such as 150.0"
PERMITTIVITY = "a relative permittivity, such as 80.0"
TEMPERATURE = "a temperature in K, such as 310.15"
DIFFUSIVITY = "a diffusivity in m^2/s, such as 1.957e-9"
PERMEABILITY = "a permeability in m/s, such as 1e-7"
PARTITION = "a partition coefficient, such as 1e-4"
CONDUCTANCE = "a conductance per area in S/m^2, such as 3.0"
CAPACITANCE = "a capacitance per area in F/m^2, such as 1e-2"
POTENTIAL = "a potential in V, such as -0.065"
SURFACE_CHARGE = "a charge in C/m^2, such as -0.02"
SALT_VALENCE = "the valence of the cation of a z:z salt, such as 1"

# Imbalance of charge in a bath, relative to its ions, that counts as round-off or as the tolerance of a solver.
NEUTRAL = 1e-9


def require_positive(name: str, value: FloatLike, expected: str) -> None:
    """Raise CaseError unless every value is above zero (which NaN is not)."""
    # A plain comparison for a float: np.all takes 10 us, and the mesh asks for many lengths.
    if not (value > 0.0 if isinstance(value, float) else np.all(np.asarray(value) > 0.0)):
        raise CaseError(f"{name} is {value}; expected above zero: {expected}")


def require_non_negative(name: str, value: FloatLike, expected: str) -> None:
    """Raise CaseError unless every value is zero or above (which NaN is not)."""
    if not (value >= 0.0 if isinstance(value, float) else np.all(np.asarray(value) >= 0.0)):
        raise CaseError(f"{name} is {value}; expected zero or above: {expected}")


def require_finite(name: str, value: FloatLike, expected: str) -> None:
    """Raise CaseError unless every value is a finite number."""
    if not np.all(np.isfinite(value)):
        raise CaseError(f"{name} is {value}; expected a finite number: {expected}")


def require_neutral(valences: Iterable[FloatLike], concentrations: Iterable[FloatLike], side: str = "") -> None:
    """Raise CaseError unless a bath is neutral and has ions; `side`, such as "left ", tells one bath from another."""
    charges = [z * c for z, c in zip(valences, concentrations, strict=True)]
    net, gross = total(charges), total(map(np.abs, charges))
    require_positive(f"{side}sum of |valence| * concentration", gross, CONCENTRATION)
    if not np.all(np.abs(net) <= NEUTRAL * gross):
        raise CaseError(
            f"{side}concentrations carry a net charge of {net} mol/m^3; a bath is neutral: add the missing counter-ion"
        )


def require_charged(valence: FloatLike) -> None:
    """Raise CaseError when a valence is zero or NaN."""
    if not np.all(np.abs(valence) > 0.0):
        raise CaseError(f"valence is {valence}; expected the valence of an ion, such as 1, -1 or 2")


def ion_names(*tables: PerIon) -> tuple[str, ...] | range:
    """Names of the ions of these tables in order of appearance, or the numbers of their rows for sequences."""
    mappings = [table for table in tables if isinstance(table, Mapping)]
    if len(mappings) == len(tables):
        return tuple(dict.fromkeys(name for table in mappings for name in table))
    return range(max(len(table) for table in tables))


def ion_values(
    name: str, table: PerIon, ions: tuple[str, ...] | range, missing: float | None = None
) -> list[FloatLike]:
    """Values of the ions in order; `missing` stands for an ion that is not in the mapping.

    Raises CaseError when an ion has no value, when a sequence has the wrong length, and when mappings and
    sequences are mixed.
    """
    if isinstance(table, Mapping) != isinstance(ions, tuple):
        raise CaseError(
            f"{name} and the other tables are mappings and sequences mixed; "
            "give all of them by ion name, such as {'K': 140.0}, or all of them as sequences"
        )
    if not isinstance(table, Mapping):
        if len(table) != len(ions):
            raise CaseError(f"{name} has {len(table)} values for {len(ions)} ions; give one for every ion")
        return list(table)
    absent = [str(ion) for ion in ions if missing is None and ion not in table]
    if absent:
        raise CaseError(f"{name} has no value for {', '.join(absent)}; give one for every ion")
    return [table.get(str(ion), 0.0 if missing is None else missing) for ion in ions]


def ion_array(name: str, table: PerIon, ions: tuple[str, ...] | range, missing: float | None = None) -> Floats:
    """`ion_values` as an array (ions,), for tables of floats."""
    return np.array(ion_values(name, table, ions, missing), dtype=float)


def total(terms: Iterable[FloatLike]) -> FloatLike:
    """Sum over the ions, which may be arrays that broadcast."""
    result: FloatLike = 0.0
    for term in terms:
        result = result + term
    return result
