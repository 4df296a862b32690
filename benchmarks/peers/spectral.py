"""Reference values: collocation by polynomials, whose error falls exponentially with their degree.

Each layer is cut into elements.  In an element every unknown is a polynomial of degree N through N + 1 Chebyshev points, its
equations hold at N Gauss points, and one condition per unknown joins it to its neighbour or to the end (rectangular
collocation: T. A. Driscoll, N. Hale, IMA J. Numer. Anal. 36 (2016) 108).  Dense matrices, nothing adapted, nothing shared
with any solver that is compared.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from scipy.sparse import block_array, csc_array
from scipy.sparse.linalg import splu

from peers.membrane import Complexes, Floats, Membrane

# Twice what 13 digits take; `tasks` confirms them with another degree.
DEGREE = 16
# Each bath is cut where its Debye layer (0.8 nm) begins, and once more within it; the membrane in two.
CUTS = ((0.0, 0.65, 0.9, 1.0), (0.0, 0.5, 1.0), (0.0, 0.1, 0.35, 1.0))
# Newton's method ends when an update, relative to the largest of its kind, is below this; the update is applied.
SMALL = 1e-10
TURNS = 60


class Element(NamedTuple):
    """A piece of a layer."""

    layer: int
    start: float
    stop: float


class Steady(NamedTuple):
    """A steady state: the unknowns of every element, and what follows from them."""

    fields: Floats
    """(E, V, N + 1): phi, eps phi', and the activities of the ions that pass."""
    flux: Floats
    """(n,)"""
    voltage: float


@dataclass(frozen=True)
class Spectral:
    """The collocation of one membrane."""

    membrane: Membrane
    degree: int = DEGREE

    @cached_property
    def elements(self) -> list[Element]:
        """From left to right."""
        return [
            Element(layer, *(start + np.array(pair) * (stop - start)))
            for layer, (start, stop) in enumerate(zip(self.membrane.faces, self.membrane.faces[1:], strict=False))
            for pair in zip(CUTS[layer], CUTS[layer][1:], strict=False)
        ]

    @cached_property
    def matrices(self) -> tuple[Floats, Floats]:
        """(N, N + 1) values at the Gauss points of a polynomial given at the Chebyshev points of [-1, 1], and its slopes."""
        at = -np.cos(np.pi * np.arange(self.degree + 1) / self.degree)
        gauss = np.polynomial.legendre.leggauss(self.degree)[0]
        # In the basis of Chebyshev polynomials, which is well-conditioned on these points.
        basis = np.linalg.inv(np.polynomial.chebyshev.chebvander(at, self.degree))
        slopes = np.polynomial.chebyshev.chebder(np.eye(self.degree + 1))
        return (
            np.polynomial.chebyshev.chebvander(gauss, self.degree) @ basis,
            np.polynomial.chebyshev.chebvander(gauss, self.degree - 1) @ slopes @ basis,
        )

    # ---- the steady state -------------------------------------------------------------------------------------------

    def steady(self, guess: Steady | None = None, floating: bool = False) -> Steady:
        """The steady state; with `floating` the voltage at which the net current is zero.

        Raises RuntimeError if Newton's method does not end.
        """
        shape = (len(self.elements), 2 + int(self.membrane.passes.sum()), self.degree + 1)
        given = guess or self._first_guess()
        unknowns = np.concatenate([given.fields.ravel(), given.flux[self.membrane.passes], [given.voltage]])
        if not floating:
            unknowns[-1] = self.membrane.voltage
        scale = np.concatenate([np.repeat([[10.0, 1.0, *np.ones(shape[1] - 2)]] * shape[0], shape[2], axis=1).ravel()])
        scale = np.append(scale, np.full(unknowns.size - scale.size, 1.0))
        for _ in range(TURNS):
            residual, jacobian = self._system(unknowns, floating)
            update = np.linalg.solve(jacobian, -residual)
            size = float(np.abs(update / scale).max())
            unknowns += update * min(1.0, 1.0 / size)
            if size < SMALL:
                break
        else:
            raise RuntimeError(f"the reference did not converge at {self.membrane.voltage:g} RT/F")
        return self._state(unknowns, shape)

    def _state(self, unknowns: Floats, shape: tuple[int, int, int]) -> Steady:
        size = int(np.prod(shape))
        flux = np.zeros(self.membrane.valence.size)
        flux[self.membrane.passes] = unknowns[size:-1]
        return Steady(unknowns[:size].reshape(shape), flux, float(unknowns[-1]))

    def _first_guess(self) -> Steady:
        """Baths as given, straight lines of phi and of ln a in the middle."""
        membrane = self.membrane
        passes = membrane.passes
        at = (1 - np.cos(np.pi * np.arange(self.degree + 1) / self.degree)) / 2
        fields = np.zeros((len(self.elements), 2 + int(passes.sum()), self.degree + 1))
        start, stop = membrane.faces[1], membrane.faces[-2]
        for element, own in zip(self.elements, fields, strict=True):
            x = element.start + at * (element.stop - element.start)
            part = np.clip((x - start) / (stop - start), 0.0, 1.0)
            own[0] = membrane.voltage * (1 - part)
            own[2:] = membrane.left[passes, None] ** (1 - part) * membrane.right[passes, None] ** part
        return Steady(fields, np.zeros(membrane.valence.size), membrane.voltage)

    def _system(self, unknowns: Floats, floating: bool) -> tuple[Floats, Floats]:
        """Residual and Jacobian: Gauss points of all elements, then the conditions."""
        membrane, (values, slopes) = self.membrane, self.matrices
        passes = membrane.passes
        z, n = membrane.valence[passes], int(passes.sum())
        points, length = self.degree, self.degree + 1
        size = len(self.elements) * (2 + n) * length
        residual, jacobian = np.zeros(unknowns.size), np.zeros((unknowns.size, unknowns.size))
        voltage = unknowns[-1]
        for index, element in enumerate(self.elements):
            own = unknowns[index * (2 + n) * length :][: (2 + n) * length].reshape(2 + n, length)
            stretch = 2 / (element.stop - element.start)
            phi, displaced, *activity = own @ values.T
            slope = own @ slopes.T * stretch
            field = displaced / membrane.permittivity[element.layer]
            held = ~passes & (membrane.partition[element.layer] > 0)
            kept = membrane.left[held, None] * np.exp(-membrane.valence[held, None] * (phi - voltage))
            kept_charge = (membrane.valence * membrane.partition[element.layer])[held] @ kept
            kept_slope = -(membrane.valence**2 * membrane.partition[element.layer])[held] @ kept
            beta = membrane.partition[element.layer, passes]

            def rows(v: int, index: int = index) -> slice:
                return slice((index * (2 + n) + v) * points, (index * (2 + n) + v + 1) * points)

            def columns(v: int, index: int = index) -> slice:
                return slice((index * (2 + n) + v) * length, (index * (2 + n) + v + 1) * length)

            residual[rows(0)] = slope[0] - field
            jacobian[rows(0), columns(0)] = slopes * stretch
            jacobian[rows(0), columns(1)] = -values / membrane.permittivity[element.layer]
            residual[rows(1)] = slope[1] + kept_charge + (z * beta) @ np.array(activity)
            jacobian[rows(1), columns(1)] = slopes * stretch
            jacobian[rows(1), columns(0)] = kept_slope[:, None] * values
            jacobian[rows(1), -1] = -kept_slope
            for i in range(n):
                resistance = 1 / membrane.conductivity[element.layer, passes][i]
                residual[rows(2 + i)] = slope[2 + i] + z[i] * activity[i] * field + unknowns[size + i] * resistance
                jacobian[rows(1), columns(2 + i)] = z[i] * beta[i] * values
                jacobian[rows(2 + i), columns(2 + i)] = slopes * stretch + (z[i] * field)[:, None] * values
                by_displaced = z[i] * activity[i] / membrane.permittivity[element.layer]
                jacobian[rows(2 + i), columns(1)] = by_displaced[:, None] * values
                jacobian[rows(2 + i), size + i] = resistance
        self._conditions(unknowns, floating, residual, jacobian)
        return residual, jacobian

    def _conditions(self, unknowns: Floats, floating: bool, residual: Floats, jacobian: Floats) -> None:
        """Continuity between elements, what the reservoirs give, and the voltage."""
        membrane, length = self.membrane, self.degree + 1
        passes = membrane.passes
        n = int(passes.sum())
        row = len(self.elements) * (2 + n) * self.degree
        place = np.arange(len(self.elements) * (2 + n) * length).reshape(-1, 2 + n, length)
        for left, right in zip(place[:-1, :, -1].ravel(), place[1:, :, 0].ravel(), strict=True):
            residual[row] = unknowns[right] - unknowns[left]
            jacobian[row, [left, right]] = -1.0, 1.0
            row += 1
        given = [(place[-1, 0, -1], 0.0)]
        given += list(zip(place[0, 2:, 0], membrane.left[passes], strict=True))
        given += list(zip(place[-1, 2:, -1], membrane.right[passes], strict=True))
        for unknown, value in given:
            residual[row] = unknowns[unknown] - value
            jacobian[row, unknown] = 1.0
            row += 1
        residual[row] = unknowns[place[0, 0, 0]] - unknowns[-1]
        jacobian[row, [place[0, 0, 0], -1]] = 1.0, -1.0
        if floating:
            residual[-1] = membrane.valence[passes] @ unknowns[place.size : -1]
            jacobian[-1, place.size : -1] = membrane.valence[passes]
        else:
            residual[-1] = unknowns[-1] - membrane.voltage
            jacobian[-1, -1] = 1.0

    def current_density(self, state: Steady) -> float:
        """[A/m^2]"""
        return float(self.membrane.valence @ state.flux) * self.membrane.current_scale

    # ---- the response to a small voltage ----------------------------------------------------------------------------

    def impedances(self, state: Steady, frequencies: Iterable[float]) -> Complexes:
        """(W,) V / I [ohm m^2] at the frequencies [Hz], a small voltage on the left reservoir."""
        constant, by_rate, right = self._linear(state)
        found = []
        for frequency in frequencies:
            rate = 2j * np.pi * frequency * self.membrane.scales.time
            solution = splu((constant + rate * by_rate).tocsc()).solve(right.astype(complex))
            # Conduction and displacement at the left end: eps phi' is minus the displacement.
            first = solution.reshape(len(self.elements), -1, self.degree + 1)[0, :, 0]
            n = self.membrane.valence.size
            found.append(1 / (self.membrane.valence @ first[2 + n :] - rate * first[1]))
        return np.asarray(np.array(found) * self.membrane.impedance_scale, dtype=complex)

    def _linear(self, state: Steady) -> tuple[csc_array, csc_array, Floats]:
        """Constant part, part by i omega, and right-hand side; phi, eps phi', n activities and n fluxes in each element."""
        membrane, (values, slopes) = self.membrane, self.matrices
        n, length = membrane.valence.size, self.degree + 1
        kinds = 2 + 2 * n
        blocks, rates = [], []
        for element, own in zip(self.elements, state.fields, strict=True):
            block, rate = np.zeros((2, kinds, self.degree, kinds, length))
            layer = element.layer
            field = own[1] @ values.T / membrane.permittivity[layer]
            activity = np.zeros((n, self.degree))
            activity[membrane.passes] = own[2:] @ values.T
            held = ~membrane.passes & (membrane.partition[layer] > 0)
            drop = own[0] @ values.T - state.voltage
            activity[held] = membrane.left[held, None] * np.exp(-membrane.valence[held, None] * drop)
            for kind in range(kinds):
                block[kind, :, kind] = slopes * 2 / (element.stop - element.start)
            block[0, :, 1] = -values / membrane.permittivity[layer]
            for i in np.flatnonzero(membrane.partition[layer] > 0):
                block[1, :, 2 + i] = membrane.valence[i] * membrane.partition[layer, i] * values
                block[2 + i, :, 2 + i] += (membrane.valence[i] * field)[:, None] * values
                by_displaced = membrane.valence[i] * activity[i] / membrane.permittivity[layer]
                block[2 + i, :, 1] = by_displaced[:, None] * values
                block[2 + i, :, 2 + n + i] = values / membrane.conductivity[layer, i]
                rate[2 + n + i, :, 2 + i] = membrane.partition[layer, i] * values
            blocks.append(block.reshape(kinds * self.degree, -1))
            rates.append(rate.reshape(kinds * self.degree, -1))
        conditions, values_given = self._linear_conditions(kinds, length)
        right = np.append(np.zeros(len(blocks) * kinds * self.degree), values_given)
        return self._stacked(blocks, conditions), self._stacked(rates, 0 * conditions), right

    @staticmethod
    def _stacked(blocks: list[Floats], conditions: Floats) -> csc_array:
        rows: list[list[csc_array | None]] = [[None] * len(blocks) for _ in blocks]
        for index, block in enumerate(blocks):
            rows[index][index] = csc_array(block)
        return csc_array(block_array([[block_array(rows)], [csc_array(conditions)]]))

    def _linear_conditions(self, kinds: int, length: int) -> tuple[Floats, Floats]:
        """(C, unknowns) and (C,): each unknown is continuous; an ion stops at an element where it is absent."""
        membrane, n = self.membrane, self.membrane.valence.size
        place = np.arange(len(self.elements) * kinds * length).reshape(-1, kinds, length)
        has = [membrane.partition[element.layer] > 0 for element in self.elements]
        terms: list[tuple[dict[int, float], float]] = []
        for kind in range(kinds):
            ion = (kind - 2) % n if kind >= 2 else None
            for left, right, here, there in zip(place, place[1:], has, has[1:], strict=False):
                if ion is not None and here[ion] and not there[ion]:
                    terms.append(({right[kind, 0]: 1.0}, 0.0))
                    if kind >= 2 + n:
                        terms.append(({left[kind, -1]: 1.0}, 0.0))
                else:
                    terms.append(({left[kind, -1]: -1.0, right[kind, 0]: 1.0}, 0.0))
        terms += [({place[0, 0, 0]: 1.0}, 1.0), ({place[-1, 0, -1]: 1.0}, 0.0)]
        terms += [({place[0, 2 + i, 0]: 1.0}, 0.0) for i in range(n)]
        terms += [({place[-1, 2 + i, -1]: 1.0}, 0.0) for i in range(n) if has[-1][i]]
        matrix = np.zeros((len(terms), place.size))
        for row, (entries, _) in zip(matrix, terms, strict=True):
            row[list(entries)] = list(entries.values())
        return matrix, np.array([value for _, value in terms])
