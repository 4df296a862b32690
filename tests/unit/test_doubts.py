"""What a solution warns about, and that it is silent where there is nothing to say."""

from __future__ import annotations

import pytest

import electrodiff as ed


def warning(case: ed.Case) -> str:
    (text,) = ed.solve(case).warnings
    return text


@pytest.mark.parametrize("name", ["debye_layer", "capacitor", "resting_potential", "steric_electrode"])
def test_a_sound_case_is_silent(case_of, name):
    assert ed.solve(case_of(name)).warnings == []


def test_a_bath_thinner_than_ten_debye_lengths_is_named(case_of):
    assert "layer 'inside' is" in warning(case_of("capacitor", {"layers.inside.thickness": "6 nm"}))


def test_a_wall_that_the_mesh_cannot_resolve_is_named(case_of):
    case = case_of("debye_layer", {"left": {"kind": "wall", "potential": "0.4 V"}})
    texts = ed.solve(case).warnings
    assert any("in the first cell at the left wall" in text for text in texts)
    assert any("ions reach" in text for text in texts)  # 1e6 M of points


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
