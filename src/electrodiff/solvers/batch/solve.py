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
from electrodiff.fvm.kernels.vectors import LANES, aligned_array
from electrodiff.grid.line import FINEST
from electrodiff.solvers.batch.guess import end_values, first_guesses
from electrodiff.solvers.batch.lines import Lines, layered_lines, node_positions
from electrodiff.solvers.batch.scalars import batch_names, reader_of, table_lines
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
    return Batch(points, names, starts, options).solve()


def chain_points(points: int) -> int:
    """How many points of so many neighbours should make a chain, so that all lanes have one."""
    return max(1, min(LONGEST_CHAIN, -(-points // LANES)))


class _Laid(NamedTuple):
    """Points whose lines have the same cells, laid out in lanes on nested meshes."""

    rows: Integers
    """(P',) their numbers"""
    lines: Lines
    levels: int
    """Number of meshes to solve on"""
    is_solved: bool
    """Whether the guess is the state on the coarsest of them, which has been solved on before"""
    common: Lanes
    stacks: Stacks
    own: Integers
    """(P',) the points, of these, in the order of their lanes"""
    places: tuple[np.ndarray, ...]
    """(P',) in which group, place of a chain, and lane each of `own` is"""


class _Solved(NamedTuple):
    """What the lanes found."""

    laid: _Laid
    states: Floats
    """(G, C, N, m, LANES) on the finest mesh"""

    def of(self, wanted: np.ndarray) -> Floats:
        """(P'', N, m) the states of those of the points (P',) that are wanted."""
        states = np.empty((self.laid.rows.size, *self.states.shape[2:4]))
        group, along, lane = self.laid.places
        states[self.laid.own] = self.states[group, along, :, :, lane]
        return np.asarray(states[wanted])


class Batch:
    """Points prepared for being solved: their lines, their coarsest meshes in lanes, and their first guesses."""

    def __init__(
        self,
        points: Points,
        names: Sequence[str],
        starts: Collection[int] = (0,),
        options: NewtonOptions = NewtonOptions(),
    ) -> None:
        self.points, self.options, self.names = points, options, tuple(names)
        every = batch_names(points.case)
        self.wanted = np.array([every.index(name) for name in names], dtype=np.int64)
        self.leniency = np.full(len(every), RESOLVED)
        self.leniency[self.wanted] = 1.0
        is_start = np.zeros(points.count, dtype=np.int64)
        is_start[list(starts)] = 1
        self.chains = np.cumsum(is_start)
        self.scales = Scales(points.case.temperature)
        self.ends = end_values(points, self.scales)
        self.reader = reader_of(points)
        lines = layered_lines(points)
        structure = np.column_stack([lines.cells, points.partition.reshape(points.count, -1) == 0])
        self.laid = [self._laid_out(rows, lines.at(rows), FINEST) for rows in _of_each_kind(structure)]

    def solve(self) -> BatchResult:
        """Scalars of all points, on three meshes, or up to five where they are needed."""
        count, laid = self.points.count, self.laid
        result = _nothing(self.names, count)
        good, todo = np.ones(count, dtype=bool), np.arange(count)
        tables = np.empty((0, count, table_lines(self.points.case)))
        for multiple in MULTIPLES:
            new = np.full((multiple.bit_length() - len(tables), *tables.shape[1:]), np.nan)
            tables = np.concatenate([tables, new])
            solved = [self._in_lanes(each, tables, good, result) for each in laid]
            good &= (tables[-1, :, DEVIATION] <= CONSISTENT) & np.isfinite(tables).all(axis=(0, 2))
            todo = self._estimate(todo[good[todo]], tables, result)
            if not todo.size:
                break
            if multiple != MULTIPLES[-1]:
                laid = [self._finer(each, todo, 2 * multiple) for each in solved if np.isin(each.laid.rows, todo).any()]
        return result

    def _estimate(self, rows: Integers, tables: Floats, result: BatchResult) -> Integers:
        """Put the scalars of some points into the result; those of them that want another mesh."""
        value, error, scale = self.reader.of(rows).estimates(tables[:, rows])
        result.values[rows], result.errors[rows] = value[:, self.wanted], error[:, self.wanted]
        request = self.points.case.mesh.accuracy * np.maximum(np.abs(value), scale) * self.leniency
        done = (error <= np.maximum(request, np.finfo(float).tiny)).all(axis=1)
        result.done[rows] = done
        return np.asarray(rows[~done])

    def _laid_out(self, rows: Integers, lines: Lines, multiple: int, solved: Floats | None = None) -> _Laid:
        """Points (P',) on the mesh with `multiple` times the cells and those below it.

        solved: (P', N, m) their states on the mesh with half as many cells, which is then the coarsest.
        """
        points, ends = self.points[rows], self.ends[rows]
        x = node_positions(lines, multiple)
        layer = np.repeat(lines.layer, lines.cells[0] * multiple)
        guess = first_guesses(points, ends, x[:, ::multiple], layer[::multiple]) if solved is None else solved
        places, is_own = _places(self.chains[rows])
        return _Laid(
            rows,
            lines,
            multiple.bit_length() if solved is None else 2,
            solved is not None,
            _common(points, x.shape[1], layer),
            _stacked(points, x / self.scales.length, ends, guess, self.scales, self.options, places),
            places[is_own],
            np.nonzero(is_own),
        )

    def _finer(self, solved: _Solved, todo: Integers, multiple: int) -> _Laid:
        """Those of the solved points that are still to do, on a mesh more."""
        laid, wanted = solved.laid, np.isin(solved.laid.rows, todo)
        lines = laid.lines.at(np.flatnonzero(wanted))
        return self._laid_out(laid.rows[wanted], lines, multiple, solved.of(wanted))

    def _in_lanes(self, laid: _Laid, tables: Floats, good: np.ndarray, result: BatchResult) -> _Solved:
        """Solve, and fill in the last of the tables (levels, P, lines), who is still good, and how much it took."""
        groups, chain, nodes = laid.stacks.x.shape[:3]
        levels = laid.levels
        found = np.empty((groups, chain, levels, tables.shape[2], LANES))
        states = np.empty((groups, chain, nodes, laid.stacks.guess.shape[3], LANES))
        failed, steps = np.empty((groups, chain, LANES)), np.zeros((groups, chain, levels, LANES), dtype=np.int64)
        lane_levels.solve_lanes(
            laid.common,
            laid.stacks,
            levels,
            laid.is_solved,
            self.options.tolerance,
            MAX_STEPS,
            found,
            states,
            failed,
            steps,
        )
        # What a lane does again while it waits for the others would change its last digits.
        at, (group, along, lane) = laid.rows[laid.own], laid.places
        # The mesh that was solved on before has its line already.
        for level in range(int(laid.is_solved), levels):
            tables[level - levels, at] = found[group, along, level, :, lane]
        good[at] &= failed[laid.places] == 0
        result.nodes[at] = nodes
        result.iterations[at] += steps.sum(axis=2)[laid.places]
        return _Solved(laid, states)


def _nothing(names: tuple[str, ...], count: int) -> BatchResult:
    """Of `count` points that have not been solved."""
    values, errors = np.full((2, count, len(names)), np.nan)
    nodes, iterations = np.zeros((2, count), dtype=np.int64)
    return BatchResult(names, values, errors, np.zeros(count, dtype=bool), nodes, iterations)


def _of_each_kind(structure: Integers) -> list[Integers]:
    """The numbers of the points (P,) whose rows of `structure` (P, ...) are the same, in their order."""
    if (structure == structure[0]).all():
        return [np.arange(len(structure))]
    _, numbers = np.unique(structure, axis=0, return_inverse=True)
    order = np.argsort(numbers.ravel(), kind="stable")
    return np.split(order, np.flatnonzero(np.diff(numbers.ravel()[order])) + 1)


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


def _common(points: Points, nodes: int, layer: Integers) -> Lanes:
    """What points of one kind have in common."""
    ions = points.valences.size
    boundaries = np.flatnonzero(np.diff(layer)) + 1
    interface = np.full(nodes, -1, dtype=np.int64)
    interface[boundaries] = np.arange(boundaries.size)
    present = points.partition[0] > 0
    free = np.zeros((nodes, ions))
    free[:-1] += present[layer]
    free[1:] += present[layer]
    valence = tuple(float(z) for z in points.case.valences)
    return Lanes(
        valence,
        layer,
        interface,
        np.minimum(free, 1.0),
        present.astype(float),
        present.all(axis=0).astype(float),
        points.floating is not None,
    )


def _stacked(
    points: Points, x: Floats, ends: Floats, guess: Floats, scales: Scales, options: NewtonOptions, places: Integers
) -> Stacks:
    """The points of one kind in their lanes, dimensionless."""

    def placed(numbers: Floats) -> Floats:
        in_lanes = np.moveaxis(numbers[places], 2, -1)
        out = aligned_array(in_lanes.shape)
        out[...] = in_lanes
        return out

    largest = ends[:, :, :-1].max(axis=(1, 2))
    present = points.partition > 0
    mobility = points.diffusivity * np.where(present, points.partition, 1.0) / scales.diffusivity
    resistivity = np.where(present, present.all(axis=1, keepdims=True) / mobility, -1.0)
    return Stacks(
        x=placed(x),
        resistivity=placed(resistivity),
        partition=placed(points.partition),
        permittivity=placed(VACUUM_PERMITTIVITY * points.relative_permittivity / scales.permittivity),
        fixed_charge=placed(points.fixed_charge / scales.concentration),
        surface_charge=placed(points.surface_charge / scales.surface_charge),
        ends=placed(ends),
        current=placed(points.current[:, 0] / (FARADAY * scales.flux)),
        floor=placed(options.activity_floor * np.where(largest > 0, largest, 1.0)),
        guess=placed(guess),
    )
