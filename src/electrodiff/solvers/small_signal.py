"""The linear response of a steady state to a voltage that oscillates at its left end, e^(i omega t).

Everything is dimensionless, as in `fvm`: the voltage is 1, and a response of a current is an admittance.

What flows is read at the nodes, to which the half cell on one side of them belongs: with the flux J(k + 1/2) of the next
face and what that half cell stores,

    J(k) = J(k + 1/2) + i omega C(k, right half),    D(k) = D(k + 1/2) - q(k, right half),

so that nodes of nested meshes that lie at one place speak of the same current.  Then sum z J(k) + i omega D(k) is the
same at every node, but not so its rounding: where ions go to and fro in plenty, as in a bath, little is left of two large
terms.  At a wall no ion passes, and in an ion-free slab there is none.  The total is read where its terms are the smallest.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodiff.ends import Closed, Reservoir
from electrodiff.errors import CaseError
from electrodiff.fvm.borders import FREE_KINDS, kept
from electrodiff.fvm.kernels.arrays import Border, Chain, Floats
from electrodiff.fvm.kernels.border import fill_through, free_border
from electrodiff.fvm.kernels.factors import Factors, Jacobian, factor, fill_flows, fill_jacobian, solve
from electrodiff.fvm.problem import Problem, placed
from electrodiff.profiles import Profiles
from electrodiff.solvers.march import free_amounts

Complex = NDArray[np.complex128]

EPSILON = float(np.finfo(float).eps)
# Of the terms of a current each has a few roundings behind it.
ROUNDINGS = 8
# Turns by which the rounding of the elimination is put right, and the relative correction that is none.
MOST_TURNS = 6
SETTLED = 1e-13


@dataclass(frozen=True)
class Linearised:
    """A problem about its steady state, N nodes and n ions, m = n + 1."""

    problem: Problem
    """The ends clamped, amounts and fluxes at walls left to themselves; only gates are borders."""
    chain: Chain
    """Its arrays with the open fractions of the gates."""
    state: Floats
    """(N, m)"""
    jacobian: Jacobian
    left: Floats
    """(N, m, m) what the half cell to the left of each node stores, by the update there, and its content, (N, m)."""
    right: Floats
    """(N, m, m) and to the right."""
    content: tuple[Floats, Floats]
    """(N, m) content of the half cells to the left and to the right."""
    through: Floats
    """(p, N, m) by how much each gate and each rate changes the flows of all faces."""
    by_sensed: Floats
    """(p, 2, m) by how much what a gate or a rate law senses changes it."""
    blocked: tuple[bool, bool]
    """Whether no ion passes the left and the right end."""


@dataclass(frozen=True)
class Response:
    """The response to a unit voltage at one frequency."""

    rate: complex
    """i omega"""
    change: Complex
    """(N, m) of the activities and of the potential"""
    ion_flow: Complex
    """(N, n) of each ion at every node"""
    displacement: Complex
    """(N,) i omega D at every node"""
    rounding: Floats
    """(N,) error of the total current there by the rounding of its terms"""
    corrected: float = math.inf
    """By how much the last turn of `respond` has corrected it, where it is read"""

    @property
    def read_at(self) -> int:
        """The node where the total current is read."""
        return int(np.argmin(self.rounding))

    @property
    def doubt(self) -> float:
        """Error of the total current there by rounding."""
        return float(ROUNDINGS * self.rounding[self.read_at] + self.corrected)


def linearised(steady: Profiles) -> Linearised:
    """The linearised problem of a steady state.  Raises CaseError at an end to which no voltage can be applied."""
    problem = _clamped(free_amounts(steady.problem))
    own = np.isin(steady.problem.border.kind, FREE_KINDS)
    border, gate = problem.border, steady.gate[own]
    chain = placed(problem, gate, steady.state)
    nothing = np.zeros_like(chain.volume_left)
    halves = chain._replace(volume_left=nothing), chain._replace(volume_right=nothing)
    flow, _ = _flows(chain, steady.state)
    ends = problem.case.left, problem.case.right
    return Linearised(
        problem=problem,
        chain=chain,
        state=steady.state,
        jacobian=_jacobian(chain, steady.state),
        left=_jacobian(halves[0], steady.state).storage,
        right=_jacobian(halves[1], steady.state).storage,
        content=(_flows(halves[0], steady.state)[1], _flows(halves[1], steady.state)[1]),
        through=_by_borders(chain, border, gate, flow),
        by_sensed=_by_sensed(chain, border, steady.state),
        blocked=(not isinstance(ends[0], Reservoir), not isinstance(ends[1], Reservoir)),
    )


def _clamped(problem: Problem) -> Problem:
    """The problem with the potentials of both ends pinned, whether given or not, and no border but gates and rates."""
    for side in ("left", "right"):
        if isinstance(getattr(problem.case, side), Closed):
            raise CaseError(
                f"{side}.kind is 'closed', where no current can enter and no voltage be applied; an impedance needs "
                f"two ends of kind 'reservoir' or 'wall'"
            )
    free = problem.chain.free.copy()
    free[[0, -1], -1] = 0.0
    keep = np.isin(problem.border.kind, FREE_KINDS)
    border = kept(problem.border, keep)
    return Problem(problem.case, problem.mesh, problem.scales, problem.chain._replace(free=free), border)


def _jacobian(chain: Chain, state: Floats) -> Jacobian:
    nodes, m = state.shape
    jacobian = Jacobian(*(np.zeros((nodes, m, m)) for _ in Jacobian._fields))
    fill_jacobian(chain, state, jacobian)
    return jacobian


def _flows(chain: Chain, state: Floats) -> tuple[Floats, Floats]:
    flow, content = np.zeros_like(state), np.zeros_like(state)
    fill_flows(chain, state, flow, content)
    return flow, content


def _by_borders(chain: Chain, border: Border, gate: Floats, flow: Floats) -> Floats:
    """(p, N, m): by how much each gate and each rate changes the flows."""
    through = np.zeros((border.kind.size, *flow.shape))
    for b in range(border.kind.size):
        fill_through(chain, border, gate, b, flow, through[b])
    return through


def _by_sensed(chain: Chain, border: Border, state: Floats) -> Floats:
    """(p, 2, m) derivatives of gates and rates by the updates of the two nodes that they look at."""
    by = np.zeros((border.kind.size, 2, state.shape[1]))
    for b in range(border.kind.size):
        free_border(chain.valence, border, b, state, by[b])
    return by


def respond(linear: Linearised, omega: float) -> Response | None:
    """The response at an angular frequency omega > 0; None if the system is singular.

    The elimination has y = da + z a dphi as unknowns, of which little is stored where many ions hardly move: where omega
    times the time of diffusion over a cell and over the stack is 1e12, it is good to four digits only.  So it is repeated
    on what is still missing, which is found from da itself.
    """
    rate = 1j * omega
    nodes, m = linear.state.shape
    inverse, upper, carry = np.zeros((3, nodes, m, m), dtype=complex)
    factors = Factors(inverse, upper, carry, np.zeros((nodes, m), dtype=complex))
    if factor(linear.chain, linear.state, linear.jacobian, rate, factors) >= 0:
        return None

    def solved(flow: Complex, source: Complex) -> Complex:
        update = np.zeros((nodes, m), dtype=complex)
        solve(linear.chain, factors, flow, source, update)
        return update - _bound(linear, update)

    nothing = np.zeros((nodes, m), dtype=complex)
    by_gate = np.array([solved(flow + 0j, nothing) for flow in linear.through]).reshape(linear.through.shape)
    change, before = nothing, np.zeros(nodes)
    for _ in range(MOST_TURNS):
        correction = solved(_flow(linear, change), _missing(linear, rate, change))
        change = change + correction + np.tensordot(_opening(linear, correction, by_gate), by_gate, axes=1)
        response = _response(linear, rate, change)
        total = response.ion_flow @ np.array(linear.chain.valence) + response.displacement
        moved = float(abs(total - before)[response.read_at])
        if moved <= SETTLED * abs(total[response.read_at]):
            break
        before = total
    return replace(response, corrected=moved)


def _times(matrices: Floats, vectors: Any) -> Any:
    """The product of each matrix (K, r, c) with its vector (K, c)."""
    return np.matmul(matrices, vectors[..., None])[..., 0]


def _bound(linear: Linearised, change: Complex) -> Complex:
    """(N, m) z a dphi of each ion, and 0."""
    valence = np.append(linear.chain.valence, 0.0)
    return np.asarray(valence * linear.state * change[:, -1:])


def _opening(linear: Linearised, change: Complex, by_border: Complex) -> Complex:
    """(p,) by how much gates and rates change if one unit of each does what `by_border` says, (p, N, m)."""
    own = [_sensed(linear, each) for each in by_border]
    matrix = np.eye(len(own)) - np.array(own).reshape(len(own), len(own)).T
    return np.asarray(np.linalg.solve(matrix, _sensed(linear, change)))


def _sensed(linear: Linearised, change: Complex) -> Complex:
    """(p,) change of every gate and rate, at once with what it senses."""
    update = change + _bound(linear, change)
    return np.asarray((linear.by_sensed * update[linear.problem.border.sensed]).sum(axis=(1, 2)))


def _flow(linear: Linearised, change: Complex) -> Complex:
    """(N, m) by how much a change alters the flows through the face to the right of each node; 0 at the last."""
    update = change + _bound(linear, change)
    outflow, inflow, _ = linear.jacobian
    flow = _times(outflow, update)
    flow[:-1] += _times(inflow[:-1], update[1:])
    return np.asarray(flow + np.tensordot(_sensed(linear, change), linear.through, axes=1))


def _stored(storage: Floats, change: Complex) -> Complex:
    """(N, n) by how much a change alters what nodes hold of each ion, which depends on the activities alone."""
    return np.asarray(_times(storage[:, :-1, :-1], change[:, :-1]))


def _missing(linear: Linearised, rate: complex, change: Complex) -> Complex:
    """(N, m) the sources, 1 at the potential of the left end, less what a change already stores, or is, of them."""
    stored = _stored(linear.jacobian.storage, change)
    free = -np.column_stack([rate * stored, -stored @ np.array(linear.chain.valence)])
    pinned = -change
    pinned[0, -1] += 1.0
    return np.asarray(np.where(linear.chain.free > 0, free, pinned))


def _response(linear: Linearised, rate: complex, change: Complex) -> Response:
    """What flows at every node by a change, and how well it is known."""
    valence = np.array(linear.chain.valence)
    outflow, inflow, _ = linear.jacobian
    flow, size = _flow(linear, change), abs(change + _bound(linear, change))
    rounding = _times(abs(outflow), size)
    rounding[:-1] += _times(abs(inflow[:-1]), size[1:])
    # The face to the right of each node, and its half cell; of the last node those to the left.
    stored = _stored(linear.right, change)
    stored[-1] = -_stored(linear.left[-1:], change[-1:])[0]
    flow[-1], rounding[-1] = flow[-2], rounding[-2]
    ions = flow[:, :-1] + rate * stored
    displacement = rate * (flow[:, -1] - stored @ valence)
    for node, blocked in ((0, linear.blocked[0]), (-1, linear.blocked[1])):
        if blocked:
            ions[node] = 0.0
            rounding[node, :-1] = 0.0
    doubt = EPSILON * (rounding[:, :-1] @ abs(valence) + abs(rate) * rounding[:, -1])
    return Response(rate, change, ions, displacement, doubt)


def currents_at(linear: Linearised, response: Response, node: int) -> tuple[Complex, complex]:
    """z J of each ion, (n,), and the displacement current at a node.

    Each J is that of the node where the total is read, and what the cells between the two take up.
    """
    valence = np.array(linear.chain.valence)
    read = response.read_at
    first, last = min(read, node), max(read, node)
    between = slice(first + 1, last)
    taken = _stored(linear.jacobian.storage[between], response.change[between]).sum(axis=0)
    if first < last:
        right, left = _stored(linear.right, response.change), _stored(linear.left, response.change)
        taken = taken + right[first] + left[last]
    sign = 1.0 if node < read else -1.0
    ions = response.ion_flow[read] + sign * response.rate * taken
    return np.asarray(valence * ions), complex(response.displacement[node])


def small_profiles(linear: Linearised, response: Response, steady: Profiles) -> tuple[Complex, Complex]:
    """Changes of the potential (M,) [V/V] and of the concentrations (n, M) [mol/(m^3 V)] at the entries of the profiles."""
    potential: Complex = response.change[steady.node, -1]
    concentration = steady.concentration / linear.problem.scales.potential
    relative = np.zeros(concentration.shape, dtype=complex)
    is_left_end = np.insert(np.diff(steady.layer) > 0, 0, True)
    for storage, content, entries in (
        (linear.left, linear.content[0], ~is_left_end),
        (linear.right, linear.content[1], is_left_end),
    ):
        change = _stored(storage, response.change)
        held = content[:, :-1]
        ratio = np.divide(change, held, out=np.zeros_like(change), where=held > 0)
        relative[:, entries] = ratio[steady.node[entries]].T
    return potential, np.asarray(concentration * relative, dtype=complex)
