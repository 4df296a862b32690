"""The summaries of a transient and of an impedance: JSON, tables, balances, times in words."""

import csv
import io
import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

import electrodiff as ed
from electrodiff import frequency_summary, frequency_tables, time_summary, time_tables
from electrodiff.quantities import QUANTITIES
from electrodiff.summary import to_json
from electrodiff.time_tables import chosen, time_text
from electrodiff.transient import StepRecord


@pytest.fixture(scope="module")
def transient() -> ed.Transient:
    """The clamped membrane after a step to 0 mV."""
    study = {
        "kind": "transient",
        "end": 1e-6,
        "output": {"from": 1e-12, "per_decade": 10},
        "protocol": [{"set": {"left.potential": 0.0}}],
    }
    case = ed.load_case(ed.bundled_case("clamped_membrane")).changed({"mesh.nodes": 61, "expect": [], "study": study})
    return ed.solve_transient(case)


@pytest.fixture(scope="module")
def impedance() -> ed.Impedance:
    study = {"kind": "impedance", "frequencies": {"from": 1.0, "to": 1e9, "per_decade": 4}}
    case = ed.load_case(ed.bundled_case("capacitor")).changed({"mesh.nodes": 101, "expect": [], "study": study})
    return ed.solve_impedance(case)


def printed(tables: object) -> str:
    console = Console(file=io.StringIO(), width=100, color_system=None)
    console.print(tables)
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


# ---- JSON --------------------------------------------------------------------------------------------------------


def test_the_summary_has_the_series(transient: ed.Transient) -> None:
    data = json.loads(to_json(time_summary.summary(transient, 0.25)))
    assert data["time_s"] == transient.time.tolist()
    assert data["membrane_potential_V"] == transient.membrane_potential.tolist()
    assert data["total_current_density_A_m2"] == transient.total_current_density.tolist()
    assert data["ion_flux_mol_m2_s"]["Na"] == transient.ion_flux[:, 1].tolist()
    assert data["steps"] == transient.steps.time.size
    assert (data["rejected"], data["nodes"], data["wall_s"]) == (transient.rejected, 61, 0.25)
    assert data["warnings"] == []


def test_the_summary_has_every_quantity_of_the_last_output(transient: ed.Transient) -> None:
    last = time_summary.summary(transient, 0.0)["last"]
    assert set(last) == {quantity.json_key for quantity in QUANTITIES.values()}
    assert last["flux_mol_m2_s"]["K"] == transient.scalar("flux.K")[-1]


def test_estimated_errors_stand_under_the_keys_of_what_they_are_of(transient: ed.Transient) -> None:
    data = json.loads(to_json(time_summary.summary(transient, 0.0)))
    error = data["error_estimate"]
    assert error["membrane_potential_V"] == transient.error["membrane_potential"].tolist()
    assert error["total_current_density_A_m2"] == transient.error["total_current_density"].tolist()
    assert error["ion_flux_mol_m2_s"]["Na"] == transient.error["ion_flux"][:, 1].tolist()
    assert set(error) < set(data)
    assert set(data["last_error_estimate"]) == set(data["last"])
    assert data["last_error_estimate"]["flux_mol_m2_s"]["K"] == transient.error["flux.K"][-1]
    # There is no area, and so no current through it.
    assert data["last_error_estimate"]["current_A"] is None


def test_without_estimates_there_are_no_errors(transient: ed.Transient) -> None:
    without = replace(transient, error={})
    data = json.loads(to_json(time_summary.summary(without, 0.0)))
    assert (data["error_estimate"], data["last_error_estimate"], data["largest_error"]) == (None, None, [])
    text = printed(time_tables.summary_tables(without))
    assert "+-" not in text
    assert "estimated errors" not in text


def test_the_largest_error_of_potential_and_current_is_told_with_its_time(transient: ed.Transient) -> None:
    count = transient.time.size
    potential, current = np.zeros(count), np.full(count, np.nan)
    potential[4], current[7] = 2e-6, 0.5 * np.abs(transient.total_current_density).max()
    found = replace(transient, error={"membrane_potential": potential, "total_current_density": current})
    one, other = time_summary.largest_errors(found)
    assert (one.quantity, one.error, one.time) == ("membrane_potential", 2e-6, transient.time[4])
    # The potential is clamped at 0 mV.
    assert one.relative is None
    assert (other.relative, other.time) == (pytest.approx(0.5, rel=1e-15), transient.time[7])
    text = time_tables.accuracy_text(found)
    assert text.startswith(
        f"estimated errors: membrane potential within 2e-3 mV, worst at {time_text(one.time)}; total"
    )
    assert text.endswith(f"(50 % of the largest), worst at {time_text(other.time)}")


def test_an_expectation_has_the_estimated_error_of_the_last_output(transient: ed.Transient) -> None:
    entry = {"quantity": "current_density", "value": "0 A/m^2", "tolerance": "1 A/m^2", "source": "a test"}
    (met,) = time_summary.expectations(replace(transient, case=transient.case.replace("expect", [entry])))
    assert met.error == transient.error["current_density"][-1]


def test_what_is_not_a_number_is_null(transient: ed.Transient) -> None:
    current = transient.total_current_density.copy()
    current[3] = np.nan
    data = json.loads(to_json(time_summary.summary(replace(transient, total_current_density=current), 0.0)))
    assert data["total_current_density_A_m2"][3] is None


# ---- balances ----------------------------------------------------------------------------------------------------


def test_the_largest_residual_at_any_time_is_reported(transient: ed.Transient) -> None:
    spread = np.zeros(transient.time.size)
    spread[5] = 3.0
    residual = np.zeros((transient.time.size, 4))
    residual[7, 2] = -2e-3
    found = time_summary.balances(
        replace(transient, current_spread=spread, amount_residual=residual, steps=kept(transient))
    )
    assert found.current_spread == 3.0
    assert found.current_time == transient.time[5]
    assert found.amount_time["Cl"] == transient.time[7]
    assert found.relative_spread == pytest.approx(3.0 / np.abs(transient.total_current_density).max(), rel=1e-15)
    assert found.amount_residual == {"K": 0.0, "Na": 0.0, "Cl": 2e-3, "A": 0.0}


def test_the_largest_residual_on_any_step_is_reported(transient: ed.Transient) -> None:
    steps = kept(transient)
    steps.current_spread[4] = 2e9
    steps.amount_residual[6, 1] = -0.5
    found = time_summary.balances(replace(transient, steps=steps))
    assert (found.current_spread, found.current_time) == (2e9, steps.time[4])
    assert (found.amount_residual["Na"], found.amount_time["Na"]) == (0.5, steps.time[6])
    data = time_summary.summary(replace(transient, steps=steps), 0.0)
    assert data["largest_current_spread_time_s"] == steps.time[4]
    assert len(time_summary.warnings(replace(transient, steps=steps))) == 1


def kept(transient: ed.Transient, part: float = 1.0) -> StepRecord:
    """The steps with this part of their current, and with balances that are kept exactly."""
    steps = transient.steps
    return replace(
        steps,
        total_current_density=part * steps.total_current_density,
        current_spread=np.zeros_like(steps.current_spread),
        amount_residual=np.zeros_like(steps.amount_residual),
    )


def test_a_balance_that_is_off_is_warned_about(transient: ed.Transient) -> None:
    """Both thresholds from both sides."""
    largest = np.abs(transient.total_current_density).max()
    for factor, warned in ((0.9, 0), (1.1, 1)):
        spread = np.full(transient.time.size, factor * time_summary.DOUBTFUL_SPREAD * largest)
        assert len(time_summary.warnings(replace(transient, current_spread=spread))) == warned
        residual = np.zeros((transient.time.size, 4))
        residual[-1, 0] = -factor * time_summary.DOUBTFUL_AMOUNT
        assert len(time_summary.warnings(replace(transient, amount_residual=residual))) == warned


def test_without_any_current_there_is_no_relative_spread(transient: ed.Transient) -> None:
    none = np.zeros(transient.time.size)
    quiet = replace(transient, total_current_density=none, current_spread=none + 1e-9, steps=kept(transient, 0.0))
    assert time_summary.balances(quiet).relative_spread is None
    assert time_summary.warnings(quiet) == []
    assert json.loads(to_json(time_summary.summary(quiet, 0.0)))["largest_relative_current_spread"] is None
    assert "total current along x" in printed(time_tables.summary_tables(quiet))


# ---- expectations ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("value", "passed"), [("0.5 mV", True), ("1.5 mV", False)])
def test_an_expectation_is_met_at_the_last_output_time(transient: ed.Transient, value: str, passed: bool) -> None:
    entry = {"quantity": "membrane_potential", "value": value, "tolerance": "1 mV", "source": "a test"}
    expecting = replace(transient, case=transient.case.replace("expect", [entry]))
    (met,) = time_summary.expectations(expecting)
    assert met.passed is passed
    assert met.computed == transient.membrane_potential[-1]
    assert ("MISSED" in printed(time_tables.summary_tables(expecting))) is not passed
    assert time_summary.expectations(replace(expecting, converged=False)) == []


# ---- tables ------------------------------------------------------------------------------------------------------


def test_a_dozen_times_are_shown_evenly_on_a_logarithmic_scale(transient: ed.Transient) -> None:
    rows = chosen(transient.time)
    assert len(rows) == time_tables.ROWS
    assert (rows[0], rows[-1]) == (0, transient.time.size - 1)
    decades = np.diff(np.log10(transient.time[rows[1:]]))
    # 11 times over 6 decades, each of the nearest tenth.
    assert decades == pytest.approx([0.6] * 10, abs=0.1)


@pytest.mark.parametrize(("values", "rows"), [([0.0], [0]), ([2.0], [0]), ([0.0, 1.0], [0, 1]), ([1.0, 2.0], [0, 1])])
def test_what_there_is_little_of_is_shown_whole(values: list[float], rows: list[int]) -> None:
    assert chosen(np.array(values)) == rows


def test_the_table_shows_potential_and_current_in_the_units_of_the_field(transient: ed.Transient) -> None:
    text = printed(time_tables.summary_tables(transient))
    row = next(line for line in text.splitlines() if line.startswith("1 ps")).split()
    index = int(np.argmin(np.abs(transient.time - 1e-12)))
    # "1 ps", then a number, "+-" and its error, twice.
    assert (row[3], row[6]) == ("+-", "+-")
    assert float(row[2]) == pytest.approx(0.0, abs=1e-9)
    # A/m^2 in uA/cm^2; one digit of the error, rounded up, and a digit of the number below it.
    error = transient.error["total_current_density"][index] * 100
    assert error <= float(row[7]) * (1 + 1e-9) < 2.01 * error
    assert float(row[5]) == pytest.approx(transient.total_current_density[index] * 100, abs=error)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0 s"),
        (1e-11, "10 ps"),
        (1e-12, "1 ps"),
        (9.9999999999e-13, "1 ps"),
        (3.1622776601684e-6, "3.162 us"),
        (0.05, "50 ms"),
        (100.0, "100 s"),
        (7200.0, "2 h"),
        (1e6, "11.57 d"),
        (5e-16, "0.5 fs"),
    ],
)
def test_a_time_is_told_in_the_unit_of_its_size(seconds: float, text: str) -> None:
    assert time_text(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(6.49e-7, "650 ns"), (5123.0, "5100 s"), (2.34e-9, "2.3 ns"), (3e10, "350000 d")]
)
def test_a_time_of_few_digits_has_no_exponent(seconds: float, text: str) -> None:
    assert time_text(seconds, 2) == text


def test_results_show_themselves_in_one_line(transient: ed.Transient, impedance: ed.Impedance) -> None:
    title, (first, last) = transient.case.title, (transient.time[0], transient.time[-1])
    assert (first, last) == (0.0, 1e-6)
    assert repr(transient) == f"<Transient '{title}': 62 outputs to 1e-06 s; {transient.message}>"
    span = "37 frequencies from 1 to 1e+09 Hz"
    assert repr(impedance) == f"<Impedance '{impedance.case.title}': {span}; {impedance.message}>"


# ---- CSV ---------------------------------------------------------------------------------------------------------


def test_the_table_of_series_is_the_transient(transient: ed.Transient, tmp_path: Path) -> None:
    with time_summary.write_csv(transient, tmp_path / "x.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    for header, values in {
        "time_s": transient.time,
        "ion_flux_Cl_mol_m2_s": transient.ion_flux[:, 2],
        "amount_residual_K": transient.amount_residual[:, 0],
        "membrane_potential_V": transient.membrane_potential,
        "surface_charge_left_C_m2": transient.scalar("surface_charge.left"),
        "layer_drop_membrane_V": transient.scalar("layer_drop.membrane"),
        "layer_drop_membrane_error_V": transient.error["layer_drop.membrane"],
        "total_current_density_error_A_m2": transient.error["total_current_density"],
        "ion_flux_Cl_error_mol_m2_s": transient.error["ion_flux"][:, 2],
    }.items():
        # Text of a float is exact in Python.
        assert [float(row[header]) for row in rows] == values.tolist()


# ---- an impedance ------------------------------------------------------------------------------------------------


def test_the_summary_of_an_impedance_adds_it_to_that_of_its_steady_state(impedance: ed.Impedance) -> None:
    data = json.loads(to_json(frequency_summary.summary(impedance, 0.5)))
    assert data["frequency_Hz"] == impedance.frequency.tolist()
    assert np.array(data["impedance_real_ohm_m2"]) + 1j * np.array(data["impedance_imag_ohm_m2"]) == pytest.approx(
        impedance.impedance, rel=1e-15
    )
    assert data["membrane_potential_V"] == impedance.steady.membrane_potential
    assert data["wall_s"] == 0.5


def test_the_table_of_an_impedance_shows_what_the_impedance_is(impedance: ed.Impedance) -> None:
    text = printed(frequency_tables.summary_tables(impedance))
    row = next(line for line in text.splitlines() if line.startswith("1 GHz")).split()
    z = impedance.impedance[-1]
    assert float(row[2]) == pytest.approx(abs(z) * 1e4, rel=1e-4)  # ohm m^2 in ohm cm^2
    assert float(row[4]) == pytest.approx(math.degrees(np.angle(z)), abs=0.006)
    # C = Im(1/Z) / omega, in uF/cm^2: 1e-2 F/m^2
    assert float(row[5]) == pytest.approx((1 / z).imag / (2 * math.pi * 1e9) * 100, rel=1e-4)


def test_an_error_above_the_wish_is_warned_about(impedance: ed.Impedance) -> None:
    wanting = replace(impedance, case=impedance.case.changed({"mesh": {"accuracy": 1e-6}}))
    assert frequency_summary.warnings(replace(wanting, error=0.9e-6 * impedance.magnitude)) == []
    (warning,) = frequency_summary.warnings(replace(wanting, error=1.1e-6 * impedance.magnitude))
    assert "1e-06" in warning
    assert warning in " ".join(
        printed(frequency_tables.summary_tables(replace(wanting, error=1.1e-6 * impedance.magnitude))).split()
    )


def test_the_csv_of_an_impedance_has_one_row_for_each_frequency(impedance: ed.Impedance, tmp_path: Path) -> None:
    with frequency_summary.write_csv(impedance, tmp_path / "x.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["frequency_Hz"]) for row in rows] == impedance.frequency.tolist()
    assert [float(row["impedance_imag_ohm_m2"]) for row in rows] == impedance.impedance.imag.tolist()
    parts = [key for key in rows[0] if key.startswith("admittance_") and key.endswith("_real_S_m2")]
    assert [sum(float(row[key]) for key in parts) for row in rows] == pytest.approx(impedance.admittance.real, rel=1e-9)
