"""Steady, electroneutral diffusion of ions through a layer as a two-point problem, and its solution.

With potentials phi in units of R T / F, x in units of the layer, and ions of constant diffusivity,

    dc_i/dx = -z_i c_i phi' - g_i,    sum_i z_i c_i = 0,    g_i = J_i d / D_i

The sum over z_i gives phi' = -sum_i z_i g_i / S, S = sum_i z_i^2 c_i, so phi is linear in y, dy = dx / S up to a factor,
y from 0 to 1, and the concentrations follow a linear equation with constant coefficients (Schloegl):

    dc_i/dy = -z_i v c_i + s_i S,    v = phi(right) - phi(left) = sum_i z_i s_i,    s_i = -g_i / integral of S dy

The s_i are those that lead from one bath to the other, with one condition that is linear in them: v is given, or
the current, sum_i z_i D_i s_i, is zero.  Unknowns are f_i = c_i / (S_left e^(lambda y)), lambda = ln(S_right / S_left),
each over its own larger end value m_i, so that a trace ion keeps its digits:

    df/dy = K f,    K = -diag(z v + lambda) + (s/m) (z^2 m)^T + lambda z (z m)^T / sum z^2 m

The last term is zero for neutral f and keeps K from amplifying a charge that is round-off.  Shooting with exp(K) would
lose all digits beyond |z v| of 30, so [0, 1] is cut into segments with exp(K / segments) each, joined by Newton's method.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from electrodiff.errors import ConvergenceError
from electrodiff.theory._types import Floats
from electrodiff.theory.ghk import bernoulli

# Trials with random ions (|z| up to 3), baths (total jumps of e^20) and voltages (400 R T / F) took at most 12 steps.
_MOST_STEPS = 50
# Last update, relative to each unknown's scale: its square is what remains.  The second one is for round-off that
# exceeds the first, told by updates that no longer shrink.
_TOLERANCE, _ROUND_OFF = 1e-12, 1e-9


class Baths(NamedTuple):
    """Valences (n,), scales m (n,), scaled left and right ends (n,), lambda, and S on the left [mol/m^3]."""

    valence: Floats
    scale: Floats
    left: Floats
    right: Floats
    stretch: float
    strength: float

    @property
    def weight(self) -> Floats:
        """z^2 m: the sum of these times f is S over S_left e^(lambda y), 1 at both ends."""
        return self.valence**2 * self.scale


class Path(NamedTuple):
    """Solution: v, s (n,), and scaled ions at the nodes that bound the segments, (segments + 1, n)."""

    baths: Baths
    drop: float
    sources: Floats
    nodes: Floats

    @property
    def segments(self) -> int:
        """Number of equal parts of [0, 1] in y."""
        return len(self.nodes) - 1


def scaled_baths(valence: Floats, left: Floats, right: Floats) -> Baths:
    """Baths of ions that are present on one side at least; concentrations in mol/m^3."""
    strengths = valence**2 @ left, valence**2 @ right
    fractions = left / strengths[0], right / strengths[1]
    scale = np.maximum(*fractions)
    stretch = math.log(strengths[1] / strengths[0])
    return Baths(valence, scale, fractions[0] / scale, fractions[1] / scale, stretch, float(strengths[0]))


def first_sources(baths: Baths, drop: float) -> Floats:
    """The s at a voltage if S were exponential in y, which it is for monovalent ions: a Goldman flux of fractions."""
    u = baths.valence * drop + baths.stretch
    return baths.scale * (bernoulli(-u) * baths.right - bernoulli(u) * baths.left)


def solve_path(baths: Baths, weights: Floats, target: float, drop: float) -> Path:
    """Path for which sum_i weights_i s_i is the target, by Newton's method from a first guess of v.

    Raises ConvergenceError when the updates do not fall below round-off.
    """
    segments = 2 + math.ceil(float(np.max(np.abs(baths.valence * drop))) + abs(baths.stretch))
    inner = _first_nodes(baths, drop, np.linspace(0.0, 1.0, segments + 1)[1:-1])
    t = first_sources(baths, drop) / baths.scale
    last = math.inf
    for step in range(_MOST_STEPS):
        d_inner, d_t = _newton_step(baths, weights * baths.scale, target, inner, t)
        inner, t = inner + d_inner, t + d_t
        update = max(float(np.max(np.abs(d_inner))), float(np.max(np.abs(d_t) / (1.0 + np.abs(t)))))
        if update < _TOLERANCE or (step > 2 and _ROUND_OFF > update > 0.5 * last):
            nodes = np.vstack([baths.left, inner, baths.right])
            return Path(baths, float((baths.valence * baths.scale) @ t), t * baths.scale, nodes)
        last = update
    raise ConvergenceError(
        f"the diffusion of {len(t)} ions through an electroneutral layer was not found in {_MOST_STEPS} steps "
        f"(last update {last:.1e}); give a smaller voltage or leave out the scarcest ions"
    )


def _first_nodes(baths: Baths, drop: float, y: Floats) -> Floats:
    """Scaled ions (len(y), n) between the ends, for the sources of the first guess."""
    u = baths.valence * drop + baths.stretch
    decay = np.abs(u)
    along = np.where(u > 0.0, y[:, None], 1.0 - y[:, None])
    left_share = (1.0 - along) * np.exp(-decay * along) * bernoulli(-decay) / bernoulli(-decay * (1.0 - along))
    left_share = np.where(u > 0.0, left_share, 1.0 - left_share)
    return np.asarray(baths.left * left_share + baths.right * (1.0 - left_share))


def _matrix(baths: Baths, t: Floats) -> Floats:
    """K (n, n) for t = s / m."""
    z, m = baths.valence, baths.scale
    neutral = np.outer(z, z * m) / np.sum(baths.weight)
    return np.asarray(np.outer(t, baths.weight) - np.diag(z * ((z * m) @ t) + baths.stretch) + baths.stretch * neutral)


def _transfer(baths: Baths, t: Floats, segments: int) -> tuple[Floats, Floats]:
    """E = exp(K / segments) (n, n) and dE/dt of every ion (n, n, n): the corner of exp of [[K, dK], [0, K]]."""
    count = len(t)
    slopes = -np.einsum("k,ij->kij", baths.valence * baths.scale, np.diag(baths.valence))
    slopes[np.arange(count), np.arange(count)] += baths.weight
    blocks = np.zeros((count, 2 * count, 2 * count))
    blocks[:, :count, :count] = blocks[:, count:, count:] = _matrix(baths, t)
    blocks[:, :count, count:] = slopes
    both = _exponential(blocks / segments)
    return both[0, :count, :count], both[:, :count, count:]


def _exponential(matrices: Floats) -> Floats:
    """exp of matrices (..., k, k): Taylor series of a half to the 1st, 2nd, ... power, and squares of it.

    scipy's serves one matrix as well, but hands each small one to threads of the linear algebra, which takes ten times
    longer on some machines.
    """
    norm = float(np.max(np.sum(np.abs(matrices), axis=-1)))
    halvings = max(0, math.ceil(math.log2(2.0 * norm))) if norm > 0.0 else 0
    small, one = matrices / 2.0**halvings, np.eye(matrices.shape[-1])
    result = np.broadcast_to(one, matrices.shape)
    for order in range(15, 0, -1):  # the first omitted term is 2^-16 / 16! = 7e-19
        result = one + small @ result / order
    for _ in range(halvings):
        result = result @ result
    return np.asarray(result)


def _newton_step(baths: Baths, weights: Floats, target: float, inner: Floats, t: Floats) -> tuple[Floats, Floats]:
    """Update of the ions at the inner nodes (segments - 1, n) and of t (n,).

    Equations, a block of n for each segment k, in the unknowns f_1 ... f_(segments - 1), t:

        f_(k+1) - E f_k = 0,    E = exp(K(t) / segments)

    The sum of all blocks times z m is zero for any neutral ends; the condition on t, weighted by it, takes its place.
    """
    from scipy.sparse import csc_array, eye_array, hstack, kron
    from scipy.sparse.linalg import splu

    count, segments = len(t), len(inner) + 1
    transfer, slopes = _transfer(baths, t, segments)
    starts, ends = np.vstack([baths.left, inner]), np.vstack([inner, baths.right])
    border = -np.einsum("kij,pj->pik", slopes, starts)
    residual = ends - starts @ transfer.T
    charge = baths.valence * baths.scale
    residual[-1] += charge * (weights @ t - target)
    border[-1] += np.outer(charge, weights)
    same = kron(eye_array(segments, segments - 1), eye_array(count))
    before = kron(eye_array(segments, segments - 1, k=-1), transfer)
    system = hstack([same - before, border.reshape(-1, count)])
    update: Floats = splu(csc_array(system)).solve(-residual.ravel())
    return update[:-count].reshape(inner.shape), update[-count:]


def mean_strength(path: Path) -> float:
    """Integral of S over y [mol/m^3]: one over the mean of 1 / S over x."""
    return float(_node_positions(path)[-1])


def _growth(path: Path) -> Floats:
    """Matrix (n + 1, n + 1) of the linear equation in y of the scaled c e^(-lambda y_k) and of the integral of S."""
    count = len(path.sources)
    matrix = np.zeros((count + 1, count + 1))
    matrix[:-1, :-1] = _matrix(path.baths, path.sources / path.baths.scale) + path.baths.stretch * np.eye(count)
    matrix[-1, :-1] = path.baths.weight
    return matrix


def _strengths(path: Path) -> Floats:
    """S_left e^(lambda y_k) at the left node of every segment (segments,)."""
    y = np.arange(path.segments) / path.segments
    return np.asarray(path.baths.strength * np.exp(path.baths.stretch * y))


def _node_positions(path: Path) -> Floats:
    """Integral of S from y = 0 to every node (segments + 1,), proportional to x."""
    integral = _exponential(_growth(path) / path.segments)[-1, :-1]
    return np.concatenate([[0.0], np.cumsum(_strengths(path) * (path.nodes[:-1] @ integral))])


def concentrations_at(path: Path, x: Floats) -> tuple[Floats, Floats]:
    """y (p,) and the concentrations (n, p) [mol/m^3] at positions x (p,) from 0 to 1.

    Within its segment each y is the root of integral of S dy = x, a function that rises at the rate S > 0; S changes
    little in a segment, and Newton's method needs a few steps.
    """
    positions, growth = _node_positions(path), _growth(path)
    segment = np.clip(np.searchsorted(positions, x * positions[-1], side="right") - 1, 0, path.segments - 1)
    strength = _strengths(path)[segment]
    wanted = (x * positions[-1] - positions[segment]) / strength
    start = path.nodes[segment]
    step = wanted / (start @ path.baths.weight)
    y = np.zeros_like(x)
    for _ in range(_MOST_STEPS):
        y = np.clip(y + step, 0.0, 1.0 / path.segments)
        state = np.einsum("pij,pj->pi", _exponential(growth * y[:, None, None])[:, :, :-1], start)
        step = (wanted - state[:, -1]) / (state[:, :-1] @ path.baths.weight)
        if np.all(np.abs(step) < _TOLERANCE / path.segments):
            break
    concentrations = np.maximum(strength * path.baths.scale[:, None] * state[:, :-1].T, 0.0)
    return segment / path.segments + y, concentrations
