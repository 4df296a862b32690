"""A case in time: profiles, potentials and currents at the times of its output, with the balances of charge and ions.

Signs: x from left to right; V_m = phi(left) - phi(right); fluxes and currents positive from left to right.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from electrodiff.model import Case
from electrodiff.profiles import Floats
from electrodiff.readings import Readings

if TYPE_CHECKING:
    import xarray


@dataclass(frozen=True)
class StepRecord:
    """The S steps that were taken, with the balances of charge and ions over each of them."""

    time: Floats
    """(S,) end of the step [s]."""
    size: Floats
    """(S,) [s]"""
    error: Floats
    """(S,) estimated error, over the tolerance."""
    total_current_density: Floats
    """(S,) conduction and displacement, mean over the step [A/m^2]."""
    current_spread: Floats
    """(S,) largest deviation of the same through any face from it [A/m^2]: a check of the step."""
    amount_residual: Floats
    """(S, n) what of each ion was made or lost since the start, over what there was, at the end of the step."""


@dataclass(frozen=True)
class Transient:
    """The solution of a case in time.  T output times, n ions, M positions (a node on an interface appears twice)."""

    case: Case
    """What was solved."""
    time: Floats
    """(T,) [s], rising; the first is 0, just after what changes there."""
    frames: tuple[Readings, ...]
    """What the state says at every output time."""
    total_current_density: Floats
    """(T,) conduction and displacement [A/m^2], the same at every x in planar geometry."""
    current_spread: Floats
    """(T,) largest deviation of the total current through any face from it [A/m^2]: a check of the solution."""
    ion_flux: Floats
    """(T, n) through the middle of the most resistive layer [mol/(m^2 s)]."""
    amount_residual: Floats
    """(T, n) what of each ion was made or lost since the start, relative to what there was: content less what passed."""
    steps: StepRecord
    """Time and size [s] of every step that was taken."""
    rejected: int
    """Number of steps that were tried and taken again shorter."""
    converged: bool
    """Whether it came to the end of the study."""
    message: str
    """How the march ended; if it failed, where, when, and what to try."""
    error: dict[str, Floats]
    """Estimated error of the series by name, (T,) each, in its SI unit; empty without estimates."""

    def __repr__(self) -> str:
        # That of every array would fill thousands of lines.
        return f"<Transient '{self.case.title}': {len(self.time)} outputs to {self.time[-1]:.6g} s; {self.message}>"

    def _repr_html_(self) -> str:
        from electrodiff.notebook import transient_html

        return transient_html(self)

    @property
    def x(self) -> Floats:
        """(M,) positions [m]."""
        return self.frames[0].x

    def series(self, of: Callable[[Readings], float | None]) -> Floats:
        """(T,) of a reading [SI] at every output time: `transient.series(lambda frame: frame.membrane_potential)`."""
        values = [of(frame) for frame in self.frames]
        return np.array([np.nan if value is None else value for value in values])

    def scalar(self, name: str) -> Floats:
        """(T,) of a scalar by its full name, such as `membrane_potential` or `surface_charge.left` [SI units]."""
        if name == "total_current_density":
            return self.total_current_density
        return np.array([np.nan if scalars[name] is None else scalars[name] for scalars in self._scalars])

    @cached_property
    def _scalars(self) -> list[dict[str, float | None]]:
        return [frame.scalars() for frame in self.frames]

    @property
    def membrane_potential(self) -> Floats:
        """(T,) V_m = phi(left end) - phi(right end) [V]."""
        return self.series(lambda frame: frame.membrane_potential)

    @property
    def potential(self) -> Floats:
        """(T, M) electric potential [V]."""
        return np.array([frame.potential for frame in self.frames])

    @property
    def concentration(self) -> Floats:
        """(T, n, M) concentration of each ion [mol/m^3]."""
        return np.array([frame.concentration for frame in self.frames])

    @property
    def charge_density(self) -> Floats:
        """(T, M) charge per volume, mobile and fixed [C/m^3]."""
        return np.array([frame.charge_density for frame in self.frames])

    @property
    def electric_field(self) -> Floats:
        """(T, M) -dphi/dx [V/m] on each side of each node."""
        return np.array([frame.electric_field for frame in self.frames])

    @cached_property
    def dataset(self) -> xarray.Dataset:
        """Every profile, series and step as a labelled dataset with units (see docs/results.md)."""
        from electrodiff.time_dataset import time_dataset

        return time_dataset(self)
