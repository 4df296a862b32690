"""The command `reproduce`: solve the case of a stored result again, and compare every number."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from electrodiff.cli_checks import INTERRUPTED, MISSED, checked_folder, exit_codes, note
from electrodiff.errors import CaseError

# The table of differences is made for this many columns.
_WIDTH = 120


def reproduce(
    result: Annotated[Path, typer.Argument(metavar="RESULT", help="A stored result (solution.nc), or its folder.")],
    out: Annotated[Path | None, typer.Option(help="Keep what comes out in this folder, which must be new.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the comparison as one JSON object.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing but errors.")] = False,
) -> None:
    """Solve the case of a stored result again; exit code 4 if a number differs by more than its estimated error."""
    with exit_codes(), _fresh_folder(out) as folder:
        file = result / "solution.nc" if result.is_dir() else result
        found = _solve_again(file, folder, quiet)
        from electrodiff.reproduce import compare_results
        from electrodiff.reproduce_tables import reproduce_json, reproduce_tables, verdict

        comparison = compare_results(file, found)
        if as_json:
            from electrodiff.summary import to_json

            print(to_json(reproduce_json(comparison)))
        elif not quiet:
            console = Console(highlight=False)
            console.width = max(console.width, _WIDTH)
            console.print(reproduce_tables(comparison))
        if not comparison.reproduced:
            note(f"error: {verdict(comparison)}")
            raise typer.Exit(MISSED)


def _solve_again(file: Path, folder: Path, quiet: bool) -> Path:
    """The file of the same case solved in a folder; a stored result that is no result is refused."""
    from electrodiff.cli_run import Order, note_compilation, solve_ordered
    from electrodiff.store import load_solution, save_solution

    case = load_solution(file).case
    if not quiet:
        note_compilation(case)
    order = Order(folder, [], as_json=False, as_csv=False, resume=False, quiet=quiet, style="paper")
    fresh, code = solve_ordered(case, order)
    if code == INTERRUPTED:
        raise KeyboardInterrupt
    return save_solution(fresh, folder / "solution.nc")


@contextmanager
def _fresh_folder(out: Path | None) -> Iterator[Path]:
    """A folder with nothing in it: a temporary one, or one that is kept."""
    if out is None:
        with tempfile.TemporaryDirectory(prefix="electrodiff-") as folder:
            yield Path(folder)
        return
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise CaseError(f"--out {out}: it is not empty; choose a new folder, so that nothing stored is overwritten")
    checked_folder(out).mkdir(parents=True, exist_ok=True)
    yield out
