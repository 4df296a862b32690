"""Kernels as plain Python, line by line: the answers of the compiled ones, and nearly every line is run.

Where numba is switched off numpy checks every index and Python raises what compiled code would let pass.  The lines that
remain are what writes machine code (`vectors`, `scratch`), which only a compiler runs, and ways out of failures.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from bounds import Answers, compare
from kernel_cases import CASES

from electrodiff.fvm.kernels import compiler

HERE = Path(__file__).parent
LEAST_COVERAGE = 95.0  # percent of lines


def interpreted(*command: str, data: Path) -> str:
    """What a command of coverage prints in a process without a compiler."""
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1", "COVERAGE_FILE": str(data)}
    done = subprocess.run(
        [sys.executable, "-m", "coverage", *command],
        env=environment,
        cwd=data.parent,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("interpreted") / "coverage"


@pytest.fixture(scope="module")
def answers(data: Path) -> Answers:
    """The answers of all cases."""
    folder = str(compiler.FOLDER)
    text = interpreted("run", "--source", folder, str(HERE / "kernel_cases.py"), data=data)
    found: Answers = json.loads(text)
    return found


@pytest.mark.parametrize("name", CASES)
def test_interpreted_kernels_give_the_answers_of_compiled_ones(answers: Answers, name: str) -> None:
    """Contracted products are rounded once less than others, and Newton's last update, of at most 1e-9, is applied."""
    compare(answers[name], CASES[name]())


def test_nearly_all_lines_of_the_kernels_are_run(answers: Answers, data: Path) -> None:
    assert answers
    report = json.loads(interpreted("json", "-q", "-o", "-", data=data))
    assert len(report["files"]) == len(list(compiler.FOLDER.glob("*.py")))
    missed = {Path(name).name: file["missing_lines"] for name, file in report["files"].items() if file["missing_lines"]}
    assert report["totals"]["percent_covered"] >= LEAST_COVERAGE, missed
