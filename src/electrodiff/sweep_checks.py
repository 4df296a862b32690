"""What the axes of a sweep must satisfy together with its case, checked before anything is solved."""

from __future__ import annotations

import copy
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import ValidationError
from pydantic_core import PydanticCustomError

from electrodiff.changes import related, within
from electrodiff.checks import SIDES, crosses, is_absent
from electrodiff.ends import Reservoir
from electrodiff.errors import CaseError
from electrodiff.fields import SI, InKT, Profile, nearest, problem
from electrodiff.key_fields import field_at
from electrodiff.keys import numbered, set_key
from electrodiff.mistakes import mistakes
from electrodiff.quantities import CLOSED_FORMS
from electrodiff.study import IVStudy
from electrodiff.sweep_design import Design
from electrodiff.sweep_study import MOST_SWEEP_POINTS, POINT, Axis, SweepStudy

if TYPE_CHECKING:
    from electrodiff.model import Case, Expectation

# What is kept of a current-voltage curve at every point.
CURVE_SCALARS = ("reversal_potential", "slope_conductance", "rectification")

# What a sweep may not change, by patterns of key paths.
_FIXED = {r"study(\..*)?": "the study itself", r"expect(\..*)?": "what is expected of it"}

# Choices of one axis that are tried before anything is solved: a case takes a third of a millisecond.
_MOST_TRIED = 100


def checked_sweep(case: Case, from_file: bool) -> SweepStudy:
    """The study of a case with its values as SI numbers.  Raises an error about what does not fit the case."""
    study = case.study
    assert isinstance(study, SweepStudy), "it is a sweep"
    axes = tuple(_checked_axis(case, axis, f"study.axes[{index}]", from_file) for index, axis in enumerate(study.axes))
    checked = study.model_copy(update={"axes": axes})
    _check_sizes(checked)
    kept_quantities(case, checked)
    _check_names(case, checked)
    _try_points(case, checked, from_file)
    for index, expectation in enumerate(case.expect):
        within(f"expect[{index}]", expectation.quantity, lambda e=expectation: expected_point(case, checked, e))  # type: ignore[misc]
    return checked


# ---- values --------------------------------------------------------------------------------------------------------


def _checked_axis(case: Case, axis: Axis, place: str, from_file: bool) -> Axis:
    """The axis with SI numbers, or with choices."""
    fields = [_field(case, key, f"{place}.{own}") for key, own in zip(axis.targets, axis.places, strict=True)]
    if any(field != fields[0] for field in fields):
        raise problem(
            f"{place}.keys", list(axis.targets), "these differ in kind, and take no value in common; split them"
        )
    field, info = fields[0], _info(from_file)
    if axis.values is not None:
        values = axis.values if field is None else _values(axis.values, field, place, info)
        return axis.known(field if values is not axis.values else None, values=values)
    if field is None:
        remedy = (
            f"the numbers between two others are for keys that are numbers with decimals, and {axis.targets[0]} is not"
        )
        raise problem(f"{place}.from", axis.from_, f"{remedy}; give values = [...]")
    first, last = (_end(name, value, field, place, info) for name, value in (("from", axis.from_), ("to", axis.to)))
    if not first < last:
        raise problem(f"{place}.to", axis.to, f"it must be greater than from, which is {axis.from_}")
    if axis.scale == "log" and not first > 0:
        raise problem(f"{place}.from", axis.from_, "a logarithmic axis cannot start there; start above zero")
    return axis.known(field, from_=first, to=last)


def _info(from_file: bool) -> Any:
    """What a field is told of where a value is from."""
    return SimpleNamespace(context={"from_file": from_file})


def _field(case: Case, key: str, place: str) -> SI | None:
    what = next((what for pattern, what in _FIXED.items() if re.fullmatch(pattern, key)), None)
    if what is not None:
        raise problem(place, key, f"an axis cannot change {what}; name a key of the case")
    _check_effect(case, key, place)
    try:
        return field_at(case, key)
    except CaseError as error:
        raise problem(place, key, str(error).removeprefix(f"{key}: ")) from None


def _check_effect(case: Case, key: str, place: str) -> None:
    """What follows from the rest of the case is not swept in vain."""
    side, _, ion = key.partition(".concentrations.")
    end = getattr(case, side) if side in SIDES else None
    if isinstance(end, Reservoir) and end.neutralise == ion:
        remedy = f"it follows from the other ions by {side}.neutralise = '{ion}'; sweep one of those, or drop that"
        raise problem(place, key, remedy)
    is_curve = isinstance(case.study, SweepStudy) and isinstance(case.study.point, IVStudy)
    if is_curve and key in ("left.potential", "left.current", "right.current"):
        remedy = "the potentials of study.point take its place, so that it has no effect; sweep another key"
        raise problem(place, key, remedy)


def _values(values: tuple[Any, ...], field: SI, place: str, info: Any) -> tuple[Any, ...]:
    """SI numbers; or the values as they are, if some are words, profiles or energies in kT."""
    allowed = not (field.dimension.unit and info.context["from_file"])
    if allowed and {*map(type, values)} <= {float, int}:
        _check_numbers(np.array(values, dtype=float), field, place, info)
        return tuple(map(float, values))
    numbers = [within(f"{place}.values[{i}]", v, lambda v=v: field.validate(v, info)) for i, v in enumerate(values)]  # type: ignore[misc]
    if any(isinstance(number, str | Profile | InKT) for number in numbers):
        return values
    return tuple(map(float, numbers))


def _check_numbers(numbers: Any, field: SI, place: str, info: Any) -> None:
    """Many numbers at once: their largest, their smallest and the smallest size stand for all of them."""
    if not np.isfinite(numbers).all():
        index = int(np.flatnonzero(~np.isfinite(numbers))[0])
        raise problem(f"{place}.values[{index}]", float(numbers[index]), "it must be finite")
    size = np.where(numbers == 0, math.inf, np.abs(numbers))
    for index in {int(np.argmin(numbers)), int(np.argmax(numbers)), int(np.argmin(size))}:
        number = float(numbers[index])
        within(f"{place}.values[{index}]", number, lambda number=number: field.validate(number, info))  # type: ignore[misc]


def _end(name: str, value: Any, field: SI, place: str, info: Any) -> float:
    number = within(f"{place}.{name}", value, lambda: field.validate(value, info))
    if isinstance(number, str | Profile | InKT):
        remedy = f"expected a {field.dimension.name}, such as '{field.dimension.example}', or give values = [...]"
        raise problem(f"{place}.{name}", value, remedy)
    return float(number)


# ---- shapes and names ----------------------------------------------------------------------------------------------


def sizes_of(study: SweepStudy) -> dict[str, int | None]:
    """How many values the axes of each name have, in the order of the study; None of those between two ends."""
    return {axis.title: axis.points if axis.values is None else len(axis.values) for axis in study.axes}


def _check_sizes(study: SweepStudy) -> None:
    sizes = sizes_of(study)
    expected: dict[str, int | None] = {}
    for index, axis in enumerate(study.axes):
        size = axis.points if axis.values is None else len(axis.values)
        together = "all" if study.design == "zip" else axis.title
        if study.is_drawn and axis.values is None:
            continue
        if expected.setdefault(together, size) != size:
            what = "a zip takes the axes side by side" if study.design == "zip" else "axes of one name go side by side"
            remedy = f"{what}, and others have {expected[together]} values; give all as many"
            raise problem(f"study.axes[{index}]", f"{size} values of {axis.title}", remedy)
    if study.design == "product":
        total = math.prod(size or 1 for size in sizes.values())
        if total > MOST_SWEEP_POINTS:
            remedy = f"all combinations of the axes are that many; {MOST_SWEEP_POINTS:,} is the most at once"
            raise problem("study.axes", f"{total:,} points", remedy)


def _check_names(case: Case, study: SweepStudy) -> None:
    """No dimension or coordinate is called as a quantity is."""
    taken = {*kept_quantities(case, study), POINT, "converged", "reason", "iterations", "nodes", "route"}
    keys = {key for axis in study.axes for key in axis.targets}
    for index, axis in enumerate(study.axes):
        first = next(other for other in study.axes if other.title == axis.title)
        if axis.name in taken or (axis.name in keys and axis.name not in first.targets):
            raise problem(f"study.axes[{index}].name", axis.name, "something else has this name; choose another")


# ---- quantities ----------------------------------------------------------------------------------------------------


def kept_quantities(case: Case, study: SweepStudy) -> list[str]:
    """Full names of what is kept of every point.  Raises an error about a name that does not exist."""
    of_curve = isinstance(study.point, IVStudy)
    own = [*CURVE_SCALARS] if of_curve else [*case.scalar_names(), *CLOSED_FORMS]
    if study.quantities is None:
        return _usual(study.point) if isinstance(study.point, IVStudy) else _usual_steady(case)
    kept: dict[str, None] = {}
    for index, name in enumerate(study.quantities):
        found = [full for full in own if full == name or full.startswith(f"{name}.")]
        if not found:
            remedy = f"such a point has no such quantity{nearest(name, own)}; it has {', '.join(own)}"
            raise problem(f"study.quantities[{index}]", name, remedy)
        _check_available(case, study.point, name, f"study.quantities[{index}]")
        kept.update(dict.fromkeys(found))
    return list(kept)


def _usual(point: IVStudy) -> list[str]:
    return [name for name in CURVE_SCALARS if name != "rectification" or _mirrored(point)]


def _usual_steady(case: Case) -> list[str]:
    """What most people want: potential, current and fluxes, or in a closed cell what it rests at and how pumps go."""
    given = [getattr(end, "potential", None) for end in (case.left, case.right)]
    wanted = [] if all(isinstance(potential, float) for potential in given) else ["membrane_potential"]
    if all(isinstance(end, Reservoir) for end in (case.left, case.right)):
        wanted += ["current_density", *(f"flux.{ion}" for ion in case.ions if crosses(case, ion))]
    passing = [ion for ion in case.ions if not any(is_absent(case, layer, ion) for layer in case.layers)]
    wanted += [f"nernst_potential.{ion}" for ion in passing if case.transporters and case.valence(ion)]
    return [*wanted, *(f"transporter_rate.{name}" for name in case.transporter_names)]


def _mirrored(point: IVStudy) -> bool:
    """Whether a curve has a potential and its opposite."""
    potentials = {round(value, 15) for value in point.potential_values()} - {0.0}
    return any(-value in potentials for value in potentials)


def _check_available(case: Case, point: Any, name: str, place: str) -> None:
    if name == "rectification" and not _mirrored(point):
        raise problem(
            place, name, "study.point.potentials have no V with its opposite; give a range such as -80 to 80 mV"
        )
    if name not in CLOSED_FORMS:
        return
    if not all(isinstance(end, Reservoir) for end in (case.left, case.right)) or case.gate_names or case.transporters:
        remedy = "it is of a membrane between two reservoirs, without gates, pumps or cotransporters; drop it"
        raise problem(place, name, remedy)
    floats = any(isinstance(end, Reservoir) and end.is_floating for end in (case.left, case.right))
    if name.endswith("_difference") and not floats:
        remedy = 'the potential is given, and the model is of the one without current; set left.potential = "floating"'
        raise problem(place, name, remedy)


# ---- expectations --------------------------------------------------------------------------------------------------


def expected_point(case: Case, study: SweepStudy, expectation: Expectation) -> int:
    """The number of the point that an expectation is about.  Raises an error if it is about none."""
    names = kept_quantities(case, study)
    if expectation.quantity not in names:
        remedy = f"the sweep does not keep it{nearest(expectation.quantity, names)}; it keeps {', '.join(names)}"
        raise problem("quantity", expectation.quantity, remedy)
    axes = {key: axis for axis in study.axes for key in axis.targets}
    example = ", ".join(f'"{axis.targets[0]}" = ...' for axis in study.axes)
    if not expectation.at:
        remedy = f"a sweep has a value at every point; say which one is meant with at = {{ {example} }}"
        raise problem("quantity", expectation.quantity, remedy)
    if study.is_drawn:
        remedy = f"the points of a {study.design} design are drawn, and none is known beforehand; drop the expectation"
        raise problem("at", dict(expectation.at), remedy)
    numbers = {key: _expected_number(axes, key, value) for key, value in expectation.at.items()}
    point = Design(study, 1, 1).point_at(numbers)
    if point is None:
        remedy = f"no single point of the sweep is there; name a value of each axis: {example}"
        raise problem("at", dict(expectation.at), remedy)
    return point


def _expected_number(axes: Mapping[str, Axis], key: str, value: Any) -> Any:
    """A value of `at` as the axis has it: an SI number, or a choice."""
    if key not in axes:
        raise problem(
            f"at.{key}", value, f"no axis changes this key{nearest(key, axes)}; they change {', '.join(axes)}"
        )
    field, info = axes[key].field, _info(False)
    return value if field is None else within(f"at.{key}", value, lambda: field.validate(value, info))


# ---- trial points --------------------------------------------------------------------------------------------------


def _try_points(case: Case, study: SweepStudy, from_file: bool) -> None:
    """The case is made at both ends of every axis, and with each of its choices: what is wrong with one is told here."""
    tree = case.model_dump(mode="json", exclude_unset=True, exclude_none=True, exclude={"study", "expect"})
    tree["study"] = study.point.model_dump(mode="json", exclude_unset=True) or {"kind": "steady"}
    for places in _trials(study):
        _try(type(case), tree, study, places, from_file)


def _trials(study: SweepStudy) -> Iterator[Mapping[str, int]]:
    """Index of the value of the axes of each name, -1 for the last: the first of all, then others of one of them."""
    first = dict.fromkeys(sizes_of(study), 0)
    yield first
    for axis in study.axes:
        is_choice = axis.values is not None and axis.field is None
        others = range(1, min(len(axis.values or ()), _MOST_TRIED)) if is_choice else ()
        for index in {*others, -1}:
            yield dict.fromkeys(first, index) if study.design == "zip" else {**first, axis.title: index}


def _try(kind: type[Case], tree: dict[str, Any], study: SweepStudy, places: Mapping[str, int], from_file: bool) -> None:
    changed = copy.deepcopy(tree)
    items = []
    for index, axis in enumerate(study.axes):
        at = places[axis.title]
        value = (axis.from_, axis.to)[at] if axis.values is None else axis.values[at]
        written = value if axis.field is None else axis.field.serialise(value)
        where = ("from", "to")[at] if axis.values is None else f"values[{at % len(axis.values)}]"
        items += [(f"study.axes[{index}].{where}", key, written) for key in axis.targets]
    for place, key, written in items:
        try:
            set_key(changed, key, written)
        except CaseError as error:
            raise problem(place, written, str(error)) from None
    try:
        kind.model_validate(changed, context={"from_file": from_file})
    except ValidationError as error:
        raise _refusal(error, changed, kind, items, places) from None


def _refusal(
    error: ValidationError,
    tree: dict[str, Any],
    kind: type[Case],
    items: Sequence[tuple[str, str, Any]],
    places: Mapping[str, int],
) -> PydanticCustomError:
    """The error of the case at a point as one about the axis that it comes from."""
    mistake, _ = mistakes(error, tree, kind)
    path = re.sub(r"\[(\d+)\]", r".\1", mistake.path)
    moved = [item for item in items if any(places.values())] or list(items)
    item = next((item for item in items if related(numbered(tree, item[1]), path)), moved[0])
    return problem(item[0], item[2], f"with it {mistake.path} {mistake.matter}; {mistake.remedy}")
