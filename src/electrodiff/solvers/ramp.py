"""The way to a solution that Newton's method does not reach in one go: voltages, charges, sizes and gates are turned up."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from electrodiff.fvm.kernels.arrays import Floats
from electrodiff.fvm.problem import Problem


def scaled(problem: Problem, fraction: float) -> Problem:
    """The problem with a fraction of its given potentials, charges and ion volumes, and with gates that much less steep."""
    chain, border = problem.chain, problem.border
    target: Floats = chain.target.copy()
    target[:, -1] *= fraction
    with np.errstate(divide="ignore"):
        slope = border.slope / fraction if fraction > 0 else np.copysign(np.inf, border.slope)
    return replace(
        problem,
        chain=chain._replace(
            target=target,
            fixed_charge=fraction * chain.fixed_charge,
            surface_charge=fraction * chain.surface_charge,
            packing=fraction * chain.packing,
        ),
        border=border._replace(slope=slope),
    )
