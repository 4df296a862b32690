"""A membrane in which the displacement is constant: ions, charge, and by how much that charge bends the potential.

Each ion has the steady profile that goes with a constant displacement between the two faces,

    a(x) = e^(-z y) [a_L e^(z y_L) (1 - s) + a_R e^(z y_R) s],    s = R(x) / R(d),    R = integral of e^(z y) dx / (D beta)

y = F phi / (R T).  In a uniform slab these are the profiles of Goldman, Hodgkin and Katz, and they are exact if the charge
that they make is zero.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from electrodiff import materials
from electrodiff.grid.mesh import Floats
from electrodiff.grid.scales import spread_fixed_charge
from electrodiff.membrane import Membrane
from electrodiff.regime.baths import screening_length
from electrodiff.units import FARADAY, VACUUM_PERMITTIVITY, thermal_voltage

# Points of each layer: the trapezoidal rule is then good to 1e-4 for the exponentials of a volt across it.
_SAMPLES = 401
# Half a thickness over the Debye length below which screening takes less than 5 half^2 / 12 = 4e-7.
_UNSCREENED = 1e-3


@dataclass(frozen=True)
class ConstantField:
    """A membrane between two faces of given activities and potential."""

    membrane: Membrane
    left: dict[str, float]
    """Activities just inside the left face [mol/m^3]."""
    right: dict[str, float]
    voltage: float
    """phi(left) - phi(right) between the faces [V]."""

    @property
    def volt(self) -> float:
        """R T / F [V]."""
        return thermal_voltage(self.membrane.case.temperature)

    @cached_property
    def position(self) -> Floats:
        """Samples from the left face, (layers, samples) [m]."""
        starts = np.cumsum([0.0, *(layer.thickness for layer in self.membrane.layers)])[:-1]
        return np.array([start + self._within(index) for index, start in enumerate(starts)])

    def _within(self, index: int) -> Floats:
        return np.linspace(0.0, self.membrane.layers[index].thickness, _SAMPLES)

    @cached_property
    def _permittivity(self) -> Floats:
        """eps of each layer, (layers, 1) [F/m]."""
        case = self.membrane.case
        return np.array([[VACUUM_PERMITTIVITY * case.relative_permittivity(layer)] for layer in self.membrane.layers])

    @cached_property
    def _share(self) -> Floats:
        """Share of the voltage from the left face to each sample: that of dx / eps."""
        parts = _cumulative(1 / self._permittivity * np.ones(_SAMPLES), self.position)
        return np.asarray(parts / parts[-1, -1])

    def _concentration(self, ion: str) -> Floats:
        """Concentration of an ion at the samples [mol/m^3], in the layers."""
        if self.membrane.permeability[ion] == 0:
            return np.zeros_like(self.position)
        energy, resistivity = self._energy(ion)
        y = self._energy_of_field(ion, self.voltage)
        with np.errstate(divide="ignore"):
            before, behind = _log_parts(y + np.log(resistivity), self.position)
        left, right = self.left[ion], self.right[ion]
        # e^(y_L - y) and e^(y_R - y) times the parts of the resistance on the other side: y falls from y_L to y_R = 0, or
        # rises, and at a hundred volts neither factor alone is a number.
        activity = left * np.exp(y[0, 0] - y + behind) + right * np.exp(before - y)
        return np.asarray(activity * np.exp(-energy))

    def _energy_of_field(self, ion: str, voltage: float) -> Floats:
        """z F phi / (R T) at the samples, 0 at the right face."""
        return np.asarray(self.membrane.valences[ion] * voltage / self.volt * (1 - self._share))

    def _energy(self, ion: str) -> tuple[Floats, Floats]:
        """-ln beta, and 1 / (D beta) over its largest value since a barrier may exceed any number, at the samples."""
        case, layers = self.membrane.case, self.membrane.layers
        energy = np.array([materials.energy(case, layer, ion, self._within(k)) for k, layer in enumerate(layers)])
        D = np.array([materials.diffusivity(case, layer, ion, self._within(k)) for k, layer in enumerate(layers)])
        log = energy - np.log(D)
        return energy, np.exp(log - log.max())

    def ghk_ratio(self, ion: str, voltage: float) -> float:
        """Current of the GHK equation over what a constant displacement drives through the uneven resistance of an ion.

        At a voltage between the faces; 1 if the resistance is even.

        [mean of e^(z y) w] / [mean of e^(z y x / d)],    w = 1 / (D beta) over its mean
        """
        _, w = self._energy(ion)
        y = self._energy_of_field(ion, voltage)
        even = y[0, 0] * (1 - self.position / self.membrane.thickness)
        shift = max(y.max(), even.max())
        driven = self.mean(np.exp(y - shift) * w) / self.mean(w)
        return driven / self.mean(np.exp(even - shift))

    @cached_property
    def concentrations(self) -> dict[str, Floats]:
        """Of each ion that passes, at the samples, (layers, samples) [mol/m^3]; 0 for the others."""
        return {ion: self._concentration(ion) for ion in self.membrane.case.ions}

    @cached_property
    def fixed_charge(self) -> Floats:
        """X at the samples [mol/m^3]."""
        case, rows = self.membrane.case, []
        for index, layer in enumerate(self.membrane.layers):
            spread = spread_fixed_charge(case, layer)
            x = self._within(index)
            rows.append(materials.fixed_charge(layer, x) if spread is None else np.full(x.shape, spread))
        return np.array(rows)

    @property
    def peak_charge(self) -> float:
        """X of the largest size, with its sign [mol/m^3]."""
        return float(self.fixed_charge.flat[np.abs(self.fixed_charge).argmax()])

    @cached_property
    def charge(self) -> Floats:
        """sum z c + X at the samples [mol/m^3]."""
        ions = self.membrane.case.ions
        mobile = sum(self.membrane.valences[ion] * self.concentrations[ion] for ion in ions)
        return np.asarray(mobile + self.fixed_charge)

    @cached_property
    def screening_length(self) -> float:
        """Debye length of the mean of what is inside [m]; inf without ions."""
        strength = sum(self.membrane.valences[ion] ** 2 * self.mean(c) for ion, c in self.concentrations.items()) / 2
        return screening_length(strength, self.membrane.relative_permittivity, self.membrane.case.temperature)

    def mean(self, values: Floats) -> float:
        """Mean over the thickness of values at the samples."""
        return float(_cumulative(values, self.position)[-1, -1]) / self.membrane.thickness

    @cached_property
    def bend(self) -> float:
        """Largest change of the potential by the charge inside, between faces that are held [V].

        Twice the integral of rho / eps, times what screening leaves of it in a uniform slab,
        8 (lambda / d)^2 (1 - 1 / cosh(d / (2 lambda))).
        """
        displacement = _cumulative(FARADAY * self.charge, self.position)
        dropped = _cumulative(displacement / self._permittivity, self.position)
        free = float(np.abs(dropped - dropped[-1, -1] * self._share).max())
        return free * _screened(self.membrane.thickness / self.screening_length)

    @cached_property
    def own_charge(self) -> float:
        """Integral of |rho| over the thickness [C/m^2], times what screening leaves of it."""
        free = FARADAY * self.mean(np.abs(self.charge)) * self.membrane.thickness
        return free * _screened(self.membrane.thickness / self.screening_length)


def _cumulative(values: Floats, x: Floats) -> Floats:
    """Integral from the left face to each sample, layer after layer, by the trapezoidal rule; (layers, samples)."""
    cells = (values[:, 1:] + values[:, :-1]) / 2 * np.diff(x, axis=1)
    within = np.concatenate([np.zeros((len(x), 1)), np.cumsum(cells, axis=1)], axis=1)
    before = np.concatenate([[0.0], np.cumsum(within[:-1, -1])])
    return np.asarray(within + before[:, None])


def _log_parts(log_values: Floats, x: Floats) -> tuple[Floats, Floats]:
    """Logarithms of the parts of an integral from face to face that are at the left and at the right of each sample.

    By the trapezoidal rule, from the logarithms of the values; both (layers, samples).
    """
    cells = np.logaddexp(log_values[:, 1:], log_values[:, :-1]) + np.log(np.diff(x, axis=1) / 2)
    nothing = np.full((len(x), 1), -np.inf)
    before = np.logaddexp.accumulate(np.concatenate([nothing, cells], axis=1).ravel())
    behind = np.logaddexp.accumulate(np.concatenate([cells, nothing], axis=1).ravel()[::-1])[::-1]
    return (before - before[-1]).reshape(x.shape), (behind - behind[0]).reshape(x.shape)


def _screened(ratio: float) -> float:
    """8 / k^2 (1 - 1 / cosh(k / 2)) of k = d / lambda: 1 for a thin slab, 8 / k^2 for a thick one."""
    half = ratio / 2
    if half < _UNSCREENED:
        return 1.0
    # 1 - 1/cosh(h) = 2 sinh(h/2)^2 / cosh(h), without cancellation or overflow.
    decay = math.exp(-half)
    return 2 / half**2 * (1 - decay) ** 2 / (1 + decay**2)
