"""The current-voltage curve of a case: steady states from the middle outwards, each the first guess of the next."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from electrodiff.current_voltage import CurrentVoltage
from electrodiff.ends import Reservoir
from electrodiff.errors import CaseError, ConvergenceError
from electrodiff.extrapolation import extrapolate
from electrodiff.fvm.borders import BorderUnknown, as_border
from electrodiff.fvm.kernels.arrays import CURRENT, GATING, RATE, Border
from electrodiff.fvm.kernels.border import border_columns, border_equations
from electrodiff.fvm.kernels.chain import eliminate_point_ions, eliminate_sized_ions
from electrodiff.fvm.problem import placed
from electrodiff.model import Case
from electrodiff.solution import Solution
from electrodiff.solvers.levels import Level
from electrodiff.solvers.newton import NewtonOptions
from electrodiff.solvers.steady import solve_beside, solve_steady
from electrodiff.study import IVStudy
from electrodiff.units import FARADAY

Watch = Callable[[int, int], None]
"""Called after every potential with how many are done, and how many there are."""


def solve_iv(case: Case, *, watch: Watch | None = None, throw: bool = True) -> CurrentVoltage:
    """Solve for the current at every potential of the study.

    watch: called after every potential.  Raises CaseError if the study is another, and ConvergenceError if a steady state
    is not found; with throw=False its numbers are NaN.
    """
    study = case.study
    if not isinstance(study, IVStudy):
        raise CaseError(f"study.kind is '{study.kind}'; expected 'iv'")
    potentials = study.potential_values()
    solutions: dict[int, Solution] = {}
    slopes: dict[int, tuple[float, float]] = {}
    for index, solution, levels in _outwards(case, potentials):
        solutions[index] = solution
        slopes[index] = slope(levels) if solution.converged else (np.nan, np.nan)
        if throw and not solution.converged:
            raise ConvergenceError(f"at {1e3 * potentials[index]:.6g} mV: {solution.message}")
        if watch is not None:
            watch(len(solutions), len(potentials))
    order = range(len(potentials))
    reversal = _reversal(case)
    return CurrentVoltage(
        case=case,
        voltage=np.array(potentials),
        solutions=tuple(solutions[index] for index in order),
        slope_conductance=np.array([slopes[index][0] for index in order]),
        slope_conductance_error=np.array([slopes[index][1] for index in order]),
        reversal_potential=reversal[0],
        reversal_potential_error=reversal[1],
        message=_message(potentials, [solutions[index] for index in order]),
    )


def clamped_at(case: Case, voltage: float) -> Case:
    """The steady case with its left end at this potential above the right one [V]."""
    right = case.right.potential if isinstance(case.right, Reservoir) else 0.0
    base = 0.0 if right == "floating" else float(right)
    changes = {"left.potential": base + voltage, "right.potential": base, "left.current": None, "right.current": None}
    return case.changed({"study": {"kind": "steady"}, "expect": [], **changes})


def unclamped(case: Case) -> Case:
    """The steady case whose left end floats, so that no current flows.  Raises CaseError if no ion crosses."""
    return clamped_at(case, 0.0).replace("left.potential", "floating")


def _outwards(case: Case, potentials: Sequence[float]) -> Iterator[tuple[int, Solution, list[Level]]]:
    """Index, solution and meshes of every potential: from the one nearest to the middle upwards, then downwards."""
    options = NewtonOptions()
    middle = int(np.argmin(np.abs(np.array(potentials) - (potentials[0] + potentials[-1]) / 2)))
    first, levels = solve_beside(clamped_at(case, potentials[middle]), options)
    yield middle, first, levels
    for way in (range(middle + 1, len(potentials)), range(middle - 1, -1, -1)):
        before = levels[0] if first.converged else None
        for index in way:
            solution, found = solve_beside(clamped_at(case, potentials[index]), options, before)
            before = found[0] if solution.converged else None
            yield index, solution, found


def slope(levels: Sequence[Level]) -> tuple[float, float]:
    """dI/dV [S/m^2] and its estimated error, from nested meshes."""
    values, errors = extrapolate([np.array([_slope_on(level)]) for level in levels])
    return float(values[0]), float(errors[0])


def _slope_on(level: Level) -> float:
    """dI/dV [S/m^2] on one mesh, by the implicit function theorem: I is given by what the left potential is.

    The equations R(state, phi_left) = 0 give d state / d phi_left as one more column of the elimination, and the net current
    its derivative along it; gates and rates of transporters follow as border unknowns.
    """
    problem, state = level.problem, level.result.state
    chain = placed(problem, level.result.gate, state)
    free = np.isin(problem.border.kind, (GATING, RATE))
    start, stop = problem.mesh.boundaries[problem.mesh.resistive_layer :][:2]
    face = int(start + stop) // 2
    own = as_border([BorderUnknown(CURRENT, 0, state.shape[1] - 1, face, face, 0.0)], state.shape[1] - 1)
    border = Border(*(np.concatenate([one, other[free]]) for one, other in zip(own, problem.border, strict=True)))
    gate = np.concatenate([[1.0], level.result.gate[free]])
    p, (nodes, m) = gate.size, state.shape
    through, right = np.zeros((nodes, p, m)), np.zeros((nodes, m, 1 + p))
    border_columns(chain, border, gate, state, through, right)
    eliminate = eliminate_sized_ions if chain.packing.any() else eliminate_point_ions
    eliminate(chain, state, through, True, np.empty((nodes, m, m)), right)
    residual, row, corner = np.empty(p), np.empty((p, nodes, m)), np.empty((p, p))
    border_equations(chain, border, gate, state, residual, row, corner)
    small = corner + np.einsum("bkr,krc->bc", row, right[:, :, 1:])
    # The gates and rates answer to the potential, and the current to all of them.
    answer = np.linalg.solve(small[1:, 1:], -small[1:, 0]) if p > 1 else np.zeros(0)
    current = problem.scales.flux * FARADAY
    return float((small[0, 0] + small[0, 1:] @ answer) * current / problem.scales.potential)


def _reversal(case: Case) -> tuple[float, float]:
    """The potential without net current and its estimated error [V]; NaN if there is none."""
    try:
        solution = solve_steady(unclamped(case), throw=False)
    except CaseError:  # no ion crosses
        return np.nan, np.nan
    if not solution.converged:
        return np.nan, np.nan
    return solution.membrane_potential, float(solution.error["membrane_potential"] or np.nan)


def _message(potentials: Sequence[float], solutions: Sequence[Solution]) -> str:
    failed = [(v, one) for v, one in zip(potentials, solutions, strict=True) if not one.converged]
    if not failed:
        steps = sum(solution.iterations for solution in solutions)
        nodes = max(max(solution.meshes) for solution in solutions)
        number = f"{len(solutions)} potential{'s' if len(solutions) > 1 else ''}"
        return f"{number} in {steps} Newton steps on up to {nodes} nodes"
    voltage, first = failed[0]
    return f"{len(failed)} of {len(solutions)} potentials failed; at {1e3 * voltage:.6g} mV: {first.message}"
