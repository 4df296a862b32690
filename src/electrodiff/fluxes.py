"""The fluxes of a state on one mesh: as reported, face by face, and one way.

Signs: x from left to right; fluxes and currents positive from left to right.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from electrodiff.ends import Reservoir
from electrodiff.profiles import Floats, Profiles
from electrodiff.units import FARADAY


@dataclass(frozen=True)
class Fluxes(Profiles):
    """What goes through a stack, on top of its profiles, in SI units."""

    @cached_property
    def flux(self) -> dict[str, float]:
        """Flux of each ion [mol/(m^2 s)]: the resistance-weighted mean of its face fluxes.

            J = sum_f r_f J_f / sum_f r_f,      J_f r_f = a(left) e^(z phi(left)) - a(right) e^(z phi(right))

        The weights favour the membrane, where faces agree to round-off.  An ion that is absent somewhere, or that meets
        an end that is no reservoir, has flux 0.
        """
        flux, weight, _, _ = self._faces
        crosses = np.isfinite(weight).all(axis=0) & self.between_reservoirs
        weight = np.where(crosses, weight, 1.0)
        mean = np.where(crosses, (flux * weight).sum(axis=0) / weight.sum(axis=0), 0.0)
        return dict(zip(self.case.ion_names, (mean * self.problem.scales.flux).tolist(), strict=True))

    @cached_property
    def ion_current(self) -> dict[str, float]:
        """Current density carried by each ion, z F J [A/m^2]."""
        # Adding 0 turns the -0 of an anion without flux into 0.
        return {ion: self.case.valence(ion) * FARADAY * flux + 0.0 for ion, flux in self.flux.items()}

    @property
    def current_density(self) -> float:
        """Net current density [A/m^2]."""
        return math.fsum(self.ion_current.values())

    @property
    def between_reservoirs(self) -> bool:
        """Whether both ends are reservoirs, so that an ion can cross."""
        return all(isinstance(end, Reservoir) for end in (self.case.left, self.case.right))

    @property
    def face_resistance(self) -> Floats:
        """(N-1, n) r of every face in J r = a(left) e^(z phi(left)) - a(right) e^(z phi(right)), scaled; inf if absent."""
        return self._faces[1]

    @cached_property
    def unidirectional_flux(self) -> dict[str, float]:
        """The larger of the two unidirectional fluxes of each ion [mol/(m^2 s)]: max a e^(z phi) / resistance, or 0."""
        _, weight, _, _ = self._faces
        # The weights are scaled by the largest e^(z phi) of the stack.
        exponent = np.outer(self.state[:, -1], self.case.valences)
        ends = np.exp(exponent[[0, -1]] - exponent.max(axis=0)) * self.state[[0, -1], :-1]
        flux = ends.max(axis=0) / weight.sum(axis=0) * self.problem.scales.flux * self.between_reservoirs
        return dict(zip(self.case.ion_names, flux.tolist(), strict=True))

    @property
    def gross_face_flux(self) -> Floats:
        """(N-1, n) size of the two terms of every face's flux together [mol/(m^2 s)]."""
        _, weight, _, _ = self._faces
        exponent = np.array(self.case.valences) * self.state[:, -1:]
        exponent -= exponent.max(axis=0)
        either = self.state[:-1, :-1] * np.exp(exponent[:-1]) + self.state[1:, :-1] * np.exp(exponent[1:])
        with np.errstate(divide="ignore", invalid="ignore"):
            gross = np.where(np.isfinite(weight) & (weight > 0), either / weight, 0.0)
        return np.asarray(gross * self.problem.scales.flux)
