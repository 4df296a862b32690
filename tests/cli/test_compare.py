"""`electrodiff compare`: what it prints, what it draws, what it refuses."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

import electrodiff as ed
import electrodiff.ladder as electrodiff_ladder

DOCS = Path(__file__).parents[2] / "docs"
SALT = '{ K = "150 mM", A = "150 mM" }'
DILUTE = '{ K = "15 mM", A = "15 mM" }'


@pytest.fixture
def case(folder: Path, case_text: str) -> str:
    """The small case with a gradient of salt, as a file in the working directory."""
    (folder / "my.toml").write_text(
        case_text.replace(
            f'concentrations = {SALT}\npotential = "0 mV', f'concentrations = {DILUTE}\npotential = "0 mV'
        )
    )
    return "my.toml"


def test_compare_prints_a_block_a_quantity_and_a_row_a_model_with_its_reason(
    electrodiff: Callable, case: str, folder: Path
) -> None:
    result = electrodiff("compare", case)
    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert lines[0].strip() == "Test membrane"
    assert lines[1].startswith("V = phi(left) - phi(right)")
    assert any(line.startswith("Zero-current potential: PNP ") and "+-" in line for line in lines)
    (row,) = [index for index, line in enumerate(lines) if line.split()[:3] == ["GHK", "voltage", "equation"]]
    # eps 2, 5 nm and partitions of 1e-4: its Debye length is 30 nm, so that GHK holds.
    assert lines[row].split()[-1] == "agrees"
    assert lines[row + 1].startswith(" " * 6)
    assert [path.name for path in folder.iterdir()] == [case]


def test_compare_as_json_is_one_object_whose_rows_add_up(electrodiff: Callable, case: str) -> None:
    result = electrodiff("compare", case, "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    found = json.loads(result.stdout)
    assert found["version"] == ed.__version__
    assert found["wall_s"] > 0
    for rung in found["rows"]:
        assert rung["difference"] == pytest.approx(rung["predicted"] - rung["pnp"])
    assert {"ghk"} <= {rung["model"] for rung in found["rows"]}


def test_compare_solves_the_case_as_it_is_set(electrodiff: Callable, case: str) -> None:
    """Equal solutions have no resting potential, whatever passes."""
    result = electrodiff("compare", case, "--json", "--set", f"right.concentrations={SALT}")
    for rung in json.loads(result.stdout)["rows"]:
        if rung["quantity"] == "resting_potential":
            assert rung["pnp"] == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(("name", "start"), [("l.png", b"\x89PNG"), ("new/l.pdf", b"%PDF"), ("l.SVG", b"<?xml")])
def test_compare_draws_the_figure_that_its_ending_names(
    electrodiff: Callable, case: str, folder: Path, name: str, start: bytes
) -> None:
    result = electrodiff("compare", case, "--plot", name)
    assert result.exit_code == 0, result.stderr
    assert result.stdout.splitlines()[-1] == f"wrote {name}"
    assert (folder / name).read_bytes().startswith(start)


def test_compare_with_json_and_plot_prints_nothing_but_the_object(
    electrodiff: Callable, case: str, folder: Path
) -> None:
    result = electrodiff("compare", case, "--json", "--plot", "l.png")
    assert json.loads(result.stdout)["rows"]
    assert (folder / "l.png").exists()


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (("my.toml", "--plot", "l.bmp"), ("--plot l.bmp", ".png, .svg, .pdf")),
        (("my.toml", "--plot", "my.toml/l.png"), ("--plot", "my.toml", "is a file")),
        (("my.toml", "--plot", "folder.png"), ("--plot folder.png", "folder, not a file")),
        (("nowhere.toml",), ("nowhere.toml",)),
        (("my.toml", "--set", "left.potential"), ("--set left.potential", "KEY=VALUE")),
    ],
)
def test_compare_refuses_what_it_cannot_do_before_it_solves(
    electrodiff: Callable,
    case: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    parts: tuple[str, ...],
) -> None:
    monkeypatch.setattr(electrodiff_ladder, "compare", pytest.fail)
    (folder / "folder.png").mkdir()
    done = electrodiff("compare", *arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: ")
    for part in parts:
        assert part in line
    assert {path.name for path in folder.iterdir()} == {case, "folder.png"}


def test_without_a_solution_there_is_no_ladder(
    electrodiff: Callable, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_case: ed.Case) -> None:
        raise ed.ConvergenceError("did not converge after 3 Newton steps; try less")

    monkeypatch.setattr(electrodiff_ladder, "compare", fail)
    done = electrodiff("compare", case)
    assert (done.exit_code, done.stdout) == (3, "")
    assert done.stderr == "error: did not converge after 3 Newton steps; try less\n"


def test_help_names_every_option_of_compare(electrodiff: Callable) -> None:
    result = electrodiff("compare", "--help")
    assert (result.exit_code, result.stderr) == (0, "")
    for option in ("CASE", "--set", "KEY=VALUE", "--json", "--plot", "FILE"):
        assert option in result.stdout


# ---- what the docs say of it -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["resting_potential", "charged_membrane", "kcsa_channel", "spherical_cell_potential"])
def test_every_model_and_every_key_of_json_is_in_the_docs(electrodiff: Callable, name: str) -> None:
    ladder, results = ((DOCS / f"{page}.md").read_text(encoding="utf-8") for page in ("ladder", "results"))
    found = json.loads(electrodiff("compare", name, "--json").stdout)
    for key in (*found, *found["rows"][0], *(key for entry in found["not_applicable"] for key in entry)):
        assert f"`{key}`" in results
    for entry in (*found["rows"], *found["not_applicable"]):
        assert f"`{entry['model'].partition('.')[0]}`" in ladder


def test_the_example_of_the_page_runs_and_finds_ghk_right(capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", (DOCS / "ladder.md").read_text(encoding="utf-8"), flags=re.DOTALL)
    exec(compile(example, "docs/ladder.md", "exec"), {})
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("GHK voltage equation")]
    assert line.split()[3:6] == ["-71.46", "mV", "agrees"]
