"""Where nothing flows: capacitors, and how fast charge dies out in water."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from electrodiff.model import Case
from electrodiff.units import CAPACITANCE, NUMBER, POTENTIAL, SURFACE_CHARGE
from electrodiff.verify.builders import METAL, bundled, water
from electrodiff.verify.groups.equilibrium import axon
from electrodiff.verify.groups.equilibrium_walls import CHARGE, MESH
from electrodiff.verify.physics import (
    BODY,
    FARADAY,
    GAS_CONSTANT,
    LIPID,
    MICROFARAD_PER_CM2,
    ROOM,
    VACUUM,
    WATER,
    debye,
    root,
    thermal,
)
from electrodiff.verify.readings import scalar
from electrodiff.verify.records import Reading, Row

_row = partial(Row, "equilibrium")

# ---- capacitors -----------------------------------------------------------------------------------------------------


def _slab_charge(voltage: float, temperature: float) -> float:
    """Charge of an ion-free slab of 5 nm between two Debye layers of 150 mM [C/m^2].

    V = sigma d / eps + 2 (2 R T / F) asinh(sigma / sqrt(8 eps_w R T c)).
    """
    unit = math.sqrt(8 * WATER * VACUUM * GAS_CONSTANT * temperature * 150)
    per_charge = 5e-9 / (LIPID * VACUUM)
    layers = 4 * thermal(temperature)
    return root(lambda s: s * per_charge + layers * math.asinh(s / unit) - voltage, -1e-3, 1e-3)


_NOTHING = {"Na": 0, "Cl": 0}
_PLATES = {"left": {"kind": "wall", "potential": -0.065}, "right": METAL}


def _dry(*names: str) -> Case:
    """5 nm of each of these media, without ions, between two metal plates."""
    permittivities = {"water": WATER, "lipid": LIPID}
    layers = [
        {"name": name, "thickness": 5e-9, "relative_permittivity": permittivities[name], "partition": _NOTHING}
        for name in names
    ]
    return Case(temperature=ROOM, ions={"Na": {}, "Cl": {}}, layers=layers, **_PLATES)


def _concentric() -> Case:
    layers = [water("gap", 4e-9, partition=_NOTHING)]
    walls = {"left": {"kind": "wall", "potential": 0.1}, "right": METAL}
    mesh = {"geometry": "spherical", "inner_radius": 1e-9}
    return Case(temperature=ROOM, ions={"Na": {}, "Cl": {}}, layers=layers, mesh=mesh, **walls)


def _axon_slab() -> Case:
    """The axon's slab without any ion in it, at -65 mV."""
    return axon("", -0.065)


_LINEAR = "the potential is linear in x, which the scheme reproduces to rounding"

CAPACITORS = (
    _row(
        "capacitor-face",
        "field of the slab over that of the water, at the face",
        NUMBER,
        partial(bundled, "capacitor"),
        scalar("field_ratio.inside|membrane"),
        WATER / LIPID,
        1e-8,
        "eps E is continuous; rounding of a potential difference over the first cell",
        "gauss",
        relative=True,
    ),
    _row(
        "capacitor-with-layers",
        "capacitance of 5 nm of permittivity 2 between Debye layers of 150 mM, -70 mV",
        CAPACITANCE,
        partial(bundled, "capacitor"),
        scalar("capacitance"),
        lambda: _slab_charge(-0.07, BODY) / -0.07,
        3e-6,
        MESH,
        "gouy1910",
        relative=True,
        convention="no sign",
    ),
    _row(
        "capacitor-dry",
        "capacitance of 5 nm of permittivity 2 without ions, between plates",
        CAPACITANCE,
        partial(_dry, "lipid"),
        scalar("capacitance"),
        LIPID * VACUUM / 5e-9,
        1e-10,
        _LINEAR,
        "gauss",
        relative=True,
        convention="no sign",
    ),
    _row(
        "capacitor-series",
        "share of -65 mV that 5 nm of lipid takes beside 5 nm of water",
        POTENTIAL,
        partial(_dry, "water", "lipid"),
        scalar("layer_drop.lipid"),
        -0.065 * 40 / 41,
        1e-10,
        _LINEAR,
        "gauss",
        relative=True,
    ),
    _row(
        "capacitor-sphere",
        "charge of a metal ball of 1 nm in another of 5 nm, 0.1 V",
        SURFACE_CHARGE,
        _concentric,
        CHARGE,
        lambda: WATER * VACUUM * 0.1 / (1 / 1e-9 - 1 / 5e-9) / 1e-18,
        1e-9,
        "faces carry the exact integral of dr/r^2; rounding remains",
        "gauss",
        relative=True,
    ),
    _row(
        "pods-capacitance",
        "capacitance of the axon's slab with its Debye layers",
        CAPACITANCE,
        _axon_slab,
        scalar("capacitance"),
        0.3542 * MICROFARAD_PER_CM2,
        0.02,
        "the Debye layers, in series with the slab, take (eps_m/eps_w) 2 lambda/d = 1 %",
        "pods2013",
        relative=True,
        convention="no sign",
    ),
)

# ---- electroneutrality ----------------------------------------------------------------------------------------------


def _imbalance(lengths: float) -> Callable[[Any], Reading]:
    """abs(rho) / (F sum c) at so many Debye lengths inside the left face of the slab."""

    def read(solution: Any) -> Reading:
        entries = solution.layer_entries[0]
        x, density = solution.x[entries], np.abs(solution.charge_density[entries])
        ions = FARADAY * solution.concentration[:, entries].sum(axis=0)
        # Charge falls exponentially; far from the slab it is none, and zero is 1e-300.
        share = np.log(np.maximum(density / ions, 1e-300))
        place = x[-1] - lengths * _LENGTH
        value = float(np.exp(np.interp(place, x, share)))
        relative = np.interp(place, x, solution.profile_error["charge_density"][entries] / np.maximum(density, 1e-300))
        return Reading(value, value * float(relative))

    return read


_LENGTH = debye(150.0, BODY)
_WIDTH = 40 * _LENGTH


def _slab_in_wide_baths() -> Case:
    """The bundled capacitor at -65 mV, in baths of 40 Debye lengths."""
    widths = {f"layers.{side}.thickness": _WIDTH for side in ("inside", "outside")}
    return bundled("capacitor", {"left.potential": -0.065, "mesh.nodes": 2001, **widths})


def _expected_imbalance(lengths: float) -> float:
    """tanh of the potential there: 4 atanh(tanh(psi_0/4) e^-n), psi_0 from the charge of the slab."""
    unit = math.sqrt(8 * WATER * VACUUM * GAS_CONSTANT * BODY * 150)
    psi = 2 * math.asinh(abs(_slab_charge(-0.065, BODY)) / unit)
    return math.tanh(4 * math.atanh(math.tanh(psi / 4) * math.exp(-lengths)))


BULK = tuple(
    _row(
        f"electroneutral-{lengths}",
        f"charge over ions, {lengths} Debye lengths from a slab at -65 mV",
        NUMBER,
        _slab_in_wide_baths,
        _imbalance(lengths),
        partial(_expected_imbalance, lengths),
        tolerance,
        reason,
        "gouy1910",
        relative=True,
        convention="no sign",
    )
    for lengths, tolerance, reason in (
        (10, 1e-6, "second order on 1000 cells for each bath, extrapolated once"),
        (20, 1e-3, "2e-11 of the ions: the rounding of the concentrations, 1e-16, is 1e-5 of that and more"),
    )
)

ROWS = (*CAPACITORS, *BULK)
