"""How a steady state changes with a number of its case, by the implicit function theorem.

The equations R(state, border unknowns; p) = 0 hold for every p, so that

    J d(state)/dp = - dR/dp

with the Jacobian J of Newton's method, border unknowns included.  At a given state R is an explicit function of the arrays of
the problem: dR/dp is a central difference of it, the mesh moving with the case, extrapolated after Richardson.  It is exact
where the arrays are linear in p, as in charges, concentrations, potentials and permeabilities.  No difference of two
solutions is taken.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from electrodiff.fvm.kernels.arrays import GATING, RATE, Chain, Floats
from electrodiff.fvm.kernels.border import border_equations, fill_through
from electrodiff.fvm.kernels.factors import Factors, Jacobian, factor, fill_flows, fill_jacobian, solve
from electrodiff.fvm.problem import Problem, placed


class Explicit(NamedTuple):
    """What the equations of N nodes and p border unknowns say at a given state."""

    flow: Floats
    """(N, m) of each ion and of the displacement through the face to the right of each node; 0 at the last"""
    charge: Floats
    """(N,) of each node"""
    target: Floats
    """(N, m) of what is pinned"""
    equation: Floats
    """(p,) border equations"""


class Tangent(NamedTuple):
    """Changes per unit of a number of the case."""

    state: Floats
    """(N, m) of activities and potential"""
    gate: Floats
    """(p,) of open fractions and rates; 0 for the other border unknowns"""
    flow: Floats
    """(N, m) as in `Explicit`"""


@dataclass(frozen=True)
class Linearised:
    """The equations about a solved state, factored."""

    chain: Chain
    state: Floats
    """(N, m)"""
    jacobian: Jacobian
    factors: Factors
    free: Floats
    """(p,) 1 for the border unknowns of the kinds GATING and RATE, 0 for those that are entries of the state"""
    through: Floats
    """(p, N, m) flows by one unit of each border unknown"""
    by_border: Floats
    """(p, N, m) update by one unit of each border unknown"""
    row: Floats
    """(p, N, m) derivatives of the border equations by the update"""
    small: Floats
    """(p, p) and by the border unknowns, once the chain has followed them"""


def explicit(problem: Problem, state: Floats, gate: Floats) -> Explicit:
    """What the equations of a problem say at any state (N, m) and gates (p,)."""
    chain = placed(problem, gate, state)
    flow, content = np.empty_like(state), np.empty_like(state)
    fill_flows(chain, state, flow, content)
    equation, _, _ = _border(problem, chain, state, gate)
    return Explicit(flow, content[:, -1], problem.chain.target, equation)


def _border(problem: Problem, chain: Chain, state: Floats, gate: Floats) -> tuple[Floats, Floats, Floats]:
    """g, c and e of `kernels.border`."""
    p, (nodes, m) = gate.size, state.shape
    residual, row, corner = np.empty(p), np.empty((p, nodes, m)), np.empty((p, p))
    if p:
        border_equations(chain, problem.border, gate, state, residual, row, corner)
    return residual, row, corner


def linearised(problem: Problem, state: Floats, gate: Floats) -> Linearised | None:
    """The equations about a solved state; None if they are singular there."""
    chain, (nodes, m), p = placed(problem, gate, state), state.shape, gate.size
    jacobian = Jacobian(*(np.zeros((nodes, m, m)) for _ in Jacobian._fields))
    fill_jacobian(chain, state, jacobian)
    inverse, upper, carry = (np.zeros((nodes, m, m)) for _ in range(3))
    factors = Factors(inverse, upper, carry, np.zeros((nodes, m)))
    if factor(chain, state, jacobian, 0.0, factors) >= 0:
        return None
    free = np.isin(problem.border.kind, (GATING, RATE)).astype(float)
    flow, content = np.empty_like(state), np.empty_like(state)
    if p:
        fill_flows(chain, state, flow, content)
    through, by_border = np.zeros((p, nodes, m)), np.empty((p, nodes, m))
    for b in range(p):
        source = np.zeros((nodes, m))
        if free[b]:
            fill_through(chain, problem.border, gate, b, flow, through[b])
        else:
            source[problem.border.node[b], problem.border.row[b]] = 1.0
        solve(chain, factors, through[b], source, by_border[b])
    _, row, corner = _border(problem, chain, state, gate)
    small = corner + np.einsum("bkr,ckr->bc", row, by_border)
    if not np.isfinite(small).all():
        return None
    return Linearised(chain, state, jacobian, factors, free, through, by_border, row, small)


def tangent(linear: Linearised, given: Explicit) -> Tangent:
    """What the solution does when the explicit equations change by `given`, per unit of the same number.

    Raises numpy.linalg.LinAlgError where the border equations are singular.
    """
    pinned = linear.chain.free == 0
    source = np.where(pinned, given.target, 0.0)
    source[:, -1] += np.where(pinned[:, -1], 0.0, given.charge)
    update = np.empty_like(linear.state)
    solve(linear.chain, linear.factors, np.ascontiguousarray(given.flow), source, update)
    border = np.zeros(linear.free.size)
    if border.size:
        # A row is as large as what it speaks of: a current and an amount have nothing in common.
        scale = np.abs(linear.small).max(axis=1)
        right = given.equation + np.einsum("bkr,kr->b", linear.row, update)
        border = np.linalg.solve(linear.small / scale[:, None], -right / scale)
        update = update + np.tensordot(border, linear.by_border, axes=1)
    outflow, inflow, _ = linear.jacobian
    flow = given.flow + np.matmul(outflow, update[..., None])[..., 0]
    flow[:-1] += np.matmul(inflow[:-1], update[1:, :, None])[..., 0]
    if border.size:
        flow += np.tensordot(border, linear.through, axes=1)
    change = update.copy()
    change[:, :-1] -= np.array(linear.chain.valence) * linear.state[:, :-1] * update[:, -1:]
    return Tangent(change, border * linear.free, flow)


def along(state: Floats, gate: Floats, change: Tangent, distance: float) -> tuple[Floats, Floats]:
    """State and gates at a distance along a tangent; an activity goes on by parts of itself, and so stays positive."""
    moved = state + distance * change.state
    activity, rate = state[:, :-1], change.state[:, :-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = np.exp(distance * rate / activity)
    moved[:, :-1] = np.where(activity > 0, activity * relative, moved[:, :-1])
    return moved, gate + distance * change.gate


def derivative(
    function: Callable[[float], tuple[Floats, ...]], step: float, columns: int
) -> tuple[tuple[Floats, ...], tuple[Floats, ...]]:
    """Derivative at 0 of arrays that are functions of a number, and what its last column has changed of it.

    Central differences of a step and its halves, extrapolated in Richardson's table of so many columns.
    """
    row: list[tuple[Floats, ...]] = []
    for halving in range(columns):
        h = step / 2**halving
        ahead, behind = function(h), function(-h)
        above, row = row, [tuple((a - b) / (2 * h) for a, b in zip(ahead, behind, strict=True))]
        for j, earlier in enumerate(above, start=1):
            row.append(tuple(f + (f - e) / (4.0**j - 1.0) for f, e in zip(row[-1], earlier, strict=True)))
    last = row[-1]
    before = row[-2] if len(row) > 1 else row[-1]
    return last, tuple(np.abs(a - b) for a, b in zip(last, before, strict=True))
