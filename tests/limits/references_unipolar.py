"""References: ions of one valence alone in a slab, their field and their charge included.

In a slab that only ions of one valence z enter, with E = -z F phi'/(R T) d and n = z^2 F^2 beta c d^2 / (eps R T),
x over the thickness d, Poisson and Nernst-Planck are

    E' = n,    n' = n E - j    ==>    E' = E^2/2 - j x + C,    and with E = -2 w'/w:    w'' = (j x - C) w / 2

which is Airy's equation (DLMF 9.2); e^(z F phi / (R T)) goes as w^2.  j is the sum of J_i d / (D_i beta) in units of n.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from references_tools import (
    BODY,
    FARADAY,
    VACUUM,
    VALENCE,
    Floats,
    Reference,
    Salt,
    Values,
    integral,
    layer,
    lazy_case,
    reservoir,
    root,
    thermal_voltage,
)

# Terms of the power series of w, which is entire; those beyond fall faster than (j x^3 / k^2)^(k/3).
TERMS = 100

# Steps in which the crowd is raised, and Newton steps for each: quadratic from within a step, and two to spare.
STEPS, NEWTON = 8, 7


def unipolar_profile(field: float, j: float, n: float, x: Floats) -> tuple[Floats, Floats]:
    """w and w' at x in [0, 1], with w(0) = 1, from the field E and the crowd n at x = 0: by the power series of w."""
    half = (n - field * field / 2) / 2
    a = [1.0, -field / 2]
    for k in range(TERMS):
        a.append(((j / 2 * a[k - 1] if k else 0.0) - half * a[k]) / ((k + 1) * (k + 2)))
    powers = np.power.outer(x, np.arange(len(a)))
    return powers @ np.array(a), powers[..., :-1] @ (np.arange(1, len(a)) * np.array(a[1:]))


@dataclass(frozen=True)
class Unipolar:
    """The profile in a slab between two crowds n at a drop v = z F V / (R T): field at the left, and j."""

    left: float
    right: float
    drop: float

    def solve(self) -> tuple[float, float]:
        """E(0) and j, such that the drop and the crowd at the right are met: from an even field, crowding it in steps."""
        u = self.drop
        unknown = np.array([u, 0.0])
        for share in np.linspace(0.0, 1.0, STEPS + 1):
            unknown = Unipolar(share * self.left, share * self.right, u).newton(unknown)
        return float(unknown[0]), float(unknown[1])

    def newton(self, unknown: Floats) -> Floats:
        """Newton's method to round-off, shortened where w would pass zero; derivatives by complex steps."""
        for _ in range(NEWTON):
            columns = [self._missing(unknown + 1e-30j * unit).imag / 1e-30 for unit in np.eye(2)]
            step = np.linalg.solve(np.array(columns).T, self._missing(unknown).real)
            while np.isnan(self._missing(unknown - step)).any():
                step = step / 2
            unknown = unknown - step
        return unknown

    def _missing(self, unknown: Floats) -> Floats:
        """What the drop and the crowd at the right lack; NaN where w is not positive."""
        field, j = unknown
        w, slope = (values[0] for values in unipolar_profile(field, j, self.left, np.array([1.0])))
        if not w.real > 0:
            return np.full(2, np.nan)
        at_right = -2 * slope / w
        crowd = self.left + (at_right**2 - field**2) / 2 - j
        return np.array([-2 * np.log(w) - self.drop, crowd - self.right])

    def resistance(self) -> float:
        """Integral of e^(z phi) dx over the slab, phi = 0 at its right face.

        Solved in the direction in which w rises: a w that falls is the small difference of two that do not.
        """
        if self.drop > 0:
            return math.exp(self.drop) * Unipolar(self.right, self.left, -self.drop).resistance()
        field, j = self.solve()

        def step(x: Floats) -> Floats:
            return unipolar_profile(field, j, self.left, x)[0] ** 2

        return integral(step, 0.0, 1.0) * math.exp(self.drop)


@dataclass(frozen=True)
class Slab:
    """A slab that some ions of one valence enter, with one partition coefficient and diffusivities of their own."""

    thickness: float
    permittivity: float
    beta: float
    diffusivity: Salt
    left: Salt
    right: Salt

    @property
    def valence(self) -> int:
        """z of the ions in the slab."""
        return VALENCE[next(iter(self.diffusivity))]

    def crowd(self, bath: Salt) -> float:
        """n at the face of a bath."""
        density = self.beta * sum(bath.get(ion, 0.0) for ion in self.diffusivity)
        unit = self.permittivity * VACUUM * thermal_voltage(BODY)
        return self.valence**2 * FARADAY * density * self.thickness**2 / unit

    def fluxes(self, voltage: float) -> Values:
        """J = (D beta / d) (a_left e^v - a_right) / integral of e^(z phi) dx."""
        v = self.valence * voltage / thermal_voltage(BODY)
        resistance = (
            Unipolar(self.crowd(self.left), self.crowd(self.right), v).resistance() * self.thickness / self.beta
        )
        return {
            ion: D * (self.left.get(ion, 0.0) * math.exp(v) - self.right.get(ion, 0.0)) / resistance
            for ion, D in self.diffusivity.items()
        }

    def current(self, voltage: float) -> float:
        """Net current density [A/m^2]."""
        return self.valence * FARADAY * math.fsum(self.fluxes(voltage).values())


def _unipolar(name: str, slab: Slab, potential: float | str, current: float | None = None) -> Reference:
    """At a given voltage, or at the one where the current is `current` or zero."""
    ions = tuple(dict.fromkeys([*slab.left, *slab.right]))
    entry = layer(
        "slab",
        slab.thickness,
        slab.permittivity,
        partition={ion: slab.beta if ion in slab.diffusivity else 0.0 for ion in ions},
        diffusivity=dict(slab.diffusivity),
    )
    clamp = {} if current is None else {"current": current}
    case = lazy_case(
        ions,
        temperature=BODY,
        layers=[entry],
        left=reservoir(slab.left, potential, **clamp),
        right=reservoir(slab.right),
    )
    return Reference(name, case, _values(slab, potential, current or 0.0), "Airy's equation; Rubinstein (1990)")


def _values(slab: Slab, potential: float | str, current: float) -> Callable[[], Values]:
    def expected() -> Values:
        floating = isinstance(potential, str)
        voltage = root(lambda v: slab.current(v) - current, -0.15, 0.15) if floating else potential
        fluxes = {f"flux.{ion}": flux for ion, flux in slab.fluxes(voltage).items()}
        return {
            **fluxes,
            **({"membrane_potential": voltage} if floating else {"current_density": slab.current(voltage)}),
        }

    return expected


POTASSIUM = {"K": 1e-11}
CATIONS = {"K": 2e-11, "Na": 0.7e-11}
KCL = {"K": 100.0, "Cl": 100.0}
CYTOSOL = {"K": 140.0, "Na": 12.0, "Cl": 152.0}
MIXED = {"K": 30.0, "Na": 90.0, "Cl": 120.0}
CACL2 = {"Ca": 40.0, "Cl": 80.0}

UNIPOLAR = [
    _unipolar("cations alone, equal baths", Slab(3e-9, 20.0, 0.1, POTASSIUM, KCL, KCL), 0.1),
    _unipolar("cations alone, crowded", Slab(5e-9, 20.0, 0.5, POTASSIUM, KCL, {"K": 10.0, "Cl": 10.0}), -0.06),
    _unipolar(
        "two cations at rest", Slab(4e-9, 10.0, 0.1, CATIONS, {"K": 140.0, "Na": 12.0, "Cl": 152.0}, MIXED), "floating"
    ),
    _unipolar("two cations, current clamp", Slab(4e-9, 10.0, 0.1, CATIONS, KCL, MIXED), "floating", 2e3),
    _unipolar("divalent cations alone", Slab(3e-9, 10.0, 0.05, {"Ca": 1e-11}, CACL2, {"Ca": 5.0, "Cl": 10.0}), 0.04),
    _unipolar("anions alone", Slab(4e-9, 15.0, 0.2, {"Cl": 1e-11}, KCL, {"K": 20.0, "Cl": 20.0}), 0.07),
]
