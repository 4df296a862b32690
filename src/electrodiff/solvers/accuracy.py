"""From a wanted accuracy to meshes: refine until the estimated error of every reported scalar is below the request."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence

from electrodiff.grid.equidistribution import equidistributed
from electrodiff.grid.line import layered_line
from electrodiff.model import Case
from electrodiff.solvers.levels import Level, cell_errors, scalar_estimates, solve_nested
from electrodiff.solvers.newton import NewtonOptions

# A mesh of this many nodes takes a tenth of a second; who needs more asks with mesh.nodes.
MOST_NODES = 20_000
# A mesh with twice the cells should bring the request nearer by 16 or more.  If it does so by less than this, nodes are
# missing where the solution varies, and are moved there.
SLOW = 8


def solve_to_accuracy(
    case: Case, options: NewtonOptions, before: Level | None = None
) -> tuple[list[Level], list[Level]]:
    """All meshes that were solved on, and the nested ones of the answer; `before` has a state like that of the case."""
    levels = solve_nested(layered_line(case).nested(), before, options)
    solved = list(levels)
    gaps = [largest_gap(case, levels)]
    may_move = True
    while case.mesh.nodes is None and levels[-1].converged and _is_worthwhile(gaps) and _nodes(levels) < MOST_NODES / 2:
        if may_move and len(gaps) > 1 and gaps[-1] > gaps[-2] / SLOW:
            may_move = False
            moved = _moved(levels, options)
            solved += moved
            gap = largest_gap(case, moved) if moved[-1].converged else math.inf
            if gap < gaps[-1] / SLOW:
                levels, gaps = moved, [*gaps, gap]
                continue
        finer = _added(levels, options)
        solved.append(finer[-1])
        if not finer[-1].converged:
            break
        levels = finer
        gaps.append(largest_gap(case, levels))
    return solved, levels


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


def largest_gap(case: Case, levels: Sequence[Level]) -> float:
    """The largest estimated error over its request; infinite from less than three meshes."""
    if len(levels) < 3:
        return math.inf
    return max(_gaps(case, levels).values(), default=0.0)


def missed(case: Case, levels: Sequence[Level]) -> tuple[str, ...]:
    """The scalars whose estimated error is above the wanted accuracy times the larger of their size and their scale."""
    return tuple(name for name, gap in _gaps(case, levels).items() if gap > 1)


def _gaps(case: Case, levels: Sequence[Level]) -> dict[str, float]:
    """The estimated error of every scalar over its request."""
    values, errors = scalar_estimates(levels)
    scales = levels[-1].readings.scales()
    return {
        name: error / (case.mesh.accuracy * max(abs(values[name] or 0.0), scales[name], sys.float_info.min))
        for name, error in errors.items()
        if error is not None
    }
