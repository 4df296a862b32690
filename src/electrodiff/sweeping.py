"""Sweeps from Python and for the command: with progress, and chunks that are kept as they are done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from electrodiff.chunks import ChunkStore
from electrodiff.cli_checks import checked_folder, held, note, writing
from electrodiff.cli_progress import SweepProgress
from electrodiff.engines import Engine, engine_of
from electrodiff.errors import CaseError, shown_value
from electrodiff.interrupts import telling
from electrodiff.model import Case
from electrodiff.solvers.sweep import design_of, fingerprint, solve_sweep
from electrodiff.study import IVStudy, SteadyStudy
from electrodiff.sweep_design import Design
from electrodiff.sweep_result import PointResults, Sweep
from electrodiff.sweep_study import SweepStudy

if TYPE_CHECKING:
    import xarray

# Warnings about files of chunks, of which there may be thousands, that are told one by one.
MOST_WARNINGS = 3

AxisValues = Any
"""An array or a list of SI numbers, or of text with units; or a table with from, to, points and scale."""


def sweep(
    case: Case,
    axes: Mapping[str | tuple[str, ...], AxisValues],
    *,
    design: str = "product",
    points: int | None = None,
    seed: int | None = None,
    quantities: Sequence[str] | None = None,
    point: SteadyStudy | IVStudy | Mapping[str, Any] | None = None,
    engine: str | Engine = "local",
    threads: int | None = None,
    scheduler: str | None = None,
    out: str | Path | None = None,
    resume: bool = False,
    quiet: bool = False,
) -> xarray.Dataset:
    """The quantities of a case along axes over its keys, as a labelled dataset; progress goes to stderr.

        ed.sweep(case, {"right.concentrations.K": np.linspace(2, 20, 19), "temperature": ["20 degC", "37 degC"]})

    axes: key path, or a tuple of key paths that take the same value, to an array or list of SI numbers or text with units,
    or to {"from": ..., "to": ..., "points": ..., "scale": "log"}; design: "product", "zip", "random" or "sobol", the last
    two with a number of `points` and a `seed`; quantities: names of what is kept; point: the study of every point, by
    default that of the case, if it is steady or a current-voltage curve; engine: "local" in `threads`, or "dask" at a
    `scheduler` or in a cluster of its own; out: a folder for solution.nc, in which finished chunks are kept meanwhile, so
    that resume=True goes on with what was stopped.

    A point that fails is NaN, with its `reason`.  Raises CaseError about a key or a value before anything is solved.
    """
    if not isinstance(axes, Mapping):
        raise CaseError(
            f"axes is {shown_value(axes)}; expected keys and values, such as {{'temperature': ['300 K', '310 K']}}"
        )
    entries = [_axis(keys, values) for keys, values in axes.items()]
    given = {"design": design, "points": points, "seed": seed, "quantities": quantities}
    study = {"kind": "sweep", "axes": entries, "point": _point(case, point)}
    study |= {name: value for name, value in given.items() if value is not None}
    own = case.changed({"study": study})
    worker = engine_of(engine, threads, scheduler) if isinstance(engine, str) else engine
    folder = None if out is None else checked_folder(Path(out), "out")
    if folder is None:
        return solve_kept(own, worker, None, resume, quiet).dataset
    from electrodiff.store import save_solution

    with held(folder, "out"):
        result = solve_kept(own, worker, folder, resume, quiet)
        with writing(folder, "out"):
            folder.mkdir(parents=True, exist_ok=True)
            save_solution(result, folder / "solution.nc")
        drop_chunks(folder)
    return result.dataset


def _axis(keys: str | tuple[str, ...], values: AxisValues) -> dict[str, Any]:
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        raise CaseError(
            f"axis {keys} is {shown_value(values)}; expected a list of values, or {{'from': ..., 'to': ..., 'points': ...}}"
        )
    named: dict[str, Any] = {"key": keys} if isinstance(keys, str) else {"keys": keys}
    return {**named, **values} if isinstance(values, Mapping) else {**named, "values": values}


def _point(case: Case, point: SteadyStudy | IVStudy | Mapping[str, Any] | None) -> Any:
    study = case.study
    own = study.point if isinstance(study, SweepStudy) else study
    if point is not None:
        return dict(point) if isinstance(point, Mapping) else point
    if not isinstance(own, SteadyStudy | IVStudy):
        raise CaseError(
            f"study.kind is '{study.kind}', which gives no scalars; name another with point={{'kind': 'steady'}}"
        )
    return own


def solve_kept(case: Case, engine: Engine, folder: Path | None, resume: bool, quiet: bool) -> Sweep:
    """Solve a sweep with progress; its finished chunks are kept in a folder, if there is one."""
    if folder is None:
        with SweepProgress(quiet) as progress:
            return solve_sweep(case, engine=engine, watch=progress.show)
    design, store = design_of(case), ChunkStore(folder, fingerprint(case))
    done = _done(store, design, folder, quiet) if resume else {}
    if not resume and store.exists():
        if not quiet:
            note(f"{folder} holds a sweep that was not finished; starting anew (--resume would go on with it)")
        store.drop()
    before = sum(found.converged.size for found in done.values())
    keeper = _Keeper(store, folder, design, [*done])
    with telling(keeper.told), SweepProgress(quiet, before) as progress:
        return solve_sweep(case, engine=engine, store=keeper, done=done, watch=progress.show)


def _done(store: ChunkStore, design: Design, folder: Path, quiet: bool) -> dict[int, PointResults]:
    """The chunks that are there, told of."""
    if not store.exists():
        if not quiet:
            note(f"{folder} holds no unfinished sweep; starting from the beginning")
        return {}
    warned: list[str] = []
    done = dict(store.finished(lambda index: design.chunk_points(index).size, design.chunks, warned.append))
    for text in warned[:MOST_WARNINGS]:
        note(f"warning: {store.folder / text}")
    if len(warned) > MOST_WARNINGS:
        note(f"warning: and {len(warned) - MOST_WARNINGS:,} more files like that")
    if not quiet:
        points = sum(found.converged.size for found in done.values())
        note(f"going on from {points:,} of {design.size:,} points in {len(done):,} of {design.chunks:,} chunks")
    return done


class _Keeper:
    """Keeps chunks; a folder that cannot be written is an error that says so."""

    def __init__(self, store: ChunkStore, folder: Path, design: Design, kept: list[int]) -> None:
        """kept: the chunks that are there already."""
        self._store, self._folder, self._design, self._kept = store, folder, design, kept

    def keep(self, index: int, results: PointResults) -> None:
        # First, so that it counts as soon as it is there.
        self._kept.append(index)
        with writing(self._folder):
            self._store.keep(index, results)

    def told(self) -> str:
        """What is told of an interrupt."""
        kept = sum(self._design.chunk_points(index).size for index in self._kept if self._store.has(index))
        points = f"{kept:,} of {self._design.size:,} points"
        return f"interrupted: {points} are kept in {self._folder}; go on with --resume"


def drop_chunks(folder: Path) -> None:
    """Remove the chunks of a sweep whose result is written."""
    ChunkStore(folder, "").drop()
