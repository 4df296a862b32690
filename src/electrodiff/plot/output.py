"""The figures of every kind of result by name, and as files that are the same bytes in every run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from electrodiff.current_voltage import CurrentVoltage
from electrodiff.impedance import Impedance
from electrodiff.plot.cell_figure import cell
from electrodiff.plot.charge_figure import charge
from electrodiff.plot.debye_figure import debye_layers, has_debye_layers
from electrodiff.plot.drawing import FigureFunction
from electrodiff.plot.electrochemical_figure import electrochemical_potentials
from electrodiff.plot.field_figure import field
from electrodiff.plot.impedance_figure import admittance, bode, nyquist
from electrodiff.plot.iv_figure import iv
from electrodiff.plot.profiles_figure import profiles
from electrodiff.plot.style import PAPER, settings
from electrodiff.plot.sweep_figure import sweep
from electrodiff.plot.time_images import space_time
from electrodiff.plot.time_series import concentrations, currents
from electrodiff.plot.transport_figure import transport
from electrodiff.solution import Solution
from electrodiff.sweep_result import Sweep
from electrodiff.transient import Transient
from electrodiff.whole import staged, written_whole

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FIGURES: dict[str, FigureFunction[Solution]] = {
    "profiles": profiles,
    "debye_layers": debye_layers,
    "charge": charge,
    "field": field,
    "electrochemical_potentials": electrochemical_potentials,
}
"""Every figure of a steady solution by the name of its file."""
TIME_FIGURES: dict[str, FigureFunction[Transient]] = {
    "space_time": space_time,
    "currents": currents,
    "concentrations": concentrations,
}
"""Every figure of a transient by the name of its file."""
IMPEDANCE_FIGURES: dict[str, FigureFunction[Impedance]] = {
    "bode": bode,
    "nyquist": nyquist,
    "admittance": admittance,
}
"""Every figure of an impedance by the name of its file."""
IV_FIGURES: dict[str, FigureFunction[CurrentVoltage]] = {"iv": iv}
"""Every figure of a current-voltage curve by the name of its file."""
SWEEP_FIGURES: dict[str, FigureFunction[Sweep]] = {"sweep": sweep}
"""Every figure of a sweep by the name of its file."""
Result = Solution | Transient | Impedance | CurrentVoltage | Sweep
FIGURES_OF: dict[type[Result], dict[str, FigureFunction[Any]]] = {
    Solution: FIGURES,
    Transient: TIME_FIGURES,
    Impedance: IMPEDANCE_FIGURES,
    CurrentVoltage: IV_FIGURES,
    Sweep: SWEEP_FIGURES,
}
"""The figures of each kind of result."""
LIVING_FIGURES: dict[type[Result], dict[str, FigureFunction[Any]]] = {
    Solution: {"cell": cell},
    Transient: {"transport": transport},
    Impedance: {},
    CurrentVoltage: {},
    Sweep: {},
}
"""Those that a case with transporters has besides."""

# What a figure asks of its result; without it there is nothing to draw.
_NEEDS: dict[str, Callable[[Any], bool]] = {"debye_layers": has_debye_layers}

# What to keep out of a file so that it does not change from run to run; PNG holds no date.
_METADATA: dict[str, dict[str, Any]] = {
    "png": {"Software": "electrodiff"},
    "pdf": {"CreationDate": None},
    "svg": {"Date": None},
}


def figures_of(result: Result) -> dict[str, FigureFunction[Any]]:
    """The figures of a result by the names of their files."""
    more = LIVING_FIGURES[type(result)] if result.case.transporters else {}
    everything = {**FIGURES_OF[type(result)], **more}
    return {name: draw for name, draw in everything.items() if name not in _NEEDS or _NEEDS[name](result)}


def save_figures(
    result: Result, folder: str | Path, formats: Sequence[str] = ("png",), style: str = PAPER
) -> list[Path]:
    """Write every figure of a result into a folder, which is made if need be, as `profiles.png`, ...; return the paths.

    They appear when all of them are drawn.

    A Solution has those of `FIGURES` (`debye_layers` only where there is one to magnify), a Transient those of
    `TIME_FIGURES`, an Impedance those of `IMPEDANCE_FIGURES`, a CurrentVoltage those of `IV_FIGURES`, a Sweep those of
    `SWEEP_FIGURES`; with transporters also those of `LIVING_FIGURES`.

    formats: endings that matplotlib knows, such as "png" (150 dpi), "pdf", "svg".  style: "paper", "slides" or "dark".
    Raises ValueError for an unknown format or style and OSError if the folder cannot be written.
    """
    home = Path(folder)
    paths = []
    with staged(home) as stage:
        for name, draw in figures_of(result).items():
            figure = draw(result, style=style)
            paths += [_save(figure, stage / f"{name}.{ending}", ending) for ending in formats]
    return [home / path.name for path in paths]


def save_figure(figure: Figure, path: str | Path) -> Path:
    """Write one figure in the format that the ending of its path names; return the path."""
    path = Path(path)
    with written_whole(path) as partial:
        _save(figure, partial, path.suffix[1:].lower())
    return path


def _save(figure: Figure, path: Path, ending: str) -> Path:
    # The lowest level of compression: a third of the time for half as much again on disk.
    options: dict[str, Any] = {"pil_kwargs": {"compress_level": 1}} if ending == "png" else {}
    with settings():
        figure.savefig(path, format=ending, dpi=figure.dpi, metadata=_METADATA.get(ending), **options)
    return path
