"""A solved case: fluxes, charges and potential drops, on top of its profiles, in SI units.

Signs: x from left to right; V_m = phi(left) - phi(right); fluxes and currents positive from left to right.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from electrodiff import materials
from electrodiff.checks import SIDES
from electrodiff.doubts import BULK_DEBYE_LENGTHS, doubts
from electrodiff.ends import Reservoir, Wall
from electrodiff.fvm.kernels.arrays import GATING
from electrodiff.grid.geometry import has_area
from electrodiff.profiles import Floats, Profiles
from electrodiff.quantities import QUANTITIES
from electrodiff.theory.double_layer import debye_length
from electrodiff.units import FARADAY, VACUUM_PERMITTIVITY

if TYPE_CHECKING:
    import xarray

# A field below this part of RT/F per nm is round-off: 1e-16 of the charge of a molar bath over 20 nm makes 1e-14 of it.
NO_FIELD = 1e-12


@dataclass(frozen=True)
class DebyeLayer:
    """The diffuse charge on one side of an interface: the half of a layer, or the whole of an end layer, beside it."""

    side: str
    """"left" or "right" of its interface."""
    layer: str
    start: int
    """First and last entry of the profiles that belong to it."""
    stop: int
    charge: float
    """Charge per area, mobile and fixed [C/m^2]."""
    drop: float
    """phi at its left - phi at its right [V]."""
    debye_length: float
    """Debye length of its layer [m]."""

    @property
    def entries(self) -> slice:
        """Its part of the profiles."""
        return slice(self.start, self.stop + 1)


@dataclass(frozen=True)
class Solution(Profiles):
    """The state of a case on its mesh, how it was found, and everything that follows from it."""

    converged: bool
    message: str
    """How the solve ended; if it failed, where and what to try."""
    residuals: Floats
    """(iterations,) largest residual before each Newton step, as a change of the unknown that it asks for."""
    updates: Floats
    """(iterations,) largest relative change of each Newton step."""
    notes: tuple[str, ...] = ()
    """What the solver has to say about the solution, such as that a resting potential is unstable."""

    @property
    def iterations(self) -> int:
        """Number of Newton steps."""
        return self.residuals.size

    # ---- fluxes ---------------------------------------------------------------------------------------------------

    @cached_property
    def flux(self) -> dict[str, float]:
        """Flux of each ion [mol/(m^2 s)]: the resistance-weighted mean of its face fluxes.

            J = sum_f r_f J_f / sum_f r_f,      J_f r_f = a(left) e^(z phi(left)) - a(right) e^(z phi(right))

        The weights favour the membrane, where faces agree to round-off.  An ion that is absent somewhere, or that meets
        an end that is no reservoir, has flux 0.
        """
        flux, weight, _, _ = self._faces
        between = all(isinstance(end, Reservoir) for end in (self.case.left, self.case.right))
        crosses = np.isfinite(weight).all(axis=0) & between
        weight = np.where(crosses, weight, 1.0)
        mean = np.where(crosses, (flux * weight).sum(axis=0) / weight.sum(axis=0), 0.0)
        return dict(zip(self.case.ion_names, (mean * self.problem.scales.flux).tolist(), strict=True))

    @property
    def ion_current(self) -> dict[str, float]:
        """Current density carried by each ion, z F J [A/m^2]."""
        # Adding 0 turns the -0 of an anion without flux into 0.
        return {ion: self.case.valence(ion) * FARADAY * flux + 0.0 for ion, flux in self.flux.items()}

    @property
    def current_density(self) -> float:
        """Net current density [A/m^2]."""
        return math.fsum(self.ion_current.values())

    # ---- potentials, charges, fields ------------------------------------------------------------------------------

    @property
    def membrane_potential(self) -> float:
        """V_m = phi(left end) - phi(right end) [V]."""
        return float((self.state[0, -1] - self.state[-1, -1]) * self.problem.scales.potential)

    @property
    def layer_drop(self) -> dict[str, float]:
        """phi(left face) - phi(right face) of each layer [V]."""
        drops = [self._drop(entries.start, entries.stop - 1) for entries in self.layer_entries]
        return dict(zip(self.case.layer_names, drops, strict=True))

    def _drop(self, first: int, last: int) -> float:
        return float(self.potential[first] - self.potential[last])

    @cached_property
    def debye_lengths(self) -> list[float]:
        """Debye length of each layer [m], at its reservoir if it has one, else in the middle; inf without ions."""
        lengths = []
        for index, (layer, entries) in enumerate(zip(self.case.layers, self.layer_entries, strict=True)):
            entry = (entries.start + entries.stop) // 2
            if index == len(self.case.layers) - 1 and isinstance(self.case.right, Reservoir):
                entry = entries.stop - 1
            if index == 0 and isinstance(self.case.left, Reservoir):
                entry = entries.start
            strength = float(np.square(self.case.valences) @ self.concentration[:, entry]) / 2
            permittivity = self.case.relative_permittivity(layer)
            # Not "!= 0": an unconverged state may hold NaN, and is still to be drawn.
            screened = strength > 0
            lengths.append(float(debye_length(strength, permittivity, self.case.temperature)) if screened else math.inf)
        return lengths

    @cached_property
    def debye_layers(self) -> dict[str, tuple[DebyeLayer, DebyeLayer]]:
        """The Debye layers left and right of each interface, by the interface's name "left layer|right layer"."""
        names = self.case.layer_names
        return {
            f"{left}|{right}": (self._debye_layer(index, "left"), self._debye_layer(index + 1, "right"))
            for index, (left, right) in enumerate(pairwise(names))
        }

    def _debye_layer(self, index: int, side: str) -> DebyeLayer:
        """The part of layer `index` that lies at one side of its interface: all of it if a reservoir ends it."""
        entries = self.layer_entries[index]
        bulk_at_left = side == "left" and index == 0 and isinstance(self.case.left, Reservoir)
        bulk_at_right = (
            side == "right" and index == len(self.case.layers) - 1 and isinstance(self.case.right, Reservoir)
        )
        if bulk_at_left or bulk_at_right:
            return self._part(index, side, entries.start, entries.stop - 1)
        return self._half(index, side)

    def _half(self, index: int, side: str) -> DebyeLayer:
        """The right half of layer `index` for what is left of an interface, and the left half for what is right of it."""
        entries = self.layer_entries[index]
        x = self.x[entries]
        middle = entries.start + int(np.argmin(np.abs(x - (x[0] + x[-1]) / 2)))
        first, last = (middle, entries.stop - 1) if side == "left" else (entries.start, middle)
        return self._part(index, side, first, last)

    def _part(self, index: int, side: str, first: int, last: int) -> DebyeLayer:
        name = self.case.layer_names[index]
        charge = self._charge(first, last)
        return DebyeLayer(side, name, first, last, charge, self._drop(first, last), self.debye_lengths[index])

    def _charge(self, first: int, last: int) -> float:
        """Charge of the half cells between two entries of one layer, per reference area [C/m^2]."""
        mesh = self.problem.mesh
        faces = slice(self.node[first], self.node[last])
        density = self.charge_density[first : last + 1]
        return float(density[:-1] @ mesh.volume_left[faces] + density[1:] @ mesh.volume_right[faces])

    @property
    def end_debye_layers(self) -> dict[str, DebyeLayer]:
        """The Debye layer next to the first interface, on its left, and next to the last one, on its right.

        Without an interface: the two halves of the only layer.
        """
        if len(self.case.layers) == 1:
            # The left half is what lies to the right of the left end, and so on.
            both = self._half(0, "right"), self._half(0, "left")
        else:
            layers = list(self.debye_layers.values())
            both = layers[0][0], layers[-1][1]
        return dict(zip(SIDES, both, strict=True))

    @property
    def surface_charge(self) -> dict[str, float]:
        """Charge per area held by the left and right Debye layer [C/m^2]; see `end_debye_layers`."""
        return {side: layer.charge for side, layer in self.end_debye_layers.items()}

    @property
    def debye_drop(self) -> dict[str, float]:
        """phi(left) - phi(right) of the left and right Debye layer [V]; see `end_debye_layers`."""
        return {side: layer.drop for side, layer in self.end_debye_layers.items()}

    @property
    def current(self) -> float | None:
        """Net current through the whole area [A]; None where the geometry has no area."""
        return self.current_density * self.problem.mesh.reference_area if has_area(self.case) else None

    @property
    def electrode_charge(self) -> dict[str, float | None]:
        """Charge per area on the wall at either end [C/m^2], from the field at its face; None where there is no wall."""
        charges: dict[str, float | None] = dict.fromkeys(SIDES)
        for side, entry, sign, end in (("left", 0, 1, self.case.left), ("right", -1, -1, self.case.right)):
            if isinstance(end, Wall):
                layer = self.case.layers[self.layer[entry]]
                permittivity = VACUUM_PERMITTIVITY * self.case.relative_permittivity(layer)
                field = float(self.electric_field[entry])
                given = end.surface_charge or 0.0
                # Of a wall with a given charge the field inside is zero, and the charge is at the node, as given.
                charges[side] = sign * permittivity * field if end.potential is not None else given
        return charges

    @property
    def log_permeability(self) -> dict[str, float | None]:
        """log10 of P = 1 / integral of dx / (D beta) in m/s, of each ion in each layer; None for an absent ion."""
        return {
            f"{layer.name}.{ion}": None if math.isinf(value) else -value / math.log(10)
            for layer in self.case.layers
            for ion in self.case.ions
            for value in (materials.log_resistance(self.case, layer, ion),)
        }

    @property
    def open_fraction(self) -> dict[str, float]:
        """Open fraction of each gated conductance, by "layer.ion"."""
        gated = [f"{layer.name}.{ion}" for layer in self.case.layers for ion in layer.gating]
        return dict(zip(gated, self.gate[self.problem.border.kind == GATING].tolist(), strict=True))

    @property
    def capacitance(self) -> float | None:
        """Integral capacitance [F/m^2]: charge of the left side over the membrane potential.

        The charge is that of the left wall if there is one, and else that of the left Debye layer.  None at 0 V, and where
        the stack has fixed or surface charge, whose counter-ions have nothing to do with the voltage.
        """
        voltage, wall = self.membrane_potential, self.electrode_charge["left"]
        chain = self.problem.chain
        if chain.fixed_charge.any() or chain.surface_charge[1:-1].any():
            return None
        charge = self.surface_charge["left"] if wall is None else wall
        return charge / voltage if voltage != 0 else None

    @property
    def field_ratio(self) -> dict[str, float | None]:
        """At each interface, the field on the side of the lower permittivity over the field on the other side.

        The ratio of the permittivities if the interface carries no charge (Gauss's law); None without a field.
        """
        ratios: dict[str, float | None] = {}
        no_field = NO_FIELD * self.problem.scales.potential / self.problem.scales.length
        for index, (left, right) in enumerate(pairwise(self.case.layers)):
            at_left = self.layer_entries[index].stop - 1
            fields = self.electric_field[at_left : at_left + 2]
            if self.case.relative_permittivity(left) < self.case.relative_permittivity(right):
                fields = fields[::-1]
            ratios[f"{left.name}|{right.name}"] = float(fields[1] / fields[0]) if abs(fields[0]) > no_field else None
        return ratios

    @property
    def bulk_charge_imbalance(self) -> float | None:
        """Largest |charge| / (F sum |z| c) further than 10 Debye lengths from every boundary but a reservoir.

        None if nothing is that far.
        """
        valences = np.array(self.case.valences)
        ions = FARADAY * (np.abs(valences) @ self.concentration)
        largest: float | None = None
        for index, entries in enumerate(self.layer_entries):
            x = self.x[entries]
            bath_at_left = index == 0 and isinstance(self.case.left, Reservoir)
            bath_at_right = index == len(self.layer_entries) - 1 and isinstance(self.case.right, Reservoir)
            distance = np.minimum(np.inf if bath_at_left else x - x[0], np.inf if bath_at_right else x[-1] - x)
            bulk = distance > BULK_DEBYE_LENGTHS * self.debye_lengths[index]
            if bulk.any() and (ions[entries][bulk] > 0).all():
                imbalance = float(np.max(np.abs(self.charge_density[entries][bulk]) / ions[entries][bulk]))
                largest = max(imbalance, largest or 0.0)
        return largest

    # ---- as data --------------------------------------------------------------------------------------------------

    def quantities(self) -> dict[str, Any]:
        """Every reported quantity by name, SI units; a family as a dictionary of its members."""
        return {name: getattr(self, name) for name in QUANTITIES}

    def scalar(self, name: str) -> float | None:
        """One reported scalar by its full name, such as `flux.K` [SI units]."""
        family, _, member = name.partition(".")
        value = getattr(self, family)
        result: float | None = value[member] if member else value
        return result

    @property
    def warnings(self) -> list[str]:
        """What makes the solution doubtful, and what of the case was not used; one sentence each (see `doubts`)."""
        return [*self.notes, *doubts(self)]

    @cached_property
    def dataset(self) -> xarray.Dataset:
        """Profiles, fluxes and scalars as a labelled dataset with units (see docs/results.md)."""
        from electrodiff.dataset import to_dataset

        return to_dataset(self)
