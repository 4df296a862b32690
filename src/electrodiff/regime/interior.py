"""A membrane between two solutions: what its faces see, its potential without current, and what it conducts.

The fixed charge, and a lack of ions of one sign, make a Donnan potential as far as the membrane is thick enough for it;
between its faces the textbook has a constant field.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from electrodiff import materials
from electrodiff.ends import Closed
from electrodiff.errors import CaseError
from electrodiff.grid.mesh import Floats
from electrodiff.membrane import Membrane, is_charged
from electrodiff.regime.baths import Bath, slab_areas
from electrodiff.regime.field import ConstantField
from electrodiff.regime.films import DonnanFace, boltzmann, donnan_face
from electrodiff.regime.pumped import StirredMembrane, pumped_layer
from electrodiff.regime.stirred import no_steady_state
from electrodiff.theory.capacitor import series_capacitance, slab_capacitance
from electrodiff.theory.circuit import circuit_resting_potentials
from electrodiff.theory.ghk import ghk_current, ghk_reversal_potential
from electrodiff.theory.ghk_conductance import ghk_conductance_slope
from electrodiff.units import thermal_voltage

FloatLike = float | Floats
ConductanceLaw = Callable[..., FloatLike]


@dataclass(frozen=True)
class Interior:
    """A membrane between two solutions."""

    membrane: Membrane
    left: Bath | None
    """None where the membrane reaches to the end of the stack."""
    right: Bath | None

    @property
    def volt(self) -> float:
        """R T / F [V]."""
        return thermal_voltage(self.membrane.case.temperature)

    @cached_property
    def inside(self) -> dict[str, float]:
        """Concentrations of the left solution [mol/m^3]."""
        return self.membrane.inside if self.left is None else self.left.concentrations

    @cached_property
    def outside(self) -> dict[str, float]:
        """Concentrations of the right solution [mol/m^3]."""
        return self.membrane.outside if self.right is None else self.right.concentrations

    @property
    def joins_solutions(self) -> bool:
        """Whether there is a solution on both sides, and not a plane of symmetry."""
        return any(self.inside.values()) and any(self.outside.values())

    @property
    def is_charged(self) -> bool:
        """Whether a layer of it has a fixed charge."""
        return any(map(is_charged, self.membrane.layers))

    @cached_property
    def field(self) -> ConstantField:
        """The membrane with a constant displacement between its faces, at V_m."""
        return ConstantField(self.membrane, *self.faces, self.inner_voltage)

    @property
    def is_uneven(self) -> bool:
        """Whether the resistance to an ion that passes varies through the membrane."""
        m = self.membrane
        return len(m.layers) > 1 or any(materials.varies(m.layers[0], ion) for ion in m.permeant)

    @cached_property
    def donnan(self) -> tuple[DonnanFace, DonnanFace]:
        """Equilibrium with the left and with the right solution."""
        return donnan_face(self.membrane, self.inside, self.left), donnan_face(self.membrane, self.outside, self.right)

    @property
    def reservoirs(self) -> tuple[DonnanFace, ...]:
        """Equilibrium with the solutions that there are: not with the emptiness beyond a plane of symmetry."""
        solutions = zip((self.inside, self.outside), self.donnan, strict=True)
        return tuple(face for solution, face in solutions if any(solution.values()))

    @property
    def depth(self) -> float:
        """Distance from a face to the farthest place inside [m]: to the middle, or to a plane of symmetry."""
        case, m = self.membrane.case, self.membrane
        mirrors = (
            m.first == 0 and isinstance(case.left, Closed),
            m.last == len(case.layers) - 1 and isinstance(case.right, Closed),
        )
        return m.thickness if any(mirrors) else m.thickness / 2

    @property
    def is_wide(self) -> bool:
        """Whether a Donnan potential has room to develop at both faces."""
        return self.depth > max((face.reach for face in self.reservoirs), default=math.inf)

    @cached_property
    def shifts(self) -> tuple[float, float]:
        """Potential just inside each face against its solution [V]: Donnan's, as far as the thickness lets it develop.

        A thin membrane has none: what its charge does is then `bend`.
        """
        if not self.is_wide:
            return 0.0, 0.0
        left, right = (face.potential * (1 - face.undeveloped(self.depth)) for face in self.donnan)
        return left, right

    @cached_property
    def faces(self) -> tuple[dict[str, float], dict[str, float]]:
        """Activities just inside the left and the right face [mol/m^3]: c exp(-z F psi / (R T))."""
        left, right = (
            {ion: c * boltzmann(self.membrane.valences[ion], shift / self.volt) for ion, c in solution.items()}
            for solution, shift in zip((self.inside, self.outside), self.shifts, strict=True)
        )
        return left, right

    def permeability(self, voltage: FloatLike) -> dict[str, FloatLike]:
        """P of each ion [m/s] at a V_m, with the open fractions of its gates there."""
        m = self.membrane
        P: dict[str, FloatLike] = dict(m.permeability)
        for index, layer in enumerate(m.layers, start=m.first):
            drop = self.inner(voltage) * self._drops[index - m.first]
            for ion in m.case.ions:
                if m.permeability[ion] > 0 and materials.gates(m.case, layer, ion):
                    alone = Membrane(m.case, index, index).permeability[ion]
                    closed = 1 / materials.open_part(m.case, layer, ion, drop) - 1
                    P[ion] = 1 / (1 / P[ion] + closed / alone)
        return P

    @cached_property
    def _drops(self) -> Floats:
        """Share of the inner voltage that falls on each layer, (layers,): that of d / eps."""
        case = self.membrane.case
        parts = np.array([layer.thickness / case.relative_permittivity(layer) for layer in self.membrane.layers])
        return np.asarray(parts / parts.sum())

    @cached_property
    def resting_potential(self) -> float | None:
        """V_m at which no current flows, by GHK between the faces [V]; None where there is none.

        With the current of transporters, unless they run a cell down.  The most negative one, if gates make several.
        """
        m = self.membrane
        pumped = pumped_layer(m.case) if no_steady_state(m.case) is None else None
        try:
            if pumped is not None:
                return StirredMembrane(pumped).rest(self.inside, self.outside)
            if m.is_gated:
                return min(circuit_resting_potentials([self._current]), default=None)
            inner = ghk_reversal_potential(m.permeability, m.valences, *self.faces, m.case.temperature)
        except CaseError:  # no ion passes, or all go one way only
            return None
        return inner - self.shifts[0] + self.shifts[1]

    def _current(self, voltage: FloatLike) -> FloatLike:
        """Outward GHK current of all ions at a V_m [A/m^2]."""
        m, P = self.membrane, self.permeability(voltage)
        inner = self.inner(voltage)
        left, right = self.faces
        current: FloatLike = 0.0
        for ion in m.permeant:
            T = m.case.temperature
            current = current + ghk_current(P[ion], m.valences[ion], left[ion], right[ion], inner, T)
        return current

    @cached_property
    def voltage(self) -> float:
        """V_m [V]: as the case gives it, else at rest, or Donnan's up to a plane of symmetry; 0 where nothing says."""
        given = self.membrane.voltage
        if given is not None:
            return given
        if not self.joins_solutions:
            return -self.shifts[0] if any(self.inside.values()) else self.shifts[1]
        return self.resting_potential or 0.0

    @property
    def inner_voltage(self) -> float:
        """phi(left) - phi(right) between the faces, just inside, at V_m [V]."""
        return self.voltage + self.shifts[0] - self.shifts[1]

    def inner(self, voltage: FloatLike) -> FloatLike:
        """The same at another V_m [V]."""
        return voltage + self.shifts[0] - self.shifts[1]

    def ghk_ratio(self, ion: str, voltage: float) -> float:
        """Current of the GHK equation over that through the uneven resistance of an ion, at a V_m."""
        return self.field.ghk_ratio(ion, float(self.inner(voltage)))

    def conductances(self, voltage: float, law: ConductanceLaw) -> dict[str, float]:
        """Conductance of each ion that passes, at a V_m [S/m^2]: slope or chord, by the law of `theory`."""
        m, P = self.membrane, self.permeability(voltage)
        inner = self.inner(voltage)
        left, right = self.faces
        return {
            ion: float(law(P[ion], m.valences[ion], left[ion], right[ion], inner, m.case.temperature))
            for ion in m.permeant
        }

    @cached_property
    def conductance(self) -> float:
        """dI/dV_m at V_m by GHK, from the activities just inside the faces, with the gates as they are there [S/m^2]."""
        return math.fsum(self.conductances(self.voltage, ghk_conductance_slope).values())

    @property
    def bare_capacitance(self) -> float:
        """Of its layers in series [F/m^2], per reference area."""
        case, areas = self.membrane.case, slab_areas(self.membrane.case)[self.membrane.first : self.membrane.last + 1]
        layers = [
            area * float(slab_capacitance(layer.thickness, case.relative_permittivity(layer)))
            for layer, area in zip(self.membrane.layers, areas, strict=True)
        ]
        return float(series_capacitance(*layers))

    @property
    def layer_capacitances(self) -> list[float]:
        """eps / lambda of the Debye layer of each bath [F/m^2]."""
        baths = [bath for bath in (self.left, self.right) if bath is not None and math.isfinite(bath.debye_length)]
        return [float(slab_capacitance(bath.debye_length, bath.relative_permittivity)) for bath in baths]

    @property
    def capacitance(self) -> float:
        """Of its layers and the Debye layers of its baths in series [F/m^2]."""
        return float(series_capacitance(self.bare_capacitance, *self.layer_capacitances))
