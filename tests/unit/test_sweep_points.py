"""Points of a sweep beside single solves, chains beside cold starts, points that fail, and models beside the solution."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from sweep_tools import TEXT, sweep_case

import electrodiff as ed
from electrodiff.engines import LocalEngine
from electrodiff.errors import CaseError
from electrodiff.rivals import closed_forms
from electrodiff.solvers import points as points_module
from electrodiff.solvers.points import solve_points
from electrodiff.solvers.sweep import Piece, design_of, fingerprint, solve_piece, solve_sweep
from electrodiff.sweep_result import PointResults

BETA = {"keys": ["layers.membrane.partition.K", "layers.membrane.partition.A"], "values": [1e-5, 1e-4, 1e-3, 1e-2]}
VOLTS = {"key": "left.potential", "from": -0.1, "to": 0.1, "points": 5}


def test_every_point_is_the_single_solve_of_its_case() -> None:
    sweep = ed.solve_sweep(sweep_case(BETA, VOLTS, quantities=["flux.K", "membrane_potential", "debye_drop.left"]))
    assert sweep.shape == (4, 5)
    for point in range(0, sweep.points, 3):
        single = ed.solve(ed.parse_case(TEXT).changed(sweep.coordinates(point)))
        for column, name in enumerate(sweep.quantities):
            value, error = sweep.results.values[point, column], sweep.results.errors[point, column]
            # A warm start ends within Newton's tolerance of a cold one, 1e-9 of the scales; 3e-9 of a thermal voltage here.
            assert value == pytest.approx(single.scalars[name], rel=1e-9, abs=1e-10)
            assert error == pytest.approx(single.error[name], rel=0.1, abs=1e-10)


def test_a_chain_starts_from_its_neighbour_and_ends_where_a_cold_start_does() -> None:
    """In a closed cell, whose contents are unknown, a neighbour saves half of the steps."""
    case = ed.load_case(ed.bundled_case("resting_cell")).changed({"mesh.nodes": 97, "expect": []})
    keys, values = ["layers.membrane.permeability.K"], np.array([[4e-9], [4.2e-9], [4.4e-9]])
    warm = solve_points(case, keys, values, ["membrane_potential"])
    cold = solve_points(case, keys, values, ["membrane_potential"], starts=range(3))
    np.testing.assert_allclose(warm.values, cold.values, rtol=1e-10)
    assert warm.iterations[0] == cold.iterations[0]
    assert (warm.iterations[1:] < 0.7 * cold.iterations[1:]).all()


def test_the_result_is_the_same_bit_for_bit_whoever_solves_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(points_module, "CHUNK", 16)
    case = sweep_case(BETA, {**VOLTS, "points": 20})
    first, second = (solve_sweep(case, engine=LocalEngine(threads)).results for threads in (1, 3))
    monkeypatch.setattr(points_module, "CHUNK", 80)
    third = solve_sweep(case, engine=LocalEngine(1)).results
    for name in ("values", "errors", "iterations", "nodes"):
        assert getattr(first, name).tobytes() == getattr(second, name).tobytes() == getattr(third, name).tobytes()


def test_chunks_that_are_there_are_not_solved_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(points_module, "CHUNK", 16)
    case = sweep_case(BETA, {**VOLTS, "points": 16})
    whole = solve_sweep(case)
    kept: dict[int, PointResults] = {}

    class Store:
        def keep(self, index: int, results: PointResults) -> None:
            kept[index] = results

    seen: list[tuple[int, int, int]] = []
    solve_sweep(case, store=Store(), watch=lambda *told: seen.append(told))
    assert sorted(kept) == [0, 1, 2, 3]
    assert seen == [(16, 64, 0), (32, 64, 0), (48, 64, 0), (64, 64, 0)]
    # Of each chunk of 16 points only those of the first and the last are there.
    again: dict[int, PointResults] = {}
    kept_before = {index: kept[index] for index in (0, 3)}
    kept.clear()
    resumed = solve_sweep(case, store=Store(), done=kept_before)
    again.update(kept)
    assert sorted(again) == [1, 2]
    assert resumed.computed == 32
    assert resumed.results.values.tobytes() == whole.results.values.tobytes()


def test_choices_are_cases_of_their_own() -> None:
    choices = {"key": "layers.inside.relative_permittivity", "values": ["water", 40]}
    sweep = solve_sweep(sweep_case(VOLTS, choices, quantities=["flux.K"]))
    for place, name in enumerate(("water", 40)):
        single = ed.solve(ed.parse_case(TEXT).changed({"left.potential": -0.05, choices["key"]: name}))  # type: ignore[dict-item]
        assert sweep.scalar("flux.K")[1, place] == pytest.approx(single.flux["K"], rel=1e-9)


def test_a_point_that_fails_has_its_reason_and_the_others_their_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    beside = points_module.solve_beside

    def failing(case: ed.Case, *arguments: Any) -> Any:
        if case.left.potential == 0.0:  # type: ignore[union-attr]
            raise ZeroDivisionError("nothing to divide by")
        return beside(case, *arguments)

    monkeypatch.setattr(points_module, "solve_beside", failing)
    # The last point is no case: its left bath has no ions to neutralise with.
    case = sweep_case(
        VOLTS, {"key": "left.concentrations.K", "values": [150.0, 151.0, 150.0]}, changes={"left.neutralise": "A"}
    )
    sweep = solve_sweep(case)
    assert sweep.failed.tolist() == [6, 7, 8]
    assert set(sweep.results.reasons.values()) == {"ZeroDivisionError: nothing to divide by"}
    assert np.isnan(sweep.scalar("flux.K")[2]).all()
    assert np.isfinite(np.delete(sweep.scalar("flux.K"), 2, axis=0)).all()
    with pytest.raises(ed.ConvergenceError, match="3 of 15 points failed"):
        solve_sweep(case, throw=True)


def test_a_point_that_is_no_case_fails_with_the_sentence_of_the_case() -> None:
    """Both ends and the first of the other axis are fine, so that only the solve finds out."""
    axes = [
        {"key": f"right.concentrations.{ion}", "values": [1.0, 2.0], "name": name}
        for ion, name in (("K", "cation"), ("A", "anion"))
    ]
    case = sweep_case(*axes, design="zip", changes={"right.neutralise": None})
    broken = Piece(
        case.changed({"study": ed.SteadyStudy()}),
        ("right.concentrations.K", "right.concentrations.A"),
        ("flux.K",),
        tuple(segment._replace(values=np.array([[1.0, 1.0], [1.0, 2.0]])) for segment in design_of(case).segments(0)),
    )
    found = solve_piece(broken)
    assert found.converged.tolist() == [True, False]
    assert "not electroneutral" in found.reasons[1]


def test_a_worker_with_another_version_is_refused() -> None:
    case = sweep_case(VOLTS)
    piece = Piece(case.changed({"study": ed.SteadyStudy()}), (), (), (), version="0.0.0")
    with pytest.raises(CaseError, match=r"install the same on all workers"):
        solve_piece(piece)


def test_a_sweep_is_solved_by_what_solves_sweeps() -> None:
    with pytest.raises(CaseError, match=r"study.kind is 'steady'; expected 'sweep'"):
        ed.solve_sweep(ed.parse_case(TEXT))
    with pytest.raises(CaseError, match="solve_sweep"):
        ed.solve(sweep_case(VOLTS))


# ---- curves ------------------------------------------------------------------------------------------------------


def curve_sweep(**study: Any) -> ed.Sweep:
    point = {"kind": "iv", "potentials": [-0.08, 0.0, 0.08]}
    return ed.solve_sweep(sweep_case(BETA, point=point, **study))


def test_the_scalars_of_a_curve_are_those_of_the_curve() -> None:
    sweep = curve_sweep()
    assert sweep.quantities == ("reversal_potential", "slope_conductance", "rectification")
    study = ed.IVStudy(kind="iv", potentials=(-0.08, 0.0, 0.08))
    curve = ed.solve_iv(ed.parse_case(TEXT).changed({"study": study, **sweep.coordinates(2)}))
    zero, ratio = float(sweep.scalar("reversal_potential")[2]), float(sweep.scalar("rectification")[2])
    assert zero == pytest.approx(curve.reversal_potential, rel=1e-9)
    assert ratio == pytest.approx(abs(curve.current_density[2] / curve.current_density[0]), rel=1e-9)
    # The slope where the current is nothing, from currents on both sides: second order in 0.1 mV of 27 mV.
    near = ed.solve_iv(curve.case.replace("study.potentials", (zero - 1e-4, zero + 1e-4)))
    slope = float(np.diff(near.current_density)[0] / 2e-4)
    assert float(sweep.scalar("slope_conductance")[2]) == pytest.approx(slope, rel=1e-4)


def test_no_more_is_solved_than_is_asked_for() -> None:
    everything, zero = curve_sweep(), curve_sweep(quantities=["reversal_potential"])
    np.testing.assert_allclose(zero.scalar("reversal_potential"), everything.scalar("reversal_potential"), rtol=1e-9)
    assert zero.iterations < everything.iterations / 3


def test_a_membrane_that_nothing_crosses_has_no_reversal_potential() -> None:
    nothing = {"layers.membrane.partition.A": 0, "layers.membrane.partition.K": 0}
    case = sweep_case(
        {"key": "temperature", "values": [300.0]}, changes=nothing, point={"kind": "iv", "potentials": [0.01]}
    )
    sweep = ed.solve_sweep(case)
    assert sweep.converged
    assert np.isnan(sweep.results.values).all()


# ---- models beside it --------------------------------------------------------------------------------------------


def salt(beta_k: float, beta_a: float, left: float, right: float) -> ed.Case:
    changes: dict[str, Any] = {
        "layers.membrane.partition": {"K": beta_k, "A": beta_a},
        "left": {"concentrations": {"K": left, "A": left}, "potential": "floating"},
        "right": {"concentrations": {"K": right, "A": right}, "potential": 0.0},
    }
    return ed.parse_case(TEXT).changed(changes)


def test_closed_forms_are_ghk_planck_and_the_debye_length() -> None:
    found = closed_forms(
        salt(1e-3, 1e-3, 150.0, 15.0), ["ghk_potential", "ghk_difference", "planck_potential", "debye_ratio"], -0.01
    )
    # Equal permeabilities: (15 + 150) / (150 + 15), and Planck of one salt with equal mobilities.
    assert found["ghk_potential"] == pytest.approx(0.0, abs=1e-15)
    assert found["ghk_difference"] == pytest.approx(-0.01, abs=1e-15)
    assert found["planck_potential"] == pytest.approx(0.0, abs=1e-12)
    # sqrt(eps R T / (2 F^2 beta c)) at the fuller side.
    faraday, gas = 96485.33212, 8.314462618
    length = math.sqrt(2 * 8.8541878128e-12 * gas * 310 / (2 * faraday**2 * 1e-3 * 150))
    assert found["debye_ratio"] == pytest.approx(5e-9 / length, rel=1e-6)


def test_planck_of_one_salt_is_the_diffusion_potential_and_ghk_is_not() -> None:
    case = salt(1e-3, 1e-3, 150.0, 15.0).replace("layers.membrane.diffusivity.A", 1e-12)
    found = closed_forms(case, ["ghk_potential", "planck_potential"], 0.0)
    thermal = 8.314462618 * 310 / 96485.33212
    # (D+ - D-) / (D+ + D-) (RT/F) ln(c_right / c_left); and GHK in closed form.
    assert found["planck_potential"] == pytest.approx(0.9 / 1.1 * thermal * math.log(0.1), rel=1e-8)
    assert found["ghk_potential"] == pytest.approx(thermal * math.log((15 + 15) / (150 + 1.5)), rel=1e-8)


def test_a_model_that_does_not_apply_has_no_value() -> None:
    uneven = closed_forms(salt(1e-3, 1e-2, 150.0, 15.0), ["planck_potential", "ghk_potential"], 0.0)
    assert math.isnan(uneven["planck_potential"])
    assert not math.isnan(uneven["ghk_potential"])
    one_way = salt(1e-3, 0, 150.0, 15.0).changed({"right": {"concentrations": {}, "potential": 0.0}})
    assert math.isnan(closed_forms(one_way, ["ghk_potential"], 0.0)["ghk_potential"])


def test_the_error_of_a_difference_is_that_of_the_potential() -> None:
    case = sweep_case(
        BETA,
        changes={"left.potential": "floating"},
        quantities=["membrane_potential", "ghk_difference", "ghk_potential"],
    )
    sweep = ed.solve_sweep(case)
    np.testing.assert_array_equal(sweep.error("ghk_difference"), sweep.error("membrane_potential"))
    np.testing.assert_array_equal(sweep.error("ghk_potential"), 0)
    difference = sweep.scalar("membrane_potential") - sweep.scalar("ghk_potential")
    np.testing.assert_allclose(sweep.scalar("ghk_difference"), difference, rtol=1e-12, atol=1e-16)


# ---- from Python -------------------------------------------------------------------------------------------------


def test_a_sweep_from_python_is_the_dataset_of_the_study() -> None:
    case = ed.parse_case(TEXT)
    axes = {tuple(BETA["keys"]): BETA["values"], "left.potential": {"from": "-100 mV", "to": "100 mV", "points": 5}}
    data = ed.sweep(case, axes, quantities=["flux.K"], quiet=True)
    whole = ed.solve_sweep(sweep_case(BETA, VOLTS, quantities=["flux.K"])).dataset
    assert data.identical(whole)


def test_a_sweep_from_python_takes_arrays_of_a_random_design() -> None:
    case = ed.parse_case(TEXT)
    data = ed.sweep(case, {"temperature": {"from": 290, "to": 310}}, design="random", points=5, seed=1, quiet=True)
    np.testing.assert_allclose(data["temperature"], 290 + 20 * np.random.default_rng(1).random(5))


def test_a_sweep_from_python_is_stored_where_it_is_told(tmp_path: Any) -> None:
    data = ed.sweep(ed.parse_case(TEXT), {"left.potential": np.array([0.0, 0.05])}, out=tmp_path / "r", quiet=True)
    stored = ed.load_solution(tmp_path / "r" / "solution.nc")
    assert isinstance(stored, ed.Sweep)
    assert stored.dataset.identical(data)
    assert [path.name for path in (tmp_path / "r").iterdir()] == ["solution.nc"]
    assert fingerprint(stored.case) == fingerprint(stored.case.replace("title", "x"))


def test_a_transient_gives_no_scalars() -> None:
    transient = ed.load_case(ed.bundled_case("membrane_charging"))
    with pytest.raises(CaseError, match=r"study.kind is 'transient', which gives no scalars"):
        ed.sweep(transient, {"temperature": [300.0]})
