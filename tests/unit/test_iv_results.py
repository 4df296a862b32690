"""A current-voltage curve as a record, as data, in a file, in JSON, in a table and as CSV."""

import csv
import io
import json
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
import xarray
from rich.console import Console

import electrodiff as ed
from electrodiff import voltage_summary, voltage_tables
from electrodiff.quantities import CURVE_QUANTITIES, QUANTITIES
from electrodiff.summary import to_json

CaseOf = Callable[..., ed.Case]
RANGE = {"from": -0.12, "to": 0.08, "points": 11}


def curve_of(case: ed.Case, potentials: object = RANGE) -> ed.CurrentVoltage:
    return ed.solve_iv(case.replace("study", {"kind": "iv", "potentials": potentials}))


@pytest.fixture(scope="module")
def curve(case_of: CaseOf) -> ed.CurrentVoltage:
    """Four ions, one of them absent from the membrane; -120 mV to 80 mV in steps of 20 mV."""
    return curve_of(case_of("clamped_membrane"))


@pytest.fixture(scope="module")
def gated(case_of: CaseOf) -> ed.CurrentVoltage:
    """A membrane with a gate."""
    return curve_of(case_of("inward_rectifier"), [-0.11, -0.03])


@pytest.fixture(scope="module")
def broken(curve: ed.CurrentVoltage) -> ed.CurrentVoltage:
    """The same, with no steady state at -60 mV."""
    failed = replace(curve.solutions[3], converged=False, message="did not converge; try other potentials")
    slope = np.where(np.arange(11) == 3, np.nan, curve.slope_conductance)
    solutions = (*curve.solutions[:3], failed, *curve.solutions[4:])
    return replace(curve, solutions=solutions, slope_conductance=slope, message="1 of 11 potentials failed")


@pytest.fixture(scope="module")
def idle(case_of: CaseOf) -> ed.CurrentVoltage:
    """A membrane that nothing crosses."""
    return curve_of(case_of("capacitor"), [-0.05, 0.0, 0.05])


def printed(tables: object) -> str:
    console = Console(file=io.StringIO(), width=120, color_system=None)
    console.print(tables)
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


# ---- the record --------------------------------------------------------------------------------------------------


def test_potentials_are_sorted_and_taken_once_each(case_of: CaseOf) -> None:
    result = curve_of(case_of("clamped_membrane", {"mesh.nodes": 61}), [0.02, -0.06, 0.02])
    assert result.voltage.tolist() == [-0.06, 0.02]
    assert [solution.membrane_potential for solution in result.solutions] == pytest.approx([-0.06, 0.02], rel=1e-14)


def test_a_range_of_potentials_passes_through_zero_exactly(curve: ed.CurrentVoltage) -> None:
    assert curve.voltage == pytest.approx(np.arange(-120, 81, 20) * 1e-3, abs=1e-17)
    assert curve.voltage[6] == 0
    thirds = ed.PotentialRange.model_validate({"from": -0.09, "to": 0.09, "points": 7}).values()
    assert thirds[3] == 0


def test_the_currents_of_the_ions_add_up_to_the_net_current(curve: ed.CurrentVoltage) -> None:
    total = curve.ion_current.sum(axis=1)
    np.testing.assert_allclose(total, curve.current_density, atol=1e-9 * np.abs(curve.ion_current).max())
    assert not curve.ion_current[:, 3].any()  # A does not enter the membrane


def test_the_chord_conductance_takes_the_current_from_the_reversal_potential(curve: ed.CurrentVoltage) -> None:
    back = curve.reversal_potential + curve.current_density / curve.chord_conductance
    np.testing.assert_allclose(back, curve.voltage, rtol=1e-12, atol=1e-15)
    # An error of the reversal potential moves the chord by that over the distance from it.
    away = replace(curve, reversal_potential_error=1e-6)
    more = (away.chord_conductance_error - curve.chord_conductance_error) / curve.chord_conductance
    distance = np.abs(curve.voltage - curve.reversal_potential)
    np.testing.assert_allclose(more, (1e-6 - curve.reversal_potential_error) / distance, rtol=1e-6)


def test_beside_the_reversal_potential_the_chord_conductance_is_the_slope(curve: ed.CurrentVoltage) -> None:
    near = replace(curve, reversal_potential=-0.08 + 1e-7)
    assert near.chord_conductance[2] == curve.slope_conductance[2]
    # The true chord is off by less than half of 1e-7 V over RT/F of the conductance.
    error = near.chord_conductance_error[2] / near.chord_conductance[2]
    assert 0.5 * 1e-7 / 0.0267 < error < 2e-7 / 0.0267 + 1e-6


def test_rectification_compares_the_currents_at_both_signs_of_a_potential(curve: ed.CurrentVoltage) -> None:
    current = curve.current_density
    assert curve.rectification[10] == pytest.approx(abs(current[10] / current[2]), rel=1e-15)
    np.testing.assert_allclose(curve.rectification[2:6] * curve.rectification[10:6:-1], 1, rtol=1e-12)
    # 0 mV is its own mirror image; -120 and -100 mV have none here.
    assert np.flatnonzero(np.isnan(curve.rectification)).tolist() == [0, 1, 6]
    relative = curve.error("current_density") / np.abs(current)
    assert curve.rectification_error[10] / curve.rectification[10] == pytest.approx(
        relative[10] + relative[2], rel=1e-12
    )


def test_a_number_that_was_not_found_is_nan_and_the_others_stay(
    broken: ed.CurrentVoltage, curve: ed.CurrentVoltage
) -> None:
    assert not broken.converged
    assert np.flatnonzero(np.isnan(broken.current_density)).tolist() == [3]
    np.testing.assert_array_equal(np.delete(broken.current_density, 3), np.delete(curve.current_density, 3))
    assert broken.reached is False


def test_the_accuracy_is_reached_where_every_point_has_it(curve: ed.CurrentVoltage, case_of: CaseOf) -> None:
    assert curve.reached is True
    assert (
        replace(curve, solutions=(replace(curve.solutions[0], missed=("flux.K",)), *curve.solutions[1:])).reached
        is False
    )
    assert curve_of(case_of("clamped_membrane", {"mesh.nodes": 61}), [-0.05]).reached is None


def test_progress_is_told_after_every_potential(case_of: CaseOf) -> None:
    told: list[tuple[int, int]] = []
    study = {"kind": "iv", "potentials": [-0.05, 0.0, 0.05]}
    case = case_of("clamped_membrane", {"study": study, "mesh.nodes": 61})
    ed.solve_iv(case, watch=lambda done, total: told.append((done, total)))
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_a_study_of_another_kind_is_refused(case_of: CaseOf) -> None:
    with pytest.raises(ed.CaseError, match=r"study\.kind is 'steady'; expected 'iv'"):
        ed.solve_iv(case_of("clamped_membrane"))
    with pytest.raises(ed.CaseError, match=r"study\.kind is 'iv'.*solve_iv"):
        ed.solve(case_of("clamped_membrane", {"study": {"kind": "iv", "potentials": [0.0]}}))


# ---- as data -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("which", ["curve", "gated", "idle"])
def test_the_dataset_has_every_quantity_along_voltage_with_its_error(
    which: str, request: pytest.FixtureRequest
) -> None:
    result: ed.CurrentVoltage = request.getfixturevalue(which)
    data = result.dataset
    assert data["voltage"].attrs["units"] == "V"
    for name, quantity in QUANTITIES.items():
        assert data[name].dims[0] == data[f"{name}_error"].dims[0] == "voltage", name
        assert data[name].ndim == (2 if quantity.per else 1)
        assert data[name].attrs["ancillary_variables"] == f"{name}_error"
    for name in result.case.scalar_names():
        family, _, member = name.partition(".")
        column = data[family] if not member else data[family].sel({data[family].dims[1]: member})
        np.testing.assert_array_equal(column, result.scalar(name), err_msg=name)
    for name in CURVE_QUANTITIES:
        np.testing.assert_array_equal(data[name], getattr(result, name))
        np.testing.assert_array_equal(data[f"{name}_error"], getattr(result, f"{name}_error"))
    assert data["slope_conductance"].attrs["units"] == data["chord_conductance"].attrs["units"] == "S m-2"
    assert data["reversal_potential"].dims == ()


# ---- in a file ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("which", ["curve", "gated", "idle"])
def test_a_stored_curve_is_loaded_with_every_steady_state(
    which: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    result: ed.CurrentVoltage = request.getfixturevalue(which)
    loaded = ed.load_solution(ed.save_solution(result, tmp_path / "solution.nc"))
    assert isinstance(loaded, ed.CurrentVoltage)
    for entry in fields(result):
        one, other = getattr(loaded, entry.name), getattr(result, entry.name)
        if entry.name != "solutions":
            np.testing.assert_equal(one, other, err_msg=entry.name)
    for one, other in zip(loaded.solutions, result.solutions, strict=True):
        assert one.case == other.case
        np.testing.assert_array_equal(one.problem.mesh.x, other.problem.mesh.x)
        for name in ("state", "gate", "residuals", "updates"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)
        np.testing.assert_equal(dict(one.extrapolated), dict(other.extrapolated))
        np.testing.assert_equal(dict(one.profile_error), dict(other.profile_error))
        for name in ("scalars", "error", "converged", "message", "meshes", "missed", "fallbacks", "notes", "warnings"):
            assert getattr(one, name) == getattr(other, name), name


def test_a_curve_that_is_not_whole_is_stored_too(broken: ed.CurrentVoltage, tmp_path: Path) -> None:
    loaded = ed.load_solution(ed.save_solution(broken, tmp_path / "solution.nc"))
    assert isinstance(loaded, ed.CurrentVoltage)
    assert [solution.converged for solution in loaded.solutions] == [index != 3 for index in range(11)]
    np.testing.assert_array_equal(loaded.current_density, broken.current_density)
    assert loaded.solutions[3].message == broken.solutions[3].message


def test_the_file_says_of_every_number_what_it_is(curve: ed.CurrentVoltage, tmp_path: Path) -> None:
    with xarray.open_dataset(ed.save_solution(curve, tmp_path / "solution.nc")) as stored:
        assert stored.sizes["voltage"] == 11
        assert stored["entry_count"].sum() == stored.sizes["entry"] == sum(each.x.size for each in curve.solutions)
        for name, variable in stored.variables.items():
            assert set(variable.attrs) >= {"units", "long_name"}, name
        second = slice(int(stored["entry_count"][0]), int(stored["entry_count"][:2].sum()))
        np.testing.assert_array_equal(stored["potential"][second], curve.solutions[1].potential)


def test_a_file_with_less_than_it_says_is_damaged(curve: ed.CurrentVoltage, tmp_path: Path) -> None:
    path = ed.save_solution(curve, tmp_path / "solution.nc")
    with xarray.open_dataset(path) as stored:
        stored.load().drop_vars("step_entry_count").to_netcdf(tmp_path / "less.nc", engine="h5netcdf")
    with pytest.raises(ed.ResultError, match=r"damaged .*step_entry_count.*run the case again"):
        ed.load_solution(tmp_path / "less.nc")


# ---- JSON --------------------------------------------------------------------------------------------------------


def test_the_summary_has_the_promised_keys(curve: ed.CurrentVoltage) -> None:
    data = json.loads(to_json(voltage_summary.summary(curve, 0.5)))
    assert data["potential_V"] == curve.voltage.tolist()
    assert data["current_density_A_m2"] == curve.current_density.tolist()
    assert data["reversal_potential_V"] == curve.reversal_potential
    assert list(data["ion_current_A_m2"]) == ["K", "Na", "Cl", "A"]
    assert data["ion_current_A_m2"]["Na"] == curve.scalar("ion_current.Na").tolist()
    assert data["slope_conductance_S_m2"] == curve.slope_conductance.tolist()
    assert data["chord_conductance_S_m2"] == curve.chord_conductance.tolist()
    assert data["rectification"][:3] == [None, None, curve.rectification[2]]
    numbers = {key for key in data if key in data["error_estimate"]}
    assert numbers == set(data["error_estimate"])
    assert len(numbers) == 6
    assert data["error_estimate"]["reversal_potential_V"] == curve.reversal_potential_error
    assert data["error_estimate"]["ion_current_A_m2"]["K"] == curve.error("ion_current.K").tolist()
    assert (data["converged"], data["iterations"], data["wall_s"]) == (True, curve.iterations, 0.5)
    assert data["nodes"] == max(solution.nodes for solution in curve.solutions)


def test_the_largest_error_is_told_with_its_potential(curve: ed.CurrentVoltage) -> None:
    error = np.full(11, 1e-6)
    error[4] = 3e-3
    found = {
        entry.quantity: entry for entry in voltage_summary.largest_errors(replace(curve, slope_conductance_error=error))
    }
    worst = found["slope_conductance"]
    assert (worst.error, worst.potential) == (3e-3, curve.voltage[4])
    assert worst.relative == pytest.approx(3e-3 / curve.slope_conductance.max(), rel=1e-12)
    assert set(found) == {"current_density", "slope_conductance", "chord_conductance"}


def test_what_is_not_known_is_null(idle: ed.CurrentVoltage, case_of: CaseOf) -> None:
    data = json.loads(to_json(voltage_summary.summary(idle, 0.5)))
    assert data["reversal_potential_V"] is None
    assert data["chord_conductance_S_m2"] == [None] * 3
    # A number of nodes that cannot be halved is solved on once.
    once = curve_of(case_of("clamped_membrane", {"mesh.nodes": 61}), [-0.05])
    alone = replace(once, solutions=tuple(replace(s, error=dict.fromkeys(s.error)) for s in once.solutions))
    assert json.loads(to_json(voltage_summary.summary(alone, 0.5)))["error_estimate"] is None


def test_the_expected_reversal_potential_is_met_or_missed(curve: ed.CurrentVoltage) -> None:
    def entry(value: str) -> dict[str, str]:
        return {"quantity": "reversal_potential", "value": value, "tolerance": "0.02 mV", "source": "GHK"}

    case = curve.case.changed({"expect": [entry("-71.46 mV"), entry("-71.5 mV")]})
    met = voltage_summary.expectations(replace(curve, case=case))
    assert [each.passed for each in met] == [True, False]
    assert met[0].error == curve.reversal_potential_error
    assert voltage_summary.expectations(replace(curve, case=case, reversal_potential=np.nan))[0].passed is False


def test_expectations_of_a_curve_that_is_not_whole_say_nothing(broken: ed.CurrentVoltage) -> None:
    entry = {"quantity": "reversal_potential", "value": "0 mV", "tolerance": "1 mV", "source": "a test"}
    assert voltage_summary.expectations(replace(broken, case=broken.case.replace("expect", [entry]))) == []


def test_what_is_doubtful_at_many_potentials_is_said_once(curve: ed.CurrentVoltage) -> None:
    def noted(notes: list[tuple[str, ...]]) -> list[str]:
        solutions = [replace(one, notes=note) for one, note in zip(curve.solutions, notes, strict=True)]
        return voltage_summary.warnings(replace(curve, solutions=tuple(solutions)))

    assert noted([()] * 11) == []
    assert noted([("the bath is thin",)] * 11) == ["the bath is thin"]
    # The same but for its numbers, at three of them; and one that stands alone.
    some = [(f"its charge is {-1e-7 * k:g} of 140 mM",) if k in (2, 3, 5) else () for k in range(11)]
    assert noted(some) == [
        "at -60 mV, and the like at 2 more of 11 potentials: its charge is -3e-07 of 140 mM",
    ]
    assert noted([*[()] * 10, ("it is odd",)]) == ["at 80 mV: it is odd"]


# ---- in the terminal ---------------------------------------------------------------------------------------------


def test_the_table_is_for_a_physiologist(curve: ed.CurrentVoltage) -> None:
    text = printed(voltage_tables.summary_tables(curve))
    lines = text.splitlines()
    assert "[uA/cm^2]" in text
    assert "[mS/cm^2]" in text
    header = next(line.split() for line in lines if line.startswith("V [mV]"))
    assert header == ["V", "[mV]", "net", "K", "Na", "Cl", "dI/dV"]  # A carries nothing
    row = next(line.split() for line in lines if line.startswith("-60"))
    expected = [
        -60,
        *(1e2 * curve.current_density[3:4]),
        *(1e2 * curve.ion_current[3, :3]),
        0.1 * curve.slope_conductance[3],
    ]
    assert [float(cell) for cell in row] == pytest.approx(expected, rel=1e-4)
    assert f"reversal potential {1e3 * curve.reversal_potential:.5g} mV +- " in text
    assert f"the current at 80 mV is {curve.rectification[10]:.4g} times that at -80 mV" in text
    assert "estimated errors: current within" in text


def test_the_table_has_a_dozen_rows_from_end_to_end() -> None:
    assert voltage_tables.chosen(101)[0] == 0
    assert voltage_tables.chosen(101)[-1] == 100
    assert len(voltage_tables.chosen(101)) == 12
    assert voltage_tables.chosen(3) == [0, 1, 2]
    assert voltage_tables.chosen(1) == [0]


def test_the_table_says_what_is_not_there(idle: ed.CurrentVoltage, broken: ed.CurrentVoltage) -> None:
    assert "reversal potential: none" in printed(voltage_tables.summary_tables(idle))
    assert "rectification" not in printed(voltage_tables.summary_tables(idle))
    assert "estimated errors" not in printed(voltage_tables.summary_tables(idle))
    assert "1 of 11 potentials failed" in printed(voltage_tables.summary_tables(broken))


# ---- CSV ---------------------------------------------------------------------------------------------------------


def test_the_csv_has_one_row_a_potential_and_every_quantity_with_its_error(
    curve: ed.CurrentVoltage, tmp_path: Path
) -> None:
    with voltage_summary.write_csv(curve, tmp_path / "iv.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["potential_V"]) for row in rows] == curve.voltage.tolist()
    assert [float(row["current_density_A_m2"]) for row in rows] == curve.current_density.tolist()
    assert [float(row["slope_conductance_S_m2"]) for row in rows] == curve.slope_conductance.tolist()
    assert [float(row["ion_current_Cl_A_m2"]) for row in rows] == curve.scalar("ion_current.Cl").tolist()
    assert [float(row["flux_K_error_mol_m2_s"]) for row in rows] == curve.error("flux.K").tolist()
    assert list(rows[0]) == list(dict.fromkeys(rows[0]))
    # Each scalar and its error; the net current is one of the scalars; conductances, rectification and the potential.
    assert len(rows[0]) == 2 * (len(curve.case.scalar_names()) + 3) + 1
