"""How the cost of a Newton step grows with nodes and with ions, and what memory a large solve takes:

    python benchmarks/scaling.py [--largest 1000001]

The kernel from the first guess to the converged state of `clamped_membrane`, over its steps: fastest of several turns, for a
machine that has other work.  More ions than four are traces of both signs that all layers let pass.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

import electrodiff as ed
from compare_steady import OPTIONS, steady_case
from electrodiff.fvm.problem import build_problem
from electrodiff.grid.line import layered_line
from electrodiff.solvers.guess import first_guess
from electrodiff.solvers.newton import Status, solve_newton

NODES = (1001, 2001, 5001, 10_001, 20_001, 50_001, 100_001, 200_001, 500_001, 1_000_001)
IONS = (2, 3, 4, 6, 8, 10)
ION_NODES = 2001
# Seconds for each size, and at least so many turns.
SECONDS, TURNS = 1.0, 3


def seconds_per_step(case: ed.Case) -> tuple[float, int]:
    """Of one Newton step, and the number of nodes."""
    problem = build_problem(case, layered_line(case).mesh())
    guess = first_guess(problem)
    times: list[float] = []
    stop = time.perf_counter() + SECONDS
    while len(times) < TURNS or time.perf_counter() < stop:
        start = time.perf_counter()
        result = solve_newton(problem, guess, OPTIONS)
        times.append((time.perf_counter() - start) / result.iterations)
        if result.status is not Status.CONVERGED:
            raise RuntimeError(f"{problem.mesh.nodes} nodes: Newton's method {result.status.value}")
    # The first turn may have compiled.
    return min(times[1:]), problem.mesh.nodes


def with_ions(count: int) -> ed.Case:
    """The membrane with so many ions: two of its own, or its four with traces beside them."""
    case = steady_case(ION_NODES)
    if count < len(case.ions):
        kept = {"K": "140 mM", "Cl": "140 mM", "Na": "0 mM"}
        names = list(kept)[:count]
        changes: dict[str, Any] = {"expect": [], "ions": {name: {"diffusivity": "2e-9 m^2/s"} for name in names}}
        for side in ("left", "right"):
            changes[f"{side}.concentrations"] = {name: kept[name] for name in names}
        for key in ("partition", "diffusivity"):
            own = dict.fromkeys(names, 1e-4 if key == "partition" else "1e-11 m^2/s")
            changes[f"layers.membrane.{key}"] = own
        return case.changed(changes)
    changes = {"expect": []}
    for index in range(count - len(case.ions)):
        name, valence = f"X{index}", 1 if index % 2 else -1
        changes[f"ions.{name}"] = {"valence": valence, "diffusivity": "1e-9 m^2/s"}
        changes[f"layers.membrane.partition.{name}"] = 1e-5
        for side in ("left", "right"):
            # One trace of each sign, so that the reservoirs stay neutral.
            changes[f"{side}.concentrations.{name}"] = "1 uM" if count % 2 == 0 else "0 mM"
    return case.changed(changes)


def exponent(sizes: list[int], costs: list[float]) -> float:
    """The power with which costs grow, by least squares of the logarithms."""
    return float(np.polyfit(np.log(sizes), np.log(costs), 1)[0])


def print_nodes(largest: int) -> None:
    """Part 1."""
    sizes, costs = [], []
    print("Nodes of four ions      ms a step      ns a node and step")
    for wanted in (nodes for nodes in NODES if nodes <= largest):
        cost, nodes = seconds_per_step(steady_case(wanted))
        sizes.append(nodes)
        costs.append(cost)
        print(f"{nodes:18d} {1e3 * cost:14.3f} {1e9 * cost / nodes:23.1f}", flush=True)
    print(f"grows with the power {exponent(sizes, costs):.3f} of the nodes\n")


def print_ions() -> None:
    """Part 2."""
    sizes, costs = [], []
    print(f"Ions on {ION_NODES} nodes       us a step      ns a node and step")
    for count in IONS:
        cost, nodes = seconds_per_step(with_ions(count))
        sizes.append(count)
        costs.append(cost)
        print(f"{count:18d} {1e6 * cost:14.1f} {1e9 * cost / nodes:23.1f}", flush=True)
    between = [exponent(sizes[i : i + 2], costs[i : i + 2]) for i in range(len(sizes) - 1)]
    print(
        f"grows with the power {exponent(sizes, costs):.2f} of the ions, at most {max(between):.2f} between two rows\n"
    )


def print_memory(nodes: int) -> None:
    """Part 3: in a process of its own."""
    code = f"import scaling; scaling.solve_large({nodes})"
    here = Path(__file__).parent
    print(
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=here).stdout,
        end="",
    )


def solve_large(nodes: int) -> None:
    """Solve with so many nodes, and say what the process has taken at most."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    start = time.perf_counter()
    solution = ed.solve(steady_case(nodes))
    wall = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"ed.solve with {solution.x.size} nodes: {wall:.1f} s, peak memory {peak:.2f} GB, {before:.2f} GB before it")


def main() -> None:
    """Print all three parts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--largest", type=int, default=NODES[-1], help="number of nodes")
    arguments = parser.parse_args()
    print_nodes(arguments.largest)
    print_memory(arguments.largest)
    print_ions()


if __name__ == "__main__":
    main()
