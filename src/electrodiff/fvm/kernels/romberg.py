"""Richardson's extrapolation of numbers on nested meshes, and how far the results may be wrong (see `extrapolation`)."""

from __future__ import annotations

import numpy as np

from electrodiff.fvm.kernels.arrays import Floats
from electrodiff.fvm.kernels.compiler import kernel

# The estimate is the next term of a series, which is right to a factor as long as the terms after it are smaller.
SAFETY = 2.0

# The last column whose changes can be compared must have changes that fall by 4^(j+1) within these factors.  If not, the
# meshes are too coarse for the series, or it has other terms, as at the centre of a sphere; the value is then taken to be
# no better than a part 1 / IRREGULAR of what the last mesh changed of it.
LEAST_REGULAR, MOST_REGULAR = 0.6, 1.7
IRREGULAR = 4.0

# The last term may be small by chance; but no value is taken to be better by more than this than that of the column
# before, nor by more than four times this than the value from one mesh less, if that was extrapolated twice or more.
LARGEST_GAIN = 64.0


@kernel
def romberg(column: Floats, scratch: Floats) -> tuple[float, float]:
    """Value and estimated error of a number from those on L nested meshes, coarsest first; NaN error from one mesh alone.

    scratch: (3, L)
    """
    levels = column.size
    scratch[0, 0] = column[0]
    for k in range(1, levels):
        row, above = scratch[k % 3], scratch[(k - 1) % 3]
        row[0] = column[k]
        power = 1.0
        for j in range(1, k + 1):
            power *= 4.0
            row[j] = row[j - 1] + (row[j - 1] - above[j - 1]) / (power - 1.0)
    last = levels - 1
    if last == 0:
        return column[0], np.nan
    row, above, before = scratch[last % 3], scratch[(last - 1) % 3], scratch[(last - 2) % 3]
    value = row[last - 1]
    error = SAFETY * np.abs(row[last] - value)
    if last > 1:
        j = last - 2
        changed = np.abs(value - above[last - 2])
        error = np.maximum(error, np.abs(value - row[j]) / LARGEST_GAIN)
        if last > 2:
            error = np.maximum(error, changed / (4.0 * LARGEST_GAIN))
        earlier, later = np.abs(above[j] - before[j]), np.abs(row[j] - above[j])
        ratio = 4.0 ** (j + 1)
        if not LEAST_REGULAR * ratio * later < earlier < MOST_REGULAR * ratio * later:
            error = np.maximum(error, changed / IRREGULAR)
    return value, error


@kernel
def romberg_columns(levels: Floats, out_values: Floats, out_errors: Floats) -> None:
    """`romberg` of each column of `levels` (L, K)."""
    column, scratch = np.empty(levels.shape[0]), np.empty((3, levels.shape[0]))
    for k in range(levels.shape[1]):
        column[:] = levels[:, k]
        out_values[k], out_errors[k] = romberg(column, scratch)


@kernel
def romberg_points(
    tables: Floats,
    to_values: Floats,
    to_scales: Floats,
    units: Floats,
    out_values: Floats,
    out_errors: Floats,
    out_scales: Floats,
) -> None:
    """W numbers of P problems from the tables (L, P, lines) of what they read on each mesh.

    A number is a row of `to_values` (W, lines) times a table, its scale a row of `to_scales` times the table of the finest
    mesh plus one of `units` (P, W).  `out_values`, `out_errors` and `out_scales` are (P, W).
    """
    levels, points, lines = tables.shape
    column, scratch = np.empty(levels), np.empty((3, levels))
    for p in range(points):
        for w in range(to_values.shape[0]):
            scale = units[p, w]
            column[:] = 0.0
            for line in range(lines):
                # Most lines have no part in a number.
                if to_scales[w, line] != 0.0:
                    scale += to_scales[w, line] * tables[levels - 1, p, line]
                if to_values[w, line] != 0.0:
                    for level in range(levels):
                        column[level] += to_values[w, line] * tables[level, p, line]
            out_values[p, w], out_errors[p, w] = romberg(column, scratch)
            out_scales[p, w] = scale
