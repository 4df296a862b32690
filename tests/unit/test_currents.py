"""The total current of a state: conduction and displacement, from the rates that the state itself has."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import constants

import electrodiff as ed
from electrodiff.fvm.problem import Problem
from electrodiff.solvers.currents import total_currents
from electrodiff.solvers.guess import first_gates
from electrodiff.solvers.march import Ends, MarchOptions, march
from electrodiff.solvers.starts import after_jump, start_of
from electrodiff.solvers.transient import transient_mesh, transient_problem
from electrodiff.units import FARADAY

NOTHING = (np.zeros(2), np.zeros(2))


def slab(**keys: object) -> ed.Case:
    """A slab without ions between two thin baths."""
    salt = {"K": 100.0, "Cl": 100.0}

    def layer(name: str, thickness: float, permittivity: float, **more: object) -> dict[str, object]:
        return {"name": name, "thickness": thickness, "relative_permittivity": permittivity, **more}

    return ed.Case(
        temperature=298.15,
        ions={"K": {}, "Cl": {}},
        layers=[
            layer("in", 5e-9, 80.0),
            layer("slab", 5e-9, 2.0, partition={"K": 0, "Cl": 0}),
            layer("out", 5e-9, 80.0),
        ],
        left={"concentrations": salt, "potential": 0.0},
        right={"concentrations": salt, "potential": 0.0},
        mesh={"nodes": 129},
    ).changed(keys)


def steady(case: ed.Case) -> tuple[Problem, np.ndarray]:
    mesh = transient_mesh(case)
    return transient_problem(case, mesh), ed.solve(case, mesh=mesh).state


def in_si(problem: Problem, currents: np.ndarray) -> np.ndarray:
    return np.asarray(currents * FARADAY * problem.scales.flux)


def test_total_current_of_a_steady_state_is_its_conduction(case_of) -> None:
    case = case_of("clamped_membrane", {"mesh.nodes": 129, "expect": []})
    problem, state = steady(case)
    currents = in_si(problem, total_currents(problem, state, first_gates(problem, state), NOTHING, 0.0))
    expected = ed.solve(case, mesh=problem.mesh).current_density
    # 1e-8: what Newton's method leaves, times the conductance of a cell of the baths.
    np.testing.assert_allclose(currents, expected, atol=1e-6 * abs(expected))


def test_total_current_counts_the_open_fraction_of_gates(case_of) -> None:
    case = case_of("inward_rectifier", {"mesh.nodes": 129, "expect": [], "left.potential": -0.09})
    problem, state = steady(case)
    gate = first_gates(problem, state)
    assert 0.1 < gate.min() < 0.9
    expected = ed.solve(case, mesh=problem.mesh).current_density
    currents = in_si(problem, total_currents(problem, state, gate, NOTHING, 0.0))
    np.testing.assert_allclose(currents, expected, atol=1e-6 * abs(expected))
    opened = in_si(problem, total_currents(problem, state, np.ones_like(gate), NOTHING, 0.0))
    assert abs(opened[0] - expected) > 0.1 * abs(expected)


def test_current_just_after_a_step_is_the_conduction_that_the_stack_of_dielectrics_shares() -> None:
    """sum(h / eps J) / sum(h / eps): the displacement D obeys dD/dt = I - J, and the sum of dD h / eps is zero.

    J = sigma E in the baths, E that of dielectrics in series.
    """
    case = slab()
    before, state = steady(case)
    voltage = 0.01
    problem = transient_problem(case.changed({"left.potential": voltage}), before.mesh)
    moment = after_jump(problem, start_of(before, state))
    currents = in_si(problem, total_currents(problem, moment.state, moment.gate, NOTHING, 0.0))
    np.testing.assert_allclose(currents, currents[0], rtol=1e-10)
    eps = constants.epsilon_0
    compliance = 2 * 5e-9 / (80 * eps) + 5e-9 / (2 * eps)
    displacement = voltage / compliance
    d = sum(case.free_diffusivity(ion) for ion in case.ions)
    thermal = constants.R * 298.15 / FARADAY
    conductivity = FARADAY * 100.0 * d / thermal
    conduction = conductivity * displacement / (80 * eps)
    expected = conduction * (2 * 5e-9 / (80 * eps)) / compliance
    # 1e-4: sinh(u/2)/(u/2) of the potential over a cell.
    assert currents[0] == pytest.approx(expected, rel=1e-4)


def test_rate_of_a_potential_that_is_given_charges_the_dielectrics() -> None:
    """With the ions at rest, I = (dV/dt) / sum(h / eps)."""
    problem, state = steady(slab())
    rate = 3.0  # RT/F in a unit of time
    currents = total_currents(problem, state, first_gates(problem, state), (np.array([rate, 0.0]), np.zeros(2)), 0.0)
    compliance = (1 / problem.chain.permittivity).sum()
    np.testing.assert_allclose(currents, rate / compliance, rtol=1e-9)
    both = total_currents(problem, state, first_gates(problem, state), (np.array([rate, rate]), np.zeros(2)), 0.0)
    np.testing.assert_allclose(both, 0, atol=1e-9 * rate / compliance)


def test_rate_of_the_charge_of_a_wall_is_the_total_current() -> None:
    case = slab(left={"kind": "wall", "surface_charge": 0.0}, **{"layers.0.initial": {"K": 100.0, "Cl": 100.0}})
    problem, state = steady(case)
    currents = total_currents(problem, state, first_gates(problem, state), (np.zeros(2), np.array([0.7, 0.0])), 0.0)
    np.testing.assert_allclose(currents, 0.7, rtol=1e-9)


def test_a_floating_end_passes_the_current_that_is_asked_for_through_every_face(case_of) -> None:
    case = case_of("resting_potential", {"mesh.nodes": 129, "expect": []})
    problem, state = steady(case)
    for wanted in (0.0, 0.3, -2.0):
        currents = total_currents(problem, state, first_gates(problem, state), NOTHING, wanted)
        np.testing.assert_allclose(currents, wanted, atol=1e-8)


def test_total_current_is_that_of_the_differences_between_two_moments() -> None:
    """Through the slab nothing conducts: the current is the rate of its displacement over a short step."""
    case = slab()
    before, state = steady(case)
    problem = transient_problem(case.changed({"left.potential": 0.05}), before.mesh)
    moment = after_jump(problem, start_of(before, state))
    ends_at = problem.chain.target[[0, -1]]

    def at(times: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return np.repeat(ends_at[None], times.size, axis=0), np.zeros((times.size, 2)), np.zeros(times.size)

    ends, options = Ends(at, is_constant=True), MarchOptions(1e-8)
    *_, last = march(problem, ends, moment, 0.05, options)
    middle = last.end
    width = 1e-4
    (after,) = list(march(problem, ends, replace(middle, step=width), middle.time + width, MarchOptions(1e300)))
    face = int(problem.mesh.boundaries[1])

    def displacement(values: np.ndarray) -> float:
        return float(-problem.chain.permittivity[face] * (values[face + 1, -1] - values[face, -1]))

    rate = (displacement(after.end.state) - displacement(middle.state)) / width
    here = total_currents(problem, middle.state, middle.gate, NOTHING, 0.0)[0]
    there = total_currents(problem, after.end.state, middle.gate, NOTHING, 0.0)[0]
    # The mean of the two ends of a step: second order, (width / relaxation time)^2.
    assert rate == pytest.approx((here + there) / 2, rel=1e-5)
