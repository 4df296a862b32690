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


def gated(case_of, half: str) -> ed.Case:
    """The resting cell with a potassium conductance that opens on hyperpolarisation: positive feedback."""
    gate = {"K": {"half_potential": half, "slope": "-4 mV"}}
    return case_of("resting_potential", {"layers.membrane.gating": gate})


def test_a_rest_is_called_unstable_if_and_only_if_its_slope_conductance_is_negative(case_of):
    """Independently of the solver's own test: two clamps 1 mV to either side of the rest."""
    seen = set()
    for half in ("-80 mV", "-40 mV", "-20 mV", "0 mV"):
        solution = ed.solve(gated(case_of, half))
        rest = solution.membrane_potential
        below, above = (ed.solve(gated(case_of, half).replace("left.potential", rest + dv)) for dv in (-1e-3, 1e-3))
        negative = above.current_density < below.current_density
        assert any("unstable" in text for text in solution.warnings) == negative
        seen.add(negative)
    assert False in seen
