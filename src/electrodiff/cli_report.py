"""The command `report`: one page of a stored result."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from electrodiff.cli_checks import checked_folder, exit_codes, showing, writing
from electrodiff.errors import CaseError

NAME = "report.html"
"""Of the page, if no other is given."""


def report(
    result: Annotated[
        Path, typer.Argument(metavar="RESULT", help="A stored result (solution.nc), or the folder that it is in.")
    ],
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The page; by default report.html beside the result.")
    ] = None,
) -> None:
    """Write one page with everything about a stored result: a single HTML file, to read or to print."""
    with exit_codes():
        from electrodiff.store import result_file

        source = result_file(result)
        page = out or source.parent / NAME
        if page.is_dir():
            raise CaseError(f"--out {page}: this is a folder, not a file; give a name, such as {page / NAME}")
        checked_folder(page.parent)
        from electrodiff.report import write_report

        with writing(page), showing(source):
            page.parent.mkdir(parents=True, exist_ok=True)
            print(f"wrote {write_report(source, page)}")
