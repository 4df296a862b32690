"""A new line from what a solution says of the old one: as much of the error in every cell, in each layer separately.

The error that a cell of width h brings into the result is g h^3, g its local density, so that for a number of cells the
sum is smallest where the spacing is proportional to g^(-1/3).
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from electrodiff.grid.line import FRACTION, GROWTH, Line, segment_maps
from electrodiff.grid.mesh import Floats

# Cells of each new segment; its ends carry the spacing that is wanted there.
CELLS = 2
# No place counts for less than this part of the mean density: what has no error now would have some without any nodes.
LEAST = 0.02
# Share of a layer's density that is spread evenly over its neighbours, against the noise of an estimate.
PASSES = 3


def equidistributed(line: Line, edges: Floats, error: Floats, cells: int) -> Line:
    """A line with about `cells` cells, at knots placed by the estimated error.

    edges (C + 1,), error (C,): the cells on which the error was estimated and what each of them brings; the knots of the
    line are among the edges.
    """
    weight = _layer_weights(line, edges, np.cbrt(error))
    # Per layer: its share of the cells, at least one segment between any two of its knots.
    old = np.searchsorted(edges, line.knots - 1e-3 * np.diff(edges).min())
    total = np.add.reduceat(weight, old[:-1])
    segments = np.maximum(np.round(cells / CELLS * total / total.sum()), 1).astype(int)
    parts = [
        _placed(edges[start : stop + 1], weight[start:stop], count)
        for (start, stop), count in zip(pairwise(old), segments, strict=True)
    ]
    knots = np.concatenate([*(part[:-1] for part in parts), edges[-1:]])
    layer = np.repeat(line.layer, segments)
    spacing, count = _spacing(knots), np.full(layer.size, CELLS)
    return Line(line.case, knots, layer, spacing, count, 4, segment_maps(knots, spacing, count))


def _layer_weights(line: Line, edges: Floats, weight: Floats) -> Floats:
    """The weights (C,) smoothed within each segment of the line, and nowhere far below the mean of it."""
    width = np.diff(edges)
    density = weight / width
    bounds = np.searchsorted(edges, line.knots - 1e-3 * width.min())
    for start, stop in pairwise(bounds):
        part = density[start:stop]
        for _ in range(PASSES):
            padded = np.concatenate([part[:1], part, part[-1:]])
            part = np.maximum(part, (padded[:-2] + 2 * padded[1:-1] + padded[2:]) / 4)
        mean = part @ width[start:stop] / width[start:stop].sum()
        density[start:stop] = np.maximum(part, LEAST * mean)
    return np.asarray(np.maximum(density * width, 1e-300))


def _placed(edges: Floats, weight: Floats, count: int) -> Floats:
    """(count + 1,) positions that share the sum of the weights evenly."""
    mass = np.concatenate([[0.0], np.cumsum(weight)])
    x = np.interp(np.linspace(0.0, mass[-1], count + 1), mass, edges)
    x[0], x[-1] = edges[0], edges[-1]
    return x


def _spacing(knots: Floats) -> Floats:
    """(K + 1,) spacing at the knots: the mean of the segments beside, growing no faster than that of any line."""
    width = np.diff(knots) / CELLS
    logarithm = np.log(np.concatenate([width[:1], width, width[-1:]]))
    spacing = np.exp((logarithm[:-1] + logarithm[1:]) / 2)
    growth = FRACTION * GROWTH
    return np.asarray((spacing[None, :] + growth * np.abs(knots[:, None] - knots[None, :])).min(axis=1))
