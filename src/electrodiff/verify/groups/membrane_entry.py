"""What lets ions into a membrane, and what has another shape: barriers, gates, channels and shells."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from scipy import constants

from electrodiff import theory
from electrodiff.model import Case
from electrodiff.units import CURRENT, FLUX, NUMBER
from electrodiff.verify.builders import bath, membrane, water
from electrodiff.verify.groups.membrane import ghk_slab, poor_slab
from electrodiff.verify.physics import (
    BODY,
    FARADAY,
    LIPID,
    ROOM,
    WATER,
    thermal,
    water_permittivity,
)
from electrodiff.verify.readings import scalar
from electrodiff.verify.records import Row

_row = partial(Row, "membrane")

# ---- what lets ions in ----------------------------------------------------------------------------------------------


def _barrier(layer: Mapping[str, Any], ion: str = "K") -> Case:
    """A slab that one ion enters over a barrier, between KCl and KCl, at -50 mV."""
    nothing = {"partition": {"K": 0.0, "Cl": 0.0}, "diffusivity": {}}
    base = membrane({"K": 140.0, "Cl": 140.0}, {"K": 10.0, "Cl": 10.0}, {"K": 0.0, "Cl": 0.0}, BODY, -0.05)
    rest = {other: 0.0 for other in ("K", "Cl") if other != ion}
    keys = {**nothing, "diffusivity": {ion: 1e-11}, "partition": rest, **layer}
    return base.changed({f"layers.membrane.{key}": value for key, value in keys.items()})


def _barrier_flux(energy: float) -> float:
    """Flux of K over a barrier W/RT into Goldman's slab between its Debye layers."""
    P = math.exp(-energy) * 1e-11 / 5e-9
    salts = {"K": 140.0, "Cl": 140.0}, {"K": 10.0, "Cl": 10.0}
    return theory.ghk_slab({"K": P}, {"K": 1, "Cl": -1}, *salts, -0.05, 5e-9, LIPID, WATER, BODY).flux["K"]


def _born() -> float:
    """W/kT of an ion of 0.2 nm from water into lipid: e^2 / (8 pi eps_0 r k T) (1/2 - 1/eps_w)."""
    energy = float(constants.e**2 / (8 * math.pi * constants.epsilon_0 * 0.2e-9 * constants.k * BODY))
    return energy * (1 / LIPID - 1 / water_permittivity(BODY))


GATE = {"half_potential": -0.05, "slope": 0.01}


def _gated() -> Case:
    return poor_slab(-0.065).changed({"layers.membrane.gating": {"K": GATE}})


def _open() -> float:
    return 1 / (1 + math.exp(-(ghk_slab(-0.065).slab_voltage + 0.05) / 0.01))


ENTRY = (
    _row(
        "barrier",
        "flux of K over a barrier of 43 kJ/mol at -50 mV",
        FLUX,
        partial(_barrier, {"barrier": {"K": 43e3}}),
        scalar("flux.K"),
        lambda: _barrier_flux(43e3 / (constants.R * BODY)),
        3e-6,
        "the mesh, and 6e-8 of a bath's ions in the slab",
        "goldman1943",
        relative=True,
        convention="positive to the right",
    ),
    _row(
        "born-barrier",
        "flux of K of radius 0.2 nm into lipid, e^-65",
        FLUX,
        partial(_barrier, {"born_radius": {"K": 0.2e-9}}),
        scalar("flux.K"),
        lambda: _barrier_flux(_born()),
        3e-6,
        "the mesh",
        "born1920",
        relative=True,
        convention="positive to the right",
    ),
    _row(
        "gate",
        "open fraction of a gate at -65 mV, half of it open at -50 mV over the slab",
        NUMBER,
        _gated,
        scalar("open_fraction.membrane.K"),
        _open,
        1e-5,
        "the error of the voltage over the slab, 1e-6 RT/F, over its slope of 10 mV",
        "hodgkin1952",
        relative=True,
    ),
)

# ---- shapes ---------------------------------------------------------------------------------------------------------

_SALT = {"K": 100.0, "Cl": 100.0}
_MOVING = {"K": {"diffusivity": 1.957e-9}, "Cl": {"diffusivity": 2.032e-9}}
_CONDUCTIVITY = FARADAY * 100.0 * (1.957e-9 + 2.032e-9) / thermal(ROOM)


def _channel(mesh: dict[str, Any]) -> Case:
    """10 nm of salt water of a given cross section at 0.1 V."""
    return Case(
        temperature=ROOM,
        ions=_MOVING,
        layers=[water("pore", 10e-9)],
        left=bath(_SALT, 0.1),
        right=bath(_SALT),
        mesh=mesh,
    )


def _sugar(geometry: str) -> Case:
    return Case(
        temperature=ROOM,
        ions={"sugar": {"valence": 0, "diffusivity": 1e-9}},
        layers=[water("shell", 5e-9)],
        left=bath({"sugar": 10.0}),
        right=bath({"sugar": 1.0}),
        mesh={"geometry": geometry, "inner_radius": 2e-9},
    )


_EVEN = "the salt is even and the field that of Laplace, which the scheme reproduces to rounding"


_OHM = CURRENT, scalar("current"), "ohm1827"
_FICK = FLUX, scalar("flux.sugar"), "fick1855"


def _shape_row(law: tuple[Any, ...], name: str, quantity: str, case: Callable[[], Case], expected: float) -> Row:
    dimension, read, source = law
    return _row(name, quantity, dimension, case, read, expected, 1e-8, _EVEN, source, relative=True)


SHAPES = (
    _shape_row(
        _OHM,
        "channel-cylinder",
        "current through 10 nm of 0.79 nm^2, 0.1 M KCl, 0.1 V",
        partial(_channel, {"area": {"x": [0.0, 10e-9], "value": [0.79e-18, 0.79e-18]}}),
        _CONDUCTIVITY * 0.79e-18 * 0.1 / 10e-9,
    ),
    _shape_row(
        _OHM,
        "channel-cone",
        "current through a cone of radius 0.5 to 3 nm: kappa pi r_0 r_1 / L",
        partial(_channel, {"radius": {"x": [0.0, 10e-9], "value": [0.5e-9, 3e-9]}}),
        _CONDUCTIVITY * math.pi * 0.5e-9 * 3e-9 / 10e-9 * 0.1,
    ),
    _shape_row(
        _FICK,
        "shell-sphere",
        "flux of sugar through a shell of 2 to 7 nm",
        partial(_sugar, "spherical"),
        1e-9 * 9.0 / ((1 / 2e-9 - 1 / 7e-9) * 4e-18),
    ),
    _shape_row(
        _FICK,
        "shell-tube",
        "flux of sugar through a tube of 2 to 7 nm",
        partial(_sugar, "cylindrical"),
        1e-9 * 9.0 / (math.log(3.5) * 2e-9),
    ),
)

ROWS = (*ENTRY, *SHAPES)
