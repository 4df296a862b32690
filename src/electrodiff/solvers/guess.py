"""A first guess that needs no solve."""

from __future__ import annotations

import numpy as np

from electrodiff import materials
from electrodiff.checks import SIDES
from electrodiff.ends import Closed, Reservoir
from electrodiff.fvm.borders import FREE_KINDS, PINNED_KINDS
from electrodiff.fvm.kernels.arrays import AMOUNT, Floats
from electrodiff.fvm.kernels.border import free_borders
from electrodiff.fvm.problem import Problem, reservoir_activities
from electrodiff.grid.scales import debye_lengths
from electrodiff.model import Case
from electrodiff.pathways import bulk_concentrations, working_transporters

# A layer thicker than this many Debye lengths is taken to be neutral inside; a thin one need not be.
SCREENED = 5
# A net charge below this part of the ions' is neutral enough for a guess.
NEUTRAL = 1e-3


def first_guess(problem: Problem) -> Floats:
    """State (N, m) that falls from one end to the other within each layer as resistances in series would.

    The voltage is shared by the layers like one over a row of capacitors, each min(thickness, Debye length) thick; the
    activity of an ion like a diffusing one's, each layer with thickness / (D beta), infinite where it is absent.  What
    cannot leave a compartment is spread evenly over it.
    """
    own = materials.materials_of(problem.case)
    dielectric = np.minimum(own.thickness, debye_lengths(problem.case)) / own.relative_permittivity
    progress = _progress(problem, np.column_stack([np.exp(own.log_resistance), dielectric]))
    left, right = (np.append(*ends) for ends in zip(_end_activities(problem), _end_potentials(problem), strict=True))
    # Exact at both ends: an ion absent on one side starts from 0 there, not from round-off.
    state = (1 - progress) * left + progress * right
    _spread_amounts(problem, state)
    _neutralise(problem, state)
    return with_pinned(problem, state)


def with_pinned(problem: Problem, state: Floats) -> Floats:
    """The state (N, m) with its pinned unknowns in place, but for those that are border unknowns."""
    chain, border = problem.chain, problem.border
    pinned = chain.free == 0
    if border.kind.size:
        own = np.isin(border.kind, PINNED_KINDS)
        pinned[border.node[own], border.row[own]] = False
    np.copyto(state, chain.target, where=pinned)
    return state


def first_gates(problem: Problem, state: Floats) -> Floats:
    """(p,) open fraction of every gate and rate of every transporter at a state; 1 for the other border unknowns."""
    gate = np.ones(problem.border.kind.size)
    # Of a floating end there is none, and no kernel to be fetched from the disk.
    if any(kind in FREE_KINDS for kind in problem.border.kind):
        free_borders(problem.chain.valence, problem.border, state, gate)
    return gate


def floating_guess(case: Case) -> float:
    """Membrane potential [RT/F] by one Newton step from 0 V on the total GHK current.

    V = - sum z P (c_left - c_right) / sum z^2 P (c_left + c_right)/2,    1/P = sum over layers of d / (D beta)
    """
    current = slope = 0.0
    left, right = bulk_concentrations(case, "left"), bulk_concentrations(case, "right")
    permeabilities = 1 / np.exp(materials.materials_of(case).log_resistance).sum(axis=0)
    for ion, permeability in zip(case.ions, permeabilities.tolist(), strict=True):
        z = case.valence(ion)
        current += z * permeability * (left[ion] - right[ion])
        slope += z**2 * permeability * (left[ion] + right[ion]) / 2
    return -current / slope if slope > 0 else 0.0


def _end_potentials(problem: Problem) -> tuple[float, float]:
    """Potentials of both ends; an end that gives none has that of the other, or inside a cell the one by GHK."""
    case, chain = problem.case, problem.chain
    floating = [
        end.is_floating if isinstance(end, Reservoir) else isinstance(end, Closed) and bool(working_transporters(case))
        for end in (case.left, case.right)
    ]
    known = [chain.free[node, -1] == 0 for node in (0, -1)]
    left, right = chain.target[0, -1], chain.target[-1, -1]
    if floating[0]:
        left = right + floating_guess(case)
    if floating[1]:
        right = left - floating_guess(case)
    known = [before or now for before, now in zip(known, floating, strict=True)]
    return (left if known[0] else right), (right if known[1] else left)


def _end_activities(problem: Problem) -> tuple[Floats, Floats]:
    """Activities (n,) at both ends; an end without a reservoir has those of the other, or those of the start of a cell."""
    case = problem.case
    if working_transporters(case):
        given = [list(bulk_concentrations(case, side).values()) for side in SIDES]
        left, right = (np.array(numbers) / problem.scales.concentration for numbers in given)
        # What starts from nothing would stay there: a rate has no logarithm of 0, and a factor of 0 lets nothing in.
        return np.where(left > 0, left, right), np.where(right > 0, right, left)
    sides = {
        side: reservoir_activities(case, side, problem.chain)
        for side, end in (("left", case.left), ("right", case.right))
        if isinstance(end, Reservoir)
    }
    nothing = np.zeros(len(case.ions))
    any_side = next(iter(sides.values()), nothing)
    return sides.get("left", any_side), sides.get("right", any_side)


def _spread_amounts(problem: Problem, state: Floats) -> None:
    """Fill every closed compartment evenly with what it holds of each ion."""
    chain, border = problem.chain, problem.border
    capacity = chain.partition * (chain.volume_left + chain.volume_right)[:, None]
    for b in np.flatnonzero(border.kind == AMOUNT):
        first, last, row = border.first[b], border.last[b], border.row[b]
        state[first : last + 1, row] = border.value[b] / capacity[first:last, row].sum()


def _neutralise(problem: Problem, state: Floats) -> None:
    """Shift the potential of layers much thicker than their Debye length until they are neutral, as in Donnan equilibrium.

    sum_i z_i beta_i a_i e^(-z_i psi) + X = 0,    a_i <- a_i e^(-z_i psi),    phi <- phi + psi
    """
    case, chain, n = problem.case, problem.chain, len(problem.case.ions)
    screened = materials.materials_of(case).thickness > SCREENED * debye_lengths(case)
    z = np.array(chain.valence)
    content = chain.partition * (state[:-1, :n] + state[1:, :n]) / 2
    charge = content @ z + chain.fixed_charge
    charged = screened[problem.mesh.layer] & (np.abs(charge) > NEUTRAL * (content @ np.abs(z)))
    if not charged.any():
        return
    shift = np.zeros(charge.size)
    shift[charged] = donnan_shift(z, content[charged], chain.fixed_charge[charged])
    # A node takes the mean of its two faces, so that an interface stands half way; an end has one face only.
    padded = np.concatenate([shift[:1], shift, shift[-1:]])
    psi = (padded[:-1] + padded[1:]) / 2
    state[:, :n] *= np.exp(-np.outer(psi, z))
    state[:, n] += psi


def donnan_shift(z: Floats, content: Floats, fixed_charge: Floats) -> Floats:
    """psi of sum_i z_i c_i e^(-z_i psi) + X = 0 for rows of concentrations c (F, n) and charges X (F,).

    Where there is no ion of the opposite sign to balance the charge, psi is 0.  A row does not depend on the others, not even
    by the order of a sum.
    """
    strength = np.maximum((content * z**2).sum(axis=1) / 2, 1e-300)
    can_balance = ((content * (z * np.sign(fixed_charge)[:, None] < 0)) > 0).any(axis=1)
    psi = np.where(can_balance, np.arcsinh(fixed_charge / (2 * strength)), 0.0)
    for _ in range(30):  # exact at once for a 1:1 salt; the steps for others are cut to 1 RT/F
        ions = content * z * np.exp(-np.outer(psi, z))
        step = (ions.sum(axis=1) + fixed_charge) / np.maximum((ions * z).sum(axis=1), 1e-300)
        psi += np.where(can_balance, np.clip(step, -1, 1), 0.0)
    return psi


def _progress(problem: Problem, share: Floats) -> Floats:
    """(N, m) fraction of the way from left to right at each node when each layer takes `share` (layers, m) of it.

    Evenly inside; a layer with an infinite share takes all of it.
    """
    mesh, thickness = problem.mesh, materials.materials_of(problem.case).thickness
    infinite = np.isinf(share)
    share = np.where(infinite.any(axis=0), infinite, share)
    step = (share / share.sum(axis=0) / thickness[:, None])[mesh.layer] * np.diff(mesh.x)[:, None]
    return np.asarray(np.minimum(np.concatenate([np.zeros((1, share.shape[1])), np.cumsum(step, axis=0)]), 1.0))
