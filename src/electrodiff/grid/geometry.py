"""The cross section along a stack: planes, cylinders, spheres, and channels of a given area or radius."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from electrodiff.derived import once_per_case
from electrodiff.fields import Profile
from electrodiff.model import Case

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# Four Gauss points integrate the area of a cone exactly, and its inverse to 1e-4 where the radius doubles in one cell; a
# cell of the mesh is much smaller than that.
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(4)


@dataclass(frozen=True)
class Geometry:
    """Cross section A(r) = factor r^power of a stack that starts at r = origin, or a given profile along x.

    Planes have power 0; cylinders power 1 and factor 2 pi, so that A is per length of the axis; spheres power 2 and
    factor 4 pi.
    """

    power: int
    factor: float
    origin: float = 0.0
    profile: Profile | None = None
    """Area [m^2], or radius [m] if `is_radius`, along x."""
    is_radius: bool = False

    def area(self, x: Floats) -> Floats:
        """Cross section at x [m^2]; [m] per length for cylinders, 1 for planes."""
        if self.profile is not None:
            value = self.profile.at(x)
            return math.pi * value**2 if self.is_radius else value
        return self.factor * (self.origin + x) ** self.power

    def volume(self, start: Floats, stop: Floats) -> Floats:
        """Integral of A dx between positions."""
        if self.profile is not None:
            return self._quadrature(start, stop, inverse=False)
        if self.power == 0:
            return self.factor * (stop - start)
        r0, r1 = self.origin + start, self.origin + stop
        # r1^n - r0^n as a product, which does not cancel where the cell is thin
        mean = (r0 + r1) / 2 if self.power == 1 else (r0**2 + r0 * r1 + r1**2) / 3
        return self.factor * (stop - start) * mean

    @property
    def has_centre(self) -> bool:
        """Whether the axis or the centre is the left end."""
        return self.power > 0 and self.origin == 0

    def inverse_resistance(self, start: Floats, stop: Floats, layer: Integers) -> Floats:
        """1 / integral of dx/A between positions in the layers of these indices.

        In the layer around an axis or a centre A(middle)/length instead: the integral diverges there, and what it is exact
        for, the field of a charge at the centre, is not what the field looks like.
        """
        if self.profile is not None:
            return 1 / self._quadrature(start, stop, inverse=True)
        length = stop - start
        if self.power == 0:
            return self.factor / length
        around_centre = self.has_centre & (layer == 0)
        r0, r1 = self.origin + start, self.origin + stop
        inner = np.where(around_centre, r1, r0)  # any radius that is not zero
        exact = self.factor * (length / np.log1p(length / inner) if self.power == 1 else r0 * r1)
        return np.where(around_centre, self.area((start + stop) / 2), exact) / length

    def layer_resistance(self, start: float, stop: float, layer: int) -> float:
        """Integral of dx/A over a whole layer, exact also where its cross section changes much.

        Between the points of a profile the radius or the area is linear:

            integral of dx / (pi r^2) = d / (pi r1 r2),    integral of dx / A = d ln(A2 / A1) / (A2 - A1)
        """
        if self.profile is None:
            ends = np.array([start]), np.array([stop])
            return float(1 / self.inverse_resistance(*ends, np.array([layer]))[0])
        points = np.array([start, *(x for x in self.profile.x if start < x < stop), stop])
        first, last = (self.profile.at(ends) for ends in (points[:-1], points[1:]))
        if self.is_radius:
            return float((np.diff(points) / (math.pi * first * last)).sum())
        change = (last - first) / first
        # ln(1 + t) / t without dividing by the zero of a constant area.
        means = np.log1p(change) / np.where(change == 0, 1.0, change) + (change == 0)
        return float((np.diff(points) * means / first).sum())

    def _quadrature(self, start: Floats, stop: Floats, inverse: bool) -> Floats:
        half = (stop - start)[..., None] / 2
        area = self.area(start[..., None] + half * (1 + _NODES))
        return np.asarray((half * _WEIGHTS * (1 / area if inverse else area)).sum(axis=-1))


@once_per_case
def case_geometry(case: Case) -> Geometry:
    """The geometry of a case."""
    mesh = case.mesh
    if mesh.area is not None or mesh.radius is not None:
        given = mesh.area if mesh.area is not None else mesh.radius
        profile = given if isinstance(given, Profile) else Profile((0.0, 1.0), (given or 0.0, given or 0.0))
        return Geometry(0, 1.0, profile=profile, is_radius=mesh.radius is not None)
    power, factor = {"planar": (0, 1.0), "cylindrical": (1, 2 * math.pi), "spherical": (2, 4 * math.pi)}[mesh.geometry]
    return Geometry(power, factor, 0.0 if power == 0 else mesh.inner_radius or 0.0)


def has_area(case: Case) -> bool:
    """Whether the cross section of a case is an area in m^2, so that charges and currents have absolute values."""
    return case.mesh.geometry == "spherical" or case.mesh.area is not None or case.mesh.radius is not None
