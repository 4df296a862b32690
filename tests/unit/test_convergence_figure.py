"""The figure of Newton's method shows the steps that were taken."""

import numpy as np

import electrodiff as ed


def test_each_newton_step_is_a_point_of_both_lines(clamped: ed.Solution) -> None:
    (ax,) = ed.plot.convergence(clamped).axes
    lines = {line.get_label(): np.array(line.get_ydata(), dtype=float) for line in ax.lines}
    for label, values in (("change", clamped.updates), ("residual", clamped.residuals)):
        drawn = lines[label]
        assert drawn.size == clamped.iterations
        np.testing.assert_array_equal(drawn[values > 0], values[values > 0])
        assert np.isnan(drawn[values <= 0]).all()
    assert ax.get_yscale() == "log"
    low, high = ax.get_ylim()
    everything = np.concatenate(list(lines.values()))
    assert low <= np.nanmin(everything)
    assert np.nanmax(everything) <= high


def test_its_axes_say_what_they_are(clamped: ed.Solution) -> None:
    (ax,) = ed.plot.convergence(clamped).axes
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("Newton step", "relative size")
    assert all(tick == round(tick) for tick in ax.get_xticks())
