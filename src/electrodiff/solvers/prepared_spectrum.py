"""The impedance of a case prepared once: about a millisecond for a hundred frequencies, with their error estimates.

For what is timed, and for who repeats a solve in a program of his own.  What `prepared` has a place for has one here.
"""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from electrodiff.engines import processors
from electrodiff.errors import CaseError, ConvergenceError
from electrodiff.fvm.kernels.arrays import Floats
from electrodiff.impedance import Complex
from electrodiff.model import Case
from electrodiff.solvers.impedance import extrapolated, middle, node_at
from electrodiff.solvers.prepared import Prepared, candidates
from electrodiff.solvers.small_signal import ROUNDINGS, Linearised, Responder, linearised, run_all
from electrodiff.study import ImpedanceStudy
from electrodiff.units import FARADAY


@dataclass(frozen=True)
class PreparedSpectrum:
    """A case on nested meshes with the memory for its steady state and its responses; see `prepare_spectrum`."""

    steady: Prepared
    frequency: Floats
    """(W,) [Hz], rising."""
    linear: tuple[Linearised, ...]
    responders: tuple[Responder, ...]
    pool: ThreadPoolExecutor

    def estimates(self) -> tuple[Complex, Floats]:
        """The impedances and their estimated errors (W,) [ohm m^2], from the first guess of the steady state on.

        Raises ConvergenceError if Newton's method does not arrive from it, or a linear system is singular.
        """
        self.steady.estimates()
        for linear, state in zip(self.linear, self.steady.states(), strict=True):
            linear.linear.state[:] = state
            linear.update()
        run_all(self.responders, self.pool)
        last = self.responders[-1]
        doubt = last.numbers(ROUNDINGS * last.found.rounding + last.found.corrected)
        if not np.isfinite(doubt).all():
            raise ConvergenceError("the linear system is singular at some frequency: use ed.solve_impedance")
        parts, error = extrapolated([responder.parts for responder in self.responders], doubt)
        scales = self.linear[-1].problem.scales
        impedance = scales.potential / (FARADAY * scales.flux) / parts.sum(axis=1)
        return impedance, error * (FARADAY * scales.flux / scales.potential) * np.abs(impedance) ** 2


def prepare_spectrum(case: Case, threads: int | None = None) -> PreparedSpectrum:
    """Meshes, arrays and a first guess of a case whose study is an impedance, on as many meshes as its accuracy takes.

    threads: by default as many as there are processors.  Raises CaseError for another study, and as `prepare` does.
    """
    study = case.study
    if not isinstance(study, ImpedanceStudy):
        raise CaseError(f"study.kind is '{study.kind}'; expected 'impedance'")
    frequency, spectrum = np.array(study.frequency_values()), None
    for steady in candidates(case):
        spectrum = _on(steady, frequency, threads or processors())
        impedance, error = spectrum.estimates()
        if (error <= case.mesh.accuracy * np.abs(impedance)).all():
            break
    assert spectrum is not None
    return spectrum


def _on(steady: Prepared, frequency: Floats, threads: int) -> PreparedSpectrum:
    """On the meshes of a steady state, whose states are copied at every solve."""
    steady.estimates()
    linear = tuple(
        linearised(problem, state, np.ones(problem.border.kind.size))
        for problem, state in zip(steady.problems, steady.states(), strict=True)
    )
    position = middle(steady.problems[0].mesh)
    responders = tuple(
        Responder(one, 2 * math.pi * frequency * one.problem.scales.time, node_at(one.problem.mesh, position), threads)
        for one in linear
    )
    return PreparedSpectrum(steady, frequency, linear, responders, ThreadPoolExecutor(max(threads - 1, 1), "response"))
