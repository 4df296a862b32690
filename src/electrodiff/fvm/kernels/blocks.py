"""Small dense blocks, and the back substitution of a block-tridiagonal elimination."""

from __future__ import annotations

from electrodiff.fvm.kernels.arrays import Floats
from electrodiff.fvm.kernels.compiler import kernel, kernel_part


@kernel_part
def invert_step(block: Floats, right: Floats, c: int) -> float:
    """Step c of the in-place inversion of `block` (m, m) and of the solution for `right` (m,); returns 1/pivot."""
    m = right.size
    inverse: float = 1.0 / block[c, c]
    for j in range(m):
        if j != c:
            block[c, j] *= inverse
    block[c, c] = inverse
    right[c] *= inverse
    for r in range(m):
        if r != c:
            multiple = block[r, c]
            block[r, c] = -multiple * inverse
            right[r] -= multiple * right[c]
            for j in range(m):
                if j != c:
                    block[r, j] -= multiple * block[c, j]
    return inverse


@kernel_part
def invert(block: Floats, right: Floats) -> float:
    """Invert `block` (m, m) and solve for `right` (m,), in place; returns 1/(last pivot), not finite if any was zero.

    The first steps are written out, so that every index is a constant and the block can stay in registers.
    """
    m = right.size
    invert_step(block, right, 0)
    last: float = invert_step(block, right, 1)
    if m > 2:
        last = invert_step(block, right, 2)
    if m > 3:
        last = invert_step(block, right, 3)
    if m > 4:
        last = invert_step(block, right, 4)
    if m > 5:
        last = invert_step(block, right, 5)
    if m > 6:
        last = invert_step(block, right, 6)
    for c in range(7, m):
        last = invert_step(block, right, c)
    return last


@kernel
def substitute_back(upper: Floats, out_right: Floats) -> None:
    """Second half of the elimination: x_k = y_k - W_k x_(k+1), in place for every column."""
    nodes, m, columns = out_right.shape
    for k in range(nodes - 2, -1, -1):
        for c in range(columns):
            for r in range(m):
                total = out_right[k, r, c]
                for j in range(m):
                    total -= upper[k, r, j] * out_right[k + 1, j, c]
                out_right[k, r, c] = total
