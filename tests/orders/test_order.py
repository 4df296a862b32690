"""The scheme is of second order on graded, layered meshes, and extrapolated of fourth: fitted slopes within 0.1."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest

import electrodiff as ed
from electrodiff.extrapolation import extrapolate
from electrodiff.grid.line import layered_line

REFINEMENTS = (1, 2, 4, 8, 16)


def fitted_slope(errors: np.ndarray) -> float:
    """Order p of errors that fall as h^p, h halved from one to the next."""
    return float(-np.polyfit(np.log2(REFINEMENTS[: errors.size]), np.log2(errors), 1)[0])


def nested_solutions(case: ed.Case) -> list[ed.Solution]:
    """The case on five meshes, each with twice the cells of the one before and with all its nodes."""
    line = layered_line(case)
    return [ed.solve(case, mesh=line.refined(times).mesh()) for times in REFINEMENTS]


def orders(case: ed.Case, quantity: Callable[[ed.Solution], np.ndarray]) -> float:
    """Order of the largest error of a quantity on the four coarser meshes, against Richardson's value of the finest."""
    values = [np.atleast_1d(quantity(solution)) for solution in nested_solutions(case)]
    # Second order is assumed for the reference only: were the order 1, the slope below would still come out near 1.
    reference = (4 * values[-1] - values[-2]) / 3
    return fitted_slope(np.array([np.abs(value - reference).max() for value in values[:-1]]))


def extrapolated_orders(case: ed.Case, quantity: Callable[[ed.Solution], np.ndarray]) -> float:
    """Order of the largest error of (4 fine - coarse) / 3, against Romberg's value of all five meshes."""
    values = [np.atleast_1d(quantity(solution)) for solution in nested_solutions(case)]
    reference, _ = extrapolate(values)
    once = [(4 * fine - coarse) / 3 for coarse, fine in pairwise(values)]
    return fitted_slope(np.array([np.abs(value - reference).max() for value in once]))


@pytest.fixture(scope="module")
def case(case_of) -> ed.Case:
    """Graded layers that differ in everything, surface and fixed charge, ions far from equilibrium."""
    return case_of(
        "clamped_membrane",
        {
            "layers.membrane.partition": {"K": 0.02, "Na": 0.01, "Cl": 0.05, "A": 0},
            "layers.membrane.fixed_charge": 20.0,
            "interfaces": [{"between": ["cytosol", "membrane"], "surface_charge": -0.01}],
            "mesh.nodes": 129,
        },
    )


SCALARS = pytest.mark.parametrize(
    "quantity",
    [
        lambda s: s.current_density,
        lambda s: s.flux["Cl"],
        lambda s: s.surface_charge["left"],
        lambda s: s.surface_charge["right"],
        lambda s: s.layer_drop["membrane"],
    ],
    ids=["current", "flux", "charge left", "charge right", "drop"],
)


@SCALARS
def test_scalars_on_one_mesh_are_of_second_order(case, quantity):
    assert orders(case, quantity) == pytest.approx(2, abs=0.1)


@SCALARS
def test_scalars_extrapolated_once_are_of_fourth_order(case, quantity):
    """The error is a series in even powers of the spacing: no third order hides behind the second."""
    assert extrapolated_orders(case, quantity) == pytest.approx(4, abs=0.1)


def test_profiles_are_of_second_order_in_the_largest_error(case):
    coarse = layered_line(case).mesh().x

    def profile(solution: ed.Solution) -> np.ndarray:
        at = np.searchsorted(solution.problem.mesh.x, coarse * (1 - 1e-12))
        return solution.state[at].ravel()

    assert orders(case, profile) == pytest.approx(2, abs=0.1)


def test_floating_potential_is_of_second_order(case):
    floating = case.replace("left.potential", "floating")
    assert orders(floating, lambda solution: solution.membrane_potential) == pytest.approx(2, abs=0.1)


def test_fitted_slope_sees_a_first_order_error():
    assert fitted_slope(3e-3 * 0.5 ** np.arange(4)) == pytest.approx(1)
