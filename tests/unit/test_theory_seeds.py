"""Seeds of physiology: numbers and laws that any textbook has, each from the formula written out here."""

from __future__ import annotations

import inspect
import math

import pytest
from scipy import constants

from electrodiff import theory

FARADAY = constants.N_A * constants.e
VOLT = constants.R * 310.0 / FARADAY


def test_chloride_has_one_nernst_potential_by_both_forms_of_the_formula() -> None:
    """(RT/zF) ln(out/in) with z = -1, and (RT/F) ln(in/out): 10 mM inside, 149 mM outside, 310 K."""
    potential = theory.nernst_potential(-1, 10.0, 149.0, 310.0)
    assert potential == pytest.approx(VOLT / -1 * math.log(149 / 10), rel=1e-12)
    assert potential == pytest.approx(VOLT * math.log(10 / 149), rel=1e-12)
    assert 1e3 * potential == pytest.approx(-72.16, abs=0.005)


@pytest.mark.parametrize("z", [-2, -1, 1, 2])
@pytest.mark.parametrize("voltage", [0.0, 1e-12, -1e-12])
def test_without_a_voltage_the_ghk_current_is_that_of_diffusion(z: int, voltage: float) -> None:
    """P (c_i - c_o) z F."""
    current = theory.ghk_current(2e-7, z, 140.0, 4.0, voltage, 310.0)
    # 1e-12 V is 4e-11 RT/F: its drift is that part of the diffusion.
    assert current == pytest.approx(2e-7 * (140 - 4) * z * FARADAY, rel=1e-9)


def test_a_charge_of_a_hundredth_coulomb_would_be_forty_times_a_resting_potential() -> None:
    """5 nm of permittivity 2: 0.01 C/m^2 is 2.82 V, and -70 mV is 2.48e-4 C/m^2."""
    capacitance = float(theory.slab_capacitance(5e-9, 2.0))
    assert 0.01 / capacitance == pytest.approx(0.01 * 5e-9 / (2 * constants.epsilon_0), rel=1e-9)
    assert 0.01 / capacitance == pytest.approx(2.82, abs=0.005)
    assert 0.01 / capacitance / 0.07 == pytest.approx(40, abs=0.5)


def test_every_theory_function_has_its_equation_in_its_docstring() -> None:
    """An indented line with a relation, or with an expression that the first sentence names."""
    functions = {name: getattr(theory, name) for name in dir(theory) if inspect.isfunction(getattr(theory, name))}
    assert len(functions) > 80
    without = [
        name
        for name, function in functions.items()
        if not any(line.startswith("    ") and any(sign in line for sign in "=/*^-") for line in _body(function))
    ]
    assert without == []


def _body(function: object) -> list[str]:
    # From Python 3.13 on docstrings come without the indentation of their function.
    return inspect.cleandoc(getattr(function, "__doc__", None) or "").splitlines()[1:]
