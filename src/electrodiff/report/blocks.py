"""What a page is made of, as data without any HTML: lines of text and tables; and what the terminal shows, as such.

The page so says what the terminal says, of every kind of study, from one source.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

Setter = Callable[[str], str]

# What a style of the terminal is on the page: the name of a class, told by more than its colour.
_CLASSES = {
    "bold": "strong",
    "italic": "heading",
    "dim": "quiet",
    "green": "good",
    "yellow": "fair",
    "red": "bad",
    "bold red": "bad",
}


@dataclass(frozen=True)
class Span:
    """A piece of text."""

    text: str
    style: str = ""
    """"strong", "heading", "quiet", "good", "fair", "bad", or nothing."""


@dataclass(frozen=True)
class Line:
    """A line of text, of several pieces."""

    spans: tuple[Span, ...]

    @property
    def style(self) -> str:
        """Of all of it; nothing if its pieces differ."""
        styles = {span.style for span in self.spans if span.text.strip()}
        return styles.pop() if len(styles) == 1 else ""


@dataclass(frozen=True)
class Grid:
    """A table, whose first column names its rows."""

    title: str
    header: tuple[str, ...]
    """Empty without one."""
    rows: tuple[tuple[Line, ...], ...]
    numeric: tuple[bool, ...]
    """Whether a column is of numbers, which stand at its right."""


Block = Line | Grid


def line(text: str, style: str = "") -> Line:
    """A line in one piece."""
    return Line((Span(text, style),))


def grid(title: str, header: Sequence[str], rows: Sequence[Sequence[str]], numeric: Sequence[bool] = ()) -> Grid:
    """A table of plain text; without `numeric`, a column is of numbers if each of its cells begins like one."""
    columns = list(zip(*rows, strict=True)) if rows else [() for _ in header]
    kinds = numeric or [any(column) and all(map(_is_number, column)) for column in columns]
    return Grid(title, tuple(header), tuple(tuple(line(cell) for cell in row) for row in rows), tuple(kinds))


def _is_number(cell: str) -> bool:
    """Whether a cell begins like a number, or is of a column of numbers that has none there."""
    return cell[:2].lstrip("-\N{MINUS SIGN}+±")[:1].isdigit() or cell in ("", "-", "\N{EN DASH}", "∞")


def blocks_of(shown: RenderableType, set_text: Setter) -> Iterator[Block]:
    """What the terminal shows, piece by piece, with its texts set; empty lines are left out."""
    if isinstance(shown, Group):
        for part in shown.renderables:
            yield from blocks_of(part, set_text)
    elif isinstance(shown, Padding):
        yield from blocks_of(shown.renderable, set_text)
    elif isinstance(shown, Table):
        yield _grid(shown, set_text)
    else:
        text = shown if isinstance(shown, Text) else Text(str(shown))
        yield from (_line(part, set_text) for part in text.split("\n") if part.plain.strip())


def _grid(table: Table, set_text: Setter) -> Grid:
    # A header is no number: two lines of one are one.
    header = tuple(set_text(_plain(column.header).replace("\n", " ")) for column in table.columns)
    cells = [[_line(_text(cell), set_text) for cell in column.cells] for column in table.columns]
    return Grid(
        title=set_text(_plain(table.title)),
        header=header if table.show_header and any(header) else (),
        rows=tuple(zip(*cells, strict=True)),
        numeric=tuple(_is_numeric(column.justify, column.cells) for column in table.columns),
    )


def _is_numeric(justify: str, cells: Iterable[object]) -> bool:
    # The terminal puts all but the first column at the right, words too.
    return justify == "right" and all(_is_number(_plain(cell).strip()) for cell in cells)


def _text(cell: object) -> Text:
    return cell if isinstance(cell, Text) else Text(str(cell))


def _plain(cell: object) -> str:
    return "" if cell is None else _text(cell).plain


def _line(text: Text, set_text: Setter) -> Line:
    """The pieces of a text, each with the last style that it has been given."""
    ends = {0, len(text), *(edge for span in text.spans for edge in (span.start, span.end))}
    edges = sorted(edge for edge in ends if 0 <= edge <= len(text))
    spans = []
    for start, stop in pairwise(edges):
        styles = [str(span.style) for span in text.spans if span.start <= start and stop <= span.end]
        spans.append((text.plain[start:stop], _CLASSES.get((styles or [str(text.style)])[-1], "")))
    whole = [Span(set_text(part), style) for part, style in spans]
    return Line(tuple(_stripped(whole)))


def _stripped(spans: list[Span]) -> Iterator[Span]:
    """Without spaces at either end, and with single ones inside: they align columns in the terminal alone."""
    last = len(spans) - 1
    for index, span in enumerate(spans):
        text = " ".join(span.text.split())
        before = " " if index > 0 and span.text[:1].isspace() else ""
        after = " " if index < last and span.text[-1:].isspace() and text else ""
        yield Span(f"{before}{text}{after}", span.style)
