"""The recipes of docs/howto and the README do what they say: every command and every line of Python in them is run, in order,
in an empty directory, and what is shown below must be what comes out."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

import electrodiff as ed
from electrodiff.cli import app
from electrodiff.ladder_tables import blocks
from page_commands import follow, run_line

ROOT = Path(__file__).parents[1]
RECIPES = sorted(path for path in (ROOT / "docs" / "howto").glob("*.md") if path.name != "index.md")
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture(autouse=True, scope="module")
def _compiled() -> None:
    """The kernels are compiled before the first command, which would say so."""
    ed.solve(ed.load_case(ed.bundled_case("nernst_potassium")))


@pytest.mark.parametrize("page", RECIPES, ids=lambda path: path.stem)
def test_the_recipe_does_what_it_says(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert list(follow(page)) == []


def test_there_are_eleven_recipes_and_the_index_links_to_each():
    index = (ROOT / "docs" / "howto" / "index.md").read_text(encoding="utf-8")
    assert len(RECIPES) >= 11
    assert set(re.findall(r"\]\((\w+\.md)\)", index)) == {page.name for page in RECIPES}


def test_a_recipe_with_a_wrong_output_or_exit_code_is_found(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shown = "```python\nx = 1\n```\n\n```python\nprint(x)\n```\n\n```text\n{}\n```\n"
    assert list(follow(tmp_path, shown.format(1))) == []
    for wrong in (shown.format(2), "```sh\nelectrodiff run none\n```\n", "```sh\nelectrodiff cases  # exit 4\n```\n"):
        with pytest.raises(AssertionError):
            list(follow(tmp_path, wrong))
    assert list(follow(tmp_path, "```sh\nelectrodiff run none  # exit 2\n```\n")) == []


def test_commands_of_the_readme_run_in_their_order(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    commands = re.findall(r"^electrodiff .*$", README, re.MULTILINE)
    assert len(commands) >= 10
    for command in commands:
        run_line(command)
    assert (tmp_path / "results" / "resting_potential" / "report.html").exists()


def test_demo_of_the_readme_runs_the_case_and_says_where_its_figures_are(tmp_path, monkeypatch):
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8").partition("\ndemo:")[2].partition("\n\n")[0]
    (command,) = re.findall(r"\$\(BIN\)/(electrodiff .*)", recipe)
    named = re.findall(r"(\w+\.png)", recipe)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cases").symlink_to(ROOT / "cases")
    run_line(command)
    assert named
    assert all((tmp_path / "results" / "resting_potential" / name).exists() for name in named)


def test_ladder_of_the_readme_is_that_of_compare():
    table = re.findall(r"^\| (.+) \| (.+) \| (.+) \| (\w+) \| (\w+) \|$", README, re.MULTILINE)
    ladder = ed.compare(ed.load_case(ed.bundled_case("resting_potential")))
    block = next(iter(blocks(ladder.rungs)))
    assert [*table[1:]] == [tuple(cell.replace(" mV", "").strip() for cell in row) for row in block.rows]
    result = CliRunner().invoke(app, ["compare", "resting_potential", "--json"])
    rows = {row["title"]: row for row in json.loads(result.stdout)["rows"] if row["quantity"] == "resting_potential"}
    assert len(rows) == len(table) - 1
    for title, predicted, _, limit, verdict in table[1:]:
        assert float(predicted) == pytest.approx(1e3 * rows[title]["predicted"], abs=0.006)
        assert (limit, verdict) == (rows[title]["outlook"], rows[title]["verdict"])
    assert f"{1e3 * rows[title]['pnp']:.2f} mV" in README
