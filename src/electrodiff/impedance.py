"""The impedance of a steady state: its linear response to a small voltage that oscillates at its left end.

Signs: x from left to right; V = phi(left) - phi(right); currents positive from left to right.  Everything oscillates as
e^(i omega t), omega = 2 pi f, so that a capacitance C has the admittance + i omega C.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from electrodiff.model import Case
from electrodiff.profiles import Floats
from electrodiff.solution import Solution
from electrodiff.units import FARADAY

if TYPE_CHECKING:
    import xarray

Complex = NDArray[np.complex128]


@dataclass(frozen=True)
class Impedance:
    """The impedance of a case.  W frequencies, n ions, M positions (a node on an interface appears twice).

    An end whose potential is not given, because it floats or is a wall of a given charge, is held at its steady one.
    Currents are per reference area, as all fluxes are.
    """

    case: Case
    """What was solved."""
    steady: Solution
    """The steady state about which it is linearised."""
    frequency: Floats
    """(W,) [Hz], rising."""
    impedance: Complex
    """(W,) Z = V / I [ohm m^2], extrapolated from nested meshes; the same wherever the current is read."""
    error: Floats
    """(W,) estimated error of abs(Z) and of both of its parts [ohm m^2]; NaN from one mesh alone."""
    ion_admittance: Complex
    """(W, n) current of each ion at `position`, z F J over V [S/m^2]."""
    displacement_admittance: Complex
    """(W,) displacement current at `position` over V [S/m^2]."""
    position: float
    """x [m] at which the current is split: the middle of the most resistive layer."""
    x: Floats
    """(M,) positions [m] of the profiles, which are those of the finest mesh."""
    potential: Complex
    """(W, M) change of the potential per volt applied [V/V]."""
    concentration: Complex
    """(W, n, M) change of each concentration per volt applied [mol/(m^3 V)]."""
    meshes: tuple[int, ...]
    """Number of nodes of the nested meshes."""
    converged: bool
    """Whether its steady state was found."""
    message: str
    """How it ended; if it failed, where and what to try."""

    def __repr__(self) -> str:
        # That of every array would fill thousands of lines.
        first, last = self.frequency[[0, -1]]
        span = f"{len(self.frequency)} frequencies from {first:.6g} to {last:.6g} Hz"
        return f"<Impedance '{self.case.title}': {span}; {self.message}>"

    def _repr_html_(self) -> str:
        from electrodiff.notebook import impedance_html

        return impedance_html(self)

    @property
    def admittance(self) -> Complex:
        """(W,) 1/Z [S/m^2], the sum of its parts."""
        return np.asarray(1 / self.impedance)

    @property
    def magnitude(self) -> Floats:
        """(W,) abs(Z) [ohm m^2]."""
        return np.asarray(np.abs(self.impedance))

    @property
    def phase(self) -> Floats:
        """(W,) angle of Z [rad]: 0 of a resistance, -pi/2 of a capacitance."""
        return np.asarray(np.angle(self.impedance))

    @property
    def capacitance(self) -> Floats:
        """(W,) Im(1/Z) / omega [F/m^2]."""
        return np.asarray(self.admittance.imag / (2 * np.pi * self.frequency))

    @property
    def charge_density(self) -> Complex:
        """(W, M) change of the charge per volume, per volt applied [C/(m^3 V)]."""
        return np.asarray(FARADAY * np.einsum("i,win->wn", self.case.valences, self.concentration))

    @property
    def relative_error(self) -> Floats:
        """(W,) estimated error over abs(Z), dimensionless."""
        return np.asarray(self.error / self.magnitude)

    @property
    def reached(self) -> bool | None:
        """Whether every estimate is within the wanted accuracy; None where none was wanted, or without estimates."""
        if self.case.mesh.nodes is not None or np.isnan(self.error).all():
            return None
        return self.converged and bool((self.relative_error <= self.case.mesh.accuracy).all())

    @cached_property
    def dataset(self) -> xarray.Dataset:
        """Impedance, admittances and small-signal profiles, with the steady state, as a labelled dataset with units.

        See docs/results.md.
        """
        from electrodiff.frequency_dataset import frequency_dataset

        return frequency_dataset(self)
