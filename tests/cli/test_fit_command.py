"""`electrodiff fit`: what it writes and prints, its exit codes, and bad input."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import electrodiff as ed

DATA = "potential [mV],current_density [uA/cm^2]\n-100,{}\n-50,{}\n50,{}\n"
K = "layers.membrane.partition.K"


@pytest.fixture
def case(folder: Path, case_text: str) -> str:
    """The small case and currents of it with twice the partition of K, as files in the working directory."""
    (folder / "my.toml").write_text(case_text)
    own = ed.load_case("my.toml").changed({K: 2e-4, "study": {"kind": "iv", "potentials": [-0.1, -0.05, 0.05]}})
    currents = 100 * ed.solve_iv(own).current_density
    (folder / "data.csv").write_text(DATA.format(*currents))
    return "my.toml"


@pytest.fixture
def fit(electrodiff: Callable, case: str) -> Callable:
    """`fit(*options)` fits K of the case to the data, without a figure, into the folder r."""
    return lambda *options: electrodiff("fit", case, "data.csv", "--parameter", K, "--no-plots", "--out", "r", *options)


def test_a_fit_is_written_and_printed(fit: Callable) -> None:
    result = fit()
    assert (result.exit_code, result.stderr) == (0, "")
    assert {path.name for path in Path("r").iterdir()} == {"summary.json", "fitted.toml"}
    for text in (K, "residuals: ", "converged after", "wrote summary.json, fitted.toml to r"):
        assert text in result.stdout
    assert fit("--quiet").stdout == ""


def test_the_fitted_case_is_a_case_that_gives_the_data(fit: Callable, electrodiff: Callable) -> None:
    fit("--quiet")
    fitted = ed.load_case("r/fitted.toml")
    assert fitted.layers[1].partition["K"] == pytest.approx(2e-4, rel=1e-4)
    result = electrodiff("run", "r/fitted.toml", "--set", "left.potential='-50 mV'", "--json", "--no-plots")
    data = json.loads(result.stdout)
    measured = float(Path("data.csv").read_text().splitlines()[2].split(",")[1])
    assert 100 * data["current_density_A_m2"] == pytest.approx(measured, rel=1e-3)


def test_json_has_one_object_with_all_numbers(fit: Callable) -> None:
    result = fit("--json")
    data = json.loads(result.stdout)
    assert json.loads(Path("r/summary.json").read_text()) == data
    (parameter,) = data["parameters"]
    assert parameter["key"] == K
    assert (parameter["unit"], parameter["start"]) == ("", 1e-4)
    assert parameter["value"] == pytest.approx(2e-4, rel=1e-4)
    low, high = parameter["interval_95"]
    assert low < parameter["value"] < high
    assert data["correlation"] == [[pytest.approx(1.0)]]
    assert data["sigma_is_given"] is False
    assert (data["chi_square"], data["p_value"]) == (None, None)
    assert data["data"]["measurements"] == 3
    assert data["data"]["potential_V"] == pytest.approx([-0.1, -0.05, 0.05])


def test_the_figure_is_drawn_in_every_format(electrodiff: Callable, case: str) -> None:
    result = electrodiff("fit", case, "data.csv", "--parameter", K, "--out", "r", "--format", "png", "--format", "svg")
    assert result.exit_code == 0, result.stderr
    assert {path.name for path in Path("r").iterdir()} == {"summary.json", "fitted.toml", "fit.png", "fit.svg"}


def test_by_default_results_stand_beside_those_of_run(electrodiff: Callable, case: str) -> None:
    assert electrodiff("fit", case, "data.csv", "--parameter", K, "--no-plots", "--quiet").exit_code == 0
    assert Path("results/my_fit/fitted.toml").exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("potential [mV],current_density [uA/cm^2]\n-100,1\nhere,2\n", "data.csv:3: column 'potential [mV]' is 'here'"),
        ("potential,current_density [uA/cm^2]\n-100,1\n", "column 'potential' has no unit"),
        (
            "potential [mV],current_density [uA/cm^2],right.concentrations.K [mM]\n-100,1,7\n",
            "data.csv:2: with these conditions",
        ),
    ],
)
def test_bad_data_exit_with_2_and_say_where(fit: Callable, text: str, message: str) -> None:
    Path("data.csv").write_text(text)
    result = fit()
    assert result.exit_code == 2
    assert message in result.stderr
    assert not Path("r").exists()


def test_what_is_missing_exits_with_2(electrodiff: Callable, case: str) -> None:
    nothing = electrodiff("fit", case, "data.csv")
    assert nothing.exit_code == 2
    assert "there is no parameter to fit" in nothing.stderr
    nowhere = electrodiff("fit", case, "nowhere.csv", "--parameter", K)
    assert (nowhere.exit_code, "nowhere.csv: the file cannot be read" in nowhere.stderr) == (2, True)


def test_a_search_that_does_not_end_exits_with_3_and_writes_what_it_came_to(
    fit: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("electrodiff.fit_search.MOST_EVALUATIONS", 1)
    result = fit()
    assert result.exit_code == 3
    assert "did not converge" in result.stderr
    assert json.loads(Path("r/summary.json").read_text())["converged"] is False


def test_new_copies_the_data_with_the_case(electrodiff: Callable) -> None:
    result = electrodiff("new", "fit_permeabilities")
    assert result.exit_code == 0
    assert "electrodiff fit fit_permeabilities.toml fit_permeabilities.csv" in result.stdout
    assert Path("fit_permeabilities.csv").read_text().startswith("# Synthetic")
    again = electrodiff("new", "fit_permeabilities", "--out", "other.toml")
    assert again.exit_code == 2
    assert "fit_permeabilities.csv: this file, the data of the case, exists already" in again.stderr
    assert not Path("other.toml").exists()
