"""What makes a solution doubtful, and what of its case had no effect: one sentence each, with what to do."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from electrodiff.checks import SIDES
from electrodiff.ends import Reservoir, Wall
from electrodiff.fvm.kernels.arrays import AMOUNT
from electrodiff.readings import BULK_DEBYE_LENGTHS
from electrodiff.units import FARADAY

if TYPE_CHECKING:
    from electrodiff.solution import Solution

# Largest charge of the end of a bath, relative to its ions, that is not worth a warning.
NEUTRAL_END = 1e-3
# A cell across which the potential falls by more than this [RT/F] has an error of more than about 1e-3 in its charge.
COARSE_CELL = 0.1
# Above this concentration [mol/m^3] ions of 0.5 nm would fill all space, and points are no model of them.
CROWDED = 13000.0


def doubts(solution: Solution) -> list[str]:
    """Thin baths, charged ends, walls whose first cell is too wide, crowded points, and keys without effect."""
    every = (_thin_baths, _charged_ends, _coarse_walls, _crowded, _unused)
    return [text for each in every for text in each(solution)]


def _thin_baths(solution: Solution) -> list[str]:
    texts = []
    baths = {0: solution.case.left, len(solution.case.layers) - 1: solution.case.right}
    for index, end in baths.items():
        if not isinstance(end, Reservoir):
            continue
        layer, length = solution.case.layers[index], solution.debye_lengths[index]
        if math.isfinite(length) and layer.thickness < BULK_DEBYE_LENGTHS * length:
            texts.append(
                f"layer '{layer.name}' is {layer.thickness / length:.1f} Debye lengths thick; a bath needs "
                f"{BULK_DEBYE_LENGTHS} ({BULK_DEBYE_LENGTHS * length * 1e9:.3g} nm) to reach its bulk"
            )
    return texts


def _charged_ends(solution: Solution) -> list[str]:
    texts = []
    ions = FARADAY * (np.abs(solution.case.valences) @ solution.concentration)
    for side, entry in zip(SIDES, (0, -1), strict=True):
        if not isinstance(getattr(solution.case, side), Reservoir):
            continue
        charge = float(solution.charge_density[entry])
        if abs(charge) > NEUTRAL_END * ions[entry]:
            texts.append(
                f"the {side} end is not neutral: its charge is {charge / FARADAY:+.3g} mM beside ions of "
                f"{ions[entry] / FARADAY:.3g} mM; put a layer of plain bath there"
            )
    return texts


def _coarse_walls(solution: Solution) -> list[str]:
    texts = []
    for side, nodes in (("left", (0, 1)), ("right", (-1, -2))):
        layer = 0 if side == "left" else -1
        drop = abs(float(solution.state[nodes[0], -1] - solution.state[nodes[1], -1]))
        screened = math.isfinite(solution.debye_lengths[layer])
        if isinstance(getattr(solution.case, side), Wall) and screened and drop > COARSE_CELL:
            texts.append(
                f"the potential falls by {drop:.2g} RT/F in the first cell at the {side} wall, which cannot be resolved "
                "so; give the ions a diameter, the wall a Stern layer, or the mesh more nodes"
            )
    return texts


def _crowded(solution: Solution) -> list[str]:
    largest = float(solution.concentration.max(initial=0.0))
    if solution.case.steric is not None or largest <= CROWDED:
        return []
    return [
        f"ions reach {largest / 1000:.3g} M as points, more than fits into water; give them diameters with [steric]"
    ]


def _unused(solution: Solution) -> list[str]:
    """Keys that have no effect: diameters without a steric model, amounts of ions that can leave."""
    texts = []
    if solution.case.steric is None and any(ion.diameter for ion in solution.case.ions.values()):
        texts.append('the diameters of the ions are not used; add [steric] model = "bikerman"')
    border, bounds = solution.problem.border, solution.problem.mesh.boundaries
    for index, layer in enumerate(solution.case.layers):
        for ion, concentration in layer.initial.items():
            inside = (border.first <= bounds[index]) & (border.last >= bounds[index + 1])
            row = solution.case.ion_names.index(ion)
            if concentration > 0 and not (inside & (border.kind == AMOUNT) & (border.row == row)).any():
                texts.append(f"initial {ion} of layer '{layer.name}' is not used: the ion can leave to a reservoir")
    return texts
