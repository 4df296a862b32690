"""Differential capacitance of a double layer at one wall: diffuse layers of any mixture, alone and behind a Stern layer.

Regime: as for `double_layer`; the Stern layer is a slab of water without ions between the wall and the diffuse layer,
whose capacitance per area is that of `slab_capacitance` and does not depend on the voltage.  `steric` has the diffuse
layer of ions that take up space.

Signs: potentials are relative to the bulk, `surface_charge` is that of the wall; both have one sign.
"""

from __future__ import annotations

import numpy as np

from electrodiff.theory._bath import bath_rows, wall_bath
from electrodiff.theory._roots import rising_root
from electrodiff.theory._types import (
    CAPACITANCE,
    POTENTIAL,
    FloatLike,
    PerIon,
    require_finite,
    require_positive,
    total,
)
from electrodiff.theory.capacitor import series_capacitance
from electrodiff.theory.double_layer import debye_length, grahame_charge, ionic_strength
from electrodiff.units import FARADAY, VACUUM_PERMITTIVITY, thermal_voltage


def diffuse_layer_capacitance_mixture(
    surface_potential: FloatLike,
    valences: PerIon,
    concentrations: PerIon,
    relative_permittivity: FloatLike,
    temperature: float,
) -> FloatLike:
    """Differential capacitance of a diffuse layer in any mixture of ions [F/m^2].

        C = d sigma / d psi = -eps rho(psi) / sigma(psi),    rho = F sum_i z_i c_i exp(-z_i F psi / (R T))

    Arguments, errors and source as for `grahame_charge`, which gives sigma; eps / lambda_D at psi = 0.  Because the bath
    is neutral each term of rho is taken as z (e^x - 1), all of one sign, which keeps all digits near psi = 0.
    """
    charge = grahame_charge(surface_potential, valences, concentrations, relative_permittivity, temperature)
    permittivity = VACUUM_PERMITTIVITY * relative_permittivity
    psi = surface_potential / thermal_voltage(temperature)
    density = FARADAY * total(z * c * np.expm1(-z * psi) for z, c in bath_rows(valences, concentrations))
    length = debye_length(ionic_strength(valences, concentrations), relative_permittivity, temperature)
    # A charge of 0 is that of psi = 0, or of one so small that its square is not a number: linear there.
    flat = charge == 0.0
    slope = -permittivity * density / np.where(flat, 1.0, charge)
    result: FloatLike = np.where(flat, permittivity / length, slope)[()]
    return result


def stern_diffuse_potential(
    wall_potential: float,
    stern_capacitance: float,
    valences: PerIon,
    concentrations: PerIon,
    relative_permittivity: float,
    temperature: float,
) -> float:
    """Potential where the diffuse layer begins, behind a Stern layer, at a given potential of the wall [V].

        psi_wall = psi + sigma(psi) / C_S

    wall_potential psi_wall [V], stern_capacitance C_S [F/m^2], sigma(psi) of `grahame_charge`, whose other arguments and
    errors it shares; the charge of the wall is sigma of the result.  Between 0 and psi_wall; the only root is found to
    round-off.  Raises CaseError as well when wall_potential is not finite or stern_capacitance is not positive.

    Source: O. Stern, Z. Elektrochem. 30 (1924) 508.
    """
    require_positive("stern_capacitance", stern_capacitance, CAPACITANCE)
    require_finite("wall_potential", wall_potential, POTENTIAL)
    bath = wall_bath(valences, concentrations, relative_permittivity, temperature)
    volt = thermal_voltage(temperature)

    def excess(y: float) -> float:
        """Charge of the diffuse layer less what the Stern layer gives it, at y R T / F; rises with y."""
        return bath.wall_charge(y) - stern_capacitance * (wall_potential - volt * y)

    # The linear layers share the voltage so; at a high one a diffuse layer takes some R T / F and no more.
    linear = stern_capacitance * abs(wall_potential) / (stern_capacitance * volt + bath.capacitance)
    step = min(linear, 1.0)
    return volt * rising_root(excess, 0.0, step, step)


def stern_diffuse_capacitance(
    wall_potential: float,
    stern_capacitance: float,
    valences: PerIon,
    concentrations: PerIon,
    relative_permittivity: float,
    temperature: float,
) -> float:
    """Differential capacitance of a Stern layer in series with a diffuse layer of any mixture [F/m^2].

        1 / C = 1 / C_S + 1 / C_D(psi)

    C_D of `diffuse_layer_capacitance_mixture` at psi of `stern_diffuse_potential`, whose arguments, errors and source it
    shares.  Nearly C_D around the potential of zero charge in dilute salt, C_S far from it.
    """
    bath = (valences, concentrations, relative_permittivity, temperature)
    psi = stern_diffuse_potential(wall_potential, stern_capacitance, *bath)
    return float(series_capacitance(stern_capacitance, diffuse_layer_capacitance_mixture(psi, *bath)))
