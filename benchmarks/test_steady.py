"""Benchmarks of the steady solve, each of an answer that has been proved first; and what they rest on."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

import baseline
import electrodiff as ed
from compare_steady import AGREEMENT, OPTIONS, Contest, bytes_per_node, compare_states, prepare_contest, steady_case
from electrodiff.fvm.kernels import newton as kernels
from electrodiff.fvm.problem import Problem, build_problem
from electrodiff.grid.line import layered_line
from electrodiff.solvers.guess import first_guess

SOLVERS = ["numba core", "numpy + scipy.linalg.solve_banded", "numpy + LAPACK gbsv"]


@pytest.fixture(scope="module")
def contest() -> Contest:
    """The solvers of the clamped membrane, compiled and shown to agree with the numba core."""
    return prepare_contest(steady_case())


@pytest.mark.benchmark(group="steady")
@pytest.mark.parametrize("name", SOLVERS)
def test_time_from_the_first_guess_to_the_state(benchmark: BenchmarkFixture, contest: Contest, name: str) -> None:
    benchmark.extra_info.update(nodes=contest.problem.mesh.nodes, steps=contest.steps)
    state, steps = benchmark(contest.solvers[name])
    assert steps == contest.steps
    reference, _ = contest.solvers[SOLVERS[0]]()
    assert max(compare_states(contest.problem, reference, state)) <= AGREEMENT


@pytest.mark.benchmark(group="steady")
def test_time_of_the_whole_call(benchmark: BenchmarkFixture, contest: Contest) -> None:
    case = contest.problem.case
    solution = benchmark(ed.solve, case)
    reference, _ = contest.solvers[SOLVERS[0]]()
    assert max(compare_states(contest.problem, reference, solution.state)) <= AGREEMENT


def test_the_baseline_keeps_the_rules_of_the_kernels() -> None:
    assert baseline.KEEP == kernels.KEEP


def test_the_baseline_refuses_a_floating_end(contest: Contest) -> None:
    problem = _problem(contest.problem.case.replace("left.potential", "floating"))
    with pytest.raises(ValueError, match="give both ends a potential"):
        baseline.Baseline(problem, OPTIONS)


@pytest.mark.parametrize(
    "changes",
    [
        {"left.potential": "500 mV"},
        # Bernoulli functions of two |z|
        {"ions.K.valence": 2, "left.concentrations.K": "70 mM", "right.concentrations.K": "2 mM"},
        {"layers.membrane.partition": {"K": 1, "Na": 1, "Cl": 1, "A": 0}},
        {"interfaces": [{"between": ["cytosol", "membrane"], "surface_charge": "-0.05 C/m^2"}]},
        {"layers.membrane.fixed_charge": "20 mM"},
    ],
    ids=["voltage", "divalent ion", "membrane full of ions", "surface charge", "fixed charge"],
)
def test_the_baseline_solves_the_same_equations(contest: Contest, changes: dict[str, Any]) -> None:
    # prepare_contest raises if the answers differ by more than 1e-9, or the numbers of steps at all.
    prepare_contest(contest.problem.case.changed({"mesh.nodes": 301, **changes}))


@pytest.mark.parametrize("column", [0, -1])
def test_a_difference_is_seen(contest: Contest, column: int) -> None:
    state, _ = contest.solvers[SOLVERS[0]]()
    other = state.copy()
    other[state.shape[0] // 2, column] += 1e-8
    assert max(compare_states(contest.problem, state, other)) > AGREEMENT


@pytest.mark.parametrize("left", ["-65 mV", "floating"])
def test_the_core_needs_less_than_a_kilobyte_a_node(contest: Contest, left: str) -> None:
    problem = _problem(contest.problem.case.replace("left.potential", left))
    assert bytes_per_node(problem) < 1000


@pytest.mark.parametrize("left", ["-65 mV", "floating"])
def test_the_counted_memory_is_what_newton_allocates(contest: Contest, left: str) -> None:
    problem = _problem(contest.problem.case.replace("left.potential", left))
    nodes, m = problem.chain.free.shape
    given = sum(array.nbytes for array in (*problem.chain, *problem.border) if isinstance(array, np.ndarray))
    copies = 3 * m - 2 if problem.border.kind.size else 0
    counted = bytes_per_node(problem) * nodes - given - 8 * nodes * (m + copies)  # less the state and what it is given
    # within less than one more array (N,); the interpreter takes 3 kB
    assert _allocated_by_newton(problem) == pytest.approx(counted, abs=8 * nodes - 1)


def _allocated_by_newton(problem: Problem) -> int:
    """Peak of the bytes allocated by one Newton step, whose loop runs uncompiled, where Python can count them."""
    state = first_guess(problem)
    history, worst = np.zeros((1, 2)), np.zeros(2, dtype=np.int64)
    gate = np.ones(problem.border.kind.size)
    chain = problem.chain._replace(target=problem.chain.target.copy(), conductance=problem.chain.conductance.copy())
    loop: Any = kernels.newton_point_ions
    loop = getattr(loop, "py_func", loop)  # it is uncompiled already under NUMBA_DISABLE_JIT

    def step() -> None:
        nodes, m = state.shape
        memory = np.empty((nodes, m, m)), np.empty((nodes, m, 1 + problem.border.kind.size))
        loop(chain, problem.border, problem.chain.conductance, 1e-9, 1e-6, 1, *memory, state, gate, history, worst)

    step()  # compiles what it calls
    tracemalloc.start()
    try:
        step()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def _problem(case: ed.Case) -> Problem:
    return build_problem(case, layered_line(case).mesh())
