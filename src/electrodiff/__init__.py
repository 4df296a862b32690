"""Electrodiffusion by Poisson-Nernst-Planck: bulk electrolytes, Debye layers and the membrane between them.

    >>> import electrodiff as ed
    >>> solution = ed.solve(ed.load_case("cases/resting_potential.toml"))
    >>> round(1e3 * solution.membrane_potential, 1)  # mV
    -71.5

The public names are imported when they are first used, so that `import electrodiff` and `electrodiff --help` are quick.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOME = {
    "Case": "model",
    "CellAccount": "account",
    "CaseError": "errors",
    "Change": "changes",
    "Channels": "transporters",
    "Closed": "model",
    "ConvergenceError": "errors",
    "CurrentVoltage": "current_voltage",
    "ElectrodiffError": "errors",
    "Expectation": "model",
    "Fit": "fit_result",
    "FitSettings": "model",
    "FittedCurve": "fit_curves",
    "FrequencyRange": "study",
    "IVStudy": "study",
    "Gate": "model",
    "Impedance": "impedance",
    "ImpedanceStudy": "study",
    "Interface": "model",
    "Ion": "model",
    "KNOWN_IONS": "ions",
    "Layer": "model",
    "Measurements": "fit_data",
    "MeshSettings": "model",
    "NewtonOptions": "solvers.newton",
    "OutputTimes": "study",
    "Pathway": "transporters",
    "PotentialRange": "study",
    "Profile": "fields",
    "Reservoir": "model",
    "ResultError": "errors",
    "Sensitivity": "sensitivities",
    "SineWave": "changes",
    "Solution": "solution",
    "SteadyStudy": "study",
    "Sweep": "sweep_result",
    "SweepStudy": "sweep_study",
    "Axis": "sweep_study",
    "Stern": "model",
    "Transient": "transient",
    "TransientStudy": "study",
    "Transporter": "transporters",
    "VoltageDependence": "transporters",
    "Wall": "model",
    "bundled_case": "case",
    "bundled_cases": "case",
    "cell_account": "cell_ledger",
    "case_regime": "regime",
    "case_text": "case",
    "compare": "ladder",
    "fit": "fitting",
    "fitted_curves": "fit_curves",
    "load_case": "case",
    "load_solution": "store",
    "parse_case": "case",
    "save_solution": "store",
    "sensitivity": "solvers.sensitivity",
    "solve": "solvers.steady",
    "solve_impedance": "solvers.impedance",
    "solve_iv": "solvers.iv",
    "solve_sweep": "solvers.sweep",
    "solve_transient": "solvers.transient",
    "sweep": "sweeping",
}
_MODULES = ("plot", "report", "theory")

if TYPE_CHECKING:
    from electrodiff import plot as plot
    from electrodiff import report as report
    from electrodiff import theory as theory
    from electrodiff.account import CellAccount as CellAccount
    from electrodiff.case import bundled_case as bundled_case
    from electrodiff.case import bundled_cases as bundled_cases
    from electrodiff.case import case_text as case_text
    from electrodiff.case import load_case as load_case
    from electrodiff.case import parse_case as parse_case
    from electrodiff.cell_ledger import cell_account as cell_account
    from electrodiff.changes import Change as Change
    from electrodiff.changes import SineWave as SineWave
    from electrodiff.current_voltage import CurrentVoltage as CurrentVoltage
    from electrodiff.errors import CaseError as CaseError
    from electrodiff.errors import ConvergenceError as ConvergenceError
    from electrodiff.errors import ElectrodiffError as ElectrodiffError
    from electrodiff.errors import ResultError as ResultError
    from electrodiff.fields import Profile as Profile
    from electrodiff.fit_curves import FittedCurve as FittedCurve
    from electrodiff.fit_curves import fitted_curves as fitted_curves
    from electrodiff.fit_data import Measurements as Measurements
    from electrodiff.fit_result import Fit as Fit
    from electrodiff.fitting import fit as fit
    from electrodiff.impedance import Impedance as Impedance
    from electrodiff.ions import KNOWN_IONS as KNOWN_IONS
    from electrodiff.ladder import compare as compare
    from electrodiff.model import Case as Case
    from electrodiff.model import Closed as Closed
    from electrodiff.model import Expectation as Expectation
    from electrodiff.model import FitSettings as FitSettings
    from electrodiff.model import Gate as Gate
    from electrodiff.model import Interface as Interface
    from electrodiff.model import Ion as Ion
    from electrodiff.model import Layer as Layer
    from electrodiff.model import MeshSettings as MeshSettings
    from electrodiff.model import Reservoir as Reservoir
    from electrodiff.model import Stern as Stern
    from electrodiff.model import Wall as Wall
    from electrodiff.regime import case_regime as case_regime
    from electrodiff.sensitivities import Sensitivity as Sensitivity
    from electrodiff.solution import Solution as Solution
    from electrodiff.solvers.impedance import solve_impedance as solve_impedance
    from electrodiff.solvers.iv import solve_iv as solve_iv
    from electrodiff.solvers.newton import NewtonOptions as NewtonOptions
    from electrodiff.solvers.sensitivity import sensitivity as sensitivity
    from electrodiff.solvers.steady import solve as solve
    from electrodiff.solvers.sweep import solve_sweep as solve_sweep
    from electrodiff.solvers.transient import solve_transient as solve_transient
    from electrodiff.store import load_solution as load_solution
    from electrodiff.store import save_solution as save_solution
    from electrodiff.study import FrequencyRange as FrequencyRange
    from electrodiff.study import ImpedanceStudy as ImpedanceStudy
    from electrodiff.study import IVStudy as IVStudy
    from electrodiff.study import OutputTimes as OutputTimes
    from electrodiff.study import PotentialRange as PotentialRange
    from electrodiff.study import SteadyStudy as SteadyStudy
    from electrodiff.study import TransientStudy as TransientStudy
    from electrodiff.sweep_result import Sweep as Sweep
    from electrodiff.sweep_study import Axis as Axis
    from electrodiff.sweep_study import SweepStudy as SweepStudy
    from electrodiff.sweeping import sweep as sweep
    from electrodiff.transient import Transient as Transient
    from electrodiff.transporters import Channels as Channels
    from electrodiff.transporters import Pathway as Pathway
    from electrodiff.transporters import Transporter as Transporter
    from electrodiff.transporters import VoltageDependence as VoltageDependence


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    if name in _HOME:
        return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted([*_HOME, *_MODULES, "__version__"])
