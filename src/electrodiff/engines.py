"""Who does a long list of pieces of work: threads of this process, or the workers of a Dask cluster.

An engine takes a function of one argument and pieces of work, and gives back each result with its number as soon as it is
there, in any order.  It knows nothing of what the work is.
"""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from electrodiff.errors import CaseError, ElectrodiffError
from electrodiff.interrupts import on_leaving

ENGINES = ("local", "dask")

# Pieces that are handed out ahead of every worker, so that none waits for the next.
AHEAD = 2
# How often a piece is given out again after its worker was lost: a piece that kills its workers is not tried for ever.
MOST_LOSSES = 10

# How long a scheduler is waited for.
PATIENCE = "10s"

Work = TypeVar("Work")
Done = TypeVar("Done")


class EngineError(ElectrodiffError, RuntimeError):
    """A cluster that cannot be reached, or that loses its workers."""


class Engine(Protocol):
    """Does pieces of work."""

    def map(self, function: Callable[[Work], Done], work: Iterable[tuple[int, Work]]) -> Iterator[tuple[int, Done]]:
        """Number and result of every piece, in the order in which they are done."""
        ...


def engine_of(name: str = "local", threads: int | None = None, scheduler: str | None = None) -> Engine:
    """The engine of a name.  Raises CaseError if there is none, or for an option that it has no use for."""
    if name not in ENGINES:
        raise CaseError(f"--engine {name}: expected one of {', '.join(ENGINES)}")
    if threads is not None and threads < 1:
        raise CaseError(f"--threads {threads}: expected a whole number from 1 on")
    if name == "local":
        if scheduler is not None:
            raise CaseError(f"--scheduler {scheduler}: threads of this machine have none; add --engine dask")
        return LocalEngine(threads)
    if scheduler is not None and threads is not None:
        raise CaseError(f"--threads {threads}: the cluster at {scheduler} has its own; drop it")
    return DaskEngine(scheduler, threads)


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True)
class LocalEngine:
    """Threads of this process."""

    threads: int | None = None
    """By default as many as there are processors."""

    def map(self, function: Callable[[Work], Done], work: Iterable[tuple[int, Work]]) -> Iterator[tuple[int, Done]]:
        """Number and result of every piece; after an interrupt or an error threads end what they have in hand for nobody."""
        threads = self.threads or processors()
        pieces = iter(work)
        if threads == 1:
            for number, piece in pieces:
                yield number, function(piece)
            return
        pool = ThreadPoolExecutor(threads, thread_name_prefix="sweep")
        at_work: dict[Future[Done], int] = {}
        try:
            while True:
                _fill(at_work, pieces, AHEAD * threads, lambda piece: pool.submit(function, piece))
                if not at_work:
                    return
                done, _ = wait(at_work, return_when=FIRST_COMPLETED)
                for future in done:
                    yield at_work.pop(future), future.result()
        finally:
            pool.shutdown(wait=not at_work, cancel_futures=True)


def _fill(
    at_work: dict[Any, int], pieces: Iterator[tuple[int, Work]], most: int, submit: Callable[[Work], Any]
) -> None:
    """Hand out pieces until so many are at work."""
    while len(at_work) < most:
        piece = next(pieces, None)
        if piece is None:
            return
        at_work[submit(piece[1])] = piece[0]


@dataclass(frozen=True)
class DaskEngine:
    """The workers of a Dask cluster: one that is there, or one of processes on this machine."""

    scheduler: str | None = None
    """Its address, such as "tcp://10.0.0.1:8786"; None for a cluster of its own."""
    workers: int | None = None
    """Of a cluster of its own; by default as many as there are processors."""

    def map(self, function: Callable[[Work], Done], work: Iterable[tuple[int, Work]]) -> Iterator[tuple[int, Done]]:
        """Number and result of every piece; one whose worker is lost is given out again."""
        distributed = _distributed()
        with on_leaving(end_processes), self._client(distributed) as client:
            yield from _spread(client, distributed, function, iter(work))

    def _client(self, distributed: Any) -> Any:
        if self.scheduler is None:
            return _OwnCluster(distributed, self.workers or processors())
        try:
            return distributed.Client(self.scheduler, timeout=PATIENCE, set_as_default=False)
        except (OSError, ValueError, TimeoutError) as error:
            raise EngineError(
                f"--scheduler {self.scheduler}: no Dask scheduler answers there ({str(error)[:80] or 'no reason given'}); "
                "start one with 'dask scheduler', or leave it out for a cluster on this machine"
            ) from None


class _OwnCluster:
    """A cluster of processes on this machine with its client, both gone at the end."""

    def __init__(self, distributed: Any, workers: int) -> None:
        self._cluster = distributed.LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            dashboard_address="127.0.0.1:0",
            # What matters comes to us as an error; what its processes say while they are closed does not.
            silence_logs=logging.CRITICAL,
        )
        self._client = distributed.Client(self._cluster, set_as_default=False)
        self._client.register_plugin(_deaf(distributed))

    def __enter__(self) -> Any:
        return self._client

    def __exit__(self, *_: object) -> None:
        self._client.close()
        self._cluster.close()


def end_processes() -> None:
    """End the processes of a cluster, and unlink what they have in common, which Python would call leaked after the end."""
    from multiprocessing import active_children, util

    for process in active_children():
        process.kill()
    util._run_finalizers(0)  # type: ignore[attr-defined]  # what Python does at its own end, before it joins processes


def _deaf(distributed: Any) -> Any:
    """What keeps a worker, also one that is started later, from Ctrl-C: a terminal sends it to all processes."""

    class Deaf(distributed.WorkerPlugin):  # type: ignore[misc]
        """Set up in every worker."""

        name = "electrodiff-deaf"

        def setup(self, worker: object) -> None:  # noqa: ARG002 - given by the worker
            """Ignore the signal; the cluster ends its workers."""
            signal.signal(signal.SIGINT, signal.SIG_IGN)

    return Deaf()


def _spread(
    client: Any, distributed: Any, function: Callable[[Work], Done], pieces: Iterator[tuple[int, Work]]
) -> Iterator[tuple[int, Done]]:
    """Results of a cluster; its workers may come and go meanwhile."""
    at_work: dict[Any, int] = {}
    kept: dict[int, Work] = {}
    losses: dict[int, int] = {}
    done = distributed.as_completed(loop=client.loop, raise_errors=False)

    def submit(number: int) -> None:
        future = client.submit(function, kept[number], pure=False)
        at_work[future] = number
        done.add(future)

    while True:
        threads = sum(client.nthreads().values())
        while len(at_work) < AHEAD * max(threads, 1) and (piece := next(pieces, None)) is not None:
            kept[piece[0]] = piece[1]
            submit(piece[0])
        if not at_work:
            return
        future = next(done)
        number = at_work.pop(future)
        try:
            result = future.result()
        except (distributed.KilledWorker, distributed.client.FutureCancelledError) as error:
            losses[number] = losses.get(number, 0) + 1
            if losses[number] >= MOST_LOSSES:
                raise _lost(number) from error
            submit(number)
            continue
        del kept[number]
        yield number, result


def _lost(number: int) -> EngineError:
    return EngineError(
        f"piece {number} lost its worker {MOST_LOSSES} times; what is done is kept and --resume goes on with it: look at "
        "the memory of the workers"
    )


def _distributed() -> Any:
    try:
        import distributed
    except ImportError:
        raise EngineError(
            "--engine dask needs the library dask.distributed; install it with: pip install 'electrodiff[dask]'"
        ) from None
    return distributed
