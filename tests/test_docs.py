"""What the README and the docs say is true of the program."""

from __future__ import annotations

import ast
import importlib
import math
import re
from pathlib import Path

import pytest
from scipy import constants

import electrodiff as ed
from electrodiff import sweep_summary, voltage_summary
from electrodiff.quantities import CLOSED_FORMS, CURVE_QUANTITIES, QUANTITIES
from electrodiff.summary import summary

ROOT = Path(__file__).parents[1]


def blocks(page: str, language: str) -> list[str]:
    """Code blocks of one language in a Markdown page."""
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), flags=re.DOTALL)


def test_readme_opens_with_the_two_commands_then_pip():
    demo, pip = blocks("README.md", "sh")[:2]
    assert [line.split("#")[0].strip() for line in demo.splitlines()] == ["make demo", "make test"]
    assert pip.strip() == "pip install ."


def test_readme_example_runs_and_gives_the_resting_potential(capsys):
    (example,) = blocks("README.md", "python")
    exec(compile(example, "README.md", "exec"), {})
    output = capsys.readouterr().out
    assert "resting potential     -71.46 mV" in output  # GHK: -71.46 mV
    assert output.count("uA/cm^2") == 4 + 1  # four ions, one error


def test_example_of_the_limits_page_runs_and_agrees_with_ghk(capsys):
    (example,) = blocks("docs/limits.md", "python")
    exec(compile(example, "docs/limits.md", "exec"), {})
    potentials = [float(number) for number in re.findall(r"(-\d+\.\d+) mV", capsys.readouterr().out)]
    assert potentials[0] == pytest.approx(potentials[1], abs=0.02)


def test_package_docstring_example_is_true():
    solution = ed.solve(ed.load_case(ROOT / "cases" / "resting_potential.toml"))
    assert "-71.5" in (ed.__doc__ or "")
    assert round(1e3 * solution.membrane_potential, 1) == -71.5


@pytest.mark.parametrize("name", QUANTITIES)
def test_every_quantity_is_in_the_docs_with_its_json_key(name):
    assert f"| `{name}` | `{QUANTITIES[name].json_key}` |" in (ROOT / "docs" / "results.md").read_text()


@pytest.mark.parametrize("name", CURVE_QUANTITIES)
def test_every_quantity_of_a_curve_is_in_the_docs_with_its_json_key(name):
    assert f"| `{name}` | `{CURVE_QUANTITIES[name].json_key}` |" in (ROOT / "docs" / "results.md").read_text()


def test_every_key_and_variable_of_a_curve_is_in_the_docs(tmp_path):
    import xarray

    page = (ROOT / "docs" / "results.md").read_text()
    study = {"kind": "iv", "potentials": [-0.05, 0.05]}
    curve = ed.solve_iv(ed.load_case(ROOT / "cases" / "iv_curve.toml").replace("study", study))
    for key in voltage_summary.summary(curve, 0.0):
        assert f"`{key}`" in page, key
    with xarray.open_dataset(ed.save_solution(curve, tmp_path / "x.nc")) as stored:
        for name in [*stored.variables, *stored.dims, *stored.attrs]:
            assert f"`{str(name).removesuffix('_error')}" in page or name in ("kind", "Conventions", "border"), name


def test_example_of_the_sweeps_page_runs_and_agrees_with_ghk(capsys):
    (example,) = blocks("docs/sweep.md", "python")
    exec(compile(example, "docs/sweep.md", "exec"), {})
    potentials, difference = capsys.readouterr().out.splitlines()
    thermal = constants.R * 310.0 / (constants.N_A * constants.e)
    for text, ratio in zip(potentials.strip("[]").split(), (0.01, 0.1, 1.0), strict=True):
        ghk = 1e3 * thermal * math.log((4 + ratio * 145 + 0.45 * 10) / (140 + ratio * 12 + 0.45 * 149))
        assert float(text) == pytest.approx(ghk, abs=0.08)
    assert 10 < float(re.findall(r"(\d+) uV", difference)[0]) < 80


@pytest.mark.parametrize("name", CLOSED_FORMS)
def test_every_model_beside_a_sweep_is_in_the_docs(name):
    assert f"| `{name}` | " in (ROOT / "docs" / "results.md").read_text()


def test_every_key_and_variable_of_a_sweep_is_in_the_docs(tmp_path):
    import xarray

    page = (ROOT / "docs" / "results.md").read_text()
    axes = [{"key": "temperature", "values": [300.0, 310.0]}]
    study = {"kind": "sweep", "axes": axes, "quantities": ["membrane_potential"]}
    sweep = ed.solve_sweep(ed.load_case(ROOT / "cases" / "resting_potential.toml").changed({"study": study}))
    data = sweep_summary.summary(sweep, 1.0)
    for key in [*data, *data["axes"][0], *data["quantities"]["membrane_potential"], *data["routes"], "at", "reason"]:
        assert f"`{key}`" in page, key
    with xarray.open_dataset(ed.save_solution(sweep, tmp_path / "x.nc")) as stored:
        for name in [*stored.data_vars, *stored.attrs]:
            assert f"`{str(name).removesuffix('_error')}" in page or name in ("kind", "Conventions"), name


MESH_NUMBERS = re.findall(
    r"^\| `([\w.]+)` \| `([A-Z_]+)` \| (.+) \|$", (ROOT / "docs/mesh.md").read_text(), re.MULTILINE
)


@pytest.mark.parametrize(("module", "name", "value"), MESH_NUMBERS)
def test_numbers_of_the_mesh_page_are_those_of_the_code(module, name, value):
    assert getattr(importlib.import_module(f"electrodiff.{module}"), name) == ast.literal_eval(value)


def test_the_mesh_page_has_numbers():
    assert len(MESH_NUMBERS) >= 10


@pytest.mark.parametrize("key", ["error_estimate", "accuracy", "fallbacks", "expect", "residual_history", "wall_s"])
def test_every_key_of_the_summary_is_in_the_docs(key):
    solution = ed.solve(ed.load_case(ROOT / "cases" / "capacitor.toml"))
    page = (ROOT / "docs" / "results.md").read_text()
    assert key in summary(solution, 0.0)
    assert f"`{key}`" in page


def test_every_variable_and_attribute_of_the_file_is_in_the_docs(tmp_path):
    import xarray

    page = (ROOT / "docs" / "results.md").read_text()
    solution = ed.solve(ed.load_case(ROOT / "cases" / "inward_rectifier.toml"))
    with xarray.open_dataset(ed.save_solution(solution, tmp_path / "x.nc")) as stored:
        for name in [*stored.variables, *stored.attrs]:
            assert f"`{name.removesuffix('_error')}" in page or name in ("kind", "Conventions"), name


@pytest.mark.parametrize("name", ed.KNOWN_IONS)
def test_every_known_ion_is_in_the_docs_with_its_numbers(name):
    ion = ed.KNOWN_IONS[name]
    row = f"| `{name}` | {ion.valence:+d} | {ion.diffusivity * 1e9:.3f} |"
    assert row in (ROOT / "docs" / "ions.md").read_text()


def test_every_key_of_the_schema_is_in_the_docs():
    from electrodiff.model import case_schema

    page = (ROOT / "docs" / "case-file.md").read_text()
    schema = case_schema()
    for record in (schema, *schema["$defs"].values()):
        for key in record["properties"]:
            assert re.search(rf"`[^`]*\b{key}\b[^`]*`", page), key


def test_links_between_pages_lead_somewhere():
    for page in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))):
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_sample_of_the_ladder_page_is_what_compare_prints():
    from rich.console import Console

    from electrodiff.ladder_tables import ladder_tables

    page = (ROOT / "docs" / "ladder.md").read_text(encoding="utf-8")
    sample = next(iter(re.findall(r"^```\n(.*?)```", page, re.MULTILINE | re.DOTALL))).splitlines()
    console = Console(width=120, highlight=False, color_system=None, force_terminal=False)
    with console.capture() as capture:
        console.print(ladder_tables(ed.compare(ed.load_case(ed.bundled_case("resting_potential")))))
    lines = [line.rstrip() for line in capture.get().splitlines()]
    assert len(sample) > 4
    # The heading's error estimate is rounding, which another machine may round otherwise.
    estimate = re.compile(r" \+- .*")
    shown = {estimate.sub("", line) for line in lines}
    assert [line for line in sample if estimate.sub("", line) not in shown] == []
