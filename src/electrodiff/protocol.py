"""What the protocol of a transient does to its case: the case before and after every corner, each of them checked.

A corner is a time at which a change starts or is over.  Between two corners only ramps and sines are at work: what the ends
are given goes linearly from the one case to the other, and sines are added to it.
"""

from __future__ import annotations

import copy
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import ValidationError

from electrodiff.changes import Change, SineWave, as_text, related, tidy
from electrodiff.checks import SIDES, is_absent
from electrodiff.ends import Reservoir, Wall
from electrodiff.errors import CaseError
from electrodiff.fields import FrozenTable, problem
from electrodiff.keys import numbered, set_key, value_at
from electrodiff.mistakes import mistakes
from electrodiff.studies import Study
from electrodiff.study import IVStudy, TransientStudy
from electrodiff.sweep_checks import checked_sweep
from electrodiff.sweep_study import SweepStudy

if TYPE_CHECKING:
    from pydantic_core import PydanticCustomError

    from electrodiff.model import Case

# What no change may touch, by patterns of key paths: what is laid down before a run, and what tells its unknowns apart.
_LAID_DOWN = {
    r"study(\..*)?": "the study itself",
    r"expect(\..*)?": "what is expected of the study",
    r"mesh(\..*)?": "the mesh",
    r"ions\.[^.]+\.valence": "the valence of an ion",
    r"layers": "all layers at once (name the keys of each)",
    r"layers\.[^.]+\.name": "the name of a layer",
    r"(pathways|transporters)\.[^.]+\.(name|layer)": "the name or the layer of a pathway or a transporter",
    r"pathways|transporters": "all of them at once (name the keys of each; a scale of 0 blocks one)",
    r"layers\.[^.]+\.thickness": "the thickness of a layer, and with it the mesh",
    r"layers\.[^.]+\.initial(\..*)?": "what a layer holds at the start",
    r"(left|right)\.kind": "the kind of an end",
    r"(left|right)\.stern(\..*)?": "the layers",
}

# What a step of a key of an end puts an end to, as the records of the ends do not take both.
_REPLACES = {"potential": ("current", "surface_charge"), "surface_charge": ("potential",)}


@dataclass(frozen=True)
class Sine:
    """A sine that is added to what the key path of an end is; in SI units, the phase in rad."""

    key: str
    amplitude: float
    frequency: float
    phase: float
    start: float

    def value(self, time: float) -> float:
        """What is added at a time [s]: amplitude sin(2 pi frequency (time - start) + phase)."""
        return self.amplitude * math.sin(2 * math.pi * self.frequency * (time - self.start) + self.phase)

    def quarters(self) -> list[float]:
        """Times [s] of a zero, the largest value, a zero and the smallest one of one period."""
        return [self.start + (k / 4 - self.phase / (2 * math.pi)) / self.frequency for k in range(4)]


class Corner(NamedTuple):
    """A time [s]; the case just before and just after it, the same object where nothing jumps; the sines that follow."""

    time: float
    before: Case
    after: Case
    sines: tuple[Sine, ...]


def checked_study(case: Case, from_file: bool) -> Study:
    """The study of a case, with the values of steps as a file has them.  Raises an error if it does not fit the case."""
    study = case.study
    if isinstance(study, IVStudy):
        _check_reservoirs(case)
    if isinstance(study, SweepStudy):
        return checked_sweep(case, from_file)
    if not isinstance(study, TransientStudy):
        return study
    if study.start == "initial":
        _check_initial(case)
    if not study.protocol:
        return study
    after = {corner.time: corner.after for corner in corners(case, from_file)}
    protocol = tuple(_written(change, after) if change.set else change for change in study.protocol)
    return study.model_copy(update={"protocol": protocol})


def corners(case: Case, from_file: bool = False) -> tuple[Corner, ...]:
    """Every corner of the protocol of a transient, from 0 to its end.

    Its cases are steady ones, without expectations.  from_file: whether the values of steps must carry their units.
    Raises an error if one of the cases is none.
    """
    study = case.study
    if not isinstance(study, TransientStudy):
        raise CaseError(f"study.kind is '{study.kind}'; only a transient has a course in time")
    now = _start(case, from_file)
    items = list(_items(study))
    origin: dict[str, float] = {}
    found = []
    for time in study.corner_times():
        moment = tidy(time)
        ramps = [item for item in items if item.action == "ramp" and item.start < moment <= item.stop]
        before = now.changed([item._replace(value=_ramped(item, origin[item.key], moment)) for item in ramps])
        now = before.changed([item for item in items if item.action == "set" and item.start == moment])
        at_work = [item for item in items if item.start <= moment < item.stop]
        given = {item.key: _number(now.case, item, time) for item in at_work}
        origin |= {item.key: given[item.key] for item in at_work if item.start == moment}
        waves = [item for item in at_work if item.action == "sine"]
        sines = tuple(_sine(item) for item in waves)
        _check_sines(now, sines, given, waves)
        found.append(Corner(time, before.case, now.case, sines))
    return tuple(found)


# ---- the case as it goes on --------------------------------------------------------------------------------------


class _Item(NamedTuple):
    """A key path of a change: its place in the study, its value, how that is shown, and when it is at work [s]."""

    place: str
    key: str
    value: Any
    shown: Any
    action: str
    start: float
    stop: float


def _items(study: TransientStudy) -> Iterator[_Item]:
    for index, change in enumerate(study.protocol):
        action, start, stop = change.action, change.start, change.stop
        for key, value in change.targets.items():
            number = value.amplitude if isinstance(value, SineWave) else value
            shown = number if action == "set" else as_text(key, number)
            yield _Item(f"study.protocol[{index}].{action}.{key}", key, value, shown, action, start, stop)


@dataclass(frozen=True)
class _State:
    """A case, and the tree of plain values that it was made of, with units."""

    case: Case
    tree: dict[str, Any]
    from_file: bool

    def changed(self, items: Sequence[_Item]) -> _State:
        """The state with some values changed at once."""
        if not items:
            return self
        tree = copy.deepcopy(self.tree)
        keys = {item.key for item in items}
        for item in items:
            _put(tree, item, keys)
        try:
            case = type(self.case).model_validate(tree, context={"from_file": self.from_file})
        except ValidationError as error:
            raise _refusal(error, tree, type(self.case), items) from None
        _check_fixed(self.case, case, items)
        return _State(case, tree, self.from_file)


def _start(case: Case, from_file: bool) -> _State:
    tree = case.model_dump(mode="json", exclude_unset=True, exclude_none=True, exclude={"study", "expect"})
    return _State(type(case).model_validate(tree), tree, from_file)


def _put(tree: dict[str, Any], item: _Item, keys: set[str]) -> None:
    """Set a key of the tree; what an end cannot have beside it, and is not given with it, is dropped."""
    side, _, name = item.key.partition(".")
    what = next((what for pattern, what in _LAID_DOWN.items() if re.fullmatch(pattern, item.key)), None)
    if what is not None:
        raise problem(item.place, item.shown, f"a protocol cannot change {what}; make it another case")
    try:
        set_key(tree, item.key, item.value)
    except CaseError as error:
        raise problem(item.place, item.shown, str(error).removeprefix(f"{item.key}: ")) from None
    if side in SIDES and item.value != "floating":
        for other in _REPLACES.get(name, ()):
            if f"{side}.{other}" not in keys:
                tree[side].pop(other, None)


def _ramped(ramp: _Item, first: float, moment: float) -> Any:
    """What a ramp that set out from `first` has come to."""
    fraction = (moment - ramp.start) / (ramp.stop - ramp.start)
    return as_text(ramp.key, ramp.value if moment == ramp.stop else first + (ramp.value - first) * fraction)


def _sine(item: _Item) -> Sine:
    wave = item.value
    return Sine(item.key, wave.amplitude, wave.frequency, wave.phase, item.start)


def _number(case: Case, item: _Item, time: float) -> float:
    """What an end is given [SI] where a ramp or a sine is at work; that must be a number."""
    number = _given(case, item.key)
    if number is None:
        remedy = f"at {time:g} s no number is given there that it could go on from; step it to one first"
        raise problem(item.place, item.shown, remedy)
    return number


def _given(case: Case, key: str) -> float | None:
    side, name, *ion = key.split(".", 2)
    end = getattr(case, side)
    if name == "potential":
        return None if end.kind == "closed" or end.potential == "floating" else end.potential
    if name == "current":
        return (end.current or 0.0) if isinstance(end, Reservoir) and end.is_floating else None
    if name == "surface_charge":
        return (end.surface_charge or 0.0) if isinstance(end, Wall) and end.potential is None else None
    return end.concentrations.get(ion[0], 0.0) if isinstance(end, Reservoir) else None


# ---- what is refused ---------------------------------------------------------------------------------------------


def _refusal(
    error: ValidationError, tree: dict[str, Any], kind: type[Case], items: Sequence[_Item]
) -> PydanticCustomError:
    """The error of a changed case, as one about the change that it comes from."""
    mistake, _ = mistakes(error, tree, kind)
    path = re.sub(r"\[(\d+)\]", r".\1", mistake.path)
    item = next((item for item in items if related(numbered(tree, item.key), path)), None)
    is_value = mistake.matter.startswith("is ") and not mistake.matter.startswith(("is missing", "is not a known"))
    if item is not None and is_value:
        return problem(item.place, item.shown, mistake.remedy)
    item = item or items[0]
    return problem(item.place, item.shown, f"with it {mistake.path} {mistake.matter}; {mistake.remedy}")


def _check_fixed(before: Case, after: Case, items: Sequence[_Item]) -> None:
    """A run keeps its unknowns."""
    old, new = _unknowns(before), _unknowns(after)
    for key in {**old, **new}:
        if old.get(key) != new.get(key):
            item = next((item for item in items if related(item.key, key)), items[0])
            raise problem(item.place, item.shown, f"a protocol cannot change {_UNKNOWNS[key.count('.')]}")


# By the number of dots in their key paths.
_UNKNOWNS = (
    "which ions there are; make it another case",
    "which ions a layer lets in; instead of a partition of 0 take one of 1e-12, or make it another case",
    "which ions are gated; make it another case",
)


def _unknowns(case: Case) -> dict[str, list[str]]:
    """Ions and what they can do, by the key path that says it."""
    table = {"ions": [*case.ions]}
    for layer in case.layers:
        table[f"layers.{layer.name}"] = [ion for ion in case.ions if is_absent(case, layer, ion)]
        table[f"layers.{layer.name}.gating"] = [*layer.gating]
    for pathway in case.pathways:
        table[f"pathways.{pathway.name}.gating"] = [*pathway.ions] if pathway.gating else []
    return table


def _check_reservoirs(case: Case) -> None:
    """A current-voltage curve is of a stack between two reservoirs."""
    for side in SIDES:
        kind = getattr(case, side).kind
        if kind != "reservoir":
            remedy = "no steady current flows through it; a current-voltage curve needs a 'reservoir' at both ends"
            raise problem(f"{side}.kind", kind, remedy)


def _check_initial(case: Case) -> None:
    ion = case.ion_names[0]
    for index, layer in enumerate(case.layers):
        if "initial" not in layer.model_fields_set and not all(is_absent(case, layer, name) for name in case.ions):
            remedy = (
                f"study.start is 'initial', so say what '{layer.name}' holds at the start: "
                f'initial = {{ {ion} = "140 mM" }}, or {{}} if it holds no ions'
            )
            raise problem(f"layers[{index}].initial", None, remedy)


def _check_sines(now: _State, waves: Sequence[Sine], given: Mapping[str, float], items: Sequence[_Item]) -> None:
    """Concentrations stay positive and electroneutral: they are tried at four phases of each sine."""
    for time in (time for wave in waves if ".concentrations." in wave.key for time in wave.quarters()):
        values = {wave.key: as_text(wave.key, given[wave.key] + wave.value(time)) for wave in waves}
        now.changed([item._replace(value=values[item.key]) for item in items])


def _written(change: Change, after: Mapping[float, Case]) -> Change:
    """A step with its values as they are written in a case file."""
    tree = after[change.start].model_dump(mode="json", exclude_unset=True, exclude_none=True)
    return change.model_copy(update={"set": FrozenTable({key: value_at(tree, key) for key in change.set})})
