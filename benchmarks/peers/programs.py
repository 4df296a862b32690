"""The programs that compete, and the variants of each for each task."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np

from baseline import Method
from compare_transient import PEERS, solve_peer
from ida_peer import IdaPeer, Tolerances
from peers import devsim_peer
from peers.banded import Banded
from peers.bvp import Row
from peers.contest import Program, Run, Variant
from peers.devsim_peer import Device, Stepper, needed_steps
from peers.fipy_peer import Cells
from peers.membrane import Membrane, clamped_membrane, graded_positions
from peers.search import SteadyPeer, potential_by_secants, row_of
from peers.tasks import Task

STEADY = ("steady", "iv", "floating")


# ---- numpy and LAPACK -----------------------------------------------------------------------------------------------


def _banded(method: Method, tolerance: float, workers: int, by_secants: bool) -> Callable[[Task, float], Run]:
    def prepare(task: Task, nodes: float) -> Run:
        membrane = clamped_membrane()
        peer = Banded(membrane, int(nodes), method, tolerance)
        natural: dict[str, Run] = {
            "iv": lambda: peer.curve(task.inputs),
            "floating": lambda: np.array([peer.floating_potential()]),
            "impedance": lambda: peer.impedances(task.inputs, workers),
        }
        return _searching(peer, task, membrane) if by_secants or task.kind == "steady" else natural[task.kind]

    return prepare


def _banded_variants(method: Method, by_secants: bool = False) -> Callable[[Task], list[Variant]]:
    def variants(task: Task) -> list[Variant]:
        if task.kind == "transient" or (by_secants and task.kind != "floating"):
            return []
        tolerances = (1e-2, 1e-3, 1e-4, 1e-6)
        workers = (1, 2) if task.kind == "impedance" else (1,)
        return [
            Variant(
                f"{{}} nodes, Newton to {tolerance:g}" + (f", {count} threads" if len(workers) > 1 else ""),
                _banded(method, tolerance, count, by_secants),
            )
            for tolerance, count in product(tolerances, workers)
        ]

    return variants


# ---- scipy's solve_bvp ----------------------------------------------------------------------------------------------


def _bvp(tolerance: float, analytic: bool) -> Callable[[Task, float], Run]:
    def prepare(task: Task, nodes: float) -> Run:
        row = Row(clamped_membrane(), int(nodes), tolerance, analytic, task.kind == "floating")
        if task.kind == "iv":
            return lambda: row.curve(task.inputs)
        return lambda: np.array([row.value()])

    return prepare


def _bvp_variants(analytic: bool) -> Callable[[Task], list[Variant]]:
    def variants(task: Task) -> list[Variant]:
        if task.kind not in STEADY:
            return []
        tolerances = (1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 1e-5, 1e-6, 1e-7)
        return [Variant(f"{{}} nodes at first, tolerance {one:g}", _bvp(one, analytic)) for one in tolerances]

    return variants


# ---- devsim ---------------------------------------------------------------------------------------------------------


def _devsim(tolerance: float) -> Callable[[Task, float], Run]:
    def prepare(task: Task, nodes: float) -> Run:
        membrane = clamped_membrane()
        x, _ = graded_positions(membrane.faces, int(nodes), devsim_peer.LENGTHS, devsim_peer.GROWTH)
        return _searching(Device(membrane, x, tolerance), task, membrane)

    return prepare


def _devsim_step(task: Task, factor: float) -> Run:
    if task.course is None:
        raise ValueError(f"{task.name} is no course in time")
    stepper = Stepper(clamped_membrane(), task.course)
    one_each = stepper.run(np.ones(task.inputs.size, dtype=int))
    need = needed_steps(np.abs(one_each - task.reference) / task.scale, task.demanded)
    steps = np.maximum(1, np.ceil(factor * need)).astype(int)
    return lambda: stepper.run(steps)


def _devsim_variants(task: Task) -> list[Variant]:
    if task.kind == "transient":
        return [Variant("TR-BDF2, {} of the steps that an estimate asks for", _devsim_step, (1.4, 2.0, 2.8))]
    if task.kind not in STEADY:
        return []
    return [Variant(f"{{}} nodes, Newton to {one:g}", _devsim(one)) for one in (1e-2, 1e-4)]


# ---- FiPy -----------------------------------------------------------------------------------------------------------


def _fipy(tolerance: float) -> Callable[[Task, float], Run]:
    def prepare(task: Task, nodes: float) -> Run:
        membrane = clamped_membrane()
        return _searching(Cells(membrane, int(nodes), tolerance), task, membrane)

    return prepare


def _fipy_variants(task: Task) -> list[Variant]:
    if task.kind not in STEADY:
        return []
    return [Variant(f"{{}} nodes, sweeps to {one:g}", _fipy(one)) for one in (1e-2, 1e-4)]


def _searching(peer: SteadyPeer, task: Task, membrane: Membrane) -> Run:
    """What a program that knows steady states at a voltage does for a task."""

    def current() -> np.ndarray:
        peer.set_voltage(membrane.voltage)
        peer.reset()
        peer.solve()
        return np.array([peer.current()])

    scale = membrane.scales.potential
    return {
        "steady": current,
        "iv": lambda: row_of(peer, task.inputs / scale),
        "floating": lambda: np.array([potential_by_secants(peer, membrane.voltage) * scale]),
    }[task.kind]


# ---- SUNDIALS IDA ---------------------------------------------------------------------------------------------------


_IDA: dict[tuple[int, bool], IdaPeer] = {}
"""By course and solver: each compiles its residual, and takes any tolerance."""


def _ida(one: Tolerances, has_lapack: bool) -> Callable[[Task, float], Run]:
    def prepare(task: Task, relative: float) -> Run:
        course = task.course
        if course is None:
            raise ValueError(f"{task.name} is no course in time")
        key = id(course), has_lapack
        if key not in _IDA:
            _IDA[key] = IdaPeer(course.problem, course.moment.state, has_lapack)
        peer = _IDA[key]
        tolerances = one._replace(relative=relative)
        return lambda: solve_peer(course, peer, tolerances).values

    return prepare


def _ida_variants(task: Task) -> list[Variant]:
    if task.kind != "transient":
        return []
    relative = tuple(sorted({one.relative for one in PEERS}, reverse=True))
    others = dict.fromkeys(one._replace(relative=0.0) for one in PEERS)
    return [
        Variant(
            f"relative {{}}, activity {one.activity:g}, potential {one.potential:g}, renewal {one.renewal:g}"
            + (", LAPACK" if has_lapack else ""),
            _ida(one, has_lapack),
            relative,
        )
        for one, has_lapack in product(others, (False, True))
    ]


PROGRAMS = (
    Program("scipy `solve_bvp`", "scipy", _bvp_variants(False)),
    Program("scipy `solve_bvp`, analytic Jacobian", "scipy", _bvp_variants(True)),
    Program("numpy + `solve_banded`", "scipy", _banded_variants("solve_banded")),
    Program("numpy + LAPACK `gbsv`", "scipy", _banded_variants("gbsv")),
    Program("numpy + LAPACK `gbsv`, secants", "scipy", _banded_variants("gbsv", by_secants=True)),
    Program("devsim", "devsim", _devsim_variants),
    Program("FiPy", "fipy", _fipy_variants),
    Program("SUNDIALS IDA", "sksundae", _ida_variants),
)
