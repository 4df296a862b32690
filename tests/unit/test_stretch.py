"""The smooth map of a uniform line to one with given spacings at its ends."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from scipy.optimize import brentq

from electrodiff.grid.stretch import SMALLEST_B, stretch_between, stretched

SLOPES = [
    (1.0, 1.0),
    (0.1, 0.1),
    (1e-3, 0.2),
    (0.5, 1e-4),
    (1e-6, 1e-6),
    (2.0, 0.3),
    (0.3, 3.0),
    (1.5, 1.2),
    (4.0, 3.0),
]


def mapped(first: float, last: float, xi: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return stretched(stretch_between(np.full_like(xi, first), np.full_like(xi, last)), xi)


@pytest.mark.parametrize(("first", "last"), SLOPES)
def test_ends_stay_where_they_are_and_the_map_rises(first, last):
    t, rest = mapped(first, last, np.linspace(0, 1, 401))
    assert (t[0], rest[0], t[-1], rest[-1]) == pytest.approx((0, 1, 1, 0), abs=1e-14)
    # Each where it is small, so that nothing is rounded to the same place.
    assert (np.diff(t[:201]) > 0).all()
    assert (np.diff(rest[200:]) < 0).all()


@pytest.mark.parametrize(("first", "last"), SLOPES)
def test_both_distances_add_up_to_the_whole(first, last):
    t, rest = mapped(first, last, np.random.default_rng(3).uniform(size=200))
    np.testing.assert_allclose(t + rest, 1.0, rtol=1e-14)


@pytest.mark.parametrize(("first", "last"), SLOPES)
def test_slopes_at_the_ends_are_the_ones_asked_for(first, last):
    """Of the one-sided difference over h, less its own error h t''/2 by Richardson: 1e-6."""
    found = []
    for h in (1e-5, 2e-5):
        t, rest = mapped(first, last, np.array([h, 1 - h]))
        found.append((t[0] / h, rest[1] / h))
    near = [2 * a - b for a, b in zip(*found, strict=True)]
    assert near == pytest.approx([first, last], rel=1e-6)


@pytest.mark.parametrize(("first", "last"), SLOPES)
def test_the_map_from_the_other_end_is_its_mirror_image(first, last):
    xi = np.linspace(0, 1, 33)
    t, rest = mapped(first, last, xi)
    mirrored, other = mapped(last, first, 1 - xi)
    np.testing.assert_allclose(t, other, rtol=1e-12, atol=1e-300)
    np.testing.assert_allclose(rest, mirrored, rtol=1e-12, atol=1e-300)


def test_the_map_is_vinokurs():
    """t = u / (A + (1 - A) u), u = 1/2 [1 + tanh(D (xi - 1/2)) / tanh(D/2)], D of sinh(D)/D = B by bracketing."""
    first, last = 0.02, 0.3
    A, B = math.sqrt(last / first), 1 / math.sqrt(first * last)
    D = brentq(lambda D: math.sinh(D) / D - B, 1e-3, 50.0, xtol=1e-14)
    xi = np.linspace(0, 1, 21)
    u = (1 + np.tanh(D * (xi - 0.5)) / math.tanh(D / 2)) / 2
    # Vinokur's A is sqrt(s_0 / s_1) in his own notation for the same curve; u weighs 1 against A.
    np.testing.assert_allclose(mapped(first, last, xi)[0], u / (A + (1 - A) * u), rtol=1e-12, atol=1e-15)


def test_spacings_above_the_mean_are_those_of_the_tangent():
    """B < 1: sin(D)/D = B, by bracketing."""
    first, last = 1.6, 1.1
    A, B = math.sqrt(last / first), 1 / math.sqrt(first * last)
    D = brentq(lambda D: math.sin(D) / D - B, 1e-6, math.pi, xtol=1e-14)
    xi = np.linspace(0, 1, 21)
    u = (1 + np.tan(D * (xi - 0.5)) / math.tan(D / 2)) / 2
    np.testing.assert_allclose(mapped(first, last, xi)[0], u / (A + (1 - A) * u), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("ratio", [1.0, 1 + 1e-14, 1 - 1e-14, 1 + 1e-9, 1 - 1e-9, 1 + 1e-5, 1 - 1e-5])
def test_equal_spacings_give_a_uniform_line(ratio):
    """B - 1 = D^2/6 moves the nodes by at most a tenth of that; no cancellation and no gap on either side of B = 1."""
    xi = np.linspace(0, 1, 51)
    t, rest = mapped(ratio, ratio, xi)
    np.testing.assert_allclose(t, xi, atol=2e-15 + 0.2 * abs(ratio - 1))
    np.testing.assert_allclose(rest, 1 - xi, atol=2e-15 + 0.2 * abs(ratio - 1))


def test_the_map_is_continuous_in_the_spacings_through_the_uniform_one():
    xi = np.array([0.3])
    maps = [mapped(s, s, xi)[0][0] for s in 1 + np.linspace(-1e-5, 1e-5, 201)]
    steps = np.diff(maps)
    assert (steps > 0).all()
    # 1e-9 where Newton's method for D takes over from its series.
    np.testing.assert_allclose(steps, np.median(steps), atol=1e-9)


@pytest.mark.parametrize("wide", [6.0, 50.0, np.inf])
def test_spacings_far_above_the_mean_are_cut_to_what_leaves_the_ends_some_nodes(wide):
    """Both ends wider than 1/SMALLEST_B times the mean have the map of that."""
    xi = np.linspace(0, 1, 101)
    if np.isinf(wide):
        wide = 1e6
    t, _ = mapped(wide, wide, xi)
    limit, _ = mapped(1 / SMALLEST_B, 1 / SMALLEST_B, xi)
    np.testing.assert_allclose(t, limit, rtol=1e-12, atol=1e-15)
    assert (np.diff(t) > 0).all()


@pytest.mark.parametrize(("first", "last"), [(1e-4, 1e-4), (1e-6, 1e-2), (1e-3, 5e-2)])
def test_between_fine_ends_the_spacing_grows_geometrically(first, last):
    """One ratio of neighbouring spacings away from the middle: the second difference of ln t is small."""
    t, _ = mapped(first, last, np.linspace(0, 1, 401))
    ratio = np.diff(t)[1:] / np.diff(t)[:-1]
    left = ratio[:40]
    assert left.max() - 1 < 1.1 * (left.min() - 1) + 1e-3
    assert all(b > 0 for b in left)


def test_a_line_with_twice_the_cells_has_the_nodes_of_this_one():
    nodes = [mapped(1e-3, 0.2, np.linspace(0, 1, cells + 1))[0] for cells in (10, 20, 40)]
    for coarse, fine in pairwise(nodes):
        np.testing.assert_allclose(fine[::2], coarse, rtol=1e-14)


def _alone(first: float, last: float, xi: float) -> float:
    maps = stretch_between(np.array([first]), np.array([last]))
    return float(stretched(maps, np.array([xi]))[0][0])


def test_every_entry_has_its_own_map():
    first, last, xi = np.array([0.1, 1.0, 2.0]), np.array([0.2, 1.0, 1.5]), np.array([0.2, 0.4, 0.7])
    together = stretched(stretch_between(first, last), xi)[0]
    alone = [_alone(*each) for each in zip(first, last, xi, strict=True)]
    np.testing.assert_array_equal(together, alone)
