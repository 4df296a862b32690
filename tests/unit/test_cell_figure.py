"""The figures of a living membrane: bars and curves are the solution's numbers, and can be read."""

from __future__ import annotations

import math

import numpy as np
import pytest
from test_plot import overlaps

import electrodiff as ed
from electrodiff.plot import FIGURES, cell, figures_of, save_figures, transport
from electrodiff.plot.cell_figure import Bar, Bars, flux_bars, force_bars, shown_span
from electrodiff.plot.labels import text_width
from electrodiff.plot.style import ion_style

MINUS = "\N{MINUS SIGN}"
# mol/(m^2 s) to pmol/(cm^2 s): 1e12 pmol, over 1e4 cm^2.
PICOMOLES = 1e8
CELL = """\
title = "Cell"
temperature = "310 K"
[ions.K]
[ions.Na]
[ions.Cl]
[ions.A]
valence = -1
diffusivity = "0.5e-9 m^2/s"
[[layers]]
name = "cytosol"
thickness = "10 um"
relative_permittivity = 80
initial = { K = "140 mM", Na = "12 mM", Cl = "10 mM", A = "142 mM" }
[[layers]]
name = "membrane"
thickness = "5 nm"
relative_permittivity = 2
permeability = { K = "2e-10 m/s", Na = "8e-12 m/s", Cl = "9e-11 m/s", A = "0 m/s" }
diffusivity = { K = "1e-11 m^2/s", Na = "1e-11 m^2/s", Cl = "1e-11 m^2/s" }
[[layers]]
name = "bath"
thickness = "20 nm"
relative_permittivity = 80
[left]
kind = "closed"
[right]
kind = "reservoir"
concentrations = { K = "4 mM", Na = "145 mM", Cl = "149 mM" }
potential = "0 mV"
[mesh]
geometry = "spherical"
nodes = 129
"""
PUMP = {
    "name": "sodium pump",
    "layer": "membrane",
    "stoichiometry": {"Na": 3, "K": -2},
    "law": "michaelis_menten",
    "rate": "5e-9 mol/m^2/s",
    "half_saturation": {"left": {"Na": "10 mM"}, "right": {"K": "1.5 mM"}},
    "hill": {"left": {"Na": 3}, "right": {"K": 2}},
}


def cotransporter(name, stoichiometry, rate):
    return {"name": name, "layer": "membrane", "law": "affinity", "stoichiometry": stoichiometry, "rate": rate}


KCC2 = cotransporter("KCC2", {"K": 1, "Cl": 1}, "3e-10 mol/m^2/s")
NKCC1 = cotransporter("NKCC1", {"Na": -1, "K": -1, "Cl": -2}, "1e-10 mol/m^2/s")
LONG = cotransporter("a cotransporter whose name no figure has room for", {"K": 1, "Cl": 1}, "1e-10 mol/m^2/s")
TWO_IONS = """\
temperature = "310 K"
[ions.K]
[ions.Na]
[[layers]]
name = "membrane"
thickness = "5 nm"
relative_permittivity = 2
permeability = { K = "2e-9 m/s", Na = "1e-10 m/s" }
fixed_charge = "-150 mM"
[left]
concentrations = { K = "140 mM", Na = "10 mM" }
potential = "floating"
[right]
concentrations = { K = "4 mM", Na = "146 mM" }
potential = "0 mV"
[[transporters]]
name = "pump"
layer = "membrane"
stoichiometry = { Na = 3, K = -2 }
rate = "5e-10 mol/m^2/s"
[mesh]
nodes = 65
"""


def two_ions():
    """A pump between two baths, of which the membrane is one: K and Na, and the anion of the baths."""
    anion = '[ions.X]\nvalence = -1\ndiffusivity = "1e-9 m^2/s"\n[[layers]]'
    baths = TWO_IONS.replace("[[layers]]", anion, 1).replace('Na = "10 mM"', 'Na = "10 mM", X = "150 mM"')
    baths = baths.replace('Na = "146 mM"', 'Na = "146 mM", X = "150 mM"').replace('fixed_charge = "-150 mM"\n', "")
    return ed.parse_case(baths.replace('Na = "1e-10 m/s"', 'Na = "1e-10 m/s", X = "0 m/s"'))


def with_transporters(*transporters):
    return ed.parse_case(CELL).replace("transporters", list(transporters))


CASES = {
    "one pump": lambda: with_transporters(PUMP),
    "pump and KCC2": lambda: with_transporters(PUMP, KCC2),
    "three transporters": lambda: with_transporters(PUMP, KCC2, NKCC1),
    "long names": lambda: with_transporters(PUMP, LONG).replace("layers.cytosol.name", "cytosol with a long name"),
    "two ions": two_ions,
    "blocked": lambda: with_transporters({**PUMP, "scale": 0.0}),
}


@pytest.fixture(scope="module")
def solved():
    solutions = {}

    def solve(name):
        if name not in solutions:
            solutions[name] = ed.solve(CASES[name]())
        return solutions[name]

    return solve


@pytest.fixture(params=CASES)
def solution(request, solved):
    return solved(request.param)


@pytest.fixture(scope="module")
def poisoned():
    """The pump blocked after a second."""
    study = {
        "kind": "transient",
        "end": "1e7 s",
        "output": {"from": "1 ms", "per_decade": 4},
        "protocol": [{"at": "1 s", "set": {"transporters.sodium pump.scale": 0.0}}],
    }
    return ed.solve_transient(with_transporters(PUMP, KCC2).replace("study", study))


def bars_of(ax):
    """(start, end) of every bar of a panel, from the top."""
    return [(patch.get_x(), patch.get_x() + patch.get_width()) for bars in ax.containers for patch in bars]


def test_the_bars_are_leaks_and_what_each_transporter_carries(solved):
    solution = solved("pump and KCC2")
    ax = cell(solution).axes[2]
    leak = {ion: flux * PICOMOLES for ion, flux in solution.passive_flux.items()}
    pump, kcc2 = (solution.transporter_rate[name] * PICOMOLES for name in ("sodium pump", "KCC2"))
    wanted = [leak["K"], -2 * pump, kcc2, leak["Na"], 3 * pump, leak["Cl"], kcc2]
    assert [end for _, end in bars_of(ax)] == pytest.approx(wanted, rel=1e-12)
    assert all(start == 0 for start, _ in bars_of(ax))
    names = ["leak", "sodium pump", "KCC2", "leak", "sodium pump", "leak", "KCC2"]
    assert [text.get_text() for text in ax.get_yticklabels()] == names
    assert ax.get_xlabel() == "flux [pmol/cm²/s]"


@pytest.mark.parametrize("name", ["one pump", "pump and KCC2", "three transporters"])
def test_at_rest_the_bars_of_every_ion_cancel(solved, name):
    bars = flux_bars(solved(name)).bars
    largest = max(abs(bar.value) for bar in bars)
    for ion in {bar.ion for bar in bars}:
        # The extrapolated values of 129 nodes, each to its own error.
        assert sum(bar.value for bar in bars if bar.ion == ion) == pytest.approx(0.0, abs=1e-4 * largest)


def test_the_bars_of_driving_forces_reach_from_the_membrane_potential_to_each_nernst_potential(solved):
    solution = solved("one pump")
    ax = cell(solution).axes[3]
    voltage = solution.membrane_potential * 1e3
    inside = {ion: solution.concentration[index, 0] for index, ion in enumerate(solution.case.ion_names)}
    outside = {"K": 4.0, "Na": 145.0, "Cl": 149.0}
    thermal = 8.314462618 * 310 / 96485.33212 * 1e3
    nernst = [thermal / z * math.log(outside[ion] / inside[ion]) for ion, z in (("K", 1), ("Na", 1), ("Cl", -1))]
    # rtol: the Nernst potentials are extrapolated, the concentrations are not.
    assert [end for _, end in bars_of(ax)] == pytest.approx(nernst, rel=1e-4)
    assert [start for start, _ in bars_of(ax)] == pytest.approx([voltage] * 3)
    numbers = [bar.text for bar in force_bars(solution).bars]
    assert numbers == [f"+{voltage - nernst[0]:.1f}", f"{voltage - nernst[1]:.0f}".replace("-", MINUS), "0"]
    assert ax.get_xlabel() == "potential [mV]"


def test_an_ion_that_nothing_moves_has_no_bar(solved):
    solution = solved("one pump")
    impermeant = solution.case.ion_names.index("A")
    assert impermeant not in {bar.ion for panel in (flux_bars, force_bars) for bar in panel(solution).bars}


def test_bars_have_the_colours_of_their_ions_and_those_of_transporters_are_hatched(solved):
    for bar in flux_bars(solved("three transporters")).bars:
        assert bar.look["edgecolor"] == ion_style(bar.ion)["color"]
        assert ("hatch" in bar.look) == (bar.name != "leak")


def test_the_profile_shows_the_membrane_and_what_is_beside_it(solved):
    solution = solved("one pump")
    first, last = shown_span(solution)
    # Debye lengths are 0.8 nm: the thickness of the membrane, 5 nm, is more than five of them.
    assert (first, last) == pytest.approx((9.995e-6, 10.01e-6), abs=1e-15)
    potential, concentration = cell(solution).axes[:2]
    assert potential.get_xlim() == pytest.approx((-5.0, 10.0))
    line = max(potential.lines, key=lambda line: len(line.get_xdata()))
    np.testing.assert_array_equal(line.get_ydata(), solution.potential * 1e3)
    inside = solution.layer == 1
    for curve in concentration.lines:
        assert np.isnan(np.asarray(curve.get_ydata())[inside]).all()


def test_the_membrane_potential_is_marked_unless_there_is_none_to_see(solved):
    solution = solved("one pump")
    arrow = next(text for text in cell(solution).axes[0].texts if hasattr(text, "arrow_patch") and text.arrow_patch)
    assert sorted([arrow.xy[1], arrow.xyann[1]]) == pytest.approx([solution.membrane_potential * 1e3, 0.0])


def test_numbers_have_room_beside_bars_of_any_size():
    bars = tuple(Bar(0, "leak", value, "+1.23·10⁻⁴") for value in (-1.0, -1e-9, 0.0, 1e-9, 100.0))
    low, high = Bars(bars, 0.0, "", "", "").limits(60.0)
    assert low < -1.0
    assert high > 100.0
    assert Bars(bars[2:3], 0.0, "", "", "").limits(60.0)[0] < 0.0


def test_driving_forces_of_nanovolts_are_drawn_on_an_axis_of_millivolts():
    bars = tuple(Bar(0, "E", -12.3 + force, "0") for force in (1e-14, -1e-14, 1e-6))
    low, high = Bars(bars, -12.3, "V", "", "", 2.0).limits(60.0)
    assert high - low == pytest.approx(2.0, rel=1e-9)
    # And what is on the axis stands in its middle.
    assert (low + high) / 2 == pytest.approx(-12.3, abs=0.2)


def test_the_name_of_the_line_has_room_where_all_bars_point_to_one_side():
    for sign in (-1.0, 1.0):
        line, name = 80.0, "Membrane potential"
        low, high = Bars((Bar(0, "E", line + 100.0 * sign, "100"),), line, name, "", "").limits(60.0)
        half = text_width(name) / 2 * (high - low) / 60.0
        assert low <= line - half + 1e-9
        assert line + half - 1e-9 <= high


def test_the_figure_can_be_read(solution):
    figure = cell(solution)
    assert overlaps(figure) == []
    width, height = figure.get_size_inches() * figure.dpi
    texts = [text for ax in figure.axes for text in [*ax.texts, ax.title] if text.get_text()]
    for text in [*texts, *(label for ax in figure.axes[2:] for label in ax.get_yticklabels())]:
        box = text.get_window_extent()
        assert min(box.x0, box.y0) >= 0, text
        assert box.x1 <= width, text
        assert box.y1 <= height, text


def test_numbers_lie_within_their_panels(solution):
    for ax in cell(solution).axes[2:]:
        frame = ax.get_window_extent()
        for text in ax.texts:
            box = text.get_window_extent()
            is_number = text.get_text()[:1] in ("+", MINUS, "0")
            assert not is_number or (frame.x0 <= box.x0 and box.x1 <= frame.x1), text


def test_names_of_bars_do_not_reach_into_the_names_of_ions(solution):
    for ax in cell(solution).axes[2:]:
        ions = [text.get_window_extent() for text in ax.texts if text.get_weight() == "bold"]
        names = [label.get_window_extent() for label in ax.get_yticklabels()]
        assert max(box.x1 for box in ions) < min(box.x0 for box in names)


def test_rates_leaks_and_equilibria_are_drawn_over_time(poisoned):
    figure = transport(poisoned)
    rates, leaks, potentials = figure.axes

    def curve(ax, label):
        y = np.asarray(next(line for line in ax.lines if line.get_label() == label).get_ydata(), dtype=float)
        return y[np.isfinite(y)]

    frames = poisoned.frames[1:]
    wanted = [frame.transporter_rate["sodium pump"] * PICOMOLES for frame in frames]
    np.testing.assert_allclose(curve(rates, "sodium pump"), wanted, rtol=1e-12)
    np.testing.assert_allclose(
        curve(leaks, "_0"), [frame.passive_flux["K"] * PICOMOLES for frame in frames], rtol=1e-12
    )
    np.testing.assert_allclose(curve(potentials, "_voltage"), poisoned.membrane_potential[1:] * 1e3, rtol=1e-12)
    assert [ax.get_ylabel() for ax in figure.axes] == [
        "rate [pmol/cm²/s]",
        "flux [pmol/cm²/s]",
        "potential [mV]",
    ]
    assert overlaps(figure) == []


def test_without_its_pump_a_cell_runs_down_to_where_all_nernst_potentials_meet(poisoned):
    potentials = transport(poisoned).axes[2]
    ends = [
        line.get_ydata()[-1] for line in potentials.lines if str(line.get_label()) in ("_0", "_1", "_2", "_voltage")
    ]
    # The Donnan potential of 142 mM of anions beside 149 mM of salt: sinh(V F / RT) = -142 / 298.
    donnan = -8.314462618 * 310 / 96485.33212 * math.asinh(142 / 298) * 1e3
    assert ends == pytest.approx([donnan] * 4, abs=1e-3)


def test_cases_with_transporters_have_their_figure_among_the_others(solved, poisoned, tmp_path):
    solution = solved("one pump")
    assert list(figures_of(solution)) == [*FIGURES, "cell"]
    assert list(figures_of(poisoned))[-1] == "transport"
    assert "cell.png" in [path.name for path in save_figures(solution, tmp_path)]
    quiet = ed.solve(ed.load_case(ed.bundled_case("clamped_membrane")).changed({"mesh.nodes": 65, "expect": []}))
    assert "cell" not in figures_of(quiet)
    with pytest.raises(ValueError, match="no transporters"):
        cell(quiet)


def test_the_bytes_are_the_same_each_time(solved, tmp_path):
    first, second = (save_figures(solved("two ions"), tmp_path / name, ["png", "svg"]) for name in "ab")
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
