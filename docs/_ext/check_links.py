"""Whether every link inside a built site leads somewhere: pages, anchors, pictures and files.

    python docs/_ext/check_links.py build/docs

Prints each link that does not, with its page, and exits with 1.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

_TARGETS = {"a": "href", "link": "href", "img": "src", "script": "src", "source": "src"}
# Pages that Sphinx makes and whose links are filled in by a script.
_SCRIPTED = {"search.html"}


@dataclass
class _Page(HTMLParser):
    """The anchors of a page, and its links."""

    anchors: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.anchors.update(value for key in ("id", "name") if (value := found.get(key)))
        if tag in _TARGETS and (target := found.get(_TARGETS[tag])):
            self.links.append(target)


def read_pages(site: Path) -> dict[Path, _Page]:
    """Every page of a site by its path."""
    pages = {}
    for path in sorted(site.rglob("*.html")):
        page = _Page()
        page.feed(path.read_text(encoding="utf-8"))
        pages[path.resolve()] = page
    return pages


def broken_links(site: Path) -> Iterator[tuple[Path, str]]:
    """Page and target of every link within the site that leads nowhere."""
    pages = read_pages(site)
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            is_outside = bool(parts.scheme or parts.netloc)
            if not is_outside and path.name not in _SCRIPTED and not _leads(path, parts.path, parts.fragment, pages):
                yield path.relative_to(site.resolve()), link


def _leads(path: Path, target: str, fragment: str, pages: dict[Path, _Page]) -> bool:
    aim = (path.parent / unquote(target)).resolve() if target else path
    if not aim.exists():
        return False
    return not fragment or aim not in pages or unquote(fragment) in pages[aim].anchors


def main(arguments: list[str]) -> int:
    """Entry point."""
    site = Path(arguments[0])
    pages = len(read_pages(site))
    broken = list(broken_links(site))
    for path, link in broken:
        sys.stderr.write(f"{path}: {link} leads nowhere\n")
    if not pages:
        sys.stderr.write(f"{site}: no pages\n")
    sys.stdout.write(f"{pages} pages, {len(broken)} broken links\n")
    return int(bool(broken) or not pages)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
