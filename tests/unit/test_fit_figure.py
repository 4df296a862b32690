"""The figure of a fit: every measurement, every curve, and what is left over."""

from __future__ import annotations

import numpy as np
import pytest

import electrodiff as ed
from electrodiff.fit_curves import axis_of, fitted_curves, is_wide

K = "layers.membrane.permeability.K"


@pytest.fixture(scope="module")
def case() -> ed.Case:
    return ed.load_case(ed.bundled_case("fit_permeabilities"))


@pytest.fixture(scope="module")
def currents(case: ed.Case) -> ed.Fit:
    """A fit to currents in two baths; what is fitted does not matter."""
    data = {
        "potential": [-0.05, 0.0, 0.05] * 2,
        "current_density": [-0.5, 1.0, 4.0, -3.0, 0.5, 4.0],
        "right.concentrations.K": [4.0] * 3 + [100.0] * 3,
        "right.concentrations.Na": [145.0] * 3 + [49.0] * 3,
        "sigma": 0.5,
    }
    return ed.fit(case, data, [K])


@pytest.fixture(scope="module")
def potentials(case: ed.Case) -> ed.Fit:
    """A fit to reversal potentials at four concentrations of an ion."""
    data = {"reversal_potential": [-0.02, -0.015, -0.01, 0.0], "right.concentrations.K": [4.0, 20.0, 60.0, 150.0]}
    return ed.fit(case, data, [K])


def test_each_bath_has_a_curve_through_what_single_solves_give(currents: ed.Fit) -> None:
    first, second = fitted_curves(currents)
    assert (first.indices, second.indices) == ((0, 1, 2), (3, 4, 5))
    assert second.conditions == {"right.concentrations.K": 100.0, "right.concentrations.Na": 49.0}
    bath = {**second.conditions, "study": {"kind": "iv", "potentials": [-0.05, 0.0, 0.05]}, "expect": []}
    curve = ed.solve_iv(currents.fitted_case.changed(bath))
    assert second.y[[0, 20, 40]] == pytest.approx(curve.current_density, rel=1e-4)
    assert second.x[[0, 20, 40]] == pytest.approx(curve.voltage, abs=1e-15)


def test_all_measurements_curves_and_residuals_are_drawn(currents: ed.Fit) -> None:
    figure = ed.plot.fit(currents)
    above, below = figure.axes
    drawn = [line for line in above.lines if line.get_label() == "_fit"]
    assert len(drawn) == 2
    points = np.concatenate([box.lines[0].get_ydata() for box in above.containers])
    unit = {"[mA/cm²]": 10.0, "[µA/cm²]": 1e-2}[above.get_ylabel().split()[-1]]
    assert points * unit == pytest.approx(currents.data.measured)
    left = np.concatenate([line.get_ydata() for line in below.lines if line.get_label() == "_residuals"])
    assert left == pytest.approx(currents.residual / 0.5)
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend == ["right: K 4 mM, Na 145 mM", "right: K 100 mM, Na 49 mM"]
    assert below.get_xlabel() == "membrane potential, left minus right [mV]"
    assert below.get_ylabel() == "residual / σ"


def test_potentials_are_drawn_over_the_condition_that_varies(potentials: ed.Fit) -> None:
    assert axis_of(potentials.data) == "right.concentrations.K"
    assert is_wide(potentials.data, axis_of(potentials.data))
    above, below = ed.plot.fit(potentials).axes
    assert above.get_xscale() == below.get_xscale() == "log"
    assert below.get_xlabel() == "K⁺ at the right [mM]"
    assert below.get_ylabel() == "residual / estimated σ"
    assert above.containers[0].lines[0].get_ydata() == pytest.approx([-20, -15, -10, 0])


def test_where_several_conditions_vary_measured_stands_against_fitted(case: ed.Case) -> None:
    data = {
        "reversal_potential": [-0.02, -0.015, -0.01, 0.0],
        "right.concentrations.K": [4.0, 20.0, 60.0, 150.0],
        "right.concentrations.Na": [145.0, 130.0, 80.0, 4.0],
    }
    found = ed.fit(case, data, [K])
    assert fitted_curves(found) == []
    above, below = ed.plot.fit(found).axes
    assert below.get_xlabel() == "fitted potential [mV]"
    assert above.containers[0].lines[0].get_xdata() == pytest.approx(found.predicted * 1e3)


@pytest.mark.parametrize("style", ["paper", "slides", "dark"])
def test_every_style_is_drawn(currents: ed.Fit, style: str, tmp_path) -> None:
    assert ed.plot.save_figure(ed.plot.fit(currents, style=style), tmp_path / "fit.png").stat().st_size > 10_000
