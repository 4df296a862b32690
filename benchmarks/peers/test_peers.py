"""Every program solves the same equations, in each of its settings, and references are what they should be."""

from __future__ import annotations

import json
from importlib.util import find_spec

import numpy as np
import pytest

from peers import report
from peers.banded import Banded
from peers.bvp import BoundaryValue, Row
from peers.contest import NODES, Entrant, Variant, not_beaten, smallest, take_turns
from peers.devsim_peer import Device
from peers.fipy_peer import Cells
from peers.membrane import Membrane, clamped_membrane, graded_positions
from peers.search import potential_by_secants, row_of
from peers.spectral import Spectral, Steady
from peers.tasks import Task
from work_precision_tasks import voltage_step

VOLTAGES = np.linspace(-0.12, 0.08, 5)
# Second order: a mesh of 301 nodes leaves 5e-7 of the current.
SECOND_ORDER = 2e-6


@pytest.fixture(scope="module")
def membrane() -> Membrane:
    return clamped_membrane()


@pytest.fixture(scope="module")
def spectral(membrane: Membrane) -> Spectral:
    return Spectral(membrane, 12)


@pytest.fixture(scope="module")
def state(spectral: Spectral) -> Steady:
    return spectral.steady()


@pytest.fixture(scope="module")
def curve(membrane: Membrane) -> np.ndarray:
    found = []
    for voltage in VOLTAGES:
        one = Spectral(membrane.at_voltage(voltage), 12)
        found.append(one.current_density(one.steady()))
    return np.array(found)


def in_volts(membrane: Membrane, potential: float) -> float:
    return potential * membrane.scales.potential


# ---- the reference --------------------------------------------------------------------------------------------------


def test_reference_has_ten_digits_whatever_its_degree(membrane: Membrane) -> None:
    currents = []
    for degree in (10, 12, 16):
        one = Spectral(membrane, degree)
        currents.append(one.current_density(one.steady()))
    np.testing.assert_allclose(currents, currents[-1], rtol=1e-11)


def test_reference_is_near_the_current_of_a_constant_field(membrane: Membrane, state: Steady) -> None:
    """Goldman, Hodgkin and Katz; the slab's own charge changes it by less than 3 % of the potassium current."""
    passes = membrane.passes
    u = membrane.valence[passes] * membrane.voltage
    permeability = membrane.conductivity[1, passes] / (membrane.faces[2] - membrane.faces[1])
    flux = permeability * u * (membrane.left[passes] - membrane.right[passes] * np.exp(-u)) / -np.expm1(-u)
    assert np.abs(state.flux[passes] - flux).max() < 0.03 * np.abs(flux).max()


def test_reference_without_current_is_where_the_fluxes_of_charge_cancel(spectral: Spectral, state: Steady) -> None:
    floating = spectral.steady(state, floating=True)
    assert abs(spectral.membrane.valence @ floating.flux) < 1e-12 * np.abs(floating.flux).max()


def test_impedance_at_low_frequency_is_the_slope_resistance(
    membrane: Membrane, spectral: Spectral, state: Steady
) -> None:
    step = 1e-4
    voltage = in_volts(membrane, membrane.voltage)
    ends = [Spectral(membrane.at_voltage(voltage + shift), 12) for shift in (step, -step)]
    high, low = (one.current_density(one.steady(state)) for one in ends)
    # Central differences over 0.2 mV: the curvature leaves 1e-6.
    assert spectral.impedances(state, [1e-3])[0].real == pytest.approx(2 * step / (high - low), rel=1e-5)


def test_impedance_at_high_frequency_is_of_three_capacitors(
    membrane: Membrane, spectral: Spectral, state: Steady
) -> None:
    frequency = 1e14
    series = float((np.diff(membrane.faces) / membrane.permittivity).sum())
    rate = 2j * np.pi * frequency * membrane.scales.time
    assert spectral.impedances(state, [frequency])[0] == pytest.approx(
        series / rate * membrane.impedance_scale, rel=1e-3
    )


# ---- the programs ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["gbsv", "solve_banded"])
def test_banded_current_and_potential(method: str, spectral: Spectral, state: Steady) -> None:
    peer = Banded(spectral.membrane, 301, "gbsv" if method == "gbsv" else "solve_banded")
    peer.reset()
    peer.solve()
    assert peer.current() == pytest.approx(spectral.current_density(state), rel=SECOND_ORDER)
    expected = in_volts(spectral.membrane, spectral.steady(state, floating=True).voltage)
    assert peer.floating_potential() == pytest.approx(expected, rel=1e-7)
    found = potential_by_secants(peer, spectral.membrane.voltage)
    assert in_volts(spectral.membrane, found) == pytest.approx(expected, rel=1e-7)


def test_banded_curve_by_polynomials_is_that_by_single_states(membrane: Membrane, curve: np.ndarray) -> None:
    peer = Banded(membrane, 301)
    many = peer.curve(np.linspace(VOLTAGES[0], VOLTAGES[-1], 41))[::10]
    single = row_of(peer, VOLTAGES / membrane.scales.potential)
    np.testing.assert_allclose(many, single, rtol=1e-7, atol=1e-7)
    np.testing.assert_allclose(many, curve, rtol=1e-4)


@pytest.mark.parametrize("workers", [1, 2])
def test_banded_impedances(workers: int, spectral: Spectral, state: Steady) -> None:
    frequencies = np.geomspace(1.0, 1e10, 6)
    found = Banded(spectral.membrane, 301).impedances(frequencies, workers)
    np.testing.assert_allclose(found, spectral.impedances(state, frequencies), rtol=3 * SECOND_ORDER)


@pytest.mark.parametrize("analytic", [True, False])
def test_solve_bvp(analytic: bool, spectral: Spectral, state: Steady, curve: np.ndarray) -> None:
    membrane = spectral.membrane
    assert Row(membrane, 81, 1e-6, analytic).value() == pytest.approx(spectral.current_density(state), rel=1e-7)
    floating = in_volts(membrane, spectral.steady(state, floating=True).voltage)
    assert Row(membrane, 41, 1e-6, analytic, True).value() == pytest.approx(floating, rel=1e-7)
    np.testing.assert_allclose(Row(membrane, 81, 1e-4, analytic).curve(VOLTAGES), curve, rtol=1e-3)


@pytest.mark.parametrize("floating", [True, False])
def test_jacobians_of_solve_bvp_are_the_derivatives(floating: bool, membrane: Membrane) -> None:
    system = BoundaryValue(membrane, 41, floating)
    generator = np.random.default_rng(1)
    y, p = system.first_guess()
    y, p = y * generator.uniform(0.5, 1.5, y.shape), p + generator.uniform(-1e-7, 1e-7, p.shape)
    by_y, by_p = system.jacobians(system.mesh, y, p)
    step = 1e-6
    for k in range(y.shape[0]):
        moved = step * np.eye(y.shape[0])[k][:, None]
        ends = [system.slopes(system.mesh, y + sign * moved, p) for sign in (1, -1)]
        np.testing.assert_allclose(by_y[:, k], (ends[0] - ends[1]) / (2 * step), rtol=1e-5, atol=1e-5)
    for k in range(p.size):
        moved = step * np.eye(p.size)[k]
        ends = [system.slopes(system.mesh, y, p + sign * moved) for sign in (1, -1)]
        np.testing.assert_allclose(by_p[:, k], (ends[0] - ends[1]) / (2 * step), rtol=1e-5, atol=1e-3)


@pytest.mark.skipif(find_spec("devsim") is None, reason="devsim is not installed: make bench-peers")
def test_devsim(spectral: Spectral, state: Steady, curve: np.ndarray) -> None:
    membrane = spectral.membrane
    x, _ = graded_positions(membrane.faces, 301, np.array([0.4, 3.0, 0.4]), 2.5)
    peer = Device(membrane, x, 1e-4)
    peer.solve()
    assert peer.current() == pytest.approx(spectral.current_density(state), rel=SECOND_ORDER)
    # In a steady state the total current is the same along x.
    assert peer.conduction() == pytest.approx(peer.current(), rel=1e-5)
    np.testing.assert_allclose(row_of(peer, VOLTAGES / membrane.scales.potential), curve, rtol=1e-4)


@pytest.mark.skipif(find_spec("fipy") is None, reason="FiPy is not installed: make bench-peers")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of what FiPy takes from numpy
def test_fipy(spectral: Spectral, state: Steady) -> None:
    peer = Cells(spectral.membrane, 201, 1e-4)
    peer.reset()
    peer.solve()
    assert peer.current() == pytest.approx(spectral.current_density(state), rel=SECOND_ORDER)


# ---- the contest ----------------------------------------------------------------------------------------------------


def a_task(demanded: float = 1e-3) -> Task:
    return Task("one", "steady", "one", demanded, np.zeros(0), np.ones(1), np.ones(1))


def test_the_smallest_size_that_is_accurate_enough_is_found() -> None:
    """Of a method of second order: the error is 1/size^2, so that 1e-3 needs 31.6."""
    variant = Variant("{} nodes", lambda _, size: lambda: np.array([1 + 1 / size**2]))
    assert smallest(variant, a_task()) == min(size for size in NODES if size >= 1e3**0.5)
    assert smallest(variant, a_task(1e-12)) is None


def test_a_program_that_fails_reaches_nothing() -> None:
    def fails(_: Task, size: float) -> object:
        raise RuntimeError(str(size))

    assert smallest(Variant("{}", fails), a_task()) is None  # type: ignore[arg-type]


def test_ours_runs_after_every_peer() -> None:
    order: list[str] = []

    def entrant(name: str, is_ours: bool) -> Entrant:
        def run() -> np.ndarray:
            if order[-1:] != [name]:
                order.append(name)
            return np.ones(1)

        return Entrant(name, "", lambda: run, 0.0, is_ours)

    take_turns([entrant("a", False), entrant("b", False), entrant("ours", True)], 0.0)
    assert order[3:] == ["a", "ours", "b", "ours"] * 3


def test_points_that_another_beats_in_both_are_left_out() -> None:
    assert not_beaten([(2.0, 0.1), (1.0, 0.2), (3.0, 0.15), (1.5, 0.3)]) == [(1.0, 0.2), (2.0, 0.1)]


def test_tables_stand_between_their_marks(tmp_path: pytest.TempPathFactory) -> None:
    page = report.ROOT / "docs" / "performance.md"
    copy = tmp_path / "page.md"  # type: ignore[operator]
    copy.write_text(page.read_text(encoding="utf-8"), encoding="utf-8")
    one = Entrant("numpy", "9 nodes", lambda: lambda: np.ones(1), 1e-4, times=[1e-3])
    report.write_page([report.Result(a_task(), [one], ["FiPy: not installed"])], copy)
    text = copy.read_text(encoding="utf-8")
    assert "| numpy | 1 ms |" in text
    assert "FiPy: not installed." in text
    assert text.partition(report.START)[0] == page.read_text(encoding="utf-8").partition(report.START)[0]


def test_raw_numbers_have_what_the_page_of_measured_times_reads() -> None:
    if not report.RAW.exists():
        pytest.skip("make bench-peers has not been run")
    data = json.loads(report.RAW.read_text(encoding="utf-8"))
    assert {"date", "processor", "processors", "load", "python", "libraries", "benchmarks"} <= set(data)


def test_the_course_in_time_is_on_the_nodes_that_the_whole_call_gets() -> None:
    # peers.ours asks for 1001.
    assert voltage_step.__defaults__ == (1001,)
