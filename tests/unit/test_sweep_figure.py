"""The figure of a sweep: curves, maps and dots show its numbers in the unit that is told."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection, QuadMesh
from matplotlib.contour import ContourSet
from sweep_tools import sweep_case

import electrodiff as ed
from electrodiff.plot.style import log_tick
from electrodiff.plot.sweep_axes import key_words
from electrodiff.plot.sweep_figure import table_of
from electrodiff.plot.sweep_words import shown_quantities
from electrodiff.sweep_result import PointResults, kept_names

K = {"key": "right.concentrations.K", "values": [1.0, 2.0, 5.0, 10.0]}
THICKNESS = {
    "name": "thickness",
    "key": "layers.membrane.thickness",
    "from": 1e-9,
    "to": 1e-7,
    "points": 9,
    "scale": "log",
}
VOLTS = {"key": "left.potential", "from": -0.1, "to": 0.1, "points": 5}
FLOATING = {"left.potential": "floating"}


def made_up(*axes: dict[str, Any], fill: Any = None, **study: Any) -> ed.Sweep:
    """A sweep whose numbers are 1, 2, 3, ... times 1 mV, or those that `fill` makes of them."""
    changes = study.pop("changes", FLOATING)
    case = sweep_case(*axes, changes=changes, **study)
    sweep = ed.Sweep(case, PointResults.empty(kept_names(case), 1), "", 1)
    found = PointResults.empty(kept_names(case), sweep.design.size)
    found.converged[:] = True
    numbers = np.arange(1.0, 1 + found.values.size).reshape(found.values.T.shape).T
    found.values[:] = 1e-3 * numbers if fill is None else fill(numbers)
    found.errors[:] = 1e-9
    return ed.Sweep(case, found, "", sweep.design.size)


def lines(ax: Axes) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    return {str(line.get_label()): (np.asarray(line.get_xdata()), np.asarray(line.get_ydata())) for line in ax.lines}


def mesh(ax: Axes) -> QuadMesh:
    (found,) = [each for each in ax.collections if isinstance(each, QuadMesh)]
    return found


def test_quantities_of_one_dimension_share_a_panel_and_differences_have_their_own() -> None:
    names = ["membrane_potential", "flux", "ghk_potential", "ghk_difference"]
    sweep = made_up(K, quantities=names)
    potentials, fluxes, differences = ed.plot.sweep(sweep).axes
    assert list(lines(potentials)) == ["membrane potential", "GHK"]
    assert list(lines(fluxes)) == ["K⁺", "A⁻"]
    assert list(lines(differences)) == ["PNP less GHK"]
    x, y = lines(potentials)["GHK"]
    np.testing.assert_allclose(x, [1, 2, 5, 10])
    np.testing.assert_allclose(y, 1e3 * sweep.scalar("ghk_potential"))
    labels = [ax.get_ylabel() for ax in (potentials, fluxes, differences)]
    # 0.016 mol/(m^2 s) is 1.6e6 pmol/(cm^2 s).
    assert labels == ["potential [mV]", "flux [10⁶ pmol/cm²/s]", "PNP less GHK [mV]"]
    np.testing.assert_allclose(lines(fluxes)["A⁻"][1], sweep.scalar("flux.A") * 1e8 / 1e6)
    assert differences.get_xlabel() == "K⁺ at the right [mM]"


def test_values_that_are_geometric_lie_on_a_logarithmic_axis() -> None:
    assert ed.plot.sweep(made_up(THICKNESS)).axes[-1].get_xscale() == "log"
    assert ed.plot.sweep(made_up({**K, "values": [1.0, 10.0, 100.0]})).axes[-1].get_xscale() == "log"
    assert ed.plot.sweep(made_up(K)).axes[-1].get_xscale() == "linear"


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("right.concentrations.K", "K⁺ at the right"),
        ("layers.membrane.permeability.A", "permeability of A⁻, membrane"),
        ("layers.membrane.relative_permittivity", "relative permittivity, membrane"),
        ("left.potential", "potential, left"),
        ("temperature", "temperature"),
        ("ions.K.diffusivity", "diffusivity, K"),
    ],
)
def test_keys_are_called_by_words(key: str, words: str) -> None:
    assert key_words(sweep_case(K), key) == words


def test_a_logarithmic_axis_of_a_decade_has_the_numbers_of_its_ticks() -> None:
    """2 and 5 are no powers of ten."""
    ax = ed.plot.sweep(made_up({**K, "values": [1.0, 2.0, 4.0, 8.0, 16.0]})).axes[-1]
    assert ax.get_xscale() == "log"
    low, high = ax.get_xlim()
    ticks = [float(tick) for tick in ax.get_xticks() if low <= tick <= high]
    assert ticks == pytest.approx([1.0, 2.0, 5.0, 10.0])
    formatter = ax.xaxis.get_major_formatter()
    assert [formatter(tick, None) for tick in ticks] == ["1", "2", "5", "10"]
    assert [log_tick(value, None) for value in (0.05, 20.0, 5e-4, 2e4, 1e-5)] == [
        "0.05",
        "20",
        "5·10⁻⁴",
        "2·10⁴",
        "10⁻⁵",
    ]


def test_errors_that_can_be_seen_are_a_band() -> None:
    sweep = made_up(K, quantities=["membrane_potential"])
    sweep.results.errors[:] = 2e-3
    (ax,) = ed.plot.sweep(sweep).axes
    (band,) = ax.collections
    corners = band.get_paths()[0].vertices
    assert {round(float(y), 9) for x, y in corners if x == 2} == {0.0, 4.0}  # 2 +- 2 mV at 2 mM


def test_choices_are_dots_with_their_names() -> None:
    sweep = made_up(
        {"key": "layers.inside.relative_permittivity", "values": ["water", 40]}, quantities=["membrane_potential"]
    )
    (ax,) = ed.plot.sweep(sweep).axes
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["water", "40"]
    assert ax.lines[0].get_linestyle() == "None"


def test_a_map_has_the_numbers_at_their_places() -> None:
    sweep = made_up(THICKNESS, K, quantities=["membrane_potential"])
    ax, bar = ed.plot.sweep(sweep).axes
    np.testing.assert_allclose(mesh(ax).get_array(), 1e3 * sweep.scalar("membrane_potential"))
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("K⁺ at the right [mM]", "thickness [nm]")
    assert (ax.get_xscale(), ax.get_yscale()) == ("linear", "log")
    assert bar.get_ylabel() == "membrane potential [mV]"
    # Edges of the cells: middles on the scale of the axis, and half a cell beyond the ends.
    low, high = ax.get_ylim()
    assert (low, high) == pytest.approx((10 ** (-1 / 8), 10 ** (2 + 1 / 8)), rel=1e-9)
    assert ax.get_xlim() == pytest.approx((0.5, 12.5))


def test_values_of_both_signs_are_white_at_zero() -> None:
    sweep = made_up(THICKNESS, K, quantities=["membrane_potential"], fill=lambda numbers: 1e-3 * (numbers - 10))
    norm = mesh(ed.plot.sweep(sweep).axes[0]).norm
    assert (norm.vmin, norm.vmax) == pytest.approx((-26.0, 26.0))


def test_positive_values_over_decades_are_shown_by_their_logarithms() -> None:
    from matplotlib.colors import LogNorm

    sweep = made_up(THICKNESS, K, quantities=["membrane_potential"], fill=lambda numbers: 1e-3 * numbers**2)
    assert isinstance(mesh(ed.plot.sweep(sweep).axes[0]).norm, LogNorm)


def test_points_that_failed_are_left_out_of_a_map() -> None:
    sweep = made_up(THICKNESS, K, quantities=["membrane_potential"])
    sweep.results.values[5] = np.nan
    sweep.results.converged[5] = False
    figure = ed.plot.sweep(sweep)
    shown = mesh(figure.axes[0]).get_array()
    assert np.ma.getmaskarray(shown).ravel().nonzero()[0].tolist() == [5]
    assert "36 points, 1 failed" in [text.get_text() for text in figure.texts]


def test_nothing_but_failures_is_an_empty_map() -> None:
    sweep = made_up(THICKNESS, K, quantities=["membrane_potential"])
    sweep.results.values[:] = np.nan
    sweep.results.converged[:] = False
    assert len(ed.plot.sweep(sweep).axes) == 1


def test_the_line_where_the_membrane_is_as_thick_as_its_debye_length_is_drawn() -> None:
    sweep = made_up(THICKNESS, K, quantities=["membrane_potential", "debye_ratio"])
    ratio = np.geomspace(0.1, 10, 9)[:, None] * np.ones(4)
    sweep.results.values[:, 1] = ratio.ravel()
    ax, _ = ed.plot.sweep(sweep).axes
    (line,) = [each for each in ax.collections if each.get_linestyle() and np.allclose(each.get_linewidth(), 2.0)]
    (path,) = line.get_paths()
    # The ratio is 1 in the middle of the logarithmic axis, at 10 nm.
    np.testing.assert_allclose(path.vertices[:, 1], 10.0, rtol=1e-6)
    assert "thickness = Debye length" in [text.get_text() for text in ax.texts]


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_what_is_written_over_the_colours_of_a_map_is_the_same_on_dark_ground(sign: float) -> None:
    """The colours are, so that white with a dark edge must not become dark with a dark edge."""
    sweep = made_up(
        THICKNESS, K, quantities=["membrane_potential", "debye_ratio"], fill=lambda numbers: sign * 1e-3 * numbers
    )
    sweep.results.values[:, 1] = (np.geomspace(0.1, 10, 9)[:, None] * np.ones(4)).ravel()
    paper, dark = (ed.plot.sweep(sweep, style=style).axes[0] for style in ("paper", "dark"))
    assert paper.texts
    for one, other in zip(paper.texts, dark.texts, strict=True):
        assert one.get_color() == other.get_color()


def test_lines_over_a_map_that_is_dark_at_zero_are_light() -> None:
    sweep = made_up(THICKNESS, K, quantities=["membrane_potential"], fill=lambda numbers: 1e-3 * (numbers - 10))
    for style, is_light in (("paper", False), ("dark", True)):
        ax = ed.plot.sweep(sweep, style=style).axes[0]
        (lines,) = [each for each in ax.collections if isinstance(each, ContourSet)]
        colours = np.asarray(lines.get_edgecolor())[:, :3]
        assert bool((colours > 0.5).all()) is is_light
        assert bool((colours < 0.5).all()) is not is_light


def test_axes_beyond_the_second_are_at_their_middle_and_the_title_says_so() -> None:
    sweep = made_up(
        THICKNESS, K, {"key": "temperature", "values": [290.0, 300.0, 310.0]}, quantities=["membrane_potential"]
    )
    figure = ed.plot.sweep(sweep)
    assert any("temperature = 300 K" in text.get_text() for text in figure.texts)
    np.testing.assert_array_equal(table_of(sweep, "membrane_potential"), sweep.scalar("membrane_potential")[:, :, 1])


def test_points_that_were_drawn_are_dots_at_their_places() -> None:
    free = {name: value for name, value in THICKNESS.items() if name != "points"}
    other = {"key": "temperature", "from": 290, "to": 310}
    sweep = made_up(free, other, design="sobol", points=32, quantities=["membrane_potential"])
    ax, _ = ed.plot.sweep(sweep).axes
    (dots,) = [each for each in ax.collections if isinstance(each, PathCollection)]
    places = np.asarray(dots.get_offsets())
    np.testing.assert_allclose(places[:, 0], sweep.dataset["temperature"])
    np.testing.assert_allclose(places[:, 1], 1e9 * sweep.dataset["layers.membrane.thickness"])
    np.testing.assert_allclose(dots.get_array(), 1e3 * sweep.scalar("membrane_potential"))


def test_what_is_nothing_but_its_error_is_not_drawn() -> None:
    sweep = made_up(K, quantities=["membrane_potential", "current_density"])
    sweep.results.values[:, 1] = 1e-10
    assert shown_quantities(sweep) == ["membrane_potential"]


@pytest.mark.parametrize("style", ["paper", "slides", "dark"])
def test_every_style_draws(style: str) -> None:
    for axes in ((K,), (THICKNESS, K)):
        assert ed.plot.sweep(made_up(*axes), style=style).axes


def test_it_draws_into_axes_that_are_given() -> None:
    from matplotlib.figure import Figure

    sweep = made_up(THICKNESS, K, quantities=["membrane_potential"])
    ax = Figure().add_subplot()
    assert ed.plot.sweep(sweep, ax=ax) is ax.figure
    np.testing.assert_allclose(mesh(ax).get_array(), 1e3 * sweep.scalar("membrane_potential"))


def test_the_figure_of_a_sweep_is_saved_by_its_name(tmp_path: Any) -> None:
    assert [path.name for path in ed.plot.save_figures(made_up(K), tmp_path, ["svg"])] == ["sweep.svg"]
