"""Values and error estimates from nested meshes, by Richardson's extrapolation.

The scheme's error on meshes with spacings h, h/2, h/4, ... is a series in even powers of h, so that of the values T_00,
T_10, T_20, ... on them the columns of Romberg's table

    T_k,j = T_k,j-1 + (T_k,j-1 - T_k-1,j-1) / (4^j - 1)

have errors of order h^(2j + 2).  From meshes 0 ... k the value reported is T_k,k-1, and what the last column would still
change of it is its error:  |T_k,k - T_k,k-1|, times SAFETY, if the changes in the table fall as they should.

W. Romberg, Norske Vid. Selsk. Forh. 28 (1955) 30.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from electrodiff.fvm.kernels.arrays import Floats
from electrodiff.fvm.kernels.romberg import SAFETY, romberg_columns

# Extrapolation that would change an activity by more than this part of it has left the series behind.
LARGEST_CHANGE = 0.3


def extrapolate(levels: Sequence[Floats]) -> tuple[Floats, Floats]:
    """Values and their estimated errors from those on nested meshes, coarsest first; NaN error from one mesh alone."""
    table = np.array(levels, dtype=float)
    values, errors = np.empty_like(table[0]), np.empty_like(table[0])
    romberg_columns(table.reshape(len(table), -1), values.reshape(-1), errors.reshape(-1))
    return values, errors


def extrapolate_profile(
    levels: Sequence[Floats], segments: Sequence[Sequence[slice]], positive: bool
) -> tuple[Floats, Floats]:
    """A profile (..., M) on the finest of nested meshes and its estimated error, from those on the last three.

    segments: for each mesh, the entries of each segment, within which they are the image of a uniform line.  Entries that
    the next coarser mesh lacks take its correction by cubic interpolation.  A positive profile stays so: where the
    correction is large, it is left out.
    """
    if len(levels) < 3:
        return levels[-1], _difference(levels, segments)
    coarsest, coarse, fine = levels[-3:]
    correction = np.empty_like(coarse)
    estimate = np.empty_like(coarse)
    result, error = fine.copy(), np.empty_like(fine)
    for at_coarsest, at_coarse, at_fine in zip(*segments[-3:], strict=True):
        step = (fine[..., at_fine][..., ::2] - coarse[..., at_coarse]) / 3
        before = (coarse[..., at_coarse][..., ::2] - coarsest[..., at_coarsest]) / 3
        correction[..., at_coarse] = step
        # T_21 - T_11 on the coarsest nodes, of which a fifteenth is left as the error of T_21
        rest = (fine[..., at_fine][..., ::4] + step[..., ::2] - coarse[..., at_coarse][..., ::2] - before) / 15
        # Where the term changes its sign its neighbours say how large it is.
        estimate[..., at_coarse] = SAFETY * _linear_midpoints(_with_neighbours(np.abs(rest)))
        cubic, linear = _cubic_midpoints(step), _linear_midpoints(step)
        result[..., at_fine] = fine[..., at_fine] + cubic
        error[..., at_fine] = _linear_midpoints(estimate[..., at_coarse]) + np.abs(cubic - linear)
    if positive:
        large = np.abs(result - fine) > LARGEST_CHANGE * np.abs(fine)
        error = np.where(large, np.abs(result - fine), error)
        result = np.where(large, fine, result)
    return result, error


def _difference(levels: Sequence[Floats], segments: Sequence[Sequence[slice]]) -> Floats:
    """Error of the finer of two meshes, a third of the difference; NaN from one mesh alone."""
    error = np.full_like(levels[-1], np.nan)
    if len(levels) > 1:
        for at_coarse, at_fine in zip(*segments[-2:], strict=True):
            step = np.abs(levels[-1][..., at_fine][..., ::2] - levels[-2][..., at_coarse]) / 3
            error[..., at_fine] = SAFETY * _linear_midpoints(step)
    return error


def _with_neighbours(values: Floats) -> Floats:
    """The largest of each value (..., n) and its two neighbours."""
    padded = np.concatenate([values[..., :1], values, values[..., -1:]], axis=-1)
    return np.asarray(np.maximum(np.maximum(padded[..., :-2], padded[..., 2:]), values))


def _linear_midpoints(values: Floats) -> Floats:
    """Values (..., 2 n + 1) at the nodes of a line with twice the cells, by linear interpolation."""
    result = np.empty((*values.shape[:-1], 2 * values.shape[-1] - 1))
    result[..., ::2] = values
    result[..., 1::2] = (values[..., :-1] + values[..., 1:]) / 2
    return result


def _cubic_midpoints(values: Floats) -> Floats:
    """Values (..., 2 n + 1) at the nodes of a line with twice the cells, by the cubic through the nearest four."""
    result = _linear_midpoints(values)
    count = values.shape[-1]
    if count == 3:
        a, b, c = (values[..., index] for index in range(3))
        result[..., 1], result[..., 3] = (3 * a + 6 * b - c) / 8, (3 * c + 6 * b - a) / 8
    elif count > 3:
        inner = 9 * (values[..., 1:-2] + values[..., 2:-1]) - values[..., :-3] - values[..., 3:]
        result[..., 3:-3:2] = inner / 16
        for place, four in ((1, values[..., :4]), (-2, values[..., :-5:-1])):
            result[..., place] = (5 * four[..., 0] + 15 * four[..., 1] - 5 * four[..., 2] + four[..., 3]) / 16
    return result
