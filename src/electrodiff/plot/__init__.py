"""Figures, functions from a result to a matplotlib Figure: `profiles`, `charge`, `field` and `mesh_spacing` of a Solution;
`space_time`, `currents` and `concentrations` of a Transient, and `animate`, which writes a film of it; `bode`,
`nyquist` and `admittance` of an Impedance; `iv` of a CurrentVoltage; `ladder` of a Ladder; and, if the case has
transporters, `cell` of a Solution and `transport` of a Transient.  `save_figures` writes all of a result.

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
    "FIGURES_OF": "output",
    "admittance": "impedance_figure",
    "animate": "animation",
    "bode": "impedance_figure",
    "cell": "cell_figure",
    "charge": "charge_figure",
    "concentrations": "time_series",
    "currents": "time_series",
    "field": "field_figure",
    "figures_of": "output",
    "iv": "iv_figure",
    "ladder": "ladder_figure",
    "mesh_spacing": "mesh_figure",
    "nyquist": "impedance_figure",
    "profiles": "profiles_figure",
    "save_figure": "output",
    "save_figures": "output",
    "space_time": "time_images",
    "transport": "transport_figure",
}

if TYPE_CHECKING:
    from electrodiff.plot.animation import animate as animate
    from electrodiff.plot.cell_figure import cell as cell
    from electrodiff.plot.charge_figure import charge as charge
    from electrodiff.plot.field_figure import field as field
    from electrodiff.plot.impedance_figure import admittance as admittance
    from electrodiff.plot.impedance_figure import bode as bode
    from electrodiff.plot.impedance_figure import nyquist as nyquist
    from electrodiff.plot.iv_figure import iv as iv
    from electrodiff.plot.ladder_figure import ladder as ladder
    from electrodiff.plot.mesh_figure import mesh_spacing as mesh_spacing
    from electrodiff.plot.output import FIGURES as FIGURES
    from electrodiff.plot.output import FIGURES_OF as FIGURES_OF
    from electrodiff.plot.output import figures_of as figures_of
    from electrodiff.plot.output import save_figure as save_figure
    from electrodiff.plot.output import save_figures as save_figures
    from electrodiff.plot.profiles_figure import profiles as profiles
    from electrodiff.plot.time_images import space_time as space_time
    from electrodiff.plot.time_series import concentrations as concentrations
    from electrodiff.plot.time_series import currents as currents
    from electrodiff.plot.transport_figure import transport as transport


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted(_HOME)
