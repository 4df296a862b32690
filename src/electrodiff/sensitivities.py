"""Derivatives of the reported scalars of a solution by numbers of its case, in SI units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from electrodiff.dataset import Variable, as_dataset
from electrodiff.errors import ResultError
from electrodiff.fields import nearest
from electrodiff.profiles import Floats
from electrodiff.quantities import quantity_of

if TYPE_CHECKING:
    import xarray


@dataclass(frozen=True, repr=False)
class Sensitivity:
    """The derivatives of Q scalars by K numbers of a case, with their estimated errors.

    NaN stands where a scalar is not defined, and for the errors of a solution on one mesh alone.
    """

    quantities: tuple[str, ...]
    """Full names of the scalars, such as `flux.K`."""
    keys: tuple[str, ...]
    """Key paths of the numbers, such as `layers.membrane.thickness`."""
    units: tuple[str, ...]
    """Unit of each key: SI, kT of an energy that is given so, empty of a pure number."""
    at: Floats
    """(K,) what the numbers are."""
    value: Floats
    """(Q,) what the scalars are [SI]."""
    derivative: Floats
    """(Q, K) unit of the scalar over that of the key."""
    error: Floats
    """(Q, K) their estimated errors."""

    def __repr__(self) -> str:
        return f"<Sensitivity of {len(self.quantities)} quantities to {', '.join(self.keys)}>"

    @property
    def elasticity(self) -> Floats:
        """(Q, K) d ln|quantity| / d ln|number|: by how many per cent the one changes when the other does by one."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(self.derivative * self.at / self.value[:, None] + 0.0)

    def of(self, quantity: str, key: str) -> float:
        """One derivative."""
        return float(self.derivative[self._place(quantity, key)])

    def error_of(self, quantity: str, key: str) -> float:
        """Its estimated error, in the same unit."""
        return float(self.error[self._place(quantity, key)])

    def elasticity_of(self, quantity: str, key: str) -> float:
        """One elasticity: d ln(quantity) / d ln(number), dimensionless."""
        return float(self.elasticity[self._place(quantity, key)])

    def unit_of(self, quantity: str, key: str) -> str:
        """Unit of one derivative, such as "A/m^2 per V"; a pure number has none."""
        own, per = quantity_of(quantity).dimension.unit, self.units[_position(self.keys, key, "key")]
        return f"{own or '1'} per {per}" if per else own

    def _place(self, quantity: str, key: str) -> tuple[int, int]:
        return _position(self.quantities, quantity, "quantity"), _position(self.keys, key, "key")

    @property
    def dataset(self) -> xarray.Dataset:
        """The same as a labelled dataset along `quantity` and `key`."""
        both = ("quantity", "key")
        own = np.array([quantity_of(name).dimension.unit or "1" for name in self.quantities])
        variables = {
            "derivative": Variable(
                both, self.derivative, "quantity_unit / key_unit", "derivative of the scalar by the key"
            ),
            "derivative_error": Variable(both, self.error, "quantity_unit / key_unit", "its estimated error"),
            "elasticity": Variable(both, self.elasticity, "1", "relative change of the scalar over that of the key"),
            "value": Variable(("quantity",), self.value, "quantity_unit", "value of the scalar"),
            "at": Variable(("key",), self.at, "key_unit", "number at the key"),
        }
        coordinates = {
            "quantity": Variable(("quantity",), np.array(self.quantities), "", "full name of the scalar"),
            "key": Variable(("key",), np.array(self.keys), "", "key path of the number"),
            "quantity_unit": Variable(("quantity",), own, "", "SI unit of the scalar"),
            "key_unit": Variable(("key",), np.array([unit or "1" for unit in self.units]), "", "unit of the number"),
        }
        return as_dataset(variables, coordinates)


def _position(names: Sequence[str], name: str, what: str) -> int:
    if name not in names:
        raise ResultError(
            f"no {what} '{name}' is among these derivatives{nearest(name, names)}; there are {', '.join(names)}"
        )
    return list(names).index(name)
