"""Benchmarks of what a user waits for at the command line, each of a run whose answer has been proved."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture


def _run(*arguments: str) -> str:
    return subprocess.run([sys.executable, *arguments], check=True, capture_output=True, text=True).stdout


@pytest.mark.benchmark(group="startup")
def test_time_to_import(benchmark: BenchmarkFixture) -> None:
    """The package alone, which loads the solver when it is asked for."""
    pedantic: Any = benchmark.pedantic
    said = pedantic(_run, ("-c", "import electrodiff; print(electrodiff.__name__)"), rounds=5)
    assert said.strip() == "electrodiff"


@pytest.mark.benchmark(group="startup")
@pytest.mark.parametrize("plots", [True, False], ids=["with figures", "without figures"])
def test_time_of_a_warm_run(benchmark: BenchmarkFixture, tmp_path: Path, plots: bool) -> None:
    """`electrodiff run` of the resting potential, whose expectations come from GHK and Gauss's law."""
    options = [] if plots else ["--no-plots"]
    command = ("-m", "electrodiff", "run", "resting_potential", "--json", "--out", str(tmp_path / "out"), *options)
    pedantic: Any = benchmark.pedantic
    found = json.loads(pedantic(_run, command, rounds=5, warmup_rounds=1))
    assert len(found["expect"]) >= 2
    assert all(each["passed"] for each in found["expect"])
    assert plots == any(tmp_path.glob("out/*.png"))
