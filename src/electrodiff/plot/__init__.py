"""Figures of a solution: `profiles`, `charge`, `field` and `mesh_spacing`, functions from a Solution to a matplotlib Figure;
and `ladder`, of a Ladder.

    >>> import electrodiff as ed
    >>> solution = ed.solve(ed.load_case("cases/resting_potential.toml"))
    >>> [path.name for path in ed.plot.save_figures(solution, folder)]
    ['profiles.png', 'charge.png', 'field.png']

The only package that imports matplotlib, and only when a figure is first asked for, so that importing it is quick.
Figures are built with the object-oriented interface; no pyplot state and no global setting is touched.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

_HOME = {
    "FIGURES": "output",
    "charge": "charge_figure",
    "field": "field_figure",
    "ladder": "ladder_figure",
    "mesh_spacing": "mesh_figure",
    "profiles": "profiles_figure",
    "save_figure": "output",
    "save_figures": "output",
}

if TYPE_CHECKING:
    from electrodiff.plot.charge_figure import charge as charge
    from electrodiff.plot.field_figure import field as field
    from electrodiff.plot.ladder_figure import ladder as ladder
    from electrodiff.plot.mesh_figure import mesh_spacing as mesh_spacing
    from electrodiff.plot.output import FIGURES as FIGURES
    from electrodiff.plot.output import save_figure as save_figure
    from electrodiff.plot.output import save_figures as save_figures
    from electrodiff.plot.profiles_figure import profiles as profiles


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted(_HOME)
