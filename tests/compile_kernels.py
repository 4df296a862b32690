"""Compile the kernels that most tests need, once and in one process:  python tests/compile_kernels.py

Tests run in several processes.  Each of them would compile for itself what is not on disk yet, which takes several times as
long, and the last digits of kernels that were compiled side by side need not be the same.
"""

from __future__ import annotations

import sys
from pathlib import Path

import electrodiff as ed
from electrodiff.solvers.studies import solve_study

sys.path.insert(0, str(Path(__file__).parent / "kernels"))

import kernel_cases

# Point ions and sized ones, floating ends, cells, transients and spectra, with two to five ions.
CASES = (
    "resting_potential",
    "clamped_membrane",
    "debye_layer",
    "stern_electrode",
    "steric_electrode",
    "kcsa_channel",
    "resting_cell",
    "hyperkalemia",
    "chloride_kcc2",
    "junction_build_up",
    "blocking_cell_charging",
    "membrane_charging",
    "impedance_blocking_cell",
    "impedance_membrane",
)

SPECTRUM = {"kind": "impedance", "frequencies": [1.0]}


def main() -> None:
    """Solve a case of each kind, and a few points in lanes."""
    for name in CASES:
        solve_study(ed.load_case(ed.bundled_case(name)))
    for name in ("clamped_membrane", "liquid_junction"):
        case = ed.load_case(ed.bundled_case(name)).replace("expect", [])
        ed.sweep(case, {"right.potential": [0.0, 0.001]}, quiet=True)
    # Spectra of two and of four sized ions.
    diameters = {f"ions.{ion}.diameter": 0.5e-9 for ion in ("K", "Na", "Cl", "A")}
    for name, sizes in (("steric_electrode", {}), ("clamped_membrane", {**diameters, "steric": {"model": "bikerman"}})):
        case = ed.load_case(ed.bundled_case(name)).changed({**sizes, "expect": [], "study": SPECTRUM, "mesh.nodes": 41})
        solve_study(case)
    for answer in kernel_cases.CASES.values():
        answer()


if __name__ == "__main__":
    main()
