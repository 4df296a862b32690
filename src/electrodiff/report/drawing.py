"""The stack of a case as a drawing to scale: where everything goes, in units of the drawing; the template draws it.

Layers may differ in thickness by factors of thousands.  If all are wide enough at one scale, there is that one row.  Else
a bar shows the whole stack at its true scale, and below it the layers stand again at a larger one, at which those that
would fill the page are cut: a zigzag says so.  All that are not cut share the scale of the scale bar.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from electrodiff.ends import Closed, Reservoir, Wall
from electrodiff.model import Case
from electrodiff.plot.style import fixed_charge_label, ion_label, layer_shade
from electrodiff.regime.words import length
from electrodiff.report.case_tables import readable
from electrodiff.report.typesetting import set_text

WIDTH, END_WIDTH = 900.0, 138.0
"""Of the drawing, and of each bath in it."""
_TOP, _BAR, _FUNNEL, _BAND, _LINE = 6.0, 16.0, 22.0, 120.0, 17.0
# Heights of the whole stack, of what joins it to the magnified one, of a layer, and of a line of text.

# A layer is wide enough to be seen and told from its neighbours if it has this many units, or its share if there are many.
_SEEN = 20.0
# Width of a character of the labels, somewhat more than the mean of common fonts; distance between labels.
_CHARACTER, _APART = 6.6, 10.0
# A scale bar is about this wide.
_SCALE_BAR = 90.0
_TEETH = 8


@dataclass(frozen=True)
class Slab:
    """A layer, as it is drawn."""

    name: str
    x: float
    width: float
    shade: str
    is_charged: bool
    """Whether it has fixed charge: it is hatched."""
    is_cut: bool = False

    @property
    def middle(self) -> float:
        """x of its middle."""
        return self.x + self.width / 2

    @property
    def right(self) -> float:
        """x of its right face."""
        return self.x + self.width


@dataclass(frozen=True)
class Label:
    """Lines of text about a place, at one of several levels so that none lies on another."""

    lines: tuple[str, ...]
    x: float
    """Middle of the text."""
    at: float
    """x of the place it is about."""
    level: int = 0

    @property
    def half(self) -> float:
        """Half of its width."""
        return _CHARACTER * max(map(len, self.lines)) / 2


@dataclass(frozen=True)
class End:
    """What is beyond an end of the stack."""

    side: str
    kind: str
    """"reservoir", "wall" or "closed"."""
    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class ScaleBar:
    """A length that stands for a scale."""

    width: float
    text: str


@dataclass(frozen=True)
class Stack:
    """Everything that the template draws."""

    whole: tuple[Slab, ...]
    """At the true scale; empty if the layers below are at it."""
    whole_scale: ScaleBar
    layers: tuple[Slab, ...]
    scale: ScaleBar
    above: tuple[Label, ...]
    """Charges, pumps and channels."""
    below: tuple[Label, ...]
    """Names and sizes of the layers."""
    ends: tuple[End, End]
    description: str
    """For whoever cannot see it."""

    @property
    def bar(self) -> float:
        """y of the bar of the whole stack."""
        return _TOP + 14

    @property
    def bar_height(self) -> float:
        """Of the bar."""
        return _BAR

    @property
    def band(self) -> float:
        """y of the layers."""
        top = self.bar + _BAR + _FUNNEL if self.whole else _TOP
        return top + _rows(self.above) * _LINE + (8 if self.above else 0)

    @property
    def band_height(self) -> float:
        """Of the layers, and so of what is written into the baths."""
        return max(_BAND, 40 + 16 * max(len(end.lines) for end in self.ends))

    @property
    def foot(self) -> float:
        """y of the lower end of the layers."""
        return self.band + self.band_height

    @property
    def height(self) -> float:
        """Of the drawing."""
        return self.foot + 14 + _rows(self.below) * _LINE + 34

    def y_above(self, label: Label) -> float:
        """y of the first line of a label over the layers."""
        return self.band - 10 - _LINE * (_rows_below(self.above, label.level) + len(label.lines) - 1)

    def y_below(self, label: Label) -> float:
        """y of the first line of a label under them."""
        return self.foot + 24 + _LINE * _rows_below(self.below, label.level)

    def zigzag(self, slab: Slab) -> str:
        """Points of the line along which a layer is cut, in its middle."""
        step, half = self.band_height / _TEETH, min(5.0, slab.width / 8)
        return " ".join(
            f"{slab.middle + (half if tooth % 2 else -half):.2f},{self.band + tooth * step:.2f}"
            for tooth in range(_TEETH + 1)
        )


def _rows(labels: Sequence[Label]) -> int:
    """Lines of text that all levels take."""
    return _rows_below(labels, 1 + max((label.level for label in labels), default=-1))


def _rows_below(labels: Sequence[Label], level: int) -> int:
    """Lines of text that the levels before this one take."""
    return sum(max((len(each.lines) for each in labels if each.level == before), default=0) for before in range(level))


def stack_of(case: Case) -> Stack:
    """The drawing of a case."""
    thickness = [layer.thickness for layer in case.layers]
    room = WIDTH - 2 * END_WIDTH
    widths, scale = magnified(thickness, room)
    true = room / sum(thickness)
    # What is scaled alike to a part in a million is at one scale.
    is_whole = math.isclose(scale, true, rel_tol=1e-6)
    layers = _slabs(case, widths, scale)
    return Stack(
        whole=() if is_whole else _slabs(case, [each * true for each in thickness], true),
        whole_scale=_scale_bar(true),
        layers=layers,
        scale=_scale_bar(scale),
        # The charges of both faces of a membrane are read beside each other.
        above=_placed(_notes(case, layers), (0.0, 1.0, -1.0)),
        below=_placed(_names(case, layers)),
        ends=(_end(case, "left"), _end(case, "right")),
        description=_description(case, is_whole),
    )


def magnified(thickness: Sequence[float], room: float) -> tuple[list[float], float]:
    """Widths of layers in a row, and the scale of those that are not cut.

    The scale is the largest at which nothing is cut, if the thinnest layer is seen at it; else the one at which that is
    just seen, and the others are cut at the one width that fills the row.
    """
    thinnest, true = min(thickness), room / sum(thickness)
    seen = min(_SEEN, 0.6 * room / len(thickness))
    if thinnest * true >= seen:
        return [each * true for each in thickness], true
    scale = seen / thinnest
    wanted = sorted(each * scale for each in thickness)
    left, cut = room, 0.0
    for index, each in enumerate(wanted):
        # All that is wider than this shares what is left evenly.
        cut = left / (len(wanted) - index)
        if each > cut:
            break
        left -= each
    return [min(each * scale, cut) for each in thickness], scale


def _slabs(case: Case, widths: Sequence[float], scale: float) -> tuple[Slab, ...]:
    x, found = END_WIDTH, []
    for layer, width in zip(case.layers, widths, strict=True):
        is_cut = width < layer.thickness * scale * (1 - 1e-9)
        found.append(Slab(layer.name, x, width, layer_shade(case, layer), bool(fixed_charge_label(layer)), is_cut))
        x += width
    return tuple(found)


def _scale_bar(scale: float) -> ScaleBar:
    """The longest length of one digit, 1, 2 or 5, that is no wider than wanted."""
    wanted = _SCALE_BAR / scale
    decade = 10.0 ** math.floor(math.log10(wanted))
    size = max(digit * decade for digit in (1, 2, 5) if digit * decade <= wanted)
    return ScaleBar(size * scale, set_text(length(size)))


def _names(case: Case, layers: Sequence[Slab]) -> Iterator[Label]:
    for layer, slab in zip(case.layers, layers, strict=True):
        size = f"{set_text(readable(f'{layer.thickness!r} m'))}, ε {case.relative_permittivity(layer):.3g}"
        yield Label((layer.name, size), slab.middle, slab.middle)


def _notes(case: Case, layers: Sequence[Slab]) -> Iterator[Label]:
    for first, second in pairwise(layers):
        charge = case.surface_charge(first.name, second.name)
        if charge:
            yield Label((set_text(f"sigma = {charge:.3g} C/m^2"),), first.right, first.right)
    for layer, slab in zip(case.layers, layers, strict=True):
        pumps = [each.name for each in case.transporters if each.layer == layer.name]
        ways = [each.name for each in case.pathways if each.layer == layer.name]
        texts = [text for text in (fixed_charge_label(layer), *pumps, *ways) if text]
        if texts:
            yield Label(tuple(texts), slab.middle, slab.middle)


def _placed(labels: Iterator[Label], asides: Sequence[float] = (0.0,)) -> tuple[Label, ...]:
    """Labels moved into the drawing, and on by as many levels as it takes to be free of others and of their leaders.

    asides: how far they may be moved aside instead, in halves of their widths.
    """
    done: list[Label] = []
    for label in sorted(labels, key=lambda each: each.at):
        tries = (_moved(label, aside, level) for level in range(len(done) + 1) for aside in asides)
        done.append(next((each for each in tries if _is_free(each, done)), _moved(label, 0.0, len(done))))
    return tuple(done)


def _moved(label: Label, aside: float, level: int) -> Label:
    """A label beside its place, by this part of half of its width, but in the drawing."""
    # A little of it stays over the place that it is about.
    x = label.at + aside * max(label.half - _CHARACTER, 0.0)
    return replace(label, x=min(max(x, label.half + 4), WIDTH - label.half - 4), level=level)


def _is_free(label: Label, others: Sequence[Label]) -> bool:
    for other in others:
        if other.level == label.level and abs(other.x - label.x) < other.half + label.half + _APART:
            return False
        outer, inner = (label, other) if label.level > other.level else (other, label)
        if outer.level != inner.level and abs(outer.at - inner.x) < inner.half + _APART / 2:
            return False
    return True


def _end(case: Case, side: str) -> End:
    end = getattr(case, side)
    if isinstance(end, Reservoir):
        held = case.concentrations(side).items()  # type: ignore[arg-type]
        ions = [f"{ion_label(ion, case.valence(ion))} {_concentration(amount)}" for ion, amount in held if amount]
        return End(side, "reservoir", f"{side} bath", (*ions, _bath_potential(end)))
    if isinstance(end, Wall):
        given = "no field"
        if end.potential is not None:
            given = f"{set_text(f'{1e3 * end.potential:.4g} mV')}"
        elif end.surface_charge is not None:
            given = set_text(f"{end.surface_charge:.3g} C/m^2")
        return End(side, "wall", f"{side} wall", (given,))
    assert isinstance(end, Closed)
    return End(side, "closed", "closed", _CLOSED.get(case.mesh.geometry, ("no flux, no field",)))


_KINDS = {"reservoir": "bath", "wall": "wall", "closed": "closed end"}
_CLOSED = {"spherical": ("the centre", "of a sphere"), "cylindrical": ("the axis", "of a cylinder")}


def _concentration(amount: float) -> str:
    return set_text(readable(f"{amount!r} mol/m^3"))


def _bath_potential(end: Reservoir) -> str:
    if not isinstance(end.potential, str):
        return f"φ = {set_text(f'{1e3 * end.potential:.4g} mV')}"
    return "φ floats" if not end.current else set_text(f"φ floats, {end.current:.3g} A/m^2")


def _description(case: Case, is_whole: bool) -> str:
    layers = ", ".join(f"{layer.name} ({set_text(length(layer.thickness))})" for layer in case.layers)
    kinds = [_KINDS[end.kind] for end in (case.left, case.right)]
    ends = f"two {kinds[0]}s" if kinds[0] == kinds[1] else f"a {kinds[0]} and a {kinds[1]}"
    shown = "All at one scale." if is_whole else "Layers that are far thicker than the thinnest are cut."
    return f"The stack from left to right between {ends}: {layers}. {shown}"
