"""Derivatives of every reported scalar of a solution by any number of its case; see `tangent`.

A scalar is an explicit function Q(state; p) of a state and the problem, and so

    dQ/dp = Q_x d(state)/dp + Q_p

is a central difference, extrapolated after Richardson, of Q along the tangent while the problem moves with p.  It is taken on
every one of the nested meshes of the solution, and the derivatives are extrapolated from them, and their errors
estimated, as the scalars themselves are.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from electrodiff.errors import CaseError, ConvergenceError
from electrodiff.extrapolation import extrapolate
from electrodiff.fields import nearest
from electrodiff.fvm.kernels.arrays import Floats
from electrodiff.fvm.moving import moved_problem
from electrodiff.fvm.problem import Problem, build_problem
from electrodiff.grid.line import layered_line
from electrodiff.grid.mesh import Mesh, line_mesh
from electrodiff.key_numbers import KeyNumber, checked_number, moved
from electrodiff.readings import Readings
from electrodiff.sensitivities import Sensitivity
from electrodiff.solution import Solution
from electrodiff.solvers.guess import with_pinned
from electrodiff.solvers.newton import NewtonOptions
from electrodiff.solvers.robust import solve_robustly
from electrodiff.solvers.tangent import Explicit, Linearised, along, derivative, explicit, linearised, tangent

# Columns of Richardson's tables: with steps of 1/128 of a number they leave 1e-8 of what changes as its fiftieth power.
COLUMNS = 3


def sensitivity(solution: Solution, keys: Sequence[str] | str, quantities: Sequence[str] | None = None) -> Sensitivity:
    """The derivatives of reported scalars by numbers of the case, such as "layers.membrane.thickness".

    keys: key paths as for `Case.replace`; of a concentration its reservoir must say what neutralises it.  quantities:
    full names of scalars, by default all.  Raises CaseError about a key that is no number or cannot be moved alone, and
    ConvergenceError if the solution is none, or stands at a fold, where there are no derivatives.
    """
    if not solution.converged:
        raise ConvergenceError(f"there is no solution to differentiate: {solution.message}")
    wanted = [keys] if isinstance(keys, str) else list(keys)
    numbers = [checked_number(solution.case, key) for key in wanted]
    names = _checked_names(solution, quantities)
    tables = [_on_mesh(problem, state, gate, numbers, names) for problem, state, gate in _nested(solution)]
    values, errors = extrapolate([table[0] for table in tables])
    return Sensitivity(
        quantities=tuple(names),
        keys=tuple(wanted),
        units=tuple(number.unit for number in numbers),
        at=np.array([float(number.value) for number in numbers]),
        value=np.array([_or_nan(solution.scalars[name]) for name in names]),
        derivative=values,
        error=errors + tables[-1][1],
    )


def _checked_names(solution: Solution, quantities: Sequence[str] | None) -> list[str]:
    names = list(solution.scalars) if quantities is None else list(quantities)
    for name in names:
        if name not in solution.scalars:
            raise CaseError(f"no quantity of this case is called '{name}'{nearest(name, solution.scalars)}")
    return names


def _or_nan(value: float | None) -> float:
    return np.nan if value is None else value


def _on_mesh(
    problem: Problem, state: Floats, gate: Floats, numbers: Sequence[KeyNumber], names: Sequence[str]
) -> tuple[Floats, Floats]:
    """(Q, K) derivatives on one mesh, and what the last column of their tables has changed of them."""
    linear = linearised(problem, state, gate)
    if linear is None:
        raise ConvergenceError("the equations are singular at this solution, so that it has no derivatives")
    columns = [_by(problem, linear, state, gate, number, names) for number in numbers]
    shape = (len(names), len(numbers))
    found = (np.array([column[part] for column in columns]).T.reshape(shape) for part in (0, 1))
    return tuple(found)  # type: ignore[return-value]


def _by(
    problem: Problem, linear: Linearised, state: Floats, gate: Floats, number: KeyNumber, names: Sequence[str]
) -> tuple[Floats, Floats]:
    """(Q,) derivatives by one number on one mesh."""
    beside: dict[float, Problem] = {}

    def at(distance: float) -> Problem:
        if distance not in beside:
            case = moved(problem.case, {number.key: number.value + distance})
            try:
                beside[distance] = moved_problem(problem, case)
            except CaseError as error:
                raise CaseError(f"{number.key} is {number.value:g}: {error}") from None
        return beside[distance]

    given, _ = derivative(lambda distance: explicit(at(distance), state, gate), number.step, COLUMNS)
    try:
        change = tangent(linear, Explicit(*given))
    except np.linalg.LinAlgError:
        raise ConvergenceError("the solution stands at a fold, where it has no derivatives") from None

    def scalars(distance: float) -> tuple[Floats]:
        with np.errstate(invalid="ignore", divide="ignore"):
            found = Readings(at(distance), *along(state, gate, change, distance)).scalars()
        return (np.array([_or_nan(found[name]) for name in names]),)

    (values,), (changes,) = derivative(scalars, number.step, COLUMNS)
    return values, changes


def _nested(solution: Solution) -> list[tuple[Problem, Floats, Floats]]:
    """Problem, state and gates on the nested meshes of a solution, from the coarsest to its own."""
    found = [(solution.problem, solution.state, solution.gate)]
    for mesh in _coarser_meshes(solution):
        problem = build_problem(solution.case, mesh)
        places = np.searchsorted(found[0][0].mesh.x, mesh.x - 1e-6 * np.diff(mesh.x).min())
        attempt = solve_robustly(problem, with_pinned(problem, found[0][1][places].copy()), NewtonOptions())
        if not attempt.converged:
            break
        found.insert(0, (problem, attempt.result.state, attempt.result.gate))
    return found


def _coarser_meshes(solution: Solution) -> list[Mesh]:
    """The meshes that a solution was extrapolated from but for its own, the finest of them first."""
    case, mesh, sizes = solution.case, solution.problem.mesh, list(solution.meshes)
    if case.mesh.nodes is not None:
        lines = layered_line(case).nested()[:-1] if len(sizes) > 1 else []
        return [line.mesh() for line in reversed(lines)]
    # Other meshes may stand between: those whose nodes were moved and did no better.
    meshes: list[Mesh] = []
    while (mesh.boundaries % 2 == 0).all() and (mesh.nodes - 1) // 2 + 1 in sizes:
        mesh = line_mesh(case, mesh.x[::2], mesh.layer[::2])
        meshes.append(mesh)
    return meshes
