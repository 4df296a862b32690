"""The figures of time and frequency: what is drawn are the result's numbers, on axes that can be read."""

from __future__ import annotations

import dataclasses
import math
import subprocess
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image
from test_plot import overlaps
from typer.testing import CliRunner

import electrodiff as ed
from electrodiff.cli import app
from electrodiff.plot import FIGURES_OF, admittance, animate, bode, concentrations, currents, nyquist, space_time
from electrodiff.plot.animation import Film, ffmpeg
from electrodiff.plot.impedance_figure import frequency_text, geometric_capacitance
from electrodiff.plot.layer_axis import LayerAxis, length_text
from electrodiff.plot.style import STYLES
from electrodiff.plot.symlog import linear_part, symlog_text, symlog_ticks
from electrodiff.plot.ticks import chosen_ticks
from electrodiff.plot.time_axis import TimeAxis, time_text, title
from electrodiff.plot.time_series import conduction, places
from electrodiff.solvers.impedance import solve_impedance
from electrodiff.solvers.transient import solve_transient
from electrodiff.store import save_solution
from electrodiff.units import FARADAY, VACUUM_PERMITTIVITY

CASES = Path(__file__).parents[2] / "cases"
MINUS = "\N{MINUS SIGN}"
INITIAL = {"K": 140.0, "Na": 12.0, "Cl": 10.0, "A": 142.0}
OUTSIDE = {"K": 4.0, "Na": 145.0, "Cl": 149.0, "A": 0.0}
STEP = {"set": {"left.potential": "-65 mV"}}


def transient_study(end, **more):
    return {"study": {"kind": "transient", "end": end, **more}}


def clamped_case():
    """The membrane at rest at 0 mV, stepped to -65 mV at once."""
    output = {"from": "1 ps", "to": "1 us", "per_decade": 5}
    study = transient_study("1 us", output=output, protocol=[STEP])
    case = ed.load_case(CASES / "clamped_membrane.toml")
    return case.changed({"left.potential": "0 mV", "mesh.nodes": 129, "expect": [], **study})


def cell_case():
    """A closed sphere of 10 um with a tight membrane, from 10 ps to 1e6 s."""
    tight = {"K": 1e-7, "Na": 4e-9, "Cl": 4.5e-8, "A": 0.0}
    output = {"from": "10 ps", "to": "1e6 s", "per_decade": 2}
    return ed.load_case(CASES / "clamped_membrane.toml").changed(
        {
            "expect": [],
            "left": {"kind": "closed"},
            "mesh": {"geometry": "spherical"},
            "layers.cytosol.thickness": "10 um",
            "layers.outside.thickness": "10 um",
            "layers.membrane.partition": tight,
            "layers.cytosol.initial": INITIAL,
            "layers.membrane.initial": {},
            "layers.outside.initial": OUTSIDE,
            **transient_study("1e6 s", start="initial", output=output),
        }
    )


BLOCKING = """\
title = "blocking cell"
temperature = "298.15 K"
[ions.K]
diffusivity = "1e-9 m^2/s"
[ions.A]
valence = -1
diffusivity = "1e-9 m^2/s"
[[layers]]
name = "electrolyte"
thickness = "200 nm"
relative_permittivity = 78
initial = { K = "10 mM", A = "10 mM" }
[left]
kind = "wall"
potential = "100 mV"
[right]
kind = "wall"
potential = "0 mV"
[mesh]
nodes = 129
"""


def blocking_case():
    """10 mM between two metal walls 200 nm apart, 0.1 V across them from the start."""
    output = {"from": "1 ps", "to": "1 ms", "per_decade": 3}
    return ed.parse_case(BLOCKING).changed(transient_study("1 ms", start="initial", output=output))


def linear_case():
    """The potential of the clamped membrane stepped there and back, looked at evenly."""
    protocol = [{"at": "20 ns", **STEP}, {"at": "60 ns", "set": {"left.potential": "0 mV"}}]
    case = ed.load_case(CASES / "clamped_membrane.toml").changed({"left.potential": "0 mV", "expect": []})
    study = transient_study("100 ns", output={"points": 41}, protocol=protocol)
    return case.changed({"mesh.nodes": 129, **study})


def junction_case():
    """One layer between two reservoirs: nothing to magnify."""
    case = ed.parse_case(
        'temperature = "298.15 K"\n[ions.K]\n[ions.A]\nvalence = -1\ndiffusivity = "5e-10 m^2/s"\n'
        '[[layers]]\nname = "water"\nthickness = "50 nm"\nrelative_permittivity = 78\n'
        'initial = { K = "10 mM", A = "10 mM" }\n'
        '[left]\nkind = "reservoir"\nconcentrations = { K = "100 mM", A = "100 mM" }\npotential = "floating"\n'
        '[right]\nkind = "reservoir"\nconcentrations = { K = "10 mM", A = "10 mM" }\npotential = "0 mV"\n'
        "[mesh]\nnodes = 129\n"
    )
    return case.changed(transient_study("1 us", start="initial"))


TRANSIENTS = {
    "clamped": clamped_case,
    "cell": cell_case,
    "blocking": blocking_case,
    "linear": linear_case,
    "junction": junction_case,
}


@pytest.fixture(scope="module")
def solved():
    """Transients of this module by name, each solved once."""
    found = {}

    def solve(name):
        if name not in found:
            found[name] = solve_transient(TRANSIENTS[name]())
        return found[name]

    return solve


@pytest.fixture(scope="module")
def clamped(solved):
    return solved("clamped")


@pytest.fixture(scope="module")
def spectra():
    wide = {"from": "1 Hz", "to": "10 GHz", "per_decade": 5}
    study = {"study": {"kind": "impedance", "frequencies": wide}}
    blocking = ed.parse_case(BLOCKING).changed({"left.potential": "0 mV", **study})
    membrane = ed.load_case(CASES / "clamped_membrane.toml").changed({"expect": [], **study})
    return {"blocking": solve_impedance(blocking), "membrane": solve_impedance(membrane)}


def labelled(ax, label):
    return next(line for line in ax.lines if line.get_label() == label)


def tick_texts(axis):
    return [text.get_text() for text in axis.get_ticklabels()]


# ---- the axis along the stack --------------------------------------------------------------------------------------


def test_a_bath_is_drawn_by_the_area_hyperbolic_sine_of_the_distance_from_its_interface(clamped):
    axis = LayerAxis.of(clamped.frames[-1])
    length = clamped.frames[-1].debye_lengths[0]
    distance = np.array([0.0, 0.5e-9, 3e-9, 20e-9])
    place = axis.place(0, 20e-9 - distance)
    expected = np.arcsinh(distance / length) / np.arcsinh(20e-9 / length)
    np.testing.assert_allclose((axis.edge[1] - place) / (axis.edge[1] - axis.edge[0]), expected, atol=1e-12)


def test_a_layer_thinner_than_its_debye_length_is_not_stretched(clamped):
    axis = LayerAxis.of(clamped.frames[-1])
    start, stop = axis.edge[1:3]
    assert axis.place(1, np.array([22.5e-9]))[0] == pytest.approx((start + stop) / 2, rel=1e-12)


@pytest.mark.parametrize("name", TRANSIENTS)
def test_places_rise_from_0_to_1_and_every_layer_has_its_share(solved, name):
    transient = solved(name)
    axis = LayerAxis.of(transient.frames[-1])
    entries = transient.frames[0].layer_entries
    place = np.concatenate([axis.place(index, transient.x[part]) for index, part in enumerate(entries)])
    assert place[0] == pytest.approx(0.0, abs=1e-12)
    assert place[-1] == pytest.approx(1.0, abs=1e-12)
    # Nodes 1e-5 of a layer apart are apart here, too; those of an interface fall together.
    assert (np.diff(place) > -1e-12).all()
    assert (np.diff(axis.edge) >= 0.5 / axis.length.size - 1e-12).all()


def test_a_stack_without_interfaces_or_walls_has_an_even_axis_of_x(solved):
    axis = LayerAxis.of(solved("junction").frames[-1])
    np.testing.assert_allclose(axis.place(0, np.array([0.0, 10e-9, 50e-9])), [0.0, 0.2, 1.0], atol=1e-12)
    assert space_time(solved("junction")).axes[1].get_xlabel() == "x [nm]"


def test_distances_are_labelled_in_nanometres_and_layers_with_their_thickness(solved):
    top, bottom = space_time(solved("cell")).axes[:2]
    assert {text.get_text() for text in top.texts} >= {"cytosol", "membrane", "outside", "10 µm", "5 nm"}
    assert bottom.get_xlabel() == "distance from the nearest interface [nm]"
    ticks = dict(zip(bottom.get_xticks(), tick_texts(bottom.xaxis), strict=True))
    axis = LayerAxis.of(solved("cell").frames[-1])
    hundred = [place for place, text in ticks.items() if text == "100"]
    assert hundred == pytest.approx(
        [axis.place(0, np.array([10e-6 - 100e-9]))[0], axis.place(2, np.array([10.105e-6]))[0]]
    )


# ---- the axis of time ----------------------------------------------------------------------------------------------


def test_time_is_logarithmic_and_zero_stands_before_its_first_output(clamped):
    axis = TimeAxis.of(clamped)
    assert axis.is_logarithmic
    np.testing.assert_allclose(axis.places[1:], np.log10(clamped.time[1:]))
    assert axis.places[0] < axis.places[1] - 0.3
    ax = currents(clamped).axes[-1]
    shown = dict(zip(tick_texts(ax.xaxis), ax.get_xticks(), strict=True))
    assert shown["0"] == pytest.approx(axis.places[0])
    assert shown["1 ns"] == pytest.approx(-9.0)


def test_evenly_spaced_outputs_have_a_linear_axis_with_a_unit_and_changes_marked(solved):
    ax = currents(solved("linear")).axes[-1]
    assert ax.get_xlabel() == "time [ns]"
    marks = [line.get_xdata()[0] for line in ax.lines if line.get_linestyle() == ":" and len(line.get_xdata()) == 2]
    assert marks == pytest.approx([20.0, 60.0])


def test_no_time_stands_beside_the_names_of_the_layers(solved):
    top = space_time(solved("linear")).axes[0]
    low, high = top.get_ylim()
    ticks = top.get_yticks()
    # 100 ns is the last time of the run, and the names are above it.
    assert ticks.max() == pytest.approx(100.0)
    assert high > 110.0
    assert ticks.min() == low == 0.0


def test_a_potential_that_is_round_off_is_told_as_zero(solved):
    run = solved("linear")
    frames = (*run.frames[:-1], SimpleNamespace(membrane_potential=-2.5e-15))
    figure = Figure()
    title(dataclasses.replace(run, frames=frames), figure)
    assert figure.texts[1].get_text() == "Vₘ = 0 mV after 100 ns"


def test_a_step_is_a_gap_in_its_curve_and_an_edge_in_the_image(solved):
    transient = solved("linear")
    potential = np.asarray(currents(transient).axes[2].lines[-2].get_ydata())
    # 41 outputs of 2.5 ns; the output at the time of a step, the 9th and the 25th, is of the moment before.
    assert np.flatnonzero(np.isnan(potential)).tolist() == [9, 26]
    assert potential[8] == pytest.approx(0.0, abs=1e-9)
    assert potential[10] == pytest.approx(-65.0)
    (image,) = space_time(transient).axes[0].images
    column = np.asarray(image.get_array())[:, 0]  # the left end
    # Half a pixel from the end itself.
    assert np.minimum(np.abs(column), np.abs(column + 65.0)).max() < 0.01
    assert np.mean(column < -1) == pytest.approx(0.4, abs=0.01)


@pytest.mark.parametrize(
    ("time", "text"),
    [
        (0.0, "0"),
        (1e-12, "1 ps"),
        (1.2589e-8, "12.6 ns"),
        (999.6e-12, "1 ns"),
        (0.05, "50 ms"),
        (59.0, "59 s"),
        (3600.0, "1 h"),
        (1e6, "11.6 days"),
        (86400.0, "1 day"),
    ],
)
def test_times_are_told_in_the_unit_that_suits_them(time, text):
    assert time_text(time) == text


def test_labels_are_chosen_by_rank_and_only_where_all_of_a_group_have_room():
    groups = [[(0.0, "aaa"), (10.0, "bbb")], [(5.0, "ccc")], [(2.0, "ddd"), (8.0, "eee")]]
    wide = chosen_ticks(groups, 10.0, is_upright=False)
    narrow = chosen_ticks(groups, 3.0, is_upright=False)
    assert [text for _, text in wide] == ["aaa", "ddd", "ccc", "eee", "bbb"]
    assert [text for _, text in narrow] == ["aaa", "ccc", "bbb"]


def test_lengths_and_frequencies_are_told_in_the_unit_that_suits_them():
    assert [length_text(x) for x in (5e-9, 999.9e-9, 10e-6, 2e-3)] == ["5 nm", "1 µm", "10 µm", "2 mm"]
    assert [frequency_text(f) for f in (1e-3, 1.0, 1e4, 2.5e8)] == ["1 mHz", "1 Hz", "10 kHz", "250 MHz"]


# ---- potential and charge in space and time ------------------------------------------------------------------------


def test_images_hold_the_potential_and_the_charge_at_places_and_times(clamped):
    figure = space_time(clamped)
    axis = LayerAxis.of(clamped.frames[-1])
    for ax, values in zip(figure.axes[:2], (clamped.potential * 1e3, clamped.charge_density * 1e-6), strict=True):
        start, image = ax.images
        pixels = np.asarray(image.get_array())
        rows, columns = pixels.shape
        left, right, low, high = image.get_extent()
        assert (left, right) == (0.0, 1.0)
        assert (low, high) == pytest.approx((-12.0, -6.0))
        for layer, entries in enumerate(clamped.frames[0].layer_entries):
            place = axis.place(layer, clamped.x[entries])
            column = round((place[0] + 0.37 * (place[-1] - place[0])) * columns)
            for output in (11, 20):
                row = round((math.log10(clamped.time[output]) - low) / (high - low) * rows - 0.5)
                expected = np.interp((column + 0.5) / columns, place, values[output, entries])
                # A row is off its output by half a pixel of 6 decades in 300 rows at most: 1 % of a decade.
                near = np.abs(np.diff(values[output - 1 : output + 2, entries], axis=0)).max()
                assert pixels[row, column] == pytest.approx(expected, abs=0.06 * near + 1e-9)
        assert np.asarray(start.get_array())[0, 0] == pytest.approx(values[0, 0], rel=1e-2, abs=1e-9)


def test_time_rises_and_its_start_is_a_strip_of_its_own_below(clamped):
    ax = space_time(clamped).axes[0]
    start, image = ax.images
    assert start.get_extent()[3] < image.get_extent()[2]
    assert start.get_array().shape[0] == 1
    assert start.get_extent()[2] < TimeAxis.of(clamped).edge < start.get_extent()[3]
    assert ax.get_ylim()[0] < ax.get_ylim()[1]


def test_charge_is_white_at_zero_and_as_strong_for_either_sign(clamped):
    _, image = space_time(clamped).axes[1].images
    assert image.norm(0.0) == pytest.approx(0.5)
    for value in (1e-5, 1e-3, 0.1):
        assert image.norm(value) + image.norm(-value) == pytest.approx(1.0)
    colour = image.cmap(image.norm(0.0))
    assert min(colour[:3]) > 0.95
    blue, red = image.cmap(image.norm(-0.1)), image.cmap(image.norm(0.1))
    assert blue[2] > blue[0]
    assert red[0] > red[2]


def test_scales_of_the_colours_carry_name_and_unit(clamped):
    labels = {ax.get_ylabel() for ax in space_time(clamped).axes[2:]}
    assert labels == {"potential [mV]", "charge density [MC/m³]"}


def test_nothing_at_all_has_a_scale_of_colours_too():
    # No potential and no charge anywhere.
    case = ed.parse_case(BLOCKING).changed({"left.potential": "0 mV", **transient_study("1 ns", start="initial")})
    figure = space_time(solve_transient(case))
    figure.draw(FigureCanvasAgg(figure).get_renderer())
    assert {ax.get_ylabel() for ax in figure.axes[2:]} == {"potential [mV]", "charge density [MC/m³]"}


# ---- currents and potentials ---------------------------------------------------------------------------------------


def test_total_current_is_drawn_over_five_decades_and_its_sign(clamped):
    ax = currents(clamped).axes[0]
    assert ax.get_yscale() == "symlog"
    np.testing.assert_array_equal(labelled(ax, "total").get_ydata(), clamped.total_current_density[1:])
    low, high = ax.get_ylim()
    assert low < clamped.total_current_density.min()
    assert high > clamped.total_current_density.max() > 0
    assert ax.get_ylabel() == "current density [A/m²]"
    labels = tick_texts(ax.yaxis)
    assert "0" in labels
    assert f"{MINUS}10⁴" in labels


def test_a_sine_of_the_current_is_drawn_as_a_sine():
    wave = {"sine": {"left.potential": {"amplitude": "10 mV", "frequency": "0.2 MHz"}}, "until": "15 us"}
    study = transient_study("20 us", output={"points": 81}, protocol=[wave], error_estimates=False)
    case = ed.load_case(CASES / "clamped_membrane.toml").changed({"expect": [], "mesh.nodes": 61, **study})
    run = solve_transient(case)
    top = currents(run).axes[0]
    assert top.get_yscale() == "linear"
    low, high = top.get_ylim()
    # The capacitance, 0.35 uF/cm^2, times omega and the amplitude, about what leaks.
    assert high - low == pytest.approx(2 * 3.5e-3 * 2 * math.pi * 2e5 * 0.01, rel=0.2)


def test_the_start_is_a_dot_at_zero(clamped):
    dots = [line for line in currents(clamped).axes[0].lines if line.get_label() == "_start"]
    drawn = [float(line.get_ydata()[0]) for line in dots]
    assert clamped.total_current_density[0] in drawn
    assert {float(line.get_xdata()[0]) for line in dots} == {TimeAxis.of(clamped).edge}


def test_conduction_and_displacement_make_the_total(clamped):
    top, bottom = currents(clamped).axes[:2]
    parts = sum(np.asarray(labelled(bottom, f"_{index}").get_ydata()) for index in range(3))
    displacement = np.asarray(labelled(top, "displacement").get_ydata())
    np.testing.assert_allclose(parts + displacement, clamped.total_current_density[1:], rtol=1e-12)
    carried = FARADAY * clamped.ion_flux[1:] * np.array(clamped.case.valences)
    np.testing.assert_array_equal(labelled(bottom, "_0").get_ydata(), carried[:, 0])


def test_an_ion_that_does_not_pass_has_no_curve(clamped):
    assert "_3" not in {line.get_label() for line in currents(clamped).axes[1].lines}


def test_the_legend_of_currents_and_admittances_names_the_ions_that_carry_any(clamped, spectra):
    for draw, result in ((currents, clamped), (admittance, spectra["membrane"])):
        assert "A" in result.case.ions
        names = [text.get_text() for text in draw(result).legends[0].get_texts()]
        assert names[:3] == ["K⁺", "Na⁺", "Cl⁻"]
        assert "A⁻" not in names
    assert "A⁻" in [text.get_text() for text in concentrations(clamped).legends[0].get_texts()]


def test_no_total_current_reaches_a_closed_centre_and_round_off_is_not_magnified(solved):
    cell = solved("cell")
    assert np.abs(cell.total_current_density).max() > 0  # there is some to magnify
    top = currents(cell).axes[0]
    assert not np.any(labelled(top, "total").get_ydata())
    shown = np.asarray(labelled(top, "displacement").get_ydata())
    carried = conduction(cell)[1:]
    expected = -1e3 * carried.sum(axis=1)
    # A step in time leaves no more of what ions carry than its tolerance.
    is_error = np.abs(expected) <= 1e-4 * 1e3 * np.abs(carried).max()
    assert is_error.any()
    assert not is_error.all()
    np.testing.assert_allclose(shown, np.where(is_error, 0.0, expected), rtol=1e-12)
    assert top.get_ylabel() == "current density [mA/m²]"


def test_thousands_of_amperes_are_told_in_kiloamperes_where_the_axis_is_linear(solved):
    """Four digits and a sign would run into the label of the axis."""
    units = set()
    for name in TRANSIENTS:
        for ax in currents(solved(name)).axes[:2]:
            if ax.get_yscale() == "linear":
                units.add(ax.get_ylabel())
                assert max(np.abs(ax.get_ylim())) < 2e3
    assert {"current density [kA/m²]", "current density [mA/m²]"} <= units


def test_kiloamperes_are_thousands(solved):
    junction = solved("junction")
    ax = next(ax for ax in currents(junction).axes[:2] if ax.get_ylabel() == "current density [kA/m²]")
    total = junction.total_current_density[1:]
    expected = [
        1e-3 * series for series in (total, total - conduction(junction)[1:].sum(axis=1), *conduction(junction)[1:].T)
    ]
    drawn = [np.asarray(line.get_ydata()) for line in ax.get_lines() if len(line.get_ydata()) == len(total)]
    assert drawn
    # What is below the error of the steps is drawn as none.
    error = 1e-4 * 1e-3 * np.abs(conduction(junction)).max()
    for series in drawn:
        assert any(np.allclose(series, wanted, rtol=1e-12, atol=error) for wanted in expected)


def test_the_membrane_and_its_baths_share_the_potential(clamped):
    ax = currents(clamped).axes[2]
    whole, alone = labelled(ax, "Vₘ").get_ydata(), labelled(ax, "across the membrane alone").get_ydata()
    np.testing.assert_allclose(whole, -65.0, rtol=1e-9)
    # Three dielectrics in series at first: 5/2 of 5/2 + 40/80 nm; then all but the two Debye layers.
    assert alone[0] == pytest.approx(-65.0 * 2.5 / 3.0, rel=1e-3)
    assert -65.0 < alone[-1] < -64.0


def test_the_proportional_part_of_an_axis_lies_below_most_values_but_not_in_the_round_off():
    values = np.array([-7e4, -1e4, -4.0, -1.0, -0.5, -0.2, 0.1, 0.2, 0.2, 0.2, 0.2])
    assert linear_part(values) == pytest.approx(0.1)
    assert linear_part(np.array([1.0, 2.0, 3.0])) is None
    assert linear_part(np.array([1.0, *np.full(9, 1e-30)])) == pytest.approx(1e-7)
    assert linear_part(np.zeros(3)) is None
    # What is noise is not spread over decades.
    assert linear_part(values, noise=0.05 * float(np.abs(values).max())) is None


def test_ticks_on_either_side_of_zero():
    assert symlog_ticks(70.0, 0.1) == [-10.0, -1.0, -0.1, 0.0, 0.1, 1.0, 10.0]
    assert len(symlog_ticks(7e6, 1e-3)) <= 9
    assert [symlog_text(value) for value in (-1e4, 0.0, 0.1)] == [f"{MINUS}10⁴", "0", "0.1"]


# ---- concentrations ------------------------------------------------------------------------------------------------


def test_concentrations_are_those_beside_the_membrane_and_in_the_middle_of_the_baths(clamped):
    found = {place.name: place.entry for place in places(clamped)}
    x = {name: clamped.x[entry] * 1e9 for name, entry in found.items()}
    assert x["cytosol, next to membrane"] == pytest.approx(20.0)
    assert x["outside, next to membrane"] == pytest.approx(25.0)
    # The node nearest to the middle: cells of the coarse mesh grow to 2 nm.
    assert x["cytosol, middle"] == pytest.approx(10.0, abs=1.0)
    assert x["outside, middle"] == pytest.approx(35.0, abs=1.0)
    layers = clamped.frames[0].layer
    assert [layers[entry] for entry in found.values()] == [0, 2, 0, 2]
    figure = concentrations(clamped)
    assert [ax.get_title() for ax in figure.axes] == list(found)


def test_slight_changes_are_shown_from_the_start_and_large_ones_as_they_are(clamped, solved):
    ax = concentrations(clamped).axes[0]
    entry = places(clamped)[0].entry
    change = clamped.concentration[1:, 0, entry] - clamped.concentration[0, 0, entry]
    assert ax.get_ylabel() == f"c {MINUS} c(0) [mM]"
    np.testing.assert_allclose(labelled(ax, "_0").get_ydata(), change, rtol=1e-12)
    cell = solved("cell")
    ax = concentrations(cell).axes[0]
    assert ax.get_ylabel() == "c [mM]"
    np.testing.assert_array_equal(labelled(ax, "_0").get_ydata(), cell.concentration[1:, 0, places(cell)[0].entry])


def test_a_single_layer_is_looked_at_at_both_ends_and_in_the_middle(solved):
    names = [place.name for place in places(solved("blocking"))]
    assert names == ["electrolyte, next to the left wall", "electrolyte, middle", "electrolyte, next to the right wall"]


# ---- impedance -----------------------------------------------------------------------------------------------------


def test_bode_carries_size_phase_and_capacitance(spectra):
    spectrum = spectra["membrane"]
    magnitude, phase, capacitance = bode(spectrum).axes
    assert magnitude.get_ylabel() == "|Z| [mΩ·m²]"
    np.testing.assert_allclose(magnitude.lines[1].get_ydata(), np.abs(spectrum.impedance) * 1e3, rtol=1e-12)
    assert (magnitude.get_xscale(), magnitude.get_yscale()) == ("log", "log")
    np.testing.assert_allclose(phase.lines[0].get_ydata(), np.degrees(np.angle(spectrum.impedance)), rtol=1e-12)
    omega = 2 * math.pi * spectrum.frequency
    farads = (1 / spectrum.impedance).imag / omega
    assert capacitance.get_ylabel() == "capacitance [mF/m²]"
    np.testing.assert_allclose(capacitance.lines[1].get_ydata(), farads * 1e3, rtol=1e-9)
    assert {"1 Hz", "1 kHz", "1 GHz"} <= set(tick_texts(capacitance.xaxis))


def test_the_dashed_line_is_the_dielectrics_in_series_which_the_highest_frequencies_reach(spectra):
    spectrum = spectra["membrane"]
    expected = VACUUM_PERMITTIVITY / (20e-9 / 80 + 5e-9 / 2 + 20e-9 / 80)
    assert geometric_capacitance(spectrum) == pytest.approx(expected, rel=1e-9)
    magnitude, _, capacitance = bode(spectrum).axes
    np.testing.assert_allclose(capacitance.lines[0].get_ydata(), expected * 1e3, rtol=1e-9)
    guide, drawn = (np.asarray(line.get_ydata())[-1] for line in magnitude.lines[:2])
    # Ions carry sigma/(omega eps), 4 % at 10 GHz, of what the dielectric of a bath does, a sixth of the whole.
    assert drawn == pytest.approx(guide, rel=0.02)


def test_nyquist_has_equal_axes_and_marks_decades(spectra):
    spectrum = spectra["membrane"]
    ax = nyquist(spectrum).axes[0]
    box = ax.bbox
    wide, high = np.diff(ax.get_xlim())[0] / box.width, np.diff(ax.get_ylim())[0] / box.height
    assert wide == pytest.approx(high, rel=1e-9)
    line = ax.lines[0]
    np.testing.assert_allclose(line.get_xdata(), spectrum.impedance.real * 1e3, rtol=1e-12)
    np.testing.assert_allclose(line.get_ydata(), -spectrum.impedance.imag * 1e3, rtol=1e-12)
    at = int(np.argmin(np.abs(spectrum.frequency - 1e3)))
    marks = np.array([line.get_xdata()[0] for line in ax.lines if line.get_label() == "_decade"])
    assert np.abs(marks - spectrum.impedance[at].real * 1e3).min() < 1e-9
    assert "1 kHz" in [text.get_text() for text in ax.texts]


@pytest.mark.parametrize("name", ["blocking", "membrane"])
def test_frequencies_beside_a_nyquist_curve_are_off_it(spectra, name):
    figure = nyquist(spectra[name])
    renderer = FigureCanvasAgg(figure).get_renderer()
    for ax in figure.axes:
        x, y = ax.transData.transform(ax.lines[0].get_xydata()).T
        at = np.linspace(0, len(x) - 1, 100 * len(x))
        x, y = (np.interp(at, np.arange(len(x)), part) for part in (x, y))
        for text in ax.texts:
            box = text.get_window_extent(renderer)
            hits = ((x > box.x0) & (x < box.x1) & (y > box.y0) & (y < box.y1)).sum()
            assert hits == 0, text.get_text()


def test_the_line_of_a_blocking_cell_leaves_the_nyquist_panel_which_says_so(spectra):
    ax = nyquist(spectra["blocking"]).axes[0]
    assert "↑ down to 1 Hz" in [text.get_text() for text in ax.texts]
    # The resistance of the electrolyte, L/sigma with sigma = 2 F^2 c D / (R T), is in the panel.
    conductivity = 2 * FARADAY**2 * 10 * 1e-9 / (8.314462618 * 298.15)
    assert ax.get_xlim()[1] == pytest.approx(1.08e6 * 200e-9 / conductivity, rel=0.05)


def test_admittance_is_split_into_ions_and_displacement(spectra):
    spectrum = spectra["membrane"]
    lines = admittance(spectrum).axes[0].lines
    np.testing.assert_allclose(lines[0].get_ydata(), 1 / np.abs(spectrum.impedance), rtol=1e-12)
    np.testing.assert_allclose(lines[1].get_ydata(), np.abs(spectrum.displacement_admittance), rtol=1e-12)
    np.testing.assert_allclose(lines[2].get_ydata(), np.abs(spectrum.ion_admittance[:, 0]), rtol=1e-12)


def test_an_impedance_that_was_not_found_is_drawn_without_one(spectra):
    spectrum = spectra["blocking"]
    nothing = np.full_like(spectrum.impedance, np.nan)
    failed = dataclasses.replace(
        spectrum,
        converged=False,
        impedance=nothing,
        displacement_admittance=nothing,
        ion_admittance=np.full_like(spectrum.ion_admittance, np.nan),
    )
    for draw in FIGURES_OF[type(failed)].values():
        figure = draw(failed)
        figure.draw(FigureCanvasAgg(figure).get_renderer())
        assert figure.texts[1].get_text().endswith("(not converged)")


# ---- how they read -------------------------------------------------------------------------------------------------


def inside(figure):
    """Whether all that is drawn lies in the figure."""
    box = figure.get_tightbbox(FigureCanvasAgg(figure).get_renderer())
    width, height = figure.get_size_inches()
    return box.x0 >= 0 and box.y0 >= 0 and box.x1 <= width and box.y1 <= height


@pytest.mark.parametrize("draw", [space_time, currents, concentrations])
@pytest.mark.parametrize("name", TRANSIENTS)
def test_texts_of_transients_are_apart_and_inside(solved, draw, name):
    figure = draw(solved(name))
    assert overlaps(figure) == []
    assert inside(figure)


@pytest.mark.parametrize("draw", [bode, nyquist, admittance])
@pytest.mark.parametrize("name", ["blocking", "membrane"])
def test_texts_of_impedances_are_apart_and_inside(spectra, draw, name):
    figure = draw(spectra[name])
    assert overlaps(figure) == []
    assert inside(figure)


def test_every_axis_has_a_name_and_a_unit(clamped, spectra):
    figures = [draw(clamped) for draw in FIGURES_OF[type(clamped)].values()]
    figures += [draw(spectra["membrane"]) for draw in FIGURES_OF[type(spectra["membrane"])].values()]
    for figure in figures:
        for ax in figure.axes:
            shown = ax.yaxis.get_label_text()
            # Times and frequencies have their units at every tick.
            assert shown.endswith("]") or (shown == "time" and "1 ns" in tick_texts(ax.yaxis))
        for ax in figure.axes:
            if ax.xaxis.get_label_text() and ax.xaxis.label.get_visible():
                shown = ax.xaxis.get_label_text()
                ticks = tick_texts(ax.xaxis)
                assert shown.endswith("]") or {"1 ns", "1 kHz"} & set(ticks)


@pytest.mark.parametrize("outputs", [1, 2])
def test_a_run_that_was_stopped_at_once_can_be_drawn(clamped, outputs):
    series = {
        name: getattr(clamped, name)[:outputs]
        for name in ("time", "frames", "total_current_density", "current_spread", "ion_flux", "amount_residual")
    }
    stopped = dataclasses.replace(clamped, converged=False, **series)
    for draw in FIGURES_OF[type(stopped)].values():
        figure = draw(stopped)
        figure.draw(FigureCanvasAgg(figure).get_renderer())
        assert figure.texts[1].get_text().endswith("(stopped early)")


# ---- files ---------------------------------------------------------------------------------------------------------


def test_the_figures_are_those_of_the_kind_of_result_and_the_same_bytes_each_time(clamped, spectra, tmp_path):
    for result in (clamped, spectra["blocking"]):
        kind = type(result).__name__
        first, second = (ed.plot.save_figures(result, tmp_path / kind / name, ["png", "svg"]) for name in "ab")
        assert [path.name for path in first] == [
            f"{name}.{ending}" for name in FIGURES_OF[type(result)] for ending in ("png", "svg")
        ]
        for one, other in zip(first, second, strict=True):
            assert one.read_bytes() == other.read_bytes()
    assert {kind.__name__ for kind in FIGURES_OF} == {"Solution", "Transient", "Impedance", "CurrentVoltage", "Sweep"}


@pytest.fixture(scope="module")
def brief(clamped):
    """Every tenth output of the clamped membrane."""
    few = slice(None, None, 10)
    names = ("time", "frames", "total_current_density", "current_spread", "ion_flux", "amount_residual")
    error = {name: values[few] for name, values in clamped.error.items()}
    return dataclasses.replace(clamped, error=error, **{name: getattr(clamped, name)[few] for name in names})


def test_a_film_shows_the_profiles_of_each_output(clamped):
    film = Film(clamped)
    axis = LayerAxis.of(clamped.frames[-1])
    for index in (0, 20):
        film.show(index)
        potential, concentration, charge = film.figure.axes[:3]
        shown = {
            "potential [mV]": (potential, clamped.potential[index] * 1e3),
            "charge density [MC/m³]": (charge, clamped.charge_density[index] * 1e-6),
            "concentration [mM]": (concentration, clamped.concentration[index, 0]),
        }
        for label, (ax, values) in shown.items():
            assert ax.get_ylabel() == label
            line = next(line for line in ax.lines if len(line.get_xdata()) > 10)
            places_drawn, drawn = (np.asarray(data, dtype=float) for data in line.get_data())
            np.testing.assert_allclose(drawn[np.isfinite(places_drawn)], values, rtol=1e-12)
            assert np.isnan(places_drawn).sum() == 2
            low, high = ax.get_ylim()
            assert low < np.nanmin(drawn)
            assert np.nanmax(drawn) < high
        assert film.figure.texts[-1].get_text() == f"t = {time_text(clamped.time[index])}"
    assert axis.edge[-1] == pytest.approx(1.0)


def test_texts_of_films_are_apart_and_inside(solved):
    for name in TRANSIENTS:
        film = Film(solved(name))
        film.show(1)
        assert overlaps(film.figure) == []
        assert inside(film.figure)


def test_a_film_is_a_gif_with_a_picture_for_each_output(brief, tmp_path):
    path = animate(brief, tmp_path / "film.gif")
    with Image.open(path) as film:
        pictures = []
        total = 0
        for index in range(film.n_frames):
            film.seek(index)
            pictures.append(np.asarray(film.convert("RGB"), dtype=int))
            total += film.info["duration"]
    assert len(pictures) == len(brief.time)
    assert all(np.abs(one - other).max() > 50 for one, other in pairwise(pictures))
    # The last one stands for a second more.
    assert total / 1000 == pytest.approx((len(brief.time) + 12) / 12, rel=0.05)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("style", ["paper", "slides", "dark"])
def test_a_film_is_drawn_in_a_style(brief, tmp_path, style):
    path = animate(brief, tmp_path / "film.gif", style)
    ground = STYLES[style].ground or "#ffffff"
    with Image.open(path) as film:
        film.seek(film.n_frames - 1)
        corner = film.convert("RGB").getpixel((1, 1))
    # The colours of a GIF are a choice of 256.
    np.testing.assert_allclose(corner, [int(ground[k : k + 2], 16) for k in (1, 3, 5)], atol=6)
    with pytest.raises(ValueError, match="style is 'poster'; expected one of paper, slides, dark"):
        animate(brief, tmp_path / "other.gif", "poster")
    assert list(tmp_path.iterdir()) == [path]


def test_a_film_that_fails_leaves_nothing(brief, tmp_path, monkeypatch):
    monkeypatch.setattr(Film, "show", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        animate(brief, tmp_path / "film.gif")
    assert list(tmp_path.iterdir()) == []


def test_a_film_has_an_ending_that_can_be_written(brief, tmp_path, monkeypatch):
    with pytest.raises(ed.CaseError, match=r"film\.avi: expected a name that ends in \.gif or \.mp4"):
        animate(brief, tmp_path / "film.avi")
    monkeypatch.setattr("electrodiff.plot.animation.ffmpeg", lambda: None)
    with pytest.raises(ed.CaseError, match=r"film\.mp4: the program ffmpeg.* is not installed; .* choose a \.gif"):
        animate(brief, tmp_path / "film.mp4")


def test_a_film_may_be_an_mp4(brief, tmp_path):
    """By the ffmpeg of the system, or that of the extra `film`."""
    path = animate(brief, tmp_path / "film.mp4")
    assert path.read_bytes()[4:8] == b"ftyp"
    assert list(tmp_path.iterdir()) == [path]
    about = subprocess.run([ffmpeg(), "-i", path], capture_output=True, text=True, check=False).stderr
    pictures = len(brief.time) + 12  # the last one stays for a second
    assert f"Duration: 00:00:{pictures / 12:05.2f}" in about


def plot(*arguments):
    return CliRunner().invoke(app, ["plot", *map(str, arguments)])


def test_the_command_writes_a_film_of_a_stored_transient(brief, tmp_path):
    save_solution(brief, tmp_path / "solution.nc")
    result = plot(tmp_path, "--animate", tmp_path / "films" / "film.gif")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "films" / "film.gif").read_bytes()[:6] == b"GIF89a"
    assert str(tmp_path / "films" / "film.gif") in result.stdout
    assert not list(tmp_path.glob("*.png"))


def test_the_command_draws_the_figures_of_a_stored_transient(brief, tmp_path):
    save_solution(brief, tmp_path / "solution.nc")
    assert plot(tmp_path).exit_code == 0
    assert sorted(path.stem for path in tmp_path.glob("*.png")) == ["concentrations", "currents", "space_time"]


def test_the_command_says_what_cannot_be_a_film(spectra, tmp_path):
    save_solution(spectra["blocking"].steady, tmp_path / "solution.nc")
    for arguments, message in (
        (["--animate", tmp_path / "film.gif"], "does not change in time; give the result of a transient study"),
        (["--animate", tmp_path / "film.png"], "expected a name that ends in .gif or .mp4"),
        (["--animate", tmp_path / "film.gif", "--out", tmp_path], "leave out --out, --format"),
        ([tmp_path, "--animate", tmp_path / "film.gif"], "leave out --out, --format"),
    ):
        result = plot(tmp_path, *arguments)
        assert result.exit_code == 2
        assert message in result.stderr
    assert not list(tmp_path.glob("*.gif"))
