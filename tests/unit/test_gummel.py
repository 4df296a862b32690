"""The convex relaxation: Poisson-Boltzmann with reservoirs and amounts, with points and with ions of finite size."""

from __future__ import annotations

import numpy as np
import pytest

import electrodiff as ed
from electrodiff.fvm.problem import Problem, build_problem
from electrodiff.grid.line import layered_line
from electrodiff.readings import Readings
from electrodiff.solvers.guess import first_gates, first_guess
from electrodiff.solvers.gummel import SETTLED, gummel, poisson_defect, relaxed_potential
from electrodiff.solvers.newton import NewtonOptions, Status, solve_newton

SALT = {"Na": 100.0, "Ca": 5.0, "Cl": 110.0}
SIZES = {"Na": 7e-10, "Ca": 8e-10, "Cl": 7e-10}
SIZED = {"ions": {ion: {"diameter": size} for ion, size in SIZES.items()}, "steric": {"model": "bikerman"}}
OTHER_SIZES = {"ions": {**SIZED["ions"], "Na": {}}, "steric": {"model": "bikerman"}}
WATER = {"name": "water", "thickness": 2e-8, "relative_permittivity": 80.0}
BATH = {"kind": "reservoir", "concentrations": SALT, "potential": 0.0}


def electrode(wall: dict[str, object], **changes: object) -> ed.Case:
    """A wall at the left and a bath at the right."""
    case = {
        "temperature": 300.0,
        "ions": {ion: {} for ion in SALT},
        "layers": [WATER],
        "left": {"kind": "wall", **wall},
        "right": BATH,
        "mesh": {"nodes": 101},
    }
    return ed.Case(**{**case, **changes})


def closed(voltage: float, **changes: object) -> ed.Case:
    """The same salt, confined between two metal walls."""
    walls = {"left": {"kind": "wall", "potential": voltage}, "right": {"kind": "wall", "potential": 0.0}}
    return electrode({}, **{**walls, "layers": [{**WATER, "initial": SALT}], **changes})


def film(**changes: object) -> ed.Case:
    """A charged film between equal baths."""
    layers = [
        {**WATER, "name": "left"},
        {"name": "film", "thickness": 5e-9, "relative_permittivity": 40.0, "fixed_charge": -300.0},
        {**WATER, "name": "right"},
    ]
    return electrode({}, **{"layers": layers, "left": BATH, **changes})


def problem_of(case: ed.Case) -> Problem:
    return build_problem(case, layered_line(case).mesh())


def relaxed(case: ed.Case) -> tuple[Problem, np.ndarray, float]:
    problem = problem_of(case)
    guess = first_guess(problem)
    return problem, *gummel(problem, guess, first_gates(problem, guess))


EQUILIBRIA = {
    "charged wall": electrode({"surface_charge": -0.3}),
    "metal wall": electrode({"potential": 0.4}),
    "wall without field": electrode({}),
    "film": film(),
    "closed cell": closed(0.5),
    "closed cell, no voltage": closed(0.0),
    "charged wall, sized ions": electrode({"surface_charge": -0.3}, **SIZED),
    "metal wall, sized ions": electrode({"potential": 1.5}, **SIZED),
    "metal wall, some sized ions": electrode({"potential": -0.3}, **OTHER_SIZES),
    "film, sized ions": film(**SIZED),
    "closed cell, sized ions": closed(-0.8, **SIZED),
    "closed cell, some sized ions": closed(0.3, **OTHER_SIZES),
}


@pytest.mark.parametrize("name", EQUILIBRIA)
def test_at_equilibrium_the_turns_alone_arrive_where_newton_does(name):
    """1e-8: the turns stop when the potential moves by SETTLED, 1e-9."""
    problem, state, change = relaxed(EQUILIBRIA[name])
    assert change < SETTLED
    result = solve_newton(problem, state, NewtonOptions(tolerance=1e-11))
    assert result.status is Status.CONVERGED
    assert result.iterations <= 3
    np.testing.assert_allclose(state[:, -1], result.state[:, -1], atol=1e-8)
    np.testing.assert_allclose(state[:, :-1], result.state[:, :-1], rtol=1e-7)


@pytest.mark.parametrize("name", EQUILIBRIA)
def test_at_equilibrium_the_solution_is_the_state_of_the_turns(name):
    _, state, _ = relaxed(EQUILIBRIA[name])
    solution = ed.solve(EQUILIBRIA[name])
    np.testing.assert_allclose(solution.state[:, -1], state[:, -1], atol=1e-8)


@pytest.mark.parametrize("name", [name for name in EQUILIBRIA if "closed" in name])
def test_the_amounts_of_confined_ions_are_kept(name):
    problem, state, _ = relaxed(EQUILIBRIA[name])
    c = Readings(problem, state, np.ones(problem.border.kind.size)).concentration
    mesh = problem.mesh
    amounts = c[:, :-1] @ mesh.volume_left + c[:, 1:] @ mesh.volume_right
    assert amounts == pytest.approx([value * 2e-8 for value in SALT.values()], rel=1e-9)


@pytest.mark.parametrize(
    "name", ["film", "charged wall", "metal wall, sized ions", "closed cell", "closed cell, sized ions"]
)
@pytest.mark.parametrize("shift", [-20.0, 5.0, 20.0])
def test_a_start_that_is_far_off_does_not_matter(name, shift):
    """20 RT/F everywhere but at the ends: the functional is convex."""
    problem = problem_of(EQUILIBRIA[name])
    guess = first_guess(problem)
    guess[:, -1] += shift * problem.chain.free[:, -1] * np.sin(np.linspace(0, 7, guess.shape[0])) ** 2
    state, change = gummel(problem, guess, first_gates(problem, guess))
    assert change < SETTLED
    expected, _ = gummel(problem, first_guess(problem), first_gates(problem, guess))
    np.testing.assert_allclose(state, expected, rtol=1e-7, atol=1e-8)


def test_electrochemical_potentials_are_held_while_the_potential_relaxes():
    problem = problem_of(film())
    guess = first_guess(problem)
    guess[1:-1, -1] += 3.0
    z = np.array(problem.chain.valence)
    before = np.log(guess[:, :-1]) + np.outer(guess[:, -1], z)
    state = relaxed_potential(problem, guess)
    np.testing.assert_allclose(np.log(state[:, :-1]) + np.outer(state[:, -1], z), before, atol=1e-12)


def test_poissons_equation_holds_where_the_potential_has_relaxed():
    problem = problem_of(film())
    guess = first_guess(problem)
    guess[1:-1, -1] += 3.0
    assert poisson_defect(problem.chain, guess).max() > 1e-2
    state = relaxed_potential(problem, guess)
    assert poisson_defect(problem.chain, state).max() < 1e-9


@pytest.mark.parametrize("name", EQUILIBRIA)
def test_the_defect_of_poissons_equation_sees_a_changed_potential_and_a_changed_activity(name):
    problem, state, _ = relaxed(EQUILIBRIA[name])
    assert poisson_defect(problem.chain, state).max() < 1e-7
    k = state.shape[0] // 3
    if problem.chain.packing.any():
        # Where the space is half full: of packed ions a larger activity makes no more.
        k = int(np.argmin(np.abs(np.log(state[1:-1, :-1] @ problem.chain.packing)))) + 1
    most = int(np.argmax(state[k, :-1]))
    for column, change in ((-1, 1e-4), (most, state[k, most])):
        other = state.copy()
        other[k, column] += change
        assert poisson_defect(problem.chain, other).max() > 1e-6


@pytest.mark.parametrize("name", ["clamped_membrane", "lipid_born_barrier", "double_membrane", "kcsa_channel"])
def test_with_currents_newton_starts_from_the_turns(case_of, name):
    """Where they stop, Newton needs a few steps."""
    problem, state, change = relaxed(case_of(name))
    assert np.isfinite(change)
    result = solve_newton(problem, state)
    assert result.status is Status.CONVERGED
    np.testing.assert_allclose(state[:, -1], result.state[:, -1], atol=0.1)
