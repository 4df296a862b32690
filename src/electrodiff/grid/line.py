"""The graded line: nodes through a stack of layers, fine at every interface and geometrically coarser away from it.

A line is cut into segments at its knots: the boundaries of the layers, the middles of those whose halves are reported,
and the points of profiles.  At a knot the spacing is wanted to be f l, l the length over which the potential varies there
(`grid.scales`), and at a distance d from the knots

    h(d) = f min over knots (l + GROWTH d),

so that neighbouring spacings have the ratio 1 + f GROWTH.  A segment has the integral of dx/h as its number of cells,
rounded up, and its nodes are those of a smooth map from a uniform line (`grid.stretch`) that has the wanted spacings at
both ends.  A line with twice the cells contains the nodes of this one, and every map is smooth between nodes that all
such lines share; so the error of any quantity is a series in even powers of the spacing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from electrodiff.derived import once_per_case
from electrodiff.ends import Reservoir
from electrodiff.errors import CaseError
from electrodiff.fields import Profile
from electrodiff.grid.mesh import Floats, Integers, Mesh, line_mesh
from electrodiff.grid.scales import boundary_charges, boundary_scales, energy_step
from electrodiff.grid.stretch import Stretch, stretch_between, stretched
from electrodiff.model import Case

# Growth of the spacing with distance, in spacings per length l.  The solution decays as exp(-d/l); of 0.7 to 3, the values
# around 1.5 give the smallest errors of currents, charges and Debye-layer drops at a given number of nodes.
GROWTH = 1.5

# The finest of the nested lines has this many times the cells of the coarsest: two coarsenings, for three meshes.
FINEST = 4

# f of the coarsest line at the default accuracy: neighbouring spacings of the finest one then have a ratio of up to 1.3.
FRACTION = 0.6

# Cells of a segment of the coarsest line: with one only, the coarser meshes of a thin layer say nothing about the finer.
FEWEST = 2

# Positions closer than this part of the stack cannot be told apart well enough to be nodes.
CLOSEST = 1e-10


@dataclass(frozen=True)
class Line:
    """Segments between knots, their numbers of cells, and the spacing at the knots."""

    case: Case
    knots: Floats
    """(K + 1,) positions [m]."""
    layer: Integers
    """(K,) index of the layer of each segment."""
    spacing: Floats
    """(K + 1,) spacing at each knot of the line of one `multiple` [m]."""
    cells: Integers
    """(K,) number of cells of each segment in the line of one `multiple`."""
    multiple: int
    """All segments have this many times their `cells`; a power of 2."""
    maps: Stretch
    """Those of a uniform line to each segment; `segment_maps` finds them."""
    spare: int = 0
    """Nodes that split the widest cell further, for a number of nodes that the segments cannot share."""

    def refined(self, times: int = 2) -> Line:
        """The line with this many times the cells, whose nodes contain those of this one."""
        return replace(self, multiple=self.multiple * times, spare=0)

    def nested(self) -> list[Line]:
        """The line and its coarsenings, from the coarsest to this one; each has half the cells of the next."""
        coarser = [replace(self, multiple=2**level, spare=0) for level in range(self.multiple.bit_length() - 1)]
        return [*coarser, self]

    @property
    def nodes(self) -> int:
        """Number of nodes."""
        return int(self.cells.sum()) * self.multiple + 1 + self.spare

    @property
    def layer_cells(self) -> list[int]:
        """Number of cells in each layer."""
        counts: list[int] = (np.bincount(self.layer, self.cells).astype(int) * self.multiple).tolist()
        return counts

    def positions(self) -> Floats:
        """(N,) positions of the nodes, but for the spare ones [m]."""
        counts = self.cells * self.multiple
        segment = np.repeat(np.arange(counts.size), counts)
        first = np.cumsum(counts) - counts
        xi = (np.arange(segment.size) - first[segment]) / counts[segment]
        length = np.diff(self.knots)
        t, rest = stretched(self.maps.at(segment), xi)
        # From the nearer end, so that the spacing next to it is not rounded.
        from_left, from_right = (length[segment] * part for part in (t, rest))
        x = np.where(t < 0.5, self.knots[:-1][segment] + from_left, self.knots[1:][segment] - from_right)
        x[first] = self.knots[:-1]
        return np.append(x, self.knots[-1])

    def mesh(self) -> Mesh:
        """The mesh of its nodes."""
        x, layer = self.positions(), np.repeat(self.layer, self.cells * self.multiple)
        if self.spare:
            place = self.spare_at.start
            x = np.insert(x, place, np.linspace(x[place - 1], x[place], self.spare + 2)[1:-1])
            layer = np.insert(layer, place - 1, np.full(self.spare, layer[place - 1]))
        return line_mesh(self.case, x, layer)

    @property
    def spare_at(self) -> slice:
        """The spare nodes among all nodes."""
        widest = int(np.argmax(np.diff(self.positions()))) + 1 if self.spare else 0
        return slice(widest, widest + self.spare)


def layered_line(case: Case, fraction: float = FRACTION) -> Line:
    """The line with which the solution of a case begins: as its wanted accuracy or its number of nodes asks.

    fraction: f of the coarsest line at the default accuracy.
    """
    if case.mesh.nodes is not None:
        return _with_nodes(case, case.mesh.nodes, *_knots(case))
    knots, layer, lengths = _knots(case)
    spacing, cells = graded(knots, lengths, case.mesh.accuracy, fraction)
    return Line(case, knots, layer, spacing, cells, FINEST, segment_maps(knots, spacing, cells))


@once_per_case
def first_line(case: Case) -> Line:
    """The same, kept with the case."""
    return layered_line(case)


def segment_maps(knots: Floats, spacing: Floats, cells: Integers) -> Stretch:
    """The maps of segments (..., K) with spacings at their knots (..., K + 1) and numbers of cells (K,)."""
    slopes = cells / np.diff(knots)
    return stretch_between(spacing[..., :-1] * slopes, spacing[..., 1:] * slopes)


def nested_meshes(lines: Sequence[Line]) -> list[Mesh]:
    """The mesh of each of some nested lines, coarsest first: a line has every second node of the next."""
    finest = lines[-1]
    if finest.spare:
        return [line.mesh() for line in lines]
    x, layer = finest.positions(), np.repeat(finest.layer, finest.cells * finest.multiple)
    every = [finest.multiple // line.multiple for line in lines]
    return [line_mesh(finest.case, x[::step].copy(), layer[::step].copy()) for step in every]


def graded(knots: Floats, lengths: Floats, accuracy: float, fraction: float) -> tuple[Floats, Integers]:
    """Spacing at knots (..., K + 1) [m] and cells of segments (..., K) of the coarsest line for a wanted accuracy.

    fraction: f at the default accuracy.
    """
    fraction *= min(1.0, (accuracy / 1e-6) ** (1 / 6))
    weights = segment_weights(knots, lengths) / fraction
    cells = np.maximum(np.ceil(weights - 1e-9), FEWEST).astype(int)
    return np.asarray(fraction * lengths * knot_means(weights / cells)), cells


def _with_nodes(case: Case, nodes: int, knots: Floats, layer: Integers, lengths: Floats) -> Line:
    weights = segment_weights(knots, lengths)
    if nodes - 1 < weights.size:
        remedy = f"the layers and the points of their profiles make {weights.size} segments, each with a cell or more"
        raise CaseError(f"mesh.nodes is {nodes}; {remedy}; give at least {weights.size + 1}")
    multiple = next(times for times in (FINEST, 2, 1) if (nodes - 1) // times >= weights.size)
    total = (nodes - 1) // multiple
    shares = 1 + (total - weights.size) * weights / weights.sum()
    cells = np.floor(shares).astype(int)
    cells[np.argsort(cells - shares)[: total - int(cells.sum())]] += 1
    spare = (nodes - 1) % multiple
    spacing = lengths * knot_means(weights / cells)
    return Line(case, knots, layer, spacing, cells, multiple, segment_maps(knots, spacing, cells), spare)


def knot_means(segments: Floats) -> Floats:
    """(..., K + 1) geometric means of what the segments (..., K) on both sides of each knot have; that of one at the ends."""
    logarithm = np.log(np.concatenate([segments[..., :1], segments, segments[..., -1:]], axis=-1))
    return np.asarray(np.exp((logarithm[..., :-1] + logarithm[..., 1:]) / 2))


def segment_weights(knots: Floats, lengths: Floats) -> Floats:
    """(..., K) integral of dx / min(l_a + GROWTH (x - a), l_b + GROWTH (b - x)): the numbers of cells at f = 1.

    knots and lengths are (..., K + 1) [m].
    """
    first, last, thickness = lengths[..., :-1], lengths[..., 1:], np.diff(knots)
    turn = np.clip((thickness + (last - first) / GROWTH) / 2, 0.0, thickness)
    left, right = np.log1p(GROWTH * turn / first), np.log1p(GROWTH * (thickness - turn) / last)
    return np.asarray((left + right) / GROWTH)


@once_per_case
def _knots(case: Case) -> tuple[Floats, Integers, Floats]:
    """Positions of the knots (K + 1,), layer of each segment (K,), and the length l at each knot (K + 1,)."""
    faces = np.concatenate([[0.0], np.cumsum([layer.thickness for layer in case.layers])])
    charges = boundary_charges(case)
    scales = [boundary_scales(case, index, charges[index : index + 2]) for index in range(len(case.layers))]
    positions, lengths = _boundaries(case, faces, scales)
    for index, points in enumerate(_profile_points(case, faces)):
        inner, steps = points
        positions += (faces[index] + inner).tolist()
        lengths += steps.tolist()
    for index, is_halved in enumerate(_halved(case)):
        if is_halved:
            positions.append((faces[index] + faces[index + 1]) / 2)
            lengths.append(math.inf)
    return _merged(np.array(positions), np.array(lengths), faces)


def _boundaries(case: Case, faces: Floats, scales: list[list[float]]) -> tuple[list[float], list[float]]:
    """The boundaries of the layers, with the smaller of the lengths on their two sides.

    At a plane of symmetry nothing varies, nor at a reservoir unless its layer differs from water: there the line is not
    graded.
    """
    lengths = [scales[0][0], *(min(left[1], right[0]) for left, right in pairwise(scales)), scales[-1][1]]
    for position, end in ((0, case.left), (-1, case.right)):
        layer = case.layers[position]
        is_bath = not layer.partition_tables and layer.fixed_charge == 0 and layer.total_fixed_charge is None
        if end.kind == "closed" or (end.kind == "reservoir" and is_bath and len(scales) > 1):
            lengths[position] = math.inf
    return faces.tolist(), lengths


def _profile_points(case: Case, faces: Floats) -> list[tuple[Floats, Floats]]:
    """For each layer, the points of its profiles inside it, and the length over which an energy changes by RT there."""
    closest = CLOSEST * faces[-1]
    along = [profile for profile in (case.mesh.area, case.mesh.radius) if isinstance(profile, Profile)]
    result = []
    for index, (layer, (start, stop)) in enumerate(zip(case.layers, pairwise(faces), strict=True)):
        tables = (layer.partition or {}, layer.barrier, layer.diffusivity)
        own = [value for table in tables for value in table.values() if isinstance(value, Profile)]
        points = [x for profile in [*own, layer.fixed_charge] if isinstance(profile, Profile) for x in profile.x]
        points += [x - start for profile in along for x in profile.x]
        inner = np.unique([x for x in points if closest < x < stop - start - closest])
        result.append((inner, energy_step(case, index, inner)))
    return result


def _halved(case: Case) -> list[bool]:
    """Whether the two halves of each layer are reported: not of a bath that ends in a reservoir (see `solution`)."""
    halved = [True] * len(case.layers)
    if len(case.layers) > 1:
        halved[0], halved[-1] = not isinstance(case.left, Reservoir), not isinstance(case.right, Reservoir)
    return halved


def _merged(positions: Floats, lengths: Floats, faces: Floats) -> tuple[Floats, Integers, Floats]:
    """Knots in order, each place once, with lengths that differ by no more than GROWTH times their distance."""
    closest = CLOSEST * faces[-1]
    order = np.argsort(positions, kind="stable")
    positions, lengths = positions[order], np.maximum(lengths[order], closest)
    # Input is decimal: what should be the same place differs by roundings.  The first of a group is a boundary or as good.
    group = np.concatenate([[0], np.cumsum(np.diff(positions) > closest)])
    starts = np.flatnonzero(np.diff(group, prepend=-1))
    knots, lengths = positions[starts], np.minimum.reduceat(lengths, starts)
    places = np.searchsorted(knots, faces + closest) - 1
    knots[places] = faces
    # Nothing at all that varies: one length, the stack's.
    lengths = np.where(np.isinf(lengths).all(), faces[-1], lengths)
    within = lengths[None, :] + GROWTH * np.abs(knots[:, None] - knots[None, :])
    middle = (knots[:-1] + knots[1:]) / 2
    return knots, np.searchsorted(faces, middle) - 1, within.min(axis=1)
