"""A case prepared once and solved again and again: tens of microseconds from its arrays to scalars with error estimates.

For what is timed, and for who repeats a solve in a program of his own.  What `batch` has a place for has one here.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from electrodiff.errors import CaseError, ConvergenceError
from electrodiff.fvm.kernels.arrays import Floats, Integers
from electrodiff.fvm.kernels.constant_flux import MOST_IONS, Stretch
from electrodiff.fvm.kernels.lane_readings import DEVIATION
from electrodiff.fvm.kernels.nested import Nest, listed, solve_nest
from electrodiff.fvm.kernels.vectors import LANES, aligned_array
from electrodiff.fvm.problem import Problem, build_problem
from electrodiff.grid.line import FRACTION, Line, layered_line, nested_meshes
from electrodiff.model import Case
from electrodiff.solvers.batch.scalars import Reader, batch_names, reader_of
from electrodiff.solvers.batch.stacks import points_of
from electrodiff.solvers.guess import first_guess
from electrodiff.solvers.newton import NewtonOptions
from electrodiff.solvers.robust import CONSISTENT

# What Newton's method may leave of the wanted accuracy.  Its last update is applied, and leaves about its square.
LEFT = 1e-3
OPTIONS = NewtonOptions()
# Times the cells of the first line of `ed.solve`: in steps of a fifth, as long as three meshes may be enough.
COARSENESS = (2.0, 1.6, 1.25, 1.0, 0.8)
MORE_MESHES = 3


@dataclass(frozen=True)
class Prepared:
    """A case on nested meshes with its arrays and its first guess; see `prepare`."""

    case: Case
    names: tuple[str, ...]
    """Of the scalars, in the order of `solve`."""
    problems: tuple[Problem, ...]
    """On every mesh, coarsest first"""
    nests: tuple[Nest, ...]
    compiled: Sequence[Nest]
    """The same, for the kernel"""
    guess: Floats
    """(m, N) on the coarsest mesh"""
    current: float | None
    """Wanted net current, if the potential of an end floats; dimensionless."""
    reader: Reader
    floor: float
    """Activity below which changes count as relative to it; dimensionless."""
    iterations: Integers
    """(levels,) Newton steps of the last solve"""

    @property
    def nodes(self) -> tuple[int, ...]:
        """Of every mesh."""
        return tuple(nest.stretch.nodes for nest in self.nests)

    def states(self) -> tuple[Floats, ...]:
        """The states (N, m) of the last solve on every mesh; a potential that floats is that of the right end."""
        return tuple(np.ascontiguousarray(nest.stretch.state[:, : nest.stretch.nodes].T) for nest in self.nests)

    def estimates(self) -> tuple[Floats, Floats, Floats]:
        """The scalars of `names`, their estimated errors and their scales (scalars,) [SI].

        Raises ConvergenceError if Newton's method does not arrive from the first guess; `ed.solve` has other ways.
        """
        # The deviation stays 0 on all meshes but the finest.
        tables = np.zeros((len(self.nests), 1, self.reader.to_values.shape[1]))
        solved = solve_nest(
            self.compiled,
            self.guess,
            self.current is not None,
            self.current or 0.0,
            math.sqrt(LEFT * self.case.mesh.accuracy),
            self.floor,
            OPTIONS.max_iterations,
            tables[:, 0],
            self.iterations,
        )
        if solved < len(self.nests):
            raise ConvergenceError("Newton's method does not arrive from the first guess: use ed.solve")
        if not tables[-1, 0, DEVIATION] <= CONSISTENT:
            raise ConvergenceError("the activities are not those that the potential demands: use ed.solve")
        values, errors, scales = self.reader.estimates(tables)
        return values[0], errors[0], scales[0]


def prepare(case: Case, names: tuple[str, ...] | None = None) -> Prepared:
    """Meshes, arrays and a first guess of a case, on as many meshes as its accuracy takes for the scalars `names`.

    Raises CaseError for a case that is more than uniform planar layers of point ions between two reservoirs, and
    ConvergenceError if plain Newton does not solve it.
    """
    every = batch_names(case)
    wanted = [every.index(name) for name in names or every]
    prepared = None
    for prepared in candidates(case):
        values, errors, scales = prepared.estimates()
        is_met = errors <= case.mesh.accuracy * np.maximum(np.abs(values), scales)
        if is_met[wanted].all():
            break
    assert prepared is not None
    return prepared


def candidates(case: Case) -> Iterator[Prepared]:
    """A case on lines from coarse to fine, for who asks for more than steady scalars.  Raises CaseError as `prepare`."""
    points = points_of(case, [], np.empty((1, 0)))
    if points is None:
        raise CaseError("only uniform planar layers of point ions between two reservoirs can be prepared: use ed.solve")
    if len(case.ions) > MOST_IONS:
        raise CaseError(f"{len(case.ions)} ions; at most {MOST_IONS} can be prepared: use ed.solve")
    reader = reader_of(points)
    for line in _lines(case):
        yield _on(case, line, batch_names(case), reader)


def _lines(case: Case) -> Iterator[Line]:
    """From coarse to fine: three meshes whose cells become smaller, then more meshes."""
    for coarseness in COARSENESS:
        line = layered_line(case, coarseness * FRACTION)
        yield line
    for _ in range(MORE_MESHES):
        line = line.refined()
        yield line


def _on(case: Case, line: Line, names: tuple[str, ...], reader: Reader) -> Prepared:
    """The case on a line and its coarsenings."""
    problems = tuple(build_problem(case, mesh) for mesh in nested_meshes(line.nested()))
    nests = tuple(_nest(problem) for problem in problems)
    largest = float(problems[0].chain.target[:, :-1].max()) or 1.0
    border = problems[0].border
    return Prepared(
        case,
        names,
        problems,
        nests,
        listed(nests),
        np.ascontiguousarray(first_guess(problems[0]).T),
        float(border.value[0]) if border.kind.size else None,
        reader,
        OPTIONS.activity_floor * largest,
        np.zeros(len(problems), dtype=np.int64),
    )


def _nest(problem: Problem) -> Nest:
    """The arrays of a problem with nodes and faces along the last axis, and memory beside them."""
    chain, mesh = problem.chain, problem.mesh
    nodes, m = chain.free.shape
    n, filled = m - 1, -(-nodes // LANES) * LANES

    def lined(numbers: Floats, fill: float = 0.0) -> Floats:
        return _lined(numbers, filled, fill)

    passes = (chain.partition > 0).astype(float)
    crosses = passes.min(axis=0)
    resistance = np.where(passes > 0, crosses / np.where(passes > 0, chain.conductance, 1.0), -1.0)
    left, right = (volume[:, None] * chain.partition for volume in (chain.volume_left, chain.volume_right))
    fixed_left, fixed_right = chain.volume_left * chain.fixed_charge, chain.volume_right * chain.fixed_charge
    memory = _room(5, n, filled)
    stretch = Stretch(
        valence=chain.valence,
        nodes=nodes,
        resistance=lined(resistance, -1.0),
        passes=lined(passes),
        crosses=crosses,
        held=lined(np.array(chain.valence) * _at_nodes(left, right)),
        free=lined(chain.free[:, :n]),
        permittivity=lined(chain.permittivity),
        fixed=lined(chain.surface_charge + _at_nodes(fixed_left, fixed_right)),
        state=_room(m, filled + LANES),
        flux=np.zeros(n),
        gain=memory[0],
        pull_left=memory[1],
        pull_right=memory[2],
        missing=memory[3],
        series=memory[4],
        charge=_room(filled),
        screening=_room(filled),
        solved=_room(filled, LANES),
        weight=_room(filled),
        update=_room(m, filled),
    )
    return Nest(
        stretch,
        boundaries=mesh.boundaries.astype(np.int64),
        fixed_charge=lined(fixed_left + fixed_right),
        left_share=lined(np.array(chain.valence) * left),
        right_share=lined(np.array(chain.valence) * right),
        passed=_room(filled),
        rest=_room(filled),
    )


def _room(*shape: int) -> Floats:
    """Zeros that begin with a line of the cache."""
    out = aligned_array(shape)
    out[...] = 0.0
    return out


def _lined(numbers: Floats, filled: int, fill: float) -> Floats:
    """Nodes or faces, the first axis, filled up to a number and put last."""
    out = _room(*numbers.shape[:0:-1], filled)
    out[...] = fill
    out[..., : len(numbers)] = numbers.T
    return out


def _at_nodes(left: Floats, right: Floats) -> Floats:
    """Of every node, what the faces (N-1, ...) at both sides of it hold in their halves next to it."""
    none = np.zeros((1, *left.shape[1:]))
    return np.asarray(np.concatenate([left, none]) + np.concatenate([none, right]))
