"""The command `plot`: figures of a stored result, several results in one figure, or a film."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from electrodiff.cli_checks import checked_folder, checked_formats, checked_style, exit_codes, note, showing, writing
from electrodiff.cli_run import figures
from electrodiff.errors import CaseError

StyleOption = Annotated[
    str | None,
    typer.Option("--style", metavar="STYLE", help="Style of the figures: paper (the default), slides or dark."),
]
FormatOption = Annotated[
    list[str] | None, typer.Option("--format", help="Format of the figures: png, svg or pdf; may be repeated.")
]


def plot(
    results: Annotated[
        list[Path],
        typer.Argument(
            metavar="RESULT...", help="A stored result (solution.nc, or its folder), or several of one kind."
        ),
    ],
    out: Annotated[
        Path | None, typer.Option(help="Folder of the figures; by default that of the first result.")
    ] = None,
    formats: FormatOption = None,
    style: StyleOption = None,
    animate: Annotated[
        Path | None,
        typer.Option("--animate", metavar="FILE", help="Write a film of a transient instead: a .gif or .mp4 file."),
    ] = None,
) -> None:
    """Draw the figures of a stored result; of several, overlay them and draw their differences from the first."""
    with exit_codes():
        if animate is not None:
            if out is not None or formats or len(results) > 1:
                raise CaseError(
                    f"--animate {animate}: it makes one file of one result; leave out --out, --format, and other results"
                )
            _animate(results[0], animate, checked_style(style))
            return
        wanted, look = checked_formats(formats), checked_style(style)
        files = [result_file(result) for result in results]
        folder = checked_folder(out or files[0].parent)
        (_draw_one if len(files) == 1 else _draw_overlay)(files, folder, wanted, look)


def result_file(path: Path) -> Path:
    """The file of a stored result, given it or its folder."""
    return path / "solution.nc" if path.is_dir() else path


def _draw_one(files: list[Path], folder: Path, formats: list[str], style: str) -> None:
    from electrodiff.store import load_solution

    solution = load_solution(files[0])
    with writing(folder), showing(files[0]):
        folder.mkdir(parents=True, exist_ok=True)
        for figure in figures(solution, folder, formats, style):
            print(figure)


def _draw_overlay(files: list[Path], folder: Path, formats: list[str], style: str) -> None:
    from electrodiff.plot import overlay, save_figure
    from electrodiff.store import load_solution

    loaded = [load_solution(file) for file in files]
    with showing(files[0]):
        try:
            figure = overlay(*loaded, names=_names(files), style=style)
        except ValueError as error:
            raise CaseError(f"plot: {error}") from None
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for ending in formats:
            print(save_figure(figure, folder / f"overlay.{ending}"))


def _names(files: list[Path]) -> list[str]:
    """What results are called: their folders, or their files, or, if these are the same, their whole paths."""
    short = [file.absolute().parent.name if file.name == "solution.nc" else file.stem for file in files]
    return short if len(set(short)) == len(short) else [str(file) for file in files]


def _animate(result: Path, film: Path, style: str) -> None:
    """Write the film of a stored transient."""
    from electrodiff.plot.animation import animate, checked_writer
    from electrodiff.store import load_solution
    from electrodiff.transient import Transient

    checked_writer(film)
    checked_folder(film.parent, "--animate")
    transient = load_solution(result_file(result))
    if not isinstance(transient, Transient):
        raise CaseError(f"--animate {film}: {result} does not change in time; give the result of a transient study")
    note(f"drawing {len(transient.time)} pictures ...")
    with writing(film, "--animate"):
        film.parent.mkdir(parents=True, exist_ok=True)
        print(animate(transient, film, style))
