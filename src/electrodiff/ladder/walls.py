"""Charged walls and electrodes: what charge a potential holds at a wall, or what potential a charge makes.

Every model has a part of what the wall has (see `electrode`).  The reason of a row is the feature that it lacks most.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from electrodiff.ladder.charge_rows import Reading, expected
from electrodiff.ladder.electrode import DIFFUSE, NONLINEAR, SIZE, STERN, Electrode, Features, find_electrodes
from electrodiff.ladder.rung import Absent, Model, Rung, Setting
from electrodiff.regime.records import Outlook
from electrodiff.regime.words import concentration, length, millivolts, number, outlook, percent, surface_charge, worst
from electrodiff.units import AVOGADRO, thermal_voltage

# exp of more is no number.
_OVERFLOW = 700.0
# Within this part of its value a full model is PNP: what is left is the mesh, and the tail beyond the end of the bath.
_SAME = 1e-3


class WallModel(NamedTuple):
    """A model of walls."""

    name: str
    title: str
    has: Features
    """What it has, of what the wall has."""
    needs: Features
    """What a wall must have for it to be a model of its own."""
    limits: tuple[str, ...]


_MODELS = (
    WallModel("helmholtz", "Helmholtz, Stern layer alone", Features({STERN}), Features({STERN}), ()),
    WallModel("debye_hueckel", "Debye-Hueckel, linear", Features({DIFFUSE, STERN}), Features(), ("debye_hueckel",)),
    WallModel(
        "gouy_chapman", "Gouy-Chapman", Features({DIFFUSE, NONLINEAR}), Features(), ("gouy_chapman", "point_ions")
    ),
    WallModel(
        "gouy_chapman_stern",
        "Gouy-Chapman-Stern",
        Features({DIFFUSE, NONLINEAR, STERN}),
        Features({STERN}),
        ("gouy_chapman", "point_ions"),
    ),
    WallModel(
        "bikerman",
        "Bikerman, ions of a size",
        Features({DIFFUSE, NONLINEAR, STERN, SIZE}),
        Features({SIZE}),
        ("electroneutral_bulk",),
    ),
)

# The order in which what a model lacks is added.
_ORDER = (DIFFUSE, STERN, NONLINEAR, SIZE)


def walls(setting: Setting) -> Iterator[Rung | Absent]:
    """Helmholtz, Debye-Hueckel, Gouy-Chapman, Stern and Bikerman at each wall."""
    for electrode in find_electrodes(setting):
        if isinstance(electrode, Absent):
            yield electrode
            continue
        reading = electrode.reading
        if reading is not None:
            yield from _rows(electrode, reading)
        if setting.case.steric is not None and not electrode.diameter:
            reason = "Bikerman's closed form is for one salt of ions of equal size and valence."
            yield Absent("bikerman", "Bikerman, ions of a size", reason)
        yield from _drops(electrode)


def _rows(electrode: Electrode, reading: Reading) -> Iterator[Rung]:
    available = electrode.features
    sign = 1 if electrode.voltage is not None else electrode.sign
    for model in _MODELS:
        if not model.needs <= available:
            continue
        has = model.has & available
        predicted = sign * electrode.predicted(has)
        reason = _reason(electrode, has, sign * reading.value)
        yield reading.row(model.name, model.title, predicted, _outlook(electrode, model, has), reason)


def _drops(electrode: Electrode) -> Iterator[Rung]:
    """The potentials of the Stern and of the diffuse layer at a given potential of the wall."""
    V, has = electrode.voltage, electrode.features
    if V is None or len(electrode.stern) != 1 or electrode.faces_a_wall:
        return
    stern = electrode.drop(electrode.stern[0], f"potential drop of the {electrode.side} Stern layer")
    diffuse = electrode.drop(electrode.bulk.layer, "potential drop of the diffuse layer")
    if stern is None or diffuse is None:
        return
    model = next(model for model in reversed(_MODELS) if model.needs <= has)
    psi, C = electrode.face(V, has), electrode.stern_capacitance
    reason = (
        f"The Stern layer of {number(100 * C)} uF/cm^2 and the diffuse layer are in series: they hold the same "
        f"{surface_charge(C * (V - psi))} and share {millivolts(V)}."
    )
    known = _outlook(electrode, model, has)
    yield stern.row(model.name, model.title, electrode.sign * (V - psi), known, reason)
    yield diffuse.row(model.name, model.title, electrode.sign * psi, known, reason)


def _outlook(electrode: Electrode, model: WallModel, has: Features) -> Outlook:
    """The regime's; a model that leaves out a Stern layer is off by what that changes."""
    known = expected(electrode.setting, *model.limits)
    if STERN not in electrode.features or {STERN, DIFFUSE} <= has:
        return known
    full = electrode.predicted(electrode.features)
    return worst(known, outlook(abs(electrode.predicted(has) / full - 1) if full else 0.0))


def _reason(electrode: Electrode, has: Features, pnp: float) -> str:
    """The feature whose lack, of those that push the prediction towards PNP, changes it most on the way there."""
    changes: dict[str, float] = {}
    first = now = electrode.predicted(has)
    for feature in _ORDER:
        if feature in electrode.features - has:
            has = has | {feature}
            after = electrode.predicted(has)
            changes[feature] = _change(now, after)
            now = after
    whole, rest = _change(first, pnp), _change(now, pnp)
    helpful = {feature: abs(change) for feature, change in changes.items() if change * whole > 0}
    if not helpful or abs(rest) > max(helpful.values()):
        return _why_the_rest(electrode, whole)
    return _SENTENCES[max(helpful, key=helpful.__getitem__)](electrode, whole)


def _change(before: float, after: float) -> float:
    """ln(after / before); infinite where the sign changes."""
    return math.log(after / before) if after / before > 0 else math.inf


def _off(electrode: Electrode, change: float) -> str:
    """How far a prediction is off that PNP changes so: "15 % too much potential", "560 times as much charge"."""
    what = "potential" if electrode.voltage is None else "charge"
    excess = math.expm1(-change)
    # From twice as much on people speak of times.
    if excess >= 1:
        return f"{number(1 + excess)} times as much {what}"
    return f"{percent(abs(excess))} too {'much' if excess > 0 else 'little'} {what}"


def _why_nonlinear(electrode: Electrode, change: float) -> str:
    psi = abs(electrode.full_face)
    kT = thermal_voltage(electrode.bulk.temperature)
    return (
        f"At {millivolts(psi)}, {number(psi / kT)} RT/F, more counter-ions gather in the diffuse layer than the linear "
        f"theory has, which gives {_off(electrode, change)}."
    )


def _why_stern(electrode: Electrode, change: float) -> str:
    case, psi = electrode.setting.case, electrode.full_face
    thickness = math.fsum(case.layers[index].thickness for index in electrode.stern)
    V = electrode.full_voltage
    return (
        f"The ion-free layer of {length(thickness)} at the wall takes {millivolts(abs(V - psi))} of the "
        f"{millivolts(abs(V))}, without which there is {_off(electrode, change)}."
    )


def _why_diffuse(electrode: Electrode, change: float) -> str:
    return (
        f"The diffuse layer behind the Stern layer takes {millivolts(abs(electrode.full_face))} of the "
        f"{millivolts(abs(electrode.full_voltage))}, without which there is {_off(electrode, change)}."
    )


def _why_size(electrode: Electrode, change: float) -> str:
    """With the counter-ions of point ions at the potential at which the diffuse layer begins without sizes."""
    points = electrode.features - {SIZE}
    psi, kT = electrode.face_with(points), thermal_voltage(electrode.bulk.temperature)
    salt, valence = electrode.bulk.salt or (0.0, 1)
    crowd = salt * math.exp(min(abs(valence * psi / kT), _OVERFLOW))
    room = 1 / (AVOGADRO * (electrode.diameter or math.inf) ** 3)
    return (
        f"Point ions would stand at {concentration(crowd)} at the wall, where ions of {length(electrode.diameter or 0.0)} "
        f"leave room for {concentration(room)}, which gives {_off(electrode, change)}."
    )


_SENTENCES = {DIFFUSE: _why_diffuse, STERN: _why_stern, NONLINEAR: _why_nonlinear, SIZE: _why_size}


def _why_the_rest(electrode: Electrode, change: float) -> str:
    """Of what no closed form has: the size of ions that are not alike, or a bath that is not wide."""
    bulk, case = electrode.bulk, electrode.setting.case
    width = number(bulk.thickness / bulk.debye_length)
    if abs(change) < _SAME:
        ions = f"ions of {length(electrode.diameter)}" if electrode.diameter else "point ions"
        behind = " behind an ion-free layer" if electrode.stern else ""
        return f"The wall faces {width} Debye lengths of liquid with {ions}{behind}, which is what the model assumes."
    if case.steric is not None and not electrode.diameter:
        return f"The ions have sizes, and crowd at the wall, which points do not: {_off(electrode, change)}."
    if case.mesh.geometry != "planar":
        return f"The wall is curved, and the model is of a plane: {_off(electrode, change)}."
    return f"The liquid is only {width} Debye lengths wide, so that it has no bulk: {_off(electrode, change)}."


MODELS: tuple[Model, ...] = (walls,)
