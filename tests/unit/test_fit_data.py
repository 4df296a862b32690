"""Measurements: the columns of a file, their units, and what is said of bad ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import electrodiff as ed
from electrodiff.fit_data import as_measurements, read_measurements


@pytest.fixture(scope="module")
def case() -> ed.Case:
    return ed.load_case(ed.bundled_case("fit_permeabilities"))


@pytest.fixture
def read(tmp_path: Path, case: ed.Case):
    """`read(text)` reads a file of this text, called data.csv."""

    def reader(text: str) -> ed.Measurements:
        (tmp_path / "data.csv").write_text(text, encoding="utf-8")
        return read_measurements(tmp_path / "data.csv", case)

    return reader


def test_units_stand_in_brackets_or_at_the_end(read) -> None:
    bracketed = read("potential [mV], current_density [uA/cm^2], sigma [uA/cm2]\n-50, 100, 5\n20, 300, 5\n")
    ending = read("potential_mV,current_density_uA_cm2,sigma_A_m2\n-50,100,0.05\n20,300,0.05\n")
    for found in (bracketed, ending):
        assert found.quantity == "current_density"
        assert found.potential == pytest.approx([-0.05, 0.02])
        assert found.measured == pytest.approx([1.0, 3.0])
        assert found.sigma == pytest.approx([0.05, 0.05])
        assert (found.conditions, found.size) == ((), 2)


def test_conditions_are_keys_of_the_case(read) -> None:
    found = read(
        "# by hand\n\n"
        "reversal_potential [mV];right.concentrations.K [mM];temperature [degC]\n-70;4;37\n# a remark\n-40;0.02e3;25\n"
    )
    assert found.quantity == "membrane_potential"
    assert found.potential is None
    assert found.sigma is None
    assert found.conditions == ("right.concentrations.K", "temperature")
    assert found.values == pytest.approx(np.array([[4, 310.15], [20, 298.15]]))
    assert found.lines == (4, 6)


def test_a_key_without_unit_and_one_with_its_unit_at_the_end(read) -> None:
    found = read("membrane_potential_mV,layers.cytosol.relative_permittivity,right.concentrations.Na_mM\n-70,80,145\n")
    assert found.conditions == ("layers.cytosol.relative_permittivity", "right.concentrations.Na")
    assert found.values == pytest.approx(np.array([[80, 145]]))


def test_the_table_of_a_curve_is_read_as_it_is_written(case: ed.Case, tmp_path: Path) -> None:
    from electrodiff.voltage_summary import write_csv

    curve = ed.solve_iv(case.replace("study", {"kind": "iv", "potentials": [-0.05, 0.05]}))
    for data in (write_csv(curve, tmp_path / "iv.csv"), curve.dataset):
        found = as_measurements(data, case)
        assert found.potential == pytest.approx([-0.05, 0.05])
        assert found.measured == pytest.approx(curve.current_density)
        assert found.sigma is None
        assert found.unused


def test_columns_of_a_table_without_units_are_si(case: ed.Case) -> None:
    found = as_measurements({"potential": [-0.05, 0.05], "current_density [uA/cm^2]": [100, 200], "sigma": 0.1}, case)
    assert found.measured == pytest.approx([1.0, 2.0])
    assert found.sigma == pytest.approx([0.1, 0.1])
    assert as_measurements(found, case) is found


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "data.csv: the file is empty; expected a header"),
        ("# nothing\n", "the file is empty"),
        ("potential [mV],current_density [uA/cm^2]\n", r"data.csv:1: there is a header and no measurement"),
        ("potential [mV],current_density [uA/cm^2]\n1,2\n3\n", r"data.csv:3: there are 1 cells, and 2 columns"),
        (
            "potential [mV],current_density [uA/cm^2]\n1,2\nx,3\n",
            r"data.csv:3: column 'potential \[mV\]' is 'x'; expected a number",
        ),
        (
            "potential [mV],current_density [uA/cm^2]\n1,\n",
            r"data.csv:2: column 'current_density \[uA/cm\^2\]' is empty",
        ),
        ("potential [mV],current_density [uA/cm^2]\n1,nan\n", r"is 'nan'; expected a number"),
        ("potential,current_density [uA/cm^2]\n1,2\n", r"column 'potential' has no unit; .*'potential \[mV\]'"),
        ("potential [mA],current_density [uA/cm^2]\n1,2\n", r"'mA' is a unit of something else; expected a potential"),
        ("potential [mV],current_density [blub]\n1,2\n", r"the unit 'blub' is unknown"),
        ("potential [mV],current_densty [uA]\n1,2\n", r"column 'current_densty \[uA\]' is not known.*did you mean"),
        ("potential [mV],sigma [mV]\n1,2\n", r"no column of what was measured"),
        ("current_density [uA/cm^2]\n2\n", r"add the column 'potential'"),
        (
            "potential [mV],reversal_potential [mV]\n1,2\n",
            r"currents are measured at a 'potential', and there are none",
        ),
        (
            "potential [mV],potential_V,current_density [uA/cm^2]\n1,1,2\n",
            r"'potential \[mV\]' and 'potential_V' are the same",
        ),
        (
            "potential [mV],potential [mV],current_density [uA/cm^2]\n1,1,2\n",
            r"data.csv:1: column 'potential \[mV\]' is there twice",
        ),
        (
            "reversal_potential [mV],sigma [mV]\n-70,1\n-60,0\n",
            r"data.csv:3: column 'sigma \[mV\]' is not greater than zero",
        ),
        ("reversal_potential [mV],right.concentrations.k [mM]\n1,2\n", r"no ion of this name.*did you mean|has no"),
        ("reversal_potential [mV],right.concentrations.Cl [mM]\n1,2\n", r"right.neutralise = 'Cl'"),
        ("reversal_potential [mV],layers.cytosol.relative_permittivity [mV]\n1,2\n", r"is a plain number"),
        ("reversal_potential [mV],left.potential [mV]\n1,2\n", r"one too many"),
    ],
)
def test_bad_data_are_named_with_file_line_column_value_and_remedy(read, text: str, message: str) -> None:
    with pytest.raises(ed.CaseError, match=message) as raised:
        read(text)
    assert "data.csv" in str(raised.value)


def test_a_file_that_cannot_be_read_is_named(case: ed.Case, tmp_path: Path) -> None:
    with pytest.raises(ed.CaseError, match=r"nowhere.csv: the file cannot be read"):
        ed.fit(case, tmp_path / "nowhere.csv")
    (tmp_path / "latin.csv").write_bytes(b"potential [\xb5V]\n1\n")
    with pytest.raises(ed.CaseError, match=r"latin.csv: byte 11 is not UTF-8"):
        ed.fit(case, tmp_path / "latin.csv")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (3, "data is a int; expected"),
        ({"potential": [0.1], "current_density": [1, 2, 3], "sigma": [1, 2]}, "different lengths"),
        ({}, "different lengths, or none"),
        ({"potential": [0.1], "current_density": ["much"]}, "data:0: column 'current_density' is 'much'"),
    ],
)
def test_a_table_that_is_none_is_refused(case: ed.Case, data: object, message: str) -> None:
    with pytest.raises(ed.CaseError, match=message):
        as_measurements(data, case)
