"""The Newton system of a chain by hand and as the kernels solve it, for the tests of the Jacobian."""

from __future__ import annotations

import math

import numpy as np
from scipy.optimize import brentq

from electrodiff.fvm.kernels.arrays import Chain
from electrodiff.fvm.kernels.chain import eliminate_point_ions, eliminate_sized_ions


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
        flux = chain.conductance[k] * (bernoulli(u) * c[0] - bernoulli(-u) * c[1])
        displacement = -chain.permittivity[k] * (phi[1] - phi[0])
        for side, sign, volume in ((0, 1, chain.volume_left[k]), (1, -1, chain.volume_right[k])):
            residual[k + side, :-1] += sign * flux
            charge = volume * (z @ (chain.partition[k] * c[side]) + chain.fixed_charge[k])
            residual[k + side, -1] += sign * displacement - charge
    return np.where(chain.free == 1, residual, state - chain.target)


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

    The kernel takes columns that differ from zero in one row only, as flows through the faces; a column is the sum of m
    such.
    """
    nodes, m, p = columns.shape
    through = np.zeros((nodes, p * m))
    right = np.zeros((nodes, m, 1 + p * m))
    for place in range(p * m):
        b, r = divmod(place, m)
        through[:, place] = np.cumsum(np.where(chain.free[:, r] == 1, columns[:, r, b], 0.0))
        right[:, r, 1 + place] = np.where(chain.free[:, r] == 1, 0.0, -columns[:, r, b])
    eliminate = eliminate_sized_ions if chain.packing.any() else eliminate_point_ions
    rows = np.tile(np.arange(m), p)
    failed, _, _ = eliminate(chain, state, through, rows, careful, np.empty((nodes, m, m)), right)
    assert failed == -1
    return np.concatenate([right[:, :, :1], right[:, :, 1:].reshape(nodes, m, p, m).sum(axis=3)], axis=2)


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
