"""Several results in one figure: their numbers, and that the differences drawn are the differences."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import QuadMesh
from sweep_tools import sweep_case
from test_plot import overlaps

import electrodiff as ed
from electrodiff.plot import overlay
from electrodiff.plot.differences import series_difference
from electrodiff.plot.overlaid import overlaid, profile_difference
from electrodiff.sweep_result import PointResults, kept_names


@pytest.fixture(scope="module")
def clamped_case(case_of):
    return case_of("clamped_membrane", {"mesh.nodes": 129, "expect": []})


@pytest.fixture(scope="module")
def pair(clamped_case):
    """A membrane at -65 and at -40 mV, on the same mesh."""
    high = clamped_case.replace("left.potential", -0.04)
    first = ed.solve(clamped_case)
    return first, ed.solve(high, mesh=first.problem.mesh)


@pytest.fixture(scope="module")
def curves(clamped_case):
    def solve(low, high, points, salt=149.0):
        study = {"kind": "iv", "potentials": {"from": low, "to": high, "points": points}}
        case = clamped_case.changed({"right.concentrations.K": salt - 145.0, "right.concentrations.Cl": salt})
        return ed.solve_iv(case.replace("study", study))

    return solve


@pytest.fixture(scope="module")
def transients(clamped_case):
    def solve(potential, per_decade=3):
        study = {"kind": "transient", "end": "1 us", "output": {"from": "1 ps", "per_decade": per_decade}}
        study |= {"protocol": [{"set": {"left.potential": potential}}], "error_estimates": False}
        return ed.solve_transient(clamped_case.replace("study", study))

    return solve


@pytest.fixture(scope="module")
def spectra(clamped_case):
    def solve(thickness):
        study = {"kind": "impedance", "frequencies": {"from": "1 Hz", "to": "10 GHz", "per_decade": 2}}
        return ed.solve_impedance(clamped_case.changed({"study": study, "layers.membrane.thickness": thickness}))

    return solve


def panels(figure):
    """Pairs of axes: values, and differences."""
    assert len(figure.axes) % 2 == 0
    return list(zip(figure.axes[::2], figure.axes[1::2], strict=True))


def lines(ax, label="_result"):
    return [line for line in ax.lines if line.get_label() == label]


def points(line):
    x, y = (np.asarray(part, dtype=float) for part in line.get_data())
    return x[np.isfinite(y)], y[np.isfinite(y)]


# ---- the differences -------------------------------------------------------------------------------------------------


def test_on_one_mesh_the_difference_is_that_of_the_numbers(pair):
    first, second = pair
    figure = overlay(first, second, names=("-65 mV", "-40 mV"))
    profiles = [(first.potential, second.potential, 1e3), (first.charge_density, second.charge_density, 1e-6)]
    profiles += [(a, b, 1.0) for a, b in zip(first.concentration, second.concentration, strict=True)]
    for (left, right), (one, other, factor) in zip(panels(figure), profiles, strict=True):
        for line, values in zip(lines(left), (one, other), strict=True):
            x, y = points(line)
            np.testing.assert_allclose(x, first.x * 1e9, rtol=1e-12)
            np.testing.assert_allclose(y, values * factor, rtol=1e-12)
        (line,) = lines(right)
        _, drawn = points(line)
        unit = 1.0 if f"[{right.get_ylabel().split('[')[1]}" in left.get_ylabel() else 1e3
        np.testing.assert_allclose(
            drawn, (other - one) * factor * unit, rtol=1e-9, atol=1e-12 * np.abs(one).max() * factor
        )


def test_a_result_differs_from_itself_on_another_mesh_by_less_than_the_mesh_does(clamped_case):
    """Profiles of any mesh are the same function: sampled from a smooth one they have no difference but interpolation's."""
    coarse, fine = (ed.solve(clamped_case.replace("mesh.nodes", nodes)) for nodes in (65, 513))

    def smooth(solution):
        return np.sin(solution.x / 7e-9) + np.where(solution.layer == 1, 5.0, 0.0)

    for first, second in ((coarse, fine), (fine, coarse)):
        x, difference = profile_difference(first, smooth(first), second, smooth(second))
        assert np.isnan(difference).sum() == 2  # at the interfaces, across which nothing is interpolated
        assert np.nanmax(np.abs(difference)) < 1e-3
        assert np.nanmin(x) == 0.0
        assert np.nanmax(x) == pytest.approx(45e-9, rel=1e-12)


def test_of_different_stacks_the_common_part_is_compared_and_breaks_at_the_interfaces_of_both(clamped_case):
    first = ed.solve(clamped_case)
    second = ed.solve(clamped_case.changed({"layers.membrane.thickness": 8e-9, "layers.outside.thickness": 10e-9}))
    x, difference = profile_difference(first, first.potential, second, second.potential)
    assert np.nanmax(x) == pytest.approx(38e-9, rel=1e-9)
    breaks = [x[k - 1] for k in np.flatnonzero(np.isnan(x))]
    np.testing.assert_allclose(breaks, [20e-9, 25e-9, 28e-9], rtol=1e-6)
    # Between them is the bath of the first, at 0 V, and still the membrane of the second.
    at = np.nanargmin(np.abs(x - 26.5e-9))
    expected = np.interp(x[at], second.x, second.potential) - np.interp(x[at], first.x, first.potential)
    assert difference[at] == pytest.approx(expected, rel=1e-3)


def test_currents_are_compared_at_the_potentials_of_the_coarser_curve_within_both(curves):
    fine, coarse = curves(-0.1, 0.05, 31), curves(-0.08, 0.08, 9, salt=165.0)
    figure = overlay(fine, coarse, names=("4 mM", "20 mM"))
    assert [left.get_ylabel().split(" [")[0] for left, _ in panels(figure)] == [
        "net current",
        "current of K⁺",
        "current of Na⁺",
        "current of Cl⁻",  # A⁻ cannot pass
    ]
    (line,) = lines(panels(figure)[0][1])
    voltage, drawn = points(line)
    inside = coarse.voltage <= 0.05 + 1e-12
    np.testing.assert_allclose(voltage, coarse.voltage[inside] * 1e3, rtol=1e-12)
    # 20 mV is a multiple of 5 mV: every point of the coarse curve is one of the fine one.
    at = [int(np.argmin(np.abs(fine.voltage - v))) for v in coarse.voltage[inside]]
    expected = coarse.current_density[inside] - fine.current_density[at]
    factor = {"A/m²": 1.0, "mA/m²": 1e3}[panels(figure)[0][1].get_ylabel()[12:-1]]
    np.testing.assert_allclose(drawn, expected * factor, rtol=1e-9)


def test_between_points_a_series_is_interpolated_without_corners():
    x = np.linspace(0.0, 1.0, 21)
    fine = np.linspace(0.0, 1.0, 8)
    _, difference = series_difference((x, np.exp(x)), (fine, np.exp(fine)), lambda at: at, "x")
    # Straight lines between 21 points would be off by h^2/8 e = 8.5e-4.
    assert np.abs(difference).max() < 5e-5


def test_where_a_result_has_no_value_there_is_no_difference():
    x = np.arange(5.0)
    broken = np.array([0.0, 1.0, np.nan, 3.0, 4.0])
    _, difference = series_difference((x, broken), (x, 2 * x), lambda at: at, "x")
    np.testing.assert_array_equal(np.isnan(difference), [False, False, True, False, False])
    np.testing.assert_allclose(difference[[0, 1, 3, 4]], [0.0, 1.0, 3.0, 4.0])


def test_courses_in_time_are_compared_output_by_output(transients):
    first, second = transients("-40 mV"), transients("-50 mV")
    (left, right), (_, currents) = panels(overlay(first, second, names="ab"))
    for line, transient in zip(lines(left), (first, second), strict=True):
        np.testing.assert_allclose(line.get_ydata(), transient.membrane_potential[1:] * 1e3, rtol=1e-12)
    (line,), (start,) = lines(right), lines(right, "_start")
    difference = (second.membrane_potential - first.membrane_potential) * 1e3
    np.testing.assert_allclose(line.get_ydata(), difference[1:], rtol=1e-12)
    assert start.get_ydata()[0] == pytest.approx(difference[0])
    (line,) = lines(currents)
    factor = {"kA/m²": 1e-3, "A/m²": 1.0}[currents.get_ylabel()[12:-1]]
    expected = (second.total_current_density - first.total_current_density)[1:] * factor
    np.testing.assert_allclose(line.get_ydata(), expected, rtol=1e-9, atol=1e-9 * np.abs(expected).max())


def test_impedances_are_compared_in_percent_and_phases_in_degrees(spectra):
    first, second = spectra(5e-9), spectra(6e-9)
    (_, size), (_, phase), (_, capacitance) = panels(overlay(first, second, names="ab"))
    assert size.get_ylabel() == capacitance.get_ylabel() == "difference [%]"
    assert phase.get_ylabel() == "difference [°]"
    for ax, values in (
        (size, 100.0 * (second.magnitude / first.magnitude - 1.0)),
        (phase, np.degrees(second.phase - first.phase)),
        (capacitance, 100.0 * (second.capacitance / first.capacitance - 1.0)),
    ):
        (line,) = lines(ax)
        np.testing.assert_allclose(line.get_ydata(), values, rtol=1e-9, atol=1e-9 * np.abs(values).max())


# ---- the figure ------------------------------------------------------------------------------------------------------


def test_of_three_results_two_differ_from_the_first_each_in_its_own_line_style(pair, clamped_case):
    third = ed.solve(clamped_case.replace("left.potential", -0.02))
    figure = overlay(*pair, third, names=("a", "b", "c"))
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["a", "b", "c"]
    left, right = panels(figure)[0]
    values, differences = ([(line.get_color(), line.get_linestyle()) for line in lines(ax)] for ax in (left, right))
    assert len(set(values)) == 3
    assert values[1:] == differences


def test_every_axis_has_a_unit_and_texts_are_apart(pair, curves, transients, spectra):
    for results in (
        pair,
        (curves(-0.1, 0.05, 5), curves(-0.1, 0.05, 5, salt=165.0)),
        (transients("-40 mV"), transients("-50 mV", 2)),
        (spectra(5e-9), spectra(6e-9)),
    ):
        for style in ("paper", "slides", "dark"):
            figure = overlay(*results, names=("one", "other"), style=style)
            FigureCanvasAgg(figure).draw()
            assert overlaps(figure) == []
            assert all(ax.get_ylabel().endswith("]") for ax in figure.axes)


def test_results_are_called_by_their_titles_if_these_differ_else_by_numbers(pair, clamped_case):
    other = ed.solve(clamped_case.replace("title", "Another"))
    found = [[text.get_text() for text in overlay(*some).legends[0].get_texts()] for some in (pair, (pair[0], other))]
    assert found[0] == ["result 1", "result 2"]
    assert found[1][0].startswith("Voltage-clamped membrane")
    assert found[1][1] == "Another"


def test_ions_that_only_one_result_has_are_left_out(pair, case_of):
    other = ed.solve(case_of("double_membrane", {"mesh.nodes": 129, "expect": []}))
    names = [panel.name for panel in overlaid((pair[0], other))]
    assert names == ["potential", "charge density", "c(K⁺)", "c(Cl⁻)"]


def test_axes_may_be_given(pair):
    own = overlay(*pair, names="ab").axes[:2]
    from matplotlib.figure import Figure

    figure = Figure()
    axes = list(figure.subplots(1, 2))
    assert overlay(*pair, names="ab", axes=axes) is figure
    for one, other in zip(own, axes, strict=True):
        for a, b in zip(lines(one), lines(other), strict=True):
            np.testing.assert_array_equal(a.get_ydata(), b.get_ydata())


def test_what_cannot_be_overlaid_is_refused_with_the_reason(pair, curves):
    curve = curves(-0.1, 0.05, 3)
    with pytest.raises(
        ValueError, match="a is a steady state and b is a current-voltage curve; only results of one kind"
    ):
        overlay(pair[0], curve, names="ab")
    with pytest.raises(ValueError, match="b is the result of a case, which cannot be overlaid; steady states, courses"):
        overlay(pair[0], pair[0].case, names="ab")
    with pytest.raises(ValueError, match="two results or more"):
        overlay(curve)
    with pytest.raises(ValueError, match="2 results were given, and 1 names"):
        overlay(*pair, names="a")
    with pytest.raises(ValueError, match="no range of potential in common"):
        overlay(curve, curves(0.1, 0.2, 3), names="ab")


# ---- sweeps ----------------------------------------------------------------------------------------------------------

SALT = {"name": "salt", "key": "right.concentrations.K", "from": 1.0, "to": 16.0, "points": 5, "scale": "log"}
WIDTH = {"name": "width", "key": "layers.membrane.thickness", "values": [2e-9, 4e-9, 6e-9]}


def law(salt, width):
    """[V] proportional to the logarithm of a concentration [mol/m^3], and to a thickness [m]."""
    return 0.025 * np.log(salt) + 1e6 * width


def swept(*axes, of=law, **study):
    """A sweep whose only quantity is a function of the salt and of the width."""
    case = sweep_case(*axes, changes={"left.potential": "floating"}, **{"quantities": ["membrane_potential"], **study})
    sweep = ed.Sweep(case, PointResults.empty(kept_names(case), 1), "", 1)
    points = [sweep.coordinates(index) for index in range(sweep.design.size)]
    found = PointResults.empty(kept_names(case), len(points))
    found.converged[:] = True
    found.errors[:] = 1e-12
    for index, point in enumerate(points):
        values = point.get("right.concentrations.K", 1.0), point.get("layers.membrane.thickness", 0.0)
        found.values[index] = of(*values)
    return ed.Sweep(case, found, "", len(points))


def twice(salt, width):
    return 2.0 * law(salt, width)


def test_sweeps_over_one_axis_are_curves_and_their_difference():
    first, second = swept(SALT), swept({**SALT, "points": 9}, of=twice)
    ((left, right),) = panels(overlay(first, second, names="ab"))
    salt = np.geomspace(1.0, 16.0, 5)
    for line, at, factor in zip(lines(left), (salt, np.geomspace(1.0, 16.0, 9)), (1.0, 2.0), strict=True):
        np.testing.assert_allclose(line.get_xdata(), at, rtol=1e-12)
        np.testing.assert_allclose(line.get_ydata(), factor * 25.0 * np.log(at), atol=1e-9)
    (line,) = lines(right)
    np.testing.assert_allclose(line.get_xdata(), salt, rtol=1e-12)  # where there are fewer points
    np.testing.assert_allclose(line.get_ydata(), 25.0 * np.log(salt), atol=1e-9)
    assert (left.get_ylabel(), right.get_ylabel()) == ("membrane potential [mV]", "difference [mV]")
    assert (left.get_xlabel(), left.get_xscale()) == ("salt [mM]", "log")


def test_between_the_points_of_a_sweep_it_is_interpolated_over_the_logarithm_of_a_logarithmic_axis():
    """A line over the logarithm: exact between points, which straight lines over the concentration are not."""
    first, second = swept(SALT), swept({**SALT, "from": 1.5, "to": 12.0, "points": 4})
    ((_, right),) = panels(overlay(first, second, names="ab"))
    (line,) = lines(right)
    np.testing.assert_allclose(line.get_xdata(), [2.0, 4.0, 8.0], rtol=1e-12)
    np.testing.assert_allclose(line.get_ydata(), 0.0, atol=1e-9)


def test_choices_are_compared_by_their_names():
    def of(first, *others):
        names = {"key": "layers.inside.relative_permittivity", "values": [first, *others]}
        sweep = swept(names)
        sweep.results.values[:, 0] = np.arange(1.0, 2.0 + len(others)) * 1e-3
        return sweep

    ((left, right),) = panels(overlay(of("water", 40), of(20, "water"), names="ab"))
    (line,) = lines(right)
    # Water is the first of the one, 1 mV, and the second of the other, 2 mV.
    np.testing.assert_allclose(points(line), [[0.0], [1.0]], rtol=1e-12)
    assert line.get_linestyle() == "None"
    assert [tick.get_text() for tick in left.get_xticklabels()] == ["water", "40", "20"]


def maps(figure):
    """The axes with maps, without their bars of colours."""
    return [ax for ax in figure.axes if ax.get_title(loc="left")]


def colours(ax):
    (mesh,) = [each for each in ax.collections if isinstance(each, QuadMesh)]
    return mesh.get_array()


def test_sweeps_over_two_axes_are_a_map_and_a_map_of_the_difference():
    first, second = swept(WIDTH, SALT), swept(WIDTH, {**SALT, "points": 9}, of=twice)
    values, difference = maps(overlay(first, second, names="ab"))
    table = 1e3 * law(np.geomspace(1.0, 16.0, 5), np.array([[2e-9], [4e-9], [6e-9]]))
    for ax in (values, difference):
        np.testing.assert_allclose(colours(ax), table, rtol=1e-9)
        assert (ax.get_xlabel(), ax.get_ylabel()) == ("salt [mM]", "width [nm]")
    assert [ax.get_title(loc="left") for ax in (values, difference)] == [
        "membrane potential: a",
        "membrane potential: b \N{MINUS SIGN} a",
    ]


def test_maps_are_compared_where_both_are_known():
    first = swept(WIDTH, SALT)
    second = swept({**WIDTH, "values": [2e-9, 5e-9, 6e-9]}, {**SALT, "from": 2.0, "to": 32.0}, of=twice)
    second.results.values[0] = np.nan
    _, difference = maps(overlay(first, second, names="ab"))
    shown = colours(difference)
    expected = 1e3 * law(np.array([2.0, 4.0, 8.0, 16.0]), np.array([[2e-9], [4e-9], [6e-9]]))
    # One of its own has no value at 2 nm and 2 mM, and so none is known at 4 nm, between that and 5 nm.
    unknown = np.ma.getmaskarray(shown)
    assert np.argwhere(unknown).tolist() == [[0, 0], [1, 0]]
    np.testing.assert_allclose(shown.compressed(), expected[~unknown], rtol=1e-9)


def test_three_maps_have_two_differences_and_of_the_same_there_is_nothing_left():
    first = swept(WIDTH, SALT)
    _, twice_less, none = maps(overlay(first, swept(WIDTH, SALT, of=twice), swept(WIDTH, SALT), names="abc"))
    np.testing.assert_allclose(
        colours(twice_less), colours(maps(ed.plot.overlay(first, first, names="ab"))[0]), rtol=1e-9
    )
    assert not colours(none).any()


@pytest.mark.parametrize("style", ["paper", "slides", "dark"])
def test_overlays_of_sweeps_have_units_and_texts_that_are_apart(style):
    for axes in ((SALT,), (WIDTH, SALT)):
        figure = overlay(swept(*axes), swept(*axes, of=twice), names=("one", "other"), style=style)
        FigureCanvasAgg(figure).draw()
        assert overlaps(figure) == []
        assert all("[" in ax.get_ylabel() for ax in figure.axes)


def test_sweeps_that_have_no_point_in_common_are_refused_with_the_reason():
    line, table = swept(SALT), swept(WIDTH, SALT)
    free = {key: value for key, value in SALT.items() if key != "points"}
    drawn = swept(free, design="sobol", points=4)
    for results, reason in (
        ((drawn, drawn), "the points of a were drawn at random, .* neither curves nor a map of their difference"),
        ((line, drawn), "the points of b were drawn at random"),
        ((line, table), "a goes over salt, b over width and salt; only sweeps over the same axes"),
        ((line, swept({**SALT, "from": 20.0, "to": 40.0})), "no range of salt in common"),
        ((table, swept(WIDTH, {**SALT, "from": 20.0, "to": 40.0})), "no range of salt in common"),
        ((line, swept(SALT, quantities=["current_density"])), "kept no quantity in common"),
        ((swept(WIDTH, SALT, {"key": "temperature", "values": [290.0, 310.0]}),) * 2, "a goes over 3 axes"),
    ):
        with pytest.raises(ValueError, match=reason):
            overlay(*results, names="ab")
