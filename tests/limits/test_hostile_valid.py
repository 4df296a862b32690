"""Cases that nobody thought of, but are cases: solved, right by a check that knows nothing of the solver, and symmetric."""

from __future__ import annotations

import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import electrodiff as ed

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import robustness
from robustness_cases import draw_case
from robustness_check import check_solution

# The same examples in every run, so that a failure is one of the change that is tested; no deadline, as kernels compile.
QUICK = settings(
    max_examples=12, derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)

# Kernels are compiled for each number of ions.
MOST_IONS = 3
NODES = 121

# Newton's last update is below 1e-9 of RT/F, and it is applied; what is left are parts of a flux, and the round-off of the
# two terms that a flux through a face is the difference of.
SAME, ROUNDING = 1e-7, 64 * np.finfo(float).eps


def spread(low: float, high: float) -> st.SearchStrategy[float]:
    """Numbers between two positive ones, evenly in the logarithm."""
    return st.floats(np.log(low), np.log(high)).map(lambda value: float(np.exp(value)))


def sized(low: float, high: float) -> st.SearchStrategy[float]:
    """Zero, or a number of this size and either sign."""
    return st.one_of(st.just(0.0), spread(low, high), spread(low, high).map(lambda value: -value))


@st.composite
def cases(draw: st.DrawFn) -> ed.Case:
    """A stack of one to three layers between two reservoirs, with two or three ions that pass everywhere."""
    valences = [draw(st.sampled_from([1, 2])), draw(st.sampled_from([-1, -2]))]
    valences += [draw(st.sampled_from([-2, -1, 0, 1, 2])) for _ in range(draw(st.integers(0, MOST_IONS - 2)))]
    names = ["P", "N", "X"][: len(valences)]
    ions = {
        name: {"valence": z, "diffusivity": draw(spread(1e-11, 1e-8))} for name, z in zip(names, valences, strict=True)
    }
    layers = [_layer(draw, names, f"layer {number}") for number in range(draw(st.integers(1, 3)))]
    interfaces = [
        {"between": [first["name"], second["name"]], "surface_charge": draw(sized(1e-4, 0.05))}
        for first, second in pairwise(layers)
    ]
    left, right = (_bath(draw, names, valences, draw(sized(1e-3, 0.15))) for _ in range(2))
    return ed.Case(
        temperature=draw(st.floats(275.0, 370.0)),
        ions=ions,
        layers=layers,
        interfaces=interfaces,
        left=left,
        right=right,
        mesh={"nodes": NODES},
    )


def _layer(draw: st.DrawFn, names: list[str], name: str) -> dict[str, Any]:
    return {
        "name": name,
        "thickness": draw(spread(1e-9, 1e-7)),
        "relative_permittivity": draw(spread(2.0, 100.0)),
        "partition": {ion: draw(spread(1e-4, 1.0)) for ion in names},
        "fixed_charge": draw(sized(0.1, 200.0)),
    }


def _bath(draw: st.DrawFn, names: list[str], valences: list[int], potential: float) -> dict[str, Any]:
    """Neutral by more of the first or the second ion, which have opposite signs."""
    amounts = {ion: draw(spread(0.1, 300.0)) for ion in names}
    charge = sum(z * amounts[ion] for ion, z in zip(names, valences, strict=True))
    counter = 1 if charge > 0 else 0
    amounts[names[counter]] += -charge / valences[counter]
    return {"kind": "reservoir", "concentrations": amounts, "potential": potential}


def solved(case: ed.Case) -> ed.Solution:
    """The solution, with positive activities, constant fluxes and Poisson's equation at every node; see `check_solution`."""
    solution = ed.solve(case)
    assert check_solution(solution) == []
    return solution


def gross(solution: ed.Solution, ion: str) -> float:
    """The larger of the two terms that the flux of an ion through a face is the difference of, over all faces."""
    at = list(solution.case.ions).index(ion)
    return float(np.abs(solution.readings.gross_face_flux).reshape(-1, len(solution.case.ions))[:, at].max())


def assert_same(found: ed.Solution, expected: ed.Solution, charges: float = 1.0, sides: float = 1.0) -> None:
    """The same but for the sign of all charges, or with left and right exchanged; to the round-off of gross fluxes."""
    thermal = expected.problem.scales.potential
    drop = charges * sides * expected.membrane_potential
    assert abs(found.membrane_potential - drop) <= SAME * thermal
    for ion, flux in expected.flux.items():
        allowed = SAME * abs(flux) + ROUNDING * max(gross(found, ion), gross(expected, ion))
        assert abs(found.flux[ion] - sides * flux) <= allowed, ion
    activity = found.activity[[list(found.case.ions).index(ion) for ion in expected.case.ions]]
    np.testing.assert_allclose(activity[:, :: int(sides)], expected.activity, rtol=SAME)


# ---- any case -----------------------------------------------------------------------------------------------------


@QUICK
@given(st.integers(0, 2**32 - 1))
def test_any_case_of_the_generator_is_solved_and_right(seed: int) -> None:
    """Walls, pockets whose ions are conserved, channels, spheres, sized ions, floating ends, currents."""
    index = next(index for index in range(100) if len(draw_case(seed, index).case.ions) in (2, MOST_IONS))
    _, (_, failures, _) = robustness.draw_and_run(seed, index)
    assert not failures


@QUICK
@given(cases())
def test_any_membrane_is_solved_and_right(case: ed.Case) -> None:
    solution = solved(case)
    assert (solution.activity > 0).all()
    for at, ion in enumerate(case.ions):
        assert np.ptp(solution.face_flux[:, at]) <= ROUNDING * gross(solution, ion)
    # What the file says of the case is the case.
    assert ed.parse_case(ed.case_text(case)) == case


# ---- symmetries ---------------------------------------------------------------------------------------------------


@QUICK
@given(cases())
def test_the_mirror_image_has_the_opposite_fluxes(case: ed.Case) -> None:
    image = case.changed(
        {
            "layers": [layer.model_dump() for layer in reversed(case.layers)],
            "left": case.right.model_dump(),
            "right": case.left.model_dump(),
        }
    )
    assert_same(solved(image), solved(case), sides=-1.0)


@QUICK
@given(cases())
def test_the_opposite_charges_have_the_opposite_potentials_and_the_same_fluxes(case: ed.Case) -> None:
    changes: dict[str, Any] = {f"ions.{ion}.valence": -case.valence(ion) for ion in case.ions}
    changes |= {f"{side}.potential": -getattr(case, side).potential for side in ("left", "right")}
    changes |= {f"layers.{layer.name}.fixed_charge": -layer.fixed_charge for layer in case.layers}
    changes["interfaces"] = [
        {"between": face.between, "surface_charge": -face.surface_charge} for face in case.interfaces
    ]
    assert_same(solved(case.changed(changes)), solved(case), charges=-1.0)


@QUICK
@given(cases(), st.floats(-1.0, 1.0))
def test_potentials_are_known_up_to_a_constant(case: ed.Case, constant: float) -> None:
    changes = {f"{side}.potential": getattr(case, side).potential + constant for side in ("left", "right")}
    raised = solved(case.changed(changes))
    solution = solved(case)
    assert_same(raised, solution)
    np.testing.assert_allclose(
        raised.potential - constant, solution.potential, atol=SAME * solution.problem.scales.potential
    )


@QUICK
@given(cases(), st.randoms(use_true_random=False))
def test_the_order_of_ions_does_not_matter(case: ed.Case, random: Any) -> None:
    names = list(case.ions)
    random.shuffle(names)
    assert_same(solved(case.changed({"ions": {ion: case.ions[ion].model_dump() for ion in names}})), solved(case))
