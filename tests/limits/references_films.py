"""References: layers with fixed charge at equilibrium.

In a medium with charge weights b_i (b = beta c) and fixed charge X, in R T / F and Debye units,

    (eps R T / (2 F^2)) y'^2 = U(y) - U(y_p),    U(y) = sum b_i e^(-z_i y) - X y,    y_p where the field vanishes

and the thickness is the integral of dy/|y'|, taken with y = y_p -+ t^2.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from references_tools import (
    CLOSED,
    FARADAY,
    ROOM,
    VACUUM,
    VALENCE,
    WATER,
    Floats,
    Reference,
    Salt,
    Values,
    bath,
    debye_length,
    grahame_charge,
    integral,
    layer,
    lazy_case,
    osmotic_excess,
    reservoir,
    root,
    thermal_voltage,
)

VT = thermal_voltage(ROOM)


# ---- Donnan films -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Film:
    """A medium with fixed charge, symmetric about the place where y = peak."""

    weights: tuple[tuple[int, float], ...]
    """(z, beta c) of each ion [mol/m^3]."""
    fixed: float = 0.0
    permittivity: float = WATER

    def rise(self, y: float, peak: float) -> float:
        """U(y) - U(peak) [mol/m^3]."""
        terms = [b * math.exp(-z * peak) * math.expm1(-z * (y - peak)) for z, b in self.weights]
        return math.fsum([*terms, -self.fixed * (y - peak)])

    @property
    def donnan(self) -> float:
        """y where the charge vanishes."""
        return root(lambda y: sum(z * b * math.exp(-z * y) for z, b in self.weights) + self.fixed, -40.0, 40.0)

    def half_width(self, peak: float, face: float, power: float = 0.0) -> float:
        """Integral of e^(power y) dx from the peak to the face [m]."""
        sign = math.copysign(1.0, peak - face)

        def step(t: Floats) -> Floats:
            square = t * t
            slope = sum(b * math.exp(-z * peak) * np.expm1(z * sign * square) / square for z, b in self.weights)
            return np.exp(power * (peak - sign * square)) / np.sqrt(slope + sign * self.fixed)

        unit = math.sqrt(self.permittivity * VACUUM * VT / (2 * FARADAY))
        return 2 * unit * integral(step, 0.0, math.sqrt(abs(peak - face)))

    def face(self, peak: float, salt: Salt) -> float:
        """y at the face of a bath, where eps y' is that of the bath."""

        def excess(y: float) -> float:
            return WATER * osmotic_excess(y, salt) - self.permittivity * self.rise(y, peak)

        return root(excess, 0.0, peak)

    def peak(self, half_width: float, salt: Salt) -> float:
        """y in the middle of a film of this half width [m] between two baths."""
        donnan = self.donnan
        return root(
            lambda peak: self.half_width(peak, self.face(peak, salt)) - half_width, 1e-3 * donnan, donnan * (1 - 1e-9)
        )


def film_of(salt: Salt, fixed: float, beta: Salt | None = None, permittivity: float = WATER) -> Film:
    """A film in which the ions of a bath have these partition coefficients, 1 if not given."""
    weights = tuple((VALENCE[ion], (beta or {}).get(ion, 1.0) * c) for ion, c in salt.items())
    return Film(weights, fixed, permittivity)


def _thin_film(
    name: str, salt: Salt, X: float, thickness: float, beta: Salt | None = None, eps: float = WATER
) -> Reference:
    film = film_of(salt, X, beta, eps)
    keys = {} if beta is None else {"partition": dict(beta)}
    layers = [bath("left bath", salt), layer("film", thickness, eps, fixed_charge=X, **keys), bath("right bath", salt)]
    case = lazy_case(tuple(salt), layers=layers, left=reservoir(salt), right=reservoir(salt))

    def expected() -> Values:
        face = film.face(film.peak(thickness / 2, salt), salt)
        charge = -grahame_charge(face, salt)
        return {
            "layer_drop.left bath": -VT * face,
            "layer_drop.right bath": VT * face,
            "surface_charge.left": charge,
            "surface_charge.right": charge,
        }

    return Reference(name, case, expected, "first integrals in film and bath, continuous in y and D; quadrature")


def _half_film(name: str, salt: Salt, X: float, thickness: float, thick: bool = False) -> Reference:
    """A film on a plane of symmetry; a `thick` one reaches its Donnan potential, and y_0 = y_D - tanh(y_D / 2) (1:1)."""
    layers = [bath("bath", salt), layer("film", thickness, fixed_charge=X)]
    case = lazy_case(tuple(salt), layers=layers, left=reservoir(salt), right=CLOSED)

    def expected() -> Values:
        film = film_of(salt, X)
        peak = math.asinh(X / (2 * next(iter(salt.values())))) if thick else film.peak(thickness, salt)
        face = peak - math.tanh(peak / 2) if thick else film.face(peak, salt)
        return {
            "membrane_potential": -VT * peak,
            "layer_drop.bath": -VT * face,
            "layer_drop.film": VT * (face - peak),
            "surface_charge.left": -grahame_charge(face, salt),
        }

    return Reference(
        name, case, expected, "Donnan, Z. Elektrochem. 17 (1911) 572, with its contact value and first integral"
    )


def _bipolar(name: str, c: float, left: float, right: float) -> Reference:
    """Two thick films of unlike charge: Donnan in each, and between them y_m from U_1 and U_2, linear in y_m."""
    salt = {"K": c, "Cl": c}
    thickness = 60 * debye_length(salt)
    layers = [layer(n, thickness, fixed_charge=X) for n, X in (("cation film", left), ("anion film", right))]
    case = lazy_case(
        tuple(salt),
        layers=[bath("left bath", salt), *layers, bath("right bath", salt)],
        left=reservoir(salt),
        right=reservoir(salt),
    )

    def expected() -> Values:
        y1, y2 = (math.asinh(X / (2 * c)) for X in (left, right))
        x1, x2 = y1 - math.tanh(y1 / 2), y2 - math.tanh(y2 / 2)
        middle = (left * y1 - right * y2 - 2 * c * (math.cosh(y1) - math.cosh(y2))) / (left - right)
        drops = (-x1, x1 - middle, middle - x2, x2)
        names = ("left bath", "cation film", "anion film", "right bath")
        charges = {f"surface_charge.{side}": -grahame_charge(x, salt) for side, x in (("left", x1), ("right", x2))}
        return {**{f"layer_drop.{n}": VT * drop for n, drop in zip(names, drops, strict=True)}, **charges}

    return Reference(name, case, expected, "Mauro, Biophys. J. 2 (1962) 179: abrupt junction of two Donnan phases")


KCL = {"K": 10.0, "Cl": 10.0}
MIXED = {"K": 20.0, "Ca": 5.0, "Cl": 30.0}

FILMS = [
    _thin_film("film of 300 mM", KCL, 300.0, 5e-9),
    _thin_film("film in a mixture, unequal partition", MIXED, -80.0, 4e-9, {"K": 1.0, "Ca": 0.2, "Cl": 0.6}, 40.0),
    _half_film("film on a plane of symmetry", KCL, -50.0, 4e-9),
    _half_film("thick film on a plane of symmetry", KCL, -500.0, 200e-9, thick=True),
    _bipolar("bipolar membrane", 10.0, -100.0, 300.0),
]
