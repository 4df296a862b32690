"""Radau IIA of order 5, to compare: three stages, simplified Newton, on the factors of the project.

With the contents M u of the nodes as what changes in time, and Z the differences of the stages from the start of a step,

    M Z_i = dt sum_j a_ij F(u + Z_j).

The inverse of (a_ij) has one real and two conjugate complex eigenvalues, so that an iteration is one real and one complex
solution (T. A. Bickart, SIAM J. Numer. Anal. 14 (1977) 783).  Error estimate, stopping rule, step control and reuse of the
Jacobian and of its factors are those of RADAU5: E. Hairer, G. Wanner, Solving Ordinary Differential Equations II, 2nd
edition (1996), section IV.8.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from electrodiff.fvm.kernels.arrays import Floats
from electrodiff.fvm.kernels.arrivals import error_size
from electrodiff.fvm.kernels.factors import Factors, Jacobian, factor, fill_flows, fill_jacobian, solve
from electrodiff.solvers.march import STUCK, MarchOptions
from ida_peer import node_volumes
from work_precision_tasks import Effort, Task, next_output

Numbers = NDArray[Any]

ROOT = math.sqrt(6.0)
NODES = np.array([(4 - ROOT) / 10, (4 + ROOT) / 10, 1.0])
MATRIX = np.array(
    [
        [(88 - 7 * ROOT) / 360, (296 - 169 * ROOT) / 1800, (-2 + 3 * ROOT) / 225],
        [(296 + 169 * ROOT) / 1800, (88 + 7 * ROOT) / 360, (-2 - 3 * ROOT) / 225],
        [(16 - ROOT) / 36, (16 + ROOT) / 36, 1 / 9],
    ]
)
# Of the stages in the error estimate, of order 3.
ERROR = np.array([-(13 + 7 * ROOT) / 3, (-13 + 7 * ROOT) / 3, -1 / 3])
MOST_TURNS = 7
SAFETY = 0.9
# A Jacobian is kept where the turns converge faster than this, and its factors where the step would grow by less.
FAST = 1e-3
WORTHWHILE = 1.2
LONGEST_GROWTH, SHORTEST_CUT = 8.0, 0.2


def _eigen() -> tuple[float, complex, Numbers, Numbers]:
    """Real and complex eigenvalue of the inverse matrix; (3, 2) their vectors, and (2, 3) the rows of the inverse."""
    values, vectors = np.linalg.eig(np.linalg.inv(MATRIX))
    first, second = int(np.argmin(abs(values.imag))), int(np.argmax(values.imag))
    rows = np.linalg.inv(vectors)
    return float(values[first].real), complex(values[second]), vectors[:, [first, second]], rows[[first, second]]


REAL, COMPLEX, VECTORS, ROWS = _eigen()


def interpolation_weights(fraction: float) -> Floats:
    """(3,) of the stages in the collocation polynomial at a fraction of the step."""
    points = np.array([0.0, *NODES])
    weights = np.empty(3)
    for i in range(1, 4):
        others = np.delete(points, i)
        weights[i - 1] = np.prod((fraction - others) / (points[i] - others))
    return weights


class Attempt(NamedTuple):
    """What a step came to."""

    stages: Floats | None
    """(3, N, m) Z; None if the turns did not converge."""
    error: float
    """Over the tolerance."""
    theta: float
    """How fast the turns converged."""
    quotient: float
    """The next step over this one."""


@dataclass
class Radau:
    """A problem of point ions between constant ends, with the memory of the method."""

    task: Task
    tolerance: float
    steps: int = 0
    factorisations: int = 0
    """Of a real and of a complex matrix each."""
    evaluations: int = 0

    def __post_init__(self) -> None:
        self.chain = self.task.problem.chain
        nodes, m = self.chain.free.shape
        square = (nodes, m, m)
        self._z = np.array(self.chain.valence)
        self._volume = node_volumes(self.task.problem)
        self._jacobian = Jacobian(np.zeros(square), np.zeros(square), np.zeros(square))
        self._real, self._complex = (
            Factors(np.zeros(square, kind), np.zeros(square, kind), np.zeros(square, kind), np.zeros((nodes, m)))
            for kind in (float, complex)
        )
        self._floor = MarchOptions().activity_floor
        self._enough = min(0.03, math.sqrt(self.tolerance))
        self._at = self.task.moment.state  # where the Jacobian is from
        self._has_jacobian, self._is_fresh, self._is_shaky = False, False, True
        self._factored_dt = 0.0  # that of the factors; 0 if there are none
        self._last: tuple[float, float, Floats] | None = None  # length, error and stages of the last step
        self._rest = 1.0  # theta / (1 - theta) of the last turns

    def run(self, close: float) -> Effort:
        """The values at the times of the task; a step ends at the first output beyond this part of it."""
        times, values = self.task.times.tolist(), list[float]()
        for start, dt, state, stages in self._march(close):
            while len(values) < len(times) and times[len(values)] <= start + dt:
                weights = interpolation_weights((times[len(values)] - start) / dt)
                at = state + np.tensordot(weights, stages, axes=1)
                values.append(self.task.observe(self.task.problem, at))
        return Effort(np.array(values), self.steps, self.factorisations, self.evaluations)

    def _march(self, close: float) -> Iterator[tuple[float, float, Floats, Floats]]:
        """Start, length, state at the start (N, m) and stages Z (3, N, m) of every step."""
        times, state, wanted = self.task.times.tolist(), self.task.moment.state, self.task.moment.step
        time = 0.0
        while time < times[-1]:
            stop = next_output(times, time, wanted, close)
            is_cut = time + 1.01 * wanted > stop
            dt = stop - time if is_cut else wanted
            if not dt > STUCK * time:
                raise RuntimeError("the steps of Radau IIA have become too short")
            self._prepare(state, dt)
            tried = self._attempt(state, dt)
            if tried.stages is None or not tried.error < 1:
                wanted, self._has_jacobian, self._is_shaky = dt * tried.quotient, self._is_fresh, True
                continue
            self.steps += 1
            yield time, dt, state, tried.stages
            growth = self._growth(tried, dt)
            state, time = state + tried.stages[2], stop if is_cut else time + dt
            self._last = dt, max(tried.error, 1e-2), tried.stages
            self._has_jacobian, self._is_fresh, self._is_shaky = tried.theta < FAST, False, False
            if is_cut:
                wanted = max(wanted, growth * dt)
            elif not (self._has_jacobian and 1 <= growth <= WORTHWHILE):
                wanted = growth * dt

    def _prepare(self, state: Floats, dt: float) -> None:
        """A Jacobian if there is none that serves, and its factors for this step."""
        if not self._has_jacobian:
            fill_jacobian(self.chain, state, self._jacobian)
            self._at, self._has_jacobian, self._is_fresh, self._factored_dt = state, True, True, 0.0
        if dt != self._factored_dt:
            self._factored_dt = dt
            self._factor(dt)

    def _attempt(self, state: Floats, dt: float) -> Attempt:
        guess = np.zeros((3, *state.shape))
        if self._last is not None:
            guess = self._extrapolated(self._last[2], dt / self._last[0])
        stages, turns, theta = self._iterate(state, guess, dt)
        if stages is None:
            return Attempt(None, math.inf, theta, 0.5)
        error = self._error(state, stages, dt)
        safety = SAFETY * (2 * MOST_TURNS + 1) / (2 * MOST_TURNS + turns)
        quotient = safety * max(error, 1e-12) ** -0.25 if np.isfinite(error) else 0.0
        return Attempt(stages, error, theta, min(max(quotient, SHORTEST_CUT), LONGEST_GROWTH))

    def _growth(self, tried: Attempt, dt: float) -> float:
        """The next step over this one: predictive control (K. Gustafsson, ACM Trans. Math. Software 20 (1994) 496)."""
        if self._last is None:
            return tried.quotient
        last_dt, last_error, _ = self._last
        foreseen = SAFETY * dt / last_dt * (last_error / max(tried.error, 1e-8) ** 2) ** 0.25
        return float(min(tried.quotient, max(foreseen, SHORTEST_CUT)))

    def _factor(self, dt: float) -> None:
        factor(self.chain, self._at, self._jacobian, REAL / dt, self._real)
        factor(self.chain, self._at, self._jacobian, COMPLEX / dt, self._complex)
        self.factorisations += 1

    def _extrapolated(self, stages: Floats, ratio: float) -> Floats:
        """The stages of a step by the polynomial of the one before, which was shorter by this ratio."""
        weights = np.array([interpolation_weights(1 + ratio * c) for c in NODES]) - [0.0, 0.0, 1.0]
        return np.asarray(np.tensordot(weights, stages, axes=1))

    def _iterate(self, state: Floats, guess: Floats, dt: float) -> tuple[Floats | None, int, float]:
        """The stages, or None if they were not found; the turns, and how fast they converged."""
        stages, theta, size = guess, FAST, 0.0
        parts = np.tensordot(ROWS, stages, axes=1)
        self._rest = max(self._rest, 1e-16) ** 0.8
        for turn in range(1, MOST_TURNS + 1):
            change = self._changes(state, stages, parts, dt)
            moved = self._joined(change)
            parts, stages = parts + change, stages + moved
            before, size = size, max(self._size(state, one) for one in moved)
            if turn > 1:
                theta = size / before if before > 0 else 0.0
                if not theta < 0.99 or theta ** (MOST_TURNS - turn) / (1 - theta) * size > self._enough:
                    break
                self._rest = theta / (1 - theta)
            if self._rest * size <= self._enough:
                return stages, turn, theta
            if not np.isfinite(size):
                break
        self._rest = 1.0
        return None, turn, theta

    def _changes(self, state: Floats, stages: Floats, parts: Numbers, dt: float) -> Numbers:
        """(2, N, m) the update of the real and the complex part of the stages."""
        flow, content = np.empty_like(stages), np.empty_like(stages)
        for i in range(3):
            fill_flows(self.chain, state + stages[i], flow[i], content[i])
        self.evaluations += 3
        flows, charges = np.tensordot(ROWS, flow, axes=1), ROWS @ content[:, :, -1]
        missing = np.tensordot(ROWS, (self.chain.target - state) - stages, axes=1)
        change = np.empty_like(parts)
        for i, (rate, factors) in enumerate(((REAL / dt, self._real), (COMPLEX / dt, self._complex))):
            source = np.empty_like(parts[i])
            source[:, :-1] = -rate * self._volume * parts[i][:, :-1]
            source[:, -1] = charges[i]
            change[i] = self._solved(factors, flows[i], np.where(self.chain.free > 0, source, missing[i]))
        return change

    def _solved(self, factors: Factors, flow: Numbers, source: Numbers) -> Numbers:
        """The changes of activities and potentials; real where the factors are."""
        is_real = np.isrealobj(factors.inverse)
        flow, source = (np.ascontiguousarray(one.real if is_real else one) for one in (flow, source))
        update = np.empty_like(source)
        solve(self.chain, factors, flow, source, update)
        update[:, :-1] -= self._z * self._at[:, :-1] * update[:, -1:]
        return update

    @staticmethod
    def _joined(parts: Numbers) -> Floats:
        """The stages (3, N, m) of a real and a complex part, of which the conjugate is the third."""
        return np.asarray(
            (np.multiply.outer(VECTORS[:, 0], parts[0]) + 2 * np.multiply.outer(VECTORS[:, 1], parts[1])).real
        )

    def _error(self, state: Floats, stages: Floats, dt: float) -> float:
        """The estimated error over the tolerance; of a step after a failed one it is filtered twice."""
        slope = np.tensordot(ERROR, stages, axes=1)[:, :-1] * self._volume / dt
        error = self._filtered(state, slope)
        size = self._size(state, error)
        return self._size(state, self._filtered(state + error, slope)) if self._is_shaky and size >= 1 else size

    def _filtered(self, state: Floats, slope: Floats) -> Floats:
        flow, content = np.empty_like(state), np.empty_like(state)
        fill_flows(self.chain, state, flow, content)
        self.evaluations += 1
        source = np.column_stack([slope, content[:, -1]])
        return self._solved(self._real, flow, np.where(self.chain.free > 0, source, self.chain.target - state))

    def _size(self, state: Floats, change: Floats) -> float:
        return float(error_size(self.chain.valence, state, change, state, self._floor)) / self.tolerance


def solve_radau(task: Task, tolerance: float, close: float) -> Effort:
    """The values by Radau IIA."""
    return Radau(task, tolerance).run(close)
