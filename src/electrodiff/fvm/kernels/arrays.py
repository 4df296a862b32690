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
    packing: Floats
    """(n,) v_i, the volume that a concentration of 1 of the ion fills; 0 for point ions."""
    exponent: Floats
    """(n,) v_i / v_0 of the steric activity coefficient, v_0 the smallest v; 0 for point ions."""
    carried: Floats
    """(N-1, n) flux of each ion that transporters take across the face, on top of what diffuses and drifts."""


class Border(NamedTuple):
    """p scalar unknowns with one scalar equation each; entry b of every array describes border unknown b.

    kind CURRENT: the potential of `node`, such that the net current through face `first` is `value`.
    kind AMOUNT: the activity `row` of `node`, such that the nodes `first` to `last` hold the amount `value` of the ion.
    kind BALANCE: the activity `row` of `node`, such that the transporters between the nodes `first` and `last` carry none
    of the ion on the whole.
    kind GATING: the open fraction 1 / (1 + exp(-(V - value) / slope)), V = phi(first) - phi(last), of a `share` of the
    conductance of ion `row` on the faces from node `first` to node `last`.
    kind RATE: the rate of a transporter that carries `stoichiometry` of each ion from node `first` to node `last`, by a
    law of `rates` with the constants `value` and `terms` and what the nodes `sensed` tell it.

    In the first three kinds the unknown is an entry of the state, which the chain's own row pins to its target.
    """

    kind: Integers
    node: Integers
    row: Integers
    first: Integers
    last: Integers
    value: Floats
    slope: Floats
    share: Floats
    rest: Floats
    """(p,) the part of the same conductance that no gate opens and closes"""
    stoichiometry: Floats
    """(p, n)"""
    law: Integers
    sensed: Integers
    """(p, 2) nodes on the left and on the right"""
    terms: Floats
    """(p, 2, 3, n) for both sensed nodes and every ion, the three numbers of the law; see `rates`."""
    by_voltage: Floats
    """(p, 2) linear and exponential dependence of a rate on the voltage between the sensed nodes"""


CURRENT = 0
AMOUNT = 1
GATING = 2
RATE = 3
BALANCE = 4
