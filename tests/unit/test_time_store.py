"""A stored transient is the transient, and a stored impedance the impedance: states, series, case, mesh."""

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
import xarray

import electrodiff as ed
from electrodiff.quantities import QUANTITIES

# What starts steady and then changes: a step, a ramp, a sine.
PROTOCOL = [
    {"at": 0.0, "set": {"left.potential": 0.01}},
    {"at": 1e-9, "ramp": {"left.potential": -0.02}, "over": 1e-8},
    {"at": 2e-7, "sine": {"left.potential": {"amplitude": 0.005, "frequency": 1e7}}},
]
STUDY = {"kind": "transient", "end": 1e-6, "output": {"from": 1e-12, "per_decade": 2}, "protocol": PROTOCOL}


def solved(name: str, changes: dict[str, object] | None = None) -> ed.Transient:
    """A bundled case on a coarse mesh in time."""
    case = ed.load_case(ed.bundled_case(name)).changed({"mesh.nodes": 61, "expect": []})
    return ed.solve_transient(case.changed({"study": STUDY, **(changes or {})}))


@pytest.fixture(scope="module")
def transient() -> ed.Transient:
    """Four ions, one of them absent from the membrane."""
    return solved("clamped_membrane")


@pytest.fixture
def stored(transient: ed.Transient, tmp_path: Path) -> Path:
    return ed.save_solution(transient, tmp_path / "solution.nc")


def assert_same(loaded: object, transient: ed.Transient) -> None:
    assert isinstance(loaded, ed.Transient)
    for name in ("time", "total_current_density", "current_spread", "ion_flux", "amount_residual"):
        np.testing.assert_array_equal(getattr(loaded, name), getattr(transient, name), err_msg=name)
    for entry in fields(transient.steps):
        np.testing.assert_array_equal(getattr(loaded.steps, entry.name), getattr(transient.steps, entry.name))
    for one, other in zip(loaded.frames, transient.frames, strict=True):
        np.testing.assert_array_equal(one.state, other.state)
        np.testing.assert_array_equal(one.gate, other.gate)
        assert one.problem.case == other.problem.case
    mesh, before = loaded.frames[0].problem.mesh, transient.frames[0].problem.mesh
    np.testing.assert_array_equal(mesh.x, before.x)
    np.testing.assert_array_equal(mesh.layer, before.layer)
    for name in ("rejected", "converged", "message"):
        assert getattr(loaded, name) == getattr(transient, name)
    assert set(loaded.error) == set(transient.error)
    assert all(np.array_equal(loaded.error[name], transient.error[name], equal_nan=True) for name in loaded.error)
    assert loaded.case == transient.case


def test_what_is_stored_is_loaded(transient: ed.Transient, stored: Path) -> None:
    assert_same(ed.load_solution(stored), transient)


def test_a_loaded_transient_reports_the_same_numbers(transient: ed.Transient, stored: Path) -> None:
    loaded = ed.load_solution(stored)
    assert isinstance(loaded, ed.Transient)
    for name in transient.case.scalar_names():
        np.testing.assert_array_equal(loaded.scalar(name), transient.scalar(name), err_msg=name)
    np.testing.assert_array_equal(loaded.concentration, transient.concentration)
    assert loaded.dataset.identical(transient.dataset)


@pytest.mark.parametrize(
    ("name", "key", "value"),
    [
        ("inward_rectifier", "left.current", 1e-3),  # gates, and a floating end
        ("steric_electrode", "left.potential", 0.02),  # ions of finite size, a wall
        ("spherical_cell_potential", "layers.membrane.partition.K", 2e-4),  # a closed end, spherical
        ("stern_electrode", "temperature", 310.0),  # another unit of the potential after the step
    ],
)
def test_gates_borders_geometries_and_temperatures_survive(name: str, key: str, value: float, tmp_path: Path) -> None:
    step = {**STUDY, "protocol": [{"at": 1e-8, "set": {key: value}}]}
    transient = solved(name, {"study": step})
    assert_same(ed.load_solution(ed.save_solution(transient, tmp_path / "x.nc")), transient)


def test_estimated_errors_survive(transient: ed.Transient, tmp_path: Path) -> None:
    spread = np.linspace(0, 1, transient.time.size)
    error = {"membrane_potential": spread, "flux.K": 2 * spread, "total_current_density": 3 * spread}
    path = ed.save_solution(replace(transient, error=error), tmp_path / "x.nc")
    loaded = ed.load_solution(path)
    assert isinstance(loaded, ed.Transient)
    for name, values in error.items():
        np.testing.assert_array_equal(loaded.error[name], values)
    with xarray.open_dataset(path) as dataset:
        np.testing.assert_array_equal(dataset["flux_error"].sel(ion="K"), 2 * spread)
        assert np.isnan(dataset["flux_error"].sel(ion="Na")).all()
        assert dataset["membrane_potential"].attrs["ancillary_variables"] == "membrane_potential_error"


def test_a_run_that_did_not_reach_its_end_is_stored_as_such(transient: ed.Transient, tmp_path: Path) -> None:
    part = replace(
        transient,
        **{
            name: getattr(transient, name)[:4] for name in ("time", "frames", "total_current_density", "current_spread")
        },
        **{name: getattr(transient, name)[:4] for name in ("ion_flux", "amount_residual")},
        error={},
        converged=False,
        message="interrupted",
    )
    assert_same(ed.load_solution(ed.save_solution(part, tmp_path / "x.nc")), part)


# ---- the file ----------------------------------------------------------------------------------------------------

PROMISED = {
    "potential": ("time", "x"),
    "concentration": ("time", "ion", "x"),
    "charge_density": ("time", "x"),
    "electric_field": ("time", "x"),
    "membrane_potential": ("time",),
    "total_current_density": ("time",),
    "current_spread": ("time",),
    "ion_flux": ("time", "ion"),
    "amount_residual": ("time", "ion"),
    "flux": ("time", "ion"),
    "step_size": ("step",),
    "step_total_current_density": ("step",),
    "step_current_spread": ("step",),
    "step_amount_residual": ("step", "ion"),
}
UNITS = {
    "time": "s",
    "potential": "V",
    "concentration": "mol m-3",
    "total_current_density": "A m-2",
    "ion_flux": "mol m-2 s-1",
    "step_size": "s",
    "membrane_potential": "V",
}


def test_the_promised_variables_lie_along_the_promised_dimensions(stored: Path) -> None:
    with xarray.open_dataset(stored) as dataset:  # as a user would: no engine named
        assert {name: dataset[name].dims for name in PROMISED} == PROMISED
        assert set(QUANTITIES) <= set(dataset.data_vars)
        assert {"time", "x", "layer", "ion"} <= set(dataset.coords)


def test_every_variable_has_units_and_a_long_name(stored: Path) -> None:
    with xarray.open_dataset(stored) as dataset:
        for name, variable in dataset.variables.items():
            assert set(variable.attrs) >= {"units", "long_name"}, name
            assert variable.attrs["long_name"], name
        assert {name: dataset[name].attrs["units"] for name in UNITS} == UNITS


def test_the_numbers_of_the_file_are_those_of_the_transient(transient: ed.Transient, stored: Path) -> None:
    with xarray.open_dataset(stored) as dataset:
        np.testing.assert_array_equal(dataset["time"], transient.time)
        np.testing.assert_array_equal(dataset["potential"], transient.potential)
        np.testing.assert_array_equal(dataset["concentration"], transient.concentration)
        # V_m is the difference of the potentials of the ends, to their round-off.
        ends = dataset["potential"].isel(x=0) - dataset["potential"].isel(x=-1)
        np.testing.assert_allclose(dataset["membrane_potential"], ends, rtol=0, atol=1e-17)
        charge = 96485.33212331 * np.einsum("i,tix->tx", transient.case.valences, transient.concentration)
        np.testing.assert_allclose(dataset["charge_density"], charge, rtol=0, atol=1e-6)


def test_the_attributes_tell_case_version_mesh_and_solver(transient: ed.Transient, stored: Path) -> None:
    with xarray.open_dataset(stored) as dataset:
        assert ed.parse_case(dataset.attrs["case"]) == transient.case
        assert dataset.attrs["version"] == ed.__version__
        assert dataset.attrs["mesh"].startswith("61 nodes")
        assert dataset.attrs["solver"] == transient.message
        assert dataset.attrs["converged"] == 1


@pytest.mark.parametrize("name", ["time", "mesh_activity", "mesh_potential", "step_end", "ion_flux", "layer"])
def test_a_file_that_lacks_a_variable_is_refused(stored: Path, name: str) -> None:
    with xarray.open_dataset(stored) as dataset:
        dataset.load().drop_vars(name).to_netcdf(stored.with_name("x.nc"), engine="h5netcdf")
    with pytest.raises(ed.ResultError, match="run the case again"):
        ed.load_solution(stored.with_name("x.nc"))


def test_a_save_that_fails_leaves_what_was_there(
    transient: ed.Transient, stored: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object, path: Path, *__: object) -> None:
        path.write_bytes(b"half of a transient")
        raise OSError(28, "No space left on device")

    before = stored.read_bytes()
    monkeypatch.setattr("electrodiff.store.write_netcdf", fail)
    with pytest.raises(OSError, match="No space"):
        ed.save_solution(transient, stored)
    assert stored.read_bytes() == before
    assert [path.name for path in stored.parent.iterdir()] == ["solution.nc"]


# ---- an impedance ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def impedance() -> ed.Impedance:
    study = {"kind": "impedance", "frequencies": [1.0, 1e3, 1e6]}
    case = ed.load_case(ed.bundled_case("clamped_membrane")).changed({"study": study, "mesh.nodes": 101, "expect": []})
    return ed.solve_impedance(case)


@pytest.fixture
def spectrum(impedance: ed.Impedance, tmp_path: Path) -> Path:
    return ed.save_solution(impedance, tmp_path / "solution.nc")


def test_a_stored_impedance_is_loaded(impedance: ed.Impedance, spectrum: Path) -> None:
    loaded = ed.load_solution(spectrum)
    assert isinstance(loaded, ed.Impedance)
    for entry in fields(impedance):
        one, other = getattr(loaded, entry.name), getattr(impedance, entry.name)
        if isinstance(other, np.ndarray):
            np.testing.assert_array_equal(one, other, err_msg=entry.name)
        elif entry.name != "steady":
            assert one == other, entry.name
    np.testing.assert_array_equal(loaded.steady.state, impedance.steady.state)
    assert loaded.steady.scalars == impedance.steady.scalars
    assert loaded.steady.message == impedance.steady.message
    assert loaded.steady.converged


def test_the_file_of_an_impedance_has_real_and_imaginary_parts(impedance: ed.Impedance, spectrum: Path) -> None:
    with xarray.open_dataset(spectrum) as dataset:
        for part in ("real", "imag"):
            variable = dataset[f"impedance_{part}"]
            assert variable.dims == ("frequency",)
            assert variable.attrs["units"] == "ohm m2"
            np.testing.assert_array_equal(variable, getattr(impedance.impedance, part))
        assert dataset["frequency"].attrs["units"] == "Hz"
        # The parts of the admittance are those of 1/Z.
        total = (dataset["ion_admittance_real"] + 1j * dataset["ion_admittance_imag"]).sum("ion").values
        total = (
            total + dataset["displacement_admittance_real"].values + 1j * dataset["displacement_admittance_imag"].values
        )
        assert 1 / total == pytest.approx(impedance.impedance, rel=1e-12)
        for name, variable in dataset.variables.items():
            assert set(variable.attrs) >= {"units", "long_name"}, name
