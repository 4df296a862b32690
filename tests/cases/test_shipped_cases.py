"""Every shipped case runs, converges, and meets its own expectations."""

from __future__ import annotations

import pytest

import electrodiff as ed
from electrodiff import frequency_summary, time_summary, voltage_summary
from electrodiff.summary import expectations

NAMES = sorted(ed.bundled_cases())
KIND = {name: ed.load_case(path).study.kind for name, path in ed.bundled_cases().items()}
STEADY, TRANSIENT, IMPEDANCE, IV = (
    [name for name in NAMES if KIND[name] == kind] for kind in ("steady", "transient", "impedance", "iv")
)


def test_the_promised_cases_are_shipped():
    assert {"resting_potential", "clamped_membrane", "nernst_potassium", "capacitor"} <= set(NAMES)


@pytest.mark.parametrize("name", STEADY)
def test_case_meets_its_expectations(name):
    solution = ed.solve(ed.load_case(ed.bundled_case(name)))
    results = expectations(solution)
    assert results, "a shipped case says what it must give"
    assert [entry.quantity for entry in results if not entry.passed] == []
    # The channel's baths are cones of 5 nm, as in the literature; all others are as thick as a bath should be.
    assert bool(solution.warnings) == (name == "kcsa_channel")


@pytest.mark.parametrize("name", STEADY)
def test_case_meets_the_default_accuracy_and_estimates_every_number(name):
    solution = ed.solve(ed.load_case(ed.bundled_case(name)))
    assert (solution.wanted_accuracy, solution.reached, solution.missed) == (1e-6, True, ())
    assert max(solution.relative_errors().values()) <= 1e-6
    for scalar, value in solution.scalars.items():
        assert (solution.error[scalar] is None) == (value is None), scalar
    # An expectation that is met by no more than the error of the value would mean nothing.
    assert all(entry.error < entry.tolerance for entry in expectations(solution))


@pytest.mark.parametrize("name", TRANSIENT)
def test_case_in_time_meets_its_expectations_and_keeps_its_ions(name):
    result = ed.solve_transient(ed.load_case(ed.bundled_case(name)))
    entries = time_summary.expectations(result)
    assert entries, "a shipped case says what it must give"
    assert [entry.quantity for entry in entries if not entry.passed] == []
    assert result.converged
    assert abs(result.amount_residual).max() < 1e-11


@pytest.mark.parametrize("name", IMPEDANCE)
def test_case_in_frequency_meets_its_expectations_and_its_accuracy(name):
    result = ed.solve_impedance(ed.load_case(ed.bundled_case(name)))
    entries = frequency_summary.expectations(result)
    assert entries, "a shipped case says what it must give"
    assert [entry.quantity for entry in entries if not entry.passed] == []
    assert result.converged
    assert result.reached


@pytest.mark.parametrize("name", IV)
def test_case_of_a_curve_meets_its_expectations_and_its_accuracy(name):
    result = ed.solve_iv(ed.load_case(ed.bundled_case(name)))
    entries = voltage_summary.expectations(result)
    assert entries, "a shipped case says what it must give"
    assert [entry.quantity for entry in entries if not entry.passed] == []
    assert all(entry.error < entry.tolerance for entry in entries)
    assert result.reached
    assert voltage_summary.warnings(result) == []


@pytest.mark.parametrize("name", NAMES)
def test_case_says_in_a_comment_what_it_shows(name):
    text = ed.bundled_case(name).read_text(encoding="utf-8")
    assert text.startswith("# ")
    assert all(entry.source for entry in ed.load_case(ed.bundled_case(name)).expect)


def test_the_curve_is_bent_as_its_comment_and_the_gallery_say():
    """By the GHK equation, within the 2 % to which it holds; a circuit of fixed conductances carries a quarter at +80 mV."""
    result = ed.solve_iv(ed.load_case(ed.bundled_case("iv_curve")))
    inside, outside = (result.case.concentrations(side) for side in ("left", "right"))
    permeability = {"K": 2e-7, "Na": 8e-9, "Cl": 9e-8}
    passing = [(P, result.case.valence(ion), inside[ion], outside[ion]) for ion, P in permeability.items()]
    slopes = [sum(ed.theory.ghk_conductance_slope(*ion, V, 310.0) for ion in passing) for V in (-0.12, 0.08)]
    assert slopes == pytest.approx([15.9, 134], rel=5e-3)
    assert result.slope_conductance[[0, -1]] == pytest.approx(slopes, rel=0.02)
    current = {V: sum(ed.theory.ghk_current(*ion, V, 310.0) for ion in passing) for V in (-0.08, 0.08)}
    assert current[0.08] == pytest.approx(12.6, rel=5e-3)
    assert -current[0.08] / current[-0.08] == pytest.approx(53, abs=0.5)
    assert result.rectification[-1] == pytest.approx(53, abs=0.5)
    batteries = [ed.theory.nernst_potential(z, left, right, 310.0) for _, z, left, right in passing]
    conductances = [ed.theory.ghk_conductance_equilibrium(*ion, 310.0) for ion in passing]
    assert ed.theory.circuit_resting_potential_chord(conductances, batteries) == pytest.approx(-77.4e-3, abs=0.05e-3)
    circuit = sum(g * (0.08 - E) for g, E in zip(conductances, batteries, strict=True))
    assert circuit == pytest.approx(3.3, rel=5e-3)


def test_an_expectation_that_is_missed_is_seen():
    case = ed.load_case(ed.bundled_case("capacitor"))
    wrong = case.replace("expect", [{**case.expect[0].model_dump(), "value": "0.36 uF/cm^2"}])
    assert [entry.passed for entry in expectations(ed.solve(wrong))] == [False]
