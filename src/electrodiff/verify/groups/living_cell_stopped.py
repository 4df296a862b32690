"""What the current of a pump adds, and what is left of a cell when its pump stops."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import numpy as np
from scipy.integrate import solve_ivp

from electrodiff.model import Case
from electrodiff.units import CONCENTRATION, POTENTIAL
from electrodiff.verify.builders import bundled
from electrodiff.verify.groups.living_cell import (
    ANIONS,
    ANIONS_REASON,
    OUTSIDE,
    RADIUS,
    THICKNESS,
    VALENCES,
    VT,
    cell_row,
)
from electrodiff.verify.physics import (
    BODY,
    FARADAY,
    MILLIVOLT,
    goldman_flux,
)
from electrodiff.verify.quadrature import resting
from electrodiff.verify.readings import series
from electrodiff.verify.records import Reading, Row

_row = partial(Row, "living-cell")

# ---- a pump current across a conductance ----------------------------------------------------------------------------

_INSIDE = {"K": 140.0, "Na": 12.0, "Cl": 10.0}
# Slope conductances at -70 mV [S/m^2], and the current of the pump [A/m^2].
_CONDUCTANCES = {"K": 0.3e12 * 20e-12 * 0.3, "Na": 0.5, "Cl": 2.7}
_PUMP_CURRENT = FARADAY * 1.65829e-8


def _unit_slope(ion: str, voltage: float) -> float:
    """dI/dV of an ion of permeability 1 m/s [S/m^2], by central differences."""
    step = 1e-5
    law = (1.0, VALENCES[ion], _INSIDE[ion], OUTSIDE[ion])
    above, below = (goldman_flux(*law, voltage + sign * step, BODY) for sign in (1, -1))
    return FARADAY * VALENCES[ion] * (above - below) / (2 * step)


def _with_pump_current() -> float:
    """V at which Goldman's currents of these conductances and the pump's add up to nothing."""
    laws = {
        ion: (G / _unit_slope(ion, -0.07), VALENCES[ion], _INSIDE[ion], OUTSIDE[ion])
        for ion, G in _CONDUCTANCES.items()
    }
    return resting(laws, BODY, _PUMP_CURRENT)


CURRENT = (
    cell_row(
        "pump-current",
        "0.16 uA/cm^2 of pump across 0.5 mS/cm^2 of leaks",
        "electrogenic_pump",
        "membrane_potential",
        _with_pump_current,
        0.003 * MILLIVOLT,
        reason="the Debye layers take 1 % of the voltage, alike of all ions",
        source="goldman1943",
    ),
)

# ---- without a pump -------------------------------------------------------------------------------------------------

_DONNAN = -VT * math.asinh(ANIONS / (2 * 149))


def _from_the_start() -> Case:
    return bundled("cell_from_picoseconds_to_days")


def _at(time: float, name: str = "membrane_potential") -> Callable[[Any], Reading]:
    """A series at the output nearest to a time."""
    return lambda result: series(name, int(np.argmin(np.abs(result.time - time))))(result)


_RUN_DOWN = {"K": (2e-10, 1), "Na": (8e-12, 1), "Cl": (9e-11, -1)}


@cache
def run_down() -> tuple[float, dict[str, float]]:
    """V and concentrations after 1e6 s: Goldman's fluxes between two stirred sides, without net current at any time."""
    ions, area = tuple(_RUN_DOWN), 3 / RADIUS * (1 + THICKNESS / RADIUS)

    def laws(c: Any) -> dict[str, tuple[float, int, float, float]]:
        return {ion: (*_RUN_DOWN[ion], float(x), OUTSIDE[ion]) for ion, x in zip(ions, c, strict=True)}

    def rates(_: float, c: Any) -> list[float]:
        now = laws(c)
        voltage = resting(now, BODY)
        return [-area * goldman_flux(*law, voltage, BODY) for law in now.values()]

    found = solve_ivp(rates, (0.0, 1e6), list(_INSIDE.values()), method="LSODA", rtol=1e-8, atol=1e-6)
    last = found.y[:, -1]
    return resting(laws(last), BODY), dict(zip(ions, last.tolist(), strict=True))


def _last_sodium(result: Any) -> Reading:
    return Reading(float(result.concentration[-1, result.case.ion_names.index("Na"), 0]))


STOPPED = (
    cell_row(
        "no-pump-potential",
        "the cell without a pump: Donnan, 142 mM of anions in 149 mM",
        "cell_without_pump",
        "membrane_potential",
        lambda: _DONNAN,
        1e-4 * MILLIVOLT,
        source="donnan1911",
        reason=ANIONS_REASON,
    ),
    cell_row(
        "no-pump-sodium",
        "E_Na of it",
        "cell_without_pump",
        "nernst_potential.Na",
        lambda: _DONNAN,
        1e-4 * MILLIVOLT,
        source="donnan1911",
        reason=ANIONS_REASON,
    ),
    _row(
        "pump-block",
        "the cell 11.6 days after its pump is blocked",
        POTENTIAL,
        partial(bundled, "pump_block"),
        _at(1e6),
        _DONNAN,
        1e-4 * MILLIVOLT,
        ANIONS_REASON,
        "donnan1911",
        slow=True,
    ),
    _row(
        "cell-charged",
        "a cell that starts neutral, after 1 s: GHK",
        POTENTIAL,
        _from_the_start,
        _at(1.0),
        lambda: VT * math.log((4 + 0.04 * 145 + 0.45 * 10) / (140 + 0.04 * 12 + 0.45 * 149)),
        0.02 * MILLIVOLT,
        "e^-10 of its charging is left, and a little has leaked",
        "hodgkin1949",
        slow=True,
    ),
    _row(
        "cell-run-down",
        "the same after 11.6 days",
        POTENTIAL,
        _from_the_start,
        _at(1e6),
        lambda: run_down()[0],
        0.01 * MILLIVOLT,
        "the Debye layers take 1 % of a voltage that falls by 1 mV/day",
        "goldman1943",
        slow=True,
    ),
    _row(
        "cell-run-down-sodium",
        "sodium at its centre then",
        CONCENTRATION,
        _from_the_start,
        _last_sodium,
        lambda: run_down()[1]["Na"],
        1e-3,
        "as for its potential",
        "goldman1943",
        relative=True,
        convention="no sign",
        slow=True,
    ),
)

ROWS = (*CURRENT, *STOPPED)
