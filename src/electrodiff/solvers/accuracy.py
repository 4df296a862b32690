"""From a wanted accuracy to meshes: refine until the estimated error of every reported scalar is below the request."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from electrodiff.grid.equidistribution import equidistributed
from electrodiff.grid.line import first_line
from electrodiff.model import Case
from electrodiff.solvers.levels import Estimates, Level, cell_errors, scalar_estimates, solve_nested
from electrodiff.solvers.newton import NewtonOptions

# A mesh of this many nodes takes a tenth of a second; who needs more asks with mesh.nodes.
MOST_NODES = 20_000
# A mesh with twice the cells should bring the request nearer by 16 or more.  If it does so by less than this, nodes are
# missing where the solution varies, and are moved there.
SLOW = 8


class Refined(NamedTuple):
    """How a wanted accuracy was sought."""

    solved: list[Level]
    """All meshes that were solved on, in order."""
    levels: list[Level]
    """The nested ones of the answer."""
    estimates: Estimates
    """What these say of the scalars."""


def solve_to_accuracy(case: Case, options: NewtonOptions, before: Level | None = None) -> Refined:
    """Solve until the estimated errors are as wanted; `before` has a state like that of the case."""
    levels = solve_nested(first_line(case).nested(), before, options)
    found = Refined(list(levels), levels, scalar_estimates(levels))
    gaps = [_largest_gap(found)]
    may_move = True
    while case.mesh.nodes is None and levels[-1].converged and _is_worthwhile(gaps) and _nodes(levels) < MOST_NODES / 2:
        if may_move and len(gaps) > 1 and gaps[-1] > gaps[-2] / SLOW:
            may_move = False
            moved = _moved(levels, options)
            found = found._replace(solved=[*found.solved, *moved])
            beside = found._replace(levels=moved, estimates=scalar_estimates(moved)) if moved[-1].converged else found
            if _largest_gap(beside) < gaps[-1] / SLOW:
                found, levels = beside, moved
                gaps.append(_largest_gap(found))
                continue
        finer = _added(levels, options)
        found = found._replace(solved=[*found.solved, finer[-1]])
        if not finer[-1].converged:
            break
        levels = finer
        found = Refined(found.solved, levels, scalar_estimates(levels))
        gaps.append(_largest_gap(found))
    return found


def _nodes(levels: Sequence[Level]) -> int:
    return levels[-1].problem.mesh.nodes


def _added(levels: list[Level], options: NewtonOptions) -> list[Level]:
    """The levels and one more with twice the cells."""
    line = levels[-1].line
    assert line is not None
    return [*levels, *solve_nested([line.refined()], levels[-1], options)]


def _moved(levels: list[Level], options: NewtonOptions) -> list[Level]:
    """New levels whose nodes share the estimated error evenly, the finest with about twice the nodes of the last."""
    line = levels[-2].line
    assert line is not None
    error = cell_errors(levels[-1], levels[-2])
    new = equidistributed(line, levels[-2].problem.mesh.x, error, _nodes(levels) // 2)
    return solve_nested(new.nested(), levels[-1], options)


def _is_worthwhile(gaps: Sequence[float]) -> bool:
    """Whether the request is missed, and one of the last two refinements has brought it nearer."""
    return gaps[-1] > 1 and (len(gaps) < 3 or gaps[-1] < max(gaps[-3:-1]) / 2)


def _largest_gap(found: Refined) -> float:
    """The largest estimated error over its request; infinite from less than three meshes."""
    return found.estimates.largest_gap if len(found.levels) >= 3 else math.inf
