"""Whether the 95 % intervals of a fit hold what is true 95 times of 100: the case `fit_permeabilities` with synthetic noise.

    python benchmarks/fit_coverage.py [--seeds 1000] [--first 0] [--without-sigma]     counts for each permeability
    python benchmarks/fit_coverage.py --write FILE                                      the data file of the case

The true currents are those of single solves of the case to an accuracy of 1e-6, not those of the predictions that are fitted.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import electrodiff as ed

Floats = NDArray[np.float64]

PARAMETERS = tuple(f"layers.membrane.permeability.{ion}" for ion in ("K", "Na", "Cl"))
TRUE = (2e-7, 8e-9, 9e-8)
"""[m/s]"""
BATHS = ((4.0, 145.0), (40.0, 109.0), (145.0, 4.0))
"""K and Na outside [mM]"""
POTENTIALS = tuple(round(-0.12 + 0.025 * k, 4) for k in range(9))
"""[V]"""
SIGMA = 0.05
"""Standard deviation of the noise [A/m^2]: 5 uA/cm^2."""
SEED = 2026
"""Of the data file."""

CONDITIONS = [(potential, *bath) for bath in BATHS for potential in POTENTIALS]


@cache
def true_currents() -> Floats:
    """Net current density at every potential in every bath with the true permeabilities [A/m^2]."""
    case = ed.load_case(ed.bundled_case("fit_permeabilities")).changed(dict(zip(PARAMETERS, TRUE, strict=True)))
    currents = []
    for potassium, sodium in BATHS:
        bath = {"right.concentrations.K": potassium, "right.concentrations.Na": sodium}
        study = {"kind": "iv", "potentials": list(POTENTIALS)}
        currents.append(ed.solve_iv(case.changed({**bath, "expect": [], "study": study})).current_density)
    return np.concatenate(currents)


def data(seed: int, with_sigma: bool = True) -> dict[str, Floats]:
    """One synthetic set of measurements, as `ed.fit` takes it [SI]."""
    noise = np.random.default_rng(seed).normal(0.0, SIGMA, len(CONDITIONS))
    potential, potassium, sodium = np.array(CONDITIONS).T
    table = {
        "potential": potential,
        "right.concentrations.K": potassium,
        "right.concentrations.Na": sodium,
        "current_density": true_currents() + noise,
    }
    return {**table, "sigma": np.full(potential.size, SIGMA)} if with_sigma else table


@dataclass(frozen=True)
class Coverage:
    """How many fits of consecutive seeds have each true permeability in its interval."""

    seeds: int
    inside: tuple[int, ...]
    converged: int
    evaluations: int
    seconds: float


def coverage(first: int, seeds: int, with_sigma: bool = True) -> Coverage:
    """Fit the data of consecutive seeds."""
    case = ed.load_case(ed.bundled_case("fit_permeabilities"))
    inside = np.zeros(len(TRUE), dtype=int)
    converged = evaluations = 0
    true_currents()
    start = time.perf_counter()
    for seed in range(first, first + seeds):
        found = ed.fit(case, data(seed, with_sigma), PARAMETERS)
        low, high = found.interval.T
        inside += (low <= np.array(TRUE)) & (np.array(TRUE) <= high)
        converged += found.converged
        evaluations += found.evaluations
    return Coverage(seeds, tuple(inside.tolist()), converged, evaluations, time.perf_counter() - start)


HEADER = f"""\
# Synthetic current-voltage curves of the membrane of fit_permeabilities.toml, with noise: net current density, outward.
# True permeabilities: K {TRUE[0]:g} m/s, Na {TRUE[1]:g} m/s, Cl {TRUE[2]:g} m/s, A 0.
# Currents by Poisson-Nernst-Planck to 1e-6, plus normal noise of {100 * SIGMA:g} uA/cm^2: numpy.random.default_rng({SEED}).
# Chloride follows from K and Na outside.
# Made by: python benchmarks/fit_coverage.py --write cases/fit_permeabilities.csv
potential [mV],right.concentrations.K [mM],right.concentrations.Na [mM],current_density [uA/cm^2],sigma [uA/cm^2]
"""


def write(path: Path) -> None:
    """Write the data file of the case."""
    table = data(SEED)
    rows = zip(CONDITIONS, table["current_density"], strict=True)
    lines = [f"{1e3 * v:g},{k:g},{na:g},{100 * current:.2f},{100 * SIGMA:g}\n" for (v, k, na), current in rows]
    path.write_text(HEADER + "".join(lines), encoding="utf-8")


def main() -> None:
    """Count, or write the data file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--without-sigma", action="store_true")
    parser.add_argument("--write", type=Path)
    given = parser.parse_args()
    if given.write is not None:
        write(given.write)
        return
    found = coverage(given.first, given.seeds, not given.without_sigma)
    for key, true, count in zip(PARAMETERS, TRUE, found.inside, strict=True):
        print(f"{key}: {true:g} m/s lies in its 95 % interval in {count} of {found.seeds} fits")
    each = 1e3 * found.seconds / found.seeds
    print(f"{found.converged} converged; {found.evaluations / found.seeds:.1f} predictions and {each:.0f} ms a fit")


if __name__ == "__main__":
    main()
