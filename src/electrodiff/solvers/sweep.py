"""A sweep: its points in chunks, each done by whoever is free, kept as soon as it is done, and put together at the end.

Points, chains and chunks follow from the case alone, so that the result is the same bit for bit whoever solves them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import electrodiff
from electrodiff.engines import Engine, LocalEngine
from electrodiff.errors import CaseError, ConvergenceError
from electrodiff.model import Case
from electrodiff.solvers.points import chain_and_chunk, solve_points
from electrodiff.sweep_design import Design, Segment
from electrodiff.sweep_result import PointResults, Sweep, kept_names, message_of
from electrodiff.sweep_study import SweepStudy

Watch = Callable[[int, int, int], None]
"""Called after every chunk with how many points are done, how many there are, and how many of the done ones failed."""


class Store(Protocol):
    """Keeps the chunks that are finished."""

    def keep(self, index: int, results: PointResults) -> None:
        """Keep a chunk."""
        ...


@dataclass(frozen=True)
class Piece:
    """A chunk as it is handed to whoever solves it."""

    case: Case
    """What all points have in common, its study that of a point."""
    keys: tuple[str, ...]
    """The keys whose values are numbers."""
    names: tuple[str, ...]
    """What is kept of every point."""
    segments: tuple[Segment, ...]
    version: str = electrodiff.__version__
    """Of the program that hands it out."""


def solve_sweep(
    case: Case,
    *,
    engine: Engine | None = None,
    store: Store | None = None,
    done: dict[int, PointResults] | None = None,
    watch: Watch | None = None,
    throw: bool = False,
) -> Sweep:
    """Solve a case at every point of its study.

    engine: who solves them, by default threads of this process; store: keeps every chunk as soon as it is finished; done:
    chunks that are there already; watch: is called after every chunk.  A point that fails is recorded with its reason;
    with throw=True, ConvergenceError is raised at the end.  Raises CaseError if the study is another.
    """
    design, names = design_of(case), kept_names(case)
    done = done or {}
    results = PointResults.empty(names, design.size)
    for index, found in done.items():
        results.put(design.chunk_points(index), found)
    finished = before = sum(found.converged.size for found in done.values())
    pieces = ((index, piece) for index, piece in _pieces(case, design, names) if index not in done)
    for index, found in (engine or LocalEngine()).map(solve_piece, pieces):
        if store is not None:
            store.keep(index, found)
        results.put(design.chunk_points(index), found)
        finished += found.converged.size
        if watch is not None:
            watch(finished, design.size, len(results.reasons))
    sweep = Sweep(case, results, message_of(design, results), finished - before)
    if throw and not sweep.converged:
        raise ConvergenceError(sweep.message)
    return sweep


def solve_piece(piece: Piece) -> PointResults:
    """The results of a chunk, in its order.  Raises CaseError if the program that hands it out is another one."""
    if piece.version != electrodiff.__version__:
        raise CaseError(
            f"a worker has version {electrodiff.__version__} of electrodiff, and the sweep is of {piece.version}; install "
            "the same on all workers"
        )
    parts = []
    for segment in piece.segments:
        case = piece.case.changed(segment.choices) if segment.choices else piece.case
        parts.append(solve_points(case, piece.keys, segment.values, piece.names, segment.starts))
    if len(parts) == 1:
        return parts[0]
    whole = PointResults.empty(piece.names, sum(part.converged.size for part in parts))
    first = 0
    for part in parts:
        whole.put(slice(first, first + part.converged.size), part)
        first += part.converged.size
    return whole


def design_of(case: Case) -> Design:
    """The points of a case with their chains and chunks.  Raises CaseError if its study is another."""
    study = case.study
    if not isinstance(study, SweepStudy):
        raise CaseError(f"study.kind is '{study.kind}'; expected 'sweep'")
    keys = [key for axis in study.axes if axis.field is not None for key in axis.targets]
    size = Design(study, 1, 1).size
    return Design(study, *chain_and_chunk(point_case(case), keys, kept_names(case), size))


def point_case(case: Case) -> Case:
    """The case with the study of a point."""
    assert isinstance(case.study, SweepStudy), "the case of a sweep is one"
    return case.changed({"study": case.study.point, "expect": []})


def _pieces(case: Case, design: Design, names: tuple[str, ...]) -> Iterator[tuple[int, Piece]]:
    base = point_case(case)
    for index in range(design.chunks):
        yield index, Piece(base, design.keys, names, tuple(design.segments(index)))


def fingerprint(case: Case) -> str:
    """What tells the chunks of a sweep from those of any other: the case but for its title and expectations, the version."""
    design = design_of(case)
    data = {
        "version": electrodiff.__version__,
        "case": case.model_dump(mode="json", exclude={"title", "expect"}),
        "chain": design.chain,
        "chunk": design.chunk,
    }
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()
