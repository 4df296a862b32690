"""Closed cells: how many ions charge the membrane, and the Donnan potential of those that cannot leave.

Signs: V_m = phi(left) - phi(right); numbers and shares of ions are positive.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from electrodiff.ends import Closed, Reservoir
from electrodiff.errors import CaseError
from electrodiff.grid.geometry import case_geometry, has_area
from electrodiff.ladder.charge_rows import WORTH_SAYING, Reading, computed, expected, find_bulk, left_edge, read
from electrodiff.ladder.rung import Absent, Rung, Setting
from electrodiff.ladder.slab import shell_capacitance
from electrodiff.membrane import Membrane
from electrodiff.pathways import working_transporters
from electrodiff.regime.interior import FloatLike
from electrodiff.regime.stirred import initial_amount
from electrodiff.regime.words import length, listed, millivolts, number, outlook, percent
from electrodiff.theory.capacitor import slab_capacitance
from electrodiff.theory.charging import (
    cylinder_charging_fraction,
    cylinder_charging_ions,
    sphere_charging_fraction,
    sphere_charging_ions,
)
from electrodiff.theory.donnan import DonnanEquilibrium, donnan_equilibrium
from electrodiff.units import AVOGADRO, ELEMENTARY_CHARGE, NUMBER

# Capacitance of cell membranes [F/m^2], as textbooks have it: B. Hille, Ion Channels of Excitable Membranes (2001) ch. 1.
_TEXTBOOK_CAPACITANCE = 1e-2


@dataclass(frozen=True)
class Compartment:
    """What a membrane encloses: water up to a closed end, and ions in it that cannot leave."""

    setting: Setting
    membrane: Membrane
    side: str

    @cached_property
    def volume(self) -> float:
        """[m^3], per reference area of the case [m] in a plane, per length of the axis [m^2] in a cylinder."""
        return math.fsum(self._volumes)

    @cached_property
    def _layers(self) -> range:
        last = len(self.setting.case.layers)
        return range(self.membrane.first) if self.side == "left" else range(self.membrane.last + 1, last)

    @cached_property
    def _volumes(self) -> list[float]:
        case = self.setting.case
        edges = np.array([left_edge(case, index) for index in [*self._layers, self._layers[-1] + 1]])
        return [float(volume) for volume in case_geometry(case).volume(edges[:-1], edges[1:])]

    @cached_property
    def trapped(self) -> dict[str, float]:
        """Mean concentration of each ion that cannot pass the membrane [mol/m^3]."""
        held = {
            ion: math.fsum(initial_amount(self.setting.case, index, ion) for index in self._layers)
            for ion, P in self.membrane.permeability.items()
            if P == 0
        }
        return {ion: amount / self.volume for ion, amount in held.items() if amount > 0}

    @property
    def trapped_charge(self) -> float:
        """Their charge [mol/m^3 of elementary charges]."""
        return math.fsum(self.membrane.valences[ion] * c for ion, c in self.trapped.items())

    @property
    def outside(self) -> dict[str, float]:
        """Concentrations beyond the membrane of the ions that pass it [mol/m^3]."""
        bath = self.membrane.outside if self.side == "left" else self.membrane.inside
        return {ion: bath[ion] for ion in self.membrane.permeant}

    def equilibrium(self, charge: float) -> DonnanEquilibrium:
        """Donnan equilibrium of the ions that pass, with this charge inside [mol/m^3 of elementary charges]."""
        valences = {ion: self.membrane.valences[ion] for ion in self.outside}
        return donnan_equilibrium(charge, valences, self.outside, self.setting.case.temperature)

    def membrane_potential(self, of_inside: float) -> float:
        """V_m [V] of the potential of the inside against the outside, and the other way round."""
        return of_inside if self.side == "left" else -of_inside

    @property
    def net_charge(self) -> float:
        """PNP's charge of the liquid inside [C], per reference area in a plane, per length of the axis in a cylinder."""
        solution = self.setting.solution
        first, last = (solution.layer_entries[index] for index in (self._layers[0], self._layers[-1]))
        faces = slice(solution.node[first.start], solution.node[last.stop - 1])
        left, right = solution.half_charge
        return float(left[faces].sum() + right[faces].sum()) * solution.problem.mesh.reference_area

    @property
    def inner_area(self) -> float:
        """Of the face of the membrane [m^2], per length of the axis in a cylinder [m], 1 of a plane."""
        edge = self.membrane.first if self.side == "left" else self.membrane.last + 1
        return float(case_geometry(self.setting.case).area(np.array([left_edge(self.setting.case, edge)]))[0])

    @property
    def enclosed_charge(self) -> float:
        """The same with that of the inner face of the membrane."""
        return self.net_charge + self.membrane.surface_charges[self.side == "right"] * self.inner_area


def find_compartment(setting: Setting) -> Compartment | None:
    """The compartment of a case; None without a closed end beyond a membrane, or without a bath on its other side."""
    membrane = setting.membrane
    if membrane is None:
        return None
    ends = {"left": (setting.case.left, membrane.left_bath), "right": (setting.case.right, membrane.right_bath)}
    closed = [side for side, (end, water) in ends.items() if isinstance(end, Closed) and water]
    open_ended = any(isinstance(end, Reservoir) for end, _ in ends.values())
    return Compartment(setting, membrane, closed[0]) if closed and open_ended else None


def donnan_compartment(setting: Setting) -> Iterator[Rung | Absent]:
    """The Donnan potential of a compartment that holds ions which cannot leave, unless transporters keep it from it."""
    compartment = find_compartment(setting)
    reading = read(setting, "membrane_potential", "membrane potential")
    is_pumped = bool(working_transporters(setting.case))
    if compartment is None or reading is None or not compartment.trapped or is_pumped:
        return
    title = "Donnan, compartment"
    try:
        donnan = compartment.equilibrium(compartment.trapped_charge)
    except CaseError:
        reason = f"No ion passes that could balance {listed([*compartment.trapped])} in the compartment."
        yield Absent("donnan.compartment", title, reason)
        return
    predicted, reason = compartment.membrane_potential(donnan.potential), _why_donnan(compartment, donnan)
    yield reading.row("donnan.compartment", title, predicted, expected(setting, "donnan"), reason)


def _why_donnan(compartment: Compartment, donnan: DonnanEquilibrium) -> str:
    """Why PNP differs: some of the trapped ions stand in the Debye layer at the membrane instead of in the bulk."""
    z, held = compartment.membrane.valences, compartment.trapped_charge
    closed_end = 0 if compartment.side == "left" else len(compartment.setting.case.layers) - 1
    bulk = find_bulk(compartment.setting.solution, closed_end)
    if bulk is None or held == 0:
        return "The bulk inside is neutral in both."
    left = math.fsum(z[ion] * bulk.concentrations[ion] for ion in compartment.trapped)
    shift, taken = compartment.equilibrium(left).potential - donnan.potential, 1 - left / held
    charge = abs(compartment.net_charge) / ELEMENTARY_CHARGE
    size = f" ({number(charge)} e)" if has_area(compartment.setting.case) else ""
    rest = compartment.membrane_potential(compartment.setting.solution.membrane_potential) - donnan.potential - shift
    thin = ""
    if abs(rest) > WORTH_SAYING * abs(shift):
        width = number(bulk.thickness / bulk.debye_length)
        more = "more" if rest * shift > 0 else "less"
        thin = f"; the inside is only {width} Debye lengths wide, which makes it {millivolts(abs(rest))} {more}"
    way = "draws" if taken > 0 else "pushes"
    return (
        f"The Debye layer that charges the membrane{size} {way} {percent(abs(taken))} of the "
        f"{listed([*compartment.trapped])} {'out of' if taken > 0 else 'into'} the bulk inside, which moves the potential "
        f"by {millivolts(abs(shift))}{thin}."
    )


# ---- charging --------------------------------------------------------------------------------------------------------

_CHARGING: dict[str, tuple[Callable[..., FloatLike], Callable[..., FloatLike], str]] = {
    "spherical": (sphere_charging_ions, sphere_charging_fraction, ""),
    "cylindrical": (cylinder_charging_ions, cylinder_charging_fraction, ", for each metre of its length"),
}


def charging(setting: Setting) -> Iterator[Rung | Absent]:
    """Ions that must cross the membrane of a round cell to charge it: their number, and their share of those inside."""
    cell = find_compartment(setting)
    formulas = _CHARGING.get(setting.case.mesh.geometry)
    if cell is None or cell.side == "right" or formulas is None or setting.case.mesh.inner_radius:
        return
    bulk, membrane, V = find_bulk(setting.solution, 0), cell.membrane, setting.solution.membrane_potential
    if bulk is None or not membrane.permeant or V == 0:
        return
    ions, share, per = formulas
    ion = max(membrane.permeant, key=lambda each: membrane.permeability[each] * bulk.concentrations[each])
    radius, c, z = left_edge(setting.case, membrane.first), bulk.concentrations[ion], bulk.valences[ion]
    pnp_ions, pnp_share = _readings(cell, ion, c, per)
    # Of PNP, for each area of the inner face.
    real = abs(cell.enclosed_charge / V) / cell.inner_area
    charged = ", with its surface charges," if any(membrane.surface_charges) else ""
    flat = float(slab_capacitance(membrane.thickness, membrane.relative_permittivity))
    for model, title, capacitance in (
        ("charging.textbook", "textbook, 1 uF/cm^2", _TEXTBOOK_CAPACITANCE),
        ("charging.slab", "flat slab", flat),
    ):
        reason = (
            f"It counts on {_capacitance(capacitance)}; this curved membrane of {length(membrane.thickness)} and "
            f"permittivity {number(membrane.relative_permittivity)}{charged} has {_capacitance(real)} on its inner face."
        )
        known = outlook(abs(capacitance / (shell_capacitance(membrane) / cell.inner_area) - 1))
        yield pnp_ions.row(model, title, float(ions(V, radius, capacitance, valence=z)), known, reason)
        yield pnp_share.row(model, title, float(share(V, radius, capacitance, c, valence=z)), known, reason)


def _capacitance(value: float) -> str:
    return f"{number(1e2 * value)} uF/cm^2"


def _readings(cell: Compartment, ion: str, concentration: float, per: str) -> tuple[Reading, Reading]:
    """PNP's number of ions that charge a cell, and their share of those of its bulk."""
    setting, size = cell.setting, abs(cell.membrane.valences[ion])
    solution = setting.solution
    area = solution.problem.mesh.reference_area / (size * ELEMENTARY_CHARGE)
    error = solution.error["surface_charge.left"]
    of_number, n = None if error is None else error * area, abs(cell.enclosed_charge) / (size * ELEMENTARY_CHARGE)
    inside = AVOGADRO * concentration * cell.volume
    return (
        computed(setting, "charging_ions", f"ions of {ion} that charge the cell{per}", NUMBER, n, of_number),
        computed(
            setting,
            "charging_share",
            f"part of the {ion} inside that charges the cell",
            NUMBER,
            n / inside,
            None if of_number is None else of_number / inside,
        ),
    )
