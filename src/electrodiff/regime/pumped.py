"""A membrane with transporters between two stirred solutions: what leaks by GHK, and what is carried by the rate laws.

Signs: inside = left, V_m = phi(inside) - phi(outside), fluxes and currents are outward.  All per reference area.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from electrodiff import materials
from electrodiff.errors import CaseError
from electrodiff.membrane import Membrane
from electrodiff.model import Case
from electrodiff.pathways import RESTING_POTENTIALS, pump_current, transporter_rate_between, working_transporters
from electrodiff.theory.ghk import ghk_flux
from electrodiff.transporters import Transporter
from electrodiff.units import FARADAY

Table = Mapping[str, float]


def pumped_layer(case: Case) -> Membrane | None:
    """The layer that all working transporters cross; None without one, or where they cross several."""
    crossed = {transporter.layer for transporter in working_transporters(case)}
    if len(crossed) != 1:
        return None
    index = case.layer_names.index(crossed.pop())
    return Membrane(case, index, index)


def carried_ions(case: Case) -> frozenset[str]:
    """The ions that working transporters move."""
    return frozenset(ion for transporter in working_transporters(case) for ion in transporter.stoichiometry)


def open_permeability(layer: Membrane, voltage: float) -> dict[str, float]:
    """P of each ion through a single layer [m/s] with its gates, and those of its pathways, as they are at a voltage [V]."""
    case, own = layer.case, layer.layers[0]
    return {
        ion: whole * float(materials.open_part(case, own, ion, voltage)) for ion, whole in layer.permeability.items()
    }


@dataclass(frozen=True)
class StirredMembrane:
    """The layer that transporters cross, between two stirred solutions."""

    layer: Membrane

    @property
    def case(self) -> Case:
        """The case."""
        return self.layer.case

    @cached_property
    def transporters(self) -> tuple[Transporter, ...]:
        """Those that work."""
        return working_transporters(self.case)

    def rates(self, inside: Table, outside: Table, voltage: float) -> dict[str, float]:
        """Cycles of each working transporter [mol/(m^2 s)]."""
        return {
            each.name: transporter_rate_between(self.case, each, inside, outside, voltage) for each in self.transporters
        }

    def transported(self, rates: Table) -> dict[str, float]:
        """Flux of each ion that the transporters carry at these rates [mol/(m^2 s)]."""
        return {
            ion: math.fsum(each.stoichiometry.get(ion, 0.0) * rates[each.name] for each in self.transporters)
            for ion in self.case.ions
        }

    def leaks(self, inside: Table, outside: Table, voltage: float) -> dict[str, float]:
        """Flux of each ion by GHK [mol/(m^2 s)]."""
        P, valences = open_permeability(self.layer, voltage), self.layer.valences
        of_ions = (np.array([table[ion] for ion in P], dtype=float) for table in (P, valences, inside, outside))
        permeability, valence, within, without = of_ions
        fluxes = np.asarray(ghk_flux(permeability, valence, within, without, voltage, self.case.temperature))
        return dict(zip(P, fluxes.tolist(), strict=True))

    def rest(self, inside: Table, outside: Table, pumps: float = 1.0) -> float:
        """V_m at which leaks and transporters carry no net current [V]; `pumps` 0 leaves the transporters out.

        Raises CaseError if there is none within half a volt.
        """
        from scipy.optimize import brentq

        def current(voltage: float) -> float:
            leaks = self.leaks(inside, outside, voltage)
            leak = FARADAY * math.fsum(self.layer.valences[ion] * flux for ion, flux in leaks.items())
            return leak + (pumps * pump_current(self.case, self.rates(inside, outside, voltage)) if pumps else 0.0)

        low, high = RESTING_POTENTIALS
        if not current(low) < 0 < current(high):
            raise CaseError(f"leaks and transporters balance at no potential between {low:g} and {high:g} V")
        return float(brentq(current, low, high, xtol=1e-15, rtol=1e-14))
