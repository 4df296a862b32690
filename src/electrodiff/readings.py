"""What a state on one mesh says: fluxes, charges and potential drops, on top of its profiles, in SI units.

Signs: x from left to right; V_m = phi(left) - phi(right); fluxes and currents positive from left to right.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from electrodiff import materials
from electrodiff.checks import SIDES
from electrodiff.ends import Reservoir, Wall
from electrodiff.fluxes import Fluxes
from electrodiff.fvm.kernels.arrays import GATING
from electrodiff.grid.geometry import has_area
from electrodiff.profiles import DebyeLayer
from electrodiff.quantities import QUANTITIES, flattened
from electrodiff.theory.double_layer import debye_length
from electrodiff.units import FARADAY, POTENTIAL, VACUUM_PERMITTIVITY, thermal_voltage

# A bath is bulk, and its charge counts as zero, further than this many Debye lengths from everything: e^-10 = 5e-5.
BULK_DEBYE_LENGTHS = 10
EPSILON = float(np.finfo(float).eps)
# Rounding errors of a mesh of a thousand nodes add up to about the root of that.
ROUNDINGS = 32

# A field below this part of RT/F per nm is round-off: 1e-16 of the charge of a molar bath over 20 nm makes 1e-14 of it.
NO_FIELD = 1e-12
# A slab whose ions hold this part of the charge beside it has half of that too much or too little on its left side: a
# quarter is as far as a number may be off that is still to be called its capacitance.
_MUCH = 0.5


@dataclass(frozen=True)
class Readings(Fluxes):
    """Every reported quantity of a state on one mesh, without extrapolation."""

    # ---- potentials, charges, fields ------------------------------------------------------------------------------

    @property
    def membrane_potential(self) -> float:
        """V_m = phi(left end) - phi(right end) [V]."""
        return float((self.state[0, -1] - self.state[-1, -1]) * self.problem.scales.potential)

    @cached_property
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
            at_left, at_right = self._ends_in_reservoir(index)
            middle = (entries.start + entries.stop) // 2
            entry = entries.start if at_left else entries.stop - 1 if at_right else middle
            strength = float(np.square(self.case.valences) @ self.concentration[:, entry]) / 2
            permittivity = self.case.relative_permittivity(layer)
            # Not "!= 0": an unconverged state may hold NaN, and is still to be drawn.
            screened = strength > 0
            lengths.append(float(debye_length(strength, permittivity, self.case.temperature)) if screened else math.inf)
        return lengths

    @cached_property
    def debye_layers(self) -> dict[str, tuple[DebyeLayer, DebyeLayer]]:
        """The Debye layers left and right of each interface, by the interface's name "left layer|right layer"."""
        return {
            f"{left}|{right}": (self._debye_layer(index, "left"), self._debye_layer(index + 1, "right"))
            for index, (left, right) in enumerate(pairwise(self.case.layer_names))
        }

    @cached_property
    def charge_beside(self) -> dict[str, float]:
        """Charge per area of the Debye layer on each side of each interface [C/m^2], by "interface.side"."""
        return {f"{name}.{part.side}": part.charge for name, pair in self.debye_layers.items() for part in pair}

    @cached_property
    def drop_beside(self) -> dict[str, float]:
        """phi(left) - phi(right) of the Debye layer on each side of each interface [V], by "interface.side"."""
        return {f"{name}.{part.side}": part.drop for name, pair in self.debye_layers.items() for part in pair}

    def _debye_layer(self, index: int, side: str) -> DebyeLayer:
        """The part of layer `index` that lies at one side of its interface: all of it if a reservoir ends it."""
        entries = self.layer_entries[index]
        is_bath = self._ends_in_reservoir(index)[side == "right"]
        return self._part(index, side, entries.start, entries.stop - 1) if is_bath else self._half(index, side)

    def _ends_in_reservoir(self, index: int) -> tuple[bool, bool]:
        """Whether there is a reservoir at the left and the right end of a layer."""
        last = len(self.case.layers) - 1
        left, right = isinstance(self.case.left, Reservoir), isinstance(self.case.right, Reservoir)
        return index == 0 and left, index == last and right

    def _half(self, index: int, side: str) -> DebyeLayer:
        """The right half of layer `index` for what is left of an interface, and the left half for what is right of it."""
        entries = self.layer_entries[index]
        x = self.x[entries]
        middle = entries.start + int(np.argmin(np.abs(x - (x[0] + x[-1]) / 2)))
        first, last = (middle, entries.stop - 1) if side == "left" else (entries.start, middle)
        return self._part(index, side, first, last)

    def _part(self, index: int, side: str, first: int, last: int) -> DebyeLayer:
        name = self.case.layer_names[index]
        charge, drop = self._charge(first, last), self._drop(first, last)
        return DebyeLayer(side, name, first, last, charge, drop, self.debye_lengths[index])

    def _charge(self, first: int, last: int) -> float:
        """Charge of the half cells between two entries of one layer, per reference area [C/m^2]."""
        faces = slice(self.node[first], self.node[last])
        left, right = self.half_charge
        return float(left[faces].sum() + right[faces].sum())

    @cached_property
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

    @cached_property
    def surface_charge(self) -> dict[str, float]:
        """Charge per area held by the left and right Debye layer [C/m^2]; see `end_debye_layers`."""
        return {side: layer.charge for side, layer in self.end_debye_layers.items()}

    @cached_property
    def debye_drop(self) -> dict[str, float]:
        """phi(left) - phi(right) of the left and right Debye layer [V]; see `end_debye_layers`."""
        return {side: layer.drop for side, layer in self.end_debye_layers.items()}

    @property
    def current(self) -> float | None:
        """Net current through the whole area [A]; None where the geometry has no area."""
        return self.current_density * self.problem.mesh.reference_area if has_area(self.case) else None

    @cached_property
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

    @cached_property
    def log_permeability(self) -> dict[str, float | None]:
        """log10 of P = 1 / integral of dx / (D beta) in m/s, of each ion in each layer; None for an absent ion."""
        return {
            f"{layer.name}.{ion}": None if math.isinf(value) else -value / math.log(10)
            for layer in self.case.layers
            for ion in self.case.ions
            for value in (materials.log_resistance(self.case, layer, ion),)
        }

    @cached_property
    def open_fraction(self) -> dict[str, float]:
        """Open fraction of each gated conductance, by "layer.ion"."""
        opened = self.gate[self.problem.border.kind == GATING]
        return dict(zip(self.case.gate_names, opened.tolist(), strict=True))

    @cached_property
    def capacitance(self) -> float | None:
        """Integral capacitance [F/m^2]: charge of the left side over the membrane potential.

        The charge is that of the left wall if there is one, and else that of the left Debye layer.  None where the voltage
        has little to do with it: see `why_no_capacitance`.
        """
        if self.why_no_capacitance:
            return None
        wall = self.electrode_charge["left"]
        return (self.surface_charge["left"] if wall is None else wall) / self.membrane_potential

    @cached_property
    def why_no_capacitance(self) -> str:
        """What else than the voltage makes the charge of the left side, in words; empty if the voltage does."""
        chain, has_wall = self.problem.chain, self.electrode_charge["left"] is not None
        if chain.fixed_charge.any() or chain.surface_charge[1:-1].any():
            return "there is fixed or surface charge"
        if abs(self.membrane_potential) <= ROUNDINGS * EPSILON * thermal_voltage(self.case.temperature):
            return "there is no voltage"
        if has_wall:
            return ""
        if len(self.layer_entries) == 1:
            return "no membrane parts the charges"
        inner = self.layer_entries[1]
        own, beside = self._charge(inner.start, inner.stop - 1), self.surface_charge["left"]
        return "ions inside hold much of the charge" if abs(own) > _MUCH * abs(beside) else ""

    @cached_property
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

    @cached_property
    def bulk_charge_imbalance(self) -> float | None:
        """Largest |charge| / (F sum |z| c) at 10 Debye lengths or further from every boundary but a reservoir.

        None if nothing is that far.
        """
        ions = FARADAY * (np.abs(self.case.valences) @ self.concentration)
        charge = np.abs(self.charge_density)
        largest: float | None = None
        for index, entries in enumerate(self.layer_entries):
            start, stop = self._bulk(index)
            if start < stop and (ions[entries] > 0).all():
                x = self.x[entries]
                # Charge falls exponentially; and zero is 1e-300.
                imbalance = np.log(np.maximum(charge[entries] / ions[entries], 1e-300))
                ends = np.interp([start, stop], x, imbalance)
                inside = imbalance[(x > start) & (x < stop)]
                largest = max(math.exp(max(*ends, *inside)), largest or 0.0)
        return largest

    def _bulk(self, index: int) -> tuple[float, float]:
        """Where the bulk of a layer starts and stops [m]; behind one another if it has none."""
        entries = self.layer_entries[index]
        start, stop = float(self.x[entries.start]), float(self.x[entries.stop - 1])
        margin = BULK_DEBYE_LENGTHS * self.debye_lengths[index]
        at_left, at_right = self._ends_in_reservoir(index)
        return start if at_left else start + margin, stop if at_right else stop - margin

    # ---- scales of errors -----------------------------------------------------------------------------------------

    def scales(self) -> dict[str, float]:
        """The size below which an error of each scalar no longer counts as relative to itself, by full name.

        Of a potential RT/F; of a flux the larger of the two unidirectional ones; of a current the sum over the ions of
        F |z| times that; of a charge eps RT / (F lambda), lambda the Debye length of its layer or, where that is longer,
        its thickness; of a capacitance eps / lambda; of a number 1.
        """
        thermal = thermal_voltage(self.case.temperature)
        uni, exchange = self.unidirectional_flux, self.exchange_flux
        current = FARADAY * math.fsum(abs(self.case.valence(ion)) * flux for ion, flux in uni.items())
        charge = self.unit_charges()
        by_name = dict(zip(self.case.layer_names, charge, strict=True))
        sides = {side: by_name[layer.layer] for side, layer in self.end_debye_layers.items()}
        beside = {
            f"charge_beside.{name}.{part.side}": by_name[part.layer]
            for name, pair in self.debye_layers.items()
            for part in pair
        }
        table = {
            **{f"flux.{ion}": flux for ion, flux in uni.items()},
            **{f"ion_current.{ion}": FARADAY * abs(self.case.valence(ion)) * flux for ion, flux in uni.items()},
            "current_density": current,
            **{f"passive_flux.{ion}": flux for ion, flux in exchange.items()},
            **{f"transported_flux.{ion}": flux for ion, flux in exchange.items()},
            **{f"transporter_rate.{one.name}": one.largest_rate for one in self.case.transporters},
            "current": current * self.problem.mesh.reference_area,
            **{f"surface_charge.{side}": value for side, value in sides.items()},
            **beside,
            "electrode_charge.left": charge[0],
            "electrode_charge.right": charge[-1],
            "capacitance": charge[0] / thermal,
        }
        potentials = {name for name, quantity in QUANTITIES.items() if quantity.dimension is POTENTIAL}
        default = {name: thermal if name.partition(".")[0] in potentials else 1.0 for name in self.scalars()}
        return {**default, **{name: value for name, value in table.items() if name in default}}

    def roundings(self) -> dict[str, float]:
        """What rounding errors of the state can do to each scalar, by full name.

        A field comes from differences eps phi of potentials over the first cell; everything else from sums of terms of
        the size of its scale.
        """
        roundings = {name: ROUNDINGS * EPSILON * scale for name, scale in self.scales().items()}
        highest = float(np.abs(self.potential).max())
        width = np.diff(self.problem.mesh.x)[self._face]
        with np.errstate(divide="ignore", invalid="ignore"):
            relative = EPSILON * highest / width / np.abs(self.electric_field)
        for index, name in enumerate(self.field_ratio):
            at_left = self.layer_entries[index].stop - 1
            ratio = abs(self.field_ratio[name] or 0.0)
            roundings[f"field_ratio.{name}"] += ROUNDINGS * ratio * float(relative[at_left : at_left + 2].sum())
        for side, entry in zip(SIDES, (0, -1), strict=True):
            charge = abs(self.electrode_charge[side] or 0.0)
            if charge > 0:
                roundings[f"electrode_charge.{side}"] += ROUNDINGS * charge * float(relative[entry])
        return roundings

    def unit_charges(self) -> list[float]:
        """eps RT / (F lambda) of each layer [C/m^2]; the thickness for lambda where the layer is thinner."""
        unit = thermal_voltage(self.case.temperature) * VACUUM_PERMITTIVITY
        # A state that is no solution may hold anything, a Debye length of 0 included.
        lengths = [length or math.inf for length in self.debye_lengths]
        layers = zip(self.case.layers, lengths, strict=True)
        return [
            unit * self.case.relative_permittivity(layer) / min(length, layer.thickness) for layer, length in layers
        ]

    def gross_charge(self, faces: slice) -> float:
        """Charge of the ions and the fixed charges of some faces, all taken as positive [C/m^2]."""
        chain, (_, _, left, right) = self.problem.chain, self._faces
        size, fixed = np.abs(self.case.valences), np.abs(chain.fixed_charge[faces])
        total = chain.volume_left[faces] @ (left[faces] @ size + fixed)
        total += chain.volume_right[faces] @ (right[faces] @ size + fixed)
        return float(total * self.problem.scales.surface_charge)

    # ---- as data --------------------------------------------------------------------------------------------------

    def scalars(self) -> dict[str, float | None]:
        """Every reported scalar by its full name, SI units."""
        return self._scalars

    @cached_property
    def _scalars(self) -> dict[str, float | None]:
        return flattened({name: getattr(self, name) for name in QUANTITIES})
