"""What a solution warns about, and that it is silent where there is nothing to say."""

from __future__ import annotations

import pytest

import electrodiff as ed
from electrodiff.quantities import rounded_up


def warning(case: ed.Case) -> str:
    (text,) = ed.solve(case).warnings
    return text


@pytest.mark.parametrize("name", ["debye_layer", "capacitor", "resting_potential", "steric_electrode"])
def test_a_sound_case_is_silent(case_of, name):
    assert ed.solve(case_of(name)).warnings == []


def test_a_bath_thinner_than_ten_debye_lengths_is_named(case_of):
    assert "layer 'inside' is" in warning(case_of("capacitor", {"layers.inside.thickness": "6 nm"}))


def test_points_that_crowd_at_a_wall_are_named(case_of):
    text = warning(case_of("debye_layer", {"left": {"kind": "wall", "potential": "0.4 V"}}))
    assert "ions reach" in text  # 1e6 M of points


def test_an_accuracy_beyond_rounding_is_named_with_what_can_be_had(case_of):
    solution = ed.solve(case_of("clamped_membrane", {"mesh.accuracy": 1e-12}))
    (text,) = solution.warnings
    relative = solution.relative_errors()
    worst = max(solution.missed, key=relative.__getitem__)
    assert f"the relative error of {worst} is estimated at {rounded_up(relative[worst])}" in text
    assert "times the wanted 1e-12" in text
    assert f"and {len(solution.missed) - 1} more of {len(relative)} quantities" in text
    assert "it is rounding" in text
    # What it says can be had, can be had.
    within = text.rpartition("mesh.accuracy = ")[2]
    content = ed.solve(case_of("clamped_membrane", {"mesh.accuracy": float(within)}))
    assert (content.reached, content.warnings) == (True, [])


def test_an_accuracy_beyond_the_limit_of_nodes_asks_for_nodes(case_of, monkeypatch):
    monkeypatch.setattr("electrodiff.solvers.accuracy.MOST_NODES", 40)
    solution = ed.solve(case_of("steric_electrode", {"mesh.accuracy": 1e-9}))
    assert solution.missed
    assert solution.reached is False
    (text,) = solution.warnings
    assert f"or give mesh.nodes more than {solution.nodes}" in text
    assert "rounding" not in text


def test_too_few_nodes_are_named_where_no_accuracy_is_wanted(case_of):
    wall = {"left": {"kind": "wall", "potential": "0.4 V"}}
    coarse = ed.solve(case_of("debye_layer", {**wall, "mesh.nodes": 21}))
    (text,) = [text for text in coarse.warnings if "relative error" in text]
    assert "give mesh.nodes more than 21" in text
    assert max(coarse.relative_errors().values()) > 0.01
    fine = ed.solve(case_of("debye_layer", {**wall, "mesh.nodes": 201}))
    assert not [text for text in fine.warnings if "relative error" in text]


def test_a_solution_without_estimates_says_so(case_of):
    case = case_of("capacitor", {"mesh.nodes": 51})
    (text,) = ed.solve(case, mesh=ed.solve(case).problem.mesh).warnings
    assert "errors are not estimated" in text


def test_a_diameter_without_a_steric_model_is_named(case_of):
    assert "diameters of the ions are not used" in warning(case_of("capacitor", {"ions.Na.diameter": "0.5 nm"}))


def test_an_initial_amount_of_an_ion_that_can_leave_is_named(case_of):
    assert "initial Na of layer 'inside' is not used" in warning(
        case_of("capacitor", {"layers.inside.initial.Na": 1.0})
    )


@pytest.mark.parametrize(
    ("half", "slope", "stable"), [("-40 mV", "-4 mV", True), ("-80 mV", "-4 mV", True), ("-60 mV", "-4 mV", False)]
)
def test_a_rest_is_called_unstable_if_and_only_if_its_slope_conductance_is_negative(case_of, half, slope, stable):
    """A potassium conductance that opens on hyperpolarisation, beside a little sodium: two stable rests and one between.

    Judged independently of the solver's own test, by two clamps 1 mV to either side of the rest.
    """
    case = case_of(
        "resting_potential",
        {
            "layers.membrane.partition": {"K": 1e-4, "Na": 1e-6, "Cl": 0, "A": 0},
            "layers.membrane.gating": {"K": {"half_potential": half, "slope": slope}},
        },
    )
    solution = ed.solve(case)
    rest = solution.membrane_potential
    below, above = (ed.solve(case.replace("left.potential", rest + dv)).current_density for dv in (-1e-3, 1e-3))
    assert (above > below) == stable
    assert any("unstable" in text for text in solution.warnings) != stable
