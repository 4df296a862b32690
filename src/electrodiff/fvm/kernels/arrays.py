"""The flat arrays that describe one discrete problem to the kernels."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


class Chain(NamedTuple):
    """A chain of N nodes and N - 1 faces with n ions; m = n + 1.  All dimensionless.

    Material numbers belong to faces, since a face lies within one layer while a node may lie on an interface;
    the two halves of a face's cell are its shares of the control volumes of its nodes.
    """

    valence: tuple[float, ...]
    """z_i; its length n is known to the compiler."""
    partition: Floats
    """(N-1, n) beta_i, 0 where an ion is absent."""
    conductance: Floats
    """(N-1, n) D_i beta_i A/h: flux per difference of activity."""
    permittivity: Floats
    """(N-1,) eps A/h: displacement per difference of potential."""
    volume_left: Floats
    """(N-1,) volume of the half cell at the left node of the face."""
    volume_right: Floats
    """(N-1,) volume of the half cell at the right node of the face."""
    fixed_charge: Floats
    """(N-1,) X, in the face's layer."""
    surface_charge: Floats
    """(N,) sigma A, at the node."""
    free: Floats
    """(N, m) 1 where the unknown obeys its balance, 0 where it is pinned to `target`."""
    target: Floats
    """(N, m) value of a pinned unknown: reservoir values at the ends, 0 for an absent ion."""


class Border(NamedTuple):
    """p scalar unknowns s with one scalar equation each.

    Border unknown b is the potential of node `potential_node[b]` (which is pinned to it), and its equation is that the
    net current through face `current_face[b]` is `current[b]`.
    """

    potential_node: Integers
    """(p,)"""
    current_face: Integers
    """(p,)"""
    current: Floats
    """(p,) given net current."""
