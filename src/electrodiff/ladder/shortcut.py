"""A shortcut for the whole membrane - GHK, a circuit, Planck - and its rows: the resting potential, and a current.

A reversal potential is a poor test, since what all ions do alike cancels in it; so each shortcut that has currents is
also judged by one: the net current of a clamped membrane, or, at rest, the current of the ion that carries most.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from electrodiff.errors import CaseError
from electrodiff.ladder.crossing import Crossing, Flow, Predict, crossing_at_rest, crossing_with_current
from electrodiff.ladder.reasons import Account, reason
from electrodiff.ladder.rung import Absent, Rung, Setting
from electrodiff.ladder.words import sentence
from electrodiff.regime.records import Limit
from electrodiff.regime.words import millivolts, worst
from electrodiff.units import CURRENT, CURRENT_DENSITY, POTENTIAL, Dimension

# Below this part of the largest ion current, the net current is a small difference of large ones and no measure of them.
_SMALL_DIFFERENCE = 0.1


@dataclass(frozen=True)
class Stage:
    """A step from a shortcut towards PNP: what it stops leaving out, and what it predicts then."""

    cause: str
    predict: Predict
    crossing: Crossing


def _answers(_crossing: Crossing) -> str | None:
    return None


def _concerns(_crossing: Crossing) -> bool:
    return True


def _direct(_crossing: Crossing) -> list[Stage]:
    return []


@dataclass(frozen=True)
class Shortcut:
    """A model of the whole membrane."""

    name: str
    title: str
    """Of the row of the resting potential."""
    current_title: str | None
    """Of the row of a current; None if it has no currents."""
    short: str
    """Its name in a sentence."""
    limits: tuple[str, ...]
    """The limits it is made of, by their names in the regime; the most telling one first."""
    predict: Predict
    last_cause: str
    """What is left between the last stage and PNP."""
    concerns: Callable[[Crossing], bool] = _concerns
    """Whether the membrane is of the kind that it is made for."""
    absent: Callable[[Crossing], str | None] = _answers
    """One sentence on why it says nothing of this membrane."""
    stages: Callable[[Crossing], list[Stage]] = _direct

    def limits_of(self, setting: Setting) -> list[Limit]:
        """Its limits that the regime knows of."""
        return [limit for limit in map(setting.regime.limit, self.limits) if limit is not None]


@dataclass(frozen=True)
class Compared:
    """What is compared in a state of PNP: a potential without current, or a current at the potential of the state."""

    crossing: Crossing
    quantity: str
    label: str
    dimension: Dimension
    pnp: float
    error: float | None
    scale: float
    voltage: float | None
    """At which currents are compared [V]; None for the potential without current."""
    ion: str | None = None
    """Whose current it is; None for the net current."""
    area: float = 1.0
    """By which a current density is multiplied [m^2]; 1 where it is not."""

    def read(self, flow: Flow) -> float:
        """The compared number of a prediction [SI]."""
        return flow.voltage if self.voltage is None else flow.current(self.ion) * self.area

    def predicted(self, predict: Predict, crossing: Crossing) -> float:
        """What a model says of it [SI]."""
        # Adding 0 turns the -0 of an anion into 0.
        return self.read(predict(crossing, self.voltage)) + 0.0


def rows(shortcut: Shortcut, setting: Setting) -> Iterator[Rung | Absent]:
    """The rows of a shortcut, or why it has none; nothing where there is no membrane to cross."""
    compared = [each for each in (_rest(setting), _current(setting)) if each is not None]
    if not compared or not shortcut.concerns(compared[0].crossing):
        return
    why = shortcut.absent(compared[0].crossing)
    if why is not None:
        yield Absent(shortcut.name, shortcut.title, why)
        return
    if shortcut.current_title is None:
        compared = [each for each in compared if each.voltage is None]
    try:
        yield from _rungs(shortcut, setting, compared)
    except CaseError as error:
        yield Absent(shortcut.name, shortcut.title, sentence(str(error)))


def _rungs(shortcut: Shortcut, setting: Setting, compared: list[Compared]) -> list[Rung]:
    limits = shortcut.limits_of(setting)
    rungs = [_rung(shortcut, each, limits) for each in compared]
    return [
        replace(rung, reason=reason(_account(shortcut, each, rung, limits, rungs)))
        for each, rung in zip(compared, rungs, strict=True)
    ]


def _rung(shortcut: Shortcut, compared: Compared, limits: list[Limit]) -> Rung:
    """A row without its reason yet."""
    is_rest = compared.voltage is None
    return Rung(
        model=shortcut.name,
        title=shortcut.title if is_rest else shortcut.current_title or shortcut.title,
        quantity=compared.quantity,
        label=compared.label,
        dimension=compared.dimension,
        predicted=compared.predicted(shortcut.predict, compared.crossing),
        pnp=compared.pnp,
        error=compared.error,
        outlook=worst("holds", *(limit.outlook for limit in limits)),
        reason="",
        scale=compared.scale,
    )


def _account(shortcut: Shortcut, compared: Compared, rung: Rung, limits: list[Limit], rungs: list[Rung]) -> Account:
    return Account(
        crossing=compared.crossing,
        short=shortcut.short,
        rung=rung,
        limits=limits,
        contributions=_contributions(shortcut, compared, rung.predicted),
        others=[other for other in rungs if other is not rung],
    )


def _contributions(shortcut: Shortcut, compared: Compared, predicted: float) -> dict[str, float]:
    """What each cause adds on the way from the prediction to PNP [SI]; nothing where a stage has no answer."""
    found, value = {}, predicted
    try:
        for stage in shortcut.stages(compared.crossing):
            after = compared.predicted(stage.predict, stage.crossing)
            found[stage.cause] = after - value
            value = after
    except CaseError:
        return {}
    return {**found, shortcut.last_cause: compared.pnp - value}


# ---- what is compared ----------------------------------------------------------------------------------------------


def _rest(setting: Setting) -> Compared | None:
    crossing = crossing_at_rest(setting)
    if crossing is None:
        return None
    return Compared(
        crossing=crossing,
        quantity="resting_potential",
        label=crossing.rest_label,
        dimension=POTENTIAL,
        pnp=crossing.voltage,
        error=crossing.error("membrane_potential"),
        scale=crossing.thermal_voltage,
        voltage=None,
    )


def _current(setting: Setting) -> Compared | None:
    found = crossing_with_current(setting)
    if found is None:
        return None
    crossing, ion = found
    return _net_current(crossing) if ion is None else _ion_current(crossing, ion)


def _ion_current(crossing: Crossing, ion: str) -> Compared:
    """The current of one ion at rest."""
    name = f"ion_current.{ion}"
    pnp = crossing.solution.ion_current[ion]
    return Compared(
        crossing=crossing,
        quantity=name,
        label=f"current of {ion} {crossing.terms.at_rest}",
        dimension=CURRENT_DENSITY,
        pnp=pnp,
        error=crossing.error(name),
        scale=abs(pnp),
        voltage=crossing.voltage,
        ion=ion,
    )


def _net_current(crossing: Crossing) -> Compared:
    """The net current: through a channel, if it is one, else per area."""
    solution, mesh = crossing.solution, crossing.membrane.case.mesh
    is_channel = mesh.area is not None or mesh.radius is not None
    area = solution.problem.mesh.reference_area if is_channel else 1.0
    name = "current" if is_channel else "current_density"
    pnp = solution.scalars[name] or 0.0
    largest = area * max(abs(current) for current in solution.ion_current.values())
    return Compared(
        crossing=crossing,
        quantity=name,
        label=f"{name.replace('_', ' ')} at {millivolts(crossing.voltage)}",
        dimension=CURRENT if is_channel else CURRENT_DENSITY,
        pnp=pnp,
        error=crossing.error(name),
        scale=abs(pnp) if abs(pnp) > _SMALL_DIFFERENCE * largest else largest,
        voltage=crossing.voltage,
        area=area,
    )
