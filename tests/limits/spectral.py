"""The current through a stack by spectral elements: another discretisation, which shares nothing with the solver.

Given phi, every ion has a~(x) = a~(0) - J integral of e^(z phi) dx / (D beta), J from its two reservoirs; given these,
Poisson's equation is solved by Newton's method at Chebyshev points.  The two take turns until nothing moves.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.polynomial import chebyshev
from references_tools import FARADAY, GAS_CONSTANT, VACUUM, Floats

import electrodiff as ed

DEGREE = 16
SIZE = DEGREE + 1
POINTS = -np.cos(np.pi * np.arange(SIZE) / DEGREE)
_SERIES = np.linalg.inv(chebyshev.chebvander(POINTS, DEGREE))
# d/dx, and the integral from -1, of values at the points of [-1, 1].
SLOPE = chebyshev.chebvander(POINTS, DEGREE - 1) @ chebyshev.chebder(_SERIES)
INTEGRAL = chebyshev.chebvander(POINTS, SIZE) @ chebyshev.chebint(_SERIES, lbnd=-1)


@dataclass(frozen=True)
class Elements:
    """E elements of a stack of constant layers between reservoirs at given potentials, in RT/F, m and mol/m^3."""

    half: Floats
    """(E, 1) half of the length of each."""
    permittivity: Floats
    """(E, 1) eps RT / F^2 of each."""
    valence: Floats
    partition: Floats
    """(n, E)"""
    diffusivity: Floats
    """(n, E)"""
    ends: Floats
    """(n, 2) concentrations."""
    potentials: Floats
    """(2,)"""

    @classmethod
    def of(cls, case: ed.Case, finest: float) -> Elements:
        """`finest` [m] beside every boundary, twice as long each away from it."""
        steps = finest * (2.0 ** np.arange(40) - 1)
        lengths, layers = [], []
        for layer in case.layers:
            inner = np.append(steps[steps < layer.thickness / 3], layer.thickness / 2)
            lengths += [*np.diff(inner), *np.diff(inner)[::-1]]
            layers += [layer] * (2 * inner.size - 2)
        unit = GAS_CONSTANT * case.temperature / FARADAY
        ions = list(case.ions)
        return cls(
            half=np.array(lengths)[:, None] / 2,
            permittivity=np.array([[VACUUM * case.relative_permittivity(each) * unit / FARADAY] for each in layers]),
            valence=np.array(case.valences, dtype=float),
            partition=np.array([[(each.partition or {}).get(ion, 1.0) for each in layers] for ion in ions]),
            diffusivity=np.array(
                [[each.diffusivity.get(ion, case.free_diffusivity(ion)) for each in layers] for ion in ions]
            ),
            ends=np.array([[case.concentrations(side)[ion] for side in ("left", "right")] for ion in ions]),
            potentials=np.array([float(getattr(case, side).potential) / unit for side in ("left", "right")]),
        )

    def transported(self, phi: Floats) -> tuple[Floats, Floats]:
        """a~ (n, E, SIZE) and fluxes (n,) at a potential (E, SIZE)."""
        a, flux = np.empty((self.valence.size, *phi.shape)), np.zeros(self.valence.size)
        place = np.arange(phi.shape[0])[:, None]
        for i, z in enumerate(self.valence):
            start, stop = self.ends[i] * np.exp(z * self.potentials)
            absent = np.flatnonzero(self.partition[i] == 0)
            if absent.size:
                a[i] = np.where(place < absent[0], start, stop)
                continue
            within = self.half / (self.diffusivity[i] * self.partition[i])[:, None] * np.exp(z * phi) @ INTEGRAL.T
            before = np.concatenate([[0.0], np.cumsum(within[:, -1])])
            flux[i] = (start - stop) / before[-1]
            a[i] = start - flux[i] * (before[:-1, None] + within)
        return a, flux

    def relaxed(self, phi: Floats, a: Floats) -> Floats:
        """The potential (E, SIZE) of Poisson's equation at these a~, by Newton's method."""
        count = phi.shape[0]
        slope = (self.permittivity / self.half)[:, :, None] * SLOPE
        bend = slope @ SLOPE / self.half[:, :, None]
        matrix = np.zeros((count, SIZE, count, SIZE))
        elements = np.arange(count)
        # Within an element Poisson's equation; at its ends continuity of phi (left) and of the displacement (right).
        matrix[elements, 1:-1, elements, :] = bend[:, 1:-1]
        matrix[elements, 0, elements, 0] = 1.0
        matrix[elements[1:], 0, elements[:-1], -1] = -1.0
        matrix[elements, -1, elements, :] = slope[:, -1] / slope[:, -1:, -1]
        matrix[elements[:-1], -1, elements[1:], :] = -slope[1:, 0] / slope[:-1, -1:, -1]
        matrix[-1, -1] = 0.0
        matrix[-1, -1, -1, -1] = 1.0
        given = np.zeros((count, SIZE))
        given[0, 0], given[-1, -1] = self.potentials
        scale = np.abs(bend).max(axis=(1, 2))
        for _ in range(50):
            c = self.partition[:, :, None] * a * np.exp(-self.valence[:, None, None] * phi)
            residual = (matrix.reshape(count * SIZE, -1) @ phi.ravel()).reshape(phi.shape) - given
            residual[:, 1:-1] += np.einsum("i,ief->ef", self.valence, c)[:, 1:-1]
            jacobian = matrix.copy()
            stiff = np.einsum("i,ief->ef", self.valence**2, c)
            for point in range(1, DEGREE):
                jacobian[elements, point, elements, point] -= stiff[:, point]
            # Rows of one size, for the sake of the elimination.
            jacobian[:, 1:-1] /= scale[:, None, None, None]
            residual[:, 1:-1] /= scale[:, None]
            step = -np.linalg.solve(jacobian.reshape(phi.size, phi.size), residual.ravel()).reshape(phi.shape)
            phi = phi + step * min(1.0, 2.0 / np.abs(step).max())
            if np.abs(step).max() < 1e-13:
                break
        return phi


def spectral_current(case: ed.Case, finest: float = 0.4e-9) -> float:
    """Net current density [A/m^2]."""
    elements = Elements.of(case, finest)
    x = np.cumsum(2 * elements.half) - elements.half[:, 0]
    phi = np.interp(x, [0.0, x[-1]], elements.potentials)[:, None] * np.ones(SIZE)
    current = np.inf
    for _ in range(50):
        a, flux = elements.transported(phi)
        before, current = current, FARADAY * float(elements.valence @ flux)
        if abs(current - before) < 1e-13 * abs(current):
            break
        phi = elements.relaxed(phi, a)
    return current
