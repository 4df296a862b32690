"""Compiled kernels with every index checked.  `python tests/kernels/bounds.py` does the same for all kernels, in minutes."""

from __future__ import annotations

from pathlib import Path

import bounds

# A system of three unknowns whose matrix has two.
OUTSIDE = """
import numpy as np
from electrodiff.fvm.kernels.blocks import invert
invert(np.eye(2), np.ones(3))
"""


def test_newtons_method_and_inverses_stay_inside_their_arrays() -> None:
    bounds.check(["newton", "inverse"])


def test_an_index_outside_is_seen(tmp_path: Path) -> None:
    """Shows that the test above can fail."""
    done = bounds.checked(["-c", OUTSIDE], tmp_path)
    assert done.returncode != 0
    assert "IndexError" in done.stderr
