"""A state on its mesh as profiles along the stack, in SI units.

Profiles are arrays over `x` (M,), in which a node on an interface appears twice, once for each side, so that jumps are
jumps.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from electrodiff import materials
from electrodiff.fields import Profile
from electrodiff.fvm.kernels.arrays import Chain
from electrodiff.fvm.kernels.entries import Reading, read_state
from electrodiff.fvm.problem import Problem, placed
from electrodiff.model import Case
from electrodiff.units import FARADAY, GAS_CONSTANT

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# Concentration at which the electrochemical potential of an uncharged ideal solute is zero [mol/m^3]: 1 mol/l.
STANDARD_CONCENTRATION = 1000.0


@dataclass(frozen=True)
class DebyeLayer:
    """The diffuse charge on one side of an interface: the half of a layer, or the whole of an end layer, beside it."""

    side: str
    """"left" or "right" of its interface."""
    layer: str
    start: int
    """First and last entry of the profiles that belong to it."""
    stop: int
    charge: float
    """Charge per area, mobile and fixed [C/m^2]."""
    drop: float
    """phi at its left - phi at its right [V]."""
    debye_length: float
    """Debye length of its layer [m]."""

    @property
    def entries(self) -> slice:
        """Its part of the profiles."""
        return slice(self.start, self.stop + 1)


@dataclass(frozen=True)
class Profiles:
    """The state of a problem, read along x."""

    problem: Problem
    """The discrete problem on the finest mesh."""
    state: Floats
    """(N, n + 1) activities and potential in the units of `problem.scales`."""
    gate: Floats
    """(p,) for each border unknown of the problem, its open fraction or its rate; 1 if it has none."""

    @property
    def case(self) -> Case:
        """The case that was solved."""
        return self.problem.case

    @property
    def nodes(self) -> int:
        """Number of nodes of the mesh."""
        return self.problem.mesh.nodes

    @cached_property
    def node(self) -> Integers:
        """(M,) node of the mesh at each entry of the profiles."""
        return np.arange(self.layer.size) - self.layer

    @cached_property
    def layer(self) -> Integers:
        """(M,) index of the layer of each entry of the profiles."""
        bounds = self.problem.mesh.boundaries
        return np.repeat(np.arange(bounds.size - 1), np.diff(bounds) + 1)

    @cached_property
    def layer_entries(self) -> list[slice]:
        """The part of the profiles that lies in each layer."""
        bounds = self.problem.mesh.boundaries.tolist()
        return [slice(start + index, stop + index + 1) for index, (start, stop) in enumerate(pairwise(bounds))]

    @property
    def x(self) -> Floats:
        """(M,) position [m]."""
        return self.problem.mesh.x[self.node]

    @cached_property
    def potential(self) -> Floats:
        """(M,) electric potential [V]."""
        phi: Floats = self.state[self.node, -1]
        return phi * self.problem.scales.potential

    @cached_property
    def activity(self) -> Floats:
        """(n, M) activity of each ion [mol/m^3]; 0 where it is absent."""
        return self.state[self.node, :-1].T * self.problem.scales.concentration

    @cached_property
    def concentration(self) -> Floats:
        """(n, M) concentration of each ion [mol/m^3]: beta a / gamma."""
        concentration = self._reading.concentration * self.problem.scales.concentration
        case, mesh = self.case, self.problem.mesh
        for index, row in materials.materials_of(case).varying:
            # Where beta varies along a layer, that of the entry over that of its face.
            at, (start, stop) = self.layer_entries[index], mesh.boundaries[index : index + 2]
            own = materials.partition(
                case, case.layers[index], case.ion_names[row], mesh.x[start : stop + 1] - mesh.x[start]
            )
            face = np.minimum(np.arange(start, stop + 1), stop - 1)
            concentration[row, at] *= own / self.problem.chain.partition[face, row]
        return concentration

    @cached_property
    def charge_density(self) -> Floats:
        """(M,) charge per volume, mobile and fixed [C/m^3]."""
        fixed = self._reading.fixed_charge * self.problem.scales.concentration
        for index, layer in enumerate(self.case.layers):
            if isinstance(layer.fixed_charge, Profile):
                at = self.layer_entries[index]
                fixed[at] = materials.fixed_charge(layer, self.x[at] - self.x[at.start])
        return FARADAY * (materials.materials_of(self.case).valence @ self.concentration + fixed)

    @cached_property
    def half_charge(self) -> tuple[Floats, Floats]:
        """Charge of the left and the right half cell of every face, (N-1,) each, per reference area [C/m^2]."""
        left, right = self._reading.half_charge * self.problem.scales.surface_charge
        return left, right

    @cached_property
    def electric_field(self) -> Floats:
        """(M,) -dphi/dx [V/m] on each side of each node.

        From Gauss's law on the half cell between the node and the middle of the face, so that eps E jumps by exactly
        the surface charge.
        """
        return self._reading.field * self.problem.scales.potential

    @property
    def electrochemical_potential(self) -> Floats:
        """(n, M) R T ln(a / 1 M) + z F phi [J/mol]; NaN where an ion is absent."""
        activity = np.where(self.concentration > 0, self.activity, np.nan)
        chemical = GAS_CONSTANT * self.case.temperature * np.log(activity / STANDARD_CONCENTRATION)
        return chemical + FARADAY * np.outer(self.case.valences, self.potential)

    @cached_property
    def _chain(self) -> Chain:
        """The kernels' arrays with the gates and transporters of this state."""
        return placed(self.problem, self.gate, self.state)

    @cached_property
    def _reading(self) -> Reading:
        """What the kernels say of the state, scaled."""
        mesh, n = self.problem.mesh, self.state.shape[1] - 1
        faces, entries = mesh.nodes - 1, mesh.nodes + mesh.boundaries.size - 2
        flux, weight = np.empty((2, faces, n))
        reading = Reading(
            flux=flux,
            weight=weight,
            totals=np.empty((3, n)),
            half_charge=np.empty((2, faces)),
            concentration=np.empty((n, entries)),
            fixed_charge=np.empty(entries),
            field=np.empty(entries),
        )
        read_state(self._chain, self.state, mesh.boundaries, mesh.area, mesh.area_over_distance, reading)
        return reading

    @property
    def face_flux(self) -> Floats:
        """(N-1, n) flux of every ion through every face, per reference area [mol/(m^2 s)]: that of the residual."""
        return self._reading.flux * self.problem.scales.flux
