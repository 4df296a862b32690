"""Compiled kernels with every index checked, on the cases of `kernel_cases`:  python tests/kernels/bounds.py [NAME...]

numba keeps checked kernels under the same names as the others, so they get a folder of their own, which is thrown away.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from kernel_cases import CASES, Answer

HERE = Path(__file__).parent

# Contracted products are rounded once less than others, and Newton's last update, of at most 1e-9, is applied.
SAME = 1e-9
# Of the largest of its kind, what counts as nothing: Newton's method lets what is to be 0 fall step by step.
NOTHING = 1e-12

Answers = dict[str, dict[str, list[float]]]


def compare(found: dict[str, list[float]], compiled: Answer) -> None:
    """Raises AssertionError if the answers of one case differ by more than rounding."""
    assert compiled.keys() == found.keys()
    for kind, expected in compiled.items():
        largest = np.nanmax(np.abs(expected), initial=0.0)
        np.testing.assert_allclose(found[kind], expected, rtol=SAME, atol=NOTHING * largest, err_msg=kind)


def checked(command: list[str], cache: Path) -> subprocess.CompletedProcess[str]:
    """A Python command in a process whose compiled kernels check every index."""
    environment = {**os.environ, "NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": str(cache)}
    return subprocess.run([sys.executable, *command], env=environment, capture_output=True, text=True, check=False)


def check(names: list[str]) -> None:
    """Run the cases with checked kernels, and compare.  Raises AssertionError."""
    with tempfile.TemporaryDirectory() as cache:
        done = checked([str(HERE / "kernel_cases.py"), *names], Path(cache))
    assert done.returncode == 0, done.stderr
    answers: Answers = json.loads(done.stdout)
    for name in names:
        compare(answers[name], CASES[name]())


if __name__ == "__main__":
    start = time.perf_counter()
    chosen = sys.argv[1:] or list(CASES)
    check(chosen)
    print(f"{len(chosen)} cases with every index checked, none outside ({time.perf_counter() - start:.0f} s)")  # noqa: T201
