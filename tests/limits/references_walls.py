"""References: one charged or metal wall, alone, behind a Stern layer, in crowded ions, and before structured water."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from references_tools import (
    AVOGADRO,
    GAS_CONSTANT,
    ROOM,
    VACUUM,
    VALENCE,
    WATER,
    Floats,
    Reference,
    Salt,
    Values,
    bath,
    charged,
    debye_length,
    grahame_charge,
    grahame_potential,
    integral,
    layer,
    lazy_case,
    metal,
    reservoir,
    root,
    sheet,
    thermal_voltage,
)

VT = thermal_voltage(ROOM)
GRAHAME = "Grahame, Chem. Rev. 41 (1947) 441: sigma^2 = 2 eps R T sum c (e^(-z y) - 1)"


def _ends(wall: dict[str, object], salt: Salt, side: str) -> dict[str, object]:
    """A wall at one side and the reservoir at 0 V at the other."""
    return {"left": wall, "right": reservoir(salt)} if side == "left" else {"left": reservoir(salt), "right": wall}


def _charged_wall(name: str, charge: float, salt: Salt, temperature: float = ROOM, side: str = "left") -> Reference:
    def expected() -> Values:
        sign = 1 if side == "left" else -1
        psi = sign * thermal_voltage(temperature) * grahame_potential(charge, salt, WATER, temperature)
        return {"membrane_potential": psi, "layer_drop.water": psi}

    layers = [bath("water", salt, WATER, temperature)]
    case = lazy_case(tuple(salt), temperature=temperature, layers=layers, **_ends(charged(charge), salt, side))
    return Reference(name, case, expected, GRAHAME)


def _metal_wall(name: str, potential: float, salt: Salt, side: str = "left") -> Reference:
    def expected() -> Values:
        charge = grahame_charge(potential / VT, salt)
        capacitance = {"capacitance": charge / potential} if side == "left" else {}
        return {f"electrode_charge.{side}": charge, **capacitance}

    case = lazy_case(tuple(salt), layers=[bath("water", salt)], **_ends(metal(potential), salt, side))
    return Reference(name, case, expected, GRAHAME)


# ---- Stern layers and ions of finite size -------------------------------------------------------------------------

STERN = {"thickness": 0.35e-9, "relative_permittivity": 10.0}
Charge = Callable[[float], float]


def _behind_stern(potential: float, charge: Charge, side: str) -> Values:
    """V = sigma d / eps + psi(sigma)."""
    compact = STERN["thickness"] / (STERN["relative_permittivity"] * VACUUM)
    y = root(lambda y: charge(y) * compact + y * VT - potential, -60.0, 60.0)
    sign, other = (1, "right") if side == "left" else (-1, "left")
    values = {
        f"electrode_charge.{side}": charge(y),
        f"surface_charge.{other}": -charge(y),
        f"debye_drop.{other}": sign * y * VT,
        "layer_drop.water": sign * y * VT,
        f"layer_drop.{side} stern": sign * (potential - y * VT),
    }
    return {**values, "capacitance": charge(y) / potential} if side == "left" else values


def _stern(name: str, potential: float, salt: Salt, side: str = "left") -> Reference:
    case = lazy_case(tuple(salt), layers=[bath("water", salt)], **_ends(metal(potential, stern=STERN), salt, side))

    def expected() -> Values:
        return _behind_stern(potential, lambda y: grahame_charge(y, salt), side)

    return Reference(name, case, expected, f"Stern, Z. Elektrochem. 30 (1924) 508: V = sigma d/eps + psi; {GRAHAME}")


def bikerman_charge(y: float, salt: Salt, sized: Salt) -> float:
    """sigma of a wall at y, where the ions in `sized` have that one diameter [m] and the others are points.

    sigma^2 = 2 eps R T { sum over points of c (e^(-z y) - 1) + ln[1 + v sum over sized of c (e^(-z y) - 1)] / v }
    """
    volume = AVOGADRO * next(iter(sized.values())) ** 3
    excess = {ion: c * math.expm1(-VALENCE[ion] * y) for ion, c in salt.items()}
    points = math.fsum(e for ion, e in excess.items() if ion not in sized)
    crowd = math.log1p(volume * math.fsum(excess[ion] for ion in sized)) / volume
    pressure = 2 * WATER * VACUUM * GAS_CONSTANT * ROOM * max(points + crowd, 0.0)
    return math.copysign(math.sqrt(pressure), y)


def _crowded(name: str, wall: dict[str, object], salt: Salt, sized: Salt) -> Reference:
    """A wall of given potential, alone or behind a Stern layer, or of given charge."""
    ions = {ion: {"diameter": sized[ion]} if ion in sized else {} for ion in salt}
    case = lazy_case(ions, layers=[bath("water", salt)], **_ends(wall, salt, "left"), steric={"model": "bikerman"})

    def charge(y: float) -> float:
        return bikerman_charge(y, salt, sized)

    def expected() -> Values:
        if "surface_charge" in wall:
            return {"membrane_potential": VT * root(lambda y: charge(y) - wall["surface_charge"], -100.0, 100.0)}
        if "stern" in wall:
            return _behind_stern(wall["potential"], charge, "left")
        return {"electrode_charge.left": charge(wall["potential"] / VT)}

    source = "Bikerman, Phil. Mag. 33 (1942) 384; Kilic, Bazant, Ajdari, Phys. Rev. E 75 (2007) 021502"
    return Reference(name, case, expected, source)


# ---- a bath of finite thickness -----------------------------------------------------------------------------------


def gouy_width(k: float, y: float, weight: Callable[[Floats], Floats] = np.ones_like) -> float:
    """Distance, in Debye lengths, in which the potential falls from y to 0 where its slope is k: y'^2 = 4 sinh^2(y/2) + k^2.

    With sinh(y/2) = (k/2) sinh t it is the integral of dt / sqrt(1 + (k/2)^2 sinh^2 t); `weight` of sinh(y/2) comes in.
    """

    def step(t: Floats) -> Floats:
        s = k / 2 * np.sinh(t)
        return weight(s) / np.sqrt(1 + s * s)

    return integral(step, 0.0, math.asinh(2 * math.sinh(y / 2) / k))


def _thin_bath(name: str, lengths: float, charge: float | None = None, potential: float = 0.0) -> Reference:
    """A wall with a reservoir a few Debye lengths from it, where the potential is 0 but the field is not."""
    salt = {"Na": 100.0, "Cl": 100.0}
    length = debye_length(salt)
    unit = WATER * VACUUM * VT / length
    wall = metal(potential) if charge is None else charged(charge)

    def expected() -> Values:
        if charge is None:
            y = potential / VT
            k = root(lambda k: gouy_width(k, y) - lengths, 1e-3, 1e3)
            return {"electrode_charge.left": unit * math.hypot(2 * math.sinh(y / 2), k)}
        slope = charge / unit

        def at_wall(k: float) -> float:
            return 2 * math.asinh(math.sqrt((slope - k) * (slope + k)) / 2)

        k = root(lambda k: gouy_width(k, at_wall(k)) - lengths, 1e-6 * slope, slope * (1 - 1e-9))
        return {"membrane_potential": VT * at_wall(k)}

    layers = [layer("water", lengths * length)]
    case = lazy_case(tuple(salt), layers=layers, **_ends(wall, salt, "left"))
    return Reference(name, case, expected, "first integral y'^2 = 4 sinh^2(y/2) + k^2, an elliptic integral")


# ---- structured water and charged interfaces ----------------------------------------------------------------------


def hydration_layer(name: str, charge: float, salt: Salt, thickness: float, eps: float, beta: Salt) -> Reference:
    """A charged wall, a layer of other permittivity that ions enter unequally, then the bath.

    D^2 = D_i^2 + 2 eps R T sum beta c (e^(-z y) - e^(-z y_i)) in the layer; y_i at its face fits its thickness.
    """
    case = lazy_case(
        tuple(salt),
        layers=[layer("hydration", thickness, eps, partition=dict(beta)), bath("water", salt)],
        **_ends(charged(charge), salt, "left"),
    )

    def squared(y: Floats | float, face: float) -> Floats:
        terms = [
            beta[ion] * c * np.exp(-VALENCE[ion] * face) * np.expm1(-VALENCE[ion] * (y - face))
            for ion, c in salt.items()
        ]
        return grahame_charge(face, salt) ** 2 + 2 * eps * VACUUM * GAS_CONSTANT * ROOM * np.sum(terms, axis=0)

    def at_wall(face: float) -> float:
        return root(lambda y: float(squared(y, face)) - charge**2, face, math.copysign(60.0, charge))

    def width(face: float) -> float:
        return integral(lambda y: eps * VACUUM * VT / np.sqrt(squared(y, face)), face, at_wall(face))

    def expected() -> Values:
        whole = grahame_potential(charge, salt)
        sign = math.copysign(1.0, charge)
        face = root(lambda y: sign * width(y) - thickness, 0.02 * whole, whole * (1 - 1e-9))
        return {
            "membrane_potential": VT * at_wall(face),
            "layer_drop.hydration": VT * (at_wall(face) - face),
            "layer_drop.water": VT * face,
            "surface_charge.right": -grahame_charge(face, salt),
        }

    return Reference(name, case, expected, "first integrals of Poisson-Boltzmann, continuous in y and D; quadrature")


def _charged_interface(name: str, charge: float, salt: Salt, eps: tuple[float, float]) -> Reference:
    """A charge shared by the diffuse layers of two media at equilibrium: sigma = sigma_left(y) + sigma_right(y)."""
    case = lazy_case(
        tuple(salt),
        layers=[bath("oil", salt, eps[0]), bath("water", salt, eps[1])],
        interfaces=[sheet("oil", "water", charge)],
        left=reservoir(salt),
        right=reservoir(salt),
    )

    def expected() -> Values:
        y = root(lambda y: sum(grahame_charge(y, salt, e) for e in eps) - charge, -60.0, 60.0)
        left, right = (grahame_charge(y, salt, e) for e in eps)
        return {
            "surface_charge.left": -left,
            "surface_charge.right": -right,
            "layer_drop.oil": -VT * y,
            "debye_drop.right": VT * y,
            "field_ratio.oil|water": -left * eps[1] / (right * eps[0]),
        }

    return Reference(name, case, expected, f"Verwey, Niessen, Phil. Mag. 28 (1939) 435; {GRAHAME}")


NACL = {"Na": 150.0, "Cl": 150.0}
DILUTE = {"Na": 10.0, "Cl": 10.0}
CACL2 = {"Ca": 50.0, "Cl": 100.0}
NA2SO4 = {"Na": 100.0, "SO4": 50.0}
MGSO4 = {"Mg": 50.0, "SO4": 50.0}
MIXTURE = {"Na": 100.0, "Ca": 2.0, "Mg": 1.0, "Cl": 106.0}

WALLS = [
    _charged_wall("wall, weak charge, 1:1", 1e-3, NACL),
    _charged_wall("wall, -0.3 C/m2, 1:1 at 10 mM", -0.3, DILUTE),
    _charged_wall("wall, 2:2", 0.05, MGSO4, temperature=310.0),
    _charged_wall("wall, divalent counter-ions, 2:1", -0.1, CACL2),
    _charged_wall("wall, divalent co-ions, 2:1", 0.1, CACL2),
    _charged_wall("wall, divalent counter-ions, 1:2, at the right", 0.05, NA2SO4, side="right"),
    _charged_wall("wall, mixture", -0.15, MIXTURE),
    _metal_wall("metal, 10 RT/F, 1:1", 10 * VT, {"Na": 100.0, "Cl": 100.0}),
    _metal_wall("metal, -4 RT/F, 2:1", -4 * VT, CACL2),
    _metal_wall("metal, 1 mV, 1:1, at the right", 1e-3, NACL, side="right"),
    _stern("Stern layer, 1 V, 1:1", 1.0, NACL),
    _stern("Stern layer, -0.3 V, 2:1, at the right", -0.3, CACL2, side="right"),
    _crowded("Bikerman, metal at 8 RT/F", metal(8 * VT), NACL, {"Na": 0.66e-9, "Cl": 0.66e-9}),
    _crowded("Bikerman, metal at -20 RT/F, 2:1", metal(-20 * VT), CACL2, {"Ca": 0.6e-9, "Cl": 0.6e-9}),
    _crowded("Bikerman, 1 C/m2", charged(1.0), NACL, {"Na": 0.5e-9, "Cl": 0.5e-9}),
    _crowded("Bikerman, sized cations, points as anions", charged(-0.4), NACL, {"Na": 0.7e-9}),
    _crowded("Bikerman behind a Stern layer", metal(-0.8, stern=STERN), NACL, {"Na": 0.6e-9, "Cl": 0.6e-9}),
    _thin_bath("thin bath, charged wall", 1.5, charge=0.04),
    _thin_bath("thin bath, metal wall", 0.7, potential=0.1),
    hydration_layer("hydration layer", -0.05, NACL, 1e-9, 30.0, {"Na": 0.5, "Cl": 0.1}),
    hydration_layer("hydration layer, 2:1", 0.03, CACL2, 0.5e-9, 20.0, {"Ca": 0.3, "Cl": 0.8}),
    _charged_interface("charged oil-water interface", 0.05, MIXTURE, (10.0, 80.0)),
]
