"""Where nothing flows: charged walls and the salt before them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from scipy.special import k0, k1

from electrodiff.model import Case
from electrodiff.units import POTENTIAL, SURFACE_CHARGE
from electrodiff.verify.builders import METAL, SALT, VALENCES, electrode, water
from electrodiff.verify.physics import (
    GAS_CONSTANT,
    ROOM,
    VACUUM,
    WATER,
    debye,
    grahame,
    root,
    thermal,
)
from electrodiff.verify.readings import profile, scalar
from electrodiff.verify.records import Row

_row = partial(Row, "equilibrium")
VOLTAGE = scalar("membrane_potential")
MESH = "three times the accuracy that the mesh is made for, 1e-6"

# ---- charged walls --------------------------------------------------------------------------------------------------

TWO_ONE = {"Ca": 50.0, "Cl": 100.0}


def _wall_potential(charge: float, salt: Mapping[str, float]) -> float:
    return root(lambda psi: grahame(psi, salt, VALENCES) - charge, -0.5, 0.5)


def _gouy_chapman(distance: float, wall: float) -> float:
    """4 atanh(tanh(psi_0 / 4) e^(-x/lambda)) in RT/F [V]."""
    v = thermal(ROOM)
    return 4 * v * math.atanh(math.tanh(wall / (4 * v)) * math.exp(-distance / debye(150.0)))


_STERN = {"thickness": 0.35e-9, "relative_permittivity": 10.0}


def _stern_charge() -> float:
    capacitance = 10.0 * VACUUM / 0.35e-9
    psi = root(lambda psi: grahame(psi, SALT, VALENCES) / capacitance + psi - 0.2, 0.0, 0.2)
    return grahame(psi, SALT, VALENCES)


def _plates() -> Case:
    """20 nm of KCl between metal walls, at a thousandth of RT/F."""
    walls = {"left": {"kind": "wall", "potential": 1e-3 * thermal(ROOM)}, "right": METAL}
    held = {"Na": 100.0, "Cl": 100.0}
    return Case(temperature=ROOM, ions={"Na": {}, "Cl": {}}, layers=[water("water", 20e-9, initial=held)], **walls)


def _plate_charge() -> float:
    """eps V / (2 lambda tanh(L / 2 lambda))."""
    length = debye(100.0)
    return WATER * VACUUM / length * 1e-3 * thermal(ROOM) / 2 / math.tanh(10e-9 / length)


def _round_wall(geometry: str) -> Case:
    keys: dict[str, Any] = {"layers.water.thickness": 30 * debye(150.0)}
    mesh = {"geometry": geometry, "inner_radius": 3e-9}
    return electrode({"potential": 1e-3 * thermal(ROOM)}, mesh=mesh, **keys)


def _round_charge(slope: Callable[[float], float]) -> float:
    """eps V / lambda times the slope of the screened potential at radius / lambda."""
    return WATER * VACUUM * 1e-3 * thermal(ROOM) / debye(150.0) * slope(3e-9 / debye(150.0))


CHARGE = scalar("electrode_charge.left")
_LOW = "the mesh's 1e-6, and a potential of 1e-3 RT/F, whose square is what is not linear"

WALLS = (
    _row(
        "grahame-potential",
        "potential of a wall of -0.1 C/m^2, 150 mM 1:1",
        POTENTIAL,
        partial(electrode, {"surface_charge": -0.1}),
        VOLTAGE,
        lambda: _wall_potential(-0.1, SALT),
        3e-6,
        MESH,
        "grahame1947",
        relative=True,
    ),
    _row(
        "grahame-potential-2:1",
        "potential of a wall of -0.03 C/m^2, 50 mM CaCl2",
        POTENTIAL,
        partial(electrode, {"surface_charge": -0.03}, TWO_ONE),
        VOLTAGE,
        lambda: _wall_potential(-0.03, TWO_ONE),
        3e-6,
        MESH,
        "grahame1947",
        relative=True,
    ),
    _row(
        "grahame-charge",
        "charge of a wall at 150 mV, 150 mM 1:1: sqrt(8 eps R T c) sinh(psi/2)",
        SURFACE_CHARGE,
        partial(electrode, {"potential": 0.15}),
        CHARGE,
        lambda: math.sqrt(8 * WATER * VACUUM * GAS_CONSTANT * ROOM * 150) * math.sinh(0.075 / thermal(ROOM)),
        3e-6,
        MESH,
        "grahame1947",
        relative=True,
    ),
    _row(
        "gouy-chapman-profile",
        "potential one Debye length from a wall at 150 mV",
        POTENTIAL,
        partial(electrode, {"potential": 0.15}),
        profile("potential", debye(150.0)),
        lambda: _gouy_chapman(debye(150.0), 0.15),
        1e-5,
        "read between nodes, by a cubic",
        "gouy1910",
        relative=True,
    ),
    _row(
        "stern-layer",
        "charge of a wall at 200 mV behind 0.35 nm of permittivity 10",
        SURFACE_CHARGE,
        partial(electrode, {"potential": 0.2, "stern": _STERN}),
        CHARGE,
        _stern_charge,
        3e-6,
        MESH,
        "stern1924",
        relative=True,
    ),
    _row(
        "overlapping-layers",
        "charge of a wall 20 nm from another, low voltage",
        SURFACE_CHARGE,
        _plates,
        CHARGE,
        _plate_charge,
        3e-6,
        _LOW,
        "debye1923",
        relative=True,
    ),
    _row(
        "screened-sphere",
        "charge of a sphere of 3 nm, low voltage",
        SURFACE_CHARGE,
        partial(_round_wall, "spherical"),
        CHARGE,
        lambda: _round_charge(lambda a: 1 + 1 / a),
        3e-6,
        _LOW,
        "debye1923",
        relative=True,
    ),
    _row(
        "screened-rod",
        "charge of a rod of 3 nm, low voltage",
        SURFACE_CHARGE,
        partial(_round_wall, "cylindrical"),
        CHARGE,
        lambda: _round_charge(lambda a: float(k1(a) / k0(a))),
        3e-6,
        _LOW,
        "debye1923",
        relative=True,
    ),
)

ROWS = WALLS
