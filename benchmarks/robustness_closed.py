"""The discrete equations in extended precision, and what they say in closed form once the potential is known.

With phi given, the steady fluxes of each ion are linear in a~ = a e^(z phi), face by face

    J r_f = a~(left) - a~(right),    r_f = gamma(left) e^(z phi(left)) / (D beta A/h B(u_f)),
    u_f = z (phi(right) - phi(left)) + ln gamma(right) - ln gamma(left)

so that with R_k the sum of r over the faces before node k, and R that over all of them,

    both ends pinned      a~_k = [a~_0 (R - R_k) + a~_N R_k] / R,    J = (a~_0 - a~_N) / R
    one end pinned        a~_k = that of the end,                    J = 0
    none                  a~_k = N / sum of (volume beta e^(-z phi) / gamma),    J = 0, N the amount

All terms are positive; they are kept as logarithms, so that nothing overflows and nothing cancels.  Everything here is
numpy in 80 bits and shares no code with the kernels; only the arrays of the problem are theirs.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from electrodiff import Reservoir, Solution
from electrodiff.fvm.kernels.arrays import AMOUNT, GATING

Reals = NDArray[np.longdouble]

# The series of ln(u/(e^u - 1)) to u^4 is exact to 80 bits below this: the next term is u^6/181440.
SMALL = 1e-3
# Newton's steps on the void fraction, which converge quadratically from any start.
STEPS = 100


@dataclass(frozen=True)
class Discrete:
    """The arrays of a problem and a state in 80 bits: N nodes, F faces, n ions; an axis of two is left and right."""

    valence: Reals
    activity: Reals
    """(N, n)"""
    phi: Reals
    """(N,)"""
    partition: Reals
    """(F, n)"""
    conductance: Reals
    """(F, n), gates included."""
    permittivity: Reals
    """(F,)"""
    volume: Reals
    """(F, 2)"""
    fixed_charge: Reals
    """(F,)"""
    surface_charge: Reals
    """(N,)"""
    packing: Reals
    exponent: Reals
    solves_poisson: NDArray[np.bool_]
    """(N,) whether the potential of the node obeys Poisson's equation."""
    reservoirs: tuple[bool, bool]
    """Whether the left and the right end are reservoirs."""

    @cached_property
    def log_activity(self) -> Reals:
        """(N, n) ln a."""
        return logarithm(self.activity)

    @cached_property
    def log_gamma(self) -> Reals:
        """(F, 2, n) ln gamma of the state."""
        return log_gamma(self, self.log_activity)

    @cached_property
    def log_coefficients(self) -> tuple[Reals, Reals]:
        """(F, n) ln of the coefficients of the two activities in the flux; -inf where the ion is absent."""
        gamma = self.log_gamma
        u = self.valence * np.diff(self.phi)[:, None] + gamma[:, 1] - gamma[:, 0]
        base = logarithm(self.conductance) + log_bernoulli(u)
        return base - gamma[:, 0], base + u - gamma[:, 1]

    @cached_property
    def face_fluxes(self) -> tuple[Reals, Reals]:
        """(F, n) flux of each ion through each face, and the sum of its two parts' sizes, by which it is rounded."""
        log_plus, log_minus = self.log_coefficients
        left, right = np.exp(log_plus + self.log_activity[:-1]), np.exp(log_minus + self.log_activity[1:])
        return left - right, left + right

    @cached_property
    def concentration(self) -> Reals:
        """(F, 2, n) c at both ends of each face."""
        return concentrations(self, self.log_activity, self.log_gamma)


def extended(solution: Solution) -> Discrete:
    """The problem and the state of a solution in 80 bits."""
    chain, border, state = solution.problem.chain, solution.problem.border, _reals(solution.state)
    whole = _reals(chain.conductance)
    gates = np.flatnonzero(border.kind == GATING)
    conductance = whole.copy()
    for b in gates:
        faces, row = slice(border.first[b], border.last[b]), border.row[b]
        same = gates[(border.row[gates] == row) & (border.first[gates] == border.first[b])]
        share, opened = _reals(border.share[same]), _reals(solution.gate[same])
        conductance[faces, row] = (1 - share.sum() + (share * opened).sum()) * whole[faces, row]
    return Discrete(
        valence=_reals(chain.valence),
        activity=state[:, :-1],
        phi=state[:, -1],
        partition=_reals(chain.partition),
        conductance=conductance,
        permittivity=_reals(chain.permittivity),
        volume=np.stack([_reals(chain.volume_left), _reals(chain.volume_right)], axis=1),
        fixed_charge=_reals(chain.fixed_charge),
        surface_charge=_reals(chain.surface_charge),
        packing=_reals(chain.packing),
        exponent=_reals(chain.exponent),
        solves_poisson=chain.free[:, -1] == 1,
        reservoirs=(isinstance(solution.case.left, Reservoir), isinstance(solution.case.right, Reservoir)),
    )


def _reals(values: object) -> Reals:
    return np.array(values, dtype=np.longdouble)


def logarithm(values: Reals) -> Reals:
    """ln, -inf of 0."""
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(values))


def log_bernoulli(u: Reals) -> Reals:
    """ln B(u) of B(u) = u/(e^u - 1); ln B(-u) = ln B(u) + u."""
    v = np.abs(u)
    result = -v / 2 - v**2 / 24 + v**4 / 2880
    large = v[v >= SMALL]
    result[v >= SMALL] = np.log(large) - large - np.log(-np.expm1(-large))
    return np.asarray(result + np.maximum(-u, 0))


# ---- activity coefficients and concentrations ---------------------------------------------------------------------


def log_gamma(discrete: Discrete, log_activity: Reals) -> Reals:
    """(F, 2, n) ln gamma of each ion at both ends of each face, for ln a (N, n)."""
    shape = (*discrete.volume.shape, discrete.valence.size)
    if not discrete.packing.any():
        return np.zeros(shape, dtype=np.longdouble)
    at_ends = np.stack([log_activity[:-1], log_activity[1:]], axis=1)
    filled = logarithm(discrete.packing * discrete.partition)[:, None, :] + at_ends
    return -discrete.exponent * _log_void(filled, discrete.exponent)[..., None]


def _log_void(log_filled: Reals, exponent: Reals) -> Reals:
    """ln s with s + sum_j p_j s^(k_j) = 1, for ln p (..., n)."""
    log_s = -np.log1p(np.exp(log_filled).sum(axis=-1))
    for _ in range(STEPS):
        parts = np.exp(log_filled + exponent * log_s[..., None])
        total = np.exp(log_s) + parts.sum(axis=-1)
        change = np.log(total) * total / (np.exp(log_s) + parts @ exponent)
        log_s = np.minimum(log_s - change, 0)
        if (np.abs(change) <= 1e-17 * (1 - log_s)).all():
            break
    return np.asarray(log_s)


def concentrations(discrete: Discrete, log_activity: Reals, gamma: Reals) -> Reals:
    """(F, 2, n) c = beta a / gamma at both ends of each face."""
    at_ends = np.stack([log_activity[:-1], log_activity[1:]], axis=1)
    return np.asarray(discrete.partition[:, None, :] * np.exp(at_ends - gamma))


# ---- the closed form of each ion ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Stretch:
    """One ion between two nodes that it cannot pass, or up to the ends: its closed form."""

    ion: int
    first: int
    last: int
    log_activity: Reals
    """(last - first + 1,) ln a; -inf where there is none."""
    flux: np.longdouble
    gross_flux: np.longdouble
    """(a~_0 + a~_N) / R: what the flux would be without cancellation; 0 without a reservoir at either end."""
    is_trapped: bool
    log_scale: np.longdouble
    """Largest ln a~ of the ends that pin it."""


@dataclass(frozen=True)
class ClosedForm:
    """Every stretch of every ion, and the concentrations that they make."""

    stretches: list[Stretch]
    concentration: Reals
    """(F, 2, n)"""


def closed_form(solution: Solution, discrete: Discrete) -> ClosedForm:
    """The closed form at the potential of a state."""
    found = [
        _stretch(solution, discrete, ion, first, last)
        for ion in range(discrete.valence.size)
        for first, last in stretches(discrete.conductance[:, ion] > 0)
    ]
    log_a = joined(discrete, found)
    return ClosedForm(found, concentrations(discrete, log_a, log_gamma(discrete, log_a)))


def stretches(present: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First and last node of each maximal run of faces that let an ion pass."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], present.astype(int), [0]])))
    return [(int(start), int(stop)) for start, stop in zip(edges[::2], edges[1::2], strict=True)]


def _stretch(solution: Solution, discrete: Discrete, ion: int, first: int, last: int) -> Stretch:
    target = logarithm(_reals(solution.problem.chain.target[:, ion]))
    energy = discrete.valence[ion] * discrete.phi
    at_left = first == 0 and discrete.reservoirs[0]
    at_right = last == discrete.phi.size - 1 and discrete.reservoirs[1]
    pinned = [target[node] + energy[node] for node, is_end in ((first, at_left), (last, at_right)) if is_end]
    nothing = np.longdouble(0)
    inside = slice(first, last + 1)
    if at_left and at_right:
        log_form, log_resistance = _between(discrete, ion, pinned[0], pinned[1])
        parts = [np.exp(end - log_resistance) for end in pinned]
        flux, gross = parts[0] - parts[1], parts[0] + parts[1]
    else:
        level = pinned[0] if pinned else _level(solution, discrete, ion, first, last)
        log_form, flux, gross = np.full(last + 1 - first, level), nothing, nothing
    scale = max(pinned, default=-np.longdouble("inf"))
    return Stretch(ion, first, last, log_form - energy[inside], flux, gross, not pinned, scale)


def _between(discrete: Discrete, ion: int, left: np.longdouble, right: np.longdouble) -> tuple[Reals, np.longdouble]:
    """ln a~ (N,) of an ion pinned at both ends, and ln R."""
    log_r = discrete.valence[ion] * discrete.phi[:-1] - discrete.log_coefficients[0][:, ion]
    nothing = np.full(1, -np.inf, dtype=np.longdouble)
    before = np.concatenate([nothing, np.logaddexp.accumulate(log_r)])
    after = np.concatenate([np.logaddexp.accumulate(log_r[::-1])[::-1], nothing])
    return np.logaddexp(left + after, right + before) - before[-1], before[-1]


def _level(solution: Solution, discrete: Discrete, ion: int, first: int, last: int) -> np.longdouble:
    """ln a~ of a trapped ion, from its amount."""
    border = solution.problem.border
    own = (border.kind == AMOUNT) & (border.row == ion) & (border.first == first) & (border.last == last)
    if not own.any():
        return -np.longdouble("inf")  # nothing of it is there
    faces = slice(first, last)
    energy = discrete.valence[ion] * np.stack([discrete.phi[:-1], discrete.phi[1:]], axis=1)[faces]
    log_room = logarithm(discrete.volume[faces] * discrete.partition[faces, ion, None])
    room = np.logaddexp.reduce((log_room - energy - discrete.log_gamma[faces, :, ion]).ravel())
    return np.longdouble(logarithm(_reals(border.value[own][0])) - room)


def joined(discrete: Discrete, parts: list[Stretch]) -> Reals:
    """(N, n) ln a of the closed form; -inf where there is nothing."""
    log_a = np.full(discrete.activity.shape, -np.inf, dtype=np.longdouble)
    for part in parts:
        log_a[part.first : part.last + 1, part.ion] = part.log_activity
    return log_a


# ---- Poisson's equation -------------------------------------------------------------------------------------------


def poisson(discrete: Discrete, concentration: Reals) -> tuple[Reals, Reals]:
    """(N,) residual of Poisson's equation at each node for concentrations (F, 2, n), and the sum of its terms' sizes.

    R_k = d_k - d_(k-1) - q_k,    d = -eps (phi(right) - phi(left))
    """
    displacement = -discrete.permittivity * np.diff(discrete.phi)
    ions = discrete.valence * concentration * discrete.volume[..., None]
    fixed = discrete.fixed_charge[:, None] * discrete.volume
    gross = np.abs(ions).sum(axis=-1) + np.abs(fixed)
    residual = -discrete.surface_charge
    size = np.abs(discrete.surface_charge)
    charge = ions.sum(axis=-1) + fixed
    for nodes, side, sign in ((slice(None, -1), 0, 1), (slice(1, None), 1, -1)):
        residual[nodes] += sign * displacement - charge[:, side]
        size[nodes] += np.abs(displacement) + gross[:, side]
    return residual, size
