"""What the live page knows without a page: what can be moved, what becomes of the case, and the numbers it draws."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest

import electrodiff as ed
from electrodiff.case import bundled_cases, case_text, parse_case
from electrodiff.errors import ConvergenceError
from electrodiff.explore.controls import STEPS, Control, Scale, controls_of
from electrodiff.explore.film import film_from
from electrodiff.explore.model import Explorer, balancing_ion, steady_case
from electrodiff.explore.pictures import outer_zooms, picture_of, settled
from electrodiff.explore.readouts import Tasks, readouts_of
from electrodiff.explore.rivals import curves_of, ladder_of
from electrodiff.theory import ghk_voltage
from electrodiff.units import FARADAY, GAS_CONSTANT

K = "right.concentrations.K"

CaseOf = Callable[..., ed.Case]


@pytest.fixture
def resting(case_of: CaseOf) -> Explorer:
    return Explorer(case_of("resting_potential"))


# ---- scales and controls ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "scale", [Scale(-150.0, 150.0), Scale(274.0, 334.0), Scale(0.1, 1000.0, "log"), Scale(1e-8, 1.0, "log", True)]
)
def test_a_position_of_a_slider_is_that_of_its_number(scale: Scale) -> None:
    positions = range(STEPS + 1)
    assert [scale.position(scale.value(position)) for position in positions] == list(positions)
    values = [scale.value(position) for position in positions]
    assert all(one < other for one, other in pairwise(values))
    assert values[-1] == pytest.approx(scale.high)
    assert values[0] == (0.0 if scale.has_zero else pytest.approx(scale.low))


def test_numbers_beyond_a_scale_are_at_its_ends() -> None:
    scale = Scale(1.0, 100.0, "log", has_zero=True)
    assert (scale.position(0.0), scale.position(0.5), scale.position(1e9)) == (0, 1, STEPS)


def test_everything_that_the_issue_names_can_be_moved(resting: Explorer) -> None:
    keys = set(resting.controls)
    assert {f"{side}.concentrations.{ion}" for side in ("left", "right") for ion in ("K", "Na", "Cl", "A")} <= keys
    layers = ("cytosol", "membrane", "outside")
    assert {f"layers.{layer}.{what}" for layer in layers for what in ("thickness", "relative_permittivity")} <= keys
    assert {f"layers.membrane.partition.{ion}" for ion in ("K", "Na", "Cl", "A")} <= keys
    assert {"layers.membrane.fixed_charge", "interfaces.cytosol|membrane.surface_charge"} <= keys
    assert {"temperature", "left.potential", "right.potential"} <= keys


@pytest.mark.parametrize("name", sorted(bundled_cases()))
def test_every_control_of_every_case_starts_at_the_case_and_moves_it(name: str) -> None:
    case = ed.load_case(bundled_cases()[name])
    if case.study.kind == "sweep":  # its own keys and models may forbid a move, in words
        case = case.changed({"study": {"kind": "steady"}, "expect": []})
    explorer = Explorer(case)
    for key, control in explorer.controls.items():
        assert control.number(control.start) in (control.value, None)
        if explorer.is_balanced(key):
            continue
        at = control.scale.position(control.value)
        explorer.reset()
        assert explorer.move(key, control.at(at + 2 if at < STEPS - 2 else at - 2)), explorer.mistakes
        assert explorer.is_changed, key
        # What is copied is the case that is shown.
        assert parse_case(explorer.toml()) == explorer.case.changed({"expect": []})


def test_a_layer_that_becomes_thicker_takes_its_profiles_along(case_of: CaseOf) -> None:
    explorer = Explorer(case_of("selectivity_filter"))
    before = explorer.case.layers[1]
    assert explorer.move("layers.filter.thickness", f"{2e9 * before.thickness} nm")
    after = explorer.case.layers[1]
    for ion, profile in before.barrier.items():
        assert np.allclose(after.barrier[ion].x, 2 * np.array(profile.x), rtol=1e-12)
        assert after.barrier[ion].value == profile.value
    stack = sum(layer.thickness for layer in explorer.case.layers)
    area = explorer.case.mesh.area or explorer.case.mesh.radius
    assert area.x[-1] == pytest.approx(stack, rel=1e-12)


# ---- moves ------------------------------------------------------------------------------------------------------------


def test_a_bath_stays_neutral_by_the_ion_that_it_has_most_of(resting: Explorer) -> None:
    assert resting.balance == {"left": "A", "right": "Cl"}
    assert resting.move(K, "10 mM")
    bath = resting.case.concentrations("right")
    assert bath["K"] == 10.0
    assert bath["K"] + bath["Na"] - bath["Cl"] == pytest.approx(0.0, abs=1e-12)
    assert resting.text("right.concentrations.Cl") == "155 mM"
    assert not resting.move("right.concentrations.Cl", "1 mM")


def test_another_ion_may_keep_a_bath_neutral(resting: Explorer) -> None:
    resting.move(K, "10 mM")
    assert resting.balance_with("right", "Na")
    assert resting.case.concentrations("right")["Cl"] == 155.0
    assert resting.move(K, "20 mM")
    assert resting.case.concentrations("right") == {"K": 20.0, "Na": 135.0, "Cl": 155.0, "A": 0.0}


def test_the_ion_of_the_case_keeps_its_bath_neutral(case_of: CaseOf) -> None:
    assert balancing_ion(case_of("resting_potential", {"right.neutralise": "Na"}), "right") == "Na"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("-4 mM", "must not be negative"),
        ("400 mV", "'mV' is a unit of something else"),
        ("four", "expected a concentration with a unit"),
        ("", "Nothing stands here"),
        ("nan", "expected"),
        ("1e9 M", "must lie between"),
    ],
)
def test_what_cannot_be_is_refused_in_words_and_the_case_stays(resting: Explorer, text: str, words: str) -> None:
    resting.move(K, "10 mM")
    before = resting.case
    assert not resting.move(K, text)
    assert words in resting.mistakes[K]
    assert resting.case is before
    assert resting.move(K, "5")  # a number alone has the unit of its control
    assert resting.case.concentrations("right")["K"] == 5.0
    assert not resting.mistakes


def test_what_was_refused_is_tried_again_with_the_next_move(resting: Explorer) -> None:
    resting.balance_with("right", "Na")
    assert not resting.move(K, "200 mM")  # more than all the sodium that could give way to it
    assert "Na" in resting.mistakes[K]
    assert resting.move("right.concentrations.Cl", "250 mM")
    assert not resting.mistakes
    assert resting.case.concentrations("right") == {"K": 200.0, "Na": 50.0, "Cl": 250.0, "A": 0.0}


def test_a_potential_is_held_or_found(resting: Explorer) -> None:
    assert resting.text("left.potential") == "floating"
    assert resting.move("left.potential", "-50 mV")
    assert resting.case.left.potential == -0.05
    assert resting.move("left.potential", "floating")
    assert resting.case.left.is_floating
    assert not resting.move("right.potential", "floating")
    assert "both ends float" in resting.mistakes["right.potential"]


def test_a_current_gives_way_to_a_potential_that_is_held(case_of: CaseOf) -> None:
    explorer = Explorer(case_of("resting_potential", {"left.current": 1.0}))
    assert explorer.move("left.potential", "-50 mV")
    assert explorer.case.left.current is None
    assert parse_case(explorer.toml()) == explorer.case.changed({"expect": []})


def test_surface_charges_go_where_there_was_none(resting: Explorer) -> None:
    assert resting.move("interfaces.membrane|outside.surface_charge", "-5 mC/m^2")
    assert resting.case.surface_charge("membrane", "outside") == pytest.approx(-0.005, rel=1e-12)
    assert resting.case.surface_charge("cytosol", "membrane") == 0.0


def test_reset_is_the_case_as_it_was(resting: Explorer) -> None:
    text = resting.toml()
    resting.move(K, "10 mM")
    resting.move(K, "-1 mM")
    resting.balance_with("right", "Na")
    resting.reset()
    assert resting.case is resting.start
    assert resting.toml() == text == case_text(resting.start)
    assert resting.text(K) == "4 mM"
    assert not resting.mistakes


def test_the_copy_keeps_the_units_of_the_file_and_drops_expectations() -> None:
    explorer = Explorer(ed.load_case(bundled_cases()["resting_potential"]))
    explorer.move(K, "10 mM")
    text = explorer.toml()
    assert 'K = "10 mM"' in text
    assert 'thickness = "20 nm"' in text
    assert 'neutralise = "Cl"' in text
    assert "expect" not in text


# ---- numbers ----------------------------------------------------------------------------------------------------------


def test_the_potential_follows_potassium_as_goldman_has_it(resting: Explorer) -> None:
    resting.move(K, "40 mM")
    state = Tasks().state(resting.case, True)
    left, right = (resting.case.concentrations(side) for side in ("left", "right"))
    permeability = {"K": 1.0, "Na": 0.04, "Cl": 0.45}
    expected = ghk_voltage(permeability, {"K": 1, "Na": 1, "Cl": -1}, left, right, 310.0)
    # Constant field holds to the 0.8 % of the potential that lie in the Debye layers.
    assert state.solution.membrane_potential == pytest.approx(expected, abs=2e-4)
    assert state.readouts[0].value == f"{1e3 * state.solution.membrane_potential:.2f}".replace("-", "\N{MINUS SIGN}")
    assert state.solution.membrane_potential == ed.solve(resting.case).membrane_potential


def test_a_quick_solve_is_good_to_the_width_of_a_line(resting: Explorer) -> None:
    quick, whole = (Tasks().state(resting.case, is_fine).solution for is_fine in (False, True))
    assert quick.nodes < whole.nodes
    assert quick.membrane_potential == pytest.approx(whole.membrane_potential, rel=1e-4)


def test_a_case_without_a_steady_state_says_why(case_of: CaseOf) -> None:
    explorer = Explorer(case_of("resting_cell"))
    assert explorer.move("layers.membrane.permeability.K", "0 m/s")
    with pytest.raises(
        ConvergenceError, match="this case can have no steady state: nothing balances what 'sodium pump'"
    ):
        Tasks().state(explorer.case, False)


def test_a_picture_carries_the_numbers_of_the_solution(clamped: ed.Solution) -> None:
    picture = picture_of(clamped)
    place, potential = picture.columns["place"], picture.columns["potential"]
    seen = np.isfinite(place)
    assert np.array_equal(potential[seen], clamped.potential * 1e3)
    assert np.array_equal(picture.columns["x"][seen], clamped.x * 1e9)
    # One gap for each interface, so that no curve crosses a jump.
    assert np.count_nonzero(~seen) == len(clamped.case.layers) - 1
    assert np.all(np.diff(place[seen]) >= 0)
    assert (place[seen][0], place[seen][-1]) == (0.0, 1.0)
    for index, row in enumerate(clamped.concentration):
        shown = picture.columns[f"c{index}"][seen]
        assert np.array_equal(shown[row > 0], row[row > 0])


def test_a_zoom_has_the_density_of_its_debye_layer_and_the_closed_form(clamped: ed.Solution) -> None:
    left, right = outer_zooms(picture_of(clamped).zooms)
    assert left is not None
    assert right is not None
    assert (left.is_left, right.is_left) == (True, False)
    for zoom, side in ((left, "left"), (right, "right")):
        layer = clamped.end_debye_layers[side]
        at = layer.stop if side == "left" else layer.start
        factor = {"MC/m³": 1e-6, "kC/m³": 1e-3}[zoom.unit]
        assert zoom.columns["density"][0] == pytest.approx(clamped.charge_density[at] * factor, rel=1e-12)
        assert zoom.debye_length == pytest.approx(1e9 * layer.debye_length, rel=1e-3)
        assert zoom.form == "Gouy-Chapman"
        # The closed form of the same drop: second order of the mesh, and a bath of 25 Debye lengths.
        assert np.allclose(
            zoom.columns["closed"], zoom.columns["density"], rtol=2e-3, atol=2e-3 * abs(zoom.columns["density"][0])
        )


def test_axes_move_only_when_a_curve_leaves_them_or_becomes_small() -> None:
    assert settled(None, (0.0, 1.0)) == (0.0, 1.0)
    assert settled((-1.0, 1.0), (-0.9, 0.8)) == (-1.0, 1.0)
    assert settled((-1.0, 1.0), (-0.9, 1.1)) == (-0.9, 1.1)
    assert settled((-1.0, 1.0), (0.0, 0.4)) == (0.0, 0.4)
    assert settled((1e-3, 1e3), (1e-2, 1e2), is_log=True) == (1e-3, 1e3)


def test_curves_pass_through_rest_and_bend_as_the_goldman_equation(resting: Explorer) -> None:
    curves = curves_of(resting.case, -0.07146, False)
    assert curves is not None
    assert curves.zero == pytest.approx(-71.46, abs=0.02)
    assert list(curves.currents)[:2] == ["PNP", "GHK"]
    pnp, ghk = curves.currents["PNP"], curves.currents["GHK"]
    # 0.8 % of the voltage lies in the Debye layers.
    assert np.allclose(pnp, ghk, atol=0.015 * np.abs(ghk).max())
    # The chord from -100 to 0 mV is less steep than that from 0 to 50 mV: most potassium is inside.
    slope = np.diff(pnp) / np.diff(curves.potential)
    assert slope[-1] > 1.5 * slope[0]


def test_no_curve_where_nothing_crosses(case_of: CaseOf) -> None:
    assert curves_of(case_of("capacitor"), -0.065, False) is None


def test_the_ladder_says_what_compare_says(resting: Explorer) -> None:
    rungs = {
        rung.title: rung
        for rung in ed.compare(steady_case(resting.case, False)).rungs
        if rung.quantity == "resting_potential"
    }
    block = ladder_of(resting.case, False)[0]
    assert block.heading.startswith("Resting potential: PNP \N{MINUS SIGN}71.46 mV")
    assert {row.title for row in block.rows} == set(rungs)
    for row in block.rows:
        assert float(row.predicted.removesuffix(" mV").replace("\N{MINUS SIGN}", "-")) == pytest.approx(
            1e3 * rungs[row.title].predicted, abs=0.006
        )
        assert (row.verdict, row.reason) == (rungs[row.title].verdict, rungs[row.title].reason)


def test_potassium_nernst_potential_stands_in_the_ladder(resting: Explorer) -> None:
    resting.move(K, "14 mM")
    nernst = 1e3 * GAS_CONSTANT * 310.0 / FARADAY * np.log(14.0 / 140.0)
    row = next(row for row in ladder_of(resting.case, False)[0].rows if row.title == "Nernst, K")
    assert float(row.predicted.removesuffix(" mV").replace("\N{MINUS SIGN}", "-")) == pytest.approx(nernst, abs=0.006)


def test_readouts_of_an_electrode_tell_its_charge(case_of: CaseOf) -> None:
    solution = ed.solve(case_of("stern_electrode"))
    table = {readout.label: readout for readout in readouts_of(solution)}
    # Stern in series with Grahame, from the case's own expectation: 54.88 mC/m^2 at 300 mV.
    assert (table["charge on the wall"].value, table["charge on the wall"].unit) == ("54.9", "mC/m²")
    assert table["potential, left minus right"].value == "300.00"


# ---- in time ----------------------------------------------------------------------------------------------------------


def test_a_film_has_a_picture_of_every_moment(case_of: CaseOf) -> None:
    changes = {
        "study.output": {"times": ["1 ns", "1 us"]},
        "study.error_estimates": False,
        "mesh.nodes": 61,
        "expect": [],
    }
    transient = ed.solve_transient(case_of("membrane_charging", changes))
    said: list[str] = []
    film = film_from(transient, said.append)
    assert len(film.pictures) == len(transient.time) == len(said)
    for picture, potential in zip(film.pictures, transient.potential, strict=True):
        shown = picture.columns["potential"]
        assert np.array_equal(shown[np.isfinite(shown)], potential * 1e3)
        low, high = film.limits["potential"]
        assert low <= np.nanmin(shown) <= np.nanmax(shown) <= high
    columns, _, _ = film.series
    assert np.array_equal(columns["potential"], transient.membrane_potential * 1e3)
    assert film.time_text(len(film.moments) - 1) == f"{film.transient.time[-1] * 1e6:.3g} µs"


def test_a_control_knows_its_own_numbers() -> None:
    control = Control("temperature", "", "", "", "K", ed.units.TEMPERATURE, 310.0, Scale(274.0, 334.0))
    assert control.number("37 degC") == pytest.approx(310.15)
    assert control.number("warm") is None


def test_controls_of_a_stern_layer_reach_the_layer_that_it_stands_for(case_of: CaseOf) -> None:
    explorer = Explorer(case_of("stern_electrode"))
    assert explorer.move("layers.left stern.thickness", "0.6 nm")
    assert parse_case(explorer.toml()).layers[0].thickness == pytest.approx(0.6e-9)
    assert len({control.key for control in controls_of(explorer.start)}) == len(explorer.controls)
