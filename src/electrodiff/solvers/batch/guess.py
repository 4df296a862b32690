"""First guesses of many points at once: those of `solvers.guess`, as arrays."""

from __future__ import annotations

import numpy as np

from electrodiff.fvm.kernels.arrays import Floats, Integers
from electrodiff.solvers.batch.stacks import Points
from electrodiff.solvers.guess import NEUTRAL, SCREENED, donnan_shift
from electrodiff.units import Scales


def end_values(points: Points, scales: Scales) -> Floats:
    """(P, 2, m) activities and potentials of the ends, dimensionless; if one floats, the left is 0 and the right a guess."""
    n = points.valences.size
    ends = np.empty((points.count, 2, n + 1))
    # In a layer that an ion cannot enter, the reservoir's concentration of it has no part.
    ends[:, :, :n] = np.where(points.partition[:, [0, -1]] > 0, points.concentrations / scales.concentration, 0.0)
    ends[:, :, n] = points.potential / scales.potential
    if points.floating:
        ends[:, 0, n], ends[:, 1, n] = 0.0, -_floating_guess(points)
    return ends


def _floating_guess(points: Points) -> Floats:
    """(P,) membrane potential [RT/F] by one Newton step from 0 V on the total GHK current; see `floating_guess`."""
    permeability = 1 / points.resistances.sum(axis=1)
    left, right = points.concentrations[:, 0], points.concentrations[:, 1]
    current = (permeability * (left - right) * points.valences).sum(axis=1)
    slope = (permeability * (left + right) / 2 * points.valences**2).sum(axis=1)
    return np.where(slope > 0, -current / np.where(slope > 0, slope, 1.0), 0.0)


def first_guesses(points: Points, ends: Floats, x: Floats, layer: Integers) -> Floats:
    """(P, N, m) states at nodes x (P, N) [m], the layer of whose faces is `layer` (N-1,); see `first_guess`."""
    n = points.valences.size
    debye = points.debye_lengths
    share = np.concatenate([points.resistances, _dielectric(points, debye)[:, :, None]], axis=2)
    blocked = np.isinf(share)
    share = np.where(blocked.any(axis=1, keepdims=True), blocked.astype(float), share)
    slope = share / share.sum(axis=1, keepdims=True) / points.thickness[:, :, None]
    progress = np.minimum(np.cumsum(slope[:, layer] * np.diff(x)[:, :, None], axis=1), 1.0)
    state = np.empty((*x.shape, n + 1))
    left, right = ends[:, :1], ends[:, 1:]
    state[:, :1], state[:, 1:] = left, left + progress * (right - left)
    present = points.partition[0, layer] > 0
    nowhere = np.ones((x.shape[1], n), dtype=bool)
    nowhere[:-1] &= ~present
    nowhere[1:] &= ~present
    state[:, :, :n][:, nowhere] = 0.0
    _neutralise(points, state, layer, points.thickness > SCREENED * debye)
    state[:, 0], state[:, -1] = ends[:, 0], ends[:, 1]
    return state


def _dielectric(points: Points, debye: Floats) -> Floats:
    """(P, layers) min(thickness, Debye length) over the relative permittivity: how the layers share a voltage."""
    return np.asarray(np.minimum(points.thickness, debye) / points.relative_permittivity)


def _neutralise(points: Points, state: Floats, layer: Integers, screened: np.ndarray) -> None:
    """Shift the potential of layers much thicker than their Debye length until they are neutral."""
    n = points.valences.size
    z = points.valences
    content = points.partition[:, layer] * (state[:, :-1, :n] + state[:, 1:, :n]) / 2
    fixed = points.fixed_charge[:, layer] / Scales(points.case.temperature).concentration
    charge = (content * z).sum(axis=2) + fixed
    charged = screened[:, layer] & (np.abs(charge) > NEUTRAL * (content * np.abs(z)).sum(axis=2))
    if not charged.any():
        return
    shift = np.zeros(charge.shape)
    shift[charged] = donnan_shift(z, content[charged], fixed[charged])
    # A node takes the mean of its two faces, so that an interface stands half way; an end has one face only.
    padded = np.concatenate([shift[:, :1], shift, shift[:, -1:]], axis=1)
    psi = (padded[:, :-1] + padded[:, 1:]) / 2
    state[:, :, :n] *= np.exp(-psi[:, :, None] * z)
    state[:, :, n] += psi
