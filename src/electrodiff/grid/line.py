"""The graded line: nodes through a stack of layers, fine at every interface and geometrically coarser away from it.

In each layer the spacing at a distance d from a boundary is wanted to be

    h(d) = f (l + GROWTH d),       l the length over which the potential varies there (grid.scales)

so that neighbouring spacings have the ratio 1 + f GROWTH.  Between two boundaries the smaller of the two holds.  The
number of cells of a layer is the integral of 1/h, and the nodes are those of a smooth map from a uniform line, so that
a mesh with twice the cells contains the nodes of this one and the scheme keeps its second order.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from electrodiff.checks import FEWEST_CELLS
from electrodiff.grid.mesh import Floats, Mesh, line_mesh
from electrodiff.grid.scales import boundary_charges, boundary_scales
from electrodiff.model import Case

# Growth of the spacing with distance, in spacings per length l.  The solution decays as exp(-d/l); of 0.25 to 1.5, the
# values from 1 on give the smallest errors of currents, charges and Debye-layer drops at a given number of nodes.
GROWTH = 1.0

# f = FRACTION sqrt(accuracy): measured on the clamped membrane, whose largest error (a Debye layer's drop, relative to
# RT/F) is 0.004 f^2.
FRACTION = 15.0


def layered_line(case: Case, cells: Sequence[int] | None = None) -> Mesh:
    """The mesh of a case, with a given number of cells in each layer or with as many as its `[mesh]` asks for."""
    scales = boundary_lengths(case)
    counts = _cells(case, scales) if cells is None else list(cells)
    starts = np.concatenate([[0.0], np.cumsum([layer.thickness for layer in case.layers])])
    parts = [
        start + graded_nodes(layer.thickness, *lengths, count)[:-1]
        for layer, start, lengths, count in zip(case.layers, starts, scales, counts, strict=False)
    ]
    x = np.concatenate([*parts, starts[-1:]])
    return line_mesh(case, x, np.repeat(np.arange(len(counts)), counts))


def layer_cells(case: Case) -> list[int]:
    """Number of cells in each layer, from the wanted accuracy or from the given number of nodes."""
    return _cells(case, boundary_lengths(case))


def _cells(case: Case, scales: Sequence[tuple[float, float]]) -> list[int]:
    weights = [_weight(layer.thickness, *lengths) for layer, lengths in zip(case.layers, scales, strict=True)]
    if case.mesh.nodes is None:
        fraction = FRACTION * math.sqrt(case.mesh.accuracy)
        return [max(FEWEST_CELLS, 2 * math.ceil(weight / fraction / 2)) for weight in weights]
    spare = case.mesh.nodes - 1 - FEWEST_CELLS * len(weights)
    shares = np.floor(np.cumsum([0, *weights]) / sum(weights) * spare + 0.5).astype(int)
    return [FEWEST_CELLS + int(after - before) for before, after in pairwise(shares)]


def graded_nodes(thickness: float, left: float, right: float, cells: int) -> Floats:
    """(cells + 1,) nodes from 0 to the thickness, for the lengths l at the two boundaries (infinite: not graded)."""
    turn, mass_left, mass_right = _masses(thickness, left, right)
    xi = np.linspace(0.0, mass_left + mass_right, cells + 1)
    x = np.empty(cells + 1)
    first = int(np.searchsorted(xi, mass_left)) if turn > 0 else 0
    x[:first] = left / GROWTH * np.expm1(GROWTH * xi[:first])
    x[first:-1] = thickness - right / GROWTH * np.expm1(GROWTH * (xi[-1] - xi[first:-1]))
    x[0], x[-1] = 0.0, thickness
    return x


def _weight(thickness: float, left: float, right: float) -> float:
    """Integral of dx / (l + GROWTH d): the number of cells at f = 1."""
    return sum(_masses(thickness, left, right)[1:])


def _masses(thickness: float, left: float, right: float) -> tuple[float, float, float]:
    """The place where the two gradings meet, and the integral of dx / (l + GROWTH d) on either side of it."""
    if math.isinf(left) or math.isinf(right):
        turn = 0.0 if math.isinf(left) else thickness
    else:
        turn = min(max((thickness + (right - left) / GROWTH) / 2, 0.0), thickness)
    mass_left = math.log1p(GROWTH * turn / left) / GROWTH
    mass_right = math.log1p(GROWTH * (thickness - turn) / right) / GROWTH
    return turn, mass_left, mass_right


def boundary_lengths(case: Case) -> list[tuple[float, float]]:
    """The lengths l at the left and right boundary of each layer.

    At a plane of symmetry nothing varies, nor at a reservoir unless its layer differs from water: there the line is not
    graded.
    """
    charges = boundary_charges(case)
    scales = [boundary_scales(case, layer, charges[index : index + 2]) for index, layer in enumerate(case.layers)]
    for position, end in ((0, case.left), (-1, case.right)):
        layer = case.layers[position]
        is_bath = not layer.partition_tables and layer.fixed_charge == 0 and layer.total_fixed_charge is None
        if end.kind == "closed" or (end.kind == "reservoir" and is_bath and len(scales) > 1):
            scales[position][position] = math.inf
    return [(left, right) for left, right in scales]
