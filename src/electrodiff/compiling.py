"""Kernels compiled ahead of the runs that need them: small studies of every kind, side by side.

They are compiled for each number of ions anew.  What is compiled is kept on disk, where every process finds it.
"""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING

from electrodiff.engines import end_processes
from electrodiff.errors import CaseError
from electrodiff.interrupts import on_leaving

if TYPE_CHECKING:
    from electrodiff.model import Case

# Numbers of ions that a salt can be made of here, and that are usual.
SMALLEST, LARGEST = 2, 8

# The kinds of studies whose kernels do not wait for each other; those of the second row begin with a steady state.
_ROWS = (("steady", "sweep"), ("transient", "impedance"))
_STUDIES = {
    "steady": {"kind": "steady"},
    "sweep": {"kind": "sweep", "axes": [{"key": "left.potential", "values": [0.0, 0.01]}]},
    "transient": {
        "kind": "transient",
        "end": 1e-9,
        "output": {"from": 1e-10, "per_decade": 1},
        "protocol": [{"set": {"left.potential": 0.01}}],
        "tolerance": 1e-2,
    },
    "impedance": {"kind": "impedance", "frequencies": [1.0, 1e6]},
}


def compile_kernels(ions: int) -> Iterator[str]:
    """Compile what studies of point ions between two reservoirs need for a number of ions, in two processes.

    Each kind of study as soon as its kernels are there.  Raises CaseError for a number that no case is made for here.
    """
    if not SMALLEST <= ions <= LARGEST:
        raise CaseError(f"--ions {ions}: expected a whole number from {SMALLEST} to {LARGEST}")
    processes = ProcessPoolExecutor(2, multiprocessing.get_context("spawn"), _leave_interrupts)
    with on_leaving(end_processes), processes as pool:
        for row in _ROWS:
            started = {kind: pool.submit(solve_small, kind, ions) for kind in row}
            for kind, process in started.items():
                process.result()
                yield kind


def _leave_interrupts() -> None:
    """An interrupt is for the process that has asked: it ends this one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def solve_small(kind: str, ions: int) -> None:
    """Solve a small case with a number of ions and a kind of study, so that its kernels are compiled."""
    from electrodiff.solvers.studies import solve_study

    case = _membrane(ions)
    if kind == "steady":
        # A potential that floats is found by the same kernels, and more.
        case = case.replace("left.potential", "floating")
    solve_study(case.replace("study", _STUDIES[kind]))


def _membrane(ions: int) -> Case:
    """A slab between two baths of salts."""
    from electrodiff.model import Case

    names = list(_names(ions))
    water = {"relative_permittivity": 80.0}
    slab = {"name": "slab", "thickness": 2e-9, "relative_permittivity": 5.0, "partition": dict.fromkeys(names, 0.1)}
    layers = ({"name": "left", "thickness": 2e-9, **water}, slab, {"name": "right", "thickness": 2e-9, **water})
    cations = dict.fromkeys(names[1:], 10.0)
    salt = {**cations, names[0]: sum(cations.values())}
    reservoir = {"kind": "reservoir", "concentrations": salt, "potential": 0.0}
    return Case(
        temperature=300.0,
        ions={name: {"valence": -1 if index == 0 else 1, "diffusivity": 1e-9} for index, name in enumerate(names)},
        layers=layers,
        left=reservoir,
        right=reservoir,
        mesh={"accuracy": 1e-2},
    )


def _names(ions: int) -> Iterator[str]:
    """An anion, then cations."""
    yield "anion"
    for number in range(1, ions):
        yield f"cation {number}"
