"""Several problems at once, one in each lane of the registers (see `vectors`): their records, faces and blocks.

The problems have their ions, their layers and the cells of each layer in common; lengths, materials and ends are their own.
Both ends are reservoirs, the ions are points, and the potential of the right end may float.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from electrodiff.fvm.kernels.arrays import Floats, Integers
from electrodiff.fvm.kernels.compiler import kernel_part
from electrodiff.fvm.kernels.vectors import load, power_of_two, size_of, store, where_less

# e^v = 2^k e^r with |r| <= ln(2)/2; k to the nearest by adding and taking away 1.5 2^52.  ln(2) in two parts: k times the
# first is exact.
_PER_LN2 = 1.4426950408889634
_LN2_FIRST, _LN2_REST = 6.93147180369123816490e-01, 1.90821492927058770002e-10
_ROUND = 6755399441055744.0
# Below this v, k is 0.
_SMALL = 0.34
# Beyond this e^v is no longer a double, and is taken to be e^700.
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
    passes: Floats
    """(layers, n) 1 where an ion is present, else 0"""
    crosses: Floats
    """(n,) 1 for an ion that is present in all layers, else 0"""
    floats: bool
    """whether the right end's potential is such that the net current is `current`"""


class Stacks(NamedTuple):
    """The materials of the problems in the lanes, dimensionless, for G groups of chains of C problems each."""

    x: Floats
    """(G, C, N, LANES) nodes of the finest mesh"""
    resistivity: Floats
    """(G, C, layers, n, LANES) 1 / (D beta); 0 of an ion that some layer keeps out, and -1 where it does"""
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
def exponential_vectors(v: Any) -> tuple[Any, Any, Any]:
    """e^v, (e^v - 1) / v = 1 / B(v), and the left share p(v) of `bernoulli`, of v >= 0, lane by lane, without a branch.

    e^r = 1 + r (1 + r q(r)), q Taylor's series to r^13 / 15!, whose next term is below 1e-20 of it.
    """
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
    # p = (1 - B) / v; where v is small k is 0 and r is v, and this is without cancellation.
    divisor = where_less(w, _SMALL, 1.0, v)
    over = where_less(w, _SMALL, mean, rise / divisor)
    share = where_less(w, _SMALL, q, over - 1.0) / (over * divisor)
    return 1.0 + rise, over, share


@kernel_part
def face_vectors(u: Any) -> tuple[Any, Any, Any, Any]:
    """e^(-u), e^u, 1 / B(-u) and the left share p(u) of a face, lane by lane."""
    rise, over, share = exponential_vectors(size_of(u))
    fall = 1.0 / rise
    over = where_less(u, 0.0, over, over * fall)
    return where_less(u, 0.0, rise, fall), where_less(u, 0.0, fall, rise), over, where_less(u, 0.0, 1.0 - share, share)


@kernel_part
def next_ion(
    z: float, last: float, step: Any, gain: Any, back: Any, over: Any, share: Any
) -> tuple[Any, Any, Any, Any]:
    """`face_vectors` of an ion of valence z at the potential difference `step`, from those of the ion before it.

    last: the valence of that; 0 of the first.  Ions of equal or opposite valence share one exponential, which is most of the
    cost of a face.
    """
    if z == -last:
        other = gain
        gain = back
        back = other
        over = over * gain
        share = 1.0 - share
    elif z != last:
        gain, back, over, share = face_vectors(z * step)
    return gain, back, over, share


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
