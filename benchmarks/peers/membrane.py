"""The problem that all peers solve, as plain numbers: `clamped_membrane`, three layers and four ions.

Dimensionless in the units of `electrodiff.units.Scales` (nm, 100 mol/m^3, RT/F), in which with the activities a, the
partition coefficients beta, the potential phi, and fluxes J positive to the right

    (eps phi')' = -sum_i z_i beta_i a_i,       J_i = -D_i beta_i (a_i' + z_i a_i phi'),       J_i' = -beta_i da_i/dt.

Nothing else of electrodiff is used: the peers and the references are independent of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from electrodiff import Case, bundled_case, load_case
from electrodiff.units import FARADAY, VACUUM_PERMITTIVITY, Scales

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Complexes = NDArray[np.complex128]


@dataclass(frozen=True)
class Membrane:
    """L layers between two reservoirs, n ions.  The potential of the right reservoir is 0."""

    faces: Floats
    """(L + 1,) positions of the boundaries of the layers."""
    permittivity: Floats
    """(L,)"""
    partition: Floats
    """(L, n) beta, 0 where an ion is absent."""
    conductivity: Floats
    """(L, n) D beta."""
    valence: Floats
    """(n,)"""
    left: Floats
    """(n,) activities of the left reservoir."""
    right: Floats
    """(n,) and of the right one."""
    voltage: float
    """Potential of the left reservoir."""
    scales: Scales

    @property
    def passes(self) -> NDArray[np.bool_]:
        """(n,) which ions have a place in every layer; each of the others is held by its own bath, at equilibrium."""
        return np.asarray((self.partition > 0).all(axis=0))

    @property
    def current_scale(self) -> float:
        """What a dimensionless current density of 1 is [A/m^2]."""
        return FARADAY * self.scales.flux

    @property
    def impedance_scale(self) -> float:
        """What a dimensionless impedance of 1 is [ohm m^2]."""
        return self.scales.potential / self.current_scale

    def at_voltage(self, potential: float) -> Membrane:
        """The membrane with another potential of its left reservoir [V]."""
        return replace(self, voltage=potential / self.scales.potential)


def graded(faces: Floats, nodes: int, lengths: Floats, growth: float, times: int = 1) -> list[Floats]:
    """For each layer the distances (0, 1) from its graded end, of about so many nodes in all.

    Steps grow with the distance d to the nearest interface in proportion to l + growth d, l (L,) [nm] in each layer.  A layer
    between two interfaces is halved, and each half graded from its interface.  times: every cell is cut into so many.
    """
    halves = np.ones(lengths.size)
    halves[1:-1] = 2
    weights = np.log1p(growth * np.diff(faces) / halves / lengths)
    cells = np.maximum(1, np.rint((nodes - 1) * weights / (weights @ halves))).astype(int) * times
    return [
        np.expm1(np.linspace(0.0, one, count + 1)) / np.expm1(one) for one, count in zip(weights, cells, strict=True)
    ]


def graded_positions(
    faces: Floats, nodes: int, lengths: Floats, growth: float, times: int = 1
) -> tuple[Floats, Integers]:
    """Positions of the nodes, and the layer of each cell."""
    left, half, right = graded(faces, nodes, lengths, growth, times)
    middle = np.concatenate([half / 2, 1 - half[-2::-1] / 2])
    parts = [1 - left[::-1], middle, right]
    x = [start + part[1:] * (stop - start) for part, start, stop in zip(parts, faces, faces[1:], strict=False)]
    layer = np.repeat(np.arange(3), [part.size - 1 for part in parts])
    return np.concatenate([faces[:1], *x]), layer


def clamped_case() -> Case:
    """The case, without what is expected of it."""
    return load_case(bundled_case("clamped_membrane")).replace("expect", [])


def clamped_membrane() -> Membrane:
    """The same as plain numbers."""
    case = clamped_case()
    scales = Scales(case.temperature)
    ions, layers = case.ion_names, case.layers
    partition = np.array([[(layer.partition or {}).get(ion, 1.0) for ion in ions] for layer in layers], dtype=float)
    diffusivity = np.array(
        [[layer.diffusivity.get(ion, case.free_diffusivity(ion)) for ion in ions] for layer in layers]
    )
    left, right = (case.concentrations(side) for side in ("left", "right"))
    absolute = np.array([VACUUM_PERMITTIVITY * case.relative_permittivity(layer) for layer in layers])
    # An ion that the membrane keeps out has no place in a bath that holds none of it.
    partition[-1, [right.get(ion, 0.0) == 0.0 for ion in ions]] = 0.0
    return Membrane(
        faces=np.cumsum([0.0, *(layer.thickness for layer in layers)]) / scales.length,
        permittivity=absolute / scales.permittivity,
        partition=partition,
        conductivity=partition * diffusivity / scales.diffusivity,
        valence=np.array(case.valences, dtype=float),
        left=np.array([left.get(ion, 0.0) for ion in ions]) / scales.concentration,
        right=np.array([right.get(ion, 0.0) for ion in ions]) / scales.concentration,
        voltage=float(case.left.model_dump()["potential"]) / scales.potential,
        scales=scales,
    )
