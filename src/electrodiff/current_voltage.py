"""A current-voltage curve: steady states at given membrane potentials.

Signs: x from left to right; V = phi(left) - phi(right); currents positive from left to right.  All per reference area.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from electrodiff.model import Case
from electrodiff.profiles import Floats
from electrodiff.solution import Solution

if TYPE_CHECKING:
    import xarray


@dataclass(frozen=True)
class CurrentVoltage:
    """The currents of a case at V potentials, with n ions.

    A number that was not found is NaN: that of a potential at which Newton's method failed, and a reversal potential
    that is not there.
    """

    case: Case
    voltage: Floats
    """(V,) membrane potentials [V], rising."""
    solutions: tuple[Solution, ...]
    """The steady state at each of them."""
    slope_conductance: Floats
    """(V,) dI/dV [S/m^2], by differentiating the equations."""
    slope_conductance_error: Floats
    """(V,) its estimated error [S/m^2]."""
    reversal_potential: float
    """V at which the net current is zero [V]."""
    reversal_potential_error: float
    """Its estimated error [V]."""
    message: str
    """How it ended; where it failed, and what to try."""

    @property
    def converged(self) -> bool:
        """Whether every steady state was found."""
        return all(solution.converged for solution in self.solutions)

    @cached_property
    def current_density(self) -> Floats:
        """(V,) net current density [A/m^2]."""
        return self.scalar("current_density")

    @cached_property
    def ion_current(self) -> Floats:
        """(V, n) current density of each ion [A/m^2]."""
        return np.array([self.scalar(f"ion_current.{ion}") for ion in self.case.ion_names]).T

    def scalar(self, name: str) -> Floats:
        """(V,) of a scalar by its full name, such as `surface_charge.left` [SI units]."""
        return self._column(name, [solution.scalars for solution in self.solutions])

    def error(self, name: str) -> Floats:
        """(V,) estimated error of a scalar by its full name [SI units]."""
        return self._column(name, [solution.error for solution in self.solutions])

    def _column(self, name: str, tables: list[dict[str, float | None]]) -> Floats:
        values = [
            table[name] if solution.converged else None for solution, table in zip(self.solutions, tables, strict=True)
        ]
        return np.array([np.nan if value is None else value for value in values])

    @property
    def chord_conductance(self) -> Floats:
        """(V,) I / (V - V_rev) [S/m^2]; dI/dV at the reversal potential itself, NaN without one."""
        away = self.voltage - self.reversal_potential
        at_rest = np.abs(away) < 1e-6
        return np.where(at_rest, self.slope_conductance, self.current_density / np.where(at_rest, 1.0, away))

    @property
    def rectification(self) -> Floats:
        """(V,) abs(I(V) / I(-V)), where the curve has both potentials; else NaN."""
        mirrored = {round(-float(v), 15): i for v, i in zip(self.voltage, self.current_density, strict=True)}
        other = np.array([mirrored.get(round(float(v), 15), np.nan) for v in self.voltage])
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.where(self.voltage == 0, np.nan, np.abs(self.current_density / other)))

    @cached_property
    def dataset(self) -> xarray.Dataset:
        """Every scalar along `voltage`, with errors and units, as a labelled dataset (see docs/results.md)."""
        from electrodiff.voltage_dataset import voltage_dataset

        return voltage_dataset(self)
