"""Nodes joined by faces; the only place where geometry becomes numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Mesh:
    """A chain of N nodes from left to right; face f joins nodes left[f] and right[f].

    A node sits on every boundary between layers, so a face lies within one layer.  The control volume of a node is made
    of the half cells of its faces.  Areas are relative to that of the membrane, 1 in planar geometry.
    """

    x: Floats
    """(N,) position of the nodes [m]."""
    layer: Integers
    """(N-1,) index of the layer of each face."""
    left: Integers
    """(N-1,) node at the left of each face."""
    right: Integers
    """(N-1,) node at the right of each face."""
    area_over_distance: Floats
    """(N-1,) of each face [1/m]."""
    volume_left: Floats
    """(N-1,) half cell of the face at its left node, per area [m]."""
    volume_right: Floats
    """(N-1,) half cell of the face at its right node, per area [m]."""

    @property
    def nodes(self) -> int:
        """Number of nodes N."""
        return self.x.size

    @property
    def boundaries(self) -> Integers:
        """(layers + 1,) nodes on the boundaries of the layers, both ends included."""
        inner = np.flatnonzero(np.diff(self.layer)) + 1
        return np.concatenate([[0], inner, [self.nodes - 1]])


def planar_mesh(x: Floats, layer: Integers) -> Mesh:
    """The mesh of planar geometry with nodes at x (N,) [m], increasing, and the layer index of each face (N-1,)."""
    distance = np.diff(x)
    nodes = np.arange(x.size)
    return Mesh(x, layer, nodes[:-1], nodes[1:], 1.0 / distance, distance / 2, distance / 2)
