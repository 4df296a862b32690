"""The impedance of a case: its steady state, linearised on nested meshes until the estimated error is below the wish."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from electrodiff.errors import CaseError, ConvergenceError
from electrodiff.extrapolation import extrapolate
from electrodiff.fvm.kernels.arrays import Floats
from electrodiff.grid.mesh import Mesh
from electrodiff.impedance import Complex, Impedance
from electrodiff.model import Case
from electrodiff.quantities import rounded_up
from electrodiff.solution import Solution
from electrodiff.solvers.accuracy import MOST_NODES
from electrodiff.solvers.levels import Level, solve_nested
from electrodiff.solvers.newton import NewtonOptions
from electrodiff.solvers.small_signal import Linearised, Response, linearised, respond, small_profiles
from electrodiff.solvers.steady import finished, solve_on
from electrodiff.study import ImpedanceStudy
from electrodiff.units import FARADAY


@dataclass(frozen=True)
class Spectrum:
    """The responses on one mesh, dimensionless."""

    level: Level
    linear: Linearised
    response: Response


class _SingularError(Exception):
    """A linear system that has no solution; `args` are the angular frequency and the nodes of the mesh."""


def solve_impedance(case: Case, *, throw: bool = True, mesh: Mesh | None = None) -> Impedance:
    """Solve for the impedance of a case about its steady state.

    mesh: one mesh to use instead of those that the case asks for; there is no error estimate then.  Raises CaseError if
    the study is no impedance, or an end is closed, and ConvergenceError if the steady state is not found; with
    throw=False what there is of it is returned, and the impedance is NaN.
    """
    study = case.study
    if not isinstance(study, ImpedanceStudy):
        raise CaseError(f"study.kind is '{study.kind}'; expected 'impedance'")
    frequency = np.array(study.frequency_values())
    steady, levels = solve_on(case, mesh, NewtonOptions())
    steady = finished(steady, throw)
    spectra: list[Spectrum] = []
    message = steady.message
    if steady.converged:
        try:
            spectra = _spectra(levels, frequency, may_refine=mesh is None and case.mesh.nodes is None)
        except _SingularError as error:
            message = "at {:.6g} Hz the linear system is singular on {} nodes: try another mesh.nodes".format(
                *error.args
            )
    if not spectra:
        if throw:
            raise ConvergenceError(message)
        return _nothing(case, steady, frequency, message)
    return _impedance(case, steady, frequency, spectra)


def _spectra(levels: list[Level], frequency: Floats, may_refine: bool) -> list[Spectrum]:
    """The responses on nested meshes, coarsest first, with finer ones as the wanted accuracy takes them."""
    case, position = levels[-1].problem.case, middle(levels[0].problem.mesh)
    spectra = [_spectrum(level, frequency, position) for level in levels]
    gaps = [_gap(case, spectra)]
    while may_refine and _is_worthwhile(gaps) and levels[-1].problem.mesh.nodes < MOST_NODES / 2:
        line = levels[-1].line
        assert line is not None
        finer = solve_nested([line.refined()], levels[-1], NewtonOptions())[-1]
        if not finer.converged:
            break
        levels = [*levels, finer]
        spectra.append(_spectrum(finer, frequency, position))
        gaps.append(_gap(case, spectra))
    return spectra


def _is_worthwhile(gaps: Sequence[float]) -> bool:
    """Whether the wish is missed, and the last refinement has brought it nearer: rounding does not fall."""
    return gaps[-1] > 1 and (len(gaps) < 2 or gaps[-1] < gaps[-2] / 2)


def middle(mesh: Mesh) -> float:
    """x of the node nearest to the middle of the most resistive layer, and inside it if there is one."""
    start, stop = mesh.boundaries[mesh.resistive_layer : mesh.resistive_layer + 2]
    inside = mesh.x[start + 1 : stop] if stop > start + 1 else mesh.x[start : stop + 1]
    return float(inside[np.argmin(np.abs(inside - (mesh.x[start] + mesh.x[stop]) / 2))])


def _spectrum(level: Level, frequency: Floats, position: float) -> Spectrum:
    """The responses on one mesh, with the currents split at a position."""
    linear = linearised(level.problem, level.result.state, level.result.gate)
    node = node_at(level.problem.mesh, position)
    response = respond(linear, 2 * math.pi * frequency * level.problem.scales.time, node)
    singular = np.flatnonzero(~np.isfinite(response.doubt))
    if singular.size:
        raise _SingularError(float(frequency[singular[0]]), level.problem.mesh.nodes)
    return Spectrum(level, linear, response)


def node_at(mesh: Mesh, position: float) -> int:
    """The node nearest to a position."""
    return int(np.argmin(np.abs(mesh.x - position)))


def _estimates(spectra: Sequence[Spectrum]) -> tuple[Complex, Floats]:
    """The parts of the admittance (W, n + 1), and the estimated error of their sum (W,)."""
    return extrapolated([spectrum.response.parts for spectrum in spectra], spectra[-1].response.doubt)


def extrapolated(nested: Sequence[Complex], doubt: Floats) -> tuple[Complex, Floats]:
    """The same from the parts on nested meshes, coarsest first, with the `doubt` about those on the finest (W,)."""
    parts, _ = extrapolate([_as_floats(parts) for parts in nested])
    _, errors = extrapolate([_as_floats(parts.sum(axis=1)) for parts in nested])
    return parts[0] + 1j * parts[1], np.hypot(*errors) + doubt


def _as_floats(values: Complex) -> Floats:
    return np.array([values.real, values.imag])


def _gap(case: Case, spectra: Sequence[Spectrum]) -> float:
    """The largest estimated error over its wish; infinite from less than three meshes."""
    if len(spectra) < 3:
        return math.inf
    parts, error = _estimates(spectra)
    return float((error / np.abs(parts.sum(axis=1))).max()) / case.mesh.accuracy


def _impedance(case: Case, steady: Solution, frequency: Floats, spectra: Sequence[Spectrum]) -> Impedance:
    last = spectra[-1]
    scales, readings = last.level.problem.scales, last.level.readings
    unit = FARADAY * scales.flux / scales.potential
    parts, error = _estimates(spectra)
    parts, error = parts * unit, error * unit
    impedance = 1 / parts.sum(axis=1)
    potential, concentration = small_profiles(last.linear, last.response.change, readings)
    meshes = tuple(spectrum.level.problem.mesh.nodes for spectrum in spectra)
    return Impedance(
        case=case,
        steady=steady,
        frequency=frequency,
        impedance=impedance,
        error=error * np.abs(impedance) ** 2,
        ion_admittance=parts[:, :-1],
        displacement_admittance=parts[:, -1],
        position=middle(spectra[0].level.problem.mesh),
        x=readings.x,
        potential=potential,
        concentration=concentration,
        meshes=meshes,
        converged=True,
        message=_message(frequency, error * np.abs(impedance), meshes),
    )


def _message(frequency: Floats, relative_error: Floats, meshes: Sequence[int]) -> str:
    """One sentence on what was solved, and how good the worst of it is."""
    number = f"{frequency.size} frequenc{'y' if frequency.size == 1 else 'ies'}"
    text = f"{number} on {len(meshes)} mesh{'es' if len(meshes) > 1 else ''} of up to {meshes[-1]} nodes"
    if np.isnan(relative_error).all():
        return text
    worst = int(np.argmax(relative_error))
    return f"{text}; the largest relative error is {rounded_up(float(relative_error[worst]))}, at {frequency[worst]:.4g} Hz"


def _nothing(case: Case, steady: Solution, frequency: Floats, message: str) -> Impedance:
    """An impedance that was not found."""
    n, x = len(case.ions), steady.x
    none = np.full(frequency.shape, np.nan)

    def unknown(*shape: int) -> Complex:
        return np.full((frequency.size, *shape), np.nan, dtype=complex)

    return Impedance(
        case=case,
        steady=steady,
        frequency=frequency,
        impedance=unknown(),
        error=none,
        ion_admittance=unknown(n),
        displacement_admittance=unknown(),
        position=middle(steady.problem.mesh),
        x=x,
        potential=unknown(x.size),
        concentration=unknown(n, x.size),
        meshes=steady.meshes,
        converged=False,
        message=message,
    )
