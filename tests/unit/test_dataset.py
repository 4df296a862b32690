"""A solution as labelled data: names, dimensions, units, and both sides of every interface."""

from pathlib import Path

import numpy as np
import pint
import pytest
import xarray

from electrodiff import Solution, bundled_case, load_case, solve
from electrodiff.dataset import netcdf_unit, tables, write_netcdf
from electrodiff.quantities import QUANTITIES


@pytest.fixture(scope="module")
def solution() -> Solution:
    """The clamped membrane, with surface charge on one face so that the field jumps by more than the permittivities."""
    case = load_case(bundled_case("clamped_membrane")).replace("mesh.nodes", 101)
    charged = [{"between": ["cytosol", "membrane"], "surface_charge": "-0.01 C/m^2"}]
    return solve(case.changed({"interfaces": charged, "expect": []}))


@pytest.fixture(scope="module")
def dataset(solution: Solution) -> xarray.Dataset:
    return solution.dataset


# What is promised of a stored result: variables and their dimensions.
PROMISED = {
    "potential": ("x",),
    "concentration": ("ion", "x"),
    "charge_density": ("x",),
    "electric_field": ("x",),
    "flux": ("ion",),
    "current_density": (),
    "membrane_potential": (),
}


def test_the_promised_variables_lie_along_the_promised_dimensions(dataset: xarray.Dataset) -> None:
    assert {name: dataset[name].dims for name in PROMISED} == PROMISED
    assert dataset["ion"].values.tolist() == ["K", "Na", "Cl", "A"]
    assert set(QUANTITIES) <= set(dataset.data_vars)


def test_every_variable_has_units_and_a_long_name(dataset: xarray.Dataset) -> None:
    for name, variable in dataset.variables.items():
        assert set(variable.attrs) >= {"units", "long_name"}, name
        assert variable.attrs["long_name"], name


def test_units_are_those_of_the_values(dataset: xarray.Dataset) -> None:
    registry = pint.UnitRegistry()
    expected = {
        "x": "metre",
        "potential": "volt",
        "concentration": "mole / metre ** 3",
        "charge_density": "coulomb / metre ** 3",
        "electric_field": "volt / metre",
        "electrochemical_potential": "joule / mole",
        "face_flux": "mole / metre ** 2 / second",
        "flux": "mole / metre ** 2 / second",
        "current_density": "ampere / metre ** 2",
        "surface_charge": "coulomb / metre ** 2",
        "capacitance": "farad / metre ** 2",
    }
    for name, unit in expected.items():
        # "m-2" is CF notation for "m**-2".
        spelled = dataset[name].attrs["units"].replace("-", "**-")
        assert registry.Unit(spelled) == registry.Unit(unit), name


@pytest.mark.parametrize(
    ("unit", "netcdf"),
    [("V", "V"), ("A/m^2", "A m-2"), ("mol/m^2/s", "mol m-2 s-1"), ("mol/m^3", "mol m-3"), ("", "1")],
)
def test_units_are_written_as_cf_wants_them(unit: str, netcdf: str) -> None:
    assert netcdf_unit(unit) == netcdf


def test_every_reported_number_has_an_error_of_the_same_shape_and_unit(
    solution: Solution, dataset: xarray.Dataset
) -> None:
    for name in (*QUANTITIES, *solution.extrapolated):
        value, error = dataset[name], dataset[f"{name}_error"]
        assert value.attrs["ancillary_variables"] == error.name  # how CF joins the two
        assert error.dims == value.dims
        assert error.attrs["units"] == value.attrs["units"]
        assert name in error.attrs["long_name"]
        # Where a value is not defined there is no error, and the other way round; errors are not negative.
        assert np.array_equal(np.isnan(error.values), np.isnan(value.values)), name
        assert not (error.values < 0).any()
    assert float(dataset["flux_error"].sel(ion="K")) == solution.error["flux.K"]


def test_the_state_of_the_finest_mesh_is_kept_in_the_units_of_the_solver(
    solution: Solution, dataset: xarray.Dataset
) -> None:
    registry = pint.UnitRegistry()
    for name, plain in (("mesh_activity", solution.readings.activity), ("mesh_potential", solution.readings.potential)):
        size, unit = dataset[name].attrs["units"].split(" ", 1)
        registry.Unit(unit.replace("-", "**-"))
        # One rounding of the product.
        np.testing.assert_allclose(dataset[name].values * float(size), plain, rtol=3e-16)
    # Not the same as what is reported: that is extrapolated.
    assert not np.array_equal(solution.readings.potential, solution.potential)
    np.testing.assert_allclose(solution.readings.potential, solution.potential, atol=1e-4)


def test_an_interface_has_two_entries_so_that_jumps_are_jumps(solution: Solution, dataset: xarray.Dataset) -> None:
    x, layer = dataset["x"].values, dataset["layer"].values
    left = np.flatnonzero(np.diff(layer))
    assert x.size == solution.nodes + 2
    assert np.array_equal(x[left], x[left + 1])
    assert x[left] == pytest.approx([20e-9, 25e-9], rel=1e-14)
    assert np.all(np.delete(np.diff(x), left) > 0)
    # Potential and activity are continuous there, exactly: both entries are the same node.
    for name in ("potential", "activity"):
        values = dataset[name].values
        assert np.array_equal(values[..., left], values[..., left + 1])
    # The concentration of potassium falls by its partition coefficient, and A is not in the membrane.
    concentration = dataset["concentration"]
    potassium, impermeant = (concentration.sel(ion=ion).values for ion in ("K", "A"))
    assert potassium[left[0] + 1] / potassium[left[0]] == pytest.approx(1e-4, rel=1e-14)
    assert impermeant[left[0]] > 0
    assert impermeant[left[0] + 1] == 0


def test_the_displacement_jumps_by_the_surface_charge(dataset: xarray.Dataset) -> None:
    # Gauss: eps E (right) - eps E (left) = sigma; a sum, so relative to its larger term.
    field, permittivity = dataset["electric_field"].values, 8.8541878188e-12 * np.array([80.0, 2.0, 80.0])
    layer = dataset["layer"].values
    displacement = permittivity[layer] * field
    jumps = np.diff(displacement)[np.flatnonzero(np.diff(layer))]
    assert jumps == pytest.approx([-0.01, 0], abs=1e-11)


def test_an_ion_has_no_electrochemical_potential_where_it_is_absent(dataset: xarray.Dataset) -> None:
    potential = dataset["electrochemical_potential"].sel(ion="A").values
    assert np.isnan(potential[dataset["layer"].values == 1]).all()
    assert np.isfinite(potential[dataset["layer"].values == 0]).all()


def test_the_file_holds_the_same_data_as_the_dataset(
    solution: Solution, dataset: xarray.Dataset, tmp_path: Path
) -> None:
    variables, coordinates = tables(solution)
    write_netcdf({**coordinates, **variables}, tmp_path / "x.nc", {"title": "a test"})
    with xarray.open_dataset(tmp_path / "x.nc") as stored:  # as a user would: no engine named
        assert stored.attrs["title"] == "a test"
        xarray.testing.assert_equal(stored, dataset)
        assert set(stored.coords) == set(dataset.coords)
        assert {name: v.attrs for name, v in stored.variables.items()} == {
            name: v.attrs for name, v in dataset.variables.items()
        }
