"""Several problems at once, one in each lane of the registers (see `vectors`): their records, faces and blocks.

The problems have their ions, their layers and the cells of each layer in common; lengths, materials and ends are their own.
Both ends are reservoirs, the ions are points, and the potential of the right end may float.
"""

from __future__ import annotations

from typing import NamedTuple

from electrodiff.fvm.kernels.arrays import Floats, Integers
from electrodiff.fvm.kernels.compiler import kernel_part
from electrodiff.fvm.kernels.flux import FLUX, LEFT, PHI_LEFT, PHI_RIGHT, RIGHT
from electrodiff.fvm.kernels.vectors import fill, load, power_of_two, size_of, store, where_less

POINT_LINES = 5

# e^v = 2^k e^r with |r| <= ln(2)/2; k to the nearest by adding and taking away 1.5 2^52.  ln(2) in two parts: k times the
# first is exact.
_PER_LN2 = 1.4426950408889634
_LN2_FIRST, _LN2_REST = 6.93147180369123816490e-01, 1.90821492927058770002e-10
_ROUND = 6755399441055744.0
# Below this v, k is 0.
_SMALL = 0.34
# Beyond this e^v is no longer a double; B(v) is then 1e-301 and counts as nothing.
_LARGEST = 700.0


class Lanes(NamedTuple):
    """What the problems in the lanes have in common, on the finest of their nested meshes of N nodes."""

    valence: tuple[float, ...]
    layer: Integers
    """(N-1,) index of the layer of each face"""
    interface: Integers
    """(N,) index of the interface at a node; -1 elsewhere"""
    free: Floats
    """(N, n) 1 where an ion obeys its balance, 0 where it is absent; at the ends not used"""
    crosses: Floats
    """(n,) 1 for an ion that is present in all layers"""
    middle: int
    """face whose net current is to be `current` if the right end's potential floats; -1 if it is given"""


class Stacks(NamedTuple):
    """The materials of the problems in the lanes, dimensionless, for G groups of chains of C problems each."""

    x: Floats
    """(G, C, N, LANES) nodes of the finest mesh"""
    mobility: Floats
    """(G, C, layers, n, LANES) D beta"""
    partition: Floats
    """(G, C, layers, n, LANES) beta"""
    permittivity: Floats
    """(G, C, layers, LANES)"""
    fixed_charge: Floats
    """(G, C, layers, LANES)"""
    surface_charge: Floats
    """(G, C, layers - 1, LANES) of the interfaces"""
    ends: Floats
    """(G, C, 2, m, LANES) activities and potential of the left and the right end"""
    current: Floats
    """(G, C, LANES) wanted net current if the potential floats"""
    floor: Floats
    """(G, C, LANES) activity below which changes count as relative to it (see `newton`)"""
    guess: Floats
    """(G, C, coarsest N, m, LANES) first guess"""


@kernel_part
def bernoulli_vectors(u: Floats) -> tuple[Floats, Floats, Floats]:
    """B(u), B(-u) and the left share of `bernoulli`, lane by lane, without a branch.

    e^r = 1 + r (1 + r q(r)), q Taylor's series to r^13 / 15!, whose next term is below 1e-20 of it.
    """
    v = size_of(u)
    w = where_less(v, _LARGEST, v, _LARGEST)
    k = (w * _PER_LN2 + _ROUND) - _ROUND
    r = (w - k * _LN2_FIRST) - k * _LN2_REST
    q = r * (1.0 / 1307674368000.0) + (1.0 / 87178291200.0)
    q = q * r + (1.0 / 6227020800.0)
    q = q * r + (1.0 / 479001600.0)
    q = q * r + (1.0 / 39916800.0)
    q = q * r + (1.0 / 3628800.0)
    q = q * r + (1.0 / 362880.0)
    q = q * r + (1.0 / 40320.0)
    q = q * r + (1.0 / 5040.0)
    q = q * r + (1.0 / 720.0)
    q = q * r + (1.0 / 120.0)
    q = q * r + (1.0 / 24.0)
    q = q * r + (1.0 / 6.0)
    q = q * r + 0.5
    mean = 1.0 + r * q  # (e^r - 1) / r
    scale = power_of_two(k)
    rise = scale * (r * mean) + (scale - 1.0)  # e^w - 1
    # B = 1 / mean and share = q / mean where v is small, which is without cancellation; v / (e^v - 1) elsewhere.
    plus = where_less(w, _SMALL, 1.0, w) / where_less(w, _SMALL, mean, rise)
    share = where_less(w, _SMALL, q, 1.0 - plus) / where_less(w, _SMALL, mean, w)
    minus = plus + v
    return where_less(u, 0.0, minus, plus), where_less(u, 0.0, plus, minus), where_less(u, 0.0, 1.0 - share, share)


@kernel_part
def face_vectors(
    valence: tuple[float, ...],
    mobility: Floats,
    permittivity: Floats,
    per_width: Floats,
    left: Floats,
    right: Floats,
    out_face: Floats,
) -> None:
    """The five lines of a face (see `flux`) between nodes with the states `left` and `right` (m, LANES)."""
    n = len(valence)
    inverse = load(per_width)
    step = load(right[n]) - load(left[n])
    last = 0.0
    plus, minus, share = fill(1.0), fill(1.0), fill(0.5)
    for i in range(n):
        z = valence[i]
        if z == -last:
            other = plus
            plus = minus
            minus = other
            share = 1.0 - share
        elif z != last:
            plus, minus, share = bernoulli_vectors(z * step)
        last = z
        conductance = load(mobility[i]) * inverse
        flux = conductance * (plus * load(left[i]) - minus * load(right[i]))
        drift = z * flux
        store(flux, out_face[FLUX, i])
        store(conductance * plus, out_face[LEFT, i])
        store(-(conductance * minus), out_face[RIGHT, i])
        store(-(drift * share), out_face[PHI_LEFT, i])
        store(drift * share - drift, out_face[PHI_RIGHT, i])
    eps = load(permittivity) * inverse
    store(-(eps * step), out_face[FLUX, n])
    store(eps, out_face[LEFT, n])
    store(-eps, out_face[RIGHT, n])
    store(fill(0.0), out_face[PHI_LEFT, n])
    store(fill(0.0), out_face[PHI_RIGHT, n])


@kernel_part
def invert_vectors_step(block: Floats, right: Floats, c: int) -> None:
    """Step c of the in-place inversion of `block` (m, m, LANES) and of the solution for `right` (m, LANES)."""
    m = right.shape[0]
    inverse = 1.0 / load(block[c, c])
    for j in range(m):
        if j != c:
            store(load(block[c, j]) * inverse, block[c, j])
    store(inverse, block[c, c])
    store(load(right[c]) * inverse, right[c])
    for r in range(m):
        if r != c:
            multiple = load(block[r, c])
            store(-(multiple * inverse), block[r, c])
            store(load(right[r]) - multiple * load(right[c]), right[r])
            for j in range(m):
                if j != c:
                    store(load(block[r, j]) - multiple * load(block[c, j]), block[r, j])


@kernel_part
def invert_vectors(block: Floats, right: Floats) -> None:
    """Invert `block` (m, m, LANES) and solve for `right` (m, LANES), in place; see `invert`."""
    m = right.shape[0]
    invert_vectors_step(block, right, 0)
    invert_vectors_step(block, right, 1)
    if m > 2:
        invert_vectors_step(block, right, 2)
    if m > 3:
        invert_vectors_step(block, right, 3)
    if m > 4:
        invert_vectors_step(block, right, 4)
    if m > 5:
        invert_vectors_step(block, right, 5)
    if m > 6:
        invert_vectors_step(block, right, 6)
    for c in range(7, m):
        invert_vectors_step(block, right, c)
