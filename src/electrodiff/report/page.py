"""The page of a result: what goes into its template."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from rich.console import Group

from electrodiff.case import case_text
from electrodiff.errors import ElectrodiffError
from electrodiff.ladder import compare
from electrodiff.ladder.rung import Absent, Ladder
from electrodiff.ladder_tables import blocks, heading, legend
from electrodiff.model import Case
from electrodiff.plot import convergence, figures_of, mesh_spacing
from electrodiff.plot import ladder as ladder_figure
from electrodiff.regime import case_regime
from electrodiff.regime_tables import regime_tables
from electrodiff.report.blocks import Block, Grid, Line, Span, blocks_of, grid, line
from electrodiff.report.case_tables import case_grids, names_of
from electrodiff.report.drawing import END_WIDTH, WIDTH, stack_of
from electrodiff.report.figures import Picture, picture
from electrodiff.report.kinds import Kind, kind_of, number_rows
from electrodiff.report.origin import Origin, origin_of, versions
from electrodiff.report.typesetting import Typesetter
from electrodiff.solution import Solution
from electrodiff.store import Result, load_solution, result_file
from electrodiff.study import STARTS, TransientStudy
from electrodiff.summary import mesh_layers
from electrodiff.whole import write_whole


@dataclass(frozen=True)
class Models:
    """The section on the ladder."""

    of: str
    """What it compares, in a sentence; nothing where that is the result itself."""
    groups: tuple[tuple[tuple[Line, ...], Grid], ...]
    """What each table is about, and the table."""
    absent: Grid | None
    picture: Picture | None
    legend: str
    why_none: str
    """Why there is no ladder."""


def write_report(result: str | Path, page: str | Path) -> Path:
    """Write the page of a stored result, a file or its folder; returns the path of the page.

    Raises ResultError if there is no such result, or if the file is not one of this program's.
    """
    source, target = result_file(result), Path(page)
    write_whole(target, report_page(load_solution(source), origin_of(source)).encode())
    return target


def report_page(result: Result, origin: Origin | None = None) -> str:
    """The page of a result, one HTML document.

    origin: the file that it is from; without it the page does not say what solved the case.
    """
    case, kind = result.case, kind_of(result)
    set_text = Typesetter(names_of(case))
    text = case_text(case)
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            case=case,
            title=case.title or "A case without a title",
            kind=kind,
            converged=result.converged,
            headline=[(set_text(name), set_text(value)) for name, value in kind.headline(result)],
            stack=stack_of(case),
            stack_width=WIDTH,
            end_width=END_WIDTH,
            tables=case_grids(case),
            regime=_regime(case, set_text),
            models=_models(result, kind, set_text),
            results=_without_title(kind.tables(result), set_text),
            pictures=[picture(name, draw, result) for name, draw in figures_of(result).items()],
            mesh=_mesh(kind.mesh_of(result), kind, set_text),
            mesh_pictures=_mesh_pictures(kind.mesh_of(result)),
            found_by=_pairs("How it was found", kind.found_by(result), set_text),
            numbers=_numbers(result, kind, set_text),
            toml=text,
            toml_base64=base64.b64encode(text.encode("utf-8")).decode("ascii"),
            start=_stored_start(case),
            origin=origin,
            versions=_pairs("Versions", versions(origin), str),
        )
    )


def _environment() -> Environment:
    """Jinja with everything escaped that the program has not made itself, and nothing left out silently."""
    return Environment(
        loader=PackageLoader("electrodiff.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


# ---- sections ----------------------------------------------------------------------------------------------------------


def _without_title(shown: Any, set_text: Callable[[str], str]) -> list[Block]:
    """What the terminal shows, without the title of the case, which it begins with."""
    return list(blocks_of(Group(*shown.renderables[1:]), set_text))


def _regime(case: Case, set_text: Callable[[str], str]) -> list[Block]:
    return _without_title(regime_tables(case_regime(case)), set_text)


def _models(result: Result, kind: Kind, set_text: Callable[[str], str]) -> Models:
    try:
        ladder = compare(kind.steady_case(result))
    except ElectrodiffError as error:
        return Models(
            kind.ladder_of, (), None, None, "", f"There is no ladder, since the steady state is none: {error}"
        )
    if not ladder.rungs:
        why = "" if ladder.absent else "No textbook model of this collection says anything about this case."
        return Models(kind.ladder_of, (), _absent(ladder.absent, set_text), None, "", why)
    return Models(
        of=kind.ladder_of,
        groups=tuple(_groups(ladder, set_text)),
        absent=_absent(ladder.absent, set_text),
        picture=picture("ladder", ladder_figure, ladder, "Textbook models beside PNP"),
        legend=set_text(legend(ladder.case.temperature)),
        why_none="",
    )


def _groups(ladder: Ladder, set_text: Callable[[str], str]) -> Iterable[tuple[tuple[Line, ...], Grid]]:
    for block in blocks(ladder.rungs):
        headings = [each for rung in block.headings for each in blocks_of(heading(rung), set_text)]
        rows = []
        for cells, rung in zip(block.rows, block.rungs, strict=True):
            *plain, outlook, verdict = (line(set_text(cell)) for cell in cells)
            marked = Line((Span(verdict.spans[0].text, _VERDICTS[rung.verdict]),))
            limit = Line((Span(outlook.spans[0].text, _OUTLOOKS[rung.outlook]),))
            rows.append((*plain, limit, marked, line(set_text(rung.reason))))
        table = Grid("", (*block.header, "why"), tuple(rows), (False, True, True, False, False, False))
        yield tuple(each for each in headings if isinstance(each, Line)), table


_VERDICTS = {"agrees": "good", "near": "fair", "differs": "bad"}
_OUTLOOKS = {"holds": "good", "nearly": "fair", "fails": "bad"}


def _absent(absent: Sequence[Absent], set_text: Callable[[str], str]) -> Grid | None:
    if not absent:
        return None
    rows = [(set_text(each.title), set_text(each.reason)) for each in absent]
    return grid("Models that do not apply", ("model", "why"), rows, (False, False))


def _mesh(of: Any, kind: Kind, set_text: Callable[[str], str]) -> Grid | None:
    if of is None:
        return None
    columns = ("layer", "nodes", "smallest [nm]", "largest [nm]", "Debye length [nm]", "nodes per Debye length")
    rows = [
        (
            row["name"],
            str(row["nodes"]),
            *(
                "\N{EN DASH}" if row[key] is None else set_text(f"{row[key] / size:.3g}")
                for key, size in _MESH_COLUMNS.items()
            ),
        )
        for row in mesh_layers(of)
    ]
    return grid(f"Spacing of {kind.mesh_caption}", columns, rows)


_MESH_COLUMNS = {
    "smallest_spacing_m": 1e-9,
    "largest_spacing_m": 1e-9,
    "debye_length_m": 1e-9,
    "nodes_per_debye_length": 1.0,
}


def _mesh_pictures(of: Any) -> list[Picture]:
    """Of a steady state: a course in time has as many as it has steps."""
    if not isinstance(of, Solution):
        return []
    drawn = [picture("mesh", mesh_spacing, of, "Spacing of the mesh")]
    return [*drawn, picture("convergence", convergence, of, "Newton's method")] if of.iterations else drawn


def _numbers(result: Result, kind: Kind, set_text: Callable[[str], str]) -> Grid | None:
    rows = [
        (name, set_text(value), set_text(error), set_text(unit), set_text(meaning))
        for name, value, error, unit, meaning in number_rows(kind.numbers(result))
    ]
    columns = ("name", "value", "estimated error", "unit", "what it is")
    return grid(kind.numbers_title, columns, rows, (False, True, True, False, False)) if rows else None


def _pairs(title: str, rows: Sequence[tuple[str, str]], set_text: Callable[[str], str]) -> Grid:
    return grid(title, ("", ""), [(name, set_text(value)) for name, value in rows], (False, False))


def _stored_start(case: Case) -> str:
    """Name of the stored result that a transient starts from; nothing if it needs none."""
    study = case.study
    return Path(study.start).name if isinstance(study, TransientStudy) and study.start not in STARTS else ""
