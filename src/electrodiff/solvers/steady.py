"""The steady state of a case."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from electrodiff.checks import SIDES
from electrodiff.errors import ConvergenceError
from electrodiff.fvm.problem import Problem, build_problem
from electrodiff.grid.line import layered_line
from electrodiff.grid.mesh import Mesh
from electrodiff.model import Case
from electrodiff.solution import Solution
from electrodiff.solvers.newton import NewtonOptions, NewtonResult, Status, solve_newton
from electrodiff.solvers.ramp import solve_with_ramp

# Displacement at which the stability of a rest is tried [V]: far above the solver's accuracy, far below any gate's slope.
BESIDE = 1e-5


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
    if solution.converged:
        solution = replace(solution, notes=tuple(_stability(solution)))
    if throw and not solution.converged:
        raise ConvergenceError(solution.message)
    return solution


def _stability(solution: Solution) -> Iterator[str]:
    """Whether a floating potential of a gated membrane is a stable rest: dI/dV > 0, by a clamp beside it."""
    case = solution.case
    floating = [side for side in SIDES if getattr(case, side).kind == "reservoir" and getattr(case, side).is_floating]
    if not floating or not any(layer.gating for layer in case.layers):
        return
    phi = float(solution.potential[0 if floating[0] == "left" else -1])
    moved = {f"{floating[0]}.potential": phi + BESIDE, f"{floating[0]}.current": None}
    problem = build_problem(case.changed(moved), solution.problem.mesh)
    # From the same state, so that the clamp stays on its branch.
    beside = solve_newton(problem, solution.state)
    clamped = replace(solution, problem=problem, state=beside.state, gate=beside.gate)
    change = clamped.current_density - solution.current_density
    if beside.status is Status.CONVERGED and (change < 0) == (floating[0] == "left"):
        yield (
            "this resting potential is unstable: a current of the same sign as a small displacement drives the membrane "
            "away from it; clamp other potentials to find the stable ones"
        )


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
