"""What a person reads: numbers in the units of the field, everything named, nothing cut off."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from rich.console import Console, Group

import electrodiff as ed
from electrodiff.quantities import QUANTITIES
from electrodiff.terminal import closing_line, mesh_tables, shown, summary_tables
from electrodiff.units import to_si


@pytest.fixture(scope="module")
def solution() -> ed.Solution:
    return ed.solve(ed.load_case(ed.bundled_case("clamped_membrane"), {"mesh.nodes": "101"}))


def text(solution: ed.Solution, width: int = 100, tables: Callable[[ed.Solution], Group] = summary_tables) -> str:
    """The summary, or another view, as it stands in a terminal of this width."""
    console = Console(width=width, highlight=False, color_system=None)
    with console.capture() as capture:
        console.print(tables(solution))
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


@pytest.mark.parametrize(
    ("name", "value", "error", "expected"),
    [
        # One digit of the error, rounded up, in the unit of the value.
        ("membrane_potential", -0.071459995, 1.1e-10, "-71.46 mV +- 2e-7"),
        ("membrane_potential", -0.071459995, 2.0e-10, "-71.46 mV +- 2e-7"),
        # No digit of the value is more than one behind that of the error.
        ("membrane_potential", -0.071459995, 2.3e-3, "-71.5 mV +- 3"),
        ("membrane_potential", -0.071459995, 0.5, "-71 mV +- 500"),
        ("flux.K", 1.23456e-8, 4.1e-10, "1.235 pmol/cm^2/s +- 0.05"),
        ("field_ratio.a|b", 40.0, 0.0, "40 +- 0"),
        ("current_density", 0.0, 1e-15, "0 uA/cm^2 +- 1e-13"),
        ("capacitance", None, None, "not defined"),
    ],
)
def test_a_number_is_shown_with_its_error(name: str, value: float | None, error: float | None, expected: str) -> None:
    assert shown(name, value, error) == expected


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
    assert shown("capacitance", solution.capacitance, solution.error["capacitance"]) in shown_text


def test_every_number_of_a_solution_stands_beside_its_error(solution: ed.Solution) -> None:
    lines = text(solution).splitlines()
    potassium = next(line for line in lines if line.split()[:1] == ["K"])
    assert potassium.count("+-") == 2
    for name in solution.charge_beside:
        interface = name.rpartition(".")[0]
        assert all(line.count("+-") == 2 for line in lines if line.startswith(f"{interface} "))
    assert all("+-" in line for line in lines if line.startswith(("membrane potential", "current", "field ratio")))


def test_a_solution_on_one_mesh_is_shown_without_errors(solution: ed.Solution) -> None:
    alone = ed.solve(solution.case.replace("expect", []), mesh=solution.problem.mesh)
    assert "+-" not in text(alone)
    assert "errors are not estimated" in " ".join(text(alone).split())


def test_the_last_line_says_iterations_meshes_and_accuracy(solution: ed.Solution) -> None:
    steps = f"converged after {solution.iterations} Newton steps on meshes of 26, 51, 101 nodes"
    assert closing_line(solution) == steps
    wanted = ed.solve(solution.case.replace("mesh.nodes", None))
    assert closing_line(wanted).endswith(f", {wanted.nodes} nodes; accuracy 1e-6 reached")
    missed = replace(wanted, missed=("flux.K", "flux.Na"))
    assert closing_line(missed).endswith(f"; accuracy 1e-6 missed by 2 of {len(wanted.scalars)} values")
    hard = replace(wanted, fallbacks=("relaxation", "ramp"))
    assert closing_line(hard).endswith("; with potential and activities in turns; with a ramp of voltages and charges")
    failed = replace(wanted, converged=False, message="did not converge after 3 Newton steps; try less")
    assert closing_line(failed) == failed.message


def test_what_a_wall_holds_and_a_channel_passes_is_in_the_headline() -> None:
    electrode = ed.solve(ed.load_case(ed.bundled_case("stern_electrode")))
    assert "charge of the left wall" in text(electrode)
    assert "charge of the right wall" not in text(electrode)
    channel = ed.solve(ed.load_case(ed.bundled_case("kcsa_channel")))
    assert shown("current", channel.current, channel.error["current"]) in text(channel)


def test_the_mesh_is_a_table_with_a_row_a_layer() -> None:
    solution = ed.solve(ed.load_case(ed.bundled_case("capacitor")))
    lines = text(solution, 80, mesh_tables).splitlines()
    rows = {line.split()[0]: line.split()[1:] for line in lines if line.split()[0] in solution.case.layer_names}
    assert list(rows) == ["inside", "membrane", "outside"]
    assert sum(int(cells[0]) for cells in rows.values()) == solution.nodes + 2
    assert rows["membrane"][-2:] == ["-", "-"]  # no ions, no Debye length
    assert " ".join(" ".join(lines).split()).endswith(closing_line(solution))
    assert max(map(len, lines)) <= 80


def test_a_missed_expectation_stands_out(solution: ed.Solution) -> None:
    entry = {"quantity": "membrane_potential", "value": "-60 mV", "tolerance": "1 mV", "source": "a test"}
    case = solution.case.replace("expect", [entry])
    missed = text(replace(solution, problem=replace(solution.problem, case=case)))
    assert "MISSED membrane_potential -65 mV +- 2e-13, expected -60 +- 1 mV: a test" in missed
    assert "\nmet " not in missed


def test_warnings_are_shown() -> None:
    case = ed.load_case(ed.bundled_case("capacitor"), {"mesh.nodes": "51", "layers.inside.thickness": "3 nm"})
    solution = ed.solve(case)
    assert len(solution.warnings) == 1
    assert f"warning: {solution.warnings[0]}" in text(solution, 200)


def test_tables_fit_into_a_terminal_of_80_columns(solution: ed.Solution) -> None:
    """Rows of the tables are not wrapped: as many lines as on a wide terminal, the long expectations apart."""
    case = solution.case.changed({"expect": [], "mesh.nodes": None})
    plain = replace(solution, problem=replace(solution.problem, case=case), meshes=(101,))
    assert text(plain, 80).count("\n") == text(plain, 300).count("\n")
    assert max(map(len, text(plain, 80).splitlines())) <= 80


def test_one_layer_is_summarised_without_interfaces() -> None:
    case = ed.load_case(ed.bundled_case("capacitor"))
    single = ed.solve(case.changed({"layers": case.layers[:1], "expect": [], "mesh.nodes": 21}))
    assert "interface" not in text(single)


def test_brackets_in_titles_are_not_taken_for_markup() -> None:
    """rich would take "[bold]" for a style, and drop it."""
    case = ed.load_case(ed.bundled_case("capacitor"))
    title = ed.case_text(case).replace("Membrane as", "Membrane [bold] [/x] as")
    summary = text(ed.solve(ed.parse_case(title, overrides={"mesh.nodes": "51"})))
    assert "Membrane [bold] [/x] as a capacitor" in summary
