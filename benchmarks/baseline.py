"""The steady solver as a good numpy programmer would write it: what the numba core is measured against.

The same discrete equations on the same mesh as in `electrodiff.fvm.kernels` (a_0 ... a_(n-1) and phi at each node,
fluxes by Scharfetter and Gummel, pinned rows) and the same Newton's method (update limit, stopping rule), but
assembled by numpy over all nodes at once and solved by LAPACK as a banded matrix.  The kernels are not used.

Unknown r of node k has number k m + r, the ions first and then phi (m = n + 1), so that the rows of a node,

                a_0  a_1  phi  |  a_0  a_1  phi  |  a_0  a_1  phi          (n = 2)
    ion 0     [  *         *   |   *         *   |   *         *  ]
    ion 1     [       *    *   |        *    *   |        *    *  ]
    phi       [            *   |   *    *    *   |             *  ]

reach m entries to the left of the diagonal (a_i to a_i) and 2 m - 1 to its right (a_0 to phi).  With phi elsewhere in
the node their sum is the same, and so is the time: pivoting fills the upper triangle as far as the sum of both.

Arrays run over nodes (N) or faces (N - 1) last, since numpy is fast along the last axis.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, solve_banded
from scipy.linalg.lapack import dgbsv

if TYPE_CHECKING:
    from electrodiff.fvm.problem import Problem
    from electrodiff.solvers.newton import NewtonOptions

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Method = Literal["solve_banded", "gbsv"]

# The rule of the kernels: no activity falls below this fraction of itself in one step.
KEEP = 0.1
# Below this the Taylor series of the Bernoulli function to u^4 is exact to round-off, as in the kernels.
SMALL = 0.01


class Band:
    """A banded matrix (N m, N m) as LAPACK stores it, with its arrow blocks as views over the nodes.

    `array` (rows, N, m) holds the element (row, column) of the matrix at [diagonal + row - column, node, unknown],
    where column = node m + unknown.  With "solve_banded" it is scipy's `ab`; with "gbsv" it is what LAPACK itself
    takes, in Fortran order and with room for the fill-in, which saves two copies of it.
    """

    def __init__(self, nodes: int, m: int, method: Method) -> None:
        self.m, self.method = m, method
        self.lower, self.upper = m, 2 * m - 1
        self.diagonal = self.upper + (self.lower if method == "gbsv" else 0)
        rows = self.diagonal + self.lower + 1
        self.memory = np.zeros((nodes * m, rows) if method == "gbsv" else (rows, nodes * m))
        self.array: Floats = self.view(self.memory)

    def view(self, memory: NDArray[Any]) -> NDArray[Any]:
        """An array laid out like `memory` as (rows, N, m)."""
        return (memory.T if self.method == "gbsv" else memory).reshape(self.diagonal + self.lower + 1, -1, self.m)

    def by_own(self, array: NDArray[Any], shift: int) -> NDArray[Any]:
        """View (m, nodes) of d(row r at node k)/d(unknown r at node k + shift) for the nodes k that have it."""
        return array[self.diagonal - shift * self.m, _columns(shift)].T

    def by_potential(self, array: NDArray[Any], shift: int) -> NDArray[Any]:
        """View (n, nodes) of d(row of ion i at node k)/d(phi at node k + shift) for the nodes k that have it."""
        stop = self.diagonal - shift * self.m
        return array[stop - self.m + 1 : stop, _columns(shift), -1]

    def by_activity(self, array: NDArray[Any], ion: int) -> NDArray[Any]:
        """View (N,) of d(row of phi at node k)/d(a_ion at node k)."""
        return array[self.diagonal + self.m - 1 - ion, :, ion]

    def solve(self, right: Floats) -> Floats:
        """Solve for one right-hand side (N m,), which is overwritten, and so is the matrix with "gbsv"."""
        reach = self.lower, self.upper
        if self.method == "solve_banded":
            # It copies a band this wide whatever overwrite_ab says, so the constant entries may stay where they are.
            solution: Floats = solve_banded(reach, self.memory, right, overwrite_b=True, check_finite=False)
            return solution
        _, _, solution, info = dgbsv(*reach, self.memory.T, right, overwrite_ab=True, overwrite_b=True)
        if info != 0:
            raise LinAlgError(f"LAPACK's dgbsv returned {info}")
        return solution


class Baseline:
    """Newton's method for one problem whose ends are pinned; every array of the assembly is allocated here, once."""

    def __init__(self, problem: Problem, options: NewtonOptions, method: Method = "solve_banded") -> None:
        """Raises ValueError if the problem has border unknowns, such as a floating end."""
        if problem.border.kind.size:
            raise ValueError("the baseline has no border unknowns; give both ends a potential, such as '-65 mV'")
        chain, self.options = problem.chain, options
        # As in `solve_newton`: relative to the largest reservoir concentration.
        self.activity_floor = options.activity_floor * (float(chain.target[:, :-1].max()) or 1.0)
        self.nodes, self.m = chain.free.shape
        self.n = self.m - 1
        self.permittivity, partition = chain.permittivity, chain.partition.T
        valence = np.array(chain.valence)
        self.conductance = chain.conductance.T.copy()
        self.drift_conductance = -valence[:, None] * self.conductance
        charge = _at_nodes(partition * chain.volume_left, partition * chain.volume_right)
        self.charge_weight = valence[:, None] * charge
        fixed = _at_nodes(chain.fixed_charge * chain.volume_left, chain.fixed_charge * chain.volume_right)
        self.fixed_charge = chain.surface_charge + fixed
        # Ions of equal |z| share B(u) and B(-u), rows of one array; for a negative ion they change places.
        self.magnitude, group = np.unique(np.abs(valence), return_inverse=True)
        other = group + self.magnitude.size
        self.plus = np.where(valence < 0, other, group)
        self.minus = np.where(valence < 0, group, other)
        self.band = Band(self.nodes, self.m, method)
        self._allocate()
        self._prepare_pinned(chain.free.T == 0, chain.target.T)
        self._prepare_constants()

    def _allocate(self) -> None:
        """Work arrays.  The padded ones have a face of zeros beyond each end, so that every node is between two."""
        n, nodes, faces, groups = self.n, self.nodes, self.nodes - 1, self.magnitude.size
        self.bernoulli, self.slope = np.empty((2, 2 * groups, faces))
        self.scratch = np.empty((n, faces))
        padded = np.zeros((4, n, faces + 2))
        self.flux, self.left, self.right, self.drift = padded
        self.flux_inside, self.left_inside, self.right_inside, self.drift_inside = padded[:, :, 1:-1]
        self.displacement = np.zeros(faces + 2)
        self.right_side = np.empty((nodes, self.m))
        self.update = np.empty((self.m, nodes))
        self.work, self.kept = np.empty((2, n, nodes))

    def _prepare_pinned(self, pinned: NDArray[np.bool_], target: Floats) -> None:
        """Where the pinned unknowns (m, N) are in state and right-hand side, and their entries in the matrix."""
        self.pinned_state = np.flatnonzero(pinned)
        unknown, node = np.divmod(self.pinned_state, self.nodes)
        self.pinned_row = node * self.m + unknown
        self.pinned_target = target[unknown, node]
        # An ion that is absent on both sides of a node has nothing but zeros there, to which only the 1 is added.
        reached = np.ones_like(pinned)
        reached[: self.n] = _at_nodes(self.conductance, self.conductance) > 0
        band, cleared = self.band, pinned & reached
        place = band.view(np.arange(band.memory.size).reshape(band.memory.shape))
        zeros = [band.by_activity(place, ion)[pinned[self.n]] for ion in range(self.n)]
        for shift in (-1, 0, 1):
            rows = _columns(-shift)
            zeros.append(band.by_own(place, shift)[cleared[:, rows]])
            zeros.append(band.by_potential(place, shift)[cleared[: self.n, rows]])
        ones = band.by_own(place, 0)[pinned]
        self.pinned_entry = np.concatenate([*zeros, ones])
        self.pinned_value = np.zeros(self.pinned_entry.size)
        self.pinned_value[-ones.size :] = 1

    def _prepare_constants(self) -> None:
        """The entries of Poisson's equation, which no step changes; and views of all others."""
        band, n = self.band, self.n
        padded = np.pad(self.permittivity, 1)
        for shift, entries in ((-1, -self.permittivity), (0, padded[1:] + padded[:-1]), (1, -self.permittivity)):
            band.by_own(band.array, shift)[n] = entries
        for ion in range(n):
            band.by_activity(band.array, ion)[:] = -self.charge_weight[ion]
        self.template = band.memory.copy()
        self.lower_own, self.own, self.upper_own = (band.by_own(band.array, shift)[:n] for shift in (-1, 0, 1))
        self.lower_phi, self.phi, self.upper_phi = (band.by_potential(band.array, shift) for shift in (-1, 0, 1))

    def solve(self, guess: Floats) -> tuple[Floats, int]:
        """State (N, m) and number of Newton steps from a guess (N, m), which is left as it is.

        Raises LinAlgError if a matrix is singular and RuntimeError after `options.max_iterations` steps.
        """
        state = np.array(guess.T, order="C")
        # e^u - 1 may overflow, where B(u) is 0, and u may be 0, where the series is used.
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            for iteration in range(self.options.max_iterations):
                self.fill_faces(state)
                self.fill_right_side(state)
                self.fill_matrix()
                update = self.band.solve(self.right_side.reshape(-1))
                if self.apply_update(update.reshape(self.nodes, self.m).T, state) <= self.options.tolerance:
                    return state.T, iteration + 1
        raise RuntimeError(f"the baseline did not converge in {self.options.max_iterations} Newton steps")

    def fill_bernoulli(self, step: Floats) -> None:
        """B(u) and B(-u) for each |z|, u = |z| (phi(right) - phi(left)) (groups, N-1), and their slopes dB(u)/du.

        Evaluated at v = |u|: B(-v) = B(v) + v adds two positive numbers, while B(v) = B(-v) - v would cancel.
        """
        groups = self.magnitude.size
        u = np.multiply(self.magnitude[:, None], step)
        v = np.abs(u)
        square = v * v
        small = v < SMALL
        exponential = np.expm1(v)
        value = v / exponential
        slope = (1 - value - v) / exponential
        np.copyto(value, 1 - 0.5 * v + square * (1 / 12 - square / 720), where=small)
        np.copyto(slope, v * (1 / 6 - square / 180) - 0.5, where=small)
        np.add(value, np.maximum(-u, 0), out=self.bernoulli[:groups])
        np.add(value, np.maximum(u, 0), out=self.bernoulli[groups:])
        # B'(v) + 1/2 is odd.
        slope += 0.5
        np.copysign(slope, u, out=slope)
        np.subtract(slope, 0.5, out=self.slope[:groups])
        np.subtract(-0.5, slope, out=self.slope[groups:])

    def fill_faces(self, state: Floats) -> None:
        """Flux of each ion through each face and its derivatives: dJ/da(left), -dJ/da(right) and -dJ/dphi(right)."""
        step = np.diff(state[self.n])
        self.fill_bernoulli(step)
        left, right = state[: self.n, :-1], state[: self.n, 1:]
        np.multiply(self.permittivity, step, out=self.displacement[1:-1])
        by_left, by_right, drift, scratch = self.left_inside, self.right_inside, self.drift_inside, self.scratch
        # mode="clip" spares numpy a buffer.
        np.take(self.bernoulli, self.plus, axis=0, out=scratch, mode="clip")
        np.multiply(scratch, self.conductance, out=by_left)
        np.take(self.bernoulli, self.minus, axis=0, out=scratch, mode="clip")
        np.multiply(scratch, self.conductance, out=by_right)
        np.multiply(by_left, left, out=self.flux_inside)
        np.multiply(by_right, right, out=scratch)
        self.flux_inside -= scratch
        # dJ/du = (D beta/h) (B' left - (1 + B') right)
        np.take(self.slope, self.plus, axis=0, out=scratch, mode="clip")
        np.subtract(left, right, out=drift)
        drift *= scratch
        drift -= right
        drift *= self.drift_conductance

    def fill_right_side(self, state: Floats) -> None:
        """-R at every node: of the ions, of Poisson's equation, and of the pinned unknowns."""
        np.subtract(self.flux[:, :-1], self.flux[:, 1:], out=self.right_side[:, : self.n].T)
        np.multiply(self.charge_weight, state[: self.n], out=self.work)
        charge = self.work.sum(axis=0)
        charge += self.fixed_charge
        charge += self.displacement[1:]
        np.subtract(charge, self.displacement[:-1], out=self.right_side[:, self.n])
        self.right_side.reshape(-1)[self.pinned_row] = self.pinned_target - state.reshape(-1)[self.pinned_state]

    def fill_matrix(self) -> None:
        """The Jacobian, from the derivatives of the fluxes."""
        if self.band.method == "gbsv":
            np.copyto(self.band.memory, self.template)
        np.negative(self.left_inside, out=self.lower_own)
        np.negative(self.right_inside, out=self.upper_own)
        np.add(self.left[:, 1:], self.right[:, :-1], out=self.own)
        np.negative(self.drift_inside, out=self.lower_phi)
        np.negative(self.drift_inside, out=self.upper_phi)
        np.add(self.drift[:, 1:], self.drift[:, :-1], out=self.phi)
        self.band.memory.reshape(-1)[self.pinned_entry] = self.pinned_value

    def apply_update(self, update: Floats, state: Floats) -> float:
        """Add the update (m, N) to the state within the limit; returns its size as the kernels measure it."""
        np.copyto(self.update, update)
        activity, change = state[: self.n], self.update[: self.n]
        np.maximum(activity, self.activity_floor, out=self.work)
        np.multiply(activity, KEEP, out=self.kept)
        activity += change
        np.maximum(activity, self.kept, out=activity)
        state[self.n] += self.update[self.n]
        change /= self.work
        np.abs(self.update, out=self.update)
        return float(self.update.max())


def _columns(shift: int) -> slice:
    """The nodes k + shift for all nodes k of the chain that have such a neighbour."""
    return slice(max(shift, 0), min(shift, 0) or None)


def _at_nodes(at_left: Floats, at_right: Floats) -> Floats:
    """Sum at each node (..., N) of what the faces (..., N-1) give to their left and to their right node."""
    total = np.zeros((*at_left.shape[:-1], at_left.shape[-1] + 1))
    total[..., :-1] += at_left
    total[..., 1:] += at_right
    return total
