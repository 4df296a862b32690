"""Poisson, Nernst and Planck of KCl across a slab by scipy's collocation: the same physics by another method.

Nothing here comes from the solver: other unknowns (the displacement too), another discretisation (fourth order on a mesh of
its own), another iteration.  Lengths in nm, potentials in RT/F, concentrations over that at the left, inside.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import solve_bvp

from electrodiff.verify.physics import BODY, FARADAY, LIPID, NANOMETRE, VACUUM, WATER, thermal

Floats = NDArray[np.float64]

WIDTHS = np.array([20.0, 5.0, 20.0])
PERMITTIVITIES = np.array([WATER, LIPID, WATER])
POTASSIUM, CHLORIDE = np.array([1.96e-9, 1e-11, 1.96e-9]), np.array([2.03e-9, 1e-12, 2.03e-9])
LEFT, RIGHT = 150.0, 15.0
# Cells before collocation adds its own; they are small at both faces of every layer.
CELLS = 80


def collocated_rest(beta: float) -> float:
    """Potential without current of KCl 150|15 mM across 5 nm of lipid with this partition of both ions [V].

        a_K' = -J/(D_K beta) - a_K phi',    a_Cl' = -J/(D_Cl beta) + a_Cl phi',    (eps phi')' = -k beta (a_K - a_Cl)

    The three layers are solved side by side on one unit interval; both fluxes are J, which is unknown, as is V.
    """
    entry = np.array([1.0, beta, 1.0])
    # Fluxes in units of what the slab lets through, so that J is of order 1.
    resist = [1e-11 * beta / (diffusivity * entry) for diffusivity in (POTASSIUM, CHLORIDE)]
    screening = FARADAY * LEFT * NANOMETRE**2 / (thermal(BODY) * VACUUM) * entry

    def slopes(_: Floats, y: Floats, p: Floats) -> Floats:
        potassium, chloride, _phi, displacement = y.reshape(3, 4, -1).transpose(1, 0, 2)
        field = displacement / PERMITTIVITIES[:, None]
        rates = np.stack(
            [
                -p[0] * resist[0][:, None] - potassium * field,
                -p[0] * resist[1][:, None] + chloride * field,
                field,
                -screening[:, None] * (potassium - chloride),
            ],
            axis=1,
        )
        return np.asarray((WIDTHS[:, None, None] * rates).reshape(12, -1))

    def conditions(first: Floats, last: Floats, p: Floats) -> Floats:
        start, stop = first.reshape(3, 4), last.reshape(3, 4)
        ends = [*(start[0, :3] - [1.0, 1.0, p[1]]), *(stop[2, :3] - [RIGHT / LEFT, RIGHT / LEFT, 0.0])]
        # Activities, potential and displacement go on across both interfaces.
        return np.concatenate([ends, stop[0] - start[1], stop[1] - start[2]])

    s = np.linspace(0.0, 1.0, CELLS + 1)
    s -= 0.98 * np.sin(2 * np.pi * s) / (2 * np.pi)
    found = solve_bvp(slopes, conditions, s, _guess(s), p=[0.05, _FIRST], tol=1e-7, max_nodes=20_000)
    return thermal(BODY) * float(found.p[1]) if found.success else float("nan")


# Between what GHK and Planck say, in RT/F.
_FIRST = -1.7


def _guess(s: Floats) -> Floats:
    """(12, S) even baths, and straight lines across the slab."""
    y = np.zeros((3, 4, s.size))
    ratio = RIGHT / LEFT
    y[0, :2], y[1, :2], y[2, :2] = 1.0, 1 + (ratio - 1) * s, ratio
    y[0, 2], y[1, 2] = _FIRST, _FIRST * (1 - s)
    y[:, 3] = -LIPID * _FIRST / WIDTHS[1]
    return y.reshape(12, -1)
