"""The study of a case, whatever its kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from electrodiff.current_voltage import CurrentVoltage
from electrodiff.impedance import Impedance
from electrodiff.solution import Solution
from electrodiff.solvers.impedance import solve_impedance
from electrodiff.solvers.iv import solve_iv
from electrodiff.solvers.steady import solve
from electrodiff.solvers.sweep import solve_sweep
from electrodiff.solvers.transient import solve_transient
from electrodiff.sweep_result import Sweep
from electrodiff.transient import Transient

if TYPE_CHECKING:
    from electrodiff.model import Case

SOLVERS: dict[str, Callable[[Case], Solution | Transient | Impedance | CurrentVoltage | Sweep]] = {
    "steady": solve,
    "transient": solve_transient,
    "impedance": solve_impedance,
    "iv": solve_iv,
    "sweep": solve_sweep,
}
"""By the kind of a study: what solves it, without progress and without checkpoints."""


def solve_study(case: Case) -> Solution | Transient | Impedance | CurrentVoltage | Sweep:
    """The result of a case.  Raises what the solver of its study raises."""
    return SOLVERS[case.study.kind](case)
