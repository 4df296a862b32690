"""Ours: the public calls, from a Case to a Solution, and what `prepared` has."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

import electrodiff as ed
from peers.contest import Entrant, Run, Variant, entrant
from peers.membrane import clamped_case
from peers.prepared import PREPARED
from peers.tasks import Task

WHOLE, INSIDE = "electrodiff, whole call", "electrodiff, prepared"


def _case(task: Task) -> ed.Case:
    return clamped_case().replace("mesh.accuracy", task.demanded)


def _steady(task: Task) -> Run:
    case = _case(task)
    return lambda: np.array([ed.solve(case).scalars["current_density"]])


def _floating(task: Task) -> Run:
    case = _case(task).replace("left.potential", "floating")
    return lambda: np.array([ed.solve(case).scalars["membrane_potential"]])


def _sweep(task: Task) -> Run:
    axis = {"key": "left.potential", "values": task.inputs.tolist()}
    case = _case(task).replace("study", {"kind": "sweep", "axes": [axis], "quantities": ["current_density"]})
    return lambda: ed.solve_sweep(case).results.values[:, 0]


def _impedance(task: Task) -> Run:
    case = _case(task).replace("study", {"kind": "impedance", "frequencies": task.inputs.tolist()})
    return lambda: ed.solve_impedance(case).impedance


def _transient(task: Task) -> Run:
    """As `voltage_step` has it, with the errors in time estimated."""
    study = {
        "kind": "transient",
        "end": float(task.inputs[-1]),
        "output": {"times": task.inputs.tolist()},
        "protocol": [{"at": 0.0, "set": {"left.potential": clamped_case().left.model_dump()["potential"]}}],
    }
    case = clamped_case().changed({"left.potential": 0.0, "mesh.nodes": 1001, "study": study})
    return lambda: ed.solve_transient(case).total_current_density[1:]


_CALLS: dict[str, Callable[[Task], Run]] = {
    "steady": _steady,
    "iv": _sweep,
    "floating": _floating,
    "impedance": _impedance,
    "transient": _transient,
}
NAMES = {
    "steady": "solve(case)",
    "iv": "solve_sweep(case)",
    "floating": "solve(case)",
    "impedance": "solve_impedance(case)",
    "transient": "solve_transient(case)",
}


Make = Callable[[Task], Run]


def _whole(task: Task) -> Run:
    return _CALLS[task.kind](task)


def _inside(task: Task) -> Run:
    run = PREPARED[task.kind](task)
    return lambda: run()[0]


RUNS: dict[str, Make] = {WHOLE: _whole, INSIDE: _inside}


def entrants(task: Task) -> list[Entrant]:
    """Ours, as whole calls and prepared, with errors that have been proved."""
    settings = {WHOLE: f"`{NAMES[task.kind]}`, accuracy {task.demanded:g}", INSIDE: "scalars with their estimates"}
    found = []
    for name, make in RUNS.items():

        def prepare(task: Task, _: float, make: Make = make) -> Run:
            return make(task)

        if name == WHOLE or task.kind in PREPARED:
            found.append(entrant(name, Variant(settings[name], prepare), task, 0.0, is_ours=True))
    return found
