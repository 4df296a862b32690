"""`ed.fit`: what it finds, how well it says that it knows it, and what it warns of."""

from __future__ import annotations

import math

import numpy as np
import pytest

import electrodiff as ed
from electrodiff.fitting import _quantile, _spread

K, NA, CL = (f"layers.membrane.permeability.{ion}" for ion in ("K", "Na", "Cl"))
TRUE = {K: 2e-7, NA: 8e-9, CL: 9e-8}


@pytest.fixture(scope="module")
def case() -> ed.Case:
    return ed.load_case(ed.bundled_case("fit_permeabilities"))


def currents(case: ed.Case, potentials: list[float], **conditions: float) -> list[float]:
    """Net current density by single solves [A/m^2]."""
    keys = {f"right.concentrations.{ion}": value for ion, value in conditions.items()}
    study = {"kind": "iv", "potentials": potentials}
    return ed.solve_iv(case.changed({**keys, "study": study, "expect": []})).current_density.tolist()


@pytest.fixture(scope="module")
def exact(case: ed.Case) -> dict[str, list[float]]:
    """Currents without noise in two baths."""
    true, potentials = case.changed(TRUE), [-0.1, -0.03, 0.04]
    table: dict[str, list[float]] = {
        "potential": [],
        "current_density": [],
        "right.concentrations.K": [],
        "right.concentrations.Na": [],
    }
    for potassium, sodium in ((4.0, 145.0), (100.0, 49.0)):
        table["potential"] += potentials
        table["current_density"] += currents(true, potentials, K=potassium, Na=sodium)
        table["right.concentrations.K"] += [potassium] * 3
        table["right.concentrations.Na"] += [sodium] * 3
    return table


def test_exact_data_give_back_what_made_them(case: ed.Case, exact: dict[str, list[float]]) -> None:
    """To the discretisation errors, a few 1e-6 of the largest current."""
    found = ed.fit(case, exact, [K, NA, CL])
    assert found.converged
    assert found.value == pytest.approx([TRUE[K], TRUE[NA], TRUE[CL]], rel=1e-4)
    assert found.start == pytest.approx([1e-7] * 3)
    assert found.fitted_case.layers[1].permeability["K"] == found.value[0]
    assert np.abs(found.residual).max() < 1e-5 * np.abs(exact["current_density"]).max()
    assert found.chi_square is None


def test_the_parameters_stand_in_the_case(case: ed.Case, exact: dict[str, list[float]]) -> None:
    assert ed.fit(case, exact).parameters == (K, NA, CL)


def test_the_predictions_are_those_of_single_solves_and_the_jacobian_their_derivatives(
    case: ed.Case, exact: dict[str, list[float]]
) -> None:
    found = ed.fit(case, exact, [K])
    clamp = {"left.potential": -0.03, "right.concentrations.K": 100.0, "right.concentrations.Na": 49.0}
    one = ed.solve(found.fitted_case.changed({**clamp, "study": {"kind": "steady"}}))
    assert found.predicted[4] == pytest.approx(one.current_density, abs=2 * found.prediction_error[4])
    slope = ed.sensitivity(one, K, ["current_density"]).derivative[0, 0]
    assert found.jacobian[4, 0] == pytest.approx(slope, rel=1e-4)


def test_standard_errors_are_those_of_a_linear_model(case: ed.Case, exact: dict[str, list[float]]) -> None:
    """The current is linear in a permeability as far as GHK holds: se = sigma / |dI/dP|, with 1.96 of them to either side."""
    found = ed.fit(case.changed(TRUE), {**exact, "sigma": 0.02}, [K])
    current = np.array(exact["current_density"]) - np.array(
        currents(case.changed({**TRUE, K: 0.0}), exact["potential"][:3], K=4.0, Na=145.0)
        + currents(case.changed({**TRUE, K: 0.0}), exact["potential"][:3], K=100.0, Na=49.0)
    )
    expected = 0.02 / np.sqrt(np.square(current / TRUE[K]).sum())
    assert found.standard_error[0] == pytest.approx(expected, rel=0.02)
    by = np.log(found.interval[0] / found.value[0])
    assert by == pytest.approx(np.array([-1, 1]) * 1.959964 * found.standard_error[0] / found.value[0], rel=1e-6)


def test_sigma_that_is_not_given_is_what_is_left_over_and_the_interval_students(
    case: ed.Case, exact: dict[str, list[float]]
) -> None:
    noise = np.array([0.03, -0.03, 0.03, -0.03, 0.03, -0.03])
    noisy = {**exact, "current_density": np.array(exact["current_density"]) + noise}
    found = ed.fit(case.changed(TRUE), noisy, [K, CL])
    left = float(np.square(found.residual).sum())
    assert found.sigma == pytest.approx(math.sqrt(left / 4))
    assert found.degrees_of_freedom == 4
    assert found.p_value is None
    by = np.log(found.interval[:, 1] / found.value)
    # Student's t for four degrees of freedom and 95 %.
    assert by == pytest.approx(2.776445 * found.standard_error / found.value, rel=1e-6)


def test_quantiles_are_those_of_the_tables() -> None:
    assert _quantile(None) == pytest.approx(1.959964, abs=1e-6)
    assert _quantile(10) == pytest.approx(2.228139, abs=1e-6)
    assert math.isnan(_quantile(0))


def test_the_spread_is_that_of_the_normal_equations() -> None:
    generator = np.random.default_rng(1)
    jacobian = generator.normal(size=(12, 3)) * [1e-6, 1.0, 1e5]
    sigma = generator.uniform(0.5, 2.0, 12)
    covariance = np.linalg.inv(
        (jacobian / sigma[:, None]).T @ (jacobian / sigma[:, None]) * np.outer([1e6, 1, 1e-5], [1e6, 1, 1e-5])
    )
    deviation, correlation = _spread(jacobian, sigma)
    assert deviation == pytest.approx(np.sqrt(np.diag(covariance)) * [1e6, 1, 1e-5])
    roots = np.sqrt(np.diag(covariance))
    assert correlation == pytest.approx(covariance / np.outer(roots, roots))


def test_one_bath_cannot_tell_ions_of_one_charge_apart(case: ed.Case) -> None:
    """Of monovalent ions a GHK curve has two numbers only, for three permeabilities."""
    potentials = [-0.1, -0.06, -0.02, 0.02, 0.06]
    data = {"potential": potentials, "current_density": currents(case.changed(TRUE), potentials), "sigma": 0.05}
    found = ed.fit(case.changed(TRUE), data, [K, NA, CL])
    assert any("the data tell them together, and neither by itself" in text for text in found.warnings)
    assert np.abs(found.correlation[np.triu_indices(3, 1)]).max() > 0.99


def test_what_changes_nothing_is_said(case: ed.Case, exact: dict[str, list[float]]) -> None:
    """The diameter of an ion matters to nothing while ions are points."""
    own = case.changed({"layers.membrane.permeability.A": 0.0, "steric": None, "ions.A.diameter": 0.5e-9})
    found = ed.fit(own.changed(TRUE), {**exact, "sigma": 0.05}, [K, "ions.A.diameter"])
    assert any(text.startswith("ions.A.diameter changes none of the measurements") for text in found.warnings)
    assert found.interval[1].tolist() == [0.0, math.inf]
    assert found.value[0] == pytest.approx(TRUE[K], rel=1e-4)
    assert np.isfinite(found.interval[0]).all()


def test_a_parameter_at_its_bound_is_said(case: ed.Case, exact: dict[str, list[float]]) -> None:
    found = ed.fit(case, exact, [K], bounds={K: ("0.5e-7 m/s", 1.2e-7)})
    assert found.value[0] == pytest.approx(1.2e-7, rel=1e-3)
    assert any(text.startswith(f"{K} is at its bound 1.2e-07") for text in found.warnings)


def test_a_case_that_does_not_describe_the_data_is_said(case: ed.Case, exact: dict[str, list[float]]) -> None:
    found = ed.fit(case, {**exact, "sigma": 0.001}, [K])
    assert found.p_value is not None
    assert found.p_value < 1e-3
    assert any("the case does not describe the data" in text for text in found.warnings)


def test_signed_numbers_are_fitted_too(case: ed.Case) -> None:
    """A surface charge of either sign, from the currents that it lets pass; it starts at nothing."""
    own = case.changed({**TRUE, "interfaces": [{"between": ["cytosol", "membrane"], "surface_charge": 0.0}]})
    potentials = [-0.1, -0.05, 0.0, 0.05]
    data = {
        "potential": potentials,
        "current_density": currents(own.replace("interfaces.0.surface_charge", -0.01), potentials),
    }
    found = ed.fit(own, data, "interfaces.0.surface_charge")
    assert found.value[0] == pytest.approx(-0.01, rel=1e-3)
    assert found.interval[0, 0] < found.value[0] < found.interval[0, 1] < 0


def test_reversal_potentials_are_fitted(case: ed.Case) -> None:
    """Ratios of permeabilities from GHK potentials at four concentrations of potassium; GHK holds to 0.1 mV here."""
    outside = np.array([4.0, 15.0, 50.0, 140.0])
    P = {"K": 2e-7, "Na": 8e-9, "Cl": 9e-8}
    left = {"K": 140.0, "Na": 12.0, "Cl": 10.0}
    thermal = 8.314462618 * 310 / 96485.33212
    potentials = [
        thermal
        * math.log(
            (P["K"] * k + P["Na"] * (149 - k) + P["Cl"] * left["Cl"]) / (P["K"] * 140 + P["Na"] * 12 + P["Cl"] * 149)
        )
        for k in outside
    ]
    data = {
        "reversal_potential": potentials,
        "right.concentrations.K": outside,
        "right.concentrations.Na": 149 - outside,
        "sigma": 5e-4,
    }
    found = ed.fit(case.replace(CL, 9e-8), data, [K, NA])
    assert found.data.quantity == "membrane_potential"
    assert found.value == pytest.approx([2e-7, 8e-9], rel=0.02)
    assert np.abs(found.residual).max() < 2e-4
    assert found.p_value is not None
    assert found.p_value > 0.5


def test_concentrations_are_fitted(case: ed.Case, exact: dict[str, list[float]]) -> None:
    own = case.changed({**TRUE, "left.neutralise": "A", "left.concentrations.K": 100.0})
    found = ed.fit(own, exact, ["left.concentrations.K"])
    assert found.value[0] == pytest.approx(140.0, rel=1e-4)
    assert found.units == ("mol/m^3",)


@pytest.mark.parametrize(
    ("parameters", "changes", "message"),
    [
        ([], {"fit": None}, "there is no parameter to fit"),
        ([K, K], {}, "named twice"),
        (["temperature"], {}, "temperature is no parameter"),
        ([K], {K: 0.0}, "is 0, and where it starts"),
        (["right.concentrations.K"], {}, "is a column and a parameter"),
        (["layers.membrane.permeability.k"], {}, "no ion of this name"),
        (["left.potential"], {}, "is 'floating'"),
        (["left.potential"], {"left.potential": 0.0}, "is a column and a parameter"),
    ],
)
def test_parameters_that_cannot_be_fitted_are_refused(
    case: ed.Case, exact: dict[str, list[float]], parameters: list[str], changes: dict[str, object], message: str
) -> None:
    with pytest.raises(ed.CaseError, match=message):
        ed.fit(case.changed(changes), exact, parameters)


def test_too_few_measurements_and_bad_bounds_are_refused(case: ed.Case, exact: dict[str, list[float]]) -> None:
    with pytest.raises(ed.CaseError, match="1 measurements cannot tell 3 parameters"):
        ed.fit(case, {"potential": [0.0], "current_density": [1.0]})
    with pytest.raises(ed.CaseError, match="its start 1e-07 must lie between them"):
        ed.fit(case, exact, [K], bounds={K: (2e-7, 3e-7)})
    with pytest.raises(ed.CaseError, match="is not a parameter"):
        ed.fit(case, exact, [K], bounds={NA: (2e-9, 3e-7)})
    with pytest.raises(ed.CaseError, match="expected a number with a unit"):
        ed.fit(case, exact, [K], bounds={K: ("small", 3e-7)})
    for odd in (1e-7, (1e-8,), (1e-8, None), (1e-8, 2e-7, 3e-7)):
        with pytest.raises(ed.CaseError, match=rf"bounds of {K} are .*; expected the lowest and the highest value"):
            ed.fit(case, exact, [K], bounds={K: odd})  # type: ignore[dict-item]


def test_conditions_that_the_case_does_not_bear_are_named_with_their_line(case: ed.Case, tmp_path) -> None:
    (tmp_path / "d.csv").write_text("reversal_potential [mV],right.concentrations.K [mM]\n-70,4\n-60,-1\n")
    with pytest.raises(
        ed.CaseError, match=r"d.csv:3: with these conditions right.concentrations.K is -1.0; it must not be negative"
    ):
        ed.fit(case, tmp_path / "d.csv", [K])
    walls = ed.load_case(ed.bundled_case("stern_electrode"))
    with pytest.raises(ed.CaseError, match="between two ends of kind 'reservoir'"):
        ed.fit(walls, {"potential": [0.1], "current_density": [1.0]}, ["layers.left stern.thickness"])


def test_as_many_parameters_as_measurements_leave_nothing_to_judge_by(
    case: ed.Case, exact: dict[str, list[float]]
) -> None:
    data = {key: [values[0], values[4]] for key, values in exact.items()}
    found = ed.fit(case.changed(TRUE), data, [K, CL])
    assert found.value == pytest.approx([2e-7, 9e-8], rel=1e-3)
    assert np.isnan(found.interval).all()
    assert any("as many parameters as measurements" in text for text in found.warnings)


def test_a_pump_is_fitted_from_the_potentials_of_a_living_cell() -> None:
    """Of a sphere that nobody clamps, whose points share no arrays: K outside and the rate of the pump set its potential."""
    own = ed.load_case(ed.bundled_case("resting_cell")).changed({"expect": [], "right.neutralise": "Cl"})
    rate = "transporters.sodium pump.rate"
    outside = [3.0, 4.0, 8.0]
    potentials = [ed.solve(own.replace("right.concentrations.K", k)).membrane_potential for k in outside]
    data = {"membrane_potential": potentials, "right.concentrations.K": outside}
    found = ed.fit(own.replace(rate, 2e-7), data, rate)
    assert found.value[0] == pytest.approx(1.2e-7, rel=1e-4)


def test_a_condition_may_be_anything_of_the_case(case: ed.Case) -> None:
    """Thickness and temperature differ from one measurement to the next: a diffusivity from the currents."""
    key = "layers.membrane.diffusivity.K"
    table = {"K": 1e-4, "Na": 0.0, "Cl": 0.0, "A": 0.0}
    own = case.changed({"layers.membrane.permeability": {}, "layers.membrane.partition": table})
    rows = [(4e-9, 310.0), (8e-9, 300.0), (5e-9, 290.0)]
    keys = ("layers.membrane.thickness", "temperature")
    measured = [currents(own.changed(dict(zip(keys, row, strict=True))), [-0.03])[0] for row in rows]
    table = {"potential": -0.03, "current_density": measured, **dict(zip(keys, np.array(rows).T, strict=True))}
    found = ed.fit(own.replace(key, 3e-11), table, key)
    assert found.value[0] == pytest.approx(1e-11, rel=1e-4)


def test_records_say_in_a_line_what_they_are(case: ed.Case, exact: dict[str, list[float]]) -> None:
    found = ed.fit(case, exact, [K])
    assert repr(found).startswith("<Fit 'Permeabilities from I-V curves': layers.membrane.permeability.K = ")
    assert repr(found.data).startswith("<Measurements 'data': 6 of current_density, with right.concentrations.K, ")
    one = ed.sensitivity(ed.solve(found.fitted_case.replace("study", {"kind": "steady"})), K, ["flux.K"])
    assert repr(one) == "<Sensitivity of 1 quantities to layers.membrane.permeability.K>"
