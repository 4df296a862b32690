"""The same bits on one thread and on two: of numba, of the libraries below numpy, and of the workers of a sweep."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import electrodiff as ed
from electrodiff.engines import LocalEngine
from electrodiff.solvers.sweep import solve_sweep

HERE = Path(__file__).parent
LIBRARIES = ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def answers(threads: int) -> str:
    """Every digit of all cases of `kernel_cases`, from a process with so many threads."""
    environment = {**os.environ, **dict.fromkeys(LIBRARIES, str(threads))}
    command = [sys.executable, str(HERE / "kernel_cases.py")]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout


def test_answers_of_all_kernels_are_the_same_on_one_thread_and_on_two() -> None:
    # A process that compiles may run another copy of a small kernel than those that load it: the last digits may differ.
    answers(1)
    one = answers(1)
    assert len(one) > 10_000
    # Not shown by pytest, whose comparison of such lines takes minutes.
    assert (one == answers(2)) is True


@pytest.mark.parametrize("name", ["resting_cell", "stern_electrode"])
def test_points_of_the_full_solver_are_the_same_on_one_thread_and_on_two(name: str) -> None:
    """Neither a living cell nor a Stern layer has a place in lanes."""
    axis = {"key": "temperature", "from": "295 K", "to": "305 K", "points": 4}
    case = ed.load_case(ed.bundled_case(name)).changed({"expect": [], "study": {"kind": "sweep", "axes": [axis]}})
    results = [solve_sweep(case, engine=LocalEngine(threads)).results for threads in (1, 2)]
    for field in ("values", "errors", "iterations", "nodes"):
        assert getattr(results[0], field).tobytes() == getattr(results[1], field).tobytes()
