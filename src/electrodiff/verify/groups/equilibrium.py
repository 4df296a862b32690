"""Where nothing flows: membranes that pass one ion."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

from scipy import constants

from electrodiff.model import Case
from electrodiff.units import POTENTIAL
from electrodiff.verify.builders import bundled, membrane
from electrodiff.verify.physics import (
    BODY,
    FARADAY,
    GAS_CONSTANT,
    MILLIVOLT,
    VACUUM,
    nernst,
    water_permittivity,
)
from electrodiff.verify.readings import scalar
from electrodiff.verify.records import Row

_row = partial(Row, "equilibrium")
VOLTAGE = scalar("membrane_potential")

EXACT = "equilibrium is exact in the scheme; rounding and the last Newton step remain"
DIGIT = "half of the last digit printed"

# ---- Nernst ---------------------------------------------------------------------------------------------------------

ONLY = "layers.membrane.partition"
IONS = ("K", "Na", "Cl", "A")


def _only(ion: str, **changes: Any) -> Case:
    """The bundled cell whose membrane passes one ion."""
    passing = {f"{ONLY}.{other}": 1e-4 if other == ion else 0 for other in IONS}
    return bundled("nernst_potassium", {**passing, **changes})


def _calcium() -> Case:
    inside, outside = {"Ca": 1e-4, "Cl": 100.0, "K": 99.9998}, {"Ca": 2.0, "Cl": 100.0, "K": 96.0}
    return membrane(inside, outside, {"Ca": 1e-4, "Cl": 0, "K": 0}, BODY)


def _davies() -> Case:
    """KCl 100|10 mM and a membrane that passes potassium, with activity coefficients."""
    salts = {"left.concentrations": {"K": 100.0, "Cl": 100.0}, "right.concentrations": {"K": 10.0, "Cl": 10.0}}
    return bundled("nernst_potassium", {**salts, "layers.outside.thickness": 40e-9, "activity": {"model": "davies"}})


def _davies_potential() -> float:
    """(RT/F) ln(gamma_o c_o / gamma_i c_i), written out from the constants."""
    permittivity = water_permittivity(BODY)
    energy = permittivity * VACUUM * constants.k * BODY
    slope = constants.e**3 * math.sqrt(2 * constants.N_A * 1000) / (8 * math.pi * energy**1.5)

    def gamma(strength: float) -> float:
        return math.exp(-slope * (math.sqrt(strength) / (1 + math.sqrt(strength)) - 0.3 * strength))

    return nernst(1, 100 * gamma(0.1), 10 * gamma(0.01), BODY)


_DUESTERWALD = 26.725 * MILLIVOLT * FARADAY / GAS_CONSTANT
_PODS = 279.45


def _neuron(ion: str) -> Case:
    """The default neuron of Duesterwald et al., whose membrane passes one ion; A makes both sides neutral."""
    inside = {"K": 122.873, "Na": 14.002, "Cl": 5.163, "A": 122.873 + 14.002 - 5.163}
    outside = {"K": 3.5, "Na": 145.0, "Cl": 119.0, "A": 3.5 + 145.0 - 119.0}
    return membrane(inside, outside, {other: 1e-4 if other == ion else 0 for other in IONS}, _DUESTERWALD)


def axon(ion: str, potential: float | str = "floating") -> Case:
    """The axon of Pods et al.; chloride makes both sides neutral."""
    inside, outside = {"K": 125.0, "Na": 12.0, "Cl": 137.0}, {"K": 4.0, "Na": 100.0, "Cl": 104.0}
    return membrane(inside, outside, {other: 1e-4 if other == ion else 0 for other in inside}, _PODS, potential)


def _nernst_row(
    name: str, case: Callable[[], Case], what: str, expected: float | Callable[[], float], **keys: Any
) -> Row:
    settings = {"tolerance": 1e-9, "reason": EXACT, "source": "nernst1889", **keys}
    return _row(name, f"potential of a membrane that passes {what}", POTENTIAL, case, VOLTAGE, expected, **settings)


_PRINTED = {"tolerance": 0.005 * MILLIVOLT, "reason": DIGIT}

NERNST = (
    _nernst_row("nernst-potassium", partial(_only, "K"), "K, 140|4 mM, 310 K", lambda: nernst(1, 140, 4, BODY)),
    _nernst_row("nernst-sodium", partial(_only, "Na"), "Na, 12|145 mM, 310 K", lambda: nernst(1, 12, 145, BODY)),
    _nernst_row("nernst-chloride", partial(_only, "Cl"), "Cl, 10|149 mM, 310 K", lambda: nernst(-1, 10, 149, BODY)),
    _nernst_row("nernst-calcium", _calcium, "Ca, 100 nM|2 mM, 310 K", lambda: nernst(2, 1e-4, 2, BODY)),
    _nernst_row(
        "nernst-any-membrane",
        partial(
            _only,
            "K",
            **{
                "layers.membrane.thickness": 2e-9,
                "layers.membrane.relative_permittivity": 10,
                "layers.membrane.partition.K": 0.3,
            },
        ),
        "K, 2 nm of permittivity 10, partition 0.3",
        lambda: nernst(1, 140, 4, BODY),
    ),
    _nernst_row(
        "nernst-activities",
        _davies,
        "K, KCl 100|10 mM with Davies",
        _davies_potential,
        source="davies1962",
    ),
    *(
        _nernst_row(
            f"duesterwald-{ion}",
            partial(_neuron, ion),
            f"{ion} of a neuron",
            volts * MILLIVOLT,
            source="duesterwald2018",
            **_PRINTED,
        )
        for ion, volts in (("K", -95.10), ("Na", 62.47), ("Cl", -83.85))
    ),
    *(
        _nernst_row(
            f"pods-{ion}", partial(axon, ion), f"{ion} of an axon", volts * MILLIVOLT, source="pods2013", **_PRINTED
        )
        for ion, volts in (("K", -82.89), ("Na", 51.06))
    ),
)

ROWS = NERNST
