"""Ions of finite size and all kinds of border unknowns: kernels against differences, brentq and dense solves.

The problem is made of random arrays, not of a case, so that every term is switched on: ions of equal and of unequal
size and a point ion among them, an ion that is absent from part of the chain, fixed and surface charge, unequal cells.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from newton_system import (
    by_update,
    differences,
    natural,
    newton_system,
    rate_by_hand,
    residual_by_hand,
    solved,
    void_by_bisection,
)

from electrodiff.fvm.borders import BorderUnknown, as_border
from electrodiff.fvm.kernels.arrays import AMOUNT, BALANCE, CURRENT, GATING, RATE, Border, Chain
from electrodiff.fvm.kernels.border import border_columns, border_equations, place_borders, solve_border
from electrodiff.fvm.kernels.chain import eliminate_point_ions, eliminate_sized_ions
from electrodiff.fvm.kernels.flux import FACE_LINES, FACTOR_LEFT, FLUX
from electrodiff.fvm.kernels.rates import AFFINITY, HALF, HILL, POWER, SATURATING
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
        carried=np.zeros((faces, n)),
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
        eliminate(chain, state, np.empty((NODES, 0, m)), True, np.empty((NODES, m, m)), right)
        both.append(right)
    right, sized = both
    np.testing.assert_allclose(sized, right, rtol=1e-12, atol=1e-13 * np.abs(right).max())


# ---- border unknowns ----------------------------------------------------------------------------------------------

# A floating potential at node 0; the amount of ion 3 in nodes 5 to 8; two gates on parts of the conductance of ion 1 on
# faces 1 to 3; two transporters across the same faces, one of either law, which look at other nodes or at their own; and
# at node 0 the activity of ion 3 with which they carry none of it.  The current is taken on one of these faces, so that
# all of them are coupled in the corner.
SHARES = {2: 0.5, 3: 0.3}
OPEN = 0.2
SATURATING_PUMP, EXCHANGER = 4, 5
GATE = np.array([1.0, 1.0, 0.37, 0.81, 0.9, -0.6, 1.0])
KINDS = GATE.size
IN_STATE = [0, 1, 6]
"""The border unknowns that are entries of the state."""


def border_of(current_face: int = 2) -> Border:
    terms = np.zeros((2, 3, POTENTIAL))
    terms[0, HALF, 2], terms[0, HILL, 2] = 0.7, 3.0
    terms[1, HALF, 0], terms[1, HILL, 0] = 1.3, 1.5
    terms[:, POWER, 1] = 2.0, -3.0
    pump = {"stoichiometry": np.array([0.0, 0.0, 3.0, -2.0]), "law": SATURATING, "sensed": (1, 6), "terms": terms}
    exchanger = {"stoichiometry": np.array([1.0, 2.0, 0.0, -1.0]), "law": AFFINITY}
    return as_border(
        [
            BorderUnknown(CURRENT, 0, POTENTIAL, current_face, current_face, 0.1),
            BorderUnknown(AMOUNT, NODES - 1, 3, 5, NODES - 1, 3.0),
            BorderUnknown(GATING, 0, 1, 1, 4, -0.4, -0.6, SHARES[2], OPEN),
            BorderUnknown(GATING, 0, 1, 1, 4, 0.2, 0.9, SHARES[3], OPEN),
            BorderUnknown(RATE, 1, 0, 1, 4, 1.7, by_voltage=(0.1, -0.3), **pump),
            BorderUnknown(RATE, 1, 0, 1, 4, 0.4, **exchanger),
            BorderUnknown(BALANCE, 0, 3, 1, 4, 0.0),
        ],
        POTENTIAL,
    )


def equations(chain: Chain, border: Border, gate: np.ndarray, state: np.ndarray) -> tuple[np.ndarray, ...]:
    """g (p,), c (p, N, m), e (p, p) of a chain whose arrays are brought up to the border unknowns."""
    placed = placed_chain(chain, border, gate, state)
    p = border.kind.size
    out = np.full(p, np.nan), np.full((p, *state.shape), np.nan), np.full((p, p), np.nan)
    border_equations(placed, border, gate, state, *out)
    return out


def placed_chain(chain: Chain, border: Border, gate: np.ndarray, state: np.ndarray) -> Chain:
    placed = chain._replace(
        target=chain.target.copy(), conductance=chain.conductance.copy(), carried=np.full_like(chain.carried, np.nan)
    )
    placed.carried[[0, *range(4, NODES - 1)]] = 0  # no transporter touches these
    place_borders(border, chain.conductance, gate, state, placed)
    return placed


def test_border_rows_are_the_derivatives_of_the_border_equations(chain, state):
    border = border_of()
    numerical = differences(lambda at: equations(chain, border, GATE, at)[0], state)
    numerical = by_update(chain, state, numerical.reshape(KINDS, *state.shape)).reshape(KINDS, -1)
    _, exact, _ = equations(chain, border, GATE, state)
    exact = exact.reshape(KINDS, -1)
    scale = np.abs(exact).max(axis=1, keepdims=True)
    assert (scale[:-1] > 0).all()
    assert scale[-1] == 0  # what transporters carry depends on their rates alone
    # 1e-10: the gate is of the order of 1, whose rounding over the step is 1e-11, however flat its curve.
    assert (np.abs(numerical - exact) <= 1e-8 * scale + 1e-10).all()


def test_border_corner_is_the_derivative_by_the_border_unknowns(chain, state):
    border = border_of()
    # Those that are entries of the state enter through the chain's target alone.
    numerical = differences(lambda gate: equations(chain, border, gate, state)[0], GATE)
    _, _, exact = equations(chain, border, GATE, state)
    np.testing.assert_allclose(exact, numerical, rtol=1e-8, atol=1e-9)
    assert (exact[0, [2, 3, 4, 5]] != 0).all()
    np.testing.assert_array_equal(exact[6, [4, 5]], [-2.0, -1.0])


def test_corner_of_a_current_beside_gates_and_transporters_is_zero(chain):
    _, _, corner = equations(chain, border_of(current_face=6), GATE, state_of(0.3))
    assert (corner[0] == 0).all()


def columns_of(chain: Chain, border: Border, state: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The columns b (N, m, p) of the bordered system, and the two arrays in which the kernels have them."""
    m = state.shape[1]
    through, right = np.full((NODES, KINDS, m), np.nan), np.full((NODES, m, 1 + KINDS), np.nan)
    border_columns(chain, border, GATE, state, through, right)
    by_flows = chain.free[:, :, None] * np.diff(through, axis=0, prepend=0.0).transpose(0, 2, 1)
    return by_flows - right[:, :, 1:], through, right


def test_border_columns_are_the_derivatives_of_the_residual_by_the_border_unknowns(chain, state):
    border = border_of()
    columns, _, _ = columns_of(placed_chain(chain, border, GATE, state), border, state)

    def by_unknowns(unknowns: np.ndarray) -> np.ndarray:
        gate = unknowns.copy()
        gate[IN_STATE] = 1.0
        placed = placed_chain(chain, border, gate, state)
        for b in IN_STATE:
            placed.target[border.node[b], border.row[b]] = unknowns[b]
        return residual_by_hand(placed, state)

    unknowns = GATE.copy()
    unknowns[IN_STATE] = state[border.node[IN_STATE], border.row[IN_STATE]]
    numerical = differences(by_unknowns, unknowns)
    np.testing.assert_allclose(columns.reshape(-1, KINDS), numerical, rtol=1e-8, atol=1e-8)


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


def test_gates_follow_the_boltzmann_curve_of_the_voltage_across_their_layer(chain, state):
    voltage, border = state[1, POTENTIAL] - state[4, POTENTIAL], border_of()
    for b in SHARES:
        expected = GATE[b] - 1 / (1 + math.exp(-(voltage - border.value[b]) / border.slope[b]))
        assert equations(chain, border, GATE, state)[0][b] == pytest.approx(expected, rel=1e-13)


def test_rates_follow_their_laws(chain, state):
    border = border_of()
    for b in (SATURATING_PUMP, EXCHANGER):
        expected = GATE[b] - rate_by_hand(border, b, VALENCE, state)
        assert equations(chain, border, GATE, state)[0][b] == pytest.approx(expected, rel=1e-13, abs=1e-14)


def test_balance_is_what_all_transporters_of_a_layer_carry_of_the_ion(chain, state):
    assert equations(chain, border_of(), GATE, state)[0][6] == pytest.approx(-2 * 0.9 - 1 * -0.6, rel=1e-15)


def test_gates_share_the_conductance_of_their_ion_in_their_layer_only(chain):
    """Half of it behind one gate, 0.3 behind the other, and 0.2 always open."""
    placed = placed_chain(chain, border_of(), GATE, state_of(0.3))
    factor = np.ones((NODES - 1, POTENTIAL))
    factor[1:4, 1] = 0.2 + 0.5 * 0.37 + 0.3 * 0.81
    np.testing.assert_allclose(placed.conductance, factor * chain.conductance, rtol=1e-15)


def test_transporters_carry_their_stoichiometry_through_all_faces_of_their_layer(chain):
    placed = placed_chain(chain, border_of(), GATE, state_of(0.3))
    expected = np.zeros((NODES - 1, POTENTIAL))
    expected[1:4] = 0.9 * np.array([0, 0, 3, -2]) - 0.6 * np.array([1, 2, 0, -1])
    np.testing.assert_allclose(placed.carried, expected, rtol=1e-15)


def test_newton_step_of_all_kinds_is_that_of_the_whole_system(chain, state):
    border, m = border_of(), state.shape[1]
    placed = placed_chain(chain, border, GATE, state)
    columns, through, right = columns_of(placed, border, state)
    delta = np.empty(KINDS)
    equation, row, corner = equations(chain, border, GATE, state)
    residual, jacobian = newton_system(placed, state)
    by_state = row.copy()
    by_state[..., -1] += (row[..., :-1] * state[:, :-1] * np.array(VALENCE)).sum(axis=-1)
    whole = np.block([[jacobian, columns.reshape(-1, KINDS)], [by_state.reshape(KINDS, -1), corner]])
    update = np.linalg.solve(whole, -np.concatenate([residual, equation]))

    eliminate = eliminate_sized_ions if chain.packing.any() else eliminate_point_ions
    eliminate(placed, state, through, False, np.empty((NODES, m, m)), right)
    assert solve_border(equation, row, corner, right, delta)
    right = natural(chain, state, right)
    # 1e-7: as for the residual.
    np.testing.assert_allclose(delta, update[-KINDS:], rtol=1e-7, atol=1e-9 * np.abs(update[-KINDS:]).max())
    np.testing.assert_allclose(right[:, :, 0].ravel(), update[:-KINDS], rtol=1e-7, atol=1e-7 * np.abs(update).max())
