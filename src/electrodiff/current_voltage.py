"""A current-voltage curve: steady states at given membrane potentials.

Signs: x from left to right; V = phi(left) - phi(right); currents positive from left to right.  All per reference area.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from electrodiff.model import Case
from electrodiff.profiles import Floats
from electrodiff.solution import Solution
from electrodiff.units import thermal_voltage

if TYPE_CHECKING:
    import xarray

# Nearer than this to the reversal potential [V] the current is known no better, relative to itself, than the slope is like
# the chord: both to 1e-5.
AT_REST = 1e-6


@dataclass(frozen=True)
class CurrentVoltage:
    """The currents of a case at V potentials, with n ions.

    A number that was not found is NaN: that of a potential at which Newton's method failed, and a reversal potential
    that is not there.
    """

    case: Case
    """What was solved."""
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

    def __repr__(self) -> str:
        # That of every solution would fill thousands of lines.
        first, last = self.voltage[[0, -1]] * 1e3
        span = f"{len(self.voltage)} potentials from {first:.6g} to {last:.6g} mV"
        return f"<CurrentVoltage '{self.case.title}': {span}; {self.message}>"

    def _repr_html_(self) -> str:
        from electrodiff.notebook import curve_html

        return curve_html(self)

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

    @property
    def ion_current_error(self) -> Floats:
        """(V, n) estimated error of the current density of each ion [A/m^2]."""
        return np.array([self.error(f"ion_current.{ion}") for ion in self.case.ion_names]).T

    @property
    def iterations(self) -> int:
        """Number of Newton steps at all potentials."""
        return sum(solution.iterations for solution in self.solutions)

    @property
    def nodes(self) -> int:
        """Number of nodes of the largest mesh."""
        return max(solution.nodes for solution in self.solutions)

    @property
    def reached(self) -> bool | None:
        """Whether the wanted accuracy is reached at every potential; None where none was wanted, or without estimates."""
        verdicts = {solution.reached for solution in self.solutions}
        return False if False in verdicts else None if None in verdicts else True

    def scalar(self, name: str) -> Floats:
        """(V,) of a scalar by its full name, such as `surface_charge.left` [SI units]."""
        return self._column(name, [solution.scalars for solution in self.solutions])

    def error(self, name: str) -> Floats:
        """(V,) estimated error of a scalar by its full name [SI units]."""
        return self._column(name, [solution.error for solution in self.solutions])

    def _column(self, name: str, tables: Sequence[Mapping[str, float | None]]) -> Floats:
        values = [
            table[name] if solution.converged else None for solution, table in zip(self.solutions, tables, strict=True)
        ]
        return np.array([np.nan if value is None else value for value in values])

    @property
    def chord_conductance(self) -> Floats:
        """(V,) I / (V - V_rev) [S/m^2]; dI/dV at the reversal potential itself, NaN without one."""
        away, at_rest = self._away
        return np.where(at_rest, self.slope_conductance, self.current_density / np.where(at_rest, 1.0, away))

    @property
    def chord_conductance_error(self) -> Floats:
        """(V,) its estimated error [S/m^2], from those of the current and of the reversal potential."""
        away, at_rest = self._away
        apart = np.where(at_rest, 1.0, np.abs(away))
        chord = np.abs(self.chord_conductance)
        error = (self.error("current_density") + chord * self.reversal_potential_error) / apart
        # A conductance changes by about itself over RT/F, and the chord by half as much as the slope.
        beside = self.slope_conductance_error + chord * np.abs(away) / thermal_voltage(self.case.temperature)
        return np.where(at_rest, beside, error)

    @property
    def _away(self) -> tuple[Floats, NDArray[np.bool_]]:
        """(V,) V - V_rev [V], and whether that is too small to divide by."""
        away = self.voltage - self.reversal_potential
        return away, np.abs(away) < AT_REST

    @property
    def rectification(self) -> Floats:
        """(V,) abs(I(V) / I(-V)), a ratio, where the curve has both potentials; else NaN, and at 0 V."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.abs(self.current_density / self._mirrored(self.current_density))

    @property
    def rectification_error(self) -> Floats:
        """(V,) its estimated error, dimensionless, from those of the two currents."""
        with np.errstate(divide="ignore", invalid="ignore"):
            relative = self.error("current_density") / np.abs(self.current_density)
            return np.asarray(self.rectification * (relative + self._mirrored(relative)))

    def _mirrored(self, values: Floats) -> Floats:
        """(V,) the value at -V of each potential but 0; NaN where the curve has no such potential."""
        # Potentials that differ by rounding are the same.
        index = {round(float(v), 15): i for i, v in enumerate(self.voltage) if round(float(v), 15) != 0}
        places = [index.get(round(-float(v), 15)) for v in self.voltage]
        return np.array([np.nan if place is None else values[place] for place in places])

    @cached_property
    def dataset(self) -> xarray.Dataset:
        """Every scalar along `voltage`, with errors and units, as a labelled dataset (see docs/results.md)."""
        from electrodiff.voltage_dataset import voltage_dataset

        return voltage_dataset(self)
