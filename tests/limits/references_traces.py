"""References: fluxes of traces through the profiles that other ions make at equilibrium.

    J = (a_left e^(z y_left) - a_right e^(z y_right)) / integral of e^(z y) dx / (D beta)

y is that of a salt that does not cross, or is the same on both sides; the traces are 1e-16 of it in
the bath, and below 1e-13 of it wherever they crowd.  In the layer of Gouy
and Chapman dx = lambda dy / (2 sinh(y/2)) (1:1), so that with u = e^(y/2) at the face the integrals are elementary:

    integral of (e^y - 1) dx = 2 lambda (u - 1),    integral of (e^(2 y) - 1) dx = lambda [2 (u^3 - 1)/3 + 2 (u - 1)]
"""

from __future__ import annotations

import math
from collections.abc import Callable

from references_films import film_of
from references_flux import exponential_integral
from references_slabs import Membrane, Slab, sheets_of
from references_tools import (
    BATH_LENGTHS,
    FARADAY,
    ROOM,
    WATER,
    Reference,
    Salt,
    Values,
    bath,
    debye_length,
    grahame_potential,
    layer,
    lazy_case,
    reservoir,
    root,
    sheet,
    thermal_voltage,
)

VT = thermal_voltage(ROOM)
TRACES = {"T": 1, "B": -1, "W": 2}
FREE = {"T": 1.2e-9, "B": 0.8e-9, "W": 0.5e-9}
INSIDE, OUTSIDE = {"T": 1e-15, "B": 3e-15, "W": 2e-15}, {"T": 4e-15, "B": 1e-15, "W": 0.5e-15}
SOURCE = "Nernst-Planck integrated through the profile of Gouy and Chapman"
KCL, WEAK = {"K": 100.0, "Cl": 100.0}, {"K": 10.0, "Cl": 10.0}


def all_ions(*salts: Salt) -> dict[str, object]:
    """The ions of the salts, and the traces."""
    traces = {ion: {"valence": z, "diffusivity": FREE[ion]} for ion, z in TRACES.items()}
    return {**{ion: {} for salt in salts for ion in salt}, **traces}


def excess(z: int, y: float) -> float:
    """Integral of (e^(z y) - 1) dx over a diffuse layer of a 1:1 salt, in Debye lengths."""
    u = math.copysign(1.0, z) * y / 2
    linear = 2 * math.expm1(u)
    return linear if abs(z) == 1 else 2 / 3 * math.expm1(3 * u) + linear


def bath_resistance(ion: str, y: float, salt: Salt) -> float:
    """Integral of e^(z y) dx / D over a bath, y = 0 in its bulk."""
    return debye_length(salt) * (BATH_LENGTHS + excess(TRACES[ion], y)) / FREE[ion]


# ---- across a membrane that the salts do not enter ----------------------------------------------------------------


def slab_resistances(ion: str, y: float, membrane: Membrane, betas: Salt, drops: list[float]) -> float:
    """Integral of e^(z y) dx / (D beta) over the slabs, y at the left face given; D = 1e-11 in all."""
    z, total = TRACES[ion], 0.0
    for slab, drop in zip(membrane.slabs, drops, strict=True):
        after = y - drop / VT
        total += exponential_integral([0.0, slab.thickness], [z * y, z * after]) / (1e-11 * betas[ion])
        y = after
    return total


def trace_fluxes(membrane: Membrane, betas: Salt) -> Values:
    """Flux of each trace at the voltage of the membrane."""
    left, drops, right, _ = membrane.drops(membrane.charge())
    v = membrane.voltage / VT

    def flux(ion: str, z: int) -> float:
        at_left = math.exp(z * v) * bath_resistance(ion, -left / VT, membrane.left)
        across = slab_resistances(ion, v - left / VT, membrane, betas, drops)
        whole = at_left + across + bath_resistance(ion, right / VT, membrane.right)
        return (INSIDE[ion] * math.exp(z * v) - OUTSIDE[ion]) / whole

    return {ion: flux(ion, z) for ion, z in TRACES.items()}


def _membrane(name: str, membrane: Membrane, betas: Salt, floating: bool = False) -> Reference:
    """The voltage of the membrane, or the one at which the traces carry no current."""
    salts = [membrane.left, membrane.right]
    names = ["left bath", *(slab.name for slab in membrane.slabs), "right bath"]
    inner = {**dict.fromkeys({ion for salt in salts for ion in salt}, 0.0), **betas}
    slabs = [
        layer(slab.name, slab.thickness, slab.permittivity, partition=inner, diffusivity=dict.fromkeys(TRACES, 1e-11))
        for slab in membrane.slabs
    ]
    case = lazy_case(
        all_ions(*salts),
        layers=[bath(names[0], salts[0]), *slabs, bath(names[-1], salts[1])],
        interfaces=sheets_of(names, membrane.sheets),
        left=reservoir({**membrane.left, **INSIDE}, "floating" if floating else membrane.voltage),
        right=reservoir({**membrane.right, **OUTSIDE}),
    )

    def fluxes(voltage: float) -> Values:
        there = Membrane(membrane.left, membrane.right, voltage, membrane.slabs, membrane.sheets)
        return trace_fluxes(there, betas)

    return Reference(name, case, _values(fluxes, None if floating else membrane.voltage), SOURCE)


def _values(fluxes: Callable[[float], Values], voltage: float | None) -> Callable[[], Values]:
    """Fluxes and current at a voltage, or fluxes and voltage without a current."""

    def current(voltage: float) -> float:
        return FARADAY * math.fsum(TRACES[ion] * flux for ion, flux in fluxes(voltage).items())

    def expected() -> Values:
        at = root(current, -0.2, 0.2) if voltage is None else voltage
        one = {"membrane_potential": at} if voltage is None else {"current_density": current(at)}
        return {**{f"flux.{ion}": flux for ion, flux in fluxes(at).items()}, **one}

    return expected


# ---- across profiles of one salt ----------------------------------------------------------------------------------


def _sheet(name: str, salt: Salt, charge: float) -> Reference:
    """A charged plane in a salt, which the traces cross."""
    case = lazy_case(
        all_ions(salt),
        layers=[bath("left bath", salt), bath("right bath", salt)],
        interfaces=[sheet("left bath", "right bath", charge)],
        left=reservoir({**salt, **INSIDE}),
        right=reservoir({**salt, **OUTSIDE}),
    )

    def expected() -> Values:
        y = grahame_potential(charge / 2, salt)
        return {f"flux.{ion}": (INSIDE[ion] - OUTSIDE[ion]) / (2 * bath_resistance(ion, y, salt)) for ion in TRACES}

    return Reference(name, case, expected, SOURCE)


def _film(name: str, salt: Salt, X: float, thickness: float, D: float) -> Reference:
    """A film with fixed charge in a salt, which the traces cross."""
    film = layer("film", thickness, WATER, fixed_charge=X, diffusivity=dict.fromkeys(TRACES, D))
    case = lazy_case(
        all_ions(salt),
        layers=[bath("left bath", salt), film, bath("right bath", salt)],
        left=reservoir({**salt, **INSIDE}),
        right=reservoir({**salt, **OUTSIDE}),
    )

    def expected() -> Values:
        donnan = film_of(salt, X)
        peak = donnan.peak(thickness / 2, salt)
        face = donnan.face(peak, salt)

        def flux(ion: str, z: int) -> float:
            within = 2 * donnan.half_width(peak, face, power=z) / D
            return (INSIDE[ion] - OUTSIDE[ion]) / (2 * bath_resistance(ion, face, salt) + within)

        return {**{f"flux.{ion}": flux(ion, z) for ion, z in TRACES.items()}, "layer_drop.left bath": -VT * face}

    return Reference(name, case, expected, "Nernst-Planck integrated through the first integrals of film and baths")


LIPID = (Slab("lipid", 4e-9, 2.0),)
HEADS = (Slab("inner heads", 0.6e-9, 10.0), Slab("tails", 3e-9, 2.2), Slab("outer heads", 0.5e-9, 30.0))
EASY = {"T": 0.5, "B": 0.2, "W": 0.1}
HARD = {"T": 1e-3, "B": 3e-4, "W": 1e-5}

TRACE_FLUXES = [
    _membrane("traces through a membrane", Membrane(KCL, WEAK, -0.065, LIPID, (0.0, 0.0)), HARD),
    _membrane("traces through charged heads", Membrane(KCL, WEAK, 0.1, HEADS, (-0.03, 0.0, 0.0, -0.05)), EASY),
    _membrane("traces at rest, charged membrane", Membrane(WEAK, KCL, 0.0, LIPID, (-0.02, 0.01)), EASY, floating=True),
    _sheet("traces across a charged plane", KCL, -0.08),
    _film("traces across a charged film", WEAK, -200.0, 6e-9, 2e-11),
    _film("traces across a weak film", KCL, 60.0, 3e-9, 1e-11),
]
