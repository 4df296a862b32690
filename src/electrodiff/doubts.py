"""What makes a solution doubtful, and what of its case had no effect: one sentence each, with what to do."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from electrodiff.checks import SIDES
from electrodiff.ends import Reservoir
from electrodiff.fields import largest
from electrodiff.fvm.kernels.arrays import AMOUNT
from electrodiff.quantities import rounded_up
from electrodiff.readings import BULK_DEBYE_LENGTHS
from electrodiff.units import FARADAY

if TYPE_CHECKING:
    from electrodiff.solution import Solution

# Largest charge of the end of a bath, relative to its ions, that is not worth a warning.
NEUTRAL_END = 1e-3
# With a given number of nodes, an error worth a warning: no longer seen beside the line in a figure.
COARSE = 1e-2
# The largest that mesh.accuracy may be, less the rounding to one digit.
LEAST_ACCURATE = 0.09
# Above this concentration [mol/m^3] ions of 0.5 nm would fill all space, and points are no model of them.
CROWDED = 13000.0


def doubts(solution: Solution) -> list[str]:
    """Errors above the request or without an estimate, thin baths, charged ends, crowded points, keys without effect."""
    every = (_inaccurate, _without_estimate, _thin_baths, _charged_ends, _crowded, _unused)
    return [text for each in every for text in each(solution)]


def _inaccurate(solution: Solution) -> Iterator[str]:
    """The worst of the quantities whose estimated error is above what is wanted, or above `COARSE` where nothing is."""
    wanted = solution.wanted_accuracy
    relative = solution.relative_errors()
    names = solution.missed if wanted else [name for name, error in relative.items() if error > COARSE]
    if not (solution.converged and names):
        return
    worst = max(names, key=relative.__getitem__)
    error = relative[worst]
    text = f"the relative error of {worst} is estimated at {rounded_up(error)}"
    if wanted:
        text += f", {float(f'{error / wanted:.2g}'):g} times the wanted {wanted:g}"
    if len(names) > 1:
        text += f", and {len(names) - 1} more of {len(relative)} quantities are above {wanted or COARSE:g}"
    yield f"{text}; {_remedy(solution, worst, error)}"


def _remedy(solution: Solution, name: str, relative: float) -> str:
    """What helps against an error: more nodes, unless it is rounding."""
    finer = f"give mesh.nodes more than {solution.nodes}"
    if solution.wanted_accuracy is None:
        return f"{finer}, or mesh.accuracy instead"
    if relative > LEAST_ACCURATE:
        return finer
    content = f"be content with mesh.accuracy = {rounded_up(relative)}"
    if solution.readings.roundings()[name] > (solution.error[name] or 0.0) / 2:
        return f"it is rounding, which no mesh makes smaller: {content}"
    return f"{content}, or {finer}"


def _without_estimate(solution: Solution) -> Iterator[str]:
    if solution.converged and not solution.has_estimates:
        yield "the errors are not estimated: that takes a solution on two meshes, and there is one; ask for mesh.accuracy"


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
    if solution.case.transporters:
        return texts  # the search for the steady state starts from them
    border, bounds = solution.problem.border, solution.problem.mesh.boundaries
    for index, layer in enumerate(solution.case.layers):
        for ion, concentration in layer.initial.items():
            inside = (border.first <= bounds[index]) & (border.last >= bounds[index + 1])
            row = solution.case.ion_names.index(ion)
            if largest(concentration) > 0 and not (inside & (border.kind == AMOUNT) & (border.row == row)).any():
                texts.append(f"initial {ion} of layer '{layer.name}' is not used: the ion can leave to a reservoir")
    return texts
