"""`ed.sensitivity`: which keys it takes, what it gives, and what it refuses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import electrodiff as ed
from electrodiff.key_numbers import STEP, checked_number, moved, number_at


@pytest.fixture(scope="module")
def case() -> ed.Case:
    own = ed.load_case(ed.bundled_case("clamped_membrane"))
    return own.changed({"expect": [], "right.neutralise": "Cl", "left.neutralise": "A"})


@pytest.fixture(scope="module")
def solution(case: ed.Case) -> ed.Solution:
    return ed.solve(case)


def test_the_record_has_units_elasticities_and_a_dataset(solution: ed.Solution) -> None:
    keys = ["left.potential", "layers.membrane.partition.K"]
    found = ed.sensitivity(solution, keys, ["current_density", "flux.K"])
    assert found.derivative.shape == found.error.shape == (2, 2)
    assert found.unit_of("current_density", "left.potential") == "A/m^2 per V"
    assert found.unit_of("flux.K", "layers.membrane.partition.K") == "mol/m^2/s"
    slope = found.of("current_density", "left.potential")
    expected = slope * solution.case.left.potential / solution.current_density  # type: ignore[union-attr]
    assert found.elasticity_of("current_density", "left.potential") == pytest.approx(expected)
    data = found.dataset
    assert float(data.derivative.sel(quantity="current_density", key="left.potential")) == slope
    assert str(data.quantity_unit.sel(quantity="flux.K").item()) == "mol/m^2/s"
    assert str(data.key_unit.sel(key="left.potential").item()) == "V"
    assert (
        0
        < float(data.derivative_error.sel(quantity="flux.K", key="left.potential"))
        < 1e-4 * abs(found.of("flux.K", "left.potential"))
    )
    with pytest.raises(ed.ResultError, match=r"no key 'left.potentail' .*did you mean 'left.potential'"):
        found.of("flux.K", "left.potentail")


def test_without_names_every_scalar_is_differentiated_and_what_is_not_defined_is_nan(solution: ed.Solution) -> None:
    found = ed.sensitivity(solution, "left.potential")
    assert set(found.quantities) == set(solution.scalars)
    assert np.isnan(found.of("electrode_charge.left", "left.potential"))
    assert found.of("membrane_potential", "left.potential") == pytest.approx(1, abs=1e-12)


def test_a_stored_solution_has_the_derivatives_of_the_solution(solution: ed.Solution, tmp_path) -> None:
    stored = ed.load_solution(ed.save_solution(solution, tmp_path / "x.nc"))
    keys = ["layers.membrane.thickness"]
    assert ed.sensitivity(stored, keys).derivative == pytest.approx(
        ed.sensitivity(solution, keys).derivative, rel=1e-12, nan_ok=True
    )


def test_a_number_of_nodes_that_segments_cannot_share_has_estimates_too(case: ed.Case) -> None:
    solution = ed.solve(case.replace("mesh.nodes", 123))
    found = ed.sensitivity(solution, "left.potential", ["current_density"])
    fine = ed.sensitivity(ed.solve(case), "left.potential", ["current_density"])
    gap = abs(found.derivative[0, 0] - fine.derivative[0, 0])
    assert 0 < gap < found.error[0, 0] + fine.error[0, 0] < 1e-4 * abs(fine.derivative[0, 0])


def test_one_mesh_alone_has_no_estimate(case: ed.Case, solution: ed.Solution) -> None:
    single = ed.solve(case, mesh=solution.problem.mesh)
    found = ed.sensitivity(single, "left.potential", ["current_density"])
    assert np.isnan(found.error).all()
    fine = ed.sensitivity(solution, "left.potential", ["current_density"]).derivative
    assert found.derivative == pytest.approx(fine, rel=1e-4)


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("layers.membran.thickness", "did you mean 'membrane'"),
        ("layers.membrane.thicknes", "did you mean 'thickness'"),
        ("layers.membrane.partition.A", "an ion is absent from a layer"),
        ("layers.membrane.partition.Q", "no ion of this name"),
        ("mesh.accuracy", "how the problem is solved"),
        ("study.kind", "what is computed"),
        ("title", "only a number"),
        ("ions.A.valence", "need not be whole"),
        ("right.concentrations.Cl", r"right.neutralise = 'Cl'"),
        ("mesh.inner_radius", "a planar stack has no radius"),
        ("right.surface_charge", "no key 'surface_charge'"),
    ],
)
def test_a_key_that_cannot_be_moved_is_refused(solution: ed.Solution, key: str, message: str) -> None:
    with pytest.raises(ed.CaseError, match=message):
        ed.sensitivity(solution, key)


@pytest.mark.parametrize("key", [1, False, None, 2.5, b"temperature"])
def test_what_is_no_key_is_refused_and_shown(solution: ed.Solution, key: object) -> None:
    with pytest.raises(ed.CaseError, match=f"^the key of a number is {key!r}; expected text, such as"):
        ed.sensitivity(solution, [key])  # type: ignore[list-item]


def test_a_concentration_alone_needs_something_that_neutralises_it(case: ed.Case) -> None:
    with pytest.raises(ed.CaseError, match=r"not electroneutral.*neutralise"):
        ed.sensitivity(ed.solve(case.replace("right.neutralise", None)), "right.concentrations.K")


def test_an_unknown_quantity_and_no_solution_are_refused(solution: ed.Solution) -> None:
    with pytest.raises(ed.CaseError, match=r"'flux.k'.*did you mean 'flux.K'"):
        ed.sensitivity(solution, "left.potential", ["flux.k"])
    failed = replace(solution, converged=False, message="did not converge")
    with pytest.raises(ed.ConvergenceError, match="no solution to differentiate: did not converge"):
        ed.sensitivity(failed, "left.potential")


def test_numbers_that_the_case_knows_without_being_told(case: ed.Case) -> None:
    assert number_at(case, "ions.A.diffusivity").value == 0.5e-9
    water = case.replace("layers.cytosol.relative_permittivity", "water")
    assert number_at(water, "layers.cytosol.relative_permittivity").value == pytest.approx(74.2, abs=0.1)
    assert number_at(case, "layers.cytosol.diffusivity.K").value == case.free_diffusivity("K")
    assert number_at(case.changed({"left.potential": "floating"}), "left.current").value == 0.0


def test_a_move_keeps_a_positive_number_positive_and_a_small_one_of_either_sign_visible(case: ed.Case) -> None:
    assert checked_number(case, "layers.membrane.partition.Na").step == pytest.approx(STEP * 4e-6)
    assert number_at(case, "right.potential").value == 0
    assert number_at(case, "right.potential").step > 1e-6


def test_a_moved_case_is_that_of_a_replaced_key(case: ed.Case) -> None:
    keys = {
        "layers.membrane.partition.K": 2e-4,
        "left.potential": -0.03,
        "right.concentrations.K": 7.0,
        "temperature": 300.0,
    }
    assert moved(case, keys) == case.changed(keys)
    assert moved(case, keys).concentrations("right")["Cl"] == 152.0
    assert number_at(case, "left.potential").value == -0.065  # the case itself is as it was


def test_an_energy_in_kt_moves_in_kt() -> None:
    own = ed.load_case(ed.bundled_case("clamped_membrane")).changed(
        {
            "layers.membrane.partition": None,
            "layers.membrane.barrier": {"K": "9.2 kT", "Na": "30 kJ/mol", "Cl": "10 kT", "A": "40 kT"},
            "expect": [],
        }
    )
    found = ed.sensitivity(ed.solve(own), "layers.membrane.barrier.K", ["flux.K"])
    assert found.units == ("kT",)
    # P goes as exp(-W/kT), and the ion changes little else: its own flux falls by itself for each kT.
    assert found.derivative[0, 0] / found.value[0] == pytest.approx(-1, rel=0.02)
