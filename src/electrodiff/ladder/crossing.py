"""A membrane between two reservoirs in one state of PNP, in the terms of the textbook models.

It tells exactly what a model of constant field leaves out.  In a steady state each ion obeys

    J R = a_L exp(z phi_L) - a_R exp(z phi_R),    R = integral of exp(z phi) dx / (D beta)    (phi in RT/F)

from bulk to bulk, whatever phi(x) is.  GHK is the same with a straight line for phi and the membrane alone for R, so
that one factor an ion, the ratio of both R, takes it to PNP, in four steps: what the faces see, what the barrier is,
how the field bends, and what the baths resist.

Signs: V_m = phi(left) - phi(right), currents outward, from left to right.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from electrodiff import materials
from electrodiff.errors import CaseError
from electrodiff.grid.mesh import Floats
from electrodiff.ladder.rung import Setting
from electrodiff.membrane import Membrane
from electrodiff.pathways import working_transporters
from electrodiff.regime.sides import Terms, terms_of
from electrodiff.solution import Solution
from electrodiff.theory.donnan import donnan_potential
from electrodiff.theory.ghk import bernoulli, ghk_reversal_potential
from electrodiff.theory.nernst import nernst_potential
from electrodiff.units import thermal_voltage

# Below this part of an ion's one-way flux its net flux is round-off, or equilibrium to all that anybody measures.
_NO_FLUX = 1e-9
# Currents that balance each other agree to the accuracy of a solution, and one of them is to be chosen for good.
_SAME = 1e-4


class Flow(NamedTuple):
    """What a model predicts: membrane potential [V], and the outward current of each ion that passes [A/m^2]."""

    voltage: float
    currents: Mapping[str, float]

    def current(self, ion: str | None) -> float:
        """That of one ion, or of all [A/m^2]."""
        return math.fsum(self.currents.values()) if ion is None else self.currents[ion]


@dataclass(frozen=True)
class Crossing:
    """A membrane, the solutions on both sides of it, and the state of PNP in which models are compared."""

    membrane: Membrane
    solution: Solution
    full_permeability: Mapping[str, float]
    """P of each permeant ion with all gates open [m/s]."""
    inside: Mapping[str, float]
    """Concentrations left of the membrane, or activities where the case tells them apart [mol/m^3]."""
    outside: Mapping[str, float]
    """The same right of it."""
    bath_voltage: float = 0.0
    """The part of V_m that lies in the baths, beyond these concentrations [V]."""
    gate_voltage: float = 0.0
    """What gates feel beside V_m [V]."""

    @property
    def temperature(self) -> float:
        """T [K]."""
        return self.membrane.case.temperature

    @property
    def thermal_voltage(self) -> float:
        """RT/F [V]."""
        return thermal_voltage(self.temperature)

    @property
    def voltage(self) -> float:
        """V_m of PNP [V]."""
        return self.solution.membrane_potential

    @property
    def ions(self) -> tuple[str, ...]:
        """The charged ions that pass and are there to pass."""
        return tuple(self.full_permeability)

    @property
    def valences(self) -> dict[str, int]:
        """z of each permeant ion."""
        return {ion: self.membrane.valences[ion] for ion in self.ions}

    @property
    def gates(self) -> dict[str, list[str]]:
        """Names of the gates of each permeant ion, where the membrane is one layer; else they stay as PNP has them."""
        layers = self.membrane.layers
        if len(layers) != 1:
            return {}
        table = {ion: [*materials.gates(self.membrane.case, layers[0], ion)] for ion in self.ions}
        return {ion: names for ion, names in table.items() if names}

    def permeability(self, ion: str, voltage: Floats | float) -> Floats | float:
        """P of an ion at a membrane potential [m/s]."""
        P = self.full_permeability[ion]
        if ion not in self.gates:
            return P
        part = materials.open_part(self.membrane.case, self.membrane.layers[0], ion, voltage + self.gate_voltage)
        return P * part

    def nernst(self, ion: str) -> float:
        """E of an ion [V]; infinite if it is absent from one side."""
        return float(nernst_potential(self.valences[ion], self.inside[ion], self.outside[ion], self.temperature))

    @property
    def terms(self) -> Terms:
        """What its sides and its state without current are called."""
        return terms_of(self.membrane)

    @property
    def rest_label(self) -> str:
        """What the potential without current is called."""
        return "junction potential" if self.membrane.is_junction else self.terms.rest

    @property
    def common_rest(self) -> float | None:
        """The one Nernst potential that all permeant ions share [V]; None if they have several."""
        potentials = [self.nernst(ion) for ion in self.ions]
        spread = max(potentials) - min(potentials)
        # Far below anything measured, far above the rounding of a logarithm; NaN of two infinite ones is not below it.
        return potentials[0] if spread <= 1e-9 * self.thermal_voltage and math.isfinite(potentials[0]) else None

    @property
    def is_charged(self) -> bool:
        """Whether there is fixed charge in the membrane."""
        return any(layer.fixed_charge != 0 or layer.total_fixed_charge is not None for layer in self.membrane.layers)

    @property
    def main_ion(self) -> str | None:
        """The ion that carries the largest current; None where all are at equilibrium."""
        currents, scales = self.solution.ion_current, self.solution.readings.scales()
        flowing = {
            ion: abs(currents[ion])
            for ion in self.ions
            if abs(currents[ion]) > _NO_FLUX * scales[f"ion_current.{ion}"] + (self.error(f"ion_current.{ion}") or 0.0)
        }
        # The first of those that differ by rounding only.
        largest = (1 - _SAME) * max(flowing.values(), default=0.0)
        return next((ion for ion, size in flowing.items() if size >= largest), None)

    def error(self, name: str) -> float | None:
        """Estimated error of a scalar of PNP."""
        return self.solution.error[name]

    # ---- what lies between a model and PNP ------------------------------------------------------------------------

    @cached_property
    def profile(self) -> MembraneProfile:
        """PNP's potential in the membrane, and what each stretch of the stack resists."""
        return MembraneProfile(self)

    def corrected(self, factors: Mapping[str, float]) -> Crossing:
        """The same with permeabilities that make up for some of what a constant field leaves out."""
        full = {ion: P * factors[ion] for ion, P in self.full_permeability.items()}
        return replace(self, full_permeability=full, gate_voltage=self.profile.slab_voltage - self.voltage)

    def between_stirred_faces(self) -> Crossing:
        """The same between the neutral solutions that the membrane's faces are in equilibrium with.

        What the baths resist is taken off, with the voltage that it takes.
        """
        left, right = (self._beside(entry) for entry in self.profile.bounds)
        bath_voltage = (self.solution.potential[0] - left[1]) + (right[1] - self.solution.potential[-1])
        return replace(self, inside=left[0], outside=right[0], bath_voltage=float(bath_voltage))

    def _beside(self, entry: int) -> tuple[dict[str, float], float]:
        """Concentrations and potential [V] of the neutral solution at equilibrium with one entry of the profiles."""
        valences = self.membrane.valences
        face = dict(zip(valences, map(float, self.solution.activity[:, entry]), strict=True))
        step = donnan_potential(0.0, valences, face, self.temperature)
        neutral = {ion: a * math.exp(-valences[ion] * step / self.thermal_voltage) for ion, a in face.items()}
        return neutral, float(self.solution.potential[entry]) + step


@dataclass(frozen=True)
class MembraneProfile:
    """What PNP's potential does in and beside a membrane."""

    crossing: Crossing

    @property
    def bounds(self) -> tuple[int, int]:
        """The entries of the profiles at the faces of the membrane, on its own side."""
        entries, membrane = self.crossing.solution.layer_entries, self.crossing.membrane
        return entries[membrane.first].start, entries[membrane.last].stop - 1

    @property
    def faces(self) -> tuple[float, float]:
        """phi at its faces [V]."""
        left, right = (float(self.crossing.solution.potential[entry]) for entry in self.bounds)
        return left, right

    @property
    def slab_voltage(self) -> float:
        """phi(left face) - phi(right face) [V]."""
        left, right = self.faces
        return left - right

    @property
    def bend(self) -> float:
        """How far the potential in it is from a straight line at most [V]."""
        start, stop = self.bounds
        x, phi = (array[start : stop + 1] for array in (self.crossing.solution.x, self.crossing.solution.potential))
        return float(np.abs(phi - _line(x, phi)).max())

    @cached_property
    def factors(self) -> dict[str, dict[str, float]]:
        """By what and for which ion GHK's permeability changes on the way to PNP: "faces", "barrier", "bend", "baths"."""
        found = {ion: self._factors(ion) for ion in self.crossing.ions}
        return {cause: {ion: each[cause] for ion, each in found.items()} for cause in _CAUSES}

    def _factors(self, ion: str) -> dict[str, float]:
        """The factors of one ion; their product is J of PNP over J of GHK at the same V_m."""
        logs = [math.log(resistance) for resistance in self._resistances(ion)]
        return {cause: math.exp(before - after) for cause, (before, after) in zip(_CAUSES, pairwise(logs), strict=True)}

    def _resistances(self, ion: str) -> tuple[float, ...]:
        """R of an ion, over a common unit: of GHK, with the potentials of the faces, with the barrier, with the field, and
        with the baths."""
        crossing, solution = self.crossing, self.crossing.solution
        readings, problem, z = solution.readings, solution.problem, crossing.valences[ion]
        phi = solution.state[:, -1]
        exponent = z * phi
        largest = float(exponent.max())
        # As `face_resistance` is scaled: a flux over a concentration, and the largest exponential of the stack.
        P = float(crossing.permeability(ion, crossing.profile.slab_voltage)) * (
            problem.scales.concentration / problem.scales.flux
        )
        first, last = self._nodes
        bulk, faces = (_mean_exponential(exponent[a], exponent[b], largest) / P for a, b in ((0, -1), (first, last)))
        column = crossing.membrane.case.ion_names.index(ion)
        resistance = readings.face_resistance[:, column]
        within = slice(first, last)
        line = z * _line(problem.mesh.x[first : last + 1], phi[first : last + 1])
        bent = exponent[first : last + 1]
        straight = resistance[within] * np.exp(_middles(line) - _middles(bent))
        return bulk, faces, float(straight.sum()), float(resistance[within].sum()), float(resistance.sum())

    @property
    def _nodes(self) -> tuple[int, int]:
        """The nodes of the finest mesh at its faces."""
        bounds = self.crossing.solution.problem.mesh.boundaries
        return int(bounds[self.crossing.membrane.first]), int(bounds[self.crossing.membrane.last + 1])


_CAUSES = ("faces", "barrier", "bend", "baths")


def _line(x: Floats, y: Floats) -> Floats:
    """The straight line between the ends of a curve."""
    line: Floats = y[0] + (y[-1] - y[0]) * (x - x[0]) / (x[-1] - x[0])
    return line


def _middles(values: Floats) -> Floats:
    means: Floats = (values[:-1] + values[1:]) / 2
    return means


def _mean_exponential(first: float, last: float, largest: float) -> float:
    """Mean of exp(y - largest) for y that goes linearly from `first` to `last`."""
    return math.exp(max(first, last) - largest) / float(bernoulli(-abs(last - first)))


def crossing_of(membrane: Membrane, solution: Solution) -> Crossing:
    """The crossing of a membrane in a state of PNP."""
    return Crossing(
        membrane=membrane,
        solution=solution,
        full_permeability={ion: _full_permeability(membrane, solution, ion) for ion in membrane.permeant},
        inside=_activities(membrane.inside, solution, 0),
        outside=_activities(membrane.outside, solution, -1),
    )


def _activities(concentrations: dict[str, float], solution: Solution, end: int) -> dict[str, float]:
    """What drives ions from a reservoir: their concentrations, or their activities where these differ [mol/m^3]."""
    if solution.case.activity is None and solution.case.steric is None:
        return concentrations
    return dict(zip(solution.case.ion_names, map(float, solution.activity[:, end]), strict=True))


def _full_permeability(membrane: Membrane, solution: Solution, ion: str) -> float:
    """P of an ion [m/s]; with PNP's own open fractions where several layers divide the voltage in a way it only knows."""
    if len(membrane.layers) == 1 or not membrane.is_gated:
        return membrane.permeability[ion]
    resistance = 0.0
    for index in range(membrane.first, membrane.last + 1):
        alone = Membrane(membrane.case, index, index)
        gates = materials.gates(membrane.case, alone.layers[0], ion)
        opened = [each.share * solution.open_fraction[name] for name, each in gates.items()]
        part = next(iter(gates.values())).rest + sum(opened) if gates else 1.0
        resistance += 1 / (alone.permeability[ion] * part)
    return 1 / resistance


def can_rest(membrane: Membrane) -> bool:
    """Whether the ions that pass oppose each other at some voltage: where GHK's currents have a root, PNP's have one."""
    tables = membrane.permeability, membrane.valences, membrane.inside, membrane.outside
    try:
        ghk_reversal_potential(*tables, membrane.case.temperature)
    except CaseError:
        return False
    return True


def crossing_at_rest(setting: Setting) -> Crossing | None:
    """The membrane without current; None where there is no such state, or with transporters, which `living` compares."""
    if setting.membrane is None or setting.at_rest is None or working_transporters(setting.case):
        return None
    return crossing_of(setting.membrane, setting.at_rest)


def crossing_with_current(setting: Setting) -> tuple[Crossing, str | None] | None:
    """The membrane in the state of the case, and the ion whose current is to be compared there, None for all together.

    At rest that is the ion which carries most; None instead of the pair where nothing flows.
    """
    if setting.membrane is None or not (setting.membrane.joins_reservoirs and setting.membrane.permeant):
        return None
    if working_transporters(setting.case):
        return None
    crossing = crossing_of(setting.membrane, setting.solution)
    ion = crossing.main_ion
    if ion is None:
        return None
    return crossing, ion if setting.at_rest is setting.solution else None


def nearest_rest(rests: tuple[float, ...], crossing: Crossing) -> float:
    """Of several potentials without current the one nearest to PNP's [V].  Raises CaseError if there is none."""
    if not rests:
        raise CaseError("the gates let the membrane rest nowhere between -200 and 200 mV; give it a leak")
    return min(rests, key=lambda rest: abs(rest - crossing.voltage))


Predict = Callable[[Crossing, float | None], Flow]
"""A model: what flows at a voltage [V], or without current if that is None.  Raises CaseError where it has no answer."""
