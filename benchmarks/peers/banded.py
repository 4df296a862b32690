"""numpy and LAPACK's banded solver: `baseline.py`, on the meshes and with the outer loops that suit it best.

Newton's method stops at a loose tolerance, since an update that small leaves only its square.  Voltages in a row start from
the line through the two states before.  The floating potential needs no root search: it is a border of one row and one
column, for which each factorisation gets a second right-hand side.  Impedances are read from one complex solution each.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from math import comb
from typing import Any

import numpy as np
from scipy.linalg import LinAlgError, solve_banded
from scipy.linalg.lapack import dgbsv, zgbsv

from baseline import Band, Baseline, Method
from electrodiff import NewtonOptions
from electrodiff.fvm.problem import Problem, build_problem
from electrodiff.grid.mesh import line_mesh
from electrodiff.solvers.guess import first_guess
from peers.membrane import Complexes, Floats, Membrane, clamped_case, graded_positions

# Spacing grows with the distance d to the nearest interface as l + GROWTH d, l [nm] in the baths and in the membrane.
LENGTHS, GROWTH = np.array([0.4, 3.0, 0.4]), 2.5


def problem_on(membrane: Membrane, nodes: int, times: int) -> Problem:
    """The discrete equations on about so many graded nodes, each cell cut into `times`, at the voltage of the membrane."""
    x, layer = graded_positions(membrane.faces, nodes, LENGTHS, GROWTH, times)
    case = clamped_case().replace("left.potential", membrane.voltage * membrane.scales.potential)
    return build_problem(case, line_mesh(case, x * membrane.scales.length, layer))


class Banded:
    """One membrane, prepared for any of the tasks."""

    def __init__(
        self, membrane: Membrane, nodes: int, method: Method = "gbsv", tolerance: float = 1e-4, times: int = 1
    ) -> None:
        self.membrane, self.method, self.tolerance = membrane, method, tolerance
        self.problem = problem_on(membrane, nodes, times)
        self.baseline = Baseline(self.problem, NewtonOptions(tolerance=tolerance), method)
        left = self.baseline.n * self.baseline.nodes
        self._left = int(np.flatnonzero(self.baseline.pinned_state == left)[0])
        self.state = self.guess = first_guess(self.problem)

    # ---- steady -----------------------------------------------------------------------------------------------------

    def set_voltage(self, voltage: float) -> None:
        """Potential of the left end."""
        self.baseline.pinned_target[self._left] = voltage

    def reset(self) -> None:
        """To the first guess."""
        self.state = self.guess

    def solve(self) -> None:
        """From the state that it has."""
        self.state, _ = self.baseline.solve(self.state)

    def current(self) -> float:
        """[A/m^2]"""
        return self._current(self.state)

    def _current(self, state: Floats) -> float:
        """[A/m^2], through the face in the middle: the current is the same through all."""
        chain, face = self.problem.chain, self.baseline.nodes // 2
        z = np.array(chain.valence)
        left, right = state[face], state[face + 1]
        u = z * (right[-1] - left[-1])
        bernoulli = np.where(u == 0, 1.0, u / np.where(u == 0, 1.0, np.expm1(u)))
        flux = chain.conductance[face] * (bernoulli * left[:-1] - (bernoulli + u) * right[:-1])
        return float(z @ flux) * self.membrane.current_scale

    def curve(self, voltages: Floats, points: int = 3) -> Floats:
        """(V,) [A/m^2] at the evenly spaced voltages [V], each from the polynomial through so many states before it."""
        found = np.empty(voltages.size)
        states = [self.guess]
        for index, potential in enumerate(voltages / self.problem.scales.potential):
            self.baseline.pinned_target[self._left] = potential
            guess = _next_in(states)
            np.maximum(guess[:, :-1], 0.5 * states[-1][:, :-1], out=guess[:, :-1])
            state, _ = self.baseline.solve(guess)
            # The first guess is not of the row.
            states = [*(states if index else []), state][-points:]
            found[index] = self._current(state)
        return found

    def floating_potential(self) -> float:
        """[V]: Newton's method with the potential of the left end and the condition that the current is zero.

        Raises RuntimeError if it does not converge.
        """
        baseline, band = self.baseline, self.baseline.band
        n, m = baseline.n, baseline.m
        state = np.array(self.guess.T, order="C")
        valence = np.array(self.problem.chain.valence)
        middle = baseline.nodes // 2
        right = np.zeros((baseline.right_side.size, 2))
        baseline.pinned_target[self._left] = state[n, 0]
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            for _ in range(baseline.options.max_iterations):
                baseline.fill_faces(state)
                baseline.fill_right_side(state)
                baseline.fill_matrix()
                right[:, 0], right[:, 1], right[n, 1] = baseline.right_side.reshape(-1), 0.0, 1.0
                by_state, by_potential = _solved(band, right).T.reshape(2, baseline.nodes, m)
                current = valence @ baseline.flux_inside[:, middle]
                change = [self._current_change(one, middle) @ valence for one in (by_state, by_potential)]
                shift = -(current + change[0]) / change[1]
                size = baseline.apply_update((by_state + shift * by_potential).T, state)
                baseline.pinned_target[self._left] = state[n, 0]
                if size <= self.tolerance:
                    return float(state[n, 0] - state[n, -1]) * self.problem.scales.potential
        raise RuntimeError("the floating potential was not found")

    def _current_change(self, update: Any, face: int) -> Any:
        """(n,) change of the flux of each ion through a face with an update (N, m) of the state."""
        baseline, n = self.baseline, self.baseline.n
        step = update[face + 1, n] - update[face, n]
        by_left, by_right = baseline.left_inside[:, face], baseline.right_inside[:, face]
        return by_left * update[face, :n] - by_right * update[face + 1, :n] + baseline.drift_inside[:, face] * -step

    # ---- impedance --------------------------------------------------------------------------------------------------

    def impedances(self, frequencies: Floats, workers: int = 1) -> Complexes:
        """(W,) [ohm m^2] at the frequencies [Hz], with the steady state."""
        state, _ = self.baseline.solve(self.guess)
        state = np.ascontiguousarray(state.T)
        baseline, band = self.baseline, self.baseline.band
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            baseline.fill_faces(state)
            baseline.fill_matrix()
        chain, n, m = self.problem.chain, baseline.n, baseline.m
        volume = np.zeros((baseline.nodes, m))
        volume[:-1, :n] += chain.partition * chain.volume_left[:, None]
        volume[1:, :n] += chain.partition * chain.volume_right[:, None]
        volume *= chain.free
        face = baseline.nodes // 2
        valence = np.array(chain.valence)

        def one(frequency: float) -> complex:
            rate = 2j * np.pi * frequency * self.problem.scales.time
            matrix = band.memory.astype(complex, order="K")
            band.view(matrix)[band.diagonal] += rate * volume
            right = np.zeros(baseline.nodes * m, dtype=complex)
            right[n] = 1.0
            change = _solved_complex(band, matrix, right).reshape(baseline.nodes, m)
            displaced = -chain.permittivity[face] * (change[face + 1, n] - change[face, n])
            return 1 / complex(self._current_change(change, face) @ valence + rate * displaced)

        if workers == 1:
            found = [one(frequency) for frequency in frequencies]
        else:
            with ThreadPoolExecutor(workers) as pool:
                found = list(pool.map(one, frequencies))
        return np.asarray(np.array(found) * self.membrane.impedance_scale, dtype=complex)


def _next_in(states: list[Floats]) -> Floats:
    """What follows in a row of evenly spaced states, by the polynomial through them."""
    count = len(states)
    weights = [(-1) ** (count - 1 - k) * comb(count, k) for k in range(count)]
    return np.asarray(sum(weight * state for weight, state in zip(weights, states, strict=True)))


def _solved(band: Band, right: Floats) -> Floats:
    """For several right-hand sides (N m, k)."""
    reach = band.lower, band.upper
    if band.method == "solve_banded":
        return np.asarray(solve_banded(reach, band.memory, right, overwrite_b=True, check_finite=False))
    _, _, solution, info = dgbsv(*reach, band.memory.T, right, overwrite_ab=True)
    if info != 0:
        raise LinAlgError(f"LAPACK's dgbsv returned {info}")
    return np.asarray(solution)


def _solved_complex(band: Band, matrix: Complexes, right: Complexes) -> Complexes:
    reach = band.lower, band.upper
    if band.method == "solve_banded":
        return np.asarray(solve_banded(reach, matrix, right, overwrite_b=True, check_finite=False))
    _, _, solution, info = zgbsv(*reach, matrix.T, right, overwrite_ab=True, overwrite_b=True)
    if info != 0:
        raise LinAlgError(f"LAPACK's zgbsv returned {info}")
    return np.asarray(solution)
