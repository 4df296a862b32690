"""Problems in lanes on nested meshes: first guesses, and Newton's method on each (see `lanes`)."""

from __future__ import annotations

import numpy as np

from electrodiff.fvm.kernels.arrays import Floats, Integers
from electrodiff.fvm.kernels.compiler import kernel
from electrodiff.fvm.kernels.lane_readings import read_lanes
from electrodiff.fvm.kernels.lane_step import eliminate_lanes, update_lanes
from electrodiff.fvm.kernels.lanes import Lanes, Stacks
from electrodiff.fvm.kernels.scratch import borrowed
from electrodiff.fvm.kernels.vectors import LANES, aligned, load, square_root, store, where_less

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
    width: Floats,
    per_width: Floats,
    gains: Floats,
    out_state: Floats,
    out_rows: Floats,
    out_active: Floats,
    out_steps: Integers,
) -> None:
    """Solve from the guess in `out_state` (N, m, LANES), in place, and add the steps of each lane to `out_steps` (LANES,).

    Of `out_active` (LANES,), those that are 1 at the start are solved for, and those that are still 1 at the end failed.
    `out_rows` is scratch.
    """
    m = out_state.shape[1]
    nodes = out_state.shape[0]
    flux = aligned((m - 1, LANES))
    flux[:] = 0.0
    size = np.zeros((2, LANES))
    before = np.full(LANES, np.inf)
    failed = np.zeros(LANES)
    for end in range(2):
        node = end * (nodes - 1)
        for r in range(m):
            if r < m - 1 or end == 0 or not lanes.floats:
                for lane in range(LANES):
                    out_state[node, r, lane] = stacks.ends[g, c, end, r, lane]
    for _ in range(max_iterations):
        eliminate_lanes(lanes, stacks, g, c, stride, (width, per_width, gains), out_state, flux, out_rows)
        update_lanes(lanes, stacks, g, c, stride, out_rows, out_active, flux, out_state, size)
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
    source, out = borrowed(coarse), borrowed(out_fine)
    nodes, m, _ = source.shape
    for k in range(nodes):
        for r in range(m):
            store(load(source[k, r]), out[2 * k, r])
    for k in range(nodes - 1):
        for r in range(m - 1):
            store(square_root(load(source[k, r]) * load(source[k + 1, r])), out[2 * k + 1, r])
        store(0.5 * (load(source[k, m - 1]) + load(source[k + 1, m - 1])), out[2 * k + 1, m - 1])


@kernel
def carry_on(base: Floats, now: Floats, before: Floats, out_state: Floats) -> None:
    """`base` (N, m, LANES) changed as `before` changed to `now`: potentials by the difference, activities by the ratio.

    An activity that was 0 is left as it is.
    """
    old_base, newer, older, out = borrowed(base), borrowed(now), borrowed(before), borrowed(out_state)
    nodes, m, _ = old_base.shape
    for k in range(nodes):
        for r in range(m - 1):
            old, value = load(older[k, r]), load(old_base[k, r])
            store(where_less(0.0, old, value * load(newer[k, r]) / old, value), out[k, r])
        store(load(old_base[k, m - 1]) + (load(newer[k, m - 1]) - load(older[k, m - 1])), out[k, m - 1])


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
    owned_lanes: Lanes,
    owned_stacks: Stacks,
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
    lanes, stacks = borrowed(owned_lanes), borrowed(owned_stacks)
    groups, length, nodes = stacks.x.shape[:3]
    m = len(lanes.valence) + 1
    rows, state = aligned((nodes, m, m + 1, LANES)), aligned((nodes, m, LANES))
    width, per_width = aligned((nodes - 1, LANES)), aligned((nodes - 1, LANES))
    gains = aligned((nodes - 1, 3, m - 1, LANES))
    reading = (
        aligned((nodes, m - 1, LANES)),
        aligned((nodes, m - 1, LANES)),
        aligned((nodes, m - 1, LANES)),
        aligned((2, LANES)),
    )
    solved, guessed = aligned((levels, nodes, m, LANES)), aligned((levels, nodes, m, LANES))
    before = aligned((stacks.guess.shape[2], m, LANES))
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
                    store(load(x[(k + 1) * stride]) - load(x[k * stride]), width[k])
                    store(1.0 / load(width[k]), per_width[k])
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
                            width,
                            per_width,
                            gains,
                            here,
                            rows,
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
                read_lanes(lanes, stacks, g, c, stride, width, here, reading, out_tables[g, c, level])
            out_states[g, c] = state
