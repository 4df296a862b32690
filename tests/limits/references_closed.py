"""References: closed compartments with given amounts, planes of symmetry, and counter-ions without other salt."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from references_films import Film
from references_tools import (
    CLOSED,
    FARADAY,
    ROOM,
    VACUUM,
    WATER,
    Reference,
    Salt,
    Values,
    bath,
    charged,
    debye_length,
    grahame_charge,
    integral,
    layer,
    lazy_case,
    metal,
    reservoir,
    root,
    sheet,
    thermal_voltage,
)
from references_walls import gouy_width

VT = thermal_voltage(ROOM)


# ---- closed compartments ------------------------------------------------------------------------------------------


def _vesicle(name: str, salt: Salt, charge: float, lengths: float) -> Reference:
    """Water up to a plane of symmetry, a charged interface, and a bath of the same salt.

    With sinh(y/2) = sinh(y_m/2) cosh t the width in Debye lengths is the integral of dt / sqrt(1 + s_m^2 cosh^2 t).
    """
    length = debye_length(salt)
    case = lazy_case(
        tuple(salt),
        layers=[layer("inside", lengths * length), bath("bath", salt)],
        interfaces=[sheet("inside", "bath", charge)],
        left=CLOSED,
        right=reservoir(salt),
    )
    slope = charge * length / (WATER * VACUUM * VT)

    def face(middle: float) -> float:
        s = math.sinh(middle / 2)
        both = root(lambda x: 2 * x + 2 * math.sqrt((x - s) * (x + s)) - abs(slope), s, abs(slope) + s)
        return 2 * math.asinh(both)

    def width(middle: float) -> float:
        s = math.sinh(middle / 2)
        return integral(
            lambda t: 1 / np.sqrt(1 + (s * np.cosh(t)) ** 2), 0.0, math.acosh(math.sinh(face(middle) / 2) / s)
        )

    def expected() -> Values:
        most = 2 * math.asinh(abs(slope) / 2)
        middle = root(lambda y: width(y) - lengths, 1e-4 * most, most * (1 - 1e-9))
        sign = math.copysign(1.0, charge)
        return {
            "membrane_potential": sign * VT * middle,
            "layer_drop.inside": sign * VT * (middle - face(middle)),
            "layer_drop.bath": sign * VT * face(middle),
            "surface_charge.right": -sign * WATER * VACUUM * VT / length * 2 * math.sinh(face(middle) / 2),
        }

    return Reference(name, case, expected, "first integrals of Poisson-Boltzmann on both sides; quadrature")


def _plates(name: str, amount: float, thickness: float, potential: float) -> Reference:
    """A closed cell of salt between metal walls: the salt left in the middle fits the amount.

    Half of the cell as in `gouy_width`; it holds c_0 times the integral of cosh y dx of either ion.
    """
    salt = {"K": amount, "Cl": amount}
    case = lazy_case(
        tuple(salt), layers=[layer("water", thickness, initial=salt)], left=metal(potential), right=metal(0.0)
    )
    half = potential / (2 * VT)

    def middle(k: float) -> float:
        """Debye length in the middle [m]."""
        return thickness / (2 * gouy_width(k, half))

    def held(k: float) -> float:
        """Mean concentration [mol/m^3]."""
        in_middle = WATER * VACUUM * VT / (2 * FARADAY * middle(k) ** 2)
        return in_middle * gouy_width(k, half, lambda s: 1 + 2 * s * s) / gouy_width(k, half)

    def expected() -> Values:
        k = root(lambda k: held(k) - amount, 1e-3, 1e2)
        charge = WATER * VACUUM * VT / middle(k) * math.hypot(2 * math.sinh(half / 2), k)
        values = {"electrode_charge.left": charge, "electrode_charge.right": -charge}
        return {**values, "capacitance": charge / potential}

    return Reference(
        name, case, expected, "first integral y'^2 = 4 sinh^2(y/2) + k^2 with conserved amounts; quadrature"
    )


def _polyelectrolyte(name: str, salt: Salt, amount: float, thickness: float) -> Reference:
    """Anions that cannot leave a compartment on a plane of symmetry, which salt enters from a bath."""
    ions = {"K": {}, "Cl": {}, "A": {"valence": -1, "diffusivity": 5e-10}}
    cell = layer("cell", thickness, initial={"A": amount})
    water = {**bath("bath", salt), "partition": {"K": 1.0, "Cl": 1.0, "A": 0.0}}
    case = lazy_case(ions, layers=[cell, water], left=CLOSED, right=reservoir(salt))
    c = salt["K"]

    def film(activity: float) -> Film:
        return Film(((1, c), (-1, c + activity)))

    def peak(activity: float) -> float:
        return film(activity).peak(thickness, salt)

    def mean(activity: float) -> float:
        y = peak(activity)
        return activity * film(activity).half_width(y, film(activity).face(y, salt), power=1.0) / thickness

    def expected() -> Values:
        activity = root(lambda a: mean(a) - amount, amount, 1e2 * amount)
        y = peak(activity)
        face = film(activity).face(y, salt)
        return {
            "membrane_potential": VT * y,
            "layer_drop.cell": VT * (y - face),
            "layer_drop.bath": VT * face,
            "surface_charge.right": -grahame_charge(face, salt),
        }

    return Reference(name, case, expected, "first integral with a conserved amount of an impermeant ion; quadrature")


# ---- counter-ions only --------------------------------------------------------------------------------------------


def riccati_constant(start: float, stop: float, length: float) -> float:
    """C of H' = H^2/2 + C that takes H from `start` to a larger `stop` in this length.

    C > 0, k = sqrt(C/2):     k length = atan(stop/2k) - atan(start/2k)
    C < 0, k = sqrt(-C/2):    k length = artanh(2k/start) - artanh(2k/stop),    where H does not pass 0
    """

    def too_long(c: float) -> float:
        k = math.sqrt(abs(c) / 2)
        rise = 2 * k * (stop - start)
        turn = math.atan2(rise, 4 * k * k + start * stop) if c > 0 else math.atanh(rise / (start * stop - 4 * k * k))
        return turn / k - length

    passes_zero = start * stop <= 0
    if passes_zero or 2 / start - 2 / stop > length:  # its length at C = 0
        return root(too_long, 1e-12, 1e6)
    return root(too_long, -(min(abs(start), abs(stop)) ** 2) / 2 * (1 - 1e-12), -1e-12)


def _counter_ions(name: str, wall: float, density: float, span: tuple[float, float], geometry: str) -> Reference:
    """A charged wall and its counter-ions up to an earthed metal wall, in a plane or around a rod.

    Plane: H = E d, t = x/d.  Rod: t = ln(r/a), H = 2 + r E.  In both H' = N = H^2/2 + C, N the crowd, and
    y_left - y_right = ln(N_right/N_left) (plane), less 2 ln(R/a) (rod).
    """
    inner, outer = span
    rod = geometry == "cylindrical"
    keys = {"mesh": {"geometry": geometry, "inner_radius": inner}} if rod else {}
    layers = [layer("water", outer - inner, initial={"K": density})]
    case = lazy_case(("K",), layers=layers, left=charged(wall), right=metal(0.0), **keys)
    unit = WATER * VACUUM * VT

    def expected() -> Values:
        area = (outer - inner) * (outer + inner) / (2 * inner) if rod else outer - inner
        total = wall + FARADAY * density * area
        scale, length, shift = (inner, math.log(outer / inner), 2.0) if rod else (outer - inner, 1.0, 0.0)
        start, stop = wall * scale / unit + shift, total * scale / unit + shift
        c = riccati_constant(start, stop, length)
        drop = math.log((stop * stop / 2 + c) / (start * start / 2 + c)) - shift * length
        at_wall = -total * inner / outer if rod else -total
        balanced = abs(total) < 1e-12 * abs(wall)
        return {"membrane_potential": VT * drop, **({} if balanced else {"electrode_charge.right": at_wall})}

    source = "Alfrey, Berg, Morawetz, J. Polym. Sci. 7 (1951) 543; Fuoss, Katchalsky, Lifson, PNAS 37 (1951) 579"
    return Reference(
        name,
        case,
        expected,
        source if rod else "Engstroem, Wennerstroem, J. Phys. Chem. 82 (1978) 2711: E = 2 k tan(k x)",
    )


def neutral(wall: float, span: Sequence[float], share: float = 1.0) -> float:
    """Density of counter-ions around a rod that balances this share of the charge of its wall [mol/m^3]."""
    inner, outer = span
    return -share * wall * 2 * inner / (FARADAY * (outer - inner) * (outer + inner))


DNA, THREAD = (1e-9, 10e-9), (0.5e-9, 8e-9)

CLOSED_CELLS = [
    _vesicle("charged interface before a plane of symmetry", {"K": 100.0, "Cl": 100.0}, -0.04, 1.2),
    _plates("closed cell between plates", 100.0, 4e-9, 0.2),
    _plates("closed cell between plates, weak", 50.0, 6e-9, -0.01),
    _polyelectrolyte("impermeant anions in a compartment", {"K": 50.0, "Cl": 50.0}, 120.0, 3e-9),
    _counter_ions("counter-ions of a plane", -0.05, 0.05 / (FARADAY * 3e-9), (0.0, 3e-9), "planar"),
    _counter_ions("counter-ions between unlike planes", 0.02, 100.0, (0.0, 4e-9), "planar"),
    _counter_ions("counter-ions of DNA", -0.16, neutral(-0.16, DNA), DNA, "cylindrical"),
    _counter_ions("counter-ions of a weak polyelectrolyte", -0.03, neutral(-0.03, THREAD), THREAD, "cylindrical"),
    _counter_ions("counter-ions of a rod in a metal tube", -0.1, neutral(-0.1, DNA, 0.7), DNA, "cylindrical"),
]
