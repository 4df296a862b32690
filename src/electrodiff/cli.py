"""The commands.  They alone print: results to stdout, progress and errors (`cli_checks.note`) to stderr.

Heavy modules are imported inside the commands, so that `--help` is quick.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from electrodiff import __version__
from electrodiff.cli_checks import (
    checked_figure,
    checked_folder,
    checked_formats,
    checked_style,
    exit_codes,
    note,
    writing,
)
from electrodiff.cli_fit import FitOrder, run_fit
from electrodiff.cli_plot import FormatOption, StyleOption, plot
from electrodiff.cli_report import report
from electrodiff.cli_reproduce import reproduce
from electrodiff.cli_run import Order, note_compilation, note_kind, run_study, solve_noted
from electrodiff.cli_verify import verify
from electrodiff.errors import CaseError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from electrodiff.model import Case

app = typer.Typer(
    help="Electrodiffusion by Poisson-Nernst-Planck: from a case file to a solved, plotted membrane.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    epilog="Exit codes: 0 done, 2 bad case or usage, 3 not converged, 4 an expectation or a check missed, 130 interrupted.",
)
# An interrupt while a message is written must not lose it: both streams are made when they are used.
CaseArgument = Annotated[str, typer.Argument(metavar="CASE", help="A case file (TOML), or the name of a bundled case.")]
OverridesOption = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change one key of the case; repeatable.")
]
FigureOption = Annotated[
    Path | None, typer.Option("--plot", metavar="FILE", help="Draw it as well: a .png, .svg or .pdf file.")
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
        bool, typer.Option("--csv", help="Also write a table: profiles, series, impedance, curve or points.")
    ] = False,
    no_plots: Annotated[bool, typer.Option("--no-plots", help="Draw no figures.")] = False,
    formats: FormatOption = None,
    style: StyleOption = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with a transient or a sweep that was interrupted.")
    ] = False,
    engine: Annotated[str, typer.Option(help="Who solves the points of a sweep: local (threads) or dask.")] = "local",
    threads: Annotated[int | None, typer.Option(help="Of a sweep; by default one for each processor.")] = None,
    scheduler: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Of a Dask cluster; by default one of its own is started.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing but errors.")] = False,
) -> None:
    """Solve the study of a case and write solution.nc, summary.json and figures."""
    with exit_codes():
        wanted, look = checked_formats(formats), checked_style(style)
        path = _case_path(case)
        problem = _load(path, overrides or [])
        folder = checked_folder(out or _results_of(path))
        drawn = [] if no_plots else wanted
        run_study(problem, Order(folder, drawn, as_json, as_csv, resume, quiet, look, engine, threads, scheduler))


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
    # Not Path.is_file, which raises an error about a name that is too long.
    return path if os.path.isfile(text) else bundled_cases().get(text, path)  # noqa: PTH113


def _results_of(case: Path, ending: str = "") -> Path:
    """The folder of the results of a case file, by its name; one of dots alone would lead out of `results`."""
    return Path("results") / f"{case.stem.strip('. ') or 'case'}{ending}"


app.command()(plot)
app.command()(report)
app.command()(verify)
app.command()(reproduce)


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


@app.command()
def fit(
    case: CaseArgument,
    data: Annotated[str, typer.Argument(metavar="DATA", help="Measurements: a CSV file with units in its header.")],
    parameters: Annotated[
        list[str] | None,
        typer.Option("--parameter", metavar="KEY", help="A number of the case to be fitted; repeatable."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the results; by default results/<case name>_fit.")] = None,
    overrides: OverridesOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as one JSON object.")] = False,
    no_plots: Annotated[bool, typer.Option("--no-plots", help="Draw no figure.")] = False,
    formats: FormatOption = None,
    style: StyleOption = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing but errors.")] = False,
) -> None:
    """Fit numbers of a case to measured currents or reversal potentials; write the fitted case, summary.json and a figure."""
    with exit_codes():
        wanted, look = checked_formats(formats), checked_style(style)
        path = _case_path(case)
        problem = _load(path, overrides or [])
        folder = checked_folder(out or _results_of(path, "_fit"))
        order = FitOrder(data, parameters or [], folder, [] if no_plots else wanted, look, as_json, quiet)
        run_fit(problem, order)


def _save_figure(figure: Figure, path: Path, quiet: bool) -> None:
    from electrodiff.plot import save_figure

    with writing(path, "--plot"):
        path.parent.mkdir(parents=True, exist_ok=True)
        save_figure(figure, path)
    if not quiet:
        print(f"wrote {path}")


@app.command()
def explore(
    case: CaseArgument,
    overrides: OverridesOption = None,
    port: Annotated[int, typer.Option(help="Port of this machine to listen on; by default any that is free.")] = 0,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Only print the address.")] = False,
) -> None:
    """Open a live page of a case in the browser: sliders, and what follows from them."""
    with exit_codes():
        from electrodiff.cli_explore import explore_case

        path = _case_path(case)
        explore_case(_load(path, overrides or []), path.stem, port, not no_browser)


@app.command("compile")
def compile_ahead(
    ions: Annotated[
        list[int] | None, typer.Option(metavar="N", help="Number of ions of the cases; repeatable. [4]")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing but errors.")] = False,
) -> None:
    """Compile the kernels now, so that no first run has to wait for them: a minute for each number of ions, once."""
    with exit_codes():
        from electrodiff.compiling import compile_kernels

        for number in ions or [4]:
            if not quiet:
                note(f"compiling the kernels for {number} ions ...")
            for kind in compile_kernels(number):
                note_kind(number, kind)
                if not quiet:
                    note(f"  {kind}")


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
        from electrodiff.case import bundled_case, bundled_data

        source = bundled_case(name)
        target = out or Path(f"{name}.toml")
        if target.exists():
            raise CaseError(f"{target}: this file exists already; choose another with --out, or remove it")
        data = bundled_data().get(name)
        beside = target.with_name(data.name) if data else None
        if beside is not None and beside.exists():
            raise CaseError(
                f"{beside}: this file, the data of the case, exists already; remove it, or choose another folder"
            )
        with writing(target):
            shutil.copyfile(source, target)
            if data is not None and beside is not None:
                shutil.copyfile(data, beside)
        print(f"wrote {target}; solve it with: electrodiff run {target}")
        if beside is not None:
            print(f"wrote {beside}; fit the case to it with: electrodiff fit {target} {beside}")


@app.command()
def schema() -> None:
    """Print the JSON Schema of the case file, for editors."""
    with exit_codes():
        from electrodiff.model import case_schema
        from electrodiff.summary import to_json

        print(to_json(case_schema()))
