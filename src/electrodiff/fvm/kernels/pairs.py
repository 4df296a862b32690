# numba and llvmlite carry no types for what is used here.
# mypy: disable-error-code="attr-defined,no-untyped-call,call-arg,no-untyped-def"
"""Two doubles in one register: both ends of a chain at once, each towards the middle.

The first of a pair is of a node, the second of the one that is as far from the other end.  Arithmetic is that of `vectors`;
scratch arrays have pairs as their entries, so that code for one end serves both, and `pair_at` reads one from a row of an
array, which has pair i at 2 i and 2 i + 1.

Uncompiled, a pair is a `PlainPair`, and an array of them one of objects.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba import carray, types
from numba.core import cgutils
from numba.extending import intrinsic

from electrodiff.fvm.kernels import vectors
from electrodiff.fvm.kernels.arrays import Floats
from electrodiff.fvm.kernels.compiler import kernel_part
from electrodiff.fvm.kernels.vectors import VectorType

pair_type = VectorType(2)


def _place(index: int) -> Any:
    return ir.Constant(ir.IntType(32), index)


def _both(builder: Any, one: Any, other: Any) -> Any:
    half = builder.insert_element(ir.Constant(pair_type.code, ir.Undefined), one, _place(0))
    return builder.insert_element(half, other, _place(1))


@intrinsic
def _together(typing_context: Any, one: Any, other: Any) -> Any:  # noqa: ARG001
    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001
        return _both(builder, *arguments)

    return pair_type(types.float64, types.float64), code


@intrinsic
def _first(typing_context: Any, pair: Any) -> Any:  # noqa: ARG001
    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001
        return builder.extract_element(arguments[0], _place(0))

    return types.float64(pair_type), code


@intrinsic
def _second(typing_context: Any, pair: Any) -> Any:  # noqa: ARG001
    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001
        return builder.extract_element(arguments[0], _place(1))

    return types.float64(pair_type), code


def _pointer(context: Any, builder: Any, kind: Any, value: Any, row: Any, index: Any) -> Any:
    array = context.make_array(kind)(context, builder, value)
    width = builder.extract_value(array.shape, 1)
    # What is constant of an index remains so: the rest is the same for all of a row.
    start = builder.gep(array.data, [builder.mul(row, width)])
    return builder.bitcast(builder.gep(start, [builder.shl(index, index.type(1))]), pair_type.code.as_pointer())


@intrinsic
def _at(typing_context: Any, array: Any, row: Any, index: Any) -> Any:  # noqa: ARG001
    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.load(_pointer(context, builder, signature.args[0], *arguments), align=8)

    return pair_type(array, types.intp, types.intp), code


@intrinsic
def _put(typing_context: Any, pair: Any, out_array: Any, row: Any, index: Any) -> Any:  # noqa: ARG001
    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pair, *place = arguments
        builder.store(pair, _pointer(context, builder, signature.args[1], *place), align=8)
        return context.get_dummy_value()

    return types.void(pair_type, out_array, types.intp, types.intp), code


@intrinsic
def _stack(typing_context: Any, valence: Any, lines: Any) -> Any:  # noqa: ARG001
    """Pointer to `lines` times m pairs, m = len(valence) + 1; `lines` is a literal, and 0 stands for m."""
    if not isinstance(lines, types.IntegerLiteral):
        return None  # numba asks again with the literal
    width = valence.count + 1
    size = (lines.literal_value or width) * width

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001
        return cgutils.alloca_once(builder, pair_type.code, size=size)

    return types.CPointer(pair_type)(valence, lines), code


@kernel_part
def _checked_at(array: Floats, row: int, index: int) -> Any:
    return _together(array[row, 2 * index], array[row, 2 * index + 1])


@kernel_part
def _checked_put(pair: Any, out_array: Floats, row: int, index: int) -> None:
    out_array[row, 2 * index] = _first(pair)
    out_array[row, 2 * index + 1] = _second(pair)


@kernel_part
def _lines_on_stack(valence: tuple[float, ...], lines: int) -> Any:
    return carray(_stack(valence, lines), (lines, len(valence) + 1))


@kernel_part
def _square_on_stack(valence: tuple[float, ...]) -> Any:
    return carray(_stack(valence, 0), (len(valence) + 1, len(valence) + 1))


class PlainPair:
    """A pair in uncompiled kernels.  It does not change, so that entries of an array do not share what changes."""

    __slots__ = ("numbers",)
    __array_priority__ = 1.0  # numpy's numbers leave the arithmetic to it

    def __init__(self, numbers: Floats) -> None:
        self.numbers = numbers

    def __add__(self, other: Any) -> PlainPair:
        return PlainPair(self.numbers + _numbers(other))

    __radd__ = __add__

    def __sub__(self, other: Any) -> PlainPair:
        return PlainPair(self.numbers - _numbers(other))

    def __rsub__(self, other: Any) -> PlainPair:
        return PlainPair(_numbers(other) - self.numbers)

    def __mul__(self, other: Any) -> PlainPair:
        return PlainPair(self.numbers * _numbers(other))

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> PlainPair:
        return PlainPair(self.numbers / _numbers(other))

    def __rtruediv__(self, other: Any) -> PlainPair:
        return PlainPair(_numbers(other) / self.numbers)

    def __neg__(self) -> PlainPair:
        return PlainPair(-self.numbers)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Floats:
        return np.array(self.numbers, dtype=dtype)


def _numbers(value: Any) -> Any:
    return value.numbers if isinstance(value, PlainPair) else value


def _plain_together(one: float, other: float) -> PlainPair:
    return PlainPair(np.array([one, other]))


def _plain_first(pair: PlainPair) -> float:
    return float(pair.numbers[0])


def _plain_second(pair: PlainPair) -> float:
    return float(pair.numbers[1])


def _plain_at(array: Floats, row: int, index: int) -> PlainPair:
    return _plain_together(array[row, 2 * index], array[row, 2 * index + 1])


def _plain_put(pair: PlainPair, out_array: Floats, row: int, index: int) -> None:
    out_array[row, 2 * index], out_array[row, 2 * index + 1] = pair.numbers


def _plain_where_less(a: Any, b: Any, x: Any, y: Any) -> PlainPair:
    return PlainPair(np.where(np.less(a, b), x, y))


def _lines_on_heap(valence: tuple[float, ...], lines: int) -> Any:
    return np.empty((lines, len(valence) + 1), dtype=object)


def _square_on_heap(valence: tuple[float, ...]) -> Any:
    return np.empty((len(valence) + 1, len(valence) + 1), dtype=object)


def _either(compiled: Any, plain: Any) -> Any:
    return plain if numba.config.DISABLE_JIT else compiled


together: Callable[[float, float], Any] = _either(_together, _plain_together)
"""The pair of two numbers."""
first: Callable[[Any], float] = _either(_first, _plain_first)
"""The number of a pair that is of the left end."""
second: Callable[[Any], float] = _either(_second, _plain_second)
"""The number of a pair that is of the right end."""
pair_at: Callable[[Floats, int, int], Any] = _either(_checked_at if numba.config.BOUNDSCHECK else _at, _plain_at)
"""Pair `index` of a row of an array (rows, numbers): pair_at(array, row, index)."""
put_pair: Callable[[Any, Floats, int, int], None] = _either(
    _checked_put if numba.config.BOUNDSCHECK else _put, _plain_put
)
"""Write a pair there: put_pair(pair, array, row, index)."""
where_less: Callable[[Any, Any, Any, Any], Any] = _either(vectors.where_less, _plain_where_less)
"""As that of `vectors`."""
pair_lines_of: Callable[[tuple[float, ...], int], Any] = _either(_lines_on_stack, _lines_on_heap)
"""Array (lines, n + 1) of pairs on the stack, not initialised; `lines` is a literal.  See `scratch`."""
pair_square_of: Callable[[tuple[float, ...]], Any] = _either(_square_on_stack, _square_on_heap)
"""Array (n + 1, n + 1) of pairs on the stack, not initialised."""
