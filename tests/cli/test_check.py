"""`electrodiff check`: the regime report, in words and as JSON; nothing is solved."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import electrodiff as ed


@pytest.fixture
def unsolvable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever solves now fails."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("check must not solve")

    monkeypatch.setattr("electrodiff.solvers.steady.solve", refuse)


@pytest.mark.usefixtures("unsolvable")
@pytest.mark.parametrize("name", sorted(ed.bundled_cases()))
def test_every_bundled_case_has_a_report(electrodiff: Callable, name: str) -> None:
    result = electrodiff("check", name)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith(ed.load_case(ed.bundled_case(name)).title)
    lines = result.stdout.splitlines()
    assert any(line.startswith(("holds", "nearly", "fails")) for line in lines)


def test_the_membrane_of_a_cell_is_one_of_goldman(electrodiff: Callable) -> None:
    text = " ".join(electrodiff("check", "resting_potential").stdout.split())
    # GHK, -71.46 mV; 0.354 uF/cm^2 of the slab in series with two Debye layers; lambda = sqrt(eps R T / 2 F^2 I)
    for part in ("potential -71.5 mV at rest, by GHK", "0.351 uF/cm^2", "holds constant field (GHK): its Debye length"):
        assert part in text
    assert "fails one permeant ion (Nernst): K has 53.1 % of the conductance at rest" in text


def test_a_junction_is_called_so(electrodiff: Callable) -> None:
    text = electrodiff("check", "liquid_junction").stdout
    for part in ("junction potential / (RT/F)", "diffusion through the junction", "on one side of the junction only"):
        assert part in " ".join(text.split())


def test_json_is_one_object_with_the_same_limits(electrodiff: Callable) -> None:
    result = electrodiff("check", "ion_exchange_membrane", "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    report = json.loads(result.stdout)
    assert report["membrane"]["thickness_m"] == pytest.approx(1e-5)
    assert report["capacitance_F_m2"] == pytest.approx(
        80 * 8.8541878e-12 / 1e-5, rel=1e-3
    )  # two Debye layers: 4e-4 of it
    outlooks = {each["name"]: each["outlook"] for each in report["limits"]}
    assert (outlooks["donnan"], outlooks["constant_field"]) == ("holds", "fails")


def test_what_is_infinite_is_null(electrodiff: Callable) -> None:
    slab = json.loads(electrodiff("check", "capacitor", "--json").stdout)["layers"][1]
    assert (slab["debye_length_left_m"], slab["diffusion_time_s"]) == (None, None)


def test_set_changes_what_is_checked(electrodiff: Callable) -> None:
    arguments = ("check", "resting_potential", "--json", "--set", "layers.membrane.thickness=10 nm")
    assert json.loads(electrodiff(*arguments).stdout)["layers"][1]["thickness_m"] == pytest.approx(1e-8)


@pytest.mark.parametrize(
    "arguments", [("missing.toml",), ("capacitor", "--set", "left.potential=5"), ("capacitor", "--set", "x")]
)
def test_a_bad_case_is_refused_in_one_line(electrodiff: Callable, arguments: tuple[str, ...]) -> None:
    result = electrodiff("check", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    (line,) = result.stderr.splitlines()
    assert line.startswith("error: ")


def test_a_case_that_cannot_be_solved_can_still_be_checked(electrodiff: Callable, folder: Path, case_text: str) -> None:
    # Potassium on one side only: no potential stops it.
    text = case_text.replace('potential = "-65 mV"', 'potential = "floating"', 1)
    text = text.replace("partition = { K = 1e-4, A = 2e-4 }", "partition = { K = 1e-4, A = 0 }")
    (folder / "case.toml").write_text(text.replace('K = "150 mM", A = "150 mM"', "", 1))
    result = electrodiff("check", "case.toml")
    assert result.exit_code == 0, result.stderr
