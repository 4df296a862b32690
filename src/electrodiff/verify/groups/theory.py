"""The closed forms themselves, against publications and against quadrature with scipy; the solver takes no part."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache, partial
from typing import Any

from scipy.integrate import quad

from electrodiff import theory
from electrodiff.theory.pump_leak import LinearLeak, PumpLeakBath, PumpLeakCell, PumpLeakState, SodiumPump
from electrodiff.units import (
    CAPACITANCE,
    CONCENTRATION,
    ENERGY,
    FLUX,
    LENGTH,
    NUMBER,
    POTENTIAL,
    SURFACE_CHARGE,
    Dimension,
)
from electrodiff.verify.builders import FREE, SALT, VALENCES
from electrodiff.verify.groups.junction import MARINO, NG_BARRY, NG_BARRY_TEMPERATURE, salt
from electrodiff.verify.physics import (
    BODY,
    FARADAY,
    LIPID,
    MILLIVOLT,
    ROOM,
    VACUUM,
    WATER,
    debye,
    grahame,
    root,
    thermal,
)
from electrodiff.verify.quadrature import constant_field_flux, crowded_wall, electroneutral_junction, linear_mixture
from electrodiff.verify.readings import closed
from electrodiff.verify.records import Row

_row = partial(Row, "theory")
AMOUNT = Dimension("amount per area", "mol/m^2", "1e-6 mol/m^2")
_DIGIT = "half of the last digit printed"
_QUADRATURE = "the tolerance of the quadrature"


def _theory_row(
    name: str,
    quantity: str,
    dimension: Dimension,
    value: Callable[[], Any],
    expected: float | Callable[[], float],
    tolerance: float,
    reason: str,
    source: str,
    **keys: Any,
) -> Row:
    return _row(name, quantity, dimension, None, closed(value), expected, tolerance, reason, source, **keys)


# ---- pump and leak --------------------------------------------------------------------------------------------------


@cache
def _pump_leak() -> PumpLeakState:
    """37 degC, g_Na 0.1, g_K 3, g_Cl 0.2 S/m^2, pump 0.005 A/m^2; outside Na 147, K 3, Cl 140, impermeant anions 10 mM."""
    outside = PumpLeakBath(sodium=147.0, potassium=3.0, chloride=140.0, temperature=310.15, impermeant=10.0)
    leak = LinearLeak(sodium=0.1, potassium=3.0, chloride=0.2)
    cell = PumpLeakCell(leak, SodiumPump(0.005), impermeant=1e-4, water_permeability=1e-5)
    return theory.pump_leak_steady_linear(cell, outside)


def _pump_leak_root() -> float:
    """V with Na + K = 150 mM, half of the osmolarity: Na = Na_o e^-(V + 3 p/g_Na), K = K_o e^-(V - 2 p/g_K), in RT/F."""
    v = thermal(310.15)

    def excess(voltage: float) -> float:
        return 147 * math.exp(-(voltage + 0.15) / v) + 3 * math.exp(-(voltage - 0.01 / 3) / v) - 150

    return root(excess, -0.3, 0.1)


def _inside(name: str) -> Any:
    return getattr(_pump_leak(), name)


_PUMP_LEAK = (
    ("voltage", POTENTIAL, -97.302 * MILLIVOLT, 0.0005 * MILLIVOLT),
    ("sodium", CONCENTRATION, 20.464, 0.0005),
    ("potassium", CONCENTRATION, 129.536, 0.0005),
    ("chloride", CONCENTRATION, 3.673, 0.0005),
)

CELLS = (
    *(
        _theory_row(
            f"pump-leak-{name}",
            f"pump-leak steady state: {name} inside",
            dimension,
            partial(_inside, name),
            value,
            tolerance,
            _DIGIT,
            "specification",
        )
        for name, dimension, value, tolerance in _PUMP_LEAK
    ),
    _theory_row(
        "pump-leak-root",
        "the same voltage from neutrality and osmolarity by a root",
        POTENTIAL,
        partial(_inside, "voltage"),
        _pump_leak_root,
        1e-12,
        "rounding",
        "kay2017",
    ),
    _theory_row(
        "pump-ceiling",
        "the most that a 3:2 pump adds at 310 K",
        POTENTIAL,
        lambda: theory.ghk_pump_ceiling(1.5, BODY),
        10.83 * MILLIVOLT,
        0.005 * MILLIVOLT,
        _DIGIT,
        "thomas1972",
    ),
    _theory_row(
        "mullins-noda-formula",
        "K 140|5, Na 10|145 mM, P 1:0.05, pump 3:2, 310 K",
        POTENTIAL,
        lambda: theory.ghk_voltage_pumped(
            {"K": 1.0, "Na": 0.05}, {"K": 1, "Na": 1}, {"K": 140.0, "Na": 10.0}, {"K": 5.0, "Na": 145.0}, BODY
        ),
        thermal(BODY) * math.log((1.5 * 5 + 0.05 * 145) / (1.5 * 140 + 0.05 * 10)),
        1e-12,
        "rounding",
        "mullins1963",
    ),
)

# ---- diffusion ------------------------------------------------------------------------------------------------------


def _henderson(left: dict[str, float], right: dict[str, float]) -> float:
    """phi(right) - phi(left) with the mobilities of Ng and Barry."""
    return -float(
        theory.henderson_potential(
            {ion: VALENCES[ion] for ion in NG_BARRY}, NG_BARRY, left, right, NG_BARRY_TEMPERATURE
        )
    )


_FLUX = (2e-7, 1, 140.0, 4.0, -0.065, BODY)

DIFFUSION = (
    *(
        _theory_row(
            f"henderson-{name}",
            f"Henderson of Ng and Barry, {name}, right - left",
            POTENTIAL,
            partial(_henderson, left, right),
            value * MILLIVOLT,
            0.05 * MILLIVOLT,
            _DIGIT,
            "ng1995",
        )
        for name, left, right, value in (
            ("NaCl-MgCl2", salt("Na", 100.0), salt("Mg", 100.0), 10.0),
            ("CaMgCl2-LiCl", {"Ca": 50.0, "Mg": 50.0, "Cl": 200.0}, salt("Li", 100.0), -8.2),
        )
    ),
    _theory_row(
        "henderson-quadrature",
        "Henderson of NaCl 100 | MgCl2 100 mM, right - left",
        POTENTIAL,
        partial(_henderson, salt("Na", 100.0), salt("Mg", 100.0)),
        lambda: -linear_mixture(VALENCES, NG_BARRY, salt("Na", 100.0), salt("Mg", 100.0), NG_BARRY_TEMPERATURE),
        1e-12,
        _QUADRATURE,
        "henderson1907",
        convention="phi(right) - phi(left)",
    ),
    _theory_row(
        "planck-collocation",
        "Planck of ZnCl2 9 | ZnCl2 0.0284 + KCl 3 mM, left - right",
        POTENTIAL,
        lambda: theory.planck_potential({ion: VALENCES[ion] for ion in ("Zn", "K", "Cl")}, FREE, *MARINO, ROOM),
        lambda: electroneutral_junction(VALENCES, FREE, *MARINO, ROOM),
        1e-9,
        "the tolerance of the collocation",
        "schloegl1954",
    ),
    _theory_row(
        "ghk-flux-quadrature",
        "Goldman's flux of K at -65 mV, 140|4 mM",
        FLUX,
        lambda: theory.ghk_flux(*_FLUX),
        lambda: constant_field_flux(*_FLUX),
        1e-11,
        _QUADRATURE,
        "goldman1943",
        relative=True,
    ),
    _theory_row(
        "davies-sodium-chloride",
        "activity coefficient of 0.1 M NaCl at 25 degC by Davies",
        NUMBER,
        lambda: theory.davies_coefficient(1, 100.0, 78.4, ROOM),
        0.778,
        0.01,
        "Davies is one equation for all salts: good to 1 % here",
        "robinson1959",
    ),
)

# ---- walls ----------------------------------------------------------------------------------------------------------

_CALCIUM = {"Ca": 50.0, "Cl": 100.0}


def _excess(ion: str, psi: float) -> float:
    """Surface excess of an ion beside a wall at psi RT/F in a 1:1 salt of 150 mM [mol/m^2].

    integral of (c - c_bulk) dx = c lambda integral from 0 to psi of (e^(-z y) - 1) / (2 sinh(y/2)) dy.
    """
    z = VALENCES[ion]
    # (e^(-z y) - 1) / (2 sinh(y/2)) = -z e^(-z y/2)
    integral, _ = quad(lambda y: -z * math.exp(-z * y / 2), 0.0, psi, epsrel=1e-13)
    return float(150.0 * debye(150.0) * integral)


def _grahame_slope() -> float:
    """d sigma / d psi of CaCl2 at 50 mV, by central differences of Grahame's charge [F/m^2]."""
    step = 1e-5
    above, below = (grahame(0.05 + sign * step, _CALCIUM, VALENCES) for sign in (1, -1))
    return (above - below) / (2 * step)


def _born_energy() -> float:
    """Energy of the field outside an ion of 0.2 nm, in lipid less in water, by quadrature [J/mol].

    (q^2 / 8 pi eps) integral from r to infinity of dR / R^2, for one mole; R = r t.
    """
    radius, charge = 0.2e-9, FARADAY / 6.02214076e23
    integral = quad(lambda t: 1.0 / t**2, 1.0, math.inf, epsrel=1e-13)[0] / radius
    return float(6.02214076e23 * charge**2 / (8 * math.pi * VACUUM) * (1 / LIPID - 1 / WATER) * integral)


def _mixed_donnan() -> float:
    """50 + 2 Ca e^(-2y) + K e^-y - Cl e^y = 0, in RT/F."""
    return thermal(BODY) * root(lambda y: 50 + 10 * math.exp(-2 * y) + 20 * math.exp(-y) - 30 * math.exp(y), -5.0, 5.0)


_SIZES = {"Na": 0.66e-9, "Cl": 0.66e-9}

LAYERS = (
    _theory_row(
        "debye-length",
        "Debye length of 150 mM at 310 K",
        LENGTH,
        lambda: theory.debye_length(150.0, WATER, BODY),
        lambda: debye(150.0, BODY),
        1e-12,
        "rounding",
        "debye1923",
        relative=True,
        convention="no sign",
    ),
    _theory_row(
        "grahame-mixture",
        "charge of a wall at 50 mV, 50 mM CaCl2",
        SURFACE_CHARGE,
        lambda: theory.grahame_charge(0.05, {"Ca": 2, "Cl": -1}, _CALCIUM, WATER, ROOM),
        lambda: grahame(0.05, _CALCIUM, VALENCES),
        1e-12,
        "rounding",
        "grahame1947",
        relative=True,
    ),
    _theory_row(
        "diffuse-capacitance",
        "capacitance of the diffuse layer at 50 mV, 50 mM CaCl2",
        CAPACITANCE,
        lambda: theory.diffuse_layer_capacitance_mixture(0.05, {"Ca": 2, "Cl": -1}, _CALCIUM, WATER, ROOM),
        _grahame_slope,
        1e-6,
        "(step / RT/F)^2 of the differences",
        "grahame1947",
        relative=True,
        convention="no sign",
    ),
    _theory_row(
        "surface-excess",
        "sodium that a wall at -100 mV gathers, 150 mM",
        AMOUNT,
        lambda: theory.surface_excess_symmetric(-0.1, 150.0, WATER, ROOM).cation,
        lambda: _excess("Na", -0.1 / thermal(ROOM)),
        1e-11,
        _QUADRATURE,
        "bazant2004",
        relative=True,
        convention="more than in the bulk is positive",
    ),
    _theory_row(
        "bikerman-quadrature",
        "charge of a wall at 300 mV, ions of 0.66 nm, 150 mM",
        SURFACE_CHARGE,
        lambda: theory.bikerman_charge(0.3, 150.0, 0.66e-9, WATER, ROOM),
        lambda: crowded_wall(0.3, SALT, VALENCES, _SIZES, WATER, ROOM),
        1e-8,
        _QUADRATURE,
        "bikerman1942",
        relative=True,
    ),
    _theory_row(
        "donnan-mixture-formula",
        "Donnan in +50 mM with Ca 5, K 20, Cl 30 mM",
        POTENTIAL,
        lambda: theory.donnan_potential(50.0, {"Ca": 2, "K": 1, "Cl": -1}, {"Ca": 5.0, "K": 20.0, "Cl": 30.0}, BODY),
        _mixed_donnan,
        1e-12,
        "rounding",
        "donnan1911",
        convention="film - bath",
    ),
    _theory_row(
        "born-quadrature",
        "energy of an ion of 0.2 nm from water into lipid",
        ENERGY,
        lambda: theory.born_energy(1, 0.2e-9, LIPID, WATER),
        _born_energy,
        1e-9,
        _QUADRATURE,
        "born1920",
        relative=True,
    ),
)

ROWS = (*CELLS, *DIFFUSION, *LAYERS)
