"""From what lanes say on nested meshes to named scalars with error estimates."""

from __future__ import annotations

import numpy as np

from electrodiff.extrapolation import extrapolate
from electrodiff.fvm.kernels.arrays import Floats
from electrodiff.fvm.kernels.lane_readings import IONS
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


def scalar_estimates(points: Points, tables: Floats) -> tuple[Floats, Floats, Floats]:
    """Values, estimated errors and scales (P, names) of `batch_names`, from the tables (levels, P, lines)."""
    numbers, scale = _named(points, tables)
    values, errors = extrapolate(list(numbers))
    return values, errors + ROUNDINGS * EPSILON * scale[-1], scale[-1]


def _named(points: Points, tables: Floats) -> tuple[Floats, Floats]:
    """The scalars (levels, P, names) and their scales on each mesh, SI."""
    scales, z = Scales(points.case.temperature), points.valences
    n, layers = z.size, points.thickness.shape[1]
    flux = tables[:, :, IONS : IONS + n] * scales.flux
    larger = tables[:, :, IONS + n : IONS + 2 * n] * scales.flux
    charge = tables[:, :, IONS + 2 * n : IONS + 2 * n + layers] * scales.surface_charge
    potential = tables[:, :, IONS + 2 * n + layers :] * scales.potential
    carried = z * FARADAY
    columns = [potential[:, :, :1] - potential[:, :, -1:], (flux * carried).sum(axis=2, keepdims=True)]
    columns += [flux, flux * carried, -np.diff(potential, axis=2)]
    thermal = np.full_like(columns[0], thermal_voltage(points.case.temperature))
    units = [thermal, (larger * np.abs(carried)).sum(axis=2, keepdims=True), larger, larger * np.abs(carried)]
    units += [np.repeat(thermal, layers, axis=2)]
    if layers > 1:
        columns.append(charge[:, :, [0, -1]])
        units.append(np.broadcast_to(_unit_charges(points), columns[-1].shape))
    return np.concatenate(columns, axis=2), np.concatenate(units, axis=2)


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
