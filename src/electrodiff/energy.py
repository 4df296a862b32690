"""Where the free energy of the ions goes: what their passive fluxes lose, what transporters give, what enters at the ends.

Counted from the solution outside, whose ions are worth nothing: with mu_i = RT ln a_i + z_i F phi less its value at the
right end, face f between nodes k and k + 1, all fluxes per reference area, I the total current, and G the free energy of
mixing and of the field,

    dG/dt = sum_i J_i RT ln(a_i(left) / a_i(right)) + I V             which enters at the left end, if that is a reservoir too
            + sum over transporters of r sum_i nu_i [mu_i(right face) - mu_i(left face)]
            - sum_f sum_i J_i,passive(f) [mu_i(k) - mu_i(k+1)].

No term of the last sum is negative: it is T times the entropy produced.
"""

from __future__ import annotations

import numpy as np

from electrodiff.profiles import Floats
from electrodiff.readings import Readings
from electrodiff.units import GAS_CONSTANT


def face_dissipation(readings: Readings) -> Floats:
    """(N-1, n) free energy that the passive flux of every ion loses on every face [W/m^2]; 0 where it is absent."""
    passive, mu = readings.passive_face_flux, node_potentials(readings)
    with np.errstate(invalid="ignore"):
        return np.where(passive == 0, 0.0, passive * (mu[:-1] - mu[1:]))


def node_potentials(readings: Readings) -> Floats:
    """(N, n) R T ln(a / scale) + z F phi of every ion at every node [J/mol]; -inf where it is absent."""
    state = readings.state
    with np.errstate(divide="ignore"):
        logarithm = np.log(state[:, :-1])
    return np.asarray(_molar(readings) * (logarithm + np.outer(state[:, -1], readings.case.valences)))


def transporter_work(readings: Readings) -> dict[str, float]:
    """Free energy that every transporter gives to the ions [W/m^2], r sum_i nu_i [mu_i(right face) - mu_i(left face)]."""
    mu, bounds = node_potentials(readings), readings.problem.mesh.boundaries
    work = {}
    for transporter in readings.case.transporters:
        index = readings.case.layer_names.index(transporter.layer)
        rise = dict(zip(readings.case.ion_names, (mu[bounds[index + 1]] - mu[bounds[index]]).tolist(), strict=True))
        rate = readings.transporter_rate[transporter.name]
        parts = [nu * rise[ion] for ion, nu in transporter.stoichiometry.items()]
        work[transporter.name] = rate * sum(parts) if rate else 0.0
    return work


def supplied_power(readings: Readings, flux: Floats, total_current: float) -> float:
    """Free energy that ions and current bring in at the ends of the stack [W/m^2], sum_i J_i RT ln(a_left / a_right) + I V.

    flux J (n,) of every ion between the reservoirs [mol/(m^2 s)], 0 if there is one or none; total_current I, conduction and
    displacement [A/m^2]: what the displacement carries is in I V.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        left, right = np.log(readings.state[[0, -1], :-1])
        chemical = flux * np.where(flux == 0, 0.0, left - right)
    return total_current * readings.membrane_potential + _molar(readings) * float(chemical.sum())


def left_fluxes(readings: Readings) -> Floats:
    """(n,) flux of every ion through the left end at a moment [mol/(m^2 s)]; 0 unless there are two reservoirs."""
    return np.asarray(readings.face_flux[0] * readings.between_reservoirs)


def _molar(readings: Readings) -> float:
    """R T [J/mol]."""
    return GAS_CONSTANT * readings.case.temperature
