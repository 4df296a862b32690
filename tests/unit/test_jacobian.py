"""The Jacobian is the derivative of the residual: by central differences at random states, every term switched on."""

from __future__ import annotations

import numpy as np
import pytest
from newton_system import bernoulli, differences, newton_system, residual_by_hand

import electrodiff as ed
from electrodiff.fvm.borders import BorderUnknown, as_border
from electrodiff.fvm.kernels.arrays import CURRENT
from electrodiff.fvm.kernels.border import border_columns, border_equations
from electrodiff.fvm.kernels.chain import eliminate_point_ions
from electrodiff.fvm.problem import Problem, build_problem
from electrodiff.grid.line import layered_line


@pytest.fixture(scope="module")
def problem() -> Problem:
    """Divalent and monovalent ions, an absent ion, partition, fixed and surface charge, graded mesh."""
    bath = {"thickness": "3 nm", "relative_permittivity": 80}
    slab = {
        "name": "slab",
        "thickness": "2 nm",
        "relative_permittivity": 5,
        "partition": {"Ca": 0.2, "Cl": 0.5, "K": 0.1, "SO4": 0},
        "diffusivity": {"Ca": "1e-10 m^2/s", "K": "3e-11 m^2/s"},
        "fixed_charge": "-30 mM",
    }
    case = ed.Case(
        temperature=300.0,
        ions={"Ca": {}, "Cl": {}, "K": {}, "SO4": {}},
        layers=({"name": "left", **bath}, slab, {"name": "right", **bath}),
        interfaces=({"between": ("left", "slab"), "surface_charge": 0.02},),
        left={"concentrations": {"Ca": 20.0, "Cl": 30.0, "K": 40.0, "SO4": 25.0}, "potential": "floating"},
        right={"concentrations": {"Ca": 1.0, "Cl": 102.0, "K": 100.0}, "potential": 0.01},
        mesh={"nodes": 25},
    )
    return build_problem(case, layered_line(case).mesh())


def random_states(problem: Problem, count: int) -> list[np.ndarray]:
    """Random positive activities and potentials; one state has fields of 30 kT/e a cell, one has nearly none."""
    generator = np.random.default_rng(7)
    shape = problem.chain.free.shape
    states = []
    for spread in np.geomspace(1e-4, 30, count):
        state = np.exp(generator.normal(size=shape))
        state[:, -1] = generator.normal(scale=spread, size=shape[0])
        states.append(state)
    return states


@pytest.mark.parametrize("careful", [False, True])
def test_jacobian_is_the_derivative_of_the_residual(problem, careful):
    # Central differences with a step of 1e-5 of the unknown are good to about 1e-9 of the largest entry of a row; the
    # Jacobian is recovered through an inverse whose condition number is below 1e6.
    for state in random_states(problem, 6)[:4]:
        residual, jacobian = newton_system(problem.chain, state, careful)
        expected = residual_by_hand(problem.chain, state).ravel()
        numerical = differences(lambda at: residual_by_hand(problem.chain, at), state)
        scale = np.abs(numerical).max(axis=1, keepdims=True)
        np.testing.assert_allclose(residual, expected, atol=1e-8 * np.abs(expected).max())
        assert (np.abs(numerical - jacobian) <= 1e-7 * scale).all()


def test_residual_is_reported_relative_to_its_own_diagonal(problem):
    for state in random_states(problem, 6):
        residual = residual_by_hand(problem.chain, state)
        diagonal = own_diagonal(problem.chain, state)
        nodes, m = state.shape
        _, norm, _ = eliminate_point_ions(
            problem.chain, state, np.empty((nodes, 0, m)), False, np.empty((nodes, m, m)), np.empty((nodes, m, 1))
        )
        # 1e-9: near-zero residuals of large fluxes are rounded
        assert norm == pytest.approx(np.abs(residual / diagonal).max(), rel=1e-9)


def own_diagonal(chain, state) -> np.ndarray:
    """dR/dy_i of each ion, and dR_phi/dphi at constant electrochemical potentials; 1 for a pinned unknown."""
    z, nodes = np.array(chain.valence), state.shape[0]
    diagonal = np.zeros_like(state)
    for k in range(nodes - 1):
        u = z * (state[k + 1, -1] - state[k, -1])
        diagonal[k, :-1] += chain.conductance[k] * bernoulli(u)
        diagonal[k + 1, :-1] += chain.conductance[k] * bernoulli(-u)
        for node, volume in ((k, chain.volume_left[k]), (k + 1, chain.volume_right[k])):
            diagonal[node, -1] += chain.permittivity[k] + volume * (z**2 * chain.partition[k]) @ state[node, :-1]
    return np.where(chain.free == 1, diagonal, 1.0)


def test_border_column_moves_the_potential_of_its_node(problem):
    nodes, m = problem.chain.free.shape
    through, right = np.full((nodes, 1, m), np.nan), np.full((nodes, m, 2), np.nan)
    border_columns(problem.chain, problem.border, np.ones(1), np.ones((nodes, m)), through, right)
    assert right[0, m - 1, 1] == 1
    assert (through == 0).all()
    assert np.count_nonzero(right[:, :, 1]) == 1


def test_border_row_is_the_derivative_of_the_net_current(problem):
    state = random_states(problem, 6)[3]
    border = as_border([BorderUnknown(CURRENT, 0, 4, 5, 5, 0.1)], 4)

    def current(at: np.ndarray) -> tuple[float, np.ndarray]:
        equation, row, corner = np.empty(1), np.empty((1, *at.shape)), np.empty((1, 1))
        border_equations(problem.chain, border, np.ones(1), at, equation, row, corner)
        return float(equation[0]), row[0]

    _, row = current(state)
    row[:, -1] += (row[:, :-1] * state[:, :-1] * np.array(problem.chain.valence)).sum(axis=1)  # by da instead of y
    assert np.count_nonzero(row) == 10  # five unknowns at either node of the face
    for place in zip(*np.nonzero(row), strict=True):
        step = 1e-6 * max(1.0, abs(state[place]))
        ends = []
        for sign in (1, -1):
            moved = state.copy()
            moved[place] += sign * step
            ends.append(current(moved)[0])
        assert (ends[0] - ends[1]) / (2 * step) == pytest.approx(row[place], rel=1e-5, abs=1e-7 * np.abs(row).max())
