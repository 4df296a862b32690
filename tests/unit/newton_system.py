"""The Newton system of a chain by hand and as the kernels solve it, for the tests of the Jacobian."""

from __future__ import annotations

import math

import numpy as np
from scipy.optimize import brentq

from electrodiff.fvm.kernels.arrays import Border, Chain
from electrodiff.fvm.kernels.chain import eliminate_point_ions, eliminate_sized_ions
from electrodiff.fvm.kernels.rates import AFFINITY


def void_by_bisection(chain: Chain, activity: np.ndarray, face: int) -> float:
    """ln s, s the root of s + sum v beta a s^k = 1, found by bracketing in ln s."""

    def missing(log_s: float) -> float:
        filled = chain.packing * chain.partition[face] * activity * np.exp(chain.exponent * log_s)
        return math.expm1(log_s) + float(filled.sum())

    return float(brentq(missing, -800.0, 0.0, xtol=1e-300, rtol=1e-15))


def bernoulli(u: np.ndarray) -> np.ndarray:
    """u / (e^u - 1)."""
    return np.divide(u, np.expm1(u), out=np.ones_like(u), where=u != 0)


def residual_by_hand(chain: Chain, state: np.ndarray) -> np.ndarray:
    """The equations of `chain` and `steric` as their texts state them, with numpy and brentq alone: (N, m)."""
    z = np.array(chain.valence)
    residual = np.zeros_like(state)
    residual[:, -1] -= chain.surface_charge
    for k in range(state.shape[0] - 1):
        a, phi = state[k : k + 2, :-1], state[k : k + 2, -1]
        log_gamma = [-chain.exponent * void_by_bisection(chain, a[side], k) for side in (0, 1)]
        c = a / np.exp(log_gamma)
        u = z * (phi[1] - phi[0]) + log_gamma[1] - log_gamma[0]
        flux = chain.conductance[k] * (bernoulli(u) * c[0] - bernoulli(-u) * c[1]) + chain.carried[k]
        displacement = -chain.permittivity[k] * (phi[1] - phi[0])
        for side, sign, volume in ((0, 1, chain.volume_left[k]), (1, -1, chain.volume_right[k])):
            residual[k + side, :-1] += sign * flux
            charge = volume * (z @ (chain.partition[k] * c[side]) + chain.fixed_charge[k])
            residual[k + side, -1] += sign * displacement - charge
    return np.where(chain.free == 1, residual, state - chain.target)


def rate_by_hand(border: Border, b: int, valence: tuple[float, ...], state: np.ndarray) -> float:
    """The rate of the transporter of border b at a state, as the text of `rates` states its law, with numpy alone."""
    (left, right), (linear, exponential) = border.sensed[b], border.by_voltage[b]
    voltage = state[left, -1] - state[right, -1]
    if border.law[b] == AFFINITY:
        moved = np.flatnonzero(border.stoichiometry[b])
        force = np.log(state[left, moved] / state[right, moved]) + np.array(valence)[moved] * voltage
        return float(border.value[b] * border.stoichiometry[b, moved] @ force)
    factors = 1.0
    for node, (half, hill, power) in zip((left, right), border.terms[b], strict=True):
        for a, K, h, p in zip(state[node, :-1], half, hill, power, strict=True):
            factors *= ((a / (a + K)) ** h if h else 1.0) * a**p
    return float(border.value[b] * max(1 + linear * voltage, 0.0) * math.exp(exponential * voltage) * factors)


def differences(function, point: np.ndarray, step: float = 1e-5) -> np.ndarray:
    """Central differences of a function of an array: (values, unknowns)."""
    columns = []
    for place in np.ndindex(point.shape):
        width = step * max(1.0, abs(point[place]))
        ends = []
        for sign in (1, -1):
            moved = point.copy()
            moved[place] += sign * width
            ends.append(np.ravel(function(moved)))
        columns.append((ends[0] - ends[1]) / (2 * width))
    return np.column_stack(columns)


def solved(chain: Chain, state: np.ndarray, columns: np.ndarray, careful: bool = True) -> np.ndarray:
    """The elimination for minus the residual and minus `columns` (N, m, p): (N, m, 1 + p), as x = (y, dphi).

    The kernel takes what columns do to free rows as flows through the faces.
    """
    nodes, m, _ = columns.shape
    free = chain.free[:, :, None] == 1
    through = np.cumsum(np.where(free, columns, 0.0), axis=0).transpose(0, 2, 1).copy()
    right = np.concatenate([np.zeros((nodes, m, 1)), np.where(free, 0.0, -columns)], axis=2)
    eliminate = eliminate_sized_ions if chain.packing.any() else eliminate_point_ions
    failed, _, _ = eliminate(chain, state, through, careful, np.empty((nodes, m, m)), right)
    assert failed == -1
    return right


def natural(chain: Chain, state: np.ndarray, update: np.ndarray) -> np.ndarray:
    """da and dphi (N, m, ...) of an update x: da_i = y_i - z_i a_i dphi."""
    result = update.copy()
    for i, z in enumerate(chain.valence):
        pull = z * state[:, i].reshape(-1, *[1] * (update.ndim - 2))
        result[:, i] -= pull * update[:, -1]
    return result


def by_update(chain: Chain, state: np.ndarray, row: np.ndarray) -> np.ndarray:
    """A row of derivatives (..., N, m) by a and phi as one by y and phi."""
    result = row.copy()
    result[..., -1] -= (row[..., :-1] * state[:, :-1] * np.array(chain.valence)).sum(axis=-1)
    return result


def newton_system(chain: Chain, state: np.ndarray, careful: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """Residual and Jacobian that the elimination has solved with: J from its inverse, R = -J y."""
    unit = np.eye(state.size).reshape(*state.shape, state.size)
    right = natural(chain, state, solved(chain, state, -unit, careful)).reshape(state.size, -1)
    jacobian = np.linalg.inv(right[:, 1:])
    return -jacobian @ right[:, 0], jacobian
