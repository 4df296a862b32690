"""The figure of a current-voltage curve: what is drawn are its numbers and those of the models."""

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from scipy import constants
from test_plot import overlaps

import electrodiff as ed

FARADAY = constants.N_A * constants.e
THERMAL_VOLTAGE = constants.R * 310.0 / FARADAY
PERMEANT = {"K": (2e-7, 1, 140.0, 4.0), "Na": (8e-9, 1, 12.0, 145.0), "Cl": (9e-8, -1, 10.0, 149.0)}
MINUS = "\N{MINUS SIGN}"


def curve_of(case: ed.Case, potentials: object) -> ed.CurrentVoltage:
    return ed.solve_iv(case.replace("study", {"kind": "iv", "potentials": potentials}))


@pytest.fixture(scope="module")
def curve(case_of: Callable[..., ed.Case]) -> ed.CurrentVoltage:
    """From -115 mV to 85 mV, where the field of GHK has no 0 / 0."""
    return curve_of(case_of("clamped_membrane"), {"from": -0.115, "to": 0.085, "points": 11})


@pytest.fixture(scope="module")
def idle(case_of: Callable[..., ed.Case]) -> ed.CurrentVoltage:
    """A membrane that nothing crosses, at one potential."""
    return curve_of(case_of("capacitor"), [-0.05])


def line(ax: Axes, label: str) -> tuple[np.ndarray, np.ndarray]:
    (found,) = [each for each in ax.lines if each.get_label() == label]
    return np.asarray(found.get_xdata()), np.asarray(found.get_ydata())


def test_the_net_current_and_that_of_every_ion_are_drawn(curve: ed.CurrentVoltage) -> None:
    (ax,) = ed.plot.iv(curve).axes
    assert ax.get_ylabel() == "current density to the right [mA/cm²]"
    potential, net = line(ax, "net")
    np.testing.assert_allclose(potential, curve.voltage * 1e3, rtol=1e-12)
    np.testing.assert_allclose(net, curve.current_density / 10, rtol=1e-12)  # 1 mA/cm^2 is 10 A/m^2
    for index in range(3):
        np.testing.assert_allclose(line(ax, f"_{index}")[1], curve.ion_current[:, index] / 10, rtol=1e-12)
    # A⁻ cannot pass.
    assert not curve.ion_current[:, 3].any()
    assert "_3" not in [each.get_label() for each in ax.lines]


def test_the_models_are_drawn_as_their_closed_forms(curve: ed.CurrentVoltage) -> None:
    (ax,) = ed.plot.iv(curve).axes
    potential = curve.voltage
    ghk = circuit = np.zeros_like(potential)
    for P, z, inside, outside in PERMEANT.values():
        u = z * potential / THERMAL_VOLTAGE
        ghk = ghk + P * z * FARADAY * u * (inside - outside * np.exp(-u)) / -np.expm1(-u)
        E = THERMAL_VOLTAGE / z * math.log(outside / inside)
        g = P * z**2 * FARADAY / THERMAL_VOLTAGE * inside * outside * math.log(outside / inside) / (outside - inside)
        circuit = circuit + g * (potential - E)
    np.testing.assert_allclose(line(ax, "net, GHK")[1], ghk / 10, rtol=1e-9)
    np.testing.assert_allclose(line(ax, "net, chord circuit")[1], circuit / 10, rtol=1e-9)
    texts = [text.get_text() for text in ax.figure.legends[0].get_texts()]  # type: ignore[union-attr]
    assert texts == ["K⁺", "Na⁺", "Cl⁻", "net", "net, GHK", "net, chord circuit"]


def test_the_axes_pass_through_zero_and_the_reversal_is_marked(curve: ed.CurrentVoltage) -> None:
    figure = ed.plot.iv(curve)
    (ax,) = figure.axes
    assert ax.get_ylim()[0] < 0 < ax.get_ylim()[1]
    assert any(np.all(np.asarray(each.get_ydata()) == 0) for each in ax.lines)
    assert any(np.all(np.asarray(each.get_xdata()) == 0) for each in ax.lines)
    (ring,) = [each for each in ax.lines if each.get_marker() == "o"]
    assert ring.get_xdata() == pytest.approx([1e3 * curve.reversal_potential], rel=1e-12)
    assert [text.get_text() for text in ax.texts] == [f"{MINUS}71.46 mV"]
    assert figure.texts[1].get_text() == f"reversal at {MINUS}71.46 mV"


def test_a_reversal_beyond_the_curve_is_not_marked(curve: ed.CurrentVoltage) -> None:
    (ax,) = ed.plot.iv(replace(curve, reversal_potential=-0.2)).axes
    assert not ax.texts


def test_no_model_is_drawn_where_nothing_crosses(idle: ed.CurrentVoltage) -> None:
    figure = ed.plot.iv(idle)
    (ax,) = figure.axes
    assert figure.texts[1].get_text() == "no reversal"
    assert "net, GHK" not in [each.get_label() for each in ax.lines]
    low, high = ax.get_xlim()
    assert low < -50 < high


@pytest.mark.parametrize(("scale", "drawn"), [(0.0, True), (1.0, False)])
def test_no_model_is_drawn_beside_a_pump_that_works(case_of: Callable[..., ed.Case], scale: float, drawn: bool) -> None:
    case = case_of("electrogenic_pump", {"transporters.sodium pump.scale": scale, "mesh.nodes": 61})
    (ax,) = ed.plot.iv(curve_of(case, [-0.09, 0.02])).axes
    assert ("net, GHK" in [each.get_label() for each in ax.lines]) is drawn


def test_a_curve_that_is_not_whole_is_drawn_with_a_gap(curve: ed.CurrentVoltage) -> None:
    failed = replace(curve.solutions[3], converged=False)
    broken = replace(curve, solutions=(*curve.solutions[:3], failed, *curve.solutions[4:]))
    figure = ed.plot.iv(broken)
    (ax,) = figure.axes
    assert np.flatnonzero(np.isnan(line(ax, "net")[1])).tolist() == [3]
    assert line(ax, "net, GHK")[0].size == 10
    assert figure.texts[1].get_text().endswith("(not converged)")


def test_a_curve_of_which_nothing_was_found_can_be_drawn(idle: ed.CurrentVoltage) -> None:
    nothing = replace(idle, solutions=tuple(replace(each, converged=False) for each in idle.solutions))
    figure = ed.plot.iv(nothing)
    figure.draw(FigureCanvasAgg(figure).get_renderer())


@pytest.mark.parametrize("which", ["curve", "idle"])
def test_texts_are_apart_and_inside(which: str, request: pytest.FixtureRequest) -> None:
    figure = ed.plot.iv(request.getfixturevalue(which))
    assert overlaps(figure) == []
    box = figure.get_tightbbox(FigureCanvasAgg(figure).get_renderer())  # type: ignore[attr-defined]
    width, height = figure.get_size_inches()
    assert box.x0 >= 0
    assert box.y0 >= 0
    assert box.x1 <= width
    assert box.y1 <= height


def test_the_figure_of_a_stored_curve_is_the_same_bytes(curve: ed.CurrentVoltage, tmp_path: Path) -> None:
    (first,) = ed.plot.save_figures(curve, tmp_path / "a")
    loaded = ed.load_solution(ed.save_solution(curve, tmp_path / "solution.nc"))
    (second,) = ed.plot.save_figures(loaded, tmp_path / "b")
    assert first.name == second.name == "iv.png"
    assert first.read_bytes() == second.read_bytes()
