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

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from electrodiff.ends import Closed, Reservoir
from electrodiff.engines import processors
from electrodiff.errors import CaseError
from electrodiff.fvm.borders import FREE_KINDS, kept
from electrodiff.fvm.kernels.arrays import Border, Chain, Floats
from electrodiff.fvm.kernels.border import fill_through, free_border
from electrodiff.fvm.kernels.factors import Jacobian, fill_flows
from electrodiff.fvm.kernels.response import respond_point_ions, respond_sized_ions
from electrodiff.fvm.kernels.response_records import Linear, Memory, Responses, linearise, memory_for, responses_for
from electrodiff.fvm.kernels.vectors import LANES
from electrodiff.fvm.problem import Problem, placed
from electrodiff.profiles import Profiles
from electrodiff.solvers.march import free_amounts

Complex = NDArray[np.complex128]

# Of the terms of a current each has a few roundings behind it.
ROUNDINGS = 8


@dataclass(frozen=True)
class Linearised:
    """A problem about its steady state."""

    problem: Problem
    """The ends clamped, amounts and fluxes at walls left to themselves; only gates are borders."""
    linear: Linear
    """Its arrays with the open fractions of the gates, and its derivatives."""
    scratch: Floats
    """(2, N, m, m)"""

    def update(self) -> None:
        """Find the derivatives at the state that its array holds now."""
        linear = self.linear
        linearise(linear.chain, linear.state, linear.jacobian, linear.right, self.scratch)


@dataclass(frozen=True)
class Response:
    """The response to a unit voltage at W angular frequencies."""

    change: Complex
    """(W, N, m) of the activities and of the potential"""
    parts: Complex
    """(W, m) z J of each ion, and the displacement current, at one node"""
    read_at: NDArray[np.int64]
    """(W,) the node where the total current is read; -1 if the system is singular"""
    rounding: Floats
    """(W,) error of the total current there by the rounding of its terms"""
    corrected: Floats
    """(W,) by how much one more turn of the elimination would correct it"""

    @property
    def doubt(self) -> Floats:
        """(W,) error of the total current by rounding; not finite if the system is singular."""
        return np.asarray(ROUNDINGS * self.rounding + self.corrected)


def linearised(problem: Problem, state: Floats, gate: Floats) -> Linearised:
    """The linearised problem of a steady state (N, m) with its border unknowns (p,).

    Raises CaseError at an end to which no voltage can be applied.
    """
    own = np.isin(problem.border.kind, FREE_KINDS)
    clamped = _clamped(free_amounts(problem))
    border, gate = clamped.border, gate[own]
    chain = placed(clamped, gate, state)
    squares = (*state.shape, state.shape[1])
    ends = problem.case.left, problem.case.right
    linear = Linear(
        chain=chain,
        state=state,
        jacobian=Jacobian(*np.zeros((3, *squares))),
        right=np.zeros(squares),
        through=_by_borders(chain, border, gate, state),
        by_sensed=_by_sensed(chain, border, state),
        sensed=border.sensed,
        open_ends=np.array([float(isinstance(end, Reservoir)) for end in ends]),
    )
    found = Linearised(clamped, linear, np.zeros((2, *squares)))
    found.update()
    return found


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


def _flows(chain: Chain, state: Floats) -> tuple[Floats, Floats]:
    flow, content = np.zeros_like(state), np.zeros_like(state)
    fill_flows(chain, state, flow, content)
    return flow, content


def _by_borders(chain: Chain, border: Border, gate: Floats, state: Floats) -> Floats:
    """(p, N, m): by how much each gate and each rate changes the flows."""
    through = np.zeros((border.kind.size, *state.shape))
    if border.kind.size:
        flow, _ = _flows(chain, state)
        for b in range(border.kind.size):
            fill_through(chain, border, gate, b, flow, through[b])
    return through


def _by_sensed(chain: Chain, border: Border, state: Floats) -> Floats:
    """(p, 2, m) derivatives of gates and rates by the updates of the two nodes that they look at."""
    by = np.zeros((border.kind.size, 2, state.shape[1]))
    for b in range(border.kind.size):
        free_border(chain.valence, border, b, state, by[b])
    return by


class Responder:
    """Angular frequencies > 0 (W,) laid out in lanes, and the memory for the response of one problem to them.

    Lanes that are left over repeat the last frequency.  No lane depends on another, nor on how many threads share them.
    """

    def __init__(self, linear: Linearised, omega: Floats, node: int, threads: int | None = None) -> None:
        """node: where the current is split.  threads: by default as many as there are processors."""
        nodes, m = linear.linear.state.shape
        groups = -(-omega.size // LANES)
        self.linear, self.node, self.size = linear.linear, node, omega.size
        self.rates = np.append(omega, np.full(groups * LANES - omega.size, omega[-1])).reshape(groups, LANES)
        self.found = responses_for(groups, nodes, m)
        threads = min(threads or processors(), groups)
        stops = [groups * thread // threads for thread in range(threads + 1)]
        self.shares = [slice(first, stop) for first, stop in pairwise(stops)]
        self.memories: list[Memory] = [memory_for(nodes, m, len(self.linear.through)) for _ in self.shares]
        self.respond = respond_sized_ions if self.linear.chain.packing.any() else respond_point_ions

    def run(self, thread: int) -> None:
        """Find the responses in the share of one thread."""
        share = self.shares[thread]
        found = Responses(*(array[share] for array in self.found))
        self.respond(self.linear, self.rates[share], self.node, self.memories[thread], found)

    @property
    def parts(self) -> Complex:
        """(W, m) of the current, as in `Response`."""
        return self._complex(self.found.parts)

    @property
    def response(self) -> Response:
        """What has been found."""
        found = self.found
        return Response(
            change=self._complex(found.change),
            parts=self.parts,
            read_at=self.numbers(found.read_at).astype(np.int64),
            rounding=self.numbers(found.rounding),
            corrected=self.numbers(found.corrected),
        )

    def numbers(self, lanes: Floats) -> Floats:
        """(W,) the numbers of lanes (G, LANES)."""
        return lanes.reshape(-1)[: self.size]

    def _complex(self, lanes: Floats) -> Complex:
        """(W, ...) the numbers of lanes (G, ..., 2, m, LANES)."""
        numbers = np.empty((self.rates.size, *lanes.shape[1:-3], lanes.shape[-2]), dtype=complex)
        in_groups = numbers.reshape(len(lanes), LANES, *numbers.shape[1:])
        in_groups.real = np.moveaxis(lanes[..., 0, :, :], -1, 1)
        in_groups.imag = np.moveaxis(lanes[..., 1, :, :], -1, 1)
        return numbers[: self.size]


def run_all(responders: Sequence[Responder], pool: ThreadPoolExecutor | None = None) -> None:
    """Find all responses, each thread its share of every one; without a pool of threads in one of its own."""
    threads = max(len(responder.shares) for responder in responders)

    def run(thread: int) -> None:
        for responder in responders:
            if thread < len(responder.shares):
                responder.run(thread)

    if threads > 1 and pool is None:
        with ThreadPoolExecutor(threads - 1, "response") as own:
            run_all(responders, own)
        return
    # This thread has a share itself: to wake another takes a tenth of a millisecond.
    others = [pool.submit(run, thread) for thread in range(1, threads)] if pool is not None else []
    run(0)
    for other in others:
        other.result()


def respond(linear: Linearised, omega: Floats, node: int, threads: int | None = None) -> Response:
    """The response at angular frequencies > 0 (W,), with the current split at a node."""
    responder = Responder(linear, omega, node, threads)
    run_all([responder])
    return responder.response


def small_profiles(linear: Linearised, change: Complex, steady: Profiles) -> tuple[Complex, Complex]:
    """Changes of the potential (W, M) [V/V] and of the concentrations (W, n, M) [mol/(m^3 V)] at the entries of the profiles,
    from those of the state (W, N, m)."""
    chain, state, storage = linear.linear.chain, linear.linear.state, linear.linear.jacobian.storage
    concentration = steady.concentration / linear.problem.scales.potential
    relative = np.zeros((len(change), *concentration.shape), dtype=complex)
    is_left_end = np.insert(np.diff(steady.layer) > 0, 0, True)
    nothing = np.zeros_like(chain.volume_left)
    for half, one_side, entries in (
        (storage - linear.linear.right, chain._replace(volume_left=nothing), ~is_left_end),
        (linear.linear.right, chain._replace(volume_right=nothing), is_left_end),
    ):
        _, content = _flows(one_side, state)
        held = content.T[:-1]
        stored = _stored(half, change)
        ratio = np.divide(stored, held, out=np.zeros_like(stored), where=held > 0)
        relative[:, :, entries] = ratio[:, :, steady.node[entries]]
    return change[:, steady.node, -1], np.asarray(concentration * relative)


def _stored(storage: Floats, change: Complex) -> Complex:
    """(W, n, N) by how much changes alter what nodes hold of each ion, which depends on the activities alone."""
    activities = np.ascontiguousarray(change[:, :, :-1].transpose(1, 2, 0))
    by_activity = storage[:, :-1, :-1]
    stored = np.matmul(by_activity, activities.real) + 1j * np.matmul(by_activity, activities.imag)
    return np.asarray(stored.transpose(2, 1, 0))
