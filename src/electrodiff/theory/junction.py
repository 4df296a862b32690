"""Diffusion potentials across a liquid junction or an uncharged, electroneutral layer.

Regime: no fixed charge, a layer much thicker than its Debye length, ideal ions, no net current.

Signs: x runs from left (inside) to right (outside), potentials are phi(left) - phi(right).
"""

from __future__ import annotations

import numpy as np

from electrodiff.theory._types import (
    CONCENTRATION,
    DIFFUSIVITY,
    SALT_VALENCE,
    TEMPERATURE,
    FloatLike,
    PerIon,
    ion_names,
    ion_values,
    require_non_negative,
    require_positive,
    total,
)
from electrodiff.units import thermal_voltage


def planck_single_salt_potential(
    D_cation: FloatLike,
    D_anion: FloatLike,
    left: FloatLike,
    right: FloatLike,
    temperature: float,
    valence: FloatLike = 1,
) -> FloatLike:
    """Diffusion potential phi(left) - phi(right) of one z:z salt [V].

        phi_L - phi_R = (R T / (z F)) (D+ - D-) / (D+ + D-) ln(c_right / c_left)

    D_cation, D_anion [m^2/s] in the layer (only their ratio counts, and one may be 0, which gives the Nernst
    potential of the other), concentrations left and right [mol/m^3], temperature T [K], valence z of the cation.
    Exact in the regime of this module, whatever the concentration profile: the solutions of Planck and of Henderson
    agree for one salt.  Raises CaseError when a concentration, the temperature or the valence is not positive, a
    diffusivity is negative, or both are 0.

    Source: M. Planck, Ann. Phys. 276 (1890) 561.
    """
    require_non_negative("D_cation", D_cation, DIFFUSIVITY)
    require_non_negative("D_anion", D_anion, DIFFUSIVITY)
    require_positive("D_cation + D_anion", D_cation + D_anion, DIFFUSIVITY)
    require_positive("left", left, CONCENTRATION)
    require_positive("right", right, CONCENTRATION)
    require_positive("temperature", temperature, TEMPERATURE)
    require_positive("valence", valence, SALT_VALENCE)
    transference = (D_cation - D_anion) / (D_cation + D_anion)
    result: FloatLike = thermal_voltage(temperature) / valence * transference * np.log(np.divide(right, left))
    return result


def henderson_potential(
    valences: PerIon, diffusivities: PerIon, left: PerIon, right: PerIon, temperature: float
) -> FloatLike:
    """Diffusion potential phi(left) - phi(right) of a mixture whose composition varies linearly [V].

        phi_L - phi_R = (R T / F) [sum_i z_i D_i (c_R,i - c_L,i) / (G_R - G_L)] ln(G_R / G_L)
        G = sum_i z_i^2 D_i c_i

    valences z_i, diffusivities D_i [m^2/s], concentrations left and right [mol/m^3], all four as mappings by ion name
    or all as sequences; temperature T [K].  An ion missing from the mapping `left` or `right` is absent there.
    Evaluated without cancellation where G_L = G_R.  For a boundary formed by mixing; equal to the solution of
    the diffusion problem only for one salt and for two salts with a common ion at equal concentration.
    Raises CaseError when an ion has no valence or diffusivity, one side does not conduct, or a value is negative.

    Source: P. Henderson, Z. phys. Chem. 59 (1907) 118 and 63 (1908) 325.
    """
    require_positive("temperature", temperature, TEMPERATURE)
    ions = ion_names(left, right)
    z = ion_values("valences", valences, ions)
    D = ion_values("diffusivities", diffusivities, ions)
    c_left = ion_values("left", left, ions, missing=0.0)
    c_right = ion_values("right", right, ions, missing=0.0)
    for ion, diffusivity, *concentrations in zip(ions, D, c_left, c_right, strict=True):
        require_non_negative(f"diffusivity of ion {ion}", diffusivity, DIFFUSIVITY)
        for side, concentration in zip(("left", "right"), concentrations, strict=True):
            require_non_negative(f"{side} concentration of ion {ion}", concentration, CONCENTRATION)
    steps = [cR - cL for cL, cR in zip(c_left, c_right, strict=True)]
    conduction_left = total(zi**2 * Di * ci for zi, Di, ci in zip(z, D, c_left, strict=True))
    conduction_right = total(zi**2 * Di * ci for zi, Di, ci in zip(z, D, c_right, strict=True))
    for side, conduction in (("left", conduction_left), ("right", conduction_right)):
        require_positive(f"{side} sum of z^2 D c", conduction, "a side with an ion that can move")
    polarity = total(zi * Di * step for zi, Di, step in zip(z, D, steps, strict=True))
    return thermal_voltage(temperature) * polarity * inverse_log_mean(conduction_left, conduction_right)


def lewis_sargent_potential(
    D_left: FloatLike,
    D_right: FloatLike,
    D_common: FloatLike,
    temperature: float,
    valence: FloatLike = 1,
    common_valence: FloatLike = -1,
) -> FloatLike:
    """Diffusion potential phi(left) - phi(right) of two salts of equal concentration that share an ion [V].

        phi_L - phi_R = (R T / (z F)) ln[(|z| D_right + |z_c| D_common) / (|z| D_left + |z_c| D_common)]

    D_left, D_right of the ions that differ, both of valence z, and D_common of the ion of valence common_valence z_c
    that both salts have [m^2/s] (only ratios count), temperature T [K].  The same for Henderson's and for Planck's
    junction, whose field is constant here.  -26.85 mV for HCl|KCl at 298.15 K.
    Raises CaseError when a diffusivity is negative, a sum in the logarithm or the temperature is not positive, or the
    valences are not of opposite sign.

    Source: G. N. Lewis, L. W. Sargent, J. Am. Chem. Soc. 31 (1909) 363.
    """
    require_positive("temperature", temperature, TEMPERATURE)
    for name, diffusivity in (("D_left", D_left), ("D_right", D_right), ("D_common", D_common)):
        require_non_negative(name, diffusivity, DIFFUSIVITY)
    opposite = -np.multiply(valence, common_valence)
    require_positive("-valence * common_valence", opposite, "an ion of the other sign in common, such as 1 and -1")
    common = np.abs(common_valence) * D_common
    conduction = [np.abs(valence) * D + common for D in (D_left, D_right)]
    for side, sum_of_both in zip(("left", "right"), conduction, strict=True):
        require_positive(f"{side} sum of |valence| * D", sum_of_both, DIFFUSIVITY)
    result: FloatLike = thermal_voltage(temperature) / valence * np.log(np.divide(conduction[1], conduction[0]))
    return result


def inverse_log_mean(a: FloatLike, b: FloatLike) -> FloatLike:
    """ln(b / a) / (b - a), which is 1 / a where b = a; a smooth function of the ratio, hence of its round-off."""
    ratio = np.divide(b, a)
    same = ratio == 1.0
    result: FloatLike = np.where(same, 1.0, np.log(ratio) / np.where(same, 1.0, ratio - 1.0))[()] / a
    return result
