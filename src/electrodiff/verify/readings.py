"""How the number of a row is taken from a result: with its estimated error, where there is one."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.interpolate import PchipInterpolator

from electrodiff.current_voltage import CurrentVoltage
from electrodiff.impedance import Impedance
from electrodiff.solution import Solution
from electrodiff.transient import Transient
from electrodiff.verify.records import Reader, Reading


def scalar(name: str, times: float = 1.0) -> Reader:
    """A scalar of a steady solution by its full name; `times` is the sign of the source, or another unit."""

    def read(solution: Solution) -> Reading:
        value, error = solution.scalars[name], solution.error[name]
        return Reading(_number(value) * times, None if error is None else error * abs(times))

    return read


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def profile(name: str, x: float, layer: int = 0, ion: str = "") -> Reader:
    """A profile of a steady solution at x [m], by a monotone cubic through the nodes of a layer."""

    def read(solution: Solution) -> Reading:
        entries = solution.layer_entries[layer]
        rows = (solution.case.ion_names.index(ion),) if ion else ()
        where = (*rows, entries)
        values, errors = getattr(solution, name)[where], solution.profile_error[name][where]
        nodes = solution.x[entries]
        error = float(np.interp(x, nodes, errors))
        return Reading(float(PchipInterpolator(nodes, values)(x)), None if math.isnan(error) else error)

    return read


def middle(name: str, layer: int) -> Reader:
    """A profile in the middle of a layer."""

    def read(solution: Solution) -> Reading:
        x = solution.x[solution.layer_entries[layer]]
        return profile(name, float(x[0] + x[-1]) / 2, layer)(solution)

    return read


def face(name: str, layer: int, side: str, ion: str = "") -> Reader:
    """A profile at a face of a layer."""

    def read(solution: Solution) -> Reading:
        entries = solution.layer_entries[layer]
        return profile(name, float(solution.x[entries.start if side == "left" else entries.stop - 1]), layer, ion)(
            solution
        )

    return read


def curve(name: str, index: int) -> Reader:
    """A quantity of a current-voltage curve at one of its potentials, or its reversal potential."""

    def read(result: CurrentVoltage) -> Reading:
        value, error = getattr(result, name), getattr(result, f"{name}_error")
        return Reading(float(np.atleast_1d(value)[index]), float(np.atleast_1d(error)[index]))

    return read


def spectrum(part: Callable[[Any], Any], index: int = 0) -> Reader:
    """A part of the impedance at one of its frequencies: `np.real`, `np.imag` or `np.abs`."""

    def read(result: Impedance) -> Reading:
        return Reading(float(part(result.impedance[index])), float(result.error[index]))

    return read


def small_capacitance(index: int = 0) -> Reader:
    """Im(1/Z) / omega at one of the frequencies; its error is that of Z."""

    def read(result: Impedance) -> Reading:
        value = float(result.capacitance[index])
        return Reading(value, abs(value) * float(result.relative_error[index]))

    return read


def series(name: str, index: int, times: float = 1.0) -> Reader:
    """A scalar of a transient at one of its outputs (0 is the start)."""

    def read(result: Transient) -> Reading:
        errors = result.error.get(name)
        return Reading(
            float(result.scalar(name)[index]) * times, None if errors is None else float(errors[index]) * abs(times)
        )

    return read


def closed(value: Callable[[], Any]) -> Reader:
    """A number of `electrodiff.theory`: no case, and no error but rounding."""
    return lambda _: Reading(float(value()))
