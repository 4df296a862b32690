"""The graded lines of many points at once: what `grid.line` makes of each of their cases, a little finer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from electrodiff.fvm.kernels.arrays import Floats, Integers
from electrodiff.grid.line import CLOSEST, FRACTION, GROWTH, graded, segment_maps
from electrodiff.grid.stretch import stretched
from electrodiff.solvers.batch.stacks import Points
from electrodiff.theory.double_layer import gouy_chapman_length
from electrodiff.units import VACUUM_PERMITTIVITY

# f of the coarsest line at the default accuracy.  With FRACTION a fourth mesh would be needed for most points, which costs
# as much as the first three; a fifth more nodes do without.
LANE_FRACTION = 0.8 * FRACTION


@dataclass(frozen=True)
class Lines:
    """K segments between knots of P lines; see `grid.line.Line`."""

    knots: Floats
    """(P, K + 1) [m]"""
    layer: Integers
    """(K,) index of the layer of each segment"""
    spacing: Floats
    """(P, K + 1) at each knot of the coarsest mesh [m]"""
    cells: Integers
    """(P, K) of each segment in the coarsest mesh"""

    def at(self, rows: Integers) -> Lines:
        """The lines of some of the points."""
        return Lines(self.knots[rows], self.layer, self.spacing[rows], self.cells[rows])


def layered_lines(points: Points) -> Lines:
    """The line of every point."""
    count, layers = points.thickness.shape
    faces = np.concatenate([np.zeros((count, 1)), np.cumsum(points.thickness, axis=1)], axis=1)
    # The middles of the layers whose halves are reported: all but baths that end in a reservoir.
    halved = np.arange(1, layers - 1) if layers > 1 else np.arange(1)
    places = np.concatenate([np.arange(layers + 1), halved + 0.5])
    order = np.argsort(places)
    knots = np.concatenate([faces, (faces[:, halved] + faces[:, halved + 1]) / 2], axis=1)[:, order]
    no_length = np.full((count, halved.size), np.inf)
    lengths = np.concatenate([_boundary_lengths(points), no_length], axis=1)[:, order]
    lengths = np.maximum(lengths, CLOSEST * faces[:, -1:])
    # Nothing at all that varies: one length, the stack's.
    lengths = np.where(np.isinf(lengths).all(axis=1, keepdims=True), faces[:, -1:], lengths)
    within = lengths[:, None, :] + GROWTH * np.abs(knots[:, :, None] - knots[:, None, :])
    spacing, cells = graded(knots, within.min(axis=2), points.case.mesh.accuracy, LANE_FRACTION)
    return Lines(knots, places[order][:-1].astype(int), spacing, cells)


def _boundary_lengths(points: Points) -> Floats:
    """(P, layers + 1) length over which the potential varies at each boundary of the layers [m]."""
    case, (count, layers) = points.case, points.thickness.shape
    debye = points.debye_lengths
    charges = np.concatenate([np.zeros((count, 1)), points.surface_charge, np.zeros((count, 1))], axis=1)
    voltage = np.abs(np.diff(np.nan_to_num(points.potential), axis=1)[:, 0])
    for index in range(layers):
        dry = np.isinf(debye[:, index])
        capacitance = VACUUM_PERMITTIVITY * points.relative_permittivity[:, index] / points.thickness[:, index]
        for boundary in (index, index + 1):
            faced = np.abs(charges[:, boundary]) + capacitance * voltage
            charges[:, boundary] = np.where(dry, faced, charges[:, boundary])
    scale = np.minimum(points.thickness, debye)
    sides = [
        np.minimum(scale, gouy_chapman_length(charges[:, part], points.relative_permittivity, case.temperature))
        for part in (slice(None, -1), slice(1, None))
    ]
    inner = np.minimum(sides[1][:, :-1], sides[0][:, 1:])
    lengths = np.concatenate([sides[0][:, :1], inner, sides[1][:, -1:]], axis=1)
    for position in (0, -1):
        if layers > 1 and not case.layers[position].partition_tables:
            bath = points.fixed_charge[:, position] == 0
            lengths[:, position] = np.where(bath, np.inf, lengths[:, position])
    return lengths


def node_positions(lines: Lines, multiple: int) -> Floats:
    """(P, N) nodes [m] of lines that all have the same cells, `multiple` times those of the coarsest mesh."""
    cells = lines.cells[0]
    counts = cells * multiple
    segment = np.repeat(np.arange(counts.size), counts)
    first = np.cumsum(counts) - counts
    xi = (np.arange(segment.size) - first[segment]) / counts[segment]
    length = np.diff(lines.knots)
    maps = segment_maps(lines.knots, lines.spacing, cells)
    t, rest = stretched(maps.at((slice(None), segment)), xi)
    own = length[:, segment]
    # From the nearer end, so that the spacing next to it is not rounded.
    x = np.where(t < 0.5, lines.knots[:, :-1][:, segment] + own * t, lines.knots[:, 1:][:, segment] - own * rest)
    x[:, first] = lines.knots[:, :-1]
    return np.concatenate([x, lines.knots[:, -1:]], axis=1)
