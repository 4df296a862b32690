"""Compile the kernels that most tests need, once:  python tests/compile_kernels.py

Tests run in several processes.  Each of them would compile for itself what is not on disk yet, which takes several times as
long, and the last digits of kernels that were compiled side by side need not be the same.  Kernels are compiled for each
number of ions anew, so two processes with different numbers share the work.
"""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import electrodiff as ed
from electrodiff.solvers.studies import solve_study

sys.path.insert(0, str(Path(__file__).parent / "kernels"))

import kernel_cases

# Point ions and sized ones, floating ends, cells, transients and spectra: with four ions, and with two, three or five.
WITH_FOUR_IONS = (
    "resting_potential",
    "clamped_membrane",
    "resting_cell",
    "hyperkalemia",
    "chloride_kcc2",
    "membrane_charging",
    "impedance_membrane",
)
WITH_OTHERS = (
    "debye_layer",
    "stern_electrode",
    "steric_electrode",
    "kcsa_channel",
    "junction_build_up",
    "blocking_cell_charging",
    "impedance_blocking_cell",
)
SPECTRUM = {"kind": "impedance", "frequencies": [1.0]}


def compile_for(names: Sequence[str], lanes: str, spectrum: str, sizes: Mapping[str, Any]) -> None:
    """Solve cases, two points of one in lanes, and the spectrum of one with ions of some sizes."""
    for name in names:
        solve_study(ed.load_case(ed.bundled_case(name)))
    ed.sweep(ed.load_case(ed.bundled_case(lanes)).replace("expect", []), {"right.potential": [0.0, 0.001]}, quiet=True)
    case = ed.load_case(ed.bundled_case(spectrum))
    solve_study(case.changed({**sizes, "expect": [], "study": SPECTRUM, "mesh.nodes": 41}))


def main() -> None:
    """Compile in two processes, then what is left in this one."""
    sizes = {f"ions.{ion}.diameter": 0.5e-9 for ion in ("K", "Na", "Cl", "A")} | {"steric": {"model": "bikerman"}}
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        parts = [
            pool.submit(compile_for, WITH_FOUR_IONS, "clamped_membrane", "clamped_membrane", sizes),
            pool.submit(compile_for, WITH_OTHERS, "liquid_junction", "steric_electrode", {}),
        ]
        for part in parts:
            part.result()
    for answer in kernel_cases.CASES.values():
        answer()


if __name__ == "__main__":
    main()
