"""The list of sources, from docs/references.bib."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

BIBLIOGRAPHY = Path(__file__).parents[1] / "references.bib"
INTRODUCTION = """# References

The works on which the program, its cases and these pages draw, by first author;
{download}`references.bib` has them for BibTeX. How to cite the program itself says `CITATION.cff` in its repository.

"""


@dataclass(frozen=True)
class Entry:
    """One work."""

    key: str
    kind: str
    fields: dict[str, str]

    @property
    def authors(self) -> list[str]:
        """Names as they are printed: `A. L. Hodgkin`."""
        names = self.fields["author"].split(" and ")
        return [" ".join(reversed([part.strip() for part in name.split(",", 1)])) for name in names]

    @property
    def sorting(self) -> tuple[str, str]:
        """First author and year."""
        return self.fields["author"].split(",")[0].lower(), self.fields.get("year", "")

    @property
    def line(self) -> str:
        """In one line of Markdown."""
        where = self.fields.get("journal") or self.fields.get("publisher") or self.fields.get("note", "")
        title = f"*{self.fields['title']}*" if "title" in self.fields else ""
        volume = " ".join(filter(None, [where, self.fields.get("volume", "")]))
        parts = [", ".join(self.authors).replace(", others", " and others"), title, self.fields.get("edition", "")]
        parts += [volume, self.fields.get("pages", ""), self.fields.get("chapter", "")]
        doi = self.fields.get("eprint", "")
        text = ", ".join(part for part in parts if part)
        return f"{text}{f', arXiv:{doi}' if doi else ''} ({self.fields['year']})"


def read_bibliography(text: str) -> list[Entry]:
    """The entries of a BibTeX file of which every field stands in braces on a line of its own."""
    entries = []
    for kind, key, body in re.findall(r"^@(\w+)\{([\w:-]+),\n(.*?)\n\}", text, re.MULTILINE | re.DOTALL):
        fields = {name.lower(): value for name, value in re.findall(r"^\s*(\w+)\s*=\s*\{(.*)\},?$", body, re.MULTILINE)}
        entries.append(Entry(key, kind.lower(), fields))
    return entries


def references_page() -> str:
    """The page, in Markdown."""
    entries = sorted(read_bibliography(BIBLIOGRAPHY.read_text(encoding="utf-8")), key=lambda entry: entry.sorting)
    return INTRODUCTION + "\n".join(f"- {entry.line}" for entry in entries) + "\n"
