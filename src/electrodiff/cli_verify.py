"""The command `verify`: the built-in validation."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from electrodiff.cli_checks import MISSED, checked_folder, exit_codes, note, writing
from electrodiff.whole import write_whole

# The table is made for this many columns; in a narrower terminal its second lines are wrapped.
_WIDTH = 100


def verify(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="Rows or groups; all without any.")
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Leave out the rows that take seconds.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the rows as one JSON list.")] = False,
    markdown: Annotated[
        Path | None, typer.Option("--markdown", metavar="FILE", help="Write the page of the documentation as well.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing but errors.")] = False,
) -> None:
    """Check the program against closed forms and publications; exit code 4 if any row fails."""
    with exit_codes():
        if markdown is not None:
            checked_folder(markdown.parent, "--markdown")
        from electrodiff.cli_progress import CountProgress
        from electrodiff.verify import disagreements, selected
        from electrodiff.verify import verify as run_rows

        rows = selected(names or [], quick)
        if not quiet:
            _note_compilation()
        with CountProgress("rows", quiet) as progress:
            checks = run_rows(rows, progress.show)
        # What is not reproduced belongs to the whole of it.
        others = disagreements() if markdown is not None or not (names or as_json or quiet) else []
        if markdown is not None:
            from electrodiff.verify_page import validation_page

            with writing(markdown, "--markdown"):
                markdown.parent.mkdir(parents=True, exist_ok=True)
                write_whole(markdown, validation_page(checks, others).encode())
        if as_json:
            from electrodiff.summary import to_json
            from electrodiff.verify.report import verify_json

            print(to_json(verify_json(checks)))
        elif not quiet:
            from electrodiff.verify_tables import verify_tables

            console = Console(highlight=False)
            console.width = max(console.width, _WIDTH)
            console.print(verify_tables(checks, others))
        failed = [check.row.name for check in checks if not check.passed]
        if failed:
            note(f"error: {len(failed)} of {len(checks)} rows failed: {', '.join(failed)}")
            raise typer.Exit(MISSED)


def _note_compilation() -> None:
    """Say that the kernels have to be compiled first."""
    from electrodiff.fvm.kernels.compiler import is_compiled

    if not all(map(is_compiled, (1, 2, 3, 4))):
        note("compiling the kernels for 1 to 4 ions (once on this machine, some minutes) ...")
