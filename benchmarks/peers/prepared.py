"""Ours, from a prepared problem to the scalars with their error estimates: what is timed where preparation is not.

PREPARED has, by the kind of a task, a function of the task that does all that is done once per case and returns what is
timed; the second part of its answer are the estimates, one per value.  Another kind is timed as a whole call alone.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from electrodiff.solvers.batch.solve import chain_points, solve_batch
from electrodiff.solvers.batch.stacks import points_of
from electrodiff.solvers.transient import CLOSE
from peers.membrane import clamped_case
from peers.tasks import Task, Values
from work_precision_tasks import solve_ours

Prepared = Callable[[Task], Callable[[], tuple[Values, Values | None]]]


def _lanes(task: Task) -> Callable[[], tuple[Values, Values | None]]:
    """The voltages of the task, or that of the case, in lanes."""
    case = clamped_case().replace("mesh.accuracy", task.demanded)
    name = "current_density"
    voltages = task.inputs if task.kind == "iv" else np.array([float(case.left.model_dump()["potential"])])
    if task.kind == "floating":
        case, name = case.replace("left.potential", "floating"), "membrane_potential"
    # A key that changes nothing, where there is one point.
    key = "right.potential" if task.kind == "floating" else "left.potential"
    values = np.zeros((1, 1)) if task.kind == "floating" else voltages[:, None]
    points = points_of(case, [key], values)
    if points is None:
        raise ValueError("the case has no place in lanes")
    count = points.count

    def run() -> tuple[Values, Values | None]:
        result = solve_batch(points, [name], range(0, count, chain_points(count)))
        return result.values[:, 0], result.errors[:, 0]

    return run


def _march(task: Task) -> Callable[[], tuple[Values, Values | None]]:
    """The march of the course, at its default tolerance."""
    course = task.course
    if course is None:
        raise ValueError(f"{task.name} is no course in time")
    return lambda: (solve_ours(course, task.demanded, CLOSE).values, None)


PREPARED: dict[str, Prepared] = {"steady": _lanes, "iv": _lanes, "floating": _lanes, "transient": _march}
