"""Puts the sources of the documentation site together: pages of docs/, those at the top of the repository, generated ones.

    python docs/_ext/assemble.py build/docs-source [--cache build/gallery]

Links between files of the repository become links between pages of the site, and the table of contents is added: docs/ holds
plain Markdown that reads on its own as well.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import electrodiff as ed
from api_pages import api_pages
from benchmarks_page import benchmarks_page
from commands_page import commands_page
from gallery_pages import gallery_pages
from references_page import references_page
from schema_page import schema_page

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"

# The table of contents; a page of docs/ that is in none of these lists, nor in the index of its folder, is an error.
CONTENTS = {
    "Learn": ("Overview <readme>", "tutorial", "course/index"),
    "How to": ("Recipes <howto/index>",),
    "Explanation": (
        *("model", "Background <explanation/index>", "scheme", "mesh", "time", "limits", "regime", "ladder"),
        *("textbook", "newton", "robustness"),
    ),
    "Reference": (
        *("case-file", "reference/case-keys", "commands", "reference/commands", "results", "figures", "sweep", "fit"),
        *("report", "explore", "ions", "notation", "api/index"),
    ),
    "Gallery": ("Pictures <gallery/index>", "In words <gallery>"),
    "Validation": ("validation", "robustness_2024", "robustness_random", "reliability"),
    "Benchmarks": ("benchmarks", "benchmark-results", "performance"),
    "Project": ("extending", "contributing", "dependencies", "changes", "references"),
}
# Pages that are not there yet.
OPTIONAL = {"newton", "reliability"}
# Files of the repository outside docs/ that are pages, and what they are called there.
OUTSIDE = {
    "README.md": "readme.md",
    "CHANGELOG.md": "changes.md",
    "CONTRIBUTING.md": "contributing.md",
    "benchmarks/README.md": "benchmarks.md",
}
# Files that the site hands out as they are.
FILES = ("CITATION.cff", "LICENSE")
# What is generated beside a page that is written by hand.
BESIDE = {
    "case-file.md": "[Keys of the case file](reference/case-keys.md) has every table and key, generated from the schema.",
    "commands.md": "[Every command and option](reference/commands.md) is generated from the program.",
    "benchmarks.md": "[Measured times](benchmark-results.md) has what `make bench` kept last.",
    "gallery.md": "The [gallery](gallery/index.md) has a picture of every case.",
}
_LINK = re.compile(r"(\]\()([^)\s#:]+)((?:#[^)\s]*)?\))")
# Tables of this page are too wide for a column of text.
WIDE = "validation.md"
_TABLE = re.compile(r"\n\n(?=\|)")
_HTML_ANCHOR = re.compile(r'^<a id="([\w-]+)"></a>$', re.MULTILINE)


def assemble(target: Path, cache: Path) -> None:
    """Write the sources of the site into a folder, which is emptied first."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(DOCS, target, ignore=shutil.ignore_patterns("_*", "*.py", "__pycache__"))
    for name, moved in OUTSIDE.items():
        shutil.copyfile(ROOT / name, target / moved)
    for name in FILES:
        shutil.copyfile(ROOT / name, target / name)
    for page, source in _written(target):
        page.write_text(site_text(page.relative_to(target), source), encoding="utf-8")
    for name, text in generated_pages(target, cache).items():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_text(text, encoding="utf-8")
    for folder in sorted(path for path in target.iterdir() if path.is_dir()):
        _add_contents_of(folder)
    _add_contents(target)


def generated_pages(target: Path, cache: Path) -> dict[str, str]:
    """The pages that no one writes, by the names of their files; files that they show are put into `target`."""
    gallery = gallery_pages(target, cache)
    for name, path in ed.bundled_cases().items():
        shutil.copyfile(path, target / "gallery" / f"{name}.toml")
    return {
        **gallery,
        **api_pages(),
        "reference/case-keys.md": schema_page(),
        "reference/commands.md": commands_page(),
        "references.md": references_page(),
        "benchmark-results.md": benchmarks_page(),
    }


def _written(target: Path) -> Iterator[tuple[Path, Path]]:
    """Every page that is written by hand, in the site and in the repository."""
    outside = {target / page: ROOT / name for name, page in OUTSIDE.items()}
    for page in sorted(target.rglob("*.md")):
        yield page, outside.get(page, DOCS / page.relative_to(target))


def site_text(page: Path, source: Path) -> str:
    """A page of the repository as a page of the site: its links lead to pages of the site."""
    text = source.read_text(encoding="utf-8")
    text = _HTML_ANCHOR.sub(r"(\1)=", text)
    text = _LINK.sub(lambda found: found[1] + _moved(found[2], page, source) + found[3], text)
    if page.as_posix() == WIDE:
        text = _TABLE.sub("\n\n{.wide}\n", text)
    note = BESIDE.get(page.as_posix())
    return text if note is None else re.sub(r"\A(# .*\n)", lambda head: f"{head[1]}\n{note}\n", text)


def _moved(link: str, page: Path, source: Path) -> str:
    """A link of a file of the repository, as it is from its page in the site."""
    aim = Path(os.path.normpath(source.parent / link))
    if not aim.is_relative_to(ROOT):
        return link
    name = aim.relative_to(ROOT).as_posix()
    if name in OUTSIDE:
        return os.path.relpath(OUTSIDE[name], page.parent)
    if name.startswith("cases/") and name.endswith(".toml"):
        return os.path.relpath(f"gallery/{aim.stem}.md", page.parent)
    return os.path.relpath(aim.relative_to(DOCS), page.parent) if aim.is_relative_to(DOCS) else link


def _add_contents_of(folder: Path) -> None:
    """An index of a folder lists its pages, unless it does so already."""
    index = folder / "index.md"
    if not index.exists() or "{toctree}" in index.read_text(encoding="utf-8"):
        return
    text = index.read_text(encoding="utf-8")
    pages = [path.stem for path in folder.glob("*.md") if path.name != "index.md"]
    # In the order in which the index speaks of them.
    pages.sort(key=lambda page: (text.find(f"({page}.md)") % len(text), page))
    with index.open("a", encoding="utf-8") as file:
        file.write(_toctree("", pages))


def _add_contents(target: Path) -> None:
    parts = [_toctree(caption, list(_found(target, names))) for caption, names in CONTENTS.items()]
    with (target / "index.md").open("a", encoding="utf-8") as file:
        file.write("\n".join(parts))


def _found(target: Path, names: Iterable[str]) -> Iterator[str]:
    return (name for name in names if name not in OPTIONAL or (target / f"{name}.md").exists())


def _toctree(caption: str, pages: list[str]) -> str:
    if not pages:
        return ""
    head = [f":caption: {caption}"] if caption else []
    return "\n".join(["", "```{toctree}", ":hidden:", *head, "", *pages, "```", ""])


def main(arguments: list[str]) -> int:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", type=Path)
    parser.add_argument("--cache", type=Path, default=ROOT / "build" / "gallery")
    options = parser.parse_args(arguments)
    assemble(options.target, options.cache)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
