"""Salt that a diffuse layer holds beyond its bath: what a charged wall, or a pair of electrodes, takes up.

Regime: as for `double_layer`.

Signs: potentials are relative to the bulk; an excess is the integral of c - c_bulk over the distance from the wall,
negative for ions that the wall repels.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from electrodiff.errors import CaseError
from electrodiff.theory._bath import wall_bath
from electrodiff.theory._types import FloatLike, Floats, PerIon
from electrodiff.theory.double_layer import salt_debye_length
from electrodiff.units import VACUUM_PERMITTIVITY, thermal_voltage

# Below this potential in R T / F the linear excess is right to as much.
_LINEAR = 1e-12
# exp(700) is the largest power of e^100 that double precision holds.
_LARGEST_EXPONENT = 700.0


class SurfaceExcess(NamedTuple):
    """Excess of cations, of anions, and of salt, which is half of their sum [mol/m^2]."""

    cation: FloatLike
    anion: FloatLike
    salt: FloatLike


def surface_excess_symmetric(
    surface_potential: FloatLike,
    concentration: FloatLike,
    relative_permittivity: FloatLike,
    temperature: float,
    valence: FloatLike = 1,
) -> SurfaceExcess:
    """Excess of the ions of a z:z salt in a diffuse layer [mol/m^2].

        G_cation = 2 c lambda_D (e^(-u/2) - 1),    G_anion = 2 c lambda_D (e^(u/2) - 1),    u = z F psi / (R T)
        G_salt = (G_cation + G_anion) / 2 = 4 c lambda_D sinh^2(u / 4)

    surface_potential psi [V], bulk concentration c [mol/m^3], temperature T [K], valence z of the cation.  The charge of
    the wall is z F (G_anion - G_cation), that of `grahame_charge_symmetric`.  At a low potential counter-ions come and
    co-ions leave in equal numbers and no salt is taken up (G_salt ~ u^2); at a high one the salt is half the
    counter-ions.  Raises CaseError when concentration, permittivity, temperature or valence is not positive.

    Source: M. Z. Bazant, K. Thornton, A. Ajdari, Phys. Rev. E 70 (2004) 021506.
    """
    length = salt_debye_length(concentration, relative_permittivity, temperature, valence)
    unit = 2.0 * concentration * length
    u = valence * surface_potential / thermal_voltage(temperature)
    salt = 2.0 * unit * np.sinh(u / 4.0) ** 2
    return SurfaceExcess(unit * np.expm1(-u / 2.0), unit * np.expm1(u / 2.0), salt)


def surface_excess(
    surface_potential: float,
    valences: PerIon,
    concentrations: PerIon,
    relative_permittivity: float,
    temperature: float,
) -> Floats:
    """Excess of every ion of a mixture in a diffuse layer, in the order of `concentrations` [mol/m^2].

        G_i = integral from 0 to psi of c_i (e^(-z_i F p / (R T)) - 1) eps / sigma(p) dp

    surface_potential psi [V], sigma(p) of `grahame_charge`, whose other arguments, errors and source it shares.  By
    adaptive quadrature to 1e-10 of each.  F sum_i z_i G_i is minus the charge of the wall.
    Raises CaseError as well when surface_potential is not finite or exp(z F psi / (R T)) would be too large a number.
    """
    from scipy.integrate import quad

    bath = wall_bath(valences, concentrations, relative_permittivity, temperature)
    volt = thermal_voltage(temperature)
    u, permittivity = surface_potential / volt, VACUUM_PERMITTIVITY * relative_permittivity
    if not all(abs(z * u) < _LARGEST_EXPONENT for z in bath.valences):
        raise CaseError(f"surface_potential is {surface_potential}; expected a potential of point ions, such as 0.1 V")
    if abs(u) < _LINEAR:
        length = permittivity * volt / bath.capacitance
        return -length * u * np.multiply(bath.valences, bath.concentrations)

    def density(y: float, valence: float, concentration: float) -> float:
        """Excess of an ion per change of the potential [mol/m^2 per R T / F]."""
        return permittivity * volt * concentration * math.expm1(-valence * y) / bath.wall_charge(y)

    rows = zip(bath.valences, bath.concentrations, strict=True)
    return np.array([quad(density, 0.0, u, row, epsabs=0.0, epsrel=1e-11, limit=200)[0] for row in rows])
