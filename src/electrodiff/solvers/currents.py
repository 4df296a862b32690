"""Currents in time: rates of change of a state, and the total current with its displacement."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from electrodiff.fvm.kernels.arrays import CURRENT, Floats
from electrodiff.fvm.kernels.border import place_flows
from electrodiff.fvm.kernels.factors import Factors, Jacobian, factor, fill_flows, fill_jacobian, solve
from electrodiff.fvm.problem import Problem, own_arrays


def total_currents(
    problem: Problem, state: Floats, gate: Floats, end_rates: tuple[Floats, Floats], current: float
) -> Floats:
    """Conduction and displacement through every face (N-1,), dimensionless, per reference area.

    gate (p,): open fractions and rates; end_rates: the rates of the potentials (2,) and of the surface charges (2,) that are
    given at the left and right end; current: what a floating end is asked for.  The rates of change of a state are those
    that the contents change by the flows, and the potential by Poisson's equation.
    """
    problem = _gated(problem, gate)
    chain, border = problem.chain, problem.border
    jacobian, factors = _instantaneous(problem, state)
    flow, content = np.zeros_like(state), np.zeros_like(state)
    fill_flows(chain, state, flow, content)
    conduction = flow[:-1, :-1] @ np.array(chain.valence)
    flow[:, -1] = 0.0
    source = np.zeros_like(state)
    for node, potential, charge in zip((0, -1), *end_rates, strict=True):
        source[node, -1] = potential if chain.free[node, -1] == 0 else charge
    rates = np.zeros_like(state)
    solve(chain, factors, flow, source, rates)
    total = conduction + _displacement(jacobian, rates)
    for b in np.flatnonzero(border.kind == CURRENT):
        source[:] = 0.0
        source[border.node[b], border.row[b]] = 1.0
        by_end = np.zeros_like(state)
        solve(chain, factors, np.zeros_like(state), source, by_end)
        face = border.first[b]
        charging = _displacement(jacobian, by_end)
        total += charging * (current - total[face]) / charging[face]
    return np.asarray(total)


def _gated(problem: Problem, gate: Floats) -> Problem:
    """The problem with what its gates let through and its transporters carry."""
    chain = own_arrays(problem.chain)
    place_flows(problem.border, problem.chain.conductance, gate, chain)
    return replace(problem, chain=chain)


def _instantaneous(problem: Problem, state: Floats) -> tuple[Jacobian, Factors]:
    """The Jacobian for rates of change: what is stored at each node, and the displacement, but no flows of ions."""
    nodes, m = state.shape
    square = (nodes, m, m)
    jacobian = Jacobian(np.zeros(square), np.zeros(square), np.zeros(square))
    fill_jacobian(problem.chain, state, jacobian)
    jacobian.outflow[:, :-1] = 0.0
    jacobian.inflow[:, :-1] = 0.0
    # A node that holds nothing of an ion: any rate will do, and none is the simplest.
    empty = jacobian.storage[:, range(m - 1), range(m - 1)] == 0
    nodes_empty, rows = np.nonzero(empty & (problem.chain.free[:, :-1] > 0))
    jacobian.storage[nodes_empty, rows, rows] = 1.0
    factors = Factors(np.zeros(square), np.zeros(square), np.zeros(square), np.zeros((nodes, m)))
    factor(problem.chain, state, jacobian, 1.0, factors)
    return jacobian, factors


def _displacement(jacobian: Jacobian, rates: Floats) -> Floats:
    """d(displacement)/dt through every face (N-1,)."""
    left = np.einsum("kc,kc->k", jacobian.outflow[:-1, -1], rates[:-1])
    right = np.einsum("kc,kc->k", jacobian.inflow[:-1, -1], rates[1:])
    return np.asarray(left + right)
