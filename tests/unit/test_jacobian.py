"""The Jacobian is the derivative of the residual: by central differences at random states, every term switched on."""

from __future__ import annotations

import numpy as np
import pytest

import electrodiff as ed
from electrodiff.fvm.borders import BorderUnknown, as_border
from electrodiff.fvm.kernels import chain as rows
from electrodiff.fvm.kernels.arrays import CURRENT
from electrodiff.fvm.kernels.border import border_columns, border_equations, solve_border
from electrodiff.fvm.kernels.chain import block_row, eliminate_point_ions
from electrodiff.fvm.kernels.compiler import kernel
from electrodiff.fvm.kernels.flux import FACE_LINES
from electrodiff.fvm.problem import Problem, build_problem
from electrodiff.grid.line import layered_line


@kernel
def all_rows(chain, state, out_rows):
    """`block_row` of every node: (N, LINES, m)."""
    faces = np.zeros((2, FACE_LINES, len(chain.valence)))
    row = np.empty((rows.LINES, state.shape[1]))
    for k in range(state.shape[0]):
        block_row(chain, state, k, False, faces, row)
        out_rows[k] = row


def residual_and_jacobian(problem: Problem, state: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Residual (N m,) and dense Jacobian (N m, N m), built from the arrow blocks as their description says."""
    nodes, m = state.shape
    lines = np.empty((nodes, rows.LINES, m))
    all_rows(problem.chain, state, lines)
    jacobian = np.zeros((nodes, m, nodes, m))
    ions = range(m - 1)
    for k in range(nodes):
        for own, drift, other in (
            (rows.LOWER_OWN, rows.LOWER_PHI, k - 1),
            (rows.OWN, rows.PHI, k),
            (rows.UPPER_OWN, rows.UPPER_PHI, k + 1),
        ):
            if 0 <= other < nodes:
                jacobian[k, range(m), other, range(m)] += lines[k, own]
                jacobian[k, ions, other, m - 1] += lines[k, drift, :-1]
        jacobian[k, m - 1, k, : m - 1] += lines[k, rows.CHARGE, :-1]
    return lines[:, rows.RESIDUAL].ravel(), jacobian.reshape(nodes * m, nodes * m)


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
    return build_problem(case, layered_line(case))


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


def test_jacobian_is_the_derivative_of_the_residual(problem):
    # Central differences with a step of 1e-5 of the unknown are good to about 1e-9 of the largest entry of a row.
    for state in random_states(problem, 6):
        _, jacobian = residual_and_jacobian(problem, state)
        numerical = np.empty_like(jacobian)
        for column in range(state.size):
            step = 1e-5 * max(1.0, abs(state.flat[column]))
            ends = []
            for sign in (1, -1):
                moved = state.copy()
                moved.flat[column] += sign * step
                ends.append(residual_and_jacobian(problem, moved)[0])
            numerical[:, column] = (ends[0] - ends[1]) / (2 * step)
        scale = np.abs(jacobian).max(axis=1, keepdims=True)
        assert np.abs(numerical - jacobian).max() > 0
        assert (np.abs(numerical - jacobian) <= 1e-8 * scale).all()


def test_elimination_solves_the_newton_system(problem):
    # 1e-9: no pivoting, against a dense solver with pivoting; the condition number of these states is below 1e6.
    for state in random_states(problem, 6)[:4]:
        residual, jacobian = residual_and_jacobian(problem, state)
        expected = np.linalg.solve(jacobian, -residual).reshape(state.shape)
        nodes, m = state.shape
        update = np.empty((nodes, m, 1))
        failed, norm = eliminate_point_ions(problem.chain, state, np.empty((nodes, m, m)), update)
        assert failed == -1
        assert norm == pytest.approx(np.abs(residual / np.diag(jacobian)).max(), rel=1e-12)
        np.testing.assert_allclose(update[:, :, 0], expected, rtol=1e-9, atol=1e-9 * np.abs(expected).max())


def test_bordered_elimination_solves_the_bordered_system(problem):
    """Two border unknowns that touch every unknown of the chain, at random, so that their coupling is seen."""
    generator = np.random.default_rng(3)
    state = random_states(problem, 6)[2]
    nodes, m = state.shape
    residual, jacobian = residual_and_jacobian(problem, state)
    columns, row = generator.normal(size=(nodes, m, 2)), generator.normal(size=(2, nodes, m))
    equation, delta = generator.normal(size=2), np.empty(2)
    right = np.concatenate([np.empty((nodes, m, 1)), -columns], axis=2)
    eliminate_point_ions(problem.chain, state, np.empty((nodes, m, m)), right)
    corner = generator.normal(size=(2, 2))
    assert solve_border(equation, row, corner, right, delta)

    whole = np.block([[jacobian, columns.reshape(-1, 2)], [row.reshape(2, -1), corner]])
    expected = np.linalg.solve(whole, -np.concatenate([residual, equation]))
    np.testing.assert_allclose(delta, expected[-2:], rtol=1e-9)
    np.testing.assert_allclose(right[:, :, 0].ravel(), expected[:-2], rtol=1e-9, atol=1e-9 * np.abs(expected).max())


def test_border_column_moves_the_potential_of_its_node(problem):
    nodes, m = problem.chain.free.shape
    right = np.full((nodes, m, 2), np.nan)
    border_columns(problem.chain, problem.border, np.ones(1), np.ones((nodes, m)), right)
    assert right[0, m - 1, 1] == 1
    assert np.count_nonzero(right[:, :, 1]) == 1


def test_border_row_is_the_derivative_of_the_net_current(problem):
    state = random_states(problem, 6)[3]
    border = as_border([BorderUnknown(CURRENT, 0, 4, 5, 5, 0.1)])

    def current(at: np.ndarray) -> tuple[float, np.ndarray]:
        equation, row, corner = np.empty(1), np.empty((1, *at.shape)), np.empty((1, 1))
        border_equations(problem.chain, border, np.ones(1), at, equation, row, corner)
        return float(equation[0]), row[0]

    _, row = current(state)
    assert np.count_nonzero(row) == 10  # five unknowns at either node of the face
    for place in zip(*np.nonzero(row), strict=True):
        step = 1e-6 * max(1.0, abs(state[place]))
        ends = []
        for sign in (1, -1):
            moved = state.copy()
            moved[place] += sign * step
            ends.append(current(moved)[0])
        assert (ends[0] - ends[1]) / (2 * step) == pytest.approx(row[place], rel=1e-5, abs=1e-7 * np.abs(row).max())
