"""Planck's junction: steady diffusion through an electroneutral layer without fixed charge, for any mixture of ions.

Regime: constant diffusivities, ideal ions, a layer much thicker than its Debye length between two well-stirred baths;
also a membrane slab so full of ions that it is electroneutral, if one partition coefficient beta holds for all of them
(the slab then sees the concentrations beta c).  `ghk` is the opposite limit, a slab almost empty of ions; both agree
where S = sum_i z_i^2 c_i is the same all through the layer, as for monovalent ions of equal total concentration.

Signs: x runs from left (inside) to right (outside), V = phi(left) - phi(right), positive fluxes and currents go to the
right.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from electrodiff.errors import CaseError
from electrodiff.theory._planck import (
    Baths,
    Path,
    concentrations_at,
    first_sources,
    mean_strength,
    scaled_baths,
    solve_path,
)
from electrodiff.theory._roots import rising_root
from electrodiff.theory._types import (
    CONCENTRATION,
    DIFFUSIVITY,
    LENGTH,
    PARTITION,
    TEMPERATURE,
    FloatLike,
    Floats,
    PerIon,
    ion_array,
    ion_names,
    require_charged,
    require_neutral,
    require_non_negative,
    require_positive,
)
from electrodiff.theory.ghk import bernoulli
from electrodiff.theory.junction import inverse_log_mean
from electrodiff.units import FARADAY, thermal_voltage

# Largest voltage in R T / F, 25.7 V at 298.15 K: the work grows with it, and no layer of molecules withstands it.
_LARGEST_DROP = 1000.0


class PlanckProfiles(NamedTuple):
    """Inside of a layer at given positions.

    potential phi(x) - phi(right) [V], of the shape of the positions; concentrations in the layer [mol/m^3], one row an
    ion.
    """

    potential: Floats
    concentrations: Floats


@dataclass(frozen=True, eq=False)
class PlanckLayer:
    """Steady state of a layer, from `planck_layer`.

    ions: their names, or the numbers of their rows, in the order of the arrays.  voltage phi(left) - phi(right) [V],
    fluxes (ions,) [mol/(m^2 s)], current_density F sum_i z_i J_i [A/m^2] (round-off where it was asked to be zero),
    thickness [m].
    """

    ions: tuple[str, ...] | range
    voltage: float
    fluxes: Floats
    current_density: float
    thickness: float
    _path: Path
    _present: NDArray[np.bool_]

    def profiles(self, position: FloatLike) -> PlanckProfiles:
        """Potential and concentrations at positions from 0 (left) to the thickness [m], a float or an array.

        Raises CaseError for a position outside the layer.
        """
        x = np.asarray(position, dtype=float) / self.thickness
        if not np.all((x >= 0.0) & (x <= 1.0)):
            raise CaseError(f"position is {position}; expected values from 0 to the thickness {self.thickness} m")
        y, inside = concentrations_at(self._path, x.ravel())
        concentrations = np.zeros((len(self.ions), x.size))
        concentrations[self._present] = inside
        potential = self.voltage * (1.0 - y)
        return PlanckProfiles(potential.reshape(x.shape), concentrations.reshape(-1, *x.shape))


def planck_layer(
    valences: PerIon,
    diffusivities: PerIon,
    left: PerIon,
    right: PerIon,
    temperature: float,
    thickness: float,
    voltage: float | None = None,
    partition: float = 1.0,
) -> PlanckLayer:
    """Voltage, fluxes and profiles of a layer in which any ions diffuse, at a voltage or without current.

        J_i = -D_i (dc_i/dx + z_i c_i (F / (R T)) dphi/dx),    dJ_i/dx = 0,    sum_i z_i c_i = 0

    valences z_i of any kind, diffusivities D_i [m^2/s] in the layer, concentrations of the baths left and right
    [mol/m^3], all four as mappings by ion name or all as sequences; temperature T [K], thickness [m], voltage
    phi(left) - phi(right) [V], or None for the voltage at which no current flows; partition beta, one for all ions,
    by which the concentrations in the layer start from those of the baths (it multiplies the fluxes and does not change
    the potential).  An ion missing from the mapping `left` or `right` is absent there.  The total concentration is linear
    in x.  Solved to about 1e-12 for total concentrations that differ by 1e4 and more, and for up to 10 V.
    Raises CaseError when a bath is not neutral to 1e-9 of its ions or has none, when no voltage stops the current, and
    for values out of range; ConvergenceError when the steady state is not found.

    Source: R. Schloegl, Z. phys. Chem. (N. F.) 1 (1954) 305; T. Teorell, Z. Elektrochem. 55 (1951) 460.
    """
    require_positive("thickness", thickness, LENGTH)
    require_positive("partition", partition, PARTITION)
    mixture = _read(valences, diffusivities, left, right, temperature)
    present = (mixture.left > 0.0) | (mixture.right > 0.0)
    z, D = mixture.valence[present], mixture.diffusivity[present]
    baths = scaled_baths(z, partition * mixture.left[present], partition * mixture.right[present])
    if voltage is None:
        weights = _weights(mixture)[present]
        path = solve_path(baths, weights, 0.0, _first_drop(baths, weights))
    else:
        drop = -voltage / thermal_voltage(temperature)
        _check_drop(drop, voltage)
        path = solve_path(baths, z, drop, drop)
    fluxes = np.zeros(len(present))
    fluxes[present] = -D * path.sources * mean_strength(path) / thickness
    found = -thermal_voltage(temperature) * path.drop if voltage is None else voltage
    current = FARADAY * math.fsum(mixture.valence * fluxes)
    return PlanckLayer(mixture.ions, found, fluxes, current, thickness, path, present)


def planck_potential(valences: PerIon, diffusivities: PerIon, left: PerIon, right: PerIon, temperature: float) -> float:
    """Potential phi(left) - phi(right) of a junction of any ions without current, in steady state [V].

        sum_i z_i J_i = 0,    J_i = -D_i (dc_i/dx + z_i c_i F/(R T) dphi/dx),    sum_i z_i c_i = 0 everywhere

    Only the ratios of the diffusivities count.  Arguments, errors and source as for `planck_layer`.
    """
    return planck_layer(valences, diffusivities, left, right, temperature, thickness=1.0).voltage


def planck_monovalent_potential(
    valences: PerIon, diffusivities: PerIon, left: PerIon, right: PerIon, temperature: float
) -> float:
    """Potential phi(left) - phi(right) of a junction of monovalent ions without current, in steady state [V].

        (xi U_R - U_L) / (V_R - xi V_L) = [ln(N_R/N_L) - ln xi] / [ln(N_R/N_L) + ln xi] (xi N_R - N_L) / (N_R - xi N_L)
        xi = exp(F (phi_R - phi_L) / (R T)),    U = sum of D c of the cations,    V = of the anions,    N = total c

    Arguments and errors as for `henderson_potential`, except that every valence is 1 or -1 and both baths are neutral.
    Solved as sum_i z_i J_i = 0 with `planck_monovalent_flux`, which rises with phi_R - phi_L and has this one root
    without the false one at xi = N_R / N_L.  The same as `planck_potential`, by another way.

    Source: M. Planck, Ann. Phys. 276 (1890) 561.
    """
    mixture = _read(valences, diffusivities, left, right, temperature)
    if not np.all(np.abs(mixture.valence) == 1.0):
        raise CaseError(f"valences are {mixture.valence.tolist()}; expected 1 or -1: use planck_potential for others")
    present = (mixture.left > 0.0) | (mixture.right > 0.0)
    baths = scaled_baths(mixture.valence[present], mixture.left[present], mixture.right[present])
    return -thermal_voltage(temperature) * _first_drop(baths, _weights(mixture)[present])


def planck_monovalent_flux(
    diffusivity: FloatLike,
    valence: FloatLike,
    left: FloatLike,
    right: FloatLike,
    left_total: FloatLike,
    right_total: FloatLike,
    thickness: FloatLike,
    voltage: FloatLike,
    temperature: float,
) -> FloatLike:
    """Flux of one ion to the right through a layer of monovalent ions at a voltage [mol/(m^2 s)].

        J = (D M / d) (B(a) c_L / N_L - B(-a) c_R / N_R)
        a = ln(N_R / N_L) - z F V / (R T),    M = (N_R - N_L) / ln(N_R / N_L),    B(u) = u / (e^u - 1)

    diffusivity D [m^2/s], valence z (1 or -1), concentrations of this ion left c_L and right c_R [mol/m^3], of all ions
    left_total N_L and right_total N_R [mol/m^3], thickness d [m], voltage V = phi(left) - phi(right) [V], temperature
    T [K].  All other ions are monovalent and both baths neutral.  The `ghk_flux` of the fractions c / N, at a voltage
    that is shifted by ln(N_R / N_L); the same as `ghk_flux` of c where N_L = N_R.
    Raises CaseError when thickness, temperature or a total is not positive, a diffusivity or concentration is
    negative, or a valence is not 1 or -1.

    Source: W. Behn, Ann. Phys. 298 (1897) 54; after M. Planck, Ann. Phys. 276 (1890) 561.
    """
    if not np.all(np.abs(valence) == 1.0):
        raise CaseError(f"valence is {valence}; expected 1 or -1: use planck_layer for others")
    require_non_negative("diffusivity", diffusivity, DIFFUSIVITY)
    for name, concentration in (("left", left), ("right", right)):
        require_non_negative(name, concentration, CONCENTRATION)
    for name, total in (("left_total", left_total), ("right_total", right_total)):
        require_positive(name, total, CONCENTRATION)
    require_positive("thickness", thickness, LENGTH)
    require_positive("temperature", temperature, TEMPERATURE)
    u = np.log(np.divide(right_total, left_total)) - valence * voltage / thermal_voltage(temperature)
    fractions = bernoulli(u) * left / left_total - bernoulli(-u) * right / right_total
    return diffusivity / (inverse_log_mean(left_total, right_total) * thickness) * fractions


class _Mixture(NamedTuple):
    """Ions of a junction with their valences, diffusivities [m^2/s] and concentrations [mol/m^3], (n,) each."""

    ions: tuple[str, ...] | range
    valence: Floats
    diffusivity: Floats
    left: Floats
    right: Floats


def _read(valences: PerIon, diffusivities: PerIon, left: PerIon, right: PerIon, temperature: float) -> _Mixture:
    """The tables as arrays.  Raises CaseError for a bath that is empty or not neutral, and for values out of range."""
    require_positive("temperature", temperature, TEMPERATURE)
    ions = ion_names(left, right)
    mixture = _Mixture(
        ions,
        ion_array("valences", valences, ions),
        ion_array("diffusivities", diffusivities, ions),
        ion_array("left", left, ions, missing=0.0),
        ion_array("right", right, ions, missing=0.0),
    )
    require_charged(mixture.valence)
    require_non_negative("diffusivities", mixture.diffusivity, DIFFUSIVITY)
    for side, concentrations in (("left ", mixture.left), ("right ", mixture.right)):
        require_non_negative(f"{side}concentrations", concentrations, CONCENTRATION)
        require_neutral(mixture.valence, concentrations, side)
    return mixture


def _weights(mixture: _Mixture) -> Floats:
    """z D (ions,) over the largest, by which the sources add up to the current.

    Raises CaseError when ions can carry current in one direction only, whatever the voltage.
    """
    z, D = mixture.valence, mixture.diffusivity
    to_right = np.where(z > 0.0, mixture.left, mixture.right) * D
    to_left = np.where(z > 0.0, mixture.right, mixture.left) * D
    if not (np.any(to_right > 0.0) and np.any(to_left > 0.0)):
        raise CaseError(
            "no voltage stops the current: the mobile ions carry it in one direction only; "
            "give an ion of the other side, or of the other sign, a concentration and a diffusivity above 0"
        )
    return np.asarray(z * D / np.max(np.abs(z * D)))


def _first_drop(baths: Baths, weights: Floats) -> float:
    """phi(right) - phi(left) without current [R T / F], for sources of `first_sources`; the current rises with it."""
    return rising_root(lambda drop: math.fsum(weights * first_sources(baths, drop)), 0.0, 1.0, 1.0)


def _check_drop(drop: float, voltage: float) -> None:
    """Raise CaseError unless the voltage is finite and within the range of the method."""
    if not abs(drop) <= _LARGEST_DROP:
        raise CaseError(f"voltage is {voltage}; expected at most {_LARGEST_DROP:g} R T / F, such as -0.065 V")
