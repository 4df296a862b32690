"""Ions that transporters carry away faster than they can come back: where that shows, and what to say of it."""

from __future__ import annotations

import numpy as np

from electrodiff.fvm.kernels.arrays import BALANCE, RATE, Floats
from electrodiff.fvm.kernels.rates import AFFINITY
from electrodiff.fvm.problem import Problem, placed

# In time, an ion that is carried and of which less than this part of the largest anywhere is left has run out.
LEFT = 1e-4


def exhausted(problem: Problem, gate: Floats, activities: Floats, left: float = 0.0) -> tuple[int, int] | None:
    """Node and row of a carried ion of which no more than a part `left` of the largest activity (N, n) is there; or None."""
    carried = placed(problem, gate, np.column_stack([activities, np.zeros(len(activities))])).carried.any(axis=0)
    empty = (activities <= left * activities.max()) & (problem.chain.free[:, :-1] > 0) & carried
    if not empty.any():
        return None
    node, row = np.unravel_index(int(np.argmax(empty)), empty.shape)
    return int(node), int(row)


def one_way(problem: Problem) -> tuple[int, int] | None:
    """Node and row of an ion that only transporters carry, all of them in one direction; or None.

    A law of driving forces turns round when there is too little of the ion; the others do not.
    """
    border = problem.border
    for b in np.flatnonzero(border.kind == BALANCE):
        row = int(border.row[b])
        working = (border.kind == RATE) & (border.value != 0) & (border.stoichiometry[:, row] != 0)
        signs = np.unique(np.sign(border.stoichiometry[working, row]))
        if signs.size == 1 and not (border.law[working] == AFFINITY).any():
            return int(border.node[b]), row
    return None


def tied(problem: Problem) -> list[str]:
    """Ions whose steady amounts depend on each other: only transporters carry them, and too few to tell one by one."""
    border = problem.border
    balances = border.kind == BALANCE
    working = (border.kind == RATE) & (border.value != 0)
    rows = border.row[balances]
    if rows.size == 0 or np.linalg.matrix_rank(border.stoichiometry[working][:, rows]) == rows.size:
        return []
    return [problem.case.ion_names[row] for row in rows]


def why_exhausted(problem: Problem, node: int, row: int) -> str:
    """A clause with its remedy: which transporters empty which layer of an ion."""
    case, mesh = problem.case, problem.mesh
    ion, layer = case.ion_names[row], case.layers[mesh.layer[min(node, mesh.layer.size - 1)]].name
    carriers = [f"'{one.name}'" for one in case.transporters if ion in one.stoichiometry]
    carry = "carry" if len(carriers) > 1 else "carries"
    return (
        f"{' and '.join(carriers)} {carry} {ion} away faster than it can leak back, so that {ion} runs out in layer "
        f"'{layer}'; lower the rate, raise the permeability to {ion}, or take a law that slows down as {ion} runs out, such "
        'as "michaelis_menten"'
    )


def why_one_way(problem: Problem, row: int) -> str:
    """A clause with its remedy: an ion that transporters bring or take, and nothing else lets pass."""
    ion = problem.case.ion_names[row]
    carriers = [f"'{one.name}'" for one in problem.case.transporters if ion in one.stoichiometry]
    return f"nothing balances what {' and '.join(carriers)} carries of {ion}; give the membrane a permeability to {ion}"


def why_tied(ions: list[str]) -> str:
    """A clause with its remedy: ions that the same transporters carry, and nothing else lets pass."""
    return (
        f"the amounts of {' and '.join(ions)} depend on where they start, as only the same transporters carry them; give "
        "the membrane a permeability to one of them, or solve the case in time"
    )
