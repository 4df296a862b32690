"""What of a case can be moved: every concentration, permeability, charge, thickness, permittivity, temperature and voltage.

As data: a key of the case, its unit on the page, and the scale of its slider.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

from electrodiff import units
from electrodiff.ends import Reservoir, Wall
from electrodiff.fields import InKT, Profile
from electrodiff.layers import Layer
from electrodiff.model import Case
from electrodiff.units import Dimension

# Positions of a slider: fine enough that neighbouring pictures differ by little, coarse enough for the arrow keys.
STEPS = 200
# Significant digits of what a slider gives.
_DIGITS = 3

Kind = Literal["linear", "log"]


@dataclass(frozen=True)
class Scale:
    """The numbers that a slider goes through, in the unit of its control."""

    low: float
    high: float
    kind: Kind = "linear"
    has_zero: bool = False
    """Whether the first position of a logarithmic scale is zero."""

    def value(self, position: int) -> float:
        """The number at a position from 0 to STEPS, rounded as a person would."""
        if self.kind == "linear":
            step = (self.high - self.low) / STEPS
            # To a tenth of a step, so that round ends and round steps give round numbers.
            return round(self.low + step * position, max(0, 1 - math.floor(math.log10(step))))
        if self.has_zero and position == 0:
            return 0.0
        return float(f"{self.low * (self.high / self.low) ** (position / STEPS):.{_DIGITS}g}")

    def position(self, value: float) -> int:
        """The position nearest to a number; an end for one beyond it."""
        if self.kind == "log" and value <= 0:
            return 0
        part = (
            (value - self.low) / (self.high - self.low)
            if self.kind == "linear"
            else math.log(value / self.low) / math.log(self.high / self.low)
        )
        first = 1 if self.has_zero else 0
        return min(max(round(part * STEPS), first), STEPS)


@dataclass(frozen=True)
class Control:
    """One number of a case on the page."""

    key: str
    """Of the case; that of an interface is `interfaces.LEFT|RIGHT.surface_charge`."""
    group: str
    """Part of the case that it belongs to, as a heading."""
    label: str
    ion: str = ""
    """The ion that it is about; empty if about none."""
    unit: str = ""
    """On the page, as in a case file."""
    dimension: Dimension = units.NUMBER
    value: float = 0.0
    """In the case, in this unit; of a potential that floats, 0."""
    scale: Scale = Scale(0.0, 1.0)
    keyword: str = ""
    """What may stand instead of a number, such as "floating"."""
    is_keyword: bool = False
    """Whether it does in the case."""

    def text(self, value: float) -> str:
        """A number as it would stand in a case file, without quotes: "4.5 mM", "0.0001"."""
        return f"{value:.12g} {self.unit}".strip()

    @property
    def start(self) -> str:
        """What it says before it is moved."""
        return self.keyword if self.is_keyword else self.text(self.value)

    def at(self, position: int) -> str:
        """What it says at a position of its slider."""
        return self.text(self.scale.value(position))

    def number(self, text: str) -> float | None:
        """The number of a text in the unit of the control; None if it is none."""
        try:
            if not self.dimension.unit:
                return float(text)
            if self.unit == "kT":
                return float(text.removesuffix("kT"))
            return tidy(units.from_si(units.to_si(text, self.dimension), self.unit, self.dimension))
        except (units.UnitError, ValueError):
            return None


def tidy(value: float) -> float:
    """A number without the rounding of a change of its unit."""
    return float(f"{value:.12g}")


def controls_of(case: Case) -> tuple[Control, ...]:
    """All that can be moved: first the ends, which are moved most, then the layers from left to right."""
    baths = [*_end(case, "left"), *_end(case, "right")]
    return (*baths, *_stack(case), *_interfaces(case), *_carriers(case), _temperature(case))


# ---- the parts of a case ------------------------------------------------------------------------------------------------


def _end(case: Case, side: Literal["left", "right"]) -> Iterator[Control]:
    end = getattr(case, side)
    group = bath_name(case, side)
    if isinstance(end, Reservoir):
        for ion, value in case.concentrations(side).items():
            scale = _log(value, 0.1, 1000.0, has_zero=True)
            yield Control(f"{side}.concentrations.{ion}", group, "", ion, "mM", units.CONCENTRATION, tidy(value), scale)
        yield _potential(f"{side}.potential", group, "potential", end.potential, "floating")
    if isinstance(end, Wall):
        if end.potential is not None:
            yield _potential(f"{side}.potential", group, "potential of the metal", end.potential)
        if end.surface_charge is not None:
            yield _surface_charge(f"{side}.surface_charge", group, "charge of the wall", end.surface_charge)


def bath_name(case: Case, side: Literal["left", "right"]) -> str:
    """Heading of what belongs to an end."""
    end, layer = getattr(case, side), case.layer_names[0 if side == "left" else -1]
    return f"Bath on the {side} ({layer})" if isinstance(end, Reservoir) else f"Wall on the {side}"


def _stack(case: Case) -> Iterator[Control]:
    for index, layer in enumerate(case.layers):
        yield from _layer(case, layer, f"layers.{layer.name}", 0 < index < len(case.layers) - 1)


def _layer(case: Case, layer: Layer, key: str, is_inner: bool) -> Iterator[Control]:
    group = f"Layer: {layer.name}"
    unit, size = next(step for step in (("nm", 1e-9), ("um", 1e-6), ("mm", 1e-3)) if layer.thickness < 1e3 * step[1])
    thickness = tidy(layer.thickness / size)
    yield Control(f"{key}.thickness", group, "thickness", "", unit, units.LENGTH, thickness, _log(thickness))
    permittivity = float(f"{case.relative_permittivity(layer):.6g}")
    scale = _log(permittivity, 1.0, 100.0)
    yield Control(f"{key}.relative_permittivity", group, "relative permittivity", value=permittivity, scale=scale)
    for table, (word, unit, dimension, scale_of) in _TABLES.items():
        for ion, value in (getattr(layer, table) or {}).items():
            yield from _entry(f"{key}.{table}.{ion}", group, word, ion, unit, dimension, value, scale_of)
    for ion, value in layer.initial.items():
        scale_of = _concentration
        yield from _entry(
            f"{key}.initial.{ion}", group, "at the start,", ion, "mM", units.CONCENTRATION, value, scale_of
        )
    if layer.total_fixed_charge is not None:
        value = tidy(layer.total_fixed_charge / units.ELEMENTARY_CHARGE)
        yield Control(
            f"{key}.total_fixed_charge", group, "fixed charge", "", "e", units.CHARGE, value, _both_signs(value, 5.0)
        )
    elif not isinstance(layer.fixed_charge, Profile) and (is_inner or layer.fixed_charge):
        value = layer.fixed_charge
        scale = _both_signs(value, 500.0)
        yield Control(f"{key}.fixed_charge", group, "fixed charge", "", "mM", units.CONCENTRATION, value, scale)


def _entry(
    key: str, group: str, word: str, ion: str, unit: str, dimension: Dimension, value: Any, scale_of: Any
) -> Iterator[Control]:
    """One number of a table of a layer; none for a profile."""
    if isinstance(value, Profile):
        return
    unit = "kT" if isinstance(value, InKT) else unit
    number = tidy(float(value) if unit in ("kT", "") else units.from_si(float(value), unit, dimension))
    yield Control(key, group, word, ion, unit, dimension, number, scale_of(number))


def _interfaces(case: Case) -> Iterator[Control]:
    for left, right in pairwise(case.layer_names):
        value = case.surface_charge(left, right)
        yield _surface_charge(
            f"interfaces.{left}|{right}.surface_charge", "Surface charges", f"{left} | {right}", value
        )


def _carriers(case: Case) -> Iterator[Control]:
    """Pumps, cotransporters and pathways: how many of them work, and their permeabilities."""
    group = "Pumps and channels"
    for transporter in case.transporters:
        yield _part(f"transporters.{transporter.name}.scale", group, transporter.name, transporter.scale)
    for pathway in case.pathways:
        key = f"pathways.{pathway.name}"
        yield _part(f"{key}.scale", group, pathway.name, pathway.scale)
        for ion, value in pathway.permeability.items():
            word = f"{pathway.name},"
            yield from _entry(f"{key}.permeability.{ion}", group, word, ion, "m/s", units.PERMEABILITY, value, _wide)
        for ion, value in pathway.conductance.items():
            dimension = units.CONDUCTANCE_PER_AREA
            word = f"{pathway.name},"
            yield from _entry(f"{key}.conductance.{ion}", group, word, ion, "mS/cm^2", dimension, value, _wide)


def _part(key: str, group: str, name: str, value: float) -> Control:
    return Control(key, group, f"{name}, working part", value=value, scale=Scale(0.0, max(2.0, 2.0 * value)))


def _temperature(case: Case) -> Control:
    value = case.temperature
    # Liquid water, unless the case lies elsewhere; table diffusivities and permittivities hold there.
    scale = Scale(min(274.0, math.floor(value)), max(334.0, math.ceil(value)))
    return Control("temperature", "Temperature", "temperature", "", "K", units.TEMPERATURE, value, scale)


def _potential(key: str, group: str, label: str, value: float | str, keyword: str = "") -> Control:
    is_keyword = isinstance(value, str)
    number = 0.0 if isinstance(value, str) else tidy(1e3 * value)
    scale = _both_signs(number, 150.0)
    return Control(key, group, label, "", "mV", units.POTENTIAL, number, scale, keyword, is_keyword)


def _surface_charge(key: str, group: str, label: str, value: float) -> Control:
    number = tidy(1e3 * value)
    return Control(key, group, label, "", "mC/m^2", units.SURFACE_CHARGE, number, _both_signs(number, 50.0))


# ---- scales -------------------------------------------------------------------------------------------------------------


def _log(value: float, low: float = math.inf, high: float = 0.0, has_zero: bool = False) -> Scale:
    """A decade to either side of the number, or more."""
    if value <= 0:
        return Scale(low, high, "log", has_zero)
    decade = math.floor(math.log10(value))
    return Scale(
        min(low, 10.0 ** (decade - 1)) if low < math.inf else 10.0 ** (decade - 1),
        max(high, 10.0 ** (decade + 2)),
        "log",
        has_zero,
    )


def _concentration(value: float) -> Scale:
    return _log(value, 0.1, 1000.0, has_zero=True)


def _partition(value: float) -> Scale:
    return _log(value, min(1e-6, value / 100 or 1e-6), 10.0, has_zero=True)


def _wide(value: float) -> Scale:
    """Three decades to either side, and zero: what differs so much between membranes."""
    centre = value or 1e-8
    decade = math.floor(math.log10(centre))
    return Scale(10.0 ** (decade - 2), 10.0 ** (decade + 3), "log", has_zero=True)


def _energy(value: float) -> Scale:
    return Scale(min(0.0, math.floor(2 * value)), max(40.0, math.ceil(2 * value)))


def _both_signs(value: float, least: float) -> Scale:
    """As far to either side of zero, to twice the number at least."""
    reach = least
    while abs(value) > 0.75 * reach:
        reach *= 2
    return Scale(-reach, reach)


_TABLES: Mapping[str, tuple[str, str, Dimension, Any]] = {
    "partition": ("partition of", "", units.NUMBER, _partition),
    "permeability": ("permeability to", "m/s", units.PERMEABILITY, _wide),
    "barrier": ("barrier for", "kJ/mol", units.ENERGY, _energy),
    "born_radius": ("Born radius of", "nm", units.LENGTH, _log),
}
"""Of a layer: what gives its permeabilities, in words, the unit, the dimension, and the scale around a number."""
