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
from electrodiff.debye_layers import DebyeLayers, ends_in_reservoir
from electrodiff.derived import once_per_case
from electrodiff.ends import Wall
from electrodiff.fvm.kernels.arrays import GATING
from electrodiff.fvm.kernels.entries import largest_imbalance
from electrodiff.grid.geometry import has_area
from electrodiff.model import Case
from electrodiff.profiles import Floats
from electrodiff.quantities import QUANTITIES
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
class Readings(DebyeLayers):
    """Every reported quantity of a state on one mesh, without extrapolation."""

    # ---- potentials, charges, fields ------------------------------------------------------------------------------

    @property
    def membrane_potential(self) -> float:
        """V_m = phi(left end) - phi(right end) [V]."""
        return float((self.state[0, -1] - self.state[-1, -1]) * self.problem.scales.potential)

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
                permittivity = VACUUM_PERMITTIVITY * self.case.relative_permittivity(self.case.layers[entry])
                field = float(self.electric_field[entry])
                given = end.surface_charge or 0.0
                # Of a wall with a given charge the field inside is zero, and the charge is at the node, as given.
                charges[side] = sign * permittivity * field if end.potential is not None else given
        return charges

    @cached_property
    def log_permeability(self) -> dict[str, float | None]:
        """log10 of P = 1 / integral of dx / (D beta) in m/s, of each ion in each layer; None for an absent ion."""
        return materials.log_permeabilities(self.case)

    @cached_property
    def open_fraction(self) -> dict[str, float]:
        """Open fraction of each gated conductance, by "layer.ion"."""
        if not self.gate.size:
            return {}
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
        # Not `any`, which takes five times as long on a short array.
        if np.count_nonzero(chain.fixed_charge) or np.count_nonzero(chain.surface_charge[1:-1]):
            return "there is fixed or surface charge"
        if abs(self.membrane_potential) <= ROUNDINGS * EPSILON * thermal_voltage(self.case.temperature):
            return "there is no voltage"
        if has_wall:
            return ""
        if len(self.case.layers) == 1:
            return "no membrane parts the charges"
        start, stop = self.problem.mesh.boundaries[1:3]
        inside = float(self._reading.half_charge[:, start:stop].sum()) * self.problem.scales.surface_charge
        beside = self.surface_charge["left"]
        return "ions inside hold much of the charge" if abs(inside) > _MUCH * abs(beside) else ""

    @cached_property
    def field_ratio(self) -> dict[str, float | None]:
        """At each interface, the field on the side of the lower permittivity over the field on the other side.

        The ratio of the permittivities if the interface carries no charge (Gauss's law); None without a field.
        """
        ratios: dict[str, float | None] = {}
        no_field = NO_FIELD * self.problem.scales.potential / self.problem.scales.length
        permittivity = materials.materials_of(self.case).relative_permittivity
        at_left, at_right = self.end_fields.tolist()
        for index, (left, right) in enumerate(pairwise(self.case.layer_names)):
            fields = at_right[index], at_left[index + 1]
            below, above = fields[::-1] if permittivity[index] < permittivity[index + 1] else fields
            ratios[f"{left}|{right}"] = above / below if abs(below) > no_field else None
        return ratios

    @cached_property
    def bulk_charge_imbalance(self) -> float | None:
        """Largest |charge| / (F sum |z| c) at 10 Debye lengths or further from every boundary but a reservoir.

        None if nothing is that far.
        """
        charge, largest = self.charge_density, -1.0
        ions = FARADAY * (np.abs(materials.materials_of(self.case).valence) @ self.concentration)
        for x, entries, (start, stop) in zip(self._layer_x, self.layer_entries, self._bulks, strict=True):
            if start < stop:
                imbalance = largest_imbalance(x, charge[entries], ions[entries], start, stop)
                largest = max(largest, -1.0 if math.isnan(imbalance) else math.exp(imbalance))
        return largest if largest >= 0 else None

    @property
    def _layer_x(self) -> list[Floats]:
        """Positions of the entries of each layer [m]."""
        return [
            self.problem.mesh.x[start : stop + 1] for start, stop in pairwise(self.problem.mesh.boundaries.tolist())
        ]

    @property
    def _bulks(self) -> list[tuple[float, float]]:
        """Where the bulk of each layer starts and stops [m]; behind one another if it has none."""
        faces = pairwise(self.problem.mesh.x[self.problem.mesh.boundaries].tolist())
        layers = zip(faces, ends_in_reservoir(self.case), self.debye_lengths, strict=True)
        return [
            (
                start + (0 if at_left else BULK_DEBYE_LENGTHS * length),
                stop - (0 if at_right else BULK_DEBYE_LENGTHS * length),
            )
            for (start, stop), (at_left, at_right), length in layers
        ]

    # ---- scales of errors -----------------------------------------------------------------------------------------

    def scales(self) -> dict[str, float]:
        """The size below which an error of each scalar no longer counts as relative to itself, by full name.

        Of a potential RT/F; of a flux the larger of the two unidirectional ones; of a current the sum over the ions of
        F |z| times that; of a charge eps RT / (F lambda), lambda the Debye length of its layer or, where that is longer,
        its thickness; of a capacitance eps / lambda; of a number 1.
        """
        valences = materials.materials_of(self.case).valence.tolist()
        flux, exchange = list(self.unidirectional_flux.values()), list(self.exchange_flux.values())
        currents = [FARADAY * abs(z) * own for z, own in zip(valences, flux, strict=True)]
        charge, current = self.unit_charges(), math.fsum(currents)
        beside = [charge[part.layer] for part in self.debye_parts]
        own = {
            "flux": flux,
            "ion_current": currents,
            "current_density": [current],
            "passive_flux": exchange,
            "transported_flux": exchange,
            "transporter_rate": [one.largest_rate for one in self.case.transporters],
            "current": [current * self.problem.mesh.reference_area],
            "surface_charge": [beside[0], beside[-1]],
            "charge_beside": beside,
            "electrode_charge": [charge[0], charge[-1]],
            "capacitance": [charge[0] / thermal_voltage(self.case.temperature)],
        }
        sizes: list[float] = []
        for family, numbers in _number_scales(self.case).items():
            sizes += own.get(family, numbers) if numbers else []
        return dict(zip(_scalar_names(self.case), sizes, strict=True))

    def roundings(self) -> dict[str, float]:
        """What rounding errors of the state can do to each scalar, by full name.

        A field comes from differences eps phi of potentials over the first cell; everything else from sums of terms of
        the size of its scale.
        """
        roundings = {name: ROUNDINGS * EPSILON * scale for name, scale in self.scales().items()}
        mesh, ends = self.problem.mesh, self.end_fields
        starts, stops = mesh.boundaries[:-1], mesh.boundaries[1:]
        width = np.array([mesh.x[starts + 1] - mesh.x[starts], mesh.x[stops] - mesh.x[stops - 1]])
        highest = float(np.abs(self.state[:, -1]).max()) * self.problem.scales.potential
        with np.errstate(divide="ignore", invalid="ignore"):
            # Of the fields at the left and the right end of each layer, of themselves.
            at_left, at_right = EPSILON * highest / width / np.abs(ends)
        for index, (name, ratio) in enumerate(self.field_ratio.items()):
            both = float(at_right[index] + at_left[index + 1])
            roundings[f"field_ratio.{name}"] += ROUNDINGS * abs(ratio or 0.0) * both
        for side, relative in zip(SIDES, (at_left[0], at_right[-1]), strict=True):
            charge = abs(self.electrode_charge[side] or 0.0)
            if charge > 0:
                roundings[f"electrode_charge.{side}"] += ROUNDINGS * charge * float(relative)
        return roundings

    @cached_property
    def end_fields(self) -> Floats:
        """(2, layers) field at the left and the right end of each layer [V/m]."""
        bounds, index = self.problem.mesh.boundaries, np.arange(len(self.case.layers))
        return self.electric_field[[bounds[:-1] + index, bounds[1:] + index]]

    def unit_charges(self) -> list[float]:
        """eps RT / (F lambda) of each layer [C/m^2]; the thickness for lambda where the layer is thinner."""
        unit = thermal_voltage(self.case.temperature) * VACUUM_PERMITTIVITY
        own = materials.materials_of(self.case)
        # A state that is no solution may hold anything, a Debye length of 0 included.
        lengths = [length or math.inf for length in self.debye_lengths]
        layers = zip(own.relative_permittivity.tolist(), own.thickness.tolist(), lengths, strict=True)
        return [unit * permittivity / min(length, thickness) for permittivity, thickness, length in layers]

    @property
    def gross_charge(self) -> Floats:
        """(N-1,) charge of the ions and the fixed charges of every face, all taken as positive [C/m^2]."""
        chain, size = self.problem.chain, np.abs(materials.materials_of(self.case).valence)
        held, fixed = size @ self._reading.concentration, np.abs(chain.fixed_charge)
        # An entry for each side of an interface: the left node of face k of layer l is entry k + l.
        left = np.arange(fixed.size) + self.problem.mesh.layer
        total = chain.volume_left * (held[left] + fixed) + chain.volume_right * (held[left + 1] + fixed)
        return np.asarray(total * self.problem.scales.surface_charge)

    # ---- as data --------------------------------------------------------------------------------------------------

    def scalars(self) -> dict[str, float | None]:
        """Every reported scalar by its full name, SI units."""
        return self._scalars

    @cached_property
    def _scalars(self) -> dict[str, float | None]:
        values: list[float | None] = []
        for name, quantity in QUANTITIES.items():
            value = getattr(self, name)
            values += value.values() if quantity.per else [value]
        return dict(zip(_scalar_names(self.case), values, strict=True))


@once_per_case
def _scalar_names(case: Case) -> list[str]:
    """Names of all scalars of a case, family by family in the order of `QUANTITIES`."""
    return case.scalar_names()


@once_per_case
def _number_scales(case: Case) -> dict[str, list[float]]:
    """For each family, as many times as it has members: RT/F of potentials [V], and 1 of others."""
    scales: dict[str, list[float]] = {name: [] for name in QUANTITIES}
    for name in case.scalar_names():
        family = name.partition(".")[0]
        is_potential = QUANTITIES[family].dimension is POTENTIAL
        scales[family].append(thermal_voltage(case.temperature) if is_potential else 1.0)
    return scales
