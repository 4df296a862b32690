"""The discrete problem of a case whose numbers have moved a little, on the mesh that has moved with it."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np

from electrodiff.errors import CaseError
from electrodiff.fvm.kernels.arrays import CURRENT, Border
from electrodiff.fvm.problem import Problem, build_problem, pin_ends
from electrodiff.grid.mesh import Mesh, line_mesh
from electrodiff.model import Case
from electrodiff.units import FARADAY

# What of a border says where it is, and not how much.
_PLACES = ("kind", "node", "row", "first", "last", "law", "sensed")


def moved_mesh(mesh: Mesh, before: Case, after: Case) -> Mesh:
    """The mesh of one case for another with other thicknesses or radii: in each layer the nodes at the same parts of it."""
    old, new = ([layer.thickness for layer in case.layers] for case in (before, after))
    if old == new and before.mesh == after.mesh:
        return mesh
    x = np.empty_like(mesh.x)
    faces = np.concatenate([[0.0], np.cumsum(new)])
    for index, (start, stop) in enumerate(pairwise(mesh.boundaries)):
        part = (mesh.x[start : stop + 1] - mesh.x[start]) / (mesh.x[stop] - mesh.x[start])
        x[start : stop + 1] = faces[index] + part * (faces[index + 1] - faces[index])
    return line_mesh(after, x, mesh.layer)


def moved_problem(problem: Problem, case: Case) -> Problem:
    """The problem of a case beside that of `problem`, with its unknowns.  Raises CaseError if the case has others."""
    moved = build_problem(case, moved_mesh(problem.mesh, problem.case, case))
    own = np.array_equal(moved.chain.conductance > 0, problem.chain.conductance > 0)
    if not own or not _same_unknowns(problem.border, moved.border):
        raise CaseError(
            "at this number an ion is absent from a layer, or a compartment is empty, and beside it is not, so that there "
            "is no derivative; give a number greater than zero"
        )
    return with_places_of(problem, moved)


def with_places_of(problem: Problem, moved: Problem) -> Problem:
    """Another problem with its border unknowns where those of `problem` are: any place would do, but it has to be one."""
    places = {name: getattr(problem.border, name) for name in _PLACES}
    chain = moved.chain._replace(free=problem.chain.free)
    return replace(moved, chain=chain, border=moved.border._replace(**places))


def _same_unknowns(before: Border, after: Border) -> bool:
    if not np.array_equal(before.kind, after.kind):
        return False
    local = before.kind != CURRENT
    return all(
        np.array_equal(getattr(before, name)[local], getattr(after, name)[local]) for name in ("row", "first", "last")
    )


def with_ends_of(problem: Problem, case: Case) -> Problem:
    """The problem with what the ends of another case give: their potentials, concentrations and current."""
    chain = problem.chain._replace(target=problem.chain.target.copy(), free=problem.chain.free.copy())
    pin_ends(case, chain, problem.scales)
    value = problem.border.value.copy()
    for end in (case.left, case.right):
        current = getattr(end, "current", None) or 0.0
        if getattr(end, "potential", None) == "floating":
            value[problem.border.kind == CURRENT] = current / (FARADAY * problem.scales.flux)
    return replace(
        problem, case=case, chain=chain._replace(free=problem.chain.free), border=problem.border._replace(value=value)
    )
