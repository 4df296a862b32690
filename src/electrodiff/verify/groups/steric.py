"""Ions of finite size: Bikerman's charge, the peaks of the capacitance, the packing limit, crowded equilibria."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from typing import Any

from scipy import constants
from scipy.optimize import minimize_scalar

from electrodiff.model import Case
from electrodiff.units import CAPACITANCE, CONCENTRATION, FLUX, POTENTIAL, SURFACE_CHARGE
from electrodiff.verify.builders import SALT, VALENCES, bath, bundled, electrode, film, water
from electrodiff.verify.physics import BODY, ROOM, VACUUM, WATER, debye, nernst, root, thermal
from electrodiff.verify.quadrature import crowded_wall
from electrodiff.verify.readings import face, middle, scalar, small_capacitance
from electrodiff.verify.records import Row

_row = partial(Row, "steric")
VT = thermal(ROOM)
DIAMETER = 0.66e-9
EQUAL = {"Na": DIAMETER, "Cl": DIAMETER}
PACKING: float = 2 * constants.N_A * DIAMETER**3 * 150.0
"""nu of Kilic, Bazant and Ajdari: the part of the bath that is full."""
_MESH = "three times the accuracy that the mesh is made for, 1e-6"


def bikerman_charge(v: float) -> float:
    """sigma = (2 c F lambda) sgn(v) sqrt((2/nu) ln(1 + 2 nu sinh^2(v/2))), v in RT/F [C/m^2]."""
    unit = WATER * VACUUM * VT / debye(150.0)
    return math.copysign(unit * math.sqrt(2 / PACKING * math.log1p(2 * PACKING * math.sinh(v / 2) ** 2)), v)


def bikerman_capacitance(v: float) -> float:
    """d sigma / dV: (eps/lambda) |sinh v| / ((1 + 2 nu sinh^2(v/2)) sqrt((2/nu) ln(1 + 2 nu sinh^2(v/2)))) [F/m^2]."""
    unit = WATER * VACUUM / debye(150.0)
    if v == 0:
        return unit
    full = 2 * PACKING * math.sinh(v / 2) ** 2
    return unit * abs(math.sinh(v)) / ((1 + full) * math.sqrt(2 / PACKING * math.log1p(full)))


def _peak() -> float:
    """The potential at which the capacitance is largest [RT/F]."""
    found = minimize_scalar(
        lambda v: -bikerman_capacitance(v), bounds=(1, 10), method="bounded", options={"xatol": 1e-9}
    )
    return float(found.x)


def _sized(v: float) -> Case:
    return electrode({"potential": v * VT}, SALT, EQUAL)


def _small(v: float) -> Case:
    """The electrode under a small voltage of 1 mHz."""
    return _sized(v).changed({"study": {"kind": "impedance", "frequencies": [1e-3]}})


def _wall_row(name: str, v: float) -> Row:
    return _row(
        name,
        f"charge of a wall at {v:+g} RT/F, ions of 0.66 nm, 150 mM",
        SURFACE_CHARGE,
        partial(_sized, v),
        scalar("electrode_charge.left"),
        lambda: bikerman_charge(v),
        3e-6,
        _MESH,
        "kilic2007",
        relative=True,
    )


def _capacitance_row(name: str, quantity: str, v: float) -> Row:
    return _row(
        name,
        f"capacitance {quantity}, ions of 0.66 nm, 150 mM",
        CAPACITANCE,
        partial(_small, v),
        small_capacitance(),
        lambda: bikerman_capacitance(v),
        3e-6,
        _MESH,
        "kilic2007",
        relative=True,
        convention="no sign",
    )


_PEAK = _peak()

CAPACITY = (
    _wall_row("bikerman-charge-3", 3.0),
    _wall_row("bikerman-charge-12", -12.0),
    _wall_row("bikerman-charge-20", 20.0),
    _capacitance_row("kilic-zero", "at no potential", 0.0),
    _capacitance_row("kilic-before-peak", "half a unit before its peak", _PEAK - 0.5),
    _capacitance_row("kilic-peak", f"at its peak, {_PEAK:.3f} RT/F", _PEAK),
    _capacitance_row("kilic-other-peak", f"at its other peak, {-_PEAK:.3f} RT/F", -_PEAK),
    _capacitance_row("kilic-after-peak", "half a unit beyond its peak", _PEAK + 0.5),
    _capacitance_row("kilic-crowded", "at 15 RT/F, where ions are packed", 15.0),
)

# ---- unequal sizes --------------------------------------------------------------------------------------------------

_TWO_ONE = {"Ca": 50.0, "Cl": 100.0}
_UNEQUAL: tuple[tuple[str, Mapping[str, float], dict[str, float], float], ...] = (
    ("large-cation", SALT, {"Na": 0.72e-9, "Cl": 0.5e-9}, -16.0),
    ("small-cation", SALT, {"Na": 0.4e-9, "Cl": 0.8e-9}, 16.0),
    ("divalent", _TWO_ONE, {"Ca": 0.82e-9, "Cl": 0.66e-9}, -8.0),
)

UNEQUAL = tuple(
    _row(
        f"unequal-{name}",
        f"charge of a wall at {v:+g} RT/F, " + ", ".join(f"{ion} {1e9 * d:g} nm" for ion, d in diameters.items()),
        SURFACE_CHARGE,
        partial(electrode, {"potential": v * VT}, salt, diameters),
        scalar("electrode_charge.left"),
        partial(crowded_wall, v * VT, salt, VALENCES, diameters, WATER, ROOM),
        3e-6,
        _MESH,
        "bikerman1942",
        relative=True,
    )
    for name, salt, diameters, v in _UNEQUAL
)

# ---- equilibria and diffusion ---------------------------------------------------------------------------------------

_DIAMETERS = {"K": 0.66e-9, "Na": 0.72e-9, "Cl": 0.66e-9, "A": 0.66e-9}


def _sized_nernst() -> Case:
    diameters = {f"ions.{ion}.diameter": d for ion, d in _DIAMETERS.items()}
    return bundled("nernst_potassium", {**diameters, "steric": {"model": "bikerman"}})


def _nernst_of_activities() -> float:
    """a = c / (1 - sum v c)^(v_K / v_0) on both sides."""
    volume = {ion: constants.N_A * d**3 for ion, d in _DIAMETERS.items()}
    baths = {"K": 140.0, "Na": 12.0, "Cl": 10.0, "A": 142.0}, {"K": 4.0, "Na": 145.0, "Cl": 149.0}
    power = volume["K"] / min(volume.values())
    inside, outside = (side["K"] * (1 - sum(volume[ion] * c for ion, c in side.items())) ** -power for side in baths)
    return nernst(1, inside, outside, BODY)


_SUGAR = 1e-9


def _crowded_sugar() -> Case:
    return Case(
        temperature=ROOM,
        ions={"sugar": {"valence": 0, "diffusivity": 1e-10, "diameter": _SUGAR}},
        layers=[water("water", 10e-9)],
        left=bath({"sugar": 1200.0}),
        right=bath({"sugar": 100.0}),
        steric={"model": "bikerman"},
    )


def _sugar_flux() -> float:
    """(D / v d) ln[(1 - v c_R) / (1 - v c_L)]."""
    v = constants.N_A * _SUGAR**3
    return float(1e-10 / (v * 10e-9)) * math.log((1 - v * 100) / (1 - v * 1200))


_FILM_X, _FILM_BATH, _FILM_ION = -3000.0, 100.0, 0.6e-9


def _crowded_film() -> Case:
    keys: dict[str, Any] = {f"ions.{ion}.diameter": _FILM_ION for ion in ("Na", "Cl")}
    return film(_FILM_X, 50e-9, _FILM_BATH, _FILM_BATH, 0.0, **{**keys, "steric": {"model": "bikerman"}})


def _crowded_donnan() -> float:
    """X = 2 a sinh y / (1 + 2 v a cosh y), a = c / (1 - 2 v c)."""
    v = constants.N_A * _FILM_ION**3
    a = _FILM_BATH / (1 - 2 * v * _FILM_BATH)
    return VT * root(lambda y: _FILM_X - 2 * a * math.sinh(y) / (1 + 2 * v * a * math.cosh(y)), -30.0, 0.0)


OTHERS = (
    _row(
        "packing-limit",
        "sodium at a wall of -40 RT/F: 1 / (N_A a^3)",
        CONCENTRATION,
        partial(_sized, -40.0),
        face("concentration", 0, "left", "Na"),
        1 / (constants.N_A * DIAMETER**3),
        1e-6,
        "e^-40 over the 3 % that the bath fills of it, and the mesh",
        "bikerman1942",
        relative=True,
        convention="no sign",
    ),
    _row(
        "sized-nernst",
        "K 140|4 mM, ions of 0.66 to 0.72 nm",
        POTENTIAL,
        _sized_nernst,
        scalar("membrane_potential"),
        _nernst_of_activities,
        1e-9,
        "equilibrium is exact in the scheme",
        "nernst1889",
    ),
    _row(
        "sized-donnan",
        "potential in -3000 mM, ions of 0.6 nm, 100 mM NaCl",
        POTENTIAL,
        _crowded_film,
        middle("potential", 1),
        _crowded_donnan,
        1e-9,
        "an even film is a solution of the discrete equations",
        "donnan1911",
        convention="film - bath",
    ),
    _row(
        "sized-sugar",
        "flux of sugar of 1 nm from 1200 to 100 mM over 10 nm",
        FLUX,
        _crowded_sugar,
        scalar("flux.sugar"),
        _sugar_flux,
        3e-6,
        _MESH,
        "fick1855",
        relative=True,
    ),
)

ROWS = (*CAPACITY, *UNEQUAL, *OTHERS)
