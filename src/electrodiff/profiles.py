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
from electrodiff.fvm.kernels.faces import face_values
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
        bounds = self.problem.mesh.boundaries
        return np.concatenate([np.arange(start, stop + 1) for start, stop in pairwise(bounds)])

    @cached_property
    def layer(self) -> Integers:
        """(M,) index of the layer of each entry of the profiles."""
        bounds = self.problem.mesh.boundaries
        return np.repeat(np.arange(bounds.size - 1), np.diff(bounds) + 1)

    @cached_property
    def layer_entries(self) -> list[slice]:
        """The part of the profiles that lies in each layer."""
        stops = np.cumsum(np.bincount(self.layer))
        return [slice(int(stop - count), int(stop)) for stop, count in zip(stops, np.bincount(self.layer), strict=True)]

    @cached_property
    def _face(self) -> Integers:
        """(M,) a face in the layer of each entry, touching its node."""
        is_last = np.append(np.diff(self.layer) > 0, True)
        face: Integers = self.node - is_last
        return face

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
        _, _, left, right = self._faces
        at_left_of_face = (self.node == self._face)[:, None]
        content = np.where(at_left_of_face, left[self._face], right[self._face])
        return (content * self._node_over_face_partition()).T * self.problem.scales.concentration

    def _node_over_face_partition(self) -> Floats:
        """(M, n) beta at each entry over that of its face, which is not 1 where beta varies along a layer."""
        ratio = np.ones((self.node.size, len(self.case.ions)))
        for index, layer in enumerate(self.case.layers):
            for column, ion in enumerate(self.case.ions):
                if materials.varies(layer, ion):
                    at = self.layer_entries[index]
                    own = materials.partition(self.case, layer, ion, self.x[at] - self.x[at.start])
                    ratio[at, column] = own / self.problem.chain.partition[self._face[at], column]
        return ratio

    @cached_property
    def charge_density(self) -> Floats:
        """(M,) charge per volume, mobile and fixed [C/m^3]."""
        fixed = self.problem.chain.fixed_charge[self._face] * self.problem.scales.concentration
        for index, layer in enumerate(self.case.layers):
            if isinstance(layer.fixed_charge, Profile):
                at = self.layer_entries[index]
                fixed[at] = materials.fixed_charge(layer, self.x[at] - self.x[at.start])
        return FARADAY * (np.array(self.case.valences) @ self.concentration + fixed)

    @cached_property
    def half_charge(self) -> tuple[Floats, Floats]:
        """Charge of the left and the right half cell of every face, (N-1,) each, per reference area [C/m^2]."""
        chain, (_, _, left, right) = self.problem.chain, self._faces
        valence = np.array(self.case.valences)
        scale = self.problem.scales.surface_charge
        return (
            chain.volume_left * (left @ valence + chain.fixed_charge) * scale,
            chain.volume_right * (right @ valence + chain.fixed_charge) * scale,
        )

    @cached_property
    def electric_field(self) -> Floats:
        """(M,) -dphi/dx [V/m] on each side of each node.

        From Gauss's law on the half cell between the node and the middle of the face, so that eps E jumps by exactly
        the surface charge.
        """
        chain, face = self.problem.chain, self._face
        displacement = -chain.permittivity * np.diff(self.state[:, -1])
        at_left_of_face = self.node == face
        to_node = np.where(at_left_of_face, -1.0, 1.0)
        left, right = self.half_charge
        charge = np.where(at_left_of_face, left[face], right[face]) / self.problem.scales.surface_charge
        mesh = self.problem.mesh
        permittivity = chain.permittivity[face] / (mesh.area_over_distance[face] * self.problem.scales.length)
        area = mesh.area[self.node]
        through = displacement[face] + to_node * charge
        # At an axis or a centre there is no area, and by symmetry no field.
        field = np.divide(through, permittivity * area, out=np.zeros_like(through), where=area > 0)
        return field * self.problem.scales.potential / self.problem.scales.length

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
    def _faces(self) -> tuple[Floats, Floats, Floats, Floats]:
        """Flux, weight, and concentrations at the left and right end of every face, (N-1, n) each."""
        shape = (self.nodes - 1, len(self.case.ions))
        flux, weight, left, right = (np.empty(shape) for _ in range(4))
        face_values(self._chain, self.state, flux, weight, left, right)
        return flux, weight, left, right

    @property
    def face_flux(self) -> Floats:
        """(N-1, n) flux of every ion through every face, per reference area [mol/(m^2 s)]: that of the residual."""
        return self._faces[0] * self.problem.scales.flux
