"""Ours, from a prepared problem to the scalars with their error estimates: what is timed where preparation is not.

PREPARED has, by the kind of a task, a function of the task that does all that is done once per case and returns what is
timed; the second part of its answer are the estimates, one per value.  Another kind is timed as a whole call alone.
"""

from __future__ import annotations

from collections.abc import Callable

from electrodiff.solvers.batch.solve import Batch, chain_points
from electrodiff.solvers.batch.stacks import points_of
from electrodiff.solvers.prepared import prepare
from electrodiff.solvers.prepared_spectrum import prepare_spectrum
from electrodiff.solvers.transient import CLOSE
from peers.membrane import clamped_case
from peers.tasks import Task, Values
from work_precision_tasks import solve_ours

# Of the accuracy, which is asked for relative to the larger one-way currents; the task means the net current.
SHARE = 0.4

Prepared = Callable[[Task], Callable[[], tuple[Values, Values | None]]]


def _prepared(task: Task) -> Callable[[], tuple[Values, Values | None]]:
    """The case on its nested meshes, with a first guess."""
    name = "membrane_potential" if task.kind == "floating" else "current_density"
    case = clamped_case().replace("mesh.accuracy", SHARE * task.demanded)
    if task.kind == "floating":
        case = case.replace("left.potential", "floating")
    prepared = prepare(case, (name,))
    place = prepared.names.index(name)

    def run() -> tuple[Values, Values | None]:
        values, errors, _ = prepared.estimates()
        return values[place : place + 1], errors[place : place + 1]

    return run


def _lanes(task: Task) -> Callable[[], tuple[Values, Values | None]]:
    """The voltages of the task in lanes, on their meshes and with their first guesses."""
    case = clamped_case().replace("mesh.accuracy", task.demanded)
    points = points_of(case, ["left.potential"], task.inputs[:, None])
    if points is None:
        raise ValueError("the case has no place in lanes")
    batch = Batch(points, ["current_density"], range(0, points.count, chain_points(points.count)))

    def run() -> tuple[Values, Values | None]:
        result = batch.solve()
        return result.values[:, 0], result.errors[:, 0]

    return run


def _march(task: Task) -> Callable[[], tuple[Values, Values | None]]:
    """The march of the course, at its default tolerance."""
    course = task.course
    if course is None:
        raise ValueError(f"{task.name} is no course in time")
    return lambda: (solve_ours(course, task.demanded, CLOSE).values, None)


def _spectrum(task: Task) -> Callable[[], tuple[Values, Values | None]]:
    """The case on its nested meshes, with a first guess of its steady state and its frequencies in lanes."""
    study = {"kind": "impedance", "frequencies": task.inputs.tolist()}
    case = clamped_case().changed({"mesh.accuracy": task.demanded, "study": study})
    # A second thread gains nothing in two milliseconds: it takes a tenth of one to wake, and the memory is shared.
    return prepare_spectrum(case, 1).estimates


PREPARED: dict[str, Prepared] = {
    "steady": _prepared,
    "iv": _lanes,
    "floating": _prepared,
    "impedance": _spectrum,
    "transient": _march,
}
