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
    "CaseError": "errors",
    "Closed": "model",
    "Gate": "model",
    "Profile": "fields",
    "Wall": "model",
    "Stern": "model",
    "ConvergenceError": "errors",
    "ElectrodiffError": "errors",
    "Expectation": "model",
    "Interface": "model",
    "Ion": "model",
    "KNOWN_IONS": "ions",
    "Layer": "model",
    "MeshSettings": "model",
    "NewtonOptions": "solvers.newton",
    "Reservoir": "model",
    "ResultError": "errors",
    "Solution": "solution",
    "bundled_case": "case",
    "bundled_cases": "case",
    "case_text": "case",
    "load_case": "case",
    "load_solution": "store",
    "parse_case": "case",
    "save_solution": "store",
    "solve": "solvers.steady",
}
_MODULES = ("plot", "theory")

if TYPE_CHECKING:
    from electrodiff import plot as plot
    from electrodiff import theory as theory
    from electrodiff.case import bundled_case as bundled_case
    from electrodiff.case import bundled_cases as bundled_cases
    from electrodiff.case import case_text as case_text
    from electrodiff.case import load_case as load_case
    from electrodiff.case import parse_case as parse_case
    from electrodiff.errors import CaseError as CaseError
    from electrodiff.errors import ConvergenceError as ConvergenceError
    from electrodiff.errors import ElectrodiffError as ElectrodiffError
    from electrodiff.errors import ResultError as ResultError
    from electrodiff.fields import Profile as Profile
    from electrodiff.ions import KNOWN_IONS as KNOWN_IONS
    from electrodiff.model import Case as Case
    from electrodiff.model import Closed as Closed
    from electrodiff.model import Expectation as Expectation
    from electrodiff.model import Gate as Gate
    from electrodiff.model import Interface as Interface
    from electrodiff.model import Ion as Ion
    from electrodiff.model import Layer as Layer
    from electrodiff.model import MeshSettings as MeshSettings
    from electrodiff.model import Reservoir as Reservoir
    from electrodiff.model import Stern as Stern
    from electrodiff.model import Wall as Wall
    from electrodiff.solution import Solution as Solution
    from electrodiff.solvers.newton import NewtonOptions as NewtonOptions
    from electrodiff.solvers.steady import solve as solve
    from electrodiff.store import load_solution as load_solution
    from electrodiff.store import save_solution as save_solution


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    if name in _HOME:
        return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted([*_HOME, *_MODULES, "__version__"])
