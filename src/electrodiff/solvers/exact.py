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

from electrodiff.fvm.kernels import exact as kernels
from electrodiff.fvm.kernels.arrays import Chain, Floats
from electrodiff.fvm.problem import Problem, placed

# Turns between activities and steric coefficients, and the relative change at which they have settled.
MOST_TURNS = 20
SETTLED = 1e-15


def exact_activities(problem: Problem, state: Floats, gate: Floats) -> Floats:
    """The state (N, m) with the activities that its potential and its steric coefficients demand."""
    chain = placed(problem, gate, state)
    result = state.copy()
    kernels.closed_activities(chain, problem.border, state, _log_voids(chain, state), result)
    return result


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
    left, right = _log_voids(chain, state)
    return left[:, None] * chain.exponent, right[:, None] * chain.exponent


def _log_voids(chain: Chain, state: Floats) -> Floats:
    """(2, N-1) ln of the void fraction s at the left and the right end of every face; 0 for point ions."""
    log_void = np.zeros((2, chain.permittivity.size))
    if chain.packing.any():
        kernels.log_voids(chain, state, log_void)
    return log_void


def net_current(problem: Problem, state: Floats, gate: Floats, wanted: float) -> float:
    """Sum over the ions of z J less a wanted current, over the largest unidirectional z J.

    J is that of the two known ends of an ion that crosses the whole chain.  Its sign is right even where the currents are
    too small for numbers.
    """
    chain = placed(problem, gate, state)
    log_resistance = np.empty_like(chain.conductance)
    kernels.log_resistances(chain, state, _log_voids(chain, state), log_resistance)
    signs, logs = [0.0], [-np.inf]
    for i, z in enumerate(chain.valence):
        exponent = z * state[:, -1]
        log_r = log_resistance[:, i]
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
