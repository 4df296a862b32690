# numba and llvmlite carry no types for what is used here.
# mypy: disable-error-code="attr-defined,no-untyped-call,call-arg"
"""Small arrays on the stack of a kernel.

An array from np.empty lies on the heap, where the compiler has to store and reload every entry; what lies on the stack
it can keep in registers, which makes the elimination of a node 1.5 times as fast.  And arrays that are not counted.
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

from electrodiff.fvm.kernels.arrays import Floats
from electrodiff.fvm.kernels.compiler import kernel_part


@intrinsic
def _stack(typing_context: Any, valence: Any, lines: Any) -> Any:  # noqa: ARG001
    """Pointer to `lines` times m doubles, m = len(valence) + 1; `lines` is a literal, and 0 stands for m."""
    if not isinstance(lines, types.IntegerLiteral):
        return None  # numba asks again with the literal
    width = valence.count + 1
    size = (lines.literal_value or width) * width

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001
        return cgutils.alloca_once(builder, ir.DoubleType(), size=size)

    return types.CPointer(types.float64)(valence, lines), code


def _lines_on_heap(valence: tuple[float, ...], lines: int) -> Floats:
    return np.empty((lines, len(valence) + 1))


def _square_on_heap(valence: tuple[float, ...]) -> Floats:
    return np.empty((len(valence) + 1, len(valence) + 1))


@kernel_part
def _lines_on_stack(valence: tuple[float, ...], lines: int) -> Any:
    return carray(_stack(valence, lines), (lines, len(valence) + 1))


@kernel_part
def _square_on_stack(valence: tuple[float, ...]) -> Any:
    return carray(_stack(valence, 0), (len(valence) + 1, len(valence) + 1))


# Arrays (lines, n + 1) and (n + 1, n + 1), not initialised; `lines` is a literal.  Uncompiled kernels have no stack.
_JIT = not numba.config.DISABLE_JIT
lines_of: Callable[[tuple[float, ...], int], Floats] = _lines_on_stack if _JIT else _lines_on_heap
square_of: Callable[[tuple[float, ...]], Floats] = _square_on_stack if _JIT else _square_on_heap


def _without_owner(context: Any, builder: Any, kind: Any, value: Any) -> Any:
    if isinstance(kind, types.Array):
        array = context.make_array(kind)(context, builder, value)
        array.meminfo = cgutils.get_null_value(array.meminfo.type)
        array.parent = cgutils.get_null_value(array.parent.type)
        return array._getvalue()
    if isinstance(kind, types.BaseTuple):
        members: Any = kind
        for place, member in enumerate(members):
            own = _without_owner(context, builder, member, builder.extract_value(value, place))
            value = builder.insert_value(value, own, place)
    return value


@intrinsic
def _borrowed(typing_context: Any, value: Any) -> Any:  # noqa: ARG001
    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _without_owner(context, builder, signature.args[0], arguments[0])

    return value(value), code


def _as_it_is(value: Any) -> Any:
    return value


# Counting who else holds an array takes longer than a node does, and threads that count wait for each other.
borrowed: Any = _as_it_is if numba.config.DISABLE_JIT else _borrowed
"""A record whose arrays are not counted, for as long as their owner is there: of arguments, and what they hold, only.

An array that a kernel has made itself is freed after the last line that names it, and a borrowed one does not count."""
