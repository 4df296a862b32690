"""Solving many points: lines, lanes, extrapolation, and which answers count.

Points whose lines have the same cells share the arrays of one call; each lane has lengths, materials and ends of its own.
Neighbours along an axis form chains, each point the first guess of the next.  What a lane finds does not depend on the
lanes beside it, nor a row of an array on the others: sums over ions run along the last axis, which no library reorders.
Its equations are those of `ed.solve` on the same mesh, and so is its answer, to the accuracy of Newton's method.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from electrodiff.fvm.kernels import lane_levels
from electrodiff.fvm.kernels.arrays import Floats, Integers
from electrodiff.fvm.kernels.lane_readings import DEVIATION
from electrodiff.fvm.kernels.lanes import Lanes, Stacks
from electrodiff.fvm.kernels.vectors import LANES
from electrodiff.grid.line import FINEST
from electrodiff.solvers.batch.guess import end_values, first_guesses
from electrodiff.solvers.batch.lines import Lines, layered_lines, node_positions
from electrodiff.solvers.batch.scalars import batch_names, scalar_estimates, table_lines
from electrodiff.solvers.batch.stacks import Points
from electrodiff.solvers.newton import NewtonOptions
from electrodiff.solvers.robust import CONSISTENT
from electrodiff.units import FARADAY, VACUUM_PERMITTIVITY, Scales

# A point that its three meshes do not bring to the wanted accuracy gets a fourth and a fifth.
MULTIPLES = (FINEST, 2 * FINEST, 4 * FINEST)
# A scalar that nobody asked for may miss the wanted accuracy by this factor.  Beyond, the meshes do not resolve something,
# and the estimates of the others mean little.
RESOLVED = 3.0
# A chain of more points than this is cut: its first point costs three steps more than the others.
LONGEST_CHAIN = 16
# Newton's method takes 4 to 8 steps; who needs more than this needs other ways.
MAX_STEPS = 25


@dataclass(frozen=True)
class BatchResult:
    """Scalars of P points with their estimated errors, and which of the points are `done`."""

    names: tuple[str, ...]
    values: Floats
    """(P, names) SI"""
    errors: Floats
    """(P, names) SI"""
    done: np.ndarray
    """(P,) whether Newton's method converged and the wanted accuracy is reached"""
    nodes: Integers
    """(P,) of the finest mesh of each point"""
    iterations: Integers
    """(P,) Newton steps on all meshes"""


def solve_batch(
    points: Points, names: Sequence[str], starts: Collection[int] = (0,), options: NewtonOptions = NewtonOptions()
) -> BatchResult:
    """Solve all points for the scalars `names` of `batch_names`.

    starts: the points that do not start from the one before.  What is not done is for the full solver.
    """
    every = batch_names(points.case)
    wanted = [every.index(name) for name in names]
    is_start = np.zeros(points.count, dtype=np.int64)
    is_start[list(starts)] = 1
    batch = _Batch(points, np.cumsum(is_start), options)
    leniency = np.where(np.isin(np.arange(len(every)), wanted), 1.0, RESOLVED)
    values, errors = np.full((2, points.count, len(wanted)), np.nan)
    nodes, done = np.zeros(points.count, dtype=np.int64), np.zeros(points.count, dtype=bool)
    for multiple in MULTIPLES:
        todo = np.flatnonzero(batch.good & ~done)
        if not todo.size:
            break
        tables = batch.solve(todo, multiple)
        value, error, scale = scalar_estimates(points[todo], tables)
        values[todo], errors[todo], nodes[todo] = value[:, wanted], error[:, wanted], batch.nodes[todo]
        request = points.case.mesh.accuracy * np.maximum(np.abs(value), scale) * leniency
        done[todo] = batch.good[todo] & (error <= np.maximum(request, np.finfo(float).tiny)).all(axis=1)
    return BatchResult(tuple(names), values, errors, done, nodes, batch.steps)


def chain_points(points: int) -> int:
    """How many points of so many neighbours should make a chain, so that all lanes have one."""
    return max(1, min(LONGEST_CHAIN, -(-points // LANES)))


class _Kind(NamedTuple):
    """Points whose lines have the same cells, and what is known of them."""

    rows: Integers
    """(P',) their numbers"""
    lines: Lines
    resistive: int
    """Index of the most resistive layer"""
    states: Floats
    """(G, C, N, m, LANES) on the finest mesh that was solved on; empty at first"""
    places: Integers
    """(P', 3) in which group, place of a chain, and lane of `states` each point is"""

    def solved(self, wanted: np.ndarray) -> Floats:
        """(P'', N, m) the states of some of the points (P',)."""
        group, along, lane = self.places[wanted].T
        return np.asarray(self.states[group, along, :, :, lane])


class _Batch:
    """Points on nested meshes, to which finer ones are added where they are needed."""

    def __init__(self, points: Points, chains: Integers, options: NewtonOptions) -> None:
        self.points, self.chains, self.options = points, chains, options
        self.scales = Scales(points.case.temperature)
        self.ends = end_values(points, self.scales)
        self.good = np.ones(points.count, dtype=bool)
        self.steps, self.nodes = np.zeros((2, points.count), dtype=np.int64)
        self.tables: list[Floats] = []
        lines, resistive = layered_lines(points), _most_resistive(points)
        structure = np.column_stack([lines.cells, points.partition.reshape(points.count, -1) == 0, resistive])
        nothing = np.empty(0), np.empty((0, 3), dtype=np.int64)
        self.kinds = [
            _Kind(rows, lines.at(rows), int(resistive[rows[0]]), *nothing) for rows in _of_each_kind(structure)
        ]

    def solve(self, todo: Integers, multiple: int) -> Floats:
        """Tables (levels, P', lines) of some points, solved up to the mesh with `multiple` times the cells."""
        levels = multiple.bit_length()
        new = levels - len(self.tables)
        count, lines = self.points.count, table_lines(self.points.case)
        self.tables += [np.empty((count, lines)) for _ in range(new)]
        wanted = np.zeros(count, dtype=bool)
        wanted[todo] = True
        self.kinds = [self._refined(kind, wanted[kind.rows], multiple) for kind in self.kinds]
        finest = self.tables[-1]
        deviates = ~(finest[todo, DEVIATION] <= CONSISTENT)
        tables = np.stack([table[todo] for table in self.tables])
        self.good[todo] &= ~deviates & np.isfinite(tables).all(axis=(0, 2))
        return tables

    def _refined(self, kind: _Kind, wanted: np.ndarray, multiple: int) -> _Kind:
        """The `wanted` points (P',) of a kind, solved up to the mesh with `multiple` times the cells; without the others."""
        if not wanted.any():
            return kind._replace(rows=kind.rows[:0])
        rows, lines = kind.rows[wanted], kind.lines.at(np.flatnonzero(wanted))
        points, ends = self.points[rows], self.ends[rows]
        x = node_positions(lines, multiple)
        layer = np.repeat(lines.layer, lines.cells[0] * multiple)
        is_solved = bool(kind.states.size)
        # The last mesh is the coarsest of those that are solved on now.
        levels = 2 if is_solved else multiple.bit_length()
        guess = kind.solved(wanted) if is_solved else first_guesses(points, ends, x[:, ::multiple], layer[::multiple])
        places, is_own = _places(self.chains[rows])
        stacks = _stacked(points, x / self.scales.length, ends, guess, self.scales, self.options, places)
        common = _common(points, x.shape[1], layer, kind.resistive)
        shape = places.shape[:2]
        tables = np.empty((*shape, levels, self.tables[0].shape[1], LANES))
        states = np.empty((*shape, x.shape[1], guess.shape[2], LANES))
        failed, steps = np.empty((*shape, LANES)), np.zeros((*shape, levels, LANES), dtype=np.int64)
        lane_levels.solve_lanes(
            common, stacks, levels, is_solved, self.options.tolerance, MAX_STEPS, tables, states, failed, steps
        )
        # What a lane does again while it waits for the others would change its last digits.
        own = places[is_own]
        at = rows[own]
        for table, found in zip(self.tables[-levels:], np.moveaxis(tables, (2, 4), (0, 3)), strict=True):
            table[at] = found[is_own]
        self.good[at] &= failed[is_own] == 0
        self.nodes[rows] = x.shape[1]
        self.steps[at] += steps.sum(axis=2)[is_own]
        where = np.empty((rows.size, 3), dtype=np.int64)
        where[own] = np.argwhere(is_own)
        return kind._replace(rows=rows, lines=lines, states=states, places=where)


def _of_each_kind(structure: Integers) -> list[Integers]:
    """The numbers of the points (P,) whose rows of `structure` (P, ...) are the same, in their order."""
    if (structure == structure[0]).all():
        return [np.arange(len(structure))]
    _, numbers = np.unique(structure, axis=0, return_inverse=True)
    order = np.argsort(numbers.ravel(), kind="stable")
    return np.split(order, np.flatnonzero(np.diff(numbers.ravel()[order])) + 1)


def _most_resistive(points: Points) -> Integers:
    """(P,) index of the layer with the smallest ohmic conductance; see `materials.most_resistive_layer`."""
    permeability = 1 / points.resistances
    both = points.concentrations.sum(axis=1) * points.valences**2
    conductance = (permeability * both[:, None]).sum(axis=2)
    return np.asarray(np.argmin(conductance, axis=1))


def _places(chains: Integers) -> tuple[Integers, np.ndarray]:
    """(G, C, LANES) which point each lane solves at each place of its chain, and whether it is its own and not a repetition.

    chains: (P,) number of the chain of each point.  Lanes with shorter chains repeat the last point, groups that are not
    full the last chain.
    """
    starts = np.flatnonzero(np.diff(chains, prepend=chains[0] - 1))
    lengths = np.diff(np.append(starts, chains.size))
    order = np.argsort(-lengths, kind="stable")
    groups = -(-order.size // LANES)
    number = np.arange(groups * LANES).reshape(groups, 1, LANES)
    of = order[np.minimum(number, order.size - 1)]
    along = np.arange(lengths.max())[None, :, None]
    is_own = (along < lengths[of]) & (number < order.size)
    return starts[of] + np.minimum(along, lengths[of] - 1), is_own


def _common(points: Points, nodes: int, layer: Integers, resistive: int) -> Lanes:
    """What points of one kind have in common."""
    ions = points.valences.size
    boundaries = np.flatnonzero(np.diff(layer)) + 1
    interface = np.full(nodes, -1, dtype=np.int64)
    interface[boundaries] = np.arange(boundaries.size)
    present = points.partition[0] > 0
    free = np.zeros((nodes, ions))
    free[:-1] += present[layer]
    free[1:] += present[layer]
    inside = np.flatnonzero(layer == resistive)
    middle = int(inside[inside.size // 2]) if points.floating else -1
    valence = tuple(float(z) for z in points.case.valences)
    return Lanes(valence, layer, interface, np.minimum(free, 1.0), present.all(axis=0).astype(float), middle)


def _stacked(
    points: Points, x: Floats, ends: Floats, guess: Floats, scales: Scales, options: NewtonOptions, places: Integers
) -> Stacks:
    """The points of one kind in their lanes, dimensionless."""

    def placed(numbers: Floats) -> Floats:
        return np.ascontiguousarray(np.moveaxis(numbers[places], 2, -1))

    largest = ends[:, :, :-1].max(axis=(1, 2))
    return Stacks(
        x=placed(x),
        mobility=placed(points.diffusivity * points.partition / scales.diffusivity),
        partition=placed(points.partition),
        permittivity=placed(VACUUM_PERMITTIVITY * points.relative_permittivity / scales.permittivity),
        fixed_charge=placed(points.fixed_charge / scales.concentration),
        surface_charge=placed(points.surface_charge / scales.surface_charge),
        ends=placed(ends),
        current=placed(points.current[:, 0] / (FARADAY * scales.flux)),
        floor=placed(options.activity_floor * np.where(largest > 0, largest, 1.0)),
        guess=placed(guess),
    )
