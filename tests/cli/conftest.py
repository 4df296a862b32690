"""What the tests of the commands share: a small case, an empty folder to work in, and the commands run in-process."""

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from electrodiff import parse_case, solve
from electrodiff.cli import app

CASE = """\
title = "Test membrane"
temperature = "310 K"

[ions.K]
[ions.A]
valence = -1
diffusivity = "2e-9 m^2/s"

[[layers]]
name = "inside"
thickness = "10 nm"
relative_permittivity = 80
[[layers]]
name = "membrane"
thickness = "5 nm"
relative_permittivity = 2
partition = { K = 1e-4, A = 2e-4 }
diffusivity = { K = "1e-11 m^2/s", A = "1e-11 m^2/s" }
fixed_charge = "0 mM"
[[layers]]
name = "outside"
thickness = "10 nm"
relative_permittivity = 80

[[interfaces]]
between = ["inside", "membrane"]
surface_charge = "0 C/m^2"

[left]
concentrations = { K = "150 mM", A = "150 mM" }
potential = "-65 mV"
[right]
concentrations = { K = "150 mM", A = "150 mM" }
potential = "0 mV"

[mesh]
nodes = 61
"""


@pytest.fixture(scope="session", autouse=True)
def compiled() -> None:
    """The kernels are compiled before the first test, so that no run has to say that it compiles them."""
    solve(parse_case(CASE))


@pytest.fixture(scope="session")
def case_text() -> str:
    """A valid case of two ions, so that most of these tests use the same compiled kernels."""
    return CASE


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def electrodiff(folder: Path) -> Callable:  # noqa: ARG001 - it is the working directory
    """`electrodiff(*arguments)` runs a command in the working directory and returns exit code, stdout and stderr."""
    runner = CliRunner(env={"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"})
    return lambda *arguments: runner.invoke(app, [str(argument) for argument in arguments])
