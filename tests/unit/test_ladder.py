"""The ladder's frame: what it holds for cases of every kind, how it measures differences, and its JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from hand_built_ladder import KT, rung

import electrodiff as ed
from electrodiff.ladder import Absent, Ladder, Rung, Setting, compare, ladder_json
from electrodiff.ladder.comparison import setting_of
from electrodiff.ladder.equilibrium import MODELS as EQUILIBRIUM
from electrodiff.ladder.reasons import off, size
from electrodiff.ladder.shortcuts import MODELS as SHORTCUTS

CaseOf = Callable[..., ed.Case]
CROSSING = (*EQUILIBRIUM, *SHORTCUTS)
ROW_KEYS = {
    "model",
    "title",
    "quantity",
    "unit",
    "predicted",
    "pnp",
    "error_estimate",
    "difference",
    "relative_difference",
    "outlook",
    "verdict",
    "reason",
}

STEADY = [name for name, path in ed.bundled_cases().items() if ed.load_case(path).study.kind == "steady"]
"""The bundled cases that have a ladder."""


@pytest.fixture(scope="module")
def resting(case_of: CaseOf) -> Ladder:
    return compare(case_of("resting_potential"))


# ---- differences -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parts_of_kt", "verdict"), [(0.0099, "agrees"), (-0.0101, "near"), (0.099, "near"), (-0.101, "differs")]
)
def test_potentials_are_measured_in_thermal_voltages(parts_of_kt: float, verdict: str) -> None:
    row = rung("GHK", -0.07146 + parts_of_kt * KT, -0.07146)
    assert row.verdict == verdict


@pytest.mark.parametrize(("ratio", "verdict"), [(1.009, "agrees"), (0.95, "near"), (2.85, "differs")])
def test_small_drops_of_debye_layers_are_measured_by_their_own_size(
    resting: Ladder, ratio: float, verdict: str
) -> None:
    """A Debye layer takes 0.29 mV of the resting potential, about what two equal potentials may differ by."""
    drops = [row for row in resting.rungs if row.quantity.startswith("debye_drop")]
    assert len(drops) == 2
    for row in drops:
        changed = replace(row, predicted=ratio * row.pnp)
        assert (changed.verdict, changed.scale) == (verdict, abs(row.pnp))


@pytest.mark.parametrize(
    ("ratio", "verdict"), [(1.009, "agrees"), (0.95, "near"), (1.11, "differs"), (-1.0, "differs")]
)
def test_currents_are_measured_by_their_own_size(ratio: float, verdict: str) -> None:
    assert rung("GHK", 0.02 * ratio, 0.02, "current_density").verdict == verdict


def test_a_net_current_that_is_a_small_difference_of_large_ones_has_no_relative_difference() -> None:
    small = rung("GHK", 0.02, 0.01, "current_density", scale=0.5)
    assert small.relative_difference is None
    assert small.verdict == "near"  # 0.01 of 0.5 is 2 %
    assert rung("GHK", 0.02, 0.01, "current_density").relative_difference == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (rung("GHK", -0.07046, -0.07146), "1 mV too positive"),
        (rung("GHK", -0.07246, -0.07146), "1 mV too negative"),
        (rung("GHK", 0.0124, 0.01, "current_density"), "24 % too large"),
        (rung("GHK", -0.0076, -0.01, "current_density"), "24 % too small"),
        (rung("GHK", 0.04, 0.01, "current_density"), "4 times PNP's value"),
        (rung("GHK", 0.0025, 0.01, "current_density"), "25 % of PNP's value"),
        (rung("GHK", -0.01, 0.01, "current_density"), "of the wrong sign"),
        (rung("GHK", 0.0, 0.01, "current_density"), "zero instead"),
        (rung("GHK", 0.02, 0.01, "current_density", scale=0.5), "off by 2 % of the largest ion current"),
    ],
)
def test_a_miss_is_told_with_its_direction(row: Rung, words: str) -> None:
    assert off(row) == words


def test_a_difference_is_told_in_millivolts_or_per_cent() -> None:
    assert size(rung("GHK", -0.07164, -0.07146)) == "0.18 mV"
    assert size(rung("GHK", 0.0101, 0.01, "current_density")) == "1 %"


# ---- which rows there are ----------------------------------------------------------------------------------------------


def models_of(rows: tuple[Rung, ...] | tuple[Absent, ...]) -> set[str]:
    return {row.model for row in rows}


def test_a_resting_membrane_has_a_row_for_every_model_of_it(resting: Ladder) -> None:
    expected = {"nernst.K", "nernst.Na", "nernst.Cl", "ghk", "ghk_faces", "chord_circuit", "planck", "henderson"}
    rest = {row.model for row in resting.rungs if row.quantity == "resting_potential"}
    assert expected <= rest


@pytest.mark.parametrize("name", ["debye_layer", "stern_electrode", "spherical_cell_potential", "donnan_layer"])
def test_where_nothing_crosses_there_are_no_such_rows(case_of: CaseOf, name: str) -> None:
    ladder = compare(case_of(name), CROSSING)
    assert ladder.rungs == ()
    assert ladder.absent == ()
    assert ladder.curve is None


def test_an_insulator_has_no_resting_potential(case_of: CaseOf) -> None:
    ladder = compare(case_of("capacitor"), CROSSING)
    assert ladder.setting.at_rest is None
    assert models_of(ladder.absent) == {"resting_potential"}
    assert ladder.curve is None


def test_ions_that_all_go_one_way_have_no_resting_potential_but_a_current(case_of: CaseOf) -> None:
    one_way = {
        "left.concentrations": {"K": 150.0, "A": 150.0},
        "right.concentrations": {"Na": 150.0, "Cl": 150.0},
        "layers.membrane.partition": {"K": 1e-4, "Na": 0, "Cl": 0, "A": 0},
        "left.potential": -0.05,
    }
    ladder = compare(case_of("clamped_membrane", one_way), CROSSING)
    assert {"resting_potential", "chord_circuit", "planck"} <= models_of(ladder.absent)
    assert {row.quantity for row in ladder.rungs} == {"current_density"}


def test_an_ion_absent_from_one_side_has_no_nernst_potential(case_of: CaseOf) -> None:
    ladder = compare(case_of("liquid_junction"), CROSSING)
    assert {"nernst.H", "nernst.K"} <= models_of(ladder.absent)
    assert "nernst.Cl" in models_of(ladder.rungs)


def test_every_absence_has_a_reason(case_of: CaseOf) -> None:
    for name in STEADY:
        for absent in compare(case_of(name), CROSSING).absent:
            assert absent.reason.endswith("."), (name, absent)


# ---- the state at rest -------------------------------------------------------------------------------------------------


def test_a_floating_membrane_without_current_is_at_rest_as_it_is(resting: Ladder) -> None:
    assert resting.setting.at_rest is resting.solution


@pytest.mark.parametrize("changes", [{}, {"left.potential": "floating", "left.current": 0.1}])
def test_a_clamped_or_driven_membrane_is_let_go_for_its_rest(case_of: CaseOf, changes: dict[str, object]) -> None:
    setting = setting_of(case_of("clamped_membrane", changes))
    assert setting.at_rest is not None
    # The case floating: the two are solved to 1e-6 RT/F.
    floating = ed.solve(case_of("resting_potential"))
    assert setting.at_rest.membrane_potential == pytest.approx(floating.membrane_potential, abs=1e-7)
    assert abs(setting.at_rest.current_density) < 1e-9


def test_the_right_potential_may_be_the_one_that_floats(case_of: CaseOf) -> None:
    turned = case_of("resting_potential", {"left.potential": 0.0, "right.potential": "floating"})
    setting = setting_of(turned)
    assert setting.at_rest is setting.solution
    ladder = compare(turned, CROSSING)
    assert ladder.curve is not None
    # Held at its rest again, by the left potential, it passes no current: the grid of the curve is 10 mV.
    zero = crossing_of_zero(ladder.curve.potential, ladder.curve.current_density["PNP"])
    assert zero == pytest.approx(setting.solution.membrane_potential, abs=1e-3)


def crossing_of_zero(potential: tuple[float, ...], current: tuple[float, ...]) -> float:
    """Where a rising curve passes zero, by a straight line between two points."""
    k = next(k for k in range(len(current) - 1) if current[k] <= 0 < current[k + 1])
    step = potential[k + 1] - potential[k]
    return potential[k] - current[k] * step / (current[k + 1] - current[k])


# ---- JSON --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["resting_potential", "capacitor", "kcsa_channel", "debye_layer"])
def test_json_has_every_row_and_no_nan(case_of: CaseOf, name: str) -> None:
    ladder = compare(case_of(name))
    data = json.loads(json.dumps(ladder_json(ladder, 0.5), allow_nan=False))
    assert set(data) == {"title", "converged", "rows", "not_applicable", "iv", "wall_s", "version", "warnings"}
    assert [row["model"] for row in data["rows"]] == [row.model for row in ladder.rungs]
    assert all(set(row) == ROW_KEYS for row in data["rows"])
    assert [row["reason"] for row in data["not_applicable"]] == [row.reason for row in ladder.absent]
    assert (data["iv"] is None) == (ladder.curve is None)


def test_json_differences_are_predictions_less_pnp(resting: Ladder) -> None:
    for row in ladder_json(resting, 0.0)["rows"]:
        assert row["difference"] == row["predicted"] - row["pnp"]


def test_json_turns_what_is_not_finite_into_null(case_of: CaseOf) -> None:
    def endless(_setting: Setting) -> Iterator[Rung]:
        yield rung("endless", math.inf, 1.0, error=math.nan)

    row = ladder_json(compare(case_of("capacitor"), (endless,)), 0.0)["rows"][0]
    assert row["predicted"] is None
    assert row["error_estimate"] is None


def test_curves_have_one_current_for_each_potential(resting: Ladder) -> None:
    curve = resting.curve
    assert curve is not None
    assert {"PNP", "GHK", "GHK, face values", "chord circuit"} == set(curve.current_density)
    assert all(len(values) == len(curve.potential) for values in curve.current_density.values())
    assert list(curve.potential) == sorted(curve.potential)
    assert curve.potential[0] < resting.solution.membrane_potential < 0.0 < curve.potential[-1]
