"""The slab as a capacitor, alone and between diffuse layers."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from electrodiff.errors import CaseError
from electrodiff.theory import (
    debye_length,
    grahame_potential,
    series_capacitance,
    slab_capacitance,
    slab_charge,
    slab_energy,
    slab_field,
    slab_with_debye_layers_capacitance,
    slab_with_double_layers_capacitance,
    slab_with_double_layers_charge,
    slab_with_double_layers_drops,
)

GAS_CONSTANT, FARADAY, EPSILON_0 = 8.31446261815324, 96485.33212331, 8.8541878188e-12  # SI 2019, CODATA 2022

MICROFARAD_PER_CM2 = 1e-2
SLAB = (5e-9, 2.0)
LIQUID = (80.0, 298.15)
CODATA = 1e-9  # rtol: the last adjustment of epsilon_0 was 7e-11


def voltage_of(charge: float, left: float, right: float, valence: int = 1) -> float:
    """Slab drop and two Grahame drops of a charge, written out."""
    thermal = GAS_CONSTANT * 298.15 / FARADAY
    layers = [
        2.0 * thermal / valence * math.asinh(charge / math.sqrt(8.0 * 80.0 * EPSILON_0 * GAS_CONSTANT * 298.15 * c))
        for c in (left, right)
    ]
    return charge * 5e-9 / (2.0 * EPSILON_0) + sum(layers)


def test_slab_field_points_outward_for_a_positive_voltage() -> None:
    assert slab_field(-0.065, 5e-9) == pytest.approx(-1.3e7, rel=1e-15)
    assert np.array_equal(slab_field(np.array([0.0, 5.0]), 5.0), [0.0, 1.0])


def test_slab_capacitance_of_a_bilayer() -> None:
    # 2 * 8.8541878 pF/m / 5 nm, printed to five digits.
    assert slab_capacitance(*SLAB) / MICROFARAD_PER_CM2 == pytest.approx(0.35417, abs=0.000005)


def test_charge_and_energy_of_a_bilayer_at_rest() -> None:
    # 2 * 8.8541878188e-12 F/m / 5 nm * 0.07 V, and half of that times 0.07 V.
    assert slab_charge(-0.07, *SLAB) == pytest.approx(-2.4791725893e-4, rel=CODATA)
    assert slab_energy(-0.07, *SLAB) == pytest.approx(0.5 * 2.4791725893e-4 * 0.07, rel=CODATA)
    # The energy density of the field, eps E^2 / 2, times the thickness.
    field = slab_field(np.array([-0.07, 0.0, 0.1]), 5e-9)
    energy = slab_energy(np.array([-0.07, 0.0, 0.1]), *SLAB)
    assert energy == pytest.approx(0.5 * 2.0 * EPSILON_0 * field**2 * 5e-9, rel=CODATA)


def test_capacitors_in_series_share_the_voltage() -> None:
    assert series_capacitance(2.0, 2.0) == 1.0
    assert series_capacitance(3.0, 6.0, 2.0) == pytest.approx(1.0, rel=1e-15)
    assert series_capacitance(7.0) == pytest.approx(7.0, rel=1e-15)
    assert series_capacitance(np.array([2.0, 4.0]), 4.0) == pytest.approx([4.0 / 3.0, 2.0], rel=1e-15)


def test_slab_is_in_series_with_two_debye_layers() -> None:
    length = debye_length(150.0, *LIQUID)
    capacitance = slab_with_debye_layers_capacitance(*SLAB, length, length, 80.0)
    assert capacitance / MICROFARAD_PER_CM2 == pytest.approx(0.35138, abs=0.000005)  # the digits printed
    # The same as a slab thickened by the water-equivalent of both layers: d + 2 lambda eps / eps_w.
    assert capacitance == pytest.approx(2.0 * EPSILON_0 / (5e-9 + 2.0 * length * 2.0 / 80.0), rel=CODATA)


@pytest.mark.parametrize("voltage", [-5.0, -0.065, -1e-9, -1e-300, 1e-12, 0.065, 0.3, 1.0, 50.0])
@pytest.mark.parametrize(("left", "right"), [(150.0, 150.0), (1e-6, 150.0), (150.0, 0.01), (1e-8, 1e-8)])
@pytest.mark.parametrize("valence", [1, 2])
def test_charge_of_slab_and_double_layers_takes_up_the_whole_voltage(
    voltage: float, left: float, right: float, valence: int
) -> None:
    charge = slab_with_double_layers_charge(voltage, *SLAB, left, right, *LIQUID, valence)
    # All terms have one sign, so the voltage of the charge is as good as the charge.
    assert voltage_of(charge, left, right, valence) == pytest.approx(voltage, rel=CODATA, abs=1e-307)


def test_charge_at_a_small_voltage_is_that_of_the_linear_capacitor() -> None:
    lengths = [debye_length(c, *LIQUID) for c in (150.0, 15.0)]
    expected = slab_with_debye_layers_capacitance(*SLAB, *lengths, 80.0) * 1e-4
    # asinh x = x (1 - x^2 / 6): x is 1e-5 at 0.1 mV.
    charge = slab_with_double_layers_charge(1e-4, *SLAB, 150.0, 15.0, *LIQUID)
    assert charge == pytest.approx(expected, rel=1e-9)


@settings(deadline=None)  # the first call imports scipy.optimize
@given(st.floats(1e-6, 2.0), st.floats(0.01, 1000.0), st.floats(0.01, 1000.0))
def test_nonlinear_layers_hold_more_than_linear_ones_and_less_than_the_bare_slab(
    voltage: float, left: float, right: float
) -> None:
    charge = slab_with_double_layers_charge(voltage, *SLAB, left, right, *LIQUID)
    lengths = [debye_length(c, *LIQUID) for c in (left, right)]
    linear = slab_with_debye_layers_capacitance(*SLAB, *lengths, 80.0) * voltage
    bare = slab_capacitance(*SLAB) * voltage
    assert linear * (1.0 - 1e-14) <= charge <= bare  # round-off
    mirrored = slab_with_double_layers_charge(-voltage, *SLAB, right, left, *LIQUID)
    assert mirrored == pytest.approx(-charge, rel=1e-14)


@pytest.mark.parametrize("voltage", [-5.0, -0.065, 1e-9, 0.3, 50.0])
@pytest.mark.parametrize(("left", "right"), [(150.0, 150.0), (1e-3, 150.0)])
@pytest.mark.parametrize("valence", [1, 2])
def test_voltage_divides_over_slab_and_layers(voltage: float, left: float, right: float, valence: int) -> None:
    args = (voltage, *SLAB, left, right, *LIQUID, valence)
    drops = slab_with_double_layers_drops(*args)
    # A few roundings, here and below.
    assert math.fsum(drops) == pytest.approx(voltage, rel=1e-14)
    charge = slab_with_double_layers_charge(*args)
    assert drops.left == pytest.approx(grahame_potential(charge, left, *LIQUID, valence), rel=1e-15)
    assert drops.slab == pytest.approx(charge * 5e-9 / (2.0 * EPSILON_0), rel=CODATA)
    mirrored = slab_with_double_layers_drops(-voltage, *SLAB, right, left, *LIQUID, valence)
    assert tuple(mirrored) == pytest.approx((-drops.right, -drops.slab, -drops.left), rel=1e-14)


def test_each_layer_takes_04_percent_of_the_voltage_of_a_bilayer_in_saline() -> None:
    # C lambda / eps_w = 0.35138e-2 F/m^2 * 0.7929e-9 m / (80 eps_0) = 0.003933, to its four digits.
    drops = slab_with_double_layers_drops(-0.065, *SLAB, 150.0, 150.0, *LIQUID)
    assert drops.left / -0.065 == pytest.approx(0.003933, abs=1e-6)
    assert drops.right == drops.left


@pytest.mark.parametrize("voltage", [-1.0, -0.065, 1e-3, 0.2, 3.0])
@pytest.mark.parametrize("valence", [1, 2])
def test_capacitance_of_slab_and_double_layers_is_the_slope_of_the_charge(voltage: float, valence: int) -> None:
    h = 1e-4
    bath = (*SLAB, 0.1, 15.0, *LIQUID, valence)
    high, low = (slab_with_double_layers_charge(voltage + step, *bath) for step in (h, -h))
    # h^2 / 6 of the third derivative: less than (z F h / (R T))^2 / 6 = 1e-5 times the share of the layers, 0.1.
    assert slab_with_double_layers_capacitance(voltage, *bath) == pytest.approx((high - low) / (2.0 * h), rel=1e-6)


def test_capacitance_of_slab_and_double_layers_lies_between_its_limits() -> None:
    bath = (*SLAB, 150.0, 150.0, *LIQUID)
    lengths = [debye_length(150.0, *LIQUID)] * 2
    linear = slab_with_debye_layers_capacitance(*SLAB, *lengths, 80.0)
    assert slab_with_double_layers_capacitance(0.0, *bath) == pytest.approx(linear, rel=1e-14)
    assert slab_with_double_layers_capacitance(0.0, *bath) / MICROFARAD_PER_CM2 == pytest.approx(0.35138, abs=5e-6)
    # Each layer has F sigma / (2 R T), so C_slab / C_layer = 0.0514 V / 500 V: 2.06e-4 for both.
    bare = slab_capacitance(*SLAB)
    assert slab_with_double_layers_capacitance(500.0, *bath) == pytest.approx(bare / 1.000206, rel=1e-5)


def test_without_voltage_there_is_no_charge() -> None:
    assert slab_with_double_layers_charge(0.0, *SLAB, 150.0, 150.0, *LIQUID) == 0.0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: slab_field(1.0, 0.0), "thickness is 0.0; expected above zero: a length in m"),
        (lambda: slab_capacitance(-1.0, 2.0), "thickness is -1.0"),
        (lambda: slab_capacitance(5e-9, math.nan), "relative_permittivity is nan"),
        (lambda: series_capacitance(), "capacitances is empty; give at least one"),
        (lambda: series_capacitance(1.0, 0.0), "capacitance is 0.0"),
        (lambda: slab_with_double_layers_charge(math.nan, *SLAB, 1.0, 1.0, *LIQUID), "voltage is nan"),
        (lambda: slab_with_double_layers_charge(0.1, *SLAB, 0.0, 1.0, *LIQUID), "left_concentration is 0.0"),
        (lambda: slab_with_double_layers_charge(0.1, *SLAB, 1.0, -1.0, *LIQUID), "right_concentration is -1.0"),
        (lambda: slab_with_double_layers_charge(0.1, *SLAB, 1.0, 1.0, *LIQUID, 0), "valence is 0"),
        (lambda: slab_with_double_layers_charge(0.1, *SLAB, 1.0, 1.0, 80.0, 0.0), "temperature is 0.0"),
    ],
)
def test_values_out_of_range_are_refused(call, message: str) -> None:
    with pytest.raises(CaseError, match=message):
        call()
