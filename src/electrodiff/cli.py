"""The commands.  The only module that prints; results go to stdout, progress and errors to stderr.

Heavy modules are imported inside the commands, so that `--help` is quick.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from electrodiff import __version__
from electrodiff.errors import CaseError, ConvergenceError, ElectrodiffError

if TYPE_CHECKING:
    from electrodiff.model import Case
    from electrodiff.solution import Solution

BAD_INPUT, NOT_CONVERGED, MISSED, INTERRUPTED = 2, 3, 4, 130
FORMATS = ("png", "svg", "pdf")

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
    as_csv: Annotated[bool, typer.Option("--csv", help="Also write the profiles as profiles.csv.")] = False,
    no_plots: Annotated[bool, typer.Option("--no-plots", help="Draw no figures.")] = False,
    formats: FormatOption = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing but errors.")] = False,
) -> None:
    """Solve a case and write solution.nc, summary.json and figures."""
    with _exit_codes():
        wanted = _checked_formats(formats)
        path = _case_path(case)
        problem = _load(path, overrides or [])
        folder = _checked_folder(out or Path("results") / path.stem)
        solution, wall_s = _solve(problem, quiet)
        files = _write(solution, wall_s, folder, [] if no_plots else wanted, as_csv)
        _report(solution, wall_s, files, as_json, quiet)


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


def _solve(case: Case, quiet: bool) -> tuple[Solution, float]:
    from electrodiff.fvm.kernels.compiler import is_compiled
    from electrodiff.solvers.steady import solve

    if not quiet and not is_compiled(len(case.ions)):
        _note(f"compiling the kernels for {len(case.ions)} ions (once on this machine, about 15 s) ...")
    start = time.perf_counter()
    return solve(case), time.perf_counter() - start


def _write(solution: Solution, wall_s: float, folder: Path, formats: list[str], as_csv: bool) -> list[Path]:
    from electrodiff.store import save_solution
    from electrodiff.summary import summary, to_json, write_csv

    with _writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        files = [save_solution(solution, folder / "solution.nc"), folder / "summary.json"]
        files[-1].write_text(to_json(summary(solution, wall_s)) + "\n", encoding="utf-8")
        if as_csv:
            files.append(write_csv(solution, folder / "profiles.csv"))
        return files + _figures(solution, folder, formats)


def _figures(solution: Solution, folder: Path, formats: list[str]) -> list[Path]:
    if not formats:
        return []
    from electrodiff.plot import save_figures

    return save_figures(solution, folder, formats)


def _report(solution: Solution, wall_s: float, files: list[Path], as_json: bool, quiet: bool) -> None:
    from electrodiff.summary import expectations, summary, to_json

    missed = [entry for entry in expectations(solution) if not entry.passed]
    if as_json:
        print(to_json(summary(solution, wall_s)))
    elif not quiet:
        from electrodiff.terminal import summary_tables

        console = Console(highlight=False, soft_wrap=not sys.stdout.isatty())
        console.print(summary_tables(solution))
        console.print(f"wrote {', '.join(file.name for file in files)} to {files[0].parent}{os.sep}", markup=False)
    if missed:
        from electrodiff.terminal import shown

        for entry in missed:
            computed, expected = shown(entry.quantity, entry.computed), shown(entry.quantity, entry.expected)
            _note(f"expectation missed: {entry.quantity} is {computed}, expected {expected}")
        raise typer.Exit(MISSED)


@app.command()
def plot(
    results: Annotated[list[Path], typer.Argument(metavar="RESULT...", help="Stored results (solution.nc).")],
    out: Annotated[Path | None, typer.Option(help="Folder of the figures; by default that of the result.")] = None,
    formats: FormatOption = None,
) -> None:
    """Draw the figures of stored results."""
    with _exit_codes():
        from electrodiff.store import load_solution

        wanted = _checked_formats(formats)
        if out is not None and len(results) > 1:
            raise CaseError(f"--out {out}: {len(results)} results cannot share a folder; give one result, or no --out")
        for result in results:
            file = result / "solution.nc" if result.is_dir() else result
            solution = load_solution(file)
            folder = _checked_folder(out or file.parent)
            with _writing(folder):
                folder.mkdir(parents=True, exist_ok=True)
                for figure in _figures(solution, folder, wanted):
                    print(figure)


@app.command()
def mesh(
    case: CaseArgument,
    overrides: OverridesOption = None,
    figure: Annotated[
        Path | None,
        typer.Option("--plot", metavar="FILE", help="Draw spacing and solution: a .png, .svg or .pdf file."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the mesh as one JSON object.")] = False,
) -> None:
    """Solve a case and show the mesh that its solution needs."""
    with _exit_codes():
        from electrodiff.summary import mesh_summary, to_json

        if figure is not None:
            _checked_figure(figure)
        solution, _ = _solve(_load(_case_path(case), overrides or []), quiet=False)
        if as_json:
            print(to_json(mesh_summary(solution)))
        else:
            from electrodiff.terminal import mesh_tables

            Console(highlight=False, soft_wrap=not sys.stdout.isatty()).print(mesh_tables(solution))
        if figure is not None:
            _draw_mesh(solution, figure, quiet=as_json)


def _draw_mesh(solution: Solution, path: Path, quiet: bool) -> None:
    from electrodiff.plot import mesh_spacing, save_figure

    with _writing(path, "--plot"):
        path.parent.mkdir(parents=True, exist_ok=True)
        save_figure(mesh_spacing(solution), path)
    if not quiet:
        print(f"wrote {path}")


@app.command()
def cases() -> None:
    """List the bundled cases."""
    with _exit_codes():
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
    with _exit_codes():
        from electrodiff.case import bundled_case

        source = bundled_case(name)
        target = out or Path(f"{name}.toml")
        if target.exists():
            raise CaseError(f"{target}: this file exists already; choose another with --out, or remove it")
        with _writing(target):
            shutil.copyfile(source, target)
        print(f"wrote {target}; solve it with: electrodiff run {target}")


@app.command()
def schema() -> None:
    """Print the JSON Schema of the case file, for editors."""
    with _exit_codes():
        from electrodiff.model import case_schema
        from electrodiff.summary import to_json

        print(to_json(case_schema()))


@contextmanager
def _exit_codes() -> Iterator[None]:
    """Turn what can go wrong into one message on stderr and the promised exit code."""
    try:
        yield
    except ConvergenceError as error:
        _note(f"error: {error}")
        raise typer.Exit(NOT_CONVERGED) from None
    except ElectrodiffError as error:
        _note(f"error: {error}")
        raise typer.Exit(BAD_INPUT) from None
    except KeyboardInterrupt:
        _note("interrupted")
        raise typer.Exit(INTERRUPTED) from None
    except BrokenPipeError:
        # Whoever reads our output has had enough; Python must not complain about the rest when it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(0) from None


@contextmanager
def _writing(target: Path, option: str = "--out") -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise CaseError(
            f"{target}: cannot be written ({error.strerror or error}); choose another with {option}"
        ) from None


def _checked_figure(path: Path) -> None:
    """A file for a figure: of a known format, and where it can be written."""
    if path.suffix[1:].lower() not in FORMATS:
        raise CaseError(f"--plot {path}: expected a name that ends in {', '.join(f'.{name}' for name in FORMATS)}")
    if path.is_dir():
        raise CaseError(f"--plot {path}: this is a folder, not a file; choose another name")
    _checked_folder(path.parent, "--plot")


def _checked_folder(folder: Path, option: str = "--out") -> Path:
    """A folder that can be made and written, checked before anything is computed."""
    existing = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
    if not existing.is_dir():
        raise CaseError(f"{option} {folder}: {existing} is a file, not a folder; choose another folder")
    if not os.access(existing, os.W_OK | os.X_OK):
        raise CaseError(f"{option} {folder}: {existing} is not writable; choose another folder")
    return folder


def _checked_formats(formats: list[str] | None) -> list[str]:
    wanted = formats or [FORMATS[0]]
    for name in wanted:
        if name not in FORMATS:
            raise CaseError(f"--format {name}: expected one of {', '.join(FORMATS)}")
    return wanted


def _note(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
