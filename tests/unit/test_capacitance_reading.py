"""The integral capacitance charge / voltage is reported where the voltage makes the charge, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from rich.console import Console

import electrodiff as ed
from electrodiff.terminal import summary_tables
from electrodiff.units import VACUUM_PERMITTIVITY

CaseOf = Callable[..., ed.Case]
SLAB = 2 * VACUUM_PERMITTIVITY / 5e-9
NO_CHLORIDE = {"layers.membrane.partition.Cl": 0}
NO_VOLTAGE = {"left.potential": "0 mV", "right.potential": "0 mV"}


@pytest.mark.parametrize(
    ("name", "changes", "reason"),
    [
        ("charged_membrane", {}, "there is fixed or surface charge"),
        ("capacitor", NO_VOLTAGE, "there is no voltage"),
        ("double_membrane", {"left.potential": "floating"}, "there is no voltage"),
        ("liquid_junction", {}, "no membrane parts the charges"),
        ("selectivity_lost", NO_CHLORIDE, "ions inside hold much of the charge"),
    ],
)
def test_no_capacitance_where_something_else_makes_the_charge(
    case_of: CaseOf, name: str, changes: dict[str, object], reason: str
) -> None:
    solution = ed.solve(case_of(name, changes))
    assert (solution.capacitance, solution.error["capacitance"]) == (None, None)
    assert solution.readings.why_no_capacitance == reason


def test_charge_over_voltage_would_be_thrice_the_slab_where_ions_inside_hold_it(case_of: CaseOf) -> None:
    """What is left out is no fine point: -0.53 mV with the ions of both cations in the slab."""
    solution = ed.solve(case_of("selectivity_lost", NO_CHLORIDE))
    assert solution.surface_charge["left"] / solution.membrane_potential > 2.5 * SLAB


@pytest.mark.parametrize("volt", ["-70 mV", "1 mV", "0.01 mV"])
def test_a_slab_without_ions_has_its_capacitance_at_any_voltage(case_of: CaseOf, volt: str) -> None:
    solution = ed.solve(case_of("capacitor", {"left.potential": volt}))
    # 0.809 nm of water on either side: 1 / (1 + 2 x 0.809 / 5 x 2 / 80), and nonlinear by less than 1e-4.
    assert solution.capacitance == pytest.approx(SLAB / (1 + 2 * 0.809 / 5 / 40), rel=2e-4)


def test_a_membrane_with_a_few_ions_keeps_it(case_of: CaseOf) -> None:
    """Its ions hold 15 % of the charge beside it: half of that too much on one side."""
    solution = ed.solve(case_of("selectivity_lost"))
    assert solution.capacitance == pytest.approx(SLAB, rel=0.1)


def test_the_terminal_says_why_there_is_none(case_of: CaseOf) -> None:
    console = Console(width=200, color_system=None)
    with console.capture() as capture:
        console.print(summary_tables(ed.solve(case_of("liquid_junction"))))
    assert "not defined: no membrane parts the charges" in capture.get()
