"""What a person reads: numbers in the units of the field, everything named, nothing cut off."""

from dataclasses import replace

import pytest
from rich.console import Console

import electrodiff as ed
from electrodiff.quantities import QUANTITIES
from electrodiff.terminal import shown, summary_tables
from electrodiff.units import to_si


@pytest.fixture(scope="module")
def solution() -> ed.Solution:
    return ed.solve(ed.load_case(ed.bundled_case("clamped_membrane"), {"mesh.nodes": "101"}))


def text(solution: ed.Solution, width: int = 100) -> str:
    """The summary as it stands in a terminal of this width."""
    console = Console(width=width, highlight=False, color_system=None)
    with console.capture() as capture:
        console.print(summary_tables(solution))
    return capture.get()


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("membrane_potential", -0.07146, "-71.46 mV"),
        ("current_density", 0.01, "1 uA/cm^2"),
        ("flux.K", 1e-8, "1 pmol/cm^2/s"),
        ("surface_charge.left", -0.0002297, "-0.02297 uC/cm^2"),
        ("capacitance", 0.00351, "0.351 uF/cm^2"),
        ("field_ratio.a|b", 40.0, "40"),
        ("capacitance", None, "not defined"),
    ],
)
def test_a_number_is_shown_in_the_unit_of_the_field(name: str, value: float | None, expected: str) -> None:
    assert shown(name, value) == expected


@pytest.mark.parametrize("name", QUANTITIES)
def test_what_is_shown_is_the_number(name: str) -> None:
    """Read back with the units module, whose factors are pint's, it is the SI number to the five digits shown."""
    text = shown(name, -1.2345e-3)
    dimension = QUANTITIES[name].dimension
    number = to_si(text, dimension) if dimension.unit else float(text)
    assert number == pytest.approx(-1.2345e-3, rel=1e-5)


def test_the_summary_names_ions_layers_interfaces_and_expectations(solution: ed.Solution) -> None:
    lines = text(solution, 120).splitlines()
    assert lines[0].strip() == solution.case.title
    for name in ("K", "Na", "Cl", "A", "cytosol", "membrane", "outside"):
        assert any(line.split()[:1] == [name] for line in lines)
    assert sum("cytosol|membrane" in line for line in lines) >= 2
    assert sum(line.startswith("met ") for line in lines) + sum(line.startswith("MISSED") for line in lines) == len(
        solution.case.expect
    )
    assert lines[-1].startswith("converged after")


def test_the_summary_shows_the_numbers_of_the_solution(solution: ed.Solution) -> None:
    shown_text = text(solution)
    assert "-65 mV" in shown_text
    assert f"{solution.flux['K'] / 1e-8:.5g}" in shown_text
    assert f"{solution.layer_drop['membrane'] * 1e3:.5g}" in shown_text
    assert shown("capacitance", solution.capacitance) in shown_text


def test_a_missed_expectation_stands_out(solution: ed.Solution) -> None:
    entry = {"quantity": "membrane_potential", "value": "-60 mV", "tolerance": "1 mV", "source": "a test"}
    case = solution.case.replace("expect", [entry])
    missed = text(replace(solution, problem=replace(solution.problem, case=case)))
    assert "MISSED membrane_potential -65 mV, expected -60 +- 1 mV: a test" in missed
    assert "\nmet " not in missed


def test_warnings_are_shown() -> None:
    case = ed.load_case(ed.bundled_case("capacitor"), {"mesh.nodes": "51", "layers.inside.thickness": "3 nm"})
    solution = ed.solve(case)
    assert len(solution.warnings) == 1
    assert f"warning: {solution.warnings[0]}" in text(solution, 200)


def test_tables_fit_into_a_terminal_of_80_columns(solution: ed.Solution) -> None:
    """Rows of the tables are not wrapped: as many lines as on a wide terminal, the long expectations apart."""
    plain = replace(solution, problem=replace(solution.problem, case=solution.case.replace("expect", [])))
    assert text(plain, 80).count("\n") == text(plain, 300).count("\n")
    assert max(map(len, text(plain, 80).splitlines())) <= 80


def test_one_layer_is_summarised_without_interfaces() -> None:
    case = ed.load_case(ed.bundled_case("capacitor"))
    single = ed.solve(case.changed({"layers": case.layers[:1], "expect": [], "mesh.nodes": 21}))
    assert "interface" not in text(single)


def test_brackets_in_names_are_not_taken_for_markup() -> None:
    """rich would take "[a]" for a style, and drop it."""
    case = ed.load_case(ed.bundled_case("capacitor"))
    renamed = ed.parse_case(
        ed.case_text(case)
        .replace("ions.Cl", 'ions."X[a]"')
        .replace("Cl =", '"X[a]" =')
        .replace('diffusivity = "2.03e-9 m^2/s"', 'valence = -1\ndiffusivity = "2.03e-9 m^2/s"')
        .replace("Membrane as", "Membrane [bold] [/x] as"),
        overrides={"mesh.nodes": "51"},
    )
    summary = text(ed.solve(renamed))
    assert "Membrane [bold] [/x] as a capacitor" in summary
    assert "X[a]" in summary
