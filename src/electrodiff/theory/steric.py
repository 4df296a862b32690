"""Diffuse layers of ions that take up space: the model of Bikerman for one size of ion.

Regime: a z:z salt of ions of one diameter at equilibrium beside a flat wall, one permittivity, a bath much wider than
the Debye length.  An ion fills a cube of its diameter a, and no more than 1 / (N_A a^3) of them fit anywhere; real ions
pack more tightly than cubes or repel sooner, so a is an effective size.  For a -> 0 the results are those of
`double_layer`.

Signs: potentials are relative to the bulk; `surface_charge` is that of the wall.  The charge of the liquid per area is
minus the charge of the wall.
"""

from __future__ import annotations

import numpy as np

from electrodiff.errors import CaseError
from electrodiff.theory._types import CONCENTRATION, LENGTH, FloatLike, require_positive
from electrodiff.theory.double_layer import salt_debye_length
from electrodiff.units import AVOGADRO, VACUUM_PERMITTIVITY, thermal_voltage

# Filled shares below e^-40 = 4e-18 change nothing: 1 + w is 1 to round-off, and so is ln(1 + w) / w.
_LEAST_LOG_FILLED = -40.0


def bikerman_packing(concentration: FloatLike, diameter: FloatLike) -> FloatLike:
    """Share of the volume that the ions of a salt fill in the bulk.

        nu = 2 N_A a^3 c

    concentration c of the z:z salt [mol/m^3], diameter a of both ions [m]; 0.0519 for 150 mol/m^3 and 0.66 nm.
    Raises CaseError unless both are positive and the share is below 1.

    Source: J. J. Bikerman, Phil. Mag. 33 (1942) 384.
    """
    require_positive("concentration", concentration, CONCENTRATION)
    require_positive("diameter", diameter, LENGTH)
    packing: FloatLike = 2.0 * AVOGADRO * np.power(diameter, 3) * concentration
    if not np.all(np.asarray(packing) < 1.0):
        raise CaseError(
            f"ions of diameter {diameter} m at {concentration} mol/m^3 fill {packing} of the volume; "
            "expected less than 1: smaller or fewer ions"
        )
    return packing


def bikerman_charge(
    surface_potential: FloatLike,
    concentration: FloatLike,
    diameter: FloatLike,
    relative_permittivity: FloatLike,
    temperature: float,
    valence: FloatLike = 1,
) -> FloatLike:
    """Charge of a wall at a given potential in a z:z salt of ions of one size [C/m^2].

        sigma = sign(psi) 2 z F c lambda_D sqrt((2 / nu) ln(1 + 2 nu sinh^2(z F psi / (2 R T))))

    surface_potential psi [V], bulk concentration c [mol/m^3], diameter a of both ions [m], temperature T [K], valence z
    of the cation; nu = 2 N_A a^3 c.  The Grahame equation where 2 nu sinh^2 is small; beyond, where closely packed
    counter-ions cover the wall, sigma grows only as sqrt(2 eps z F |psi| / (N_A a^3)).
    Raises CaseError when concentration, diameter, permittivity, temperature or valence is not positive, or the ions
    fill all of the bulk.

    Source: M. S. Kilic, M. Z. Bazant, A. Ajdari, Phys. Rev. E 75 (2007) 021502.
    """
    capacitance, voltage, packing = _scales(concentration, diameter, relative_permittivity, temperature, valence)
    scaled = np.abs(surface_potential) / voltage
    charge = np.sqrt(2.0 / packing * np.logaddexp(0.0, _log_filled(scaled, packing)))
    result: FloatLike = np.sign(surface_potential) * capacitance * voltage * charge
    return result


def bikerman_capacitance(
    surface_potential: FloatLike,
    concentration: FloatLike,
    diameter: FloatLike,
    relative_permittivity: FloatLike,
    temperature: float,
    valence: FloatLike = 1,
) -> FloatLike:
    """Differential capacitance d(sigma)/d(psi) of a diffuse layer of ions of one size [F/m^2].

        C = (eps / lambda_D) cosh(u / 2) / ((1 + w) sqrt(ln(1 + w) / w))
        w = 2 nu sinh^2(u / 2),    u = z F psi / (R T)

    Arguments, errors and source as for `bikerman_charge`; eps / lambda_D at psi = 0.  Where nu < 1/3 it
    rises to a peak on either side, about where the wall is covered (w of order 1), and then falls as psi^(-1/2);
    where nu > 1/3 the only peak is at psi = 0.
    """
    capacitance, voltage, packing = _scales(concentration, diameter, relative_permittivity, temperature, valence)
    scaled = np.abs(surface_potential) / voltage
    log_w = np.maximum(_log_filled(scaled, packing), _LEAST_LOG_FILLED)
    log_crowded = np.logaddexp(0.0, log_w)
    log_cosh = scaled / 2.0 + np.log1p(np.exp(-scaled)) - np.log(2.0)
    result: FloatLike = capacitance * np.exp(log_cosh - log_crowded - 0.5 * (np.log(log_crowded) - log_w))
    return result


def _scales(
    concentration: FloatLike,
    diameter: FloatLike,
    relative_permittivity: FloatLike,
    temperature: float,
    valence: FloatLike,
) -> tuple[FloatLike, FloatLike, FloatLike]:
    """eps / lambda_D [F/m^2], R T / (z F) [V] and nu."""
    packing = bikerman_packing(concentration, diameter)
    length = salt_debye_length(concentration, relative_permittivity, temperature, valence)
    return VACUUM_PERMITTIVITY * relative_permittivity / length, thermal_voltage(temperature) / valence, packing


def _log_filled(scaled: FloatLike, packing: FloatLike) -> FloatLike:
    """ln(2 nu sinh^2(u / 2)) for u >= 0, without overflow; -inf at 0."""
    with np.errstate(divide="ignore"):
        log_sinh = scaled / 2.0 + np.log(-np.expm1(-scaled)) - np.log(2.0)
    result: FloatLike = np.log(2.0 * packing) + 2.0 * log_sinh
    return result
