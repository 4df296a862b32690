"""The commands.  They alone print: results to stdout, progress and errors (`cli_checks.note`) to stderr.

Heavy modules are imported inside the commands, so that `--help` is quick.
"""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from electrodiff import __version__
from electrodiff.cli_checks import checked_figure, checked_folder, checked_formats, exit_codes, note, writing
from electrodiff.cli_run import Order, figures, note_compilation, run_study, solve_noted
from electrodiff.errors import CaseError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from electrodiff.model import Case

app = typer.Typer(
    help="Electrodiffusion by Poisson-Nernst-Planck: from a case file to a solved, plotted membrane.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    epilog="Exit codes: 0 done, 2 bad case or usage, 3 not converged, 4 an expectation missed, 130 interrupted.",
)
# An interrupt while a message is written must not lose it: both streams are made when they are used.
CaseArgument = Annotated[str, typer.Argument(metavar="CASE", help="A case file (TOML), or the name of a bundled case.")]
OverridesOption = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change one key of the case; repeatable.")
]
FigureOption = Annotated[
    Path | None, typer.Option("--plot", metavar="FILE", help="Draw it as well: a .png, .svg or .pdf file.")
]
FormatOption = Annotated[
    list[str] | None, typer.Option("--format", help="Format of the figures: png, svg or pdf; may be repeated.")
]


def main() -> None:
    """Entry point of the `electrodiff` command."""
    app()


@app.callback(invoke_without_command=True)
def _version(
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    if version:
        print(__version__)
        raise typer.Exit


@app.command()
def run(
    case: CaseArgument,
    out: Annotated[Path | None, typer.Option(help="Folder of the results; by default results/<case name>.")] = None,
    overrides: OverridesOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as one JSON object.")] = False,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="Also write a table: profiles, series, impedance or curve.")
    ] = False,
    no_plots: Annotated[bool, typer.Option("--no-plots", help="Draw no figures.")] = False,
    formats: FormatOption = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with a transient that was interrupted, from its checkpoint.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing but errors.")] = False,
) -> None:
    """Solve the study of a case and write solution.nc, summary.json and figures."""
    with exit_codes():
        wanted = checked_formats(formats)
        path = _case_path(case)
        problem = _load(path, overrides or [])
        folder = checked_folder(out or Path("results") / path.stem)
        run_study(problem, Order(folder, [] if no_plots else wanted, as_json, as_csv, resume, quiet))


def _load(path: Path, overrides: list[str]) -> Case:
    from electrodiff.case import load_case

    pairs = [override.partition("=") for override in overrides]
    for key, sign, _ in pairs:
        if not (sign and key.strip()):
            raise CaseError(f"--set {key}: expected KEY=VALUE, such as --set left.potential='-70 mV'")
    return load_case(path, {key.strip(): value.strip() for key, _, value in pairs})


def _case_path(text: str) -> Path:
    """A file, or else the bundled case of this name."""
    from electrodiff.case import bundled_cases

    path = Path(text)
    return path if path.is_file() else bundled_cases().get(text, path)


@app.command()
def plot(
    results: Annotated[list[Path], typer.Argument(metavar="RESULT...", help="Stored results (solution.nc).")],
    out: Annotated[Path | None, typer.Option(help="Folder of the figures; by default that of the result.")] = None,
    formats: FormatOption = None,
    animate: Annotated[
        Path | None,
        typer.Option("--animate", metavar="FILE", help="Write a film of a transient instead: a .gif or .mp4 file."),
    ] = None,
) -> None:
    """Draw the figures of stored results."""
    with exit_codes():
        from electrodiff.store import load_solution

        if animate is not None:
            if out is not None or formats or len(results) > 1:
                raise CaseError(
                    f"--animate {animate}: it makes one file of one result; leave out --out, --format, and others"
                )
            _animate(results[0], animate)
            return
        wanted = checked_formats(formats)
        if out is not None and len(results) > 1:
            raise CaseError(f"--out {out}: {len(results)} results cannot share a folder; give one result, or no --out")
        for result in results:
            file = _result_file(result)
            solution = load_solution(file)
            folder = checked_folder(out or file.parent)
            with writing(folder):
                folder.mkdir(parents=True, exist_ok=True)
                for figure in figures(solution, folder, wanted):
                    print(figure)


def _result_file(path: Path) -> Path:
    return path / "solution.nc" if path.is_dir() else path


def _animate(result: Path, film: Path) -> None:
    """Write the film of a stored transient."""
    from electrodiff.plot.animation import animate, checked_writer
    from electrodiff.store import load_solution
    from electrodiff.transient import Transient

    checked_writer(film)
    checked_folder(film.parent, "--animate")
    transient = load_solution(_result_file(result))
    if not isinstance(transient, Transient):
        raise CaseError(f"--animate {film}: {result} does not change in time; give the result of a transient study")
    note(f"drawing {len(transient.time)} pictures ...")
    with writing(film, "--animate"):
        film.parent.mkdir(parents=True, exist_ok=True)
        print(animate(transient, film))


@app.command()
def check(
    case: CaseArgument,
    overrides: OverridesOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as one JSON object.")] = False,
) -> None:
    """Check a case, and say which textbook limits it is in: lengths, times, numbers; nothing is solved."""
    with exit_codes():
        from electrodiff.regime import case_regime, regime_summary
        from electrodiff.summary import to_json

        regime = case_regime(_load(_case_path(case), overrides or []))
        if as_json:
            print(to_json(regime_summary(regime)))
        else:
            from electrodiff.regime_tables import regime_tables

            # Wrapped even into a pipe, so that the reasons stay under their limits.
            Console(highlight=False).print(regime_tables(regime))


@app.command()
def mesh(
    case: CaseArgument,
    overrides: OverridesOption = None,
    figure: FigureOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the mesh as one JSON object.")] = False,
) -> None:
    """Solve a case and show the mesh that its solution needs."""
    with exit_codes():
        from electrodiff.summary import mesh_summary, to_json

        if figure is not None:
            checked_figure(figure)
        solution = solve_noted(_load(_case_path(case), overrides or []), quiet=False)
        if as_json:
            print(to_json(mesh_summary(solution)))
        else:
            from electrodiff.terminal import mesh_tables

            Console(highlight=False, soft_wrap=not sys.stdout.isatty()).print(mesh_tables(solution))
        if figure is not None:
            from electrodiff.plot import mesh_spacing

            _save_figure(mesh_spacing(solution), figure, quiet=as_json)


@app.command()
def compare(
    case: CaseArgument,
    overrides: OverridesOption = None,
    figure: FigureOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the ladder as one JSON object.")] = False,
) -> None:
    """Solve a case and put every textbook model that applies beside it, with differences and reasons."""
    with exit_codes():
        if figure is not None:
            checked_figure(figure)
        problem = _load(_case_path(case), overrides or [])
        from electrodiff.ladder import compare, ladder_json
        from electrodiff.ladder_tables import ladder_tables
        from electrodiff.summary import to_json

        note_compilation(problem)
        start = time.perf_counter()
        ladder = compare(problem)
        wall_s = time.perf_counter() - start
        if as_json:
            print(to_json(ladder_json(ladder, wall_s)))
        else:
            # Wrapped even into a pipe, so that the reasons stay under their rows.
            Console(highlight=False).print(ladder_tables(ladder))
        if figure is not None:
            from electrodiff.plot import ladder as ladder_figure

            _save_figure(ladder_figure(ladder), figure, quiet=as_json)


def _save_figure(figure: Figure, path: Path, quiet: bool) -> None:
    from electrodiff.plot import save_figure

    with writing(path, "--plot"):
        path.parent.mkdir(parents=True, exist_ok=True)
        save_figure(figure, path)
    if not quiet:
        print(f"wrote {path}")


@app.command()
def cases() -> None:
    """List the bundled cases."""
    with exit_codes():
        from rich.table import Table

        from electrodiff.case import bundled_cases, load_case

        table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2))
        for name, path in bundled_cases().items():
            table.add_row(name, load_case(path).title)
        Console(highlight=False).print(table)


@app.command()
def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of a bundled case; see 'electrodiff cases'.")],
    out: Annotated[Path | None, typer.Option(help="The file to write; by default NAME.toml here.")] = None,
) -> None:
    """Copy a bundled case to start from."""
    with exit_codes():
        from electrodiff.case import bundled_case

        source = bundled_case(name)
        target = out or Path(f"{name}.toml")
        if target.exists():
            raise CaseError(f"{target}: this file exists already; choose another with --out, or remove it")
        with writing(target):
            shutil.copyfile(source, target)
        print(f"wrote {target}; solve it with: electrodiff run {target}")


@app.command()
def schema() -> None:
    """Print the JSON Schema of the case file, for editors."""
    with exit_codes():
        from electrodiff.model import case_schema
        from electrodiff.summary import to_json

        print(to_json(case_schema()))
