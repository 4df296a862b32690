"""From what lanes say on nested meshes to named scalars with error estimates."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from electrodiff.fvm.kernels.arrays import Floats
from electrodiff.fvm.kernels.lane_readings import IONS
from electrodiff.fvm.kernels.romberg import romberg_points
from electrodiff.model import Case
from electrodiff.readings import EPSILON, ROUNDINGS
from electrodiff.solvers.batch.stacks import Points
from electrodiff.theory.double_layer import debye_length
from electrodiff.units import FARADAY, VACUUM_PERMITTIVITY, Scales, thermal_voltage


def batch_names(case: Case) -> tuple[str, ...]:
    """The scalars of a case that lanes can tell."""
    names = ["membrane_potential", "current_density"]
    names += [f"flux.{ion}" for ion in case.ions] + [f"ion_current.{ion}" for ion in case.ions]
    names += [f"layer_drop.{layer}" for layer in case.layer_names]
    # The halves of a layer that is the only one are no lines of the table.
    return (*names, "surface_charge.left", "surface_charge.right") if len(case.layers) > 1 else tuple(names)


def table_lines(case: Case) -> int:
    """Number of lines that lanes write for each mesh; see `read_lanes`."""
    return IONS + 2 * len(case.ions) + 2 * len(case.layers) + 1


class Reader(NamedTuple):
    """How the W scalars of `batch_names`, and their scales, follow from the lines of a table: both are sums of lines."""

    to_values: Floats
    """(W, lines) [SI]"""
    to_scales: Floats
    """(W, lines) [SI]"""
    units: Floats
    """(P, W) scales that follow from no line [SI]; else 0"""

    def estimates(self, tables: Floats) -> tuple[Floats, Floats, Floats]:
        """Values, estimated errors and scales (P, W) from the tables (levels, P, lines)."""
        values, errors, scales = np.empty((3, *self.units.shape))
        romberg_points(tables, self.to_values, self.to_scales, self.units, values, errors, scales)
        errors += ROUNDINGS * EPSILON * scales
        return values, errors, scales

    def of(self, rows: np.ndarray) -> Reader:
        """For some of the points."""
        return self._replace(units=self.units[rows])


def reader_of(points: Points) -> Reader:
    """How the scalars of some points are read."""
    scales, z = Scales(points.case.temperature), points.valences
    n, layers = z.size, points.thickness.shape[1]
    names = batch_names(points.case)
    ions = range(n)
    flux, larger = IONS, IONS + n
    charge, potential = IONS + 2 * n, IONS + 2 * n + layers
    to_values, to_scales = np.zeros((2, len(names), table_lines(points.case)))
    units = np.zeros((points.count, len(names)))
    rows = {name: row for row, name in enumerate(names)}

    to_values[0, [potential, -1]] = scales.potential, -scales.potential
    to_values[1, flux:larger] = z * FARADAY * scales.flux
    to_scales[1, larger:charge] = np.abs(z) * FARADAY * scales.flux
    for i, ion in zip(ions, points.case.ions, strict=True):
        for name, carried in ((f"flux.{ion}", 1.0), (f"ion_current.{ion}", z[i] * FARADAY)):
            to_values[rows[name], flux + i] = carried * scales.flux
            to_scales[rows[name], larger + i] = abs(carried) * scales.flux
    first = rows[f"layer_drop.{points.case.layer_names[0]}"]
    for layer in range(layers):
        to_values[first + layer, [potential + layer, potential + layer + 1]] = scales.potential, -scales.potential
    units[:, [0, *range(first, first + layers)]] = thermal_voltage(points.case.temperature)
    if layers > 1:
        to_values[-2, charge] = to_values[-1, potential - 1] = scales.surface_charge
        units[:, -2:] = _unit_charges(points)
    return Reader(to_values, to_scales, units)


def _unit_charges(points: Points) -> Floats:
    """(P, 2) eps RT / (F lambda) of the first and the last layer [C/m^2]; the thickness for lambda in a thinner one."""
    ends = [0, -1]
    held = points.partition[:, ends] * points.concentrations
    strength = (held * points.valences**2).sum(axis=2) / 2
    known = np.where(strength > 0, strength, 1.0)
    permittivity = points.relative_permittivity[:, ends]
    debye = debye_length(known, permittivity, points.case.temperature)
    length = np.where(strength > 0, np.minimum(debye, points.thickness[:, ends]), points.thickness[:, ends])
    return np.asarray(thermal_voltage(points.case.temperature) * VACUUM_PERMITTIVITY * permittivity / length)
