"""What a Jacobian of an earlier step costs the march in steps and in error:  python benchmarks/frozen_jacobian.py

The stages of Rodas5P are put together from the kernels, so that the Jacobian can be that of the state some steps ago.  The
matrix is factored anew with the length of each step all the same: the loss alone is seen, and not what a method without
new factors would lose on top by steps of a length that its factors do not have.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from electrodiff.fvm.kernels.arrays import Floats
from electrodiff.fvm.kernels.points import factor_points, stage_backward, stage_forward
from electrodiff.fvm.kernels.stages import (
    Course,
    Given,
    add_stages,
    fill_faces,
    keep_faces,
    place_given,
    place_stage,
    place_sum,
)
from electrodiff.solvers import march as marching
from work_precision_tasks import Task, blocking_cell, solve_ours, voltage_step, whole_cell

AGES = (1, 2, 4)
TOLERANCES = (1e-4, 1e-5)
CLOSE = 0.7
REFERENCE = (1e-9, 0.25)


class FrozenStep:
    """The step of point ions without border unknowns, whose Jacobian is renewed after so many steps that are tried."""

    def __init__(self, age: int) -> None:
        self._age, self._tried = age, 0
        self._state = np.empty(0)

    def __call__(
        self,
        courses: Sequence[Course],
        given: Given,
        dt: float,
        state: Floats,
        gate: Floats,
        content: Floats,  # noqa: ARG002 - as the kernel
    ) -> bool:
        chain, border, _, tableau, work = courses[0]
        if gate.size:
            raise ValueError(f"the chain has {gate.size} border unknowns; expected none")
        if self._tried % self._age == 0:
            self._state = state
        self._tried += 1
        work.conducted[:] = 0.0
        fill_faces(chain, border, given.watched, self._state, work.jacobian)
        rate = 1.0 / (tableau.gamma * dt)
        if factor_points(chain, self._state, rate, work.points) >= 0:
            return False
        for i in range(tableau.time.size):
            place_given(chain, border, given, tableau, i, dt, work.given)
            first = place_stage(tableau.a, i, state, work.stage)
            add_stages(tableau.a[i], first, i, work.k, work.stage)
            place_sum(tableau.c[i] / dt, i, work.k, work.source)
            stage_forward(
                chain,
                work.points,
                work.stage,
                work.source,
                work.given,
                tableau.flow_weight[i],
                work.flow,
                work.update,
                work.conducted,
            )
            stage_backward(chain.valence, work.points, self._state, work.update, work.k[i])
            keep_faces(chain, border, tableau, given, dt, i, work)
        return True


def print_rows(task: Task) -> None:
    """Steps that were tried and the error of the outputs, for each tolerance and age."""
    reference = solve_ours(task, *REFERENCE).values
    print(f"\n{task.title}, {task.error_name}")
    print("tolerance" + "".join(f"{f'renewed after {age}':>24}" for age in AGES))
    for tolerance in TOLERANCES:
        cells = []
        for age in AGES:
            vars(marching)["step_point_ions"] = FrozenStep(age)
            effort = solve_ours(task, tolerance, CLOSE)
            cells.append(f"{f'{effort.factorisations} steps, {task.error(effort.values, reference):.1e}':>24}")
        print(f"{tolerance:9.0e}" + "".join(cells))


def main() -> None:
    """Print the tables."""
    true_step = vars(marching)["step_point_ions"]
    for make in (voltage_step, blocking_cell, whole_cell):
        try:
            print_rows(make())
        except ValueError as error:
            print(error)
        finally:
            vars(marching)["step_point_ions"] = true_step


if __name__ == "__main__":
    main()
