"""From a wanted accuracy to meshes: refine until the estimated error of every reported scalar is below the request."""

from __future__ import annotations

from collections.abc import Sequence

from electrodiff.grid.line import layered_line
from electrodiff.model import Case
from electrodiff.solvers.levels import Level, scalar_estimates, solve_nested
from electrodiff.solvers.newton import NewtonOptions

# A mesh of this many nodes takes a tenth of a second; who needs more asks with mesh.nodes.
MOST_NODES = 20_000


def solve_to_accuracy(case: Case, options: NewtonOptions) -> tuple[list[Level], list[Level]]:
    """All meshes that were solved on, and the nested ones of the answer."""
    line = layered_line(case)
    levels = solve_nested(line.nested(), None, options)
    solved = list(levels)
    while case.mesh.nodes is None and levels[-1].converged and missed(case, levels) and 2 * line.nodes < MOST_NODES:
        line = line.refined()
        finer = solve_nested([line], levels[-1], options)
        solved += finer
        if not finer[-1].converged:
            break
        levels += finer
    return solved, levels


def missed(case: Case, levels: Sequence[Level]) -> tuple[str, ...]:
    """The scalars whose estimated error is above the wanted accuracy times the larger of their size and their scale."""
    values, errors = scalar_estimates(levels)
    scales = levels[-1].readings.scales()
    return tuple(
        name
        for name, error in errors.items()
        if error is not None and error > case.mesh.accuracy * max(abs(values[name] or 0.0), scales[name])
    )
