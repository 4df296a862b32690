"""The elimination of point ions from both ends: a dense solution of the same linear system is the oracle."""

from __future__ import annotations

import numpy as np
import pytest

import electrodiff as ed
from electrodiff.fvm.kernels.arrays import Chain
from electrodiff.fvm.kernels.factors import Jacobian, fill_flows, fill_jacobian
from electrodiff.fvm.kernels.points import (
    CARRIED,
    CHARGE,
    CONDUCTANCE,
    PINNED,
    TARGET,
    Points,
    factor_points,
    fold_flows,
    keep_points,
    solve_points,
    stage_backward,
    stage_forward,
)
from electrodiff.fvm.problem import build_problem
from electrodiff.grid.line import layered_line
from electrodiff.solvers.march import _points

# Odd and even, down to the fewest that have a node between the ends.
NODES = (3, 4, 5, 6, 24, 25)
# Of a long step, in which rows have the form that loses no flow, and of a short one.
RATES = (1e-9, 1e-3, 1e3)
# Faces whose flows are told; of a short stretch some are not there.
WATCHED = np.array([0, 4, 22])
# The dense solution is good to its condition, which at these states is below 1e8, times a rounding.
CLOSE = 1e-7


@pytest.fixture(scope="module")
def chain() -> Chain:
    """Divalent and monovalent ions, one that the slab keeps out, fixed and surface charge, carried fluxes."""
    bath = {"thickness": "3 nm", "relative_permittivity": 80}
    slab = {
        "name": "slab",
        "thickness": "2 nm",
        "relative_permittivity": 5,
        "partition": {"Ca": 0.2, "Cl": 0.5, "K": 0.1, "SO4": 0},
        "fixed_charge": "-30 mM",
    }
    case = ed.Case(
        temperature=300.0,
        ions={"Ca": {}, "Cl": {}, "K": {}, "SO4": {}},
        layers=({"name": "left", **bath}, slab, {"name": "right", **bath}),
        interfaces=({"between": ("left", "slab"), "surface_charge": 0.02},),
        left={"concentrations": {"Ca": 20.0, "Cl": 30.0, "K": 40.0, "SO4": 25.0}, "potential": 0.0},
        right={"concentrations": {"Ca": 1.0, "Cl": 102.0, "K": 100.0}, "potential": 0.01},
        mesh={"nodes": 31},
    )
    chain = build_problem(case, layered_line(case).mesh()).chain
    return chain._replace(carried=np.random.default_rng(3).normal(size=chain.carried.shape) * (chain.conductance > 0))


def stretch(chain: Chain, nodes: int, gap: bool = True, closed: bool = False) -> Chain:
    """So many nodes amidst the chain between two ends that are pinned, or closed to the ions; the last ion cannot reach those
    in the middle, if there is a gap.
    """
    first = chain.free.shape[0] // 2 - nodes // 2
    faces, places = slice(first, first + nodes - 1), slice(first, first + nodes)
    of_nodes = {"surface_charge", "free", "target"}
    of_ions = {"valence", "packing", "exponent"}
    cut = {
        name: value[places if name in of_nodes else faces].copy()
        for name, value in chain._asdict().items()
        if name not in of_ions
    }
    cut["free"][:] = 1.0
    if gap:
        cut["free"][1:-1, -2] = chain.free[places, -2][1:-1]
    else:
        cut["conductance"][:, -1] = cut["conductance"][:, 0]
        cut["partition"][:, -1] = cut["partition"][:, 0]
    if closed:
        cut["free"][[0, -1], -1] = 0.0
    else:
        cut["free"][[0, -1]] = 0.0
    return chain._replace(**cut)


def random_state(chain: Chain, seed: int) -> np.ndarray:
    """Positive activities, and potentials that differ by up to a few RT/F from node to node."""
    generator = np.random.default_rng(seed)
    state = np.exp(generator.normal(scale=0.5, size=chain.free.shape))
    state[:, -1] = np.cumsum(generator.normal(scale=10.0 ** generator.uniform(-4, 0), size=len(state)))
    return state


def factored(chain: Chain, state: np.ndarray, rate: float, meeting: int | None = None) -> Points:
    points = _points(chain, meeting or len(state) // 2, WATCHED)
    # What a step before has left must not matter.
    for array in (points.factors, points.upper, points.bound, points.is_loose, points.middle):
        array[...] = 7.0
    assert factor_points(chain, state, rate, points) == -1
    return points


def dense(
    chain: Chain, state: np.ndarray, rate: float, flow: np.ndarray, source: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The solution x (N, m) of the equations in `factors`, and the condition of their matrix."""
    nodes, m = state.shape
    n = m - 1
    jacobian = Jacobian(*np.zeros((3, nodes, m, m)))
    fill_jacobian(chain, state, jacobian)
    z = np.array(chain.valence)
    matrix, right = np.zeros((nodes, m, nodes, m)), np.zeros((nodes, m))
    for k in range(nodes):
        matrix[k, :n, k] += rate * jacobian.storage[k, :n]
        matrix[k, n, k] -= z @ jacobian.storage[k, :n]
        matrix[k, :, k] += jacobian.outflow[k]
        right[k] = source[k] - flow[k]
        if k < nodes - 1:
            matrix[k, :, k + 1] += jacobian.inflow[k]
        if k > 0:
            matrix[k, :, k - 1] -= jacobian.outflow[k - 1]
            matrix[k, :, k] -= jacobian.inflow[k - 1]
            right[k] += flow[k - 1]
        for r in range(m):
            if chain.free[k, r] == 0.0:
                matrix[k, r] = 0.0
                matrix[k, r, k, r] = 1.0
                if r < n:
                    matrix[k, r, k, n] = -z[r] * state[k, r]
                right[k, r] = source[k, r]
    square = matrix.reshape(nodes * m, nodes * m)
    return np.linalg.solve(square, right.ravel()).reshape(nodes, m), np.linalg.cond(square)


@pytest.mark.parametrize(("gap", "closed"), [(True, False), (False, False), (False, True)])
@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("nodes", NODES)
def test_both_ends_meet_in_the_solution_of_the_whole_system(chain, nodes, rate, gap, closed):
    cut = stretch(chain, nodes, gap, closed)
    generator = np.random.default_rng(nodes)
    for seed in range(4):
        state = random_state(cut, seed)
        flow, source = generator.normal(size=state.shape), generator.normal(size=state.shape)
        flow[-1] = 0.0
        source[1:-1] *= cut.free[1:-1]
        expected, condition = dense(cut, state, rate, flow, source)
        assert condition < 1e14
        for meeting in {1, nodes // 3, nodes // 2, min(2 * nodes // 3, nodes - 2), nodes - 2}:
            points = factored(cut, state, rate, meeting)
            x = np.full_like(state, np.nan)
            solve_points(cut, points, flow, source, x)
            assert np.abs(x - expected).max() < max(CLOSE, 1e-15 * condition) * np.abs(expected).max()


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("place", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("nodes", NODES)
def test_a_stage_is_the_solution_for_its_flows_and_sources(chain, nodes, rate, place):
    cut = stretch(chain, nodes)
    meeting = 1 + round(place * (nodes - 3))
    m = cut.free.shape[1]
    generator = np.random.default_rng(nodes)
    state, stage = random_state(cut, 1), random_state(cut, 2)
    sources, given = generator.normal(size=state.shape), generator.normal(size=(3, 2, m))
    given[PINNED] = generator.integers(0, 2, size=(2, m))
    points = factored(cut, state, rate, meeting)
    x, k, conducted = np.full_like(state, np.nan), np.full_like(state, np.nan), np.ones(nodes)
    told = np.full_like(state, np.nan)
    stage_forward(cut, points, stage, sources, given, 0.3, told, x, conducted)
    stage_backward(cut.valence, points, state, x, k)

    flow, content = np.zeros_like(stage), np.zeros_like(stage)
    fill_flows(cut, stage, flow, content)
    source = cut.free * np.column_stack([points.volume * sources[:, :-1], content[:, -1]])
    for side, node in enumerate((0, -1)):
        pinned = given[PINNED, side] * (given[TARGET, side] - stage[node])
        source[node] = np.where(cut.free[node] > 0, source[node] + given[CHARGE, side], pinned)
    expected, condition = dense(cut, state, rate, flow, source)
    assert np.abs(x - expected).max() < max(CLOSE, 1e-15 * condition) * np.abs(expected).max()
    kept = np.full_like(state, np.nan)
    keep_points(cut.valence, state, x, kept)
    assert k == pytest.approx(kept, rel=1e-14, abs=1e-14)
    current = 1.0 + 0.3 * flow[:-1, :-1] @ np.array(cut.valence)
    assert conducted[:-1] == pytest.approx(current, rel=1e-12, abs=1e-12)
    assert conducted[-1] == 1.0
    asked = WATCHED[nodes - 1 > WATCHED]
    np.testing.assert_allclose(told[asked], flow[asked], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("nodes", [24, 25])
def test_long_steps_between_closed_ends_lose_no_flow(chain, nodes):
    cut = stretch(chain, nodes, gap=False, closed=True)
    n = len(cut.valence)
    generator = np.random.default_rng(5)
    state, rate = random_state(cut, 0), 1e-9
    points = factored(cut, state, rate)
    assert points.is_loose.all()
    assert not factored(cut, state, 1e6).is_loose.any()
    flow, source, x = generator.normal(size=state.shape), generator.normal(size=state.shape), np.empty_like(state)
    flow[-1] = 0.0
    source[[0, -1], -1] = 0.0
    points = factored(cut, state, rate)
    solve_points(cut, points, flow, source, x)
    # What came in is there, to round-off, although what flows is 1e9 times what a node gains.
    z = np.array(cut.valence)
    gained = rate * points.volume * (x[:, :n] - z * state[:, :n] * x[:, n:])
    assert gained.sum(axis=0) == pytest.approx(source[:, :n].sum(axis=0), abs=1e-11)


def test_a_zero_pivot_is_told_with_its_node(chain):
    cut = stretch(chain, 25)
    state = random_state(cut, 0)
    for node in (0, 5, 12, 20, 24):
        wrong = state.copy()
        wrong[node, 0] = np.nan
        found = factor_points(cut, wrong, 1.0, _points(cut, 12, WATCHED))
        # the first place, from either end, that has the number in its equations
        assert min(found, 24 - found) <= min(node, 24 - node)
        assert found >= 0


def test_flows_that_have_changed_are_folded_as_those_of_the_start(chain):
    for nodes in (24, 25):
        cut = stretch(chain, nodes)
        m = cut.free.shape[1]
        other = cut._replace(conductance=2.0 * cut.conductance, carried=cut.carried - 1.0)
        pairs = _points(cut, nodes // 2, WATCHED).pairs
        fold_flows(other, pairs)
        lines = pairs.reshape(nodes // 2, 4, m, 2)
        fresh = _points(other, nodes // 2, WATCHED).pairs.reshape(lines.shape)
        assert np.array_equal(lines[:, CONDUCTANCE], fresh[:, CONDUCTANCE])
        assert np.array_equal(lines[:, CARRIED], fresh[:, CARRIED])
