"""The ladder as a person reads it in the terminal: for each quantity, what every model says of it beside PNP, and why."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from electrodiff.ladder.rung import POTENTIAL_BOUNDS, RATIO_BOUNDS, Absent, Ladder, Rung
from electrodiff.regime.sides import terms_of
from electrodiff.terminal import SHOWN, closing_line, short, shown_in
from electrodiff.units import thermal_voltage

_TO_THE_RIGHT = "to the right"
_HEADER = ("model", "predicts", "difference", "limit", "verdict")
_COLOURS = {"agrees": "green", "near": "yellow", "differs": "red"}

# Characters in front of a row, of a reason, and between columns.
_INDENT, _REASON_INDENT, _GAP = 2, 6, 2
# Widest column of titles: with it, a row of the widest numbers still fits into 80 characters.
_WIDEST_TITLE = 30

# Significant digits of PNP's value in a column of predictions; decimals of a potential, since 0.01 mV is what matters.
_DIGITS, _POTENTIAL_DECIMALS = 4, 2
# Most decimals of a column; numbers that would need more are written as powers of ten.
_MOST_DECIMALS = 6
# From this multiple of itself on a relative difference is better read as a ratio: x 563 instead of +56200 %.
_RATIO = 10.0


def ladder_tables(ladder: Ladder) -> Group:
    """The ladder: a block for each quantity, a row for each model with its reason under it, then what does not apply.

    Quantities of one kind that have one row each, such as the ratios of fields at both faces, share a block.  Rows keep
    the order of the ladder.  A row is never wider than 80 characters; reasons fill the width of the terminal.
    """
    found = blocks(ladder.rungs)
    names = [cells[0] for block in found for cells in (block.header, *block.rows)]
    widths = _widths([row for block in found for row in block.rows], [*names, *(each.title for each in ladder.absent)])
    parts: list[RenderableType] = [Text(ladder.case.title, style="bold"), *_convention(ladder)]
    for block in found:
        parts += [Text(), *map(heading, block.headings), _row(block.header, widths, "italic")]
        for rung, cells, reason in zip(block.rungs, block.rows, block.reasons, strict=True):
            parts += [_row(cells, widths, verdict_style=_COLOURS[rung.verdict]), *([_reason(reason)] if reason else [])]
    if ladder.absent:
        parts += [Text(), Text("Models that do not apply", style="bold"), _absent(ladder.absent, widths[0])]
    return Group(*parts, Text(), *_end(ladder))


def _convention(ladder: Ladder) -> list[RenderableType]:
    """The signs of what crosses a membrane, for a reader of all the rows."""
    membrane = ladder.setting.membrane
    if membrane is None:
        return []
    layers = ladder.case.layer_names
    ends = f" = phi({layers[0]}) - phi({layers[-1]})" if len(layers) > 1 else ""
    way = terms_of(membrane).outward
    both = "" if way in _TO_THE_RIGHT else f", {way}"
    return [Text(f"V = phi(left) - phi(right){ends}; a current is positive {_TO_THE_RIGHT}{both}", style="dim")]


def by_quantity(rungs: Iterable[Rung]) -> list[list[Rung]]:
    """The rungs of each quantity, in the order in which the quantities are first met."""
    groups: dict[str, list[Rung]] = {}
    for rung in rungs:
        groups.setdefault(rung.quantity, []).append(rung)
    return list(groups.values())


@dataclass(frozen=True)
class Block:
    """Rows that stand under one header: of all models for one quantity, or of one row each for several of a kind."""

    rungs: tuple[Rung, ...]

    @property
    def is_shared(self) -> bool:
        """Whether it is of several quantities."""
        return len({rung.quantity for rung in self.rungs}) > 1

    @property
    def headings(self) -> tuple[Rung, ...]:
        """Those whose value of PNP is told above the rows."""
        return self.rungs if self.is_shared else self.rungs[:1]

    @property
    def _model(self) -> str | None:
        """The one model that several quantities have in common."""
        titles = {rung.title for rung in self.rungs}
        return next(iter(titles)) if self.is_shared and len(titles) == 1 else None

    @property
    def header(self) -> tuple[str, ...]:
        """Names of the columns: the model's over places, where it is the same everywhere."""
        return self._model or _HEADER[0], *_HEADER[1:]

    @property
    def rows(self) -> list[tuple[str, ...]]:
        """The cells of the rows."""
        names = _places([rung.label for rung in self.rungs]) if self._model else [rung.title for rung in self.rungs]
        decimals = [_decimals(rung if self.is_shared else self.rungs[0]) for rung in self.rungs]
        return [_cells(*each) for each in zip(self.rungs, names, decimals, strict=True)]

    @property
    def reasons(self) -> list[str]:
        """Under each row; where the next one has the same, that one's does for both."""
        each = [rung.reason for rung in self.rungs]
        return ["" if reason == after else reason for reason, after in zip(each, [*each[1:], ""], strict=True)]


def blocks(rungs: Iterable[Rung]) -> list[Block]:
    """The rows of each quantity together, and with them those of the next one, if it is of the same kind and has one row."""
    found: list[Block] = []
    for group in by_quantity(rungs):
        if found and len(group) == 1 and _are_alike(found[-1].rungs, group[0]):
            found[-1] = Block((*found[-1].rungs, *group))
        else:
            found.append(Block(tuple(group)))
    return found


def _places(labels: Sequence[str]) -> list[str]:
    """What is left of several labels without the words that all of them begin with."""
    words = [label.split(" ") for label in labels]
    common = 0
    while all(len(each) > common + 1 for each in words) and len({each[common] for each in words}) == 1:
        common += 1
    return [" ".join(each[common:]) for each in words]


def _are_alike(block: Sequence[Rung], rung: Rung) -> bool:
    """Whether a row is of the kind of those of a block of single rows: "field_ratio.a|b" and "field_ratio.b|c"."""
    kinds = {each.quantity.partition(".")[0] for each in (*block, rung)}
    return len(kinds) == 1 and len({each.quantity for each in block}) == len(block)


def difference(rung: Rung) -> str:
    """By how much a prediction misses PNP: in mV, in % of PNP, or, where PNP is zero or a logarithm, in its own unit."""
    unit, size = _unit(rung)
    relative = rung.relative_difference
    if not math.isfinite(rung.difference):
        return "-"
    # A potential that is measured by its own size, such as a small drop, is told in per cent like everything else.
    if rung.dimension.unit == "V" and not math.isclose(rung.scale, abs(rung.pnp)):
        return _signed(rung.difference / size, unit, _POTENTIAL_DECIMALS)
    if relative is None:
        value = _short(rung.difference / size, 3)
        return f"{'+' if rung.difference > 0 else ''}{value} {unit}".rstrip()
    if abs(relative) >= _RATIO:
        return f"x {_short(rung.predicted / rung.pnp, 3)}"
    percent = 100.0 * relative
    return _signed(percent, "%", 2 if abs(percent) < 10.0 else 1)


def _signed(value: float, unit: str, decimals: int) -> str:
    """A difference with its sign; one that would round to nothing is below the last decimal."""
    last = 10.0**-decimals
    return f"{value:+.{decimals}f} {unit}" if abs(value) >= last / 2 else f"< {last:g} {unit}"


def _unit(rung: Rung) -> tuple[str, float]:
    """The unit of the field, and its size in SI."""
    return SHOWN.get(rung.dimension.unit, (rung.dimension.unit, 1.0))


def _short(value: float, digits: int) -> str:
    return short(float(f"{value:.{digits}g}"))


def _decimals(rung: Rung) -> int:
    """Decimals of a column of predictions: two for potentials from 1 mV on, else so that PNP's value has four digits."""
    size = abs(rung.pnp) if rung.relative_difference is not None else max(abs(rung.pnp), rung.scale)
    size /= _unit(rung)[1]
    if rung.dimension.unit == "V" and size >= 1.0:
        return _POTENTIAL_DECIMALS
    return max(_DIGITS - 1 - math.floor(math.log10(size)), 0) if 0 < size < math.inf else 0


def _cells(rung: Rung, name: str, decimals: int) -> tuple[str, ...]:
    """The cells of a row, in the order of the header."""
    value = rung.predicted / _unit(rung)[1]
    is_plain = decimals <= _MOST_DECIMALS and (value == 0 or 10.0**-decimals <= abs(value) < 10.0**_MOST_DECIMALS)
    predicted = f"{value:.{decimals}f}" if is_plain else _short(value, _DIGITS)
    return name, predicted, difference(rung), rung.outlook, rung.verdict


def _widths(rows: Sequence[Sequence[str]], more_titles: Sequence[str]) -> list[int]:
    """Width of each column, the same in all blocks."""
    widths = [max(map(len, column)) for column in zip(_HEADER, *rows, strict=True)]
    widths[0] = min(max([widths[0], *map(len, more_titles)]), _WIDEST_TITLE)
    return widths


def _row(cells: Sequence[str], widths: Sequence[int], style: str = "", verdict_style: str = "") -> Padding:
    """One row, which is a table of its own, so that the reason under it may be as wide as the terminal."""
    table = Table.grid(padding=(0, _GAP, 0, 0))
    for index, width in enumerate(widths):
        table.add_column(width=width, justify="right" if index in (1, 2) else "left", overflow="fold")
    styles = [style] * (len(cells) - 1) + [verdict_style or style]
    table.add_row(*(Text(cell, style=look) for cell, look in zip(cells, styles, strict=True)))
    return Padding(table, (0, 0, 0, _INDENT), expand=False)


def heading(rung: Rung) -> Text:
    """What a block is about: the quantity in words, and the value of PNP with its error."""
    # Zero to its error is zero.
    value = shown_in(rung.dimension, rung.pnp if abs(rung.pnp) > (rung.error or 0.0) else 0.0, rung.error)
    return Text.assemble((rung.label[:1].upper() + rung.label[1:], "bold"), f": PNP {value}")


def _reason(reason: str) -> Padding:
    return Padding(Text(reason, style="dim"), (0, 0, 0, _REASON_INDENT), expand=False)


def _absent(entries: Sequence[Absent], width: int) -> Padding:
    table = Table.grid(padding=(0, _GAP, 0, 0))
    table.add_column(width=width, overflow="fold")
    table.add_column(overflow="fold")
    for entry in entries:
        table.add_row(Text(entry.title), Text(entry.reason, style="dim"))
    return Padding(table, (0, 0, 0, _INDENT), expand=False)


def _end(ladder: Ladder) -> list[RenderableType]:
    """What the words mean, then the warnings and the closing line of the solution."""
    lines: list[RenderableType] = [Text(f"warning: {text}", style="yellow") for text in ladder.solution.warnings]
    return [
        Text(legend(ladder.case.temperature), style="dim"),
        *lines,
        Text(closing_line(ladder.solution), style="dim"),
    ]


def legend(temperature: float) -> str:
    """What the two last columns say."""
    agrees, near = (
        f"{1e3 * potential * thermal_voltage(temperature):.2g} mV or {100 * ratio:g} % of PNP"
        for potential, ratio in zip(POTENTIAL_BOUNDS, RATIO_BOUNDS, strict=True)
    )
    return (
        "limit: whether the case is in the regime of the model, judged before anything is solved; "
        f"verdict: agrees within {agrees}, near within {near}"
    )
