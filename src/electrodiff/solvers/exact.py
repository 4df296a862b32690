"""Activities that carry constant fluxes through a given potential, in closed form.

In steady state the flux J_i A of an ion is the same through all faces that it can pass, and on each of them

    J_i r_i = w_i(left) - w_i(right),    w_i = a_i e^(z_i phi),    r_i = gamma_i e^(z_i phi) (left) / (G_i B(u_i)),

so that between two nodes where w is known

    w(k) = [w(first) R(k ... last) + w(last) R(first ... k)] / R(first ... last),    R the sum of r;

a stretch with one such node, or with a given amount, has a constant w.  Everything is positive and done in logarithms: the
result is right to round-off whatever barriers and pockets there are.

Transporters carry T of it through some faces, J r = w(left) - w(right) + r T, which adds to w what T alone would make between
nodes where w is 0.  That may be negative: an ion that is carried faster than it can come has no such state.
"""

from __future__ import annotations

import numpy as np

from electrodiff.fvm.borders import stretches
from electrodiff.fvm.kernels.arrays import AMOUNT, Chain, Floats
from electrodiff.fvm.kernels.faces import face_values
from electrodiff.fvm.problem import Problem, placed

# Turns between activities and steric coefficients, and the relative change at which they have settled.
MOST_TURNS = 20
SETTLED = 1e-15

# Beyond this a double overflows; an activity of e^700 is no solution of anything.
LARGEST_LOG = 700.0


def exact_activities(problem: Problem, state: Floats, gate: Floats) -> Floats:
    """The state (N, m) with the activities that its potential and its steric coefficients demand."""
    chain, border = placed(problem, gate, state), problem.border
    log_left, log_right = log_factors(chain, state)
    result = state.copy()
    for i, z in enumerate(chain.valence):
        exponent = z * state[:, -1]
        gamma = (-log_left[:, i], -log_right[:, i])
        log_r = _log_resistances(chain.conductance[:, i], exponent, *gamma)
        for first, last in stretches(chain.conductance[:, i] > 0):
            nodes, faces = slice(first, last + 1), slice(first, last)
            held = np.flatnonzero((border.kind == AMOUNT) & (border.row == i) & (border.first == first))
            if held.size:
                content = _log_contents(chain, i, faces, exponent[nodes], gamma[0][faces], gamma[1][faces])
                added = _carried(chain.carried[faces, i], log_r[faces], np.zeros(0))
                log_w = _holding(np.log(border.value[held[0]]), content, added, last + 1 - first)
            else:
                known = np.flatnonzero(chain.free[nodes, i] == 0)
                added = _carried(chain.carried[faces, i], log_r[faces], known)
                log_w = _between(log_r[faces], exponent[nodes], known, state[nodes, i])
            result[nodes, i] = np.exp(np.minimum(_changed(log_w, added) - exponent[nodes], LARGEST_LOG))
            if not held.size:
                pinned = np.flatnonzero(chain.free[nodes, i] == 0) + first
                result[pinned, i] = state[pinned, i]
    return result


def _carried(carried: Floats, log_r: Floats, known: np.ndarray) -> tuple[Floats, Floats] | None:
    """ln of what transporters add to w and of what they take from it (N,); None without them.

    Nothing at the `known` nodes, which are both ends, and J = sum r T / sum r; or one end, and J = 0; of none, at the left.
    """
    if not carried.any():
        return None
    # The sums of r T from the first node to each, and from each to the last, of either sign.
    with np.errstate(divide="ignore"):
        signs = [log_r + np.log(np.maximum(sign * carried, 0.0)) for sign in (1.0, -1.0)]
    nothing = np.array([-np.inf])
    before = [np.concatenate([nothing, np.logaddexp.accumulate(part)]) for part in signs]
    after = [np.concatenate([np.logaddexp.accumulate(part[::-1])[::-1], nothing]) for part in signs]
    if known.size < 2:
        from_left = known.size == 0 or known[0] == 0
        return (before[0], before[1]) if from_left else (after[1], after[0])
    left = np.concatenate([nothing, np.logaddexp.accumulate(log_r)])
    right = np.concatenate([np.logaddexp.accumulate(log_r[::-1])[::-1], nothing])
    whole = left[-1]
    added = np.logaddexp(before[0] + right - whole, after[1] + left - whole)
    taken = np.logaddexp(before[1] + right - whole, after[0] + left - whole)
    return added, taken


def _changed(log_w: Floats, added: tuple[Floats, Floats] | None) -> Floats:
    """ln of w with what is added and taken; -inf where nothing is left."""
    if added is None:
        return log_w
    gross = np.logaddexp(log_w, added[0])
    with np.errstate(divide="ignore", invalid="ignore"):
        left: Floats = np.log1p(-np.exp(np.minimum(added[1] - gross, 0.0)))
    return np.asarray(np.where(np.isneginf(added[1]), gross, gross + left))


def settled_activities(problem: Problem, state: Floats, gate: Floats) -> Floats:
    """The same with the steric coefficients of the result itself: a few turns, as they hardly matter to each other."""
    exact = exact_activities(problem, state, gate)
    turns = MOST_TURNS if problem.chain.packing.any() else 0
    for _ in range(turns):
        before = exact
        exact = exact_activities(problem, before, gate)
        if not (np.abs(exact - before) > SETTLED * np.abs(before)).any():
            break
    return exact


def log_factors(chain: Chain, state: Floats) -> tuple[Floats, Floats]:
    """ln(1/gamma) = k ln s of every ion at the left and the right end of every face, (N-1, n) each."""
    shape = chain.conductance.shape
    if not chain.packing.any():
        return np.zeros(shape), np.zeros(shape)
    flux, weight, left, right = (np.empty(shape) for _ in range(4))
    face_values(chain, state, flux, weight, left, right)
    factors = []
    for concentration, activity in ((left, state[:-1, :-1]), (right, state[1:, :-1])):
        # The void fraction s from the ion that fills most, which is there whenever s is not 1.
        most = np.argmax(chain.packing * concentration, axis=1)[:, None]
        c, a, beta = (np.take_along_axis(array, most, axis=1) for array in (concentration, activity, chain.partition))
        exponent = np.where(chain.exponent > 0, chain.exponent, 1.0)[most]
        with np.errstate(divide="ignore", invalid="ignore"):
            log_s = np.where(c > 0, (np.log(c) - np.log(a) - np.log(beta)) / exponent, 0.0)
        factors.append(log_s * chain.exponent)
    return factors[0], factors[1]


def _log_resistances(conductance: Floats, exponent: Floats, gamma_left: Floats, gamma_right: Floats) -> Floats:
    """(N-1,) ln r of every face; not finite where the ion cannot pass."""
    u = np.diff(exponent) + gamma_right - gamma_left
    with np.errstate(divide="ignore"):
        return np.asarray(exponent[:-1] + gamma_left - np.log(conductance) - log_bernoulli(u))


def log_bernoulli(u: Floats) -> Floats:
    """ln B(u) of B(u) = u/(e^u - 1)."""
    size = np.maximum(np.abs(u), 1e-8)
    return np.where(np.abs(u) < 1e-8, -u / 2, np.log(size) - np.maximum(u, 0.0) - np.log(-np.expm1(-size)))


def _log_contents(
    chain: Chain, i: int, faces: slice, exponent: Floats, gamma_left: Floats, gamma_right: Floats
) -> Floats:
    """(N,) ln of what every node of these faces holds of ion i at w = 1."""
    with np.errstate(divide="ignore"):
        beta = np.log(chain.partition[faces, i])
        left = beta + np.log(chain.volume_left[faces]) - exponent[:-1] - gamma_left
        right = beta + np.log(chain.volume_right[faces]) - exponent[1:] - gamma_right
    return np.asarray(np.logaddexp(np.append(left, -np.inf), np.insert(right, 0, -np.inf)))


def _holding(log_amount: float, contents: Floats, added: tuple[Floats, Floats] | None, nodes: int) -> Floats:
    """(N,) ln of the constant w with which a stretch holds an amount, beside what is added and taken."""
    whole = float(np.logaddexp.reduce(contents))
    if added is None:
        return np.full(nodes, log_amount - whole)
    more, less = (float(np.logaddexp.reduce(contents + part)) for part in added)
    return np.full(nodes, float(_changed(np.array([log_amount]), (np.array([less]), np.array([more])))[0]) - whole)


def _between(log_r: Floats, exponent: Floats, known: np.ndarray, activity: Floats) -> Floats:
    """ln w of a stretch from its known nodes: none or at its ends."""
    with np.errstate(divide="ignore"):
        log_w = np.log(activity) + exponent
    if known.size == 0:
        return log_w
    if known.size == 1:
        return np.full(exponent.size, log_w[known[0]])
    from_left = np.concatenate([[-np.inf], np.logaddexp.accumulate(log_r)])
    from_right = np.concatenate([np.logaddexp.accumulate(log_r[::-1])[::-1], [-np.inf]])
    total = from_left[-1]
    return np.asarray(np.logaddexp(log_w[0] + from_right - total, log_w[-1] + from_left - total))


def net_current(problem: Problem, state: Floats, gate: Floats, wanted: float) -> float:
    """Sum over the ions of z J less a wanted current, over the largest unidirectional z J.

    J is that of the two known ends of an ion that crosses the whole chain.  Its sign is right even where the currents are
    too small for numbers.
    """
    chain = placed(problem, gate, state)
    log_left, log_right = log_factors(chain, state)
    signs, logs = [0.0], [-np.inf]
    for i, z in enumerate(chain.valence):
        exponent = z * state[:, -1]
        log_r = _log_resistances(chain.conductance[:, i], exponent, -log_left[:, i], -log_right[:, i])
        crosses = bool((chain.conductance[:, i] > 0).all())
        whole = np.logaddexp.reduce(log_r) if crosses else 0.0
        with np.errstate(divide="ignore"):
            ends = np.log(abs(z) * state[[0, -1], i]) + exponent[[0, -1]] - whole
            # Of what is carried, the share that does not leak back on the spot; all of it where the ion cannot pass.
            carried = [np.log(abs(z) * np.maximum(sign * chain.carried[:, i], 0.0)) for sign in (1.0, -1.0)]
        if crosses and z:
            signs += [np.sign(z), -np.sign(z)]
            logs += ends.tolist()
        if z and chain.carried[:, i].any():
            signs += [np.sign(z), -np.sign(z)]
            logs += [float(np.logaddexp.reduce(part + log_r - whole) if crosses else part.max()) for part in carried]
    largest = max(logs)
    if not np.isfinite(largest):
        return -wanted
    with np.errstate(over="ignore"):
        share = wanted * float(np.exp(-largest)) if wanted else 0.0
        return float(np.array(signs) @ np.exp(np.array(logs) - largest)) - share
