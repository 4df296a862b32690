"""The energy that it takes to move an ion out of water.

Regime: the ion is a charged sphere in a continuum; the lipid is thick beside it (no image forces) and does not deform.
"""

from __future__ import annotations

import numpy as np

from electrodiff.theory._types import LENGTH, PERMITTIVITY, FloatLike, require_positive
from electrodiff.units import AVOGADRO, ELEMENTARY_CHARGE, VACUUM_PERMITTIVITY


def born_energy(
    valence: FloatLike,
    radius: FloatLike,
    relative_permittivity: FloatLike,
    reference_relative_permittivity: FloatLike,
) -> FloatLike:
    """Molar free energy of an ion in a medium relative to the reference medium, which is usually water [J/mol].

        W = N_A z^2 e^2 / (8 pi eps_0 r) (1/eps_r - 1/eps_ref)

    valence z, radius r [m]; positive in a medium of lower permittivity than the reference.
    Raises CaseError if a radius or a permittivity is not positive.
    Source: M. Born, Zeitschrift fuer Physik 1 (1920) 45.
    """
    require_positive("radius", radius, LENGTH)
    require_positive("relative_permittivity", relative_permittivity, PERMITTIVITY)
    require_positive("reference_relative_permittivity", reference_relative_permittivity, PERMITTIVITY)
    coulomb = AVOGADRO * np.square(valence * ELEMENTARY_CHARGE) / (8 * np.pi * VACUUM_PERMITTIVITY * radius)
    return coulomb * (1 / relative_permittivity - 1 / reference_relative_permittivity)
