"""The strongest peer in time: the same equations on the same arrays, integrated by SUNDIALS IDA.

IDA is a variable-order backward differentiation formula (orders 1 to 5) for F(t, y, y') = 0; A. C. Hindmarsh et al., ACM
Trans. Math. Software 31 (2005) 363.  Here it is reached by way of scikit-sundae, which is no dependency of the project.

So that it is not slowed by Python, the residual and the Jacobian are compiled, with the arrays of the problem as constants,
and the potential stands amidst the ions of its node, which makes the band as narrow as it can be.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numba
import numpy as np
from scipy.linalg import solveh_banded

from electrodiff.fvm.kernels.arrays import Floats
from electrodiff.fvm.kernels.bernoulli import bernoulli
from electrodiff.fvm.kernels.factors import fill_flows
from electrodiff.fvm.problem import Problem

HOW_TO_GET = "SUNDIALS IDA is left out; to have it beside ours: pip install scikit-sundae"
IS_INSTALLED = find_spec("sksundae") is not None
# What IDA may take between two outputs.
MOST_STEPS = 1_000_000


@dataclass(frozen=True)
class Tolerances:
    """relative: of every unknown; activity, potential: absolute, in the units of the problem."""

    relative: float
    activity: float
    potential: float


@dataclass(frozen=True)
class Course:
    """What a solver found: the states (T, N, m) at the outputs, and how often it factored and evaluated the flows."""

    states: Floats
    factorisations: int
    evaluations: int


class IdaPeer:
    """A problem of point ions without border unknowns, and a consistent state to start from, prepared for IDA."""

    def __init__(self, problem: Problem, state: Floats) -> None:
        if problem.border.kind.size or problem.chain.packing.any():
            raise ValueError("the peer knows point ions and ends without border unknowns only")
        self.nodes, self.m = state.shape
        self.middle = (self.m - 1) // 2
        ions = self.m - 1
        order = [*range(self.middle), ions, *range(self.middle, ions)]
        self._back = np.argsort(order)
        self.residual, self.jacobian = _compiled(problem, self.middle)
        self.start = state[:, order].ravel()
        self.rates = start_rates(problem, state)[:, order].ravel()
        self._compile()

    def solver(self, tolerances: Tolerances) -> Any:
        """IDA with these tolerances; from its second use on its memory is ready."""
        absolute = np.full((self.nodes, self.m), tolerances.activity)
        absolute[:, self.middle] = tolerances.potential
        # The ion that is farthest from the potential, and the potential of the next node.
        band = self.m + max(self.middle, self.m - 1 - self.middle)
        return import_module("sksundae.ida").IDA(
            self.residual,
            jacfn=self.jacobian,
            rtol=tolerances.relative,
            atol=absolute.ravel(),
            linsolver="band",
            lband=band,
            uband=band,
            max_num_steps=MOST_STEPS,
        )

    def run(self, solver: Any, times: Floats) -> Course:
        """The states at the times."""
        result = solver.solve(np.append(0.0, times), self.start, self.rates)
        if not result.success:
            raise RuntimeError(f"IDA: {result.message}")
        states = result.y[1:].reshape(-1, self.nodes, self.m)[:, :, self._back]
        return Course(np.ascontiguousarray(states), int(result.njev), int(result.nfev))

    def steps(self, tolerances: Tolerances, until: float) -> int:
        """How many steps it takes; outputs are interpolated and change nothing."""
        result = self.solver(tolerances).solve(np.array([0.0, until]), self.start, self.rates)
        return int(result.t.size - 1)

    def _compile(self) -> None:
        size = self.start.size
        for array in (self.start, self.rates):
            array.flags.writeable = False  # as those that IDA hands over, for which it is compiled
        out = np.zeros(size)
        self.residual(0.0, self.start, self.rates, out)
        self.jacobian(0.0, self.start, self.rates, self.start, 1.0, np.zeros((size, size)))


def start_rates(problem: Problem, state: Floats) -> Floats:
    """The rates of change (N, m) of a state whose ends are given and constant: of the activities by the flows, and of the
    potential by what Poisson's equation asks for then."""
    chain = problem.chain
    flow, content = np.zeros_like(state), np.zeros_like(state)
    fill_flows(chain, state, flow, content)
    volume = node_volumes(problem)
    change = -np.diff(flow[:, :-1], axis=0, prepend=0.0) * chain.free[:, :-1]
    rates = np.zeros_like(state)
    np.divide(change, volume, out=rates[:, :-1], where=volume > 0)
    free = chain.free[:, -1]
    own = np.append(chain.permittivity, 0.0) + np.insert(chain.permittivity, 0, 0.0)
    bands = np.zeros((2, free.size))
    bands[1] = np.where(free > 0, own, 1.0)
    bands[0, 1:] = -chain.permittivity * free[:-1] * free[1:]
    rates[:, -1] = solveh_banded(bands, free * ((volume * rates[:, :-1]) @ np.array(chain.valence)))
    return rates


def node_volumes(problem: Problem) -> Floats:
    """(N, n) volume of each node's cell times the partition coefficient."""
    chain = problem.chain
    volume = np.zeros((chain.free.shape[0], len(chain.valence)))
    volume[:-1] += chain.volume_left[:, None] * chain.partition
    volume[1:] += chain.volume_right[:, None] * chain.partition
    return volume


def _compiled(problem: Problem, middle: int) -> tuple[Any, Any]:
    """The residual F and the Jacobian dF/dy + cj dF/dy', compiled with the problem's arrays as constants."""
    chain = problem.chain
    valence, conductance, permittivity = chain.valence, chain.conductance, chain.permittivity
    free, target = chain.free, chain.target
    nodes, m = free.shape
    n = m - 1
    place = np.array([i if i < middle else i + 1 for i in range(n)])
    volume = node_volumes(problem)
    fixed = chain.surface_charge.copy()
    fixed[:-1] += chain.volume_left * chain.fixed_charge
    fixed[1:] += chain.volume_right * chain.fixed_charge
    # As the kernels of the project.
    compiled = numba.njit(error_model="numpy", fastmath={"contract"})

    def residual(t: float, y: Floats, rates: Floats, out: Floats) -> None:  # noqa: ARG001
        before = np.zeros(m)
        for k in range(nodes):
            at = k * m
            phi = y[at + middle]
            charge, step = fixed[k], 0.0
            if k < nodes - 1:
                step = y[at + m + middle] - phi
            last_u, plus, minus = 0.0, 1.0, 1.0
            for i in range(n):
                p = at + place[i]
                own = 0.0
                if k < nodes - 1:
                    u = valence[i] * step
                    if u == -last_u:
                        plus, minus = minus, plus
                    elif u != last_u:
                        plus, minus, _ = bernoulli(u)
                    last_u = u
                    own = conductance[k, i] * (plus * y[p] - minus * y[p + m])
                charge += valence[i] * volume[k, i] * y[p]
                if free[k, i] > 0.0:
                    out[p] = volume[k, i] * rates[p] + own - before[i]
                else:
                    out[p] = y[p] - target[k, i]
                before[i] = own
            own = -permittivity[k] * step if k < nodes - 1 else 0.0
            out[at + middle] = own - before[n] - charge if free[k, n] > 0.0 else phi - target[k, n]
            before[n] = own

    def jacobian(t: float, y: Floats, rates: Floats, res: Floats, cj: float, out: Floats) -> None:  # noqa: ARG001
        for k in range(nodes):
            q = k * m + middle
            out[q, q] = 1.0 - free[k, n]
            for i in range(n):
                p = k * m + place[i]
                out[p, p] = cj * volume[k, i] if free[k, i] > 0.0 else 1.0
                out[p, q] = 0.0
                out[q, p] = -valence[i] * volume[k, i] * free[k, n]
        for k in range(nodes - 1):
            left, right = k * m + middle, (k + 1) * m + middle
            step = y[right] - y[left]
            for i in range(n):
                z = valence[i]
                plus, minus, share = bernoulli(z * step)
                p, q = k * m + place[i], (k + 1) * m + place[i]
                by_left, by_right = conductance[k, i] * plus, -conductance[k, i] * minus
                flux = by_left * y[p] + by_right * y[q]
                by_phi_left = z * (by_left * y[p] - share * flux)
                by_phi_right = z * (by_right * y[q] - (1.0 - share) * flux)
                if free[k, i] > 0.0:
                    out[p, p] += by_left
                    out[p, q] = by_right
                    out[p, left] += by_phi_left
                    out[p, right] = by_phi_right
                if free[k + 1, i] > 0.0:
                    out[q, p] = -by_left
                    out[q, q] -= by_right
                    out[q, left] = -by_phi_left
                    out[q, right] -= by_phi_right
            if free[k, n] > 0.0:
                out[left, left] += permittivity[k]
                out[left, right] = -permittivity[k]
            if free[k + 1, n] > 0.0:
                out[right, right] += permittivity[k]
                out[right, left] = -permittivity[k]

    return compiled(residual), compiled(jacobian)
