# numba exports some of its functions in a way that mypy does not follow.
# mypy: disable-error-code="attr-defined"
"""The strongest peer in time: the same equations on the same arrays, integrated by SUNDIALS IDA.

IDA is a variable-order backward differentiation formula (orders 1 to 5) for F(t, y, y') = 0; A. C. Hindmarsh et al., ACM
Trans. Math. Software 31 (2005) 363.  It comes with scikit-sundae, which is no dependency of the project.

It is not slowed by Python: the residual and the Jacobian are compiled, and IDA calls them without any Python between; it is
reached through its own C functions, as scikit-sundae hands every Jacobian over as a full matrix (200 MB on 1001 nodes).  The
potential stands amidst the ions of its node, which makes the band as narrow as it can be.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from ctypes import POINTER, c_double, c_int, c_long, c_void_p
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numba
import numpy as np
from numba import types
from scipy.linalg import solveh_banded

from electrodiff.fvm.kernels.arrays import Chain, Floats
from electrodiff.fvm.kernels.bernoulli import bernoulli
from electrodiff.fvm.kernels.factors import fill_flows
from electrodiff.fvm.problem import Problem

HOW_TO_GET = "SUNDIALS IDA is left out; to have it beside ours: make bench-peers"
IS_INSTALLED = find_spec("sksundae") is not None
# What IDA may take between two outputs.
MOST_STEPS = 4_000
NORMAL = 1  # IDA's word for: go on to a time, and interpolate there
# As the kernels of the project.
_OPTIONS: dict[str, Any] = {"error_model": "numpy", "fastmath": {"contract"}}


class Tolerances(NamedTuple):
    """relative: of every unknown; activity, potential: absolute, in the units of the problem; renewal: the relative change of
    the leading coefficient that IDA's factors may lag behind (its default is 0.25)."""

    relative: float
    activity: float
    potential: float
    renewal: float = 0.25


@dataclass(frozen=True)
class Course:
    """What a solver found: the states (T, N, m) at the outputs, and what it took."""

    states: Floats
    steps: int
    factorisations: int
    evaluations: int
    """Of the flows of all faces."""


class Net(NamedTuple):
    """A problem of point ions without border unknowns, as the residual takes it."""

    chain: Chain
    volume: Floats
    """(N, n) of each node's cell times the partition coefficient."""
    fixed: Floats
    """(N,) charge that is not of ions."""
    middle: int
    """How many ions stand before the potential."""


class IdaPeer:
    """A problem of point ions without border unknowns, and a consistent state to start from, in the memory of IDA."""

    def __init__(self, problem: Problem, state: Floats, has_lapack: bool = False) -> None:
        """has_lapack: the band is factored by LAPACK instead of by the code of SUNDIALS."""
        self.net = net = net_of(problem)
        self.nodes, self.m = state.shape
        self.middle = net.middle
        order = [*range(net.middle), self.m - 1, *range(net.middle, self.m - 1)]
        self._back = np.argsort(order)
        self.start = state[:, order].ravel()
        self.rates = start_rates(problem, state)[:, order].ravel()
        # The ion that is farthest from the potential, and the potential of the next node.
        self.band = self.m + max(net.middle, self.m - 1 - net.middle)
        self._functions = _functions(net, self.start.size, self.band)
        self._ida = _Ida(self.start.size, self.band, self._functions, has_lapack)

    def run(self, tolerances: Tolerances, times: Floats) -> Course:
        """The states at the times.  Raises RuntimeError if IDA gives up."""
        absolute = np.full((self.nodes, self.m), tolerances.activity)
        absolute[:, self.middle] = tolerances.potential
        states = self._ida.run(self.start, self.rates, tolerances, absolute.ravel(), times)
        found = states.reshape(-1, self.nodes, self.m)[:, :, self._back]
        counts = (self.count(name) for name in ("NumSteps", "NumLinSolvSetups", "NumResEvals"))
        return Course(np.ascontiguousarray(found), *counts)

    def count(self, name: str) -> int:
        """One of IDA's counters since the start of the last run, such as NumSteps."""
        return self._ida.count(name)


class _Ida:
    """IDA with its vectors, its band matrix and its linear solver.  What it has allocated lives as long as the process."""

    def __init__(self, size: int, band: int, functions: tuple[Any, Any], has_lapack: bool) -> None:
        self._library = library = _library()
        context = c_void_p()
        library.SUNContext_Create(0, ctypes.byref(context))
        library.SUNContext_ClearErrHandlers(context)  # what goes wrong is raised, and not printed too
        self._arrays = [np.zeros(size) for _ in range(3)]
        self._vectors = [library.N_VMake_Serial(size, one.ctypes.data, context) for one in self._arrays]
        matrix = library.SUNBandMatrix(size, band, band, context)
        make = _lapack() if has_lapack else library.SUNLinSol_Band
        self._memory = library.IDACreate(context)
        residual, jacobian = functions
        self._call("IDAInit", residual.address, c_double(0.0), *map(c_void_p, self._vectors[:2]))
        self._call("IDASVtolerances", c_double(1e-6), c_void_p(self._vectors[2]))
        self._call("IDASetLinearSolver", c_void_p(make(self._vectors[0], matrix, context)), c_void_p(matrix))
        self._call("IDASetJacFn", c_void_p(jacobian.address))
        self._call("IDASetMaxNumSteps", c_long(MOST_STEPS))

    def run(self, start: Floats, rates: Floats, tolerances: Tolerances, absolute: Floats, times: Floats) -> Floats:
        """The states (T, size) at the times, from time 0."""
        for array, value in zip(self._arrays, (start, rates, absolute), strict=True):
            array[:] = value
        y, slope, tolerance = map(c_void_p, self._vectors)
        self._call("IDAReInit", c_double(0.0), y, slope)
        self._call("IDASVtolerances", c_double(tolerances.relative), tolerance)
        self._call("IDASetDeltaCjLSetup", c_double(tolerances.renewal))
        reached, states = c_double(), np.empty((times.size, start.size))
        for time, state in zip(times, states, strict=True):
            self._call("IDASolve", c_double(time), ctypes.byref(reached), y, slope, NORMAL)
            state[:] = self._arrays[0]
        return states

    def count(self, name: str) -> int:
        """One of IDA's counters since the start of the run."""
        number = c_long()
        self._call(f"IDAGet{name}", ctypes.byref(number))
        return number.value

    def _call(self, name: str, *arguments: Any) -> None:
        function: Callable[..., int] = getattr(self._library, name)
        if (flag := function(c_void_p(self._memory), *arguments)) < 0:
            raise RuntimeError(f"{name} returned {flag}")


def _shared(name: str) -> ctypes.CDLL:
    """One of the libraries of SUNDIALS that scikit-sundae brings."""
    spec = find_spec("sksundae")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(HOW_TO_GET)
    folder = Path(spec.origin).parents[1] / "scikit_sundae.libs"
    return ctypes.CDLL(str(next(folder.glob(f"libsundials_{name}-*"))))


@cache
def _library() -> ctypes.CDLL:
    library = _shared("ida")
    core = _shared("core")
    for name in ("SUNContext_Create", "SUNContext_ClearErrHandlers"):
        setattr(library, name, getattr(core, name))
    for name, arguments in {
        "N_VMake_Serial": [c_int, c_void_p, c_void_p],
        "SUNBandMatrix": [c_int, c_int, c_int, c_void_p],
        "SUNLinSol_Band": [c_void_p, c_void_p, c_void_p],
        "IDACreate": [c_void_p],
    }.items():
        function = getattr(library, name)
        function.argtypes, function.restype = arguments, c_void_p
    for name in ("N_VGetArrayPointer_Serial", "SUNBandMatrix_Data"):
        function = getattr(library, name)
        function.argtypes, function.restype = [c_void_p], POINTER(c_double)
    library.SUNContext_Create.argtypes = [c_int, POINTER(c_void_p)]
    library.IDAInit.argtypes = [c_void_p, c_void_p, c_double, c_void_p, c_void_p]
    return library


def _lapack() -> Callable[..., int]:
    make = _shared("sunlinsollapackband").SUNLinSol_LapackBand
    make.argtypes, make.restype = [c_void_p] * 3, c_void_p
    return make


def net_of(problem: Problem) -> Net:
    """The problem as the residual takes it.  Raises ValueError if it has border unknowns or ions of finite size."""
    chain = problem.chain
    if problem.border.kind.size or chain.packing.any():
        raise ValueError("the peer knows point ions and ends without border unknowns only")
    fixed = chain.surface_charge.copy()
    fixed[:-1] += chain.volume_left * chain.fixed_charge
    fixed[1:] += chain.volume_right * chain.fixed_charge
    return Net(chain, node_volumes(problem), fixed, len(chain.valence) // 2)


def node_volumes(problem: Problem) -> Floats:
    """(N, n) volume of each node's cell times the partition coefficient."""
    chain = problem.chain
    volume = np.zeros((chain.free.shape[0], len(chain.valence)))
    volume[:-1] += chain.volume_left[:, None] * chain.partition
    volume[1:] += chain.volume_right[:, None] * chain.partition
    return volume


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


@numba.njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def fill_residual(net: Net, y: Floats, rates: Floats, out: Floats) -> None:
    """F(y, y') (N m,), the potential of each node amidst its ions."""
    chain, middle = net.chain, net.middle
    nodes, m = chain.free.shape
    n = m - 1
    before = np.zeros(m)
    for k in range(nodes):
        at = k * m
        phi = y[at + middle]
        charge, step = net.fixed[k], 0.0
        if k < nodes - 1:
            step = y[at + m + middle] - phi
        last_u, plus, minus = 0.0, 1.0, 1.0
        for i in range(n):
            p = at + i + (i >= middle)
            own = 0.0
            if k < nodes - 1:
                u = chain.valence[i] * step
                if u == -last_u:
                    plus, minus = minus, plus
                elif u != last_u:
                    plus, minus, _ = bernoulli(u)
                last_u = u
                own = chain.conductance[k, i] * (plus * y[p] - minus * y[p + m])
            charge += chain.valence[i] * net.volume[k, i] * y[p]
            if chain.free[k, i] > 0.0:
                out[p] = net.volume[k, i] * rates[p] + own - before[i]
            else:
                out[p] = y[p] - chain.target[k, i]
            before[i] = own
        own = -chain.permittivity[k] * step if k < nodes - 1 else 0.0
        out[at + middle] = own - before[n] - charge if chain.free[k, n] > 0.0 else phi - chain.target[k, n]
        before[n] = own


@numba.njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def fill_band(net: Net, band: int, y: Floats, cj: float, out: Floats) -> None:
    """dF/dy + cj dF/dy', whose entries other than 0 go into row r - c + 2 `band` of column c, `out` (N m, columns)."""
    chain, middle = net.chain, net.middle
    nodes, m = chain.free.shape
    n = m - 1
    top = 2 * band  # of the diagonal, as IDA keeps the rows that pivoting may fill
    for k in range(nodes):
        q = k * m + middle
        out[q, top] = 1.0 - chain.free[k, n]
        for i in range(n):
            p = k * m + i + (i >= middle)
            out[p, top] = cj * net.volume[k, i] if chain.free[k, i] > 0.0 else 1.0
            out[p, q - p + top] = -chain.valence[i] * net.volume[k, i] * chain.free[k, n]
    for k in range(nodes - 1):
        left, right = k * m + middle, (k + 1) * m + middle
        step = y[right] - y[left]
        last_u, plus, minus, share = 0.0, 1.0, 1.0, 0.5
        for i in range(n):
            z = chain.valence[i]
            u = z * step
            if u == -last_u:
                plus, minus, share = minus, plus, 1.0 - share
            elif u != last_u:
                plus, minus, share = bernoulli(u)
            last_u = u
            p = k * m + i + (i >= middle)
            q = p + m
            by_left, by_right = chain.conductance[k, i] * plus, -chain.conductance[k, i] * minus
            flux = by_left * y[p] + by_right * y[q]
            by_phi_left = z * (by_left * y[p] - share * flux)
            by_phi_right = z * (by_right * y[q] - (1.0 - share) * flux)
            if chain.free[k, i] > 0.0:
                out[p, top] += by_left
                out[q, p - q + top] = by_right
                out[left, p - left + top] += by_phi_left
                out[right, p - right + top] = by_phi_right
            if chain.free[k + 1, i] > 0.0:
                out[p, q - p + top] = -by_left
                out[q, top] -= by_right
                out[left, q - left + top] = -by_phi_left
                out[right, q - right + top] -= by_phi_right
        for node, own, other in ((k, left, right), (k + 1, right, left)):
            if chain.free[node, n] > 0.0:
                out[own, top] += chain.permittivity[k]
                out[other, own - other + top] = -chain.permittivity[k]


def _functions(net: Net, size: int, band: int) -> tuple[Any, Any]:
    """The residual and the Jacobian as IDA calls them, with the problem's arrays as constants."""
    library = _library()
    entries, matrix_entries = library.N_VGetArrayPointer_Serial, library.SUNBandMatrix_Data
    number, pointer, flag = types.float64, types.voidptr, types.int32
    # A column has the band below, the band above, and the rows that pivoting may fill.
    shape = (size, 3 * band + 1)

    @numba.cfunc(flag(number, pointer, pointer, pointer, pointer), **_OPTIONS)
    def residual(t: float, y: int, rates: int, out: int, data: int) -> int:  # noqa: ARG001
        fill_residual(
            net,
            numba.carray(entries(y), size, np.float64),
            numba.carray(entries(rates), size, np.float64),
            numba.carray(entries(out), size, np.float64),
        )
        return 0

    @numba.cfunc(flag(number, number, *[pointer] * 8), **_OPTIONS)
    def jacobian(
        t: float,  # noqa: ARG001
        cj: float,
        y: int,
        rates: int,  # noqa: ARG001
        out: int,  # noqa: ARG001
        matrix: int,
        data: int,  # noqa: ARG001
        one: int,  # noqa: ARG001
        two: int,  # noqa: ARG001
        three: int,  # noqa: ARG001
    ) -> int:
        filled = numba.carray(matrix_entries(matrix), shape, np.float64)
        fill_band(net, band, numba.carray(entries(y), size, np.float64), cj, filled)
        return 0

    return residual, jacobian
