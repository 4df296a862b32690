"""The reference of the Python interface: every public name with its signature, its docstring and its members."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator

from members import Member, Name, public_names

# Where a public name of the package itself stands, by the module that it is from; a module that is not here is an error.
GROUPS = {
    "Cases": ("model", "fields", "ions", "changes", "transporters", "case"),
    "Studies": ("study", "sweep_study"),
    "Solving": ("solvers", "sweeping", "ladder", "regime", "fitting", "fit_curves", "reproduce", "verify"),
    "Results": (
        *("solution", "transient", "impedance", "current_voltage", "sweep_result", "account", "cell_ledger"),
        *("sensitivities", "fit_result", "fit_data", "store"),
    ),
    "Errors": ("errors",),
}
_INTRODUCTIONS = {
    "Cases": "What a case is made of: the keys of a [case file](../case-file.md), as SI numbers or text with units.",
    "Studies": "What is computed of a case: the tables of `[study]`.",
    "Solving": "From a case to a result.",
    "Results": "What a solve says, in SI units; estimated errors beside every number.",
    "Errors": "What is raised on purpose.",
    "theory": "Closed forms and reduced models in SI units, independent of the solver: `import electrodiff.theory`.",
    "plot": "Figures of results: `electrodiff.plot`. What they show stands in [figures](../figures.md).",
    "report": "A result as one page: `electrodiff.report`; see [report](../report.md).",
}
_TITLES = {"theory": "Theory", "plot": "Plot", "report": "Report"}
# How the heads of the sections of `theory` read, where it is not the name of the module.
_SECTIONS = {
    "ghk": "GHK",
    "ghk_layers": "GHK and double layers",
    "ghk_conductance": "Conductance by GHK",
    "born": "Born energy",
}


def api_pages() -> dict[str, str]:
    """The pages by the names of their files, in Markdown."""
    groups = {title: [name for name in public_names("") if group_of(name) == title] for title in GROUPS}
    pages = {f"api/{title.lower()}.md": _page(title, names) for title, names in groups.items()}
    for namespace, title in _TITLES.items():
        names = list(public_names(namespace))
        pages[f"api/{namespace}.md"] = _page(title, names, by_module=namespace == "theory")
    return {**pages, "api/index.md": _index(groups)}


def group_of(name: Name) -> str:
    """The page of a public name of the package itself."""
    home = name.home.split(".")[0]
    for title, modules in GROUPS.items():
        if home in modules:
            return title
    raise KeyError(f"docs/_ext/api_pages.py: GROUPS has no page for {name.path}, which is from the module {name.home}")


def _index(groups: dict[str, list[Name]]) -> str:
    lines = ["# Python", "", "`import electrodiff as ed` has all of it; each name is loaded when it is first used.", ""]
    rows = {**{title: (title.lower(), names) for title, names in groups.items()}}
    for namespace, title in _TITLES.items():
        rows[title] = (namespace, list(public_names(namespace)))
    for title, (page, names) in rows.items():
        links = ", ".join(f"[{name.name}](#electrodiff.{name.path})" for name in names)
        lines += [f"**[{title}]({page}.md).** {links}", ""]
    pages = "\n".join(page for page, _ in rows.values())
    return "\n".join([*lines, "```{toctree}", ":hidden:", "", pages, "```", ""])


def _page(title: str, names: list[Name], by_module: bool = False) -> str:
    key = title if title in _INTRODUCTIONS else title.lower()
    lines = [f"# {title}", "", _INTRODUCTIONS[key], ""]
    if not by_module:
        return "\n".join([*lines, *map(_entry, names)])
    for module in sorted({name.home for name in names}):
        short = module.rpartition(".")[2]
        lines += [f"## {_SECTIONS.get(short, short.replace('_', ' ').capitalize())}", ""]
        lines += [_entry(name) for name in names if name.home == module]
    return "\n".join(lines)


def _entry(name: Name) -> str:
    body = "\n".join([markdown(name.doc), "", *_members(name)])
    return _directive(name.kind, f"electrodiff.{name.path}{name.signature}", (), body, fence=5)


def _members(name: Name) -> Iterator[str]:
    fields = [each for each in name.members if each.kind != "method" and (each.doc or each.name not in name.doc)]
    for each in (*fields, *(member for member in name.members if member.kind == "method")):
        yield _directive(each.kind, each.name + each.signature, _options(each), markdown(each.doc), fence=4)


def _options(member: Member) -> Iterable[str]:
    if member.annotation:
        yield f":type: {member.annotation}"
    if member.default:
        yield f":value: {member.default}"


def _directive(kind: str, argument: str, options: Iterable[str], body: str, fence: int) -> str:
    colons = ":" * fence
    return "\n".join([f"{colons}{{py:{kind}}} {argument}", *options, "", body.strip(), "", colons, ""])


def markdown(doc: str) -> str:
    """A docstring as Markdown: examples and equations as they stand, the rest as text."""
    # What is raised, and the source, have paragraphs of their own.
    parts = re.split(r"\n[ ]*\n|\n(?=Raises |Source: )", doc)
    return "\n\n".join(_part(part) for part in parts if part.strip())


def _part(part: str) -> str:
    if part.lstrip().startswith(">>>"):
        return f"```pycon\n{_dedented(part)}\n```"
    lines = part.split("\n")
    if all(line.startswith("    ") for line in lines if line.strip()):
        return f"```text\n{_dedented(part)}\n```"
    kept = [line for line in lines if not line.startswith("    ")]
    if len(kept) < len(lines):
        return "\n\n".join(_part("\n".join(block)) for block in _runs(lines))
    return escaped(part)


def _runs(lines: list[str]) -> Iterator[list[str]]:
    """Lines in blocks that are indented or not."""
    block: list[str] = []
    for line in lines:
        if block and line.startswith("    ") != block[0].startswith("    "):
            yield block
            block = []
        block.append(line)
    yield block


def _dedented(part: str) -> str:
    lines = part.split("\n")
    margin = min(len(line) - len(line.lstrip()) for line in lines if line.strip())
    return "\n".join(line[margin:] for line in lines)


def escaped(text: str) -> str:
    """Outside of code: no emphasis, link, HTML or equation from signs that mean themselves."""
    pieces = re.split(r"(`[^`]*`)", text)
    return "".join(piece if piece.startswith("`") else _plain(piece) for piece in pieces)


def _plain(text: str) -> str:
    return re.sub(r"([*_$\[\]#~^\\])", r"\\\1", html.escape(text, quote=False))
