"""Nodes joined by faces; the only place where geometry becomes numbers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from electrodiff.derived import once_per_case
from electrodiff.grid.geometry import case_geometry
from electrodiff.materials import most_resistive_layer
from electrodiff.model import Case

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Mesh:
    """A chain of N nodes from left to right; face f joins nodes left[f] and right[f].

    A node sits on every boundary between layers, so a face lies within one layer.  The control volume of a node is made
    of the half cells of its faces.  Areas are relative to `reference_area`, that of the left face of the most resistive
    layer (of its right face if the left one is an axis or a centre), to which fluxes and currents refer.
    """

    x: Floats
    """(N,) position of the nodes [m]."""
    layer: Integers
    """(N-1,) index of the layer of each face."""
    left: Integers
    """(N-1,) node at the left of each face."""
    right: Integers
    """(N-1,) node at the right of each face."""
    area: Floats
    """(N,) cross section at each node, relative."""
    area_over_distance: Floats
    """(N-1,) of each face [1/m]: 1 / integral of dx/A."""
    volume_left: Floats
    """(N-1,) half cell of the face at its left node, per reference area [m]."""
    volume_right: Floats
    """(N-1,) half cell of the face at its right node, per reference area [m]."""
    reference_area: float
    """[m^2]; [m] per length of the axis for cylinders, 1 for planes."""
    resistive_layer: int
    """Index of the most resistive layer."""

    @property
    def nodes(self) -> int:
        """Number of nodes N."""
        return self.x.size

    @cached_property
    def boundaries(self) -> Integers:
        """(layers + 1,) nodes on the boundaries of the layers, both ends included."""
        return self.layer.searchsorted(np.arange(self.layer[-1] + 2))


def line_mesh(case: Case, x: Floats, layer: Integers) -> Mesh:
    """The mesh of a case with nodes at x (N,) [m], increasing, and the layer index of each face (N-1,)."""
    geometry = case_geometry(case)
    start, stop = x[:-1], x[1:]
    middle = (start + stop) / 2
    resistive, reference = reference_layer(case)
    nodes = np.arange(x.size)
    return Mesh(
        x=x,
        layer=layer,
        left=nodes[:-1],
        right=nodes[1:],
        area=geometry.area(x) / reference,
        area_over_distance=geometry.inverse_resistance(start, stop, layer) / reference,
        volume_left=geometry.volume(start, middle) / reference,
        volume_right=geometry.volume(middle, stop) / reference,
        reference_area=reference,
        resistive_layer=resistive,
    )


@once_per_case
def reference_layer(case: Case) -> tuple[int, float]:
    """Index of the most resistive layer, and the reference area [m^2]: that of its left face, or at a centre of its right."""
    faces = np.cumsum([0.0, *(layer.thickness for layer in case.layers)])
    index = most_resistive_layer(case, layer_areas(case))
    areas = case_geometry(case).area(faces[index : index + 2])
    return index, float(areas[0] if areas[0] > 0 else areas[1])


@once_per_case
def layer_areas(case: Case) -> list[float]:
    """Mean cross section of each layer [m^2], its thickness over the integral of dx/A."""
    faces = np.cumsum([0.0, *(layer.thickness for layer in case.layers)])
    geometry = case_geometry(case)
    return [
        layer.thickness / geometry.layer_resistance(float(faces[index]), float(faces[index + 1]), index)
        for index, layer in enumerate(case.layers)
    ]
