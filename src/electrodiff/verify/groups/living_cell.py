"""Cells that live: leaks and transporters balance, and chloride follows its cotransporters."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache, partial
from typing import Any, NamedTuple

from scipy.optimize import fsolve

from electrodiff import theory
from electrodiff.model import Case
from electrodiff.units import FLUX, POTENTIAL, Dimension
from electrodiff.verify.builders import bath, bundled, water
from electrodiff.verify.physics import (
    BODY,
    LIPID,
    MILLIVOLT,
    WATER,
    nernst,
    thermal,
)
from electrodiff.verify.readings import scalar
from electrodiff.verify.records import Row

_row = partial(Row, "living-cell")
VT = thermal(BODY)
RADIUS, THICKNESS = 10e-6, 5e-9
OUTSIDE = {"K": 4.0, "Na": 145.0, "Cl": 149.0}
VALENCES = {"K": 1, "Na": 1, "Cl": -1, "A": -1}
ANIONS = 142.0
VOLTAGE = scalar("membrane_potential")

# ---- the balance of leaks and pump ----------------------------------------------------------------------------------

# P [m/s] of the bundled cells, and the law of their pump: rate [mol/(m^2 s)] and half saturations [mol/m^3].
LEAKS = {"K": 4e-9, "Na": 2.5e-10, "Cl": 2e-9}
RATE, HALF_SODIUM, HALF_POTASSIUM = 1.2e-7, 3.4, 1.2


class Rest(NamedTuple):
    """A cell at rest: V [V], concentrations inside [mol/m^3], turnover of the pump [mol/(m^2 s)]."""

    voltage: float
    potassium: float
    sodium: float
    chloride: float
    pump: float


def pump_rate(sodium: float, potassium: float) -> float:
    """r_0 (Na / (Na + 3.4))^3 (K / (K + 1.2))^2 [mol/(m^2 s)]."""
    return RATE * (sodium / (sodium + HALF_SODIUM)) ** 3 * (potassium / (potassium + HALF_POTASSIUM)) ** 2


@cache
def balance(follows: str) -> Rest:
    """Leaks by Goldman between Debye layers, and the pump: J_Na = -3 r, J_K = 2 r; chloride follows V or E_K.

    The cell is neutral with its 142 mM of anions.  The leaks are per area of the inner face, from which the outer one of a
    sphere differs by d / R.
    """
    P = {ion: value * (1 + THICKNESS / RADIUS) for ion, value in LEAKS.items()}
    if follows == "potassium":
        P["Cl"] = 0.0

    def inside(v: float, sodium: float) -> dict[str, float]:
        # Passive: Cl = Cl_o e^v.  KCC2 alone: K Cl = K_o Cl_o.
        if follows == "voltage":
            chloride = OUTSIDE["Cl"] * math.exp(v)
        else:
            gap = ANIONS - sodium
            chloride = (-gap + math.sqrt(gap**2 + 4 * OUTSIDE["K"] * OUTSIDE["Cl"])) / 2
        return {"K": chloride + ANIONS - sodium, "Na": sodium, "Cl": chloride, "A": ANIONS}

    def excess(x: Any) -> list[float]:
        cell = inside(x[0], math.exp(x[1]))
        flux = theory.ghk_slab(P, VALENCES, cell, OUTSIDE, x[0] * VT, THICKNESS, LIPID, WATER, BODY).flux
        rate = pump_rate(cell["Na"], OUTSIDE["K"])
        return [flux["Na"] / rate + 3, flux["K"] / rate - 2]

    v, log_sodium = fsolve(excess, [-2.6, math.log(12.0)], xtol=1e-13)
    cell = inside(v, math.exp(log_sodium))
    return Rest(v * VT, cell["K"], cell["Na"], cell["Cl"], pump_rate(cell["Na"], OUTSIDE["K"]))


def mullins_noda(rest: Rest) -> float:
    """(RT/F) ln((3/2 K_o + p Na_o) / (3/2 K_i + p Na_i)), p = P_Na / P_K [V]."""
    p = LEAKS["Na"] / LEAKS["K"]
    return VT * math.log((1.5 * OUTSIDE["K"] + p * OUTSIDE["Na"]) / (1.5 * rest.potassium + p * rest.sodium))


ANIONS_REASON = "the Debye layer takes 1e-5 of the 142 mM of anions"
_BALANCE = "three times the mesh's 1e-6 RT/F, and " + ANIONS_REASON


def cell_row(
    name: str,
    quantity: str,
    case: str,
    read: str,
    expected: Callable[[], float],
    tolerance: float = 0.001 * MILLIVOLT,
    dimension: Dimension = POTENTIAL,
    **keys: Any,
) -> Row:
    settings = {"reason": _BALANCE, "source": "keener1998", **keys}
    return _row(name, quantity, dimension, partial(bundled, case), scalar(read), expected, tolerance, **settings)


def _nernst_of(follows: str, ion: str) -> Callable[[], float]:
    names = {"K": "potassium", "Na": "sodium", "Cl": "chloride"}
    return lambda: nernst(VALENCES[ion], getattr(balance(follows), names[ion]), OUTSIDE[ion], BODY)


def _textbook_inside() -> tuple[dict[str, float], dict[str, float]]:
    return {"K": 140.0, "Na": 10.0, "A": 150.0}, {"K": 5.0, "Na": 145.0, "A": 150.0}


_TEXTBOOK = VT * math.log((1.5 * 5 + 0.05 * 145) / (1.5 * 140 + 0.05 * 10))


def _textbook_cell() -> Case:
    """K 140|5, Na 10|145 mM, P 1:0.05, and a 3:2 pump that returns just the sodium that leaks at that potential."""
    inside, outside = _textbook_inside()
    P = {"K": 1e-9, "Na": 0.05e-9, "A": 0.0}
    slab = theory.ghk_slab(P, VALENCES, inside, outside, _TEXTBOOK, THICKNESS, LIPID, WATER, BODY)
    pump = {"name": "pump", "layer": "membrane", "stoichiometry": {"Na": 3, "K": -2}, "rate": -slab.flux["Na"] / 3}
    membrane = {
        "name": "membrane",
        "thickness": THICKNESS,
        "relative_permittivity": LIPID,
        "permeability": P,
        "diffusivity": {"K": 1e-11, "Na": 1e-11},
    }
    return Case(
        temperature=BODY,
        ions={"K": {}, "Na": {}, "A": {"valence": -1, "diffusivity": 5e-10}},
        layers=[water("inside", 20e-9), membrane, water("outside", 20e-9)],
        left=bath(inside, "floating"),
        right=bath(outside),
        transporters=[pump],
    )


PUMPED = (
    cell_row(
        "rest-potential",
        "cell of 10 um with leaks and a sodium pump",
        "resting_cell",
        "membrane_potential",
        lambda: balance("voltage").voltage,
    ),
    cell_row(
        "rest-mullins-noda",
        "the same by Mullins and Noda with the concentrations of the balance",
        "resting_cell",
        "membrane_potential",
        lambda: mullins_noda(balance("voltage")),
        source="mullins1963",
    ),
    cell_row("rest-potassium", "E_K of it", "resting_cell", "nernst_potential.K", _nernst_of("voltage", "K")),
    cell_row(
        "rest-sodium",
        "E_Na of it",
        "resting_cell",
        "nernst_potential.Na",
        _nernst_of("voltage", "Na"),
        0.01 * MILLIVOLT,
        reason=ANIONS_REASON + ", and the pump takes ten times that from sodium",
    ),
    cell_row(
        "rest-chloride",
        "E_Cl of it: passive chloride is at V",
        "resting_cell",
        "nernst_potential.Cl",
        lambda: balance("voltage").voltage,
    ),
    cell_row(
        "rest-pump",
        "cycles of its pump",
        "resting_cell",
        "transporter_rate.sodium pump",
        lambda: balance("voltage").pump,
        1e-4,
        FLUX,
        relative=True,
        reason="as for E_Na",
        convention="positive outward",
    ),
    cell_row(
        "kcc2-potential",
        "the cell with KCC2 instead of a chloride leak",
        "chloride_kcc2",
        "membrane_potential",
        lambda: balance("potassium").voltage,
    ),
    cell_row(
        "kcc2-chloride",
        "E_Cl of it: that of potassium",
        "chloride_kcc2",
        "nernst_potential.Cl",
        _nernst_of("potassium", "K"),
    ),
    _row(
        "mullins-noda-textbook",
        "K 140|5, Na 10|145 mM, P 1:0.05, pump 3:2 that balances the leak",
        POTENTIAL,
        _textbook_cell,
        VOLTAGE,
        _TEXTBOOK,
        1e-7,
        "the mesh's 1e-6 RT/F, and what hardly any ions in the slab change",
        "mullins1963",
    ),
)

ROWS = PUMPED
