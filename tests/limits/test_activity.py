"""Activity coefficients in the baths: Nernst with activities, and what is reported of the deviation."""

from __future__ import annotations

import math

import pytest
from scipy import constants

import electrodiff as ed
from electrodiff.summary import summary

THERMAL_VOLTAGE = constants.R * 310.0 / (constants.N_A * constants.e)


# Permittivity of water by the correlation of Patek et al. (2009), whose table a unit test checks.
PERMITTIVITY = sum(
    a * (310.0 / 300.0) ** b for a, b in ((-43.7527, -0.05), (299.504, -1.47), (-399.364, -2.11), (221.327, -2.31))
)


def davies(strength: float) -> float:
    """gamma of a monovalent ion in water at 310 K, I in mol/l, written out from its constants."""
    thermal = PERMITTIVITY * constants.epsilon_0 * constants.k * 310.0
    a = constants.e**3 * math.sqrt(2 * constants.N_A * 1000) / (8 * math.pi * thermal**1.5)
    return math.exp(-a * (math.sqrt(strength) / (1 + math.sqrt(strength)) - 0.3 * strength))


def potassium_membrane(case_of, changes: dict[str, object]) -> ed.Case:
    return case_of("nernst_potassium", {"activity": {"model": "davies"}, **changes})


def test_nernst_potential_is_that_of_the_activities(case_of):
    # 1e-9 V: equilibrium is exact in the scheme.
    solution = ed.solve(potassium_membrane(case_of, {}))
    inside, outside = 140 * davies(0.152), 4 * davies(0.149)
    assert solution.membrane_potential == pytest.approx(THERMAL_VOLTAGE * math.log(outside / inside), abs=1e-9)


def test_deviation_from_the_ideal_solution_is_reported(case_of):
    case = potassium_membrane(case_of, {"right.concentrations": {"K": 4.0, "Cl": 4.0}})
    report = summary(ed.solve(case), 0.0)["activity"]
    assert report["coefficients"]["right"]["K"] == pytest.approx(davies(0.004), rel=1e-12)
    expected = THERMAL_VOLTAGE * math.log(davies(0.004) / davies(0.152))
    assert report["deviation_from_ideal"]["membrane_potential_V"] == pytest.approx(expected, abs=1e-9)


def test_without_an_activity_model_there_is_no_deviation(case_of):
    assert "activity" not in summary(ed.solve(case_of("nernst_potassium")), 0.0)
