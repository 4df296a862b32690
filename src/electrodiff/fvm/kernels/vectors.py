# numba and llvmlite carry no types for what is used here.
# mypy: disable-error-code="attr-defined,no-untyped-call,call-arg,no-untyped-def"
"""Vectors of LANES doubles in one register: the same step of several problems at once.

A kernel written for one problem works on LANES of them when its numbers are vectors: arrays have the lanes as their last
dimension, `load` and `store` go between an array (LANES,) and a register, and + - * / work on vectors and floats.  Loops over
lanes that the compiler is left to vectorise stay a third as fast: it unrolls short ones before it looks.

Uncompiled, a vector is a numpy array (LANES,).
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba import carray, types
from numba.core import cgutils
from numba.core.datamodel.models import PrimitiveModel
from numba.extending import intrinsic, lower_builtin, register_model, type_callable

from electrodiff.fvm.kernels.arrays import Floats
from electrodiff.fvm.kernels.compiler import kernel, kernel_part

# A register of 512 bits; where registers are shorter, the compiler takes two or four.
LANES = 8

# Of a double: 2^k has k + 1023 in the 11 bits above the 52 of its mantissa.
_EXPONENT_BIAS, _MANTISSA_BITS = 1023, 52

_INTEGERS = ir.VectorType(ir.IntType(64), LANES)


class VectorType(types.Type):
    """The type of a vector of so many doubles in compiled code."""

    def __init__(self, lanes: int) -> None:
        self.lanes = lanes
        self.code = ir.VectorType(ir.DoubleType(), lanes)
        super().__init__(name=f"Vector{lanes}")


@register_model(VectorType)
class _VectorModel(PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, kind.code)


def _splat(builder: Any, kind: Any, number: Any) -> Any:
    one = builder.insert_element(ir.Constant(kind.code, ir.Undefined), number, ir.Constant(ir.IntType(32), 0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), kind.lanes), [0] * kind.lanes)
    return builder.shuffle_vector(one, ir.Constant(kind.code, ir.Undefined), zeros)


def _common(*kinds: Any) -> Any:
    """The type of vectors among these types, which are of one and of floats; None if they are not."""
    vectors = {kind for kind in kinds if isinstance(kind, VectorType)}
    are_all = len(vectors) == 1 and all(kind in vectors or kind == types.float64 for kind in kinds)
    return vectors.pop() if are_all else None


def _as_vectors(builder: Any, kinds: Any, values: Any) -> list[Any]:
    wide = _common(*kinds)
    return [value if kind == wide else _splat(builder, wide, value) for kind, value in zip(kinds, values, strict=True)]


def _binary(function: Callable[..., Any], instruction: str) -> None:
    @type_callable(function)
    def typed(context: Any) -> Any:  # noqa: ARG001
        return lambda left, right: _common(left, right)

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001
        return getattr(builder, instruction)(*_as_vectors(builder, signature.args, arguments))

    for pair in ((VectorType, VectorType), (VectorType, types.float64), (types.float64, VectorType)):
        lower_builtin(function, *pair)(code)


for _function, _instruction in (
    (operator.add, "fadd"),
    (operator.sub, "fsub"),
    (operator.mul, "fmul"),
    (operator.truediv, "fdiv"),
    (operator.iadd, "fadd"),
    (operator.isub, "fsub"),
    (operator.imul, "fmul"),
):
    _binary(_function, _instruction)


@type_callable(operator.neg)
def _typed_negative(context: Any) -> Any:  # noqa: ARG001
    return lambda value: value if isinstance(value, VectorType) else None


@lower_builtin(operator.neg, VectorType)
def _negative(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001
    return builder.fneg(arguments[0])


vector = VectorType(LANES)


def _pointer(context: Any, builder: Any, kind: Any, value: Any) -> Any:
    array = context.make_array(kind)(context, builder, value)
    return builder.bitcast(array.data, vector.code.as_pointer())


@intrinsic
def _load(typing_context: Any, array: Any) -> Any:  # noqa: ARG001
    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.load(_pointer(context, builder, signature.args[0], arguments[0]), align=8)

    return vector(array), code


@intrinsic
def _store(typing_context: Any, value: Any, out_array: Any) -> Any:  # noqa: ARG001
    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        builder.store(arguments[0], _pointer(context, builder, signature.args[1], arguments[1]), align=8)
        return context.get_dummy_value()

    return types.void(vector, out_array), code


@intrinsic
def _fill(typing_context: Any, number: Any) -> Any:  # noqa: ARG001
    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001
        return _splat(builder, vector, arguments[0])

    return vector(types.float64), code


@intrinsic
def _where_less(typing_context: Any, a: Any, b: Any, x: Any, y: Any) -> Any:  # noqa: ARG001
    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001
        left, right, yes, no = _as_vectors(builder, signature.args, arguments)
        return builder.select(builder.fcmp_ordered("<", left, right), yes, no)

    wide = _common(a, b, x, y)
    return wide and (wide(a, b, x, y), code)


@intrinsic
def _square_root(typing_context: Any, value: Any) -> Any:  # noqa: ARG001
    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001
        kind = ir.FunctionType(vector.code, [vector.code])
        return builder.call(cgutils.get_or_insert_function(builder.module, kind, f"llvm.sqrt.v{LANES}f64"), arguments)

    return vector(vector), code


@intrinsic
def _power_of_two(typing_context: Any, exponent: Any) -> Any:  # noqa: ARG001
    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001
        whole = builder.fptosi(arguments[0], _INTEGERS)
        biased = builder.add(whole, ir.Constant(_INTEGERS, [_EXPONENT_BIAS] * LANES))
        return builder.bitcast(builder.shl(biased, ir.Constant(_INTEGERS, [_MANTISSA_BITS] * LANES)), vector.code)

    return vector(vector), code


@intrinsic
def _stack(typing_context: Any, valence: Any, lines: Any) -> Any:  # noqa: ARG001
    """Pointer to `lines` times m vectors, m = len(valence) + 1; `lines` is a literal, and 0 stands for m."""
    if not isinstance(lines, types.IntegerLiteral):
        return None  # numba asks again with the literal
    width = valence.count + 1
    size = (lines.literal_value or width) * width * LANES

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001
        pointer = cgutils.alloca_once(builder, ir.DoubleType(), size=size)
        pointer.align = 8 * LANES
        return pointer

    return types.CPointer(types.float64)(valence, lines), code


@kernel_part
def _lines_on_stack(valence: tuple[float, ...], lines: int) -> Any:
    return carray(_stack(valence, lines), (lines, len(valence) + 1, LANES))


@kernel_part
def _square_on_stack(valence: tuple[float, ...]) -> Any:
    return carray(_stack(valence, 0), (len(valence) + 1, len(valence) + 1, LANES))


def _copied(array: Floats) -> Floats:
    return np.array(array)


def _copied_into(value: Floats, out_array: Floats) -> None:
    out_array[:] = value


def _filled(number: float) -> Floats:
    return np.full(LANES, number)


def _chosen(a: Any, b: Any, x: Any, y: Any) -> Floats:
    return np.asarray(np.where(np.less(a, b), x, y))


def _exponential(exponent: Floats) -> Floats:
    return np.asarray(np.ldexp(1.0, exponent.astype(int)))


def _lines_on_heap(valence: tuple[float, ...], lines: int) -> Floats:
    return np.empty((lines, len(valence) + 1, LANES))


def _square_on_heap(valence: tuple[float, ...]) -> Floats:
    return np.empty((len(valence) + 1, len(valence) + 1, LANES))


def _either(compiled: Any, plain: Any) -> Any:
    return plain if numba.config.DISABLE_JIT else compiled


load: Callable[[Floats], Any] = _either(_load, _copied)
"""The vector in an array (LANES,)."""
store: Callable[[Any, Floats], None] = _either(_store, _copied_into)
"""Write a vector into an array (LANES,)."""
fill: Callable[[float], Any] = _either(_fill, _filled)
"""The vector with one number in all lanes."""
where_less: Callable[[Any, Any, Any, Any], Any] = _either(_where_less, _chosen)
"""x in the lanes where a < b, else y: where_less(a, b, x, y)."""
square_root: Callable[[Any], Any] = _either(_square_root, np.sqrt)
"""The square root of a vector, lane by lane."""
power_of_two: Callable[[Any], Any] = _either(_power_of_two, _exponential)
"""2^k of whole numbers k from -1022 to 1023."""
vector_lines_of: Callable[[tuple[float, ...], int], Floats] = _either(_lines_on_stack, _lines_on_heap)
"""Array (lines, n + 1, LANES) on the stack, not initialised; `lines` is a literal.  See `scratch`."""
vector_square_of: Callable[[tuple[float, ...]], Floats] = _either(_square_on_stack, _square_on_heap)
"""Array (n + 1, n + 1, LANES) on the stack, not initialised."""


@kernel_part
def larger(a: Any, b: Any) -> Any:
    """The larger of two vectors, lane by lane."""
    return where_less(a, b, b, a)


@kernel_part
def size_of(a: Any) -> Any:
    """The absolute values of a vector."""
    return where_less(a, 0.0, -a, a)


def aligned_array(shape: Any) -> Floats:
    """Array of a shape whose first vector begins where a register's worth of memory does; not initialised.

    A vector across two lines of the cache takes twice as long, and one that is read before it is all written far longer: of
    an elimination in lanes this is half of the time.
    """
    size = 1
    for length in shape:
        size *= length
    memory = np.empty(size + LANES)
    first = -(memory.ctypes.data // memory.itemsize) % LANES
    return memory[first : first + size].reshape(shape)


aligned: Callable[[Any], Floats] = kernel(aligned_array)
"""The same, compiled; for kernels."""
