"""A sweep on the workers of a Dask cluster: the same bits as in threads of one process, also when a worker is lost."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest

import electrodiff as ed
from electrodiff.engines import DaskEngine, EngineError, LocalEngine
from electrodiff.solvers import points
from electrodiff.solvers.sweep import solve_sweep

distributed = pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Two worker processes."""
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address="127.0.0.1:0", silence_logs=50
    ) as two:
        yield two


@pytest.fixture
def case(case_of: Any, monkeypatch: pytest.MonkeyPatch) -> ed.Case:
    """160 points of a membrane, in ten chunks."""
    monkeypatch.setattr(points, "CHUNK", 16)
    axes = [
        {"key": "left.potential", "values": [f"{volt} mV" for volt in range(-90, 60, 15)]},
        {"key": "layers.membrane.partition.K", "from": 1e-6, "to": 1e-2, "points": 16, "scale": "log"},
    ]
    study = {"kind": "sweep", "axes": axes, "quantities": ["current_density", "flux"]}
    changed: ed.Case = case_of("clamped_membrane", {"mesh.nodes": 61, "expect": [], "study": study})
    return changed


@pytest.fixture
def in_threads(case: ed.Case) -> ed.Sweep:
    return solve_sweep(case, engine=LocalEngine(1))


def test_a_cluster_of_two_workers_gives_the_identical_dataset(
    case: ed.Case, in_threads: ed.Sweep, cluster: Any
) -> None:
    told: list[tuple[int, int, int]] = []
    engine = DaskEngine(cluster.scheduler_address)
    sweep = solve_sweep(case, engine=engine, watch=lambda *progress: told.append(progress))
    assert sweep.dataset.identical(in_threads.dataset)
    assert sweep.results.values.tobytes() == in_threads.results.values.tobytes()
    assert told == [(16 * count, 160, 0) for count in range(1, 11)]


def test_a_worker_that_is_killed_in_the_middle_changes_nothing(
    case: ed.Case, in_threads: ed.Sweep, cluster: Any
) -> None:
    killed: list[int] = []

    def kill(done: int, _total: int, _failed: int) -> None:
        if done == 32:
            with distributed.Client(cluster.scheduler_address, set_as_default=False) as client:
                killed.append(next(iter(client.run(os.getpid).values())))
                os.kill(killed[0], signal.SIGKILL)

    sweep = solve_sweep(case, engine=DaskEngine(cluster.scheduler_address), watch=kill)
    assert len(killed) == 1
    assert sweep.dataset.identical(in_threads.dataset)


def fatal(piece: int) -> int:
    """Takes its worker with it, if it is the third."""
    if piece == 3:
        os._exit(1)
    return piece


def test_a_piece_that_kills_every_worker_is_given_up(cluster: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("electrodiff.engines.MOST_LOSSES", 1)
    with pytest.raises(EngineError, match="piece 3 lost its worker"):
        list(DaskEngine(cluster.scheduler_address).map(fatal, ((n, n) for n in range(4))))


def test_without_a_scheduler_it_starts_its_own_cluster_and_ends_it(case: ed.Case, in_threads: ed.Sweep) -> None:
    small = case.replace("study.axes.0.values", [-0.09, -0.075])
    sweep = solve_sweep(small, engine=DaskEngine(workers=1))
    assert sweep.results.values.tobytes() == in_threads.results.values[:32].tobytes()
