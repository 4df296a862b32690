"""The table of ions and the properties of water, against published numbers that do not come from the program."""

import math
from dataclasses import FrozenInstanceError

import pytest

from electrodiff.errors import CaseError
from electrodiff.ions import (
    KNOWN_IONS,
    KnownIon,
    scaled_diffusivity,
    water_relative_permittivity,
    water_viscosity,
)

# SI 2019, typed here so that the checks do not lean on electrodiff.units.
GAS_CONSTANT, FARADAY = 8.31446261815324, 96485.33212331

# Limiting molar conductivities per equivalent at 25 degC [S cm^2/mol], and the charge number they go with.
LIMITING_CONDUCTIVITIES = {
    "H": (349.65, 1),
    "Li": (38.66, 1),
    "Na": (50.08, 1),
    "K": (73.48, 1),
    "Rb": (77.8, 1),
    "Cs": (77.2, 1),
    "Ag": (61.9, 1),
    "NH4": (73.5, 1),
    "Mg": (53.0, 2),
    "Ca": (59.47, 2),
    "Ba": (63.6, 2),
    "Mn": (53.5, 2),
    "Cu": (53.6, 2),
    "Zn": (52.8, 2),
    "F": (55.4, -1),
    "Cl": (76.31, -1),
    "Br": (78.1, -1),
    "I": (76.8, -1),
    "OH": (198.0, -1),
    "HCO3": (44.5, -1),
    "NO3": (71.42, -1),
    "SO4": (80.0, -2),
}


def nernst_einstein_diffusivity(conductivity: float, valence: int, temperature: float) -> float:
    """D = R T lambda / (F^2 |z|), lambda per equivalent in S cm^2/mol."""
    return GAS_CONSTANT * temperature * conductivity * 1e-4 / (FARADAY**2 * abs(valence))


@pytest.mark.parametrize("name", sorted(KNOWN_IONS))
def test_diffusivity_is_the_limiting_conductivity_by_nernst_einstein(name: str) -> None:
    conductivity, valence = LIMITING_CONDUCTIVITIES[name]
    expected = nernst_einstein_diffusivity(conductivity, valence, 298.15)
    assert KNOWN_IONS[name].valence == valence
    # Half a unit of the last digit printed, 0.0005e-9 m^2/s, and 2e-5 because the table is older than the
    # constants: OH is printed as 5.273, today's R and F give 5.2724.
    assert abs(KNOWN_IONS[name].diffusivity - expected) <= 0.5e-12 + 2e-5 * expected


def test_every_ion_is_listed_by_its_own_name_and_has_its_source() -> None:
    for name, ion in KNOWN_IONS.items():
        assert ion.name == name
        assert "CRC Handbook" in ion.source
        assert ", row " in ion.source


def test_table_and_its_rows_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        KNOWN_IONS["K"] = KNOWN_IONS["Na"]  # type: ignore[index]
    with pytest.raises(FrozenInstanceError):
        KNOWN_IONS["K"].diffusivity = 0.0  # type: ignore[misc]


@pytest.mark.parametrize("diffusivity", [0.0, -1e-9, math.nan, math.inf])
def test_ion_without_a_positive_diffusivity_is_refused(diffusivity: float) -> None:
    with pytest.raises(CaseError, match=r"diffusivity is .*such as"):
        KnownIon("X", 1, diffusivity, "a source")


@pytest.mark.parametrize(("name", "source"), [("", "a source"), ("X", "")])
def test_ion_without_name_or_source_is_refused(name: str, source: str) -> None:
    with pytest.raises(CaseError, match="lacks its name or its source"):
        KnownIon(name, 1, 1e-9, source)


@pytest.mark.parametrize(
    ("temperature", "viscosity", "permittivity"),
    [
        (260.0, 3058.36075e-6, 93.455835),
        (298.15, 889.996774e-6, 78.375218),
        (375.0, 276.207245e-6, 55.266199),
    ],
)
def test_water_agrees_with_the_check_values_of_iapws_sr6_08(
    temperature: float, viscosity: float, permittivity: float
) -> None:
    # rtol 1e-8: the check values are printed with 8 to 9 digits.
    assert water_viscosity(temperature) == pytest.approx(viscosity, rel=1e-8)
    assert water_relative_permittivity(temperature) == pytest.approx(permittivity, rel=1e-8)


def test_water_at_room_temperature_has_the_handbook_values() -> None:
    assert water_viscosity(298.15) == pytest.approx(0.8900e-3, abs=0.00005e-3)  # the digits printed
    assert water_relative_permittivity(298.15) == pytest.approx(78.4, abs=0.05)
    assert water_viscosity(293.15) == pytest.approx(1.0016e-3, rel=1e-3)  # ISO/TR 3666, 0.17 % there


@pytest.mark.parametrize("temperature", [25.0, 253.14, 383.16, math.nan, math.inf])
@pytest.mark.parametrize("water_property", [water_viscosity, water_relative_permittivity])
def test_water_outside_its_range_is_refused_with_a_remedy(water_property, temperature: float) -> None:
    with pytest.raises(CaseError, match=r"253\.15 K to 383\.15 K: choose"):
        water_property(temperature)


def test_the_ends_of_the_range_of_water_belong_to_it() -> None:
    assert water_viscosity(253.15) > water_viscosity(383.15) > 0.0
    assert water_relative_permittivity(253.15) > water_relative_permittivity(383.15) > 50.0


def test_diffusivity_at_25_degc_is_the_one_of_the_table() -> None:
    assert scaled_diffusivity(1.957e-9, 298.15) == 1.957e-9


def test_stokes_radius_does_not_depend_on_temperature() -> None:
    products = [scaled_diffusivity(1e-9, T) * water_viscosity(T) / T for T in (273.15, 298.15, 310.0, 350.0)]
    assert products == pytest.approx([products[0]] * 4, rel=1e-14)  # three products: round-off


@pytest.mark.parametrize(("name", "conductivity"), [("Na", 61.54), ("K", 88.21), ("Cl", 92.21)])
def test_diffusivity_at_35_degc_is_within_four_per_cent_of_the_measured_conductivity(
    name: str, conductivity: float
) -> None:
    # Robinson and Stokes, Electrolyte Solutions (1959), appendix 6.2; Walden's rule is off by 1 to 3 %.
    expected = nernst_einstein_diffusivity(conductivity, 1, 308.15)
    assert scaled_diffusivity(KNOWN_IONS[name].diffusivity, 308.15) == pytest.approx(expected, rel=0.04)


@pytest.mark.parametrize("diffusivity", [0.0, -1e-9, math.nan])
def test_scaling_refuses_a_diffusivity_that_is_not_positive(diffusivity: float) -> None:
    with pytest.raises(CaseError, match="diffusivity is"):
        scaled_diffusivity(diffusivity, 310.0)
