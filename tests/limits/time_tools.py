"""What the tests of cases in time share: cases, the inverse Laplace transform, and the linear theory of a blocking cell.

Nothing here comes from the solver.  Times in s; potentials in V; charges in C/m^2.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from references_tools import FARADAY, ROOM, VACUUM, WATER, root, thermal_voltage

import electrodiff as ed
from electrodiff.solvers.transient import solve_transient
from electrodiff.transient import Transient

VT = thermal_voltage(ROOM)


def in_time(case: ed.Case, end: float, *changes: dict[str, object], **study: object) -> ed.Case:
    """The case as a transient to `end` [s], without expectations, and without error estimates unless they are asked for."""
    study = {"kind": "transient", "end": end, "protocol": list(changes), "error_estimates": False, **study}
    return case.changed({"study": study, "expect": []})


def run(case: ed.Case, end: float, *changes: dict[str, object], **study: object) -> Transient:
    """The solution of `in_time`."""
    return solve_transient(in_time(case, end, *changes, **study))


def step(key: str, value: object, at: float = 0.0) -> dict[str, object]:
    """A step of a key path."""
    return {"at": at, "set": {key: value}}


def inverse_laplace(image: Callable[[np.ndarray], np.ndarray], time: float, points: int = 24) -> float:
    """The function of time with this Laplace transform, by the midpoint rule on Talbot's contour.

    Constants of J. A. C. Weideman, SIAM J. Numer. Anal. 44 (2006) 2342: the error falls as 3.9^-points.
    """
    angle = (2 * np.arange(points) + 1) * math.pi / points - math.pi
    cot = 1 / np.tan(0.6407 * angle)
    s = points / time * (0.5017 * angle * cot - 0.6122 + 0.2645j * angle)
    slope = points / time * (0.5017 * cot - 0.5017 * 0.6407 * angle / np.sin(0.6407 * angle) ** 2 + 0.2645j)
    return float((np.exp(s * time) * image(s) * slope).sum().imag / points)


# ---- two blocking electrodes ----------------------------------------------------------------------------------------

DIFFUSIVITY = 1e-9
CONCENTRATION = 100.0
DEBYE = math.sqrt(WATER * VACUUM * VT / (2 * FARADAY * CONCENTRATION))


def blocking_cell(half_gap: float, **mesh: object) -> ed.Case:
    """A salt of equal diffusivities between two metal walls at 0 V, 2 `half_gap` [m] apart."""
    walls = {"kind": "wall", "potential": 0.0}
    salt = {"K": CONCENTRATION, "Cl": CONCENTRATION}
    return ed.Case(
        temperature=ROOM,
        ions={ion: {"diffusivity": DIFFUSIVITY} for ion in salt},
        layers=[{"name": "water", "thickness": 2 * half_gap, "relative_permittivity": WATER, "initial": salt}],
        left=walls,
        right=walls,
        mesh=mesh,
    )


def decay_time(half_gap: float) -> float:
    """The slowest time of the charge of a blocking cell, D tau = lambda^2 / q, tanh(sqrt(1-q)/e) e / sqrt(1-q) = q [s].

    e = lambda / L.  It is the largest pole of 1 / (s Z(s)).
    """
    e = DEBYE / half_gap
    q = root(lambda q: math.tanh(math.sqrt(1 - q) / e) * e / math.sqrt(1 - q) - q, e / 2, min(2 * e, 0.999))
    return DEBYE**2 / DIFFUSIVITY / q


def blocking_charge(half_gap: float, voltage: float, time: float) -> float:
    """Charge of the left wall at a time after a small step of its potential to `voltage`: that of V / (s^2 Z(s)).

    Z = (2 / (s eps k^2)) [tanh(k L) / (k lambda^2) + s L / D],  k^2 = 1/lambda^2 + s/D.
    """

    def image(s: np.ndarray) -> np.ndarray:
        k = np.sqrt(1 / DEBYE**2 + s / DIFFUSIVITY)
        # tanh, written so that it does not overflow.
        decayed = np.exp(-2 * k * half_gap)
        tanh = (1 - decayed) / (1 + decayed)
        impedance = 2 / (s * WATER * VACUUM * k**2) * (tanh / (k * DEBYE**2) + s * half_gap / DIFFUSIVITY)
        return np.asarray(voltage / (s**2 * impedance))

    return inverse_laplace(image, time)
