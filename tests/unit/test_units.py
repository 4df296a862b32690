"""Numbers with units become SI numbers and come back; anything else is refused, quickly."""

import math
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import constants

from electrodiff import units
from electrodiff.units import (
    CAPACITANCE,
    CONCENTRATION,
    CURRENT_DENSITY,
    DIFFUSIVITY,
    FLUX,
    LENGTH,
    PERMEABILITY,
    POTENTIAL,
    SURFACE_CHARGE,
    TEMPERATURE,
    Dimension,
    Scales,
    UnitError,
    from_si,
    thermal_voltage,
    to_si,
)

CASES = Path(__file__).parents[2] / "cases"

DIMENSIONS = [
    LENGTH,
    TEMPERATURE,
    DIFFUSIVITY,
    CONCENTRATION,
    POTENTIAL,
    PERMEABILITY,
    SURFACE_CHARGE,
    CURRENT_DENSITY,
    FLUX,
    CAPACITANCE,
]

# Text, dimension, SI number worked out by hand.
TEXTS = [
    ("5 nm", LENGTH, 5e-9),
    ("5nm", LENGTH, 5e-9),
    ("  5  nm ", LENGTH, 5e-9),
    ("10 um", LENGTH, 1e-5),
    ("10 µm", LENGTH, 1e-5),  # micro sign
    ("10 μm", LENGTH, 1e-5),  # Greek mu
    ("10 micron", LENGTH, 1e-5),
    ("3 Å", LENGTH, 3e-10),
    ("3 angstrom", LENGTH, 3e-10),
    ("2.5 m", LENGTH, 2.5),
    ("37 degC", TEMPERATURE, 310.15),
    ("37 °C", TEMPERATURE, 310.15),
    ("-1.5 degC", TEMPERATURE, 271.65),
    ("310 K", TEMPERATURE, 310),
    ("150 mM", CONCENTRATION, 150),
    ("0.15 M", CONCENTRATION, 150),
    ("150 uM", CONCENTRATION, 0.15),
    ("150 mmol/L", CONCENTRATION, 150),
    ("150 mmol/l", CONCENTRATION, 150),
    ("150 mol/m^3", CONCENTRATION, 150),
    ("150 mol/m3", CONCENTRATION, 150),
    ("150 mol/m**3", CONCENTRATION, 150),
    ("150 mol m^-3", CONCENTRATION, 150),
    ("150 mol m-3", CONCENTRATION, 150),
    ("-65 mV", POTENTIAL, -0.065),
    ("+.5 V", POTENTIAL, 0.5),
    ("5.e-3 V", POTENTIAL, 0.005),
    ("1E3 mV", POTENTIAL, 1),
    ("1.96e-9 m^2/s", DIFFUSIVITY, 1.96e-9),
    ("1.96e-5 cm^2/s", DIFFUSIVITY, 1.96e-9),
    ("1.96e-5 cm2/s", DIFFUSIVITY, 1.96e-9),
    ("1.96 um^2/ms", DIFFUSIVITY, 1.96e-9),
    ("1e-5 cm/s", PERMEABILITY, 1e-7),
    ("-0.01 C/m^2", SURFACE_CHARGE, -0.01),
    ("1 uC/cm^2", SURFACE_CHARGE, 0.01),
    ("1 e/nm^2", SURFACE_CHARGE, 0.1602176634),
    ("1 uA/cm^2", CURRENT_DENSITY, 0.01),
    ("1 mA/cm2", CURRENT_DENSITY, 10),
    ("1 pmol/cm^2/s", FLUX, 1e-8),
    ("0.35 uF/cm^2", CAPACITANCE, 0.0035),
    ("0.35 uF/cm2", CAPACITANCE, 0.0035),
    ("0.35 µF/cm2", CAPACITANCE, 0.0035),
    ("3.5 mF/m^2", CAPACITANCE, 0.0035),
]


@pytest.mark.parametrize(("text", "dimension", "value"), TEXTS, ids=[text for text, _, _ in TEXTS])
def test_text_with_a_unit_is_its_si_number(text: str, dimension: Dimension, value: float) -> None:
    # A factor and an offset: a few units of round-off.
    assert to_si(text, dimension) == pytest.approx(value, rel=1e-14)


@pytest.mark.parametrize("number", [0.1, 4.0, 12.0, 140.0, 149.0, 1e-3])
def test_millimolar_is_mole_per_cubic_metre_to_the_last_digit(number: float) -> None:
    assert to_si(f"{number!r} mM", CONCENTRATION) == number


@pytest.mark.parametrize("dimension", DIMENSIONS, ids=lambda dimension: dimension.name)
@settings(deadline=None)  # the first number of a unit waits for the table of units
@given(value=st.floats(allow_nan=False, allow_infinity=False))
def test_an_si_number_written_with_its_unit_is_read_back_exactly(dimension: Dimension, value: float) -> None:
    """What makes the TOML that is written from a case equal to the case."""
    assert to_si(f"{value!r} {dimension.unit}", dimension) == value


@pytest.mark.parametrize("dimension", DIMENSIONS, ids=lambda dimension: dimension.name)
def test_the_example_of_every_error_message_is_right(dimension: Dimension) -> None:
    assert math.isfinite(to_si(dimension.example, dimension))


@pytest.mark.parametrize(
    ("unit", "dimension"),
    [("mV", POTENTIAL), ("nm", LENGTH), ("degC", TEMPERATURE), ("uF/cm^2", CAPACITANCE), ("cm2/s", DIFFUSIVITY)],
)
@pytest.mark.parametrize("number", [-71.4, 0.35, 37.0])
def test_a_number_comes_back_from_si_in_its_unit(unit: str, dimension: Dimension, number: float) -> None:
    # Relative to 310 K where there is an offset.
    assert from_si(to_si(f"{number} {unit}", dimension), unit, dimension) == pytest.approx(number, rel=1e-13)


@pytest.mark.parametrize(
    "text",
    ["", " ", "5", "nm", "five nm", "5,0 nm", "1_0 nm", "0x5 nm", "nan nm", "inf nm", "-inf nm", "5 nm; 3", "5 5 nm"],
)
def test_what_is_not_a_number_with_a_unit_is_refused(text: str) -> None:
    with pytest.raises(UnitError):
        to_si(text, LENGTH)


@pytest.mark.parametrize("text", ["5 mV", "5 nm^2", "5 nm/nm", "5 degC", "5 mol", "5 kg m", "5 nm^-1", "5 %"])
def test_a_unit_of_another_dimension_is_refused_by_name(text: str) -> None:
    with pytest.raises(UnitError, match="unit of something else") as caught:
        to_si(text, LENGTH)
    assert text[2:] in str(caught.value)


@pytest.mark.parametrize("text", ["5 foo", "5 NM", "5 nm^nm", "5 nm.real", "5 if", "5 nm*", "5 m/0"])
def test_an_unknown_unit_is_refused_by_name(text: str) -> None:
    with pytest.raises(UnitError, match="unknown") as caught:
        to_si(text, LENGTH)
    assert text[2:] in str(caught.value)


@pytest.mark.parametrize("text", ["1e400 nm", "-1e400 nm", "1e308 km"])
def test_a_number_beyond_the_largest_float_is_refused(text: str) -> None:
    with pytest.raises(UnitError, match="too large"):
        to_si(text, LENGTH)


@pytest.mark.parametrize(
    "text",
    ["2*5 nm", "5 nm + 1 nm", "5 (nm)", "(5) nm", "5 nm*sin(1)", "5 __import__('os')", "5 m*2", "5*nm", "5-3 nm"],
)
def test_an_expression_is_not_evaluated(text: str) -> None:
    with pytest.raises(UnitError):
        to_si(text, LENGTH)


@pytest.mark.parametrize(
    "text",
    ["5 nm^9999999999", "5 nm^9^9^9^9", "5 m*2^9999999999", "5 m/9**9**9", "5 nm**-9**9**9", "5 nm^1e999999999"],
)
def test_a_huge_exponent_is_refused_at_once(text: str) -> None:
    """In another process, so that a text that is evaluated for ever does not stop the tests; start-up takes 0.5 s."""
    code = (
        "import sys; from electrodiff import units\n"
        "try: units.to_si(sys.argv[1], units.LENGTH)\n"
        "except units.UnitError: sys.exit(42)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, text], capture_output=True, check=False, timeout=3)
    assert done.returncode == 42, done.stderr.decode()


# ---- constants and scales ----------------------------------------------------------------------------------------


def test_constants_are_codata() -> None:
    # SI 2019, exact, rounded in the tenth digit or later; eps_0 of CODATA 2018 and 2022 agree to 1e-9.
    assert pytest.approx(96485.33212331, rel=1e-12) == units.FARADAY
    assert pytest.approx(8.31446261815324, rel=1e-14) == units.GAS_CONSTANT
    assert pytest.approx(8.8541878e-12, rel=1e-8) == units.VACUUM_PERMITTIVITY
    assert units.ELEMENTARY_CHARGE == 1.602176634e-19
    assert units.AVOGADRO == 6.02214076e23


def test_thermal_voltage_is_26_7_millivolts_in_the_body() -> None:
    # R T / F at 310 K by hand: 8.314463 * 310 / 96485.33 = 26.7138 mV.
    assert thermal_voltage(310) == pytest.approx(26.7138e-3, rel=1e-5)


def test_the_unit_of_permittivity_has_a_debye_length_of_one_length() -> None:
    # lambda^2 = eps R T / (2 F^2 I), with 2 I the scale of concentration.
    scales = Scales(temperature=300, length=3e-9, concentration=70, diffusivity=2e-9)
    squared = scales.permittivity * units.GAS_CONSTANT * 300 / (units.FARADAY**2 * 70)
    assert math.sqrt(squared) == pytest.approx(3e-9, rel=1e-14)


def test_scales_are_consistent() -> None:
    """Fick, Gauss and a capacitor have no factors in dimensionless form."""
    scales = Scales(temperature=300, length=3e-9, concentration=70, diffusivity=2e-9)
    assert scales.flux == pytest.approx(2e-9 * 70 / 3e-9, rel=1e-15)
    # sigma = eps E and sigma = F c L are the same unit.
    assert scales.surface_charge == pytest.approx(scales.permittivity * scales.potential / 3e-9, rel=1e-14)


@pytest.mark.parametrize("unit", list(units._COMMON))
def test_a_unit_that_is_known_without_pint_is_what_it_is_to_pint(unit: str) -> None:
    si_unit, factor = units._COMMON[unit]
    assert units._converted(unit, si_unit) == (factor, 0.0)


def test_the_constants_are_those_of_codata() -> None:
    """scipy's are those of 2018 or 2022, in which the vacuum permittivity differs by 7e-10 of itself."""
    assert constants.N_A == units.AVOGADRO
    assert constants.e == units.ELEMENTARY_CHARGE
    assert constants.k == units.BOLTZMANN
    assert pytest.approx(constants.R, rel=1e-15) == units.GAS_CONSTANT
    assert pytest.approx(constants.epsilon_0, rel=1e-9) == units.VACUUM_PERMITTIVITY


def test_a_case_in_usual_units_is_read_without_pint_and_scipy_constants() -> None:
    """They take longer to import than the case to solve."""
    program = "import sys, electrodiff as ed; ed.solve(ed.load_case(sys.argv[1])); print(*sys.modules)"
    case = CASES / "resting_potential.toml"
    run = subprocess.run([sys.executable, "-c", program, str(case)], capture_output=True, text=True, check=True)
    assert not {"pint", "scipy.constants"} & set(run.stdout.split())
