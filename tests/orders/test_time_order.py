"""Orders in time: of the fixed method, of the adaptive one in its tolerance, and what is seen where potentials jump.

Steps of a given length are those of `march` at a tolerance that nothing exceeds, told to meet the end of each.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

import electrodiff as ed
from electrodiff.fvm.problem import Problem
from electrodiff.grid.mesh import Mesh, line_mesh
from electrodiff.solvers.drive import segment_ends
from electrodiff.solvers.march import Ends, MarchOptions, Moment, march
from electrodiff.solvers.rodas import interpolated
from electrodiff.solvers.schedule import segments
from electrodiff.solvers.starts import after_jump, start_of
from electrodiff.solvers.transient import solve_transient, transient_mesh, transient_problem

ANY_ERROR = MarchOptions(tolerance=1e300)


def stepped(problem: Problem, ends: Ends, moment: Moment, times: np.ndarray) -> Moment:
    """The moment at the last of `times` (scaled), after one step to each."""
    for start, stop in pairwise([moment.time, *times.tolist()]):
        steps = list(march(problem, ends, replace(moment, step=stop - start), stop, ANY_ERROR))
        assert len(steps) == 1
        moment = steps[0].end
    return moment


def fitted_order(counts: np.ndarray, errors: list[float]) -> float:
    return float(-np.polyfit(np.log(counts), np.log(errors), 1)[0])


def largest_error(moment: Moment, exact: Moment) -> float:
    """Of potentials in RT/F, and of activities relative to the largest."""
    difference = np.abs(moment.state - exact.state)
    difference[:, :-1] /= exact.state[:, :-1].max()
    return float(difference.max())


# ---- smooth and not stiff -------------------------------------------------------------------------------------------


def coarse(**keys: object) -> ed.Case:
    """A salt in a gap of five Debye lengths."""
    salt = {"K": 100.0, "Cl": 100.0}
    return ed.Case(
        temperature=298.15,
        ions={"K": {"diffusivity": 1e-9}, "Cl": {"diffusivity": 2e-9}},
        layers=[{"name": "water", "thickness": 5e-9, "relative_permittivity": 80.0, "initial": salt}],
        left={"kind": "wall", "potential": 0.0},
        right={"concentrations": salt, "potential": 0.0},
    ).changed(keys)


def even_mesh(case: ed.Case) -> Mesh:
    """Six cells of 0.83 nm, in which the fastest time, h^2 / 4 D, is 0.09 ns."""
    return line_mesh(case, np.linspace(0, 5e-9, 7), np.zeros(6, dtype=np.int64))


END = 5e-10
SINE = {"amplitude": 0.05, "frequency": 2e9, "phase": 0.5}
SIZED = {"ions.K.diameter": 0.6e-9, "ions.Cl.diameter": 0.4e-9, "steric": {"model": "bikerman"}}
FLOATING = {"left": {"concentrations": {"K": 80.0, "Cl": 80.0}, "potential": "floating"}}

SMOOTH: dict[str, tuple[dict[str, object], list[dict[str, object]]]] = {
    "a step of a wall": ({}, [{"set": {"left.potential": 0.1}}]),
    "a sine on a wall": ({}, [{"sine": {"left.potential": SINE}}]),
    "a sine of the charge of a wall": (
        {"left.potential": None, "left.surface_charge": 0.0},
        [{"sine": {"left.surface_charge": {**SINE, "amplitude": 0.02}}}],
    ),
    "a floating end with a sine of current": (FLOATING, [{"sine": {"left.current": {**SINE, "amplitude": 2e4}}}]),
    "ions of unlike size": (SIZED, [{"sine": {"left.potential": SINE}}]),
}


def course(
    case: ed.Case, change: list[dict[str, object]], end: float, mesh: Mesh | None = None
) -> tuple[Problem, Ends, Moment, float]:
    """Problem, ends and moment just after the change at t = 0, and the end, scaled."""
    timed = case.replace("study", {"kind": "transient", "end": end, "protocol": change})
    (part,) = segments(timed)
    mesh = mesh or transient_mesh(case)
    before, problem = transient_problem(case, mesh), transient_problem(part.first, mesh)
    ends = segment_ends(part, problem, problem)
    state = ed.solve(case, mesh=mesh).state
    targets, charges, _ = (values[0] for values in ends.at(np.zeros(1)))
    chain = problem.chain._replace(
        target=problem.chain.target.copy(), surface_charge=problem.chain.surface_charge.copy()
    )
    chain.target[[0, -1]], chain.surface_charge[[0, -1]] = targets, charges
    moment = after_jump(replace(problem, chain=chain), start_of(before, state))
    return problem, ends, moment, end / problem.scales.time


@pytest.mark.parametrize("name", SMOOTH)
def test_fixed_steps_are_of_fifth_order_on_a_smooth_problem_that_is_not_stiff(name: str) -> None:
    keys, change = SMOOTH[name]
    problem, ends, moment, end = course(coarse(**keys), change, END, even_mesh(coarse()))
    exact = stepped(problem, ends, moment, np.linspace(0, end, 1025)[1:])
    counts = np.array([8, 16, 32, 64])
    errors = [largest_error(stepped(problem, ends, moment, np.linspace(0, end, n + 1)[1:]), exact) for n in counts]
    assert errors[0] < 1e-3
    assert fitted_order(counts, errors) == pytest.approx(5, abs=0.2)


@pytest.mark.parametrize("name", ["a step of a wall", "a sine on a wall"])
def test_states_between_the_ends_of_steps_are_of_fourth_order_at_least(name: str) -> None:
    """Two fifths into the last step; of what is given as a sine the interpolation is of fourth order, and no more."""
    keys, change = SMOOTH[name]
    problem, ends, moment, end = course(coarse(**keys), change, END, even_mesh(coarse()))
    fraction, counts, errors = 0.4, np.array([8, 16, 32, 64, 128]), []
    for count in counts:
        times = np.linspace(0, end, count + 1)
        before = stepped(problem, ends, moment, times[1:-1])
        (last,) = march(problem, ends, replace(before, step=end / count), end, ANY_ERROR)
        between = replace(last.end, state=interpolated(fraction, before.state, last.end.state, last.stages))
        at = times[-2] + fraction * end / count
        errors.append(largest_error(between, stepped(problem, ends, moment, np.linspace(0, at, 513)[1:])))
    # From 16 steps in a period on; the factor of the error still falls, and a tenth of the order with it.
    assert fitted_order(counts[1:], errors[1:]) > 3.6


# ---- stiff, after a jump --------------------------------------------------------------------------------------------


def test_order_seen_after_a_step_of_65_mV_on_a_membrane(case_of: Callable[..., ed.Case]) -> None:
    """Steps in equal ratios from 0.01 ps to 2 ns, where the membrane is 98 % charged.

    The fastest modes decay within a picosecond and are not resolved by the last steps: the order is then near 4, that of the
    stages for stiff modes, and rises to the 5 of the method as the steps get shorter. From 30 to 120 steps 4.5 is seen.
    """
    case = case_of("clamped_membrane", {"left.potential": 0.0, "mesh.nodes": 129, "expect": []})
    problem, ends, moment, end = course(case, [{"set": {"left.potential": -0.065}}], 2e-9)
    first = 1e-14 / problem.scales.time

    def at(count: int) -> Moment:
        return stepped(problem, ends, moment, np.geomspace(first, end, count))

    exact = at(2000)
    counts = np.array([30, 42, 60, 85, 120])
    errors = [largest_error(at(int(count)), exact) for count in counts]
    assert errors[0] < 1e-6
    assert fitted_order(counts, errors) == pytest.approx(4.55, abs=0.3)
    # It rises from half to half: the errors fall faster than with the fourth power in the end.
    assert fitted_order(counts[2:], errors[2:]) > fitted_order(counts[:3], errors[:3]) + 0.5


# ---- the tolerance --------------------------------------------------------------------------------------------------


def test_error_falls_with_the_tolerance_decade_by_decade(case_of: Callable[..., ed.Case]) -> None:
    """0.7 to 1.3 decades for each; a blocking cell at ten times RT/F, at three times on the way."""
    case = case_of("blocking_cell_charging", {"layers.0.thickness": 20e-9, "mesh.nodes": 129, "expect": []})
    times = [3e-9, 6e-9, 1.2e-8]

    def solved(tolerance: float) -> np.ndarray:
        change = [{"set": {"left.potential": 0.25}}]
        study = {"end": 1.5e-8, "tolerance": tolerance, "protocol": change, "output": {"times": times}}
        result = solve_transient(case.changed({f"study.{key}": value for key, value in study.items()}))
        return result.concentration[1:] / 100.0

    tolerances = 10.0 ** -np.arange(3.0, 9.0)
    exact = solved(1e-11)
    errors = [float(np.abs(solved(float(tolerance)) - exact).max()) for tolerance in tolerances]
    slope = np.polyfit(np.log10(tolerances), np.log10(errors), 1)[0]
    assert 0.7 < slope < 1.3
    # And what is asked for is kept: local errors do not add up to more than ten times themselves.
    assert (np.array(errors) < 10 * tolerances).all()
