"""The steady state of a case."""

from __future__ import annotations

from electrodiff.errors import ConvergenceError
from electrodiff.fvm.problem import Problem, build_problem
from electrodiff.grid.line import layered_line
from electrodiff.grid.mesh import Mesh
from electrodiff.model import Case
from electrodiff.solution import Solution
from electrodiff.solvers.newton import NewtonOptions, NewtonResult, Status
from electrodiff.solvers.ramp import solve_with_ramp


def solve(
    case: Case,
    *,
    mesh: Mesh | None = None,
    options: NewtonOptions = NewtonOptions(),
    throw: bool = True,
) -> Solution:
    """Solve a case's study.

    mesh: the mesh to use instead of the one that the case asks for.  Raises ConvergenceError, whose text names the
    quantity, the place and a remedy, if Newton's method fails; with throw=False the unconverged Solution is returned,
    and its `message` says the same.
    """
    problem = build_problem(case, layered_line(case) if mesh is None else mesh)
    result, reached = solve_with_ramp(problem, options)
    solution = Solution(
        problem=problem,
        state=result.state,
        gate=result.gate,
        converged=result.status is Status.CONVERGED,
        message=describe(problem, result, reached),
        residuals=result.residuals,
        updates=result.updates,
    )
    if throw and not solution.converged:
        raise ConvergenceError(solution.message)
    return solution


def describe(problem: Problem, result: NewtonResult, reached: float) -> str:
    """One sentence on how Newton's method ended and, if it failed, where and what to try."""
    steps = f"{result.status.value} after {result.iterations} Newton step{'s' if result.iterations > 1 else ''}"
    if result.status is Status.CONVERGED:
        return steps
    node, row = result.worst
    case, mesh = problem.case, problem.mesh
    unknown = "the potential" if row == len(case.ions) else f"the concentration of {case.ion_names[row]}"
    layer = case.layers[mesh.layer[min(node, mesh.layer.size - 1)]].name
    history = ", ".join(f"{update:.1e}" for update in result.updates[-5:])
    return (
        f"{steps}; the largest change was in {unknown} at x = {mesh.x[node] * 1e9:.4g} nm (layer '{layer}'), and the "
        f"last changes were {history}; a ramp reached {100 * reached:.0f} % of the voltages and charges: try smaller ones, "
        "or more nodes with mesh.nodes"
    )
