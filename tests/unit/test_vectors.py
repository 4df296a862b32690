"""Vectors in registers: what they compute in each lane is what the same steps compute of numbers."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from electrodiff.fvm.kernels.bernoulli import bernoulli
from electrodiff.fvm.kernels.compiler import kernel
from electrodiff.fvm.kernels.lanes import face_vectors, invert_vectors
from electrodiff.fvm.kernels.vectors import (
    LANES,
    aligned,
    fill,
    larger,
    load,
    power_of_two,
    size_of,
    square_root,
    store,
    where_less,
)

VALENCE = (1.0, -1.0, 2.0)


@kernel
def arithmetic(a, b, out):
    x, y = load(a), load(b)
    store(x + y, out[0])
    store(x - y, out[1])
    store(x * y, out[2])
    store(x / y, out[3])
    store(2.0 * x - y / 3.0 + 1.0, out[4])
    store(-x, out[5])
    store(larger(x, y), out[6])
    store(size_of(x), out[7])
    store(where_less(x, y, 1.0, y), out[8])
    store(fill(2.5), out[9])
    store(power_of_two(fill(-3.0)), out[10])
    store(square_root(fill(6.25)), out[11])


@kernel
def faces_of(u, out):
    for k in range(u.shape[0]):
        gain, back, over, share = face_vectors(load(u[k]))
        store(gain, out[k, 0])
        store(back, out[k, 1])
        store(over, out[k, 2])
        store(share, out[k, 3])


@kernel
def inverse_of(block, right):
    invert_vectors(block, right)


def test_each_lane_computes_what_numbers_would():
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(2, LANES))
    out = np.empty((12, LANES))
    arithmetic(a, b, out)
    expected = [a + b, a - b, a * b, a / b, 2 * a - b / 3 + 1, -a, np.maximum(a, b), np.abs(a), np.where(a < b, 1.0, b)]
    np.testing.assert_allclose(out[:9], expected, rtol=1e-15)
    np.testing.assert_array_equal(out[9:], [np.full(LANES, number) for number in (2.5, 0.125, 2.5)])


def test_lanes_have_the_exponential_and_the_bernoulli_function_of_numbers_at_all_sizes():
    sizes = np.concatenate([[0.0], np.geomspace(1e-12, 690.0, 311), np.linspace(0.3, 0.4, 88)])
    u = np.concatenate([sizes, -sizes]).reshape(-1, LANES)
    out = np.empty((len(u), 4, LANES))
    faces_of(u, out)
    # B and its share by numbers; the exponential of the library.
    expected = np.array([[bernoulli(value) for value in row] for row in u.tolist()])
    # A few roundings each; the share of small u is a difference in the function of numbers (1e-14 at 0.01).
    np.testing.assert_allclose(out[:, 0], np.exp(-u), rtol=4e-16 * 4)
    np.testing.assert_allclose(out[:, 1], np.exp(u), rtol=4e-16 * 4)
    np.testing.assert_allclose(out[:, 2], 1 / expected[..., 1], rtol=4e-16 * 4)
    np.testing.assert_allclose(out[:, 3], expected[..., 2], rtol=3e-14)


def test_a_drop_beyond_the_range_of_doubles_lets_nothing_back():
    out = np.empty((1, 4, LANES))
    faces_of(np.full((1, LANES), 1e4), out)
    assert (out[0, 0] < 1e-290).all()
    assert np.isfinite(out).all()
    # 1 / B(-u) = 1 / (u + B(u)), and p = (1 - B(u)) / u.
    np.testing.assert_allclose(out[0, 2:], 1e-4, rtol=1e-14)


def test_aligned_arrays_begin_with_a_line_of_the_cache():
    for shape in ((3, LANES), (5, 2, LANES), (1, LANES)):
        array = aligned(shape)
        assert array.shape == shape
        assert array.ctypes.data % (LANES * array.itemsize) == 0


@pytest.mark.parametrize("m", [2, 3, 5, 7, 9])
def test_every_lane_inverts_its_own_block(m):
    rng = np.random.default_rng(m)
    blocks = rng.normal(size=(LANES, m, m)) + 2 * m * np.eye(m)
    rights = rng.normal(size=(LANES, m))
    block, right = np.moveaxis(blocks, 0, -1).copy(), rights.T.copy()
    inverse_of(block, right)
    np.testing.assert_allclose(np.moveaxis(block, -1, 0), np.linalg.inv(blocks), rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(right.T, np.linalg.solve(blocks, rights[..., None])[..., 0], rtol=1e-12)


def test_uncompiled_vectors_are_arrays():
    """The same kernels run as plain Python, which is how their lines are counted."""
    code = (
        "import numpy as np\n"
        "from electrodiff.fvm.kernels.lanes import face_vectors\n"
        "from electrodiff.fvm.kernels.vectors import LANES, load\n"
        "gain, back, over, share = face_vectors(load(np.linspace(-2, 2, LANES)))\n"
        "print(repr(np.log(back / gain).tolist()))\n"
    )
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    found = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    np.testing.assert_allclose(json.loads(found.stdout), 2 * np.linspace(-2, 2, LANES), rtol=1e-14)
