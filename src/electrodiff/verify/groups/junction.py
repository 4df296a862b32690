"""Liquid junctions: an uncharged layer of water, much wider than its Debye length, between two solutions."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from typing import Any

from electrodiff.units import FLUX, POTENTIAL
from electrodiff.verify.builders import FREE, VALENCES, bundled, junction
from electrodiff.verify.physics import MILLIVOLT, ROOM, goldman_flux, thermal
from electrodiff.verify.quadrature import electroneutral_junction, monovalent_junction
from electrodiff.verify.readings import scalar
from electrodiff.verify.records import Row

Bath = Mapping[str, float]
_row = partial(Row, "junction")
VOLTAGE, REVERSED = scalar("membrane_potential"), scalar("membrane_potential", -1.0)

# Mobilities of Ng and Barry relative to that of K; only ratios count in a junction.
NG_BARRY = {
    ion: 1.957e-9 * u
    for ion, u in {"K": 1.0, "Na": 0.682, "Cs": 1.05, "Li": 0.525, "Mg": 0.361, "Ca": 0.4048, "Cl": 1.0388}.items()
}
NG_BARRY_TEMPERATURE = 293.15


def salt(cation: str, concentration: float, anion: str = "Cl") -> dict[str, float]:
    """A solution of one salt, by the concentration of its cation."""
    return {cation: concentration, anion: -VALENCES[cation] / VALENCES[anion] * concentration}


def ng_barry(left: Bath, right: Bath) -> Any:
    """A junction with the mobilities of Ng and Barry."""
    return junction(left, right, NG_BARRY, NG_BARRY_TEMPERATURE)


def _named(solution: Bath) -> str:
    return " + ".join(f"{ion} {c:g}" for ion, c in solution.items())


# ---- closed forms ---------------------------------------------------------------------------------------------------

_LEWIS = -thermal(ROOM) * math.log((FREE["H"] + FREE["Cl"]) / (FREE["K"] + FREE["Cl"]))
_ACID, _POTASSIUM = salt("H", 100.0), salt("K", 100.0)
_ONE = salt("K", 10.0), salt("K", 100.0)
_THREE = salt("H", 10.0), salt("K", 100.0)
_WIDE = "the layer is 1e4 Debye lengths wide or more; its charge is the square of the inverse of that"


def _one_salt() -> float:
    """(RT/F) (D+ - D-) / (D+ + D-) ln(c_R / c_L)."""
    plus, minus = FREE["K"], FREE["Cl"]
    return thermal(ROOM) * (plus - minus) / (plus + minus) * math.log(10.0)


def _planck(left: Bath, right: Bath) -> float:
    return electroneutral_junction(VALENCES, FREE, left, right, ROOM)


def _ion_flux(ion: str) -> float:
    """Constant-field flux through 1 um of water."""
    return goldman_flux(FREE[ion] / 1e-6, 1, _ACID.get(ion, 0.0), _POTASSIUM.get(ion, 0.0), _LEWIS, ROOM)


CLOSED = (
    _row(
        "lewis-sargent",
        "0.1 M HCl | 0.1 M KCl, left - right",
        POTENTIAL,
        partial(bundled, "liquid_junction"),
        VOLTAGE,
        _LEWIS,
        1e-9,
        "the field is constant, and the scheme exact in it",
        "lewis1909",
    ),
    _row(
        "lewis-sargent-flux",
        "flux of H from 0.1 M HCl to 0.1 M KCl over 1 um",
        FLUX,
        partial(bundled, "liquid_junction"),
        scalar("flux.H"),
        lambda: _ion_flux("H"),
        1e-9,
        "the field is constant, and the scheme exact in it",
        "goldman1943",
        relative=True,
    ),
    _row(
        "bard-faulkner",
        "0.1 M HCl | 0.1 M KCl, measured",
        POTENTIAL,
        partial(bundled, "liquid_junction"),
        REVERSED,
        26.78 * MILLIVOLT,
        0.2 * MILLIVOLT,
        "ions are ideal here and were not there",
        "bard2001",
    ),
    _row(
        "planck-one-salt",
        "KCl 10 | 100 mM, left - right",
        POTENTIAL,
        partial(junction, *_ONE),
        VOLTAGE,
        _one_salt,
        1e-7,
        _WIDE,
        "planck1890",
    ),
    _row(
        "planck-three-ions",
        "HCl 10 | KCl 100 mM, left - right",
        POTENTIAL,
        partial(junction, *_THREE),
        VOLTAGE,
        lambda: monovalent_junction({ion: VALENCES[ion] for ion in ("H", "K", "Cl")}, FREE, *_THREE, ROOM),
        1e-6,
        _WIDE,
        "planck1890",
    ),
)

# ---- published numbers ----------------------------------------------------------------------------------------------

_DIGIT = "half of the last digit printed"
_LINEAR = (
    "half of the last digit printed, and 0.08 mV: theirs is Henderson's linear mixture, this the steady state, and the "
    "concentrations of the valences differ"
)
_NG_BARRY_ROWS: tuple[tuple[str, Bath, Bath, float, float, str], ...] = (
    ("NaCl-KCl-50", salt("Na", 50.0), salt("K", 50.0), -4.3, 0.05, _DIGIT),
    ("NaCl-KCl-150", salt("Na", 150.0), salt("K", 150.0), -4.3, 0.05, _DIGIT),
    ("NaCl-CsCl", salt("Na", 50.0), salt("Cs", 50.0), -4.9, 0.05, _DIGIT),
    ("NaCl-MgCl2", salt("Na", 100.0), salt("Mg", 100.0), 10.0, 0.13, _LINEAR),
    ("CaCl2-MgCl2", salt("Ca", 100.0), salt("Mg", 100.0), 0.6, 0.05, _DIGIT),
    ("KCl-LiCl", {"K": 100.0, "Ca": 2.0, "Cl": 104.0}, {"Li": 100.0, "Ca": 2.0, "Cl": 104.0}, 6.4, 0.05, _DIGIT),
)
_MEASURED = "measured; the ions of the program are ideal"
_HARPER_ROWS: tuple[tuple[str, str, str, float, float, float], ...] = (
    ("NaCl", "Na", "Cl", 99.5, 4.99, -15.6),
    ("HCl", "H", "Cl", 100.0, 3.45, 55.5),
    ("CaCl2", "Ca", "Cl", 290.0, 5.45, -35.0),
    ("ZnSO4", "Zn", "SO4", 400.0, 18.6, -8.1),
)
MARINO = {"Zn": 9.0, "Cl": 18.0}, {"Zn": 0.0284, "K": 3.0, "Cl": 3.0568}

PUBLISHED = (
    *(
        _row(
            f"ng-barry-{name}",
            f"{_named(left)} | {_named(right)} mM, right - left",
            POTENTIAL,
            partial(ng_barry, left, right),
            REVERSED,
            value * MILLIVOLT,
            within * MILLIVOLT,
            reason,
            "ng1995",
        )
        for name, left, right, value, within, reason in _NG_BARRY_ROWS
    ),
    *(
        _row(
            f"harper-{name}",
            f"{name} {left:g} | {right:g} mM, right - left",
            POTENTIAL,
            partial(junction, salt(cation, left, anion), salt(cation, right, anion)),
            REVERSED,
            value * MILLIVOLT,
            0.5 * MILLIVOLT,
            _MEASURED,
            "harper1985",
        )
        for name, cation, anion, left, right, value in _HARPER_ROWS
    ),
    _row(
        "marino",
        "ZnCl2 9 | ZnCl2 0.0284 + KCl 3 mM, left - right",
        POTENTIAL,
        partial(junction, *MARINO),
        VOLTAGE,
        20.796 * MILLIVOLT,
        0.05 * MILLIVOLT,
        "their mobilities are not printed to more digits",
        "marino2014",
    ),
    _row(
        "marino-collocation",
        "the same by collocation of the electroneutral equations",
        POTENTIAL,
        partial(junction, *MARINO),
        VOLTAGE,
        lambda: _planck(*MARINO),
        1e-6,
        _WIDE,
        "schloegl1954",
    ),
    _row(
        "divalent-collocation",
        "NaCl 100 | MgCl2 100 mM by collocation, right - left",
        POTENTIAL,
        partial(ng_barry, salt("Na", 100.0), salt("Mg", 100.0)),
        REVERSED,
        lambda: (
            -electroneutral_junction(VALENCES, NG_BARRY, salt("Na", 100.0), salt("Mg", 100.0), NG_BARRY_TEMPERATURE)
        ),
        1e-6,
        _WIDE,
        "schloegl1954",
        convention="phi(right) - phi(left)",
    ),
)

ROWS = (*CLOSED, *PUBLISHED)
