"""The state in which a march in time starts, and goes on after a jump: contents as they were, potentials as they demand.

Contents cannot jump, but what is given can, and with it the potential: Poisson's equation is solved at what is held.
"""

from __future__ import annotations

import math

import numpy as np

from electrodiff.errors import CaseError
from electrodiff.fvm.borders import initial_contents
from electrodiff.fvm.kernels.arrays import CURRENT, Chain, Floats
from electrodiff.fvm.problem import Problem
from electrodiff.profiles import Profiles
from electrodiff.solvers.guess import first_gates
from electrodiff.solvers.march import Moment, contents

# Turns by which the activities of ions of finite size are found from their contents, and when they have settled.
MOST_TURNS = 200
SETTLED = 1e-14


def start_of(problem: Problem, state: Floats, time: float = 0.0) -> Moment:
    """The moment at which a march starts from a state (N, m) whose contents are right."""
    content = contents(problem.chain, state)[:, :-1]
    nothing = np.zeros((3, content.shape[1]))
    gate = first_gates(problem, state)
    return Moment(time, state, gate, content, nothing, first_step(problem, state))


def after_jump(problem: Problem, moment: Moment) -> Moment:
    """The moment just after what is given has become that of `problem`: contents as before, potentials and gates anew."""
    state = with_contents(problem.chain, moment.content, moment.state)
    state = with_poisson(problem, _pinned(problem, state, moment.state))
    content = contents(problem.chain, state)[:, :-1]
    gate = first_gates(problem, state)
    return Moment(
        moment.time,
        state,
        gate,
        content,
        moment.passed,
        first_step(problem, state),
        steps=moment.steps,
        rejected=moment.rejected,
    )


def _pinned(problem: Problem, state: Floats, before: Floats) -> Floats:
    """The state with what is given in its place; a floating potential is left where it was."""
    border = problem.border
    pinned = problem.chain.free == 0
    floating = border.kind == CURRENT
    pinned[border.node[floating], border.row[floating]] = False
    result = np.where(pinned, problem.chain.target, state)
    result[border.node[floating], border.row[floating]] = before[border.node[floating], border.row[floating]]
    return result


def first_step(problem: Problem, state: Floats) -> float:
    """A thousandth of the shortest Debye time, over which charge relaxes: permittivity over conductivity, in cells."""
    chain = problem.chain
    z = np.abs(np.array(chain.valence))
    mean = (state[:-1, :-1] + state[1:, :-1]) / 2
    conductivity = (chain.conductance * np.abs(mean)) @ z**2
    with np.errstate(divide="ignore"):
        return 1e-3 * float(np.min(np.where(conductivity > 0, chain.permittivity / conductivity, np.inf)))


def with_contents(chain: Chain, content: Floats, guess: Floats) -> Floats:
    """The state with the activities that given contents (N, n) demand, at the potentials of `guess`."""
    state = guess.copy()
    for _ in range(MOST_TURNS):
        held = contents(chain, state)[:, :-1]
        missing = (held != content) & (chain.free[:, :-1] > 0)
        # Of point ions contents are proportional to activities, and one turn is enough.
        empty = missing & ~(held > 0)
        state[:, :-1][empty] = 1.0
        ratio = np.divide(content, held, out=np.ones_like(content), where=missing & (held > 0))
        state[:, :-1] *= ratio
        if not empty.any() and not (np.abs(ratio - 1) > SETTLED).any():
            break
    return state


def with_poisson(problem: Problem, state: Floats) -> Floats:
    """The state with the potential of its contents: Poisson's equation, linear at given activities.

    At a floating end the displacement stays as it is in `state`.
    """
    # Here, as it takes as long to import as a solve.
    from scipy.linalg import solveh_banded

    chain, border = problem.chain, problem.border
    free = chain.free[:, -1].copy()
    floating = border.node[border.kind == CURRENT]
    free[floating] = 1.0
    flow = -chain.permittivity * np.diff(state[:, -1])
    missing = contents(chain, state)[:, -1] - np.append(flow, 0.0) + np.insert(flow, 0, 0.0)
    missing[floating] = 0.0  # what the end brings makes up for it
    bands = np.zeros((2, free.size))
    bands[1] = np.where(free > 0, np.append(chain.permittivity, 0.0) + np.insert(chain.permittivity, 0, 0.0), 1.0)
    bands[0, 1:] = -chain.permittivity * free[:-1] * free[1:]
    result = state.copy()
    result[:, -1] += solveh_banded(bands, missing * free)
    return result


def initial_state(problem: Problem) -> Floats:
    """The state (N, m) of the `initial` concentrations of the layers, with the potential that they make.

    An ion that a layer does not name is not there.  A floating end starts uncharged.
    """
    chain, case = problem.chain, problem.case
    left, right = initial_contents(case, problem.mesh, chain, problem.scales)
    content = np.zeros((problem.mesh.nodes, len(case.ions)))
    content[:-1] += left
    content[1:] += right
    state = with_contents(chain, content, np.zeros(chain.free.shape))
    given = [getattr(end, "potential", None) for end in (case.left, case.right)]
    state[:, -1] = next((float(phi) for phi in given if phi not in (None, "floating")), 0.0) / problem.scales.potential
    return with_poisson(problem, _pinned(problem, state, state))


def state_like(problem: Problem, profiles: Profiles) -> Floats:
    """The state (N, m) with the activities of given profiles of the same layers, and the potential of what they hold.

    Raises CaseError if ions or layers, or how thick these are, are others.
    """
    case, before = problem.case, profiles.case
    if case.ion_names != before.ion_names or case.layer_names != before.layer_names:
        raise CaseError(
            f"study.start has the ions {', '.join(before.ion_names)} and layers {', '.join(before.layer_names)}; expected "
            f"those of the case, {', '.join(case.ion_names)} and {', '.join(case.layer_names)}"
        )
    for layer, other in zip(case.layers, before.layers, strict=True):
        # Profiles are taken at their places: those of a thicker layer would reach into the next one.
        if not math.isclose(layer.thickness, other.thickness, rel_tol=1e-12):
            raise CaseError(
                f"study.start has a layer '{layer.name}' of {other.thickness * 1e9:.6g} nm; expected that of the case, "
                f"{layer.thickness * 1e9:.6g} nm"
            )
    at = profiles.x
    state = np.zeros(problem.chain.free.shape)
    for column, activity in enumerate(profiles.activity):
        state[:, column] = np.interp(problem.mesh.x, at, activity) / problem.scales.concentration
    state[:, -1] = np.interp(problem.mesh.x, at, profiles.potential) / problem.scales.potential
    return with_poisson(problem, _pinned(problem, state, state))
