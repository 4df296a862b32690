"""A case that neither Newton's method nor the turns reach in one go: charged films under 4 V, with ions of finite size."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

import electrodiff as ed
from electrodiff.fvm.problem import Problem
from electrodiff.grid.line import layered_line
from electrodiff.solvers import robust
from electrodiff.solvers.newton import Status

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from robustness_check import check_solution

Step = tuple[Problem, np.ndarray, Status, np.ndarray]
"""A problem on the way, its guess, how it ended and the state that it left."""


def films() -> ed.Case:
    """2 M of fixed charge of either sign in films that keep out one ion or another; trivalent ions nearly fill the bath."""
    partitions = (
        {"A": 1e-28, "B": 0.0, "C": 2e-3},
        {"A": 1e-24, "B": 1.0, "C": 1e-24},
        {"A": 1e-19, "B": 3e-10, "C": 3e-11},
    )
    numbers = zip("abc", (25e-9, 3e-9, 5e-9), (2.0, 60.0, 4.0), (-2000.0, 2000.0, -2000.0), partitions, strict=True)
    keys = ("name", "thickness", "relative_permittivity", "fixed_charge", "partition")
    return ed.Case(
        temperature=298.15,
        ions={
            "A": {"valence": 1, "diffusivity": 1e-13, "diameter": 2.8e-10},
            "B": {"valence": -3, "diffusivity": 1e-11, "diameter": 5.9e-10},
            "C": {"valence": 3, "diffusivity": 1e-12, "diameter": 4.1e-10},
        },
        steric={"model": "bikerman"},
        layers=[dict(zip(keys, each, strict=True)) for each in numbers],
        interfaces=[{"between": ["a", "b"], "surface_charge": -0.35}],
        left={"concentrations": {"A": 363.0, "B": 1611.0, "C": 1490.0}, "potential": 2.0},
        right={"concentrations": {"A": 67.0, "B": 22.5, "C": 0.5 / 3}, "potential": -2.0},
    )


@pytest.fixture(scope="module")
def ramped() -> tuple[ed.Solution, list[Step]]:
    """The solution, and every step of the ramp to it."""
    steps: list[Step] = []
    any_way = robust._any_way

    def recorded(problem, start, options, tried):
        result = any_way(problem, start, options, tried)
        steps.append((problem, start, result.status, result.state))
        return result

    case = films()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(robust, "_any_way", recorded)
        return ed.solve(case, mesh=layered_line(case).mesh()), steps


def test_a_case_that_needs_the_ramp_is_solved_and_says_so(ramped):
    solution, _ = ramped
    assert solution.fallbacks == ("ramp",)
    # Residuals in extended precision, closed forms, constant fluxes: nothing that knows of the way.
    assert check_solution(solution) == []


def test_voltages_charges_and_sizes_are_turned_up_together(ramped):
    solution, steps = ramped
    whole = solution.problem.chain
    assert all(part.any() for part in (whole.packing, whole.fixed_charge, whole.surface_charge, whole.target[:, -1]))
    for problem, *_ in steps:
        chain = problem.chain
        fraction = chain.packing[0] / whole.packing[0]
        for name in ("packing", "fixed_charge", "surface_charge"):
            np.testing.assert_allclose(getattr(chain, name), fraction * getattr(whole, name), rtol=1e-15)
        np.testing.assert_allclose(chain.target[:, -1], fraction * whole.target[:, -1], rtol=1e-15)


def test_a_step_that_fails_is_halved_and_each_starts_from_the_last_good_state(ramped):
    solution, steps = ramped
    sizes = [problem.chain.packing[0] / solution.problem.chain.packing[0] for problem, *_ in steps]
    assert sizes[0] == 0.0
    assert sizes[-1] == 1.0
    reached, good, failed = 0.0, steps[0][3], 0
    for index, (_, start, status, state) in enumerate(steps[1:], start=1):
        np.testing.assert_array_equal(start, good)
        if status is Status.CONVERGED:
            reached, good = sizes[index], state
        else:
            failed += 1
            assert sizes[index + 1] == pytest.approx((reached + sizes[index]) / 2, rel=1e-12)
    assert failed > 0
