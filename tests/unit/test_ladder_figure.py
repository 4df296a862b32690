"""The figure of the ladder: dots at the differences, the numbers of PNP, and everything can be read."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hand_built_ladder import ABSENT, CHARGES, CURRENTS, CURVE, KT, RESTING, ladder_of, rung, solved
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

import electrodiff as ed
from electrodiff.ladder.rung import Curve, Ladder
from electrodiff.plot.labels import text_width
from electrodiff.plot.ladder_curves import reversal
from electrodiff.plot.ladder_dots import chosen

ALL = RESTING + CURRENTS + CHARGES
SHAPES = {"agrees": "o", "near": "D", "differs": "X"}
MINUS = "\N{MINUS SIGN}"


@pytest.fixture(scope="module")
def solution() -> ed.Solution:
    return solved()


@pytest.fixture(scope="module")
def both(solution: ed.Solution) -> Ladder:
    """Dots beside curves."""
    return ladder_of(solution, ALL, ABSENT, CURVE)


def draw(ladder: Ladder) -> Figure:
    figure = ed.plot.ladder(ladder)
    figure.draw(FigureCanvasAgg(figure).get_renderer())
    return figure


def dots(ax: Axes) -> list[Line2D]:
    return [line for line in ax.lines if line.get_marker() in SHAPES.values()]


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for ax in figure.axes for text in ax.texts]


def labels(ax: Axes) -> list[str]:
    return [label.get_text() for label in ax.get_yticklabels()]


# ---- what is drawn -------------------------------------------------------------------------------------------------


def test_a_dot_a_model_stands_at_its_difference_from_pnp_in_mV(both: Ladder) -> None:
    ax = draw(both).axes[0]
    assert labels(ax) == [row.title for row in RESTING]
    found = [(float(line.get_xdata()[0]), float(line.get_ydata()[0])) for line in dots(ax)]
    expected = [(1e3 * (row.predicted - row.pnp), index) for index, row in enumerate(RESTING)]
    np.testing.assert_allclose(found, expected, atol=1e-12)
    assert ax.get_xlabel() == f"prediction {MINUS} PNP [mV]"
    low, high = ax.get_ylim()
    assert low > high  # the first model on top


def test_currents_are_drawn_in_percent_of_pnp(both: Ladder) -> None:
    ax = draw(both).axes[1]
    # 0.0103, -0.02 and 5.63 A/m^2 against 0.01.
    np.testing.assert_allclose([line.get_xdata()[0] for line in dots(ax)], [3.0, -300.0, 56200.0])
    assert ax.get_xlabel() == f"prediction {MINUS} PNP [%]"


def test_where_pnp_is_zero_differences_are_in_the_unit_of_the_quantity(solution: ed.Solution) -> None:
    rows = [rung("circuit", 2e-4, 0.0, "current_density", scale=1e-2)]
    ax = draw(ladder_of(solution, rows)).axes[0]
    np.testing.assert_allclose(dots(ax)[0].get_xdata(), [0.02])
    assert ax.get_xlabel() == f"prediction {MINUS} PNP [µA/cm²]"


def test_the_shape_of_a_dot_says_the_verdict(both: Ladder) -> None:
    figure = draw(both)
    assert [line.get_marker() for line in dots(figure.axes[0])] == [SHAPES[row.verdict] for row in RESTING]
    assert {row.verdict for row in RESTING} == set(SHAPES)
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    # 0.01 and 0.1 of RT/F, 26.71 mV at 310 K.
    assert legend == ["agrees (0.27 mV, 1 %)", "near (2.7 mV, 10 %)", "differs", "hollow: yet its limit fails"]


def test_a_dot_is_hollow_where_a_model_comes_near_although_its_limit_fails(solution: ed.Solution) -> None:
    outlooks = {"a": "fails", "b": "nearly", "c": "holds"}
    rows = [rung(name, -0.07, -0.07, outlook=outlook) for name, outlook in outlooks.items()]
    ax = draw(ladder_of(solution, [*rows, rung("d", 0.07, -0.07, outlook="fails")])).axes[0]
    assert [line.get_markerfacecolor() == "white" for line in dots(ax)] == [True, False, False, False]


def test_a_dot_is_in_the_zone_of_its_verdict(solution: ed.Solution) -> None:
    rows = [
        *(
            rung(f"V {sign * share}", sign * share * KT, 0.0)
            for sign in (-1, 1)
            for share in (0.0099, 0.0101, 0.099, 0.11)
        ),
        *(rung(f"I {ratio}", ratio, 1.0, "current_density") for ratio in (0.89, 0.91, 0.989, 0.991, 1.011, 1.11)),
    ]
    for panel in chosen(ladder_of(solution, rows), 3, 60.0):
        agrees, near = panel.zones
        for row, x in zip(panel.rungs, panel.positions, strict=True):
            zone = "agrees" if abs(x) <= agrees else "near" if abs(x) <= near else "differs"
            assert zone == row.verdict


def test_the_prediction_is_written_beside_its_dot_and_the_value_of_pnp_over_the_line(both: Ladder) -> None:
    ax = draw(both).axes[0]
    written = [text.get_text() for text in ax.texts]
    numbers = [f"{MINUS}94.98", "66.56", f"{MINUS}71.48", f"{MINUS}71.46", f"{MINUS}69.51"]
    assert written == [f"PNP {MINUS}71.46 ± 2·10⁻⁷ mV", *numbers, "Resting potential"]


def test_without_an_estimate_pnp_has_no_error(solution: ed.Solution) -> None:
    figure = draw(ladder_of(solution, [replace(RESTING[0], error=None)]))
    assert f"PNP {MINUS}71.46 mV" in texts(figure)


def test_zero_to_its_error_is_written_as_zero(solution: ed.Solution) -> None:
    figure = draw(
        ladder_of(
            solution, [rung("GHK", 0.0, 1.5e-16, error=1.9e-16)], curve=replace(CURVE, potential=(-1e-9, 0, 1, 2))
        )
    )
    assert "PNP 0 ± 2·10⁻¹³ mV" in texts(figure)


def test_headings_have_true_minus_signs(solution: ed.Solution) -> None:
    figure = draw(ladder_of(solution, [rung("m", 1.0, 1.0, "current_density", label="Gouy-Chapman at -65 mV")]))
    assert f"Gouy-Chapman at {MINUS}65 mV" in texts(figure)


def test_the_band_around_the_line_is_the_error_of_pnp(solution: ed.Solution) -> None:
    ax = draw(ladder_of(solution, [rung("GHK", -0.07, -0.0714, error=2e-3)])).axes[0]
    spans = [patch.get_extents().transformed(ax.transData.inverted()) for patch in ax.patches]
    assert any(np.allclose([span.x0, span.x1], [-2.0, 2.0]) for span in spans)


def test_the_most_telling_quantities_come_first(solution: ed.Solution) -> None:
    shuffled = ladder_of(solution, [*CHARGES, CURRENTS[3], *CURRENTS[:3], *RESTING])
    names = [panel.rungs[0].quantity for panel in chosen(shuffled, 9, 60.0)]
    assert names == ["resting_potential", "current_density", "ion_current.K", "surface_charge.left"]
    assert len(draw(shuffled).axes) == 3


def test_a_prediction_without_a_finite_value_is_not_drawn(solution: ed.Solution) -> None:
    rows = [RESTING[0], replace(RESTING[1], predicted=float("inf"))]
    assert labels(draw(ladder_of(solution, rows)).axes[0]) == ["Nernst, K"]


def test_a_ladder_without_rows_is_its_title(solution: ed.Solution) -> None:
    figure = draw(ladder_of(solution, []))
    assert figure.axes == []
    assert figure.texts[0].get_text() == solution.case.title


# ---- the curves ----------------------------------------------------------------------------------------------------


def test_curves_carry_the_currents_of_all_models_in_the_units_of_the_labels(both: Ladder) -> None:
    ax = draw(both).axes[-1]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("membrane potential [mV]", "current density [µA/cm²]")
    for title, currents in CURVE.current_density.items():
        (line,) = [line for line in ax.lines if line.get_label() == title]
        np.testing.assert_allclose(line.get_xdata(), np.array(CURVE.potential) * 1e3)
        np.testing.assert_allclose(line.get_ydata(), np.array(currents) * 100.0)  # 1 A/m^2 is 100 uA/cm^2
    assert [text.get_text() for text in ax.get_legend().get_texts()] == list(CURVE.current_density)


def test_the_potential_without_current_is_marked(both: Ladder) -> None:
    ax = draw(both).axes[-1]
    (ring,) = [line for line in ax.lines if line.get_marker() == "o"]
    # -0.005 at -120 mV and 0.001 at -60 mV: five sixths of the way.
    np.testing.assert_allclose(ring.get_xydata(), [[-70.0, 0.0]])
    assert f"{MINUS}70.00" in [text.get_text() for text in ax.texts]


@pytest.mark.parametrize(
    ("current", "expected"),
    [
        ([-1.0, 1.0, 3.0], 0.5),
        ([3.0, 1.0, -1.0], 1.5),
        ([1.0, 2.0, 3.0], None),
        ([-1.0, 0.0, 1.0], 1.0),
        ([0.0] * 3, None),
    ],
)
def test_reversal_is_where_the_current_changes_its_sign(current: list[float], expected: float | None) -> None:
    found = reversal([0.0, 1.0, 2.0], current)
    assert found == (None if expected is None else pytest.approx(expected))


def test_the_mark_is_at_the_rest_of_pnp_where_that_is_known(solution: ed.Solution) -> None:
    ladder = ladder_of(solution, RESTING, curve=CURVE)
    known = replace(ladder, setting=replace(ladder.setting, at_rest=solution))
    known.__dict__["curve"] = CURVE
    (ring,) = [line for line in draw(known).axes[-1].lines if line.get_marker() == "o"]
    np.testing.assert_allclose(ring.get_xdata(), [1e3 * solution.membrane_potential])


def test_the_potential_at_the_mark_is_written_where_no_curve_is_in_the_way(solution: ed.Solution) -> None:
    """A second curve takes the place above and to the left of the mark, or that below and to the right."""
    for rival, alignment in ((0.004, 1), (-0.004, -1)):
        curve = Curve((-0.1, 0.1), {"PNP": (-0.02, 0.02), "GHK": (rival, rival)})
        ax = draw(ladder_of(solution, RESTING, curve=curve)).axes[-1]
        (text,) = [text for text in ax.texts if text.get_text() == "0"]
        x, y = text.get_position()
        assert np.sign(x - 0.5) == alignment
        assert np.sign(y - 0.5) == -alignment


@pytest.mark.parametrize(
    ("size", "unit", "factor"),
    [
        (1e8, "A/cm²", 1e-4),
        (1e2, "mA/cm²", 0.1),
        (1.0, "µA/cm²", 1e2),
        (1e-3, "µA/cm²", 1e2),
        (1e-6, "nA/cm²", 1e5),
        (1e-27, "10⁻²⁷ A/m²", 1e27),
    ],
)
def test_currents_of_any_size_have_short_numbers(solution: ed.Solution, size: float, unit: str, factor: float) -> None:
    curve = Curve((-0.1, 0.1), {"PNP": (-5.0 * size, 5.0 * size)})
    ax = draw(ladder_of(solution, RESTING, curve=curve)).axes[-1]
    assert ax.get_ylabel() == f"current density [{unit}]"
    line = next(line for line in ax.lines if line.get_label() == "PNP")
    np.testing.assert_allclose(line.get_ydata(), [-5.0 * size * factor, 5.0 * size * factor])


def test_curves_without_any_current_are_flat(solution: ed.Solution) -> None:
    ax = draw(ladder_of(solution, RESTING, curve=Curve((-0.1, 0.1), {"PNP": (0.0, 0.0)}))).axes[-1]
    low, high = ax.get_ylim()
    assert low < 0 < high


def test_without_curves_the_dots_take_the_width_of_the_sheet(solution: ed.Solution, both: Ladder) -> None:
    alone = draw(ladder_of(solution, ALL, ABSENT))
    assert alone.axes[0].get_position().x1 > 0.95
    assert len(alone.axes) == 3
    assert draw(both).axes[0].get_position().x1 < 0.6


# ---- how it reads --------------------------------------------------------------------------------------------------


def overlaps(figure: Figure) -> list[tuple[str, str]]:
    """Pairs of texts of the figure whose boxes overlap by more than a pixel."""
    renderer = FigureCanvasAgg(figure).get_renderer()
    boxes = []
    for ax in figure.axes:
        drawn = [*ax.texts, ax.xaxis.label, ax.yaxis.label]
        for axis, limits in ((ax.xaxis, ax.get_xlim()), (ax.yaxis, ax.get_ylim())):
            ticks = zip(axis.get_ticklocs(), axis.get_ticklabels(), strict=True)
            drawn += [label for place, label in ticks if min(limits) <= place <= max(limits)]
        box = ax.get_legend()
        drawn += box.get_texts() if box else []
        boxes += [(text.get_text(), text.get_window_extent(renderer)) for text in drawn if text.get_text()]
    boxes += [(text.get_text(), text.get_window_extent(renderer)) for text in figure.texts]
    found = []
    for (one, a), (other, b) in combinations(boxes, 2):
        wide, high = min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0)
        if wide > 1.0 and high > 1.0:
            found.append((one, other))
    return found


LONG = "A title of a model that needs two lines and is still not at its end, wherever it is put"
# Rows and curves that are hard to lay out.
SHEETS = {
    "both": (ALL, CURVE),
    "dots": (ALL, None),
    "long titles": ([replace(row, title=f"{row.title}: {LONG}") for row in RESTING], CURVE),
    "long labels": ([replace(row, label=LONG) for row in (RESTING[0], *CHARGES)], CURVE),
    "many decades": ([rung("GHK", 1e-12, 1e-12, "current_density"), rung("I", 9e3, 1e-12, "current_density")], CURVE),
    "one row": (RESTING[:1], CURVE),
    "nothing but zero": ([rung("circuit", 0.0, 0.0, "current_density", scale=0.0)], None),
    "dollars": ([replace(RESTING[0], title="a $ and $ b")], CURVE),
    "falling": (RESTING, Curve((0.0, 0.1), {"PNP": (1.0, -9.0), "GHK": (2.0, -1.0)})),
    "large currents": (RESTING, Curve((-0.1, 0.05), {"PNP": (-1.0, 1.0), "GHK": (-9e7, 9e7)})),
}


def sheet_of(solution: ed.Solution, name: str) -> Ladder:
    rungs, curve = SHEETS[name]
    return ladder_of(solution, rungs, curve=curve)


@pytest.mark.parametrize("name", SHEETS)
def test_no_text_overlaps_another(solution: ed.Solution, name: str) -> None:
    assert overlaps(draw(sheet_of(solution, name))) == []


@pytest.mark.parametrize("name", SHEETS)
def test_nothing_is_cut_off(solution: ed.Solution, name: str) -> None:
    figure = draw(sheet_of(solution, name))
    box = figure.get_tightbbox(FigureCanvasAgg(figure).get_renderer())
    width, height = figure.get_size_inches()
    assert (box.x0, box.y0) >= (0.0, 0.0)
    assert box.x1 <= width
    assert box.y1 <= height


def test_the_test_for_overlaps_finds_one(both: Ladder) -> None:
    figure = draw(both)
    figure.axes[0].text(0.0, 0.0, "one text")
    figure.axes[0].text(0.0, 0.05, "another text")
    assert ("one text", "another text") in overlaps(figure)


def test_ticks_are_zero_and_powers_of_ten_on_both_sides(both: Ladder) -> None:
    ax = draw(both).axes[0]
    assert list(ax.get_xticks()) == [-10.0, -1.0, 0.0, 1.0, 10.0, 100.0]
    assert [label.get_text() for label in ax.get_xticklabels()][1:4] == [f"{MINUS}1", "0", "1"]


def test_every_text_is_of_one_size(both: Ladder) -> None:
    figure = draw(both)
    sizes = {text.get_fontsize() for ax in figure.axes for text in [*ax.texts, *ax.get_xticklabels(), ax.xaxis.label]}
    assert sizes == {10.0}
    assert figure.get_size_inches()[0] == pytest.approx(180 / 25.4)


def test_a_long_title_has_two_lines_and_an_end(solution: ed.Solution) -> None:
    (panel,) = chosen(ladder_of(solution, [replace(RESTING[0], title="circuit with fixed conductances " * 9)]), 3, 42.0)
    first, second = panel.titles[0].split("\n")
    assert first == "circuit with fixed"
    assert second.endswith("…")
    assert max(text_width(first), text_width(second)) <= 42.0


def test_the_same_ladder_gives_the_same_file(both: Ladder, tmp_path) -> None:  # type: ignore[no-untyped-def]
    one, other = (
        ed.plot.save_figure(ed.plot.ladder(both), tmp_path / name).read_bytes() for name in ("a.svg", "b.svg")
    )
    assert one == other


@pytest.mark.parametrize("style", ["paper", "slides", "dark"])
def test_in_every_style_nothing_overlaps_or_is_cut_off(both: Ladder, style: str) -> None:
    figure = ed.plot.ladder(both, style=style)
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw(renderer)
    box = figure.get_tightbbox(renderer)
    assert box.x0 >= 0.0
    assert box.x1 <= figure.get_size_inches()[0]
    assert overlaps(figure) == []


def test_dots_are_drawn_into_an_axis_that_is_given(both: Ladder) -> None:
    own = dots(draw(both).axes[0])
    figure = Figure()
    ax = figure.subplots()
    assert ed.plot.ladder(both, ax=ax) is figure
    assert [dot.get_xdata()[0] for dot in dots(ax)] == [dot.get_xdata()[0] for dot in own]
    assert ax.get_xlabel() == "prediction \N{MINUS SIGN} PNP [mV]"
    assert figure.axes == [ax]
