"""The fluxes of a state on one mesh: as reported, face by face, and one way.

Signs: x from left to right; fluxes and currents positive from left to right.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np

from electrodiff.ends import Reservoir
from electrodiff.fvm.kernels.arrays import RATE
from electrodiff.fvm.kernels.checks import gross_fluxes
from electrodiff.materials import materials_of
from electrodiff.profiles import Floats, Profiles
from electrodiff.units import FARADAY

Number = TypeVar("Number", float, float | None)


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
        scale, crosses = self.problem.scales.flux, self.between_reservoirs
        totals = zip(self.case.ions, *self._reading.totals[:2].tolist(), strict=True)
        return {
            ion: carried / weight * scale if crosses and 0 < weight < math.inf else 0.0
            for ion, weight, carried in totals
        }

    @cached_property
    def ion_current(self) -> dict[str, float]:
        """Current density carried by each ion, z F J [A/m^2]."""
        # Adding 0 turns the -0 of an anion without flux into 0.
        valences = materials_of(self.case).valence.tolist()
        return {ion: z * FARADAY * flux + 0.0 for z, (ion, flux) in zip(valences, self.flux.items(), strict=True)}

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
        return self._reading.weight

    @cached_property
    def unidirectional_flux(self) -> dict[str, float]:
        """The larger of the two unidirectional fluxes of each ion [mol/(m^2 s)]: max a e^(z phi) / resistance, or 0."""
        weight, _, larger = self._reading.totals
        flux = larger / weight * self.problem.scales.flux * self.between_reservoirs
        return dict(zip(self.case.ions, flux.tolist(), strict=True))

    @property
    def gross_face_flux(self) -> Floats:
        """(N-1, n) size of the two terms of every face's flux together [mol/(m^2 s)]."""
        gross = np.empty_like(self._reading.weight)
        gross_fluxes(self.problem.chain.valence, self.state, self._reading.weight, gross)
        return gross * self.problem.scales.flux

    # ---- across a layer with transporters -------------------------------------------------------------------------

    @cached_property
    def transporter_rate(self) -> dict[str, float]:
        """Rate of every transporter, per reference area [mol/(m^2 s)]."""
        if not self.case.transporters:
            return {}
        rates = self.gate[self.problem.border.kind == RATE] * self.problem.scales.flux
        return dict(zip(self.case.transporter_names, rates.tolist(), strict=True))

    @cached_property
    def transported_flux(self) -> dict[str, float]:
        """Flux of each ion that the transporters of the first one's layer carry [mol/(m^2 s)]; empty without transporters."""
        return self._carried_ions(
            lambda ion: math.fsum(
                transporter.stoichiometry.get(ion, 0.0) * self.transporter_rate[transporter.name]
                for transporter in self.case.transporters
                if transporter.layer == self.case.transporters[0].layer
            )
        )

    @cached_property
    def passive_flux(self) -> dict[str, float]:
        """Flux of each ion through the lipid and the pathways of the layer with transporters [mol/(m^2 s)].

        The mean of its faces, each weighted with its resistance; empty without transporters.
        """
        if not self.case.transporters:
            return {}
        faces = self.problem.mesh.layer == self.transporting_layer
        weight, flux = self.face_resistance[faces], self.passive_face_flux[faces]
        crosses = np.isfinite(weight).all(axis=0)
        weight = np.where(crosses, weight, 1.0)
        mean = np.where(crosses, (weight * flux).sum(axis=0) / weight.sum(axis=0), 0.0)
        return dict(zip(self.case.ion_names, mean.tolist(), strict=True))

    @cached_property
    def exchange_flux(self) -> dict[str, float]:
        """The larger of the unidirectional passive fluxes of each ion through the layer with transporters [mol/(m^2 s)]."""
        if not self.case.transporters:
            return {}
        faces = np.flatnonzero(self.problem.mesh.layer == self.transporting_layer)
        ends = [faces[0], faces[-1] + 1]
        exponent = np.outer(self.state[:, -1], self.case.valences)
        held = np.exp(exponent[ends] - exponent.max(axis=0)) * self.state[ends, :-1]
        flux = held.max(axis=0) / self.face_resistance[faces].sum(axis=0) * self.problem.scales.flux
        return dict(zip(self.case.ion_names, flux.tolist(), strict=True))

    @property
    def transporting_layer(self) -> int:
        """Index of the layer that the first transporter crosses."""
        return self.case.layer_names.index(self.case.transporters[0].layer)

    @property
    def passive_face_flux(self) -> Floats:
        """(N-1, n) flux of every ion through every face without what transporters carry [mol/(m^2 s)]."""
        return (self._reading.flux - self._chain.carried) * self.problem.scales.flux

    @cached_property
    def nernst_potential(self) -> dict[str, float | None]:
        """(RT/zF) ln(a(right) / a(left)) of each ion between the ends [V], of a case with transporters; else empty.

        None for an ion that is absent at an end or has no charge.
        """

        def nernst(ion: str) -> float | None:
            left, right = self.state[[0, -1], self.case.ion_names.index(ion)]
            z = self.case.valence(ion)
            return float(np.log(right / left)) / z * self.problem.scales.potential if left > 0 < right and z else None

        return self._carried_ions(nernst)

    def _carried_ions(self, value: Callable[[str], Number]) -> dict[str, Number]:
        return {ion: value(ion) for ion in self.case.ions} if self.case.transporters else {}
