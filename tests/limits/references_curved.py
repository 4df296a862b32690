"""References: cylinders, spheres and cones - dielectrics, fixed charge, and weakly charged balls and rods in salt."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from references_tools import (
    BATH_LENGTHS,
    CLOSED,
    FARADAY,
    ROOM,
    VACUUM,
    WATER,
    Floats,
    Reference,
    Values,
    debye_length,
    integral,
    layer,
    lazy_case,
    metal,
    reservoir,
    root,
    sheet,
    thermal_voltage,
)
from scipy.special import i0, i1, k0, k1

VT = thermal_voltage(ROOM)
SALT = {"K": 100.0, "Cl": 100.0}
LENGTH = debye_length(SALT)
UNIT = WATER * VACUUM * VT / LENGTH
NOTHING = {"K": 0.0, "Cl": 0.0}
POWER = {"cylindrical": 1, "spherical": 2}
LAPLACE = "Laplace's equation between concentric metals, D r^(d-1) constant; Jackson, Classical Electrodynamics"


def reach(geometry: str, start: float, stop: float) -> float:
    """Integral of dr / r^(d-1)."""
    return math.log(stop / start) if geometry == "cylindrical" else (stop - start) / (start * stop)


def shells(geometry: str, inner: float = 0.0) -> dict[str, object]:
    return {"geometry": geometry, **({"inner_radius": inner} if inner else {})}


# ---- dielectrics --------------------------------------------------------------------------------------------------


def _shells(name: str, geometry: str, radii: tuple[float, ...], eps: tuple[float, ...], volts: float) -> Reference:
    """Concentric dielectrics between metals."""
    layers = [
        layer(f"shell {n}", stop - start, e, partition=NOTHING)
        for n, (start, stop, e) in enumerate(zip(radii, radii[1:], eps, strict=False))
    ]
    case = lazy_case(tuple(SALT), layers=layers, left=metal(volts), right=metal(0.0), mesh=shells(geometry, radii[0]))

    def expected() -> Values:
        parts = [reach(geometry, *radii[n : n + 2]) / (e * VACUUM) for n, e in enumerate(eps)]
        flow = volts / math.fsum(parts)
        power = POWER[geometry]
        return {
            "electrode_charge.left": flow / radii[0] ** power,
            "electrode_charge.right": -flow / radii[-1] ** power,
            **{f"layer_drop.shell {n}": flow * part for n, part in enumerate(parts)},
        }

    return Reference(name, case, expected, LAPLACE)


def _charged_ball(
    name: str, geometry: str, radius: float, outer: float, eps: tuple[float, float], X: float
) -> Reference:
    """Fixed charge in a ball or rod of dielectric, in a shell of another, in an earthed metal; a ball's is given in e."""
    dimension = POWER[geometry] + 1
    content = {"fixed_charge": X}
    if geometry == "spherical":
        content = {"total_fixed_charge": X * FARADAY * 4 / 3 * math.pi * radius**3}
    layers = [
        layer("ball", radius, eps[0], partition=NOTHING, **content),
        layer("shell", outer - radius, eps[1], partition=NOTHING),
    ]
    case = lazy_case(tuple(SALT), layers=layers, left=CLOSED, right=metal(0.0), mesh=shells(geometry))

    def expected() -> Values:
        inside = FARADAY * X * radius**2 / (2 * dimension * eps[0] * VACUUM)
        flow = FARADAY * X * radius**dimension / dimension
        outside = flow * reach(geometry, radius, outer) / (eps[1] * VACUUM)
        charge = -flow / outer ** (dimension - 1)
        drops = {"layer_drop.ball": inside, "layer_drop.shell": outside}
        return {"membrane_potential": inside + outside, **drops, "electrode_charge.right": charge}

    return Reference(name, case, expected, "Gauss's law: D = F X r / d inside, D r^(d-1) constant outside")


def _graded_ball(name: str, geometry: str, radius: float, X: float) -> Reference:
    """Fixed charge X (1 - r/a): D = F X (r/d - r^2/((d + 1) a)), phi(0) = F X a^2 (1/(2d) - 1/(3(d + 1))) / eps."""
    d = POWER[geometry] + 1
    profile = {"x": [0.0, radius], "value": [X, 0.0]}
    layers = [layer("ball", radius, WATER, partition=NOTHING, fixed_charge=profile)]
    case = lazy_case(tuple(SALT), layers=layers, left=CLOSED, right=metal(0.0), mesh=shells(geometry))

    def expected() -> Values:
        moment = FARADAY * X * radius
        return {
            "membrane_potential": moment * radius * (1 / (2 * d) - 1 / (3 * (d + 1))) / (WATER * VACUUM),
            "electrode_charge.right": -moment * (1 / d - 1 / (d + 1)),
        }

    return Reference(name, case, expected, "Gauss's law for a charge density that is linear in r")


def _cone_capacitor(name: str, radii: tuple[float, float], length: float, eps: float, volts: float) -> Reference:
    """A cone of dielectric between metals, one-dimensional: D A constant, integral of dx / (pi r^2) = L / (pi r0 r1)."""
    profile = {"x": [0.0, length], "value": list(radii)}
    layers = [layer("cone", length, eps, partition=NOTHING)]
    case = lazy_case(tuple(SALT), layers=layers, left=metal(volts), right=metal(0.0), mesh={"radius": profile})

    def expected() -> Values:
        mean = eps * VACUUM * volts / length
        return {
            "electrode_charge.left": mean * radii[1] / radii[0],
            "electrode_charge.right": -mean * radii[0] / radii[1],
        }

    return Reference(name, case, expected, "D A = eps V / integral of dx/A")


# ---- weak charge in salt ------------------------------------------------------------------------------------------
#
# y'' + p y'/r = sinh y - s, r in Debye lengths, to third order in y: the linear solution y_1 (Debye and Hueckel), and
# the cube y_1^3/6 by Green's identity, in which f is the regular and g the decaying linear solution.  At y = 1e-3 the
# fifth order that is left out is 1e-14 of y.

WEAK = 1e-3


@dataclass(frozen=True)
class Round:
    """Linear solutions around an axis or a centre."""

    geometry: str
    radius: float
    """Of the ball or rod, in Debye lengths."""

    @property
    def power(self) -> int:
        """p: the area goes as r^p."""
        return POWER[self.geometry]

    def f(self, r: Floats) -> Floats:
        """I_0(r) or sinh(r)/r."""
        return i0(r) if self.power == 1 else np.sinh(r) / r

    def g(self, r: Floats) -> Floats:
        """K_0(r) or e^-r/r, for which r^p g' tends to -1 at 0."""
        return k0(r) if self.power == 1 else np.exp(-r) / r

    @property
    def rise(self) -> float:
        """f'/f at the radius."""
        a = self.radius
        return float(i1(a) / i0(a)) if self.power == 1 else 1 / math.tanh(a) - 1 / a

    @property
    def fall(self) -> float:
        """-g'/g at the radius."""
        a = self.radius
        return float(k1(a) / k0(a)) if self.power == 1 else 1 + 1 / a

    def slope_outside(self, y: float) -> float:
        """-y' at the radius in a bath: fall y + (y^3/6) integral of (g/g_a)^4 (r/a)^p dr."""
        a = self.radius
        quartic = integral(lambda r: (self.g(r) / self.g(a)) ** 4 * (r / a) ** self.power, a, a + 15)
        return self.fall * y + y**3 / 6 * quartic

    def potential_outside(self, slope: float) -> float:
        """y at the radius, whose -y' is given."""
        return root(lambda y: self.slope_outside(y) - slope, 0.5 * slope / self.fall, slope / self.fall)

    def gel(self, s: float) -> tuple[float, float]:
        """y at the radius and at the centre where the ball or rod has a fixed charge: s = X / 2c.

        rise (y_a - s) + Q(f/f_a) = -slope_outside(y_a),    Q(h) = integral of h y_1^3/6 (r/a)^p dr
        y_0 = a^p (g y' - g' y)_a + s (1 + a^p g'_a) - a^p Q(g)
        """
        a = self.radius
        linear = s * self.rise / (self.rise + self.fall)

        def cubic(h: Callable[[Floats], Floats]) -> float:
            y = lambda r: s - (s - linear) * self.f(r) / self.f(a)  # noqa: E731
            return integral(lambda r: h(r) * y(r) ** 3 / 6 * (r / a) ** self.power, 0.0, a)

        inner = cubic(lambda r: self.f(r) / self.f(a))
        face = root(lambda y: self.rise * (y - s) + inner + self.slope_outside(y), 0.9 * linear, linear)
        flow = a**self.power * float(self.g(a))
        centre = flow * (self.fall * face - self.slope_outside(face)) + s * (1 - flow * self.fall)
        return face, centre - a**self.power * cubic(self.g)


def _weak(
    name: str, layers: list[dict[str, object]], mesh: dict[str, object], expected: Callable[[], Values], **keys: object
) -> Reference:
    """Something weakly charged before a bath that reaches to its bulk."""
    bath = layer("water", BATH_LENGTHS * LENGTH)
    case = lazy_case(tuple(SALT), layers=[*layers, bath], right=reservoir(SALT), mesh=mesh, **keys)
    return Reference(
        name, case, expected, "Debye, Hueckel, Phys. Z. 24 (1923) 185, with the cubic term by Green's identity"
    )


def _weak_metal(name: str, geometry: str, lengths: float) -> Reference:
    def expected() -> Values:
        return {"electrode_charge.left": UNIT * Round(geometry, lengths).slope_outside(WEAK)}

    return _weak(name, [], shells(geometry, lengths * LENGTH), expected, left=metal(WEAK * VT))


def _weak_face(name: str, geometry: str, lengths: float) -> Reference:
    """A ball or rod of oil with a charged face."""
    core = layer("core", lengths * LENGTH, 2.0, partition=NOTHING)
    charge = WEAK * UNIT

    def expected() -> Values:
        psi = VT * Round(geometry, lengths).potential_outside(WEAK)
        return {"membrane_potential": psi, "layer_drop.water": psi, "surface_charge.right": -charge}

    faces = [sheet("core", "water", charge)]
    return _weak(name, [core], shells(geometry), expected, left=CLOSED, interfaces=faces)


def _weak_film(name: str, geometry: str, lengths: float) -> Reference:
    """A ball or rod with fixed charge that salt enters."""
    core = layer("core", lengths * LENGTH, fixed_charge=2 * SALT["K"] * WEAK)

    def expected() -> Values:
        face, centre = Round(geometry, lengths).gel(WEAK)
        charge = -UNIT * Round(geometry, lengths).slope_outside(face)
        drops = {"layer_drop.core": VT * (centre - face), "layer_drop.water": VT * face}
        return {"membrane_potential": VT * centre, **drops, "surface_charge.right": charge}

    return _weak(name, [core], shells(geometry), expected, left=CLOSED)


CURVED = [
    _shells("concentric spheres", "spherical", (1e-9, 5e-9), (80.0,), 0.1),
    _shells("shells of oil and water, spheres", "spherical", (2e-9, 4e-9, 9e-9), (2.0, 80.0), -0.2),
    _shells("shells of water and oil, cylinders", "cylindrical", (1e-9, 3e-9, 8e-9), (80.0, 2.0), 0.3),
    _charged_ball("charged ball in a shell", "spherical", 3e-9, 5e-9, (4.0, 80.0), -100.0),
    _charged_ball("charged rod in a shell", "cylindrical", 2e-9, 6e-9, (10.0, 80.0), 50.0),
    _graded_ball("ball of graded charge", "spherical", 4e-9, 40.0),
    _graded_ball("rod of graded charge", "cylindrical", 4e-9, -40.0),
    _cone_capacitor("cone between metals", (0.5e-9, 3e-9), 10e-9, 20.0, 0.1),
    _weak_metal("weak metal ball in salt", "spherical", 0.6),
    _weak_metal("weak metal rod in salt", "cylindrical", 1.5),
    _weak_face("oil ball with a charged face", "spherical", 2.0),
    _weak_face("oil rod with a charged face", "cylindrical", 0.8),
    _weak_film("weakly charged gel ball", "spherical", 2.0),
    _weak_film("weakly charged gel rod", "cylindrical", 1.2),
]
