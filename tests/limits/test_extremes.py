"""Inputs at the ends of what is legal: solved, and right by a check that knows nothing of the solver, or a reason why not."""

from __future__ import annotations

import math
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import constants

import electrodiff as ed
from electrodiff.errors import ConvergenceError

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from robustness_check import check_solution

THERMAL_VOLTAGE = constants.R * 300.0 / (constants.N_A * constants.e)
Keys = dict[str, object]

TRACE = 1e-12  # mM: one ion in a cube of 12 um
WATER = {"relative_permittivity": 80.0}
FILM = {"relative_permittivity": 2.0, "partition": {"K": 1e-3, "Cl": 1e-4}}


def layer(name: str, thickness: float, **keys: object) -> Keys:
    return {"name": name, "thickness": thickness, **WATER, **keys}


def end(concentration: float, potential: float | str = 0.0) -> Keys:
    return {"concentrations": {"K": concentration, "Cl": concentration}, "potential": potential}


def case_of(*layers: Keys, left: Keys, right: Keys, **keys: object) -> ed.Case:
    ions = keys.pop("ions", {"K": {}, "Cl": {}})
    return ed.Case(**{"temperature": 300.0, "ions": ions, "layers": layers, "left": left, "right": right, **keys})


def membrane(left: Keys, right: Keys, thickness: float = 2e-8, film: float = 5e-9) -> ed.Case:
    layers = layer("inside", thickness), layer("film", film, **FILM), layer("outside", thickness)
    return case_of(*layers, left=left, right=right)


def stack(count: int, left: Keys, right: Keys, thickness: float = 5e-9) -> ed.Case:
    """So many layers, water and films in turn, of which every film is charged the other way than the one before."""
    charges = [0.0, 50.0, 0.0, -50.0]
    layers = [
        layer(f"layer {k}", thickness, **(FILM if k % 2 else {}), fixed_charge=charges[k % 4]) for k in range(count)
    ]
    return case_of(*layers, left=left, right=right)


EXTREMES = {
    "traces on both sides": membrane(end(TRACE, 0.05), end(TRACE)),
    "traces beside a bath": membrane(end(TRACE, "floating"), end(150.0)),
    "traces beside a bath at 2 V": membrane(end(TRACE, 2.0), end(150.0)),
    "2 V": membrane(end(150.0, 2.0), end(15.0)),
    "-2 V": membrane(end(150.0, -2.0), end(15.0)),
    "2 V in water alone": case_of(layer("water", 1e-6), left=end(100.0, 2.0), right=end(1.0)),
    "baths of 1 mm": membrane(end(150.0, "floating"), end(15.0), thickness=1e-3),
    "a film of 1 mm": membrane(end(150.0, 2.0), end(15.0), film=1e-3),
    "all of 1 mm, traces, 2 V": membrane(end(TRACE, 2.0), end(150.0), thickness=1e-3, film=1e-3),
    "12 layers": stack(12, end(150.0, "floating"), end(15.0)),
    "12 layers at 2 V": stack(12, end(150.0, 2.0), end(15.0)),
    "12 layers of 1 mm, traces, 2 V": stack(12, end(TRACE, 2.0), end(150.0), thickness=1e-3),
}


# Valences from -3 to 3, an ion that is everywhere, one that only traces are of, and one that films hardly let in.
EIGHT = {"K": 1, "Cl": -1, "Ca": 2, "SO4": -2, "La": 3, "PO4": -3, "Na": 1, "A": -1}
SHARES = {"K": 1.0, "Cl": 0.9, "Ca": 0.1, "SO4": 0.1, "La": 0.01, "PO4": 0.01, "Na": 1e-14, "A": 0.1}


def eight(count: int, thickness: float, left: float, right: float, voltage: float | str) -> ed.Case:
    """So many layers with eight ions."""
    films = dict.fromkeys(EIGHT, 1e-2) | {"A": 1e-16}
    dry = {"relative_permittivity": 4.0, "partition": films, "fixed_charge": 20.0}
    ions = {name: {"valence": z, "diffusivity": 1e-9} for name, z in EIGHT.items()}
    return case_of(
        *(layer(f"layer {k}", thickness, **(dry if k % 2 else {})) for k in range(count)),
        left={"concentrations": {name: left * share for name, share in SHARES.items()}, "potential": voltage},
        right={"concentrations": {name: right * share for name, share in SHARES.items()}, "potential": 0.0},
        ions=ions,
    )


SIZED = {"ions": {"K": {"diameter": 6e-10}, "Cl": {"diameter": 8e-10}}, "steric": {"model": "bikerman"}}
EXTREMES |= {
    "8 ions, floating": eight(3, 2e-8, 150.0, 15.0, "floating"),
    "8 ions, 12 layers, 2 V": eight(12, 5e-9, 150.0, 15.0, 2.0),
    "8 ions, 12 layers of 1 mm, traces, 2 V": eight(12, 1e-3, TRACE, 150.0, 2.0),
    "sized ions, 2 V": case_of(layer("water", 2e-8), left=end(150.0, 2.0), right=end(15.0), **SIZED),
    "a metal wall at 2 V, sized ions": case_of(
        layer("water", 1e-3), left={"kind": "wall", "potential": 2.0}, right=end(100.0), **SIZED
    ),
    "a metal wall at 2 V": case_of(layer("water", 1e-3), left={"kind": "wall", "potential": 2.0}, right=end(TRACE)),
    "a metal wall at 0.5 V, a bath": case_of(
        layer("water", 1e-3), left={"kind": "wall", "potential": 0.5}, right=end(100.0)
    ),
}


def assert_solved(case: ed.Case) -> ed.Solution:
    """Right, and as exact as it was asked to be, or it says how exact it is and what to do about it."""
    solution = ed.solve(case)
    assert solution.converged
    assert check_solution(solution) == []
    remedies = [text for text in solution.warnings if "the relative error of" in text and "mesh." in text]
    assert solution.reached == (not remedies)
    return solution


@pytest.mark.parametrize("name", EXTREMES)
def test_extreme_case_is_solved_and_right(name: str) -> None:
    assert_solved(EXTREMES[name])


@pytest.mark.parametrize("thickness", [5e-9, 5e-8])
def test_charged_films_between_traces_are_solved_or_it_is_said_how_far_one_gets(thickness: float) -> None:
    """Films of +50 and -50 mM in turn with hardly an ion to screen them: tens of volts, from one to the next."""
    case = stack(12, end(TRACE, "floating"), end(TRACE), thickness=thickness)
    solution = ed.solve(case, throw=False)
    if solution.converged:
        assert check_solution(solution) == []
        return
    assert re.search(r"after \d+ Newton steps; the largest change was in .* at x = [\d.e+]+ nm", solution.message)
    assert "a ramp reached" in solution.message
    assert "of the voltages and charges: try smaller ones, or more nodes with mesh.nodes" in solution.message
    with pytest.raises(ConvergenceError, match="try smaller ones"):
        ed.solve(case)


def test_traces_have_the_reversal_potential_of_their_ratio() -> None:
    """Only potassium passes: Nernst, over 14 orders of concentration."""
    case = membrane(end(TRACE, "floating"), end(150.0)).replace("layers.film.partition.Cl", 0.0)
    expected = THERMAL_VOLTAGE * math.log(150.0 / TRACE)
    assert assert_solved(case).membrane_potential == pytest.approx(expected, rel=1e-9)


def test_course_of_a_step_to_2_volts_ends_where_the_steady_state_is() -> None:
    """A second, in which a million times what the membrane holds has passed."""
    case = membrane(end(150.0, 0.0), end(1.0)).changed({"mesh.nodes": 129})
    study = {"kind": "transient", "end": 1.0, "error_estimates": False, "protocol": [{"set": {"left.potential": 2.0}}]}
    result = ed.solve_transient(case.changed({"study": study}))
    assert result.converged
    steady = ed.solve(case.changed({"left.potential": 2.0}))
    # 1e-3: of second order, on 129 nodes of which hardly any lie where 2 V bend the profiles.
    assert result.total_current_density[-1] == pytest.approx(steady.current_density, rel=1e-3)


def test_sweep_over_fourteen_orders_of_concentration_has_ghks_slope() -> None:
    """Where the bath has next to nothing, a decade less changes the reversal potential of a cation membrane by RT/F ln 10."""
    case = membrane(end(150.0, "floating"), end(TRACE)).changed({"layers.film.partition.Cl": 0.0})
    values = np.geomspace(TRACE, 100.0, 15)
    sweep = ed.sweep(case, {("right.concentrations.K", "right.concentrations.Cl"): values}, quiet=True)
    expected = THERMAL_VOLTAGE * np.log(values / 150.0)
    np.testing.assert_allclose(sweep["membrane_potential"], expected, rtol=1e-9)
