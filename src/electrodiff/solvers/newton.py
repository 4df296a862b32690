"""Newton's method: the compiled loop, its settings, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from electrodiff.fvm.kernels import newton as kernels
from electrodiff.fvm.kernels.arrays import Floats
from electrodiff.fvm.kernels.compiler import note_compiled
from electrodiff.fvm.problem import Problem, own_arrays
from electrodiff.solvers.guess import first_gates


class Status(Enum):
    """How Newton's method ended; the value starts the sentence that says so."""

    CONVERGED = "converged"
    MAX_ITERATIONS = "did not converge"
    SINGULAR = "met a singular system"
    INCONSISTENT = "found activities that its potential does not bear out"
    RUNS_OUT = "found no steady state"
    ONE_WAY = "can have no steady state"
    TIED = "can have no unique steady state"
    BEYOND_NUMBERS = "found an activity above e^700, more than a number can hold"
    OUT_OF_RANGE = "found no floating potential within 10 V at which the net current is the wanted one"


_STATUS = {
    kernels.CONVERGED: Status.CONVERGED,
    kernels.MAX_ITERATIONS: Status.MAX_ITERATIONS,
    kernels.SINGULAR: Status.SINGULAR,
}


@dataclass(frozen=True)
class NewtonOptions:
    """Settings of Newton's method.

    tolerance: the last update of every potential [RT/F] and every activity (relative to itself) is at most this; it is
    applied, so what remains is of the order of its square.  activity_floor: an activity below this part of the largest
    reservoir concentration is compared with that part instead of with itself, because elimination rounds every activity
    relative to the largest: tolerance * activity_floor must stay above 1e-16.
    """

    tolerance: float = 1e-9
    """Largest last update, of a potential in RT/F, of an activity relative to itself."""
    activity_floor: float = 1e-6
    """Part of the largest reservoir concentration below which an activity counts as that part."""
    max_iterations: int = 60
    """Number of Newton steps on one mesh after which the solve has failed."""


@dataclass(frozen=True)
class NewtonResult:
    """State (N, m), gating factors (p,), how Newton ended, and the residual and update of every step: (iterations,) each.

    The residual is the largest one divided by its diagonal, the update the largest one relative to its unknown; `worst`
    is the node and the row of the last largest update.
    """

    state: Floats
    gate: Floats
    status: Status
    residuals: Floats
    updates: Floats
    worst: tuple[int, int]

    @property
    def iterations(self) -> int:
        """Number of Newton steps."""
        return self.residuals.size


def solve_newton(problem: Problem, guess: Floats, options: NewtonOptions = NewtonOptions()) -> NewtonResult:
    """Solve the problem from a guess (N, m), which is left as it is."""
    state = np.array(guess, dtype=float)
    chain, border = problem.chain, problem.border
    if border.kind.size:
        # What the border unknowns pin or multiply is written by the kernel, into copies.
        chain = own_arrays(chain)
    gate = first_gates(problem, state)
    largest = float(chain.target[:, :-1].max()) or 1.0
    history = np.zeros((options.max_iterations, 2))
    worst = np.zeros(2, dtype=np.int64)
    nodes, m = state.shape
    newton = kernels.newton_sized_ions if chain.packing.any() else kernels.newton_point_ions
    code, iterations = newton(
        chain,
        border,
        problem.chain.conductance,
        options.tolerance,
        options.activity_floor * largest,
        options.max_iterations,
        np.empty((nodes, m, m)),
        np.empty((nodes, m, 1 + border.kind.size)),
        state,
        gate,
        history,
        worst,
    )
    note_compiled(len(problem.case.ions))
    residuals, updates = history[:iterations].T.copy()
    return NewtonResult(state, gate, _STATUS[code], residuals, updates, (int(worst[0]), int(worst[1])))
