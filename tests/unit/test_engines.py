"""Who does the work: every piece is done once, whoever does it, and handed out only a little ahead."""

from __future__ import annotations

import threading
import time

import pytest

from electrodiff.engines import AHEAD, DaskEngine, EngineError, LocalEngine, engine_of
from electrodiff.errors import CaseError


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_every_piece_is_done_once(threads: int) -> None:
    done = dict(LocalEngine(threads).map(lambda piece: piece**2, ((n, n + 1) for n in range(20))))
    assert done == {n: (n + 1) ** 2 for n in range(20)}


def test_a_piece_that_is_done_first_is_there_first() -> None:
    slow_may_end = threading.Event()

    def work(piece: str) -> str:
        if piece == "slow":
            assert slow_may_end.wait(10)
        return piece

    results = LocalEngine(2).map(work, [(0, "slow"), (1, "quick")])
    assert next(results) == (1, "quick")
    slow_may_end.set()
    assert list(results) == [(0, "slow")]


def test_pieces_are_handed_out_a_little_ahead() -> None:
    """A million pieces must not lie in memory."""
    handed = 0

    def pieces():
        nonlocal handed
        for number in range(1000):
            handed += 1
            yield number, number

    results = LocalEngine(2).map(lambda piece: piece, pieces())
    for taken in range(1, 20):
        next(results)
        assert handed <= taken + 2 * AHEAD + 2
    results.close()  # type: ignore[attr-defined]


def test_an_error_of_a_piece_is_raised_and_the_others_are_not_begun() -> None:
    begun: list[int] = []

    def work(piece: int) -> int:
        begun.append(piece)
        time.sleep(0.001)
        if piece == 3:
            raise KeyError(piece)
        return piece

    with pytest.raises(KeyError):
        list(LocalEngine(2).map(work, ((n, n) for n in range(1000))))
    assert len(begun) < 100


@pytest.mark.parametrize(
    ("options", "parts"),
    [
        (("cloud", None, None), ("--engine cloud", "local, dask")),
        (("local", 0, None), ("--threads 0", "from 1 on")),
        (("local", None, "tcp://x:1"), ("--scheduler tcp://x:1", "--engine dask")),
        (("dask", 2, "tcp://x:1"), ("--threads 2", "has its own")),
    ],
)
def test_options_that_make_no_sense_are_refused(options: tuple, parts: tuple[str, ...]) -> None:
    with pytest.raises(CaseError) as refused:
        engine_of(*options)
    for part in parts:
        assert part in str(refused.value)


def test_the_engine_is_the_one_that_was_asked_for() -> None:
    assert engine_of("local", 3) == LocalEngine(3)
    assert engine_of("dask", 2) == DaskEngine(None, 2)
    assert engine_of("dask", None, "tcp://x:1") == DaskEngine("tcp://x:1")


def test_without_the_library_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    with pytest.raises(EngineError, match=r"pip install 'electrodiff\[dask\]'"):
        list(DaskEngine().map(abs, [(0, 1)]))
