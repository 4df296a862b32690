"""The figure of the Debye layers: the solution and the closed form of the same face."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from scipy import constants
from test_plot import overlaps

import electrodiff as ed
from electrodiff.plot import debye_layers
from electrodiff.plot.charge_figure import DEBYE_HUECKEL, GOUY_CHAPMAN
from electrodiff.plot.debye import debye_panels
from electrodiff.plot.debye_figure import closed_potential

FARADAY = constants.N_A * constants.e


def solved(case_of, name, changes=None):
    return ed.solve(case_of(name, {"expect": [], **(changes or {})}))


def line(ax, label):
    return next(each for each in ax.lines if each.get_label() == label)


def gouy_chapman(x, psi, length, voltage):
    """Potential in front of a plane in a symmetric salt, by Gouy (1910): tanh(psi / 4) falls exponentially."""
    return 4.0 * voltage * np.arctanh(np.tanh(psi / 4.0 / voltage) * np.exp(-x / length))


def test_both_faces_lie_side_by_side_with_potential_concentrations_and_charge(clamped):
    figure = debye_layers(clamped)
    assert len(figure.axes) == 6
    tops = [ax for ax in figure.axes if ax.get_title()]
    assert [ax.get_title() for ax in tops] == ["cytosol, next to membrane", "outside, next to membrane"]
    left, right = (ax.get_position() for ax in tops)
    assert left.y0 == right.y0
    assert left.x1 < right.x0
    labels = [ax.get_ylabel() for ax in figure.axes[::2]]
    assert labels == ["φ \N{MINUS SIGN} φ(bulk) [mV]", "c \N{MINUS SIGN} c(bulk) [mM]", "charge density [MC/m³]"]


def test_the_curves_are_those_of_the_solution(clamped):
    axes = debye_layers(clamped).axes
    for column, panel in enumerate(debye_panels(clamped)):
        top, middle, bottom = axes[column::2]
        potential = clamped.potential[panel.entries] - clamped.potential[panel.bulk]
        np.testing.assert_allclose(top.lines[-2].get_ydata(), potential * 1e3, rtol=1e-12)
        np.testing.assert_allclose(top.lines[-2].get_xdata(), panel.distance * 1e9, rtol=1e-12)
        change = clamped.concentration[:, panel.entries] - clamped.concentration[:, [panel.bulk]]
        np.testing.assert_allclose(line(middle, "_0").get_ydata(), change[0], rtol=1e-12)
        density = clamped.charge_density[panel.entries]
        shown = line(bottom, "Poisson-Nernst-Planck").get_ydata()
        np.testing.assert_allclose(shown, density * 1e-6, rtol=1e-12)


def test_gouy_chapman_of_the_drop_is_drawn_over_the_potential_and_fits_it(case_of):
    """A wall of -50 mV or so, where the linear theory is off by a tenth."""
    solution = solved(case_of, "debye_layer")
    (panel,) = debye_panels(solution)
    psi = float(solution.potential[panel.interface] - solution.potential[panel.bulk])
    assert abs(psi) > 0.04
    voltage = constants.R * solution.case.temperature / FARADAY
    expected = gouy_chapman(panel.distance, psi, panel.debye_length, voltage)
    top = debye_layers(solution).axes[0]
    drawn = line(top, GOUY_CHAPMAN).get_ydata()
    np.testing.assert_allclose(drawn, expected * 1e3, rtol=1e-9, atol=1e-9)
    # The bulk of the panel is ten Debye lengths away, where e^-10 of the potential is left.
    np.testing.assert_allclose(drawn, top.lines[-2].get_ydata(), atol=1e-4 * abs(psi) * 1e3)


def test_ions_follow_boltzmann_in_the_closed_form(case_of):
    solution = solved(case_of, "debye_layer")
    (panel,) = debye_panels(solution)
    name, potential = closed_potential(panel)
    assert name == GOUY_CHAPMAN
    middle = debye_layers(solution).axes[1]
    drawn = [each.get_ydata() for each in middle.lines if each.get_label() == "_Boltzmann"]
    voltage = constants.R * solution.case.temperature / FARADAY
    for valence, bulk, values in zip((1, -1), solution.concentration[:, panel.bulk], drawn, strict=True):
        expected = bulk * np.exp(-valence * potential / voltage)
        np.testing.assert_allclose(values, expected, rtol=1e-12)


def test_debye_hueckel_takes_the_charge_and_its_potential_is_that_of_a_plate(case_of):
    """psi(0) = -Q lambda / eps of a diffuse charge Q."""
    solution = solved(case_of, "donnan_layer")
    panel = debye_panels(solution)[0]
    name, potential = closed_potential(panel)
    assert name == DEBYE_HUECKEL
    permittivity = constants.epsilon_0 * 80.0
    assert solution.case.layers[0].relative_permittivity == 80
    assert potential[0] == pytest.approx(-panel.layer.charge * panel.debye_length / permittivity, rel=1e-9)


def test_a_closed_form_that_does_not_fit_stays_in_its_panel(case_of):
    solution = solved(case_of, "ion_exchange_membrane")
    for ax in debye_layers(solution).axes:
        low, high = ax.get_ylim()
        for each in ax.lines:
            if each.get_label() in (GOUY_CHAPMAN, DEBYE_HUECKEL, "_Boltzmann"):
                y = np.asarray(each.get_ydata(), dtype=float)
                assert np.nanmin(y) >= low
                assert np.nanmax(y) <= high


@pytest.mark.parametrize(
    "name", ["donnan_layer", "steric_electrode", "double_membrane", "stern_electrode", "lipid_born_barrier"]
)
def test_texts_are_apart(case_of, name):
    assert overlaps(debye_layers(solved(case_of, name))) == []


def test_drop_and_charge_are_written(clamped):
    panel = debye_panels(clamped)[0]
    drop = (clamped.potential[panel.interface] - clamped.potential[panel.bulk]) * 1e3
    texts = [text.get_text() for text in debye_layers(clamped).axes[0].texts]
    assert f"{drop:#.3g} mV at the interface" in texts
    assert f"holds {panel.layer.charge * 1e3:#.3g} mC/m²".replace("-", "\N{MINUS SIGN}") in texts


def test_a_case_without_debye_layers_is_told_so_and_has_no_such_figure(case_of):
    solution = solved(case_of, "liquid_junction")
    with pytest.raises(ValueError, match="no Debye layer"):
        debye_layers(solution)
    assert "debye_layers" not in ed.plot.figures_of(solution)


def test_the_figure_draws_without_a_warning(clamped):
    FigureCanvasAgg(debye_layers(clamped)).draw()
