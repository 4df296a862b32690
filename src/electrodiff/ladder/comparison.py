"""One case through every model: PNP, its regime, and the rows of the ladder.

>>> import electrodiff as ed
>>> ladder = ed.compare(case)
>>> [(rung.title, rung.predicted, rung.pnp, rung.reason) for rung in ladder.rungs]
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import electrodiff
from electrodiff.ends import Reservoir
from electrodiff.ladder import charges, equilibrium, living, optional, shortcuts
from electrodiff.ladder.crossing import can_rest
from electrodiff.ladder.rung import Absent, Curve, Ladder, Model, Rung, Setting
from electrodiff.membrane import Membrane, find_membrane
from electrodiff.model import Case
from electrodiff.regime import case_regime
from electrodiff.solution import Solution
from electrodiff.solvers.steady import solve
from electrodiff.summary import without_nan

MODELS: tuple[Model, ...] = (*equilibrium.MODELS, *shortcuts.MODELS, *living.MODELS, *charges.MODELS, *optional.MODELS)


def compare(case: Case, models: Iterable[Model] = MODELS) -> Ladder:
    """Solve a case, and let every model say what it can of it.

    Raises ConvergenceError if PNP has no solution.
    """
    setting = setting_of(case)
    rows = [row for model in models for row in model(setting)]
    rungs = tuple(row for row in rows if isinstance(row, Rung))
    return Ladder(setting, rungs, tuple(row for row in rows if isinstance(row, Absent)))


def setting_of(case: Case) -> Setting:
    """What the models look at: PNP of the case as it is and without current, and the regime."""
    solution, membrane = solve(case), find_membrane(case)
    return Setting(case, solution, case_regime(case), membrane, _at_rest(membrane, solution))


def _at_rest(membrane: Membrane | None, solution: Solution) -> Solution | None:
    """PNP at the potential without current; None where nothing crosses, or no potential stops what does."""
    if membrane is None or not membrane.joins_reservoirs or not can_rest(membrane):
        return None
    changes = _floating(solution.case)
    if not changes:
        return solution
    rest = solve(solution.case.changed(changes), throw=False)
    return rest if rest.converged else None


def _floating(case: Case) -> dict[str, Any]:
    """The keys to change so that a potential floats without current, the left one if none floats yet."""
    for side in ("left", "right"):
        end = getattr(case, side)
        if isinstance(end, Reservoir) and end.is_floating:
            return {f"{side}.current": None} if end.current else {}
    return {"left.potential": "floating"}


def ladder_json(ladder: Ladder, wall_s: float) -> dict[str, Any]:
    """The object that `compare --json` prints; `wall_s` is the time it took [s].  Differences are predicted - pnp."""
    solution = ladder.solution
    return {
        "title": ladder.case.title,
        "converged": solution.converged,
        "rows": [without_nan(_row(rung)) for rung in ladder.rungs],
        "not_applicable": [asdict(absent) for absent in ladder.absent],
        "iv": _curve(ladder.curve),
        "wall_s": wall_s,
        "version": electrodiff.__version__,
        "warnings": solution.warnings,
    }


def _row(rung: Rung) -> dict[str, Any]:
    return {
        "model": rung.model,
        "title": rung.title,
        "quantity": rung.quantity,
        "unit": rung.dimension.unit,
        "predicted": rung.predicted,
        "pnp": rung.pnp,
        "error_estimate": rung.error,
        "difference": rung.difference,
        "relative_difference": rung.relative_difference,
        "outlook": rung.outlook,
        "verdict": rung.verdict,
        "reason": rung.reason,
    }


def _curve(curve: Curve | None) -> dict[str, Any] | None:
    if curve is None:
        return None
    currents = {title: list(values) for title, values in curve.current_density.items()}
    return {"potential_V": list(curve.potential), "current_density_A_m2": currents}
