"""The command `fit`: parameters of a case from measurements.

Heavy modules are imported inside the functions, so that `--help` is quick.
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console

from electrodiff.cli_checks import NOT_CONVERGED, held, note, writing
from electrodiff.cli_run import note_compilation
from electrodiff.whole import staged

if TYPE_CHECKING:
    from electrodiff.fit_result import Fit
    from electrodiff.model import Case


@dataclass(frozen=True)
class FitOrder:
    """What the options of `fit` ask for."""

    data: str
    """A CSV file, or the name of a bundled one."""
    parameters: list[str]
    folder: Path
    formats: list[str]
    """Of the figure; empty for none."""
    style: str
    """And its style."""
    as_json: bool
    quiet: bool


def run_fit(case: Case, order: FitOrder) -> None:
    """Fit, write summary.json, fitted.toml and the figure, and report.

    Raises typer.Exit with its code if the search did not converge; what it came to is written nevertheless.
    """
    from electrodiff.fitting import fit

    with held(order.folder):
        if not order.quiet:
            note_compilation(case)
        start = time.perf_counter()
        found = fit(case, data_path(order.data), order.parameters or None)
        wall_s = time.perf_counter() - start
        files = _write(found, wall_s, order)
        _report(found, wall_s, files, order)
    if not found.converged:
        note(f"error: {found.message}")
        raise typer.Exit(NOT_CONVERGED)


def data_path(text: str) -> Path:
    """A file, or else the bundled data of this name, with its ending or without."""
    from electrodiff.case import bundled_data

    path = Path(text)
    return path if path.is_file() else bundled_data().get(text.removesuffix(".csv"), path)


def _write(found: Fit, wall_s: float, order: FitOrder) -> list[Path]:
    from electrodiff.case import case_text
    from electrodiff.fit_summary import summary
    from electrodiff.summary import to_json

    folder = order.folder
    with writing(folder):
        with staged(folder) as stage:
            files = [stage / "summary.json", stage / "fitted.toml"]
            files[0].write_text(to_json(summary(found, wall_s)) + "\n", encoding="utf-8")
            files[1].write_text(case_text(found.fitted_case), encoding="utf-8")
            if order.formats:
                from electrodiff.plot import fit as figure
                from electrodiff.plot import save_figure

                drawn = figure(found, style=order.style)
                files += [save_figure(drawn, stage / f"fit.{ending}") for ending in order.formats]
        return [folder / file.name for file in files]


def _report(found: Fit, wall_s: float, files: list[Path], order: FitOrder) -> None:
    from electrodiff.fit_summary import summary
    from electrodiff.fit_tables import summary_tables
    from electrodiff.summary import to_json

    if order.as_json:
        print(to_json(summary(found, wall_s)))
    elif not order.quiet:
        console = Console(highlight=False, soft_wrap=not sys.stdout.isatty())
        console.print(summary_tables(found))
        console.print(f"wrote {', '.join(file.name for file in files)} to {files[0].parent}{os.sep}", markup=False)
