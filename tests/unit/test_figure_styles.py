"""Styles, and axes of somebody else: what every figure function has in common."""

import inspect
from itertools import pairwise

import matplotlib
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from test_plot import overlaps

import electrodiff as ed
from electrodiff.cli_checks import STYLES as STYLE_OPTIONS
from electrodiff.plot.dress import dark
from electrodiff.plot.output import FIGURES_OF, LIVING_FIGURES, figures_of
from electrodiff.plot.style import COLOURS, STYLES

KINDS = {
    "steady": ed.Solution,
    "cell": ed.Solution,
    "transient": ed.Transient,
    "impedance": ed.Impedance,
    "iv": ed.CurrentVoltage,
}


@pytest.fixture(scope="module")
def results(case_of):
    clamped = case_of("clamped_membrane", {"mesh.nodes": 129, "expect": []})
    step = {"kind": "transient", "end": "1 us", "output": {"from": "1 ps", "to": "1 us", "per_decade": 2}}
    step["protocol"] = [{"set": {"left.potential": "-40 mV"}}]
    step["error_estimates"] = False
    frequencies = {"from": "1 Hz", "to": "10 GHz", "per_decade": 2}
    return {
        "steady": ed.solve(clamped),
        "cell": ed.solve(case_of("resting_cell", {"mesh.nodes": 129, "expect": []})),
        "transient": ed.solve_transient(clamped.replace("study", step)),
        "impedance": ed.solve_impedance(clamped.replace("study", {"kind": "impedance", "frequencies": frequencies})),
        "iv": ed.solve_iv(
            clamped.replace("study", {"kind": "iv", "potentials": {"from": -0.1, "to": 0.05, "points": 7}})
        ),
    }


def drawings():
    """Every figure function with the kind of result that it draws."""
    found = [(kind, name) for kind, record in KINDS.items() if kind != "cell" for name in FIGURES_OF[record]]
    return [*found, *(("cell", name) for name in LIVING_FIGURES[ed.Solution]), ("steady", "mesh_spacing")]


def function(name):
    return getattr(ed.plot, name)


def luminance(colour):
    """Relative luminance by the Web Content Accessibility Guidelines."""
    channels = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in to_rgb(colour)]
    return float(np.dot([0.2126, 0.7152, 0.0722], channels))


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


# ---- styles --------------------------------------------------------------------------------------------------------


def test_the_options_of_the_commands_are_the_styles():
    assert tuple(STYLES) == STYLE_OPTIONS


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(("kind", "name"), drawings())
def test_every_figure_draws_in_every_style_with_texts_of_one_size(results, kind, name, style):
    figure = function(name)(results[kind], style=style)
    FigureCanvasAgg(figure).draw()
    sizes = {text.get_fontsize() for text in figure.findobj(matplotlib.text.Text) if text.get_text()}
    assert sizes == {STYLES[style].font_size}
    assert overlaps(figure) == []


@pytest.mark.parametrize(("kind", "name"), drawings())
def test_on_a_dark_ground_every_text_and_curve_stands_out(results, kind, name):
    figure = function(name)(results[kind], style="dark")
    FigureCanvasAgg(figure).draw()
    ground = STYLES["dark"].ground
    assert figure.get_facecolor()[:3] == pytest.approx(to_rgb(ground))
    for text in figure.findobj(matplotlib.text.Text):
        assert not text.get_text() or contrast(text.get_color(), ground) >= 4.5, text.get_text()
    for ax in figure.axes:
        for line in ax.lines:
            if not str(line.get_label()).startswith(("_interface", "_child", "_gap")):
                assert contrast(line.get_color(), ground) >= 1.8, line.get_label()


def test_dark_keeps_the_order_of_greys_and_tells_all_colours_apart():
    ground = STYLES["dark"].ground
    greys = [luminance(dark(str(value), ground)[:3]) for value in np.linspace(0.0, 1.0, 11)]
    assert all(one > other for one, other in pairwise(greys))
    assert dark("1.0", ground)[:3] == pytest.approx(to_rgb(ground))
    colours = [dark(colour, ground)[:3] for colour in COLOURS]
    assert min(contrast(colour, ground) for colour in colours) > 5.0
    assert min(np.abs(np.subtract(a, b)).max() for i, a in enumerate(colours) for b in colours[:i]) > 0.1


def test_dark_keeps_the_opacity_of_a_colour():
    assert dark((0.0, 0.0, 0.0, 0.3), "#000000")[3] == 0.3


def test_on_a_dark_ground_no_charge_is_dark(results):
    images = ed.plot.space_time(results["transient"], style="dark").axes[1].findobj(AxesImage)
    assert images
    assert all(luminance(image.get_cmap()(0.5)[:3]) < 0.02 for image in images)


def test_a_bar_of_colours_has_the_same_ticks_in_every_style(results):
    found = []
    for style in STYLES:
        figure = ed.plot.space_time(results["transient"], style=style)
        FigureCanvasAgg(figure).draw()
        found.append([[text.get_text() for text in ax.get_yticklabels()] for ax in figure.axes[2:]])
    assert found[0] == found[2]
    assert {"0", "10⁻³"} <= set(found[0][1])


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(("kind", "name"), drawings())
def test_nothing_is_cut_off_in_any_style(results, kind, name, style):
    figure = function(name)(results[kind], style=style)
    box = figure.get_tightbbox(FigureCanvasAgg(figure).get_renderer())
    width, height = figure.get_size_inches()
    assert min(box.x0, box.y0, width - box.x1, height - box.y1) >= -1e-6


def test_slides_have_larger_text_and_thicker_lines_than_paper(results):
    paper, slides = (ed.plot.profiles(results["steady"], style=style).axes[0] for style in ("paper", "slides"))
    assert slides.xaxis.label.get_fontsize() == 1.2 * paper.xaxis.label.get_fontsize()
    widths = [[line.get_linewidth() for line in ax.lines] for ax in (paper, slides)]
    np.testing.assert_allclose(widths[1], 1.3 * np.array(widths[0]))


def test_a_style_changes_no_number(results):
    plain, *others = (ed.plot.charge(results["steady"], style=style).axes for style in STYLES)
    for axes in others:
        for one, other in zip(plain, axes, strict=True):
            for a, b in zip(one.lines, other.lines, strict=True):
                if len(a.get_xdata()) > 10:
                    np.testing.assert_array_equal(a.get_ydata(), b.get_ydata())


def test_an_unknown_style_is_refused(results):
    with pytest.raises(ValueError, match="'poster'; expected one of paper, slides, dark"):
        ed.plot.profiles(results["steady"], style="poster")


def test_a_style_neither_takes_nor_leaves_settings(results):
    before = dict(matplotlib.rcParams)
    for style in STYLES:
        ed.plot.field(results["steady"], style=style)
    assert dict(matplotlib.rcParams) == before


# ---- axes of somebody else -------------------------------------------------------------------------------------------


def guests(count):
    figure = Figure(figsize=(8.0, 3.2 * count))
    FigureCanvasAgg(figure)
    return figure, list(np.ravel(figure.subplots(count)))


def values(ax):
    """Ordinates of the curves of an axes, those of the solution first."""
    return [np.asarray(line.get_ydata(), dtype=float) for line in ax.lines if len(line.get_xdata()) > 4]


@pytest.mark.parametrize(("kind", "name"), drawings())
def test_every_figure_takes_an_axis(results, kind, name):
    figure, (ax,) = guests(1)
    assert function(name)(results[kind], ax=ax) is figure
    bars = 1 if name == "space_time" else 0
    assert len(figure.axes) == 1 + bars
    assert figure.texts == []
    figure.draw_without_rendering()
    # On a logarithmic axis times and frequencies carry their own units.
    assert ax.get_xlabel().endswith("]") or ax.get_xlabel() in ("time", "frequency")
    assert ax.xaxis.label.get_visible()
    assert ax.get_ylabel().endswith("]") or ax.get_yticklabels()
    assert any(label.get_visible() for label in ax.get_xticklabels())


@pytest.mark.parametrize(("kind", "name"), [each for each in drawings() if each[1] not in ("space_time", "cell")])
def test_given_axes_carry_the_numbers_of_the_first_panels(results, kind, name):
    own = function(name)(results[kind]).axes[:2]
    _, axes = guests(len(own))
    function(name)(results[kind], axes=axes)
    for one, other in zip(own, axes, strict=True):
        found = values(other)
        for curve in values(one):
            assert any(curve.shape == each.shape and np.array_equal(curve, each, equal_nan=True) for each in found)
        assert one.get_ylabel() == other.get_ylabel()


def test_curves_of_ions_are_named_for_a_legend(results):
    _, (_, bottom) = guests(2)
    ed.plot.profiles(results["steady"], axes=bottom.figure.axes)
    labels = [text.get_text() for text in bottom.legend().get_texts()]
    assert labels == ["K⁺", "Na⁺", "Cl⁻", "A⁻"]


def test_an_axis_that_is_given_takes_the_style_and_leaves_what_was_there(results):
    _, (ax,) = guests(1)
    (mine,) = ax.plot([0.0, 1.0], [0.0, 1.0], color="red", linewidth=1.0)
    for _ in range(2):  # a second time changes no colour back
        ed.plot.iv(results["iv"], ax=ax, style="dark")
    assert mine.get_color() == "red"
    assert mine.get_linewidth() == 1.0
    ground = STYLES["dark"].ground
    assert ax.get_facecolor()[:3] == pytest.approx(to_rgb(ground))
    assert contrast(ax.xaxis.label.get_color(), ground) > 4.5
    assert contrast(ax.spines["left"].get_edgecolor(), ground) > 4.5


def test_more_axes_than_panels_are_refused(results):
    _, axes = guests(2)
    with pytest.raises(ValueError, match="2 axes were given; this figure has 1 panel"):
        ed.plot.iv(results["iv"], axes=axes)
    with pytest.raises(ValueError, match="either ax or axes"):
        ed.plot.profiles(results["steady"], ax=axes[0], axes=axes)


def test_the_signature_says_what_may_be_given():
    parameters = inspect.signature(ed.plot.profiles).parameters
    assert list(parameters) == ["result", "ax", "axes", "style"]
    assert ed.plot.profiles.__name__ == "profiles"
    assert "Potential [mV]" in ed.plot.profiles.__doc__


def test_save_figures_draws_in_a_style(results, tmp_path):
    paths = ed.plot.save_figures(results["steady"], tmp_path, style="dark")
    assert [path.stem for path in paths] == list(figures_of(results["steady"]))
    image = matplotlib.image.imread(paths[0])
    np.testing.assert_allclose(image[0, 0, :3], to_rgb(STYLES["dark"].ground), atol=1 / 255)


def test_axes_may_be_in_a_part_of_a_figure(results):
    figure = Figure()
    part, _ = figure.subfigures(1, 2)
    assert ed.plot.field(results["steady"], ax=part.subplots()) is figure
