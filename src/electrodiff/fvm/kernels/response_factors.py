"""The elimination of complex arrow blocks in lanes (see `response` and `factors`).

A block is two squares (m, m, LANES), lines are (2, m, LANES): real and imaginary parts.  `is_full` says that ions have a
size, and O, I and S more than an arrow.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from electrodiff.fvm.kernels.arrays import Floats
from electrodiff.fvm.kernels.chain import LOOSE
from electrodiff.fvm.kernels.compiler import kernel, kernel_part
from electrodiff.fvm.kernels.response_records import LaneFactors, Linear, Turn, any_less
from electrodiff.fvm.kernels.scratch import borrowed
from electrodiff.fvm.kernels.vectors import (
    fill,
    larger,
    load,
    size_of,
    store,
    vector_lines_of,
    vector_square_of,
    where_less,
)


@kernel_part
def times(valence: tuple[float, ...], matrix: Floats, r: int, is_full: bool, lines: Floats) -> Any:
    """Entry r of a real arrow, or full matrix, (m, m) times real `lines` (m, LANES)."""
    n = len(valence)
    total = matrix[r, n] * load(lines[n])
    if is_full:
        for c in range(n):
            total += matrix[r, c] * load(lines[c])
    elif r < n:
        total += matrix[r, r] * load(lines[r])
    return total


@kernel_part
def size_times(valence: tuple[float, ...], matrix: Floats, r: int, is_full: bool, sizes: Floats) -> Any:
    """As `times`, of the absolute values."""
    n = len(valence)
    total = abs(matrix[r, n]) * load(sizes[n])
    if is_full:
        for c in range(n):
            total += abs(matrix[r, c]) * load(sizes[c])
    elif r < n:
        total += abs(matrix[r, r]) * load(sizes[r])
    return total


@kernel_part
def held(valence: tuple[float, ...], storage: Floats, i: int, is_full: bool, lines: Floats) -> Any:
    """By how much real changes (m, LANES) alter what is held of ion i, which depends on the activities alone."""
    if is_full:
        total = storage[i, 0] * load(lines[0])
        for c in range(1, len(valence)):
            total += storage[i, c] * load(lines[c])
        return total
    return storage[i, i] * load(lines[i])


@kernel_part
def invert_complex_step(real: Floats, imag: Floats, valence: tuple[float, ...], c: int) -> None:
    """Step c of the in-place inversion of a complex block, two squares (m, m, LANES)."""
    m = len(valence) + 1
    a, b = load(real[c, c]), load(imag[c, c])
    size = 1.0 / (a * a + b * b)
    p, q = a * size, -(b * size)
    for j in range(m):
        if j != c:
            x, y = load(real[c, j]), load(imag[c, j])
            store(p * x - q * y, real[c, j])
            store(p * y + q * x, imag[c, j])
    store(p, real[c, c])
    store(q, imag[c, c])
    for r in range(m):
        if r != c:
            x, y = load(real[r, c]), load(imag[r, c])
            store(q * y - p * x, real[r, c])
            store(-(p * y + q * x), imag[r, c])
            for j in range(m):
                if j != c:
                    s, t = load(real[c, j]), load(imag[c, j])
                    store(load(real[r, j]) - x * s + y * t, real[r, j])
                    store(load(imag[r, j]) - x * t - y * s, imag[r, j])


@kernel_part
def invert_complex(real: Floats, imag: Floats, valence: tuple[float, ...]) -> None:
    """Invert a complex block, two squares (m, m, LANES), in place and without pivoting; the first steps written out as those
    of `invert`, which is a tenth of an impedance.
    """
    m = len(valence) + 1
    invert_complex_step(real, imag, valence, 0)
    invert_complex_step(real, imag, valence, 1)
    if m > 2:
        invert_complex_step(real, imag, valence, 2)
    if m > 3:
        invert_complex_step(real, imag, valence, 3)
    if m > 4:
        invert_complex_step(real, imag, valence, 4)
    for c in range(5, m):
        invert_complex_step(real, imag, valence, c)


@kernel_part
def bind(linear: Linear, k: int, is_full: bool, rate: Any, out_real: Floats, out_imag: Floats) -> None:
    """E + Q of node k from E: i `rate` S in the rows of the ions, -z . S in that of the potential."""
    n = len(linear.chain.valence)
    storage = linear.jacobian.storage[k]
    for i in range(n):
        z = linear.chain.valence[i]
        for c in range(n + 1):
            if is_full or c in (i, n):
                store(load(out_imag[i, c]) + rate * storage[i, c], out_imag[i, c])
                store(load(out_real[n, c]) - z * storage[i, c], out_real[n, c])


@kernel_part
def note_loose(linear: Linear, k: int, real: Floats, imag: Floats, out: LaneFactors) -> None:
    """Which rows of node k take the first form, from its E + Q, which is kept for them."""
    m = len(linear.chain.valence) + 1
    for r in range(m):
        size = larger(size_of(load(real[r, r])), size_of(load(imag[r, r])))
        limit = fill(linear.chain.free[k, r] * LOOSE * abs(linear.jacobian.outflow[k, r, r]))
        store(where_less(size, limit, 1.0, 0.0), out.loose[k, r])
        out.has_loose[k, r] = 0.0
        if any_less(size, limit):
            out.has_loose[k, r] = 1.0
            for c in range(m):
                store(load(real[r, c]), out.bound[k, 0, r, c])
                store(load(imag[r, c]), out.bound[k, 1, r, c])


@kernel_part
def add_outflow(linear: Linear, k: int, is_full: bool, out_real: Floats, out_imag: Floats) -> None:
    """E + Q + O of node k from E + Q, both squares (m, m, LANES), and what pins its other rows."""
    n = len(linear.chain.valence)
    outflow = linear.jacobian.outflow[k]
    for r in range(n + 1):
        free = linear.chain.free[k, r]
        for c in range(n + 1):
            if free == 0.0:
                store(fill(1.0 if c == r else 0.0), out_real[r, c])
                store(fill(0.0), out_imag[r, c])
            elif is_full or c in (r, n):
                store(load(out_real[r, c]) + outflow[r, c], out_real[r, c])
        if free == 0.0 and r < n:
            store(fill(-linear.chain.valence[r] * linear.state[k, r]), out_real[r, n])


@kernel_part
def multiply_inflow(linear: Linear, k: int, is_full: bool, inverse: Floats, out_upper: Floats) -> None:
    """W transposed, of the free rows of I; one part of each, squares (m, m, LANES)."""
    n = len(linear.chain.valence)
    m = n + 1
    inflow = linear.jacobian.inflow[k]
    for r in range(m):
        last = fill(0.0)
        for j in range(m):
            last += (linear.chain.free[k, j] * inflow[j, n]) * load(inverse[r, j])
        store(last, out_upper[n, r])
        for c in range(n):
            if is_full:
                total = fill(0.0)
                for j in range(m):
                    total += (linear.chain.free[k, j] * inflow[j, c]) * load(inverse[r, j])
                store(total, out_upper[c, r])
            else:
                store((linear.chain.free[k, c] * inflow[c, c]) * load(inverse[r, c]), out_upper[c, r])


@kernel_part
def carry_on(
    linear: Linear,
    k: int,
    is_full: bool,
    factors: LaneFactors,
    upper: tuple[Floats, Floats],
    out: tuple[Floats, Floats],
) -> None:
    """E of the next node, -I + O W or, in rows of the first form, -(E + Q) W."""
    n = len(linear.chain.valence)
    m = n + 1
    outflow, inflow = linear.jacobian.outflow[k], linear.jacobian.inflow[k]
    for r in range(m):
        for c in range(m):
            store(times(linear.chain.valence, outflow, r, is_full, upper[0][c]) - inflow[r, c], out[0][r, c])
            store(times(linear.chain.valence, outflow, r, is_full, upper[1][c]), out[1][r, c])
        if factors.has_loose[k, r] > 0.0:
            loose = load(factors.loose[k, r])
            for c in range(m):
                x, y = fill(0.0), fill(0.0)
                for j in range(m):
                    a, b = load(factors.bound[k, 0, r, j]), load(factors.bound[k, 1, r, j])
                    s, t = load(upper[0][c, j]), load(upper[1][c, j])
                    x += b * t - a * s
                    y -= a * t + b * s
                store(where_less(0.0, loose, x, load(out[0][r, c])), out[0][r, c])
                store(where_less(0.0, loose, y, load(out[1][r, c])), out[1][r, c])


def factor_for(is_full: bool) -> Callable[[Linear, Floats, LaneFactors], None]:
    """The kernel `factor_lanes` for ions with or without a size; see `newton_for`."""

    @kernel
    def factor_lanes(linear_record: Linear, rates: Floats, factors: LaneFactors) -> None:
        """Factor the Jacobian with storage at the rates i `rates` (LANES,), without pivoting."""
        linear, out, rate = borrowed(linear_record), borrowed(factors), load(rates)
        valence = linear.chain.valence
        m = len(valence) + 1
        block = vector_square_of(valence), vector_square_of(valence)  # E, E + Q, E + Q + O, and the inverse of this
        upper = vector_square_of(valence), vector_square_of(valence)
        for r in range(m):
            for c in range(m):
                store(fill(0.0), block[0][r, c])
                store(fill(0.0), block[1][r, c])
        for k in range(linear.state.shape[0]):
            bind(linear, k, is_full, rate, block[0], block[1])
            note_loose(linear, k, block[0], block[1], out)
            add_outflow(linear, k, is_full, block[0], block[1])
            invert_complex(block[0], block[1], valence)
            for r in range(m):
                for c in range(m):
                    store(load(block[0][r, c]), out.inverse[k, 0, r, c])
                    store(load(block[1][r, c]), out.inverse[k, 1, r, c])
            multiply_inflow(linear, k, is_full, block[0], upper[0])
            multiply_inflow(linear, k, is_full, block[1], upper[1])
            carry_on(linear, k, is_full, out, upper, block)

    return factor_lanes


def solve_for(is_full: bool) -> Callable[[Linear, LaneFactors, Turn], None]:
    """The kernel `solve_lanes` likewise."""

    @kernel
    def solve_lanes(linear_record: Linear, factored: LaneFactors, lines: Turn) -> None:
        """The update of the flows and sources of a turn, as `factors.solve` does it."""
        linear, factors, turn = borrowed(linear_record), borrowed(factored), borrowed(lines)
        valence = linear.chain.valence
        m = len(valence) + 1
        nodes = linear.state.shape[0]
        arriving, right = vector_lines_of(valence, 2), vector_lines_of(valence, 2)
        for r in range(m):
            store(fill(0.0), arriving[0, r])
            store(fill(0.0), arriving[1, r])
        for k in range(nodes):
            inverse, outflow, solved = factors.inverse[k], linear.jacobian.outflow[k], turn.update[k]
            for part in range(2):
                for r in range(m):
                    missing = load(arriving[part, r]) - load(turn.flow[k, part, r])
                    store(linear.chain.free[k, r] * missing + load(turn.source[k, part, r]), right[part, r])
            for r in range(m):
                x, y = fill(0.0), fill(0.0)
                for j in range(m):
                    a, b = load(inverse[0, r, j]), load(inverse[1, r, j])
                    s, t = load(right[0, j]), load(right[1, j])
                    x += a * s - b * t
                    y += a * t + b * s
                store(x, solved[0, r])
                store(y, solved[1, r])
            for r in range(m):
                x = load(turn.flow[k, 0, r]) + times(valence, outflow, r, is_full, solved[0])
                y = load(turn.flow[k, 1, r]) + times(valence, outflow, r, is_full, solved[1])
                if factors.has_loose[k, r] > 0.0:
                    loose = load(factors.loose[k, r])
                    u = load(arriving[0, r]) + load(turn.source[k, 0, r])
                    v = load(arriving[1, r]) + load(turn.source[k, 1, r])
                    for j in range(m):
                        a, b = load(factors.bound[k, 0, r, j]), load(factors.bound[k, 1, r, j])
                        s, t = load(solved[0, j]), load(solved[1, j])
                        u -= a * s - b * t
                        v -= a * t + b * s
                    x, y = where_less(0.0, loose, u, x), where_less(0.0, loose, v, y)
                store(x, arriving[0, r])
                store(y, arriving[1, r])
        # x_k = s_k - W x_(k+1), by the inverse itself, which is there already.
        for k in range(nodes - 2, -1, -1):
            inverse, inflow, solved = factors.inverse[k], linear.jacobian.inflow[k], turn.update[k]
            for part in range(2):
                for r in range(m):
                    incoming = linear.chain.free[k, r] * times(valence, inflow, r, is_full, turn.update[k + 1, part])
                    store(incoming, right[part, r])
            for r in range(m):
                x, y = load(solved[0, r]), load(solved[1, r])
                for j in range(m):
                    a, b = load(inverse[0, r, j]), load(inverse[1, r, j])
                    s, t = load(right[0, j]), load(right[1, j])
                    x -= a * s - b * t
                    y -= a * t + b * s
                store(x, solved[0, r])
                store(y, solved[1, r])

    return solve_lanes


factor_point_ions, factor_sized_ions = factor_for(is_full=False), factor_for(is_full=True)
solve_point_ions, solve_sized_ions = solve_for(is_full=False), solve_for(is_full=True)
