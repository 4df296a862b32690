"""Currents and charges by two routes each; what disagrees beyond error and rounding is no solution.

The flux of an ion as the resistance-weighted mean over the whole stack, over each layer, and on the face at either end; the
charge of a layer as the sum of its nodes, and by Gauss's law from the displacement at its faces.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise

import numpy as np

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
    routes = _flux_routes(readings)
    for column, (ion, reported) in enumerate(readings.flux.items()):
        allowed = error.get(f"flux.{ion}") or 0.0
        for name, flux, rounding in routes:
            if not abs(flux[column] - reported) <= max(allowed + rounding[column] + routes[0][2][column], UNDERFLOW):
                yield (
                    f"the flux of {ion} is {reported:.9g} mol/(m^2 s) over the whole stack and {flux[column]:.9g} {name}, "
                    f"beyond their rounding of {rounding[column]:.1e}"
                )


def _flux_routes(readings: Readings) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """Name, flux (n,) and rounding (n,) of each route [mol/(m^2 s)]; the first is the whole stack.

    Where resistances are too far below the largest to be numbers, or an ion does not cross, a route says what is reported.
    """
    flux, resistance = readings.face_flux, readings.face_resistance
    reported = np.array(list(readings.flux.values()))
    # Activities are exponentials of the sum of these, each of which is rounded.
    with np.errstate(divide="ignore"):
        logs = np.abs(np.log(np.where(readings.state[:, :-1] > 0, readings.state[:, :-1], 1.0)))
    exponent = np.abs(readings.state[:, -1:] * np.array(readings.case.valences)) + logs
    roundings = max(ROUNDINGS, ROUNDINGS_PER_FACE * flux.shape[0])
    part = readings.gross_face_flux * EPSILON * roundings * (1 + np.maximum(exponent[:-1], exponent[1:]))
    crosses = np.isfinite(resistance).all(axis=0) & readings.between_reservoirs
    weight = np.where(crosses, resistance, 1.0)
    bounds = readings.problem.mesh.boundaries
    stretches = [("over the whole stack", slice(0, flux.shape[0]))]
    names = readings.case.layer_names
    stretches += [(f"over layer '{name}'", slice(*pair)) for name, pair in zip(names, pairwise(bounds), strict=True)]
    stretches += [("at the left end", slice(0, 1)), ("at the right end", slice(flux.shape[0] - 1, flux.shape[0]))]
    routes = []
    for name, faces in stretches:
        total = weight[faces].sum(axis=0)
        known = crosses & (total > np.finfo(float).tiny / EPSILON)
        share = np.divide(weight[faces], total, out=np.zeros_like(weight[faces]), where=known)
        mean = np.where(known, (share * flux[faces]).sum(axis=0), reported)
        # Roundings of many faces add up to the root of the sum of their squares.
        rounding = np.sqrt(np.square(share * part[faces]).sum(axis=0))
        routes.append((name, mean, rounding))
    return routes


def _charges(readings: Readings, error: Mapping[str, float | None]) -> Iterator[str]:
    mesh, field = readings.problem.mesh, readings.electric_field
    left, right = readings.half_charge
    scale = readings.problem.scales.surface_charge
    phi, eps = readings.state[:, -1], readings.problem.chain.permittivity
    # Where the potential is nil, it is what steps of RT/F have left of it.
    rounding = eps * np.maximum(np.maximum(np.abs(phi[:-1]), np.abs(phi[1:])), 1.0) * scale
    for layer, unit, entries, (start, stop) in zip(
        readings.case.layers, readings.unit_charges(), readings.layer_entries, pairwise(mesh.boundaries), strict=True
    ):
        permittivity = VACUUM_PERMITTIVITY * readings.case.relative_permittivity(layer)
        area = mesh.area[[start, stop]]
        displacement = permittivity * field[[entries.start, entries.stop - 1]] * area
        faces = slice(start, stop)
        charge = float(left[faces].sum() + right[faces].sum())
        by_gauss = float(displacement[1] - displacement[0])
        gross = readings.gross_charge(faces) + float(rounding[faces].max()) * (stop - start) ** 0.5
        allowed = HELD * gross + SOLVED * (unit + abs(charge))
        halves = [f"charge_beside.{name}" for name in _sides_of(readings, layer.name)]
        allowed += sum(error.get(half) or 0.0 for half in halves)
        if not abs(charge - by_gauss) <= allowed:
            yield (
                f"the charge of layer '{layer.name}' is {charge:.9g} C/m^2 as a sum and {by_gauss:.9g} C/m^2 by Gauss's law, "
                f"beyond their rounding of {allowed:.1e}"
            )


def _sides_of(readings: Readings, layer: str) -> Iterator[str]:
    """The names of the Debye layers that lie in a layer."""
    for name, pair in readings.debye_layers.items():
        yield from (f"{name}.{part.side}" for part in pair if part.layer == layer)
