"""The gallery: for every bundled case a page with a picture made by running it, what it shows, the command and the file."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import electrodiff as ed

ROOT = Path(__file__).parents[2]
TEXT = ROOT / "docs" / "gallery.md"
# The picture of a case: the figure of its kind of study, unless another shows better what the case is about.
FIGURE_OF = {"steady": "profiles", "transient": "currents", "impedance": "bode", "iv": "iv", "sweep": "sweep"}
LIVING = {"steady": "cell", "transient": "transport"}
"""With transporters."""
BETTER = {
    "blocking_cell_charging": "space_time",
    "charged_membrane": "debye_layers",
    "debye_layer": "debye_layers",
    "fit_permeabilities": "fit",
    "junction_build_up": "space_time",
    "stern_electrode": "field",
}
SOLVE = {
    "steady": "solve",
    "transient": "solve_transient",
    "impedance": "solve_impedance",
    "iv": "solve_iv",
    "sweep": "solve_sweep",
}
THUMBNAIL = 640
"""Width of the pictures of the page with all cases, in pixels."""


def gallery_pages(target: Path, cache: Path, workers: int = 2) -> dict[str, str]:
    """The pages in Markdown by the names of their files; pictures are put into `target` and kept in `cache`."""
    cases = dict(ed.bundled_cases())
    pictures = draw_all(cases, cache, workers)
    (target / "gallery").mkdir(parents=True, exist_ok=True)
    for name, picture in pictures.items():
        shutil.copyfile(picture, target / "gallery" / f"{name}.png")
        _thumbnail(picture, target / "gallery" / f"{name}_small.png")
    sections = read_sections(TEXT.read_text(encoding="utf-8"), cases)
    pages = {f"gallery/{name}.md": _page(name, path, sections) for name, path in cases.items()}
    return {**pages, "gallery/index.md": _index(cases, sections)}


# ---- text ------------------------------------------------------------------------------------------------------------


def read_sections(text: str, cases: Iterable[str]) -> dict[str, dict[str, str]]:
    """What is said of each case, by the heads of the sections: from its name in bold to that of the next one.

    Several cases in one paragraph share it.  Raises KeyError about a case of which nothing is said.
    """
    sections: dict[str, dict[str, str]] = {}
    for part in text.split("\n## ")[1:]:
        head, _, body = part.partition("\n")
        found = _cases_of(body)
        if found:
            sections[head.strip()] = found
    told = {name for section in sections.values() for name in section}
    missing = sorted(set(cases) - told)
    if missing:
        raise KeyError(f"docs/gallery.md says nothing of {', '.join(missing)}")
    return sections


def _cases_of(body: str) -> dict[str, str]:
    found: dict[str, str] = {}
    current: list[str] = []
    for paragraph in body.strip().split("\n\n"):
        names = re.findall(r"\*\*`(\w+)`\*\*", paragraph)
        if names:
            current = names
            found |= dict.fromkeys(names, paragraph)
        elif current:
            for name in current:
                found[name] += f"\n\n{paragraph}"
    return found


def _page(name: str, path: Path, sections: dict[str, dict[str, str]]) -> str:
    case = ed.load_case(path)
    told = next(section[name] for section in sections.values() if name in section)
    figure = figure_name(name, case)
    data = path.with_suffix(".csv")
    command = f"electrodiff fit {name} {name}" if data.exists() else f"electrodiff run {name}"
    lines = [
        f"# {case.title or name}",
        "",
        f":::{{figure}} {name}.png",
        f":alt: {case.title}",
        f"`{figure}.png` of `{command}`",
        ":::",
        "",
        re.sub(rf"^\*\*`{name}`\*\*: (\w)", lambda found: found[1].upper(), _deeper(told)),
        "",
        "## Run it",
        "",
        f"```sh\n{command}\nelectrodiff new {name}  # a copy to change\n```",
        "",
        f"## {name}.toml",
        "",
        f"{{download}}`{name}.toml`",
        "",
        f"```{{literalinclude}} {name}.toml\n:language: toml\n```",
        "",
    ]
    return "\n".join(lines)


def _deeper(text: str) -> str:
    """Links of a page of docs/, from a folder in it."""
    return re.sub(r"\]\((?!https?:|#|\.\./)([^)]+)\)", r"](../\1)", text)


def _index(cases: dict[str, Path], sections: dict[str, dict[str, str]]) -> str:
    lines = [
        "# Gallery",
        "",
        "Every case that comes with the program, as it draws itself. [In words](../gallery.md) they stand",
        "",
    ]
    lines[2] += " with their numbers on one page."
    for head, names in sections.items():
        lines += [f"## {head}", "", "::::::{container} gallery", ""]
        for name in names:
            title = ed.load_case(cases[name]).title
            lines += [
                f":::::{{figure}} {name}_small.png",
                f":target: {name}.html",
                f":alt: {title}",
                "",
                f"[{title}]({name}.md)",
                ":::::",
                "",
            ]
        lines += ["::::::", ""]
    return "\n".join([*lines, "```{toctree}", ":hidden:", "", *cases, "```", ""])


# ---- pictures --------------------------------------------------------------------------------------------------------


def figure_name(name: str, case: Any) -> str:
    """Which of its figures is the picture of a case."""
    kind = case.study.kind
    usual = LIVING.get(kind) if case.transporters else None
    return BETTER.get(name) or usual or FIGURE_OF[kind]


def draw_all(cases: dict[str, Path], cache: Path, workers: int) -> dict[str, Path]:
    """The picture of every case; drawn anew only if the case or the program has changed."""
    cache.mkdir(parents=True, exist_ok=True)
    program = _digest(sorted((ROOT / "src").rglob("*.py")))
    keys = {
        name: _digest([path, *_data(path)], program, str(Path(__file__).read_bytes())) for name, path in cases.items()
    }
    pictures = {name: cache / f"{name}-{key[:16]}.png" for name, key in keys.items()}
    missing = [(name, str(cases[name]), str(picture)) for name, picture in pictures.items() if not picture.exists()]
    # The slowest kinds first, so that no worker is left with one of them at the end.
    missing.sort(key=lambda task: list(FIGURE_OF).index(ed.load_case(task[1]).study.kind), reverse=True)
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        list(pool.map(_draw, missing))
    return pictures


def _digest(files: Sequence[Path], *more: str) -> str:
    found = hashlib.sha256("\0".join(more).encode())
    for file in files:
        found.update(file.read_bytes())
    return found.hexdigest()


def _data(path: Path) -> list[Path]:
    return [file for file in [path.with_suffix(".csv")] if file.exists()]


def _draw(task: tuple[str, str, str]) -> None:
    name, path, picture = task
    case = ed.load_case(path)
    wanted = figure_name(name, case)
    draw = getattr(ed.plot, wanted)
    figure = draw(_result(case, path, wanted))
    unfinished = Path(picture).with_suffix(".part.png")
    ed.plot.save_figure(figure, unfinished)
    unfinished.replace(picture)
    for other in Path(picture).parent.glob(f"{name}-*.png"):
        if other != Path(picture):
            other.unlink()


def _result(case: Any, path: str, wanted: str) -> Any:
    if wanted == "fit":
        return ed.fit(case, Path(path).with_suffix(".csv"))
    if case.study.kind == "transient":
        # The picture shows no errors, whose estimates take most of the time.
        case = case.changed({"study.error_estimates": False})
    return getattr(ed, SOLVE[case.study.kind])(case)


def _thumbnail(picture: Path, target: Path) -> None:
    from PIL import Image

    with Image.open(picture) as image:
        image.thumbnail((THUMBNAIL, THUMBNAIL))
        image.convert("RGB").save(target, optimize=True)
