"""Random cases, solved and checked against the closed form; and the check itself, shown to fail on wrong states."""

from __future__ import annotations

import dataclasses
import sys
from decimal import Decimal, localcontext
from pathlib import Path

import numpy as np
import pytest

import electrodiff as ed
from electrodiff.fvm.kernels.arrays import AMOUNT

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import robustness
from robustness_cases import draw_case
from robustness_charges import unscreened_potential
from robustness_check import check_solution
from robustness_closed import log_bernoulli

CASES = 300

WATER = {"relative_permittivity": 80.0}
KEPT_OUT = {"relative_permittivity": 2.0, "partition": {"K": 0.0, "Cl": 0.0, "Ca": 0.0}}
LEFT = {"kind": "reservoir", "concentrations": {"K": 100.0, "Cl": 120.0, "Ca": 10.0}, "potential": 0.05}
RIGHT = {"kind": "reservoir", "concentrations": {"K": 10.0, "Cl": 12.0, "Ca": 1.0}, "potential": 0.0}
IONS: dict[str, dict[str, float]] = {"K": {}, "Cl": {}, "Ca": {}}


def layer(name: str, thickness: float, **keys: object) -> dict[str, object]:
    return {"name": name, "thickness": thickness, **keys}


def stack(*layers: dict[str, object], **keys: object) -> ed.Case:
    ends = {"left": LEFT, "right": RIGHT}
    return ed.Case(**{"temperature": 300.0, "ions": IONS, "layers": layers, **ends, **keys})


@pytest.fixture(scope="module")
def pocket() -> ed.Solution:
    """A trapped salt between two ion-free films, charged a little, in a cell that is too small for its bulk."""
    salt = layer("pocket", 1e-7, **WATER, initial={"K": 100.0, "Cl": 99.99, "Ca": 0.0})
    films = [layer("film", 5e-9, **KEPT_OUT), layer("other film", 4e-9, **KEPT_OUT)]
    return solved(stack(layer("inside", 2e-8, **WATER), films[0], salt, films[1], layer("outside", 2e-8, **WATER)))


@pytest.fixture(scope="module")
def membrane() -> ed.Solution:
    """Ions of finite size through a charged membrane, with no net current."""
    film = layer(
        "film", 5e-9, relative_permittivity=5.0, fixed_charge=-50.0, partition={"K": 1e-2, "Cl": 1e-4, "Ca": 1e-6}
    )
    ions = {ion: {"diameter": size} for ion, size in {"K": 5e-10, "Cl": 6e-10, "Ca": 8e-10}.items()}
    left = {**LEFT, "potential": "floating"}
    water = layer("inside", 2e-8, **WATER), layer("outside", 2e-8, **WATER)
    return solved(stack(water[0], film, water[1], ions=ions, steric={"model": "bikerman"}, left=left))


def solved(case: ed.Case) -> ed.Solution:
    solution = ed.solve(case)
    assert check_solution(solution) == []
    return solution


def tampered(solution: ed.Solution, nodes: object, row: int, change: object) -> list[str]:
    """What the check says when some entries of the state are changed: an activity times, a potential plus `change`."""
    state = solution.state.copy()
    state[nodes, row] = state[nodes, row] + change if row == state.shape[1] - 1 else state[nodes, row] * change
    return check_solution(dataclasses.replace(solution, state=state))


def complains(texts: list[str], *starts: str) -> bool:
    return all(any(text.startswith(start) for text in texts) for start in starts)


def nodes_of(solution: ed.Solution, name: str) -> np.ndarray:
    index = solution.case.layer_names.index(name)
    bounds = solution.problem.mesh.boundaries
    return np.arange(bounds[index], bounds[index + 1] + 1)


# ---- random cases -------------------------------------------------------------------------------------------------


def test_random_cases_of_the_fixed_seed_are_solved_and_right():
    outcomes = [robustness.run_case(robustness.SEED, index) for index in range(CASES)]
    failed = [f"{outcome.index}: {outcome.failures[0]}" for outcome in outcomes if outcome.failures]
    assert not failed, f"{len(failed)} of {CASES} failed; python benchmarks/robustness.py --only INDEX:\n" + "\n".join(
        failed
    )


def test_case_whose_front_crosses_a_layer_before_anything_is_gained():
    """Sized ions in a layer of permittivity 1.1 beside -0.21 C/m^2: seven turns of potential and activities without gain."""
    assert not robustness.run_case(77, 876).failures


def test_a_pocket_at_hundreds_of_volts_is_reached() -> None:
    """14,000 RT/F, of which each turn of potential and activities goes 1,500."""
    assert not robustness.run_case(2077515762, 8250).failures


def test_a_pocket_whose_potential_rounding_moves_about_fulfils_poissons_equation() -> None:
    """Of states that differ by a thousandth of RT/F and are alike in all but their last digits."""
    assert not robustness.run_case(1175235200, 134).failures


@pytest.mark.parametrize("index", [4371, 6235])
def test_a_little_that_a_thousand_nodes_of_a_layer_miss_of_poissons_equation_is_mended(index: int) -> None:
    """1e-11 of its terms at each, which asks for a change of the potential of 1e-8 RT/F."""
    assert not robustness.run_case(2781450285, index).failures


def test_an_activity_that_is_no_number_is_told_and_not_given() -> None:
    """Trivalent ions of 0.67 nm crowd against -0.48 C/m^2 in a layer that hardly lets them in: e^745."""
    solution = ed.solve(draw_case(1577573546, 3300).case, throw=False)
    assert not solution.converged
    assert "an activity above e^700" in solution.message
    assert "of i0 at x = 2.001e+04 nm (layer 'layer 0')" in solution.message


def test_a_flux_that_is_hardly_a_number_counts_as_none() -> None:
    """Barriers that leave e-295 of a unit of flux: the least numbers have lost their digits."""
    assert not robustness.run_case(1577573546, 1902).failures


def test_a_case_follows_from_seed_and_index_alone_and_so_does_its_file():
    for index in (0, 7, 123):
        first, again = draw_case(3, index), draw_case(3, index)
        assert first == again
        assert ed.parse_case(ed.case_text(first.case)) == first.case
    assert draw_case(3, 0).case != draw_case(4, 0).case


def test_potential_of_an_unscreened_sheet_is_estimated_from_above():
    """sigma d / eps of 0.1 C/m^2 on the far side of an ion-free film of 5 nm and eps 2, with a wall beyond."""
    far = {"kind": "wall", "surface_charge": 0.1}
    case = stack(layer("water", 2e-8, **WATER), layer("film", 5e-9, **KEPT_OUT), right=far)
    assert unscreened_potential(case) == pytest.approx(0.1 * 5e-9 / (2.0 * 8.8541878e-12), rel=1e-6)


# ---- the check fails on wrong states ------------------------------------------------------------------------------


@pytest.mark.parametrize("u", ["1e-9", "9.9e-4", "1.1e-3", "0.3", "30", "700"])
def test_the_check_knows_bernoulli_to_80_bits(u):
    # 40 digits of the decimal module; 1e-18 for each unit of the terms, of which two cancel at small u.
    with localcontext(prec=40):
        expected = [(signed / (signed.exp() - 1)).ln() for signed in (Decimal(u), -Decimal(u))]
    found = log_bernoulli(np.array([np.longdouble(u), -np.longdouble(u)]))
    assert np.abs(found - [np.longdouble(str(each)) for each in expected]).max() < 1e-18 * (10 + float(u))


def test_the_check_sees_an_unconverged_an_infinite_and_a_negative_state(pocket):
    assert complains(check_solution(dataclasses.replace(pocket, converged=False)), "not converged")
    assert complains(tampered(pocket, 3, 0, np.nan), "the state is not finite")
    assert complains(tampered(pocket, 3, 0, -1.0), "an activity is negative")


@pytest.mark.parametrize("change", [1e-3, -1e-3, 2e-6])
def test_the_check_sees_one_activity_of_a_trapped_ion(pocket, change):
    node = int(nodes_of(pocket, "pocket")[40])
    assert complains(tampered(pocket, node, 0, 1 + change), "activity of trapped K", "flux of K")


def test_the_check_sees_a_pocket_that_is_neutral_and_has_lost_a_thousandth_of_its_salt(pocket):
    """Smooth, in equilibrium, and neutral: only the amount says that it is wrong."""
    nodes = nodes_of(pocket, "pocket")
    state = pocket.state.copy()
    state[nodes[0] : nodes[-1] + 1, :2] *= 1 - 1e-3
    found = check_solution(dataclasses.replace(pocket, state=state))
    assert complains(found, "activity of trapped K", "activity of trapped Cl", "the amount of K")


def test_the_check_sees_an_amount_off_by_a_hundred_millionth(pocket):
    found = tampered(pocket, nodes_of(pocket, "pocket"), 0, 1 + 1e-8)
    assert complains(found, "the amount of K")
    assert not complains(found, "activity of trapped K")  # 1e-6 is allowed there


@pytest.mark.parametrize("shift", [1e-4, -1e-5])
def test_the_check_sees_a_pocket_at_a_wrong_potential(pocket, shift):
    """All of the pocket so many RT/F too high, and the films bent accordingly: every ion is still in equilibrium."""
    ramp = np.zeros(pocket.nodes)
    for name, sign in (("film", 1.0), ("other film", -1.0)):
        x = pocket.problem.mesh.x[nodes_of(pocket, name)]
        share = (x - x[0]) / (x[-1] - x[0])
        ramp[nodes_of(pocket, name)] = share if sign > 0 else 1 - share
    ramp[nodes_of(pocket, "pocket")] = 1.0
    found = tampered(pocket, slice(None), -1, shift * ramp)
    assert complains(found, "net charge of the pocket")


@pytest.mark.parametrize("name", ["inside", "film", "pocket", "outside"])
def test_the_check_sees_one_potential(pocket, name):
    node = int(nodes_of(pocket, name)[20])
    assert complains(tampered(pocket, node, -1, 1e-4), "Poisson's equation with closed-form activities")


def test_the_check_sees_a_pinned_value_and_an_ion_where_it_is_absent(pocket):
    assert complains(tampered(pocket, 0, 0, 1 + 1e-9), "pinned K")
    assert complains(tampered(pocket, 0, -1, 1e-9), "pinned the potential", "the left end")
    state = pocket.state.copy()
    state[nodes_of(pocket, "film")[5], 1] = 1e-12
    assert complains(check_solution(dataclasses.replace(pocket, state=state)), "pinned Cl")


@pytest.mark.parametrize("row", [0, 1, 2])
def test_the_check_sees_one_activity_of_an_ion_that_passes(membrane, row):
    node = int(nodes_of(membrane, "film")[30])
    assert complains(tampered(membrane, node, row, 1 + 1e-5), "activity of free", "flux of")


def test_the_check_sees_activities_of_an_ion_that_bend_smoothly(membrane):
    """A sine of 1e-5 over the membrane, which leaves the flux through every face what it was to 1e-7."""
    nodes = nodes_of(membrane, "film")
    x = membrane.problem.mesh.x[nodes]
    bend = 1 + 1e-5 * np.sin(np.pi * (x - x[0]) / (x[-1] - x[0]))
    assert complains(tampered(membrane, nodes, 2, bend), "activity of free Ca")


def test_the_check_sees_a_wrong_floating_potential(membrane):
    """All of the left bath 1e-6 RT/F too high, and the membrane with it: the net current is not zero."""
    ramp = np.ones(membrane.nodes)
    x = membrane.problem.mesh.x[nodes_of(membrane, "film")]
    ramp[nodes_of(membrane, "film")] = 1 - (x - x[0]) / (x[-1] - x[0])
    ramp[nodes_of(membrane, "outside")] = 0.0
    assert complains(tampered(membrane, slice(None), -1, 1e-6 * ramp), "net current")


def test_the_check_sees_a_wrong_amount_in_the_problem(pocket):
    """The other way round: the state of one case as the solution of another."""
    border = pocket.problem.border
    more = border._replace(value=np.where(border.kind == AMOUNT, border.value * (1 + 1e-5), border.value))
    problem = dataclasses.replace(pocket.problem, border=more)
    found = check_solution(dataclasses.replace(pocket, problem=problem))
    assert complains(found, "activity of trapped K", "the amount of Cl", "net charge of the pocket")
