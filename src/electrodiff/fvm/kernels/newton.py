"""Newton's method on the bordered chain."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from electrodiff.fvm.kernels.arrays import GATING, RATE, Border, Chain, Floats, Integers
from electrodiff.fvm.kernels.border import border_columns, border_equations, place_borders, solve_border
from electrodiff.fvm.kernels.chain import eliminate_point_ions, eliminate_sized_ions
from electrodiff.fvm.kernels.compiler import kernel

CONVERGED = 0
MAX_ITERATIONS = 1
SINGULAR = 2

# No activity falls below this fraction of itself in one step.  It keeps concentrations positive and makes plain Newton
# converge in 4 to 8 steps from a crude guess at volts and tenths of C/m^2: an overshoot is cut where it happens.
KEEP = 0.1

# An elimination that lets rounding errors of 1e-16 grow by this is done again with care.
LARGEST_LOSS = 1e7


@kernel
def apply_update(
    valence: tuple[float, ...], update: Floats, activity_floor: float, out_state: Floats, out_worst: Integers
) -> float:
    """Add the Newton update x (N, m) (see `chain`) to `out_state` within its limits.

    Returns its size; `out_worst` (2,) receives its place.

    The size is the largest change of a potential [RT/F] or of an activity relative to itself; an activity below
    `activity_floor`, or below that part of the largest at its node, counts as that, since elimination rounds all
    activities of a node relative to the largest.
    """
    nodes, m = out_state.shape
    size = 0.0
    for k in range(nodes):
        largest = 1.0
        for r in range(m - 1):
            largest = max(largest, out_state[k, r])
        floor = activity_floor * largest
        for r in range(m):
            change = update[k, r]
            old = out_state[k, r]
            if r < m - 1:
                change -= valence[r] * old * update[k, m - 1]
                new = old + change
                out_state[k, r] = new if new > KEEP * old else KEEP * old
                change = change / max(old, floor)
            else:
                out_state[k, r] = old + change
            if not abs(change) <= size:
                size = abs(change) if np.isfinite(change) else np.inf
                out_worst[0] = k
                out_worst[1] = r
    return size


@kernel
def apply_gate_update(delta: Floats, border: Border, out_gate: Floats) -> float:
    """Add the update of open fractions and rates; returns its relative size.

    An open fraction keeps within the limits of an activity.  A rate may be 0 and change its sign; it counts as at least a
    thousandth of its own constant.
    """
    size = 0.0
    for b in range(border.kind.size):
        old = out_gate[b]
        if border.kind[b] == GATING:
            out_gate[b] = max(old + delta[b], KEEP * old)
            size = max(size, abs(delta[b]) / old)
        elif border.kind[b] == RATE and delta[b] != 0.0:
            out_gate[b] = old + delta[b]
            size = max(size, abs(delta[b]) / max(abs(out_gate[b]), 1e-3 * abs(border.value[b])))
    return size


def newton_for(steric: bool) -> Callable[..., tuple[int, int]]:
    """The kernel `newton` with one of the eliminations of `chain`; the branch to the other is not compiled.

    A number, not the elimination itself, is what differs: the disk cache would take another process's function for
    another one, and compile anew.
    """

    @kernel
    def newton(
        chain: Chain,
        border: Border,
        ungated: Floats,
        tolerance: float,
        activity_floor: float,
        max_iterations: int,
        out_upper: Floats,
        out_right: Floats,
        out_state: Floats,
        out_gate: Floats,
        out_history: Floats,
        out_worst: Integers,
    ) -> tuple[int, int]:
        """Solve R(state) = 0 from the guess in `out_state` (N, m) and `out_gate` (p,), in place.

        The target, the conductance and the carried flux of `chain` are overwritten by those of the border unknowns;
        `ungated` (N-1, n) is the conductance without gating.  `out_upper` (N, m, m) and `out_right` (N, m, 1 + p) are memory
        of the elimination: numpy has it in large pages, which takes a quarter of the time to be had.  Stops when the size of
        the update (see `apply_update`) is at most `tolerance`.  That update is applied, and Newton converges quadratically,
        so what remains is of the order of its square, or round-off.  `out_history` (max_iterations, 2) receives residual and
        update of each step, `out_worst` (2,) the node and row of the largest update, or of the failed pivot.

        Returns (status, iterations).
        """
        nodes, m = out_state.shape
        p = border.kind.size
        through = np.empty((nodes, p, m))
        row = np.empty((p, nodes, m))
        corner = np.empty((p, p))
        residual = np.empty(p)
        delta = np.empty(p)
        careful = False
        for iteration in range(max_iterations):
            if p > 0:
                place_borders(border, ungated, out_gate, out_state, chain)
            for _ in range(2):
                if p > 0:
                    border_columns(chain, border, out_gate, out_state, through, out_right)
                if steric:
                    failed_node, norm, loss = eliminate_sized_ions(
                        chain, out_state, through, careful, out_upper, out_right
                    )
                else:
                    failed_node, norm, loss = eliminate_point_ions(
                        chain, out_state, through, careful, out_upper, out_right
                    )
                if careful or loss < LARGEST_LOSS:
                    break
                careful = True
            out_history[iteration, 0] = norm
            if failed_node >= 0:
                out_worst[0] = failed_node
                out_worst[1] = m - 1
                return SINGULAR, iteration + 1
            if p > 0:
                border_equations(chain, border, out_gate, out_state, residual, row, corner)
                if not solve_border(residual, row, corner, out_right, delta):
                    return SINGULAR, iteration + 1
            size = apply_update(chain.valence, out_right[:, :, 0], activity_floor, out_state, out_worst)
            size = max(size, apply_gate_update(delta, border, out_gate))
            out_history[iteration, 1] = size
            if not np.isfinite(size):
                return SINGULAR, iteration + 1
            if size <= tolerance:
                return CONVERGED, iteration + 1
        return MAX_ITERATIONS, max_iterations

    return newton


newton_point_ions = newton_for(steric=False)
newton_sized_ions = newton_for(steric=True)
