"""Problems in lanes on nested meshes: first guesses, and Newton's method on each (see `lanes`)."""

from __future__ import annotations

import numpy as np

from electrodiff.fvm.kernels.arrays import Floats, Integers
from electrodiff.fvm.kernels.compiler import kernel
from electrodiff.fvm.kernels.lane_readings import read_lanes
from electrodiff.fvm.kernels.lane_step import eliminate_lanes, update_lanes
from electrodiff.fvm.kernels.lanes import Lanes, Stacks
from electrodiff.fvm.kernels.vectors import LANES

# Newton converges quadratically: after updates s and s', what remains is about (s'/s^2) s'^2.  It stops when that is below
# REMAINS, a tenth of the 1e-10 to which an answer is to agree with that of the single solver.
REMAINS = 1e-11
# Updates below which that may be relied on.
QUADRATIC = 1e-2


@kernel
def newton_lanes(
    lanes: Lanes,
    stacks: Stacks,
    g: int,
    c: int,
    stride: int,
    tolerance: float,
    max_iterations: int,
    per_width: Floats,
    out_state: Floats,
    out_upper: Floats,
    out_solved: Floats,
    out_active: Floats,
    out_steps: Integers,
) -> None:
    """Solve from the guess in `out_state` (N, m, LANES), in place, and add the steps of each lane to `out_steps` (LANES,).

    Of `out_active` (LANES,), those that are 1 at the start are solved for, and those that are still 1 at the end failed.
    `out_upper` and `out_solved` are scratch.
    """
    m = out_state.shape[1]
    nodes = out_state.shape[0]
    arriving = np.zeros((m + 1, LANES))
    size = np.zeros((2, LANES))
    before = np.full(LANES, np.inf)
    failed = np.zeros(LANES)
    for end in range(2):
        node = end * (nodes - 1)
        for r in range(m):
            if r < m - 1 or end == 0 or lanes.middle < 0:
                for lane in range(LANES):
                    out_state[node, r, lane] = stacks.ends[g, c, end, r, lane]
    for _ in range(max_iterations):
        eliminate_lanes(lanes, stacks, g, c, stride, per_width, out_state, out_upper, out_solved, arriving)
        update_lanes(lanes, stacks, g, c, stride, out_upper, out_solved, arriving, out_active, out_state, size)
        running = 0
        for lane in range(LANES):
            if out_active[lane] > 0.0:
                out_steps[lane] += 1
                now = size[0, lane]
                if not np.isfinite(size[1, lane]):
                    failed[lane] = 1.0
                    out_active[lane] = 0.0
                elif now <= tolerance or (before[lane] <= QUADRATIC and now * (now / before[lane]) ** 2 <= REMAINS):
                    out_active[lane] = 0.0
                else:
                    running += 1
                before[lane] = now
        if running == 0:
            break
    for lane in range(LANES):
        out_active[lane] = max(out_active[lane], failed[lane])


@kernel
def prolong_lanes(coarse: Floats, out_fine: Floats) -> None:
    """The state (N, m, LANES) on a mesh with twice the cells: means of potentials, geometric means of activities."""
    nodes, m, _ = coarse.shape
    for k in range(nodes):
        for r in range(m):
            for lane in range(LANES):
                out_fine[2 * k, r, lane] = coarse[k, r, lane]
    for k in range(nodes - 1):
        for r in range(m):
            for lane in range(LANES):
                left, right = coarse[k, r, lane], coarse[k + 1, r, lane]
                out_fine[2 * k + 1, r, lane] = 0.5 * (left + right) if r == m - 1 else np.sqrt(left * right)


@kernel
def carry_on(base: Floats, now: Floats, before: Floats, out_state: Floats) -> None:
    """`base` (N, m, LANES) changed as `before` changed to `now`: potentials by the difference, activities by the ratio.

    An activity that was 0 is left as it is.
    """
    nodes, m, _ = base.shape
    for k in range(nodes):
        for r in range(m):
            for lane in range(LANES):
                old, new, value = before[k, r, lane], now[k, r, lane], base[k, r, lane]
                if r == m - 1:
                    value += new - old
                elif old > 0.0:
                    value *= new / old
                out_state[k, r, lane] = value


@kernel
def start_lanes(
    c: int, level: int, guess: Floats, solved: Floats, guessed: Floats, before: Floats, out_state: Floats
) -> None:
    """A first guess of problem c of a chain on one level, in `out_state` (N, m, LANES).

    `solved` (levels, N, m, LANES) holds the states of this problem on coarser levels and of the one before on the others;
    `guessed` what was prolonged to each level of the one before; `before` the coarsest state of the one before that.
    """
    nodes = out_state.shape[0]
    if level > 0:
        coarse = solved[level - 1, : (nodes + 1) // 2]
        prolong_lanes(coarse, out_state)
        here = guessed[level, :nodes]
        if c > 0:
            # What the finer mesh changed of the last problem, it changes of this one.
            last = here.copy()
            here[:] = out_state
            carry_on(here, solved[level, :nodes], last, out_state)
        else:
            here[:] = out_state
    elif c == 0:
        out_state[:] = guess
    elif c == 1:
        out_state[:] = solved[0, :nodes]
    else:
        carry_on(solved[0, :nodes], solved[0, :nodes], before, out_state)


@kernel
def own_guess(guess: Floats, chosen: Floats, out_state: Floats) -> None:
    """Put the lanes of `guess` (N, m, LANES) that are `chosen` (LANES,) into a state."""
    for lane in range(LANES):
        if chosen[lane] > 0.0:
            out_state[:, :, lane] = guess[:, :, lane]


@kernel
def solve_lanes(
    lanes: Lanes,
    stacks: Stacks,
    levels: int,
    is_solved: bool,
    tolerance: float,
    max_iterations: int,
    out_tables: Floats,
    out_states: Floats,
    out_failed: Floats,
    out_steps: Integers,
) -> None:
    """Solve every chain of every group on `levels` nested meshes, the coarsest of which has every 2^(levels - 1)th node.

    The first problem of a chain starts from its guess, every other from the one before and, in lanes where that fails,
    from its own guess.  If the guess `is_solved`, it is the state on the coarsest mesh.  `out_tables` (G, C, levels,
    lines, LANES) receives the readings, `out_states` (G, C, N, m, LANES) the state on the finest mesh, `out_failed`
    (G, C, LANES) 1 where Newton's method failed on some level, `out_steps` (G, C, levels, LANES) the steps.
    """
    groups, length, nodes = stacks.x.shape[:3]
    m = len(lanes.valence) + 1
    upper, right = np.empty((nodes, m, m, LANES)), np.empty((nodes, m, LANES))
    state, per_width = np.zeros((nodes, m, LANES)), np.empty((nodes - 1, LANES))
    solved, guessed = np.zeros((levels, nodes, m, LANES)), np.zeros((levels, nodes, m, LANES))
    before = np.zeros((stacks.guess.shape[2], m, LANES))
    active = np.empty(LANES)
    for g in range(groups):
        for c in range(length):
            out_failed[g, c] = 0.0
            x, guess = stacks.x[g, c], stacks.guess[g, c]
            for level in range(levels):
                stride = 2 ** (levels - 1 - level)
                count = (nodes - 1) // stride + 1
                here = state[:count]
                for k in range(count - 1):
                    for lane in range(LANES):
                        per_width[k, lane] = 1.0 / (x[(k + 1) * stride, lane] - x[k * stride, lane])
                start_lanes(0 if is_solved and level == 0 else c, level, guess, solved, guessed, before, here)
                active[:] = 1.0 - out_failed[g, c]
                if is_solved and level == 0:
                    active[:] = 0.0
                steps = out_steps[g, c, level]
                steps[:] = 0
                for attempt in range(2):
                    if attempt > 0:
                        own_guess(guess if level == 0 else guessed[level, :count], active, here)
                    if active.any():
                        newton_lanes(
                            lanes,
                            stacks,
                            g,
                            c,
                            stride,
                            tolerance,
                            max_iterations,
                            per_width,
                            here,
                            upper,
                            right,
                            active,
                            steps,
                        )
                # What is no solution is no start for the next either.
                if active.any():
                    out_failed[g, c] = np.maximum(out_failed[g, c], active)
                    own_guess(guess if level == 0 else guessed[level, :count], active, here)
                if level == 0:
                    before[:] = solved[0, :count]
                solved[level, :count] = here
                read_lanes(lanes, stacks, g, c, stride, per_width, here, out_tables[g, c, level])
            out_states[g, c] = state
