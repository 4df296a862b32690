"""The numbers that stand over the figures, in the units of the field, and what goes on for every case in turn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from electrodiff.errors import ConvergenceError
from electrodiff.explore.film import Film
from electrodiff.explore.model import steady_case
from electrodiff.explore.pictures import Picture, picture_of
from electrodiff.explore.rivals import Block, Curves, crossing_membrane, curves_of, ladder_of, rest_or_clamp
from electrodiff.model import Case
from electrodiff.plot.ladder_curves import current_unit
from electrodiff.plot.scale import DISPLACEMENT, POTENTIAL
from electrodiff.plot.style import MINUS, number
from electrodiff.quantities import rounded_up
from electrodiff.solution import Solution
from electrodiff.solvers.steady import solve_steady

# A current below this part of what the largest ion current could be is zero to the eye, and to its error.
_NO_CURRENT = 1e-9


@dataclass(frozen=True)
class Readout:
    """One number."""

    label: str
    value: str
    unit: str
    error: str = ""
    """Its estimate; empty without one."""


@dataclass(frozen=True)
class Steady:
    """A steady state as the page shows it."""

    solution: Solution
    picture: Picture
    readouts: tuple[Readout, ...]


class Tasks:
    """What is computed of every case, for a `Worker`."""

    def __init__(self) -> None:
        self._voltage = 0.0

    def state(self, case: Case, is_fine: bool) -> Steady:
        """The steady state, found afresh, so that it is the one that `electrodiff run` finds.  Raises ConvergenceError."""
        solution = solve_steady(steady_case(case, is_fine), throw=False)
        if not solution.converged:
            raise ConvergenceError(f"this case {solution.message}")
        self._voltage = solution.membrane_potential
        return Steady(solution, picture_of(solution), tuple(readouts_of(solution)))

    def curves(self, case: Case, is_fine: bool) -> Curves | None:
        """The current-voltage curves around the last state."""
        return curves_of(case, self._voltage, is_fine)

    def ladder(self, case: Case, is_fine: bool) -> tuple[Block, ...]:
        """The ladder."""
        return ladder_of(case, is_fine)


def readouts_of(solution: Solution) -> Iterator[Readout]:
    """What a case is about: its potential, its current or the charge of its electrode, and the charge of the Debye layers."""
    case = solution.case
    crosses = crossing_membrane(case) is not None
    how = f", {rest_or_clamp(case)}" if crosses else ""
    yield _potential(
        f"potential, left minus right{how}", solution.membrane_potential, _error(solution, "membrane_potential")
    )
    if crosses:
        yield _current(solution)
    charges = [f"electrode_charge.{side}" for side in ("left", "right")]
    names = [name for name in charges if solution.scalars[name] is not None] or ["surface_charge.left"]
    for name in names[:1]:
        value = solution.scalars[name] or 0.0
        unit = DISPLACEMENT.units[0]
        label = "charge on the wall" if name in charges else "charge in the left Debye layer"
        small = abs(value) <= max(DISPLACEMENT.zero, _error(solution, name) or 0.0)
        yield Readout(label, "0" if small else number(value * unit[1]), unit[0])


def moment_readouts(film: Film, moment: int) -> Iterator[Readout]:
    """The numbers of one moment in time."""
    index = film.moments[moment]
    yield Readout("time", *film.time_text(moment).rpartition(" ")[::2])
    yield _potential("potential, left minus right", float(film.transient.membrane_potential[index]), None)
    total = float(film.transient.total_current_density[index])
    unit, size = current_unit([total])
    yield Readout("total current", number(total / size) if total else "0", unit)


def _potential(label: str, value: float, error: float | None) -> Readout:
    shown = "0" if abs(value) <= POTENTIAL.zero else f"{1e3 * value:.2f}".replace("-", MINUS)
    # Beyond the decimals that are shown the estimate is no news.
    estimate = "" if error is None else rounded_up(1e3 * error) if 1e3 * error >= 0.01 else "less than 0.01"
    return Readout(label, shown, "mV", estimate)


def _current(solution: Solution) -> Readout:
    channel = solution.case.mesh.area is not None or solution.case.mesh.radius is not None
    if channel and solution.current is not None and solution.current_density:
        return Readout("net current", number(solution.current * 1e12), "pA")
    value = solution.current_density
    ions = max((abs(each) for each in solution.ion_current.values()), default=0.0)
    if abs(value) <= max(_NO_CURRENT * ions, _error(solution, "current_density") or 0.0):
        return Readout("net current", "0", current_unit([ions])[0])
    unit, size = current_unit([value])
    return Readout("net current", number(value / size), unit)


def _error(solution: Solution, name: str) -> float | None:
    return solution.error[name]
