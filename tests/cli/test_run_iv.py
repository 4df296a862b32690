"""`run` of a current-voltage curve: results, exit codes, progress, `plot` of what is stored, and bad input."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import electrodiff as ed
from electrodiff import NewtonOptions, cli_progress
from electrodiff.cli_progress import CountProgress
from electrodiff.solvers import iv, robust

# A fresh process would say that it compiles; here it has been done.
STUDY = """
[study]
kind = "iv"
potentials = { from = "-100 mV", to = "100 mV", points = 9 }
"""


@pytest.fixture(scope="module", autouse=True)
def solved(compiled: None, case_text: str) -> None:  # noqa: ARG001 - it comes first
    """The kernels of a curve are compiled before the first test."""
    from electrodiff.cli_run import note_kind

    case = ed.parse_case(case_text + STUDY)
    ed.solve_iv(case)
    note_kind(len(case.ions), "iv")


@pytest.fixture
def case(folder: Path, case_text: str) -> str:
    """The small case, of a membrane between like baths, as a file in the working directory."""
    (folder / "my.toml").write_text(case_text + STUDY)
    return "my.toml"


@pytest.fixture
def run(electrodiff: Callable, case: str) -> Callable:
    """`run(*options)` runs the case without figures, into the folder r."""
    return lambda *options: electrodiff("run", case, "--no-plots", "--out", "r", *options)


def expecting(case: str, value: str) -> None:
    """Add an expectation of the reversal potential to the case file."""
    entry = f'\n[[expect]]\nquantity = "reversal_potential"\nvalue = "{value}"\ntolerance = "1 uV"\nsource = "a test"\n'
    Path(case).write_text(Path(case).read_text() + entry)


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_curve_is_solved_written_and_printed(run: Callable) -> None:
    result = run("--json", "--csv")
    assert (result.exit_code, result.stderr) == (0, "")
    data = json.loads(result.stdout)
    assert files(Path("r")) == {"solution.nc", "summary.json", "iv.csv"}
    assert json.loads(Path("r/summary.json").read_text()) == data
    stored = ed.load_solution("r/solution.nc")
    assert isinstance(stored, ed.CurrentVoltage)
    assert data["potential_V"] == pytest.approx(np.arange(-100, 101, 25) * 1e-3, abs=1e-15)
    assert data["current_density_A_m2"] == stored.current_density.tolist()
    # Like baths on both sides.
    assert data["reversal_potential_V"] == pytest.approx(0, abs=1e-9)


def test_the_table_and_what_was_written_are_told(run: Callable) -> None:
    result = run()
    assert (result.exit_code, result.stderr) == (0, "")
    for text in ("V [mV]", "uA/cm^2", "mS/cm^2", "reversal potential", "rectification", "9 potentials in "):
        assert text in result.stdout
    assert result.stdout.splitlines()[-1].startswith("wrote solution.nc, summary.json to r")
    assert run("--quiet").stdout == ""


def test_the_figure_is_drawn_and_plot_draws_it_again(electrodiff: Callable, case: str) -> None:
    assert electrodiff("run", case, "--out", "r", "--format", "svg").exit_code == 0
    assert files(Path("r")) == {"solution.nc", "summary.json", "iv.svg"}
    again = electrodiff("plot", "r", "--out", "again", "--format", "svg")
    assert again.stdout.split() == [str(Path("again/iv.svg"))]
    assert Path("again/iv.svg").read_bytes() == Path("r/iv.svg").read_bytes()


def test_an_expectation_that_is_met_is_told_and_a_missed_one_has_exit_code_4(run: Callable, case: str) -> None:
    expecting(case, "0 mV")
    result = run()
    assert result.exit_code == 0, result.stderr
    assert "met    reversal_potential" in result.stdout
    expecting(case, "-5 mV")
    result = run("--json")
    assert result.exit_code == 4
    assert [entry["passed"] for entry in json.loads(result.stdout)["expect"]] == [True, False]
    assert result.stderr.startswith("expectation missed: reversal_potential is ")
    assert result.stderr.endswith("expected -5 mV\n")


def test_points_that_fail_have_exit_code_3_and_the_others_are_kept(
    run: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    newton, one_step = robust.solve_newton, replace(NewtonOptions(), max_iterations=1)
    beside = iv.solve_beside

    def failing_above(case: ed.Case, *arguments: object) -> object:
        with monkeypatch.context() as patch:
            if case.left.potential > 0.06:  # type: ignore[union-attr, operator]
                patch.setattr(robust, "solve_newton", lambda problem, guess, *_: newton(problem, guess, one_step))
                patch.setattr(robust, "gummel", lambda *given: (given[1], np.inf))
            return beside(case, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(iv, "solve_beside", failing_above)
    result = run()
    assert (result.exit_code, result.stdout) == (3, "")
    (line,) = result.stderr.splitlines()
    assert line.startswith("error: 2 of 9 potentials failed; at 75 mV: did not converge")
    stored = ed.load_solution("r/solution.nc")
    assert isinstance(stored, ed.CurrentVoltage)
    assert np.flatnonzero(np.isnan(stored.current_density)).tolist() == [7, 8]
    data = json.loads(Path("r/summary.json").read_text())
    assert data["converged"] is False
    assert data["current_density_A_m2"][7:] == [None, None]


def test_an_interrupt_has_exit_code_130_and_leaves_nothing(run: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    def pressed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(CountProgress, "show", pressed)
    result = run()
    assert (result.exit_code, result.stdout, result.stderr) == (130, "", "interrupted\n")
    assert not Path("r").exists()


def test_a_log_says_now_and_then_how_many_potentials_are_done(run: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli_progress, "LINE", 0.0)
    lines = run().stderr.splitlines()
    assert [line.split(",")[0] for line in lines[:2]] == ["11 %: 1 of 9 potentials", "22 %: 2 of 9 potentials"]
    assert lines[-1] == "100 %: 9 of 9 potentials, 0 s left"
    assert run("--quiet").stderr == ""


def test_any_steady_case_becomes_a_curve_and_back(electrodiff: Callable, folder: Path, case_text: str) -> None:
    """What is expected of the other kind of study is left out."""
    entry = '\n[[expect]]\nquantity = "flux.K"\nvalue = "0 mol/m^2/s"\ntolerance = "1 mol/m^2/s"\nsource = "a test"\n'
    (folder / "other.toml").write_text(case_text + entry)
    whole = 'study={kind="iv", potentials=["-50 mV"]}'
    parts = ("study.kind=iv", "--set", 'study.potentials=["-50 mV"]')
    for options in ((whole,), parts):
        result = electrodiff("run", "other.toml", "--json", "--no-plots", "--set", *options)
        assert result.exit_code == 0, result.stderr
        assert json.loads(result.stdout)["expect"] == []
    back = electrodiff("run", "iv_curve", "--json", "--no-plots", "--out", "s", "--set", "study.kind=steady")
    assert back.exit_code == 0, back.stderr
    assert json.loads(back.stdout)["expect"] == []


# ---- what is refused ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "parts"),
    [
        (
            'from = "-100 mV", to = "100 mV"',
            'from = "100 mV", to = "-100 mV"',
            ("study.potentials.to is '-100 mV'", "0.1 V"),
        ),
        ('from = "-100 mV"', "from = -100", ("study.potentials.from is -100", "potential with a unit", "mV")),
        ('from = "-100 mV"', 'from = "-100 nm"', ("study.potentials.from is '-100 nm'", "potential with a unit")),
        (", points = 9", "", ("study.potentials.points is missing",)),
        ("points = 9", "points = 1", ("study.potentials.points is 1",)),
        ("points = 9", "points = 9, per_decade = 3", ("study.potentials.per_decade is 3", "evenly spaced")),
        ("points = 9", "point = 9", ("study.potentials.point is not a known key", "did you mean 'points'?")),
        (
            '{ from = "-100 mV", to = "100 mV", points = 9 }',
            '"-65 mV"',
            ("study.potentials is '-65 mV'", "a list like"),
        ),
        (
            '{ from = "-100 mV", to = "100 mV", points = 9 }',
            '["-65 mV", 3]',
            ("study.potentials[1] is 3", "with a unit"),
        ),
        ('{ from = "-100 mV", to = "100 mV", points = 9 }', "[]", ("study.potentials is []", "at least one")),
        ("potentials = {", "potential = {", ("study.potential is not a known key", "did you mean 'potentials'?")),
    ],
    ids=["reversed", "bare", "length", "no points", "one", "decades", "misspelt", "single", "bare item", "none", "key"],
)
def test_bad_potentials_are_refused_by_key_with_a_remedy(
    run: Callable, case: str, old: str, new: str, parts: tuple[str, ...]
) -> None:
    text = Path(case).read_text()
    assert text.count(old) == 1
    Path(case).write_text(text.replace(old, new))
    result = run()
    assert (result.exit_code, result.stdout) == (2, "")
    (line,) = result.stderr.splitlines()
    for part in ("my.toml", *parts):
        assert part in line, line
    assert not Path("r").exists()


@pytest.mark.parametrize("kind", ["wall", "closed"])
@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("command", ["run", "check"])
def test_an_end_that_is_no_reservoir_is_refused(
    electrodiff: Callable, case: str, command: str, side: str, kind: str
) -> None:
    ion = "{ K = '1 mM', A = '1 mM' }"
    initial = [f"layers.{layer}.initial={ion}" for layer in ("inside", "membrane", "outside")]
    options = [part for text in [f'{side}={{kind="{kind}"}}', *initial] for part in ("--set", text)]
    result = electrodiff(command, case, *options)
    assert result.exit_code == 2
    assert f"my.toml: {side}.kind is '{kind}'" in result.stderr
    assert "'reservoir' at both ends" in result.stderr


@pytest.mark.parametrize("quantity", ["current_density", "flux.K", "slope_conductance"])
def test_what_has_one_value_for_each_potential_cannot_be_expected(run: Callable, case: str, quantity: str) -> None:
    expecting(case, "1 A/m^2")
    text = Path(case).read_text().replace('"reversal_potential"', f'"{quantity}"')
    unit = {"flux.K": "mol/m^2/s", "slope_conductance": "S/m^2"}.get(quantity, "A/m^2")
    Path(case).write_text(text.replace("1 A/m^2", f"1 {unit}").replace("1 uV", f"1 {unit}"))
    result = run()
    assert result.exit_code == 2
    assert f"expect[0].quantity is '{quantity}'" in result.stderr
    assert "at every potential" in result.stderr
    assert "reversal_potential" in result.stderr


def test_a_steady_case_has_no_reversal_potential_to_expect(electrodiff: Callable, folder: Path, case_text: str) -> None:
    (folder / "steady.toml").write_text(case_text)
    expecting("steady.toml", "0 mV")
    result = electrodiff("run", "steady.toml")
    assert result.exit_code == 2
    assert "expect[0].quantity is 'reversal_potential'" in result.stderr


def test_other_commands_say_what_to_do_with_a_curve(electrodiff: Callable, case: str) -> None:
    for command in ("mesh", "compare"):
        result = electrodiff(command, case)
        assert result.exit_code == 2
        assert "solve_iv" in result.stderr
        assert "study.kind" in result.stderr
    assert electrodiff("check", case).exit_code == 0


def test_only_a_transient_is_resumed_or_filmed(run: Callable, electrodiff: Callable) -> None:
    assert "only a transient" in run("--resume").stderr
    run()
    result = electrodiff("plot", "r", "--animate", "film.gif")
    assert result.exit_code == 2
    assert "does not change in time" in result.stderr
