"""Currents and charges by two routes each; what disagrees beyond error and rounding is no solution.

The flux of an ion as the resistance-weighted mean over the whole stack, over each layer, and on the face at either end; the
charge of a layer as the sum of its nodes, and by Gauss's law from the displacement at its faces.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise

import numpy as np

from electrodiff.fvm.kernels.checks import largest_logs, stretch_means
from electrodiff.materials import materials_of
from electrodiff.readings import EPSILON, Readings
from electrodiff.units import VACUUM_PERMITTIVITY

# Roundings of a term of a route: up to some hundred in each activity, and one or two for every face, since an activity is
# the exponential of a sum over all of them.
ROUNDINGS = 4096
ROUNDINGS_PER_FACE = 2
# A flux below this has lost digits to the least number there is.
UNDERFLOW = 1e-290
# In a layer of 1e5 Debye lengths the charge is what is left of ions that are 1e10 times as many: of their sum, this.
HELD = 1e-11
# Newton's method leaves this of a charge, and of that which makes RT/F over a Debye length.
SOLVED = 1e-8


def disagreements(readings: Readings, error: Mapping[str, float | None]) -> Iterator[str]:
    """A sentence with both numbers for every two routes that disagree; `error` (by scalar) is allowed on top of rounding."""
    yield from _fluxes(readings, error)
    yield from _charges(readings, error)


def _fluxes(readings: Readings, error: Mapping[str, float | None]) -> Iterator[str]:
    names, flux, rounding = _flux_routes(readings)
    allowed = np.array([error.get(f"flux.{ion}") or 0.0 for ion in readings.flux])
    reported = np.array(list(readings.flux.values()))
    agree = np.abs(flux - reported) <= np.maximum(allowed + rounding + rounding[0], UNDERFLOW)
    for route, column in np.argwhere(~agree):
        yield (
            f"the flux of {readings.case.ion_names[column]} is {reported[column]:.9g} mol/(m^2 s) over the whole stack "
            f"and {flux[route, column]:.9g} {names[route]}, beyond their rounding of {rounding[route, column]:.1e}"
        )


def _flux_routes(readings: Readings) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Names of R routes, fluxes (R, n) and roundings (R, n) [mol/(m^2 s)]; the first is the whole stack.

    Where resistances are too far below the largest to be numbers, or an ion does not cross, a route says what is reported.
    """
    flux, resistance = readings.face_flux, readings.face_resistance
    reported = np.array(list(readings.flux.values()))
    # Activities are exponentials of the sum of these, each of which is rounded.
    exponent = np.empty_like(flux)
    largest_logs(readings.problem.chain.valence, readings.state, exponent)
    roundings = EPSILON * max(ROUNDINGS, ROUNDINGS_PER_FACE * flux.shape[0])
    part = readings.gross_face_flux * (1 + exponent) * roundings
    crosses = np.isfinite(resistance).all(axis=0) & readings.between_reservoirs
    weight = np.where(crosses, resistance, 1.0)
    stretches = {"over the whole stack": (0, flux.shape[0])}
    names, bounds = readings.case.layer_names, readings.problem.mesh.boundaries.tolist()
    stretches |= {f"over layer '{name}'": pair for name, pair in zip(names, pairwise(bounds), strict=True)}
    stretches |= {"at the left end": (0, 1), "at the right end": (flux.shape[0] - 1, flux.shape[0])}
    found = np.empty((len(stretches), 3, flux.shape[1]))
    stretch_means(flux, weight, part, np.array(list(stretches.values())), found)
    total, mean, rounding = found.transpose(1, 0, 2)
    known = crosses & (total > np.finfo(float).tiny / EPSILON)
    return list(stretches), np.where(known, mean, reported), np.where(known, rounding, 0.0)


def _charges(readings: Readings, error: Mapping[str, float | None]) -> Iterator[str]:
    mesh, case, scale = readings.problem.mesh, readings.case, readings.problem.scales.surface_charge
    phi, eps = readings.state[:, -1], readings.problem.chain.permittivity
    # Where the potential is nil, it is what steps of RT/F have left of it.
    rounding = eps * np.maximum(np.maximum(np.abs(phi[:-1]), np.abs(phi[1:])), 1.0) * scale
    starts, stops = mesh.boundaries[:-1], mesh.boundaries[1:]
    permittivity = VACUUM_PERMITTIVITY * materials_of(case).relative_permittivity
    displacement = permittivity * readings.end_fields * mesh.area[[starts, stops]]
    by_gauss = displacement[1] - displacement[0]
    charge = np.add.reduceat(readings.face_charge, starts)
    gross = (
        np.add.reduceat(readings.gross_charge, starts) + np.maximum.reduceat(rounding, starts) * (stops - starts) ** 0.5
    )
    allowed = HELD * gross + SOLVED * (readings.unit_charges() + np.abs(charge))
    # Zip leaves out the halves of an only layer, which are beside no interface.
    for part, name in zip(readings.debye_parts, readings.charge_beside, strict=False):
        allowed[part.layer] += error.get(f"charge_beside.{name}") or 0.0
    for index in np.flatnonzero(~(np.abs(charge - by_gauss) <= allowed)):
        yield (
            f"the charge of layer '{case.layer_names[index]}' is {charge[index]:.9g} C/m^2 as a sum and "
            f"{by_gauss[index]:.9g} C/m^2 by Gauss's law, beyond their rounding of {allowed[index]:.1e}"
        )
