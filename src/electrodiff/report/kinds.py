"""What the page takes from each kind of result: a table, so that a new kind of study is one more entry."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from rich.console import RenderableType

from electrodiff import frequency_tables, sweep_terminal, terminal, time_tables, voltage_tables
from electrodiff.current_voltage import CurrentVoltage
from electrodiff.impedance import Impedance
from electrodiff.model import Case
from electrodiff.protocol import corners
from electrodiff.quantities import QUANTITIES, quantity_of, rounded_up
from electrodiff.solution import Solution
from electrodiff.study import TransientStudy
from electrodiff.sweep_result import Sweep
from electrodiff.tables import short, shown_in
from electrodiff.transient import Transient
from electrodiff.units import CURRENT_DENSITY, POTENTIAL

Pairs = list[tuple[str, str]]


@dataclass(frozen=True)
class Kind:
    """How a page tells of one kind of result.  Each function takes the result."""

    name: str
    """For a reader: "steady state"."""
    tables: Callable[[Any], RenderableType]
    """What the terminal shows of it."""
    headline: Callable[[Any], Pairs]
    """The few numbers that stand at the top, with their errors."""
    steady_case: Callable[[Any], Case]
    """The case whose steady state the ladder compares."""
    ladder_of: str
    """What that is, in a sentence; nothing where it is the result itself."""
    mesh_of: Callable[[Any], Any]
    """The Solution or the Readings whose mesh is shown; None for none."""
    mesh_caption: str
    found_by: Callable[[Any], Pairs]
    """How it was found: meshes, steps, accuracy."""
    numbers: Callable[[Any], tuple[Mapping[str, float | None], Mapping[str, float | None]]]
    """Every reported scalar and its error, by full name [SI]; two empty tables where there are too many."""
    numbers_title: str


def kind_of(result: Any) -> Kind:
    """The kind of a result."""
    return KINDS[type(result)]


# ---- numbers at the top ------------------------------------------------------------------------------------------------


def _of_solution(solution: Solution) -> Pairs:
    names = {
        "membrane_potential": "membrane potential, left - right",
        "current_density": "current density, to the right",
    }
    return [(text, terminal.shown(name, solution.scalars[name], solution.error[name])) for name, text in names.items()]


def _of_transient(transient: Transient) -> Pairs:
    """Where it ends: potential and total current."""
    values = {
        "membrane potential": (POTENTIAL, transient.membrane_potential, transient.error.get("membrane_potential")),
        "total current density": (
            CURRENT_DENSITY,
            transient.total_current_density,
            transient.error.get("total_current_density"),
        ),
    }
    end = time_tables.time_text(float(transient.time[-1]))
    return [
        (f"{name} at {end}", shown_in(dimension, float(series[-1]), None if error is None else float(error[-1])))
        for name, (dimension, series, error) in values.items()
    ]


def _of_impedance(result: Impedance) -> Pairs:
    lowest = frequency_tables.frequency_text(float(result.frequency[0]))
    error = "" if np.isnan(result.error[0]) else f" +- {rounded_up(float(result.error[0]) / _OHM_CM2)}"
    size = f"{result.magnitude[0] / _OHM_CM2:.5g} ohm cm^2{error}"
    return [(f"abs(Z) at {lowest}", size), *_of_solution(result.steady)[:1]]


_OHM_CM2 = 1e-4  # in ohm m^2


def _of_curve(curve: CurrentVoltage) -> Pairs:
    known = np.isfinite(curve.reversal_potential)
    error = curve.reversal_potential_error if np.isfinite(curve.reversal_potential_error) else None
    reversal = terminal.shown("reversal_potential", curve.reversal_potential, error) if known else "none"
    return [("reversal potential", reversal), ("potentials", str(curve.voltage.size))]


def _of_sweep(sweep: Sweep) -> Pairs:
    size = " x ".join(f"{n:,}" for n in sweep.shape)
    return [("points", size), ("points without a solution", f"{sweep.failed.size:,}")]


# ---- how it was found --------------------------------------------------------------------------------------------------


def _steps_of_solution(solution: Solution) -> Pairs:
    rows = [
        ("ended", solution.message),
        ("Newton steps, on all meshes", str(solution.iterations)),
        ("nodes of each mesh", ", ".join(map(str, solution.meshes)) or str(solution.nodes)),
    ]
    if solution.wanted_accuracy is not None:
        verdict = {True: "reached", False: f"missed by {len(solution.missed)} values", None: "not known"}
        rows.append(("wanted accuracy", f"{short(solution.wanted_accuracy)}, {verdict[solution.reached]}"))
    relative = solution.relative_errors()
    if relative:
        worst = max(relative, key=lambda name: relative[name])
        rows.append(("largest estimated error, relative", f"{rounded_up(relative[worst])}, of {worst}"))
    if solution.fallbacks:
        rows.append(("fallbacks", ", ".join(solution.fallbacks)))
    return rows


def _steps_of_transient(transient: Transient) -> Pairs:
    steps = transient.steps
    rows = [
        ("ended", transient.message),
        ("steps in time", f"{steps.time.size}, and {transient.rejected} that were taken again"),
        ("nodes", str(transient.frames[0].nodes)),
    ]
    if steps.size.size:
        text = time_tables.time_text
        rows.append(("shortest and longest step", f"{text(float(steps.size.min()))}, {text(float(steps.size.max()))}"))
    if isinstance(transient.case.study, TransientStudy):
        rows.append(("tolerance of a step", short(transient.case.study.tolerance)))
    return rows


def _steps_of_impedance(result: Impedance) -> Pairs:
    rows = [("response", result.message), ("nodes of its meshes", ", ".join(map(str, result.meshes)))]
    if np.isfinite(result.relative_error).any():
        worst = int(np.nanargmax(result.relative_error))
        where = frequency_tables.frequency_text(float(result.frequency[worst]))
        rows.append(("its largest relative error", f"{rounded_up(float(result.relative_error[worst]))}, at {where}"))
    return [*rows, *((f"steady state: {name}", text) for name, text in _steps_of_solution(result.steady))]


def _steps_of_curve(curve: CurrentVoltage) -> Pairs:
    return [
        ("ended", voltage_tables.closing_line(curve)),
        ("Newton steps, on all meshes", str(curve.iterations)),
        ("nodes of the largest mesh", str(curve.nodes)),
    ]


def _steps_of_sweep(sweep: Sweep) -> Pairs:
    return [
        ("ended", sweep.message.splitlines()[0]),
        ("Newton steps, at all points", f"{sweep.iterations:,}"),
        ("nodes of the largest mesh", str(sweep.nodes)),
    ]


def _finest(curve: CurrentVoltage) -> Solution:
    """The steady state with the most nodes."""
    return max(curve.solutions, key=lambda solution: solution.nodes)


# ---- all numbers -------------------------------------------------------------------------------------------------------

Numbers = tuple[Mapping[str, float | None], Mapping[str, float | None]]


def _all_of_transient(transient: Transient) -> Numbers:
    errors = {name: float(error[-1]) for name, error in transient.error.items() if error.ndim == 1}
    return transient.frames[-1].scalars(), errors


def number_rows(numbers: Numbers) -> list[tuple[str, str, str, str, str]]:
    """Full name, value, error, SI unit and meaning of each scalar that is defined; one meaning for a whole family."""
    rows = []
    told = ""
    values, errors = numbers
    for name, value in values.items():
        quantity = quantity_of(name)
        error = errors.get(name)
        if value is None or not np.isfinite(value):
            continue
        known = "" if error is None or not np.isfinite(error) else rounded_up(error)
        meaning = "" if quantity.name == told else QUANTITIES[quantity.name].meaning
        told = quantity.name
        rows.append((name, f"{value:.10g}", known, quantity.dimension.unit or "1", meaning))
    return rows


# ---- the kinds ---------------------------------------------------------------------------------------------------------


def _as_steady(result: Any) -> Case:
    case: Case = result.case.replace("study", {"kind": "steady"})
    return case


_OF_STEADY = "The ladder compares the steady state"

KINDS: dict[type, Kind] = {
    Solution: Kind(
        name="steady state",
        tables=terminal.summary_tables,
        headline=_of_solution,
        steady_case=lambda solution: solution.case,
        ladder_of="",
        mesh_of=lambda solution: solution,
        mesh_caption="the finest mesh",
        found_by=_steps_of_solution,
        numbers=lambda solution: (solution.scalars, solution.error),
        numbers_title="Every number, in SI units",
    ),
    Transient: Kind(
        name="course in time",
        tables=time_tables.summary_tables,
        headline=_of_transient,
        steady_case=lambda transient: corners(transient.case)[-1].after,
        ladder_of=f"{_OF_STEADY} of the case as its protocol leaves it, which the course need not have reached.",
        mesh_of=lambda transient: transient.frames[0],
        mesh_caption="the mesh of the run",
        found_by=_steps_of_transient,
        numbers=_all_of_transient,
        numbers_title="Every number at the end, in SI units",
    ),
    Impedance: Kind(
        name="impedance",
        tables=frequency_tables.summary_tables,
        headline=_of_impedance,
        steady_case=_as_steady,
        ladder_of=f"{_OF_STEADY} about which the impedance is taken.",
        mesh_of=lambda result: result.steady,
        mesh_caption="the finest mesh of the steady state",
        found_by=_steps_of_impedance,
        numbers=lambda result: (result.steady.scalars, result.steady.error),
        numbers_title="Every number of the steady state, in SI units",
    ),
    CurrentVoltage: Kind(
        name="current-voltage curve",
        tables=voltage_tables.summary_tables,
        headline=_of_curve,
        steady_case=_as_steady,
        ladder_of=f"{_OF_STEADY} of the case with the potentials that its ends are given, apart from the curve.",
        mesh_of=_finest,
        mesh_caption="the finest mesh of all potentials",
        found_by=_steps_of_curve,
        numbers=lambda _: ({}, {}),
        numbers_title="",
    ),
    Sweep: Kind(
        name="sweep",
        tables=sweep_terminal.summary_tables,
        headline=_of_sweep,
        steady_case=_as_steady,
        ladder_of=f"{_OF_STEADY} of the case as it is, with none of its keys swept.",
        mesh_of=lambda _: None,
        mesh_caption="",
        found_by=_steps_of_sweep,
        numbers=lambda _: ({}, {}),
        numbers_title="",
    ),
}
