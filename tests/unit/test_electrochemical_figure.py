"""The figure of the electrochemical potentials: their profiles, and the driving forces between the ends."""

import numpy as np
import pytest
from scipy import constants
from test_plot import overlaps

import electrodiff as ed
from electrodiff.plot import electrochemical_potentials
from electrodiff.plot.electrochemical_figure import above_right_end, force_bars

FARADAY = constants.N_A * constants.e
RT = constants.R * 310.0
BATHS = {"K": (140.0, 4.0, 1), "Na": (12.0, 145.0, 1), "Cl": (10.0, 149.0, -1)}


def line(ax, label):
    return next(each for each in ax.lines if each.get_label() == label)


def drawn(ax, label):
    y = np.asarray(line(ax, label).get_ydata(), dtype=float)
    return y[np.isfinite(y)]


def test_across_the_stack_the_potential_falls_by_the_difference_of_the_reservoirs(clamped):
    """R T ln(c_left / c_right) + z F V at 310 K and -65 mV, in kJ/mol."""
    top, bottom = electrochemical_potentials(clamped).axes
    assert top.get_ylabel() == "μ \N{MINUS SIGN} μ(right end) [kJ/mol]"
    lengths = [patch.get_width() for patch in bottom.patches if patch.get_label() == "_nolegend_" or patch.get_width()]
    for index, (inside, outside, valence) in enumerate(BATHS.values()):
        expected = (RT * np.log(inside / outside) + valence * FARADAY * -0.065) * 1e-3
        values = drawn(top, f"_{index}")
        assert values[0] == pytest.approx(expected, rel=1e-6)
        assert values[-1] == 0.0
        assert any(length == pytest.approx(expected, rel=1e-6) for length in lengths)


def test_beside_the_bars_stands_how_far_the_potential_is_from_equilibrium(clamped):
    bottom = electrochemical_potentials(clamped).axes[1]
    texts = [text.get_text() for text in bottom.texts]
    for inside, outside, valence in BATHS.values():
        equilibrium = RT / FARADAY / valence * np.log(outside / inside)
        force = f"{(-0.065 - equilibrium) * 1e3:+#.3g}".rstrip(".").replace("-", "\N{MINUS SIGN}")
        assert f"V \N{MINUS SIGN} E = {force} mV" in texts


def test_the_flux_goes_down_the_slope(clamped):
    """J = -D c / (R T) dmu/dx, in the middle of the membrane where c and mu are smooth."""
    entries = clamped.layer_entries[1]
    middle = (entries.start + entries.stop) // 2
    near = slice(middle - 2, middle + 3)
    case = clamped.case
    for index, ion in enumerate(BATHS):
        slope = np.polyfit(clamped.x[near], above_right_end(clamped)[index, near], 2)
        gradient = np.polyval(np.polyder(slope), clamped.x[middle])
        diffusivity = case.layers[1].diffusivity[ion]
        flux = -diffusivity * clamped.concentration[index, middle] / RT * gradient
        assert flux == pytest.approx(clamped.flux[ion], rel=1e-3)


def test_an_ion_that_is_absent_at_one_end_is_neither_drawn_nor_in_the_legend(clamped):
    figure = electrochemical_potentials(clamped)
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["K⁺", "Na⁺", "Cl⁻"]
    assert drawn(figure.axes[0], "_3").size == 0


def test_an_ion_that_cannot_pass_is_level_on_either_side(case_of):
    solution = ed.solve(case_of("capacitor", {"expect": []}))
    energy = above_right_end(solution)
    for index, valence in enumerate(solution.case.valences):
        left = energy[index, solution.layer_entries[0]]
        # Its level is z F V at equal concentrations; the errors of a profile are 1e-5 of R T.
        np.testing.assert_allclose(left, valence * FARADAY * -0.07, atol=1e-4 * RT)


def test_equilibrium_is_flat_and_its_errors_are_not_magnified(case_of):
    for name in ("donnan_layer", "steric_electrode", "stern_electrode"):
        figure = electrochemical_potentials(ed.solve(case_of(name, {"expect": []})))
        low, high = figure.axes[0].get_ylim()
        assert low < -0.5
        assert high > 0.5  # kJ/mol
        assert len(figure.axes) == (2 if name == "donnan_layer" else 1)  # no forces between walls
    figure = electrochemical_potentials(ed.solve(case_of("donnan_layer", {"expect": []})))
    assert [bar.get_width() for bar in figure.axes[1].patches if bar.get_y() and bar.get_height() < 5] == [0.0, 0.0]


def test_what_is_left_of_an_ion_by_round_off_has_no_potential(case_of):
    """Calcium cannot leave the inside through bare lipid: there is none at the left end, nor a bar."""
    solution = ed.solve(case_of("lipid_born_barrier", {"expect": []}))
    assert np.nanmax(np.abs(above_right_end(solution))) < 100e3
    assert "Ca" not in [solution.case.ion_names[bar.ion] for bar in force_bars(solution).bars]


def test_a_solute_without_charge_is_driven_by_its_concentrations():
    from test_plot import ODD

    solution = ed.solve(ODD["one solute"])
    (bar,) = force_bars(solution).bars
    assert bar.value == pytest.approx(-RT * np.log(5.0) * 1e-3, rel=1e-6)
    assert bar.text == "\N{MINUS SIGN}4.15"


@pytest.mark.parametrize("style", ["paper", "slides"])
@pytest.mark.parametrize("name", ["kcsa_channel", "ion_exchange_membrane", "resting_cell", "liquid_junction"])
def test_texts_are_apart(case_of, name, style):
    assert overlaps(electrochemical_potentials(ed.solve(case_of(name, {"expect": []})), style=style)) == []
