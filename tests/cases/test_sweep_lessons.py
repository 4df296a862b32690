"""The shipped sweeps: every number of their maps beside closed forms, and what their comments and the gallery say."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from scipy import constants
from test_cell_lessons import Balance

import electrodiff as ed
from electrodiff.sweep_summary import expectations
from electrodiff.theory.ghk_layers import ghk_slab_reversal_potential

FARADAY = constants.N_A * constants.e
THERMAL = constants.R * 310.0 / FARADAY
NAMES = [name for name, path in ed.bundled_cases().items() if ed.load_case(path).study.kind == "sweep"]


@cache
def solved(name: str) -> ed.Sweep:
    return ed.solve_sweep(ed.load_case(ed.bundled_case(name)))


def millivolts(name: str, quantity: str) -> np.ndarray:
    return 1e3 * solved(name).scalar(quantity)


def test_the_promised_sweeps_are_shipped() -> None:
    assert {"ghk_validity_map", "hyperkalaemia_sweep", "reversal_map"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_sweep_meets_its_expectations_at_every_point_that_it_names(name: str) -> None:
    sweep = solved(name)
    assert sweep.converged, sweep.message
    entries = expectations(sweep)
    assert entries, "a shipped case says what it must give"
    assert [(entry.quantity, entry.at) for entry in entries if not entry.passed] == []
    assert all(entry.error is not None and entry.error < entry.tolerance for entry in entries)


# ---- where GHK holds ---------------------------------------------------------------------------------------------


def test_ghk_holds_below_the_debye_length_and_planck_far_above_it() -> None:
    sweep = solved("ghk_validity_map")
    ratio = sweep.scalar("debye_ratio")
    ghk, planck = (np.abs(millivolts("ghk_validity_map", f"{name}_difference")) for name in ("ghk", "planck"))
    assert ghk[ratio < 1].max() == pytest.approx(1.05, abs=0.05)
    assert ghk[ratio < 1].max() < 1.1
    assert [ghk[ratio > 10].min(), ghk[ratio > 10].max()] == pytest.approx([3.6, 7.05], abs=0.05)
    assert planck[ratio > 30].max() == pytest.approx(1.15, abs=0.05)
    assert planck[ratio < 1].min() > 5


def test_the_line_of_the_map_is_the_debye_length_of_the_fuller_side() -> None:
    sweep = solved("ghk_validity_map")
    thickness, beta = np.meshgrid(np.geomspace(1e-9, 1e-7, 13), np.geomspace(1e-6, 1, 25), indexing="ij")
    length = np.sqrt(2 * constants.epsilon_0 * constants.R * 310 / (2 * FARADAY**2 * 150 * beta))
    np.testing.assert_allclose(sweep.scalar("debye_ratio"), thickness / length, rtol=1e-9)


def test_an_empty_slab_has_ghk_between_its_debye_layers_at_every_thickness() -> None:
    sweep = solved("ghk_validity_map")
    baths = {"K": 150.0, "Cl": 150.0}, {"K": 15.0, "Cl": 15.0}
    expected = [
        ghk_slab_reversal_potential({"K": 10.0, "Cl": 1.0}, {"K": 1, "Cl": -1}, *baths, thickness, 2.0, 80.0, 310.0)
        for thickness in np.geomspace(1e-9, 1e-8, 7)
    ]
    ghk = THERMAL * np.log((15 + 0.1 * 150) / (150 + 0.1 * 15))
    # 0.006 mV: what charge the slab has at beta = 1e-6, which grows with the square of its thickness.
    np.testing.assert_allclose(sweep.scalar("ghk_difference")[:7, 0], np.array(expected) - ghk, atol=6e-6)
    shift = 1e3 * (np.array(expected)[[0, -1]] - ghk)
    assert shift == pytest.approx([-0.9, -0.1], abs=0.05)


# ---- the reversal potential --------------------------------------------------------------------------------------


def test_every_reversal_potential_of_the_map_is_that_of_ghk() -> None:
    sodium, potassium = np.meshgrid(np.geomspace(1e-10, 1e-6, 13), np.geomspace(1, 100, 13), indexing="ij")
    outward = 1e-7 * 140 + sodium * 12
    expected = THERMAL * np.log((1e-7 * potassium + sodium * (149 - potassium)) / outward)
    found = solved("reversal_map").scalar("reversal_potential")
    np.testing.assert_allclose(found, expected, atol=1e-6)
    # What the comment says.
    assert 1e3 * (expected[0, 6] - expected[0, 0]) == pytest.approx(58.2, abs=0.05)
    assert 1e3 * THERMAL * np.log(10) == pytest.approx(61.5, abs=0.05)
    assert sodium[5, 0] / 1e-7 == pytest.approx(0.046, abs=5e-4)
    assert 1e3 * expected[5, 0] == pytest.approx(-77.0, abs=0.05)


def ghk_slope(permeability: Any, inside: Any, outside: Any, voltage: np.ndarray) -> np.ndarray:
    """d/dV of P F u (c_in - c_out e^-u) / (1 - e^-u), u = V / (RT/F), for a cation."""
    u = voltage / THERMAL
    e = np.exp(-u)
    current = (inside - outside * e) / (1 - e)
    change = (outside * e * (1 - e) - (inside - outside * e) * e) / (1 - e) ** 2
    return np.asarray(permeability * FARADAY / THERMAL * (current + u * change))


def test_every_slope_conductance_of_the_map_is_that_of_ghk() -> None:
    sweep = solved("reversal_map")
    sodium, potassium = np.meshgrid(np.geomspace(1e-10, 1e-6, 13), np.geomspace(1, 100, 13), indexing="ij")
    zero = sweep.scalar("reversal_potential")
    expected = ghk_slope(1e-7, 140.0, potassium, zero) + ghk_slope(sodium, 12.0, 149 - potassium, zero)
    found = sweep.scalar("slope_conductance")
    # 2 %: the Debye layers and the slab's own charge, as for the currents of `clamped_membrane`.
    np.testing.assert_allclose(found, expected, rtol=0.02)
    assert found.max() / found.min() == pytest.approx(100, rel=0.05)


# ---- hyperkalaemia -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("potassium", [2, 5, 8, 14, 20])
def test_a_cell_in_more_potassium_is_at_its_pump_leak_balance(potassium: int) -> None:
    sweep = solved("hyperkalaemia_sweep")
    changes = {"right.concentrations": {"K": potassium, "Na": 149 - potassium, "Cl": 149}, "right.neutralise": None}
    point = ed.load_case(ed.bundled_case("resting_cell")).changed({**changes, "expect": []})
    balance = Balance(point).steady
    for name, value in balance.items():
        if "potential" in name:
            # The tolerance of the cells of the gallery.
            assert sweep.scalar(name)[potassium - 2] == pytest.approx(value, abs=6e-7), name


def test_potassium_pulls_the_potential_less_than_its_own_and_the_starving_pump_turns_it() -> None:
    potential, potassium = (
        millivolts("hyperkalaemia_sweep", name) for name in ("membrane_potential", "nernst_potential.K")
    )
    assert [potential[2], potential[-1]] == pytest.approx([-70.5, -49.3], abs=0.05)
    assert potassium[0] == pytest.approx(-109.1, abs=0.05)
    assert potential[:2].tolist() == pytest.approx([-71.96, -72.27], abs=0.005)
    rises = np.diff(potential)[2:] / np.diff(potassium)[2:]
    assert ((rises > 0) & (rises < 1)).all()
    # From 2 to 3 mM the pump gains more than potassium loses.
    assert potential[1] < potential[0]
    assert int(np.argmax(solved("hyperkalaemia_sweep").scalar("transporter_rate.sodium pump"))) == 1
