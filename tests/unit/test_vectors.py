"""Vectors in registers: what they compute in each lane is what the same steps compute of numbers."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from electrodiff.fvm.kernels.bernoulli import bernoulli
from electrodiff.fvm.kernels.compiler import kernel
from electrodiff.fvm.kernels.lanes import bernoulli_vectors, invert_vectors
from electrodiff.fvm.kernels.vectors import LANES, fill, larger, load, power_of_two, size_of, store, where_less

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


@kernel
def bernoulli_of(u, out):
    for k in range(u.shape[0]):
        plus, minus, share = bernoulli_vectors(load(u[k]))
        store(plus, out[k, 0])
        store(minus, out[k, 1])
        store(share, out[k, 2])


@kernel
def inverse_of(block, right):
    invert_vectors(block, right)


def test_each_lane_computes_what_numbers_would():
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(2, LANES))
    out = np.empty((11, LANES))
    arithmetic(a, b, out)
    expected = [a + b, a - b, a * b, a / b, 2 * a - b / 3 + 1, -a, np.maximum(a, b), np.abs(a), np.where(a < b, 1.0, b)]
    np.testing.assert_allclose(out[:9], expected, rtol=1e-15)
    np.testing.assert_array_equal(out[9:], [np.full(LANES, 2.5), np.full(LANES, 0.125)])


def test_lanes_have_the_bernoulli_function_of_numbers_at_all_sizes():
    sizes = np.concatenate([[0.0], np.geomspace(1e-12, 690.0, 311), np.linspace(0.3, 0.4, 88)])
    u = np.concatenate([sizes, -sizes]).reshape(-1, LANES)
    out = np.empty((len(u), 3, LANES))
    bernoulli_of(u, out)
    expected = np.array([[bernoulli(value) for value in row] for row in u.tolist()])
    # A few roundings each; the share of small u is a difference in the function of numbers (1e-14 at 0.01).
    np.testing.assert_allclose(out[:, :2], np.moveaxis(expected[..., :2], 2, 1), rtol=4e-16 * 4)
    np.testing.assert_allclose(out[:, 2], expected[..., 2], rtol=3e-14)


def test_a_drop_beyond_the_range_of_doubles_lets_nothing_back():
    out = np.empty((1, 3, LANES))
    bernoulli_of(np.full((1, LANES), 1e4), out)
    assert (out[0, 0] < 1e-290).all()
    np.testing.assert_allclose(out[0, 1], 1e4, rtol=1e-15)


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
        "from electrodiff.fvm.kernels.lanes import bernoulli_vectors\n"
        "from electrodiff.fvm.kernels.vectors import LANES, load\n"
        "plus, minus, share = bernoulli_vectors(load(np.linspace(-2, 2, LANES)))\n"
        "print(repr((minus - plus).tolist()))\n"
    )
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    found = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    np.testing.assert_allclose(json.loads(found.stdout), np.linspace(-2, 2, LANES), rtol=1e-14)
