"""Charged layers much thicker than their Debye length: Donnan equilibrium, and Teorell-Meyer-Sievers with a gradient.

Regime: ideal ions, fixed charge spread evenly over the layer, electroneutral inside; the transition at each face is at
equilibrium and takes a few Debye lengths.  A thin layer reaches only part of its Donnan potential.

Signs: fixed_charge X is the concentration of elementary charges with their sign [mol/m^3].  Donnan potentials are
phi(layer) - phi(bath); potentials across a layer are phi(left) - phi(right), x running from left (inside) to right.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from electrodiff.errors import CaseError
from electrodiff.theory._roots import rising_root
from electrodiff.theory._types import (
    CONCENTRATION,
    DIFFUSIVITY,
    PARTITION,
    SALT_VALENCE,
    TEMPERATURE,
    FloatLike,
    Floats,
    PerIon,
    ion_array,
    ion_names,
    ion_values,
    require_finite,
    require_non_negative,
    require_positive,
)
from electrodiff.units import GAS_CONSTANT, thermal_voltage


def donnan_potential(
    fixed_charge: float,
    valences: PerIon,
    concentrations: PerIon,
    temperature: float,
    partitions: PerIon | None = None,
) -> float:
    """Donnan potential phi(layer) - phi(bath) of a charged layer in any mixture of ions [V].

        sum_i z_i beta_i c_i exp(-z_i F phi / (R T)) + X = 0

    fixed_charge X [mol/m^3], valences z_i, bath concentrations c_i [mol/m^3], temperature T [K], partition coefficients
    beta_i (1 if left out).  Has the sign of X when the beta of all ions are equal and the bath is neutral; its only root
    is found to round-off.
    Raises CaseError when the layer cannot become neutral for want of ions that may enter it, and for values out of
    range.

    Source: F. G. Donnan, Z. Elektrochem. 17 (1911) 572.
    """
    require_positive("temperature", temperature, TEMPERATURE)
    require_finite("fixed_charge", fixed_charge, "a concentration of charges in mol/m^3, such as -50.0")
    ions = ion_names(concentrations)
    beta = [1.0] * len(ions) if partitions is None else ion_values("partitions", partitions, ions)
    rows = zip(
        ion_values("valences", valences, ions), beta, ion_values("concentrations", concentrations, ions), strict=True
    )
    charges: list[tuple[float, float]] = []
    for ion, (valence, partition, concentration) in zip(ions, rows, strict=True):
        require_non_negative(f"concentration of ion {ion}", concentration, CONCENTRATION)
        require_non_negative(f"partition of ion {ion}", partition, PARTITION)
        charges.append((float(valence), float(valence * partition * concentration)))
    if not _can_balance(fixed_charge, [charge for _, charge in charges]):
        raise CaseError(
            f"fixed_charge is {fixed_charge} mol/m^3 and the ions that may enter the layer cannot balance it; "
            "give an ion of the other sign a concentration and a partition above 0"
        )

    def lack(phi: float) -> float:
        """Charge that the layer lacks in units of its largest part; rises from negative to positive with phi."""
        parts = [fixed_charge, *(each * math.exp(min(-valence * phi, 700.0)) for valence, each in charges)]
        return -math.fsum(parts) / max(map(abs, parts))

    # A rounding of the exponentials moves the root by as much, hence the scale.
    return thermal_voltage(temperature) * rising_root(lack, 0.0, 1.0, 0.5)


def _can_balance(fixed_charge: float, charges: list[float]) -> bool:
    """Whether some ions may enter, and charges of both signs are there to be balanced."""
    return any(charges) and min(fixed_charge, *charges) < 0.0 < max(fixed_charge, *charges)


class DonnanEquilibrium(NamedTuple):
    """Charged space at equilibrium with a bath.

    ions: their names, or the numbers of their rows, in the order of the concentrations.  potential phi(inside) -
    phi(bath) [V], concentrations inside (ions,) [mol/m^3], osmotic_pressure inside less outside [Pa].
    """

    ions: tuple[str, ...] | range
    potential: float
    concentrations: Floats
    osmotic_pressure: float


def donnan_equilibrium(
    fixed_charge: float,
    valences: PerIon,
    concentrations: PerIon,
    temperature: float,
    impermeant: float = 0.0,
    partitions: PerIon | None = None,
) -> DonnanEquilibrium:
    """Donnan equilibrium of a cell or a gel with a bath: potential, concentrations inside, and osmotic pressure.

        c_i,in = beta_i c_i exp(-z_i F phi / (R T)),    sum_i z_i c_i,in + X = 0
        p_in - p_out = R T (sum_i c_i,in + c_X - sum_i c_i)

    fixed_charge X [mol/m^3 of elementary charges] that cannot leave, valences z_i and bath concentrations c_i [mol/m^3]
    of the ions that can, temperature T [K], impermeant c_X: all particles inside that cannot leave, charged or not
    [mol/m^3] (a protein of valence z_X has X = z_X c_X; the charges of a gel are bound to its network, c_X = 0),
    partition coefficients beta_i (1 if left out).  The pressure is positive for any c_X or X other than 0 in a neutral bath
    at beta = 1: a cell without a wall swells, unless a pump makes an ion of the bath impermeant in effect.
    Errors as for `donnan_potential`, and CaseError for a negative impermeant.

    Source: F. G. Donnan, Z. Elektrochem. 17 (1911) 572.
    """
    require_non_negative("impermeant", impermeant, CONCENTRATION)
    potential = donnan_potential(fixed_charge, valences, concentrations, temperature, partitions)
    ions = ion_names(concentrations)
    beta = np.ones(len(ions)) if partitions is None else ion_array("partitions", partitions, ions)
    z, bath = ion_array("valences", valences, ions), ion_array("concentrations", concentrations, ions)
    exponent = -z * potential / thermal_voltage(temperature)
    inside = beta * bath * np.exp(exponent)
    # beta e^x - 1 as beta (e^x - 1) + (beta - 1), which keeps the digits of a weak potential.
    gain = bath * (beta * np.expm1(exponent) + (beta - 1.0))
    pressure = GAS_CONSTANT * temperature * math.fsum([*gain, impermeant])
    return DonnanEquilibrium(ions, potential, inside, pressure)


def donnan_potential_symmetric(
    fixed_charge: FloatLike, concentration: FloatLike, temperature: float, valence: FloatLike = 1
) -> FloatLike:
    """Donnan potential phi(layer) - phi(bath) of a charged layer in a z:z salt [V].

        phi = (R T / (z F)) asinh(X / (2 z c))

    fixed_charge X [mol/m^3], bath concentration c of the salt [mol/m^3], temperature T [K], valence z of the cation.
    Raises CaseError unless concentration, temperature and valence are positive.

    Source: as for `donnan_potential`.
    """
    require_positive("concentration", concentration, CONCENTRATION)
    require_positive("temperature", temperature, TEMPERATURE)
    require_positive("valence", valence, SALT_VALENCE)
    result: FloatLike = (
        thermal_voltage(temperature) / valence * np.arcsinh(fixed_charge / (2.0 * valence * concentration))
    )
    return result


def teorell_meyer_sievers_potential(
    fixed_charge: FloatLike,
    D_cation: FloatLike,
    D_anion: FloatLike,
    left: FloatLike,
    right: FloatLike,
    temperature: float,
    valence: FloatLike = 1,
) -> FloatLike:
    """Potential phi(left) - phi(right) across a charged layer between two baths of one z:z salt, without current [V].

        phi_L - phi_R = (R T / (z F)) [asinh(Y / (2 c_R)) - asinh(Y / (2 c_L)) + U ln((S_R - U Y) / (S_L - U Y))]
        Y = X / z,    S = sqrt(4 c^2 + Y^2),    U = (D+ - D-) / (D+ + D-)

    fixed_charge X [mol/m^3], D_cation, D_anion in the layer [m^2/s] (only their ratio counts, and one may be 0), bath
    concentrations left and right [mol/m^3], temperature T [K], valence z of the cation.  Two Donnan potentials and the
    diffusion potential between them; the layer is much thicker than its Debye length, and its baths are well stirred.
    `planck_single_salt_potential` at X = 0; the Nernst potential of the counter-ion at large |X|.  -12.27 mV uncharged
    and +42.17 mV at X = -100 mol/m^3 for NaCl 10|100 mol/m^3 at 298.15 K.
    Raises CaseError when a concentration, the temperature or the valence is not positive, a diffusivity is negative, or
    both are 0.

    Source: T. Teorell, Proc. Soc. Exp. Biol. Med. 33 (1935) 282; K. H. Meyer, J.-F. Sievers, Helv. Chim. Acta 19 (1936)
    649.
    """
    require_non_negative("D_cation", D_cation, DIFFUSIVITY)
    require_non_negative("D_anion", D_anion, DIFFUSIVITY)
    require_positive("D_cation + D_anion", D_cation + D_anion, DIFFUSIVITY)
    require_positive("left", left, CONCENTRATION)
    require_positive("right", right, CONCENTRATION)
    require_positive("temperature", temperature, TEMPERATURE)
    require_positive("valence", valence, SALT_VALENCE)
    U = (D_cation - D_anion) / (D_cation + D_anion)
    Y = fixed_charge / valence
    donnan = np.arcsinh(Y / (2.0 * right)) - np.arcsinh(Y / (2.0 * left))
    slow = 4.0 * D_cation * D_anion / (D_cation + D_anion) ** 2  # 1 - U^2, without cancellation
    conduction = [_conduction(Y, U, slow, concentration) for concentration in (left, right)]
    diffusion = U * np.log(conduction[1] / conduction[0])
    result: FloatLike = thermal_voltage(temperature) / valence * (donnan + diffusion)
    return result


def _conduction(Y: FloatLike, U: FloatLike, slow: FloatLike, concentration: FloatLike) -> FloatLike:
    """S - U Y, which is 2 (D+ c+ + D- c-) / (D+ + D-) at a face; as a quotient where the difference would cancel."""
    root = np.sqrt(4.0 * np.square(concentration) + np.square(Y))
    quotient = (4.0 * np.square(concentration) + slow * np.square(Y)) / (root + np.abs(U * Y))
    result: FloatLike = np.where(U * Y > 0.0, quotient, root + np.abs(U * Y))[()]
    return result
