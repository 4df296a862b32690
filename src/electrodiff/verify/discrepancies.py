"""Published numbers that the program does not give, each with the reason.  They are no rows, and fail nothing."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

from electrodiff.units import NUMBER, POTENTIAL
from electrodiff.verify.builders import film
from electrodiff.verify.groups.junction import ng_barry, salt
from electrodiff.verify.physics import MILLIVOLT, ROOM, thermal
from electrodiff.verify.readings import middle, scalar
from electrodiff.verify.records import Discrepancy, Reading

REVERSED = scalar("membrane_potential", -1.0)


def _share(solution: Any) -> Reading:
    """The potential in the middle of the film over that of Donnan."""
    donnan = thermal(ROOM) * math.asinh(50 / 20)
    value, estimate = middle("potential", 1)(solution)
    return Reading(value / donnan, None if estimate is None else estimate / donnan)


_HENDERSON = (
    "The published value is Henderson's, of a junction in which the composition is linear in x. The program solves the "
    "steady state, as Planck and Schloegl did. Both agree where the two sides have equal concentrations of each valence, "
    "which these have not. The rows henderson-* give the published value by Henderson's formula."
)

DISCREPANCIES = (
    Discrepancy(
        "ng-barry-NaCl-MgCl2",
        "Na 100 + Cl 100 | Mg 100 + Cl 200 mM, right - left",
        POTENTIAL,
        10.0 * MILLIVOLT,
        partial(ng_barry, salt("Na", 100.0), salt("Mg", 100.0)),
        REVERSED,
        _HENDERSON,
        "ng1995",
    ),
    Discrepancy(
        "ng-barry-CaMgCl2-LiCl",
        "Ca 50 + Mg 50 + Cl 200 | Li 100 + Cl 100 mM, right - left",
        POTENTIAL,
        -8.2 * MILLIVOLT,
        partial(ng_barry, {"Ca": 50.0, "Mg": 50.0, "Cl": 200.0}, salt("Li", 100.0)),
        REVERSED,
        _HENDERSON,
        "ng1995",
    ),
    Discrepancy(
        "thin-film-share",
        "share of the Donnan potential in the middle of 5 nm of 50 mM, here in 10 mM NaCl",
        NUMBER,
        0.43,
        partial(film, 50.0, 5e-9, 10.0, 10.0),
        _share,
        "The design names no bath. By the first integral of Poisson and Boltzmann (rows thin-film*) the share is 74 % or "
        "more in every bath from 0.1 to 150 mM. 43 % is what the formula of low potentials, 1 - exp(-d / 2 lambda), gives in "
        "5 mM at 310 K, where the potential is 2.3 RT/F and not low.",
        "design",
    ),
)
