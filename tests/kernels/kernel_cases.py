"""Small cases of every kind, solved by whatever kernels the process has:  python tests/kernels/kernel_cases.py [NAME...]

Prints the answers as JSON.  With NUMBA_DISABLE_JIT=1 in the environment the kernels run as plain Python, line by line; with
NUMBA_BOUNDSCHECK=1 they are compiled with every index checked.  Meshes are as coarse as a case allows.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

import electrodiff as ed
from electrodiff.fvm.kernels.blocks import invert
from electrodiff.fvm.kernels.vectors import LANES
from electrodiff.fvm.problem import build_problem
from electrodiff.grid.line import layered_line
from electrodiff.solvers.batch.solve import solve_batch
from electrodiff.solvers.batch.stacks import points_of
from electrodiff.solvers.guess import first_guess
from electrodiff.solvers.newton import Status, solve_newton
from electrodiff.solvers.prepared import prepare

Numbers = NDArray[np.float64]
Keys = dict[str, object]
Answer = dict[str, Numbers]

# Newton's last update is below 1e-9 and is applied; what it leaves is of its square.
COARSE = {"nodes": 25}

WATER = {"relative_permittivity": 80.0}


def bath(name: str, thickness: float = 4e-9) -> Keys:
    return {"name": name, "thickness": thickness, **WATER}


def slab(**keys: object) -> Keys:
    """A slab of low permittivity that two ions pass."""
    own = {"relative_permittivity": 5.0, "partition": {"K": 0.1, "Cl": 0.5}, "diffusivity": {"K": 3e-11, "Cl": 1e-10}}
    return {"name": "slab", "thickness": 2e-9, **own, **keys}


def membrane(ions: Keys | None = None, film: Keys | None = None, **changes: object) -> ed.Case:
    """Potassium chloride on both sides of a slab."""
    case: Keys = {
        "temperature": 300.0,
        "ions": ions or {"K": {}, "Cl": {}},
        "layers": (bath("left bath"), film or slab(), bath("right bath")),
        "left": {"kind": "reservoir", "concentrations": {"K": 100.0, "Cl": 100.0}, "potential": "floating"},
        "right": {"kind": "reservoir", "concentrations": {"K": 5.0, "Cl": 5.0}, "potential": 0.0},
        "mesh": COARSE,
    }
    return ed.Case(**{**case, **changes})


def sized(*names: str) -> Keys:
    return {name: {"diameter": 0.5e-9 + 0.1e-9 * place} for place, name in enumerate(names)}


PUMPS: tuple[Keys, ...] = (
    {
        "name": "pump",
        "layer": "slab",
        "stoichiometry": {"K": -2},
        "law": "michaelis_menten",
        "rate": 1e-3,
        "half_saturation": {"left": {"Cl": 5.0}, "right": {"K": 30.0}},
        "hill": {"left": {"Cl": 2.0}},
        "voltage_dependence": {"kind": "exponential", "scale": 0.03},
        "senses": "face",
    },
    {
        "name": "slower pump",
        "layer": "slab",
        "stoichiometry": {"Cl": -1},
        "law": "michaelis_menten",
        "rate": 1e-3,
        "half_saturation": {"right": {"Cl": 50.0}},
        "voltage_dependence": {"kind": "linear", "scale": -0.1},
    },
    {"name": "co", "layer": "slab", "stoichiometry": {"K": 1, "Cl": 1}, "law": "affinity", "rate": 1e-3},
)
GATED: Keys = {
    "film": slab(gating={"K": {"half_potential": 0.01, "slope": 0.008}}),
    "transporters": PUMPS,
    "pathways": (
        {
            "name": "channels",
            "layer": "slab",
            "permeability": {"K": 2e-3, "Cl": 1e-3},
            "gating": {"half_potential": 0.03, "slope": -0.012},
        },
    ),
}
STERIC: Keys = {"ions": sized("K", "Cl"), "steric": {"model": "bikerman"}}

# A compartment between two slabs, of which neither lets the salt out.
SHUT = {"relative_permittivity": 2.0, "partition": {"K": 0.0, "Cl": 0.0}}
POCKET = (
    bath("left bath"),
    slab(**SHUT),
    {**bath("pocket"), "initial": {"K": 101.0, "Cl": 90.0}, "fixed_charge": -10.0},
    slab(name="other slab", thickness=3e-9, **SHUT),
    bath("right bath"),
)

# A slab that the ions hardly enter, and one that lets no chloride in.
THIN = {"partition": {"K": 1e-13, "Cl": 1e-16}}
BARRIERS: Keys = {
    "layers": (
        bath("left bath"),
        slab(**THIN),
        {**bath("pocket", 10e-9), "fixed_charge": -100.0},
        slab(name="other slab", **THIN),
        bath("right bath"),
    )
}
SELECTIVE: Keys = {"film": slab(partition={"K": 0.1, "Cl": 0.0})}

# A cell around impermeant charge.  Its pump takes potassium in, which leaks out; chloride passes with potassium alone.
CYTOSOL = {**bath("cytosol", 20e-9), "fixed_charge": -50.0, "initial": {"K": 100.0, "Cl": 50.0}}
CELL: Keys = {
    "layers": (CYTOSOL, slab(partition={"K": 0.1, "Cl": 0.0}), bath("outside")),
    "left": {"kind": "closed"},
    "transporters": (
        {"name": "pump", "layer": "slab", "stoichiometry": {"K": -1}, "law": "constant", "rate": 1e-3},
        {"name": "co", "layer": "slab", "stoichiometry": {"K": 1, "Cl": 1}, "law": "affinity", "rate": 1e-3},
    ),
}


def steady(case: ed.Case) -> Answer:
    """Activities of each ion, the potential, and what flows."""
    solution = ed.solve(case)
    columns = dict(zip([*case.ions, "potential"], solution.state.T, strict=True))
    return {**columns, "flux": np.array([solution.flux[ion] for ion in case.ions]), "gates": solution.gate}


def newton(case: ed.Case) -> Answer:
    """The state that Newton's method alone finds from the first guess."""
    problem = build_problem(case, layered_line(case).mesh())
    result = solve_newton(problem, first_guess(problem))
    assert result.status is Status.CONVERGED
    return {"state": result.state}


def course(case: ed.Case) -> Answer:
    """Everything in time."""
    result = ed.solve_transient(case)
    return {"potential": result.potential, "concentration": result.concentration}


def spectrum(case: ed.Case) -> Answer:
    """Real and imaginary parts of the impedance."""
    impedance = ed.solve_impedance(case).impedance
    return {"resistance": impedance.real, "reactance": impedance.imag}


# Not the net current where it is nothing but round-off.
READ = ("membrane_potential", "flux.K", "flux.Cl")


def lanes(case: ed.Case, key: str, values: Numbers) -> Answer:
    """Scalars of points in lanes with their errors, and which are done."""
    points = points_of(case, [key], values[:, None])
    assert points is not None
    result = solve_batch(points, READ)
    scalars = {name: result.values[:, column] for column, name in enumerate(READ)}
    errors = {f"errors of {name}": result.errors[:, column] for column, name in enumerate(READ)}
    return {**scalars, **errors, "done": result.done.astype(float)}


def at_once(case: ed.Case) -> Answer:
    """Scalars with their errors, of a case prepared."""
    prepared = prepare(case)
    values, errors, _ = prepared.estimates()
    columns = [prepared.names.index(name) for name in READ]
    return {"values": values[columns], "errors": errors[columns]}


def walls(voltage: float, **changes: object) -> ed.Case:
    """Salt between two metal walls."""
    ends = {
        "left": {"kind": "wall", "potential": 0.0},
        "right": {"kind": "wall", "potential": voltage, "stern": {"thickness": 3e-10, "relative_permittivity": 10.0}},
    }
    water = {**bath("water", 20e-9), "initial": {"K": 100.0, "Cl": 100.0}}
    return membrane(layers=(water,), **{**ends, **changes})


def inverses() -> Answer:
    """Well-conditioned blocks of two to nine unknowns, inverted."""
    blocks = {}
    for m in range(2, 10):
        block = np.random.default_rng(m).normal(size=(m, m)) + 2 * m * np.eye(m)
        invert(block, np.ones(m))
        blocks[str(m)] = block
    return blocks


STEP = {
    "kind": "transient",
    "end": 1e-9,
    "output": {"from": 1e-11, "per_decade": 2},
    "tolerance": 1e-2,
    "error_estimates": False,
}
LONG = {**STEP, "end": 10.0, "output": {"from": 1e-6, "per_decade": 1}}
RISE = {**STEP, "protocol": [{"set": {"left.current": 1e3}}]}
TURN_ON = {**STEP, "protocol": [{"set": {"left.potential": 0.05}}]}
AT_REST: Keys = {"kind": "reservoir", "concentrations": {"K": 100.0, "Cl": 100.0}, "potential": 0.0}
LOOSE = {"accuracy": 1e-2}
SPECTRUM = {"kind": "impedance", "frequencies": [1.0, 1e8]}

CASES: dict[str, Callable[[], Answer]] = {
    "newton": lambda: newton(membrane()),
    "steady": lambda: steady(membrane()),
    "steady, gates and transporters": lambda: steady(membrane(**GATED)),
    "steady, sized ions": lambda: steady(membrane(**STERIC, left=AT_REST)),
    "steady, pocket": lambda: steady(membrane(layers=POCKET, left=AT_REST)),
    "course": lambda: course(membrane(study=TURN_ON, left=AT_REST)),
    "course, gates and transporters": lambda: course(membrane(**GATED, study=TURN_ON, left=AT_REST)),
    "course, sized ions between walls": lambda: course(walls(0.0, **STERIC, study=TURN_ON)),
    "impedance": lambda: spectrum(membrane(study=SPECTRUM)),
    "impedance, gates and transporters": lambda: spectrum(membrane(**GATED, study=SPECTRUM)),
    "lanes": lambda: lanes(membrane(mesh=LOOSE, left=AT_REST), "left.potential", np.linspace(-0.1, 0.1, LANES + 1)),
    "lanes, floating": lambda: lanes(membrane(mesh=LOOSE), "layers.slab.thickness", np.linspace(2e-9, 3e-9, 3)),
    "lanes that fail": lambda: lanes(
        membrane(film=slab(fixed_charge=2000.0), mesh=LOOSE, left=AT_REST), "left.potential", np.array([-2.0, 50.0])
    ),
    "course, long": lambda: course(membrane(**BARRIERS, study={**TURN_ON, **LONG}, left=AT_REST)),
    "course, long, sized ions": lambda: course(membrane(**BARRIERS, **STERIC, study={**TURN_ON, **LONG}, left=AT_REST)),
    "inverse": inverses,
    "steady, barrier": lambda: steady(membrane(**BARRIERS)),
    "steady, long baths": lambda: steady(membrane(layers=(bath("left", 4e-8), slab(), bath("right", 4e-8)))),
    "steady, cell": lambda: steady(membrane(**CELL)),
    "course, given current": lambda: course(membrane(study=RISE)),
    "course, barrier": lambda: course(membrane(**BARRIERS, study=TURN_ON, left=AT_REST)),
    "course, barriers, current": lambda: course(membrane(**BARRIERS, study=RISE)),
    "lanes, selective": lambda: lanes(
        membrane(**SELECTIVE, mesh=LOOSE, left=AT_REST), "layers.slab.thickness", np.linspace(2e-9, 3e-9, 2)
    ),
    "prepared, selective": lambda: at_once(membrane(**SELECTIVE, mesh=LOOSE, left=AT_REST)),
    "prepared": lambda: at_once(membrane(mesh=LOOSE)),
}


def main() -> None:
    """Answers of the named cases, or of all."""
    # As in compiled code, where a division by nothing is no error but infinity.
    np.seterr(all="ignore")
    answers = {name: CASES[name]() for name in sys.argv[1:] or CASES}
    print(json.dumps(answers, default=np.ndarray.tolist))  # noqa: T201


if __name__ == "__main__":
    main()
