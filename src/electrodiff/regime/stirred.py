"""The pump-leak model of a case: the same permeabilities and transporters between stirred, neutral solutions.

Signs: inside = left, V_m = phi(inside) - phi(outside), fluxes and currents are outward.  All per reference area.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from electrodiff import materials
from electrodiff.checks import SIDES
from electrodiff.ends import Closed, Reservoir
from electrodiff.errors import CaseError
from electrodiff.fields import Profile
from electrodiff.grid.geometry import case_geometry
from electrodiff.grid.mesh import Floats
from electrodiff.membrane import find_membrane
from electrodiff.model import Case, Side
from electrodiff.regime.pumped import StirredMembrane, Table, carried_ions, pumped_layer
from electrodiff.regime.words import listed
from electrodiff.theory.donnan import donnan_equilibrium
from electrodiff.units import thermal_voltage

# Time steps, in 1 / P of the most permeant ion, for each metre of volume over area: they grow by this factor from the first
# one to the last, beyond which nothing is left of what is stored beside what flows.
_GROWTH, _FIRST, _LAST = 10.0, 1e-2, 1e14
# One that fails is tried again shorter; a cell that comes to rest takes about twenty, one that runs out never gets there.
_SHRINKING, _MOST_STEPS = 30.0, 80
# Below this part of what a cell without transporters holds of it, an ion has run out.
_RUN_OUT = 1e-2
# Of each balance, relative to what flows one way: far above round-off, far below what anybody measures.
_BALANCED = 1e-10


@dataclass(frozen=True)
class StirredState:
    """What a closed cell comes to."""

    membrane: StirredMembrane
    inside: dict[str, float]
    """Left of the membrane [mol/m^3]."""
    outside: dict[str, float]
    """Right of it [mol/m^3]."""
    voltage: float
    """V_m [V]"""

    @cached_property
    def rates(self) -> dict[str, float]:
        """Cycles of each transporter [mol/(m^2 s)]."""
        return self.membrane.rates(self.inside, self.outside, self.voltage)

    @cached_property
    def leaks(self) -> dict[str, float]:
        """Passive flux of each ion [mol/(m^2 s)]."""
        return self.membrane.leaks(self.inside, self.outside, self.voltage)


@dataclass(frozen=True)
class StirredCell:
    """A closed compartment behind a membrane with transporters, and the bath on its other side."""

    membrane: StirredMembrane
    side: Side
    """Where the compartment is."""
    held: dict[str, float]
    """Mean concentration of each ion that cannot leave [mol/m^3]; 0 of those that can."""
    bath: dict[str, float]
    """[mol/m^3]"""

    @cached_property
    def mobile(self) -> tuple[str, ...]:
        """The ions that leak or are carried, and are in the bath."""
        permeability, carried = self.membrane.layer.permeability, carried_ions(self.membrane.case)
        return tuple(ion for ion, c in self.bath.items() if c > 0 and (permeability[ion] > 0 or ion in carried))

    @property
    def trapped_charge(self) -> float:
        """Charge of what cannot leave [mol/m^3 of elementary charges]."""
        return math.fsum(self.membrane.layer.valences[ion] * c for ion, c in self.held.items())

    @cached_property
    def donnan(self) -> StirredState:
        """The state without any transporters: closed form.  Raises CaseError if no ion balances what is trapped."""
        case, valences = self.membrane.case, self.membrane.layer.valences
        z = {ion: valences[ion] for ion in self.mobile}
        found = donnan_equilibrium(self.trapped_charge, z, {ion: self.bath[ion] for ion in z}, case.temperature)
        inside = {**self.held, **dict(zip(z, found.concentrations.tolist(), strict=True))}
        return self.state(inside, found.potential if self.side == "left" else -found.potential)

    def state(self, own: dict[str, float], voltage: float) -> StirredState:
        """The state with these concentrations in the compartment [mol/m^3] at V_m [V]."""
        inside, outside = (own, self.bath) if self.side == "left" else (self.bath, own)
        return StirredState(self.membrane, inside, outside, voltage)

    def steady(self) -> StirredState:
        """Where each ion leaks in as fast as it is carried out: the cell at Donnan equilibrium, long after they started.

        Implicit steps in time that grow until nothing but the fluxes counts; transporters that the leaks of the cell could
        not follow start with a share of their rate.
        Raises CaseError that names the ion which runs out, or grows, without end.
        """
        if self._stuck is not None:
            raise CaseError(self._stuck)
        state, step, fastest, share = self.donnan, _FIRST / self._fastest, self._fastest, self._bearable
        for _ in range(_MOST_STEPS):
            after = self._after(state, step, share)
            if after is None:
                step /= _SHRINKING
                continue
            if step > _LAST / fastest and share == 1:
                return after
            state, step, share = after, step * _GROWTH, min(1.0, share * _GROWTH)
        raise CaseError(self._why_not(state))

    @property
    def _stuck(self) -> str | None:
        """Which ion has no way to balance: it does not leak, and is carried one way whatever its concentrations."""
        for ion in self.mobile:
            carriers = [each for each in self.membrane.transporters if ion in each.stoichiometry]
            ways = {each.stoichiometry[ion] > 0 for each in carriers}
            if self.membrane.layer.permeability[ion] > 0 or len(ways) > 1 or "affinity" in {e.law for e in carriers}:
                continue
            names = listed([each.name for each in carriers])
            return (
                f"the cell has no steady state, as {ion} does not leak, and nothing balances what is carried by {names}"
            )
        return None

    @property
    def _fastest(self) -> float:
        """The largest permeability [m/s]; where nothing leaks, what carries the most over its concentration outside."""
        permeability = max(self.membrane.layer.permeability[ion] for ion in self.mobile)
        carried = max(each.largest_rate for each in self.membrane.transporters)
        return permeability or carried / max(self.bath.values())

    @property
    def _bearable(self) -> float:
        """The share of the transport of the Donnan state that leaks as large as one-way fluxes could balance; 1 at most."""
        P, start = self.membrane.layer.permeability, self._own(self.donnan)
        leaks = max(P[ion] * (start[ion] + self.bath[ion]) for ion in self.mobile)
        carried = max(map(abs, self.membrane.transported(self.donnan.rates).values()))
        return leaks / carried if carried > leaks > 0 else 1.0

    def _after(self, state: StirredState, step: float, share: float) -> StirredState | None:
        """The state a time later [s per m of volume over area], with a share of the transport; None where none is found."""
        from scipy.optimize import root

        before, volt = self._own(state), thermal_voltage(self.membrane.case.temperature)

        def at(unknowns: Floats) -> StirredState:
            logs = np.clip(unknowns, -_LOGS, _LOGS).tolist()
            return self.state(
                {**self.held, **dict(zip(self.mobile, map(math.exp, logs), strict=False))}, logs[-1] * volt
            )

        def residual(unknowns: Floats) -> Floats:
            return self._residual(at(unknowns), before, step, share)

        start = np.array([*(math.log(before[ion]) for ion in self.mobile), state.voltage / volt])
        found = root(residual, start, method="hybr", options={"xtol": 1e-14})
        return at(found.x) if np.abs(residual(found.x)).max() < _BALANCED else None

    def _own(self, state: StirredState) -> dict[str, float]:
        return state.inside if self.side == "left" else state.outside

    def _residual(self, state: StirredState, before: Table, step: float, share: float) -> Floats:
        """What each mobile ion gains and what it should, and the charge, each over the sum of its parts."""
        own, sign = self._own(state), 1.0 if self.side == "left" else -1.0
        transported, valences = self.membrane.transported(state.rates), self.membrane.layer.valences
        P = self.membrane.layer.permeability
        rows = []
        for ion in self.mobile:
            stored, lost = (own[ion] - before[ion]) / step, sign * (state.leaks[ion] + share * transported[ion])
            size = (own[ion] + before[ion]) / step + P[ion] * (own[ion] + self.bath[ion]) + self._turnover(ion, state)
            rows.append((stored + lost) / size)
        charges = [valences[ion] * c for ion, c in own.items()]
        return np.array([*rows, math.fsum(charges) / math.fsum(map(abs, charges))])

    def _turnover(self, ion: str, state: StirredState) -> float:
        """What the transporters could carry of an ion [mol/(m^2 s)]."""
        return math.fsum(
            abs(each.stoichiometry.get(ion, 0.0)) * max(each.largest_rate, abs(state.rates[each.name]))
            for each in self.membrane.transporters
        )

    def _why_not(self, state: StirredState) -> str:
        """Which ion it is that leaves in spite of all, if one is about to run out."""
        own, start = self._own(state), self._own(self.donnan)
        ion = min(self.mobile, key=lambda each: own[each] / start[each])
        if own[ion] > _RUN_OUT * start[ion]:
            return "no steady state of the cell was found between stirred solutions"
        return f"the cell has no steady state, as {ion} is carried out of it faster than it leaks in, and runs out"


# exp of this is beyond any concentration, and not beyond the floating-point numbers.
_LOGS = 300.0


def stirred_cell(case: Case) -> StirredCell | None:
    """The compartment of a case with transporters; None without one, or with reservoirs on both sides."""
    layer, membrane = pumped_layer(case), find_membrane(case)
    if layer is None or membrane is None:
        return None
    closed = [side for side in SIDES if isinstance(getattr(case, side), Closed)]
    baths = [side for side in SIDES if isinstance(getattr(case, side), Reservoir)]
    if not (closed and baths):
        return None
    side, stirred = closed[0], StirredMembrane(layer)
    first, last = (0, membrane.first - 1) if side == "left" else (membrane.last + 1, len(case.layers) - 1)
    if last < first:
        return None
    carried = carried_ions(case)
    held = {
        ion: 0.0 if P > 0 or ion in carried else mean_initial(case, ion, first, last)
        for ion, P in layer.permeability.items()
    }
    return StirredCell(stirred, side, held, case.concentrations(baths[0]))


def stirred_state(case: Case) -> StirredState | None:
    """The steady state of the compartment of a case, found once; None without a compartment or without such a state."""
    if "stirred" not in case.derived:
        case.derived["stirred"] = _steady_or_why(case)
    found = case.derived["stirred"]
    return found if isinstance(found, StirredState) else None


def no_steady_state(case: Case) -> str | None:
    """Why the compartment of a case has no steady state; None if it has one, or is none."""
    stirred_state(case)
    found = case.derived["stirred"]
    return found if isinstance(found, str) else None


def _steady_or_why(case: Case) -> StirredState | str | None:
    cell = stirred_cell(case)
    try:
        return None if cell is None else cell.steady()
    except CaseError as error:
        return str(error)


def mean_initial(case: Case, ion: str, first: int, last: int) -> float:
    """Initial concentration of an ion [mol/m^3], averaged over the volume of layers."""
    faces = np.cumsum([0.0, *(layer.thickness for layer in case.layers)])
    geometry = case_geometry(case)
    volumes = [float(geometry.volume(faces[index], faces[index + 1])) for index in range(first, last + 1)]
    return math.fsum(initial_amount(case, index, ion) for index in range(first, last + 1)) / math.fsum(volumes)


def initial_amount(case: Case, index: int, ion: str) -> float:
    """What a layer holds of an ion at the start: the integral of c A dx [mol, or per reference area or length]."""
    layer = case.layers[index]
    given = layer.initial.get(ion, 0.0)
    start = sum(before.thickness for before in case.layers[:index])
    if not isinstance(given, Profile):
        return given * float(case_geometry(case).volume(*np.array([[start], [start + layer.thickness]]))[0])
    edges = np.linspace(0.0, layer.thickness, 401)
    volumes = case_geometry(case).volume(start + edges[:-1], start + edges[1:])
    return float(volumes @ materials.initial(layer, ion, (edges[:-1] + edges[1:]) / 2))
