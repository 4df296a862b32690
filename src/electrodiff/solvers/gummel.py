"""Poisson's equation for ions at given electrochemical potentials: convex, so that damped Newton always arrives.

With w_i = a_i e^(z_i phi) held, the potential minimises

    1/2 sum over faces of eps (phi(right) - phi(left))^2 + sum over nodes of volume sum_i w_i beta_i e^(-z_i phi) - rho phi,

which is convex, for ions of finite size too.  Between such solutions the activities follow from the potential in closed
form (`exact`): H. K. Gummel, IEEE Trans. Electron Devices 11 (1964) 455.  At equilibrium that is all; with currents it is
where Newton's method on everything at once can start.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from electrodiff.fvm.borders import BorderUnknown
from electrodiff.fvm.kernels.arrays import AMOUNT, Chain, Floats
from electrodiff.fvm.kernels.checks import poisson_defects
from electrodiff.fvm.kernels.exact import LARGEST_LOG
from electrodiff.fvm.kernels.faces import node_charges
from electrodiff.fvm.problem import Problem
from electrodiff.solvers.exact import exact_activities, log_factors, settled_activities

# Steps of the potential and rounds of potential and activities.  A potential that is 2 V = 80 RT/F off is reached within
# a hundred steps.
MOST_STEPS = 300
MOST_ROUNDS = 40
# A first step of the potential longer than this starts with a larger permittivity, which falls by this from one to the next.
LONG = 100.0
SOFTER = 4.0
LARGEST_SOFTNESS = 1e12
# The potential is taken to be found when a round moves it by less than this [RT/F].
SETTLED = 1e-9
# Steps of the functional for the last digits of a solution.  Rounding may make one step worse than the one before it; a
# few more then find a better state; where it draws the potential of a pocket anew each time, more until one fulfils
# Poisson's equation.
MOST_POLISHING, MOST_IDLE = 24, 3
POLISHED = 1e-13
# Poisson's equation is fulfilled by a potential that it asks to change by no more than this [RT/F].
FULFILLED = 1e-10
# Rounds that gain less than this are not worth their time: so many in a row, or one that moves the potential by less than
# NEAR [RT/F], which rounding keeps from settling.
GAIN = 0.9
PATIENCE = 6
NEAR = 1e-3


def gummel(problem: Problem, state: Floats, gate: Floats) -> tuple[Floats, float]:
    """A state (N, m) near the solution: potentials and activities in turns, from one whose end potentials are right.

    Returns it with the change of the potential in the last turn [RT/F].
    """
    change = smallest = math.inf
    idle = 0
    for turn in range(MOST_ROUNDS):
        state = exact_activities(problem, state, gate)
        before = state[:, -1].copy()
        state = relaxed_potential(problem, state, soften=turn == 0)
        change = float(np.abs(state[:, -1] - before).max())
        # Near the solution each turn gains a constant factor; at rest it is there in two.  On the way a front may have to
        # cross a layer, and nothing is gained until it has; or the potential has so far to go that its steps run out.
        idle = 0 if change < GAIN * smallest or change > LONG else idle + 1
        if change < SETTLED or idle > (PATIENCE if change > NEAR else 0) or not math.isfinite(change):
            break
        smallest = min(change, smallest)
    return exact_activities(problem, state, gate), change


def relaxed_potential(problem: Problem, state: Floats, soften: bool = True) -> Floats:
    """The state with the potential that solves Poisson's equation at its electrochemical potentials.

    Of a confined ion the amount is held instead, N ln(sum over nodes of volume beta e^(-z phi)) in the functional.  With
    `soften`, where the first step is long, the permittivity comes down to its value from one that makes it short: charges
    far from where they belong would give kilovolts before they moved.
    """
    state = state.copy()
    with np.errstate(divide="ignore"):
        logs = np.log(state[:, :-1])
    softness = _softness(problem, state) if soften else 1.0
    while softness > 1:
        _relax(problem, softness, 1e-1, state, logs)
        softness = max(softness / SOFTER, 1.0)
    _relax(problem, 1.0, 1e-6, state, logs)
    return state


def _softness(problem: Problem, state: Floats) -> float:
    """The factor of the permittivity that makes the first step about one long."""
    step, _, _ = _newton_step(problem, state, 1.0, confined_response(problem, state))
    longest = float(np.abs(step).max())
    return min(longest, LARGEST_SOFTNESS) if longest > LONG and math.isfinite(longest) else 1.0


def _relax(problem: Problem, softness: float, tolerance: float, state: Floats, logs: Floats) -> None:
    """Damped Newton on the functional, in place; `logs` (N, n) are those of the activities, which may underflow."""
    valence = np.array(problem.chain.valence)
    for _ in range(MOST_STEPS):
        confined = confined_response(problem, state)
        step, scaling, _ = _newton_step(problem, state, softness, confined)
        # Not what is missing of an amount: of an ion that has been crowded out altogether, no scaling brings it back.
        longest, scaled = float(np.abs(step).max()), float(np.abs(scaling).max(initial=0.0))
        change = max(longest, scaled)
        if not math.isfinite(change):
            break
        # An exponential is followed by its tangent over about one unit: the damping of self-concordant functions.
        reach = max(float(np.abs(valence).max()) * longest, scaled)
        damping = math.log1p(reach) / reach if reach > 0 else 1.0
        by_step = _log_changes(problem, confined, step, scaling)
        state[:, -1] += damping * step
        logs += damping * by_step
        state[:, :-1] = np.exp(np.minimum(logs, LARGEST_LOG))
        if change < tolerance:
            break


def _log_changes(problem: Problem, confined: Confined, step: Floats, scaling: Floats) -> Floats:
    """(N, n) changes of ln a by a step of the potential (N,) and of ln w of the confined ions (p,)."""
    changes = -np.outer(step, problem.chain.valence)
    for unknown, factor in zip(confined.unknowns, scaling, strict=True):
        changes[unknown.first : unknown.last + 1, unknown.row] += factor
    return changes


class Confined(NamedTuple):
    """How the p confined ions answer to ln w, w their common a e^(z phi), and with it to the potential."""

    unknowns: list[BorderUnknown]
    missing: Floats
    """(p,) (amount given - amount held) / amount given."""
    by_scaling: Floats
    """(p, p) derivatives of the amounts held by ln w, over the amounts given."""
    charge: Floats
    """(p, N) derivatives of the charge of each node by ln w; of the amounts by -phi."""


def confined_response(problem: Problem, state: Floats) -> Confined:
    """The response of the confined ions of a state.

    dc_i/d(ln a_j) = c_i (delta_ij - k_i v_j c_j / S),    S = s + sum_l k_l v_l c_l
    """
    chain, border = problem.chain, problem.border
    places = np.flatnonzero(border.kind == AMOUNT)
    parts = (border.kind, border.node, border.row, border.first, border.last, border.value)
    unknowns = [BorderUnknown(*(array[b].item() for array in parts)) for b in places]
    charge, by = np.zeros((len(unknowns), state.shape[0])), np.zeros((len(unknowns), len(unknowns)))
    held = np.zeros(len(unknowns))
    if unknowns:
        rows = np.array([unknown.row for unknown in unknowns])
        inside = _inside(unknowns, state.shape[0] - 1)
        for side, (volume, log_factor) in enumerate(
            zip((chain.volume_left, chain.volume_right), log_factors(chain, state), strict=True)
        ):
            activity = state[side : state.shape[0] - 1 + side, :-1]
            c = chain.partition * activity * np.exp(log_factor)
            filled = np.exp(_log_void(chain, log_factor)) + c @ (chain.exponent * chain.packing)
            own = inside * c[:, rows]  # (faces, p)
            per_filling = own * (chain.packing[rows] / filled[:, None])
            spread = (c * chain.exponent) @ np.array(chain.valence)
            answer = volume[:, None] * (own * np.array(chain.valence)[rows] - spread[:, None] * per_filling)
            charge[:, side : state.shape[0] - 1 + side] += answer.T
            weighted = volume[:, None] * own
            held += weighted.sum(axis=0)
            by += np.diag(weighted.sum(axis=0)) - (weighted * chain.exponent[rows]).T @ per_filling
    given = np.array([unknown.value for unknown in unknowns])
    return Confined(unknowns, 1 - held / given, by / given[:, None], charge)


def _inside(unknowns: list[BorderUnknown], faces: int) -> Floats:
    """(faces, p) 1 where the ion of an unknown is confined."""
    face = np.arange(faces)[:, None]
    first, last = (np.array([getattr(unknown, name) for unknown in unknowns]) for name in ("first", "last"))
    return ((face >= first) & (face < last)).astype(float)


def _log_void(chain: Chain, log_factor: Floats) -> Floats:
    """(N-1,) ln s."""
    sized = np.flatnonzero(chain.exponent > 0)
    if sized.size == 0:
        return np.zeros(log_factor.shape[0])
    return np.asarray(log_factor[:, sized[0]] / chain.exponent[sized[0]])


def _newton_step(problem: Problem, state: Floats, softness: float, confined: Confined) -> tuple[Floats, Floats, Floats]:
    """Steps of phi (N,) and of ln w of the confined ions (p,); and that of phi alone, w being held (N,).

    [ T  -G' ] [ dphi  ]     [ -R               ]      T tridiagonal, symmetric, positive definite
    [ -G  M  ] [ dln w ]  =  [ amounts missing  ]
    """
    # Here, as it takes as long to import as a solve.
    from scipy.linalg import solveh_banded

    chain = problem.chain
    eps, free = softness * chain.permittivity, chain.free[:, -1]
    residual, slope = _residual(problem, state, softness)
    bands = np.zeros((2, free.size))
    bands[1] = np.where(free > 0, np.append(eps, 0.0) + np.insert(eps, 0, 0.0) + slope, 1.0)
    bands[0, 1:] = -eps * free[:-1] * free[1:]
    right = np.column_stack([-residual, confined.charge.T]) * free[:, None]
    solved: Floats = solveh_banded(bands, right, check_finite=False)
    given = np.array([unknown.value for unknown in confined.unknowns])
    coupling = confined.charge / given[:, None]
    small = confined.by_scaling - coupling @ solved[:, 1:]
    scaling = np.linalg.lstsq(small, confined.missing + coupling @ solved[:, 0], rcond=1e-14)[0]
    with np.errstate(invalid="ignore"):  # a step that is not finite is the caller's to see
        return solved[:, 0] + solved[:, 1:] @ scaling, scaling, solved[:, 0]


def _residual(problem: Problem, state: Floats, softness: float) -> tuple[Floats, Floats]:
    """(N,) R of Poisson's equation, the gradient of the functional, and minus the derivative of the charge; 0 if pinned."""
    chain = problem.chain
    charge, slope = np.empty(state.shape[0]), np.empty(state.shape[0])
    node_charges(chain, state, charge, slope)
    flow = -softness * chain.permittivity * np.diff(state[:, -1])
    return (np.append(flow, 0.0) - np.insert(flow, 0, 0.0) - charge) * chain.free[:, -1], slope


def polished(problem: Problem, state: Floats, gate: Floats) -> Floats:
    """A solution with the last digits of the potential of pockets.

    Where ions are confined, the potential of a whole pocket may be held by the last digits of its charge only, which an
    update of all unknowns at once does not see; a step of the functional does.  The same where the activities that the
    potential demands are not quite those of the elimination.  Of the states on the way the one counts
    that the next step moves least; but where rounding moves them all about, none that leaves Poisson's equation unfulfilled.
    """
    best, smallest, idle = state, (math.inf, math.inf), 0
    for _ in range(MOST_POLISHING):
        step, scaling, alone = _newton_step(problem, state, 1.0, confined := confined_response(problem, state))
        change = float(np.abs(step).max())
        if not np.isfinite(change):
            break
        rank = max(float(np.abs(alone).max()), FULFILLED), change
        idle = 0 if rank < smallest else idle + 1
        if idle == 0:
            best, smallest = state, rank
        if rank <= (FULFILLED, POLISHED) or (idle > MOST_IDLE and smallest[0] <= FULFILLED):
            break
        with np.errstate(divide="ignore"):
            logs = np.log(state[:, :-1]) + _log_changes(problem, confined, step, scaling)
        moved = np.column_stack([np.exp(np.minimum(logs, LARGEST_LOG)), state[:, -1] + step])
        state = settled_activities(problem, moved, gate)
    return best


def poisson_defect(chain: Chain, state: Floats) -> Floats:
    """(N,) what each row of Poisson's equation misses, less the rounding of its terms; 0 if pinned.

    The smaller of the part of its terms and the change of the potential [RT/F] that it asks for.
    """
    defect = np.empty(state.shape[0])
    poisson_defects(chain, state, defect)
    return defect
