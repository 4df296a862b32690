"""Richardson's extrapolation from nested meshes, of numbers and of profiles, and its estimates."""

from __future__ import annotations

import math

import numpy as np
import pytest

from electrodiff.extrapolation import extrapolate, extrapolate_profile
from electrodiff.fvm.kernels.romberg import LARGEST_GAIN, SAFETY

# ---- numbers ------------------------------------------------------------------------------------------------------


def series(coefficients: list[float], meshes: int) -> list[np.ndarray]:
    """Values of sum c_k h^(2k) on h = 1, 1/2, 1/4, ..."""
    return [
        np.array([math.fsum(c * 0.25 ** (level * k) for k, c in enumerate(coefficients))]) for level in range(meshes)
    ]


@pytest.mark.parametrize("meshes", [3, 4, 5, 6])
def test_a_polynomial_in_the_square_of_the_spacing_is_extrapolated_exactly(meshes):
    """Of degree meshes - 2: one column of the table is kept for the estimate."""
    coefficients = [1.7, -0.3, 0.9, -2.0, 0.4][: meshes - 1]
    value, _ = extrapolate(series(coefficients, meshes))
    assert value[0] == pytest.approx(1.7, rel=1e-14)


@pytest.mark.parametrize(("meshes", "most"), [(2, 3), (3, 3), (4, 3), (5, 100), (6, 1000)])
def test_the_error_of_one_term_more_is_estimated_with_its_safety(meshes, most):
    """What the last column would still change, of which the first term left is the largest part."""
    coefficients = [2.0] + [0.7 * 0.5**k for k in range(meshes)]
    value, error = extrapolate(series(coefficients, meshes))
    true = abs(value[0] - 2.0)
    assert 0.7 * SAFETY * true < error[0]
    # From five meshes on, a column gains 4^4 or more, of which no more than LARGEST_GAIN is believed.
    assert error[0] < most * true


def test_of_two_meshes_the_finer_value_stands_with_twice_a_third_of_the_difference():
    value, error = extrapolate([np.array([1.4]), np.array([1.1])])
    assert value[0] == 1.1
    assert error[0] == pytest.approx(SAFETY * 0.1)


def test_one_mesh_has_no_estimate():
    value, error = extrapolate([np.array([3.0, 4.0])])
    assert value.tolist() == [3.0, 4.0]
    assert np.isnan(error).all()


def test_every_scalar_has_its_own_table():
    tables = [series([1.0, 0.5, 0.1], 4), series([-2.0, 1e-3, 7.0], 4)]
    together = extrapolate([np.concatenate(pair) for pair in zip(*tables, strict=True)])
    for index, table in enumerate(tables):
        alone = extrapolate(table)
        assert together[0][index] == alone[0][0]
        assert together[1][index] == alone[1][0]


def test_what_is_missing_on_a_coarse_mesh_has_no_estimate():
    value, error = extrapolate([np.array([np.nan, 1.0]), np.array([1.0, 1.0]), np.array([1.1, 1.0])])
    assert value[0] == pytest.approx(1.1 + 0.1 / 3)
    assert np.isnan(error[0])
    assert (value[1], error[1]) == (1.0, 0.0)


def test_a_number_that_no_mesh_changes_has_no_error():
    value, error = extrapolate([np.array([0.3])] * 5)
    assert value[0] == 0.3
    assert error[0] == 0.0


@pytest.mark.parametrize("order", [1.0, 1.5, 3.0])
@pytest.mark.parametrize("meshes", [3, 4, 5])
def test_an_error_of_another_order_is_underestimated_by_no_more_than_five(order, meshes):
    """h^1, h^1.5, h^3 have no place in the series; their table gains next to nothing by its columns, which is noticed."""
    value, error = extrapolate([np.array([5.0 + 0.5 ** (order * level)]) for level in range(meshes)])
    assert abs(value[0] - 5.0) < 5 * error[0]


@pytest.mark.parametrize("order", [1.0, 1.5])
def test_an_irregular_sequence_is_penalised(order):
    """Its estimate is the larger by far of what a regular one with the same last change has."""
    irregular = [np.array([1 + 0.5 ** (order * level)]) for level in range(5)]
    change = irregular[-1] - irregular[-2]
    regular = [irregular[-1] + change * (16 - 4.0 ** (4 - level)) / 12 for level in range(5)]
    assert extrapolate(irregular)[1][0] > 20 * extrapolate(regular)[1][0]


def test_a_log_term_is_not_underestimated():
    """h^2 ln h, as beside a corner."""
    spacing = 0.5 ** np.arange(1, 7)
    for meshes in (3, 4, 5, 6):
        value, error = extrapolate([np.array([1.0 + h * h * math.log(h)]) for h in spacing[:meshes]])
        assert abs(value[0] - 1.0) < 2 * error[0]


def test_noise_is_not_taken_for_convergence():
    """Random numbers of size 1e-12: the value is within three estimates of the mean in 99 of 100."""
    generator = np.random.default_rng(11)
    levels = [1.0 + 1e-12 * generator.normal(size=2000) for _ in range(5)]
    value, error = extrapolate(levels)
    # A term that changes nothing by chance is not believed: the change of the last mesh counts, over IRREGULAR = 4.
    assert np.mean(np.abs(value - 1.0) < 10 * error) > 0.9
    assert np.median(error) > 1e-13


def test_a_last_term_that_is_zero_by_chance_is_not_believed():
    """T_22 = T_21 though T_21 and T_20 differ: at most LARGEST_GAIN is taken to be gained by a column."""
    values = [0.0, 1.0, 1.25]  # T_21 = T_11 = 4/3, so that T_22 = T_21
    value, error = extrapolate([np.array([x]) for x in values])
    assert value[0] == pytest.approx(4 / 3)
    assert error[0] == pytest.approx((4 / 3 - 1.25) / LARGEST_GAIN)
    assert error[0] > 0


@pytest.mark.parametrize("seed", range(5))
def test_estimates_of_random_series_are_honest(seed):
    """Random coefficients, so that some terms are small or cancel by chance: 3 estimates hold in 95 of 100, 10 in all.

    The coefficients c_k fall as 1/2^k: the coarsest mesh resolves the solution.
    """
    generator = np.random.default_rng(seed)
    coefficients = generator.normal(size=(1000, 8)) * 0.5 ** np.arange(8)
    for meshes in (3, 4, 5):
        levels = [(coefficients * 0.25 ** (level * np.arange(8))).sum(axis=1) for level in range(meshes)]
        value, error = extrapolate(levels)
        ratio = np.abs(value - coefficients[:, 0]) / error
        assert np.mean(ratio < 3) > 0.95
        assert np.quantile(ratio, 0.99) < 10


# ---- profiles -----------------------------------------------------------------------------------------------------


def profiles(function, counts: list[int], defect) -> tuple[list[np.ndarray], list[list[slice]]]:
    """A function on [0, 1] with an error h^2 `defect` on uniform meshes of these numbers of cells."""
    levels = []
    for count in counts:
        x = np.linspace(0, 1, count + 1)
        levels.append(function(x) + defect(x, 1 / count))
    return levels, [[slice(0, count + 1)] for count in counts]


def smooth(x: np.ndarray) -> np.ndarray:
    return np.exp(-3 * x) + np.cos(2 * x)


def second_and_fourth(x: np.ndarray, h: float) -> np.ndarray:
    return h**2 * np.sin(3 * x + 1) + h**4 * np.cos(5 * x)


def test_an_extrapolated_profile_is_of_fourth_order_in_the_largest_error():
    """At the nodes that the coarser mesh lacks too, where its correction is interpolated by cubics."""
    errors = []
    for count in (16, 32, 64, 128):
        levels, segments = profiles(smooth, [count, 2 * count, 4 * count], second_and_fourth)
        value, _ = extrapolate_profile(levels, segments, positive=False)
        errors.append(np.abs(value - smooth(np.linspace(0, 1, 4 * count + 1))).max())
    order = -np.polyfit(np.log([16, 32, 64, 128]), np.log(errors), 1)[0]
    assert order == pytest.approx(4, abs=0.1)


def test_the_error_of_a_profile_is_honest_and_of_fourth_order():
    estimates = []
    for count in (16, 32, 64, 128):
        levels, segments = profiles(smooth, [count, 2 * count, 4 * count], second_and_fourth)
        value, error = extrapolate_profile(levels, segments, positive=False)
        true = np.abs(value - smooth(np.linspace(0, 1, 4 * count + 1)))
        assert (true <= 3 * error + 1e-15).all()
        assert np.median(error) < 100 * np.median(true)
        estimates.append(error.max())
    order = -np.polyfit(np.log([16, 32, 64, 128]), np.log(estimates), 1)[0]
    assert order == pytest.approx(4, abs=0.2)


@pytest.mark.parametrize("cells", [1, 2, 3, 4, 5, 8])
def test_cubic_corrections_are_extrapolated_exactly(cells):
    """As far as there are nodes for a cubic: on two cells a parabola, on one a line."""
    power = min(cells, 3)

    def defect(x: np.ndarray, h: float) -> np.ndarray:
        return h**2 * (1 + x) ** power

    # step is known on 2 `cells`, so its degree may be that of a cubic from two cells on
    levels, segments = profiles(smooth, [cells, 2 * cells, 4 * cells], defect)
    value, _ = extrapolate_profile(levels, segments, positive=False)
    expected = smooth(np.linspace(0, 1, 4 * cells + 1))
    np.testing.assert_allclose(value, expected, atol=1e-13)


def test_two_segments_of_one_layer_share_the_entry_between_them():
    """The middle of a layer is corrected once, as its neighbours are."""
    counts = [8, 16, 32]
    levels, _ = profiles(smooth, counts, second_and_fourth)
    segments = [[slice(0, count // 2 + 1), slice(count // 2, count + 1)] for count in counts]
    value, error = extrapolate_profile(levels, segments, positive=False)
    whole, _ = extrapolate_profile(levels, [[slice(0, count + 1)] for count in counts], positive=False)
    assert value[16] == pytest.approx(whole[16], rel=1e-13)
    assert abs(value[16] - smooth(np.array([0.5]))[0]) <= 3 * error[16]


def test_segments_that_do_not_touch_are_extrapolated_each_by_itself():
    """A jump between two layers, whose boundary is there twice."""
    counts = [8, 16, 32]
    levels, _ = profiles(smooth, counts, second_and_fourth)
    both = [np.concatenate([level, 5 + level]) for level in levels]
    segments = [[slice(0, count + 1), slice(count + 1, 2 * count + 2)] for count in counts]
    value, _ = extrapolate_profile(both, segments, positive=False)
    alone, _ = extrapolate_profile(levels, [[slice(0, count + 1)] for count in counts], positive=False)
    np.testing.assert_allclose(value, np.concatenate([alone, 5 + alone]), rtol=1e-13)


def test_profiles_of_several_ions_are_extrapolated_together():
    counts = [8, 16, 32]
    levels, segments = profiles(smooth, counts, second_and_fourth)
    value, error = extrapolate_profile([np.array([level, 2 * level]) for level in levels], segments, positive=True)
    np.testing.assert_allclose(value[1], 2 * value[0], rtol=1e-14)
    np.testing.assert_allclose(error[1], 2 * error[0], rtol=1e-12)


def test_a_positive_profile_stays_positive():
    """Where the correction is larger than the value itself, it is left out and is the error."""
    counts = [8, 16, 32]

    def steep(x: np.ndarray) -> np.ndarray:
        return np.exp(-60 * x)

    levels, segments = profiles(steep, counts, lambda x, h: 40 * h**2 * np.exp(-20 * x))
    kept, error = extrapolate_profile(levels, segments, positive=True)
    without, _ = extrapolate_profile(levels, segments, positive=False)
    assert (without < 0).any()
    assert (kept > 0).all()
    assert (error >= 0).all()
    changed = kept != without
    np.testing.assert_array_equal(kept[changed], levels[-1][changed])
    np.testing.assert_array_equal(error[changed], np.abs(without - levels[-1])[changed])


def test_a_profile_that_is_zero_stays_zero():
    counts = [4, 8, 16]
    zero = [np.zeros(count + 1) for count in counts]
    value, error = extrapolate_profile(zero, [[slice(0, count + 1)] for count in counts], positive=True)
    assert not value.any()
    assert not error.any()


def test_a_profile_of_two_meshes_is_the_finer_with_twice_a_third_of_the_difference():
    levels, segments = profiles(smooth, [8, 16], lambda x, h: h**2 * (1 + x))
    value, error = extrapolate_profile(levels, segments, positive=False)
    np.testing.assert_array_equal(value, levels[-1])
    true = np.abs(value - smooth(np.linspace(0, 1, 17)))
    np.testing.assert_allclose(error, SAFETY * true, rtol=1e-12)


def test_a_profile_of_one_mesh_has_no_estimate():
    levels, segments = profiles(smooth, [8], second_and_fourth)
    value, error = extrapolate_profile(levels, segments, positive=False)
    np.testing.assert_array_equal(value, levels[0])
    assert np.isnan(error).all()
