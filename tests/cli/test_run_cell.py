"""`run` of a living cell: what is on the screen, what has no steady state, and how long days of a cell take."""

import json
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest

# A pump of 1.2e-7 mol/(m^2 s) that nothing slows down: twelve times the sodium that could leak into the cell.
CONSTANT = [
    "--set=transporters.sodium pump.law=constant",
    "--set=transporters.sodium pump.half_saturation={}",
    "--set=transporters.sodium pump.hill={}",
]

OUTSIDE = [
    "--set=layers.membrane.initial={}",
    "--set=layers.outside.initial.K=4 mM",
    "--set=layers.outside.initial.Na=145 mM",
    "--set=layers.outside.initial.Cl=149 mM",
]


@pytest.fixture
def run(electrodiff: Callable) -> Callable:
    """`run(case, *options)` in an empty folder."""
    return lambda case, *options: electrodiff("run", case, *options)


def written(case: str) -> dict[str, Any]:
    return json.loads(Path("results", case, "summary.json").read_text())


def test_cell_whose_pump_no_leak_can_feed_exits_with_3_and_names_the_ion(run: Callable) -> None:
    result = run("resting_cell", *CONSTANT)
    assert result.exit_code == 3
    assert "'sodium pump' carries Na away faster than it can leak back" in result.stderr
    assert "Na runs out in layer 'cytosol'" in result.stderr
    assert "Traceback" not in result.stderr


def test_the_same_in_time_exits_with_3_and_keeps_what_was_computed_until_then(run: Callable) -> None:
    inside = {"K": "140 mM", "Na": "12 mM", "Cl": "10 mM", "A": "142 mM"}
    held = [f"--set=layers.cytosol.initial.{ion}={value}" for ion, value in inside.items()]
    study = ["--set=study.start=initial", "--set=study.protocol=[]", "--no-plots"]
    result = run("pump_block", *CONSTANT, *held, *study, *OUTSIDE)
    assert result.exit_code == 3, result.stderr
    assert "Na runs out in layer 'cytosol'" in result.stderr
    found = written("pump_block")
    assert not found["converged"]
    # 12 mM in a third of 10 um, of which 3.6e-7 mol/(m^2 s) are carried out, last 111 s, and 257 s if as much leaks in as at
    # -150 mV, 2.0e-7 by Goldman; ten outputs in a decade, of which the last is kept.
    assert 111 / 10**0.1 < found["time_s"][-1] < 257


def test_resting_cell_is_told_on_one_screen_of_eighty_columns(run: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    text = run("resting_cell", "--no-plots").stdout
    account = text.partition("Expectations")[0].splitlines()
    # 24 lines are the smallest terminal there is; where the output is no terminal, the first sentences are one long line.
    assert sum(max(-(-len(line) // 80), 1) for line in account) <= 24
    for word in ("rests at -70.532 mV", "sodium pump", "ATP/s for the whole cell", "Na leak", "accumulated"):
        assert word in text


def test_ouabain_from_picoseconds_to_days_takes_less_than_half_a_minute(run: Callable) -> None:
    # Once through, so that all that is compiled is.
    run("pump_block", "--set=study.end=10 s", "--set=expect=[]")
    start = perf_counter()
    result = run("pump_block")
    wall = perf_counter() - start
    assert result.exit_code == 0, result.stderr
    found = written("pump_block")
    assert found["time_s"][1] == pytest.approx(1e-11)
    assert found["time_s"][-1] == pytest.approx(1e6)
    assert all(Path("results/pump_block", f"{name}.png").stat().st_size > 1e4 for name in ("transport", "currents"))
    # 30 s are allowed, 5 are taken, with all figures and error estimates.
    assert wall < 30
