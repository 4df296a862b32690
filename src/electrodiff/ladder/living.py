"""A membrane with transporters: GHK and the circuit with and without their current, Mullins and Noda, pump-leak, Donnan.

Between the concentrations that PNP comes to, so that a closed cell has them too; pump-leak and Donnan find their own.

Signs: inside = left, V_m = phi(left) - phi(right), fluxes and currents outward, from left to right.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial

from electrodiff.errors import CaseError
from electrodiff.ladder import living_reasons as reasons
from electrodiff.ladder import shortcuts
from electrodiff.ladder.charge_rows import Reading, computed, expected
from electrodiff.ladder.crossing import Crossing
from electrodiff.ladder.rung import Absent, Model, Rung, Setting
from electrodiff.ladder.words import sentence
from electrodiff.model import Side
from electrodiff.pathways import pump_current, working_transporters
from electrodiff.regime import Outlook
from electrodiff.regime.interior import FloatLike
from electrodiff.regime.living import Exchange, exchange_of, mullins_noda_voltage
from electrodiff.regime.pumped import StirredMembrane, carried_ions, open_permeability, pumped_layer
from electrodiff.regime.stirred import StirredState, stirred_cell, stirred_state
from electrodiff.regime.words import outlook
from electrodiff.solution import Solution
from electrodiff.theory.circuit import circuit_resting_potential, circuit_resting_potential_chord
from electrodiff.theory.ghk import ghk_current
from electrodiff.theory.ghk_conductance import ghk_conductance_equilibrium
from electrodiff.theory.nernst import nernst_potential
from electrodiff.units import CONCENTRATION, FARADAY, POTENTIAL

# In the order in which they lie between GHK and PNP.
_CAUSES = ("faces", "barrier", "bend")
# A potential is looked for within this of zero [V].
_WIDEST = 0.5


class PumpedCrossing(Crossing):
    """The crossing of a membrane with transporters: its permeabilities are those with the gates as PNP has them."""

    @property
    def gates(self) -> dict[str, list[str]]:
        """None that still move."""
        return {}


@dataclass(frozen=True)
class LivingMembrane:
    """The layer that transporters cross, in the state of PNP without net current."""

    setting: Setting
    solution: Solution
    crossing: PumpedCrossing
    stirred: StirredMembrane

    @property
    def voltage(self) -> float:
        """V_m of PNP [V]."""
        return self.solution.membrane_potential

    @property
    def rates(self) -> dict[str, float]:
        """Cycles of each working transporter by PNP [mol/(m^2 s)]."""
        return {each.name: self.solution.transporter_rate[each.name] for each in self.stirred.transporters}

    @property
    def pump_current(self) -> float:
        """Net current of all transporters by PNP [A/m^2]."""
        return pump_current(self.setting.case, self.rates)

    @property
    def state(self) -> StirredState:
        """The concentrations and the potential of PNP as a state of stirred solutions."""
        inside, outside = dict(self.crossing.inside), dict(self.crossing.outside)
        return StirredState(self.stirred, inside, outside, self.voltage)

    @property
    def closed_side(self) -> Side | None:
        """Where the compartment is; None between two reservoirs."""
        cell = stirred_cell(self.setting.case)
        return None if cell is None else cell.side

    @property
    def ions(self) -> tuple[str, ...]:
        """The charged ions that leak or are carried, and are on both sides."""
        inside, outside = self.crossing.inside, self.crossing.outside
        carried = carried_ions(self.setting.case)
        z, P = self.crossing.membrane.valences, self.crossing.membrane.permeability
        return tuple(
            ion for ion in P if z[ion] and (P[ion] > 0 or ion in carried) and min(inside[ion], outside[ion]) > 0
        )

    def nernst(self, ion: str) -> float:
        """E of an ion on both sides [V], whether it leaks or not."""
        z, T = self.crossing.membrane.valences[ion], self.crossing.temperature
        return float(nernst_potential(z, self.crossing.inside[ion], self.crossing.outside[ion], T))

    def leak(self, ion: str) -> float:
        """Passive current of an ion by PNP [A/m^2]."""
        return FARADAY * self.crossing.membrane.valences[ion] * self.solution.passive_flux[ion]

    def carried(self, ion: str) -> float:
        """Current of an ion by transporters [A/m^2]."""
        return FARADAY * self.crossing.membrane.valences[ion] * self.solution.transported_flux[ion]

    # ---- what the models predict -----------------------------------------------------------------------------------

    def ghk(self, pump_current: float, factors: Mapping[str, float] | None = None) -> float:
        """V_m at which GHK's currents and that of the pumps add up to nothing [V]; permeabilities times `factors`."""
        crossing = self.crossing if factors is None else self.crossing.corrected(factors)

        def law(ion: str, voltage: FloatLike) -> FloatLike:
            P, z = crossing.full_permeability[ion], crossing.valences[ion]
            return ghk_current(P, z, crossing.inside[ion], crossing.outside[ion], voltage, crossing.temperature)

        laws = [partial(law, ion) for ion in crossing.ions]
        return circuit_resting_potential(laws, pump_current, -_WIDEST, _WIDEST)

    def circuit(self, pump_current: float) -> float:
        """V_m of fixed conductances, those of GHK at each ion's Nernst potential, and the current of the pumps [V]."""
        crossing, T = self.crossing, self.crossing.temperature
        batteries = {ion: crossing.nernst(ion) for ion in crossing.ions if math.isfinite(crossing.nernst(ion))}
        conductances = {
            ion: ghk_conductance_equilibrium(P, crossing.valences[ion], crossing.inside[ion], crossing.outside[ion], T)
            for ion, P in crossing.full_permeability.items()
            if ion in batteries
        }
        return float(circuit_resting_potential_chord(conductances, batteries, pump_current))

    @cached_property
    def steps(self) -> dict[str, float]:
        """What each cause adds between GHK with the pump's current and PNP [V]."""
        factors, value, found = dict.fromkeys(self.crossing.ions, 1.0), self.ghk(self.pump_current), {}
        for cause in _CAUSES:
            factors = {ion: factor * self.crossing.profile.factors[cause][ion] for ion, factor in factors.items()}
            after = self.ghk(self.pump_current, factors)
            found[cause], value = after - value, after
        return {**found, "baths": self.voltage - value}


def find_living(setting: Setting) -> LivingMembrane | None:
    """The membrane with transporters of a case; None without working ones, or without a state that rests."""
    layer, membrane = pumped_layer(setting.case), setting.membrane
    solution = setting.at_rest if membrane is not None and membrane.joins_reservoirs else setting.solution
    is_cell = stirred_cell(setting.case) is not None
    if layer is None or solution is None or not (is_cell or (membrane is not None and membrane.joins_reservoirs)):
        return None
    names = setting.case.ion_names
    inside, outside = (dict(zip(names, solution.activity[:, end].tolist(), strict=True)) for end in (0, -1))
    P = open_permeability(layer, solution.layer_drop[layer.name])
    passing = {
        ion: P[ion] for ion in names if P[ion] > 0 and layer.valences[ion] and max(inside[ion], outside[ion]) > 0
    }
    return LivingMembrane(
        setting, solution, PumpedCrossing(layer, solution, passing, inside, outside), StirredMembrane(layer)
    )


# ---- rows ------------------------------------------------------------------------------------------------------------


def _reading(found: LivingMembrane) -> Reading:
    error = found.solution.error["membrane_potential"]
    value = found.voltage
    return computed(found.setting, "resting_potential", "resting potential", POTENTIAL, value, error)


def nernst(found: LivingMembrane) -> Iterator[Rung | Absent]:
    """One row for each ion that leaks or is carried."""
    for ion in found.ions:
        E = found.nernst(ion) + 0.0  # + 0.0: the -0 of an anion is 0
        yield _reading(found).row(
            f"nernst.{ion}", f"Nernst, {ion}", E, _expected_away(found, ion), reasons.nernst(found, ion, E)
        )


def _expected_away(found: LivingMembrane, ion: str) -> Outlook:
    """How far pump-leak expects an ion to be from equilibrium, before any solve."""
    life, z, T = found.setting.regime.living, found.crossing.membrane.valences[ion], found.crossing.temperature
    if life is None or life.resting_potential is None or not min(life.inside[ion], life.outside[ion]) > 0:
        return "fails"
    E = float(nernst_potential(z, life.inside[ion], life.outside[ion], T))
    return outlook(abs(E - life.resting_potential) / found.crossing.thermal_voltage)


def goldman(found: LivingMembrane) -> Iterator[Rung | Absent]:
    """GHK between the concentrations of PNP, without and with the current of the transporters."""
    limits = ("constant_field", "even_resistance", "bulk_faces")
    why = reasons.goldman_without_pump, reasons.goldman_with_pump
    yield from _without_and_with_pump(found, "ghk", "GHK", found.ghk, limits, why)


def circuit(found: LivingMembrane) -> Iterator[Rung | Absent]:
    """The circuit of fixed conductances, without and with the current of the transporters."""
    limits = ("linear_conductances", "bulk_faces")
    why = reasons.circuit_without_pump, reasons.circuit_with_pump
    yield from _without_and_with_pump(found, "chord_circuit", "circuit", found.circuit, limits, why)


_Why = tuple[Callable[[LivingMembrane, float, float], str], Callable[[LivingMembrane, float], str]]


def _without_and_with_pump(
    found: LivingMembrane,
    name: str,
    title: str,
    predict: Callable[[float], float],
    limits: tuple[str, ...],
    why: _Why,
) -> Iterator[Rung]:
    without, pumped = predict(0.0), predict(found.pump_current)
    bare = expected(found.setting, "pump_current", *limits)
    yield _reading(found).row(name, f"{title}, no pump current", without, bare, why[0](found, without, pumped))
    whole = expected(found.setting, *limits)
    yield _reading(found).row(f"{name}_pumped", f"{title} with pump current", pumped, whole, why[1](found, pumped))


def mullins_noda(found: LivingMembrane) -> Iterator[Rung | Absent]:
    """The formula of Mullins and Noda between the concentrations of PNP."""
    exchange = exchange_of(found.setting.case)
    if isinstance(exchange, str):
        yield Absent("mullins_noda", "Mullins-Noda", exchange)
        return
    predicted = mullins_noda_voltage(found.state, exchange, found.crossing.full_permeability)
    yield _reading(found).row(
        "mullins_noda",
        "Mullins-Noda",
        predicted,
        _of_mullins_noda(found, exchange),
        reasons.mullins_noda(found, exchange, predicted),
    )


def _of_mullins_noda(found: LivingMembrane, exchange: Exchange) -> Outlook:
    """Any field will do for monovalent cations and for what is passive; else it must be constant."""
    z = found.crossing.valences
    is_exact = all(z[ion] == 1 or _expected_away(found, ion) == "holds" for ion in found.crossing.ions)
    fields = () if is_exact else ("constant_field", "bulk_faces")
    known = exchange.imported in found.crossing.ions
    return expected(found.setting, "refilled_leak", *fields) if known else "fails"


def pump_leak(found: LivingMembrane) -> Iterator[Rung | Absent]:
    """The same leaks and transporters between stirred solutions: its own steady potential and concentrations."""
    name, title, case = "pump_leak", "pump-leak", found.setting.case
    side = found.closed_side
    if side is None:
        yield Absent(
            name, title, "The case gives the concentrations on both sides; pump-leak finds those of a closed cell."
        )
        return
    state = stirred_state(case)
    if state is None:
        life = found.setting.regime.living
        why = None if life is None else life.unsteady
        yield Absent(name, title, sentence(why or "between stirred solutions the cell has no steady state"))
        return
    limits = expected(found.setting, "balance", "constant_field", "even_resistance", "bulk_faces")
    reason = reasons.pump_leak(found, state)
    yield _reading(found).row(name, title, state.voltage, limits, reason)
    own = state.inside if side == "left" else state.outside
    for ion in found.ions:
        yield _concentration(found, ion, side).row(name, title, own[ion], limits, reasons.concentrations(found, own))


def _concentration(found: LivingMembrane, ion: str, side: Side) -> Reading:
    """PNP's concentration of an ion at the closed end."""
    solution, row, end = found.solution, found.setting.case.ion_names.index(ion), 0 if side == "left" else -1
    value = float(solution.concentration[row, end])
    error = float(solution.profile_error["concentration"][row, end])
    label = f"concentration inside of {ion}"
    known = None if math.isnan(error) else error
    return computed(found.setting, f"concentration.{ion}", label, CONCENTRATION, value, known)


def donnan(found: LivingMembrane) -> Iterator[Rung | Absent]:
    """Where a closed cell runs down to when its transporters are blocked: closed form, from amounts."""
    cell, title = stirred_cell(found.setting.case), "Donnan, pump blocked"
    if cell is None:
        return
    state = cell.donnan
    life = found.setting.regime.living
    away = math.inf if life is None else abs(life.voltage - state.voltage) / found.crossing.thermal_voltage
    reason = reasons.donnan(found, cell, state)
    yield _reading(found).row("donnan.blocked", title, state.voltage + 0.0, outlook(away), reason)


# Models of `shortcuts` that have no transporters and cannot be given any, by their names and titles.
_PASSIVE = {shortcut.name: shortcut.title for shortcut in (shortcuts.GHK_FACES, shortcuts.PLANCK, shortcuts.HENDERSON)}


def passive(found: LivingMembrane) -> Iterator[Rung | Absent]:
    """Why the models of the leaks alone have no rows."""
    for name, title in _PASSIVE.items():
        yield Absent(name, title, reasons.no_transporters(found))


# In the order of the table; where a model has no answer, its name and title.
_Rows = Callable[[LivingMembrane], Iterator[Rung | Absent]]
_TITLES: dict[_Rows, tuple[str, str]] = {
    nernst: ("nernst", "Nernst"),
    goldman: ("ghk", "GHK"),
    circuit: ("chord_circuit", "circuit"),
    mullins_noda: ("mullins_noda", "Mullins-Noda"),
    pump_leak: ("pump_leak", "pump-leak"),
    donnan: ("donnan.blocked", "Donnan, pump blocked"),
    passive: ("passive", "models of leaks"),
}


def living(setting: Setting) -> Iterator[Rung | Absent]:
    """All rows of a membrane with transporters; nothing without working ones."""
    found = find_living(setting)
    if found is None:
        if working_transporters(setting.case) and pumped_layer(setting.case) is None:
            reason = "The transporters cross several layers, and these models have one membrane."
            yield Absent("living", "models of a living cell", reason)
        return
    for rows, (name, title) in _TITLES.items():
        try:
            yield from [*rows(found)]
        except CaseError as error:
            yield Absent(name, title, sentence(str(error)))


MODELS: tuple[Model, ...] = (living,)
