"""Ions of finite size and the three kinds of border unknowns: kernels against differences, brentq and dense solves.

The problem is made of random arrays, not of a case, so that every term is switched on: ions of equal and of unequal
size and a point ion among them, an ion that is absent from part of the chain, fixed and surface charge, unequal cells.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from newton_system import by_update, differences, natural, newton_system, residual_by_hand, solved, void_by_bisection

from electrodiff.fvm.kernels.arrays import AMOUNT, CURRENT, GATING, Border, Chain
from electrodiff.fvm.kernels.border import border_columns, border_equations, place_borders, solve_border
from electrodiff.fvm.kernels.chain import eliminate_point_ions, eliminate_sized_ions
from electrodiff.fvm.kernels.flux import FACE_LINES, FACTOR_LEFT, FLUX
from electrodiff.fvm.kernels.steric import flux_of_ions

NODES = 9
VALENCE = (2.0, -1.0, 1.0, -1.0)
POTENTIAL = len(VALENCE)
SIZES = {
    "equal sizes": (0.05, 0.05, 0.05, 0.05),
    "unequal sizes": (0.3, 0.02, 0.05, 0.11),
    "a point ion among sized ones": (0.2, 0.0, 0.05, 0.05),
    "points": (0.0, 0.0, 0.0, 0.0),
}


def chain_of(sizes: tuple[float, ...]) -> Chain:
    """Random chain; ion 3 is absent from faces 3 and 4, and the reservoirs hold every unknown of the end nodes."""
    generator = np.random.default_rng(11)
    n, faces = len(VALENCE), NODES - 1
    packing = np.array(sizes)
    partition = np.exp(generator.normal(size=(faces, n)))
    partition[3:5, 3] = 0
    free = np.ones((NODES, n + 1))
    free[[0, -1]] = 0
    free[4, 3] = 0  # between the two faces that the ion cannot pass
    return Chain(
        valence=VALENCE,
        partition=partition,
        conductance=np.exp(generator.normal(size=(faces, n))) * (partition > 0),
        permittivity=np.exp(generator.normal(size=faces)),
        volume_left=np.exp(generator.normal(size=faces)),
        volume_right=np.exp(generator.normal(size=faces)),
        fixed_charge=generator.normal(size=faces),
        surface_charge=generator.normal(size=NODES),
        free=free,
        target=generator.uniform(0.5, 2.0, size=free.shape) * (1 - free),
        packing=packing,
        exponent=packing / packing[packing > 0].min() if packing.any() else packing,
    )


def state_of(spread: float) -> np.ndarray:
    """Random positive activities and potentials that differ by `spread`."""
    generator = np.random.default_rng(int(1000 * spread))
    state = np.exp(generator.normal(size=(NODES, len(VALENCE) + 1)))
    state[:, -1] = generator.normal(scale=spread, size=NODES)
    return state


@pytest.fixture(params=[name for name in SIZES if name != "points"], scope="module")
def sized_chain(request) -> Chain:
    return chain_of(SIZES[request.param])


@pytest.fixture(params=SIZES, scope="module")
def chain(request) -> Chain:
    return chain_of(SIZES[request.param])


@pytest.fixture(params=[1e-3, 0.3, 3.0], scope="module")
def state(request) -> np.ndarray:
    return state_of(request.param)


@pytest.fixture(scope="module")
def expected(chain, state) -> tuple[np.ndarray, np.ndarray]:
    """Residual (N m,) and Jacobian (N m, N m): the equations written out, and their central differences."""
    return residual_by_hand(chain, state).ravel(), differences(lambda at: residual_by_hand(chain, at), state)


# ---- void fraction and fluxes -------------------------------------------------------------------------------------


def log_void(chain: Chain, state: np.ndarray, node: int) -> float:
    """ln s at a node on its right: the factor 1/gamma = s of an ion of the smallest size."""
    face = np.empty((FACE_LINES, POTENTIAL + 1))
    flux_of_ions(chain, state, node, face)
    return math.log(face[FACTOR_LEFT, int(np.flatnonzero(chain.exponent == 1)[0])])


@pytest.mark.parametrize("crowding", [1e-12, 1e-3, 1.0, 1e6, 1e100])
def test_void_fraction_is_the_root_that_brentq_finds(sized_chain, crowding):
    # In ln s, from the dilute to a packing that leaves e^-200 free; 2e-16 is the rounding of a factor near 1.
    state = crowding * state_of(0.3)
    for node in (0, 3):
        root = void_by_bisection(sized_chain, state[node, :POTENTIAL], node)
        assert log_void(sized_chain, state, node) == pytest.approx(root, rel=1e-12, abs=2e-16)


def test_void_fraction_of_equal_sizes_is_the_closed_form():
    chain, state = chain_of(SIZES["equal sizes"]), state_of(0.3)
    filled = 0.05 * chain.partition[2] @ state[2, :POTENTIAL]
    assert log_void(chain, state, 2) == pytest.approx(-math.log1p(filled), rel=1e-14)


def test_ions_never_fill_more_than_all_space(sized_chain):
    # 1e-12: c = beta a s^k, and k ln s of up to 500 is rounded before the exponential is taken.
    for crowding in (1.0, 1e10, 1e200):
        state = crowding * state_of(0.3)
        face = np.empty((FACE_LINES, POTENTIAL + 1))
        flux_of_ions(sized_chain, state, 2, face)
        filled = sized_chain.packing @ (sized_chain.partition[2] * state[2, :POTENTIAL] * face[FACTOR_LEFT, :POTENTIAL])
        assert 0 < filled <= 1 + 1e-12


def test_flux_vanishes_at_the_equilibrium_of_sized_ions(chain):
    """a = exp(-z phi) at any potential; the flux of a face is at most a few roundings of its two parts."""
    state = state_of(3.0)
    state[:, :POTENTIAL] = np.exp(-np.outer(state[:, POTENTIAL], VALENCE))
    for k in range(NODES - 1):
        face = np.empty((FACE_LINES, POTENTIAL + 1))
        flux_of_ions(chain, state, k, face)
        step = abs(state[k + 1, POTENTIAL] - state[k, POTENTIAL])
        part = chain.conductance[k] * state[k : k + 2, :POTENTIAL].max(axis=0) * (1 + step)
        assert (np.abs(face[FLUX, :POTENTIAL]) <= 100 * np.finfo(float).eps * part).all()


# ---- residual and Jacobian ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("careful", [False, True])
def test_residual_is_that_of_the_equations_written_out(chain, state, expected, careful):
    # 1e-9: recovered through an inverse whose condition number is below 1e6.
    residual, _ = newton_system(chain, state, careful)
    np.testing.assert_allclose(residual, expected[0], rtol=1e-9, atol=1e-9 * np.abs(expected[0]).max())


@pytest.mark.parametrize("careful", [False, True])
def test_jacobian_with_its_rank_one_parts_is_the_derivative_of_the_residual(chain, state, expected, careful):
    # Central differences with a step of 1e-5 of the unknown are good to about 1e-9 of the largest entry of a row.
    _, jacobian = newton_system(chain, state, careful)
    scale = np.abs(expected[1]).max(axis=1, keepdims=True)
    assert (np.abs(jacobian - expected[1]) <= 1e-8 * scale).all()


def test_sizes_matter_to_the_jacobian(sized_chain):
    """The test above would see it if they were left out, by six orders of its tolerance."""
    state = state_of(0.3)
    points = sized_chain._replace(packing=np.zeros(POTENTIAL), exponent=np.zeros(POTENTIAL))
    (_, sized), (_, bare) = newton_system(sized_chain, state), newton_system(points, state)
    assert (np.abs(sized - bare) / np.abs(sized).max(axis=1, keepdims=True)).max() > 1e-2


def test_elimination_solves_the_newton_system(chain, state, expected):
    # 1e-6: the differences' 1e-9, times a condition number of a thousand.
    update = np.linalg.solve(expected[1], -expected[0])
    right = natural(chain, state, solved(chain, state, np.empty((*state.shape, 0))))
    np.testing.assert_allclose(right[:, :, 0].ravel(), update, rtol=1e-6, atol=1e-6 * np.abs(update).max())


def test_bordered_elimination_solves_the_bordered_system(chain, state):
    """Two border unknowns that touch every unknown of the chain, at random.  1e-7: as for the residual."""
    generator = np.random.default_rng(3)
    columns, row = generator.normal(size=(*state.shape, 2)), generator.normal(size=(2, *state.shape))
    equation, corner, delta = generator.normal(size=2), generator.normal(size=(2, 2)), np.empty(2)
    residual, jacobian = newton_system(chain, state)
    whole = np.block([[jacobian, columns.reshape(-1, 2)], [row.reshape(2, -1), corner]])
    update = np.linalg.solve(whole, -np.concatenate([residual, equation]))
    right = solved(chain, state, columns)
    assert solve_border(equation, by_update(chain, state, row), corner, right, delta)
    right = natural(chain, state, right)
    np.testing.assert_allclose(delta, update[-2:], rtol=1e-7)
    np.testing.assert_allclose(right[:, :, 0].ravel(), update[:-2], rtol=1e-7, atol=1e-7 * np.abs(update).max())


def test_ions_of_no_size_have_the_updates_of_point_ions(state):
    # 1e-13: the same equations in kernels of their own.
    chain = chain_of(SIZES["equal sizes"])._replace(packing=np.zeros(POTENTIAL), exponent=np.zeros(POTENTIAL))
    m = state.shape[1]
    both = []
    for eliminate in (eliminate_point_ions, eliminate_sized_ions):
        right = np.empty((NODES, m, 1))
        rows = np.empty(0, dtype=np.int64)
        eliminate(chain, state, np.empty((NODES, 0)), rows, True, np.empty((NODES, m, m)), right)
        both.append(right)
    right, sized = both
    np.testing.assert_allclose(sized, right, rtol=1e-12, atol=1e-13 * np.abs(right).max())


# ---- border unknowns ----------------------------------------------------------------------------------------------

# A floating potential at node 0, the amount of ion 3 in nodes 5 to 8, and the conductance of ion 1 on faces 1 to 3;
# the current is taken on a gated face, so that the two are coupled in the corner.
KINDS = [CURRENT, AMOUNT, GATING]
GATE = np.array([1.0, 1.0, 0.37])


def border_of(current_face: int = 2) -> Border:
    columns = zip(
        (CURRENT, 0, POTENTIAL, current_face, current_face),
        (AMOUNT, NODES - 1, 3, 5, NODES - 1),
        (GATING, 0, 1, 1, 4),
        strict=True,
    )
    integers = [np.array(column, dtype=np.int64) for column in columns]
    return Border(*integers, value=np.array([0.1, 3.0, -0.4]), slope=np.array([1.0, 1.0, -0.6]))


def equations(chain: Chain, border: Border, gate: np.ndarray, state: np.ndarray) -> tuple[np.ndarray, ...]:
    """g (p,), c (p, N, m), e (p, p) of a chain whose arrays are brought up to the border unknowns."""
    placed = placed_chain(chain, border, gate, state)
    p = border.kind.size
    out = np.full(p, np.nan), np.full((p, *state.shape), np.nan), np.full((p, p), np.nan)
    border_equations(placed, border, gate, state, *out)
    return out


def placed_chain(chain: Chain, border: Border, gate: np.ndarray, state: np.ndarray) -> Chain:
    placed = chain._replace(target=chain.target.copy(), conductance=chain.conductance.copy())
    place_borders(border, chain.conductance, gate, state, placed)
    return placed


def test_border_rows_are_the_derivatives_of_the_border_equations(chain, state):
    border = border_of()
    numerical = differences(lambda at: equations(chain, border, GATE, at)[0], state)
    numerical = by_update(chain, state, numerical.reshape(len(KINDS), *state.shape)).reshape(len(KINDS), -1)
    _, exact, _ = equations(chain, border, GATE, state)
    exact = exact.reshape(len(KINDS), -1)
    scale = np.abs(exact).max(axis=1, keepdims=True)
    assert (scale > 0).all()
    # 1e-10: the gate is of the order of 1, whose rounding over the step is 1e-11, however flat its curve.
    assert (np.abs(numerical - exact) <= 1e-8 * scale + 1e-10).all()


def test_border_corner_is_the_derivative_by_the_border_unknowns(chain, state):
    border = border_of()
    # The border unknowns of kinds CURRENT and AMOUNT enter through the chain's target alone.
    numerical = differences(lambda gate: equations(chain, border, gate, state)[0], GATE)
    _, _, exact = equations(chain, border, GATE, state)
    np.testing.assert_allclose(exact, numerical, rtol=1e-8, atol=1e-9)
    assert exact[0, 2] != 0


def test_corner_of_a_current_beside_the_gate_is_zero(chain):
    _, _, corner = equations(chain, border_of(current_face=6), GATE, state_of(0.3))
    assert corner[0, 2] == 0


def test_border_columns_are_the_derivatives_of_the_residual_by_the_border_unknowns(chain, state):
    border = border_of()
    through, right = np.full((NODES, 3), np.nan), np.full((*state.shape, 4), np.nan)
    border_columns(placed_chain(chain, border, GATE, state), border, GATE, state, through, right)
    for b, row in enumerate(border.row):
        right[:, row, 1 + b] -= chain.free[:, row] * np.diff(through[:, b], prepend=0.0)

    def by_unknowns(unknowns: np.ndarray) -> np.ndarray:
        placed = placed_chain(chain, border, np.array([1.0, 1.0, unknowns[2]]), state)
        placed.target[0, POTENTIAL], placed.target[-1, 3] = unknowns[:2]
        return residual_by_hand(placed, state)

    unknowns = np.array([state[0, POTENTIAL], state[-1, 3], GATE[2]])
    numerical = differences(by_unknowns, unknowns)
    np.testing.assert_allclose(-right[:, :, 1:].reshape(-1, 3), numerical, rtol=1e-8, atol=1e-8)


def test_current_is_the_sum_over_the_ions_of_valence_times_flux(chain, state):
    border = border_of()
    placed = placed_chain(chain, border, GATE, state)
    face = np.empty((FACE_LINES, POTENTIAL + 1))
    flux_of_ions(placed, state, 2, face)
    assert equations(chain, border, GATE, state)[0][0] == pytest.approx(
        np.dot(VALENCE, face[FLUX, :POTENTIAL]) - 0.1, rel=1e-12
    )


def test_amount_is_the_sum_of_the_concentrations_times_the_volumes(chain, state):
    total = 0.0
    for k in range(5, NODES - 1):
        for node, volume in ((k, chain.volume_left[k]), (k + 1, chain.volume_right[k])):
            log_s = void_by_bisection(chain, state[node, :POTENTIAL], k)
            total += volume * chain.partition[k, 3] * state[node, 3] * math.exp(chain.exponent[3] * log_s)
    assert equations(chain, border_of(), GATE, state)[0][1] == pytest.approx(total - 3.0, rel=1e-12)


def test_gate_follows_the_boltzmann_curve_of_the_voltage_across_its_layer(chain, state):
    voltage = state[1, POTENTIAL] - state[4, POTENTIAL]
    expected = 0.37 - 1 / (1 + math.exp((voltage + 0.4) / 0.6))
    assert equations(chain, border_of(), GATE, state)[0][2] == pytest.approx(expected, rel=1e-13)


def test_gates_multiply_the_conductance_of_their_ion_in_their_layer_only(chain):
    placed = placed_chain(chain, border_of(), GATE, state_of(0.3))
    factor = np.ones((NODES - 1, POTENTIAL))
    factor[1:4, 1] = 0.37
    np.testing.assert_array_equal(placed.conductance, factor * chain.conductance)


def test_newton_step_of_all_three_kinds_is_that_of_the_whole_system(chain, state):
    border, m = border_of(), state.shape[1]
    placed = placed_chain(chain, border, GATE, state)
    through, right, delta = np.empty((NODES, 3)), np.empty((NODES, m, 4)), np.empty(3)
    border_columns(placed, border, GATE, state, through, right)
    columns = -right[:, :, 1:].copy()
    for b, ion in enumerate(border.row):
        columns[:, ion, b] += placed.free[:, ion] * np.diff(through[:, b], prepend=0.0)
    columns = columns.reshape(-1, 3)
    equation, row, corner = equations(chain, border, GATE, state)
    residual, jacobian = newton_system(placed, state)
    by_state = row.copy()
    by_state[..., -1] += (row[..., :-1] * state[:, :-1] * np.array(VALENCE)).sum(axis=-1)
    whole = np.block([[jacobian, columns], [by_state.reshape(3, -1), corner]])
    update = np.linalg.solve(whole, -np.concatenate([residual, equation]))

    eliminate = eliminate_sized_ions if chain.packing.any() else eliminate_point_ions
    eliminate(placed, state, through, border.row, False, np.empty((NODES, m, m)), right)
    assert solve_border(equation, row, corner, right, delta)
    right = natural(chain, state, right)
    np.testing.assert_allclose(delta, update[-3:], rtol=1e-7)
    np.testing.assert_allclose(right[:, :, 0].ravel(), update[:-3], rtol=1e-7, atol=1e-7 * np.abs(update).max())
