"""What all programs are asked for, how accurate it has to be, and what is true.

The references come from `spectral`, which shares nothing with any program that is compared.  They are confirmed here before
anything is timed: with polynomials of another degree, by `solve_bvp` at a strict tolerance, and the impedances by two
extrapolated meshes of the banded solver.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ida_peer import IS_INSTALLED, IdaPeer, Tolerances
from peers.banded import Banded
from peers.bvp import BoundaryValue
from peers.membrane import Floats, Membrane, clamped_membrane
from peers.spectral import DEGREE, Spectral
from work_precision_radau import solve_radau
from work_precision_tasks import Task as Course
from work_precision_tasks import voltage_step

Values = NDArray[Any]

VOLTAGES = np.linspace(-0.12, 0.08, 101)
FREQUENCIES = np.geomspace(1.0, 1e10, 100)
FINE, COARSE = 1e-9, 1e-6
IN_TIME = 1e-4
# How closely independent methods have to agree: a hundredth of the smallest error that is asked for.
AGREEMENT = 1e-11
AGREEMENT_OF_IMPEDANCES = 1e-8
# A tenth of what is asked for: at 1 Hz the banded elimination rounds by 4e-8.
AGREEMENT_OF_MESHES = 1e-7
AGREEMENT_IN_TIME = 1e-6
# Tolerance of Radau IIA that is enough for that.
CONFIRMING = 1e-8


@dataclass(frozen=True)
class Task:
    """Values at inputs, with an accuracy."""

    name: str
    kind: str
    """steady, iv, floating, impedance or transient"""
    title: str
    demanded: float
    """Of the largest error, each over its scale."""
    inputs: Floats
    """Voltages [V], frequencies [Hz] or times [s]; none of a single value."""
    reference: Values
    scale: Floats
    course: Course | None = None
    """The discrete problem in time, which all programs get."""

    def error(self, values: Values) -> float:
        """The largest error over its scale."""
        return float(np.max(np.abs(values - self.reference) / self.scale))

    def at(self, demanded: float) -> Task:
        """With another accuracy."""
        return replace(self, demanded=demanded)

    def thinned(self) -> Task:
        """With a few of the inputs, to look for a mesh; a course in time as it is."""
        if self.kind not in ("iv", "impedance"):
            return self
        some = slice(None, None, 25 if self.kind == "iv" else 11)
        return replace(self, inputs=self.inputs[some], reference=self.reference[some], scale=self.scale[some])


def tasks(kinds: set[str] | None = None) -> list[Task]:
    """All tasks, or those of some kinds, with confirmed references.  Raises RuntimeError if these disagree."""
    membrane = clamped_membrane()
    found = [task for task in _steady_tasks(membrane) if kinds is None or task.kind in kinds]
    if kinds is None or "transient" in kinds:
        found.append(_transient())
    return found


def _steady_tasks(membrane: Membrane) -> list[Task]:
    spectral = Spectral(membrane)
    state = spectral.steady()
    current = np.array([spectral.current_density(state)])
    floating = np.array([spectral.steady(state, floating=True).voltage * membrane.scales.potential])
    curve, scale = _curve(membrane)
    impedances = spectral.impedances(state, FREQUENCIES)
    _confirm(membrane, current, floating, impedances)
    none = np.zeros(0)
    return [
        Task("steady 1e-6", "steady", "steady state, current to 1e-6", COARSE, none, current, np.abs(current)),
        Task("steady 1e-9", "steady", "steady state, current to 1e-9", FINE, none, current, np.abs(current)),
        Task("iv", "iv", "101 voltages, current to 1e-6", COARSE, VOLTAGES, curve, scale),
        Task("floating", "floating", "floating potential to 1e-6", COARSE, none, floating, np.abs(floating)),
        Task("impedance", "impedance", "100 frequencies, to 1e-6", COARSE, FREQUENCIES, impedances, np.abs(impedances)),
    ]


def _curve(membrane: Membrane) -> tuple[Floats, Floats]:
    """Currents [A/m^2] at the voltages, and what errors of them are measured against: themselves, or where they are small the
    sum of the larger one-way currents of the ions."""
    state, currents, scales = None, [], []
    passes = membrane.passes
    for voltage in VOLTAGES:
        spectral = Spectral(membrane.at_voltage(voltage))
        state = spectral.steady(state)
        currents.append(spectral.current_density(state))
        left = membrane.left[passes] * np.exp(membrane.valence[passes] * spectral.membrane.voltage)
        right = membrane.right[passes]
        one_way = np.abs(state.flux[passes] / (left - right)) * np.maximum(left, right)
        scales.append(float(np.abs(membrane.valence[passes]) @ one_way) * membrane.current_scale)
    found = np.array(currents)
    return found, np.maximum(np.abs(found), scales)


def _confirm(membrane: Membrane, current: Floats, floating: Floats, impedances: Values) -> None:
    """Raises RuntimeError if another method says something else."""
    other = Spectral(membrane, DEGREE - 4)
    state = other.steady()
    strict = []
    for floats in (False, True):
        system = BoundaryValue(membrane, 401, floats)
        parameters = system.solve(1e-9, True, system.first_guess()).p
        strict.append(parameters[-1] * membrane.scales.potential if floats else system.current_density(parameters))
    some = FREQUENCIES[::11]
    coarse, fine = (Banded(membrane, 400, tolerance=1e-8, times=times).impedances(some) for times in (2, 4))
    pairs: list[tuple[str, Any, Any, float]] = [
        ("the current, of another degree", other.current_density(state), current, AGREEMENT),
        ("the current, by solve_bvp", strict[0], current, AGREEMENT),
        ("the floating potential, by solve_bvp", strict[1], floating, AGREEMENT),
        ("impedances, of another degree", other.impedances(state, some), impedances[::11], AGREEMENT_OF_IMPEDANCES),
        ("impedances, by extrapolation", fine + (fine - coarse) / 3, impedances[::11], AGREEMENT_OF_MESHES),
    ]
    for name, found, expected, limit in pairs:
        if not (difference := float(np.max(np.abs(found / expected - 1)))) < limit:
            raise RuntimeError(f"the reference of {name} differs by {difference:.1e}; expected less than {limit:.0e}")


def _transient() -> Task:
    """The step of -65 mV on 1001 nodes; the reference in time is IDA at a strict tolerance, or Radau IIA without it."""
    course = voltage_step()
    radau = solve_radau(course, CONFIRMING, 0.02).values
    values = radau
    if IS_INSTALLED:
        states = IdaPeer(course.problem, course.moment.state).run(Tolerances(1e-11, 1e-13, 1e-14), course.times).states
        values = course.values(states)
        if not (difference := course.error(radau, values)) < AGREEMENT_IN_TIME:
            raise RuntimeError(f"IDA and Radau IIA differ by {difference:.1e} in time")
    scale = np.maximum(np.abs(values), course.floor)
    times = course.times * course.problem.scales.time
    return Task("step", "transient", "step of -65 mV to 1 us, time error 1e-4", IN_TIME, times, values, scale, course)
