"""The steady state of a case."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from electrodiff.checks import SIDES
from electrodiff.errors import CaseError, ConvergenceError
from electrodiff.fvm.problem import build_problem
from electrodiff.grid.mesh import Mesh
from electrodiff.model import Case
from electrodiff.readings import Readings
from electrodiff.routes import disagreements
from electrodiff.solution import Solution
from electrodiff.solvers.accuracy import Refined, solve_to_accuracy
from electrodiff.solvers.exhaustion import tied, why_exhausted, why_one_way, why_tied
from electrodiff.solvers.levels import Level, lazy_profiles, scalar_estimates, solve_level
from electrodiff.solvers.newton import NewtonOptions, Status, solve_newton
from electrodiff.study import SteadyStudy

# Displacement at which the stability of a rest is tried [V]: far above the solver's accuracy, far below any gate's slope.
BESIDE = 1e-5


def solve(
    case: Case,
    *,
    mesh: Mesh | None = None,
    options: NewtonOptions = NewtonOptions(),
    throw: bool = True,
) -> Solution:
    """Solve a case whose study is its steady state.

    mesh: one mesh to use instead of those that the case asks for; there is no error estimate then.  Raises CaseError if
    the study is another, and ConvergenceError, whose text names the quantity, the place and a remedy, if Newton's method
    fails; with throw=False the unconverged Solution is returned, and its `message` says the same.
    """
    if not isinstance(case.study, SteadyStudy):
        kind = case.study.kind
        raise CaseError(
            f"study.kind is '{kind}', and only steady states are solved for here; use solve_{kind}(case) or "
            "'electrodiff run', or set study.kind to 'steady'"
        )
    return solve_steady(case, mesh=mesh, options=options, throw=throw)


def solve_steady(
    case: Case,
    *,
    mesh: Mesh | None = None,
    options: NewtonOptions = NewtonOptions(),
    throw: bool = True,
) -> Solution:
    """The steady state of a case with any study; see `solve`."""
    return finished(solve_on(case, mesh, options)[0], throw)


def finished(solution: Solution, throw: bool) -> Solution:
    """With its notes.  Raises ConvergenceError if it has not converged, unless told not to throw."""
    notes = tuple(_stability(solution)) if solution.converged else ()
    if notes:
        solution = replace(solution, notes=notes)
    if throw and not solution.converged:
        raise ConvergenceError(solution.message)
    return solution


def solve_on(case: Case, mesh: Mesh | None, options: NewtonOptions) -> tuple[Solution, list[Level]]:
    """The steady state of a case on a mesh, or on those that it asks for, and the nested ones that it is from."""
    if mesh is None:
        return solve_beside(case, options)
    levels = [solve_level(case, mesh, None, None, options)]
    return _solution(case, Refined(levels, levels, scalar_estimates(levels))), levels


def solve_beside(case: Case, options: NewtonOptions, before: Level | None = None) -> tuple[Solution, list[Level]]:
    """The steady state of a case and the nested meshes that it is from; `before` has a state like its own."""
    found = solve_to_accuracy(case, options, before)
    return _solution(case, found), found.levels


def _solution(case: Case, found: Refined) -> Solution:
    """The solution from all meshes that were solved on and from the nested ones at the end of them."""
    solved, levels, estimates = found
    last, error = levels[-1], estimates.error
    conflicts = list(disagreements(last.readings, error)) if last.converged else []
    profiles, profile_error = lazy_profiles(levels)
    return Solution(
        problem=last.problem,
        state=last.result.state,
        gate=last.result.gate,
        scalars=estimates.scalars,
        error=error,
        extrapolated=profiles,
        profile_error=profile_error,
        converged=last.converged and not conflicts,
        message="; ".join([describe(last), *conflicts]),
        residuals=np.concatenate([level.result.residuals for level in solved]),
        updates=np.concatenate([level.result.updates for level in solved]),
        meshes=tuple(level.problem.mesh.nodes for level in solved),
        missed=estimates.missed if case.mesh.nodes is None and len(levels) > 1 else (),
        fallbacks=tuple(dict.fromkeys(name for level in solved for name in level.attempt.fallbacks)),
    )


def _stability(solution: Solution) -> Iterator[str]:
    """Whether a floating potential of a gated membrane is a stable rest: dI/dV > 0, by a clamp beside it."""
    case = solution.case
    floating = [side for side in SIDES if getattr(case, side).kind == "reservoir" and getattr(case, side).is_floating]
    if not floating or not case.gate_names:
        return
    phi = float(solution.readings.potential[0 if floating[0] == "left" else -1])
    moved = {f"{floating[0]}.potential": phi + BESIDE, f"{floating[0]}.current": None}
    problem = build_problem(case.changed(moved), solution.problem.mesh)
    # From the same state, so that the clamp stays on its branch.
    beside = solve_newton(problem, solution.state)
    clamped = Readings(problem, beside.state, beside.gate)
    change = clamped.current_density - solution.readings.current_density
    if beside.status is Status.CONVERGED and (change < 0) == (floating[0] == "left"):
        yield (
            "this resting potential is unstable: a current of the same sign as a small displacement drives the membrane "
            "away from it; clamp other potentials to find the stable ones"
        )


def describe(level: Level) -> str:
    """One sentence on how Newton's method ended and, if it failed, where and what to try."""
    problem, result, reached = level.problem, level.result, level.attempt.reached
    steps = f"{result.status.value} after {result.iterations} Newton step{'s' if result.iterations > 1 else ''}"
    if result.status is Status.CONVERGED:
        return steps
    if result.status is Status.OUT_OF_RANGE:
        return f"{result.status.value}: it keeps its sign; ask for another current, or clamp the potential"
    if result.status is Status.RUNS_OUT:
        return f"{result.status.value}: {why_exhausted(problem, *result.worst)}"
    if result.status is Status.ONE_WAY:
        return f"{result.status.value}: {why_one_way(problem, result.worst[1])}"
    if result.status is Status.TIED:
        return f"{result.status.value}: {why_tied(tied(problem))}"
    node, row = result.worst
    case, mesh = problem.case, problem.mesh
    if result.status is Status.BEYOND_NUMBERS:
        layer = case.layers[mesh.layer[min(node, mesh.layer.size - 1)]].name
        return (
            f"{result.status.value}: that of {case.ion_names[row]} at x = {mesh.x[node] * 1e9:.4g} nm (layer '{layer}'); "
            "lower the charge there, or let more ions of the opposite sign in"
        )
    unknown = "the potential" if row == len(case.ions) else f"the concentration of {case.ion_names[row]}"
    layer = case.layers[mesh.layer[min(node, mesh.layer.size - 1)]].name
    history = ", ".join(f"{update:.1e}" for update in result.updates[-5:])
    return (
        f"{steps}; the largest change was in {unknown} at x = {mesh.x[node] * 1e9:.4g} nm (layer '{layer}'), and the "
        f"last changes were {history}; a ramp reached {100 * reached:.0f} % of the voltages and charges: try smaller ones, "
        "or more nodes with mesh.nodes"
    )
