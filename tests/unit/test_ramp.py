"""The ramp of voltages, charges, sizes and gates."""

from __future__ import annotations

import numpy as np
import pytest

from electrodiff.fvm.problem import Problem, build_problem
from electrodiff.grid.line import layered_line
from electrodiff.solvers.ramp import scaled


@pytest.fixture(scope="module")
def problem(case_of) -> Problem:
    """Sized ions at a metal wall."""
    case = case_of("steric_electrode")
    return build_problem(case, layered_line(case).mesh())


@pytest.mark.parametrize("fraction", [0.0, 0.25, 1.0])
def test_given_potentials_charges_and_volumes_are_that_fraction(problem, fraction):
    part, whole = scaled(problem, fraction).chain, problem.chain
    assert whole.packing.any()
    assert whole.target[:, -1].any()
    np.testing.assert_array_equal(part.target[:, -1], fraction * whole.target[:, -1])
    np.testing.assert_array_equal(part.target[:, :-1], whole.target[:, :-1])
    for name in ("fixed_charge", "surface_charge", "packing"):
        np.testing.assert_array_equal(getattr(part, name), fraction * getattr(whole, name))
