"""Figures, functions from a result to a matplotlib Figure: `profiles`, `debye_layers`, `charge`, `field`,
`electrochemical_potentials` and `mesh_spacing` of a Solution; `space_time`, `currents` and `concentrations` of a Transient,
and `animate`, which writes a film of it; `bode`, `nyquist` and `admittance` of an Impedance; `iv` of a CurrentVoltage;
`sweep` of a Sweep; `fit` of a Fit; `ladder` of a Ladder; and, if the case has transporters, `cell` of a Solution and
`transport` of a Transient.  `overlay` puts several results of one kind into one figure, with their differences.
`save_figures` writes all figures of a result.

Each draws a figure of its own, or, given `ax` or `axes`, its first panels into axes that are there; `style` is "paper",
"slides" or "dark".

    >>> import electrodiff as ed
    >>> solution = ed.solve(ed.load_case("cases/resting_potential.toml"))
    >>> [path.name for path in ed.plot.save_figures(solution, folder)]
    ['profiles.png', 'debye_layers.png', 'charge.png', 'field.png', 'electrochemical_potentials.png']

The only package that imports matplotlib, and only when a figure is first asked for, so that importing it is quick.
Figures are built with the object-oriented interface; no pyplot state and no global setting is touched.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

_HOME = {
    "FIGURES": "output",
    "FIGURES_OF": "output",
    "STYLES": "style",
    "admittance": "impedance_figure",
    "animate": "animation",
    "bode": "impedance_figure",
    "cell": "cell_figure",
    "charge": "charge_figure",
    "concentrations": "time_series",
    "convergence": "convergence_figure",
    "currents": "time_series",
    "debye_layers": "debye_figure",
    "electrochemical_potentials": "electrochemical_figure",
    "field": "field_figure",
    "figures_of": "output",
    "fit": "fit_figure",
    "iv": "iv_figure",
    "ladder": "ladder_figure",
    "mesh_spacing": "mesh_figure",
    "nyquist": "impedance_figure",
    "overlay": "overlay_figure",
    "profiles": "profiles_figure",
    "save_figure": "output",
    "save_figures": "output",
    "space_time": "time_images",
    "sweep": "sweep_figure",
    "transport": "transport_figure",
}

if TYPE_CHECKING:
    from electrodiff.plot.animation import animate as animate
    from electrodiff.plot.cell_figure import cell as cell
    from electrodiff.plot.charge_figure import charge as charge
    from electrodiff.plot.convergence_figure import convergence as convergence
    from electrodiff.plot.debye_figure import debye_layers as debye_layers
    from electrodiff.plot.electrochemical_figure import electrochemical_potentials as electrochemical_potentials
    from electrodiff.plot.field_figure import field as field
    from electrodiff.plot.fit_figure import fit as fit
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
    from electrodiff.plot.overlay_figure import overlay as overlay
    from electrodiff.plot.profiles_figure import profiles as profiles
    from electrodiff.plot.style import STYLES as STYLES
    from electrodiff.plot.sweep_figure import sweep as sweep
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
