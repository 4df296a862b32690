"""Activity coefficients of ions in water.

Regime: dilute to moderate electrolytes; Davies is good to a few percent up to an ionic strength of about 0.5 M.
"""

from __future__ import annotations

import numpy as np

from electrodiff.theory._types import FloatLike
from electrodiff.units import AVOGADRO, ELEMENTARY_CHARGE, GAS_CONSTANT, VACUUM_PERMITTIVITY

# Davies' empirical linear term [1], fitted to salts at 25 degC.
LINEAR = 0.3


def debye_hueckel_constant(relative_permittivity: FloatLike, temperature: FloatLike) -> FloatLike:
    """A of ln gamma = -A z^2 sqrt(I), for I in mol/m^3 [sqrt(m^3/mol)].

        A = e^3 sqrt(2 N_A) / (8 pi (eps k T)^(3/2)),    k T = R T / N_A

    relative_permittivity of water, temperature [K].  At 25 degC and eps_r = 78.4, 1.17 / sqrt(1000 mol/m^3).
    Source: P. Debye and E. Hueckel, Physikalische Zeitschrift 24 (1923) 185.
    """
    thermal = VACUUM_PERMITTIVITY * relative_permittivity * GAS_CONSTANT * temperature / AVOGADRO
    return ELEMENTARY_CHARGE**3 * np.sqrt(2 * AVOGADRO) / (8 * np.pi * thermal**1.5)  # type: ignore[no-any-return]


def davies_coefficient(
    valence: FloatLike, ionic_strength: FloatLike, relative_permittivity: FloatLike, temperature: FloatLike
) -> FloatLike:
    """Activity coefficient of an ion by Davies' equation; 1 at infinite dilution and for an uncharged solute.

        ln gamma = -A z^2 [sqrt(I) / (1 + sqrt(I)) - 0.3 I],    I in mol/l inside the brackets

    ionic_strength I [mol/m^3], relative_permittivity of water, temperature [K].
    Source: C. W. Davies, Ion Association (Butterworths, London, 1962).
    """
    strength = ionic_strength / 1000.0
    constant = debye_hueckel_constant(relative_permittivity, temperature) * np.sqrt(1000.0)
    root = np.sqrt(strength)
    return np.exp(-constant * valence**2 * (root / (1 + root) - LINEAR * strength))  # type: ignore[no-any-return]
