"""A thin slab between two diffuse layers: the quasi-equilibrium limit of Poisson-Nernst-Planck."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import root

from electrodiff.errors import CaseError
from electrodiff.theory import (
    GhkSlab,
    debye_length,
    ghk_flux,
    ghk_reversal_potential,
    ghk_slab,
    ghk_slab_reversal_potential,
    grahame_charge,
    grahame_potential,
    nernst_potential,
    slab_capacitance,
    slab_with_debye_layers_capacitance,
    slab_with_double_layers_charge,
)

GAS_CONSTANT, FARADAY = 8.31446261815324, 96485.33212331  # SI 2019
VOLT = FARADAY / (GAS_CONSTANT * 310.0)  # 1 V in units of R T / F at 310 K

CELL = {  # with calcium, and with anions A that are confined to the inside
    "permeabilities": {"K": 2e-7, "Na": 8e-9, "Cl": 9e-8, "Ca": 1e-9},
    "valences": {"K": 1, "Na": 1, "Cl": -1, "Ca": 2, "A": -1},
    "inside": {"K": 140.0, "Na": 12.0, "Cl": 10.0, "Ca": 1e-4, "A": 142.0002},
    "outside": {"K": 4.0, "Na": 145.0, "Cl": 153.0, "Ca": 2.0},
}
MEMBRANE = {
    "thickness": 5e-9,
    "relative_permittivity": 2.0,
    "water_relative_permittivity": 80.0,
    "temperature": 310.0,
}
CAPACITANCE = slab_capacitance(5e-9, 2.0)


def salt(left: float, right: float) -> dict[str, dict[str, float]]:
    """KCl on both sides."""
    return {
        "permeabilities": {"K": 1e-7, "Cl": 1e-8},
        "valences": {"K": 1, "Cl": -1},
        "inside": {"K": left, "Cl": left},
        "outside": {"K": right, "Cl": right},
    }


@st.composite
def any_bath(draw: st.DrawFn) -> dict[str, float]:
    """A neutral bath with ions of any valence; p and m are there to make it neutral."""
    ions = {name: draw(st.floats(1e-2, 1e3)) for name in ("a", "b", "c")}
    net = ions["a"] + 2.0 * ions["b"] - 3.0 * ions["c"]
    return {**ions, "p": max(-net, 0.0), "m": max(net, 0.0)}


baths = any_bath()
signs = st.sampled_from([-1.0, 0.0, 1.0])
# Below 1e-9 of a volt the pressure in `grahame_charge` would end up as a square that underflows.
drives = st.tuples(signs, st.floats(-9.0, 0.0)).map(lambda pair: pair[0] * 10.0 ** pair[1])
surface_charges = st.tuples(signs, st.floats(-9.0, -0.7)).map(lambda pair: pair[0] * 10.0 ** pair[1])
ANY_VALENCES = {"a": 1, "b": 2, "c": -3, "p": 1, "m": -1}


@settings(max_examples=200, deadline=None)
@given(baths, baths, drives, surface_charges, surface_charges, st.floats(-9.0, -6.0))
def test_slab_and_layers_obey_gauss_and_add_up_to_the_voltage(
    inside: dict[str, float], outside: dict[str, float], V: float, left: float, right: float, log_thickness: float
) -> None:
    """The Grahame charges of the two layers, as `grahame_charge` has them, and the field of the slab between."""
    d = 10.0**log_thickness
    slab = ghk_slab({}, ANY_VALENCES, inside, outside, V, d, 2.0, 80.0, 310.0, left, right)
    D = slab.displacement
    # The charge of the largest term is rounded; the exponential turns an argument of up to 20 into 20 eps.
    size = 1e-13 * (abs(D) + abs(left) + abs(right))
    left_layer = grahame_charge(slab.left_drop, ANY_VALENCES, inside, 80.0, 310.0)
    right_layer = grahame_charge(slab.right_drop, ANY_VALENCES, outside, 80.0, 310.0)
    assert left_layer == pytest.approx(left - D, abs=size)
    assert right_layer == pytest.approx(right + D, abs=size)
    assert slab.slab_voltage == pytest.approx(D / slab_capacitance(d, 2.0), rel=1e-15)
    parts = abs(slab.slab_voltage) + abs(slab.left_drop) + abs(slab.right_drop)
    assert slab.voltage == pytest.approx(V, abs=1e-14 * parts)  # round-off of the sum
    assert slab.slab_voltage - slab.left_drop + slab.right_drop == pytest.approx(slab.voltage, abs=1e-15 * parts)


@pytest.mark.parametrize(("V", "left", "right"), [(-0.07, 0.0, 0.0), (0.15, -0.02, 0.0), (-0.3, -0.05, 0.01)])
def test_drops_are_those_of_a_solver_of_the_three_equations(V: float, left: float, right: float) -> None:
    """Independent of the nested roots: scipy's Powell hybrid on both drops at once."""
    tables = CELL["valences"], CELL["inside"], CELL["outside"] | {"A": 0.0}

    def imbalance(scaled: np.ndarray) -> list[float]:
        drops = scaled / VOLT
        D = CAPACITANCE * (V + drops[0] - drops[1])
        layers = [
            float(grahame_charge(drop, {ion: tables[0][ion] for ion in bath}, bath, 80.0, 310.0))
            for drop, bath in zip(drops, tables[1:], strict=True)
        ]
        return [(layers[0] - left + D) / 0.01, (layers[1] - right - D) / 0.01]

    expected = root(imbalance, [0.0, 0.0], tol=1e-12)
    assert np.max(np.abs(expected.fun)) < 1e-10
    slab = ghk_slab(**CELL, **MEMBRANE, voltage=V, left_surface_charge=left, right_surface_charge=right)
    # Charges of the other solver good to 1e-12 C/m^2, between layers of 0.5 F/m^2 or more.
    assert [slab.left_drop, slab.right_drop] == pytest.approx(expected.x / VOLT, abs=2e-12)


@pytest.mark.parametrize("V", [-1.0, -0.065, 1e-6, 0.3])
def test_charge_between_two_salts_is_that_of_two_gouy_chapman_layers(V: float) -> None:
    slab = ghk_slab(**salt(150.0, 15.0), **MEMBRANE, voltage=V)
    expected = slab_with_double_layers_charge(V, 5e-9, 2.0, 150.0, 15.0, 80.0, 310.0)
    assert slab.displacement == pytest.approx(expected, rel=1e-13)  # both to round-off


def test_small_voltage_is_shared_as_by_capacitors_in_series() -> None:
    inside, outside = (debye_length(c, 80.0, 310.0) for c in (150.0, 15.0))
    capacitance = slab_with_debye_layers_capacitance(5e-9, 2.0, inside, outside, 80.0)
    slab = ghk_slab(**salt(150.0, 15.0), **MEMBRANE, voltage=1e-6)
    assert slab.displacement == pytest.approx(capacitance * 1e-6, rel=1e-10)  # the drops are 1e-7 R T / F, squared
    water = 80.0 / 2.0 * CAPACITANCE * 5e-9
    assert slab.left_drop == pytest.approx(-slab.displacement * inside / water, rel=1e-10)
    assert slab.right_drop == pytest.approx(slab.displacement * outside / water, rel=1e-10)


def test_charged_faces_between_equal_baths_have_the_potential_of_grahame_and_no_field_between() -> None:
    slab = ghk_slab(
        **salt(100.0, 100.0), **MEMBRANE, voltage=0.0, left_surface_charge=-0.02, right_surface_charge=-0.02
    )
    expected = grahame_potential(-0.02, 100.0, 80.0, 310.0)
    assert slab.left_drop == slab.right_drop == pytest.approx(expected, rel=1e-13)
    assert abs(slab.displacement) < 1e-15 * 0.02  # round-off of the charges
    assert slab.current_density == pytest.approx(0.0, abs=1e-12)


def test_faces_are_in_boltzmann_equilibrium_and_the_fluxes_are_those_of_ghk_between_them() -> None:
    slab = ghk_slab(**CELL, **MEMBRANE, voltage=-0.065, left_surface_charge=-0.01)
    current = 0.0
    for ion, z in CELL["valences"].items():
        left = CELL["inside"].get(ion, 0.0) * math.exp(-z * slab.left_drop * VOLT)
        right = CELL["outside"].get(ion, 0.0) * math.exp(-z * slab.right_drop * VOLT)
        assert (slab.left_face[ion], slab.right_face[ion]) == pytest.approx((left, right), rel=1e-14)
        flux = ghk_flux(CELL["permeabilities"].get(ion, 0.0), z, left, right, slab.slab_voltage, 310.0)
        assert slab.flux[ion] == pytest.approx(flux, rel=1e-13)
        current += FARADAY * z * flux
    assert slab.current_density == pytest.approx(current, rel=1e-12)
    assert slab.flux["A"] == 0.0
    # Cations gather beside the negative inner face, and the current of potassium with them.
    assert slab.left_face["K"] > 140.0
    assert slab.flux["K"] > ghk_slab(**CELL, **MEMBRANE, voltage=-0.065).flux["K"]


@pytest.mark.parametrize("left_surface_charge", [0.0, -0.05, 0.1])
def test_one_permeant_ion_rests_at_its_nernst_potential_whatever_the_layers(left_surface_charge: float) -> None:
    for ion in ("K", "Ca"):
        alone = CELL | {"permeabilities": {ion: 1e-9}}
        rest = ghk_slab_reversal_potential(**alone, **MEMBRANE, left_surface_charge=left_surface_charge)
        expected = nernst_potential(CELL["valences"][ion], CELL["inside"][ion], CELL["outside"][ion], 310.0)
        assert rest == pytest.approx(expected, rel=1e-13)  # round-off of voltages of 0.1 V


@settings(max_examples=100, deadline=None)
@given(baths, baths, surface_charges, surface_charges, st.tuples(*[st.floats(-12.0, -4.0)] * 3))
def test_no_current_flows_at_the_reversal_potential_which_lies_between_those_of_nernst(
    inside: dict[str, float], outside: dict[str, float], left: float, right: float, logs: tuple[float, ...]
) -> None:
    P = {ion: 10.0**log for ion, log in zip("abc", logs, strict=True)}
    geometry = (5e-9, 2.0, 80.0, 310.0, left, right)
    rest = ghk_slab_reversal_potential(P, ANY_VALENCES, inside, outside, *geometry)
    slab = ghk_slab(P, ANY_VALENCES, inside, outside, rest, *geometry)
    potentials = [nernst_potential(ANY_VALENCES[ion], inside[ion], outside[ion], 310.0) for ion in P]
    # Round-off of the sum, and of the current: a few eps of R T / F.
    margin = 1e-14 * (abs(slab.slab_voltage) + abs(slab.left_drop) + abs(slab.right_drop)) + 1e-16
    assert min(potentials) - margin <= rest <= max(potentials) + margin
    u = abs(slab.slab_voltage) * VOLT
    one_way = sum(
        FARADAY * abs(z) * P[ion] * (1.0 + abs(z) * u) * max(slab.left_face[ion], slab.right_face[ion])
        for ion, z in ANY_VALENCES.items()
        if ion in P
    )
    assert abs(slab.current_density) <= 1e-12 * one_way  # arguments of up to 50 that are rounded, a few times over


def test_thick_slab_of_a_cell_rests_at_the_ghk_voltage() -> None:
    """The layers take the share C lambda / eps_w of the voltage: 2e-4 nm of 1 um and 2 against 80."""
    plain = ghk_reversal_potential(**CELL, temperature=310.0)
    errors = [ghk_slab_reversal_potential(**CELL, **(MEMBRANE | {"thickness": d})) - plain for d in (1e-8, 1e-6)]
    assert abs(errors[0]) < 0.02e-3  # docs/limits.md: 0.02 mV for a membrane half as thick
    assert errors[1] == pytest.approx(errors[0] / 100.0, rel=0.02)  # of first order in 1 / d, and 1 % of it at 10 nm


def test_swapping_the_sides_changes_the_sign() -> None:
    swapped = CELL | {"inside": CELL["outside"], "outside": CELL["inside"]}
    rest = ghk_slab_reversal_potential(**CELL, **MEMBRANE, left_surface_charge=-0.02, right_surface_charge=0.01)
    mirror = ghk_slab_reversal_potential(**swapped, **MEMBRANE, left_surface_charge=0.01, right_surface_charge=-0.02)
    assert mirror == pytest.approx(-rest, rel=1e-13)  # round-off of drops of 50 mV


def test_ion_that_is_absent_from_one_side_still_finds_its_balance() -> None:
    """Only potassium inside and only sodium outside: V = R T / F ln(P_Na / P_K) between equal baths, plain GHK."""
    tables = {
        "permeabilities": {"K": 1e-7, "Na": 1e-9},
        "valences": {"K": 1, "Na": 1, "Cl": -1},
        "inside": {"K": 150.0, "Cl": 150.0},
        "outside": {"Na": 150.0, "Cl": 150.0},
    }
    # By symmetry the drops are opposite and equal, which GHK with face values does not see in its ratio:
    # P_K K exp(-psi_L) B(-u) = P_Na Na exp(-psi_R) B(u), so V = u - psi_L + psi_R = ln(P_Na / P_K).
    rest = ghk_slab_reversal_potential(**tables, **MEMBRANE)
    assert rest == pytest.approx(math.log(1e-2) / VOLT, rel=1e-13)


@pytest.mark.parametrize("V", [1e-12, 1e-120, 1e-310])
def test_tiniest_voltage_is_shared_like_a_small_one(V: float) -> None:
    slab, small = (ghk_slab(**salt(150.0, 15.0), **MEMBRANE, voltage=voltage) for voltage in (V, 1e-9))
    # Linear up to 1e-11 of it; a voltage of 1e-310 has two digits itself, and its charge none.
    assert slab.slab_voltage == pytest.approx(V * small.slab_voltage / 1e-9, rel=1e-10, abs=1e-300)


def test_record_is_frozen_and_complete() -> None:
    slab = ghk_slab(**CELL, **MEMBRANE, voltage=0.0)
    assert isinstance(slab, GhkSlab)
    assert set(slab.flux) == set(slab.left_face) == set(slab.right_face) == set(CELL["valences"])
    with pytest.raises(AttributeError):
        slab.voltage = 1.0  # type: ignore[misc]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"voltage": math.nan}, "voltage is nan; expected a finite number"),
        ({"left_surface_charge": math.inf}, "left_surface_charge is inf; expected a finite number"),
        ({"right_surface_charge": math.nan}, "right_surface_charge is nan; expected a finite number"),
        ({"inside": {"K": 140.0}}, "inside concentrations carry a net charge"),
        ({"outside": {}}, "outside sum of"),
        ({"outside": {"K": -1.0, "Cl": -1.0}}, "outside concentration of ion K is -1.0"),
        ({"permeabilities": {"K": -1.0}}, "permeability is -1.0"),
        ({"permeabilities": {"Rb": 1.0}}, "valences has no value for Rb"),
        ({"thickness": 0.0}, "thickness is 0.0"),
        ({"relative_permittivity": -2.0}, "relative_permittivity is -2.0"),
        ({"water_relative_permittivity": 0.0}, "relative_permittivity is 0.0"),
        ({"temperature": 0.0}, "temperature is 0.0"),
    ],
)
def test_slab_refuses_what_cannot_be(change: dict[str, object], message: str) -> None:
    with pytest.raises(CaseError, match=message):
        ghk_slab(**({"voltage": 0.0} | CELL | MEMBRANE | change))


def test_reversal_potential_refuses_currents_of_one_direction() -> None:
    with pytest.raises(CaseError, match="no ion carries a current"):
        ghk_slab_reversal_potential(**(CELL | {"permeabilities": {"A": 0.0}}), **MEMBRANE)
    with pytest.raises(CaseError, match="in one direction only"):
        ghk_slab_reversal_potential(**(CELL | {"permeabilities": {"A": 1e-9}}), **MEMBRANE)
