"""What the page says in words and tables, as HTML in which every name of the case is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from electrodiff.explore.readouts import Readout
from electrodiff.explore.rivals import Block

# A shape for each verdict, which says in grey what its colour says.
_SIGNS = {"agrees": ("●", "#006b4d"), "near": ("◆", "#8a5a00"), "differs": ("✕", "#a83c00")}

READOUTS_STYLE = """
:host { font-size: 15px; }
dl { display: flex; flex-wrap: wrap; gap: 2px 30px; margin: 0; }
dt { color: #444; }
dd { margin: 0; font-size: clamp(22px, 2.4vw, 32px); font-weight: 600; line-height: 1.15; white-space: nowrap; }
dd { font-variant-numeric: tabular-nums; }
small { font-size: 15px; font-weight: 400; color: #444; }
p { margin: 4px 0 0; color: #444; }
"""

LADDER_STYLE = """
:host { font-size: 15px; line-height: 1.35; }
h3 { font-size: 16px; margin: 10px 0 2px; }
table { border-collapse: collapse; width: 100%; }
th { text-align: left; font-weight: 400; color: #444; border-bottom: 1px solid #999; }
td, th { padding: 3px 10px 3px 0; vertical-align: top; }
td.number, th.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
td.reason { color: #333; width: 46%; }
tr + tr td { border-top: 1px solid #e4e4e4; }
td.verdict { white-space: nowrap; font-weight: 600; }
@media (max-width: 1000px) {
  tr { display: grid; grid-template-columns: 1fr auto auto auto; }
  td.reason { grid-column: 1 / -1; width: auto; border-top: 0; padding-bottom: 6px; }
  tr + tr td { border-top: 0; }
  tr + tr { border-top: 1px solid #e4e4e4; }
  th { border: 0; } th.reason { display: none; }
}
"""

PLAIN_STYLE = ":host { font-size: 15px; line-height: 1.3; } p { margin: 0; }"
TROUBLE_STYLE = """
:host { font-size: 16px; line-height: 1.35; }
p { margin: 0; padding: 8px 12px; background: #fff1e6; border: 2px solid #d55e00; border-radius: 4px; color: #1a1a1a; }
"""


def readouts_html(readouts: Iterable[Readout]) -> str:
    """Large numbers side by side."""
    return f"<dl>{''.join(map(_readout, readouts))}</dl>"


def _readout(readout: Readout) -> str:
    error = f" <small>± {escape(readout.error)}</small>" if readout.error else ""
    value = f"{escape(readout.value)} {escape(readout.unit)}".strip()
    return f"<div><dt>{escape(readout.label)}</dt><dd>{value}{error}</dd></div>"


def ladder_html(blocks: Sequence[Block]) -> str:
    """A table for each quantity, a row for each model."""
    if not blocks:
        return "<p>No textbook model has anything to say of this case.</p>"
    return "".join(map(_block, blocks))


def _block(block: Block) -> str:
    head = (
        '<tr><th scope="col">model</th><th scope="col" class="number">predicts</th><th scope="col" class="number">'
        'difference</th><th scope="col">verdict</th><th scope="col" class="reason">why</th></tr>'
    )
    rows = []
    for row in block.rows:
        sign, colour = _SIGNS[row.verdict]
        rows.append(
            f'<tr><td>{escape(row.title)}</td><td class="number">{escape(row.predicted)}</td>'
            f'<td class="number">{escape(row.difference)}</td>'
            f'<td class="verdict" style="color: {colour}">{sign} {row.verdict}</td>'
            f'<td class="reason">{escape(row.reason)}</td></tr>'
        )
    return f"<h3>{escape(block.heading)}</h3><table>{head}{''.join(rows)}</table>"


def paragraph(text: str) -> str:
    """One sentence or more."""
    return f"<p>{escape(text)}</p>" if text else ""


def paragraphs(texts: Iterable[str]) -> str:
    """Each on its own."""
    return "".join(map(paragraph, texts))


def key(name: str, colour: str, dash: object = "solid") -> str:
    """A curve's entry in a legend: a sample of its line, and its name."""
    dashes = "" if isinstance(dash, str) else f' stroke-dasharray="{" ".join(str(part) for part in list(dash))}"'  # type: ignore[call-overload]
    sample = (
        '<svg width="26" height="10" aria-hidden="true" style="vertical-align: middle">'
        f'<line x1="0" y1="5" x2="26" y2="5" stroke="{colour}" stroke-width="3"{dashes}/></svg>'
    )
    return f'<span style="white-space: nowrap; margin-right: 10px">{sample} {escape(name)}</span>'


def heading(title: str, facts: str = "", keys: str = "") -> str:
    """The heading of a figure, its legend, and what it says in numbers."""
    more = f"<p>{keys}{escape(facts)}</p>" if facts or keys else ""
    return f'<h2 style="font-size: 16px; margin: 0">{escape(title)}</h2>{more}'
